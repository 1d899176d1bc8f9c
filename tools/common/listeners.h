/* SPDX-License-Identifier: MIT */
#ifndef FEED_LISTENERS_H
#define FEED_LISTENERS_H

/* The receiver's <state>/run/listeners.json: where its listeners are bound just now. */

#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/paths.h>

#define FEED_HOST_SIZE 256

/*
 * Where the listener `name` is bound.
 *   WF_ERR_ABSENT    no file, or it does not name the listener (yet)
 *   WF_ERR_INVALID   the file cannot be understood
 */
int feed_listeners_find(const struct wf_paths *paths, const char *name,
                        char out_host[FEED_HOST_SIZE], uint16_t *out_port, struct wf_err *err);

#endif /* FEED_LISTENERS_H */
