/* SPDX-License-Identifier: MIT */
/* Series: see series.h. */

#include "series.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

/* Shorter silence is how operating systems schedule, whatever the schema's period. */
#define SILENCE_MIN_NS WF_NS_PER_S
/* Device and receive time may drift apart this far from one sample to the next. */
#define CLOCK_JUMP_NS (10 * WF_NS_PER_S)
/* A recording that is played at another speed disagrees all the time: that is no jump. */
#define CLOCK_STEADY_COUNT 3

static struct wf_gap *begin_gap(const struct wf_series *series,
                                const struct wf_store_sample *sample, enum wf_gap_cause cause,
                                struct wf_gap *gap)
{
    const struct wfs_line_state *state = &series->pending;

    memset(gap, 0, sizeof(*gap));
    (void)wf_copy_text(gap->source, sizeof(gap->source), series->source);
    (void)wf_copy_text(gap->subsystem, sizeof(gap->subsystem), series->plan->schema->name);
    gap->cause = cause;
    gap->from_device_ns = state->has_last ? state->last_device_ns : WF_TIME_NONE;
    gap->from_received_ns = state->has_last ? state->last_received_ns : WF_TIME_NONE;
    gap->to_device_ns = sample->stamp.device_ns;
    gap->to_received_ns = sample->stamp.received_ns;
    return gap;
}

static bool has_clock(const struct wf_stamp *stamp)
{
    return stamp->device_ns != WF_TIME_NONE &&
           (stamp->flags & (WF_SAMPLE_TIME_BAD | WF_SAMPLE_LATE | WF_SAMPLE_DUPLICATE)) == 0;
}

/* How far the device's clock moved against ours since the sample before; saturates. */
static int64_t clock_step(const struct wfs_line_state *state, const struct wf_stamp *stamp)
{
    double device = (double)stamp->device_ns - (double)state->clock_device_ns;
    double received = (double)stamp->received_ns - (double)state->clock_received_ns;
    double step = device - received;

    if (step > 1e18)
        return INT64_MAX;
    if (step < -1e18)
        return -INT64_MAX;
    return (int64_t)step;
}

static bool is_clock_jump(const struct wfs_line_state *state, const struct wf_stamp *stamp)
{
    return has_clock(stamp) && state->clock_device_ns != WF_TIME_NONE &&
           llabs(clock_step(state, stamp)) > CLOCK_JUMP_NS;
}

static bool is_silence(const struct wf_series *series, const struct wf_stamp *stamp)
{
    const struct wfs_line_state *state = &series->pending;
    int64_t limit = series->plan->schema->stale_after_ns;

    if (limit <= 0 || !state->has_last || state->last_received_ns == WF_TIME_NONE)
        return false;
    if (limit < SILENCE_MIN_NS)
        limit = SILENCE_MIN_NS;
    return stamp->received_ns > state->last_received_ns &&
           (uint64_t)stamp->received_ns - (uint64_t)state->last_received_ns > (uint64_t)limit;
}

enum wf_gap_cause wfs_cause_of_missing(const struct wf_stamp *stamp)
{
    return (stamp->flags & WF_SAMPLE_DROP_BEFORE) != 0 ? WF_GAP_KERNEL_DROP : WF_GAP_SEQUENCE_GAP;
}

size_t wfs_gaps_before(const struct wf_series *series, const struct wf_store_sample *sample,
                       struct wf_gap out[WFS_GAPS_MAX])
{
    const struct wfs_line_state *state = &series->pending;
    const struct wf_stamp *stamp = &sample->stamp;
    struct wf_gap *gap;
    size_t count = 0;

    /* The one sample in a million for which all of it is looked at. */
    if (WF_LIKELY(stamp->number == state->next && stamp->epoch == state->epoch &&
                  stamp->lost_before == 0 && stamp->rejected_before == 0 &&
                  !state->is_tail_unknown && !is_silence(series, stamp) &&
                  !is_clock_jump(state, stamp)))
        return 0;

    if (state->is_tail_unknown)
        begin_gap(series, sample, WF_GAP_REGION_REPLACED, &out[count++]);
    if (stamp->number > state->next) {
        gap = begin_gap(series, sample, sample->lost_cause, &out[count++]);
        gap->has_numbers = gap->is_lost_known = true;
        gap->first_number = state->next;
        gap->last_number = stamp->number - 1;
        gap->lost = stamp->number - state->next;
    }
    if (state->has_last && stamp->epoch != state->epoch)
        begin_gap(series, sample, WF_GAP_WRITER_RESTART, &out[count++]);
    if (stamp->lost_before > 0) {
        gap = begin_gap(series, sample, wfs_cause_of_missing(stamp), &out[count++]);
        gap->is_lost_known = true;
        gap->lost = stamp->lost_before;
    }
    if (stamp->rejected_before > 0) {
        gap = begin_gap(series, sample, WF_GAP_REJECTED, &out[count++]);
        gap->is_lost_known = true;
        gap->lost = stamp->rejected_before;
    }
    if (count == 0 && is_silence(series, stamp))
        begin_gap(series, sample, WF_GAP_LINK_SILENT, &out[count++]);
    if (is_clock_jump(state, stamp) && state->steady_count >= CLOCK_STEADY_COUNT)
        begin_gap(series, sample, WF_GAP_CLOCK_JUMP, &out[count++]);
    return count;
}

void wfs_line_advance(struct wfs_line_state *state, const struct wf_stamp *stamp)
{
    if (is_clock_jump(state, stamp))
        state->steady_count = 0;
    else if (state->steady_count < CLOCK_STEADY_COUNT)
        state->steady_count++;
    if (has_clock(stamp)) {
        state->clock_device_ns = stamp->device_ns;
        state->clock_received_ns = stamp->received_ns;
    }
    state->next = stamp->number + 1;
    state->epoch = stamp->epoch;
    state->has_last = true;
    state->last_device_ns = stamp->device_ns;
    state->last_received_ns = stamp->received_ns;
    state->is_tail_unknown = false;
}

void wfs_series_position(const struct wf_series *series, const struct wfs_line_state *state,
                         struct wf_position *out)
{
    memset(out, 0, sizeof(*out));
    (void)wf_copy_text(out->source, sizeof(out->source), series->source);
    (void)wf_copy_text(out->subsystem, sizeof(out->subsystem), series->plan->schema->name);
    out->schema_hash = series->plan->schema->schema_hash;
    out->region_created_ns = series->region_created_ns;
    out->next = state->next;
    out->epoch = state->epoch;
    out->last_device_ns = state->has_last ? state->last_device_ns : WF_TIME_NONE;
    out->last_received_ns = state->has_last ? state->last_received_ns : WF_TIME_NONE;
}
