/* SPDX-License-Identifier: MIT */
/* Views: engineering values in SQL are those of the library. */

#include "store_support.h"

/* One type for a test: schema, series, and samples whose parameters are set between them. */
struct typed {
    struct place place;
    struct wf_schema *schema;
    struct wf_series *series;
    uint8_t *payload;
    uint64_t next;
};

static void begin(struct typed *test, const char *name, const char *text)
{
    place_make(&test->place);
    test->schema = schema_of(name, text);
    test->series = series_of(&test->place, "main", test->schema, 1);
    test->payload = payload_make(test->schema);
    test->next = 0;
}

static void put(struct typed *test)
{
    struct wf_store_sample sample =
        sample_of(&test->place, test->series, test->next, NOON + (int64_t)test->next * WF_NS_PER_S,
                  test->payload);

    write_ok(&test->place, &sample, 1);
    test->next++;
}

static void end(struct typed *test)
{
    free(test->payload);
    wf_schema_free(&test->schema);
    place_remove(&test->place);
}

static void curves_of_every_order_are_followed(void **state)
{
    static const char *const kinds[] = { "step", "linear", "quadratic", "cubic" };

    (void)state;
    for (size_t kind = 0; kind < WF_COUNT_OF(kinds); kind++) {
        for (int extrapolate = 0; extrapolate < 2; extrapolate++) {
            char text[500];
            struct typed test;

            (void)snprintf(text, sizeof(text),
                           "[subsystem]\nperiod = 1s\n"
                           "[parameter t]\ntype = int\nbits = 16\ncalibrator = c\n"
                           "[calibrator c]\ntable = -10:5 0:7 10:20 30:10 100:-40\n"
                           "interpolate = %s\nextrapolate = %s\n",
                           kinds[kind], extrapolate ? "yes" : "no");
            begin(&test, "curve.ini", text);
            for (int64_t raw = -25; raw <= 120; raw += 5) {
                char sql[120], expected[64];
                struct wf_strbuf want = WF_STRBUF_FIXED(expected);
                double value = 0;

                set_quality(test.schema, test.payload, "t", WF_QUALITY_VALID);
                set_raw(test.schema, test.payload, "t", raw);
                put(&test);
                if (wf_calibrate(&test.schema->calibrators[0], (double)raw, &value))
                    wf_strbuf_addf(&want, "1\n");
                else
                    wf_strbuf_addf(&want, "\n"); /* NULL */
                (void)snprintf(sql, sizeof(sql),
                               "SELECT abs(t - %.17g) < 1e-9 FROM curve ORDER BY time DESC LIMIT 1",
                               value);
                assert_string_equal(ask(&test.place, DAY, sql), expected);
            }
            end(&test);
        }
    }
}

static void assert_reads(const struct typed *test, const double *want, size_t count)
{
    static const char *const names[] = { "v" };
    struct wf_history_query query = { .range = { .from_ns = NOON, .to_ns = INT64_MAX },
                                      .source = "main",
                                      .subsystem = "chosen",
                                      .parameters = names,
                                      .parameter_count = 1 };
    struct wf_history *history = NULL;
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;

    assert_int_equal(wf_history_open(test->place.tmp.path, &history, NULL), 0);
    assert_int_equal(wf_history_select(history, &query, &cursor, NULL), 0);
    for (size_t i = 0; i < count; i++) {
        struct wf_value value;

        assert_int_equal(wf_history_next(cursor, &row, NULL), 0);
        wf_value_get(row.schema, row.payload, index_of(row.schema, "v"), 0, &value);
        assert_true(value.as.f64 == want[i]);
    }
    wf_history_cursor_close(&cursor);
    wf_history_close(&history);
}

/* Views and readers use the calibrator that was used when the packet came. */
static void the_calibrator_that_was_chosen_is_remembered(void **state)
{
    static const double want[] = { 4.5, 40, 40, 4.5 };
    struct typed test;

    (void)state;
    begin(&test, "chosen.ini",
          "[subsystem]\nperiod = 1s\n[parameter gain]\n"
          "[parameter v]\nbits = 16\ncalibrator = high curve usual\n"
          "[parameter w]\nbits = 16\ncalibrator = high usual\n"
          "[calibrator high]\nwhen = gain == 1\npolynomial = 0 10\n"
          "[calibrator curve]\nwhen = gain == 2\ntable = 0:0 10:100\n"
          "[calibrator usual]\npolynomial = 0.5 1\n");
    for (uint8_t choice = 0; choice < WF_COUNT_OF(want); choice++) {
        size_t v = index_of(test.schema, "v");

        test.payload[test.schema->parameters[v].choice_offset] = choice; /* 3 does not exist */
        test.payload[test.schema->parameters[v + 1].choice_offset] = choice == 2;
        set_raw(test.schema, test.payload, "v", 4);
        set_raw(test.schema, test.payload, "w", 3);
        put(&test);
    }
    assert_string_equal(ask(&test.place, DAY, "SELECT v, w FROM chosen ORDER BY time"),
                        "4.5|3.5\n40.0|3.5\n40.0|30.0\n4.5|3.5\n");
    assert_reads(&test, want, WF_COUNT_OF(want));
    end(&test);
}

static void labels_come_from_short_and_long_enumerations(void **state)
{
    char text[4000] = "[subsystem]\nperiod = 1s\n[parameter few]\nbits = 8\nenumeration = few\n"
                      "[parameter many]\ntype = int\nbits = 16\nenumeration = many\n"
                      "[enumeration few]\n0 = OFF\n1 = IT'S ON\n5..7 = BUSY\n[enumeration many]\n";
    static const struct {
        uint64_t few;
        int16_t many;
        const char *want;
    } cases[] = {
        { 0, -3, "OFF|L0\n" }, { 1, 0, "IT'S ON|L1\n" }, { 6, 7, "BUSY|L3\n" },
        { 2, 2, "2|2\n" },     { 7, 119, "BUSY|L40\n" }, { 5, 500, "BUSY|500\n" },
    };
    struct typed test;

    (void)state;
    (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "-3 = L0\n");
    for (int i = 1; i <= 40; i++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d..%d = L%d\n",
                       3 * (i - 1), 3 * (i - 1) + 1 + (i == 40 ? 1 : 0), i);
    begin(&test, "labels.ini", text);
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        const struct wf_parameter *many = &test.schema->parameters[index_of(test.schema, "many")];

        set_u64(test.schema, test.payload, "few", cases[i].few);
        memcpy(test.payload + many->offset, &cases[i].many, sizeof(cases[i].many));
        put(&test);
        assert_string_equal(
            ask(&test.place, DAY, "SELECT few, many FROM labels ORDER BY time DESC LIMIT 1"),
            cases[i].want);
    }
    end(&test);
}

static void names_that_are_taken_give_way(void **state)
{
    static const struct {
        const char *file, *view;
    } types[] = {
        { "gaps.ini", "subsystem_gaps" },
        { "_gaps.ini", "subsystem__gaps" },
        { "sqlite_x.ini", "subsystem_sqlite_x" },
        { "subsystem_gaps.ini", "subsystem_subsystem_gaps" },
        { "select.ini", "select" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(types); i++) {
        struct typed test;
        char sql[300], want[80];

        begin(&test, types[i].file,
              "[subsystem]\nperiod = 1s\n[parameter time]\nbits = 8\n[parameter source]\nbits = 8\n"
              "[parameter _id]\nbits = 8\n[parameter quality]\nbits = 8\n"
              "[parameter time_]\nbits = 8\n[parameter order]\nbits = 8\n");
        set_u64(test.schema, test.payload, "time", 1);
        set_u64(test.schema, test.payload, "time_", 2);
        set_u64(test.schema, test.payload, "_id", 3);
        put(&test);
        (void)snprintf(
            sql, sizeof(sql),
            "SELECT time__, time_, _id, source, source_, quality_, \"order\" FROM \"%s\"",
            types[i].view);
        assert_string_equal(ask(&test.place, DAY, sql), "1|2|3|main|0|0|0\n");
        (void)snprintf(want, sizeof(want), "%s\n", types[i].view);
        assert_string_equal(ask(&test.place, DAY, "SELECT \"view\" FROM subsystems"), want);
        end(&test);
    }
}

static void times_before_1970_read_right(void **state)
{
    struct typed test;
    struct wf_store_sample sample;

    (void)state;
    begin(&test, "old.ini", "[subsystem]\nperiod = 1s\n[parameter x]\nbits = 8\n");
    sample = sample_of(&test.place, test.series, 0, NOON, test.payload);
    sample.stamp.device_ns = -1;
    write_ok(&test.place, &sample, 1);
    sample = sample_of(&test.place, test.series, 1, NOON, test.payload);
    sample.stamp.device_ns = WF_TIME_NONE;
    write_ok(&test.place, &sample, 1);
    assert_string_equal(ask(&test.place, DAY, "SELECT time FROM old ORDER BY received, time"),
                        "1969-12-31T23:59:59.999999999Z\n2001-02-03T12:00:00.000001000Z\n");
    end(&test);
}

static void a_type_of_thousands_of_parameters_is_spread_over_parts(void **state)
{
    struct typed test;
    struct wf_strbuf text;
    struct wf_history *history = NULL;
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    struct wf_err err = { 0 };
    static const char *const names[] = { "p3999", "p0" };
    struct wf_history_query query = { .range = { .from_ns = NOON - 1, .to_ns = NOON + 1 },
                                      .source = "main",
                                      .subsystem = "wide",
                                      .parameters = names,
                                      .parameter_count = 2 };
    struct wf_value value;

    (void)state;
    wf_strbuf_init(&text, 1u << 20);
    wf_strbuf_add(&text, "[subsystem]\nperiod = 1s\n");
    for (int i = 0; i < 4000; i++)
        wf_strbuf_addf(&text, "[parameter p%d]\nbits = 16\n", i);
    begin(&test, "wide.ini", text.text);
    wf_strbuf_fini(&text);
    set_u64(test.schema, test.payload, "p0", 11);
    set_u64(test.schema, test.payload, "p1899", 22);
    set_u64(test.schema, test.payload, "p1900", 33);
    set_u64(test.schema, test.payload, "p3999", 44);
    set_quality(test.schema, test.payload, "p1901", WF_QUALITY_ABSENT);
    put(&test);
    assert_string_equal(ask(&test.place, DAY, "SELECT p0, p1899 FROM wide"), "11|22\n");
    assert_string_equal(
        ask(&test.place, DAY, "SELECT p1900, p1901 IS NULL, quality FROM \"wide:2\""),
        "33|1|p1901 ABSENT\n");
    assert_string_equal(ask(&test.place, DAY, "SELECT p3999, source FROM \"wide:3\""), "44|main\n");
    assert_int_equal(wf_history_open(test.place.tmp.path, &history, &err), 0);
    assert_int_equal(wf_history_select(history, &query, &cursor, &err), 0);
    if (wf_history_next(cursor, &row, &err) < 0)
        fail_msg("%s", err.text);
    wf_value_get(row.schema, row.payload, 3999, 0, &value);
    assert_int_equal(value.as.u64, 44);
    wf_value_get(row.schema, row.payload, 0, 0, &value);
    assert_int_equal(value.as.u64, 11);
    wf_value_get(row.schema, row.payload, 1900, 0, &value);
    assert_int_equal(value.kind, WF_VALUE_NONE); /* not asked for */
    wf_history_cursor_close(&cursor);
    wf_history_close(&history);
    end(&test);
}

static void hundreds_of_versions_of_a_type_answer_as_one(void **state)
{
    enum { VERSIONS = 520, AT_ONCE = 52 };
    struct wf_store_sample samples[AT_ONCE];
    uint8_t *payloads[AT_ONCE];
    struct place place;

    (void)state;
    place_make(&place);
    for (int i = 0; i < VERSIONS; i++) {
        char text[200], source[16];
        struct wf_schema *schema;
        int at = i % AT_ONCE;

        (void)snprintf(text, sizeof(text),
                       "[subsystem]\nperiod = 1s\n[parameter x]\nbits = 8\npolynomial = %d 1\n", i);
        (void)snprintf(source, sizeof(source), "sat%d", i);
        schema = schema_of("many.ini", text);
        payloads[at] = payload_make(schema);
        set_raw(schema, payloads[at], "x", 1);
        samples[at] =
            sample_of(&place, series_of(&place, source, schema, 1), 0, NOON + i, payloads[at]);
        wf_schema_free(&schema);
        if (at < AT_ONCE - 1)
            continue;
        write_ok(&place, samples, AT_ONCE);
        for (at = 0; at < AT_ONCE; at++)
            free(payloads[at]);
    }
    assert_string_equal(
        ask(&place, DAY, "SELECT count(*), count(DISTINCT source), min(x), max(x) FROM many"),
        "520|520|1.0|520.0\n");
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_of_every_order_are_followed),
        cmocka_unit_test(the_calibrator_that_was_chosen_is_remembered),
        cmocka_unit_test(labels_come_from_short_and_long_enumerations),
        cmocka_unit_test(names_that_are_taken_give_way),
        cmocka_unit_test(times_before_1970_read_right),
        cmocka_unit_test(a_type_of_thousands_of_parameters_is_spread_over_parts),
        cmocka_unit_test(hundreds_of_versions_of_a_type_answer_as_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
