/* SPDX-License-Identifier: MIT */
#ifndef WF_DECODE_SEGMENTS_H
#define WF_DECODE_SEGMENTS_H

/*
 * Segments - packets that were sent in pieces, put together by their sequence
 * flags: FIRST, any CONTINUATION, LAST, counting on by one. One of these for each
 * source; each APID in it gathers on its own.
 *
 * The result is the first piece with the data of the others behind it, flags
 * UNSEGMENTED, sequence count of the first. Where a further piece has a secondary
 * header of its own, that is left out. The length field says what fits it; the
 * true length is what is returned.
 *
 * Threads: one at a time. Only create allocates: packet_max bytes for each APID.
 */

#include <stddef.h>
#include <stdint.h>

#include <watchfloor/decode/reject.h>
#include <watchfloor/schema.h>

struct wf_segments;

enum wf_segment_result {
    WF_SEGMENT_WHOLE,   /* *out_packet, *out_len; valid until the next call */
    WF_SEGMENT_WAITING, /* taken; more is needed */
    WF_SEGMENT_REJECTED,
};

/* Gather for the APIDs of `schemas` that are segmented (others are skipped). */
int wf_segments_create(const struct wf_schema *const *schemas, size_t count,
                       struct wf_segments **out_segments, struct wf_err *err);
void wf_segments_destroy(struct wf_segments **segments);
/* Forget what was begun: the source restarted, or the connection is new. */
void wf_segments_reset(struct wf_segments *segments);

/*
 * Take one packet, as framing found it. Packets of other APIDs and unsegmented ones are whole
 * at once (the caller's own bytes). Rejects: BAD_SEGMENT (no first, out of order), TOO_LONG.
 * *out_lost: packets taken before that became useless by this one, now rejected as BAD_SEGMENT too.
 */
enum wf_segment_result wf_segments_take(struct wf_segments *segments, const uint8_t *packet,
                                        size_t len, const uint8_t **out_packet, size_t *out_len,
                                        enum wf_reject *out_reject, uint32_t *out_lost);

#endif /* WF_DECODE_SEGMENTS_H */
