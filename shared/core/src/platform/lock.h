/* SPDX-License-Identifier: MIT */
#ifndef WFI_LOCK_H
#define WFI_LOCK_H

/*
 * Lock - mutual exclusion of writers that share memory but no parent.
 *
 * It lives in WFI_LOCK_BYTES of a mapping, knows when its owner died, and is
 * always taken with a time limit: robustness does not help against an owner
 * that was stopped. Never map-away the memory of a lock before the process
 * ends, never make one twice in place (shared/core/README.md says why).
 *
 * Platform: linux/lock.c (a robust, error-checking, process-shared mutex).
 */

#include <stdint.h>

#define WFI_LOCK_BYTES 64

struct wfi_lock {
    _Alignas(8) unsigned char opaque[WFI_LOCK_BYTES];
};

int wfi_lock_make(struct wfi_lock *lock);

#define WFI_LOCK_OWNER_DIED 1
/*
 * 0: had. WFI_LOCK_OWNER_DIED: had, but the last owner died holding it: repair
 * what it protects, then wfi_lock_mark_repaired. WF_ERR_BUSY: not within
 * `limit_ns`. WF_ERR_CORRUPT: an owner's death was never repaired.
 */
int wfi_lock_take(struct wfi_lock *lock, int64_t limit_ns);
int wfi_lock_mark_repaired(struct wfi_lock *lock);
void wfi_lock_release(struct wfi_lock *lock);

#endif /* WFI_LOCK_H */
