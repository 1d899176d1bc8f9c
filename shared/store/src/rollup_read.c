/* SPDX-License-Identifier: MIT */
/* Reading rollups: see rollup_read.h. */

#include "rollup_read.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/clock.h>

/* Buckets read at a time; between two batches nothing is locked. */
#define BATCH_BUCKETS 1024

/* Minutes that wait for being computed again; with more of them samples are as good. */
#define DIRTY_MAX 100000

/* --- what may be trusted ---------------------------------------------------------------- */

static void trust_nothing(struct wfs_trust *trust)
{
    trust->from_ns[WFS_TIER_MINUTE] = trust->from_ns[WFS_TIER_HOUR] = INT64_MAX;
    trust->to_ns = INT64_MIN;
    trust->dirty_count = 0;
}

/* Files of the first format know nothing of rollups. */
static bool has_rollups(sqlite3 *db)
{
    int64_t count = 0;

    return wfs_get_i64(db,
                       "SELECT count(*) FROM pragma_table_info('_positions')"
                       " WHERE name = 'rolled_to'",
                       0, &count, NULL) == 0 &&
           count > 0;
}

static int64_t column_or(sqlite3_stmt *stmt, int at, int64_t fallback)
{
    return sqlite3_column_type(stmt, at) == SQLITE_NULL ? fallback : sqlite3_column_int64(stmt, at);
}

/* The position with the highest serial is the truth. */
static int read_position(sqlite3 *db, const char *source, const char *subsystem,
                         int64_t *inout_serial, struct wfs_trust *trust)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db,
                         "SELECT serial, rolled_to, minute_from, hour_from FROM _positions"
                         " WHERE source = ?1 AND subsystem = ?2",
                         &stmt, NULL);

    if (rc < 0)
        return rc;
    (void)sqlite3_bind_text(stmt, 1, source, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 2, subsystem, -1, SQLITE_STATIC);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW && sqlite3_column_int64(stmt, 0) > *inout_serial) {
        *inout_serial = sqlite3_column_int64(stmt, 0);
        trust->to_ns = column_or(stmt, 1, INT64_MIN);
        trust->from_ns[WFS_TIER_MINUTE] = column_or(stmt, 2, INT64_MAX);
        trust->from_ns[WFS_TIER_HOUR] = column_or(stmt, 3, INT64_MAX);
    }
    rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : WF_ERR_CORRUPT;
    (void)sqlite3_finalize(stmt);
    return rc;
}

static int add_dirty(struct wfs_trust *trust, int64_t minute_ns)
{
    if (trust->dirty_count == DIRTY_MAX)
        return WF_ERR_LIMIT;
    if (trust->dirty_count % 256 == 0) {
        int64_t *more = realloc(trust->dirty, (trust->dirty_count + 256) * sizeof(*more));

        if (more == NULL)
            return WF_ERR_NOMEM;
        trust->dirty = more;
    }
    trust->dirty[trust->dirty_count++] = minute_ns;
    return 0;
}

static int read_dirty(sqlite3 *db, const char *source, const char *subsystem,
                      struct wfs_trust *trust)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db, "SELECT minute_ns FROM _dirty WHERE source = ?1 AND subsystem = ?2",
                         &stmt, NULL);
    int step = SQLITE_DONE;

    if (rc < 0)
        return rc;
    (void)sqlite3_bind_text(stmt, 1, source, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 2, subsystem, -1, SQLITE_STATIC);
    while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW)
        rc = add_dirty(trust, sqlite3_column_int64(stmt, 0));
    if (rc == 0 && step != SQLITE_DONE)
        rc = WF_ERR_CORRUPT;
    (void)sqlite3_finalize(stmt);
    return rc;
}

static int compare_times(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* A file of somebody else may say anything. */
static void limit(struct wfs_trust *trust)
{
    if (trust->to_ns > WFS_ROLLUP_TO_NS)
        trust->to_ns = WFS_ROLLUP_TO_NS;
    for (int tier = 0; tier < WFS_TIER_COUNT; tier++) {
        if (trust->from_ns[tier] < WFS_ROLLUP_FROM_NS)
            trust->from_ns[tier] = WFS_ROLLUP_FROM_NS;
    }
}

int wfs_trust_read(struct wf_history *history, const char *source, const char *subsystem,
                   struct wfs_trust *out, struct wf_err *err)
{
    int64_t serial = INT64_MIN;
    int rc = 0;

    *out = (struct wfs_trust){ 0 };
    trust_nothing(out);
    for (size_t i = history->file_count; rc == 0 && i-- > 0;) {
        struct wfs_open_file *file = NULL;

        /* The newest file, and all that can still change. */
        if (i + 1 < history->file_count && history->files[i].day.is_sealed)
            continue;
        rc = wfs_history_get(history, history->files[i].day.key, &file, NULL);
        if (rc == 0 && has_rollups(file->db)) {
            rc = read_position(file->db, source, subsystem, &serial, out);
            if (rc == 0)
                rc = read_dirty(file->db, source, subsystem, out);
        }
        wfs_history_put(history, &file);
    }
    if (rc == WF_ERR_NOMEM)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (rc < 0)
        trust_nothing(out);
    limit(out);
    if (out->dirty_count > 1)
        qsort(out->dirty, out->dirty_count, sizeof(*out->dirty), compare_times);
    return 0;
}

void wfs_trust_free(struct wfs_trust *trust)
{
    free(trust->dirty);
    *trust = (struct wfs_trust){ 0 };
}

bool wfs_rollup_span(const char *folder, enum wfs_tier tier, int64_t *out_from_ns,
                     int64_t *out_to_ns)
{
    char path[WFS_PATH_SIZE];
    struct wf_strbuf text = WF_STRBUF_FIXED(path);
    struct dirent *entry;
    bool is_any = false;
    DIR *dir;

    wf_strbuf_addf(&text, "%s/%s", folder, wfs_tier_name(tier));
    dir = text.was_cut ? NULL : opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        int64_t from;

        if (!wfs_period_parse(tier, entry->d_name, &from))
            continue;
        if (!is_any || from < *out_from_ns)
            *out_from_ns = from;
        if (!is_any || wfs_period_end(tier, from) > *out_to_ns)
            *out_to_ns = wfs_period_end(tier, from);
        is_any = true;
    }
    if (dir != NULL)
        (void)closedir(dir);
    return is_any;
}

/* --- buckets ------------------------------------------------------------------------------- */

struct wfs_rollup {
    struct wf_history *history;
    enum wfs_tier tier;
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    const struct wf_parameter *parameter;
    int64_t next_ns, to_ns; /* not looked at yet */
    /* the file that is open */
    sqlite3 *db;
    sqlite3_stmt *stmt;
    int64_t base_ns, base_id, resume_id, last_id;
    int64_t first_ns, end_ns; /* before and behind these there is no file of the tier */
    struct wfs_bucket *batch;
    size_t count, at;
};

int wfs_rollup_open(struct wf_history *history, enum wfs_tier tier, const char *source,
                    const char *subsystem, const struct wf_parameter *parameter, int64_t from_ns,
                    int64_t to_ns, struct wfs_rollup **out_rollup, struct wf_err *err)
{
    struct wfs_rollup *rollup = calloc(1, sizeof(*rollup));

    if (rollup != NULL)
        rollup->batch = calloc(BATCH_BUCKETS, sizeof(*rollup->batch));
    if (rollup == NULL || rollup->batch == NULL) {
        free(rollup);
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    rollup->history = history;
    rollup->tier = tier;
    (void)wf_copy_text(rollup->source, sizeof(rollup->source), source);
    (void)wf_copy_text(rollup->subsystem, sizeof(rollup->subsystem), subsystem);
    rollup->parameter = parameter;
    /* Years without a file, at both ends, are not looked for one by one. */
    if (!wfs_rollup_span(history->folder, tier, &rollup->first_ns, &rollup->end_ns))
        rollup->first_ns = rollup->end_ns = to_ns;
    rollup->next_ns = from_ns;
    rollup->to_ns = to_ns;
    *out_rollup = rollup;
    return 0;
}

static void close_file(struct wfs_rollup *rollup)
{
    (void)sqlite3_finalize(rollup->stmt);
    rollup->stmt = NULL;
    wfs_close(&rollup->db);
}

void wfs_rollup_close(struct wfs_rollup **rollup)
{
    if (*rollup == NULL)
        return;
    close_file(*rollup);
    free((*rollup)->batch);
    free(*rollup);
    *rollup = NULL;
}

/* The parameter's id in the file that is open; ABSENT when it has none. */
static int find_parameter(struct wfs_rollup *rollup, int64_t *out_id, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(rollup->db,
                         "SELECT id FROM _parameters WHERE source = ?1 AND subsystem = ?2"
                         " AND name = ?3",
                         &stmt, err);

    if (rc < 0)
        return rc;
    (void)sqlite3_bind_text(stmt, 1, rollup->source, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 2, rollup->subsystem, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 3, rollup->parameter->name, -1, SQLITE_STATIC);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out_id = sqlite3_column_int64(stmt, 0);
    if (rc == SQLITE_ROW && (*out_id < 0 || *out_id > WFS_PARAMETER_ID_MAX))
        rc = wf_fail(err, WF_ERR_CORRUPT, "a parameter with the number %lld", (long long)*out_id);
    else if (rc == SQLITE_ROW)
        rc = 0;
    else if (rc == SQLITE_DONE)
        rc = WF_ERR_ABSENT;
    else
        rc = wfs_fail(err, rollup->db, rc, "read parameters");
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* Where the part of the range that this file holds lies in it. */
static int begin_file(struct wfs_rollup *rollup, int64_t from_ns, int64_t to_ns, struct wf_err *err)
{
    int64_t width = wfs_tier_ns(rollup->tier), id = 0, base, expected;
    int rc = find_parameter(rollup, &id, err);

    if (rc < 0)
        return rc;
    rc = wfs_get_i64(rollup->db, "SELECT value FROM _file WHERE key = 'base_ns'", 0, &base, err);
    if (rc < 0)
        return rc;
    expected = wfs_period_start(rollup->tier, from_ns);
    if (base != expected)
        return wf_fail(err, WF_ERR_CORRUPT, "it begins where another file should");
    rollup->base_ns = base;
    rollup->base_id = (int64_t)((uint64_t)id << WFS_BUCKET_BITS);
    rollup->resume_id = rollup->base_id + (from_ns - base) / width;
    rollup->last_id = rollup->base_id + (to_ns - base) / width - 1;
    return wfs_prepare(rollup->db,
                       "SELECT id, min, max, sum, last, last_ns, count, bad, quality, last_quality"
                       " FROM _buckets WHERE id >= ?1 AND id <= ?2 ORDER BY id",
                       &rollup->stmt, err);
}

/* Was anything of the subsystem recorded in that time? */
static bool has_rows(const struct wfs_rollup *rollup, int64_t from_ns, int64_t to_ns)
{
    struct wf_history_query query = { .range = { .from_ns = from_ns, .to_ns = to_ns },
                                      .source = rollup->source,
                                      .subsystem = rollup->subsystem,
                                      .parameters = &(const char *){ rollup->parameter->name },
                                      .parameter_count = 1,
                                      .is_bare = true };
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    bool has = wf_history_last(rollup->history, &query, &cursor, NULL) == 0 &&
               wf_history_next(cursor, &row, NULL) == 0;

    wf_history_cursor_close(&cursor);
    return has;
}

/* The end of what is looked for at once: one file, or all that is before or behind all files. */
static int64_t end_of_part(const struct wfs_rollup *rollup, int64_t from_ns)
{
    int64_t to_ns = from_ns < rollup->first_ns ? rollup->first_ns
                    : from_ns < rollup->end_ns ? wfs_period_end(rollup->tier, from_ns)
                                               : rollup->to_ns;

    return to_ns < rollup->to_ns ? to_ns : rollup->to_ns;
}

/* The next file that there is, standing before its first bucket; ABSENT: no more. */
static int next_file(struct wfs_rollup *rollup, struct wf_err *err)
{
    while (rollup->next_ns < rollup->to_ns) {
        int64_t from = rollup->next_ns, to = end_of_part(rollup, from);
        char path[WFS_PATH_SIZE];
        int rc = wfs_rollup_path(rollup->history->folder, rollup->tier, from, path, err);

        rollup->next_ns = to;
        if (rc == 0)
            rc = wfs_open_reader(path, WFS_READER_BUSY_MS, &rollup->db, err);
        if (rc == 0)
            rc = begin_file(rollup, from, to, err);
        if (rc == 0)
            return 0;
        close_file(rollup);
        if (rc == WF_ERR_ABSENT && access(path, F_OK) != 0 && has_rows(rollup, from, to))
            rc = wf_fail(err, WF_ERR_CORRUPT, "is missing; wf history repair makes it again");
        /* No file, or nothing of this parameter in it: there was no value in that time. */
        if (rc != WF_ERR_ABSENT) {
            wf_err_prefix(err, "%s", path);
            return rc;
        }
    }
    return WF_ERR_ABSENT;
}

/* A cell as the parameter's kind of number. */
static void read_number(sqlite3_stmt *stmt, int at, const struct wf_parameter *parameter,
                        struct wf_value *out)
{
    *out = (struct wf_value){ .kind = WF_VALUE_NONE };
    switch (sqlite3_column_type(stmt, at)) {
    case SQLITE_INTEGER:
        out->as.i64 = sqlite3_column_int64(stmt, at);
        out->kind = parameter->storage == WF_STORE_BOOL                      ? WF_VALUE_BOOL
                    : parameter->storage <= WF_STORE_U64 && out->as.i64 >= 0 ? WF_VALUE_U64
                                                                             : WF_VALUE_I64;
        break;
    case SQLITE_FLOAT:
        out->kind = WF_VALUE_F64;
        out->as.f64 = sqlite3_column_double(stmt, at);
        out->is_single = parameter->storage == WF_STORE_F32;
        break;
    case SQLITE_TEXT: {
        const char *text = (const char *)sqlite3_column_text(stmt, at);

        if (text != NULL && wf_parse_u64(text, &out->as.u64, NULL) == 0) {
            out->kind = WF_VALUE_U64;
        } else {
            out->kind = WF_VALUE_F64; /* 'NaN' */
            out->as.f64 = (double)NAN;
            out->is_single = parameter->storage == WF_STORE_F32;
        }
        break;
    }
    default:
        break;
    }
}

static void read_bucket(struct wfs_rollup *rollup, struct wfs_bucket *out)
{
    sqlite3_stmt *stmt = rollup->stmt;
    int64_t number = sqlite3_column_int64(stmt, 0) - rollup->base_id;

    out->start_ns = rollup->base_ns + number * wfs_tier_ns(rollup->tier);
    read_number(stmt, 1, rollup->parameter, &out->min);
    read_number(stmt, 2, rollup->parameter, &out->max);
    out->sum =
        sqlite3_column_type(stmt, 3) == SQLITE_NULL ? (double)NAN : sqlite3_column_double(stmt, 3);
    read_number(stmt, 4, rollup->parameter, &out->last);
    out->last_ns = (int64_t)((uint64_t)out->start_ns + (uint64_t)sqlite3_column_int64(stmt, 5));
    out->count = (uint64_t)sqlite3_column_int64(stmt, 6);
    out->bad = (uint64_t)sqlite3_column_int64(stmt, 7);
    out->quality = (uint8_t)sqlite3_column_int(stmt, 8);
    out->last.quality = (uint8_t)sqlite3_column_int(stmt, 9);
}

static int fill(struct wfs_rollup *rollup, struct wf_err *err)
{
    int step = SQLITE_DONE;

    rollup->at = rollup->count = 0;
    (void)sqlite3_bind_int64(rollup->stmt, 1, rollup->resume_id);
    (void)sqlite3_bind_int64(rollup->stmt, 2, rollup->last_id);
    while (rollup->count < BATCH_BUCKETS && (step = sqlite3_step(rollup->stmt)) == SQLITE_ROW) {
        rollup->resume_id = sqlite3_column_int64(rollup->stmt, 0) + 1;
        read_bucket(rollup, &rollup->batch[rollup->count++]);
    }
    (void)sqlite3_reset(rollup->stmt);
    if (step != SQLITE_DONE && step != SQLITE_ROW)
        return wfs_fail(err, rollup->db, step, "read rollups");
    return rollup->count > 0 ? 0 : WF_ERR_ABSENT;
}

int wfs_rollup_next(struct wfs_rollup *rollup, const struct wfs_bucket **out_bucket,
                    struct wf_err *err)
{
    while (rollup->at == rollup->count) {
        int rc;

        if (rollup->stmt == NULL) {
            rc = next_file(rollup, err);
            if (rc < 0)
                return rc;
        }
        rc = fill(rollup, err);
        if (rc == WF_ERR_ABSENT)
            close_file(rollup);
        else if (rc < 0)
            return rc;
    }
    *out_bucket = &rollup->batch[rollup->at++];
    return 0;
}
