/* SPDX-License-Identifier: MIT */
/* The last step of a round: day files say what rollups hold. See roll_work.c for the order. */

#include "roll_round.h"

#include <stdlib.h>
#include <string.h>

static int put_states(struct wfs_round *work, struct wfs_day *day, struct wf_err *err)
{
    struct wf_store *store = work->store;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < work->count; i++) {
        const struct wfs_roll *roll = work->done[i].roll;
        const struct wfs_known *known = wfs_known_find(store, roll->source, roll->subsystem);
        struct wfs_known now;

        if (known == NULL)
            continue;
        now = *known;
        now.rolled = work->done[i].state;
        now.serial = store->serial + 1;
        rc = wfs_day_remember(day, &now, err);
    }
    return rc;
}

static int put_clean(struct wfs_round *work, struct wfs_day *day, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; i < work->count; i++) {
        const struct wfs_roll_done *done = &work->done[i];

        for (size_t k = 0; rc == 0 && k < done->dirt_first; k++) {
            if (done->roll->dirt[k].day_ns == wfs_day_start(day))
                rc = wfs_day_mark_clean(day, done->roll, done->roll->dirt[k].minute_ns, err);
        }
    }
    return rc;
}

int wfs_round_say_in(struct wfs_round *work, int64_t day_ns, bool is_main, struct wf_err *err)
{
    struct wfs_slot *slot = NULL;
    int rc = wfs_days_get(work->store, day_ns, &slot, err);

    if (rc < 0)
        return rc;
    rc = wfs_day_begin(slot->day, false, err);
    if (rc == 0)
        rc = put_clean(work, slot->day, err);
    if (rc == 0 && is_main)
        rc = put_states(work, slot->day, err);
    if (rc == 0)
        rc = wfs_day_commit(slot->day, err);
    if (rc < 0)
        wfs_days_drop(work->store, slot, rc);
    return rc;
}

int wfs_round_say_in_others(struct wfs_round *work, int64_t main_ns, struct wf_err *err)
{
    int64_t seen[64];
    size_t count = 0;
    int rc = 0;

    for (size_t i = 0; i < work->count; i++) {
        for (size_t k = 0; rc == 0 && k < work->done[i].dirt_first; k++) {
            int64_t day_ns = work->done[i].roll->dirt[k].day_ns;
            bool is_seen = day_ns == main_ns || day_ns == WF_TIME_NONE;

            for (size_t s = 0; s < count; s++)
                is_seen = is_seen || seen[s] == day_ns;
            if (is_seen)
                continue;
            if (count == sizeof(seen) / sizeof(seen[0]))
                return 0; /* said again with the next round of that series: nothing is wrong */
            seen[count++] = day_ns;
            rc = wfs_round_say_in(work, day_ns, false, err);
        }
    }
    return rc;
}

static void drop_piles(struct wfs_roll *roll, int64_t below_ns)
{
    struct wfs_pile **at = &roll->piles;

    while (*at != NULL) {
        struct wfs_pile *pile = *at;

        if (pile->start_ns >= below_ns) {
            at = &pile->next;
            continue;
        }
        *at = pile->next;
        roll->pile_count--;
        roll->pile_rows -= pile->rows;
        free(pile);
    }
}

void wfs_round_keep(struct wfs_round *work)
{
    struct wf_store *store = work->store;

    store->serial++;
    for (size_t i = 0; i < work->count; i++) {
        struct wfs_roll_done *done = &work->done[i];
        struct wfs_roll *roll = done->roll;
        const struct wfs_known *known = wfs_known_find(store, roll->source, roll->subsystem);

        roll->state = done->state;
        if (done->piles_to_ns != 0)
            drop_piles(roll, done->piles_to_ns);
        if (done->dirt_first > 0) {
            roll->dirt_count -= done->dirt_first;
            memmove(roll->dirt, roll->dirt + done->dirt_first,
                    roll->dirt_count * sizeof(*roll->dirt));
            roll->dirt_kept = roll->dirt_count;
            roll->cleaned_mono_ns = work->now_mono_ns;
        }
        if (known != NULL)
            (void)wfs_known_keep(store, &known->at, &roll->state, store->serial, NULL);
    }
}
