/* SPDX-License-Identifier: MIT */
/* Seeded random numbers for the simulator; see random.h. */

#include "random.h"

static uint64_t rotate_left(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static uint64_t splitmix(uint64_t *x)
{
    uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void sim_random_init(struct sim_random *random, uint64_t seed, const char *stream)
{
    uint64_t x = UINT64_C(0xcbf29ce484222325); /* FNV-1a of the stream's name */

    for (const char *c = stream; *c != '\0'; c++)
        x = (x ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    x ^= splitmix(&seed);
    for (int i = 0; i < 4; i++)
        random->state[i] = splitmix(&x);
}

uint64_t sim_random_u64(struct sim_random *random)
{
    uint64_t *s = random->state;
    const uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double sim_random_unit(struct sim_random *random)
{
    return (double)(sim_random_u64(random) >> 11) * 0x1.0p-53;
}

double sim_random_normal(struct sim_random *random)
{
    double sum = -6.0;

    for (int i = 0; i < 12; i++)
        sum += sim_random_unit(random);
    return sum;
}
