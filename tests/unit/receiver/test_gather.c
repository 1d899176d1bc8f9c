/* SPDX-License-Identifier: MIT */
/* Gathering: naps under load, never at low rates. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>

#include "gather.h"

/* One datagram a read at `rate`, for a second; how many reads asked for a nap. */
static unsigned naps_at(unsigned rate)
{
    struct rx_gather gather = { 0 };
    unsigned naps = 0;

    for (unsigned i = 0; i < rate; i++)
        naps += rx_gather_note(&gather, (int64_t)i * WF_NS_PER_S / rate + 1, 1, 1);
    return naps;
}

static void single_datagrams_are_napped_for_only_at_high_rates(void **state)
{
    static const struct {
        unsigned rate;
        bool want;
    } cases[] = { { 1, false },   { 1000, false }, { 4900, false },
                  { 5500, true }, { 20000, true }, { 100000, true } };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        if ((naps_at(cases[i].rate) > cases[i].rate / 2) != cases[i].want)
            fail_msg("%u/s: %u naps", cases[i].rate, naps_at(cases[i].rate));
        if (!cases[i].want)
            assert_int_equal(naps_at(cases[i].rate), 0);
    }
}

static void a_burst_is_followed_by_one_nap_and_silence_by_none(void **state)
{
    struct rx_gather gather = { 0 };

    (void)state;
    assert_true(rx_gather_note(&gather, WF_NS_PER_S, RX_GATHER_BATCH + 1, RX_GATHER_BATCH + 1));
    assert_false(rx_gather_note(&gather, WF_NS_PER_S + 1000000, 0, 0));
    assert_false(rx_gather_note(&gather, WF_NS_PER_S + 2000000, RX_GATHER_BATCH, RX_GATHER_BATCH));
}

static void naps_end_soon_after_the_load_does(void **state)
{
    struct rx_gather gather = { 0 };
    int64_t now = WF_NS_PER_S;

    (void)state;
    for (int i = 0; i < 1000; i++, now += 50000)
        (void)rx_gather_note(&gather, now, 1, 1);
    assert_true(gather.is_due);
    assert_false(rx_gather_note(&gather, now, 0, 0));
    /* After a pause the first datagram is not napped for: the rate fell. */
    now += 500 * WF_NS_PER_MS;
    assert_false(rx_gather_note(&gather, now, 1, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_datagrams_are_napped_for_only_at_high_rates),
        cmocka_unit_test(a_burst_is_followed_by_one_nap_and_silence_by_none),
        cmocka_unit_test(naps_end_soon_after_the_load_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
