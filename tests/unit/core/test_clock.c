/* SPDX-License-Identifier: MIT */
/* Civil dates, leap seconds, times as text and back. */

#include "support/unit.h"

#include <watchfloor/clock.h>

/* 2026-11-20T18:06:52.123456789Z */
#define SOME_TIME INT64_C(1795198012123456789)

static void civil_dates_go_there_and_back(void **state)
{
    static const int64_t times[] = {
        0,
        -1,
        SOME_TIME,
        INT64_C(951782400) * WF_NS_PER_S, /* 2000-02-29 */
        INT64_MAX,
        INT64_MIN + 1,
        -WF_NS_PER_DAY,
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(times); i++) {
        struct wf_civil civil;

        wf_civil_from_utc(times[i], &civil);
        assert_true(civil.month >= 1 && civil.month <= 12 && civil.nanosecond >= 0);
        assert_true(wf_utc_from_civil(&civil) == times[i]);
    }
}

static void times_print_as_iso_8601(void **state)
{
    static const struct {
        int64_t utc_ns;
        int digits;
        const char *want;
    } cases[] = {
        { SOME_TIME, 0, "2026-11-20T18:06:52Z" },
        { SOME_TIME, 3, "2026-11-20T18:06:52.123Z" },
        { SOME_TIME, 6, "2026-11-20T18:06:52.123456Z" },
        { SOME_TIME, 9, "2026-11-20T18:06:52.123456789Z" },
        { -1, 3, "1969-12-31T23:59:59.999Z" },
        { WF_TIME_NONE, 3, "-" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[40];
        struct wf_strbuf buf = WF_STRBUF_FIXED(text);

        wf_strbuf_add_time(&buf, cases[i].utc_ns, cases[i].digits);
        assert_string_equal(text, cases[i].want);
    }
}

static void ages_are_short(void **state)
{
    static const struct {
        int64_t ns;
        const char *want;
    } cases[] = {
        { 0, "0ms" },
        { 12 * WF_NS_PER_MS, "12ms" },
        { 3450 * WF_NS_PER_MS, "3.4s" },
        { 14 * WF_NS_PER_S, "14s" },
        { 110 * WF_NS_PER_S, "1m50" },
        { 7500 * WF_NS_PER_S, "2h05" },
        { 76 * 3600 * WF_NS_PER_S, "3d04" },
        { -5 * WF_NS_PER_S, "-5.0s" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[40];
        struct wf_strbuf buf = WF_STRBUF_FIXED(text);

        wf_strbuf_add_age(&buf, cases[i].ns);
        assert_string_equal(text, cases[i].want);
    }
}

static void times_are_read_as_people_write_them(void **state)
{
    const int64_t midnight = wf_utc_day_start(SOME_TIME);
    const struct {
        const char *text;
        int64_t want;
    } cases[] = {
        { "2026-11-20T18:06:52.123456789Z", SOME_TIME },
        { "2026-11-20 18:06:52.123456789", SOME_TIME },
        { "2026-11-20T20:06:52.123456789+02:00", SOME_TIME },
        { "2026-11-20T12:36:52.123456789-0530", SOME_TIME },
        { "2026-11-20T18:06Z", SOME_TIME / (60 * WF_NS_PER_S) * (60 * WF_NS_PER_S) },
        { "2026-11-20", midnight },
        { "now", SOME_TIME },
        { "now-1h30m", SOME_TIME - 5400 * WF_NS_PER_S },
        { "now+5s", SOME_TIME + 5 * WF_NS_PER_S },
        { "today", midnight },
        { "yesterday", midnight - WF_NS_PER_DAY },
        { "@1700000000.5", INT64_C(1700000000500000000) },
        { "@-1", -WF_NS_PER_S },
        { "2016-12-31T23:59:60Z", INT64_C(1483228800) * WF_NS_PER_S },
    };
    static const char *const bad[] = {
        "",
        "tomorrow",
        "2026-13-01",
        "2026-02-30",
        "2026-11-20T",
        "2026-11-20T25:00",
        "now-",
        "now 1h",
        "now-1x",
        "@",
        "@abc",
        "1500-01-01",
        "3000-01-01",
        "2026-11-20T18:06:52.Z",
        "20-11-2026",
        "@99999999999",
        "now-106751d",
        "2026-11-20T18:06:52Zx",
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        int64_t got = 0;
        struct wf_err err = { 0 };

        assert_int_equal(wf_parse_time(cases[i].text, SOME_TIME, &got, &err), 0);
        assert_true(got == cases[i].want);
    }
    for (size_t i = 0; i < WF_COUNT_OF(bad); i++) {
        int64_t got = 1;
        struct wf_err err = { 0 };
        int rc = wf_parse_time(bad[i], strcmp(bad[i], "now-106751d") == 0 ? -SOME_TIME : SOME_TIME,
                               &got, &err);

        if (rc != WF_ERR_INVALID || got != 1)
            fail_msg("'%s' was taken", bad[i]);
        assert_non_null(strstr(err.text, bad[i]));
    }
}

static void leap_seconds_follow_the_table(void **state)
{
    static const struct {
        const char *utc;
        int64_t want;
    } cases[] = {
        { "1970-01-01", 10 }, { "1972-01-01", 10 },          { "1972-07-01", 11 },
        { "1980-01-06", 19 }, { "1998-12-31T23:59:59", 31 }, { "1999-01-01", 32 },
        { "2016-12-31", 36 }, { "2017-01-01", 37 },          { "2026-01-01", 37 },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        int64_t utc_ns;

        assert_int_equal(wf_parse_time(cases[i].utc, 0, &utc_ns, NULL), 0);
        assert_int_equal(wf_tai_minus_utc_s(utc_ns), cases[i].want);
        assert_true(wf_utc_from_tai(utc_ns + cases[i].want * WF_NS_PER_S) == utc_ns);
    }
}

static void the_monotonic_clock_does_not_go_back(void **state)
{
    int64_t before = wf_mono_now_ns();

    (void)state;
    assert_true(wf_mono_now_ns() >= before);
    assert_true(wf_utc_now_ns() > INT64_C(1600000000) * WF_NS_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(civil_dates_go_there_and_back),
        cmocka_unit_test(times_print_as_iso_8601),
        cmocka_unit_test(ages_are_short),
        cmocka_unit_test(times_are_read_as_people_write_them),
        cmocka_unit_test(leap_seconds_follow_the_table),
        cmocka_unit_test(the_monotonic_clock_does_not_go_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
