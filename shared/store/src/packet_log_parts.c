/* SPDX-License-Identifier: MIT */
/*
 * Packet log: days of several files. As with samples (store_parts.c), a file whose log of changes
 * cannot be emptied because somebody holds a snapshot of it is left to them, and packets go on in the
 * next part of the day. Its log is emptied as soon as nobody holds it any more.
 */

#include "packet_log_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Calls of tidy between two looks at what was left. */
#define LOOK_EVERY 10

static int begin_part(struct wf_packet_log *log, struct wf_err *err)
{
    int64_t next = wfs_file_key(log->key, wfs_file_part(log->key) + 1);
    struct wf_strbuf text;
    int rc;

    /* The last one that there may be: its log grows. */
    if (wfs_file_part(log->key) == WFS_PARTS_MAX)
        return 0;
    wf_strbuf_init(&text, 1024);
    wfs_wal_describe_hold(&log->wal, &text);
    rc = wfs_packet_open_file(log, next, err);
    if (rc == 0) {
        wf_strbuf_addf(&text, "; packets go on in %s", strrchr(log->path, '/') + 1);
        wfs_packet_notice(log, text.text);
        log->has_left = true;
    }
    wf_strbuf_fini(&text);
    return rc;
}

static int find_last_part(const struct wf_packet_log *log, int64_t day_ns, int64_t *out_key,
                          struct wf_err *err)
{
    char path[WFS_PATH_SIZE];

    if (snprintf(path, sizeof(path), "%s/packets", log->folder) >= (int)sizeof(path))
        return wf_fail(err, WF_ERR_LIMIT, "the path of the history folder is too long");
    return wfs_folder_newest(path, day_ns, out_key, err);
}

int wfs_packet_open_day(struct wf_packet_log *log, int64_t day_ns, struct wf_err *err)
{
    int64_t key = log->key;
    int rc = 0;

    if (log->db == NULL || !log->takes_packets || wfs_file_day(key) != day_ns) {
        rc = find_last_part(log, day_ns, &key, err);
        if (rc == 0)
            rc = wfs_packet_open_file(log, key, err);
    }
    if (rc < 0)
        return rc;
    /* What became of the last commit is asked of the file it went to. */
    rc = log->unclear_count > 0 ? 0 : wfs_wal_has_room(&log->wal, log->log_cap, err);
    if (rc == WF_ERR_BUSY)
        rc = begin_part(log, err);
    log->takes_packets = rc == 0;
    return rc;
}

void wf_packet_log_limit(struct wf_packet_log *log, uint64_t bytes)
{
    log->log_cap = bytes > 0 ? bytes : WFS_LOG_CAP;
}

/* --- what was left ---------------------------------------------------------------------- */

static bool has_log(const char *path)
{
    char beside[WFS_PATH_SIZE + 8];
    struct stat st;

    (void)snprintf(beside, sizeof(beside), "%s-wal", path);
    return stat(beside, &st) == 0 && st.st_size > 0;
}

static void put_in_order(struct wf_packet_log *log, const char *path)
{
    struct wfs_wal wal = { .db = NULL };
    sqlite3 *db = NULL;

    if (wfs_open_writer_of(path, &wfs_packet_format, 256, &db, NULL) < 0)
        return; /* looked through when it is opened for packets again, or read */
    wfs_wal_watch(&wal, db, path);
    if (wfs_wal_empty(&wal, 0, NULL) == 0) {
        char text[WFS_PATH_SIZE + 80];

        (void)snprintf(text, sizeof(text), "%s is held by nobody any more, and was put in order",
                       path);
        wfs_packet_notice(log, text);
    }
    wfs_close(&db);
}

void wfs_packet_settle_left(struct wf_packet_log *log)
{
    int64_t *keys = NULL;
    size_t count = 0;

    if (log->looks++ % LOOK_EVERY != 0 || !log->has_left ||
        wfs_packet_list(log->folder, &keys, &count, NULL) < 0)
        return;
    log->has_left = false;
    for (size_t i = 0; i + 1 < count; i++) {
        char path[WFS_PATH_SIZE];

        if (wfs_file_day(keys[i]) != wfs_file_day(keys[i + 1]) || keys[i] == log->key ||
            wfs_packet_path(log->folder, keys[i], path, NULL) < 0 || !has_log(path))
            continue;
        put_in_order(log, path);
        log->has_left = log->has_left || has_log(path);
    }
    free(keys);
}
