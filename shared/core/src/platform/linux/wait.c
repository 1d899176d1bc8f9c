/* SPDX-License-Identifier: MIT */
/*
 * Waiting on words with futexes, see platform/wait.h.
 *
 * Several words need futex_waitv (Linux 5.16). Where the kernel or a sandbox
 * refuses it, one word is slept on in slices short enough to notice the others.
 */
#define _GNU_SOURCE

#include "platform/wait.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

/* The kernel's struct futex_waitv and flag, under our own names: headers may be older. */
struct waitv {
    uint64_t value;
    uint64_t address;
    uint32_t flags;
    uint32_t reserved;
};
#define WAITV_SIZE_U32 2u

#define SLICE_NS       (5 * WF_NS_PER_MS)

static atomic_bool is_waitv_refused;

static bool has_changed(const struct wfi_waited *waited, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (atomic_load_explicit(waited[i].word, memory_order_acquire) != waited[i].seen)
            return true;
    }
    return false;
}

static void wait_one(const struct wfi_waited *waited, int64_t limit_ns)
{
    struct timespec limit = { .tv_sec = (time_t)(limit_ns / WF_NS_PER_S),
                              .tv_nsec = (long)(limit_ns % WF_NS_PER_S) };

    (void)syscall(SYS_futex, waited->word, FUTEX_WAIT, waited->seen, &limit, NULL, 0);
}

static void wait_in_slices(const struct wfi_waited *waited, size_t count, int64_t until)
{
    while (!has_changed(waited, count)) {
        int64_t left = until - wf_mono_now_ns();

        if (left <= 0)
            break;
        wait_one(&waited[0], left < SLICE_NS ? left : SLICE_NS);
    }
}

void wfi_wait_any(const struct wfi_waited *waited, size_t count, int64_t limit_ns)
{
    struct waitv vector[WFI_WAIT_MAX];
    struct timespec end;
    int64_t until;

    if (count == 0 || count > WFI_WAIT_MAX || limit_ns <= 0 || has_changed(waited, count))
        return;
    if (count == 1) {
        wait_one(&waited[0], limit_ns);
        return;
    }
    until = wf_mono_now_ns() + limit_ns;
    if (!atomic_load_explicit(&is_waitv_refused, memory_order_relaxed)) {
        for (size_t i = 0; i < count; i++)
            vector[i] = (struct waitv){ .value = waited[i].seen,
                                        .address = (uint64_t)(uintptr_t)waited[i].word,
                                        .flags = WAITV_SIZE_U32 };
        end = (struct timespec){ .tv_sec = (time_t)(until / WF_NS_PER_S),
                                 .tv_nsec = (long)(until % WF_NS_PER_S) };
        if (syscall(SYS_futex_waitv, vector, (unsigned)count, 0, &end, CLOCK_MONOTONIC) >= 0 ||
            (errno != ENOSYS && errno != EPERM && errno != EINVAL))
            return;
        atomic_store_explicit(&is_waitv_refused, true, memory_order_relaxed);
    }
    wait_in_slices(waited, count, until);
}

int wfi_wake(const _Atomic uint32_t *word, int max)
{
    long woken = syscall(SYS_futex, word, FUTEX_WAKE, max, NULL, NULL, 0);

    return woken > 0 ? (int)woken : 0;
}
