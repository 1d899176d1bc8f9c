/* SPDX-License-Identifier: MIT */
#ifndef WF_DECODE_DISPATCH_H
#define WF_DECODE_DISPATCH_H

/*
 * Dispatch - which subsystem is this packet of? By APID in one step, then by the
 * match expressions of the schemas that share it, in the order they were given;
 * a schema without one takes what the others leave.
 *
 * Threads: one at a time (matching uses the decoders).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/decode/decoder.h>
#include <watchfloor/decode/reject.h>
#include <watchfloor/schema.h>

struct wf_dispatch;

/* One subsystem; schema and decoder must outlive the dispatcher, `id` is the caller's. */
struct wf_dispatch_entry {
    const struct wf_schema *schema;
    struct wf_decoder *decoder;
    uint32_t id;
};

/*
 * The list is copied.
 *   WF_ERR_INVALID   two schemas take the same APID and nothing tells them apart
 */
int wf_dispatch_create(const struct wf_dispatch_entry *entries, size_t count,
                       struct wf_dispatch **out_dispatch, struct wf_err *err);
void wf_dispatch_destroy(struct wf_dispatch **dispatch);

enum wf_dispatch_result {
    WF_DISPATCH_FOUND,    /* *out_id */
    WF_DISPATCH_IDLE,     /* APID 2047: fill between packets, neither published nor rejected */
    WF_DISPATCH_REJECTED, /* *out_reject */
};

/*
 * `packet` is whole, header first, of `len` bytes. Rejects: TRUNCATED, TOO_LONG
 * (more than its length field says, or than the schema's packet_max), BAD_VERSION,
 * BAD_TYPE, UNKNOWN_APID, NO_MATCH.
 */
enum wf_dispatch_result wf_dispatch_find(const struct wf_dispatch *dispatch, const uint8_t *packet,
                                         size_t len, uint32_t *out_id, enum wf_reject *out_reject);

/*
 * A packet put together from segments (segments.h), that may be longer than its length
 * field can say: only the subsystem is looked for.
 */
enum wf_dispatch_result wf_dispatch_find_assembled(const struct wf_dispatch *dispatch,
                                                   const uint8_t *packet, size_t len,
                                                   uint32_t *out_id, enum wf_reject *out_reject);

/* The first schema of that APID whose packets come in segments, or NULL. */
const struct wf_schema *wf_dispatch_segmented(const struct wf_dispatch *dispatch, uint16_t apid);

/* Which APIDs are expected: bit apid % 8 of byte apid / 8; as wf_framer_set_known takes it. */
const uint8_t *wf_dispatch_known(const struct wf_dispatch *dispatch);

#endif /* WF_DECODE_DISPATCH_H */
