/* SPDX-License-Identifier: MIT */
/* Retention: the oldest files go, with a record of what was in them; thinned samples are counted. */

#include "keeping.h"

#include "watchfloor/store/gap.h"

#include "age.h"

static void days_beyond_their_time_are_deleted_and_recorded(void **state)
{
    struct keeping test;
    struct wf_store_retention keep = { .keep_ns = { 3 * WF_NS_PER_DAY } };
    char answer[300];

    (void)state;
    begin(&test);
    for (int days = 6; days >= 0; days--)
        write_day(&test, days);
    wf_store_keep(test.place.store, &keep);
    tidy(&test);
    for (int days = 0; days < 7; days++)
        assert_int_equal(is_there(&test, days), days <= 3);
    assert_string_equal(ask_today(&test, "SELECT tier, rows, reason FROM deleted"),
                        "raw|100|older than is kept\nraw|100|older than is kept\n"
                        "raw|100|older than is kept\n");
    /* What was in them, and what only they told of: 100 rows and one lost sample each. */
    (void)snprintf(answer, sizeof(answer), "3|%d\n", 3 * 101);
    assert_string_equal(ask_today(&test, "SELECT count(*), sum(lost) FROM gaps WHERE cause ="
                                         " 'retention' AND subsystem = 'power'"),
                        answer);
    end(&test);
}

/* Days 6 to 3, and then a leap of years, which made the files of `after` days. */
static void leap(struct keeping *test, int after)
{
    for (int days = 6; days >= 3; days--)
        write_day(test, 4000 + days);
    for (int days = after - 1; days >= 0; days--)
        write_day(test, days);
}

static void a_clock_that_leaps_ahead_deletes_nothing_until_days_have_passed(void **state)
{
    struct wf_store_retention keep = { .keep_ns = { 3 * WF_NS_PER_DAY } };

    (void)state;
    for (int after = 1; after <= 4; after++) {
        struct wf_store_figures figures;
        struct keeping test;

        begin(&test);
        leap(&test, after);
        wf_store_keep(test.place.store, &keep);
        tidy(&test);
        for (int days = 6; days >= 3; days--)
            assert_int_equal(is_there(&test, 4000 + days), after < 3);
        wf_store_figures(test.place.store, &figures);
        assert_int_equal(figures.is_clock_doubted, after < 3);
        end(&test);
    }
}

static void days_that_the_clock_has_not_come_to_yet_stay(void **state)
{
    struct wf_store_retention keep = { .keep_ns = { 3 * WF_NS_PER_DAY } };
    struct keeping test;

    (void)state;
    begin(&test);
    for (int days = 6; days >= 1; days--)
        write_day(&test, days);
    write_day(&test, -4000);
    write_day(&test, -4001);
    write_day(&test, 0);
    wf_store_keep(test.place.store, &keep);
    tidy(&test);
    for (int days = 0; days < 7; days++)
        assert_int_equal(is_there(&test, days), days <= 3);
    assert_true(is_there(&test, -4000) && is_there(&test, -4001));
    end(&test);
}

static void what_a_wrong_clock_put_into_the_past_is_as_young_as_it_is(void **state)
{
    struct wf_store_retention keep = { .keep_ns = { 3 * WF_NS_PER_DAY } };
    struct keeping test;

    (void)state;
    begin(&test);
    for (int days = 6; days >= 1; days--)
        write_day(&test, days);
    write_day(&test, 9000);
    write_day(&test, 0);
    wf_store_keep(test.place.store, &keep);
    tidy(&test);
    for (int days = 0; days < 7; days++)
        assert_int_equal(is_there(&test, days), days <= 3);
    assert_true(is_there(&test, 9000));
    /* When only today is kept, which was written later, it goes with yesterday. */
    keep.keep_ns[WF_STORE_RAW] = 1;
    wf_store_keep(test.place.store, &keep);
    tidy(&test);
    assert_true(is_there(&test, 0));
    assert_false(is_there(&test, 1) || is_there(&test, 9000));
    end(&test);
}

static void a_leap_is_believed_when_days_were_written_behind_it(void **state)
{
    /* Days that have files, and what is believed when the clock says it is day 1000. */
    static const struct {
        const char *what;
        int days[6];
        size_t count;
        int believed; /* a day's end; 1000 = the clock */
    } cases[] = {
        { "no files", { 0 }, 0, 1000 },
        { "files up to now", { 998, 999, 1000 }, 3, 1000 },
        { "a week without", { 991, 992, 993 }, 3, 1000 },
        { "a longer hole, nothing behind it", { 500, 501, 502 }, 3, 503 },
        { "one day behind it", { 500, 501, 1000 }, 3, 502 },
        { "two days behind it", { 500, 501, 999, 1000 }, 4, 502 },
        { "three days behind it", { 500, 501, 995, 999, 1000 }, 5, 1000 },
        { "the first day of all", { 1000 }, 1, 1000 },
        { "days far apart", { 100, 200, 300, 400, 500 }, 5, 301 },
        { "days to come", { 999, 1000, 7000, 7001, 7002 }, 5, 1000 },
        { "only days to come", { 7000, 7001, 7002 }, 3, 1000 },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        int64_t days[6], now_ns = 1000 * WF_NS_PER_DAY + WF_NS_PER_S, want_ns, got_ns;

        for (size_t k = 0; k < cases[i].count; k++)
            days[k] = cases[i].days[k] * WF_NS_PER_DAY;
        want_ns = cases[i].believed == 1000 ? now_ns : cases[i].believed * WF_NS_PER_DAY;
        got_ns = wfs_believed_now(days, cases[i].count, now_ns);
        if (got_ns != want_ns)
            fail_msg("%s: %g, not %g", cases[i].what, (double)got_ns / (double)WF_NS_PER_DAY,
                     (double)want_ns / (double)WF_NS_PER_DAY);
    }
}

static void what_a_kill_left_half_deleted_is_finished(void **state)
{
    struct keeping test;
    struct wf_civil civil;
    char name[64], marked[80];
    char *from, *to;

    (void)state;
    begin(&test);
    write_day(&test, 2);
    write_day(&test, 1);
    write_day(&test, 0);
    store_again(&test.place);
    test.series = series_of(&test.place, "main", test.schema, 1);
    wf_civil_from_utc(test.today_ns - 2 * WF_NS_PER_DAY, &civil);
    (void)snprintf(name, sizeof(name), "raw/%04d-%02d-%02d.db", civil.year, civil.month, civil.day);
    (void)snprintf(marked, sizeof(marked), "%s.deleted", name);
    from = tmp_folder_path(&test.place.tmp, name);
    to = tmp_folder_path(&test.place.tmp, marked);
    assert_int_equal(rename(from, to), 0);
    write_day(&test, 0);
    tidy(&test);
    assert_int_not_equal(access(to, F_OK), 0);
    assert_string_equal(ask_today(&test, "SELECT rows FROM deleted"), "100\n");
    free(from);
    free(to);
    end(&test);
}

static void rollups_that_were_deleted_are_not_claimed_any_more(void **state)
{
    struct keeping test;
    struct wf_store_retention keep = { .keep_ns = { 0, WF_NS_PER_DAY, 0 } };
    struct trust trust;
    int64_t start_ns = NOON;

    (void)state;
    begin(&test);
    for (int i = 0; i < 130; i++) {
        struct wf_store_sample samples[20];

        for (size_t k = 0; k < WF_COUNT_OF(samples); k++)
            samples[k] = sample_of(&test.place, test.series, test.number++,
                                   start_ns + i * 60 * WF_NS_PER_S + (int64_t)k, test.payload);
        write_ok(&test.place, samples, WF_COUNT_OF(samples));
    }
    tidy(&test);
    trust = trust_of(&test.place, "power");
    assert_true(is_complete(&trust, WFS_TIER_MINUTE, NOON));
    /* A clock that comes from 2001 is not believed before there are three days. */
    for (int days = 2; days >= 0; days--)
        write_day(&test, days);
    wf_store_keep(test.place.store, &keep);
    tidy(&test);
    assert_null(open_db(&test.place, "minute/2001-02.db"));
    trust = trust_of(&test.place, "power");
    assert_false(is_complete(&trust, WFS_TIER_MINUTE, NOON));
    assert_true(is_complete(&trust, WFS_TIER_HOUR, NOON));
    assert_string_equal(ask_today(&test, "SELECT tier, file FROM deleted"), "minute|2001-02.db\n");
    end(&test);
}

static void thinned_samples_are_counted_and_leave_no_gap(void **state)
{
    struct keeping test;
    struct wf_store_figures figures;

    (void)state;
    begin(&test);
    for (int i = 0; i < 50; i++) {
        struct wf_store_sample sample =
            sample_of(&test.place, test.series, test.number++,
                      test.today_ns + i * 100 * WF_NS_PER_MS, test.payload);

        sample.is_thinned = i % 5 != 0;
        if (sample.is_thinned)
            sample.payload = NULL;
        write_ok(&test.place, &sample, 1);
    }
    assert_string_equal(ask_today(&test, "SELECT rows, thinned, lost, next FROM _positions"),
                        "10|40|0|50\n");
    assert_string_equal(ask_today(&test, "SELECT count(*) FROM _gaps"), "0\n");
    wf_store_figures(test.place.store, &figures);
    assert_int_equal(figures.rows, 10);
    assert_int_equal(figures.thinned, 40);
    end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_beyond_their_time_are_deleted_and_recorded),
        cmocka_unit_test(a_clock_that_leaps_ahead_deletes_nothing_until_days_have_passed),
        cmocka_unit_test(days_that_the_clock_has_not_come_to_yet_stay),
        cmocka_unit_test(what_a_wrong_clock_put_into_the_past_is_as_young_as_it_is),
        cmocka_unit_test(a_leap_is_believed_when_days_were_written_behind_it),
        cmocka_unit_test(what_a_kill_left_half_deleted_is_finished),
        cmocka_unit_test(rollups_that_were_deleted_are_not_claimed_any_more),
        cmocka_unit_test(thinned_samples_are_counted_and_leave_no_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
