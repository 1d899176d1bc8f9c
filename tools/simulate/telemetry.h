/* SPDX-License-Identifier: MIT */
#ifndef SIM_TELEMETRY_H
#define SIM_TELEMETRY_H

/*
 * Telemetry - what the spacecraft's sensors make of the model: the structs that
 * the schemas define, with noise. (Quantisation happens in the encoder, by the
 * schemas' bits and calibrators.)
 */

#include <stdint.h>

#include "stream.h"

struct sim_subsystem {
    const char *name;
    sim_fill_fn fill;
    uint64_t layout_hash; /* of the struct that fill was compiled with */
    double rate_hz;       /* unless told otherwise */
};

#define SIM_SUBSYSTEM_COUNT 4
extern const struct sim_subsystem sim_subsystems[SIM_SUBSYSTEM_COUNT];

#endif /* SIM_TELEMETRY_H */
