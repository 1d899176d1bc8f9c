/* SPDX-License-Identifier: MIT */
/* Which alarms a route takes, and the steps of an escalation. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/clock.h>

#include "escalation.h"

static void an_alarm_s_name_has_its_parts(void **state)
{
    static const struct {
        const char *alarm, *source, *subsystem, *parameter, *kind;
    } cases[] = {
        { "sat1.power.bus_voltage LIMIT", "sat1", "power", "bus_voltage", "LIMIT" },
        { "power.bus_voltage LIMIT", "main", "power", "bus_voltage", "LIMIT" },
        { "sat1.power STALE", "sat1", "power", "", "STALE" },
        { "power GAP", "main", "power", "", "GAP" },
        { "sat1.power.link_down RULE", "sat1", "power", "link_down", "RULE" },
        { "sat1.power.cells[3] LIMIT", "sat1", "power", "cells[3]", "LIMIT" },
        { "", "", "", "", "" },
        { "LIMIT", "", "", "", "" },
        { "a.b.c", "a", "b", "c", "" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct ntf_name name;

        ntf_name_split(cases[i].alarm, &name);
        assert_string_equal(name.source, cases[i].source);
        assert_string_equal(name.subsystem, cases[i].subsystem);
        assert_string_equal(name.parameter, cases[i].parameter);
        assert_string_equal(name.kind, cases[i].kind);
    }
}

static void a_filter_takes_by_severity_name_and_kind(void **state)
{
    static const struct {
        const char *severity, *kinds, *alarms, *except, *alarm;
        unsigned now;
        bool want;
    } cases[] = {
        { "1", "", "*", "", "main.power.bus LIMIT", 1, true },
        { "1", "", "*", "", "main.power.bus LIMIT", 0, false },
        { "4", "", "*", "", "main.power.bus LIMIT", 3, false },
        { "4", "", "*", "", "main.power.bus LIMIT", 5, true },
        { "2..3", "", "*", "", "main.power.bus LIMIT", 4, false },
        { "2..3", "", "*", "", "main.power.bus LIMIT", 3, true },
        { "1", "LIMIT RATE", "*", "", "main.power.bus RATE", 2, true },
        { "1", "limit,rate", "*", "", "main.power STALE", 2, false },
        { "1", "", "power thermal", "", "sat1.power.bus LIMIT", 2, true },
        { "1", "", "sat2.power", "", "sat1.power.bus LIMIT", 2, false },
        { "1", "", "power.bus", "", "sat1.power.bus LIMIT", 2, true },
        { "1", "", "power.bus", "", "sat1.power.cell LIMIT", 2, false },
        { "1", "", "power.bus", "", "sat1.power STALE", 2, false },
        { "1", "", "power", "", "sat1.power STALE", 2, true },
        { "1", "", "*", "power.b*", "sat1.power.bus LIMIT", 2, false },
        { "1", "", "*", "power.b*", "sat1.power.cell LIMIT", 2, true },
        { "1", "", "", "", "sat1.power.cell LIMIT", 2, false },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct ntf_filter filter = { .alarms = cases[i].alarms, .except = cases[i].except };
        struct ntf_name name;

        assert_int_equal(ntf_severity_parse(cases[i].severity, &filter, NULL), 0);
        assert_int_equal(ntf_kinds_parse(cases[i].kinds, &filter, NULL), 0);
        ntf_name_split(cases[i].alarm, &name);
        if (ntf_filter_takes(&filter, &name, cases[i].now) != cases[i].want)
            fail_msg("case %zu", i);
    }
}

static const char *const routes[] = { "bell", "shift", "lead" };

static void an_escalation_is_read(void **state)
{
    struct ntf_escalation out = { 0 };

    (void)state;
    assert_int_equal(
        ntf_escalation_parse("0s bell; 2m if unack: route shift; 10m if active: route lead, Shift; "
                             "repeat 15m",
                             routes, 3, &out, NULL),
        0);
    assert_int_equal(out.step_count, 3);
    assert_true(out.steps[0].after_ns == 0 && out.steps[0].routes == 1);
    assert_true(out.steps[1].after_ns == 120 * WF_NS_PER_S && out.steps[1].routes == 2);
    assert_false(out.steps[1].is_only_active);
    assert_true(out.steps[2].is_only_active && out.steps[2].routes == 6);
    assert_true(out.repeat_ns == 900 * WF_NS_PER_S);
    assert_int_equal(ntf_escalation_parse("0s:\n  bell;", routes, 3, &out, NULL), 0);
    assert_int_equal(out.step_count, 1);
    assert_true(out.repeat_ns == 0);
}

static void steps_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "", "no step" },
        { " ; ", "no step" },
        { "bell", "begins with a time" },
        { "0s", "names no route" },
        { "0s: route", "names no route" },
        { "0s: bel", "did you mean 'bell'" },
        { "0s: nobody", "no [route nobody]" },
        { "5m: bell; 2m: lead", "goes back in time" },
        { "0s if maybe: bell", "expected unack or active" },
        { "0s if unack", "behind its 'if'" },
        { "repeat 1m; 0s: bell", "repeat is the last" },
        { "0s: bell; repeat", "expected a time" },
        { "0s: bell; repeat 10ms", "too often" },
        { "0s: bell; repeat 1m lead", "too much" },
        { "0s:bell;0s:bell;0s:bell;0s:bell;0s:bell;0s:bell;0s:bell;0s:bell;0s:bell;0s:bell;"
          "0s:bell;0s:bell;0s:bell;0s:bell;0s:bell;0s:bell;0s:bell",
          "more than 16" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct ntf_escalation out = { 0 };
        struct wf_err err = { 0 };

        assert_true(ntf_escalation_parse(cases[i].text, routes, 3, &out, &err) < 0);
        if (strstr(err.text, cases[i].words) == NULL)
            fail_msg("'%s': '%s'", cases[i].text, err.text);
    }
}

static void severities_and_kinds_that_are_none_are_refused(void **state)
{
    static const char *const severities[] = { "", "x", "6", "4..2", "1..9", "-1", "2.." };
    struct ntf_filter filter;

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(severities); i++)
        assert_true(ntf_severity_parse(severities[i], &filter, NULL) < 0);
    assert_true(ntf_kinds_parse("LIMIT LIMITS", &filter, NULL) < 0);
    assert_true(ntf_kinds_parse("ABCDEFGHIJKLMNOPQRSTUVWXYZ", &filter, NULL) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alarm_s_name_has_its_parts),
        cmocka_unit_test(a_filter_takes_by_severity_name_and_kind),
        cmocka_unit_test(an_escalation_is_read),
        cmocka_unit_test(steps_that_make_no_sense_are_refused),
        cmocka_unit_test(severities_and_kinds_that_are_none_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
