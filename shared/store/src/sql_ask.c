/* SPDX-License-Identifier: MIT */
/* Constraints and results of the tables of wf sql: see sql_private.h. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "row.h"
#include "sql_private.h"

/* Rows of a history of no known size; what a constraint leaves of them. */
#define COST_ALL    1e9
#define LEFT_TIME   0.05
#define LEFT_SOURCE 0.3

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

static char column_letter(const struct wfs_sql_columns *columns, int column)
{
    return column == columns->time          ? 't'
           : column == columns->time_ns     ? 'T'
           : column == columns->received    ? 'r'
           : column == columns->received_ns ? 'R'
           : column == columns->source      ? 's'
           : column == columns->parameter   ? 'p'
                                            : '\0';
}

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
    default:
        return '\0';
    }
}

int wfs_sql_best_index(sqlite3_index_info *info, const struct wfs_sql_columns *columns)
{
    char text[600];
    struct wf_strbuf ask = WF_STRBUF_FIXED(text);
    double cost = COST_ALL;
    bool is_ordered = info->nOrderBy == 1 && !info->aOrderBy[0].desc &&
                      (info->aOrderBy[0].iColumn == columns->time ||
                       info->aOrderBy[0].iColumn == columns->time_ns);
    int arguments = 0;

    wf_strbuf_addf(&ask, "%016llx%c", (unsigned long long)info->colUsed, is_ordered ? 'o' : '-');
    for (int i = 0; i < info->nConstraint && ask.len + 3 < sizeof(text); i++) {
        const struct sqlite3_index_constraint *constraint = &info->aConstraint[i];
        char column = column_letter(columns, constraint->iColumn);
        char op = op_letter(constraint->op);

        if (!constraint->usable || column == '\0' || op == '\0' ||
            ((column == 's' || column == 'p') && op != '='))
            continue;
        wf_strbuf_add_char(&ask, column);
        wf_strbuf_add_char(&ask, op);
        /* SQLite checks each row itself too: what is read is only as little as is easy. */
        info->aConstraintUsage[i].argvIndex = ++arguments;
        cost *= column == 's' || column == 'p' ? LEFT_SOURCE : LEFT_TIME;
    }
    info->idxStr = sqlite3_mprintf("%s", text);
    if (info->idxStr == NULL)
        return SQLITE_NOMEM;
    info->needToFreeIdxStr = 1;
    info->estimatedCost = cost;
    info->orderByConsumed = is_ordered;
    return SQLITE_OK;
}

/* --- xFilter ----------------------------------------------------------------------------------- */

/*
 * The times that a value of a condition can stand for: as text it is compared with
 * "2026-11-20T18:06:52.123456789Z" byte by byte, so that a shorter text may stand
 * for any moment of its second.
 */
static bool read_times(sqlite3_value *value, bool is_text, int64_t *out_low, int64_t *out_high)
{
    if (!is_text) {
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
    if (sqlite3_value_type(value) != SQLITE_TEXT ||
        wf_parse_time((const char *)sqlite3_value_text(value), 0, out_low, NULL) < 0)
        return false;
    /* Only texts of this form are ordered as their times are. */
    if (((const char *)sqlite3_value_text(value))[0] < '0' ||
        ((const char *)sqlite3_value_text(value))[0] > '9')
        return false;
    *out_high = *out_low > INT64_MAX - WF_NS_PER_DAY ? INT64_MAX : *out_low + WF_NS_PER_S;
    *out_low = *out_low < INT64_MIN + WF_NS_PER_DAY ? INT64_MIN : *out_low - WF_NS_PER_S;
    return true;
}

static void narrow(struct wf_range *range, char op, int64_t low, int64_t high)
{
    if (op != '<' && low > range->from_ns)
        range->from_ns = low;
    if (op != '>' && high < range->to_ns - 1)
        range->to_ns = high + 1;
}

void wfs_sql_read_ask(const char *text, sqlite3_value **values, int count, struct wfs_sql_ask *out)
{
    struct wf_range device = { .from_ns = INT64_MIN, .to_ns = INT64_MAX };
    struct wf_range received = { INT64_MIN, INT64_MAX, true };
    bool has_device = false, has_received = false;
    char used[17];

    *out = (struct wfs_sql_ask){ .is_ordered = text[16] == 'o' };
    memcpy(used, text, 16);
    used[16] = '\0';
    out->columns_used = strtoull(used, NULL, 16);
    text += 17;
    for (int i = 0; i < count; i++, text += 2) {
        int64_t low, high;

        if (text[0] == 's')
            out->source = (const char *)sqlite3_value_text(values[i]);
        else if (text[0] == 'p')
            out->parameter = (const char *)sqlite3_value_text(values[i]);
        else if (!read_times(values[i], text[0] == 't' || text[0] == 'r', &low, &high))
            continue;
        else if (text[0] == 't' || text[0] == 'T') {
            narrow(&device, text[1], low, high);
            has_device = true;
        } else {
            narrow(&received, text[1], low, high);
            has_received = true;
        }
    }
    /* One clock at a time; the other condition SQLite checks. Order is by device time. */
    out->range = has_received && !has_device && !out->is_ordered ? received : device;
    if (out->range.to_ns < out->range.from_ns)
        out->range.to_ns = out->range.from_ns;
}

bool wfs_sql_is_used(const struct wfs_sql_ask *ask, int index)
{
    return (ask->columns_used & UINT64_C(1) << (index < 63 ? index : 63)) != 0;
}

/* --- results -------------------------------------------------------------------------------------- */

void wfs_sql_result_time(sqlite3_context *context, int64_t time_ns)
{
    char text[48];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    if (time_ns == WF_TIME_NONE) {
        sqlite3_result_null(context);
        return;
    }
    wf_strbuf_add_time(&buf, time_ns, 9);
    sqlite3_result_text(context, text, (int)buf.len, SQLITE_TRANSIENT);
}

void wfs_sql_result_number(sqlite3_context *context, const struct wf_value *value)
{
    switch (value->kind) {
    case WF_VALUE_U64:
    case WF_VALUE_BOOL:
        if (value->as.u64 > INT64_MAX) {
            char text[24];
            struct wf_strbuf buf = WF_STRBUF_FIXED(text);

            wf_strbuf_addf(&buf, "%llu", (unsigned long long)value->as.u64);
            sqlite3_result_text(context, text, (int)buf.len, SQLITE_TRANSIENT);
        } else {
            sqlite3_result_int64(context, (sqlite3_int64)value->as.u64);
        }
        break;
    case WF_VALUE_I64:
        sqlite3_result_int64(context, value->as.i64);
        break;
    case WF_VALUE_F64:
        if (isnan(value->as.f64))
            sqlite3_result_null(context);
        else
            sqlite3_result_double(context, value->as.f64);
        break;
    default:
        sqlite3_result_null(context);
        break;
    }
}

static const char *label_of(const struct wf_schema *schema, size_t index,
                            const struct wf_value *value)
{
    int enumeration = schema->parameters[index].enumeration;

    if (enumeration == WF_NO_INDEX || value->kind == WF_VALUE_F64 ||
        (value->kind != WF_VALUE_I64 && value->as.u64 > INT64_MAX))
        return NULL;
    return wf_enumeration_label(&schema->enumerations[enumeration], value->as.i64);
}

void wfs_sql_result_value(sqlite3_context *context, const struct wf_schema *schema, size_t index,
                          const struct wf_value *value)
{
    const char *label;

    switch (value->kind) {
    case WF_VALUE_NONE:
        sqlite3_result_null(context);
        break;
    case WF_VALUE_TEXT:
        /* Bytes that are no UTF-8 stay bytes. */
        if (wfs_is_clean_text((const uint8_t *)value->as.text, value->len))
            sqlite3_result_text(context, value->as.text, (int)value->len, SQLITE_TRANSIENT);
        else
            sqlite3_result_blob(context, value->as.text, (int)value->len, SQLITE_TRANSIENT);
        break;
    case WF_VALUE_BYTES:
        sqlite3_result_blob(context, value->len > 0 ? value->as.bytes : (const uint8_t *)"",
                            (int)value->len, SQLITE_TRANSIENT);
        break;
    case WF_VALUE_TIME:
        wfs_sql_result_time(context, value->as.i64);
        break;
    default:
        label = label_of(schema, index, value);
        if (label != NULL)
            sqlite3_result_text(context, label, -1, SQLITE_TRANSIENT);
        else
            wfs_sql_result_number(context, value);
        break;
    }
}

int wfs_sql_sources(struct wf_history *history, const struct wf_range *range, const char *subsystem,
                    const char *only, char (**out_sources)[WF_NAME_SIZE],
                    const struct wf_schema **out_schema, size_t *out_count, struct wf_err *err)
{
    const struct wf_history_entry *list = NULL;
    char(*sources)[WF_NAME_SIZE];
    size_t count = 0, found = 0;
    int rc = wf_history_list(history, range, &list, &count, err);

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
