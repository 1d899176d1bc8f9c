/* SPDX-License-Identifier: MIT */
#ifndef HISTORY_CSV_READER_H
#define HISTORY_CSV_READER_H

/* Rows of a table as RFC 4180 has it, one at a time: memory does not grow with the file. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <watchfloor/err.h>

#define CSV_ROW_MAX (4u << 20)

struct csv_reader {
    FILE *file;
    const char *path;
    char *text; /* of the row; the cells lie in it, ended */
    size_t len, capacity;
    size_t *starts; /* where each cell begins */
    size_t cell_count, cell_capacity;
    uint64_t line;      /* the row begins there; the first is 1 */
    uint64_t next_line; /* the next one does */
};

int csv_reader_open(struct csv_reader *reader, const char *path, struct wf_err *err);
void csv_reader_close(struct csv_reader *reader);
/* The next row that is not empty; ABSENT at the end. */
int csv_reader_next(struct csv_reader *reader, struct wf_err *err);
/* "" where the row ended before. */
const char *csv_reader_cell(const struct csv_reader *reader, size_t index);

#endif /* HISTORY_CSV_READER_H */
