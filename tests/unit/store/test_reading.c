/* SPDX-License-Identifier: MIT */
/* Reading: order of time across files, versions and sources, while somebody writes. */

#include "store_support.h"

static const char text[] = "[subsystem]\nperiod = 1s\n[parameter n]\nbits = 32\n"
                           "[parameter other]\nbits = 8\n";

struct reading {
    struct place place;
    struct wf_schema *schema;
    uint8_t *payload;
    uint64_t next[2];
};

static void begin(struct reading *test)
{
    *test = (struct reading){ 0 };
    place_make(&test->place);
    test->schema = schema_of("log.ini", text);
    test->payload = payload_make(test->schema);
}

static void end(struct reading *test)
{
    free(test->payload);
    wf_schema_free(&test->schema);
    place_remove(&test->place);
}

/* A sample whose n says which it is. */
static void put(struct reading *test, int source, uint32_t n, int64_t device_ns,
                int64_t received_ns)
{
    struct wf_series *series =
        series_of(&test->place, source == 0 ? "main" : "sat1", test->schema, 1);
    struct wf_store_sample sample;

    set_u64(test->schema, test->payload, "n", n);
    sample = sample_of(&test->place, series, test->next[source]++, device_ns, test->payload);
    sample.stamp.received_ns = received_ns;
    write_ok(&test->place, &sample, 1);
}

/* n of every row, with blanks between. */
static const char *numbers(struct reading *test, const char *source, struct wf_range range)
{
    static char line[8192];
    struct wf_strbuf out = WF_STRBUF_FIXED(line);
    static const char *const names[] = { "N" }; /* names compare without case */
    struct wf_history_query query = { .range = range,
                                      .source = source,
                                      .subsystem = "log",
                                      .parameters = names,
                                      .parameter_count = 1 };
    struct wf_history *history = NULL;
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    struct wf_err err = { 0 };
    int64_t last = INT64_MIN;
    int rc;

    assert_int_equal(wf_history_open(test->place.tmp.path, &history, &err), 0);
    if (wf_history_select(history, &query, &cursor, &err) < 0)
        fail_msg("select: %s", err.text);
    while ((rc = wf_history_next(cursor, &row, &err)) == 0) {
        struct wf_value value;

        assert_true(row.time_ns >= last);
        last = row.time_ns;
        wf_value_get(row.schema, row.payload, 0, 0, &value);
        wf_strbuf_addf(&out, "%llu ", (unsigned long long)value.as.u64);
    }
    if (rc != WF_ERR_ABSENT)
        fail_msg("next: %s", err.text);
    wf_history_cursor_close(&cursor);
    wf_history_close(&history);
    return line;
}

static struct wf_range around(int64_t from_ns, int64_t to_ns)
{
    return (struct wf_range){ .from_ns = from_ns, .to_ns = to_ns };
}

#define S WF_NS_PER_S

static void late_samples_stand_where_they_were_measured(void **state)
{
    struct reading test;
    struct wf_range all = around(NOON - 100 * S, NOON + 100 * S);

    (void)state;
    begin(&test);
    put(&test, 0, 1, NOON, NOON);
    put(&test, 0, 2, NOON + S, NOON + S);
    put(&test, 0, 0, NOON - 50 * S, NOON + 2 * S);
    put(&test, 0, 3, NOON + 3 * S, NOON + 3 * S);
    assert_string_equal(numbers(&test, "main", all), "0 1 2 3 ");
    all.is_by_received = true;
    assert_string_equal(numbers(&test, "main", all), "1 2 0 3 ");
    end(&test);
}

static void ranges_begin_with_from_and_end_before_to(void **state)
{
    static const struct {
        int64_t from, to;
        const char *want;
    } cases[] = {
        { 0, 5, "0 1 2 3 4 " }, { 1, 3, "1 2 " }, { 3, 3, "" },    { 4, 5, "4 " },
        { 5, 9, "" },           { -9, 0, "" },    { -9, 1, "0 " },
    };
    struct reading test;

    (void)state;
    begin(&test);
    for (uint32_t n = 0; n < 5; n++)
        put(&test, 0, n, NOON + n, NOON + n);
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++)
        assert_string_equal(
            numbers(&test, "main", around(NOON + cases[i].from, NOON + cases[i].to)),
            cases[i].want);
    end(&test);
}

static void days_and_sources_are_kept_apart_and_put_in_order(void **state)
{
    struct reading test;

    (void)state;
    begin(&test);
    for (uint32_t day = 0; day < 4; day++) {
        int64_t noon = NOON + (int64_t)day * WF_NS_PER_DAY;

        put(&test, 0, 10 * day, noon, noon);
        put(&test, 1, 100 * day, noon + S, noon + S);
        /* Measured yesterday, received today. */
        put(&test, 0, 10 * day + 1, noon - WF_NS_PER_DAY + S, noon + 2 * S);
    }
    assert_string_equal(numbers(&test, "main", around(0, NOON + 9 * WF_NS_PER_DAY)),
                        "1 0 11 10 21 20 31 30 ");
    assert_string_equal(numbers(&test, "sat1", around(0, NOON + 9 * WF_NS_PER_DAY)),
                        "0 100 200 300 ");
    assert_string_equal(numbers(&test, "main", around(NOON, NOON + WF_NS_PER_DAY)), "0 11 ");
    assert_string_equal(numbers(&test, "nobody", around(0, NOON * 2)), "");
    end(&test);
}

static void many_blocks_give_what_one_would(void **state)
{
    struct reading test;
    struct wf_series *series[2];
    uint32_t seed = 7;

    (void)state;
    begin(&test);
    series[0] = series_of(&test.place, "main", test.schema, 1);
    series[1] = series_of(&test.place, "sat1", test.schema, 1);
    for (uint64_t batch = 0; batch < 30; batch++) {
        struct wf_store_sample samples[100];
        static uint8_t payloads[100][64];

        assert_true(test.schema->payload_bytes <= sizeof(payloads[0]));
        for (size_t i = 0; i < 100; i++) {
            uint64_t number = batch * 50 + i / 2;

            set_u64(test.schema, test.payload, "n", number);
            memcpy(payloads[i], test.payload, test.schema->payload_bytes);
            samples[i] =
                sample_of(&test.place, series[i % 2], number, NOON + (int64_t)number, payloads[i]);
            test.place.order += 200; /* other subsystems' samples in between */
        }
        write_ok(&test.place, samples, 100);
    }
    for (int i = 0; i < 40; i++) {
        int64_t from, to;
        char want[8192];
        struct wf_strbuf out = WF_STRBUF_FIXED(want);

        seed = seed * 1664525 + 1013904223;
        from = (seed >> 8) % 1500;
        to = from + (seed >> 20) % 300;
        for (int64_t n = from; n < to && n < 1500; n++)
            wf_strbuf_addf(&out, "%lld ", (long long)n);
        assert_string_equal(numbers(&test, i % 2 ? "main" : "sat1", around(NOON + from, NOON + to)),
                            want);
    }
    end(&test);
}

static void a_history_that_may_not_be_written_can_be_read(void **state)
{
    struct reading test;
    char *raw;

    (void)state;
    begin(&test);
    put(&test, 0, 1, NOON, NOON);
    wf_store_destroy(&test.place.store);
    raw = tmp_folder_path(&test.place.tmp, "raw");
    assert_int_equal(chmod(raw, 0500), 0);
    assert_string_equal(numbers(&test, "main", around(0, 2 * NOON)), "1 ");
    assert_int_equal(chmod(raw, 0700), 0);
    free(raw);
    end(&test);
}

static void no_history_is_absent_and_rubbish_is_not_opened(void **state)
{
    struct tmp_folder tmp = tmp_folder_make();
    struct wf_history *history = NULL;
    struct wf_err err = { 0 };
    struct wf_range all = around(0, INT64_MAX);
    const struct wf_history_entry *list;
    int64_t day_ns = 0;
    size_t count;
    char *raw = tmp_folder_path(&tmp, "raw");

    (void)state;
    assert_int_equal(wf_history_open(tmp.path, &history, &err), WF_ERR_ABSENT);
    assert_int_equal(mkdir(raw, 0700), 0);
    assert_int_equal(wf_history_open(tmp.path, &history, &err), WF_ERR_ABSENT);
    tmp_folder_write(&tmp, "raw/2001-02-30.db", "no such day");
    tmp_folder_write(&tmp, "raw/2001-02-03.db.damaged-1", "set aside");
    assert_int_equal(wf_history_open(tmp.path, &history, &err), WF_ERR_ABSENT);
    tmp_folder_write(&tmp, "raw/2001-02-03.db", "this is no database, whatever its name says");
    assert_int_equal(wf_history_open(tmp.path, &history, &err), 0);
    assert_int_equal(wf_history_list(history, &all, &list, &count, &err), 0);
    assert_int_equal(count, 0);
    assert_non_null(strstr(wf_history_trouble(history, 0, &day_ns), "2001-02-03.db"));
    assert_int_equal(day_ns, NOON - WF_NS_PER_DAY / 2);
    assert_null(wf_history_trouble(history, 1, &day_ns));
    wf_history_close(&history);
    free(raw);
    tmp_folder_remove(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_samples_stand_where_they_were_measured),
        cmocka_unit_test(ranges_begin_with_from_and_end_before_to),
        cmocka_unit_test(days_and_sources_are_kept_apart_and_put_in_order),
        cmocka_unit_test(many_blocks_give_what_one_would),
        cmocka_unit_test(a_history_that_may_not_be_written_can_be_read),
        cmocka_unit_test(no_history_is_absent_and_rubbish_is_not_opened),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
