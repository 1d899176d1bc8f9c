/* SPDX-License-Identifier: MIT */
#ifndef WFI_PUBLISHER_PRIVATE_H
#define WFI_PUBLISHER_PRIVATE_H

/*
 * A writing program from the inside. publisher.c: lease, directory, life;
 * publisher_region.c: regions made, adopted, retired; writer.c: samples;
 * writer_table.c: rows. All by the one thread that uses the publisher.
 */

#include <watchfloor/mapping.h>
#include <watchfloor/paths.h>
#include <watchfloor/publisher.h>

#include "bell.h"
#include "platform/host.h"
#include "platform/lease.h"
#include "platform/lock.h"
#include "region_header.h"
#include "row_index.h"
#include "schema_ref.h"

/* A directory entry, remembered privately: the memory is ours, but others of our user write too. */
struct wfi_entry {
    char source[WF_NAME_SIZE];
    char subsystem[WF_NAME_SIZE];
    int64_t created_ns;       /* 0 = free */
    struct wf_writer *writer; /* NULL: kept by an earlier life, not claimed (yet) */
};

struct wf_publisher {
    struct wf_directory_header *directory;
    uint64_t epoch;
    struct wfi_bell bell;

    char instance[WF_INSTANCE_MAX + 1];
    char role[WF_NAME_SIZE];
    char name[WFI_REGION_NAME_SIZE]; /* of the directory */
    char lease_path[WF_LAYOUT_LEASE_SIZE];
    char *group; /* NULL = own */
    uint32_t gid;
    int mode;
    int64_t ring_time_ns;
    uint64_t memory_max, memory;
    struct wfi_host host;
    struct wfi_lease *lease, *former_lease;
    struct wf_map_view *view;
    bool is_directory_new; /* made by this life, not adopted */
    struct wfi_entry *entries;
    uint32_t entry_max, entry_used; /* entries beyond entry_used are free */
    struct wfi_schema_cache schemas;
    int64_t created_last_ns; /* births of regions never have the same time */
};

struct wf_writer {
    struct wf_region_header *header;
    unsigned char *slots;
    uint64_t slot_mask;
    size_t stride; /* from slot to slot, or row to row */
    size_t payload_words;
    struct wf_publisher *publisher;
    _Atomic uint64_t *log; /* of a table */
    struct wfi_row_index rows;
    struct wfi_geometry geometry;
    struct wfi_schema_ref *schema;
    struct wf_map_view *view;
    uint32_t entry; /* in the publisher's */
    char name[WFI_REGION_NAME_SIZE];
    bool is_held; /* the lock is ours until wf_writer_release */
    bool was_adopted;
};

/* The 64 bytes of the header that the platform fills. */
static inline struct wfi_lock *wfi_writer_lock(struct wf_writer *writer)
{
    return (struct wfi_lock *)(void *)writer->header->lock;
}

/*
 * Where the leases below a state folder lie, as a path that means the same from
 * everywhere (it is told to others); false when there is no such folder.
 */
bool wfi_lease_folder(const char *state, char out[WF_PATH_SIZE], struct wf_err *err);

/* Write entry `index` into the directory for all to see. */
void wfi_directory_store(struct wf_publisher *publisher, uint32_t index);
/* Entry of that name, or entry_used when there is none. */
uint32_t wfi_directory_find(const struct wf_publisher *publisher, const char *source,
                            const char *subsystem);

/* Is it ours, and can it go on being used? Fields that a region and a directory share. */
int wfi_adoption_check(const struct wf_mapping_info *info, const struct wf_publisher *publisher,
                       const uint8_t boot_id[16], uint64_t pid_namespace, struct wf_err *err);
/*
 * Tell whoever has it open that it is over and take the name away. DENIED when
 * it belongs to another user (err says who); ABSENT when there is none.
 */
int wfi_retire(const char *name, const struct wfi_host *host, struct wf_err *err);

/* Take the writers' lock; repairs what a dead owner left. 0, BUSY, CORRUPT. */
int wfi_writer_enter(struct wf_writer *writer);
void wfi_writer_leave(struct wf_writer *writer);
void wfi_writer_repair_table(struct wf_writer *writer);
/* Learn the keys of a table's rows. */
int wfi_writer_index_rows(struct wf_writer *writer, struct wf_err *err);
void wfi_writer_destroy(struct wf_writer **writer);

#endif /* WFI_PUBLISHER_PRIVATE_H */
