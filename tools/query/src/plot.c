/* SPDX-License-Identifier: MIT */
/* What both plots draw: least and greatest value in each of so many places, and gaps. See query.h. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "query.h"

static int place_of(const struct query *query, int64_t time_ns, int width)
{
    const struct wf_range *range = &query->options.range;
    double part = ((double)time_ns - (double)range->from_ns) /
                  ((double)range->to_ns - (double)range->from_ns);

    if (part < 0)
        return 0;
    return part >= 1 ? width - 1 : (int)(part * width);
}

void query_plot_free(struct query_plot *plot)
{
    for (size_t i = 0; i < plot->trace_count; i++) {
        free(plot->traces[i].min);
        free(plot->traces[i].max);
        free(plot->traces[i].gap);
    }
    free(plot->traces);
    *plot = (struct query_plot){ 0 };
}

static int make_trace(struct query_trace *trace, const struct query_column *column, int width,
                      struct wf_err *err)
{
    trace->column = column;
    trace->min = malloc((size_t)width * sizeof(double));
    trace->max = malloc((size_t)width * sizeof(double));
    trace->gap = calloc((size_t)width, 1);
    if (trace->min == NULL || trace->max == NULL || trace->gap == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (int x = 0; x < width; x++)
        trace->min[x] = trace->max[x] = (double)NAN;
    return 0;
}

static double number_of(const struct query_cell *cell)
{
    return wf_value_as_double(&cell->value);
}

static void add_step(struct query_plot *plot, struct query_trace *trace, int x, double low,
                     double high)
{
    if (!isfinite(low) || !isfinite(high))
        return;
    trace->min[x] = fmin(trace->min[x], low); /* fmin ignores NAN */
    trace->max[x] = fmax(trace->max[x], high);
    if (plot->count++ == 0) {
        plot->lowest = low;
        plot->highest = high;
    }
    trace->count++;
    plot->lowest = fmin(plot->lowest, low);
    plot->highest = fmax(plot->highest, high);
}

static int read_trace(struct query *query, size_t column, struct query_plot *plot,
                      struct query_trace *trace, struct wf_err *err)
{
    struct query_lines *lines = NULL;
    const struct query_line *line = NULL;
    int64_t half_ns = query->options.every_ns / 2;
    int rc = query_lines_open(query, (int)column, &lines, err);

    while (rc == 0 && (rc = query_lines_next(lines, &line, err)) == 0) {
        const struct query_cell *cells = &line->cells[2 * column];

        add_step(plot, trace, place_of(query, line->time_ns + half_ns, plot->width),
                 number_of(&cells[0]), number_of(&cells[1]));
        query_progress(query, line->time_ns);
    }
    query_progress_end();
    query_lines_close(&lines);
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

static void mark_gaps(const struct query *query, const struct query_gaps *gaps,
                      const struct query_plot *plot, struct query_trace *trace)
{
    for (size_t i = 0; i < gaps->count; i++) {
        const struct wf_gap *gap = &gaps->list[i];
        int to;

        if (!wf_name_is_equal(gap->source, trace->column->source) ||
            !wf_name_is_equal(gap->subsystem, trace->column->subsystem))
            continue;
        to = place_of(query, query_gap_to(query, gap), plot->width);
        for (int x = place_of(query, query_gap_from(query, gap), plot->width); x <= to; x++)
            trace->gap[x] = wf_gap_cause_letter(gap->cause);
    }
}

int query_plot_read(struct query *query, const struct query_gaps *gaps, int width,
                    struct query_plot *out, struct wf_err *err)
{
    static const struct query_agg least = { .kind = QUERY_MIN, .name = "min" };
    static const struct query_agg greatest = { .kind = QUERY_MAX, .name = "max" };
    int rc = 0;

    *out = (struct query_plot){ .width = width };
    if (query->options.every_ns == 0 || query->options.is_every_chosen)
        query->options.every_ns = wf_bins_step(&query->options.range, (uint64_t)width);
    query->options.aggs[0] = least;
    query->options.aggs[1] = greatest;
    query->options.agg_count = 2;
    query->options.percentile_count = 0;
    query->options.limit = 0;
    out->traces = calloc(query->column_count + 1, sizeof(*out->traces));
    if (out->traces == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; rc == 0 && i < query->column_count; i++) {
        struct query_trace *trace = &out->traces[out->trace_count++];

        rc = make_trace(trace, &query->columns[i], width, err);
        if (rc == 0)
            rc = read_trace(query, i, out, trace, err);
        if (rc == 0)
            mark_gaps(query, gaps, out, trace);
    }
    return rc;
}
