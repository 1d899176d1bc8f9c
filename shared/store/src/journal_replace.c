/* SPDX-License-Identifier: MIT */
/*
 * A damaged journal is replaced by a new one with what could be read of it.
 *
 *   main.db.salvage    being filled; worth nothing until it is whole
 *   main.db.ready      whole: from here on the replacement goes on after a kill
 *   main.db.damaged-1  the old file; its log of changes beside it
 *
 * The old log is moved before the old file and both before the new file takes the name: SQLite would
 * play a log that lies beside a file into it, whoever it was of.
 */

#include "journal_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/clock.h>

#define ASIDE_MAX 999
#define BATCH     1000 /* rows in one transaction */
/* How far numbers go on behind the last one that could be read, at least. */
#define LEAP 1000000

struct salvage {
    sqlite3 *from;
    struct wfs_journal_file to;
    struct {
        int64_t id;
        char *name;
    } * alarms;
    size_t alarm_count;
    uint64_t *behind; /* ids that were found from the end, descending */
    size_t behind_count;
    uint64_t rows, last_id, last_seq;
};

static void add_suffix(const struct wfs_journal_place *place, const char *suffix,
                       char out[WFS_JOURNAL_PATH_SIZE])
{
    (void)snprintf(out, WFS_JOURNAL_PATH_SIZE, "%.4060s%s", place->path, suffix);
}

static bool is_there(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0;
}

static void remove_database(const char *path)
{
    char other[WFS_JOURNAL_PATH_SIZE];

    (void)snprintf(other, sizeof(other), "%.4080s-wal", path);
    (void)unlink(other);
    (void)snprintf(other, sizeof(other), "%.4080s-shm", path);
    (void)unlink(other);
    (void)unlink(path);
}

static int move(const char *from, const char *to, struct wf_err *err)
{
    if (rename(from, to) != 0 && errno != ENOENT)
        return wf_fail_errno(err, errno, "rename %s", from);
    return 0;
}

/* Names of alarms by id; what cannot be read is left out. */
static int read_names(struct salvage *salvage, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(salvage->from, "SELECT id, name FROM _alarms ORDER BY id", &stmt, err);

    if (rc < 0)
        return 0;
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(stmt, 1);
        size_t count = salvage->alarm_count;

        if (name == NULL)
            continue;
        if (count % 256 == 0) {
            void *more = realloc(salvage->alarms, (count + 256) * sizeof(*salvage->alarms));

            if (more == NULL)
                break;
            salvage->alarms = more;
        }
        salvage->alarms[count].id = sqlite3_column_int64(stmt, 0);
        salvage->alarms[count].name = strdup(name);
        if (salvage->alarms[count].name == NULL)
            break;
        salvage->alarm_count++;
    }
    (void)sqlite3_finalize(stmt);
    return 0;
}

static const char *name_of(const struct salvage *salvage, int64_t id)
{
    size_t low = 0, high = salvage->alarm_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (salvage->alarms[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < salvage->alarm_count && salvage->alarms[low].id == id ? salvage->alarms[low].name
                                                                       : "";
}

/* One row of a SELECT of WFS_ENTRY_COLUMNS. Rows that make no sense are left out. */
static int carry_row(struct salvage *salvage, sqlite3_stmt *stmt, struct wf_err *err)
{
    struct wfs_entry_row row;
    int rc;

    if (!wfs_entry_read(stmt, 0, &row))
        return 0;
    row.entry.alarm = name_of(salvage, row.alarm_id);
    if (row.entry.kind == WF_JOURNAL_TRANSITION && row.entry.alarm[0] == '\0')
        return 0;
    if (row.entry.kind == WF_JOURNAL_TRANSITION &&
        (row.entry.seq == 0 || row.entry.seq > WFS_JOURNAL_NUMBER_MAX))
        return 0;
    if (row.entry.id > WFS_JOURNAL_NUMBER_MAX)
        return 0;
    rc = wfs_journal_file_add(&salvage->to, &row, err);
    if (rc == WF_ERR_EXISTS)
        return 0; /* a seq twice: damage */
    if (rc < 0)
        return rc;
    if (++salvage->rows % BATCH == 0)
        rc = wfs_exec(salvage->to.db, err, "COMMIT; BEGIN IMMEDIATE");
    if (row.entry.id > salvage->last_id)
        salvage->last_id = row.entry.id;
    if (row.entry.seq > salvage->last_seq)
        salvage->last_seq = row.entry.seq;
    return rc;
}

/* From the beginning up to the first damage; *out_id is how far it came. */
static int carry_forward(struct salvage *salvage, bool *out_is_whole, uint64_t *out_id,
                         struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = 0, step;

    if (wfs_prepare(salvage->from,
                    "SELECT " WFS_ENTRY_COLUMNS " FROM _entries NOT INDEXED ORDER BY id", &stmt,
                    NULL) < 0)
        return 0;
    while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        *out_id = (uint64_t)sqlite3_column_int64(stmt, 0);
        rc = carry_row(salvage, stmt, err);
    }
    *out_is_whole = rc == 0 && step == SQLITE_DONE;
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* Which ids can be found from the end, down to `floor`. */
static int find_behind(struct salvage *salvage, uint64_t floor, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = 0;

    if (wfs_prepare(salvage->from,
                    "SELECT " WFS_ENTRY_COLUMNS " FROM _entries NOT INDEXED ORDER BY id DESC",
                    &stmt, NULL) < 0)
        return 0;
    while (rc == 0 && sqlite3_step(stmt) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(stmt, 0);

        if (id <= 0 || (uint64_t)id <= floor)
            break;
        if (salvage->behind_count % 1024 == 0) {
            uint64_t *more =
                realloc(salvage->behind, (salvage->behind_count + 1024) * sizeof(*more));

            if (more == NULL)
                rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
            else
                salvage->behind = more;
        }
        if (rc == 0)
            salvage->behind[salvage->behind_count++] = (uint64_t)id;
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* In ascending order, so that the newest of each alarm is the last one. */
static int carry_behind(struct salvage *salvage, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = 0;

    if (wfs_prepare(salvage->from, "SELECT " WFS_ENTRY_COLUMNS " FROM _entries WHERE id = ?1",
                    &stmt, NULL) < 0)
        return 0;
    for (size_t i = salvage->behind_count; rc == 0 && i-- > 0;) {
        (void)sqlite3_reset(stmt);
        (void)wfs_bind_u64(stmt, 1, salvage->behind[i]);
        if (sqlite3_step(stmt) == SQLITE_ROW)
            rc = carry_row(salvage, stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* The small tables as they are, each as far as it can be read. */
static int carry_table(struct salvage *salvage, const char *table, const char *insert,
                       struct wf_err *err)
{
    char sql[64];
    sqlite3_stmt *from = NULL, *to = NULL;
    int rc = 0;

    (void)snprintf(sql, sizeof(sql), "SELECT * FROM %s", table);
    if (!wfs_journal_has_table(salvage->from, table) ||
        wfs_prepare(salvage->from, sql, &from, NULL) < 0)
        return 0;
    rc = wfs_prepare(salvage->to.db, insert, &to, err);
    while (rc == 0 && sqlite3_step(from) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(from); i++)
            (void)sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
        rc = wfs_run(to, err);
    }
    (void)sqlite3_finalize(from);
    (void)sqlite3_finalize(to);
    return rc;
}

static int carry_over(struct salvage *salvage, struct wf_err *err)
{
    uint64_t reached = 0;
    bool is_whole = false;
    int rc = 0;

    if (salvage->from != NULL && wfs_journal_has_table(salvage->from, "_entries")) {
        rc = read_names(salvage, err);
        if (rc == 0)
            rc = carry_forward(salvage, &is_whole, &reached, err);
        if (rc == 0 && !is_whole)
            rc = find_behind(salvage, reached, err);
        if (rc == 0 && !is_whole)
            rc = carry_behind(salvage, err);
    }
    if (rc == 0 && salvage->from != NULL)
        rc = carry_table(salvage, "_limits", "INSERT OR REPLACE INTO _limits VALUES (?1,?2,?3,?4)",
                         err);
    if (rc == 0 && salvage->from != NULL)
        rc = carry_table(salvage, "_kept", "INSERT OR REPLACE INTO _kept VALUES (?1,?2)", err);
    if (rc == 0 && salvage->from != NULL)
        rc = carry_table(salvage, "_blobs", "INSERT OR REPLACE INTO _blobs VALUES (?1,?2,?3)", err);
    return rc;
}

/*
 * Nobody knows how many were lost behind the last one that could be read. Seconds since 1970 are
 * more than any journal had, unless it wrote more than one a second all that time.
 */
static int leap_ahead(struct salvage *salvage, struct wf_err *err)
{
    uint64_t seconds = (uint64_t)(wf_utc_now_ns() / WF_NS_PER_S);
    uint64_t id = salvage->last_id + LEAP, seq = salvage->last_seq + LEAP;
    int rc = wfs_journal_set_number(salvage->to.db, "last_id", id > seconds ? id : seconds, err);

    return rc == 0 ? wfs_journal_set_number(salvage->to.db, "last_seq",
                                            seq > seconds ? seq : seconds, err)
                   : rc;
}

/* Fill `path` with what can be read of the damaged file. */
static int fill(const struct wfs_journal_place *place, const char *path, uint64_t *out_rows,
                struct wf_err *err)
{
    struct wfs_journal_place fresh = *place;
    struct salvage salvage = { 0 };
    int off = 0;
    int rc;

    (void)wf_copy_text(fresh.path, sizeof(fresh.path), path);
    fresh.is_synced = false; /* once, at the end */
    rc = wfs_journal_open_file(&fresh, false, &salvage.to, err);
    if (rc < 0)
        return rc;
    (void)wfs_open_reader_of(place->path, &wfs_journal_format, 2000, &salvage.from, NULL);
    rc = wfs_exec(salvage.to.db, err, "BEGIN IMMEDIATE");
    if (rc == 0)
        rc = carry_over(&salvage, err);
    if (rc == 0)
        rc = leap_ahead(&salvage, err);
    if (rc == 0)
        rc = wfs_exec(salvage.to.db, err, "COMMIT");
    if (rc == 0) {
        *out_rows = salvage.rows;
        wfs_journal_file_checkpoint(&salvage.to, 0);
        (void)sqlite3_file_control(salvage.to.db, "main", SQLITE_FCNTL_PERSIST_WAL, &off);
    }
    wfs_close(&salvage.from);
    wfs_journal_file_close(&salvage.to);
    for (size_t i = 0; i < salvage.alarm_count; i++)
        free(salvage.alarms[i].name);
    free(salvage.alarms);
    free(salvage.behind);
    return rc;
}

/* A whole replacement takes the place of the damaged file. *out_number: of the name that got. */
static int put_in_place(const struct wfs_journal_place *place, int *out_number, struct wf_err *err)
{
    char ready[WFS_JOURNAL_PATH_SIZE], aside[WFS_JOURNAL_PATH_SIZE], from[WFS_JOURNAL_PATH_SIZE];
    char suffix[32];
    int number = 0, rc;

    add_suffix(place, ".ready", ready);
    do {
        number++;
        (void)snprintf(suffix, sizeof(suffix), ".damaged-%d", number);
        add_suffix(place, suffix, aside);
    } while (is_there(aside) && number < ASIDE_MAX);
    if (is_there(aside))
        return wf_fail(err, WF_ERR_LIMIT, "remove some of %s.damaged-*", place->path);

    (void)snprintf(suffix, sizeof(suffix), ".damaged-%d-wal", number);
    add_suffix(place, suffix, aside);
    add_suffix(place, "-wal", from);
    rc = move(from, aside, err);
    if (rc == 0) {
        (void)snprintf(suffix, sizeof(suffix), ".damaged-%d", number);
        add_suffix(place, suffix, aside);
        rc = move(place->path, aside, err);
    }
    if (rc < 0)
        return rc;
    add_suffix(place, "-shm", from);
    (void)unlink(from);
    *out_number = number;
    return move(ready, place->path, err);
}

int wfs_journal_make_ready(const struct wfs_journal_place *place, sqlite3 *db, struct wf_err *err)
{
    char salvage[WFS_JOURNAL_PATH_SIZE], ready[WFS_JOURNAL_PATH_SIZE];
    int rc;

    add_suffix(place, ".salvage", salvage);
    add_suffix(place, ".ready", ready);
    remove_database(salvage);
    rc = wfs_execf(db, err, "VACUUM INTO %Q", salvage);
    if (rc == 0 && chmod(salvage, 0640) != 0)
        rc = wf_fail_errno(err, errno, "%s", salvage);
    if (rc == 0)
        rc = move(salvage, ready, err);
    if (rc < 0)
        wf_err_prefix(err, "it was removed while in use; write it again");
    return rc;
}

int wfs_journal_finish_replace(const struct wfs_journal_place *place, struct wf_err *err)
{
    char path[WFS_JOURNAL_PATH_SIZE];
    int number = 0;

    add_suffix(place, ".salvage", path);
    remove_database(path);
    add_suffix(place, ".ready", path);
    return is_there(path) ? put_in_place(place, &number, err) : 0;
}

int wfs_journal_replace(const struct wfs_journal_place *place, char *out_note, size_t note_size,
                        struct wf_err *err)
{
    char salvage[WFS_JOURNAL_PATH_SIZE], ready[WFS_JOURNAL_PATH_SIZE];
    struct wf_err why = { 0 };
    uint64_t rows = 0;
    int number = 0, rc;

    if (err != NULL)
        why = *err; /* what was found wrong with it */
    add_suffix(place, ".salvage", salvage);
    add_suffix(place, ".ready", ready);
    remove_database(salvage);
    rc = fill(place, salvage, &rows, err);
    if (rc == 0)
        rc = move(salvage, ready, err);
    if (rc == 0) {
        remove_database(salvage); /* an empty log of changes */
        rc = put_in_place(place, &number, err);
    }
    if (rc < 0) {
        wf_err_prefix(err, "replace damaged %s", place->path);
        remove_database(salvage);
        return rc;
    }
    (void)snprintf(
        out_note, note_size,
        "%s was damaged (%.100s); it is kept as %s.db.damaged-%d, and %llu of its entries "
        "could be carried over",
        place->path, why.text, place->monitor, number, (unsigned long long)rows);
    return 0;
}
