/* SPDX-License-Identifier: MIT */
/* wf-send - plays recorded packets to a listener, at recorded or given speed. */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <uv.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/options.h>
#include <watchfloor/problems.h>
#include <watchfloor/schema.h>
#include <watchfloor/strbuf.h>

#include "json_text.h"
#include "player.h"

#define STATUS_NOT_WELL 1
#define STATUS_CANNOT   2
#define RATE_DEFAULT_HZ 1000.0 /* without times, an option or a wish */
#define RATE_MAX_HZ     10e6
#define SPEED_MAX       1e6
#define PAUSE_MAX_NS    (10 * 60 * WF_NS_PER_S)
#define PAUSE_LIMIT_NS  (30 * WF_NS_PER_DAY)

/* The command line as it stands. */
struct arguments {
    const char *to, *speed, *rate, *skip, *format, *count, *loop, *time_field, *pause_max;
    bool is_remote_allowed, is_json;
};

struct session {
    uv_loop_t loop;
    uv_signal_t on_int, on_term;
    struct recording *recording;
    struct target *target;
    struct player *player;
    struct wf_schema *time_schema; /* owns the time format */
    int64_t begun_ns;
    char where[300];
    int status;
    bool was_stopped;
};

static int fail_option(const char *option, struct wf_err *err)
{
    wf_err_prefix(err, "--%s", option);
    return err->rc;
}

static int read_count(const char *option, const char *text, uint64_t *out, struct wf_err *err)
{
    return text == NULL || wf_parse_u64(text, out, err) == 0 ? 0 : fail_option(option, err);
}

static int read_positive(const char *option, const char *text, double most, double *out,
                         struct wf_err *err)
{
    int rc = wf_parse_double(text, out, err);

    if (rc == 0 && !(*out > 0 && *out <= most))
        rc = wf_fail(err, WF_ERR_INVALID, "%s is not above 0 and at most %g", text, most);
    return rc < 0 ? fail_option(option, err) : 0;
}

static int read_pause(const char *text, int64_t *out_ns, struct wf_err *err)
{
    int rc = text == NULL ? 0 : wf_parse_duration_ns(text, out_ns, err);

    if (rc == 0 && (*out_ns < 0 || *out_ns > PAUSE_LIMIT_NS))
        rc = wf_fail(err, WF_ERR_INVALID, "%s is not from 0 to 30d", text);
    return rc < 0 ? fail_option("pause-max", err) : 0;
}

static int read_format(const char *text, enum send_format *out, struct wf_err *err)
{
    *out = SEND_FORMAT_AUTO;
    if (text == NULL)
        return 0;
    if (strcmp(text, "ccsds") == 0)
        *out = SEND_FORMAT_CCSDS;
    else if (strcmp(text, "records") == 0)
        *out = SEND_FORMAT_RECORDS;
    else
        return wf_fail(err, WF_ERR_INVALID, "--format '%s': expected ccsds or records", text);
    return 0;
}

/* A time format is written as in a schema, and read by the schema's reader. */
static int read_time_field(struct session *session, const char *text, struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    char schema[256];
    struct wf_strbuf out = WF_STRBUF_FIXED(schema);
    int rc;

    wf_strbuf_addf(&out, "[subsystem]\napid = 0\ntime = %s\n[parameter any]\n", text);
    if (strchr(text, '\n') != NULL || out.was_cut)
        rc = WF_ERR_INVALID;
    else
        rc = wf_schema_parse("time-field", out.text, out.len, &session->time_schema, &problems,
                             NULL);
    wf_problems_fini(&problems);
    if (rc == 0 && session->time_schema->time.code != WF_TIME_CODE_CUC &&
        session->time_schema->time.code != WF_TIME_CODE_CDS)
        rc = WF_ERR_INVALID;
    if (rc < 0)
        return wf_fail(err, WF_ERR_INVALID,
                       "--time-field '%s': expected a time code as in a schema: 'cuc 4.2', "
                       "'cds 16.16', 'cuc', 'cds'",
                       text);
    return 0;
}

static int open_recording(struct session *session, const struct arguments *arguments,
                          const char *path, struct wf_err *err)
{
    struct send_options options = { .format = SEND_FORMAT_AUTO };
    uint64_t skip = 0;
    int rc = read_format(arguments->format, &options.format, err);

    if (rc == 0)
        rc = read_count("skip", arguments->skip, &skip, err);
    if (rc == 0 && skip > 65535)
        rc = wf_fail(err, WF_ERR_INVALID, "--skip %s: at most 65535 bytes", arguments->skip);
    if (rc == 0 && arguments->time_field != NULL)
        rc = read_time_field(session, arguments->time_field, err);
    if (rc < 0)
        return rc;
    options.skip = (uint32_t)skip;
    options.time = session->time_schema != NULL ? &session->time_schema->time : NULL;
    return recording_open(path, &options, &session->recording, err);
}

/* Speed and rate: recorded where there are times, else a steady rate that nobody is flooded by. */
static int choose_pace(const struct session *session, const struct arguments *arguments,
                       struct player_options *out, struct wf_err *err)
{
    bool is_timed = recording_is_timed(session->recording);
    const char *speed = arguments->speed;

    if (speed != NULL && arguments->rate != NULL)
        return wf_fail(err, WF_ERR_INVALID, "--speed and --rate exclude one another");
    if (arguments->rate != NULL)
        return read_positive("rate", arguments->rate, RATE_MAX_HZ, &out->rate_hz, err);
    if (speed == NULL) {
        out->speed = is_timed ? 1 : 0;
        out->rate_hz = is_timed ? 0 : RATE_DEFAULT_HZ;
        return 0;
    }
    if (strcmp(speed, "max") == 0)
        return 0;
    if (!is_timed)
        return wf_fail(err, WF_ERR_INVALID,
                       "--speed %s: these packets carry no times that are known; say where with "
                       "--time-field, or give --rate",
                       speed);
    out->speed = 1;
    return strcmp(speed, "recorded") == 0
               ? 0
               : read_positive("speed", speed, SPEED_MAX, &out->speed, err);
}

/* --- the run -------------------------------------------------------------------------------- */

static void close_all(struct session *session)
{
    target_close(&session->target);
    uv_close((uv_handle_t *)&session->on_int, NULL);
    uv_close((uv_handle_t *)&session->on_term, NULL);
}

static void on_over(void *context, int rc, const struct wf_err *err)
{
    struct session *session = context;

    if (rc < 0) {
        (void)fprintf(stderr, "wf-send: %s; stopping here\n", err->text);
        session->status = STATUS_CANNOT;
    }
    close_all(session);
}

static void on_ready(void *context, int rc, const struct wf_err *err)
{
    struct session *session = context;

    player_go(session->player, rc, err);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct session *session = handle->data;

    (void)number;
    session->was_stopped = true;
    player_stop(session->player);
}

static void print_words(const struct session *session, const struct player_counts *counts,
                        uint64_t not_sent, double seconds)
{
    uint64_t rubbish = recording_rubbish_bytes(session->recording);

    (void)fprintf(stderr,
                  "wf-send: %s %" PRIu64 " packets, %" PRIu64 " bytes in %.3f s to %s; not sent: "
                  "%" PRIu64 "%s\n",
                  session->was_stopped ? "stopped after" : "sent", counts->packets - counts->lost,
                  counts->bytes - counts->lost_bytes, seconds, session->where, not_sent,
                  counts->lost > 0 ? " (nobody takes them there)" : "");
    if (counts->refused > 0)
        (void)fprintf(stderr, "wf-send: %" PRIu64 " packets are too long for a datagram\n",
                      counts->refused);
    if (counts->jumps > 0)
        (void)fprintf(stderr,
                      "wf-send: %" PRIu64 " jumps of the recorded time were passed over at once "
                      "(--pause-max)\n",
                      counts->jumps);
    if (rubbish > 0)
        (void)fprintf(stderr, "wf-send: %" PRIu64 " bytes of the file are no packet%s%s\n", rubbish,
                      *recording_problem(session->recording) != '\0' ? ": " : "",
                      recording_problem(session->recording));
}

static void print_json(const struct session *session, const struct player_counts *counts,
                       uint64_t not_sent, double seconds)
{
    json_t *root = json_pack(
        "{s:I,s:I,s:I,s:I,s:I,s:f,s:b}", "packets", (json_int_t)(counts->packets - counts->lost),
        "bytes", (json_int_t)(counts->bytes - counts->lost_bytes), "not_sent", (json_int_t)not_sent,
        "rubbish_bytes", (json_int_t)recording_rubbish_bytes(session->recording), "time_jumps",
        (json_int_t)counts->jumps, "seconds", seconds, "stopped", (int)session->was_stopped);

    if (root == NULL || !json_text_write(root, false, stdout))
        (void)fputs("wf-send: out of memory\n", stderr);
    json_decref(root);
}

static int play(struct session *session, const struct arguments *arguments,
                const struct player_options *options, struct wf_err *err)
{
    struct player_counts counts;
    uint64_t not_sent;
    double seconds;
    int rc;

    rc = player_start(&session->loop, options, session->recording, on_over, session,
                      &session->player, err);
    if (rc == 0)
        rc = target_open(&session->loop, arguments->to, arguments->is_remote_allowed, on_ready,
                         session, &session->target, err);
    if (rc < 0)
        return rc;
    player_set_target(session->player, session->target);
    (void)wf_copy_text(session->where, sizeof(session->where), target_where(session->target));
    (void)uv_signal_init(&session->loop, &session->on_int);
    (void)uv_signal_init(&session->loop, &session->on_term);
    session->on_int.data = session->on_term.data = session;
    (void)uv_signal_start(&session->on_int, on_signal, SIGINT);
    (void)uv_signal_start(&session->on_term, on_signal, SIGTERM);
    session->begun_ns = wf_mono_now_ns();
    (void)uv_run(&session->loop, UV_RUN_DEFAULT);

    seconds = (double)(wf_mono_now_ns() - session->begun_ns) / 1e9;
    player_counts(session->player, &counts);
    not_sent = counts.lost + counts.refused + counts.unsent;
    if (arguments->is_json)
        print_json(session, &counts, not_sent, seconds);
    else
        print_words(session, &counts, not_sent, seconds);
    if (recording_has_failed(session->recording)) {
        (void)fprintf(stderr, "wf-send: reading: %s\n", recording_problem(session->recording));
        session->status = STATUS_CANNOT;
    }
    if (session->status == 0 && (not_sent > 0 || recording_rubbish_bytes(session->recording) > 0))
        session->status = STATUS_NOT_WELL;
    return 0;
}

static int run(struct session *session, const struct arguments *arguments,
               const struct wf_common *common, struct wf_err *err)
{
    struct player_options options = { .loops = 1,
                                      .pause_max_ns = PAUSE_MAX_NS,
                                      .shows_progress = isatty(STDERR_FILENO) };
    int rc;

    if (common->operand_count != 1)
        return wf_fail(err, WF_ERR_INVALID, "expected one FILE");
    if (arguments->to == NULL)
        return wf_fail(err, WF_ERR_INVALID, "expected --to udp:HOST:PORT or tcp:HOST:PORT");
    rc = read_count("count", arguments->count, &options.count, err);
    if (rc == 0)
        rc = read_count("loop", arguments->loop, &options.loops, err);
    if (rc == 0)
        rc = read_pause(arguments->pause_max, &options.pause_max_ns, err);
    if (rc == 0)
        rc = open_recording(session, arguments, common->operands[0], err);
    if (rc == 0)
        rc = choose_pace(session, arguments, &options, err);
    if (rc == 0)
        rc = play(session, arguments, &options, err);
    return rc;
}

int main(int argc, char **argv)
{
    static struct session session;
    struct arguments arguments = { .to = NULL };
    const struct wf_option options[] = {
        { "to", "TARGET", "udp:HOST:PORT (a datagram each) or tcp:HOST:PORT", &arguments.to, NULL },
        { "speed", "SPEED", "recorded (default where times are known), a factor, or max",
          &arguments.speed, NULL },
        { "rate", "N", "packets a second (default 1000 where no times are known)", &arguments.rate,
          NULL },
        { "skip", "BYTES", "leave out so many bytes before each packet", &arguments.skip, NULL },
        { "format", "FORMAT", "ccsds or records (default: looked at)", &arguments.format, NULL },
        { "time-field", "CODE", "time code behind the primary header: 'cuc 4.2', 'cds 16.16'",
          &arguments.time_field, NULL },
        { "count", "N", "stop after N packets", &arguments.count, NULL },
        { "pause-max", "DURATION",
          "do not wait where the recorded time jumps by more, forward or back (default 10m)",
          &arguments.pause_max, NULL },
        { "loop", "N", "play the file N times; 0 without end", &arguments.loop, NULL },
        { "allow-remote", NULL, "send to other machines too", NULL, &arguments.is_remote_allowed },
        { "json", NULL, "print the final count as JSON", NULL, &arguments.is_json },
    };
    const struct wf_command_line line = {
        .program = "wf-send",
        .summary = "play recorded packets to a listener",
        .operands = "FILE",
        .details =
            "FILE holds CCSDS space packets one after another, or records: 8 bytes of big-endian\n"
            "double (Unix seconds), 4 of big-endian length, a datagram.\n\n"
            "  wf send flight.pkts --to udp:127.0.0.1:4711 --time-field 'cds 16.16' --speed 10\n"
            "  wf send udp.rec --to udp:127.0.0.1:4711 --loop 0\n",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_err err = { 0 };
    struct wf_common common;

    wf_options_parse(&line, argc, argv, &common);
    (void)uv_loop_init(&session.loop);
    if (run(&session, &arguments, &common, &err) < 0) {
        (void)fprintf(stderr, "wf-send: %s\n", err.text);
        session.status = STATUS_CANNOT;
    }
    player_close(&session.player);
    target_close(&session.target);
    (void)uv_run(&session.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&session.loop);
    recording_close(&session.recording);
    wf_schema_free(&session.time_schema);
    return session.status;
}
