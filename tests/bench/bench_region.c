/* SPDX-License-Identifier: MIT */
/*
 * Regions against the bare recipe: the same slot protocol and lock, 256 bytes,
 * hand-written here without library, names, stamps or checks. Then the publish
 * rate while 64 screens look at 10 Hz, and while a stopped reader is attached.
 */

#define _GNU_SOURCE /* pthread_mutex_clocklock */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <watchfloor/clean.h>
#include <watchfloor/clock.h>
#include <watchfloor/mapping.h>
#include <watchfloor/publisher.h>
#include <watchfloor/watch.h>

#include "figures.h"

#define PAYLOAD_WORDS 32 /* 256 bytes */
#define SLOTS         64
#define SCREENS       64
#define BATCH         64 /* samples between two rings of the bell */

/* --- the bare recipe ---------------------------------------------------------------------- */

struct bare_slot {
    _Atomic uint64_t seq;
    _Atomic uint64_t words[PAYLOAD_WORDS];
    uint64_t fill[7]; /* 320 bytes: whole cache lines */
};

struct bare {
    pthread_mutex_t mutex;
    _Alignas(64) _Atomic uint64_t head;
    _Alignas(64) struct bare_slot slots[SLOTS];
};

static void bare_publish(struct bare *bare, const uint64_t *payload)
{
    static const struct timespec at_once;
    uint64_t n;
    struct bare_slot *slot;

    if (pthread_mutex_clocklock(&bare->mutex, CLOCK_MONOTONIC, &at_once) != 0)
        abort();
    n = atomic_load_explicit(&bare->head, memory_order_relaxed);
    slot = &bare->slots[n % SLOTS];
    atomic_store_explicit(&slot->seq, 2 * n + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    for (size_t i = 0; i < PAYLOAD_WORDS; i++)
        atomic_store_explicit(&slot->words[i], payload[i], memory_order_relaxed);
    atomic_store_explicit(&slot->seq, 2 * n + 2, memory_order_release);
    atomic_store_explicit(&bare->head, n + 1, memory_order_release);
    (void)pthread_mutex_unlock(&bare->mutex);
}

static int bare_read(const struct bare *bare, uint64_t *out)
{
    uint64_t n = atomic_load_explicit(&bare->head, memory_order_acquire) - 1;
    const struct bare_slot *slot = &bare->slots[n % SLOTS];

    if (atomic_load_explicit(&slot->seq, memory_order_acquire) != 2 * n + 2)
        return -1;
    for (size_t i = 0; i < PAYLOAD_WORDS; i++)
        out[i] = atomic_load_explicit(&slot->words[i], memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&slot->seq, memory_order_relaxed) == 2 * n + 2 ? 0 : -1;
}

/* --- the system under test ---------------------------------------------------------------- */

struct shared {
    struct bare bare;
    _Atomic uint32_t are_screens_on;
    _Atomic uint32_t screens_ready;
    _Atomic uint64_t looks; /* of all screens */
};

struct scene {
    char instance[32], state[64];
    struct shared *shared;
    struct wf_schema *schema;
    struct wf_publisher *publisher;
    struct wf_writer *writer;
    struct wf_region *region;
    pid_t screens[SCREENS], stopped;
    uint64_t payload[PAYLOAD_WORDS];
};

static void die(const char *what, const struct wf_err *err)
{
    (void)fprintf(stderr, "bench-region: %s: %s\n", what, err->text);
    exit(2);
}

/* 28 u64 and their 28 quality bytes: 256 bytes with the padding. */
static struct wf_schema *make_schema(void)
{
    static const char text[] = "[subsystem]\nname = bench\nring = 64\n"
                               "[parameter words]\nbits = 64\ncount = 30\n"
                               "[parameter value]\ntype = float\nbits = 32\n";
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_err err = { 0 };

    if (wf_schema_parse("bench.ini", text, sizeof(text) - 1, &schema, &problems, &err) < 0) {
        wf_problems_print(&problems);
        die("schema", &err);
    }
    if (schema->payload_bytes != 8 * PAYLOAD_WORDS) {
        (void)fprintf(stderr, "bench-region: a payload of %u bytes, not %d\n",
                      schema->payload_bytes, 8 * PAYLOAD_WORDS);
        exit(2);
    }
    return schema;
}

static struct shared *make_shared(const struct scene *scene)
{
    struct wf_mapping_options options = { .size = sizeof(struct shared) };
    struct wf_mapping *mapping = NULL;
    struct wf_map_view *view = NULL;
    pthread_mutexattr_t attributes;
    struct shared *shared;
    struct wf_err err = { 0 };
    char name[64];

    (void)snprintf(name, sizeof(name), "/wf.%s.bare", scene->instance);
    if (wf_mapping_create(name, &options, &mapping, &err) < 0 ||
        wf_map_view_open(mapping, WF_ACCESS_WRITE, 0, 0, NULL, &view, &err) < 0)
        die("shared memory", &err);
    wf_mapping_close(&mapping);
    shared = wf_map_view_data(view);
    wf_map_view_abandon(&view);
    (void)pthread_mutexattr_init(&attributes);
    (void)pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    (void)pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    (void)pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    (void)pthread_mutex_init(&shared->bare.mutex, &attributes);
    (void)pthread_mutexattr_destroy(&attributes);
    return shared;
}

/* In a child: look ten times a second while screens are on. */
static void be_a_screen(const struct scene *scene)
{
    struct wf_watch_options options = { .instance = scene->instance };
    const struct timespec pause = { .tv_nsec = 100 * WF_NS_PER_MS };
    uint64_t payload[PAYLOAD_WORDS];
    struct wf_watch *watch = NULL;
    struct wf_stamp stamp;

    if (wf_watch_open(&options, &watch, NULL) < 0)
        _exit(1);
    (void)atomic_fetch_add(&scene->shared->screens_ready, 1);
    while (getppid() != 1) {
        if (atomic_load(&scene->shared->are_screens_on) != 0 && wf_watch_wait(watch, 100) == 1 &&
            wf_region_latest(wf_watch_region(watch, 0), payload, sizeof(payload), &stamp) == 0)
            (void)atomic_fetch_add(&scene->shared->looks, 1);
        (void)nanosleep(&pause, NULL);
    }
    _exit(0);
}

static void start_readers(struct scene *scene)
{
    const struct timespec pause = { .tv_nsec = WF_NS_PER_MS };

    for (int i = 0; i < SCREENS; i++) {
        scene->screens[i] = fork();
        if (scene->screens[i] == 0)
            be_a_screen(scene);
    }
    for (int tries = 0; tries < 20000 && atomic_load(&scene->shared->screens_ready) < SCREENS;
         tries++)
        (void)nanosleep(&pause, NULL);
    scene->stopped = -1;
}

/* A reader that is attached and then stopped for good. */
static void start_stopped_reader(struct scene *scene)
{
    int status;

    scene->stopped = fork();
    if (scene->stopped == 0) {
        struct wf_region *region = NULL;

        if (wf_region_open(scene->instance, "main", "bench", &region, NULL) == 0)
            (void)raise(SIGSTOP);
        for (;;)
            (void)pause();
    }
    (void)waitpid(scene->stopped, &status, WUNTRACED);
}

static void end_child(pid_t *pid)
{
    if (*pid > 0) {
        (void)kill(*pid, SIGKILL);
        (void)waitpid(*pid, NULL, 0);
    }
    *pid = -1;
}

/* --- measuring ---------------------------------------------------------------------------- */

enum what { BARE_PUBLISH, PUBLISH, BARE_READ, READ, VALUE };

static void do_once(struct scene *scene, enum what what, uint64_t *sink)
{
    uint64_t out[PAYLOAD_WORDS];
    struct wf_stamp stamp;
    struct wf_value value;

    switch (what) {
    case BARE_PUBLISH:
        bare_publish(&scene->shared->bare, scene->payload);
        break;
    case PUBLISH:
        stamp = (struct wf_stamp){ .received_mono_ns = 1, .device_ns = 2, .sequence = 3 };
        (void)wf_writer_publish(scene->writer, &stamp, scene->payload);
        break;
    case BARE_READ:
        *sink += (uint64_t)bare_read(&scene->shared->bare, out) + out[3];
        break;
    case READ:
        *sink += (uint64_t)wf_region_latest(scene->region, out, sizeof(out), &stamp) + out[3];
        break;
    case VALUE:
        *sink += (uint64_t)wf_region_value(scene->region, 1, &value, NULL) + value.as.u64;
        break;
    }
}

/* Nanoseconds of CPU a call, over about `seconds`. */
static double measure(struct scene *scene, enum what what, double seconds)
{
    static volatile uint64_t sunk;
    uint64_t sink = 0, count = 0;
    double start = bench_thread_s(), took;

    do {
        for (int i = 0; i < 1000; i++)
            do_once(scene, what, &sink);
        count += 1000;
        took = bench_thread_s() - start;
    } while (took < seconds);
    sunk = sunk + sink;
    return took * 1e9 / (double)count;
}

/* Samples published a second of CPU, the bell rung for every batch. */
static double publish_rate(struct scene *scene, double seconds)
{
    uint64_t count = 0, sink = 0;
    double start = bench_thread_s(), took;

    do {
        for (int i = 0; i < 16; i++) {
            for (int k = 0; k < BATCH; k++)
                do_once(scene, PUBLISH, &sink);
            wf_publisher_ring(scene->publisher);
        }
        count += 16 * BATCH;
        took = bench_thread_s() - start;
    } while (took < seconds);
    return (double)count / took;
}

static void open_scene(struct scene *scene)
{
    struct wf_publisher_options options = {
        .instance = scene->instance, .role = "bench", .state = scene->state, .region_max = 8
    };
    struct wf_err err = { 0 };

    (void)snprintf(scene->instance, sizeof(scene->instance), "bench-%ld", (long)getpid());
    (void)snprintf(scene->state, sizeof(scene->state), "/tmp/wf-%s", scene->instance);
    scene->schema = make_schema();
    scene->shared = make_shared(scene);
    if (wf_publisher_open(&options, &scene->publisher, &err) < 0 ||
        wf_publisher_add(scene->publisher, "main", scene->schema, &scene->writer, NULL, &err) < 0 ||
        wf_region_open(scene->instance, "main", "bench", &scene->region, &err) < 0)
        die("open", &err);
}

static void close_scene(struct scene *scene)
{
    struct wf_clean_result result;
    char path[96];

    for (int i = 0; i < SCREENS; i++)
        end_child(&scene->screens[i]);
    end_child(&scene->stopped);
    wf_region_close(&scene->region);
    wf_publisher_close(&scene->publisher);
    wf_schema_free(&scene->schema);
    (void)wf_clean(scene->instance, scene->state, false, NULL, NULL, &result, NULL);
    (void)snprintf(path, sizeof(path), "%s/lease/bench.lease", scene->state);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/lease", scene->state);
    (void)rmdir(path);
    (void)rmdir(scene->state);
}

int main(int argc, char **argv)
{
    struct scene scene = { 0 };
    struct bench bench;

    bench_init(&bench, "region", 9, 0.2, argc, argv);
    struct bench_series *bare_publish_ns = bench_series(&bench, "bare: publish 256 B", "ns");
    struct bench_series *publish_ns = bench_series(&bench, "publish 256 B", "ns");
    struct bench_series *bare_read_ns = bench_series(&bench, "bare: read newest 256 B", "ns");
    struct bench_series *read_ns = bench_series(&bench, "read newest 256 B", "ns");
    struct bench_series *value_ns = bench_series(&bench, "read one value by name", "ns");
    struct bench_series *alone = bench_series(&bench, "publish rate, nobody attached", "1/s");
    struct bench_series *screens = bench_series(&bench, "publish rate, 64 screens", "1/s");
    struct bench_series *stopped = bench_series(&bench, "publish rate, a stopped reader", "1/s");

    open_scene(&scene);
    start_readers(&scene);
    bare_publish(&scene.shared->bare, scene.payload);
    for (int round = 0; round < bench.rounds; round++) {
        bench_add(bare_publish_ns, measure(&scene, BARE_PUBLISH, bench.seconds));
        bench_add(publish_ns, measure(&scene, PUBLISH, bench.seconds));
        bench_add(bare_read_ns, measure(&scene, BARE_READ, bench.seconds));
        bench_add(read_ns, measure(&scene, READ, bench.seconds));
        bench_add(value_ns, measure(&scene, VALUE, bench.seconds));
        bench_add(alone, publish_rate(&scene, bench.seconds));
        atomic_store(&scene.shared->are_screens_on, 1);
        bench_add(screens, publish_rate(&scene, bench.seconds));
        atomic_store(&scene.shared->are_screens_on, 0);
        start_stopped_reader(&scene);
        bench_add(stopped, publish_rate(&scene, bench.seconds));
        end_child(&scene.stopped);
    }
    close_scene(&scene);

    bench_ratio(&bench, "publish 256 B / bare", publish_ns, bare_publish_ns, 1.5, true);
    bench_ratio(&bench, "read newest 256 B / bare", read_ns, bare_read_ns, 1.5, true);
    bench_figure(&bench, "publish 256 B", "ns", bench_median(publish_ns), 25, true);
    bench_figure(&bench, "read newest 256 B", "ns", bench_median(read_ns), 15, true);
    bench_figure(&bench, "one value by name", "ns", bench_median(value_ns), 50, true);
    bench_ratio(&bench, "rate with 64 screens / none", screens, alone, 0.95, false);
    bench_ratio(&bench, "rate with a stopped reader / none", stopped, alone, 0.98, false);
    return bench_finish(&bench);
}
