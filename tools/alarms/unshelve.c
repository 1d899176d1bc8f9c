/* SPDX-License-Identifier: MIT */
/* wf-unshelve - back on the list before its time. */

#include "act.h"

static bool is_shelved(const struct act *act, const json_t *alarm)
{
    (void)act;
    return desk_has_mark(alarm, "SHELVED");
}

int main(int argc, char **argv)
{
    struct desk desk = { .program = "wf-unshelve" };
    struct act act = { .verb = "unshelve", .done = "unshelved", .applies = is_shelved };
    const char *note = "";
    const struct wf_option options[] = {
        { "note", "TEXT", "what the others should know", &note, NULL },
        { "all", NULL, "every shelved alarm that the name means", NULL, &act.is_for_all },
        DESK_OPTIONS(desk),
    };
    const struct wf_command_line line = {
        .program = desk.program,
        .summary = "put a shelved alarm back on the list",
        .operands = "ALARM...",
        .details = "It is announced when it is active.\n"
                   "Exit status: 0 done, 1 it is not shelved, 2 cannot be done.",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };

    wf_options_parse(&line, argc, argv, &desk.common);
    desk.common.operand_count = desk_join_names(desk.common.operands, desk.common.operand_count);
    act.request = json_pack("{s:s,s:s}", "do", "unshelve", "note", note);
    return act_run(&desk, &act);
}
