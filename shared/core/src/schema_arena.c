/* SPDX-License-Identifier: MIT */
/*
 * The memory of one schema: chunks that are only ever added to and go all at
 * once, and the index of its names.
 */

#include "schema_private.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)16 * 1024)

struct wfi_arena_chunk {
    struct wfi_arena_chunk *next;
    size_t used, size;
    max_align_t bytes[];
};

/* What all empty strings point to. Never written, never freed. */
static char nothing[1] = "";

static void *chunk_get(struct wfi_arena_chunk *chunk, size_t bytes)
{
    void *got;

    if (chunk == NULL || chunk->size - chunk->used < bytes)
        return NULL;
    got = (char *)chunk->bytes + chunk->used;
    chunk->used += bytes;
    return got;
}

static void *arena_bytes(struct wfi_arena *arena, size_t bytes)
{
    void *got = chunk_get(arena->chunks, bytes);

    if (got != NULL)
        return got;

    size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    struct wfi_arena_chunk *chunk = calloc(1, sizeof(*chunk) + size);

    if (chunk == NULL) {
        arena->is_out_of_memory = true;
        return NULL;
    }
    chunk->size = size;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return chunk_get(chunk, bytes);
}

void *wfi_arena_get(struct wfi_arena *arena, size_t count, size_t size)
{
    const size_t align = sizeof(max_align_t);

    if (count > (SIZE_MAX / 4) / (size + 1)) {
        arena->is_out_of_memory = true;
        return NULL;
    }
    /* Never NULL for "nothing", so that NULL means only one thing. */
    return arena_bytes(arena, (count * size + align) / align * align);
}

char *wfi_arena_text(struct wfi_arena *arena, const char *text, size_t len)
{
    char *copy = len > 0 ? wfi_arena_get(arena, len + 1, 1) : NULL;

    if (copy == NULL)
        return nothing;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void wfi_arena_fini(struct wfi_arena *arena)
{
    while (arena->chunks != NULL) {
        struct wfi_arena_chunk *next = arena->chunks->next;

        free(arena->chunks);
        arena->chunks = next;
    }
}

static int compare_refs(const void *a, const void *b)
{
    const struct wfi_name_ref *left = a, *right = b;
    int order = wf_casecmp(left->name, right->name);

    return order != 0 ? order
                      : (left->parameter > right->parameter) - (left->parameter < right->parameter);
}

void wfi_schema_index(struct wf_schema *schema)
{
    struct wfi_schema_own *own = schema->own;
    size_t room = 2 * schema->parameter_count;

    if (own->names == NULL)
        own->names = wfi_arena_get(&own->arena, room, sizeof(*own->names));
    if (own->names == NULL)
        return;
    own->name_count = 0;
    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_parameter *parameter = &schema->parameters[i];

        own->names[own->name_count++] = (struct wfi_name_ref){ parameter->name, (int)i };
        if (parameter->alias != NULL && parameter->alias[0] != '\0' &&
            wf_casecmp(parameter->alias, parameter->name) != 0)
            own->names[own->name_count++] = (struct wfi_name_ref){ parameter->alias, (int)i };
    }
    qsort(own->names, own->name_count, sizeof(*own->names), compare_refs);
}

int wf_schema_find(const struct wf_schema *schema, const char *name)
{
    const struct wfi_schema_own *own = schema->own;
    size_t low = 0, high = own != NULL ? own->name_count : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = wf_casecmp(own->names[middle].name, name);

        if (order == 0)
            return own->names[middle].parameter;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return WF_NO_INDEX;
}

void wf_schema_free(struct wf_schema **schema)
{
    if (schema == NULL || *schema == NULL)
        return;

    struct wfi_schema_own *own = (*schema)->own;

    /* The schema and `own` are not in the arena: they exist before it does. */
    if (own != NULL)
        wfi_arena_fini(&own->arena);
    free(own);
    free(*schema);
    *schema = NULL;
}
