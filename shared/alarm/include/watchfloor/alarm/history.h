/* SPDX-License-Identifier: MIT */
#ifndef WF_ALARM_HISTORY_H
#define WF_ALARM_HISTORY_H

/*
 * History - the recent past of one parameter: what windows in rules and rate alarms
 * look at. A host makes one for each window an expression names (the id its scope
 * gives), adds every sample, and answers the expression's get() from it.
 *
 * Honest about what it does not know: a window by samples is UNKNOWN until it is
 * full, one by time until it has a sample (rate: until it reaches back that far), and
 * when its memory is too small for the samples that came. A rate is UNKNOWN
 * over a gap or the reset of a counter; count is always known.
 *
 * Ownership: destroy frees. Adding and asking allocate nothing. Threads: one at a time.
 */

#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/expr.h>
#include <watchfloor/schema.h>
#include <watchfloor/value.h>

#define WF_ALARM_HISTORY_MAX 65536 /* samples of one window */

struct wf_alarm_history_spec {
    enum wf_expr_window window;
    uint32_t samples;     /* over that many; RATE: at least that many */
    int64_t time_ns;      /* over that long; RATE: at least that long; 0: by samples alone */
    int64_t period_ns;    /* nominal, for the memory that is needed; 0: not known */
    uint8_t counter_bits; /* RATE of a counter that wraps at that width; 0: no counter */
};

struct wf_alarm_history;

/* WF_ERR_LIMIT when it would need more than WF_ALARM_HISTORY_MAX samples. */
int wf_alarm_history_create(const struct wf_alarm_history_spec *spec,
                            struct wf_alarm_history **out_history, struct wf_err *err);
void wf_alarm_history_destroy(struct wf_alarm_history **history);

/* One sample. Only numbers that are VALID or SUBSTITUTED are kept; times must not fall. */
void wf_alarm_history_add(struct wf_alarm_history *history, const struct wf_value *value,
                          int64_t mono_ns);
/* Samples are missing here: no rate goes across. */
void wf_alarm_history_gap(struct wf_alarm_history *history);
/* Kind F64 (count: U64; rising, falling: BOOL, of two at least), or NONE, INVALID when UNKNOWN. */
void wf_alarm_history_value(const struct wf_alarm_history *history, int64_t now_mono_ns,
                            struct wf_value *out);

/* Is a rate outside rate_lo .. rate_hi? Without a rate or without limits: UNKNOWN, FALSE. */
enum wf_truth wf_alarm_rate_truth(const struct wf_limits *limits, const struct wf_value *rate);

#endif /* WF_ALARM_HISTORY_H */
