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
/* Late rows come in groups: a dirty minute rests before it is computed again. */
#define DIRT_REST_NS (30 * WF_NS_PER_S)
/* Rows read from raw files in one go. */
#define WALK_ROWS 20000

static bool is_same_period(int64_t a, int64_t b)
{
    return wfs_period_start(WFS_TIER_MINUTE, a) == wfs_period_start(WFS_TIER_MINUTE, b);
}

/* --- raw rows ------------------------------------------------------------------------------ */

static int open_history(struct wfs_round *work, struct wf_err *err)
{
    return work->history != NULL ? 0 : wf_history_open(work->store->folder, &work->history, err);
}

/*
 * Pile up the raw rows from .. to. *out_reached: all buckets below are whole; less than `to`
 * when there were `rows_max` rows, or another month begins.
 */
static int walk_raw(struct wfs_round *work, const struct wfs_roll *roll, int64_t from_ns,
                    int64_t to_ns, uint64_t rows_max, struct wfs_pile **piles, int64_t *out_reached,
                    struct wf_err *err)
{
    const struct wf_history_query query = {
        .range = { from_ns > WFS_ROLLUP_FROM_NS ? from_ns : WFS_ROLLUP_FROM_NS,
                   to_ns < WFS_ROLLUP_TO_NS ? to_ns : WFS_ROLLUP_TO_NS, false },
        .source = roll->source,
        .subsystem = roll->subsystem,
    };
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    const struct wf_schema *schema = NULL;
    const struct wfs_plan *plan = NULL;
    int64_t bucket_ns = WF_TIME_NONE;
    uint64_t rows = 0;
    int rc = open_history(work, err);

    *out_reached = to_ns;
    if (rc == WF_ERR_ABSENT)
        return 0; /* no files */
    if (rc == 0)
        rc = wf_history_select(work->history, &query, &cursor, err);
    while (rc == 0 && (rc = wf_history_next(cursor, &row, err)) == 0) {
        int64_t start_ns = wfs_bucket_start(wfs_roll_base(roll), row.time_ns);
        struct wfs_pile *pile = NULL;

        if (start_ns != bucket_ns && bucket_ns != WF_TIME_NONE && rows_max != UINT64_MAX &&
            (rows >= rows_max || !is_same_period(start_ns, bucket_ns))) {
            *out_reached = start_ns;
            break;
        }
        bucket_ns = start_ns;
        rows++;
        if (row.schema != schema) {
            rc = wfs_store_plan(work->store, row.schema, &plan, err);
            schema = row.schema;
        }
        if (rc == 0)
            rc = wfs_pile_get(piles, start_ns, plan->schema, plan->meters, &pile, err);
        if (rc < 0)
            break;
        wfs_accs_add(pile->accs, plan->meters, row.payload, row.time_ns);
        pile->rows++;
        rc = 0;
    }
    wf_history_cursor_close(&cursor);
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

/* --- writing buckets ------------------------------------------------------------------------- */

static bool is_dirty_bucket(const struct wfs_roll *roll, int64_t start_ns)
{
    int64_t end_ns = start_ns + wfs_tier_ns(wfs_roll_base(roll));

    for (size_t i = 0; i < roll->dirt_count; i++) {
        if (roll->dirt[i].minute_ns >= start_ns && roll->dirt[i].minute_ns < end_ns)
            return true;
    }
    return false;
}

static bool has_sibling(const struct wfs_pile *list, const struct wfs_pile *pile)
{
    for (; list != NULL; list = list->next) {
        if (list != pile && list->start_ns == pile->start_ns)
            return true;
    }
    return false;
}

/* Several schema versions in one bucket: what any of them has is taken out, then all add. */
static int clear_siblings(struct wfs_round *work, struct wfs_roll *roll,
                          const struct wfs_pile *list, int64_t start_ns, struct wf_err *err)
{
    int rc = 0;

    for (const struct wfs_pile *pile = list; rc == 0 && pile != NULL; pile = pile->next) {
        if (pile->start_ns == start_ns)
            rc = wfs_rollups_clear(&work->store->rollups, roll, pile, err);
    }
    return rc;
}

/* Put the piles of from .. to; `is_raw`: they are what raw files say, not what was watched. */
static int put_piles(struct wfs_round *work, struct wfs_roll *roll, const struct wfs_pile *list,
                     int64_t from_ns, int64_t to_ns, bool is_raw, struct wf_err *err)
{
    int rc = 0;

    for (const struct wfs_pile *pile = list; rc == 0 && pile != NULL; pile = pile->next) {
        bool is_merged;

        if (pile->start_ns < from_ns || pile->start_ns >= to_ns ||
            (!is_raw && is_dirty_bucket(roll, pile->start_ns)))
            continue;
        is_merged = has_sibling(list, pile);
        if (is_merged) {
            bool is_first = true;

            for (const struct wfs_pile *p = list; p != pile; p = p->next)
                is_first = is_first && p->start_ns != pile->start_ns;
            if (is_first)
                rc = clear_siblings(work, roll, list, pile->start_ns, err);
        }
        if (rc == 0)
            rc = wfs_rollups_put(&work->store->rollups, roll, pile, is_merged, err);
    }
    return rc;
}

/* --- hours ------------------------------------------------------------------------------------ */

/* Full hours that minutes of this round belong to; few, but for a device whose clock jumps. */
struct hours {
    int64_t list[256];
    size_t count;
    bool is_full;
};

static void touch_hour(struct hours *hours, int64_t time_ns)
{
    int64_t hour_ns = wfs_bucket_start(WFS_TIER_HOUR, time_ns);

    for (size_t i = 0; i < hours->count; i++) {
        if (hours->list[i] == hour_ns)
            return;
    }
    if (hours->count < sizeof(hours->list) / sizeof(hours->list[0]))
        hours->list[hours->count++] = hour_ns;
    else
        hours->is_full = true;
}

static int put_hours(struct wfs_round *work, const struct wfs_roll *roll, const struct hours *hours,
                     const struct wfs_rolled *state, struct wf_err *err)
{
    int64_t width = wfs_tier_ns(WFS_TIER_HOUR);
    int rc = 0;

    for (size_t i = 0; rc == 0 && !roll->is_slow && i < hours->count; i++) {
        if (hours->list[i] >= state->hour_from && hours->list[i] + width <= state->to_ns)
            rc = wfs_rollups_put_hour(&work->store->rollups, roll, hours->list[i], err);
    }
    return rc;
}

/* --- one series --------------------------------------------------------------------------------- */

static int64_t oldest_pile(const struct wfs_roll *roll)
{
    int64_t oldest = INT64_MAX;

    for (const struct wfs_pile *pile = roll->piles; pile != NULL; pile = pile->next) {
        if (pile->start_ns < oldest)
            oldest = pile->start_ns;
    }
    return oldest;
}

/* Which bucket of dirt may be cleaned: rolled up already, and at rest. */
static bool is_cleanable(const struct wfs_round *work, const struct wfs_roll *roll,
                         const struct wfs_dirt *dirt, int64_t to_ns)
{
    int64_t width = wfs_tier_ns(wfs_roll_base(roll));

    if (wfs_bucket_start(wfs_roll_base(roll), dirt->minute_ns) + width > to_ns)
        return false;
    /* What no file says must be done before its bucket is said to be. */
    return dirt->day_ns == WF_TIME_NONE || work->is_final ||
           work->now_mono_ns - roll->changed_mono_ns >= DIRT_REST_NS ||
           work->now_mono_ns - roll->cleaned_mono_ns >= 2 * DIRT_REST_NS;
}

static int compare_dirt(const void *a, const void *b)
{
    const struct wfs_dirt *x = a, *y = b;

    return (x->minute_ns > y->minute_ns) - (x->minute_ns < y->minute_ns);
}

/*
 * Compute the buckets of cleanable dirt again. Those that were are moved to the front of the
 * list: *out_count of them. The files that are touched stay few: other months wait.
 */
static int clean_dirt(struct wfs_round *work, struct wfs_roll *roll, int64_t to_ns,
                      struct hours *hours, size_t *out_count, struct wf_err *err)
{
    int64_t width = wfs_tier_ns(wfs_roll_base(roll)), last_ns = WF_TIME_NONE, first_ns = 0;
    size_t cleaned = 0, walked = 0;
    int rc = 0;

    if (roll->dirt_count > 1)
        qsort(roll->dirt, roll->dirt_count, sizeof(*roll->dirt), compare_dirt);
    for (size_t i = 0; rc == 0 && i < roll->dirt_count; i++) {
        struct wfs_dirt dirt = roll->dirt[i];
        int64_t start_ns = wfs_bucket_start(wfs_roll_base(roll), dirt.minute_ns), reached;
        struct wfs_pile *piles = NULL;

        if (!is_cleanable(work, roll, &dirt, to_ns))
            continue;
        if (dirt.day_ns != WF_TIME_NONE && start_ns != last_ns &&
            (hours->is_full || walked >= 120 ||
             (cleaned > 0 && !is_same_period(first_ns, start_ns))))
            continue;
        if (start_ns != last_ns) {
            rc =
                walk_raw(work, roll, start_ns, start_ns + width, UINT64_MAX, &piles, &reached, err);
            if (rc == 0)
                rc = put_piles(work, roll, piles, start_ns, start_ns + width, true, err);
            wfs_piles_free(&piles);
            touch_hour(hours, start_ns);
            walked++;
        }
        if (cleaned == 0)
            first_ns = start_ns;
        last_ns = start_ns;
        roll->dirt[i] = roll->dirt[cleaned];
        roll->dirt[cleaned++] = dirt;
    }
    *out_count = cleaned;
    return rc;
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

/* Time of the newest row that is not rolled up, but for what is ahead of our own clock. */
static int find_newest(struct wfs_round *work, const struct wfs_roll *roll, int64_t *inout_ns,
                       struct wf_err *err)
{
    int64_t from_ns = roll->state.to_ns, limit_ns = wf_utc_now_ns() + WF_NS_PER_DAY, reached;
    int rc = 0;

    while (rc == 0 && from_ns < limit_ns) {
        struct wfs_pile *piles = NULL;

        rc = walk_raw(work, roll, from_ns, limit_ns, WALK_ROWS, &piles, &reached, err);
        for (const struct wfs_pile *pile = piles; pile != NULL; pile = pile->next) {
            if (pile->start_ns > *inout_ns)
                *inout_ns = pile->start_ns;
        }
        wfs_piles_free(&piles);
        from_ns = reached;
    }
    return rc;
}

/*
 * Watch from here on. Rows that are stored already in buckets that will be watched (a clock
 * went back, or ran ahead) were not: these buckets are computed from raw.
 */
static int go_live(struct wfs_round *work, struct wfs_roll *roll, bool is_silent,
                   struct wf_err *err)
{
    const struct wfs_known *known = wfs_known_find(work->store, roll->source, roll->subsystem);
    int64_t last_ns = WF_TIME_NONE, from_ns, reached;
    struct wfs_pile *piles = NULL;
    int rc = 0;

    if (!wfs_roll_has_votes(roll) && !is_silent)
        return 0;
    if (known != NULL)
        last_ns = known->at.last_device_ns != WF_TIME_NONE ? known->at.last_device_ns
                                                           : known->at.last_received_ns;
    if (!wfs_roll_has_votes(roll) && roll->state.to_ns != WF_TIME_NONE)
        rc = find_newest(work, roll, &last_ns, err);
    if (rc < 0)
        return rc;
    from_ns = wfs_roll_go_live(roll, last_ns);
    if (from_ns == WFS_NOT_LIVE)
        return 0;
    while (rc == 0 && from_ns < WFS_ROLLUP_TO_NS) {
        rc = walk_raw(work, roll, from_ns, WFS_ROLLUP_TO_NS, WALK_ROWS, &piles, &reached, err);
        for (const struct wfs_pile *pile = piles; rc == 0 && pile != NULL; pile = pile->next) {
            if (pile->start_ns < reached && !wfs_roll_is_dirty(roll, pile->start_ns, WF_TIME_NONE))
                rc = wfs_roll_mark(roll, pile->start_ns, WF_TIME_NONE, err);
        }
        wfs_piles_free(&piles);
        from_ns = reached;
    }
    wfs_roll_commit(roll);
    if (rc < 0)
        wfs_roll_reset(roll);
    return rc;
}

/* Roll up raw rows that were not watched, from state.to_ns on: a portion. */
static int catch_up(struct wfs_round *work, struct wfs_roll_done *done, struct hours *hours,
                    struct wf_err *err)
{
    struct wfs_roll *roll = done->roll;
    int64_t reached;
    struct wfs_pile *piles = NULL;
    int rc;

    rc = walk_raw(work, roll, roll->state.to_ns, roll->live_ns, WALK_ROWS, &piles, &reached, err);
    for (const struct wfs_pile *pile = piles; pile != NULL; pile = pile->next) {
        if (pile->start_ns < reached)
            touch_hour(hours, pile->start_ns);
    }
    if (rc == 0)
        rc = put_piles(work, roll, piles, roll->state.to_ns, reached, true, err);
    wfs_piles_free(&piles);
    if (rc == 0 && reached > roll->state.to_ns)
        done->state.to_ns = reached;
    return rc;
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
    struct hours hours = { .count = 0 };
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
        rc = go_live(work, roll, is_silent, err);
    done.state = roll->state;
    if (rc < 0) {
        return rc;
    } else if (roll->live_ns != WFS_NOT_LIVE && roll->state.to_ns < roll->live_ns) {
        rc = catch_up(work, &done, &hours, err);
    } else if (roll->live_ns != WFS_NOT_LIVE) {
        over_ns = wfs_roll_over_to(roll, is_silent);
        if (over_ns > roll->state.to_ns && is_flush_due(work, roll, over_ns, is_silent)) {
            judge_rate(roll, over_ns);
            if (roll->live_ns == WFS_NOT_LIVE)
                return 0; /* it begins anew, by the hour */
            rc = put_piles(work, roll, roll->piles, roll->state.to_ns, over_ns, false, err);
            for (const struct wfs_pile *pile = roll->piles; pile != NULL; pile = pile->next) {
                if (pile->start_ns < over_ns)
                    touch_hour(&hours, pile->start_ns);
            }
            done.state.to_ns = done.piles_to_ns = over_ns;
        }
    }
    if (rc == 0 && roll->dirt_count > 0)
        rc = clean_dirt(work, roll, done.state.to_ns, &hours, &done.dirt_first, err);
    /* The hour in which the last round ended is whole now, perhaps. */
    if (rc == 0 && done.state.to_ns != roll->state.to_ns && roll->state.to_ns != WFS_ALWAYS)
        touch_hour(&hours, roll->state.to_ns);
    if (rc == 0)
        rc = put_hours(work, roll, &hours, &done.state, err);
    if (rc == 0 && (done.state.to_ns != roll->state.to_ns || done.dirt_first > 0))
        work->done[work->count++] = done;
    return rc;
}

/* --- a round ---------------------------------------------------------------------------------------- */

static int sync_rows(struct wf_store *store, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; i < WFS_DAYS_OPEN; i++) {
        struct wfs_slot *slot = &store->slots[i];

        if (slot->day == NULL)
            continue;
        rc = wfs_day_sync(slot->day, err);
        if (rc < 0) {
            wfs_days_drop(store, slot, rc);
            return rc;
        }
    }
    return rc;
}

static int finish(struct wfs_round *work, struct wf_err *err)
{
    struct wf_store *store = work->store;
    struct wfs_slot *slot = wfs_days_newest(store);
    int64_t main_ns;
    int rc;

    if (slot == NULL) {
        wfs_rollups_rollback(&store->rollups);
        return 0;
    }
    main_ns = wfs_day_start(slot->day);
    rc = sync_rows(store, err);
    if (rc == 0)
        rc = wfs_rollups_commit(&store->rollups, err);
    if (rc == 0)
        rc = wfs_round_say_in_others(work, main_ns, err);
    if (rc == 0)
        rc = wfs_round_say_in(work, main_ns, true, err);
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
