/* SPDX-License-Identifier: MIT */
/*
 * trend - up to four parameters over time, as braille lines.
 *
 * Traces carry a number at their newest point, so that they are told apart
 * without colour. The axis and the limit lines are those of the active trace
 * (marked in the legend); traces of the same unit share its axis, the others
 * have their own, told in the legend.
 */

#include "trend.h"

#include <watchfloor/clock.h>

#include <math.h>
#include <stdlib.h>

#include "words.h"

const struct trend_window trend_windows[] = {
    { 10 * WF_NS_PER_S, "10s" },      { 30 * WF_NS_PER_S, "30s" },
    { 60 * WF_NS_PER_S, "1m" },       { 120 * WF_NS_PER_S, "2m" },
    { 300 * WF_NS_PER_S, "5m" },      { 600 * WF_NS_PER_S, "10m" },
    { 1800 * WF_NS_PER_S, "30m" },    { 3600 * WF_NS_PER_S, "1h" },
    { 4 * 3600 * WF_NS_PER_S, "4h" }, { 12 * 3600 * WF_NS_PER_S, "12h" },
    { WF_NS_PER_DAY, "1d" },          { 3 * WF_NS_PER_DAY, "3d" },
    { 7 * WF_NS_PER_DAY, "7d" },      { 14 * WF_NS_PER_DAY, "14d" },
    { 30 * WF_NS_PER_DAY, "30d" },
};
const size_t trend_window_count = WF_COUNT_OF(trend_windows);

#define WINDOW_AT_FIRST 2

bool trend_is_number(const struct wf_schema *schema, size_t parameter)
{
    const struct wf_parameter *definition = &schema->parameters[parameter];

    return definition->type != WF_TYPE_STRING && definition->type != WF_TYPE_BYTES &&
           definition->type != WF_TYPE_TIME && definition->count_max == 1;
}

/* --- life -------------------------------------------------------------------- */

static bool is_candidate(const struct wf_schema *schema, size_t parameter, bool needs_limits)
{
    return trend_is_number(schema, parameter) &&
           (!needs_limits || schema->parameters[parameter].limits.present != 0);
}

static size_t count_of_unit(const struct wf_schema *schema, const char *unit, bool needs_limits)
{
    size_t count = 0;

    for (size_t i = 0; i < schema->parameter_count; i++)
        count +=
            is_candidate(schema, i, needs_limits) && strcmp(schema->parameters[i].unit, unit) == 0;
    return count;
}

/* What is watched and can share an axis: the unit that most parameters with limits have. */
static void choose_first_traces(struct trend *trend)
{
    const struct wf_schema *schema = trend->schema;
    bool needs_limits = true;
    const char *unit = NULL;
    size_t most = 0;
    size_t used = 0;

    for (int pass = 0; pass <= 1 && unit == NULL; pass++) {
        needs_limits = pass == 0;
        for (size_t i = 0; i < schema->parameter_count; i++) {
            size_t count = is_candidate(schema, i, needs_limits)
                               ? count_of_unit(schema, schema->parameters[i].unit, needs_limits)
                               : 0;

            if (count > most) {
                most = count;
                unit = schema->parameters[i].unit;
            }
        }
    }
    for (size_t i = 0; unit != NULL && i < schema->parameter_count && used < TREND_TRACES; i++)
        if (is_candidate(schema, i, needs_limits) && strcmp(schema->parameters[i].unit, unit) == 0)
            trend->traces[used++].parameter = i;
}

static void close_trend(void *state)
{
    struct trend *trend = state;

    if (trend == NULL)
        return;
    for (size_t i = 0; i < TREND_TRACES; i++) {
        free(trend->xs[i]);
        free(trend->ys[i]);
    }
    free(trend->gaps);
    free(trend);
}

static void *open_trend(const struct wf_schema *schema)
{
    struct trend *trend = calloc(1, sizeof(*trend));
    bool is_whole = trend != NULL;

    if (trend == NULL)
        return NULL;
    trend->schema = schema;
    trend->window = WINDOW_AT_FIRST;
    trend->cursor_ns = -1;
    trend->plot_dots = 1;
    trend->gaps = calloc(TREND_POINTS_MAX, sizeof(trend->gaps[0]));
    for (size_t i = 0; i < TREND_TRACES; i++) {
        trend->traces[i].parameter = TREND_NONE;
        trend->xs[i] = calloc(TREND_POINTS_MAX, sizeof(double));
        trend->ys[i] = calloc(TREND_POINTS_MAX, sizeof(double));
        is_whole = is_whole && trend->xs[i] != NULL && trend->ys[i] != NULL;
    }
    if (!is_whole || trend->gaps == NULL) {
        close_trend(trend);
        return NULL;
    }
    choose_first_traces(trend);
    return trend;
}

/* --- legend ------------------------------------------------------------------ */

/* One sample, or what lies in the step under the cursor. */
static int draw_at_cursor(const struct wf_past_step *step, const struct wf_canvas_part *part, int x,
                          int y)
{
    x = wf_canvas_textf(part, x, y, WF_STYLE_STRONG, "at cursor %.6g", step->mean);
    if (step->count > 1)
        x = wf_canvas_textf(part, x, y, WF_STYLE_DIM, " (%.5g .. %.5g)", step->min, step->max);
    return x;
}

static void draw_trace_line(const struct trend *trend, size_t index,
                            const struct wf_canvas_part *part, int y, const struct wf_view *view)
{
    const struct trend_trace *trace = &trend->traces[index];
    const struct wf_parameter *definition = &trend->schema->parameters[trace->parameter];
    enum wf_style style = (enum wf_style)(WF_STYLE_TRACE1 + (int)index);
    bool is_active = index == trend->active;
    char text[128];
    struct wf_strbuf value = WF_STRBUF_FIXED(text);
    int x = 34;

    wf_canvas_put(part, 1, y, is_active ? 0x25b8 : ' ', WF_STYLE_STRONG);
    (void)wf_canvas_textf(part, 2, y, style, "%zu", index + 1);
    (void)wf_canvas_text_in(part, 4, y, 28, is_active ? WF_STYLE_STRONG : WF_STYLE_NORMAL,
                            definition->name);
    wf_view_text(view, trace->parameter, &value);
    words_right(part, x, y, 18, wf_view_style(view, trace->parameter), text);
    x += 20;
    if (trend->cursor_ns >= 0 && trace->at_cursor.count > 0)
        x = draw_at_cursor(&trace->at_cursor, part, x, y) + 2;
    if (isnan(trace->lo))
        (void)wf_canvas_text(part, x, y, WF_STYLE_DIM, "nothing in this window");
    else
        x = wf_canvas_textf(part, x, y, WF_STYLE_DIM, "%.5g .. %.5g", trace->lo, trace->hi) + 3;
    if (part->width > x + 24)
        (void)wf_canvas_textf(part, x, y, WF_STYLE_DIM, "axis %.5g .. %.5g", trace->axis_lo,
                              trace->axis_hi);
}

static int count_traces(const struct trend *trend)
{
    int count = 0;

    for (size_t i = 0; i < TREND_TRACES; i++)
        count += trend->traces[i].parameter != TREND_NONE;
    return count;
}

static const struct wf_past *find_past(const struct trend *trend)
{
    const struct wf_past *past = trend->traces[trend->active].past;

    return trend->traces[trend->active].parameter != TREND_NONE ? past : NULL;
}

/* How fine it is and what it is made from: nothing on the screen may look finer than it is. */
static int draw_resolution(const struct wf_past *past, const struct wf_canvas_part *part, int x)
{
    char text[32];
    struct wf_strbuf step = WF_STRBUF_FIXED(text);

    wf_strbuf_add_age(&step, past->step_ns);
    return wf_canvas_textf(part, x, 0, WF_STYLE_DIM, "step %s from %s%slive", text, past->tiers,
                           past->tiers[0] != '\0' ? "+" : "");
}

/* What the letters on the axis mean, or why there is no history. */
static int draw_notes(const struct wf_past *past, const struct wf_canvas_part *part, int x)
{
    bool is_first = true;

    if (past->is_being_read)
        return wf_canvas_text(part, x, 0, WF_STYLE_DIM, "reading history...");
    if (past->trouble[0] != '\0')
        return wf_canvas_textf(part, x, 0, WF_STYLE_WARNING, "history: %s", past->trouble);
    for (size_t i = 0; i < past->gap_count; i++) {
        bool is_new = true;

        for (size_t k = 0; k < i && is_new; k++)
            is_new = past->gaps[k].letter != past->gaps[i].letter;
        if (is_new)
            x = wf_canvas_textf(part, x, 0, WF_STYLE_WARNING, "%s%c %s", is_first ? "" : ", ",
                                past->gaps[i].letter, past->gaps[i].cause);
        is_first = false;
    }
    return x;
}

static void draw_header(const struct trend *trend, const struct wf_canvas_part *part)
{
    const struct wf_past *past = find_past(trend);
    char text[64];
    struct wf_strbuf at = WF_STRBUF_FIXED(text);
    int x =
        wf_canvas_textf(part, 1, 0, WF_STYLE_STRONG, "last %s", trend_windows[trend->window].name);

    if (past == NULL) {
        (void)wf_canvas_text(part, x + 2, 0, WF_STYLE_WARNING, "no past to be had here");
        return;
    }
    if (trend->cursor_ns >= 0) {
        wf_strbuf_add_time(&at, past->to_ns - trend->cursor_ns, 1);
        x = wf_canvas_textf(part, x + 2, 0, WF_STYLE_STRONG, "cursor %s", text);
    }
    x = draw_resolution(past, part, x + 2);
    x = draw_notes(past, part, x + 2);
    words_right(part, x + 2, 0, part->width - x - 3, WF_STYLE_DIM,
                part->width - x > 56   ? "+ - zoom  ← → cursor  ↑ ↓ axis  Space choose"
                : part->width - x > 26 ? "+ - zoom  Space choose"
                                       : "");
}

static void draw_trend(void *state, const struct wf_canvas_part *part, const struct wf_view *view)
{
    struct trend *trend = state;
    struct wf_canvas_part plot;
    int traces;
    int y;

    if (trend == NULL) {
        (void)wf_canvas_text(part, 1, 1, WF_STYLE_WARNING, "Out of memory.");
        return;
    }
    traces = count_traces(trend);
    if (trend->is_choosing || traces == 0) {
        trend->is_choosing = true;
        trend_choose_draw(trend, part, view);
        return;
    }
    plot = wf_canvas_sub(part, 0, 1, part->width, part->height - 1 - traces);
    trend_plot(trend, &plot, view);
    draw_header(trend, part);
    y = part->height - traces;
    for (size_t i = 0; i < TREND_TRACES; i++)
        if (trend->traces[i].parameter != TREND_NONE)
            draw_trace_line(trend, i, part, y++, view);
}

/* --- keys -------------------------------------------------------------------- */

static void move_active(struct trend *trend, size_t step)
{
    for (size_t i = 0; i < TREND_TRACES; i++) {
        trend->active = (trend->active + step) % TREND_TRACES;
        if (trend->traces[trend->active].parameter != TREND_NONE)
            return;
    }
}

static void move_cursor(struct trend *trend, int dots)
{
    int64_t window = trend_windows[trend->window].ns;
    int64_t step = window / (trend->plot_dots > 0 ? trend->plot_dots : 1);

    if (trend->cursor_ns < 0)
        trend->cursor_ns = window / 2;
    else
        trend->cursor_ns -= dots * step;
    if (trend->cursor_ns < 0)
        trend->cursor_ns = 0;
    if (trend->cursor_ns > window)
        trend->cursor_ns = window;
}

static int take_key(void *state, uint32_t key, const struct wf_view *view)
{
    struct trend *trend = state;

    (void)view;
    if (trend == NULL)
        return 0;
    if (trend->is_choosing) {
        /* Without a trace there is nothing to go back to but the host's own pages. */
        if (key == WF_KEY_ESCAPE && !trend->is_searching && count_traces(trend) == 0)
            return 0;
        return trend_choose_key(trend, key);
    }
    if (key == '+' && trend->window > 0) {
        trend->window--;
    } else if (key == '-' && trend->window + 1 < trend_window_count) {
        trend->window++;
    } else if (key == WF_KEY_LEFT || key == 'h') {
        move_cursor(trend, -2);
    } else if (key == WF_KEY_RIGHT || key == 'l') {
        move_cursor(trend, 2);
    } else if (key == WF_KEY_UP || key == 'k') {
        move_active(trend, TREND_TRACES - 1);
    } else if (key == WF_KEY_DOWN || key == 'j') {
        move_active(trend, 1);
    } else if (key == WF_KEY_ESCAPE && trend->cursor_ns >= 0) {
        trend->cursor_ns = -1;
    } else if (key == ' ') {
        trend->is_choosing = true;
        trend->choice = trend->traces[trend->active].parameter;
    } else {
        return key == '+' || key == '-'; /* at the end of the scale: not the host's either */
    }
    return 1;
}

static const struct wf_display_ops trend_ops = {
    .size = sizeof(trend_ops),
    .open = open_trend,
    .close = close_trend,
    .draw = draw_trend,
    .key = take_key,
};

WF_PLUGIN_EXPORT const struct wf_plugin wf_plugin = {
    WF_PLUGIN_HEADER(WF_PLUGIN_DISPLAY),
    .name = "trend",
    .version = "1.0",
    .summary = "up to four parameters over time, with limits and gaps",
    .ops.display = &trend_ops,
};
