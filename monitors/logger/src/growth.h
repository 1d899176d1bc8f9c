/* SPDX-License-Identifier: MIT */
#ifndef LOG_GROWTH_H
#define LOG_GROWTH_H

/*
 * Growth - how fast history grows, and with it when the disk will be full: over the last
 * hour, by a look every minute. Retention that deletes as much as comes makes it zero.
 */

#include <stddef.h>
#include <stdint.h>

#define LOG_GROWTH_LOOKS 61

struct log_growth {
    struct {
        int64_t mono_ns;
        uint64_t bytes;
    } looks[LOG_GROWTH_LOOKS]; /* the oldest first */
    size_t count;
};

void log_growth_add(struct log_growth *growth, int64_t mono_ns, uint64_t bytes);
/* Days until `free_bytes` are used up; NaN when it is not known or will not happen. */
double log_growth_days(const struct log_growth *growth, uint64_t free_bytes);

#endif /* LOG_GROWTH_H */
