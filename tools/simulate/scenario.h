/* SPDX-License-Identifier: MIT */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

/*
 * Scenario - how a run goes, from the command line and from an INI file:
 *
 *   [simulation]          [rate]           [fault warm-battery]
 *   seed  = 7             power = 10       run = at 60s every 10m ramp
 *   speed = 30                                   thermal.battery_temperature 40s to 34
 *   phase = 60
 *   start = 2026-11-20T18:00:00Z
 *
 * What the command line says wins over the file; faults of both add up.
 */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/problems.h>

#include "fault.h"
#include "telemetry.h"

#define SIM_SPEED_MAX 3600.0
#define SIM_RATE_MAX  1000.0

struct sim_scenario {
    uint64_t seed;
    double speed;
    double phase_deg;
    bool has_start;
    int64_t start_ns;
    double rate_hz[SIM_SUBSYSTEM_COUNT]; /* 0 = this subsystem is silent */
    struct sim_fault faults[SIM_FAULT_MAX];
    size_t fault_count;
};

void sim_scenario_init(struct sim_scenario *scenario);
/* INVALID when problems were added; what reading gave otherwise. */
int sim_scenario_load(const char *path, struct sim_scenario *scenario, struct wf_problems *problems,
                      struct wf_err *err);

/* The same values one by one, as text of the command line. */
int sim_scenario_set(struct sim_scenario *scenario, const char *key, const char *value,
                     struct wf_err *err);
/* "power=20" or "power=20,comms=0". */
int sim_scenario_set_rates(struct sim_scenario *scenario, const char *text, struct wf_err *err);
int sim_scenario_add_fault(struct sim_scenario *scenario, const char *text, struct wf_err *err);

#endif /* SIM_SCENARIO_H */
