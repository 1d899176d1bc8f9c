/* SPDX-License-Identifier: MIT */
/*
 * The tables of minutes and hours in wf sql: one row for each parameter and bucket, from
 * rollups where they are complete and from samples elsewhere, as everywhere (bins.h).
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "sql_private.h"

enum {
    COLUMN_TIME,
    COLUMN_SOURCE,
    COLUMN_PARAMETER,
    COLUMN_MIN,
    COLUMN_MAX,
    COLUMN_MEAN,
    COLUMN_LAST,
    COLUMN_LAST_TIME,
    COLUMN_COUNT,
    COLUMN_BAD,
    COLUMN_QUALITY,
    COLUMN_UNIT,
    COLUMN_TIER,
    COLUMN_TIME_NS,
};

static const struct wfs_sql_columns columns = { .at = {
                                                    [WFS_SQL_TIME] = 1 + COLUMN_TIME,
                                                    [WFS_SQL_TIME_NS] = 1 + COLUMN_TIME_NS,
                                                    [WFS_SQL_SOURCE] = 1 + COLUMN_SOURCE,
                                                    [WFS_SQL_PARAMETER] = 1 + COLUMN_PARAMETER,
                                                } };

struct table {
    sqlite3_vtab base;
    struct wfs_sql_shared *shared;
    char subsystem[WF_NAME_SIZE];
    int64_t every_ns;
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct wf_range range;
    char parameter[WF_NAME_SIZE]; /* only this one; "" = all */
    char (*sources)[WF_NAME_SIZE];
    size_t source_count, source;
    const struct wf_schema *schema; /* the newest */
    size_t index;                   /* of its parameters */
    struct wf_bins *bins;
    struct wf_bin bin;
    bool has_bin;
    int64_t number;
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
    char tier[16];
    int rc;

    (void)out_error;
    if (table == NULL || count < 5) {
        free(table);
        return SQLITE_NOMEM;
    }
    table->shared = context;
    wfs_sql_argument(arguments[3], table->subsystem, sizeof(table->subsystem));
    wfs_sql_argument(arguments[4], tier, sizeof(tier));
    table->every_ns = (strcmp(tier, "hour") == 0 ? 3600 : 60) * WF_NS_PER_S;
    rc = sqlite3_declare_vtab(db, "CREATE TABLE x(time, source, parameter COLLATE NOCASE, min, max,"
                                  " mean, last, last_time, count, bad, quality, unit, tier,"
                                  " time_ns HIDDEN)");
    if (rc != SQLITE_OK) {
        free(table);
        return rc;
    }
    *out_vtab = &table->base;
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
    (void)vtab;
    /* Parameters come one after another: never in order of time. */
    return wfs_sql_best_index(info, &columns, false);
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
    wf_bins_close(&cursor->bins);
    free(cursor->sources);
    *cursor = (struct cursor){ .base = cursor->base };
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    reset((struct cursor *)base);
    free(base);
    return SQLITE_OK;
}

static bool is_number(const struct wf_parameter *parameter)
{
    return parameter->storage <= WF_STORE_BOOL && parameter->count_max == 1 &&
           parameter->count_from == WF_NO_INDEX && !parameter->is_count_rest;
}

static int open_bins(struct cursor *cursor, const struct table *table, struct wf_err *err)
{
    struct wf_bins_query query = { .range = cursor->range,
                                   .source = cursor->sources[cursor->source],
                                   .subsystem = table->subsystem,
                                   .parameter = cursor->schema->parameters[cursor->index].name,
                                   .every_ns = table->every_ns };

    return wf_bins_open(table->shared->history, &query, &cursor->bins, err);
}

/* The next parameter that is asked for, of this source or the next; false: no more. */
static bool next_parameter(struct cursor *cursor)
{
    while (cursor->source < cursor->source_count) {
        for (; cursor->index < cursor->schema->parameter_count; cursor->index++) {
            const struct wf_parameter *parameter = &cursor->schema->parameters[cursor->index];

            if (is_number(parameter) && (cursor->parameter[0] == '\0' ||
                                         wf_name_is_equal(parameter->name, cursor->parameter)))
                return true;
        }
        cursor->index = 0;
        cursor->source++;
    }
    return false;
}

static int advance(struct cursor *cursor, const struct table *table, struct wf_err *err)
{
    int rc = 0;

    cursor->has_bin = false;
    for (;;) {
        if (cursor->bins == NULL) {
            if (!next_parameter(cursor))
                return 0;
            rc = open_bins(cursor, table, err);
        }
        if (rc == 0)
            rc = wf_bins_next(cursor->bins, &cursor->bin, err);
        cursor->has_bin = rc == 0;
        if (rc != WF_ERR_ABSENT)
            return rc;
        wf_bins_close(&cursor->bins);
        cursor->index++;
        rc = 0;
    }
}

/* Whole buckets: a condition on their beginning must not cut into them. */
static void widen(struct wf_range *range, int64_t every_ns)
{
    if (range->from_ns > INT64_MIN + every_ns)
        range->from_ns -= (range->from_ns % every_ns + every_ns) % every_ns;
    if (range->to_ns < INT64_MAX - 2 * every_ns)
        range->to_ns += every_ns - (range->to_ns % every_ns + every_ns) % every_ns;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *text, int count,
                  sqlite3_value **values)
{
    struct cursor *cursor = (struct cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    struct wfs_sql_ask ask;
    struct wf_err err = { 0 };
    const char *parameter;
    int rc;

    (void)number;
    reset(cursor);
    wfs_sql_read_ask(table->shared, text, values, count, &ask);
    parameter = ask.names[WFS_SQL_PARAMETER - WFS_SQL_SOURCE];
    cursor->range = ask.range;
    widen(&cursor->range, table->every_ns);
    if (parameter != NULL)
        (void)wf_copy_text(cursor->parameter, sizeof(cursor->parameter), parameter);
    rc = wfs_sql_sources(table->shared, &cursor->range, table->subsystem, ask.names[0],
                         &cursor->sources, &cursor->schema, &cursor->source_count, &err);
    if (rc == 0)
        rc = advance(cursor, table, &err);
    return rc == 0 ? SQLITE_OK : wfs_sql_failed(base->pVtab, &err);
}

static int next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    struct wf_err err = { 0 };

    cursor->number++;
    return advance(cursor, (struct table *)base->pVtab, &err) == 0
               ? SQLITE_OK
               : wfs_sql_failed(base->pVtab, &err);
}

static int is_at_end(sqlite3_vtab_cursor *base)
{
    return !((struct cursor *)base)->has_bin;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out_id)
{
    *out_id = ((struct cursor *)base)->number;
    return SQLITE_OK;
}

static void result_tiers(sqlite3_context *context, unsigned tiers)
{
    char text[64];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    wf_tiers_add(tiers, &buf);
    sqlite3_result_text(context, text, (int)buf.len, SQLITE_TRANSIENT);
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int index)
{
    const struct cursor *cursor = (struct cursor *)base;
    const struct wf_bin *bin = &cursor->bin;

    switch (index) {
    case COLUMN_TIME:
        wfs_sql_result_time(context, bin->from_ns);
        break;
    case COLUMN_SOURCE:
        sqlite3_result_text(context, cursor->sources[cursor->source], -1, SQLITE_TRANSIENT);
        break;
    case COLUMN_PARAMETER:
        sqlite3_result_text(context, cursor->schema->parameters[cursor->index].name, -1,
                            SQLITE_TRANSIENT);
        break;
    case COLUMN_MIN:
        wfs_sql_result_number(context, &bin->min);
        break;
    case COLUMN_MAX:
        wfs_sql_result_number(context, &bin->max);
        break;
    case COLUMN_MEAN:
        if (bin->count > 0)
            sqlite3_result_double(context, bin->mean);
        break;
    case COLUMN_LAST:
        wfs_sql_result_number(context, &bin->last);
        break;
    case COLUMN_LAST_TIME:
        wfs_sql_result_time(context, bin->last_ns);
        break;
    case COLUMN_COUNT:
        sqlite3_result_int64(context, (sqlite3_int64)bin->count);
        break;
    case COLUMN_BAD:
        sqlite3_result_int64(context, (sqlite3_int64)bin->bad);
        break;
    case COLUMN_QUALITY:
        if (bin->quality != WF_QUALITY_VALID)
            sqlite3_result_text(context, wf_quality_name((enum wf_quality)bin->quality), -1,
                                SQLITE_STATIC);
        break;
    case COLUMN_UNIT:
        if (cursor->schema->parameters[cursor->index].unit[0] != '\0')
            sqlite3_result_text(context, cursor->schema->parameters[cursor->index].unit, -1,
                                SQLITE_TRANSIENT);
        break;
    case COLUMN_TIER:
        result_tiers(context, bin->tiers);
        break;
    default:
        sqlite3_result_int64(context, bin->from_ns);
        break;
    }
    return SQLITE_OK;
}

const sqlite3_module wfs_sql_bins = {
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
