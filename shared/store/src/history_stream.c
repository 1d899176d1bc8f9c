/* SPDX-License-Identifier: MIT */
/* Stream: see history_stream.h. */

#include "history_stream.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/value.h>

#include "row.h"

/* Columns of the SELECT before those of parameters. */
enum { AT_TIME, AT_DEVICE, AT_RECEIVED, AT_NUMBER, AT_QUALITY, AT_STAMP };
enum {
    STAMP_EPOCH,
    STAMP_ORDER,
    STAMP_PACKET,
    STAMP_SEQUENCE,
    STAMP_FLAGS,
    STAMP_LOST,
    STAMP_COUNT
};

/* --- planning --------------------------------------------------------------------- */

/*
 * Which places of the key can hold rows of the range, and do they ascend in time
 * there? Blocks answer both without touching a row.
 */
static int narrow(sqlite3 *db, const struct wf_range *range, struct wfs_stream *stream,
                  bool *out_is_any, struct wf_err *err)
{
    char text[256];
    struct wf_strbuf sql = WF_STRBUF_FIXED(text);
    sqlite3_stmt *stmt = NULL;
    int64_t last_time = INT64_MIN, last_id = -1;
    int rc, step;

    wf_strbuf_addf(&sql,
                   "SELECT first_id, last_id, %s, %s, is_ordered FROM _blocks WHERE schema = ?1"
                   " AND %s >= ?2 AND %s < ?3 ORDER BY block",
                   wfs_from_column(range), wfs_to_column(range), wfs_to_column(range),
                   wfs_from_column(range));
    rc = wfs_prepare(db, text, &stmt, err);
    if (rc < 0)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, stream->schema_id);
    (void)sqlite3_bind_int64(stmt, 2, range->from_ns);
    (void)sqlite3_bind_int64(stmt, 3, range->to_ns);
    *out_is_any = false;
    /* What blocks say about order goes by device time. */
    stream->is_ordered = !range->is_by_received;
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
        int64_t first_id = sqlite3_column_int64(stmt, 0), from = sqlite3_column_int64(stmt, 2);

        if (!*out_is_any || first_id < stream->id_from)
            stream->id_from = first_id;
        if (!*out_is_any || from < stream->next_ns)
            stream->next_ns = from;
        if (first_id <= last_id || from < last_time || sqlite3_column_int(stmt, 4) == 0)
            stream->is_ordered = false;
        if (sqlite3_column_int64(stmt, 1) > last_id)
            last_id = sqlite3_column_int64(stmt, 1);
        last_time = sqlite3_column_int64(stmt, 3);
        *out_is_any = true;
    }
    rc = step == SQLITE_DONE ? 0 : wfs_fail(err, db, step, "read blocks");
    (void)sqlite3_finalize(stmt);
    stream->id_to = last_id;
    if (stream->next_ns < range->from_ns)
        stream->next_ns = range->from_ns;
    return rc;
}

static int append(struct wfs_stream **list, size_t *count, const struct wfs_stream *stream,
                  struct wf_err *err)
{
    struct wfs_stream *more = realloc(*list, (*count + 1) * sizeof(*more));

    if (more == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    more[*count] = *stream;
    *list = more;
    ++*count;
    return 0;
}

static int plan_versions(const struct wfs_stream_query *query, sqlite3 *db, size_t file,
                         sqlite3_stmt *stmt, struct wfs_stream **list, size_t *count,
                         struct wf_err *err)
{
    int step;

    while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct wfs_stream stream = { .file = file };
        const char *table = (const char *)sqlite3_column_text(stmt, 2);
        bool is_any = false;
        int rc;

        stream.source_id = sqlite3_column_int64(stmt, 0);
        stream.schema_id = sqlite3_column_int64(stmt, 1);
        (void)wf_copy_text(stream.table, sizeof(stream.table), table != NULL ? table : "");
        rc = narrow(db, &query->range, &stream, &is_any, err);
        if (rc == 0 && is_any)
            rc = wfs_history_plan(query->history, db, stream.schema_id, &stream.plan, err);
        if (rc == 0 && is_any)
            rc = append(list, count, &stream, err);
        if (rc < 0)
            return rc;
    }
    return step == SQLITE_DONE ? 0 : wfs_fail(err, db, step, "read the catalogue");
}

int wfs_stream_plan(const struct wfs_stream_query *query, size_t file, const char *source,
                    const char *subsystem, struct wfs_stream **list, size_t *count,
                    struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = NULL;
    int rc = wfs_history_file(query->history, file, &db, err);

    if (rc < 0)
        return rc == WF_ERR_ABSENT ? 0 : rc;
    rc = wfs_prepare(db,
                     "SELECT s.source, s.schema, v.table_name FROM _series AS s"
                     " JOIN _schemas AS v ON v.id = s.schema JOIN _sources AS n ON n.id = s.source"
                     " WHERE n.name = ?1 AND v.subsystem = ?2 ORDER BY s.schema",
                     &stmt, err);
    if (rc == 0) {
        (void)sqlite3_bind_text(stmt, 1, source, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(stmt, 2, subsystem, -1, SQLITE_STATIC);
        rc = plan_versions(query, db, file, stmt, list, count, err);
    }
    (void)sqlite3_finalize(stmt);
    wfs_close(&db);
    return rc;
}

/* --- rows ------------------------------------------------------------------------- */

static int choose_columns(struct wfs_stream *stream, const struct wfs_stream_query *query,
                          struct wf_err *err)
{
    const struct wfs_plan *plan = stream->plan;
    size_t wanted = query->parameters != NULL ? query->parameter_count : plan->column_count;

    stream->columns = calloc(wanted + 1, sizeof(*stream->columns));
    stream->payload = calloc(1, plan->schema->payload_bytes + 8u);
    if (stream->columns == NULL || stream->payload == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    wfs_row_clear(plan, stream->payload);
    for (size_t i = 0; i < wanted; i++) {
        int index =
            query->parameters != NULL ? wf_schema_find(plan->schema, query->parameters[i]) : (int)i;

        /* This version may not have it: it stays ABSENT. */
        if (index != WF_NO_INDEX)
            stream->columns[stream->column_count++] = (size_t)index;
    }
    return 0;
}

/* The table of a column's part: r, or p1, p2 ... joined to it. */
static void add_select(const struct wfs_stream *stream, const struct wfs_stream_query *query,
                       struct wf_strbuf *sql)
{
    const struct wfs_plan *plan = stream->plan;
    const char *time =
        query->range.is_by_received ? "r._received_ns" : "coalesce(r._device_ns, r._received_ns)";
    uint8_t is_joined[WF_SCHEMA_PARAMETERS_MAX / WFS_PART_COLUMNS + 1] = { 0 };

    wf_strbuf_addf(sql, "SELECT %s, r._device_ns, r._received_ns, r._number, r._quality", time);
    if (query->is_stamp_wanted)
        wf_strbuf_add(sql, ", (SELECT epoch_ns FROM _epochs WHERE id = r._epoch), r._order,"
                           " r._packet, r._sequence, r._flags, r._lost");
    for (size_t i = 0; i < stream->column_count; i++) {
        size_t part = stream->columns[i] / WFS_PART_COLUMNS;

        is_joined[part] = 1;
        if (part == 0)
            wf_strbuf_add(sql, ", r.");
        else
            wf_strbuf_addf(sql, ", p%zu.", part);
        wfs_add_identifier(sql, plan->columns[stream->columns[i]].name);
    }
    if (plan->choice_count > 0)
        wf_strbuf_add(sql, ", r._choices");
    wf_strbuf_add(sql, " FROM ");
    wfs_add_identifier(sql, stream->table);
    wf_strbuf_add(sql, " AS r");
    for (size_t part = 1; part < plan->part_count; part++) {
        if (is_joined[part])
            wf_strbuf_addf(sql, " LEFT JOIN \"%s_%zu\" AS p%zu ON p%zu._id = r._id", stream->table,
                           part + 1, part, part);
    }
    wf_strbuf_addf(sql,
                   " WHERE r._id BETWEEN ?1 AND ?2 AND r._source = ?3 AND %s >= ?4 AND %s < ?5",
                   time, time);
    if (!stream->is_ordered)
        wf_strbuf_addf(sql, " ORDER BY %s, r._id", time);
}

int wfs_stream_open(struct wfs_stream *stream, const struct wfs_stream_query *query,
                    struct wf_err *err)
{
    struct wf_strbuf sql;
    int rc = choose_columns(stream, query, err);

    wf_strbuf_init(&sql, 1u << 20);
    if (rc == 0)
        rc = wfs_history_file(query->history, stream->file, &stream->db, err);
    if (rc == 0) {
        add_select(stream, query, &sql);
        rc = sql.was_cut ? wf_fail(err, WF_ERR_NOMEM, "out of memory")
                         : wfs_prepare(stream->db, sql.text, &stream->stmt, err);
    }
    wf_strbuf_fini(&sql);
    if (rc < 0)
        return rc;
    stream->is_open = true;
    (void)sqlite3_bind_int64(stream->stmt, 1, stream->id_from);
    (void)sqlite3_bind_int64(stream->stmt, 2, stream->id_to);
    (void)sqlite3_bind_int64(stream->stmt, 3, stream->source_id);
    (void)sqlite3_bind_int64(stream->stmt, 4, query->range.from_ns);
    (void)sqlite3_bind_int64(stream->stmt, 5, query->range.to_ns);
    return wfs_stream_next(stream, query, err);
}

int wfs_stream_next(struct wfs_stream *stream, const struct wfs_stream_query *query,
                    struct wf_err *err)
{
    int step = sqlite3_step(stream->stmt);

    (void)query;
    if (step == SQLITE_ROW) {
        stream->next_ns = sqlite3_column_int64(stream->stmt, AT_TIME);
        return 0;
    }
    if (step == SQLITE_DONE)
        return WF_ERR_ABSENT;
    return wfs_fail(err, stream->db, step, "read rows of %s", stream->table);
}

static void read_stamp(struct wfs_stream *stream, bool is_whole, struct wf_stamp *stamp)
{
    sqlite3_stmt *stmt = stream->stmt;

    *stamp = (struct wf_stamp){ .device_ns = wfs_column_time(stmt, AT_DEVICE),
                                .received_ns = sqlite3_column_int64(stmt, AT_RECEIVED),
                                .number = (uint64_t)sqlite3_column_int64(stmt, AT_NUMBER) };
    if (!is_whole)
        return;
    stamp->epoch = wfs_column_u64(stmt, AT_STAMP + STAMP_EPOCH);
    stamp->order = wfs_column_u64(stmt, AT_STAMP + STAMP_ORDER);
    stamp->packet = wfs_column_u64(stmt, AT_STAMP + STAMP_PACKET);
    stamp->sequence = wfs_column_u64(stmt, AT_STAMP + STAMP_SEQUENCE);
    stamp->flags = (uint32_t)sqlite3_column_int64(stmt, AT_STAMP + STAMP_FLAGS);
    stamp->lost_before = (uint32_t)sqlite3_column_int64(stmt, AT_STAMP + STAMP_LOST);
}

void wfs_stream_read(struct wfs_stream *stream, const struct wfs_stream_query *query)
{
    const uint8_t *quality = sqlite3_column_blob(stream->stmt, AT_QUALITY);
    size_t quality_count = (size_t)sqlite3_column_bytes(stream->stmt, AT_QUALITY);
    int at = AT_STAMP + (query->is_stamp_wanted ? STAMP_COUNT : 0);

    if (stream->plan->choice_count > 0)
        wfs_read_choices(stream->stmt, at + (int)stream->column_count, stream->plan,
                         stream->payload);
    for (size_t i = 0; i < stream->column_count; i++, at++) {
        size_t column = stream->columns[i];
        uint8_t q =
            quality != NULL && column < quality_count ? quality[column] : (uint8_t)WF_QUALITY_VALID;

        wfs_row_read(stream->stmt, at, stream->plan, column, q, stream->payload);
    }
    stream->row.time_ns = stream->next_ns;
    stream->row.schema = stream->plan->schema;
    stream->row.payload = stream->payload;
    read_stamp(stream, query->is_stamp_wanted, &stream->row.stamp);
}

void wfs_stream_close(struct wfs_stream *stream)
{
    (void)sqlite3_finalize(stream->stmt);
    wfs_close(&stream->db);
    free(stream->columns);
    free(stream->payload);
    stream->stmt = NULL;
    stream->columns = NULL;
    stream->payload = NULL;
    stream->is_open = false;
}
