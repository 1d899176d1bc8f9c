/* SPDX-License-Identifier: MIT */
#ifndef WF_OPTIONS_H
#define WF_OPTIONS_H

/*
 * Command lines - one table per program gives parsing, --help and errors.
 * Long options with values as "--name value" or "--name=value" (getopt_long).
 * Every program also gets --instance NAME, --config FILE, --help, --version.
 */

#include <stdbool.h>
#include <stddef.h>

#include <watchfloor/paths.h>

struct wf_option {
    const char *name;     /* without "--" */
    const char *argument; /* "FILE" in help; NULL = a switch */
    const char *help;     /* one sentence */
    const char **value;   /* set to the argument (lives as long as argv) */
    bool *is_set;         /* set to true; may be NULL */
};

struct wf_command_line {
    const char *program;  /* "wf-query", shown as "wf query" in help */
    const char *summary;  /* one line */
    const char *operands; /* "NAME..." or "" */
    const char *details;  /* paragraphs at the end of --help, examples; may be NULL */
    const struct wf_option *options;
    size_t option_count;
};

/* What every program needs before it does anything. */
struct wf_common {
    struct wf_paths paths;
    const char *config; /* --config, WF_CONFIG, or NULL */
    int operand_count;
    char **operands;
};

/*
 * Parse. Prints help or version and exits 0; prints "PROGRAM: what is wrong" and
 * the usage line and exits 2. Also calls wf_log_init, ignores SIGPIPE and SIGXFSZ.
 */
void wf_options_parse(const struct wf_command_line *line, int argc, char **argv,
                      struct wf_common *out);

/*
 * Flush stdout: did all that was printed arrive? If not, why is logged, unless whoever reads
 * it had enough, as `head` does: that is no error anybody wants to hear of.
 */
bool wf_output_finish(void);

#endif /* WF_OPTIONS_H */
