/* SPDX-License-Identifier: MIT */
#ifndef WFS_BIN_MAKER_H
#define WFS_BIN_MAKER_H

/* What bins.c needs of a bin maker beside the public part: whole buckets of rollups. */

#include <watchfloor/store/bins.h>

/* A bucket of a rollup; values of kind NONE are not there. */
struct wfs_bucket {
    int64_t start_ns, last_ns; /* UTC */
    struct wf_value min, max, last;
    double sum;
    uint64_t count, bad;
    uint8_t quality;
};

void wfs_bin_maker_add_bucket(struct wf_bin_maker *maker, const struct wfs_bucket *bucket,
                              enum wf_tier tier, const struct wf_schema *schema, size_t index);

/* -1, 0, 1: numbers as what they are, whatever their kinds. */
int wfs_compare_numbers(const struct wf_value *a, const struct wf_value *b);

#endif /* WFS_BIN_MAKER_H */
