/* SPDX-License-Identifier: MIT */
/* UDP: datagrams in batches under a poll handle, to packets. The hot path begins here. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/log.h>

#include "endpoint.h"

/* Batches read before the loop's other handles get their turn. */
#define ROUNDS_MAX 16
/* Batches read before a socket is closed: more than a receive buffer of any size in use holds. */
#define DRAIN_MAX 4096

/* The moment a datagram came, on both clocks. */
static void take_times(struct rx_arrival *arrival, const struct rx_datagram *datagram,
                       int64_t now_utc_ns, int64_t now_mono_ns)
{
    int64_t ago_ns = 0;

    arrival->received_ns = now_utc_ns;
    if (datagram->received_ns != WF_TIME_NONE) {
        arrival->received_ns = datagram->received_ns;
        ago_ns = now_utc_ns - datagram->received_ns;
    }
    /* UTC may have been stepped in between; nothing was received in the future. */
    arrival->received_mono_ns = ago_ns > 0 ? now_mono_ns - ago_ns : now_mono_ns;
}

/* Who sent it; NULL when the listener does not allow that one (out_stranger tells who it is). */
static struct rx_peer *find_peer(struct rx_endpoint *endpoint, const struct rx_datagram *datagram,
                                 struct rx_address *out_stranger)
{
    struct rx_address from = { 0 };

    if (WF_LIKELY(endpoint->newest_peer != NULL &&
                  endpoint->newest_from_len == datagram->from_len &&
                  memcmp(&endpoint->newest_from, datagram->from, datagram->from_len) == 0))
        return endpoint->newest_peer;
    (void)rx_address_from_sockaddr(datagram->from, &from, NULL);
    if (!rx_allow_has(&endpoint->listener->allow, &from)) {
        *out_stranger = from;
        return NULL;
    }
    endpoint->newest_peer = rx_peers_get(&endpoint->peers, &from);
    endpoint->newest_from_len = datagram->from_len;
    memcpy(&endpoint->newest_from, datagram->from, datagram->from_len);
    return endpoint->newest_peer;
}

static void take_datagram(struct rx_endpoint *endpoint, struct rx_arrival *arrival,
                          const struct rx_datagram *datagram)
{
    struct rx_counters *counters = &arrival->path->counters;
    struct rx_address stranger;

    counters->datagrams++;
    counters->datagram_bytes += datagram->len;
    endpoint->datagrams++;
    endpoint->bytes += datagram->len;
    endpoint->last_received_ns = arrival->received_ns;
    if (WF_UNLIKELY(datagram->drops != endpoint->drops_ahead)) {
        endpoint->listener->source->drops += datagram->drops - endpoint->drops_ahead;
        endpoint->drops_ahead = datagram->drops;
    }
    arrival->peer = find_peer(endpoint, datagram, &stranger);
    if (WF_UNLIKELY(arrival->peer == NULL)) {
        rx_path_stranger(arrival, &stranger, datagram->bytes, datagram->len);
        return;
    }
    arrival->peer->datagrams++;
    arrival->peer->bytes += datagram->len;
    arrival->peer->last_received_ns = arrival->received_ns;
    if (WF_UNLIKELY(datagram->was_cut))
        rx_path_rubbish(arrival, WF_REJECT_TOO_LONG, datagram->bytes, datagram->len);
    else
        wf_framer_feed(endpoint->listener->framer, datagram->bytes, datagram->len, rx_path_packet,
                       rx_path_rubbish, arrival);
}

static void take_batch(struct rx_endpoint *endpoint, int count)
{
    struct rx_io *io = endpoint->io;
    struct rx_arrival arrival = { .path = io->path,
                                  .listener = endpoint->listener,
                                  .link = &endpoint->link };
    int64_t now_utc_ns = wf_utc_now_ns();
    int64_t now_mono_ns = wf_mono_now_ns();

    for (int i = 0; i < count; i++) {
        struct rx_datagram datagram;

        rx_udp_datagram(io->batch, i, &datagram);
        take_times(&arrival, &datagram, now_utc_ns, now_mono_ns);
        take_datagram(endpoint, &arrival, &datagram);
    }
    io->round_mono_ns = now_mono_ns;
    rx_path_release(io->path);
}

/* Read up to `rounds` batches; a batch that is not full was the last. */
static void read_batches(struct rx_endpoint *endpoint, int rounds)
{
    struct rx_io *io = endpoint->io;

    for (int round = 0; round < rounds; round++) {
        int count = rx_udp_read(endpoint->fd, io->batch);

        io->path->counters.reads++;
        if (WF_UNLIKELY(count < 0)) {
            if (rx_endpoint_may_log(endpoint))
                wf_log_warning("listener %s: reading: %s, going on", endpoint->name,
                               strerror(-count));
            break;
        }
        if (count == 0)
            break;
        take_batch(endpoint, count);
        io->round_count += (uint32_t)count;
        if ((uint32_t)count > io->round_largest)
            io->round_largest = (uint32_t)count;
        if (count < RX_UDP_BATCH)
            break;
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status; /* an error of the socket is told by reading it */
    (void)events;
    read_batches(poll->data, ROUNDS_MAX);
}

void rx_udp_endpoint_drain(struct rx_endpoint *endpoint)
{
    read_batches(endpoint, DRAIN_MAX);
}

static void on_closed(uv_handle_t *handle)
{
    struct rx_endpoint *endpoint = handle->data;

    (void)close(endpoint->fd);
    endpoint->fd = -1;
    rx_endpoint_handle_closed(endpoint);
}

int rx_udp_endpoint_open(struct rx_endpoint *endpoint, struct wf_err *err)
{
    uint64_t wanted = endpoint->listener->config->receive_buffer;
    struct rx_udp_options options = { .host = endpoint->host,
                                      .port = endpoint->port,
                                      .group = endpoint->group,
                                      .interface = endpoint->interface,
                                      .receive_buffer = wanted };
    struct rx_udp_bound bound;
    int rc = rx_udp_open(&options, &bound, err);

    if (rc < 0)
        return rc;
    endpoint->fd = bound.fd;
    endpoint->receive_buffer = bound.receive_buffer;
    rx_endpoint_set_address(endpoint, (const struct sockaddr *)&bound.address);
    if (bound.receive_buffer < wanted)
        wf_log_warning("listener %s: the kernel granted a receive buffer of %llu of %llu bytes, "
                       "going on; raise it with: sysctl -w net.core.rmem_max=%llu",
                       endpoint->name, (unsigned long long)bound.receive_buffer,
                       (unsigned long long)wanted, (unsigned long long)wanted);
    rc = uv_poll_init(endpoint->io->loop, &endpoint->poll, endpoint->fd);
    if (rc < 0) {
        (void)close(endpoint->fd);
        endpoint->fd = -1;
        return wf_fail(err, WF_ERR_SYSTEM, "watch the socket: %s", uv_strerror(rc));
    }
    endpoint->poll.data = endpoint;
    endpoint->handles = 1;
    rc = uv_poll_start(&endpoint->poll, UV_READABLE, on_readable);
    if (rc < 0) {
        uv_close((uv_handle_t *)&endpoint->poll, on_closed);
        return wf_fail(err, WF_ERR_SYSTEM, "watch the socket: %s", uv_strerror(rc));
    }
    return 0;
}

void rx_udp_endpoint_close(struct rx_endpoint *endpoint)
{
    rx_endpoint_poll_drops(endpoint);
    (void)uv_poll_stop(&endpoint->poll);
    uv_close((uv_handle_t *)&endpoint->poll, on_closed);
}
