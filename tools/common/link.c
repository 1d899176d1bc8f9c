/* SPDX-License-Identifier: MIT */
/* Sending packets to a listener, an address or a file; see link.h. */

#include "link.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/log.h>
#include <watchfloor/strbuf.h>

#include "listeners.h"

/* How soon a receiver that was restarted on another port is found again. */
#define LOOK_EVERY_MS 300

struct feed_link {
    FILE *file;
    uv_udp_t socket;
    uv_timer_t look;
    int open_handles; /* of the two above, until both are closed */

    const struct wf_paths *paths;
    char listener[WF_NAME_SIZE]; /* to look for; "" = the address is fixed */
    bool has_address;
    struct sockaddr_storage address;
    char where[FEED_HOST_SIZE + 16];

    feed_ready_fn on_ready;
    void *context;
    bool was_ready;
    uint64_t sent, failed, bytes;
};

/* "HOST:PORT" or "[HOST]:PORT". */
static int split_place(const char *text, char host[FEED_HOST_SIZE], uint16_t *out_port,
                       struct wf_err *err)
{
    const char *colon = strrchr(text, ':');
    const bool is_bracketed = text[0] == '[' && colon != NULL && colon > text && colon[-1] == ']';
    const char *from = is_bracketed ? text + 1 : text;
    uint64_t port = 0;
    size_t len;

    if (colon == NULL || wf_parse_u64(colon + 1, &port, NULL) < 0 || port < 1 || port > UINT16_MAX)
        return wf_fail(err, WF_ERR_INVALID, "'%s': expected HOST:PORT, the port from 1 to 65535",
                       text);
    len = (size_t)(colon - from) - (is_bracketed ? 1u : 0u);
    if (len == 0 || len >= FEED_HOST_SIZE)
        return wf_fail(err, WF_ERR_INVALID, "'%s': expected HOST:PORT", text);
    memcpy(host, from, len);
    host[len] = '\0';
    *out_port = (uint16_t)port;
    return 0;
}

static int set_address(struct feed_link *link, const char *host, uint16_t port, struct wf_err *err)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
    struct addrinfo *found = NULL;
    char service[8];
    struct wf_strbuf service_text = WF_STRBUF_FIXED(service);
    struct wf_strbuf where;
    int rc;

    /* A listener bound to every address is reached on this machine by loopback. */
    if (strcmp(host, "0.0.0.0") == 0)
        host = "127.0.0.1";
    else if (strcmp(host, "::") == 0)
        host = "::1";
    wf_strbuf_addf(&service_text, "%u", (unsigned)port);
    rc = getaddrinfo(host, service, &hints, &found);
    if (rc != 0)
        return wf_fail(err, WF_ERR_ABSENT, "'%s': %s", host, gai_strerror(rc));
    if (found->ai_addrlen > sizeof(link->address)) {
        freeaddrinfo(found);
        return wf_fail(err, WF_ERR_INVALID, "'%s': no internet address", host);
    }
    memcpy(&link->address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    link->has_address = true;
    wf_strbuf_init_fixed(&where, link->where, sizeof(link->where));
    wf_strbuf_addf(&where, strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, (unsigned)port);
    return 0;
}

static void tell_ready(struct feed_link *link)
{
    if (link->was_ready)
        return;
    link->was_ready = true;
    link->on_ready(link->context);
}

static void look_for_listener(uv_timer_t *timer)
{
    struct feed_link *link = timer->data;
    char host[FEED_HOST_SIZE];
    char before[sizeof(link->where)];
    uint16_t port = 0;

    if (link->listener[0] == '\0') { /* fixed: only waiting for the loop to run */
        (void)uv_timer_stop(timer);
        tell_ready(link);
        return;
    }
    if (feed_listeners_find(link->paths, link->listener, host, &port, NULL) < 0)
        return; /* not there, or being written: the next look tells */
    (void)wf_copy_text(before, sizeof(before), link->where);
    if (set_address(link, host, port, NULL) < 0)
        return;
    if (strcmp(before, link->where) != 0)
        wf_log_info("listener '%s' is at %s", link->listener, link->where);
    tell_ready(link);
}

static int open_file(struct feed_link *link, const char *path, struct wf_err *err)
{
    link->file = fopen(path, "wb");
    if (link->file == NULL)
        return wf_fail_errno(err, errno, "%s", path);
    if (!wf_copy_text(link->where, sizeof(link->where), path))
        (void)wf_copy_text(link->where, sizeof(link->where), "the file");
    return 0;
}

/* The configured listener of that name, or the only UDP one when `name` is "". */
static int choose_listener(struct feed_link *link, const struct wf_config *config, const char *name,
                           struct wf_err *err)
{
    const struct wf_config_listener *found = NULL;
    size_t udp_count = 0;

    for (size_t i = 0; config != NULL && i < config->listener_count; i++) {
        const struct wf_config_listener *listener = &config->listeners[i];

        udp_count += listener->transport == WF_TRANSPORT_UDP;
        if (*name == '\0' ? listener->transport == WF_TRANSPORT_UDP
                          : wf_name_is_equal(listener->name, name))
            found = listener;
    }
    if (found == NULL)
        return wf_fail(err, WF_ERR_ABSENT,
                       "the configuration has no listener '%s'; name one of its [listener NAME]",
                       name);
    if (*name == '\0' && udp_count != 1)
        return wf_fail(err, WF_ERR_INVALID,
                       "the configuration has %zu UDP listeners; say which: listener:NAME",
                       udp_count);
    if (found->transport != WF_TRANSPORT_UDP)
        return wf_fail(err, WF_ERR_INVALID, "listener '%s' is not a UDP one", name);
    if (found->port != 0)
        return set_address(link, found->group[0] != '\0' ? found->group : found->host, found->port,
                           err);
    (void)wf_copy_text(link->listener, sizeof(link->listener), found->name);
    return 0;
}

bool feed_target_needs_config(const char *target)
{
    return strncmp(target, "listener", 8) == 0;
}

static int choose_target(struct feed_link *link, const char *target, const struct wf_config *config,
                         struct wf_err *err)
{
    char host[FEED_HOST_SIZE];
    uint16_t port = 0;
    int rc;

    if (strncmp(target, "file:", 5) == 0)
        return open_file(link, target + 5, err);
    if (strcmp(target, "listener") == 0)
        return choose_listener(link, config, "", err);
    if (strncmp(target, "listener:", 9) == 0 && target[9] != '\0')
        return choose_listener(link, config, target + 9, err);
    if (strncmp(target, "udp:", 4) != 0)
        return wf_fail(err, WF_ERR_INVALID,
                       "'%s': expected udp:HOST:PORT, listener:NAME or file:PATH", target);
    rc = split_place(target + 4, host, &port, err);
    return rc < 0 ? rc : set_address(link, host, port, err);
}

int feed_link_open(uv_loop_t *loop, const char *target, const struct wf_config *config,
                   const struct wf_paths *paths, feed_ready_fn on_ready, void *context,
                   struct feed_link **out_link, struct wf_err *err)
{
    struct feed_link *link = calloc(1, sizeof(*link));
    int rc;

    if (link == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    link->paths = paths;
    link->on_ready = on_ready;
    link->context = context;
    rc = choose_target(link, target, config, err);
    if (rc < 0) {
        wf_err_prefix(err, "--to");
        free(link);
        return rc;
    }
    (void)uv_udp_init(loop, &link->socket);
    (void)uv_timer_init(loop, &link->look);
    link->socket.data = link;
    link->look.data = link;
    link->open_handles = 2;
    if (link->listener[0] != '\0')
        wf_log_info("looking for listener '%s' in %s/run/listeners.json", link->listener,
                    paths->state);
    (void)uv_timer_start(&link->look, look_for_listener, 0, LOOK_EVERY_MS);
    uv_unref((uv_handle_t *)&link->look); /* the feed decides when the loop ends */
    *out_link = link;
    return 0;
}

static void forget_handle(uv_handle_t *handle)
{
    struct feed_link *link = handle->data;

    if (--link->open_handles == 0)
        free(link);
}

int feed_link_close(struct feed_link **link, struct wf_err *err)
{
    struct feed_link *l = *link;
    int rc = 0;

    if (l == NULL)
        return 0;
    *link = NULL;
    if (l->file != NULL) {
        const bool has_failed = ferror(l->file) != 0;

        if (fclose(l->file) != 0 || has_failed)
            rc = wf_fail(err, WF_ERR_SYSTEM, "%s: could not be written whole", l->where);
        l->file = NULL;
    }
    uv_close((uv_handle_t *)&l->socket, forget_handle);
    uv_close((uv_handle_t *)&l->look, forget_handle);
    return rc;
}

bool feed_link_is_file(const struct feed_link *link)
{
    return link->file != NULL;
}

bool feed_link_is_ready(const struct feed_link *link)
{
    return link->file != NULL || link->has_address;
}

const char *feed_link_where(const struct feed_link *link)
{
    return link->where;
}

bool feed_link_send(struct feed_link *link, const uint8_t *packet, size_t len)
{
    bool is_done;

    if (link->file != NULL) {
        is_done = fwrite(packet, 1, len, link->file) == len;
    } else if (link->has_address) {
        /* libuv takes a non-const base and does not write to it. */
        uv_buf_t buf = { .base = (char *)(uintptr_t)packet, .len = len };

        is_done = uv_udp_try_send(&link->socket, &buf, 1,
                                  (const struct sockaddr *)&link->address) == (int)len;
    } else {
        is_done = false;
    }
    if (!is_done) {
        link->failed++;
        return false;
    }
    link->sent++;
    link->bytes += len;
    return true;
}

uint64_t feed_link_sent(const struct feed_link *link)
{
    return link->sent;
}

uint64_t feed_link_failed(const struct feed_link *link)
{
    return link->failed;
}

uint64_t feed_link_bytes(const struct feed_link *link)
{
    return link->bytes;
}
