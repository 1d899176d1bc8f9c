/* SPDX-License-Identifier: MIT */
/* wf-history - checks, copies and repairs the files of history. See tools/history/README.md. */

#include "history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct telling {
    size_t fine, damaged, set_aside;
    uint64_t bytes;
    bool is_live; /* a terminal: say where we are */
};

static void tell_progress(const struct telling *telling, const struct wf_history_file *file)
{
    if (telling->is_live)
        (void)fprintf(stderr, "\r%-40s\r%s", "", file->name);
}

static int tell(void *context, const struct wf_history_file *file)
{
    struct telling *telling = context;

    telling->bytes += file->bytes;
    if (file->is_set_aside) {
        telling->set_aside++;
        (void)printf("set aside  %s (%" PRIu64
                     " bytes): `wf history repair` saves what can be read\n",
                     file->name, file->bytes);
    } else if (file->is_fine) {
        telling->fine++;
        tell_progress(telling, file);
    } else {
        telling->damaged++;
        (void)printf("damaged    %s: %s\n", file->name, file->problem);
    }
    return 0;
}

static void end_progress(const struct telling *telling)
{
    if (telling->is_live)
        (void)fprintf(stderr, "\r%-40s\r", "");
}

static int check(const char *folder)
{
    struct telling telling = { .is_live = isatty(STDERR_FILENO) == 1 };
    struct wf_err err = { 0 };
    int rc = wf_history_check(folder, tell, &telling, &err);

    end_progress(&telling);
    if (rc < 0) {
        (void)fprintf(stderr, "wf-history: %s\n", err.text);
        return STATUS_CANNOT;
    }
    (void)printf("%zu file%s fine, %zu damaged, %zu set aside; %" PRIu64 " bytes\n", telling.fine,
                 telling.fine == 1 ? "" : "s", telling.damaged, telling.set_aside, telling.bytes);
    return telling.damaged + telling.set_aside > 0 ? STATUS_NOT_WELL : EXIT_SUCCESS;
}

static int backup(const char *folder, const char *to)
{
    struct telling telling = { .is_live = isatty(STDERR_FILENO) == 1 };
    struct wf_err err = { 0 };
    int rc = wf_history_backup(folder, to, tell, &telling, &err);

    end_progress(&telling);
    if (rc < 0) {
        (void)fprintf(stderr, "wf-history: %s\n", err.text);
        return STATUS_CANNOT;
    }
    (void)printf("%zu file%s copied to %s; %" PRIu64 " bytes\n", telling.fine,
                 telling.fine == 1 ? "" : "s", to, telling.bytes);
    return telling.damaged > 0 ? STATUS_NOT_WELL : EXIT_SUCCESS;
}

static bool is_command(const struct wf_common *common, const char *name, int operands)
{
    return common->operand_count == 1 + operands && strcmp(common->operands[0], name) == 0;
}

int main(int argc, char **argv)
{
    const struct wf_command_line line = {
        .program = "wf-history",
        .summary = "check, copy and repair the files of history",
        .operands = "check | backup FOLDER | repair",
        .details =
            "check    looks through every file, also beside a running logger\n"
            "backup   copies everything to FOLDER (empty, or not there), also while it is written\n"
            "repair   saves what can be read of damaged days and makes all rollups again; stop "
            "the\n"
            "         logger first\n"
            "\n"
            "Exit status: 0 fine, 1 something is damaged or was lost, 2 it cannot be done.",
    };
    struct wf_common common;
    char folder[WF_PATH_SIZE];
    struct wf_err err = { 0 };

    wf_options_parse(&line, argc, argv, &common);
    if (wf_paths_in_state(&common.paths, "history", folder, sizeof(folder), &err) < 0) {
        (void)fprintf(stderr, "wf-history: %s\n", err.text);
        return STATUS_CANNOT;
    }
    if (is_command(&common, "check", 0))
        return check(folder);
    if (is_command(&common, "backup", 1))
        return backup(folder, common.operands[1]);
    if (is_command(&common, "repair", 0))
        return history_repair(&common, folder);
    (void)fprintf(stderr,
                  "wf-history: say check, backup FOLDER or repair; see wf history --help\n");
    return STATUS_CANNOT;
}
