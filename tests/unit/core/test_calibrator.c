/* SPDX-License-Identifier: MIT */
/* Calibrators there and back, enumerations, limits. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/schema_text.h"

static struct wf_schema *calibrated(const char *keys)
{
    char text[600];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    wf_strbuf_addf(&buf, "[subsystem]\n[parameter x]\ncalibrator = c\n[calibrator c]\n%s", keys);
    return schema_of("x.ini", text);
}

static void raw_becomes_engineering(void **state)
{
    static const struct {
        const char *keys;
        double raw, want;
        bool is_covered;
    } cases[] = {
        { "polynomial = 5\n", 100, 5, true },
        { "polynomial = 1 2 3\n", 2, 17, true },
        { "polynomial = 0 0.01\n", 3300, 33, true },
        { "polynomial = 1 2\n", (double)INFINITY, (double)INFINITY, true },
        { "polynomial = 1 0 -2 0\n", -(double)INFINITY, -(double)INFINITY, true },
        { "polynomial = 5 0\n", (double)INFINITY, 5, true },
        { "table = 0:0 10:100 20:50\n", 5, 50, true },
        { "table = 0:0 10:100 20:50\n", 10, 100, true },
        { "table = 0:0 10:100 20:50\n", 20, 50, true },
        { "table = 0:0 10:100 20:50\n", 20.001, 0, false },
        { "table = 0:0 10:100 20:50\n", -1, 0, false },
        { "table = 0:0 10:100 20:50\n", (double)NAN, 0, false },
        { "table = 0:0 10:100 20:50\nextrapolate = yes\n", 22, 40, true },
        { "table = 0:0 10:100 20:50\nextrapolate = yes\n", -1, -10, true },
        { "table = 0:1 10:2 20:3\ninterpolate = step\n", 9.9, 1, true },
        { "table = 0:1 10:2 20:3\ninterpolate = step\n", 10, 2, true },
        { "table = 0:1 10:2 20:3\ninterpolate = step\nextrapolate = yes\n", 99, 3, true },
        { "table = 0:7\ninterpolate = step\n", 0, 7, true },
        /* curves through points of x^2 and x^3 give them back */
        { "table = 0:0 1:1 2:4 3:9 5:25\ninterpolate = quadratic\n", 4, 16, true },
        { "table = 0:0 1:1 2:4 3:9 5:25\ninterpolate = quadratic\n", 0.5, 0.25, true },
        { "table = 0:0 1:1 2:8 3:27 5:125\ninterpolate = cubic\n", 4, 64, true },
        { "table = 0:0 1:1 2:8 3:27 5:125\ninterpolate = cubic\n", 0.5, 0.125, true },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_schema *schema = calibrated(cases[i].keys);
        double out = -12345;

        assert_int_equal(wf_calibrate(&schema->calibrators[0], cases[i].raw, &out),
                         cases[i].is_covered);
        if (!cases[i].is_covered)
            assert_true(out == -12345);
        else if (fabs(out - cases[i].want) > 1e-9)
            fail_msg("%s at %g gave %g", cases[i].keys, cases[i].raw, out);
        wf_schema_free(&schema);
    }
}

static void engineering_leads_back_to_raw(void **state)
{
    static const char *const keys[] = {
        "polynomial = -40 0.5\n",
        "polynomial = 10 0.1 0.001\n",
        "polynomial = 100 -0.02 -0.000001\n",
        "polynomial = 0 0.01 0 0.0000001\n",
        "table = 0:0 100:50 4095:60\n",
        "table = 0:100 100:50 4095:-60\n",
        "table = 0:0 1000:10 2000:30 4095:90\ninterpolate = quadratic\n",
        "table = 0:0 1000:10 2000:30 4095:90\ninterpolate = cubic\n",
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(keys); i++) {
        struct wf_schema *schema = calibrated(keys[i]);
        const struct wf_calibrator *calibrator = &schema->calibrators[0];

        for (double raw = 0; raw <= 4095; raw += 13) {
            double y, back;

            assert_true(wf_calibrate(calibrator, raw, &y));
            assert_true(wf_calibrate_inverse(calibrator, y, &back));
            if (fabs(back - raw) > 1e-3)
                fail_msg("%s: %g became %g became %g", keys[i], raw, y, back);
        }
        wf_schema_free(&schema);
    }
}

static void what_has_no_way_back_says_so_or_gives_the_nearest(void **state)
{
    static const struct {
        const char *keys;
        double y, want;
        bool can;
    } cases[] = {
        { "polynomial = 5\n", 5, 0, false },
        { "polynomial = 5 0\n", 5, 0, false },
        { "polynomial = 1 0 1\n", 0, 0, false }, /* x^2 + 1 is never 0 */
        { "polynomial = 0 1\n", (double)NAN, 0, false },
        { "polynomial = 0 1\n", (double)INFINITY, 0, false },
        { "table = 0:0 10:100\n", 200, 10, true },
        { "table = 0:0 10:100\n", -5, 0, true },
        { "table = 0:0 10:100\nextrapolate = yes\n", 200, 20, true },
        { "table = 0:1 10:2 20:3\ninterpolate = step\n", 2.2, 10, true },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_schema *schema = calibrated(cases[i].keys);
        double out = 0;

        assert_int_equal(wf_calibrate_inverse(&schema->calibrators[0], cases[i].y, &out),
                         cases[i].can);
        if (cases[i].can)
            assert_true(fabs(out - cases[i].want) < 1e-9);
        wf_schema_free(&schema);
    }
}

static void labels_are_found_both_ways(void **state)
{
    static const struct {
        int64_t value;
        const char *want;
    } cases[] = {
        { -6, NULL },         { -5, "LOW" },        { 0, "LOW" },        { 1, NULL },
        { 2, "On; off: #1" }, { INT64_MAX, "TOP" }, { INT64_MIN, NULL },
    };
    struct wf_schema *schema = schema_of("x.ini", "[subsystem]\n[parameter x]\nenumeration = e\n"
                                                  "[enumeration e]\n2 = On; off: #1\n"
                                                  "-5..0 = LOW\n"
                                                  "0x7fffffffffffffff = TOP\n");
    int64_t value;

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        const char *label = wf_enumeration_label(&schema->enumerations[0], cases[i].value);

        if (cases[i].want == NULL)
            assert_null(label);
        else
            assert_string_equal(label, cases[i].want);
    }
    assert_true(wf_enumeration_value(&schema->enumerations[0], "ON; OFF: #1", &value));
    assert_int_equal(value, 2);
    assert_true(wf_enumeration_value(&schema->enumerations[0], "low", &value));
    assert_int_equal(value, -5);
    assert_false(wf_enumeration_value(&schema->enumerations[0], "nothing", &value));
    assert_survives_writing(schema);
    wf_schema_free(&schema);
}

static void limits_are_checked_as_written(void **state)
{
    static const struct {
        const char *keys;
        double value;
        uint8_t want;
        int limit;
    } cases[] = {
        { "hi = 5\n", 5, 2, WF_HI },
        { "hi = 5\n", 4.999, 0, -1 },
        { "hi = 5\nexclusive = yes\n", 5, 0, -1 },
        { "hi = 5\nexclusive = yes\n", 5.001, 2, WF_HI },
        { "lo = 5\n", 5, 2, WF_LO },
        { "lolo = 1\nlo = 5\n", 1, 4, WF_LOLO },
        { "lolo = 1\nlo = 5\n", 2, 2, WF_LO },
        { "hi = 5\nhihi = 9\nseverity = hi:3 hihi:3\n", 9, 3, WF_HIHI },
        { "hi = 5\nhihi = 9\nseverity = hihi:0\n", 9, 2, WF_HI },
        { "hi = 5\nseverity = hi:0\n", 9, 0, -1 },
        { "hi = 5\n", (double)NAN, 0, -1 },
        { "", 5, 0, -1 },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[300];
        struct wf_strbuf buf = WF_STRBUF_FIXED(text);
        struct wf_schema *schema;
        int limit = 99;

        wf_strbuf_addf(&buf, "[subsystem]\n[parameter x]\n%s", cases[i].keys);
        schema = schema_of("x.ini", text);
        assert_int_equal(wf_limits_check(&schema->parameters[0].limits, cases[i].value, &limit),
                         cases[i].want);
        assert_int_equal(limit, cases[i].limit);
        wf_schema_free(&schema);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_becomes_engineering),
        cmocka_unit_test(engineering_leads_back_to_raw),
        cmocka_unit_test(what_has_no_way_back_says_so_or_gives_the_nearest),
        cmocka_unit_test(labels_are_found_both_ways),
        cmocka_unit_test(limits_are_checked_as_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
