/* SPDX-License-Identifier: MIT */
#ifndef FEED_SETUP_H
#define FEED_SETUP_H

/* What every feed needs at its start: the configuration, its schemas, its target. */

#include <stdint.h>

#include <watchfloor/config.h>
#include <watchfloor/err.h>
#include <watchfloor/options.h>
#include <watchfloor/schema.h>

/*
 * Load the configuration where the target needs one, or where one was named.
 * *out_config stays NULL when there is none and none is needed. Problems are printed.
 */
int feed_setup_config(const struct wf_common *common, const char *target,
                      struct wf_config **out_config, struct wf_err *err);

/*
 * Load the schema `name` from the plugin folders (the configuration's, or the
 * installed ones). VERSION when its layout is not the one this program was built with.
 */
int feed_setup_schema(const struct wf_common *common, const struct wf_config *config,
                      const char *name, uint64_t layout_hash, struct wf_schema **out_schema,
                      struct wf_err *err);

#endif /* FEED_SETUP_H */
