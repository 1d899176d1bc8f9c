/* SPDX-License-Identifier: MIT */
/* Values read from payloads, as text for people and exactly for machines. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/clock.h>
#include <watchfloor/expr.h>
#include <watchfloor/value.h>

#include "support/schema_text.h"

static const char text[] = "[subsystem]\nname = all\n"
                           "[parameter u8]\n[parameter u16]\nbits = 16\n"
                           "[parameter u32]\nbits = 32\n[parameter u64]\nbits = 64\n"
                           "[parameter i8]\ntype = int\n[parameter i16]\ntype = int\nbits = 16\n"
                           "[parameter i32]\ntype = int\nbits = 32\n"
                           "[parameter i64]\ntype = int\nbits = 64\n"
                           "[parameter f32]\ntype = float\n[parameter f64]\ntype = float\n"
                           "bits = 64\n[parameter flag]\ntype = bool\n"
                           "[parameter name]\ntype = string\nsize = 6\n"
                           "[parameter blob]\ntype = bytes\nsize = u8\nsize_max = 4\n"
                           "[parameter when]\ntype = time\ntime = cuc 4.2\n"
                           "[parameter list]\nbits = 16\ncount = u8\ncount_max = 3\n"
                           "[parameter volts]\ntype = int\nbits = 12\npolynomial = 0 0.5\n"
                           "hi = 10\nhihi = 20\nlo = -10\n"
                           "[parameter mode]\nenumeration = modes\nstates = SAFE: 3, 4: 1\n"
                           "[enumeration modes]\n0 = OFF\n1 = SAFE\n2..6 = RUN\n";

struct fixture {
    struct wf_schema *schema;
    uint64_t payload[64];
};

static void put(struct fixture *fixture, const char *name, const void *bytes, size_t len)
{
    int index = wf_schema_find(fixture->schema, name);

    assert_true(index >= 0);
    memcpy((char *)fixture->payload + fixture->schema->parameters[index].offset, bytes, len);
}

static void put_count(struct fixture *fixture, const char *name, uint32_t count)
{
    int index = wf_schema_find(fixture->schema, name);

    memcpy((char *)fixture->payload + fixture->schema->parameters[index].count_offset, &count,
           sizeof(count));
}

static void put_quality(struct fixture *fixture, const char *name, uint8_t quality)
{
    int index = wf_schema_find(fixture->schema, name);

    ((uint8_t *)fixture->payload)[fixture->schema->parameters[index].quality_offset] = quality;
}

static struct wf_value get(struct fixture *fixture, const char *name, size_t element)
{
    struct wf_value value;

    wf_value_get(fixture->schema, fixture->payload, (size_t)wf_schema_find(fixture->schema, name),
                 element, &value);
    return value;
}

static struct fixture make(void)
{
    struct fixture fixture = { .schema = schema_of("all.ini", text) };

    assert_in_range(fixture.schema->payload_bytes, 8, sizeof(fixture.payload));
    return fixture;
}

#define PUT(fixture, name, type, value)                                                            \
    do {                                                                                           \
        type put_value = (value);                                                                  \
        put((fixture), (name), &put_value, sizeof(put_value));                                     \
    } while (0)

static void every_storage_reads_exactly(void **state)
{
    struct fixture fixture = make();

    (void)state;
    PUT(&fixture, "u8", uint8_t, 255);
    PUT(&fixture, "u16", uint16_t, 65535);
    PUT(&fixture, "u32", uint32_t, UINT32_MAX);
    PUT(&fixture, "u64", uint64_t, UINT64_MAX);
    PUT(&fixture, "i8", int8_t, -128);
    PUT(&fixture, "i16", int16_t, INT16_MIN);
    PUT(&fixture, "i32", int32_t, INT32_MIN);
    PUT(&fixture, "i64", int64_t, INT64_MIN);
    PUT(&fixture, "f32", float, 0.1f);
    PUT(&fixture, "f64", double, 0.1);
    PUT(&fixture, "flag", uint8_t, 1);
    PUT(&fixture, "when", int64_t, 1500);
    put(&fixture, "name", "abc\0xx", 6);
    assert_int_equal(get(&fixture, "u8", 0).as.u64, 255);
    assert_int_equal(get(&fixture, "u16", 0).as.u64, 65535);
    assert_int_equal(get(&fixture, "u32", 0).as.u64, UINT32_MAX);
    assert_true(get(&fixture, "u64", 0).as.u64 == UINT64_MAX);
    assert_int_equal(get(&fixture, "u64", 0).kind, WF_VALUE_U64);
    assert_int_equal(get(&fixture, "i8", 0).as.i64, -128);
    assert_int_equal(get(&fixture, "i16", 0).as.i64, INT16_MIN);
    assert_int_equal(get(&fixture, "i32", 0).as.i64, INT32_MIN);
    assert_true(get(&fixture, "i64", 0).as.i64 == INT64_MIN);
    assert_true(get(&fixture, "f32", 0).is_single);
    assert_true(get(&fixture, "f64", 0).as.f64 == 0.1);
    assert_int_equal(get(&fixture, "flag", 0).kind, WF_VALUE_BOOL);
    assert_int_equal(get(&fixture, "when", 0).kind, WF_VALUE_TIME);
    assert_int_equal(get(&fixture, "name", 0).len, 3);
    assert_true(isnan(wf_value_as_double(&(struct wf_value){ .kind = WF_VALUE_TEXT })));
    wf_schema_free(&fixture.schema);
}

static void counts_and_absence_are_respected(void **state)
{
    struct fixture fixture = make();
    size_t list = (size_t)wf_schema_find(fixture.schema, "list");
    uint16_t elements[3] = { 5, 6, 7 };

    (void)state;
    put(&fixture, "list", elements, sizeof(elements));
    put_count(&fixture, "list", 2);
    assert_int_equal(wf_value_count(fixture.schema, fixture.payload, list), 2);
    assert_int_equal(get(&fixture, "list", 1).as.u64, 6);
    assert_int_equal(get(&fixture, "list", 2).kind, WF_VALUE_NONE);
    assert_int_equal(get(&fixture, "list", 2).quality, WF_QUALITY_ABSENT);
    put_quality(&fixture, "list", WF_QUALITY_ABSENT);
    assert_int_equal(get(&fixture, "list", 0).kind, WF_VALUE_NONE);
    put(&fixture, "blob", "\xde\xad\xbe\xef", 4);
    put_count(&fixture, "blob", 3);
    assert_int_equal(get(&fixture, "blob", 0).len, 3);
    assert_int_equal(get(&fixture, "blob", 1).quality, WF_QUALITY_ABSENT);
    wf_schema_free(&fixture.schema);
}

static void hostile_counts_and_qualities_are_bounded(void **state)
{
    struct fixture fixture = make();
    size_t list = (size_t)wf_schema_find(fixture.schema, "list");

    (void)state;
    put_count(&fixture, "list", UINT32_MAX);
    put_count(&fixture, "blob", UINT32_MAX);
    put(&fixture, "name", "abcdef", 6); /* no end inside */
    put_quality(&fixture, "u8", 200);
    assert_int_equal(wf_value_count(fixture.schema, fixture.payload, list), 3);
    assert_int_equal(get(&fixture, "list", 3).quality, WF_QUALITY_ABSENT);
    assert_int_equal(get(&fixture, "blob", 0).len, 4);
    assert_int_equal(get(&fixture, "name", 0).len, 6);
    assert_int_equal(get(&fixture, "u8", 0).quality, WF_QUALITY_INVALID);
    wf_schema_free(&fixture.schema);
}

static void raw_and_engineering_stand_side_by_side(void **state)
{
    struct fixture fixture = make();
    size_t volts = (size_t)wf_schema_find(fixture.schema, "volts");
    int64_t raw = -7;
    struct wf_value value;

    (void)state;
    PUT(&fixture, "volts", double, -3.5);
    memcpy((char *)fixture.payload + fixture.schema->parameters[volts].raw_offset, &raw, 8);
    assert_true(get(&fixture, "volts", 0).as.f64 == -3.5);
    wf_value_get_raw(fixture.schema, fixture.payload, volts, 0, &value);
    assert_int_equal(value.kind, WF_VALUE_I64);
    assert_int_equal(value.as.i64, -7);
    PUT(&fixture, "u16", uint16_t, 12);
    wf_value_get_raw(fixture.schema, fixture.payload, 1, 0, &value);
    assert_int_equal(value.as.u64, 12);
    wf_schema_free(&fixture.schema);
}

static void severity_is_that_of_limits_states_and_invalid(void **state)
{
    static const struct {
        double value;
        uint8_t want;
    } cases[] = { { 0, 0 },  { 9.99, 0 }, { 10, 2 },   { 19.9, 2 },
                  { 20, 4 }, { -10, 2 },  { -9.9, 0 }, { (double)INFINITY, 4 } };
    static const struct {
        uint8_t mode, want;
    } states[] = { { 0, 0 }, { 1, 3 }, { 2, 0 }, { 4, 1 }, { 5, 0 } };
    struct fixture fixture = make();
    size_t volts = (size_t)wf_schema_find(fixture.schema, "volts");
    size_t mode = (size_t)wf_schema_find(fixture.schema, "mode");
    struct wf_value value = { .kind = WF_VALUE_F64 };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        value.as.f64 = cases[i].value;
        assert_int_equal(wf_value_severity(fixture.schema, volts, &value), cases[i].want);
    }
    for (size_t i = 0; i < WF_COUNT_OF(states); i++) {
        PUT(&fixture, "mode", uint8_t, states[i].mode);
        value = get(&fixture, "mode", 0);
        assert_int_equal(wf_value_severity(fixture.schema, mode, &value), states[i].want);
    }
    value.quality = WF_QUALITY_INVALID;
    assert_int_equal(wf_value_severity(fixture.schema, mode, &value), 2);
    value.quality = WF_QUALITY_ABSENT;
    assert_int_equal(wf_value_severity(fixture.schema, mode, &value), 0);
    wf_schema_free(&fixture.schema);
}

/* One parameter with a format, one value, what people see. */
static void formats_say_what_printf_would(void **state)
{
    static const struct {
        const char *keys;
        struct wf_value value;
        const char *want;
    } cases[] = {
        { "type = float\nbits = 64\nformat = %.2f\n",
          { .kind = WF_VALUE_F64, .as.f64 = 3.14159 },
          "3.14" },
        { "type = float\nbits = 64\nformat = %+8.1f|\n",
          { .kind = WF_VALUE_F64, .as.f64 = 3.14159 },
          "    +3.1|" },
        { "type = float\nbits = 64\nformat = %-8.1f|\n",
          { .kind = WF_VALUE_F64, .as.f64 = -3.14159 },
          "-3.1    |" },
        { "type = float\nbits = 64\nformat = %08.2f\n",
          { .kind = WF_VALUE_F64, .as.f64 = -1.5 },
          "-0001.50" },
        { "type = float\nbits = 64\nformat = %.1f\n",
          { .kind = WF_VALUE_F64, .as.f64 = -0.01 },
          "0.0" },
        { "type = float\nbits = 64\nformat = %e\n",
          { .kind = WF_VALUE_F64, .as.f64 = 12345 },
          "1.234500e+04" },
        { "type = float\nbits = 64\nformat = %5.1f\n",
          { .kind = WF_VALUE_F64, .as.f64 = (double)NAN },
          "  NaN" },
        { "type = float\nbits = 64\n",
          { .kind = WF_VALUE_F64, .as.f64 = -(double)INFINITY },
          "-Inf" },
        { "type = float\nbits = 64\n", { .kind = WF_VALUE_F64, .as.f64 = 1.0 / 3 }, "0.333333" },
        { "bits = 64\nformat = %d\n",
          { .kind = WF_VALUE_U64, .as.u64 = UINT64_MAX },
          "18446744073709551615" },
        { "bits = 32\nformat = 0x%08x\n",
          { .kind = WF_VALUE_U64, .as.u64 = 0xbeef },
          "0x0000beef" },
        { "format = %#X\n", { .kind = WF_VALUE_U64, .as.u64 = 0xab }, "0XAB" },
        { "format = %o\n", { .kind = WF_VALUE_U64, .as.u64 = 8 }, "10" },
        { "format = %5d%%\n", { .kind = WF_VALUE_U64, .as.u64 = 42 }, "   42%" },
        { "format = 100%% %.3d\n", { .kind = WF_VALUE_U64, .as.u64 = 7 }, "100% 007" },
        { "type = int\nformat = %d\n", { .kind = WF_VALUE_I64, .as.i64 = -5 }, "-5" },
        { "type = int\nformat = %x\n", { .kind = WF_VALUE_I64, .as.i64 = -1 }, "ff" },
        { "type = int\nbits = 64\n",
          { .kind = WF_VALUE_I64, .as.i64 = INT64_MIN },
          "-9223372036854775808" },
        { "enumeration = m\n", { .kind = WF_VALUE_U64, .as.u64 = 1 }, "ON" },
        { "enumeration = m\nformat = %-4s|\n", { .kind = WF_VALUE_U64, .as.u64 = 1 }, "ON  |" },
        { "enumeration = m\nformat = %d\n", { .kind = WF_VALUE_U64, .as.u64 = 1 }, "1" },
        { "enumeration = m\n", { .kind = WF_VALUE_U64, .as.u64 = 9 }, "9" },
        { "type = bool\n", { .kind = WF_VALUE_BOOL, .as.u64 = 1 }, "true" },
        { "type = string\nsize = 9\nformat = %.2s\n",
          { .kind = WF_VALUE_TEXT, .len = 4, .as.text = "abcd" },
          "ab" },
        { "type = string\nsize = 9\n",
          { .kind = WF_VALUE_TEXT, .len = 5, .as.text = "a\x1b[2J" },
          "a?[2J" },
        { "type = bytes\nsize = 9\n",
          { .kind = WF_VALUE_BYTES, .len = 2, .as.bytes = (const uint8_t *)"\x0f\xf0" },
          "0ff0" },
        { "type = time\ntime = cuc 4.2\n",
          { .kind = WF_VALUE_TIME, .as.i64 = INT64_C(1500000000123456789) },
          "2017-07-14T02:40:00.123Z" },
        { "type = time\ntime = cuc 4.2\n", { .kind = WF_VALUE_TIME, .as.i64 = WF_TIME_NONE }, "-" },
        { "", { .kind = WF_VALUE_NONE }, "" },
        /* the raw count under a format for engineering values */
        { "polynomial = 0 1\nformat = %.2f V\n", { .kind = WF_VALUE_U64, .as.u64 = 7 }, "7 V" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char definition[300], shown[200];
        struct wf_strbuf buf = WF_STRBUF_FIXED(definition), out = WF_STRBUF_FIXED(shown);
        struct wf_schema *schema;

        wf_strbuf_addf(&buf, "[subsystem]\n[parameter x]\n%s[enumeration m]\n1 = ON\n",
                       cases[i].keys);
        schema = schema_of("x.ini", definition);
        wf_value_format(schema, 0, &cases[i].value, &out);
        assert_string_equal(shown, cases[i].want);
        wf_schema_free(&schema);
    }
}

static void exact_text_reads_back_equal(void **state)
{
    static const double doubles[] = { 0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 123456789.125 };
    struct fixture fixture = make();
    size_t f64 = (size_t)wf_schema_find(fixture.schema, "f64");
    size_t mode = (size_t)wf_schema_find(fixture.schema, "mode");
    char shown[100];
    struct wf_strbuf out = WF_STRBUF_FIXED(shown);
    struct wf_value value = { .kind = WF_VALUE_F64 };
    double back;

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(doubles); i++) {
        wf_strbuf_clear(&out);
        value.as.f64 = doubles[i];
        wf_value_exact(fixture.schema, f64, &value, false, &out);
        assert_int_equal(wf_parse_double(shown, &back, NULL), 0);
        assert_true(back == doubles[i]);
    }
    wf_strbuf_clear(&out);
    value.as.f64 = 0.1f;
    value.is_single = true;
    wf_value_exact(fixture.schema, f64, &value, false, &out);
    assert_string_equal(shown, "0.1");
    wf_strbuf_clear(&out);
    value.as.f64 = (double)NAN;
    wf_value_exact(fixture.schema, f64, &value, false, &out);
    assert_string_equal(shown, "NaN");
    value = (struct wf_value){ .kind = WF_VALUE_U64, .as.u64 = 1 };
    wf_strbuf_clear(&out);
    wf_value_exact(fixture.schema, mode, &value, false, &out);
    wf_value_exact(fixture.schema, mode, &value, true, &out);
    assert_string_equal(shown, "SAFE1");
    wf_schema_free(&fixture.schema);
}

static void expressions_read_payloads(void **state)
{
    struct fixture fixture = make();
    struct wf_expr_scope scope;
    struct wf_expr_values values;
    struct wf_expr_payload payload = { fixture.schema, fixture.payload, false };
    struct wf_expr *expr = NULL;
    int64_t raw = 8;
    int volts = wf_schema_find(fixture.schema, "volts");

    (void)state;
    wf_expr_schema_scope(fixture.schema, &scope);
    wf_expr_payload_values(&payload, &values);
    PUT(&fixture, "volts", double, 4.0);
    PUT(&fixture, "mode", uint8_t, 4);
    memcpy((char *)fixture.payload + fixture.schema->parameters[volts].raw_offset, &raw, 8);
    assert_int_equal(wf_expr_compile("all.volts == 4 and mode == RUN", &scope, &expr, NULL), 0);
    assert_int_equal(wf_expr_truth(expr, &values), WF_TRUE);
    payload.is_raw = true;
    assert_int_equal(wf_expr_truth(expr, &values), WF_FALSE);
    wf_expr_free(&expr);
    assert_int_equal(wf_expr_compile("volts == 8", &scope, &expr, NULL), 0);
    put_quality(&fixture, "volts", WF_QUALITY_INVALID);
    assert_int_equal(wf_expr_truth(expr, &values), WF_TRUE); /* what the bits are is known */
    payload.is_raw = false;
    assert_int_equal(wf_expr_truth(expr, &values), WF_UNKNOWN);
    put_quality(&fixture, "volts", WF_QUALITY_ABSENT);
    payload.is_raw = true;
    assert_int_equal(wf_expr_truth(expr, &values), WF_UNKNOWN);
    wf_expr_free(&expr);
    assert_int_equal(wf_expr_compile("other.volts == 8", &scope, &expr, NULL), WF_ERR_INVALID);
    wf_schema_free(&fixture.schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_storage_reads_exactly),
        cmocka_unit_test(counts_and_absence_are_respected),
        cmocka_unit_test(hostile_counts_and_qualities_are_bounded),
        cmocka_unit_test(raw_and_engineering_stand_side_by_side),
        cmocka_unit_test(severity_is_that_of_limits_states_and_invalid),
        cmocka_unit_test(formats_say_what_printf_would),
        cmocka_unit_test(exact_text_reads_back_equal),
        cmocka_unit_test(expressions_read_payloads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
