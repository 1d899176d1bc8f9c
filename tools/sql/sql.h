/* SPDX-License-Identifier: MIT */
#ifndef SQL_SQL_H
#define SQL_SQL_H

/*
 * wf-sql from the inside: main.c runs, shell.c reads statements line by line, words.c are
 * the lines with a dot, print.c writes rows. SQL itself is <watchfloor/store/sql.h>.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <watchfloor/store/sql.h>
#include <watchfloor/strbuf.h>

enum print_mode { PRINT_TABLE, PRINT_LINE, PRINT_CSV, PRINT_JSON };

/* Rows of a table are kept until there are so many: then its columns have their widths. */
#define PRINT_ROWS_KEPT 500

struct print {
    enum print_mode mode;
    bool has_head; /* names above rows, of tables and CSV */
    char null[32]; /* what stands for NULL, in tables and lines */
    uint64_t rows; /* of the statement */
    size_t columns;
    struct wf_strbuf names; /* ended texts, one behind another */
    struct wf_strbuf kept;  /* cells likewise, of the first rows of a table */
    size_t kept_rows;
    size_t *widths;
    bool *is_number; /* columns that have been nothing but numbers: to the right */
    bool is_head_out;
    struct wf_strbuf line;
};

bool print_mode_from_name(const char *name, enum print_mode *out);
void print_init(struct print *print, enum print_mode mode);
void print_fini(struct print *print);
/* The sink of a run, and what is to be done behind each statement. */
struct wf_sql_sink print_sink(struct print *print);
void print_end(struct print *print);

struct shell {
    struct wf_history *history;
    struct wf_sql *sql;
    struct print print;
    int64_t limit_ns; /* a statement may take so long; 0 = as long as it takes */
    bool is_timed;
    int reads; /* scripts that are being read, one from within another */
};

/* Run a text; returns the exit status, having told what is wrong. */
int shell_run(struct shell *shell, const char *text);
/* Read statements until it ends; the worst status. */
int shell_read(struct shell *shell, FILE *in);

/* A line that begins with a dot: an exit status, or that it was the last. */
#define WORD_END (-1)
int word_run(struct shell *shell, char *line);

#endif /* SQL_SQL_H */
