/* SPDX-License-Identifier: MIT */
/* Stream: the rows of one batch are read, as stamps and payloads. See history_stream.h. */

#include "history_stream.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/value.h>

#include "row.h"

static void read_stamp(sqlite3_stmt *stmt, const struct wfs_stream_query *query,
                       struct wf_stamp *stamp)
{
    *stamp = (struct wf_stamp){ .device_ns = WF_TIME_NONE };
    if (query->is_bare)
        return;
    stamp->device_ns = wfs_column_time(stmt, WFS_READ_STAMP + WFS_READ_STAMP_DEVICE);
    stamp->received_ns = sqlite3_column_int64(stmt, WFS_READ_STAMP + WFS_READ_STAMP_RECEIVED);
    stamp->number = (uint64_t)sqlite3_column_int64(stmt, WFS_READ_STAMP + WFS_READ_STAMP_NUMBER);
    if (!query->is_stamp_wanted)
        return;
    stamp->epoch = wfs_column_u64(stmt, WFS_READ_STAMP + WFS_READ_STAMP_EPOCH);
    stamp->order = wfs_column_u64(stmt, WFS_READ_STAMP + WFS_READ_STAMP_ORDER);
    stamp->packet = wfs_column_u64(stmt, WFS_READ_STAMP + WFS_READ_STAMP_PACKET);
    stamp->sequence = wfs_column_u64(stmt, WFS_READ_STAMP + WFS_READ_STAMP_SEQUENCE);
    stamp->flags = (uint32_t)sqlite3_column_int64(stmt, WFS_READ_STAMP + WFS_READ_STAMP_FLAGS);
    stamp->lost_before = (uint16_t)sqlite3_column_int64(stmt, WFS_READ_STAMP + WFS_READ_STAMP_LOST);
}

static uint8_t quality_of(const uint8_t *quality, size_t count, size_t column)
{
    return quality != NULL && column < count ? quality[column] : (uint8_t)WF_QUALITY_VALID;
}

/* The columns of the other parts; where a part has no such row they read as ABSENT. */
static void read_parts(struct wfs_stream *stream, const uint8_t *quality, size_t quality_count,
                       uint8_t *payload)
{
    int64_t id = sqlite3_column_int64(stream->stmt, WFS_READ_ID);

    for (size_t part = 1; part < stream->plan->part_count; part++) {
        sqlite3_stmt *stmt = stream->parts[part];
        int at = 1;
        bool is_there;

        (void)sqlite3_bind_int64(stmt, 1, id);
        is_there = sqlite3_step(stmt) == SQLITE_ROW;
        for (size_t i = 0; i < stream->column_count; i++) {
            size_t column = stream->columns[i];

            if (column / WFS_PART_COLUMNS != part)
                continue;
            if (is_there)
                wfs_row_read(stmt, at++, stream->plan, column,
                             quality_of(quality, quality_count, column), payload);
            else
                payload[stream->plan->columns[column].quality_offset] = WF_QUALITY_ABSENT;
        }
        (void)sqlite3_reset(stmt);
    }
}

static void read_row(struct wfs_stream *stream, const struct wfs_stream_query *query, int at,
                     uint8_t *payload)
{
    sqlite3_stmt *stmt = stream->stmt;
    const uint8_t *quality = NULL;
    size_t quality_count = 0;

    if (sqlite3_column_type(stmt, WFS_READ_QUALITY) != SQLITE_NULL) {
        quality = sqlite3_column_blob(stmt, WFS_READ_QUALITY);
        quality_count = (size_t)sqlite3_column_bytes(stmt, WFS_READ_QUALITY);
    }
    if (stream->plan->choice_count > 0)
        wfs_read_choices(stmt, at + (int)stream->first_count, stream->plan, payload);
    for (size_t i = 0; i < stream->column_count; i++) {
        size_t column = stream->columns[i];

        if (column < WFS_PART_COLUMNS)
            wfs_row_read(stmt, at++, stream->plan, column,
                         quality_of(quality, quality_count, column), payload);
    }
    if (stream->parts != NULL)
        read_parts(stream, quality, quality_count, payload);
    if (!query->is_bare)
        read_stamp(stmt, query, &stream->rows[stream->count].stamp);
}

/* Room for a batch of `wanted` rows: every payload begins as all ABSENT. */
static int make_room(struct wfs_stream *stream, struct wf_err *err)
{
    size_t bytes = stream->plan->schema->payload_bytes + 8u;
    struct wfs_batch_row *rows = realloc(stream->rows, stream->wanted * sizeof(*rows));
    uint8_t *payloads = realloc(stream->payloads, stream->wanted * bytes);

    if (rows != NULL)
        stream->rows = rows;
    if (payloads != NULL)
        stream->payloads = payloads;
    if (rows == NULL || payloads == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (; stream->made < stream->wanted; stream->made++) {
        memset(&rows[stream->made], 0, sizeof(*rows));
        memset(payloads + stream->made * bytes, 0, bytes);
        wfs_row_clear(stream->plan, payloads + stream->made * bytes);
    }
    return 0;
}

/* NULL reads as 0, and no device time is that of receipt. Files of somebody else may hold anything. */
static int64_t add_times(int64_t day_ns, int64_t received, int64_t device)
{
    return (int64_t)((uint64_t)day_ns + (uint64_t)received + (uint64_t)device);
}

/* 1: a row was taken. 0: the end. */
static int take(struct wfs_stream *stream, const struct wfs_stream_query *query, int parameters,
                struct wf_err *err)
{
    size_t bytes = stream->plan->schema->payload_bytes + 8u;
    int step = sqlite3_step(stream->stmt);
    int64_t time_ns;

    if (step != SQLITE_ROW)
        return step == SQLITE_DONE
                   ? 0
                   : wfs_fail(err, stream->file->db, step, "read rows of %s", stream->table);
    time_ns = sqlite3_column_int64(stream->stmt, WFS_READ_TIME);
    if (wfs_stream_is_short(stream, query))
        time_ns =
            add_times(stream->day_ns, time_ns, sqlite3_column_int64(stream->stmt, WFS_READ_STAMP));
    if (time_ns >= query->range.to_ns)
        return 0;
    if (time_ns < query->range.from_ns)
        return 1; /* other sources' rows were all that the search for the beginning met */
    stream->rows[stream->count].time_ns = time_ns;
    read_row(stream, query, parameters, stream->payloads + stream->count * bytes);
    stream->count++;
    return 1;
}

int wfs_stream_fill(struct wfs_stream *stream, const struct wfs_stream_query *query,
                    struct wf_err *err)
{
    int parameters = WFS_READ_STAMP + (wfs_stream_is_short(stream, query) ? 1
                                       : query->is_bare                   ? 0
                                       : query->is_stamp_wanted           ? WFS_READ_STAMP_COUNT
                                                                          : WFS_READ_STAMP_TIMES);
    int rc = 0;

    if (stream->is_at_end)
        return WF_ERR_ABSENT;
    if (stream->made < stream->wanted)
        rc = make_room(stream, err);
    if (rc < 0)
        return rc;
    stream->at = stream->count = 0;
    (void)sqlite3_bind_int64(stream->stmt, 1, stream->resume_id);
    (void)sqlite3_bind_int64(stream->stmt, 2, stream->id_to);
    rc = 1;
    while (rc == 1 && stream->count < stream->wanted)
        rc = take(stream, query, parameters, err);
    if (rc == 1)
        stream->resume_id = stream->sorted[0] != '\0'
                                ? stream->resume_id + (int64_t)stream->count
                                : sqlite3_column_int64(stream->stmt, WFS_READ_ID) + 1;
    (void)sqlite3_reset(stream->stmt);
    if (rc < 0)
        return rc;
    stream->is_at_end = rc == 0;
    if (stream->count == 0)
        return WF_ERR_ABSENT;
    stream->next_ns = stream->rows[0].time_ns;
    /* Growing: whoever wanted some rows may want many. */
    if (rc == 1 && stream->wanted < stream->capacity)
        stream->wanted =
            4 * stream->wanted < stream->capacity ? 4 * stream->wanted : stream->capacity;
    return 0;
}
