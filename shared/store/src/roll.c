/* SPDX-License-Identifier: MIT */
/* Roll: see roll.h. */

#include "roll.h"

#include <stdlib.h>
#include <string.h>

/* Open buckets; times that jump about make more, and then all is read from raw files. */
#define PILES_MAX 192
/* Rows come a little out of order: a bucket is over when all that is new is so far behind it. */
#define GRACE_NS (10 * WF_NS_PER_S)
/* Further than that from one row to the next is another clock, not a pause. */
#define AHEAD_NS (3600 * WF_NS_PER_S)

struct wfs_roll *wfs_roll_create(const char *source, const char *subsystem,
                                 const struct wfs_rolled *state, bool is_new)
{
    struct wfs_roll *roll = calloc(1, sizeof(*roll));

    if (roll == NULL)
        return NULL;
    (void)wf_copy_text(roll->source, sizeof(roll->source), source);
    (void)wf_copy_text(roll->subsystem, sizeof(roll->subsystem), subsystem);
    if (is_new) {
        roll->state = (struct wfs_rolled){ WFS_ALWAYS, WFS_ALWAYS, WFS_ALWAYS };
        roll->live_ns = WFS_ALWAYS;
    } else {
        roll->state = *state;
        roll->live_ns = WFS_NOT_LIVE;
        roll->is_slow = state->hour_from != WF_TIME_NONE && state->minute_from == WF_TIME_NONE;
        roll->is_rate_known = state->to_ns != WF_TIME_NONE && state->to_ns != WFS_ALWAYS;
    }
    return roll;
}

void wfs_roll_destroy(struct wfs_roll **roll)
{
    if (*roll == NULL)
        return;
    wfs_piles_free(&(*roll)->piles);
    for (size_t i = 0; i < WFS_TIER_COUNT; i++)
        free((*roll)->ids[i].list);
    free((*roll)->dirt);
    free(*roll);
    *roll = NULL;
}

void wfs_piles_free(struct wfs_pile **list)
{
    while (*list != NULL) {
        struct wfs_pile *pile = *list;

        *list = pile->next;
        free(pile);
    }
}

int wfs_pile_get(struct wfs_pile **list, int64_t start_ns, const struct wf_schema *schema,
                 const struct wfs_meters *meters, struct wfs_pile **out, struct wf_err *err)
{
    struct wfs_pile *pile;

    for (struct wfs_pile **at = list; *at != NULL; at = &(*at)->next) {
        pile = *at;
        if (pile->start_ns != start_ns || pile->meters != meters)
            continue;
        *at = pile->next; /* to the front: the next row is like this one */
        pile->next = *list;
        *list = pile;
        *out = pile;
        return 0;
    }
    pile = malloc(sizeof(*pile) + meters->count * sizeof(pile->accs[0]));
    if (pile == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    pile->start_ns = start_ns;
    pile->rows = 0;
    pile->schema = schema;
    pile->meters = meters;
    wfs_accs_clear(pile->accs, meters);
    pile->next = *list;
    *list = pile;
    *out = pile;
    return 1;
}

/* --- dirt -------------------------------------------------------------------------------- */

bool wfs_roll_is_dirty(const struct wfs_roll *roll, int64_t minute_ns, int64_t key)
{
    for (size_t i = roll->dirt_count; i-- > 0;) {
        if (roll->dirt[i].minute_ns == minute_ns && roll->dirt[i].key == key)
            return true;
    }
    return false;
}

int wfs_roll_mark(struct wfs_roll *roll, int64_t minute_ns, int64_t key, struct wf_err *err)
{
    if (roll->dirt_count == roll->dirt_capacity) {
        size_t capacity = roll->dirt_capacity == 0 ? 16 : 2 * roll->dirt_capacity;
        struct wfs_dirt *more = realloc(roll->dirt, capacity * sizeof(*more));

        if (more == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        roll->dirt = more;
        roll->dirt_capacity = capacity;
    }
    roll->dirt[roll->dirt_count++] = (struct wfs_dirt){ minute_ns, key };
    return 0;
}

void wfs_roll_unmark(struct wfs_roll *roll, int64_t key)
{
    size_t kept = 0;

    for (size_t i = 0; i < roll->dirt_count; i++) {
        if (roll->dirt[i].key != key)
            roll->dirt[kept++] = roll->dirt[i];
    }
    roll->dirt_count = roll->dirt_kept = kept;
}

void wfs_roll_commit(struct wfs_roll *roll)
{
    roll->dirt_kept = roll->dirt_count;
}

void wfs_roll_rollback(struct wfs_roll *roll)
{
    roll->dirt_count = roll->dirt_kept;
    /* What was added is in no file; what stands beside it cannot be told from it. */
    wfs_roll_reset(roll);
}

void wfs_roll_reset(struct wfs_roll *roll)
{
    size_t kept = 0;

    wfs_piles_free(&roll->piles);
    roll->pile_count = 0;
    roll->pile_rows = 0;
    roll->vote_count = roll->vote_at = 0;
    if (roll->state.hour_from == WF_TIME_NONE)
        return;
    roll->live_ns = WFS_NOT_LIVE;
    /* What no file says was not rolled up yet, and will be read with the rest. */
    for (size_t i = 0; i < roll->dirt_count; i++) {
        if (roll->dirt[i].key != WF_TIME_NONE)
            roll->dirt[kept++] = roll->dirt[i];
    }
    roll->dirt_count = kept;
    if (roll->dirt_kept > kept)
        roll->dirt_kept = kept;
}

/* --- rows -------------------------------------------------------------------------------- */

static int64_t earliest_vote(const struct wfs_roll *roll)
{
    unsigned count = roll->vote_count < WFS_VOTES ? roll->vote_count : WFS_VOTES;
    int64_t earliest = INT64_MAX;

    for (unsigned i = 0; i < count; i++) {
        if (roll->votes[i] < earliest)
            earliest = roll->votes[i];
    }
    return earliest;
}

static void vote(struct wfs_roll *roll, int64_t time_ns)
{
    roll->votes[roll->vote_at] = time_ns;
    roll->vote_at = (roll->vote_at + 1) % WFS_VOTES;
    if (roll->vote_count <= WFS_VOTES)
        roll->vote_count++;
}

int64_t wfs_roll_go_live(struct wfs_roll *roll, int64_t otherwise_ns)
{
    int64_t from = wfs_roll_has_votes(roll) ? earliest_vote(roll) : otherwise_ns;

    if (from < WFS_ROLLUP_FROM_NS || from >= WFS_ROLLUP_TO_NS)
        return WFS_NOT_LIVE;
    if (roll->state.hour_from == WF_TIME_NONE) {
        /* The first time at all, beside rows of which no rollups were made: from a full hour on. */
        from = wfs_bucket_start(WFS_TIER_HOUR, from) + wfs_tier_ns(WFS_TIER_HOUR);
        roll->state.hour_from = roll->state.to_ns = from;
        roll->state.minute_from = roll->is_slow ? WF_TIME_NONE : from;
    } else {
        from = wfs_bucket_start(wfs_roll_base(roll), from) + wfs_tier_ns(wfs_roll_base(roll));
    }
    roll->live_ns = from > roll->state.to_ns ? from : roll->state.to_ns;
    return roll->live_ns;
}

static void learn_rate(struct wfs_roll *roll, const struct wfs_plan *plan)
{
    int64_t period_ns = plan->schema->period_ns;

    if (roll->is_rate_known || period_ns <= 0)
        return;
    roll->is_rate_known = true;
    roll->is_slow = period_ns >= WFS_SLOW_PERIOD_NS;
    if (!roll->is_slow)
        return;
    if (roll->state.hour_from != WF_TIME_NONE)
        roll->state.minute_from = WF_TIME_NONE;
    if (roll->pile_count > 0)
        wfs_roll_reset(roll); /* an older version of the schema did not say: these are minutes */
}

static int add_to_pile(struct wfs_roll *roll, const struct wfs_plan *plan, const uint8_t *payload,
                       int64_t bucket_ns, int64_t time_ns, struct wf_err *err)
{
    struct wfs_pile *pile = roll->piles;

    if (WF_UNLIKELY(pile == NULL || pile->start_ns != bucket_ns || pile->meters != plan->meters)) {
        int rc = wfs_pile_get(&roll->piles, bucket_ns, plan->schema, plan->meters, &pile, err);

        if (rc < 0)
            return rc;
        roll->pile_count += (size_t)rc;
        if (roll->pile_count > PILES_MAX) {
            wfs_roll_reset(roll);
            return 0;
        }
    }
    wfs_accs_add(pile->accs, plan->meters, payload, time_ns);
    pile->rows++;
    roll->pile_rows++;
    return 0;
}

int wfs_roll_add(struct wfs_roll *roll, const struct wfs_plan *plan, const uint8_t *payload,
                 int64_t time_ns, int64_t *out_dirty, struct wf_err *err)
{
    int64_t bucket_ns;

    *out_dirty = WF_TIME_NONE;
    if (WF_UNLIKELY(time_ns < WFS_ROLLUP_FROM_NS || time_ns >= WFS_ROLLUP_TO_NS))
        return 0;
    if (WF_UNLIKELY(!roll->is_rate_known))
        learn_rate(roll, plan);
    roll->added++;
    bucket_ns = wfs_bucket_start(wfs_roll_base(roll), time_ns);
    if (WF_UNLIKELY(roll->state.hour_from != WF_TIME_NONE && bucket_ns < roll->state.to_ns)) {
        if (time_ns >= roll->state.hour_from)
            *out_dirty = wfs_bucket_start(WFS_TIER_MINUTE, time_ns);
        return 0;
    }
    vote(roll, time_ns);
    if (WF_LIKELY(roll->live_ns != WFS_NOT_LIVE && bucket_ns >= roll->live_ns))
        return add_to_pile(roll, plan, payload, bucket_ns, time_ns, err);
    return 0;
}

/* The newest row, but for one that is far ahead of all others. */
static int64_t latest_vote(const struct wfs_roll *roll)
{
    unsigned count = roll->vote_count < WFS_VOTES ? roll->vote_count : WFS_VOTES;
    int64_t latest = earliest_vote(roll);
    bool is_moved = true;

    while (is_moved) {
        is_moved = false;
        for (unsigned i = 0; i < count; i++) {
            if (roll->votes[i] <= latest || roll->votes[i] - latest > AHEAD_NS)
                continue;
            latest = roll->votes[i];
            is_moved = true;
        }
    }
    return latest;
}

int64_t wfs_roll_over_to(const struct wfs_roll *roll, bool is_silent)
{
    int64_t width = wfs_tier_ns(wfs_roll_base(roll));
    int64_t from;

    if (roll->vote_count == 0 || (!is_silent && roll->vote_count < WFS_VOTES))
        return WFS_ALWAYS;
    from = earliest_vote(roll);
    if (from < WFS_ROLLUP_FROM_NS || from >= WFS_ROLLUP_TO_NS)
        return WFS_ALWAYS;
    return is_silent ? wfs_bucket_start(wfs_roll_base(roll), latest_vote(roll)) + width
                     : wfs_bucket_start(wfs_roll_base(roll), from - GRACE_NS);
}
