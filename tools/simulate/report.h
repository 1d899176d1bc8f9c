/* SPDX-License-Identifier: MIT */
#ifndef SIM_REPORT_H
#define SIM_REPORT_H

/*
 * Report - what was sent, exactly, and what a receiver that loses nothing makes
 * of it; so that a test can balance the figures of a whole system.
 */

#include <stdint.h>

#include <watchfloor/err.h>

#include "engine.h"

struct sim_report {
    const struct sim_engine *engine;
    uint64_t seed;
    int64_t start_ns;
    const char *where; /* what the packets went to */
    uint64_t datagrams, failed, bytes;
};

/* As JSON into `path`, written whole or not at all ("-" = standard output). */
int sim_report_write(const struct sim_report *report, const char *path, struct wf_err *err);

#endif /* SIM_REPORT_H */
