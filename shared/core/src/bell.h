/* SPDX-License-Identifier: MIT */
#ifndef WFI_BELL_H
#define WFI_BELL_H

/*
 * Bell - waking everybody who sleeps on one word, at a bounded cost.
 *
 * Readers map the word read-only and cannot say that they wait, so a ring has
 * to try; and waking costs the writer 2 to 4 us a sleeper. Therefore a budget:
 * every sleeper woken takes a token, tokens grow at WFI_BELL_RATE a second up
 * to WFI_BELL_BURST. While there are tokens, a ring wakes at most
 * WFI_BELL_INLINE sleepers itself; everything else is left to one helper
 * thread, which wakes the rest as soon as the budget allows it.
 *
 * A reader that is awake loses nothing by a late wake: the word has changed.
 * Threads: ring by one thread; the helper is the bell's own.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/err.h>

#define WFI_BELL_RATE   2000 /* sleepers woken a second, on average */
#define WFI_BELL_BURST  128
#define WFI_BELL_INLINE 4

struct wfi_bell {
    _Atomic uint32_t *word; /* in shared memory */
    /* The budget as a time: when all tokens spent so far will have been paid for. */
    _Atomic int64_t paid_until_ns;
    _Atomic uint64_t woken;   /* sleepers so far */
    _Atomic uint32_t pending; /* the helper has something to do */
    _Atomic uint32_t stop;
    pthread_t helper;
    bool has_helper;
};

int wfi_bell_start(struct wfi_bell *bell, _Atomic uint32_t *word, struct wf_err *err);
void wfi_bell_ring(struct wfi_bell *bell);
/* Ends the helper and wakes everybody a last time. Safe when never started. */
void wfi_bell_stop(struct wfi_bell *bell);

#endif /* WFI_BELL_H */
