/* SPDX-License-Identifier: MIT */
/* Catalogue: see catalogue.h. The tables are described in shared/store/README.md. */

#include "catalogue.h"

#include <stdio.h>
#include <stdlib.h>

#include "iso_sql.h"
#include "view.h"

/* clang-format off */
static const char catalogue_sql[] =
    "CREATE TABLE _file (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE _sources (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE);"
    "CREATE TABLE _epochs (id INTEGER PRIMARY KEY, epoch_ns NOT NULL UNIQUE);"
    "CREATE TABLE _schemas (id INTEGER PRIMARY KEY, subsystem TEXT NOT NULL COLLATE NOCASE,"
    " hash TEXT NOT NULL, table_name TEXT NOT NULL UNIQUE, view_name TEXT NOT NULL,"
    " parts INTEGER NOT NULL, title TEXT, description TEXT, version TEXT, period_ns INTEGER,"
    " text TEXT NOT NULL);"
    "CREATE TABLE _parameters (schema INTEGER, position INTEGER, name TEXT COLLATE NOCASE,"
    " column TEXT, view_column TEXT, part INTEGER, alias TEXT, title TEXT, unit TEXT,"
    " description TEXT, type TEXT, elements INTEGER, is_raw INTEGER, is_derived INTEGER,"
    " PRIMARY KEY (schema, position)) WITHOUT ROWID;"
    "CREATE TABLE _labels (schema INTEGER, enumeration TEXT COLLATE NOCASE, low INTEGER,"
    " high INTEGER, label TEXT, PRIMARY KEY (schema, enumeration, low)) WITHOUT ROWID;"
    "CREATE TABLE _segments (schema INTEGER, calibrator INTEGER, position INTEGER, x_from, x_to,"
    " origin, c0, c1, c2, c3, PRIMARY KEY (schema, calibrator, x_from, position)) WITHOUT ROWID;"
    "CREATE TABLE _series (source INTEGER, schema INTEGER, PRIMARY KEY (source, schema))"
    " WITHOUT ROWID;"
    "CREATE TABLE _positions (source TEXT COLLATE NOCASE, subsystem TEXT COLLATE NOCASE,"
    " schema_hash TEXT, region_created_ns INTEGER, epoch_ns, next, rows INTEGER, lost INTEGER,"
    " last_device_ns INTEGER, last_received_ns INTEGER, serial INTEGER, is_complete INTEGER,"
    " PRIMARY KEY (source, subsystem)) WITHOUT ROWID;"
    "CREATE TABLE _blocks (schema INTEGER, block INTEGER, rows INTEGER, first_id INTEGER,"
    " last_id INTEGER, device_from INTEGER, device_to INTEGER, received_from INTEGER,"
    " received_to INTEGER, is_ordered INTEGER, PRIMARY KEY (schema, block)) WITHOUT ROWID;"
    "CREATE TABLE _gaps (id INTEGER PRIMARY KEY, source INTEGER, subsystem TEXT COLLATE NOCASE,"
    " cause TEXT, is_published INTEGER, lost, first_number, last_number,"
    " from_device_ns INTEGER, to_device_ns INTEGER, from_received_ns INTEGER,"
    " to_received_ns INTEGER);"
    "CREATE VIEW gaps AS SELECT (SELECT name FROM _sources WHERE id = source) AS source,"
    " subsystem, " ISO("coalesce(from_device_ns, from_received_ns)") " AS \"from\", "
    ISO("coalesce(to_device_ns, to_received_ns)") " AS \"to\", lost, cause, is_published"
    " FROM _gaps;"
    "CREATE VIEW parameters AS SELECT s.subsystem, p.view_column AS parameter, p.unit, p.title,"
    " p.description, p.type FROM _parameters AS p JOIN _schemas AS s ON s.id = p.schema"
    " GROUP BY s.subsystem, p.name ORDER BY s.subsystem, p.position;"
    "CREATE VIEW subsystems AS SELECT s.subsystem, s.view_name AS \"view\", s.title,"
    " s.description, sum(b.rows) AS rows, " ISO("min(b.device_from)") " AS \"from\", "
    ISO("max(b.device_to)") " AS \"to\", count(DISTINCT s.id) AS versions"
    " FROM _schemas AS s LEFT JOIN _blocks AS b ON b.schema = s.id GROUP BY s.subsystem;";

/*
 * How far rollups can be trusted, what was thinned on request, and which files were
 * deleted to make room: new in format 2.
 */
static const char upgrade_sql[] =
    "ALTER TABLE _positions ADD COLUMN thinned INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE _positions ADD COLUMN minute_from INTEGER;"
    "ALTER TABLE _positions ADD COLUMN hour_from INTEGER;"
    "ALTER TABLE _positions ADD COLUMN rolled_to INTEGER;"
    "CREATE TABLE _dirty (source TEXT COLLATE NOCASE, subsystem TEXT COLLATE NOCASE,"
    " minute_ns INTEGER, PRIMARY KEY (source, subsystem, minute_ns)) WITHOUT ROWID;"
    "CREATE TABLE _deleted (id INTEGER PRIMARY KEY, tier TEXT, file TEXT, from_ns INTEGER,"
    " to_ns INTEGER, bytes INTEGER, rows INTEGER, deleted_ns INTEGER, reason TEXT);"
    "CREATE VIEW IF NOT EXISTS deleted AS SELECT tier, file, bytes, rows, " ISO("deleted_ns") " AS deleted,"
    " reason FROM _deleted;";
/* clang-format on */

int wfs_catalogue_upgrade(sqlite3 *db, struct wf_err *err)
{
    int rc = wfs_exec(db, err, upgrade_sql);

    return rc < 0 ? rc : wfs_execf(db, err, "PRAGMA user_version=%d", WFS_FORMAT_VERSION);
}

int wfs_catalogue_create(sqlite3 *db, const char *instance, const char *day, struct wf_err *err)
{
    int rc = wfs_exec(db, err, catalogue_sql);

    if (rc == 0)
        rc = wfs_catalogue_upgrade(db, err);
    if (rc == 0)
        rc =
            wfs_execf(db, err,
                      "PRAGMA application_id=%d;"
                      "INSERT INTO _file VALUES ('instance', %Q), ('day', %Q), ('about',"
                      " 'Watchfloor history of one UTC day, by time of receipt. Ask the views named"
                      " like the subsystems; the views subsystems, parameters and gaps tell what"
                      " there is.')",
                      WFS_APPLICATION_ID, instance, day);
    return rc;
}

/* The id that `find` gives, or that of the row `insert` makes; both take the key as ?1. */
static int find_or_insert(sqlite3 *db, const char *find, const char *insert, const char *text,
                          uint64_t number, int64_t *out_id, struct wf_err *err)
{
    const char *const sql[] = { find, insert };

    for (int i = 0; i < 2; i++) {
        sqlite3_stmt *stmt = NULL;
        int rc = wfs_prepare(db, sql[i], &stmt, err);

        if (rc < 0)
            return rc;
        rc = text != NULL ? sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC)
                          : wfs_bind_u64(stmt, 1, number);
        if (rc == SQLITE_OK)
            rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW)
            *out_id = sqlite3_column_int64(stmt, 0);
        (void)sqlite3_finalize(stmt);
        if (rc == SQLITE_ROW)
            return 0;
        if (rc != SQLITE_DONE)
            return wfs_fail(err, db, rc, "enter into the catalogue");
    }
    *out_id = sqlite3_last_insert_rowid(db);
    return 0;
}

int wfs_catalogue_source(sqlite3 *db, const char *source, int64_t *out_id, struct wf_err *err)
{
    return find_or_insert(db, "SELECT id FROM _sources WHERE name = ?1",
                          "INSERT INTO _sources (name) VALUES (?1)", source, 0, out_id, err);
}

int wfs_catalogue_epoch(sqlite3 *db, uint64_t epoch, int64_t *out_id, struct wf_err *err)
{
    return find_or_insert(db, "SELECT id FROM _epochs WHERE epoch_ns = ?1",
                          /* From 0 on: a key below 2^28 takes four bytes, others seven. */
                          "INSERT INTO _epochs (id, epoch_ns)"
                          " VALUES ((SELECT coalesce(max(id) + 1, 0) FROM _epochs), ?1)",
                          NULL, epoch, out_id, err);
}

/* --- a schema version ------------------------------------------------------------ */

static const char *type_name(enum wf_type type)
{
    static const char *const names[] = {
        [WF_TYPE_UINT] = "uint", [WF_TYPE_INT] = "int",       [WF_TYPE_FLOAT] = "float",
        [WF_TYPE_BOOL] = "bool", [WF_TYPE_STRING] = "string", [WF_TYPE_BYTES] = "bytes",
        [WF_TYPE_TIME] = "time",
    };

    return (size_t)type < sizeof(names) / sizeof(names[0]) ? names[type] : "?";
}

static int bind_words(sqlite3_stmt *stmt, int at, const char *text)
{
    return text[0] == '\0' ? sqlite3_bind_null(stmt, at)
                           : sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

static int insert_schema(sqlite3 *db, const struct wfs_plan *plan, const char *hash,
                         int64_t *out_id, struct wf_err *err)
{
    const struct wf_schema *schema = plan->schema;
    char view[WFS_TABLE_SIZE];
    sqlite3_stmt *stmt = NULL;
    struct wf_strbuf text;
    int rc;

    wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
    wf_schema_write(schema, &text);
    wfs_type_view_name(schema->name, 0, view);
    rc = text.was_cut ? wf_fail(err, WF_ERR_NOMEM, "the schema's text does not fit")
                      : wfs_prepare(db,
                                    "INSERT INTO _schemas (subsystem, hash, table_name, view_name,"
                                    " parts, title, description, version, period_ns, text)"
                                    " VALUES (?,?,?,?,?,?,?,?,?,?)",
                                    &stmt, err);
    if (rc == 0) {
        (void)sqlite3_bind_text(stmt, 1, schema->name, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(stmt, 2, hash, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(stmt, 3, plan->parts[0].table, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(stmt, 4, view, -1, SQLITE_STATIC);
        (void)sqlite3_bind_int64(stmt, 5, (sqlite3_int64)plan->part_count);
        (void)bind_words(stmt, 6, schema->title);
        (void)bind_words(stmt, 7, schema->description);
        (void)bind_words(stmt, 8, schema->version);
        (void)sqlite3_bind_int64(stmt, 9, schema->period_ns);
        (void)sqlite3_bind_text(stmt, 10, text.text, (int)text.len, SQLITE_STATIC);
        rc = wfs_run(stmt, err);
        *out_id = sqlite3_last_insert_rowid(db);
    }
    (void)sqlite3_finalize(stmt);
    wf_strbuf_fini(&text);
    return rc;
}

static int insert_parameters(sqlite3 *db, const struct wfs_plan *plan, int64_t schema_id,
                             struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc =
        wfs_prepare(db, "INSERT INTO _parameters VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)", &stmt, err);

    for (size_t i = 0; rc == 0 && i < plan->column_count; i++) {
        const struct wf_parameter *parameter = &plan->schema->parameters[i];
        const struct wfs_column *column = &plan->columns[i];

        (void)sqlite3_bind_int64(stmt, 1, schema_id);
        (void)sqlite3_bind_int64(stmt, 2, (sqlite3_int64)i);
        (void)sqlite3_bind_text(stmt, 3, parameter->name, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(stmt, 4, column->name, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(stmt, 5, column->view_name, -1, SQLITE_STATIC);
        (void)sqlite3_bind_int64(stmt, 6, (sqlite3_int64)(i / WFS_PART_COLUMNS));
        (void)bind_words(stmt, 7, parameter->alias);
        (void)bind_words(stmt, 8, parameter->title);
        (void)bind_words(stmt, 9, parameter->unit);
        (void)bind_words(stmt, 10, parameter->description);
        (void)sqlite3_bind_text(stmt, 11, type_name(parameter->type), -1, SQLITE_STATIC);
        (void)sqlite3_bind_int64(stmt, 12,
                                 column->cell == WFS_CELL_ARRAY ? parameter->count_max : 1);
        (void)sqlite3_bind_int(stmt, 13, column->is_raw);
        (void)sqlite3_bind_int(stmt, 14, parameter->is_derived);
        rc = wfs_run(stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static int insert_labels(sqlite3 *db, const struct wf_schema *schema, int64_t schema_id,
                         struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db, "INSERT OR IGNORE INTO _labels VALUES (?,?,?,?,?)", &stmt, err);

    for (size_t i = 0; rc == 0 && i < schema->enumeration_count; i++) {
        const struct wf_enumeration *enumeration = &schema->enumerations[i];

        for (size_t k = 0; rc == 0 && k < enumeration->count; k++) {
            (void)sqlite3_bind_int64(stmt, 1, schema_id);
            (void)sqlite3_bind_text(stmt, 2, enumeration->name, -1, SQLITE_STATIC);
            (void)sqlite3_bind_int64(stmt, 3, enumeration->entries[k].low);
            (void)sqlite3_bind_int64(stmt, 4, enumeration->entries[k].high);
            (void)sqlite3_bind_text(stmt, 5, enumeration->entries[k].label, -1, SQLITE_STATIC);
            rc = wfs_run(stmt, err);
        }
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static int insert_curve(sqlite3_stmt *stmt, int64_t schema_id, size_t index,
                        const struct wf_calibrator *calibrator, struct wf_err *err)
{
    struct wfs_segment *segments = calloc(calibrator->count + 2, sizeof(*segments));
    size_t count;
    int rc = 0;

    if (segments == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    count = wfs_segments(calibrator, segments);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        (void)sqlite3_bind_int64(stmt, 1, schema_id);
        (void)sqlite3_bind_int64(stmt, 2, (sqlite3_int64)index);
        (void)sqlite3_bind_int64(stmt, 3, (sqlite3_int64)i);
        (void)sqlite3_bind_double(stmt, 4, segments[i].from);
        (void)sqlite3_bind_double(stmt, 5, segments[i].to);
        (void)sqlite3_bind_double(stmt, 6, segments[i].origin);
        for (int k = 0; k < 4; k++)
            (void)sqlite3_bind_double(stmt, 7 + k, segments[i].c[k]);
        rc = wfs_run(stmt, err);
    }
    free(segments);
    return rc;
}

static int insert_curves(sqlite3 *db, const struct wf_schema *schema, int64_t schema_id,
                         struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc =
        wfs_prepare(db, "INSERT OR IGNORE INTO _segments VALUES (?,?,?,?,?,?,?,?,?,?)", &stmt, err);

    for (size_t i = 0; rc == 0 && i < schema->calibrator_count; i++) {
        if (schema->calibrators[i].kind == WF_CALIBRATOR_TABLE)
            rc = insert_curve(stmt, schema_id, i, &schema->calibrators[i], err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static int make_view(sqlite3 *db, const struct wfs_plan *plan, size_t part, int64_t schema_id,
                     struct wf_strbuf *sql, struct wf_err *err)
{
    wf_strbuf_clear(sql);
    wfs_add_version_view(plan, part, schema_id, false, sql);
    if (sql->was_cut || sql->len >= (size_t)sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, -1)) {
        wf_strbuf_clear(sql);
        wfs_add_version_view(plan, part, schema_id, true, sql);
    }
    return wfs_exec(db, err, sql->text);
}

static int make_tables(sqlite3 *db, const struct wfs_plan *plan, int64_t day_ns, int64_t schema_id,
                       struct wf_err *err)
{
    struct wf_strbuf sql;
    int rc = 0;

    wf_strbuf_init(&sql, 4u << 20);
    for (size_t part = 0; rc == 0 && part < plan->part_count; part++) {
        wf_strbuf_clear(&sql);
        wfs_plan_add_create(plan, part, day_ns, &sql);
        rc =
            sql.was_cut ? wf_fail(err, WF_ERR_NOMEM, "out of memory") : wfs_exec(db, err, sql.text);
        if (rc == 0)
            rc = make_view(db, plan, part, schema_id, &sql, err);
    }
    wf_strbuf_fini(&sql);
    return rc;
}

int wfs_catalogue_schema(sqlite3 *db, const struct wfs_plan *plan, int64_t day_ns, int64_t *out_id,
                         bool *out_is_new, struct wf_err *err)
{
    const struct wf_schema *schema = plan->schema;
    char hash[24];
    sqlite3_stmt *stmt = NULL;
    int64_t id = 0;
    bool is_there;
    /* By its table: in a file of format 1 the same version may have one of the old shape too. */
    int rc = wfs_prepare(db, "SELECT id FROM _schemas WHERE subsystem = ? AND table_name = ?",
                         &stmt, err);

    if (rc < 0)
        return rc;
    (void)snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)schema->schema_hash);
    (void)sqlite3_bind_text(stmt, 1, schema->name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 2, plan->parts[0].table, -1, SQLITE_STATIC);
    is_there = sqlite3_step(stmt) == SQLITE_ROW;
    if (is_there)
        id = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    if (!is_there) {
        rc = insert_schema(db, plan, hash, &id, err);
        if (rc == 0)
            rc = insert_parameters(db, plan, id, err);
        if (rc == 0)
            rc = insert_labels(db, schema, id, err);
        if (rc == 0)
            rc = insert_curves(db, schema, id, err);
        if (rc == 0)
            rc = make_tables(db, plan, day_ns, id, err);
    }
    if (rc < 0) {
        wf_err_prefix(err, "schema '%s'", schema->name);
        return rc;
    }
    *out_id = id;
    *out_is_new = !is_there;
    return rc;
}
