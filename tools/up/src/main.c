/* SPDX-License-Identifier: MIT */
/*
 * wf-up - starts what the configuration names and keeps it running: the
 * receiver, the logger, then the [process] entries, each when the one before is
 * up. Says `ready` once, restarts what dies, and stops feeds first and the logger
 * last, so that all that was received is written. In production systemd does
 * this with the units that are installed.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/log.h>
#include <watchfloor/options.h>

#include "up.h"

/* The demo's file lies beside the shipped configuration, also when /etc has its own. */
static void find_demo(const struct wf_paths *paths, char out[WF_PATH_SIZE])
{
    struct wf_strbuf path;

    wf_strbuf_init_fixed(&path, out, WF_PATH_SIZE);
    wf_strbuf_addf(&path, "%s/share/watchfloor/config/demo.ini", paths->prefix);
}

/* Everything that `wf check` looks at in files; nothing is started when something is wrong. */
static int load(struct up *up, const char *file, struct wf_config **out_config)
{
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };
    struct wf_catalogue *catalogue = NULL;
    int rc = wf_config_load(file, &up->paths, out_config, &problems, &err);

    if (rc == 0)
        rc = wf_catalogue_load(*out_config, &up->paths, &catalogue, &problems, &err);
    wf_problems_print(&problems);
    if (rc < 0)
        wf_log_error("%s; nothing was started", err.text);
    wf_problems_fini(&problems);
    wf_catalogue_free(&catalogue);
    return rc;
}

/* From a good configuration to the end; the exit status. */
static int run(struct up *up)
{
    enum wf_log_level level = WF_LOG_INFO;
    struct wf_err err = { 0 };
    int status = UP_STATUS_CANNOT;
    int rc;

    (void)wf_log_level_parse(up->config->log_level, &level);
    wf_log_set_level(level);
    rc = wf_make_folders(up->paths.state, &err);
    if (rc == 0)
        rc = up_table_open(up, &err);
    if (rc == WF_ERR_BUSY) {
        wf_log_error("instance '%s' is up already (%s); use another --instance, or stop that one",
                     up->paths.instance, err.text);
        return UP_STATUS_CANNOT;
    }
    if (rc == 0)
        rc = up_notify_open(up->notify_name, sizeof(up->notify_name), &up->notify_fd, &err);
    if (rc == 0)
        rc = up_plan(up, &err);
    if (rc < 0)
        wf_log_error("%s; nothing was started", err.text);
    else
        status = up_run(up);
    up_plan_free(up);
    up_table_close(up);
    return status;
}

/* wf-up --as-child PARENT PROGRAM ARGUMENTS...: see platform/. */
static int as_child(int argc, char **argv)
{
    int64_t parent;

    if (argc < 4 || wf_parse_i64(argv[2], &parent, NULL) < 0)
        return UP_STATUS_CANNOT;
    return up_become((int)parent, argv + 3);
}

int main(int argc, char **argv)
{
    static struct up up; /* large: it holds every child */
    bool is_demo = false;
    const char *duration = NULL;
    const struct wf_option options[] = {
        { "demo", NULL, "Run the demonstration instead of the configuration.", NULL, &is_demo },
        { "for", "T", "Stop by itself so long after all is up, as 30s, 10m.", &duration, NULL },
    };
    const struct wf_command_line line = {
        .program = "wf-up",
        .summary = "start everything the configuration names, watch it, stop it in order",
        .options = options,
        .option_count = WF_COUNT_OF(options),
        .details =
            "Prints one line with the word \"ready\" when all is up. INT or TERM stop all in "
            "order:\nfeeds, receiver, logger and alarm monitors. HUP lets all but feeds read their "
            "configuration again.\nStatus 0: stopped in order; 1: something failed; 2: "
            "it, or a part of it, could not start.",
    };
    struct wf_common common;
    struct wf_config *config = NULL;
    struct wf_err err = { 0 };
    char demo[WF_PATH_SIZE];
    int status = UP_STATUS_CANNOT;

    if (argc > 1 && strcmp(argv[1], UP_AS_CHILD) == 0)
        return as_child(argc, argv);
    wf_options_parse(&line, argc, argv, &common);
    up.paths = common.paths;
    if (duration != NULL && wf_parse_duration_ns(duration, &up.for_ns, &err) < 0) {
        wf_log_error("--for: %s", err.text);
        return UP_STATUS_CANNOT;
    }
    find_demo(&up.paths, demo);
    if (load(&up, is_demo ? demo : common.config, &config) == 0) {
        up.config = config;
        status = run(&up);
    }
    wf_config_free(&config);
    return status;
}
