/* SPDX-License-Identifier: MIT */
/* Packet log: the one file that is open; made, looked through, set aside. See packet_log_private.h. */

#include "packet_log_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/clock.h>

#define CACHE_KIB 4096
/* What the closing of a file waits for its readers: what stays in its log is readable too. */
#define CLOSE_MS 100

void wfs_packet_notice(const struct wf_packet_log *log, const char *text)
{
    if (log->options.notice != NULL)
        log->options.notice(log->options.notice_context, text);
}

/* --- one file ---------------------------------------------------------------------------- */

void wfs_packet_forget_names(struct wf_packet_log *log)
{
    for (size_t i = 0; i < log->name_count; i++)
        free(log->names[i].text);
    log->name_count = 0;
}

void wfs_packet_close_file(struct wf_packet_log *log)
{
    sqlite3_stmt **statements[] = { &log->insert,       &log->put_block, &log->insert_gap,
                                    &log->put_position, &log->put_name,  &log->put_epoch };

    if (!log->is_suspect)
        (void)wf_packet_log_sync(log, NULL);
    log->is_unsynced = false;
    for (size_t i = 0; i < WF_COUNT_OF(statements); i++) {
        (void)sqlite3_finalize(*statements[i]);
        *statements[i] = NULL;
    }
    if (log->db != NULL && !log->is_suspect)
        (void)wfs_wal_empty(&log->wal, CLOSE_MS, NULL);
    wfs_close(&log->db);
    wfs_packet_forget_names(log);
}

static int prepare(struct wf_packet_log *log, struct wf_err *err)
{
    const struct {
        sqlite3_stmt **stmt;
        const char *sql;
    } list[] = {
        { &log->insert, "INSERT INTO _packets VALUES (?,?,?,?,?,?,?,?,?,?)" },
        { &log->put_block,
          "INSERT INTO _blocks VALUES (?,?,?,?,?,?,?) ON CONFLICT (block) DO UPDATE SET"
          " from_ns = min(from_ns, excluded.from_ns), to_ns = max(to_ns, excluded.to_ns),"
          " last_epoch = excluded.last_epoch, last_number = excluded.last_number" },
        { &log->insert_gap,
          "INSERT INTO _gaps (epoch, first, last, cause, from_ns, to_ns) VALUES (?,?,?,?,?,NULL)" },
        { &log->put_position, "INSERT OR REPLACE INTO _position VALUES (1,?,?,?,?,?,?,?)" },
        { &log->put_name,
          "INSERT INTO _names (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = name"
          " RETURNING id" },
        { &log->put_epoch,
          "INSERT INTO _epochs (epoch_ns) VALUES (?) ON CONFLICT (epoch_ns) DO UPDATE SET"
          " epoch_ns = epoch_ns RETURNING id" },
    };
    int rc = 0;

    for (size_t i = 0; i < WF_COUNT_OF(list) && rc == 0; i++)
        rc = wfs_prepare(log->db, list[i].sql, list[i].stmt, err);
    return rc;
}

/* A damaged file is kept under another name, and a new one begun. */
static int set_aside(struct wf_packet_log *log, const char *why, struct wf_err *err)
{
    char path[WFS_PATH_SIZE + 32], text[3 * WFS_PATH_SIZE];

    for (unsigned n = 1; n < 1000; n++) {
        (void)snprintf(path, sizeof(path), "%s.damaged-%u", log->path, n);
        if (access(path, F_OK) == 0)
            continue;
        if (rename(log->path, path) != 0)
            return wf_fail_errno(err, errno, "set aside %s", log->path);
        for (size_t i = 0; i < 2; i++) { /* what belongs to it would be taken for the new one's */
            char beside[WFS_PATH_SIZE + 8];

            (void)snprintf(beside, sizeof(beside), "%s%s", log->path, i == 0 ? "-wal" : "-shm");
            (void)unlink(beside);
        }
        (void)snprintf(text, sizeof(text), "%s is damaged (%s); set aside as %s", log->path, why,
                       path);
        wfs_packet_notice(log, text);
        return WF_OK;
    }
    return wf_fail(err, WF_ERR_LIMIT, "%s: too many damaged files", log->path);
}

static int open_once(struct wf_packet_log *log, struct wf_err *err)
{
    int64_t tables = 0;
    char day[16];
    int rc = wfs_folder_make(log->folder, "packets", log->group, err);

    if (rc == 0)
        rc = wfs_file_make(log->path, log->group, err);

    if (rc == 0)
        rc = wfs_open_writer_of(log->path, &wfs_packet_format, CACHE_KIB, &log->db, err);
    if (rc == 0)
        wfs_wal_watch(&log->wal, log->db, log->path);
    if (rc == 0 && log->is_suspect)
        rc = wfs_quick_check(log->db, 0, err);
    if (rc == 0 && log->is_suspect)
        rc = wfs_take_in_log(log->db, err);
    if (rc == 0)
        rc = wfs_get_i64(log->db, "SELECT count(*) FROM sqlite_schema", 0, &tables, err);
    wfs_day_text(log->key, day);
    if (rc == 0 && tables == 0)
        rc = wfs_packet_create(log->db, log->instance, day, log->options.reason, err);
    if (rc == 0)
        rc = prepare(log, err);
    if (rc == 0)
        rc = wfs_get_i64(log->db, "SELECT max(id) + 1 FROM _packets", 1, &log->next_id, err);
    if (rc < 0) {
        log->is_suspect = true;
        wfs_packet_close_file(log);
        return rc;
    }
    log->is_suspect = false;
    log->epoch = 0;
    return rc;
}

static int open_checked(struct wf_packet_log *log, struct wf_err *err)
{
    struct wf_err why = { 0 };
    int rc = open_once(log, &why);

    if (rc == WF_ERR_CORRUPT) {
        rc = set_aside(log, why.text, err);
        return rc == 0 ? open_once(log, err) : rc;
    }
    if (rc < 0 && err != NULL)
        *err = why;
    return rc;
}

int wfs_packet_open_file(struct wf_packet_log *log, int64_t key, struct wf_err *err)
{
    int rc;

    if (log->db != NULL && log->key == key)
        return WF_OK;
    /* A position in another file must not outlive what the last one holds. */
    rc = log->key != key ? wf_packet_log_sync(log, err) : 0;
    if (rc < 0)
        return rc;
    wfs_packet_close_file(log);
    log->key = key;
    log->takes_packets = false;
    rc = wfs_packet_path(log->folder, key, log->path, err);
    return rc < 0 ? rc : open_checked(log, err);
}
