/* SPDX-License-Identifier: MIT */
/*
 * Tape: see tape.h. Samples of one life of a writer are put in its own order (`order`), which is exact;
 * different lives and different writers in order of receipt.
 */

#include "tape.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/names.h>

/* A state older than this is not looked for: it would be stale by any measure. */
#define STATE_BACK_NS (INT64_C(86400) * 1000000000)

struct stream {
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    const struct wf_schema *schema;
    struct wf_history_cursor *cursor;
    struct wf_history_row row;
    bool has_row, is_over;
};

struct tape {
    struct wf_history *history;
    int64_t from_ns, to_ns;
    struct stream *streams;
    size_t count;
    struct tape_sample sample;
    bool has_sample;
};

static bool is_wanted(const struct wf_history_entry *entry, char *const *patterns, size_t count)
{
    if (count == 0)
        return !wf_name_is_equal(entry->source, WF_SOURCE_OWN);
    for (size_t i = 0; i < count; i++)
        if (wf_pattern_match(patterns[i], entry->source, entry->schema->name, NULL))
            return true;
    return false;
}

static int list_streams(struct tape *tape, char *const *patterns, size_t pattern_count,
                        struct wf_err *err)
{
    struct wf_range range = { tape->from_ns, tape->to_ns, true };
    const struct wf_history_entry *list;
    size_t count;
    int rc = wf_history_list(tape->history, &range, &list, &count, err);

    if (rc < 0)
        return rc;
    tape->streams = calloc(count + 1, sizeof(tape->streams[0]));
    if (tape->streams == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct stream *stream = &tape->streams[tape->count];

        if (!is_wanted(&list[i], patterns, pattern_count))
            continue;
        (void)wf_copy_text(stream->source, sizeof(stream->source), list[i].source);
        (void)wf_copy_text(stream->subsystem, sizeof(stream->subsystem), list[i].schema->name);
        stream->schema = list[i].schema;
        tape->count++;
    }
    if (tape->count == 0)
        return wf_fail(err, WF_ERR_ABSENT, "%s",
                       count == 0 ? "nothing was recorded in that time"
                                  : "nothing of that name was recorded in that time");
    return WF_OK;
}

int tape_open(const char *folder, int64_t from_ns, int64_t to_ns, char *const *patterns,
              size_t pattern_count, struct tape **out_tape, struct wf_err *err)
{
    struct tape *tape = calloc(1, sizeof(*tape));
    int rc;

    if (tape == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    tape->from_ns = from_ns;
    tape->to_ns = to_ns;
    rc = wf_history_open(folder, &tape->history, err);
    if (rc == 0)
        rc = list_streams(tape, patterns, pattern_count, err);
    if (rc == 0)
        rc = tape_seek(tape, from_ns, err);
    if (rc < 0) {
        tape_close(&tape);
        return rc;
    }
    *out_tape = tape;
    return WF_OK;
}

void tape_close(struct tape **tape)
{
    struct tape *old = *tape;

    *tape = NULL;
    if (old == NULL)
        return;
    for (size_t i = 0; i < old->count; i++)
        wf_history_cursor_close(&old->streams[i].cursor);
    free(old->streams);
    wf_history_close(&old->history);
    free(old);
}

size_t tape_streams(const struct tape *tape)
{
    return tape->count;
}

const char *tape_source(const struct tape *tape, size_t stream)
{
    return tape->streams[stream].source;
}

const struct wf_schema *tape_schema(const struct tape *tape, size_t stream)
{
    return tape->streams[stream].schema;
}

int tape_seek(struct tape *tape, int64_t time_ns, struct wf_err *err)
{
    tape->has_sample = false;
    for (size_t i = 0; i < tape->count; i++) {
        struct stream *stream = &tape->streams[i];
        struct wf_history_query query = {
            .range = { time_ns, tape->to_ns, true },
            .source = stream->source,
            .subsystem = stream->subsystem,
            .is_stamp_wanted = true,
        };
        int rc;

        wf_history_cursor_close(&stream->cursor);
        stream->has_row = false;
        stream->is_over = false;
        rc = wf_history_select(tape->history, &query, &stream->cursor, err);
        if (rc < 0)
            return rc;
    }
    return WF_OK;
}

/* --- the next one ------------------------------------------------------------------ */

static int fill(struct stream *stream, struct wf_err *err)
{
    int rc;

    if (stream->has_row || stream->is_over)
        return WF_OK;
    rc = wf_history_next(stream->cursor, &stream->row, err);
    stream->has_row = rc == 0;
    stream->is_over = rc < 0;
    return rc == WF_ERR_ABSENT ? WF_OK : rc;
}

/* Which of two heads comes first; those of one life of a writer by its own count. */
static bool is_before(const struct stream *a, const struct stream *b)
{
    if (a->row.stamp.epoch == b->row.stamp.epoch && a->row.stamp.order != b->row.stamp.order)
        return a->row.stamp.order < b->row.stamp.order;
    return a->row.time_ns < b->row.time_ns;
}

const struct tape_sample *tape_look(struct tape *tape, int *out_rc, struct wf_err *err)
{
    size_t first = tape->count;

    *out_rc = WF_OK;
    if (tape->has_sample)
        return &tape->sample;
    for (size_t i = 0; i < tape->count; i++) {
        int rc = fill(&tape->streams[i], err);

        if (rc < 0) {
            *out_rc = rc;
            return NULL;
        }
        if (tape->streams[i].has_row &&
            (first == tape->count || is_before(&tape->streams[i], &tape->streams[first])))
            first = i;
    }
    if (first == tape->count)
        return NULL;
    tape->sample = (struct tape_sample){
        .source = tape->streams[first].source,
        .stream = first,
        .row = &tape->streams[first].row,
    };
    tape->has_sample = true;
    return &tape->sample;
}

void tape_take(struct tape *tape)
{
    if (tape->has_sample)
        tape->streams[tape->sample.stream].has_row = false;
    tape->has_sample = false;
}

/* The newest sample of one stream, while its cursor is open. */
struct newest {
    struct wf_history_cursor *cursor;
    struct wf_history_row row;
    size_t stream;
};

static int compare_newest(const void *left, const void *right)
{
    const struct newest *a = left;
    const struct newest *b = right;

    return a->row.time_ns < b->row.time_ns ? -1 : a->row.time_ns > b->row.time_ns;
}

static int read_newest(struct tape *tape, size_t stream, int64_t time_ns, struct newest *out,
                       struct wf_err *err)
{
    struct wf_history_query query = {
        .range = { time_ns - STATE_BACK_NS, time_ns, true },
        .source = tape->streams[stream].source,
        .subsystem = tape->streams[stream].subsystem,
        .is_stamp_wanted = true,
    };
    int rc = wf_history_last(tape->history, &query, &out->cursor, err);

    out->stream = stream;
    if (rc == 0)
        rc = wf_history_next(out->cursor, &out->row, err);
    if (rc < 0)
        wf_history_cursor_close(&out->cursor);
    return rc;
}

int tape_state_at(struct tape *tape, int64_t time_ns,
                  void (*each)(void *context, const struct tape_sample *sample), void *context,
                  struct wf_err *err)
{
    struct newest *list = calloc(tape->count + 1, sizeof(*list));
    size_t count = 0;
    int rc = list != NULL ? 0 : wf_fail(err, WF_ERR_NOMEM, "out of memory");

    for (size_t i = 0; rc == 0 && i < tape->count; i++) {
        rc = read_newest(tape, i, time_ns, &list[count], err);
        count += rc == 0;
        rc = rc == WF_ERR_ABSENT ? 0 : rc;
    }
    if (rc == 0 && count > 0)
        qsort(list, count, sizeof(*list), compare_newest);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct tape_sample sample = { .source = tape->streams[list[i].stream].source,
                                      .stream = list[i].stream,
                                      .row = &list[i].row };

        each(context, &sample);
    }
    for (size_t i = 0; i < count; i++)
        wf_history_cursor_close(&list[i].cursor);
    free(list);
    return rc;
}

const char *tape_trouble(const struct tape *tape, size_t index, int64_t *out_day_ns)
{
    return wf_history_trouble(tape->history, index, out_day_ns);
}
