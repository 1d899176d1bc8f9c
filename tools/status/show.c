/* SPDX-License-Identifier: MIT */
/* The status for people: see status.h. */

#include "status.h"

#include <stdio.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/strbuf.h>

/* Text from elsewhere must not move the cursor. */
static const char *printable(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
    return text;
}

static const char *age_text(const json_t *object, const char *key, char room[32])
{
    struct wf_strbuf text;

    wf_strbuf_init_fixed(&text, room, 32);
    if (json_is_number(json_object_get(object, key)))
        wf_strbuf_add_age(&text, (int64_t)(status_real(object, key) * 1e9));
    else
        wf_strbuf_add(&text, "never");
    return room;
}

/* A counter, or "-" where nobody counts. */
static const char *count_text(const json_t *object, const char *key, char room[32])
{
    if (json_is_integer(json_object_get(object, key)))
        (void)snprintf(room, 32, "%lld", (long long)status_int(object, key));
    else
        (void)snprintf(room, 32, "-");
    return room;
}

static void show_processes(const json_t *status)
{
    const json_t *processes = json_object_get(status, "processes");
    size_t index;
    json_t *one;

    if (json_array_size(processes) == 0)
        return;
    (void)printf("\n%-20s %8s  %-11s %8s  %s\n", "PROCESS", "PID", "STATE", "RESTARTS", "SAYS");
    json_array_foreach(processes, index, one)
    {
        char says[200];

        (void)wf_copy_text(says, sizeof(says), status_text(one, "status"));
        (void)printf("%-20s %8lld  %-11s %8lld  %s\n", status_text(one, "name"),
                     (long long)status_int(one, "pid"), status_text(one, "state"),
                     (long long)status_int(one, "restarts"), printable(says));
    }
}

static void show_writers(const json_t *status)
{
    const json_t *writers = json_object_get(status, "writers");
    size_t index;
    json_t *one;

    if (json_array_size(writers) == 0)
        return;
    (void)printf("\n%-20s %8s  %-11s %8s  %s\n", "WRITES REGIONS", "PID", "STATE", "REGIONS",
                 "SIGN OF LIFE");
    json_array_foreach(writers, index, one)
    {
        char age[32];

        (void)printf("%-20s %8lld  %-11s %8lld  %s ago\n", status_text(one, "role"),
                     (long long)status_int(one, "pid"), status_text(one, "state"),
                     (long long)status_int(one, "regions"), age_text(one, "heartbeat_age_s", age));
    }
}

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static void show_receiver(const json_t *status)
{
    json_t *receiver = json_object_get(status, "receiver");
    const char *reason;
    bool is_first = true;
    json_t *count;

    if (!json_is_object(receiver))
        return;
    (void)printf(
        "\nReceiver   %lld datagrams, %lld dropped by the kernel; %lld packets = %lld "
        "published + %lld rejected + %lld idle\n",
        (long long)status_int(receiver, "datagrams"),
        (long long)status_int(receiver, "kernel_dropped"),
        (long long)status_int(receiver, "packets"), (long long)status_int(receiver, "published"),
        (long long)status_int(receiver, "rejected_total"), (long long)status_int(receiver, "idle"));
    (void)printf("           %.1f packets/s, %lld gap%s, %lld packet%s missing, %lld out of order; "
                 "CPU %.1f %%\n",
                 status_real(receiver, "packet_rate"), (long long)status_int(receiver, "gaps"),
                 plural(status_int(receiver, "gaps")), (long long)status_int(receiver, "lost"),
                 plural(status_int(receiver, "lost")),
                 (long long)status_int(receiver, "out_of_order"),
                 status_real(receiver, "cpu_percent"));
    json_object_foreach(json_object_get(receiver, "rejected"), reason, count)
    {
        if (json_integer_value(count) == 0)
            continue;
        (void)printf("%s%s %lld", is_first ? "           rejected: " : ", ", reason,
                     (long long)json_integer_value(count));
        is_first = false;
    }
    if (!is_first)
        (void)printf("; wf status --rejects shows the newest\n");
    if (status_int(receiver, "stream_waits") > 0)
        (void)printf("           TCP senders had to wait %lld time%s, so that monitors keep up "
                     "(ring_turn)\n",
                     (long long)status_int(receiver, "stream_waits"),
                     plural(status_int(receiver, "stream_waits")));
}

static void show_outlook(const json_t *logger)
{
    const json_t *full = json_object_get(logger, "disk_days");
    const json_t *kept = json_object_get(logger, "kept_days");

    if (json_is_number(full) && json_number_value(full) < 2)
        (void)printf("; disk full in %.0f hours", json_number_value(full) * 24);
    else if (json_is_number(full))
        (void)printf("; disk full in %.0f days", json_number_value(full));
    else if (json_is_number(kept))
        (void)printf("; the limits keep %.*f days of samples", json_number_value(kept) < 10 ? 1 : 0,
                     json_number_value(kept));
}

static const char *bytes_text(const json_t *from, const char *key, char out[32])
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    double bytes = (double)status_int(from, key);
    size_t unit = 0;

    while (bytes >= 1024 && unit + 1 < WF_COUNT_OF(units)) {
        bytes /= 1024;
        unit++;
    }
    (void)snprintf(out, 32, "%.*f %s", unit > 0 && bytes < 100 ? 1 : 0, bytes, units[unit]);
    return out;
}

static void show_logger(const json_t *status)
{
    const json_t *logger = json_object_get(status, "logger");
    char history[32], room[32];

    if (!json_is_object(logger))
        return;
    (void)printf("\nLogger     %s: %lld sample%s drained = %lld stored",
                 status_text(logger, "state"), (long long)status_int(logger, "drained"),
                 plural(status_int(logger, "drained")), (long long)status_int(logger, "stored"));
    if (status_int(logger, "thinned") > 0)
        (void)printf(" + %lld thinned on request", (long long)status_int(logger, "thinned"));
    (void)printf(" + %lld queued; %lld lost", (long long)status_int(logger, "queued"),
                 (long long)status_int(logger, "lost"));
    if (status_int(logger, "gaps") > 0)
        (void)printf(" (%lld gap row%s)", (long long)status_int(logger, "gaps"),
                     plural(status_int(logger, "gaps")));
    (void)printf("\n           %.1f rows/s, %.1f s behind; %s of history, %s free",
                 status_real(logger, "row_rate"), status_real(logger, "lag"),
                 bytes_text(logger, "history_bytes", history),
                 bytes_text(logger, "disk_free", room));
    show_outlook(logger);
    (void)putchar('\n');
    if (json_is_true(json_object_get(logger, "clock_doubted")))
        (void)printf("           the clock leapt ahead, nothing is deleted by age until that is"
                     " believed\n");
    if (status_int(logger, "files_held") > 0)
        (void)printf("           %lld day file%s held by readers\n",
                     (long long)status_int(logger, "files_held"),
                     plural(status_int(logger, "files_held")));
}

static void show_alerts(const json_t *status)
{
    size_t index;
    json_t *one;

    json_array_foreach(json_object_get(status, "alerts"), index, one)
    {
        (void)printf(
            "\nAlarms     %s %s: %lld alarm%s of %lld subsystem%s; %lld active, "
            "%lld unacknowledged, %lld shelved, %lld suppressed, %lld out of service\n",
            status_text(one, "monitor"), status_text(one, "state"),
            (long long)status_int(one, "alarms"), plural(status_int(one, "alarms")),
            (long long)status_int(one, "subsystems"), plural(status_int(one, "subsystems")),
            (long long)status_int(one, "active"), (long long)status_int(one, "unacknowledged"),
            (long long)status_int(one, "shelved"), (long long)status_int(one, "suppressed"),
            (long long)status_int(one, "out_of_service"));
        if (status_int(one, "lost") > 0 || status_int(one, "held") > 0)
            (void)printf("           %lld sample%s lost before judged, %lld transition%s waiting "
                         "for the journal\n",
                         (long long)status_int(one, "lost"), plural(status_int(one, "lost")),
                         (long long)status_int(one, "held"), plural(status_int(one, "held")));
    }
}

static void show_recorder(const json_t *status)
{
    const json_t *recorder = json_object_get(status, "recorder");

    if (!json_is_object(recorder))
        return;
    (void)printf("\nRecorder   %s: %lld packet%s stored, %lld queued, %lld lost\n",
                 status_text(recorder, "state"), (long long)status_int(recorder, "packets"),
                 plural(status_int(recorder, "packets")), (long long)status_int(recorder, "queued"),
                 (long long)status_int(recorder, "lost"));
}

static void show_notify(const json_t *status)
{
    const json_t *notify = json_object_get(status, "notify");

    if (!json_is_object(notify))
        return;
    (void)printf("\nNotify     %s: %lld alarm%s followed in %lld journal%s; %lld message%s "
                 "delivered, %lld attempt%s failed, %lld given up in the last hour\n",
                 status_text(notify, "state"), (long long)status_int(notify, "alarms"),
                 plural(status_int(notify, "alarms")), (long long)status_int(notify, "journals"),
                 plural(status_int(notify, "journals")), (long long)status_int(notify, "delivered"),
                 plural(status_int(notify, "delivered")), (long long)status_int(notify, "failed"),
                 plural(status_int(notify, "failed")), (long long)status_int(notify, "given_up"));
    if (status_int(notify, "waiting") > 0)
        (void)printf("           %lld message%s wait%s, the oldest for %.0f s\n",
                     (long long)status_int(notify, "waiting"),
                     plural(status_int(notify, "waiting")),
                     status_int(notify, "waiting") == 1 ? "s" : "", status_real(notify, "oldest"));
}

static void show_subsystems(const json_t *status)
{
    const json_t *subsystems = json_object_get(status, "subsystems");
    size_t index;
    json_t *one;

    if (json_array_size(subsystems) == 0)
        return;
    (void)printf("\n%-28s %10s %8s %8s %6s %6s %6s %6s  %s\n", "SUBSYSTEM", "SAMPLES", "RATE",
                 "AGE", "GAPS", "LOST", "DUPL", "LATE", "");
    json_array_foreach(subsystems, index, one)
    {
        char age[32], gaps[32], lost[32], duplicates[32], late[32], rate[32];

        if (json_is_number(json_object_get(one, "rate_hz")))
            (void)snprintf(rate, sizeof(rate), "%.1f Hz", status_real(one, "rate_hz"));
        else
            (void)snprintf(rate, sizeof(rate), "-");
        (void)printf("%-28s %10lld %8s %8s %6s %6s %6s %6s  %s\n", status_text(one, "name"),
                     (long long)status_int(one, "samples"), rate, age_text(one, "age_s", age),
                     count_text(one, "gaps", gaps), count_text(one, "lost", lost),
                     count_text(one, "duplicates", duplicates),
                     count_text(one, "out_of_order", late),
                     status_bool(one, "stale") ? "STALE" : "");
    }
}

/* Packets that are not what their schema says: decoded all the same, and marked. */
static void show_misfits(const json_t *status)
{
    size_t index;
    json_t *one;
    bool is_any = false;

    json_array_foreach(json_object_get(status, "subsystems"), index, one)
    {
        int64_t counts[] = { status_int(one, "short_packets"), status_int(one, "long_packets") };

        for (size_t i = 0; i < 2; i++) {
            if (counts[i] == 0)
                continue;
            if (!is_any)
                (void)printf("\nNot as defined\n");
            is_any = true;
            (void)printf("  %s: %lld packet%s %s\n", status_text(one, "name"), (long long)counts[i],
                         plural(counts[i]),
                         i == 0 ? "shorter than the schema; what is not there is ABSENT"
                                : "longer than the schema, which may be older than the packets; "
                                  "values are SUSPECT");
        }
    }
}

static void show_rejects(const json_t *status)
{
    const json_t *rejects = json_object_get(status, "rejects");
    size_t index;
    json_t *one;

    if (!json_is_array(rejects))
        return;
    (void)printf("\nThe newest rejected packets%s\n",
                 json_array_size(rejects) == 0 ? ": none" : "");
    json_array_foreach(rejects, index, one)
    {
        char why[200];

        (void)wf_copy_text(why, sizeof(why), status_text(one, "explanation"));
        (void)printf("  %s  %s  listener %s, from %s, source %s, APID %lld, count %lld, %lld "
                     "bytes: %s\n",
                     status_text(one, "time"), status_text(one, "reason"),
                     status_text(one, "listener"), status_text(one, "peer"),
                     status_text(one, "source"), (long long)status_int(one, "apid"),
                     (long long)status_int(one, "sequence"), (long long)status_int(one, "length"),
                     printable(why));
        if (status_text(one, "data")[0] != '\0')
            (void)printf("    %s\n", status_text(one, "data"));
        if (status_int(one, "skipped") > 0)
            (void)printf("    (%lld more were rejected just before it)\n",
                         (long long)status_int(one, "skipped"));
    }
}

static void show_replay(const json_t *replay)
{
    if (!json_is_object(replay))
        return;
    (void)printf("REPLAY     of '%s' at %s, %s, speed %g: these values come from history, not from "
                 "now\n",
                 status_text(replay, "origin"), status_text(replay, "position"),
                 status_text(replay, "state"), status_real(replay, "speed"));
}

void status_show(const json_t *status)
{
    const json_t *problems = json_object_get(status, "problems");
    size_t index;
    json_t *one;

    (void)printf("Instance   %s: %s\n", status_text(status, "instance"),
                 status_bool(status, "ready") ? "ready" : "not ready");
    show_replay(json_object_get(status, "replay"));
    show_processes(status);
    show_writers(status);
    show_receiver(status);
    show_logger(status);
    show_recorder(status);
    show_alerts(status);
    show_notify(status);
    show_subsystems(status);
    show_misfits(status);
    show_rejects(status);
    if (json_array_size(problems) > 0)
        (void)printf("\nWrong now\n");
    json_array_foreach(problems, index, one)
    {
        char text[400];

        (void)wf_copy_text(text, sizeof(text), json_string_value(one));
        (void)printf("  %s\n", printable(text));
    }
}
