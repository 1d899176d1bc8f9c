/* SPDX-License-Identifier: MIT */
#ifndef WFI_CONFIG_CHECK_H
#define WFI_CONFIG_CHECK_H

/* What holds between keys, and what overlays mean: the second half of loading. */

#include <watchfloor/config.h>

int wfi_config_check(struct wf_config *config, const struct wf_paths *paths,
                     struct wf_problems *problems, struct wf_err *err);

/* The part of it about [alert] and [role] (config_check_alert.c). */
int wfi_config_check_alerts(struct wf_config *config, struct wf_problems *problems,
                            struct wf_err *err);

#endif /* WFI_CONFIG_CHECK_H */
