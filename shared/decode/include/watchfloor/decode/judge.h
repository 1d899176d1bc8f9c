/* SPDX-License-Identifier: MIT */
#ifndef WF_DECODE_JUDGE_H
#define WF_DECODE_JUDGE_H

/*
 * Judge - what is to be believed of a packet, alike for the receiver and for recordings that are
 * brought into history later: its time, its place in the source's count, its values.
 *
 * A clock that was never set counts from its epoch, and a damaged time field gives anything.
 * Recordings are played back years later, so an old time is believed as long as spacecraft with
 * settable clocks existed; a time from the future is not, beyond what two clocks may differ by.
 *
 * Threads: pure functions.
 */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/decode/decoder.h>
#include <watchfloor/decode/sequence.h>
#include <watchfloor/schema.h>

/* 1980-01-07: later than every epoch in use but the mission's own. */
#define WF_DEVICE_TIME_LEAST (INT64_C(316051200) * 1000000000)
/* Ahead of the receive time by more than this: not believed. */
#define WF_DEVICE_TIME_AHEAD (INT64_C(86400) * 1000000000)

bool wf_device_time_is_good(int64_t device_ns, int64_t received_ns);

/* device + offset, WF_TIME_NONE when that leaves the range of int64 ns or there is no time. */
int64_t wf_device_time_correlate(int64_t device_ns, int64_t offset_ns);

/*
 * The time a decoded packet carries: into the source's correlation, and flagged TIME_BAD when it is not
 * to be believed. Returns the time to go by, or WF_TIME_NONE.
 */
int64_t wf_device_time_judge(const struct wf_schema *schema, int64_t offset_ns, int64_t received_ns,
                             struct wf_decoded *inout_decoded);

/*
 * wf_sequence_take, knowing times: a source that starts again near where it was looks like one that
 * repeats itself, but what was sent before carries no later time than what was sent since. `device_ns` is
 * a time to believe, or WF_TIME_NONE; *inout_newest_ns the newest of this count (begin with WF_TIME_NONE).
 */
enum wf_sequence_event wf_sequence_judge(struct wf_sequence *sequence, uint16_t count,
                                         int64_t device_ns, int64_t *inout_newest_ns,
                                         uint64_t *out_unwrapped, uint32_t *out_lost);

/* Flags of a sample (enum wf_sample_flag) that follow from that. */
uint32_t wf_sequence_flags(enum wf_sequence_event event, uint32_t lost);

/*
 * Values of a sample with these flags (enum wf_sample_flag) that are VALID become LATE or
 * SUSPECT: behind a field that the schema does not know everything is read from the wrong place.
 */
void wf_payload_judge(const struct wf_schema *schema, void *payload, uint32_t flags);

#endif /* WF_DECODE_JUDGE_H */
