/* SPDX-License-Identifier: MIT */
/* Rollups made again from raw rows: what is claimed of them is taken back, then they are caught up. */

#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/clock.h>

/* Between two rounds of work the clock that rests are measured by moves on by this. */
#define SETTLE_STEP_NS (200 * WF_NS_PER_S)

/* Take back what is claimed from `from_ns` on, in the files. */
static int rewind_roll(struct wf_store *store, struct wfs_roll *roll, int64_t from_ns,
                       struct wf_err *err)
{
    const struct wfs_known *known = wfs_known_find(store, roll->source, roll->subsystem);
    struct wfs_slot *slot = NULL;
    struct wfs_known now;
    int rc;

    if (known == NULL)
        return 0;
    if (roll->state.hour_from == WF_TIME_NONE || roll->state.hour_from > from_ns)
        roll->state.hour_from = from_ns;
    if (roll->state.minute_from == WF_TIME_NONE ? !roll->is_slow
                                                : roll->state.minute_from > from_ns)
        roll->state.minute_from = from_ns;
    if (roll->state.to_ns == WF_TIME_NONE || roll->state.to_ns > from_ns)
        roll->state.to_ns = from_ns;
    wfs_roll_reset(roll);
    now = *known;
    now.rolled = roll->state;
    now.serial = store->serial + 1;
    rc = wfs_days_of(store, wf_utc_day_start(wf_utc_now_ns()), &slot, err);
    if (rc == 0)
        rc = wfs_day_begin(slot->day, true, err);
    if (rc == 0)
        rc = wfs_day_remember(slot->day, &now, err);
    if (rc == 0)
        rc = wfs_day_commit(slot->day, err);
    if (rc < 0) {
        if (slot != NULL)
            wfs_days_drop(store, slot, rc);
        return rc;
    }
    store->serial++;
    return wfs_known_keep(store, &now.at, &now.rolled, store->serial, err);
}

/* What files have behind, in whole files where there are any. */
static int delete_rollups(struct wf_store *store, const struct wfs_roll *roll, int64_t from_ns,
                          struct wf_err *err)
{
    int rc = 0;

    for (int tier = 0; rc == 0 && tier < WFS_TIER_COUNT; tier++) {
        int64_t *periods = NULL;
        size_t count = 0;

        rc = wfs_retention_periods(store, tier == WFS_TIER_MINUTE ? WF_STORE_MINUTE : WF_STORE_HOUR,
                                   &periods, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            int64_t end_ns = wfs_period_end((enum wfs_tier)tier, periods[i]);
            int64_t start_ns = periods[i] > from_ns ? periods[i] : from_ns;

            if (end_ns <= from_ns)
                continue;
            rc = wfs_rollups_delete(&store->rollups, roll, (enum wfs_tier)tier, start_ns, end_ns,
                                    err);
            if (rc == 0)
                rc = wfs_rollups_commit(&store->rollups, err);
        }
        free(periods);
    }
    if (rc < 0)
        wfs_rollups_rollback(&store->rollups);
    return rc;
}

int wf_store_rebuild(struct wf_store *store, const char *source, const char *subsystem,
                     int64_t from_ns, struct wf_err *err)
{
    int rc = 0;

    if (!store->is_recovered)
        return wf_fail(err, WF_ERR_BUSY, "positions were not recovered yet");
    if (from_ns < WFS_ROLLUP_FROM_NS)
        from_ns = WFS_ALWAYS;
    /* Where raw rows were deleted rollups know more than could be made. */
    if (from_ns < store->raw_from_ns)
        from_ns = store->raw_from_ns + wfs_tier_ns(WFS_TIER_HOUR) - 1;
    if (from_ns != WFS_ALWAYS)
        from_ns = wfs_bucket_start(WFS_TIER_HOUR, from_ns);
    for (struct wfs_roll *roll = store->rolls; rc == 0 && roll != NULL; roll = roll->next) {
        if ((source != NULL && !wf_name_is_equal(roll->source, source)) ||
            (subsystem != NULL && !wf_name_is_equal(roll->subsystem, subsystem)))
            continue;
        rc = rewind_roll(store, roll, from_ns, err);
        if (rc == 0)
            rc = delete_rollups(store, roll, from_ns == WFS_ALWAYS ? WFS_ROLLUP_FROM_NS : from_ns,
                                err);
    }
    return rc;
}

static int set_aside(const struct wf_store *store, const struct wfs_bad_rollup *bad,
                     struct wf_err *err)
{
    char to[WFS_PATH_SIZE + 40];
    unsigned n = 1;

    do
        (void)snprintf(to, sizeof(to), "%s.damaged-%u", bad->path, n++);
    while (access(to, F_OK) == 0 && n < 1000);
    if (rename(bad->path, to) != 0)
        return wf_fail_errno(err, errno, "set %s aside", bad->path);
    for (size_t i = 0; i < 2; i++) {
        char beside[WFS_PATH_SIZE + 8];

        (void)snprintf(beside, sizeof(beside), "%s%s", bad->path, i == 0 ? "-wal" : "-shm");
        (void)unlink(beside);
    }
    wfs_notice(store, "%s is damaged; kept as %s, and made again from rows", bad->path,
               strrchr(to, '/') + 1);
    return 0;
}

/* Whoever removed it may have removed those before it as well, which are not open. */
static int64_t first_removed(const struct wf_store *store, const struct wfs_bad_rollup *bad)
{
    int64_t from_ns = bad->period_ns;

    while (from_ns > store->raw_from_ns && from_ns > WFS_ROLLUP_FROM_NS) {
        int64_t before_ns = wfs_period_start(bad->tier, from_ns - 1);
        char path[WFS_PATH_SIZE];

        if (wfs_rollup_path(store->folder, bad->tier, before_ns, path, NULL) < 0 ||
            access(path, F_OK) == 0)
            break;
        from_ns = before_ns;
    }
    return from_ns;
}

int wfs_rolls_replace(struct wf_store *store, struct wf_err *err)
{
    struct wfs_bad_rollup *bad = &store->rollups.bad;
    int64_t period_ns = bad->period_ns, from_ns;
    int rc = 0;

    bad->is_set = false;
    if (bad->is_gone) {
        period_ns = first_removed(store, bad);
        wfs_notice(store, "%s was removed while it was written; it is made again from rows",
                   bad->path);
    } else {
        rc = set_aside(store, bad, err);
    }
    if (rc < 0)
        return rc;
    from_ns = period_ns;
    if (from_ns < store->raw_from_ns)
        from_ns =
            wfs_bucket_start(WFS_TIER_HOUR, store->raw_from_ns + wfs_tier_ns(WFS_TIER_HOUR) - 1);
    for (struct wfs_roll *roll = store->rolls; rc == 0 && roll != NULL; roll = roll->next) {
        int64_t *claimed =
            bad->tier == WFS_TIER_MINUTE ? &roll->state.minute_from : &roll->state.hour_from;

        if (roll->state.hour_from == WF_TIME_NONE || roll->state.to_ns <= period_ns)
            continue;
        /* What cannot be made again lies between what is claimed and what can: give that up. */
        if (from_ns > period_ns && *claimed != WF_TIME_NONE && *claimed < from_ns)
            *claimed = from_ns;
        rc = rewind_roll(store, roll, from_ns, err);
    }
    return rc < 0 ? rc : 1;
}

/*
 * What is claimed of rollups is looked for in the newest day and in those being written, and rows
 * of long ago leave nothing there: their day is sealed behind them.
 */
static int say_in_newest(struct wf_store *store, struct wf_err *err)
{
    struct wfs_day_file *files = NULL;
    struct wfs_slot *slot = NULL;
    size_t count = 0;
    int rc = wfs_folder_list(store->folder, &files, &count, err);

    if (rc == 0 && count > 0 && store->known_count > 0)
        rc = wfs_days_get(store, files[count - 1].key, &slot, err);
    free(files);
    if (slot == NULL)
        return rc == WF_ERR_ABSENT ? 0 : rc;
    rc = wfs_days_remember(store, slot->day, err);
    if (rc < 0)
        wfs_days_drop(store, slot, rc);
    return rc;
}

int wf_store_settle(struct wf_store *store, bool (*go_on)(void *context, uint64_t rows),
                    void *context, struct wf_err *err)
{
    int64_t mono_ns = wf_mono_now_ns();
    struct wfs_slot *slot;
    unsigned idle = 0;
    int rc = 0;

    /* Work goes by an open day; after a life that was killed there may be work and nothing to store. */
    if (store->rolls != NULL && wfs_days_newest(store) == NULL)
        rc = wfs_days_of(store, wf_utc_day_start(wf_utc_now_ns()), &slot, err);
    /* Twice without work: the first round may only have looked at the clock. */
    while (rc >= 0 && idle < 3) {
        mono_ns += SETTLE_STEP_NS;
        rc = wfs_rolls_work(store, mono_ns, true, err);
        idle = rc == 0 ? idle + 1 : 0;
        if (rc == 1 && go_on != NULL && !go_on(context, store->rollups.rows))
            break;
    }
    return rc < 0 ? rc : say_in_newest(store, err);
}
