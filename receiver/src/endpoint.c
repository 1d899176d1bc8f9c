/* SPDX-License-Identifier: MIT */
/* Endpoint: see endpoint.h. What the transports have in common. */

#include "endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/strbuf.h>

#include "stream.h"

/* Between two lines about the same trouble. */
#define LOG_EVERY_NS (10 * WF_NS_PER_S)

static void free_endpoint(struct rx_endpoint *endpoint)
{
    free(endpoint->host);
    free(endpoint->group);
    free(endpoint->interface);
    free(endpoint);
}

void rx_endpoint_handle_closed(struct rx_endpoint *endpoint)
{
    endpoint->handles--;
    if (endpoint->handles == 0 && endpoint->is_closing)
        free_endpoint(endpoint);
}

static struct rx_endpoint *make_endpoint(struct rx_io *io, struct rx_listener *listener)
{
    const struct wf_config_listener *config = listener->config;
    struct rx_endpoint *endpoint = calloc(1, sizeof(*endpoint));

    if (endpoint == NULL)
        return NULL;
    endpoint->io = io;
    endpoint->listener = listener;
    endpoint->transport = config->transport;
    endpoint->port = config->port;
    endpoint->fd = -1;
    (void)wf_copy_text(endpoint->name, sizeof(endpoint->name), config->name);
    endpoint->host = strdup(config->host);
    endpoint->group = strdup(config->group);
    endpoint->interface = strdup(config->interface);
    if (endpoint->host == NULL || endpoint->group == NULL || endpoint->interface == NULL) {
        free_endpoint(endpoint);
        return NULL;
    }
    return endpoint;
}

int rx_endpoint_open(struct rx_io *io, struct rx_listener *listener,
                     struct rx_endpoint **out_endpoint, struct wf_err *err)
{
    struct rx_endpoint *endpoint = make_endpoint(io, listener);
    int rc = WF_ERR_INVALID;

    if (endpoint == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "no memory for listener %s", listener->config->name);
    switch (endpoint->transport) {
    case WF_TRANSPORT_UDP:
        rc = rx_udp_endpoint_open(endpoint, err);
        break;
    case WF_TRANSPORT_TCP:
        rc = rx_tcp_server_open(endpoint, err);
        break;
    case WF_TRANSPORT_TCP_CONNECT:
        rc = rx_tcp_client_open(endpoint, err);
        break;
    }
    if (rc < 0) {
        wf_err_prefix(err, "listener %s", listener->config->name);
        endpoint->is_closing = true;
        if (endpoint->handles == 0)
            free_endpoint(endpoint);
        return rc;
    }
    *out_endpoint = endpoint;
    return 0;
}

bool rx_endpoint_fits(const struct rx_endpoint *endpoint, const struct wf_config_listener *config)
{
    return endpoint->transport == config->transport && endpoint->port == config->port &&
           strcmp(endpoint->host, config->host) == 0 &&
           strcmp(endpoint->group, config->group) == 0 &&
           strcmp(endpoint->interface, config->interface) == 0 &&
           (config->port != 0 || wf_name_is_equal(endpoint->name, config->name));
}

void rx_endpoint_attach(struct rx_endpoint *endpoint, struct rx_listener *listener)
{
    const struct rx_listener *before = endpoint->listener;

    if (before != listener) {
        if (endpoint->transport == WF_TRANSPORT_UDP &&
            before->config->receive_buffer != listener->config->receive_buffer)
            endpoint->receive_buffer =
                rx_udp_set_buffer(endpoint->fd, listener->config->receive_buffer);
        rx_streams_reconsider(endpoint, listener);
    }
    (void)wf_copy_text(endpoint->name, sizeof(endpoint->name), listener->config->name);
    endpoint->listener = listener;
    listener->endpoint = endpoint;
}

void rx_endpoint_close(struct rx_endpoint **endpoint_at)
{
    struct rx_endpoint *endpoint = *endpoint_at;

    if (endpoint == NULL)
        return;
    *endpoint_at = NULL;
    /* A handle more than there are, so that none of the closings below is the last. */
    endpoint->handles++;
    endpoint->is_closing = true;
    switch (endpoint->transport) {
    case WF_TRANSPORT_UDP:
        rx_udp_endpoint_close(endpoint);
        break;
    case WF_TRANSPORT_TCP:
        rx_tcp_server_close(endpoint);
        break;
    case WF_TRANSPORT_TCP_CONNECT:
        rx_tcp_client_close(endpoint);
        break;
    }
    rx_endpoint_handle_closed(endpoint);
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

void rx_io_stir(struct rx_io *io)
{
    (void)uv_idle_start(&io->idle, on_idle);
}

void rx_endpoint_drain(struct rx_endpoint *endpoint)
{
    if (endpoint->transport == WF_TRANSPORT_UDP)
        rx_udp_endpoint_drain(endpoint);
}

void rx_endpoint_poll_drops(struct rx_endpoint *endpoint)
{
    uint32_t drops;

    if (endpoint->fd < 0 || !rx_udp_drops(endpoint->fd, &drops))
        return;

    /* The kernel counts in 32 bits; what it adds in a second does not wrap twice. */
    uint32_t more = drops - endpoint->drops_seen;

    endpoint->drops_seen = drops;
    endpoint->kernel_dropped += more;
    endpoint->io->path->counters.kernel_dropped += more;
}

void rx_endpoint_set_address(struct rx_endpoint *endpoint, const struct sockaddr *sockaddr)
{
    struct rx_address address;
    char text[RX_ADDRESS_TEXT];
    uint16_t port;

    if (!rx_address_from_sockaddr(sockaddr, &address, &port))
        return;
    rx_address_text(&address, text, sizeof(text));
    endpoint->bound_port = port;
    (void)snprintf(endpoint->address, sizeof(endpoint->address),
                   address.version == 6 ? "[%s]:%u" : "%s:%u", text, (unsigned)port);
}

bool rx_endpoint_may_log(struct rx_endpoint *endpoint)
{
    int64_t now_ns = wf_mono_now_ns();

    if (endpoint->last_log_ns != 0 && now_ns - endpoint->last_log_ns < LOG_EVERY_NS)
        return false;
    endpoint->last_log_ns = now_ns;
    return true;
}
