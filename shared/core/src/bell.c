/* SPDX-License-Identifier: MIT */
/* Waking sleepers within a budget: see bell.h. */

#include "bell.h"

#include <limits.h>
#include <signal.h>

#include <watchfloor/clock.h>

#include "platform/wait.h"

#define TOKEN_NS       (WF_NS_PER_S / WFI_BELL_RATE)
#define BURST_NS       (WFI_BELL_BURST * TOKEN_NS)
#define EMPTY_NS       (TOKEN_NS / 10)      /* nobody was there: only the system call */
#define DEBT_MAX_NS    (100 * WF_NS_PER_MS) /* however many sleepers, never later than this */
#define HELPER_STACK   (256u * 1024)
#define HELPER_NAP_MAX (10 * WF_NS_PER_S)

/* A token for every sleeper; a little when nobody was there, for the system call. */
static void pay(struct wfi_bell *bell, int64_t now, int64_t woken)
{
    int64_t cost_ns = woken == 0 ? EMPTY_NS : woken * TOKEN_NS;
    int64_t was = atomic_load_explicit(&bell->paid_until_ns, memory_order_relaxed);
    int64_t next;

    do {
        next = (was > now ? was : now) + cost_ns;
        if (next > now + BURST_NS + DEBT_MAX_NS)
            next = now + BURST_NS + DEBT_MAX_NS;
    } while (!atomic_compare_exchange_weak_explicit(&bell->paid_until_ns, &was, next,
                                                    memory_order_relaxed, memory_order_relaxed));
}

/* When the next wake may be: at once if not later than now. */
static int64_t allowed_at(const struct wfi_bell *bell)
{
    return atomic_load_explicit(&bell->paid_until_ns, memory_order_relaxed) - BURST_NS;
}

static void leave_to_helper(struct wfi_bell *bell, int64_t now)
{
    if (atomic_exchange_explicit(&bell->pending, 1, memory_order_seq_cst) == 0) {
        (void)wfi_wake(&bell->pending, 1);
        pay(bell, now, 1);
    }
}

void wfi_bell_ring(struct wfi_bell *bell)
{
    int64_t now;
    int woken;

    /*
     * Sequentially consistent, as the exchange in the helper: when we see its
     * work still pending here, its wakes come after our change of the word.
     */
    (void)atomic_fetch_add_explicit(bell->word, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&bell->pending, memory_order_seq_cst) != 0)
        return;
    now = wf_mono_now_ns();
    if (allowed_at(bell) > now) {
        leave_to_helper(bell, now);
        return;
    }
    woken = wfi_wake(bell->word, WFI_BELL_INLINE);
    (void)atomic_fetch_add_explicit(&bell->woken, (uint64_t)woken, memory_order_relaxed);
    pay(bell, now, woken);
    if (woken == WFI_BELL_INLINE)
        leave_to_helper(bell, now); /* there may be more */
}

/* In one call: by parts, those woken first would sleep again and be woken again, without end. */
static void wake_all(struct wfi_bell *bell)
{
    int woken = wfi_wake(bell->word, INT_MAX);

    (void)atomic_fetch_add_explicit(&bell->woken, (uint64_t)woken, memory_order_relaxed);
    pay(bell, wf_mono_now_ns(), woken);
}

static void *help(void *argument)
{
    struct wfi_bell *bell = argument;

    while (atomic_load_explicit(&bell->stop, memory_order_acquire) == 0) {
        struct wfi_waited work = { &bell->pending, 0 };
        struct wfi_waited stop = { &bell->stop, 0 };
        int64_t late;

        if (atomic_load_explicit(&bell->pending, memory_order_seq_cst) == 0) {
            wfi_wait_any(&work, 1, HELPER_NAP_MAX);
            continue;
        }
        late = allowed_at(bell) - wf_mono_now_ns();
        if (late > 0) {
            wfi_wait_any(&stop, 1, late);
            continue;
        }
        (void)atomic_exchange_explicit(&bell->pending, 0, memory_order_seq_cst);
        wake_all(bell);
    }
    return NULL;
}

int wfi_bell_start(struct wfi_bell *bell, _Atomic uint32_t *word, struct wf_err *err)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int error;

    bell->word = word;
    error = pthread_attr_init(&attributes);
    if (error != 0)
        return wf_fail_errno(err, error, "start the bell");
    (void)pthread_attr_setstacksize(&attributes, HELPER_STACK); /* else the default will do */
    /* Signals are the program's business, not this thread's. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&bell->helper, &attributes, help, bell);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    if (error != 0)
        return wf_fail_errno(err, error, "start the bell");
    bell->has_helper = true;
    return 0;
}

void wfi_bell_stop(struct wfi_bell *bell)
{
    if (!bell->has_helper)
        return;
    atomic_store_explicit(&bell->stop, 1, memory_order_release);
    atomic_store_explicit(&bell->pending, 1, memory_order_seq_cst);
    (void)wfi_wake(&bell->stop, 1);
    (void)wfi_wake(&bell->pending, 1);
    (void)pthread_join(bell->helper, NULL);
    bell->has_helper = false;
    (void)atomic_fetch_add_explicit(bell->word, 1, memory_order_seq_cst);
    wake_all(bell);
}
