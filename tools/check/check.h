/* SPDX-License-Identifier: MIT */
#ifndef WF_TOOLS_CHECK_H
#define WF_TOOLS_CHECK_H

/* The parts of `wf check` that load modules, make alarms and ask other programs. */

#include <stdbool.h>

#include <watchfloor/config.h>

/* Every module below the plugin folders: does it load? Returns how many do. */
size_t check_modules(const struct wf_config *config, struct wf_problems *problems);

/* Alarms by rule, contexts, parents, over all sources together, as an alarm monitor makes them. */
void check_rules(const struct wf_catalogue *catalogue, struct wf_problems *problems);

/*
 * `NAME --check`: does that program take the configuration? It tells its own problems on
 * stderr; one is added when it cannot be asked.
 */
bool check_by(const char *name, const struct wf_config *config, const struct wf_paths *paths,
              struct wf_problems *problems);

#endif /* WF_TOOLS_CHECK_H */
