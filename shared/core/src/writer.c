/* SPDX-License-Identifier: MIT */
/*
 * Publishing samples: the writer's half of the memory-order recipe (ring.h), the
 * lock around it and the repair after a writer died inside. See
 * shared/core/README.md, "Repair".
 */

#include "publisher_private.h"

#include "ring.h"

#include <watchfloor/clock.h>

#define LOCK_LIMIT_NS (100 * WF_NS_PER_MS)

static struct wf_slot *slot_of(const struct wf_writer *writer, uint64_t number)
{
    return (struct wf_slot *)(void *)(writer->slots +
                                      (number & writer->slot_mask) * writer->stride);
}

/*
 * The last owner died inside. Its sample is either complete (publish it), half
 * written (leave the odd mark: no reader takes it, the next write uses the same
 * number), or not begun. Harmless when nothing was torn, and when we die in here.
 */
static void repair_samples(struct wf_writer *writer)
{
    struct wf_region_header *header = writer->header;
    uint64_t head = atomic_load_explicit(&header->head, memory_order_relaxed);
    const struct wf_slot *slot = slot_of(writer, head);
    uint64_t seq = atomic_load_explicit(&slot->seq, memory_order_acquire);

    if (seq == wfi_seq_complete(head)) {
        int64_t received = (int64_t)atomic_load_explicit(
            &slot->words[offsetof(struct wf_stamp, received_mono_ns) / 8], memory_order_relaxed);

        atomic_store_explicit(&header->last_sample_mono_ns, received, memory_order_relaxed);
        atomic_store_explicit(&header->head, head + 1, memory_order_release);
    } else if (seq == 2 * head + 1) {
        (void)atomic_fetch_add_explicit(&header->aborted_writes, 1, memory_order_relaxed);
    }
}

static int repair(struct wf_writer *writer)
{
    if (writer->geometry.kind == WF_KIND_TABLE)
        wfi_writer_repair_table(writer);
    else
        repair_samples(writer);
    (void)atomic_fetch_add_explicit(&writer->header->lock_recoveries, 1, memory_order_relaxed);
    if (wfi_lock_mark_repaired(wfi_writer_lock(writer)) < 0) {
        wfi_lock_release(wfi_writer_lock(writer));
        return WF_ERR_CORRUPT;
    }
    return 0;
}

int wfi_writer_enter(struct wf_writer *writer)
{
    int rc = wfi_lock_take(wfi_writer_lock(writer), LOCK_LIMIT_NS);

    if (WF_UNLIKELY(rc == WFI_LOCK_OWNER_DIED))
        rc = repair(writer);
    return rc;
}

void wfi_writer_leave(struct wf_writer *writer)
{
    wfi_lock_release(wfi_writer_lock(writer));
}

static inline int publish_words(struct wf_writer *writer, struct wf_stamp *stamp,
                                const void *payload, size_t words)
{
    struct wf_region_header *header = writer->header;
    _Atomic uint64_t *order = &writer->publisher->directory->order;
    uint64_t head;
    int rc;

    if (writer->geometry.kind != WF_KIND_SAMPLES)
        return WF_ERR_INVALID;
    if (!writer->is_held) {
        rc = wfi_writer_enter(writer);
        if (WF_UNLIKELY(rc < 0))
            return rc;
    }

    /* One writer at a time: what only writers change needs no order of its own. */
    head = atomic_load_explicit(&header->head, memory_order_relaxed);
    stamp->epoch = writer->publisher->epoch;
    stamp->number = head;
    stamp->order = atomic_load_explicit(order, memory_order_relaxed);
    atomic_store_explicit(order, stamp->order + 1, memory_order_relaxed);

    wfi_slot_write(slot_of(writer, head), head, stamp, payload, words);
    atomic_store_explicit(&header->last_sample_mono_ns, stamp->received_mono_ns,
                          memory_order_relaxed);
    /* Pairs with the acquire in readers: sample `head` is complete. */
    atomic_store_explicit(&header->head, head + 1, memory_order_release);

    if (!writer->is_held)
        wfi_writer_leave(writer);
    return 0;
}

int wf_writer_publish(struct wf_writer *writer, struct wf_stamp *stamp, const void *payload)
{
    return publish_words(writer, stamp, payload, writer->payload_words);
}

int wf_writer_publish_prefix(struct wf_writer *writer, struct wf_stamp *stamp, const void *payload,
                             size_t bytes)
{
    if (bytes % 8 != 0 || bytes / 8 > writer->payload_words)
        return WF_ERR_INVALID;
    return publish_words(writer, stamp, payload, bytes / 8);
}

int wf_writer_hold(struct wf_writer *writer)
{
    int rc = writer->is_held ? 0 : wfi_writer_enter(writer);

    writer->is_held = rc == 0;
    return rc;
}

void wf_writer_release(struct wf_writer *writer)
{
    if (writer->is_held)
        wfi_writer_leave(writer);
    writer->is_held = false;
}

uint64_t wf_writer_head(const struct wf_writer *writer)
{
    return atomic_load_explicit(&writer->header->head, memory_order_relaxed);
}

const struct wf_schema *wf_writer_schema(const struct wf_writer *writer)
{
    return writer->schema->schema;
}

uint64_t wf_writer_slots(const struct wf_writer *writer)
{
    return writer->geometry.kind == WF_KIND_SAMPLES ? writer->geometry.slot_count : 0;
}
