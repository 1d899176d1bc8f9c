/* SPDX-License-Identifier: MIT */
/* Quantiles: see quantiles.h. A sorted list of values with counts, and new ones not yet sorted in. */

#include "quantiles.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KINDS_MAX 65536
#define NEW_MAX   65536

struct kind {
    double value;
    uint64_t count;
};

struct wfs_quantiles {
    struct kind *kinds; /* ascending */
    size_t kind_count;
    double *news;
    size_t new_count, new_capacity;
    uint64_t total, widest; /* values; most that were put together under one */
    struct kind *spare;
};

int wfs_quantiles_create(struct wfs_quantiles **out, struct wf_err *err)
{
    struct wfs_quantiles *quantiles = calloc(1, sizeof(*quantiles));

    if (quantiles == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    *out = quantiles;
    return 0;
}

void wfs_quantiles_destroy(struct wfs_quantiles **quantiles)
{
    if (*quantiles == NULL)
        return;
    free((*quantiles)->kinds);
    free((*quantiles)->spare);
    free((*quantiles)->news);
    free(*quantiles);
    *quantiles = NULL;
}

void wfs_quantiles_clear(struct wfs_quantiles *quantiles)
{
    quantiles->kind_count = quantiles->new_count = 0;
    quantiles->total = quantiles->widest = 0;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Too many different ones: neighbours become one, the upper of both. */
static void halve(struct wfs_quantiles *q)
{
    size_t count = 0;

    for (size_t i = 0; i < q->kind_count; i += 2) {
        struct kind kind = q->kinds[i];

        if (i + 1 < q->kind_count) {
            kind.value = q->kinds[i + 1].value;
            kind.count += q->kinds[i + 1].count;
        }
        if (kind.count > q->widest)
            q->widest = kind.count;
        q->kinds[count++] = kind;
    }
    q->kind_count = count;
}

static void push(struct kind *list, size_t *count, double value, uint64_t times)
{
    if (*count > 0 && list[*count - 1].value == value) {
        list[*count - 1].count += times;
        return;
    }
    list[(*count)++] = (struct kind){ value, times };
}

static void merge(struct wfs_quantiles *q)
{
    size_t i = 0, k = 0, count = 0;
    struct kind *merged = q->spare;

    if (q->new_count == 0)
        return;
    qsort(q->news, q->new_count, sizeof(*q->news), compare);
    while (i < q->kind_count || k < q->new_count) {
        if (k == q->new_count || (i < q->kind_count && q->kinds[i].value <= q->news[k])) {
            push(merged, &count, q->kinds[i].value, q->kinds[i].count);
            i++;
        } else {
            push(merged, &count, q->news[k++], 1);
        }
    }
    q->spare = q->kinds;
    q->kinds = merged;
    q->kind_count = count;
    q->new_count = 0;
    while (q->kind_count > KINDS_MAX)
        halve(q);
}

static int grow(struct wfs_quantiles *q, struct wf_err *err)
{
    size_t capacity = q->new_capacity == 0 ? 256 : 4 * q->new_capacity;
    double *news = realloc(q->news, capacity * sizeof(*news));
    struct kind *kinds, *spare;

    if (news != NULL)
        q->news = news;
    /* What is sorted in never needs more than what is there and what is new. */
    kinds = realloc(q->kinds, (KINDS_MAX + capacity) * sizeof(*kinds));
    if (kinds != NULL)
        q->kinds = kinds;
    spare = realloc(q->spare, (KINDS_MAX + capacity) * sizeof(*spare));
    if (spare != NULL)
        q->spare = spare;
    if (news == NULL || kinds == NULL || spare == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    q->new_capacity = capacity;
    return 0;
}

int wfs_quantiles_add(struct wfs_quantiles *q, double value, struct wf_err *err)
{
    int rc;

    if (q->new_count == q->new_capacity) {
        if (q->new_capacity < NEW_MAX) {
            rc = grow(q, err);
            if (rc < 0)
                return rc;
        } else {
            merge(q);
        }
    }
    q->news[q->new_count++] = value;
    q->total++;
    return 0;
}

void wfs_quantiles_get(struct wfs_quantiles *q, const double *percentiles, size_t count,
                       double *out, double *out_error)
{
    merge(q);
    *out_error = q->total > 0 && q->widest > 1 ? (double)q->widest / (double)q->total : 0;
    for (size_t p = 0; p < count; p++) {
        double wanted = ceil(percentiles[p] / 100 * (double)q->total);
        double seen = 0;

        out[p] = (double)NAN;
        for (size_t i = 0; i < q->kind_count; i++) {
            seen += (double)q->kinds[i].count;
            out[p] = q->kinds[i].value;
            if (seen >= wanted)
                break;
        }
    }
}
