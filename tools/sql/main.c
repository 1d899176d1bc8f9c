/* SPDX-License-Identifier: MIT */
/* wf-sql: SQL over the whole history, read only. Its manual is --help. */

#include <stdio.h>
#include <stdlib.h>

#include <watchfloor/log.h>
#include <watchfloor/options.h>

#include "sql.h"

static const char details[] =
    "Without a STATEMENT they are read from stdin, each ending with ';' (.help tells more).\n"
    "\n"
    "Tables, over all days at once:\n"
    "  NAME of a subsystem     time, received, source, one column for each parameter, quality\n"
    "  \"NAME:2\" ...            parameters beyond the 1,900th\n"
    "  NAME_minute, NAME_hour  time, source, parameter, min, max, mean, last, last_time, count,\n"
    "                          bad, quality, unit, tier\n"
    "  gaps, parameters, subsystems, deleted\n"
    "Times are text as 2026-11-20T18:06:52.123456789Z, UTC; time_ns and received_ns are there as\n"
    "numbers when named. at('now-1h') is a time as people write it (datetime('now') has a space\n"
    "where these have a T, and compares with them wrongly: that is told). Conditions on time,\n"
    "received, source (and parameter), and on the columns of gaps, choose what is read; columns\n"
    "not named are not read. ORDER BY time sorts nothing, DESC begins with the newest row.\n"
    "\n"
    "Nothing can be written, no other file opened, no extension loaded. Ctrl-C ends a statement.\n"
    "\n"
    "Exit status: 0, also without rows; 1 when there is no history; 2 when it cannot be done.\n"
    "\n"
    "    wf sql \"select time, bus_voltage from power where time > at('now-10m')\"\n"
    "    wf sql \"select * from power order by time desc limit 1\" --format line\n"
    "    wf sql --csv \"select source, avg(bus_voltage) from power group by source\"\n"
    "    wf sql \"select cause, count(*), sum(lost) from gaps where \\\"from\\\" > at('today')"
    " group by cause\"\n";

static int open_history(struct shell *shell, const struct wf_common *common)
{
    char folder[WF_PATH_SIZE];
    struct wf_err err = { 0 };
    int rc = wf_paths_in_state(&common->paths, "history", folder, sizeof(folder), &err);

    if (rc == 0)
        rc = wf_history_open(folder, &shell->history, &err);
    if (rc == WF_ERR_ABSENT) {
        wf_log_error("no history in %.150s yet; wf-logger writes it: `wf up` starts it", folder);
        return 1;
    }
    if (rc == 0)
        rc = wf_sql_open(shell->history, &shell->sql, &err);
    if (rc < 0)
        wf_log_error("%s", err.text);
    return rc < 0 ? 2 : 0;
}

int main(int argc, char **argv)
{
    const char *format = "table", *limit = "0";
    bool is_csv = false, is_json = false;
    const struct wf_option options[] = {
        { "format", "FORM", "table (default), line, csv or json.", &format, NULL },
        { "csv", NULL, "The same as --format csv.", NULL, &is_csv },
        { "json", NULL, "The same as --format json.", NULL, &is_json },
        { "timeout", "TIME", "A statement may take so long, as 30s; default: as long as it takes.",
          &limit, NULL },
    };
    const struct wf_command_line line = {
        .program = "wf-sql",
        .summary = "SQL over the whole history, read only.",
        .operands = "[STATEMENT...]",
        .details = details,
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct shell shell = { .history = NULL };
    struct wf_common common;
    struct wf_err err = { 0 };
    enum print_mode mode = PRINT_TABLE;
    int status;

    wf_options_parse(&line, argc, argv, &common);
    format = is_csv ? "csv" : is_json ? "json" : format;
    if (!print_mode_from_name(format, &mode)) {
        wf_log_error("--format '%.40s': expected table, line, csv or json", format);
        return 2;
    }
    if (wf_parse_duration_ns(limit, &shell.limit_ns, &err) < 0) {
        wf_log_error("--timeout: %s", err.text);
        return 2;
    }
    print_init(&shell.print, mode);
    status = open_history(&shell, &common);
    if (status == 0 && common.operand_count == 0)
        status = shell_read(&shell, stdin);
    for (int i = 0; status == 0 && i < common.operand_count; i++)
        status = shell_run(&shell, common.operands[i]);
    if (!wf_output_finish())
        status = 2;
    wf_sql_close(&shell.sql);
    wf_history_close(&shell.history);
    print_fini(&shell.print);
    return status;
}
