/* SPDX-License-Identifier: MIT */
/*
 * Lines: one for every moment at which there is a sample, or one for every step
 * of --every, computed here from the samples themselves.
 *
 * Steps begin at whole multiples of their length since 1970 (minutes at full
 * minutes, days at midnight UTC); a step without samples has no line. Only values
 * that are numbers and not INVALID count.
 */

#include "query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#define LINE_BYTES_MAX (16u << 20)

struct bin {
    uint64_t count;         /* values */
    double sum, correction; /* Kahan's: days of samples add up without drift */
    double min_number, max_number, last_number;
    struct wf_strbuf min, max, last; /* exact, as text */
    enum query_cell_kind last_kind;
};

struct query_lines {
    struct query *query;
    int column;
    bool is_for_people;
    struct query_line line;
    struct bin *bins; /* one a column, when there are steps */
    uint64_t given;
    bool is_opened;
};

static const char *const agg_names[] = {
    [QUERY_MEAN] = "mean", [QUERY_MIN] = "min",     [QUERY_MAX] = "max",
    [QUERY_LAST] = "last", [QUERY_COUNT] = "count",
};

const char *query_agg_name(enum query_agg agg)
{
    return agg_names[agg];
}

static size_t per_column(const struct query *query)
{
    return query->options.every_ns != 0 ? query->options.agg_count : 1;
}

size_t query_cell_count(const struct query *query)
{
    return query->column_count * per_column(query);
}

const struct query_column *query_cell_column(const struct query *query, size_t cell)
{
    return &query->columns[cell / per_column(query)];
}

void query_cell_name(const struct query *query, size_t cell, struct wf_strbuf *out)
{
    size_t aggs = per_column(query);

    wf_strbuf_add(out, query_cell_column(query, cell)->name);
    if (aggs > 1)
        wf_strbuf_addf(out, ":%s", agg_names[query->options.aggs[cell % aggs]]);
}

const char *query_cell_unit(const struct query *query, size_t cell)
{
    const struct query_options *options = &query->options;
    bool is_count =
        options->every_ns != 0 && options->aggs[cell % options->agg_count] == QUERY_COUNT;

    return options->is_raw || is_count ? "" : query_cell_column(query, cell)->unit;
}

void query_lines_close(struct query_lines **lines)
{
    struct query_lines *l = *lines;

    if (l == NULL)
        return;
    if (l->is_opened)
        query_rows_close(l->query);
    for (size_t i = 0; l->bins != NULL && i < l->query->column_count; i++) {
        wf_strbuf_fini(&l->bins[i].min);
        wf_strbuf_fini(&l->bins[i].max);
        wf_strbuf_fini(&l->bins[i].last);
    }
    wf_strbuf_fini(&l->line.text);
    free(l->line.cells);
    free(l->bins);
    free(l);
    *lines = NULL;
}

int query_lines_open(struct query *query, int column, bool is_for_people,
                     struct query_lines **out_lines, struct wf_err *err)
{
    struct query_lines *lines = calloc(1, sizeof(*lines));
    int rc = 0;

    if (lines == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    lines->query = query;
    lines->column = column;
    lines->is_for_people = is_for_people;
    wf_strbuf_init(&lines->line.text, LINE_BYTES_MAX);
    lines->line.cell_count = query_cell_count(query);
    lines->line.cells = calloc(lines->line.cell_count + 1, sizeof(*lines->line.cells));
    if (query->options.every_ns != 0)
        lines->bins = calloc(query->column_count + 1, sizeof(*lines->bins));
    if (lines->line.cells == NULL || (query->options.every_ns != 0 && lines->bins == NULL))
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; rc == 0 && lines->bins != NULL && i < query->column_count; i++) {
        wf_strbuf_init(&lines->bins[i].min, 4096);
        wf_strbuf_init(&lines->bins[i].max, 4096);
        wf_strbuf_init(&lines->bins[i].last, LINE_BYTES_MAX);
    }
    if (rc == 0) {
        lines->is_opened = true;
        rc = query_rows_open(query, column, err);
    }
    if (rc < 0)
        query_lines_close(&lines);
    else
        *out_lines = lines;
    return rc;
}

/* Does the moment `time_ns` have a sample for this column? */
static bool has_sample(const struct query_lines *lines, size_t column, int64_t time_ns)
{
    const struct query_group *group = &lines->query->groups[lines->query->columns[column].group];

    return (lines->column < 0 || (size_t)lines->column == column) && group->has_row &&
           group->row.time_ns == time_ns;
}

static int next_moment(struct query_lines *lines, struct wf_err *err)
{
    struct query_line *line = &lines->line;
    int rc = query_rows_next(lines->query, &line->time_ns, err);

    if (rc < 0)
        return rc;
    wf_strbuf_clear(&line->text);
    for (size_t i = 0; i < line->cell_count; i++) {
        struct wf_value value;

        line->cells[i] = (struct query_cell){ .number = (double)NAN };
        if (has_sample(lines, i, line->time_ns) && query_value(lines->query, i, &value))
            query_add_cell(lines->query, i, &value, lines->is_for_people, line, &line->cells[i]);
    }
    return query_rows_step(lines->query, line->time_ns, err);
}

/* --- steps --------------------------------------------------------------------------------- */

static void clear_bin(struct bin *bin)
{
    bin->count = 0;
    bin->sum = bin->correction = 0;
    bin->min_number = bin->max_number = bin->last_number = (double)NAN;
    wf_strbuf_clear(&bin->min);
    wf_strbuf_clear(&bin->max);
    wf_strbuf_clear(&bin->last);
    bin->last_kind = QUERY_NONE;
}

static void keep_text(struct wf_strbuf *out, const struct query_line *line,
                      const struct query_cell *cell)
{
    wf_strbuf_clear(out);
    wf_strbuf_add_bytes(out, line->text.text + cell->at, cell->len);
}

/* Integers beyond 2^53 compare as what they are. */
static int compare_values(const struct wf_value *value, double number, const struct wf_strbuf *text)
{
    double own = wf_value_as_double(value);
    uint64_t u64;
    int64_t i64;

    if (own != number || value->kind == WF_VALUE_F64)
        return (own > number) - (own < number);
    if (value->kind == WF_VALUE_U64 && wf_parse_u64(text->text, &u64, NULL) == 0)
        return (value->as.u64 > u64) - (value->as.u64 < u64);
    if (value->kind == WF_VALUE_I64 && wf_parse_i64(text->text, &i64, NULL) == 0)
        return (value->as.i64 > i64) - (value->as.i64 < i64);
    return 0;
}

static void add_to_bin(struct query_lines *lines, size_t column, struct bin *bin)
{
    struct query_line *line = &lines->line;
    struct query_cell cell;
    struct wf_value value;
    double number, step, sum;

    wf_strbuf_clear(&line->text);
    if (!query_value(lines->query, column, &value) || value.kind == WF_VALUE_NONE)
        return;
    query_add_cell(lines->query, column, &value, false, line, &cell);
    bin->last_kind = cell.kind;
    bin->last_number = cell.number;
    keep_text(&bin->last, line, &cell);
    number = cell.number;
    if (isnan(number) || value.kind == WF_VALUE_TIME || value.quality >= WF_QUALITY_INVALID)
        return;
    if (bin->count == 0 || compare_values(&value, bin->min_number, &bin->min) < 0) {
        bin->min_number = number;
        keep_text(&bin->min, line, &cell);
    }
    if (bin->count == 0 || compare_values(&value, bin->max_number, &bin->max) > 0) {
        bin->max_number = number;
        keep_text(&bin->max, line, &cell);
    }
    step = number - bin->correction;
    sum = bin->sum + step;
    bin->correction = isfinite(sum) ? (sum - bin->sum) - step : 0;
    bin->sum = sum;
    bin->count++;
}

static void add_text_cell(struct query_line *line, const struct wf_strbuf *text,
                          enum query_cell_kind kind, double number, struct query_cell *cell)
{
    *cell = (struct query_cell){ .kind = text->len > 0 ? kind : QUERY_NONE,
                                 .at = line->text.len,
                                 .len = text->len,
                                 .number = number };
    wf_strbuf_add_bytes(&line->text, text->text, text->len);
}

static void finish_cell(struct query_line *line, const struct bin *bin, enum query_agg agg,
                        struct query_cell *cell)
{
    char buffer[64];
    struct wf_strbuf text = WF_STRBUF_FIXED(buffer);
    double mean = bin->sum / (double)bin->count;

    switch (agg) {
    case QUERY_MEAN:
        if (bin->count > 0)
            wf_strbuf_add_double(&text, mean);
        add_text_cell(line, &text, isfinite(mean) ? QUERY_NUMBER : QUERY_TEXT, mean, cell);
        break;
    case QUERY_MIN:
        add_text_cell(line, &bin->min, isfinite(bin->min_number) ? QUERY_NUMBER : QUERY_TEXT,
                      bin->min_number, cell);
        break;
    case QUERY_MAX:
        add_text_cell(line, &bin->max, isfinite(bin->max_number) ? QUERY_NUMBER : QUERY_TEXT,
                      bin->max_number, cell);
        break;
    case QUERY_LAST:
        add_text_cell(line, &bin->last, bin->last_kind, bin->last_number, cell);
        break;
    case QUERY_COUNT:
    case QUERY_AGGS:
        wf_strbuf_addf(&text, "%llu", (unsigned long long)bin->count);
        add_text_cell(line, &text, QUERY_NUMBER, (double)bin->count, cell);
        break;
    }
}

static int64_t step_start(int64_t time_ns, int64_t every_ns)
{
    int64_t rest = time_ns % every_ns;

    return time_ns - (rest < 0 ? rest + every_ns : rest);
}

static int next_step(struct query_lines *lines, struct wf_err *err)
{
    struct query *query = lines->query;
    struct query_line *line = &lines->line;
    int64_t every_ns = query->options.every_ns, time_ns, start;
    size_t aggs = query->options.agg_count;
    int rc = query_rows_next(query, &time_ns, err);

    if (rc < 0)
        return rc;
    start = step_start(time_ns, every_ns);
    for (size_t i = 0; i < query->column_count; i++)
        clear_bin(&lines->bins[i]);
    while (rc == 0 && time_ns - start < every_ns) {
        for (size_t i = 0; i < query->column_count; i++) {
            if (has_sample(lines, i, time_ns))
                add_to_bin(lines, i, &lines->bins[i]);
        }
        rc = query_rows_step(query, time_ns, err);
        if (rc == 0)
            rc = query_rows_next(query, &time_ns, err);
    }
    if (rc < 0 && rc != WF_ERR_ABSENT)
        return rc;
    line->time_ns = start;
    wf_strbuf_clear(&line->text);
    for (size_t i = 0; i < line->cell_count; i++)
        finish_cell(line, &lines->bins[i / aggs], query->options.aggs[i % aggs], &line->cells[i]);
    return 0;
}

int query_lines_next(struct query_lines *lines, const struct query_line **out_line,
                     struct wf_err *err)
{
    const struct query_options *options = &lines->query->options;
    int rc;

    if (options->limit != 0 && lines->given == options->limit)
        return WF_ERR_ABSENT;
    rc = options->every_ns != 0 ? next_step(lines, err) : next_moment(lines, err);
    if (rc < 0)
        return rc;
    if (lines->line.text.was_cut)
        return wf_fail(err, WF_ERR_LIMIT, "a line is longer than %u MiB", LINE_BYTES_MAX >> 20);
    lines->given++;
    *out_line = &lines->line;
    return 0;
}
