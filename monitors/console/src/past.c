/* SPDX-License-Identifier: MIT */
/* Past: see past.h. */

#include "past.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/store/bins.h>

static double seconds_in(const struct con_past_request *request, int64_t time_ns)
{
    return (double)(time_ns - request->from_ns) / (double)WF_NS_PER_S;
}

static void add_point(struct con_past_answer *out, double time, double min, double max, double mean)
{
    if (out->count == CON_PAST_BINS)
        return;
    out->times[out->count] = time;
    out->min[out->count] = min;
    out->max[out->count] = max;
    out->mean[out->count] = mean;
    out->count++;
}

/* A bin without values breaks the line. */
static void add_bin(struct con_past_answer *out, const struct wf_bin *bin, int64_t *previous_ns)
{
    double middle = seconds_in(&out->request, bin->from_ns + out->step_ns / 2);

    if (*previous_ns != WF_TIME_NONE && bin->from_ns > *previous_ns + out->step_ns)
        add_point(out, seconds_in(&out->request, *previous_ns + out->step_ns * 3 / 2), NAN, NAN,
                  NAN);
    *previous_ns = bin->from_ns;
    if (bin->count == 0)
        add_point(out, middle, NAN, NAN, NAN);
    else
        add_point(out, middle, wf_value_as_double(&bin->min), wf_value_as_double(&bin->max),
                  bin->mean);
    out->samples += bin->count;
}

static int read_bins(struct wf_history *history, struct con_past_answer *out, struct wf_err *err)
{
    struct wf_bins_query query = {
        .range = { out->request.from_ns, out->request.to_ns, false },
        .source = out->request.source,
        .subsystem = out->request.subsystem,
        .parameter = out->request.parameter,
        .tier = WF_TIER_AUTO,
    };
    struct wf_strbuf tiers = WF_STRBUF_FIXED(out->tiers);
    int64_t previous_ns = WF_TIME_NONE;
    struct wf_bins_figures figures;
    struct wf_bins *bins = NULL;
    struct wf_bin bin;
    int rc;

    out->step_ns = wf_bins_step(&query.range, out->request.bins);
    query.every_ns = out->step_ns;
    rc = wf_bins_open(history, &query, &bins, err);
    if (rc < 0)
        return rc;
    while ((rc = wf_bins_next(bins, &bin, err)) == 0)
        add_bin(out, &bin, &previous_ns);
    wf_bins_figures(bins, &figures);
    wf_tiers_add(figures.tiers, &tiers);
    (void)wf_copy_text(out->trouble, sizeof(out->trouble), figures.trouble);
    wf_bins_close(&bins);
    return rc == WF_ERR_ABSENT ? WF_OK : rc;
}

static int add_gap(void *context, const struct wf_gap *gap)
{
    struct con_past_answer *out = context;
    const struct con_past_request *request = &out->request;
    int64_t from_ns =
        gap->from_device_ns != WF_TIME_NONE ? gap->from_device_ns : gap->from_received_ns;
    int64_t to_ns = gap->to_device_ns != WF_TIME_NONE ? gap->to_device_ns : gap->to_received_ns;
    struct con_past_gap *added;

    if (!wf_name_is_equal(gap->source, request->source) ||
        !wf_name_is_equal(gap->subsystem, request->subsystem))
        return 0;
    out->gap_total++;
    if (out->gap_count == CON_PAST_GAPS)
        return 0;
    added = &out->gaps[out->gap_count++];
    added->from_s = seconds_in(request, from_ns != WF_TIME_NONE ? from_ns : request->from_ns);
    added->to_s = seconds_in(request, to_ns != WF_TIME_NONE ? to_ns : request->to_ns);
    (void)wf_copy_text(added->cause, sizeof(added->cause), wf_gap_cause_name(gap->cause));
    added->letter = (char)toupper((unsigned char)added->cause[0]);
    return 0;
}

void con_past_read(const char *folder, const struct con_past_request *request,
                   struct con_past_answer *out)
{
    struct wf_range range = { request->from_ns, request->to_ns, false };
    struct wf_history *history = NULL;
    struct wf_err err = { 0 };
    int rc = wf_history_open(folder, &history, &err);

    *out = (struct con_past_answer){ .request = *request };
    if (rc == 0)
        rc = read_bins(history, out, &err);
    if (rc == 0)
        rc = wf_history_gaps(history, &range, add_gap, out, &err);
    out->is_there = rc == 0;
    if (rc == WF_ERR_ABSENT)
        (void)wf_copy_text(out->trouble, sizeof(out->trouble), "nothing was recorded of it then");
    else if (rc < 0)
        (void)wf_copy_text(out->trouble, sizeof(out->trouble), err.text);
    wf_history_close(&history);
}
