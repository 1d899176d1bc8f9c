/* SPDX-License-Identifier: MIT */
#ifndef RX_OWN_REGIONS_H
#define RX_OWN_REGIONS_H

/*
 * The receiver's own regions: its health as ordinary subsystems of the source wf.
 *
 * Their schemas (receiver/schema/) are built into the program. A payload is
 * written as the struct that the code generator made from them; every value
 * is VALID unless said otherwise.
 *
 * Threads: one.
 */

#include <stddef.h>
#include <stdint.h>

#include <watchfloor/publisher.h>

enum rx_own {
    RX_OWN_RECEIVER,
    RX_OWN_SUBSYSTEMS,
    RX_OWN_SOURCES,
    RX_OWN_LINKS,
    RX_OWN_REJECTS,
    RX_OWN_COUNT
};

struct rx_own_region {
    struct wf_schema *schema;
    struct wf_writer *writer;
    void *payload; /* schema->payload_bytes, reused for every sample */
};

struct rx_own_regions {
    struct rx_own_region list[RX_OWN_COUNT];
};

/* Read the built-in schemas; `rows` is how many rows the tables need at least. */
int rx_own_regions_load(struct rx_own_regions *own, const uint32_t rows[RX_OWN_COUNT],
                        struct wf_err *err);
void rx_own_regions_fini(struct rx_own_regions *own); /* not the writers */
/*
 * Create or adopt them; adopted tables are emptied. Writers of `old` (NULL at start) whose
 * schema is the same are taken over, others are made anew.
 */
int rx_own_regions_attach(struct rx_own_regions *own, struct rx_own_regions *old,
                          const char *instance, struct wf_publisher *publisher, struct wf_err *err);

/* The payload to fill, as a pointer to the region's struct, all zero. */
void *rx_own_begin(struct rx_own_region *region);
/* Publish what was filled in, received now. */
void rx_own_publish(struct rx_own_region *region, int64_t now_utc_ns, int64_t now_mono_ns);
/* The same as row of a table. */
void rx_own_set_row(struct rx_own_region *region, int64_t now_utc_ns, int64_t now_mono_ns);

#endif /* RX_OWN_REGIONS_H */
