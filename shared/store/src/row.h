/* SPDX-License-Identifier: MIT */
#ifndef WFS_ROW_H
#define WFS_ROW_H

/*
 * Row - one sample to the cells of its table and back, exactly.
 *
 * Writing is the hot path of the logger: it binds and does nothing else. What is
 * bound without copying (text, blobs) borrows from the payload until the
 * statement was stepped.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db.h"
#include "plan.h"

/* The key of a row: which life of the writer, and the order within it. */
#define WFS_ORDER_BITS 46
#define WFS_ORDER_MAX  ((UINT64_C(1) << WFS_ORDER_BITS) - 1)
#define WFS_EPOCH_MAX  ((UINT64_C(1) << 17) - 1)

/* Bind the parameters of a part from `payload`, the first at number `at`. */
int wfs_bind_part(sqlite3_stmt *stmt, int at, const struct wfs_plan *plan, size_t part,
                  const uint8_t *payload);
/* Bind the quality bytes: NULL when all are VALID. `scratch` has room for one a parameter. */
int wfs_bind_quality(sqlite3_stmt *stmt, int at, const struct wfs_plan *plan,
                     const uint8_t *payload, uint8_t *scratch);

/* Bind which calibrators were used; the bytes lie in a row in the payload, behind the qualities. */
int wfs_bind_choices(sqlite3_stmt *stmt, int at, const struct wfs_plan *plan,
                     const uint8_t *payload);
/* Read them back: before the columns that they decide about. */
void wfs_read_choices(sqlite3_stmt *stmt, int at, const struct wfs_plan *plan, uint8_t *payload);

/* Is it text that every tool shows whole: UTF-8 (no surrogates, shortest form), no NUL? */
bool wfs_is_clean_text(const uint8_t *text, size_t len);

/* Everything ABSENT: what a payload is before cells are read into it. */
void wfs_row_clear(const struct wfs_plan *plan, uint8_t *payload);
/* Read the cell of one column into the payload, with its engineering value. */
void wfs_row_read(sqlite3_stmt *stmt, int at, const struct wfs_plan *plan, size_t column,
                  uint8_t quality, uint8_t *payload);

#endif /* WFS_ROW_H */
