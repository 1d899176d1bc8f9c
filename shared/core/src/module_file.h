/* SPDX-License-Identifier: MIT */
#ifndef WFI_MODULE_FILE_H
#define WFI_MODULE_FILE_H

/*
 * Module file - a loadable file that was looked at before any of its code runs.
 *
 * One implementation per platform (platform/<system>/module_file.c). A module's
 * constructors run inside the load, before any check of its record can; so all
 * trust rests on who may write the file and on its shape.
 */

#include <watchfloor/err.h>

struct wfi_module_file;

/*
 * Load the file at `path` (absolute).
 *   WF_ERR_ABSENT    no such file
 *   WF_ERR_DENIED    somebody who is not to be trusted could have written it
 *   WF_ERR_CORRUPT   not a module of this machine, or cut off
 *   WF_ERR_INVALID   its dependencies cannot be resolved (err: the loader's words)
 */
int wfi_module_file_load(const char *path, struct wfi_module_file **out_file, struct wf_err *err);
/* A constant the module exports, or NULL. Valid until unload. */
const void *wfi_module_file_symbol(const struct wfi_module_file *file, const char *name);
void wfi_module_file_unload(struct wfi_module_file **file);

#endif /* WFI_MODULE_FILE_H */
