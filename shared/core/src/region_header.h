/* SPDX-License-Identifier: MIT */
#ifndef WFI_REGION_HEADER_H
#define WFI_REGION_HEADER_H

/*
 * What a region's header must say: made from a schema by writers, checked
 * number by number by readers and by writers that adopt. After the check only
 * the private copy (struct wfi_geometry) is used.
 */

#include <stddef.h>
#include <stdint.h>

#include <watchfloor/layout.h>
#include <watchfloor/region.h>

#include "platform/host.h"

#define WFI_SLOTS_MIN  8u
#define WFI_SLOTS_MAX  (1u << 20)
#define WFI_ROWS_MAX   (1u << 20)
#define WFI_SHM_PREFIX "/wf."
/* "/wf." instance "." source "." subsystem, ended. */
#define WFI_REGION_NAME_SIZE 160

/* Where everything is; every number checked against the size of the mapping. */
struct wfi_geometry {
    enum wf_region_kind kind;
    uint32_t schema_offset, schema_bytes;
    uint32_t slot_count; /* samples: 2^k; table: rows */
    uint32_t slot_stride;
    uint32_t slots_offset;
    uint32_t payload_bytes;
    uint32_t log_offset, log_count;
    uint64_t total_bytes;
};

/* Bytes from one row of a table to the next. */
static inline uint64_t wfi_row_stride(const struct wfi_geometry *geometry)
{
    return sizeof(struct wf_row) + 2 * (uint64_t)geometry->slot_stride;
}

/* Lay out a region for `schema` with at least `slots` samples (tables: schema->row_max rows). */
int wfi_geometry_plan(const struct wf_schema *schema, size_t schema_bytes, uint64_t slots,
                      struct wfi_geometry *out, struct wf_err *err);

/*
 * Copy the fixed part of the header of a mapping of `total_bytes` (at least the
 * header's size) and check it. `out_fixed` and `out_geometry` are private copies.
 *   WF_ERR_ABSENT not ready   WF_ERR_GONE retired   WF_ERR_VERSION   WF_ERR_CORRUPT
 */
int wfi_region_header_check(const struct wf_region_header *header, uint64_t total_bytes,
                            struct wf_region_header *out_fixed, struct wfi_geometry *out_geometry,
                            struct wf_err *err);

/* Does a schema fit the header, and its own offsets the payload? CORRUPT otherwise. */
int wfi_region_schema_check(const struct wf_region_header *fixed, const struct wf_schema *schema,
                            struct wf_err *err);

/* Names in shared memory are in lower case, so that names compare without case. */
int wfi_region_name(const char *instance, const char *source, const char *subsystem,
                    char out[WFI_REGION_NAME_SIZE], struct wf_err *err);
int wfi_directory_name(const char *instance, const char *role, char out[WFI_REGION_NAME_SIZE],
                       struct wf_err *err);

/* The magic, which decides whether anything else is looked at: 0, ABSENT, GONE, CORRUPT. */
int wfi_magic_check(uint32_t magic, uint32_t wanted, struct wf_err *err);

#endif /* WFI_REGION_HEADER_H */
