/* SPDX-License-Identifier: MIT */
/*
 * wf-check - validates everything that `wf up` would load: configuration,
 * schemas, overlays, framings, modules, programs. Every problem is one line,
 * `file:line: what is wrong`, on stderr; status 2 when there is one.
 */

#include <stdio.h>
#include <stdlib.h>

#include <watchfloor/config.h>
#include <watchfloor/decode/decoder.h>
#include <watchfloor/decode/framing.h>
#include <watchfloor/options.h>

#include "check.h"

#define STATUS_WRONG 2

static void check_processes(const struct wf_config *config, const struct wf_paths *paths,
                            struct wf_problems *problems)
{
    for (size_t i = 0; i < config->process_count; i++) {
        const struct wf_config_process *process = &config->processes[i];
        char path[WF_PATH_SIZE];
        struct wf_err err = { 0 };
        char **arguments = NULL;
        int rc = wf_config_arguments(process, &arguments, &err);

        if (rc == 0)
            rc = wf_find_program(paths, arguments[0], path, sizeof(path), &err);
        if (rc < 0)
            wf_problems_add(problems, config->file, wf_config_line(config, process->line, "run"),
                            "run: %s", err.text);
        free(arguments);
    }
}

static void check_framings(const struct wf_config *config, struct wf_problems *problems)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct wf_config_listener *listener = &config->listeners[i];
        struct wf_framer *framer = NULL;
        struct wf_err err = { 0 };

        if (wf_framer_create(listener->framing, listener->format,
                             listener->transport != WF_TRANSPORT_UDP, &framer, &err) < 0)
            wf_problems_add(problems, config->file,
                            wf_config_line(config, listener->line, "framing"), "framing: %s",
                            err.text);
        wf_framer_destroy(&framer);
    }
}

static void check_decoders(const struct wf_catalogue *catalogue, struct wf_problems *problems)
{
    for (size_t i = 0; i < catalogue->type_count; i++) {
        struct wf_decoder *decoder = NULL;
        struct wf_err err = { 0 };

        if (wf_decoder_create(catalogue->types[i], &decoder, &err) < 0)
            wf_problems_add(problems, catalogue->type_folders[i], 0, "%s", err.text);
        wf_decoder_destroy(&decoder);
    }
}

/* Everything; the counts are for the closing line. False: wrong, and all of it is told. */
static bool check_all(const struct wf_config *config, const struct wf_paths *paths,
                      struct wf_problems *problems)
{
    struct wf_catalogue *catalogue = NULL;
    struct wf_err err = { 0 };
    int rc = wf_catalogue_load(config, paths, &catalogue, problems, &err);
    size_t modules;

    if (rc < 0 && rc != WF_ERR_INVALID)
        wf_problems_add(problems, config->file, 0, "%s", err.text);
    check_framings(config, problems);
    if (catalogue != NULL) {
        check_decoders(catalogue, problems);
        check_rules(catalogue, problems);
    }
    modules = check_modules(config, problems);
    check_processes(config, paths, problems);
    /* What other programs would say as well was said; so they are asked only when all is fine. */
    if (problems->count == 0) {
        bool is_received = check_by("wf-receiver", config, paths, problems);
        bool is_told = config->route_count == 0 || check_by("wf-notify", config, paths, problems);

        if (!is_received || !is_told) {
            wf_catalogue_free(&catalogue);
            return false;
        }
    }
    if (problems->count == 0)
        (void)fprintf(stderr,
                      "%s: fine (listeners: %zu, subsystem types: %zu, of all sources: %zu, "
                      "modules: %zu)\n",
                      config->file, config->listener_count, catalogue->type_count,
                      catalogue->entry_count, modules);
    wf_catalogue_free(&catalogue);
    return true;
}

static int print_config(const struct wf_config *config)
{
    struct wf_strbuf text;
    bool is_told;

    wf_strbuf_init(&text, WF_INI_BYTES_MAX);
    wf_config_print(config, &text);
    is_told = !text.was_cut && fputs(text.text, stdout) >= 0 && fflush(stdout) == 0;
    wf_strbuf_fini(&text);
    return is_told ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    bool is_print = false;
    const struct wf_option options[] = {
        { "print-config", NULL, "Print every key with its value in force, as a loadable file.",
          NULL, &is_print },
    };
    const struct wf_command_line line = {
        .program = "wf-check",
        .summary = "validate everything that `wf up` would load",
        .options = options,
        .option_count = WF_COUNT_OF(options),
        .details = "Every problem is one line, FILE:LINE: what is wrong. Status 0: fine; 2: not.",
    };
    struct wf_common common;
    struct wf_config *config = NULL;
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };
    int status = EXIT_SUCCESS;
    bool is_fine = true;
    int rc;

    wf_options_parse(&line, argc, argv, &common);
    rc = wf_config_load(common.config, &common.paths, &config, &problems, &err);
    if (rc < 0 && rc != WF_ERR_INVALID)
        (void)fprintf(stderr, "%s\n", err.text);
    else if (rc < 0 && problems.count == 0)
        (void)fprintf(stderr, "%s\n", err.text);
    else if (rc == 0 && is_print)
        status = print_config(config);
    else if (rc == 0)
        is_fine = check_all(config, &common.paths, &problems);
    wf_problems_print(&problems);
    if (rc < 0 || !is_fine || problems.count > 0)
        status = STATUS_WRONG;
    wf_problems_fini(&problems);
    wf_config_free(&config);
    return status;
}
