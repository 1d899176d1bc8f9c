/* SPDX-License-Identifier: MIT */
/* Medians, ratios, tables: see figures.h. */

#include "figures.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <watchfloor/strbuf.h>

static double clock_s(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double bench_now_s(void)
{
    return clock_s(CLOCK_MONOTONIC);
}

double bench_cpu_s(void)
{
    return clock_s(CLOCK_PROCESS_CPUTIME_ID);
}

double bench_thread_s(void)
{
    return clock_s(CLOCK_THREAD_CPUTIME_ID);
}

static void usage(const char *name, int status)
{
    fprintf(status == 0 ? stdout : stderr,
            "usage: bench-%s [--rounds N] [--seconds S] [--json FILE]\n", name);
    exit(status);
}

void bench_init(struct bench *bench, const char *name, int rounds, double seconds, int argc,
                char **argv)
{
    memset(bench, 0, sizeof(*bench));
    bench->name = name;
    bench->rounds = rounds;
    bench->seconds = seconds;
    for (int i = 1; i < argc;) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        uint64_t number = 0;

        if (strcmp(argv[i], "--help") == 0)
            usage(name, 0);
        if (strcmp(argv[i], "--rounds") == 0 && wf_parse_u64(value, &number, NULL) == 0 &&
            number >= 1 && number <= BENCH_ROUNDS_MAX)
            bench->rounds = (int)number;
        else if (strcmp(argv[i], "--seconds") == 0 &&
                 wf_parse_double(value, &bench->seconds, NULL) == 0 && bench->seconds > 0)
            ;
        else if (strcmp(argv[i], "--json") == 0 && value[0] != '\0')
            bench->json = value;
        else
            usage(name, 2);
        i += 2; /* a name and its value */
    }
}

struct bench_series *bench_series(struct bench *bench, const char *name, const char *unit)
{
    if (bench->series_count == BENCH_SERIES_MAX) {
        fprintf(stderr, "bench-%s: more than %d series\n", bench->name, BENCH_SERIES_MAX);
        exit(2);
    }
    struct bench_series *series = &bench->series[bench->series_count++];

    series->name = name;
    series->unit = unit;
    return series;
}

void bench_add(struct bench_series *series, double value)
{
    if (series->count < BENCH_ROUNDS_MAX)
        series->values[series->count++] = value;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return left < right ? -1 : left > right;
}

static double median_of(const double *values, size_t count)
{
    double sorted[BENCH_ROUNDS_MAX];

    if (count == 0)
        return NAN;
    memcpy(sorted, values, count * sizeof(*values));
    qsort(sorted, count, sizeof(*sorted), by_value);
    return count % 2 != 0 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

double bench_median(const struct bench_series *series)
{
    return median_of(series->values, series->count);
}

double bench_median_ratio(const struct bench_series *a, const struct bench_series *b)
{
    double ratios[BENCH_ROUNDS_MAX];
    size_t count = a->count < b->count ? a->count : b->count;

    for (size_t i = 0; i < count; i++)
        ratios[i] = a->values[i] / b->values[i];
    return median_of(ratios, count);
}

void bench_figure(struct bench *bench, const char *what, const char *unit, double reached,
                  double wanted, bool is_at_most)
{
    if (bench->verdict_count == BENCH_VERDICT_MAX) {
        fprintf(stderr, "bench-%s: more than %d figures\n", bench->name, BENCH_VERDICT_MAX);
        exit(2);
    }
    bench->verdicts[bench->verdict_count++] = (struct bench_verdict){
        .what = what, .unit = unit, .reached = reached, .wanted = wanted, .is_at_most = is_at_most
    };
}

void bench_ratio(struct bench *bench, const char *what, const struct bench_series *a,
                 const struct bench_series *b, double wanted, bool is_at_most)
{
    bench_figure(bench, what, "x", bench_median_ratio(a, b), wanted, is_at_most);
}

static bool is_reached(const struct bench_verdict *verdict)
{
    return verdict->is_at_most ? verdict->reached <= verdict->wanted
                               : verdict->reached >= verdict->wanted;
}

static void print_table(const struct bench *bench)
{
    printf("%s, %d rounds, medians\n", bench->name, bench->rounds);
    for (size_t i = 0; i < bench->series_count; i++) {
        const struct bench_series *series = &bench->series[i];
        double low = INFINITY, high = -INFINITY;

        for (size_t k = 0; k < series->count; k++) {
            low = fmin(low, series->values[k]);
            high = fmax(high, series->values[k]);
        }
        printf("  %-52s %12.4g %-8s (%.4g .. %.4g)\n", series->name, bench_median(series),
               series->unit, low, high);
    }
    for (size_t i = 0; i < bench->verdict_count; i++) {
        const struct bench_verdict *verdict = &bench->verdicts[i];

        printf("  %-52s %12.4g %-8s wanted %s %.4g  %s\n", verdict->what, verdict->reached,
               verdict->unit, verdict->is_at_most ? "<=" : ">=", verdict->wanted,
               is_reached(verdict) ? "yes" : "NO");
    }
    (void)fflush(stdout);
}

/* JSON has no NaN; a figure that could not be had is null. */
static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static int write_json(const struct bench *bench)
{
    json_t *root = json_object(), *series = json_array(), *verdicts = json_array();
    int rc;

    for (size_t i = 0; i < bench->series_count; i++) {
        const struct bench_series *one = &bench->series[i];
        json_t *values = json_array();

        for (size_t k = 0; k < one->count; k++)
            (void)json_array_append_new(values, number(one->values[k]));
        (void)json_array_append_new(series, json_pack("{s:s, s:s, s:o, s:o}", "name", one->name,
                                                      "unit", one->unit, "median",
                                                      number(bench_median(one)), "values", values));
    }
    for (size_t i = 0; i < bench->verdict_count; i++) {
        const struct bench_verdict *one = &bench->verdicts[i];

        (void)json_array_append_new(
            verdicts, json_pack("{s:s, s:s, s:o, s:s, s:o, s:b}", "what", one->what, "unit",
                                one->unit, "reached", number(one->reached), "wanted_is",
                                one->is_at_most ? "at most" : "at least", "wanted",
                                number(one->wanted), "is_reached", is_reached(one)));
    }
    (void)json_object_set_new(root, "benchmark", json_string(bench->name));
    (void)json_object_set_new(root, "series", series);
    (void)json_object_set_new(root, "figures", verdicts);
    rc = json_dump_file(root, bench->json, JSON_INDENT(1));
    json_decref(root);
    if (rc != 0)
        fprintf(stderr, "bench-%s: cannot write %s\n", bench->name, bench->json);
    return rc != 0 ? 2 : 0;
}

int bench_finish(struct bench *bench)
{
    print_table(bench);
    return bench->json != NULL ? write_json(bench) : 0;
}
