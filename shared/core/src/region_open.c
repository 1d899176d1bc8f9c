/* SPDX-License-Identifier: MIT */
/*
 * Opening a region for reading: whose it is, whether its header makes sense,
 * its schema. See <watchfloor/region.h>; bytes in <watchfloor/layout.h>.
 */

#include "region_private.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/names.h>
#include <watchfloor/strbuf.h>

#define WRITABLE_BY_ALL 0002

/*
 * /dev/shm is open to everybody, so a name proves nothing. Believed are: our own
 * mappings, root's, and those of a group we are in: only its members could have
 * given it to that group. Root, who is in no group, believes whoever owns it.
 */
int wfi_trust_check(const struct wf_mapping_info *info, struct wf_err *err)
{
    uint32_t uid = wfi_host_uid();
    char who[64];

    if (info->links == 0)
        return wf_fail(err, WF_ERR_GONE, "it was removed just now");
    if ((info->mode & WRITABLE_BY_ALL) != 0)
        return wf_fail(err, WF_ERR_CORRUPT, "everybody may write it (mode %04o): not believed",
                       (unsigned)info->mode);
    if (info->uid == 0 || uid == 0 || uid == info->uid || wfi_host_has_group(info->gid))
        return 0;
    wfi_host_user_name(info->uid, who, sizeof(who));
    return wf_fail(err, WF_ERR_CORRUPT, "it belongs to %s and to no group of ours: not believed",
                   who);
}

static void keep_fixed(struct wf_region *region, const struct wf_region_header *fixed)
{
    struct wf_region_info *info = &region->fixed;

    (void)wf_copy_text(info->instance, sizeof(info->instance), fixed->instance);
    (void)wf_copy_text(info->source, sizeof(info->source), fixed->source);
    (void)wf_copy_text(info->subsystem, sizeof(info->subsystem), fixed->subsystem);
    (void)wf_copy_text(info->role, sizeof(info->role), fixed->role);
    info->kind = region->geometry.kind;
    info->created_ns = fixed->created_ns;
    info->slot_count = region->geometry.slot_count;
    info->total_bytes = region->geometry.total_bytes;
    info->layout_hash = fixed->layout_hash;
    info->schema_hash = fixed->schema_hash;
}

/* The mapping is seen; find out what is in it. */
static int understand(struct wf_region *region, const struct wf_mapping_info *info,
                      const char *instance, const char *source, const char *subsystem,
                      struct wfi_schema_cache *cache, struct wf_err *err)
{
    const unsigned char *bytes = wf_map_view_data(region->view);
    struct wfi_geometry *geometry = &region->geometry;
    struct wf_region_header fixed;
    int rc;

    region->header = (const struct wf_region_header *)(const void *)bytes;
    rc = wfi_region_header_check(region->header, info->size, &fixed, geometry, err);
    if (rc < 0)
        return rc;
    if (fixed.uid != info->uid || strcmp(fixed.instance, instance) != 0 ||
        !wf_name_is_equal(fixed.source, source) || !wf_name_is_equal(fixed.subsystem, subsystem))
        return wf_fail(err, WF_ERR_CORRUPT, "header: it was made for another name or by another");
    rc = wfi_schema_ref_get(cache, bytes + geometry->schema_offset, geometry->schema_bytes,
                            &region->schema, err);
    if (rc == 0)
        rc = wfi_region_schema_check(&fixed, region->schema->schema, err);
    if (rc < 0)
        return rc;

    region->slots = bytes + geometry->slots_offset;
    region->slot_mask = geometry->slot_count - 1;
    region->stride =
        geometry->kind == WF_KIND_TABLE ? (size_t)wfi_row_stride(geometry) : geometry->slot_stride;
    region->payload_words = geometry->payload_bytes / 8;
    if (geometry->kind == WF_KIND_TABLE)
        region->log = (const _Atomic uint64_t *)(const void *)(bytes + geometry->log_offset);
    keep_fixed(region, &fixed);
    return 0;
}

static int see(struct wf_region *region, const char *instance, const char *source,
               const char *subsystem, struct wfi_schema_cache *cache, struct wf_err *err)
{
    struct wf_mapping *mapping = NULL;
    struct wf_mapping_info info = { 0 };
    int rc = wf_mapping_open(region->name, WF_BACKING_MEMORY, WF_ACCESS_READ, &mapping, err);

    if (rc == WF_ERR_BUSY)
        return wf_fail(err, WF_ERR_ABSENT, "it is just being made");
    if (rc == 0)
        rc = wf_mapping_info(mapping, &info, err);
    if (rc == 0)
        rc = wfi_trust_check(&info, err);
    if (rc == 0 && info.size < sizeof(struct wf_region_header))
        rc = wf_fail(err, WF_ERR_CORRUPT, "%llu bytes cannot hold a header",
                     (unsigned long long)info.size);
    if (rc == 0)
        rc = wf_map_view_open(mapping, WF_ACCESS_READ, 0, (size_t)info.size, NULL, &region->view,
                              err);
    wf_mapping_close(&mapping); /* a thousand regions must not need a thousand descriptors */
    if (rc < 0)
        return rc;
    region->identity = info.identity;
    return understand(region, &info, instance, source, subsystem, cache, err);
}

int wfi_region_open(const char *instance, const char *source, const char *subsystem,
                    struct wfi_schema_cache *cache, struct wf_region **out_region,
                    struct wf_err *err)
{
    struct wf_region *region = calloc(1, sizeof(*region));
    int rc;

    if (region == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    rc = wfi_region_name(instance, source, subsystem, region->name, err);
    if (rc == 0)
        rc = see(region, instance, source, subsystem, cache, err);
    if (rc < 0) {
        wf_err_prefix(err, "open region '%s.%s'", source, subsystem);
        wf_region_close(&region);
        return rc;
    }
    *out_region = region;
    return 0;
}

int wf_region_open(const char *instance, const char *source, const char *subsystem,
                   struct wf_region **out_region, struct wf_err *err)
{
    return wfi_region_open(instance, source, subsystem, NULL, out_region, err);
}

void wf_region_close(struct wf_region **region)
{
    if (region == NULL || *region == NULL)
        return;
    wfi_schema_ref_put(&(*region)->schema);
    wf_map_view_close(&(*region)->view); /* readers take no lock, so unmapping harms nobody */
    free(*region);
    *region = NULL;
}

const struct wf_schema *wf_region_schema(const struct wf_region *region)
{
    return region->schema->schema;
}

int wf_region_check(const struct wf_region *region)
{
    struct wf_mapping_info info;
    int rc;

    if (atomic_load_explicit(&region->header->magic, memory_order_acquire) !=
        WF_LAYOUT_MAGIC_REGION)
        return WF_ERR_GONE;
    rc = wf_mapping_look(region->name, WF_BACKING_MEMORY, &info, NULL);
    if (rc == WF_ERR_ABSENT)
        return WF_ERR_GONE;
    if (rc == 0 && (info.identity.inode != region->identity.inode ||
                    info.identity.device != region->identity.device))
        return WF_ERR_GONE;
    return 0; /* not being allowed to look says nothing about the region */
}
