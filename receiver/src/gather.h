/* SPDX-License-Identifier: MIT */
#ifndef RX_GATHER_H
#define RX_GATHER_H

/*
 * Gathering - when to nap before the next read, so that datagrams come in
 * batches instead of one by one.
 *
 * Waking a halted core costs about 10 us of CPU, a datagram in a batch about 1:
 * above some 5,000 datagrams a second a nap of a millisecond pays, below it only
 * adds delay. So a nap is taken after a read that brought many, or while the rate
 * is high, and never when nothing came.
 *
 * Threads: one. Pure: the caller brings the clock.
 */

#include <stdbool.h>
#include <stdint.h>

#define RX_GATHER_BATCH  10   /* a read with more than this is followed by a nap */
#define RX_GATHER_RATE   5000 /* datagrams a second from which naps are taken */
#define RX_GATHER_CALM   4000 /* and below which they end */
#define RX_GATHER_WINDOW (INT64_C(20) * 1000000) /* ns over which the rate is taken */

struct rx_gather { /* zero-initialise */
    int64_t window_start_ns;
    uint64_t window_count;
    bool is_busy;
    bool is_due; /* the last round asked for a nap */
};

/*
 * Tell what a round brought: `count` datagrams in all, at most `largest` in
 * one read. Returns whether to nap before the next round.
 */
bool rx_gather_note(struct rx_gather *gather, int64_t now_mono_ns, uint32_t count,
                    uint32_t largest);

#endif /* RX_GATHER_H */
