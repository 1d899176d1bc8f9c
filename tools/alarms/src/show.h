/* SPDX-License-Identifier: MIT */
#ifndef SHOW_H
#define SHOW_H

/* Show - tables for people, rows for machines. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/strbuf.h>

#define SHOW_COLUMN_MAX 16

/* A table that waits for all its rows to know how wide its columns are. The last one is not padded. */
struct show_table {
    size_t columns;
    char **cells;
    size_t count, size; /* cells */
    bool was_cut;       /* memory ran out */
};
void show_table_init(struct show_table *table, size_t columns);
void show_table_fini(struct show_table *table);
/* Next cell, left to right, row by row. Control characters become '?'. */
void show_cell(struct show_table *table, const char *text);
void show_cellf(struct show_table *table, const char *format, ...) WF_PRINTF(2, 3);
void show_cell_time(struct show_table *table, int64_t utc_ns); /* ISO 8601 to the second, or "-" */
void show_cell_age(struct show_table *table, int64_t ns);
/* Prints with `indent` blanks before each line; lines are cut at the terminal's width. */
void show_table_print(const struct show_table *table, size_t indent);

/* Columns of the terminal on stdout; 0: no terminal. */
size_t show_width(void);

/* RFC 4180. */
void show_csv(const char *text, bool is_last);
void show_csv_time(int64_t utc_ns, bool is_last);
void show_csv_double(double value, bool is_last);

json_t *show_json_time(int64_t utc_ns); /* "2026-11-20T12:00:00.000000Z" or null */
json_t *show_json_double(double value); /* null when it is none */
json_t *show_json_text(const char *text);
json_t *show_json_marks(unsigned marks);
/* "SHELVED SUPPRESSED" */
void show_marks(struct wf_strbuf *out, unsigned marks);

#endif /* SHOW_H */
