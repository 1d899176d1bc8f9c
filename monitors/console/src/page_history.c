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

#define AXIS_WIDTH   10
#define LIVE_MAX     256
#define AGAIN_MIN_NS (5 * WF_NS_PER_S)

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

bool con_history_wants(const struct con_ui *ui, const struct con_model *model,
                       struct con_past_request *out)
{
    const struct con_history *history = &ui->history;
    const struct con_past_request *had = &history->answer.request;
    const struct con_entry *entry = con_model_find(model, ui->source, ui->subsystem);
    int64_t length = windows[history->window].length_ns;
    int64_t again_ns =
        history->answer.step_ns > AGAIN_MIN_NS ? history->answer.step_ns : AGAIN_MIN_NS;
    int parameter = entry != NULL ? find_parameter(ui, entry) : WF_NO_INDEX;
    bool is_same;

    if (ui->page != CON_PAGE_HISTORY || ui->is_frozen || parameter == WF_NO_INDEX)
        return false;
    *out = (struct con_past_request){ .from_ns = model->now.utc_ns - length,
                                      .to_ns = model->now.utc_ns,
                                      .bins = 200 };
    (void)wf_copy_text(out->source, sizeof(out->source), entry->source);
    (void)wf_copy_text(out->subsystem, sizeof(out->subsystem), entry->subsystem);
    (void)wf_copy_text(out->parameter, sizeof(out->parameter),
                       entry->schema->parameters[parameter].name);
    is_same = strcmp(had->source, out->source) == 0 &&
              strcmp(had->subsystem, out->subsystem) == 0 &&
              strcmp(had->parameter, out->parameter) == 0 && had->to_ns - had->from_ns == length;
    return !is_same || out->to_ns - had->to_ns >= again_ns;
}

/* --- drawing ------------------------------------------------------------------------------- */

struct plot {
    struct wf_canvas_part part;
    double x_hi, y_lo, y_hi;
};

/* What came since history was asked: the newest samples, as they are. */
static size_t read_live(struct con_model *model, struct con_entry *entry, int parameter,
                        const struct con_past_request *request, double *xs, double *ys)
{
    int64_t times[LIVE_MAX];
    double values[LIVE_MAX];
    struct wf_view view;
    size_t count, used = 0;

    con_model_view(model, entry, &view);
    count = view.recent(&view, (size_t)parameter, values, times, LIVE_MAX);
    for (size_t i = 0; i < count; i++) {
        if (times[i] < request->to_ns)
            continue;
        xs[used] = (double)(times[i] - request->from_ns) / (double)WF_NS_PER_S;
        ys[used++] = values[i];
    }
    return used;
}

static void widen(struct plot *plot, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (isnan(values[i]))
            continue;
        if (isnan(plot->y_lo) || values[i] < plot->y_lo)
            plot->y_lo = values[i];
        if (isnan(plot->y_hi) || values[i] > plot->y_hi)
            plot->y_hi = values[i];
    }
}

static void draw_gaps(const struct con_past_answer *answer, const struct plot *plot)
{
    for (size_t i = 0; i < answer->gap_count; i++) {
        const struct con_past_gap *gap = &answer->gaps[i];
        double middle = (gap->from_s + gap->to_s) / 2 / plot->x_hi;
        int x = (int)(middle * plot->part.width);

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

static void draw_axes(const struct con_past_answer *answer, const struct plot *plot,
                      const struct wf_canvas_part *part)
{
    char text[64];
    struct wf_strbuf from = WF_STRBUF_FIXED(text);

    (void)wf_canvas_textf(part, 0, 1, WF_STYLE_DIM, "%9.5g", plot->y_hi);
    (void)wf_canvas_textf(part, 0, plot->part.height, WF_STYLE_DIM, "%9.5g", plot->y_lo);
    wf_strbuf_add_time(&from, answer->request.from_ns, 0);
    (void)wf_canvas_text(part, AXIS_WIDTH, plot->part.height + 1, WF_STYLE_DIM, text);
    wf_canvas_text_right(part, part->width - 1, plot->part.height + 1, WF_STYLE_DIM, "now");
}

static void draw_plot(struct con_ui *ui, struct con_model *model, struct con_entry *entry,
                      int parameter, const struct wf_canvas_part *part)
{
    const struct con_past_answer *answer = &ui->history.answer;
    struct plot plot = { .y_lo = NAN, .y_hi = NAN };
    double live_x[LIVE_MAX], live_y[LIVE_MAX];
    size_t live;

    plot.part = wf_canvas_sub(part, AXIS_WIDTH, 1, part->width - AXIS_WIDTH - 1, part->height - 4);
    plot.x_hi = (double)(model->now.utc_ns - answer->request.from_ns) / (double)WF_NS_PER_S;
    live = read_live(model, entry, parameter, &answer->request, live_x, live_y);
    widen(&plot, answer->min, answer->count);
    widen(&plot, answer->max, answer->count);
    widen(&plot, live_y, live);
    if (isnan(plot.y_lo) || plot.part.height < 3 || plot.x_hi <= 0) {
        (void)wf_canvas_text(part, AXIS_WIDTH, 2, WF_STYLE_DIM,
                             answer->trouble[0] != '\0' ? answer->trouble
                                                        : "No values in this time.");
        return;
    }
    if (plot.y_hi - plot.y_lo < 1e-9 * fabs(plot.y_hi) + 1e-12) {
        plot.y_lo -= 0.5;
        plot.y_hi += 0.5;
    }
    wf_canvas_plot(&plot.part, answer->times, answer->min, answer->count, 0, plot.x_hi, plot.y_lo,
                   plot.y_hi, WF_STYLE_DIM);
    wf_canvas_plot(&plot.part, answer->times, answer->max, answer->count, 0, plot.x_hi, plot.y_lo,
                   plot.y_hi, WF_STYLE_DIM);
    draw_limits(&plot, &entry->schema->parameters[parameter].limits);
    wf_canvas_plot(&plot.part, answer->times, answer->mean, answer->count, 0, plot.x_hi, plot.y_lo,
                   plot.y_hi, WF_STYLE_TRACE1);
    wf_canvas_plot(&plot.part, live_x, live_y, live, 0, plot.x_hi, plot.y_lo, plot.y_hi,
                   WF_STYLE_TRACE2);
    draw_gaps(answer, &plot);
    draw_axes(answer, &plot, part);
}

static void draw_heading(const struct con_ui *ui, const struct con_entry *entry, int parameter,
                         const struct wf_canvas_part *part)
{
    const struct con_past_answer *answer = &ui->history.answer;
    const struct wf_parameter *definition = &entry->schema->parameters[parameter];
    char name[WF_FULL_NAME_SIZE], age[CON_AGE_SIZE];
    struct wf_strbuf full = WF_STRBUF_FIXED(name);
    int x;

    wf_strbuf_add_name(&full, entry->source, entry->subsystem, definition->name);
    x = wf_canvas_text(part, 1, 0, WF_STYLE_STRONG, name);
    if (definition->unit[0] != '\0')
        x = wf_canvas_textf(part, x, 0, WF_STYLE_NORMAL, " [%s]", definition->unit);
    x = wf_canvas_textf(part, x + 2, 0, WF_STYLE_NORMAL, "%s", windows[ui->history.window].text);
    if (answer->is_there)
        x = wf_canvas_textf(part, x + 2, 0, WF_STYLE_DIM, "step %s from %s, %llu samples",
                            con_age(answer->step_ns, age), answer->tiers,
                            (unsigned long long)answer->samples);
    if (answer->gap_total > 0)
        (void)wf_canvas_textf(part, x + 2, 0, WF_STYLE_WARNING, "%zu gap%s, as %s",
                              answer->gap_total, answer->gap_total == 1 ? "" : "s",
                              answer->gaps[0].cause);
    else if (ui->history.is_asking)
        (void)wf_canvas_text(part, x + 2, 0, WF_STYLE_DIM, "asking...");
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

    if (parameter == WF_NO_INDEX) {
        (void)wf_canvas_text(part, 1, 1, WF_STYLE_DIM, "This subsystem has no numbers.");
        return;
    }
    draw_heading(ui, entry, parameter, part);
    draw_plot(ui, model, entry, parameter, part);
    wf_strbuf_add_name(&full, entry->source, entry->subsystem,
                       entry->schema->parameters[parameter].name);
    (void)wf_canvas_textf(part, 1, part->height - 2, WF_STYLE_DIM,
                          "wf query %s --from now-%s --every %s --agg min,mean,max", name,
                          windows[ui->history.window].text,
                          duration(ui->history.answer.step_ns, every, sizeof(every)));
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
