/* SPDX-License-Identifier: MIT */
#ifndef NTF_WORKER_H
#define NTF_WORKER_H

/*
 * Worker - the child process that one route's plugin runs in, as its host sees it.
 *
 * It is started when there is something to deliver, gets the route's settings, then one message at a
 * time, and stays. One that overruns the deadline, floods, or answers nonsense is killed with its whole
 * process group; so whatever a plugin does costs its own route time, and nothing else.
 *
 * Both sides talk over descriptor 3, one line of JSON each:
 *
 *     {"setup":{...}}               ->  {"ok":true}  or  {"ok":false,"error":"..."}
 *     {"deliver":{...},"left_ms":N} ->  {"result":0,"why":"..."}     (enum wf_notify_result)
 *
 * Threads: the loop's.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include <watchfloor/err.h>

#include "line.h"

#define NTF_WORKER_FD   3
#define NTF_WORKER_WORD "--as-worker"
#define NTF_WORKER_SELF "/proc/self/exe" /* the file to start: ourselves */

struct ntf_worker;

struct ntf_worker_options {
    const char *module; /* absolute path; copied */
    json_t *setup;      /* {"instance","route","state","settings":{...}}; a reference is taken */
    int64_t deadline_ns;
};

struct ntf_worker_host {
    void *context;
    /* What became of the delivery (or of the mere setup). Not from inside ntf_worker_deliver. */
    void (*result)(void *context, enum ntf_result result, const char *why);
    /* The worker's end was seen through: another delivery is possible. */
    void (*is_free)(void *context);
};

struct ntf_worker *ntf_worker_create(uv_loop_t *loop, const struct ntf_worker_options *options,
                                     const struct ntf_worker_host *host);
/* Kills what runs; the rest of it goes with the loop's next rounds. Leaves NULL. */
void ntf_worker_destroy(struct ntf_worker **worker);

bool ntf_worker_is_free(const struct ntf_worker *worker);
/*
 * Take over `message` (NULL: only see whether it opens). Only when free. The result comes later, from
 * the loop (for NULL where it is open already: from inside); false: out of memory, none will come.
 */
bool ntf_worker_deliver(struct ntf_worker *worker, json_t *message);
int ntf_worker_pid(const struct ntf_worker *worker); /* 0: none runs */

/* --- the other side (worker_main.c) ------------------------------------------------------------ */

/* wf-notify --as-worker PARENT MODULE: the status of the process. */
int ntf_worker_main(int argc, char **argv);
/* platform/: be told (SIGTERM) when `parent` dies; false: it did already. */
bool ntf_worker_follow_parent(int parent);

#endif /* NTF_WORKER_H */
