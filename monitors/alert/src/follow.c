/* SPDX-License-Identifier: MIT */
/*
 * Following regions: which there are, and their samples in the order they happened in.
 *
 * Each writing program numbers its samples over all its regions (stamp.order). When order k is
 * seen in one region, everything before k was published; but a head that was read before that may
 * not show it yet. So heads are read twice: what the first look shows is judged, together with what
 * the second shows to have happened before it. Between programs, time of receipt decides.
 */

#include "alert.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/log.h>

struct alert_line *alert_follow_find(const struct alert *alert, const char *source,
                                     const char *subsystem)
{
    for (struct alert_line *line = alert->lines; line != NULL; line = line->next)
        if (wf_name_is_equal(line->source, source) && wf_name_is_equal(line->subsystem, subsystem))
            return line;
    return NULL;
}

bool alert_is_held_up(const struct alert *alert)
{
    return !alert->is_open || alert->held >= alert->settings->held_max;
}

/* --- samples ------------------------------------------------------------------------------------ */

void alert_follow_tell_lost(struct alert *alert, struct alert_line *line, uint64_t lost)
{
    alert->figures.lost += lost;
    if (alert->roster != NULL && line->member >= 0)
        wf_alarm_roster_lost(alert->roster, (size_t)line->member);
}

/* The sample that comes next, up to `head`; false when there is none. */
static bool peek(struct alert *alert, struct alert_line *line)
{
    while (!line->has_sample && line->region != NULL && line->cursor.next < line->head) {
        uint64_t lost = 0;
        int rc = wf_region_next(line->region, &line->cursor, line->payload,
                                line->schema->payload_bytes, &line->stamp, &lost);

        if (rc == 0)
            line->has_sample = true;
        else if (rc == WF_ERR_LIMIT)
            alert_follow_tell_lost(alert, line, lost);
        else
            break;
    }
    return line->has_sample;
}

static bool is_before(const struct alert_line *left, const struct alert_line *right)
{
    if (left->writer == right->writer) {
        if (left->stamp.epoch != right->stamp.epoch)
            return left->stamp.epoch < right->stamp.epoch;
        return left->stamp.order < right->stamp.order;
    }
    return left->stamp.received_mono_ns < right->stamp.received_mono_ns;
}

/* Lines of one writing program with a sample ahead, as a heap: the earliest first. */
struct queue {
    struct alert_line **lines;
    size_t count;
};

static void sink(struct queue *queue, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;
        struct alert_line *line = queue->lines[at];

        if (child >= queue->count)
            return;
        if (child + 1 < queue->count && is_before(queue->lines[child + 1], queue->lines[child]))
            child++;
        if (!is_before(queue->lines[child], line))
            return;
        queue->lines[at] = queue->lines[child];
        queue->lines[child] = line;
        at = child;
    }
}

static void add_to_queue(struct queue *queue, struct alert_line *line)
{
    size_t at = queue->count++;

    queue->lines[at] = line;
    while (at > 0 && is_before(line, queue->lines[(at - 1) / 2])) {
        queue->lines[at] = queue->lines[(at - 1) / 2];
        at = (at - 1) / 2;
        queue->lines[at] = line;
    }
}

/* The lines with something to read, by program; `room` has place for two of each line. */
static void make_queues(struct alert *alert, struct queue queues[ALERT_WRITERS_MAX],
                        struct alert_line **room)
{
    struct alert_line **ahead = room;
    size_t count = 0;

    for (struct alert_line *line = alert->lines; line != NULL; line = line->next)
        if (peek(alert, line))
            ahead[count++] = line;
    room += count;
    for (unsigned writer = 0; writer < alert->writer_count; writer++) {
        queues[writer] = (struct queue){ .lines = room };
        for (size_t i = 0; i < count; i++)
            if (ahead[i]->writer == writer)
                add_to_queue(&queues[writer], ahead[i]);
        room += queues[writer].count;
    }
}

/* Which program's next sample is the earliest; the number of programs when there is none. */
static size_t earliest(const struct queue *queues, size_t count)
{
    size_t best = count;

    for (size_t i = 0; i < count; i++)
        if (queues[i].count > 0 &&
            (best == count || is_before(queues[i].lines[0], queues[best].lines[0])))
            best = i;
    return best;
}

static void judge_sample(struct alert *alert, struct alert_line *line)
{
    struct wf_stamp stamp;
    int64_t lag_ns;

    line->has_sample = false;
    line->judged++;
    alert->has_moved = true;
    alert->figures.samples++;
    alert->figures.values += line->schema->parameter_count;
    alert_clock_take(alert, line);
    if (line->member < 0 || !alert_clock_accepts(alert, &line->stamp, &stamp))
        return;
    alert->current = line;
    wf_alarm_roster_sample(alert->roster, (size_t)line->member, &stamp, line->payload);
    alert_late_look(alert, line, &stamp);
    alert->current = NULL;
    if (alert->clock.is_replay)
        return; /* it is late by years, perhaps */
    lag_ns = wf_utc_now_ns() - line->stamp.received_ns;
    if (lag_ns > alert->figures.lag_max_ns)
        alert->figures.lag_max_ns = lag_ns;
}

/* Both looks at the heads; returns how many samples the first one showed. */
static uint64_t look_at_heads(struct alert *alert, size_t *out_lines)
{
    struct wf_region_info info;
    uint64_t first = 0;

    *out_lines = 0;
    for (int look = 0; look < 2; look++) {
        for (struct alert_line *line = alert->lines; line != NULL; line = line->next) {
            if (line->region == NULL)
                continue;
            wf_region_info(line->region, &info);
            if (look == 0) {
                line->head = info.head;
                first += info.head > line->cursor.next ? info.head - line->cursor.next : 0;
                first += line->has_sample ? 1 : 0;
                (*out_lines)++;
            } else if (first > 0) {
                line->head = info.head;
            }
        }
        if (first == 0)
            return 0;
    }
    return first;
}

bool alert_follow_run(struct alert *alert)
{
    struct queue queues[ALERT_WRITERS_MAX];
    struct alert_line **room;
    size_t line_count;
    uint64_t first, done = 0;

    if (alert->roster == NULL || alert_is_held_up(alert))
        return false;
    alert->alive_ns = wf_mono_now_ns();
    first = look_at_heads(alert, &line_count);
    if (first == 0)
        return false;
    room = malloc(2 * (line_count + 1) * sizeof(struct alert_line *));
    if (room == NULL)
        return true;
    make_queues(alert, queues, room);
    /* Of a run that is cut short, the rest is judged by the next one, which looks again. */
    while (done < first && done < ALERT_RUN_MAX && !alert_is_held_up(alert)) {
        size_t best = earliest(queues, alert->writer_count);
        struct queue *queue = &queues[best];

        if (best == alert->writer_count)
            break;
        judge_sample(alert, queue->lines[0]);
        done++;
        if (!peek(alert, queue->lines[0]))
            queue->lines[0] = queue->lines[--queue->count];
        if (queue->count > 0)
            sink(queue, 0);
    }
    free(room);
    return done >= ALERT_RUN_MAX;
}

void alert_follow_wake(struct alert *alert)
{
    if (alert_follow_run(alert))
        (void)uv_idle_start(&alert->more, alert_follow_more);
    else
        (void)uv_idle_stop(&alert->more);
    alert_batch_flush(alert, false);
}

void alert_follow_more(uv_idle_t *handle)
{
    alert_follow_wake(handle->data);
}
