/* SPDX-License-Identifier: MIT */
/* Command lines: see <watchfloor/options.h>. */

#include <watchfloor/options.h>

#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/ini.h>
#include <watchfloor/log.h>
#include <watchfloor/strbuf.h>

#define OPTIONS_MAX  64
#define STATUS_USAGE 2

/* What every program understands. */
struct common_values {
    const char *instance;
    const char *config;
    bool is_help, is_version;
};

/* The program's own options and the common ones, as one table. */
struct table {
    struct wf_option options[OPTIONS_MAX];
    size_t count;
};

static void make_table(const struct wf_command_line *line, struct common_values *values,
                       struct table *table)
{
    const struct wf_option common[] = {
        { "instance", "NAME", "Which system: operations, a test, a replay ('ops', or WF_INSTANCE).",
          &values->instance, NULL },
        { "config", "FILE", "Configuration to use instead of the installed one (or WF_CONFIG).",
          &values->config, NULL },
        { "help", NULL, "Show this.", NULL, &values->is_help },
        { "version", NULL, "Show the version.", NULL, &values->is_version },
    };

    table->count = 0;
    for (size_t i = 0; i < line->option_count && table->count < OPTIONS_MAX; i++)
        table->options[table->count++] = line->options[i];
    for (size_t i = 0; i < WF_COUNT_OF(common) && table->count < OPTIONS_MAX; i++)
        table->options[table->count++] = common[i];
}

/* "wf-query" is called as "wf query". */
static void add_shown_name(struct wf_strbuf *out, const char *program)
{
    if (strncmp(program, "wf-", 3) == 0)
        wf_strbuf_addf(out, "wf %s", program + 3);
    else
        wf_strbuf_add(out, program);
}

static void add_usage(struct wf_strbuf *out, const struct wf_command_line *line)
{
    wf_strbuf_add(out, "usage: ");
    add_shown_name(out, line->program);
    wf_strbuf_add(out, " [OPTIONS]");
    if (line->operands != NULL && line->operands[0] != '\0')
        wf_strbuf_addf(out, " %s", line->operands);
    wf_strbuf_add_char(out, '\n');
}

WF_NORETURN static void show_help(const struct wf_command_line *line, const struct table *table)
{
    struct wf_strbuf out;

    wf_strbuf_init(&out, 64 * 1024);
    add_shown_name(&out, line->program);
    wf_strbuf_addf(&out, " - %s\n\n", line->summary);
    add_usage(&out, line);
    wf_strbuf_add_char(&out, '\n');
    for (size_t i = 0; i < table->count; i++) {
        const struct wf_option *option = &table->options[i];
        char left[80];
        struct wf_strbuf name = WF_STRBUF_FIXED(left);

        wf_strbuf_addf(&name, "--%s%s%s", option->name, option->argument != NULL ? " " : "",
                       option->argument != NULL ? option->argument : "");
        wf_strbuf_addf(&out, "  %-22s  %s\n", left, option->help);
    }
    if (line->details != NULL)
        wf_strbuf_addf(&out, "\n%s\n", line->details);

    bool is_told = fputs(out.text, stdout) >= 0 && fflush(stdout) == 0;

    wf_strbuf_fini(&out);
    exit(is_told ? EXIT_SUCCESS : EXIT_FAILURE);
}

WF_NORETURN static void show_version(const struct wf_command_line *line)
{
    char text[128];
    struct wf_strbuf out = WF_STRBUF_FIXED(text);

    add_shown_name(&out, line->program);
    wf_strbuf_addf(&out, " %s\n", WF_VERSION_TEXT);

    bool is_told = fputs(text, stdout) >= 0 && fflush(stdout) == 0;

    exit(is_told ? EXIT_SUCCESS : EXIT_FAILURE);
}

WF_NORETURN static void refuse(const struct wf_command_line *line, const char *why)
{
    char text[512];
    struct wf_strbuf usage = WF_STRBUF_FIXED(text);

    add_usage(&usage, line);
    (void)fprintf(stderr, "%s: %s\n%s(--help tells more)\n", line->program, why, text);
    exit(STATUS_USAGE);
}

/* `argument` is what getopt_long stumbled over; `is_missing` its value. */
WF_NORETURN static void refuse_option(const struct wf_command_line *line, const struct table *table,
                                      const char *argument, bool is_missing)
{
    const char *names[OPTIONS_MAX];
    char typed[WF_PATH_SIZE], text[256];
    struct wf_strbuf why = WF_STRBUF_FIXED(text);
    const char *nearest;

    (void)wf_copy_text(typed, sizeof(typed), argument + strspn(argument, "-"));
    typed[strcspn(typed, "=")] = '\0';
    for (size_t i = 0; i < table->count; i++)
        names[i] = table->options[i].name;
    nearest = wf_nearest_name(typed, names, table->count);
    if (is_missing)
        wf_strbuf_addf(&why, "--%.60s needs a value behind it", typed);
    else if (nearest != NULL && strcmp(nearest, typed) == 0)
        wf_strbuf_addf(&why, "--%.60s takes no value", typed);
    else if (nearest != NULL)
        wf_strbuf_addf(&why, "there is no option '%.60s'; did you mean --%s?", argument, nearest);
    else
        wf_strbuf_addf(&why, "there is no option '%.60s'", argument);
    refuse(line, text);
}

static void read_options(const struct wf_command_line *line, const struct table *table, int argc,
                         char **argv)
{
    struct option list[OPTIONS_MAX + 1] = { 0 };
    int chosen = 0;

    for (size_t i = 0; i < table->count; i++)
        list[i] = (struct option){
            .name = table->options[i].name,
            .has_arg = table->options[i].argument != NULL ? required_argument : no_argument,
        };
    opterr = 0;
    optind = 1;
    for (;;) {
        int at = optind;
        int found = getopt_long(argc, argv, ":h", list, &chosen);

        if (found == -1)
            return;
        if (found == 'h') {
            show_help(line, table);
        } else if (found == 0) {
            const struct wf_option *option = &table->options[chosen];

            if (option->value != NULL && option->argument != NULL)
                *option->value = optarg;
            if (option->is_set != NULL)
                *option->is_set = true;
        } else {
            refuse_option(line, table, argv[optind > at ? optind - 1 : at], found == ':');
        }
    }
}

void wf_options_parse(const struct wf_command_line *line, int argc, char **argv,
                      struct wf_common *out)
{
    struct common_values values = { 0 };
    struct table table;
    struct wf_err err = { 0 };
    struct sigaction ignore = { .sa_handler = SIG_IGN };

    /* Broken pipes and full files come back as errors where they can be told. */
    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)sigaction(SIGXFSZ, &ignore, NULL);
    wf_log_init(line->program, WF_LOG_INFO);

    *out = (struct wf_common){ 0 };
    make_table(line, &values, &table);
    read_options(line, &table, argc, argv);
    if (values.is_help)
        show_help(line, &table);
    if (values.is_version)
        show_version(line);
    if (wf_paths_init(&out->paths, values.instance, &err) < 0)
        refuse(line, err.text);
    out->config = values.config;
    if (out->config == NULL && getenv("WF_CONFIG") != NULL && getenv("WF_CONFIG")[0] != '\0')
        out->config = getenv("WF_CONFIG");
    out->operand_count = argc - optind;
    out->operands = argv + optind;
    if ((line->operands == NULL || line->operands[0] == '\0') && out->operand_count > 0) {
        char text[128];
        struct wf_strbuf why = WF_STRBUF_FIXED(text);

        wf_strbuf_addf(&why, "'%.60s' is not expected here", out->operands[0]);
        refuse(line, text);
    }
}
