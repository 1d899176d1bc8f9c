/* SPDX-License-Identifier: MIT */
#ifndef WF_SCHEMA_OVERLAY_H
#define WF_SCHEMA_OVERLAY_H

/*
 * Overlays - the same type, differing by source: limits, calibration, guidance.
 * Never the layout: an overlaid schema has the layout hash of its type.
 */

#include <watchfloor/ini.h>
#include <watchfloor/schema.h>

/*
 * A copy of `type` with the keys of `section` applied to parameter `parameter` ("" =
 * keys of the subsystem itself: period, stale_after, title). Keys that would change
 * the layout are problems.
 */
int wf_schema_overlay(const struct wf_schema *type, const char *parameter, const char *file,
                      struct wf_ini_section *section, struct wf_schema **out_schema,
                      struct wf_problems *problems, struct wf_err *err);

#endif /* WF_SCHEMA_OVERLAY_H */
