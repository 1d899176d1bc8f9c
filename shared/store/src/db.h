/* SPDX-License-Identifier: MIT */
#ifndef WFS_DB_H
#define WFS_DB_H

/*
 * SQLite, as the store uses it: opening with the settings that FACTS of SQLite
 * ask for, errors as WF_ERR_* with a text that says what to do, and statements.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include <watchfloor/attributes.h>
#include <watchfloor/err.h>
#include <watchfloor/strbuf.h>

/* "WFh1" in the file header, so that file(1) and we can tell what it is. */
#define WFS_APPLICATION_ID 0x57466831
#define WFS_FORMAT_VERSION 2
#define WFS_FORMAT_OLDEST  1 /* still read; made a 2 when something is added to it */

/* Translate the last failure of `db` (NULL: none was opened) while doing `what`. */
int wfs_fail(struct wf_err *err, sqlite3 *db, int sqlite_rc, const char *what, ...) WF_PRINTF(4, 5);

/* What kind of file it is, by the two numbers in its header. */
struct wfs_format {
    int32_t application, oldest, version; /* versions that can be read */
    const char *what;                     /* "a history file" */
};
extern const struct wfs_format wfs_history_format;

/* Open for writing; the file must exist. Sets WAL and everything else; page cache in KiB. */
int wfs_open_writer(const char *path, uint32_t cache_kib, sqlite3 **out_db, struct wf_err *err);
int wfs_open_writer_of(const char *path, const struct wfs_format *format, uint32_t cache_kib,
                       sqlite3 **out_db, struct wf_err *err);
/* Open for reading only, while another process may write. Waits up to `busy_ms` for locks. */
int wfs_open_reader(const char *path, int busy_ms, sqlite3 **out_db, struct wf_err *err);
int wfs_open_reader_of(const char *path, const struct wfs_format *format, int busy_ms,
                       sqlite3 **out_db, struct wf_err *err);
void wfs_close(sqlite3 **db);
/* Everything into the file itself, and no log of changes beside it. BUSY while somebody reads. */
int wfs_make_single(sqlite3 *db, struct wf_err *err);

int wfs_exec(sqlite3 *db, struct wf_err *err, const char *sql);
/* With %q (in quotes) and %w (in double quotes) as sqlite3_mprintf. */
int wfs_execf(sqlite3 *db, struct wf_err *err, const char *format, ...);
/* Does the file contradict itself (CORRUPT)? Looks that long at most; 0: at all of it. */
int wfs_quick_check(sqlite3 *db, int64_t limit_ns, struct wf_err *err);
/*
 * After a failed sync the system may believe that it wrote what it did not. So what lies in the log
 * of changes is written once more, into the file itself, as far as readers allow, and synced there.
 */
int wfs_take_in_log(sqlite3 *db, struct wf_err *err);
int wfs_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out_stmt, struct wf_err *err);
/* Run a statement that gives no rows, and make it ready for the next time. */
int wfs_run(sqlite3_stmt *stmt, struct wf_err *err);
/* First column of the first row; `fallback` when there is none. */
int wfs_get_i64(sqlite3 *db, const char *sql, int64_t fallback, int64_t *out, struct wf_err *err);
bool wfs_has_table(sqlite3 *db, const char *table);

/* u64 exact: an integer where it fits, decimal text beyond. */
int wfs_bind_u64(sqlite3_stmt *stmt, int at, uint64_t value);
uint64_t wfs_column_u64(sqlite3_stmt *stmt, int at);
/* WF_TIME_NONE is NULL. */
int wfs_bind_time(sqlite3_stmt *stmt, int at, int64_t time_ns);
int64_t wfs_column_time(sqlite3_stmt *stmt, int at);

/* Append "name" in double quotes, and 'text' in single ones. */
void wfs_add_identifier(struct wf_strbuf *sql, const char *name);
void wfs_add_literal(struct wf_strbuf *sql, const char *text);

#endif /* WFS_DB_H */
