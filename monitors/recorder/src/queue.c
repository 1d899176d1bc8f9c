/* SPDX-License-Identifier: MIT */
/* Queue: see queue.h. */

#include "queue.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

int rec_queue_init(struct rec_queue *queue, size_t bytes_max, struct wf_err *err)
{
    *queue = (struct rec_queue){ .bytes_max = bytes_max };
    queue->last = &queue->first;
    if (uv_mutex_init(&queue->lock) != 0 || uv_cond_init(&queue->filled) != 0 ||
        uv_cond_init(&queue->emptied) != 0)
        return wf_fail(err, WF_ERR_NOMEM, "queue: out of memory");
    return WF_OK;
}

void rec_queue_fini(struct rec_queue *queue)
{
    rec_queue_drop(queue, queue->count);
    uv_mutex_destroy(&queue->lock);
    uv_cond_destroy(&queue->filled);
    uv_cond_destroy(&queue->emptied);
}

static const char *keep(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = *at;

    memcpy(copy, text, size);
    *at += size;
    return copy;
}

struct rec_item *rec_item_make(const struct wf_packet_entry *entry)
{
    const struct wf_packet *packet = &entry->packet;
    size_t size = sizeof(struct rec_item);
    struct rec_item *item;
    char *at;

    if (!entry->is_gap)
        size += strlen(packet->listener) + strlen(packet->source) + strlen(packet->subsystem) +
                strlen(packet->peer) + 4 + packet->len;
    item = malloc(size);
    if (item == NULL)
        return NULL;
    *item = (struct rec_item){ .entry = *entry, .bytes = size };
    if (entry->is_gap)
        return item;
    at = (char *)(item + 1);
    item->entry.packet.listener = keep(&at, packet->listener);
    item->entry.packet.source = keep(&at, packet->source);
    item->entry.packet.subsystem = keep(&at, packet->subsystem);
    item->entry.packet.peer = keep(&at, packet->peer);
    if (packet->len > 0)
        memcpy(at, packet->bytes, packet->len);
    item->entry.packet.bytes = (const uint8_t *)at;
    return item;
}

/* Called locked. */
static bool is_enough(const struct rec_queue *queue)
{
    return queue->count >= queue->enough || queue->bytes > queue->bytes_max / 2 || queue->is_ended;
}

bool rec_queue_put(struct rec_queue *queue, struct rec_item *item, unsigned wait_ms)
{
    bool has_room;

    uv_mutex_lock(&queue->lock);
    if (queue->bytes + item->bytes > queue->bytes_max && queue->count > 0 && wait_ms > 0)
        (void)uv_cond_timedwait(&queue->emptied, &queue->lock,
                                (uint64_t)wait_ms * (uint64_t)WF_NS_PER_MS);
    has_room = queue->bytes + item->bytes <= queue->bytes_max || queue->count == 0;
    if (has_room) {
        *queue->last = item;
        queue->last = &item->next;
        queue->count++;
        queue->bytes += item->bytes;
        if (is_enough(queue))
            uv_cond_signal(&queue->filled);
    }
    uv_mutex_unlock(&queue->lock);
    return has_room;
}

void rec_queue_end(struct rec_queue *queue)
{
    uv_mutex_lock(&queue->lock);
    queue->is_ended = true;
    uv_cond_signal(&queue->filled);
    uv_mutex_unlock(&queue->lock);
}

size_t rec_queue_gather(struct rec_queue *queue, struct rec_item **out, size_t max, size_t enough,
                        int64_t wait_ns, bool *out_is_over)
{
    int64_t due_ns = wf_mono_now_ns() + wait_ns;
    int64_t left = wait_ns;
    size_t count = 0;

    uv_mutex_lock(&queue->lock);
    queue->enough = enough;
    for (; !is_enough(queue) && left > 0; left = due_ns - wf_mono_now_ns())
        (void)uv_cond_timedwait(&queue->filled, &queue->lock, (uint64_t)left);
    for (struct rec_item *item = queue->first; item != NULL && count < max; item = item->next)
        out[count++] = item;
    *out_is_over = queue->is_ended && count == queue->count;
    uv_mutex_unlock(&queue->lock);
    return count;
}

void rec_queue_drop(struct rec_queue *queue, size_t count)
{
    uv_mutex_lock(&queue->lock);
    for (; count > 0; count--) {
        struct rec_item *item = queue->first;

        queue->first = item->next;
        queue->count--;
        queue->bytes -= item->bytes;
        free(item);
    }
    if (queue->first == NULL)
        queue->last = &queue->first;
    uv_cond_signal(&queue->emptied);
    uv_mutex_unlock(&queue->lock);
}
