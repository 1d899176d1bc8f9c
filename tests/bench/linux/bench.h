/* SPDX-License-Identifier: MIT */
#ifndef BENCH_H
#define BENCH_H

/*
 * What the benchmark programs share: the packet they send each other, clocks, and
 * percentiles. The bare programs use nothing of Watchfloor but its reading of numbers.
 */

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <watchfloor/strbuf.h>

/* 128 bytes: CCSDS header, time of sending, serial number, and 18 more parameters. */
#define BENCH_PACKET  128
#define BENCH_SENT_AT 6
#define BENCH_APID    100

static inline int64_t bench_now_ns(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline uint64_t bench_number(const char *text)
{
    uint64_t number;

    if (wf_parse_u64(text, &number, NULL) < 0)
        exit(2);
    return number;
}

static inline void bench_put(uint8_t *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static inline uint64_t bench_get(const uint8_t *in, int bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < bytes; i++)
        value = value << 8 | in[i];
    return value;
}

static volatile sig_atomic_t bench_is_over;

static inline void bench_on_term(int number)
{
    (void)number;
    bench_is_over = 1;
}

static inline void bench_catch_term(void)
{
    struct sigaction action = { .sa_handler = bench_on_term };

    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
}

/* Latencies in ns, kept one by one. */
struct bench_times {
    uint32_t *list;
    size_t count, max;
};

static inline void bench_times_add(struct bench_times *times, int64_t ns)
{
    if (times->list == NULL) {
        times->max = 1u << 20;
        times->list = calloc(times->max, sizeof(*times->list));
        if (times->list == NULL)
            exit(2);
    }
    if (times->count < times->max && ns >= 0 && ns < INT64_C(4000000000))
        times->list[times->count++] = (uint32_t)ns;
}

static inline int bench_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static inline void bench_times_print(struct bench_times *times)
{
    size_t n = times->count;

    if (n == 0) {
        (void)printf("{\"count\":0}\n");
        return;
    }
    qsort(times->list, n, sizeof(*times->list), bench_compare);
    (void)printf("{\"count\":%zu,\"p50\":%u,\"p90\":%u,\"p99\":%u,\"p999\":%u,\"max\":%u}\n", n,
                 times->list[n / 2], times->list[n * 9 / 10], times->list[n * 99 / 100],
                 times->list[n * 999 / 1000], times->list[n - 1]);
}

#endif /* BENCH_H */
