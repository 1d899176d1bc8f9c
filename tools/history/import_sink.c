/* SPDX-License-Identifier: MIT */
/* Rows of an import into the store: see import_sink.h. */

#include "import_sink.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

/* Payloads of one batch. */
#define BATCH_BYTES (1u << 20)
/* Times further apart than this are looked for by questions of their own. */
#define APART_NS (UINT64_C(600) * WF_NS_PER_S)

void import_sink_init(struct import_sink *sink, struct history_writing *writing,
                      struct import_ranks *ranks, const char *source,
                      const struct wf_schema *schema, int64_t at_ns, bool is_dry)
{
    *sink = (struct import_sink){
        .writing = writing, .ranks = ranks, .schema = schema, .at_ns = at_ns, .is_dry = is_dry
    };
    (void)wf_copy_text(sink->source, sizeof(sink->source), source);
}

void import_sink_fini(struct import_sink *sink)
{
    free(sink->rows_held);
    free(sink->payloads);
    sink->rows_held = NULL;
    sink->payloads = NULL;
}

static int make_room(struct import_sink *sink, struct wf_err *err)
{
    size_t capacity = BATCH_BYTES / sink->schema->payload_bytes;

    if (sink->rows_held != NULL)
        return 0;
    sink->capacity = capacity < 10 ? 10 : capacity > IMPORT_BATCH ? IMPORT_BATCH : capacity;
    sink->rows_held = calloc(sink->capacity, sizeof(sink->rows_held[0]));
    sink->payloads = calloc(sink->capacity, sink->schema->payload_bytes);
    if (sink->rows_held != NULL && sink->payloads != NULL)
        return 0;
    import_sink_fini(sink);
    return wf_fail(err, WF_ERR_NOMEM, "out of memory");
}

/* --- what is there already ------------------------------------------------------------------ */

/* What history calls the time of a row. */
static int64_t time_of(const struct import_row *row)
{
    const struct wf_stamp *stamp = &row->sample.stamp;

    return stamp->device_ns != WF_TIME_NONE ? stamp->device_ns : stamp->received_ns;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = time_of(*(struct import_row *const *)a),
            y = time_of(*(struct import_row *const *)b);

    return (x > y) - (x < y);
}

/* Walk history beside rows that ascend in time, and count. */
static int count_run(struct import_sink *sink, struct wf_history *history,
                     struct import_row *const *sorted, size_t count, struct wf_err *err)
{
    const char *names[] = { sink->schema->parameters[0].name };
    int64_t last_ns = time_of(sorted[count - 1]);
    const struct wf_history_query query = {
        .range = { time_of(sorted[0]), last_ns < INT64_MAX ? last_ns + 1 : last_ns, false },
        .source = sink->source,
        .subsystem = sink->schema->name,
        .parameters = names,
        .parameter_count = 1
    };
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    size_t at = 0;
    int rc = wf_history_select(history, &query, &cursor, err);

    while (rc == 0 && (rc = wf_history_next(cursor, &row, err)) == 0) {
        while (at < count && time_of(sorted[at]) < row.time_ns)
            at++;
        for (size_t i = at; i < count && time_of(sorted[i]) == row.time_ns; i++)
            sorted[i]->there++;
    }
    wf_history_cursor_close(&cursor);
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

/* One wrong clock among a thousand must not make a question of all years there are. */
static int count_there(struct import_sink *sink, struct wf_history *history,
                       struct import_row **sorted, struct wf_err *err)
{
    int rc = 0;

    for (size_t from = 0, to; rc == 0 && from < sink->count; from = to) {
        for (to = from + 1; to < sink->count; to++) {
            if ((uint64_t)time_of(sorted[to]) - (uint64_t)time_of(sorted[to - 1]) > APART_NS)
                break;
        }
        rc = count_run(sink, history, sorted + from, to - from, err);
    }
    return rc;
}

static int look(struct import_sink *sink, struct wf_err *err)
{
    struct import_row *sorted[IMPORT_BATCH];
    struct wf_history *history = NULL;
    int rc = wf_history_open(sink->writing->folder, &history, err);

    if (rc == WF_ERR_ABSENT)
        return 0; /* no history yet */
    for (size_t i = 0; i < sink->count; i++)
        sorted[i] = &sink->rows_held[i];
    qsort(sorted, sink->count, sizeof(struct import_row *), by_time);
    if (rc == 0)
        rc = count_there(sink, history, sorted, err);
    wf_history_close(&history);
    return rc;
}

/* --- rows --------------------------------------------------------------------------------------- */

static int insert(struct import_sink *sink, const struct wf_store_sample **list, size_t count,
                  struct wf_err *err)
{
    struct wf_store_inserted counts = { 0 };
    int rc = 0;

    if (sink->series == NULL)
        rc = wf_store_series(sink->writing->store, sink->source, sink->schema, 0, false,
                             &sink->series, err);
    for (size_t i = 0; i < sink->count; i++)
        sink->rows_held[i].sample.series = sink->series;
    if (rc == 0)
        rc = wf_store_insert(sink->writing->store, sink->series, sink->at_ns, list, count, &counts,
                             err);
    sink->rows += counts.rows;
    sink->duplicates += counts.duplicates;
    return rc;
}

int import_sink_flush(struct import_sink *sink, struct wf_err *err)
{
    const struct wf_store_sample *list[IMPORT_BATCH];
    size_t wanted = 0;
    int rc = sink->count > 0 ? look(sink, err) : 0;

    for (size_t i = 0; rc == 0 && i < sink->count; i++) {
        if (sink->rows_held[i].rank < sink->rows_held[i].there)
            sink->duplicates++;
        else
            list[wanted++] = &sink->rows_held[i].sample;
    }
    if (rc == 0 && sink->is_dry)
        sink->rows += wanted;
    else if (rc == 0 && wanted > 0)
        rc = insert(sink, list, wanted, err);
    sink->count = 0;
    return rc;
}

int import_sink_add(struct import_sink *sink, const struct wf_store_sample *sample,
                    struct wf_err *err)
{
    struct import_row *row;
    int rc = make_room(sink, err);

    if (rc == 0 && sink->count == sink->capacity)
        rc = import_sink_flush(sink, err);
    if (rc < 0)
        return rc;
    row = &sink->rows_held[sink->count];
    *row = (struct import_row){ .sample = *sample };
    row->sample.payload = memcpy(sink->payloads + sink->count * sink->schema->payload_bytes,
                                 sample->payload, sink->schema->payload_bytes);
    row->sample.stamp.number = sink->next++;
    row->rank = import_ranks_next(sink->ranks, sink, time_of(row));
    sink->count++;
    return 0;
}
