/* SPDX-License-Identifier: MIT */
/* Thinning: what is kept by period and by change. */

#include "support/unit.h"

#include <math.h>

#include <watchfloor/clock.h>
#include <watchfloor/schema.h>
#include <watchfloor/value.h>

#include "support/schema_text.h"
#include "thin.h"

static const char text[] = "[subsystem]\nperiod = 1s\n"
                           "[parameter volts]\ntype = float\nbits = 64\n"
                           "[parameter count]\nbits = 64\n"
                           "[parameter name]\ntype = string\nsize = 4\n"
                           "[parameter mode]\nbits = 8\nenumeration = modes\n"
                           "[parameter is_on]\ntype = bool\nbits = 1\n"
                           "[parameter cells]\ntype = float\nbits = 32\ncount = 3\n"
                           "[parameter raw]\nbits = 12\npolynomial = 0 0.5\n"
                           "[enumeration modes]\n0 = OFF\n1 = SAFE\n2 = ON\n";
enum { VOLTS, COUNT, NAME, MODE, IS_ON, CELLS, RAW };

struct thinning {
    struct wf_schema *schema;
    struct log_rules *rules;
    struct log_thin *thin;
    uint8_t *payload;
    struct wf_stamp stamp;
};

static void begin(struct thinning *test, struct wf_config_record record)
{
    struct wf_config config = { .records = &record, .record_count = 1 };
    struct wf_err err = { 0 };

    *test = (struct thinning){ .schema = schema_of("power.ini", text),
                               .stamp = { .received_ns = 1000 * WF_NS_PER_S } };
    test->payload = calloc(1, test->schema->payload_bytes);
    test->rules = log_rules_create(&config);
    assert_non_null(test->rules);
    if (log_thin_create(test->rules, "main", test->schema, &test->thin, &err) < 0)
        fail_msg("%s", err.text);
}

static void end(struct thinning *test)
{
    log_thin_destroy(&test->thin);
    log_rules_destroy(&test->rules);
    wf_schema_free(&test->schema);
    free(test->payload);
}

/* One sample `seconds` later. */
static bool is_kept(struct thinning *test, double seconds, double volts, uint64_t count)
{
    const struct wf_value v = { .kind = WF_VALUE_F64, .as.f64 = volts };
    const struct wf_value c = { .kind = WF_VALUE_U64, .as.u64 = count };

    test->stamp.received_ns += (int64_t)(seconds * 1e9);
    test->stamp.number++;
    assert_int_equal(wf_value_set(test->schema, test->payload, 0, 0, &v), 0);
    assert_int_equal(wf_value_set(test->schema, test->payload, 1, 0, &c), 0);
    return log_thin_is_wanted(test->thin, &test->stamp, test->payload);
}

static void a_period_keeps_its_first_sample(void **state)
{
    struct thinning test;
    int kept = 0;

    (void)state;
    begin(&test, (struct wf_config_record){ .subsystems = (char *)(uintptr_t) "power",
                                            .mode = WF_RECORD_PERIOD,
                                            .every_ns = 10 * WF_NS_PER_S,
                                            .deadband = (char *)(uintptr_t) "0" });
    assert_true(is_kept(&test, 0, 1, 0));
    for (int i = 1; i < 100; i++)
        kept += is_kept(&test, 1, i, 0);
    assert_int_equal(kept, 9);
    /* A clock that was set back begins another period. */
    assert_true(is_kept(&test, -500, 1, 0));
    end(&test);
}

static void change_is_measured_from_the_value_kept_last(void **state)
{
    struct thinning test;

    (void)state;
    begin(&test, (struct wf_config_record){ .subsystems = (char *)(uintptr_t) "*",
                                            .mode = WF_RECORD_CHANGE,
                                            .deadband = (char *)(uintptr_t) "0 volts:0.5" });
    assert_true(is_kept(&test, 1, 10.0, 5));
    assert_false(is_kept(&test, 1, 10.3, 5));
    assert_false(is_kept(&test, 1, 10.5, 5)); /* a slow drift is not missed ... */
    assert_true(is_kept(&test, 1, 10.6, 5));  /* ... as what counts is what was kept */
    assert_false(is_kept(&test, 1, 10.2, 5));
    assert_true(is_kept(&test, 1, 10.2, UINT64_MAX));
    assert_true(is_kept(&test, 1, 10.2, UINT64_MAX - 1)); /* exact beyond 2^53 */
    assert_true(is_kept(&test, 1, (double)NAN, UINT64_MAX - 1));
    assert_false(is_kept(&test, 1, (double)NAN, UINT64_MAX - 1));
    assert_true(is_kept(&test, 1, (double)INFINITY, UINT64_MAX - 1));
    assert_false(is_kept(&test, 1, (double)INFINITY, UINT64_MAX - 1));
    memcpy(test.payload + test.schema->parameters[2].offset, "abcd", 4);
    assert_true(is_kept(&test, 1, (double)INFINITY, UINT64_MAX - 1));
    test.payload[test.schema->parameters[0].quality_offset] = WF_QUALITY_SUSPECT;
    assert_true(log_thin_is_wanted(test.thin, &test.stamp, test.payload));
    test.stamp.lost_before = 3;
    assert_true(log_thin_is_wanted(test.thin, &test.stamp, test.payload));
    end(&test);
}

static struct wf_config_record on_change(const char *deadband)
{
    return (struct wf_config_record){ .subsystems = (char *)(uintptr_t) "*",
                                      .mode = WF_RECORD_CHANGE,
                                      .deadband = (char *)(uintptr_t)deadband };
}

/* The next sample, with this one element changed. */
static bool is_kept_with(struct thinning *test, size_t parameter, size_t element, double value)
{
    const struct wf_value f = { .kind = WF_VALUE_F64, .as.f64 = value };
    const struct wf_value u = { .kind = WF_VALUE_U64, .as.u64 = (uint64_t)value };
    const struct wf_value b = { .kind = WF_VALUE_BOOL, .as.u64 = (uint64_t)value };
    const struct wf_value *use = parameter == IS_ON                        ? &b
                                 : parameter == MODE || parameter == COUNT ? &u
                                                                           : &f;

    test->stamp.received_ns += WF_NS_PER_S;
    test->stamp.number++;
    assert_int_equal(wf_value_set(test->schema, test->payload, parameter, element, use), 0);
    return log_thin_is_wanted(test->thin, &test->stamp, test->payload);
}

static void a_deadband_is_of_numbers_and_in_engineering_units(void **state)
{
    /* From which value to which, of which parameter, under which deadband; is it kept? */
    static const struct {
        const char *what, *deadband;
        size_t parameter, element;
        double from, to;
        bool is_kept;
    } cases[] = {
        { "a number within", "5", VOLTS, 0, 10, 14, false },
        { "a number beyond", "5", VOLTS, 0, 10, 16, true },
        { "exactly as far", "5", VOLTS, 0, 10, 15, false },
        { "down", "5", VOLTS, 0, 10, 4, true },
        { "a count", "5", COUNT, 0, 10, 15, false },
        { "a mode is no number", "5", MODE, 0, 0, 1, true },
        { "but when it is named", "5 mode:1", MODE, 0, 0, 1, false },
        { "a switch is no number", "5", IS_ON, 0, 0, 1, true },
        { "an element of an array", "5", CELLS, 2, 10, 16, true },
        { "within, of an array", "5", CELLS, 2, 10, 14, false },
        { "not counts but volts", "0.4", RAW, 0, 10, 10.5, true },
        { "volts within", "0.6", RAW, 0, 10, 10.5, false },
        { "two percent", "2%", VOLTS, 0, 100, 101.9, false },
        { "more than two percent", "2%", VOLTS, 0, 100, 102.1, true },
        { "percent of a negative one", "2%", VOLTS, 0, -100, -101.9, false },
        { "percent of nothing", "2%", VOLTS, 0, 0, 0.001, true },
        { "percent for one", "0 volts:2%", VOLTS, 0, 100, 101, false },
        { "none for the others", "2% volts:0", VOLTS, 0, 100, 100.001, true },
        { "the one named wins, in any order", "volts:3 0.1", VOLTS, 0, 10, 12, false },
        { "the sign of zero", "0", VOLTS, 0, 0.0, -0.0, false },
        { "from infinity", "2%", VOLTS, 0, (double)INFINITY, 5, true },
        { "to infinity", "1e300", VOLTS, 0, 5, (double)INFINITY, true },
        { "to not a number", "1e300", VOLTS, 0, 5, (double)NAN, true },
        { "from not a number", "1e300", VOLTS, 0, (double)NAN, 5, true },
        { "nothing changed", "0", VOLTS, 0, 5, 5, false },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct thinning test;
        bool is_first, is_second;

        begin(&test, on_change(cases[i].deadband));
        is_first = is_kept_with(&test, cases[i].parameter, cases[i].element, cases[i].from);
        is_second = is_kept_with(&test, cases[i].parameter, cases[i].element, cases[i].to);
        end(&test);
        if (!is_first || is_second != cases[i].is_kept)
            fail_msg("%s: %s", cases[i].what, is_second ? "kept" : "left out");
    }
}

static void the_edge_behind_a_hole_is_kept(void **state)
{
    struct thinning test;

    (void)state;
    begin(&test, on_change("1"));
    assert_true(is_kept(&test, 1, 5, 5));
    assert_false(is_kept(&test, 1, 5, 5));
    test.stamp.number += 100; /* the ring was overrun */
    assert_true(is_kept(&test, 1, 5, 5));
    assert_false(is_kept(&test, 1, 5, 5));
    test.stamp.lost_before = 1; /* packets are missing */
    assert_true(is_kept(&test, 1, 5, 5));
    test.stamp.lost_before = 0;
    assert_false(is_kept(&test, 1, 5, 5));
    test.stamp.epoch++; /* the receiver was started again */
    test.stamp.number = 7;
    assert_true(is_kept(&test, 1, 5, 5));
    assert_false(is_kept(&test, 1, 5, 5));
    end(&test);
}

static void a_deadband_that_makes_no_sense_is_refused(void **state)
{
    static const char *const wrong[] = { "abc", "-1",  "%",     "1%%", "volts:", "volts:x",
                                         "nan", "inf", "a b:1", "-5%", ":5" };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(wrong); i++) {
        struct wf_config_record record = on_change(wrong[i]);
        struct wf_deadband deadband;
        struct wf_err err = { 0 };

        if (wf_config_deadband(&record, NULL, &deadband, &err) != WF_ERR_INVALID)
            fail_msg("'%s' was taken", wrong[i]);
        assert_non_null(strstr(err.text, "NAME:NUMBER"));
    }
}

static void change_keeps_one_sample_at_least_so_often(void **state)
{
    struct thinning test;
    int kept = 0;

    (void)state;
    begin(&test, (struct wf_config_record){ .subsystems = (char *)(uintptr_t) "*",
                                            .mode = WF_RECORD_CHANGE,
                                            .every_ns = 60 * WF_NS_PER_S,
                                            .deadband = (char *)(uintptr_t) "1" });
    for (int i = 0; i < 600; i++)
        kept += is_kept(&test, 1, 5, 5);
    assert_int_equal(kept, 10);
    end(&test);
}

static void what_no_section_names_is_kept_whole(void **state)
{
    struct thinning test;

    (void)state;
    begin(&test, (struct wf_config_record){ .subsystems = (char *)(uintptr_t) "thermal",
                                            .mode = WF_RECORD_PERIOD,
                                            .every_ns = 1,
                                            .deadband = (char *)(uintptr_t) "0" });
    assert_null(test.thin);
    end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_period_keeps_its_first_sample),
        cmocka_unit_test(change_is_measured_from_the_value_kept_last),
        cmocka_unit_test(a_deadband_is_of_numbers_and_in_engineering_units),
        cmocka_unit_test(the_edge_behind_a_hole_is_kept),
        cmocka_unit_test(a_deadband_that_makes_no_sense_is_refused),
        cmocka_unit_test(change_keeps_one_sample_at_least_so_often),
        cmocka_unit_test(what_no_section_names_is_kept_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
