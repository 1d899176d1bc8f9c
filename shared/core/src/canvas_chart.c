/* SPDX-License-Identifier: MIT */
/* Canvas: bars, sparklines, braille plots, and severities as people see them. */

#include <watchfloor/canvas.h>

#include <math.h>
#include <stdlib.h>

/* --- severities ----------------------------------------------------------- */

static int clamp_severity(int severity)
{
    return severity < 0 ? 0 : severity > 5 ? 5 : severity;
}

enum wf_style wf_style_of_severity(int severity)
{
    static const enum wf_style styles[6] = {
        WF_STYLE_NORMAL,   WF_STYLE_WATCH,    WF_STYLE_WARNING,
        WF_STYLE_DISTRESS, WF_STYLE_CRITICAL, WF_STYLE_SEVERE,
    };

    return styles[clamp_severity(severity)];
}

const char *wf_severity_letter(int severity)
{
    static const char *const letters[6] = { "", "w", "W", "D", "C", "S" };

    return letters[clamp_severity(severity)];
}

const char *wf_severity_glyph(int severity)
{
    static const char *const glyphs[6] = { "", " .", " !", "!!", "!!", "!!" };

    return glyphs[clamp_severity(severity)];
}

const char *wf_severity_word(int severity)
{
    static const char *const words[6] = { "ok", "WATCH", "WARN", "DISTR", "CRIT", "SEVERE" };

    return words[clamp_severity(severity)];
}

/* --- bar ------------------------------------------------------------------ */

/* Column 0 .. cells-1 of `value` between lo and hi; -1 left of it, `cells` right of it. */
static int column_of(double value, double lo, double hi, int cells)
{
    if (value < lo)
        return -1;
    if (value > hi)
        return cells;
    return (int)lround((value - lo) / (hi - lo) * (double)(cells - 1));
}

void wf_canvas_bar(const struct wf_canvas_part *part, int x, int y, int width, double value,
                   double lo, double hi, const double ticks[4], enum wf_style style)
{
    int cells = width - 2;
    int column;

    if (cells < 1)
        return;
    wf_canvas_put(part, x, y, '[', WF_STYLE_DIM);
    wf_canvas_put(part, x + width - 1, y, ']', WF_STYLE_DIM);
    wf_canvas_fill(part, x + 1, y, cells, 1, 0x2500, WF_STYLE_DIM);
    if (!isfinite(lo) || !isfinite(hi) || !(hi > lo) || !isfinite(hi - lo))
        return;
    for (int i = 0; ticks != NULL && i < 4; i++) {
        /* The outer limits (lolo, hihi) are drawn heavier than the inner ones. */
        if (isnan(ticks[i]))
            continue;
        column = column_of(ticks[i], lo, hi, cells);
        if (column >= 0 && column < cells)
            wf_canvas_put(part, x + 1 + column, y, i == 0 || i == 3 ? 0x2503 : 0x2502,
                          WF_STYLE_DIM);
    }
    if (isnan(value))
        return;
    column = column_of(value, lo, hi, cells);
    if (column < 0)
        wf_canvas_put(part, x + 1, y, 0x25c0, style);
    else if (column >= cells)
        wf_canvas_put(part, x + cells, y, 0x25b6, style);
    else
        wf_canvas_put(part, x + 1 + column, y, 0x25cf, style);
}

/* --- sparkline ------------------------------------------------------------ */

void wf_canvas_spark(const struct wf_canvas_part *part, int x, int y, int width,
                     const double *values, size_t count, enum wf_style style)
{
    double lo = INFINITY;
    double hi = -INFINITY;
    size_t shown;

    if (width < 1 || count == 0)
        return;
    shown = count < (size_t)width ? count : (size_t)width;
    values += count - shown;
    for (size_t i = 0; i < shown; i++) {
        if (isfinite(values[i])) {
            lo = fmin(lo, values[i]);
            hi = fmax(hi, values[i]);
        }
    }
    for (size_t i = 0; i < shown; i++) {
        uint32_t rune = 0x2500; /* a constant is a calm line */

        if (!isfinite(values[i]))
            continue;
        /* Halves keep the span finite even between -DBL_MAX and DBL_MAX. */
        if (hi > lo)
            rune = 0x2581u + (uint32_t)lround((values[i] / 2 - lo / 2) / (hi / 2 - lo / 2) * 7);
        wf_canvas_put(part, x + width - (int)(shown - i), y, rune, style);
    }
}

/* --- braille plot --------------------------------------------------------- */

/* Two by four dots a cell; (0, 0) is the upper left dot of the part. */
static void set_dot(const struct wf_canvas_part *part, int dot_x, int dot_y, enum wf_style style)
{
    static const uint8_t bits[4][2] = {
        { 0x01, 0x08 },
        { 0x02, 0x10 },
        { 0x04, 0x20 },
        { 0x40, 0x80 },
    };
    uint32_t under;
    uint32_t dots = 0;

    if (dot_x < 0 || dot_y < 0)
        return;
    under = wf_canvas_rune(part, dot_x / 2, dot_y / 4);
    if (under >= 0x2800 && under <= 0x28ff)
        dots = under - 0x2800;
    wf_canvas_put(part, dot_x / 2, dot_y / 4, 0x2800 + (dots | bits[dot_y % 4][dot_x % 2]), style);
}

/*
 * Cut the piece of the line (x0,y0)-(x1,y1) inside [0,w] x [0,h] (Liang and
 * Barsky); false when nothing of it is inside. So that a wild value costs no
 * more dots than the plot has.
 */
static bool clip_line(double *x0, double *y0, double *x1, double *y1, double w, double h)
{
    double dx = *x1 - *x0;
    double dy = *y1 - *y0;
    const double direction[4] = { -dx, dx, -dy, dy };
    const double distance[4] = { *x0, w - *x0, *y0, h - *y0 };
    double enter = 0;
    double leave = 1;

    for (int i = 0; i < 4; i++) {
        if (direction[i] == 0) {
            if (distance[i] < 0)
                return false;
        } else if (direction[i] < 0) {
            enter = fmax(enter, distance[i] / direction[i]);
        } else {
            leave = fmin(leave, distance[i] / direction[i]);
        }
    }
    if (!(enter <= leave))
        return false;
    *x1 = *x0 + leave * dx;
    *y1 = *y0 + leave * dy;
    *x0 += enter * dx;
    *y0 += enter * dy;
    return true;
}

static void draw_line(const struct wf_canvas_part *part, double x0, double y0, double x1, double y1,
                      enum wf_style style)
{
    double w = part->width * 2.0 - 1;
    double h = part->height * 4.0 - 1;
    int steps;

    if (!clip_line(&x0, &y0, &x1, &y1, w, h))
        return;
    steps = (int)ceil(fmax(fabs(x1 - x0), fabs(y1 - y0)));
    for (int i = 0; i <= steps; i++) {
        double t = steps > 0 ? (double)i / steps : 0;

        set_dot(part, (int)lround(x0 + t * (x1 - x0)), (int)lround(y0 + t * (y1 - y0)), style);
    }
}

void wf_canvas_plot(const struct wf_canvas_part *part, const double *xs, const double *ys,
                    size_t count, double x_lo, double x_hi, double y_lo, double y_hi,
                    enum wf_style style)
{
    double w = part->width * 2.0 - 1;
    double h = part->height * 4.0 - 1;
    double last_x = NAN;
    double last_y = NAN;

    if (part->width < 1 || part->height < 1 || !(x_hi > x_lo) || !(y_hi > y_lo) ||
        !isfinite(x_hi - x_lo) || !isfinite(y_hi - y_lo))
        return;
    for (size_t i = 0; i < count; i++) {
        double x = (xs[i] - x_lo) / (x_hi - x_lo) * w;
        double y = (y_hi - ys[i]) / (y_hi - y_lo) * h;

        if (!isfinite(x) || !isfinite(y)) {
            last_x = NAN;
            continue;
        }
        /* A point after a hole is drawn alone, so that it shows even without a neighbour. */
        if (isnan(last_x))
            draw_line(part, x, y, x, y, style);
        else
            draw_line(part, last_x, last_y, x, y, style);
        last_x = x;
        last_y = y;
    }
}
