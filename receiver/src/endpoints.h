/* SPDX-License-Identifier: MIT */
#ifndef RX_ENDPOINTS_H
#define RX_ENDPOINTS_H

/*
 * Endpoints of a world - from one configuration's sockets to the next one's.
 *
 * In two steps, so that a reload is all or nothing: first every socket the new
 * world needs is found among the old ones or opened; when nothing else failed
 * either, they change hands and what nobody wants any more is closed.
 *
 * Threads: the loop's.
 */

#include "endpoint.h"

/* Find or open all. On failure what was opened is closed again; `old` (may be NULL) is untouched. */
int rx_endpoints_prepare(struct rx_io *io, struct rx_world *world, const struct rx_world *old,
                         struct wf_err *err);
/* Undo a successful prepare. */
void rx_endpoints_drop(struct rx_world *world, const struct rx_world *old);
/* Hand over. Sockets that go are read empty before, into the old world. */
void rx_endpoints_commit(struct rx_world *world, struct rx_world *old);
/* Read what waits in the sockets (bounded), then close all. */
void rx_endpoints_close(struct rx_world *world);

/* Tell where each listener can be reached, as JSON in <state>/run/listeners.json. */
int rx_endpoints_write(const struct rx_world *world, const char *path, uint64_t epoch,
                       struct wf_err *err);

#endif /* RX_ENDPOINTS_H */
