/* SPDX-License-Identifier: MIT */
#ifndef WF_DECODE_FRAMING_H
#define WF_DECODE_FRAMING_H

/*
 * Framing - bytes to packets, by stages named in the configuration:
 *
 *   ""                      the datagram or stream is packets, one after another
 *   "skip 8"                8 bytes before each packet are passed over
 *   "length 4 big"          a length field before each packet (1..4 bytes; little; +N or -N
 *                           behind it corrects what it counts), of the bytes that follow it
 *   "sync 1acffc1d"         a marker before each packet; searched for after rubbish
 *   stages combine in order: "sync 1acffc1d, length 2 big, skip 4"
 *
 * A stream may be cut anywhere; after rubbish the framer searches for the next
 * place from which packets follow (marker, or several headers in a row that agree), and
 * counts what it passed over. A datagram begins afresh every time.
 *
 * Every byte fed is in exactly one of: packets called back, skipped, rubbish, or held
 * until more arrives (at most WF_FRAMER_BUFFER_BYTES, streams only).
 *
 * Threads: one at a time. Only create allocates; memory is bounded.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/decode/reject.h>
#include <watchfloor/err.h>

struct wf_framer;

#define WF_FRAMER_STAGES_MAX   8
#define WF_FRAMER_BUFFER_BYTES (4u * 65542u)
#define WF_FRAMER_RUBBISH_MAX  512

/* Called for each packet (valid during the call), whole, header first. */
typedef void (*wf_packet_fn)(void *context, const uint8_t *packet, size_t len);
/*
 * Called once for each run of bytes that became no packet, with the reason it began for.
 * `len` bytes at `bytes` are valid: the first 512 at most (all are in rubbish_bytes).
 * A run in a stream is told when it ends, or after WF_FRAMER_BUFFER_BYTES of it.
 */
typedef void (*wf_rubbish_fn)(void *context, enum wf_reject reject, const uint8_t *bytes,
                              size_t len);

/*
 * `format` "ccsds" is the only one so far. `is_stream`: TCP or a file; false: datagrams.
 *   WF_ERR_INVALID   the stages make no sense; err says which
 */
int wf_framer_create(const char *stages, const char *format, bool is_stream,
                     struct wf_framer **out_framer, struct wf_err *err);
void wf_framer_destroy(struct wf_framer **framer);
void wf_framer_reset(struct wf_framer *framer); /* a new connection; counters stay */

/*
 * Which APIDs are expected (2048 bits; bit apid % 8 of byte apid / 8; copied; NULL = unknown).
 * Makes finding packets in rubbish faster and surer; unexpected ones are delivered all the same.
 */
void wf_framer_set_known(struct wf_framer *framer, const uint8_t known[256]);

/* Feed bytes; calls back for every packet completed. A datagram is one call. */
void wf_framer_feed(struct wf_framer *framer, const uint8_t *bytes, size_t len,
                    wf_packet_fn on_packet, wf_rubbish_fn on_rubbish, void *context);
/* The stream ended: whole packets held back are called back, a rest becomes TRUNCATED rubbish. */
void wf_framer_end(struct wf_framer *framer, wf_packet_fn on_packet, wf_rubbish_fn on_rubbish,
                   void *context);

/*
 * From within on_packet, streams only: call back for no more packets now. What was fed stays
 * held; wf_framer_resume goes on with it. Do not feed before that: what has no room beside
 * what is held comes out all the same. wf_framer_end gives all.
 */
void wf_framer_pause(struct wf_framer *framer);
void wf_framer_resume(struct wf_framer *framer, wf_packet_fn on_packet, wf_rubbish_fn on_rubbish,
                      void *context);
bool wf_framer_is_paused(const struct wf_framer *framer);

/* Bytes of stages and headers passed over on purpose, and of rubbish. */
uint64_t wf_framer_skipped_bytes(const struct wf_framer *framer);
uint64_t wf_framer_rubbish_bytes(const struct wf_framer *framer);

#endif /* WF_DECODE_FRAMING_H */
