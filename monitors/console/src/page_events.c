/* SPDX-License-Identifier: MIT */
/* Events: what alarms did and what people did about them, the newest on top. */

#include "pages.h"

#include <watchfloor/clock.h>

static void draw_time(const struct wf_canvas_part *part, int y, int64_t utc_ns, int64_t now_ns)
{
    bool is_today = wf_utc_day_start(utc_ns) == wf_utc_day_start(now_ns);
    struct wf_civil civil;

    wf_civil_from_utc(utc_ns, &civil);
    if (is_today)
        (void)wf_canvas_textf(part, 1, y, WF_STYLE_NORMAL, "%02d:%02d:%02d.%03d", civil.hour,
                              civil.minute, civil.second, civil.nanosecond / 1000000);
    else
        (void)wf_canvas_textf(part, 1, y, WF_STYLE_NORMAL, "%02d-%02d %02d:%02d", civil.month,
                              civil.day, civil.hour, civil.minute);
}

static void draw_event(const struct con_model *model, const struct con_event *event,
                       const struct wf_canvas_part *part, int y)
{
    bool is_wide = part->width >= 110;
    int name_width = is_wide ? 34 : 26;
    int x = 14;
    enum wf_style style =
        event->user[0] != '\0' ? WF_STYLE_STRONG : wf_style_of_severity(event->severity);
    char text[300];
    struct wf_strbuf words = WF_STRBUF_FIXED(text);

    draw_time(part, y, event->utc_ns, model->now.utc_ns);
    (void)wf_canvas_text(part, x, y, style, wf_severity_letter(event->severity));
    (void)wf_canvas_text_in(part, x + 2, y, 13, style, event->what);
    x += 16;
    if (event->alarm[0] != '\0')
        (void)wf_canvas_text_in(part, x, y, name_width, style,
                                con_short_alarm(event->alarm, text, sizeof(text)));
    else
        (void)wf_canvas_textf(part, x, y, WF_STYLE_DIM, "(monitor %s)", event->monitor);
    x += name_width + 1;
    wf_strbuf_clear(&words);
    if (is_wide && event->states[0] != '\0')
        wf_strbuf_addf(&words, "%-28s", event->states);
    if (event->value[0] != '\0')
        wf_strbuf_addf(&words, "%s  ", event->value);
    if (event->user[0] != '\0')
        wf_strbuf_addf(&words, "%s%s", event->user, event->text[0] != '\0' ? ": " : "");
    wf_strbuf_add(&words, event->text);
    (void)wf_canvas_text_in(part, x, y, part->width - x - 1, WF_STYLE_NORMAL, text);
}

void con_events_draw(struct con_ui *ui, struct con_model *model, const struct wf_canvas_part *part)
{
    int rows = part->height - 2;
    int count, most;

    if (ui->events == NULL || model->monitor_count == 0) {
        (void)wf_canvas_text(part, 1, 1, WF_STYLE_DIM,
                             "No alarm monitor runs: nothing is judged, nothing happens here.");
        return;
    }
    con_events_update(ui->events, model->alarms);
    count = (int)con_events_count(ui->events);
    most = count > rows ? count - rows : 0;
    if (ui->scroll > most)
        ui->scroll = most;
    (void)wf_canvas_textf(part, 1, 0, WF_STYLE_DIM, "%-12s %-15s %s", "TIME", "WHAT", "ALARM");
    for (int i = 0; i < rows && ui->scroll + i < count; i++)
        draw_event(model, con_events_at(ui->events, (size_t)(ui->scroll + i)), part, 1 + i);
    if (con_events_trouble(ui->events)[0] != '\0')
        (void)wf_canvas_text_in(part, 1, part->height - 1, part->width - 2, WF_STYLE_WARNING,
                                con_events_trouble(ui->events));
    else if (count == 0)
        (void)wf_canvas_text(part, 1, 1, WF_STYLE_DIM, "Nothing yet.");
    else
        (void)wf_canvas_textf(part, 1, part->height - 1, WF_STYLE_DIM,
                              "%d to %d of the newest %d; all: wf alarms --history", ui->scroll + 1,
                              ui->scroll + rows < count ? ui->scroll + rows : count, count);
}
