/* SPDX-License-Identifier: MIT */
/* Overlays: one source differs in meaning, never in layout. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/schema_overlay.h>

#include "support/schema_text.h"

static const char type_text[] = "[subsystem]\nperiod = 1s\ntitle = Type\n"
                                "[parameter plain]\nbits = 12\nlo = 1\nhi = 9\n"
                                "[parameter volts]\npolynomial = 0 0.5\n"
                                "[parameter degrees]\ncalibrator = shared\n"
                                "[parameter chosen]\ncalibrator = dark shared\n"
                                "[derived twice]\nexpression = volts * 2\n"
                                "[calibrator shared]\npolynomial = 0 2\n"
                                "[calibrator other]\ntable = 0:0 10:5\n"
                                "[calibrator dark]\nwhen = plain == 1\npolynomial = 7\n";

/* Apply the keys of `text` (with its own section line) to `parameter`. */
static int overlay(const struct wf_schema *type, const char *parameter, const char *text,
                   struct wf_schema **out, struct wf_problems *problems)
{
    struct wf_ini *ini = NULL;
    int rc;

    assert_int_equal(wf_ini_parse("site.ini", text, strlen(text), &ini, problems, NULL), 0);
    rc = wf_schema_overlay(type, parameter, "site.ini", &ini->sections[0], out, problems, NULL);
    wf_ini_free(&ini);
    return rc;
}

static void limits_and_calibration_differ_and_the_layout_does_not(void **state)
{
    struct wf_schema *type = schema_of("eps.ini", type_text);
    struct wf_schema *one = NULL, *two = NULL;
    struct wf_problems problems = { 0 };
    double out;

    (void)state;
    assert_int_equal(overlay(type, "plain", "[overlay s]\nhi = 8\nlo = none\nguidance = Call.\n",
                             &one, &problems),
                     0);
    assert_int_equal(one->parameters[0].limits.present, 1 << WF_HI);
    assert_true(one->parameters[0].limits.value[WF_HI] == 8);
    assert_string_equal(one->parameters[0].guidance, "Call.");
    assert_int_equal(type->parameters[0].limits.present, (1 << WF_LO) | (1 << WF_HI));
    assert_int_equal(overlay(one, "degrees", "[overlay s]\npolynomial = 1 3\n", &two, &problems),
                     0);
    assert_true(wf_calibrate(&two->calibrators[two->parameters[2].calibrator], 2, &out));
    assert_true(out == 7);
    assert_true(two->parameters[0].limits.value[WF_HI] == 8);
    assert_int_equal(two->layout_hash, type->layout_hash);
    assert_int_not_equal(two->schema_hash, type->schema_hash);
    assert_survives_writing(two);
    wf_schema_free(&two);
    assert_int_equal(
        overlay(one, "chosen", "[overlay s]\ncalibrator = dark other\n", &two, &problems), 0);
    assert_int_equal(two->parameters[3].choice_count, 1);
    assert_string_equal(two->calibrators[two->parameters[3].calibrator].name, "other");
    assert_int_equal(two->layout_hash, type->layout_hash);
    assert_survives_writing(two);
    wf_schema_free(&two);
    wf_schema_free(&one);
    wf_schema_free(&type);
}

static void three_periods_stay_three_periods(void **state)
{
    struct wf_schema *type = schema_of("eps.ini", type_text);
    struct wf_schema *slow = NULL;
    struct wf_problems problems = { 0 };

    (void)state;
    assert_int_equal(overlay(type, "", "[overlay s]\nperiod = 10s\n", &slow, &problems), 0);
    assert_int_equal(slow->stale_after_ns, INT64_C(30000000000));
    wf_schema_free(&slow);
    assert_int_equal(overlay(type, "", "[overlay s]\nstale_after = never\n", &slow, &problems), 0);
    assert_int_equal(slow->stale_after_ns, 0);
    assert_int_equal(slow->period_ns, INT64_C(1000000000));
    wf_schema_free(&slow);
    wf_schema_free(&type);
}

static void what_would_change_the_layout_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *parameter, *keys;
        unsigned line;
        const char *want;
    } cases[] = {
        { "plain", "bits = 16\n", 2, "cannot differ by source" },
        { "plain", "\ntype = int\n", 3, "cannot differ by source" },
        { "plain", "polynomial = 0 1\n", 2, "change the layout" },
        { "plain", "calibrator = shared\n", 2, "change the layout" },
        { "twice", "polynomial = 0 1\n", 2, "change the layout" },
        { "chosen", "polynomial = 0 1\n", 2, "conditional calibrators in its type" },
        { "chosen", "calibrator = shared\n", 2, "conditional calibrators in its type" },
        { "volts", "calibrator = dark shared\n", 2, "no conditional calibrators" },
        { "plain", "guidanse = x\n", 2, "did you mean 'guidance'" },
        { "plain", "lo = 20\n", 2, "lolo < lo < hi < hihi" },
        { "plain", "format = %s\n", 2, "expected one of %d" },
        { "plian", "hi = 8\n", 1, "did you mean 'plain'" },
        { "", "apid = 5\n", 2, "cannot differ by source" },
        { "", "hi = 5\n", 2, "unknown key" },
        { "plain", "enabled_when = nobody > 1\n", 2, "there is no parameter 'nobody'" },
    };
    struct wf_schema *type = schema_of("eps.ini", type_text);

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_problems problems = { 0 };
        struct wf_schema *out = NULL;
        char text[200];
        struct wf_strbuf buf = WF_STRBUF_FIXED(text);

        wf_strbuf_addf(&buf, "[overlay s]\n%s", cases[i].keys);
        assert_int_equal(overlay(type, cases[i].parameter, text, &out, &problems), WF_ERR_INVALID);
        assert_null(out);
        assert_string_equal(problems.list[0].file, "site.ini");
        assert_int_equal(problems.list[0].line, cases[i].line);
        assert_non_null(strstr(problems.list[0].text, cases[i].want));
        wf_problems_fini(&problems);
    }
    wf_schema_free(&type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_and_calibration_differ_and_the_layout_does_not),
        cmocka_unit_test(three_periods_stay_three_periods),
        cmocka_unit_test(what_would_change_the_layout_is_refused_with_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
