/* SPDX-License-Identifier: MIT */
/*
 * UDP on Linux: recvmmsg, SO_TIMESTAMPNS, SO_MEMINFO and SO_RXQ_OVFL.
 *
 * SO_RXQ_OVFL only moves with a later datagram; SO_MEMINFO gives the exact
 * count at any moment, so it is what the counters are taken from. What SO_RXQ_OVFL tells is ahead
 * of which datagram they were lost.
 */
#define _GNU_SOURCE /* recvmmsg, group_req */

#include "udp_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/sock_diag.h>

#include <watchfloor/clock.h>
#include <watchfloor/strbuf.h>

#include "address.h"

/* No UDP datagram is larger (jumbograms are not received). */
#define DATAGRAM_MAX 65536u
/*
 * Distance of the buffers. A power of two would put the first line of all
 * buffers into the same few cache sets, and most datagrams are small.
 */
#define BUFFER_STRIDE (DATAGRAM_MAX + 3u * 64u)
#define CONTROL_BYTES (CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t)) + 64u)

struct rx_udp_batch {
    struct mmsghdr messages[RX_UDP_BATCH];
    struct iovec vectors[RX_UDP_BATCH];
    struct sockaddr_storage from[RX_UDP_BATCH];
    _Alignas(16) uint8_t control[RX_UDP_BATCH][(CONTROL_BYTES + 15u) / 16u * 16u];
    int64_t received_ns[RX_UDP_BATCH];
    uint32_t drops[RX_UDP_BATCH];
    int used; /* headers the last read may have changed */
    uint8_t *buffers;
};

/* --- opening ------------------------------------------------------------------------------ */

static int resolve(const char *host, uint16_t port, struct addrinfo **out, struct wf_err *err)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_DGRAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
    };
    char service[8];
    int rc;

    (void)snprintf(service, sizeof(service), "%u", (unsigned)port);
    rc = getaddrinfo(host[0] != '\0' ? host : NULL, service, &hints, out);
    if (rc != 0)
        return wf_fail(err, WF_ERR_INVALID,
                       "host '%s': %s; give a numeric address or a name that "
                       "this machine can look up",
                       host, gai_strerror(rc));
    return 0;
}

static int fail_bind(int errno_value, const char *host, uint16_t port, struct wf_err *err)
{
    switch (errno_value) {
    case EADDRINUSE:
        return wf_fail(
            err, WF_ERR_EXISTS,
            "udp port %u of %s is in use by another program (ss -ulpn shows which); stop "
            "it or choose another port",
            (unsigned)port, host);
    case EACCES:
        return wf_fail(err, WF_ERR_DENIED,
                       "no permission for udp port %u of %s; ports below 1024 need "
                       "CAP_NET_BIND_SERVICE, or choose a higher one",
                       (unsigned)port, host);
    case EADDRNOTAVAIL:
        return wf_fail(err, WF_ERR_INVALID,
                       "no interface of this machine has the address %s (ip address shows them)",
                       host);
    default:
        return wf_fail_errno(err, errno_value, "bind udp port %u of %s", (unsigned)port, host);
    }
}

/* The index of an interface given by name or by an address it has; 0 when there is none. */
static unsigned interface_index(const char *interface)
{
    unsigned index = if_nametoindex(interface);
    struct rx_address wanted;

    if (index != 0 || !rx_address_parse(interface, &wanted))
        return index;
    if (rx_address_is_loopback(&wanted))
        return if_nametoindex("lo");
    return 0;
}

static int join(int fd, const struct addrinfo *group, const struct rx_udp_options *options,
                struct wf_err *err)
{
    struct group_req request = { 0 };
    int level = group->ai_family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
    const char *interface = options->interface;

    if (interface[0] != '\0') {
        struct in_addr address;

        /* An IPv4 address of an interface is something ip_mreq understands. */
        if (group->ai_family == AF_INET && if_nametoindex(interface) == 0 &&
            inet_pton(AF_INET, interface, &address) == 1) {
            struct ip_mreq v4 = { .imr_interface = address };
            struct sockaddr_in where;

            memcpy(&where, group->ai_addr, sizeof(where));
            v4.imr_multiaddr = where.sin_addr;
            if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &v4, sizeof(v4)) < 0)
                return wf_fail_errno(err, errno, "join group %s on interface %s", options->group,
                                     interface);
            return 0;
        }
        request.gr_interface = interface_index(interface);
        if (request.gr_interface == 0)
            return wf_fail(err, WF_ERR_INVALID,
                           "interface '%s' does not exist (ip link shows those that do)",
                           interface);
    }
    memcpy(&request.gr_group, group->ai_addr, group->ai_addrlen);
    if (setsockopt(fd, level, MCAST_JOIN_GROUP, &request, sizeof(request)) < 0)
        return wf_fail_errno(err, errno, "join group %s; name the interface with interface = ...",
                             options->group);
    return 0;
}

static void set_options(int fd, int family, bool is_group)
{
    int on = 1;
    int off = 0;

    /* Sharing a port is meant for groups only; for one address it would steal datagrams. */
    if (is_group)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    /* Without these the receiver still works: its own clock, no drops by datagram. */
    (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
}

uint64_t rx_udp_set_buffer(int fd, uint64_t wanted)
{
    /* The kernel doubles what it is given and reports the double. */
    int size = wanted > INT32_MAX / 2 ? INT32_MAX / 2 : (int)wanted;
    socklen_t len = sizeof(size);

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &len) < 0 || size < 0)
        return 0;
    return (uint64_t)size / 2;
}

/* Groups of one link (ff02::...) cannot be bound without saying which link. */
static void set_scope(struct addrinfo *info, const struct rx_udp_options *options)
{
    struct sockaddr_in6 v6;

    if (info->ai_family != AF_INET6 || options->interface[0] == '\0')
        return;
    memcpy(&v6, info->ai_addr, sizeof(v6));
    if (v6.sin6_scope_id == 0) {
        v6.sin6_scope_id = interface_index(options->interface);
        memcpy(info->ai_addr, &v6, sizeof(v6));
    }
}

static int open_resolved(const struct addrinfo *info, const struct rx_udp_options *options,
                         struct rx_udp_bound *out, struct wf_err *err)
{
    bool is_group = options->group[0] != '\0';
    struct rx_udp_bound bound = { 0 };
    socklen_t len = sizeof(bound.address);
    int rc = 0;

    bound.fd = socket(info->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bound.fd < 0)
        return wf_fail_errno(err, errno, "open a udp socket");
    set_options(bound.fd, info->ai_family, is_group);
    bound.receive_buffer = rx_udp_set_buffer(bound.fd, options->receive_buffer);
    if (bind(bound.fd, info->ai_addr, info->ai_addrlen) < 0) {
        rc = fail_bind(errno, is_group ? options->group : options->host, options->port, err);
        goto out;
    }
    if (is_group) {
        rc = join(bound.fd, info, options, err);
        if (rc < 0)
            goto out;
    }
    if (getsockname(bound.fd, (struct sockaddr *)&bound.address, &len) < 0) {
        rc = wf_fail_errno(err, errno, "getsockname");
        goto out;
    }
    *out = bound;

out:
    if (rc < 0)
        (void)close(bound.fd);
    return rc;
}

int rx_udp_open(const struct rx_udp_options *options, struct rx_udp_bound *out, struct wf_err *err)
{
    struct addrinfo *info = NULL;
    bool is_group = options->group[0] != '\0';
    /* Bound to the group's own address, the socket hears the group and nothing else. */
    int rc = resolve(is_group ? options->group : options->host, options->port, &info, err);

    if (rc < 0)
        return rc;
    if (is_group)
        set_scope(info, options);
    rc = open_resolved(info, options, out, err);
    freeaddrinfo(info);
    return rc;
}

/* --- reading ------------------------------------------------------------------------------ */

static void arm(struct rx_udp_batch *batch, int index)
{
    struct msghdr *header = &batch->messages[index].msg_hdr;

    header->msg_namelen = sizeof(batch->from[index]);
    header->msg_controllen = sizeof(batch->control[index]);
    header->msg_flags = 0;
}

int rx_udp_batch_create(struct rx_udp_batch **out_batch, struct wf_err *err)
{
    struct rx_udp_batch *batch = calloc(1, sizeof(*batch));

    if (batch == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "no memory for receive buffers");
    /* Only the pages that datagrams reach are ever touched. */
    batch->buffers = malloc((size_t)RX_UDP_BATCH * BUFFER_STRIDE);
    if (batch->buffers == NULL) {
        free(batch);
        return wf_fail(err, WF_ERR_NOMEM, "no memory for receive buffers");
    }
    for (int i = 0; i < RX_UDP_BATCH; i++) {
        struct msghdr *header = &batch->messages[i].msg_hdr;

        batch->vectors[i].iov_base = batch->buffers + (size_t)i * BUFFER_STRIDE;
        batch->vectors[i].iov_len = DATAGRAM_MAX;
        header->msg_name = &batch->from[i];
        header->msg_iov = &batch->vectors[i];
        header->msg_iovlen = 1;
        header->msg_control = batch->control[i];
        arm(batch, i);
    }
    *out_batch = batch;
    return 0;
}

void rx_udp_batch_destroy(struct rx_udp_batch **batch)
{
    if (*batch == NULL)
        return;
    free((*batch)->buffers);
    free(*batch);
    *batch = NULL;
}

static void read_control(struct rx_udp_batch *batch, int index)
{
    struct msghdr *header = &batch->messages[index].msg_hdr;

    batch->received_ns[index] = WF_TIME_NONE;
    batch->drops[index] = 0; /* the kernel says nothing until there is something to say */
    for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at != NULL; at = CMSG_NXTHDR(header, at)) {
        if (at->cmsg_level != SOL_SOCKET)
            continue;
        if (at->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec when;

            memcpy(&when, CMSG_DATA(at), sizeof(when));
            batch->received_ns[index] = (int64_t)when.tv_sec * WF_NS_PER_S + when.tv_nsec;
        } else if (at->cmsg_type == SO_RXQ_OVFL) {
            memcpy(&batch->drops[index], CMSG_DATA(at), sizeof(batch->drops[index]));
        }
    }
}

int rx_udp_read(int fd, struct rx_udp_batch *batch)
{
    for (int i = 0; i < batch->used; i++)
        arm(batch, i);
    batch->used = 0;

    int count = recvmmsg(fd, batch->messages, RX_UDP_BATCH, MSG_DONTWAIT, NULL);

    if (count < 0) {
        batch->used = RX_UDP_BATCH;
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
    }
    /* The one behind the last may have been touched before the queue was found empty. */
    batch->used = count < RX_UDP_BATCH ? count + 1 : count;
    for (int i = 0; i < count; i++)
        read_control(batch, i);
    return count;
}

void rx_udp_datagram(const struct rx_udp_batch *batch, int index, struct rx_datagram *out)
{
    const struct msghdr *header = &batch->messages[index].msg_hdr;

    out->bytes = batch->vectors[index].iov_base;
    out->len = batch->messages[index].msg_len;
    out->was_cut = (header->msg_flags & MSG_TRUNC) != 0;
    out->received_ns = batch->received_ns[index];
    out->drops = batch->drops[index];
    out->from = (const struct sockaddr *)&batch->from[index];
    out->from_len = header->msg_namelen;
}

bool rx_udp_drops(int fd, uint32_t *out)
{
    uint32_t info[SK_MEMINFO_VARS] = { 0 };
    socklen_t len = sizeof(info);

    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0 ||
        len < (SK_MEMINFO_DROPS + 1) * sizeof(info[0]))
        return false;
    *out = info[SK_MEMINFO_DROPS];
    return true;
}
