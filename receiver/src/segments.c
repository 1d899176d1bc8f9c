/* SPDX-License-Identifier: MIT */
/* Segments: see segments.h. */

#include "segments.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct rx_segments {
    uint64_t next;  /* sequence count that must follow */
    uint32_t count; /* segments kept; 0 = none begun */
    size_t len, size;
    uint8_t bytes[];
};

int rx_segments_create(size_t packet_max, struct rx_segments **out_segments, struct wf_err *err)
{
    struct rx_segments *segments = malloc(sizeof(*segments) + packet_max);

    if (segments == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "no memory for packets of %zu bytes", packet_max);
    *segments = (struct rx_segments){ .size = packet_max };
    *out_segments = segments;
    return 0;
}

void rx_segments_destroy(struct rx_segments **segments)
{
    free(*segments);
    *segments = NULL;
}

uint32_t rx_segments_reset(struct rx_segments *segments)
{
    uint32_t count = segments->count;

    segments->count = 0;
    segments->len = 0;
    return count;
}

/* Add bytes; false when the whole would be larger than a packet may be. */
static bool append(struct rx_segments *segments, const uint8_t *bytes, size_t len)
{
    if (len > segments->size - segments->len)
        return false;
    memcpy(segments->bytes + segments->len, bytes, len);
    segments->len += len;
    segments->count++;
    return true;
}

void rx_segments_take(struct rx_segments *segments, const struct wf_ccsds_header *header,
                      uint64_t sequence, const uint8_t *packet, size_t len,
                      struct rx_segments_result *out)
{
    bool is_begun = segments->count > 0;
    bool is_part = header->sequence_flags == WF_CCSDS_CONTINUATION ||
                   header->sequence_flags == WF_CCSDS_LAST;

    *out = (struct rx_segments_result){ .event = RX_SEGMENTS_BAD };
    if (header->sequence_flags == WF_CCSDS_UNSEGMENTED) {
        out->abandoned = rx_segments_reset(segments);
        out->event = RX_SEGMENTS_WHOLE;
        out->packet = packet;
        out->len = len;
        out->count = 1;
        return;
    }
    if (is_part && (!is_begun || sequence != segments->next)) {
        out->abandoned = rx_segments_reset(segments);
        return;
    }
    if (!is_part)
        out->abandoned = rx_segments_reset(segments);

    size_t skip = is_part ? WF_CCSDS_HEADER_BYTES : 0;

    if (len < skip || !append(segments, packet + skip, len - skip)) {
        out->abandoned += rx_segments_reset(segments);
        return;
    }
    segments->next = sequence + 1;
    out->event = RX_SEGMENTS_KEPT;
    if (header->sequence_flags == WF_CCSDS_LAST) {
        out->event = RX_SEGMENTS_WHOLE;
        out->packet = segments->bytes;
        out->len = segments->len;
        out->count = rx_segments_reset(segments);
    }
}
