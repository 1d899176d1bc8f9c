/* SPDX-License-Identifier: MIT */
#ifndef WF_CANVAS_H
#define WF_CANVAS_H

/*
 * Canvas - what a display draws on: a rectangle of cells, each one character
 * with a style. Never escape sequences: control characters become '?'.
 *
 * The host makes the canvas, hands a display the part it may use, and turns
 * the cells into terminal output or plain text. Everything outside is clipped.
 * Threads: one at a time. Only create allocates.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/strbuf.h>

/* Colour by meaning: grey when normal, colour only for the abnormal (ISA-101). */
enum wf_style {
    WF_STYLE_NORMAL,
    WF_STYLE_DIM,      /* stale, never seen, pending, decoration */
    WF_STYLE_STRONG,   /* headings, the selected thing's name */
    WF_STYLE_SELECTED, /* reverse */
    WF_STYLE_WATCH,
    WF_STYLE_WARNING,
    WF_STYLE_DISTRESS,
    WF_STYLE_CRITICAL,
    WF_STYLE_SEVERE,
    WF_STYLE_GOOD, /* "running", "link up": used sparingly */
    WF_STYLE_TRACE1,
    WF_STYLE_TRACE2,
    WF_STYLE_TRACE3,
    WF_STYLE_TRACE4,
    WF_STYLE_COUNT,
};

struct wf_cell {
    uint32_t rune; /* Unicode code point of width 1 */
    uint8_t style; /* enum wf_style */
};

struct wf_canvas;

int wf_canvas_create(int width, int height, struct wf_canvas **out_canvas, struct wf_err *err);
void wf_canvas_destroy(struct wf_canvas **canvas);
/* A part of `parent` with its own origin, on the caller's stack or heap; shares the cells. */
struct wf_canvas_part {
    struct wf_canvas *canvas;
    int x, y, width, height;
};

/* Everything below draws into a part; (0, 0) is its upper left corner. */
struct wf_canvas_part wf_canvas_whole(struct wf_canvas *canvas);
struct wf_canvas_part wf_canvas_sub(const struct wf_canvas_part *part, int x, int y, int width,
                                    int height);

void wf_canvas_clear(const struct wf_canvas_part *part);
void wf_canvas_put(const struct wf_canvas_part *part, int x, int y, uint32_t rune,
                   enum wf_style style);
/* UTF-8; returns the column behind the last cell written. Wide characters become '?'. */
int wf_canvas_text(const struct wf_canvas_part *part, int x, int y, enum wf_style style,
                   const char *utf8);
int wf_canvas_textf(const struct wf_canvas_part *part, int x, int y, enum wf_style style,
                    const char *format, ...) WF_PRINTF(5, 6);
/* The same in `width` columns at most, cut on the right with '~' when too long. */
int wf_canvas_text_in(const struct wf_canvas_part *part, int x, int y, int width,
                      enum wf_style style, const char *utf8);
/* The same, ending at column `x_end` (not included), cut on the left with '~' when too long. */
void wf_canvas_text_right(const struct wf_canvas_part *part, int x_end, int y, enum wf_style style,
                          const char *utf8);
/* Columns that wf_canvas_text would use. */
size_t wf_text_columns(const char *utf8);
void wf_canvas_fill(const struct wf_canvas_part *part, int x, int y, int width, int height,
                    uint32_t rune, enum wf_style style);
void wf_canvas_hline(const struct wf_canvas_part *part, int x, int y, int width);
void wf_canvas_vline(const struct wf_canvas_part *part, int x, int y, int height);
void wf_canvas_box(const struct wf_canvas_part *part, int x, int y, int width, int height,
                   const char *title);

/* "[--|---o----|--]": `value` between lo and hi with ticks at lolo, lo, hi, hihi (NAN = none). */
void wf_canvas_bar(const struct wf_canvas_part *part, int x, int y, int width, double value,
                   double lo, double hi, const double ticks[4], enum wf_style style);
/* Newest at the right; NAN is a hole. One cell a value, block characters. */
void wf_canvas_spark(const struct wf_canvas_part *part, int x, int y, int width,
                     const double *values, size_t count, enum wf_style style);
/* A braille plot of y over x in [x_lo, x_hi] and [y_lo, y_hi]; NAN breaks the line. */
void wf_canvas_plot(const struct wf_canvas_part *part, const double *xs, const double *ys,
                    size_t count, double x_lo, double x_hi, double y_lo, double y_hi,
                    enum wf_style style);

/* Severity 0..5 as style, and what stands beside the colour so that it is never alone. */
enum wf_style wf_style_of_severity(int severity);
const char *wf_severity_letter(int severity); /* "", "w", "W", "D", "C", "S" */
const char *wf_severity_glyph(int severity);  /* "", " .", " !", "!!", "!!", "!!" */
const char *wf_severity_word(int severity);   /* "ok", "WATCH", "WARN", "DISTR", "CRIT", "SEVERE" */

/* The character at a place (0 outside), for drawing on top of what is there. */
uint32_t wf_canvas_rune(const struct wf_canvas_part *part, int x, int y);

/* For hosts. */
int wf_canvas_width(const struct wf_canvas *canvas);
int wf_canvas_height(const struct wf_canvas *canvas);
const struct wf_cell *wf_canvas_cells(const struct wf_canvas *canvas); /* row by row */
/* What stands for `rune` where only ASCII can be shown: lines, bars and arrows stay readable. */
uint32_t wf_rune_ascii(uint32_t rune);
/* Plain text: UTF-8 lines without blanks at their ends. `ascii` replaces everything above 126. */
void wf_canvas_to_text(const struct wf_canvas *canvas, bool ascii, struct wf_strbuf *out);

#endif /* WF_CANVAS_H */
