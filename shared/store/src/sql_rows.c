/* SPDX-License-Identifier: MIT */
/* The table of a subsystem's rows in wf sql: see sql_private.h. */

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "sql_private.h"

enum { COLUMN_TIME, COLUMN_RECEIVED, COLUMN_SOURCE, COLUMN_FIRST };

/* SQLite knows 2,000 columns; ours beside the parameters. */
#define PARAMETERS_MAX 1990

struct table {
    sqlite3_vtab base;
    struct wfs_sql_shared *shared;
    char subsystem[WF_NAME_SIZE];
    size_t part; /* of the parameters, as in day files */
    /* Parameters: by name in schemas, in order of the columns behind COLUMN_FIRST. */
    char (*parameters)[WF_NAME_SIZE];
    int parameter_count;
    struct wfs_sql_columns columns;
    int column_quality;
};

struct source {
    struct wf_history_cursor *cursor;
    struct wf_history_row row;
    bool has_row;
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct wfs_sql_ask ask;
    char (*names)[WF_NAME_SIZE];
    struct source *sources;
    size_t source_count, at;   /* at: whose row it stands on; source_count: the end */
    struct wfs_sql_back *back; /* where rows come from the end: instead of the sources' cursors */
    struct wf_history_row row; /* of it */
    const char **asked;        /* parameters that are read */
    size_t asked_count;
    int64_t number;
    /* Where the columns are in the schema version of the row. */
    const struct wf_schema *schema;
    const struct wfs_plan *plan;
    int *indices;
};

/* --- the table ------------------------------------------------------------------------------------ */

static bool has_parameter(const struct table *table, const char *name)
{
    for (int i = 0; i < table->parameter_count; i++) {
        if (wf_name_is_equal(table->parameters[i], name))
            return true;
    }
    return false;
}

static int add_parameter(struct table *table, const struct wfs_plan *plan, size_t column,
                         struct wf_strbuf *sql, struct wf_err *err)
{
    if (table->parameter_count % 64 == 0) {
        char(*more)[WF_NAME_SIZE] =
            realloc(table->parameters, ((size_t)table->parameter_count + 64) * sizeof(*more));

        if (more == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        table->parameters = more;
    }
    (void)wf_copy_text(table->parameters[table->parameter_count++], WF_NAME_SIZE,
                       plan->schema->parameters[column].name);
    wf_strbuf_add(sql, ", ");
    wfs_add_identifier(sql, plan->columns[column].view_name);
    return 0;
}

/* The names of all versions' parameters of this part, and their columns: the newest version first. */
static int add_parameters(struct table *table, struct wf_strbuf *sql, struct wf_err *err)
{
    const struct wf_history *history = table->shared->history;
    size_t first = table->part * WFS_PART_COLUMNS;
    int rc = 0;

    for (size_t i = history->plan_count; i-- > 0;) {
        const struct wfs_plan *plan = history->plans[i].plan;

        if (!wf_name_is_equal(history->plans[i].subsystem, table->subsystem))
            continue;
        for (size_t k = first; rc == 0 && k < plan->column_count && k < first + WFS_PART_COLUMNS;
             k++) {
            if (table->parameter_count < PARAMETERS_MAX &&
                !has_parameter(table, plan->schema->parameters[k].name))
                rc = add_parameter(table, plan, k, sql, err);
        }
    }
    return rc;
}

static int declare(struct table *table, sqlite3 *db, struct wf_strbuf *sql, struct wf_err *err)
{
    int rc;

    wf_strbuf_add(sql, "CREATE TABLE x(time, received, source");
    rc = add_parameters(table, sql, err);
    if (rc < 0)
        return rc;
    wf_strbuf_add(sql, ", quality, time_ns HIDDEN, received_ns HIDDEN)");
    table->column_quality = COLUMN_FIRST + table->parameter_count;
    table->columns =
        (struct wfs_sql_columns){ .at = {
                                      [WFS_SQL_TIME] = 1 + COLUMN_TIME,
                                      [WFS_SQL_RECEIVED] = 1 + COLUMN_RECEIVED,
                                      [WFS_SQL_SOURCE] = 1 + COLUMN_SOURCE,
                                      [WFS_SQL_TIME_NS] = 1 + table->column_quality + 1,
                                      [WFS_SQL_RECEIVED_NS] = 1 + table->column_quality + 2,
                                  } };
    return sqlite3_declare_vtab(db, sql->text) == SQLITE_OK
               ? 0
               : wf_fail(err, WF_ERR_LIMIT, "%s: %s", table->subsystem, sqlite3_errmsg(db));
}

static int disconnect(sqlite3_vtab *vtab)
{
    struct table *table = (struct table *)vtab;

    free(table->parameters);
    free(table);
    return SQLITE_OK;
}

static int connect(sqlite3 *db, void *context, int count, const char *const *arguments,
                   sqlite3_vtab **out_vtab, char **out_error)
{
    struct table *table = calloc(1, sizeof(*table));
    struct wf_err err = { 0 };
    struct wf_strbuf sql;
    char part[24];
    uint64_t number = 0;
    int rc;

    if (table == NULL || count < 5) {
        free(table);
        return SQLITE_NOMEM;
    }
    table->shared = context;
    wfs_sql_argument(arguments[3], table->subsystem, sizeof(table->subsystem));
    wfs_sql_argument(arguments[4], part, sizeof(part));
    (void)wf_parse_u64(part, &number, NULL);
    table->part = (size_t)number;
    wf_strbuf_init(&sql, 1u << 20);
    rc = declare(table, db, &sql, &err);
    wf_strbuf_fini(&sql);
    if (rc < 0) {
        *out_error = sqlite3_mprintf("%s", err.text);
        (void)disconnect(&table->base);
        return SQLITE_ERROR;
    }
    *out_vtab = &table->base;
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
    return wfs_sql_best_index(info, &((struct table *)vtab)->columns, true);
}

/* --- reading ---------------------------------------------------------------------------------------- */

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
    for (size_t i = 0; cursor->sources != NULL && i < cursor->source_count; i++)
        wf_history_cursor_close(&cursor->sources[i].cursor);
    wfs_sql_back_close(&cursor->back);
    free(cursor->sources);
    free(cursor->names);
    free(cursor->asked);
    free(cursor->indices);
    *cursor = (struct cursor){ .base = cursor->base };
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    reset((struct cursor *)base);
    free(base);
    return SQLITE_OK;
}

static int next_of(struct source *source, struct wf_err *err)
{
    int rc = wf_history_next(source->cursor, &source->row, err);

    source->has_row = rc == 0;
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

static struct wf_history_query query_of(const struct cursor *cursor, const struct table *table)
{
    return (struct wf_history_query){
        .range = cursor->ask.range,
        .subsystem = table->subsystem,
        .parameters = cursor->asked,
        .parameter_count = cursor->asked_count,
        .is_bare = !wfs_sql_is_used(&cursor->ask, COLUMN_RECEIVED) &&
                   !wfs_sql_is_used(&cursor->ask, table->column_quality + 2) &&
                   !cursor->ask.range.is_by_received,
    };
}

static int open_source(struct cursor *cursor, const struct table *table, size_t index,
                       struct wf_err *err)
{
    struct wf_history_query query = query_of(cursor, table);
    int rc;

    query.source = cursor->names[index];
    rc = wf_history_select(table->shared->history, &query, &cursor->sources[index].cursor, err);
    return rc == 0 ? next_of(&cursor->sources[index], err) : rc;
}

static int step_back(struct cursor *cursor, struct wf_err *err)
{
    int rc = wfs_sql_back_next(cursor->back, &cursor->row, &cursor->at, err);

    if (rc != WF_ERR_ABSENT)
        return rc;
    cursor->at = cursor->source_count;
    return 0;
}

static int open_back(struct cursor *cursor, const struct table *table, struct wf_err *err)
{
    struct wf_history_query query = query_of(cursor, table);

    int rc = wfs_sql_back_open(table->shared->history, &query, cursor->names, cursor->source_count,
                               &cursor->back, err);

    return rc == 0 ? step_back(cursor, err) : rc;
}

static const struct wf_history_row *row_of(const struct cursor *cursor)
{
    return cursor->back != NULL ? &cursor->row : &cursor->sources[cursor->at].row;
}

/* Stand on the next row: sources one after another, or whichever is earliest. */
static int choose(struct cursor *cursor, const struct table *table, struct wf_err *err)
{
    int rc = 0;

    if (cursor->ask.order == WFS_SQL_ASCENDING) {
        cursor->at = cursor->source_count;
        for (size_t i = 0; i < cursor->source_count; i++) {
            if (cursor->sources[i].has_row &&
                (cursor->at == cursor->source_count ||
                 cursor->sources[i].row.time_ns < cursor->sources[cursor->at].row.time_ns))
                cursor->at = i;
        }
        return 0;
    }
    while (rc == 0 && cursor->at < cursor->source_count && !cursor->sources[cursor->at].has_row) {
        wf_history_cursor_close(&cursor->sources[cursor->at].cursor);
        if (++cursor->at < cursor->source_count)
            rc = open_source(cursor, table, cursor->at, err);
    }
    return rc;
}

/* Parameters whose columns are read; all of them where the quality of the row is. */
static int choose_parameters(struct cursor *cursor, const struct table *table, struct wf_err *err)
{
    bool is_all = wfs_sql_is_used(&cursor->ask, table->column_quality);

    cursor->asked = calloc((size_t)table->parameter_count + 1, sizeof(*cursor->asked));
    cursor->indices = calloc((size_t)table->parameter_count + 1, sizeof(*cursor->indices));
    if (cursor->asked == NULL || cursor->indices == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (int i = 0; i < table->parameter_count; i++) {
        if (is_all || wfs_sql_is_used(&cursor->ask, COLUMN_FIRST + i))
            cursor->asked[cursor->asked_count++] = table->parameters[i];
    }
    return 0;
}

static int open_sources(struct cursor *cursor, const struct table *table, struct wf_err *err)
{
    int rc = 0;

    cursor->sources = calloc(cursor->source_count + 1, sizeof(*cursor->sources));
    if (cursor->sources == NULL) {
        cursor->source_count = 0;
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; rc == 0 && i < cursor->source_count; i++) {
        if (i == 0 || cursor->ask.order == WFS_SQL_ASCENDING)
            rc = open_source(cursor, table, i, err);
    }
    return rc == 0 ? choose(cursor, table, err) : rc;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *text, int count,
                  sqlite3_value **values)
{
    struct cursor *cursor = (struct cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    size_t source_count = 0;
    struct wf_err err = { 0 };
    int rc;

    (void)number;
    reset(cursor);
    wfs_sql_read_ask(table->shared, text, values, count, &cursor->ask);
    rc = choose_parameters(cursor, table, &err);
    if (rc == 0)
        rc = wfs_sql_sources(table->shared, &cursor->ask.range, table->subsystem,
                             cursor->ask.names[0], &cursor->names, NULL, &source_count, &err);
    memset(cursor->ask.names, 0, sizeof(cursor->ask.names)); /* they belong to the arguments */
    if (rc == 0)
        cursor->source_count = source_count;
    if (rc == 0)
        rc = cursor->ask.order == WFS_SQL_DESCENDING ? open_back(cursor, table, &err)
                                                     : open_sources(cursor, table, &err);
    return rc == 0 ? SQLITE_OK : wfs_sql_failed(base->pVtab, &err);
}

static int next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    struct wf_err err = { 0 };
    int rc;

    cursor->number++;
    if (cursor->back != NULL) {
        rc = step_back(cursor, &err);
    } else {
        rc = next_of(&cursor->sources[cursor->at], &err);
        if (rc == 0)
            rc = choose(cursor, (struct table *)base->pVtab, &err);
    }
    return rc == 0 ? SQLITE_OK : wfs_sql_failed(base->pVtab, &err);
}

static int is_at_end(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;

    return cursor->at >= cursor->source_count;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out_id)
{
    *out_id = ((struct cursor *)base)->number;
    return SQLITE_OK;
}

/* --- cells ------------------------------------------------------------------------------------------- */

/* Look the columns up in the schema version of the row. */
static void learn(struct cursor *cursor, const struct table *table, const struct wf_schema *schema)
{
    cursor->schema = schema;
    cursor->plan = NULL;
    for (size_t i = 0; i < table->shared->history->plan_count; i++) {
        if (table->shared->history->plans[i].plan->schema == schema)
            cursor->plan = table->shared->history->plans[i].plan;
    }
    for (int i = 0; i < table->parameter_count; i++)
        cursor->indices[i] = wf_schema_find(schema, table->parameters[i]);
}

/* Arrays are shown as they are stored: raw words, or elements of the C type. */
static void result_array(sqlite3_context *context, const struct wfs_column *column,
                         const uint8_t *payload)
{
    uint32_t size = column->size_max;

    if (payload[column->quality_offset] == WF_QUALITY_ABSENT) {
        sqlite3_result_null(context);
        return;
    }
    if (column->count_offset != 0) {
        memcpy(&size, payload + column->count_offset, sizeof(size));
        if (size > column->size_max)
            size = column->size_max;
    }
    sqlite3_result_blob(context, payload + column->offset, (int)(size * column->stride),
                        SQLITE_TRANSIENT);
}

static void result_parameter(sqlite3_context *context, const struct cursor *cursor, int index)
{
    const struct wf_history_row *row = row_of(cursor);
    int place = cursor->indices[index];
    struct wf_value value;

    if (place == WF_NO_INDEX) {
        sqlite3_result_null(context);
        return;
    }
    if (cursor->plan != NULL && cursor->plan->columns[place].cell == WFS_CELL_ARRAY) {
        result_array(context, &cursor->plan->columns[place], row->payload);
        return;
    }
    wf_value_get(row->schema, row->payload, (size_t)place, 0, &value);
    wfs_sql_result_value(context, row->schema, (size_t)place, &value);
}

/* "bus_voltage INVALID, mode ABSENT"; NULL when every parameter of the row is VALID. */
static void result_quality(sqlite3_context *context, const struct cursor *cursor)
{
    const struct wf_history_row *row = row_of(cursor);
    const uint8_t *payload = row->payload;
    struct wf_strbuf text;

    wf_strbuf_init(&text, 1u << 20);
    for (size_t i = 0; cursor->plan != NULL && i < cursor->plan->column_count; i++) {
        uint8_t quality = payload[cursor->plan->columns[i].quality_offset];

        if (quality != WF_QUALITY_VALID)
            wf_strbuf_addf(&text, "%s%s %s", text.len > 0 ? ", " : "",
                           cursor->plan->columns[i].view_name,
                           wf_quality_name((enum wf_quality)quality));
    }
    if (text.len > 0)
        sqlite3_result_text(context, text.text, (int)text.len, SQLITE_TRANSIENT);
    else
        sqlite3_result_null(context);
    wf_strbuf_fini(&text);
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int index)
{
    struct cursor *cursor = (struct cursor *)base;
    const struct table *table = (struct table *)base->pVtab;
    const struct wf_history_row *row = row_of(cursor);
    int64_t time_ns = row->time_ns;

    if (cursor->schema != row->schema)
        learn(cursor, table, row->schema);
    if (cursor->ask.range.is_by_received)
        time_ns =
            row->stamp.device_ns != WF_TIME_NONE ? row->stamp.device_ns : row->stamp.received_ns;
    if (index == COLUMN_TIME)
        wfs_sql_result_time(context, time_ns);
    else if (index == COLUMN_RECEIVED)
        wfs_sql_result_time(context, row->stamp.received_ns);
    else if (index == COLUMN_SOURCE)
        sqlite3_result_text(context, cursor->names[cursor->at], -1, SQLITE_TRANSIENT);
    else if (index == table->column_quality + 1)
        sqlite3_result_int64(context, time_ns);
    else if (index == table->column_quality + 2)
        sqlite3_result_int64(context, row->stamp.received_ns);
    else if (index == table->column_quality)
        result_quality(context, cursor);
    else
        result_parameter(context, cursor, index - COLUMN_FIRST);
    return SQLITE_OK;
}

const sqlite3_module wfs_sql_rows = {
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
