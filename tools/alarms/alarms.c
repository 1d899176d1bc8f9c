/* SPDX-License-Identifier: MIT */
/* wf-alarms - what is active, what was, and how good the alarm system is. */

#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/notify.h>

#include "timeline.h"
#include "list.h"
#include "stats.h"

#define HISTORY_LIMIT "1000"

struct choice {
    struct list_options list;
    bool is_unacknowledged, is_acknowledged, is_pending, is_shelved, is_suppressed, is_out, is_all;
    bool is_history;
    const char *severity, *from, *to, *limit;
};

/* A number, or its name. */
static int parse_severity(const char *text, uint8_t *out, struct wf_err *err)
{
    uint64_t number;

    if (text == NULL)
        return 0;
    if (wf_parse_u64(text, &number, NULL) == 0 && number <= 5) {
        *out = (uint8_t)number;
        return 0;
    }
    for (unsigned i = 0; i <= 5; i++) {
        if (wf_casecmp(text, wf_severity_name(i)) == 0) {
            *out = (uint8_t)i;
            return 0;
        }
    }
    return wf_fail(err, WF_ERR_INVALID,
                   "--severity %s: expected 0..5, or watch warning distress critical severe", text);
}

static int choose_view(struct choice *choice, struct wf_err *err)
{
    const struct {
        bool is_set;
        enum list_view view;
    } views[] = {
        { choice->is_unacknowledged, LIST_UNACKNOWLEDGED },
        { choice->is_acknowledged, LIST_ACKNOWLEDGED },
        { choice->is_pending, LIST_PENDING },
        { choice->is_shelved, LIST_SHELVED },
        { choice->is_suppressed, LIST_SUPPRESSED },
        { choice->is_out, LIST_OUT_OF_SERVICE },
        { choice->is_all, LIST_ALL },
    };
    int count = choice->is_history;

    for (size_t i = 0; i < WF_COUNT_OF(views); i++) {
        if (views[i].is_set) {
            choice->list.view = views[i].view;
            count++;
        }
    }
    return count > 1 ? wf_fail(err, WF_ERR_INVALID,
                               "one list at a time: --unacknowledged, --acknowledged, --pending, "
                               "--shelved, --suppressed, --out-of-service, --all or --history")
                     : 0;
}

static int run_stats(struct desk *desk, const struct choice *choice, struct wf_err *err)
{
    int64_t now_ns = wf_utc_now_ns(), from_ns = now_ns - WF_NS_PER_DAY, to_ns = now_ns;

    desk->common.operands++;
    desk->common.operand_count--;
    if (past_time(choice->from, "from", &from_ns, err) < 0 ||
        past_time(choice->to, "to", &to_ns, err) < 0)
        return desk_fail(desk, err);
    return stats_run(desk, from_ns, to_ns);
}

static int run_history(struct desk *desk, const struct choice *choice, struct wf_err *err)
{
    struct past_query query = { .patterns = desk->common.operands,
                                .pattern_count = desk->common.operand_count,
                                .severity = choice->list.severity,
                                .text = choice->list.text };

    if (past_time(choice->from, "from", &query.from_ns, err) < 0 ||
        past_time(choice->to, "to", &query.to_ns, err) < 0)
        return desk_fail(desk, err);
    if (wf_parse_u64(choice->limit, &query.limit, err) < 0) {
        wf_err_prefix(err, "--limit");
        return desk_fail(desk, err);
    }
    return timeline_run(desk, &query, choice->list.is_csv);
}

static int run(struct desk *desk, struct choice *choice)
{
    struct wf_err err = { 0 };
    bool is_stats =
        desk->common.operand_count > 0 && strcmp(desk->common.operands[0], "stats") == 0;

    if (choose_view(choice, &err) < 0 ||
        parse_severity(choice->severity, &choice->list.severity, &err) < 0 ||
        desk_open(desk, &err) < 0)
        return desk_fail(desk, &err);
    if (desk->is_json && choice->list.is_csv) {
        desk_say(desk, "--json or --csv, not both");
        return DESK_CANNOT;
    }
    if (is_stats)
        return run_stats(desk, choice, &err);
    if (choice->is_history)
        return run_history(desk, choice, &err);
    if (choice->from != NULL || choice->to != NULL) {
        desk_say(desk, "--from and --to are of --history and stats");
        return DESK_CANNOT;
    }
    return list_run(desk, &choice->list);
}

int main(int argc, char **argv)
{
    struct desk desk = { .program = "wf-alarms" };
    struct choice choice = { .limit = HISTORY_LIMIT };
    const struct wf_option options[] = {
        { "unacknowledged", NULL, "only those that nobody has taken", NULL,
          &choice.is_unacknowledged },
        { "acknowledged", NULL, "those that somebody has taken", NULL, &choice.is_acknowledged },
        { "pending", NULL, "violated, not yet for long enough", NULL, &choice.is_pending },
        { "shelved", NULL, "put away until a time", NULL, &choice.is_shelved },
        { "suppressed", NULL, "hidden because another alarm explains them", NULL,
          &choice.is_suppressed },
        { "out-of-service", NULL, "not judged, by somebody's decision", NULL, &choice.is_out },
        { "all", NULL, "every alarm there is, normal ones too", NULL, &choice.is_all },
        { "history", NULL, "what happened, oldest first", NULL, &choice.is_history },
        { "from", "TIME", "of --history and stats: 2026-11-20T12:00, now-8h, today", &choice.from,
          NULL },
        { "to", "TIME", "up to (not with it)", &choice.to, NULL },
        { "limit", "N", "of --history: only the newest N; 0: all (default: " HISTORY_LIMIT ")",
          &choice.limit, NULL },
        { "severity", "S", "at least: 1..5, or watch warning distress critical severe",
          &choice.severity, NULL },
        { "text", "TEXT", "only with TEXT in name, title, note, user or guidance",
          &choice.list.text, NULL },
        { "csv", NULL, "as comma-separated values", NULL, &choice.list.is_csv },
        { "watch", NULL, "go on: show the list again whenever it changes", NULL,
          &choice.list.is_watch },
        DESK_OPTIONS(desk),
    };
    const struct wf_command_line line = {
        .program = desk.program,
        .summary = "alarms: what is active, and its history",
        .operands = "[NAME...] | stats [NAME...]",
        .details =
            "NAME is source.subsystem.parameter or a part of it, with * ? [a-z] as wildcards, and "
            "the kind "
            "behind a blank:\n"
            "  wf alarms                        what has to be looked at\n"
            "  wf alarms power 'sat1.*' --watch\n"
            "  wf alarms --history --from now-8h power.bus_voltage\n"
            "  wf alarms stats --from now-7d    how many, how often, against the published "
            "targets\n"
            "How many are shelved, suppressed and out of service is always shown. Lists come from "
            "what alarm "
            "monitors publish; history and stats from their journals, whether they run or not.\n"
            "Exit status: 0 nothing active, 1 alarms are active, a monitor is dead or a target "
            "missed, 2 "
            "cannot be done.",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };

    wf_options_parse(&line, argc, argv, &desk.common);
    desk.common.operand_count = desk_join_names(desk.common.operands, desk.common.operand_count);
    return desk_finish(&desk, run(&desk, &choice));
}
