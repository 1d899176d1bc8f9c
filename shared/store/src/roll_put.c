/* SPDX-License-Identifier: MIT */
/* A round puts buckets into rollup files: those of piles, and the hours that minutes complete. */

#include "roll_round.h"

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

int wfs_round_put(struct wfs_round *work, struct wfs_roll *roll, const struct wfs_pile *list,
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

void wfs_hours_touch(struct wfs_hours *hours, int64_t time_ns)
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

int wfs_round_put_hours(struct wfs_round *work, const struct wfs_roll *roll,
                        const struct wfs_hours *hours, const struct wfs_rolled *state,
                        struct wf_err *err)
{
    int64_t width = wfs_tier_ns(WFS_TIER_HOUR);
    int rc = 0;

    for (size_t i = 0; rc == 0 && !roll->is_slow && i < hours->count; i++) {
        if (hours->list[i] >= state->hour_from && hours->list[i] + width <= state->to_ns)
            rc = wfs_rollups_put_hour(&work->store->rollups, roll, hours->list[i], err);
    }
    return rc;
}
