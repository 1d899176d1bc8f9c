/* SPDX-License-Identifier: MIT */
/* Rows leave a day file to be put back in another form: see day.h. */

#include "day_private.h"

#include <stdio.h>
#include <stdlib.h>

#include <watchfloor/clock.h>

#include "catalogue.h"
#include "row.h"

static int delete_parts(sqlite3 *db, const struct wfs_plan *plan, int64_t id, bool *out_is_taken,
                        struct wf_err *err)
{
    for (size_t part = 0; part < plan->part_count; part++) {
        int rc = wfs_execf(db, err, "DELETE FROM \"%w\" WHERE _id = %lld", plan->parts[part].table,
                           (long long)id);

        if (rc < 0)
            return rc;
        if (part > 0)
            continue;
        *out_is_taken = sqlite3_changes(db) > 0;
        if (!*out_is_taken)
            return 0;
    }
    return 0;
}

int wfs_day_take(struct wfs_day *day, const struct wfs_plan *plan, const struct wf_stamp *stamp,
                 bool *out_is_taken, struct wf_err *err)
{
    int64_t schema_id = 0, epoch_id = 0, id;
    char sql[400];
    int rc;

    *out_is_taken = false;
    if (stamp->order > WFS_ORDER_MAX)
        return 0;
    (void)snprintf(sql, sizeof(sql),
                   "SELECT id FROM _schemas WHERE subsystem = '%.48s' AND table_name = '%.128s'",
                   plan->schema->name, plan->parts[0].table);
    rc = wfs_get_i64(day->db, sql, 0, &schema_id, err);
    if (rc < 0 || schema_id == 0)
        return rc;
    rc = wfs_catalogue_epoch(day->db, stamp->epoch, &epoch_id, err);
    if (rc < 0)
        return rc;
    id = (int64_t)((uint64_t)epoch_id << WFS_ORDER_BITS | stamp->order);
    rc = delete_parts(day->db, plan, id, out_is_taken, err);
    if (rc < 0 || !*out_is_taken)
        return rc;
    /* Times of a block may be wider than its rows; a block without rows must not stay. */
    rc = wfs_execf(day->db, err,
                   "UPDATE _blocks SET rows = rows - 1 WHERE schema = %lld AND block = %lld",
                   (long long)schema_id, (long long)(id >> WFS_BLOCK_BITS));
    if (rc == 0)
        rc = wfs_execf(day->db, err,
                       "DELETE FROM _blocks WHERE schema = %lld AND block = %lld AND rows <= 0",
                       (long long)schema_id, (long long)(id >> WFS_BLOCK_BITS));
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
