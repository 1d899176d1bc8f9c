/* SPDX-License-Identifier: MIT */
/* Reading a time as people write it: see wf_parse_time in <watchfloor/clock.h>. */

#include <watchfloor/clock.h>

#include <limits.h>
#include <stdbool.h>
#include <string.h>

/* What int64 nanoseconds hold: 1677-09-21 to 2262-04-11. */
#define YEAR_FIRST 1678
#define YEAR_LAST  2261

static int fail_forms(const char *text, struct wf_err *err)
{
    return wf_fail(err, WF_ERR_INVALID,
                   "'%.60s' is not a time; write 2026-11-20T18:06:52Z, 2026-11-20, now, now-1h30m, "
                   "today, yesterday or @1700000000.5",
                   text);
}

/* Exactly `count` digits at *at. */
static bool read_fixed(const char **at, int count, int *out)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        char c = (*at)[i];

        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *at += count;
    *out = value;
    return true;
}

static bool read_char(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

/* ".123456" as nanoseconds; digits beyond the ninth are passed over. */
static bool read_fraction(const char **at, int *out_ns)
{
    int value = 0, scale = 100000000;

    *out_ns = 0;
    if (**at != '.' && **at != ',')
        return true;
    (*at)++;
    if (**at < '0' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        value += scale * (**at - '0');
        scale /= 10;
    }
    *out_ns = value;
    return true;
}

/* "Z", "+02:00", "-0530", or nothing, as seconds east of UTC. */
static bool read_zone(const char **at, int *out_s)
{
    int hours, minutes = 0;
    int sign = **at == '-' ? -1 : 1;

    *out_s = 0;
    if (**at == '\0')
        return true;
    if (read_char(at, 'Z') || read_char(at, 'z'))
        return true;
    if (!read_char(at, '+') && !read_char(at, '-'))
        return false;
    if (!read_fixed(at, 2, &hours))
        return false;
    (void)read_char(at, ':');
    if (**at != '\0' && !read_fixed(at, 2, &minutes))
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    *out_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && is_leap ? 29 : days[month - 1];
}

static bool read_clock_of_day(const char **at, struct wf_civil *out)
{
    if (!read_fixed(at, 2, &out->hour) || !read_char(at, ':') || !read_fixed(at, 2, &out->minute))
        return false;
    if (read_char(at, ':') &&
        (!read_fixed(at, 2, &out->second) || !read_fraction(at, &out->nanosecond)))
        return false;
    /* 23:59:60 is the leap second; POSIX counts it as the next midnight. */
    return out->hour <= 23 && out->minute <= 59 && out->second <= 60;
}

static int parse_iso(const char *text, int64_t *out_utc_ns, struct wf_err *err)
{
    struct wf_civil civil = { 0 };
    const char *at = text;
    int zone_s = 0;

    if (!read_fixed(&at, 4, &civil.year) || !read_char(&at, '-') ||
        !read_fixed(&at, 2, &civil.month) || !read_char(&at, '-') ||
        !read_fixed(&at, 2, &civil.day))
        return fail_forms(text, err);
    if (civil.month < 1 || civil.month > 12 || civil.day < 1 ||
        civil.day > days_in_month(civil.year, civil.month))
        return wf_fail(err, WF_ERR_INVALID, "'%.60s': there is no such day", text);
    if (*at != '\0') {
        if (!read_char(&at, 'T') && !read_char(&at, 't') && !read_char(&at, ' '))
            return fail_forms(text, err);
        if (!read_clock_of_day(&at, &civil) || !read_zone(&at, &zone_s) || *at != '\0')
            return fail_forms(text, err);
    }
    if (civil.year < YEAR_FIRST || civil.year > YEAR_LAST)
        return wf_fail(err, WF_ERR_INVALID, "'%.60s': years from %d to %d can be told", text,
                       YEAR_FIRST, YEAR_LAST);
    *out_utc_ns = wf_utc_from_civil(&civil) - zone_s * WF_NS_PER_S;
    return 0;
}

/* "@1700000000.5": POSIX seconds. */
static int parse_posix(const char *text, int64_t *out_utc_ns, struct wf_err *err)
{
    char whole[32];
    const char *at = text + 1;
    size_t len = strspn(at, "-0123456789");
    int64_t seconds;
    int nanoseconds;

    if (len == 0 || len >= sizeof(whole))
        return fail_forms(text, err);
    memcpy(whole, at, len);
    whole[len] = '\0';
    at += len;
    if (wf_parse_i64(whole, &seconds, NULL) < 0 || !read_fraction(&at, &nanoseconds) || *at != '\0')
        return fail_forms(text, err);
    if (seconds > INT64_MAX / WF_NS_PER_S - 1 || seconds < INT64_MIN / WF_NS_PER_S + 1)
        return wf_fail(err, WF_ERR_INVALID, "'%.60s': years from %d to %d can be told", text,
                       YEAR_FIRST, YEAR_LAST);
    *out_utc_ns = seconds * WF_NS_PER_S + (whole[0] == '-' ? -nanoseconds : nanoseconds);
    return 0;
}

/* "", "-1h30m" or "+5s" behind a word, added to `base_ns`. */
static int add_offset(const char *text, const char *offset, int64_t base_ns, int64_t *out_utc_ns,
                      struct wf_err *err)
{
    int64_t span_ns = 0;

    if (*offset != '\0') {
        if ((*offset != '-' && *offset != '+') ||
            wf_parse_duration_ns(offset + 1, &span_ns, NULL) < 0)
            return fail_forms(text, err);
        if (*offset == '-')
            span_ns = -span_ns;
    }
    if ((span_ns > 0 && base_ns > INT64_MAX - span_ns) ||
        (span_ns < 0 && base_ns < INT64_MIN + 1 - span_ns))
        return wf_fail(err, WF_ERR_INVALID, "'%.60s': years from %d to %d can be told", text,
                       YEAR_FIRST, YEAR_LAST);
    *out_utc_ns = base_ns + span_ns;
    return 0;
}

int wf_parse_time(const char *text, int64_t now_ns, int64_t *out_utc_ns, struct wf_err *err)
{
    if (text[0] == '@')
        return parse_posix(text, out_utc_ns, err);
    if (strncmp(text, "now", 3) == 0)
        return add_offset(text, text + 3, now_ns, out_utc_ns, err);
    if (strncmp(text, "today", 5) == 0)
        return add_offset(text, text + 5, wf_utc_day_start(now_ns), out_utc_ns, err);
    if (strncmp(text, "yesterday", 9) == 0)
        return add_offset(text, text + 9, wf_utc_day_start(now_ns) - WF_NS_PER_DAY, out_utc_ns,
                          err);
    return parse_iso(text, out_utc_ns, err);
}
