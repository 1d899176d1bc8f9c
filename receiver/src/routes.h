/* SPDX-License-Identifier: MIT */
#ifndef RX_ROUTES_H
#define RX_ROUTES_H

/*
 * Routes - which subsystems a packet heard by a listener may belong to.
 *
 * Worked out once from the listener's source and its `subsystems` globs; the hot
 * path looks up one table of 2,048 entries.
 */

#include "world.h"

/* Fill in the listener's routes; two subsystems that nothing tells apart are a problem. */
int rx_routes_make(struct rx_world *world, struct rx_listener *listener,
                   struct wf_problems *problems);
void rx_routes_fini(struct rx_listener *listener);

/* Does one of the globs in `list` (separated by blanks or commas) mean `name`? */
bool rx_globs_match(const char *list, const char *name);

#endif /* RX_ROUTES_H */
