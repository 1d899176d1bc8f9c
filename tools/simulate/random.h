/* SPDX-License-Identifier: MIT */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

/*
 * Random numbers that are the same on every machine for the same seed
 * (xoshiro256**, seeded by splitmix64). Pure; a generator belongs to one thread.
 */

#include <stdint.h>

struct sim_random {
    uint64_t state[4];
};

/* `stream` tells generators of one seed apart: drawing from one never moves another. */
void sim_random_init(struct sim_random *random, uint64_t seed, const char *stream);
uint64_t sim_random_u64(struct sim_random *random);
/* Evenly in [0, 1). */
double sim_random_unit(struct sim_random *random);
/* Normal, mean 0, deviation 1 (sum of twelve; never beyond 6, which suits sensors). */
double sim_random_normal(struct sim_random *random);

#endif /* SIM_RANDOM_H */
