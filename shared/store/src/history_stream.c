/* SPDX-License-Identifier: MIT */
/* Stream: see history_stream.h. */

#include "history_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of the first batch: a merge of many streams begins with one of each. */
#define FIRST_ROWS 32

static const char *time_of(const struct wfs_stream_query *query)
{
    return query->range.is_by_received ? "r._received_ns"
                                       : "coalesce(r._device_ns, r._received_ns)";
}

static int choose_columns(struct wfs_stream *stream, const struct wfs_stream_query *query,
                          struct wf_err *err)
{
    const struct wfs_plan *plan = stream->plan;
    size_t wanted = query->parameters != NULL ? query->parameter_count : plan->column_count;

    stream->columns = calloc(wanted + 1, sizeof(*stream->columns));
    if (stream->columns == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < wanted; i++) {
        int index =
            query->parameters != NULL ? wf_schema_find(plan->schema, query->parameters[i]) : (int)i;

        /* This version may not have it: it stays ABSENT. */
        if (index == WF_NO_INDEX)
            continue;
        stream->columns[stream->column_count++] = (size_t)index;
        stream->first_count += (size_t)index < WFS_PART_COLUMNS;
    }
    return 0;
}

/* Add the columns of a part that are asked for, each behind `before`. */
static void add_columns(const struct wfs_stream *stream, size_t part, const char *before,
                        struct wf_strbuf *sql)
{
    for (size_t i = 0; i < stream->column_count; i++) {
        if (stream->columns[i] / WFS_PART_COLUMNS != part)
            continue;
        wf_strbuf_add(sql, before);
        wfs_add_identifier(sql, stream->plan->columns[stream->columns[i]].name);
    }
}

/* A result has at most 2,000 columns: what lies in other parts is looked up by the key. */
static int prepare_parts(struct wfs_stream *stream, struct wf_err *err)
{
    const struct wfs_plan *plan = stream->plan;
    int rc = 0;

    if (stream->first_count == stream->column_count)
        return 0;
    stream->parts = calloc(plan->part_count, sizeof(*stream->parts));
    if (stream->parts == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t part = 1; rc == 0 && part < plan->part_count; part++) {
        struct wf_strbuf sql;

        wf_strbuf_init(&sql, 1u << 20);
        wf_strbuf_add(&sql, "SELECT _id");
        add_columns(stream, part, ", ", &sql);
        wf_strbuf_addf(&sql, " FROM \"%s_%zu\" WHERE _id = ?1", stream->table, part + 1);
        rc = sql.was_cut ? wf_fail(err, WF_ERR_NOMEM, "out of memory")
                         : wfs_prepare(stream->file->db, sql.text, &stream->parts[part], err);
        wf_strbuf_fini(&sql);
    }
    return rc;
}

/* The table of a column's part: r, or p1, p2 ... joined to it. */
static void add_select(const struct wfs_stream *stream, const struct wfs_stream_query *query,
                       struct wf_strbuf *sql)
{
    const struct wfs_plan *plan = stream->plan;

    if (wfs_stream_is_short(stream, query))
        wf_strbuf_add(sql, "SELECT r._id, r._received, r._quality, r._device");
    else
        wf_strbuf_addf(sql, "SELECT r._id, %s, r._quality", time_of(query));
    if (!query->is_bare)
        wf_strbuf_add(sql, ", r._device_ns, r._received_ns, r._number");
    if (query->is_stamp_wanted)
        wf_strbuf_add(sql, ", (SELECT epoch_ns FROM _epochs WHERE id = r._epoch), r._order,"
                           " r._packet, r._sequence, r._flags, r._lost");
    add_columns(stream, 0, ", r.", sql);
    if (plan->choice_count > 0)
        wf_strbuf_add(sql, ", r._choices");
    wf_strbuf_add(sql, " FROM ");
    wfs_add_identifier(sql, stream->table);
    wf_strbuf_add(sql, " AS r");
    wf_strbuf_add(sql, " WHERE r._id >= ?1 AND r._id <= ?2");
    if (!stream->is_only_source)
        wf_strbuf_addf(sql, " AND r._source = %lld", (long long)stream->source_id);
}

static void add_range(const struct wfs_stream_query *query, struct wf_strbuf *sql)
{
    wf_strbuf_addf(sql, " AND %s >= ?3 AND %s < ?4", time_of(query), time_of(query));
}

static void bind_all(sqlite3_stmt *stmt, const struct wfs_stream *stream,
                     const struct wfs_stream_query *query)
{
    (void)sqlite3_bind_int64(stmt, 1, stream->id_from);
    (void)sqlite3_bind_int64(stmt, 2, stream->id_to);
    (void)sqlite3_bind_int64(stmt, 3, query->range.from_ns);
    (void)sqlite3_bind_int64(stmt, 4, query->range.to_ns);
}

static int prepare(struct wfs_stream *stream, const struct wf_strbuf *sql, struct wf_err *err)
{
    if (sql->was_cut)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    return wfs_prepare(stream->file->db, sql->text, &stream->stmt, err);
}

/* Sort the rows into a table of our own; then it stands for the file's. */
static int sort(struct wfs_stream *stream, const struct wfs_stream_query *query,
                struct wf_strbuf *sql, struct wf_err *err)
{
    sqlite3 *db = stream->file->db;
    sqlite3_stmt *stmt = NULL;
    int rc = 0;

    (void)snprintf(stream->sorted, sizeof(stream->sorted), "wfs_sorted_%llu",
                   (unsigned long long)++query->history->tables);
    wf_strbuf_clear(sql);
    wf_strbuf_addf(sql, "CREATE TEMP TABLE %s AS ", stream->sorted);
    add_select(stream, query, sql);
    add_range(query, sql);
    wf_strbuf_addf(sql, " ORDER BY %s, r._id", time_of(query));
    if (sql->was_cut)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    rc = wfs_exec(db, err, "PRAGMA query_only=0");
    if (rc == 0)
        rc = wfs_prepare(db, sql->text, &stmt, err);
    if (rc == 0) {
        bind_all(stmt, stream, query);
        rc = wfs_run(stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    (void)wfs_exec(db, NULL, "PRAGMA query_only=1");
    if (rc < 0)
        return rc;
    wf_strbuf_clear(sql);
    wf_strbuf_addf(sql, "SELECT * FROM temp.%s WHERE rowid >= ?1 AND ?2 >= 0 ORDER BY rowid",
                   stream->sorted);
    stream->resume_id = 1;
    return 0;
}

/*
 * Of the places low .. high, which ascend in time: the first whose row is not before
 * `bound_ns`; high + 1 when there is none.
 */
static int seek(const struct wfs_stream *stream, const struct wfs_stream_query *query, int64_t low,
                int64_t high, int64_t bound_ns, int64_t *out, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    struct wf_strbuf sql;
    int rc;

    wf_strbuf_init(&sql, 1024);
    wf_strbuf_addf(&sql, "SELECT r._id, %s FROM ", time_of(query));
    wfs_add_identifier(&sql, stream->table);
    wf_strbuf_add(&sql, " AS r WHERE r._id >= ?1 AND r._id <= ?2 ORDER BY r._id LIMIT 1");
    rc = wfs_prepare(stream->file->db, sql.text, &stmt, err);
    wf_strbuf_fini(&sql);
    while (rc == 0 && low <= high) {
        int64_t middle = low + (high - low) / 2;
        int step;

        (void)sqlite3_bind_int64(stmt, 1, middle);
        (void)sqlite3_bind_int64(stmt, 2, high);
        step = sqlite3_step(stmt);
        if (step == SQLITE_ROW && sqlite3_column_int64(stmt, 1) < bound_ns)
            low = sqlite3_column_int64(stmt, 0) + 1; /* behind the row that was found */
        else if (step == SQLITE_ROW || step == SQLITE_DONE)
            high = middle - 1;
        else
            rc = wfs_fail(err, stream->file->db, step, "read rows of %s", stream->table);
        (void)sqlite3_reset(stmt);
    }
    (void)sqlite3_finalize(stmt);
    *out = low;
    return rc;
}

static int begin(struct wfs_stream *stream, const struct wfs_stream_query *query,
                 struct wf_err *err)
{
    size_t payload = stream->plan->schema->payload_bytes + 8u;
    int rc = choose_columns(stream, query, err);

    stream->capacity = WFS_BATCH_BYTES / payload;
    if (stream->capacity > WFS_BATCH_ROWS)
        stream->capacity = WFS_BATCH_ROWS;
    if (stream->capacity == 0)
        stream->capacity = 1;
    stream->wanted = stream->capacity < FIRST_ROWS ? stream->capacity : FIRST_ROWS;
    if (rc == 0)
        rc = wfs_history_get(query->history, stream->key, &stream->file, err);
    if (rc < 0)
        return rc;
    stream->is_open = true;
    return prepare_parts(stream, err);
}

int wfs_stream_open(struct wfs_stream *stream, const struct wfs_stream_query *query,
                    struct wf_err *err)
{
    struct wf_strbuf sql;
    int rc = begin(stream, query, err);

    if (rc < 0)
        return rc;
    wf_strbuf_init(&sql, 1u << 20);
    if (stream->is_ordered) {
        rc = seek(stream, query, stream->id_from, stream->first_to, query->range.from_ns,
                  &stream->resume_id, err);
        add_select(stream, query, &sql);
        wf_strbuf_add(&sql, " ORDER BY r._id");
    } else {
        rc = sort(stream, query, &sql, err);
    }
    if (rc == 0)
        rc = prepare(stream, &sql, err);
    wf_strbuf_fini(&sql);
    return rc == 0 ? wfs_stream_fill(stream, query, err) : rc;
}

/* --- the last row only ----------------------------------------------------------------- */

int wfs_stream_open_last(struct wfs_stream *stream, const struct wfs_stream_query *query,
                         struct wf_err *err)
{
    struct wf_strbuf sql;
    int rc = begin(stream, query, err);

    if (rc < 0)
        return rc;
    if (stream->is_ordered) {
        rc = seek(stream, query, stream->last_from, stream->id_to, query->range.to_ns,
                  &stream->id_to, err);
        stream->id_to--;
    }
    wf_strbuf_init(&sql, 1u << 20);
    add_select(stream, query, &sql);
    add_range(query, &sql);
    /* Where places ascend in time, the last place that fits is the last in time. */
    if (stream->is_ordered)
        wf_strbuf_add(&sql, " ORDER BY r._id DESC LIMIT 1");
    else
        wf_strbuf_addf(&sql, " ORDER BY %s DESC, r._id DESC LIMIT 1", time_of(query));
    stream->resume_id = stream->id_from;
    if (rc == 0)
        rc = prepare(stream, &sql, err);
    wf_strbuf_fini(&sql);
    if (rc == 0) {
        bind_all(stream->stmt, stream, query);
        rc = wfs_stream_fill(stream, query, err);
    }
    stream->is_at_end = true;
    return rc;
}

void wfs_stream_close(struct wfs_stream *stream, struct wf_history *history)
{
    (void)sqlite3_finalize(stream->stmt);
    stream->stmt = NULL;
    for (size_t part = 1; stream->parts != NULL && part < stream->plan->part_count; part++)
        (void)sqlite3_finalize(stream->parts[part]);
    free(stream->parts);
    stream->parts = NULL;
    if (stream->sorted[0] != '\0' && stream->file != NULL) {
        (void)wfs_exec(stream->file->db, NULL, "PRAGMA query_only=0");
        (void)wfs_execf(stream->file->db, NULL, "DROP TABLE IF EXISTS temp.%s", stream->sorted);
        (void)wfs_exec(stream->file->db, NULL, "PRAGMA query_only=1");
    }
    wfs_history_put(history, &stream->file);
    free(stream->columns);
    free(stream->rows);
    free(stream->payloads);
    stream->columns = NULL;
    stream->rows = NULL;
    stream->payloads = NULL;
    stream->is_open = false;
}
