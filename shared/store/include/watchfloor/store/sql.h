/* SPDX-License-Identifier: MIT */
#ifndef WF_STORE_SQL_H
#define WF_STORE_SQL_H

/*
 * SQL over the whole history at once, read only: a table for each subsystem with the
 * columns of its views, however many files there are; rollups, gaps and the catalogue.
 *
 *     power                 time, received, source, one for each parameter, quality
 *     power:2               parameters beyond the 1,900th
 *     power_minute, _hour   time, source, parameter, min, max, mean, last, count ...
 *     gaps, parameters, subsystems, deleted
 *
 * Conditions on time, received (also as time_ns, received_ns) and source choose what is
 * read, of gaps those on its ends and names; columns that are not asked for are not read. ORDER BY
 * time costs nothing, and DESC begins with the newest. at('now-1h') is a time as text.
 * Nothing can be written, no other file opened, no extension loaded.
 *
 * Threads: one at a time, but for wf_sql_interrupt.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/store/history.h>
#include <watchfloor/value.h>

struct wf_sql;

/* `history` is borrowed, and used by nobody else meanwhile. */
int wf_sql_open(struct wf_history *history, struct wf_sql **out_sql, struct wf_err *err);
void wf_sql_close(struct wf_sql **sql);

/* Where rows go. Anything but 0 ends the statement and is returned. */
struct wf_sql_sink {
    void *context;
    /* Once for each statement that gives rows, before them. */
    int (*head)(void *context, const char *const *names, size_t count);
    /* Kinds NONE (NULL), I64, F64, TEXT and BYTES; borrowed during the call. */
    int (*row)(void *context, const struct wf_value *values, size_t count);
};

/*
 * Run all statements of `text`, one after another. `deadline_ns` is a time of the monotonic
 * clock, 0 = none.
 *   WF_ERR_INVALID   SQL that makes no sense, with what is wrong
 *   WF_ERR_DENIED    it would write, or reach for something else
 *   WF_ERR_LIMIT     the deadline passed
 *   WF_ERR_BUSY      interrupted
 */
int wf_sql_run(struct wf_sql *sql, const char *text, const struct wf_sql_sink *sink,
               int64_t deadline_ns, struct wf_err *err);
/* What a person who wrote the last text may not have meant; NULL when there is nothing. */
const char *wf_sql_notice(const struct wf_sql *sql);
/* End what runs, soon. From any thread and from signal handlers. */
void wf_sql_interrupt(struct wf_sql *sql);

/* Does the text end with a whole statement? For whoever reads line by line. */
bool wf_sql_is_complete(const char *text);

#endif /* WF_STORE_SQL_H */
