/* SPDX-License-Identifier: MIT */
/* --stats: what a parameter did in the range, in one line each. Reads every sample, once. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "query.h"

static const double percentiles[] = { 1, 50, 99 };

struct stats {
    struct wf_bin bin;
    uint64_t qualities[WF_QUALITY_ABSENT + 1]; /* rows by quality */
};

static void note(const struct wf_align_cell *cell, struct stats *stats)
{
    uint8_t quality = cell->value.quality;

    stats->qualities[quality <= WF_QUALITY_ABSENT ? quality : WF_QUALITY_INVALID]++;
}

static int read_all(struct query *query, struct wf_bin_maker **makers, struct stats *stats,
                    struct wf_err *err)
{
    struct query_where *where = NULL;
    struct wf_aligned *aligned = NULL;
    const struct wf_align_cell *cells = NULL;
    uint64_t moments = 0;
    int64_t time_ns = 0;
    int rc = 0;

    if (query->options.where != NULL)
        rc = query_where_open(query, query->options.where, &where, err);
    if (rc == 0)
        rc = query_align(query, 0, query->column_count, &aligned, err);
    while (rc == 0 && (rc = wf_aligned_next(aligned, &time_ns, &cells, err)) == 0) {
        if (++moments % 4096 == 0)
            query_progress(query, time_ns);
        if (where != NULL &&
            query_where_holds(where, time_ns, cells + query->column_count) != WF_TRUE)
            continue;
        for (size_t i = 0; rc == 0 && i < query->column_count; i++) {
            if (!cells[i].is_new)
                continue;
            note(&cells[i], &stats[i]);
            if (query_is_shown(query, &cells[i].value))
                rc = wf_bin_maker_add(makers[i], time_ns, &cells[i].value, cells[i].schema,
                                      cells[i].index, err);
        }
    }
    query_progress_end();
    wf_aligned_close(&aligned);
    query_where_close(&where);
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

static void add_value(const struct query *query, const struct wf_bin *bin,
                      const struct wf_value *value, struct wf_strbuf *out)
{
    struct query_cell cell = { .value = *value, .schema = bin->schema, .index = bin->index };

    if (value->kind == WF_VALUE_NONE)
        wf_strbuf_add(out, "-");
    else
        query_add_cell(query, &cell, query->options.format == QUERY_TABLE, out);
}

static void add_number(const struct query *query, double number, struct wf_strbuf *out)
{
    struct query_cell cell = { .value = { .kind = WF_VALUE_F64, .as.f64 = number } };

    if (isnan(number))
        wf_strbuf_add(out, "-");
    else if (query->options.format == QUERY_TABLE)
        wf_strbuf_addf(out, "%.6g", number);
    else
        query_add_cell(query, &cell, false, out);
}

static void print_table(const struct query *query, const struct query_column *column,
                        const struct stats *stats)
{
    const struct wf_bin *bin = &stats->bin;
    struct wf_strbuf text;

    wf_strbuf_init(&text, 1u << 20);
    wf_strbuf_addf(&text, "%s%s%s%s\n", column->name, column->unit[0] != '\0' ? "  [" : "",
                   column->unit, column->unit[0] != '\0' ? "]" : "");
    wf_strbuf_addf(&text, "  values    %llu", (unsigned long long)(bin->count + bin->bad));
    for (int i = WF_QUALITY_LATE; i <= WF_QUALITY_ABSENT; i++) {
        if (stats->qualities[i] > 0)
            wf_strbuf_addf(&text, ", %llu %s", (unsigned long long)stats->qualities[i],
                           wf_quality_name((enum wf_quality)i));
    }
    if (bin->last.kind != WF_VALUE_NONE) {
        wf_strbuf_add(&text, "\n  from      ");
        wf_strbuf_add_time(&text, bin->first_ns, 9);
        wf_strbuf_add(&text, "\n  to        ");
        wf_strbuf_add_time(&text, bin->last_ns, 9);
        wf_strbuf_add(&text, "\n  last      ");
        add_value(query, bin, &bin->last, &text);
    }
    if (bin->count > 0) {
        wf_strbuf_add(&text, "\n  min       ");
        add_value(query, bin, &bin->min, &text);
        wf_strbuf_add(&text, "  at ");
        wf_strbuf_add_time(&text, bin->min_ns, 9);
        wf_strbuf_add(&text, "\n  max       ");
        add_value(query, bin, &bin->max, &text);
        wf_strbuf_add(&text, "  at ");
        wf_strbuf_add_time(&text, bin->max_ns, 9);
        wf_strbuf_add(&text, "\n  mean      ");
        add_number(query, bin->mean, &text);
        wf_strbuf_add(&text, "  deviation ");
        add_number(query, bin->deviation, &text);
        for (size_t i = 0; i < WF_COUNT_OF(percentiles); i++) {
            wf_strbuf_addf(&text, "%sp%g ", i == 0 ? "\n  " : "  ", percentiles[i]);
            add_number(query, bin->percentiles[i], &text);
        }
        if (bin->percentile_error > 0)
            wf_strbuf_addf(&text, "  (ranks to %.2g %%)", 100 * bin->percentile_error);
    }
    (void)printf("%s\n\n", text.text);
    wf_strbuf_fini(&text);
}

static void print_csv_head(void)
{
    (void)printf("parameter,unit,count,bad,absent,first,last_time,min,min_time,max,max_time,mean,"
                 "deviation,p1,p50,p99\r\n");
}

static void put_text(const char *text, bool is_json)
{
    struct wf_strbuf field;

    if (is_json) {
        query_put_string(text, strlen(text));
        return;
    }
    wf_strbuf_init(&field, 1u << 16);
    query_add_field(&field, text, strlen(text));
    (void)fputs(field.text, stdout);
    wf_strbuf_fini(&field);
}

/* The same members for CSV (empty fields) and JSON (null). */
static void print_machine(const struct query *query, const struct query_column *column,
                          const struct stats *stats, bool is_first)
{
    const struct wf_bin *bin = &stats->bin;
    bool is_json = query->options.format == QUERY_JSON;
    const struct {
        const char *name;
        int64_t time_ns;
        const struct wf_value *value;
        double number;
    } members[] = {
        { "first", bin->first_ns, NULL, 0 },
        { "last_time", bin->last_ns, NULL, 0 },
        { "min", 0, &bin->min, 0 },
        { "min_time", bin->min_ns, NULL, 0 },
        { "max", 0, &bin->max, 0 },
        { "max_time", bin->max_ns, NULL, 0 },
        { "mean", 0, NULL, bin->mean },
        { "deviation", 0, NULL, bin->deviation },
        { "p1", 0, NULL, bin->percentiles[0] },
        { "p50", 0, NULL, bin->percentiles[1] },
        { "p99", 0, NULL, bin->percentiles[2] },
    };
    unsigned long long absent = stats->qualities[WF_QUALITY_ABSENT];

    (void)printf(is_json ? "%s\n{\"parameter\":" : "%.0s", is_first ? "" : ",");
    put_text(column->name, is_json);
    (void)fputs(is_json ? ",\"unit\":" : ",", stdout);
    put_text(column->unit, is_json);
    (void)printf(is_json ? ",\"count\":%llu,\"bad\":%llu,\"absent\":%llu" : ",%llu,%llu,%llu",
                 (unsigned long long)bin->count, (unsigned long long)bin->bad, absent);
    for (size_t i = 0; i < WF_COUNT_OF(members); i++) {
        bool is_time = members[i].time_ns != 0, is_there;
        struct query_cell cell = { .value = { .kind = WF_VALUE_F64, .as.f64 = members[i].number } };
        char room[512];
        struct wf_strbuf text = WF_STRBUF_FIXED(room);
        bool is_quoted;

        if (members[i].value != NULL)
            cell = (struct query_cell){ *members[i].value, bin->schema, bin->index };
        is_there = is_time ? members[i].time_ns != WF_TIME_NONE
                           : cell.value.kind != WF_VALUE_NONE &&
                                 (members[i].value != NULL || !isnan(members[i].number));
        if (is_time && is_there)
            wf_strbuf_add_time(&text, members[i].time_ns, 9);
        else if (is_there)
            query_add_cell(query, &cell, false, &text);
        is_quoted = is_there && (is_time || query_cell_kind(query, &cell) == QUERY_CELL_TEXT);
        (void)printf(is_json ? ",\"%s\":" : ",%.0s", members[i].name);
        if (is_quoted || !is_json)
            put_text(room, is_json);
        else
            (void)fputs(is_there ? room : "null", stdout);
    }
    (void)fputs(is_json ? "}" : "\r\n", stdout);
}

static int make(struct query *query, struct wf_bin_maker ***out_makers, struct stats **out_stats,
                struct wf_err *err)
{
    int rc = 0;

    *out_makers = calloc(query->column_count + 1, sizeof(struct wf_bin_maker *));
    *out_stats = calloc(query->column_count + 1, sizeof(struct stats));
    if (*out_makers == NULL || *out_stats == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; rc == 0 && i < query->column_count; i++)
        rc = wf_bin_maker_create(true, percentiles, WF_COUNT_OF(percentiles), &(*out_makers)[i],
                                 err);
    return rc;
}

static uint64_t print_all(struct query *query, struct wf_bin_maker **makers, struct stats *stats)
{
    uint64_t values = 0;

    if (query->options.format == QUERY_CSV)
        print_csv_head();
    if (query->options.format == QUERY_JSON)
        (void)fputs("[", stdout);
    for (size_t i = 0; i < query->column_count; i++) {
        (void)wf_bin_maker_take(makers[i], &stats[i].bin);
        values += stats[i].bin.count + stats[i].bin.bad;
        if (query->options.format == QUERY_CSV || query->options.format == QUERY_JSON)
            print_machine(query, &query->columns[i], &stats[i], i == 0);
        else
            print_table(query, &query->columns[i], &stats[i]);
    }
    if (query->options.format == QUERY_JSON)
        (void)fputs("]\n", stdout);
    return values;
}

int query_write_stats(struct query *query)
{
    struct query_gaps gaps = { 0 };
    struct wf_bin_maker **makers = NULL;
    struct stats *stats = NULL;
    struct wf_err err = { 0 };
    uint64_t values = 0;
    int rc = make(query, &makers, &stats, &err);

    if (rc == 0)
        rc = query_gaps_read(query, &gaps, &err);
    if (rc == 0)
        rc = read_all(query, makers, stats, &err);
    query->tiers |= 1u << WF_TIER_RAW;
    if (rc == 0) {
        values = print_all(query, makers, stats);
        query_print_summary(query, &gaps, values,
                            query->options.format == QUERY_TABLE ? stdout : stderr);
    }
    for (size_t i = 0; makers != NULL && i < query->column_count; i++)
        wf_bin_maker_destroy(&makers[i]);
    free(makers);
    free(stats);
    query_gaps_free(&gaps);
    if (rc < 0)
        return query_failed(&err);
    return values > 0 ? 0 : EXIT_NOTHING;
}
