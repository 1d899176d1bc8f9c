/* SPDX-License-Identifier: MIT */
/* wf-logger: every sample of every region into SQLite day files. See monitors/logger/README.md. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>
#include <watchfloor/problems.h>
#include <watchfloor/service.h>

#include "logger.h"

#define EXIT_CANNOT 2
#define TICK_MS     1000
/* A drain thread that has not looked for this long hangs: let the watchdog have us. */
#define DRAIN_DEAD_NS (30 * WF_NS_PER_S)

static const char details[] =
    "Records every sample of every region of the instance in <state>/history/raw/YYYY-MM-DD.db, "
    "one\n"
    "SQLite file per UTC day of receipt, with every gap and its cause. Any SQLite tool can ask:\n"
    "\n"
    "    sqlite3 2026-11-20.db 'select time, bus_voltage from power'\n"
    "\n"
    "Its own health is the subsystem wf.logger. When the disk is full, read-only or damaged,\n"
    "telemetry is not touched: samples wait in memory and in their rings, and what does not fit\n"
    "becomes a gap row. HUP reads [logger] and [record] anew; TERM and INT store what is\n"
    "there and end.";

struct program {
    struct log_logger logger;
    const char *config_file;
    const struct wf_paths *paths;
    uv_timer_t tick;
    uv_signal_t signals[3];
    bool is_ready;
};

static int load_config(const struct program *program, struct wf_config **out)
{
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };
    int rc = wf_config_load(program->config_file, program->paths, out, &problems, &err);

    wf_problems_print(&problems);
    if (rc < 0 && problems.count == 0)
        wf_log_error("%s", err.text);
    wf_problems_fini(&problems);
    return rc;
}

static int take_config(struct log_logger *logger, const struct wf_config *config)
{
    enum wf_log_level level = WF_LOG_INFO;
    char *patterns = strdup(config->log_subsystems);
    struct log_rules *rules = log_rules_create(config);

    if (patterns == NULL || rules == NULL) {
        free(patterns);
        log_rules_destroy(&rules);
        return WF_ERR_NOMEM;
    }
    (void)wf_log_level_parse(config->log_level, &level);
    wf_log_set_level(level);
    atomic_store(&logger->sync_ns, config->sync_ns);
    atomic_store(&logger->batch_rows, config->batch_rows);
    uv_mutex_lock(&logger->queue.lock);
    logger->queue.bytes_max = config->queue_bytes;
    uv_mutex_unlock(&logger->queue.lock);
    uv_mutex_lock(&logger->pattern_lock);
    if (logger->patterns == NULL || strcmp(logger->patterns, patterns) != 0)
        atomic_fetch_add(&logger->pattern_version, 1);
    free(logger->patterns);
    logger->patterns = patterns;
    log_rules_destroy(&logger->rules);
    logger->rules = rules;
    logger->retention = (struct wf_store_retention){
        .keep_ns = { config->raw_keep_ns, config->minute_keep_ns, config->hour_keep_ns },
        .bytes_max = { config->raw_max, config->minute_max, config->hour_max },
    };
    logger->log_cap = config->log_cap;
    atomic_fetch_add(&logger->rules_version, 1);
    uv_mutex_unlock(&logger->pattern_lock);
    return 0;
}

static void reload(struct program *program)
{
    struct wf_config *config = NULL;

    if (load_config(program, &config) < 0) {
        wf_log_error("reload: nothing was changed");
        return;
    }
    if (take_config(&program->logger, config) == 0)
        wf_log_info("reload: what [logger] and [record] say holds now");
    wf_config_free(&config);
}

/* --- the loop --------------------------------------------------------------------------- */

static void stop(struct program *program)
{
    struct log_logger *logger = &program->logger;

    if (atomic_load(&logger->is_stopping))
        return;
    wf_service_stopping();
    /* Before the last look at the regions, so that it is stored. */
    logger->is_ending = true;
    log_health_publish(logger);
    atomic_store(&logger->is_stopping, true);
    uv_mutex_lock(&logger->queue.lock);
    uv_cond_signal(&logger->queue.wake);
    uv_mutex_unlock(&logger->queue.lock);
    uv_stop(&logger->loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct program *program = handle->data;

    if (number == SIGHUP)
        reload(program);
    else
        stop(program);
}

static void say_ready(struct program *program)
{
    bool is_fine = atomic_load(&program->logger.is_recovered);

    if (program->is_ready || !atomic_load(&program->logger.has_tried))
        return;
    program->is_ready = true;
    wf_service_ready(is_fine ? "writing" : "cannot write history");
    wf_log_info("logging '%s' to %s", program->logger.instance, program->logger.folder);
}

static void on_tick(uv_timer_t *handle)
{
    struct program *program = handle->data;
    struct log_logger *logger = &program->logger;
    int64_t now_ns = wf_mono_now_ns();

    say_ready(program);
    wf_publisher_heartbeat(logger->publisher, now_ns);
    log_health_publish(logger);
    if (now_ns - atomic_load(&logger->drain_alive_ns) < DRAIN_DEAD_NS)
        wf_service_alive();
}

static void on_early_tick(uv_timer_t *handle)
{
    struct program *program = handle->data;

    say_ready(program);
    if (program->is_ready)
        (void)uv_timer_start(handle, on_tick, 0, TICK_MS);
}

static int start_loop(struct program *program)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
    uv_loop_t *loop = &program->logger.loop;
    int rc = uv_loop_init(loop);

    if (rc < 0)
        return rc;
    rc = uv_timer_init(loop, &program->tick);
    program->tick.data = program;
    /* Often until we are ready, then once a second. */
    if (rc == 0)
        rc = uv_timer_start(&program->tick, on_early_tick, 5, 5);
    for (size_t i = 0; rc == 0 && i < WF_COUNT_OF(numbers); i++) {
        rc = uv_signal_init(loop, &program->signals[i]);
        program->signals[i].data = program;
        if (rc == 0)
            rc = uv_signal_start(&program->signals[i], on_signal, numbers[i]);
    }
    return rc;
}

static void close_loop(struct program *program)
{
    uv_close((uv_handle_t *)&program->tick, NULL);
    for (size_t i = 0; i < WF_COUNT_OF(program->signals); i++)
        uv_close((uv_handle_t *)&program->signals[i], NULL);
    (void)uv_run(&program->logger.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&program->logger.loop);
}

/* --- from start to end ----------------------------------------------------------------------- */

static int open_publisher(struct program *program, const struct wf_config *config,
                          struct wf_err *err)
{
    struct wf_publisher_options options = {
        .instance = program->logger.instance,
        .role = "logger",
        .state = program->paths->state,
        .region_max = 8,
        .group = config->group[0] != '\0' ? config->group : NULL,
    };
    int rc = wf_make_folders(program->paths->state, err);

    if (rc == 0)
        rc = wf_publisher_open(&options, &program->logger.publisher, err);
    if (rc == WF_ERR_BUSY)
        wf_err_prefix(err, "a logger of '%s' is running already", program->logger.instance);
    if (rc == 0)
        rc = log_health_open(&program->logger, err);
    return rc;
}

static int start_threads(struct log_logger *logger, struct wf_err *err)
{
    if (uv_thread_create(&logger->write_thread, log_write_thread, logger) != 0)
        return wf_fail(err, WF_ERR_NOMEM, "cannot start a thread");
    logger->has_write_thread = true;
    if (uv_thread_create(&logger->drain_thread, log_drain_thread, logger) != 0)
        return wf_fail(err, WF_ERR_NOMEM, "cannot start a thread");
    logger->has_drain_thread = true;
    return 0;
}

static void join_threads(struct log_logger *logger)
{
    atomic_store(&logger->is_stopping, true);
    if (logger->has_drain_thread) {
        (void)uv_thread_join(&logger->drain_thread);
    } else {
        uv_mutex_lock(&logger->queue.lock);
        logger->queue.is_ended = true;
        uv_mutex_unlock(&logger->queue.lock);
    }
    if (logger->has_write_thread)
        (void)uv_thread_join(&logger->write_thread);
}

static int init_locks(struct log_logger *logger, const struct wf_config *config)
{
    struct wf_err err = { 0 };

    if (log_queue_init(&logger->queue, config->queue_bytes, &err) < 0)
        return WF_ERR_NOMEM;
    return uv_mutex_init(&logger->pattern_lock) == 0 && uv_mutex_init(&logger->figures_lock) == 0
               ? 0
               : WF_ERR_NOMEM;
}

static void fini(struct program *program)
{
    struct log_logger *logger = &program->logger;

    wf_watch_close(&logger->watch);
    while (logger->lines != NULL) {
        struct log_line *line = logger->lines;

        logger->lines = line->next;
        log_line_free(line);
    }
    log_health_close(logger);
    wf_publisher_close(&logger->publisher);
    log_queue_fini(&logger->queue);
    uv_mutex_destroy(&logger->pattern_lock);
    uv_mutex_destroy(&logger->figures_lock);
    free(logger->patterns);
    log_rules_destroy(&logger->rules);
    free(logger->positions);
    free(logger->group);
}

static int run(struct program *program, const struct wf_config *config)
{
    struct log_logger *logger = &program->logger;
    struct wf_err err = { 0 };
    int rc;

    (void)wf_copy_text(logger->instance, sizeof(logger->instance), program->paths->instance);
    logger->group = strdup(config->group);
    rc = wf_paths_in_state(program->paths, "history", logger->folder, sizeof(logger->folder), &err);
    if (rc == 0 && (logger->group == NULL || init_locks(logger, config) < 0 ||
                    take_config(logger, config) < 0)) {
        wf_log_error("out of memory; not started");
        return EXIT_CANNOT;
    }
    if (rc == 0)
        rc = open_publisher(program, config, &err);
    if (rc == 0 && start_loop(program) < 0)
        rc = wf_fail(&err, WF_ERR_SYSTEM, "cannot start the event loop");
    if (rc < 0) {
        wf_log_error("%s; not started", err.text);
        wf_service_status(err.text); /* wf up shows it */
        fini(program);
        return EXIT_CANNOT;
    }
    rc = start_threads(logger, &err);
    if (rc == 0)
        (void)uv_run(&logger->loop, UV_RUN_DEFAULT);
    else
        wf_log_error("%s; not started", err.text);
    join_threads(logger);
    /*
     * Behind the last commit, so that the figures that stay in the region balance. The sample
     * itself waits there for the next logger.
     */
    logger->has_ended = true;
    log_health_publish(logger);
    close_loop(program);
    fini(program);
    return rc == 0 ? EXIT_SUCCESS : EXIT_CANNOT;
}

int main(int argc, char **argv)
{
    static struct program program;
    const struct wf_command_line line = {
        .program = "wf-logger",
        .summary = "Record everything in SQLite day files.",
        .operands = "",
        .details = details,
    };
    struct wf_common common;
    struct wf_config *config = NULL;
    int status;

    wf_options_parse(&line, argc, argv, &common);
    program.config_file = common.config;
    program.paths = &common.paths;
    if (load_config(&program, &config) < 0) {
        wf_log_error("not started");
        return EXIT_CANNOT;
    }
    status = run(&program, config);
    wf_config_free(&config);
    return status;
}
