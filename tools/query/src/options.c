/* SPDX-License-Identifier: MIT */
/* From the texts of the command line to options: see query.h. */

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "query.h"

/* Steps of --every auto, and of statistics of quality. */
#define BINS_DEFAULT 1000

static const char *const agg_names[QUERY_AGG_KINDS] = {
    [QUERY_MEAN] = "mean",           [QUERY_MIN] = "min",         [QUERY_MAX] = "max",
    [QUERY_LAST] = "last",           [QUERY_COUNT] = "count",     [QUERY_BAD] = "bad",
    [QUERY_DEVIATION] = "deviation", [QUERY_QUALITY] = "quality", [QUERY_PERCENTILE] = "p",
};

const char *query_agg_name(const struct query_agg *agg)
{
    return agg->name;
}

void query_add_duration(int64_t ns, struct wf_strbuf *out)
{
    static const struct {
        int64_t ns;
        const char *name;
    } units[] = { { WF_NS_PER_DAY, "d" },
                  { 3600 * WF_NS_PER_S, "h" },
                  { 60 * WF_NS_PER_S, "m" },
                  { WF_NS_PER_S, "s" },
                  { WF_NS_PER_MS, "ms" },
                  { WF_NS_PER_US, "us" },
                  { 1, "ns" } };
    size_t i = 0;

    while (ns % units[i].ns != 0)
        i++;
    wf_strbuf_addf(out, "%lld%s", (long long)(ns / units[i].ns), units[i].name);
}

void query_add_resolution(const struct query *query, struct wf_strbuf *out)
{
    if (query->options.every_ns == 0)
        wf_strbuf_add(out, "raw");
    else
        query_add_duration(query->options.every_ns, out);
}

static int parse_format(const char *text, enum query_format *out, struct wf_err *err)
{
    static const char *const names[] = { [QUERY_TABLE] = "table",
                                         [QUERY_CSV] = "csv",
                                         [QUERY_JSON] = "json",
                                         [QUERY_PLOT] = "plot",
                                         [QUERY_SVG] = "svg" };

    for (size_t i = 0; i < WF_COUNT_OF(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (enum query_format)i;
            return 0;
        }
    }
    return wf_fail(err, WF_ERR_INVALID, "--format '%.40s': expected table, csv, json, plot or svg",
                   text);
}

/* "p95", "p99.9". */
static bool parse_percentile(const char *text, struct query_options *options, struct query_agg *agg)
{
    double part;

    if (text[0] != 'p' || wf_parse_double(text + 1, &part, NULL) < 0 || !(part >= 0 && part <= 100))
        return false;
    agg->kind = QUERY_PERCENTILE;
    agg->percentile = options->percentile_count;
    if (options->percentile_count == WF_BIN_PERCENTILES_MAX)
        return false;
    options->percentiles[options->percentile_count++] = part;
    return true;
}

static int parse_agg(const char *text, size_t len, struct query_options *options,
                     struct wf_err *err)
{
    struct query_agg agg = { .kind = QUERY_MEAN };
    size_t kind = 0;

    if (len >= sizeof(agg.name))
        len = sizeof(agg.name) - 1;
    memcpy(agg.name, text, len);
    if (strcmp(agg.name, "stddev") == 0)
        (void)wf_copy_text(agg.name, sizeof(agg.name), agg_names[QUERY_DEVIATION]);
    while (kind < QUERY_PERCENTILE && strcmp(agg.name, agg_names[kind]) != 0)
        kind++;
    agg.kind = (enum query_agg_kind)kind;
    if ((kind == QUERY_PERCENTILE && !parse_percentile(agg.name, options, &agg)) ||
        options->agg_count == QUERY_AGGS_MAX)
        return wf_fail(err, WF_ERR_INVALID,
                       "--agg '%.40s': expected some of mean,min,max,last,count,bad,deviation,"
                       "quality,p50,p95 (up to %d percentiles)",
                       text, WF_BIN_PERCENTILES_MAX);
    options->aggs[options->agg_count++] = agg;
    return 0;
}

static int parse_aggs(const char *text, struct query_options *options, struct wf_err *err)
{
    int rc = 0;

    while (rc == 0 && *text != '\0') {
        size_t len = strcspn(text, ",");

        rc = parse_agg(text, len, options, err);
        text += len + (text[len] == ',');
    }
    return rc;
}

static int parse_range(const struct query_words *words, struct wf_range *range, struct wf_err *err)
{
    int64_t now_ns = wf_utc_now_ns();
    int rc = wf_parse_time(words->from, now_ns, &range->from_ns, err);

    if (rc < 0) {
        wf_err_prefix(err, "--from");
        return rc;
    }
    rc = wf_parse_time(words->to, now_ns, &range->to_ns, err);
    if (rc < 0) {
        wf_err_prefix(err, "--to");
        return rc;
    }
    if (range->to_ns <= range->from_ns)
        return wf_fail(err, WF_ERR_INVALID, "--to must be later than --from");
    if (strcmp(words->by, "received") != 0 && strcmp(words->by, "device") != 0)
        return wf_fail(err, WF_ERR_INVALID, "--by '%.40s': expected device or received", words->by);
    range->is_by_received = strcmp(words->by, "received") == 0;
    return 0;
}

static int parse_every(const struct query_words *words, struct query_options *options,
                       struct wf_err *err)
{
    uint64_t bins = BINS_DEFAULT;
    int rc = 0;

    if (words->every != NULL && words->bins != NULL)
        return wf_fail(err, WF_ERR_INVALID, "--every and --bins say the same: give one of them");
    if (words->every != NULL && strcmp(words->every, "auto") != 0) {
        rc = wf_parse_duration_ns(words->every, &options->every_ns, err);
        if (rc == 0 && options->every_ns <= 0)
            rc = wf_fail(err, WF_ERR_INVALID, "expected a duration as 10s, 1m, 1h, or auto");
        if (rc < 0)
            wf_err_prefix(err, "--every");
        return rc;
    }
    if (words->bins != NULL) {
        rc = wf_parse_u64(words->bins, &bins, err);
        if (rc == 0 && bins == 0)
            rc = wf_fail(err, WF_ERR_INVALID, "expected how many, at most, as 1000");
        if (rc < 0)
            wf_err_prefix(err, "--bins");
    }
    if (rc == 0 && (words->every != NULL || words->bins != NULL)) {
        options->every_ns = wf_bins_step(&options->range, bins);
        options->is_every_chosen = true;
    }
    return rc;
}

static int parse_quality(const char *text, uint8_t *out, struct wf_err *err)
{
    for (int i = WF_QUALITY_VALID; i <= WF_QUALITY_ABSENT; i++) {
        if (wf_casecmp(text, wf_quality_name((enum wf_quality)i)) == 0) {
            *out = (uint8_t)i;
            return 0;
        }
    }
    return wf_fail(err, WF_ERR_INVALID,
                   "--quality '%.40s': expected valid, late, substituted, suspect or invalid: the"
                   " worst that is shown",
                   text);
}

static int parse_size(const char *text, struct query_options *options, struct wf_err *err)
{
    char width[16] = "";
    const char *x = strchr(text, 'x');
    uint64_t columns = 0, rows = 0;

    if (x != NULL && (size_t)(x - text) < sizeof(width))
        memcpy(width, text, (size_t)(x - text));
    if (x == NULL || wf_parse_u64(width, &columns, NULL) < 0 ||
        wf_parse_u64(x + 1, &rows, NULL) < 0 || columns < 40 || columns > 4000 || rows < 10 ||
        rows > 4000)
        return wf_fail(err, WF_ERR_INVALID,
                       "--size '%.40s': expected WIDTHxHEIGHT as 120x40, from 40x10 to 4000x4000",
                       text);
    options->width = (int)columns;
    options->height = (int)rows;
    return 0;
}

static int check_together(const struct query_words *words, const struct query_options *options,
                          struct wf_err *err)
{
    if (words->aggs != NULL && options->every_ns == 0)
        return wf_fail(err, WF_ERR_INVALID, "--agg needs --every or --bins");
    if ((options->first != NULL) + (options->last != NULL) + (options->is_stats ? 1 : 0) > 1)
        return wf_fail(err, WF_ERR_INVALID, "of --first, --last and --stats one at a time");
    if ((options->first != NULL || options->last != NULL || options->is_stats) &&
        options->every_ns != 0)
        return wf_fail(err, WF_ERR_INVALID, "--first, --last and --stats have no --every");
    return 0;
}

int query_parse_words(const struct query_words *words, struct query_options *options,
                      struct wf_err *err)
{
    int rc = parse_range(words, &options->range, err);

    if (rc == 0)
        rc = parse_format(words->is_plot ? "plot" : words->format, &options->format, err);
    if (rc == 0 && words->limit != NULL) {
        rc = wf_parse_u64(words->limit, &options->limit, err);
        if (rc < 0)
            wf_err_prefix(err, "--limit");
    }
    if (rc == 0)
        rc = parse_every(words, options, err);
    if (rc == 0)
        rc = parse_aggs(words->aggs != NULL ? words->aggs : "mean", options, err);
    if (rc == 0 && !wf_tier_from_name(words->tier, &options->tier))
        rc = wf_fail(err, WF_ERR_INVALID, "--tier '%.40s': expected auto, raw, minute or hour",
                     words->tier);
    if (rc == 0)
        rc = parse_quality(words->quality, &options->worst_quality, err);
    if (rc == 0 && words->size != NULL)
        rc = parse_size(words->size, options, err);
    return rc == 0 ? check_together(words, options, err) : rc;
}
