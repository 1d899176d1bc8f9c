/* SPDX-License-Identifier: MIT */
/* Rows: every type goes into a day file and comes back as it was. */

#include "store_support.h"

#include <math.h>

static const char every_type[] = "[subsystem]\n"
                                 "period = 1s\n"
                                 "[parameter u8]\nbits = 8\n"
                                 "[parameter u16]\nbits = 16\n"
                                 "[parameter u32]\nbits = 32\n"
                                 "[parameter u64]\nbits = 64\n"
                                 "[parameter i8]\ntype = int\nbits = 8\n"
                                 "[parameter i16]\ntype = int\nbits = 16\n"
                                 "[parameter i32]\ntype = int\nbits = 32\n"
                                 "[parameter i64]\ntype = int\nbits = 64\n"
                                 "[parameter f32]\ntype = float\nbits = 32\n"
                                 "[parameter f64]\ntype = float\nbits = 64\n"
                                 "[parameter flag]\ntype = bool\n"
                                 "[parameter name]\ntype = string\nsize = 8\n"
                                 "[parameter note]\ntype = string\nsize = prefix 8\nsize_max = 20\n"
                                 "[parameter blob]\ntype = bytes\nsize = 4\n"
                                 "[parameter rest_count]\nbits = 8\n"
                                 "[parameter at]\ntype = time\ntime = cuc 4.2\n"
                                 "[parameter cells]\nbits = 16\ncount = 3\n"
                                 "[parameter temps]\ntype = int\nbits = 16\ncount = rest_count\n"
                                 "count_max = 4\npolynomial = 1 0.5\n"
                                 "[parameter volts]\nbits = 12\npolynomial = 0 0.01\n"
                                 "[parameter mode]\nbits = 4\nenumeration = modes\n"
                                 "[enumeration modes]\n0 = OFF\n1 = SAFE\n2..5 = BUSY\n"
                                 "[derived power]\nexpression = volts * 2\n";

struct row_test {
    struct place place;
    struct wf_schema *schema;
    struct wf_series *series;
    uint8_t *payload;
};

static void begin(struct row_test *test)
{
    place_make(&test->place);
    test->schema = schema_of("every.ini", every_type);
    test->series = series_of(&test->place, "main", test->schema, 1);
    test->payload = payload_make(test->schema);
}

static void end(struct row_test *test)
{
    free(test->payload);
    wf_schema_free(&test->schema);
    place_remove(&test->place);
}

/* Values as text, which is exact by contract, engineering and raw. */
static void print_payload(const struct wf_schema *schema, const void *payload,
                          struct wf_strbuf *out)
{
    for (size_t i = 0; i < schema->parameter_count; i++) {
        const uint8_t *quality = (const uint8_t *)payload + schema->parameters[i].quality_offset;
        size_t count = *quality == WF_QUALITY_ABSENT ? 0 : wf_value_count(schema, payload, i);

        wf_strbuf_addf(out, "%s[%zu]:", schema->parameters[i].name, count);
        for (size_t k = 0; k < count; k++) {
            struct wf_value value, raw;

            wf_value_get(schema, payload, i, k, &value);
            wf_value_get_raw(schema, payload, i, k, &raw);
            wf_strbuf_addf(out, " %s ", wf_quality_name((enum wf_quality)value.quality));
            wf_value_exact(schema, i, &value, false, out);
            wf_strbuf_add(out, "/");
            wf_value_exact(schema, i, &raw, true, out);
        }
        wf_strbuf_add(out, "\n");
    }
}

/* Store the payload as sample `number`, read it again, compare. */
static void assert_comes_back(struct row_test *test, uint64_t number)
{
    static char before[8192], after[8192];
    struct wf_store_sample sample =
        sample_of(&test->place, test->series, number, NOON + (int64_t)number, test->payload);
    struct wf_history_query query = { .range = { .from_ns = sample.stamp.device_ns,
                                                 .to_ns = sample.stamp.device_ns + 1 },
                                      .source = "main",
                                      .subsystem = "every",
                                      .is_stamp_wanted = true };
    struct wf_strbuf text_before = WF_STRBUF_FIXED(before), text_after = WF_STRBUF_FIXED(after);
    struct wf_history *history = NULL;
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    struct wf_err err = { 0 };

    write_ok(&test->place, &sample, 1);
    assert_int_equal(wf_history_open(test->place.tmp.path, &history, &err), 0);
    assert_int_equal(wf_history_select(history, &query, &cursor, &err), 0);
    if (wf_history_next(cursor, &row, &err) < 0)
        fail_msg("next: %s", err.text);
    print_payload(test->schema, test->payload, &text_before);
    print_payload(row.schema, row.payload, &text_after);
    assert_string_equal(after, before);
    assert_int_equal(row.stamp.number, sample.stamp.number);
    assert_int_equal(row.stamp.epoch, sample.stamp.epoch);
    assert_int_equal(row.stamp.order, sample.stamp.order);
    assert_int_equal(row.stamp.packet, sample.stamp.packet);
    assert_int_equal(row.stamp.sequence, sample.stamp.sequence);
    assert_int_equal(row.stamp.received_ns, sample.stamp.received_ns);
    assert_int_equal(wf_history_next(cursor, &row, &err), WF_ERR_ABSENT);
    wf_history_cursor_close(&cursor);
    wf_history_close(&history);
}

/* The stamp of the newest row by receipt. */
static struct wf_stamp stamp_of(const struct row_test *test, uint64_t number)
{
    const struct wf_history_query query = { .range = { INT64_MIN + 1, INT64_MAX, true },
                                            .source = "main",
                                            .subsystem = "every",
                                            .is_stamp_wanted = true };
    struct wf_history *history = NULL;
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    struct wf_stamp stamp = { 0 };
    struct wf_err err = { 0 };

    assert_int_equal(wf_history_open(test->place.tmp.path, &history, &err), 0);
    assert_int_equal(wf_history_select(history, &query, &cursor, &err), 0);
    while (wf_history_next(cursor, &row, &err) == 0) {
        if (row.stamp.number == number)
            stamp = row.stamp;
    }
    assert_int_equal(stamp.number, number);
    wf_history_cursor_close(&cursor);
    wf_history_close(&history);
    return stamp;
}

static void stamps_come_back_to_the_last_bit(void **state)
{
    static const struct {
        uint64_t packet, sequence;
        int64_t device_ns, device_read_ns;
        uint32_t flags;
        uint16_t lost;
    } cases[] = {
        { 0, 0, NOON, NOON, 0, 0 },
        { UINT64_MAX, UINT64_MAX, WF_TIME_NONE, WF_TIME_NONE, UINT32_MAX, UINT16_MAX },
        { INT64_MAX, (uint64_t)INT64_MAX + 1, NOON - 40 * WF_NS_PER_DAY, NOON - 40 * WF_NS_PER_DAY,
          1u << 31, 0 },
        { 1, 1u << 20, 0, 0, 5, 1u << 15 },
        { 3, 2, -1, -1, 0, 1 },
        { 3, 2, INT64_MAX, INT64_MAX, 0, 0 },
        /* Before 1735: as far back as a difference from now can tell. */
        { 3, 2, INT64_MIN + 1, INT64_MIN + 1 + NOON + 1, 0, 0 },
    };
    struct row_test test;

    (void)state;
    begin(&test);
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_store_sample sample = sample_of(&test.place, test.series, i, NOON, test.payload);
        struct wf_stamp stamp;

        sample.stamp.packet = cases[i].packet;
        sample.stamp.sequence = cases[i].sequence;
        sample.stamp.device_ns = cases[i].device_ns;
        sample.stamp.received_ns = NOON + 1;
        sample.stamp.flags = cases[i].flags;
        sample.stamp.lost_before = cases[i].lost;
        write_ok(&test.place, &sample, 1);
        stamp = stamp_of(&test, i);
        assert_int_equal(stamp.packet, cases[i].packet);
        assert_int_equal(stamp.sequence, cases[i].sequence);
        assert_int_equal(stamp.device_ns, cases[i].device_read_ns);
        assert_int_equal(stamp.received_ns, NOON + 1);
        assert_int_equal(stamp.flags, cases[i].flags);
        assert_int_equal(stamp.lost_before, cases[i].lost);
        assert_int_equal(stamp.order, sample.stamp.order);
        assert_int_equal(stamp.epoch, EPOCH);
    }
    end(&test);
}

static void extreme_numbers_come_back_exactly(void **state)
{
    static const struct {
        uint64_t u64;
        int64_t i64;
        double f64;
    } cases[] = {
        { 0, 0, 0.0 },
        { UINT64_MAX, INT64_MIN, -0.0 },
        { UINT64_C(1) << 63, INT64_MAX, (double)INFINITY },
        { INT64_MAX, -1, -(double)INFINITY },
        { (UINT64_C(1) << 53) + 1, 1, 5e-324 },
        { 1, 2, 1.7976931348623157e308 },
        { 3, 4, 0.1 },
    };
    struct row_test test;

    (void)state;
    begin(&test);
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        static const char *const unsigned_names[] = { "u8", "u16", "u32", "u64" };
        static const char *const signed_names[] = { "i8", "i16", "i32", "i64" };

        for (size_t k = 0; k < 4; k++) {
            uint64_t mask = k == 3 ? UINT64_MAX : (UINT64_C(1) << (8u << k)) - 1;
            const struct wf_parameter *p =
                &test.schema->parameters[index_of(test.schema, signed_names[k])];
            int64_t low = cases[i].i64 >> (64 - (8 << k));

            set_u64(test.schema, test.payload, unsigned_names[k], cases[i].u64 & mask);
            memcpy(test.payload + p->offset, &low, (size_t)1 << k);
        }
        set_f64(test.schema, test.payload, "f64", cases[i].f64);
        set_f64(test.schema, test.payload, "f32", (double)(float)cases[i].f64);
        assert_comes_back(&test, i);
    }
    assert_string_equal(ask(&test.place, DAY, "SELECT u64 FROM every ORDER BY time LIMIT 3"),
                        "0\n18446744073709551615\n9223372036854775808\n");
    end(&test);
}

static void nan_is_told_apart_from_absent(void **state)
{
    struct row_test test;

    (void)state;
    begin(&test);
    set_f64(test.schema, test.payload, "f64", (double)NAN);
    set_quality(test.schema, test.payload, "f64", WF_QUALITY_INVALID);
    set_f64(test.schema, test.payload, "f32", (double)NAN);
    set_quality(test.schema, test.payload, "f32", WF_QUALITY_ABSENT);
    assert_comes_back(&test, 0);
    assert_string_equal(ask(&test.place, DAY, "SELECT f64, f32 IS NULL, quality FROM every"),
                        "|1|f32 ABSENT, f64 INVALID\n");
    end(&test);
}

static void text_keeps_every_byte(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *type;
    } cases[] = {
        { "", 0, "text" },
        { "SAFE", 4, "text" },
        { "caf\xc3\xa9", 5, "text" },
        { "a\0b", 3, "blob" },         /* a NUL inside */
        { "\xff\xfe", 2, "blob" },     /* not UTF-8 */
        { "\xed\xa0\x80", 3, "blob" }, /* a surrogate */
        { "\xc0\xaf", 2, "blob" },     /* not the shortest form */
        { "x\xe2\x82", 3, "blob" },    /* cut in the middle */
        { "12345678901234567890", 20, "text" },
    };
    struct row_test test;
    const struct wf_parameter *note;

    (void)state;
    begin(&test);
    note = &test.schema->parameters[index_of(test.schema, "note")];
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        uint32_t len = (uint32_t)cases[i].len;
        char sql[100], want[16];

        memset(test.payload + note->offset, 0, note->size_max);
        memcpy(test.payload + note->offset, cases[i].bytes, len);
        memcpy(test.payload + note->count_offset, &len, sizeof(len));
        assert_comes_back(&test, i);
        (void)snprintf(sql, sizeof(sql),
                       "SELECT typeof(note) FROM _every_%016llxd WHERE _number = %zu",
                       (unsigned long long)test.schema->schema_hash, i);
        (void)snprintf(want, sizeof(want), "%s\n", cases[i].type);
        assert_string_equal(ask(&test.place, DAY, sql), want);
    }
    end(&test);
}

static void arrays_and_raw_values_come_back(void **state)
{
    struct row_test test;
    const struct wf_parameter *temps, *cells;
    uint16_t numbers[3] = { 1, 65535, 300 };
    int64_t raw[3] = { -10, 0, 32767 };
    uint32_t count = 3;

    (void)state;
    begin(&test);
    cells = &test.schema->parameters[index_of(test.schema, "cells")];
    temps = &test.schema->parameters[index_of(test.schema, "temps")];
    memcpy(test.payload + cells->offset, numbers, sizeof(numbers));
    memcpy(test.payload + temps->raw_offset, raw, sizeof(raw));
    memcpy(test.payload + temps->count_offset, &count, sizeof(count));
    for (size_t i = 0; i < 3; i++) {
        double value = 1 + 0.5 * (double)raw[i];

        memcpy(test.payload + temps->offset + 8 * i, &value, sizeof(value));
    }
    set_raw(test.schema, test.payload, "volts", 2801);
    set_u64(test.schema, test.payload, "mode", 1);
    assert_comes_back(&test, 0);
    count = 0;
    memcpy(test.payload + temps->count_offset, &count, sizeof(count));
    memset(test.payload + temps->raw_offset, 0, 32);
    memset(test.payload + temps->offset, 0, 32);
    assert_comes_back(&test, 1);
    assert_string_equal(ask(&test.place, DAY, "SELECT volts, mode, hex(cells) FROM every"),
                        "28.01|SAFE|0100FFFF2C01\n28.01|SAFE|0100FFFF2C01\n");
    end(&test);
}

static void random_payloads_come_back(void **state)
{
    struct row_test test;
    uint32_t seed = 12345;

    (void)state;
    begin(&test);
    for (uint64_t n = 0; n < 60; n++) {
        for (size_t i = 0; i < test.schema->quality_offset; i++) {
            seed = seed * 1664525 + 1013904223;
            test.payload[i] = (uint8_t)(seed >> 24);
        }
        for (size_t i = 0; i < test.schema->parameter_count; i++) {
            const struct wf_parameter *p = &test.schema->parameters[i];

            seed = seed * 1664525 + 1013904223;
            test.payload[p->quality_offset] = (uint8_t)((seed >> 24) % 6);
            if (p->storage == WF_STORE_BOOL)
                test.payload[p->offset] &= 1;
        }
        /* What is calibrated must agree with its raw value, as it does when it was decoded. */
        set_raw(test.schema, test.payload, "volts", (int64_t)(seed % 4096));
        for (size_t k = 0; k < 4; k++) {
            const struct wf_parameter *temps =
                &test.schema->parameters[index_of(test.schema, "temps")];
            int64_t raw = (int64_t)(int16_t)(seed >> (4 * k));
            double value = 1 + 0.5 * (double)raw;

            memcpy(test.payload + temps->raw_offset + 8 * k, &raw, sizeof(raw));
            memcpy(test.payload + temps->offset + 8 * k, &value, sizeof(value));
        }
        assert_comes_back(&test, n);
    }
    end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stamps_come_back_to_the_last_bit),
        cmocka_unit_test(extreme_numbers_come_back_exactly),
        cmocka_unit_test(nan_is_told_apart_from_absent),
        cmocka_unit_test(text_keeps_every_byte),
        cmocka_unit_test(arrays_and_raw_values_come_back),
        cmocka_unit_test(random_payloads_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
