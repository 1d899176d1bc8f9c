/* SPDX-License-Identifier: MIT */
/* What a round reads from raw files: rows that were not watched, and minutes that late rows made wrong. */

#include "roll_round.h"

#include <stdlib.h>

#include <watchfloor/clock.h>

/* Late rows come in groups: a dirty minute rests before it is computed again. */
#define DIRT_REST_NS (30 * WF_NS_PER_S)
/* Rows read from raw files in one go. */
#define WALK_ROWS 20000

static bool is_same_period(int64_t a, int64_t b)
{
    return wfs_period_start(WFS_TIER_MINUTE, a) == wfs_period_start(WFS_TIER_MINUTE, b);
}

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

/* --- late rows ---------------------------------------------------------------------------------- */

/* Which bucket of dirt may be cleaned: rolled up already, and at rest. */
static bool is_cleanable(const struct wfs_round *work, const struct wfs_roll *roll,
                         const struct wfs_dirt *dirt, int64_t to_ns)
{
    int64_t width = wfs_tier_ns(wfs_roll_base(roll));

    if (wfs_bucket_start(wfs_roll_base(roll), dirt->minute_ns) + width > to_ns)
        return false;
    /* What no file says must be done before its bucket is said to be. */
    return dirt->key == WF_TIME_NONE || work->is_final ||
           work->now_mono_ns - roll->changed_mono_ns >= DIRT_REST_NS ||
           work->now_mono_ns - roll->cleaned_mono_ns >= 2 * DIRT_REST_NS;
}

static int compare_dirt(const void *a, const void *b)
{
    const struct wfs_dirt *x = a, *y = b;

    return (x->minute_ns > y->minute_ns) - (x->minute_ns < y->minute_ns);
}

int wfs_round_clean(struct wfs_round *work, struct wfs_roll *roll, int64_t to_ns,
                    struct wfs_hours *hours, size_t *out_count, struct wf_err *err)
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
        if (dirt.key != WF_TIME_NONE && start_ns != last_ns &&
            (hours->is_full || walked >= 120 ||
             (cleaned > 0 && !is_same_period(first_ns, start_ns))))
            continue;
        if (start_ns != last_ns) {
            rc =
                walk_raw(work, roll, start_ns, start_ns + width, UINT64_MAX, &piles, &reached, err);
            /* Parameters that its rows do not have any more would stay. */
            if (rc == 0)
                rc = wfs_rollups_delete(&work->store->rollups, roll, wfs_roll_base(roll), start_ns,
                                        start_ns + width, err);
            if (rc == 0)
                rc = wfs_round_put(work, roll, piles, start_ns, start_ns + width, true, err);
            wfs_piles_free(&piles);
            wfs_hours_touch(hours, start_ns);
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

/* --- rows that were not watched ------------------------------------------------------------------ */

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

int wfs_round_go_live(struct wfs_round *work, struct wfs_roll *roll, bool is_silent,
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

int wfs_round_catch_up(struct wfs_round *work, struct wfs_roll_done *done, struct wfs_hours *hours,
                       struct wf_err *err)
{
    struct wfs_roll *roll = done->roll;
    int64_t reached;
    struct wfs_pile *piles = NULL;
    int rc;

    rc = walk_raw(work, roll, roll->state.to_ns, roll->live_ns, WALK_ROWS, &piles, &reached, err);
    for (const struct wfs_pile *pile = piles; pile != NULL; pile = pile->next) {
        if (pile->start_ns < reached)
            wfs_hours_touch(hours, pile->start_ns);
    }
    if (rc == 0)
        rc = wfs_round_put(work, roll, piles, roll->state.to_ns, reached, true, err);
    wfs_piles_free(&piles);
    if (rc == 0 && reached > roll->state.to_ns)
        done->state.to_ns = reached;
    return rc;
}
