/* SPDX-License-Identifier: MIT */
/* wf-reset - let go of a latched alarm. */

#include <string.h>

#include "act.h"

static bool is_latched(const struct act *act, const json_t *alarm)
{
    (void)act;
    return strcmp(desk_text(alarm, "state"), "LATCHED") == 0;
}

int main(int argc, char **argv)
{
    struct desk desk = { .program = "wf-reset" };
    struct act act = { .verb = "reset", .done = "reset", .applies = is_latched };
    const char *note = "";
    const struct wf_option options[] = {
        { "note", "TEXT", "what the others should know", &note, NULL },
        { "all", NULL, "every latched alarm that the name means", NULL, &act.is_for_all },
        DESK_OPTIONS(desk),
    };
    const struct wf_command_line line = {
        .program = desk.program,
        .summary = "let go of a latched alarm",
        .operands = "ALARM...",
        .details = "A latched alarm stays until somebody lets go of it: acknowledged, and its "
                   "value normal "
                   "again.\n"
                   "Exit status: 0 done, 1 it is not latched or not normal yet, 2 cannot be done.",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };

    wf_options_parse(&line, argc, argv, &desk.common);
    desk.common.operand_count = desk_join_names(desk.common.operands, desk.common.operand_count);
    act.request = json_pack("{s:s,s:s}", "do", "reset", "note", note);
    return act_run(&desk, &act);
}
