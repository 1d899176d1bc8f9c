/* SPDX-License-Identifier: MIT */
#ifndef RX_PACE_H
#define RX_PACE_H

/*
 * Pace - how fast streams may fill the rings.
 *
 * A recording or a front end that catches up can bring through TCP in a moment what took
 * hours to happen: the ring is written over several times before any monitor has looked.
 * But a stream can wait, and so it does: at most half of a ring is filled within half of
 * `ring_turn`; then the connection is not read until that time has passed, and its sender
 * waits. No monitor is asked: one that stands still delays nothing. One that looks at
 * least twice in `ring_turn` misses nothing, since two such halves make a ring. That is
 * why it is 500 ms: who waits with wf_watch_wait sleeps 250 ms at most, woken or not.
 *
 * Datagrams cannot wait; they count, but are taken as they come.
 *
 * Threads: one. Pure: the caller brings the clock.
 */

#include <stdint.h>

/* What was published in one region in the window that began then; zero-initialise. */
struct rx_pace {
    int64_t begun_ns;
    uint32_t count;
};

/*
 * A sample was published in a region that takes `limit` in a window (0 ns: in any time).
 * Returns when the next one may come; 0 = now.
 */
static inline int64_t rx_pace_note(struct rx_pace *pace, uint32_t limit, int64_t window_ns,
                                   int64_t now_ns)
{
    if (window_ns <= 0)
        return 0;
    if (pace->begun_ns == 0 || now_ns - pace->begun_ns >= window_ns) {
        pace->begun_ns = now_ns;
        pace->count = 0;
    }
    return ++pace->count >= limit ? pace->begun_ns + window_ns : 0;
}

#endif /* RX_PACE_H */
