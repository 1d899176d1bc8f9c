/* SPDX-License-Identifier: MIT */
#ifndef FEED_LINK_H
#define FEED_LINK_H

/*
 * Link - where a feed sends its packets: one datagram each, or a file.
 *
 *   udp:HOST:PORT     there (udp:[::1]:PORT for IPv6)
 *   listener:NAME     to that listener of the configuration; one that binds port 0
 *                     is found, and found again after a restart, in the file
 *                     <state>/run/listeners.json that the receiver writes
 *   listener          the same, when the configuration has only one UDP listener
 *   file:PATH         packets one after another, as `wf decode` and `wf send` read them
 *
 * Datagrams go out unconnected: a receiver that is away for a moment costs the
 * datagrams of that moment and no errors, as on a real network.
 * Threads: the loop's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <watchfloor/config.h>
#include <watchfloor/err.h>
#include <watchfloor/paths.h>

/* Room for feed_link_where(). */
#define FEED_STATUS_SIZE 320

struct feed_link;

/* Called once, from the loop, when it is first known where to send to. */
typedef void (*feed_ready_fn)(void *context);

/*
 * `config` may be NULL where the target does not need one; it and `paths` must
 * outlive the link. INVALID with what a target looks like; ABSENT no such listener.
 */
int feed_link_open(uv_loop_t *loop, const char *target, const struct wf_config *config,
                   const struct wf_paths *paths, feed_ready_fn on_ready, void *context,
                   struct feed_link **out_link, struct wf_err *err);
/* Also flushes a file; the first failure of it is returned. Frees when the loop runs next. */
int feed_link_close(struct feed_link **link, struct wf_err *err);

/* Does this target need the configuration? */
bool feed_target_needs_config(const char *target);
/* A file takes packets as fast as they are made: there is nothing to keep pace with. */
bool feed_link_is_file(const struct feed_link *link);
bool feed_link_is_ready(const struct feed_link *link);
/* "127.0.0.1:4711" or the file; valid until the link changes. */
const char *feed_link_where(const struct feed_link *link);

/* False when the system refused it; counted. */
bool feed_link_send(struct feed_link *link, const uint8_t *packet, size_t len);
uint64_t feed_link_sent(const struct feed_link *link);
uint64_t feed_link_failed(const struct feed_link *link);
uint64_t feed_link_bytes(const struct feed_link *link);

#endif /* FEED_LINK_H */
