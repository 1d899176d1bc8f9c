/* SPDX-License-Identifier: MIT */
/* Gaps of a range: see <watchfloor/store/history.h>. */

#include <watchfloor/clock.h>

#include "history_private.h"

/*
 * A gap lies in the file of the sample behind it, which may be days after the
 * range: every file from the range's first day on is asked. Unknown ends are open. Where a device's
 * clock was set back a gap ends before it begins, by that clock.
 */
static const char by_device[] =
    "SELECT (SELECT name FROM _sources WHERE id = source), subsystem, cause, lost, first_number,"
    " last_number, from_device_ns, to_device_ns, from_received_ns, to_received_ns FROM _gaps"
    " WHERE coalesce(max(coalesce(from_device_ns, from_received_ns),"
    " coalesce(to_device_ns, to_received_ns)), to_device_ns, to_received_ns, ?1) >= ?1"
    " AND coalesce(min(coalesce(from_device_ns, from_received_ns),"
    " coalesce(to_device_ns, to_received_ns)), from_device_ns, from_received_ns, ?1) < ?2"
    " ORDER BY coalesce(from_device_ns, from_received_ns), id";
static const char by_received[] =
    "SELECT (SELECT name FROM _sources WHERE id = source), subsystem, cause, lost, first_number,"
    " last_number, from_device_ns, to_device_ns, from_received_ns, to_received_ns FROM _gaps"
    " WHERE coalesce(to_received_ns, ?1) >= ?1 AND coalesce(from_received_ns, ?1) < ?2"
    " ORDER BY from_received_ns, id";

static void read_name(sqlite3_stmt *stmt, int at, char out[WF_NAME_SIZE])
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);

    (void)wf_copy_text(out, WF_NAME_SIZE, text != NULL ? text : "?");
}

static void read_gap(sqlite3_stmt *stmt, struct wf_gap *gap)
{
    const char *cause = (const char *)sqlite3_column_text(stmt, 2);

    *gap = (struct wf_gap){ 0 };
    read_name(stmt, 0, gap->source);
    read_name(stmt, 1, gap->subsystem);
    gap->cause = wf_gap_cause_from_name(cause != NULL ? cause : "");
    gap->is_lost_known = sqlite3_column_type(stmt, 3) != SQLITE_NULL;
    gap->lost = wfs_column_u64(stmt, 3);
    gap->has_numbers = sqlite3_column_type(stmt, 4) != SQLITE_NULL;
    gap->first_number = wfs_column_u64(stmt, 4);
    gap->last_number = wfs_column_u64(stmt, 5);
    gap->from_device_ns = wfs_column_time(stmt, 6);
    gap->to_device_ns = wfs_column_time(stmt, 7);
    gap->from_received_ns = wfs_column_time(stmt, 8);
    gap->to_received_ns = wfs_column_time(stmt, 9);
}

static int gaps_of_file(sqlite3 *db, const struct wf_range *range,
                        int (*each)(void *context, const struct wf_gap *gap), void *context,
                        bool *out_is_stopped, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db, range->is_by_received ? by_received : by_device, &stmt, err);

    if (rc < 0)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, range->from_ns);
    (void)sqlite3_bind_int64(stmt, 2, range->to_ns);
    for (;;) {
        struct wf_gap gap;
        int step = sqlite3_step(stmt);

        if (step != SQLITE_ROW) {
            rc = step == SQLITE_DONE ? 0 : wfs_fail(err, db, step, "read gaps");
            break;
        }
        read_gap(stmt, &gap);
        rc = each(context, &gap);
        *out_is_stopped = rc != 0;
        if (rc != 0)
            break;
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static int ask_file(struct wf_history *history, size_t index, const struct wf_range *range,
                    int (*each)(void *context, const struct wf_gap *gap), void *context,
                    bool *out_is_stopped, struct wf_err *err)
{
    int64_t key = history->files[index].day.key;
    struct wfs_open_file *file = NULL;
    int rc = wfs_history_get(history, key, &file, err);

    if (rc < 0)
        return rc == WF_ERR_ABSENT ? 0 : rc;
    rc = wfs_history_learn(history, index, file, err);
    if (rc == 0)
        rc = gaps_of_file(file->db, range, each, context, out_is_stopped, err);
    wfs_history_put(history, &file);
    if (rc < 0 && !*out_is_stopped)
        rc = wfs_history_lost(history, key, rc, err);
    return rc == WF_ERR_ABSENT && !*out_is_stopped ? 0 : rc;
}

int wf_history_gaps(struct wf_history *history, const struct wf_range *range,
                    int (*each)(void *context, const struct wf_gap *gap), void *context,
                    struct wf_err *err)
{
    bool is_stopped = false;
    int rc = wfs_history_refresh(history, err);

    for (size_t i = 0; rc == 0 && !is_stopped && i < history->file_count; i++) {
        if (wfs_history_has_gaps(history, i, range))
            rc = ask_file(history, i, range, each, context, &is_stopped, err);
    }
    return rc;
}
