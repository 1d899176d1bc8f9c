/* SPDX-License-Identifier: MIT */
/* Cells of the tables of wf sql: see sql_private.h. */

#include <math.h>

#include <watchfloor/clock.h>

#include "row.h"
#include "sql_private.h"

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
