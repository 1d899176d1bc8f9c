/* SPDX-License-Identifier: MIT */
#ifndef WFS_ROLL_ROUND_H
#define WFS_ROLL_ROUND_H

/*
 * One round of work on rollups: roll_work.c says what is done when, roll_raw.c reads raw rows,
 * roll_put.c writes buckets, roll_say.c tells day files of it.
 */

#include <watchfloor/store/history.h>

#include "store.h"

#define WFS_ROUND_SERIES 64

/* What was done to one series in this round; it holds once 3 is committed. */
struct wfs_roll_done {
    struct wfs_roll *roll;
    struct wfs_rolled state;
    int64_t piles_to_ns; /* piles below are in the file */
    size_t dirt_first;   /* dirt is sorted: what is clean now comes first */
};

struct wfs_round {
    struct wf_store *store;
    struct wf_history *history; /* for raw rows; opened when needed */
    int64_t now_mono_ns;
    bool is_final;
    struct wfs_roll_done done[WFS_ROUND_SERIES];
    size_t count;
};

/* Full hours that minutes of this round belong to; few, but for a device whose clock jumps. */
struct wfs_hours {
    int64_t list[256];
    size_t count;
    bool is_full;
};

/* --- roll_raw.c: what is computed from raw rows --- */
/*
 * Compute the buckets of cleanable dirt again. Those that were are moved to the front of the
 * list: *out_count of them. The files that are touched stay few: other months wait.
 */
int wfs_round_clean(struct wfs_round *work, struct wfs_roll *roll, int64_t to_ns,
                    struct wfs_hours *hours, size_t *out_count, struct wf_err *err);
/*
 * Watch from here on. Rows that are stored already in buckets that will be watched (a clock
 * went back, or ran ahead) were not: these buckets are computed from raw.
 */
int wfs_round_go_live(struct wfs_round *work, struct wfs_roll *roll, bool is_silent,
                      struct wf_err *err);
/* Roll up raw rows that were not watched, from state.to_ns on: a portion. */
int wfs_round_catch_up(struct wfs_round *work, struct wfs_roll_done *done, struct wfs_hours *hours,
                       struct wf_err *err);

/* --- roll_put.c: what is written into rollup files --- */
/* Put the piles of from .. to; `is_raw`: they are what raw files say, not what was watched. */
int wfs_round_put(struct wfs_round *work, struct wfs_roll *roll, const struct wfs_pile *list,
                  int64_t from_ns, int64_t to_ns, bool is_raw, struct wf_err *err);
void wfs_hours_touch(struct wfs_hours *hours, int64_t time_ns);
/* Of these hours those that are whole. */
int wfs_round_put_hours(struct wfs_round *work, const struct wfs_roll *roll,
                        const struct wfs_hours *hours, const struct wfs_rolled *state,
                        struct wf_err *err);

/* --- roll_say.c --- */
/* One day file: minutes that are clean again, and in `is_main` how far rollups go. */
int wfs_round_say_in(struct wfs_round *work, int64_t key, bool is_main, struct wf_err *err);
/* Other days that say of a minute of this round that it is dirty. */
int wfs_round_say_in_others(struct wfs_round *work, int64_t main_key, struct wf_err *err);
/* It is said: what was open in memory goes. */
void wfs_round_keep(struct wfs_round *work);

#endif /* WFS_ROLL_ROUND_H */
