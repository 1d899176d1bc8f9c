/* SPDX-License-Identifier: MIT */
/* wf-alert: one alarm monitor. See monitors/alert/README.md and alert.h. */

#include "alert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/log.h>
#include <watchfloor/service.h>

#include "plugin_talk.h"

#define EXIT_CANNOT 2
#define TICK_MS     50
#define SECOND_MS   1000
/* Staleness is shown in the rows of others this often. */
#define FROZEN_TICKS 4

static const char details[] =
    "Judges every sample of the regions it watches by their schemas' limits and rules, keeps the\n"
    "state of each alarm in its journal, <state>/alarms/NAME.db, and shows what is in there as "
    "the\n"
    "region wf.alarms. People talk to it with `wf alarms`, `wf ack`, `wf shelve`, `wf explain`.\n"
    "\n"
    "Several run side by side under different names: [alert NAME] in the configuration.\n"
    "HUP reads the configuration anew, all or nothing; TERM and INT store what is there and end.";

/* --- configuration ------------------------------------------------------------------------------ */

static const struct wf_config_alert *find_settings(const struct wf_config *config, const char *name)
{
    for (size_t i = 0; i < config->alert_count; i++)
        if (wf_name_is_equal(config->alerts[i].name, name))
            return &config->alerts[i];
    return NULL;
}

static int load_config(const struct alert *alert, struct wf_config **out,
                       const struct wf_config_alert **out_settings)
{
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };
    int rc = wf_config_load(alert->config_file, alert->paths, out, &problems, &err);

    wf_problems_print(&problems);
    if (rc < 0 && problems.count == 0)
        wf_log_error("%s", err.text);
    wf_problems_fini(&problems);
    if (rc < 0)
        return rc;
    *out_settings = find_settings(*out, alert->name);
    if (*out_settings != NULL)
        return 0;
    wf_log_error("%s: there is no section [alert %s]", (*out)->file, alert->name);
    wf_config_free(out);
    return WF_ERR_ABSENT;
}

static void set_log_level(const struct wf_config *config)
{
    enum wf_log_level level = WF_LOG_INFO;

    (void)wf_log_level_parse(config->log_level, &level);
    wf_log_set_level(level);
}

/* What is in force is changed only when all of it can be. */
static void reload(struct alert *alert)
{
    const struct wf_config_alert *settings = NULL, *before = alert->settings;
    struct wf_config *config = NULL, *old = alert->config;
    struct wf_err err = { 0 };
    bool is_watch_changed;

    if (load_config(alert, &config, &settings) < 0) {
        wf_log_error("reload: nothing was changed");
        return;
    }
    if (alert_deadman_open(alert, settings, &err) < 0) {
        wf_log_error("reload: %s; nothing was changed", err.text);
        wf_config_free(&config);
        return;
    }
    is_watch_changed = strcmp(settings->subsystems, before->subsystems) != 0;
    alert_plugins_scan(alert, config);
    if (!is_watch_changed && alert->is_open && alert_judge_rebuild(alert, settings, &err) < 0) {
        wf_log_error("reload: %s; nothing was changed", err.text);
        alert_plugins_scan(alert, old);
        (void)alert_deadman_open(alert, before, &err);
        wf_config_free(&config);
        return;
    }
    alert->config = config;
    alert->settings = settings;
    if (is_watch_changed && alert->is_open && alert_follow_reopen(alert, &err) < 0)
        wf_log_error("reload: %s; trying again", err.text);
    if (settings->sync_ns != before->sync_ns) {
        struct alert_job *job = alert_job_new(ALERT_JOB_SYNC);

        if (job != NULL) {
            job->sync_ns = settings->sync_ns;
            alert_commit_push(alert->commit, job);
        }
    }
    set_log_level(config);
    wf_config_free(&old);
    alert_note(alert, WF_JOURNAL_RELOADED, "", "", "", "configuration");
    alert_batch_flush(alert, false);
    wf_log_info("reload: %zu alarms of %zu subsystems", alert->alarm_count, alert->member_count);
}

/* --- the journal is open --------------------------------------------------------------------------- */

static void take_limits(struct alert *alert, const struct alert_restored *restored)
{
    for (size_t i = 0; i < restored->limit_count; i++) {
        const struct wf_journal_change *change = &restored->limits[i];
        struct alert_alarm *alarm = alert_book_get(&alert->book, change->alarm);

        if (alarm == NULL)
            continue;
        alarm->limits = strdup(change->json);
        (void)wf_copy_text(alarm->limits_user, sizeof(alarm->limits_user), change->user);
        alarm->limits_ns = change->utc_ns;
    }
}

static void take_journal(struct alert *alert)
{
    struct alert_restored *restored = alert_commit_restored(alert->commit);

    for (size_t i = 0; i < restored->alarm_count; i++) {
        struct alert_alarm *alarm = alert_book_get(&alert->book, restored->alarms[i].alarm);

        if (alarm != NULL)
            alert_book_restore(alarm, &restored->alarms[i]);
    }
    take_limits(alert, restored);
    alert_judge_restore_memories(alert, restored->memories, restored->memories_bytes);
    alert->positions = restored->positions;
    alert->positions_bytes = restored->positions_bytes;
    restored->positions = NULL;
    alert->last_seq = restored->last_seq;
}

static void note_start(struct alert *alert)
{
    struct alert_restored *restored = alert_commit_restored(alert->commit);
    char text[400];
    struct wf_strbuf out = WF_STRBUF_FIXED(text);

    wf_strbuf_addf(&out, "wf-alert %s: %zu alarms of %zu subsystems, %zu restored", WF_VERSION_TEXT,
                   alert->alarm_count, alert->member_count, restored->alarm_count);
    alert_note(alert, WF_JOURNAL_STARTED, "", "", "", text);
    if (restored->note[0] != '\0')
        alert_note(alert, WF_JOURNAL_TROUBLE, "", "", "", restored->note);
    wf_log_info("%s", text);
}

static void say_ready(struct alert *alert, const char *status)
{
    if (alert->is_ready)
        return;
    alert->is_ready = true;
    wf_service_ready(status);
}

void alert_start_judging(struct alert *alert)
{
    struct wf_err err = { 0 };
    int rc;

    take_journal(alert);
    alert->is_open = true;
    rc = alert_follow_open(alert, &err);
    if (rc == 0) {
        alert->is_changed = false;
        rc = alert_judge_rebuild(alert, alert->settings, &err);
    }
    if (rc < 0) {
        wf_log_error("%s; ending", err.text);
        alert->exit_status = EXIT_CANNOT;
        uv_stop(&alert->loop);
        return;
    }
    alert_tables_publish(alert);
    alert_tables_sweep(alert);
    note_start(alert);
    alert_restored_fini(alert_commit_restored(alert->commit));
    alert_follow_wake(alert);
    alert_batch_flush(alert, false);
    alert_health_publish(alert);
    say_ready(alert, "judging");
}

/* --- the loop --------------------------------------------------------------------------------------- */

static void stop(struct alert *alert)
{
    if (alert->is_stopping)
        return;
    wf_service_stopping();
    alert->is_stopping = true;
    uv_stop(&alert->loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
    if (number == SIGHUP)
        reload(handle->data);
    else
        stop(handle->data);
}

static void on_tick(uv_timer_t *handle)
{
    struct alert *alert = handle->data;

    if (alert->is_open) {
        alert_follow_wake(alert);
        alert_judge_tick(alert);
        alert_plugins_tick(alert);
        alert_blackbox_tick(alert, false);
        if (++alert->tick_count % FROZEN_TICKS == 0)
            alert_tables_frozen(alert);
        alert_tables_publish(alert);
        alert_batch_flush(alert, false);
    }
}

static void on_second(uv_timer_t *handle)
{
    struct alert *alert = handle->data;
    struct alert_commit_figures figures;

    wf_publisher_heartbeat(alert->publisher, wf_mono_now_ns());
    if (alert->is_open) {
        alert_follow_refresh(alert);
        alert_tables_retry(alert);
        alert_batch_flush(alert, true);
        alert_batch_forget(alert);
    }
    alert_health_publish(alert);
    alert_deadman_tick(alert);
    alert_commit_figures(alert->commit, &figures);
    if (!alert->is_ready && figures.is_failing)
        say_ready(alert, "cannot open the journal, trying again");
    wf_service_alive();
}

static int start_loop(struct alert *alert)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
    uv_loop_t *loop = &alert->loop;
    int rc = 0;

    if (uv_timer_init(loop, &alert->tick) < 0 || uv_timer_init(loop, &alert->second) < 0 ||
        uv_idle_init(loop, &alert->more) < 0)
        return -1;
    alert->tick.data = alert->second.data = alert->more.data = alert;
    rc = uv_timer_start(&alert->tick, on_tick, TICK_MS, TICK_MS);
    if (rc == 0)
        rc = uv_timer_start(&alert->second, on_second, SECOND_MS / 4, SECOND_MS);
    for (size_t i = 0; rc == 0 && i < WF_COUNT_OF(numbers); i++) {
        rc = uv_signal_init(loop, &alert->signals[i]);
        alert->signals[i].data = alert;
        if (rc == 0)
            rc = uv_signal_start(&alert->signals[i], on_signal, numbers[i]);
    }
    return rc;
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* --- from start to end ------------------------------------------------------------------------------- */

static int open_publisher(struct alert *alert, struct wf_err *err)
{
    char role[WF_NAME_SIZE];
    struct wf_publisher_options options = {
        .instance = alert->instance,
        .role = role,
        .state = alert->paths->state,
        .region_max = 8,
        .group = alert->config->group[0] != '\0' ? alert->config->group : NULL,
    };
    int rc = wf_make_folders(alert->paths->state, err);

    alert_region_name(alert, "alert", role);
    if (rc == 0)
        rc = wf_publisher_open(&options, &alert->publisher, err);
    if (rc == WF_ERR_BUSY)
        wf_err_prefix(err, "an alarm monitor '%s' of '%s' is running already", alert->name,
                      alert->instance);
    if (rc == 0)
        rc = alert_tables_open(alert, err);
    if (rc == 0)
        rc = alert_health_open(alert, err);
    return rc < 0 ? rc : wf_publisher_settle(alert->publisher, err);
}

static int open_commit(struct alert *alert, struct wf_err *err)
{
    static struct alert_commit_options options;
    int rc = wf_paths_in_state(alert->paths, "alarms", options.folder, sizeof(options.folder), err);

    (void)wf_copy_text(options.monitor, sizeof(options.monitor), alert->name);
    (void)wf_copy_text(options.instance, sizeof(options.instance), alert->instance);
    (void)wf_copy_text(options.group, sizeof(options.group), alert->config->group);
    options.sync_ns = alert->settings->sync_ns;
    return rc < 0 ? rc
                  : alert_commit_start(&alert->loop, &options, alert_batch_done, alert,
                                       &alert->commit, err);
}

static void finish(struct alert *alert)
{
    size_t left;

    if (alert->is_open) {
        (void)alert_follow_run(alert);
        alert_judge_tick(alert);
        alert_blackbox_tick(alert, true);
        alert_note(alert, WF_JOURNAL_STOPPED, "", "", "", "in order");
        alert_batch_finish(alert);
    }
    left = alert_commit_stop(&alert->commit, ALERT_STOP_PATIENCE_NS);
    if (left > 0 && alert->is_open)
        wf_log_error("%llu transitions could not be stored; they are judged again by the next start"
                     " as far as the rings reach",
                     (unsigned long long)alert->held);
    alert->has_ended = true;
    if (alert->health != NULL && alert->publisher != NULL)
        alert_health_publish(alert);
}

static void fini(struct alert *alert)
{
    (void)uv_timer_stop(&alert->tick);
    (void)uv_timer_stop(&alert->second);
    (void)uv_idle_stop(&alert->more);
    alert_control_close(alert);
    alert_plugins_close(alert);
    alert_follow_close(alert);
    alert_blackbox_close(alert);
    alert_deadman_close(alert);
    uv_walk(&alert->loop, close_handle, NULL);
    (void)uv_run(&alert->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&alert->loop);
    alert_judge_close(alert);
    alert_follow_fini(alert);
    alert_tables_close(alert);
    alert_health_close(alert);
    wf_publisher_close(&alert->publisher);
    alert_job_free(&alert->batch);
    alert_book_fini(&alert->book);
    free(alert->positions);
}

static int run(struct alert *alert)
{
    struct wf_err err = { 0 };
    int rc;

    if (uv_loop_init(&alert->loop) < 0) {
        wf_log_error("cannot start the event loop; not started");
        return EXIT_CANNOT;
    }
    rc = open_publisher(alert, &err);
    if (rc == 0)
        rc = alert_deadman_open(alert, alert->settings, &err);
    if (rc == 0)
        rc = alert_control_open(alert, &err);
    if (rc == 0 && start_loop(alert) < 0)
        rc = wf_fail(&err, WF_ERR_SYSTEM, "cannot start timers and signals");
    if (rc == 0) {
        alert_plugins_scan(alert, alert->config);
        rc = open_commit(alert, &err);
    }
    if (rc == 0) {
        (void)uv_run(&alert->loop, UV_RUN_DEFAULT);
        finish(alert);
    } else {
        wf_log_error("%s; not started", err.text);
        alert->exit_status = EXIT_CANNOT;
    }
    fini(alert);
    return alert->exit_status;
}

int main(int argc, char **argv)
{
    static struct alert alert;
    const char *name = "main";
    const struct wf_option options[] = {
        { "name", "NAME", "which monitor: [alert NAME] of the configuration (main)", &name, NULL },
    };
    const struct wf_command_line line = {
        .program = "wf-alert",
        .summary = "Judge telemetry, keep the state of every alarm.",
        .operands = "",
        .details = details,
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_common common;

    if (argc > 1 && strcmp(argv[1], ALERT_WORKER_ARGUMENT) == 0)
        return alert_worker_main(argc, argv);
    wf_options_parse(&line, argc, argv, &common);
    alert.config_file = common.config;
    alert.paths = &common.paths;
    (void)wf_copy_text(alert.name, sizeof(alert.name), name);
    (void)wf_copy_text(alert.instance, sizeof(alert.instance), common.paths.instance);
    if (load_config(&alert, &alert.config, &alert.settings) < 0) {
        wf_log_error("not started");
        return EXIT_CANNOT;
    }
    set_log_level(alert.config);
    alert.exit_status = run(&alert);
    wf_config_free(&alert.config);
    return alert.exit_status;
}
