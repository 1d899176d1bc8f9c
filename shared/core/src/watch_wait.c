/* SPDX-License-Identifier: MIT */
/*
 * Waiting for any bell of an instance. May run in a thread of its own: it holds
 * the watch's lock while it looks, never while it sleeps; directories that go
 * away meanwhile stay mapped until it is awake (watch_directory.c, bury).
 */

#include "watch_private.h"

#include <watchfloor/clock.h>

#include "platform/wait.h"

/* A dead writer wakes nobody: look around at least this often. */
#define SLEEP_MAX_NS (250 * WF_NS_PER_MS)

/* Lock held. Did any bell ring since the last look? */
static bool look_at_bells(struct wf_watch *watch)
{
    bool rang = false;

    for (size_t i = 0; i < watch->directory_count; i++) {
        struct wfi_directory *directory = watch->directories[i];
        uint32_t bell = atomic_load_explicit(&directory->header->bell, memory_order_acquire);

        rang = rang || bell != directory->bell_seen;
        directory->bell_seen = bell;
    }
    return rang;
}

/* Lock held. True once after each interrupt. */
static bool was_interrupted(struct wf_watch *watch)
{
    uint32_t now = atomic_load_explicit(&watch->interrupts, memory_order_acquire);
    bool is_new = now != watch->interrupts_seen;

    watch->interrupts_seen = now;
    return is_new;
}

int wf_watch_wait(struct wf_watch *watch, int timeout_ms)
{
    int64_t until = wf_mono_now_ns() + (timeout_ms > 0 ? timeout_ms : 0) * WF_NS_PER_MS;

    (void)pthread_mutex_lock(&watch->lock);
    for (;;) {
        struct wfi_waited waited[WFI_WAIT_MAX];
        size_t count = 0;
        /* Before looking: whoever nudges after this makes the sleep end at once. */
        uint32_t nudge = atomic_load_explicit(&watch->nudge, memory_order_acquire);
        bool is_interrupted = was_interrupted(watch);
        bool rang = look_at_bells(watch);
        int64_t left = until - wf_mono_now_ns();

        if (rang || is_interrupted || left <= 0) {
            (void)pthread_mutex_unlock(&watch->lock);
            return rang;
        }
        waited[count++] = (struct wfi_waited){ &watch->nudge, nudge };
        for (size_t i = 0; i < watch->directory_count && count < WFI_WAIT_MAX; i++)
            waited[count++] = (struct wfi_waited){ &watch->directories[i]->header->bell,
                                                   watch->directories[i]->bell_seen };
        watch->is_waiting = true;
        (void)pthread_mutex_unlock(&watch->lock);
        wfi_wait_any(waited, count, left < SLEEP_MAX_NS ? left : SLEEP_MAX_NS);
        (void)pthread_mutex_lock(&watch->lock);
        watch->is_waiting = false;
    }
}

void wfi_watch_nudge(struct wf_watch *watch)
{
    (void)atomic_fetch_add_explicit(&watch->nudge, 1, memory_order_release);
    (void)wfi_wake(&watch->nudge, 1);
}

void wf_watch_interrupt(struct wf_watch *watch)
{
    (void)atomic_fetch_add_explicit(&watch->interrupts, 1, memory_order_release);
    wfi_watch_nudge(watch);
}
