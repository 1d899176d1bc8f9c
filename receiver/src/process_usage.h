/* SPDX-License-Identifier: MIT */
#ifndef RX_PROCESS_USAGE_H
#define RX_PROCESS_USAGE_H

/* What this process uses, and what it may use. The platform's (platform/linux/). */

#include <stdint.h>

#include <watchfloor/err.h>

struct rx_process_usage {
    int64_t cpu_ns;
    uint64_t private_bytes; /* resident, without what is shared; 0 = not known */
};

void rx_process_usage(struct rx_process_usage *out);

/* Allow as many descriptors as the system lets us have; returns how many that are. */
uint64_t rx_raise_descriptor_limit(void);

#endif /* RX_PROCESS_USAGE_H */
