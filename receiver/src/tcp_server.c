/* SPDX-License-Identifier: MIT */
/*
 * TCP server: takes connections, up to connection_max, from those allowed.
 *
 * When no descriptor is left, libuv gives up its spare one to take and close what
 * waits, instead of being woken for it for ever; rx_raise_limits (limits.h) sees to
 * it that this stays an exception.
 */

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include <watchfloor/log.h>

#include "endpoint.h"
#include "stream.h"

#define BACKLOG 64

static void refuse(struct rx_endpoint *endpoint, struct rx_connection *connection, const char *why)
{
    char text[RX_ADDRESS_TEXT] = "?";

    endpoint->refused++;
    endpoint->io->path->counters.connections_refused++;
    if (connection != NULL)
        rx_address_text(&connection->address, text, sizeof(text));
    if (rx_endpoint_may_log(endpoint))
        wf_log_warning("listener %s: connection from %s: %s, closed", endpoint->name, text, why);
    if (connection != NULL)
        rx_stream_close(connection);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct rx_endpoint *endpoint = server->data;
    struct rx_connection *connection = NULL;
    struct sockaddr_storage from = { 0 };
    int len = sizeof(from);
    struct wf_err err = { 0 };

    if (endpoint->is_closing)
        return;
    if (status < 0) {
        refuse(endpoint, NULL, uv_strerror(status));
        return;
    }
    if (rx_stream_create(endpoint, &connection, &err) < 0) {
        refuse(endpoint, NULL, err.text);
        return;
    }
    status = uv_accept(server, (uv_stream_t *)&connection->handle);
    if (status == 0)
        status = uv_tcp_getpeername(&connection->handle, (struct sockaddr *)&from, &len);
    if (status < 0) {
        refuse(endpoint, connection, uv_strerror(status));
        return;
    }
    (void)rx_address_from_sockaddr((struct sockaddr *)&from, &connection->address, NULL);
    if (!rx_allow_has(&endpoint->listener->allow, &connection->address)) {
        refuse(endpoint, connection, "not in the allow list");
        return;
    }
    if (endpoint->connections >= endpoint->listener->config->connection_max) {
        refuse(endpoint, connection, "connection_max is reached");
        return;
    }
    status = rx_stream_start(connection);
    if (status < 0) {
        refuse(endpoint, connection, uv_strerror(status));
        return;
    }
    endpoint->io->path->counters.connections_accepted++;
}

static int fail_listen(const struct rx_endpoint *endpoint, int status, struct wf_err *err)
{
    switch (status) {
    case UV_EADDRINUSE:
        return wf_fail(err, WF_ERR_EXISTS,
                       "tcp port %u of %s is in use by another program (ss -tlpn shows which); "
                       "stop it or choose another port",
                       (unsigned)endpoint->port, endpoint->host);
    case UV_EACCES:
        return wf_fail(err, WF_ERR_DENIED,
                       "no permission for tcp port %u of %s; ports below 1024 need "
                       "CAP_NET_BIND_SERVICE, or choose a higher one",
                       (unsigned)endpoint->port, endpoint->host);
    case UV_EADDRNOTAVAIL:
        return wf_fail(err, WF_ERR_INVALID,
                       "no interface of this machine has the address %s (ip address shows them)",
                       endpoint->host);
    default:
        return wf_fail(err, WF_ERR_SYSTEM, "listen on tcp port %u of %s: %s",
                       (unsigned)endpoint->port, endpoint->host, uv_strerror(status));
    }
}

static void on_server_closed(uv_handle_t *handle)
{
    rx_endpoint_handle_closed(handle->data);
}

static int listen_on(struct rx_endpoint *endpoint, const struct addrinfo *info)
{
    struct sockaddr_storage bound = { 0 };
    int len = sizeof(bound);
    int status = uv_tcp_bind(&endpoint->server, info->ai_addr, 0);

    if (status == 0)
        status = uv_listen((uv_stream_t *)&endpoint->server, BACKLOG, on_connection);
    if (status == 0)
        status = uv_tcp_getsockname(&endpoint->server, (struct sockaddr *)&bound, &len);
    if (status == 0)
        rx_endpoint_set_address(endpoint, (struct sockaddr *)&bound);
    return status;
}

int rx_tcp_server_open(struct rx_endpoint *endpoint, struct wf_err *err)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *info = NULL;
    char service[8];
    int status;

    (void)snprintf(service, sizeof(service), "%u", (unsigned)endpoint->port);
    status = getaddrinfo(endpoint->host[0] != '\0' ? endpoint->host : NULL, service, &hints, &info);
    if (status != 0)
        return wf_fail(err, WF_ERR_INVALID,
                       "host '%s': %s; give a numeric address or a name that this machine can "
                       "look up",
                       endpoint->host, gai_strerror(status));
    status = uv_tcp_init(endpoint->io->loop, &endpoint->server);
    if (status == 0) {
        endpoint->server.data = endpoint;
        endpoint->handles = 1;
        status = listen_on(endpoint, info);
        if (status < 0)
            uv_close((uv_handle_t *)&endpoint->server, on_server_closed);
    }
    freeaddrinfo(info);
    return status < 0 ? fail_listen(endpoint, status, err) : 0;
}

void rx_tcp_server_close(struct rx_endpoint *endpoint)
{
    rx_streams_close_all(endpoint);
    uv_close((uv_handle_t *)&endpoint->server, on_server_closed);
}
