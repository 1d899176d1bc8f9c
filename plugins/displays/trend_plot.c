/* SPDX-License-Identifier: MIT */
/* trend: axes, limit lines, traces, gaps and cursor on the canvas. */

#include "trend.h"

#include <watchfloor/clock.h>

#include <math.h>
#include <string.h>

#include "words.h"

#define LABEL_WIDTH 9

static int row_of(const struct trend_trace *trace, double value, int rows)
{
    double part = (trace->axis_hi - value) / (trace->axis_hi - trace->axis_lo);

    return (int)(part * (rows * 4 - 1)) / 4;
}

static void draw_axis(const struct trend *trend, const struct wf_canvas_part *part, int rows)
{
    const struct trend_trace *trace = &trend->traces[trend->active];
    int lines = (int)lround((trace->axis_hi - trace->axis_lo) / trace->axis_step);
    int skip = lines > 0 && rows < 2 * lines ? 2 : 1;

    wf_canvas_vline(part, LABEL_WIDTH, 0, rows);
    for (int i = 0; i <= lines; i += skip) {
        double value = trace->axis_lo + trace->axis_step * i;
        int y = row_of(trace, value, rows);
        char text[32];
        struct wf_strbuf label = WF_STRBUF_FIXED(text);

        wf_strbuf_addf(&label, "%.5g", fabs(value) < trace->axis_step / 1e6 ? 0.0 : value);
        words_right(part, 0, y, LABEL_WIDTH - 1, WF_STYLE_DIM, text);
        wf_canvas_put(part, LABEL_WIDTH, y, 0x2524, WF_STYLE_DIM);
    }
}

/* Dashed, with its name at the left: the line itself must not look like a trace. */
static void draw_limits(const struct trend *trend, const struct wf_canvas_part *plot)
{
    static const char *const names[WF_LIMIT_COUNT] = { "lolo", "lo", "hi", "hihi" };
    const struct trend_trace *trace = &trend->traces[trend->active];
    const struct wf_limits *limits = &trend->schema->parameters[trace->parameter].limits;

    for (int i = 0; i < WF_LIMIT_COUNT; i++) {
        double value = limits->value[i];
        enum wf_style style = wf_style_of_severity(limits->severity[i]);
        int y;

        if ((limits->present & (1u << i)) == 0 || value < trace->axis_lo || value > trace->axis_hi)
            continue;
        y = row_of(trace, value, plot->height);
        wf_canvas_fill(plot, 0, y, plot->width, 1, 0x2508, style);
        (void)wf_canvas_textf(plot, 1, y, style, " %s %.6g ", names[i], value);
    }
}

static void draw_traces(const struct trend *trend, const struct wf_canvas_part *plot)
{
    double window = trend->window_s;

    for (size_t i = 0; i < TREND_TRACES; i++) {
        const struct trend_trace *trace = &trend->traces[i];
        enum wf_style style = (enum wf_style)(WF_STYLE_TRACE1 + (int)i);

        if (trace->parameter == TREND_NONE || trace->point_count == 0)
            continue;
        wf_canvas_plot(plot, trend->xs[i], trend->ys[i], trace->point_count, -window, 0,
                       trace->axis_lo, trace->axis_hi, style);
    }
    /* Numbers last, so that no line hides one. */
    for (size_t i = 0; i < TREND_TRACES; i++) {
        const struct trend_trace *trace = &trend->traces[i];
        double last;
        int x;

        if (trace->parameter == TREND_NONE || trace->point_count == 0)
            continue;
        last = trace->last;
        x = (int)((trend->xs[i][trace->point_count - 1] + window) / window * (plot->width - 1)) + 1;
        if (!isnan(last))
            wf_canvas_put(plot, x < plot->width ? x : plot->width - 1,
                          row_of(trace, last, plot->height), '1' + (uint32_t)i,
                          (enum wf_style)(WF_STYLE_TRACE1 + (int)i));
    }
}

static void draw_cursor(const struct trend *trend, const struct wf_canvas_part *plot)
{
    double window = (double)trend_windows[trend->window].ns;
    int x;

    if (trend->cursor_ns < 0)
        return;
    x = (int)((window - (double)trend->cursor_ns) / window * (plot->width - 1));
    for (int y = 0; y < plot->height; y++)
        if (wf_canvas_rune(plot, x, y) == ' ')
            wf_canvas_put(plot, x, y, 0x2502, WF_STYLE_STRONG);
}

/* "18:06:52"; over days "11-20 18:06". */
static void format_clock(int64_t utc_ns, int64_t window_ns, char *out, size_t size)
{
    struct wf_civil civil;
    struct wf_strbuf text;

    wf_civil_from_utc(utc_ns, &civil);
    wf_strbuf_init_fixed(&text, out, size);
    if (window_ns >= WF_NS_PER_DAY)
        wf_strbuf_addf(&text, "%02d-%02d %02d:%02d", civil.month, civil.day, civil.hour,
                       civil.minute);
    else
        wf_strbuf_addf(&text, "%02d:%02d:%02d", civil.hour, civil.minute, civil.second);
}

static void draw_times(const struct trend *trend, const struct wf_canvas_part *part, int y,
                       int64_t now_ns)
{
    int64_t window = trend_windows[trend->window].ns;
    int x0 = LABEL_WIDTH + 1;
    int width = part->width - x0 - 1;
    char text[32];

    wf_canvas_put(part, LABEL_WIDTH, y, 0x2514, WF_STYLE_DIM);
    wf_canvas_hline(part, x0, y, width);
    for (int x = 0; x < width; x++)
        if (trend->gaps[x])
            wf_canvas_put(part, x0 + x, y, (uint32_t)trend->gaps[x], WF_STYLE_WARNING);
    (void)wf_canvas_text(part, 1, y, WF_STYLE_DIM, "x = gap");
    format_clock(now_ns - window, window, text, sizeof(text));
    (void)wf_canvas_text(part, x0, y + 1, WF_STYLE_DIM, text);
    format_clock(now_ns - window / 2, window, text, sizeof(text));
    (void)wf_canvas_text(part, x0 + width / 2 - 4, y + 1, WF_STYLE_DIM, text);
    format_clock(now_ns, window, text, sizeof(text));
    words_right(part, x0, y + 1, width, WF_STYLE_DIM, text);
}

void trend_plot(struct trend *trend, const struct wf_canvas_part *part, const struct wf_view *view)
{
    int rows = part->height - 2;
    int width = part->width - LABEL_WIDTH - 2;
    const struct wf_past *past;
    struct wf_canvas_part plot;

    if (rows < 3 || width < 10)
        return;
    if (width > TREND_POINTS_MAX / 4)
        width = TREND_POINTS_MAX / 4;
    plot = wf_canvas_sub(part, LABEL_WIDTH + 1, 0, width, rows);
    trend->plot_dots = 2 * width;
    trend->window_s = (double)trend_windows[trend->window].ns / 1e9;
    memset(trend->gaps, 0, TREND_POINTS_MAX * sizeof(trend->gaps[0]));
    if (trend->traces[trend->active].parameter == TREND_NONE)
        trend->active = 0;
    for (size_t i = 0; i < TREND_TRACES; i++) {
        if (trend->traces[trend->active].parameter == TREND_NONE)
            trend->active = i;
        if (trend->traces[i].parameter != TREND_NONE)
            trend_read(trend, i, view, width);
    }
    trend_scale(trend);
    draw_axis(trend, part, rows);
    draw_limits(trend, &plot);
    draw_traces(trend, &plot);
    draw_cursor(trend, &plot);
    past = trend->traces[trend->active].past;
    draw_times(trend, part, rows, past != NULL ? past->to_ns : view->now_utc_ns);
}
