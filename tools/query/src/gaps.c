/* SPDX-License-Identifier: MIT */
/* The gaps of the subsystems that were asked for: see query.h. */

#include "query.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>

struct reading {
    struct query *query;
    struct query_gaps *gaps;
    size_t capacity;
};

bool query_has_subsystem(const struct query *query, const struct wf_gap *gap)
{
    for (size_t i = 0; i < query->column_count; i++) {
        if (wf_name_is_equal(query->columns[i].source, gap->source) &&
            wf_name_is_equal(query->columns[i].subsystem, gap->subsystem))
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
    gaps->causes[gap->cause <= WF_GAP_CAUSE_COUNT ? gap->cause : WF_GAP_CAUSE_COUNT]++;
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

/* Does an earlier column have the same subsystem? */
static bool is_told_already(const struct query *query, size_t column)
{
    for (size_t i = 0; i < column; i++) {
        if (wf_name_is_equal(query->columns[i].source, query->columns[column].source) &&
            wf_name_is_equal(query->columns[i].subsystem, query->columns[column].subsystem))
            return true;
    }
    return false;
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
        for (size_t k = 0; rc == 0 && k < query->column_count; k++) {
            struct wf_gap gap = { .cause = WF_GAP_FILE_CORRUPT,
                                  .from_device_ns = day_ns,
                                  .from_received_ns = day_ns,
                                  .to_device_ns = day_ns + WF_NS_PER_DAY,
                                  .to_received_ns = day_ns + WF_NS_PER_DAY };

            if (is_told_already(query, k))
                continue;
            (void)wf_copy_text(gap.source, sizeof(gap.source), query->columns[k].source);
            (void)wf_copy_text(gap.subsystem, sizeof(gap.subsystem), query->columns[k].subsystem);
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

struct deletions {
    uint64_t files, rows;
    int64_t from_ns, to_ns;
    char reason[64];
};

static int count_deleted(void *context, const struct wf_deleted *deleted)
{
    struct deletions *all = context;

    if (strcmp(deleted->tier, "raw") != 0)
        return 0;
    if (all->files == 0 || deleted->from_ns < all->from_ns)
        all->from_ns = deleted->from_ns;
    if (all->files == 0 || deleted->to_ns > all->to_ns)
        all->to_ns = deleted->to_ns;
    all->files++;
    all->rows += deleted->rows;
    (void)wf_copy_text(all->reason, sizeof(all->reason), deleted->reason);
    return 0;
}

void query_tell_troubles(struct query *query)
{
    struct deletions all = { 0 };
    struct wf_err err = { 0 };
    const char *text;
    int64_t day_ns;

    for (size_t i = 0; (text = wf_history_trouble(query->history, i, &day_ns)) != NULL; i++)
        wf_log_warning("%s; that day is left out", text);
    if (query->trouble[0] != '\0')
        wf_log_warning("%s; computed from samples instead", query->trouble);
    if (wf_history_deleted(query->history, &query->options.range, count_deleted, &all, &err) < 0)
        wf_log_warning("%s", err.text);
    if (all.files > 0) {
        char from[48], to[48];
        struct wf_strbuf from_text = WF_STRBUF_FIXED(from), to_text = WF_STRBUF_FIXED(to);

        wf_strbuf_add_time(&from_text, all.from_ns, 0);
        wf_strbuf_add_time(&to_text, all.to_ns, 0);
        wf_log_info("samples of %llu day%s between %s and %s were deleted (%s); rollups may go"
                    " further back: --every 1h",
                    (unsigned long long)all.files, all.files == 1 ? "" : "s", from, to, all.reason);
    }
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
