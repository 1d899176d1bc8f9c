/* SPDX-License-Identifier: MIT */
/* Cursor: streams of files and schema versions, merged in order of time. */

#include <stdlib.h>
#include <string.h>

#include "history_stream.h"

struct wf_history_cursor {
    struct wfs_stream_query query;
    char **parameters; /* own copy of the names */
    struct wfs_stream *streams;
    size_t stream_count;
    struct wfs_stream *current; /* whose row was given last */
    int64_t others_ns;          /* no other stream has an earlier row */
    bool is_other_older;        /* at that time another comes first */
    bool is_fresh;              /* the current row was not given yet */
};

static int copy_parameters(struct wf_history_cursor *cursor, const struct wf_history_query *query,
                           struct wf_err *err)
{
    if (query->parameters == NULL)
        return 0;
    cursor->parameters = calloc(query->parameter_count + 1, sizeof(*cursor->parameters));
    if (cursor->parameters == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < query->parameter_count; i++) {
        cursor->parameters[i] = strdup(query->parameters[i]);
        if (cursor->parameters[i] == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        cursor->query.parameter_count++;
    }
    cursor->query.parameters = (const char *const *)cursor->parameters;
    return 0;
}

static int create(struct wf_history *history, const struct wf_history_query *query,
                  struct wf_history_cursor **out_cursor, struct wf_err *err)
{
    struct wf_history_cursor *cursor = calloc(1, sizeof(*cursor));
    int rc;

    if (cursor == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    cursor->query.history = history;
    cursor->query.range = query->range;
    cursor->query.is_stamp_wanted = query->is_stamp_wanted;
    cursor->query.is_bare = query->is_bare && !query->is_stamp_wanted;
    rc = copy_parameters(cursor, query, err);
    if (rc == 0)
        rc = wfs_history_refresh(history, err);
    wfs_history_close_files(history, false);
    if (rc < 0)
        wf_history_cursor_close(&cursor);
    else
        *out_cursor = cursor;
    return rc;
}

int wf_history_select(struct wf_history *history, const struct wf_history_query *query,
                      struct wf_history_cursor **out_cursor, struct wf_err *err)
{
    struct wf_history_cursor *cursor = NULL;
    int rc = create(history, query, &cursor, err);

    for (size_t i = 0; rc == 0 && i < history->file_count; i++) {
        if (wfs_history_is_near(history, i, &query->range))
            rc = wfs_stream_plan(&cursor->query, i, query->source, query->subsystem,
                                 &cursor->streams, &cursor->stream_count, err);
    }
    if (rc < 0)
        wf_history_cursor_close(&cursor);
    else
        *out_cursor = cursor;
    return rc;
}

void wf_history_cursor_close(struct wf_history_cursor **cursor)
{
    struct wf_history_cursor *c = *cursor;

    if (c == NULL)
        return;
    for (size_t i = 0; i < c->stream_count; i++)
        wfs_stream_close(&c->streams[i], c->query.history);
    for (size_t i = 0; i < c->query.parameter_count; i++)
        free(c->parameters[i]);
    free(c->parameters);
    free(c->streams);
    free(c);
    *cursor = NULL;
}

static void remove_stream(struct wf_history_cursor *cursor, struct wfs_stream *stream)
{
    wfs_stream_close(stream, cursor->query.history);
    /* Keep the order of files: among equal times the older file comes first. */
    memmove(stream, stream + 1,
            (size_t)(cursor->streams + cursor->stream_count - (stream + 1)) * sizeof(*stream));
    cursor->stream_count--;
}

/* A file turned out to be damaged while it was read: the others go on. */
static int leave_out(struct wf_history_cursor *cursor, struct wfs_stream *stream, int rc,
                     struct wf_err *err)
{
    if (rc != WF_ERR_ABSENT)
        rc = wfs_history_lost(cursor->query.history, stream->key, rc, err);
    if (rc != WF_ERR_ABSENT)
        return rc;
    remove_stream(cursor, stream);
    return 0;
}

/* The stream whose row is next, opened; NULL and ABSENT when there is none. */
static int choose(struct wf_history_cursor *cursor, struct wf_err *err)
{
    for (;;) {
        struct wfs_stream *best = NULL;
        int rc;

        cursor->others_ns = INT64_MAX;
        for (size_t i = 0; i < cursor->stream_count; i++) {
            struct wfs_stream *stream = &cursor->streams[i];

            if (best == NULL || stream->next_ns < best->next_ns) {
                if (best != NULL) {
                    cursor->others_ns = best->next_ns;
                    cursor->is_other_older = true;
                }
                best = stream;
            } else if (stream->next_ns < cursor->others_ns) {
                cursor->others_ns = stream->next_ns;
                cursor->is_other_older = false;
            }
        }
        cursor->current = best;
        if (best == NULL)
            return WF_ERR_ABSENT;
        if (best->is_open)
            return 0;
        /* What it promised was only a bound: look what its first row really is. */
        rc = wfs_stream_open(best, &cursor->query, err);
        if (rc < 0) {
            cursor->current = NULL;
            rc = leave_out(cursor, best, rc, err);
        }
        if (rc < 0)
            return rc;
    }
}

static void give(const struct wf_history_cursor *cursor, struct wf_history_row *out)
{
    const struct wfs_stream *stream = cursor->current;
    const struct wfs_batch_row *row = &stream->rows[stream->at];

    out->time_ns = row->time_ns;
    out->schema = stream->plan->schema;
    out->payload = stream->payloads + stream->at * (stream->plan->schema->payload_bytes + 8u);
    if (!cursor->query.is_bare)
        out->stamp = row->stamp;
}

int wf_history_next(struct wf_history_cursor *cursor, struct wf_history_row *out,
                    struct wf_err *err)
{
    struct wfs_stream *current = cursor->current;
    int rc = 0;

    if (current != NULL && !cursor->is_fresh) {
        rc = wfs_stream_next(current, &cursor->query, err);
        if (rc < 0) {
            cursor->current = NULL;
            rc = leave_out(cursor, current, rc, err);
        }
        if (rc < 0)
            return rc;
    }
    cursor->is_fresh = false;
    if (cursor->current == NULL || cursor->current->next_ns > cursor->others_ns ||
        (cursor->current->next_ns == cursor->others_ns && cursor->is_other_older)) {
        rc = choose(cursor, err);
        if (rc < 0)
            return rc;
    }
    give(cursor, out);
    return 0;
}

/* --- the last row ------------------------------------------------------------------------ */

/* Of the streams from `first` on, keep the one with the latest row, and that only if later. */
static int keep_latest(struct wf_history_cursor *cursor, size_t first, struct wf_err *err)
{
    int rc = 0;

    while (rc == 0 && cursor->stream_count > first) {
        struct wfs_stream *best = first > 0 ? &cursor->streams[0] : NULL;
        struct wfs_stream *stream = &cursor->streams[cursor->stream_count - 1];

        /* Later runs first; those that end before the best have nothing better. */
        if (best != NULL && stream->last_ns < best->next_ns) {
            remove_stream(cursor, stream);
            continue;
        }
        rc = wfs_stream_open_last(stream, &cursor->query, err);
        if (rc < 0) {
            rc = leave_out(cursor, stream, rc, err);
        } else if (best == NULL) {
            struct wfs_stream kept = *stream;

            memmove(&cursor->streams[1], &cursor->streams[0],
                    (cursor->stream_count - 1) * sizeof(*stream));
            cursor->streams[0] = kept;
            first = 1;
        } else if (stream->next_ns > best->next_ns) {
            struct wfs_stream worse = *best;

            *best = *stream;
            *stream = worse;
            remove_stream(cursor, stream);
        } else {
            remove_stream(cursor, stream);
        }
    }
    return rc;
}

int wf_history_last(struct wf_history *history, const struct wf_history_query *query,
                    struct wf_history_cursor **out_cursor, struct wf_err *err)
{
    struct wf_history_cursor *cursor = NULL;
    int rc = create(history, query, &cursor, err);

    for (size_t i = rc == 0 ? history->file_count : 0; rc == 0 && i-- > 0;) {
        size_t first = cursor->stream_count;

        /* Nothing before the best so far is of interest any more. */
        if (first > 0)
            cursor->query.range.from_ns = cursor->streams[0].next_ns;
        if (!wfs_history_is_near(history, i, &cursor->query.range))
            continue;
        rc = wfs_stream_plan(&cursor->query, i, query->source, query->subsystem, &cursor->streams,
                             &cursor->stream_count, err);
        if (rc == 0)
            rc = keep_latest(cursor, first, err);
    }
    if (rc < 0) {
        wf_history_cursor_close(&cursor);
        return rc;
    }
    cursor->current = cursor->stream_count > 0 ? &cursor->streams[0] : NULL;
    cursor->is_fresh = cursor->current != NULL;
    cursor->others_ns = INT64_MAX;
    *out_cursor = cursor;
    return 0;
}
