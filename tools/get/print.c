/* SPDX-License-Identifier: MIT */
/* Showing values as a table, JSON or CSV: see get.h. */

#include "get.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "value_json.h"

#define LINE_MAX_BYTES (16u << 20)
#define COLUMNS        5

struct get_row {
    char *cells[COLUMNS]; /* name, value, unit, quality, age */
};

static void add_time_or_null(struct wf_strbuf *out, int64_t utc_ns)
{
    if (utc_ns == WF_TIME_NONE) {
        wf_strbuf_add(out, "null");
        return;
    }
    wf_strbuf_add_char(out, '"');
    wf_strbuf_add_time(out, utc_ns, 6);
    wf_strbuf_add_char(out, '"');
}

static bool is_replayed(const struct get_item *item)
{
    return item->stamp != NULL && (item->stamp->flags & WF_SAMPLE_REPLAY) != 0;
}

static void add_json(struct wf_strbuf *out, const struct get_item *item)
{
    const char *unit = item->schema->parameters[item->parameter].unit;

    wf_strbuf_add(out, "{\"name\": ");
    value_json_text(out, item->name, strlen(item->name));
    wf_strbuf_add(out, ", \"value\": ");
    value_json(out, item->schema, item->parameter, &item->value, false);
    wf_strbuf_add(out, ", \"raw\": ");
    value_json(out, item->schema, item->parameter, &item->raw, true);
    wf_strbuf_add(out, ", \"unit\": ");
    value_json_text(out, unit, strlen(unit));
    wf_strbuf_addf(out, ", \"quality\": \"%s\", \"device_time\": ", wf_quality_name(item->quality));
    add_time_or_null(out, item->stamp != NULL ? item->stamp->device_ns : WF_TIME_NONE);
    wf_strbuf_add(out, ", \"receive_time\": ");
    add_time_or_null(out, item->stamp != NULL ? item->stamp->received_ns : WF_TIME_NONE);
    if (item->stamp != NULL)
        wf_strbuf_addf(out, ", \"age_s\": %.6f", (double)item->age_ns / 1e9);
    else
        wf_strbuf_add(out, ", \"age_s\": null");
    if (is_replayed(item))
        wf_strbuf_add(out, ", \"replay\": true");
    wf_strbuf_addf(out, ", \"severity\": %u}", item->severity);
}

/* RFC 4180: quoted where it must be. */
static void add_csv_text(struct wf_strbuf *out, const char *text, size_t len)
{
    bool is_quoted = false;

    for (size_t i = 0; i < len; i++)
        is_quoted = is_quoted || strchr(",\"\r\n", text[i]) != NULL;
    if (!is_quoted) {
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

static void add_csv_value(struct wf_strbuf *out, const struct get_item *item, bool is_raw)
{
    const struct wf_value *value = is_raw ? &item->raw : &item->value;
    struct wf_strbuf text;

    wf_strbuf_init(&text, LINE_MAX_BYTES);
    if (value->kind != WF_VALUE_NONE)
        wf_value_exact(item->schema, item->parameter, value, is_raw, &text);
    add_csv_text(out, text.text, text.len);
    wf_strbuf_fini(&text);
}

static void add_csv(struct wf_strbuf *out, const struct get_item *item)
{
    const char *unit = item->schema->parameters[item->parameter].unit;
    const struct wf_stamp *stamp = item->stamp;

    add_csv_text(out, item->name, strlen(item->name));
    wf_strbuf_add_char(out, ',');
    add_csv_value(out, item, false);
    wf_strbuf_add_char(out, ',');
    add_csv_value(out, item, true);
    wf_strbuf_add_char(out, ',');
    add_csv_text(out, unit, strlen(unit));
    wf_strbuf_addf(out, ",%s,", wf_quality_name(item->quality));
    if (stamp != NULL && stamp->device_ns != WF_TIME_NONE)
        wf_strbuf_add_time(out, stamp->device_ns, 6);
    wf_strbuf_add_char(out, ',');
    if (stamp != NULL)
        wf_strbuf_add_time(out, stamp->received_ns, 6);
    wf_strbuf_add_char(out, ',');
    if (stamp != NULL)
        wf_strbuf_addf(out, "%.6f", (double)item->age_ns / 1e9);
    wf_strbuf_addf(out, ",%u\r\n", item->severity);
}

/* --- the table ---------------------------------------------------------------------------- */

static char *take_text(struct wf_strbuf *text)
{
    char *copy = strdup(text->text);

    wf_strbuf_fini(text);
    return copy;
}

static void fill_row(struct get_row *row, const struct get_item *item, bool is_raw)
{
    const struct wf_value *value = is_raw ? &item->raw : &item->value;
    const char *unit = item->schema->parameters[item->parameter].unit;
    struct wf_strbuf text;

    row->cells[0] = strdup(item->name);
    wf_strbuf_init(&text, LINE_MAX_BYTES);
    if (value->kind == WF_VALUE_NONE)
        wf_strbuf_add(&text, "--");
    else if (is_raw && value->kind != WF_VALUE_TEXT) /* text may hold anything: format it */
        wf_value_exact(item->schema, item->parameter, value, true, &text);
    else
        wf_value_format(item->schema, item->parameter, value, &text);
    row->cells[1] = take_text(&text);
    row->cells[2] = strdup(unit);
    wf_strbuf_init(&text, LINE_MAX_BYTES);
    wf_strbuf_add(&text, wf_quality_name(item->quality));
    if (item->severity > WF_SEVERITY_NORMAL)
        wf_strbuf_addf(&text, " !%u", item->severity);
    if (is_replayed(item))
        wf_strbuf_add(&text, " REPLAY");
    row->cells[3] = take_text(&text);
    wf_strbuf_init(&text, LINE_MAX_BYTES);
    if (item->stamp != NULL)
        wf_strbuf_add_age(&text, item->age_ns);
    else
        wf_strbuf_add(&text, "never");
    row->cells[4] = take_text(&text);
}

static const char *cell(const struct get_row *row, int column)
{
    return row->cells[column] != NULL ? row->cells[column] : "?"; /* out of memory */
}

/* Columns of a terminal: bytes that begin a character. */
static int width_of(const char *text)
{
    int width = 0;

    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void print_row(const struct get_row *row, const int widths[COLUMNS])
{
    for (int column = 0; column < COLUMNS; column++) {
        bool is_right = column == 1 || column == 4;
        int fill = widths[column] - width_of(cell(row, column));

        (void)printf("%*s%s%*s%s", is_right ? fill : 0, "", cell(row, column),
                     is_right || column == COLUMNS - 1 ? 0 : fill, "",
                     column == COLUMNS - 1 ? "\n" : "  ");
    }
}

static void free_row(struct get_row *row)
{
    for (int column = 0; column < COLUMNS; column++)
        free(row->cells[column]);
}

static void keep_row(struct get_printer *printer, const struct get_item *item)
{
    if (printer->row_count == printer->row_capacity) {
        size_t more = printer->row_capacity == 0 ? 64 : 2 * printer->row_capacity;
        struct get_row *grown = realloc(printer->rows, more * sizeof(*grown));

        if (grown == NULL)
            return;
        printer->rows = grown;
        printer->row_capacity = more;
    }
    fill_row(&printer->rows[printer->row_count++], item, printer->is_raw);
}

static void print_table(struct get_printer *printer)
{
    static char *const heads[COLUMNS] = { "NAME", "VALUE", "UNIT", "QUALITY", "AGE" };
    struct get_row head;
    int widths[COLUMNS] = { 0 };

    memcpy(head.cells, heads, sizeof(heads));
    for (int column = 0; column < COLUMNS; column++) {
        widths[column] = width_of(heads[column]);
        for (size_t i = 0; i < printer->row_count; i++) {
            int width = width_of(cell(&printer->rows[i], column));

            if (width > widths[column])
                widths[column] = width;
        }
    }
    if (printer->row_count > 0)
        print_row(&head, widths);
    for (size_t i = 0; i < printer->row_count; i++) {
        print_row(&printer->rows[i], widths);
        free_row(&printer->rows[i]);
    }
    free(printer->rows);
    printer->rows = NULL;
    printer->row_count = printer->row_capacity = 0;
}

/* A line of the watching table: the widths that most names and values have. */
static void print_watched(const struct get_printer *printer, const struct get_item *item)
{
    static const int widths[COLUMNS] = { 36, 16, 6, 8, 6 };
    char time[40];
    struct wf_strbuf text = WF_STRBUF_FIXED(time);
    struct get_row row;

    wf_strbuf_add_time(&text, wf_utc_now_ns(), 3);
    fill_row(&row, item, printer->is_raw);
    (void)printf("%s  ", time);
    print_row(&row, widths);
    free_row(&row);
}

/* --- public ------------------------------------------------------------------------------- */

void get_print_begin(struct get_printer *printer)
{
    if (printer->format == GET_JSON && !printer->is_watch)
        (void)fputs("[", stdout);
    else if (printer->format == GET_CSV)
        (void)fputs("name,value,raw,unit,quality,device_time,receive_time,age_s,severity\r\n",
                    stdout);
}

void get_print_item(void *context, const struct get_item *item)
{
    struct get_printer *printer = context;
    struct wf_strbuf line;

    if (printer->format == GET_TABLE) {
        if (printer->is_watch)
            print_watched(printer, item);
        else
            keep_row(printer, item);
        printer->count++;
        return;
    }
    wf_strbuf_init(&line, LINE_MAX_BYTES);
    if (printer->format == GET_CSV) {
        add_csv(&line, item);
    } else {
        if (!printer->is_watch)
            wf_strbuf_add(&line, printer->count > 0 ? ",\n" : "\n");
        add_json(&line, item);
        if (printer->is_watch)
            wf_strbuf_add_char(&line, '\n');
    }
    (void)fwrite(line.text, 1, line.len, stdout);
    wf_strbuf_fini(&line);
    printer->count++;
}

void get_print_end(struct get_printer *printer)
{
    if (printer->format == GET_JSON && !printer->is_watch)
        (void)fputs(printer->count > 0 ? "\n]\n" : "]\n", stdout);
    else if (printer->format == GET_TABLE && !printer->is_watch)
        print_table(printer);
}
