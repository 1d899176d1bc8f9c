/* SPDX-License-Identifier: MIT */
#ifndef WFI_REGION_PRIVATE_H
#define WFI_REGION_PRIVATE_H

/* An open region as its reader sees it: shared by region_open.c, region.c, region_table.c. */

#include <watchfloor/mapping.h>
#include <watchfloor/region.h>

#include "region_header.h"
#include "schema_ref.h"

struct wf_region {
    const struct wf_region_header *header; /* read-only memory that others write */
    const unsigned char *slots;            /* of samples, or rows of a table */
    const _Atomic uint64_t *log;           /* of a table; NULL */
    uint64_t slot_mask;                    /* samples */
    size_t stride;                         /* from slot to slot, or row to row */
    size_t payload_words;
    struct wfi_geometry geometry;
    struct wfi_schema_ref *schema;

    struct wf_map_view *view;
    struct wf_mapping_identity identity;
    char name[WFI_REGION_NAME_SIZE]; /* in shared memory */
    struct wf_region_info fixed;     /* what does not change */
};

/* As wf_region_open, with schemas shared through `cache` (may be NULL). */
int wfi_region_open(const char *instance, const char *source, const char *subsystem,
                    struct wfi_schema_cache *cache, struct wf_region **out_region,
                    struct wf_err *err);

/* May a mapping of this owner, group and mode be believed? CORRUPT with the reason, or GONE. */
int wfi_trust_check(const struct wf_mapping_info *info, struct wf_err *err);

#endif /* WFI_REGION_PRIVATE_H */
