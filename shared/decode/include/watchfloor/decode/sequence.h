/* SPDX-License-Identifier: MIT */
#ifndef WF_DECODE_SEQUENCE_H
#define WF_DECODE_SEQUENCE_H

/*
 * Sequence counts - 14 bits that wrap, unwrapped to 64; gaps, duplicates,
 * out-of-order and restarts told apart (thresholds as in RFC 3550, A.1:
 * MAX_DROPOUT 3000, MAX_MISORDER 100).
 */

#include <stdbool.h>
#include <stdint.h>

enum wf_sequence_event {
    WF_SEQUENCE_FIRST,
    WF_SEQUENCE_NEXT,
    WF_SEQUENCE_GAP,
    WF_SEQUENCE_DUPLICATE,
    WF_SEQUENCE_LATE, /* fills an earlier gap */
    WF_SEQUENCE_RESTART,
};

struct wf_sequence { /* zero-initialise */
    bool has_any;
    uint64_t highest;  /* unwrapped */
    uint64_t window;   /* bit n: highest - n was seen */
    uint32_t bad_next; /* a jump was seen; the next one decides */
    bool has_bad;
    uint64_t received, lost, duplicates, late, restarts;
};

/* Take `count` (14 bits); *out_unwrapped its 64-bit place, *out_lost packets missing before it. */
enum wf_sequence_event wf_sequence_take(struct wf_sequence *sequence, uint16_t count,
                                        uint64_t *out_unwrapped, uint32_t *out_lost);

#endif /* WF_DECODE_SEQUENCE_H */
