/* SPDX-License-Identifier: MIT */
/* Rows leave a day file to be put back in another form: see day.h. */

#include "day_private.h"

#include <stdio.h>
#include <stdlib.h>

#include <watchfloor/clock.h>

#include "catalogue.h"
#include "row.h"

/* The way out of the tables of one schema version. */
struct wfs_taker {
    const struct wfs_plan *plan;
    int64_t schema_id;      /* 0: it has no rows in this file */
    sqlite3_stmt **deletes; /* one a part */
    uint64_t epoch;
    int64_t epoch_id; /* -1 = not looked up yet */
    int64_t block;    /* that `taken` rows left since it was written last */
    int64_t taken;
    struct wfs_taker *next;
};

static void free_taker(struct wfs_taker *taker)
{
    for (size_t i = 0; taker->deletes != NULL && i < taker->plan->part_count; i++)
        (void)sqlite3_finalize(taker->deletes[i]);
    free(taker->deletes);
    free(taker);
}

void wfs_takers_free(struct wfs_day *day)
{
    while (day->takers != NULL) {
        struct wfs_taker *taker = day->takers;

        day->takers = taker->next;
        free_taker(taker);
    }
}

static int prepare_deletes(struct wfs_day *day, struct wfs_taker *taker, struct wf_err *err)
{
    int rc = 0;

    taker->deletes = calloc(taker->plan->part_count, sizeof(sqlite3_stmt *));
    if (taker->deletes == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t part = 0; rc == 0 && part < taker->plan->part_count; part++) {
        struct wf_strbuf sql;

        wf_strbuf_init(&sql, 1000);
        wf_strbuf_add(&sql, "DELETE FROM ");
        wfs_add_identifier(&sql, taker->plan->parts[part].table);
        wf_strbuf_add(&sql, " WHERE _id = ?");
        rc = sql.was_cut ? wf_fail(err, WF_ERR_NOMEM, "out of memory")
                         : wfs_prepare(day->db, sql.text, &taker->deletes[part], err);
        wf_strbuf_fini(&sql);
    }
    return rc;
}

static int find_taker(struct wfs_day *day, const struct wfs_plan *plan, struct wfs_taker **out,
                      struct wf_err *err)
{
    struct wfs_taker *taker;
    char sql[400];
    int rc;

    for (taker = day->takers; taker != NULL; taker = taker->next) {
        if (taker->plan == plan) {
            *out = taker;
            return 0;
        }
    }
    taker = calloc(1, sizeof(*taker));
    if (taker == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    taker->plan = plan;
    taker->epoch_id = -1;
    (void)snprintf(sql, sizeof(sql),
                   "SELECT id FROM _schemas WHERE subsystem = '%.48s' AND table_name = '%.128s'",
                   plan->schema->name, plan->parts[0].table);
    rc = wfs_get_i64(day->db, sql, 0, &taker->schema_id, err);
    if (rc == 0 && taker->schema_id != 0)
        rc = prepare_deletes(day, taker, err);
    if (rc < 0) {
        free_taker(taker);
        return rc;
    }
    taker->next = day->takers;
    day->takers = taker;
    *out = taker;
    return 0;
}

/* Times of a block may be wider than its rows; a block without rows must not stay. */
static int flush_taken(struct wfs_day *day, struct wfs_taker *taker, struct wf_err *err)
{
    int64_t taken = taker->taken;
    int rc;

    taker->taken = 0;
    if (taken == 0)
        return 0;
    rc = wfs_execf(day->db, err,
                   "UPDATE _blocks SET rows = rows - %lld WHERE schema = %lld AND block = %lld",
                   (long long)taken, (long long)taker->schema_id, (long long)taker->block);
    if (rc == 0)
        rc = wfs_execf(day->db, err,
                       "DELETE FROM _blocks WHERE schema = %lld AND block = %lld AND rows <= 0",
                       (long long)taker->schema_id, (long long)taker->block);
    return rc;
}

int wfs_takers_flush(struct wfs_day *day, struct wf_err *err)
{
    int rc = 0;

    for (struct wfs_taker *taker = day->takers; rc == 0 && taker != NULL; taker = taker->next)
        rc = flush_taken(day, taker, err);
    return rc;
}

static int delete_parts(struct wfs_day *day, const struct wfs_taker *taker, int64_t id,
                        bool *out_is_taken, struct wf_err *err)
{
    for (size_t part = 0; part < taker->plan->part_count; part++) {
        int rc;

        (void)sqlite3_bind_int64(taker->deletes[part], 1, id);
        rc = wfs_run(taker->deletes[part], err);
        if (rc < 0)
            return rc;
        if (part > 0)
            continue;
        *out_is_taken = sqlite3_changes(day->db) > 0;
        if (!*out_is_taken)
            return 0;
    }
    return 0;
}

int wfs_day_take(struct wfs_day *day, const struct wfs_plan *plan, const struct wf_stamp *stamp,
                 bool *out_is_taken, struct wf_err *err)
{
    struct wfs_taker *taker = NULL;
    int64_t id;
    int rc;

    *out_is_taken = false;
    if (stamp->order > WFS_ORDER_MAX)
        return 0;
    rc = find_taker(day, plan, &taker, err);
    if (rc < 0 || taker->schema_id == 0)
        return rc;
    if (taker->epoch_id < 0 || taker->epoch != stamp->epoch) {
        rc = wfs_catalogue_epoch(day->db, stamp->epoch, &taker->epoch_id, err);
        if (rc < 0) {
            taker->epoch_id = -1;
            return rc;
        }
        taker->epoch = stamp->epoch;
    }
    id = (int64_t)((uint64_t)taker->epoch_id << WFS_ORDER_BITS | stamp->order);
    rc = delete_parts(day, taker, id, out_is_taken, err);
    if (rc == 0 && *out_is_taken && taker->block != id >> WFS_BLOCK_BITS) {
        rc = flush_taken(day, taker, err);
        taker->block = id >> WFS_BLOCK_BITS;
    }
    taker->taken += rc == 0 && *out_is_taken ? 1 : 0;
    return rc;
}

int wfs_day_record_change(struct wfs_day *day, const struct wfs_change *change, struct wf_err *err)
{
    char hash[24];
    int rc = wfs_execf(day->db, err,
                       "CREATE TABLE IF NOT EXISTS %s (at_ns INTEGER, source TEXT COLLATE"
                       " NOCASE, subsystem TEXT COLLATE NOCASE, schema_hash TEXT, from_ns INTEGER,"
                       " to_ns INTEGER, rows INTEGER,"
                       " PRIMARY KEY (at_ns, source, subsystem, schema_hash)) WITHOUT ROWID",
                       change->table);

    (void)snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)change->schema_hash);
    if (rc == 0)
        rc = wfs_execf(day->db, err,
                       "INSERT INTO %s VALUES (%lld, %Q, %Q, %Q, %lld, %lld, %lld)"
                       " ON CONFLICT DO UPDATE SET from_ns = min(from_ns, excluded.from_ns),"
                       " to_ns = max(to_ns, excluded.to_ns), rows = rows + excluded.rows",
                       change->table, (long long)change->at_ns, change->source, change->subsystem,
                       hash, (long long)change->from_ns, (long long)change->to_ns,
                       (long long)change->rows);
    return rc;
}
