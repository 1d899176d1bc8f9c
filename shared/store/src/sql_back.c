/* SPDX-License-Identifier: MIT */
/*
 * Rows from the end, in descending order of time: see sql_private.h.
 *
 * Cursors only go forward. So a window at the end of the range is read, kept and given backwards,
 * then the window before it. The first one holds no more than the newest moment, because that is
 * what is asked for most; each may be longer than the one before as long as it held
 * few rows. A hole, however long, costs one look for the last row before it.
 */

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "sql_private.h"

/* Of a window: fewer rows, and the next is longer; more bytes, and it is cut. */
#define ROWS_WANTED 512
#define BYTES_MAX   (4u << 20)

struct kept {
    struct wf_history_row row; /* its payload is at `offset` */
    size_t offset, source;
};

struct wfs_sql_back {
    struct wf_history *history;
    struct wf_history_query query; /* its range is what was not read yet */
    char (*sources)[WF_NAME_SIZE];
    size_t source_count;
    int64_t width_ns; /* of the next window, beyond the newest moment */
    struct kept *rows;
    size_t count, room; /* rows to give, the last first */
    uint8_t *payloads;
    size_t bytes, bytes_room;
};

int wfs_sql_back_open(struct wf_history *history, const struct wf_history_query *query,
                      char (*sources)[WF_NAME_SIZE], size_t source_count,
                      struct wfs_sql_back **out_back, struct wf_err *err)
{
    struct wfs_sql_back *back = calloc(1, sizeof(*back));

    if (back == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    *back = (struct wfs_sql_back){
        .history = history, .query = *query, .sources = sources, .source_count = source_count
    };
    *out_back = back;
    return 0;
}

void wfs_sql_back_close(struct wfs_sql_back **back)
{
    if (*back == NULL)
        return;
    free((*back)->rows);
    free((*back)->payloads);
    free(*back);
    *back = NULL;
}

static int keep(struct wfs_sql_back *back, const struct wf_history_row *row, size_t source,
                struct wf_err *err)
{
    size_t size = row->schema->payload_bytes;

    if (back->count == back->room) {
        size_t room = back->room == 0 ? 64 : 2 * back->room;
        struct kept *more = realloc(back->rows, room * sizeof(*more));

        if (more == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        back->rows = more;
        back->room = room;
    }
    if (back->bytes + size > back->bytes_room) {
        size_t room = 2 * (back->bytes + size);
        uint8_t *more = realloc(back->payloads, room);

        if (more == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        back->payloads = more;
        back->bytes_room = room;
    }
    back->rows[back->count++] =
        (struct kept){ .row = *row, .offset = back->bytes, .source = source };
    memcpy(back->payloads + back->bytes, row->payload, size);
    back->bytes += (size + 7u) & ~(size_t)7u;
    return 0;
}

/* The newest time that any source has in the range; ABSENT: none has a row. */
static int find_newest(struct wfs_sql_back *back, int64_t *out_ns, struct wf_err *err)
{
    struct wf_history_query query = back->query;
    bool is_found = false;
    int rc = 0;

    query.parameters = (const char *const[]){ "" };
    query.parameter_count = 0;
    query.is_bare = true;
    for (size_t i = 0; i < back->source_count; i++) {
        struct wf_history_cursor *cursor = NULL;
        struct wf_history_row row = { 0 };

        query.source = back->sources[i];
        rc = wf_history_last(back->history, &query, &cursor, err);
        if (rc == 0)
            rc = wf_history_next(cursor, &row, err);
        wf_history_cursor_close(&cursor);
        if (rc == 0) {
            *out_ns = row.time_ns;
            is_found = true;
            query.range.from_ns = row.time_ns; /* the others only matter behind it */
        } else if (rc != WF_ERR_ABSENT) {
            return rc;
        }
    }
    return is_found ? 0 : WF_ERR_ABSENT;
}

/* LIMIT: it holds more than may be kept. */
static int read_source(struct wfs_sql_back *back, size_t source, const struct wf_range *window,
                       bool may_cut, struct wf_err *err)
{
    struct wf_history_query query = back->query;
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row = { 0 };
    int rc;

    query.range = *window;
    query.source = back->sources[source];
    rc = wf_history_select(back->history, &query, &cursor, err);
    while (rc == 0 && (rc = wf_history_next(cursor, &row, err)) == 0) {
        rc = keep(back, &row, source, err);
        if (rc == 0 && may_cut && back->bytes > BYTES_MAX)
            rc = WF_ERR_LIMIT;
    }
    wf_history_cursor_close(&cursor);
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

static int compare(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;

    if (x->row.time_ns != y->row.time_ns)
        return x->row.time_ns < y->row.time_ns ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static int read_window(struct wfs_sql_back *back, int64_t newest_ns, struct wf_err *err)
{
    struct wf_range window = back->query.range;
    int rc;

    for (;;) {
        if (newest_ns - back->width_ns > window.from_ns)
            window.from_ns = newest_ns - back->width_ns;
        back->count = back->bytes = 0;
        rc = 0;
        for (size_t i = 0; rc == 0 && i < back->source_count; i++)
            rc = read_source(back, i, &window, window.from_ns < newest_ns, err);
        if (rc != WF_ERR_LIMIT)
            break;
        back->width_ns /= 8; /* one moment is taken whole, whatever it holds */
    }
    if (rc < 0)
        return rc;
    if (back->source_count > 1 && back->count > 1)
        qsort(back->rows, back->count, sizeof(*back->rows), compare);
    back->query.range.to_ns = window.from_ns;
    if (back->count < ROWS_WANTED && back->width_ns < WF_NS_PER_DAY)
        back->width_ns = back->width_ns < WF_NS_PER_MS ? WF_NS_PER_MS : 8 * back->width_ns;
    return 0;
}

int wfs_sql_back_next(struct wfs_sql_back *back, struct wf_history_row *out, size_t *out_source,
                      struct wf_err *err)
{
    const struct kept *kept;

    while (back->count == 0) {
        int64_t newest_ns = 0;
        int rc = find_newest(back, &newest_ns, err);

        if (rc == 0)
            rc = read_window(back, newest_ns, err);
        if (rc < 0)
            return rc;
    }
    kept = &back->rows[--back->count];
    *out = kept->row;
    out->payload = back->payloads + kept->offset;
    *out_source = kept->source;
    return 0;
}
