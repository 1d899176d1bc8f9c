/* SPDX-License-Identifier: MIT */
#ifndef WF_TOOLS_UP_H
#define WF_TOOLS_UP_H

/*
 * wf-up's parts. One thread, one libuv loop.
 *
 *   plan.c        the configuration becomes a list of children
 *   child.c       the life of one child: start, end, back-off, stop
 *   supervisor.c  all of them: order of start and stop, signals, notifications
 *   table.c       the region wf.processes
 *   platform/     the notification socket, and what happens between fork and exec
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <watchfloor/config.h>

#define UP_CHILDREN_MAX 64
/* Exit status of what cannot be done; 1 is what was done, but not well. */
#define UP_STATUS_CANNOT 2
/* What is said about itself; longer is cut. */
#define UP_STATUS_SIZE 160

/* Also the order of stopping: who feeds first, who records and judges last. */
enum up_part { UP_FEEDS, UP_RECEIVER, UP_LOGGER, UP_NOTIFY, UP_PART_COUNT };

/* As in processes.ini. */
enum up_state {
    UP_WAITING,
    UP_STARTING,
    UP_RUNNING,
    UP_RESTARTING,
    UP_STOPPING,
    UP_STOPPED,
    UP_ENDED,
    UP_FAILED,
};

struct up;

struct up_child {
    struct up *up;
    char name[WF_NAME_SIZE];
    enum up_part part;
    bool is_optional, is_notifying;
    char program[WF_PATH_SIZE];
    char **arguments; /* NULL behind the last; one block */

    enum up_state state;
    bool was_ready; /* in any life */
    int pid;        /* 0 = does not run */
    uint32_t restarts;
    uint32_t early_ends; /* lives that ended before the first readiness */
    int exit_status;     /* -1 = none ended yet */
    int64_t started_utc_ns, started_mono_ns;
    uint64_t backoff_ms;
    char status[UP_STATUS_SIZE];

    uv_process_t process; /* while pid != 0, and until its handle is closed */
    uv_timer_t timer;     /* back-off, readiness limit, stop limit: one at a time */
};

struct up_table; /* table.c */

struct up {
    struct wf_paths paths;
    const struct wf_config *config;
    char config_path[WF_PATH_SIZE]; /* absolute, for children */
    int64_t for_ns;                 /* 0 = until told to stop */

    uv_loop_t loop;
    struct up_child children[UP_CHILDREN_MAX];
    size_t child_count;
    struct up_table *table;
    char **environment; /* of children */
    char notify_name[108];
    int notify_fd;

    uv_poll_t notify;
    uv_signal_t on_interrupt, on_terminate, on_hangup;
    uv_timer_t tick, for_timer;
    bool was_terminal; /* stdin was one: its going away is a wish to stop */

    size_t started;    /* children that were asked to start */
    bool is_all_ready; /* said once */
    bool is_stopping;
    unsigned stop_wishes;
    enum up_part stop_part; /* the part being stopped */
    bool has_failed;        /* for the exit status */
    bool could_not_start;   /* so much that it never was up: another one */
    bool is_finished;       /* all children are gone; the loop runs out */
};

/* plan.c: fills children; problems are told on stderr (status 2). */
int up_plan(struct up *up, struct wf_err *err);
void up_plan_free(struct up *up);

/* child.c */
void up_child_start(struct up_child *child);
void up_child_stop(struct up_child *child);
void up_child_kill(struct up_child *child);
void up_child_is_ready(struct up_child *child);
/* Does it still need something: a process, or a restart to come? */
bool up_child_is_alive(const struct up_child *child);
const char *up_state_name(enum up_state state);

/* supervisor.c: the whole run; the program's exit status. */
int up_run(struct up *up);
/* A child has become ready, has ended for good, or has stopped. */
void up_child_changed(struct up_child *child);
/* A part cannot be started: stop all, exit with 2. */
void up_give_up(struct up *up);
/* Take what children said: before one is forgotten, its last words. */
void up_hear(struct up *up);

/* table.c: `wf.processes`. Opening takes the lease of the instance. */
int up_table_open(struct up *up, struct wf_err *err);
void up_table_close(struct up *up);
void up_table_set(struct up_child *child);
void up_table_tick(struct up *up);

/* platform/: a datagram socket that tells who sends. `name` is for NOTIFY_SOCKET. */
int up_notify_open(char *name, size_t size, int *out_fd, struct wf_err *err);
/* One message, ended, without blocking: its length and sender, or -1 when there is none. */
int up_notify_receive(int fd, char *text, size_t size, int *out_pid);
/* Is `pid` the child `leader` or one of its session? */
bool up_is_of_session(int pid, int leader);
/* File to start for a child; it comes back as main() with UP_AS_CHILD. */
#define UP_SELF     "/proc/self/exe"
#define UP_AS_CHILD "--as-child"
/* In the child: die with `parent`, then become arguments[0]. Comes back only on failure. */
int up_become(int parent, char **arguments);

#endif /* WF_TOOLS_UP_H */
