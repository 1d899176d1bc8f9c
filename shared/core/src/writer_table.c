/* SPDX-License-Identifier: MIT */
/*
 * Publishing rows of a table. A row is a ring of two samples, so that a writer
 * stopped in the middle of a change hides nothing; the header's `intent` names
 * the row under change, so that the next owner knows what to look at.
 */

#include "publisher_private.h"

#include <string.h>

#include "ring.h"

static struct wf_row *row_at(const struct wf_writer *writer, uint32_t row)
{
    return (struct wf_row *)(void *)(writer->slots + row * writer->stride);
}

static struct wf_slot *version_at(const struct wf_writer *writer, struct wf_row *row,
                                  uint64_t version)
{
    unsigned char *pair = (unsigned char *)(row + 1);

    return (struct wf_slot *)(void *)(pair + (version & 1) * writer->geometry.slot_stride);
}

/* Say that `row` changed. Number `change` of the log, then the head: readers see both or none. */
static void log_change(struct wf_writer *writer, uint32_t row)
{
    struct wf_region_header *header = writer->header;
    uint64_t change = atomic_load_explicit(&header->head, memory_order_relaxed);

    atomic_store_explicit(&writer->log[change & (writer->geometry.log_count - 1)],
                          (change & UINT32_MAX) << 32 | row, memory_order_relaxed);
    atomic_store_explicit(&header->head, change + 1, memory_order_release);
}

/* A change announced twice only makes readers look twice. */
void wfi_writer_repair_table(struct wf_writer *writer)
{
    struct wf_region_header *header = writer->header;
    uint32_t intent = atomic_load_explicit(&header->intent, memory_order_relaxed);
    struct wf_row *row;
    uint64_t version, seq;

    if (intent == 0 || intent > writer->geometry.slot_count)
        return;
    row = row_at(writer, intent - 1);
    version = atomic_load_explicit(&row->head, memory_order_relaxed);
    seq = atomic_load_explicit(&version_at(writer, row, version)->seq, memory_order_acquire);
    if (seq == wfi_seq_complete(version))
        atomic_store_explicit(&row->head, version + 1, memory_order_release);
    else if (seq == 2 * version + 1)
        (void)atomic_fetch_add_explicit(&header->aborted_writes, 1, memory_order_relaxed);
    log_change(writer, intent - 1);
    atomic_store_explicit(&header->intent, 0, memory_order_relaxed);
}

static void write_row(struct wf_writer *writer, uint32_t number, struct wf_stamp *stamp,
                      const void *payload, size_t payload_words)
{
    struct wf_region_header *header = writer->header;
    _Atomic uint64_t *order = &writer->publisher->directory->order;
    struct wf_row *row = row_at(writer, number);
    uint64_t version = atomic_load_explicit(&row->head, memory_order_relaxed);

    stamp->epoch = writer->publisher->epoch;
    stamp->number = atomic_load_explicit(&header->head, memory_order_relaxed);
    stamp->order = atomic_load_explicit(order, memory_order_relaxed);
    atomic_store_explicit(order, stamp->order + 1, memory_order_relaxed);

    atomic_store_explicit(&header->intent, number + 1, memory_order_release);
    wfi_slot_write(version_at(writer, row, version), version, stamp, payload, payload_words);
    atomic_store_explicit(&row->head, version + 1, memory_order_release);
    if (stamp->received_mono_ns > 0)
        atomic_store_explicit(&header->last_sample_mono_ns, stamp->received_mono_ns,
                              memory_order_relaxed);
    log_change(writer, number);
    atomic_store_explicit(&header->intent, 0, memory_order_release);
}

static const struct wf_parameter *key_of(const struct wf_writer *writer)
{
    const struct wf_schema *schema = writer->schema->schema;

    return &schema->parameters[schema->key];
}

int wf_writer_set_row(struct wf_writer *writer, struct wf_stamp *stamp, const void *payload)
{
    const struct wf_parameter *parameter;
    const char *key;
    uint32_t row;
    int rc;

    if (writer->geometry.kind != WF_KIND_TABLE)
        return WF_ERR_INVALID;
    parameter = key_of(writer);
    key = (const char *)payload + parameter->offset;
    if (key[0] == '\0')
        return WF_ERR_INVALID;
    rc = wfi_writer_enter(writer);
    if (rc < 0)
        return rc;
    row = wfi_row_index_find(&writer->rows, key, parameter->size_max);
    if (row == WFI_ROW_NONE)
        row = wfi_row_index_add(&writer->rows, key, parameter->size_max);
    stamp->flags &= ~WF_LAYOUT_ROW_REMOVED;
    if (row == WFI_ROW_NONE)
        rc = WF_ERR_LIMIT;
    else
        write_row(writer, row, stamp, payload, writer->payload_words);
    wfi_writer_leave(writer);
    return rc;
}

int wf_writer_remove_row(struct wf_writer *writer, const char *key)
{
    struct wf_stamp stamp = { .flags = WF_LAYOUT_ROW_REMOVED };
    uint32_t row;
    int rc;

    if (writer->geometry.kind != WF_KIND_TABLE)
        return WF_ERR_INVALID;
    rc = wfi_writer_enter(writer);
    if (rc < 0)
        return rc;
    row = wfi_row_index_find(&writer->rows, key, strlen(key));
    if (row == WFI_ROW_NONE) {
        rc = WF_ERR_ABSENT;
    } else {
        write_row(writer, row, &stamp, NULL, 0); /* a removed row has no payload */
        wfi_row_index_remove(&writer->rows, row);
    }
    wfi_writer_leave(writer);
    return rc;
}

int wfi_writer_index_rows(struct wf_writer *writer, struct wf_err *err)
{
    const struct wf_schema *schema = writer->schema->schema;
    const struct wf_parameter *parameter;

    if (schema->key < 0 || (size_t)schema->key >= schema->parameter_count ||
        key_of(writer)->storage != WF_STORE_CHARS || key_of(writer)->count_max != 1)
        return wf_fail(err, WF_ERR_INVALID, "a table needs a key that is a string");
    parameter = key_of(writer);
    if (!wfi_row_index_init(&writer->rows, writer->geometry.slot_count,
                            (size_t)parameter->size_max + 1))
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (uint32_t i = writer->geometry.slot_count; i > 0; i--) {
        struct wf_row *row = row_at(writer, i - 1);
        uint64_t head = atomic_load_explicit(&row->head, memory_order_acquire);
        const struct wf_slot *slot = version_at(writer, row, head - 1);
        struct wf_stamp stamp = { 0 };
        const char *key;

        if (head > 0)
            wfi_words_load(&stamp, slot->words, WF_LAYOUT_STAMP_WORDS);
        /* Nobody writes while we look: the lease is ours. */
        key = (const char *)slot + WF_LAYOUT_PAYLOAD_OFFSET + parameter->offset;
        if (head == 0 || (stamp.flags & WF_LAYOUT_ROW_REMOVED) != 0 || key[0] == '\0' ||
            wfi_row_index_find(&writer->rows, key, parameter->size_max) != WFI_ROW_NONE)
            wfi_row_index_offer(&writer->rows, i - 1);
        else
            wfi_row_index_set(&writer->rows, i - 1, key, parameter->size_max);
    }
    return 0;
}
