/* SPDX-License-Identifier: MIT */
/*
 * Judging values against four limits, in ns per parameter: all normal (nearly
 * always so), all standing in alarm, and crossing a limit and back all the time, which
 * makes a transition every few samples. The bare limit is four comparisons by hand.
 */

#include <stdio.h>
#include <stdlib.h>

#include <watchfloor/alarm/engine.h>
#include <watchfloor/clock.h>

#include "figures.h"

#define PARAMETERS 1000
#define VALUES     64

static void count(void *context, const struct wf_alarm_transition *transition)
{
    uint64_t *sum = context;

    *sum += transition->seq;
}

static struct wf_alarm_engine *make_engine(uint64_t *sum)
{
    const struct wf_limits limits = {
        .present = 0xf,
        .value = { 10, 20, 30, 40 },
        .severity = { 4, 2, 2, 4 },
        .hysteresis = 0.5,
        .raise = { .n = 1, .m = 1 },
        .clear = { .n = 3, .m = 3 },
    };
    const struct wf_alarm_host host = { .context = sum, .emit = count };
    struct wf_alarm_spec *specs = calloc(PARAMETERS, sizeof(*specs));
    struct wf_alarm_engine *engine = NULL;

    if (specs == NULL)
        return NULL;
    for (size_t i = 0; i < PARAMETERS; i++) {
        snprintf(specs[i].name, sizeof(specs[i].name), "main.bench.p%zu LIMIT", i);
        specs[i].parent = WF_ALARM_NO_PARENT;
        wf_alarm_define_limits(&limits, &specs[i].definition);
    }
    (void)wf_alarm_engine_create(specs, PARAMETERS, &host, &engine, NULL);
    free(specs);
    return engine;
}

/* ns per value over about `seconds`. */
static double measure(struct wf_alarm_engine *engine, const double values[VALUES], double seconds)
{
    struct wf_alarm_now now = { 0 };
    uint64_t judged = 0;
    double start = bench_thread_s(), end;

    do {
        now.mono_ns += WF_NS_PER_S;
        now.utc_ns += WF_NS_PER_S;
        for (size_t i = 0; i < PARAMETERS; i++)
            wf_alarm_engine_value(engine, i, values[(i + judged / PARAMETERS) % VALUES],
                                  WF_QUALITY_VALID, false, &now);
        judged += PARAMETERS;
        end = bench_thread_s();
    } while (end - start < seconds);
    return (end - start) * 1e9 / (double)judged;
}

static double measure_by_hand(const double values[VALUES], double seconds, uint64_t *sum)
{
    static const double limit[] = { 10, 20, 30, 40 };
    uint64_t judged = 0;
    double start = bench_thread_s(), end;

    do {
        for (size_t i = 0; i < PARAMETERS; i++) {
            double value = values[(i + judged / PARAMETERS) % VALUES];

            int out = (value <= limit[0]) + (value <= limit[1]) + (value >= limit[2]) +
                      (value >= limit[3]);

            *sum += (uint64_t)out;
        }
        judged += PARAMETERS;
        end = bench_thread_s();
    } while (end - start < seconds);
    return (end - start) * 1e9 / (double)judged;
}

int main(int argc, char **argv)
{
    struct bench bench;
    struct bench_series *hand, *normal, *standing, *crossing;
    double calm[VALUES], high[VALUES], wild[VALUES];
    uint64_t sum = 0;
    struct wf_alarm_engine *engine = make_engine(&sum);

    bench_init(&bench, "alarm", 11, 0.1, argc, argv);
    if (engine == NULL)
        return EXIT_FAILURE;
    for (int i = 0; i < VALUES; i++) {
        calm[i] = 21 + i % 8;
        high[i] = 31 + i % 8;
        wild[i] = i / 4 % 2 == 0 ? 25 : 35;
    }
    hand = bench_series(&bench, "four comparisons by hand", "ns");
    normal = bench_series(&bench, "judge, all normal", "ns");
    standing = bench_series(&bench, "judge, all in alarm", "ns");
    crossing = bench_series(&bench, "judge, all crossing", "ns");
    for (int i = 0; i < bench.rounds; i++) {
        bench_add(hand, measure_by_hand(calm, bench.seconds, &sum));
        (void)measure(engine, calm, 0.001);
        bench_add(normal, measure(engine, calm, bench.seconds));
        bench_add(standing, measure(engine, high, bench.seconds));
        bench_add(crossing, measure(engine, wild, bench.seconds));
    }
    bench_figure(&bench, "a value against four limits", "ns", bench_median(normal), 50, true);
    bench_figure(&bench, "the same, all in alarm", "ns", bench_median(standing), 50, true);
    wf_alarm_engine_destroy(&engine);
    return sum == 1 ? EXIT_FAILURE : bench_finish(&bench);
}
