/* SPDX-License-Identifier: MIT */
/* Streams: see stream.h. */

#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>

/* Seconds of silence after which the kernel asks whether the peer is still there. */
#define KEEPALIVE_S 30

static void on_closed(uv_handle_t *handle)
{
    struct rx_connection *connection = handle->data;
    struct rx_endpoint *endpoint = connection->endpoint;

    if (--connection->handles > 0)
        return;
    wf_framer_destroy(&connection->framer);
    free(connection);
    rx_endpoint_handle_closed(endpoint);
}

int rx_stream_create(struct rx_endpoint *endpoint, struct rx_connection **out_connection,
                     struct wf_err *err)
{
    const struct rx_listener *listener = endpoint->listener;
    struct rx_connection *connection = calloc(1, sizeof(*connection));
    int rc;

    if (connection == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "no memory for a connection");
    rc = wf_framer_create(listener->config->framing, listener->config->format, true,
                          &connection->framer, err);
    if (rc < 0) {
        free(connection);
        return rc;
    }
    wf_framer_set_known(connection->framer, listener->known);
    rc = uv_tcp_init(endpoint->io->loop, &connection->handle);
    if (rc < 0) {
        wf_framer_destroy(&connection->framer);
        free(connection);
        return wf_fail(err, WF_ERR_SYSTEM, "%s", uv_strerror(rc));
    }
    (void)uv_timer_init(endpoint->io->loop, &connection->wait);
    connection->handles = 2;
    connection->handle.data = connection;
    connection->wait.data = connection;
    connection->connect.data = connection;
    connection->endpoint = endpoint;
    endpoint->handles++;
    connection->next = endpoint->connection_list;
    if (connection->next != NULL)
        connection->next->previous = connection;
    endpoint->connection_list = connection;
    *out_connection = connection;
    return 0;
}

/* What came, and through which connection. */
struct stream_arrival {
    struct rx_arrival arrival; /* first: the context of rx_path_ functions */
    struct rx_connection *connection;
};

static void note_arrival(struct rx_connection *connection, struct rx_arrival *arrival)
{
    *arrival = (struct rx_arrival){ .wait_until_ns = 0 };
    arrival->path = connection->endpoint->io->path;
    arrival->listener = connection->endpoint->listener;
    arrival->peer = connection->peer;
    arrival->link = &connection->endpoint->link;
    arrival->received_ns = wf_utc_now_ns();
    arrival->received_mono_ns = wf_mono_now_ns();
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct rx_connection *connection = handle->data;

    (void)suggested;
    out->base = connection->endpoint->io->stream_buffer;
    out->len = RX_STREAM_BUFFER;
}

/* What it still holds becomes packets now; a rest becomes a rejected one. */
static void end_framing(struct rx_connection *connection)
{
    struct rx_arrival arrival;

    note_arrival(connection, &arrival);
    wf_framer_end(connection->framer, rx_path_packet, rx_path_rubbish, &arrival);
    rx_path_release(arrival.path);
}

static void on_end(struct rx_connection *connection, int status)
{
    struct rx_endpoint *endpoint = connection->endpoint;

    end_framing(connection);
    rx_stream_close(connection);
    if (endpoint->transport == WF_TRANSPORT_TCP_CONNECT)
        rx_tcp_client_retry(endpoint,
                            status == UV_EOF ? "the other side closed" : uv_strerror(status));
}

static void take_packet(void *context, const uint8_t *packet, size_t len)
{
    struct stream_arrival *stream = context;
    int64_t until_ns = stream->arrival.wait_until_ns;

    stream->arrival.wait_until_ns = 0;
    rx_path_packet(&stream->arrival, packet, len);
    if (stream->arrival.wait_until_ns > stream->arrival.received_mono_ns)
        wf_framer_pause(stream->connection->framer);
    /* A unit may hold several packets; the longest wait counts. */
    if (stream->arrival.wait_until_ns < until_ns)
        stream->arrival.wait_until_ns = until_ns;
}

static void on_waited(uv_timer_t *timer);

/* After feeding: read on, or not for a while. */
static void go_on(struct stream_arrival *stream)
{
    struct rx_connection *connection = stream->connection;
    int64_t wait_ns = stream->arrival.wait_until_ns - wf_mono_now_ns();

    rx_path_release(stream->arrival.path);
    if (!wf_framer_is_paused(connection->framer))
        return;
    stream->arrival.path->counters.stream_waits++;
    (void)uv_read_stop((uv_stream_t *)&connection->handle);
    uv_update_time(connection->endpoint->io->loop);
    (void)uv_timer_start(&connection->wait, on_waited,
                         wait_ns > 0 ? (uint64_t)(wait_ns / WF_NS_PER_MS) + 1 : 0, 0);
}

static void note_round(struct rx_endpoint *endpoint, const struct rx_arrival *arrival)
{
    endpoint->io->round_count++;
    endpoint->io->round_mono_ns = arrival->received_mono_ns;
}

static void on_read(uv_stream_t *handle, ssize_t len, const uv_buf_t *buffer)
{
    struct rx_connection *connection = handle->data;
    struct rx_endpoint *endpoint = connection->endpoint;
    struct stream_arrival stream = { .connection = connection };

    if (len < 0) {
        on_end(connection, (int)len);
        return;
    }
    if (len == 0)
        return;
    note_arrival(connection, &stream.arrival);
    note_round(endpoint, &stream.arrival);
    endpoint->io->path->counters.reads++;
    endpoint->io->path->counters.stream_bytes += (uint64_t)len;
    endpoint->bytes += (uint64_t)len;
    endpoint->last_received_ns = stream.arrival.received_ns;
    endpoint->backoff_ms = 0; /* it works: the next attempt comes at once */
    connection->peer->bytes += (uint64_t)len;
    connection->peer->last_received_ns = stream.arrival.received_ns;
    wf_framer_feed(connection->framer, (const uint8_t *)buffer->base, (size_t)len, take_packet,
                   rx_path_rubbish, &stream);
    go_on(&stream);
}

static void on_waited(uv_timer_t *timer)
{
    struct rx_connection *connection = timer->data;
    struct rx_endpoint *endpoint = connection->endpoint;
    struct stream_arrival stream = { .connection = connection };
    int status;

    note_arrival(connection, &stream.arrival);
    note_round(endpoint, &stream.arrival);
    wf_framer_resume(connection->framer, take_packet, rx_path_rubbish, &stream);
    rx_io_stir(endpoint->io);
    if (wf_framer_is_paused(connection->framer)) {
        go_on(&stream);
        return;
    }
    rx_path_release(stream.arrival.path);
    status = uv_read_start((uv_stream_t *)&connection->handle, on_alloc, on_read);
    if (status < 0)
        on_end(connection, status);
}

int rx_stream_start(struct rx_connection *connection)
{
    struct rx_endpoint *endpoint = connection->endpoint;

    connection->peer = rx_peers_get(&endpoint->peers, &connection->address);
    connection->peer->connections++;
    endpoint->connections++;
    connection->is_counted = true;
    (void)uv_tcp_keepalive(&connection->handle, 1, KEEPALIVE_S);
    return uv_read_start((uv_stream_t *)&connection->handle, on_alloc, on_read);
}

void rx_stream_close(struct rx_connection *connection)
{
    struct rx_endpoint *endpoint = connection->endpoint;

    if (connection->is_closing)
        return;
    connection->is_closing = true;
    if (connection->is_counted) {
        connection->peer->connections--;
        endpoint->connections--;
    }
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        endpoint->connection_list = connection->next;
    uv_close((uv_handle_t *)&connection->wait, on_closed);
    uv_close((uv_handle_t *)&connection->handle, on_closed);
}

void rx_streams_close_all(struct rx_endpoint *endpoint)
{
    while (endpoint->connection_list != NULL) {
        struct rx_connection *connection = endpoint->connection_list;

        if (connection->is_counted)
            end_framing(connection);
        rx_stream_close(connection);
    }
}

void rx_streams_reconsider(struct rx_endpoint *endpoint, const struct rx_listener *listener)
{
    const struct wf_config_listener *before = endpoint->listener->config;
    const struct wf_config_listener *config = listener->config;
    bool is_framed_alike = strcmp(before->framing, config->framing) == 0 &&
                           strcmp(before->format, config->format) == 0;
    struct rx_connection *next;

    endpoint->newest_peer = NULL; /* whom it may hear is judged anew */
    for (struct rx_connection *at = endpoint->connection_list; at != NULL; at = next) {
        bool is_allowed = endpoint->transport == WF_TRANSPORT_TCP_CONNECT ||
                          rx_allow_has(&listener->allow, &at->address);

        next = at->next;
        if (!at->is_counted)
            continue;
        if (is_framed_alike && is_allowed) {
            wf_framer_set_known(at->framer, listener->known);
            continue;
        }
        end_framing(at);
        rx_stream_close(at);
        if (endpoint->transport == WF_TRANSPORT_TCP_CONNECT)
            rx_tcp_client_retry(endpoint, "the configuration changed");
    }
}
