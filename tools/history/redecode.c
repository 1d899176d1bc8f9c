/* SPDX-License-Identifier: MIT */
/*
 * Samples decoded anew from the archive of packets, with the definitions as they are now.
 *
 * A series is walked in order of receipt. A batch of its rows, the packets they came from (their
 * epoch and packet number lead to them), the same decoder as the receiver's: rows that come out
 * otherwise, or are of another schema version, are replaced, with the stamps they had.
 */

#include "history.h"
#include "writing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/decode/decoder.h>
#include <watchfloor/decode/judge.h>
#include <watchfloor/decode/segments.h>
#include <watchfloor/store/packet_log.h>

#define BATCH         1000
#define PACKED_FLAGS  ((uint32_t)(WF_SAMPLE_SHORT | WF_SAMPLE_LONG))
#define PAYLOAD_ALIGN 64

/* One sample on its way from the old form to the new one. */
struct item {
    struct wf_stamp stamp;
    uint8_t *packet; /* owned; NULL: not found */
    size_t len;
    bool is_done;
};

struct counts {
    uint64_t rows, replaced, same, no_packet, failed, missing;
};

struct redecode {
    struct history_writing writing;
    const struct history_redecode_options *options;
    struct wf_history *history;
    struct wf_packet_archive *archive;
    int64_t began_ns;

    /* The series under way. */
    const struct wf_history_entry *entry;
    const struct wf_schema *schema; /* as configured now */
    struct wf_series *series;
    struct wf_decoder *decoder;
    struct wf_segments *segments;
    struct counts counts;

    /* The batch under way: of one old schema. */
    const struct wf_schema *old;
    struct item items[BATCH];
    struct wf_store_sample samples[BATCH];
    const struct wf_store_sample *list[BATCH];
    uint8_t *news; /* payloads */
    size_t count;
};

/* --- packets of a batch --------------------------------------------------------------------- */

static int compare_places(const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    uint64_t x_epoch = wf_packet_epoch(x->stamp.epoch), y_epoch = wf_packet_epoch(y->stamp.epoch);

    if (x_epoch != y_epoch)
        return x_epoch < y_epoch ? -1 : 1;
    return (x->stamp.packet > y->stamp.packet) - (x->stamp.packet < y->stamp.packet);
}

static int keep_bytes(struct item *item, const uint8_t *bytes, size_t len)
{
    free(item->packet);
    item->packet = malloc(len + 1);
    if (item->packet == NULL)
        return WF_ERR_NOMEM;
    memcpy(item->packet, bytes, len);
    item->len = len;
    return 0;
}

/* The items lie in order of their receipt, which is that of (epoch, packet) but for restarts. */
static int take_packet(void *context, const struct wf_packet_row *row)
{
    struct redecode *redecode = context;
    struct item key = { .stamp = { .epoch = row->epoch, .packet = row->packet.number } };
    struct item *found;

    if (row->packet.outcome != WF_PACKET_PUBLISHED)
        return 0;
    found = bsearch(&key, redecode->items, redecode->count, sizeof(key), compare_places);
    if (found == NULL || found->packet != NULL)
        return 0;
    return keep_bytes(found, row->packet.bytes, row->packet.len);
}

struct pieces {
    struct wf_segments *segments;
    struct item *item;
};

static int take_piece(void *context, const struct wf_packet_row *row)
{
    struct pieces *pieces = context;
    enum wf_reject reason;
    const uint8_t *whole;
    size_t len;
    uint32_t lost;

    if (row->packet.outcome != WF_PACKET_PUBLISHED && row->packet.outcome != WF_PACKET_SEGMENT)
        return 0;
    if (wf_segments_take(pieces->segments, row->packet.bytes, row->packet.len, &whole, &len,
                         &reason, &lost) != WF_SEGMENT_WHOLE)
        return 0;
    return keep_bytes(pieces->item, whole, len);
}

static int find_packets(struct redecode *redecode, struct wf_err *err)
{
    struct wf_packet_query query = { .from_ns = INT64_MAX, .to_ns = INT64_MIN, .apid = -1 };
    int rc = 0;

    for (size_t i = 0; i < redecode->count; i++) {
        int64_t received_ns = redecode->items[i].stamp.received_ns;

        if (received_ns < query.from_ns)
            query.from_ns = received_ns;
        if (received_ns >= query.to_ns)
            query.to_ns = received_ns + 1;
    }
    if (!redecode->schema->is_segmented)
        rc = wf_packet_archive_each(redecode->archive, &query, take_packet, redecode, err);
    /* What is not where its time says, and what came in pieces, is looked for by its number. */
    for (size_t i = 0; rc >= 0 && i < redecode->count; i++) {
        struct item *item = &redecode->items[i];
        struct pieces pieces = { redecode->segments, item };

        if (item->packet != NULL)
            continue;
        wf_segments_reset(redecode->segments);
        rc = wf_packet_archive_find(redecode->archive, wf_packet_epoch(item->stamp.epoch),
                                    item->stamp.packet, item->stamp.received_ns, take_piece,
                                    &pieces, err);
        if (rc == WF_ERR_ABSENT)
            rc = 0;
    }
    return rc == WF_ERR_NOMEM ? wf_fail(err, rc, "out of memory") : rc < 0 ? rc : 0;
}

/* --- a batch --------------------------------------------------------------------------------- */

/* Does the payload say something else than the row? Then it is put into the list. */
static bool is_changed(struct redecode *redecode, size_t index, size_t slot)
{
    const struct wf_schema *schema = redecode->schema;
    struct item *item = &redecode->items[index];
    uint8_t *payload = redecode->news + slot * schema->payload_bytes;
    struct wf_decoded decoded;
    uint32_t flags;

    if (item->packet == NULL) {
        redecode->counts.no_packet++;
        return false;
    }
    if (wf_decode(redecode->decoder, item->packet, item->len, payload, &decoded) < 0) {
        redecode->counts.failed++;
        return false;
    }
    flags = (item->stamp.flags & ~PACKED_FLAGS) | (decoded.flags & PACKED_FLAGS);
    redecode->samples[slot] = (struct wf_store_sample){ .series = redecode->series,
                                                        .stamp = item->stamp,
                                                        .payload = payload };
    redecode->samples[slot].stamp.flags = flags;
    wf_payload_judge(schema, payload, flags);
    redecode->list[slot] = &redecode->samples[slot];
    return true;
}

static int flush(struct redecode *redecode, struct wf_err *err)
{
    struct wf_store_replaced replaced = { 0 };
    size_t slots = 0;
    int rc;

    if (redecode->count == 0)
        return 0;
    qsort(redecode->items, redecode->count, sizeof(redecode->items[0]), compare_places);
    rc = find_packets(redecode, err);
    for (size_t i = 0; rc == 0 && i < redecode->count; i++)
        slots += is_changed(redecode, i, slots) ? 1 : 0;
    if (rc == 0 && slots > 0 && !redecode->options->is_dry)
        rc = wf_store_replace(redecode->writing.store, redecode->series, redecode->old,
                              redecode->began_ns, redecode->list, slots, &replaced, err);
    redecode->counts.replaced += redecode->options->is_dry ? slots : replaced.rows;
    redecode->counts.missing += replaced.missing;
    for (size_t i = 0; i < redecode->count; i++) {
        free(redecode->items[i].packet);
        redecode->items[i].packet = NULL;
    }
    redecode->count = 0;
    return rc;
}

static int add(struct redecode *redecode, const struct wf_history_row *row, struct wf_err *err)
{
    int rc = 0;

    redecode->counts.rows++;
    if (row->schema->schema_hash == redecode->schema->schema_hash) {
        redecode->counts.same++; /* of a run before: it was decoded by this very definition */
        return 0;
    }
    if (redecode->count == BATCH || row->schema != redecode->old)
        rc = flush(redecode, err);
    if (rc < 0)
        return rc;
    redecode->old = row->schema;
    redecode->items[redecode->count++] = (struct item){ .stamp = row->stamp };
    return 0;
}

/* --- a series -------------------------------------------------------------------------------- */

static int begin_series(struct redecode *redecode, struct wf_err *err)
{
    const struct wf_schema *schema = redecode->schema;
    int rc = wf_decoder_create(schema, &redecode->decoder, err);

    if (rc == 0)
        rc = wf_segments_create(&schema, 1, &redecode->segments, err);
    if (rc == 0 && !redecode->options->is_dry)
        rc = wf_store_series(redecode->writing.store, redecode->entry->source, schema, 0, false,
                             &redecode->series, err);
    if (rc < 0)
        return rc;
    redecode->old = NULL;
    redecode->counts = (struct counts){ 0 };
    redecode->news =
        aligned_alloc(PAYLOAD_ALIGN, ((size_t)BATCH * schema->payload_bytes + PAYLOAD_ALIGN - 1) /
                                             PAYLOAD_ALIGN * PAYLOAD_ALIGN +
                                         PAYLOAD_ALIGN);
    return redecode->news != NULL ? 0 : wf_fail(err, WF_ERR_NOMEM, "out of memory");
}

static void end_series(struct redecode *redecode)
{
    for (size_t i = 0; i < redecode->count; i++)
        free(redecode->items[i].packet);
    redecode->count = 0;
    wf_decoder_destroy(&redecode->decoder);
    wf_segments_destroy(&redecode->segments);
    free(redecode->news);
    redecode->news = NULL;
    redecode->series = NULL;
}

static void tell_series(const struct redecode *redecode)
{
    const struct counts *counts = &redecode->counts;

    (void)printf("%s.%s: %" PRIu64 " of %" PRIu64 " samples %s", redecode->entry->source,
                 redecode->schema->name, counts->replaced, counts->rows,
                 redecode->options->is_dry ? "would be decoded anew" : "decoded anew");
    if (counts->same > 0)
        (void)printf(", %" PRIu64 " are of this definition", counts->same);
    if (counts->no_packet > 0)
        (void)printf(", %" PRIu64 " without a packet in the archive", counts->no_packet);
    if (counts->failed > 0)
        (void)printf(", %" PRIu64 " too short for this definition", counts->failed);
    if (counts->missing > 0)
        (void)printf(", %" PRIu64 " not in their place any more", counts->missing);
    (void)printf("\n");
}

static int walk_series(struct redecode *redecode, struct wf_err *err)
{
    const struct wf_history_query query = { .range = { redecode->options->from_ns,
                                                       redecode->options->to_ns, true },
                                            .source = redecode->entry->source,
                                            .subsystem = redecode->schema->name,
                                            .is_stamp_wanted = true };
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    int rc = wf_history_select(redecode->history, &query, &cursor, err);

    while (rc == 0 && (rc = wf_history_next(cursor, &row, err)) == 0)
        rc = add(redecode, &row, err);
    if (rc == WF_ERR_ABSENT)
        rc = flush(redecode, err);
    wf_history_cursor_close(&cursor);
    return rc;
}

static bool is_wanted(const struct redecode *redecode, const struct wf_history_entry *entry)
{
    const struct history_redecode_options *options = redecode->options;

    for (int i = 0; i < options->name_count; i++) {
        const char *name = options->names[i], *dot = strchr(name, '.');

        if (dot == NULL ? wf_name_is_equal(name, entry->schema->name)
                        : wf_name_is_equal(dot + 1, entry->schema->name) &&
                              strlen(entry->source) == (size_t)(dot - name) &&
                              strncmp(name, entry->source, (size_t)(dot - name)) == 0)
            return true;
    }
    return options->name_count == 0;
}

/* One source's subsystem; those that no packet feeds are passed over. */
static int redecode_series(struct redecode *redecode, const struct wf_history_entry *entry,
                           struct wf_err *err)
{
    int rc;

    redecode->entry = entry;
    redecode->schema = history_schema(&redecode->writing, entry->source, entry->schema->name);
    if (redecode->schema == NULL || redecode->schema->apid_count == 0)
        return 0;
    rc = begin_series(redecode, err);
    if (rc == 0)
        rc = walk_series(redecode, err);
    if (rc == 0)
        tell_series(redecode);
    end_series(redecode);
    return rc;
}

/* --- all of it ------------------------------------------------------------------------------- */

static int run(struct redecode *redecode, struct wf_err *err)
{
    const struct wf_range range = { redecode->options->from_ns, redecode->options->to_ns, true };
    const struct wf_history_entry *list = NULL;
    size_t count = 0, matches = 0;
    int rc = wf_history_open(redecode->writing.folder, &redecode->history, err);

    if (rc == 0)
        rc = wf_packet_archive_open(redecode->writing.folder, &redecode->archive, err);
    if (rc == WF_ERR_ABSENT)
        wf_err_prefix(err, "nothing to decode anew (packet_ring in [receiver] keeps packets)");
    if (rc == 0)
        rc = wf_history_list(redecode->history, &range, &list, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (!is_wanted(redecode, &list[i]))
            continue;
        matches++;
        rc = redecode_series(redecode, &list[i], err);
    }
    if (rc == 0 && matches == 0)
        rc = wf_fail(err, WF_ERR_ABSENT,
                     "no samples of these in that range; expected SUBSYSTEM or SOURCE.SUBSYSTEM");
    wf_packet_archive_close(&redecode->archive);
    wf_history_close(&redecode->history);
    return rc;
}

int history_redecode(const struct wf_common *common, const char *folder,
                     const struct history_redecode_options *options)
{
    struct redecode *redecode = calloc(1, sizeof(*redecode));
    struct wf_err err = { 0 };
    int rc;

    if (redecode == NULL) {
        (void)fprintf(stderr, "wf-history: out of memory\n");
        return STATUS_CANNOT;
    }
    redecode->options = options;
    redecode->writing.folder = folder;
    redecode->began_ns = wf_utc_now_ns();
    rc = history_writing_configure(&redecode->writing, common, &err);
    if (rc == 0 && !options->is_dry)
        rc = history_writing_open(&redecode->writing, common, &err);
    if (rc == 0)
        rc = run(redecode, &err);
    if (rc == 0 && !options->is_dry)
        rc = history_writing_settle(&redecode->writing, &err);
    history_writing_close(&redecode->writing);
    free(redecode);
    if (rc < 0)
        (void)fprintf(stderr, "wf-history: %s\n", err.text);
    return rc < 0 ? STATUS_CANNOT : EXIT_SUCCESS;
}
