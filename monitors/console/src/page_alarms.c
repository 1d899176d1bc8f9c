/* SPDX-License-Identifier: MIT */
/*
 * Alarms: the list an operator lives in. One line an alarm, trip value and live value side by
 * side; below it all about the one under the cursor, and the line for notes and answers.
 */

#include "pages.h"

#include <math.h>
#include <string.h>

#include <watchfloor/clock.h>

#define DETAIL_LINES 4
#define WIDE         100

/* --- columns ------------------------------------------------------------------- */

struct places {
    int name_width, arrow, value, limit, live, raised, age, count, state, guidance;
};
#define VALUE_WIDTH 10
#define LIMIT_WIDTH 11
#define LIVE_WIDTH  11
#define STATE_WIDTH 9

static struct places place(int width)
{
    struct places at = { .name_width = width >= WIDE ? 28 : 21 };

    at.arrow = 6 + at.name_width + 1;
    at.value = at.arrow + 2;
    at.limit = at.value + VALUE_WIDTH + 1;
    at.live = at.limit + LIMIT_WIDTH + 1;
    at.raised = at.live + LIVE_WIDTH + 1;
    at.age = width >= WIDE ? at.raised + 9 : at.raised;
    at.count = at.age + 7;
    at.state = width >= WIDE ? at.count + 5 : at.count;
    at.guidance = at.state + STATE_WIDTH + 1;
    return at;
}

static const char *arrow_of(const struct mon_alarm *alarm)
{
    if (alarm->kind != WF_ALARM_LIMIT || alarm->level >= WF_LIMIT_COUNT)
        return " ";
    return alarm->level >= WF_HI ? "▲" : "▼";
}

static void describe_trip(const struct mon_alarm *alarm, char *out, size_t size)
{
    struct wf_strbuf text;

    wf_strbuf_init_fixed(&text, out, size);
    if (alarm->value_text[0] != '\0') {
        wf_strbuf_add(&text, alarm->value_text);
    } else if (!isnan(alarm->value)) {
        wf_strbuf_addf(&text, "%.6g", alarm->value);
        if (alarm->unit[0] != '\0')
            wf_strbuf_addf(&text, " %s", alarm->unit);
    }
}

/* "hihi 34.5"; what else than a limit it is about. */
static void describe_cause(const struct mon_alarm *alarm, char *out, size_t size)
{
    static const char *const levels[WF_LIMIT_COUNT] = { "lolo", "lo", "hi", "hihi" };
    static const char *const kinds[WF_ALARM_KIND_COUNT] = {
        [WF_ALARM_LIMIT] = "limit",     [WF_ALARM_STATES] = "state", [WF_ALARM_RATE] = "rate",
        [WF_ALARM_INVALID] = "invalid", [WF_ALARM_STALE] = "stale",  [WF_ALARM_GAP] = "gap",
        [WF_ALARM_RULE] = "rule",
    };
    struct wf_strbuf text;

    wf_strbuf_init_fixed(&text, out, size);
    if (alarm->kind == WF_ALARM_LIMIT && alarm->level < WF_LIMIT_COUNT)
        wf_strbuf_add(&text, levels[alarm->level]);
    else
        wf_strbuf_add(&text, alarm->kind < WF_ALARM_KIND_COUNT ? kinds[alarm->kind] : "?");
    if (!isnan(alarm->limit))
        wf_strbuf_addf(&text, " %.6g", alarm->limit);
}

/* The value now, as every other screen shows it. */
static enum wf_style describe_live(struct con_model *model, const struct mon_alarm *alarm,
                                   char *out, size_t size)
{
    struct con_entry *entry = con_model_find(model, alarm->source, alarm->subsystem);
    struct wf_strbuf text;
    struct wf_view view;
    int parameter;

    wf_strbuf_init_fixed(&text, out, size);
    if (entry == NULL || alarm->parameter[0] == '\0')
        return WF_STYLE_DIM;
    parameter = wf_schema_find(entry->schema, alarm->parameter);
    if (parameter == WF_NO_INDEX)
        return WF_STYLE_DIM;
    con_model_view(model, entry, &view);
    wf_view_text(&view, (size_t)parameter, &text);
    return wf_view_style(&view, (size_t)parameter);
}

static void describe_state(const struct con_model *model, const struct mon_alarm *alarm, char *out,
                           size_t size)
{
    struct wf_strbuf text;
    char age[CON_AGE_SIZE];

    wf_strbuf_init_fixed(&text, out, size);
    if ((alarm->marks & WF_ALARM_OUT_OF_SERVICE) != 0) {
        wf_strbuf_add(&text, "OOS");
        return;
    }
    if ((alarm->marks & WF_ALARM_SHELVED) != 0) {
        wf_strbuf_addf(&text, "shelf %s",
                       con_age(alarm->shelved_until_ns - model->now.utc_ns, age));
        return;
    }
    if ((alarm->marks & WF_ALARM_SUPPRESSED) != 0) {
        wf_strbuf_add(&text, "suppr");
        return;
    }
    switch (alarm->state) {
    case WF_ALARM_PENDING:
        wf_strbuf_add(&text, "pending");
        break;
    case WF_ALARM_ACTIVE_UNACK:
        wf_strbuf_add(&text, "UNACK");
        break;
    case WF_ALARM_ACTIVE_ACK:
        wf_strbuf_addf(&text, "ack %s", alarm->user);
        break;
    case WF_ALARM_RTN_UNACK:
        wf_strbuf_add(&text, "RTN");
        break;
    case WF_ALARM_LATCHED:
        wf_strbuf_add(&text, "LATCHED");
        break;
    case WF_ALARM_NORMAL:
    case WF_ALARM_STATE_COUNT:
    default:
        wf_strbuf_add(&text, "normal");
        break;
    }
}

static enum wf_style style_of(const struct mon_alarm *alarm)
{
    bool is_hidden = (alarm->marks & ~WF_ALARM_SHADOW) != 0;

    if (is_hidden || alarm->state == WF_ALARM_PENDING || alarm->state == WF_ALARM_NORMAL)
        return WF_STYLE_DIM;
    if (alarm->state == WF_ALARM_LATCHED)
        return WF_STYLE_NORMAL;
    return wf_style_of_severity(alarm->highest);
}

/* "18:06:03"; yesterday's alarms have a date in the details. */
static void draw_raised(const struct mon_alarm *alarm, const struct wf_canvas_part *part, int x,
                        int y)
{
    struct wf_civil civil;

    if (alarm->raised_ns == WF_TIME_NONE || alarm->raised_ns == 0)
        return;
    wf_civil_from_utc(alarm->raised_ns, &civil);
    (void)wf_canvas_textf(part, x, y, WF_STYLE_NORMAL, "%02d:%02d:%02d", civil.hour, civil.minute,
                          civil.second);
}

void con_alarm_row_draw(struct con_model *model, const struct mon_alarm *alarm, bool is_selected,
                        bool is_tagged, const struct wf_canvas_part *part, int y)
{
    struct places at = place(part->width);
    enum wf_style style = style_of(alarm);
    bool is_unacked = alarm->state == WF_ALARM_ACTIVE_UNACK || alarm->state == WF_ALARM_RTN_UNACK;
    char text[MON_ALARM_NAME_SIZE], age[CON_AGE_SIZE];
    enum wf_style live;

    (void)wf_canvas_text(part, 1, y, style,
                         alarm->is_frozen ? " ~"
                         : is_unacked     ? wf_severity_glyph(alarm->highest)
                                          : "  ");
    (void)wf_canvas_text(part, 4, y, style, wf_severity_letter(alarm->highest));
    if (is_tagged)
        (void)wf_canvas_text(part, 0, y, WF_STYLE_STRONG, "*");
    (void)con_short_alarm(alarm->name, text, sizeof(text));
    if (is_selected)
        wf_canvas_fill(part, 6, y, at.name_width, 1, ' ', WF_STYLE_SELECTED);
    (void)wf_canvas_text_in(part, 6, y, at.name_width, is_selected ? WF_STYLE_SELECTED : style,
                            text);
    (void)wf_canvas_text(part, at.arrow, y, style, arrow_of(alarm));
    describe_trip(alarm, text, sizeof(text));
    con_text_right_in(part, at.value, y, VALUE_WIDTH, style, text);
    describe_cause(alarm, text, sizeof(text));
    (void)wf_canvas_text_in(part, at.limit, y, LIMIT_WIDTH, WF_STYLE_NORMAL, text);
    live = describe_live(model, alarm, text, sizeof(text));
    con_text_right_in(part, at.live, y, LIVE_WIDTH, live, text);
    if (part->width >= WIDE)
        draw_raised(alarm, part, at.raised, y);
    if (alarm->raised_ns != WF_TIME_NONE && alarm->raised_ns != 0)
        con_text_right_in(part, at.age, y, 6, WF_STYLE_NORMAL,
                          con_age(model->now.utc_ns - alarm->raised_ns, age));
    if (part->width >= WIDE && alarm->count > 1)
        (void)wf_canvas_textf(part, at.count, y, WF_STYLE_NORMAL, "x%u", alarm->count);
    describe_state(model, alarm, text, sizeof(text));
    (void)wf_canvas_text_in(part, at.state, y, STATE_WIDTH, style, text);
    con_first_words(alarm->guidance[0] != '\0' ? alarm->guidance : alarm->title, text,
                    sizeof(text));
    (void)wf_canvas_text_in(part, at.guidance, y, part->width - at.guidance - 1, WF_STYLE_NORMAL,
                            text);
}

/* --- around the list -------------------------------------------------------------- */

static void draw_tabs(const struct con_alarm_list *list, const struct con_model *model,
                      const struct wf_canvas_part *part)
{
    static const char *const names[CON_TAB_COUNT] = { "Active", "Acked", "Shelved", "Suppressed" };
    int x = 1;

    for (int i = 0; i < CON_TAB_COUNT; i++) {
        x = wf_canvas_textf(part, x, 0, (int)list->tab == i ? WF_STYLE_SELECTED : WF_STYLE_DIM,
                            " %s %zu ", names[i], con_alarm_tab_count(model, (enum con_tab)i));
        x++;
    }
    x++;
    if (list->severity_least > 0)
        x = wf_canvas_textf(part, x, 0, WF_STYLE_STRONG, "from %s up",
                            wf_severity_word(list->severity_least)) +
            2;
    if (list->only_unacked)
        x = wf_canvas_text(part, x, 0, WF_STYLE_STRONG, "unacknowledged") + 2;
    if (list->find[0] != '\0')
        x = wf_canvas_textf(part, x, 0, WF_STYLE_STRONG, "/%s", list->find) + 2;
    if (list->left_out > 0)
        (void)wf_canvas_textf(part, x, 0, WF_STYLE_WARNING, "%zu more: filter", list->left_out);
}

static void draw_headings(const struct wf_canvas_part *part)
{
    struct places at = place(part->width);

    (void)wf_canvas_text(part, 6, 1, WF_STYLE_DIM, "ALARM");
    con_text_right_in(part, at.value, 1, VALUE_WIDTH, WF_STYLE_DIM, "TRIP");
    (void)wf_canvas_text(part, at.limit, 1, WF_STYLE_DIM, "LIMIT");
    con_text_right_in(part, at.live, 1, LIVE_WIDTH, WF_STYLE_DIM, "NOW");
    if (part->width >= WIDE)
        (void)wf_canvas_text(part, at.raised, 1, WF_STYLE_DIM, "RAISED");
    con_text_right_in(part, at.age, 1, 6, WF_STYLE_DIM, "FOR");
    (void)wf_canvas_text(part, at.state, 1, WF_STYLE_DIM, "STATE");
    if (part->width - at.guidance > 10)
        (void)wf_canvas_text(part, at.guidance, 1, WF_STYLE_DIM, "GUIDANCE");
}

static void draw_nothing(const struct con_alarm_list *list, const struct con_model *model,
                         const struct wf_canvas_part *part)
{
    bool is_filtered = list->severity_least > 0 || list->only_unacked || list->find[0] != '\0';

    if (model->monitor_count == 0) {
        (void)wf_canvas_text(part, 1, 3, WF_STYLE_WARNING,
                             "No alarm monitor runs: nothing is judged, nobody is told.");
        (void)wf_canvas_text(part, 1, 4, WF_STYLE_DIM,
                             "wf up starts one; wf alert starts it by itself.");
    } else if (is_filtered) {
        (void)wf_canvas_text(part, 1, 3, WF_STYLE_DIM,
                             "Nothing passes these filters: v, n and / change them.");
    } else {
        (void)wf_canvas_text(part, 1, 3, WF_STYLE_DIM,
                             list->tab == CON_TAB_ACTIVE ? "No alarms." : "None.");
    }
}

static void draw_marks(const struct con_model *model, const struct mon_alarm *alarm,
                       struct wf_strbuf *line)
{
    char age[CON_AGE_SIZE];

    if (alarm->user[0] != '\0')
        wf_strbuf_addf(line, "acknowledged by %s%s%s. ", alarm->user,
                       alarm->note[0] != '\0' ? ": " : "", alarm->note);
    if ((alarm->marks & WF_ALARM_SHELVED) != 0)
        wf_strbuf_addf(line, "Shelved by %s for another %s: %s. ", alarm->mark_user,
                       con_age(alarm->shelved_until_ns - model->now.utc_ns, age), alarm->mark_note);
    if ((alarm->marks & WF_ALARM_OUT_OF_SERVICE) != 0)
        wf_strbuf_addf(line, "Out of service by %s: %s. ", alarm->mark_user, alarm->mark_note);
    if (alarm->parent[0] != '\0')
        wf_strbuf_addf(line, "Suppressed by %s. ", alarm->parent);
    if (alarm->children > 0)
        wf_strbuf_addf(line, "Suppresses %u others. ", alarm->children);
    if (alarm->is_frozen)
        wf_strbuf_add(line, "Its input is stale: the state is an old one. ");
    if (!alarm->is_monitor_live)
        wf_strbuf_addf(line, "ITS ALARM MONITOR (%s) DOES NOT RUN. ", alarm->monitor);
}

static void draw_details(const struct con_model *model, const struct mon_alarm *alarm,
                         const struct wf_canvas_part *part)
{
    char text[400];
    struct wf_strbuf line = WF_STRBUF_FIXED(text);
    int x;

    wf_canvas_hline(part, 0, 0, part->width);
    if (alarm == NULL)
        return;
    x = wf_canvas_text(part, 1, 1, WF_STYLE_STRONG, alarm->name);
    wf_strbuf_addf(&line, "%s   raised ", alarm->title);
    wf_strbuf_add_time(&line, alarm->raised_ns != 0 ? alarm->raised_ns : WF_TIME_NONE, 0);
    wf_strbuf_addf(&line, "   #%llu", (unsigned long long)alarm->seq);
    if (alarm->highest > alarm->severity)
        wf_strbuf_addf(&line, "   now %s, was %s", wf_severity_word(alarm->severity),
                       wf_severity_word(alarm->highest));
    (void)wf_canvas_text_in(part, x + 2, 1, part->width - x - 3, WF_STYLE_NORMAL, text);
    wf_strbuf_clear(&line);
    draw_marks(model, alarm, &line);
    (void)wf_canvas_text_in(part, 1, 2, part->width - 2,
                            alarm->is_monitor_live ? WF_STYLE_NORMAL : WF_STYLE_WARNING, text);
    con_first_words(alarm->guidance, text, sizeof(text));
    (void)wf_canvas_text_in(part, 1, 3, part->width - 2, WF_STYLE_NORMAL, text);
}

static const char *subject_of(const struct con_orders *orders, char *out, size_t size)
{
    struct wf_strbuf text;

    wf_strbuf_init_fixed(&text, out, size);
    if (orders->count == 1)
        wf_strbuf_add(&text, orders->list[0].alarm);
    else
        wf_strbuf_addf(&text, "%zu alarms", orders->count);
    return out;
}

/* The last line: what is being asked, or what came of it, or what can be done. */
static void draw_prompt(const struct con_alarm_list *list, const struct wf_canvas_part *part, int y)
{
    char subject[MON_ALARM_NAME_SIZE];
    int x = 1;

    (void)subject_of(&list->orders, subject, sizeof(subject));
    if (list->answer[0] != '\0') {
        (void)wf_canvas_text_in(part, 1, y, part->width - 2,
                                list->is_refused ? WF_STYLE_WARNING : WF_STYLE_STRONG,
                                list->answer);
        return;
    }
    switch (list->form) {
    case CON_FORM_FIND:
        x = wf_canvas_text(part, x, y, WF_STYLE_STRONG, "/");
        break;
    case CON_FORM_ACK_NOTE:
        x = wf_canvas_textf(part, x, y, WF_STYLE_STRONG, "acknowledge %s; note: ", subject);
        break;
    case CON_FORM_SHELVE_FOR:
        x = wf_canvas_textf(part, x, y, WF_STYLE_STRONG, "shelve %s for: ", subject);
        break;
    case CON_FORM_SHELVE_WHY:
        x = wf_canvas_textf(part, x, y, WF_STYLE_STRONG, "shelve %s, because: ", subject);
        break;
    case CON_FORM_NONE:
    default:
        (void)wf_canvas_text_in(part, 1, y, part->width - 2, WF_STYLE_DIM,
                                "a ack  A page  s shelve  u unshelve  r reset  e explain  "
                                "Space tag  ← → tab  v severity  n unacked  / find");
        return;
    }
    x = wf_canvas_text(part, x, y, WF_STYLE_NORMAL, list->input);
    wf_canvas_put(part, x, y, ' ', WF_STYLE_SELECTED);
    (void)wf_canvas_text(part, x + 2, y, WF_STYLE_DIM, "⏎ goes on  Esc back");
}

/* --- the explanation ----------------------------------------------------------------- */

static void draw_explanation(struct con_alarm_list *list, const struct wf_canvas_part *part)
{
    const char *at = list->explanation;
    int lines = 1;
    int y;

    for (const char *c = at; *c != '\0'; c++)
        lines += *c == '\n';
    if (list->explanation_scroll > lines - part->height + 1)
        list->explanation_scroll = lines - part->height + 1;
    if (list->explanation_scroll < 0)
        list->explanation_scroll = 0;
    y = -list->explanation_scroll;
    while (*at != '\0' && y < part->height - 1) {
        const char *end = strchr(at, '\n');
        size_t len = end != NULL ? (size_t)(end - at) : strlen(at);
        char line[512];
        struct wf_strbuf text = WF_STRBUF_FIXED(line);

        wf_strbuf_add_bytes(&text, at, len);
        if (y >= 0)
            (void)wf_canvas_text_in(part, 1, y, part->width - 2, WF_STYLE_NORMAL, line);
        y++;
        at += len + (end != NULL);
    }
    (void)wf_canvas_text(part, 1, part->height - 1, WF_STYLE_DIM,
                         "↑↓ scroll  Esc back to the list");
}

/* --- the page ------------------------------------------------------------------------ */

static void scroll_to_cursor(struct con_alarm_list *list, int at)
{
    int before = list->top;

    if (at < list->top)
        list->top = at < 0 ? 0 : at;
    if (at >= list->top + list->height)
        list->top = at - list->height + 1;
    if (list->top + list->height > (int)list->count)
        list->top = (int)list->count > list->height ? (int)list->count - list->height : 0;
    if (list->top != before)
        list->shown_mono_ns = 0; /* other lines: they have to be looked at first */
}

void con_alarms_draw(struct con_ui *ui, struct con_model *model, const struct wf_canvas_part *part)
{
    struct con_alarm_list *list = &ui->alarms;
    struct wf_canvas_part rows, details;
    int at;

    if (list->explanation != NULL) {
        draw_explanation(list, part);
        return;
    }
    con_alarm_list_make(list, model);
    at = con_alarm_list_at(list);
    draw_tabs(list, model, part);
    draw_headings(part);
    rows = wf_canvas_sub(part, 0, 2, part->width, part->height - 3 - DETAIL_LINES);
    list->height = rows.height > 0 ? rows.height : 1;
    scroll_to_cursor(list, at);
    if (list->shown_mono_ns == 0)
        list->shown_mono_ns = model->now.mono_ns;
    for (int y = 0; y < rows.height && list->top + y < (int)list->count; y++) {
        const struct mon_alarm *alarm = list->rows[list->top + y];

        con_alarm_row_draw(model, alarm, list->top + y == at, con_alarm_list_is_tagged(list, alarm),
                           &rows, y);
    }
    if (list->count == 0)
        draw_nothing(list, model, part);
    details = wf_canvas_sub(part, 0, part->height - 1 - DETAIL_LINES, part->width, DETAIL_LINES);
    draw_details(model, at >= 0 ? list->rows[at] : NULL, &details);
    draw_prompt(list, part, part->height - 1);
}
