/* SPDX-License-Identifier: MIT */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

/*
 * wf-query from the inside.
 *
 *   names.c   what was asked for -> columns, by what history has
 *   rows.c    samples of several subsystems, merged by time -> lines of cells
 *   bins.c    the same, reduced to one line per step
 *   gaps.c    the gaps of the subsystems that were asked for
 *   write_*.c lines to text, one form each
 *
 * Lines stream: memory does not grow with the range.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <watchfloor/names.h>
#include <watchfloor/store/history.h>
#include <watchfloor/strbuf.h>
#include <watchfloor/value.h>

/* Nothing found, and it cannot be done. */
#define EXIT_NOTHING 1
#define EXIT_CANNOT  2

enum query_format { QUERY_TABLE, QUERY_CSV, QUERY_JSON, QUERY_PLOT };
enum query_agg { QUERY_MEAN, QUERY_MIN, QUERY_MAX, QUERY_LAST, QUERY_COUNT, QUERY_AGGS };

struct query_options {
    struct wf_range range;
    enum query_format format;
    bool is_raw;
    const char *source; /* only this one; NULL = all */
    uint64_t limit;     /* lines; 0 = all */
    int64_t every_ns;   /* 0 = every sample */
    enum query_agg aggs[QUERY_AGGS];
    size_t agg_count;
};

/* One parameter, or one element of an array, of one source. */
struct query_column {
    char name[WF_FULL_NAME_SIZE]; /* as printed */
    char parameter[WF_NAME_SIZE];
    size_t element;
    bool is_element; /* of an array */
    char *unit;
    size_t group;
    /* Where it is in the schema version of the group's row, looked up when that changes. */
    const struct wf_schema *schema;
    int index;
};

/* The columns of one source's subsystem share a cursor. */
struct query_group {
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    const char **parameters; /* of the columns; borrowed from them */
    size_t parameter_count;
    struct wf_history_cursor *cursor;
    struct wf_history_row row;
    bool has_row;
};

struct query {
    struct query_options options;
    struct wf_history *history;
    struct query_column *columns;
    size_t column_count;
    struct query_group *groups;
    size_t group_count;
};

/* --- names.c ------------------------------------------------------------------------------- */

/* Columns for the patterns, in their order; ABSENT with what there is when one means nothing. */
int query_resolve(struct query *query, char **patterns, int count, struct wf_err *err);
void query_free_columns(struct query *query);
/* list.c: what there is in the range, for people. Returns the exit status. */
int query_print_list(struct query *query);

/* --- lines ----------------------------------------------------------------------------------- */

enum query_cell_kind { QUERY_NONE, QUERY_NUMBER, QUERY_TEXT, QUERY_BOOL };

struct query_cell {
    enum query_cell_kind kind;
    size_t at, len; /* in the line's text */
    double number;  /* NAN when it is none */
};

/* One line of output: a cell for each column, or for each column and aggregate. */
struct query_line {
    int64_t time_ns;
    struct query_cell *cells;
    size_t cell_count;
    struct wf_strbuf text;
};

/* Where lines come from. `column` picks one column only, -1 all of them. */
struct query_lines;
int query_lines_open(struct query *query, int column, bool is_for_people,
                     struct query_lines **out_lines, struct wf_err *err);
/* 0 with a line (borrowed), ABSENT at the end or at the limit. */
int query_lines_next(struct query_lines *lines, const struct query_line **out_line,
                     struct wf_err *err);
void query_lines_close(struct query_lines **lines);
/* Cells of a line, and what stands above each. */
size_t query_cell_count(const struct query *query);
void query_cell_name(const struct query *query, size_t cell, struct wf_strbuf *out);
const struct query_column *query_cell_column(const struct query *query, size_t cell);
const char *query_cell_unit(const struct query *query, size_t cell);

/* --- rows.c, for bins.c --------------------------------------------------------------------- */

int query_rows_open(struct query *query, int column, struct wf_err *err);
/* Stand on the next moment: groups whose has_row is set and whose time is *out_time_ns have a sample. */
int query_rows_next(struct query *query, int64_t *out_time_ns, struct wf_err *err);
/* Go on behind that moment. */
int query_rows_step(struct query *query, int64_t time_ns, struct wf_err *err);
void query_rows_close(struct query *query);
/* The value of a column in its group's row; false when this schema version has none. */
bool query_value(struct query *query, size_t column, struct wf_value *out);
void query_add_cell(const struct query *query, size_t column, const struct wf_value *value,
                    bool is_for_people, struct query_line *line, struct query_cell *cell);

/* --- gaps.c ----------------------------------------------------------------------------------- */

/* Gaps kept for showing between rows; beyond it they are only counted. */
#define QUERY_GAPS_MAX 10000

struct query_gaps {
    struct wf_gap *list; /* ascending by where they begin */
    size_t count;
    uint64_t total, lost; /* all that there are; samples and packets */
};
int query_gaps_read(struct query *query, struct query_gaps *out, struct wf_err *err);
void query_gaps_free(struct query_gaps *gaps);
/* Every gap of the range, whose ever; days that could not be read too. */
int query_each_gap(struct query *query, int (*each)(void *context, const struct wf_gap *gap),
                   void *context, struct wf_err *err);
/* Say on stderr which days could not be read. */
void query_tell_troubles(const struct query *query);
int64_t query_gap_from(const struct query *query, const struct wf_gap *gap);
int64_t query_gap_to(const struct query *query, const struct wf_gap *gap);
bool query_has_subsystem(const struct query *query, const struct wf_gap *gap);

/* --- writing: each returns the exit status, and tells failures itself ------------------------- */

int query_write_csv(struct query *query);
int query_write_json(struct query *query);
int query_write_table(struct query *query);
int query_write_plot(struct query *query);

const char *query_agg_name(enum query_agg agg);
/* "raw" or "10s". */
void query_add_resolution(const struct query *query, struct wf_strbuf *out);
/* "1,234 rows, resolution raw, 2 gaps (15 lost)" to `to`. */
void query_print_summary(const struct query *query, const struct query_gaps *gaps, uint64_t lines,
                         FILE *to);
/* Tell on stderr; EXIT_CANNOT. */
int query_failed(const struct wf_err *err);

#endif /* QUERY_QUERY_H */
