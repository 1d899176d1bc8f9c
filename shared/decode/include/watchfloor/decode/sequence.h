/* SPDX-License-Identifier: MIT */
#ifndef WF_DECODE_SEQUENCE_H
#define WF_DECODE_SEQUENCE_H

/*
 * Sequence counts - 14 bits that wrap, unwrapped to 64; gaps, duplicates,
 * out-of-order and restarts told apart (thresholds as in RFC 3550, A.1:
 * MAX_DROPOUT 3000, MAX_MISORDER 100).
 *
 *   count is ...                               event
 *   highest + 1                                NEXT
 *   up to 2999 ahead                           GAP, *out_lost missing between
 *   up to 100 behind, not seen before          LATE
 *   highest itself, or seen before             DUPLICATE
 *   anywhere else                              JUMP: one stray packet, or a restart
 *   what follows a JUMP by one                 RESTART: the source counts from there now
 *
 * A source that restarts within 100 of where it was cannot be told from one that
 * repeats itself by its counts alone; its first packets count as DUPLICATE or LATE.
 * Whoever knows better (the device time went back, the content differs) says so with
 * wf_sequence_restart.
 */

#include <stdbool.h>
#include <stdint.h>

#define WF_SEQUENCE_DROPOUT_MAX  3000
#define WF_SEQUENCE_MISORDER_MAX 100

enum wf_sequence_event {
    WF_SEQUENCE_FIRST,
    WF_SEQUENCE_NEXT,
    WF_SEQUENCE_GAP,
    WF_SEQUENCE_DUPLICATE,
    WF_SEQUENCE_LATE, /* earlier than one already seen */
    WF_SEQUENCE_RESTART,
    WF_SEQUENCE_JUMP, /* far from the series; the next one decides */
};

struct wf_sequence { /* zero-initialise */
    bool has_any;
    uint64_t highest;   /* unwrapped */
    uint64_t window[2]; /* bit n: highest - n was seen; 128 places */
    uint64_t base;      /* first place of this series: nothing before it counts as lost */
    uint32_t bad_next;  /* a jump was seen; the next one decides */
    bool has_bad;
    uint64_t received; /* all but duplicates */
    uint64_t lost;     /* missing now: a LATE one that fills a gap is taken off again */
    uint64_t duplicates, late, restarts, jumps;
};

/*
 * Take `count` (14 bits); *out_unwrapped its 64-bit place (never falling but for LATE and
 * DUPLICATE; modulo 16384 it is the count; the first series begins at 16384 or above, so that
 * what is late never falls below zero), *out_lost packets missing right before it.
 */
enum wf_sequence_event wf_sequence_take(struct wf_sequence *sequence, uint16_t count,
                                        uint64_t *out_unwrapped, uint32_t *out_lost);

/* The source is known to count from `count` anew. Returns its unwrapped place; counts a restart. */
uint64_t wf_sequence_restart(struct wf_sequence *sequence, uint16_t count);

#endif /* WF_DECODE_SEQUENCE_H */
