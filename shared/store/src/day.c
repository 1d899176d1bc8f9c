/* SPDX-License-Identifier: MIT */
/* Day: see day.h. This file opens, closes and seals; day_write.c is what a batch does. */

#include "day_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/clock.h>

#include "catalogue.h"

static int create_catalogue(struct wfs_day *day, const char *instance, struct wf_err *err)
{
    char text[16];
    int64_t tables = 0, version = 0, positions = 0;
    int rc = wfs_get_i64(day->db, "SELECT count(*) FROM sqlite_schema", 0, &tables, err);

    if (rc == 0)
        rc = wfs_get_i64(day->db, "PRAGMA user_version", 0, &version, err);
    if (rc == 0 && tables != 0 && version == WFS_FORMAT_VERSION) {
        /* A life that was killed may have made it and no more. */
        rc = wfs_get_i64(day->db, "SELECT EXISTS (SELECT 1 FROM _positions)", 0, &positions, err);
        day->is_new = positions == 0;
        return rc;
    }
    if (rc < 0)
        return rc;
    wfs_day_text(day->start_ns, text);
    rc = wfs_exec(day->db, err, "BEGIN IMMEDIATE");
    if (rc == 0)
        rc = tables == 0 ? wfs_catalogue_create(day->db, instance, text, err)
                         : wfs_catalogue_upgrade(day->db, err);
    if (rc == 0)
        rc = wfs_exec(day->db, err, "COMMIT");
    if (rc < 0)
        (void)sqlite3_exec(day->db, "ROLLBACK", NULL, NULL, NULL);
    day->is_new = rc == 0 && tables == 0;
    return rc;
}

static int prepare_statements(struct wfs_day *day, struct wf_err *err)
{
    int rc = wfs_prepare(day->db,
                         "INSERT INTO _gaps (source, subsystem, cause, is_published, lost,"
                         " first_number, last_number, from_device_ns, to_device_ns,"
                         " from_received_ns, to_received_ns) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                         &day->insert_gap, err);

    if (rc == 0)
        rc = wfs_prepare(
            day->db,
            "INSERT INTO _positions (source, subsystem, schema_hash, region_created_ns, epoch_ns,"
            " next, rows, lost, thinned, last_device_ns, last_received_ns, serial, is_complete, "
            "minute_from,"
            " hour_from, rolled_to) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
            " ON CONFLICT (source, subsystem) DO UPDATE SET schema_hash = excluded.schema_hash,"
            " region_created_ns = excluded.region_created_ns, epoch_ns = excluded.epoch_ns,"
            " next = excluded.next, rows = rows + excluded.rows, lost = lost + excluded.lost,"
            " thinned = thinned + excluded.thinned,"
            " last_device_ns = excluded.last_device_ns,"
            " last_received_ns = excluded.last_received_ns, serial = excluded.serial,"
            " is_complete = excluded.is_complete, minute_from = excluded.minute_from,"
            " hour_from = excluded.hour_from, rolled_to = excluded.rolled_to",
            &day->put_position, err);
    /* A block's rows come in order when each part does and the parts follow each other. */
    if (rc == 0)
        rc = wfs_prepare(
            day->db,
            "INSERT INTO _blocks VALUES (?,?,?,?,?,?,?,?,?,?)"
            " ON CONFLICT (schema, block) DO UPDATE SET"
            " is_ordered = is_ordered AND excluded.is_ordered AND last_id < excluded.first_id"
            " AND device_to <= excluded.device_from,"
            " rows = rows + excluded.rows, first_id = min(first_id, excluded.first_id),"
            " last_id = max(last_id, excluded.last_id),"
            " device_from = min(device_from, excluded.device_from),"
            " device_to = max(device_to, excluded.device_to),"
            " received_from = min(received_from, excluded.received_from),"
            " received_to = max(received_to, excluded.received_to)",
            &day->put_block, err);
    if (rc == 0)
        rc = wfs_prepare(day->db, "INSERT OR IGNORE INTO _dirty VALUES (?,?,?)", &day->put_dirty,
                         err);
    if (rc == 0)
        rc = wfs_prepare(day->db,
                         "DELETE FROM _dirty WHERE source = ? AND subsystem = ? AND minute_ns = ?",
                         &day->take_dirty, err);
    if (rc == 0)
        rc = wfs_prepare(day->db, "BEGIN IMMEDIATE", &day->begin, err);
    if (rc == 0)
        rc = wfs_prepare(day->db, "COMMIT", &day->commit, err);
    return rc;
}

static void note_identity(struct wfs_day *day)
{
    struct stat st;

    if (stat(day->path, &st) == 0) {
        day->device = st.st_dev;
        day->inode = st.st_ino;
    }
}

bool wfs_day_is_there(const struct wfs_day *day)
{
    struct stat st;

    /* Only a path that certainly leads elsewhere counts: a failing disk is another matter. */
    if (stat(day->path, &st) != 0)
        return errno != ENOENT;
    return st.st_dev == day->device && st.st_ino == day->inode;
}

int wfs_day_open(const struct wfs_day_options *options, int64_t key, struct wfs_day **out_day,
                 struct wf_err *err)
{
    struct wfs_day *day = calloc(1, sizeof(*day));
    int rc;

    if (day == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    day->key = key;
    day->start_ns = wfs_file_day(key);
    rc = wfs_day_path(options->folder, key, day->path, err);
    if (rc == 0)
        rc = wfs_folder_make(options->folder, "raw", options->group, err);
    if (rc == 0)
        rc = wfs_file_make(day->path, options->group, err);
    if (rc < 0)
        goto out;
    rc = wfs_open_writer(day->path, options->cache_kib, &day->db, err);
    if (rc == 0 && options->is_checked)
        rc = wfs_quick_check(day->db, 0, err);
    if (rc == 0 && options->is_checked)
        rc = wfs_take_in_log(day->db, err);
    if (rc == 0)
        rc = create_catalogue(day, options->instance, err);
    if (rc == 0)
        rc = prepare_statements(day, err);
    if (rc < 0) {
        wf_err_prefix(err, "%s", day->path);
        goto out;
    }
    note_identity(day);
    wfs_wal_watch(&day->wal, day->db, day->path);
    *out_day = day;
    day = NULL;

out:
    wfs_day_close(&day);
    return rc;
}

void wfs_day_close(struct wfs_day **day)
{
    struct wfs_day *d = *day;

    if (d == NULL)
        return;
    while (d->members != NULL) {
        struct wfs_member *member = d->members;

        d->members = member->next;
        free(member);
    }
    while (d->tables != NULL) {
        struct wfs_table *table = d->tables;

        d->tables = table->next;
        wfs_table_free(table);
    }
    wfs_takers_free(d);
    (void)sqlite3_finalize(d->insert_gap);
    (void)sqlite3_finalize(d->put_position);
    (void)sqlite3_finalize(d->put_block);
    (void)sqlite3_finalize(d->begin);
    (void)sqlite3_finalize(d->commit);
    (void)sqlite3_finalize(d->put_dirty);
    (void)sqlite3_finalize(d->take_dirty);
    wfs_close(&d->db);
    free(d);
    *day = NULL;
}

int wfs_day_seal(struct wfs_day **day, int patience_ms, struct wf_err *err)
{
    struct wfs_day *d = *day;
    char path[WFS_PATH_SIZE];
    int64_t dirty = 0;
    int rc = wfs_get_i64(d->db, "SELECT EXISTS (SELECT 1 FROM _dirty)", 0, &dirty, err);

    if (rc == 0 && dirty != 0)
        return wf_fail(err, WF_ERR_BUSY, "%s: rollups are behind", d->path);
    if (rc == 0)
        rc = wfs_wal_empty(&d->wal, patience_ms, err);
    if (rc < 0)
        return rc;
    rc = wfs_make_single(d->db, err);
    if (rc < 0) {
        wf_err_prefix(err, "%s", d->path);
        return rc;
    }
    (void)wf_copy_text(path, sizeof(path), d->path);
    wfs_day_close(day);
    if (chmod(path, 0440) != 0)
        return wf_fail_errno(err, errno, "make %s read-only", path);
    return 0;
}

int64_t wfs_day_key(const struct wfs_day *day)
{
    return day->key;
}

int64_t wfs_day_start(const struct wfs_day *day)
{
    return day->start_ns;
}

const char *wfs_day_path_of(const struct wfs_day *day)
{
    return day->path;
}

bool wfs_day_is_new(const struct wfs_day *day)
{
    return day->is_new;
}

sqlite3 *wfs_day_db(const struct wfs_day *day)
{
    return day->db;
}

struct wfs_wal *wfs_day_wal(struct wfs_day *day)
{
    return &day->wal;
}

static uint64_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

void wfs_day_bytes(const struct wfs_day *day, uint64_t *out_db, uint64_t *out_wal)
{
    char wal[WFS_PATH_SIZE + 8];

    (void)snprintf(wal, sizeof(wal), "%s-wal", day->path);
    *out_db = size_of(day->path);
    *out_wal = size_of(wal);
}
