/* SPDX-License-Identifier: MIT */
#ifndef WFS_PACKET_LOG_PRIVATE_H
#define WFS_PACKET_LOG_PRIVATE_H

/* What the files of the packet log's writer share: packet_log*.c alone. */

#include <watchfloor/store/packet_log.h>

#include "packet_file.h"
#include "wal.h"

#define WFS_PACKET_NAMES_MAX 256

/* A name and its row: so many are remembered. */
struct wfs_packet_name {
    char *text;
    int64_t id;
};

struct wf_packet_log {
    char *folder, *instance, *group;
    struct wf_packet_log_options options;
    bool is_recovered, is_suspect, is_unsynced;
    uint64_t serial;
    size_t
        unclear_count; /* entries of a commit that failed: the file says whether they are there */

    int64_t key;        /* of the file that is open, or was last; 0 = none was */
    bool takes_packets; /* it is the last part of its day */
    bool has_left;      /* earlier parts may still have a log of changes */
    uint64_t log_cap, looks;
    char path[WFS_PATH_SIZE];
    sqlite3 *db;
    sqlite3_stmt *insert, *put_block, *insert_gap, *put_position, *put_name, *put_epoch;
    struct wfs_wal wal;
    int64_t next_id, last_ns;
    uint64_t epoch;
    int64_t epoch_id;
    struct wfs_packet_name names[WFS_PACKET_NAMES_MAX];
    size_t name_count;
    uint64_t kept_bytes; /* of all files, at the last look of retention */
    bool is_over_told;
    struct wf_packet_log_figures figures;
};

/* --- packet_log_file.c ------------------------------------------------------------------------ */

/* Open the file of that key, if it is not open already; damaged ones are set aside. */
int wfs_packet_open_file(struct wf_packet_log *log, int64_t key, struct wf_err *err);
void wfs_packet_close_file(struct wf_packet_log *log);
void wfs_packet_forget_names(struct wf_packet_log *log);
void wfs_packet_notice(const struct wf_packet_log *log, const char *text);

/* --- packet_log_parts.c ----------------------------------------------------------------------- */

/* Open the file that takes packets of that day: its last part, or one more. */
int wfs_packet_open_day(struct wf_packet_log *log, int64_t day_ns, struct wf_err *err);
/* Empty logs of changes of parts that nobody holds any more; now and then. */
void wfs_packet_settle_left(struct wf_packet_log *log);

#endif /* WFS_PACKET_LOG_PRIVATE_H */
