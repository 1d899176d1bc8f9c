/* SPDX-License-Identifier: MIT */
/* Peers: see peers.h. */

#include "peers.h"

#include <string.h>

static struct rx_peer *find(struct rx_peers *peers, const struct rx_address *address)
{
    for (size_t i = 0; i < RX_PEER_MAX; i++) {
        if (rx_address_is_equal(&peers->list[i].address, address))
            return &peers->list[i];
    }
    return NULL;
}

/* A free place, else that of the peer which was silent longest. */
static struct rx_peer *make_room(struct rx_peers *peers)
{
    struct rx_peer *oldest = NULL;

    for (size_t i = 0; i < RX_PEER_MAX; i++) {
        struct rx_peer *peer = &peers->list[i];

        if (peer->address.version == 0)
            return peer;
        if (peer->connections == 0 &&
            (oldest == NULL || peer->last_received_ns < oldest->last_received_ns))
            oldest = peer;
    }
    /* Every place has an open connection: the last one is shared, its numbers go on. */
    return oldest != NULL ? oldest : &peers->list[RX_PEER_MAX - 1];
}

struct rx_peer *rx_peers_get(struct rx_peers *peers, const struct rx_address *address)
{
    struct rx_peer *peer = peers->newest;

    if (peer != NULL && rx_address_is_equal(&peer->address, address))
        return peer;
    peer = find(peers, address);
    if (peer == NULL) {
        peer = make_room(peers);
        if (peer->connections == 0) {
            if (peer->was_told && peers->forgotten_count < RX_PEER_MAX)
                peers->forgotten[peers->forgotten_count++] = peer->address;
            *peer = (struct rx_peer){ .address = *address };
        }
    }
    peers->newest = peer;
    return peer;
}
