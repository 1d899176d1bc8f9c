/* SPDX-License-Identifier: MIT */
#ifndef WF_TOOLS_CHECK_H
#define WF_TOOLS_CHECK_H

/* The part of `wf check` that loads modules. */

#include <watchfloor/config.h>

/* Every module below the plugin folders: does it load? Returns how many do. */
size_t check_modules(const struct wf_config *config, struct wf_problems *problems);

#endif /* WF_TOOLS_CHECK_H */
