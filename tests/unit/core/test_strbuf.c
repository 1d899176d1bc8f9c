/* SPDX-License-Identifier: MIT */
/* Text buffers: fixed ones cut, growing ones stop at their ceiling, doubles read back. */

#include "support/unit.h"

#include <float.h>
#include <math.h>

#include <watchfloor/strbuf.h>

static void a_fixed_buffer_cuts_and_remembers_it(void **state)
{
    char array[8];
    struct wf_strbuf buf = WF_STRBUF_FIXED(array);

    (void)state;
    assert_string_equal(buf.text, "");
    wf_strbuf_addf(&buf, "%d-%s", 12, "abc");
    assert_string_equal(array, "12-abc");
    assert_false(buf.was_cut);
    wf_strbuf_add(&buf, "xyz");
    assert_string_equal(array, "12-abcx");
    assert_int_equal(buf.len, 7);
    assert_true(buf.was_cut);
    wf_strbuf_clear(&buf);
    assert_string_equal(array, "");
    assert_false(buf.was_cut);
}

static void a_cut_never_splits_a_character(void **state)
{
    char array[4];
    struct wf_strbuf buf = WF_STRBUF_FIXED(array);

    (void)state;
    wf_strbuf_add(&buf, "ab\xc3\xa9");
    assert_string_equal(array, "ab");
    assert_true(buf.was_cut);
    assert_false(wf_copy_text(array, sizeof(array), "\xe2\x82\xac\xe2\x82\xac"));
    assert_string_equal(array, "\xe2\x82\xac");
    assert_true(wf_copy_text(array, sizeof(array), "abc"));
    assert_string_equal(array, "abc");
}

static void a_growing_buffer_grows_to_its_ceiling_and_no_further(void **state)
{
    struct wf_strbuf buf;

    (void)state;
    wf_strbuf_init(&buf, 1000);
    assert_string_equal(buf.text, "");
    for (int i = 0; i < 99; i++)
        wf_strbuf_add(&buf, "0123456789");
    assert_int_equal(buf.len, 990);
    assert_false(buf.was_cut);
    wf_strbuf_add(&buf, "0123456789");
    assert_int_equal(buf.len, 999);
    assert_true(buf.was_cut);
    wf_strbuf_fini(&buf);
    assert_string_equal(buf.text, "");
    wf_strbuf_fini(&buf);
}

static void long_formatted_text_arrives_whole(void **state)
{
    struct wf_strbuf buf;
    char tail[1200];

    (void)state;
    memset(tail, 't', sizeof(tail) - 1);
    tail[sizeof(tail) - 1] = '\0';
    wf_strbuf_init(&buf, 4096);
    wf_strbuf_addf(&buf, "%s!", tail);
    assert_int_equal(buf.len, sizeof(tail));
    assert_int_equal(buf.text[buf.len - 1], '!');
    for (int i = 0; i < 4; i++)
        wf_strbuf_addf(&buf, "%s!", tail);
    assert_int_equal(buf.len, 4095);
    assert_true(buf.was_cut);
    wf_strbuf_fini(&buf);
}

static void a_zeroed_buffer_takes_nothing_and_does_no_harm(void **state)
{
    struct wf_strbuf buf = { 0 };

    (void)state;
    wf_strbuf_add(&buf, "text");
    assert_true(buf.was_cut);
    wf_strbuf_fini(&buf);
}

static void names_compare_without_case(void **state)
{
    (void)state;
    assert_int_equal(wf_casecmp("Bus_Voltage", "bus_VOLTAGE"), 0);
    assert_true(wf_casecmp("a", "B") < 0);
    assert_true(wf_casecmp("ab", "a") > 0);
    assert_true(wf_casecmp("\xc3\x84", "\xc3\xa4") != 0);
}

/* The way that is quick for a few decimals says what printf says. */
static void short_decimals_are_written_as_printf_does(void **state)
{
    static const double scales[] = { 1, 10, 100, 1000, 10000, 100000 };
    char text[64], want[64];

    (void)state;
    for (size_t k = 0; k < WF_COUNT_OF(scales); k++) {
        for (int64_t i = -20000; i <= 200000000; i = i < 20000 ? i + 7 : i * 3 + 1) {
            struct wf_strbuf buf = WF_STRBUF_FIXED(text);
            double value = (double)i / scales[k];

            wf_strbuf_add_double(&buf, value);
            (void)snprintf(want, sizeof(want), "%.15g", value);
            assert_string_equal(text, want);
        }
    }
}

static void doubles_are_short_and_read_back_the_same(void **state)
{
    static const struct {
        double value;
        const char *want;
    } cases[] = {
        { 0.0, "0" },         { -0.0, "-0" },      { 0.1, "0.1" },
        { 16.25, "16.25" },   { 1e300, "1e+300" }, { 1.0 / 3.0, "0.3333333333333333" },
        { NAN, "nan" },       { INFINITY, "inf" }, { -INFINITY, "-inf" },
        { 5e-324, "5e-324" },
    };
    static const double others[] = { DBL_MAX, DBL_MIN, 0.1 + 0.2, 1e-17, 123456789.123456789 };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[40];
        struct wf_strbuf buf = WF_STRBUF_FIXED(text);

        wf_strbuf_add_double(&buf, cases[i].value);
        assert_string_equal(text, cases[i].want);
    }
    for (size_t i = 0; i < WF_COUNT_OF(others); i++) {
        char text[40];
        struct wf_strbuf buf = WF_STRBUF_FIXED(text);
        double back = 0;

        wf_strbuf_add_double(&buf, others[i]);
        assert_int_equal(wf_parse_double(text, &back, NULL), 0);
        assert_true(back == others[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fixed_buffer_cuts_and_remembers_it),
        cmocka_unit_test(a_cut_never_splits_a_character),
        cmocka_unit_test(a_growing_buffer_grows_to_its_ceiling_and_no_further),
        cmocka_unit_test(long_formatted_text_arrives_whole),
        cmocka_unit_test(a_zeroed_buffer_takes_nothing_and_does_no_harm),
        cmocka_unit_test(names_compare_without_case),
        cmocka_unit_test(short_decimals_are_written_as_printf_does),
        cmocka_unit_test(doubles_are_short_and_read_back_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
