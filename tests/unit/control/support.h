/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CONTROL_SUPPORT_H
#define TESTS_UNIT_CONTROL_SUPPORT_H

/* A server on a thread of its own, and clients that talk to it byte by byte. */

#include "../../support/unit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <watchfloor/clock.h>
#include <watchfloor/control/control.h>

#define DEADLINE_NS (20 * WF_NS_PER_S)

struct server_thread {
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t stop;
    struct wf_control_server *server;
    struct wf_control_call *kept[256]; /* "later" and "never" */
    bool is_later[256];
    size_t kept_count;
    pthread_mutex_t lock;
    size_t calls; /* handled so far; under the lock */
};

struct served {
    char folder[1024];
    struct server_thread *at;
};

static inline json_t *describe_call(const struct wf_control_call *call)
{
    const struct wf_control_peer *peer = wf_control_call_peer(call);

    return json_pack("{s:O,s:I,s:I,s:s}", "request", wf_control_call_request(call), "uid",
                     (json_int_t)peer->uid, "pid", (json_int_t)peer->pid, "user", peer->user);
}

/* Answers "echo"; refuses "refuse"; keeps "later" until a "release"; "never" until the end. */
static inline void handle_call(void *context, struct wf_control_call *call)
{
    struct server_thread *at = context;
    const char *what = json_string_value(json_object_get(wf_control_call_request(call), "do"));

    (void)pthread_mutex_lock(&at->lock);
    at->calls++;
    (void)pthread_mutex_unlock(&at->lock);
    if (strcmp(what, "later") == 0 || strcmp(what, "never") == 0) {
        assert_true(at->kept_count < WF_COUNT_OF(at->kept));
        at->is_later[at->kept_count] = strcmp(what, "later") == 0;
        at->kept[at->kept_count++] = call;
    } else if (strcmp(what, "refuse") == 0) {
        struct wf_err err = { .rc = WF_ERR_BUSY, .text = "there is a newer transition" };

        wf_control_refuse(call, &err, json_pack("{s:i}", "seq", 7));
    } else if (strcmp(what, "big") == 0) {
        char *text = calloc(1, (8u << 20) + 1);

        assert_non_null(text);
        memset(text, 'x', 8u << 20);
        wf_control_reply(call, json_pack("{s:s}", "text", text));
        free(text);
    } else if (strcmp(what, "release") == 0) {
        for (size_t i = 0; i < at->kept_count; i++) {
            if (at->is_later[i] && at->kept[i] != NULL) {
                wf_control_reply(at->kept[i], describe_call(at->kept[i]));
                at->kept[i] = NULL;
            }
        }
        wf_control_reply(call, NULL);
    } else {
        wf_control_reply(call, describe_call(call));
    }
}

static inline void on_stop(uv_async_t *async)
{
    struct server_thread *at = async->data;

    wf_control_close(&at->server);
    for (size_t i = 0; i < at->kept_count; i++) {
        if (at->kept[i] != NULL)
            wf_control_reply(at->kept[i], NULL); /* too late: must do nothing */
    }
    uv_close((uv_handle_t *)&at->stop, NULL);
}

static inline void *run_server(void *context)
{
    (void)uv_run(&((struct server_thread *)context)->loop, UV_RUN_DEFAULT);
    return NULL;
}

static inline struct served serve_start(const struct tmp_folder *folder)
{
    struct served served;
    struct wf_control_options options = { .name = "alert-main", .handle = handle_call };
    struct wf_err err = { 0 };

    served.at = calloc(1, sizeof(*served.at));
    assert_non_null(served.at);
    (void)snprintf(served.folder, sizeof(served.folder), "%s", folder->path);
    options.folder = served.folder;
    options.context = served.at;
    (void)pthread_mutex_init(&served.at->lock, NULL);
    (void)uv_loop_init(&served.at->loop);
    (void)uv_async_init(&served.at->loop, &served.at->stop, on_stop);
    served.at->stop.data = served.at;
    if (wf_control_listen(&served.at->loop, &options, &served.at->server, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(pthread_create(&served.at->thread, NULL, run_server, served.at), 0);
    return served;
}

static inline void serve_stop(struct served *served)
{
    (void)uv_async_send(&served->at->stop);
    (void)pthread_join(served->at->thread, NULL);
    assert_int_equal(uv_loop_close(&served->at->loop), 0); /* nothing is left open */
    (void)pthread_mutex_destroy(&served->at->lock);
    free(served->at);
}

static inline size_t calls_so_far(struct served *served)
{
    size_t calls;

    (void)pthread_mutex_lock(&served->at->lock);
    calls = served->at->calls;
    (void)pthread_mutex_unlock(&served->at->lock);
    return calls;
}

static inline void wait_for_calls(struct served *served, size_t count)
{
    int64_t deadline_ns = wf_mono_now_ns() + DEADLINE_NS;

    while (calls_so_far(served) < count) {
        assert_true(wf_mono_now_ns() < deadline_ns);
        (void)poll(NULL, 0, 1);
    }
}

/* Ask in JSON text; the answer must be `want`. */
static inline json_t *ask(struct served *served, const char *text, int want)
{
    json_t *request = json_loads(text, 0, NULL), *reply = NULL;
    struct wf_err err = { 0 };
    int rc = wf_control_ask(served->folder, "alert-main", request, 20000, &reply, &err);

    json_decref(request);
    if (rc != want)
        fail_msg("%s: %d (%s), expected %d", text, rc, err.text, want);
    return reply;
}

/* A client that speaks bytes. Blocking, with a time limit for receiving. */
static inline int raw_connect(const struct served *served)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct timeval limit = { .tv_sec = 20 };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_true(snprintf(address.sun_path, sizeof(address.sun_path), "%s/alert-main.sock",
                         served->folder) < (int)sizeof(address.sun_path));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    return fd;
}

static inline void raw_send(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        assert_true(sent > 0);
        text += sent;
        len -= (size_t)sent;
    }
}

static inline void raw_say(int fd, const char *text)
{
    raw_send(fd, text, strlen(text));
}

/* One line of the answer, without its end; "" when the server hung up. */
static inline const char *raw_line(int fd, char *out, size_t size)
{
    size_t len = 0;
    ssize_t got = 1;
    char c = '\0';

    /* With a time limit on the socket, whatever wakes the thread interrupts it. */
    while (len + 1 < size && (got == 1 || (got < 0 && errno == EINTR)) && c != '\n') {
        got = recv(fd, &c, 1, 0);
        if (got == 1 && c != '\n')
            out[len++] = c;
    }
    out[len] = '\0';
    return out;
}

/* A socket file nobody listens at, as a killed program leaves it. */
static inline void leave_stale_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_true(snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) <
                (int)sizeof(address.sun_path));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 1), 0);
    (void)close(fd);
}

static inline int setup_folder(void **state)
{
    struct tmp_folder *folder = malloc(sizeof(*folder));

    assert_non_null(folder);
    *folder = tmp_folder_make();
    *state = folder;
    return 0;
}

static inline int teardown_folder(void **state)
{
    tmp_folder_remove(*state);
    free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_folder, teardown_folder)

#endif /* TESTS_UNIT_CONTROL_SUPPORT_H */
