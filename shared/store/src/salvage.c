/* SPDX-License-Identifier: MIT */
/* Saving a damaged day file: see <watchfloor/store/maintain.h>. */

#include <watchfloor/store/maintain.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/region.h>
#include <watchfloor/store/gap.h>

#include "catalogue.h"
#include "db.h"

struct salvage {
    sqlite3 *from, *to;
    uint64_t rows;
};

/* Everything that makes tables, then everything that makes views, as the damaged file has it. */
static int copy_schema(struct salvage *s, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(s->from,
                         "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
                         " AND name NOT LIKE 'sqlite_%' ORDER BY type = 'view', rowid",
                         &stmt, err);
    int step;

    while (rc == 0 && (step = sqlite3_step(stmt)) != SQLITE_DONE) {
        if (step != SQLITE_ROW) {
            rc = wfs_fail(err, s->from, step, "read the tables");
            break;
        }
        rc = wfs_exec(s->to, err, (const char *)sqlite3_column_text(stmt, 0));
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* The stored columns of a table, with commas; generated ones make themselves. */
static int list_columns(sqlite3 *db, const char *table, struct wf_strbuf *out, int *out_count,
                        struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db, "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", &stmt, err);

    *out_count = 0;
    if (rc < 0)
        return rc;
    (void)sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        if ((*out_count)++ > 0)
            wf_strbuf_add(out, ", ");
        wfs_add_identifier(out, (const char *)sqlite3_column_text(stmt, 0));
    }
    (void)sqlite3_finalize(stmt);
    return 0;
}

/* Rows in one direction until the end or the damage; how many, and whether it was the end. */
static int copy_rows(struct salvage *s, const char *select, const char *insert, int columns,
                     uint64_t *out_rows, bool *out_is_end, struct wf_err *err)
{
    sqlite3_stmt *read = NULL, *write = NULL;
    int rc = wfs_prepare(s->to, insert, &write, err);

    *out_rows = 0;
    *out_is_end = false;
    if (rc == 0 && sqlite3_prepare_v2(s->from, select, -1, &read, NULL) == SQLITE_OK) {
        int step;

        while (rc == 0 && (step = sqlite3_step(read)) == SQLITE_ROW) {
            for (int i = 0; i < columns; i++)
                (void)sqlite3_bind_value(write, i + 1, sqlite3_column_value(read, i));
            rc = wfs_run(write, err);
            *out_rows += rc == 0 && sqlite3_changes(s->to) > 0;
        }
        *out_is_end = rc == 0 && step == SQLITE_DONE;
    }
    (void)sqlite3_finalize(read);
    (void)sqlite3_finalize(write);
    return rc;
}

static int copy_table(struct salvage *s, const char *table, bool is_data, struct wf_err *err)
{
    struct wf_strbuf columns, select, insert;
    int count = 0, rc;
    uint64_t rows = 0, back = 0;
    bool is_end = false;

    wf_strbuf_init(&columns, 1u << 20);
    wf_strbuf_init(&select, 1u << 20);
    wf_strbuf_init(&insert, 1u << 20);
    rc = list_columns(s->to, table, &columns, &count, err);
    wf_strbuf_addf(&select, "SELECT %s FROM ", columns.text);
    wfs_add_identifier(&select, table);
    wf_strbuf_add(&insert, "INSERT OR IGNORE INTO ");
    wfs_add_identifier(&insert, table);
    wf_strbuf_addf(&insert, " (%s) VALUES (?", columns.text);
    for (int i = 1; i < count; i++)
        wf_strbuf_add(&insert, ",?");
    wf_strbuf_add(&insert, ")");
    if (rc == 0)
        rc = copy_rows(s, select.text, insert.text, count, &rows, &is_end, err);
    if (rc == 0 && !is_end && is_data) {
        /* From the other side; what came already is left out. */
        wf_strbuf_add(&select, " ORDER BY _id DESC");
        rc = copy_rows(s, select.text, insert.text, count, &back, &is_end, err);
    }
    wf_strbuf_fini(&columns);
    wf_strbuf_fini(&select);
    wf_strbuf_fini(&insert);
    if (is_data)
        s->rows += rows + back;
    return rc;
}

/* --- what the rows that are left say ----------------------------------------------------------- */

/* Blocks again, from the rows: none says that rows ascend in time, which is slower but right. */
static int make_blocks(sqlite3 *db, int64_t schema, const char *table, struct wf_err *err)
{
    return wfs_execf(db, err,
                     "INSERT INTO _blocks SELECT %lld, _id >> 12, count(*), min(_id), max(_id),"
                     " min(coalesce(_device_ns, _received_ns)),"
                     " max(coalesce(_device_ns, _received_ns)), min(_received_ns),"
                     " max(_received_ns), 0 FROM \"%w\" GROUP BY _id >> 12",
                     (long long)schema, table);
}

static int count_found(sqlite3 *db, const char *subsystem, const char *table, struct wf_err *err)
{
    return wfs_execf(db, err,
                     "INSERT INTO temp.found SELECT n.name, %Q, r._flags & %d <> 0, count(*)"
                     " FROM \"%w\" AS r JOIN _sources AS n ON n.id = r._source GROUP BY 1, 3",
                     subsystem, WF_SAMPLE_IMPORTED, table);
}

static int describe_rows(sqlite3 *db, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_exec(db, err,
                      "DELETE FROM _blocks; CREATE TEMP TABLE found (source COLLATE NOCASE,"
                      " subsystem COLLATE NOCASE, is_imported INTEGER, rows INTEGER)");

    if (rc == 0)
        rc = wfs_prepare(db, "SELECT id, subsystem, table_name FROM _schemas", &stmt, err);
    while (rc == 0 && sqlite3_step(stmt) == SQLITE_ROW) {
        const char *table = (const char *)sqlite3_column_text(stmt, 2);

        rc = make_blocks(db, sqlite3_column_int64(stmt, 0), table, err);
        if (rc == 0)
            rc = count_found(db, (const char *)sqlite3_column_text(stmt, 1), table, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* What is counted and not there any more becomes gaps; then the counts are true again. */
#define FOUND                                                                                      \
    "coalesce((SELECT sum(f.rows) FROM temp.found AS f WHERE f.source = p.source AND f.subsystem"  \
    " = p.subsystem AND f.is_imported = "
static const char missing_sql[] =
    "INSERT INTO _gaps (source, subsystem, cause, is_published, lost, from_device_ns,"
    " to_device_ns, from_received_ns, to_received_ns)"
    " SELECT n.id, p.subsystem, 'file_corrupt', 1, p.rows - " FOUND "0), 0), p.last_device_ns,"
    " p.last_device_ns, p.last_received_ns, p.last_received_ns FROM _positions AS p"
    " JOIN _sources AS n ON n.name = p.source WHERE p.rows > " FOUND "0), 0);"
    "UPDATE _positions AS p SET lost = lost + rows - " FOUND "0), 0), rows = " FOUND "0), 0)"
    " WHERE rows > " FOUND "0), 0)";
/* Which of several imports a row came by is not told in it: the counts of all of them become one. */
static const char missing_imported_sql[] =
    "INSERT INTO _gaps (source, subsystem, cause, is_published, lost, from_device_ns,"
    " to_device_ns, from_received_ns, to_received_ns)"
    " SELECT n.id, p.subsystem, 'import_lost', 0, p.rows - " FOUND "1), 0), p.from_ns, p.to_ns,"
    " p.from_ns, p.to_ns FROM (SELECT source, subsystem, sum(rows) AS rows, min(from_ns) AS"
    " from_ns, max(to_ns) AS to_ns FROM _imported GROUP BY source, subsystem) AS p"
    " JOIN _sources AS n ON n.name = p.source WHERE p.rows > " FOUND "1), 0);"
    "CREATE TEMP TABLE imported AS SELECT max(at_ns), source, subsystem, max(schema_hash),"
    " min(from_ns), max(to_ns), " FOUND "1), 0) AS rows FROM _imported AS p GROUP BY 2, 3;"
    "DELETE FROM _imported; INSERT INTO _imported SELECT * FROM temp.imported WHERE rows > 0";

static int copy_all(struct salvage *s, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(s->to,
                         "SELECT m.name, EXISTS (SELECT 1 FROM pragma_table_xinfo(m.name)"
                         " WHERE name = '_id') FROM sqlite_schema AS m WHERE m.type = 'table'"
                         " AND m.name NOT LIKE 'sqlite_%' AND m.name <> '_blocks'"
                         " ORDER BY 2, m.rowid",
                         &stmt, err);

    while (rc == 0 && sqlite3_step(stmt) == SQLITE_ROW)
        rc = copy_table(s, (const char *)sqlite3_column_text(stmt, 0),
                        sqlite3_column_int(stmt, 1) != 0, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

static int fill(struct salvage *s, struct wf_salvaged *out, struct wf_err *err)
{
    int64_t version = 0, expected = 0, imported = 0;
    int rc = wfs_get_i64(s->from, "PRAGMA user_version", 0, &version, err);

    if (rc == 0)
        rc = wfs_exec(s->to, err, "PRAGMA journal_mode=DELETE; BEGIN");
    if (rc == 0)
        rc = wfs_execf(s->to, err, "PRAGMA application_id=%d; PRAGMA user_version=%d",
                       WFS_APPLICATION_ID, (int)version);
    if (rc == 0)
        rc = copy_schema(s, err);
    if (rc == 0)
        rc = copy_all(s, err);
    if (rc == 0)
        rc = describe_rows(s->to, err);
    if (rc == 0)
        rc = wfs_get_i64(s->to, "SELECT sum(rows) FROM _positions", 0, &expected, err);
    if (rc == 0)
        rc = wfs_exec(s->to, err, missing_sql);
    if (rc == 0 && wfs_has_table(s->to, "_imported")) {
        rc = wfs_get_i64(s->to, "SELECT sum(rows) FROM _imported", 0, &imported, err);
        if (rc == 0)
            rc = wfs_exec(s->to, err, missing_imported_sql);
    }
    if (rc == 0)
        rc = wfs_exec(s->to, err, "COMMIT");
    out->rows = s->rows;
    out->expected = (uint64_t)(expected + imported);
    return rc;
}

int wf_history_salvage(const char *from, const char *to, struct wf_salvaged *out,
                       struct wf_err *err)
{
    struct salvage s = { 0 };
    int fd = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640), rc;

    *out = (struct wf_salvaged){ 0 };
    if (fd < 0)
        return wf_fail_errno(err, errno, "make %s", to);
    (void)close(fd);
    rc = wfs_open_reader(from, 2000, &s.from, err);
    if (rc == 0 && sqlite3_open_v2(to, &s.to, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        rc = wfs_fail(err, s.to, sqlite3_errcode(s.to), "open %s", to);
    if (rc == 0)
        rc = fill(&s, out, err);
    wfs_close(&s.from);
    wfs_close(&s.to);
    if (rc < 0) {
        wf_err_prefix(err, "%s", from);
        (void)unlink(to);
    }
    return rc;
}
