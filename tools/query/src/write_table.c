/* SPDX-License-Identifier: MIT */
/* A table for people: values as screens show them, gaps as rows where they are. */

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "query.h"

#define TIME_WIDTH  27
#define WIDTH_MIN   10
#define TIME_DIGITS 6

static size_t *widths_of(const struct query *query)
{
    size_t count = query_cell_count(query);
    size_t *widths = calloc(count + 1, sizeof(*widths));

    for (size_t i = 0; widths != NULL && i < count; i++) {
        char name[WF_FULL_NAME_SIZE + 24];
        struct wf_strbuf buf = WF_STRBUF_FIXED(name);
        size_t unit = strlen(query_cell_unit(query, i));

        query_cell_name(query, i, &buf);
        widths[i] = buf.len > unit ? buf.len : unit;
        if (widths[i] < WIDTH_MIN)
            widths[i] = WIDTH_MIN;
    }
    return widths;
}

static void add_right(struct wf_strbuf *out, const char *text, size_t len, size_t width)
{
    size_t columns = 0;

    for (size_t i = 0; i < len; i++)
        columns += ((unsigned char)text[i] & 0xc0) != 0x80; /* characters of UTF-8 */
    for (wf_strbuf_add(out, "  "); columns < width; columns++)
        wf_strbuf_add_char(out, ' ');
    /* A control character from a spacecraft must not reach the terminal. */
    for (size_t i = 0; i < len; i++)
        wf_strbuf_add_char(out, (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i]);
}

static void print_heading(const struct query *query, const size_t *widths)
{
    bool has_units = false;
    struct wf_strbuf text;

    wf_strbuf_init(&text, 1u << 20);
    wf_strbuf_addf(&text, "%-*s", TIME_WIDTH,
                   query->options.range.is_by_received ? "received" : "time");
    for (size_t i = 0; i < query_cell_count(query); i++) {
        char name[WF_FULL_NAME_SIZE + 24];
        struct wf_strbuf buf = WF_STRBUF_FIXED(name);

        query_cell_name(query, i, &buf);
        add_right(&text, name, buf.len, widths[i]);
        has_units = has_units || query_cell_unit(query, i)[0] != '\0';
    }
    wf_strbuf_add_char(&text, '\n');
    if (has_units) {
        wf_strbuf_addf(&text, "%-*s", TIME_WIDTH, "");
        for (size_t i = 0; i < query_cell_count(query); i++) {
            const char *unit = query_cell_unit(query, i);

            add_right(&text, unit, strlen(unit), widths[i]);
        }
        wf_strbuf_add_char(&text, '\n');
    }
    (void)fputs(text.text, stdout);
    wf_strbuf_fini(&text);
}

static void print_gap(const struct query *query, const struct wf_gap *gap)
{
    char line[512];
    struct wf_strbuf text = WF_STRBUF_FIXED(line);
    int64_t from = query_gap_from(query, gap), to = query_gap_to(query, gap);

    wf_strbuf_add_time(&text, from, TIME_DIGITS);
    wf_strbuf_add(&text, "  -- ");
    wf_strbuf_add_name(&text, gap->source, gap->subsystem, NULL);
    wf_strbuf_addf(&text, ": %s", wf_gap_cause_name(gap->cause));
    if (gap->is_lost_known)
        wf_strbuf_addf(&text, ", %llu lost", (unsigned long long)gap->lost);
    if (to > from) {
        wf_strbuf_add(&text, ", ");
        wf_strbuf_add_age(&text, to - from);
    }
    wf_strbuf_addf(&text, " (%s) --\n", wf_gap_cause_sentence(gap->cause));
    (void)fputs(line, stdout);
}

/* "" for what needs no remark; behind the value: late, substituted ... */
static const char *mark_of(const struct query *query, const struct query_cell *cell)
{
    static const char *const marks[] = { "", " L", " S", " ?", " INV" };
    uint8_t quality = cell->value.quality;

    if (cell->value.kind == WF_VALUE_NONE || cell->schema == NULL || query->options.every_ns != 0)
        return "";
    return quality < WF_COUNT_OF(marks) ? marks[quality] : " INV";
}

static void print_line(const struct query *query, const struct query_line *line,
                       const size_t *widths, struct wf_strbuf *text)
{
    struct wf_strbuf cell_text;

    wf_strbuf_clear(text);
    wf_strbuf_init(&cell_text, 64u << 20);
    wf_strbuf_add_time(text, line->time_ns, TIME_DIGITS);
    for (size_t i = 0; i < line->cell_count; i++) {
        const struct query_cell *cell = &line->cells[i];

        wf_strbuf_clear(&cell_text);
        query_add_cell(query, cell, true, &cell_text);
        wf_strbuf_add(&cell_text, mark_of(query, cell));
        if (cell->value.kind == WF_VALUE_NONE)
            add_right(text, "-", 1, widths[i]);
        else
            add_right(text, cell_text.text, cell_text.len, widths[i]);
    }
    wf_strbuf_fini(&cell_text);
    wf_strbuf_add_char(text, '\n');
    (void)fwrite(text->text, 1, text->len, stdout);
}

static int print_lines(struct query *query, const struct query_gaps *gaps, const size_t *widths,
                       uint64_t *out_count, struct wf_err *err)
{
    struct query_lines *lines = NULL;
    const struct query_line *line = NULL;
    struct wf_strbuf text;
    size_t gap = 0;
    int rc = query_lines_open(query, -1, &lines, err);

    wf_strbuf_init(&text, 64u << 20);
    while (rc == 0 && !ferror(stdout) && (rc = query_lines_next(lines, &line, err)) == 0) {
        /* A gap begins with the sample before it: it stands behind that one. */
        while (gap < gaps->count && query_gap_from(query, &gaps->list[gap]) < line->time_ns)
            print_gap(query, &gaps->list[gap++]);
        print_line(query, line, widths, &text);
        ++*out_count;
    }
    /* With a limit the rest of the range was not looked at. */
    while (gap < gaps->count && (query->options.limit == 0 || *out_count < query->options.limit))
        print_gap(query, &gaps->list[gap++]);
    query_lines_close(&lines);
    wf_strbuf_fini(&text);
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

int query_write_table(struct query *query)
{
    struct query_gaps gaps = { 0 };
    struct wf_err err = { 0 };
    size_t *widths = widths_of(query);
    uint64_t count = 0;
    int rc = widths != NULL ? query_gaps_read(query, &gaps, &err)
                            : wf_fail(&err, WF_ERR_NOMEM, "out of memory");

    if (rc == 0) {
        print_heading(query, widths);
        rc = print_lines(query, &gaps, widths, &count, &err);
    }
    if (rc == 0)
        query_print_summary(query, &gaps, count, stdout);
    query_gaps_free(&gaps);
    free(widths);
    if (rc < 0)
        return query_failed(&err);
    return count > 0 ? 0 : EXIT_NOTHING;
}
