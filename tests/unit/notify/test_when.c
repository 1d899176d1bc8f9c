/* SPDX-License-Identifier: MIT */
/* Weekdays and times of day of routes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/clock.h>

#include "when.h"

static int64_t at(const char *text)
{
    int64_t utc_ns = 0;

    assert_int_equal(wf_parse_time(text, 0, &utc_ns, NULL), 0);
    return utc_ns;
}

static struct ntf_when make(const char *days, const char *hours, const char *offset)
{
    struct ntf_when when = { 0 };

    assert_int_equal(ntf_days_parse(days, &when, NULL), 0);
    assert_int_equal(ntf_hours_parse(hours, &when, NULL), 0);
    assert_int_equal(ntf_offset_parse(offset, &when, NULL), 0);
    return when;
}

/* 2026-11-20 is a Friday. */
static void days_and_hours_say_when(void **state)
{
    static const struct {
        const char *days, *hours, *offset, *time;
        bool want;
    } cases[] = {
        { "", "", "Z", "2026-11-20T12:00:00Z", true },
        { "Fri", "", "Z", "2026-11-20T00:00:00Z", true },
        { "Fri", "", "Z", "2026-11-19T23:59:59Z", false },
        { "Mon-Fri", "", "Z", "2026-11-21T12:00:00Z", false },
        { "Sat-Mon", "", "Z", "2026-11-22T12:00:00Z", true },
        { "Sat-Mon", "", "Z", "2026-11-24T12:00:00Z", false },
        { "Mon Wed,fri", "", "Z", "2026-11-20T12:00:00Z", true },
        { "", "08:00-18:00", "Z", "2026-11-20T08:00:00Z", true },
        { "", "08:00-18:00", "Z", "2026-11-20T07:59:59.999Z", false },
        { "", "08:00-18:00", "Z", "2026-11-20T18:00:00Z", false },
        { "", "00:00-24:00", "Z", "2026-11-20T23:59:59Z", true },
        { "", "08:00-12:00 13:00-18:00", "Z", "2026-11-20T12:30:00Z", false },
        { "", "08:00-12:00 13:00-18:00", "Z", "2026-11-20T13:30:00Z", true },
        { "", "22:00-06:00", "Z", "2026-11-20T23:00:00Z", true },
        { "", "22:00-06:00", "Z", "2026-11-20T05:59:00Z", true },
        { "", "22:00-06:00", "Z", "2026-11-20T06:00:00Z", false },
        /* The night of Friday goes on into Saturday; that of Thursday is none of it. */
        { "Fri", "22:00-06:00", "Z", "2026-11-21T03:00:00Z", true },
        { "Fri", "22:00-06:00", "Z", "2026-11-20T03:00:00Z", false },
        /* 23:00 UTC is one in the morning of the next day, two hours to the east. */
        { "Sat", "", "+02:00", "2026-11-20T23:00:00Z", true },
        { "", "08:00-18:00", "+02:00", "2026-11-20T06:00:00Z", true },
        { "", "08:00-18:00", "-05:30", "2026-11-20T13:00:00Z", false },
        { "", "08:00-18:00", "-05:30", "2026-11-20T13:30:00Z", true },
        { "Thu", "", "Z", "1970-01-01T00:00:00Z", true },
        { "Wed", "", "Z", "1969-12-31T23:00:00Z", true },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct ntf_when when = make(cases[i].days, cases[i].hours, cases[i].offset);

        if (ntf_when_is(&when, at(cases[i].time)) != cases[i].want)
            fail_msg("case %zu: %s %s %s at %s", i, cases[i].days, cases[i].hours, cases[i].offset,
                     cases[i].time);
    }
}

static void a_span_ends_where_it_says(void **state)
{
    static const struct {
        const char *days, *hours, *offset, *time, *end;
    } cases[] = {
        { "", "22:00-06:00", "Z", "2026-11-20T23:00:10Z", "2026-11-21T06:00:00Z" },
        { "", "22:00-06:00", "Z", "2026-11-20T05:30:00Z", "2026-11-20T06:00:00Z" },
        { "", "22:00-06:00", "Z", "2026-11-20T12:00:00Z", "2026-11-20T12:00:00Z" },
        { "", "22:00-06:00 06:00-07:00", "Z", "2026-11-20T23:00:00Z", "2026-11-21T07:00:00Z" },
        { "Fri", "22:00-06:00", "Z", "2026-11-20T23:00:00Z", "2026-11-21T06:00:00Z" },
        { "", "22:00-06:00", "+02:00", "2026-11-20T23:00:00.5Z", "2026-11-21T04:00:00Z" },
        { "Sat Sun", "00:00-24:00", "Z", "2026-11-21T12:00:00Z", "2026-11-23T00:00:00Z" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct ntf_when when = make(cases[i].days, cases[i].hours, cases[i].offset);

        if (ntf_when_end(&when, at(cases[i].time)) != at(cases[i].end))
            fail_msg("case %zu: %s from %s ends at %lld", i, cases[i].hours, cases[i].time,
                     (long long)ntf_when_end(&when, at(cases[i].time)));
    }
}

static void a_span_without_end_ends_all_the_same(void **state)
{
    struct ntf_when when = make("", "00:00-24:00", "Z");
    int64_t from = at("2026-11-20T12:00:00Z");

    (void)state;
    assert_true(ntf_when_end(&when, from) > from);
}

static void nonsense_is_refused_with_what_was_expected(void **state)
{
    static const struct {
        int (*parse)(const char *text, struct ntf_when *when, struct wf_err *err);
        const char *text, *words;
    } cases[] = {
        { ntf_days_parse, "Someday", "expected Mon" },
        { ntf_days_parse, "Mon-", "no day" },
        { ntf_days_parse, "-Mon", "no day" },
        { ntf_hours_parse, "8-18", "HH:MM" },
        { ntf_hours_parse, "08:00-25:00", "HH:MM" },
        { ntf_hours_parse, "08:60-09:00", "HH:MM" },
        { ntf_hours_parse, "08:00-08:00", "HH:MM" },
        { ntf_hours_parse, "24:00-08:00", "HH:MM" },
        { ntf_hours_parse, "08:00-18:000", "HH:MM" },
        { ntf_hours_parse,
          "01:00-02:00 01:00-02:00 01:00-02:00 01:00-02:00 01:00-02:00 01:00-02:00 01:00-02:00 "
          "01:00-02:00 01:00-02:00",
          "more than 8" },
        { ntf_offset_parse, "CET", "no offset" },
        { ntf_offset_parse, "+2", "no offset" },
        { ntf_offset_parse, "+15:00", "no offset" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct ntf_when when = { 0 };
        struct wf_err err = { 0 };

        assert_true(cases[i].parse(cases[i].text, &when, &err) < 0);
        if (strstr(err.text, cases[i].words) == NULL)
            fail_msg("'%s': '%s'", cases[i].text, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_and_hours_say_when),
        cmocka_unit_test(a_span_ends_where_it_says),
        cmocka_unit_test(a_span_without_end_ends_all_the_same),
        cmocka_unit_test(nonsense_is_refused_with_what_was_expected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
