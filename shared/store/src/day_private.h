/* SPDX-License-Identifier: MIT */
#ifndef WFS_DAY_PRIVATE_H
#define WFS_DAY_PRIVATE_H

/* What day.c and day_write.c share. */

#include <sys/types.h>

#include "day.h"

/*
 * Rows are described in blocks of 4,096 places of the key: enough to find a
 * range of time without an index, which would cost more than the rows.
 */
#define WFS_BLOCK_BITS 12

/* What the transaction added to one block; the file keeps the sum. */
struct wfs_block {
    int64_t number; /* of the block; -1 = nothing yet */
    int64_t rows, first_id, last_id;
    int64_t device_from, device_to, received_from, received_to;
    bool is_ordered;
};

/* One schema version in this file. */
struct wfs_table {
    const struct wfs_plan *plan;
    int64_t schema_id;
    sqlite3_stmt **inserts; /* one a part */
    uint8_t *quality;       /* scratch, one byte a parameter */
    struct wfs_block block;
    bool is_view_due; /* new in this transaction: its type's view does not show it yet */
    struct wfs_table *next;
};

struct wfs_day {
    int64_t key, start_ns;
    char path[WFS_PATH_SIZE];
    dev_t device; /* which file it was when it was opened */
    ino_t inode;
    sqlite3 *db;
    bool is_new; /* knows no positions */
    bool is_synchronous_full;
    bool is_in_transaction;
    struct wfs_wal wal;
    struct wfs_table *tables;
    struct wfs_member *members;
    struct wfs_taker *takers; /* day_take.c */
    bool is_unsynced;         /* a commit may not survive a power cut yet */
    sqlite3_stmt *insert_gap, *put_position, *put_block, *begin, *commit, *put_dirty, *take_dirty;
};

void wfs_table_free(struct wfs_table *table);

/* Tell the blocks of rows that left; before the commit. */
int wfs_takers_flush(struct wfs_day *day, struct wf_err *err);
void wfs_takers_free(struct wfs_day *day);

#endif /* WFS_DAY_PRIVATE_H */
