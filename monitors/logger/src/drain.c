/* SPDX-License-Identifier: MIT */
/*
 * The drain thread: from regions into the queue.
 *
 * It sleeps on the bells only while nothing comes. While samples flow it naps
 * and looks again, so that it costs the writers of regions no wake-up, and a
 * thousand regions at 1 Hz cost fifty looks a second and not a thousand. How
 * long it naps follows from how full the fullest ring was.
 */

#include "logger.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>

#define REFRESH_NS   WF_NS_PER_S
#define IDLE_WAIT_MS 250
/* With what a look takes, rings are looked at every 20 ms while anything comes. */
#define NAP_LONG_MS  15
#define NAP_SHORT_MS 1
/* Records moved under one hold of the queue's lock. */
#define RUN_MAX 256
/* Looks at the directories for which a gone region is remembered. */
#define KEEP_LOOKS 60
/* The same complaint at most this often. */
#define COMPLAIN_NS (10 * WF_NS_PER_S)

struct drain {
    struct log_logger *logger;
    uint64_t pattern_version;
    uint64_t fill_max; /* of 1024: the fullest ring of the last pass */
    bool is_queue_full;
    uint64_t lost, lost_said;
    int64_t looked_ns; /* the end of the last look after which there was no waiting for a bell */
    int64_t complained_ns;
};

static const struct wf_position *position_of(const struct log_logger *logger, const char *source,
                                             const char *subsystem)
{
    for (size_t i = 0; i < logger->position_count; i++) {
        const struct wf_position *position = &logger->positions[i];

        if (wf_name_is_equal(position->source, source) &&
            wf_name_is_equal(position->subsystem, subsystem))
            return position;
    }
    return NULL;
}

/* --- reading --------------------------------------------------------------------------- */

static void count_lost(struct drain *drain, struct log_line *line, uint64_t lost)
{
    if (line->lost_cause != WF_GAP_LOGGER_DOWN)
        line->lost_cause = atomic_load_explicit(&drain->logger->is_failing, memory_order_relaxed)
                               ? WF_GAP_STORE_FAILED
                               : WF_GAP_RING_OVERRUN;
    drain->lost += lost;
}

/* Up to RUN_MAX samples; how many were moved. */
static size_t drain_run(struct drain *drain, struct log_line *line)
{
    struct log_queue *queue = &drain->logger->queue;
    size_t count = 0;

    uv_mutex_lock(&queue->lock);
    while (count < RUN_MAX) {
        struct log_record *record = log_queue_room(queue, line->payload_bytes);
        uint64_t lost = 0;
        int rc;

        if (record == NULL) {
            drain->is_queue_full = true;
            break;
        }
        rc = wf_region_next(line->region, &line->cursor, log_record_payload(record),
                            line->payload_bytes, &record->sample.stamp, &lost);
        if (rc == WF_ERR_LIMIT) {
            count_lost(drain, line, lost);
            continue;
        }
        if (rc < 0)
            break;
        record->line = line;
        record->sample.series = NULL;
        record->sample.lost_cause = line->lost_cause;
        line->lost_cause = WF_GAP_RING_OVERRUN;
        atomic_fetch_add_explicit(&line->queued, 1, memory_order_relaxed);
        log_queue_add(queue, record);
        count++;
    }
    uv_mutex_unlock(&queue->lock);
    return count;
}

/* Everything up to what is there now. */
static size_t drain_line(struct drain *drain, struct log_line *line)
{
    struct wf_region_info info;
    uint64_t waiting;
    size_t total = 0, count;

    wf_region_info(line->region, &info);
    if (info.head == line->cursor.next)
        return 0;
    waiting = info.head - line->cursor.next;
    if (waiting >= line->slot_count) {
        uint64_t before = line->cursor.next;

        log_line_catch_up(line, info.head);
        count_lost(drain, line, line->cursor.next - before);
        waiting = line->slot_count;
    }
    if (waiting * 1024 / line->slot_count > drain->fill_max)
        drain->fill_max = waiting * 1024 / line->slot_count;
    do {
        count = drain_run(drain, line);
        total += count;
    } while (count == RUN_MAX && line->cursor.next < info.head);
    return total;
}

static size_t drain_all(struct drain *drain)
{
    struct log_logger *logger = drain->logger;
    size_t total = 0;

    drain->fill_max = 0;
    drain->is_queue_full = false;
    for (struct log_line *line = logger->lines; line != NULL; line = line->next) {
        if (line->region != NULL)
            total += drain_line(drain, line);
    }
    atomic_fetch_add_explicit(&logger->drained, total, memory_order_relaxed);
    atomic_store_explicit(&logger->drain_alive_ns, wf_mono_now_ns(), memory_order_relaxed);
    return total;
}

/* --- which regions ------------------------------------------------------------------------ */

static struct log_line *line_of(const struct log_logger *logger, const struct wf_region *region)
{
    for (struct log_line *line = logger->lines; line != NULL; line = line->next) {
        if (line->region == region)
            return line;
    }
    return NULL;
}

/* From wf_watch_refresh: nobody writes this region any more. Read it to its end. */
static void region_is_going(void *context, struct wf_region *region)
{
    struct drain *drain = context;
    struct log_queue *queue = &drain->logger->queue;
    struct log_line *line = line_of(drain->logger, region);
    struct wf_region_info info;
    struct wf_err err = { 0 };

    if (line == NULL)
        return;
    atomic_fetch_add_explicit(&drain->logger->drained, drain_line(drain, line),
                              memory_order_relaxed);
    wf_region_info(region, &info);
    uv_mutex_lock(&queue->lock);
    line->is_complete = line->cursor.next == info.head;
    if (!line->is_complete)
        wf_log_warning("%s.%s was made anew while the queue was full; %llu samples are lost",
                       line->source, line->subsystem,
                       (unsigned long long)(info.head - line->cursor.next));
    if (log_line_keep_schema(line, &err) < 0)
        wf_log_error("%s.%s: %s; its last samples may not be stored", line->source, line->subsystem,
                     err.text);
    uv_mutex_unlock(&queue->lock);
    line->region = NULL;
}

/* The line this life had at the same name before, if any. */
static struct log_line *predecessor(const struct log_logger *logger, const char *source,
                                    const char *subsystem)
{
    for (struct log_line *line = logger->lines; line != NULL; line = line->next) {
        if (line->region == NULL && wf_name_is_equal(line->source, source) &&
            wf_name_is_equal(line->subsystem, subsystem))
            return line; /* the newest is the first in the list */
    }
    return NULL;
}

static void follow(struct log_logger *logger, struct wf_region *region)
{
    struct wf_region_info info;
    const struct log_line *before;
    struct log_line *line;

    wf_region_info(region, &info);
    if (info.kind != WF_KIND_SAMPLES || wf_region_schema(region)->is_unrecorded)
        return;
    line = log_line_create(region, position_of(logger, info.source, info.subsystem));
    if (line == NULL) {
        wf_log_error("%s.%s: out of memory; not logged", info.source, info.subsystem);
        return;
    }
    before = predecessor(logger, info.source, info.subsystem);
    if (before != NULL) {
        line->lost_cause = WF_GAP_RING_OVERRUN;
        line->is_tail_unknown = !before->is_complete;
        if (before->created_ns == info.created_ns) {
            line->cursor.next = before->cursor.next;
            line->is_tail_unknown = false;
        }
    }
    line->next = logger->lines;
    logger->lines = line;
}

/*
 * Lines of regions that are gone live on until the writer has seen their last sample,
 * and a while longer for what may come in their place.
 */
static void sweep(struct log_logger *logger)
{
    struct log_line **at = &logger->lines;
    uint64_t count = 0;

    while (*at != NULL) {
        struct log_line *line = *at;

        if (line->region != NULL) {
            count++;
        } else if (++line->looks_since_gone > KEEP_LOOKS &&
                   atomic_load_explicit(&line->queued, memory_order_acquire) == 0) {
            *at = line->next;
            log_line_free(line);
            continue;
        }
        at = &line->next;
    }
    atomic_store_explicit(&logger->region_count, count, memory_order_relaxed);
}

static void look_for_regions(struct drain *drain)
{
    struct log_logger *logger = drain->logger;
    struct wf_err err = { 0 };
    int rc = wf_watch_refresh(logger->watch, &err);

    if (rc < 0) {
        wf_log_warning("look for regions: %s; looking again", err.text);
        return;
    }
    if (rc > 0) {
        for (size_t i = 0; i < wf_watch_count(logger->watch); i++) {
            struct wf_region *region = wf_watch_region(logger->watch, i);

            if (line_of(logger, region) == NULL)
                follow(logger, region);
        }
        for (size_t i = 0; wf_watch_trouble(logger->watch, i) != NULL; i++)
            wf_log_warning("%s; not logged", wf_watch_trouble(logger->watch, i));
    }
    sweep(logger);
}

/* The configuration's globs as words; at most as many as there is room for. */
static size_t split_patterns(char *text, const char **words, size_t max)
{
    size_t count = 0;

    while (count < max) {
        text += strspn(text, " \t\n");
        if (*text == '\0')
            break;
        words[count++] = text;
        text += strcspn(text, " \t\n");
        if (*text != '\0')
            *text++ = '\0';
    }
    return count;
}

static void forget_regions(struct log_logger *logger)
{
    for (struct log_line *line = logger->lines; line != NULL; line = line->next) {
        if (line->region == NULL)
            continue;
        uv_mutex_lock(&logger->queue.lock);
        (void)log_line_keep_schema(line, NULL);
        uv_mutex_unlock(&logger->queue.lock);
        line->region = NULL;
    }
    wf_watch_close(&logger->watch);
}

static int open_watch(struct drain *drain)
{
    struct log_logger *logger = drain->logger;
    const char *words[64];
    struct wf_watch_options options = { .instance = logger->instance,
                                        .patterns = words,
                                        .going = region_is_going,
                                        .going_context = drain };
    struct wf_err err = { 0 };
    char *copy;
    int rc;

    uv_mutex_lock(&logger->pattern_lock);
    drain->pattern_version = atomic_load(&logger->pattern_version);
    copy = strdup(logger->patterns);
    uv_mutex_unlock(&logger->pattern_lock);
    if (copy == NULL)
        return WF_ERR_NOMEM;
    options.pattern_count = split_patterns(copy, words, WF_COUNT_OF(words));
    rc = wf_watch_open(&options, &logger->watch, &err);
    free(copy);
    if (rc < 0) {
        wf_log_error("watch the regions of '%s': %s; retrying", logger->instance, err.text);
        return rc;
    }
    for (size_t i = 0; i < wf_watch_count(logger->watch); i++)
        follow(logger, wf_watch_region(logger->watch, i));
    sweep(logger);
    return 0;
}

/* --- the thread ------------------------------------------------------------------------------ */

static void complain(struct drain *drain, int64_t now_ns)
{
    if (drain->lost == drain->lost_said || now_ns - drain->complained_ns < COMPLAIN_NS)
        return;
    wf_log_warning("%llu samples were overwritten before they could be read; they are in the gap"
                   " table",
                   (unsigned long long)(drain->lost - drain->lost_said));
    drain->lost_said = drain->lost;
    drain->complained_ns = now_ns;
}

/* How long rings were not looked at; waiting for a bell ends when something comes. */
static void note_look(struct drain *drain, bool is_idle)
{
    struct log_logger *logger = drain->logger;
    int64_t now_ns = wf_mono_now_ns();

    if (drain->looked_ns != 0 &&
        now_ns - drain->looked_ns >
            atomic_load_explicit(&logger->look_max_ns, memory_order_relaxed))
        atomic_store_explicit(&logger->look_max_ns, now_ns - drain->looked_ns,
                              memory_order_relaxed);
    drain->looked_ns = is_idle && !drain->is_queue_full ? 0 : now_ns;
}

static void pause_thread(struct drain *drain, bool is_idle)
{
    struct log_logger *logger = drain->logger;

    if (is_idle && !drain->is_queue_full) {
        (void)wf_watch_wait(logger->watch, IDLE_WAIT_MS);
        return;
    }
    if (drain->fill_max > 256 && !drain->is_queue_full)
        return;
    uv_sleep(drain->fill_max > 64 && !drain->is_queue_full ? NAP_SHORT_MS : NAP_LONG_MS);
}

/* Read up to what is there at this moment, then end. */
static void drain_to_the_end(struct drain *drain)
{
    struct log_logger *logger = drain->logger;
    int64_t until_ns = wf_mono_now_ns() + LOG_STOP_PATIENCE_NS;
    bool is_behind = true;

    look_for_regions(drain);
    for (struct log_line *line = logger->lines; line != NULL; line = line->next) {
        struct wf_region_info info;

        if (line->region == NULL)
            continue;
        wf_region_info(line->region, &info);
        line->stop_at = info.head;
        /* Not our own health: its last sample comes behind the last commit. */
        line->is_complete = info.writer_state == WF_WRITER_STOPPED;
    }
    while (is_behind && wf_mono_now_ns() < until_ns) {
        (void)drain_all(drain);
        is_behind = false;
        for (struct log_line *line = logger->lines; line != NULL; line = line->next)
            is_behind = is_behind || (line->region != NULL && line->cursor.next < line->stop_at);
        if (is_behind && drain->is_queue_full)
            uv_sleep(NAP_LONG_MS);
    }
    for (struct log_line *line = logger->lines; line != NULL; line = line->next) {
        struct wf_region_info info;

        if (line->region == NULL)
            continue;
        wf_region_info(line->region, &info);
        line->is_complete = line->is_complete && line->cursor.next == info.head;
    }
}

void log_drain_thread(void *context)
{
    struct log_logger *logger = context;
    struct drain drain = { .logger = logger };
    int64_t refreshed_ns = 0;

    while (!atomic_load(&logger->is_stopping)) {
        int64_t now_ns = wf_mono_now_ns();
        size_t count;

        atomic_store_explicit(&logger->drain_alive_ns, now_ns, memory_order_relaxed);
        /* Without positions nobody knows what is stored already: the rings keep it meanwhile. */
        if (!atomic_load_explicit(&logger->is_recovered, memory_order_acquire) ||
            (logger->watch == NULL && open_watch(&drain) < 0)) {
            uv_sleep(NAP_LONG_MS);
            continue;
        }
        if (now_ns - refreshed_ns > REFRESH_NS) {
            if (drain.pattern_version != atomic_load(&logger->pattern_version)) {
                forget_regions(logger);
                continue;
            }
            look_for_regions(&drain);
            refreshed_ns = now_ns;
        }
        count = drain_all(&drain);
        note_look(&drain, count == 0);
        complain(&drain, now_ns);
        pause_thread(&drain, count == 0);
    }
    /* Also when the stop came before the first look. */
    if (logger->watch != NULL ||
        (atomic_load_explicit(&logger->is_recovered, memory_order_acquire) &&
         open_watch(&drain) == 0))
        drain_to_the_end(&drain);
    uv_mutex_lock(&logger->queue.lock);
    logger->queue.is_ended = true;
    uv_cond_signal(&logger->queue.wake);
    uv_mutex_unlock(&logger->queue.lock);
}
