/* SPDX-License-Identifier: MIT */
/*
 * What day files say of rollups: the last step of a round (see roll_work.c for the order), and what
 * is to be said elsewhere when a file is left.
 */

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
            if (done->roll->dirt[k].key == wfs_day_key(day))
                rc = wfs_day_mark_clean(day, done->roll, done->roll->dirt[k].minute_ns, err);
        }
    }
    return rc;
}

int wfs_round_say_in(struct wfs_round *work, int64_t key, bool is_main, struct wf_err *err)
{
    struct wfs_slot *slot = NULL;
    int rc = wfs_days_get(work->store, key, &slot, err);

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

int wfs_round_say_in_others(struct wfs_round *work, int64_t main_key, struct wf_err *err)
{
    int64_t seen[64];
    size_t count = 0;
    int rc = 0;

    for (size_t i = 0; i < work->count; i++) {
        for (size_t k = 0; rc == 0 && k < work->done[i].dirt_first; k++) {
            int64_t key = work->done[i].roll->dirt[k].key;
            bool is_seen = key == main_key || key == WF_TIME_NONE;

            for (size_t s = 0; s < count; s++)
                is_seen = is_seen || seen[s] == key;
            if (is_seen)
                continue;
            if (count == sizeof(seen) / sizeof(seen[0]))
                return 0; /* said again with the next round of that series: nothing is wrong */
            seen[count++] = key;
            rc = wfs_round_say_in(work, key, false, err);
        }
    }
    return rc;
}

/* --- a file that is left ------------------------------------------------------------------ */

static int mark_again(struct wf_store *store, int64_t from_key, struct wfs_day *to,
                      struct wf_err *err)
{
    int rc = wfs_day_begin(to, true, err);

    for (struct wfs_roll *roll = store->rolls; rc == 0 && roll != NULL; roll = roll->next) {
        size_t count = roll->dirt_count; /* it grows at its end */

        for (size_t i = 0; rc == 0 && i < count; i++) {
            int64_t minute_ns = roll->dirt[i].minute_ns;

            if (roll->dirt[i].key != from_key ||
                wfs_roll_is_dirty(roll, minute_ns, wfs_day_key(to)))
                continue;
            rc = wfs_day_mark_dirty(to, roll, minute_ns, err);
            if (rc == 0)
                rc = wfs_roll_mark(roll, minute_ns, wfs_day_key(to), err);
        }
        wfs_roll_commit(roll);
    }
    return rc == 0 ? wfs_day_commit(to, err) : rc;
}

int wfs_rolls_carry_dirt(struct wf_store *store, struct wfs_day *from, struct wfs_day *to,
                         struct wf_err *err)
{
    int64_t key = wfs_day_key(from);
    bool is_any = false;
    int rc;

    for (const struct wfs_roll *roll = store->rolls; roll != NULL; roll = roll->next) {
        for (size_t i = 0; i < roll->dirt_count; i++)
            is_any = is_any || roll->dirt[i].key == key;
    }
    if (!is_any)
        return 0;
    /* Said twice in between, never not at all. */
    rc = mark_again(store, key, to, err);
    if (rc == 0)
        rc = wfs_day_begin(from, false, err);
    if (rc == 0)
        rc = wfs_exec(wfs_day_db(from), err, "DELETE FROM _dirty");
    if (rc == 0)
        rc = wfs_day_commit(from, err);
    for (struct wfs_roll *roll = store->rolls; rc == 0 && roll != NULL; roll = roll->next)
        wfs_roll_unmark(roll, key);
    return rc;
}

/* --- what is in memory -------------------------------------------------------------------- */

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
