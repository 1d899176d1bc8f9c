/* SPDX-License-Identifier: MIT */
/*
 * Rows outside of the live path: imported, decoded again, salvaged. And rollups made again from
 * raw rows: what is claimed of them is taken back first, then they are caught up with.
 */

#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/clock.h>

/* Between two rounds of work the clock that rests are measured by moves on by this. */
#define SETTLE_STEP_NS (200 * WF_NS_PER_S)

static int64_t day_of(const struct wf_store_sample *sample)
{
    return wf_utc_day_start(sample->stamp.received_ns > 0 ? sample->stamp.received_ns : 0);
}

static int put_row(struct wfs_slot *slot, const struct wf_store_sample *sample,
                   struct wf_store_inserted *counts, struct wf_err *err)
{
    int rc = wfs_day_put(slot->day, sample->series, sample, err);

    if (rc == WF_ERR_EXISTS) {
        counts->duplicates++;
        return 0;
    }
    if (rc == 0)
        rc = wfs_roll_up(slot, sample, err);
    if (rc == 0)
        counts->rows++;
    return rc;
}

/* A series that never was a region has a position too: that is where its rollups are told of. */
static int put_position(struct wf_store *store, struct wfs_slot *slot, struct wf_series *series,
                        struct wf_err *err)
{
    const struct wfs_known *known =
        wfs_known_find(store, series->source, series->plan->schema->name);
    struct wfs_known own = { .serial = store->serial + 1, .rolled = series->roll->state };

    if (known != NULL) {
        own.at = known->at;
    } else {
        wfs_series_position(series, &series->committed, &own.at);
        own.at.is_complete = true;
    }
    return wfs_day_remember(slot->day, &own, err);
}

/* What is to be replaced: nothing when `old` is NULL. */
struct exchange {
    const struct wfs_plan *old;
    int64_t at_ns;
    struct wfs_change change; /* of the transaction under way */
    uint64_t missing;
};

/* Out with the old row, in with the new one. */
static int exchange_row(struct wfs_slot *slot, const struct wf_store_sample *sample,
                        struct exchange *exchange, struct wf_store_inserted *counts,
                        struct wf_err *err)
{
    struct wfs_change *change = &exchange->change;
    bool is_taken;
    int rc = wfs_day_take(slot->day, exchange->old, &sample->stamp, &is_taken, err);

    if (rc < 0)
        return rc;
    if (!is_taken) {
        exchange->missing++;
        return 0;
    }
    if (change->rows == 0 || sample->stamp.received_ns < change->from_ns)
        change->from_ns = sample->stamp.received_ns;
    if (change->rows == 0 || sample->stamp.received_ns > change->to_ns)
        change->to_ns = sample->stamp.received_ns;
    change->rows++;
    return put_row(slot, sample, counts, err);
}

static int record_exchange(struct wfs_slot *slot, const struct wf_series *series,
                           struct exchange *exchange, struct wf_err *err)
{
    exchange->change.at_ns = exchange->at_ns;
    exchange->change.source = series->source;
    exchange->change.subsystem = series->plan->schema->name;
    exchange->change.schema_hash = series->plan->schema->schema_hash;
    return exchange->change.rows > 0 ? wfs_day_record_change(slot->day, &exchange->change, err) : 0;
}

static void settle_roll(struct wf_series *series, bool is_committed)
{
    if (is_committed)
        wfs_roll_commit(series->roll);
    else
        wfs_roll_rollback(series->roll);
}

/* One transaction: the samples of one day. */
static int insert_day(struct wf_store *store, struct wf_series *series, int64_t day_ns,
                      const struct wf_store_sample *const *samples, size_t count,
                      struct exchange *exchange, struct wf_store_inserted *inout_counts,
                      struct wf_err *err)
{
    struct wf_store_inserted counts = { 0 };
    struct wfs_slot *slot = NULL;
    int rc = wfs_days_get(store, day_ns, &slot, err);

    if (rc < 0)
        return rc;
    rc = wfs_day_begin(slot->day, false, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (day_of(samples[i]) == day_ns)
            rc = exchange->old != NULL ? exchange_row(slot, samples[i], exchange, &counts, err)
                                       : put_row(slot, samples[i], &counts, err);
    }
    if (rc == 0)
        rc = record_exchange(slot, series, exchange, err);
    exchange->change = (struct wfs_change){ 0 };
    if (rc == 0)
        rc = put_position(store, slot, series, err);
    if (rc == 0)
        rc = wfs_day_commit(slot->day, err);
    settle_roll(series, rc == 0);
    if (rc < 0) {
        wf_err_prefix(err, "%s", wfs_day_path_of(slot->day));
        wfs_days_drop(store, slot, rc);
        return rc;
    }
    store->serial++;
    store->figures.batches++;
    inout_counts->rows += counts.rows;
    inout_counts->duplicates += counts.duplicates;
    if (wfs_known_find(store, series->source, series->plan->schema->name) == NULL) {
        struct wf_position at;

        wfs_series_position(series, &series->committed, &at);
        at.is_complete = true;
        return wfs_known_keep(store, &at, &series->roll->state, store->serial, err);
    }
    return 0;
}

static int insert_days(struct wf_store *store, struct wf_series *series,
                       const struct wf_store_sample *const *samples, size_t count,
                       struct exchange *exchange, struct wf_store_inserted *inout_counts,
                       struct wf_err *err)
{
    int64_t done_ns = INT64_MIN;

    if (!store->is_recovered)
        return wf_fail(err, WF_ERR_BUSY, "positions were not recovered yet");
    for (;;) {
        int64_t next_ns = INT64_MAX;
        int rc;

        for (size_t i = 0; i < count; i++) {
            int64_t day_ns = day_of(samples[i]);

            if (day_ns > done_ns && day_ns < next_ns)
                next_ns = day_ns;
        }
        if (next_ns == INT64_MAX)
            return 0;
        rc = insert_day(store, series, next_ns, samples, count, exchange, inout_counts, err);
        if (rc < 0)
            return rc;
        done_ns = next_ns;
    }
}

int wf_store_insert(struct wf_store *store, struct wf_series *series,
                    const struct wf_store_sample *const *samples, size_t count,
                    struct wf_store_inserted *inout_counts, struct wf_err *err)
{
    struct exchange none = { .old = NULL };

    return insert_days(store, series, samples, count, &none, inout_counts, err);
}

int wf_store_replace(struct wf_store *store, struct wf_series *series, const struct wf_schema *old,
                     int64_t at_ns, const struct wf_store_sample *const *samples, size_t count,
                     struct wf_store_replaced *inout_counts, struct wf_err *err)
{
    struct exchange exchange = { .at_ns = at_ns };
    struct wf_store_inserted counts = { 0 };
    int rc = wfs_store_plan(store, old, &exchange.old, err);

    if (rc == 0)
        rc = insert_days(store, series, samples, count, &exchange, &counts, err);
    inout_counts->rows += counts.rows;
    inout_counts->missing += exchange.missing;
    return rc;
}

/* --- what was found again ---------------------------------------------------------------------- */

/* Shrink gaps in one file; what is left of `rows`. */
static int shrink_gaps(struct wfs_day *day, const char *source, const char *subsystem,
                       int64_t day_ns, uint64_t *inout_rows, struct wf_err *err)
{
    sqlite3 *db = wfs_day_db(day);

    while (*inout_rows > 0) {
        char sql[400];
        int64_t id = 0, lost = 0, taken;
        int rc;

        (void)snprintf(sql, sizeof(sql),
                       "SELECT id FROM _gaps WHERE cause = 'file_corrupt' AND lost > 0"
                       " AND subsystem = '%.48s' AND from_received_ns = %lld AND source ="
                       " (SELECT id FROM _sources WHERE name = '%.48s') LIMIT 1",
                       subsystem, (long long)day_ns, source);
        rc = wfs_get_i64(db, sql, 0, &id, err);
        if (rc < 0 || id == 0)
            return rc;
        (void)snprintf(sql, sizeof(sql), "SELECT lost FROM _gaps WHERE id = %lld", (long long)id);
        rc = wfs_get_i64(db, sql, 0, &lost, err);
        if (rc < 0)
            return rc;
        taken = (uint64_t)lost < *inout_rows ? lost : (int64_t)*inout_rows;
        rc = wfs_execf(db, err, "UPDATE _gaps SET lost = lost - %lld WHERE id = %lld",
                       (long long)taken, (long long)id);
        if (rc == 0)
            rc =
                wfs_execf(db, err, "DELETE FROM _gaps WHERE id = %lld AND lost = 0", (long long)id);
        if (rc < 0)
            return rc;
        *inout_rows -= (uint64_t)taken;
    }
    return 0;
}

int wf_store_found(struct wf_store *store, const char *source, const char *subsystem,
                   int64_t day_ns, uint64_t rows, struct wf_err *err)
{
    struct wfs_day_file *files = NULL;
    size_t count = 0;
    int rc = wfs_folder_list(store->folder, &files, &count, err);

    for (size_t i = 0; rc == 0 && rows > 0 && i < count; i++) {
        struct wfs_slot *slot = NULL;

        /* The gap lies in the file that was written next, on that day or behind it. */
        if (files[i].day_ns < day_ns)
            continue;
        rc = wfs_days_get(store, files[i].day_ns, &slot, err);
        if (rc == 0)
            rc = wfs_day_begin(slot->day, true, err);
        if (rc == 0)
            rc = shrink_gaps(slot->day, source, subsystem, day_ns, &rows, err);
        if (rc == 0)
            rc = wfs_day_commit(slot->day, err);
        if (rc < 0 && slot != NULL)
            wfs_days_drop(store, slot, rc);
    }
    free(files);
    return rc;
}

/* --- rollups made again ---------------------------------------------------------------------- */

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
    rc = wfs_days_get(store, wf_utc_day_start(wf_utc_now_ns()), &slot, err);
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

int wfs_rolls_replace(struct wf_store *store, struct wf_err *err)
{
    struct wfs_bad_rollup *bad = &store->rollups.bad;
    int64_t period_ns = bad->period_ns, from_ns = period_ns;
    char to[WFS_PATH_SIZE + 40];
    unsigned n = 1;
    int rc = 0;

    bad->is_set = false;
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

int wf_store_settle(struct wf_store *store, bool (*go_on)(void *context, uint64_t rows),
                    void *context, struct wf_err *err)
{
    int64_t mono_ns = wf_mono_now_ns();
    struct wfs_slot *slot;
    unsigned idle = 0;
    int rc = 0;

    /* Work goes by an open day; after a life that was killed there may be work and nothing to store. */
    if (store->rolls != NULL && wfs_days_newest(store) == NULL)
        rc = wfs_days_get(store, wf_utc_day_start(wf_utc_now_ns()), &slot, err);
    /* Twice without work: the first round may only have looked at the clock. */
    while (rc >= 0 && idle < 3) {
        mono_ns += SETTLE_STEP_NS;
        rc = wfs_rolls_work(store, mono_ns, true, err);
        idle = rc == 0 ? idle + 1 : 0;
        if (rc == 1 && go_on != NULL && !go_on(context, store->rollups.rows))
            break;
    }
    return rc < 0 ? rc : 0;
}
