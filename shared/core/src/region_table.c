/* SPDX-License-Identifier: MIT */
/* Reading table regions: rows and the log of their changes. See <watchfloor/region.h>. */

#include "region_private.h"

#include "ring.h"

#define ROW_TRIES 3

int wf_region_row(const struct wf_region *region, uint32_t row, void *out_payload, size_t size,
                  struct wf_stamp *out_stamp)
{
    const struct wf_row *at;

    if (region->geometry.kind != WF_KIND_TABLE || row >= region->geometry.slot_count ||
        size < region->geometry.payload_bytes)
        return WF_ERR_INVALID;
    at = (const struct wf_row *)(const void *)(region->slots + row * region->stride);
    for (int tries = 0; tries < ROW_TRIES; tries++) {
        /* Acquire pairs with the writer's release: version head-1 of the row is complete. */
        uint64_t head = atomic_load_explicit(&at->head, memory_order_acquire);
        const unsigned char *pair = (const unsigned char *)(at + 1);
        const struct wf_slot *slot;

        if (head == 0)
            return WF_ERR_ABSENT;
        slot = (const struct wf_slot *)(const void *)(pair + ((head - 1) & 1) *
                                                                 region->geometry.slot_stride);
        if (wfi_slot_read(slot, head - 1, out_stamp, out_payload, region->payload_words))
            return (out_stamp->flags & WF_LAYOUT_ROW_REMOVED) != 0 ? WF_ERR_ABSENT : 0;
    }
    return WF_ERR_BUSY;
}

uint64_t wf_region_changes(const struct wf_region *region)
{
    if (region->geometry.kind != WF_KIND_TABLE)
        return 0;
    return atomic_load_explicit(&region->header->head, memory_order_acquire);
}

int wf_region_change(const struct wf_region *region, uint64_t change, uint32_t *out_row)
{
    const uint32_t count = region->geometry.log_count;
    uint64_t head = wf_region_changes(region);
    uint64_t word;

    if (region->geometry.kind != WF_KIND_TABLE)
        return WF_ERR_INVALID;
    if (change >= head)
        return WF_ERR_ABSENT;
    if (head - change > count)
        return WF_ERR_GONE;
    word = atomic_load_explicit(&region->log[change & (count - 1)], memory_order_relaxed);
    /* One word says both, so it cannot be torn; its number tells whether it was overwritten. */
    if (word >> 32 != (change & UINT32_MAX) || (uint32_t)word >= region->geometry.slot_count)
        return WF_ERR_GONE;
    *out_row = (uint32_t)word;
    return 0;
}
