/* SPDX-License-Identifier: MIT */
/* CSV as RFC 4180 has it: lines end in CR LF, quotes only where they are needed. */

#include <string.h>

#include <watchfloor/clock.h>

#include "query.h"

/* Written in pieces of this size. */
#define WRITE_BYTES (64u << 10)

void query_add_field(struct wf_strbuf *out, const char *text, size_t len)
{
    if (memchr(text, '"', len) == NULL && memchr(text, ',', len) == NULL &&
        memchr(text, '\n', len) == NULL && memchr(text, '\r', len) == NULL) {
        wf_strbuf_add_bytes(out, text, len);
        return;
    }
    wf_strbuf_add_char(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            wf_strbuf_add_char(out, '"');
        wf_strbuf_add_char(out, text[i]);
    }
    wf_strbuf_add_char(out, '"');
}

static bool put(struct wf_strbuf *text)
{
    bool is_fine = !text->was_cut && fwrite(text->text, 1, text->len, stdout) == text->len;

    wf_strbuf_clear(text);
    return is_fine;
}

static void add_header(const struct query *query, struct wf_strbuf *text)
{
    wf_strbuf_add(text, "time");
    for (size_t i = 0; i < query_cell_count(query); i++) {
        char name[WF_FULL_NAME_SIZE + 24];
        struct wf_strbuf buf = WF_STRBUF_FIXED(name);

        query_cell_name(query, i, &buf);
        wf_strbuf_add_char(text, ',');
        query_add_field(text, name, buf.len);
        if (!query->options.is_quality_shown)
            continue;
        wf_strbuf_add(&buf, ":quality");
        wf_strbuf_add_char(text, ',');
        query_add_field(text, name, buf.len);
    }
    wf_strbuf_add_bytes(text, "\r\n", 2);
}

static bool needs_quotes(const struct wf_value *value)
{
    return value->kind >= WF_VALUE_TEXT || value->kind == WF_VALUE_BOOL;
}

static void add_cell(const struct query *query, const struct query_cell *cell,
                     struct wf_strbuf *out)
{
    char room[512];
    struct wf_strbuf text;

    if (cell->value.kind == WF_VALUE_NONE)
        return;
    /* Of numbers only labels can need quotes. */
    if (!needs_quotes(&cell->value) && query_cell_kind(query, cell) == QUERY_CELL_NUMBER) {
        query_add_cell(query, cell, false, out);
        return;
    }
    wf_strbuf_init_fixed(&text, room, sizeof(room));
    query_add_cell(query, cell, false, &text);
    if (!text.was_cut) {
        query_add_field(out, text.text, text.len);
        return;
    }
    wf_strbuf_init(&text, 64u << 20);
    query_add_cell(query, cell, false, &text);
    query_add_field(out, text.text, text.len);
    wf_strbuf_fini(&text);
}

static void add_line(const struct query *query, const struct query_line *line,
                     struct query_clock *clock, struct wf_strbuf *out)
{
    query_add_time(clock, line->time_ns, out);
    for (size_t i = 0; i < line->cell_count; i++) {
        const struct query_cell *cell = &line->cells[i];

        wf_strbuf_add_char(out, ',');
        add_cell(query, cell, out);
        if (!query->options.is_quality_shown)
            continue;
        wf_strbuf_add_char(out, ',');
        if (cell->value.kind != WF_VALUE_NONE || cell->schema != NULL)
            wf_strbuf_add(out, wf_quality_name((enum wf_quality)cell->value.quality));
    }
    wf_strbuf_add_bytes(out, "\r\n", 2);
}

/* All lines; *out_count of them. */
static int put_lines(struct query *query, uint64_t *out_count, struct wf_err *err)
{
    struct query_clock clock = { .is_set = false };
    struct query_lines *lines = NULL;
    const struct query_line *line = NULL;
    bool is_written;
    struct wf_strbuf text;
    int rc = query_lines_open(query, -1, &lines, err);

    wf_strbuf_init(&text, 256u << 20);
    is_written = rc == 0;
    if (rc == 0)
        add_header(query, &text);
    while (rc == 0 && is_written && (rc = query_lines_next(lines, &line, err)) == 0) {
        add_line(query, line, &clock, &text);
        ++*out_count;
        if (text.len >= WRITE_BYTES) {
            query_progress(query, line->time_ns);
            is_written = put(&text);
        }
    }
    query_progress_end();
    if (is_written && (rc == WF_ERR_ABSENT || rc == 0))
        (void)put(&text);
    query_lines_close(&lines);
    wf_strbuf_fini(&text);
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

int query_write_csv(struct query *query)
{
    struct query_gaps gaps = { 0 };
    struct wf_err err = { 0 };
    uint64_t count = 0;
    int rc = query_gaps_read(query, &gaps, &err);

    if (rc == 0)
        rc = put_lines(query, &count, &err);
    if (rc == 0 && !ferror(stdout))
        query_print_summary(query, &gaps, count, stderr);
    query_gaps_free(&gaps);
    if (rc < 0)
        return query_failed(&err);
    return count > 0 ? 0 : EXIT_NOTHING;
}
