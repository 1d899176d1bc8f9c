/* SPDX-License-Identifier: MIT */
/* What a batch does to a day file: see day.h. wfs_day_put is the hot path. */

#include "day_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "catalogue.h"
#include "row.h"
#include "view.h"

void wfs_table_free(struct wfs_table *table)
{
    if (table->inserts != NULL) {
        for (size_t i = 0; i < table->plan->part_count; i++)
            (void)sqlite3_finalize(table->inserts[i]);
    }
    free(table->inserts);
    free(table->quality);
    free(table);
}

static int prepare_inserts(struct wfs_day *day, struct wfs_table *table, struct wf_err *err)
{
    struct wf_strbuf sql;
    int rc = 0;

    wf_strbuf_init(&sql, 1u << 20);
    for (size_t part = 0; rc == 0 && part < table->plan->part_count; part++) {
        wf_strbuf_clear(&sql);
        wfs_plan_add_insert(table->plan, part, &sql);
        rc = sql.was_cut ? wf_fail(err, WF_ERR_NOMEM, "out of memory")
                         : wfs_prepare(day->db, sql.text, &table->inserts[part], err);
    }
    wf_strbuf_fini(&sql);
    return rc;
}

static int find_table(struct wfs_day *day, const struct wfs_plan *plan, struct wfs_table **out,
                      struct wf_err *err)
{
    struct wfs_table *table;
    int rc;

    for (table = day->tables; table != NULL; table = table->next) {
        if (table->plan == plan) {
            *out = table;
            return 0;
        }
    }
    table = calloc(1, sizeof(*table));
    if (table == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    table->plan = plan;
    table->block.number = -1;
    table->inserts = calloc(plan->part_count, sizeof(sqlite3_stmt *));
    table->quality = calloc(plan->column_count + 1, 1);
    if (table->inserts == NULL || table->quality == NULL)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    else
        rc = wfs_catalogue_schema(day->db, plan, day->start_ns, &table->schema_id,
                                  &table->is_view_due, err);
    if (rc == 0)
        rc = prepare_inserts(day, table, err);
    if (rc < 0) {
        wfs_table_free(table);
        return rc;
    }
    table->next = day->tables;
    day->tables = table;
    *out = table;
    return 0;
}

static int find_member(struct wfs_day *day, struct wf_series *series, struct wf_err *err)
{
    struct wfs_member *member;
    int rc;

    for (member = day->members; member != NULL; member = member->next) {
        if (member->series == series) {
            series->member = member;
            return 0;
        }
    }
    member = calloc(1, sizeof(*member));
    if (member == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    member->day = day;
    member->series = series;
    member->epoch_id = -1;
    rc = find_table(day, series->plan, &member->table, err);
    if (rc == 0)
        rc = wfs_catalogue_source(day->db, series->source, &member->source_id, err);
    if (rc == 0)
        rc = wfs_execf(day->db, err, "INSERT OR IGNORE INTO _series VALUES (%lld, %lld)",
                       (long long)member->source_id, (long long)member->table->schema_id);
    if (rc < 0) {
        free(member);
        return rc;
    }
    member->next = day->members;
    day->members = member;
    series->member = member;
    return 0;
}

static int flush_block(struct wfs_day *day, struct wfs_table *table, struct wf_err *err)
{
    const struct wfs_block *block = &table->block;
    int64_t cells[] = { table->schema_id, block->number,        block->rows,
                        block->first_id,  block->last_id,       block->device_from,
                        block->device_to, block->received_from, block->received_to,
                        block->is_ordered };

    if (block->number < 0)
        return 0;
    for (size_t i = 0; i < WF_COUNT_OF(cells); i++)
        (void)sqlite3_bind_int64(day->put_block, (int)i + 1, cells[i]);
    table->block.number = -1;
    return wfs_run(day->put_block, err);
}

static void widen(int64_t value, int64_t *from, int64_t *to)
{
    if (value < *from)
        *from = value;
    if (value > *to)
        *to = value;
}

static int note_block(struct wfs_day *day, struct wfs_table *table, int64_t id,
                      const struct wf_stamp *stamp, struct wf_err *err)
{
    struct wfs_block *block = &table->block;
    int64_t device_ns = stamp->device_ns != WF_TIME_NONE ? stamp->device_ns : stamp->received_ns;

    if (block->number != id >> WFS_BLOCK_BITS) {
        int rc = flush_block(day, table, err);

        if (rc < 0)
            return rc;
        *block = (struct wfs_block){ .number = id >> WFS_BLOCK_BITS,
                                     .first_id = id,
                                     .last_id = id,
                                     .device_from = device_ns,
                                     .device_to = device_ns,
                                     .received_from = stamp->received_ns,
                                     .received_to = stamp->received_ns,
                                     .is_ordered = true };
    } else if (id < block->last_id || device_ns < block->device_to) {
        block->is_ordered = false;
    }
    block->rows++;
    widen(id, &block->first_id, &block->last_id);
    widen(device_ns, &block->device_from, &block->device_to);
    widen(stamp->received_ns, &block->received_from, &block->received_to);
    return 0;
}

static int row_id(struct wfs_day *day, struct wfs_member *member, const struct wf_stamp *stamp,
                  int64_t *out, struct wf_err *err)
{
    if (WF_UNLIKELY(member->epoch_id < 0 || member->epoch != stamp->epoch)) {
        int rc = wfs_catalogue_epoch(day->db, stamp->epoch, &member->epoch_id, err);

        if (rc < 0) {
            member->epoch_id = -1;
            return rc;
        }
        member->epoch = stamp->epoch;
    }
    if (stamp->order > WFS_ORDER_MAX || member->epoch_id > (int64_t)WFS_EPOCH_MAX ||
        stamp->number > INT64_MAX)
        return wf_fail(err, WF_ERR_EXISTS, "a number beyond what history can hold");
    *out = (int64_t)((uint64_t)member->epoch_id << WFS_ORDER_BITS | stamp->order);
    return 0;
}

/* Device time behind receive time; what is further than int64 reaches (1735) is cut to it. */
static int64_t device_behind(const struct wf_stamp *stamp)
{
    if (stamp->received_ns > 0 && stamp->device_ns < INT64_MIN + 1 + stamp->received_ns)
        return INT64_MIN + 1;
    if (stamp->received_ns < 0 && stamp->device_ns > INT64_MAX + stamp->received_ns)
        return INT64_MAX;
    return stamp->device_ns - stamp->received_ns;
}

/* A number as its distance from another that goes along with it; beyond int64 as it is. */
static void bind_ahead(sqlite3_stmt *stmt, int at, uint64_t number, uint64_t of)
{
    if (number <= INT64_MAX)
        (void)sqlite3_bind_int64(stmt, at, (int64_t)number - (int64_t)of);
    else
        (void)wfs_bind_u64(stmt, at, number);
}

static void bind_stamp(sqlite3_stmt *stmt, int64_t day_ns, const struct wf_stamp *stamp)
{
    (void)sqlite3_bind_int64(stmt, 1 + WFS_AT_RECEIVED, stamp->received_ns - day_ns);
    if (stamp->device_ns != WF_TIME_NONE)
        (void)sqlite3_bind_int64(stmt, 1 + WFS_AT_DEVICE, device_behind(stamp));
    else
        (void)sqlite3_bind_null(stmt, 1 + WFS_AT_DEVICE);
    (void)sqlite3_bind_int64(stmt, 1 + WFS_AT_NUMBER, (int64_t)stamp->number);
    bind_ahead(stmt, 1 + WFS_AT_PACKETS, stamp->packet, stamp->order);
    bind_ahead(stmt, 1 + WFS_AT_SEQUENCES, stamp->sequence, stamp->number);
    (void)sqlite3_bind_int64(stmt, 1 + WFS_AT_MARKS,
                             (int64_t)((uint64_t)stamp->lost_before << 32 | stamp->flags));
}

static int insert_parts(const struct wfs_day *day, struct wfs_table *table, int64_t source_id,
                        int64_t id, const struct wf_store_sample *sample, struct wf_err *err)
{
    const uint8_t *payload = sample->payload;
    int rc = 0;

    for (size_t part = 0; rc == 0 && part < table->plan->part_count; part++) {
        sqlite3_stmt *stmt = table->inserts[part];
        int at = 2, bound;

        (void)sqlite3_bind_int64(stmt, 1, id);
        if (part == 0) {
            (void)sqlite3_bind_int64(stmt, 1 + WFS_AT_SOURCE, source_id);
            bind_stamp(stmt, day->start_ns, &sample->stamp);
            (void)wfs_bind_quality(stmt, 1 + WFS_AT_QUALITY, table->plan, payload, table->quality);
            at = 1 + WFS_SYSTEM_COLUMNS;
        }
        bound = wfs_bind_part(stmt, at, table->plan, part, payload);
        if (bound == SQLITE_OK && part == 0 && table->plan->choice_count > 0)
            bound =
                wfs_bind_choices(stmt, at + (int)table->plan->parts[0].count, table->plan, payload);
        rc = bound == SQLITE_OK ? wfs_run(stmt, err)
                                : wfs_fail(err, sqlite3_db_handle(stmt), bound, "bind");
    }
    return rc;
}

int wfs_day_put(struct wfs_day *day, struct wf_series *series, const struct wf_store_sample *sample,
                struct wf_err *err)
{
    struct wfs_member *member = series->member;
    int64_t id = 0;
    int rc;

    if (WF_UNLIKELY(member == NULL || member->day != day)) {
        rc = find_member(day, series, err);
        if (rc < 0)
            return rc;
        member = series->member;
    }
    rc = row_id(day, member, &sample->stamp, &id, err);
    if (rc == 0)
        rc = insert_parts(day, member->table, member->source_id, id, sample, err);
    if (rc == 0)
        rc = note_block(day, member->table, id, &sample->stamp, err);
    return rc;
}

int wfs_day_gap(struct wfs_day *day, const struct wf_gap *gap, struct wf_err *err)
{
    sqlite3_stmt *stmt = day->insert_gap;
    int64_t source_id;
    int rc = wfs_catalogue_source(day->db, gap->source, &source_id, err);

    if (rc < 0)
        return rc;
    (void)sqlite3_clear_bindings(stmt); /* what is not known is NULL */
    (void)sqlite3_bind_int64(stmt, 1, source_id);
    (void)sqlite3_bind_text(stmt, 2, gap->subsystem, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 3, wf_gap_cause_name(gap->cause), -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(stmt, 4, wf_gap_is_published(gap->cause));
    if (gap->is_lost_known)
        (void)wfs_bind_u64(stmt, 5, gap->lost);
    if (gap->has_numbers) {
        (void)wfs_bind_u64(stmt, 6, gap->first_number);
        (void)wfs_bind_u64(stmt, 7, gap->last_number);
    }
    (void)wfs_bind_time(stmt, 8, gap->from_device_ns);
    (void)wfs_bind_time(stmt, 9, gap->to_device_ns);
    (void)wfs_bind_time(stmt, 10, gap->from_received_ns);
    (void)wfs_bind_time(stmt, 11, gap->to_received_ns);
    return wfs_run(stmt, err);
}

/* What a transaction adds to the counts of a series in a file. */
struct added {
    uint64_t rows, lost, thinned;
};

static int put_position(struct wfs_day *day, const struct wf_position *at,
                        const struct wfs_rolled *rolled, const struct added *added, uint64_t serial,
                        struct wf_err *err)
{
    sqlite3_stmt *stmt = day->put_position;
    char hash[24];

    (void)snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)at->schema_hash);
    (void)sqlite3_bind_text(stmt, 1, at->source, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 2, at->subsystem, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 3, hash, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(stmt, 4, at->region_created_ns);
    (void)wfs_bind_u64(stmt, 5, at->epoch);
    (void)wfs_bind_u64(stmt, 6, at->next);
    (void)wfs_bind_u64(stmt, 7, added->rows);
    (void)wfs_bind_u64(stmt, 8, added->lost);
    (void)wfs_bind_u64(stmt, 9, added->thinned);
    (void)wfs_bind_time(stmt, 10, at->last_device_ns);
    (void)wfs_bind_time(stmt, 11, at->last_received_ns);
    (void)wfs_bind_u64(stmt, 12, serial);
    (void)sqlite3_bind_int(stmt, 13, at->is_complete);
    (void)wfs_bind_time(stmt, 14, rolled->minute_from);
    (void)wfs_bind_time(stmt, 15, rolled->hour_from);
    (void)wfs_bind_time(stmt, 16, rolled->to_ns);
    return wfs_run(stmt, err);
}

int wfs_day_position(struct wfs_day *day, const struct wf_series *series, uint64_t serial,
                     struct wf_err *err)
{
    const struct added added = { series->rows, series->lost, series->thinned };
    struct wf_position at;

    wfs_series_position(series, &series->pending, &at);
    return put_position(day, &at, &series->roll->state, &added, serial, err);
}

int wfs_day_remember(struct wfs_day *day, const struct wfs_known *known, struct wf_err *err)
{
    const struct added none = { 0 };

    return put_position(day, &known->at, &known->rolled, &none, known->serial, err);
}

int wfs_day_count_rows(struct wfs_day *day, const char *source, const char *subsystem,
                       uint64_t rows, struct wf_err *err)
{
    return wfs_execf(day->db, err,
                     "UPDATE _positions SET rows = rows + %llu WHERE source = %Q AND"
                     " subsystem = %Q",
                     (unsigned long long)rows, source, subsystem);
}

int wfs_day_begin(struct wfs_day *day, bool is_synced, struct wf_err *err)
{
    int rc = 0;

    if (day->is_synchronous_full != is_synced) {
        rc = wfs_exec(day->db, err,
                      is_synced ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
        day->is_synchronous_full = is_synced;
    }
    if (rc == 0)
        rc = wfs_run(day->begin, err);
    day->is_in_transaction = rc == 0;
    return rc;
}

/* Of a hundred new versions of a type the view is made once. */
static int make_views(struct wfs_day *day, struct wf_err *err)
{
    int rc = 0;

    for (struct wfs_table *table = day->tables; rc == 0 && table != NULL; table = table->next) {
        const char *subsystem = table->plan->schema->name;

        if (!table->is_view_due)
            continue;
        rc = wfs_make_type_views(day->db, subsystem, err);
        for (struct wfs_table *other = table; other != NULL; other = other->next) {
            if (wf_name_is_equal(other->plan->schema->name, subsystem))
                other->is_view_due = false;
        }
    }
    return rc;
}

int wfs_day_commit(struct wfs_day *day, struct wf_err *err)
{
    int rc = make_views(day, err);

    if (rc == 0)
        rc = wfs_takers_flush(day, err);
    for (struct wfs_table *table = day->tables; rc == 0 && table != NULL; table = table->next)
        rc = flush_block(day, table, err);
    if (rc == 0)
        rc = wfs_run(day->commit, err);
    if (rc < 0)
        return rc;
    day->is_in_transaction = false;
    /* A synced commit takes along what was committed to the same log before. */
    day->is_unsynced = !day->is_synchronous_full;
    return 0;
}

int wfs_day_sync(struct wfs_day *day, struct wf_err *err)
{
    int rc;

    if (!day->is_unsynced)
        return 0;
    rc = wfs_day_begin(day, true, err);
    /* Something must be in it, or there is nothing to wait for. */
    if (rc == 0)
        rc = wfs_exec(day->db, err, "REPLACE INTO _file VALUES ('synced', 1)");
    if (rc == 0)
        rc = wfs_day_commit(day, err);
    return rc == 0 ? 1 : rc;
}

static int run_dirty(sqlite3_stmt *stmt, const struct wfs_roll *roll, int64_t minute_ns,
                     struct wf_err *err)
{
    (void)sqlite3_bind_text(stmt, 1, roll->source, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 2, roll->subsystem, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(stmt, 3, minute_ns);
    return wfs_run(stmt, err);
}

int wfs_day_mark_dirty(struct wfs_day *day, const struct wfs_roll *roll, int64_t minute_ns,
                       struct wf_err *err)
{
    return run_dirty(day->put_dirty, roll, minute_ns, err);
}

int wfs_day_mark_clean(struct wfs_day *day, const struct wfs_roll *roll, int64_t minute_ns,
                       struct wf_err *err)
{
    return run_dirty(day->take_dirty, roll, minute_ns, err);
}

void wfs_day_rollback(struct wfs_day *day)
{
    if (day->is_in_transaction)
        (void)sqlite3_exec(day->db, "ROLLBACK", NULL, NULL, NULL);
    day->is_in_transaction = false;
}
