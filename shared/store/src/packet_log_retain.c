/* SPDX-License-Identifier: MIT */
/* Packet log: days that are over long enough, or too many, go. */

#include "packet_log_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/clock.h>

#include "age.h"

static uint64_t file_bytes(const struct wf_packet_log *log, int64_t day_ns)
{
    char path[WFS_PATH_SIZE];
    struct stat st;

    return wfs_packet_path(log->folder, day_ns, path, NULL) == 0 && stat(path, &st) == 0
               ? (uint64_t)st.st_size
               : 0;
}

static bool delete_day(struct wf_packet_log *log, int64_t day_ns, const char *why)
{
    char path[WFS_PATH_SIZE], beside[WFS_PATH_SIZE + 8], text[WFS_PATH_SIZE + 80];

    if (wfs_packet_path(log->folder, day_ns, path, NULL) < 0 || unlink(path) != 0)
        return false;
    (void)snprintf(beside, sizeof(beside), "%s-wal", path);
    (void)unlink(beside);
    (void)snprintf(beside, sizeof(beside), "%s-shm", path);
    (void)unlink(beside);
    (void)snprintf(text, sizeof(text), "%s deleted: %s", path, why);
    wfs_packet_notice(log, text);
    log->figures.files_deleted++;
    return true;
}

int wf_packet_log_retain(struct wf_packet_log *log, int64_t keep_ns, uint64_t bytes, int64_t now_ns,
                         struct wf_err *err)
{
    int64_t *list = NULL;
    size_t count = 0;
    uint64_t sum = 0;
    int deleted = 0;
    int64_t age_now_ns;
    int rc = wfs_packet_list(log->folder, &list, &count, err);

    if (rc < 0)
        return rc == WF_ERR_ABSENT ? 0 : rc;
    age_now_ns = wfs_believed_now(list, count, now_ns);
    for (size_t i = 0; i < count; i++)
        sum += file_bytes(log, list[i]);
    for (size_t i = 0; i < count && list[i] != log->day_ns; i++) {
        bool is_old = keep_ns > 0 && list[i] + WF_NS_PER_DAY < age_now_ns - keep_ns;
        uint64_t size = file_bytes(log, list[i]);

        if (!is_old && (bytes == 0 || sum <= bytes))
            break;
        if (delete_day(log, list[i],
                       is_old ? "older than is to be kept" : "beyond the limit of bytes")) {
            deleted++;
            sum -= size;
        }
    }
    free(list);
    return deleted;
}

void wf_packet_log_figures(const struct wf_packet_log *log, struct wf_packet_log_figures *out)
{
    *out = log->figures;
    out->file_bytes = log->day_ns != 0 ? file_bytes(log, log->day_ns) : 0;
}
