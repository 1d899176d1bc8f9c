/* SPDX-License-Identifier: MIT */
/* Writing: positions, midnight, schema versions, sources, gaps; nothing lost, nothing doubled. */

#include "store_support.h"

static const char power_text[] = "[subsystem]\nperiod = 100ms\n"
                                 "[parameter volts]\nbits = 12\npolynomial = 0 0.01\nunit = V\n"
                                 "[parameter count]\nbits = 32\n";
static const char newer_text[] = "[subsystem]\nperiod = 100ms\n"
                                 "[parameter volts]\nbits = 12\npolynomial = 1 0.02\nunit = V\n"
                                 "[parameter amps]\ntype = float\n";

#define ROWS "SELECT count(*), min(_number), max(_number) FROM "

struct writing {
    struct place place;
    struct wf_schema *schema;
    struct wf_series *series;
    uint8_t *payload;
    char table[64];
};

static void begin(struct writing *test)
{
    place_make(&test->place);
    test->schema = schema_of("power.ini", power_text);
    test->series = series_of(&test->place, "main", test->schema, 1);
    test->payload = payload_make(test->schema);
    (void)snprintf(test->table, sizeof(test->table), "_power_%016llxd",
                   (unsigned long long)test->schema->schema_hash);
}

static void end(struct writing *test)
{
    free(test->payload);
    wf_schema_free(&test->schema);
    place_remove(&test->place);
}

/* Samples [first, first + count) at 10 Hz from `time_ns` on. */
static void write_run(struct writing *test, struct wf_series *series, uint64_t first, size_t count,
                      int64_t time_ns)
{
    struct wf_store_sample samples[100];

    assert_true(count <= WF_COUNT_OF(samples));
    for (size_t i = 0; i < count; i++)
        samples[i] = sample_of(&test->place, series, first + i,
                               time_ns + (int64_t)i * 100 * WF_NS_PER_MS, test->payload);
    write_ok(&test->place, samples, count);
}

static const char *rows_of(const struct writing *test, const char *day)
{
    char sql[200];

    (void)snprintf(sql, sizeof(sql), "%s%s", ROWS, test->table);
    return ask(&test->place, day, sql);
}

static void a_batch_given_twice_is_stored_once(void **state)
{
    struct writing test;
    struct wf_store_sample samples[3];

    (void)state;
    begin(&test);
    for (size_t i = 0; i < 3; i++)
        samples[i] = sample_of(&test.place, test.series, i, NOON, test.payload);
    write_ok(&test.place, samples, 3);
    write_ok(&test.place, samples, 3);
    assert_string_equal(rows_of(&test, DAY), "3|0|2\n");
    /* Also when the store was killed in between and knows only what the files say. */
    store_again(&test.place);
    test.series = series_of(&test.place, "main", test.schema, 1);
    assert_int_equal(wf_series_next(test.series), 3);
    for (size_t i = 0; i < 3; i++)
        samples[i].series = test.series;
    write_ok(&test.place, samples, 3);
    assert_string_equal(rows_of(&test, DAY), "3|0|2\n");
    end(&test);
}

static void skipped_numbers_become_a_gap_with_their_cause(void **state)
{
    struct writing test;

    (void)state;
    begin(&test);
    write_run(&test, test.series, 5, 2, NOON);
    write_run(&test, test.series, 17, 1, NOON + WF_NS_PER_S);
    assert_string_equal(ask(&test.place, DAY,
                            "SELECT source, subsystem, \"from\", \"to\", lost, cause, is_published"
                            " FROM gaps"),
                        "main|power||2001-02-03T12:00:00.000000000Z|5|ring_overrun|1\n"
                        "main|power|2001-02-03T12:00:00.100000000Z|2001-02-03T12:00:01.000000000Z"
                        "|10|ring_overrun|1\n");
    assert_string_equal(ask(&test.place, DAY, "SELECT next, rows, lost FROM _positions"),
                        "18|3|15\n");
    end(&test);
}

static void midnight_parts_the_files_by_receive_time(void **state)
{
    struct writing test;
    struct wf_series *other;
    struct wf_store_sample samples[6];
    int64_t midnight = NOON + WF_NS_PER_DAY / 2;

    (void)state;
    begin(&test);
    other = series_of(&test.place, "sat1", test.schema, 2);
    /* One batch: each series crosses midnight, and the first to come is already behind it. */
    samples[0] = sample_of(&test.place, test.series, 0, midnight + 5, test.payload);
    samples[1] = sample_of(&test.place, test.series, 1, midnight + 6, test.payload);
    samples[2] = sample_of(&test.place, other, 0, midnight - 5000, test.payload);
    samples[3] = sample_of(&test.place, other, 1, midnight - 4000, test.payload);
    samples[4] = sample_of(&test.place, other, 2, midnight, test.payload);
    /* Device time says today, receive time says tomorrow: tomorrow it is. */
    samples[5] = sample_of(&test.place, other, 3, midnight - 10, test.payload);
    write_ok(&test.place, samples, 6);
    assert_string_equal(rows_of(&test, "2001-02-03"), "2|0|1\n");
    assert_string_equal(rows_of(&test, "2001-02-04"), "4|0|3\n");
    store_again(&test.place);
    assert_int_equal(wf_series_next(series_of(&test.place, "sat1", test.schema, 2)), 4);
    assert_int_equal(wf_series_next(series_of(&test.place, "main", test.schema, 1)), 2);
    end(&test);
}

static void a_clock_that_was_years_ahead_does_not_hold_history_there(void **state)
{
    struct writing test;
    struct wf_store_sample samples[4];

    (void)state;
    begin(&test);
    samples[0] = sample_of(&test.place, test.series, 0, NOON, test.payload);
    samples[1] = sample_of(&test.place, test.series, 1, NOON + 3000 * WF_NS_PER_DAY, test.payload);
    samples[2] = sample_of(&test.place, test.series, 2, NOON + WF_NS_PER_DAY, test.payload);
    samples[3] = sample_of(&test.place, test.series, 3, NOON + 1, test.payload);
    write_ok(&test.place, samples, 4);
    assert_string_equal(rows_of(&test, "2001-02-03"), "2|0|3\n");
    assert_string_equal(rows_of(&test, "2001-02-04"), "1|2|2\n");
    store_again(&test.place);
    assert_int_equal(wf_series_next(series_of(&test.place, "main", test.schema, 1)), 4);
    end(&test);
}

static void a_day_that_is_over_is_one_read_only_file(void **state)
{
    struct writing test;
    struct stat st;
    char *path, *wal;

    (void)state;
    begin(&test);
    write_run(&test, test.series, 0, 3, NOON);
    path = tmp_folder_path(&test.place.tmp, "raw/" DAY ".db");
    wal = tmp_folder_path(&test.place.tmp, "raw/" DAY ".db-wal");
    wf_store_destroy(&test.place.store);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0440);
    assert_int_not_equal(stat(wal, &st), 0);
    assert_string_equal(ask(&test.place, DAY, "PRAGMA journal_mode"), "delete\n");
    /* A late row opens it once more. */
    store_begin(&test.place);
    test.series = series_of(&test.place, "main", test.schema, 1);
    write_run(&test, test.series, 3, 1, NOON);
    assert_string_equal(rows_of(&test, DAY), "4|0|3\n");
    free(path);
    free(wal);
    end(&test);
}

static void two_schema_versions_of_a_day_answer_as_one(void **state)
{
    struct writing test;
    struct wf_schema *newer;
    struct wf_series *series;
    struct wf_store_sample sample;
    uint8_t *payload;

    (void)state;
    begin(&test);
    set_raw(test.schema, test.payload, "volts", 2800);
    set_u64(test.schema, test.payload, "count", 7);
    write_run(&test, test.series, 0, 1, NOON);
    newer = schema_of("power.ini", newer_text);
    payload = payload_make(newer);
    set_raw(newer, payload, "volts", 1400);
    set_f64(newer, payload, "amps", 1.5);
    series = series_of(&test.place, "main", newer, 2);
    assert_int_equal(wf_series_next(series), 0);
    sample = sample_of(&test.place, series, 0, NOON + WF_NS_PER_S, payload);
    write_ok(&test.place, &sample, 1);
    assert_string_equal(
        ask(&test.place, DAY, "SELECT time, source, volts, amps, count FROM power ORDER BY time"),
        "2001-02-03T12:00:00.000000000Z|main|28.0||7\n"
        "2001-02-03T12:00:01.000000000Z|main|29.0|1.5|\n");
    assert_string_equal(ask(&test.place, DAY, "SELECT subsystem, rows, versions FROM subsystems"),
                        "power|2|2\n");
    free(payload);
    wf_schema_free(&newer);
    end(&test);
}

static void sources_share_a_type_but_keep_their_own_numbers(void **state)
{
    struct writing test;
    struct wf_series *other;

    (void)state;
    begin(&test);
    other = series_of(&test.place, "sat1", test.schema, 1);
    write_run(&test, test.series, 0, 2, NOON);
    write_run(&test, other, 0, 3, NOON);
    assert_string_equal(ask(&test.place, DAY, "SELECT source, count(*) FROM power GROUP BY source"),
                        "main|2\nsat1|3\n");
    end(&test);
}

static void a_place_that_is_taken_is_counted_not_ignored(void **state)
{
    struct writing test;
    struct wf_store_sample samples[3];

    (void)state;
    begin(&test);
    for (size_t i = 0; i < 3; i++)
        samples[i] = sample_of(&test.place, test.series, i, NOON, test.payload);
    samples[1].stamp.order = samples[0].stamp.order;
    write_ok(&test.place, samples, 3);
    assert_string_equal(rows_of(&test, DAY), "2|0|2\n");
    assert_string_equal(
        ask(&test.place, DAY, "SELECT cause, lost, first_number, last_number FROM _gaps"),
        "conflict|1|1|1\n");
    assert_int_equal(wf_series_next(test.series), 3);
    end(&test);
}

static void a_region_made_anew_counts_from_zero_again(void **state)
{
    struct writing test;
    struct wf_series *again = NULL;
    struct wf_err err = { 0 };

    (void)state;
    begin(&test);
    write_run(&test, test.series, 0, 3, NOON);
    assert_int_equal(wf_store_series(test.place.store, "main", test.schema, 99, true, &again, &err),
                     0);
    assert_int_equal(wf_series_next(again), 0);
    write_run(&test, again, 0, 2, NOON + WF_NS_PER_S / 2);
    assert_string_equal(rows_of(&test, DAY), "5|0|2\n");
    assert_string_equal(ask(&test.place, DAY, "SELECT cause, lost IS NULL FROM _gaps"),
                        "region_replaced|1\n");
    end(&test);
}

static void what_lies_between_samples_is_told(void **state)
{
    static const struct {
        const char *what;
        uint64_t epoch_step;
        uint16_t lost_before, rejected_before;
        int64_t received_step_ns, device_step_ns;
        uint32_t flags;
        const char *want;
    } cases[] = {
        { "the next one", 0, 0, 0, WF_NS_PER_S / 10, WF_NS_PER_S / 10, 0, "" },
        { "missing packets", 0, 3, 0, WF_NS_PER_S / 10, WF_NS_PER_S / 10, 0, "sequence_gap|3\n" },
        { "missing, and the kernel dropped some", 0, 3, 0, WF_NS_PER_S / 10, WF_NS_PER_S / 10,
          WF_SAMPLE_GAP_BEFORE | WF_SAMPLE_DROP_BEFORE, "kernel_drop|3\n" },
        { "rejected packets", 0, 0, 2, WF_NS_PER_S / 10, WF_NS_PER_S / 10, 0, "rejected|2\n" },
        { "missing ones and rejected ones", 0, 3, 2, WF_NS_PER_S / 10, WF_NS_PER_S / 10, 0,
          "sequence_gap|3\nrejected|2\n" },
        { "nothing but rejected ones for long", 0, 0, 2, 5 * WF_NS_PER_S, 5 * WF_NS_PER_S, 0,
          "rejected|2\n" },
        { "silence", 0, 0, 0, 5 * WF_NS_PER_S, 5 * WF_NS_PER_S, 0, "link_silent|\n" },
        { "a restart", 9, 0, 0, 5 * WF_NS_PER_S, 5 * WF_NS_PER_S, 0, "writer_restart|\n" },
        { "a restart and packets", 9, 4, 0, 5 * WF_NS_PER_S, 5 * WF_NS_PER_S, 0,
          "writer_restart|\nsequence_gap|4\n" },
        { "the clock ahead", 0, 0, 0, WF_NS_PER_S / 10, 3600 * WF_NS_PER_S, 0, "clock_jump|\n" },
        { "the clock back", 0, 0, 0, WF_NS_PER_S / 10, -3600 * WF_NS_PER_S, 0, "clock_jump|\n" },
        { "a late one", 0, 0, 0, WF_NS_PER_S / 10, -3600 * WF_NS_PER_S, WF_SAMPLE_LATE, "" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct writing test;
        struct wf_store_sample sample;

        begin(&test);
        write_run(&test, test.series, 0, 10, NOON);
        sample = sample_of(&test.place, test.series, 10, NOON + 900 * WF_NS_PER_MS, test.payload);
        sample.stamp.epoch += cases[i].epoch_step;
        sample.stamp.lost_before = cases[i].lost_before;
        sample.stamp.rejected_before = cases[i].rejected_before;
        sample.stamp.received_ns += cases[i].received_step_ns;
        sample.stamp.device_ns += cases[i].device_step_ns;
        sample.stamp.flags = cases[i].flags;
        write_ok(&test.place, &sample, 1);
        assert_string_equal(ask(&test.place, DAY, "SELECT cause, lost FROM _gaps ORDER BY id"),
                            cases[i].want);
        end(&test);
    }
}

static void a_recording_played_fast_is_no_clock_jump(void **state)
{
    struct writing test;
    struct wf_store_sample samples[20];

    (void)state;
    begin(&test);
    for (size_t i = 0; i < 20; i++) {
        samples[i] = sample_of(&test.place, test.series, i, NOON + (int64_t)i, test.payload);
        samples[i].stamp.device_ns = NOON + (int64_t)i * 60 * WF_NS_PER_S;
    }
    write_ok(&test.place, samples, 20);
    assert_string_equal(ask(&test.place, DAY, "SELECT count(*) FROM _gaps"), "0\n");
    end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_given_twice_is_stored_once),
        cmocka_unit_test(skipped_numbers_become_a_gap_with_their_cause),
        cmocka_unit_test(midnight_parts_the_files_by_receive_time),
        cmocka_unit_test(a_clock_that_was_years_ahead_does_not_hold_history_there),
        cmocka_unit_test(a_day_that_is_over_is_one_read_only_file),
        cmocka_unit_test(two_schema_versions_of_a_day_answer_as_one),
        cmocka_unit_test(sources_share_a_type_but_keep_their_own_numbers),
        cmocka_unit_test(a_place_that_is_taken_is_counted_not_ignored),
        cmocka_unit_test(a_region_made_anew_counts_from_zero_again),
        cmocka_unit_test(what_lies_between_samples_is_told),
        cmocka_unit_test(a_recording_played_fast_is_no_clock_jump),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
