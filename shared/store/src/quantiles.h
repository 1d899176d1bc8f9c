/* SPDX-License-Identifier: MIT */
#ifndef WFS_QUANTILES_H
#define WFS_QUANTILES_H

/*
 * Quantiles in bounded memory: values are kept with how often they came. As long as no
 * more than 65,536 different ones came (what a converter of 16 bits can give), ranks are exact;
 * beyond that neighbours are put together, and the error is told.
 */

#include <stddef.h>

#include <watchfloor/err.h>

struct wfs_quantiles;

int wfs_quantiles_create(struct wfs_quantiles **out, struct wf_err *err);
void wfs_quantiles_destroy(struct wfs_quantiles **quantiles);
void wfs_quantiles_clear(struct wfs_quantiles *quantiles);
int wfs_quantiles_add(struct wfs_quantiles *quantiles, double value, struct wf_err *err);
/* By nearest rank; NaN when there were none. *out_error: in ranks, as a part of all. */
void wfs_quantiles_get(struct wfs_quantiles *quantiles, const double *percentiles, size_t count,
                       double *out, double *out_error);

#endif /* WFS_QUANTILES_H */
