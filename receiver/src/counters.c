/* SPDX-License-Identifier: MIT */
/* Counters: see counters.h. */

#include "counters.h"

/* Slow subsystems would flicker between 0 and their rate without smoothing. */
#define SMOOTH_S 5.0

void rx_rate_update(struct rx_rate *rate, uint64_t total, double elapsed_s)
{
    if (elapsed_s <= 0)
        return;

    double now = (double)(total - rate->last) / elapsed_s;

    rate->per_s = rate->has_any
                      ? rate->per_s + (now - rate->per_s) * elapsed_s / (elapsed_s + SMOOTH_S)
                      : now;
    rate->has_any = rate->has_any || total > 0;
    rate->last = total;
}

uint64_t rx_counters_rejected(const uint64_t rejected[WF_REJECT_COUNT])
{
    uint64_t sum = 0;

    for (int i = 0; i < WF_REJECT_COUNT; i++)
        sum += rejected[i];
    return sum;
}

bool rx_counters_balance(const struct rx_counters *counters)
{
    return counters->packets ==
           counters->published + counters->idle + rx_counters_rejected(counters->rejected);
}
