/* SPDX-License-Identifier: MIT */
#ifndef RX_STREAM_H
#define RX_STREAM_H

/*
 * Streams - TCP connections, taken by a server or made by a client: bytes to packets.
 *
 * Every connection has its own framer, so that one sender's rubbish does not
 * disturb another's packets. What a peer sends is read into one shared buffer
 * and framed at once. Nothing is queued but what a connection that has to wait (pace.h)
 * has in its framer: what was read with the packet that made it wait.
 *
 * Threads: the loop's.
 */

#include <uv.h>

#include "endpoint.h"

struct rx_connection {
    uv_tcp_t handle;
    uv_timer_t wait;  /* runs while it is not read, for its rings' sake (pace.h) */
    unsigned handles; /* not closed yet */
    struct rx_endpoint *endpoint;
    struct wf_framer *framer;
    struct rx_peer *peer;
    struct rx_address address;
    bool is_counted; /* in endpoint->connections and peer->connections */
    bool is_closing;
    uv_connect_t connect;
    struct rx_connection *next, *previous; /* in endpoint->connection_list */
};

/* A connection with an initialised handle and a framer of the listener's kind; not yet counted. */
int rx_stream_create(struct rx_endpoint *endpoint, struct rx_connection **out_connection,
                     struct wf_err *err);
/* It is established: note the peer, count it, begin to read. */
int rx_stream_start(struct rx_connection *connection);
/* Close and forget; memory goes when the loop has closed the handle. */
void rx_stream_close(struct rx_connection *connection);
void rx_streams_close_all(struct rx_endpoint *endpoint);

/* The endpoint gets another listener: close what it does not allow or frames otherwise. */
void rx_streams_reconsider(struct rx_endpoint *endpoint, const struct rx_listener *listener);

#endif /* RX_STREAM_H */
