/* SPDX-License-Identifier: MIT */
/*
 * Planning streams: which places of which tables can hold rows of a range, and do
 * they ascend in time there? Blocks answer both without touching a row.
 */

#include <stdlib.h>
#include <string.h>

#include "history_stream.h"

/* Blocks whose rows are sorted together. */
#define SORTED_BLOCKS_MAX 16

struct planning {
    const struct wfs_stream_query *query;
    struct wfs_stream version; /* what all streams of a schema version share */
    struct wfs_stream **list;
    size_t *count;
};

struct block {
    int64_t first_id, last_id, from, to;
    bool is_ordered;
};

static int add_stream(struct planning *planning, const struct block *block, struct wf_err *err)
{
    struct wfs_stream *more =
        realloc(*planning->list, (*planning->count + 1) * sizeof(**planning->list));
    struct wfs_stream *stream;

    if (more == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    *planning->list = more;
    stream = &more[(*planning->count)++];
    *stream = planning->version;
    stream->id_from = stream->last_from = block->first_id;
    stream->id_to = stream->first_to = block->last_id;
    stream->blocks = 1;
    stream->is_ordered = block->is_ordered;
    stream->next_ns = block->from;
    stream->last_ns = block->to;
    return 0;
}

/* Does the block go on where the run ends? */
static bool may_join(const struct wfs_stream *run, const struct block *block)
{
    if (run->is_ordered != block->is_ordered || block->first_id <= run->id_to)
        return false;
    return block->is_ordered ? block->from >= run->last_ns : run->blocks < SORTED_BLOCKS_MAX;
}

static void join(struct wfs_stream *run, const struct block *block)
{
    run->last_from = block->first_id;
    run->id_to = block->last_id;
    run->blocks++;
    if (block->from < run->next_ns)
        run->next_ns = block->from;
    if (block->to > run->last_ns)
        run->last_ns = block->to;
}

static int plan_blocks(struct planning *planning, sqlite3 *db, struct wf_err *err)
{
    const struct wf_range *range = &planning->query->range;
    char text[256];
    struct wf_strbuf sql = WF_STRBUF_FIXED(text);
    size_t first = *planning->count;
    sqlite3_stmt *stmt = NULL;
    int rc, step = SQLITE_DONE;

    wf_strbuf_addf(&sql,
                   "SELECT first_id, last_id, %s, %s, is_ordered FROM _blocks WHERE schema = ?1"
                   " AND %s >= ?2 AND %s < ?3 ORDER BY block",
                   wfs_from_column(range), wfs_to_column(range), wfs_to_column(range),
                   wfs_from_column(range));
    rc = wfs_prepare(db, text, &stmt, err);
    if (rc < 0)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, planning->version.schema_id);
    (void)sqlite3_bind_int64(stmt, 2, range->from_ns);
    (void)sqlite3_bind_int64(stmt, 3, range->to_ns);
    while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct block block = { .first_id = sqlite3_column_int64(stmt, 0),
                               .last_id = sqlite3_column_int64(stmt, 1),
                               .from = sqlite3_column_int64(stmt, 2),
                               .to = sqlite3_column_int64(stmt, 3),
                               /* What blocks say about order goes by device time. */
                               .is_ordered =
                                   !range->is_by_received && sqlite3_column_int(stmt, 4) != 0 };
        struct wfs_stream *run =
            *planning->count > first ? &(*planning->list)[*planning->count - 1] : NULL;

        if (block.first_id < 0 || block.last_id < block.first_id || block.last_id == INT64_MAX)
            rc = wf_fail(err, WF_ERR_CORRUPT, "a block of impossible places");
        else if (run != NULL && may_join(run, &block))
            join(run, &block);
        else
            rc = add_stream(planning, &block, err);
    }
    if (rc == 0 && step != SQLITE_DONE)
        rc = wfs_fail(err, db, step, "read blocks");
    (void)sqlite3_finalize(stmt);
    for (size_t i = first; i < *planning->count; i++) {
        struct wfs_stream *stream = &(*planning->list)[i];

        if (stream->next_ns < range->from_ns)
            stream->next_ns = range->from_ns;
    }
    return rc;
}

static int plan_versions(struct planning *planning, sqlite3 *db, sqlite3_stmt *stmt,
                         struct wf_err *err)
{
    int step, rc = 0;

    while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct wfs_stream *version = &planning->version;
        const char *table = (const char *)sqlite3_column_text(stmt, 2);
        size_t before = *planning->count;

        version->source_id = sqlite3_column_int64(stmt, 0);
        version->schema_id = sqlite3_column_int64(stmt, 1);
        version->is_only_source = sqlite3_column_int(stmt, 3) != 0;
        version->is_compact = sqlite3_column_int(stmt, 4) != 0;
        (void)wf_copy_text(version->table, sizeof(version->table), table != NULL ? table : "");
        version->plan = NULL;
        rc = plan_blocks(planning, db, err);
        if (rc == 0 && *planning->count > before)
            rc = wfs_history_plan(planning->query->history, db, version->schema_id, &version->plan,
                                  err);
        for (size_t i = before; i < *planning->count; i++)
            (*planning->list)[i].plan = version->plan;
        if (rc < 0)
            return rc;
    }
    return step == SQLITE_DONE ? 0 : wfs_fail(err, db, step, "read the catalogue");
}

static int plan_file(struct planning *planning, sqlite3 *db, const char *source,
                     const char *subsystem, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db,
                         "SELECT s.source, s.schema, v.table_name, NOT EXISTS (SELECT 1 FROM"
                         " _series AS o WHERE o.schema = s.schema AND o.source <> s.source),"
                         " substr(v.table_name, -length(v.hash) - 1) = v.hash || 'd'"
                         " FROM _sources AS n JOIN _series AS s ON s.source = n.id"
                         " JOIN _schemas AS v ON v.id = s.schema"
                         " WHERE n.name = ?1 AND v.subsystem = ?2 ORDER BY s.schema",
                         &stmt, err);

    if (rc == 0) {
        (void)sqlite3_bind_text(stmt, 1, source, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(stmt, 2, subsystem, -1, SQLITE_STATIC);
        rc = plan_versions(planning, db, stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

int wfs_stream_plan(const struct wfs_stream_query *query, size_t index, const char *source,
                    const char *subsystem, struct wfs_stream **list, size_t *count,
                    struct wf_err *err)
{
    int64_t key = query->history->files[index].day.key;
    struct planning planning = { .query = query,
                                 .version = { .key = key, .day_ns = wfs_file_day(key) },
                                 .list = list,
                                 .count = count };
    struct wfs_open_file *file = NULL;
    size_t before = *count;
    int rc = wfs_history_get(query->history, key, &file, err);

    if (rc < 0)
        return rc == WF_ERR_ABSENT ? 0 : rc;
    rc = wfs_history_learn(query->history, index, file, err);
    if (rc == 0 && wfs_history_is_near(query->history, index, &query->range))
        rc = plan_file(&planning, file->db, source, subsystem, err);
    wfs_history_put(query->history, &file);
    if (rc < 0) {
        *count = before;
        rc = wfs_history_lost(query->history, key, rc, err);
    }
    return rc == WF_ERR_ABSENT ? 0 : rc;
}
