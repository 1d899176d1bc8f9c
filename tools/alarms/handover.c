/* SPDX-License-Identifier: MIT */
/* wf-handover - the summary for the next shift, to read out or to print. */

#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/notify.h>

#include "desk.h"
#include "handover_facts.h"
#include "json_text.h"
#include "past.h"
#include "show.h"

#define MOST 40 /* lines of what came; more are counted */

/* "2026-11-20T12:00:00.000000Z" to the second. */
static void add_clock(struct show_table *table, const json_t *object, const char *key)
{
    const char *text = desk_text(object, key);

    show_cellf(table, "%.19s%s", text, text[0] != '\0' ? "Z" : "");
}

static const char *severity_of(const json_t *object, const char *key)
{
    return wf_severity_name((unsigned)(desk_number(object, key) & 7));
}

static void add_name(struct show_table *table, const json_t *object)
{
    show_cell(table, desk_short_name(desk_text(object, "alarm")));
}

static void print_states(const char *title, const json_t *list, bool is_taken)
{
    struct show_table table;

    (void)printf("\n%s: %zu\n", title, json_array_size(list));
    show_table_init(&table, 6);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *alarm = json_array_get(list, i);

        show_cell(&table, severity_of(alarm, "highest"));
        add_name(&table, alarm);
        show_cell(&table, desk_text(alarm, "state"));
        show_cell(&table, desk_text(alarm, "value_text"));
        add_clock(&table, alarm, "raised");
        if (is_taken)
            show_cellf(&table, "%s%s%s", desk_text(alarm, "user"),
                       desk_text(alarm, "note")[0] != '\0' ? ": " : "", desk_text(alarm, "note"));
        else
            show_cellf(&table, "x%lld", (long long)desk_number(alarm, "count"));
    }
    show_table_print(&table, 2);
    show_table_fini(&table);
}

static void print_marked(const char *title, const json_t *list, bool has_end)
{
    struct show_table table;

    (void)printf("\n%s: %zu\n", title, json_array_size(list));
    show_table_init(&table, 4);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *alarm = json_array_get(list, i);

        add_name(&table, alarm);
        show_cell(&table, desk_text(alarm, "state"));
        if (has_end)
            show_cellf(&table, "until %.19sZ", desk_text(alarm, "shelved_until"));
        else
            show_cellf(&table, "since %.19sZ", desk_text(alarm, "marked"));
        show_cellf(&table, "%s: %s", desk_text(alarm, "mark_user"), desk_text(alarm, "mark_note"));
    }
    show_table_print(&table, 2);
    show_table_fini(&table);
}

static void print_limits(const struct handover *handover)
{
    struct show_table table;

    (void)printf("\nLimits changed by hand: %zu\n", json_array_size(handover->limits));
    show_table_init(&table, 5);
    for (size_t i = 0; i < json_array_size(handover->limits); i++) {
        const json_t *limit = json_array_get(handover->limits, i);
        bool is_state = json_object_get(limit, "in_force") != NULL;

        add_clock(&table, limit, "time");
        add_name(&table, limit);
        show_cell(&table, is_state ? "in force" : "changed");
        show_cell(&table, desk_text(limit, is_state ? "in_force" : "change"));
        show_cellf(&table, "%s%s%s", desk_text(limit, "user"),
                   desk_text(limit, "note")[0] != '\0' ? ": " : "", desk_text(limit, "note"));
    }
    show_table_print(&table, 2);
    show_table_fini(&table);
}

static void print_alarms(const struct handover *handover)
{
    size_t count = json_array_size(handover->alarms);
    struct show_table table;

    (void)printf("\nWhat came: %llu alarms of %zu kinds\n", (unsigned long long)handover->announced,
                 count);
    show_table_init(&table, 7);
    for (size_t i = 0; i < count && i < MOST; i++) {
        const json_t *alarm = json_array_get(handover->alarms, i);

        show_cell(&table, severity_of(alarm, "severity"));
        add_name(&table, alarm);
        show_cellf(&table, "x%lld", (long long)desk_number(alarm, "times"));
        add_clock(&table, alarm, "first");
        add_clock(&table, alarm, "last");
        show_cellf(&table, "now %s", desk_text(alarm, "state"));
        show_cellf(&table, "%s%s%s", desk_text(alarm, "user"),
                   desk_text(alarm, "note")[0] != '\0' ? ": " : "", desk_text(alarm, "note"));
    }
    show_table_print(&table, 2);
    show_table_fini(&table);
    if (count > MOST)
        (void)printf("  ... and %zu more: wf alarms --history --from ...\n", count - MOST);
}

static void print_events(const struct handover *handover)
{
    size_t count = json_array_size(handover->events);
    struct show_table table;

    (void)printf("\nRestarts and troubles of the alarm monitors: %zu\n", count);
    show_table_init(&table, 4);
    for (size_t i = count > MOST ? count - MOST : 0; i < count; i++) {
        const json_t *event = json_array_get(handover->events, i);

        add_clock(&table, event, "time");
        show_cell(&table, desk_text(event, "monitor"));
        show_cell(&table, desk_text(event, "kind"));
        show_cellf(&table, "%s%s%s", desk_text(event, "text"),
                   desk_text(event, "user")[0] != '\0' ? " by " : "", desk_text(event, "user"));
    }
    show_table_print(&table, 2);
    show_table_fini(&table);
}

static void print_gaps(const struct handover *handover)
{
    struct show_table table;

    if (handover->no_history[0] != '\0') {
        (void)printf("\nGaps in the data: not known, %s\n", handover->no_history);
        return;
    }
    (void)printf("\nGaps in the data: %zu\n", json_array_size(handover->gaps));
    show_table_init(&table, 6);
    for (size_t i = 0; i < json_array_size(handover->gaps); i++) {
        const json_t *gap = json_array_get(handover->gaps, i);

        show_cell(&table, desk_text(gap, "subsystem"));
        show_cell(&table, desk_text(gap, "cause"));
        show_cellf(&table, "x%lld", (long long)desk_number(gap, "times"));
        show_cellf(&table, "lost %lld", (long long)desk_number(gap, "lost"));
        show_cell_age(&table, desk_number(gap, "longest_ns"));
        show_cell(&table, desk_text(gap, "means"));
    }
    show_table_print(&table, 2);
    show_table_fini(&table);
}

static void print_people(const struct desk *desk, const struct handover *handover)
{
    char since[40], now[40];
    struct wf_strbuf a = WF_STRBUF_FIXED(since), b = WF_STRBUF_FIXED(now);

    wf_strbuf_add_time(&a, handover->since_ns, 0);
    wf_strbuf_add_time(&b, handover->now_ns, 0);
    (void)printf("HANDOVER  instance %s  %s to %s\n", desk->common.paths.instance, since, now);
    if (desk->running_count < desk->kept_count)
        (void)printf("!! %zu of %zu alarm monitors are not running: states are the last known\n",
                     desk->kept_count - desk->running_count, desk->kept_count);
    print_states("Nobody has taken", handover->active, false);
    print_states("Acknowledged", handover->taken, true);
    print_marked("Shelved", handover->shelved, true);
    print_marked("Out of service", handover->out_of_service, false);
    (void)printf("\nSuppressed below other alarms: %zu\n", handover->suppressed);
    print_limits(handover);
    print_alarms(handover);
    print_events(handover);
    print_gaps(handover);
}

static void print_json(const struct desk *desk, const struct handover *handover)
{
    json_t *json = json_object();

    (void)json_object_set_new(json, "instance", show_json_text(desk->common.paths.instance));
    (void)json_object_set_new(json, "since", show_json_time(handover->since_ns));
    (void)json_object_set_new(json, "time", show_json_time(handover->now_ns));
    (void)json_object_set_new(json, "monitors", json_integer((json_int_t)desk->kept_count));
    (void)json_object_set_new(json, "running", json_integer((json_int_t)desk->running_count));
    (void)json_object_set(json, "unacknowledged", handover->active);
    (void)json_object_set(json, "acknowledged", handover->taken);
    (void)json_object_set(json, "shelved", handover->shelved);
    (void)json_object_set(json, "out_of_service", handover->out_of_service);
    (void)json_object_set_new(json, "suppressed", json_integer((json_int_t)handover->suppressed));
    (void)json_object_set(json, "limits", handover->limits);
    (void)json_object_set_new(json, "announced", json_integer((json_int_t)handover->announced));
    (void)json_object_set(json, "alarms", handover->alarms);
    (void)json_object_set(json, "events", handover->events);
    (void)json_object_set(json, "gaps", handover->gaps);
    if (handover->no_history[0] != '\0')
        (void)json_object_set_new(json, "no_history", show_json_text(handover->no_history));
    (void)json_text_write(json, true, stdout);
    json_decref(json);
}

int main(int argc, char **argv)
{
    struct desk desk = { .program = "wf-handover" };
    const char *since = "now-8h";
    struct handover handover = { 0 };
    struct wf_err err = { 0 };
    int status = DESK_FINE;
    const struct wf_option options[] = {
        { "since", "TIME", "when this shift began: now-8h (default), 2026-11-20T06:00, today",
          &since, NULL },
        DESK_OPTIONS(desk),
    };
    const struct wf_command_line line = {
        .program = desk.program,
        .summary = "the summary for the next shift",
        .operands = "",
        .details =
            "What is active and who has it, what is shelved until when, what is out of service, "
            "limits "
            "changed by hand, what came, restarts, and gaps in the data. Nothing has to run for "
            "it.\n"
            "  wf handover --since today | lpr\n"
            "Exit status: 0 shown, 1 alarms are active that nobody has taken, 2 cannot be done.",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };

    wf_options_parse(&line, argc, argv, &desk.common);
    handover.now_ns = wf_utc_now_ns();
    if (desk.common.operand_count > 0) {
        desk_say(&desk, "it takes no names; see --help");
        return DESK_CANNOT;
    }
    if (past_time(since, "since", &handover.since_ns, &err) < 0 || desk_open(&desk, &err) < 0 ||
        handover_gather(&desk, &handover, &err) < 0) {
        status = desk_fail(&desk, &err);
    } else {
        if (desk.is_json)
            print_json(&desk, &handover);
        else
            print_people(&desk, &handover);
        status = json_array_size(handover.active) > 0 ? DESK_NOT_WELL : DESK_FINE;
    }
    handover_fini(&handover);
    return desk_finish(&desk, status);
}
