/* SPDX-License-Identifier: MIT */
#ifndef WFS_ROLLUP_DB_H
#define WFS_ROLLUP_DB_H

/*
 * Rollup files that are open for writing: one transaction in each, which ends only when
 * all that belongs together was put. Used by roll_*.c; the connections are, like those
 * of day files, the only ones that write and checkpoint.
 */

#include "roll.h"
#include "wal.h"

/* Around the end of a year two months and two years are written. */
#define WFS_ROLLUPS_OPEN 6

struct wfs_rollup {
    sqlite3 *db; /* NULL = free */
    enum wfs_tier tier;
    int64_t period_ns;
    uint64_t generation; /* changes when what is known of its parameters may not hold any more */
    uint64_t used;
    uint64_t used_seen; /* and when it was seen last: to tell a file that rests */
    int64_t rest_since_ns;
    bool is_in_transaction;
    struct wfs_wal wal;
    char path[WFS_PATH_SIZE];
    uint64_t device, inode; /* by which it is seen that it was removed or replaced */
    sqlite3_stmt *put, *find, *add, *begin, *commit, *series, *range, *take;
};

struct wfs_rollups {
    const char *folder, *instance, *group; /* the store's */
    uint64_t log_cap;                      /* bytes of changes beside a file that somebody holds */
    struct wfs_rollup open[WFS_ROLLUPS_OPEN];
    uint64_t generations, uses, seals;
    uint64_t rows;   /* written since create */
    bool is_suspect; /* something was damaged: look through each file when it is opened */
    struct wfs_bad_rollup {
        bool is_set;
        bool is_gone; /* not damaged: somebody removed it */
        enum wfs_tier tier;
        int64_t period_ns;
        char path[WFS_PATH_SIZE];
    } bad; /* the file that turned out to be damaged: the caller's to put away */
};

/* The file of that time, open and in a transaction. LIMIT: too many others are. */
int wfs_rollups_get(struct wfs_rollups *rollups, enum wfs_tier tier, int64_t time_ns,
                    struct wfs_rollup **out, struct wf_err *err);

/* --- rollup_put.c --- */
/* The bucket's accumulators; `is_merged`: several piles make the bucket, each adds to it. */
int wfs_rollups_put(struct wfs_rollups *rollups, struct wfs_roll *roll, const struct wfs_pile *pile,
                    bool is_merged, struct wf_err *err);
/* Take out what is there of a bucket's parameters, before piles are merged into it. */
int wfs_rollups_clear(struct wfs_rollups *rollups, struct wfs_roll *roll,
                      const struct wfs_pile *pile, struct wf_err *err);
/* The hour that begins at `hour_ns`, from its minutes. */
int wfs_rollups_put_hour(struct wfs_rollups *rollups, const struct wfs_roll *roll, int64_t hour_ns,
                         struct wf_err *err);
/* All buckets of the series from .. to, of a tier, are taken out. */
int wfs_rollups_delete(struct wfs_rollups *rollups, const struct wfs_roll *roll, enum wfs_tier tier,
                       int64_t from_ns, int64_t to_ns, struct wf_err *err);

/* --- rollup_db.c --- */
/* Commit all, synced. After a failure everything is rolled back. */
int wfs_rollups_commit(struct wfs_rollups *rollups, struct wf_err *err);
void wfs_rollups_rollback(struct wfs_rollups *rollups);
/* Close the file of this period when it is open: it is going to be deleted, or sealed. */
void wfs_rollups_release(struct wfs_rollups *rollups, enum wfs_tier tier, int64_t period_ns);
void wfs_rollups_close(struct wfs_rollups *rollups);
/* This file is damaged: it becomes `bad`. */
void wfs_rollups_blame(struct wfs_rollups *rollups, enum wfs_tier tier, int64_t period_ns,
                       const char *path);
/* Is an open file not where it was? It is closed and becomes `bad`. */
bool wfs_rollups_is_removed(struct wfs_rollups *rollups);

#endif /* WFS_ROLLUP_DB_H */
