/* SPDX-License-Identifier: MIT */
/*
 * JSON, streamed: one pass over history for each series, so that memory does not
 * grow with the range. jansson makes every string; numbers are written as they
 * are, because a u64 beyond the signed range would not survive in its integers.
 */

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <watchfloor/clock.h>

#include "query.h"

struct gap_writing {
    const struct query *query;
    uint64_t count;
};

/* Text of a spacecraft need not be UTF-8: then each byte becomes the character of its number. */
static json_t *string_of(const char *text, size_t len)
{
    json_t *string = json_stringn(text, len);
    struct wf_strbuf wide;

    if (string != NULL)
        return string;
    wf_strbuf_init(&wide, 2 * len + 1);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= 0x80)
            wf_strbuf_add_char(&wide, (char)(0xc0 | c >> 6));
        wf_strbuf_add_char(&wide, (char)(c < 0x80 ? c : 0x80 | (c & 0x3f)));
    }
    string = json_stringn(wide.text, wide.len);
    wf_strbuf_fini(&wide);
    return string;
}

void query_put_string(const char *text, size_t len)
{
    json_t *string = string_of(text, len);

    if (string == NULL || json_dumpf(string, stdout, JSON_ENCODE_ANY) != 0)
        (void)fputs("null", stdout);
    json_decref(string);
}

static void put_text(const struct wf_strbuf *text)
{
    query_put_string(text->text, text->len);
}

static void put_time(int64_t time_ns)
{
    char text[48];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    wf_strbuf_add_time(&buf, time_ns, 9);
    (void)printf("\"%s\"", text);
}

static void put_cell(const struct query *query, const struct query_cell *cell,
                     struct wf_strbuf *text)
{
    wf_strbuf_clear(text);
    switch (query_cell_kind(query, cell)) {
    case QUERY_CELL_NONE:
        (void)fputs("null", stdout);
        break;
    case QUERY_CELL_NUMBER:
        query_add_cell(query, cell, false, text);
        (void)fwrite(text->text, 1, text->len, stdout);
        break;
    case QUERY_CELL_BOOL:
        (void)fputs(cell->value.as.u64 != 0 ? "true" : "false", stdout);
        break;
    case QUERY_CELL_TEXT:
        query_add_cell(query, cell, false, text);
        query_put_string(text->text, text->len);
        break;
    }
}

static void put_series_head(const struct query *query, size_t cell)
{
    const struct query_column *column = query_cell_column(query, cell);
    char resolution[64];
    struct wf_strbuf text = WF_STRBUF_FIXED(resolution);
    struct wf_strbuf name, unit;

    wf_strbuf_init(&name, 1024);
    wf_strbuf_init(&unit, 1024);
    wf_strbuf_add(&name, column->name);
    wf_strbuf_add(&unit, query_cell_unit(query, cell));
    query_add_resolution(query, &text);
    (void)printf("%s{\"name\":", cell > 0 ? ",\n" : "\n");
    put_text(&name);
    (void)fputs(",\"unit\":", stdout);
    put_text(&unit);
    (void)printf(",\"resolution\":\"%s\"", resolution);
    if (query->options.every_ns != 0)
        (void)printf(",\"aggregate\":\"%s\"",
                     query_agg_name(&query->options.aggs[cell % query->options.agg_count]));
    (void)fputs(",\"points\":[", stdout);
    wf_strbuf_fini(&name);
    wf_strbuf_fini(&unit);
}

static int put_series(struct query *query, size_t cell, uint64_t *inout_points, struct wf_err *err)
{
    size_t column = (size_t)(query_cell_column(query, cell) - query->columns);
    struct query_lines *lines = NULL;
    const struct query_line *line = NULL;
    uint64_t count = 0;
    struct query_clock clock = { .is_set = false };
    struct wf_strbuf text;
    int rc;

    query->tiers = 0;
    rc = query_lines_open(query, (int)column, &lines, err);
    if (rc < 0)
        return rc;
    wf_strbuf_init(&text, 64u << 20);
    put_series_head(query, cell);
    while ((rc = query_lines_next(lines, &line, err)) == 0) {
        const struct query_cell *point = &line->cells[cell];

        (void)fputs(count++ > 0 ? ",\n[\"" : "\n[\"", stdout);
        wf_strbuf_clear(&text);
        query_add_time(&clock, line->time_ns, &text);
        (void)fwrite(text.text, 1, text.len, stdout);
        (void)fputs("\",", stdout);
        put_cell(query, point, &text);
        if (query->options.is_quality_shown)
            (void)printf(",\"%s\"", wf_quality_name((enum wf_quality)point->value.quality));
        (void)fputc(']', stdout);
        if (count % 4096 == 0)
            query_progress(query, line->time_ns);
        if (ferror(stdout))
            break; /* nobody reads any more */
    }
    query_lines_close(&lines);
    query_progress_end();
    wf_strbuf_clear(&text);
    wf_tiers_add(query->tiers, &text);
    (void)printf("],\"tier\":\"%s\"}", text.text);
    wf_strbuf_fini(&text);
    *inout_points += count;
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

static int put_gap(void *context, const struct wf_gap *gap)
{
    struct gap_writing *writing = context;
    char name[WF_FULL_NAME_SIZE];
    struct wf_strbuf text = WF_STRBUF_FIXED(name);

    if (!query_has_subsystem(writing->query, gap))
        return 0;
    wf_strbuf_add_name(&text, gap->source, gap->subsystem, NULL);
    (void)fputs(writing->count++ > 0 ? ",\n{\"subsystem\":" : "\n{\"subsystem\":", stdout);
    put_text(&text);
    (void)fputs(",\"from\":", stdout);
    put_time(query_gap_from(writing->query, gap));
    (void)fputs(",\"to\":", stdout);
    put_time(query_gap_to(writing->query, gap));
    if (gap->is_lost_known)
        (void)printf(",\"lost\":%llu", (unsigned long long)gap->lost);
    else
        (void)fputs(",\"lost\":null", stdout);
    (void)printf(",\"cause\":\"%s\"}", wf_gap_cause_name(gap->cause));
    return 0;
}

static int put_deleted(void *context, const struct wf_deleted *deleted)
{
    uint64_t *count = context;

    (void)printf("%s\n{\"tier\":\"%s\",\"file\":", *count > 0 ? "," : "", deleted->tier);
    ++*count;
    query_put_string(deleted->file, strlen(deleted->file));
    (void)fputs(",\"from\":", stdout);
    put_time(deleted->from_ns);
    (void)fputs(",\"to\":", stdout);
    put_time(deleted->to_ns);
    (void)fputs(",\"reason\":", stdout);
    query_put_string(deleted->reason, strlen(deleted->reason));
    (void)fputc('}', stdout);
    return 0;
}

static void put_unread(const struct query *query)
{
    const char *text;
    int64_t day_ns;

    for (size_t i = 0; (text = wf_history_trouble(query->history, i, &day_ns)) != NULL; i++) {
        (void)printf("%s\n{\"day\":", i > 0 ? "," : "");
        put_time(day_ns);
        (void)fputs(",\"why\":", stdout);
        query_put_string(text, strlen(text));
        (void)fputc('}', stdout);
    }
}

int query_write_json(struct query *query)
{
    struct gap_writing writing = { .query = query };
    struct wf_err err = { 0 };
    uint64_t points = 0, deleted = 0;
    int rc = 0;

    (void)fputs("{\"from\":", stdout);
    put_time(query->options.range.from_ns);
    (void)fputs(",\"to\":", stdout);
    put_time(query->options.range.to_ns);
    (void)printf(",\"by\":\"%s\",\n\"series\":[",
                 query->options.range.is_by_received ? "received" : "device");
    for (size_t i = 0; rc == 0 && i < query_cell_count(query); i++)
        rc = put_series(query, i, &points, &err);
    (void)fputs("],\n\"gaps\":[", stdout);
    if (rc == 0)
        rc = query_each_gap(query, put_gap, &writing, &err);
    (void)fputs("],\n\"unread\":[", stdout);
    put_unread(query);
    (void)fputs("],\n\"deleted\":[", stdout);
    if (rc == 0)
        rc = wf_history_deleted(query->history, &query->options.range, put_deleted, &deleted, &err);
    (void)fputs("]}\n", stdout);
    if (rc < 0)
        return query_failed(&err);
    return points > 0 ? 0 : EXIT_NOTHING;
}
