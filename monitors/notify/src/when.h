/* SPDX-License-Identifier: MIT */
#ifndef NTF_WHEN_H
#define NTF_WHEN_H

/*
 * When - weekdays and times of day, as people write them, asked with a time that is handed in.
 *
 * A span that passes midnight ("22:00-06:00") belongs to the day on which it begins. Threads: any.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>

#define NTF_SPAN_MAX 8

struct ntf_span {
    int from, to; /* minutes of the day, 0..1440; to <= from passes midnight */
};

struct ntf_when {
    uint8_t days; /* bit 0 Monday ... bit 6 Sunday */
    struct ntf_span spans[NTF_SPAN_MAX];
    size_t span_count;
    int64_t offset_ns; /* local time is UTC plus this */
};

/* "Mon-Fri Sun"; "" = all. */
int ntf_days_parse(const char *text, struct ntf_when *when, struct wf_err *err);
/* "08:00-12:00 13:00-18:00"; "" = no span at all. */
int ntf_hours_parse(const char *text, struct ntf_when *when, struct wf_err *err);
/* "Z", "+02:00", "-05:30". */
int ntf_offset_parse(const char *text, struct ntf_when *when, struct wf_err *err);

/* Is it such a day and time? Without spans the whole day counts. */
bool ntf_when_is(const struct ntf_when *when, int64_t utc_ns);
/* The end of the span that `utc_ns` is in (spans that touch are one); `utc_ns` itself when in none. */
int64_t ntf_when_end(const struct ntf_when *when, int64_t utc_ns);

#endif /* NTF_WHEN_H */
