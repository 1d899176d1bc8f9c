/* SPDX-License-Identifier: MIT */
#ifndef IMPORT_CSV_H
#define IMPORT_CSV_H

/* Small tables as RFC 4180 has them: quoted fields, CR LF or LF, a byte order mark. */

#include <stddef.h>

#include <watchfloor/err.h>

#define CSV_BYTES_MAX (8u << 20)
#define CSV_CELLS_MAX 64 /* columns that are looked at */

struct csv_row {
    char *cells[CSV_CELLS_MAX]; /* ended; those that are not there are "" */
    size_t count;
    unsigned line;
};

struct csv_table {
    char *text; /* the cells lie in it */
    struct csv_row *rows;
    size_t count;
};

int csv_read(const char *path, struct csv_table *out, struct wf_err *err);
void csv_fini(struct csv_table *table);
/* Column of that name in the first row, without case; -1 = none. */
int csv_column(const struct csv_table *table, const char *name);

#endif /* IMPORT_CSV_H */
