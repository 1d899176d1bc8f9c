/* SPDX-License-Identifier: MIT */
#ifndef DISPLAY_TREND_H
#define DISPLAY_TREND_H

/*
 * The trend display from the inside. trend.c: state, keys, layout;
 * trend_data.c: steps to points; trend_plot.c: axes, lines, cursor;
 * trend_choose.c: the list to choose parameters from.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/plugin.h>

#define TREND_TRACES     4
#define TREND_NONE       SIZE_MAX
#define TREND_POINTS_MAX 4096
#define TREND_SEARCH_MAX 48

/* One parameter over the window, as the plot needs it. */
struct trend_trace {
    size_t parameter; /* TREND_NONE: unused */
    /* Of the last drawing: */
    size_t point_count;
    double lo, hi, last; /* of the values in the window; NAN = none */
    double axis_lo, axis_hi, axis_step;
    struct wf_past_step at_cursor; /* count 0 = nothing there */
    const struct wf_past *past;    /* while drawing; NULL = the host has none */
};

struct trend {
    const struct wf_schema *schema;
    struct trend_trace traces[TREND_TRACES];
    size_t active;     /* whose axis and limits are shown */
    size_t window;     /* index of trend_windows */
    int64_t cursor_ns; /* before now; -1 = no cursor */
    int plot_dots;     /* dot columns of the last drawing: a step of the cursor */

    bool is_choosing;
    size_t choice; /* parameter under the bar */
    int choice_top;
    bool is_searching;
    char search[TREND_SEARCH_MAX];

    /* Scratch of one drawing. */
    double *xs[TREND_TRACES], *ys[TREND_TRACES];
    char *gaps; /* by column of the plot: 0, or the letter of the cause; 'x' = not known */
    double window_s;
};

extern const struct trend_window {
    int64_t ns;
    const char *name;
} trend_windows[];
extern const size_t trend_window_count;

/* Can it be drawn as a line? */
bool trend_is_number(const struct wf_schema *schema, size_t parameter);

/*
 * Read the window [now - window, now] of trace `index` into points (x in seconds before now,
 * <= 0) and mark columns with holes. Fills all that is of a drawing but the axis.
 */
void trend_read(struct trend *trend, size_t index, const struct wf_view *view, int columns);
/* Choose the axes: traces of one unit share one. */
void trend_scale(struct trend *trend);
void trend_plot(struct trend *trend, const struct wf_canvas_part *part, const struct wf_view *view);

void trend_choose_draw(struct trend *trend, const struct wf_canvas_part *part,
                       const struct wf_view *view);
/* True when the key meant something. */
bool trend_choose_key(struct trend *trend, uint32_t key);

#endif /* DISPLAY_TREND_H */
