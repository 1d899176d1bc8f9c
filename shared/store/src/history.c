/* SPDX-License-Identifier: MIT */
/* History: see <watchfloor/store/history.h>. Schema versions, and what there is. */

#include "history_private.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/problems.h>

#include "rollup_read.h"

int wf_history_open(const char *folder, struct wf_history **out_history, struct wf_err *err)
{
    struct wf_history *history = calloc(1, sizeof(*history));
    int rc = 0;

    if (history == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (!wf_copy_text(history->folder, sizeof(history->folder), folder))
        rc = wf_fail(err, WF_ERR_LIMIT, "the path of the history folder is too long");
    if (rc == 0)
        rc = wfs_history_refresh(history, err);
    if (rc == WF_ERR_DENIED)
        wfs_history_tell_denied(folder, err);
    if (rc == 0 && history->file_count == 0)
        rc = wf_fail(err, WF_ERR_ABSENT, "no day files in %s/raw", folder);
    if (rc < 0)
        wf_history_close(&history);
    else
        *out_history = history;
    return rc;
}

void wf_history_close(struct wf_history **history)
{
    struct wf_history *h = *history;

    if (h == NULL)
        return;
    for (size_t i = 0; i < h->plan_count; i++)
        wfs_plan_destroy(&h->plans[i].plan);
    free(h->plans);
    wfs_history_close_files(h, true);
    free(h->troubles);
    free(h->entries);
    free(h->files);
    free(h);
    *history = NULL;
}

size_t wf_history_days(const struct wf_history *history, char out_first[16], char out_last[16])
{
    size_t days = 0;

    out_first[0] = out_last[0] = '\0';
    if (history->file_count == 0)
        return 0;
    wfs_day_text(history->files[0].day.key, out_first);
    wfs_day_text(history->files[history->file_count - 1].day.key, out_last);
    for (size_t i = 0; i < history->file_count; i++)
        days += i == 0 || wfs_file_day(history->files[i].day.key) !=
                              wfs_file_day(history->files[i - 1].day.key);
    return days;
}

const char *wf_history_trouble(const struct wf_history *history, size_t index, int64_t *out_day_ns)
{
    if (index >= history->trouble_count)
        return NULL;
    *out_day_ns = wfs_file_day(history->troubles[index].key);
    return history->troubles[index].text;
}

const char *wfs_from_column(const struct wf_range *range)
{
    return range->is_by_received ? "received_from" : "device_from";
}

const char *wfs_to_column(const struct wf_range *range)
{
    return range->is_by_received ? "received_to" : "device_to";
}

/* --- schema versions -------------------------------------------------------------- */

static int make_plan(const char *text, size_t len, const char *where, struct wfs_plan **out_plan,
                     struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    int rc = wf_schema_parse(where, text, len, &schema, &problems, err);

    if (rc == WF_ERR_INVALID && problems.kept > 0)
        (void)wf_fail(err, WF_ERR_CORRUPT, "stored schema of '%s', line %u: %s", where,
                      problems.list[0].line, problems.list[0].text);
    if (rc == 0)
        rc = wfs_plan_create(schema, out_plan, err);
    wf_schema_free(&schema);
    wf_problems_fini(&problems);
    return rc;
}

static const struct wfs_plan *find_plan(const struct wf_history *history, const char *subsystem,
                                        const char *hash)
{
    for (size_t i = 0; i < history->plan_count; i++) {
        if (strcmp(history->plans[i].hash, hash) == 0 &&
            wf_name_is_equal(history->plans[i].subsystem, subsystem))
            return history->plans[i].plan;
    }
    return NULL;
}

static int read_plan(struct wf_history *history, sqlite3_stmt *stmt,
                     const struct wfs_plan **out_plan, struct wf_err *err)
{
    const char *subsystem = (const char *)sqlite3_column_text(stmt, 0);
    const char *hash = (const char *)sqlite3_column_text(stmt, 1);
    struct wfs_known_plan *entry, *more;
    int rc;

    if (subsystem == NULL || hash == NULL)
        return wf_fail(err, WF_ERR_CORRUPT, "a schema without a name");
    *out_plan = find_plan(history, subsystem, hash);
    if (*out_plan != NULL)
        return 0;
    more = realloc(history->plans, (history->plan_count + 1) * sizeof(*more));
    if (more == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    history->plans = more;
    entry = &more[history->plan_count];
    memset(entry, 0, sizeof(*entry));
    (void)wf_copy_text(entry->hash, sizeof(entry->hash), hash);
    (void)wf_copy_text(entry->subsystem, sizeof(entry->subsystem), subsystem);
    rc = make_plan((const char *)sqlite3_column_text(stmt, 2),
                   (size_t)sqlite3_column_bytes(stmt, 2), subsystem, &entry->plan, err);
    if (rc < 0)
        return rc;
    history->plan_count++;
    *out_plan = entry->plan;
    return 0;
}

int wfs_history_plan(struct wf_history *history, sqlite3 *db, int64_t schema_id,
                     const struct wfs_plan **out_plan, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db, "SELECT subsystem, hash, text FROM _schemas WHERE id = ?", &stmt, err);

    if (rc < 0)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, schema_id);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        rc = read_plan(history, stmt, out_plan, err);
    else
        rc = wfs_fail(err, db, rc, "read schema");
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* --- what there is ------------------------------------------------------------------ */

static int add_entry(struct wf_history *history, const char *source, const struct wfs_plan *plan,
                     struct wf_err *err)
{
    struct wf_history_entry *more;

    for (size_t i = 0; i < history->entry_count; i++) {
        struct wf_history_entry *entry = &history->entries[i];

        if (wf_name_is_equal(entry->source, source) &&
            wf_name_is_equal(entry->schema->name, plan->schema->name)) {
            entry->schema = plan->schema; /* files and versions come in order: the newest stays */
            return 0;
        }
    }
    more = realloc(history->entries, (history->entry_count + 1) * sizeof(*more));
    if (more == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    history->entries = more;
    more = &more[history->entry_count++];
    (void)wf_copy_text(more->source, sizeof(more->source), source);
    more->schema = plan->schema;
    return 0;
}

static int list_file(struct wf_history *history, sqlite3 *db, const struct wf_range *range,
                     struct wf_err *err)
{
    char text[512];
    struct wf_strbuf sql = WF_STRBUF_FIXED(text);
    sqlite3_stmt *stmt = NULL;
    int rc;

    wf_strbuf_addf(&sql,
                   "SELECT (SELECT name FROM _sources WHERE id = s.source), s.schema"
                   " FROM _series AS s WHERE EXISTS (SELECT 1 FROM _blocks AS b"
                   " WHERE b.schema = s.schema AND b.%s >= ?1 AND b.%s < ?2) ORDER BY s.schema",
                   wfs_to_column(range), wfs_from_column(range));
    rc = wfs_prepare(db, text, &stmt, err);
    if (rc < 0)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, range->from_ns);
    (void)sqlite3_bind_int64(stmt, 2, range->to_ns);
    while (rc == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *source = (const char *)sqlite3_column_text(stmt, 0);
        const struct wfs_plan *plan = NULL;

        rc = wfs_history_plan(history, db, sqlite3_column_int64(stmt, 1), &plan, err);
        if (rc == 0 && source != NULL)
            rc = add_entry(history, source, plan, err);
    }
    if (rc == SQLITE_DONE)
        rc = 0;
    else if (rc > 0)
        rc = wfs_fail(err, db, rc, "read the catalogue");
    (void)sqlite3_finalize(stmt);
    return rc;
}

static int compare_entries(const void *a, const void *b)
{
    const struct wf_history_entry *x = a, *y = b;
    int order = wf_casecmp(x->source, y->source);

    return order != 0 ? order : wf_casecmp(x->schema->name, y->schema->name);
}

static int list_one(struct wf_history *history, size_t index, const struct wf_range *range,
                    struct wf_err *err)
{
    int64_t key = history->files[index].day.key;
    struct wfs_open_file *file = NULL;
    int rc = wfs_history_get(history, key, &file, err);

    if (rc < 0)
        return rc == WF_ERR_ABSENT ? 0 : rc;
    rc = wfs_history_learn(history, index, file, err);
    if (rc == 0)
        rc = list_file(history, file->db, range, err);
    wfs_history_put(history, &file);
    if (rc < 0)
        rc = wfs_history_lost(history, key, rc, err);
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

/* --- what only rollups still have ---------------------------------------------------------- */

/* The newest schema of a subsystem, whenever it was stored; NULL when no file has one. */
static int find_newest(struct wf_history *history, const char *subsystem,
                       const struct wfs_plan **out_plan, struct wf_err *err)
{
    int rc = 0;

    *out_plan = NULL;
    for (size_t i = history->file_count; rc == 0 && *out_plan == NULL && i-- > 0;) {
        struct wfs_open_file *file = NULL;
        sqlite3_stmt *stmt = NULL;

        rc = wfs_history_get(history, history->files[i].day.key, &file, err);
        if (rc == 0)
            rc = wfs_prepare(file->db, "SELECT max(id) FROM _schemas WHERE subsystem = ?1", &stmt,
                             err);
        if (rc == 0) {
            (void)sqlite3_bind_text(stmt, 1, subsystem, -1, SQLITE_STATIC);
            if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
                rc = wfs_history_plan(history, file->db, sqlite3_column_int64(stmt, 0), out_plan,
                                      err);
        }
        (void)sqlite3_finalize(stmt);
        wfs_history_put(history, &file);
        if (rc < 0)
            rc = wfs_history_lost(history, history->files[i].day.key, rc, err);
        if (rc == WF_ERR_ABSENT)
            rc = 0;
    }
    return rc;
}

static const struct wf_schema *find_entry(const struct wf_history *history, const char *source,
                                          const char *subsystem)
{
    for (size_t i = 0; i < history->entry_count; i++) {
        if (wf_name_is_equal(history->entries[i].source, source) &&
            wf_name_is_equal(history->entries[i].schema->name, subsystem))
            return history->entries[i].schema;
    }
    return NULL;
}

static int list_rollup(struct wf_history *history, sqlite3 *db, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db, "SELECT DISTINCT source, subsystem FROM _parameters", &stmt, err);

    while (rc == 0 && sqlite3_step(stmt) == SQLITE_ROW) {
        const char *source = (const char *)sqlite3_column_text(stmt, 0);
        const char *subsystem = (const char *)sqlite3_column_text(stmt, 1);
        const struct wfs_plan *plan = NULL;

        if (source == NULL || subsystem == NULL || find_entry(history, source, subsystem) != NULL)
            continue;
        rc = find_newest(history, subsystem, &plan, err);
        if (rc == 0 && plan != NULL)
            rc = add_entry(history, source, plan, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* Rollups outlive samples: ask those of the time before the oldest day file. */
static int list_rollups(struct wf_history *history, const struct wf_range *range,
                        struct wf_err *err)
{
    int64_t from, to, oldest;
    int rc = 0;

    if (history->file_count == 0 || range->is_by_received ||
        range->from_ns >= wfs_file_day(history->files[0].day.key) ||
        !wfs_rollup_span(history->folder, WFS_TIER_HOUR, &from, &to))
        return 0;
    oldest = wfs_file_day(history->files[0].day.key);
    from = from > range->from_ns ? from : range->from_ns;
    to = to < range->to_ns ? to : range->to_ns;
    to = to < oldest ? to : oldest;
    while (rc == 0 && from < to) {
        char path[WFS_PATH_SIZE];
        sqlite3 *db = NULL;

        rc = wfs_rollup_path(history->folder, WFS_TIER_HOUR, from, path, err);
        /* One that is not there, or not readable, has nothing to tell. */
        if (rc == 0 && wfs_open_reader(path, WFS_READER_BUSY_MS, &db, NULL) == 0)
            rc = list_rollup(history, db, err);
        wfs_close(&db);
        if (rc < 0 && rc != WF_ERR_NOMEM)
            rc = 0;
        from = wfs_period_end(WFS_TIER_HOUR, from);
    }
    return rc;
}

/* --- the list --------------------------------------------------------------------------------- */

int wf_history_list(struct wf_history *history, const struct wf_range *range,
                    const struct wf_history_entry **out_list, size_t *out_count, struct wf_err *err)
{
    int rc = wfs_history_refresh(history, err);

    history->entry_count = 0;
    for (size_t i = 0; rc == 0 && i < history->file_count; i++) {
        if (wfs_history_is_near(history, i, range))
            rc = list_one(history, i, range, err);
    }
    if (rc == 0)
        rc = list_rollups(history, range, err);
    if (rc < 0)
        return rc;
    if (history->entry_count > 0)
        qsort(history->entries, history->entry_count, sizeof(*history->entries), compare_entries);
    *out_list = history->entries;
    *out_count = history->entry_count;
    return 0;
}

int wfs_history_newest(struct wf_history *history, const struct wf_range *range, const char *source,
                       const char *subsystem, const struct wf_schema **out_schema,
                       struct wf_err *err)
{
    int rc = wfs_history_refresh(history, err);

    *out_schema = NULL;
    history->entry_count = 0;
    /* The newest file that has it has its newest version. */
    for (size_t i = history->file_count; rc == 0 && *out_schema == NULL && i-- > 0;) {
        if (wfs_history_is_near(history, i, range))
            rc = list_one(history, i, range, err);
        *out_schema = find_entry(history, source, subsystem);
    }
    if (rc == 0 && *out_schema == NULL) {
        rc = list_rollups(history, range, err);
        *out_schema = find_entry(history, source, subsystem);
    }
    return rc;
}
