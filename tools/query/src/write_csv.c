/* SPDX-License-Identifier: MIT */
/* CSV as RFC 4180 has it: lines end in CR LF, quotes only where they are needed. */

#include <string.h>

#include <watchfloor/clock.h>

#include "query.h"

static void add_field(struct wf_strbuf *out, const char *text, size_t len)
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
    bool is_fine;

    wf_strbuf_add(text, "\r\n");
    is_fine = !text->was_cut && fwrite(text->text, 1, text->len, stdout) == text->len;
    wf_strbuf_clear(text);
    return is_fine;
}

static bool put_header(const struct query *query, struct wf_strbuf *text)
{
    wf_strbuf_add(text, "time");
    for (size_t i = 0; i < query_cell_count(query); i++) {
        char name[WF_FULL_NAME_SIZE + 8];
        struct wf_strbuf buf = WF_STRBUF_FIXED(name);

        query_cell_name(query, i, &buf);
        wf_strbuf_add_char(text, ',');
        add_field(text, name, buf.len);
    }
    return put(text);
}

static bool put_line(const struct query_line *line, struct wf_strbuf *text)
{
    wf_strbuf_add_time(text, line->time_ns, 9);
    for (size_t i = 0; i < line->cell_count; i++) {
        wf_strbuf_add_char(text, ',');
        if (line->cells[i].kind != QUERY_NONE)
            add_field(text, line->text.text + line->cells[i].at, line->cells[i].len);
    }
    return put(text);
}

int query_write_csv(struct query *query)
{
    struct query_gaps gaps = { 0 };
    struct query_lines *lines = NULL;
    const struct query_line *line = NULL;
    struct wf_err err = { 0 };
    struct wf_strbuf text;
    uint64_t count = 0;
    bool is_written;
    int rc = query_gaps_read(query, &gaps, &err);

    wf_strbuf_init(&text, 64u << 20);
    if (rc == 0)
        rc = query_lines_open(query, -1, false, &lines, &err);
    is_written = rc == 0 && put_header(query, &text);
    while (rc == 0 && is_written && (rc = query_lines_next(lines, &line, &err)) == 0) {
        is_written = put_line(line, &text);
        count++;
    }
    query_lines_close(&lines);
    wf_strbuf_fini(&text);
    if (rc == WF_ERR_ABSENT) {
        rc = 0;
        query_print_summary(query, &gaps, count, stderr);
    }
    query_gaps_free(&gaps);
    if (rc < 0)
        return query_failed(&err);
    return count > 0 ? 0 : EXIT_NOTHING;
}
