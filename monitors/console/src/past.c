/* SPDX-License-Identifier: MIT */
/* Past: see past.h. */

#include "past.h"

#include <math.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/store/bins.h>

void con_past_add_gap(struct con_past_gaps *gaps, const struct wf_past_gap *gap, int64_t near_ns)
{
    for (size_t i = gaps->count; i > 0; i--) {
        struct wf_past_gap *old = &gaps->list[i - 1];

        if (old->letter != gap->letter)
            continue;
        if (gap->from_ns > old->to_ns + near_ns || gap->to_ns < old->from_ns - near_ns)
            break;
        old->from_ns = gap->from_ns < old->from_ns ? gap->from_ns : old->from_ns;
        old->to_ns = gap->to_ns > old->to_ns ? gap->to_ns : old->to_ns;
        return;
    }
    if (gaps->count < CON_PAST_GAPS)
        gaps->list[gaps->count++] = *gap;
}

static void add_bin(struct con_past_answer *out, const struct wf_bin *bin)
{
    struct wf_past_step *step;

    if (bin->last_ns != WF_TIME_NONE && bin->count + bin->bad > 0)
        out->newest_ns = bin->last_ns;
    if (out->count == CON_PAST_STEPS)
        return;
    step = &out->steps[out->count++];
    *step = (struct wf_past_step){ .from_ns = bin->from_ns,
                                   .count = bin->count,
                                   .min = NAN,
                                   .max = NAN,
                                   .mean = NAN,
                                   .last = NAN };
    if (bin->count == 0)
        return;
    step->min = wf_value_as_double(&bin->min);
    step->max = wf_value_as_double(&bin->max);
    step->mean = bin->mean;
    step->last = bin->last.quality >= WF_QUALITY_INVALID ? NAN : wf_value_as_double(&bin->last);
}

static int read_bins(struct con_past_reader *reader, struct con_past_answer *out,
                     struct wf_err *err)
{
    const struct con_past_request *request = &out->request;
    struct wf_bins_query query = {
        .range = { request->from_ns, request->to_ns, false },
        .source = request->source,
        .subsystem = request->subsystem,
        .parameter = request->parameter,
        .every_ns = request->step_ns,
        .tier = WF_TIER_AUTO,
    };
    struct wf_strbuf tiers = WF_STRBUF_FIXED(out->tiers);
    struct wf_bins_figures figures;
    struct wf_bins *bins = NULL;
    struct wf_bin bin;
    int rc = wf_bins_open(reader->history, &query, &bins, err);

    if (rc < 0)
        return rc;
    while ((rc = wf_bins_next(bins, &bin, err)) == 0) {
        add_bin(out, &bin);
        if (atomic_load_explicit(&reader->is_cancelled, memory_order_relaxed)) {
            rc = wf_fail(err, WF_ERR_BUSY, "cancelled");
            break;
        }
    }
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
    struct wf_past_gap seen = {
        .from_ns =
            gap->from_device_ns != WF_TIME_NONE ? gap->from_device_ns : gap->from_received_ns,
        .to_ns = gap->to_device_ns != WF_TIME_NONE ? gap->to_device_ns : gap->to_received_ns,
        .letter = wf_gap_cause_letter(gap->cause),
        .cause = wf_gap_cause_name(gap->cause),
    };

    if (!wf_name_is_equal(gap->source, request->source) ||
        !wf_name_is_equal(gap->subsystem, request->subsystem))
        return 0;
    if (seen.from_ns == WF_TIME_NONE || seen.from_ns < request->from_ns)
        seen.from_ns = request->from_ns;
    if (seen.to_ns == WF_TIME_NONE || seen.to_ns > request->to_ns)
        seen.to_ns = request->to_ns;
    if (seen.to_ns >= seen.from_ns) /* a clock that jumped back leaves others */
        con_past_add_gap(&out->gaps, &seen, request->step_ns);
    return 0;
}

/* A day that cannot be read is missing in the answer: say which. */
static void tell_trouble(const struct wf_history *history, struct con_past_answer *out)
{
    struct wf_strbuf trouble = WF_STRBUF_FIXED(out->trouble);
    int64_t day_ns;
    const char *text;

    for (size_t i = 0; (text = wf_history_trouble(history, i, &day_ns)) != NULL; i++) {
        if (day_ns + WF_NS_PER_DAY < out->request.from_ns)
            continue;
        wf_strbuf_add(&trouble, "without ");
        wf_strbuf_add(&trouble, text);
        return;
    }
}

static int open_history(struct con_past_reader *reader, const char *folder, struct wf_err *err)
{
    int rc;

    if (reader->history != NULL && strcmp(reader->folder, folder) == 0)
        return WF_OK;
    con_past_close(reader);
    (void)wf_copy_text(reader->folder, sizeof(reader->folder), folder);
    rc = wf_history_open(folder, &reader->history, err);
    if (rc == WF_ERR_ABSENT)
        return wf_fail(err, rc, "there is none; wf-logger records it");
    return rc;
}

void con_past_read(struct con_past_reader *reader, const struct con_past_request *request,
                   struct con_past_answer *out)
{
    struct wf_range range = { request->from_ns, request->to_ns, false };
    int64_t begun_ns = wf_mono_now_ns();
    struct wf_err err = { 0 };
    int rc;

    *out = (struct con_past_answer){ .request = *request, .newest_ns = WF_TIME_NONE };
    rc = open_history(reader, request->folder, &err);
    if (rc == 0)
        rc = read_bins(reader, out, &err);
    if (rc == WF_ERR_ABSENT && reader->history != NULL)
        rc = WF_OK; /* nothing of it was ever recorded: an answer, too */
    if (rc == 0)
        rc = wf_history_gaps(reader->history, &range, add_gap, out, &err);
    out->is_there = rc == 0;
    if (rc < 0)
        (void)wf_copy_text(out->trouble, sizeof(out->trouble), err.text);
    else if (out->trouble[0] == '\0')
        tell_trouble(reader->history, out);
    if (rc < 0) /* next time from the beginning */
        con_past_close(reader);
    out->took_ns = wf_mono_now_ns() - begun_ns;
}

void con_past_rest(struct con_past_reader *reader)
{
    if (reader->history != NULL)
        wf_history_rest(reader->history);
}

void con_past_close(struct con_past_reader *reader)
{
    wf_history_close(&reader->history);
}
