/* SPDX-License-Identifier: MIT */
/*
 * trend: from samples to points. A window may hold thousands of samples and the
 * plot has a few hundred dot columns, so samples of one dot column become its
 * lowest and highest value: no spike is lost, whatever the zoom.
 */

#include "trend.h"

#include <watchfloor/clock.h>

#include <math.h>

/* Nothing for longer than this many periods is a gap, unless it is shorter than a blink. */
#define GAP_PERIODS 3
#define GAP_MIN_NS  (WF_NS_PER_S / 2)

struct bin {
    int column; /* dot column; -1 = empty */
    double x, lo, hi, first, last;
};

static void add_point(struct trend *trend, size_t index, double x, double y)
{
    struct trend_trace *trace = &trend->traces[index];

    if (trace->point_count < TREND_POINTS_MAX) {
        trend->xs[index][trace->point_count] = x;
        trend->ys[index][trace->point_count] = y;
        trace->point_count++;
    }
}

/* In the order that keeps the line short: enter where the samples began, leave where they ended. */
static void flush_bin(struct trend *trend, size_t index, struct bin *bin)
{
    if (bin->column < 0)
        return;
    if (bin->lo == bin->hi) {
        add_point(trend, index, bin->x, bin->lo);
    } else {
        bool is_rising = bin->first <= bin->last;

        add_point(trend, index, bin->x, is_rising ? bin->lo : bin->hi);
        add_point(trend, index, bin->x, is_rising ? bin->hi : bin->lo);
    }
    bin->column = -1;
}

static void put_in_bin(struct trend *trend, size_t index, struct bin *bin, int column, double x,
                       double value)
{
    if (bin->column != column)
        flush_bin(trend, index, bin);
    if (bin->column < 0) {
        *bin = (struct bin){
            .column = column, .x = x, .lo = value, .hi = value, .first = value, .last = value
        };
        return;
    }
    bin->lo = fmin(bin->lo, value);
    bin->hi = fmax(bin->hi, value);
    bin->last = value;
}

/* Mark the columns between two moments (seconds before now) as a gap. */
static void mark_gap(struct trend *trend, double from, double to, double window, int columns)
{
    int first = (int)((from + window) / window * columns);
    int last = (int)((to + window) / window * columns);

    for (int i = first < 0 ? 0 : first; i <= last && i < columns; i++)
        trend->gaps[i] = true;
}

static int64_t gap_after(const struct wf_schema *schema)
{
    int64_t most = schema->period_ns < WF_NS_PER_DAY ? schema->period_ns : WF_NS_PER_DAY;

    if (most == 0)
        return INT64_MAX; /* irregular: silence means nothing */
    return most * GAP_PERIODS > GAP_MIN_NS ? most * GAP_PERIODS : GAP_MIN_NS;
}

static void find_cursor(struct trend *trend, struct trend_trace *trace, const struct wf_view *view,
                        size_t count)
{
    int64_t at = view->now_utc_ns - trend->cursor_ns;

    trace->at_cursor = NAN;
    for (size_t i = 0; trend->cursor_ns >= 0 && i < count && trend->times[i] <= at; i++)
        trace->at_cursor = trend->values[i];
}

void trend_read(struct trend *trend, size_t index, const struct wf_view *view, int columns)
{
    struct trend_trace *trace = &trend->traces[index];
    double window = (double)trend_windows[trend->window].ns / 1e9;
    int64_t gap_ns = gap_after(trend->schema);
    struct bin bin = { .column = -1 };
    double last_x = NAN;
    size_t count =
        view->recent(view, trace->parameter, trend->values, trend->times, TREND_SAMPLES_MAX);

    trace->point_count = 0;
    trace->lo = trace->hi = NAN;
    for (size_t i = 0; i < count; i++) {
        double x = (double)(trend->times[i] - view->now_utc_ns) / 1e9;
        double value = trend->values[i];
        bool is_hole = isnan(value) || (!isnan(last_x) && (x - last_x) * 1e9 > (double)gap_ns);

        if (x > 0 || x < -window) {
            last_x = x < 0 ? x : last_x;
            continue;
        }
        if (is_hole) {
            flush_bin(trend, index, &bin);
            add_point(trend, index, x, NAN);
            mark_gap(trend, isnan(last_x) ? x : last_x, x, window, columns);
        }
        last_x = x;
        if (!isfinite(value))
            continue;
        put_in_bin(trend, index, &bin, (int)((x + window) / window * (2 * columns - 1)), x, value);
        trace->lo = isnan(trace->lo) ? value : fmin(trace->lo, value);
        trace->hi = isnan(trace->hi) ? value : fmax(trace->hi, value);
    }
    flush_bin(trend, index, &bin);
    if (!isnan(last_x) && -last_x * 1e9 > (double)gap_ns) /* silent until now */
        mark_gap(trend, last_x < -window ? -window : last_x, 0, window, columns);
    find_cursor(trend, trace, view, count);
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
