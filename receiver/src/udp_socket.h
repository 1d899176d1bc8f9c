/* SPDX-License-Identifier: MIT */
#ifndef RX_UDP_SOCKET_H
#define RX_UDP_SOCKET_H

/*
 * UDP sockets as the receiver needs them: many datagrams a call, the kernel's
 * time of arrival, and the exact number of datagrams the kernel dropped.
 *
 * The interface to the platform (platform/linux/udp_socket.c); nothing else in
 * the receiver knows recvmmsg or control messages. One batch of buffers serves
 * all sockets of a thread.
 *
 * Threads: one at a time for each batch.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/socket.h>

#include <watchfloor/err.h>

/* Datagrams read in one call. More gains nothing (ANCHORS of the design: 64 a call). */
#define RX_UDP_BATCH 64

struct rx_udp_options {
    const char *host;      /* address or name to bind */
    uint16_t port;         /* 0 = any */
    const char *group;     /* multicast group to join, "" = none */
    const char *interface; /* of the group: a name or an address of it, "" = the system's choice */
    uint64_t receive_buffer;
};

struct rx_udp_bound {
    int fd;
    struct sockaddr_storage address; /* with the port the system chose */
    uint64_t receive_buffer;         /* what the kernel granted */
};

/*
 * Open, bind and join. The error says what to do about it.
 *   WF_ERR_EXISTS    another program has the port
 *   WF_ERR_DENIED    the port needs a privilege
 *   WF_ERR_INVALID   the address or interface makes no sense here
 */
int rx_udp_open(const struct rx_udp_options *options, struct rx_udp_bound *out, struct wf_err *err);

/* Change the receive buffer of an open socket; returns what the kernel granted. */
uint64_t rx_udp_set_buffer(int fd, uint64_t wanted);

struct rx_udp_batch;
int rx_udp_batch_create(struct rx_udp_batch **out_batch, struct wf_err *err);
void rx_udp_batch_destroy(struct rx_udp_batch **batch);

struct rx_datagram {
    const uint8_t *bytes; /* valid until the next read into the batch */
    size_t len;
    bool was_cut;        /* larger than any UDP datagram may be */
    int64_t received_ns; /* kernel's UTC; WF_TIME_NONE when it gave none */
    uint32_t drops;      /* datagrams of the socket dropped ahead of this one, modulo 2^32 */
    const struct sockaddr *from;
    socklen_t from_len;
};

/* Read what is there, at most RX_UDP_BATCH; returns how many, or a negative errno. Never blocks. */
int rx_udp_read(int fd, struct rx_udp_batch *batch);
void rx_udp_datagram(const struct rx_udp_batch *batch, int index, struct rx_datagram *out);
/* Datagrams the kernel dropped at this socket so far: exact, a 32-bit count. False: not known. */
bool rx_udp_drops(int fd, uint32_t *out);

#endif /* RX_UDP_SOCKET_H */
