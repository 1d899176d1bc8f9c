/* SPDX-License-Identifier: MIT */
/*
 * Links: every listener and peer as the receiver counts them (table wf.links),
 * and below it what each subsystem lost (table wf.subsystems). A receiver that
 * publishes neither leaves the page with a sentence.
 */

#include "pages.h"

#include <watchfloor/clock.h>

#include <stdlib.h>
#include <string.h>

struct column {
    const char *name; /* in the table's schema */
    const char *heading;
    int width;           /* negative: text, at the left */
    bool is_age;         /* a time shown as how long ago */
    bool is_bad_above_0; /* a count that should be 0 */
};

static const struct column link_columns[] = {
    { "link", "LINK", -18, false, false },      { "transport", "KIND", -11, false, false },
    { "state", "STATE", -10, false, false },    { "packet_rate", "PKT/S", 8, false, false },
    { "byte_rate", "BYTE/S", 9, false, false }, { "last_received", "LAST", 6, true, false },
    { "rejected", "REJECT", 9, false, true },   { "kernel_dropped", "DROPPED", 9, false, true },
    { "packets", "PACKETS", 12, false, false }, { "address", "ADDRESS", -40, false, false },
};

static const struct column subsystem_columns[] = {
    { "name", "SUBSYSTEM", -22, false, false }, { "rate_hz", "RATE/S", 8, false, false },
    { "lag", "LAG S", 7, false, false },        { "last_received", "LAST", 6, true, false },
    { "gaps", "GAPS", 7, false, true },         { "lost", "LOST", 8, false, true },
    { "duplicates", "DUP", 6, false, true },    { "out_of_order", "LATE", 6, false, true },
    { "rejected", "REJECT", 9, false, true },   { "restarts", "RESTARTS", 9, false, true },
    { "samples", "SAMPLES", 12, false, false },
};

static int absolute(int width)
{
    return width < 0 ? -width : width;
}

static void draw_cell(const struct wf_canvas_part *part, int x, int y, int width,
                      enum wf_style style, const char *text)
{
    if (width < 0)
        (void)wf_canvas_text_in(part, x, y, -width, style, text);
    else
        con_text_right_in(part, x, y, width, style, text);
}

static void draw_row(const struct con_model *model, const struct wf_schema *schema, const void *row,
                     const struct column *columns, size_t count, const struct wf_canvas_part *part,
                     int y)
{
    int x = 1;

    for (size_t i = 0; i < count && x + absolute(columns[i].width) <= part->width; i++) {
        enum wf_style style = WF_STYLE_NORMAL;
        char text[160], age[CON_AGE_SIZE];
        double number;
        int64_t time;

        if (columns[i].is_age) {
            bool is_known = con_row_time(schema, row, columns[i].name, &time);

            (void)wf_copy_text(text, sizeof(text),
                               is_known ? con_age(model->now.utc_ns - time, age) : "--");
        } else {
            con_row_format(schema, row, columns[i].name, text, sizeof(text));
        }
        if (columns[i].is_bad_above_0 && con_row_number(schema, row, columns[i].name, &number))
            style = number > 0 ? WF_STYLE_WARNING : WF_STYLE_DIM;
        draw_cell(part, x, y, columns[i].width, style, text);
        x += absolute(columns[i].width) + 1;
    }
}

static void draw_headings(const struct column *columns, size_t count,
                          const struct wf_canvas_part *part, int y)
{
    int x = 1;

    for (size_t i = 0; i < count && x + absolute(columns[i].width) <= part->width; i++) {
        draw_cell(part, x, y, columns[i].width, WF_STYLE_DIM, columns[i].heading);
        x += absolute(columns[i].width) + 1;
    }
}

/* Draw the rows of a table from line `y` on (lines above 0 are scrolled away); returns the next. */
static int draw_table(const struct con_model *model, const char *name, const struct column *columns,
                      size_t count, const struct wf_canvas_part *part, int y)
{
    const struct wf_region *table = con_model_table(model, name);
    const struct wf_schema *schema;
    struct wf_stamp stamp;
    char trouble[160];
    uint8_t *row;

    draw_headings(columns, count, part, y++);
    if (table == NULL) {
        (void)wf_canvas_textf(part, 1, y++, WF_STYLE_DIM,
                              "wf.%s is not published: no receiver runs, or an older one.", name);
        return y;
    }
    schema = wf_region_schema(table);
    row = malloc(schema->payload_bytes);
    for (uint32_t i = 0; row != NULL && i < schema->row_max; i++) {
        if (wf_region_row(table, i, row, schema->payload_bytes, &stamp) < 0)
            continue;
        draw_row(model, schema, row, columns, count, part, y++);
        con_row_format(schema, row, "trouble", trouble, sizeof(trouble));
        if (trouble[0] != '\0')
            (void)wf_canvas_text_in(part, 3, y++, part->width - 4, WF_STYLE_WARNING, trouble);
    }
    free(row);
    return y;
}

/* Totals of the receiver that say whether anything was lost on the way in. */
static int draw_totals(const struct con_model *model, const struct wf_canvas_part *part, int y)
{
    static const struct {
        const char *name, *label;
        bool is_bad_above_0;
    } totals[] = {
        { "packet_rate", "packets/s", false }, { "packets", "packets", false },
        { "published", "published", false },   { "rejected", "rejected", true },
        { "kernel_dropped", "dropped", true }, { "lost", "missing", true },
    };
    int x = 1;

    for (size_t i = 0; i < WF_COUNT_OF(totals); i++) {
        enum wf_style style = WF_STYLE_NORMAL;
        double value;

        if (!con_model_number(model, "receiver", totals[i].name, &value))
            continue;
        if (totals[i].is_bad_above_0)
            style = value > 0 ? WF_STYLE_WARNING : WF_STYLE_DIM;
        x = wf_canvas_textf(part, x, y, style, "%.0f", value);
        x = wf_canvas_textf(part, x, y, WF_STYLE_DIM, " %s", totals[i].label) + 2;
    }
    return x > 1 ? y + 2 : y;
}

void con_links_draw(struct con_ui *ui, struct con_model *model, const struct wf_canvas_part *part)
{
    int y = -ui->scroll;

    y = draw_totals(model, part, y);
    y = draw_table(model, "links", link_columns, WF_COUNT_OF(link_columns), part, y) + 1;
    y = draw_table(model, "subsystems", subsystem_columns, WF_COUNT_OF(subsystem_columns), part, y);
    /* Scrolled beyond the end: come back, to where the last line is the lowest. */
    if (y < part->height && ui->scroll > 0) {
        ui->scroll -= part->height - y < ui->scroll ? part->height - y : ui->scroll;
        wf_canvas_clear(part);
        con_links_draw(ui, model, part);
    }
}
