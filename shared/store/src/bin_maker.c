/* SPDX-License-Identifier: MIT */
/* Bin maker: values of a bin, one after another, to what is told of them. See bins.h. */

#include "bin_maker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "quantiles.h"

#define TEXT_BYTES_MAX (1u << 20)

struct wf_bin_maker {
    bool is_deviation_wanted;
    double percentiles[WF_BIN_PERCENTILES_MAX];
    size_t percentile_count;
    struct wfs_quantiles *quantiles;
    struct wf_bin bin;
    bool has_value;
    /* Neumaier's sum: days of samples add up without drift. */
    double sum, correction;
    double running_mean, squares; /* Welford's */
    struct wf_strbuf text[2];     /* of `last`, when it is text: taken and being made */
    int current;
};

static void clear(struct wf_bin_maker *maker)
{
    maker->bin = (struct wf_bin){ .mean = (double)NAN,
                                  .deviation = (double)NAN,
                                  .first_ns = WF_TIME_NONE,
                                  .last_ns = WF_TIME_NONE,
                                  .min_ns = WF_TIME_NONE,
                                  .max_ns = WF_TIME_NONE };
    maker->has_value = false;
    maker->sum = maker->correction = maker->running_mean = maker->squares = 0;
    wf_strbuf_clear(&maker->text[maker->current]);
}

int wf_bin_maker_create(bool is_deviation_wanted, const double *percentiles,
                        size_t percentile_count, struct wf_bin_maker **out_maker,
                        struct wf_err *err)
{
    struct wf_bin_maker *maker;
    int rc = 0;

    if (percentile_count > WF_BIN_PERCENTILES_MAX)
        return wf_fail(err, WF_ERR_LIMIT, "at most %d percentiles", WF_BIN_PERCENTILES_MAX);
    maker = calloc(1, sizeof(*maker));
    if (maker == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    maker->is_deviation_wanted = is_deviation_wanted;
    for (size_t i = 0; i < percentile_count; i++)
        maker->percentiles[maker->percentile_count++] = percentiles[i];
    wf_strbuf_init(&maker->text[0], TEXT_BYTES_MAX);
    wf_strbuf_init(&maker->text[1], TEXT_BYTES_MAX);
    clear(maker);
    if (percentile_count > 0)
        rc = wfs_quantiles_create(&maker->quantiles, err);
    if (rc < 0)
        wf_bin_maker_destroy(&maker);
    else
        *out_maker = maker;
    return rc;
}

void wf_bin_maker_destroy(struct wf_bin_maker **maker)
{
    struct wf_bin_maker *m = *maker;

    if (m == NULL)
        return;
    wfs_quantiles_destroy(&m->quantiles);
    wf_strbuf_fini(&m->text[0]);
    wf_strbuf_fini(&m->text[1]);
    free(m);
    *maker = NULL;
}

/* --- comparing --------------------------------------------------------------------------- */

static bool is_negative(const struct wf_value *value)
{
    return value->kind == WF_VALUE_I64 && value->as.i64 < 0;
}

static int compare_whole(const struct wf_value *a, const struct wf_value *b)
{
    if (is_negative(a) != is_negative(b))
        return is_negative(a) ? -1 : 1;
    if (is_negative(a))
        return (a->as.i64 > b->as.i64) - (a->as.i64 < b->as.i64);
    return (a->as.u64 > b->as.u64) - (a->as.u64 < b->as.u64);
}

int wfs_compare_numbers(const struct wf_value *a, const struct wf_value *b)
{
    double x, y;

    if (a->kind != WF_VALUE_F64 && b->kind != WF_VALUE_F64)
        return compare_whole(a, b);
    x = wf_value_as_double(a);
    y = wf_value_as_double(b);
    return (x > y) - (x < y);
}

/* --- adding -------------------------------------------------------------------------------- */

static void add_to_sum(struct wf_bin_maker *maker, double number)
{
    double sum = maker->sum + number;

    if (!isfinite(sum))
        maker->correction = 0;
    else if (fabs(maker->sum) >= fabs(number))
        maker->correction += (maker->sum - sum) + number;
    else
        maker->correction += (number - sum) + maker->sum;
    maker->sum = sum;
}

static int keep_last(struct wf_bin_maker *maker, const struct wf_value *value, struct wf_err *err)
{
    struct wf_strbuf *text = &maker->text[maker->current];

    maker->bin.last = *value;
    if (value->kind != WF_VALUE_TEXT && value->kind != WF_VALUE_BYTES)
        return 0;
    wf_strbuf_clear(text);
    wf_strbuf_add_bytes(text, value->as.text, value->len);
    if (text->was_cut)
        return wf_fail(err, WF_ERR_LIMIT, "a value is longer than %u bytes", TEXT_BYTES_MAX);
    maker->bin.last.as.text = text->text;
    return 0;
}

static int add_number(struct wf_bin_maker *maker, int64_t time_ns, const struct wf_value *value,
                      double number, struct wf_err *err)
{
    struct wf_bin *bin = &maker->bin;
    double off;

    if (bin->count == 0 || wfs_compare_numbers(value, &bin->min) < 0) {
        bin->min = *value;
        bin->min_ns = time_ns;
    }
    if (bin->count == 0 || wfs_compare_numbers(value, &bin->max) > 0) {
        bin->max = *value;
        bin->max_ns = time_ns;
    }
    bin->count++;
    add_to_sum(maker, number);
    if (maker->is_deviation_wanted) {
        off = number - maker->running_mean;
        maker->running_mean += off / (double)bin->count;
        maker->squares += off * (number - maker->running_mean);
    }
    return maker->quantiles != NULL ? wfs_quantiles_add(maker->quantiles, number, err) : 0;
}

int wf_bin_maker_add(struct wf_bin_maker *maker, int64_t time_ns, const struct wf_value *value,
                     const struct wf_schema *schema, size_t index, struct wf_err *err)
{
    struct wf_bin *bin = &maker->bin;
    double number;
    int rc;

    if (value->quality > bin->quality)
        bin->quality = value->quality;
    if (value->kind == WF_VALUE_NONE)
        return 0;
    maker->has_value = true;
    bin->tiers |= 1u << WF_TIER_RAW;
    bin->schema = schema;
    bin->index = index;
    if (bin->first_ns == WF_TIME_NONE)
        bin->first_ns = time_ns;
    bin->last_ns = time_ns;
    rc = keep_last(maker, value, err);
    if (rc < 0 || value->kind >= WF_VALUE_TEXT)
        return rc;
    number = wf_value_as_double(value);
    if (isnan(number) || value->quality >= WF_QUALITY_INVALID) {
        bin->bad++;
        return 0;
    }
    return add_number(maker, time_ns, value, number, err);
}

void wfs_bin_maker_add_bucket(struct wf_bin_maker *maker, const struct wfs_bucket *bucket,
                              enum wf_tier tier, const struct wf_schema *schema, size_t index)
{
    struct wf_bin *bin = &maker->bin;

    if (bucket->quality > bin->quality)
        bin->quality = bucket->quality;
    if (bucket->count == 0 && bucket->bad == 0)
        return;
    maker->has_value = true;
    bin->tiers |= 1u << tier;
    bin->schema = schema;
    bin->index = index;
    bin->bad += bucket->bad;
    if (bucket->last.kind != WF_VALUE_NONE) {
        bin->last = bucket->last;
        bin->last_ns = bucket->last_ns;
    }
    if (bin->first_ns == WF_TIME_NONE)
        bin->first_ns = bucket->start_ns;
    if (bucket->count == 0)
        return;
    if (bin->count == 0 || wfs_compare_numbers(&bucket->min, &bin->min) < 0) {
        bin->min = bucket->min;
        bin->min_ns = bucket->start_ns;
    }
    if (bin->count == 0 || wfs_compare_numbers(&bucket->max, &bin->max) > 0) {
        bin->max = bucket->max;
        bin->max_ns = bucket->start_ns;
    }
    bin->count += bucket->count;
    add_to_sum(maker, bucket->sum);
}

bool wf_bin_maker_take(struct wf_bin_maker *maker, struct wf_bin *out)
{
    struct wf_bin *bin = &maker->bin;
    bool has_value = maker->has_value;

    if (bin->count > 0)
        bin->mean = (maker->sum + maker->correction) / (double)bin->count;
    if (bin->count > 0 && maker->is_deviation_wanted)
        bin->deviation = sqrt(maker->squares / (double)bin->count);
    for (size_t i = 0; i < maker->percentile_count; i++)
        bin->percentiles[i] = (double)NAN;
    if (maker->quantiles != NULL) {
        wfs_quantiles_get(maker->quantiles, maker->percentiles, maker->percentile_count,
                          bin->percentiles, &bin->percentile_error);
        wfs_quantiles_clear(maker->quantiles);
    }
    *out = *bin;
    /* What was taken keeps its text until the next one is taken. */
    maker->current = 1 - maker->current;
    clear(maker);
    return has_value;
}
