/* SPDX-License-Identifier: MIT */
/* What is asked of the tables of wf sql, and of what there is: see sql_private.h. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "sql_private.h"

/* Rows of a history of no known size; what a constraint leaves of them. */
#define COST_ALL  1e9
#define LEFT_TIME 0.05
#define LEFT_NAME 0.3

void wfs_sql_argument(const char *text, char *out, size_t size)
{
    size_t len = strlen(text);

    if (len >= 2 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0]) {
        text++;
        len -= 2;
    }
    if (len >= size)
        len = size - 1;
    memcpy(out, text, len);
    out[len] = '\0';
}

int wfs_sql_failed(sqlite3_vtab *vtab, const struct wf_err *err)
{
    sqlite3_free(vtab->zErrMsg);
    vtab->zErrMsg = sqlite3_mprintf("%s", err->text);
    return err->rc == WF_ERR_NOMEM ? SQLITE_NOMEM : SQLITE_ERROR;
}

/* --- xBestIndex ------------------------------------------------------------------------------- */

/* As EXPLAIN QUERY PLAN tells them. */
static const char *const role_names[WFS_SQL_ROLES] = {
    [WFS_SQL_TIME] = "time",           [WFS_SQL_TIME_NS] = "time_ns",
    [WFS_SQL_RECEIVED] = "received",   [WFS_SQL_RECEIVED_NS] = "received_ns",
    [WFS_SQL_FROM] = "from",           [WFS_SQL_TO] = "to",
    [WFS_SQL_SOURCE] = "source",       [WFS_SQL_SUBSYSTEM] = "subsystem",
    [WFS_SQL_PARAMETER] = "parameter", [WFS_SQL_CAUSE] = "cause",
};

static enum wfs_sql_role role_of(const struct wfs_sql_columns *columns, int column)
{
    int role = 0;

    while (role < WFS_SQL_ROLES && (columns->at[role] == 0 || columns->at[role] != column + 1))
        role++;
    return (enum wfs_sql_role)role;
}

/* '~' is LIKE and GLOB: what they begin with limits times. */
static char op_letter(unsigned char op)
{
    switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        return '=';
    case SQLITE_INDEX_CONSTRAINT_GT:
    case SQLITE_INDEX_CONSTRAINT_GE:
        return '>';
    case SQLITE_INDEX_CONSTRAINT_LT:
    case SQLITE_INDEX_CONSTRAINT_LE:
        return '<';
    case SQLITE_INDEX_CONSTRAINT_LIKE:
    case SQLITE_INDEX_CONSTRAINT_GLOB:
        return '~';
    default:
        return '\0';
    }
}

/* Names are only compared for being the same, numbers have no beginning. */
static bool can_limit(enum wfs_sql_role role, char op)
{
    if (role == WFS_SQL_ROLES || op == '\0')
        return false;
    if (role >= WFS_SQL_SOURCE)
        return op == '=';
    return op != '~' || role == WFS_SQL_TIME || role == WFS_SQL_RECEIVED;
}

static enum wfs_sql_order order_of(const sqlite3_index_info *info,
                                   const struct wfs_sql_columns *columns)
{
    enum wfs_sql_role role;

    if (info->nOrderBy != 1)
        return WFS_SQL_UNORDERED;
    role = role_of(columns, info->aOrderBy[0].iColumn);
    if (role != WFS_SQL_TIME && role != WFS_SQL_TIME_NS)
        return WFS_SQL_UNORDERED;
    return info->aOrderBy[0].desc ? WFS_SQL_DESCENDING : WFS_SQL_ASCENDING;
}

/* "columns:1f order:desc time>? source=?" */
int wfs_sql_best_index(sqlite3_index_info *info, const struct wfs_sql_columns *columns,
                       bool can_order)
{
    static const char *const orders[] = { "", " order:time", " order:time-desc" };
    enum wfs_sql_order order = can_order ? order_of(info, columns) : WFS_SQL_UNORDERED;
    char text[600];
    struct wf_strbuf ask = WF_STRBUF_FIXED(text);
    double cost = COST_ALL;
    int arguments = 0;

    wf_strbuf_addf(&ask, "columns:%llx%s", (unsigned long long)info->colUsed, orders[order]);
    for (int i = 0; i < info->nConstraint && ask.len + 20 < sizeof(text); i++) {
        const struct sqlite3_index_constraint *constraint = &info->aConstraint[i];
        enum wfs_sql_role role = role_of(columns, constraint->iColumn);
        char op = op_letter(constraint->op);

        if (!constraint->usable || !can_limit(role, op))
            continue;
        wf_strbuf_addf(&ask, " %s%c?", role_names[role], op);
        /* SQLite checks each row itself too: what is read is only as little as is easy. */
        info->aConstraintUsage[i].argvIndex = ++arguments;
        cost *= role >= WFS_SQL_SOURCE ? LEFT_NAME : LEFT_TIME;
    }
    info->idxStr = sqlite3_mprintf("%s", text);
    if (info->idxStr == NULL)
        return SQLITE_NOMEM;
    info->needToFreeIdxStr = 1;
    info->estimatedCost = cost;
    info->orderByConsumed = order != WFS_SQL_UNORDERED;
    return SQLITE_OK;
}

/* --- xFilter ----------------------------------------------------------------------------------- */

static bool read_number(sqlite3_value *value, int64_t *out_low, int64_t *out_high)
{
    double number = sqlite3_value_double(value);

    if (sqlite3_value_type(value) == SQLITE_INTEGER) {
        *out_low = *out_high = sqlite3_value_int64(value);
        return true;
    }
    if (sqlite3_value_type(value) != SQLITE_FLOAT || !(fabs(number) < 9e18))
        return false;
    *out_low = (int64_t)floor(number) - 1024; /* beyond 2^53 doubles are that far apart */
    *out_high = (int64_t)ceil(number) + 1024;
    return true;
}

static bool is_plain_day(int64_t time_ns)
{
    return time_ns > INT64_MIN + 2 * WF_NS_PER_DAY && time_ns < INT64_MAX - 2 * WF_NS_PER_DAY;
}

/* The times whose texts begin as the pattern does. */
static bool read_pattern(const char *pattern, int64_t *out_low, int64_t *out_high)
{
    static const struct {
        size_t length; /* "2026" "2026-11" ... */
        int64_t ns;
    } forms[] = { { 19, WF_NS_PER_S },   { 16, 60 * WF_NS_PER_S },  { 13, 3600 * WF_NS_PER_S },
                  { 10, WF_NS_PER_DAY }, { 7, 31 * WF_NS_PER_DAY }, { 4, 366 * WF_NS_PER_DAY } };
    static const char tail[] = "0000-01-01T00:00:00";
    size_t length = pattern != NULL ? strspn(pattern, "0123456789-:T") : 0;
    char text[sizeof(tail)];

    for (size_t i = 0; i < WF_COUNT_OF(forms); i++) {
        int64_t low;

        if (length < forms[i].length)
            continue;
        memcpy(text, tail, sizeof(tail));
        memcpy(text, pattern, forms[i].length);
        if (wf_parse_time(text, 0, &low, NULL) < 0 || !is_plain_day(low))
            return false;
        *out_low = low;
        *out_high = low + forms[i].ns;
        return true;
    }
    return false;
}

/*
 * The times that a text of a condition can stand for: it is compared with
 * "2026-11-20T18:06:52.123456789Z" byte by byte, so that a shorter text may stand
 * for any moment of its second.
 */
static bool read_text(const char *text, struct wfs_sql_shared *shared, int64_t *out_low,
                      int64_t *out_high)
{
    int64_t time_ns;

    /* Only texts of this form are ordered as their times are; of others, how far they have it. */
    if (text == NULL || text[0] < '0' || text[0] > '9' ||
        wf_parse_time(text, 0, &time_ns, NULL) < 0 || !is_plain_day(time_ns))
        return read_pattern(text, out_low, out_high);
    if (strlen(text) > 10 && text[10] == ' ') {
        /* A space comes before the T of every time of that day. */
        time_ns -= (time_ns % WF_NS_PER_DAY + WF_NS_PER_DAY) % WF_NS_PER_DAY;
        if (shared->notice[0] == '\0')
            (void)snprintf(shared->notice, sizeof(shared->notice),
                           "times are text as 2026-11-20T18:06:52Z: all of that day are greater"
                           " than '%.32s', because of its space; at('...') makes a time that"
                           " compares, as at('now-1h')",
                           text);
    }
    *out_low = time_ns - WF_NS_PER_S;
    *out_high = time_ns + WF_NS_PER_S;
    return true;
}

static void narrow(struct wf_range *range, char op, int64_t low, int64_t high)
{
    if (op != '<' && low > range->from_ns)
        range->from_ns = low;
    if (op != '>' && high < range->to_ns - 1)
        range->to_ns = high + 1;
}

struct ranges {
    struct wf_range device, received;
    bool has_device, has_received;
};

/* What begins or ends after T overlaps what is after T; the same before. */
static void narrow_times(struct ranges *ranges, enum wfs_sql_role role, char op, int64_t low,
                         int64_t high)
{
    bool is_received = role == WFS_SQL_RECEIVED || role == WFS_SQL_RECEIVED_NS;

    narrow(is_received ? &ranges->received : &ranges->device, op, low, high);
    ranges->has_received |= is_received;
    ranges->has_device |= !is_received;
}

static void read_constraint(struct wfs_sql_shared *shared, const char *token, sqlite3_value *value,
                            struct ranges *ranges, struct wfs_sql_ask *out)
{
    size_t length = strcspn(token, "=<>~");
    char op = token[length];
    int64_t low, high;
    int role = 0;
    bool is_read;

    while (role < WFS_SQL_ROLES &&
           (strncmp(role_names[role], token, length) != 0 || role_names[role][length] != '\0'))
        role++;
    if (role == WFS_SQL_ROLES)
        return;
    if (role >= WFS_SQL_SOURCE) {
        out->names[role - WFS_SQL_SOURCE] = (const char *)sqlite3_value_text(value);
        return;
    }
    if (role == WFS_SQL_TIME_NS || role == WFS_SQL_RECEIVED_NS)
        is_read = read_number(value, &low, &high);
    else if (sqlite3_value_type(value) != SQLITE_TEXT)
        is_read = false;
    else if (op == '~')
        is_read = read_pattern((const char *)sqlite3_value_text(value), &low, &high);
    else
        is_read = read_text((const char *)sqlite3_value_text(value), shared, &low, &high);
    if (is_read)
        narrow_times(ranges, (enum wfs_sql_role)role, op, low, high);
}

void wfs_sql_read_ask(struct wfs_sql_shared *shared, const char *text, sqlite3_value **values,
                      int count, struct wfs_sql_ask *out)
{
    struct ranges ranges = { .device = { .from_ns = INT64_MIN, .to_ns = INT64_MAX },
                             .received = { INT64_MIN, INT64_MAX, true } };
    int at = 0;

    *out =
        (struct wfs_sql_ask){ .order = strstr(text, " order:time-desc") != NULL ? WFS_SQL_DESCENDING
                                       : strstr(text, " order:time") != NULL    ? WFS_SQL_ASCENDING
                                                                             : WFS_SQL_UNORDERED };
    out->columns_used = strtoull(text + strlen("columns:"), NULL, 16);
    for (const char *token = text; token != NULL && at < count; token = strchr(token, ' ')) {
        token += token[0] == ' ';
        if (token[strcspn(token, " ") - 1] == '?')
            read_constraint(shared, token, values[at++], &ranges, out);
    }
    /* One clock at a time; the other condition SQLite checks. Order is by device time. */
    out->range = ranges.has_received && !ranges.has_device && out->order == WFS_SQL_UNORDERED
                     ? ranges.received
                     : ranges.device;
    if (out->range.to_ns < out->range.from_ns)
        out->range.to_ns = out->range.from_ns;
}

bool wfs_sql_is_named(const struct wfs_sql_ask *ask, enum wfs_sql_role role, const char *name)
{
    const char *wanted = ask->names[role - WFS_SQL_SOURCE];

    return wanted == NULL || wf_name_is_equal(wanted, name);
}

bool wfs_sql_is_used(const struct wfs_sql_ask *ask, int index)
{
    return (ask->columns_used & UINT64_C(1) << (index < 63 ? index : 63)) != 0;
}

/* --- what there is ----------------------------------------------------------------------------- */

static bool is_listed(const struct wfs_sql_shared *shared, const struct wf_range *range)
{
    return shared->is_listed && shared->listed.is_by_received == range->is_by_received &&
           shared->listed.from_ns <= range->from_ns && shared->listed.to_ns >= range->to_ns;
}

int wfs_sql_entries(struct wfs_sql_shared *shared, const struct wf_range *range,
                    const struct wf_history_entry **out_list, size_t *out_count, struct wf_err *err)
{
    const struct wf_history_entry *list = NULL;
    struct wf_history_entry *copy;
    size_t count = 0;
    int rc;

    if (!is_listed(shared, range)) {
        rc = wf_history_list(shared->history, range, &list, &count, err);
        if (rc < 0)
            return rc;
        copy = realloc(shared->entries, (count + 1) * sizeof(*copy));
        if (copy == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        if (count > 0)
            memcpy(copy, list, count * sizeof(*copy));
        shared->entries = copy;
        shared->entry_count = count;
        shared->listed = *range;
        shared->is_listed = true;
    }
    *out_list = shared->entries;
    *out_count = shared->entry_count;
    return 0;
}

int wfs_sql_sources(struct wfs_sql_shared *shared, const struct wf_range *range,
                    const char *subsystem, const char *only, char (**out_sources)[WF_NAME_SIZE],
                    const struct wf_schema **out_schema, size_t *out_count, struct wf_err *err)
{
    const struct wf_history_entry *list = NULL;
    char(*sources)[WF_NAME_SIZE];
    size_t count = 0, found = 0;
    int rc = wfs_sql_entries(shared, range, &list, &count, err);

    if (rc < 0)
        return rc;
    sources = calloc(count + 1, sizeof(*sources));
    if (sources == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        if (!wf_name_is_equal(list[i].schema->name, subsystem) ||
            (only != NULL && !wf_name_is_equal(list[i].source, only)))
            continue;
        (void)wf_copy_text(sources[found++], WF_NAME_SIZE, list[i].source);
        if (out_schema != NULL)
            *out_schema = list[i].schema;
    }
    *out_sources = sources;
    *out_count = found;
    return 0;
}
