/* SPDX-License-Identifier: MIT */
#ifndef LOG_LOGGER_H
#define LOG_LOGGER_H

/*
 * wf-logger from the inside: three threads.
 *
 *   main    libuv: signals, once a second health, heartbeat and watchdog
 *   drain   follows every region of the instance and copies new samples into the queue
 *   write   owns the store (and with it the only connection that writes), commits batches
 *
 * A second thread for writing because a commit waits for the disk, and rings
 * do not wait. What threads share is marked below; the rest belongs to one.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include <watchfloor/clock.h>
#include <watchfloor/config.h>
#include <watchfloor/options.h>
#include <watchfloor/publisher.h>
#include <watchfloor/store/writer.h>
#include <watchfloor/watch.h>

#include "forecast.h"
#include "line.h"
#include "queue.h"
#include "thin.h"

/* An orderly stop waits this long for a disk that does not take rows. */
#define LOG_STOP_PATIENCE_NS (5 * WF_NS_PER_S)

enum log_state { LOG_STARTING, LOG_WRITING, LOG_FAILING, LOG_STOPPING, LOG_STOPPED };

/* What the write thread tells; guarded by log_logger.figures_lock. */
struct log_figures {
    struct wf_store_figures store;
    enum log_state state;
    double lag_s;
    double commit_max_s; /* since it was last asked for */
    char trouble[320];   /* why nothing can be written, and what to do; "" = it can */
};

struct log_health;

struct log_logger {
    char instance[32];
    char folder[WF_PATH_SIZE]; /* of history */
    char *group;               /* that may read it; "" = our own */

    /* From the configuration; HUP changes them. */
    _Atomic int64_t sync_ns;
    _Atomic uint32_t batch_rows;

    struct log_queue queue;
    uv_thread_t drain_thread, write_thread;
    bool has_drain_thread, has_write_thread;

    _Atomic bool is_stopping;      /* main -> drain: everything up to now, then end */
    _Atomic bool is_failing;       /* write -> drain: what is lost now is lost to the disk */
    _Atomic bool is_recovered;     /* write -> drain: positions are there */
    _Atomic bool has_tried;        /* write -> main: the first attempt is over */
    struct wf_position *positions; /* from write to drain, before is_recovered */
    size_t position_count;

    uv_mutex_t figures_lock;
    struct log_figures figures;

    /* drain thread; counters are read by main */
    struct wf_watch *watch;
    uv_mutex_t pattern_lock; /* guards patterns */
    char *patterns;          /* of the configuration, blanks between */
    struct log_rules *rules; /* guarded likewise; the writer takes them over */
    struct wf_store_retention retention;
    uint64_t log_cap;
    _Atomic uint64_t rules_version; /* both were given anew */
    _Atomic uint64_t pattern_version;
    struct log_line *lines;
    _Atomic uint64_t drained, region_count;
    _Atomic int64_t drain_alive_ns; /* monotonic, of the last pass */
    _Atomic int64_t look_max_ns;    /* between two passes, since main asked last */

    /* main */
    uv_loop_t loop;
    struct wf_publisher *publisher;
    struct log_health *health;
    struct log_forecast forecast;
    uint64_t rated_rows; /* stored at `rated_ns`, for the rate */
    int64_t rated_ns;
    bool is_ending; /* told to stop: its figures say so */
    bool has_ended; /* both threads did: what is published next is the last word */
};

/* drain.c: the thread; ends the queue when it is done. */
void log_drain_thread(void *logger);
/* write.c: the thread. */
void log_write_thread(void *logger);

/* health.c: the region wf.logger. */
int log_health_open(struct log_logger *logger, struct wf_err *err);
void log_health_publish(struct log_logger *logger);
void log_health_close(struct log_logger *logger);

#endif /* LOG_LOGGER_H */
