/* SPDX-License-Identifier: MIT */
/* Lines: one for every moment at which there is a sample, or one for every step. See query.h. */

#include "query.h"

#include <stdlib.h>

#include <watchfloor/clock.h>

struct query_lines {
    struct query *query;
    size_t first, count; /* columns that are read */
    struct query_line line;
    struct query_steps *steps;  /* with --every */
    struct wf_aligned *aligned; /* without */
    struct query_where *where;
    uint64_t given;
};

size_t query_cells_per_column(const struct query *query)
{
    return query->options.every_ns != 0 ? query->options.agg_count : 1;
}

size_t query_cell_count(const struct query *query)
{
    return query->column_count * query_cells_per_column(query);
}

const struct query_column *query_cell_column(const struct query *query, size_t cell)
{
    return &query->columns[cell / query_cells_per_column(query)];
}

void query_cell_name(const struct query *query, size_t cell, struct wf_strbuf *out)
{
    size_t aggs = query_cells_per_column(query);

    wf_strbuf_add(out, query_cell_column(query, cell)->name);
    if (aggs > 1)
        wf_strbuf_addf(out, ":%s", query->options.aggs[cell % aggs].name);
}

const char *query_cell_unit(const struct query *query, size_t cell)
{
    const struct query_options *options = &query->options;
    enum query_agg_kind kind = options->aggs[cell % query_cells_per_column(query)].kind;
    bool is_without = options->every_ns != 0 &&
                      (kind == QUERY_COUNT || kind == QUERY_BAD || kind == QUERY_QUALITY);

    return options->is_raw || is_without ? "" : query_cell_column(query, cell)->unit;
}

void query_lines_close(struct query_lines **lines)
{
    struct query_lines *l = *lines;

    if (l == NULL)
        return;
    query_steps_close(&l->steps);
    wf_aligned_close(&l->aligned);
    query_where_close(&l->where);
    free(l->line.cells);
    free(l);
    *lines = NULL;
}

int query_lines_open(struct query *query, int column, struct query_lines **out_lines,
                     struct wf_err *err)
{
    struct query_lines *lines = calloc(1, sizeof(*lines));
    int rc = 0;

    if (lines == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    lines->query = query;
    lines->first = column < 0 ? 0 : (size_t)column;
    lines->count = column < 0 ? query->column_count : 1;
    lines->line.cell_count = query_cell_count(query);
    lines->line.cells = calloc(lines->line.cell_count + 1, sizeof(*lines->line.cells));
    if (lines->line.cells == NULL)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (rc == 0 && query->options.every_ns != 0) {
        rc = query_steps_open(query, lines->first, lines->count, &lines->steps, err);
    } else if (rc == 0) {
        query->tiers |= 1u << WF_TIER_RAW;
        if (query->options.where != NULL)
            rc = query_where_open(query, query->options.where, &lines->where, err);
        if (rc == 0)
            rc = query_align(query, lines->first, lines->count, &lines->aligned, err);
    }
    if (rc < 0)
        query_lines_close(&lines);
    else
        *out_lines = lines;
    return rc;
}

/* --- moments ------------------------------------------------------------------------------------ */

/* The line of a moment; false when none of its values is to be shown. */
static bool take_moment(struct query_lines *lines, const struct wf_align_cell *cells)
{
    const struct query *query = lines->query;
    bool has_sample = false;

    for (size_t i = 0; i < lines->count; i++) {
        struct query_cell *cell = &lines->line.cells[lines->first + i];
        bool is_there = cells[i].is_new || (query->options.is_filled && cells[i].schema != NULL);

        has_sample = has_sample || cells[i].is_new;
        *cell = (struct query_cell){ .value = { .quality = WF_QUALITY_NEVER } };
        if (!is_there)
            continue;
        cell->schema = cells[i].schema;
        cell->index = cells[i].index;
        if (query_is_shown(query, &cells[i].value))
            cell->value = cells[i].value;
        else
            cell->value.quality = cells[i].value.quality;
    }
    return has_sample;
}

static int next_moment(struct query_lines *lines, struct wf_err *err)
{
    const struct wf_align_cell *cells = NULL;
    int rc;

    while ((rc = wf_aligned_next(lines->aligned, &lines->line.time_ns, &cells, err)) == 0) {
        if (!take_moment(lines, cells))
            continue;
        if (lines->where == NULL ||
            query_where_holds(lines->where, lines->line.time_ns, cells + lines->count) == WF_TRUE)
            return 0;
    }
    return rc;
}

/* --- steps --------------------------------------------------------------------------------------- */

static void number_cell(double number, struct query_cell *cell)
{
    cell->value = (struct wf_value){ .kind = WF_VALUE_F64, .as.f64 = number };
}

static void count_cell(uint64_t count, struct query_cell *cell)
{
    cell->value = (struct wf_value){ .kind = WF_VALUE_U64, .as.u64 = count };
}

static void value_cell(const struct wf_bin *bin, const struct wf_value *value,
                       struct query_cell *cell)
{
    cell->value = *value;
    cell->schema = bin->schema;
    cell->index = bin->index;
}

static void finish_cell(const struct wf_bin *bin, const struct query_agg *agg,
                        struct query_cell *cell)
{
    *cell = (struct query_cell){ .schema = NULL };
    switch (agg->kind) {
    case QUERY_MEAN:
        if (bin->count > 0)
            number_cell(bin->mean, cell);
        break;
    case QUERY_MIN:
        value_cell(bin, &bin->min, cell);
        break;
    case QUERY_MAX:
        value_cell(bin, &bin->max, cell);
        break;
    case QUERY_LAST:
        value_cell(bin, &bin->last, cell);
        break;
    case QUERY_COUNT:
        count_cell(bin->count, cell);
        break;
    case QUERY_BAD:
        count_cell(bin->bad, cell);
        break;
    case QUERY_DEVIATION:
        if (bin->count > 0)
            number_cell(bin->deviation, cell);
        break;
    case QUERY_QUALITY: {
        const char *name = wf_quality_name((enum wf_quality)bin->quality);

        cell->value = (struct wf_value){ .kind = WF_VALUE_TEXT };
        cell->value.as.text = name;
        while (name[cell->value.len] != '\0')
            cell->value.len++;
        break;
    }
    case QUERY_PERCENTILE:
    case QUERY_AGG_KINDS:
        if (bin->count > 0)
            number_cell(bin->percentiles[agg->percentile], cell);
        break;
    }
    cell->value.quality = bin->quality;
}

static int next_step(struct query_lines *lines, struct wf_err *err)
{
    const struct query_options *options = &lines->query->options;
    const struct wf_bin *bins = NULL;
    int rc = query_steps_next(lines->steps, &lines->line.time_ns, &bins, err);

    for (size_t i = 0; rc == 0 && i < lines->count; i++) {
        for (size_t k = 0; k < options->agg_count; k++)
            finish_cell(&bins[i], &options->aggs[k],
                        &lines->line.cells[(lines->first + i) * options->agg_count + k]);
    }
    return rc;
}

int query_lines_next(struct query_lines *lines, const struct query_line **out_line,
                     struct wf_err *err)
{
    const struct query_options *options = &lines->query->options;
    int rc;

    if (options->limit != 0 && lines->given == options->limit)
        return WF_ERR_ABSENT;
    rc = lines->steps != NULL ? next_step(lines, err) : next_moment(lines, err);
    if (rc < 0)
        return rc;
    lines->given++;
    *out_line = &lines->line;
    return 0;
}
