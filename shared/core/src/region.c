/* SPDX-License-Identifier: MIT */
/*
 * Reading samples: newest, by number, one value, one after the other. See
 * <watchfloor/region.h>. Whatever a hostile head says, slot numbers are masked
 * and every call ends after a bounded number of tries.
 */

#include "region_private.h"

#include <string.h>

#include "ring.h"

#define LATEST_TRIES 3

static const struct wf_slot *slot_of(const struct wf_region *region, uint64_t number)
{
    return (const struct wf_slot *)(const void *)(region->slots +
                                                  (number & region->slot_mask) * region->stride);
}

/* Pairs with the release of the writer: sample head-1 is complete. */
static uint64_t head_of(const struct wf_region *region)
{
    return atomic_load_explicit(&region->header->head, memory_order_acquire);
}

static bool can_hold(const struct wf_region *region, size_t size)
{
    return region->geometry.kind == WF_KIND_SAMPLES && size >= region->geometry.payload_bytes;
}

void wf_region_info(const struct wf_region *region, struct wf_region_info *out)
{
    const struct wf_region_header *header = region->header;

    *out = region->fixed;
    out->head = head_of(region);
    out->epoch = atomic_load_explicit(&header->epoch, memory_order_relaxed);
    out->writer_state =
        (enum wf_writer_state)atomic_load_explicit(&header->writer_state, memory_order_relaxed);
    out->heartbeat_mono_ns = atomic_load_explicit(&header->heartbeat_mono_ns, memory_order_relaxed);
    out->last_sample_mono_ns =
        atomic_load_explicit(&header->last_sample_mono_ns, memory_order_relaxed);
    out->aborted_writes = atomic_load_explicit(&header->aborted_writes, memory_order_relaxed);
    out->lock_recoveries = atomic_load_explicit(&header->lock_recoveries, memory_order_relaxed);
}

int wf_region_latest(const struct wf_region *region, void *out_payload, size_t size,
                     struct wf_stamp *out_stamp)
{
    if (!can_hold(region, size))
        return WF_ERR_INVALID;
    for (int tries = 0; tries < LATEST_TRIES; tries++) {
        uint64_t head = head_of(region);

        if (head == 0)
            return WF_ERR_ABSENT;
        if (wfi_slot_read(slot_of(region, head - 1), head - 1, out_stamp, out_payload,
                          region->payload_words)) {
            out_stamp->number = head - 1;
            return 0;
        }
    }
    return WF_ERR_BUSY;
}

int wf_region_read(const struct wf_region *region, uint64_t number, void *out_payload, size_t size,
                   struct wf_stamp *out_stamp)
{
    if (!can_hold(region, size))
        return WF_ERR_INVALID;
    if (number >= head_of(region))
        return WF_ERR_ABSENT;
    if (!wfi_slot_read(slot_of(region, number), number, out_stamp, out_payload,
                       region->payload_words))
        return WF_ERR_GONE;
    out_stamp->number = number;
    return 0;
}

/*
 * Where to go on when what was wanted is overwritten. Who only comes now gets the oldest there
 * is. Who was lapped reads slower than is written, for a while at least, and would be lapped
 * there at once again, sample by sample: a sixteenth of the ring is his lead.
 */
static uint64_t landing(const struct wf_cursor *cursor, uint64_t head, uint64_t slots)
{
    bool is_new = cursor->delivered == 0 && cursor->lost == 0;
    uint64_t lead = is_new ? 0 : (slots >= 16 ? slots / 16 : 1);

    if (head < slots || head - slots + lead <= cursor->next)
        return cursor->next + 1;
    return head - slots + lead;
}

int wf_region_next(const struct wf_region *region, struct wf_cursor *cursor, void *out_payload,
                   size_t size, struct wf_stamp *out_stamp, uint64_t *out_lost)
{
    const uint64_t slots = region->geometry.slot_count;
    uint64_t head, next;
    int rc;

    if (!can_hold(region, size))
        return WF_ERR_INVALID;
    head = head_of(region);
    if (cursor->next == head)
        return WF_ERR_ABSENT;
    if (cursor->next > head)
        return WF_ERR_GONE; /* numbers only grow: it counts another region's samples */
    if (head - cursor->next <= slots) {
        rc = wf_region_read(region, cursor->next, out_payload, size, out_stamp);
        if (rc == 0) {
            cursor->next++;
            cursor->delivered++;
            return 0;
        }
        head = head_of(region);
        if (head <= cursor->next) /* only a head that lies goes back */
            return WF_ERR_ABSENT;
    }
    next = landing(cursor, head, slots);
    *out_lost = next - cursor->next;
    cursor->lost += *out_lost;
    cursor->next = next;
    return WF_ERR_LIMIT;
}

/* --- one value ---------------------------------------------------------------------------- */

/* A scalar never crosses a word: it is aligned, and the payload begins at one. */
static uint64_t load_bits(const struct wf_slot *slot, uint32_t offset, uint32_t bytes)
{
    uint64_t word = atomic_load_explicit(&slot->words[WF_LAYOUT_STAMP_WORDS + offset / 8],
                                         memory_order_relaxed);
    union {
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
    } part;
    const unsigned char *at = (const unsigned char *)&word + offset % 8;

    switch (bytes) {
    case 1:
        memcpy(&part.u8, at, 1);
        return part.u8;
    case 2:
        memcpy(&part.u16, at, 2);
        return part.u16;
    case 4:
        memcpy(&part.u32, at, 4);
        return part.u32;
    default:
        return word;
    }
}

static void interpret(enum wf_storage storage, uint64_t bits, struct wf_value *out)
{
    uint32_t low = (uint32_t)bits;
    float single;

    switch (storage) {
    case WF_STORE_I8:
        out->kind = WF_VALUE_I64;
        out->as.i64 = (int8_t)bits;
        break;
    case WF_STORE_I16:
        out->kind = WF_VALUE_I64;
        out->as.i64 = (int16_t)bits;
        break;
    case WF_STORE_I32:
        out->kind = WF_VALUE_I64;
        out->as.i64 = (int32_t)bits;
        break;
    case WF_STORE_I64:
    case WF_STORE_TIME:
        out->kind = storage == WF_STORE_TIME ? WF_VALUE_TIME : WF_VALUE_I64;
        out->as.i64 = (int64_t)bits;
        break;
    case WF_STORE_F32:
        memcpy(&single, &low, sizeof(single));
        out->kind = WF_VALUE_F64;
        out->is_single = true;
        out->as.f64 = (double)single;
        break;
    case WF_STORE_F64:
        out->kind = WF_VALUE_F64;
        memcpy(&out->as.f64, &bits, sizeof(bits));
        break;
    case WF_STORE_BOOL:
        out->kind = WF_VALUE_BOOL;
        out->as.u64 = bits != 0;
        break;
    default:
        out->kind = WF_VALUE_U64;
        out->as.u64 = bits;
        break;
    }
}

int wf_region_value(const struct wf_region *region, size_t parameter, struct wf_value *out,
                    int64_t *out_received_mono_ns)
{
    const struct wf_schema *schema = region->schema->schema;
    const struct wf_parameter *p;
    uint32_t bytes;

    if (region->geometry.kind != WF_KIND_SAMPLES || parameter >= schema->parameter_count)
        return WF_ERR_INVALID;
    p = &schema->parameters[parameter];
    if (p->storage == WF_STORE_CHARS || p->storage == WF_STORE_BYTES || p->count_max != 1 ||
        p->count_offset != 0)
        return WF_ERR_INVALID;
    bytes = wf_storage_bytes(p->storage);
    for (int tries = 0; tries < LATEST_TRIES; tries++) {
        uint64_t head = head_of(region);
        const struct wf_slot *slot = slot_of(region, head - 1);
        uint64_t bits, quality, received;

        if (head == 0)
            return WF_ERR_ABSENT;
        if (!wfi_slot_is_complete(&slot->seq, head - 1))
            continue;
        bits = load_bits(slot, p->offset, bytes);
        quality = load_bits(slot, p->quality_offset, 1);
        received = atomic_load_explicit(
            &slot->words[offsetof(struct wf_stamp, received_mono_ns) / 8], memory_order_relaxed);
        if (!wfi_slot_is_still(&slot->seq, head - 1))
            continue;
        *out = (struct wf_value){
            .quality = (uint8_t)(quality <= WF_QUALITY_ABSENT ? quality : WF_QUALITY_INVALID)
        };
        if (quality != WF_QUALITY_ABSENT)
            interpret(p->storage, bits, out);
        if (out_received_mono_ns != NULL)
            *out_received_mono_ns = (int64_t)received;
        return 0;
    }
    return WF_ERR_BUSY;
}

enum wf_quality wf_quality_now(const struct wf_schema *schema, enum wf_quality stored,
                               int64_t received_mono_ns, int64_t now_mono_ns)
{
    if (received_mono_ns <= 0)
        return WF_QUALITY_NEVER;
    if (schema->stale_after_ns > 0 && now_mono_ns - received_mono_ns > schema->stale_after_ns)
        return WF_QUALITY_STALE;
    return stored;
}
