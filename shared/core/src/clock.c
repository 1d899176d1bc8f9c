/* SPDX-License-Identifier: MIT */
/* Clocks, civil dates, leap seconds, times as text: see <watchfloor/clock.h>. */

#include <watchfloor/clock.h>

#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec now = { 0 };

    (void)clock_gettime(id, &now); /* cannot fail for these clocks */
    return (int64_t)now.tv_sec * WF_NS_PER_S + now.tv_nsec;
}

int64_t wf_utc_now_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t wf_mono_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t quotient = a / b;

    return a % b < 0 ? quotient - 1 : quotient;
}

/* Days since 1970-01-01 and back; a year begins in March so that leap days come last. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2 ? 1 : 0);
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, struct wf_civil *out)
{
    int64_t shifted = days + 719468;
    int64_t era = floor_div(shifted, 146097);
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;

    out->day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    out->month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    out->year = (int)(year_of_era + era * 400 + (out->month <= 2 ? 1 : 0));
}

void wf_civil_from_utc(int64_t utc_ns, struct wf_civil *out)
{
    int64_t days = floor_div(utc_ns, WF_NS_PER_DAY);
    int64_t rest_s = floor_div(utc_ns, WF_NS_PER_S) - days * 86400;

    civil_from_days(days, out);
    out->hour = (int)(rest_s / 3600);
    out->minute = (int)(rest_s / 60 % 60);
    out->second = (int)(rest_s % 60);
    out->nanosecond = (int)((utc_ns % WF_NS_PER_S + WF_NS_PER_S) % WF_NS_PER_S);
}

int64_t wf_utc_from_civil(const struct wf_civil *civil)
{
    int64_t days = days_from_civil(civil->year, civil->month, civil->day);

    /* Whole seconds first, so that the far end of int64 does not overflow on the way. */
    int64_t seconds =
        days * 86400 + civil->hour * INT64_C(3600) + civil->minute * INT64_C(60) + civil->second;

    if (seconds < 0 && civil->nanosecond > 0)
        return (seconds + 1) * WF_NS_PER_S + (civil->nanosecond - WF_NS_PER_S);
    return seconds * WF_NS_PER_S + civil->nanosecond;
}

int64_t wf_utc_day_start(int64_t utc_ns)
{
    int64_t days = floor_div(utc_ns, WF_NS_PER_DAY);

    /* The first day that int64 ns can hold is not whole. */
    return days < INT64_MIN / WF_NS_PER_DAY ? INT64_MIN + 1 : days * WF_NS_PER_DAY;
}

/* Since when (UTC seconds) TAI-UTC has been 10, 11, 12 ... 37 s. */
static const int64_t leap_starts_s[] = {
    63072000,  78796800,  94694400,   126230400,  157766400,  189302400,  220924800,
    252460800, 283996800, 315532800,  362793600,  394329600,  425865600,  489024000,
    567993600, 631152000, 662688000,  709948800,  741484800,  773020800,  820454400,
    867715200, 915148800, 1136073600, 1230768000, 1341100800, 1435708800, 1483228800,
};

int64_t wf_tai_minus_utc_s(int64_t utc_ns)
{
    int64_t seconds = floor_div(utc_ns, WF_NS_PER_S);

    for (size_t i = WF_COUNT_OF(leap_starts_s); i > 0; i--)
        if (seconds >= leap_starts_s[i - 1])
            return 9 + (int64_t)i;
    return 10;
}

int64_t wf_utc_from_tai(int64_t tai_ns)
{
    int64_t seconds = floor_div(tai_ns, WF_NS_PER_S);
    int64_t offset_s = 10;

    for (size_t i = WF_COUNT_OF(leap_starts_s); i > 0; i--) {
        if (seconds >= leap_starts_s[i - 1] + 9 + (int64_t)i) {
            offset_s = 9 + (int64_t)i;
            break;
        }
    }
    if (tai_ns < INT64_MIN + 1 + offset_s * WF_NS_PER_S)
        return INT64_MIN + 1;
    return tai_ns - offset_s * WF_NS_PER_S;
}

void wf_strbuf_add_time(struct wf_strbuf *buf, int64_t utc_ns, int digits)
{
    static const int divisors[] = { 1000000000, 100000000, 10000000, 1000000, 100000,
                                    10000,      1000,      100,      10,      1 };
    struct wf_civil civil;

    if (utc_ns == WF_TIME_NONE) {
        wf_strbuf_add(buf, "-");
        return;
    }
    wf_civil_from_utc(utc_ns, &civil);
    wf_strbuf_addf(buf, "%04d-%02d-%02dT%02d:%02d:%02d", civil.year, civil.month, civil.day,
                   civil.hour, civil.minute, civil.second);
    if (digits > 9)
        digits = 9;
    if (digits > 0)
        wf_strbuf_addf(buf, ".%0*d", digits, civil.nanosecond / divisors[digits]);
    wf_strbuf_add_char(buf, 'Z');
}

void wf_strbuf_add_age(struct wf_strbuf *buf, int64_t ns)
{
    if (ns < 0) {
        wf_strbuf_add_char(buf, '-');
        ns = ns == INT64_MIN ? INT64_MAX : -ns;
    }

    int64_t ms = ns / WF_NS_PER_MS;
    int64_t seconds = ns / WF_NS_PER_S;

    if (ms < 1000)
        wf_strbuf_addf(buf, "%dms", (int)ms);
    else if (seconds < 10)
        wf_strbuf_addf(buf, "%d.%ds", (int)seconds, (int)(ms % 1000 / 100));
    else if (seconds < 60)
        wf_strbuf_addf(buf, "%ds", (int)seconds);
    else if (seconds < 3600)
        wf_strbuf_addf(buf, "%dm%02d", (int)(seconds / 60), (int)(seconds % 60));
    else if (seconds < 86400)
        wf_strbuf_addf(buf, "%dh%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60));
    else
        wf_strbuf_addf(buf, "%dd%02d", (int)(seconds / 86400), (int)(seconds / 3600 % 24));
}
