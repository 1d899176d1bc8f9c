/* SPDX-License-Identifier: MIT */
/* Show: see show.h. */

#include "show.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <watchfloor/clock.h>

static const char *const marks_by_bit[] = { "SHELVED", "OUT_OF_SERVICE", "DISABLED", "SUPPRESSED",
                                            "SHADOW" };

void show_table_init(struct show_table *table, size_t columns)
{
    *table = (struct show_table){ .columns = columns };
}

void show_table_fini(struct show_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct show_table){ 0 };
}

void show_cell(struct show_table *table, const char *text)
{
    char *copy = strdup(text);

    if (copy != NULL && table->count == table->size) {
        size_t size = table->size == 0 ? 256 : 2 * table->size;
        char **cells = realloc(table->cells, size * sizeof(*cells));

        if (cells == NULL) {
            free(copy);
            copy = NULL;
        } else {
            table->cells = cells;
            table->size = size;
        }
    }
    if (copy == NULL) {
        table->was_cut = true;
        return;
    }
    /* Notes come from people: a newline or an escape sequence must not draw on others' screens. */
    for (char *p = copy; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    }
    table->cells[table->count++] = copy;
}

void show_cellf(struct show_table *table, const char *format, ...)
{
    char text[512];
    struct wf_strbuf cell = WF_STRBUF_FIXED(text);
    va_list args;

    va_start(args, format);
    wf_strbuf_vaddf(&cell, format, args);
    va_end(args);
    show_cell(table, text);
}

void show_cell_time(struct show_table *table, int64_t utc_ns)
{
    char text[64];
    struct wf_strbuf cell = WF_STRBUF_FIXED(text);

    wf_strbuf_add_time(&cell, utc_ns, 0);
    show_cell(table, text);
}

void show_cell_age(struct show_table *table, int64_t ns)
{
    char text[64];
    struct wf_strbuf cell = WF_STRBUF_FIXED(text);

    wf_strbuf_add_age(&cell, ns > 0 ? ns : 0);
    show_cell(table, text);
}

/* Characters, not bytes: what goes on in UTF-8 takes no place. */
static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

size_t show_width(void)
{
    struct winsize size;

    return isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
                   size.ws_col >= 20
               ? size.ws_col
               : 0;
}

/* At most `room` characters of it; returns how many. */
static size_t put_text(const char *text, size_t room)
{
    size_t width = 0;
    const char *end = text;

    while (*end != '\0') {
        if (((unsigned char)*end & 0xc0) != 0x80 && width++ == room)
            break;
        end++;
    }
    (void)fwrite(text, 1, (size_t)(end - text), stdout);
    return width > room ? room : width;
}

void show_table_print(const struct show_table *table, size_t indent)
{
    size_t widths[SHOW_COLUMN_MAX] = { 0 };
    size_t screen = show_width();

    for (size_t i = 0; i < table->count; i++) {
        size_t width = width_of(table->cells[i]);
        size_t column = i % table->columns;

        widths[column] = width > widths[column] ? width : widths[column];
    }
    for (size_t row = 0; row + table->columns <= table->count; row += table->columns) {
        size_t last = table->columns, at = indent;

        while (last > 1 && table->cells[row + last - 1][0] == '\0')
            last--;
        (void)printf("%*s", (int)indent, "");
        for (size_t column = 0; column < last; column++) {
            const char *cell = table->cells[row + column];
            size_t room = screen == 0 ? SIZE_MAX : screen > at ? screen - at : 0;
            size_t width = put_text(cell, room);

            at += width;
            for (; column + 1 < last && width < widths[column] + 2; width++, at++) {
                if (screen == 0 || at < screen)
                    (void)fputc(' ', stdout);
            }
        }
        (void)fputc('\n', stdout);
    }
}

void show_csv(const char *text, bool is_last)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        (void)fputs(text, stdout);
    } else {
        (void)fputc('"', stdout);
        for (; *text != '\0'; text++) {
            if (*text == '"')
                (void)fputc('"', stdout);
            (void)fputc(*text, stdout);
        }
        (void)fputc('"', stdout);
    }
    (void)fputs(is_last ? "\r\n" : ",", stdout);
}

void show_csv_time(int64_t utc_ns, bool is_last)
{
    char text[64];
    struct wf_strbuf cell = WF_STRBUF_FIXED(text);

    if (utc_ns != WF_TIME_NONE)
        wf_strbuf_add_time(&cell, utc_ns, 6);
    show_csv(text, is_last);
}

void show_csv_double(double value, bool is_last)
{
    char text[64];
    struct wf_strbuf cell = WF_STRBUF_FIXED(text);

    if (!isnan(value))
        wf_strbuf_add_double(&cell, value);
    show_csv(text, is_last);
}

json_t *show_json_time(int64_t utc_ns)
{
    char text[64];
    struct wf_strbuf cell = WF_STRBUF_FIXED(text);

    if (utc_ns == WF_TIME_NONE)
        return json_null();
    wf_strbuf_add_time(&cell, utc_ns, 6);
    return json_string(text);
}

json_t *show_json_double(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *show_json_text(const char *text)
{
    json_t *json = json_string(text);

    return json != NULL ? json : json_string("?"); /* no UTF-8 */
}

json_t *show_json_marks(unsigned marks)
{
    json_t *list = json_array();

    for (size_t i = 0; i < WF_COUNT_OF(marks_by_bit); i++) {
        if ((marks >> i & 1u) != 0)
            (void)json_array_append_new(list, json_string(marks_by_bit[i]));
    }
    return list;
}

void show_marks(struct wf_strbuf *out, unsigned marks)
{
    bool is_first = true;

    for (size_t i = 0; i < WF_COUNT_OF(marks_by_bit); i++) {
        if ((marks >> i & 1u) != 0) {
            wf_strbuf_addf(out, "%s%s", is_first ? "" : " ", marks_by_bit[i]);
            is_first = false;
        }
    }
}
