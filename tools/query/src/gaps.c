/* SPDX-License-Identifier: MIT */
/* The gaps of the subsystems that were asked for: see query.h. */

#include "query.h"

#include <stdlib.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>

struct reading {
    struct query *query;
    struct query_gaps *gaps;
    size_t capacity;
};

bool query_has_subsystem(const struct query *query, const struct wf_gap *gap)
{
    for (size_t i = 0; i < query->group_count; i++) {
        if (wf_name_is_equal(query->groups[i].source, gap->source) &&
            wf_name_is_equal(query->groups[i].subsystem, gap->subsystem))
            return true;
    }
    return false;
}

/* By the time that the query goes by; unknown ends are those of the range. */
int64_t query_gap_from(const struct query *query, const struct wf_gap *gap)
{
    int64_t time_ns = query->options.range.is_by_received || gap->from_device_ns == WF_TIME_NONE
                          ? gap->from_received_ns
                          : gap->from_device_ns;

    return time_ns != WF_TIME_NONE ? time_ns : query->options.range.from_ns;
}

int64_t query_gap_to(const struct query *query, const struct wf_gap *gap)
{
    int64_t time_ns = query->options.range.is_by_received || gap->to_device_ns == WF_TIME_NONE
                          ? gap->to_received_ns
                          : gap->to_device_ns;

    return time_ns != WF_TIME_NONE ? time_ns : query->options.range.to_ns;
}

static int keep_gap(void *context, const struct wf_gap *gap)
{
    struct reading *reading = context;
    struct query_gaps *gaps = reading->gaps;

    if (!query_has_subsystem(reading->query, gap))
        return 0;
    gaps->total++;
    gaps->lost += gap->is_lost_known ? gap->lost : 0;
    if (gaps->count == QUERY_GAPS_MAX)
        return 0;
    if (gaps->count == reading->capacity) {
        size_t capacity = reading->capacity == 0 ? 64 : 2 * reading->capacity;
        struct wf_gap *more = realloc(gaps->list, capacity * sizeof(*more));

        if (more == NULL)
            return WF_ERR_NOMEM;
        gaps->list = more;
        reading->capacity = capacity;
    }
    gaps->list[gaps->count++] = *gap;
    return 0;
}

static int64_t sort_time(const struct wf_gap *gap)
{
    return gap->from_device_ns != WF_TIME_NONE ? gap->from_device_ns : gap->from_received_ns;
}

static int compare_gaps(const void *a, const void *b)
{
    int64_t x = sort_time(a), y = sort_time(b);

    return (x > y) - (x < y);
}

/* A day file that cannot be read is a gap of everything that was asked for. */
static int each_unread_day(struct query *query,
                           int (*each)(void *context, const struct wf_gap *gap), void *context)
{
    const struct wf_range *range = &query->options.range;
    int64_t day_ns;
    int rc = 0;

    for (size_t i = 0; wf_history_trouble(query->history, i, &day_ns) != NULL; i++) {
        if (day_ns >= range->to_ns || day_ns + WF_NS_PER_DAY <= range->from_ns)
            continue;
        for (size_t k = 0; rc == 0 && k < query->group_count; k++) {
            struct wf_gap gap = { .cause = WF_GAP_FILE_CORRUPT,
                                  .from_device_ns = day_ns,
                                  .from_received_ns = day_ns,
                                  .to_device_ns = day_ns + WF_NS_PER_DAY,
                                  .to_received_ns = day_ns + WF_NS_PER_DAY };

            (void)wf_copy_text(gap.source, sizeof(gap.source), query->groups[k].source);
            (void)wf_copy_text(gap.subsystem, sizeof(gap.subsystem), query->groups[k].subsystem);
            rc = each(context, &gap);
        }
    }
    return rc;
}

int query_each_gap(struct query *query, int (*each)(void *context, const struct wf_gap *gap),
                   void *context, struct wf_err *err)
{
    int rc = wf_history_gaps(query->history, &query->options.range, each, context, err);

    return rc == 0 ? each_unread_day(query, each, context) : rc;
}

void query_tell_troubles(const struct query *query)
{
    const char *text;
    int64_t day_ns;

    for (size_t i = 0; (text = wf_history_trouble(query->history, i, &day_ns)) != NULL; i++)
        wf_log_warning("%s; that day is left out", text);
}

int query_gaps_read(struct query *query, struct query_gaps *out, struct wf_err *err)
{
    struct reading reading = { .query = query, .gaps = out };
    int rc;

    *out = (struct query_gaps){ 0 };
    rc = query_each_gap(query, keep_gap, &reading, err);
    if (rc == WF_ERR_NOMEM)
        (void)wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (rc == 0 && out->count > 1)
        qsort(out->list, out->count, sizeof(*out->list), compare_gaps);
    return rc;
}

void query_gaps_free(struct query_gaps *gaps)
{
    free(gaps->list);
    *gaps = (struct query_gaps){ 0 };
}
