/* SPDX-License-Identifier: MIT */
/* Store: see <watchfloor/store/writer.h>. This file opens and closes it, and makes its series. */

#include "store.h"

#include <stdlib.h>

#include <watchfloor/clock.h>

/* How long what is over is rolled up at the end. */
#define ROLL_LAST_NS (5 * WF_NS_PER_S)

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
    store->sealing_key = INT64_MIN;
    store->limit_told_key = INT64_MIN;
    store->are_spans_left = true;
    wf_store_limit_log(store, 0);
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
    wfs_rollups_seal_all(s);
    for (size_t i = 0; i < WFS_DAYS_OPEN; i++)
        wfs_days_close(s, &s->slots[i]);
    wfs_rolls_free(s);
    wfs_span_list_free(&s->spans);
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
    wfs_ledger_fini(&s->suspect.ledger);
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
