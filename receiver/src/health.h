/* SPDX-License-Identifier: MIT */
#ifndef RX_HEALTH_H
#define RX_HEALTH_H

/*
 * Health - what the receiver says about itself, once a second.
 *
 * All numbers of one round are taken between two packets, so that the sample of
 * wf.receiver balances (counters.h), and the tables agree with it.
 *
 * Threads: the loop's.
 */

#include "endpoint.h"
#include "own_regions.h"

struct rx_health_rates {
    double drops, datagrams, packets, bytes, cpu_percent;
};

struct rx_health {
    struct rx_own_regions own;
    int64_t started_mono_ns;
    int64_t last_mono_ns;                /* the sample before */
    int64_t window_mono_ns, last_cpu_ns; /* what the rates are measured from */
    struct rx_counters last;
    struct rx_health_rates rates;
    bool is_reload_refused;
    uint64_t region_bytes;
};

/* Publish everything: the sample, the tables, and what was rejected lately. */
void rx_health_publish(struct rx_health *health, struct rx_path *path, struct rx_world *world,
                       int64_t now_utc_ns, int64_t now_mono_ns);

/* Take the rows out that `world` has no use for: before it is replaced by `next`. */
void rx_health_forget(struct rx_health *health, struct rx_world *world,
                      const struct rx_world *next);

/* --- health_rows.c -------------------------------------------------------------------------- */

struct rx_health_sums {
    uint32_t sources_silent, subsystems_stale, connections, listeners_down;
};

void rx_health_rows(struct rx_health *health, struct rx_world *world, int64_t now_utc_ns,
                    int64_t now_mono_ns, double elapsed_s, struct rx_health_sums *out_sums);

#endif /* RX_HEALTH_H */
