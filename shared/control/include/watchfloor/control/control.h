/* SPDX-License-Identifier: MIT */
#ifndef WF_CONTROL_H
#define WF_CONTROL_H

/*
 * Control - requests from people to a running program, over a local socket.
 *
 * A program that takes commands listens on <state>/run/<name>.sock (a UNIX stream
 * socket). One request is one line of JSON, an object with "do"; one line of JSON
 * answers it, an object with "ok": true, or "ok": false with "code" (the name of a
 * WF_ERR_*, as "BUSY") and "error" (a sentence). Who asks is not said in the request: the
 * kernel says it (SO_PEERCRED).
 *
 * Bounded: WF_CONTROL_LINE_MAX bytes a request, WF_CONTROL_REPLY_MAX an answer,
 * WF_CONTROL_CLIENT_MAX connections (the next one is refused with LIMIT). A connection whose request does not
 * come whole within 30 s, or whose peer does not read the answer within 10 s, is dropped. Requests of
 * one connection are answered in order, one at a time.
 *
 * Threads: a server belongs to its loop's thread. The process ignores SIGPIPE, as wf_options_parse does.
 */

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include <watchfloor/err.h>
#include <watchfloor/paths.h>

#define WF_CONTROL_LINE_MAX   (1u << 20)
#define WF_CONTROL_REPLY_MAX  (16u << 20)
#define WF_CONTROL_CLIENT_MAX 64

struct wf_control_peer {
    uint32_t uid, gid;
    int32_t pid;
    char user[64]; /* login name of uid; its number when it has none */
};

/* One request that waits for its answer. Answer exactly once, now or later. */
struct wf_control_call;
const struct wf_control_peer *wf_control_call_peer(const struct wf_control_call *call);
const json_t *wf_control_call_request(const struct wf_control_call *call); /* borrowed */
/* Takes over `reply` (an object; "ok": true is added). NULL: {}. */
void wf_control_reply(struct wf_control_call *call, json_t *reply);
/* "ok": false, with the code and text of `err`. `reply` may carry more, or be NULL. */
void wf_control_refuse(struct wf_control_call *call, const struct wf_err *err, json_t *reply);

typedef void (*wf_control_fn)(void *context, struct wf_control_call *call);

struct wf_control_server;

struct wf_control_options {
    const char *folder; /* <state>/run; made when missing */
    const char *name;   /* "alert-main" */
    const char *group;  /* who may connect beside the owner; NULL or "" = nobody else */
    wf_control_fn handle;
    void *context;
};

/*
 * A socket left by a process that died is replaced.
 *   WF_ERR_BUSY   a living process listens there
 */
int wf_control_listen(uv_loop_t *loop, const struct wf_control_options *options,
                      struct wf_control_server **out_server, struct wf_err *err);
/*
 * Closes every connection (calls that wait are dropped; answering them later does nothing, and is
 * still needed). The socket's name is gone when it returns, memory with the loop's next rounds.
 */
void wf_control_close(struct wf_control_server **server);

/*
 * Ask, and wait up to timeout_ms. On 0, and on errors the program answered with, *out_reply (when
 * not NULL) is the caller's. Returns what the program answered: 0, or its code with its sentence.
 *   WF_ERR_ABSENT   nobody listens there (err says which program to start)
 *   WF_ERR_DENIED   not permitted to connect
 *   WF_ERR_BUSY     no answer in time
 *   WF_ERR_GONE     it hung up: it may have done what was asked, or not
 */
int wf_control_ask(const char *folder, const char *name, const json_t *request, int timeout_ms,
                   json_t **out_reply, struct wf_err *err);

/*
 * The names of sockets in `folder` that begin with `prefix`, in order; calls `each` for every one.
 * A folder that is not there holds none. Whether somebody still listens, only asking tells.
 */
int wf_control_list(const char *folder, const char *prefix,
                    void (*each)(void *context, const char *name), void *context,
                    struct wf_err *err);

#endif /* WF_CONTROL_H */
