/* SPDX-License-Identifier: MIT */
/* The plot as SVG: one picture, a frame for each unit, nothing in it but shapes and text. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "query.h"

#define WIDTH_DEFAULT  1000
#define HEIGHT_DEFAULT 260
#define LEFT           90
#define RIGHT          20
#define TOP            26
#define BOTTOM         34
#define TICKS          5

/* Colours that colour-blind eyes tell apart; each trace has its own dashes as well. */
static const struct {
    const char *colour, *dashes;
} looks[] = {
    { "#0072b2", "" }, { "#d55e00", "7 3" }, { "#009e73", "2 2" }, { "#cc79a7", "9 3 2 3" }
};

struct picture {
    struct query *query;
    const struct query_plot *plot;
    struct wf_strbuf out;
    int width, height; /* of one frame */
};

struct frame {
    size_t traces[WF_COUNT_OF(looks)];
    size_t trace_count;
    double low, high;
    double top; /* y of its upper edge */
};

static void add_text(struct wf_strbuf *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p == '<' || *p == '>' || *p == '&' || *p == '"' || *p < 0x20)
            wf_strbuf_addf(out, "&#%u;", *p < 0x20 ? (unsigned)' ' : *p);
        else
            wf_strbuf_add_char(out, (char)*p);
    }
}

static void label(struct picture *picture, double x, double y, const char *anchor, const char *fill,
                  const char *text)
{
    wf_strbuf_addf(&picture->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">", x,
                   y, anchor, fill);
    add_text(&picture->out, text);
    wf_strbuf_add(&picture->out, "</text>\n");
}

static double x_of(const struct picture *picture, double place)
{
    return LEFT + place / picture->plot->width * (picture->width - LEFT - RIGHT);
}

static double y_of(const struct picture *picture, const struct frame *frame, double value)
{
    double part = (value - frame->low) / (frame->high - frame->low);

    return frame->top + TOP + (1 - part) * (picture->height - TOP - BOTTOM);
}

static void choose_span(const struct query_plot *plot, struct frame *frame)
{
    double margin;

    frame->low = (double)INFINITY;
    frame->high = -(double)INFINITY;
    for (size_t i = 0; i < frame->trace_count; i++) {
        const struct query_trace *trace = &plot->traces[frame->traces[i]];

        for (int x = 0; x < plot->width; x++) {
            frame->low = fmin(frame->low, trace->min[x]);
            frame->high = fmax(frame->high, trace->max[x]);
        }
    }
    margin = (frame->high - frame->low) * 0.04;
    if (!(margin > 0))
        margin = fabs(frame->high) > 0 ? fabs(frame->high) * 0.01 : 1;
    frame->low -= margin;
    frame->high += margin;
}

static void draw_axes(struct picture *picture, const struct frame *frame)
{
    const struct wf_range *range = &picture->query->options.range;
    double bottom = frame->top + picture->height - BOTTOM;

    wf_strbuf_addf(&picture->out,
                   "<rect x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%d\" fill=\"none\""
                   " stroke=\"#888\"/>\n",
                   LEFT, frame->top + TOP, picture->width - LEFT - RIGHT,
                   picture->height - TOP - BOTTOM);
    for (int i = 0; i < TICKS; i++) {
        double value = frame->low + (frame->high - frame->low) * i / (TICKS - 1);
        double part = (double)i / (TICKS - 1);
        char text[48];
        struct wf_strbuf buf = WF_STRBUF_FIXED(text);

        (void)snprintf(text, sizeof(text), "%.6g", value);
        label(picture, LEFT - 6, y_of(picture, frame, value) + 4, "end", "#333", text);
        wf_strbuf_add_time(
            &buf,
            range->from_ns + (int64_t)(part * ((double)range->to_ns - (double)range->from_ns)), 0);
        label(picture, x_of(picture, part * picture->plot->width), bottom + 16,
              i == 0           ? "start"
              : i == TICKS - 1 ? "end"
                               : "middle",
              "#333", text);
    }
}

static void draw_limits(struct picture *picture, const struct frame *frame)
{
    static const char *const names[] = { "lolo", "lo", "hi", "hihi" };
    const struct wf_limits *limits = &picture->plot->traces[frame->traces[0]].column->limits;

    for (int limit = 0; limit < WF_LIMIT_COUNT; limit++) {
        const char *colour =
            limits->severity[limit] >= WF_SEVERITY_DISTRESS ? "#c00000" : "#b08000";
        double y;

        if ((limits->present & 1u << limit) == 0 || limits->value[limit] < frame->low ||
            limits->value[limit] > frame->high)
            continue;
        y = y_of(picture, frame, limits->value[limit]);
        wf_strbuf_addf(&picture->out,
                       "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"%s\""
                       " stroke-dasharray=\"4 4\"/>\n",
                       LEFT, y, picture->width - RIGHT, y, colour);
        label(picture, LEFT + 4, y - 3, "start", colour, names[limit]);
    }
}

/* Stretches of places with the same letter, shaded, the letter at the top. */
static void draw_gaps(struct picture *picture, const struct frame *frame,
                      const struct query_trace *trace)
{
    int width = picture->plot->width;

    for (int x = 0; x < width;) {
        char letter[2] = { trace->gap[x], '\0' };
        int end = x + 1;

        while (end < width && trace->gap[end] == trace->gap[x])
            end++;
        if (letter[0] != '\0') {
            double left = x_of(picture, x), right = x_of(picture, end);

            wf_strbuf_addf(&picture->out,
                           "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\""
                           " fill=\"#bbb\" fill-opacity=\"0.45\"/>\n",
                           left, frame->top + TOP, right - left, picture->height - TOP - BOTTOM);
            label(picture, (left + right) / 2, frame->top + TOP + 12, "middle", "#555", letter);
        }
        x = end;
    }
}

/* The part of a trace from place `from` to before `to`: an area from least to greatest. */
static void draw_stretch(struct picture *picture, const struct frame *frame,
                         const struct query_trace *trace, int from, int to, size_t look)
{
    struct wf_strbuf *out = &picture->out;
    bool is_first = true;

    wf_strbuf_addf(out,
                   "<path fill=\"%s\" fill-opacity=\"0.35\" stroke=\"%s\" stroke-width=\"1.2\""
                   " stroke-dasharray=\"%s\" stroke-linejoin=\"round\" d=\"",
                   looks[look].colour, looks[look].colour, looks[look].dashes);
    for (int x = from; x < to; x++) {
        if (isnan(trace->max[x]))
            continue;
        wf_strbuf_addf(out, "%c%.1f %.1f", is_first ? 'M' : 'L', x_of(picture, x + 0.5),
                       y_of(picture, frame, trace->max[x]));
        is_first = false;
    }
    for (int x = to - 1; x >= from; x--) {
        if (!isnan(trace->min[x]))
            wf_strbuf_addf(out, "L%.1f %.1f", x_of(picture, x + 0.5),
                           y_of(picture, frame, trace->min[x]));
    }
    wf_strbuf_add(out, "Z\"/>\n");
}

static void draw_trace(struct picture *picture, const struct frame *frame, size_t number)
{
    const struct query_trace *trace = &picture->plot->traces[frame->traces[number]];
    int width = picture->plot->width, from = -1;

    for (int x = 0; x <= width; x++) {
        bool is_there = x < width && !isnan(trace->min[x]);
        bool is_gap = x == width || (trace->gap[x] != '\0' && !is_there);

        if (is_there && from < 0)
            from = x;
        if (is_gap && from >= 0) {
            draw_stretch(picture, frame, trace, from, x, number);
            from = -1;
        }
    }
}

static void draw_legend(struct picture *picture, const struct frame *frame)
{
    double x = LEFT;

    for (size_t i = 0; i < frame->trace_count; i++) {
        const struct query_column *column = picture->plot->traces[frame->traces[i]].column;
        char text[WF_FULL_NAME_SIZE + 64];
        struct wf_strbuf buf = WF_STRBUF_FIXED(text);

        wf_strbuf_add(&buf, column->name);
        if (column->unit[0] != '\0' && !picture->query->options.is_raw)
            wf_strbuf_addf(&buf, " [%s]", column->unit);
        label(picture, x, frame->top + 16, "start", looks[i].colour, text);
        x += 8.0 * (double)buf.len + 16;
    }
}

static void draw_frame(struct picture *picture, struct frame *frame)
{
    choose_span(picture->plot, frame);
    for (size_t i = 0; i < frame->trace_count; i++)
        draw_gaps(picture, frame, &picture->plot->traces[frame->traces[i]]);
    draw_limits(picture, frame);
    for (size_t i = 0; i < frame->trace_count; i++)
        draw_trace(picture, frame, i);
    draw_axes(picture, frame);
    draw_legend(picture, frame);
}

/* Frames: traces of one unit together. */
static size_t make_frames(const struct query_plot *plot, struct frame *frames)
{
    size_t count = 0;

    for (size_t i = 0; i < plot->trace_count; i++) {
        size_t k = 0;

        if (plot->traces[i].count == 0)
            continue;
        while (k < count && (frames[k].trace_count == WF_COUNT_OF(looks) ||
                             strcmp(plot->traces[frames[k].traces[0]].column->unit,
                                    plot->traces[i].column->unit) != 0))
            k++;
        if (k == count)
            frames[count++] = (struct frame){ .trace_count = 0 };
        frames[k].traces[frames[k].trace_count++] = i;
    }
    return count;
}

static void draw(struct picture *picture, struct frame *frames, size_t count,
                 const struct query_gaps *gaps)
{
    char text[512];
    struct wf_strbuf summary = WF_STRBUF_FIXED(text);
    int height = (int)count * picture->height + 24;

    wf_strbuf_addf(&picture->out,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
                   " viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n"
                   "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
                   picture->width, height, picture->width, height);
    for (size_t i = 0; i < count; i++) {
        frames[i].top = (double)i * picture->height;
        draw_frame(picture, &frames[i]);
    }
    query_add_summary(picture->query, gaps, picture->plot->count, &summary);
    label(picture, LEFT, height - 8, "start", "#555", text);
    wf_strbuf_add(&picture->out, "</svg>\n");
}

int query_write_svg(struct query *query)
{
    struct query_gaps gaps = { 0 };
    struct query_plot plot = { 0 };
    struct wf_err err = { 0 };
    struct picture picture = { .query = query, .plot = &plot };
    struct frame *frames = calloc(query->column_count + 1, sizeof(*frames));
    uint64_t count = 0;
    int rc = frames == NULL ? wf_fail(&err, WF_ERR_NOMEM, "out of memory")
                            : query_gaps_read(query, &gaps, &err);

    picture.width = query->options.width != 0 ? query->options.width : WIDTH_DEFAULT;
    picture.height = query->options.height != 0 ? query->options.height : HEIGHT_DEFAULT;
    if (picture.width < 2 * LEFT)
        picture.width = 2 * LEFT;
    if (picture.height < 2 * (TOP + BOTTOM))
        picture.height = 2 * (TOP + BOTTOM);
    wf_strbuf_init(&picture.out, 64u << 20);
    if (rc == 0)
        rc = query_plot_read(query, &gaps, picture.width - LEFT - RIGHT, &plot, &err);
    count = plot.count;
    if (rc == 0 && count > 0) {
        draw(&picture, frames, make_frames(&plot, frames), &gaps);
        if (picture.out.was_cut)
            rc = wf_fail(&err, WF_ERR_LIMIT, "the picture is larger than 64 MiB");
        else
            (void)fwrite(picture.out.text, 1, picture.out.len, stdout);
    }
    if (rc == 0)
        query_print_summary(query, &gaps, count, stderr);
    wf_strbuf_fini(&picture.out);
    query_plot_free(&plot);
    query_gaps_free(&gaps);
    free(frames);
    if (rc < 0)
        return query_failed(&err);
    return count > 0 ? 0 : EXIT_NOTHING;
}
