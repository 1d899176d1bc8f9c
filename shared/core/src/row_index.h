/* SPDX-License-Identifier: MIT */
#ifndef WFI_ROW_INDEX_H
#define WFI_ROW_INDEX_H

/*
 * Row index - which row of a table has a key, and which rows are free.
 *
 * Private to the writer; built anew from the rows when a table is adopted. A
 * hash table with open addressing over the row numbers; the keys themselves are
 * kept here, so that looking up touches no shared memory. Allocates once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WFI_ROW_NONE UINT32_MAX

struct wfi_row_index {
    uint32_t row_max;
    size_t key_size;  /* bytes of a key, with its end */
    char *keys;       /* row_max times key_size */
    uint32_t *places; /* hash place -> row, or WFI_ROW_NONE */
    uint32_t place_count;
    uint32_t *unused; /* a stack of rows without key */
    uint32_t unused_count;
};

/*
 * False: out of memory, nothing is kept. Then tell about every row, the last one
 * first: wfi_row_index_set or wfi_row_index_offer.
 */
bool wfi_row_index_init(struct wfi_row_index *index, uint32_t row_max, size_t key_size);
void wfi_row_index_fini(struct wfi_row_index *index);
/* `key`: at most `len` bytes, ended or not; longer than key_size - 1 is cut, as it is stored. */
uint32_t wfi_row_index_find(const struct wfi_row_index *index, const char *key, size_t len);
/* A row for a new key, WFI_ROW_NONE when all are used. */
uint32_t wfi_row_index_add(struct wfi_row_index *index, const char *key, size_t len);
void wfi_row_index_offer(struct wfi_row_index *index, uint32_t row);
void wfi_row_index_set(struct wfi_row_index *index, uint32_t row, const char *key, size_t len);
void wfi_row_index_remove(struct wfi_row_index *index, uint32_t row);

#endif /* WFI_ROW_INDEX_H */
