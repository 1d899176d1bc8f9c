/* SPDX-License-Identifier: MIT */
#ifndef MON_HISTORY_H
#define MON_HISTORY_H

/*
 * History - the recent past of one region, for sparklines and trends.
 *
 * A region's ring holds seconds; this keeps more, in the monitor's own memory:
 * one row per sample (its time: the device's, or that of receipt where there is none, as in
 * recorded history) and one column of doubles per parameter somebody asked for. A column is made at the first question, filled from the
 * ring, kept up by mon_history_take and dropped when nobody asked for a while.
 *
 * A hole in the data (lost packets, samples overwritten unread) is a row of
 * NANs, so that lines break there. Late samples are left out: they belong to
 * the past that is drawn already.
 *
 * Threads: one at a time. Memory: bounded, see MON_HISTORY_*.
 */

#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/region.h>

#define MON_HISTORY_SHORT 256   /* rows a column starts with: enough for sparklines */
#define MON_HISTORY_LONG  16384 /* ... and grows to when more is asked for: trends */

struct mon_history;

/*
 * A history for `region`, which the caller keeps open as long as it passes it in.
 * Owned by the caller until mon_history_destroy.
 */
int mon_history_create(const struct wf_region *region, struct mon_history **out_history,
                       struct wf_err *err);
void mon_history_destroy(struct mon_history **history);

/* Take over what was published since the last call; at most a few hundred rows of it. */
void mon_history_take(struct mon_history *history, const struct wf_region *region,
                      int64_t now_mono_ns);

/*
 * The last `count` rows of a scalar parameter, oldest first; returns how many
 * there are. `out_utc_ns` may be NULL. Text and bytes are NAN.
 */
size_t mon_history_recent(struct mon_history *history, const struct wf_region *region,
                          size_t parameter, double *out_values, int64_t *out_utc_ns, size_t count,
                          int64_t now_mono_ns);

/* Why there is a hole in the rows. */
enum mon_hole {
    MON_HOLE_NONE,
    MON_HOLE_SEQUENCE, /* packets were lost on the way */
    MON_HOLE_DROP,     /* and the kernel dropped datagrams there */
    MON_HOLE_REJECTED, /* packets came and were rejected */
    MON_HOLE_WRITER,   /* a new life of the writer */
    MON_HOLE_UNREAD,   /* overwritten before we looked: not lost, but not known here */
};

/*
 * Call `each` with every row there is of a scalar parameter, oldest first: a value (NAN when it is
 * none), or a hole.
 */
typedef void (*mon_row_fn)(void *context, int64_t utc_ns, double value, enum mon_hole hole);
void mon_history_walk(struct mon_history *history, const struct wf_region *region, size_t parameter,
                      int64_t now_mono_ns, mon_row_fn each, void *context);

/* Bytes it holds now. */
size_t mon_history_bytes(const struct mon_history *history);

#endif /* MON_HISTORY_H */
