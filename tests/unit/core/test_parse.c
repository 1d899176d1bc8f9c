/* SPDX-License-Identifier: MIT */
/* Strict numbers: the whole text counts, what does not fit is said to be too large. */

#include "support/unit.h"

#include <locale.h>
#include <math.h>

#include <watchfloor/clock.h>
#include <watchfloor/strbuf.h>

static void whole_numbers_come_in_four_bases(void **state)
{
    static const struct {
        const char *text;
        int want_rc;
        uint64_t want;
    } cases[] = {
        { "0", 0, 0 },
        { "42", 0, 42 },
        { "+7", 0, 7 },
        { "007", 0, 7 },
        { "0x2A", 0, 42 },
        { "0b101010", 0, 42 },
        { "0o52", 0, 42 },
        { "18446744073709551615", 0, UINT64_MAX },
        { "0xffffffffffffffff", 0, UINT64_MAX },
        { "18446744073709551616", WF_ERR_LIMIT, 0 },
        { "", WF_ERR_INVALID, 0 },
        { "-1", WF_ERR_INVALID, 0 },
        { "0x", WF_ERR_INVALID, 0 },
        { "0b2", WF_ERR_INVALID, 0 },
        { " 1", WF_ERR_INVALID, 0 },
        { "1 ", WF_ERR_INVALID, 0 },
        { "1.0", WF_ERR_INVALID, 0 },
        { "++1", WF_ERR_INVALID, 0 },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        uint64_t value = 99;
        struct wf_err err = { 0 };

        assert_int_equal(wf_parse_u64(cases[i].text, &value, &err), cases[i].want_rc);
        assert_int_equal(value, cases[i].want_rc == 0 ? cases[i].want : 99);
        assert_true((err.text[0] != '\0') == (cases[i].want_rc != 0));
    }
}

static void signed_numbers_reach_both_ends(void **state)
{
    int64_t value = 0;

    (void)state;
    assert_int_equal(wf_parse_i64("-9223372036854775808", &value, NULL), 0);
    assert_true(value == INT64_MIN);
    assert_int_equal(wf_parse_i64("9223372036854775807", &value, NULL), 0);
    assert_true(value == INT64_MAX);
    assert_int_equal(wf_parse_i64("-0", &value, NULL), 0);
    assert_true(value == 0);
    assert_int_equal(wf_parse_i64("-0x10", &value, NULL), 0);
    assert_true(value == -16);
    assert_int_equal(wf_parse_i64("9223372036854775808", &value, NULL), WF_ERR_LIMIT);
    assert_int_equal(wf_parse_i64("-9223372036854775809", &value, NULL), WF_ERR_LIMIT);
    assert_int_equal(wf_parse_i64("--1", &value, NULL), WF_ERR_INVALID);
}

static void doubles_take_no_blanks_and_no_hexadecimal(void **state)
{
    static const struct {
        const char *text;
        int want_rc;
        double want;
    } cases[] = {
        { "1", 0, 1 },
        { "-2.5", 0, -2.5 },
        { "1e-6", 0, 1e-6 },
        { ".5", 0, 0.5 },
        { "inf", 0, INFINITY },
        { "-inf", 0, -INFINITY },
        { "1e-400", 0, 0 },
        { "1e400", WF_ERR_LIMIT, 0 },
        { "0x10", WF_ERR_INVALID, 0 },
        { "1,5", WF_ERR_INVALID, 0 },
        { "", WF_ERR_INVALID, 0 },
        { "1 V", WF_ERR_INVALID, 0 },
        { "e", WF_ERR_INVALID, 0 },
        { "1e", WF_ERR_INVALID, 0 },
        { "nan(5)", WF_ERR_INVALID, 0 },
    };
    double value = 0;

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        assert_int_equal(wf_parse_double(cases[i].text, &value, NULL), cases[i].want_rc);
        if (cases[i].want_rc == 0)
            assert_true(value == cases[i].want);
    }
    assert_int_equal(wf_parse_double("nan", &value, NULL), 0);
    assert_true(isnan(value));
}

static void words_for_yes_and_no_are_understood(void **state)
{
    bool value = false;

    (void)state;
    assert_int_equal(wf_parse_bool("Yes", &value, NULL), 0);
    assert_true(value);
    assert_int_equal(wf_parse_bool("off", &value, NULL), 0);
    assert_false(value);
    assert_int_equal(wf_parse_bool("maybe", &value, NULL), WF_ERR_INVALID);
}

static void durations_add_up(void **state)
{
    static const struct {
        const char *text;
        int want_rc;
        int64_t want;
    } cases[] = {
        { "0", 0, 0 },
        { "250ms", 0, 250 * WF_NS_PER_MS },
        { "5s", 0, 5 * WF_NS_PER_S },
        { "1.5s", 0, 1500 * WF_NS_PER_MS },
        { "1h30m", 0, 5400 * WF_NS_PER_S },
        { "7d", 0, 7 * WF_NS_PER_DAY },
        { "10us", 0, 10000 },
        { "106751d", 0, 106751 * WF_NS_PER_DAY },
        { "106752d", WF_ERR_LIMIT, 0 },
        { "5", WF_ERR_INVALID, 0 },
        { "-5s", WF_ERR_INVALID, 0 },
        { "5 s", WF_ERR_INVALID, 0 },
        { "s", WF_ERR_INVALID, 0 },
        { "5y", WF_ERR_INVALID, 0 },
        { "", WF_ERR_INVALID, 0 },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        int64_t value = 0;

        assert_int_equal(wf_parse_duration_ns(cases[i].text, &value, NULL), cases[i].want_rc);
        assert_true(value == cases[i].want);
    }
}

static void sizes_are_powers_of_1024(void **state)
{
    uint64_t value = 0;

    (void)state;
    assert_int_equal(wf_parse_size("4096", &value, NULL), 0);
    assert_int_equal(value, 4096);
    assert_int_equal(wf_parse_size("64K", &value, NULL), 0);
    assert_int_equal(value, 65536);
    assert_int_equal(wf_parse_size("2g", &value, NULL), 0);
    assert_true(value == UINT64_C(2147483648));
    assert_int_equal(wf_parse_size("16777216T", &value, NULL), WF_ERR_LIMIT);
    assert_int_equal(wf_parse_size("64KB", &value, NULL), WF_ERR_INVALID);
    assert_int_equal(wf_parse_size("K", &value, NULL), WF_ERR_INVALID);
}

static void a_decimal_comma_of_the_locale_changes_nothing(void **state)
{
    static const char *const locales[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8" };
    char text[40];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);
    double value = 0;

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(locales); i++)
        if (setlocale(LC_NUMERIC, locales[i]) != NULL)
            break;
    assert_int_equal(wf_parse_double("2.5", &value, NULL), 0);
    assert_true(value == 2.5);
    wf_strbuf_add_double(&buf, 2.5);
    assert_string_equal(text, "2.5");
    (void)setlocale(LC_NUMERIC, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_come_in_four_bases),
        cmocka_unit_test(signed_numbers_reach_both_ends),
        cmocka_unit_test(doubles_take_no_blanks_and_no_hexadecimal),
        cmocka_unit_test(words_for_yes_and_no_are_understood),
        cmocka_unit_test(durations_add_up),
        cmocka_unit_test(sizes_are_powers_of_1024),
        cmocka_unit_test(a_decimal_comma_of_the_locale_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
