/* SPDX-License-Identifier: MIT */
/* Allow lists, notification settings: what only one program understands, asked of that program. */

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

extern char **environ;

/* Run it with stdout closed to the world; its problems go to stderr as ours do. */
static int run(const char *program, char *const *arguments, int *out_status)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int error = posix_spawn_file_actions_init(&actions);

    if (error != 0)
        return error;
    error = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (error == 0)
        error = posix_spawn(&pid, program, &actions, NULL, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (error == 0 && waitpid(pid, out_status, 0) < 0)
        *out_status = -1;
    return error;
}

bool check_by(const char *name, const struct wf_config *config, const struct wf_paths *paths,
              struct wf_problems *problems)
{
    char program[WF_PATH_SIZE];
    char own_name[64], only_check[] = "--check", with[] = "--config", of[] = "--instance";
    char instance[sizeof(paths->instance)];
    char *arguments[] = { own_name, only_check, with, config->file, of, instance, NULL };
    struct wf_err err = { 0 };
    int status = 0;
    int error = 0;

    (void)wf_copy_text(own_name, sizeof(own_name), name);
    memcpy(instance, paths->instance, sizeof(instance));
    if (wf_find_program(paths, name, program, sizeof(program), &err) == 0)
        error = run(program, arguments, &status);
    if (err.rc != 0 || error != 0)
        wf_problems_add(problems, config->file, 0, "cannot ask %s: %s", name,
                        err.rc != 0 ? err.text : strerror(error));
    return err.rc == 0 && error == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
