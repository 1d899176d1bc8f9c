/* SPDX-License-Identifier: MIT */
/* Rows of an import into the store: see import_sink.h. */

#include "import_sink.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

int import_sink_open(struct import_sink *sink, struct history_writing *writing, const char *source,
                     const struct wf_schema *schema, struct wf_err *err)
{
    sink->writing = writing;
    sink->source = source;
    sink->schema = schema;
    sink->epoch = (uint64_t)wf_utc_now_ns();
    sink->payloads = calloc(IMPORT_BATCH, schema->payload_bytes);
    return sink->payloads != NULL ? 0 : wf_fail(err, WF_ERR_NOMEM, "out of memory");
}

void import_sink_close(struct import_sink *sink)
{
    free(sink->times);
    free(sink->payloads);
    sink->times = NULL;
    sink->payloads = NULL;
}

int import_sink_note(struct import_sink *sink, int64_t time_ns, struct wf_err *err)
{
    if (sink->time_count == UINT32_MAX)
        return wf_fail(err, WF_ERR_LIMIT, "more than %u rows: split the file", UINT32_MAX);
    if (sink->time_count == sink->time_capacity) {
        size_t capacity = sink->time_capacity == 0 ? 4096 : 2 * sink->time_capacity;
        struct import_time *times = realloc(sink->times, capacity * sizeof(*times));

        if (times == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        sink->times = times;
        sink->time_capacity = capacity;
    }
    sink->times[sink->time_count] = (struct import_time){ time_ns, (uint32_t)sink->time_count, 0 };
    sink->time_count++;
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const struct import_time *x = a, *y = b;

    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static int by_place(const void *a, const void *b)
{
    const struct import_time *x = a, *y = b;

    return (x->place > y->place) - (x->place < y->place);
}

void import_sink_rank(struct import_sink *sink)
{
    if (sink->time_count == 0)
        return;
    qsort(sink->times, sink->time_count, sizeof(sink->times[0]), by_time);
    for (size_t i = 1; i < sink->time_count; i++) {
        if (sink->times[i].time_ns == sink->times[i - 1].time_ns)
            sink->times[i].rank = sink->times[i - 1].rank + 1;
    }
    qsort(sink->times, sink->time_count, sizeof(sink->times[0]), by_place);
}

/* --- what is there already ------------------------------------------------------------------ */

/* Walk history beside the times of the batch, which `sorted` has in order, and count. */
static int count_there(struct import_sink *sink, struct wf_history *history,
                       struct import_time *sorted, struct wf_err *err)
{
    const char *names[] = { sink->schema->parameters[0].name };
    const struct wf_history_query query = { .range = { sorted[0].time_ns,
                                                       sorted[sink->count - 1].time_ns + 1, false },
                                            .source = sink->source,
                                            .subsystem = sink->schema->name,
                                            .parameters = names,
                                            .parameter_count = 1 };
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    size_t at = 0;
    int rc = wf_history_select(history, &query, &cursor, err);

    while (rc == 0 && (rc = wf_history_next(cursor, &row, err)) == 0) {
        while (at < sink->count && sorted[at].time_ns < row.time_ns)
            at++;
        for (size_t i = at; i < sink->count && sorted[i].time_ns == row.time_ns; i++)
            sink->there[sorted[i].place]++;
    }
    wf_history_cursor_close(&cursor);
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

static int look(struct import_sink *sink, struct wf_err *err)
{
    struct import_time sorted[IMPORT_BATCH];
    struct wf_history *history = NULL;
    int rc;

    for (size_t i = 0; i < sink->count; i++) {
        sink->there[i] = 0;
        sorted[i] = (struct import_time){ sink->samples[i].stamp.device_ns, (uint32_t)i, 0 };
    }
    qsort(sorted, sink->count, sizeof(sorted[0]), by_time);
    rc = wf_history_open(sink->writing->folder, &history, err);
    if (rc == WF_ERR_ABSENT)
        return 0; /* no history yet */
    if (rc == 0)
        rc = count_there(sink, history, sorted, err);
    wf_history_close(&history);
    return rc;
}

/* --- rows --------------------------------------------------------------------------------------- */

int import_sink_flush(struct import_sink *sink, struct wf_err *err)
{
    const struct wf_store_sample *list[IMPORT_BATCH];
    struct wf_store_inserted counts = { 0 };
    size_t wanted = 0;
    int rc = 0;

    if (sink->count == 0)
        return 0;
    if (sink->series == NULL)
        rc = wf_store_series(sink->writing->store, sink->source, sink->schema, 0, false,
                             &sink->series, err);
    if (rc == 0)
        rc = look(sink, err);
    for (size_t i = 0; rc == 0 && i < sink->count; i++) {
        if (sink->ranks[i] < sink->there[i]) {
            sink->duplicates++;
            continue;
        }
        sink->samples[i].series = sink->series;
        list[wanted++] = &sink->samples[i];
    }
    if (rc == 0 && wanted > 0)
        rc = wf_store_insert(sink->writing->store, sink->series, (int64_t)sink->epoch, list, wanted,
                             &counts, err);
    sink->rows += counts.rows;
    sink->duplicates += counts.duplicates;
    sink->count = 0;
    return rc;
}

int import_sink_add(struct import_sink *sink, int64_t time_ns, uint64_t sequence,
                    const void *payload, struct wf_err *err)
{
    uint8_t *copy;
    size_t at;
    int rc = sink->count == IMPORT_BATCH ? import_sink_flush(sink, err) : 0;

    if (rc < 0)
        return rc;
    if (sink->next >= sink->time_count || sink->times[sink->next].time_ns != time_ns)
        return wf_fail(err, WF_ERR_INVALID, "the file changed while it was read: import it again");
    at = sink->count++;
    copy = sink->payloads + at * sink->schema->payload_bytes;
    memcpy(copy, payload, sink->schema->payload_bytes);
    sink->ranks[at] = sink->times[sink->next].rank;
    sink->samples[at] = (struct wf_store_sample){
        .payload = copy,
        .stamp = { .epoch = sink->epoch,
                   .number = sink->next,
                   .order = sink->next,
                   .packet = sink->next,
                   .sequence = sequence,
                   .device_ns = time_ns,
                   .received_ns = time_ns,
                   .flags = WF_SAMPLE_LATE | WF_SAMPLE_IMPORTED },
    };
    sink->next++;
    return 0;
}
