/* SPDX-License-Identifier: MIT */
#ifndef RX_REJECTS_H
#define RX_REJECTS_H

/*
 * Rejects - the newest rejected packets, kept for a look.
 *
 * The hot path notes them in private memory (a copy of 256 bytes, no system call);
 * a few times a second what is new goes into the region wf.rejects. Under a
 * flood of rubbish only the newest are kept, so that neither the region nor a
 * logger behind it grows with the flood; how many were left out is told.
 *
 * Threads: one.
 */

#include <stddef.h>
#include <stdint.h>

#include <watchfloor/decode/reject.h>
#include <watchfloor/err.h>

#include "address.h"
#include "own_regions.h"

#define RX_REJECT_BYTES 256

struct rx_rejects;

int rx_rejects_create(uint32_t max, struct rx_rejects **out_rejects, struct wf_err *err);
void rx_rejects_destroy(struct rx_rejects **rejects);

struct rx_reject_facts {
    enum wf_reject reason;
    uint64_t packet; /* its number */
    int64_t received_ns, received_mono_ns;
    const char *listener, *source;
    const char *subsystem; /* NULL when it did not come that far */
    struct rx_address peer;
    const uint8_t *bytes;
    size_t len;
};

void rx_rejects_note(struct rx_rejects *rejects, const struct rx_reject_facts *facts);

/* Publish those noted since the last time; returns how many. */
uint32_t rx_rejects_flush(struct rx_rejects *rejects, struct rx_own_region *region);

#endif /* RX_REJECTS_H */
