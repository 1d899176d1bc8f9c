/* SPDX-License-Identifier: MIT */
/* A small plot in text: one frame a parameter, min to max of what falls into a column. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "query.h"

#define PLOT_WIDTH  72
#define PLOT_HEIGHT 12

struct plot {
    double min[PLOT_WIDTH], max[PLOT_WIDTH]; /* NAN: nothing there */
    char gap[PLOT_WIDTH];                    /* letter of the cause, or a blank */
    double lowest, highest;
    uint64_t count;
};

static int column_of(const struct query *query, int64_t time_ns)
{
    const struct wf_range *range = &query->options.range;
    double part = ((double)time_ns - (double)range->from_ns) /
                  ((double)range->to_ns - (double)range->from_ns);

    if (part < 0)
        return 0;
    return part >= 1 ? PLOT_WIDTH - 1 : (int)(part * PLOT_WIDTH);
}

static void add_point(struct plot *plot, int x, double value)
{
    if (!isfinite(value))
        return;
    if (plot->count++ == 0)
        plot->lowest = plot->highest = value;
    plot->lowest = fmin(plot->lowest, value);
    plot->highest = fmax(plot->highest, value);
    plot->min[x] = fmin(plot->min[x], value); /* fmin ignores NAN */
    plot->max[x] = fmax(plot->max[x], value);
}

static int read_plot(struct query *query, size_t cell, struct plot *plot, struct wf_err *err)
{
    struct query_lines *lines = NULL;
    const struct query_line *line = NULL;
    size_t column = (size_t)(query_cell_column(query, cell) - query->columns);
    int rc = query_lines_open(query, (int)column, false, &lines, err);

    for (int x = 0; x < PLOT_WIDTH; x++)
        plot->min[x] = plot->max[x] = (double)NAN;
    while (rc == 0 && (rc = query_lines_next(lines, &line, err)) == 0)
        add_point(plot, column_of(query, line->time_ns), line->cells[cell].number);
    query_lines_close(&lines);
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

static void mark_gaps(const struct query *query, size_t cell, const struct query_gaps *gaps,
                      struct plot *plot)
{
    const struct query_group *group = &query->groups[query_cell_column(query, cell)->group];

    memset(plot->gap, ' ', sizeof(plot->gap));
    for (size_t i = 0; i < gaps->count; i++) {
        const struct wf_gap *gap = &gaps->list[i];
        int to;

        if (!wf_name_is_equal(gap->source, group->source) ||
            !wf_name_is_equal(gap->subsystem, group->subsystem))
            continue;
        to = column_of(query, query_gap_to(query, gap));
        for (int x = column_of(query, query_gap_from(query, gap)); x <= to; x++)
            plot->gap[x] = wf_gap_cause_name(gap->cause)[0];
    }
}

/* Does the value span of a column touch this row, the upper ones first? */
static bool is_touched(const struct plot *plot, int x, int row)
{
    double span = plot->highest - plot->lowest;
    double low, high;

    if (isnan(plot->min[x]))
        return false;
    if (!(span > 0))
        return row == PLOT_HEIGHT / 2;
    low = floor((plot->min[x] - plot->lowest) / span * (PLOT_HEIGHT - 1) + 0.5);
    high = floor((plot->max[x] - plot->lowest) / span * (PLOT_HEIGHT - 1) + 0.5);
    return PLOT_HEIGHT - 1 - row >= (int)low && PLOT_HEIGHT - 1 - row <= (int)high;
}

static void print_plot(const struct query *query, size_t cell, const struct plot *plot)
{
    char name[WF_FULL_NAME_SIZE + 8], from[48], to[48];
    struct wf_strbuf name_text = WF_STRBUF_FIXED(name);
    struct wf_strbuf from_text = WF_STRBUF_FIXED(from), to_text = WF_STRBUF_FIXED(to);

    query_cell_name(query, cell, &name_text);
    wf_strbuf_add_time(&from_text, query->options.range.from_ns, 0);
    wf_strbuf_add_time(&to_text, query->options.range.to_ns, 0);
    (void)printf("%s  %s\n", name, query_cell_unit(query, cell));
    for (int row = 0; row < PLOT_HEIGHT; row++) {
        char line[PLOT_WIDTH + 1], label[32] = "";

        for (int x = 0; x < PLOT_WIDTH; x++)
            line[x] = is_touched(plot, x, row) ? '*' : ' ';
        line[PLOT_WIDTH] = '\0';
        if (row == 0 || row == PLOT_HEIGHT - 1)
            (void)snprintf(label, sizeof(label), "%.6g", row == 0 ? plot->highest : plot->lowest);
        (void)printf("%12s |%s\n", label, line);
    }
    (void)printf("%12s +%.*s\n", "gaps", PLOT_WIDTH, plot->gap);
    (void)printf("%14s%-*s%s\n\n", "", PLOT_WIDTH - (int)to_text.len, from, to);
}

int query_write_plot(struct query *query)
{
    struct query_gaps gaps = { 0 };
    struct wf_err err = { 0 };
    struct plot *plot = calloc(1, sizeof(*plot));
    uint64_t count = 0;
    int rc = plot != NULL ? query_gaps_read(query, &gaps, &err)
                          : wf_fail(&err, WF_ERR_NOMEM, "out of memory");

    for (size_t i = 0; rc == 0 && i < query_cell_count(query); i++) {
        memset(plot, 0, sizeof(*plot));
        rc = read_plot(query, i, plot, &err);
        if (rc < 0)
            break;
        mark_gaps(query, i, &gaps, plot);
        if (plot->count > 0)
            print_plot(query, i, plot);
        else
            (void)fprintf(stderr, "wf-query: %s has no numbers in this range\n",
                          query_cell_column(query, i)->name);
        count += plot->count;
    }
    if (rc == 0)
        query_print_summary(query, &gaps, count, stdout);
    query_gaps_free(&gaps);
    free(plot);
    if (rc < 0)
        return query_failed(&err);
    return count > 0 ? 0 : EXIT_NOTHING;
}
