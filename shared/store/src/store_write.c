/* SPDX-License-Identifier: MIT */
/* Batches: samples are taken apart by day and series, a transaction in each day. */

#include "store.h"

#include <stdlib.h>

#include <watchfloor/clock.h>

/* --- one transaction ----------------------------------------------------------------- */

static void touch(struct wf_store *store, struct wf_series *series)
{
    if (series->is_touched)
        return;
    series->is_touched = true;
    series->rows = series->lost = series->thinned = 0;
    series->next_touched = store->touched;
    store->touched = series;
}

static void untouch_all(struct wf_store *store, bool is_committed)
{
    while (store->touched != NULL) {
        struct wf_series *series = store->touched;

        store->touched = series->next_touched;
        series->is_touched = false;
        if (is_committed) {
            store->figures.rows += series->rows;
            store->figures.lost += series->lost;
            store->figures.thinned += series->thinned;
            series->committed = series->pending;
            wfs_roll_commit(series->roll);
        } else {
            series->pending = series->committed;
            wfs_roll_rollback(series->roll);
        }
        series->rows = series->lost = series->thinned = 0;
    }
}

static int put_gaps(struct wfs_slot *slot, struct wf_series *series, const struct wf_gap *gaps,
                    size_t count, uint64_t *inout_gap_rows, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = wfs_day_gap(slot->day, &gaps[i], err);
        if (wf_gap_is_published(gaps[i].cause) && gaps[i].is_lost_known)
            series->lost += gaps[i].lost;
        ++*inout_gap_rows;
    }
    return rc;
}

int wfs_roll_up(struct wfs_slot *slot, const struct wf_store_sample *sample, struct wf_err *err)
{
    const struct wf_series *series = sample->series;
    const struct wf_stamp *stamp = &sample->stamp;
    int64_t time_ns = stamp->device_ns != WF_TIME_NONE ? stamp->device_ns : stamp->received_ns;
    int64_t key = wfs_day_key(slot->day), dirty;
    int rc = wfs_roll_add(series->roll, series->plan, sample->payload, time_ns, &dirty, err);

    if (WF_LIKELY(rc < 0 || dirty == WF_TIME_NONE) || wfs_roll_is_dirty(series->roll, dirty, key))
        return rc;
    rc = wfs_day_mark_dirty(slot->day, series->roll, dirty, err);
    return rc < 0 ? rc : wfs_roll_mark(series->roll, dirty, key, err);
}

static int put_sample(struct wf_store *store, struct wfs_slot *slot,
                      const struct wf_store_sample *sample, uint64_t *inout_gap_rows,
                      struct wf_err *err)
{
    struct wf_series *series = sample->series;
    struct wf_gap gaps[WFS_GAPS_MAX];
    size_t gap_count = wfs_gaps_before(series, sample, gaps);
    int rc = 0;

    touch(store, series);
    if (gap_count > 0)
        rc = put_gaps(slot, series, gaps, gap_count, inout_gap_rows, err);
    if (rc == 0 && sample->is_thinned) {
        series->thinned++;
        wfs_line_advance(&series->pending, &sample->stamp);
        return 0;
    }
    if (rc == 0)
        rc = wfs_day_put(slot->day, series, sample, err);
    if (rc == 0) {
        series->rows++;
        rc = wfs_roll_up(slot, sample, err);
    } else if (rc == WF_ERR_EXISTS) {
        /* Our own past is skipped by position; this is somebody else's number. Count it. */
        struct wf_store_sample next = *sample;

        next.stamp.number++; /* this one is what is missing */
        next.stamp.lost_before = next.stamp.rejected_before = 0;
        next.lost_cause = WF_GAP_CONFLICT;
        series->pending.next = sample->stamp.number;
        series->pending.epoch = sample->stamp.epoch;
        series->pending.is_tail_unknown = false;
        gap_count = wfs_gaps_before(series, &next, gaps);
        rc = put_gaps(slot, series, gaps, gap_count > 0 ? 1 : 0, inout_gap_rows, err);
    }
    if (rc == 0)
        wfs_line_advance(&series->pending, &sample->stamp);
    return rc;
}

/* When it was received; what cannot be is put where a person will notice, 1970. */
static int64_t received(const struct wf_store_sample *sample)
{
    return sample->stamp.received_ns > 0 ? sample->stamp.received_ns : 0;
}

static bool is_of_day(const struct wf_store_sample *sample, int64_t day_ns)
{
    int64_t received_ns = received(sample);

    return received_ns >= day_ns && received_ns - day_ns < WF_NS_PER_DAY;
}

/* Put everything of the day for which nothing earlier of the same series waits. */
static int put_day(struct wf_store *store, struct wfs_slot *slot,
                   const struct wf_store_sample *const *samples, size_t count,
                   uint64_t *out_gap_rows, struct wf_err *err)
{
    int64_t day_ns = wfs_day_start(slot->day);
    uint64_t pass = ++store->passes;

    for (size_t i = 0; i < count; i++) {
        struct wf_series *series = samples[i]->series;
        int rc;

        if (samples[i]->stamp.number < series->pending.next || series->blocked_in == pass)
            continue;
        if (!is_of_day(samples[i], day_ns)) {
            series->blocked_in = pass;
            continue;
        }
        rc = put_sample(store, slot, samples[i], out_gap_rows, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int put_owed(struct wf_store *store, struct wfs_slot *slot, uint64_t *out_gap_rows,
                    uint64_t *out_lost, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < store->owed_count; i++) {
        rc = wfs_day_gap(slot->day, &store->owed[i], err);
        ++*out_gap_rows;
        *out_lost += wf_gap_is_published(store->owed[i].cause) ? store->owed[i].lost : 0;
    }
    return rc;
}

static int write_day(struct wf_store *store, int64_t day_ns,
                     const struct wf_store_sample *const *samples, size_t count, bool is_synced,
                     struct wf_err *err)
{
    struct wfs_slot *slot = NULL;
    uint64_t gap_rows = 0, owed_lost = 0;
    int rc = wfs_days_of(store, day_ns, &slot, err);

    if (rc < 0)
        return rc;
    rc = wfs_day_begin(slot->day, is_synced, err);
    if (rc == 0 && store->owed_count > 0)
        rc = put_owed(store, slot, &gap_rows, &owed_lost, err);
    if (rc == 0)
        rc = put_day(store, slot, samples, count, &gap_rows, err);
    for (struct wf_series *s = store->touched; rc == 0 && s != NULL; s = s->next_touched)
        rc = wfs_day_position(slot->day, s, store->serial + 1, err);
    if (rc == 0)
        rc = wfs_day_commit(slot->day, err);
    if (rc < 0) {
        wf_err_prefix(err, "%s", wfs_day_path_of(slot->day));
        untouch_all(store, false);
        wfs_days_drop(store, slot, rc);
        return rc;
    }
    store->serial++;
    for (struct wf_series *s = store->touched; s != NULL; s = s->next_touched) {
        struct wf_position at;

        wfs_series_position(s, &s->pending, &at);
        (void)wfs_known_keep(store, &at, &s->roll->state, store->serial, NULL);
        wfs_slot_note(slot, s->source, s->plan->schema->name, s->rows + s->thinned + s->lost, 0);
    }
    untouch_all(store, true);
    wfs_slot_note_gaps(slot, store->owed, store->owed_count);
    free(store->owed);
    store->owed = NULL;
    store->owed_count = 0;
    store->figures.batches++;
    store->figures.syncs += is_synced;
    store->figures.gap_rows += gap_rows;
    store->figures.lost += owed_lost;
    return 0;
}

/* --- batches ---------------------------------------------------------------------------- */

/* The earliest day among what each series has waiting first; false when nothing waits. */
static bool next_day(struct wf_store *store, const struct wf_store_sample *const *samples,
                     size_t count, int64_t *out_day_ns)
{
    uint64_t scan = ++store->passes;
    int64_t earliest = INT64_MAX;
    bool is_any = false;

    for (size_t i = 0; i < count; i++) {
        struct wf_series *series = samples[i]->series;

        if (samples[i]->stamp.number < series->committed.next || series->seen_in == scan)
            continue;
        series->seen_in = scan;
        is_any = true;
        if (received(samples[i]) < earliest)
            earliest = received(samples[i]);
    }
    if (is_any)
        *out_day_ns = wf_utc_day_start(earliest);
    return is_any;
}

int wf_store_write(struct wf_store *store, const struct wf_store_sample *const *samples,
                   size_t count, bool is_synced, struct wf_err *err)
{
    int64_t day_ns;

    if (!store->is_recovered)
        return wf_fail(err, WF_ERR_BUSY, "positions were not recovered yet");
    while (next_day(store, samples, count, &day_ns)) {
        int rc = write_day(store, day_ns, samples, count, is_synced, err);

        if (rc < 0) {
            store->figures.errors++;
            return rc;
        }
    }
    return 0;
}

int wf_store_sync(struct wf_store *store, struct wf_err *err)
{
    for (size_t i = 0; i < WFS_DAYS_OPEN; i++) {
        struct wfs_slot *slot = &store->slots[i];
        int rc;

        if (slot->day == NULL)
            continue;
        rc = wfs_day_sync(slot->day, err);
        if (rc < 0) {
            wf_err_prefix(err, "%s", wfs_day_path_of(slot->day));
            wfs_days_drop(store, slot, rc);
            return rc;
        }
        store->figures.syncs += (uint64_t)rc;
    }
    return 0;
}

int wf_store_complete(struct wf_store *store, struct wf_series *const *series, size_t count,
                      struct wf_err *err)
{
    struct wfs_slot *slot = NULL;
    int rc = 0;

    for (size_t i = 0; i < WFS_DAYS_OPEN; i++) {
        if (store->slots[i].day != NULL && (slot == NULL || store->slots[i].used > slot->used))
            slot = &store->slots[i];
    }
    if (slot == NULL || count == 0)
        return 0; /* nothing was written in this life: earlier ones said what they knew */
    rc = wfs_day_begin(slot->day, true, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct wfs_known known = { .serial = store->serial + 1, .rolled = series[i]->roll->state };

        wfs_series_position(series[i], &series[i]->committed, &known.at);
        known.at.is_complete = true;
        rc = wfs_day_remember(slot->day, &known, err);
        if (rc == 0)
            rc = wfs_known_keep(store, &known.at, &known.rolled, known.serial, err);
    }
    if (rc == 0)
        rc = wfs_day_commit(slot->day, err);
    if (rc < 0)
        wfs_days_drop(store, slot, rc);
    return rc;
}
