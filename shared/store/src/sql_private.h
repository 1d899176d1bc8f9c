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

/* What every table is made with; of one connection. */
struct wfs_sql_shared {
    struct wf_history *history;
    /* What there is in `listed`: a join asks for every row of the other table. */
    struct wf_history_entry *entries;
    size_t entry_count;
    struct wf_range listed;
    bool is_listed; /* since the statement began */
    char notice[240];
};

extern const sqlite3_module wfs_sql_rows;  /* arguments: the subsystem, part 0, 1 ... */
extern const sqlite3_module wfs_sql_bins;  /* the subsystem, and "minute" or "hour" */
extern const sqlite3_module wfs_sql_lists; /* "gaps", "parameters", "subsystems" or "deleted" */

/* An argument of CREATE VIRTUAL TABLE without its quotes. */
void wfs_sql_argument(const char *text, char *out, size_t size);
/* The error of one of our functions as that of a virtual table. */
int wfs_sql_failed(sqlite3_vtab *vtab, const struct wf_err *err);

/* --- what is asked for: constraints through xBestIndex to xFilter ------------------------- */

/* What a column means where its conditions limit what is read. */
enum wfs_sql_role {
    WFS_SQL_TIME,
    WFS_SQL_TIME_NS,
    WFS_SQL_RECEIVED,
    WFS_SQL_RECEIVED_NS,
    WFS_SQL_FROM, /* ends of a gap, or of a file: conditions on either give a range */
    WFS_SQL_TO,
    WFS_SQL_SOURCE, /* from here on: names */
    WFS_SQL_SUBSYSTEM,
    WFS_SQL_PARAMETER,
    WFS_SQL_CAUSE,
    WFS_SQL_ROLES,
};
#define WFS_SQL_NAMES (WFS_SQL_ROLES - WFS_SQL_SOURCE)

/* The column of each role, counted from 1; 0: the table has none such. */
struct wfs_sql_columns {
    int at[WFS_SQL_ROLES];
};
/* Can rows come in order of time, from the end as well? */
enum wfs_sql_order { WFS_SQL_UNORDERED, WFS_SQL_ASCENDING, WFS_SQL_DESCENDING };

/* Fills idxStr (which EXPLAIN QUERY PLAN shows), argument numbers and costs. */
int wfs_sql_best_index(sqlite3_index_info *info, const struct wfs_sql_columns *columns,
                       bool can_order);

struct wfs_sql_ask {
    uint64_t columns_used;
    enum wfs_sql_order order;
    struct wf_range range; /* holds every row that the constraints allow, and perhaps more */
    const char *names[WFS_SQL_NAMES]; /* by role - WFS_SQL_SOURCE; NULL = any; of the arguments */
};
void wfs_sql_read_ask(struct wfs_sql_shared *shared, const char *text, sqlite3_value **values,
                      int count, struct wfs_sql_ask *out);
/* Is column `index` of the table read at all? */
bool wfs_sql_is_used(const struct wfs_sql_ask *ask, int index);
/* May a row with that name be one that is asked for? */
bool wfs_sql_is_named(const struct wfs_sql_ask *ask, enum wfs_sql_role role, const char *name);

/* --- rows from the end ---------------------------------------------------------------------- */

struct wfs_sql_back;
/*
 * Rows of `sources` in descending order of time: the newest of `query`'s range first, and no more
 * read than is asked for, about. What query points to is borrowed.
 */
int wfs_sql_back_open(struct wf_history *history, const struct wf_history_query *query,
                      char (*sources)[WF_NAME_SIZE], size_t source_count,
                      struct wfs_sql_back **out_back, struct wf_err *err);
/* 0 with a row, borrowed until the next call, and whose it is; ABSENT at the end. */
int wfs_sql_back_next(struct wfs_sql_back *back, struct wf_history_row *out, size_t *out_source,
                      struct wf_err *err);
void wfs_sql_back_close(struct wfs_sql_back **back);

/* --- results -------------------------------------------------------------------------------- */

/* ISO 8601 with nine digits; NULL for WF_TIME_NONE. */
void wfs_sql_result_time(sqlite3_context *context, int64_t time_ns);
/* A number as it is, NaN NULL, an unsigned one beyond the signed range as text. */
void wfs_sql_result_number(sqlite3_context *context, const struct wf_value *value);
/* As the view shows it: labels, times as text, text before its end. */
void wfs_sql_result_value(sqlite3_context *context, const struct wf_schema *schema, size_t index,
                          const struct wf_value *value);

/*
 * What there is in the range, and perhaps beyond; borrowed until the next call. Asked once for
 * each statement as a rule.
 */
int wfs_sql_entries(struct wfs_sql_shared *shared, const struct wf_range *range,
                    const struct wf_history_entry **out_list, size_t *out_count,
                    struct wf_err *err);
/* Which sources there are of a subsystem. The caller frees *out_sources. */
int wfs_sql_sources(struct wfs_sql_shared *shared, const struct wf_range *range,
                    const char *subsystem, const char *only, char (**out_sources)[WF_NAME_SIZE],
                    const struct wf_schema **out_schema, size_t *out_count, struct wf_err *err);

#endif /* WFS_SQL_PRIVATE_H */
