/* SPDX-License-Identifier: MIT */
/* Rows outside of the live path: imported, decoded again, found again. */

#include "store.h"

#include <stdio.h>
#include <stdlib.h>

#include <watchfloor/clock.h>

#include "row.h"

static int64_t day_of(const struct wf_store_sample *sample)
{
    return wf_utc_day_start(sample->stamp.received_ns > 0 ? sample->stamp.received_ns : 0);
}

/* One call, and what the transaction under way does. */
struct errand {
    const struct wfs_plan *old; /* of the rows to replace; NULL: rows are added */
    int64_t at_ns;
    struct wfs_change change; /* what is to be written down */
    struct wf_store_inserted counts;
    uint64_t missing; /* over all transactions */
};

/* Samples that are stored together, and what became of each. */
enum { WAITS, IS_HERE, IS_DONE };
struct portion {
    const struct wf_store_sample *const *samples;
    size_t count;
    uint8_t *marks;
};

static void note_change(struct errand *errand, int64_t received_ns)
{
    struct wfs_change *change = &errand->change;

    if (change->rows == 0 || received_ns < change->from_ns)
        change->from_ns = received_ns;
    if (change->rows == 0 || received_ns > change->to_ns)
        change->to_ns = received_ns;
    change->rows++;
}

static int record_change(struct wfs_slot *slot, const struct wf_series *series,
                         struct errand *errand, struct wf_err *err)
{
    struct wfs_change *change = &errand->change;

    change->table = errand->old != NULL ? "_redecoded" : "_imported";
    change->at_ns = errand->at_ns;
    change->source = series->source;
    change->subsystem = series->plan->schema->name;
    change->schema_hash = series->plan->schema->schema_hash;
    return change->rows > 0 ? wfs_day_record_change(slot->day, change, err) : 0;
}

static int put_row(struct wfs_slot *slot, const struct wf_store_sample *sample,
                   struct errand *errand, struct wf_err *err)
{
    int rc = wfs_day_put(slot->day, sample->series, sample, err);

    if (rc == WF_ERR_EXISTS) {
        errand->counts.duplicates++;
        return 0;
    }
    if (rc == 0)
        rc = wfs_roll_up(slot, sample, err);
    if (rc == 0)
        errand->counts.rows++;
    return rc;
}

/* Packets are missing before it, or came to nothing, and nobody wrote that down yet. */
static int put_gap(struct wfs_slot *slot, const struct wf_store_sample *sample,
                   enum wf_gap_cause cause, uint64_t lost, struct wf_err *err)
{
    struct wf_gap gap = { .cause = cause,
                          .is_lost_known = true,
                          .lost = lost,
                          .from_device_ns = WF_TIME_NONE,
                          .from_received_ns = WF_TIME_NONE,
                          .to_device_ns = sample->stamp.device_ns,
                          .to_received_ns = sample->stamp.received_ns };

    if (lost == 0)
        return 0;
    if (sample->before_received_ns != 0) {
        gap.from_device_ns = sample->before_device_ns;
        gap.from_received_ns = sample->before_received_ns;
    }
    (void)wf_copy_text(gap.source, sizeof(gap.source), sample->series->source);
    (void)wf_copy_text(gap.subsystem, sizeof(gap.subsystem), sample->series->plan->schema->name);
    return wfs_day_gap(slot->day, &gap, err);
}

static int insert_row(struct wfs_slot *slot, const struct wf_store_sample *sample,
                      struct errand *errand, struct wf_err *err)
{
    uint64_t rows = errand->counts.rows;
    int rc = put_row(slot, sample, errand, err);

    if (rc < 0 || errand->counts.rows == rows)
        return rc;
    if ((sample->stamp.flags & WF_SAMPLE_IMPORTED) != 0) {
        errand->counts.imported++;
        note_change(errand, sample->stamp.received_ns);
    }
    rc =
        put_gap(slot, sample, wfs_cause_of_missing(&sample->stamp), sample->stamp.lost_before, err);
    return rc < 0 ? rc : put_gap(slot, sample, WF_GAP_REJECTED, sample->stamp.rejected_before, err);
}

/* Out with the old row, in with the new one. */
static int exchange_row(struct wfs_slot *slot, const struct wf_store_sample *sample,
                        struct errand *errand, struct wf_err *err)
{
    bool is_taken;
    int rc = wfs_day_take(slot->day, errand->old, &sample->stamp, &is_taken, err);

    if (rc < 0)
        return rc;
    if (!is_taken) {
        errand->missing++;
        return 0;
    }
    note_change(errand, sample->stamp.received_ns);
    return put_row(slot, sample, errand, err);
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

/* The samples of the file's day that have that mark. */
static int put_marked(struct wf_store *store, struct wfs_slot *slot, struct wf_series *series,
                      const struct portion *portion, uint8_t mark, struct errand *errand,
                      struct wf_err *err)
{
    int64_t day_ns = wfs_day_start(slot->day);
    int rc = wfs_day_begin(slot->day, false, err);

    errand->change = (struct wfs_change){ 0 };
    errand->counts = (struct wf_store_inserted){ 0 };
    for (size_t i = 0; rc == 0 && i < portion->count; i++) {
        const struct wf_store_sample *sample = portion->samples[i];

        if (portion->marks[i] != mark || day_of(sample) != day_ns)
            continue;
        portion->marks[i] = IS_DONE;
        rc = errand->old != NULL ? exchange_row(slot, sample, errand, err)
                                 : insert_row(slot, sample, errand, err);
    }
    if (rc == 0)
        rc = record_change(slot, series, errand, err);
    if (rc == 0)
        rc = put_position(store, slot, series, err);
    return rc == 0 ? wfs_day_commit(slot->day, err) : rc;
}

/* One transaction, in one file. */
static int insert_file(struct wf_store *store, struct wf_series *series, struct wfs_slot *slot,
                       const struct portion *portion, uint8_t mark, struct errand *errand,
                       struct wf_store_inserted *inout_counts, struct wf_err *err)
{
    int rc = put_marked(store, slot, series, portion, mark, errand, err);

    if (rc < 0) {
        wfs_roll_rollback(series->roll);
        wf_err_prefix(err, "%s", wfs_day_path_of(slot->day));
        wfs_days_drop(store, slot, rc);
        return rc;
    }
    wfs_roll_commit(series->roll);
    store->serial++;
    store->figures.batches++;
    inout_counts->rows += errand->counts.rows;
    inout_counts->imported += errand->counts.imported;
    inout_counts->duplicates += errand->counts.duplicates;
    wfs_slot_note(slot, series->source, series->plan->schema->name, 0, errand->counts.imported);
    if (wfs_known_find(store, series->source, series->plan->schema->name) == NULL) {
        struct wf_position at;

        wfs_series_position(series, &series->committed, &at);
        at.is_complete = true;
        return wfs_known_keep(store, &at, &series->roll->state, store->serial, err);
    }
    return 0;
}

/* --- earlier parts of a day ------------------------------------------------------------------- */

static int mark_rows(sqlite3 *db, const struct wfs_plan *plan, int64_t day_ns,
                     const struct portion *portion, size_t *out_count, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int64_t tables = 0;
    char sql[400];
    int rc;

    (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM _schemas WHERE table_name = '%.128s'",
                   plan->parts[0].table);
    rc = wfs_get_i64(db, sql, 0, &tables, err);
    if (rc < 0 || tables == 0)
        return rc;
    (void)snprintf(sql, sizeof(sql),
                   "SELECT 1 FROM \"%.128s\" WHERE _id ="
                   " (SELECT id FROM _epochs WHERE epoch_ns = ?1) << %d | ?2",
                   plan->parts[0].table, WFS_ORDER_BITS);
    rc = wfs_prepare(db, sql, &stmt, err);
    for (size_t i = 0; rc == 0 && i < portion->count; i++) {
        const struct wf_store_sample *sample = portion->samples[i];
        int step;

        if (portion->marks[i] != WAITS || day_of(sample) != day_ns ||
            sample->stamp.order > WFS_ORDER_MAX)
            continue;
        (void)wfs_bind_u64(stmt, 1, sample->stamp.epoch);
        (void)wfs_bind_u64(stmt, 2, sample->stamp.order);
        step = sqlite3_step(stmt);
        if (step == SQLITE_ROW) {
            portion->marks[i] = IS_HERE;
            ++*out_count;
        } else if (step != SQLITE_DONE) {
            rc = wfs_fail(err, db, step, "look for rows");
        }
        (void)sqlite3_reset(stmt);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* Mark the rows that an earlier part of the day has. */
static int find_in_part(const struct wf_store *store, int64_t key, const struct wfs_plan *plan,
                        const struct portion *portion, size_t *out_count, struct wf_err *err)
{
    char path[WFS_PATH_SIZE];
    sqlite3 *db = NULL;
    int rc = wfs_day_path(store->folder, key, path, err);

    *out_count = 0;
    if (rc == 0)
        rc = wfs_open_reader(path, 2000, &db, err);
    if (rc == 0)
        rc = mark_rows(db, plan, wfs_file_day(key), portion, out_count, err);
    wfs_close(&db);
    /* Nothing in it yet, or nothing to be had of it any more: that is another's matter. */
    return rc == WF_ERR_ABSENT || rc == WF_ERR_CORRUPT || rc == WF_ERR_VERSION ? 0 : rc;
}

static void leave_duplicates(const struct portion *portion)
{
    for (size_t i = 0; i < portion->count; i++) {
        if (portion->marks[i] == IS_HERE)
            portion->marks[i] = IS_DONE;
    }
}

/* Rows that are in an earlier part stay there: as duplicates, or in their new form. */
static int insert_earlier(struct wf_store *store, struct wf_series *series, int64_t last_key,
                          const struct portion *portion, struct errand *errand,
                          struct wf_store_inserted *inout_counts, struct wf_err *err)
{
    const struct wfs_plan *plan = errand->old != NULL ? errand->old : series->plan;
    int rc = 0;

    for (int64_t key = wfs_file_day(last_key); rc == 0 && key < last_key; key++) {
        struct wfs_slot *slot = NULL;
        size_t found;

        rc = find_in_part(store, key, plan, portion, &found, err);
        if (rc < 0 || found == 0)
            continue;
        if (errand->old == NULL) {
            inout_counts->duplicates += found;
            leave_duplicates(portion);
            continue;
        }
        rc = wfs_days_get(store, key, &slot, err);
        if (rc == 0)
            rc = wfs_days_has_room(store, slot, err);
        if (rc == 0)
            rc = insert_file(store, series, slot, portion, IS_HERE, errand, inout_counts, err);
    }
    return rc;
}

/* --- days --------------------------------------------------------------------------------------- */

static int insert_day(struct wf_store *store, struct wf_series *series, int64_t day_ns,
                      const struct portion *portion, struct errand *errand,
                      struct wf_store_inserted *inout_counts, struct wf_err *err)
{
    struct wfs_slot *slot = NULL;
    int64_t last_key;
    int rc = wfs_days_of(store, day_ns, &slot, err);

    if (rc < 0)
        return rc;
    last_key = wfs_day_key(slot->day);
    rc = insert_earlier(store, series, last_key, portion, errand, inout_counts, err);
    if (rc == 0)
        rc = wfs_days_get(store, last_key, &slot, err);
    return rc < 0 ? rc
                  : insert_file(store, series, slot, portion, WAITS, errand, inout_counts, err);
}

static int insert_days(struct wf_store *store, struct wf_series *series,
                       const struct wf_store_sample *const *samples, size_t count,
                       struct errand *errand, struct wf_store_inserted *inout_counts,
                       struct wf_err *err)
{
    struct portion portion = { samples, count, NULL };
    int rc = 0;

    if (!store->is_recovered)
        return wf_fail(err, WF_ERR_BUSY, "positions were not recovered yet");
    portion.marks = calloc(count + 1, sizeof(*portion.marks));
    if (portion.marks == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    while (rc == 0) {
        int64_t day_ns = INT64_MAX;

        for (size_t i = 0; i < count; i++) {
            if (portion.marks[i] == WAITS && day_of(samples[i]) < day_ns)
                day_ns = day_of(samples[i]);
        }
        if (day_ns == INT64_MAX)
            break;
        rc = insert_day(store, series, day_ns, &portion, errand, inout_counts, err);
    }
    free(portion.marks);
    return rc;
}

int wf_store_insert(struct wf_store *store, struct wf_series *series, int64_t at_ns,
                    const struct wf_store_sample *const *samples, size_t count,
                    struct wf_store_inserted *inout_counts, struct wf_err *err)
{
    struct errand errand = { .at_ns = at_ns };

    return insert_days(store, series, samples, count, &errand, inout_counts, err);
}

int wf_store_replace(struct wf_store *store, struct wf_series *series, const struct wf_schema *old,
                     int64_t at_ns, const struct wf_store_sample *const *samples, size_t count,
                     struct wf_store_replaced *inout_counts, struct wf_err *err)
{
    struct errand errand = { .at_ns = at_ns };
    struct wf_store_inserted counts = { 0 };
    int rc = wfs_store_plan(store, old, &errand.old, err);

    if (rc == 0)
        rc = insert_days(store, series, samples, count, &errand, &counts, err);
    inout_counts->rows += counts.rows;
    inout_counts->missing += errand.missing;
    return rc;
}

/* --- what was found again ---------------------------------------------------------------------- */

/* What is left to take off gaps: of rows that were published, and of imported ones. */
struct found {
    const char *source, *subsystem;
    int64_t day_ns;
    uint64_t published, imported;
};

/* Shrink gaps of one cause in one file; what is left of the rows. */
static int shrink_gaps(struct wfs_day *day, const struct found *found, enum wf_gap_cause cause,
                       uint64_t *inout_rows, struct wf_err *err)
{
    sqlite3 *db = wfs_day_db(day);

    while (*inout_rows > 0) {
        char sql[400];
        int64_t id = 0, lost = 0, taken;
        int rc;

        (void)snprintf(sql, sizeof(sql),
                       "SELECT id FROM _gaps WHERE cause = '%s' AND lost > 0"
                       " AND subsystem = '%.48s' AND from_received_ns = %lld AND source ="
                       " (SELECT id FROM _sources WHERE name = '%.48s') LIMIT 1",
                       wf_gap_cause_name(cause), found->subsystem, (long long)found->day_ns,
                       found->source);
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

/* What no gap told of any more (a hole in the numbers does) stays out of the count of rows. */
static int count_found(struct wf_store *store, const struct found *found, uint64_t rows,
                       struct wf_err *err)
{
    struct wfs_slot *slot = NULL;
    int rc = wfs_days_of(store, found->day_ns, &slot, err);

    if (rc < 0)
        return rc;
    rc = wfs_day_begin(slot->day, true, err);
    if (rc == 0)
        rc = wfs_day_count_rows(slot->day, found->source, found->subsystem, rows, err);
    if (rc == 0)
        rc = wfs_day_commit(slot->day, err);
    if (rc < 0)
        wfs_days_drop(store, slot, rc);
    else
        wfs_slot_note(slot, found->source, found->subsystem, rows, 0);
    return rc;
}

int wf_store_found(struct wf_store *store, const char *source, const char *subsystem,
                   int64_t day_ns, const struct wf_store_inserted *counts, struct wf_err *err)
{
    struct found found = { source, subsystem, day_ns, counts->rows - counts->imported,
                           counts->imported };
    struct wfs_day_file *files = NULL;
    uint64_t published = found.published;
    size_t count = 0;
    int rc = wfs_folder_list(store->folder, &files, &count, err);

    for (size_t i = 0; rc == 0 && found.published + found.imported > 0 && i < count; i++) {
        struct wfs_slot *slot = NULL;

        /* The gap lies in the file that was written next, on that day or behind it. */
        if (wfs_file_day(files[i].key) < day_ns)
            continue;
        rc = wfs_days_get(store, files[i].key, &slot, err);
        if (rc == 0)
            rc = wfs_day_begin(slot->day, true, err);
        if (rc == 0)
            rc = shrink_gaps(slot->day, &found, WF_GAP_FILE_CORRUPT, &found.published, err);
        if (rc == 0)
            rc = shrink_gaps(slot->day, &found, WF_GAP_IMPORT_LOST, &found.imported, err);
        if (rc == 0)
            rc = wfs_day_commit(slot->day, err);
        if (rc < 0 && slot != NULL)
            wfs_days_drop(store, slot, rc);
    }
    free(files);
    published -= found.published;
    return rc == 0 && published > 0 ? count_found(store, &found, published, err) : rc;
}
