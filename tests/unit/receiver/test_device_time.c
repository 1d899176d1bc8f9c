/* SPDX-License-Identifier: MIT */
/* Device time: what is believed, and what correlation does at the ends. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>

#include "device_time.h"

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
        { "a day ahead", NOW + RX_DEVICE_TIME_AHEAD, true },
        { "more than a day ahead", NOW + RX_DEVICE_TIME_AHEAD + 1, false },
        { "a recording of 1999", INT64_C(915148800) * WF_NS_PER_S, true },
        { "the GPS epoch", INT64_C(315964800) * WF_NS_PER_S, false },
        { "the Unix epoch", 0, false },
        { "the TAI epoch", INT64_C(-378691210) * WF_NS_PER_S, false },
        { "the end of time", INT64_MAX, false },
        { "no time at all", WF_TIME_NONE, false },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        if (rx_device_time_is_good(cases[i].device_ns, NOW) != cases[i].want)
            fail_msg("%s", cases[i].what);
    }
}

static void correlation_adds_and_stays_in_range(void **state)
{
    (void)state;
    assert_int_equal(rx_device_time_correlate(NOW, -5), NOW - 5);
    assert_true(rx_device_time_correlate(WF_TIME_NONE, 5) == WF_TIME_NONE);
    assert_true(rx_device_time_correlate(INT64_MAX - 1, 2) == WF_TIME_NONE);
    assert_true(rx_device_time_correlate(INT64_MIN + 2, -2) == WF_TIME_NONE);
    assert_true(rx_device_time_correlate(INT64_MIN + 3, -2) == INT64_MIN + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absurd_times_are_not_believed),
        cmocka_unit_test(correlation_adds_and_stays_in_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
