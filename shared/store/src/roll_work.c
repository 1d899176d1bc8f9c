/* SPDX-License-Identifier: MIT */
/*
 * Work on rollups, a bounded amount at a time and never while a transaction of rows is
 * under way. One round:
 *
 *   1. rows: what was committed to day files is made to survive a power cut;
 *   2. rollups: buckets that are over, from piles or from raw files, and the hours that
 *      minutes complete, in one transaction of each file, synced;
 *   3. day files: how far rollups go now, and which minutes are clean again.
 *
 * Whatever ends us in between, a round that was not finished is done again with the same
 * result: what is written in 2 replaces what was there, and 3 comes last.
 */

#include "roll_round.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/store/history.h>

/* How long a round may begin with another series. */
#define ROUND_NS (15 * WF_NS_PER_MS)
/* Buckets are written together: each parameter's lie on pages of their own. */
#define FLUSH_NS (3600 * WF_NS_PER_S)
/* Sooner when so many rows would have to be read again after a kill. */
#define FLUSH_ROWS 20000
/* Nothing came for so long: the newest bucket is over as well. */
#define SILENT_NS (120 * WF_NS_PER_S)

static int64_t oldest_pile(const struct wfs_roll *roll)
{
    int64_t oldest = INT64_MAX;

    for (const struct wfs_pile *pile = roll->piles; pile != NULL; pile = pile->next) {
        if (pile->start_ns < oldest)
            oldest = pile->start_ns;
    }
    return oldest;
}

/* Nothing of this kind came while rollups are due every hour: it needs no minutes. */
static void judge_rate(struct wfs_roll *roll, int64_t to_ns)
{
    uint64_t rows = 0, minutes = 0;

    if (roll->is_rate_known)
        return;
    for (const struct wfs_pile *pile = roll->piles; pile != NULL; pile = pile->next) {
        if (pile->start_ns >= to_ns)
            continue;
        rows += pile->rows;
        minutes++;
    }
    if (minutes == 0)
        return;
    roll->is_rate_known = true;
    if (rows >= 10 * minutes)
        return;
    roll->is_slow = true;
    roll->state.minute_from = WF_TIME_NONE;
    wfs_roll_reset(roll);
}

static bool is_flush_due(const struct wfs_round *work, const struct wfs_roll *roll, int64_t over_ns,
                         bool is_silent)
{
    int64_t oldest = oldest_pile(roll);

    if (oldest >= over_ns)
        return false;
    return work->is_final || is_silent || roll->pile_rows >= FLUSH_ROWS ||
           over_ns - oldest >= FLUSH_NS;
}

/* What is to be done for one series; adds to work->done when something was. */
static int work_on(struct wfs_round *work, struct wfs_roll *roll, struct wf_err *err)
{
    struct wfs_roll_done done = { .roll = roll };
    bool is_silent = work->now_mono_ns - roll->changed_mono_ns >= SILENT_NS;
    struct wfs_hours hours = { .count = 0 };
    int64_t over_ns = WFS_ALWAYS;
    int rc = 0;

    if (roll->added != roll->added_seen || roll->changed_mono_ns == 0) {
        roll->added_seen = roll->added;
        roll->changed_mono_ns = work->now_mono_ns;
        is_silent = false;
    }
    /* Of what never had rollups nothing begins before rows come. */
    if (roll->state.hour_from == WF_TIME_NONE && !wfs_roll_has_votes(roll))
        return 0;
    if (roll->live_ns == WFS_NOT_LIVE)
        rc = wfs_round_go_live(work, roll, is_silent, err);
    done.state = roll->state;
    if (rc < 0) {
        return rc;
    } else if (roll->live_ns != WFS_NOT_LIVE && roll->state.to_ns < roll->live_ns) {
        rc = wfs_round_catch_up(work, &done, &hours, err);
    } else if (roll->live_ns != WFS_NOT_LIVE) {
        over_ns = wfs_roll_over_to(roll, is_silent);
        if (over_ns > roll->state.to_ns && is_flush_due(work, roll, over_ns, is_silent)) {
            judge_rate(roll, over_ns);
            if (roll->live_ns == WFS_NOT_LIVE)
                return 0; /* it begins anew, by the hour */
            rc = wfs_round_put(work, roll, roll->piles, roll->state.to_ns, over_ns, false, err);
            for (const struct wfs_pile *pile = roll->piles; pile != NULL; pile = pile->next) {
                if (pile->start_ns < over_ns)
                    wfs_hours_touch(&hours, pile->start_ns);
            }
            done.state.to_ns = done.piles_to_ns = over_ns;
        }
    }
    if (rc == 0 && roll->dirt_count > 0)
        rc = wfs_round_clean(work, roll, done.state.to_ns, &hours, &done.dirt_first, err);
    /* The hour in which the last round ended is whole now, perhaps. */
    if (rc == 0 && done.state.to_ns != roll->state.to_ns && roll->state.to_ns != WFS_ALWAYS)
        wfs_hours_touch(&hours, roll->state.to_ns);
    if (rc == 0)
        rc = wfs_round_put_hours(work, roll, &hours, &done.state, err);
    if (rc == 0 && (done.state.to_ns != roll->state.to_ns || done.dirt_first > 0))
        work->done[work->count++] = done;
    return rc;
}

/* --- a round ---------------------------------------------------------------------------------------- */

static int finish(struct wfs_round *work, struct wf_err *err)
{
    struct wf_store *store = work->store;
    struct wfs_slot *slot = wfs_days_newest(store);
    int64_t main_key;
    int rc;

    if (slot == NULL) {
        wfs_rollups_rollback(&store->rollups);
        return 0;
    }
    main_key = wfs_day_key(slot->day);
    rc = wf_store_sync(store, err);
    if (rc == 0)
        rc = wfs_rollups_commit(&store->rollups, err);
    if (rc == 0)
        rc = wfs_round_say_in_others(work, main_key, err);
    if (rc == 0)
        rc = wfs_round_say_in(work, main_key, true, err);
    if (rc == 0)
        wfs_round_keep(work);
    else
        wfs_rollups_rollback(&store->rollups);
    return rc;
}

int wfs_rolls_work(struct wf_store *store, int64_t now_mono_ns, bool is_final, struct wf_err *err)
{
    struct wfs_round work = { .store = store, .now_mono_ns = now_mono_ns, .is_final = is_final };
    int64_t until_ns = wf_mono_now_ns() + (is_final ? WF_NS_PER_S : ROUND_NS);
    struct wfs_roll *first = store->roll_next != NULL ? store->roll_next : store->rolls;
    struct wfs_roll *roll = first, *last;
    int rc = 0;

    if (first == NULL || wfs_days_newest(store) == NULL)
        return 0;
    /* What day files say of a file that is not there any more is not so. */
    if (wfs_rollups_is_removed(&store->rollups))
        return wfs_rolls_replace(store, err);
    do {
        last = roll;
        rc = work_on(&work, roll, err);
        roll = roll->next != NULL ? roll->next : store->rolls;
        if (rc == WF_ERR_LIMIT) {
            /* Times all over the place: more files than are open at once. Month by month, then. */
            wfs_roll_reset(last);
            rc = 0;
            break;
        }
    } while (rc == 0 && roll != first && work.count < WFS_ROUND_SERIES &&
             (work.count == 0 || wf_mono_now_ns() < until_ns));
    store->roll_next = roll;
    wf_history_close(&work.history);
    if (rc == 0 && work.count > 0)
        rc = finish(&work, err);
    if (rc < 0 || work.count == 0)
        wfs_rollups_rollback(&store->rollups);
    if (rc == WF_ERR_CORRUPT)
        store->rollups.is_suspect = true; /* which one it is shows when it is opened again */
    if (rc < 0 && store->rollups.bad.is_set)
        return wfs_rolls_replace(store, err);
    return rc < 0 ? rc : work.count > 0;
}
