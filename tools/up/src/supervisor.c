/* SPDX-License-Identifier: MIT */
/* All children together: order of start and stop, signals, notifications. See up.h. */

#include "up.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>
#include <watchfloor/service.h>

#define TICK_MS 500

/* --- stopping ------------------------------------------------------------------------------------- */

static bool is_part_gone(const struct up *up, enum up_part part)
{
    for (size_t i = 0; i < up->child_count; i++)
        if (up->children[i].part == part && up_child_is_alive(&up->children[i]))
            return false;
    return true;
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Ask the next part that still runs; when none does, the loop may end. */
static void stop_next_part(struct up *up)
{
    while (up->stop_part < UP_PART_COUNT) {
        for (size_t i = 0; i < up->child_count; i++)
            if (up->children[i].part == up->stop_part)
                up_child_stop(&up->children[i]);
        if (!is_part_gone(up, up->stop_part))
            return;
        up->stop_part++;
    }
    if (up->is_finished)
        return;
    up->is_finished = true;
    uv_walk(&up->loop, close_handle, NULL);
}

static void begin_stop(struct up *up, const char *why)
{
    if (up->is_stopping)
        return;
    wf_log_info("stopping (%s)", why);
    wf_service_stopping();
    up->is_stopping = true;
    up->stop_part = UP_FEEDS;
    stop_next_part(up);
}

/* The first wish is granted in order; the second asks all at once; the third does not ask. */
static void wish_to_stop(struct up *up, const char *why)
{
    up->stop_wishes++;
    if (up->stop_wishes == 1) {
        begin_stop(up, why);
    } else if (up->stop_wishes == 2) {
        wf_log_warning("%s again: asking all to stop at once", why);
        for (size_t i = 0; i < up->child_count; i++)
            up_child_stop(&up->children[i]);
    } else {
        wf_log_warning("%s once more: killing what is left", why);
        for (size_t i = 0; i < up->child_count; i++)
            up_child_kill(&up->children[i]);
    }
}

void up_give_up(struct up *up)
{
    up->could_not_start = true;
    begin_stop(up, "failure");
}

/* --- starting ------------------------------------------------------------------------------------- */

static void on_time_is_up(uv_timer_t *timer)
{
    wish_to_stop(timer->data, "time is up");
}

static void say_ready(struct up *up)
{
    char line[512];
    struct wf_strbuf text = WF_STRBUF_FIXED(line);

    wf_strbuf_addf(&text, "instance %s:", up->paths.instance);
    for (size_t i = 0; i < up->child_count; i++)
        wf_strbuf_addf(&text, " %s", up->children[i].name);
    up->is_all_ready = true;
    (void)printf("wf up: ready, %s\n", line);
    (void)fflush(stdout);
    wf_service_ready(line);
    if (up->for_ns > 0)
        (void)uv_timer_start(&up->for_timer, on_time_is_up,
                             (uint64_t)((up->for_ns + WF_NS_PER_MS - 1) / WF_NS_PER_MS), 0);
}

/* One after the other: each finds running what it needs. */
static void start_next(struct up *up)
{
    if (up->started < up->child_count)
        up_child_start(&up->children[up->started++]);
    else if (!up->is_all_ready)
        say_ready(up);
}

void up_child_changed(struct up_child *child)
{
    struct up *up = child->up;

    if (up->is_stopping)
        stop_next_part(up);
    else if (!up->is_all_ready && child == &up->children[up->started - 1])
        start_next(up);
}

/* --- what comes from outside ---------------------------------------------------------------------- */

static void take_notification(struct up_child *child, char *text)
{
    bool is_ready = false;

    for (char *line = text; line != NULL;) {
        char *feed = strchr(line, '\n');

        if (feed != NULL)
            *feed++ = '\0';
        if (strcmp(line, "READY=1") == 0)
            is_ready = true;
        else if (strncmp(line, "STATUS=", 7) == 0)
            (void)wf_copy_text(child->status, sizeof(child->status), line + 7);
        line = feed;
    }
    up_table_set(child);
    if (is_ready)
        up_child_is_ready(child);
}

void up_hear(struct up *up)
{
    char text[2048];
    int pid;

    /* Bounded: a flood must not keep us from our timers. */
    for (int n = 0; n < 64 && up_notify_receive(up->notify_fd, text, sizeof(text), &pid) >= 0; n++)
        for (size_t i = 0; i < up->child_count; i++)
            if (up_is_of_session(pid, up->children[i].pid)) {
                take_notification(&up->children[i], text);
                break;
            }
}

static void on_notification(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    up_hear(poll->data);
}

static void pass_reload_on(struct up *up)
{
    wf_log_info("reload: passed on to all but feeds (a change of [process] needs a restart)");
    for (size_t i = 0; i < up->child_count; i++)
        if (up->children[i].part != UP_FEEDS && up->children[i].state == UP_RUNNING)
            (void)uv_process_kill(&up->children[i].process, SIGHUP);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct up *up = handle->data;

    if (number == SIGINT)
        wish_to_stop(up, "interrupt");
    else if (number == SIGTERM)
        wish_to_stop(up, "told to terminate");
    else if (up->was_terminal && isatty(STDIN_FILENO) == 0)
        wish_to_stop(up, "the terminal is gone"); /* HUP of a terminal, not of a person */
    else
        pass_reload_on(up);
}

static void on_tick(uv_timer_t *timer)
{
    up_table_tick(timer->data);
}

/* --- the run ---------------------------------------------------------------------------------------- */

static void watch_signal(struct up *up, uv_signal_t *handle, int number)
{
    (void)uv_signal_init(&up->loop, handle);
    handle->data = up;
    (void)uv_signal_start(handle, on_signal, number);
}

static void init_handles(struct up *up)
{
    watch_signal(up, &up->on_interrupt, SIGINT);
    watch_signal(up, &up->on_terminate, SIGTERM);
    watch_signal(up, &up->on_hangup, SIGHUP);
    (void)uv_timer_init(&up->loop, &up->tick);
    up->tick.data = up;
    (void)uv_timer_start(&up->tick, on_tick, TICK_MS, TICK_MS);
    (void)uv_timer_init(&up->loop, &up->for_timer);
    up->for_timer.data = up;
    (void)uv_poll_init(&up->loop, &up->notify, up->notify_fd);
    up->notify.data = up;
    (void)uv_poll_start(&up->notify, UV_READABLE, on_notification);
    for (size_t i = 0; i < up->child_count; i++) {
        (void)uv_timer_init(&up->loop, &up->children[i].timer);
        up->children[i].timer.data = &up->children[i];
        up_table_set(&up->children[i]);
    }
}

int up_run(struct up *up)
{
    int rc = uv_loop_init(&up->loop);

    if (rc < 0) {
        wf_log_error("event loop: %s; giving up", uv_strerror(rc));
        return UP_STATUS_CANNOT;
    }
    up->was_terminal = isatty(STDIN_FILENO) != 0;
    init_handles(up);
    start_next(up);
    (void)uv_run(&up->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&up->loop);
    if (up->could_not_start)
        return UP_STATUS_CANNOT;
    if (!up->has_failed)
        wf_log_info("all stopped in order");
    return up->has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
