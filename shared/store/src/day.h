/* SPDX-License-Identifier: MIT */
#ifndef WFS_DAY_H
#define WFS_DAY_H

/*
 * Day - one day file, open for writing: the one connection that writes and
 * checkpoints it, its prepared statements and what it knows of its series.
 *
 * Used by the store_*.c files only, which decide what goes where and when. After any
 * failure a day is rolled back and closed: what it remembers of the file may
 * no longer be true.
 */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/store/gap.h>
#include <watchfloor/store/writer.h>

#include "db.h"
#include "folder.h"
#include "roll.h"
#include "series.h"
#include "wal.h"

struct wfs_day;
struct wfs_table;

/* A position as remembered by the store, for copying into a new file. */
struct wfs_known {
    struct wf_position at;
    struct wfs_rolled rolled;
    uint64_t serial; /* of the commit that wrote it: the highest is the truth */
};

/* What a series has in one file. */
struct wfs_member {
    const struct wfs_day *day;
    const struct wf_series *series;
    struct wfs_table *table;
    int64_t source_id;
    uint64_t epoch;
    int64_t epoch_id; /* -1 = not looked up yet */
    struct wfs_member *next;
};

struct wfs_day_options {
    const char *folder, *instance, *group;
    uint32_t cache_kib;
    bool is_checked; /* look through the whole file first: the last error makes it suspect */
};

/*
 * Open or make the file of that key; a sealed one is opened again.
 *   WF_ERR_CORRUPT, WF_ERR_VERSION   it is not, or no longer, what it should be
 */
int wfs_day_open(const struct wfs_day_options *options, int64_t key, struct wfs_day **out_day,
                 struct wf_err *err);
/* Close; nothing may be under way. What is in the log of changes stays there, readable. */
void wfs_day_close(struct wfs_day **day);
/*
 * Checkpoint into one file without a log and make it read-only; closes it. BUSY while somebody
 * reads it, for more than `patience_ms`, or a minute in it is dirty: it stays open.
 */
int wfs_day_seal(struct wfs_day **day, int patience_ms, struct wf_err *err);

int64_t wfs_day_key(const struct wfs_day *day);
/* The midnight that its day begins with. */
int64_t wfs_day_start(const struct wfs_day *day);
/* It knows no positions yet. */
bool wfs_day_is_new(const struct wfs_day *day);
const char *wfs_day_path_of(const struct wfs_day *day);
/* Does its path still lead to the file that is open? */
bool wfs_day_is_there(const struct wfs_day *day);
sqlite3 *wfs_day_db(const struct wfs_day *day);

int wfs_day_begin(struct wfs_day *day, bool is_synced, struct wf_err *err);
/* EXISTS: the place of the row is taken; the transaction goes on. */
int wfs_day_put(struct wfs_day *day, struct wf_series *series, const struct wf_store_sample *sample,
                struct wf_err *err);
/* Delete the row of that epoch and order from the tables of `plan`; false: it is not there. */
int wfs_day_take(struct wfs_day *day, const struct wfs_plan *plan, const struct wf_stamp *stamp,
                 bool *out_is_taken, struct wf_err *err);
/* Rows that were decoded anew or imported, added to the record of the run that began `at_ns`. */
struct wfs_change {
    const char *table; /* _redecoded, _imported: made when it is needed */
    int64_t at_ns;
    const char *source, *subsystem;
    uint64_t schema_hash;
    int64_t from_ns, to_ns; /* receive times of the first and the last */
    uint64_t rows;
};
int wfs_day_record_change(struct wfs_day *day, const struct wfs_change *change, struct wf_err *err);
int wfs_day_gap(struct wfs_day *day, const struct wf_gap *gap, struct wf_err *err);
/* So many rows more that were published are in the file, of a series that has a position in it. */
int wfs_day_count_rows(struct wfs_day *day, const char *source, const char *subsystem,
                       uint64_t rows, struct wf_err *err);
/* Write where a series stands after this transaction. */
int wfs_day_position(struct wfs_day *day, const struct wf_series *series, uint64_t serial,
                     struct wf_err *err);
/* The same for what is known from another file. */
int wfs_day_remember(struct wfs_day *day, const struct wfs_known *known, struct wf_err *err);
/* A minute whose rollups do not hold what is stored now; and when they do again. */
int wfs_day_mark_dirty(struct wfs_day *day, const struct wfs_roll *roll, int64_t minute_ns,
                       struct wf_err *err);
int wfs_day_mark_clean(struct wfs_day *day, const struct wfs_roll *roll, int64_t minute_ns,
                       struct wf_err *err);
int wfs_day_commit(struct wfs_day *day, struct wf_err *err);
/* Make everything that was committed survive a power cut; 1 when that was still to be done. */
int wfs_day_sync(struct wfs_day *day, struct wf_err *err);
void wfs_day_rollback(struct wfs_day *day);

/* Its log of changes; lives as long as the day is open. */
struct wfs_wal *wfs_day_wal(struct wfs_day *day);
void wfs_day_bytes(const struct wfs_day *day, uint64_t *out_db, uint64_t *out_wal);

#endif /* WFS_DAY_H */
