/* SPDX-License-Identifier: MIT */
/*
 * wf - the front door: `wf X` becomes the program wf-X that lies beside it.
 *
 * Options before the command (--instance, --config) are handed on in the
 * environment, which every program reads.
 */

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/ini.h>
#include <watchfloor/paths.h>
#include <watchfloor/strbuf.h>

#include "commands.h"

#define STATUS_CANNOT 2
#define NAMES_MAX     128

/* The program for a command; false when the path does not fit. */
static bool program_path(const struct wf_paths *paths, const char *name, char out[WF_PATH_SIZE])
{
    struct wf_strbuf path;

    wf_strbuf_init_fixed(&path, out, WF_PATH_SIZE);
    wf_strbuf_addf(&path, "%s/wf-%s", paths->bin, name);
    return !path.was_cut;
}

static bool is_installed(const struct wf_paths *paths, const char *name)
{
    char path[WF_PATH_SIZE];

    return program_path(paths, name, path) && access(path, X_OK) == 0;
}

static bool is_command_name(const char *name)
{
    return name[0] != '\0' && name[0] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static bool is_in_table(const char *name)
{
    for (size_t g = 0; g < command_group_count; g++)
        for (size_t i = 0; i < command_groups[g].count; i++)
            if (strcmp(command_groups[g].commands[i].name, name) == 0)
                return true;
    return false;
}

/* Programs beside us that the table does not know: somebody's own. */
static void list_others(const struct wf_paths *paths)
{
    const struct dirent *entry;
    DIR *dir = opendir(paths->bin);
    bool is_first = true;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name + 3;

        if (strncmp(entry->d_name, "wf-", 3) != 0 || !is_command_name(name) || is_in_table(name) ||
            !is_installed(paths, name))
            continue;
        if (is_first)
            (void)printf("\nOthers\n");
        is_first = false;
        (void)printf("  %-10s  (wf %s --help)\n", name, name);
    }
    if (dir != NULL)
        (void)closedir(dir);
}

static int show_help(const struct wf_paths *paths)
{
    (void)printf("wf - Watchfloor, telemetry monitoring for operations centers\n\n"
                 "usage: wf [--instance NAME] [--config FILE] COMMAND [ARGUMENTS]\n");
    for (size_t g = 0; g < command_group_count; g++) {
        bool is_first = true;

        for (size_t i = 0; i < command_groups[g].count; i++) {
            const struct command *command = &command_groups[g].commands[i];

            if (!is_installed(paths, command->name))
                continue;
            if (is_first)
                (void)printf("\n%s\n", command_groups[g].title);
            is_first = false;
            (void)printf("  %-10s  %s\n", command->name, command->summary);
        }
    }
    list_others(paths);
    (void)printf("\n`wf COMMAND --help` tells all about one. Begin with: wf up --demo\n");
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int refuse_unknown(const struct wf_paths *paths, const char *name)
{
    const char *names[NAMES_MAX];
    const char *nearest;
    size_t count = 0;

    names[count++] = "help";
    for (size_t g = 0; g < command_group_count; g++)
        for (size_t i = 0; i < command_groups[g].count && count < NAMES_MAX; i++)
            if (is_installed(paths, command_groups[g].commands[i].name))
                names[count++] = command_groups[g].commands[i].name;
    nearest = wf_nearest_name(name, names, count);
    (void)fprintf(stderr, "wf: there is no command '%.60s'", name);
    if (nearest != NULL)
        (void)fprintf(stderr, "; did you mean '%s'?", nearest);
    (void)fprintf(stderr, "\n(`wf help` lists all)\n");
    return STATUS_CANNOT;
}

/* Become wf-<name>. Comes back only when that fails. */
static int run_command(const struct wf_paths *paths, const char *name, char **arguments)
{
    char path[WF_PATH_SIZE];

    if (!is_command_name(name) || !program_path(paths, name, path))
        return refuse_unknown(paths, name);
    /* argv[0] of the program is what it is called by in messages and ps. */
    arguments[0] = path;
    (void)execv(path, arguments);
    if (errno == ENOENT)
        return refuse_unknown(paths, name);
    (void)fprintf(stderr, "wf: %s: %s\n", path, strerror(errno));
    return STATUS_CANNOT;
}

/* `wf help X` is `wf X --help`. */
static int show_command_help(const struct wf_paths *paths, char *name)
{
    char option[] = "--help";
    char *arguments[] = { name, option, NULL };

    return run_command(paths, name, arguments);
}

/* --instance and --config before the command; returns the index of the command, 0 = refused. */
static int read_leading_options(int argc, char **argv)
{
    static const struct {
        const char *option, *variable;
    } known[] = { { "--instance", "WF_INSTANCE" }, { "--config", "WF_CONFIG" } };
    int at = 1;

    while (at < argc && strncmp(argv[at], "--", 2) == 0) {
        bool is_known = false;

        for (size_t i = 0; i < WF_COUNT_OF(known) && !is_known; i++) {
            size_t len = strlen(known[i].option);
            const char *value = NULL;

            if (strncmp(argv[at], known[i].option, len) != 0)
                continue;
            if (argv[at][len] == '=')
                value = argv[at] + len + 1;
            else if (argv[at][len] == '\0' && at + 1 < argc)
                value = argv[++at];
            if (value == NULL || setenv(known[i].variable, value, 1) != 0)
                return 0;
            is_known = true;
        }
        if (!is_known)
            break;
        at++;
    }
    return at;
}

int main(int argc, char **argv)
{
    struct wf_paths paths;
    struct wf_err err = { 0 };
    int at = read_leading_options(argc, argv);
    const char *command;

    if (at == 0) {
        (void)fprintf(stderr, "wf: --instance and --config need a value behind them\n");
        return STATUS_CANNOT;
    }
    if (wf_paths_init(&paths, NULL, &err) < 0) {
        (void)fprintf(stderr, "wf: %s\n", err.text);
        return STATUS_CANNOT;
    }
    command = at < argc ? argv[at] : "";
    if (strcmp(command, "--version") == 0 || strcmp(command, "version") == 0) {
        (void)printf("wf %s\n", WF_VERSION_TEXT);
        return EXIT_SUCCESS;
    }
    if (strcmp(command, "help") == 0 && at + 1 < argc && argv[at + 1][0] != '-')
        return show_command_help(&paths, argv[at + 1]);
    if (strcmp(command, "help") == 0 || strcmp(command, "--help") == 0 ||
        strcmp(command, "-h") == 0)
        return show_help(&paths);
    if (command[0] == '\0') {
        (void)show_help(&paths);
        return STATUS_CANNOT;
    }
    return run_command(&paths, command, argv + at);
}
