/* SPDX-License-Identifier: MIT */
/* wf-shelve - take an alarm off the list for a while, always with an end and a reason. */

#include "act.h"

#include <watchfloor/clock.h>

static bool is_any(const struct act *act, const json_t *alarm)
{
    (void)act;
    (void)alarm;
    return true;
}

int main(int argc, char **argv)
{
    struct desk desk = { .program = "wf-shelve" };
    struct act act = { .verb = "shelve", .done = "shelved", .applies = is_any };
    const char *why = NULL, *duration = "15m";
    struct wf_err err = { 0 };
    int64_t for_ns = 0;
    const struct wf_option options[] = {
        { "for", "TIME", "for how long, as 15m 1h 8h (default: 15m)", &duration, NULL },
        { "why", "TEXT", "the reason, which the next shift reads (needed)", &why, NULL },
        { "all", NULL, "every alarm that the name means", NULL, &act.is_for_all },
        DESK_OPTIONS(desk),
    };
    const struct wf_command_line line = {
        .program = desk.program,
        .summary = "shelve an alarm for a while",
        .operands = "ALARM...",
        .details = "A shelved alarm is judged and recorded, but neither listed nor announced. When "
                   "the time "
                   "is over it comes back, and is announced if it is active then.\n"
                   "  wf shelve power.bus_voltage --for 1h --why 'battery test until 15:00'\n"
                   "Shelving again changes the end. How long it may be depends on your role.\n"
                   "Exit status: 0 done, 1 means nothing now, 2 cannot be done.",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };

    wf_options_parse(&line, argc, argv, &desk.common);
    desk.common.operand_count = desk_join_names(desk.common.operands, desk.common.operand_count);
    if (why == NULL || why[0] == '\0') {
        desk_say(&desk, "say why: --why TEXT");
        return DESK_CANNOT;
    }
    if (wf_parse_duration_ns(duration, &for_ns, &err) < 0 || for_ns <= 0) {
        desk_say(&desk, "--for: %s", err.rc != 0 ? err.text : "a shelf needs an end");
        return DESK_CANNOT;
    }
    act.request =
        json_pack("{s:s,s:f,s:s}", "do", "shelve", "for_s", (double)for_ns / 1e9, "note", why);
    return act_run(&desk, &act);
}
