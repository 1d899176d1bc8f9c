/* SPDX-License-Identifier: MIT */
/* wf-backtest - what proposed limits would have made of recorded history, against those of then. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/config.h>
#include <watchfloor/log.h>
#include <watchfloor/options.h>

#include "backtest.h"

#define STATUS_CANNOT   2
#define PROGRESS_NS     (WF_NS_PER_S / 5)
#define PROGRESS_EVERY  4096 /* samples between two looks at the clock */
#define MONITOR_DEFAULT "main"

struct arguments {
    const char *from, *to, *names, *late, *monitor;
    bool is_json, has_transitions;
};

struct run {
    struct tape *tape;
    struct outcome old, proposed;
    struct incidents incidents;
    struct report report;
    void *converted; /* room for the largest payload */
    enum wf_alarm_late late;
};

/* --- before the run ----------------------------------------------------------------------------- */

static int read_range(const struct arguments *arguments, struct report *out, struct wf_err *err)
{
    int64_t now_ns = wf_utc_now_ns();
    int rc;

    if (arguments->from == NULL)
        return wf_fail(err, WF_ERR_INVALID, "expected --from TIME, as --from now-1h");
    rc = wf_parse_time(arguments->from, now_ns, &out->from_ns, err);
    if (rc == 0)
        rc = wf_parse_time(arguments->to != NULL ? arguments->to : "now", now_ns, &out->to_ns, err);
    if (rc == 0 && out->to_ns <= out->from_ns)
        rc = wf_fail(err, WF_ERR_INVALID, "--to is not after --from");
    return rc;
}

static int read_late(const char *text, enum wf_alarm_late *out, struct wf_err *err)
{
    static const char *const names[] = { [WF_ALARM_LATE_LOG] = "log",
                                         [WF_ALARM_LATE_ALARM] = "alarm",
                                         [WF_ALARM_LATE_IGNORE] = "ignore" };

    *out = WF_ALARM_LATE_LOG;
    for (size_t i = 0; text != NULL && i < WF_COUNT_OF(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (enum wf_alarm_late)i;
            return 0;
        }
    }
    return text == NULL
               ? 0
               : wf_fail(err, WF_ERR_INVALID, "--late %s: expected log, alarm or ignore", text);
}

/* "a,b" to patterns, in place. */
static size_t split(char *names, char **out, size_t room)
{
    size_t count = 0;
    char *at = names, *next;

    while (at != NULL && count < room) {
        next = strchr(at, ',');
        if (next != NULL)
            *next++ = '\0';
        if (*at != '\0')
            out[count++] = at;
        at = next;
    }
    return count;
}

static int open_tape(struct run *run, const struct wf_common *common, const char *names,
                     struct wf_err *err)
{
    char history[WF_PATH_SIZE], *copy = names != NULL ? strdup(names) : NULL;
    char *patterns[64];
    size_t count = copy != NULL ? split(copy, patterns, WF_COUNT_OF(patterns)) : 0;
    int rc = wf_paths_in_state(&common->paths, "history", history, sizeof(history), err);

    if (rc == 0)
        rc = tape_open(history, run->report.from_ns, run->report.to_ns, patterns, count, &run->tape,
                       err);
    if (rc == WF_ERR_ABSENT && access(history, F_OK) != 0)
        rc = wf_fail(err, WF_ERR_ABSENT,
                     "there is no history of instance '%s' (%.120s); wf-logger records it",
                     common->paths.instance, history);
    free(copy);
    return rc;
}

/* Members are the streams of the tape, with the schemas of then. */
static int set_members(struct outcome *outcome, const struct tape *tape, struct wf_err *err)
{
    size_t count = tape_streams(tape);

    outcome->members = calloc(count + 1, sizeof(*outcome->members));
    outcome->schemas = calloc(count + 1, sizeof(*outcome->schemas));
    if (outcome->members == NULL || outcome->schemas == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    outcome->member_count = count;
    for (size_t i = 0; i < count; i++)
        outcome->members[i] = (struct wf_alarm_member){ .source = tape_source(tape, i),
                                                        .schema = tape_schema(tape, i) };
    return 0;
}

static int prepare(struct run *run, const struct wf_common *common, struct wf_err *err)
{
    size_t most = 1;
    int rc = set_members(&run->old, run->tape, err);

    if (rc == 0)
        rc = set_members(&run->proposed, run->tape, err);
    for (int i = 0; i < common->operand_count && rc == 0; i++)
        rc = proposal_apply(&run->proposed, common->operands[i], err);
    if (rc == 0)
        rc = outcome_open(&run->old, run->late, NULL, err);
    if (rc == 0)
        rc = outcome_open(&run->proposed, run->late, NULL, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < run->old.member_count; i++) {
        uint32_t before = run->old.members[i].schema->payload_bytes;
        uint32_t after = run->proposed.members[i].schema->payload_bytes;

        most = before > most ? before : most;
        most = after > most ? after : most;
    }
    run->converted = calloc(1, most);
    return run->converted != NULL ? 0 : wf_fail(err, WF_ERR_NOMEM, "out of memory");
}

/* --- the run ------------------------------------------------------------------------------------- */

static void show_progress(const struct report *report, int64_t time_ns, int64_t *shown_ns)
{
    int64_t now_ns = wf_mono_now_ns();
    double part = (double)(time_ns - report->from_ns) / (double)(report->to_ns - report->from_ns);

    if (now_ns - *shown_ns < PROGRESS_NS || isatty(STDERR_FILENO) == 0)
        return;
    *shown_ns = now_ns;
    (void)fprintf(stderr, "\r%3d %%", (int)(part * 100));
}

static void hand_in(struct run *run, struct outcome *outcome, const struct tape_sample *sample)
{
    const struct wf_schema *schema = outcome->members[sample->stream].schema;
    const void *payload = sample->row->payload;

    if (convert_is_needed(sample->row->schema, schema)) {
        convert_payload(sample->row->schema, payload, schema, run->converted);
        payload = run->converted;
    }
    wf_alarm_roster_sample(outcome->roster, sample->stream, &sample->row->stamp, payload);
}

static int play(struct run *run, struct wf_err *err)
{
    const struct tape_sample *sample;
    struct wf_alarm_now end = { .utc_ns = run->report.to_ns };
    int64_t begun_ns = wf_mono_now_ns(), shown_ns = begun_ns;
    int rc;

    while ((sample = tape_look(run->tape, &rc, err)) != NULL) {
        hand_in(run, &run->old, sample);
        hand_in(run, &run->proposed, sample);
        run->report.values += sample->row->schema->parameter_count;
        if (run->report.samples++ % PROGRESS_EVERY == 0)
            show_progress(&run->report, sample->row->stamp.received_ns, &shown_ns);
        tape_take(run->tape);
    }
    if (isatty(STDERR_FILENO) != 0)
        (void)fputs("\r      \r", stderr);
    /* What became due until the end of the range, and not later. */
    wf_alarm_roster_tick(run->old.roster, &end);
    wf_alarm_roster_tick(run->proposed.roster, &end);
    outcome_end(&run->old, run->report.to_ns);
    outcome_end(&run->proposed, run->report.to_ns);
    run->report.seconds = (double)(wf_mono_now_ns() - begun_ns) / 1e9;
    if (rc == 0 && (run->old.is_out_of_memory || run->proposed.is_out_of_memory))
        rc = wf_fail(err, WF_ERR_NOMEM, "too many transitions for the memory there is");
    return rc;
}

static int tell(struct run *run, const struct wf_common *common, const struct arguments *arguments,
                struct wf_err *err)
{
    const char *monitor = arguments->monitor != NULL ? arguments->monitor : MONITOR_DEFAULT;
    char folder[WF_PATH_SIZE];
    int rc = wf_paths_in_state(&common->paths, "alarms", folder, sizeof(folder), err);

    if (rc == 0)
        rc = incidents_find(&run->incidents, folder, monitor, &run->old, run->report.from_ns,
                            run->report.to_ns, err);
    if (rc < 0)
        return rc;
    incidents_compare(&run->incidents, &run->proposed, run->report.from_ns);
    run->report.old = &run->old;
    run->report.proposed = &run->proposed;
    run->report.incidents = &run->incidents;
    if (!arguments->is_json) {
        print_report(&run->report);
        return 0;
    }
    rc = print_json(&run->report);
    return rc < 0 ? wf_fail(err, rc, "out of memory") : 0;
}

static void warn_of_trouble(const struct tape *tape)
{
    const char *text;
    int64_t day_ns;

    for (size_t i = 0; (text = tape_trouble(tape, i, &day_ns)) != NULL; i++)
        wf_log_warning("not looked at: %s", text);
}

int main(int argc, char **argv)
{
    static struct run run;
    struct arguments arguments = { .from = NULL };
    const struct wf_option options[] = {
        { "from", "TIME", "ISO 8601, now-1h, today ...; of receipt", &arguments.from, NULL },
        { "to", "TIME", "default now", &arguments.to, NULL },
        { "subsystems", "GLOBS", "commas between (default: all but the system's own health)",
          &arguments.names, NULL },
        { "late", "MODE", "late samples: log (default), alarm or ignore", &arguments.late, NULL },
        { "monitor", "NAME", "whose journal tells the incidents (default main)", &arguments.monitor,
          NULL },
        { "transitions", NULL, "every transition, too", NULL, &arguments.has_transitions },
        { "json", NULL, "for machines", NULL, &arguments.is_json },
    };
    const struct wf_command_line line = {
        .program = "wf-backtest",
        .summary = "run proposed limits over recorded history: what would have been raised",
        .operands = "[FILE...]",
        .details =
            "FILE is a schema (it replaces the alarms of its subsystem) or holds sections\n"
            "[overlay SOURCE.SUBSYSTEM.PARAMETER], as the configuration does; later files change\n"
            "what earlier ones gave. Old is what was in force when it was recorded. Values are\n"
            "those that were recorded: calibration and derived parameters do not change.\n\n"
            "  wf backtest new-limits.ini --from now-1d\n",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_err err = { 0 };
    struct wf_common common;
    int rc;

    wf_options_parse(&line, argc, argv, &common);
    run.report.has_transitions = arguments.has_transitions;
    rc = read_range(&arguments, &run.report, &err);
    if (rc == 0)
        rc = read_late(arguments.late, &run.late, &err);
    if (rc == 0)
        rc = open_tape(&run, &common, arguments.names, &err);
    if (rc == 0)
        rc = prepare(&run, &common, &err);
    if (rc == 0)
        rc = play(&run, &err);
    if (rc == 0) {
        warn_of_trouble(run.tape);
        rc = tell(&run, &common, &arguments, &err);
    }
    if (rc < 0)
        (void)fprintf(stderr, "wf-backtest: %s\n", err.text);
    incidents_free(&run.incidents);
    outcome_close(&run.old);
    outcome_close(&run.proposed);
    tape_close(&run.tape);
    free(run.converted);
    return rc < 0 ? STATUS_CANNOT : EXIT_SUCCESS;
}
