/* SPDX-License-Identifier: MIT */
/* Names, globs and patterns. */

#include "support/unit.h"

#include <watchfloor/names.h>

static void names_are_letters_digits_and_underscores(void **state)
{
    static const struct {
        const char *name;
        bool is_good;
    } cases[] = {
        { "bus_voltage", true },
        { "_x9", true },
        { "A", true },
        { "", false },
        { "9a", false },
        { "a.b", false },
        { "a b", false },
        { "caf\xc3\xa9", false },
        { "a23456789_123456789_123456789_123456789_12345678", true },
        { "a23456789_123456789_123456789_123456789_123456789", false },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++)
        assert_int_equal(wf_name_check(cases[i].name, NULL), cases[i].is_good ? 0 : WF_ERR_INVALID);
}

static void instances_are_lower_case(void **state)
{
    (void)state;
    assert_int_equal(wf_instance_check("ops-2", NULL), 0);
    assert_int_equal(wf_instance_check("", NULL), WF_ERR_INVALID);
    assert_int_equal(wf_instance_check("Ops", NULL), WF_ERR_INVALID);
    assert_int_equal(wf_instance_check("a/b", NULL), WF_ERR_INVALID);
    assert_int_equal(wf_instance_check("a.b", NULL), WF_ERR_INVALID);
    assert_int_equal(wf_instance_check("1234567890123456789012345678901", NULL), 0);
    assert_int_equal(wf_instance_check("12345678901234567890123456789012", NULL), WF_ERR_INVALID);
}

static void any_text_becomes_a_name(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "bus voltage", "bus_voltage" },
        { "", "_" },
        { "9V", "_9V" },
        { "-x", "_x" },
        { "a.b[3]", "a_b_3_" },
        { "*", "_" },
        { "a23456789_123456789_123456789_123456789_123456789",
          "a23456789_123456789_123456789_123456789_12345678" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char name[WF_NAME_SIZE];

        wf_name_from_text(cases[i].text, name);
        assert_string_equal(name, cases[i].want);
        assert_int_equal(wf_name_check(name, NULL), 0);
    }
}

static void globs_match_without_case(void **state)
{
    static const struct {
        const char *glob, *text;
        bool want;
    } cases[] = {
        { "*", "", true },
        { "*", "anything", true },
        { "bus*", "BUS_voltage", true },
        { "*volt*", "bus_voltage", true },
        { "*volt", "bus_voltage", false },
        { "cell?", "cell3", true },
        { "cell?", "cell", false },
        { "cell[1-3]", "cell2", true },
        { "cell[1-3]", "cell4", false },
        { "cell[!1-3]", "cell4", true },
        { "[A-C]x", "bX", true },
        { "a[", "a[", true },
        { "", "", true },
        { "", "a", false },
        { "a*b*c", "aXXbYYc", true },
        { "a*b*c", "aXXbYY", false },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++)
        if (wf_glob_match(cases[i].glob, cases[i].text) != cases[i].want)
            fail_msg("'%s' against '%s'", cases[i].glob, cases[i].text);
}

static void a_hostile_glob_costs_no_time(void **state)
{
    (void)state;
    assert_false(wf_glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
                               "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void patterns_have_one_two_or_three_parts(void **state)
{
    static const struct {
        const char *pattern, *source, *subsystem, *parameter;
        bool want;
    } cases[] = {
        { "power", "main", "power", NULL, true },
        { "power", "sat1", "power", "bus_voltage", true },
        { "power", "main", "thermal", NULL, false },
        { "power.bus*", "main", "power", "bus_voltage", true },
        { "power.bus*", "sat1", "power", "bus_voltage", true },
        { "power.bus*", "main", "power", "mode", false },
        { "power.bus*", "main", "power", NULL, true },
        { "sat1.power", "sat1", "power", "mode", true },
        { "sat1.power", "sat1", "power", NULL, true },
        { "sat1.power", "sat2", "power", NULL, false },
        { "sat?.*.mode", "sat1", "power", "mode", true },
        { "sat?.*.mode", "sat1", "power", "bus_voltage", false },
        { "sat1.power.mode", "SAT1", "Power", "MODE", true },
        { "*", "main", "power", "mode", true },
        { "a.b.c.d", "a", "b", "c", false },
        { "", "main", "power", NULL, false },
        { "power.cell[1.3]", "main", "power", "cell3", true },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++)
        if (wf_pattern_match(cases[i].pattern, cases[i].source, cases[i].subsystem,
                             cases[i].parameter) != cases[i].want)
            fail_msg("'%s' against %s.%s.%s", cases[i].pattern, cases[i].source, cases[i].subsystem,
                     cases[i].parameter != NULL ? cases[i].parameter : "(none)");
}

static void the_source_main_is_left_out(void **state)
{
    char text[WF_FULL_NAME_SIZE];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    (void)state;
    wf_strbuf_add_name(&buf, "main", "power", "bus_voltage");
    assert_string_equal(text, "power.bus_voltage");
    wf_strbuf_clear(&buf);
    wf_strbuf_add_name(&buf, "sat1", "power", NULL);
    assert_string_equal(text, "sat1.power");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_letters_digits_and_underscores),
        cmocka_unit_test(instances_are_lower_case),
        cmocka_unit_test(any_text_becomes_a_name),
        cmocka_unit_test(globs_match_without_case),
        cmocka_unit_test(a_hostile_glob_costs_no_time),
        cmocka_unit_test(patterns_have_one_two_or_three_parts),
        cmocka_unit_test(the_source_main_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
