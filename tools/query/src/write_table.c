/* SPDX-License-Identifier: MIT */
/* A table for people: values as screens show them, gaps as rows where they are. */

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "query.h"

#define TIME_WIDTH  27
#define WIDTH_MIN   10
#define TIME_DIGITS 6
#define RUNS_MAX    64

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

/* Gaps of one subsystem and cause that stand between the same two lines. */
struct gap_run {
    const struct wf_gap *gap; /* the first of them */
    uint64_t count, lost;
    bool is_lost_known;
    int64_t from_ns, to_ns;
};

static void print_run(const struct gap_run *run)
{
    char line[512];
    struct wf_strbuf text = WF_STRBUF_FIXED(line);

    wf_strbuf_add_time(&text, run->from_ns, TIME_DIGITS);
    wf_strbuf_add(&text, "  -- ");
    wf_strbuf_add_name(&text, run->gap->source, run->gap->subsystem, NULL);
    wf_strbuf_addf(&text, ": %s", wf_gap_cause_name(run->gap->cause));
    if (run->count > 1)
        wf_strbuf_addf(&text, " %llu times", (unsigned long long)run->count);
    if (run->is_lost_known)
        wf_strbuf_addf(&text, ", %llu lost", (unsigned long long)run->lost);
    if (run->to_ns > run->from_ns) {
        wf_strbuf_add(&text, run->count > 1 ? " within " : ", ");
        wf_strbuf_add_age(&text, run->to_ns - run->from_ns);
    }
    wf_strbuf_addf(&text, " (%s) --\n", wf_gap_cause_sentence(run->gap->cause));
    (void)fputs(line, stdout);
}

static void add_to_run(const struct query *query, struct gap_run *run, const struct wf_gap *gap)
{
    int64_t from_ns = query_gap_from(query, gap), to_ns = query_gap_to(query, gap);

    if (run->count == 0)
        *run = (struct gap_run){ .gap = gap, .from_ns = from_ns, .to_ns = to_ns };
    run->count++;
    run->is_lost_known = run->is_lost_known || gap->is_lost_known;
    run->lost += gap->is_lost_known ? gap->lost : 0;
    run->to_ns = to_ns > run->to_ns ? to_ns : run->to_ns;
}

static bool is_of_run(const struct gap_run *run, const struct wf_gap *gap)
{
    return run->gap->cause == gap->cause && wf_name_is_equal(run->gap->source, gap->source) &&
           wf_name_is_equal(run->gap->subsystem, gap->subsystem);
}

/* Gaps [from, to) stand between two lines: with wide steps hundreds of them would hide the values. */
static void print_gaps(const struct query *query, const struct query_gaps *gaps, size_t from,
                       size_t to)
{
    struct gap_run runs[RUNS_MAX];
    size_t count = 0;

    for (size_t i = from; i < to; i++) {
        size_t at = 0;

        while (at < count && !is_of_run(&runs[at], &gaps->list[i]))
            at++;
        if (at == RUNS_MAX) { /* so many different ones: those so far are told, then it goes on */
            for (size_t k = 0; k < count; k++)
                print_run(&runs[k]);
            at = count = 0;
        }
        if (at == count)
            runs[count++].count = 0;
        add_to_run(query, &runs[at], &gaps->list[i]);
    }
    for (size_t i = 0; i < count; i++)
        print_run(&runs[i]);
}

/* The first gap from `at` on that does not begin before `time_ns`. */
static size_t gaps_before(const struct query *query, const struct query_gaps *gaps, size_t at,
                          int64_t time_ns)
{
    while (at < gaps->count && query_gap_from(query, &gaps->list[at]) < time_ns)
        at++;
    return at;
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
    size_t gap = 0, next;
    int rc = query_lines_open(query, -1, &lines, err);

    wf_strbuf_init(&text, 64u << 20);
    while (rc == 0 && !ferror(stdout) && (rc = query_lines_next(lines, &line, err)) == 0) {
        /* A gap begins with the sample before it: it stands behind that one. */
        next = gaps_before(query, gaps, gap, line->time_ns);
        print_gaps(query, gaps, gap, next);
        gap = next;
        print_line(query, line, widths, &text);
        ++*out_count;
    }
    /* With a limit the rest of the range was not looked at. */
    if (query->options.limit == 0 || *out_count < query->options.limit)
        print_gaps(query, gaps, gap, gaps->count);
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
