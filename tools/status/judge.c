/* SPDX-License-Identifier: MIT */
/*
 * What is wrong right now. Losses of the past are shown, not judged: a system
 * that lost a datagram yesterday is well today. See status.h.
 */

#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/strbuf.h>

static void add_problem(json_t *status, const char *format, ...) WF_PRINTF(2, 3);

static void add_problem(json_t *status, const char *format, ...)
{
    char room[400];
    struct wf_strbuf text = WF_STRBUF_FIXED(room);
    va_list args;

    va_start(args, format);
    wf_strbuf_vaddf(&text, format, args);
    va_end(args);
    (void)json_array_append_new(json_object_get(status, "problems"), json_string(room));
}

static bool is_one_of(const char *text, const char *a, const char *b)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

/* True when everything that `wf up` runs is up. */
static bool judge_processes(json_t *status)
{
    const json_t *processes = json_object_get(status, "processes");
    bool is_ready = true;
    size_t index;
    json_t *one;

    json_array_foreach(processes, index, one)
    {
        const char *state = status_text(one, "state");

        if (!is_one_of(state, "running", "ended"))
            is_ready = false;
        if (is_one_of(state, "restarting", "failed"))
            add_problem(status, "process %s is %s (last exit status %lld, %lld restarts)%s%s",
                        status_text(one, "name"), state, (long long)status_int(one, "exit_status"),
                        (long long)status_int(one, "restarts"),
                        status_text(one, "status")[0] != '\0' ? ": " : "",
                        status_text(one, "status"));
    }
    return is_ready;
}

/* `wf up` is gone without a word, and nobody keeps its table: what it said is not known now. */
static void forget_processes(json_t *status)
{
    size_t index;
    json_t *one;

    json_array_foreach(json_object_get(status, "processes"), index, one)
    {
        if (!is_one_of(status_text(one, "state"), "stopped", "failed"))
            (void)json_object_set_new(one, "state", json_string("unknown"));
    }
}

/* True when the receiver is alive, or what plays history in its place. */
static bool judge_writers(json_t *status)
{
    const json_t *writers = json_object_get(status, "writers");
    bool has_receiver = false;
    size_t index;
    json_t *one;

    json_array_foreach(writers, index, one)
    {
        const char *role = status_text(one, "role");
        double age = status_real(one, "heartbeat_age_s");

        if (strcmp(status_text(one, "state"), "stopped") == 0) {
            add_problem(status, "%s was stopped; its regions show the last values", role);
        } else if (age * 1e9 > (double)WF_HEARTBEAT_MAX_NS) {
            add_problem(status, "%s (process %lld) gave no sign of life for %.0f s", role,
                        (long long)status_int(one, "pid"), age);
            if (strcmp(role, "up") == 0)
                forget_processes(status);
        } else if (is_one_of(role, "receiver", "replay"))
            has_receiver = true;
    }
    if (json_array_size(writers) == 0 &&
        json_array_size(json_object_get(status, "unreadable")) == 0)
        add_problem(status, "nothing runs as instance '%s'; wf up starts it",
                    status_text(status, "instance"));
    return has_receiver;
}

static void judge_receiver(json_t *status)
{
    const json_t *receiver = json_object_get(status, "receiver");
    int64_t down = status_int(receiver, "listeners_down");

    if (status_real(receiver, "drop_rate") > 0)
        add_problem(status,
                    "the kernel drops %.0f datagrams a second: the receiver does not keep up, or "
                    "receive_buffer is too small",
                    status_real(receiver, "drop_rate"));
    if (down > 0)
        add_problem(status,
                    down == 1 ? "%lld listener hears nothing" : "%lld listeners hear nothing",
                    (long long)down);
    if (status_bool(receiver, "is_reload_refused"))
        add_problem(status, "the newest configuration was refused; wf check shows why");
}

static void judge_links(json_t *status)
{
    size_t index;
    json_t *one;

    json_array_foreach(json_object_get(status, "links"), index, one)
    {
        if (status_text(one, "trouble")[0] != '\0')
            add_problem(status, "link %s: %s", status_text(one, "link"),
                        status_text(one, "trouble"));
    }
    json_array_foreach(json_object_get(status, "sources"), index, one)
    {
        if (status_bool(one, "is_silent"))
            add_problem(status, "source %s is silent", status_text(one, "name"));
    }
}

static void judge_subsystems(json_t *status)
{
    size_t index;
    json_t *one;

    json_array_foreach(json_object_get(status, "subsystems"), index, one)
    {
        char room[32];
        struct wf_strbuf age = WF_STRBUF_FIXED(room);

        if (!status_bool(one, "stale"))
            continue;
        wf_strbuf_add_age(&age, (int64_t)(status_real(one, "age_s") * 1e9));
        add_problem(status, "%s is stale: nothing for %s", status_text(one, "name"), room);
    }
}

static void judge_alerts(json_t *status)
{
    size_t index;
    json_t *one;

    json_array_foreach(json_object_get(status, "alerts"), index, one)
    {
        const char *monitor = status_text(one, "monitor");
        const char *state = status_text(one, "state");

        if (is_one_of(state, "failing", "paused"))
            add_problem(status, "alarm monitor %s cannot write its journal%s; its log says why",
                        monitor, strcmp(state, "paused") == 0 ? " and judges nothing" : "");
        if (status_int(one, "refused") > 0)
            add_problem(status,
                        "alarm monitor %s leaves out rules that do not compile; its log says which",
                        monitor);
        if (status_int(one, "plugins_failed") > 0)
            add_problem(status, "alarm monitor %s: %lld alert plugin%s failed", monitor,
                        (long long)status_int(one, "plugins_failed"),
                        status_int(one, "plugins_failed") == 1 ? "" : "s");
    }
}

static void judge_notify(json_t *status)
{
    const json_t *notify = json_object_get(status, "notify");

    if (status_int(notify, "failing") > 0)
        add_problem(status, "%lld route%s of notification fail%s; wf notify routes says which",
                    (long long)status_int(notify, "failing"),
                    status_int(notify, "failing") == 1 ? "" : "s",
                    status_int(notify, "failing") == 1 ? "s" : "");
    else if (strcmp(status_text(notify, "state"), "failing") == 0)
        add_problem(status,
                    "wf-notify cannot write its outbox or read a journal; its log says why");
    if (status_int(notify, "given_up") > 0)
        add_problem(status,
                    "nobody was told of %lld message%s in the last hour; wf notify log --failed "
                    "lists them",
                    (long long)status_int(notify, "given_up"),
                    status_int(notify, "given_up") == 1 ? "" : "s");
}

void status_judge(json_t *status, const struct wf_watch *watch)
{
    const json_t *logger = json_object_get(status, "logger");
    bool has_receiver, are_processes_up;
    const char *trouble;

    has_receiver = judge_writers(status);
    are_processes_up = judge_processes(status);
    judge_receiver(status);
    judge_links(status);
    judge_subsystems(status);
    if (strcmp(status_text(logger, "state"), "failing") == 0)
        add_problem(status, "the logger cannot write history: %s", status_text(logger, "trouble"));
    if (json_is_true(json_object_get(logger, "rollups_failing")))
        add_problem(status, "rollups cannot be written, rows are; the logger's log says why");
    if (strcmp(status_text(json_object_get(status, "recorder"), "state"), "failing") == 0)
        add_problem(status, "the recorder cannot write the archive of packets; its log says why");
    judge_alerts(status);
    judge_notify(status);
    if (json_is_number(json_object_get(logger, "disk_days")) &&
        json_number_value(json_object_get(logger, "disk_days")) < 1)
        add_problem(status, "the disk of history is full within a day; keep less ([logger] raw_max,"
                            " raw_keep) or make room");
    for (size_t i = 0; (trouble = wf_watch_trouble(watch, i)) != NULL; i++)
        add_problem(status, "cannot be read: %s", trouble);
    (void)json_object_set_new(status, "ready", json_boolean(has_receiver && are_processes_up));
}
