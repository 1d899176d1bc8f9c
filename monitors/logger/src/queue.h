/* SPDX-License-Identifier: MIT */
#ifndef LOG_QUEUE_H
#define LOG_QUEUE_H

/*
 * Queue - samples between the thread that drains regions and the one that
 * writes the file, so that a slow disk does not become an overrun ring.
 *
 * Bounded in bytes, counting what the writer has in hand: when it is full the
 * samples stay in their rings. Memory is taken in chunks when needed; but for a
 * few, they are given back.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <watchfloor/store/writer.h>

struct log_line;

/* One sample in the queue; its payload follows. */
struct log_record {
    struct wf_store_sample sample; /* .series is filled by the writer */
    struct log_line *line;
    size_t bytes; /* to the next record */
};

struct log_chunk {
    struct log_chunk *next;
    size_t size, used;
    size_t count; /* records */
    _Alignas(16) unsigned char bytes[];
};

struct log_queue {
    uv_mutex_t lock; /* guards everything here */
    uv_cond_t wake;  /* the writer: enough is there, or the end */
    struct log_chunk *first, *last;
    struct log_chunk *spare; /* returned chunks, kept for the next samples */
    size_t spare_count;
    size_t count; /* records not taken yet */
    size_t bytes; /* of all chunks, those in the writer's hand too */
    size_t bytes_max;
    size_t wake_count; /* the writer wants to know when so many are there */
    bool is_ended;     /* nothing will be added any more */
};

int log_queue_init(struct log_queue *queue, size_t bytes_max, struct wf_err *err);
void log_queue_fini(struct log_queue *queue);

/*
 * Room for a record with `payload_bytes`; NULL when the queue is full. Lock
 * held. It belongs to the queue once log_queue_add was called, not before.
 */
struct log_record *log_queue_room(struct log_queue *queue, size_t payload_bytes);
void log_queue_add(struct log_queue *queue, struct log_record *record);

/* Take everything. The caller returns each chunk with log_queue_return. Lock held. */
struct log_chunk *log_queue_take(struct log_queue *queue);
void log_queue_return(struct log_queue *queue, struct log_chunk *chunk);

static inline void *log_record_payload(struct log_record *record)
{
    return record + 1;
}

#endif /* LOG_QUEUE_H */
