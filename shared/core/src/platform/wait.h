/* SPDX-License-Identifier: MIT */
#ifndef WFI_WAIT_H
#define WFI_WAIT_H

/*
 * Wait - sleep until one of several 32-bit words in shared memory is no longer
 * what it was. The words may be mapped read-only. Spurious returns happen:
 * always look again. Platform: linux/wait.c (futex).
 */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define WFI_WAIT_MAX 32 /* words in one wait */

/* A word and the value it had when last looked at. */
struct wfi_waited {
    const _Atomic uint32_t *word;
    uint32_t seen;
};

/* Sleep at most `limit_ns`, or not at all when a word differs already. `count` <= WFI_WAIT_MAX. */
void wfi_wait_any(const struct wfi_waited *waited, size_t count, int64_t limit_ns);

/* Wake at most `max` of those who wait on `word`; returns how many there were. */
int wfi_wake(const _Atomic uint32_t *word, int max);

#endif /* WFI_WAIT_H */
