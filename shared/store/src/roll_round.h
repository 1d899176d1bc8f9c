/* SPDX-License-Identifier: MIT */
#ifndef WFS_ROLL_ROUND_H
#define WFS_ROLL_ROUND_H

/* One round of work on rollups: what roll_work.c does, roll_say.c writes into day files. */

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

/* One day file: minutes that are clean again, and in `is_main` how far rollups go. */
int wfs_round_say_in(struct wfs_round *work, int64_t day_ns, bool is_main, struct wf_err *err);
/* Other days that say of a minute of this round that it is dirty. */
int wfs_round_say_in_others(struct wfs_round *work, int64_t main_ns, struct wf_err *err);
/* It is said: what was open in memory goes. */
void wfs_round_keep(struct wfs_round *work);

#endif /* WFS_ROLL_ROUND_H */
