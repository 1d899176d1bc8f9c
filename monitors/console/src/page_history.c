/* SPDX-License-Identifier: MIT */
/*
 * History: one parameter over hours to weeks, minimum and maximum around the mean, holes with
 * the letter of their cause, and what is live behind it. The line at the bottom asks the same on
 * the command line.
 */

#include "pages.h"

#include <math.h>
#include <string.h>

#include <watchfloor/clock.h>

#define AXIS_WIDTH 10
#define STEPS      200
#define POINTS     (2 * STEPS + 16) /* a step and a break before it */

static const struct {
    int64_t length_ns;
    const char *text;
} windows[] = {
    { 3600 * WF_NS_PER_S, "1h" }, { 6 * 3600 * WF_NS_PER_S, "6h" }, { WF_NS_PER_DAY, "1d" },
    { 7 * WF_NS_PER_DAY, "7d" },  { 30 * WF_NS_PER_DAY, "30d" },    { 365 * WF_NS_PER_DAY, "365d" },
};

/* --- what is asked ------------------------------------------------------------------------ */

static bool is_number(const struct wf_parameter *parameter)
{
    return parameter->type != WF_TYPE_STRING && parameter->type != WF_TYPE_BYTES &&
           parameter->type != WF_TYPE_TIME && parameter->count_max == 1;
}

/* The parameter chosen, or the first that has limits, or the first number there is. */
static int find_parameter(const struct con_ui *ui, const struct con_entry *entry)
{
    const struct wf_schema *schema = entry->schema;
    int index = wf_schema_find(schema, ui->history.parameter);

    if (index != WF_NO_INDEX && is_number(&schema->parameters[index]))
        return index;
    for (int pass = 0; pass <= 1; pass++)
        for (size_t i = 0; i < schema->parameter_count; i++)
            if (is_number(&schema->parameters[i]) &&
                (pass == 1 || schema->parameters[i].limits.present != 0))
                return (int)i;
    return WF_NO_INDEX;
}

/* --- drawing ------------------------------------------------------------------------------- */

struct plot {
    struct wf_canvas_part part;
    double x_hi, y_lo, y_hi;
    /* Seconds after the beginning, of the middle of each step; NaN between: a hole. */
    double times[POINTS], min[POINTS], max[POINTS], mean[POINTS];
    size_t count;
    double recorded_s; /* up to here it is history */
};

static void add_point(struct plot *plot, double time, double min, double max, double mean)
{
    if (plot->count == POINTS)
        return;
    plot->times[plot->count] = time;
    plot->min[plot->count] = min;
    plot->max[plot->count] = max;
    plot->mean[plot->count++] = mean;
}

/* A step without values breaks the line, unless one sample comes in several steps. */
static void read_steps(struct plot *plot, const struct wf_past *past, int64_t period_ns)
{
    double step = (double)past->step_ns / 1e9;
    double apart = period_ns > past->step_ns ? 3 * (double)period_ns / 1e9 : 1.5 * step;
    double previous = NAN;

    for (size_t i = 0; i < past->step_count; i++) {
        const struct wf_past_step *at = &past->steps[i];
        double middle = (double)(at->from_ns - past->from_ns) / 1e9 + step / 2;

        if (middle - previous > apart || at->count == 0)
            add_point(plot, middle - step / 2, NAN, NAN, NAN);
        if (at->count > 0)
            add_point(plot, middle, at->min, at->max, at->mean);
        previous = middle;
        if (at->count == 0)
            continue;
        plot->y_lo = isnan(plot->y_lo) || at->min < plot->y_lo ? at->min : plot->y_lo;
        plot->y_hi = isnan(plot->y_hi) || at->max > plot->y_hi ? at->max : plot->y_hi;
    }
    plot->x_hi = (double)(past->to_ns - past->from_ns) / 1e9;
    plot->recorded_s =
        past->recorded_ns != WF_TIME_NONE ? (double)(past->recorded_ns - past->from_ns) / 1e9 : 0;
}

static void draw_gaps(const struct wf_past *past, const struct plot *plot)
{
    for (size_t i = 0; i < past->gap_count; i++) {
        const struct wf_past_gap *gap = &past->gaps[i];
        double from = (double)(gap->from_ns - past->from_ns) / 1e9;
        double to = (double)(gap->to_ns - past->from_ns) / 1e9;
        int x = (int)((from + to) / 2 / plot->x_hi * plot->part.width);

        if (x >= 0 && x < plot->part.width)
            wf_canvas_put(&plot->part, x, 0, (uint32_t)gap->letter, WF_STYLE_WARNING);
    }
}

static void draw_limits(const struct plot *plot, const struct wf_limits *limits)
{
    const double xs[2] = { 0, plot->x_hi };

    for (int i = 0; i < WF_LIMIT_COUNT; i++) {
        const double ys[2] = { limits->value[i], limits->value[i] };

        if ((limits->present & 1u << i) != 0 && ys[0] >= plot->y_lo && ys[0] <= plot->y_hi)
            wf_canvas_plot(&plot->part, xs, ys, 2, 0, plot->x_hi, plot->y_lo, plot->y_hi,
                           wf_style_of_severity(limits->severity[i]));
    }
}

static void draw_axes(const struct wf_past *past, const struct plot *plot,
                      const struct wf_canvas_part *part)
{
    char text[64];
    struct wf_strbuf from = WF_STRBUF_FIXED(text);

    (void)wf_canvas_textf(part, 0, 1, WF_STYLE_DIM, "%9.5g", plot->y_hi);
    (void)wf_canvas_textf(part, 0, plot->part.height, WF_STYLE_DIM, "%9.5g", plot->y_lo);
    wf_strbuf_add_time(&from, past->from_ns, 0);
    (void)wf_canvas_text(part, AXIS_WIDTH, plot->part.height + 1, WF_STYLE_DIM, text);
    wf_canvas_text_right(part, part->width - 1, plot->part.height + 1, WF_STYLE_DIM, "now");
}

/* History in one colour, what is live behind it in another; the step at the joint is in both. */
static void draw_mean(const struct plot *plot)
{
    size_t first = 0;

    while (first < plot->count && !(plot->times[first] > plot->recorded_s))
        first++;
    wf_canvas_plot(&plot->part, plot->times, plot->mean, first, 0, plot->x_hi, plot->y_lo,
                   plot->y_hi, WF_STYLE_TRACE1);
    first -= first > 0;
    wf_canvas_plot(&plot->part, &plot->times[first], &plot->mean[first], plot->count - first, 0,
                   plot->x_hi, plot->y_lo, plot->y_hi, WF_STYLE_TRACE2);
}

static void draw_plot(const struct wf_past *past, const struct con_entry *entry, int parameter,
                      const struct wf_canvas_part *part)
{
    struct plot plot = { .y_lo = NAN, .y_hi = NAN };

    plot.part = wf_canvas_sub(part, AXIS_WIDTH, 1, part->width - AXIS_WIDTH - 1, part->height - 4);
    read_steps(&plot, past, entry->schema->period_ns);
    if (isnan(plot.y_lo) || plot.part.height < 3 || plot.x_hi <= 0) {
        (void)wf_canvas_text(part, AXIS_WIDTH, 2, WF_STYLE_DIM, "No values in this time.");
        return;
    }
    if (plot.y_hi - plot.y_lo < 1e-9 * fabs(plot.y_hi) + 1e-12) {
        plot.y_lo -= 0.5;
        plot.y_hi += 0.5;
    }
    wf_canvas_plot(&plot.part, plot.times, plot.min, plot.count, 0, plot.x_hi, plot.y_lo, plot.y_hi,
                   WF_STYLE_DIM);
    wf_canvas_plot(&plot.part, plot.times, plot.max, plot.count, 0, plot.x_hi, plot.y_lo, plot.y_hi,
                   WF_STYLE_DIM);
    draw_limits(&plot, &entry->schema->parameters[parameter].limits);
    draw_mean(&plot);
    draw_gaps(past, &plot);
    draw_axes(past, &plot, part);
}

static void draw_heading(const struct con_ui *ui, const struct con_entry *entry, int parameter,
                         const struct wf_past *past, const struct wf_canvas_part *part)
{
    const struct wf_parameter *definition = &entry->schema->parameters[parameter];
    char name[WF_FULL_NAME_SIZE], age[CON_AGE_SIZE];
    struct wf_strbuf full = WF_STRBUF_FIXED(name);
    int x;

    wf_strbuf_add_name(&full, entry->source, entry->subsystem, definition->name);
    x = wf_canvas_text(part, 1, 0, WF_STYLE_STRONG, name);
    if (definition->unit[0] != '\0')
        x = wf_canvas_textf(part, x, 0, WF_STYLE_NORMAL, " [%s]", definition->unit);
    x = wf_canvas_textf(part, x + 2, 0, WF_STYLE_NORMAL, "%s", windows[ui->history.window].text);
    if (past == NULL)
        return;
    x = wf_canvas_textf(part, x + 2, 0, WF_STYLE_DIM, "step %s from %s%slive, %llu samples",
                        con_age(past->step_ns, age), past->tiers, past->tiers[0] != '\0' ? "+" : "",
                        (unsigned long long)past->samples);
    if (past->is_being_read)
        (void)wf_canvas_text(part, x + 2, 0, WF_STYLE_DIM, "reading history...");
    else if (past->trouble[0] != '\0')
        (void)wf_canvas_textf(part, x + 2, 0, WF_STYLE_WARNING, "history: %s", past->trouble);
    else if (past->gap_count > 0)
        (void)wf_canvas_textf(part, x + 2, 0, WF_STYLE_WARNING, "%zu gap%s, as %s", past->gap_count,
                              past->gap_count == 1 ? "" : "s", past->gaps[0].cause);
}

/* As wf query reads it: "2m". */
static const char *duration(int64_t ns, char *out, size_t size)
{
    int64_t seconds = ns > WF_NS_PER_S ? ns / WF_NS_PER_S : 1;
    struct wf_strbuf text;

    wf_strbuf_init_fixed(&text, out, size);
    if (seconds % 3600 == 0)
        wf_strbuf_addf(&text, "%lldh", (long long)(seconds / 3600));
    else if (seconds % 60 == 0)
        wf_strbuf_addf(&text, "%lldm", (long long)(seconds / 60));
    else
        wf_strbuf_addf(&text, "%llds", (long long)seconds);
    return out;
}

void con_history_draw(struct con_ui *ui, struct con_model *model, const struct wf_canvas_part *part)
{
    struct con_entry *entry = con_ui_selected(ui, model);
    int parameter = entry != NULL ? find_parameter(ui, entry) : WF_NO_INDEX;
    char name[WF_FULL_NAME_SIZE], every[32];
    struct wf_strbuf full = WF_STRBUF_FIXED(name);
    const struct wf_past *past;
    struct wf_view view;

    if (parameter == WF_NO_INDEX) {
        (void)wf_canvas_text(part, 1, 1, WF_STYLE_DIM, "This subsystem has no numbers.");
        return;
    }
    con_model_view(model, entry, &view);
    past = wf_view_past(&view, (size_t)parameter, windows[ui->history.window].length_ns, STEPS);
    draw_heading(ui, entry, parameter, past, part);
    if (past == NULL)
        return;
    draw_plot(past, entry, parameter, part);
    wf_strbuf_add_name(&full, entry->source, entry->subsystem,
                       entry->schema->parameters[parameter].name);
    (void)wf_canvas_textf(part, 1, part->height - 2, WF_STYLE_DIM,
                          "wf query %s --from now-%s --every %s --agg min,mean,max", name,
                          windows[ui->history.window].text,
                          duration(past->step_ns, every, sizeof(every)));
    (void)wf_canvas_text(part, 1, part->height - 1, WF_STYLE_DIM,
                         "↑↓ parameter  + - time  [ ] subsystem");
}

/* --- keys ------------------------------------------------------------------------------------ */

static void choose_parameter(struct con_ui *ui, const struct con_entry *entry, int step)
{
    int count = (int)entry->schema->parameter_count;
    int at = find_parameter(ui, entry);

    for (int i = 0; i < count && at != WF_NO_INDEX; i++) {
        at = (at + step + count) % count;
        if (is_number(&entry->schema->parameters[at])) {
            (void)wf_copy_text(ui->history.parameter, sizeof(ui->history.parameter),
                               entry->schema->parameters[at].name);
            return;
        }
    }
}

bool con_history_key(struct con_ui *ui, struct con_model *model, uint32_t key)
{
    const struct con_entry *entry = con_ui_selected(ui, model);
    struct con_history *history = &ui->history;

    switch (key) {
    case WF_KEY_UP:
    case 'k':
    case WF_KEY_DOWN:
    case 'j':
        if (entry != NULL)
            choose_parameter(ui, entry, key == WF_KEY_UP || key == 'k' ? -1 : 1);
        return true;
    case '+':
        history->window -= history->window > 0;
        return true;
    case '-':
        history->window += history->window + 1 < WF_COUNT_OF(windows);
        return true;
    default:
        return false;
    }
}
