/* SPDX-License-Identifier: MIT */
/* Outbox: see <watchfloor/store/outbox.h>. */

#include <watchfloor/store/outbox.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/names.h>
#include <watchfloor/paths.h>

#include "db.h"
#include "folder.h"
#include "outbox_format.h"

/* "WFn1" in the file header. */
#define OUTBOX_APPLICATION 0x57466e31
#define OUTBOX_VERSION     1
#define CACHE_KIB          2048
/* The log of changes is folded into the file beyond so many pages. */
#define LOG_PAGES_MAX  1000
#define FORGET_AT_ONCE 5000

const struct wfs_format wfs_outbox_format = { OUTBOX_APPLICATION, OUTBOX_VERSION, OUTBOX_VERSION,
                                              "an outbox of notifications" };

struct wf_outbox {
    sqlite3 *db;
    sqlite3_stmt *put, *put_track, *drop_track, *put_position;
    uint64_t last_number;
    int log_pages;
};

#define TIME_SQL(column) "strftime('%Y-%m-%dT%H:%M:%fZ', " column " / 1e9, 'unixepoch')"

static const char create_sql[] =
    "CREATE TABLE _info (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
    "CREATE TABLE _messages (number INTEGER PRIMARY KEY, id TEXT NOT NULL, route TEXT NOT NULL,"
    " event TEXT NOT NULL, alarm TEXT NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL,"
    " body TEXT NOT NULL, severity INTEGER NOT NULL, count INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL, crashes INTEGER NOT NULL, made INTEGER NOT NULL,"
    " not_before INTEGER NOT NULL, done INTEGER);"
    "CREATE INDEX _waiting ON _messages (number) WHERE done IS NULL;"
    "CREATE INDEX _made ON _messages (made);"
    "CREATE INDEX _done ON _messages (done) WHERE done IS NOT NULL;"
    "CREATE TABLE _tracks (key TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE _positions (journal TEXT PRIMARY KEY, entry INTEGER NOT NULL,"
    " utc_ns INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE VIEW deliveries AS SELECT " TIME_SQL(
        "made") " AS time, route, event, severity, alarm,"
                " count, state, attempts, " TIME_SQL("done") " AS done, why, id FROM _messages;";

/* --- the file ------------------------------------------------------------------------------ */

static int make_path(const char *folder, char out[WF_PATH_SIZE], struct wf_err *err)
{
    struct wf_strbuf path;

    wf_strbuf_init_fixed(&path, out, WF_PATH_SIZE);
    wf_strbuf_addf(&path, "%s/outbox.db", folder);
    return path.was_cut ? wf_fail(err, WF_ERR_LIMIT, "the path of the outbox is too long") : 0;
}

static int make_file(const struct wf_outbox_options *options, const char *path, struct wf_err *err)
{
    int rc = wfs_place_make(options->folder, options->group, err);

    return rc == 0 ? wfs_file_make(path, options->group, err) : rc;
}

static int create_tables(sqlite3 *db, const char *instance, struct wf_err *err)
{
    int64_t tables = 0;
    int rc = wfs_get_i64(db, "SELECT count(*) FROM sqlite_schema", 0, &tables, err);

    if (rc < 0 || tables != 0)
        return rc;
    rc = wfs_exec(db, err, "BEGIN IMMEDIATE");
    if (rc == 0)
        rc = wfs_exec(db, err, create_sql);
    if (rc == 0)
        rc = wfs_execf(db, err,
                       "INSERT INTO _info VALUES ('instance', %Q);"
                       "PRAGMA application_id=%d; PRAGMA user_version=%d",
                       instance, OUTBOX_APPLICATION, OUTBOX_VERSION);
    if (rc == 0)
        rc = wfs_exec(db, err, "COMMIT");
    if (rc < 0)
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

static int note_log_size(void *context, sqlite3 *db, const char *name, int pages)
{
    struct wf_outbox *outbox = context;

    (void)db;
    (void)name;
    outbox->log_pages = pages;
    return SQLITE_OK;
}

static int prepare(struct wf_outbox *outbox, struct wf_err *err)
{
    const struct {
        sqlite3_stmt **stmt;
        const char *sql;
    } all[] = {
        { &outbox->put, "INSERT OR REPLACE INTO _messages VALUES"
                        " (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)" },
        { &outbox->put_track, "INSERT OR REPLACE INTO _tracks VALUES (?1, ?2)" },
        { &outbox->drop_track, "DELETE FROM _tracks WHERE key = ?1" },
        { &outbox->put_position, "INSERT OR REPLACE INTO _positions VALUES (?1, ?2, ?3)" },
    };
    int64_t last = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < WF_COUNT_OF(all); i++)
        rc = wfs_prepare(outbox->db, all[i].sql, all[i].stmt, err);
    if (rc == 0)
        rc = wfs_get_i64(outbox->db, "SELECT max(number) FROM _messages", 0, &last, err);
    outbox->last_number = (uint64_t)last;
    return rc;
}

static int try_open(const struct wf_outbox_options *options, const char *path,
                    struct wf_outbox **out_outbox, struct wf_err *err)
{
    struct wf_outbox *outbox = calloc(1, sizeof(*outbox));
    int rc;

    if (outbox == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    rc = make_file(options, path, err);
    if (rc == 0)
        rc = wfs_open_writer_of(path, &wfs_outbox_format, CACHE_KIB, &outbox->db, err);
    if (rc == 0)
        rc = wfs_quick_check(outbox->db, 0, err);
    if (rc == 0)
        rc = create_tables(outbox->db, options->instance, err);
    if (rc == 0)
        rc = prepare(outbox, err);
    if (rc < 0) {
        wf_outbox_close(&outbox);
        return rc;
    }
    (void)sqlite3_wal_hook(outbox->db, note_log_size, outbox);
    *out_outbox = outbox;
    return 0;
}

/* Out of the way, with its log, under a name that says when. */
static int set_aside(const char *path, char *out_note, size_t note_size, struct wf_err *err)
{
    static const char *const parts[] = { "", "-wal", "-shm" };
    struct wf_strbuf note;

    wf_strbuf_init_fixed(&note, out_note, note_size);
    for (size_t i = 0; i < WF_COUNT_OF(parts); i++) {
        char from[WF_PATH_SIZE + 8], to[WF_PATH_SIZE + 48];
        struct wf_strbuf old = WF_STRBUF_FIXED(from), new = WF_STRBUF_FIXED(to);

        wf_strbuf_addf(&old, "%s%s", path, parts[i]);
        wf_strbuf_addf(&new, "%s.damaged-%lld%s", path, (long long)(wf_utc_now_ns() / WF_NS_PER_S),
                       parts[i]);
        if (rename(from, to) == 0) {
            if (i == 0)
                wf_strbuf_addf(&note, "the outbox was damaged and is kept as %s", to);
        } else if (i == 0) {
            return wf_fail_errno(err, errno, "set %s aside", path);
        }
    }
    return 0;
}

int wf_outbox_open(const struct wf_outbox_options *options, struct wf_outbox **out_outbox,
                   char *out_note, size_t note_size, struct wf_err *err)
{
    char path[WF_PATH_SIZE];
    int rc = make_path(options->folder, path, err);

    if (rc < 0)
        return rc;
    (void)wf_copy_text(out_note, note_size, "");
    rc = try_open(options, path, out_outbox, err);
    if (rc == WF_ERR_CORRUPT) {
        rc = set_aside(path, out_note, note_size, err);
        if (rc == 0)
            rc = try_open(options, path, out_outbox, err);
    }
    if (rc < 0)
        wf_err_prefix(err, "%s", path);
    return rc;
}

void wf_outbox_close(struct wf_outbox **outbox)
{
    if (*outbox == NULL)
        return;
    (void)sqlite3_finalize((*outbox)->put);
    (void)sqlite3_finalize((*outbox)->put_track);
    (void)sqlite3_finalize((*outbox)->drop_track);
    (void)sqlite3_finalize((*outbox)->put_position);
    wfs_close(&(*outbox)->db);
    free(*outbox);
    *outbox = NULL;
}

/* --- writing ------------------------------------------------------------------------------- */

int wf_outbox_begin(struct wf_outbox *outbox, struct wf_err *err)
{
    return wfs_exec(outbox->db, err, "BEGIN IMMEDIATE");
}

int wf_outbox_commit(struct wf_outbox *outbox, struct wf_err *err)
{
    int rc = wfs_exec(outbox->db, err, "COMMIT");

    if (rc == 0 && outbox->log_pages > LOG_PAGES_MAX)
        (void)sqlite3_wal_checkpoint_v2(outbox->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return rc;
}

void wf_outbox_rollback(struct wf_outbox *outbox)
{
    if (sqlite3_get_autocommit(outbox->db) == 0)
        (void)sqlite3_exec(outbox->db, "ROLLBACK", NULL, NULL, NULL);
}

static void bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
    (void)sqlite3_bind_text(stmt, at, text != NULL ? text : "", -1, SQLITE_STATIC);
}

int wf_outbox_put(struct wf_outbox *outbox, struct wf_outbox_message *message, struct wf_err *err)
{
    sqlite3_stmt *stmt = outbox->put;

    if (message->number == 0)
        message->number = ++outbox->last_number;
    (void)wfs_bind_u64(stmt, 1, message->number);
    bind_text(stmt, 2, message->id);
    bind_text(stmt, 3, message->route);
    bind_text(stmt, 4, message->event);
    bind_text(stmt, 5, message->alarm);
    bind_text(stmt, 6, message->state);
    bind_text(stmt, 7, message->why);
    bind_text(stmt, 8, message->body);
    (void)sqlite3_bind_int(stmt, 9, message->severity);
    (void)sqlite3_bind_int64(stmt, 10, message->count);
    (void)sqlite3_bind_int64(stmt, 11, message->attempts);
    (void)sqlite3_bind_int64(stmt, 12, message->crashes);
    (void)sqlite3_bind_int64(stmt, 13, message->made_ns);
    (void)sqlite3_bind_int64(stmt, 14, message->not_before_ns);
    (void)wfs_bind_time(stmt, 15, message->done_ns);
    return wfs_run(stmt, err);
}

int wf_outbox_put_track(struct wf_outbox *outbox, const char *key, const char *json,
                        struct wf_err *err)
{
    sqlite3_stmt *stmt = json != NULL ? outbox->put_track : outbox->drop_track;

    bind_text(stmt, 1, key);
    if (json != NULL)
        bind_text(stmt, 2, json);
    return wfs_run(stmt, err);
}

int wf_outbox_put_position(struct wf_outbox *outbox, const char *journal, uint64_t entry,
                           int64_t utc_ns, struct wf_err *err)
{
    bind_text(outbox->put_position, 1, journal);
    (void)wfs_bind_u64(outbox->put_position, 2, entry);
    (void)sqlite3_bind_int64(outbox->put_position, 3, utc_ns);
    return wfs_run(outbox->put_position, err);
}

int64_t wf_outbox_forget(struct wf_outbox *outbox, int64_t before_ns, struct wf_err *err)
{
    int rc = wfs_execf(outbox->db, err,
                       "DELETE FROM _messages WHERE number IN (SELECT number FROM _messages"
                       " WHERE done IS NOT NULL AND done < %lld LIMIT %d)",
                       (long long)before_ns, FORGET_AT_ONCE);

    return rc < 0 ? rc : sqlite3_changes(outbox->db);
}

/* --- reading ------------------------------------------------------------------------------- */

#define MESSAGE_COLUMNS                                                                            \
    "number, id, route, event, alarm, state, why, body, severity, count, attempts, crashes,"       \
    " made, not_before, done"

static const char *text_at(sqlite3_stmt *stmt, int at)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);

    return text != NULL ? text : "";
}

static void read_message(sqlite3_stmt *stmt, struct wf_outbox_message *out)
{
    *out = (struct wf_outbox_message){
        .number = wfs_column_u64(stmt, 0),
        .id = text_at(stmt, 1),
        .route = text_at(stmt, 2),
        .event = text_at(stmt, 3),
        .alarm = text_at(stmt, 4),
        .state = text_at(stmt, 5),
        .why = text_at(stmt, 6),
        .body = text_at(stmt, 7),
        .severity = (uint8_t)sqlite3_column_int(stmt, 8),
        .count = (uint32_t)sqlite3_column_int64(stmt, 9),
        .attempts = (uint32_t)sqlite3_column_int64(stmt, 10),
        .crashes = (uint32_t)sqlite3_column_int64(stmt, 11),
        .made_ns = sqlite3_column_int64(stmt, 12),
        .not_before_ns = sqlite3_column_int64(stmt, 13),
        .done_ns = wfs_column_time(stmt, 14),
    };
}

/* Runs a prepared statement over messages; an `alarm` glob is looked at here. Finalizes it. */
static int each_message(sqlite3_stmt *stmt, const char *alarm, uint64_t limit,
                        int (*each)(void *context, const struct wf_outbox_message *message),
                        void *context, struct wf_err *err)
{
    uint64_t told = 0;
    int step = SQLITE_DONE;
    int rc = 0;

    while (rc == 0 && (limit == 0 || told < limit) && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct wf_outbox_message message;

        read_message(stmt, &message);
        if (alarm != NULL && !wf_glob_match(alarm, message.alarm))
            continue;
        told++;
        rc = each(context, &message);
    }
    if (rc == 0 && step != SQLITE_ROW && step != SQLITE_DONE)
        rc = wfs_fail(err, sqlite3_db_handle(stmt), step, "read the outbox");
    (void)sqlite3_finalize(stmt);
    return rc;
}

int wf_outbox_each_waiting(struct wf_outbox *outbox,
                           int (*each)(void *context, const struct wf_outbox_message *message),
                           void *context, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(
        outbox->db, "SELECT " MESSAGE_COLUMNS " FROM _messages WHERE done IS NULL ORDER BY number",
        &stmt, err);

    return rc < 0 ? rc : each_message(stmt, NULL, 0, each, context, err);
}

int wf_outbox_each_track(struct wf_outbox *outbox, int (*each)(void *context, const char *json),
                         void *context, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(outbox->db, "SELECT json FROM _tracks ORDER BY key", &stmt, err);
    int step = SQLITE_DONE;

    if (rc < 0)
        return rc;
    while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW)
        rc = each(context, text_at(stmt, 0));
    if (rc == 0 && step != SQLITE_DONE)
        rc = wfs_fail(err, outbox->db, step, "read the outbox");
    (void)sqlite3_finalize(stmt);
    return rc;
}

int wf_outbox_position(struct wf_outbox *outbox, const char *journal, uint64_t *out_entry,
                       int64_t *out_utc_ns, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(outbox->db, "SELECT entry, utc_ns FROM _positions WHERE journal = ?1",
                         &stmt, err);
    int step;

    if (rc < 0)
        return rc;
    bind_text(stmt, 1, journal);
    step = sqlite3_step(stmt);
    if (step == SQLITE_ROW) {
        *out_entry = wfs_column_u64(stmt, 0);
        *out_utc_ns = sqlite3_column_int64(stmt, 1);
    } else if (step == SQLITE_DONE) {
        rc = wf_fail(err, WF_ERR_ABSENT, "journal '%s' was never looked at", journal);
    } else {
        rc = wfs_fail(err, outbox->db, step, "read the outbox");
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

struct wf_outbox_reader {
    sqlite3 *db;
};

int wf_outbox_read(const char *folder, struct wf_outbox_reader **out_reader, struct wf_err *err)
{
    char path[WF_PATH_SIZE];
    struct wf_outbox_reader *reader;
    int rc = make_path(folder, path, err);

    if (rc < 0)
        return rc;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return wf_fail(err, WF_ERR_ABSENT, "nothing was ever notified here (no %s)", path);
    reader = calloc(1, sizeof(*reader));
    if (reader == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    rc = wfs_open_reader_of(path, &wfs_outbox_format, 2000, &reader->db, err);
    if (rc < 0) {
        wf_err_prefix(err, "%s", path);
        wf_outbox_reader_close(&reader);
        return rc;
    }
    *out_reader = reader;
    return 0;
}

void wf_outbox_reader_close(struct wf_outbox_reader **reader)
{
    if (*reader == NULL)
        return;
    wfs_close(&(*reader)->db);
    free(*reader);
    *reader = NULL;
}

int wf_outbox_each(struct wf_outbox_reader *reader, const struct wf_outbox_query *query,
                   int (*each)(void *context, const struct wf_outbox_message *message),
                   void *context, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int64_t to_ns = query->to_ns != 0 ? query->to_ns : INT64_MAX;
    int rc = wfs_prepare(
        reader->db,
        query->is_newest_first
            ? "SELECT " MESSAGE_COLUMNS " FROM _messages WHERE made >= ?1 AND made < ?2 AND"
              " (?3 IS NULL OR route = ?3 COLLATE NOCASE) AND"
              " (?4 IS NULL OR state = ?4) ORDER BY number DESC"
            : "SELECT " MESSAGE_COLUMNS " FROM _messages WHERE made >= ?1 AND made < ?2 AND"
              " (?3 IS NULL OR route = ?3 COLLATE NOCASE) AND"
              " (?4 IS NULL OR state = ?4) ORDER BY number",
        &stmt, err);

    if (rc < 0)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, query->from_ns);
    (void)sqlite3_bind_int64(stmt, 2, to_ns);
    if (query->route != NULL)
        bind_text(stmt, 3, query->route);
    if (query->state != NULL)
        bind_text(stmt, 4, query->state);
    return each_message(stmt, query->alarm, query->limit, each, context, err);
}
