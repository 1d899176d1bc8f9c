/* SPDX-License-Identifier: MIT */
#ifndef WF_STORE_ALIGNED_H
#define WF_STORE_ALIGNED_H

/*
 * Aligned - several parameters, of any sources and subsystems, moment by moment:
 * at every time at which one of them has a sample, what that sample says, and the
 * last value of the others. What a table of several columns, a filter over several
 * subsystems and a rule run over the past need.
 *
 * Threads: one at a time for each history and what was opened on it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/store/history.h>
#include <watchfloor/value.h>

struct wf_align_column {
    const char *source, *subsystem, *parameter;
    size_t element;
    bool is_raw; /* before calibration */
};

struct wf_align_query {
    struct wf_range range;
    const struct wf_align_column *columns; /* copied */
    size_t column_count;
    /*
     * How far before the range to look for the values that hold when it begins; 0 = not
     * at all: columns are NONE until their first sample.
     */
    int64_t lookback_ns;
};

/* What a column says at a moment. */
struct wf_align_cell {
    struct wf_value value;          /* the last one; kind NONE before the first */
    int64_t time_ns;                /* of its sample; WF_TIME_NONE before the first */
    bool is_new;                    /* that sample is of this very moment */
    const struct wf_schema *schema; /* what it is printed with; NULL before the first sample */
    size_t index;
};

struct wf_aligned;
int wf_aligned_open(struct wf_history *history, const struct wf_align_query *query,
                    struct wf_aligned **out_aligned, struct wf_err *err);
/*
 * The next moment: 0 with its time and one cell for each column, borrowed until the next
 * call; ABSENT at the end. Two samples of one subsystem at the same time are two moments.
 */
int wf_aligned_next(struct wf_aligned *aligned, int64_t *out_time_ns,
                    const struct wf_align_cell **out_cells, struct wf_err *err);
void wf_aligned_close(struct wf_aligned **aligned);

#endif /* WF_STORE_ALIGNED_H */
