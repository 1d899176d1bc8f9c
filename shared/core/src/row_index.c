/* SPDX-License-Identifier: MIT */
/* Keys of a table's rows: see row_index.h. */

#include "row_index.h"

#include <stdlib.h>
#include <string.h>

static size_t key_len(const struct wfi_row_index *index, const char *key, size_t len)
{
    const char *end;

    if (len > index->key_size - 1)
        len = index->key_size - 1;
    end = memchr(key, '\0', len);
    return end != NULL ? (size_t)(end - key) : len;
}

static const char *key_of(const struct wfi_row_index *index, uint32_t row)
{
    return index->keys + (size_t)row * index->key_size;
}

/* FNV-1a: keys are names, made by the program itself. */
static uint32_t place_of(const struct wfi_row_index *index, const char *key, size_t len)
{
    uint32_t hash = UINT32_C(2166136261);

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)key[i]) * UINT32_C(16777619);
    return hash & (index->place_count - 1);
}

bool wfi_row_index_init(struct wfi_row_index *index, uint32_t row_max, size_t key_size)
{
    struct wfi_row_index made = { .row_max = row_max, .key_size = key_size, .place_count = 16 };

    while (made.place_count < 2 * row_max)
        made.place_count *= 2;
    made.keys = calloc(row_max, key_size);
    made.places = malloc(made.place_count * sizeof(*made.places));
    made.unused = malloc(row_max * sizeof(*made.unused));
    if (made.keys == NULL || made.places == NULL || made.unused == NULL) {
        wfi_row_index_fini(&made);
        return false;
    }
    memset(made.places, 0xff, made.place_count * sizeof(*made.places)); /* WFI_ROW_NONE */
    *index = made;
    return true;
}

void wfi_row_index_fini(struct wfi_row_index *index)
{
    free(index->keys);
    free(index->places);
    free(index->unused);
    *index = (struct wfi_row_index){ 0 };
}

/* The place that holds the key, or the free place where it would go. */
static uint32_t seek(const struct wfi_row_index *index, const char *key, size_t len)
{
    uint32_t place = place_of(index, key, len);

    /* Ends: at most half of the places are ever used. */
    while (index->places[place] != WFI_ROW_NONE) {
        const char *other = key_of(index, index->places[place]);

        if (memcmp(other, key, len) == 0 && other[len] == '\0')
            break;
        place = (place + 1) & (index->place_count - 1);
    }
    return place;
}

uint32_t wfi_row_index_find(const struct wfi_row_index *index, const char *key, size_t len)
{
    len = key_len(index, key, len);
    return index->places[seek(index, key, len)];
}

static void place_key(struct wfi_row_index *index, uint32_t row, const char *key, size_t len)
{
    char *at = index->keys + (size_t)row * index->key_size;

    len = key_len(index, key, len);
    memset(at, 0, index->key_size);
    memcpy(at, key, len);
    index->places[seek(index, key, len)] = row;
}

uint32_t wfi_row_index_add(struct wfi_row_index *index, const char *key, size_t len)
{
    uint32_t row;

    if (index->unused_count == 0)
        return WFI_ROW_NONE;
    row = index->unused[--index->unused_count];
    place_key(index, row, key, len);
    return row;
}

void wfi_row_index_set(struct wfi_row_index *index, uint32_t row, const char *key, size_t len)
{
    place_key(index, row, key, len);
}

void wfi_row_index_offer(struct wfi_row_index *index, uint32_t row)
{
    index->unused[index->unused_count++] = row;
}

void wfi_row_index_remove(struct wfi_row_index *index, uint32_t row)
{
    const uint32_t mask = index->place_count - 1;
    const char *key = key_of(index, row);
    uint32_t hole = seek(index, key, strlen(key));

    index->unused[index->unused_count++] = row;
    /* Close the gap: move up whatever would no longer be found behind it. */
    for (uint32_t next = (hole + 1) & mask; index->places[next] != WFI_ROW_NONE;
         next = (next + 1) & mask) {
        const char *other = key_of(index, index->places[next]);
        uint32_t home = place_of(index, other, strlen(other));

        if (((next - home) & mask) >= ((next - hole) & mask)) {
            index->places[hole] = index->places[next];
            hole = next;
        }
    }
    index->places[hole] = WFI_ROW_NONE;
}
