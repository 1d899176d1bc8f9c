/* SPDX-License-Identifier: MIT */
/* Windows over the past: what they say, and when they say that they do not know. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/alarm/history.h>

#define UNKNOWN (-12345)

static struct wf_alarm_history *make(enum wf_expr_window window, uint32_t samples, int64_t time_s,
                                     uint8_t counter_bits)
{
    struct wf_alarm_history_spec spec = { .window = window,
                                          .samples = samples,
                                          .time_ns = time_s * WF_NS_PER_S,
                                          .period_ns = WF_NS_PER_S,
                                          .counter_bits = counter_bits };
    struct wf_alarm_history *history = NULL;

    assert_int_equal(wf_alarm_history_create(&spec, &history, NULL), 0);
    return history;
}

static void add(struct wf_alarm_history *history, double number, int64_t second)
{
    struct wf_value value = { .kind = WF_VALUE_F64, .as.f64 = number };

    wf_alarm_history_add(history, &value, second * WF_NS_PER_S);
}

static void add_whole(struct wf_alarm_history *history, uint64_t number, int64_t second)
{
    struct wf_value value = { .kind = WF_VALUE_U64, .as.u64 = number };

    wf_alarm_history_add(history, &value, second * WF_NS_PER_S);
}

static double ask(const struct wf_alarm_history *history, int64_t second)
{
    struct wf_value value;

    wf_alarm_history_value(history, second * WF_NS_PER_S, &value);
    return value.kind == WF_VALUE_NONE ? UNKNOWN : wf_value_as_double(&value);
}

static void every_window_folds_what_lies_in_it(void **state)
{
    static const struct {
        enum wf_expr_window window;
        uint32_t samples;
        int64_t time_s;
        double early, late; /* after 2 samples; after 1 5 3 7 9 at 0 .. 4 s */
    } cases[] = {
        { WF_WINDOW_LAST, 1, 0, 5, 9 },
        { WF_WINDOW_MIN, 3, 0, UNKNOWN, 3 },
        { WF_WINDOW_MAX, 4, 0, UNKNOWN, 9 },
        { WF_WINDOW_AVG, 4, 0, UNKNOWN, 6 },
        { WF_WINDOW_COUNT, 4, 0, 2, 4 },
        { WF_WINDOW_MIN, 0, 3, 1, 3 },
        { WF_WINDOW_AVG, 0, 2, 3, 8 },
        { WF_WINDOW_COUNT, 0, 3, 2, 3 },
        { WF_WINDOW_RATE, 3, 0, UNKNOWN, 3 },
        { WF_WINDOW_RATE, 0, 4, UNKNOWN, 2 },
        { WF_WINDOW_RATE, 3, 10, UNKNOWN, UNKNOWN },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_alarm_history *history =
            make(cases[i].window, cases[i].samples, cases[i].time_s, 0);

        add(history, 1, 0);
        add(history, 5, 1);
        assert_true(ask(history, 1) == cases[i].early);
        add(history, 3, 2);
        add(history, (double)NAN, 2);
        add(history, 7, 3);
        add(history, 9, 4);
        assert_true(ask(history, 4) == cases[i].late);
        wf_alarm_history_destroy(&history);
    }
}

static void a_window_that_time_has_left_is_unknown_and_counts_zero(void **state)
{
    struct wf_alarm_history *max = make(WF_WINDOW_MAX, 0, 5, 0);
    struct wf_alarm_history *count = make(WF_WINDOW_COUNT, 0, 5, 0);

    (void)state;
    add(max, 1, 0);
    add(count, 1, 0);
    assert_true(ask(max, 4) == 1);
    assert_true(ask(max, 5) == UNKNOWN);
    assert_true(ask(count, 5) == 0);
    wf_alarm_history_destroy(&max);
    wf_alarm_history_destroy(&count);
}

static void a_window_too_small_for_what_came_is_unknown(void **state)
{
    struct wf_alarm_history *history = make(WF_WINDOW_MAX, 0, 5, 0);

    (void)state;
    for (int i = 0; i < 100; i++)
        add(history, i, 1);
    assert_true(ask(history, 1) == UNKNOWN);
    add(history, 3, 20);
    assert_true(ask(history, 20) == 3);
    wf_alarm_history_destroy(&history);
}

static void a_rate_is_unknown_over_a_gap_not_a_spike(void **state)
{
    struct wf_alarm_history *history = make(WF_WINDOW_RATE, 2, 1, 0);

    (void)state;
    add(history, 1, 0);
    add(history, 2, 1);
    assert_true(ask(history, 1) == 1);
    wf_alarm_history_gap(history);
    add(history, 500, 2);
    assert_true(ask(history, 2) == UNKNOWN);
    add(history, 501, 3);
    assert_true(ask(history, 3) == 1);
    wf_alarm_history_destroy(&history);
}

static void a_counter_wraps_and_resets(void **state)
{
    static const uint8_t widths[] = { 8, 16, 63, 64 };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(widths); i++) {
        uint64_t top = widths[i] < 64 ? (UINT64_C(1) << widths[i]) - 1 : UINT64_MAX;
        struct wf_alarm_history *history = make(WF_WINDOW_RATE, 2, 1, widths[i]);

        add_whole(history, top - 1, 0);
        add_whole(history, 3, 1); /* top-1, top, 0, 1, 2, 3 */
        assert_true(ask(history, 1) == 5);
        add_whole(history, top / 2, 2);
        add_whole(history, 0, 3); /* too far for a wrap */
        assert_true(ask(history, 3) == UNKNOWN);
        add_whole(history, 7, 4);
        assert_true(ask(history, 4) == 7);
        wf_alarm_history_destroy(&history);
    }
}

static void whole_numbers_differ_exactly(void **state)
{
    struct wf_alarm_history *history = make(WF_WINDOW_RATE, 2, 1, 0);

    (void)state;
    add_whole(history, UINT64_MAX, 0);
    add_whole(history, UINT64_MAX - 3, 1);
    assert_true(ask(history, 1) == -3);
    wf_alarm_history_destroy(&history);
}

static void a_rate_is_judged_against_its_limits(void **state)
{
    const struct wf_limits limits = { .rate_lo = (double)NAN, .rate_hi = 2 };
    const struct wf_limits exclusive = { .rate_lo = -2, .rate_hi = 2, .is_exclusive = true };
    struct wf_value rate = { .kind = WF_VALUE_F64, .as.f64 = 2 };

    (void)state;
    assert_int_equal(wf_alarm_rate_truth(&limits, &rate), WF_TRUE);
    assert_int_equal(wf_alarm_rate_truth(&exclusive, &rate), WF_FALSE);
    rate.as.f64 = -1000;
    assert_int_equal(wf_alarm_rate_truth(&limits, &rate), WF_FALSE);
    assert_int_equal(wf_alarm_rate_truth(&exclusive, &rate), WF_TRUE);
    rate = (struct wf_value){ .quality = WF_QUALITY_INVALID };
    assert_int_equal(wf_alarm_rate_truth(&limits, &rate), WF_UNKNOWN);
}

static void a_window_beyond_the_ceiling_is_refused(void **state)
{
    struct wf_alarm_history_spec spec = { .window = WF_WINDOW_MAX,
                                          .samples = WF_ALARM_HISTORY_MAX + 1 };
    struct wf_alarm_history *history = NULL;

    (void)state;
    assert_int_equal(wf_alarm_history_create(&spec, &history, NULL), WF_ERR_LIMIT);
    spec = (struct wf_alarm_history_spec){ .time_ns = INT64_MAX, .period_ns = 1 };
    assert_int_equal(wf_alarm_history_create(&spec, &history, NULL), WF_ERR_LIMIT);
    assert_null(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_window_folds_what_lies_in_it),
        cmocka_unit_test(a_window_that_time_has_left_is_unknown_and_counts_zero),
        cmocka_unit_test(a_window_too_small_for_what_came_is_unknown),
        cmocka_unit_test(a_rate_is_unknown_over_a_gap_not_a_spike),
        cmocka_unit_test(a_counter_wraps_and_resets),
        cmocka_unit_test(whole_numbers_differ_exactly),
        cmocka_unit_test(a_rate_is_judged_against_its_limits),
        cmocka_unit_test(a_window_beyond_the_ceiling_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
