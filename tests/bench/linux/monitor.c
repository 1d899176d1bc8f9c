/* SPDX-License-Identifier: MIT */
/*
 * load-monitor - a monitor that does the least a monitor does: wait for the bell,
 * read what is new. Prints, after TERM, how long packets took from load-send to here.
 *
 *   load-monitor INSTANCE SUBSYSTEM RATE_HZ
 *
 * RATE_HZ 0: awake for every ring of the bell. Otherwise it looks that often, as a screen does.
 */
#define _GNU_SOURCE

#include "bench.h"

#include <watchfloor/watch.h>

static void read_new(struct wf_region *region, struct wf_cursor *cursor, void *payload, int sent,
                     struct bench_times *times)
{
    const struct wf_schema *schema = wf_region_schema(region);
    struct wf_stamp stamp;
    struct wf_value value;
    uint64_t lost;
    int rc;

    for (;;) {
        rc = wf_region_next(region, cursor, payload, schema->payload_bytes, &stamp, &lost);
        if (rc == WF_ERR_LIMIT)
            continue;
        if (rc < 0)
            return;
        if (sent >= 0) {
            wf_value_get(schema, payload, (size_t)sent, 0, &value);
            bench_times_add(times, bench_now_ns(CLOCK_MONOTONIC) - (int64_t)value.as.u64);
        }
    }
}

int main(int argc, char **argv)
{
    static uint64_t payload[WF_SCHEMA_PAYLOAD_MAX / 8];
    struct wf_watch_options options = { 0 };
    const char *patterns[1];
    struct wf_watch *watch = NULL;
    struct wf_cursor cursor = { 0 };
    struct bench_times times = { 0 };
    size_t index;

    if (argc != 4)
        return 2;
    patterns[0] = argv[2];
    options =
        (struct wf_watch_options){ .instance = argv[1], .patterns = patterns, .pattern_count = 1 };
    bench_catch_term();

    uint64_t rate = bench_number(argv[3]);

    if (wf_watch_open(&options, &watch, NULL) < 0)
        return 2;
    (void)wf_watch_refresh(watch, NULL);
    if (wf_watch_find(watch, argv[2], &index) == 0)
        return 2;

    struct wf_region *region = wf_watch_region(watch, index);
    struct wf_region_info info;

    wf_region_info(region, &info);
    cursor.next = info.head;
    (void)puts("attached");
    (void)fflush(stdout);
    while (!bench_is_over) {
        if (rate == 0)
            (void)wf_watch_wait(watch, 100);
        else
            (void)nanosleep(&(struct timespec){ .tv_nsec = (long)(1000000000 / rate) }, NULL);
        read_new(region, &cursor, payload, wf_schema_find(wf_region_schema(region), "sent_ns"),
                 &times);
    }
    bench_times_print(&times);
    wf_watch_close(&watch);
    return 0;
}
