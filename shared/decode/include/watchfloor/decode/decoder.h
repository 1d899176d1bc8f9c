/* SPDX-License-Identifier: MIT */
#ifndef WF_DECODE_DECODER_H
#define WF_DECODE_DECODER_H

/*
 * Decoder - one packet of one subsystem type to one payload (schema.h), and back.
 *
 * A schema is compiled once into a flat program; decoding a packet runs it over
 * the bytes into scratch, then calibrates, judges validity and computes derived
 * parameters. No allocation. The receiver, `wf decode` and tests use this one.
 *
 * Threads: a decoder is used by one thread at a time.
 */

#include <stddef.h>
#include <stdint.h>

#include <watchfloor/schema.h>

struct wf_decoder;

/* The schema must outlive the decoder. WF_ERR_INVALID when it cannot be compiled. */
int wf_decoder_create(const struct wf_schema *schema, struct wf_decoder **out_decoder,
                      struct wf_err *err);
void wf_decoder_destroy(struct wf_decoder **decoder);

struct wf_decoded {
    int64_t device_ns;      /* UTC, WF_TIME_NONE when the packet carries none */
    uint32_t flags;         /* WF_SAMPLE_SHORT, LONG, TIME_BAD */
    uint32_t invalid_count; /* parameters whose quality is not VALID */
};

/*
 * Decode a whole packet, header included (`len` is its true length) into
 * `payload` (schema->payload_bytes, 8-aligned, wholly overwritten). A packet that
 * ends early gives what is there: the rest is ABSENT, flag SHORT.
 *   WF_ERR_INVALID   not even the first parameter is there
 */
int wf_decode(struct wf_decoder *decoder, const uint8_t *packet, size_t len, void *payload,
              struct wf_decoded *out);

/* Where a parameter lies in one packet: bits first .. end-1 from its first byte; none: not there. */
struct wf_located {
    uint64_t first, end;
};
/*
 * The same walk over a packet, telling where each parameter was found: `out` has one for each of the
 * schema's parameters (derived ones lie nowhere). For looking at packets, not for speed.
 *   WF_ERR_INVALID   as wf_decode
 */
int wf_decoder_locate(struct wf_decoder *decoder, const uint8_t *packet, size_t len, void *payload,
                      struct wf_located *out);

/* Does `schema->match` hold for this packet? True when there is none. */
bool wf_decoder_matches(struct wf_decoder *decoder, const uint8_t *packet, size_t len);

/*
 * The other way: raw values of `payload` into a packet with the given header
 * values (feeds, simulators, tests). Engineering values are taken through the
 * inverse calibrator where the payload's raw word was not set by
 * wf_value_set_raw; out of range is clamped. Returns the packet's length or WF_ERR_LIMIT.
 */
struct wf_encoder;
int wf_encoder_create(const struct wf_schema *schema, struct wf_encoder **out_encoder,
                      struct wf_err *err);
void wf_encoder_destroy(struct wf_encoder **encoder);
/* `apid` must be one of the schema's; sequence counts 14 bits; time by the schema's format. */
int wf_encode(struct wf_encoder *encoder, const void *payload, uint16_t apid, uint16_t sequence,
              int64_t device_ns, uint8_t *out_packet, size_t size, size_t *out_len);

#endif /* WF_DECODE_DECODER_H */
