/* SPDX-License-Identifier: MIT */
#ifndef RX_DEVICE_TIME_H
#define RX_DEVICE_TIME_H

/*
 * Device time - is the time a packet carries one to believe?
 *
 * A clock that was never set counts from its epoch, and a damaged time field
 * gives anything. Recordings are played back years later, so an old time is
 * believed as long as spacecraft with settable clocks existed; a time from the
 * future is not, beyond what two clocks may differ by.
 */

#include <stdbool.h>
#include <stdint.h>

/* 1980-01-07: later than every epoch in use but the mission's own. */
#define RX_DEVICE_TIME_LEAST (INT64_C(316051200) * 1000000000)
/* Ahead of the receive time by more than this: not believed. */
#define RX_DEVICE_TIME_AHEAD (INT64_C(86400) * 1000000000)

bool rx_device_time_is_good(int64_t device_ns, int64_t received_ns);

/* device + offset, WF_TIME_NONE when that leaves the range of int64 ns or there is no time. */
int64_t rx_device_time_correlate(int64_t device_ns, int64_t offset_ns);

#endif /* RX_DEVICE_TIME_H */
