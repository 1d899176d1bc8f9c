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
    int64_t begun_ns = wf_mono_now_ns();
    int64_t deadline_ns = shell->limit_ns > 0 ? begun_ns + shell->limit_ns : 0;
    const char *notice;
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
    notice = wf_sql_notice(shell->sql);
    if (notice != NULL)
        wf_log_warning("%s", notice);
    if (shell->is_timed)
        (void)fprintf(stderr, "%.3f s\n", (double)(wf_mono_now_ns() - begun_ns) * 1e-9);
    tell_troubles(shell);
    return rc == 0 ? 0 : 2;
}

/* --- line by line ------------------------------------------------------------------------------------ */

/* A person sits there. */
static bool is_person(FILE *in)
{
    return in == stdin && isatty(STDIN_FILENO) != 0;
}

static void prompt(FILE *in, bool is_more)
{
    if (!is_person(in) || isatty(STDERR_FILENO) == 0)
        return;
    (void)fputs(is_more ? "  ...> " : "wf sql> ", stderr);
    (void)fflush(stderr);
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n;")] == '\0';
}

int shell_read(struct shell *shell, FILE *in)
{
    struct wf_strbuf statement;
    char *line = NULL;
    size_t size = 0;
    int status = 0, last = 0;

    wf_strbuf_init(&statement, STATEMENT_MAX);
    for (;;) {
        ssize_t len;

        prompt(in, !is_blank(statement.text));
        errno = 0;
        len = getline(&line, &size, in);
        if (len < 0)
            break;
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            line[--len] = '\0';
        if (line[0] == '.' && is_blank(statement.text)) {
            last = word_run(shell, line);
            if (last == WORD_END)
                break;
            status = last > status ? last : status;
            continue;
        }
        if (strncmp(line, "--", 2) == 0 && is_blank(statement.text))
            continue; /* or a command behind it would be taken for SQL */
        wf_strbuf_add(&statement, line);
        wf_strbuf_add_char(&statement, '\n');
        if (!wf_sql_is_complete(statement.text))
            continue;
        if (!is_blank(statement.text)) {
            last = shell_run(shell, statement.text);
            /* A script that went wrong says so at its end; a person saw it. */
            status = last > status ? last : status;
        }
        wf_strbuf_clear(&statement);
    }
    if (!is_blank(statement.text)) {
        last = shell_run(shell, statement.text);
        status = last > status ? last : status;
    }
    if (is_person(in))
        status = 0;
    free(line);
    wf_strbuf_fini(&statement);
    return status;
}
