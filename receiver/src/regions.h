/* SPDX-License-Identifier: MIT */
#ifndef RX_REGIONS_H
#define RX_REGIONS_H

/*
 * Regions of a world - made, taken over, and given up, all or nothing.
 *
 * A region whose schema is the same goes on; one whose schema changed is retired
 * and made anew, so that monitors attach again; those that are new are made first,
 * since they fail without harm.
 *
 * Threads: the loop's.
 */

#include "world.h"

/*
 * Give every subsystem of `world` a writer. `old` is the world in force, or NULL
 * at start. On failure `old` has its regions again.
 *   WF_ERR_CORRUPT   even that failed: the receiver cannot go on
 */
int rx_regions_attach(struct wf_publisher *publisher, struct rx_world *world, struct rx_world *old,
                      struct wf_err *err);
/* Retire those of `old` that `world` does not have. */
void rx_regions_retire(struct wf_publisher *publisher, const struct rx_world *world,
                       struct rx_world *old);

#endif /* RX_REGIONS_H */
