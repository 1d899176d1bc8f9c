/* SPDX-License-Identifier: MIT */
/* Canvas: cells, parts, text and lines. See <watchfloor/canvas.h>; charts are in canvas_chart.c. */

#include <watchfloor/canvas.h>

#include "glyph.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Nobody has a larger terminal; keeps width * height far from overflowing. */
#define SIDE_MAX 2000

/* A line of wf_canvas_textf; longer than any screen is wide. */
#define LINE_SIZE 1024

struct wf_canvas {
    int width, height;
    struct wf_cell cells[]; /* row by row */
};

int wf_canvas_create(int width, int height, struct wf_canvas **out_canvas, struct wf_err *err)
{
    struct wf_canvas *canvas;
    struct wf_canvas_part whole;
    size_t count;

    if (width < 1 || height < 1 || width > SIDE_MAX || height > SIDE_MAX)
        return wf_fail(err, WF_ERR_INVALID, "a canvas of %d x %d: each side is 1 .. %d", width,
                       height, SIDE_MAX);
    count = (size_t)width * (size_t)height;
    canvas = malloc(sizeof(*canvas) + count * sizeof(canvas->cells[0]));
    if (canvas == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "a canvas of %d x %d: out of memory", width, height);
    canvas->width = width;
    canvas->height = height;
    whole = wf_canvas_whole(canvas);
    wf_canvas_clear(&whole);
    *out_canvas = canvas;
    return WF_OK;
}

void wf_canvas_destroy(struct wf_canvas **canvas)
{
    free(*canvas);
    *canvas = NULL;
}

struct wf_canvas_part wf_canvas_whole(struct wf_canvas *canvas)
{
    return (struct wf_canvas_part){
        .canvas = canvas,
        .width = canvas->width,
        .height = canvas->height,
    };
}

/* Cut [at, at + length) down to what is inside [0, room). 64 bits: nothing can overflow. */
static void clip_span(int room, int *at, int *length)
{
    int64_t end = (int64_t)*at + *length;
    int64_t begin = *at > 0 ? *at : 0;

    if (end > room)
        end = room;
    *at = (int)(begin < room ? begin : (room > 0 ? room : 0));
    *length = end > begin ? (int)(end - begin) : 0;
}

struct wf_canvas_part wf_canvas_sub(const struct wf_canvas_part *part, int x, int y, int width,
                                    int height)
{
    clip_span(part->width, &x, &width);
    clip_span(part->height, &y, &height);
    return (struct wf_canvas_part){
        .canvas = part->canvas,
        .x = part->x + x,
        .y = part->y + y,
        .width = width,
        .height = height,
    };
}

/*
 * The one place that turns coordinates into memory. A part is an open struct
 * that a plugin may have spoilt, so the canvas' own bounds are checked too.
 */
static struct wf_cell *find_cell(const struct wf_canvas_part *part, int x, int y)
{
    struct wf_canvas *canvas = part->canvas;

    if (x < 0 || y < 0 || x >= part->width || y >= part->height)
        return NULL;
    if (part->x < 0 || part->y < 0 || part->x >= canvas->width || part->y >= canvas->height)
        return NULL;
    if (x >= canvas->width - part->x || y >= canvas->height - part->y)
        return NULL;
    return &canvas->cells[(size_t)(part->y + y) * (size_t)canvas->width + (size_t)(part->x + x)];
}

static void set_cell(const struct wf_canvas_part *part, int x, int y, uint32_t clean_rune,
                     enum wf_style style)
{
    struct wf_cell *cell = find_cell(part, x, y);

    if (cell == NULL)
        return;
    cell->rune = clean_rune;
    cell->style = (unsigned)style < WF_STYLE_COUNT ? (uint8_t)style : (uint8_t)WF_STYLE_NORMAL;
}

uint32_t wf_canvas_rune(const struct wf_canvas_part *part, int x, int y)
{
    const struct wf_cell *cell = find_cell(part, x, y);

    return cell != NULL ? cell->rune : 0;
}

void wf_canvas_put(const struct wf_canvas_part *part, int x, int y, uint32_t rune,
                   enum wf_style style)
{
    rune = wfi_glyph_clean(rune);
    set_cell(part, x, y, rune != 0 ? rune : '?', style);
}

void wf_canvas_fill(const struct wf_canvas_part *part, int x, int y, int width, int height,
                    uint32_t rune, enum wf_style style)
{
    rune = wfi_glyph_clean(rune);
    if (rune == 0)
        rune = '?';
    clip_span(part->width < SIDE_MAX ? part->width : SIDE_MAX, &x, &width);
    clip_span(part->height < SIDE_MAX ? part->height : SIDE_MAX, &y, &height);
    for (int row = y; row < y + height; row++)
        for (int column = x; column < x + width; column++)
            set_cell(part, column, row, rune, style);
}

void wf_canvas_clear(const struct wf_canvas_part *part)
{
    wf_canvas_fill(part, 0, 0, part->width, part->height, ' ', WF_STYLE_NORMAL);
}

int wf_canvas_text(const struct wf_canvas_part *part, int x, int y, enum wf_style style,
                   const char *utf8)
{
    uint32_t rune;

    while (x < part->width && (rune = wfi_utf8_next(&utf8)) != 0) {
        rune = wfi_glyph_clean(rune);
        if (rune == 0)
            continue;
        set_cell(part, x, y, rune, style);
        x++;
    }
    return x;
}

int wf_canvas_textf(const struct wf_canvas_part *part, int x, int y, enum wf_style style,
                    const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    return wf_canvas_text(part, x, y, style, line);
}

int wf_canvas_text_in(const struct wf_canvas_part *part, int x, int y, int width,
                      enum wf_style style, const char *utf8)
{
    int end = x > part->width - width ? part->width : x + width;
    uint32_t rune;

    while (x < end && (rune = wfi_utf8_next(&utf8)) != 0) {
        rune = wfi_glyph_clean(rune);
        if (rune == 0)
            continue;
        /* The last column shows that there is more, unless this was all. */
        if (x == end - 1 && *utf8 != '\0')
            rune = '~';
        set_cell(part, x, y, rune, style);
        x++;
    }
    return x;
}

void wf_canvas_text_right(const struct wf_canvas_part *part, int x_end, int y, enum wf_style style,
                          const char *utf8)
{
    size_t columns = wf_text_columns(utf8);
    size_t room = x_end > 0 ? (size_t)x_end : 0;
    bool is_cut = columns > room;
    size_t skip = is_cut ? columns - room + 1 : 0;
    int x = x_end - (int)(columns - skip);
    uint32_t rune;

    if (room == 0)
        return;
    if (is_cut)
        set_cell(part, 0, y, '~', style);
    while ((rune = wfi_utf8_next(&utf8)) != 0) {
        rune = wfi_glyph_clean(rune);
        if (rune == 0)
            continue;
        if (skip > 0) {
            skip--;
            continue;
        }
        set_cell(part, x, y, rune, style);
        x++;
    }
}

void wf_canvas_hline(const struct wf_canvas_part *part, int x, int y, int width)
{
    wf_canvas_fill(part, x, y, width, 1, 0x2500, WF_STYLE_DIM);
}

void wf_canvas_vline(const struct wf_canvas_part *part, int x, int y, int height)
{
    wf_canvas_fill(part, x, y, 1, height, 0x2502, WF_STYLE_DIM);
}

void wf_canvas_box(const struct wf_canvas_part *part, int x, int y, int width, int height,
                   const char *title)
{
    if (width < 2 || height < 2)
        return;
    wf_canvas_hline(part, x + 1, y, width - 2);
    wf_canvas_hline(part, x + 1, y + height - 1, width - 2);
    wf_canvas_vline(part, x, y + 1, height - 2);
    wf_canvas_vline(part, x + width - 1, y + 1, height - 2);
    set_cell(part, x, y, 0x250c, WF_STYLE_DIM);
    set_cell(part, x + width - 1, y, 0x2510, WF_STYLE_DIM);
    set_cell(part, x, y + height - 1, 0x2514, WF_STYLE_DIM);
    set_cell(part, x + width - 1, y + height - 1, 0x2518, WF_STYLE_DIM);
    if (title != NULL && title[0] != '\0' && width > 4) {
        int end;

        set_cell(part, x + 1, y, ' ', WF_STYLE_DIM);
        end = wf_canvas_text_in(part, x + 2, y, width - 4, WF_STYLE_STRONG, title);
        set_cell(part, end, y, ' ', WF_STYLE_DIM);
    }
}

int wf_canvas_width(const struct wf_canvas *canvas)
{
    return canvas->width;
}

int wf_canvas_height(const struct wf_canvas *canvas)
{
    return canvas->height;
}

const struct wf_cell *wf_canvas_cells(const struct wf_canvas *canvas)
{
    return canvas->cells;
}

void wf_canvas_to_text(const struct wf_canvas *canvas, bool ascii, struct wf_strbuf *out)
{
    for (int y = 0; y < canvas->height; y++) {
        const struct wf_cell *row = &canvas->cells[(size_t)y * (size_t)canvas->width];
        int end = canvas->width;

        while (end > 0 && row[end - 1].rune == ' ')
            end--;
        for (int x = 0; x < end; x++) {
            char bytes[4];
            size_t len = wfi_utf8_put(ascii ? wf_rune_ascii(row[x].rune) : row[x].rune, bytes);

            wf_strbuf_add_bytes(out, bytes, len);
        }
        wf_strbuf_add_char(out, '\n');
    }
}
