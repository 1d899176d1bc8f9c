/* SPDX-License-Identifier: MIT */
#ifndef RX_PATH_H
#define RX_PATH_H

/*
 * Path - what happens to one packet: header, route, sequence count, decode, region.
 *
 * Every packet ends in exactly one counter: published, idle, or rejected with a
 * reason. Nothing here allocates or makes a system call.
 *
 * Threads: one.
 */

#include <stddef.h>
#include <stdint.h>

#include <watchfloor/decode/framing.h>

#include "archive.h"
#include "bell.h"
#include "counters.h"
#include "peers.h"
#include "rejects.h"
#include "world.h"

#define RX_PATH_HELD_MAX 32

struct rx_path {
    struct rx_counters counters;
    struct rx_rejects *rejects;
    struct rx_archive *archive; /* NULL: packets are not kept */
    void *scratch;              /* world->payload_max bytes, 64-aligned */
    struct rx_bell bell;
    int64_t pace_window_ns; /* pace.h; 0 = streams need not wait */
    /* Regions whose lock is held until the batch is over: one lock a batch, not one a packet. */
    struct rx_subsystem *held[RX_PATH_HELD_MAX];
    uint32_t held_count;
};

/* What one socket brought, beside what its peers did. */
struct rx_link_counters {
    uint64_t packets, rejected;
};

/* Where and when bytes came in; the context of the framer's callbacks. */
struct rx_arrival {
    struct rx_path *path;
    struct rx_listener *listener;
    struct rx_peer *peer;
    struct rx_link_counters *link; /* of the endpoint */
    int64_t received_ns, received_mono_ns;
    /* Out: a ring it published in takes no more of a stream before this (monotonic). 0 = none. */
    int64_t wait_until_ns;
};

/* wf_packet_fn and wf_rubbish_fn with a struct rx_arrival as context. */
void rx_path_packet(void *arrival, const uint8_t *packet, size_t len);
void rx_path_rubbish(void *arrival, enum wf_reject reason, const uint8_t *bytes, size_t len);

/* The batch is over: let go of the regions it was published in. */
void rx_path_release(struct rx_path *path);

/* Count and keep the datagram of one who is not allowed; `arrival` has no peer. */
void rx_path_stranger(const struct rx_arrival *arrival, const struct rx_address *peer,
                      const uint8_t *bytes, size_t len);

/* Give up segments that wait for their rest: before a world goes. */
void rx_path_abandon(struct rx_path *path, struct rx_world *world);

#endif /* RX_PATH_H */
