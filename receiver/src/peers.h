/* SPDX-License-Identifier: MIT */
#ifndef RX_PEERS_H
#define RX_PEERS_H

/*
 * Peers - who speaks to a listener, and how much.
 *
 * A fixed table: strangers cost no memory. When it is full, the peer that was
 * silent longest makes room (never one with an open connection). Peers are told
 * apart by address, not by port: a sender that is started anew is the same peer.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "counters.h"

#define RX_PEER_MAX 32

struct rx_peer {
    struct rx_address address; /* version 0: this place is free */
    uint64_t datagrams, bytes, packets, rejected;
    struct rx_rate packet_rate, byte_rate;
    int64_t last_received_ns;
    uint32_t connections;
    bool was_told; /* has a row in wf.links */
};

struct rx_peers { /* zero-initialise */
    struct rx_peer list[RX_PEER_MAX];
    struct rx_peer *newest;                   /* spoke last: nearly always also the next */
    struct rx_address forgotten[RX_PEER_MAX]; /* rows to take out of wf.links */
    uint32_t forgotten_count;
};

/* The peer with this address, made when it is new. Never NULL. */
struct rx_peer *rx_peers_get(struct rx_peers *peers, const struct rx_address *address);

#endif /* RX_PEERS_H */
