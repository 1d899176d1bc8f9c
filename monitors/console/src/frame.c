/* SPDX-License-Identifier: MIT */
/*
 * Frame: the lines that are on every page.
 *
 *   row 0   instance, state, clock, lag | what is out of limits
 *   row 1   links, logger, plugins
 *   row 2   a rule; or, when the numbers below are not live, a line saying so
 *   last    keys
 */

#include "pages.h"
#include "replay.h"

#include <watchfloor/clock.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A note ("reattached") stays this long. */
#define NOTE_NS (30 * WF_NS_PER_S)
/* A listener that heard nothing for this long is told as silent. */
#define LINK_SILENT_NS (10 * WF_NS_PER_S)
#define RATE_TOLD_NS   (2 * WF_NS_PER_S)
/* A full disk is told of so many days before. */
#define DISK_DAYS_SHOWN 30

struct state_look {
    const char *word;
    enum wf_style style;
};

static struct state_look look_of(const struct con_ui *ui, const struct con_model *model)
{
    if (ui->is_frozen)
        return (struct state_look){ "FROZEN", WF_STYLE_SELECTED };
    switch (model->state) {
    case CON_STATE_LIVE:
        return (struct state_look){ "LIVE", WF_STYLE_GOOD };
    case CON_STATE_REPLAY:
        return (struct state_look){ "REPLAY", WF_STYLE_SELECTED };
    case CON_STATE_NO_DATA:
        return (struct state_look){ "NO DATA", WF_STYLE_SEVERE };
    case CON_STATE_SILENT:
        return (struct state_look){ "SILENT", WF_STYLE_SEVERE };
    case CON_STATE_STOPPED:
        return (struct state_look){ "STOPPED", WF_STYLE_SEVERE };
    case CON_STATE_NO_RECEIVER:
    default:
        return (struct state_look){ "NO RECEIVER", WF_STYLE_SEVERE };
    }
}

/* What waits for somebody, by the alarm monitors; what is hidden is always counted too. */
static int draw_alarm_counts(const struct con_model *model, const struct wf_canvas_part *part,
                             int x)
{
    const struct mon_alarm_counts *counts = &model->alarm_counts;
    bool is_any = false;

    if (model->monitors_live < model->monitor_count)
        x = wf_canvas_text(part, x, 0, WF_STYLE_SEVERE, "ALARM MONITOR DEAD") + 2;
    for (int severity = 5; severity > 0; severity--) {
        if (counts->active[severity] == 0)
            continue;
        x = wf_canvas_textf(part, x, 0, wf_style_of_severity(severity), "%s %zu",
                            wf_severity_word(severity), counts->active[severity]);
        x += 2;
        is_any = true;
    }
    if (counts->unacknowledged > 0)
        x = wf_canvas_textf(part, x, 0, WF_STYLE_STRONG, "UNACK %zu", counts->unacknowledged);
    else if (!is_any)
        x = wf_canvas_text(part, x, 0, WF_STYLE_DIM, "no alarms");
    return wf_canvas_textf(part, x, 0, WF_STYLE_DIM,
                           part->width >= 100 ? " │ shelved %zu suppr %zu oos %zu"
                                              : " │ %zu/%zu/%zu",
                           counts->shelved, counts->suppressed, counts->out_of_service);
}

static int draw_counts(const struct con_model *model, const struct wf_canvas_part *part, int x)
{
    bool is_any = false;

    x = wf_canvas_text(part, x, 0, WF_STYLE_DIM, " │ ");
    if (model->monitor_count > 0)
        return draw_alarm_counts(model, part, x);
    for (int severity = 5; severity > 0; severity--) {
        if (model->severity_counts[severity] == 0)
            continue;
        x = wf_canvas_textf(part, x, 0, wf_style_of_severity(severity), "%s %zu",
                            wf_severity_word(severity), model->severity_counts[severity]);
        x += 2;
        is_any = true;
    }
    if (model->stale_count > 0)
        x = wf_canvas_textf(part, x, 0, WF_STYLE_WARNING, "STALE %zu", model->stale_count);
    else if (!is_any)
        x = wf_canvas_text(part, x, 0, WF_STYLE_DIM, "all within limits");
    return x;
}

static void draw_banner(const struct con_ui *ui, const struct con_model *model,
                        const struct wf_canvas_part *part)
{
    struct state_look look = look_of(ui, model);
    char upper[sizeof(model->instance)];
    char line[64];
    struct wf_strbuf text = WF_STRBUF_FIXED(line);
    char age[CON_AGE_SIZE];
    int x;

    (void)wf_copy_text(upper, sizeof(upper), model->instance);
    for (char *at = upper; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    x = wf_canvas_text(part, 1, 0, WF_STYLE_STRONG, upper) + 2;
    /* The heart-beat: it changes with every batch of samples, and stands still when they do. */
    wf_canvas_put(part, x, 0, (model->commits & 1) != 0 ? 0x25cf : 0x25cb, look.style);
    x = wf_canvas_textf(part, x + 2, 0, look.style, "%s", look.word) + 2;
    wf_strbuf_add_time(&text, model->now.utc_ns, 0);
    for (char *at = line; *at != '\0'; at++)
        if (*at == 'T')
            *at = ' ';
    x = wf_canvas_text(part, x, 0, WF_STYLE_NORMAL, line) + 2;
    if (model->lag_ns >= 0)
        x = wf_canvas_textf(part, x, 0, WF_STYLE_DIM, "lag %s", con_age(model->lag_ns, age));
    if (model->entry_count > 0)
        (void)draw_counts(model, part, x);
}

/* --- links ---------------------------------------------------------------- */

/* One listener of wf.links; the rows of its peers are the links page's matter. */
static int draw_link(const struct con_model *model, const struct wf_canvas_part *part, int x,
                     const struct wf_schema *schema, const void *row)
{
    char name[WF_NAME_SIZE], text[64], age[CON_AGE_SIZE];
    enum wf_style style = WF_STYLE_NORMAL;
    struct wf_strbuf status = WF_STRBUF_FIXED(text);
    int64_t last;
    double rate;

    con_row_format(schema, row, "peer", text, sizeof(text));
    if (text[0] != '\0')
        return x;
    con_row_format(schema, row, "link", name, sizeof(name));
    con_row_format(schema, row, "trouble", text, sizeof(text));
    wf_strbuf_clear(&status);
    if (!con_row_time(schema, row, "last_received", &last)) {
        wf_strbuf_add(&status, "nothing yet");
        style = WF_STYLE_DIM;
    } else if (model->now.utc_ns - last > LINK_SILENT_NS) {
        wf_strbuf_addf(&status, "SILENT %s", con_age(model->now.utc_ns - last, age));
        style = WF_STYLE_WARNING;
    } else if (con_row_number(schema, row, "packet_rate", &rate)) {
        wf_strbuf_addf(&status, "%.0f p/s", rate);
    }
    if (x > 1)
        x = wf_canvas_text(part, x, 1, WF_STYLE_DIM, " │ ");
    x = wf_canvas_textf(part, x, 1, WF_STYLE_DIM, "link %s ", name);
    return wf_canvas_text(part, x, 1, style, text);
}

static int draw_links(const struct con_model *model, const struct wf_canvas_part *part, int x)
{
    const struct wf_region *links = con_model_table(model, "links");
    const struct wf_schema *schema;
    struct wf_stamp stamp;
    uint8_t *row;

    if (links == NULL)
        return x;
    schema = wf_region_schema(links);
    row = malloc(schema->payload_bytes);
    for (uint32_t i = 0; row != NULL && i < schema->row_max && x < part->width - 20; i++)
        if (wf_region_row(links, i, row, schema->payload_bytes, &stamp) == 0)
            x = draw_link(model, part, x, schema, row);
    free(row);
    return x;
}

/* A sample of the system's own health: running, standing still, or not there. */
static int draw_health(const struct con_model *model, const struct wf_canvas_part *part, int x,
                       const char *subsystem, const char *label)
{
    const struct con_entry *entry = con_model_find(model, WF_SOURCE_OWN, subsystem);
    char age[CON_AGE_SIZE];

    if (entry == NULL)
        return x;
    if (x > 1)
        x = wf_canvas_text(part, x, 1, WF_STYLE_DIM, " │ ");
    x = wf_canvas_textf(part, x, 1, WF_STYLE_DIM, "%s ", label);
    if (!entry->has_sample)
        return wf_canvas_text(part, x, 1, WF_STYLE_DIM, "--");
    if (entry->is_stale)
        return wf_canvas_textf(part, x, 1, WF_STYLE_WARNING, "~%s",
                               con_age(model->now.mono_ns - entry->stamp.received_mono_ns, age));
    if (entry->worst > 0)
        return wf_canvas_text(part, x, 1, wf_style_of_severity(entry->worst),
                              wf_severity_word(entry->worst));
    return wf_canvas_text(part, x, 1, WF_STYLE_NORMAL, "OK");
}

/* "6M": what a person reads at a glance. */
static void add_size(struct wf_strbuf *out, double bytes)
{
    static const char units[] = "BKMGTP";
    size_t at = 0;

    while (bytes >= 1024 && at + 2 < sizeof(units)) {
        bytes /= 1024;
        at++;
    }
    wf_strbuf_addf(out, bytes < 10 && at > 0 ? "%.1f%c" : "%.0f%c", bytes, units[at]);
}

/* History: is it written, and is there room for it? */
static int draw_logger(const struct con_model *model, const struct wf_canvas_part *part, int x)
{
    char line[64];
    struct wf_strbuf text = WF_STRBUF_FIXED(line);
    double wal, disk, days;

    x = draw_health(model, part, x, "logger", "log");
    if (part->width < 100 || !con_model_number(model, "logger", "wal_bytes", &wal) ||
        !con_model_number(model, "logger", "disk_free", &disk))
        return x;
    wf_strbuf_add(&text, " wal ");
    add_size(&text, wal);
    wf_strbuf_add(&text, " disk ");
    add_size(&text, disk);
    if (con_model_number(model, "logger", "disk_days", &days) && days < DISK_DAYS_SHOWN)
        wf_strbuf_addf(&text, " full in %.0f%s", days < 2 ? days * 24 : days, days < 2 ? "h" : "d");
    return wf_canvas_text(part, x, 1, WF_STYLE_DIM, line);
}

static void draw_strip(const struct con_ui *ui, const struct con_model *model,
                       const struct wf_canvas_part *part)
{
    size_t count = con_displays_count(ui->displays);
    size_t loaded = 0;
    int x;

    /* Until the next key: it happened to this very screen. */
    if (ui->complaint[0] != '\0') {
        (void)wf_canvas_text_in(part, 1, 1, part->width - 2, WF_STYLE_WARNING, ui->complaint);
        return;
    }
    x = draw_links(model, part, 1);
    x = draw_health(model, part, x, "receiver", "receiver");
    x = draw_health(model, part, x, "alert", "alerts");
    x = draw_logger(model, part, x);
    for (size_t i = 0; i < count; i++)
        loaded += con_displays_plugin(ui->displays, i)->state == CON_PLUGIN_LOADED;
    if (x > 1)
        x = wf_canvas_text(part, x, 1, WF_STYLE_DIM, " │ ");
    x = wf_canvas_text(part, x, 1, WF_STYLE_DIM, "plugins ");
    (void)wf_canvas_textf(part, x, 1, loaded < count ? WF_STYLE_WARNING : WF_STYLE_NORMAL,
                          "%zu/%zu", loaded, count);
}

/* --- the rule, or what must not be overlooked ------------------------------ */

static void draw_warning(const struct wf_canvas_part *part, enum wf_style style, const char *text)
{
    wf_canvas_fill(part, 0, 2, part->width, 1, ' ', style);
    (void)wf_canvas_text_in(part, 1, 2, part->width - 2, style, text);
}

static void draw_rule(const struct con_ui *ui, const struct con_model *model,
                      const struct wf_canvas_part *part)
{
    char line[256], age[CON_AGE_SIZE];
    struct wf_strbuf text = WF_STRBUF_FIXED(line);

    con_age(model->state_age_ns, age);
    if (ui->is_frozen) {
        char since[CON_AGE_SIZE];

        wf_strbuf_addf(&text,
                       "FROZEN for %s: these values stand still, the system goes on. p continues.",
                       con_age(ui->freeze_age_ns, since));
        draw_warning(part, WF_STYLE_SELECTED, line);
        return;
    }
    switch (model->state) {
    case CON_STATE_STOPPED:
        wf_strbuf_addf(
            &text,
            "RECEIVER STOPPED %s ago: below are its last values. Start it: wf up --instance %s",
            age, model->instance);
        break;
    case CON_STATE_SILENT:
        wf_strbuf_addf(&text,
                       "RECEIVER SILENT for %s: it died or hangs. Values are old. See: wf status "
                       "--instance %s",
                       age, model->instance);
        break;
    case CON_STATE_NO_DATA:
        wf_strbuf_addf(&text,
                       "NO DATA for %s: the receiver runs, nothing reaches it. See page 5, links.",
                       age);
        break;
    case CON_STATE_NO_RECEIVER:
        if (model->unreadable != NULL)
            wf_strbuf_addf(&text, "NOT READABLE: what instance '%s' shows may not be read here",
                           model->instance);
        else if (model->entry_count == 0)
            wf_strbuf_addf(&text, "NO RECEIVER: no system runs as instance '%s'", model->instance);
        else
            wf_strbuf_add(&text, "NO RECEIVER: other programs publish here, but nothing comes off "
                                 "the network");
        break;
    case CON_STATE_REPLAY:
        con_replay_describe(model, &text);
        draw_warning(part, WF_STYLE_SELECTED, line);
        return;
    case CON_STATE_LIVE:
    default:
        if (model->monitors_live < model->monitor_count) {
            wf_strbuf_addf(
                &text,
                "ALARM MONITOR DEAD: nothing is judged, nobody is told. Below are its last "
                "alarms. See: wf status --instance %s",
                model->instance);
            break;
        }
        wf_canvas_hline(part, 0, 2, part->width);
        return;
    }
    draw_warning(part, WF_STYLE_SEVERE, line);
}

/* What just happened, in the rule's middle; a warning in its place is worse and stays alone. */
static void draw_note(const struct con_ui *ui, const struct con_model *model,
                      const struct wf_canvas_part *part)
{
    char age[CON_AGE_SIZE];
    int64_t note_age = model->now.mono_ns - model->note_mono_ns;

    if (ui->is_frozen || model->state != CON_STATE_LIVE)
        return;
    if (model->note[0] != '\0' && note_age < NOTE_NS)
        (void)wf_canvas_textf(part, 2, 2, WF_STYLE_WARNING, " %s (%s ago) ", model->note,
                              con_age(note_age, age));
    else if (ui->rate_told_mono_ns != 0 &&
             model->now.mono_ns - ui->rate_told_mono_ns < RATE_TOLD_NS)
        (void)wf_canvas_textf(part, 2, 2, WF_STYLE_STRONG, " at most %.0f screens a second ",
                              ui->rate_hz);
}

/* --- keys ----------------------------------------------------------------- */

static void draw_keys(const struct con_ui *ui, const struct wf_canvas_part *part)
{
    static const struct {
        enum con_page page;
        const char *label;
    } pages[] = {
        { CON_PAGE_OVERVIEW, "over" },    { CON_PAGE_ALARMS, "alarms" },
        { CON_PAGE_SUBSYSTEM, "subsys" }, { CON_PAGE_TREND, "trend" },
        { CON_PAGE_LINKS, "links" },      { CON_PAGE_EVENTS, "events" },
        { CON_PAGE_HISTORY, "history" },  { CON_PAGE_PLUGINS, "plugins" },
    };
    int y = part->height - 1;
    int x = 1;

    for (size_t i = 0; i < WF_COUNT_OF(pages); i++) {
        bool is_shown = ui->page == pages[i].page;

        x = wf_canvas_textf(part, x, y, is_shown ? WF_STYLE_SELECTED : WF_STYLE_DIM, "[%d]%s",
                            (int)pages[i].page, pages[i].label);
        x++;
    }
    x++;
    if (part->width < 100)
        (void)wf_canvas_text(part, x, y, WF_STYLE_DIM, "? help q quit");
    else if (ui->page == CON_PAGE_OVERVIEW)
        (void)wf_canvas_text(part, x, y, WF_STYLE_DIM, "/ find p freeze ? help q quit");
    else if (ui->page == CON_PAGE_SUBSYSTEM || ui->page == CON_PAGE_TREND)
        (void)wf_canvas_text(part, x, y, WF_STYLE_DIM, "[ ] next x view ? help q quit");
    else
        (void)wf_canvas_text(part, x, y, WF_STYLE_DIM, "↑↓ move p freeze ? help q quit");
}

struct wf_canvas_part con_frame_draw(const struct con_ui *ui, const struct con_model *model,
                                     const struct wf_canvas_part *whole)
{
    draw_banner(ui, model, whole);
    draw_strip(ui, model, whole);
    draw_rule(ui, model, whole);
    draw_note(ui, model, whole);
    draw_keys(ui, whole);
    return wf_canvas_sub(whole, 0, 3, whole->width, whole->height - 4);
}
