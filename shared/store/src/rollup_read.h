/* SPDX-License-Identifier: MIT */
#ifndef WFS_ROLLUP_READ_H
#define WFS_ROLLUP_READ_H

/*
 * Reading rollups: which buckets of a subsystem may be trusted, and the buckets of one
 * parameter, in order of time. What is in the files: shared/store/README.md, Rollups.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bin_maker.h"
#include "history_private.h"
#include "rollup_file.h"

/* Complete is what begins at or behind `from_ns` of its tier and ends at or before `to_ns` ... */
struct wfs_trust {
    int64_t from_ns[WFS_TIER_COUNT]; /* INT64_MAX: there are none */
    int64_t to_ns;
    /* ... but for these: starts of minutes, ascending. */
    int64_t *dirty;
    size_t dirty_count;
};

/* Ask the day files. Whatever cannot be read makes nothing trusted; only NOMEM fails. */
int wfs_trust_read(struct wf_history *history, const char *source, const char *subsystem,
                   struct wfs_trust *out, struct wf_err *err);
void wfs_trust_free(struct wfs_trust *trust);

/* The time from the first file of a tier to the end of the last; false when there is none. */
bool wfs_rollup_span(const char *folder, enum wfs_tier tier, int64_t *out_from_ns,
                     int64_t *out_to_ns);

/* The buckets from `from_ns` on that end at or before `to_ns`. */
struct wfs_rollup;
int wfs_rollup_open(struct wf_history *history, enum wfs_tier tier, const char *source,
                    const char *subsystem, const struct wf_parameter *parameter, int64_t from_ns,
                    int64_t to_ns, struct wfs_rollup **out_rollup, struct wf_err *err);
/* 0 with a bucket (borrowed), ABSENT at the end. CORRUPT and others: the rollup cannot be read. */
int wfs_rollup_next(struct wfs_rollup *rollup, const struct wfs_bucket **out_bucket,
                    struct wf_err *err);
void wfs_rollup_close(struct wfs_rollup **rollup);

#endif /* WFS_ROLLUP_READ_H */
