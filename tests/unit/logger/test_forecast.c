/* SPDX-License-Identifier: MIT */
/* Forecast: when the disk is full, what limits keep, and what is no growth. */

#include "support/unit.h"

#include <math.h>

#include <watchfloor/clock.h>

#include "forecast.h"

#define GB     1000000000.0
#define MINUTE (60 * WF_NS_PER_S)

static void assert_days(const char *what, double got, double wanted)
{
    if (isnan(wanted) ? !isnan(got) : !(fabs(got - wanted) < 0.01 * wanted + 1e-9))
        fail_msg("%s: %g days, wanted %g", what, got, wanted);
}

static void limits_and_rates_say_when_it_is_full(void **state)
{
    static const double never = (double)NAN;
    /* In GB and GB a day: raw, minutes, hours; days that are kept. */
    static const struct {
        const char *what;
        double rate[3], others, bytes[3], free;
        double max[3], keep[3];
        double full, kept;
    } cases[] = {
        { "no limits", { 2, 0.5, 0 }, 0, { 10, 1, 0 }, 100, { 0 }, { 0 }, 40, never },
        { "nothing grows", { 0, 0, 0 }, 0, { 10, 1, 0 }, 100, { 0 }, { 0 }, never, never },
        { "nothing grows, with limits", { 0 }, 0, { 10 }, 100, { 20 }, { 30 }, never, never },
        { "a limit that fits", { 2 }, 0, { 10 }, 100, { 60 }, { 0 }, never, 30 },
        { "a limit beyond the disk", { 2 }, 0, { 10 }, 100, { 200 }, { 0 }, 50, 100 },
        { "a limit that is reached", { 2 }, 0, { 61 }, 100, { 60 }, { 0 }, never, 30 },
        { "days that fit", { 2 }, 0, { 10 }, 100, { 0 }, { 30 }, never, 30 },
        { "days that do not fit", { 2 }, 0, { 10 }, 100, { 0 }, { 365 }, 50, 365 },
        { "the smaller of both", { 2 }, 0, { 10 }, 100, { 60 }, { 7 }, never, 7 },
        /* Raw stops after 25 days at 50 GB; the other 50 last 100 days more. */
        { "minutes grow on", { 2, 0.5 }, 0, { 10, 0 }, 112.5, { 60 }, { 0 }, 125, 30 },
        { "others grow on", { 2 }, 0.5, { 10 }, 112.5, { 60 }, { 0 }, 125, 30 },
        { "only others grow", { 0 }, 4, { 10 }, 100, { 60 }, { 30 }, 25, never },
        { "full before the limits", { 2, 2, 1 }, 0, { 0 }, 10, { 60, 60, 60 }, { 0 }, 2, 30 },
        { "no room at all", { 2 }, 0, { 10 }, 0, { 0 }, { 0 }, 0, never },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct log_rates rates = { .others = cases[i].others * GB };
        struct log_disk disk = { .free = (uint64_t)(cases[i].free * GB) };
        struct wf_store_retention limits = { { 0 }, { 0 } };
        struct log_outlook outlook;

        for (size_t t = 0; t < WF_STORE_TIERS; t++) {
            rates.own[t] = cases[i].rate[t] * GB;
            disk.bytes[t] = (uint64_t)(cases[i].bytes[t] * GB);
            limits.bytes_max[t] = (uint64_t)(cases[i].max[t] * GB);
            limits.keep_ns[t] = (int64_t)(cases[i].keep[t] * (double)WF_NS_PER_DAY);
        }
        outlook = log_outlook_of(&rates, &disk, &limits);
        assert_days(cases[i].what, outlook.full, cases[i].full);
        assert_days(cases[i].what, outlook.kept, cases[i].kept);
    }
}

struct growing {
    struct log_forecast forecast;
    struct log_disk disk;
    int64_t now_ns;
};

static struct growing growing_make(void)
{
    return (struct growing){ .disk = { .bytes = { 1u << 30 }, .used = 50ull << 30 },
                             .now_ns = WF_NS_PER_DAY };
}

/* So many minutes at so many bytes a minute, of history and of others; a look each second. */
static void pass(struct growing *test, int minutes, uint64_t own, uint64_t others)
{
    for (int i = 0; i < minutes; i++) {
        test->disk.bytes[WF_STORE_RAW] += own;
        test->disk.used += own + others;
        test->now_ns += MINUTE;
        log_forecast_look(&test->forecast, test->now_ns, &test->disk);
        log_forecast_look(&test->forecast, test->now_ns + WF_NS_PER_S, &test->disk);
    }
}

static void assert_rates(const struct growing *test, double own, double others)
{
    struct log_rates rates;

    assert_true(log_forecast_rates(&test->forecast, &rates));
    assert_days("own", rates.own[WF_STORE_RAW] / 1440, own);
    assert_days("others", rates.others / 1440, others);
}

static void nothing_is_said_in_the_first_half_hour(void **state)
{
    struct growing test = growing_make();
    struct log_rates rates;

    (void)state;
    assert_false(log_forecast_rates(&test.forecast, &rates));
    pass(&test, 30, 1000, 0);
    assert_false(log_forecast_rates(&test.forecast, &rates));
    pass(&test, 1, 1000, 0);
    assert_rates(&test, 1000, 0);
}

static void others_count_when_they_were_seen_for_an_hour(void **state)
{
    struct growing test = growing_make();

    (void)state;
    pass(&test, 50, 1000, 5000);
    assert_rates(&test, 1000, 0);
    pass(&test, 20, 1000, 5000);
    assert_rates(&test, 1000, 5000);
}

static void a_rate_is_that_of_the_last_day_at_most(void **state)
{
    struct growing test = growing_make();

    (void)state;
    pass(&test, 120, 1000, 0);
    assert_rates(&test, 1000, 0);
    pass(&test, 3 * 1440, 3000, 0);
    assert_rates(&test, 3000, 0);
    /* Half of a day and night of little: the mean, not the last hour. */
    pass(&test, 768, 1000, 0);
    assert_rates(&test, 2000, 0);
}

static void a_log_of_changes_that_grows_at_the_start_is_no_rate(void **state)
{
    struct growing test = growing_make();

    (void)state;
    for (int i = 0; i < 40; i++) {
        if (i < 10) {
            test.disk.bytes[WF_STORE_RAW] += 1600000;
            test.disk.log_bytes += 1600000;
            test.disk.used += 1600000;
        }
        pass(&test, 1, 1000, 0);
    }
    assert_rates(&test, 1000, 0);
}

static void what_retention_deletes_is_growth_all_the_same(void **state)
{
    struct growing test = growing_make();

    (void)state;
    for (int i = 0; i < 30; i++) {
        pass(&test, 1, 1000, 0);
        test.disk.bytes[WF_STORE_RAW] -= 1000;
        test.disk.deleted[WF_STORE_RAW] += 1000;
        test.disk.used -= 1000;
    }
    pass(&test, 1, 1000, 0);
    assert_rates(&test, 1000, 0);
}

static void what_is_deleted_by_hand_is_no_shrinking(void **state)
{
    struct growing test = growing_make();

    (void)state;
    pass(&test, 60, 1000, 500);
    test.disk.bytes[WF_STORE_RAW] -= 1000u << 20; /* most of it */
    test.disk.used -= 20ull << 30;
    pass(&test, 60, 1000, 500);
    assert_rates(&test, 1000, 500);
}

static void something_large_that_was_copied_once_is_no_rate(void **state)
{
    struct growing test = growing_make();

    (void)state;
    pass(&test, 100, 1000, 500);
    test.disk.used += 10ull << 30;
    pass(&test, 100, 1000, 500);
    assert_rates(&test, 1000, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_and_rates_say_when_it_is_full),
        cmocka_unit_test(nothing_is_said_in_the_first_half_hour),
        cmocka_unit_test(others_count_when_they_were_seen_for_an_hour),
        cmocka_unit_test(a_rate_is_that_of_the_last_day_at_most),
        cmocka_unit_test(a_log_of_changes_that_grows_at_the_start_is_no_rate),
        cmocka_unit_test(what_retention_deletes_is_growth_all_the_same),
        cmocka_unit_test(what_is_deleted_by_hand_is_no_shrinking),
        cmocka_unit_test(something_large_that_was_copied_once_is_no_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
