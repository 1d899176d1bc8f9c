/* SPDX-License-Identifier: MIT */
/* wf-ack - acknowledge an alarm, exactly the transition that was seen. */

#include <string.h>

#include "act.h"

static bool is_unacknowledged(const struct act *act, const json_t *alarm)
{
    const char *state = desk_text(alarm, "state");

    (void)act;
    return strcmp(state, "ACTIVE_UNACK") == 0 || strcmp(state, "RTN_UNACK") == 0;
}

int main(int argc, char **argv)
{
    struct desk desk = { .program = "wf-ack" };
    struct act act = {
        .verb = "acknowledge", .done = "acknowledged", .applies = is_unacknowledged, .has_seq = true
    };
    const char *note = "", *owner = "";
    const struct wf_option options[] = {
        { "note", "TEXT", "what the others should know", &note, NULL },
        { "owner", "NAME", "who looks after it now", &owner, NULL },
        { "seq", "N", "only if its newest transition is N, as `wf alarms` shows it", &act.seq,
          NULL },
        { "all", NULL, "every unacknowledged alarm that the name means", NULL, &act.is_for_all },
        DESK_OPTIONS(desk),
    };
    const struct wf_command_line line = {
        .program = desk.program,
        .summary = "acknowledge an alarm",
        .operands = "ALARM...",
        .details =
            "ALARM as `wf alarms` shows it; source and kind may be missing where the rest means "
            "one unacknowledged alarm:\n"
            "  wf ack power.bus_voltage --note 'load B shed'\n"
            "  wf ack 'power.*' --all          each of them; quoted for the shell\n"
            "What is acknowledged is its newest transition. When it changes at that moment, "
            "nothing is acknowledged and the change is shown.\n"
            "Exit status: 0 done, 1 it changed or there was nothing to acknowledge, 2 cannot be "
            "done.",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };

    wf_options_parse(&line, argc, argv, &desk.common);
    desk.common.operand_count = desk_join_names(desk.common.operands, desk.common.operand_count);
    act.request = json_pack("{s:s,s:s,s:s}", "do", "ack", "note", note, "owner", owner);
    return act_run(&desk, &act);
}
