/* SPDX-License-Identifier: MIT */
#ifndef RX_SEGMENTS_H
#define RX_SEGMENTS_H

/*
 * Segments - packets cut into several by the sequence flags, put together again.
 *
 * The whole begins with the first segment as it is; of the others the primary
 * header is left out. Segments must follow each other by sequence count; one that
 * is missing loses the whole, and what was there is reported as lost segments.
 *
 * Threads: one. Only create allocates.
 */

#include <stddef.h>
#include <stdint.h>

#include <watchfloor/decode/ccsds.h>
#include <watchfloor/err.h>

struct rx_segments;

int rx_segments_create(size_t packet_max, struct rx_segments **out_segments, struct wf_err *err);
void rx_segments_destroy(struct rx_segments **segments);

enum rx_segments_event {
    RX_SEGMENTS_KEPT,  /* part of a whole that is not complete yet */
    RX_SEGMENTS_WHOLE, /* *out_packet is complete (valid until the next call) */
    RX_SEGMENTS_BAD,   /* this one fits nowhere */
};

struct rx_segments_result {
    enum rx_segments_event event;
    const uint8_t *packet; /* WHOLE */
    size_t len;
    uint32_t count;     /* WHOLE: segments in it */
    uint32_t abandoned; /* segments kept earlier that will never be whole */
};

/* Take a segment; `sequence` is its unwrapped count. An unsegmented packet is whole at once. */
void rx_segments_take(struct rx_segments *segments, const struct wf_ccsds_header *header,
                      uint64_t sequence, const uint8_t *packet, size_t len,
                      struct rx_segments_result *out);
/* Give up what is kept; returns how many segments that were. */
uint32_t rx_segments_reset(struct rx_segments *segments);

#endif /* RX_SEGMENTS_H */
