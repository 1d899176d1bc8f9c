/* SPDX-License-Identifier: MIT */
/*
 * The view named like a type: the union over its schema versions in one file.
 *
 * Columns are those of the newest version, then what only older ones have; a
 * version without a column gives NULL there. Versions that agree with the
 * newest in every column (overlays of a source) take the short form.
 */

#include <stdlib.h>
#include <string.h>

#include "view.h"

/* Terms of one compound SELECT are limited to 500, so that many are nested. */
#define UNION_TERMS_MAX 200

struct version {
    int64_t id;
    char view[WFS_TABLE_SIZE];
    char **columns;
    size_t column_count;
};

struct versions {
    struct version *list; /* the newest first */
    size_t count;
    char **columns; /* of the union; borrowed from the versions */
    size_t column_count;
};

static void free_versions(struct versions *versions)
{
    for (size_t i = 0; i < versions->count; i++) {
        for (size_t k = 0; k < versions->list[i].column_count; k++)
            free(versions->list[i].columns[k]);
        free(versions->list[i].columns);
    }
    free(versions->list);
    free(versions->columns);
}

static int append(char ***list, size_t *count, char *text, struct wf_err *err)
{
    /* Grown in steps of 64, so that a look at the count tells when. */
    if (*count % 64 == 0) {
        char **more = realloc(*list, (*count + 64) * sizeof(**list));

        if (more == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        *list = more;
    }
    (*list)[(*count)++] = text;
    return 0;
}

static bool has_column(char *const *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (wf_casecmp(list[i], name) == 0)
            return true;
    }
    return false;
}

static int read_columns(sqlite3_stmt *stmt, int part, struct version *version, struct wf_err *err)
{
    int rc = 0;

    (void)sqlite3_bind_int64(stmt, 1, version->id);
    (void)sqlite3_bind_int(stmt, 2, part);
    while (rc == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(stmt, 0);
        char *copy = strdup(name != NULL ? name : "");

        rc = copy == NULL ? wf_fail(err, WF_ERR_NOMEM, "out of memory")
                          : append(&version->columns, &version->column_count, copy, err);
    }
    if (rc == SQLITE_DONE)
        rc = 0;
    else if (rc > 0)
        rc = wfs_fail(err, sqlite3_db_handle(stmt), rc, "read the catalogue");
    (void)sqlite3_reset(stmt);
    return rc;
}

static int add_version(struct versions *versions, int64_t id, const char *view, struct wf_err *err)
{
    struct version *more = realloc(versions->list, (versions->count + 1) * sizeof(*versions->list));

    if (more == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    versions->list = more;
    memset(&more[versions->count], 0, sizeof(*more));
    more[versions->count].id = id;
    (void)wf_copy_text(more[versions->count].view, WFS_TABLE_SIZE, view);
    versions->count++;
    return 0;
}

/* The versions that have this part. */
static int read_versions(sqlite3 *db, const char *subsystem, int part, struct versions *versions,
                         struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db,
                         "SELECT id, table_name FROM _schemas WHERE subsystem = ?"
                         " AND parts > ? ORDER BY id DESC",
                         &stmt, err);

    if (rc < 0)
        return rc;
    (void)sqlite3_bind_text(stmt, 1, subsystem, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(stmt, 2, part);
    while (rc == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        char view[WFS_TABLE_SIZE];
        struct wf_strbuf name = WF_STRBUF_FIXED(view);

        wf_strbuf_add(&name, (const char *)sqlite3_column_text(stmt, 1));
        if (part > 0)
            wf_strbuf_addf(&name, "_%d", part + 1);
        wf_strbuf_add(&name, "_view");
        rc = add_version(versions, sqlite3_column_int64(stmt, 0), view, err);
    }
    if (rc == SQLITE_DONE)
        rc = 0;
    else if (rc > 0)
        rc = wfs_fail(err, db, rc, "read the catalogue");
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* The union's columns, in order of their first appearance. */
static int unite_columns(sqlite3 *db, int part, struct versions *versions, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db,
                         "SELECT view_column FROM _parameters"
                         " WHERE schema = ? AND part = ? ORDER BY position",
                         &stmt, err);

    for (size_t i = 0; rc == 0 && i < versions->count; i++) {
        struct version *version = &versions->list[i];

        rc = read_columns(stmt, part, version, err);
        for (size_t k = 0; rc == 0 && k < version->column_count; k++) {
            /* Most versions agree: the same place first, for types of thousands. */
            bool is_same = k < versions->column_count &&
                           wf_casecmp(versions->columns[k], version->columns[k]) == 0;

            if (!is_same &&
                !has_column(versions->columns, versions->column_count, version->columns[k]))
                rc = append(&versions->columns, &versions->column_count, version->columns[k], err);
        }
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static bool has_all_in_order(const struct versions *versions, const struct version *version)
{
    if (version->column_count != versions->column_count)
        return false;
    for (size_t i = 0; i < version->column_count; i++) {
        if (wf_casecmp(version->columns[i], versions->columns[i]) != 0)
            return false;
    }
    return true;
}

static void add_term(struct wf_strbuf *sql, const struct versions *versions, size_t index)
{
    const struct version *version = &versions->list[index];

    /* The first term gives the union its column names. */
    if (has_all_in_order(versions, version)) {
        wf_strbuf_add(sql, "SELECT * FROM ");
    } else {
        wf_strbuf_add(sql, "SELECT time, received, source");
        for (size_t i = 0; i < versions->column_count; i++) {
            const char *name = versions->columns[i];

            wf_strbuf_add(sql, ", ");
            if (has_column(version->columns, version->column_count, name)) {
                wfs_add_identifier(sql, name);
                continue;
            }
            wf_strbuf_add(sql, "NULL AS ");
            wfs_add_identifier(sql, name);
        }
        wf_strbuf_add(sql, ", quality FROM ");
    }
    wfs_add_identifier(sql, version->view);
}

static void add_union(struct wf_strbuf *sql, const struct versions *versions, size_t count)
{
    bool is_nested = count > UNION_TERMS_MAX;

    for (size_t i = 0; i < count; i++) {
        if (i % UNION_TERMS_MAX == 0 && is_nested)
            wf_strbuf_add(sql, i == 0 ? "SELECT * FROM (" : ") UNION ALL SELECT * FROM (");
        else if (i > 0)
            wf_strbuf_add(sql, " UNION ALL ");
        add_term(sql, versions, i);
    }
    wf_strbuf_add(sql, is_nested ? ")" : "");
}

static int make_part_view(sqlite3 *db, const char *subsystem, int part, struct wf_err *err)
{
    char name[WFS_TABLE_SIZE];
    struct versions versions = { 0 };
    struct wf_strbuf sql;
    size_t shown;
    int rc;

    wf_strbuf_init(&sql, 8u << 20);
    wfs_type_view_name(subsystem, part, name);
    rc = read_versions(db, subsystem, part, &versions, err);
    if (rc == 0)
        rc = unite_columns(db, part, &versions, err);
    if (rc < 0 || versions.count == 0)
        goto out;
    /* Beyond SQLite's longest statement only the newest versions are shown as one. */
    for (shown = versions.count; shown > 0; shown /= 2) {
        wf_strbuf_clear(&sql);
        wf_strbuf_add(&sql, "CREATE VIEW ");
        wfs_add_identifier(&sql, name);
        wf_strbuf_add(&sql, " AS ");
        add_union(&sql, &versions, shown);
        if (!sql.was_cut && sql.len < (size_t)sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, -1))
            break;
    }
    if (shown == 0)
        goto out;
    rc = wfs_execf(db, err, "DROP VIEW IF EXISTS \"%w\"", name);
    if (rc == 0)
        rc = wfs_exec(db, err, sql.text);

out:
    free_versions(&versions);
    wf_strbuf_fini(&sql);
    return rc;
}

int wfs_make_type_views(sqlite3 *db, const char *subsystem, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int parts = 0;
    int rc = wfs_prepare(db, "SELECT max(parts) FROM _schemas WHERE subsystem = ?", &stmt, err);

    if (rc < 0)
        return rc;
    (void)sqlite3_bind_text(stmt, 1, subsystem, -1, SQLITE_STATIC);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        parts = sqlite3_column_int(stmt, 0);
    (void)sqlite3_finalize(stmt);
    for (int part = 0; rc == 0 && part < parts; part++)
        rc = make_part_view(db, subsystem, part, err);
    return rc;
}
