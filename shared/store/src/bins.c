/* SPDX-License-Identifier: MIT */
/*
 * Bins: see <watchfloor/store/bins.h>.
 *
 * The range is cut into segments, ascending, each read from one tier:
 *
 *     raw | minute      | hour                          | minute | raw     newest: not rolled up yet
 *     edge  to full hour  whole hours, but for dirty ones  rest    edge
 *
 * Hours are used when every bin ends at a full hour, minutes when it ends at a full minute.
 */

#include <watchfloor/store/bins.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "rollup_read.h"

struct segment {
    enum wf_tier tier;
    int64_t from_ns, to_ns;
};

struct wf_bins {
    struct wf_history *history;
    struct wf_bins_query query;
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE], parameter[WF_NAME_SIZE];
    const struct wf_schema *schema; /* the newest of the range; NULL: there is none */
    int index;
    struct wf_bin_maker *maker;
    struct segment *segments;
    size_t segment_count, segment_at;
    /* what is being read */
    struct wf_history_cursor *cursor;
    struct wfs_rollup *rollup;
    const struct wf_schema *row_schema; /* of the last sample */
    int row_index;
    /* the item that was read and is in no bin yet */
    bool has_item, is_bucket;
    struct wf_history_row row;
    const struct wfs_bucket *bucket;
    int64_t bin_ns; /* start of the bin being made */
    struct wf_bins_figures figures;
};

/* --- names ---------------------------------------------------------------------------------- */

static const char *const tier_names[] = {
    [WF_TIER_AUTO] = "auto",
    [WF_TIER_RAW] = "raw",
    [WF_TIER_MINUTE] = "minute",
    [WF_TIER_HOUR] = "hour",
};

const char *wf_tier_name(enum wf_tier tier)
{
    return tier_names[tier];
}

bool wf_tier_from_name(const char *name, enum wf_tier *out_tier)
{
    for (size_t i = 0; i < WF_COUNT_OF(tier_names); i++) {
        if (strcmp(name, tier_names[i]) == 0) {
            *out_tier = (enum wf_tier)i;
            return true;
        }
    }
    return false;
}

void wf_tiers_add(unsigned tiers, struct wf_strbuf *out)
{
    bool is_first = true;

    for (unsigned tier = WF_TIER_HOUR; tier >= WF_TIER_RAW; tier--) {
        if ((tiers & 1u << tier) == 0)
            continue;
        wf_strbuf_addf(out, "%s%s", is_first ? "" : "+", tier_names[tier]);
        is_first = false;
    }
    if (is_first)
        wf_strbuf_add(out, tier_names[WF_TIER_RAW]);
}

/* --- segments --------------------------------------------------------------------------------- */

static int64_t floor_to(int64_t time_ns, int64_t width_ns)
{
    int64_t rest = time_ns % width_ns;

    if (rest < 0)
        rest += width_ns;
    return time_ns < INT64_MIN + rest ? INT64_MIN : time_ns - rest;
}

static int64_t ceil_to(int64_t time_ns, int64_t width_ns)
{
    int64_t down = floor_to(time_ns, width_ns);

    return down == time_ns ? down : down > INT64_MAX - width_ns ? INT64_MAX : down + width_ns;
}

static int add_segment(struct wf_bins *bins, enum wf_tier tier, int64_t from_ns, int64_t to_ns,
                       struct wf_err *err)
{
    struct segment *last =
        bins->segment_count > 0 ? &bins->segments[bins->segment_count - 1] : NULL;

    if (from_ns >= to_ns)
        return 0;
    if (last != NULL && last->tier == tier) {
        last->to_ns = to_ns;
        return 0;
    }
    if (bins->segment_count % 64 == 0) {
        struct segment *more = realloc(bins->segments, (bins->segment_count + 64) * sizeof(*more));

        if (more == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        bins->segments = more;
    }
    bins->segments[bins->segment_count++] = (struct segment){ tier, from_ns, to_ns };
    return 0;
}

static int64_t width_of(enum wf_tier tier)
{
    return wfs_tier_ns(tier == WF_TIER_HOUR ? WFS_TIER_HOUR : WFS_TIER_MINUTE);
}

/*
 * Cut from .. to: whole buckets of `tier` that are complete, what is left over by the finer
 * tier. A dirty minute takes its whole bucket out.
 */
static int cut(struct wf_bins *bins, const struct wfs_trust *trust, enum wf_tier tier,
               int64_t from_ns, int64_t to_ns, struct wf_err *err)
{
    int64_t width, first, last, trusted_from;
    size_t low = 0, high = trust->dirty_count;
    int rc = 0;

    if (from_ns >= to_ns)
        return 0;
    if (tier == WF_TIER_RAW)
        return add_segment(bins, WF_TIER_RAW, from_ns, to_ns, err);
    width = width_of(tier);
    trusted_from = trust->from_ns[tier == WF_TIER_HOUR ? WFS_TIER_HOUR : WFS_TIER_MINUTE];
    first = ceil_to(from_ns > trusted_from ? from_ns : trusted_from, width);
    last = floor_to(to_ns < trust->to_ns ? to_ns : trust->to_ns, width);
    if (first >= last)
        return cut(bins, trust, tier - 1, from_ns, to_ns, err);
    rc = cut(bins, trust, tier - 1, from_ns, first, err);
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (trust->dirty[middle] < first)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; rc == 0 && i < trust->dirty_count && trust->dirty[i] < last; i++) {
        int64_t bucket = floor_to(trust->dirty[i], width);

        if (bucket < first)
            continue; /* another minute of an hour that is out already */
        rc = add_segment(bins, tier, first, bucket, err);
        if (rc == 0)
            rc = cut(bins, trust, tier - 1, bucket, bucket + width, err);
        first = bucket + width;
    }
    if (rc == 0)
        rc = add_segment(bins, tier, first, last, err);
    return rc == 0 ? cut(bins, trust, tier - 1, last, to_ns, err) : rc;
}

/* Is this kind of value in rollups at all? */
static bool is_rolled_up(const struct wf_bins *bins)
{
    const struct wf_bins_query *query = &bins->query;
    const struct wf_parameter *parameter;

    if (bins->schema == NULL || bins->index == WF_NO_INDEX || query->range.is_by_received ||
        query->is_deviation_wanted || query->percentile_count > 0)
        return false;
    parameter = &bins->schema->parameters[bins->index];
    return parameter->storage <= WF_STORE_BOOL && parameter->count_max == 1 &&
           parameter->count_from == WF_NO_INDEX && !parameter->is_count_rest &&
           (!query->is_raw_value || parameter->raw_offset == 0);
}

static enum wf_tier coarsest(const struct wf_bins *bins)
{
    int64_t every_ns = bins->query.every_ns;
    enum wf_tier tier = WF_TIER_RAW;

    /* One bin for all: every bucket that lies in the range lies in the bin. */
    if (every_ns == 0 || every_ns % width_of(WF_TIER_HOUR) == 0)
        tier = WF_TIER_HOUR;
    else if (every_ns % width_of(WF_TIER_MINUTE) == 0)
        tier = WF_TIER_MINUTE;
    return bins->query.tier != WF_TIER_AUTO && bins->query.tier < tier ? bins->query.tier : tier;
}

static int find_schema(struct wf_bins *bins, struct wf_err *err)
{
    int rc = wfs_history_newest(bins->history, &bins->query.range, bins->source, bins->subsystem,
                                &bins->schema, err);

    bins->index =
        bins->schema != NULL ? wf_schema_find(bins->schema, bins->parameter) : WF_NO_INDEX;
    return rc;
}

static int plan(struct wf_bins *bins, struct wf_err *err)
{
    const struct wf_range *range = &bins->query.range;
    enum wf_tier tier = coarsest(bins);
    struct wfs_trust trust;
    int rc;

    if (tier > WF_TIER_RAW) {
        rc = find_schema(bins, err);
        if (rc < 0)
            return rc;
    }
    if (tier == WF_TIER_RAW || !is_rolled_up(bins))
        return add_segment(bins, WF_TIER_RAW, range->from_ns, range->to_ns, err);
    rc = wfs_trust_read(bins->history, bins->source, bins->subsystem, &trust, err);
    if (rc == 0)
        rc = cut(bins, &trust, tier, range->from_ns, range->to_ns, err);
    wfs_trust_free(&trust);
    return rc;
}

int wf_bins_open(struct wf_history *history, const struct wf_bins_query *query,
                 struct wf_bins **out_bins, struct wf_err *err)
{
    struct wf_bins *bins;
    int rc;

    if (query->every_ns < 0)
        return wf_fail(err, WF_ERR_INVALID, "a bin must be longer than nothing");
    bins = calloc(1, sizeof(*bins));
    if (bins == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    bins->history = history;
    bins->query = *query;
    (void)wf_copy_text(bins->source, sizeof(bins->source), query->source);
    (void)wf_copy_text(bins->subsystem, sizeof(bins->subsystem), query->subsystem);
    (void)wf_copy_text(bins->parameter, sizeof(bins->parameter), query->parameter);
    bins->query.percentiles = NULL; /* the maker's from here on */
    rc = wf_bin_maker_create(query->is_deviation_wanted, query->percentiles,
                             query->percentile_count, &bins->maker, err);
    if (rc == 0)
        rc = wfs_history_refresh(history, err);
    if (rc == 0)
        rc = plan(bins, err);
    if (rc < 0)
        wf_bins_close(&bins);
    else
        *out_bins = bins;
    return rc;
}

void wf_bins_close(struct wf_bins **bins)
{
    struct wf_bins *b = *bins;

    if (b == NULL)
        return;
    wf_history_cursor_close(&b->cursor);
    wfs_rollup_close(&b->rollup);
    wf_bin_maker_destroy(&b->maker);
    free(b->segments);
    free(b);
    *bins = NULL;
}

void wf_bins_figures(const struct wf_bins *bins, struct wf_bins_figures *out)
{
    *out = bins->figures;
}

/* --- reading ----------------------------------------------------------------------------------- */

static int open_segment(struct wf_bins *bins, const struct segment *segment, struct wf_err *err)
{
    const char *parameters[] = { bins->parameter };
    struct wf_history_query select = { .range = bins->query.range,
                                       .source = bins->source,
                                       .subsystem = bins->subsystem,
                                       .parameters = parameters,
                                       .parameter_count = 1,
                                       .is_bare = true };

    if (segment->tier != WF_TIER_RAW)
        return wfs_rollup_open(
            bins->history, segment->tier == WF_TIER_HOUR ? WFS_TIER_HOUR : WFS_TIER_MINUTE,
            bins->source, bins->subsystem, &bins->schema->parameters[bins->index], segment->from_ns,
            segment->to_ns, &bins->rollup, err);
    select.range.from_ns = segment->from_ns;
    select.range.to_ns = segment->to_ns;
    return wf_history_select(bins->history, &select, &bins->cursor, err);
}

/* The rollup cannot be read: its samples give the same answer. */
static void use_samples(struct wf_bins *bins, struct segment *segment, const struct wf_err *why)
{
    if (bins->figures.trouble[0] == '\0')
        (void)wf_copy_text(bins->figures.trouble, sizeof(bins->figures.trouble), why->text);
    wfs_rollup_close(&bins->rollup);
    if (bins->figures.done_ns > segment->from_ns)
        segment->from_ns = bins->figures.done_ns;
    segment->tier = WF_TIER_RAW;
}

static int read_bucket(struct wf_bins *bins, struct segment *segment, struct wf_err *err)
{
    struct wf_err why = { 0 };
    int rc = wfs_rollup_next(bins->rollup, &bins->bucket, &why);

    if (rc == 0) {
        bins->has_item = bins->is_bucket = true;
        bins->figures.buckets++;
        bins->figures.done_ns = bins->bucket->start_ns + width_of(segment->tier);
        return 0;
    }
    if (rc == WF_ERR_NOMEM) {
        if (err != NULL)
            *err = why;
        return rc;
    }
    if (rc != WF_ERR_ABSENT) {
        use_samples(bins, segment, &why);
        return 0;
    }
    wfs_rollup_close(&bins->rollup);
    bins->figures.done_ns = segment->to_ns;
    bins->segment_at++;
    return 0;
}

static int read_sample(struct wf_bins *bins, const struct segment *segment, struct wf_err *err)
{
    int rc = wf_history_next(bins->cursor, &bins->row, err);

    if (rc == 0) {
        bins->has_item = true;
        bins->is_bucket = false;
        bins->figures.samples++;
        bins->figures.done_ns = bins->row.time_ns;
        return 0;
    }
    if (rc != WF_ERR_ABSENT)
        return rc;
    wf_history_cursor_close(&bins->cursor);
    bins->figures.done_ns = segment->to_ns;
    bins->segment_at++;
    return 0;
}

/* Have an item; ABSENT at the end of all segments. */
static int read_item(struct wf_bins *bins, struct wf_err *err)
{
    while (!bins->has_item) {
        struct segment *segment = &bins->segments[bins->segment_at];
        int rc = 0;

        if (bins->segment_at == bins->segment_count)
            return WF_ERR_ABSENT;
        if (bins->cursor == NULL && bins->rollup == NULL)
            rc = open_segment(bins, segment, err);
        if (rc == 0)
            rc = segment->tier == WF_TIER_RAW ? read_sample(bins, segment, err)
                                              : read_bucket(bins, segment, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int add_item(struct wf_bins *bins, struct wf_err *err)
{
    const struct wf_history_row *row = &bins->row;
    struct wf_value value;

    bins->has_item = false;
    if (bins->is_bucket) {
        wfs_bin_maker_add_bucket(bins->maker, bins->bucket, bins->segments[bins->segment_at].tier,
                                 bins->schema, (size_t)bins->index);
        return 0;
    }
    if (row->schema != bins->row_schema) {
        bins->row_schema = row->schema;
        bins->row_index = wf_schema_find(row->schema, bins->parameter);
    }
    if (bins->row_index == WF_NO_INDEX)
        return 0;
    if (bins->query.is_raw_value)
        wf_value_get_raw(row->schema, row->payload, (size_t)bins->row_index, bins->query.element,
                         &value);
    else
        wf_value_get(row->schema, row->payload, (size_t)bins->row_index, bins->query.element,
                     &value);
    return wf_bin_maker_add(bins->maker, row->time_ns, &value, row->schema, (size_t)bins->row_index,
                            err);
}

int wf_bins_next(struct wf_bins *bins, struct wf_bin *out, struct wf_err *err)
{
    int64_t every_ns = bins->query.every_ns;

    for (;;) {
        bool is_begun = false;
        int rc;

        while ((rc = read_item(bins, err)) == 0) {
            int64_t time_ns = bins->is_bucket ? bins->bucket->start_ns : bins->row.time_ns;

            if (!is_begun)
                bins->bin_ns =
                    every_ns != 0 ? floor_to(time_ns, every_ns) : bins->query.range.from_ns;
            is_begun = true;
            /* Times ascend: what is not in this bin begins the next. */
            if (every_ns != 0 && (uint64_t)time_ns - (uint64_t)bins->bin_ns >= (uint64_t)every_ns)
                break;
            rc = add_item(bins, err);
            if (rc < 0)
                return rc;
        }
        if (rc < 0 && (rc != WF_ERR_ABSENT || !is_begun))
            return rc;
        if (wf_bin_maker_take(bins->maker, out)) {
            out->from_ns = bins->bin_ns;
            bins->figures.tiers |= out->tiers;
            return 0;
        }
    }
}

/* --- steps ---------------------------------------------------------------------------------------- */

int64_t wf_bins_step(const struct wf_range *range, uint64_t count)
{
    static const int64_t seconds[] = { 1, 2, 5, 10, 15, 30 };
    uint64_t length = (uint64_t)range->to_ns - (uint64_t)range->from_ns;
    uint64_t step = count > 0 ? (length + count - 1) / count : length;
    int64_t nice = 1;

    if (range->to_ns <= range->from_ns || step > INT64_MAX / 2)
        return INT64_MAX / 2;
    if (step > (uint64_t)(2 * 3600 * WF_NS_PER_S))
        return ceil_to((int64_t)step, 3600 * WF_NS_PER_S);
    if (step > (uint64_t)(30 * WF_NS_PER_S))
        return ceil_to((int64_t)step, 60 * WF_NS_PER_S);
    for (size_t i = 0; i < WF_COUNT_OF(seconds); i++) {
        if (step <= (uint64_t)(seconds[i] * WF_NS_PER_S) && step > (uint64_t)(WF_NS_PER_S / 2))
            return seconds[i] * WF_NS_PER_S;
    }
    while ((uint64_t)nice < step) {
        if ((uint64_t)(2 * nice) >= step)
            return 2 * nice;
        if ((uint64_t)(5 * nice) >= step)
            return 5 * nice;
        nice *= 10;
    }
    return nice;
}
