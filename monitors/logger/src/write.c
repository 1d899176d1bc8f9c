/* SPDX-License-Identifier: MIT */
/*
 * The write thread: from the queue into history. Owns the store.
 *
 * Rows are gathered until a batch is full or a second has passed, then committed
 * in one transaction; each `sync` the commit also waits for the disk. A batch that
 * cannot be written stays in hand and is tried again: the store skips what it has.
 */

#include "logger.h"

#include <stdlib.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>

#include "tell.h"

/* Rows are in the file, for whoever asks, no later than this. */
#define GATHER_MAX_NS WF_NS_PER_S
#define RETRY_MIN_NS  (WF_NS_PER_S / 2)
#define RETRY_MAX_NS  (10 * WF_NS_PER_S)
#define TIDY_NS       WF_NS_PER_S

struct writing {
    struct log_logger *logger;
    struct log_teller teller;
    struct wf_store *store;
    const struct wf_store_sample **samples;
    size_t sample_capacity;
    int64_t synced_ns, tidied_ns;
    struct log_rules *rules;
    uint64_t rules_version;
    int64_t give_up_ns; /* 0 = never; else after the end of the queue */
};

static void notice(void *context, const char *text)
{
    (void)context;
    wf_log_warning("%s", text);
}

/* --- waiting ----------------------------------------------------------------------------- */

/* True when the end is near enough that a retry makes no sense any more. */
static bool has_given_up(const struct writing *writing)
{
    return writing->give_up_ns != 0 && wf_mono_now_ns() > writing->give_up_ns;
}

static void note_end(struct writing *writing)
{
    if (writing->logger->queue.is_ended && writing->give_up_ns == 0)
        writing->give_up_ns = wf_mono_now_ns() + LOG_STOP_PATIENCE_NS;
}

/* Sleep for `ns`, less when the queue ends meanwhile. */
static void wait_to_retry(struct writing *writing, int64_t ns)
{
    struct log_queue *queue = &writing->logger->queue;
    int64_t until_ns = wf_mono_now_ns() + ns;

    uv_mutex_lock(&queue->lock);
    while (!queue->is_ended && !atomic_load(&writing->logger->is_stopping)) {
        int64_t left = until_ns - wf_mono_now_ns();

        if (left <= 0)
            break;
        (void)uv_cond_timedwait(&queue->wake, &queue->lock, (uint64_t)left);
    }
    note_end(writing);
    uv_mutex_unlock(&queue->lock);
    if (atomic_load(&writing->logger->is_stopping))
        uv_sleep(50);
}

/* --- writing ------------------------------------------------------------------------------ */

static bool is_sync_due(const struct writing *writing)
{
    int64_t sync_ns = atomic_load(&writing->logger->sync_ns);

    /* A little early rather than a whole gathering late. */
    return sync_ns == 0 || wf_mono_now_ns() - writing->synced_ns >= sync_ns - sync_ns / 16;
}

/* One slice, however long it takes; false when given up. */
static bool write_slice(struct writing *writing, size_t count)
{
    int64_t pause_ns = RETRY_MIN_NS;

    for (;;) {
        struct wf_err err = { 0 };
        bool is_synced = is_sync_due(writing);
        int64_t begun_ns = wf_mono_now_ns();
        int rc = wf_store_write(writing->store, writing->samples, count, is_synced, &err);

        if (rc == 0) {
            int64_t now_ns = wf_mono_now_ns();

            if (is_synced)
                writing->synced_ns = begun_ns;
            log_tell_success(&writing->teller);
            log_tell_figures(&writing->teller, writing->store,
                             (double)(now_ns - writing->samples[0]->stamp.received_mono_ns) / 1e9,
                             (double)(now_ns - begun_ns) / 1e9);
            return true;
        }
        log_tell_failure(&writing->teller, rc, &err);
        log_tell_figures(&writing->teller, writing->store, -1, 0);
        if (has_given_up(writing))
            return false;
        wait_to_retry(writing, pause_ns);
        if (pause_ns < RETRY_MAX_NS)
            pause_ns *= 2;
    }
}

/* The store's series of a line, asked for once. */
static struct wf_series *series_of(struct writing *writing, struct log_line *line)
{
    struct log_queue *queue = &writing->logger->queue;
    struct wf_err err = { 0 };

    if (line->series != NULL)
        return line->series;
    uv_mutex_lock(&queue->lock);
    if (wf_store_series(writing->store, line->source, line->schema, line->created_ns,
                        line->is_tail_unknown, &line->series, &err) < 0)
        wf_log_error("%s.%s: %s; its samples are not stored", line->source, line->subsystem,
                     err.text);
    uv_mutex_unlock(&queue->lock);
    return line->series;
}

/* What the configuration says now, when it was read anew. */
static void take_rules(struct writing *writing)
{
    struct log_logger *logger = writing->logger;

    if (writing->rules_version == atomic_load(&logger->rules_version))
        return;
    uv_mutex_lock(&logger->pattern_lock);
    writing->rules_version = atomic_load(&logger->rules_version);
    if (logger->rules != NULL) {
        log_rules_destroy(&writing->rules);
        writing->rules = logger->rules;
        logger->rules = NULL;
    }
    wf_store_keep(writing->store, &logger->retention);
    wf_store_limit_log(writing->store, logger->log_cap);
    uv_mutex_unlock(&logger->pattern_lock);
}

/* Once for each sample, in order: the next one is judged by those that were kept. */
static bool is_thinned(struct writing *writing, struct log_record *record)
{
    struct log_line *line = record->line;

    if (line->thin_version != writing->rules_version) {
        const struct wf_schema *schema = wf_series_schema(line->series);
        struct wf_err err = { 0 };

        log_thin_destroy(&line->thin);
        line->thin_version = writing->rules_version;
        if (log_thin_create(writing->rules, line->source, schema, &line->thin, &err) < 0)
            wf_log_warning("%s.%s: %s; every sample is kept", line->source, line->subsystem,
                           err.text);
    }
    return line->thin != NULL &&
           !log_thin_is_wanted(line->thin, &record->sample.stamp, record->sample.payload);
}

static bool make_room(struct writing *writing, size_t count)
{
    const struct wf_store_sample **more;

    if (count <= writing->sample_capacity)
        return true;
    more = realloc(writing->samples, count * sizeof(*more));
    if (more == NULL)
        return false;
    writing->samples = more;
    writing->sample_capacity = count;
    return true;
}

/* A chunk's records as samples, appended; whose series is not to be had is left out. */
static size_t gather(struct writing *writing, struct log_chunk *chunk, size_t count)
{
    size_t at = 0;

    while (at < chunk->used) {
        struct log_record *record = (struct log_record *)(void *)(chunk->bytes + at);

        record->sample.series = series_of(writing, record->line);
        if (record->sample.series != NULL) {
            record->sample.is_thinned = is_thinned(writing, record);
            writing->samples[count++] = &record->sample;
        }
        at += record->bytes;
    }
    return count;
}

static void release(struct writing *writing, struct log_chunk *first, struct log_chunk *end)
{
    while (first != end) {
        struct log_chunk *next = first->next;

        for (size_t at = 0; at < first->used;) {
            struct log_record *record = (struct log_record *)(void *)(first->bytes + at);

            at += record->bytes; /* the line may be freed by what follows */
            atomic_fetch_sub_explicit(&record->line->queued, 1, memory_order_release);
        }
        log_queue_return(&writing->logger->queue, first);
        first = next;
    }
}

static size_t count_records(const struct log_chunk *first)
{
    size_t count = 0;

    for (; first != NULL; first = first->next)
        count += first->count;
    return count;
}

/* Whole chunks, about batch_rows at a time: each chunk is let go as soon as it is stored. */
static bool write_chunks(struct writing *writing, struct log_chunk *first)
{
    size_t rows_max = atomic_load(&writing->logger->batch_rows);

    while (first != NULL) {
        struct log_chunk *end = first;
        size_t wanted = 0, count = 0;
        bool is_stored;

        do {
            wanted += end->count;
            end = end->next;
        } while (end != NULL && wanted + end->count <= rows_max);
        while (!make_room(writing, wanted))
            uv_sleep(100);
        for (struct log_chunk *chunk = first; chunk != end; chunk = chunk->next)
            count = gather(writing, chunk, count);
        is_stored = count == 0 || write_slice(writing, count);
        if (!is_stored) {
            /* Not this slice only: nothing behind it is tried any more. */
            wf_log_error("%zu samples could not be stored before the stop; those still in their"
                         " rings at the next start are",
                         count_records(first));
            release(writing, first, NULL);
            return false;
        }
        release(writing, first, end);
        first = end;
    }
    return true;
}

static void tidy(struct writing *writing)
{
    int64_t now_ns = wf_mono_now_ns();
    struct wf_err err = { 0 };
    int rc;

    if (now_ns - writing->tidied_ns < TIDY_NS / 10)
        return;
    writing->tidied_ns = now_ns;
    /* What was committed last must not stay unsynced because nothing follows it. */
    if (is_sync_due(writing)) {
        rc = wf_store_sync(writing->store, &err);
        if (rc < 0)
            log_tell_failure(&writing->teller, rc, &err);
        else
            writing->synced_ns = now_ns;
    }
    rc = wf_store_tidy(writing->store, now_ns, &err);
    if (rc < 0)
        log_tell_failure(&writing->teller, rc, &err);
    log_tell_figures(&writing->teller, writing->store, -1, 0);
}

/* --- the thread ----------------------------------------------------------------------------- */

static bool recover(struct writing *writing)
{
    struct log_logger *logger = writing->logger;
    int64_t pause_ns = RETRY_MIN_NS;
    const struct wf_position *list = NULL;

    for (;;) {
        struct wf_err err = { 0 };
        int rc = wf_store_recover(writing->store, &err);

        if (rc == 0)
            break;
        log_tell_failure(&writing->teller, rc, &err);
        atomic_store(&logger->has_tried, true);
        if (has_given_up(writing))
            return false;
        wait_to_retry(writing, pause_ns);
        if (pause_ns < RETRY_MAX_NS)
            pause_ns *= 2;
    }
    log_tell_success(&writing->teller);
    logger->position_count = wf_store_positions(writing->store, &list);
    if (logger->position_count > 0) {
        logger->positions = calloc(logger->position_count, sizeof(*logger->positions));
        if (logger->positions == NULL) {
            wf_log_error("out of memory; ending, to be started again");
            return false;
        }
        for (size_t i = 0; i < logger->position_count; i++)
            logger->positions[i] = list[i];
    }
    atomic_store_explicit(&logger->is_recovered, true, memory_order_release);
    atomic_store(&logger->has_tried, true);
    return true;
}

/* Wait for a full batch, or for the time to write what is there. NULL at the end. */
static struct log_chunk *next_chunks(struct writing *writing, int64_t *inout_due_ns)
{
    struct log_logger *logger = writing->logger;
    struct log_queue *queue = &logger->queue;
    struct log_chunk *chunks = NULL;
    int64_t sync_ns = atomic_load(&logger->sync_ns);
    int64_t gather_ns = sync_ns < GATHER_MAX_NS ? sync_ns : GATHER_MAX_NS;

    uv_mutex_lock(&queue->lock);
    queue->wake_count = gather_ns == 0 ? 1 : atomic_load(&logger->batch_rows);
    for (;;) {
        int64_t now_ns = wf_mono_now_ns();
        bool is_full = queue->count >= queue->wake_count || queue->bytes > queue->bytes_max / 2 ||
                       atomic_load(&logger->is_stopping);
        int64_t left = *inout_due_ns - now_ns;

        if (queue->count > 0 && (is_full || left <= 0 || queue->is_ended)) {
            *inout_due_ns = now_ns + gather_ns;
            chunks = log_queue_take(queue);
            break;
        }
        if (queue->is_ended || left <= 0)
            break;
        (void)uv_cond_timedwait(&queue->wake, &queue->lock, (uint64_t)left);
    }
    if (chunks == NULL)
        *inout_due_ns = wf_mono_now_ns() + (gather_ns > 0 ? gather_ns : GATHER_MAX_NS);
    note_end(writing);
    uv_mutex_unlock(&queue->lock);
    return chunks;
}

/* What was read to its end needs no gap, should it be made anew before we are back. */
static void mark_complete(struct writing *writing)
{
    struct wf_series **list;
    struct wf_err err = { 0 };
    size_t count = 0;

    for (const struct log_line *line = writing->logger->lines; line != NULL; line = line->next)
        count += line->is_complete && line->region != NULL;
    list = calloc(count + 1, sizeof(struct wf_series *));
    if (list == NULL)
        return;
    count = 0;
    for (struct log_line *line = writing->logger->lines; line != NULL; line = line->next) {
        if (line->is_complete && line->region != NULL && line->series != NULL)
            list[count++] = line->series;
    }
    if (wf_store_complete(writing->store, list, count, &err) < 0)
        wf_log_warning("%s; a restart of the machine will show as a gap", err.text);
    free(list);
}

static void run(struct writing *writing)
{
    struct log_queue *queue = &writing->logger->queue;
    int64_t due_ns = wf_mono_now_ns();
    bool is_ended = false;

    while (!is_ended) {
        struct log_chunk *chunks = next_chunks(writing, &due_ns);

        take_rules(writing);
        if (chunks != NULL && !write_chunks(writing, chunks))
            return;
        tidy(writing);
        uv_mutex_lock(&queue->lock);
        is_ended = queue->is_ended && queue->count == 0;
        uv_mutex_unlock(&queue->lock);
    }
    mark_complete(writing);
}

void log_write_thread(void *context)
{
    struct log_logger *logger = context;
    struct writing writing = { .logger = logger, .teller = { .logger = logger } };
    struct wf_store_options options = { .folder = logger->folder,
                                        .instance = logger->instance,
                                        .group = logger->group,
                                        .notice = notice };
    struct wf_err err = { 0 };

    if (wf_store_create(&options, &writing.store, &err) < 0) {
        wf_log_error("%s", err.text);
        atomic_store(&logger->has_tried, true);
        return;
    }
    if (recover(&writing))
        run(&writing);
    log_tell_figures(&writing.teller, writing.store, -1, 0);
    wf_store_destroy(&writing.store);
    log_rules_destroy(&writing.rules);
    free(writing.samples);
}
