/* SPDX-License-Identifier: MIT */
#ifndef WFS_STORE_H
#define WFS_STORE_H

/* What the files of the store's writing side share. */

#include "day.h"
#include "ledger.h"
#include "rollup_db.h"
#include "spans.h"

/* Two days are open at once around midnight; a third closes the one used longest ago. */
#define WFS_DAYS_OPEN 2

struct wfs_slot {
    struct wfs_day *day; /* NULL = free */
    bool takes_rows;     /* the last part of its day */
    uint64_t used;       /* by the store's clock of uses */
    uint64_t writes; /* and how many there were when it was looked last: to tell a day that rests */
    uint64_t writes_seen;
    int64_t rest_since_ns;
    struct wfs_ledger ledger;
};

/* A file that must be looked through before it is written again, and what was in it. */
struct wfs_suspect {
    bool is_set;
    int64_t key;
    struct wfs_ledger ledger;
};

/* What the last look at the files of a tier saw. */
struct wfs_kept {
    uint64_t bytes;
    bool is_near; /* to the limit of bytes */
    bool is_over_told;
};

struct wf_store {
    char folder[WFS_PATH_SIZE];
    char instance[64];
    char group[64];
    struct wf_store_options options;
    bool is_recovered;

    struct wfs_known *known;       /* positions of all series ever seen, the newest of each */
    struct wf_position *positions; /* the same for the caller */
    size_t known_count, known_capacity;
    uint64_t serial; /* of the last commit */

    struct wfs_plan_entry {
        struct wfs_plan *plan;
        struct wfs_plan_entry *next;
    } * plans;
    struct wf_series *series;
    struct wf_series *touched; /* by the transaction under way */

    struct wfs_slot slots[WFS_DAYS_OPEN];
    uint64_t uses, passes, tidies;

    struct wfs_roll *rolls, *roll_next; /* whose turn it is */
    struct wfs_rollups rollups;
    struct wf_store_retention retention;
    struct wfs_kept kept[WF_STORE_TIERS];
    uint64_t log_cap; /* bytes of changes beside a day file, before another part is begun */
    int checkpoint_pages;
    int64_t sealing_key; /* the file that was tried last */
    int64_t limit_told_key;
    int64_t kept_mono_ns;  /* last look */
    int64_t raw_from_ns;   /* raw rows before may have been deleted */
    int64_t roll_retry_ns; /* monotonic: rollups failed; not before then again */
    bool is_keeping_failed;
    struct wfs_suspect suspect;
    struct wf_gap *owed; /* of a file set aside: to be written with the next batch */
    size_t owed_count;

    struct wfs_span_list spans; /* of sealed day files, for readers */
    bool are_spans_loaded, are_spans_left, is_span_list_new;

    struct wf_store_figures figures;
};

void wfs_notice(const struct wf_store *store, const char *format, ...) WF_PRINTF(2, 3);

/* spans_keep.c: now and then, what sealed day files hold, for readers */
void wfs_spans_keep(struct wf_store *store);

/* store_known.c: positions */
/* Keep `at` when it is newer than what is known of that source and subsystem. */
int wfs_known_keep(struct wf_store *store, const struct wf_position *at,
                   const struct wfs_rolled *rolled, uint64_t serial, struct wf_err *err);
const struct wfs_known *wfs_known_find(const struct wf_store *store, const char *source,
                                       const char *subsystem);
/* Read the positions of one file into what is known. */
int wfs_known_read(struct wf_store *store, sqlite3 *db, struct wf_err *err);

/* roll_list.c, roll_work.c: rollups */
/* The roll of a source's subsystem; made when there is none. NULL without memory. */
struct wfs_roll *wfs_rolls_get(struct wf_store *store, const char *source, const char *subsystem);
/* Rolls of all that is known, after recovery; and their dirty minutes from the file of that key. */
int wfs_rolls_begin(struct wf_store *store, struct wf_err *err);
int wfs_rolls_read_dirty(struct wf_store *store, sqlite3 *db, int64_t key, struct wf_err *err);
/*
 * Write what is over, catch up, clean what is dirty: a bounded amount; 1 when there was something.
 * Never between put and commit.
 */
int wfs_rolls_work(struct wf_store *store, int64_t now_mono_ns, bool is_final, struct wf_err *err);
void wfs_rolls_free(struct wf_store *store);
/* A rollup file is damaged: put it away, claim nothing of it, make it again from raw rows. */
int wfs_rolls_replace(struct wf_store *store, struct wf_err *err);

/* A file is left: what it says of dirty minutes is said by another one from now on. */
int wfs_rolls_carry_dirt(struct wf_store *store, struct wfs_day *from, struct wfs_day *to,
                         struct wf_err *err);

/* store_write.c */
/* A row was put: into its bucket, or its minute is dirty. */
int wfs_roll_up(struct wfs_slot *slot, const struct wf_store_sample *sample, struct wf_err *err);

/* rollup_seal.c */
/* Seal one file of a time that is over: 1 did so, 0 there is none. Now and then, like days. */
int wfs_rollups_seal_one(struct wf_store *store, int64_t now_mono_ns, struct wf_err *err);
/* At the end: close all, and seal what can be in two seconds. */
void wfs_rollups_seal_all(struct wf_store *store);

/* retention.c */
/* The starts of all files of a tier; the caller frees the list. */
int wfs_retention_periods(struct wf_store *store, enum wf_store_tier tier, int64_t **out_list,
                          size_t *out_count, struct wf_err *err);
/* 1: it looked. 0: it is not time to. */
int wfs_retention_work(struct wf_store *store, int64_t now_mono_ns, struct wf_err *err);
/* What a day file tells of raw files that were deleted. */
int wfs_retention_read(struct wf_store *store, sqlite3 *db, struct wf_err *err);

/* store.c */
/* The store's plan of a schema version. */
int wfs_store_plan(struct wf_store *store, const struct wf_schema *schema,
                   const struct wfs_plan **out, struct wf_err *err);

/* store_days.c: open files */
/* Write what is known of all series into that file, in a transaction. */
int wfs_days_remember(struct wf_store *store, struct wfs_day *day, struct wf_err *err);
/* The file of that key, open; opened, and made, when needed. */
int wfs_days_get(struct wf_store *store, int64_t key, struct wfs_slot **out_slot,
                 struct wf_err *err);
/* After a failure `rc`: roll back and close; the file is looked through when it may be damaged. */
void wfs_days_drop(struct wf_store *store, struct wfs_slot *slot, int rc);
/* Close in order; one that nothing is added to any more is sealed when nobody reads it. */
void wfs_days_close(struct wf_store *store, struct wfs_slot *slot);
/* The latest of the open files that take rows, or of all; NULL when none is open. */
struct wfs_slot *wfs_days_newest(struct wf_store *store);
/* Committed: without memory for it only a damaged file counts less. */
void wfs_slot_note(struct wfs_slot *slot, const char *source, const char *subsystem,
                   uint64_t published, uint64_t imported);
void wfs_slot_note_gaps(struct wfs_slot *slot, const struct wf_gap *gaps, size_t count);
/* Rename a damaged file out of the way; what was in it becomes owed gaps as far as it is known. */
int wfs_days_set_aside(struct wf_store *store, int64_t key, const char *why, struct wf_err *err);
/* Is the open file still the one at its path? Otherwise what was in it is owed as gaps. */
void wfs_days_notice_removal(struct wf_store *store, struct wfs_slot *slot);

/* store_parts.c: days of several files */
/*
 * The file that takes rows of the day that begins at `day_ns`: its last part, or one more when
 * somebody's snapshot kept the log of changes of that from being emptied below its cap.
 */
int wfs_days_of(struct wf_store *store, int64_t day_ns, struct wfs_slot **out_slot,
                struct wf_err *err);
/* BUSY: as much was written beside the file as may be, and somebody holds it. */
int wfs_days_has_room(struct wf_store *store, struct wfs_slot *slot, struct wf_err *err);
/* Its day is over, and a while has passed. */
bool wfs_days_is_over(int64_t key);
/* Is nothing added to the file any more, because its day has a later part? */
bool wfs_days_is_left(const struct wf_store *store, int64_t key);
/* Files that were left to those who held them, and are not sealed yet. */
size_t wfs_days_count_left(const struct wfs_day_file *files, size_t count);
/* Seal one file that nothing is added to any more, and that no slot holds open. */
void wfs_days_seal_one(struct wf_store *store);

#endif /* WFS_STORE_H */
