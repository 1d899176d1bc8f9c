/* SPDX-License-Identifier: MIT */
/* The bell: at once at low rates, now and then under load, never so late that a ring is lapped. */

#include "support/unit.h"

#include <watchfloor/clock.h>

#include "bell.h"

static void without_load_every_batch_rings(void **state)
{
    struct rx_bell bell = { 0 };
    struct rx_bell_share share = { .limit = 16 };

    (void)state;
    assert_false(rx_bell_is_due(&bell, false, 1));
    rx_bell_note(&bell, &share);
    assert_true(rx_bell_is_due(&bell, false, 1));
    rx_bell_rung(&bell, 1);
    assert_false(rx_bell_is_due(&bell, false, 2));
}

static void under_load_it_waits_a_while(void **state)
{
    struct rx_bell bell = { 0 };
    struct rx_bell_share share = { .limit = 1000 };

    (void)state;
    rx_bell_rung(&bell, WF_NS_PER_S);
    rx_bell_note(&bell, &share);
    assert_false(rx_bell_is_due(&bell, true, WF_NS_PER_S + RX_BELL_NS - 1));
    assert_true(rx_bell_is_due(&bell, true, WF_NS_PER_S + RX_BELL_NS));
    /* The load is over: nothing waits any longer. */
    assert_true(rx_bell_is_due(&bell, false, WF_NS_PER_S + 1));
}

static void a_region_that_fills_rings_at_once(void **state)
{
    struct rx_bell bell = { 0 };
    struct rx_bell_share small = { .limit = 16 }, large = { .limit = 1024 };

    (void)state;
    for (int round = 0; round < 3; round++) {
        rx_bell_rung(&bell, WF_NS_PER_S);
        for (int i = 0; i < 15; i++) {
            rx_bell_note(&bell, &small);
            rx_bell_note(&bell, &large);
        }
        assert_false(rx_bell_is_due(&bell, true, WF_NS_PER_S));
        rx_bell_note(&bell, &small);
        assert_true(rx_bell_is_due(&bell, true, WF_NS_PER_S));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_load_every_batch_rings),
        cmocka_unit_test(under_load_it_waits_a_while),
        cmocka_unit_test(a_region_that_fills_rings_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
