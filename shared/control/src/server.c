/* SPDX-License-Identifier: MIT */
/*
 * The side that answers. One timer for each connection bounds whatever it is doing: a
 * request must come whole, and an answer must be taken, in time. While a call waits for its answer, or
 * the answer for its reader, nothing more is read: a peer can make us hold one line and
 * one answer, whatever it does.
 */

#include <watchfloor/control/control.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/strbuf.h>

#include "platform/local_socket.h"
#include "reply.h"

#define BACKLOG    64
#define CHUNK_SIZE 4096
#define IDLE_MS    30000 /* for a whole request to come */
#define WRITE_MS   10000 /* for an answer to be taken */

struct connection {
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_write_t write;
    struct wf_control_server *server;
    struct connection *next;
    struct wf_control_peer peer;
    struct wf_control_call *call; /* that waits for its answer; it points back */
    char *in; /* what came: requests that were taken, and from `start` on those to come */
    size_t in_len, in_size, start;
    size_t searched; /* up to there is no end of a line */
    char *answer;    /* being written */
    int open_handles;
    bool is_closing, is_writing, is_reading, is_ended, is_last;
};

struct wf_control_server {
    uv_pipe_t listener;
    struct wf_control_options options;
    char *folder, *name;
    struct wfc_socket_mark mark;
    struct connection *connections;
    size_t connection_count; /* those that are not closing */
    bool is_closing, is_listener_closed;
};

struct wf_control_call {
    struct connection *connection; /* NULL: it is gone */
    struct wf_control_peer peer;
    json_t *request;
};

static void serve(struct connection *connection);

static void free_server(struct wf_control_server *server)
{
    if (!server->is_listener_closed || server->connections != NULL)
        return;
    free(server->folder);
    free(server->name);
    free(server);
}

static void forget_connection(struct connection *connection)
{
    struct wf_control_server *server = connection->server;
    struct connection **at = &server->connections;

    while (*at != connection)
        at = &(*at)->next;
    *at = connection->next;
    free(connection->in);
    free(connection->answer);
    free(connection);
    if (server->is_closing)
        free_server(server);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;

    if (--connection->open_handles == 0)
        forget_connection(connection);
}

static void close_connection(struct connection *connection)
{
    if (connection->is_closing)
        return;
    connection->is_closing = true;
    connection->server->connection_count--;
    if (connection->call != NULL)
        connection->call->connection = NULL;
    connection->call = NULL;
    uv_close((uv_handle_t *)&connection->pipe, on_handle_closed);
    uv_close((uv_handle_t *)&connection->timer, on_handle_closed);
}

static void on_late(uv_timer_t *timer)
{
    close_connection(timer->data);
}

static void set_deadline(struct connection *connection, uint64_t ms)
{
    (void)uv_timer_start(&connection->timer, on_late, ms, 0);
}

static void stop_reading(struct connection *connection)
{
    if (connection->is_reading)
        (void)uv_read_stop((uv_stream_t *)&connection->pipe);
    connection->is_reading = false;
}

static void on_written(uv_write_t *request, int status)
{
    struct connection *connection = request->data;

    free(connection->answer);
    connection->answer = NULL;
    connection->is_writing = false;
    if (status < 0 || connection->is_last)
        close_connection(connection);
    else if (!connection->is_closing)
        serve(connection);
}

/* One answer at a time: the connection reads nothing until it is taken. */
static void write_answer(struct connection *connection, char *text, size_t len)
{
    uv_buf_t buffer = uv_buf_init(text, (unsigned)len);

    connection->answer = text;
    connection->is_writing = true;
    connection->write.data = connection;
    set_deadline(connection, WRITE_MS);
    if (uv_write(&connection->write, (uv_stream_t *)&connection->pipe, &buffer, 1, on_written) < 0)
        close_connection(connection);
}

static void answer(struct connection *connection, json_t *reply)
{
    size_t len;
    char *text = wfc_reply_text(reply, &len);

    json_decref(reply);
    if (text == NULL)
        close_connection(connection); /* out of memory, or more than a client would read */
    else
        write_answer(connection, text, len);
}

const struct wf_control_peer *wf_control_call_peer(const struct wf_control_call *call)
{
    return &call->peer;
}

const json_t *wf_control_call_request(const struct wf_control_call *call)
{
    return call->request;
}

static void finish_call(struct wf_control_call *call, json_t *reply)
{
    struct connection *connection = call->connection;

    json_decref(call->request);
    free(call);
    if (connection == NULL) {
        json_decref(reply);
        return;
    }
    connection->call = NULL;
    answer(connection, reply);
}

void wf_control_reply(struct wf_control_call *call, json_t *reply)
{
    finish_call(call, wfc_reply_done(reply));
}

void wf_control_refuse(struct wf_control_call *call, const struct wf_err *err, json_t *reply)
{
    finish_call(call, wfc_reply_refused(err, reply));
}

/* Answer without asking the program; `is_last`: and hang up. */
static void refuse(struct connection *connection, enum wf_rc rc, const char *text, bool is_last)
{
    struct wf_err err = { 0 };

    (void)wf_fail(&err, rc, "%s", text);
    connection->is_last = is_last;
    stop_reading(connection);
    answer(connection, wfc_reply_refused(&err, NULL));
}

static void handle_request(struct connection *connection, json_t *request)
{
    struct wf_control_call *call = calloc(1, sizeof(*call));
    struct wf_control_server *server = connection->server;

    if (call == NULL) {
        json_decref(request);
        close_connection(connection);
        return;
    }
    call->connection = connection;
    call->peer = connection->peer;
    call->request = request;
    connection->call = call;
    stop_reading(connection);
    (void)uv_timer_stop(
        &connection->timer); /* how long an answer takes is the program's business */
    server->options.handle(server->options.context, call);
}

static void handle_line(struct connection *connection, const char *line, size_t len)
{
    json_error_t error;
    json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
    char text[200];
    struct wf_strbuf why = WF_STRBUF_FIXED(text);

    if (request == NULL) {
        wf_strbuf_addf(&why, "expected one line of JSON: %s", error.text);
        refuse(connection, WF_ERR_INVALID, text, false);
    } else if (!json_is_object(request) || !json_is_string(json_object_get(request, "do"))) {
        json_decref(request);
        refuse(connection, WF_ERR_INVALID, "expected an object with \"do\": what is wanted", false);
    } else {
        handle_request(connection, request);
    }
}

/* Take the next `len` bytes as a line, and its end. Nothing of them is needed behind this. */
static void take_line(struct connection *connection, size_t len)
{
    const char *line = connection->in + connection->start;

    connection->start += len + 1;
    connection->searched = connection->start;
    handle_line(connection, line, len);
}

/* Make room behind what came; what was taken goes first. */
static bool make_room(struct connection *connection)
{
    size_t rest = connection->in_len - connection->start;
    size_t want = rest + CHUNK_SIZE;

    if (connection->start > 0 && rest > 0)
        memmove(connection->in, connection->in + connection->start, rest);
    connection->in_len = rest;
    connection->searched -= connection->start;
    connection->start = 0;
    if (want > connection->in_size) {
        size_t size = want < 2 * connection->in_size ? 2 * connection->in_size : want;
        char *in = realloc(connection->in, size);

        if (in == NULL)
            return false;
        connection->in = in;
        connection->in_size = size;
    }
    return true;
}

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct connection *connection = handle->data;

    (void)suggested;
    *out = uv_buf_init(NULL, 0); /* libuv tells on_read ENOBUFS */
    if (make_room(connection))
        *out = uv_buf_init(connection->in + connection->in_len,
                           (unsigned)(connection->in_size - connection->in_len));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct connection *connection = stream->data;

    (void)buffer;
    if (got == UV_EOF) {
        connection->is_ended = true;
        stop_reading(connection);
    } else if (got < 0) {
        close_connection(connection);
        return;
    } else {
        connection->in_len += (size_t)got;
    }
    serve(connection);
}

static void read_on(struct connection *connection)
{
    if (connection->is_reading)
        return;
    set_deadline(connection, IDLE_MS);
    if (uv_read_start((uv_stream_t *)&connection->pipe, allocate, on_read) < 0)
        close_connection(connection);
    connection->is_reading = true;
}

/* Go on with a connection: its next whole request, or read more of it. */
static void serve(struct connection *connection)
{
    const char *end = NULL;
    size_t len;

    if (connection->is_closing || connection->is_writing || connection->call != NULL)
        return;
    len = connection->in_len - connection->start;
    if (connection->in_len > connection->searched)
        end = memchr(connection->in + connection->searched, '\n',
                     connection->in_len - connection->searched);
    connection->searched = connection->in_len;
    if (end != NULL)
        len = (size_t)(end - connection->in) - connection->start;
    if (len > WF_CONTROL_LINE_MAX)
        refuse(connection, WF_ERR_LIMIT, "the request is longer than this program reads", true);
    else if (end != NULL)
        take_line(connection, len);
    else if (connection->is_ended)
        close_connection(connection);
    else
        read_on(connection);
}

/* Take the connection that waits; NULL when there is none or no memory. */
static struct connection *accept_one(struct wf_control_server *server)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    uv_loop_t *loop = server->listener.loop;

    if (connection == NULL)
        return NULL;
    connection->server = server;
    (void)uv_pipe_init(loop, &connection->pipe, 0);
    (void)uv_timer_init(loop, &connection->timer);
    connection->pipe.data = connection->timer.data = connection;
    connection->open_handles = 2;
    connection->next = server->connections;
    server->connections = connection;
    server->connection_count++;
    if (uv_accept((uv_stream_t *)&server->listener, (uv_stream_t *)&connection->pipe) < 0) {
        close_connection(connection);
        return NULL;
    }
    return connection;
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct wf_control_server *server = stream->data;
    struct connection *connection;
    uv_os_fd_t fd;

    if (status < 0 || server->is_closing)
        return; /* too many open files: libuv accepts and closes, so that this cannot spin */
    connection = accept_one(server);
    if (connection == NULL)
        return;
    if (uv_fileno((const uv_handle_t *)&connection->pipe, &fd) < 0 ||
        wfc_socket_peer(fd, &connection->peer, NULL) < 0)
        close_connection(connection);
    else if (server->connection_count > WF_CONTROL_CLIENT_MAX + WF_CONTROL_CLIENT_MAX / 4)
        close_connection(connection); /* not even to say so */
    else if (server->connection_count > WF_CONTROL_CLIENT_MAX)
        refuse(connection, WF_ERR_LIMIT, "too many connections; try again later", true);
    else
        serve(connection);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct wf_control_server *server = handle->data;

    server->is_listener_closed = true;
    free_server(server);
}

int wf_control_listen(uv_loop_t *loop, const struct wf_control_options *options,
                      struct wf_control_server **out_server, struct wf_err *err)
{
    struct wf_control_server *server = calloc(1, sizeof(*server));
    int fd = -1;
    int rc;

    if (server != NULL) {
        server->folder = strdup(options->folder);
        server->name = strdup(options->name);
    }
    if (server == NULL || server->folder == NULL || server->name == NULL) {
        if (server != NULL) {
            free(server->folder);
            free(server->name);
        }
        free(server);
        return wf_fail(err, WF_ERR_NOMEM, "listen for commands: out of memory");
    }
    server->options = *options;
    rc = wfc_socket_listen(options->folder, options->name, options->group, &fd, &server->mark, err);
    if (rc < 0) {
        server->is_listener_closed = true;
        free_server(server);
        return rc;
    }
    (void)uv_pipe_init(loop, &server->listener, 0);
    server->listener.data = server;
    rc = uv_pipe_open(&server->listener, fd);
    if (rc < 0)
        (void)close(fd);
    else
        rc = uv_listen((uv_stream_t *)&server->listener, BACKLOG, on_connection);
    if (rc < 0) {
        rc = wf_fail(err, WF_ERR_SYSTEM, "listen for commands: %s", uv_strerror(rc));
        wf_control_close(&server);
        return rc;
    }
    *out_server = server;
    return 0;
}

void wf_control_close(struct wf_control_server **server)
{
    struct wf_control_server *closing = *server;

    *server = NULL;
    if (closing == NULL)
        return;
    closing->is_closing = true;
    wfc_socket_remove(closing->folder, closing->name, &closing->mark);
    for (struct connection *at = closing->connections; at != NULL; at = at->next)
        close_connection(at);
    uv_close((uv_handle_t *)&closing->listener, on_listener_closed);
}
