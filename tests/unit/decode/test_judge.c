/* SPDX-License-Identifier: MIT */
/* Judge: which times, counts and values are believed. */

#include "support/unit.h"

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/decode/judge.h>
#include <watchfloor/region.h>

#include "support/schema_text.h"

#define NOW (INT64_C(1790000000) * WF_NS_PER_S)

static void absurd_times_are_not_believed(void **state)
{
    static const struct {
        const char *what;
        int64_t device_ns;
        bool want;
    } cases[] = {
        { "now", NOW, true },
        { "an hour ahead", NOW + 3600 * WF_NS_PER_S, true },
        { "a day ahead", NOW + WF_DEVICE_TIME_AHEAD, true },
        { "more than a day ahead", NOW + WF_DEVICE_TIME_AHEAD + 1, false },
        { "a recording of 1999", INT64_C(915148800) * WF_NS_PER_S, true },
        { "the GPS epoch", INT64_C(315964800) * WF_NS_PER_S, false },
        { "the Unix epoch", 0, false },
        { "the TAI epoch", INT64_C(-378691210) * WF_NS_PER_S, false },
        { "the end of time", INT64_MAX, false },
        { "no time at all", WF_TIME_NONE, false },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        if (wf_device_time_is_good(cases[i].device_ns, NOW) != cases[i].want)
            fail_msg("%s", cases[i].what);
    }
}

static void correlation_adds_and_stays_in_range(void **state)
{
    (void)state;
    assert_int_equal(wf_device_time_correlate(NOW, -5), NOW - 5);
    assert_true(wf_device_time_correlate(WF_TIME_NONE, 5) == WF_TIME_NONE);
    assert_true(wf_device_time_correlate(INT64_MAX - 1, 2) == WF_TIME_NONE);
    assert_true(wf_device_time_correlate(INT64_MIN + 2, -2) == WF_TIME_NONE);
    assert_true(wf_device_time_correlate(INT64_MIN + 3, -2) == INT64_MIN + 1);
}

static void a_time_that_is_not_believed_is_flagged(void **state)
{
    struct wf_schema *timed = schema_of("a.ini", "[subsystem]\napid = 1\ntime = cuc 4.2\n"
                                                 "[parameter x]\nbits = 8\n");
    struct wf_schema *untimed =
        schema_of("b.ini", "[subsystem]\napid = 1\n[parameter x]\nbits = 8\n");
    struct wf_decoded decoded = { .device_ns = NOW };

    (void)state;
    assert_true(wf_device_time_judge(timed, -7, NOW, &decoded) == NOW - 7);
    assert_true(decoded.device_ns == NOW - 7 && decoded.flags == 0);
    decoded.device_ns = 5;
    assert_true(wf_device_time_judge(timed, 0, NOW, &decoded) == WF_TIME_NONE);
    assert_true(decoded.device_ns == 5 && decoded.flags == WF_SAMPLE_TIME_BAD);
    decoded = (struct wf_decoded){ .device_ns = WF_TIME_NONE };
    assert_true(wf_device_time_judge(untimed, 0, NOW, &decoded) == WF_TIME_NONE);
    assert_int_equal(decoded.flags, 0);
    wf_schema_free(&timed);
    wf_schema_free(&untimed);
}

static void a_source_that_starts_again_is_told_by_its_times(void **state)
{
    static const struct {
        uint16_t count;
        int64_t device_ns;
        enum wf_sequence_event want;
        uint32_t lost;
    } packets[] = {
        { 5, NOW, WF_SEQUENCE_FIRST, 0 },          { 6, NOW + 10, WF_SEQUENCE_NEXT, 0 },
        { 9, NOW + 20, WF_SEQUENCE_GAP, 2 },       { 8, NOW + 15, WF_SEQUENCE_LATE, 0 },
        { 9, NOW + 20, WF_SEQUENCE_DUPLICATE, 0 }, { 9, WF_TIME_NONE, WF_SEQUENCE_DUPLICATE, 0 },
        { 3, NOW + 30, WF_SEQUENCE_RESTART, 0 }, /* said before, and yet later */
        { 4, NOW + 40, WF_SEQUENCE_NEXT, 0 },
    };
    struct wf_sequence sequence = { 0 };
    int64_t newest_ns = WF_TIME_NONE;

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(packets); i++) {
        uint64_t place;
        uint32_t lost = 0;
        enum wf_sequence_event event = wf_sequence_judge(
            &sequence, packets[i].count, packets[i].device_ns, &newest_ns, &place, &lost);

        if (event != packets[i].want || lost != packets[i].lost ||
            place % 16384 != packets[i].count)
            fail_msg("packet %zu: event %d", i, (int)event);
    }
    assert_int_equal(sequence.lost, 1);
    assert_int_equal(wf_sequence_flags(WF_SEQUENCE_GAP, 2), WF_SAMPLE_GAP_BEFORE);
    assert_int_equal(wf_sequence_flags(WF_SEQUENCE_LATE, 0), WF_SAMPLE_LATE);
    assert_int_equal(wf_sequence_flags(WF_SEQUENCE_RESTART, 0), WF_SAMPLE_RESTART);
}

static void only_what_is_valid_becomes_late_or_suspect(void **state)
{
    struct wf_schema *schema = schema_of("a.ini", "[subsystem]\napid = 1\n[parameter x]\nbits = 8\n"
                                                  "[parameter y]\nbits = 8\n");
    uint8_t *payload = calloc(1, schema->payload_bytes);
    uint8_t *qualities = payload + schema->quality_offset;

    (void)state;
    qualities[1] = WF_QUALITY_INVALID;
    wf_payload_judge(schema, payload, WF_SAMPLE_SHORT | WF_SAMPLE_GAP_BEFORE);
    assert_int_equal(qualities[0], WF_QUALITY_VALID);
    wf_payload_judge(schema, payload, WF_SAMPLE_LONG);
    assert_int_equal(qualities[0], WF_QUALITY_SUSPECT);
    qualities[0] = WF_QUALITY_VALID;
    wf_payload_judge(schema, payload, WF_SAMPLE_LATE | WF_SAMPLE_LONG);
    assert_int_equal(qualities[0], WF_QUALITY_LATE);
    assert_int_equal(qualities[1], WF_QUALITY_INVALID);
    free(payload);
    wf_schema_free(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absurd_times_are_not_believed),
        cmocka_unit_test(correlation_adds_and_stays_in_range),
        cmocka_unit_test(a_time_that_is_not_believed_is_flagged),
        cmocka_unit_test(a_source_that_starts_again_is_told_by_its_times),
        cmocka_unit_test(only_what_is_valid_becomes_late_or_suspect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
