/* SPDX-License-Identifier: MIT */
/* List: see list.h. What is shown is in its monitor's journal already. */

#include "list.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/notify.h>
#include <watchfloor/watch.h>

#include "alarms.h"
#include "json_text.h"
#include "list_rows.h"
#include "show.h"

#define WATCH_STEP_MS 200
#define CALM_NS       (200 * WF_NS_PER_MS) /* at most five times a second */

static volatile sig_atomic_t is_over;

static void stop(int number)
{
    (void)number;
    is_over = 1;
}

static void add_header(const struct mon_alarm_counts *counts, struct wf_strbuf *out)
{
    bool is_first = true;

    wf_strbuf_addf(out, "%zu %s", counts->shown, counts->shown == 1 ? "alarm" : "alarms");
    for (unsigned severity = 5; severity > 0; severity--) {
        if (counts->active[severity] == 0)
            continue;
        wf_strbuf_addf(out, "%s%s %zu", is_first ? ": " : ", ", wf_severity_name(severity),
                       counts->active[severity]);
        is_first = false;
    }
    wf_strbuf_addf(out,
                   " | unacknowledged %zu  pending %zu | shelved %zu  suppressed %zu  "
                   "out of service %zu",
                   counts->unacknowledged, counts->pending, counts->shelved, counts->suppressed,
                   counts->out_of_service);
}

static const char *state_word(const struct mon_alarm *alarm)
{
    static const char *const words[WF_ALARM_STATE_COUNT] = {
        "normal", "pending", "UNACK", "ack", "UNACK (normal)", "latched"
    };

    return (unsigned)alarm->state < WF_ALARM_STATE_COUNT ? words[alarm->state] : "?";
}

static const char *level_arrow(const struct mon_alarm *alarm)
{
    static const char *const words[] = { "v lolo", "v lo", "^ hi", "^ hihi" };

    return alarm->kind == WF_ALARM_LIMIT && alarm->level < WF_COUNT_OF(words) ? words[alarm->level]
                                                                              : "";
}

/* "^ hi 33", so that the direction can be read without colour. */
static void add_limit(struct show_table *table, const struct mon_alarm *alarm)
{
    char text[80];
    struct wf_strbuf cell = WF_STRBUF_FIXED(text);

    wf_strbuf_add(&cell, level_arrow(alarm));
    if (cell.len > 0 && alarm->limit == alarm->limit) {
        wf_strbuf_add_char(&cell, ' ');
        wf_strbuf_add_double(&cell, alarm->limit);
    }
    show_cell(table, text);
}

/* Severity now, and the highest since it was acknowledged when that is more. */
static void add_severity(struct show_table *table, const struct mon_alarm *alarm)
{
    if (alarm->highest > alarm->severity)
        show_cellf(table, "%s (was %s)", wf_severity_name(alarm->severity),
                   wf_severity_name(alarm->highest));
    else
        show_cell(table, wf_severity_name(alarm->severity));
}

/* Who has it, or who put it away and until when. */
static void add_who(struct show_table *table, const struct mon_alarm *alarm)
{
    char text[420];
    struct wf_strbuf cell = WF_STRBUF_FIXED(text);
    bool is_put_away = (alarm->marks & (WF_ALARM_SHELVED | WF_ALARM_OUT_OF_SERVICE)) != 0;
    const char *user = is_put_away ? alarm->mark_user : alarm->user;
    const char *note = is_put_away ? alarm->mark_note : alarm->note;

    show_marks(&cell, alarm->marks);
    if ((alarm->marks & WF_ALARM_SHELVED) != 0 && alarm->shelved_until_ns != WF_TIME_NONE) {
        wf_strbuf_add(&cell, " until ");
        wf_strbuf_add_time(&cell, alarm->shelved_until_ns, 0);
    }
    if ((alarm->marks & WF_ALARM_SUPPRESSED) != 0 && alarm->parent[0] != '\0')
        wf_strbuf_addf(&cell, " by %s", desk_short_name(alarm->parent));
    if (user[0] != '\0')
        wf_strbuf_addf(&cell, "%s%s", cell.len > 0 ? " " : "", user);
    if (note[0] != '\0')
        wf_strbuf_addf(&cell, ": %s", note);
    show_cell(table, text);
}

static void add_guidance(struct show_table *table, const struct mon_alarm *alarm)
{
    if (alarm->children > 0)
        show_cellf(table, "(+%u below) %s", alarm->children, alarm->guidance);
    else
        show_cell(table, alarm->guidance);
}

/* What time it is for the alarms. */
static int64_t now_of(const struct list_rows *rows)
{
    return rows->is_replay ? wf_replay_now_ns(&rows->replay, wf_mono_now_ns()) : wf_utc_now_ns();
}

static void add_row(struct show_table *table, const struct mon_alarm *alarm, int64_t now_ns,
                    bool has_monitors)
{
    int64_t since_ns = alarm->raised_ns != WF_TIME_NONE && alarm->raised_ns > 0 ? alarm->raised_ns
                                                                                : alarm->changed_ns;

    add_severity(table, alarm);
    show_cell(table, desk_short_name(alarm->name));
    show_cell(table, state_word(alarm));
    show_cellf(table, "%s%s", alarm->value_text, alarm->is_frozen ? " ~frozen" : "");
    add_limit(table, alarm);
    if (since_ns != WF_TIME_NONE && since_ns > 0) {
        show_cell_time(table, since_ns);
        show_cell_age(table, now_ns - since_ns);
    } else {
        show_cell(table, "");
        show_cell(table, "");
    }
    if (alarm->count > 1)
        show_cellf(table, "x%u", alarm->count);
    else
        show_cell(table, "");
    show_cellf(table, "%llu", (unsigned long long)alarm->seq);
    add_who(table, alarm);
    if (has_monitors)
        show_cellf(table, "%s%s", alarm->monitor, alarm->is_monitor_live ? "" : " (dead)");
    add_guidance(table, alarm);
}

static void print_table(const struct list_rows *rows)
{
    static const char *const titles[] = { "SEVERITY", "ALARM", "STATE", "VALUE", "LIMIT",
                                          "SINCE",    "AGE",   "N",     "SEQ",   "WHO" };
    bool has_monitors = rows->monitor_count > 1;
    struct show_table table;
    char text[400];
    struct wf_strbuf header = WF_STRBUF_FIXED(text);

    if (rows->is_replay) {
        wf_replay_describe(&rows->replay, wf_mono_now_ns(), &header);
        wf_strbuf_add(&header, " | ");
    }
    add_header(&rows->counts, &header);
    (void)puts(text);
    if (rows->count == 0)
        return;
    show_table_init(&table, WF_COUNT_OF(titles) + 1 + has_monitors);
    for (size_t i = 0; i < WF_COUNT_OF(titles); i++)
        show_cell(&table, titles[i]);
    if (has_monitors)
        show_cell(&table, "MONITOR");
    show_cell(&table, "GUIDANCE");
    for (size_t i = 0; i < rows->count; i++)
        add_row(&table, &rows->list[i], now_of(rows), has_monitors);
    show_table_print(&table, 0);
    show_table_fini(&table);
}

static const char *level_name(const struct mon_alarm *alarm)
{
    static const char *const names[] = { "lolo", "lo", "hi", "hihi" };

    return alarm->kind == WF_ALARM_LIMIT && alarm->level < WF_COUNT_OF(names) ? names[alarm->level]
                                                                              : "";
}

static void print_csv(const struct list_rows *rows)
{
    (void)fputs(
        "monitor,alarm,state,marks,severity,highest,level,value,limit,value_text,unit,raised,"
        "changed,count,seq,user,note,mark_user,mark_note,shelved_until,parent,title,"
        "guidance\r\n",
        stdout);
    for (size_t i = 0; i < rows->count; i++) {
        const struct mon_alarm *alarm = &rows->list[i];
        char text[80];
        struct wf_strbuf marks = WF_STRBUF_FIXED(text);

        show_csv(alarm->monitor, false);
        show_csv(alarm->name, false);
        show_csv(wf_alarm_state_name(alarm->state), false);
        show_marks(&marks, alarm->marks);
        show_csv(text, false);
        (void)printf("%u,%u,", alarm->severity, alarm->highest);
        show_csv(level_name(alarm), false);
        show_csv_double(alarm->value, false);
        show_csv_double(alarm->limit, false);
        show_csv(alarm->value_text, false);
        show_csv(alarm->unit, false);
        show_csv_time(alarm->raised_ns, false);
        show_csv_time(alarm->changed_ns, false);
        (void)printf("%u,%llu,", alarm->count, (unsigned long long)alarm->seq);
        show_csv(alarm->user, false);
        show_csv(alarm->note, false);
        show_csv(alarm->mark_user, false);
        show_csv(alarm->mark_note, false);
        show_csv_time(alarm->shelved_until_ns, false);
        show_csv(alarm->parent, false);
        show_csv(alarm->title, false);
        show_csv(alarm->guidance, true);
    }
}

static json_t *row_json(const struct mon_alarm *alarm)
{
    json_t *json = json_object();

    (void)json_object_set_new(json, "monitor", show_json_text(alarm->monitor));
    (void)json_object_set_new(json, "live", json_boolean(alarm->is_monitor_live));
    (void)json_object_set_new(json, "alarm", show_json_text(alarm->name));
    (void)json_object_set_new(json, "source", show_json_text(alarm->source));
    (void)json_object_set_new(json, "subsystem", show_json_text(alarm->subsystem));
    (void)json_object_set_new(json, "parameter", show_json_text(alarm->parameter));
    (void)json_object_set_new(json, "kind", json_string(wf_alarm_kind_name(alarm->kind)));
    (void)json_object_set_new(json, "state", json_string(wf_alarm_state_name(alarm->state)));
    (void)json_object_set_new(json, "marks", show_json_marks(alarm->marks));
    (void)json_object_set_new(json, "shown", json_boolean(alarm->is_shown));
    (void)json_object_set_new(json, "frozen", json_boolean(alarm->is_frozen));
    (void)json_object_set_new(json, "severity", json_integer(alarm->severity));
    (void)json_object_set_new(json, "highest", json_integer(alarm->highest));
    (void)json_object_set_new(json, "level", json_string(level_name(alarm)));
    (void)json_object_set_new(json, "value", show_json_double(alarm->value));
    (void)json_object_set_new(json, "limit", show_json_double(alarm->limit));
    (void)json_object_set_new(json, "value_text", show_json_text(alarm->value_text));
    (void)json_object_set_new(json, "unit", show_json_text(alarm->unit));
    (void)json_object_set_new(json, "seq", json_integer((json_int_t)alarm->seq));
    (void)json_object_set_new(json, "raised", show_json_time(alarm->raised_ns));
    (void)json_object_set_new(json, "changed", show_json_time(alarm->changed_ns));
    (void)json_object_set_new(json, "count", json_integer(alarm->count));
    (void)json_object_set_new(json, "children", json_integer(alarm->children));
    (void)json_object_set_new(json, "parent", show_json_text(alarm->parent));
    (void)json_object_set_new(json, "user", show_json_text(alarm->user));
    (void)json_object_set_new(json, "note", show_json_text(alarm->note));
    (void)json_object_set_new(json, "mark_user", show_json_text(alarm->mark_user));
    (void)json_object_set_new(json, "mark_note", show_json_text(alarm->mark_note));
    (void)json_object_set_new(json, "shelved_until", show_json_time(alarm->shelved_until_ns));
    (void)json_object_set_new(json, "title", show_json_text(alarm->title));
    (void)json_object_set_new(json, "guidance", show_json_text(alarm->guidance));
    return json;
}

static void print_json(const struct list_rows *rows, bool is_indented)
{
    const struct mon_alarm_counts *counts = &rows->counts;
    json_t *json = json_object(), *list = json_array(), *by_severity = json_object();

    for (unsigned severity = 1; severity < WF_COUNT_OF(counts->active); severity++)
        (void)json_object_set_new(by_severity, wf_severity_name(severity),
                                  json_integer((json_int_t)counts->active[severity]));
    (void)json_object_set_new(json, "time", show_json_time(now_of(rows)));
    (void)json_object_set_new(json, "replay", json_boolean(rows->is_replay));
    (void)json_object_set_new(json, "monitors", json_integer((json_int_t)rows->monitor_count));
    (void)json_object_set_new(json, "live", json_integer((json_int_t)rows->live_count));
    (void)json_object_set_new(
        json, "counts",
        json_pack("{s:I,s:o,s:I,s:I,s:I,s:I,s:I}", "shown", (json_int_t)counts->shown, "active",
                  by_severity, "unacknowledged", (json_int_t)counts->unacknowledged, "pending",
                  (json_int_t)counts->pending, "shelved", (json_int_t)counts->shelved, "suppressed",
                  (json_int_t)counts->suppressed, "out_of_service",
                  (json_int_t)counts->out_of_service));
    for (size_t i = 0; i < rows->count; i++)
        (void)json_array_append_new(list, row_json(&rows->list[i]));
    (void)json_object_set_new(json, "alarms", list);
    (void)json_text_write(json, is_indented, stdout);
    json_decref(json);
}

static void print_rows(const struct desk *desk, const struct list_options *options,
                       const struct list_rows *rows)
{
    if (options->is_watch && !desk->is_json && !options->is_csv && show_width() > 0)
        (void)fputs("\033[H\033[2J", stdout); /* a terminal: from the top of a clear screen */
    if (desk->is_json)
        print_json(rows, !options->is_watch);
    else if (options->is_csv)
        print_csv(rows);
    else
        print_table(rows);
}

/* What makes the list less than it seems. */
static int tell_monitors(const struct desk *desk, const struct list_rows *rows)
{
    if (rows->monitor_count == 0) {
        desk_say(desk,
                 "no alarm monitor publishes in instance '%s'; 'wf up' starts it, 'wf status' "
                 "shows what runs",
                 desk->common.paths.instance);
        return DESK_CANNOT;
    }
    if (rows->live_count < rows->monitor_count) {
        desk_say(
            desk,
            "%zu of %zu alarm monitors %s not running: what is shown of %s is the last that is "
            "known",
            rows->monitor_count - rows->live_count, rows->monitor_count,
            rows->monitor_count - rows->live_count == 1 ? "is" : "are",
            rows->monitor_count - rows->live_count == 1 ? "it" : "them");
        return DESK_NOT_WELL;
    }
    return DESK_FINE;
}

static int list_once(struct desk *desk, const struct list_options *options, struct list_rows *rows)
{
    struct wf_err err = { 0 };
    int status;

    if (list_rows_update(rows, desk, options, &err) < 0)
        return desk_fail(desk, &err);
    status = tell_monitors(desk, rows);
    if (status == DESK_CANNOT)
        return status;
    print_rows(desk, options, rows);
    if (rows->count == 0 && desk->common.operand_count > 0 && !desk->is_json)
        desk_say(desk, "nothing like that is in this list; `wf alarms --all` has all alarms");
    return rows->counts.active[1] + rows->counts.active[2] + rows->counts.active[3] +
                       rows->counts.active[4] + rows->counts.active[5] +
                       rows->counts.unacknowledged >
                   0
               ? DESK_NOT_WELL
               : status;
}

static int list_always(struct desk *desk, const struct list_options *options,
                       struct list_rows *rows)
{
    struct sigaction action = { .sa_handler = stop };
    struct wf_err err = { 0 };
    size_t live_before = SIZE_MAX;

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    while (!is_over) {
        int64_t begin_ns = wf_mono_now_ns();
        int changed = list_rows_update(rows, desk, options, &err);

        if (changed < 0)
            return desk_fail(desk, &err);
        if (changed > 0 || rows->live_count != live_before) {
            print_rows(desk, options, rows);
            if (rows->live_count != live_before)
                (void)tell_monitors(desk, rows);
            live_before = rows->live_count;
            if (fflush(stdout) != 0)
                return DESK_CANNOT;
        }
        list_rows_wait(rows, WATCH_STEP_MS);
        while (!is_over && wf_mono_now_ns() - begin_ns < CALM_NS)
            list_rows_wait(rows, WATCH_STEP_MS / 4);
    }
    return DESK_FINE;
}

int list_run(struct desk *desk, const struct list_options *options)
{
    struct list_rows *rows = NULL;
    struct wf_err err = { 0 };
    int status;

    if (list_rows_open(desk, &rows, &err) < 0)
        return desk_fail(desk, &err);
    status = options->is_watch ? list_always(desk, options, rows) : list_once(desk, options, rows);
    list_rows_close(&rows);
    return status;
}
