/* SPDX-License-Identifier: MIT */
/* Store: see <watchfloor/store/writer.h>. This file takes batches apart by day and series. */

#include "store.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

/* Pages of 4 KiB in the log of changes before they are moved into the file. */
#define CHECKPOINT_PAGES 4000
/* A day without a row for this long, after its midnight, is sealed. */
#define REST_NS (60 * WF_NS_PER_S)
/* And days that were left open by an earlier life are looked for this often. */
#define SEAL_EVERY    60
#define ROLL_RETRY_NS (10 * WF_NS_PER_S)
#define ROLL_LAST_NS  (5 * WF_NS_PER_S)

int wf_store_create(const struct wf_store_options *options, struct wf_store **out_store,
                    struct wf_err *err)
{
    struct wf_store *store = calloc(1, sizeof(*store));

    if (store == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    /* Nobody asks SQLite how much memory it has: no lock around each allocation for that. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* refused when SQLite runs already */
    store->options = *options;
    if (!wf_copy_text(store->folder, sizeof(store->folder), options->folder) ||
        !wf_copy_text(store->instance, sizeof(store->instance), options->instance) ||
        !wf_copy_text(store->group, sizeof(store->group),
                      options->group != NULL ? options->group : "")) {
        free(store);
        return wf_fail(err, WF_ERR_LIMIT, "the path of the history folder is too long");
    }
    store->raw_from_ns = INT64_MIN;
    store->rollups.folder = store->folder;
    store->rollups.instance = store->instance;
    store->rollups.group = store->group;
    *out_store = store;
    return 0;
}

/* What is over, so that the next life finds little to read again. */
static void roll_all(struct wf_store *store)
{
    int64_t until_ns = wf_mono_now_ns() + ROLL_LAST_NS;

    while (wfs_rolls_work(store, wf_mono_now_ns(), true, NULL) == 1 && wf_mono_now_ns() < until_ns)
        continue;
}

void wf_store_destroy(struct wf_store **store)
{
    struct wf_store *s = *store;

    if (s == NULL)
        return;
    roll_all(s);
    wfs_rollups_close(&s->rollups);
    for (size_t i = 0; i < WFS_DAYS_OPEN; i++)
        wfs_days_close(s, &s->slots[i]);
    wfs_rolls_free(s);
    while (s->series != NULL) {
        struct wf_series *series = s->series;

        s->series = series->next_series;
        free(series);
    }
    while (s->plans != NULL) {
        struct wfs_plan_entry *entry = s->plans;

        s->plans = entry->next;
        wfs_plan_destroy(&entry->plan);
        free(entry);
    }
    free(s->suspect.ledger);
    free(s->owed);
    free(s->known);
    free(s->positions);
    free(s);
    *store = NULL;
}

/* --- series ------------------------------------------------------------------------ */

int wfs_store_plan(struct wf_store *store, const struct wf_schema *schema,
                   const struct wfs_plan **out, struct wf_err *err)
{
    struct wfs_plan_entry *entry;
    int rc;

    for (entry = store->plans; entry != NULL; entry = entry->next) {
        if (entry->plan->schema->schema_hash == schema->schema_hash &&
            wf_name_is_equal(entry->plan->schema->name, schema->name)) {
            *out = entry->plan;
            return 0;
        }
    }
    entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    rc = wfs_plan_create(schema, &entry->plan, err);
    if (rc < 0) {
        free(entry);
        return rc;
    }
    entry->next = store->plans;
    store->plans = entry;
    *out = entry->plan;
    return 0;
}

static void begin_line(const struct wf_store *store, struct wf_series *series, bool is_tail_unknown)
{
    const struct wfs_known *known =
        wfs_known_find(store, series->source, series->plan->schema->name);
    struct wfs_line_state *state = &series->committed;

    state->last_device_ns = state->last_received_ns = WF_TIME_NONE;
    state->clock_device_ns = state->clock_received_ns = WF_TIME_NONE;
    if (known != NULL) {
        bool is_same = known->at.region_created_ns == series->region_created_ns &&
                       known->at.schema_hash == series->plan->schema->schema_hash;

        state->has_last = known->at.last_received_ns != WF_TIME_NONE;
        state->epoch = known->at.epoch;
        state->last_device_ns = known->at.last_device_ns;
        state->last_received_ns = known->at.last_received_ns;
        state->next = is_same ? known->at.next : 0;
        state->is_tail_unknown = !is_same && is_tail_unknown && !known->at.is_complete;
    }
    series->pending = *state;
}

int wf_store_series(struct wf_store *store, const char *source, const struct wf_schema *schema,
                    int64_t region_created_ns, bool is_tail_unknown, struct wf_series **out_series,
                    struct wf_err *err)
{
    const struct wfs_plan *plan = NULL;
    struct wf_series *series;
    int rc = wfs_store_plan(store, schema, &plan, err);

    if (rc < 0)
        return rc;
    for (series = store->series; series != NULL; series = series->next_series) {
        if (series->plan == plan && series->region_created_ns == region_created_ns &&
            wf_name_is_equal(series->source, source)) {
            *out_series = series;
            return 0;
        }
    }
    series = calloc(1, sizeof(*series));
    if (series == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    (void)wf_copy_text(series->source, sizeof(series->source), source);
    series->plan = plan;
    series->region_created_ns = region_created_ns;
    series->roll = wfs_rolls_get(store, source, plan->schema->name);
    if (series->roll == NULL) {
        free(series);
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    begin_line(store, series, is_tail_unknown);
    series->next_series = store->series;
    store->series = series;
    *out_series = series;
    return 0;
}

uint64_t wf_series_next(const struct wf_series *series)
{
    return series->committed.next;
}

const struct wf_schema *wf_series_schema(const struct wf_series *series)
{
    return series->plan->schema;
}

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
    int64_t day_ns = wfs_day_start(slot->day), dirty;
    int rc = wfs_roll_add(series->roll, series->plan, sample->payload, time_ns, &dirty, err);

    if (WF_LIKELY(rc < 0 || dirty == WF_TIME_NONE) ||
        wfs_roll_is_dirty(series->roll, dirty, day_ns))
        return rc;
    rc = wfs_day_mark_dirty(slot->day, series->roll, dirty, err);
    return rc < 0 ? rc : wfs_roll_mark(series->roll, dirty, day_ns, err);
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
        next.stamp.lost_before = 0;
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
        *out_lost += store->owed[i].lost;
    }
    return rc;
}

static int write_day(struct wf_store *store, int64_t day_ns,
                     const struct wf_store_sample *const *samples, size_t count, bool is_synced,
                     struct wf_err *err)
{
    struct wfs_slot *slot = NULL;
    uint64_t gap_rows = 0, owed_lost = 0;
    int rc = wfs_days_get(store, day_ns, &slot, err);

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
        (void)wfs_ledger_add(slot, s, NULL); /* without memory only a damaged file counts less */
    }
    untouch_all(store, true);
    free(store->owed);
    store->owed = NULL;
    store->owed_count = 0;
    store->figures.batches++;
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

/* Rollups can wait, and be made from raw files at any time: that they fail is told once. */
static void roll(struct wf_store *store, int64_t now_mono_ns)
{
    struct wf_err err = { 0 };
    int rc;

    if (now_mono_ns < store->roll_retry_ns)
        return;
    rc = wfs_rolls_work(store, now_mono_ns, false, &err);
    if (rc >= 0) {
        if (store->is_rolling_failed && rc > 0) {
            wfs_notice(store, "rollups are written again");
            store->is_rolling_failed = false;
        }
        return;
    }
    if (!store->is_rolling_failed)
        wfs_notice(store, "rollups cannot be written: %s; rows are stored, trying again", err.text);
    store->is_rolling_failed = true;
    store->roll_retry_ns = now_mono_ns + ROLL_RETRY_NS;
    store->figures.errors++;
}

/* What cannot be deleted stays, and is tried again; that is told once. */
static void keep(struct wf_store *store, int64_t now_mono_ns)
{
    struct wf_err err = { 0 };
    int rc = wfs_retention_work(store, now_mono_ns, &err);
    bool is_failed = rc < 0 || (rc == 0 && store->is_keeping_failed); /* 0: it did not look */

    if (is_failed && !store->is_keeping_failed)
        wfs_notice(store, "what is not kept any longer cannot be deleted: %s; trying again",
                   err.text);
    store->is_keeping_failed = is_failed;
}

int wf_store_tidy(struct wf_store *store, int64_t now_mono_ns, struct wf_err *err)
{
    int result = 0;

    for (size_t i = 0; i < WFS_DAYS_OPEN; i++) {
        struct wfs_slot *slot = &store->slots[i];
        uint64_t held = 0;
        int rc;

        wfs_days_notice_removal(store, slot);
        if (slot->day == NULL)
            continue;
        rc = wfs_day_checkpoint(slot->day, CHECKPOINT_PAGES, err);
        if (rc < 0) {
            wf_err_prefix(err, "%s", wfs_day_path_of(slot->day));
            store->figures.errors++;
            wfs_days_drop(store, slot, rc);
            result = rc;
            continue;
        }
        store->figures.checkpoints += (uint64_t)rc;
        if (wfs_day_is_held(slot->day, &held))
            wfs_notice(
                store,
                "%s: a reader has held a transaction open while %llu MiB were written; until it"
                " ends, %s-wal grows (fuser tells who it is)",
                wfs_day_path_of(slot->day), (unsigned long long)(held >> 20),
                strrchr(wfs_day_path_of(slot->day), '/') + 1);
        if (slot->rows != slot->rows_seen || slot->rest_since_ns == 0) {
            slot->rows_seen = slot->rows;
            slot->rest_since_ns = now_mono_ns;
        } else if (now_mono_ns - slot->rest_since_ns > REST_NS &&
                   wf_utc_now_ns() - wfs_day_start(slot->day) > WF_NS_PER_DAY + REST_NS) {
            wfs_days_close(store, slot);
        }
    }
    if (result == 0) {
        roll(store, now_mono_ns);
        keep(store, now_mono_ns);
    }
    if (store->tidies++ % SEAL_EVERY == SEAL_EVERY - 1)
        wfs_days_seal_one(store);
    return result;
}

void wf_store_keep(struct wf_store *store, const struct wf_store_retention *retention)
{
    store->retention = *retention;
    store->kept_mono_ns = 0;
}

void wf_store_figures(const struct wf_store *store, struct wf_store_figures *out)
{
    *out = store->figures;
    out->db_bytes = out->wal_bytes = 0;
    for (size_t i = 0; i < WFS_DAYS_OPEN; i++) {
        uint64_t db = 0, wal = 0;

        if (store->slots[i].day == NULL)
            continue;
        wfs_day_bytes(store->slots[i].day, &db, &wal);
        out->db_bytes += db;
        out->wal_bytes += wal;
    }
}
