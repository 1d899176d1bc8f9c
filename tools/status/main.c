/* SPDX-License-Identifier: MIT */
/* wf-status - how a system is: processes, regions, rates, counters, losses, and what is wrong. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/options.h>

#include "json_text.h"
#include "status.h"

#define STATUS_WRONG  1
#define STATUS_CANNOT 2

static int run(const struct wf_common *common, bool is_json, bool with_rejects)
{
    struct wf_watch_options options = { .instance = common->paths.instance };
    struct wf_watch *watch = NULL;
    struct wf_err err = { 0 };
    json_t *status;
    size_t problem_count;
    bool is_blind; /* there is something, and it may not be read */

    if (wf_watch_open(&options, &watch, &err) < 0) {
        (void)fprintf(stderr, "wf-status: %s\n", err.text);
        return STATUS_CANNOT;
    }
    status = status_gather(watch, common->paths.instance, with_rejects);
    status_judge(status, watch);
    problem_count = json_array_size(json_object_get(status, "problems"));
    is_blind = json_array_size(json_object_get(status, "writers")) == 0 &&
               json_array_size(json_object_get(status, "unreadable")) > 0;
    if (is_json) {
        if (!json_text_write(status, true, stdout))
            (void)fputs("wf-status: out of memory\n", stderr);
    } else {
        status_show(status);
    }
    json_decref(status);
    wf_watch_close(&watch);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "wf-status: cannot write: %s\n", strerror(errno));
        return STATUS_CANNOT;
    }
    if (is_blind)
        return STATUS_CANNOT;
    return problem_count > 0 ? STATUS_WRONG : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    bool is_json = false, with_rejects = false;
    const struct wf_option options[] = {
        { "json", NULL, "one JSON object instead of words", NULL, &is_json },
        { "rejects", NULL, "also the newest rejected packets, with their first bytes", NULL,
          &with_rejects },
    };
    const struct wf_command_line line = {
        .program = "wf-status",
        .summary = "how the system is, and what is wrong with it",
        .operands = "",
        .details = "Exit status: 0 all is well, 1 something is wrong now, 2 it cannot be told.",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_common common;

    wf_options_parse(&line, argc, argv, &common);
    if (common.operand_count > 0) {
        (void)fprintf(stderr, "wf-status: '%s' is one word too many; see wf status --help\n",
                      common.operands[0]);
        return STATUS_CANNOT;
    }
    return run(&common, is_json, with_rejects);
}
