/* SPDX-License-Identifier: MIT */
#ifndef REC_RECORDER_H
#define REC_RECORDER_H

/*
 * Recorder - what its threads share. One drains the ring of packets into the queue, one owns the
 * packet log; the loop's tells how they do.
 */

#include <stdatomic.h>
#include <uv.h>

#include <watchfloor/paths.h>
#include <watchfloor/publisher.h>
#include <watchfloor/store/packet_log.h>

#include "queue.h"

enum rec_state { REC_WAITING, REC_RECORDING, REC_FAILING, REC_STOPPED };

struct rec_recorder {
    char instance[WF_INSTANCE_MAX + 1];
    char folder[WF_PATH_SIZE]; /* <state>/history */
    char group[WF_NAME_SIZE];
    struct rec_queue queue;
    uv_thread_t drain, write;
    atomic_bool is_stopping;
    atomic_bool is_recovered; /* `from` may be read */
    struct wf_packet_position from;

    /* Of the configuration; may change while running. */
    _Atomic int64_t sync_ns;
    _Atomic int64_t keep_ns;
    _Atomic uint64_t log_cap;
    _Atomic uint64_t bytes_max;

    /* Figures, by whoever knows them. */
    atomic_int state;
    _Atomic uint64_t packets, bytes, lost, gaps, commits, errors, file_bytes, files_deleted;
};

/* drain.c, write.c: the threads. */
void rec_drain(void *recorder);
void rec_write(void *recorder);

/* health.c */
struct rec_health;
int rec_health_open(struct rec_recorder *recorder, struct wf_publisher *publisher,
                    struct rec_health **out_health, struct wf_err *err);
void rec_health_publish(struct rec_health *health);
void rec_health_close(struct rec_health **health);

#endif /* REC_RECORDER_H */
