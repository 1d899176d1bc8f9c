/* SPDX-License-Identifier: MIT */
/* Questions to history: see history_ask.h. */

#include "history_ask.h"

#include <watchfloor/clock.h>
#include <watchfloor/store/bins.h>
#include <watchfloor/store/sql.h>
#include <watchfloor/value.h>

#include "figures.h"
#include "history_rig.h"

/* What is read goes somewhere. */
static volatile double sink;

double ask_bins(struct wf_history *history, int64_t from_ns, int64_t to_ns, const char *parameter,
                int64_t every_ns, uint64_t *out_bins)
{
    struct wf_bins_query query = { .range = { from_ns, to_ns, false },
                                   .source = "main",
                                   .subsystem = "wide",
                                   .parameter = parameter,
                                   .every_ns = every_ns };
    double begun = bench_now_s();
    struct wf_bins *bins = NULL;
    struct wf_bin bin;
    struct wf_err err = { 0 };
    int rc;

    *out_bins = 0;
    if (wf_bins_open(history, &query, &bins, &err) < 0)
        rig_die("bins", err.text);
    while ((rc = wf_bins_next(bins, &bin, &err)) == 0)
        ++*out_bins;
    if (rc != WF_ERR_ABSENT)
        rig_die("bins", err.text);
    wf_bins_close(&bins);
    return bench_now_s() - begun;
}

double ask_rows(struct wf_history *history, int64_t from_ns, int64_t to_ns, const char *parameter,
                uint64_t *out_rows)
{
    struct wf_history_query query = { .range = { from_ns, to_ns, false },
                                      .source = "main",
                                      .subsystem = "wide",
                                      .parameters = &parameter,
                                      .parameter_count = 1,
                                      .is_bare = true };
    double begun = bench_now_s();
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    struct wf_value value;
    struct wf_err err = { 0 };
    int rc, index = -1;

    *out_rows = 0;
    if (wf_history_select(history, &query, &cursor, &err) < 0)
        rig_die("select", err.text);
    while ((rc = wf_history_next(cursor, &row, &err)) == 0) {
        if (index < 0)
            index = wf_schema_find(row.schema, parameter);
        wf_value_get(row.schema, row.payload, (size_t)index, 0, &value);
        sink += (double)row.time_ns + value.as.f64 + value.quality;
        ++*out_rows;
    }
    if (rc != WF_ERR_ABSENT)
        rig_die("select", err.text);
    wf_history_cursor_close(&cursor);
    return bench_now_s() - begun;
}

double ask_moment(struct wf_history *history, int64_t at_ns)
{
    struct wf_history_query query = { .range = { at_ns - 600 * WF_NS_PER_S, at_ns, false },
                                      .source = "main",
                                      .subsystem = "wide" };
    double begun = bench_now_s();
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    struct wf_err err = { 0 };

    if (wf_history_last(history, &query, &cursor, &err) < 0 ||
        wf_history_next(cursor, &row, &err) < 0)
        rig_die("one moment", err.text[0] != '\0' ? err.text : "there is none");
    wf_history_cursor_close(&cursor);
    return bench_now_s() - begun;
}

static int take_head(void *context, const char *const *names, size_t count)
{
    (void)context;
    (void)names;
    (void)count;
    return 0;
}

static int take_row(void *context, const struct wf_value *values, size_t count)
{
    (void)context;
    for (size_t i = 0; i < count; i++)
        sink += values[i].kind == WF_VALUE_F64 ? values[i].as.f64 : 1;
    return 0;
}

double ask_sql(struct wf_history *history, const char *statement)
{
    const struct wf_sql_sink rows = { .head = take_head, .row = take_row };
    double begun = bench_now_s();
    struct wf_sql *sql = NULL;
    struct wf_err err = { 0 };

    if (wf_sql_open(history, &sql, &err) < 0 || wf_sql_run(sql, statement, &rows, 0, &err) < 0)
        rig_die(statement, err.text);
    wf_sql_close(&sql);
    return bench_now_s() - begun;
}
