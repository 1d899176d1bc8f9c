/* SPDX-License-Identifier: MIT */
/* wf-recorder: every packet as it was received, into day files. See monitors/recorder/README.md. */

#include <signal.h>
#include <stdlib.h>

#include <watchfloor/config.h>
#include <watchfloor/log.h>
#include <watchfloor/options.h>
#include <watchfloor/problems.h>
#include <watchfloor/service.h>

#include "recorder.h"

#define EXIT_CANNOT 2
#define TICK_MS     1000

struct program {
    struct rec_recorder recorder;
    struct wf_common common;
    struct wf_publisher *publisher;
    struct rec_health *health;
    uv_loop_t loop;
    uv_timer_t tick;
    uv_signal_t signals[3];
};

static int load_config(const struct program *program, struct wf_config **out)
{
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };
    int rc = wf_config_load(program->common.config, &program->common.paths, out, &problems, &err);

    wf_problems_print(&problems);
    if (rc < 0 && problems.count == 0)
        wf_log_error("%s", err.text);
    wf_problems_fini(&problems);
    return rc;
}

static void take_config(struct rec_recorder *recorder, const struct wf_config *config)
{
    enum wf_log_level level = WF_LOG_INFO;

    (void)wf_log_level_parse(config->log_level, &level);
    wf_log_set_level(level);
    atomic_store(&recorder->sync_ns, config->recorder_sync_ns);
    atomic_store(&recorder->keep_ns, config->recorder_keep_ns);
    atomic_store(&recorder->bytes_max, config->recorder_max);
    atomic_store(&recorder->log_cap, config->recorder_log_cap);
    uv_mutex_lock(&recorder->queue.lock);
    recorder->queue.bytes_max = config->recorder_queue;
    uv_mutex_unlock(&recorder->queue.lock);
}

static void reload(struct program *program)
{
    struct wf_config *config = NULL;

    if (load_config(program, &config) < 0) {
        wf_log_error("reload: nothing was changed");
        return;
    }
    take_config(&program->recorder, config);
    wf_log_info("reload: sync, keep, max and queue are as configured now");
    wf_config_free(&config);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct program *program = handle->data;

    if (number == SIGHUP) {
        reload(program);
        return;
    }
    wf_service_stopping();
    atomic_store(&program->recorder.is_stopping, true);
    uv_stop(&program->loop);
}

static void on_tick(uv_timer_t *timer)
{
    struct program *program = timer->data;

    rec_health_publish(program->health);
    wf_service_alive();
}

/* --- from start to end --------------------------------------------------------------------- */

static int open_parts(struct program *program, const struct wf_config *config, struct wf_err *err)
{
    struct rec_recorder *recorder = &program->recorder;
    struct wf_publisher_options options = {
        .instance = program->common.paths.instance,
        .role = "recorder",
        .state = program->common.paths.state,
        .region_max = 8,
        .group = config->group[0] != '\0' ? config->group : NULL,
    };
    int rc;

    (void)wf_copy_text(recorder->instance, sizeof(recorder->instance), options.instance);
    (void)wf_copy_text(recorder->group, sizeof(recorder->group), config->group);
    rc = wf_paths_in_state(&program->common.paths, "history", recorder->folder,
                           sizeof(recorder->folder), err);
    if (rc == 0)
        rc = rec_queue_init(&recorder->queue, config->recorder_queue, err);
    if (rc < 0)
        return rc;
    take_config(recorder, config);
    rc = wf_make_folders(options.state, err);
    if (rc == 0)
        rc = wf_publisher_open(&options, &program->publisher, err);
    if (rc == WF_ERR_BUSY)
        wf_err_prefix(err, "a recorder of '%s' is running already", recorder->instance);
    if (rc == 0)
        rc = rec_health_open(recorder, program->publisher, &program->health, err);
    return rc;
}

static int start_loop(struct program *program, struct wf_err *err)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
    int rc = uv_loop_init(&program->loop);

    if (rc < 0)
        return wf_fail(err, WF_ERR_SYSTEM, "event loop: %s", uv_strerror(rc));
    (void)uv_timer_init(&program->loop, &program->tick);
    program->tick.data = program;
    (void)uv_timer_start(&program->tick, on_tick, 0, TICK_MS);
    for (size_t i = 0; i < WF_COUNT_OF(numbers); i++) {
        (void)uv_signal_init(&program->loop, &program->signals[i]);
        program->signals[i].data = program;
        (void)uv_signal_start(&program->signals[i], on_signal, numbers[i]);
    }
    return WF_OK;
}

static void close_loop(struct program *program)
{
    uv_close((uv_handle_t *)&program->tick, NULL);
    for (size_t i = 0; i < WF_COUNT_OF(program->signals); i++)
        uv_close((uv_handle_t *)&program->signals[i], NULL);
    (void)uv_run(&program->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&program->loop);
}

static int record(struct program *program, struct wf_err *err)
{
    struct rec_recorder *recorder = &program->recorder;

    if (uv_thread_create(&recorder->write, rec_write, recorder) != 0)
        return wf_fail(err, WF_ERR_NOMEM, "cannot start a thread");
    if (uv_thread_create(&recorder->drain, rec_drain, recorder) != 0) {
        atomic_store(&recorder->is_stopping, true);
        rec_queue_end(&recorder->queue);
        (void)uv_thread_join(&recorder->write);
        return wf_fail(err, WF_ERR_NOMEM, "cannot start a thread");
    }
    wf_service_ready("recording packets");
    wf_log_info("recording packets of '%s' in %s/packets", recorder->instance, recorder->folder);
    (void)uv_run(&program->loop, UV_RUN_DEFAULT);
    (void)uv_thread_join(&recorder->drain);
    (void)uv_thread_join(&recorder->write);
    atomic_store(&recorder->state, REC_STOPPED);
    rec_health_publish(program->health);
    return WF_OK;
}

static int run(struct program *program, const struct wf_config *config)
{
    struct wf_err err = { 0 };
    int rc = open_parts(program, config, &err);

    if (rc == 0)
        rc = start_loop(program, &err);
    if (rc == 0) {
        rc = record(program, &err);
        close_loop(program);
    }
    rec_health_close(&program->health);
    wf_publisher_close(&program->publisher);
    rec_queue_fini(&program->recorder.queue);
    if (rc < 0) {
        wf_log_error("%s; not started", err.text);
        wf_service_status(err.text);
    }
    return rc < 0 ? EXIT_CANNOT : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static struct program program;
    const struct wf_command_line line = {
        .program = "wf-recorder",
        .summary = "Keep every packet as it was received, in SQLite day files.",
        .operands = "",
        .details =
            "Follows the ring of packets that the receiver fills when its `packet_ring` is not 0, "
            "into\n<state>/history/packets/YYYY-MM-DD.db. `wf packets` shows them; any SQLite "
            "tool can:\n\n"
            "    sqlite3 2026-11-20.db \"select received, outcome, header from rejected\"\n",
    };
    struct wf_config *config = NULL;
    int status;

    wf_options_parse(&line, argc, argv, &program.common);
    if (load_config(&program, &config) < 0) {
        wf_log_error("not started");
        return EXIT_CANNOT;
    }
    if (config->packet_ring == 0)
        wf_log_warning("the receiver keeps no packets: set packet_ring in [receiver]");
    status = run(&program, config);
    wf_config_free(&config);
    return status;
}
