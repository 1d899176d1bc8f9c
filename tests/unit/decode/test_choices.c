/* SPDX-License-Identifier: MIT */
/* Calibrators that depend on conditions: chosen by raw values of the same packet, told, undone. */

#include <math.h>

#include "given.h"

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>

/* `late` decides about `volts`, which stands before it; `gain` about `list`. */
static const char schema_text[] =
    "[subsystem]\napid = 5\n"
    "[parameter volts]\nbits = 16\ncalibrator = high low usual\nvalid = -100 .. 1000\n"
    "[parameter late]\nenumeration = lates\n"
    "[parameter gain]\npolynomial = 100 1\n"
    "[parameter n]\n"
    "[parameter list]\ntype = int\ncount = n\ncount_max = 4\ncalibrator = loud usual\n"
    "[derived twice]\nexpression = volts * 2\n"
    "[calibrator high]\nwhen = late == HIGH and gain < 9\npolynomial = 0 10\n"
    "[calibrator low]\nwhen = late == LOW\ntable = 0:0 10:1 20:5\n"
    "[calibrator loud]\nwhen = gain == 7\npolynomial = 1000\n"
    "[calibrator usual]\npolynomial = 0.5 1\n"
    "[enumeration lates]\n1 = LOW\n2 = HIGH\n";

static const struct {
    const char *hex;
    double volts;
    int quality, choice;
    double first;
} cases[] = {
    { "0005 02 03 01 04", 50, WF_QUALITY_VALID, 1, 4.5 },
    { "0005 02 09 01 04", 5.5, WF_QUALITY_VALID, 0, 4.5 }, /* raw 9, not engineering 109 */
    { "000a 01 07 01 04", 1, WF_QUALITY_VALID, 2, 1000 },
    { "0015 01 07 01 04", (double)NAN, WF_QUALITY_INVALID, 2, 1000 }, /* outside the table */
    { "0005 63 07 01 fc", 5.5, WF_QUALITY_VALID, 0, 1000 },           /* no label */
    { "03e8 02 00 01 fc", 10000, WF_QUALITY_INVALID, 1, -3.5 },       /* outside valid */
    { "0005", 5.5, WF_QUALITY_VALID, 0, (double)NAN },                /* nobody decides */
};

static bool is_same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void the_first_calibrator_whose_condition_holds_is_used(void **state)
{
    struct given given = given_make(schema_text);

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        const struct wf_parameter *volts = &given.schema->parameters[given_index(&given, "volts")];
        double got;

        assert_int_equal(given_decode(&given, cases[i].hex), 0);
        got = given_number(&given, "volts", 0);
        if (!is_same(got, cases[i].volts) || given_quality(&given, "volts") != cases[i].quality)
            fail_msg("%s: %g, quality %d", cases[i].hex, got, given_quality(&given, "volts"));
        assert_int_equal(given.payload[volts->choice_offset], cases[i].choice);
        assert_true(is_same(given_number(&given, "list", 0), cases[i].first));
        if (cases[i].quality == WF_QUALITY_VALID)
            assert_true(given_number(&given, "twice", 0) == 2 * got);
    }
    given_free(&given);
}

static void every_element_of_an_array_is_calibrated_alike(void **state)
{
    struct given given = given_make(schema_text);

    (void)state;
    assert_int_equal(given_decode(&given, "0005 00 00 03 01fe7f"), 0);
    assert_true(given_number(&given, "list", 0) == 1.5);
    assert_true(given_number(&given, "list", 1) == -1.5);
    assert_true(given_number(&given, "list", 2) == 127.5);
    assert_int_equal(given_decode(&given, "0005 00 07 03 01fe7f"), 0);
    for (size_t i = 0; i < 3; i++)
        assert_true(given_number(&given, "list", i) == 1000);
    given_free(&given);
}

/* Raw values stay, so the packet comes back; so it does from engineering values alone. */
static void packets_come_back_from_raw_and_from_engineering_values(void **state)
{
    struct given given = given_make(schema_text);

    (void)state;
    for (int is_raw = 0; is_raw < 2; is_raw++) {
        for (size_t i = 0; i < 3; i++) {
            uint8_t want[64], packet[64];
            size_t want_len = given_packet(cases[i].hex, want, sizeof(want)), len = 0;

            if (i == 2 && !is_raw)
                continue; /* a constant has no inverse */
            assert_int_equal(given_decode(&given, cases[i].hex), 0);
            for (size_t k = 0; k < given.schema->parameter_count && is_raw; k++) {
                struct wf_value raw;

                wf_value_get_raw(given.schema, given.payload, k, 0, &raw);
                if (!given.schema->parameters[k].is_derived)
                    assert_int_equal(wf_value_set_raw(given.schema, given.payload, k, 0, &raw), 0);
            }
            assert_int_equal(wf_encode(given.encoder, given.payload, 5, 0, WF_TIME_NONE, packet,
                                       sizeof(packet), &len),
                             0);
            assert_int_equal(len, want_len);
            assert_memory_equal(packet + 6, want + 6, len - 6);
        }
    }
    given_free(&given);
}

/* A range of the value itself decides, and two that decide about one another. */
static void conditions_may_read_what_they_decide_about(void **state)
{
    static const char text[] = "[subsystem]\napid = 5\n"
                               "[parameter x]\ntype = int\ncalibrator = below above\n"
                               "[parameter y]\ncalibrator = odd above\n"
                               "[calibrator below]\nwhen = x < 0\npolynomial = 0 10\n"
                               "[calibrator odd]\nwhen = x == 3 and y != 0\npolynomial = 0 2\n"
                               "[calibrator above]\npolynomial = 1 1\n";
    static const struct {
        const char *hex;
        double x, y;
    } pairs[] = { { "fe 07", -20, 8 }, { "03 07", 4, 14 }, { "03 00", 4, 1 } };
    struct given given = given_make(text);

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(pairs); i++) {
        uint8_t want[64], packet[64];
        size_t want_len = given_packet(pairs[i].hex, want, sizeof(want)), len = 0;

        assert_int_equal(given_decode(&given, pairs[i].hex), 0);
        assert_true(given_number(&given, "x", 0) == pairs[i].x);
        assert_true(given_number(&given, "y", 0) == pairs[i].y);
        assert_int_equal(wf_encode(given.encoder, given.payload, 5, 0, WF_TIME_NONE, packet,
                                   sizeof(packet), &len),
                         0);
        assert_int_equal(len, want_len);
        assert_memory_equal(packet + 6, want + 6, len - 6);
    }
    given_free(&given);
}

/* The byte comes from memory that others write. */
static void a_choice_that_does_not_exist_is_the_usual_one(void **state)
{
    struct given given = given_make(schema_text);
    size_t index = given_index(&given, "volts");

    (void)state;
    given.payload[given.schema->parameters[index].choice_offset] = 200;
    assert_string_equal(wf_calibrator_in_force(given.schema, given.payload, index)->name, "usual");
    assert_null(wf_calibrator_in_force(given.schema, given.payload, given_index(&given, "late")));
    given_free(&given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_calibrator_whose_condition_holds_is_used),
        cmocka_unit_test(every_element_of_an_array_is_calibrated_alike),
        cmocka_unit_test(packets_come_back_from_raw_and_from_engineering_values),
        cmocka_unit_test(conditions_may_read_what_they_decide_about),
        cmocka_unit_test(a_choice_that_does_not_exist_is_the_usual_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
