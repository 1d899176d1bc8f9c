/* SPDX-License-Identifier: MIT */
/* wf-notify: tells people of alarms. See monitors/notify/README.md. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>
#include <watchfloor/options.h>
#include <watchfloor/problems.h>
#include <watchfloor/service.h>

#include "bell.h"
#include "client.h"
#include "notify.h"

#define EXIT_CANNOT 2
#define TICK_MS     1000
/* What is on its way gets so long when we stop; then it is told again by the next life. */
#define STOP_NS (5 * WF_NS_PER_S)
/* Longest sleep: a step of the clock on the wall must not be missed for long. */
#define NAP_MAX_NS (10 * WF_NS_PER_S)

static const char details[] =
    "Follows the journals of the alarm monitors and tells people by the routes of the\n"
    "configuration: [route NAME], [escalation NAME]. Nobody is told of a transition that is not\n"
    "in the journal. Each plugin runs in a process of its own; one that hangs, crashes or floods\n"
    "is ended and reported, and delays no other.\n"
    "\n"
    "test ROUTE  sends a test by that route and waits for what becomes of it\n"
    "routes      how each route does; status 1 when one fails\n"
    "log         what became of every message\n"
    "nothing     is the notifier itself, as `wf up` starts it. HUP reads the configuration anew,\n"
    "            all or nothing; TERM and INT stop in order.";

struct ntf_now ntf_now(const struct ntf_program *program)
{
    return (struct ntf_now){ .now_ns = wf_mono_now_ns() + program->steady_ns,
                             .utc_ns = wf_utc_now_ns() };
}

/* --- configuration -------------------------------------------------------------------------- */

static int load_config(const struct ntf_program *program, struct wf_config **out_config,
                       struct ntf_rules **out_rules)
{
    struct wf_problems problems = { 0 };
    struct wf_config *config = NULL;
    struct wf_err err = { 0 };
    int rc = wf_config_load(program->config_file, program->paths, &config, &problems, &err);

    if (rc == 0)
        rc = ntf_rules_compile(config, out_rules, &problems, &err);
    wf_problems_print(&problems);
    if (rc < 0 && problems.count == 0)
        wf_log_error("%s", err.text);
    wf_problems_fini(&problems);
    if (rc < 0)
        wf_config_free(&config);
    else
        *out_config = config;
    return rc;
}

static void take_level(const struct wf_config *config)
{
    enum wf_log_level level = WF_LOG_INFO;

    (void)wf_log_level_parse(config->log_level, &level);
    wf_log_set_level(level);
}

/* Titles and guidance; without them people are told less, but told. */
static void load_catalogue(struct ntf_program *program)
{
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };

    wf_catalogue_free(&program->catalogue);
    if (wf_catalogue_load(program->config, program->paths, &program->catalogue, &problems, &err) <
        0)
        wf_log_warning("%s; messages go without titles and guidance", err.text);
    wf_problems_fini(&problems);
}

/* --- the plan's host --------------------------------------------------------------------------- */

static void tell(void *context, size_t route, struct ntf_message *message)
{
    struct ntf_program *program = context;
    struct ntf_now now = ntf_now(program);

    program->is_dirty = true;
    ntf_line_add(program->ways[route].line, message, now.now_ns, now.utc_ns);
}

static void take_words(struct ntf_facts *facts, const char *title, const char *guidance)
{
    ntf_copy_clean(facts->title, sizeof(facts->title), title, false);
    ntf_copy_clean(facts->guidance, sizeof(facts->guidance), guidance, false);
}

static void describe(void *context, struct ntf_facts *facts)
{
    const struct ntf_program *program = context;
    struct ntf_name name;

    if (program->catalogue == NULL)
        return;
    ntf_name_split(facts->alarm, &name);
    for (size_t i = 0; i < program->catalogue->entry_count; i++) {
        const struct wf_catalogue_entry *entry = &program->catalogue->entries[i];
        int index;

        if (!wf_name_is_equal(entry->source, name.source) ||
            !wf_name_is_equal(entry->schema->name, name.subsystem))
            continue;
        index = wf_schema_find(entry->schema, name.parameter);
        if (index >= 0)
            take_words(facts, entry->schema->parameters[index].title,
                       entry->schema->parameters[index].guidance);
        for (size_t k = 0; index < 0 && k < entry->schema->condition_count; k++)
            if (wf_name_is_equal(entry->schema->conditions[k].name, name.parameter))
                take_words(facts, entry->schema->conditions[k].title,
                           entry->schema->conditions[k].guidance);
        return;
    }
}

/* --- the one thing that happens ------------------------------------------------------------------ */

static void finish(struct ntf_program *program)
{
    uv_stop(&program->loop);
}

static int make_plan(struct ntf_program *program, struct wf_err *err)
{
    const struct ntf_plan_host host = { program, tell, describe };
    int rc;

    program->plan = ntf_plan_create(program->rules, &host);
    program->is_restored = false;
    rc = program->plan != NULL ? ntf_ways_make(program, err)
                               : wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (rc == 0)
        ntf_health_sweep(program);
    return rc;
}

/*
 * Without knowing what was told already nobody is told: everything that stands would come again and
 * again. A disk that cannot be read now is asked each second, and the region says that we fail.
 */
static void restore(struct ntf_program *program)
{
    struct wf_err err = { 0 };
    int rc = 0;

    if (program->is_restored)
        return;
    if (program->outbox == NULL)
        rc = ntf_keep_open(program, &err);
    if (rc == 0)
        rc = ntf_keep_restore(program, &err);
    if (rc == 0) {
        program->is_restored = true;
        if (program->has_complained)
            wf_log_info("the outbox is read; telling people");
        return;
    }
    if (!program->has_complained)
        wf_log_error("cannot open the outbox: %s; nobody is told until it can be; trying again",
                     err.text);
    program->has_complained = true;
}

/* A reload: everything as a new life would have it, once nothing is on its way. */
static void change_rules(struct ntf_program *program)
{
    struct wf_err err = { 0 };

    if (program->next_rules == NULL || ntf_ways_are_busy(program))
        return;
    program->is_dirty = true;
    ntf_keep_commit(program);
    if (!program->is_keeping || program->is_dirty) {
        wf_log_error("reload: the outbox cannot be written; nothing was changed");
        ntf_rules_free(&program->next_rules);
        wf_config_free(&program->next_config);
        return;
    }
    ntf_ways_destroy(program);
    ntf_plan_destroy(&program->plan);
    ntf_rules_free(&program->rules);
    wf_config_free(&program->config);
    program->rules = program->next_rules;
    program->config = program->next_config;
    program->next_rules = NULL;
    program->next_config = NULL;
    take_level(program->config);
    load_catalogue(program);
    if (make_plan(program, &err) < 0 || (restore(program), !program->is_restored)) {
        wf_log_error("reload: %s; stopping, to be started again", err.text);
        program->is_stopping = true;
        return;
    }
    wf_log_info("reload: %zu routes are as configured now", program->way_count);
}

static void on_timer(uv_timer_t *timer)
{
    ntf_pump(timer->data);
}

static void set_timer(struct ntf_program *program, bool has_more)
{
    struct ntf_now now = ntf_now(program);
    int64_t due_ns = ntf_plan_due(program->plan);
    int64_t way_ns = ntf_ways_due(program);
    int64_t left_ns;

    if (way_ns < due_ns)
        due_ns = way_ns;
    left_ns = has_more || due_ns <= now.now_ns    ? 0
              : due_ns >= now.now_ns + NAP_MAX_NS ? NAP_MAX_NS
                                                  : due_ns - now.now_ns;
    (void)uv_timer_start(&program->timer, on_timer,
                         (uint64_t)((left_ns + WF_NS_PER_MS - 1) / WF_NS_PER_MS), 0);
}

void ntf_pump(struct ntf_program *program)
{
    struct ntf_now now = ntf_now(program);
    bool has_more = false;

    if (program->is_pumping)
        return; /* what brought us here is seen through below */
    program->is_pumping = true;
    change_rules(program);
    if (!program->is_stopping && program->is_restored) {
        has_more = ntf_follow_read(program);
        ntf_plan_tick(program->plan, &now);
    }
    if (program->is_restored)
        ntf_keep_commit(program);
    ntf_ways_deliver(program);
    if (program->is_stopping && !ntf_ways_are_busy(program))
        finish(program);
    set_timer(program, has_more && !program->is_stopping);
    program->is_pumping = false;
}

/* --- the loop ---------------------------------------------------------------------------------- */

static void on_rang(void *context)
{
    struct ntf_program *program = context;

    ntf_pump(program);
    mon_bell_listen(program->bell);
}

static void stop(struct ntf_program *program)
{
    if (program->is_stopping)
        return;
    wf_service_stopping();
    program->is_stopping = true;
    program->stop_ns = ntf_now(program).now_ns + STOP_NS;
    ntf_pump(program);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct ntf_program *program = handle->data;

    if (number != SIGHUP) {
        stop(program);
        return;
    }
    ntf_rules_free(&program->next_rules);
    wf_config_free(&program->next_config);
    if (load_config(program, &program->next_config, &program->next_rules) < 0) {
        wf_log_error("reload: nothing was changed");
        return;
    }
    ntf_pump(program);
}

static void on_tick(uv_timer_t *handle)
{
    struct ntf_program *program = handle->data;
    struct wf_err err = { 0 };

    if (program->is_stopping && ntf_now(program).now_ns >= program->stop_ns) {
        finish(program);
        return;
    }
    (void)wf_watch_refresh(program->watch, &err);
    restore(program);
    if (program->is_restored)
        ntf_follow_refresh(program);
    ntf_keep_forget(program);
    ntf_pump(program);
    wf_publisher_heartbeat(program->publisher, wf_mono_now_ns());
    ntf_health_publish(program, false);
    wf_service_alive();
}

static int start_loop(struct ntf_program *program)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
    int rc = uv_timer_init(&program->loop, &program->timer);

    program->timer.data = program->tick.data = program;
    if (rc == 0)
        rc = uv_timer_init(&program->loop, &program->tick);
    if (rc == 0)
        rc = uv_timer_start(&program->tick, on_tick, TICK_MS, TICK_MS);
    for (size_t i = 0; rc == 0 && i < WF_COUNT_OF(numbers); i++) {
        rc = uv_signal_init(&program->loop, &program->signals[i]);
        program->signals[i].data = program;
        if (rc == 0)
            rc = uv_signal_start(&program->signals[i], on_signal, numbers[i]);
    }
    return rc;
}

static void close_handle(uv_handle_t *handle, void *context)
{
    struct ntf_program *program = context;

    /* Others belong to parts that close them themselves. */
    if (handle == (uv_handle_t *)&program->timer || handle == (uv_handle_t *)&program->tick ||
        handle->type == UV_SIGNAL)
        if (handle->data == program && !uv_is_closing(handle))
            uv_close(handle, NULL);
}

/* --- from start to end --------------------------------------------------------------------------- */

static int open_regions(struct ntf_program *program, struct wf_err *err)
{
    static const char *const patterns[] = { "wf.alarms*", "wf.replay" };
    const struct wf_publisher_options options = {
        .instance = program->paths->instance,
        .role = "notify",
        .state = program->paths->state,
        .region_max = 8,
        .group = program->config->group[0] != '\0' ? program->config->group : NULL,
    };
    const struct wf_watch_options watch = {
        .instance = program->paths->instance,
        .patterns = patterns,
        .pattern_count = WF_COUNT_OF(patterns),
    };
    int rc = wf_make_folders(program->paths->state, err);

    if (rc == 0)
        rc = wf_publisher_open(&options, &program->publisher, err);
    if (rc == WF_ERR_BUSY)
        wf_err_prefix(err, "a notifier of '%s' is running already", program->paths->instance);
    if (rc == 0)
        rc = ntf_health_open(program, err);
    if (rc == 0)
        rc = wf_watch_open(&watch, &program->watch, err);
    if (rc == 0)
        rc = mon_bell_start(&program->loop, program->watch, on_rang, program, &program->bell, err);
    return rc;
}

static int open_all(struct ntf_program *program, struct wf_err *err)
{
    int rc =
        wf_paths_in_state(program->paths, "notify", program->folder, sizeof(program->folder), err);

    if (rc == 0)
        rc = wf_paths_in_state(program->paths, "alarms", program->journals,
                               sizeof(program->journals), err);
    if (rc == 0)
        rc = open_regions(program, err);
    if (rc == 0)
        load_catalogue(program);
    if (rc == 0)
        rc = make_plan(program, err);
    if (rc == 0)
        restore(program);
    if (rc == 0)
        rc = ntf_follow_open(program, err);
    if (rc == 0)
        rc = ntf_ask_open(program, err);
    if (rc == 0 && start_loop(program) < 0)
        rc = wf_fail(err, WF_ERR_SYSTEM, "cannot start the event loop");
    return rc;
}

static void close_all(struct ntf_program *program)
{
    ntf_ask_close(program);
    mon_bell_stop(&program->bell);
    if (program->is_restored && program->plan != NULL && program->follow != NULL)
        ntf_keep_commit(program);
    if (program->health != NULL && program->plan != NULL && program->follow != NULL)
        ntf_health_publish(program, true);
    ntf_ways_destroy(program);
    ntf_plan_destroy(&program->plan);
    ntf_follow_close(program);
    ntf_keep_close(program);
    uv_walk(&program->loop, close_handle, program);
    (void)uv_run(&program->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&program->loop);
    wf_watch_close(&program->watch);
    ntf_health_close(program);
    wf_publisher_close(&program->publisher);
    wf_catalogue_free(&program->catalogue);
    ntf_rules_free(&program->next_rules);
    wf_config_free(&program->next_config);
    ntf_rules_free(&program->rules);
    wf_config_free(&program->config);
}

static int run(struct ntf_program *program)
{
    struct wf_err err = { 0 };
    int rc;

    if (uv_loop_init(&program->loop) < 0) {
        wf_log_error("cannot make an event loop; not started");
        return EXIT_CANNOT;
    }
    program->steady_ns = wf_utc_now_ns() - wf_mono_now_ns();
    rc = open_all(program, &err);
    if (rc < 0) {
        wf_log_error("%s; not started", err.text);
        close_all(program);
        return EXIT_CANNOT;
    }
    wf_log_info("telling people by %zu route%s of '%s'", program->way_count,
                program->way_count == 1 ? "" : "s", program->paths->instance);
    ntf_pump(program);
    ntf_health_publish(program, false);
    mon_bell_listen(program->bell);
    wf_service_ready("following the journals");
    (void)uv_run(&program->loop, UV_RUN_DEFAULT);
    close_all(program);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static struct ntf_program program;
    bool is_check = false;
    struct wf_common common;
    struct ntf_client client = { .common = &common };
    const struct wf_option options[] = {
        { "check", NULL, "Only look at the configuration, and open every plugin; tell nobody.",
          NULL, &is_check },
        { "json", NULL, "routes, log: as JSON, for programs.", NULL, &client.is_json },
        { "route", "NAME", "log: only this route.", &client.route, NULL },
        { "alarm", "GLOB", "log: only alarms of such names.", &client.alarm, NULL },
        { "failed", NULL, "log: only what was given up.", NULL, &client.is_failed },
        { "waiting", NULL, "log: only what waits.", NULL, &client.is_waiting },
        { "since", "T", "log: from then on, as now-1h, today, an ISO 8601 time.", &client.since,
          NULL },
        { "limit", "N", "log: the newest N; 50 unless --since is given.", &client.limit, NULL },
    };
    const struct wf_command_line line = {
        .program = "wf-notify",
        .summary = "Tell people of alarms.",
        .operands = "[test ROUTE | routes | log]",
        .details = details,
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };

    if (argc > 1 && strcmp(argv[1], NTF_WORKER_WORD) == 0)
        return ntf_worker_main(argc, argv);
    wf_options_parse(&line, argc, argv, &common);
    if (common.operand_count > 0)
        return ntf_client_run(&client);
    program.config_file = common.config;
    program.paths = &common.paths;
    if (load_config(&program, &program.config, &program.rules) < 0) {
        wf_log_error("%s", is_check ? "nothing is started so" : "not started");
        return EXIT_CANNOT;
    }
    take_level(program.config);
    if (is_check) {
        int status = ntf_check(program.paths, program.config);

        ntf_rules_free(&program.rules);
        wf_config_free(&program.config);
        return status;
    }
    return run(&program);
}
