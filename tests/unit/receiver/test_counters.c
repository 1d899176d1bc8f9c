/* SPDX-License-Identifier: MIT */
/* Counters: what balances, and how rates settle. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "counters.h"

static void every_packet_must_be_in_one_counter(void **state)
{
    struct rx_counters counters = { .packets = 10, .published = 6, .idle = 1 };

    (void)state;
    assert_false(rx_counters_balance(&counters));
    counters.rejected[WF_REJECT_DUPLICATE] = 2;
    counters.rejected[WF_REJECT_BUSY] = 1;
    assert_int_equal(rx_counters_rejected(counters.rejected), 3);
    assert_true(rx_counters_balance(&counters));
    counters.idle++;
    assert_false(rx_counters_balance(&counters));
}

static void a_steady_rate_is_found_and_silence_fades(void **state)
{
    struct rx_rate rate = { 0 };
    uint64_t total = 0;

    (void)state;
    rx_rate_update(&rate, 0, 1.0);
    assert_float_equal(rate.per_s, 0, 0);
    for (int i = 0; i < 5; i++)
        rx_rate_update(&rate, total += 10, 1.0);
    assert_float_equal(rate.per_s, 10, 0.001);
    for (int i = 0; i < 60; i++)
        rx_rate_update(&rate, total, 1.0);
    assert_float_equal(rate.per_s, 0, 0.01);
}

static void a_slow_rate_does_not_flicker(void **state)
{
    struct rx_rate rate = { 0 };
    uint64_t total = 0;

    (void)state;
    for (int i = 0; i < 200; i++) {
        rx_rate_update(&rate, total += i % 5 == 0, 1.0);
        if (i > 60)
            assert_true(rate.per_s > 0.1 && rate.per_s < 0.35);
    }
    rx_rate_update(&rate, total + 100, 0);
    assert_true(rate.per_s < 0.35);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packet_must_be_in_one_counter),
        cmocka_unit_test(a_steady_rate_is_found_and_silence_fades),
        cmocka_unit_test(a_slow_rate_does_not_flicker),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
