/* SPDX-License-Identifier: MIT */
#ifndef RX_ARCHIVE_H
#define RX_ARCHIVE_H

/*
 * Archive - hands every packet, as it was received, to whoever records them: the stream of
 * <watchfloor/packets.h> in the region wf.packets. Off unless the configuration gives it memory
 * (`packet_ring`).
 *
 * A block is published when it is full and at the end of each batch, so that a receiver killed at
 * any moment has handed over what it has published before. Costs one copy of the packet; no
 * allocation, no system call.
 *
 * Threads: one.
 */

#include <watchfloor/packets.h>
#include <watchfloor/publisher.h>

struct rx_archive;

/*
 * Make the region, as deep as `ring_bytes` of memory allow, or take an earlier life's over.
 * `old` (may be NULL) is replaced when the memory is another, else returned as it is.
 */
int rx_archive_attach(struct wf_publisher *publisher, uint64_t ring_bytes, struct rx_archive *old,
                      struct rx_archive **out_archive, struct wf_err *err);
void rx_archive_destroy(struct wf_publisher *publisher, struct rx_archive **archive);
/* Free it without touching the region: the publisher stops. */
void rx_archive_fini(struct rx_archive **archive);

/* One packet; `received_mono_ns` is that of its batch. */
void rx_archive_note(struct rx_archive *archive, const struct wf_packet *packet,
                     int64_t received_mono_ns);
/* The batch is over. */
void rx_archive_flush(struct rx_archive *archive);

/* Blocks that could not be published, as the region's lock was not had in time. */
uint64_t rx_archive_failed(const struct rx_archive *archive);

#endif /* RX_ARCHIVE_H */
