/* SPDX-License-Identifier: MIT */
/*
 * SQL over the whole history: see <watchfloor/store/sql.h>. A database in memory with
 * nothing in it but virtual tables, and an authorizer that lets nothing but reading pass.
 */

#include <watchfloor/store/sql.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "sql_private.h"

/* Instructions of SQLite between two looks at the clock. */
#define LOOK_EVERY 2000
/* Values a statement may ask us to make: no more than a long text. */
#define VALUE_BYTES_MAX (16 << 20)

struct wf_sql {
    struct wfs_sql_shared shared;
    sqlite3 *db;
    int64_t deadline_ns;
    bool is_late;
};

/* --- what is allowed -------------------------------------------------------------------------------- */

static int authorize(void *context, int action, const char *first, const char *second,
                     const char *database, const char *trigger)
{
    (void)context;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return second != NULL && sqlite3_stricmp(second, "load_extension") == 0 ? SQLITE_DENY
                                                                                : SQLITE_OK;
    case SQLITE_PRAGMA:
        /* What tables there are and what columns they have; everything else could change something. */
        return first != NULL && (sqlite3_stricmp(first, "table_info") == 0 ||
                                 sqlite3_stricmp(first, "table_xinfo") == 0 ||
                                 sqlite3_stricmp(first, "table_list") == 0)
                   ? SQLITE_OK
                   : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

static int look_at_clock(void *context)
{
    struct wf_sql *sql = context;

    if (sql->deadline_ns == 0 || wf_mono_now_ns() < sql->deadline_ns)
        return 0;
    sql->is_late = true;
    return 1;
}

/* at('now-1h'): a time as people write it, as the tables write it. */
static void at_function(sqlite3_context *context, int count, sqlite3_value **values)
{
    const char *text = (const char *)sqlite3_value_text(values[0]);
    struct wf_err err = { 0 };
    int64_t time_ns;

    (void)count;
    if (text == NULL) {
        sqlite3_result_null(context);
        return;
    }
    if (wf_parse_time(text, wf_utc_now_ns(), &time_ns, &err) < 0)
        sqlite3_result_error(context, err.text, -1);
    else
        wfs_sql_result_time(context, time_ns);
}

/* --- tables -------------------------------------------------------------------------------------------- */

/* Our modules refuse nothing that they are made with here; the name may be taken. */
static int make_table(struct wf_sql *sql, const char *name, const char *module, const char *first,
                      const char *second, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool is_taken;
    int rc = wfs_prepare(sql->db, "SELECT 1 FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE",
                         &stmt, err);

    if (rc < 0)
        return rc;
    (void)sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    is_taken = sqlite3_step(stmt) == SQLITE_ROW;
    (void)sqlite3_finalize(stmt);
    if (is_taken)
        return 0;
    return wfs_execf(sql->db, err, "CREATE VIRTUAL TABLE \"%w\" USING %s('%q'%s%s)", name, module,
                     first, second != NULL ? "," : "", second != NULL ? second : "");
}

/* A table for each part of a subsystem's parameters, as the files have views. */
static int make_rows(struct wf_sql *sql, const char *subsystem, struct wf_err *err)
{
    const struct wf_history *history = sql->shared.history;
    size_t parts = 1;
    int rc = 0;

    for (size_t i = 0; i < history->plan_count; i++) {
        if (wf_name_is_equal(history->plans[i].subsystem, subsystem) &&
            history->plans[i].plan->part_count > parts)
            parts = history->plans[i].plan->part_count;
    }
    for (size_t part = 0; rc == 0 && part < parts; part++) {
        char view[WFS_TABLE_SIZE], number[24];

        wfs_type_view_name(subsystem, (int)part, view);
        (void)snprintf(number, sizeof(number), "%zu", part);
        rc = make_table(sql, view, "wf_rows", subsystem, number, err);
    }
    return rc;
}

static int make_bins(struct wf_sql *sql, const char *subsystem, struct wf_err *err)
{
    static const char *const tiers[] = { "minute", "hour" };
    char view[WFS_TABLE_SIZE], name[WFS_TABLE_SIZE + 16];
    int rc = 0;

    wfs_type_view_name(subsystem, 0, view);
    for (size_t i = 0; rc == 0 && i < WF_COUNT_OF(tiers); i++) {
        (void)snprintf(name, sizeof(name), "%s_%s", view, tiers[i]);
        rc = make_table(sql, name, "wf_bins", subsystem, tiers[i], err);
    }
    return rc;
}

/* Tables for each subsystem that history has ever had, then rollups where the name is free. */
static int make_tables(struct wf_sql *sql, struct wf_err *err)
{
    static const char *const names[] = { "gaps", "subsystems", "parameters", "deleted" };
    const struct wf_range all = { .from_ns = INT64_MIN, .to_ns = INT64_MAX };
    const struct wf_history_entry *list = NULL;
    size_t count = 0;
    int rc = wf_history_list(sql->shared.history, &all, &list, &count, err);

    for (size_t i = 0; rc == 0 && i < WF_COUNT_OF(names); i++)
        rc = make_table(sql, names[i], "wf_lists", names[i], NULL, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = make_rows(sql, list[i].schema->name, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = make_bins(sql, list[i].schema->name, err);
    return rc;
}

static int set_up(struct wf_sql *sql, struct wf_err *err)
{
    int rc =
        sqlite3_open_v2(":memory:", &sql->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_MEMORY, NULL);

    if (rc != SQLITE_OK)
        return wfs_fail(err, sql->db, rc, "open");
    (void)sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void)sqlite3_create_module(sql->db, "wf_rows", &wfs_sql_rows, &sql->shared);
    (void)sqlite3_create_module(sql->db, "wf_bins", &wfs_sql_bins, &sql->shared);
    (void)sqlite3_create_module(sql->db, "wf_lists", &wfs_sql_lists, &sql->shared);
    (void)sqlite3_create_function(sql->db, "at", 1, SQLITE_UTF8, NULL, at_function, NULL, NULL);
    (void)wfs_exec(sql->db, NULL, "PRAGMA temp_store=FILE");
    rc = make_tables(sql, err);
    /* Made by being named for the first time, which would not be allowed any more. */
    if (rc == 0)
        rc = wfs_exec(sql->db, err, "SELECT 1 FROM pragma_table_info('gaps')");
    if (rc < 0)
        return rc;
    /* SQLite makes its tables of columns when they are first named: a write, as the authorizer sees it. */
    (void)wfs_exec(sql->db, NULL,
                   "SELECT 1 FROM pragma_table_info('-'), pragma_table_xinfo('-'),"
                   " pragma_table_list LIMIT 0");
    /* From here on nothing but reading. */
    (void)wfs_exec(sql->db, NULL, "PRAGMA query_only=1");
    (void)sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_limit(sql->db, SQLITE_LIMIT_ATTACHED, 0);
    (void)sqlite3_limit(sql->db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
    (void)sqlite3_limit(sql->db, SQLITE_LIMIT_WORKER_THREADS, 0);
    (void)sqlite3_set_authorizer(sql->db, authorize, NULL);
    sqlite3_progress_handler(sql->db, LOOK_EVERY, look_at_clock, sql);
    return 0;
}

int wf_sql_open(struct wf_history *history, struct wf_sql **out_sql, struct wf_err *err)
{
    struct wf_sql *sql = calloc(1, sizeof(*sql));
    int rc;

    if (sql == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    sql->shared.history = history;
    rc = set_up(sql, err);
    if (rc < 0)
        wf_sql_close(&sql);
    else
        *out_sql = sql;
    return rc;
}

void wf_sql_close(struct wf_sql **sql)
{
    if (*sql == NULL)
        return;
    wfs_close(&(*sql)->db);
    free((*sql)->shared.entries);
    free(*sql);
    *sql = NULL;
}

void wf_sql_interrupt(struct wf_sql *sql)
{
    sqlite3_interrupt(sql->db);
}

bool wf_sql_is_complete(const char *text)
{
    return sqlite3_complete(text) != 0;
}

/* --- running ------------------------------------------------------------------------------------------- */

static int failed(struct wf_sql *sql, int sqlite_rc, struct wf_err *err)
{
    const char *text = sqlite3_errmsg(sql->db);

    switch (sqlite_rc & 0xff) {
    case SQLITE_INTERRUPT:
        return sql->is_late ? wf_fail(err, WF_ERR_LIMIT, "it took longer than it may")
                            : wf_fail(err, WF_ERR_BUSY, "interrupted");
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        return wf_fail(err, WF_ERR_DENIED, "history can only be read here: %s", text);
    case SQLITE_NOMEM:
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    case SQLITE_TOOBIG:
        return wf_fail(err, WF_ERR_LIMIT, "%s", text);
    default:
        return wf_fail(err, WF_ERR_INVALID, "%s", text);
    }
}

static void read_cell(sqlite3_stmt *stmt, int at, struct wf_value *out)
{
    *out = (struct wf_value){ .kind = WF_VALUE_NONE };
    switch (sqlite3_column_type(stmt, at)) {
    case SQLITE_INTEGER:
        out->kind = WF_VALUE_I64;
        out->as.i64 = sqlite3_column_int64(stmt, at);
        break;
    case SQLITE_FLOAT:
        out->kind = WF_VALUE_F64;
        out->as.f64 = sqlite3_column_double(stmt, at);
        break;
    case SQLITE_TEXT:
        out->kind = WF_VALUE_TEXT;
        out->as.text = (const char *)sqlite3_column_text(stmt, at);
        out->len = (size_t)sqlite3_column_bytes(stmt, at);
        break;
    case SQLITE_BLOB:
        out->kind = WF_VALUE_BYTES;
        out->as.bytes = sqlite3_column_blob(stmt, at);
        out->len = (size_t)sqlite3_column_bytes(stmt, at);
        break;
    default:
        break;
    }
}

static int give_head(sqlite3_stmt *stmt, const struct wf_sql_sink *sink, const char **names,
                     int count)
{
    for (int i = 0; i < count; i++) {
        names[i] = sqlite3_column_name(stmt, i);
        if (names[i] == NULL)
            names[i] = "";
    }
    return sink->head(sink->context, names, (size_t)count);
}

static int give_rows(struct wf_sql *sql, sqlite3_stmt *stmt, const struct wf_sql_sink *sink,
                     struct wf_err *err)
{
    int count = sqlite3_column_count(stmt), rc = 0, step = SQLITE_DONE;
    struct wf_value *values = calloc((size_t)count + 1, sizeof(*values));
    const char **names = calloc((size_t)count + 1, sizeof(*names));

    if (values == NULL || names == NULL)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (rc == 0 && count > 0)
        rc = give_head(stmt, sink, names, count);
    while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        for (int i = 0; i < count; i++)
            read_cell(stmt, i, &values[i]);
        rc = sink->row(sink->context, values, (size_t)count);
    }
    if (rc == 0 && step != SQLITE_DONE)
        rc = failed(sql, step, err);
    free(values);
    free(names);
    return rc;
}

int wf_sql_run(struct wf_sql *sql, const char *text, const struct wf_sql_sink *sink,
               int64_t deadline_ns, struct wf_err *err)
{
    int rc = 0;

    sql->deadline_ns = deadline_ns;
    sql->is_late = false;
    sql->shared.notice[0] = '\0';
    wfs_history_close_files(sql->shared.history, false);
    while (rc == 0 && text[0] != '\0') {
        sqlite3_stmt *stmt = NULL;
        const char *rest = text;

        sql->shared.is_listed = false;
        rc = sqlite3_prepare_v2(sql->db, text, -1, &stmt, &rest);
        if (rc != SQLITE_OK)
            rc = failed(sql, rc, err);
        else if (stmt != NULL && sqlite3_stmt_readonly(stmt) == 0)
            rc = wf_fail(err, WF_ERR_DENIED, "history can only be read here");
        else if (stmt != NULL) /* else it was a comment */
            rc = give_rows(sql, stmt, sink, err);
        (void)sqlite3_finalize(stmt);
        text = rest;
    }
    sql->deadline_ns = 0;
    return rc;
}

const char *wf_sql_notice(const struct wf_sql *sql)
{
    return sql->shared.notice[0] != '\0' ? sql->shared.notice : NULL;
}
