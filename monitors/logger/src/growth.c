/* SPDX-License-Identifier: MIT */
/* Growth: see growth.h. */

#include "growth.h"

#include <math.h>
#include <string.h>

#include <watchfloor/clock.h>

#define LOOK_NS (60 * WF_NS_PER_S)
/* Less than that says nothing: files grow in steps. */
#define ENOUGH_NS (5 * 60 * WF_NS_PER_S)

void log_growth_add(struct log_growth *growth, int64_t mono_ns, uint64_t bytes)
{
    if (bytes == 0 ||
        (growth->count > 0 && mono_ns - growth->looks[growth->count - 1].mono_ns < LOOK_NS))
        return;
    if (growth->count == LOG_GROWTH_LOOKS) {
        memmove(&growth->looks[0], &growth->looks[1],
                (LOG_GROWTH_LOOKS - 1) * sizeof(growth->looks[0]));
        growth->count--;
    }
    growth->looks[growth->count].mono_ns = mono_ns;
    growth->looks[growth->count].bytes = bytes;
    growth->count++;
}

double log_growth_days(const struct log_growth *growth, uint64_t free_bytes)
{
    double passed_ns, grown, per_day;

    if (growth->count < 2)
        return (double)NAN;
    passed_ns = (double)(growth->looks[growth->count - 1].mono_ns - growth->looks[0].mono_ns);
    grown = (double)growth->looks[growth->count - 1].bytes - (double)growth->looks[0].bytes;
    if (passed_ns < (double)ENOUGH_NS || grown <= 0)
        return (double)NAN;
    per_day = grown / passed_ns * (double)WF_NS_PER_DAY;
    return (double)free_bytes / per_day;
}
