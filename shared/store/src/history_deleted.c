/* SPDX-License-Identifier: MIT */
/* What was deleted to make room: see <watchfloor/store/history.h>. */

#include <watchfloor/clock.h>

#include "history_private.h"

/* Files of the first format have no such record. */
static bool has_record(sqlite3 *db)
{
    int64_t count = 0;

    return wfs_get_i64(db, "SELECT count(*) FROM sqlite_schema WHERE name = '_deleted'", 0, &count,
                       NULL) == 0 &&
           count > 0;
}

static void read_text(sqlite3_stmt *stmt, int at, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);

    (void)wf_copy_text(out, size, text != NULL ? text : "?");
}

static int deleted_of_file(sqlite3 *db, const struct wf_range *range,
                           int (*each)(void *context, const struct wf_deleted *deleted),
                           void *context, bool *out_is_stopped, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int step = SQLITE_DONE, rc;

    if (!has_record(db))
        return 0;
    rc = wfs_prepare(db,
                     "SELECT tier, file, reason, from_ns, to_ns, deleted_ns, rows, bytes"
                     " FROM _deleted WHERE to_ns > ?1 AND from_ns < ?2"
                     /* What was set aside before was no history any more. */
                     " AND file LIKE '%.db' ORDER BY from_ns, id",
                     &stmt, err);
    if (rc < 0)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, range->from_ns);
    (void)sqlite3_bind_int64(stmt, 2, range->to_ns);
    while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct wf_deleted deleted = { .from_ns = sqlite3_column_int64(stmt, 3),
                                      .to_ns = sqlite3_column_int64(stmt, 4),
                                      .deleted_ns = sqlite3_column_int64(stmt, 5),
                                      .rows = (uint64_t)sqlite3_column_int64(stmt, 6),
                                      .bytes = (uint64_t)sqlite3_column_int64(stmt, 7) };

        read_text(stmt, 0, deleted.tier, sizeof(deleted.tier));
        read_text(stmt, 1, deleted.file, sizeof(deleted.file));
        read_text(stmt, 2, deleted.reason, sizeof(deleted.reason));
        rc = each(context, &deleted);
        *out_is_stopped = rc != 0;
    }
    if (rc == 0 && step != SQLITE_DONE)
        rc = wfs_fail(err, db, step, "read what was deleted");
    (void)sqlite3_finalize(stmt);
    return rc;
}

int wf_history_deleted(struct wf_history *history, const struct wf_range *range,
                       int (*each)(void *context, const struct wf_deleted *deleted), void *context,
                       struct wf_err *err)
{
    bool is_stopped = false;
    int rc = wfs_history_refresh(history, err);

    for (size_t i = 0; rc == 0 && !is_stopped && i < history->file_count; i++) {
        struct wfs_open_file *file = NULL;
        int64_t key = history->files[i].day.key;

        /* Recorded when it was deleted, which is after it ended. */
        if (wfs_file_day(key) + WF_NS_PER_DAY <= range->from_ns ||
            !wfs_history_has_deleted(history, i))
            continue;
        rc = wfs_history_get(history, key, &file, err);
        if (rc == 0)
            rc = wfs_history_learn(history, i, file, err);
        if (rc == 0)
            rc = deleted_of_file(file->db, range, each, context, &is_stopped, err);
        wfs_history_put(history, &file);
        if (rc < 0 && !is_stopped)
            rc = wfs_history_lost(history, key, rc, err);
        if (rc == WF_ERR_ABSENT && !is_stopped)
            rc = 0;
    }
    return rc;
}
