/* SPDX-License-Identifier: MIT */
/* What a restart needs of a journal, and what it no longer needs: see journal_private.h. */

#include "journal_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "age.h"

static const char *text_at(sqlite3_stmt *stmt, int at)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);

    return text != NULL ? text : "";
}

static double number_at(sqlite3_stmt *stmt, int at)
{
    return sqlite3_column_type(stmt, at) == SQLITE_NULL ? (double)NAN
                                                        : sqlite3_column_double(stmt, at);
}

static void read_alarm(sqlite3_stmt *stmt, struct wf_journal_alarm *out)
{
    *out = (struct wf_journal_alarm){
        .alarm = text_at(stmt, 0),
        .seq = wfs_column_u64(stmt, 1),
        .memory = sqlite3_column_blob(stmt, 2),
        .memory_bytes = (size_t)sqlite3_column_bytes(stmt, 2),
        .utc_ns = sqlite3_column_int64(stmt, 3),
        .mono_ns = sqlite3_column_int64(stmt, 4),
        .boot = wfs_column_u64(stmt, 5),
        .ack_user = text_at(stmt, 6),
        .ack_note = text_at(stmt, 7),
        .ack_ns = wfs_column_time(stmt, 8),
        .mark_user = text_at(stmt, 9),
        .mark_note = text_at(stmt, 10),
        .count = (uint32_t)sqlite3_column_int64(stmt, 11),
        .value_text = text_at(stmt, 12),
        .level = text_at(stmt, 13),
        .trip_value = number_at(stmt, 14),
        .trip_limit = number_at(stmt, 15),
        .state = text_at(stmt, 16),
        .marks = (uint8_t)(sqlite3_column_int64(stmt, 17) & 0xff),
        .raised_ns = wfs_column_time(stmt, 18),
        .severity = (uint8_t)(sqlite3_column_int64(stmt, 19) & 0xff),
        .highest = (uint8_t)(sqlite3_column_int64(stmt, 20) & 0xff),
        .shelved_until_ns = wfs_column_time(stmt, 21),
        .mark_ns = wfs_column_time(stmt, 22),
    };
}

int wfs_journal_each_alarm(sqlite3 *db,
                           int (*each)(void *context, const struct wf_journal_alarm *alarm),
                           void *context, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int step = SQLITE_DONE;
    int rc =
        wfs_prepare(db,
                    "SELECT a.name, e.seq, e.memory, e.utc_ns, e.mono_ns, e.boot, k.user, k.note,"
                    " k.utc_ns, m.user, m.note, a.count, r.value_text, r.level, r.value,"
                    " r.\"limit\", e.to_state, e.marks, r.utc_ns, e.severity, e.highest,"
                    " e.shelved_until_ns, m.utc_ns FROM _alarms a"
                    " JOIN _entries e ON e.id = a.newest LEFT JOIN _entries r ON r.id = a.raised"
                    " LEFT JOIN _entries k ON k.id = a.acknowledged"
                    " LEFT JOIN _entries m ON m.id = a.marked ORDER BY a.id",
                    &stmt, err);

    while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct wf_journal_alarm alarm;

        read_alarm(stmt, &alarm);
        rc = each(context, &alarm);
    }
    if (rc == 0 && step != SQLITE_DONE)
        rc = wfs_fail(err, db, step, "read the alarms");
    (void)sqlite3_finalize(stmt);
    return rc;
}

int wfs_journal_each_change(sqlite3 *db,
                            int (*each)(void *context, const struct wf_journal_change *change),
                            void *context, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int step = SQLITE_DONE;
    int rc = wfs_prepare(db, "SELECT alarm, json, user, utc_ns FROM _limits", &stmt, err);

    while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        const struct wf_journal_change change = { .alarm = text_at(stmt, 0),
                                                  .json = text_at(stmt, 1),
                                                  .user = text_at(stmt, 2),
                                                  .utc_ns = wfs_column_time(stmt, 3) };

        rc = each(context, &change);
    }
    if (rc == 0 && step != SQLITE_DONE)
        rc = wfs_fail(err, db, step, "read the limits");
    (void)sqlite3_finalize(stmt);
    return rc;
}

int64_t wfs_journal_file_believed_now(struct wfs_journal_file *file, int64_t now_utc_ns)
{
    int64_t days[WFS_DAYS_BELIEVED + 1];
    size_t first = WF_COUNT_OF(days);
    int64_t behind_ns = now_utc_ns;
    char sql[96];

    /* The newest days that have entries, a look into the index for each. */
    while (first > 0) {
        int64_t newest_ns = INT64_MIN;

        (void)snprintf(sql, sizeof(sql), "SELECT max(utc_ns) FROM _entries WHERE utc_ns <= %lld",
                       (long long)behind_ns);
        if (wfs_get_i64(file->db, sql, INT64_MIN, &newest_ns, NULL) < 0 || newest_ns == INT64_MIN)
            break;
        days[--first] = wf_utc_day_start(newest_ns);
        behind_ns = days[first] - 1;
    }
    return wfs_believed_now(days + first, WF_COUNT_OF(days) - first, now_utc_ns);
}

int wfs_journal_file_forget(struct wfs_journal_file *file, int64_t before_utc_ns,
                            int64_t *out_count, struct wf_err *err)
{
    int64_t count = 0;
    int rc = wfs_exec(file->db, err, "BEGIN IMMEDIATE");

    /* The newest may be among them: numbers must not begin again. */
    if (rc == 0)
        rc = wfs_journal_set_number(file->db, "last_id", file->last_id, err);
    if (rc == 0)
        rc = wfs_journal_set_number(file->db, "last_seq", file->last_seq, err);
    if (rc == 0)
        rc =
            wfs_execf(file->db, err,
                      "CREATE TEMP TABLE IF NOT EXISTS gone (id INTEGER PRIMARY KEY, seq INTEGER);"
                      "DELETE FROM gone;"
                      "INSERT INTO gone SELECT e.id, e.seq FROM _entries e"
                      " LEFT JOIN _alarms a ON a.id = e.alarm WHERE e.utc_ns < %lld"
                      " AND (a.id IS NULL OR e.id NOT IN (ifnull(a.newest, 0), ifnull(a.raised, 0),"
                      " ifnull(a.acknowledged, 0), ifnull(a.marked, 0)))"
                      " ORDER BY e.utc_ns LIMIT %d;"
                      "DELETE FROM _blobs WHERE seq IN (SELECT seq FROM gone);"
                      "DELETE FROM _entries WHERE id IN (SELECT id FROM gone);",
                      (long long)before_utc_ns, WF_JOURNAL_FORGET_MAX);
    if (rc == 0)
        rc = wfs_get_i64(file->db, "SELECT count(*) FROM gone", 0, &count, err);
    if (rc == 0)
        rc = wfs_exec(file->db, err, "COMMIT");
    if (rc < 0)
        (void)sqlite3_exec(file->db, "ROLLBACK", NULL, NULL, NULL);
    else
        *out_count = count;
    return rc;
}

int wfs_journal_get_blob(sqlite3 *db, const char *sql, const char *name, uint64_t number,
                         void **out_blob, size_t *out_bytes, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db, sql, &stmt, err);
    int step;

    if (rc < 0)
        return rc;
    (void)sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    if (sqlite3_bind_parameter_count(stmt) > 1)
        (void)wfs_bind_u64(stmt, 2, number);
    step = sqlite3_step(stmt);
    if (step == SQLITE_ROW) {
        size_t bytes = (size_t)sqlite3_column_bytes(stmt, 0);
        const void *blob = sqlite3_column_blob(stmt, 0);
        char *copy = malloc(bytes + 1); /* ended, for those that are text */

        if (copy == NULL) {
            rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
        } else {
            if (bytes > 0)
                memcpy(copy, blob, bytes);
            copy[bytes] = '\0';
            *out_blob = copy;
            *out_bytes = bytes;
        }
    } else {
        rc = step == SQLITE_DONE ? wf_fail(err, WF_ERR_ABSENT, "there is no '%.60s'", name)
                                 : wfs_fail(err, db, step, "read '%.60s'", name);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}
