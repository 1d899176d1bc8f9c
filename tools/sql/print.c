/* SPDX-License-Identifier: MIT */
/*
 * Rows as table, lines, CSV or JSON: see sql.h. Output streams; a table keeps its first rows
 * for widths.
 */

#include "sql.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH_MAX 60
#define TEXT_MAX  (64u << 20)

bool print_mode_from_name(const char *name, enum print_mode *out)
{
    /* Those of sqlite3 are known as well. */
    static const struct {
        const char *name;
        enum print_mode mode;
    } names[] = { { "table", PRINT_TABLE }, { "column", PRINT_TABLE }, { "box", PRINT_TABLE },
                  { "line", PRINT_LINE },   { "csv", PRINT_CSV },      { "json", PRINT_JSON } };

    for (size_t i = 0; i < WF_COUNT_OF(names); i++) {
        if (strcmp(name, names[i].name) == 0) {
            *out = names[i].mode;
            return true;
        }
    }
    return false;
}

void print_init(struct print *print, enum print_mode mode)
{
    *print = (struct print){ .mode = mode, .has_head = true };
    wf_strbuf_init(&print->names, TEXT_MAX);
    wf_strbuf_init(&print->kept, TEXT_MAX);
    wf_strbuf_init(&print->line, TEXT_MAX);
}

void print_fini(struct print *print)
{
    wf_strbuf_fini(&print->names);
    wf_strbuf_fini(&print->kept);
    wf_strbuf_fini(&print->line);
    free(print->widths);
    free(print->is_number);
}

/* --- cells ------------------------------------------------------------------------------------- */

static void add_hex(const struct wf_value *value, struct wf_strbuf *out)
{
    for (size_t i = 0; i < value->len; i++)
        wf_strbuf_addf(out, "%02x", value->as.bytes[i]);
}

static void add_plain(const struct wf_value *value, struct wf_strbuf *out)
{
    switch (value->kind) {
    case WF_VALUE_I64:
        wf_strbuf_addf(out, "%lld", (long long)value->as.i64);
        break;
    case WF_VALUE_F64:
        if (isinf(value->as.f64))
            wf_strbuf_add(out, value->as.f64 < 0 ? "-Inf" : "Inf");
        else
            wf_strbuf_add_double(out, value->as.f64);
        break;
    case WF_VALUE_TEXT:
        wf_strbuf_add_bytes(out, value->as.text, value->len);
        break;
    case WF_VALUE_BYTES:
        add_hex(value, out);
        break;
    default:
        break;
    }
}

static void add_csv(const char *text, size_t len, struct wf_strbuf *out)
{
    bool is_plain = true;

    for (size_t i = 0; i < len; i++)
        is_plain =
            is_plain && text[i] != '"' && text[i] != ',' && text[i] != '\n' && text[i] != '\r';
    if (is_plain) {
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

/* SQLite's text may be anything: what is no UTF-8 would be no JSON, so it becomes '?'. */
static size_t character(const unsigned char *at, size_t left)
{
    size_t more = at[0] < 0x80 ? 0 : (at[0] & 0xe0) == 0xc0 ? 1 : (at[0] & 0xf0) == 0xe0 ? 2 : 3;

    if (at[0] >= 0x80 && (at[0] < 0xc2 || at[0] > 0xf4 || more >= left))
        return 0;
    for (size_t i = 1; i <= more; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return more + 1;
}

static void add_json(const char *text, size_t len, struct wf_strbuf *out)
{
    wf_strbuf_add_char(out, '"');
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)text[i];
        size_t bytes = character((const unsigned char *)text + i, len - i);

        if (bytes == 0)
            wf_strbuf_add_char(out, '?');
        else if (c == '"' || c == '\\')
            wf_strbuf_addf(out, "\\%c", c);
        else if (c < 0x20)
            wf_strbuf_addf(out, "\\u%04x", c);
        else
            wf_strbuf_add_bytes(out, text + i, bytes);
        i += bytes > 0 ? bytes : 1;
    }
    wf_strbuf_add_char(out, '"');
}

static size_t columns_of(const char *text)
{
    size_t columns = 0;

    for (; *text != '\0'; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80; /* characters of UTF-8 */
    return columns;
}

/* --- tables -------------------------------------------------------------------------------------- */

static void add_padded(const struct print *print, size_t column, const char *text,
                       struct wf_strbuf *out)
{
    size_t width = print->widths[column], used = columns_of(text);
    bool is_last = column + 1 == print->columns;

    wf_strbuf_add(out, column > 0 ? "  " : "");
    for (; print->is_number[column] && used < width; used++)
        wf_strbuf_add_char(out, ' ');
    /* A control character from a spacecraft must not reach the terminal. */
    for (const char *p = text; *p != '\0'; p++)
        wf_strbuf_add_char(out, (unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p);
    for (; !is_last && used < width; used++)
        wf_strbuf_add_char(out, ' ');
}

/* A line of cells that stand one behind another, each ended; returns what is behind them. */
static const char *put_line(struct print *print, const char *cells)
{
    wf_strbuf_clear(&print->line);
    for (size_t i = 0; i < print->columns; i++) {
        add_padded(print, i, cells, &print->line);
        cells += strlen(cells) + 1;
    }
    wf_strbuf_add_char(&print->line, '\n');
    (void)fwrite(print->line.text, 1, print->line.len, stdout);
    return cells;
}

static void put_rule(struct print *print)
{
    wf_strbuf_clear(&print->line);
    for (size_t i = 0; i < print->columns; i++) {
        wf_strbuf_add(&print->line, i > 0 ? "  " : "");
        for (size_t k = 0; k < print->widths[i]; k++)
            wf_strbuf_add_char(&print->line, '-');
    }
    (void)printf("%s\n", print->line.text);
}

/* The widths are known: what was kept goes out. */
static void put_kept(struct print *print)
{
    const char *cells = print->kept.text;

    if (print->is_head_out || print->columns == 0)
        return;
    print->is_head_out = true;
    if (print->has_head) {
        (void)put_line(print, print->names.text);
        put_rule(print);
    }
    for (size_t i = 0; i < print->kept_rows; i++)
        cells = put_line(print, cells);
    wf_strbuf_clear(&print->kept);
    print->kept_rows = 0;
}

static void keep_row(struct print *print, const struct wf_value *values)
{
    for (size_t i = 0; i < print->columns; i++) {
        size_t at = print->kept.len, columns;

        if (values[i].kind == WF_VALUE_NONE)
            wf_strbuf_add(&print->kept, print->null);
        else
            add_plain(&values[i], &print->kept);
        /* An end inside would look like the end of the cell. */
        for (size_t k = at; k < print->kept.len; k++)
            print->kept.text[k] = print->kept.text[k] != '\0' ? print->kept.text[k] : '?';
        columns = columns_of(print->kept.text + at);
        wf_strbuf_add_bytes(&print->kept, "", 1);
        if (columns > print->widths[i])
            print->widths[i] = columns < WIDTH_MAX ? columns : WIDTH_MAX;
        if (values[i].kind == WF_VALUE_TEXT || values[i].kind == WF_VALUE_BYTES)
            print->is_number[i] = false;
    }
    print->kept_rows++;
}

static void put_row(struct print *print, const struct wf_value *values)
{
    keep_row(print, values);
    if (print->is_head_out) {
        (void)put_line(print, print->kept.text);
        wf_strbuf_clear(&print->kept);
        print->kept_rows = 0;
    } else if (print->kept_rows == PRINT_ROWS_KEPT) {
        put_kept(print);
    }
}

/* --- the sink --------------------------------------------------------------------------------------- */

static int head(void *context, const char *const *names, size_t count)
{
    struct print *print = context;

    wf_strbuf_clear(&print->names);
    wf_strbuf_clear(&print->kept);
    free(print->widths);
    free(print->is_number);
    print->widths = calloc(count + 1, sizeof(*print->widths));
    print->is_number = calloc(count + 1, sizeof(*print->is_number));
    if (print->widths == NULL || print->is_number == NULL)
        return WF_ERR_NOMEM;
    print->columns = count;
    print->rows = print->kept_rows = 0;
    print->is_head_out = false;
    for (size_t i = 0; i < count; i++) {
        wf_strbuf_add(&print->names, names[i]);
        wf_strbuf_add_bytes(&print->names, "", 1);
        print->widths[i] = print->has_head ? columns_of(names[i]) : 0;
        print->is_number[i] = true;
    }
    if (print->mode == PRINT_JSON)
        (void)fputs("[", stdout);
    if (print->mode != PRINT_CSV || !print->has_head)
        return 0;
    wf_strbuf_clear(&print->line);
    for (size_t i = 0; i < count; i++) {
        wf_strbuf_add(&print->line, i > 0 ? "," : "");
        add_csv(names[i], strlen(names[i]), &print->line);
    }
    wf_strbuf_add(&print->line, "\r\n");
    (void)fwrite(print->line.text, 1, print->line.len, stdout);
    return 0;
}

static void put_csv(struct print *print, const struct wf_value *values)
{
    wf_strbuf_clear(&print->line);
    for (size_t i = 0; i < print->columns; i++) {
        wf_strbuf_add(&print->line, i > 0 ? "," : "");
        if (values[i].kind == WF_VALUE_TEXT)
            add_csv(values[i].as.text, values[i].len, &print->line);
        else
            add_plain(&values[i], &print->line);
    }
    wf_strbuf_add(&print->line, "\r\n");
    (void)fwrite(print->line.text, 1, print->line.len, stdout);
}

/* One line for each column, right of the names; an empty one between rows. */
static void put_lines(struct print *print, const struct wf_value *values)
{
    const char *name = print->names.text;
    size_t width = 0;

    for (size_t i = 0; i < print->columns; i++)
        width = print->widths[i] > width ? print->widths[i] : width;
    wf_strbuf_clear(&print->line);
    wf_strbuf_add(&print->line, print->rows > 0 ? "\n" : "");
    for (size_t i = 0; i < print->columns; i++, name += strlen(name) + 1) {
        size_t at;

        for (size_t k = columns_of(name); k < width; k++)
            wf_strbuf_add_char(&print->line, ' ');
        wf_strbuf_addf(&print->line, "%s = ", name);
        at = print->line.len;
        if (values[i].kind == WF_VALUE_NONE)
            wf_strbuf_add(&print->line, print->null);
        else
            add_plain(&values[i], &print->line);
        for (; at < print->line.len; at++) {
            unsigned char c = (unsigned char)print->line.text[at];

            print->line.text[at] = c < 0x20 || c == 0x7f ? '?' : print->line.text[at];
        }
        wf_strbuf_add_char(&print->line, '\n');
    }
    (void)fwrite(print->line.text, 1, print->line.len, stdout);
}

static void put_json(struct print *print, const struct wf_value *values)
{
    const char *name = print->names.text;

    wf_strbuf_clear(&print->line);
    wf_strbuf_add(&print->line, print->rows > 0 ? ",\n{" : "\n{");
    for (size_t i = 0; i < print->columns; i++, name += strlen(name) + 1) {
        const struct wf_value *value = &values[i];
        bool is_bare =
            value->kind == WF_VALUE_I64 || (value->kind == WF_VALUE_F64 && isfinite(value->as.f64));

        wf_strbuf_add(&print->line, i > 0 ? "," : "");
        add_json(name, strlen(name), &print->line);
        wf_strbuf_add_char(&print->line, ':');
        if (value->kind == WF_VALUE_NONE) {
            wf_strbuf_add(&print->line, "null");
        } else if (value->kind == WF_VALUE_TEXT) {
            add_json(value->as.text, value->len, &print->line);
        } else {
            wf_strbuf_add(&print->line, is_bare ? "" : "\"");
            add_plain(value, &print->line);
            wf_strbuf_add(&print->line, is_bare ? "" : "\"");
        }
    }
    wf_strbuf_add_char(&print->line, '}');
    (void)fwrite(print->line.text, 1, print->line.len, stdout);
}

static int row(void *context, const struct wf_value *values, size_t count)
{
    struct print *print = context;

    (void)count;
    if (print->mode == PRINT_TABLE)
        put_row(print, values);
    else if (print->mode == PRINT_CSV)
        put_csv(print, values);
    else if (print->mode == PRINT_LINE)
        put_lines(print, values);
    else
        put_json(print, values);
    print->rows++;
    if (print->line.was_cut || print->kept.was_cut)
        return WF_ERR_LIMIT;
    /* Whoever reads it may have enough of it. */
    return ferror(stdout) ? WF_ERR_SYSTEM : 0;
}

struct wf_sql_sink print_sink(struct print *print)
{
    print->columns = 0;
    return (struct wf_sql_sink){ .context = print, .head = head, .row = row };
}

void print_end(struct print *print)
{
    if (print->columns == 0)
        return;
    if (print->mode == PRINT_TABLE)
        put_kept(print);
    if (print->mode == PRINT_JSON)
        (void)fputs("]\n", stdout);
    print->columns = 0;
}
