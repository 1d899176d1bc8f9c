/* SPDX-License-Identifier: MIT */
/* Aligned: see <watchfloor/store/aligned.h>. One cursor for each subsystem, merged by time. */

#include <watchfloor/store/aligned.h>

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#define TEXT_BYTES_MAX (1u << 20)

struct column {
    char parameter[WF_NAME_SIZE];
    size_t element, group;
    bool is_raw;
    const struct wf_schema *schema; /* of the group's last row, and where it is there */
    int index;
    struct wf_strbuf text; /* of the cell's value, when it is text */
};

/* The columns of one source's subsystem. */
struct group {
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    const char **parameters; /* borrowed from the columns */
    size_t parameter_count;
    struct wf_history_cursor *cursor;
    struct wf_history_row row; /* the next one */
    bool has_row;
    bool is_used; /* the row was given: step before the next moment */
};

struct wf_aligned {
    struct wf_history *history;
    struct column *columns;
    struct wf_align_cell *cells;
    size_t column_count;
    struct group *groups;
    size_t group_count;
};

void wf_aligned_close(struct wf_aligned **aligned)
{
    struct wf_aligned *a = *aligned;

    if (a == NULL)
        return;
    for (size_t i = 0; i < a->group_count; i++) {
        wf_history_cursor_close(&a->groups[i].cursor);
        free(a->groups[i].parameters);
    }
    for (size_t i = 0; i < a->column_count; i++)
        wf_strbuf_fini(&a->columns[i].text);
    free(a->groups);
    free(a->columns);
    free(a->cells);
    free(a);
    *aligned = NULL;
}

static size_t find_group(struct wf_aligned *aligned, const struct wf_align_column *column)
{
    struct group *group = aligned->groups;

    for (size_t i = 0; i < aligned->group_count; i++, group++) {
        if (wf_name_is_equal(group->source, column->source) &&
            wf_name_is_equal(group->subsystem, column->subsystem))
            return i;
    }
    (void)wf_copy_text(group->source, sizeof(group->source), column->source);
    (void)wf_copy_text(group->subsystem, sizeof(group->subsystem), column->subsystem);
    return aligned->group_count++;
}

static int make(struct wf_aligned *aligned, const struct wf_align_query *query, struct wf_err *err)
{
    size_t count = query->column_count;

    aligned->columns = calloc(count + 1, sizeof(*aligned->columns));
    aligned->cells = calloc(count + 1, sizeof(*aligned->cells));
    aligned->groups = calloc(count + 1, sizeof(*aligned->groups));
    if (aligned->columns == NULL || aligned->cells == NULL || aligned->groups == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct column *column = &aligned->columns[i];

        wf_strbuf_init(&column->text, TEXT_BYTES_MAX);
        aligned->column_count++;
        (void)wf_copy_text(column->parameter, sizeof(column->parameter),
                           query->columns[i].parameter);
        column->element = query->columns[i].element;
        column->is_raw = query->columns[i].is_raw;
        column->group = find_group(aligned, &query->columns[i]);
        aligned->cells[i].time_ns = WF_TIME_NONE;
    }
    for (size_t i = 0; i < aligned->group_count; i++) {
        aligned->groups[i].parameters = calloc(count + 1, sizeof(char *));
        if (aligned->groups[i].parameters == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        const struct column *column = &aligned->columns[i];
        struct group *group = &aligned->groups[column->group];
        size_t last = group->parameter_count;

        /* Elements of one array stand beside each other. */
        if (last == 0 || !wf_name_is_equal(group->parameters[last - 1], column->parameter))
            group->parameters[group->parameter_count++] = column->parameter;
    }
    return 0;
}

static int next_row(struct group *group, struct wf_err *err)
{
    int rc = wf_history_next(group->cursor, &group->row, err);

    group->has_row = rc == 0;
    group->is_used = false;
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

static int keep_text(struct column *column, struct wf_value *value, struct wf_err *err)
{
    wf_strbuf_clear(&column->text);
    wf_strbuf_add_bytes(&column->text, value->as.text, value->len);
    if (column->text.was_cut)
        return wf_fail(err, WF_ERR_LIMIT, "a value of %s is longer than %u bytes",
                       column->parameter, TEXT_BYTES_MAX);
    value->as.text = column->text.text;
    return 0;
}

static int take_cell(struct column *column, const struct wf_history_row *row,
                     struct wf_align_cell *cell, struct wf_err *err)
{
    if (column->schema != row->schema) {
        column->schema = row->schema;
        column->index = wf_schema_find(row->schema, column->parameter);
    }
    /* A version without the parameter says nothing about it. */
    if (column->index == WF_NO_INDEX)
        return 0;
    if (column->is_raw)
        wf_value_get_raw(row->schema, row->payload, (size_t)column->index, column->element,
                         &cell->value);
    else
        wf_value_get(row->schema, row->payload, (size_t)column->index, column->element,
                     &cell->value);
    cell->schema = row->schema;
    cell->index = (size_t)column->index;
    cell->time_ns = row->time_ns;
    cell->is_new = true;
    if (cell->value.kind == WF_VALUE_TEXT || cell->value.kind == WF_VALUE_BYTES)
        return keep_text(column, &cell->value, err);
    return 0;
}

static int take_row(struct wf_aligned *aligned, size_t index, struct wf_err *err)
{
    struct group *group = &aligned->groups[index];
    int rc = 0;

    group->is_used = true;
    for (size_t i = 0; rc == 0 && i < aligned->column_count; i++) {
        if (aligned->columns[i].group == index)
            rc = take_cell(&aligned->columns[i], &group->row, &aligned->cells[i], err);
    }
    return rc;
}

/* What held when the range began. */
static int look_back(struct wf_aligned *aligned, size_t index, struct wf_history_query select,
                     int64_t lookback_ns, struct wf_err *err)
{
    struct group *group = &aligned->groups[index];
    int64_t begin_ns = select.range.from_ns;
    int rc;

    select.range.from_ns = begin_ns < INT64_MIN + lookback_ns ? INT64_MIN : begin_ns - lookback_ns;
    select.range.to_ns = begin_ns;
    rc = wf_history_last(aligned->history, &select, &group->cursor, err);
    if (rc == 0)
        rc = next_row(group, err);
    if (rc == 0 && group->has_row)
        rc = take_row(aligned, index, err);
    wf_history_cursor_close(&group->cursor);
    return rc;
}

int wf_aligned_open(struct wf_history *history, const struct wf_align_query *query,
                    struct wf_aligned **out_aligned, struct wf_err *err)
{
    struct wf_aligned *aligned = calloc(1, sizeof(*aligned));
    int rc;

    if (aligned == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    aligned->history = history;
    rc = make(aligned, query, err);
    for (size_t i = 0; rc == 0 && i < aligned->group_count; i++) {
        struct group *group = &aligned->groups[i];
        struct wf_history_query select = { .range = query->range,
                                           .source = group->source,
                                           .subsystem = group->subsystem,
                                           .parameters = group->parameters,
                                           .parameter_count = group->parameter_count,
                                           .is_bare = true };

        if (query->lookback_ns > 0)
            rc = look_back(aligned, i, select, query->lookback_ns, err);
        if (rc == 0)
            rc = wf_history_select(history, &select, &group->cursor, err);
        if (rc == 0)
            rc = next_row(group, err);
    }
    if (rc < 0)
        wf_aligned_close(&aligned);
    else
        *out_aligned = aligned;
    return rc;
}

static int step_used(struct wf_aligned *aligned, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < aligned->group_count; i++) {
        if (aligned->groups[i].has_row && aligned->groups[i].is_used)
            rc = next_row(&aligned->groups[i], err);
    }
    return rc;
}

int wf_aligned_next(struct wf_aligned *aligned, int64_t *out_time_ns,
                    const struct wf_align_cell **out_cells, struct wf_err *err)
{
    int64_t time_ns = INT64_MAX;
    bool is_any = false;
    int rc = step_used(aligned, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < aligned->group_count; i++) {
        const struct group *group = &aligned->groups[i];

        if (group->has_row && (!is_any || group->row.time_ns < time_ns))
            time_ns = group->row.time_ns;
        is_any = is_any || group->has_row;
    }
    if (!is_any)
        return WF_ERR_ABSENT;
    for (size_t i = 0; i < aligned->column_count; i++)
        aligned->cells[i].is_new = false;
    for (size_t i = 0; rc == 0 && i < aligned->group_count; i++) {
        if (aligned->groups[i].has_row && aligned->groups[i].row.time_ns == time_ns)
            rc = take_row(aligned, i, err);
    }
    *out_time_ns = time_ns;
    *out_cells = aligned->cells;
    return rc;
}
