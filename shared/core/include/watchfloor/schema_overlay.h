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

/* A schema of its own, equal in everything, owned by the caller. */
int wf_schema_copy(const struct wf_schema *schema, struct wf_schema **out_copy, struct wf_err *err);
/*
 * Other limits for one parameter of a copy: bits 1 << WF_LOLO ... of those that are `present`. Nobody
 * else may be reading that copy. Its hashes stay: it decodes and lies as before.
 */
void wf_schema_set_limits(struct wf_schema *copy, size_t parameter, uint8_t present,
                          const double value[WF_LIMIT_COUNT]);

#endif /* WF_SCHEMA_OVERLAY_H */
