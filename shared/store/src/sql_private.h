/* SPDX-License-Identifier: MIT */
#ifndef WFS_SQL_PRIVATE_H
#define WFS_SQL_PRIVATE_H

/*
 * What the tables of wf sql share. Each is a virtual table in a database that has
 * nothing else: SQLite allows ten attached files, history has thousands.
 */

#include <watchfloor/store/bins.h>
#include <watchfloor/store/sql.h>

#include "history_private.h"

extern const sqlite3_module wfs_sql_rows;  /* one argument: the subsystem */
extern const sqlite3_module wfs_sql_bins;  /* the subsystem, and "minute" or "hour" */
extern const sqlite3_module wfs_sql_lists; /* "gaps", "parameters", "subsystems" or "deleted" */

/* An argument of CREATE VIRTUAL TABLE without its quotes. */
void wfs_sql_argument(const char *text, char *out, size_t size);
/* The error of one of our functions as that of a virtual table. */
int wfs_sql_failed(sqlite3_vtab *vtab, const struct wf_err *err);

/* --- what is asked for: constraints through xBestIndex to xFilter ------------------------- */

/* Columns that constraints can be pushed down from; -1: the table has none such. */
struct wfs_sql_columns {
    int time, time_ns, received, received_ns, source, parameter;
};
/* Fills idxStr ("colUsed;order;column op ..."), argument numbers and costs. */
int wfs_sql_best_index(sqlite3_index_info *info, const struct wfs_sql_columns *columns);

struct wfs_sql_ask {
    uint64_t columns_used;
    bool is_ordered;       /* by time, ascending */
    struct wf_range range; /* holds every row that the constraints allow, and perhaps more */
    const char *source;    /* NULL = any; borrowed from the arguments */
    const char *parameter; /* likewise */
};
void wfs_sql_read_ask(const char *text, sqlite3_value **values, int count, struct wfs_sql_ask *out);
/* Is column `index` of the table read at all? */
bool wfs_sql_is_used(const struct wfs_sql_ask *ask, int index);

/* --- results -------------------------------------------------------------------------------- */

/* ISO 8601 with nine digits; NULL for WF_TIME_NONE. */
void wfs_sql_result_time(sqlite3_context *context, int64_t time_ns);
/* A number as it is, NaN NULL, an unsigned one beyond the signed range as text. */
void wfs_sql_result_number(sqlite3_context *context, const struct wf_value *value);
/* As the view shows it: labels, times as text, text before its end. */
void wfs_sql_result_value(sqlite3_context *context, const struct wf_schema *schema, size_t index,
                          const struct wf_value *value);

/* Everything that history has of a subsystem: which sources. The caller frees *out_sources. */
int wfs_sql_sources(struct wf_history *history, const struct wf_range *range, const char *subsystem,
                    const char *only, char (**out_sources)[WF_NAME_SIZE],
                    const struct wf_schema **out_schema, size_t *out_count, struct wf_err *err);

#endif /* WFS_SQL_PRIVATE_H */
