/* SPDX-License-Identifier: MIT */
/* Pace: never more than half a ring in half the time that a ring may be written over in. */

#include "support/unit.h"

#include "pace.h"

#define WINDOW 1000

static void a_slow_stream_never_waits(void **state)
{
    struct rx_pace pace = { 0 };

    (void)state;
    for (int64_t now = 1; now < 100 * WINDOW; now += WINDOW / 2)
        assert_int_equal(rx_pace_note(&pace, 4, WINDOW, now), 0);
}

static void a_burst_waits_for_the_end_of_its_window(void **state)
{
    struct rx_pace pace = { 0 };

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(rx_pace_note(&pace, 4, WINDOW, 5000 + i), 0);
    assert_int_equal(rx_pace_note(&pace, 4, WINDOW, 5003), 5000 + WINDOW);
    /* Datagrams come all the same, and make streams wait on. */
    assert_int_equal(rx_pace_note(&pace, 4, WINDOW, 5010), 5000 + WINDOW);
    assert_int_equal(rx_pace_note(&pace, 4, WINDOW, 5000 + WINDOW), 0);
}

static void without_a_window_nothing_waits(void **state)
{
    struct rx_pace pace = { 0 };

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(rx_pace_note(&pace, 4, 0, 5000), 0);
}

/* Whoever waits when told, and comes at once when he may, writes a ring over in two windows. */
static void any_window_brings_less_than_a_ring(void **state)
{
    enum { LIMIT = 16, COUNT = 400 };
    struct rx_pace pace = { 0 };
    int64_t at[COUNT];
    int64_t now = 77;

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        int64_t until = rx_pace_note(&pace, LIMIT, WINDOW, now);

        at[i] = now;
        now = until > 0 ? until : now + i % 5;
        if (i % 37 == 0)
            now += 400;
    }
    for (int i = 2 * LIMIT; i < COUNT; i++)
        assert_true(at[i] - at[i - 2 * LIMIT] >= WINDOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_stream_never_waits),
        cmocka_unit_test(a_burst_waits_for_the_end_of_its_window),
        cmocka_unit_test(without_a_window_nothing_waits),
        cmocka_unit_test(any_window_brings_less_than_a_ring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
