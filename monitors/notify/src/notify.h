/* SPDX-License-Identifier: MIT */
#ifndef NTF_NOTIFY_H
#define NTF_NOTIFY_H

/*
 * wf-notify's parts. One thread and one libuv loop, and the bell's thread, which touches nothing else.
 *
 *   follow.c   journals: transitions come in
 *   plan.c     who is told of what, and when            (pure; with rules, track, when, filter ...)
 *   line.c     the messages of one route                (pure)
 *   worker.c   the process a route's plugin runs in     (worker_main.c: the inside)
 *   keep.c     all of that in the outbox, so that the next life goes on from there; a reload
 *              is a next life within the process
 *   routes.c   lines and workers together
 *   health.c   the regions wf.notify and wf.notify_routes
 *   ask.c      `wf notify`: the control socket
 *   check.c    `wf-notify --check`
 *
 * Everything that happens ends in ntf_pump: read journals, take steps that are due, commit, deliver.
 * So nobody is told of a transition that is not in the journal, nor of a message that is not in the
 * outbox, as long as that can be written.
 */

#include <uv.h>

#include <watchfloor/config.h>
#include <watchfloor/paths.h>
#include <watchfloor/publisher.h>
#include <watchfloor/store/outbox.h>
#include <watchfloor/watch.h>

#include "line.h"
#include "plan.h"
#include "worker.h"

struct mon_bell;
struct ntf_health;
struct ntf_follow;
struct wf_control_server;
struct ntf_program;

struct ntf_way {
    struct ntf_program *program;
    char name[WF_NAME_SIZE];
    char plugin[64];
    struct ntf_line *line;
    struct ntf_worker *worker;    /* NULL: its plugin is not there */
    char why[NTF_WHY_SIZE];       /* then, and when it does not open */
    bool is_opening;              /* the worker only sees whether it opens */
    bool is_open, cannot_open;    /* what came of that, or of a delivery */
    int64_t opened_ns;            /* the last try */
    struct ntf_line_figures told; /* what the region says */
};

struct ntf_program {
    uv_loop_t loop;
    uv_timer_t timer; /* the next thing that is due */
    uv_timer_t tick;  /* once a second */
    uv_signal_t signals[3];
    const struct wf_paths *paths;
    const char *config_file;
    char folder[WF_PATH_SIZE];   /* <state>/notify */
    char journals[WF_PATH_SIZE]; /* <state>/alarms */
    int64_t steady_ns;           /* added to the monotonic clock: UTC when we started */

    struct wf_config *config;
    struct ntf_rules *rules;
    struct ntf_plan *plan;
    struct ntf_way ways[NTF_ROUTE_MAX];
    size_t way_count;
    struct wf_catalogue *catalogue; /* titles and guidance; NULL: not to be had */

    struct wf_outbox *outbox; /* NULL while it cannot be written */
    struct ntf_message *done; /* not yet in the outbox as done */
    size_t done_count;
    bool is_dirty;    /* something is to be committed */
    bool is_keeping;  /* the last commit worked */
    bool is_restored; /* what an earlier life left is in plan and lines */
    int64_t forgot_ns;

    struct ntf_follow *follow;
    uint64_t entries;        /* read */
    int64_t delay_ns;        /* longest since the last look */
    int64_t given_up_ns[64]; /* when the last ones were */
    uint64_t given_up;

    struct wf_publisher *publisher;
    struct ntf_health *health;
    struct wf_watch *watch;
    bool is_replay; /* of telemetry that was recorded: nobody is told */
    struct mon_bell *bell;
    struct wf_control_server *control;
    bool is_pumping;
    bool has_complained; /* of an outbox that cannot be opened */
    bool is_stopping;
    int64_t stop_ns;               /* then what is on its way is left alone */
    struct wf_config *next_config; /* of a reload, in force once nothing is on its way */
    struct ntf_rules *next_rules;
};

/* main.c */
struct ntf_now ntf_now(const struct ntf_program *program);
void ntf_pump(struct ntf_program *program);

/* routes.c: ways are those of program->config, in its order. */
int ntf_ways_make(struct ntf_program *program, struct wf_err *err);
void ntf_ways_destroy(struct ntf_program *program);
/* Is anything on its way? */
bool ntf_ways_are_busy(const struct ntf_program *program);
/* Hand out whatever may go now. */
void ntf_ways_deliver(struct ntf_program *program);
int64_t ntf_ways_due(const struct ntf_program *program);
/* Why it fails; NULL: it does not. `figures` are its line's. */
const char *ntf_way_trouble(const struct ntf_way *way, const struct ntf_line_figures *figures);
struct ntf_way *ntf_way_find(struct ntf_program *program, const char *name);
/* A route's module, absolute, and its settings as JSON. */
int ntf_module_find(const char *plugins, const char *name, char out[WF_PATH_SIZE],
                    struct wf_err *err);
json_t *ntf_setup_make(const struct wf_config_route *route, const char *instance,
                       const char *folder, struct wf_err *err);

/* keep.c */
int ntf_keep_open(struct ntf_program *program, struct wf_err *err);
void ntf_keep_close(struct ntf_program *program);
/* What an earlier life left goes into plan and lines, which are new. */
int ntf_keep_restore(struct ntf_program *program, struct wf_err *err);
/* Everything that changed, in one transaction. Said once when it fails, and when it works again. */
void ntf_keep_commit(struct ntf_program *program);
void ntf_keep_forget(struct ntf_program *program);              /* old ones, now and then */
void ntf_keep_done(void *context, struct ntf_message *message); /* ntf_done_fn of a way's line */

/* follow.c */
int ntf_follow_open(struct ntf_program *program, struct wf_err *err);
void ntf_follow_close(struct ntf_program *program);
/* Look for journals that came, went, or were made anew; about once a second. */
void ntf_follow_refresh(struct ntf_program *program);
/* Read on, a bounded number of entries; true: there is more. */
bool ntf_follow_read(struct ntf_program *program);
size_t ntf_follow_count(const struct ntf_program *program);
/* Positions that changed, to the outbox. */
int ntf_follow_save(struct ntf_program *program, struct wf_err *err);
void ntf_follow_saved(struct ntf_program *program);

/* health.c */
int ntf_health_open(struct ntf_program *program, struct wf_err *err);
void ntf_health_close(struct ntf_program *program);
/* Rows of routes that are no longer there go. */
void ntf_health_sweep(struct ntf_program *program);
void ntf_health_publish(struct ntf_program *program, bool is_stopped);

/* ask.c */
int ntf_ask_open(struct ntf_program *program, struct wf_err *err);
void ntf_ask_close(struct ntf_program *program);
void ntf_ask_told(struct ntf_message *message); /* a test came to its end */

/* check.c: the status of the process. */
int ntf_check(const struct wf_paths *paths, const struct wf_config *config);

#endif /* NTF_NOTIFY_H */
