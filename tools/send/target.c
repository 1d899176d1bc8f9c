/* SPDX-License-Identifier: MIT */
/* UDP and TCP targets; see target.h. */

#include "target.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/strbuf.h>

#define HOST_SIZE    256
#define STREAM_BYTES 131072 /* gathered before a write; more than the longest packet */
#define RETRY_MS     1      /* a full socket buffer is looked at again after this */

struct target {
    bool is_stream;
    char where[HOST_SIZE + 24];
    struct sockaddr_storage address;
    target_ready_fn on_ready;
    void *context;

    union {
        uv_handle_t handle;
        uv_udp_t udp;
        uv_tcp_t tcp;
    } socket;
    uv_timer_t retry;
    int open_handles;

    /* Streams: one write at a time. */
    uv_connect_t connect;
    uv_write_t write;
    bool is_connected, is_writing, has_failed;
    uint8_t *gathered; /* STREAM_BYTES */
    size_t gathered_bytes;
    uint64_t gathered_packets;
    size_t last_bytes; /* of the newest datagram: a refusal tells of that one */
    uint64_t lost, lost_bytes;
};

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof(in));
        return ntohl(in.sin_addr.s_addr) >> 24 == 127;
    }
    if (address->ss_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, address, sizeof(in6));
        return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) && in6.sin6_addr.s6_addr[12] == 127);
    }
    return false;
}

/* "HOST:PORT" or "[HOST]:PORT" behind "udp:" or "tcp:". */
static int split_target(const char *text, bool *out_is_stream, char host[HOST_SIZE],
                        char service[8], struct wf_err *err)
{
    const char *place = text + 4;
    const char *colon = strrchr(text, ':');
    bool is_bracketed;
    uint64_t port = 0;
    size_t len;

    *out_is_stream = strncmp(text, "tcp:", 4) == 0;
    if ((!*out_is_stream && strncmp(text, "udp:", 4) != 0) || colon < place ||
        wf_parse_u64(colon + 1, &port, NULL) < 0 || port < 1 || port > UINT16_MAX)
        return wf_fail(err, WF_ERR_INVALID,
                       "'%s': expected udp:HOST:PORT or tcp:HOST:PORT, the port from 1 to 65535",
                       text);
    is_bracketed = place[0] == '[' && colon > place + 1 && colon[-1] == ']';
    len = (size_t)(colon - place) - (is_bracketed ? 2u : 0u);
    if (len == 0 || len >= HOST_SIZE)
        return wf_fail(err, WF_ERR_INVALID, "'%s': expected a host before the port", text);
    memcpy(host, place + (is_bracketed ? 1 : 0), len);
    host[len] = '\0';
    (void)wf_copy_text(service, 8, colon + 1);
    return 0;
}

static int resolve(struct target *target, const char *text, bool is_remote_allowed,
                   struct wf_err *err)
{
    struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
    struct addrinfo *found = NULL;
    struct wf_strbuf where;
    char host[HOST_SIZE];
    char service[8];
    int rc = split_target(text, &target->is_stream, host, service, err);

    if (rc < 0)
        return rc;
    hints.ai_socktype = target->is_stream ? SOCK_STREAM : SOCK_DGRAM;
    rc = getaddrinfo(host, service, &hints, &found);
    if (rc != 0)
        return wf_fail(err, WF_ERR_ABSENT, "'%s': %s", host, gai_strerror(rc));
    rc = 0;
    if (found->ai_addrlen <= sizeof(target->address))
        memcpy(&target->address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (!is_remote_allowed && !is_loopback(&target->address))
        rc = wf_fail(err, WF_ERR_DENIED,
                     "'%s' is not this machine; --allow-remote sends there all the same", text);
    wf_strbuf_init_fixed(&where, target->where, sizeof(target->where));
    wf_strbuf_addf(&where, strchr(host, ':') != NULL ? "%s [%s]:%s" : "%s %s:%s",
                   target->is_stream ? "tcp" : "udp", host, service);
    return rc;
}

static void call_ready(struct target *target, int rc, const struct wf_err *err)
{
    target->on_ready(target->context, rc, err);
}

static void lose_gathered(struct target *target)
{
    target->lost += target->gathered_packets;
    target->lost_bytes += target->gathered_bytes;
    target->gathered_packets = 0;
    target->gathered_bytes = 0;
}

static void fail_target(struct target *target, int status, const char *what)
{
    struct wf_err err = { 0 };
    int rc = wf_fail(&err, WF_ERR_SYSTEM, "%s: %s: %s", target->where, what, uv_strerror(status));

    target->has_failed = true;
    lose_gathered(target);
    call_ready(target, rc, &err);
}

static void on_retry(uv_timer_t *timer)
{
    call_ready(timer->data, 0, NULL);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct target *target = request->data;

    if (status == UV_ECANCELED)
        return;
    if (status < 0) {
        fail_target(target, status, "connecting");
        return;
    }
    target->is_connected = true;
    call_ready(target, 0, NULL);
}

static void on_written(uv_write_t *request, int status)
{
    struct target *target = request->data;

    target->is_writing = false;
    if (status == UV_ECANCELED) {
        lose_gathered(target);
        return;
    }
    if (status < 0) {
        fail_target(target, status, "sending");
        return;
    }
    target->gathered_bytes = 0;
    target->gathered_packets = 0;
    call_ready(target, 0, NULL);
}

static int start_socket(uv_loop_t *loop, struct target *target, struct wf_err *err)
{
    const struct sockaddr *address = (const struct sockaddr *)&target->address;
    int rc;

    (void)uv_timer_init(loop, &target->retry);
    target->retry.data = target;
    target->open_handles = 2;
    if (target->is_stream) {
        (void)uv_tcp_init(loop, &target->socket.tcp);
        target->connect.data = target;
        rc = uv_tcp_connect(&target->connect, &target->socket.tcp, address, on_connected);
    } else {
        (void)uv_udp_init(loop, &target->socket.udp);
        /* Connected, so that a closed port is told to us. */
        rc = uv_udp_connect(&target->socket.udp, address);
        if (rc == 0)
            (void)uv_timer_start(&target->retry, on_retry, 0, 0);
    }
    target->socket.handle.data = target;
    if (rc < 0)
        return wf_fail(err, WF_ERR_SYSTEM, "%s: %s", target->where, uv_strerror(rc));
    return 0;
}

int target_open(uv_loop_t *loop, const char *text, bool is_remote_allowed, target_ready_fn on_ready,
                void *context, struct target **out_target, struct wf_err *err)
{
    struct target *target = calloc(1, sizeof(*target));
    int rc;

    if (target == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    target->on_ready = on_ready;
    target->context = context;
    rc = resolve(target, text, is_remote_allowed, err);
    if (rc == 0 && target->is_stream) {
        target->gathered = malloc(STREAM_BYTES);
        if (target->gathered == NULL)
            rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    if (rc < 0) {
        wf_err_prefix(err, "--to");
        free(target);
        return rc;
    }
    rc = start_socket(loop, target, err);
    if (rc < 0)
        target_close(&target);
    else
        *out_target = target;
    return rc;
}

static void forget_handle(uv_handle_t *handle)
{
    struct target *target = handle->data;

    if (--target->open_handles > 0)
        return;
    free(target->gathered);
    free(target);
}

void target_close(struct target **target)
{
    struct target *gone = *target;

    *target = NULL;
    if (gone == NULL)
        return;
    uv_close((uv_handle_t *)&gone->retry, forget_handle);
    uv_close(&gone->socket.handle, forget_handle);
}

static void lose_datagram(struct target *target)
{
    target->lost++;
    target->lost_bytes += target->last_bytes;
    target->last_bytes = 0;
}

static enum target_result send_datagram(struct target *target, const uint8_t *bytes, size_t len)
{
    /* libuv takes a non-const base and does not write to it. */
    uv_buf_t buf = { .base = (char *)(uintptr_t)bytes, .len = len };

    for (int i = 0; i < 2; i++) {
        int rc = uv_udp_try_send(&target->socket.udp, &buf, 1, NULL);

        if (rc >= 0) {
            target->last_bytes = len;
            return TARGET_SENT;
        }
        if (rc == UV_EAGAIN || rc == UV_ENOBUFS) {
            (void)uv_timer_start(&target->retry, on_retry, RETRY_MS, 0);
            return TARGET_LATER;
        }
        if (rc != UV_ECONNREFUSED)
            return TARGET_REFUSED;
        lose_datagram(target); /* an earlier one found nobody; this one was not sent yet */
    }
    return TARGET_REFUSED;
}

enum target_result target_send(struct target *target, const uint8_t *bytes, size_t len)
{
    if (!target->is_stream)
        return send_datagram(target, bytes, len);
    if (target->has_failed)
        return TARGET_REFUSED;
    if (!target->is_connected || target->is_writing)
        return TARGET_LATER;
    if (len > STREAM_BYTES - target->gathered_bytes) {
        if (target->gathered_bytes == 0)
            return TARGET_REFUSED;
        (void)target_flush(target);
        return TARGET_LATER;
    }
    memcpy(target->gathered + target->gathered_bytes, bytes, len);
    target->gathered_bytes += len;
    target->gathered_packets++;
    return TARGET_SENT;
}

bool target_flush(struct target *target)
{
    uv_buf_t buf = { .base = (char *)target->gathered, .len = target->gathered_bytes };
    int rc;

    if (!target->is_stream || target->is_writing || target->gathered_bytes == 0)
        return target->is_writing;
    target->write.data = target;
    target->is_writing = true;
    rc = uv_write(&target->write, (uv_stream_t *)&target->socket.tcp, &buf, 1, on_written);
    if (rc < 0) {
        target->is_writing = false;
        fail_target(target, rc, "sending");
        return false;
    }
    return true;
}

bool target_is_stream(const struct target *target)
{
    return target->is_stream;
}

const char *target_where(const struct target *target)
{
    return target->where;
}

uint64_t target_lost(struct target *target, uint64_t *out_bytes)
{
    int pending = 0;
    socklen_t size = sizeof(pending);
    uv_os_fd_t fd;

    /* The last datagram's refusal waits in the socket. */
    if (!target->is_stream && uv_fileno(&target->socket.handle, &fd) == 0 &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &size) == 0 && pending != 0)
        lose_datagram(target);
    *out_bytes = target->lost_bytes + (target->is_stream ? target->gathered_bytes : 0);
    return target->lost + target->gathered_packets;
}
