/* SPDX-License-Identifier: MIT */
#ifndef WFS_WAL_H
#define WFS_WAL_H

/*
 * Wal - the log of changes of a database that we write: how long it is, when it is moved into the
 * file, and who keeps it from being emptied. Whoever sleeps in a transaction holds a snapshot, and a
 * log cannot be emptied of what a snapshot needs.
 */

#include "db.h"

/* How many bytes there may be by default while somebody holds them. */
#define WFS_LOG_CAP (UINT64_C(128) << 20)

struct wfs_wal {
    sqlite3 *db;
    const char *path;     /* of the database; both are the owner's */
    int pages;            /* as of the last commit */
    int pages_stuck;      /* when readers that come and go kept it from being begun anew */
    int64_t held_mono_ns; /* since when a snapshot is known to hold it; 0 = none is */
    int64_t full_mono_ns; /* when there was no room; 0 = never yet */
};

/* Begin to watch; the struct stays where it is until the database is closed. */
void wfs_wal_watch(struct wfs_wal *wal, sqlite3 *db, const char *path);
uint64_t wfs_wal_bytes(const struct wfs_wal *wal);
/* Move it into the file when it has grown to `pages`, waiting for nobody. 1 = all of it was. */
int wfs_wal_checkpoint(struct wfs_wal *wal, int pages, struct wf_err *err);
/* Move all into the file and begin it anew. BUSY: somebody reads, for longer than that. */
int wfs_wal_empty(struct wfs_wal *wal, int patience_ms, struct wf_err *err);
/*
 * May more be written? BUSY when there are `cap` bytes in it and it cannot be emptied: then not tried
 * again for a second.
 */
int wfs_wal_has_room(struct wfs_wal *wal, uint64_t cap, struct wf_err *err);
/* "PATH: 'sqlite3' (pid 4711) has held a snapshot of it while 131072 KiB were written, for 9 s" */
void wfs_wal_describe_hold(const struct wfs_wal *wal, struct wf_strbuf *text);

#endif /* WFS_WAL_H */
