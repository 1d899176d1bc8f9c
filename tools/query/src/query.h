/* SPDX-License-Identifier: MIT */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

/*
 * wf-query from the inside.
 *
 *   options.c  the texts of the command line -> struct query_options
 *   names.c    what was asked for -> columns, by what history has
 *   where.c    --where, --first, --last: expressions over parameters
 *   lines.c    moments or steps -> lines of cells
 *   steps.c    steps: from rollups and samples, or from the moments that pass a filter
 *   cells.c    cells to text
 *   gaps.c     gaps of the subsystems that were asked for; what else an answer lacks
 *   write_*.c  lines to text, one form each; plot.c: what both plots draw
 *   crossing.c, stats.c, list.c, progress.c
 *
 * Lines stream: memory does not grow with the range.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <watchfloor/options.h>
#include <watchfloor/expr.h>
#include <watchfloor/names.h>
#include <watchfloor/store/aligned.h>
#include <watchfloor/store/bins.h>
#include <watchfloor/store/history.h>
#include <watchfloor/strbuf.h>
#include <watchfloor/value.h>

/* Nothing found, and it cannot be done. */
#define EXIT_NOTHING 1
#define EXIT_CANNOT  2

enum query_format { QUERY_TABLE, QUERY_CSV, QUERY_JSON, QUERY_PLOT, QUERY_SVG };

enum query_agg_kind {
    QUERY_MEAN,
    QUERY_MIN,
    QUERY_MAX,
    QUERY_LAST,
    QUERY_COUNT,
    QUERY_BAD,
    QUERY_DEVIATION,
    QUERY_QUALITY,
    QUERY_PERCENTILE,
    QUERY_AGG_KINDS
};
#define QUERY_AGGS_MAX 16

struct query_agg {
    enum query_agg_kind kind;
    char name[16];
    size_t percentile; /* which of the options' */
};

struct query_options {
    struct wf_range range;
    enum query_format format;
    bool is_raw, is_filled, is_quality_shown, is_stats;
    const char *source;   /* only this one; NULL = all */
    uint64_t limit;       /* lines; 0 = all */
    int64_t every_ns;     /* 0 = every sample */
    bool is_every_chosen; /* by us, for so many bins */
    enum wf_tier tier;
    struct query_agg aggs[QUERY_AGGS_MAX];
    size_t agg_count;
    double percentiles[WF_BIN_PERCENTILES_MAX];
    size_t percentile_count;
    uint8_t worst_quality; /* values that are worse are left out */
    const char *where, *first, *last;
    int width, height; /* of plots; 0 = as fits */
};

/* One parameter, or one element of an array, of one source. */
struct query_column {
    char name[WF_FULL_NAME_SIZE]; /* as printed */
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE], parameter[WF_NAME_SIZE];
    size_t element;
    char *unit;
    struct wf_limits limits; /* of the newest schema; no states */
    int64_t stale_after_ns;
};

struct query {
    struct query_options options;
    struct wf_history *history;
    struct query_column *columns;
    size_t column_count;
    /* What expressions need beside them. */
    struct query_column *inputs;
    size_t input_count;
    unsigned tiers; /* bits of all that was read so far */
    char trouble[240];
};

/* --- options.c --------------------------------------------------------------------------------- */

/* The texts of the options, before they are understood. */
struct query_words {
    const char *from, *to, *format, *by, *limit, *every, *bins, *aggs, *tier, *quality, *size;
    bool is_plot;
};
int query_parse_words(const struct query_words *words, struct query_options *options,
                      struct wf_err *err);
/* "10s", "1m", "1h": the largest unit that leaves no rest. */
void query_add_duration(int64_t ns, struct wf_strbuf *out);
/* "raw", or "10s". */
void query_add_resolution(const struct query *query, struct wf_strbuf *out);

/* --- missing.c ----------------------------------------------------------------------------- */

/* ABSENT, saying why nothing in the range has that name: misspelt, or another time. */
int query_missing(struct query *query, const char *pattern, struct wf_err *err);

/* --- names.c ------------------------------------------------------------------------------- */

/* Columns for the patterns, in their order; ABSENT with what there is when one means nothing. */
int query_resolve(struct query *query, char **patterns, int count, struct wf_err *err);
/*
 * The parameter that `name` means in an expression, appended to the inputs (one for each
 * element of an array, side by side). *out_labels: its enumeration or NULL.
 */
int query_add_input(struct query *query, const char *name, size_t *out_input,
                    const struct wf_enumeration **out_labels, struct wf_err *err);
void query_free_columns(struct query *query);
/* list.c: what there is in the range, for people. Returns the exit status. */
int query_print_list(struct query *query);

/* --- where.c -------------------------------------------------------------------------------- */

/* A condition, and all columns it is asked beside: those of `query` from `first` on, `count` of them. */
struct query_where;
int query_where_open(struct query *query, const char *text, struct query_where **out_where,
                     struct wf_err *err);
void query_where_close(struct query_where **where);
/* `inputs` are the cells of the query's inputs, aligned. */
enum wf_truth query_where_holds(struct query_where *where, int64_t time_ns,
                                const struct wf_align_cell *inputs);
/* Cells of columns first .. first + count - 1, and behind them those of the inputs. */
int query_align(struct query *query, size_t first, size_t count, struct wf_aligned **out_aligned,
                struct wf_err *err);

/* --- lines ----------------------------------------------------------------------------------- */

/* A value as it will be printed; kind NONE: there is none. */
struct query_cell {
    struct wf_value value;
    const struct wf_schema *schema; /* NULL: the value is no parameter's (a mean, a count) */
    size_t index;
};

/* One line of output: a cell for each column, or for each column and aggregate. */
struct query_line {
    int64_t time_ns;
    struct query_cell *cells;
    size_t cell_count;
};

/* Where lines come from. `column` picks one column only, -1 all of them. */
struct query_lines;
int query_lines_open(struct query *query, int column, struct query_lines **out_lines,
                     struct wf_err *err);
/* 0 with a line (borrowed), ABSENT at the end or at the limit. */
int query_lines_next(struct query_lines *lines, const struct query_line **out_line,
                     struct wf_err *err);
void query_lines_close(struct query_lines **lines);
/* Cells of a column; of all; and what stands above each. */
size_t query_cells_per_column(const struct query *query);
size_t query_cell_count(const struct query *query);
void query_cell_name(const struct query *query, size_t cell, struct wf_strbuf *out);
const struct query_column *query_cell_column(const struct query *query, size_t cell);
const char *query_cell_unit(const struct query *query, size_t cell);

/* --- steps.c -------------------------------------------------------------------------------- */

struct query_steps;
int query_steps_open(struct query *query, size_t first, size_t count,
                     struct query_steps **out_steps, struct wf_err *err);
/* The next step that has a bin; bins without a value have count 0 and last NONE. */
int query_steps_next(struct query_steps *steps, int64_t *out_time_ns,
                     const struct wf_bin **out_bins, struct wf_err *err);
void query_steps_close(struct query_steps **steps);
/* Does the moment pass --where? And may the value be shown (--quality)? */
bool query_is_shown(const struct query *query, const struct wf_value *value);

/* --- cells.c -------------------------------------------------------------------------------- */

enum query_cell_kind { QUERY_CELL_NONE, QUERY_CELL_NUMBER, QUERY_CELL_TEXT, QUERY_CELL_BOOL };
enum query_cell_kind query_cell_kind(const struct query *query, const struct query_cell *cell);
void query_add_cell(const struct query *query, const struct query_cell *cell, bool is_for_people,
                    struct wf_strbuf *out);
/* Time with nine digits; fast for times that follow each other. */
struct query_clock {
    int64_t minute_ns; /* of which `text` is */
    char text[30];     /* not ended */
    bool is_set;
};
void query_add_time(struct query_clock *clock, int64_t time_ns, struct wf_strbuf *out);

/* --- gaps.c ----------------------------------------------------------------------------------- */

/* Gaps kept for showing between rows; beyond it they are only counted. */
#define QUERY_GAPS_MAX 10000

struct query_gaps {
    struct wf_gap *list; /* ascending by where they begin */
    size_t count;
    uint64_t total, lost; /* all that there are; samples and packets */
    uint64_t causes[WF_GAP_CAUSE_COUNT + 1];
};
int query_gaps_read(struct query *query, struct query_gaps *out, struct wf_err *err);
void query_gaps_free(struct query_gaps *gaps);
/* Every gap of the range, whose ever; days that could not be read too. */
int query_each_gap(struct query *query, int (*each)(void *context, const struct wf_gap *gap),
                   void *context, struct wf_err *err);
/* Say on stderr which days could not be read, and what was deleted. */
void query_tell_troubles(struct query *query);
int64_t query_gap_from(const struct query *query, const struct wf_gap *gap);
int64_t query_gap_to(const struct query *query, const struct wf_gap *gap);
bool query_has_subsystem(const struct query *query, const struct wf_gap *gap);

/* --- writing: each returns the exit status, and tells failures itself ------------------------- */

/* A text as a string of JSON to stdout, and as a field of CSV. */
void query_put_string(const char *text, size_t len);
void query_add_field(struct wf_strbuf *out, const char *text, size_t len);

int query_write_csv(struct query *query);
int query_write_json(struct query *query);
int query_write_table(struct query *query);
int query_write_plot(struct query *query);
int query_write_svg(struct query *query);
int query_write_stats(struct query *query);
int query_write_crossing(struct query *query);

const char *query_agg_name(const struct query_agg *agg);
/* "1,234 rows, resolution raw, 2 gaps (15 lost)" to `to`. */
void query_print_summary(const struct query *query, const struct query_gaps *gaps, uint64_t lines,
                         FILE *to);
void query_add_summary(const struct query *query, const struct query_gaps *gaps, uint64_t lines,
                       struct wf_strbuf *out);
/* Tell on stderr; EXIT_CANNOT. */
int query_failed(const struct wf_err *err);

/* --- progress.c: on stderr, only where that is a terminal ------------------------------------- */

void query_progress(const struct query *query, int64_t time_ns);
void query_progress_end(void);

/* --- plot.c: what both plots draw --------------------------------------------------------------- */

struct query_trace {
    const struct query_column *column;
    double *min, *max; /* NAN: nothing there */
    char *gap;         /* letter of the cause, or 0 */
    uint64_t count;
};
struct query_plot {
    struct query_trace *traces;
    size_t trace_count;
    int width;              /* bins */
    double lowest, highest; /* of all traces */
    uint64_t count;
};
int query_plot_read(struct query *query, const struct query_gaps *gaps, int width,
                    struct query_plot *out, struct wf_err *err);
void query_plot_free(struct query_plot *plot);

/* packet.c: become wf-packets --of; comes back only when that failed. */
int query_show_packet(const struct wf_common *common, const char *at, struct wf_err *err);

#endif /* QUERY_QUERY_H */
