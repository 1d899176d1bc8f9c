/* SPDX-License-Identifier: MIT */
/* Timeline: see timeline.h. */

#include "timeline.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/notify.h>

#include "json_text.h"
#include "show.h"

struct printing {
    const struct desk *desk;
    bool is_csv;
    uint64_t count;
};

static void put_plain(const char *text)
{
    for (; *text != '\0'; text++)
        (void)fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, stdout);
}

static void print_transition(const struct wf_journal_entry *entry)
{
    char text[64];
    struct wf_strbuf marks = WF_STRBUF_FIXED(text);

    (void)printf("%-9s  %-12s  %-8s  ", entry->event, entry->to, wf_severity_name(entry->severity));
    put_plain(desk_short_name(entry->alarm));
    if (entry->value_text[0] != '\0') {
        (void)fputs("  ", stdout);
        put_plain(entry->value_text);
    }
    if (entry->level[0] != '\0' && !isnan(entry->limit)) {
        char number[40];
        struct wf_strbuf limit = WF_STRBUF_FIXED(number);

        wf_strbuf_add_double(&limit, entry->limit);
        (void)printf("  %s %s", entry->level, number);
    }
    if (entry->marks != entry->marks_before || entry->marks != 0) {
        show_marks(&marks, entry->marks);
        (void)printf("  [%s]", text);
    }
    if ((entry->marks & 1) != 0 && entry->shelved_until_ns != WF_TIME_NONE) {
        char clock[64];
        struct wf_strbuf until = WF_STRBUF_FIXED(clock);

        wf_strbuf_add_time(&until, entry->shelved_until_ns, 0);
        (void)printf(" until %s", clock);
    }
}

static void print_line(const struct past_entry *past, bool has_monitors)
{
    const struct wf_journal_entry *entry = past->entry;
    char text[64];
    struct wf_strbuf time = WF_STRBUF_FIXED(text);

    wf_strbuf_add_time(&time, entry->utc_ns, 3);
    (void)printf("%s  ", text);
    if (has_monitors)
        (void)printf("%-8s  ", past->monitor);
    if (entry->kind == WF_JOURNAL_TRANSITION) {
        print_transition(entry);
    } else {
        (void)printf("%-9s  ", wf_journal_kind_name(entry->kind));
        put_plain(desk_short_name(entry->alarm));
        (void)fputs(entry->alarm[0] != '\0' ? "  " : "", stdout);
        put_plain(entry->text);
    }
    if (entry->user[0] != '\0') {
        (void)fputs("  by ", stdout);
        put_plain(entry->user);
    }
    if (entry->note[0] != '\0') {
        (void)fputs(": ", stdout);
        put_plain(entry->note);
    }
    (void)fputc('\n', stdout);
}

static void print_csv(const struct past_entry *past)
{
    const struct wf_journal_entry *entry = past->entry;
    char text[80];
    struct wf_strbuf marks = WF_STRBUF_FIXED(text);

    show_csv(past->monitor, false);
    (void)printf("%llu,", (unsigned long long)entry->id);
    if (entry->kind == WF_JOURNAL_TRANSITION)
        (void)printf("%llu", (unsigned long long)entry->seq);
    (void)fputc(',', stdout);
    show_csv_time(entry->utc_ns, false);
    show_csv(wf_journal_kind_name(entry->kind), false);
    show_csv(entry->alarm, false);
    show_csv(entry->event, false);
    show_csv(entry->from, false);
    show_csv(entry->to, false);
    (void)printf("%u,%u,", entry->severity, entry->highest);
    show_csv(entry->level, false);
    show_csv_double(entry->value, false);
    show_csv_double(entry->limit, false);
    show_csv(entry->value_text, false);
    show_marks(&marks, entry->marks);
    show_csv(text, false);
    show_csv(entry->user, false);
    show_csv(entry->note, false);
    show_csv_time(entry->shelved_until_ns, false);
    show_csv_time(entry->device_ns, false);
    show_csv(entry->limits, false);
    show_csv(entry->text, true);
}

static json_t *transition_json(const struct wf_journal_entry *entry, json_t *json)
{
    (void)json_object_set_new(json, "seq", json_integer((json_int_t)entry->seq));
    (void)json_object_set_new(json, "event", show_json_text(entry->event));
    (void)json_object_set_new(json, "from", show_json_text(entry->from));
    (void)json_object_set_new(json, "to", show_json_text(entry->to));
    (void)json_object_set_new(json, "severity_before", json_integer(entry->severity_before));
    (void)json_object_set_new(json, "severity", json_integer(entry->severity));
    (void)json_object_set_new(json, "highest", json_integer(entry->highest));
    (void)json_object_set_new(json, "level", show_json_text(entry->level));
    (void)json_object_set_new(json, "value", show_json_double(entry->value));
    (void)json_object_set_new(json, "limit", show_json_double(entry->limit));
    (void)json_object_set_new(json, "value_text", show_json_text(entry->value_text));
    (void)json_object_set_new(json, "marks", show_json_marks(entry->marks));
    (void)json_object_set_new(json, "shelved_until", show_json_time(entry->shelved_until_ns));
    (void)json_object_set_new(json, "announced", json_boolean(entry->is_announced));
    (void)json_object_set_new(json, "limits", show_json_text(entry->limits));
    return json;
}

static void print_json(const struct past_entry *past, bool is_first)
{
    const struct wf_journal_entry *entry = past->entry;
    json_t *json = json_object();

    (void)json_object_set_new(json, "monitor", show_json_text(past->monitor));
    (void)json_object_set_new(json, "id", json_integer((json_int_t)entry->id));
    (void)json_object_set_new(json, "time", show_json_time(entry->utc_ns));
    (void)json_object_set_new(json, "device_time", show_json_time(entry->device_ns));
    (void)json_object_set_new(json, "kind", json_string(wf_journal_kind_name(entry->kind)));
    (void)json_object_set_new(json, "alarm", show_json_text(entry->alarm));
    if (entry->kind == WF_JOURNAL_TRANSITION)
        (void)transition_json(entry, json);
    (void)json_object_set_new(json, "user", show_json_text(entry->user));
    (void)json_object_set_new(json, "note", show_json_text(entry->note));
    (void)json_object_set_new(json, "text", show_json_text(entry->text));
    (void)fputs(is_first ? "" : ",", stdout);
    (void)json_text_write(json, false, stdout);
    json_decref(json);
}

static int print_entry(void *context, const struct past_entry *past)
{
    struct printing *printing = context;

    if (printing->desk->is_json)
        print_json(past, printing->count == 0);
    else if (printing->is_csv)
        print_csv(past);
    else
        print_line(past, printing->desk->kept_count > 1);
    printing->count++;
    return ferror(stdout) ? 1 : 0; /* nobody reads on */
}

int timeline_run(struct desk *desk, const struct past_query *query, bool is_csv)
{
    struct printing printing = { desk, is_csv, 0 };
    struct wf_err err = { 0 };
    bool is_left = false;
    int rc;

    if (desk->is_json)
        (void)fputs("[\n", stdout);
    else if (is_csv)
        (void)fputs(
            "monitor,id,seq,time,kind,alarm,event,from,to,severity,highest,level,value,limit,"
            "value_text,marks,user,note,shelved_until,device_time,limits,text\r\n",
            stdout);
    rc = past_each(desk, query, print_entry, &printing, &is_left, &err);
    if (desk->is_json)
        (void)fputs("]\n", stdout);
    if (rc < 0)
        return desk_fail(desk, &err);
    if (is_left)
        desk_say(desk, "these are the newest %llu; --limit 0 gives all, --from and --to a time",
                 (unsigned long long)query->limit);
    if (printing.count == 0 && !desk->is_json && !is_csv)
        desk_say(desk, "nothing happened that this asks for");
    return DESK_FINE;
}
