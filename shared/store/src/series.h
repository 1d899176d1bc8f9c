/* SPDX-License-Identifier: MIT */
#ifndef WFS_SERIES_H
#define WFS_SERIES_H

/*
 * Series - one region's line of samples: how far it is stored, and what lies
 * between one sample and the next.
 *
 * `committed` is what the files say, `pending` what the transaction under way
 * will make of it; a rollback forgets pending.
 */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/store/writer.h>

#include "plan.h"

struct wfs_member;
struct wfs_roll;

struct wfs_line_state {
    uint64_t next;
    bool has_last;
    uint64_t epoch;
    int64_t last_device_ns, last_received_ns;
    /* The newest sample that came in order: what the clocks are compared with. */
    int64_t clock_device_ns, clock_received_ns;
    uint32_t steady_count; /* samples since device and receive time last disagreed */
    bool is_tail_unknown;  /* the region before this one was not read to its end */
};

struct wf_series {
    char source[WF_NAME_SIZE];
    const struct wfs_plan *plan;
    int64_t region_created_ns;
    struct wfs_line_state committed, pending;
    /* Of the transaction under way. */
    bool is_touched;
    uint64_t rows, lost, thinned;
    struct wf_series *next_touched;
    struct wfs_roll *roll;        /* the store's; others of the same name share it */
    struct wfs_member *member;    /* in the day that was written last; may be another's */
    uint64_t blocked_in, seen_in; /* marks of the pass over a batch */
    struct wf_series *next_series;
};

#define WFS_GAPS_MAX 7

/* Why the packets ahead of a sample (lost_before) are missing, as far as the receiver could tell. */
enum wf_gap_cause wfs_cause_of_missing(const struct wf_stamp *stamp);

/*
 * What is missing between the newest sample of `state` and `sample`, by number, by the
 * source's own count, by silence, by a restart, by the clocks. Returns how many gaps.
 */
size_t wfs_gaps_before(const struct wf_series *series, const struct wf_store_sample *sample,
                       struct wf_gap out[WFS_GAPS_MAX]);

/* Step over the sample, stored or not. */
void wfs_line_advance(struct wfs_line_state *state, const struct wf_stamp *stamp);

/* Where the series stands in `state`, with its names. */
void wfs_series_position(const struct wf_series *series, const struct wfs_line_state *state,
                         struct wf_position *out);

#endif /* WFS_SERIES_H */
