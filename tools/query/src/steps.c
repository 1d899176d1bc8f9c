/* SPDX-License-Identifier: MIT */
/*
 * Steps: see query.h. Without a filter each column's bins come from history by
 * themselves (rollups where they serve) and are put side by side; with one they are
 * made here from the moments that pass it.
 */

#include "query.h"

#include <math.h>
#include <stdlib.h>

#include <watchfloor/clock.h>

struct source {
    struct wf_bins *bins;
    struct wf_bin next;
    bool has_next;
};

struct query_steps {
    struct query *query;
    size_t first, count;
    struct wf_bin *bins; /* of the step */
    /* without a filter */
    struct source *sources;
    /* with one */
    struct wf_aligned *aligned;
    struct query_where *where;
    struct wf_bin_maker **makers;
    const struct wf_align_cell *cells; /* of a moment that is in no step yet */
    int64_t time_ns;
    bool has_moment;
    bool is_given; /* without a filter: `time_ns` is the step that was given last */
};

static bool is_filtered(const struct query *query)
{
    return query->options.where != NULL || query->options.worst_quality < WF_QUALITY_INVALID;
}

static bool is_wanted(const struct query *query, enum query_agg_kind kind)
{
    for (size_t i = 0; i < query->options.agg_count; i++) {
        if (query->options.aggs[i].kind == kind)
            return true;
    }
    return false;
}

void query_steps_close(struct query_steps **steps)
{
    struct query_steps *s = *steps;

    if (s == NULL)
        return;
    for (size_t i = 0; s->sources != NULL && i < s->count; i++)
        wf_bins_close(&s->sources[i].bins);
    for (size_t i = 0; s->makers != NULL && i < s->count; i++)
        wf_bin_maker_destroy(&s->makers[i]);
    wf_aligned_close(&s->aligned);
    query_where_close(&s->where);
    free(s->sources);
    free(s->makers);
    free(s->bins);
    free(s);
    *steps = NULL;
}

static int advance(struct query_steps *steps, struct source *source, struct wf_err *err)
{
    struct wf_bins_figures figures;
    int rc = wf_bins_next(source->bins, &source->next, err);

    source->has_next = rc == 0;
    wf_bins_figures(source->bins, &figures);
    steps->query->tiers |= figures.tiers;
    if (figures.trouble[0] != '\0')
        (void)wf_copy_text(steps->query->trouble, sizeof(steps->query->trouble), figures.trouble);
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

static int open_sources(struct query_steps *steps, struct wf_err *err)
{
    const struct query *query = steps->query;
    int rc = 0;

    steps->sources = calloc(steps->count + 1, sizeof(*steps->sources));
    if (steps->sources == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; rc == 0 && i < steps->count; i++) {
        const struct query_column *column = &query->columns[steps->first + i];
        struct wf_bins_query ask = { .range = query->options.range,
                                     .source = column->source,
                                     .subsystem = column->subsystem,
                                     .parameter = column->parameter,
                                     .element = column->element,
                                     .is_raw_value = query->options.is_raw,
                                     .every_ns = query->options.every_ns,
                                     .tier = query->options.tier,
                                     .is_deviation_wanted = is_wanted(query, QUERY_DEVIATION),
                                     .percentiles = query->options.percentiles,
                                     .percentile_count = query->options.percentile_count };

        rc = wf_bins_open(query->history, &ask, &steps->sources[i].bins, err);
        if (rc == 0)
            rc = advance(steps, &steps->sources[i], err);
    }
    return rc;
}

static int open_moments(struct query_steps *steps, struct wf_err *err)
{
    struct query *query = steps->query;
    int rc = 0;

    steps->makers = calloc(steps->count + 1, sizeof(struct wf_bin_maker *));
    if (steps->makers == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; rc == 0 && i < steps->count; i++)
        rc = wf_bin_maker_create(is_wanted(query, QUERY_DEVIATION), query->options.percentiles,
                                 query->options.percentile_count, &steps->makers[i], err);
    if (rc == 0 && query->options.where != NULL)
        rc = query_where_open(query, query->options.where, &steps->where, err);
    if (rc == 0)
        rc = query_align(query, steps->first, steps->count, &steps->aligned, err);
    query->tiers |= 1u << WF_TIER_RAW;
    return rc;
}

int query_steps_open(struct query *query, size_t first, size_t count,
                     struct query_steps **out_steps, struct wf_err *err)
{
    struct query_steps *steps = calloc(1, sizeof(*steps));
    int rc;

    if (steps == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    steps->query = query;
    steps->first = first;
    steps->count = count;
    steps->bins = calloc(count + 1, sizeof(*steps->bins));
    if (steps->bins == NULL)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    else
        rc = is_filtered(query) ? open_moments(steps, err) : open_sources(steps, err);
    if (rc < 0)
        query_steps_close(&steps);
    else
        *out_steps = steps;
    return rc;
}

static int next_of_sources(struct query_steps *steps, int64_t *out_time_ns)
{
    bool is_any = false;

    for (size_t i = 0; i < steps->count; i++) {
        const struct source *source = &steps->sources[i];

        if (source->has_next && (!is_any || source->next.from_ns < *out_time_ns))
            *out_time_ns = source->next.from_ns;
        is_any = is_any || source->has_next;
    }
    if (!is_any)
        return WF_ERR_ABSENT;
    for (size_t i = 0; i < steps->count; i++) {
        struct source *source = &steps->sources[i];

        steps->bins[i] = (struct wf_bin){ .mean = (double)NAN };
        if (source->has_next && source->next.from_ns == *out_time_ns)
            steps->bins[i] = source->next;
    }
    return 0;
}

static int step_sources(struct query_steps *steps, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < steps->count; i++) {
        struct source *source = &steps->sources[i];

        /* Given: the bin of this source is the one it stands on. */
        if (source->has_next && steps->is_given && source->next.from_ns == steps->time_ns)
            rc = advance(steps, source, err);
    }
    return rc;
}

/* --- with a filter -------------------------------------------------------------------------------- */

static int read_moment(struct query_steps *steps, struct wf_err *err)
{
    int rc = 0;

    while (!steps->has_moment) {
        rc = wf_aligned_next(steps->aligned, &steps->time_ns, &steps->cells, err);
        if (rc < 0)
            return rc;
        steps->has_moment =
            steps->where == NULL ||
            query_where_holds(steps->where, steps->time_ns, steps->cells + steps->count) == WF_TRUE;
    }
    return 0;
}

static int add_moment(struct query_steps *steps, struct wf_err *err)
{
    int rc = 0;

    steps->has_moment = false;
    for (size_t i = 0; rc == 0 && i < steps->count; i++) {
        const struct wf_align_cell *cell = &steps->cells[i];

        if (cell->is_new && query_is_shown(steps->query, &cell->value))
            rc = wf_bin_maker_add(steps->makers[i], steps->time_ns, &cell->value, cell->schema,
                                  cell->index, err);
    }
    return rc;
}

static int64_t step_start(int64_t time_ns, int64_t every_ns)
{
    int64_t rest = time_ns % every_ns;

    rest += rest < 0 ? every_ns : 0;
    return time_ns < INT64_MIN + rest ? INT64_MIN : time_ns - rest;
}

static int next_of_moments(struct query_steps *steps, int64_t *out_time_ns, struct wf_err *err)
{
    int64_t every_ns = steps->query->options.every_ns, start = 0;
    bool is_any = false;
    int rc;

    while (!is_any) {
        rc = read_moment(steps, err);
        if (rc < 0)
            return rc;
        start = step_start(steps->time_ns, every_ns);
        while ((rc = read_moment(steps, err)) == 0 &&
               (uint64_t)steps->time_ns - (uint64_t)start < (uint64_t)every_ns) {
            rc = add_moment(steps, err);
            if (rc < 0)
                return rc;
        }
        if (rc < 0 && rc != WF_ERR_ABSENT)
            return rc;
        for (size_t i = 0; i < steps->count; i++)
            is_any = wf_bin_maker_take(steps->makers[i], &steps->bins[i]) || is_any;
    }
    *out_time_ns = start;
    return 0;
}

int query_steps_next(struct query_steps *steps, int64_t *out_time_ns,
                     const struct wf_bin **out_bins, struct wf_err *err)
{
    int rc;

    if (steps->sources == NULL) {
        rc = next_of_moments(steps, out_time_ns, err);
    } else {
        rc = step_sources(steps, err);
        if (rc == 0)
            rc = next_of_sources(steps, out_time_ns);
        steps->is_given = rc == 0;
        steps->time_ns = rc == 0 ? *out_time_ns : 0;
    }
    *out_bins = steps->bins;
    return rc;
}
