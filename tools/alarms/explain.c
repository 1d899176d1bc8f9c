/* SPDX-License-Identifier: MIT */
/* wf-explain - everything that is known of one alarm, on one screen. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/notify.h>

#include "desk.h"
#include "episodes.h"
#include "json_text.h"
#include "show.h"

#define EPISODE_MAX 10
#define SAMPLE_MAX  8
#define BOX_ROWS    12 /* of a black box, around the trip */

/* A line with its name in front; nothing when there is nothing to say. */
static void say(const char *name, const char *text)
{
    if (text[0] != '\0')
        (void)printf("  %-12s%s\n", name, text);
}

static void add_when(struct wf_strbuf *out, int64_t utc_ns)
{
    wf_strbuf_add_time(out, utc_ns, 0);
    wf_strbuf_add(out, " (");
    wf_strbuf_add_age(out, wf_utc_now_ns() - utc_ns);
    wf_strbuf_add(out, " ago)");
}

static void print_state(const json_t *json)
{
    char text[1024];
    struct wf_strbuf line = WF_STRBUF_FIXED(text);
    const json_t *marks = json_object_get(json, "marks");
    int64_t severity = desk_number(json, "severity"), highest = desk_number(json, "highest");
    int64_t raised_ns = desk_time(json, "raised_ns");

    (void)printf("%s", desk_short_name(desk_text(json, "alarm")));
    (void)printf(desk_text(json, "title")[0] != '\0' ? "  -  %s\n" : "%s\n",
                 desk_text(json, "title"));
    wf_strbuf_addf(&line, "%s, severity %s", desk_text(json, "state"),
                   wf_severity_name((unsigned)(severity & 7)));
    if (highest > severity)
        wf_strbuf_addf(&line, " (was %s)", wf_severity_name((unsigned)(highest & 7)));
    wf_strbuf_addf(&line, ", seq %lld", (long long)desk_number(json, "seq"));
    if (json_is_true(json_object_get(json, "frozen")))
        wf_strbuf_add(&line, ", frozen: its input went stale");
    say("state", text);
    wf_strbuf_clear(&line);
    if (raised_ns != WF_TIME_NONE && raised_ns > 0) {
        add_when(&line, raised_ns);
        wf_strbuf_addf(&line, ", value %s", desk_text(json, "value_text"));
        if (desk_text(json, "level")[0] != '\0')
            wf_strbuf_addf(&line, " at %s", desk_text(json, "level"));
        if (desk_number(json, "count") > 1)
            wf_strbuf_addf(&line, ", %lld times since it was last normal and acknowledged",
                           (long long)desk_number(json, "count"));
        say("raised", text);
    }
    wf_strbuf_clear(&line);
    if (desk_text(json, "user")[0] != '\0')
        wf_strbuf_addf(&line, "by %s%s%s", desk_text(json, "user"),
                       desk_text(json, "note")[0] != '\0' ? ": " : "", desk_text(json, "note"));
    say("acknowledged", text);
    wf_strbuf_clear(&line);
    for (size_t i = 0; i < json_array_size(marks); i++)
        wf_strbuf_addf(&line, "%s ", json_string_value(json_array_get(marks, i)));
    if (desk_has_mark(json, "SHELVED") && desk_time(json, "shelved_until_ns") != WF_TIME_NONE) {
        wf_strbuf_add(&line, "until ");
        wf_strbuf_add_time(&line, desk_time(json, "shelved_until_ns"), 0);
    }
    if (desk_text(json, "mark_user")[0] != '\0' && json_array_size(marks) > 0)
        wf_strbuf_addf(&line, " by %s: %s", desk_text(json, "mark_user"),
                       desk_text(json, "mark_note"));
    if (desk_text(json, "parent")[0] != '\0')
        wf_strbuf_addf(&line, " below %s", desk_short_name(desk_text(json, "parent")));
    say("marks", text);
}

static void add_limits(struct wf_strbuf *out, const json_t *json, const char *key)
{
    static const char *const names[] = { "lolo", "lo", "hi", "hihi" };
    const json_t *limits = json_object_get(json, key);

    for (size_t i = 0; i < WF_COUNT_OF(names); i++) {
        const json_t *value = json_object_get(limits, names[i]);

        if (!json_is_number(value))
            continue;
        wf_strbuf_addf(out, "%s%s ", out->len > 0 ? "  " : "", names[i]);
        wf_strbuf_add_double(out, json_number_value(value));
    }
}

static void add_persistence(struct wf_strbuf *out, const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);

    if (json_is_integer(json_object_get(value, "for_ns"))) {
        wf_strbuf_add(out, "for ");
        wf_strbuf_add_age(out, desk_number(value, "for_ns"));
    } else {
        wf_strbuf_addf(out, "%lld of %lld", (long long)desk_number(value, "n"),
                       (long long)desk_number(value, "m"));
    }
}

static void print_rule(const json_t *json)
{
    char text[1024];
    struct wf_strbuf line = WF_STRBUF_FIXED(text);
    const json_t *changed = json_object_get(json, "changed_by");

    say("rule", desk_text(json, "rule"));
    add_limits(&line, json, "limits");
    if (line.len > 0)
        wf_strbuf_addf(&line, "  %s", desk_text(json, "unit"));
    say("limits", text);
    wf_strbuf_clear(&line);
    add_limits(&line, json, "configured");
    if (json_is_object(changed)) {
        wf_strbuf_addf(&line, "%schanged by %s at ", line.len > 0 ? "; " : "",
                       desk_text(changed, "user"));
        add_when(&line, desk_time(changed, "time_ns"));
        wf_strbuf_addf(&line, ": %s", desk_text(changed, "note"));
    }
    say("configured", text);
    say("context", desk_text(json, "context"));
    say("enabled when", desk_text(json, "enabled_when"));
    say("below", desk_short_name(desk_text(json, "suppressed_by")));
    wf_strbuf_clear(&line);
    wf_strbuf_add(&line, "raised ");
    add_persistence(&line, json, "raise");
    wf_strbuf_add(&line, ", cleared ");
    add_persistence(&line, json, "clear");
    if (json_number_value(json_object_get(json, "hysteresis")) > 0) {
        wf_strbuf_add(&line, ", hysteresis ");
        wf_strbuf_add_double(&line, json_number_value(json_object_get(json, "hysteresis")));
    }
    if (json_is_true(json_object_get(json, "latched")))
        wf_strbuf_add(&line, ", latched");
    if (json_is_true(json_object_get(json, "exclusive")))
        wf_strbuf_add(&line, ", the limit itself is fine");
    say("counted", text);
}

static void print_levels(const json_t *json)
{
    const json_t *levels = json_object_get(json, "levels");
    struct show_table table;

    show_table_init(&table, 5);
    for (size_t i = 0; i < json_array_size(levels); i++) {
        const json_t *level = json_array_get(levels, i);
        const json_t *since = json_object_get(level, "since_ns");

        show_cell(&table, desk_text(level, "level"));
        show_cell(&table, wf_severity_name((unsigned)(desk_number(level, "severity") & 7)));
        show_cell(&table, json_is_true(json_object_get(level, "raised")) ? "raised" : "-");
        show_cell(&table, json_is_true(json_object_get(level, "violated")) ? "violated" : "-");
        if (json_is_integer(since))
            show_cellf(&table, "counting %s", desk_text(level, "counting"));
        else
            show_cellf(&table, "%s %s", desk_text(level, "window"), desk_text(level, "counting"));
    }
    if (table.count > 0) {
        (void)printf("  levels\n");
        show_table_print(&table, 14);
    }
    show_table_fini(&table);
}

static void print_samples(const json_t *json)
{
    const json_t *samples = json_object_get(json, "samples");
    size_t count = json_array_size(samples);
    struct show_table table;

    if (count == 0 || json_object_get(json_array_get(samples, 0), "value_text") == NULL)
        return;
    show_table_init(&table, 3);
    for (size_t i = count > SAMPLE_MAX ? count - SAMPLE_MAX : 0; i < count; i++) {
        const json_t *sample = json_array_get(samples, i);
        char text[64];
        struct wf_strbuf time = WF_STRBUF_FIXED(text);

        wf_strbuf_add_time(&time, desk_time(sample, "received_ns"), 3);
        show_cell(&table, text);
        show_cell(&table, desk_text(sample, "value_text"));
        show_cell(&table, desk_text(sample, "quality"));
    }
    (void)printf("  last samples%s\n",
                 json_is_true(json_object_get(json_object_get(json, "now"), "stale")) ? " (STALE)"
                                                                                      : "");
    show_table_print(&table, 14);
    show_table_fini(&table);
}

static void print_children(const json_t *json)
{
    const json_t *children = json_object_get(json, "children_names");

    for (size_t i = 0; i < json_array_size(children); i++) {
        const char *name = json_string_value(json_array_get(children, i));

        say(i == 0 ? "suppresses" : "", desk_short_name(name != NULL ? name : ""));
    }
}

/* --- from the journal ---------------------------------------------------------------------- */

static void print_episodes(const struct episode *list, size_t count)
{
    struct show_table table;

    if (count == 0)
        return;
    (void)printf("  past events\n");
    show_table_init(&table, 6);
    for (size_t i = 0; i < count; i++) {
        const struct episode *episode = &list[i];

        show_cell_time(&table, episode->raised_ns);
        show_cell(&table, wf_severity_name(episode->severity));
        show_cell(&table, episode->value_text);
        if (episode->returned_ns != WF_TIME_NONE)
            show_cell_age(&table, episode->returned_ns - episode->raised_ns);
        else
            show_cell(&table, "still");
        show_cellf(&table, "x%u", episode->count);
        if (episode->acknowledged_ns != WF_TIME_NONE)
            show_cellf(&table, "%s%s%s", episode->user, episode->note[0] != '\0' ? ": " : "",
                       episode->note);
        else
            show_cell(&table, "nobody");
    }
    show_table_print(&table, 14);
    show_table_fini(&table);
}

static json_t *episodes_json(const struct episode *list, size_t count)
{
    json_t *json = json_array();

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(
            json,
            json_pack("{s:I,s:o,s:o,s:o,s:i,s:i,s:o,s:o,s:o}", "seq", (json_int_t)list[i].seq,
                      "raised", show_json_time(list[i].raised_ns), "returned",
                      show_json_time(list[i].returned_ns), "acknowledged",
                      show_json_time(list[i].acknowledged_ns), "severity", list[i].severity,
                      "count", (int)list[i].count, "value_text", show_json_text(list[i].value_text),
                      "user", show_json_text(list[i].user), "note", show_json_text(list[i].note)));
    return json;
}

static void add_box_value(struct show_table *table, const json_t *value)
{
    char text[64];
    struct wf_strbuf cell = WF_STRBUF_FIXED(text);

    if (json_is_string(value))
        show_cell(table, json_string_value(value));
    else if (json_is_integer(value))
        show_cellf(table, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value)) {
        wf_strbuf_add_double(&cell, json_real_value(value));
        show_cell(table, text);
    } else {
        show_cell(table, json_is_true(value) ? "true" : json_is_false(value) ? "false" : "-");
    }
}

/* Which sample of the box did it; the middle when it does not say. */
static size_t find_trip(const json_t *box)
{
    const json_t *samples = json_object_get(box, "samples");
    json_int_t number = json_integer_value(json_object_get(json_object_get(box, "trip"), "number"));

    for (size_t i = 0; i < json_array_size(samples); i++) {
        if (json_integer_value(json_array_get(json_array_get(samples, i), 0)) == number)
            return i;
    }
    return json_array_size(samples) / 2;
}

/* The alarm's own parameter around the trip; all of them are in --json and the journal. */
static void print_box(const json_t *box, const char *parameter)
{
    const json_t *samples = json_object_get(box, "samples");
    const json_t *names = json_object_get(box, "parameters");
    size_t count = json_array_size(samples), trip = find_trip(box), column = 0;
    size_t begin = trip > BOX_ROWS / 2 ? trip - BOX_ROWS / 2 : 0;
    struct show_table table;

    if (count == 0 || json_array_size(names) == 0)
        return;
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));

        if (name != NULL && wf_name_is_equal(name, parameter))
            column = i;
    }
    (void)printf("  black box   %zu samples of %zu parameters, %s around the trip:\n", count,
                 json_array_size(names), json_string_value(json_array_get(names, column)));
    show_table_init(&table, 3);
    for (size_t i = begin; i < count && i < begin + BOX_ROWS; i++) {
        const json_t *sample = json_array_get(samples, i);
        char text[64];
        struct wf_strbuf time = WF_STRBUF_FIXED(text);

        wf_strbuf_add_time(&time, (int64_t)json_integer_value(json_array_get(sample, 1)), 3);
        show_cell(&table, text);
        add_box_value(&table, json_array_get(json_array_get(sample, 3), column));
        show_cell(&table, i == trip ? "<- trip" : "");
    }
    show_table_print(&table, 14);
    show_table_fini(&table);
}

static json_t *read_box(const struct desk *desk, const char *monitor, uint64_t seq)
{
    struct wf_journal_reader *reader = NULL;
    json_t *box = NULL;
    void *blob = NULL;
    size_t bytes = 0;

    if (seq != 0 && wf_journal_read(desk->journals, monitor, &reader, NULL) == 0 &&
        wf_journal_attached(reader, seq, "samples", &blob, &bytes, NULL) == 0) {
        box = json_loadb(blob, bytes, 0, NULL);
        free(blob);
    }
    wf_journal_reader_close(&reader);
    return box;
}

static int explain(const struct desk *desk, const char *pattern)
{
    struct desk_found found = { 0 };
    struct wf_err err = { 0 }, past_err = { 0 };
    struct episode *episodes = NULL;
    size_t count = 0;
    json_t *reply = NULL, *box, *json;
    const char *name;
    int rc = desk_find_one(desk, pattern, &found, &err);

    if (rc == 0)
        rc = desk_ask(
            desk, found.monitor,
            json_pack("{s:s,s:s}", "do", "explain", "alarm", desk_text(found.alarm, "alarm")),
            &reply, &err);
    if (rc < 0) {
        json_decref(reply);
        json_decref(found.alarm);
        return desk_fail(desk, &err);
    }
    json = json_object_get(reply, "explain");
    name = desk_text(found.alarm, "alarm");
    if (episodes_read(desk, found.monitor, name, EPISODE_MAX, &episodes, &count, &past_err) < 0)
        desk_say(desk, "its past is left out: %s", past_err.text);
    box = read_box(desk, found.monitor, episodes_newest_trip(episodes, count));
    if (desk->is_json) {
        (void)json_object_set_new(json, "monitor", json_string(found.monitor));
        (void)json_object_set_new(json, "past", episodes_json(episodes, count));
        (void)json_object_set(json, "black_box", box != NULL ? box : json_null());
        (void)json_text_write(json, true, stdout);
    } else {
        print_state(json);
        say("guidance", desk_text(json, "guidance"));
        print_rule(json);
        print_levels(json);
        print_children(json);
        print_samples(json);
        print_box(box, desk_text(json, "parameter"));
        print_episodes(episodes, count);
    }
    free(episodes);
    json_decref(box);
    json_decref(reply);
    json_decref(found.alarm);
    return DESK_FINE;
}

int main(int argc, char **argv)
{
    struct desk desk = { .program = "wf-explain" };
    struct wf_err err = { 0 };
    const struct wf_option options[] = { DESK_OPTIONS(desk) };
    const struct wf_command_line line = {
        .program = desk.program,
        .summary = "why an alarm is in its state",
        .operands = "ALARM",
        .details = "The rule and the limits in force, who changed them, what is counted towards "
                   "raising and "
                   "clearing, the last samples, what it suppresses, the samples around its last "
                   "trip, what to do, "
                   "and when it came before.\n"
                   "Exit status: 0 shown, 2 cannot be done.",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };

    wf_options_parse(&line, argc, argv, &desk.common);
    desk.common.operand_count = desk_join_names(desk.common.operands, desk.common.operand_count);
    if (desk_open(&desk, &err) < 0)
        return desk_fail(&desk, &err);
    if (desk.common.operand_count != 1) {
        desk_say(&desk, "name one alarm; `wf alarms --all` lists them");
        return DESK_CANNOT;
    }
    return desk_finish(&desk, explain(&desk, desk.common.operands[0]));
}
