/* SPDX-License-Identifier: MIT */
/* Device time: see device_time.h. */

#include "device_time.h"

#include <watchfloor/clock.h>

bool rx_device_time_is_good(int64_t device_ns, int64_t received_ns)
{
    if (device_ns < RX_DEVICE_TIME_LEAST)
        return false;
    return device_ns <= received_ns || device_ns - received_ns <= RX_DEVICE_TIME_AHEAD;
}

int64_t rx_device_time_correlate(int64_t device_ns, int64_t offset_ns)
{
    if (device_ns == WF_TIME_NONE)
        return WF_TIME_NONE;
    if (offset_ns > 0 ? device_ns > INT64_MAX - offset_ns : device_ns < INT64_MIN + 1 - offset_ns)
        return WF_TIME_NONE;
    return device_ns + offset_ns;
}
