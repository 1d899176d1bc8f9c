/* SPDX-License-Identifier: MIT */
/* The life of one child: see up.h. */

#include "up.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>

/* After the first end soon, then ever more slowly; calm for a while means a fresh start. */
#define BACKOFF_FIRST_MS 250
#define BACKOFF_MAX_MS   30000
#define CALM_NS          (30 * WF_NS_PER_S)

/* Slow disks and sanitizers included. */
#define READY_LIMIT_MS  60000
#define EARLY_ENDS_MAX  3
#define STOP_LIMIT_MS   15000
#define LOGGER_LIMIT_MS 60000 /* it writes down all that was received */

/* Status of a program that cannot do its work whatever the number of attempts; 126 and 127 are
 * the shell's for "not to be run" and "not found". */
static bool is_hopeless(int status)
{
    return status == 2 || status == 126 || status == 127;
}

const char *up_state_name(enum up_state state)
{
    static const char *const names[] = { "waiting",  "starting", "running", "restarting",
                                         "stopping", "stopped",  "ended",   "failed" };

    return names[state];
}

static void set_state(struct up_child *child, enum up_state state)
{
    child->state = state;
    up_table_set(child);
}

bool up_child_is_alive(const struct up_child *child)
{
    return child->pid != 0;
}

/* --- the end ----------------------------------------------------------------------------------- */

static void describe_end(const struct up_child *child, int64_t status, int signal_number,
                         struct wf_strbuf *out)
{
    wf_strbuf_addf(out, "%s (pid %d) ", child->name, child->pid);
    if (signal_number != 0)
        wf_strbuf_addf(out, "was ended by signal %d (%s)", signal_number, strsignal(signal_number));
    else
        wf_strbuf_addf(out, "ended with status %lld", (long long)status);
}

static void on_backoff(uv_timer_t *timer)
{
    up_child_start(timer->data);
}

/* Start again after a pause, unless that makes no sense. */
static void recover(struct up_child *child, const char *what)
{
    struct up *up = child->up;

    if (child->is_optional) {
        child->status[0] = '\0';
        wf_log_info("%s; it is optional, going on without", what);
        set_state(child, UP_ENDED);
        up_child_changed(child);
        return;
    }
    if (!child->was_ready &&
        (is_hopeless(child->exit_status) || ++child->early_ends >= EARLY_ENDS_MAX)) {
        wf_log_error("%s before it was up%s%s; stopping everything", what,
                     child->status[0] != '\0' ? ": " : " (see its message above)", child->status);
        set_state(child, UP_FAILED);
        up_give_up(up);
        return;
    }
    if (wf_mono_now_ns() - child->started_mono_ns > CALM_NS || child->backoff_ms == 0)
        child->backoff_ms = BACKOFF_FIRST_MS;
    child->status[0] = '\0';
    wf_log_warning("%s; starting it again in %.2f s", what, (double)child->backoff_ms / 1000);
    child->restarts++;
    set_state(child, UP_RESTARTING);
    (void)uv_timer_start(&child->timer, on_backoff, child->backoff_ms, 0);
    child->backoff_ms =
        child->backoff_ms * 2 < BACKOFF_MAX_MS ? child->backoff_ms * 2 : BACKOFF_MAX_MS;
}

static void on_closed(uv_handle_t *handle)
{
    struct up_child *child = handle->data;
    struct up *up = child->up;
    char text[200];
    struct wf_strbuf what = WF_STRBUF_FIXED(text);
    int signal_number = child->exit_status > 128 ? child->exit_status - 128 : 0;
    bool was_asked = child->state == UP_STOPPING;

    describe_end(child, child->exit_status, signal_number, &what);
    child->pid = 0;
    if (was_asked || up->is_stopping) {
        /* Ending by the very signal is how a program without a handler obeys. */
        bool is_orderly = was_asked && (child->exit_status == 0 || signal_number == SIGTERM);

        if (!is_orderly && !child->is_optional) {
            wf_log_warning("%s while stopping", text);
            up->has_failed = true;
        }
        child->status[0] = '\0'; /* what it said while it lived */
        set_state(child, is_orderly ? UP_STOPPED : UP_FAILED);
        up_child_changed(child);
        return;
    }
    recover(child, text);
}

static void on_exit(uv_process_t *process, int64_t status, int signal_number)
{
    struct up_child *child = process->data;

    (void)uv_timer_stop(&child->timer);
    up_hear(child->up); /* its last words, while it is known who it is */
    child->exit_status = signal_number != 0 ? 128 + signal_number : (int)status;
    /* The handle is used again for the next life, so that begins when it is closed. */
    uv_close((uv_handle_t *)process, on_closed);
}

/* --- the beginning ------------------------------------------------------------------------------ */

static void on_not_ready(uv_timer_t *timer)
{
    struct up_child *child = timer->data;

    wf_log_error("%s (pid %d) did not say within %d s that it is up; if it never does, set "
                 "notify = no in its section; stopping everything",
                 child->name, child->pid, READY_LIMIT_MS / 1000);
    up_give_up(child->up);
}

static int spawn(struct up_child *child)
{
    char parent[16];
    struct wf_strbuf text = WF_STRBUF_FIXED(parent);
    char *arguments[256] = { "wf-up", UP_AS_CHILD, parent, child->program };
    size_t count = 4;
    uv_stdio_container_t stdio[] = {
        { .flags = UV_IGNORE },
        /* Our stdout carries one line; what children say is for people: stderr. */
        { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
        { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
    };
    uv_process_options_t options = {
        .exit_cb = on_exit,
        .file = UP_SELF,
        .args = arguments,
        .env = child->up->environment,
        /* A session of its own: Ctrl-C reaches us alone, and we stop all in order. */
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = WF_COUNT_OF(stdio),
        .stdio = stdio,
    };

    wf_strbuf_addf(&text, "%ld", (long)getpid());
    for (size_t i = 1; child->arguments[i] != NULL && count + 1 < WF_COUNT_OF(arguments); i++)
        arguments[count++] = child->arguments[i];
    arguments[count] = NULL;
    return uv_spawn(&child->up->loop, &child->process, &options);
}

void up_child_start(struct up_child *child)
{
    int rc;

    child->status[0] = '\0';
    child->process.data = child;
    child->started_utc_ns = wf_utc_now_ns();
    child->started_mono_ns = wf_mono_now_ns();
    rc = spawn(child);
    if (rc < 0) {
        wf_log_error("%s cannot be started: %s; stopping everything", child->name, uv_strerror(rc));
        set_state(child, UP_FAILED);
        uv_close((uv_handle_t *)&child->process, NULL);
        up_give_up(child->up);
        return;
    }
    child->pid = uv_process_get_pid(&child->process);
    set_state(child, UP_STARTING);
    if (!child->is_notifying)
        up_child_is_ready(child);
    else if (!child->was_ready)
        (void)uv_timer_start(&child->timer, on_not_ready, READY_LIMIT_MS, 0);
}

void up_child_is_ready(struct up_child *child)
{
    if (child->state != UP_STARTING)
        return;
    (void)uv_timer_stop(&child->timer);
    if (child->was_ready)
        wf_log_info("%s is up again (pid %d)", child->name, child->pid);
    child->was_ready = true;
    set_state(child, UP_RUNNING);
    up_child_changed(child);
}

/* --- stopping ------------------------------------------------------------------------------------- */

static void on_stop_limit(uv_timer_t *timer)
{
    struct up_child *child = timer->data;

    wf_log_error("%s (pid %d) did not stop in time; killing it", child->name, child->pid);
    up_child_kill(child);
}

void up_child_stop(struct up_child *child)
{
    (void)uv_timer_stop(&child->timer);
    if (child->pid == 0) {
        if (child->state == UP_RESTARTING) {
            child->up->has_failed = true; /* it should be running and is not */
            set_state(child, UP_STOPPED);
        }
        return;
    }
    if (child->state == UP_STOPPING)
        return;
    set_state(child, UP_STOPPING);
    (void)uv_process_kill(&child->process, SIGTERM);
    (void)uv_timer_start(&child->timer, on_stop_limit,
                         child->part == UP_LOGGER ? LOGGER_LIMIT_MS : STOP_LIMIT_MS, 0);
}

void up_child_kill(struct up_child *child)
{
    if (child->pid != 0 && uv_is_active((uv_handle_t *)&child->process))
        (void)uv_process_kill(&child->process, SIGKILL);
}
