/* SPDX-License-Identifier: MIT */
/* Packet log: days that are over long enough, or too many, go. */

#include "packet_log_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/clock.h>

#include "age.h"
#include "kept_files.h"

static uint64_t file_bytes(const struct wf_packet_log *log, int64_t key)
{
    char path[WFS_PATH_SIZE];
    struct stat st;

    return wfs_packet_path(log->folder, key, path, NULL) == 0 && stat(path, &st) == 0
               ? (uint64_t)st.st_size
               : 0;
}

static bool delete_file(struct wf_packet_log *log, const char *name, const char *why)
{
    char path[WFS_PATH_SIZE + 80], text[WFS_PATH_SIZE + 160];

    (void)snprintf(path, sizeof(path), "%s/packets/%s", log->folder, name);
    wfs_kept_remove(path);
    if (access(path, F_OK) == 0)
        return false;
    (void)snprintf(text, sizeof(text), "%s deleted: %s", path, why);
    wfs_packet_notice(log, text);
    log->figures.files_deleted++;
    return true;
}

/* Nothing is left to delete, and it is still too much: said once. */
static void tell_limit(struct wf_packet_log *log, uint64_t sum, uint64_t bytes_max)
{
    bool is_over = bytes_max > 0 && sum > bytes_max;
    char text[200];

    if (is_over && !log->is_over_told) {
        (void)snprintf(text, sizeof(text),
                       "packets: %llu KiB are there, %llu KiB are allowed (max of [recorder]), and"
                       " what is being written is not deleted; allow more",
                       (unsigned long long)(sum >> 10), (unsigned long long)(bytes_max >> 10));
        wfs_packet_notice(log, text);
    }
    log->is_over_told = is_over;
}

/* Days that have files say whether the clock is believed. */
static int64_t age_now(const struct wf_packet_log *log, int64_t now_ns)
{
    int64_t *list = NULL;
    size_t count = 0;

    if (wfs_packet_list(log->folder, &list, &count, NULL) < 0)
        count = 0;
    now_ns = wfs_believed_now(list, count, now_ns);
    free(list);
    return now_ns;
}

int wf_packet_log_retain(struct wf_packet_log *log, int64_t keep_ns, uint64_t bytes, int64_t now_ns,
                         struct wf_err *err)
{
    int64_t age_now_ns = age_now(log, now_ns);
    char path[WFS_PATH_SIZE + 16];
    struct wfs_kept_files files;
    uint64_t reserve;
    int deleted = 0;
    int rc;

    (void)snprintf(path, sizeof(path), "%s/packets", log->folder);
    rc = wfs_kept_list(path, WFS_KEPT_DAYS, &files, err);
    if (rc < 0)
        return rc;
    reserve = wfs_kept_reserve(log->kept_bytes, files.bytes, 1, 1, bytes);
    for (size_t i = 0; i < files.count; i++) {
        const struct wfs_kept_file *file = &files.list[i];
        bool is_old = keep_ns > 0 && file->to_ns < age_now_ns - keep_ns;

        if ((!file->is_aside && file->key == log->key) ||
            (!is_old && (bytes == 0 || files.bytes + reserve <= bytes)))
            continue;
        if (delete_file(log, file->name,
                        is_old ? "older than is to be kept" : "beyond the limit of bytes")) {
            deleted++;
            files.bytes -= file->bytes;
        }
    }
    log->kept_bytes = files.bytes;
    tell_limit(log, files.bytes, bytes);
    free(files.list);
    return deleted;
}

void wf_packet_log_figures(const struct wf_packet_log *log, struct wf_packet_log_figures *out)
{
    *out = log->figures;
    out->file_bytes = log->key != 0 ? file_bytes(log, log->key) : 0;
}
