/* SPDX-License-Identifier: MIT */
/*
 * --first and --last: when did a condition begin to hold? A crossing is a moment at
 * which it is TRUE and was not at the moment before (or is TRUE at the first moment of
 * the range). UNKNOWN in between is no end: nobody knows.
 */

#include <stdlib.h>

#include <watchfloor/clock.h>

#include "query.h"

struct crossing {
    bool is_found, has_ended;
    bool is_at_begin; /* it held already at the first moment */
    int64_t from_ns, to_ns;
    uint64_t count;
    struct wf_strbuf values; /* what the columns said then */
};

static void keep(const struct query *query, const struct wf_align_cell *cells,
                 struct crossing *crossing)
{
    wf_strbuf_clear(&crossing->values);
    for (size_t i = 0; i < query->column_count; i++) {
        struct query_cell cell = { .value = cells[i].value,
                                   .schema = cells[i].schema,
                                   .index = cells[i].index };

        wf_strbuf_addf(&crossing->values, "%s%s = ", i > 0 ? "\n" : "", query->columns[i].name);
        if (cells[i].schema == NULL || cell.value.kind == WF_VALUE_NONE) {
            wf_strbuf_add(&crossing->values, "-");
            continue;
        }
        query_add_cell(query, &cell, query->options.format == QUERY_TABLE, &crossing->values);
        if (!query->options.is_raw && query->columns[i].unit[0] != '\0' &&
            query->options.format == QUERY_TABLE)
            wf_strbuf_addf(&crossing->values, " %s", query->columns[i].unit);
        if (cells[i].value.quality != WF_QUALITY_VALID)
            wf_strbuf_addf(&crossing->values, " (%s)",
                           wf_quality_name((enum wf_quality)cells[i].value.quality));
    }
}

static int search(struct query *query, struct query_where *where, bool is_last,
                  struct crossing *out, struct wf_err *err)
{
    struct wf_aligned *aligned = NULL;
    const struct wf_align_cell *cells = NULL;
    bool holds = false, is_begun = false;
    uint64_t moments = 0;
    int64_t time_ns = 0;
    int rc = query_align(query, 0, query->column_count, &aligned, err);

    while (rc == 0 && (rc = wf_aligned_next(aligned, &time_ns, &cells, err)) == 0) {
        enum wf_truth truth = query_where_holds(where, time_ns, cells + query->column_count);

        if (++moments % 4096 == 0)
            query_progress(query, time_ns);
        if (truth == WF_TRUE && !holds) {
            holds = true;
            out->is_found = true;
            out->has_ended = false;
            out->is_at_begin = !is_begun;
            out->from_ns = time_ns;
            out->count++;
            keep(query, cells, out);
        } else if (truth == WF_FALSE && holds) {
            holds = false;
            out->has_ended = true;
            out->to_ns = time_ns;
            if (!is_last)
                break;
        }
        is_begun = true;
    }
    query_progress_end();
    wf_aligned_close(&aligned);
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

static void print_table(const struct query *query, const struct crossing *crossing, bool is_last)
{
    char from[48], to[48], age[32];
    struct wf_strbuf from_text = WF_STRBUF_FIXED(from), to_text = WF_STRBUF_FIXED(to);
    struct wf_strbuf age_text = WF_STRBUF_FIXED(age);

    wf_strbuf_add_time(&from_text, crossing->from_ns, 9);
    (void)printf("%s  %s\n", from, is_last ? query->options.last : query->options.first);
    if (crossing->is_at_begin)
        (void)printf("it held already at the first sample of the range\n");
    (void)printf("%s\n", crossing->values.text);
    if (crossing->has_ended) {
        wf_strbuf_add_time(&to_text, crossing->to_ns, 9);
        wf_strbuf_add_age(&age_text,
                          (int64_t)((uint64_t)crossing->to_ns - (uint64_t)crossing->from_ns));
        (void)printf("until %s (%s)\n", to, age);
    } else {
        (void)printf("it still held at the end of the range\n");
    }
    if (is_last)
        (void)printf("it began to hold %llu time%s\n", (unsigned long long)crossing->count,
                     crossing->count == 1 ? "" : "s");
}

static void print_machine(const struct query *query, const struct crossing *crossing)
{
    bool is_json = query->options.format == QUERY_JSON;
    char from[48], to[48] = "";
    struct wf_strbuf from_text = WF_STRBUF_FIXED(from), to_text = WF_STRBUF_FIXED(to);

    wf_strbuf_add_time(&from_text, crossing->from_ns, 9);
    if (crossing->has_ended)
        wf_strbuf_add_time(&to_text, crossing->to_ns, 9);
    if (!is_json) {
        (void)printf("from,to\r\n%s,%s\r\n", from, to);
        return;
    }
    (void)printf("{\"from\":\"%s\",\"to\":", from);
    (void)printf(crossing->has_ended ? "\"%s\"" : "null%s", to);
    (void)printf(",\"held_before\":%s}\n", crossing->is_at_begin ? "true" : "false");
}

int query_write_crossing(struct query *query)
{
    bool is_last = query->options.last != NULL;
    const char *text = is_last ? query->options.last : query->options.first;
    struct query_where *where = NULL;
    struct query_gaps gaps = { 0 };
    struct crossing crossing = { .is_found = false };
    struct wf_err err = { 0 };
    int rc = query_where_open(query, text, &where, &err);

    wf_strbuf_init(&crossing.values, 1u << 20);
    if (rc == 0)
        rc = query_gaps_read(query, &gaps, &err);
    if (rc == 0)
        rc = search(query, where, is_last, &crossing, &err);
    query->tiers |= 1u << WF_TIER_RAW;
    if (rc == 0 && crossing.is_found && query->options.format == QUERY_TABLE)
        print_table(query, &crossing, is_last);
    else if (rc == 0 && crossing.is_found)
        print_machine(query, &crossing);
    else if (rc == 0 && query->options.format == QUERY_JSON)
        (void)printf("null\n");
    if (rc == 0 && !crossing.is_found)
        (void)fprintf(stderr, "wf-query: it never began to hold in this range\n");
    if (rc == 0)
        query_print_summary(query, &gaps, crossing.count,
                            query->options.format == QUERY_TABLE ? stdout : stderr);
    query_where_close(&where);
    query_gaps_free(&gaps);
    wf_strbuf_fini(&crossing.values);
    if (rc < 0)
        return query_failed(&err);
    return crossing.is_found ? 0 : EXIT_NOTHING;
}
