/* SPDX-License-Identifier: MIT */
#ifndef RX_COUNTERS_H
#define RX_COUNTERS_H

/*
 * Counters - what came in and what became of it, since the receiver started.
 *
 * They balance at every moment between two packets:
 *     packets == published + idle + sum of rejected
 * and, once a socket's queue is empty,
 *     datagrams offered == datagrams + kernel_dropped
 * A segment counts when its packet is complete (once, as published) or when it
 * turns out to belong nowhere (as rejected).
 *
 * Threads: the receiver's one thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/decode/reject.h>

struct rx_counters {
    uint64_t datagrams, datagram_bytes, kernel_dropped, stream_bytes;
    uint64_t packets, published, idle, segments;
    uint64_t rejected[WF_REJECT_COUNT];
    uint64_t gaps, lost, out_of_order, restarts;
    uint64_t connections_accepted, connections_refused;
    uint64_t reads, gathers, rings, stream_waits;
    uint64_t reloads, reload_failures;
};

/* One subsystem of one source. */
struct rx_subsystem_counters {
    uint64_t samples, bytes;
    uint64_t gaps, lost, out_of_order, restarts;
    uint64_t rejected[WF_REJECT_COUNT];
    uint64_t short_packets, long_packets, time_bad, invalid;
    int64_t last_received_ns, last_received_mono_ns; /* 0 = never */
    int64_t last_device_ns;                          /* WF_TIME_NONE = none */
    int64_t lag_ns;
};

/* One source. */
struct rx_source_counters {
    uint64_t packets, bytes, published, idle, rejected, unknown_apid;
    int64_t last_received_ns, last_received_mono_ns; /* 0 = never */
};

/* How fast a counter grows, smoothed over some seconds. */
struct rx_rate {
    uint64_t last;
    double per_s;
    bool has_any;
};

void rx_rate_update(struct rx_rate *rate, uint64_t total, double elapsed_s);

uint64_t rx_counters_rejected(const uint64_t rejected[WF_REJECT_COUNT]);
/* The equation above; false is a bug of ours. */
bool rx_counters_balance(const struct rx_counters *counters);

#endif /* RX_COUNTERS_H */
