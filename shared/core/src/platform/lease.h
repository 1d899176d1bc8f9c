/* SPDX-License-Identifier: MIT */
#ifndef WFI_LEASE_H
#define WFI_LEASE_H

/*
 * Lease - who may write: one process at a time, told by the kernel, which takes
 * it back the moment the holder dies. A file in a folder that only its owner can
 * enter; never the region itself, where any reader could lock it first.
 *
 * The file remembers the last epoch, so that epochs grow even when the clock was
 * set back, and the pid of the holder for messages. It is never removed.
 * Platform: linux/lease.c (an OFD lock).
 */

#include <stdint.h>

#include <watchfloor/err.h>

struct wfi_lease;

/*
 * Take the lease `path`, making the file when `may_make`. *out_last_epoch: the
 * epoch last written into it, 0 = none.
 *   WF_ERR_BUSY     held (err names the pid)
 *   WF_ERR_ABSENT   no such file, and not to be made
 */
int wfi_lease_take(const char *path, int may_make, struct wfi_lease **out_lease,
                   uint64_t *out_last_epoch, struct wf_err *err);
/* Write down, to the disk, who holds it now and since when. */
int wfi_lease_sign(struct wfi_lease *lease, uint64_t epoch, struct wf_err *err);
void wfi_lease_release(struct wfi_lease **lease);

#endif /* WFI_LEASE_H */
