/* SPDX-License-Identifier: MIT */
/*
 * trend: from steps to points. A step of several samples becomes a band from its lowest to its
 * highest value in every dot column it covers: no spike is lost, whatever the zoom.
 */

#include "trend.h"

#include <watchfloor/clock.h>

#include <math.h>

/* Nothing for longer than this many periods is a gap, unless it is shorter than a blink. */
#define GAP_PERIODS 3
#define GAP_MIN_NS  (WF_NS_PER_S / 2)

static void add_point(struct trend *trend, size_t index, double x, double y)
{
    struct trend_trace *trace = &trend->traces[index];

    if (trace->point_count < TREND_POINTS_MAX) {
        trend->xs[index][trace->point_count] = x;
        trend->ys[index][trace->point_count] = y;
        trace->point_count++;
    }
}

/* Mark the columns between two moments (seconds before now) as a gap. A known cause stays. */
static void mark_gap(struct trend *trend, double from, double to, char letter, int columns)
{
    double window = trend->window_s;
    int first = (int)floor((from + window) / window * columns);
    int last = (int)floor((to + window) / window * columns);

    for (int i = first < 0 ? 0 : first; i <= last && i < columns; i++)
        if (trend->gaps[i] == 0 || letter != 'x')
            trend->gaps[i] = letter;
}

static int64_t gap_after(const struct wf_schema *schema)
{
    int64_t most = schema->period_ns < WF_NS_PER_DAY ? schema->period_ns : WF_NS_PER_DAY;

    if (most == 0)
        return INT64_MAX; /* irregular: silence means nothing */
    return most * GAP_PERIODS > GAP_MIN_NS ? most * GAP_PERIODS : GAP_MIN_NS;
}

/* Seconds before now. */
static double seconds_at(const struct wf_past *past, int64_t time_ns)
{
    return (double)(time_ns - past->to_ns) / 1e9;
}

/* A gap whose cause is known, between two steps or within one, breaks the line between them. */
static bool has_gap(const struct wf_past *past, int64_t from_ns, int64_t to_ns)
{
    for (size_t i = 0; i < past->gap_count; i++)
        if (past->gaps[i].from_ns < to_ns && past->gaps[i].to_ns > from_ns &&
            past->gaps[i].to_ns - past->gaps[i].from_ns > past->step_ns)
            return true;
    return false;
}

/* One step, in the dot columns that it covers. */
static void draw_step(struct trend *trend, size_t index, const struct wf_past *past,
                      const struct wf_past_step *step, double dot)
{
    double from = seconds_at(past, step->from_ns);
    double length = (double)past->step_ns / 1e9;
    bool is_down = false;

    if (step->count == 1 || step->min >= step->max) {
        add_point(trend, index, from + length / 2, step->mean);
        return;
    }
    for (double x = from + (length < dot ? length : dot) / 2; x < from + length; x += dot) {
        add_point(trend, index, x, is_down ? step->max : step->min);
        add_point(trend, index, x, is_down ? step->min : step->max);
        is_down = !is_down;
    }
}

static void take_cursor(struct trend *trend, struct trend_trace *trace, const struct wf_past *past)
{
    int64_t at_ns = past->to_ns - trend->cursor_ns;

    trace->at_cursor = (struct wf_past_step){ .count = 0 };
    for (size_t i = 0; trend->cursor_ns >= 0 && i < past->step_count; i++)
        if (past->steps[i].from_ns <= at_ns &&
            (past->steps[i].from_ns + past->step_ns > at_ns ||
             at_ns - past->steps[i].from_ns < gap_after(trend->schema)))
            trace->at_cursor = past->steps[i];
}

static void read_steps(struct trend *trend, size_t index, const struct wf_past *past, int columns)
{
    struct trend_trace *trace = &trend->traces[index];
    int64_t gap_ns = gap_after(trend->schema);
    const struct wf_past_step *last = NULL;

    for (size_t i = 0; i < past->step_count; i++) {
        const struct wf_past_step *step = &past->steps[i];
        int64_t apart_ns = last != NULL ? step->from_ns - last->from_ns - past->step_ns : 0;
        bool is_silent = last != NULL && apart_ns > 0 && gap_ns < apart_ns;

        if (step->count == 0)
            continue;
        if (is_silent)
            mark_gap(trend, seconds_at(past, last->from_ns + past->step_ns),
                     seconds_at(past, step->from_ns), 'x', columns);
        if (last != NULL && (is_silent || has_gap(past, last->from_ns + past->step_ns / 2,
                                                  step->from_ns + past->step_ns / 2)))
            add_point(trend, index, seconds_at(past, step->from_ns), NAN);
        draw_step(trend, index, past, step, trend->window_s / (2 * columns));
        trace->lo = isnan(trace->lo) ? step->min : fmin(trace->lo, step->min);
        trace->hi = isnan(trace->hi) ? step->max : fmax(trace->hi, step->max);
        trace->last = step->last;
        last = step;
    }
    if (last != NULL && past->to_ns - last->from_ns - past->step_ns > gap_ns)
        mark_gap(trend, seconds_at(past, last->from_ns + past->step_ns), 0, 'x', columns);
}

void trend_read(struct trend *trend, size_t index, const struct wf_view *view, int columns)
{
    struct trend_trace *trace = &trend->traces[index];
    const struct wf_past *past = wf_view_past(
        view, trace->parameter, trend_windows[trend->window].ns, (size_t)trend->plot_dots);

    trace->point_count = 0;
    trace->lo = trace->hi = trace->last = NAN;
    trace->past = past;
    if (past == NULL)
        return;
    trend->window_s = (double)(past->to_ns - past->from_ns) / 1e9;
    read_steps(trend, index, past, columns);
    for (size_t i = 0; i < past->gap_count; i++)
        mark_gap(trend, seconds_at(past, past->gaps[i].from_ns),
                 seconds_at(past, past->gaps[i].to_ns), past->gaps[i].letter, columns);
    take_cursor(trend, trace, past);
}

/* --- axes -------------------------------------------------------------------- */

/* 1, 2 or 5 times a power of ten, so that labels are short and the axis seldom moves. */
static double nice_step(double span)
{
    double power = pow(10, floor(log10(span / 4)));
    double rest = span / 4 / power;

    return power * (rest > 5 ? 10 : rest > 2 ? 5 : rest > 1 ? 2 : 1);
}

/* Limits near the values belong in the picture; far ones would flatten it. */
static void include_limits(const struct wf_limits *limits, double *lo, double *hi)
{
    double span = *hi > *lo ? *hi - *lo : fmax(fabs(*hi) * 0.05, 1e-9);
    double near_lo = *lo - span;
    double near_hi = *hi + span;

    for (int i = 0; i < WF_LIMIT_COUNT; i++) {
        double value = limits->value[i];

        if ((limits->present & (1u << i)) == 0)
            continue;
        if (value >= near_lo && value < *lo)
            *lo = value;
        if (value <= near_hi && value > *hi)
            *hi = value;
    }
}

static void set_axis(struct trend_trace *trace, double lo, double hi)
{
    double step;

    if (!(hi > lo)) { /* a constant, or nothing: some air around it */
        double air = fmax(fabs(hi) * 0.05, 0.5);

        lo -= air;
        hi += air;
    }
    step = nice_step(hi - lo);
    trace->axis_lo = floor(lo / step) * step;
    trace->axis_hi = ceil(hi / step) * step;
    if (!isfinite(trace->axis_lo) || !isfinite(trace->axis_hi) ||
        !(trace->axis_hi > trace->axis_lo)) {
        trace->axis_lo = lo;
        trace->axis_hi = hi;
        step = (hi - lo) / 4;
    }
    trace->axis_step = step;
}

static const char *unit_of(const struct trend *trend, size_t index)
{
    return trend->schema->parameters[trend->traces[index].parameter].unit;
}

static bool is_same_unit(const struct trend *trend, size_t a, size_t b)
{
    const char *left = unit_of(trend, a);
    const char *right = unit_of(trend, b);

    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return a == b || (*left == *right && *left == '\0' && unit_of(trend, a)[0] != '\0');
}

void trend_scale(struct trend *trend)
{
    for (size_t i = 0; i < TREND_TRACES; i++) {
        struct trend_trace *trace = &trend->traces[i];
        double lo = INFINITY;
        double hi = -INFINITY;

        if (trace->parameter == TREND_NONE)
            continue;
        for (size_t k = 0; k < TREND_TRACES; k++) {
            const struct trend_trace *other = &trend->traces[k];

            if (other->parameter == TREND_NONE || isnan(other->lo) || !is_same_unit(trend, i, k))
                continue;
            lo = fmin(lo, other->lo);
            hi = fmax(hi, other->hi);
            include_limits(&trend->schema->parameters[other->parameter].limits, &lo, &hi);
        }
        if (lo > hi)
            lo = hi = 0;
        set_axis(trace, lo, hi);
    }
}
