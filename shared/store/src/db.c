/* SPDX-License-Identifier: MIT */
/* SQLite as the store uses it: see db.h. */

#include "db.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <watchfloor/clock.h>

/* Of SQLite's machine, between looks at the clock. */
#define CHECK_OPS 20000

static enum wf_rc code_of(sqlite3 *db, int sqlite_rc)
{
    switch (sqlite_rc & 0xff) {
    case SQLITE_FULL:
        return WF_ERR_NOSPACE;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return WF_ERR_DENIED;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return WF_ERR_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return WF_ERR_BUSY;
    case SQLITE_NOMEM:
        return WF_ERR_NOMEM;
    case SQLITE_CONSTRAINT:
        return WF_ERR_EXISTS;
    case SQLITE_TOOBIG:
        return WF_ERR_LIMIT;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: {
        int reason = db != NULL ? sqlite3_system_errno(db) : 0;

        /* A file-size limit comes as an I/O error, a full disk sometimes too. */
        return reason != 0 ? (enum wf_rc)wf_fail_errno(NULL, reason, "x") : WF_ERR_SYSTEM;
    }
    default:
        return WF_ERR_SYSTEM;
    }
}

int wfs_fail(struct wf_err *err, sqlite3 *db, int sqlite_rc, const char *what, ...)
{
    enum wf_rc rc = code_of(db, sqlite_rc);
    const char *reason = db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(sqlite_rc);
    int system = db != NULL ? sqlite3_system_errno(db) : 0;
    char text[128], why[96] = "";
    va_list args;

    va_start(args, what);
    (void)vsnprintf(text, sizeof(text), what, args);
    va_end(args);
    /* The errno is only worth telling where the system was what refused. */
    if (((sqlite_rc & 0xff) == SQLITE_IOERR || (sqlite_rc & 0xff) == SQLITE_CANTOPEN) &&
        system != 0 && strerror_r(system, why, sizeof(why)) == 0)
        return wf_fail(err, rc, "%s: %s (%s)", text, reason, why);
    return wf_fail(err, rc, "%s: %s", text, reason);
}

int wfs_exec(sqlite3 *db, struct wf_err *err, const char *sql)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : wfs_fail(err, db, rc, "%.40s", sql);
}

int wfs_execf(sqlite3 *db, struct wf_err *err, const char *format, ...)
{
    va_list args;
    char *sql;
    int rc;

    va_start(args, format);
    sql = sqlite3_vmprintf(format, args);
    va_end(args);
    if (sql == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "%.40s: out of memory", format);
    rc = wfs_exec(db, err, sql);
    sqlite3_free(sql);
    return rc;
}

static int is_time_over(void *context)
{
    return wf_mono_now_ns() > *(const int64_t *)context;
}

int wfs_quick_check(sqlite3 *db, int64_t limit_ns, struct wf_err *err)
{
    int64_t deadline_ns = wf_mono_now_ns() + limit_ns;
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db, "PRAGMA quick_check(1)", &stmt, err);

    if (rc < 0)
        return rc;
    if (limit_ns > 0)
        sqlite3_progress_handler(db, CHECK_OPS, is_time_over, &deadline_ns);
    rc = sqlite3_step(stmt);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    if (rc == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        bool is_ok = text != NULL && strcmp(text, "ok") == 0;

        rc = is_ok ? 0 : wf_fail(err, WF_ERR_CORRUPT, "%.160s", text != NULL ? text : "?");
    } else {
        rc = (rc & 0xff) == SQLITE_INTERRUPT ? 0 : wfs_fail(err, db, rc, "look through it");
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

int wfs_take_in_log(sqlite3 *db, struct wf_err *err)
{
    int rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    return rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY ? 0 : wfs_fail(err, db, rc, "checkpoint");
}

int wfs_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out_stmt, struct wf_err *err)
{
    int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out_stmt, NULL);

    return rc == SQLITE_OK ? 0 : wfs_fail(err, db, rc, "%.40s", sql);
}

int wfs_run(sqlite3_stmt *stmt, struct wf_err *err)
{
    int rc = sqlite3_step(stmt);
    int result = 0;

    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        result = wfs_fail(err, sqlite3_db_handle(stmt), rc, "%.40s", sqlite3_sql(stmt));
    (void)sqlite3_reset(stmt); /* repeats the failure that was just told */
    return result;
}

int wfs_get_i64(sqlite3 *db, const char *sql, int64_t fallback, int64_t *out, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db, sql, &stmt, err);

    if (rc < 0)
        return rc;
    switch ((rc = sqlite3_step(stmt))) {
    case SQLITE_ROW:
        *out =
            sqlite3_column_type(stmt, 0) == SQLITE_NULL ? fallback : sqlite3_column_int64(stmt, 0);
        rc = 0;
        break;
    case SQLITE_DONE:
        *out = fallback;
        rc = 0;
        break;
    default:
        rc = wfs_fail(err, db, rc, "%.40s", sql);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

bool wfs_has_table(sqlite3 *db, const char *table)
{
    return sqlite3_table_column_metadata(db, "main", table, NULL, NULL, NULL, NULL, NULL, NULL) ==
           SQLITE_OK;
}

/* What every connection gets: nothing in a file may run code or reach beyond it. */
static int set_defensive(sqlite3 *db, struct wf_err *err)
{
    (void)sqlite3_extended_result_codes(db, 1);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return wfs_exec(db, err, "PRAGMA mmap_size=0; PRAGMA temp_store=FILE");
}

const struct wfs_format wfs_history_format = { WFS_APPLICATION_ID, WFS_FORMAT_OLDEST,
                                               WFS_FORMAT_VERSION, "a history file" };

static bool is_format(const struct wfs_format *format, int64_t application, int64_t version)
{
    return application == format->application && version >= format->oldest &&
           version <= format->version;
}

int wfs_open_writer(const char *path, uint32_t cache_kib, sqlite3 **out_db, struct wf_err *err)
{
    return wfs_open_writer_of(path, &wfs_history_format, cache_kib, out_db, err);
}

int wfs_open_writer_of(const char *path, const struct wfs_format *format, uint32_t cache_kib,
                       sqlite3 **out_db, struct wf_err *err)
{
    sqlite3 *db = NULL;
    int64_t version = 0, application = 0, tables = 0;
    int on = 1;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc != SQLITE_OK) {
        rc = wfs_fail(err, db, rc, "open");
        goto out;
    }
    /* A reader that recovers a WAL holds the lock for moments only. */
    (void)sqlite3_busy_timeout(db, 2000);
    rc = set_defensive(db, err);
    if (rc == 0)
        rc = wfs_execf(db, err,
                       "PRAGMA page_size=4096; PRAGMA journal_mode=WAL;"
                       "PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0;"
                       "PRAGMA journal_size_limit=33554432;"
                       "PRAGMA cache_size=-%u",
                       cache_kib);
    if (rc == 0)
        rc = wfs_get_i64(db, "PRAGMA application_id", 0, &application, err);
    if (rc == 0)
        rc = wfs_get_i64(db, "PRAGMA user_version", 0, &version, err);
    if (rc == 0)
        rc = wfs_get_i64(db, "SELECT count(*) FROM sqlite_schema", 0, &tables, err);
    if (rc < 0)
        goto out;
    if (tables != 0 && !is_format(format, application, version)) {
        rc = wf_fail(err, WF_ERR_VERSION, "not %s that this release knows (format %d)",
                     format->what, (int)version);
        goto out;
    }
    /* Readers under another user could not make a -wal file anew. */
    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
    *out_db = db;
    db = NULL;

out:
    wfs_close(&db);
    return rc;
}

int wfs_make_single(sqlite3 *db, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool is_single = false;
    int off = 0, on = 1, rc;

    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &off);
    /* Refused while somebody reads: the answer then is the mode it is still in. */
    rc = wfs_prepare(db, "PRAGMA journal_mode=DELETE", &stmt, err);
    if (rc < 0)
        return rc;
    if (sqlite3_step(stmt) == SQLITE_ROW)
        is_single = strcmp((const char *)sqlite3_column_text(stmt, 0), "delete") == 0;
    (void)sqlite3_finalize(stmt);
    if (is_single)
        return 0;
    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
    return wf_fail(err, WF_ERR_BUSY, "somebody reads it");
}

/* The address form of a path, for the parameters that only it takes. */
static void add_uri(struct wf_strbuf *uri, const char *path, const char *parameters)
{
    wf_strbuf_add(uri, "file:");
    for (const char *p = path; *p != '\0'; p++) {
        if (*p == '%' || *p == '?' || *p == '#')
            wf_strbuf_addf(uri, "%%%02X", (unsigned)(unsigned char)*p);
        else
            wf_strbuf_add_char(uri, *p);
    }
    wf_strbuf_add(uri, parameters);
}

static int try_reader(const char *path, const struct wfs_format *format, const char *parameters,
                      int busy_ms, sqlite3 **out_db, struct wf_err *err)
{
    char text[3 * 4096];
    struct wf_strbuf uri = WF_STRBUF_FIXED(text);
    sqlite3 *db = NULL;
    int64_t application = 0, version = 0;
    int rc;

    add_uri(&uri, path, parameters);
    if (uri.was_cut)
        return wf_fail(err, WF_ERR_LIMIT, "path is too long");
    rc = sqlite3_open_v2(uri.text, &db,
                         SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
    if (rc != SQLITE_OK) {
        rc = wfs_fail(err, db, rc, "open");
        goto out;
    }
    (void)sqlite3_busy_timeout(db, busy_ms);
    rc = set_defensive(db, err);
    if (rc == 0)
        rc = wfs_exec(db, err, "PRAGMA query_only=1; PRAGMA cache_size=-512");
    if (rc == 0)
        rc = wfs_get_i64(db, "PRAGMA application_id", 0, &application, err);
    if (rc == 0)
        rc = wfs_get_i64(db, "PRAGMA user_version", 0, &version, err);
    if (rc < 0)
        goto out;
    if (!is_format(format, application, version)) {
        /* Made a moment ago and nothing committed yet: as good as not there. */
        bool is_new = application == 0 && version == 0;

        rc = is_new ? wf_fail(err, WF_ERR_ABSENT, "nothing stored yet")
                    : wf_fail(err, WF_ERR_VERSION, "not %s that this release knows", format->what);
        goto out;
    }
    *out_db = db;
    db = NULL;

out:
    wfs_close(&db);
    return rc;
}

int wfs_open_reader(const char *path, int busy_ms, sqlite3 **out_db, struct wf_err *err)
{
    return wfs_open_reader_of(path, &wfs_history_format, busy_ms, out_db, err);
}

int wfs_open_reader_of(const char *path, const struct wfs_format *format, int busy_ms,
                       sqlite3 **out_db, struct wf_err *err)
{
    struct wf_err first = { 0 };
    int rc = try_reader(path, format, "?mode=ro", busy_ms, out_db, &first);

    /*
     * A file in WAL mode whose folder we may not write, and which no logger has
     * open: it cannot change under us, so it is read as it stands. Only where no
     * log of changes lies beside it, or its newest rows would be missing.
     */
    if (rc == WF_ERR_DENIED || rc == WF_ERR_SYSTEM || rc == WF_ERR_ABSENT) {
        char wal[4096 + 8];
        struct wf_strbuf name = WF_STRBUF_FIXED(wal);
        FILE *file;
        bool is_empty;

        wf_strbuf_addf(&name, "%s-wal", path);
        file = fopen(wal, "rb");
        is_empty = file == NULL ? errno == ENOENT : fgetc(file) == EOF;
        if (file != NULL)
            (void)fclose(file);
        if (is_empty && first.rc != WF_ERR_ABSENT)
            rc = try_reader(path, format, "?mode=ro&immutable=1", busy_ms, out_db, &first);
    }
    if (rc < 0 && err != NULL)
        *err = first;
    return rc;
}

void wfs_close(sqlite3 **db)
{
    if (*db == NULL)
        return;
    (void)sqlite3_close_v2(*db);
    *db = NULL;
}

int wfs_bind_u64(sqlite3_stmt *stmt, int at, uint64_t value)
{
    char text[24];

    if (value <= INT64_MAX)
        return sqlite3_bind_int64(stmt, at, (sqlite3_int64)value);
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    return sqlite3_bind_text(stmt, at, text, -1, SQLITE_TRANSIENT);
}

uint64_t wfs_column_u64(sqlite3_stmt *stmt, int at)
{
    uint64_t value = 0;

    if (sqlite3_column_type(stmt, at) == SQLITE_TEXT) {
        const char *text = (const char *)sqlite3_column_text(stmt, at);

        return text != NULL && wf_parse_u64(text, &value, NULL) == 0 ? value : 0;
    }
    return (uint64_t)sqlite3_column_int64(stmt, at);
}

int wfs_bind_time(sqlite3_stmt *stmt, int at, int64_t time_ns)
{
    return time_ns == WF_TIME_NONE ? sqlite3_bind_null(stmt, at)
                                   : sqlite3_bind_int64(stmt, at, time_ns);
}

int64_t wfs_column_time(sqlite3_stmt *stmt, int at)
{
    return sqlite3_column_type(stmt, at) == SQLITE_NULL ? WF_TIME_NONE
                                                        : sqlite3_column_int64(stmt, at);
}

static void add_quoted(struct wf_strbuf *sql, const char *text, char quote)
{
    wf_strbuf_add_char(sql, quote);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == quote)
            wf_strbuf_add_char(sql, quote);
        wf_strbuf_add_char(sql, *p);
    }
    wf_strbuf_add_char(sql, quote);
}

void wfs_add_identifier(struct wf_strbuf *sql, const char *name)
{
    add_quoted(sql, name, '"');
}

void wfs_add_literal(struct wf_strbuf *sql, const char *text)
{
    add_quoted(sql, text, '\'');
}
