/* SPDX-License-Identifier: MIT */
#ifndef RX_ENDPOINT_H
#define RX_ENDPOINT_H

/*
 * Endpoint - the socket of a listener, with its peers and counters.
 *
 * A listener (world.h) is configuration and changes with it; an endpoint is a
 * socket and outlives reloads as long as some listener wants the same socket,
 * so that no datagram is lost when, say, an allow list changes.
 *
 * Threads: the loop's.
 */

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "path.h"
#include "peers.h"
#include "udp_socket.h"
#include "world.h"

#define RX_STREAM_BUFFER 65536

/* What all endpoints share. */
struct rx_io {
    uv_loop_t *loop;
    struct rx_path *path;
    struct rx_udp_batch *batch;
    char *stream_buffer; /* RX_STREAM_BUFFER; libuv reads into it and calls back at once */
    /* What this round of the loop brought, for gathering. */
    uint32_t round_count, round_largest;
    int64_t round_mono_ns; /* when its last batch was read */
    uv_idle_t idle;        /* active: the next round does not wait for sockets */
};

/* Something was published outside of reading sockets: the round that follows comes at once. */
void rx_io_stir(struct rx_io *io);

enum rx_endpoint_state { RX_LISTENING, RX_CONNECTED, RX_CONNECTING }; /* as in links.ini */

struct rx_connection; /* stream.h */

struct rx_endpoint {
    struct rx_io *io;
    struct rx_listener *listener; /* who owns it now */
    enum wf_transport transport;
    char name[WF_NAME_SIZE]; /* tells endpoints apart whose port the system chose */
    char *host, *group, *interface;
    uint16_t port;

    enum rx_endpoint_state state;
    char address[RX_ADDRESS_TEXT + 8]; /* bound or connected to, with the port */
    uint16_t bound_port;
    char trouble[128];
    uint64_t receive_buffer;
    struct rx_peers peers;
    /* The newest sender as the kernel tells it, and who that is: nearly always the next one too. */
    struct sockaddr_storage newest_from;
    socklen_t newest_from_len;
    struct rx_peer *newest_peer; /* NULL = judge anew */

    uint64_t datagrams, bytes, kernel_dropped, refused;
    struct rx_link_counters link;
    struct rx_rate packet_rate, byte_rate;
    int64_t last_received_ns;
    uint32_t connections;
    int64_t last_log_ns; /* repeated trouble is logged once in a while only */
    bool was_told;       /* has a row in wf.links */

    /* UDP */
    int fd;
    uint32_t drops_seen;  /* the kernel's 32-bit count when last looked at */
    uint32_t drops_ahead; /* the same as of the newest datagram that was read */
    /* Handles; which are in use depends on the transport. */
    uv_poll_t poll;
    uv_tcp_t server;
    uv_timer_t retry;
    struct rx_connection *connection_list;
    int64_t backoff_ms;
    struct rx_connection *attempt; /* a connection that is not established yet */
    uv_getaddrinfo_t *lookup;

    bool is_closing;
    unsigned handles; /* not closed yet; the last one frees the endpoint */
};

/* Open the socket that `listener` wants; nothing is read before the loop runs. */
int rx_endpoint_open(struct rx_io *io, struct rx_listener *listener,
                     struct rx_endpoint **out_endpoint, struct wf_err *err);
/* Is it the socket that `config` asks for? */
bool rx_endpoint_fits(const struct rx_endpoint *endpoint, const struct wf_config_listener *config);
/* Hand it to `listener` (of a new world): whom it may hear and how is taken from there. */
void rx_endpoint_attach(struct rx_endpoint *endpoint, struct rx_listener *listener);
/* Close; memory goes when the loop has closed its handles. Leaves NULL. */
void rx_endpoint_close(struct rx_endpoint **endpoint);
/* Read what waits in the socket now, but not for ever. */
void rx_endpoint_drain(struct rx_endpoint *endpoint);
/* Bring kernel_dropped up to date: once a second, and before a snapshot. */
void rx_endpoint_poll_drops(struct rx_endpoint *endpoint);

/* --- between the endpoint's files ----------------------------------------------------------- */

int rx_udp_endpoint_open(struct rx_endpoint *endpoint, struct wf_err *err);
void rx_udp_endpoint_drain(struct rx_endpoint *endpoint);
void rx_udp_endpoint_close(struct rx_endpoint *endpoint);
int rx_tcp_server_open(struct rx_endpoint *endpoint, struct wf_err *err);
void rx_tcp_server_close(struct rx_endpoint *endpoint);
int rx_tcp_client_open(struct rx_endpoint *endpoint, struct wf_err *err);
void rx_tcp_client_close(struct rx_endpoint *endpoint);
/* The client's one connection ended, or never came to be: try again later. */
void rx_tcp_client_retry(struct rx_endpoint *endpoint, const char *why);
/* A handle of the endpoint is closed. */
void rx_endpoint_handle_closed(struct rx_endpoint *endpoint);
/* "192.0.2.7:4711", "[::1]:4711". */
void rx_endpoint_set_address(struct rx_endpoint *endpoint, const struct sockaddr *address);
/* May this trouble be logged now, or was there one only just? */
bool rx_endpoint_may_log(struct rx_endpoint *endpoint);

#endif /* RX_ENDPOINT_H */
