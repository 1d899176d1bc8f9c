/* SPDX-License-Identifier: MIT */
/* Figures of an alarm system, from entries made by hand. */

#include "support/unit.h"

#include "stats_count.h"

#define NOON (INT64_C(1795176000) * WF_NS_PER_S)

static struct stats a_day(void)
{
    struct stats stats;

    assert_int_equal(stats_init(&stats, NOON, NOON + WF_NS_PER_DAY), 0);
    return stats;
}

static void add(struct stats *stats, double at_s, const char *alarm, const char *event,
                bool is_announced)
{
    const struct wf_journal_entry entry = {
        .kind = WF_JOURNAL_TRANSITION,
        .utc_ns = NOON + (int64_t)(at_s * 1e9),
        .alarm = alarm,
        .event = event,
        .user = strcmp(event, "ACK") == 0 ? "ann" : "",
        .severity = 2,
        .is_announced = is_announced,
    };

    assert_int_equal(stats_add(stats, &entry), 0);
}

static void an_empty_day_meets_everything(void **state)
{
    struct stats stats = a_day();
    struct stats_rates rates;

    (void)state;
    stats_finish(&stats);
    stats_rates(&stats, &rates);
    assert_true(rates.per_bin == 0 && rates.flood_percent == 0 && rates.top_percent == 0);
    assert_int_equal(rates.most_in_bin, 0);
    assert_int_equal(stats_ack_quantile(&stats, 0.5), 0);
    stats_fini(&stats);
}

static void rates_and_floods_are_counted_in_ten_minutes(void **state)
{
    struct stats stats = a_day();
    struct stats_rates rates;
    char name[32];

    (void)state;
    for (int i = 0; i < 11; i++) { /* a flood of eleven, then one an hour */
        (void)snprintf(name, sizeof(name), "main.a.p%d LIMIT", i);
        add(&stats, i, name, "RAISE", true);
    }
    for (int hour = 1; hour < 14; hour++)
        add(&stats, hour * 3600, "main.b.p LIMIT", "RAISE", true);
    add(&stats, 50000, "main.b.q LIMIT", "RAISE", false); /* shelved: nobody was told */
    stats_finish(&stats);
    stats_rates(&stats, &rates);
    assert_int_equal(stats.announced, 24);
    assert_int_equal(rates.most_in_bin, 11);
    assert_int_equal(rates.flood_bins, 1);
    assert_true(rates.per_day > 23.99 && rates.per_day < 24.01);
    assert_true(rates.per_hour > 0.99 && rates.per_hour < 1.01);
    assert_true(rates.flood_percent > 0.69 && rates.flood_percent < 0.70); /* 1 of 144 */
    assert_string_equal(stats.alarms[0].name, "main.b.p LIMIT");
    assert_int_equal(stats.alarms[0].raised, 13);
    assert_true(rates.top_percent > 91.6 && rates.top_percent < 91.7); /* 22 of 24 */
    stats_fini(&stats);
}

static void three_times_within_a_minute_is_chattering(void **state)
{
    static const struct {
        double times[4];
        int count;
        uint64_t want;
    } cases[] = {
        { { 0, 30, 59 }, 3, 1 },  { { 0, 30, 60 }, 3, 0 },      { { 0, 30 }, 2, 0 },
        { { 0, 1, 2, 3 }, 4, 2 }, { { 0, 50, 70, 100 }, 4, 1 }, { { 1, 1, 1 }, 3, 1 },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct stats stats = a_day();

        for (int j = 0; j < cases[i].count; j++)
            add(&stats, cases[i].times[j], "main.a.p LIMIT", "RAISE", true);
        stats_finish(&stats);
        if (stats.alarms[0].chattered != cases[i].want)
            fail_msg("case %d: %d", (int)i, (int)stats.alarms[0].chattered);
        stats_fini(&stats);
    }
}

static void what_is_gone_at_once_is_fleeting(void **state)
{
    struct stats stats = a_day();
    struct stats_rates rates;

    (void)state;
    add(&stats, 0, "main.a.p LIMIT", "RAISE", true);
    add(&stats, 4.9, "main.a.p LIMIT", "RTN", false);
    add(&stats, 10, "main.a.q LIMIT", "RAISE", true);
    add(&stats, 15, "main.a.q LIMIT", "RTN", false);
    stats_finish(&stats);
    stats_rates(&stats, &rates);
    assert_int_equal(rates.fleeting, 1);
    stats_fini(&stats);
}

static void time_to_acknowledge_begins_with_the_first_announcement(void **state)
{
    struct stats stats = a_day();

    (void)state;
    add(&stats, 0, "main.a.p LIMIT", "RAISE", true);
    add(&stats, 5, "main.a.p LIMIT", "WORSEN", true);
    add(&stats, 10, "MAIN.a.p limit", "ACK", false);
    add(&stats, 20, "main.a.p LIMIT", "RAISE", true);
    add(&stats, 50, "main.a.p LIMIT", "ACK", false);
    add(&stats, 60, "main.a.q LIMIT", "ACK", false); /* announced yesterday */
    add(&stats, 70, "main.a.r LIMIT", "RAISE", true);
    stats_finish(&stats);
    assert_int_equal(stats.ack_count, 2);
    assert_int_equal(stats_ack_quantile(&stats, 0), 10 * WF_NS_PER_S);
    assert_int_equal(stats_ack_quantile(&stats, 1), 30 * WF_NS_PER_S);
    assert_int_equal(stats.unacknowledged, 1);
    assert_int_equal(stats.commands, 3);
    stats_fini(&stats);
}

static void thousands_of_alarms_are_told_apart(void **state)
{
    struct stats stats = a_day();
    char name[40];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        (void)snprintf(name, sizeof(name), "main.s%d.p%d LIMIT", i % 7, i);
        add(&stats, i, name, "RAISE", true);
        if (i % 1000 == 0)
            add(&stats, i, name, "RAISE", true);
    }
    stats_finish(&stats);
    assert_int_equal(stats.alarm_count, 20000);
    assert_int_equal(stats.alarms[19].raised, 2);
    assert_int_equal(stats.alarms[20].raised, 1);
    stats_fini(&stats);
}

static void ranges_that_make_no_sense_are_refused(void **state)
{
    struct stats stats;

    (void)state;
    assert_int_equal(stats_init(&stats, NOON, NOON), WF_ERR_LIMIT);
    assert_int_equal(stats_init(&stats, NOON, NOON - 1000 * STATS_BIN_NS), WF_ERR_LIMIT);
    assert_int_equal(stats_init(&stats, 0, INT64_MAX), WF_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_day_meets_everything),
        cmocka_unit_test(rates_and_floods_are_counted_in_ten_minutes),
        cmocka_unit_test(three_times_within_a_minute_is_chattering),
        cmocka_unit_test(what_is_gone_at_once_is_fleeting),
        cmocka_unit_test(time_to_acknowledge_begins_with_the_first_announcement),
        cmocka_unit_test(thousands_of_alarms_are_told_apart),
        cmocka_unit_test(ranges_that_make_no_sense_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
