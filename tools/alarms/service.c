/* SPDX-License-Identifier: MIT */
/* wf-service - take an alarm out of service, or return it. */

#include <string.h>

#include "act.h"

static bool can_change(const struct act *act, const json_t *alarm)
{
    return desk_has_mark(alarm, "OUT_OF_SERVICE") != act->is_wanted;
}

int main(int argc, char **argv)
{
    struct desk desk = { .program = "wf-service" };
    struct act act = { .applies = can_change };
    const char *why = NULL, *word;
    const struct wf_option options[] = {
        { "why", "TEXT", "the reason, which the next shift reads (needed)", &why, NULL },
        { "all", NULL, "every alarm that the name means", NULL, &act.is_for_all },
        DESK_OPTIONS(desk),
    };
    const struct wf_command_line line = {
        .program = desk.program,
        .summary = "take an alarm out of service, or return it",
        .operands = "ALARM out|in",
        .details =
            "An alarm out of service is not judged until somebody returns it; its counting then "
            "begins anew. For a while, shelve it instead.\n"
            "  wf service thermal.pump_rpm out --why 'sensor broken, work order 118'\n"
            "Exit status: 0 done, 1 it is so already, 2 cannot be done.",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_common *common = &desk.common;

    wf_options_parse(&line, argc, argv, common);
    common->operand_count = desk_join_names(common->operands, common->operand_count);
    word = common->operand_count > 1 ? common->operands[common->operand_count - 1] : "";
    if (strcmp(word, "out") != 0 && strcmp(word, "in") != 0) {
        desk_say(&desk, "say ALARM, and out or in");
        return DESK_CANNOT;
    }
    if (why == NULL || why[0] == '\0') {
        desk_say(&desk, "say why: --why TEXT");
        return DESK_CANNOT;
    }
    common->operand_count--;
    act.is_wanted = strcmp(word, "out") == 0;
    act.verb = act.is_wanted ? "take out of service" : "return to service";
    act.done = act.is_wanted ? "taken out of service" : "returned to service";
    act.request = json_pack("{s:s,s:b,s:s}", "do", "service", "out", act.is_wanted, "note", why);
    return act_run(&desk, &act);
}
