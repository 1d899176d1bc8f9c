/* SPDX-License-Identifier: MIT */
/* Weekdays and times of day: see when.h. */

#include "when.h"

#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/strbuf.h>

#define DAY_MINUTES 1440
#define NS_PER_MIN  (60 * WF_NS_PER_S)

static const char blanks[] = " \t\n,";

/* --- reading ------------------------------------------------------------------------------- */

static int day_of(const char *text, size_t len)
{
    static const char *const names[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
    char word[4];

    if (len != 3)
        return -1;
    (void)wf_copy_text(word, sizeof(word), text);
    for (int i = 0; i < 7; i++)
        if (wf_casecmp(word, names[i]) == 0)
            return i;
    return -1;
}

int ntf_days_parse(const char *text, struct ntf_when *when, struct wf_err *err)
{
    uint8_t days = 0;

    for (const char *at = text + strspn(text, blanks); *at != '\0'; at += strspn(at, blanks)) {
        size_t len = strcspn(at, blanks);
        const char *dash = memchr(at, '-', len);
        int first = day_of(at, dash != NULL ? (size_t)(dash - at) : len);
        int last = dash != NULL ? day_of(dash + 1, len - (size_t)(dash + 1 - at)) : first;

        if (first < 0 || last < 0)
            return wf_fail(err, WF_ERR_INVALID, "'%.*s' is no day; expected Mon, Fri-Sun ...",
                           (int)(len > 40 ? 40 : len), at);
        for (int day = first;; day = (day + 1) % 7) {
            days = (uint8_t)(days | 1u << day);
            if (day == last)
                break;
        }
        at += len;
    }
    when->days = days != 0 ? days : 0x7f;
    return 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HH:MM" at the start of `text`: minutes, or -1. */
static int minutes_of(const char *text)
{
    int hour, minute;

    if (!is_digit(text[0]) || !is_digit(text[1]) || text[2] != ':' || !is_digit(text[3]) ||
        !is_digit(text[4]))
        return -1;
    hour = (text[0] - '0') * 10 + text[1] - '0';
    minute = (text[3] - '0') * 10 + text[4] - '0';
    if (minute > 59 || hour * 60 + minute > DAY_MINUTES)
        return -1;
    return hour * 60 + minute;
}

int ntf_hours_parse(const char *text, struct ntf_when *when, struct wf_err *err)
{
    size_t count = 0;

    for (const char *at = text + strspn(text, blanks); *at != '\0'; at += strspn(at, blanks)) {
        size_t len = strcspn(at, blanks);
        struct ntf_span span = { -1, -1 };

        if (len == 11 && at[5] == '-') {
            span.from = minutes_of(at);
            span.to = minutes_of(at + 6);
        }
        if (span.from < 0 || span.to < 0 || span.from == span.to || span.from == DAY_MINUTES)
            return wf_fail(err, WF_ERR_INVALID,
                           "'%.*s' is no span of time; expected HH:MM-HH:MM, as 22:00-06:00",
                           (int)(len > 40 ? 40 : len), at);
        if (count == NTF_SPAN_MAX)
            return wf_fail(err, WF_ERR_LIMIT, "more than %d spans of time", NTF_SPAN_MAX);
        when->spans[count++] = span;
        at += len;
    }
    when->span_count = count;
    return 0;
}

int ntf_offset_parse(const char *text, struct ntf_when *when, struct wf_err *err)
{
    int minutes;

    if (strcmp(text, "") == 0 || wf_casecmp(text, "Z") == 0 || wf_casecmp(text, "UTC") == 0) {
        when->offset_ns = 0;
        return 0;
    }
    minutes = (text[0] == '+' || text[0] == '-') && strlen(text) == 6 ? minutes_of(text + 1) : -1;
    if (minutes < 0 || minutes > 14 * 60)
        return wf_fail(err, WF_ERR_INVALID, "'%.40s' is no offset; expected Z, +02:00, -05:30 ...",
                       text);
    when->offset_ns = (text[0] == '-' ? -minutes : minutes) * NS_PER_MIN;
    return 0;
}

/* --- asking -------------------------------------------------------------------------------- */

/* Minute of the day and weekday (0 = Monday) in the stated local time. */
static int local_minute(const struct ntf_when *when, int64_t utc_ns, int *out_day)
{
    int64_t local_ns = utc_ns + when->offset_ns;
    int64_t start_ns = wf_utc_day_start(local_ns);
    int64_t days = start_ns / WF_NS_PER_DAY;

    /* 1970-01-01 was a Thursday. */
    *out_day = (int)(((days + 3) % 7 + 7) % 7);
    return (int)((local_ns - start_ns) / NS_PER_MIN);
}

/* The span that a moment lies in, or NULL. */
static const struct ntf_span *span_at(const struct ntf_when *when, int64_t utc_ns, int *out_minute)
{
    int day;
    int minute = local_minute(when, utc_ns, &day);
    bool is_today = (when->days >> day & 1) != 0;
    bool is_yesterday = (when->days >> (day + 6) % 7 & 1) != 0;

    *out_minute = minute;
    for (size_t i = 0; i < when->span_count; i++) {
        const struct ntf_span *span = &when->spans[i];

        if (span->to > span->from) {
            if (is_today && minute >= span->from && minute < span->to)
                return span;
        } else if ((is_today && minute >= span->from) || (is_yesterday && minute < span->to)) {
            return span;
        }
    }
    return NULL;
}

bool ntf_when_is(const struct ntf_when *when, int64_t utc_ns)
{
    int day, minute;

    if (when->span_count > 0)
        return span_at(when, utc_ns, &minute) != NULL;
    (void)local_minute(when, utc_ns, &day);
    return (when->days >> day & 1) != 0;
}

int64_t ntf_when_end(const struct ntf_when *when, int64_t utc_ns)
{
    int64_t at_ns = utc_ns;
    const struct ntf_span *span;
    int minute;

    /* A week of spans that touch is for ever: then each week's look ends it. */
    for (int i = 0; i < 7 * NTF_SPAN_MAX && (span = span_at(when, at_ns, &minute)) != NULL; i++) {
        int64_t local_ns = at_ns + when->offset_ns;
        int left = (span->to > minute ? span->to : span->to + DAY_MINUTES) - minute;

        at_ns += left * NS_PER_MIN - (local_ns - wf_utc_day_start(local_ns)) % NS_PER_MIN;
    }
    return at_ns;
}
