/* SPDX-License-Identifier: MIT */
/* Queue: see queue.h. */

#include "queue.h"

#include <assert.h>
#include <stdlib.h>

/* A chunk is an eighth of the queue, so that writer and drain both have some; within these. */
#define CHUNK_BYTES_MIN ((size_t)8 * 1024)
#define CHUNK_BYTES_MAX ((size_t)64 * 1024)
/* Enough for a batch at full speed; without them every chunk is a row of page faults. */
#define SPARE_CHUNKS 8

static_assert(sizeof(struct log_record) % 8 == 0, "payloads are words");

int log_queue_init(struct log_queue *queue, size_t bytes_max, struct wf_err *err)
{
    *queue = (struct log_queue){ .bytes_max = bytes_max, .wake_count = 1 };
    if (uv_mutex_init(&queue->lock) != 0)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (uv_cond_init(&queue->wake) != 0) {
        uv_mutex_destroy(&queue->lock);
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    return 0;
}

static void free_chunks(struct log_chunk *chunk)
{
    while (chunk != NULL) {
        struct log_chunk *next = chunk->next;

        free(chunk);
        chunk = next;
    }
}

void log_queue_fini(struct log_queue *queue)
{
    free_chunks(queue->first);
    free_chunks(queue->spare);
    uv_cond_destroy(&queue->wake);
    uv_mutex_destroy(&queue->lock);
}

static struct log_chunk *grow(struct log_queue *queue, size_t need)
{
    size_t size = queue->bytes_max / 8;
    struct log_chunk *chunk;

    if (size < CHUNK_BYTES_MIN)
        size = CHUNK_BYTES_MIN;
    if (size > CHUNK_BYTES_MAX)
        size = CHUNK_BYTES_MAX;
    if (size < need)
        size = need;

    /* One record is always let through, however small the queue was configured. */
    if (queue->bytes > 0 && queue->bytes + size > queue->bytes_max)
        return NULL;
    chunk = queue->spare;
    if (chunk != NULL && chunk->size == size) {
        queue->spare = chunk->next;
        queue->spare_count--;
    } else {
        chunk = malloc(sizeof(*chunk) + size);
        if (chunk == NULL)
            return NULL;
    }
    chunk->next = NULL;
    chunk->size = size;
    chunk->used = chunk->count = 0;
    queue->bytes += size;
    if (queue->last != NULL)
        queue->last->next = chunk;
    else
        queue->first = chunk;
    queue->last = chunk;
    return chunk;
}

struct log_record *log_queue_room(struct log_queue *queue, size_t payload_bytes)
{
    size_t need = (sizeof(struct log_record) + payload_bytes + 15) / 16 * 16;
    struct log_chunk *chunk = queue->last;
    struct log_record *record;

    if (chunk == NULL || chunk->size - chunk->used < need)
        chunk = grow(queue, need);
    if (chunk == NULL) {
        uv_cond_signal(&queue->wake); /* whoever gathers has gathered enough */
        return NULL;
    }
    record = (struct log_record *)(void *)(chunk->bytes + chunk->used);
    record->bytes = need;
    record->sample.payload = log_record_payload(record);
    return record;
}

void log_queue_add(struct log_queue *queue, struct log_record *record)
{
    queue->last->used += record->bytes;
    queue->last->count++;
    queue->count++;
    if (queue->count == queue->wake_count)
        uv_cond_signal(&queue->wake);
}

struct log_chunk *log_queue_take(struct log_queue *queue)
{
    struct log_chunk *chunks = queue->first;

    queue->first = queue->last = NULL;
    queue->count = 0;
    return chunks;
}

void log_queue_return(struct log_queue *queue, struct log_chunk *chunk)
{
    uv_mutex_lock(&queue->lock);
    queue->bytes -= chunk->size;
    if (chunk->size <= CHUNK_BYTES_MAX && queue->spare_count < SPARE_CHUNKS) {
        chunk->next = queue->spare;
        queue->spare = chunk;
        queue->spare_count++;
        chunk = NULL;
    }
    uv_mutex_unlock(&queue->lock);
    free(chunk);
}
