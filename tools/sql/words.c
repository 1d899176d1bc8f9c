/* SPDX-License-Identifier: MIT */
/* Lines that begin with a dot, as people know them from sqlite3: see sql.h. */

#include "sql.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <watchfloor/log.h>

#define READS_MAX 8

typedef int (*word_fn)(struct shell *shell, const char *argument);

static int end(struct shell *shell, const char *argument)
{
    (void)shell;
    (void)argument;
    return WORD_END;
}

static void add_text(struct wf_strbuf *sql, const char *text)
{
    wf_strbuf_add(sql, "'");
    for (const char *p = text; *p != '\0'; p++)
        wf_strbuf_addf(sql, *p == '\'' ? "''" : "%c", *p);
    wf_strbuf_add(sql, "'");
}

static int run_with(struct shell *shell, const char *statement, const char *argument,
                    const char *order)
{
    struct wf_strbuf sql;
    int status;

    wf_strbuf_init(&sql, 4096);
    wf_strbuf_add(&sql, statement);
    if (argument[0] != '\0') {
        wf_strbuf_add(&sql, " WHERE s.name LIKE ");
        add_text(&sql, argument);
    }
    wf_strbuf_add(&sql, order);
    status = shell_run(shell, sql.text);
    wf_strbuf_fini(&sql);
    return status;
}

static int tables(struct shell *shell, const char *argument)
{
    return run_with(shell, "SELECT s.name FROM sqlite_schema AS s", argument, " ORDER BY s.name");
}

static int schema(struct shell *shell, const char *argument)
{
    return run_with(shell,
                    "SELECT s.name AS \"table\", c.name AS \"column\" FROM sqlite_schema AS s"
                    " JOIN pragma_table_info(s.name) AS c",
                    argument, "");
}

static int mode(struct shell *shell, const char *argument)
{
    if (print_mode_from_name(argument, &shell->print.mode))
        return 0;
    wf_log_error(".mode '%.40s': expected table, line, csv or json", argument);
    return 2;
}

static int on_off(const char *word, const char *argument, bool *out)
{
    if (strcmp(argument, "on") != 0 && strcmp(argument, "off") != 0) {
        wf_log_error("%s '%.40s': expected on or off", word, argument);
        return 2;
    }
    *out = argument[1] == 'n';
    return 0;
}

static int headers(struct shell *shell, const char *argument)
{
    return on_off(".headers", argument, &shell->print.has_head);
}

static int timer(struct shell *shell, const char *argument)
{
    return on_off(".timer", argument, &shell->is_timed);
}

static int null_value(struct shell *shell, const char *argument)
{
    if (wf_copy_text(shell->print.null, sizeof(shell->print.null), argument))
        return 0;
    wf_log_error(".nullvalue: at most %zu bytes", sizeof(shell->print.null) - 1);
    return 2;
}

static int read_file(struct shell *shell, const char *argument)
{
    FILE *file;
    int status;

    if (shell->reads == READS_MAX) {
        wf_log_error(".read %.200s: scripts that read scripts, %d deep", argument, READS_MAX);
        return 2;
    }
    file = fopen(argument, "r");
    if (file == NULL) {
        wf_log_error(".read %.200s: %s", argument, strerror(errno));
        return 2;
    }
    shell->reads++;
    status = shell_read(shell, file);
    shell->reads--;
    (void)fclose(file);
    return status;
}

static int show_help(struct shell *shell, const char *argument);

static const struct {
    const char *name, *argument, *help;
    word_fn run;
} words[] = {
    { ".tables", "[PATTERN]", "what tables there are, as LIKE 'PATTERN'", tables },
    { ".schema", "[TABLE]", "their columns", schema },
    { ".mode", "FORM", "table (also column, box), line, csv or json", mode },
    { ".headers", "on|off", "names above rows", headers },
    { ".nullvalue", "[TEXT]", "what stands for NULL in tables and lines", null_value },
    { ".timer", "on|off", "how long each statement took", timer },
    { ".read", "FILE", "statements from a file", read_file },
    { ".help", "", "this", show_help },
    { ".quit", "", "also .exit and Ctrl-D", end },
    { ".exit", "", NULL, end },
};

static int show_help(struct shell *shell, const char *argument)
{
    (void)shell;
    (void)argument;
    (void)fputs("Statements end with ';'. Others:\n", stderr);
    for (size_t i = 0; i < WF_COUNT_OF(words); i++) {
        if (words[i].help != NULL)
            (void)fprintf(stderr, "  %-10s %-10s %s\n", words[i].name, words[i].argument,
                          words[i].help);
    }
    (void)fputs("Conditions on time, received and source choose what is read:\n"
                "  select time, bus_voltage from power where time > at('now-1h');\n"
                "  select * from power order by time desc limit 1;\n"
                "  select * from power_hour where parameter = 'bus_voltage' and time >="
                " '2026-11-01';\n",
                stderr);
    return 0;
}

int word_run(struct shell *shell, char *line)
{
    size_t length = strcspn(line, " \t"), end_at = strlen(line);
    const char *argument;

    while (end_at > length && strchr(" \t;", line[end_at - 1]) != NULL)
        line[--end_at] = '\0';
    argument = line + length + strspn(line + length, " \t");
    for (size_t i = 0; i < WF_COUNT_OF(words); i++) {
        if (strlen(words[i].name) == length && strncmp(line, words[i].name, length) == 0)
            return words[i].run(shell, argument);
    }
    wf_log_error("'%.40s' is unknown; .help lists what there is", line);
    return 2;
}
