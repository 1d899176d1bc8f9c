/* SPDX-License-Identifier: MIT */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

/*
 * Figures - what every benchmark here shares: rounds that interleave the
 * candidates, medians, ratios against the bare limit of the same run, one table
 * for people and the same figures as JSON.
 *
 * A benchmark names its figures once, takes one measurement of each candidate
 * per round (so that a slow phase of the machine hits all of them alike), and
 * prints at the end. No figure fails a run: it prints what was reached beside
 * what is wanted, and `yes` or `no`.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_ROUNDS_MAX  101
#define BENCH_SERIES_MAX  64
#define BENCH_VERDICT_MAX 64

struct bench_series {
    const char *name; /* "publish 256 B" */
    const char *unit; /* "ns" */
    double values[BENCH_ROUNDS_MAX];
    size_t count;
};

/* A wanted ratio or figure: `reached` is set by bench_ratio / bench_figure. */
struct bench_verdict {
    const char *what;
    const char *unit; /* "x" for ratios */
    double reached, wanted;
    bool is_at_most; /* wanted is a ceiling; else a floor */
};

struct bench {
    const char *name;
    int rounds;       /* from --rounds, or the default given */
    double seconds;   /* from --seconds: about how long one measurement takes */
    const char *json; /* from --json FILE */
    struct bench_series series[BENCH_SERIES_MAX];
    size_t series_count;
    struct bench_verdict verdicts[BENCH_VERDICT_MAX];
    size_t verdict_count;
};

/* Reads --rounds N, --seconds S, --json FILE, --help; exits 2 on anything else. */
void bench_init(struct bench *bench, const char *name, int rounds, double seconds, int argc,
                char **argv);
/* A new series; the pointer is valid until bench_finish. Names and units are not copied. */
struct bench_series *bench_series(struct bench *bench, const char *name, const char *unit);
void bench_add(struct bench_series *series, double value);
double bench_median(const struct bench_series *series);
/* Median of a[i] / b[i]: each pair was measured in the same round. */
double bench_median_ratio(const struct bench_series *a, const struct bench_series *b);

/* State a ratio (median of a/b per round) or a plain figure, and what is wanted of it. */
void bench_ratio(struct bench *bench, const char *what, const struct bench_series *a,
                 const struct bench_series *b, double wanted, bool is_at_most);
void bench_figure(struct bench *bench, const char *what, const char *unit, double reached,
                  double wanted, bool is_at_most);

/* Print the table, write the JSON; returns the program's exit status (0, or 2: no JSON). */
int bench_finish(struct bench *bench);

double bench_now_s(void);    /* monotonic */
double bench_cpu_s(void);    /* of this process */
double bench_thread_s(void); /* of this thread */

#endif /* BENCH_FIGURES_H */
