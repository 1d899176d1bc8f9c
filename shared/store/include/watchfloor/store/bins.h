/* SPDX-License-Identifier: MIT */
#ifndef WF_STORE_BINS_H
#define WF_STORE_BINS_H

/*
 * Bins - one parameter over a range, reduced to steps: what a plot of a month, a
 * statistic or an export of hours is made from.
 *
 * The answer is the same whatever it was made from: whole minutes and hours come
 * from rollups where those are complete, the rest (edges, what is newest, what is
 * being recomputed) from samples. Each bin says which. Minimum, maximum, last and
 * count are exact, the mean to rounding.
 *
 * Bins begin at whole multiples of their length since 1970 (minutes at full minutes,
 * days at midnight UTC). Those without a value are not given. What the range cuts off is not
 * in its first and last bin. Memory does not grow with the range; nothing is locked between calls.
 *
 * Threads: one at a time for each history and what was opened on it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/store/history.h>
#include <watchfloor/value.h>

/* What an answer is made from; later ones are coarser. */
enum wf_tier {
    WF_TIER_AUTO, /* whatever gives the same answer soonest */
    WF_TIER_RAW,
    WF_TIER_MINUTE,
    WF_TIER_HOUR,
};
/* "auto" "raw" "minute" "hour"; false when `name` is none. */
const char *wf_tier_name(enum wf_tier tier);
bool wf_tier_from_name(const char *name, enum wf_tier *out_tier);
/* Append "raw", "minute+raw", "hour+minute+raw" for bits 1 << enum wf_tier. */
void wf_tiers_add(unsigned tiers, struct wf_strbuf *out);

#define WF_BIN_PERCENTILES_MAX 8

struct wf_bin {
    int64_t from_ns; /* whole multiple of the step */
    /* Numbers that are not INVALID (nor NaN); and values that were there and are not counted. */
    uint64_t count, bad;
    /* Exact; kind NONE when count is 0. `last` is the newest value, whatever its quality. */
    struct wf_value min, max, last;
    int64_t first_ns, last_ns; /* of the first and last value; first only from samples */
    int64_t min_ns, max_ns; /* of the first sample with that value; from rollups: of its bucket */
    double mean;            /* NaN when count is 0 */
    double deviation;       /* standard, of the population; NaN unless it was wanted */
    double percentiles[WF_BIN_PERCENTILES_MAX];
    double percentile_error; /* in ranks, as a part of count: 0 = exact */
    uint8_t quality;         /* the worst; of minutes with nothing but ABSENT it is missing */
    unsigned tiers;          /* bits 1 << enum wf_tier */
    const struct wf_schema *schema; /* what the values are printed with */
    size_t index;
};

/* --- from history --------------------------------------------------------------------------- */

struct wf_bins_query {
    struct wf_range range;
    const char *source, *subsystem, *parameter;
    size_t element;
    bool is_raw_value; /* before calibration */
    int64_t every_ns;  /* length of a bin; 0: the whole range is one */
    enum wf_tier tier; /* the coarsest that may be used */
    /* These come from samples only. */
    bool is_deviation_wanted;
    const double *percentiles; /* 0 .. 100, by nearest rank: values that were there */
    size_t percentile_count;
};

struct wf_bins;
int wf_bins_open(struct wf_history *history, const struct wf_bins_query *query,
                 struct wf_bins **out_bins, struct wf_err *err);
/* 0 with a bin (text borrowed until the next call), ABSENT at the end. */
int wf_bins_next(struct wf_bins *bins, struct wf_bin *out, struct wf_err *err);
void wf_bins_close(struct wf_bins **bins);

/* What it has read so far: samples, buckets of rollups, and the tiers of all bins so far. */
struct wf_bins_figures {
    uint64_t samples, buckets;
    unsigned tiers;
    int64_t done_ns;   /* nothing before it is looked at any more */
    char trouble[240]; /* why rollups could not be read and samples were taken instead; or "" */
};
void wf_bins_figures(const struct wf_bins *bins, struct wf_bins_figures *out);

/*
 * A step that cuts `range` into at most `count` bins: whole minutes or hours where that costs few
 * of them, because these come from rollups, else 1, 2 or 5 of a unit.
 */
int64_t wf_bins_step(const struct wf_range *range, uint64_t count);

/* --- from values that the caller has -------------------------------------------------------- */

struct wf_bin_maker;
int wf_bin_maker_create(bool is_deviation_wanted, const double *percentiles,
                        size_t percentile_count, struct wf_bin_maker **out_maker,
                        struct wf_err *err);
void wf_bin_maker_destroy(struct wf_bin_maker **maker);
/* Values in order of time; `schema` and `index` say what they are. */
int wf_bin_maker_add(struct wf_bin_maker *maker, int64_t time_ns, const struct wf_value *value,
                     const struct wf_schema *schema, size_t index, struct wf_err *err);
/* The bin so far (from_ns is the caller's); the next one begins. False: there was no value. */
bool wf_bin_maker_take(struct wf_bin_maker *maker, struct wf_bin *out);

#endif /* WF_STORE_BINS_H */
