/* SPDX-License-Identifier: MIT */
#ifndef WF_CLOCK_H
#define WF_CLOCK_H

/*
 * Clocks and times. All times are int64 nanoseconds: UTC since 1970 (POSIX
 * seconds, no leap seconds: CCSDS and GPS times are converted when decoded)
 * or monotonic (CLOCK_MONOTONIC, the same in every process of one boot).
 */

#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/strbuf.h>

#define WF_NS_PER_US  INT64_C(1000)
#define WF_NS_PER_MS  INT64_C(1000000)
#define WF_NS_PER_S   INT64_C(1000000000)
#define WF_NS_PER_DAY (INT64_C(86400) * WF_NS_PER_S)

/* "No time": not measured, not carried. Never a real time. */
#define WF_TIME_NONE INT64_MIN

int64_t wf_utc_now_ns(void);
int64_t wf_mono_now_ns(void);

/* ISO 8601 UTC, "2026-11-20T18:06:52.123456Z"; `digits` 0, 3, 6 or 9. WF_TIME_NONE prints "-". */
void wf_strbuf_add_time(struct wf_strbuf *buf, int64_t utc_ns, int digits);

/* A duration for people: "12ms" "3.4s" "1m50" "2h05" "3d04". */
void wf_strbuf_add_age(struct wf_strbuf *buf, int64_t ns);

/*
 * Read a time as people write it, `now_ns` being now: ISO 8601 (date, date and
 * time with or without fraction, Z or +hh:mm; without a zone it is UTC), "now",
 * "now-1h30m", "today", "yesterday", "@1700000000.5" (POSIX seconds).
 *   WF_ERR_INVALID   with the forms it takes
 */
int wf_parse_time(const char *text, int64_t now_ns, int64_t *out_utc_ns, struct wf_err *err);

/* Civil date of a UTC time, proleptic Gregorian, any year that int64 ns can hold. */
struct wf_civil {
    int year, month, day, hour, minute, second, nanosecond;
};
void wf_civil_from_utc(int64_t utc_ns, struct wf_civil *out);
int64_t wf_utc_from_civil(const struct wf_civil *civil);
/* The UTC midnight at or before `utc_ns`. */
int64_t wf_utc_day_start(int64_t utc_ns);

/* TAI-UTC in whole seconds at a UTC or TAI time (table to 2017-01-01, 37 s; 10 s before 1972). */
int64_t wf_tai_minus_utc_s(int64_t utc_ns);
int64_t wf_utc_from_tai(int64_t tai_ns);

#endif /* WF_CLOCK_H */
