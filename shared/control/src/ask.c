/* SPDX-License-Identifier: MIT */
/* The side that asks: connect, one line out, one line back, all before one deadline. */

#include <watchfloor/control/control.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/strbuf.h>

#include "platform/local_socket.h"
#include "reply.h"

#define CHUNK_SIZE 16384

/* Wait for `events`; BUSY when the deadline comes first. */
static int wait_for(int fd, short events, int64_t deadline_ns, struct wf_err *err)
{
    for (;;) {
        struct pollfd poll_fd = { .fd = fd, .events = events };
        int64_t left_ms = (deadline_ns - wf_mono_now_ns() + WF_NS_PER_MS - 1) / WF_NS_PER_MS;
        int ready;

        if (left_ms <= 0)
            return wf_fail(err, WF_ERR_BUSY, "no answer in time");
        ready = poll(&poll_fd, 1, left_ms > 60000 ? 60000 : (int)left_ms);
        if (ready > 0)
            return 0;
        if (ready < 0 && errno != EINTR)
            return wf_fail_errno(err, errno, "poll");
    }
}

/* Send it all; a peer that hangs up early has said why, so that is not told here. */
static int send_all(int fd, const char *text, size_t len, int64_t deadline_ns, struct wf_err *err)
{
    while (len > 0) {
        ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);

        if (sent >= 0) {
            text += sent;
            len -= (size_t)sent;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return 0;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            int rc = wait_for(fd, POLLOUT, deadline_ns, err);

            if (rc < 0)
                return rc;
        } else if (errno != EINTR) {
            return wf_fail_errno(err, errno, "send");
        }
    }
    return 0;
}

/* Read up to the end of the first line. */
static int read_line(int fd, int64_t deadline_ns, struct wf_strbuf *out, struct wf_err *err)
{
    char chunk[CHUNK_SIZE];

    for (;;) {
        ssize_t got = recv(fd, chunk, sizeof(chunk), 0);
        const char *end = got > 0 ? memchr(chunk, '\n', (size_t)got) : NULL;
        int rc;

        if (got > 0) {
            wf_strbuf_add_bytes(out, chunk, end != NULL ? (size_t)(end - chunk) : (size_t)got);
            if (out->was_cut)
                return wf_fail(err, WF_ERR_LIMIT, "the answer is too long");
            if (end != NULL)
                return 0;
        } else if (got == 0 || errno == ECONNRESET) {
            return wf_fail(err, WF_ERR_GONE, "it hung up without an answer");
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            rc = wait_for(fd, POLLIN, deadline_ns, err);
            if (rc < 0)
                return rc;
        } else if (errno != EINTR) {
            return wf_fail_errno(err, errno, "receive");
        }
    }
}

static int exchange(int fd, const json_t *request, int64_t deadline_ns, json_t **out_reply,
                    struct wf_err *err)
{
    struct wf_strbuf line;
    size_t len;
    char *text = wfc_reply_text(request, &len);
    json_t *reply;
    int rc;

    if (text == NULL)
        return wf_fail(err, WF_ERR_INVALID, "the request cannot be written as JSON");
    rc = send_all(fd, text, len, deadline_ns, err);
    free(text);
    if (rc < 0)
        return rc;
    wf_strbuf_init(&line, WF_CONTROL_REPLY_MAX);
    rc = read_line(fd, deadline_ns, &line, err);
    if (rc == 0) {
        reply = json_loadb(line.text, line.len, JSON_REJECT_DUPLICATES, NULL);
        if (json_is_object(reply)) {
            *out_reply = reply;
        } else {
            json_decref(reply);
            rc = wf_fail(err, WF_ERR_CORRUPT, "what came back is no answer");
        }
    }
    wf_strbuf_fini(&line);
    return rc;
}

/* "alert-main" is of wf-alert: what to start when nobody answers. */
static int tell_absent(const char *folder, const char *name, struct wf_err *err)
{
    return wf_fail(err, WF_ERR_ABSENT,
                   "wf-%.*s is not running (nobody listens at %.120s/%s.sock); 'wf up' starts it, "
                   "'wf status' shows what runs",
                   (int)strcspn(name, "-"), name, folder, name);
}

int wf_control_ask(const char *folder, const char *name, const json_t *request, int timeout_ms,
                   json_t **out_reply, struct wf_err *err)
{
    int64_t deadline_ns = wf_mono_now_ns() + (int64_t)timeout_ms * WF_NS_PER_MS;
    json_t *reply = NULL;
    int fd = -1;
    int rc = wfc_socket_connect(folder, name, deadline_ns, &fd, err);

    if (rc == WF_ERR_ABSENT)
        return tell_absent(folder, name, err);
    if (rc == 0)
        rc = exchange(fd, request, deadline_ns, &reply, err);
    if (fd >= 0)
        (void)close(fd);
    if (rc < 0) {
        wf_err_prefix(err, "ask %s", name);
        return rc;
    }
    rc = wfc_reply_result(reply, err);
    if (out_reply != NULL)
        *out_reply = reply;
    else
        json_decref(reply);
    return rc;
}
