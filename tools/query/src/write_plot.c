/* SPDX-License-Identifier: MIT */
/*
 * A plot in the terminal: up to four traces of one unit share a frame. Limits are lines,
 * gaps stand below with a letter for their cause; lines are not drawn across them.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/canvas.h>
#include <watchfloor/clock.h>

#include "query.h"

#define WIDTH_DEFAULT  100
#define HEIGHT_DEFAULT 18
#define LABEL_WIDTH    12
#define TRACES_MAX     4

struct frame {
    const struct query *query;
    const struct query_plot *plot;
    size_t traces[TRACES_MAX];
    size_t trace_count;
    double low, high;
    struct wf_canvas_part area; /* inside the axes */
};

static void choose_span(struct frame *frame)
{
    double low = (double)INFINITY, high = -(double)INFINITY, margin;

    for (size_t i = 0; i < frame->trace_count; i++) {
        const struct query_trace *trace = &frame->plot->traces[frame->traces[i]];

        for (int x = 0; x < frame->plot->width; x++) {
            low = fmin(low, trace->min[x]);
            high = fmax(high, trace->max[x]);
        }
    }
    margin = (high - low) * 0.04;
    if (!(margin > 0))
        margin = fabs(high) > 0 ? fabs(high) * 0.01 : 1;
    frame->low = low - margin;
    frame->high = high + margin;
}

static int row_of(const struct frame *frame, double value)
{
    double part = (value - frame->low) / (frame->high - frame->low);

    return frame->area.height - 1 - (int)(part * (frame->area.height - 1) + 0.5);
}

static void draw_limits(const struct frame *frame)
{
    static const char *const names[] = { "lolo", "lo", "hi", "hihi" };
    const struct query_column *column = frame->plot->traces[frame->traces[0]].column;

    for (int limit = 0; limit < WF_LIMIT_COUNT; limit++) {
        double value = column->limits.value[limit];
        enum wf_style style;

        if ((column->limits.present & 1u << limit) == 0 || value < frame->low ||
            value > frame->high)
            continue;
        style = wf_style_of_severity(column->limits.severity[limit]);
        wf_canvas_fill(&frame->area, 0, row_of(frame, value), frame->area.width, 1, '-', style);
        (void)wf_canvas_text(&frame->area, 1, row_of(frame, value), style, names[limit]);
    }
}

/* Points of a trace: down and up in each place, broken where a gap lies in between. */
static size_t make_points(const struct query_plot *plot, const struct query_trace *trace,
                          double *xs, double *ys)
{
    size_t count = 0;
    bool is_broken = false;

    for (int x = 0; x < plot->width; x++) {
        bool is_gap = trace->gap[x] != '\0' && isnan(trace->min[x]);

        is_broken = is_broken || is_gap;
        if (isnan(trace->min[x]))
            continue;
        if (is_broken && count > 0) {
            xs[count] = x;
            ys[count++] = (double)NAN;
        }
        is_broken = trace->gap[x] != '\0';
        xs[count] = x + 0.5;
        ys[count++] = trace->min[x];
        xs[count] = x + 0.5;
        ys[count++] = trace->max[x];
    }
    return count;
}

static int draw_trace(const struct frame *frame, size_t number, struct wf_err *err)
{
    const struct query_plot *plot = frame->plot;
    const struct query_trace *trace = &plot->traces[frame->traces[number]];
    enum wf_style style = (enum wf_style)(WF_STYLE_TRACE1 + number);
    double *xs = calloc(3 * (size_t)plot->width + 1, sizeof(*xs));
    double *ys = calloc(3 * (size_t)plot->width + 1, sizeof(*ys));
    size_t count;

    if (xs == NULL || ys == NULL) {
        free(xs);
        free(ys);
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    count = make_points(plot, trace, xs, ys);
    wf_canvas_plot(&frame->area, xs, ys, count, 0, plot->width, frame->low, frame->high, style);
    /* Without colours the number at its end tells which line it is. */
    if (frame->trace_count > 1 && count > 0)
        wf_canvas_put(&frame->area, (int)(xs[count - 1] / plot->width * frame->area.width),
                      row_of(frame, ys[count - 1]), (uint32_t)('1' + number), style);
    free(xs);
    free(ys);
    return 0;
}

static void draw_axes(const struct frame *frame, const struct wf_canvas_part *whole)
{
    const struct wf_range *range = &frame->query->options.range;
    char text[48];
    int bottom = frame->area.height;
    struct wf_strbuf buf;

    wf_canvas_vline(whole, LABEL_WIDTH, 0, bottom);
    for (int row = 0; row<bottom; row += bottom> 8 ? (bottom - 1) / 4 : bottom - 1) {
        double value = frame->high - (frame->high - frame->low) * row / (bottom - 1);

        (void)snprintf(text, sizeof(text), "%.6g", value);
        wf_canvas_text_right(whole, LABEL_WIDTH - 1, row, WF_STYLE_NORMAL, text);
    }
    (void)wf_canvas_text(whole, LABEL_WIDTH - 5, bottom, WF_STYLE_NORMAL, "gaps +");
    for (int x = 0; x < frame->area.width; x++) {
        char letter = '\0';

        for (size_t i = 0; i < frame->trace_count; i++) {
            const char *gap = frame->plot->traces[frame->traces[i]].gap;

            for (int k = 2 * x; k < 2 * x + 2; k++)
                letter = gap[k] != '\0' ? gap[k] : letter;
        }
        wf_canvas_put(whole, LABEL_WIDTH + 1 + x, bottom,
                      letter != '\0' ? (uint32_t)(unsigned char)letter : 0x2500,
                      letter != '\0' ? WF_STYLE_WARNING : WF_STYLE_DIM);
    }
    wf_strbuf_init_fixed(&buf, text, sizeof(text));
    wf_strbuf_add_time(&buf, range->from_ns, 0);
    (void)wf_canvas_text(whole, LABEL_WIDTH + 1, bottom + 1, WF_STYLE_NORMAL, text);
    wf_strbuf_clear(&buf);
    wf_strbuf_add_time(&buf, range->to_ns, 0);
    wf_canvas_text_right(whole, LABEL_WIDTH + 1 + frame->area.width, bottom + 1, WF_STYLE_NORMAL,
                         text);
}

/* --- output --------------------------------------------------------------------------------------- */

static bool has_colours(void)
{
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

    return isatty(STDOUT_FILENO) != 0 && (none == NULL || none[0] == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}

static int colour_of(enum wf_style style)
{
    static const int colours[WF_STYLE_COUNT] = {
        [WF_STYLE_WATCH] = 33,    [WF_STYLE_WARNING] = 33, [WF_STYLE_DISTRESS] = 35,
        [WF_STYLE_CRITICAL] = 31, [WF_STYLE_SEVERE] = 31,  [WF_STYLE_TRACE1] = 36,
        [WF_STYLE_TRACE2] = 32,   [WF_STYLE_TRACE3] = 34,  [WF_STYLE_TRACE4] = 95,
        [WF_STYLE_DIM] = 2,
    };

    return style < WF_STYLE_COUNT ? colours[style] : 0;
}

/* Plain lines, each stretch in the colour of its style. */
static void print_coloured(const struct wf_canvas *canvas)
{
    int width = wf_canvas_width(canvas);

    for (int y = 0; y < wf_canvas_height(canvas); y++) {
        const struct wf_cell *cells = wf_canvas_cells(canvas) + y * width;
        int now = 0;

        for (int x = 0; x < width; x++) {
            int colour = colour_of((enum wf_style)cells[x].style);
            uint32_t rune = cells[x].rune;

            if (colour != now)
                (void)printf("\033[%dm", colour);
            now = colour;
            if (rune < 0x80)
                (void)putchar((int)rune);
            else if (rune < 0x800)
                (void)printf("%c%c", (int)(0xc0 | rune >> 6), (int)(0x80 | (rune & 0x3f)));
            else
                (void)printf("%c%c%c", (int)(0xe0 | rune >> 12), (int)(0x80 | (rune >> 6 & 0x3f)),
                             (int)(0x80 | (rune & 0x3f)));
        }
        (void)printf("%s\n", now != 0 ? "\033[0m" : "");
    }
}

static void print_legend(const struct frame *frame)
{
    for (size_t i = 0; i < frame->trace_count; i++) {
        const struct query_trace *trace = &frame->plot->traces[frame->traces[i]];
        const char *unit = frame->query->options.is_raw ? "" : trace->column->unit;
        double low = (double)INFINITY, high = -(double)INFINITY;

        for (int x = 0; x < frame->plot->width; x++) {
            low = fmin(low, trace->min[x]);
            high = fmax(high, trace->max[x]);
        }
        if (frame->trace_count > 1)
            (void)printf("%zu ", i + 1);
        (void)printf("%s  %s  %.6g .. %.6g\n", trace->column->name, unit, low, high);
    }
}

static int print_frame(struct frame *frame, int width, int height, struct wf_err *err)
{
    struct wf_canvas *canvas = NULL;
    struct wf_canvas_part whole;
    int rc = wf_canvas_create(width, height + 2, &canvas, err);

    if (rc < 0)
        return rc;
    whole = wf_canvas_whole(canvas);
    wf_canvas_clear(&whole);
    frame->area = wf_canvas_sub(&whole, LABEL_WIDTH + 1, 0, width - LABEL_WIDTH - 1, height);
    choose_span(frame);
    draw_limits(frame);
    for (size_t i = 0; rc == 0 && i < frame->trace_count; i++)
        rc = draw_trace(frame, i, err);
    draw_axes(frame, &whole);
    print_legend(frame);
    if (has_colours()) {
        print_coloured(canvas);
    } else {
        struct wf_strbuf text;

        wf_strbuf_init(&text, 16u << 20);
        wf_canvas_to_text(canvas, false, &text);
        (void)fputs(text.text, stdout);
        wf_strbuf_fini(&text);
    }
    (void)putchar('\n');
    wf_canvas_destroy(&canvas);
    return rc;
}

/* Traces of one unit, four at most, in a frame; those without numbers are told. */
static int print_frames(struct query *query, const struct query_plot *plot, int width, int height,
                        struct wf_err *err)
{
    bool *is_done = calloc(plot->trace_count + 1, sizeof(*is_done));
    int rc = 0;

    if (is_done == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; rc == 0 && i < plot->trace_count; i++) {
        struct frame frame = { .query = query, .plot = plot };

        for (size_t k = i; k < plot->trace_count && frame.trace_count < TRACES_MAX; k++) {
            if (is_done[k] || plot->traces[k].count == 0 ||
                strcmp(plot->traces[k].column->unit, plot->traces[i].column->unit) != 0)
                continue;
            is_done[k] = true;
            frame.traces[frame.trace_count++] = k;
        }
        if (plot->traces[i].count == 0)
            (void)fprintf(stderr, "wf-query: %s has no numbers in this range\n",
                          plot->traces[i].column->name);
        if (frame.trace_count > 0)
            rc = print_frame(&frame, width, height, err);
    }
    free(is_done);
    return rc;
}

static void print_letters(const struct query_gaps *gaps)
{
    bool is_first = true;

    for (int cause = 0; cause < WF_GAP_CAUSE_COUNT; cause++) {
        if (gaps->causes[cause] == 0)
            continue;
        (void)printf("%s%c %s", is_first ? "" : ", ", wf_gap_cause_letter((enum wf_gap_cause)cause),
                     wf_gap_cause_sentence((enum wf_gap_cause)cause));
        is_first = false;
    }
    if (!is_first)
        (void)putchar('\n');
}

int query_write_plot(struct query *query)
{
    struct query_gaps gaps = { 0 };
    struct query_plot plot = { 0 };
    struct wf_err err = { 0 };
    const char *columns = getenv("COLUMNS");
    uint64_t width = WIDTH_DEFAULT, count;
    int rc = query_gaps_read(query, &gaps, &err);

    if (query->options.width != 0)
        width = (uint64_t)query->options.width;
    else if (columns != NULL &&
             (wf_parse_u64(columns, &width, NULL) < 0 || width < 40 || width > 1000))
        width = WIDTH_DEFAULT;
    /* A character is two dots wide. */
    if (rc == 0)
        rc = query_plot_read(query, &gaps, 2 * ((int)width - LABEL_WIDTH - 1), &plot, &err);
    if (rc == 0)
        rc =
            print_frames(query, &plot, (int)width,
                         query->options.height != 0 ? query->options.height : HEIGHT_DEFAULT, &err);
    count = plot.count;
    if (rc == 0) {
        print_letters(&gaps);
        query_print_summary(query, &gaps, count, stdout);
    }
    query_plot_free(&plot);
    query_gaps_free(&gaps);
    if (rc < 0)
        return query_failed(&err);
    return count > 0 ? 0 : EXIT_NOTHING;
}
