/* SPDX-License-Identifier: MIT */
#ifndef WF_STORE_WRITER_H
#define WF_STORE_WRITER_H

/*
 * Store - the writing side of history: samples into SQLite day files.
 *
 * One file per UTC day of receive time, <folder>/raw/YYYY-MM-DD.db (more when somebody
 * holds a snapshot of it: YYYY-MM-DD.2.db), described in shared/store/README.md. A batch is one transaction in each day it touches, and
 * carries how far every series was read, so that a writer killed at any moment
 * goes on where the files say: nothing is lost, nothing doubled.
 *
 * A *series* is one region's line of samples. Their numbers must come ascending;
 * a number that is skipped becomes a gap row by itself, with the cause the
 * sample carries. What lies between two samples beyond that (missing packets,
 * silence, a restart, a clock jump) is found here and becomes gap rows too.
 *
 * Threads: one at a time. Exactly one store may write a folder: the caller holds
 * a lease. The store owns the only connection that writes and checkpoints.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/region.h>
#include <watchfloor/schema.h>
#include <watchfloor/store/gap.h>

struct wf_store;
struct wf_series;

struct wf_store_options {
    const char *folder;   /* <state>/history; made when missing */
    const char *instance; /* written into the files */
    const char *group;    /* group that may read; NULL or "" = the caller's own */
    uint32_t cache_kib;   /* page cache of a file; 0 = 1024 */
    /* Told once for each event a person should know (a file was set aside ...); may be NULL. */
    void (*notice)(void *context, const char *text);
    void *notice_context;
};

/* Allocates; touches no file. The caller owns *out_store. */
int wf_store_create(const struct wf_store_options *options, struct wf_store **out_store,
                    struct wf_err *err);
/* Close every file in order: checkpointed, past days sealed. Errors at this point are dropped. */
void wf_store_destroy(struct wf_store **store);

/* The three kinds of files: rows per day, rollups per minute and per hour. */
enum wf_store_tier { WF_STORE_RAW, WF_STORE_MINUTE, WF_STORE_HOUR, WF_STORE_TIERS };

/*
 * How much is kept, by tier: the oldest files are deleted, whole, and recorded (table _deleted and
 * gaps of cause `retention`). What is being written stays. 0: no limit. May change at any time.
 * A clock that leapt ahead makes nothing old before there are files of three days behind the leap.
 */
struct wf_store_retention {
    int64_t keep_ns[WF_STORE_TIERS];    /* a file that ended longer ago */
    uint64_t bytes_max[WF_STORE_TIERS]; /* of all files of the tier together */
};
void wf_store_keep(struct wf_store *store, const struct wf_store_retention *retention);

/*
 * How many bytes of changes there may be beside a day file (its -wal) while somebody holds a snapshot of it: then
 * another part of the day is begun (2026-11-20.2.db), and the file is left to them. It may be
 * exceeded by one batch, and by what cleaning rollups writes. 0: 128 MiB. May change at any time.
 */
void wf_store_limit_log(struct wf_store *store, uint64_t bytes);

/* How far a series was stored. */
struct wf_position {
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    uint64_t schema_hash;
    int64_t region_created_ns; /* the region whose numbers these are */
    uint64_t next;             /* number wanted next */
    uint64_t epoch;
    int64_t last_device_ns, last_received_ns;
    bool is_complete; /* the region ended there */
};

/*
 * Read what earlier lives stored. Must have succeeded once before anything is
 * written; may be called again when it failed (no folder, not permitted, disk full).
 */
int wf_store_recover(struct wf_store *store, struct wf_err *err);
/* The newest position of each source and subsystem; borrowed, until the next call into the store. */
size_t wf_store_positions(const struct wf_store *store, const struct wf_position **out_list);

/*
 * The series of one region: `source`, its schema (copied), when the region was made.
 * Asked again with the same three, the same series. The store owns it.
 *   is_tail_unknown   the predecessor of this region was not read to its end
 */
int wf_store_series(struct wf_store *store, const char *source, const struct wf_schema *schema,
                    int64_t region_created_ns, bool is_tail_unknown, struct wf_series **out_series,
                    struct wf_err *err);
/* Number wanted next. */
uint64_t wf_series_next(const struct wf_series *series);
/* Its copy of the schema, which lives as long as the store. */
const struct wf_schema *wf_series_schema(const struct wf_series *series);

struct wf_store_sample {
    struct wf_series *series;
    struct wf_stamp stamp;
    enum wf_gap_cause lost_cause; /* should numbers before it be missing */
    const void *payload;          /* schema->payload_bytes; borrowed during the call */
    bool is_thinned;              /* not wanted: counted instead of stored; payload may be NULL */
    /* wf_store_insert: the times before lost_before packets are missing; 0 = not known. */
    int64_t before_device_ns, before_received_ns;
};

/*
 * Store a batch, in order. Returns 0 when all of it is committed. Otherwise a
 * part may be (whole transactions): call again with the same batch when the cause is
 * gone; what was stored is skipped. `is_synced` makes the commits survive a power cut.
 *   WF_ERR_NOSPACE   disk full, or a file-size limit
 *   WF_ERR_DENIED    read-only, or not permitted
 *   WF_ERR_BUSY      another process locks the file
 *   WF_ERR_CORRUPT   a file contradicted itself; it is set aside by the next call
 */
int wf_store_write(struct wf_store *store, const struct wf_store_sample *const *samples,
                   size_t count, bool is_synced, struct wf_err *err);

/* --- outside of the live path: import, decoding anew, salvage ------------------------------ */

struct wf_store_inserted {
    uint64_t rows;       /* stored */
    uint64_t imported;   /* of these with WF_SAMPLE_IMPORTED */
    uint64_t duplicates; /* left out: a row with that epoch and order is there */
};
/*
 * Store samples with the stamps they have, in any order of numbers and times, into the days of
 * their receive times. `series` is one of a region that never was (region_created_ns 0), or
 * a live one: positions are untouched. (epoch, order) is what tells rows apart: give
 * an import an epoch of its own. One transaction a day; counts are added up as far as they came.
 * Rollups follow by themselves. Rows with WF_SAMPLE_IMPORTED are written down in the day
 * file (_imported) under `at_ns`, when the import began; others were published once and await
 * wf_store_found. Packets missing or rejected before a row make gaps, as live.
 */
int wf_store_insert(struct wf_store *store, struct wf_series *series, int64_t at_ns,
                    const struct wf_store_sample *const *samples, size_t count,
                    struct wf_store_inserted *inout_counts, struct wf_err *err);

struct wf_store_replaced {
    uint64_t rows;    /* replaced */
    uint64_t missing; /* left alone: there is no row of `old` with that epoch and order */
};
/*
 * Put samples in the place of the rows with their epoch and order, which are of schema `old`, and move
 * them to the schema of `series`. One transaction a day: a row is there in one form or the other,
 * never in both. Written down in the day file (_redecoded) under `at_ns`, when the run began.
 * Rollups follow by themselves.
 */
int wf_store_replace(struct wf_store *store, struct wf_series *series, const struct wf_schema *old,
                     int64_t at_ns, const struct wf_store_sample *const *samples, size_t count,
                     struct wf_store_replaced *inout_counts, struct wf_err *err);

/*
 * Rows of a day file that was set aside were found again and inserted: the gaps that told of
 * them (`file_corrupt` and `import_lost`, of the day that begins at `day_ns`) shrink by as many, and
 * what was published counts as stored again.
 */
int wf_store_found(struct wf_store *store, const char *source, const char *subsystem,
                   int64_t day_ns, const struct wf_store_inserted *found, struct wf_err *err);

/*
 * Rows changed beneath their rollups, or rollups are not to be trusted: make those of a series
 * (NULL = any) anew from raw rows, from the hour of `from_ns` on (INT64_MIN = all). What is claimed of them is
 * taken back before anything is deleted. wf_store_tidy does the work, or wf_store_settle.
 */
int wf_store_rebuild(struct wf_store *store, const char *source, const char *subsystem,
                     int64_t from_ns, struct wf_err *err);
/*
 * Do all that is left to do about rollups, now; for programs that have nothing else to do.
 * `go_on` (may be NULL) is told how many buckets were written; false ends it early.
 */
int wf_store_settle(struct wf_store *store, bool (*go_on)(void *context, uint64_t rows),
                    void *context, struct wf_err *err);

/*
 * The regions of these series were read to their end and their writers stopped in
 * order: should they be made anew, nothing is missing in between.
 */
int wf_store_complete(struct wf_store *store, struct wf_series *const *series, size_t count,
                      struct wf_err *err);

/* Make all that was committed survive a power cut. Nothing to do after a synced batch. */
int wf_store_sync(struct wf_store *store, struct wf_err *err);

/*
 * Housekeeping, outside of commits: checkpoint when due, rollups of what is over, seal a day
 * that is over, delete what is not kept any longer.
 * Call about once a second, with nothing urgent waiting.
 */
int wf_store_tidy(struct wf_store *store, int64_t now_mono_ns, struct wf_err *err);

struct wf_store_figures {
    uint64_t rows, batches; /* stored, transactions, since create */
    uint64_t syncs;         /* commits of rows that waited for the disk */
    uint64_t lost;          /* published samples that became gaps */
    uint64_t thinned;       /* published samples that were not wanted */
    uint64_t gap_rows;
    uint64_t errors; /* failed attempts */
    uint64_t checkpoints, files_sealed, files_deleted;
    uint64_t files_left; /* parts of days that somebody holds or held, not sealed yet */
    uint64_t tier_bytes[WF_STORE_TIERS];    /* of all files, as of the last look (every 10 s) */
    uint64_t deleted_bytes[WF_STORE_TIERS]; /* of the files that were */
    uint64_t db_bytes, wal_bytes;           /* of the open files */
    bool is_rolling_failed;                 /* rollups cannot be written; rows are */
    bool is_clock_doubted;                  /* it leapt ahead: nothing is deleted by age for now */
};
void wf_store_figures(const struct wf_store *store, struct wf_store_figures *out);

#endif /* WF_STORE_WRITER_H */
