/* SPDX-License-Identifier: MIT */
/* Statements from the command line or from stdin, one after another: see sql.h. */

#include "sql.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>

#define STATEMENT_MAX (1u << 20)

/* What Ctrl-C ends; NULL while nothing runs. */
static struct wf_sql *volatile running;
static volatile sig_atomic_t was_interrupted;

static void on_interrupt(int number)
{
    struct wf_sql *sql = running;

    (void)number;
    was_interrupted = 1;
    if (sql != NULL)
        wf_sql_interrupt(sql);
}

static void tell_troubles(const struct shell *shell)
{
    const char *text;
    int64_t day_ns;

    for (size_t i = 0; (text = wf_history_trouble(shell->history, i, &day_ns)) != NULL; i++)
        wf_log_warning("%s; that day is left out", text);
}

int shell_run(struct shell *shell, const char *text)
{
    struct sigaction action = { .sa_handler = on_interrupt }, before;
    struct wf_sql_sink sink = print_sink(&shell->print);
    struct wf_err err = { 0 };
    int64_t deadline_ns = shell->limit_ns > 0 ? wf_mono_now_ns() + shell->limit_ns : 0;
    int rc;

    (void)sigemptyset(&action.sa_mask);
    was_interrupted = 0;
    running = shell->sql;
    (void)sigaction(SIGINT, &action, &before);
    rc = wf_sql_run(shell->sql, text, &sink, deadline_ns, &err);
    running = NULL;
    (void)sigaction(SIGINT, &before, NULL);
    print_end(&shell->print);
    (void)fflush(stdout);
    if (rc < 0 && !ferror(stdout))
        wf_log_error("%s", err.text[0] != '\0' ? err.text : "out of memory");
    tell_troubles(shell);
    return rc == 0 ? 0 : 2;
}

/* --- line by line ------------------------------------------------------------------------------------ */

static const char help[] =
    "Statements end with ';'. Others:\n"
    "  .tables            what tables there are\n"
    "  .schema [TABLE]    their columns\n"
    "  .mode table|csv|json\n"
    "  .help  .quit\n"
    "Conditions on time, received and source choose what is read:\n"
    "  select time, bus_voltage from power where time > at('now-1h');\n"
    "  select * from power_hour where parameter = 'bus_voltage' and time >= '2026-11-01';\n";

/* 1: go on; 0: end. */
static int dot_command(struct shell *shell, const char *line)
{
    char table[128];

    if (strcmp(line, ".quit") == 0 || strcmp(line, ".exit") == 0)
        return 0;
    if (strcmp(line, ".tables") == 0) {
        (void)shell_run(shell, "SELECT name FROM sqlite_schema ORDER BY name");
    } else if (strncmp(line, ".schema", 7) == 0) {
        struct wf_strbuf sql;

        (void)wf_copy_text(table, sizeof(table), line[7] == ' ' ? line + 8 : "");
        wf_strbuf_init(&sql, 4096);
        wf_strbuf_add(&sql, "SELECT s.name AS \"table\", c.name AS \"column\" FROM sqlite_schema"
                            " AS s JOIN pragma_table_info(s.name) AS c");
        if (table[0] != '\0') {
            wf_strbuf_add(&sql, " WHERE s.name = '");
            for (const char *p = table; *p != '\0'; p++)
                wf_strbuf_addf(&sql, *p == '\'' ? "''" : "%c", *p);
            wf_strbuf_add(&sql, "'");
        }
        (void)shell_run(shell, sql.text);
        wf_strbuf_fini(&sql);
    } else if (strncmp(line, ".mode ", 6) == 0) {
        if (!print_mode_from_name(line + 6, &shell->print.mode))
            wf_log_error("'%.40s': expected table, csv or json", line + 6);
    } else {
        if (strcmp(line, ".help") != 0)
            wf_log_error("'%.40s' is unknown", line);
        (void)fputs(help, stderr);
    }
    return 1;
}

static void prompt(bool is_more)
{
    if (isatty(STDIN_FILENO) == 0 || isatty(STDERR_FILENO) == 0)
        return;
    (void)fputs(is_more ? "  ...> " : "wf sql> ", stderr);
    (void)fflush(stderr);
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n;")] == '\0';
}

int shell_read(struct shell *shell)
{
    struct wf_strbuf statement;
    char *line = NULL;
    size_t size = 0;
    int status = 0, last = 0;

    wf_strbuf_init(&statement, STATEMENT_MAX);
    for (;;) {
        ssize_t len;

        prompt(!is_blank(statement.text));
        errno = 0;
        len = getline(&line, &size, stdin);
        if (len < 0)
            break;
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            line[--len] = '\0';
        if (line[0] == '.' && is_blank(statement.text)) {
            if (dot_command(shell, line) == 0)
                break;
            continue;
        }
        if (strncmp(line, "--", 2) == 0 && is_blank(statement.text))
            continue; /* or a command behind it would be taken for SQL */
        wf_strbuf_add(&statement, line);
        wf_strbuf_add_char(&statement, '\n');
        if (!wf_sql_is_complete(statement.text))
            continue;
        if (!is_blank(statement.text))
            last = shell_run(shell, statement.text);
        /* A script that went wrong says so at its end; a person saw it. */
        status = last > status ? last : status;
        wf_strbuf_clear(&statement);
    }
    if (!is_blank(statement.text))
        last = shell_run(shell, statement.text);
    status = last > status ? last : status;
    if (isatty(STDIN_FILENO) != 0)
        status = 0;
    free(line);
    wf_strbuf_fini(&statement);
    return status;
}
