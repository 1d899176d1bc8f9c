/* SPDX-License-Identifier: MIT */
/*
 * table - every field of a subsystem, one line each, whatever the subsystem is.
 *
 *   !! C battery_voltage     25.10 V v  [-|-|●----|-|-]  ▇▆▅▄▃▂▁  VALID   0.1s
 *
 * Fields stand under the headings of their groups; the last line says what the
 * selected one means, and what to do when it is out of limits.
 */

#include <watchfloor/plugin.h>

#include <watchfloor/clock.h>

#include <math.h>
#include <stdlib.h>

#include "words.h"

#define SPARK_MAX  60
#define SEARCH_MAX 48

enum verbosity { ONLY_ABNORMAL, EVERYTHING, WITH_TITLES };

struct table {
    const struct wf_schema *schema;
    size_t *order;    /* parameters, those of a group together */
    size_t *rows;     /* what is shown: an index of order, or HEADING before one */
    size_t row_count; /* rebuilt by every drawing */
    size_t selected;  /* parameter */
    int top;          /* first row on the screen */
    int height;       /* rows there were on the screen */
    bool is_raw;
    bool hides_never;
    enum verbosity verbosity;
    bool is_searching;
    char search[SEARCH_MAX];
    size_t search_from;
};

/* Set in a row: the heading above the parameter, not the parameter. */
#define HEADING ((size_t)1 << (sizeof(size_t) * 8 - 1))

struct columns {
    int name, value, bar, spark, quality, age;
    int name_width, value_width, bar_width, spark_width, quality_width, age_width;
};

static struct columns place_columns(int width)
{
    bool is_wide = width >= 100;
    struct columns at = {
        .name = 6,
        .name_width = is_wide ? 27 : 21,
        .value_width = is_wide ? 17 : 14,
        .bar_width = is_wide ? 19 : 13,
        .quality_width = is_wide ? 7 : 5,
        .age_width = 5,
    };

    at.value = at.name + at.name_width + 1;
    at.bar = at.value + at.value_width + 2;
    at.spark = at.bar + at.bar_width + 1;
    at.age = width - 1 - at.age_width;
    at.quality = at.age - 1 - at.quality_width;
    at.spark_width = at.quality - 1 - at.spark;
    if (at.spark_width > SPARK_MAX)
        at.spark_width = SPARK_MAX;
    return at;
}

/* --- life ------------------------------------------------------------------ */

/* Groups in the order in which they first occur, their fields as the schema has them. */
static void sort_by_group(struct table *table)
{
    const struct wf_schema *schema = table->schema;
    size_t used = 0;

    for (size_t i = 0; i < schema->parameter_count; i++) {
        bool is_known = false;

        for (size_t k = 0; k < i && !is_known; k++)
            is_known = strcmp(schema->parameters[k].group, schema->parameters[i].group) == 0;
        for (size_t k = i; !is_known && k < schema->parameter_count; k++)
            if (strcmp(schema->parameters[k].group, schema->parameters[i].group) == 0)
                table->order[used++] = k;
    }
}

static void close_table(void *state)
{
    struct table *table = state;

    if (table == NULL)
        return;
    free(table->order);
    free(table->rows);
    free(table);
}

static void *open_table(const struct wf_schema *schema)
{
    struct table *table = calloc(1, sizeof(*table));

    if (table == NULL)
        return NULL;
    table->schema = schema;
    table->verbosity = EVERYTHING;
    table->height = 1;
    table->order = calloc(schema->parameter_count + 1, sizeof(table->order[0]));
    table->rows = calloc(2 * schema->parameter_count + 1, sizeof(table->rows[0]));
    if (table->order == NULL || table->rows == NULL) {
        close_table(table);
        return NULL;
    }
    sort_by_group(table);
    table->selected = schema->parameter_count > 0 ? table->order[0] : 0;
    return table;
}

/* --- rows ------------------------------------------------------------------ */

static bool is_shown(const struct table *table, const struct wf_view *view, size_t parameter)
{
    enum wf_quality quality = wf_view_quality(view, parameter);

    if (table->hides_never && (quality == WF_QUALITY_NEVER || quality == WF_QUALITY_ABSENT))
        return false;
    return table->verbosity != ONLY_ABNORMAL || quality != WF_QUALITY_VALID ||
           wf_view_severity(view, parameter) > WF_SEVERITY_NORMAL;
}

static void build_rows(struct table *table, const struct wf_view *view)
{
    const struct wf_schema *schema = table->schema;
    const char *group = "";

    table->row_count = 0;
    for (size_t i = 0; i < schema->parameter_count; i++) {
        size_t parameter = table->order[i];

        if (!is_shown(table, view, parameter))
            continue;
        if (strcmp(schema->parameters[parameter].group, group) != 0) {
            group = schema->parameters[parameter].group;
            table->rows[table->row_count++] = parameter | HEADING;
        }
        table->rows[table->row_count++] = parameter;
    }
}

/* The row of the selected parameter; when it is not shown, the first parameter there is. */
static size_t find_selected(struct table *table)
{
    size_t first = table->row_count;

    for (size_t i = 0; i < table->row_count; i++) {
        if (table->rows[i] == table->selected)
            return i;
        if (first == table->row_count && (table->rows[i] & HEADING) == 0)
            first = i;
    }
    if (first < table->row_count)
        table->selected = table->rows[first];
    return first;
}

static void scroll_to(struct table *table, size_t row)
{
    int at = (int)row;
    int last = (int)table->row_count - table->height;

    /* The heading belongs to its first field. */
    if (row > 0 && (table->rows[row - 1] & HEADING) != 0 && at - 1 < table->top)
        at--;
    if (at < table->top)
        table->top = at;
    if ((int)row >= table->top + table->height)
        table->top = (int)row - table->height + 1;
    if (table->top > last)
        table->top = last;
    if (table->top < 0)
        table->top = 0;
}

/* --- one field -------------------------------------------------------------- */

static void describe_value(const struct table *table, const struct wf_view *view, size_t parameter,
                           struct wf_strbuf *out)
{
    struct wf_value value;

    if (!table->is_raw || view->data == NULL) {
        wf_view_text(view, parameter, out);
        return;
    }
    for (size_t i = 0; i < wf_value_count(view->schema, view->data, parameter) && i < 8; i++) {
        if (i > 0)
            wf_strbuf_add_char(out, ' ');
        wf_value_get_raw(view->schema, view->data, parameter, i, &value);
        if (value.kind == WF_VALUE_NONE)
            wf_strbuf_add(out, "n/a");
        else
            wf_value_exact(view->schema, parameter, &value, true, out);
    }
}

/* A single number that a bar and a sparkline can show. */
static bool is_number(const struct wf_schema *schema, size_t parameter)
{
    const struct wf_parameter *definition = &schema->parameters[parameter];

    return definition->type != WF_TYPE_STRING && definition->type != WF_TYPE_BYTES &&
           definition->type != WF_TYPE_TIME && definition->count_max == 1;
}

static void draw_number(const struct wf_canvas_part *part, const struct columns *at, int y,
                        const struct wf_view *view, size_t parameter, enum wf_style style)
{
    double values[SPARK_MAX], lo, hi, ticks[4];
    struct wf_value value;
    size_t count;

    if (view->data != NULL && wf_view_range(view, parameter, &lo, &hi, ticks)) {
        wf_value_get(view->schema, view->data, parameter, 0, &value);
        wf_canvas_bar(part, at->bar, y, at->bar_width, wf_value_as_double(&value), lo, hi, ticks,
                      style);
    }
    if (at->spark_width < 4)
        return;
    count = view->recent(view, parameter, values, NULL, (size_t)at->spark_width);
    wf_canvas_spark(part, at->spark, y, at->spark_width, values, count,
                    style == WF_STYLE_NORMAL ? WF_STYLE_DIM : style);
}

/* Where there are only five columns. */
static const char *short_quality(enum wf_quality quality)
{
    static const char *const names[] = { "VALID", "LATE", "SUBST", "SUSP",
                                         "INV",   "n/a",  "STALE", "NEVER" };

    return (unsigned)quality < WF_COUNT_OF(names) ? names[quality] : "?";
}

static void draw_age(const struct wf_canvas_part *part, const struct columns *at, int y,
                     const struct wf_view *view, enum wf_quality quality, enum wf_style style)
{
    char text[32];
    struct wf_strbuf age = WF_STRBUF_FIXED(text);
    int64_t ns;

    (void)wf_canvas_text_in(part, at->quality, y, at->quality_width, style,
                            at->quality_width < 7 ? short_quality(quality)
                                                  : wf_quality_name(quality));
    if (view->stamp == NULL)
        return;
    ns = view->now_mono_ns - view->stamp->received_mono_ns;
    if (ns >= 0 && ns < WF_NS_PER_S) /* tenths: milliseconds would flicker */
        wf_strbuf_addf(&age, "0.%ds", (int)(ns / (WF_NS_PER_S / 10)));
    else
        wf_strbuf_add_age(&age, ns);
    words_right(part, at->age, y, at->age_width, style, text);
}

static void draw_field(const struct table *table, const struct wf_canvas_part *part, int y,
                       const struct wf_view *view, size_t parameter)
{
    const struct wf_parameter *definition = &table->schema->parameters[parameter];
    struct columns at = place_columns(part->width);
    enum wf_quality quality = wf_view_quality(view, parameter);
    enum wf_style style = wf_view_style(view, parameter);
    bool is_selected = parameter == table->selected;
    int severity = wf_view_severity(view, parameter);
    char text[512];
    struct wf_strbuf value = WF_STRBUF_FIXED(text);

    if (severity > WF_SEVERITY_NORMAL) {
        (void)wf_canvas_text(part, 1, y, wf_style_of_severity(severity),
                             quality == WF_QUALITY_STALE ? " ~" : wf_severity_glyph(severity));
        (void)wf_canvas_text(part, 4, y, wf_style_of_severity(severity),
                             wf_severity_letter(severity));
    }
    if (is_selected)
        wf_canvas_fill(part, at.name, y, at.name_width, 1, ' ', WF_STYLE_SELECTED);
    (void)wf_canvas_text_in(
        part, at.name, y, at.name_width, is_selected ? WF_STYLE_SELECTED : style,
        table->verbosity == WITH_TITLES && definition->title[0] != '\0' ? definition->title
                                                                        : definition->name);
    describe_value(table, view, parameter, &value);
    if (is_number(table->schema, parameter)) {
        words_right(part, at.value, y, at.value_width, style, text);
        draw_number(part, &at, y, view, parameter, style);
    } else { /* texts and lists need the room, and have no bar */
        (void)wf_canvas_text_in(part, at.value + 2, y, at.quality - at.value - 3, style, text);
    }
    draw_age(part, &at, y, view, quality, quality == WF_QUALITY_VALID ? WF_STYLE_DIM : style);
}

/* --- the page ---------------------------------------------------------------- */

static void draw_headings(const struct table *table, const struct wf_canvas_part *part)
{
    struct columns at = place_columns(part->width);

    (void)wf_canvas_text(part, at.name, 0, WF_STYLE_DIM, "FIELD");
    words_right(part, at.value, 0, at.value_width, table->is_raw ? WF_STYLE_STRONG : WF_STYLE_DIM,
                table->is_raw ? "RAW VALUE" : "VALUE");
    (void)wf_canvas_text(part, at.bar, 0, WF_STYLE_DIM, "LIMITS");
    if (at.spark_width >= 6)
        words_right(part, at.spark, 0, at.spark_width, WF_STYLE_DIM, "RECENT");
    (void)wf_canvas_text(part, at.quality, 0, WF_STYLE_DIM,
                         at.quality_width >= 7 ? "QUALITY" : "QUAL");
    words_right(part, at.age, 0, at.age_width, WF_STYLE_DIM, "AGE");
}

static void draw_rule(const struct table *table, const struct wf_canvas_part *part, int y)
{
    static const char *const modes[] = { "only what is not normal", "", "titles" };
    int x = 2;

    wf_canvas_hline(part, 0, y, part->width);
    x = wf_canvas_textf(part, x, y, WF_STYLE_DIM, " %zu fields ", table->schema->parameter_count);
    if (table->is_raw)
        x = wf_canvas_text(part, x + 1, y, WF_STYLE_STRONG, " raw values (r) ");
    if (table->verbosity != EVERYTHING)
        x = wf_canvas_textf(part, x + 1, y, WF_STYLE_STRONG, " %s (v V) ", modes[table->verbosity]);
    if (table->hides_never)
        x = wf_canvas_text(part, x + 1, y, WF_STYLE_STRONG, " without never received (d) ");
    if (table->top > 0 || (int)table->row_count > table->top + table->height)
        (void)wf_canvas_textf(part, x + 1, y, WF_STYLE_DIM, " rows %d-%d of %zu ", table->top + 1,
                              table->top + table->height < (int)table->row_count
                                  ? table->top + table->height
                                  : (int)table->row_count,
                              table->row_count);
}

/* What the selected field is; out of limits, what to do comes first. */
static void draw_description(const struct table *table, const struct wf_canvas_part *part, int y,
                             const struct wf_view *view)
{
    const struct wf_parameter *definition = &table->schema->parameters[table->selected];
    enum wf_style style = WF_STYLE_NORMAL;
    char text[1024];
    struct wf_strbuf line = WF_STRBUF_FIXED(text);

    if (table->is_searching) {
        int x = wf_canvas_textf(part, 1, y, WF_STYLE_STRONG, "/%s", table->search);

        wf_canvas_put(part, x, y, ' ', WF_STYLE_SELECTED);
        (void)wf_canvas_text(part, x + 3, y, WF_STYLE_DIM, "↓ next  ⏎ keep  Esc back");
        return;
    }
    if (wf_view_severity(view, table->selected) > WF_SEVERITY_NORMAL &&
        definition->guidance[0] != '\0') {
        wf_strbuf_add(&line, "DO: ");
        words_fold(&line, definition->guidance);
        style = WF_STYLE_STRONG;
    } else {
        words_fold(&line, definition->title);
        if (definition->title[0] != '\0' && definition->description[0] != '\0')
            wf_strbuf_add(&line, ": ");
        words_fold(&line, definition->description);
        if (definition->is_derived)
            wf_strbuf_addf(&line, "  = %s", definition->expression);
        if (definition->alias[0] != '\0')
            wf_strbuf_addf(&line, "  (%s)", definition->alias);
    }
    (void)wf_canvas_text_in(part, 1, y, part->width - 2, style, text);
}

static void draw_table(void *state, const struct wf_canvas_part *part, const struct wf_view *view)
{
    struct table *table = state;
    size_t selected;

    if (table == NULL || table->schema->parameter_count == 0) {
        (void)wf_canvas_text(part, 1, 1, WF_STYLE_WARNING,
                             table == NULL ? "Out of memory." : "This subsystem has no fields.");
        return;
    }
    build_rows(table, view);
    selected = find_selected(table);
    table->height = part->height > 4 ? part->height - 3 : 1;
    scroll_to(table, selected);
    draw_headings(table, part);
    for (int i = 0; i < table->height && table->top + i < (int)table->row_count; i++) {
        size_t row = table->rows[table->top + i];

        if ((row & HEADING) != 0)
            (void)wf_canvas_text(part, 1, 1 + i, WF_STYLE_STRONG,
                                 table->schema->parameters[row & ~HEADING].group);
        else
            draw_field(table, part, 1 + i, view, row);
    }
    if (table->row_count == 0)
        (void)wf_canvas_text(part, 6, 2, WF_STYLE_DIM, "Everything is normal. v shows it all.");
    draw_rule(table, part, part->height - 2);
    if (table->row_count > 0)
        draw_description(table, part, part->height - 1, view);
}

/* --- keys --------------------------------------------------------------------- */

static void move(struct table *table, int step)
{
    int at = (int)find_selected(table);
    int direction = step < 0 ? -1 : 1;
    int left = step * direction;

    for (int i = at + direction; left > 0 && i >= 0 && i < (int)table->row_count; i += direction) {
        if ((table->rows[i] & HEADING) != 0)
            continue;
        table->selected = table->rows[i];
        left--;
    }
}

static bool is_match(const struct table *table, size_t parameter)
{
    const struct wf_parameter *definition = &table->schema->parameters[parameter];

    return words_contain(definition->name, table->search) ||
           words_contain(definition->title, table->search) ||
           words_contain(definition->alias, table->search);
}

/* The first match from `from` on (or behind it), around; nothing moves without one. */
static void find_match(struct table *table, size_t from, int step)
{
    size_t count = table->row_count;
    size_t start = 0;

    for (size_t i = 0; i < count; i++)
        if (table->rows[i] == from)
            start = i;
    for (size_t i = step == 0 ? 0 : 1; i <= count && count > 0; i++) {
        size_t row =
            table->rows[step < 0 ? (start + count - i % count) % count : (start + i) % count];

        if ((row & HEADING) == 0 && is_match(table, row)) {
            table->selected = row;
            return;
        }
    }
}

static void search_key(struct table *table, uint32_t key)
{
    if (key == WF_KEY_ENTER) {
        table->is_searching = false;
    } else if (key == WF_KEY_ESCAPE) {
        table->is_searching = false;
        table->selected = table->search_from;
    } else if (key == WF_KEY_DOWN || key == WF_KEY_UP) {
        find_match(table, table->selected, key == WF_KEY_UP ? -1 : 1);
    } else if (words_type(table->search, sizeof(table->search), key)) {
        find_match(table, table->search_from, 0);
    }
}

static bool move_key(struct table *table, uint32_t key)
{
    int all = (int)table->row_count;

    switch (key) {
    case WF_KEY_UP:
    case 'k':
        move(table, -1);
        return true;
    case WF_KEY_DOWN:
    case 'j':
        move(table, 1);
        return true;
    case WF_KEY_PAGE_UP:
        move(table, -table->height);
        return true;
    case WF_KEY_PAGE_DOWN:
        move(table, table->height);
        return true;
    case WF_KEY_HOME:
    case 'g':
        move(table, -all);
        table->top = 0;
        return true;
    case WF_KEY_END:
    case 'G':
        move(table, all);
        return true;
    default:
        return false;
    }
}

static int take_key(void *state, uint32_t key, const struct wf_view *view)
{
    struct table *table = state;

    (void)view;
    if (table == NULL)
        return 0;
    if (table->is_searching) {
        search_key(table, key);
        return 1;
    }
    if (move_key(table, key))
        return 1;
    if (key == '/') {
        table->is_searching = true;
        table->search[0] = '\0';
        table->search_from = table->selected;
    } else if ((key == 'n' || key == 'N') && table->search[0] != '\0') {
        find_match(table, table->selected, key == 'n' ? 1 : -1);
    } else if (key == 'r') {
        table->is_raw = !table->is_raw;
    } else if (key == 'd') {
        table->hides_never = !table->hides_never;
    } else if (key == 'v' && table->verbosity < WITH_TITLES) {
        table->verbosity++;
    } else if (key == 'V' && table->verbosity > ONLY_ABNORMAL) {
        table->verbosity--;
    } else {
        return 0;
    }
    return 1;
}

static const struct wf_display_ops table_ops = {
    .size = sizeof(table_ops),
    .open = open_table,
    .close = close_table,
    .draw = draw_table,
    .key = take_key,
};

WF_PLUGIN_EXPORT const struct wf_plugin wf_plugin = {
    WF_PLUGIN_HEADER(WF_PLUGIN_DISPLAY),
    .name = "table",
    .version = "1.0",
    .summary = "every field: value, limits, recent past, quality, age",
    .ops.display = &table_ops,
};
