/* SPDX-License-Identifier: MIT */
/*
 * TCP client: connects to where packets come from, and again whenever that
 * ends, waiting a little longer each time. Trouble shows in wf.links; it is
 * logged when it begins and when it is over.
 *
 * Whom it connects to is named in the configuration, which is permission enough:
 * the allow list is for those who connect to us.
 */

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/log.h>
#include <watchfloor/strbuf.h>

#include "endpoint.h"
#include "stream.h"

#define BACKOFF_LEAST_MS 250
#define BACKOFF_MOST_MS  10000
#define CONNECT_LIMIT_MS 5000

static void attempt(struct rx_endpoint *endpoint);

static void on_retry(uv_timer_t *timer)
{
    struct rx_endpoint *endpoint = timer->data;

    if (endpoint->attempt != NULL) {
        rx_tcp_client_retry(endpoint, "no answer");
        return;
    }
    attempt(endpoint);
}

void rx_tcp_client_retry(struct rx_endpoint *endpoint, const char *why)
{
    if (endpoint->is_closing)
        return;
    if (endpoint->attempt != NULL) {
        rx_stream_close(endpoint->attempt);
        endpoint->attempt = NULL;
    }
    if (endpoint->state == RX_CONNECTED || endpoint->trouble[0] == '\0')
        wf_log_warning("listener %s: %s port %u: %s, trying again", endpoint->name, endpoint->host,
                       (unsigned)endpoint->port, why);
    (void)wf_copy_text(endpoint->trouble, sizeof(endpoint->trouble), why);
    endpoint->state = RX_CONNECTING;
    endpoint->backoff_ms = endpoint->backoff_ms == 0 ? BACKOFF_LEAST_MS : 2 * endpoint->backoff_ms;
    if (endpoint->backoff_ms > BACKOFF_MOST_MS)
        endpoint->backoff_ms = BACKOFF_MOST_MS;
    (void)uv_timer_start(&endpoint->retry, on_retry, (uint64_t)endpoint->backoff_ms, 0);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct rx_connection *connection = request->data;
    struct rx_endpoint *endpoint = connection->endpoint;

    if (status == UV_ECANCELED || connection->is_closing || endpoint->is_closing)
        return;
    if (status == 0) {
        /* From here on its end is the stream's business. */
        endpoint->attempt = NULL;
        (void)uv_timer_stop(&endpoint->retry);
        status = rx_stream_start(connection);
        if (status < 0)
            rx_stream_close(connection);
    }
    if (status < 0) {
        rx_tcp_client_retry(endpoint, uv_strerror(status));
        return;
    }
    endpoint->state = RX_CONNECTED;
    endpoint->trouble[0] = '\0';
    endpoint->io->path->counters.connections_accepted++;
    wf_log_info("listener %s: connected to %s", endpoint->name, endpoint->address);
}

static void connect_to(struct rx_endpoint *endpoint, const struct sockaddr *address)
{
    struct wf_err err = { 0 };
    int status;

    if (rx_stream_create(endpoint, &endpoint->attempt, &err) < 0) {
        endpoint->attempt = NULL;
        rx_tcp_client_retry(endpoint, err.text);
        return;
    }
    rx_endpoint_set_address(endpoint, address);
    (void)rx_address_from_sockaddr(address, &endpoint->attempt->address, NULL);
    status = uv_tcp_connect(&endpoint->attempt->connect, &endpoint->attempt->handle, address,
                            on_connected);
    if (status < 0) {
        rx_tcp_client_retry(endpoint, uv_strerror(status));
        return;
    }
    (void)uv_timer_start(&endpoint->retry, on_retry, CONNECT_LIMIT_MS, 0);
}

static void on_looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *info)
{
    struct rx_endpoint *endpoint = request->data;

    endpoint->lookup = NULL;
    free(request);
    if (!endpoint->is_closing) {
        if (status < 0 || info == NULL)
            rx_tcp_client_retry(endpoint, status < 0 ? uv_strerror(status) : "no such host");
        else
            connect_to(endpoint, info->ai_addr);
    }
    uv_freeaddrinfo(info);
    rx_endpoint_handle_closed(endpoint);
}

/* Names are looked up by a thread of libuv's, so that a slow server stops nobody. */
static void look_up(struct rx_endpoint *endpoint)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    char service[8];
    int status = UV_ENOMEM;

    (void)snprintf(service, sizeof(service), "%u", (unsigned)endpoint->port);
    endpoint->lookup = calloc(1, sizeof(*endpoint->lookup));
    if (endpoint->lookup != NULL) {
        endpoint->lookup->data = endpoint;
        status = uv_getaddrinfo(endpoint->io->loop, endpoint->lookup, on_looked_up, endpoint->host,
                                service, &hints);
    }
    if (status < 0) {
        free(endpoint->lookup);
        endpoint->lookup = NULL;
        rx_tcp_client_retry(endpoint, uv_strerror(status));
        return;
    }
    endpoint->handles++;
}

static void attempt(struct rx_endpoint *endpoint)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (endpoint->is_closing)
        return;
    if (uv_ip4_addr(endpoint->host, endpoint->port, &v4) == 0)
        connect_to(endpoint, (struct sockaddr *)&v4);
    else if (uv_ip6_addr(endpoint->host, endpoint->port, &v6) == 0)
        connect_to(endpoint, (struct sockaddr *)&v6);
    else
        look_up(endpoint);
}

int rx_tcp_client_open(struct rx_endpoint *endpoint, struct wf_err *err)
{
    int status;

    if (endpoint->port == 0)
        return wf_fail(err, WF_ERR_INVALID, "a tcp-connect listener needs the port to connect to");
    status = uv_timer_init(endpoint->io->loop, &endpoint->retry);
    if (status < 0)
        return wf_fail(err, WF_ERR_SYSTEM, "%s", uv_strerror(status));
    endpoint->retry.data = endpoint;
    endpoint->handles = 1;
    endpoint->state = RX_CONNECTING;
    (void)snprintf(endpoint->address, sizeof(endpoint->address), "%.60s:%u", endpoint->host,
                   (unsigned)endpoint->port);
    endpoint->bound_port = endpoint->port;
    attempt(endpoint);
    return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
    rx_endpoint_handle_closed(handle->data);
}

void rx_tcp_client_close(struct rx_endpoint *endpoint)
{
    endpoint->attempt = NULL; /* it is in the list like the others */
    rx_streams_close_all(endpoint);
    if (endpoint->lookup != NULL)
        (void)uv_cancel((uv_req_t *)endpoint->lookup);
    uv_close((uv_handle_t *)&endpoint->retry, on_timer_closed);
}
