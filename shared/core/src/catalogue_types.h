/* SPDX-License-Identifier: MIT */
#ifndef WFI_CATALOGUE_TYPES_H
#define WFI_CATALOGUE_TYPES_H

/* The search for schema files below the configured plugin folders. */

#include <watchfloor/config.h>

/* Fills types, type_folders and type_count, sorted by folder, then name. */
int wfi_catalogue_find_types(const struct wf_config *config, struct wf_catalogue *catalogue,
                             struct wf_problems *problems, struct wf_err *err);

#endif /* WFI_CATALOGUE_TYPES_H */
