/* SPDX-License-Identifier: MIT */
#ifndef WFI_SCHEMA_REF_H
#define WFI_SCHEMA_REF_H

/*
 * Schemas shared by many regions: parsed once, held by whoever uses them.
 *
 * A thousand regions of ten types have ten schemas. The text decides which is
 * which, never a hash that somebody else's memory claims.
 * Threads: one at a time for a cache and all that came out of it.
 */

#include <stddef.h>
#include <stdint.h>

#include <watchfloor/schema.h>

struct wfi_schema_ref {
    struct wf_schema *schema;
    char *text;
    size_t len;
    unsigned holders;
    struct wfi_schema_ref *next; /* in its cache */
};

/* Zero-initialise. */
struct wfi_schema_cache {
    struct wfi_schema_ref *first;
};

/* The schema that the text `len` bytes at `text` (shared memory) says. `cache` may be NULL. */
int wfi_schema_ref_get(struct wfi_schema_cache *cache, const void *text, size_t len,
                       struct wfi_schema_ref **out_ref, struct wf_err *err);
/* Our own copy of a schema that the caller made. */
int wfi_schema_ref_copy(struct wfi_schema_cache *cache, const struct wf_schema *schema,
                        struct wfi_schema_ref **out_ref, struct wf_err *err);
void wfi_schema_ref_put(struct wfi_schema_ref **ref);
/* Forget schemas that nobody holds any more. */
void wfi_schema_cache_sweep(struct wfi_schema_cache *cache);
void wfi_schema_cache_fini(struct wfi_schema_cache *cache);

#endif /* WFI_SCHEMA_REF_H */
