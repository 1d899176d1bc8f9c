/* SPDX-License-Identifier: MIT */
/* wf-clean - removes the shared memory that a dead instance left behind; see <watchfloor/clean.h>. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <watchfloor/clean.h>
#include <watchfloor/options.h>

#define STATUS_REFUSED 1
#define STATUS_CANNOT  2

struct telling {
    bool is_dry;
};

static void say(void *context, const char *name, uint64_t bytes, const char *why_kept)
{
    const struct telling *telling = context;

    if (why_kept != NULL)
        (void)printf("kept     %s: %s\n", name, why_kept);
    else
        (void)printf("%s %s (%" PRIu64 " bytes)\n", telling->is_dry ? "would remove" : "removed ",
                     name, bytes);
}

int main(int argc, char **argv)
{
    struct telling telling = { 0 };
    const struct wf_option options[] = {
        { "dry-run", NULL, "only say what would be removed", NULL, &telling.is_dry },
    };
    const struct wf_command_line line = {
        .program = "wf-clean",
        .summary = "remove what a dead instance left behind in shared memory",
        .operands = "",
        .details =
            "Refuses while a program of the instance lives. History and configuration stay.\n"
            "Exit status: 0 clean, 1 something is alive or was kept, 2 it cannot be done.",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_clean_result result = { 0 };
    struct wf_common common;
    struct wf_err err = { 0 };
    int rc;

    wf_options_parse(&line, argc, argv, &common);
    if (common.operand_count > 0) {
        (void)fprintf(stderr, "wf-clean: '%s' is one word too many; see wf clean --help\n",
                      common.operands[0]);
        return STATUS_CANNOT;
    }
    rc = wf_clean(common.paths.instance, common.paths.state, telling.is_dry, say, &telling, &result,
                  &err);
    if (rc == WF_ERR_BUSY) {
        (void)fprintf(stderr, "wf-clean: instance '%s' is alive: %s; stop it first\n",
                      common.paths.instance, err.text);
        return STATUS_REFUSED;
    }
    if (rc < 0) {
        (void)fprintf(stderr, "wf-clean: %s\n", err.text);
        return STATUS_CANNOT;
    }
    (void)fprintf(stderr, "wf-clean: instance '%s': %zu %s (%" PRIu64 " bytes), %zu kept\n",
                  common.paths.instance, result.removed,
                  telling.is_dry ? "would be removed" : "removed", result.bytes, result.kept);
    return result.kept > 0 ? STATUS_REFUSED : EXIT_SUCCESS;
}
