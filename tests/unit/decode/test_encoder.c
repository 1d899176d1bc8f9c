/* SPDX-License-Identifier: MIT */
/* Encoding: C structs and values to packets, clamped, counted, timed. */

#include <math.h>

#include "given.h"

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>

static size_t encode(struct given *given, uint8_t *out, size_t size, int64_t device_ns)
{
    size_t len = 0;

    assert_int_equal(wf_encode(given->encoder, given->payload, 5, 9, device_ns, out, size, &len),
                     0);
    return len;
}

/* Set by name, encode, and compare what lies behind the primary header. */
static void assert_encodes(struct given *given, const char *hex)
{
    uint8_t packet[2048];
    uint8_t want[2048];
    size_t len = encode(given, packet, sizeof(packet), WF_TIME_NONE);
    size_t want_len = given_bytes(hex, want, sizeof(want));

    if (len != want_len + 6 || memcmp(packet + 6, want, want_len) != 0) {
        for (size_t i = 6; i < len; i++)
            print_message("%02x", packet[i]);
        fail_msg(" instead of %s", hex);
    }
}

static void set_number(struct given *given, const char *name, double number)
{
    const struct wf_value value = { .kind = WF_VALUE_F64, .as.f64 = number };

    assert_int_equal(
        wf_value_set(given->schema, given->payload, given_index(given, name), 0, &value), 0);
}

static void engineering_values_go_through_the_inverse_calibrator(void **state)
{
    static const struct {
        const char *keys;
        double value;
        const char *hex;
    } cases[] = {
        { "bits = 16\npolynomial = -10 0.5", 10, "0028" },
        { "bits = 16\npolynomial = -10 0.5", 10.2, "0028" },
        { "bits = 16\npolynomial = -10 0.5", -1000, "0000" },
        { "bits = 16\npolynomial = -10 0.5", 1e9, "ffff" },
        { "bits = 16\npolynomial = -10 0.5", (double)NAN, "0000" },
        { "bits = 16\ntype = int\npolynomial = 0 0.5", -1, "fffe" },
        { "bits = 16\npolynomial = 1 0 2", 19, "0003" },
        { "bits = 16\ntable = 0:0 10:100 20:150", 125, "000f" },
        { "bits = 16\ntable = 0:0 10:100 20:150", 1000, "0014" },
        { "type = float\npolynomial = 1 2", 4, "3fc00000" },
        { "type = float\npolynomial = 1 2", (double)NAN, "7fc00000" },
        { "type = float", (double)INFINITY, "7f800000" },
        { "type = float", 1e300, "7f800000" },
        { "type = float\nbits = 64", 1e300, "7e37e43c8800759c" },
        { "bits = 12", 4095, "fff0" },
        { "bits = 12", 5000, "fff0" },
        { "bits = 12\ntype = int", -2048, "8000" },
        { "bits = 12\ntype = int", 30000, "7ff0" },
        { "bits = 8\ntype = int\nencoding = sign-magnitude", -128, "ff" },
        { "bits = 8\ntype = int\nencoding = ones-complement", -5, "fa" },
        { "bits = 8\nencoding = bcd", 42, "42" },
        { "bits = 8\nencoding = bcd", 150, "99" },
        { "bits = 16\nbyte_order = little", 4660, "3412" },
        { "type = float\nencoding = mil1750a", 10, "50000004" },
        { "type = float\nencoding = mil1750a", -1, "80000000" },
        { "type = float\nencoding = mil1750a", -0.5, "800000ff" },
        { "type = float\nencoding = mil1750a", 1e300, "7fffff7f" },
        { "type = float\nencoding = mil1750a", 0, "00000000" },
        { "type = float\nencoding = mil1750a\nbits = 48", 105.63948563742451, "69a3b50754ab" },
        { "type = bool", 1, "80" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[256];
        struct wf_strbuf out;
        struct given given;

        wf_strbuf_init_fixed(&out, text, sizeof(text));
        wf_strbuf_addf(&out, "[subsystem]\napid = 5\n[parameter x]\n%s\n", cases[i].keys);
        given = given_make(text);
        set_number(&given, "x", cases[i].value);
        assert_encodes(&given, cases[i].hex);
        given_free(&given);
    }
}

static void a_given_raw_value_is_taken_as_it_is(void **state)
{
    struct given given = given_make("[subsystem]\napid = 5\n[parameter x]\nbits = 16\n"
                                    "polynomial = 0 0.5\n[parameter y]\n"
                                    "present_when = x > 2\n");
    const struct wf_value raw = { .kind = WF_VALUE_U64, .as.u64 = 7 };
    const struct wf_value text = { .kind = WF_VALUE_TEXT, .as.text = "a", .len = 1 };

    (void)state;
    assert_int_equal(wf_value_set_raw(given.schema, given.payload, 0, 0, &raw), 0);
    set_number(&given, "y", 9);
    assert_true(given_number(&given, "x", 0) == 3.5); /* conditions see what will be sent */
    assert_encodes(&given, "0007 09");
    assert_int_equal(wf_value_set_raw(given.schema, given.payload, 0, 1, &raw), WF_ERR_LIMIT);
    assert_int_equal(wf_value_set(given.schema, given.payload, 0, 1, &raw), WF_ERR_LIMIT);
    assert_int_equal(wf_value_set(given.schema, given.payload, 0, 0, &text), WF_ERR_INVALID);
    given_free(&given);
}

static void counts_and_sizes_follow_what_they_count(void **state)
{
    struct given given =
        given_make("[subsystem]\napid = 5\n[parameter n]\n[parameter list]\nbits = 16\ncount = n\n"
                   "count_max = 4\n[parameter m]\n[parameter name]\ntype = string\nsize = m-1\n"
                   "size_max = 8\n[parameter tail]\ntype = string\nsize = terminated 0x2c\n"
                   "size_max = 8\n[parameter pre]\ntype = bytes\nsize = prefix 16\nsize_max = 8\n"
                   "[parameter fix]\ntype = string\nsize = 4\n");
    const struct wf_value raw = { .kind = WF_VALUE_U64, .as.u64 = 99 };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct wf_value value = { .kind = WF_VALUE_U64, .as.u64 = 0x0101 * (i + 1) };

        assert_int_equal(wf_value_set(given.schema, given.payload, 1, i, &value), 0);
    }
    for (size_t i = 3; i < 7; i++) {
        static const char *const texts[] = { "ab", "cd,e", "\xff", "xy" };
        const struct wf_value value = { .kind = i == 5 ? WF_VALUE_BYTES : WF_VALUE_TEXT,
                                        .as.text = texts[i - 3],
                                        .len = strlen(texts[i - 3]) };

        assert_int_equal(wf_value_set(given.schema, given.payload, i, 0, &value), 0);
    }
    assert_encodes(&given, "02 0101 0202 03 6162 6364 2c 0001 ff 78790000");
    /* A count given raw is sent as given: how simulators make bad packets. */
    assert_int_equal(wf_value_set_raw(given.schema, given.payload, 0, 0, &raw), 0);
    assert_encodes(&given, "63 0101 0202 03 6162 6364 2c 0001 ff 78790000");
    {
        const struct wf_value too_long = { .kind = WF_VALUE_TEXT,
                                           .as.text = "123456789",
                                           .len = 9 };

        assert_int_equal(wf_value_set(given.schema, given.payload, 3, 0, &too_long), WF_ERR_LIMIT);
    }
    given_free(&given);
}

static void a_struct_filled_in_c_is_enough(void **state)
{
    struct given given = given_make("[subsystem]\napid = 5\n[parameter a]\nbits = 12\n"
                                    "polynomial = 0 0.01\n[parameter b]\nbits = 4\n"
                                    "[parameter s]\ntype = string\nsize = rest\nsize_max = 8\n");
    struct {
        double a;
        uint8_t b;
        char s[9];
        uint32_t s_count;
    } info = { .a = 12.34, .b = 3, .s = "hi" }; /* the count left alone */

    (void)state;
    assert_int_equal(given.schema->struct_bytes, sizeof(info));
    memcpy(given.payload, &info, sizeof(info));
    assert_encodes(&given, "4d23 6869");
    given_free(&given);
}

static void times_come_back_as_they_went(void **state)
{
    static const struct {
        const char *subsystem, *parameters;
        int64_t unit_ns;
    } cases[] = {
        { "time = cuc 4.2", "", 15259 },
        { "time = cuc", "", 15259 },
        { "time = cuc 4.3\nepoch = gps", "", 60 },
        { "time = cds 16.16", "", 1000 },
        { "time = cds 24.32\nepoch = unix", "", 1 },
        { "time = cds", "", 1000 },
        { "time = fields d:1d m:1ms u:1us\nepoch = ccsds",
          "[parameter d]\nbits = 16\n[parameter m]\nbits = 32\n[parameter u]\nbits = 16\n", 1000 },
        { "time = fields t:1/65536s s:1s\nepoch = gps",
          "[parameter s]\nbits = 32\n[parameter t]\nbits = 16\n", 15259 },
        { "time = fields f:1s", "[parameter f]\ntype = float\nbits = 64\n", 300 },
        { "time = fields u:1us", "[parameter u]\nbits = 64\n", 1000 },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[512];
        struct wf_strbuf out;
        struct given given;

        wf_strbuf_init_fixed(&out, text, sizeof(text));
        wf_strbuf_addf(&out, "[subsystem]\napid = 5\n%s\n%s[parameter x]\n", cases[i].subsystem,
                       cases[i].parameters);
        given = given_make(text);
        for (int64_t k = 0; k < 50; k++) {
            int64_t when = INT64_C(1763000000123456789) + k * INT64_C(86399987654321);
            uint8_t packet[64];
            size_t len = encode(&given, packet, sizeof(packet), when);
            int64_t off;

            assert_int_equal(wf_decode(given.decoder, packet, len, given.payload, &given.decoded),
                             0);
            off = given.decoded.device_ns - when;
            if (given.decoded.flags != 0 || off > cases[i].unit_ns || off < -cases[i].unit_ns)
                fail_msg("%s: %lld ns off", cases[i].subsystem, (long long)off);
        }
        given_free(&given);
    }
}

static void what_does_not_fit_is_a_limit(void **state)
{
    struct given given = given_make("[subsystem]\napid = 5\npacket_max = 12\n[parameter a]\n"
                                    "bits = 32\n[parameter s]\ntype = string\nsize = rest\n"
                                    "size_max = 64\n");
    const struct wf_value value = { .kind = WF_VALUE_TEXT, .as.text = "abc", .len = 3 };
    uint8_t packet[64];
    size_t len = 0;

    (void)state;
    assert_int_equal(wf_encode(given.encoder, given.payload, 5, 0, 0, packet, 9, &len),
                     WF_ERR_LIMIT);
    assert_int_equal(wf_encode(given.encoder, given.payload, 5, 0, 0, packet, 3, &len),
                     WF_ERR_LIMIT);
    assert_int_equal(wf_value_set(given.schema, given.payload, 1, 0, &value), 0);
    assert_int_equal(wf_encode(given.encoder, given.payload, 5, 0, 0, packet, 64, &len),
                     WF_ERR_LIMIT);
    assert_int_equal(len, 0);
    given_free(&given);
}

static void a_packet_is_never_empty_and_its_header_is_right(void **state)
{
    struct given given = given_make("[subsystem]\napid = 5\n[parameter n]\nat = 0\nbits = 3\n");
    struct wf_ccsds_header header;
    uint8_t packet[64];
    size_t len = encode(&given, packet, sizeof(packet), WF_TIME_NONE);

    (void)state;
    assert_int_equal(len, 7);
    assert_true(wf_ccsds_parse(packet, len, &header));
    assert_int_equal(header.version, 0);
    assert_int_equal(header.apid, 5);
    assert_int_equal(header.sequence_count, 9);
    assert_int_equal(header.sequence_flags, WF_CCSDS_UNSEGMENTED);
    assert_int_equal(header.packet_bytes, 7);
    assert_false(header.has_secondary);
    given_free(&given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engineering_values_go_through_the_inverse_calibrator),
        cmocka_unit_test(a_given_raw_value_is_taken_as_it_is),
        cmocka_unit_test(counts_and_sizes_follow_what_they_count),
        cmocka_unit_test(a_struct_filled_in_c_is_enough),
        cmocka_unit_test(times_come_back_as_they_went),
        cmocka_unit_test(what_does_not_fit_is_a_limit),
        cmocka_unit_test(a_packet_is_never_empty_and_its_header_is_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
