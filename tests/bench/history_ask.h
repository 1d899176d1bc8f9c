/* SPDX-License-Identifier: MIT */
#ifndef BENCH_HISTORY_ASK_H
#define BENCH_HISTORY_ASK_H

/* Questions to history as screens and people ask them, of main.wide (history_rig.h). */

#include <stdint.h>

#include <watchfloor/store/history.h>

/* Each gives the seconds it took, and ends the benchmark where it cannot be answered. */

/* One parameter in steps of `every_ns`. */
double ask_bins(struct wf_history *history, int64_t from_ns, int64_t to_ns, const char *parameter,
                int64_t every_ns, uint64_t *out_bins);
/* Every sample of one parameter. */
double ask_rows(struct wf_history *history, int64_t from_ns, int64_t to_ns, const char *parameter,
                uint64_t *out_rows);
/* All parameters at one moment. */
double ask_moment(struct wf_history *history, int64_t at_ns);
/* A statement of SQL, from opening to the last row. */
double ask_sql(struct wf_history *history, const char *statement);

#endif /* BENCH_HISTORY_ASK_H */
