/* SPDX-License-Identifier: MIT */
#ifndef WF_TOOLS_COMMANDS_H
#define WF_TOOLS_COMMANDS_H

/* The one table of commands: what `wf help` shows and "did you mean" chooses from. */

#include <stddef.h>

struct command {
    const char *name;    /* program is wf-<name> */
    const char *summary; /* one line */
};

struct command_group {
    const char *title;
    const struct command *commands;
    size_t count;
};

extern const struct command_group command_groups[];
extern const size_t command_group_count;

#endif /* WF_TOOLS_COMMANDS_H */
