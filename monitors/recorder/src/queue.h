/* SPDX-License-Identifier: MIT */
#ifndef REC_QUEUE_H
#define REC_QUEUE_H

/*
 * Queue - packets and gaps between the thread that drains and the one that writes, bounded in bytes.
 *
 * Threads: put in one, take in another; everything else under its lock.
 */

#include <stdbool.h>
#include <uv.h>

#include <watchfloor/store/packet_log.h>

struct rec_item {
    struct rec_item *next;
    struct wf_packet_entry entry; /* its texts and bytes lie behind it */
    size_t bytes;
};

struct rec_queue {
    uv_mutex_t lock;
    uv_cond_t filled, emptied;
    struct rec_item *first, **last;
    size_t count, bytes, bytes_max;
    size_t enough; /* so many are worth waking who gathers */
    bool is_ended; /* nothing is put any more */
};

int rec_queue_init(struct rec_queue *queue, size_t bytes_max, struct wf_err *err);
void rec_queue_fini(struct rec_queue *queue);

/* A copy of `entry`, not queued yet; NULL without memory. */
struct rec_item *rec_item_make(const struct wf_packet_entry *entry);
/* Put it at the end; waits up to `wait_ms` for room. False: none; the item is still the caller's. */
bool rec_queue_put(struct rec_queue *queue, struct rec_item *item, unsigned wait_ms);
/* Nothing comes any more. */
void rec_queue_end(struct rec_queue *queue);

/*
 * Up to `max` items, in order, borrowed until rec_queue_drop. Waits up to `wait_ns` until there are
 * `enough`, or the queue is half full, or has ended: many in a commit cost little more than one.
 * Returns how many; *out_is_over: the queue has ended, and these are the last.
 */
size_t rec_queue_gather(struct rec_queue *queue, struct rec_item **out, size_t max, size_t enough,
                        int64_t wait_ns, bool *out_is_over);
/* The first `count` are stored. */
void rec_queue_drop(struct rec_queue *queue, size_t count);

#endif /* REC_QUEUE_H */
