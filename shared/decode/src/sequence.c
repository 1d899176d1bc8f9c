/* SPDX-License-Identifier: MIT */
/*
 * Sequence counts of one source and APID.
 *
 * The distance from the highest count seen so far, modulo 2^14, decides. A
 * window of 128 bits behind the highest remembers which places were filled;
 * it is wider than the furthest a packet may be late.
 */

#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/sequence.h>

#define MODULO      WF_CCSDS_SEQUENCE_MODULO
#define WINDOW_BITS 128u

static bool was_seen(const struct wf_sequence *sequence, uint32_t behind)
{
    return (sequence->window[behind / 64] >> (behind % 64) & 1u) != 0;
}

static void mark_seen(struct wf_sequence *sequence, uint32_t behind)
{
    sequence->window[behind / 64] |= UINT64_C(1) << (behind % 64);
}

static void advance(struct wf_sequence *sequence, uint32_t ahead)
{
    uint64_t *window = sequence->window;

    sequence->highest += ahead;
    if (ahead >= WINDOW_BITS) {
        window[1] = window[0] = 0;
    } else if (ahead >= 64) {
        window[1] = window[0] << (ahead - 64);
        window[0] = 0;
    } else if (ahead > 0) {
        window[1] = window[1] << ahead | window[0] >> (64 - ahead);
        window[0] <<= ahead;
    }
    mark_seen(sequence, 0);
}

/* Begin a series at the next place that has `count` and lies above everything so far. */
static void begin(struct wf_sequence *sequence, uint16_t count)
{
    sequence->highest = (sequence->highest / MODULO + 1) * MODULO + count;
    sequence->window[0] = 1;
    sequence->window[1] = 0;
    sequence->base = sequence->highest;
    sequence->has_bad = false;
}

static enum wf_sequence_event take_behind(struct wf_sequence *sequence, uint32_t behind,
                                          uint64_t *out_unwrapped)
{
    *out_unwrapped = sequence->highest - behind;
    if (was_seen(sequence, behind)) {
        sequence->duplicates++;
        return WF_SEQUENCE_DUPLICATE;
    }
    mark_seen(sequence, behind);
    sequence->late++;
    sequence->received++;
    if (*out_unwrapped > sequence->base && sequence->lost > 0)
        sequence->lost--;
    return WF_SEQUENCE_LATE;
}

/* Too far away to belong: the second of two in a row makes it a restart. */
static enum wf_sequence_event take_far(struct wf_sequence *sequence, uint16_t count, uint32_t ahead,
                                       uint64_t *out_unwrapped)
{
    *out_unwrapped = sequence->highest + ahead;
    if (sequence->has_bad && count == sequence->bad_next) {
        sequence->highest += ahead;
        sequence->window[0] = 3; /* itself and the one that jumped */
        sequence->window[1] = 0;
        sequence->base = sequence->highest - 1;
        sequence->has_bad = false;
        sequence->restarts++;
        sequence->received++;
        return WF_SEQUENCE_RESTART;
    }
    if (sequence->has_bad && (count + 1u) % MODULO == sequence->bad_next) {
        sequence->duplicates++;
        return WF_SEQUENCE_DUPLICATE;
    }
    sequence->bad_next = (count + 1u) % MODULO;
    sequence->has_bad = true;
    sequence->jumps++;
    sequence->received++;
    return WF_SEQUENCE_JUMP;
}

enum wf_sequence_event wf_sequence_take(struct wf_sequence *sequence, uint16_t count,
                                        uint64_t *out_unwrapped, uint32_t *out_lost)
{
    uint32_t ahead;

    *out_lost = 0;
    count = (uint16_t)(count % MODULO);
    if (!sequence->has_any) {
        sequence->has_any = true;
        begin(sequence, count);
        sequence->received++;
        *out_unwrapped = sequence->highest;
        return WF_SEQUENCE_FIRST;
    }

    ahead = (uint32_t)(count - sequence->highest) % MODULO;
    if (ahead == 0)
        return take_behind(sequence, 0, out_unwrapped);
    if (ahead >= MODULO - WF_SEQUENCE_MISORDER_MAX)
        return take_behind(sequence, MODULO - ahead, out_unwrapped);
    if (ahead >= WF_SEQUENCE_DROPOUT_MAX)
        return take_far(sequence, count, ahead, out_unwrapped);

    advance(sequence, ahead);
    sequence->has_bad = false;
    sequence->received++;
    sequence->lost += ahead - 1;
    *out_lost = ahead - 1;
    *out_unwrapped = sequence->highest;
    return ahead == 1 ? WF_SEQUENCE_NEXT : WF_SEQUENCE_GAP;
}

uint64_t wf_sequence_restart(struct wf_sequence *sequence, uint16_t count)
{
    sequence->restarts += sequence->has_any ? 1u : 0u;
    sequence->has_any = true;
    begin(sequence, (uint16_t)(count % MODULO));
    sequence->received++;
    return sequence->highest;
}
