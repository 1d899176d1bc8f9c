/* SPDX-License-Identifier: MIT */
/*
 * The small tables of wf sql: gaps, subsystems, parameters, deleted. What they hold is
 * gathered when they are asked, and bounded.
 */

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "sql_private.h"

#define CELLS_MAX 8
#define ROWS_MAX  1000000

enum list_kind { LIST_GAPS, LIST_SUBSYSTEMS, LIST_PARAMETERS, LIST_DELETED, LIST_KINDS };

static const struct {
    const char *name, *declaration;
    unsigned numbers; /* bits of the columns that are */
    struct wfs_sql_columns columns;
} lists[LIST_KINDS] = {
    [LIST_GAPS] = { "gaps",
                    "CREATE TABLE x(source, subsystem, \"from\", \"to\", lost, cause, "
                    "is_published)",
                    1u << 4 | 1u << 6,
                    { .at = { [WFS_SQL_SOURCE] = 1,
                              [WFS_SQL_SUBSYSTEM] = 2,
                              [WFS_SQL_FROM] = 3,
                              [WFS_SQL_TO] = 4,
                              [WFS_SQL_CAUSE] = 6 } } },
    [LIST_SUBSYSTEMS] = { "subsystems",
                          "CREATE TABLE x(subsystem, source, title, description, parameters)",
                          1u << 4,
                          { .at = { [WFS_SQL_SUBSYSTEM] = 1, [WFS_SQL_SOURCE] = 2 } } },
    [LIST_PARAMETERS] = { "parameters",
                          "CREATE TABLE x(source, subsystem, parameter, unit, title, description,"
                          " type)",
                          0,
                          { .at = { [WFS_SQL_SOURCE] = 1,
                                    [WFS_SQL_SUBSYSTEM] = 2,
                                    [WFS_SQL_PARAMETER] = 3 } } },
    [LIST_DELETED] = { "deleted",
                       "CREATE TABLE x(tier, file, \"from\", \"to\", rows, bytes, deleted, reason)",
                       1u << 4 | 1u << 5,
                       { .at = { [WFS_SQL_FROM] = 3, [WFS_SQL_TO] = 4 } } },
};

struct table {
    sqlite3_vtab base;
    struct wfs_sql_shared *shared;
    enum list_kind kind;
};

struct row {
    char *cells[CELLS_MAX]; /* NULL is NULL */
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct row *rows;
    size_t count, at;
    const struct wfs_sql_ask *ask; /* while it is gathered: what need not be, is not */
    struct wf_err *err;
};

static int disconnect(sqlite3_vtab *vtab)
{
    free(vtab);
    return SQLITE_OK;
}

static int connect(sqlite3 *db, void *context, int count, const char *const *arguments,
                   sqlite3_vtab **out_vtab, char **out_error)
{
    struct table *table = calloc(1, sizeof(*table));
    char name[32];
    size_t kind = 0;

    (void)out_error;
    if (table == NULL || count < 4) {
        free(table);
        return SQLITE_NOMEM;
    }
    wfs_sql_argument(arguments[3], name, sizeof(name));
    while (kind + 1 < LIST_KINDS && strcmp(lists[kind].name, name) != 0)
        kind++;
    table->shared = context;
    table->kind = (enum list_kind)kind;
    if (sqlite3_declare_vtab(db, lists[kind].declaration) != SQLITE_OK) {
        free(table);
        return SQLITE_ERROR;
    }
    *out_vtab = &table->base;
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
    int rc = wfs_sql_best_index(info, &lists[((struct table *)vtab)->kind].columns, false);

    info->estimatedCost /= 1e6; /* these are short */
    return rc;
}

static int open_cursor(sqlite3_vtab *vtab, sqlite3_vtab_cursor **out_cursor)
{
    struct cursor *cursor = calloc(1, sizeof(*cursor));

    (void)vtab;
    if (cursor == NULL)
        return SQLITE_NOMEM;
    *out_cursor = &cursor->base;
    return SQLITE_OK;
}

static void reset(struct cursor *cursor)
{
    for (size_t i = 0; i < cursor->count; i++) {
        for (size_t k = 0; k < CELLS_MAX; k++)
            free(cursor->rows[i].cells[k]);
    }
    free(cursor->rows);
    *cursor = (struct cursor){ .base = cursor->base };
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    reset((struct cursor *)base);
    free(base);
    return SQLITE_OK;
}

/* --- gathering -------------------------------------------------------------------------------- */

/* A new row of these texts; "" becomes NULL. */
static int add_row(struct cursor *cursor, const char *const *texts, size_t count)
{
    struct row *row;

    if (cursor->count == ROWS_MAX)
        return wf_fail(cursor->err, WF_ERR_LIMIT, "more than %d rows: ask wf query for a range",
                       ROWS_MAX);
    if (cursor->count % 1024 == 0) {
        row = realloc(cursor->rows, (cursor->count + 1024) * sizeof(*row));
        if (row == NULL)
            return wf_fail(cursor->err, WF_ERR_NOMEM, "out of memory");
        cursor->rows = row;
    }
    row = &cursor->rows[cursor->count++];
    *row = (struct row){ .cells = { NULL } };
    for (size_t i = 0; i < count; i++) {
        if (texts[i][0] == '\0')
            continue;
        row->cells[i] = strdup(texts[i]);
        if (row->cells[i] == NULL)
            return wf_fail(cursor->err, WF_ERR_NOMEM, "out of memory");
    }
    return 0;
}

static void time_text(int64_t time_ns, char out[48])
{
    struct wf_strbuf text;

    wf_strbuf_init_fixed(&text, out, 48);
    if (time_ns != WF_TIME_NONE)
        wf_strbuf_add_time(&text, time_ns, 9);
}

static void number_text(uint64_t number, char out[24])
{
    struct wf_strbuf text;

    wf_strbuf_init_fixed(&text, out, 24);
    wf_strbuf_addf(&text, "%llu", (unsigned long long)number);
}

static int add_gap(void *context, const struct wf_gap *gap)
{
    struct cursor *cursor = context;
    char from[48], to[48], lost[24] = "";
    const char *texts[] = {
        gap->source,
        gap->subsystem,
        from,
        to,
        lost,
        wf_gap_cause_name(gap->cause),
        wf_gap_is_published(gap->cause) ? "1" : "0",
    };

    if (!wfs_sql_is_named(cursor->ask, WFS_SQL_SOURCE, gap->source) ||
        !wfs_sql_is_named(cursor->ask, WFS_SQL_SUBSYSTEM, gap->subsystem) ||
        !wfs_sql_is_named(cursor->ask, WFS_SQL_CAUSE, wf_gap_cause_name(gap->cause)))
        return 0;
    time_text(gap->from_device_ns != WF_TIME_NONE ? gap->from_device_ns : gap->from_received_ns,
              from);
    time_text(gap->to_device_ns != WF_TIME_NONE ? gap->to_device_ns : gap->to_received_ns, to);
    if (gap->is_lost_known)
        number_text(gap->lost, lost);
    return add_row(cursor, texts, WF_COUNT_OF(texts));
}

static int add_deleted(void *context, const struct wf_deleted *deleted)
{
    char from[48], to[48], rows[24], bytes[24], when[48];
    const char *texts[] = { deleted->tier, deleted->file, from, to,
                            rows,          bytes,         when, deleted->reason };

    time_text(deleted->from_ns, from);
    time_text(deleted->to_ns, to);
    time_text(deleted->deleted_ns, when);
    number_text(deleted->rows, rows);
    number_text(deleted->bytes, bytes);
    return add_row(context, texts, WF_COUNT_OF(texts));
}

static const char *type_of(enum wf_type type)
{
    static const char *const names[] = {
        [WF_TYPE_UINT] = "uint", [WF_TYPE_INT] = "int",       [WF_TYPE_FLOAT] = "float",
        [WF_TYPE_BOOL] = "bool", [WF_TYPE_STRING] = "string", [WF_TYPE_BYTES] = "bytes",
        [WF_TYPE_TIME] = "time",
    };

    return (size_t)type < WF_COUNT_OF(names) ? names[type] : "";
}

static int add_entries(struct cursor *cursor, const struct table *table)
{
    const struct wf_range all = { .from_ns = INT64_MIN, .to_ns = INT64_MAX };
    const struct wf_history_entry *list = NULL;
    size_t count = 0;
    int rc = wfs_sql_entries(table->shared, &all, &list, &count, cursor->err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct wf_schema *schema = list[i].schema;
        char parameters[24];
        const char *texts[] = { schema->name, list[i].source, schema->title, schema->description,
                                parameters };

        if (!wfs_sql_is_named(cursor->ask, WFS_SQL_SOURCE, list[i].source) ||
            !wfs_sql_is_named(cursor->ask, WFS_SQL_SUBSYSTEM, schema->name))
            continue;
        number_text(schema->parameter_count, parameters);
        if (table->kind == LIST_SUBSYSTEMS)
            rc = add_row(cursor, texts, WF_COUNT_OF(texts));
        for (size_t k = 0; rc == 0 && table->kind == LIST_PARAMETERS && k < schema->parameter_count;
             k++) {
            const struct wf_parameter *parameter = &schema->parameters[k];
            const char *cells[] = { list[i].source,          schema->name,
                                    parameter->name,         parameter->unit,
                                    parameter->title,        parameter->description,
                                    type_of(parameter->type) };

            if (wfs_sql_is_named(cursor->ask, WFS_SQL_PARAMETER, parameter->name))
                rc = add_row(cursor, cells, WF_COUNT_OF(cells));
        }
    }
    return rc;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *text, int count,
                  sqlite3_value **values)
{
    struct cursor *cursor = (struct cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    struct wfs_sql_ask ask;
    struct wf_err err = { 0 };
    int rc;

    (void)number;
    reset(cursor);
    wfs_sql_read_ask(table->shared, text, values, count, &ask);
    cursor->err = &err;
    cursor->ask = &ask;
    if (table->kind == LIST_GAPS)
        rc = wf_history_gaps(table->shared->history, &ask.range, add_gap, cursor, &err);
    else if (table->kind == LIST_DELETED)
        rc = wf_history_deleted(table->shared->history, &ask.range, add_deleted, cursor, &err);
    else
        rc = add_entries(cursor, table);
    cursor->err = NULL;
    cursor->ask = NULL;
    return rc == 0 ? SQLITE_OK : wfs_sql_failed(base->pVtab, &err);
}

static int next(sqlite3_vtab_cursor *base)
{
    ((struct cursor *)base)->at++;
    return SQLITE_OK;
}

static int is_at_end(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;

    return cursor->at >= cursor->count;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out_id)
{
    *out_id = (sqlite3_int64)((struct cursor *)base)->at;
    return SQLITE_OK;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int index)
{
    const struct cursor *cursor = (struct cursor *)base;
    const struct table *table = (struct table *)base->pVtab;
    const char *cell = cursor->rows[cursor->at].cells[index];
    int64_t number;

    if (cell == NULL)
        sqlite3_result_null(context);
    else if ((lists[table->kind].numbers & 1u << index) != 0 &&
             wf_parse_i64(cell, &number, NULL) == 0)
        sqlite3_result_int64(context, number);
    else
        sqlite3_result_text(context, cell, -1, SQLITE_TRANSIENT);
    return SQLITE_OK;
}

const sqlite3_module wfs_sql_lists = {
    .xCreate = connect,
    .xConnect = connect,
    .xBestIndex = best_index,
    .xDisconnect = disconnect,
    .xDestroy = disconnect,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter,
    .xNext = next,
    .xEof = is_at_end,
    .xColumn = column,
    .xRowid = rowid,
};
