/* SPDX-License-Identifier: MIT */
/*
 * load-alarm - packets that each make one transition, and how long it takes until a display sees it.
 *
 *   load-alarm INSTANCE PORT COUNT GAP_MS
 *
 * Sends a value above its limit and below it in turn, each when the one before is in the region
 * wf.alarms, GAP_MS later. Prints how long packets took from here to the row, which is
 * written when the journal has the transition.
 */
#define _GNU_SOURCE

#include "bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <watchfloor/watch.h>

#define PATIENCE_NS INT64_C(5000000000)

static int connect_to(uint64_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        exit(2);
    return fd;
}

static struct wf_region *open_table(struct wf_watch *watch)
{
    size_t index;

    for (int i = 0; i < 100; i++) {
        (void)wf_watch_refresh(watch, NULL);
        if (wf_watch_find(watch, "wf.alarms", &index) > 0)
            return wf_watch_region(watch, index);
        (void)wf_watch_wait(watch, 50);
    }
    exit(2);
}

/* Ends when the table changed; false when it did not in time. */
static bool wait_for_change(struct wf_watch *watch, struct wf_region *table, uint64_t before)
{
    int64_t until_ns = bench_now_ns(CLOCK_MONOTONIC) + PATIENCE_NS;

    while (wf_region_changes(table) == before) {
        if (bench_now_ns(CLOCK_MONOTONIC) > until_ns)
            return false;
        (void)wf_watch_wait(watch, 50);
    }
    return true;
}

int main(int argc, char **argv)
{
    const char *patterns[] = { "wf.alarms" };
    struct wf_watch_options options = { .patterns = patterns, .pattern_count = 1 };
    struct bench_times times = { 0 };
    struct wf_watch *watch = NULL;
    struct wf_region *table;
    uint64_t count, gap_ms;
    int fd;

    if (argc != 5)
        return 2;
    options.instance = argv[1];
    fd = connect_to(bench_number(argv[2]));
    count = bench_number(argv[3]);
    gap_ms = bench_number(argv[4]);
    if (wf_watch_open(&options, &watch, NULL) < 0)
        return 2;
    table = open_table(watch);
    for (uint64_t i = 0; i < count; i++) {
        uint8_t packet[8] = { 0 };
        uint64_t before = wf_region_changes(table);
        int64_t sent_ns;

        bench_put(packet, BENCH_APID, 2);
        bench_put(packet + 2, 0xc000u | (i & 0x3fffu), 2);
        bench_put(packet + 4, 1, 2);
        bench_put(packet + 6, i % 2 == 0 ? 3100 : 2000, 2);
        sent_ns = bench_now_ns(CLOCK_MONOTONIC);
        if (send(fd, packet, sizeof(packet), 0) != (ssize_t)sizeof(packet) ||
            !wait_for_change(watch, table, before)) {
            (void)fprintf(stderr, "load-alarm: transition %llu did not come\n",
                          (unsigned long long)i);
            return 1;
        }
        bench_times_add(&times, bench_now_ns(CLOCK_MONOTONIC) - sent_ns);
        (void)nanosleep(&(struct timespec){ .tv_nsec = (long)(gap_ms * 1000000) }, NULL);
    }
    bench_times_print(&times);
    wf_watch_close(&watch);
    return 0;
}
