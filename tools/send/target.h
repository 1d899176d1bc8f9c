/* SPDX-License-Identifier: MIT */
#ifndef SEND_TARGET_H
#define SEND_TARGET_H

/*
 * Target - where packets go: udp:HOST:PORT (a datagram each) or tcp:HOST:PORT (a stream).
 *
 * A target that is not this machine is refused unless it was allowed: telemetry that
 * was recorded is not meant to reach a receiver in operation by a mistyped address.
 * Threads: the loop's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <watchfloor/err.h>

struct target;

/*
 * Called from the loop: when the target takes packets (again), rc 0; or when it failed
 * for good, rc negative and the reason in err.
 */
typedef void (*target_ready_fn)(void *context, int rc, const struct wf_err *err);

/*
 *   WF_ERR_INVALID   not a target, or not this machine without `is_remote_allowed`
 *   WF_ERR_ABSENT    no such host
 */
int target_open(uv_loop_t *loop, const char *text, bool is_remote_allowed, target_ready_fn on_ready,
                void *context, struct target **out_target, struct wf_err *err);
/* Frees it when the loop runs next. */
void target_close(struct target **target);

enum target_result {
    TARGET_SENT,
    TARGET_LATER,   /* full just now: on_ready will be called; offer the packet again */
    TARGET_REFUSED, /* it will never take this one */
};
enum target_result target_send(struct target *target, const uint8_t *bytes, size_t len);
/* Send what was gathered (streams); on_ready follows when that is through. True: it will. */
bool target_flush(struct target *target);

bool target_is_stream(const struct target *target);
const char *target_where(const struct target *target); /* "udp 127.0.0.1:4711" */
/* Taken by target_send, but lost: nobody listens there, the connection broke or was ended. */
uint64_t target_lost(struct target *target, uint64_t *out_bytes);

#endif /* SEND_TARGET_H */
