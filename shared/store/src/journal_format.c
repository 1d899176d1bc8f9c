/* SPDX-License-Identifier: MIT */
/*
 * The journal's tables, and the views that people read. The order of an entry's columns is that of
 * WFS_ENTRY_COLUMNS. States, events and levels are stored by name; marks as the engine's bits.
 */

#include "journal_private.h"

#include <stdio.h>
#include <string.h>

#include "iso_sql.h"

/* "WFa1" */
const struct wfs_format wfs_journal_format = { 0x57466131, 1, 1, "an alarm journal" };

struct object {
    const char *name, *sql;
};

static const struct object tables[] = {
    { "_file", "CREATE TABLE _file (key TEXT PRIMARY KEY, value) WITHOUT ROWID" },
    { "_alarms",
      /* The entries that a restart needs, of each alarm. */
      "CREATE TABLE _alarms (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE,"
      " newest INTEGER, raised INTEGER, acknowledged INTEGER, marked INTEGER,"
      " count INTEGER NOT NULL DEFAULT 0)" },
    { "_entries",
      "CREATE TABLE _entries (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, utc_ns INTEGER NOT "
      "NULL,"
      " mono_ns INTEGER, boot INTEGER, device_ns INTEGER, alarm INTEGER, user TEXT, note TEXT,"
      " text TEXT, config_hash TEXT, seq INTEGER, event TEXT, from_state TEXT, to_state TEXT,"
      " marks_before INTEGER, marks INTEGER, severity_before INTEGER, severity INTEGER,"
      " highest INTEGER, level TEXT, value, \"limit\", value_text TEXT, limits TEXT,"
      " shelved_until_ns INTEGER, sample_epoch, sample_number, is_announced INTEGER, memory "
      "BLOB)" },
    { "_entries_by_time", "CREATE INDEX _entries_by_time ON _entries (utc_ns, kind)" },
    { "_entries_by_alarm", "CREATE INDEX _entries_by_alarm ON _entries (alarm, utc_ns, kind)" },
    { "_entries_by_seq",
      "CREATE UNIQUE INDEX _entries_by_seq ON _entries (seq) WHERE seq IS NOT NULL" },
    { "_entries_by_kind",
      "CREATE INDEX _entries_by_kind ON _entries (kind, utc_ns) WHERE kind > 0" },
    { "_limits",
      "CREATE TABLE _limits (alarm TEXT PRIMARY KEY COLLATE NOCASE, json TEXT NOT NULL, user TEXT,"
      " utc_ns INTEGER) WITHOUT ROWID" },
    { "_kept", "CREATE TABLE _kept (name TEXT PRIMARY KEY, bytes BLOB)" },
    { "_blobs",
      "CREATE TABLE _blobs (seq INTEGER, what TEXT, bytes BLOB, PRIMARY KEY (seq, what))" },
};

#define KIND                                                                                       \
    "CASE e.kind WHEN 0 THEN 'transition' WHEN 1 THEN 'started' WHEN 2 THEN 'stopped'"             \
    " WHEN 3 THEN 'reloaded' WHEN 4 THEN 'limits' WHEN 5 THEN 'delivery' WHEN 6 THEN 'trouble'"    \
    " ELSE 'late' END"
#define MARKS                                                                                      \
    "trim(CASE WHEN e.marks & 1 THEN 'SHELVED ' ELSE '' END ||"                                    \
    " CASE WHEN e.marks & 2 THEN 'OUT_OF_SERVICE ' ELSE '' END ||"                                 \
    " CASE WHEN e.marks & 4 THEN 'DISABLED ' ELSE '' END ||"                                       \
    " CASE WHEN e.marks & 8 THEN 'SUPPRESSED ' ELSE '' END ||"                                     \
    " CASE WHEN e.marks & 16 THEN 'SHADOW' ELSE '' END)"
#define HAPPENED      ISO("e.utc_ns")
#define MEASURED      ISO("e.device_ns")
#define SHELVED_UNTIL ISO("e.shelved_until_ns")
#define RAISED        ISO("r.utc_ns")
#define ACKNOWLEDGED  ISO("k.utc_ns")
#define CHANGED       ISO("utc_ns")
#define RECEIVED      ISO("(s.value ->> 1)")

static const char transitions_sql[] =
    "CREATE VIEW transitions AS SELECT e.seq, " HAPPENED " AS time, a.name AS alarm, e.event,"
    " e.from_state, e.to_state, e.severity, e.highest, e.level, e.value_text AS shown, e.value,"
    " e.\"limit\", " MARKS " AS marks, e.user, e.note, " SHELVED_UNTIL " AS shelved_until,"
    " " MEASURED " AS measured, e.limits AS limits_in_force, e.is_announced AS announced,"
    " e.config_hash, e.id FROM _entries e JOIN _alarms a ON a.id = e.alarm WHERE e.kind = 0"
    " ORDER BY e.id";

static const char entries_sql[] =
    "CREATE VIEW entries AS SELECT e.id, " HAPPENED " AS time, " KIND " AS kind, a.name AS alarm,"
    " e.event, e.to_state AS state, e.user, e.note, e.text"
    " FROM _entries e LEFT JOIN _alarms a ON a.id = e.alarm ORDER BY e.id";

static const char acknowledged_sql[] =
    "CREATE VIEW acknowledged AS SELECT " HAPPENED " AS time, a.name AS alarm, e.user, e.note,"
    " round((e.utc_ns - (SELECT r.utc_ns FROM _entries r WHERE r.alarm = e.alarm AND r.kind = 0"
    " AND r.utc_ns <= e.utc_ns AND r.id < e.id AND r.is_announced = 1 ORDER BY r.utc_ns DESC"
    " LIMIT 1)) / 1e9, 3) AS seconds_after, e.seq"
    " FROM _entries e JOIN _alarms a ON a.id = e.alarm WHERE e.kind = 0 AND e.event = 'ACK'"
    " ORDER BY e.id";

static const char alarms_sql[] =
    "CREATE VIEW alarms AS SELECT a.name AS alarm, e.to_state AS state, e.severity, e.highest,"
    " r.value_text AS shown, " HAPPENED " AS changed, " RAISED " AS raised, a.count,"
    " " MARKS " AS marks, " SHELVED_UNTIL " AS shelved_until, k.user AS acknowledged_by,"
    " k.note AS acknowledged_note, " ACKNOWLEDGED " AS acknowledged_at, m.user AS marked_by,"
    " m.note AS marked_note, e.seq FROM _alarms a JOIN _entries e ON e.id = a.newest"
    " LEFT JOIN _entries r ON r.id = a.raised LEFT JOIN _entries k ON k.id = a.acknowledged"
    " LEFT JOIN _entries m ON m.id = a.marked";

static const char limits_sql[] =
    "CREATE VIEW limits AS SELECT alarm, json AS limits, user, " CHANGED " AS since FROM _limits";

static const char limit_changes_sql[] =
    "CREATE VIEW limit_changes AS SELECT " HAPPENED " AS time, a.name AS alarm, e.user, e.note,"
    " e.text AS change FROM _entries e LEFT JOIN _alarms a ON a.id = e.alarm WHERE e.kind = 4"
    " ORDER BY e.id";

/* Black boxes: one row for each value. */
static const char samples_sql[] =
    "CREATE VIEW samples AS SELECT b.seq, a.name AS alarm, s.value ->> 0 AS number,"
    " " RECEIVED " AS received, n.value AS parameter, s.value -> 3 ->> n.key AS value"
    " FROM _blobs b JOIN _entries e ON e.seq = b.seq JOIN _alarms a ON a.id = e.alarm,"
    " json_each(CASE WHEN json_valid(b.bytes) THEN b.bytes ELSE '{}' END, '$.samples') s,"
    " json_each(b.bytes, '$.parameters') n WHERE b.what = 'samples'";

static const struct object views[] = {
    { "transitions", transitions_sql },
    { "entries", entries_sql },
    { "acknowledged", acknowledged_sql },
    { "alarms", alarms_sql },
    { "limits", limits_sql },
    { "limit_changes", limit_changes_sql },
    { "samples", samples_sql },
};

int wfs_journal_create(sqlite3 *db, const char *instance, const char *monitor, struct wf_err *err)
{
    int rc = wfs_exec(db, err, "BEGIN IMMEDIATE");

    for (size_t i = 0; rc == 0 && i < WF_COUNT_OF(tables); i++)
        rc = wfs_exec(db, err, tables[i].sql);
    for (size_t i = 0; rc == 0 && i < WF_COUNT_OF(views); i++)
        rc = wfs_exec(db, err, views[i].sql);
    if (rc == 0)
        rc = wfs_execf(
            db, err,
            "INSERT INTO _file VALUES ('what', 'Watchfloor alarm journal: see the views"
            " transitions, alarms, acknowledged, limits, limit_changes, entries, samples'),"
            " ('instance', %Q), ('monitor', %Q);"
            "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
            instance, monitor, wfs_journal_format.application, wfs_journal_format.version);
    if (rc < 0)
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

/* Whether the object is there with exactly that text. */
static int check_object(sqlite3 *db, const struct object *object, bool *out_is_equal,
                        struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db, "SELECT sql = ?2 FROM sqlite_schema WHERE name = ?1", &stmt, err);

    if (rc < 0)
        return rc;
    (void)sqlite3_bind_text(stmt, 1, object->name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 2, object->sql, -1, SQLITE_STATIC);
    rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        rc = wfs_fail(err, db, rc, "look at %s", object->name);
    } else {
        *out_is_equal = rc == SQLITE_ROW && sqlite3_column_int(stmt, 0) == 1;
        rc = 0;
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* Views hold nothing: one of another release, or that somebody changed, is made anew. */
static int renew_view(sqlite3 *db, const struct object *view, struct wf_err *err)
{
    int rc = wfs_execf(db, err, "DROP VIEW IF EXISTS \"%w\"", view->name);

    return rc == 0 ? wfs_exec(db, err, view->sql) : rc;
}

int wfs_journal_verify(sqlite3 *db, bool is_writer, struct wf_err *err)
{
    int64_t triggers = 0;
    bool is_equal = true;
    int rc = wfs_get_i64(db, "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'", 0,
                         &triggers, err);

    if (rc == 0 && triggers > 0)
        return wf_fail(err, WF_ERR_CORRUPT, "it has triggers, which would change what is written");
    for (size_t i = 0; rc == 0 && i < WF_COUNT_OF(tables); i++) {
        rc = check_object(db, &tables[i], &is_equal, err);
        if (rc == 0 && !is_equal)
            rc =
                wf_fail(err, WF_ERR_CORRUPT, "%s is missing or not as it was made", tables[i].name);
    }
    for (size_t i = 0; rc == 0 && is_writer && i < WF_COUNT_OF(views); i++) {
        rc = check_object(db, &views[i], &is_equal, err);
        if (rc == 0 && !is_equal)
            rc = renew_view(db, &views[i], err);
    }
    return rc;
}

bool wfs_journal_has_table(sqlite3 *db, const char *name)
{
    bool is_equal = false;

    for (size_t i = 0; i < WF_COUNT_OF(tables); i++) {
        if (strcmp(tables[i].name, name) == 0)
            return check_object(db, &tables[i], &is_equal, NULL) == 0 && is_equal;
    }
    return false;
}

int wfs_journal_get_number(sqlite3 *db, const char *key, uint64_t *out, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db, "SELECT value FROM _file WHERE key = ?1", &stmt, err);

    if (rc < 0)
        return rc;
    (void)sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
        *out = rc == SQLITE_ROW ? wfs_column_u64(stmt, 0) : 0;
        rc = 0;
    } else {
        rc = wfs_fail(err, db, rc, "read %s", key);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

int wfs_journal_set_number(sqlite3 *db, const char *key, uint64_t value, struct wf_err *err)
{
    return wfs_execf(db, err, "INSERT OR REPLACE INTO _file VALUES (%Q, %lld)", key,
                     (long long)value);
}
