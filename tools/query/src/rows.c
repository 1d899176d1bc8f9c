/* SPDX-License-Identifier: MIT */
/* Samples of several subsystems, merged by time: see query.h. */

#include "query.h"

#include <math.h>

#include <watchfloor/clock.h>

static int next_row(struct query_group *group, struct wf_err *err)
{
    int rc = wf_history_next(group->cursor, &group->row, err);

    group->has_row = rc == 0;
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

int query_rows_open(struct query *query, int column, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < query->group_count; i++) {
        struct query_group *group = &query->groups[i];
        struct wf_history_query select = { .range = query->options.range,
                                           .source = group->source,
                                           .subsystem = group->subsystem,
                                           .parameters = group->parameters,
                                           .parameter_count = group->parameter_count };
        const char *only;

        group->has_row = false;
        if (column >= 0) {
            if (query->columns[column].group != i)
                continue;
            only = query->columns[column].parameter;
            select.parameters = &only;
            select.parameter_count = 1;
        }
        rc = wf_history_select(query->history, &select, &group->cursor, err);
        if (rc == 0)
            rc = next_row(group, err);
    }
    return rc;
}

void query_rows_close(struct query *query)
{
    for (size_t i = 0; i < query->group_count; i++) {
        wf_history_cursor_close(&query->groups[i].cursor);
        query->groups[i].has_row = false;
    }
}

int query_rows_next(struct query *query, int64_t *out_time_ns, struct wf_err *err)
{
    bool is_any = false;

    for (size_t i = 0; i < query->group_count; i++) {
        const struct query_group *group = &query->groups[i];

        if (group->has_row && (!is_any || group->row.time_ns < *out_time_ns)) {
            *out_time_ns = group->row.time_ns;
            is_any = true;
        }
    }
    return is_any ? 0 : wf_fail(err, WF_ERR_ABSENT, "no more rows");
}

int query_rows_step(struct query *query, int64_t time_ns, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < query->group_count; i++) {
        struct query_group *group = &query->groups[i];

        if (group->has_row && group->row.time_ns == time_ns)
            rc = next_row(group, err);
    }
    return rc;
}

bool query_value(struct query *query, size_t column, struct wf_value *out)
{
    struct query_column *c = &query->columns[column];
    const struct wf_history_row *row = &query->groups[c->group].row;

    if (c->schema != row->schema) {
        c->schema = row->schema;
        c->index = wf_schema_find(row->schema, c->parameter);
    }
    if (c->index == WF_NO_INDEX)
        return false;
    if (query->options.is_raw)
        wf_value_get_raw(c->schema, row->payload, (size_t)c->index, c->element, out);
    else
        wf_value_get(c->schema, row->payload, (size_t)c->index, c->element, out);
    return true;
}

static enum query_cell_kind kind_of(const struct query *query, const struct query_column *column,
                                    const struct wf_value *value)
{
    int enumeration = column->schema->parameters[column->index].enumeration;

    switch (value->kind) {
    case WF_VALUE_NONE:
        return QUERY_NONE;
    case WF_VALUE_U64:
    case WF_VALUE_I64:
        /* Labelled, unless the label is missing: then the number stands there. */
        if (!query->options.is_raw && enumeration != WF_NO_INDEX &&
            (value->kind == WF_VALUE_I64 || value->as.u64 <= INT64_MAX) &&
            wf_enumeration_label(&column->schema->enumerations[enumeration], value->as.i64) != NULL)
            return QUERY_TEXT;
        return QUERY_NUMBER;
    case WF_VALUE_F64:
        return isfinite(value->as.f64) ? QUERY_NUMBER : QUERY_TEXT;
    case WF_VALUE_BOOL:
        return enumeration != WF_NO_INDEX ? QUERY_TEXT : QUERY_BOOL;
    case WF_VALUE_TEXT:
    case WF_VALUE_BYTES:
    case WF_VALUE_TIME:
        break;
    }
    return QUERY_TEXT;
}

void query_add_cell(const struct query *query, size_t column, const struct wf_value *value,
                    bool is_for_people, struct query_line *line, struct query_cell *cell)
{
    const struct query_column *c = &query->columns[column];

    *cell = (struct query_cell){ .kind = kind_of(query, c, value),
                                 .at = line->text.len,
                                 .number = wf_value_as_double(value) };
    if (cell->kind == QUERY_NONE)
        return;
    if (is_for_people && !query->options.is_raw)
        wf_value_format(c->schema, (size_t)c->index, value, &line->text);
    else
        wf_value_exact(c->schema, (size_t)c->index, value, query->options.is_raw, &line->text);
    cell->len = line->text.len - cell->at;
}
