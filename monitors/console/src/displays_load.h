/* SPDX-License-Identifier: MIT */
#ifndef CON_DISPLAYS_LOAD_H
#define CON_DISPLAYS_LOAD_H

/* Finding and loading display modules below the plugin folders; for displays.c only. */

#include "displays.h"

/* The folder whose displays work on every subsystem. */
#define CON_GENERIC_FOLDER "displays"
/* More modules than this are not looked at. */
#define CON_PLUGIN_MAX 256

/* All modules below `folders` (':' between), sorted by path; owned by the caller. */
int con_plugins_load(const char *folders, struct con_crumb *crumb, struct con_plugin **out_plugins,
                     size_t *out_count, struct wf_err *err);
void con_plugins_unload(struct con_plugin **plugins, size_t count);

#endif /* CON_DISPLAYS_LOAD_H */
