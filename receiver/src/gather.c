/* SPDX-License-Identifier: MIT */
/* Gathering: see gather.h. */

#include "gather.h"

#include <watchfloor/clock.h>

static void judge_rate(struct rx_gather *gather, int64_t now_mono_ns)
{
    int64_t elapsed_ns = now_mono_ns - gather->window_start_ns;

    if (elapsed_ns < RX_GATHER_WINDOW)
        return;

    /* count / elapsed > rate, without dividing. */
    uint64_t limit = gather->is_busy ? RX_GATHER_CALM : RX_GATHER_RATE;

    gather->is_busy = elapsed_ns < WF_NS_PER_S &&
                      gather->window_count * (uint64_t)WF_NS_PER_S > limit * (uint64_t)elapsed_ns;
    gather->window_start_ns = now_mono_ns;
    gather->window_count = 0;
}

bool rx_gather_note(struct rx_gather *gather, int64_t now_mono_ns, uint32_t count, uint32_t largest)
{
    gather->window_count += count;
    judge_rate(gather, now_mono_ns);
    gather->is_due = count > 0 && (largest > RX_GATHER_BATCH || gather->is_busy);
    return gather->is_due;
}
