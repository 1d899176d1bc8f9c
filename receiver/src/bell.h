/* SPDX-License-Identifier: MIT */
#ifndef RX_BELL_H
#define RX_BELL_H

/*
 * Bell - when to wake the monitors.
 *
 * At low rates at once, after every batch. Under load (gather.h) waking a
 * sleeper costs more than all packets of a batch together, so the bell waits
 * RX_BELL_NS, unless so much was published in one region that a monitor which
 * sleeps on would find its ring overwritten.
 *
 * Threads: one. Pure: the caller brings the clock and rings.
 */

#include <stdbool.h>
#include <stdint.h>

#define RX_BELL_NS (INT64_C(20) * 1000000)

struct rx_bell {     /* zero-initialise */
    uint64_t serial; /* rings so far */
    uint64_t unrung; /* samples published since */
    int64_t last_ns;
    bool is_urgent;
};

/* What was published in one region since the bell `serial`. */
struct rx_bell_share {
    uint64_t serial;
    uint32_t count, limit; /* half the ring; 0 = not known: every batch */
};

/* A sample was published. */
static inline void rx_bell_note(struct rx_bell *bell, struct rx_bell_share *share)
{
    bell->unrung++;
    if (share->serial != bell->serial) {
        share->serial = bell->serial;
        share->count = 0;
    }
    if (++share->count >= share->limit)
        bell->is_urgent = true;
}

/* Ring now? `is_loaded`: more is coming soon, so it may wait. */
static inline bool rx_bell_is_due(const struct rx_bell *bell, bool is_loaded, int64_t now_mono_ns)
{
    return bell->unrung > 0 &&
           (!is_loaded || bell->is_urgent || now_mono_ns - bell->last_ns >= RX_BELL_NS);
}

static inline void rx_bell_rung(struct rx_bell *bell, int64_t now_mono_ns)
{
    bell->serial++;
    bell->unrung = 0;
    bell->is_urgent = false;
    bell->last_ns = now_mono_ns;
}

#endif /* RX_BELL_H */
