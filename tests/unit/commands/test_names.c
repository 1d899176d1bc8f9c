/* SPDX-License-Identifier: MIT */
/* Alarms by the names that people type. */

#include "support/unit.h"

#include "desk.h"

static void names_mean_what_people_expect(void **state)
{
    static const struct {
        const char *pattern, *alarm;
        bool want;
    } cases[] = {
        { "main.power.volts LIMIT", "main.power.volts LIMIT", true },
        { "MAIN.Power.volts limit", "main.power.volts LIMIT", true },
        { "power.volts LIMIT", "main.power.volts LIMIT", true },
        { "power.volts RATE", "main.power.volts LIMIT", false },
        { "power.volts", "main.power.volts LIMIT", true },
        { "power.volt", "main.power.volts LIMIT", false },
        { "power.*", "main.power.volts LIMIT", true },
        { "power", "main.power.volts LIMIT", true },
        { "main.power", "main.power.volts LIMIT", true },
        { "sat1.power", "main.power.volts LIMIT", false },
        { "*.power.volts", "sat1.power.volts LIMIT", true },
        { "*.volts", "sat1.power.volts LIMIT", true },
        { "power.volts", "sat1.power.volts LIMIT", true },
        { "* LIMIT", "sat1.power.volts LIMIT", true },
        { "* L*", "sat1.power.volts LIMIT", true },
        { "* RULE", "sat1.power.volts LIMIT", false },
        { "*", "sat1.power.volts LIMIT", true },
        { "power", "main.power STALE", true },
        { "main.power", "main.power STALE", true },
        { "main.power STALE", "main.power STALE", true },
        { "power STALE", "main.power STALE", true },
        { "power.volts", "main.power STALE", false },
        { "power.*", "main.power STALE", false },
        { "sat1.*", "sat1.power STALE", true },
        { "main.power.volts", "main.power STALE", false },
        { "", "main.power STALE", false },
        { "power", "nonsense", false },
        { "power", "", false },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        if (desk_name_match(cases[i].pattern, cases[i].alarm) != cases[i].want)
            fail_msg("'%s' and '%s': expected %d", cases[i].pattern, cases[i].alarm, cases[i].want);
    }
}

static void a_kind_behind_a_name_belongs_to_it(void **state)
{
    char a[] = "power.volts", b[] = "limit", c[] = "power.mode", d[] = "STATES", e[] = "RULE",
         f[] = "x";
    char *operands[] = { a, b, c, d, e, f };

    (void)state;
    assert_int_equal(desk_join_names(operands, 6), 4);
    assert_string_equal(operands[0], "power.volts limit");
    assert_string_equal(operands[1], "power.mode STATES");
    assert_string_equal(operands[2], "RULE"); /* nothing before it that it could belong to */
    assert_string_equal(operands[3], "x");
    free(operands[0]);
    free(operands[1]);
}

static void the_source_main_is_not_said(void **state)
{
    (void)state;
    assert_string_equal(desk_short_name("main.power.volts LIMIT"), "power.volts LIMIT");
    assert_string_equal(desk_short_name("sat1.power.volts LIMIT"), "sat1.power.volts LIMIT");
    assert_string_equal(desk_short_name("mainly.power STALE"), "mainly.power STALE");
}

/* One that is found, in a state. */
static struct desk_found found(const char *name, const char *state, const char *mark)
{
    json_t *marks = json_array();

    if (mark != NULL)
        (void)json_array_append_new(marks, json_string(mark));
    return (struct desk_found){ "main", json_pack("{s:s,s:s,s:o}", "alarm", name, "state", state,
                                                  "marks", marks) };
}

static void of_several_a_plain_name_means_the_one_that_is_not_normal(void **state)
{
    struct desk_found list[] = {
        found("main.power.volts INVALID", "NORMAL", NULL),
        found("main.power.volts LIMIT", "ACTIVE_UNACK", NULL),
        found("main.power.volts RATE", "NORMAL", NULL),
    };
    struct desk_find find = { list, WF_COUNT_OF(list) };

    (void)state;
    assert_int_equal(desk_prefer("power.volts", &find), 1);
    assert_int_equal(desk_prefer("power.volts RATE", &find), 2);
    assert_int_equal(desk_prefer("power.*", &find), -1);
    assert_int_equal(desk_prefer("power", &find), -1);
    json_decref(list[2].alarm);
    list[2] = found("main.power.volts RATE", "NORMAL", "SHELVED");
    assert_int_equal(desk_prefer("power.volts", &find), -1);
    find.count = 1;
    assert_int_equal(desk_prefer("anything", &find), 0);
    for (size_t i = 0; i < WF_COUNT_OF(list); i++)
        json_decref(list[i].alarm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_mean_what_people_expect),
        cmocka_unit_test(a_kind_behind_a_name_belongs_to_it),
        cmocka_unit_test(the_source_main_is_not_said),
        cmocka_unit_test(of_several_a_plain_name_means_the_one_that_is_not_normal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
