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

int wf_history_select(struct wf_history *history, const struct wf_history_query *query,
                      struct wf_history_cursor **out_cursor, struct wf_err *err)
{
    struct wf_history_cursor *cursor = calloc(1, sizeof(*cursor));
    int rc;

    if (cursor == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    cursor->query.history = history;
    cursor->query.range = query->range;
    cursor->query.is_stamp_wanted = query->is_stamp_wanted;
    rc = copy_parameters(cursor, query, err);
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
        wfs_stream_close(&c->streams[i]);
    for (size_t i = 0; i < c->query.parameter_count; i++)
        free(c->parameters[i]);
    free(c->parameters);
    free(c->streams);
    free(c);
    *cursor = NULL;
}

static void remove_stream(struct wf_history_cursor *cursor, struct wfs_stream *stream)
{
    wfs_stream_close(stream);
    /* Keep the order of files: among equal times the older file comes first. */
    memmove(stream, stream + 1,
            (size_t)(cursor->streams + cursor->stream_count - (stream + 1)) * sizeof(*stream));
    cursor->stream_count--;
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
                if (best != NULL)
                    cursor->others_ns = best->next_ns;
                best = stream;
            } else if (stream->next_ns < cursor->others_ns) {
                cursor->others_ns = stream->next_ns;
            }
        }
        cursor->current = best;
        if (best == NULL)
            return WF_ERR_ABSENT;
        if (best->is_open)
            return 0;
        /* What it promised was only a bound: look what its first row really is. */
        rc = wfs_stream_open(best, &cursor->query, err);
        if (rc == WF_ERR_ABSENT)
            remove_stream(cursor, best);
        else if (rc < 0)
            return rc;
    }
}

int wf_history_next(struct wf_history_cursor *cursor, struct wf_history_row *out,
                    struct wf_err *err)
{
    int rc = 0;

    if (cursor->current != NULL) {
        rc = wfs_stream_next(cursor->current, &cursor->query, err);
        if (rc == WF_ERR_ABSENT) {
            remove_stream(cursor, cursor->current);
            cursor->current = NULL;
            rc = 0;
        }
        if (rc < 0)
            return rc;
    }
    if (cursor->current == NULL || cursor->current->next_ns > cursor->others_ns) {
        rc = choose(cursor, err);
        if (rc < 0)
            return rc;
    }
    wfs_stream_read(cursor->current, &cursor->query);
    *out = cursor->current->row;
    return 0;
}
