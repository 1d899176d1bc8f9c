/* SPDX-License-Identifier: MIT */
/* Views: what a display is told about a parameter, in every quality. */

#include "support/unit.h"

#include "support/schema_text.h"

#include <math.h>

#include <watchfloor/clock.h>
#include <watchfloor/plugin.h>

static const char schema_text[] = "[subsystem]\n"
                                  "name = power\n"
                                  "period = 100ms\n"
                                  "stale_after = 1s\n"
                                  "[parameter volts]\n"
                                  "type = float\n"
                                  "unit = V\n"
                                  "format = %.2f\n"
                                  "lolo = 20\nlo = 24\nhi = 32\nhihi = 36\n"
                                  "[parameter mode]\n"
                                  "enumeration = modes\n"
                                  "states = SAFE: 2\n"
                                  "[parameter counts]\n"
                                  "count = 12\n"
                                  "[parameter level]\n"
                                  "type = float\n"
                                  "hi = 80\n"
                                  "[parameter share]\n"
                                  "type = float\n"
                                  "valid = 0 .. 100\n"
                                  "[enumeration modes]\n"
                                  "1 = SAFE\n"
                                  "2 = NOMINAL\n";

enum { VOLTS, MODE, COUNTS, LEVEL, SHARE };

struct sample {
    struct wf_schema *schema;
    unsigned char payload[512];
    struct wf_stamp stamp;
    struct wf_view view;
};

static int make_sample(void **state)
{
    struct sample *sample = calloc(1, sizeof(*sample));

    if (sample == NULL)
        return -1;
    sample->schema = schema_of("power.ini", schema_text);
    assert_true(sample->schema->payload_bytes <= sizeof(sample->payload));
    sample->stamp.received_mono_ns = 100 * WF_NS_PER_S;
    sample->view = (struct wf_view){
        .size = sizeof(sample->view),
        .source = "main",
        .subsystem = "power",
        .schema = sample->schema,
        .data = sample->payload,
        .stamp = &sample->stamp,
        .now_mono_ns = 100 * WF_NS_PER_S + WF_NS_PER_MS,
        .is_live = 1,
    };
    *state = sample;
    return 0;
}

static int free_sample(void **state)
{
    struct sample *sample = *state;

    wf_schema_free(&sample->schema);
    free(sample);
    return 0;
}

static void set_float(struct sample *sample, size_t parameter, float value)
{
    memcpy(sample->payload + sample->schema->parameters[parameter].offset, &value, sizeof(value));
}

static void set_byte(struct sample *sample, size_t parameter, uint8_t value)
{
    sample->payload[sample->schema->parameters[parameter].offset] = value;
}

static void set_quality(struct sample *sample, size_t parameter, enum wf_quality quality)
{
    sample->payload[sample->schema->parameters[parameter].quality_offset] = (unsigned char)quality;
}

static void assert_text(const struct sample *sample, size_t parameter, const char *want)
{
    char text[128];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    wf_view_text(&sample->view, parameter, &buf);
    assert_string_equal(text, want);
}

static void a_value_tells_unit_and_the_direction_of_the_limit_it_crossed(void **state)
{
    static const struct {
        float value;
        int severity, limit;
        const char *want;
    } cases[] = {
        { 28.0f, 0, -1, "28.00 V" },        { 33.0f, 2, WF_HI, "33.00 V ^" },
        { 36.0f, 4, WF_HIHI, "36.00 V ^" }, { 24.0f, 2, WF_LO, "24.00 V v" },
        { -5.0f, 4, WF_LOLO, "-5.00 V v" },
    };
    struct sample *sample = *state;

    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        set_float(sample, VOLTS, cases[i].value);
        assert_text(sample, VOLTS, cases[i].want);
        assert_int_equal(wf_view_severity(&sample->view, VOLTS), cases[i].severity);
        assert_int_equal(wf_view_limit(&sample->view, VOLTS), cases[i].limit);
        assert_int_equal(wf_view_style(&sample->view, VOLTS),
                         wf_style_of_severity(cases[i].severity));
    }
}

static void quality_is_part_of_the_text(void **state)
{
    static const struct {
        enum wf_quality quality;
        const char *want;
        int severity;
    } cases[] = {
        { WF_QUALITY_VALID, "28.00 V", 0 },         { WF_QUALITY_LATE, "28.00 V L", 0 },
        { WF_QUALITY_SUBSTITUTED, "28.00 V S", 0 }, { WF_QUALITY_SUSPECT, "28.00 V ?", 0 },
        { WF_QUALITY_INVALID, "INV", 2 },           { WF_QUALITY_ABSENT, "n/a", 0 },
    };
    struct sample *sample = *state;

    set_float(sample, VOLTS, 28);
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        set_quality(sample, VOLTS, cases[i].quality);
        assert_text(sample, VOLTS, cases[i].want);
        assert_int_equal(wf_view_quality(&sample->view, VOLTS), cases[i].quality);
        assert_int_equal(wf_view_severity(&sample->view, VOLTS), cases[i].severity);
    }
}

static void a_frozen_number_never_looks_live(void **state)
{
    struct sample *sample = *state;

    set_float(sample, VOLTS, 33);
    sample->view.now_mono_ns += 14 * WF_NS_PER_S;
    assert_int_equal(wf_view_quality(&sample->view, VOLTS), WF_QUALITY_STALE);
    assert_int_equal(wf_view_style(&sample->view, VOLTS), WF_STYLE_DIM);
    assert_text(sample, VOLTS, "33.00 V ^ ~14s");
    /* Silence does not make a bad value good. */
    assert_int_equal(wf_view_severity(&sample->view, VOLTS), 2);

    /* The same when its writer is gone, however young the value is. */
    sample->view.now_mono_ns -= 14 * WF_NS_PER_S;
    sample->view.is_live = 0;
    assert_int_equal(wf_view_quality(&sample->view, VOLTS), WF_QUALITY_STALE);
}

static void never_received_is_not_stale_and_not_zero(void **state)
{
    struct sample *sample = *state;

    sample->view.data = NULL;
    sample->view.stamp = NULL;
    assert_int_equal(wf_view_quality(&sample->view, VOLTS), WF_QUALITY_NEVER);
    assert_int_equal(wf_view_severity(&sample->view, VOLTS), 0);
    assert_int_equal(wf_view_limit(&sample->view, VOLTS), -1);
    assert_int_equal(wf_view_style(&sample->view, VOLTS), WF_STYLE_DIM);
    assert_text(sample, VOLTS, "--");
}

static void a_parameter_that_does_not_exist_is_harmless(void **state)
{
    struct sample *sample = *state;
    double lo, hi, ticks[4];

    assert_int_equal(wf_view_quality(&sample->view, 99), WF_QUALITY_NEVER);
    assert_text(sample, 99, "--");
    assert_false(wf_view_range(&sample->view, 99, &lo, &hi, ticks));
}

static void states_and_lists_are_told_in_words(void **state)
{
    struct sample *sample = *state;

    set_byte(sample, MODE, 1);
    assert_text(sample, MODE, "SAFE");
    assert_int_equal(wf_view_severity(&sample->view, MODE), 2);
    set_byte(sample, MODE, 2);
    assert_text(sample, MODE, "NOMINAL");
    assert_int_equal(wf_view_severity(&sample->view, MODE), 0);
    assert_text(sample, COUNTS, "0 0 0 0 0 0 0 0 ... (12)");
}

static void a_bar_spans_the_limits_or_the_valid_range(void **state)
{
    struct sample *sample = *state;
    double lo, hi, ticks[4];

    assert_true(wf_view_range(&sample->view, VOLTS, &lo, &hi, ticks));
    assert_true(lo < 20 && hi > 36);
    assert_true(ticks[WF_LOLO] == 20 && ticks[WF_LO] == 24 && ticks[WF_HI] == 32 &&
                ticks[WF_HIHI] == 36);
    assert_true(wf_view_range(&sample->view, LEVEL, &lo, &hi, ticks));
    assert_true(lo <= 0 && hi > 80 && isnan(ticks[WF_LO]) && ticks[WF_HI] == 80);
    assert_true(wf_view_range(&sample->view, SHARE, &lo, &hi, ticks));
    assert_true(lo == 0 && hi == 100);
    assert_false(wf_view_range(&sample->view, COUNTS, &lo, &hi, ticks));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_sample, free_sample)
    const struct CMUnitTest tests[] = {
        CASE(a_value_tells_unit_and_the_direction_of_the_limit_it_crossed),
        CASE(quality_is_part_of_the_text),
        CASE(a_frozen_number_never_looks_live),
        CASE(never_received_is_not_stale_and_not_zero),
        CASE(a_parameter_that_does_not_exist_is_harmless),
        CASE(states_and_lists_are_told_in_words),
        CASE(a_bar_spans_the_limits_or_the_valid_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
