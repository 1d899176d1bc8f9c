/* SPDX-License-Identifier: MIT */
/* Judge: see <watchfloor/decode/judge.h>. */

#include <watchfloor/decode/judge.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/region.h>

bool wf_device_time_is_good(int64_t device_ns, int64_t received_ns)
{
    if (device_ns < WF_DEVICE_TIME_LEAST)
        return false;
    return device_ns <= received_ns || device_ns - received_ns <= WF_DEVICE_TIME_AHEAD;
}

int64_t wf_device_time_correlate(int64_t device_ns, int64_t offset_ns)
{
    if (device_ns == WF_TIME_NONE)
        return WF_TIME_NONE;
    if (offset_ns > 0 ? device_ns > INT64_MAX - offset_ns : device_ns < INT64_MIN + 1 - offset_ns)
        return WF_TIME_NONE;
    return device_ns + offset_ns;
}

int64_t wf_device_time_judge(const struct wf_schema *schema, int64_t offset_ns, int64_t received_ns,
                             struct wf_decoded *inout_decoded)
{
    struct wf_decoded *decoded = inout_decoded;

    decoded->device_ns = wf_device_time_correlate(decoded->device_ns, offset_ns);
    if (schema->time.code == WF_TIME_CODE_NONE)
        return WF_TIME_NONE;
    if ((decoded->flags & WF_SAMPLE_TIME_BAD) != 0 ||
        !wf_device_time_is_good(decoded->device_ns, received_ns)) {
        decoded->flags |= WF_SAMPLE_TIME_BAD;
        return WF_TIME_NONE;
    }
    return decoded->device_ns;
}

enum wf_sequence_event wf_sequence_judge(struct wf_sequence *sequence, uint16_t count,
                                         int64_t device_ns, int64_t *inout_newest_ns,
                                         uint64_t *out_unwrapped, uint32_t *out_lost)
{
    uint64_t lost_before = sequence->lost;
    bool has_time = device_ns != WF_TIME_NONE;
    bool is_newer = has_time && *inout_newest_ns != WF_TIME_NONE && device_ns > *inout_newest_ns;
    enum wf_sequence_event event = wf_sequence_take(sequence, count, out_unwrapped, out_lost);

    if (WF_LIKELY(event == WF_SEQUENCE_NEXT)) {
        if (has_time)
            *inout_newest_ns = device_ns;
        return event;
    }
    if (is_newer && (event == WF_SEQUENCE_DUPLICATE || event == WF_SEQUENCE_LATE)) {
        sequence->lost = lost_before;
        *out_unwrapped = wf_sequence_restart(sequence, count);
        *out_lost = 0;
        event = WF_SEQUENCE_RESTART;
    }
    if (has_time && event != WF_SEQUENCE_DUPLICATE && event != WF_SEQUENCE_LATE)
        *inout_newest_ns = device_ns;
    return event;
}

uint32_t wf_sequence_flags(enum wf_sequence_event event, uint32_t lost)
{
    return (lost > 0 ? (uint32_t)WF_SAMPLE_GAP_BEFORE : 0u) |
           (event == WF_SEQUENCE_LATE ? (uint32_t)WF_SAMPLE_LATE : 0u) |
           (event == WF_SEQUENCE_RESTART ? (uint32_t)WF_SAMPLE_RESTART : 0u);
}

static void mark(const struct wf_schema *schema, uint8_t *payload, enum wf_quality quality)
{
    uint8_t *qualities = payload + schema->quality_offset;

    for (size_t i = 0; i < schema->parameter_count; i++) {
        if (qualities[i] == WF_QUALITY_VALID)
            qualities[i] = (uint8_t)quality;
    }
}

void wf_payload_judge(const struct wf_schema *schema, void *payload, uint32_t flags)
{
    if ((flags & WF_SAMPLE_LATE) != 0)
        mark(schema, payload, WF_QUALITY_LATE);
    if ((flags & WF_SAMPLE_LONG) != 0)
        mark(schema, payload, WF_QUALITY_SUSPECT);
}
