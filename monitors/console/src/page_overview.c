/* SPDX-License-Identifier: MIT */
/*
 * Overview: what is out of limits, every subsystem in one line, and beside them,
 * where there is room, the parameters of the selected one. The upper list keeps
 * its height, so that the lower one stays where the eye expects it.
 */

#include "pages.h"

#include <watchfloor/clock.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PANEL_FROM_WIDTH 110
#define LIST_WIDTH       64
#define SPARK_MAX        64
/* The columns of numbers keep their distance from the right edge. */
#define NUMBERS_WIDTH 33

/* --- out of limits --------------------------------------------------------- */

struct exception_columns {
    int name, value, limit, age, guidance; /* where they begin */
    int name_width, value_width, limit_width;
};

static struct exception_columns place_columns(int width)
{
    struct exception_columns at = { .name = 6, .value_width = 13, .limit_width = 13 };

    at.name_width = width >= 110 ? 34 : 26;
    at.value = at.name + at.name_width + 3; /* room for the arrow */
    at.limit = at.value + at.value_width + 2;
    at.age = at.limit + at.limit_width + 1;
    at.guidance = at.age + 8;
    return at;
}

/* "hihi 34.50", and the arrow that goes with it. */
static void describe_limit(const struct wf_view *view, size_t parameter, char *out, size_t size,
                           const char **out_arrow)
{
    static const char *const names[WF_LIMIT_COUNT] = { "lolo", "lo", "hi", "hihi" };
    const struct wf_parameter *definition = &view->schema->parameters[parameter];
    int limit = wf_view_limit(view, parameter);
    struct wf_strbuf text;
    struct wf_value value;

    wf_strbuf_init_fixed(&text, out, size);
    *out_arrow = " ";
    if (limit >= 0) {
        value = (struct wf_value){ .kind = WF_VALUE_F64 };
        value.as.f64 = definition->limits.value[limit];
        wf_strbuf_addf(&text, "%s ", names[limit]);
        wf_strbuf_add_double(&text, value.as.f64);
        *out_arrow = limit >= WF_HI ? "▲" : "▼";
        return;
    }
    wf_value_get(view->schema, view->data, parameter, 0, &value);
    wf_strbuf_add(&text, value.quality == WF_QUALITY_INVALID ? "invalid" : "state");
}

/* The value alone with its unit: direction and age have columns of their own. */
static void describe_value(const struct wf_view *view, size_t parameter, char *out, size_t size)
{
    struct wf_strbuf text;
    struct wf_value value;

    wf_strbuf_init_fixed(&text, out, size);
    wf_value_get(view->schema, view->data, parameter, 0, &value);
    if (value.quality == WF_QUALITY_INVALID) {
        wf_strbuf_add(&text, "INV");
        return;
    }
    wf_value_format(view->schema, parameter, &value, &text);
    if (view->schema->parameters[parameter].unit[0] != '\0')
        wf_strbuf_addf(&text, " %s", view->schema->parameters[parameter].unit);
}

static void draw_parameter_exception(struct con_model *model, const struct con_exception *exception,
                                     const struct wf_canvas_part *part, int y)
{
    struct exception_columns at = place_columns(part->width);
    struct con_entry *entry = &model->entries[exception->entry];
    const struct wf_parameter *definition = &entry->schema->parameters[exception->parameter];
    enum wf_style style =
        entry->is_stale ? WF_STYLE_DIM : wf_style_of_severity(exception->severity);
    char name[WF_FULL_NAME_SIZE], value[64], limit[48], guidance[256];
    struct wf_strbuf full = WF_STRBUF_FIXED(name);
    const char *arrow;
    struct wf_view view;

    con_model_view(model, entry, &view);
    wf_strbuf_add_name(&full, entry->source, entry->subsystem, definition->name);
    describe_value(&view, exception->parameter, value, sizeof(value));
    describe_limit(&view, exception->parameter, limit, sizeof(limit), &arrow);
    con_first_words(definition->guidance, guidance, sizeof(guidance));

    (void)wf_canvas_text_in(part, at.name, y, at.name_width, style, name);
    (void)wf_canvas_text(part, at.value - 2, y, style, arrow);
    con_text_right_in(part, at.value, y, at.value_width, style, value);
    (void)wf_canvas_text_in(part, at.limit, y, at.limit_width, WF_STYLE_NORMAL, limit);
    (void)wf_canvas_text_in(part, at.guidance, y, part->width - at.guidance - 1, WF_STYLE_NORMAL,
                            guidance);
}

static void draw_stale_exception(struct con_model *model, const struct con_exception *exception,
                                 const struct wf_canvas_part *part, int y)
{
    struct exception_columns at = place_columns(part->width);
    const struct con_entry *entry = &model->entries[exception->entry];
    char name[WF_FULL_NAME_SIZE], age[CON_AGE_SIZE];

    con_entry_name(entry, name, sizeof(name));
    (void)wf_canvas_text_in(part, at.name, y, at.name_width, WF_STYLE_WARNING, name);
    con_text_right_in(part, at.value, y, at.value_width, WF_STYLE_WARNING, "STALE");
    (void)wf_canvas_textf(part, at.limit, y, WF_STYLE_NORMAL, "after %s",
                          con_age(entry->schema->stale_after_ns, age));
    (void)wf_canvas_textf(part, at.guidance, y, WF_STYLE_NORMAL, "nothing received for %s",
                          con_age(model->now.mono_ns - entry->stamp.received_mono_ns, age));
}

static void draw_exception(struct con_model *model, const struct con_exception *exception,
                           const struct wf_canvas_part *part, int y)
{
    struct exception_columns at = place_columns(part->width);
    bool is_whole = exception->parameter == CON_WHOLE;
    bool is_old = is_whole || model->entries[exception->entry].is_stale;
    enum wf_style style = wf_style_of_severity(exception->severity);
    char age[CON_AGE_SIZE];

    (void)wf_canvas_text(part, 1, y, style, is_old ? " ~" : wf_severity_glyph(exception->severity));
    (void)wf_canvas_text(part, 4, y, style, wf_severity_letter(exception->severity));
    if (is_whole)
        draw_stale_exception(model, exception, part, y);
    else
        draw_parameter_exception(model, exception, part, y);
    con_text_right_in(part, at.age, y, 6, WF_STYLE_NORMAL,
                      con_age(model->now.mono_ns - exception->since_mono_ns, age));
}

/* The gravest alarms that are in the list; what is under the limits' eyes alone is in the table below. */
static void draw_alarms(struct con_model *model, const struct wf_canvas_part *part, int rows)
{
    size_t total = mon_alarms_count(model->alarms);
    size_t shown = model->alarm_counts.shown <= (size_t)rows ? (size_t)rows : (size_t)rows - 1;
    size_t drawn = 0;

    for (size_t i = 0; i < total && drawn < shown; i++) {
        const struct mon_alarm *alarm = mon_alarms_at(model->alarms, i);

        if (alarm->is_shown && alarm->state != WF_ALARM_NORMAL)
            con_alarm_row_draw(model, alarm, false, false, part, (int)drawn++);
    }
    if (drawn == 0)
        (void)wf_canvas_text(part, 1, 0, WF_STYLE_DIM, "No alarms.");
    if (shown < model->alarm_counts.shown)
        (void)wf_canvas_textf(part, 6, (int)shown, WF_STYLE_STRONG,
                              "and %zu more: page 2 has them all",
                              model->alarm_counts.shown - drawn);
}

/* Returns the rows used, the same however many there are. */
static int draw_exceptions(struct con_model *model, const struct wf_canvas_part *part)
{
    int rows = part->height >= 26 ? 6 : 4;
    size_t count = model->exception_count;
    size_t shown = count <= (size_t)rows ? count : (size_t)rows - 1;

    if (model->monitor_count > 0) {
        draw_alarms(model, part, rows);
        wf_canvas_hline(part, 0, rows, part->width);
        return rows + 1;
    }
    for (size_t i = 0; i < shown; i++)
        draw_exception(model, &model->exceptions[i], part, (int)i);
    if (count == 0)
        (void)wf_canvas_text(part, 1, 0, WF_STYLE_DIM, "Nothing is out of limits.");
    if (shown < count)
        (void)wf_canvas_textf(part, 6, (int)shown, WF_STYLE_STRONG,
                              "and %zu more: open a subsystem (Enter) to see them",
                              model->exception_total - shown);
    wf_canvas_hline(part, 0, rows, part->width);
    return rows + 1;
}

/* --- subsystems ------------------------------------------------------------ */

bool con_is_listed(const struct con_ui *ui, const struct con_entry *entry)
{
    return entry->has_sample || ui->shows_never;
}

static void draw_worst(const struct con_entry *entry, const struct wf_canvas_part *part, int x,
                       int y)
{
    if (!entry->has_sample) {
        (void)wf_canvas_text(part, x + 3, y, WF_STYLE_DIM, "--");
    } else if (entry->is_stale) {
        (void)wf_canvas_textf(part, x, y, WF_STYLE_WARNING, " ~ STALE %s",
                              wf_severity_letter(entry->worst));
    } else {
        enum wf_style style = entry->worst > 0 ? wf_style_of_severity(entry->worst) : WF_STYLE_DIM;

        (void)wf_canvas_text(part, x, y, style, wf_severity_glyph(entry->worst));
        (void)wf_canvas_text(part, x + 3, y, style, wf_severity_word(entry->worst));
    }
}

static void draw_entry(const struct con_model *model, const struct con_entry *entry,
                       bool is_selected, const struct wf_canvas_part *part, int y)
{
    int x = part->width - NUMBERS_WIDTH;
    enum wf_style style = entry->has_sample && !entry->is_stale ? WF_STYLE_NORMAL : WF_STYLE_DIM;
    char name[WF_FULL_NAME_SIZE], text[32], age[CON_AGE_SIZE];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    con_entry_name(entry, name, sizeof(name));
    if (is_selected)
        wf_canvas_fill(part, 0, y, x - 12, 1, ' ', WF_STYLE_SELECTED);
    (void)wf_canvas_text_in(part, 1, y, x - 14, is_selected ? WF_STYLE_SELECTED : style, name);
    draw_worst(entry, part, x - 11, y);
    wf_strbuf_addf(&buf, "%zu", entry->out_count);
    con_text_right_in(part, x, y, 4, entry->out_count > 0 ? style : WF_STYLE_DIM, text);
    wf_strbuf_clear(&buf);
    wf_strbuf_addf(&buf, "%zu", entry->schema->parameter_count);
    con_text_right_in(part, x + 4, y, 5, style, text);
    con_text_right_in(part, x + 9, y, 7, style,
                      entry->has_sample
                          ? con_age(model->now.mono_ns - entry->stamp.received_mono_ns, age)
                          : "--");
    wf_strbuf_clear(&buf);
    wf_strbuf_addf(&buf, entry->rate_hz < 1000 ? "%.1f/s" : "%.0f/s", entry->rate_hz);
    con_text_right_in(part, x + 16, y, 9, style, text);
    wf_strbuf_clear(&buf);
    wf_strbuf_addf(&buf, "%llu", (unsigned long long)entry->gaps);
    con_text_right_in(part, x + 25, y, 7, style, entry->has_gaps ? text : "-");
}

static void draw_headings(const struct wf_canvas_part *part, int y)
{
    int x = part->width - NUMBERS_WIDTH;

    (void)wf_canvas_text(part, 1, y, WF_STYLE_DIM, "SUBSYSTEM");
    (void)wf_canvas_text(part, x - 8, y, WF_STYLE_DIM, "WORST");
    con_text_right_in(part, x, y, 4, WF_STYLE_DIM, "OUT");
    con_text_right_in(part, x + 4, y, 5, WF_STYLE_DIM, "N");
    con_text_right_in(part, x + 9, y, 7, WF_STYLE_DIM, "AGE");
    con_text_right_in(part, x + 16, y, 9, WF_STYLE_DIM, "RATE");
    con_text_right_in(part, x + 25, y, 7, WF_STYLE_DIM, "GAPS");
}

/* Where the selected entry is among those listed, and how many these are. */
static int find_listed(const struct con_ui *ui, const struct con_model *model,
                       const struct con_entry *selected, int *out_count)
{
    int at = 0;
    int count = 0;

    for (size_t i = 0; i < model->entry_count; i++) {
        if (!con_is_listed(ui, &model->entries[i]))
            continue;
        if (&model->entries[i] == selected)
            at = count;
        count++;
    }
    *out_count = count;
    return at;
}

static void draw_list(struct con_ui *ui, const struct con_model *model,
                      const struct con_entry *selected, const struct wf_canvas_part *part)
{
    int count;
    int at = find_listed(ui, model, selected, &count);
    int rows = part->height - 1;
    int row = 0;

    ui->list_height = rows > 0 ? rows : 1;
    if (at < ui->list_top)
        ui->list_top = at;
    if (at >= ui->list_top + ui->list_height)
        ui->list_top = at - ui->list_height + 1;
    if (ui->list_top > count - ui->list_height)
        ui->list_top = count > ui->list_height ? count - ui->list_height : 0;
    draw_headings(part, 0);
    for (size_t i = 0; i < model->entry_count; i++) {
        const struct con_entry *entry = &model->entries[i];

        if (!con_is_listed(ui, entry))
            continue;
        if (row >= ui->list_top && row < ui->list_top + ui->list_height)
            draw_entry(model, entry, entry == selected, part, 1 + row - ui->list_top);
        row++;
    }
    if (ui->list_top > 0)
        wf_canvas_put(part, part->width - 1, 1, 0x2191, WF_STYLE_DIM);
    if (count > ui->list_top + ui->list_height)
        wf_canvas_put(part, part->width - 1, part->height - 1, 0x2193, WF_STYLE_DIM);
}

/* --- panel ----------------------------------------------------------------- */

/* Bar and sparkline of a number, from column `x` on. */
static void draw_panel_chart(const struct wf_view *view, size_t parameter, enum wf_style style,
                             const struct wf_canvas_part *part, int x, int y)
{
    int bar_width = part->width >= 50 ? 11 : 0;
    int spark_width = part->width - x - bar_width - 2;
    double values[SPARK_MAX], lo, hi, ticks[4];
    struct wf_value value;
    size_t count;

    wf_value_get(view->schema, view->data, parameter, 0, &value);
    if (isnan(wf_value_as_double(&value)) || value.kind == WF_VALUE_TIME)
        return;
    if (bar_width > 0 && wf_view_range(view, parameter, &lo, &hi, ticks))
        wf_canvas_bar(part, x, y, bar_width, wf_value_as_double(&value), lo, hi, ticks, style);
    if (spark_width < 4)
        return;
    if (spark_width > SPARK_MAX)
        spark_width = SPARK_MAX;
    count = view->recent(view, parameter, values, NULL, (size_t)spark_width);
    wf_canvas_spark(part, x + bar_width + 1, y, spark_width, values, count,
                    style == WF_STYLE_NORMAL ? WF_STYLE_DIM : style);
}

static void draw_panel_row(const struct wf_view *view, size_t parameter,
                           const struct wf_canvas_part *part, int y)
{
    const int value_at = 20;
    const int value_width = 13;
    char text[96];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);
    enum wf_style style = wf_view_style(view, parameter);

    (void)wf_canvas_text_in(part, 1, y, value_at - 2, style,
                            view->schema->parameters[parameter].name);
    wf_view_text(view, parameter, &buf);
    if (wf_text_columns(text) <= (size_t)value_width) {
        con_text_right_in(part, value_at, y, value_width, style, text);
        if (view->data != NULL)
            draw_panel_chart(view, parameter, style, part, value_at + value_width + 1, y);
    } else { /* a text, or a value with its age: it needs the room more than a bar */
        (void)wf_canvas_text_in(part, value_at, y, part->width - value_at - 1, style, text);
    }
}

/* What has limits is what is watched: it comes first, the rest as far as there is room. */
static void draw_panel(struct con_model *model, struct con_entry *entry,
                       const struct wf_canvas_part *part)
{
    char name[WF_FULL_NAME_SIZE];
    struct wf_view view;
    int y = 1;
    int x;

    con_model_view(model, entry, &view);
    con_entry_name(entry, name, sizeof(name));
    x = wf_canvas_text(part, 1, 0, WF_STYLE_STRONG, name);
    (void)wf_canvas_text_in(part, x + 2, 0, part->width - x - 2, WF_STYLE_DIM,
                            entry->schema->title);
    for (int pass = 0; pass <= 1; pass++) {
        for (size_t i = 0; i < entry->schema->parameter_count && y < part->height; i++) {
            const struct wf_limits *limits = &entry->schema->parameters[i].limits;
            bool is_watched = limits->present != 0 || limits->state_count > 0;

            if (is_watched == (pass == 0))
                draw_panel_row(&view, i, part, y++);
        }
    }
}

/* --- the page -------------------------------------------------------------- */

static void draw_bottom(const struct con_ui *ui, const struct con_entry *selected,
                        const struct wf_canvas_part *part)
{
    int y = part->height - 1;
    char words[512];

    if (ui->is_searching) {
        int x = wf_canvas_textf(part, 1, y, WF_STYLE_STRONG, "/%s", ui->search);

        wf_canvas_put(part, x, y, ' ', WF_STYLE_SELECTED);
        (void)wf_canvas_text(part, x + 3, y, WF_STYLE_DIM,
                             "subsystem or parameter; ↓ next  ⏎ keep  Esc back");
        return;
    }
    if (selected == NULL)
        return;
    con_first_words(selected->schema->description, words, sizeof(words));
    if (words[0] == '\0')
        con_first_words(selected->schema->title, words, sizeof(words));
    (void)wf_canvas_text_in(part, 1, y, part->width - 2, WF_STYLE_DIM, words);
}

void con_overview_draw(struct con_ui *ui, struct con_model *model,
                       const struct wf_canvas_part *part)
{
    struct con_entry *selected = con_ui_selected(ui, model);
    int top = draw_exceptions(model, part);
    int height = part->height - top - 1;
    struct wf_canvas_part list;

    if (part->width >= PANEL_FROM_WIDTH) {
        struct wf_canvas_part panel =
            wf_canvas_sub(part, LIST_WIDTH + 1, top, part->width - LIST_WIDTH - 1, height);

        list = wf_canvas_sub(part, 0, top, LIST_WIDTH, height);
        wf_canvas_vline(part, LIST_WIDTH, top, height);
        if (selected != NULL)
            draw_panel(model, selected, &panel);
    } else {
        list = wf_canvas_sub(part, 0, top, part->width, height);
    }
    draw_list(ui, model, selected, &list);
    draw_bottom(ui, selected, part);
}
