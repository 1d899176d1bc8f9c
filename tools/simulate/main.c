/* SPDX-License-Identifier: MIT */
/*
 * wf-simulate - a spacecraft in low orbit that sends telemetry, with faults on demand.
 *
 * The engine makes packets in the order in which they fall due; this file keeps
 * them to the clock (libuv) or, into a file, makes them as fast as it can.
 */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>
#include <watchfloor/options.h>
#include <watchfloor/problems.h>
#include <watchfloor/service.h>
#include <watchfloor/strbuf.h>

#include "engine.h"
#include "link.h"
#include "report.h"
#include "scenario.h"
#include "setup.h"
#include "telemetry.h"

/* After a stop of the whole machine that long, time is made up for by none. */
#define STALL_NS (5 * WF_NS_PER_S)
/* At most this many samples in one turn of the loop, so that signals are heard. */
#define STEPS_A_TURN   2000
#define ALIVE_EVERY_NS WF_NS_PER_S

struct simulation {
    uv_loop_t *loop;
    uv_timer_t timer;
    uv_signal_t on_int, on_term;
    struct feed_link *link;
    struct sim_scenario scenario;
    struct sim_engine engine;
    struct wf_schema *schemas[SIM_SUBSYSTEM_COUNT];
    int64_t begun_ns; /* monotonic time of sample 0 */
    int64_t for_ns;   /* 0 = until stopped */
    int64_t alive_ns; /* monotonic time of the last sign of life */
    bool is_over;
};

struct arguments {
    const char *to, *scenario, *seed, *speed, *start, *phase, *rate, *run_for, *report, *sequence;
    const char *fault; /* the last one; all are gathered by add_faults() */
};

static void send_packet(void *context, const uint8_t *packet, size_t len)
{
    struct simulation *sim = context;

    (void)feed_link_send(sim->link, packet, len);
}

static void end(struct simulation *sim)
{
    if (sim->is_over)
        return;
    sim->is_over = true;
    wf_service_stopping();
    sim_engine_end(&sim->engine, send_packet, sim);
    uv_close((uv_handle_t *)&sim->timer, NULL);
    uv_close((uv_handle_t *)&sim->on_int, NULL);
    uv_close((uv_handle_t *)&sim->on_term, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    end(handle->data);
}

/* Is the next sample past the end of the run? */
static bool is_done(const struct simulation *sim)
{
    const int64_t due_ns = sim_engine_due_ns(&sim->engine);

    return due_ns == INT64_MAX || (sim->for_ns > 0 && due_ns >= sim->for_ns);
}

static void say_alive(struct simulation *sim)
{
    const int64_t now_ns = wf_mono_now_ns();

    if (now_ns - sim->alive_ns < ALIVE_EVERY_NS)
        return;
    sim->alive_ns = now_ns;
    wf_service_alive();
}

/* Take every sample that is due, then sleep until the next. */
static void on_timer(uv_timer_t *timer)
{
    struct simulation *sim = timer->data;
    const int64_t elapsed_ns = wf_mono_now_ns() - sim->begun_ns;
    int64_t due_ns = sim_engine_due_ns(&sim->engine);
    int64_t wait_ns;

    say_alive(sim);
    if (!is_done(sim) && elapsed_ns - due_ns > STALL_NS) {
        wf_log_warning("stood still for %" PRId64 " s; going on from here without making up for it",
                       (elapsed_ns - due_ns) / WF_NS_PER_S);
        sim->begun_ns += elapsed_ns - due_ns;
    }
    for (int i = 0; i < STEPS_A_TURN; i++) {
        due_ns = sim_engine_due_ns(&sim->engine);
        if (is_done(sim)) {
            /* The run lasts its whole time, also after its last sample. */
            due_ns = sim->for_ns;
            if (wf_mono_now_ns() - sim->begun_ns >= due_ns) {
                end(sim);
                return;
            }
            break;
        }
        if (due_ns > wf_mono_now_ns() - sim->begun_ns)
            break;
        sim_engine_step(&sim->engine, send_packet, sim);
    }
    wait_ns = due_ns - (wf_mono_now_ns() - sim->begun_ns);
    uv_update_time(sim->loop);
    (void)uv_timer_start(timer, on_timer,
                         wait_ns > 0 ? (uint64_t)((wait_ns + WF_NS_PER_MS - 1) / WF_NS_PER_MS) : 0,
                         0);
}

/* Into a file nothing needs to wait. */
static void on_idle_timer(uv_timer_t *timer)
{
    struct simulation *sim = timer->data;

    for (int i = 0; i < STEPS_A_TURN; i++) {
        if (is_done(sim)) {
            end(sim);
            return;
        }
        sim_engine_step(&sim->engine, send_packet, sim);
    }
    (void)uv_timer_start(timer, on_idle_timer, 0, 0);
}

static void on_link_ready(void *context)
{
    struct simulation *sim = context;
    char text[FEED_STATUS_SIZE];
    struct wf_strbuf status = WF_STRBUF_FIXED(text);

    if (sim->is_over)
        return;
    wf_strbuf_addf(&status, "%zu subsystems to %s, orbit at %g times its speed",
                   sim->engine.stream_count, feed_link_where(sim->link), sim->engine.speed);
    wf_log_info("sending %s", text);
    wf_service_status(text);
    /* Waiting for a receiver may have taken long: device times begin now. */
    if (!sim->scenario.has_start) {
        sim->scenario.start_ns = wf_utc_now_ns();
        for (size_t i = 0; i < sim->engine.stream_count; i++)
            sim_stream_set_start(sim->engine.streams[i], sim->scenario.start_ns);
    }
    sim->begun_ns = wf_mono_now_ns();
    (void)uv_timer_start(&sim->timer, feed_link_is_file(sim->link) ? on_idle_timer : on_timer, 0,
                         0);
}

/* wf_options keeps the last of a repeated option; of --fault all are wanted. */
static int add_faults(struct sim_scenario *scenario, int argc, char **argv, struct wf_err *err)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *text = NULL;
        int rc;

        if (strcmp(argv[i], "--fault") == 0 && i + 1 < argc)
            text = argv[++i];
        else if (strncmp(argv[i], "--fault=", 8) == 0)
            text = argv[i] + 8;
        if (text == NULL)
            continue;
        rc = sim_scenario_add_fault(scenario, text, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* A bare name also means one that lies beside the configuration, or beside the shipped ones. */
static int load_scenario_file(const struct wf_common *common, const struct wf_config *config,
                              const char *name, struct sim_scenario *scenario, struct wf_err *err)
{
    const char *slash = config != NULL ? strrchr(config->file, '/') : NULL;
    struct wf_problems problems = { 0 };
    char path[WF_PATH_SIZE];
    struct wf_strbuf buf = WF_STRBUF_FIXED(path);
    int rc = sim_scenario_load(name, scenario, &problems, err);

    if (rc == WF_ERR_ABSENT && strchr(name, '/') == NULL && slash != NULL) {
        wf_strbuf_add_bytes(&buf, config->file, (size_t)(slash - config->file) + 1);
        wf_strbuf_add(&buf, name);
        rc = sim_scenario_load(path, scenario, &problems, err);
    }
    if (rc == WF_ERR_ABSENT && strchr(name, '/') == NULL) {
        wf_strbuf_clear(&buf);
        wf_strbuf_addf(&buf, "%s/share/watchfloor/config/%s", common->paths.prefix, name);
        rc = sim_scenario_load(path, scenario, &problems, err);
    }
    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    return rc;
}

static int make_scenario(const struct wf_common *common, const struct wf_config *config,
                         const struct arguments *arguments, int argc, char **argv,
                         struct sim_scenario *scenario, struct wf_err *err)
{
    const struct {
        const char *key, *value;
    } settings[] = {
        { "seed", arguments->seed },
        { "speed", arguments->speed },
        { "phase", arguments->phase },
        { "start", arguments->start },
    };
    int rc = 0;

    sim_scenario_init(scenario);
    if (arguments->scenario != NULL)
        rc = load_scenario_file(common, config, arguments->scenario, scenario, err);
    for (size_t i = 0; rc == 0 && i < WF_COUNT_OF(settings); i++)
        if (settings[i].value != NULL)
            rc = sim_scenario_set(scenario, settings[i].key, settings[i].value, err);
    if (rc == 0 && arguments->rate != NULL)
        rc = sim_scenario_set_rates(scenario, arguments->rate, err);
    if (rc == 0)
        rc = add_faults(scenario, argc, argv, err);
    if (!scenario->has_start)
        scenario->start_ns = wf_utc_now_ns();
    return rc;
}

static int add_streams(struct simulation *sim, const struct wf_common *common,
                       const struct wf_config *config, uint16_t first_sequence, struct wf_err *err)
{
    const struct sim_scenario *scenario = &sim->scenario;

    for (size_t i = 0; i < SIM_SUBSYSTEM_COUNT; i++) {
        const struct sim_subsystem *subsystem = &sim_subsystems[i];
        struct sim_stream_options options = {
            .fill = subsystem->fill,
            .rate_hz = scenario->rate_hz[i],
            .seed = scenario->seed,
            .start_ns = scenario->start_ns,
            .first_sequence = first_sequence,
            .faults = scenario->faults,
            .fault_count = scenario->fault_count,
        };
        int rc;

        if (!(options.rate_hz > 0.0))
            continue;
        rc = feed_setup_schema(common, config, subsystem->name, subsystem->layout_hash,
                               &sim->schemas[i], err);
        options.schema = sim->schemas[i];
        if (rc == 0)
            rc = sim_stream_create(&options, &sim->engine.streams[sim->engine.stream_count], err);
        if (rc < 0)
            return rc;
        sim->engine.stream_count++;
    }
    return sim->engine.stream_count > 0
               ? 0
               : wf_fail(err, WF_ERR_INVALID, "every subsystem has rate 0: nothing to send");
}

static int check_targets_of_faults(const struct sim_scenario *scenario, struct wf_err *err)
{
    for (size_t i = 0; i < scenario->fault_count; i++) {
        const struct sim_fault *fault = &scenario->faults[i];
        bool is_known = false;

        for (size_t k = 0; k < SIM_SUBSYSTEM_COUNT; k++)
            is_known = is_known || sim_fault_concerns(fault, sim_subsystems[k].name);
        if (!is_known)
            return wf_fail(err, WF_ERR_INVALID,
                           "fault '%s': no subsystem '%s' is simulated; expected power, thermal, "
                           "attitude, comms or all",
                           sim_fault_name(fault->kind), fault->subsystem);
    }
    return 0;
}

static void report_run(const struct simulation *sim, const char *path, const char *where,
                       const uint64_t figures[3])
{
    const struct sim_report report = {
        .engine = &sim->engine,
        .seed = sim->scenario.seed,
        .start_ns = sim->scenario.start_ns,
        .where = where,
        .datagrams = figures[0],
        .failed = figures[1],
        .bytes = figures[2],
    };
    struct wf_err err = { 0 };

    if (path != NULL && sim_report_write(&report, path, &err) < 0)
        wf_log_error("%s; the run itself is done", err.text);
}

/* Run to the end; afterwards the loop has nothing left. */
static int run(struct simulation *sim, const char *report_path, struct wf_err *err)
{
    char where[FEED_STATUS_SIZE];
    uint64_t figures[3];
    int rc;

    (void)uv_run(sim->loop, UV_RUN_DEFAULT);
    (void)wf_copy_text(where, sizeof(where), feed_link_where(sim->link));
    figures[0] = feed_link_sent(sim->link);
    figures[1] = feed_link_failed(sim->link);
    figures[2] = feed_link_bytes(sim->link);
    rc = feed_link_close(&sim->link, err);
    (void)uv_run(sim->loop, UV_RUN_DEFAULT);
    report_run(sim, report_path, where, figures);
    wf_log_info("sent %" PRIu64 " packets to %s, %" PRIu64 " refused by the system", figures[0],
                where, figures[1]);
    return rc;
}

static int set_up(struct simulation *sim, const struct wf_common *common,
                  const struct arguments *arguments, const struct wf_config *config,
                  struct wf_err *err)
{
    uint64_t sequence = 0;
    int rc = 0;

    if (arguments->run_for != NULL) {
        rc = wf_parse_duration_ns(arguments->run_for, &sim->for_ns, err);
        if (rc < 0)
            wf_err_prefix(err, "--for");
    }
    if (rc == 0 && arguments->sequence != NULL)
        rc = wf_parse_u64(arguments->sequence, &sequence, err);
    if (rc == 0 && sequence > 16383)
        rc = wf_fail(err, WF_ERR_INVALID, "--sequence: %s is not between 0 and 16383",
                     arguments->sequence);
    if (rc == 0)
        rc = check_targets_of_faults(&sim->scenario, err);
    if (rc < 0)
        return rc;
    sim_engine_init(&sim->engine, sim->scenario.seed, sim->scenario.start_ns,
                    sim->scenario.phase_deg, sim->scenario.speed);
    rc = add_streams(sim, common, config, (uint16_t)sequence, err);
    if (rc < 0)
        return rc;
    rc = feed_link_open(sim->loop, arguments->to, config, &common->paths, on_link_ready, sim,
                        &sim->link, err);
    if (rc == 0 && feed_link_is_file(sim->link) && sim->for_ns == 0) {
        rc = wf_fail(err, WF_ERR_INVALID, "--to file: needs --for TIME, or it would never end");
        (void)feed_link_close(&sim->link, NULL);
        (void)uv_run(sim->loop, UV_RUN_DEFAULT);
    }
    return rc;
}

static void start_handles(struct simulation *sim)
{
    (void)uv_timer_init(sim->loop, &sim->timer);
    (void)uv_signal_init(sim->loop, &sim->on_int);
    (void)uv_signal_init(sim->loop, &sim->on_term);
    sim->timer.data = sim;
    sim->on_int.data = sim;
    sim->on_term.data = sim;
    (void)uv_signal_start(&sim->on_int, on_signal, SIGINT);
    (void)uv_signal_start(&sim->on_term, on_signal, SIGTERM);
}

static const char details[] =
    "A fault is one line: at TIME [every PERIOD] KIND TARGET [DURATION] ...\n"
    "  at 30s gap power 5s                      at 30s duplicate power 5s\n"
    "  at 30s freeze thermal 10s                at 30s reorder power 5s\n"
    "  at 30s nan attitude.rate_x 2s            at 30s flood power 2s rate 5000\n"
    "  at 30s ramp power.bus_voltage 20s to 35  at 30s corrupt power 5s how version\n"
    "  at 30s clock-jump all 10s by -1h\n"
    "Times are seconds of the run, not of the orbit. The same seed, start and options make the\n"
    "same packets, byte for byte.\n"
    "\n"
    "  wf simulate --to listener:spacecraft --speed 30\n"
    "  wf simulate --to file:day.bin --for 1d --start 2026-11-20";

int main(int argc, char **argv)
{
    struct arguments arguments = { .to = "listener" };
    const struct wf_option options[] = {
        { "to", "TARGET", "udp:HOST:PORT, listener:NAME, or file:PATH (default: listener).",
          &arguments.to, NULL },
        { "scenario", "FILE", "Settings and faults of a run, as an INI file.", &arguments.scenario,
          NULL },
        { "fault", "FAULT", "A fault to bring about; may be given several times.", &arguments.fault,
          NULL },
        { "seed", "N", "Of all that is random (1).", &arguments.seed, NULL },
        { "speed", "N", "Seconds of orbit in one second, 0 to 3600 (1).", &arguments.speed, NULL },
        { "phase", "DEGREES", "Where in the orbit it begins, from noon (60).", &arguments.phase,
          NULL },
        { "start", "TIME", "Device time of the first samples (now).", &arguments.start, NULL },
        { "rate", "NAME=HZ,...", "Samples a second; 0 = silent (power=10,thermal=2,...).",
          &arguments.rate, NULL },
        { "for", "TIME", "Stop by itself after that long.", &arguments.run_for, NULL },
        { "sequence", "N", "Sequence count of the first packets (0).", &arguments.sequence, NULL },
        { "report", "FILE", "What was sent, as JSON, at the end (- = standard output).",
          &arguments.report, NULL },
    };
    const struct wf_command_line line = {
        .program = "wf-simulate",
        .summary = "a spacecraft in low orbit that sends telemetry, with faults on demand",
        .operands = "",
        .details = details,
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_common common;
    struct simulation sim = { 0 };
    struct wf_config *config = NULL;
    struct wf_err err = { 0 };
    int rc;

    wf_options_parse(&line, argc, argv, &common);
    sim.loop = uv_default_loop();
    rc = feed_setup_config(&common, arguments.to, &config, &err);
    if (rc == 0)
        rc = make_scenario(&common, config, &arguments, argc, argv, &sim.scenario, &err);
    if (rc == 0)
        rc = set_up(&sim, &common, &arguments, config, &err);
    if (rc == 0) {
        start_handles(&sim);
        wf_service_ready(feed_link_is_ready(sim.link) ? "starting" : "looking for its listener");
        rc = run(&sim, arguments.report, &err);
    }
    if (rc < 0)
        wf_log_error("%s", err.text);
    sim_engine_fini(&sim.engine);
    for (size_t i = 0; i < SIM_SUBSYSTEM_COUNT; i++)
        wf_schema_free(&sim.schemas[i]);
    wf_config_free(&config);
    (void)uv_loop_close(sim.loop);
    return rc < 0 ? 2 : EXIT_SUCCESS;
}
