/* SPDX-License-Identifier: MIT */
/*
 * `wf-notify --check`: everything that a start would load, each plugin in its worker, opened with its
 * settings; nobody is told anything. Problems have file and line.
 */

#include "notify.h"

#include <stdio.h>
#include <stdlib.h>

#include <watchfloor/problems.h>

#define STATUS_WRONG 2

struct checking {
    bool is_answered, is_good;
    char why[NTF_WHY_SIZE];
};

static void on_result(void *context, enum ntf_result result, const char *why)
{
    struct checking *checking = context;

    checking->is_answered = true;
    checking->is_good = result == NTF_OK;
    (void)wf_copy_text(checking->why, sizeof(checking->why), why);
}

static void on_free(void *context)
{
    (void)context;
}

static void open_in_worker(const char *module, json_t *setup, struct checking *checking)
{
    const struct ntf_worker_host host = { checking, on_result, on_free };
    const struct ntf_worker_options options = {
        .module = module,
        .setup = setup,
        .deadline_ns = WF_NS_PER_S,
    };
    struct ntf_worker *worker = NULL;
    uv_loop_t loop;

    (void)wf_copy_text(checking->why, sizeof(checking->why), "cannot be checked: out of memory");
    if (uv_loop_init(&loop) < 0)
        return;
    worker = ntf_worker_create(&loop, &options, &host);
    if (worker != NULL && ntf_worker_deliver(worker, NULL))
        while (!checking->is_answered && uv_run(&loop, UV_RUN_ONCE) != 0)
            continue;
    ntf_worker_destroy(&worker);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&loop);
}

static void check_route(const struct wf_paths *paths, const struct wf_config *config,
                        const struct wf_config_route *route, const char *folder,
                        struct wf_problems *problems)
{
    struct checking checking = { 0 };
    struct wf_err err = { 0 };
    char module[WF_PATH_SIZE];
    json_t *setup;

    if (ntf_module_find(config->plugins, route->plugin, module, &err) < 0) {
        wf_problems_add(problems, config->file, wf_config_line(config, route->line, "plugin"),
                        "plugin: %s", err.text);
        return;
    }
    setup = ntf_setup_make(route, paths->instance, folder, &err);
    if (setup != NULL)
        open_in_worker(module, setup, &checking);
    else
        (void)wf_copy_text(checking.why, sizeof(checking.why), err.text);
    if (!checking.is_good)
        wf_problems_add(problems, config->file, wf_config_line(config, route->line, "settings"),
                        "[route %s] settings: %s", route->name, checking.why);
    json_decref(setup);
}

int ntf_check(const struct wf_paths *paths, const struct wf_config *config)
{
    struct wf_problems problems = { 0 };
    struct ntf_rules *rules = NULL;
    struct wf_err err = { 0 };
    char folder[WF_PATH_SIZE];
    int status;

    (void)ntf_rules_compile(config, &rules, &problems, &err);
    ntf_rules_free(&rules);
    if (wf_paths_in_state(paths, "notify", folder, sizeof(folder), &err) < 0)
        wf_problems_add(&problems, config->file, 0, "%s", err.text);
    for (size_t i = 0; i < config->route_count; i++)
        check_route(paths, config, &config->routes[i], folder, &problems);
    wf_problems_print(&problems);
    status = problems.count == 0 ? EXIT_SUCCESS : STATUS_WRONG;
    wf_problems_fini(&problems);
    return status;
}
