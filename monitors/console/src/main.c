/* SPDX-License-Identifier: MIT */
/* wf-console: the terminal screens. Reads the command line and the configuration. */

#include <watchfloor/config.h>
#include <watchfloor/log.h>
#include <watchfloor/options.h>
#include <watchfloor/strbuf.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app.h"
#include "supervise.h"
#include "terminal.h"

#define SIDE_MAX 1000

static int run_screen(const void *context, struct con_crumb *crumb)
{
    return con_app_run(context, crumb);
}

static int print_once(const void *context, struct con_crumb *crumb)
{
    return con_app_once(context, crumb);
}

static void refuse(const char *option, const char *value, const char *expected)
{
    (void)fprintf(stderr, "wf console: --%s %s: %s\n", option, value, expected);
    exit(2);
}

/* "120x40" */
static void read_size(const char *text, struct con_app_options *options)
{
    const char *x = strchr(text, 'x');
    char width[16];
    uint64_t columns = 0;
    uint64_t rows = 0;

    if (x != NULL && (size_t)(x - text) < sizeof(width)) {
        memcpy(width, text, (size_t)(x - text));
        width[x - text] = '\0';
        if (wf_parse_u64(width, &columns, NULL) < 0 || wf_parse_u64(x + 1, &rows, NULL) < 0)
            columns = 0;
    }
    if (columns < 20 || rows < 8 || columns > SIDE_MAX || rows > SIDE_MAX)
        refuse("size", text, "expected COLUMNSxROWS from 20x8 to 1000x1000, as 120x40");
    options->width = (int)columns;
    options->height = (int)rows;
}

/* Without --size: the terminal's own size, else what fits a page. */
static void default_size(struct con_app_options *options)
{
    struct winsize size = { 0 };

    options->width = 120;
    options->height = 40;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20 && size.ws_row >= 8) {
        options->width = size.ws_col;
        options->height = size.ws_row;
    }
}

static void read_rate(const char *text, struct con_app_options *options)
{
    double rate = 0;

    if (wf_parse_double(text, &rate, NULL) < 0 || !(rate >= 1 && rate <= 10))
        refuse("rate", text, "expected screens a second, 1 to 10");
    options->rate_hz = rate;
}

/*
 * Nobody should be without screens for a typing error in a file: the console
 * says that the configuration is wrong and goes on with the defaults.
 */
static void read_config(const struct wf_common *common, struct con_app_options *options,
                        struct wf_config **out_config)
{
    static char complaint[160];
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };
    int rc = wf_config_load(common->config, &common->paths, out_config, &problems, &err);

    options->plugins = common->paths.plugins;
    if (rc == 0) {
        const struct wf_config *config = *out_config;

        if (config->plugins[0] != '\0')
            options->plugins = config->plugins;
        options->rate_hz = config->console_rate_hz;
        options->display = config->console_display;
    } else if (problems.count > 0) {
        (void)snprintf(
            complaint, sizeof(complaint),
            "the configuration has %zu problems (wf check shows them); defaults are used",
            problems.count);
        options->complaint = complaint;
    } else if (rc != WF_ERR_ABSENT || common->config != NULL) {
        (void)snprintf(complaint, sizeof(complaint), "%.100s; defaults are used", err.text);
        options->complaint = complaint;
    }
    wf_problems_fini(&problems);
}

int main(int argc, char **argv)
{
    const char *display = NULL;
    const char *size = NULL;
    const char *rate = NULL;
    bool is_once = false;
    bool is_ascii = false;
    const struct wf_option list[] = {
        { "once", NULL, "Print one screen as plain text and end.", NULL, &is_once },
        { "display", "NAME",
          "Show this first: overview, links, plugins, a subsystem, a display, "
          "or SUBSYSTEM/DISPLAY.",
          &display, NULL },
        { "size", "WxH", "Size of the screen that --once prints.", &size, NULL },
        { "rate", "N", "At most N screens a second, 1 to 10.", &rate, NULL },
        { "ascii", NULL, "Use no characters beyond ASCII.", NULL, &is_ascii },
    };
    const struct wf_command_line line = {
        .program = "wf-console",
        .summary = "The terminal screens: what is wrong, since when, and what to do.",
        .operands = "",
        .details = "Press ? on the screen for the keys. Exit status of --once: 0 live, 1 no "
                   "receiver or no data, 2 it cannot be shown.",
        .options = list,
        .option_count = WF_COUNT_OF(list),
    };
    struct con_app_options options = { .rate_hz = 10 };
    struct wf_config *config = NULL;
    struct wf_common common;
    struct wf_err err = { 0 };
    char run[WF_PATH_SIZE], journals[WF_PATH_SIZE], history[WF_PATH_SIZE];
    int status;

    wf_options_parse(&line, argc, argv, &common);
    if (common.operand_count > 0)
        refuse("display", common.operands[0], "is how to name what to show; there are no operands");
    read_config(&common, &options, &config);
    options.instance = common.paths.instance;
    if (wf_paths_in_state(&common.paths, "run", run, sizeof(run), &err) < 0 ||
        wf_paths_in_state(&common.paths, "history", history, sizeof(history), &err) < 0 ||
        wf_paths_in_state(&common.paths, "alarms", journals, sizeof(journals), &err) < 0) {
        wf_log_error("%s", err.text);
        return 2;
    }
    options.run = run;
    options.journals = journals;
    options.history = history;
    default_size(&options);
    if (size != NULL)
        read_size(size, &options);
    if (rate != NULL)
        read_rate(rate, &options);
    if (display != NULL)
        options.display = display;
    options.is_ascii = is_ascii || con_terminal_is_ascii();
    if (is_once && options.complaint != NULL)
        wf_log_warning("%s", options.complaint);
    status = con_supervise(is_once ? print_once : run_screen, &options, !is_once);
    wf_config_free(&config);
    return status;
}
