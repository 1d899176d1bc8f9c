/* SPDX-License-Identifier: MIT */
/* Decoding, one rule at a time: encodings, calibration, validity, sizes, conditions, times. */

#include <math.h>

#include "given.h"

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/region.h>

enum {
    VALID = WF_QUALITY_VALID,
    SUSPECT = WF_QUALITY_SUSPECT,
    INVALID = WF_QUALITY_INVALID,
    ABSENT = WF_QUALITY_ABSENT
};

static void encodings_by_example(void **state)
{
    static const struct {
        const char *keys;
        const char *hex;
        const char *text;
        int quality;
    } cases[] = {
        { "bits = 12", "fff0", "4095", VALID },
        { "bits = 12\ntype = int", "8000", "-2048", VALID },
        { "bits = 16\nbyte_order = little", "3412", "4660", VALID },
        { "bits = 24\nbyte_order = little\ntype = int", "ffffff", "-1", VALID },
        { "bits = 64", "ffffffffffffffff", "18446744073709551615", VALID },
        { "bits = 64\ntype = int", "8000000000000000", "-9223372036854775808", VALID },
        { "bits = 8\ntype = int\nencoding = sign-magnitude", "85", "-5", VALID },
        { "bits = 8\ntype = int\nencoding = sign-magnitude", "80", "0", VALID },
        { "bits = 8\ntype = int\nencoding = ones-complement", "fa", "-5", VALID },
        { "bits = 8\ntype = int\nencoding = ones-complement", "ff", "0", VALID },
        { "bits = 16\nencoding = bcd", "1234", "1234", VALID },
        { "bits = 16\nencoding = bcd", "123a", "1240", INVALID },
        { "bits = 64\nencoding = bcd", "9999999999999999", "9999999999999999", VALID },
        { "type = float", "40490fdb", "3.1415927", VALID },
        { "type = float", "7fc00000", "NaN", INVALID },
        { "type = float", "7f800000", "Inf", VALID },
        { "type = float\nbyte_order = little", "db0f4940", "3.1415927", VALID },
        { "type = float\nbits = 64", "400921fb54442d18", "3.141592653589793", VALID },
        /* MIL-STD-1750A, from the standard's own table. */
        { "type = float\nencoding = mil1750a", "7fffff7f", "1.7014116317805963e+38", VALID },
        { "type = float\nencoding = mil1750a", "4000007f", "8.507059173023462e+37", VALID },
        { "type = float\nencoding = mil1750a", "50000004", "10", VALID },
        { "type = float\nencoding = mil1750a", "40000001", "1", VALID },
        { "type = float\nencoding = mil1750a", "400000ff", "0.25", VALID },
        { "type = float\nencoding = mil1750a", "80000000", "-1", VALID },
        { "type = float\nencoding = mil1750a", "b0000004", "-10", VALID },
        { "type = float\nencoding = mil1750a\nbits = 48", "400000010000", "1", VALID },
        { "type = float\nencoding = mil1750a\nbits = 48", "800000000000", "-1", VALID },
        { "type = float\nencoding = mil1750a\nbits = 48", "69a3b50754ab", "105.63948563742451",
          VALID },
        { "type = bool", "80", "true", VALID },
        { "type = bool\nbits = 8", "02", "true", VALID },
        { "type = bool\nskip = 1", "80", "false", VALID },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[256];
        struct wf_strbuf out;
        struct given given;
        const char *got;

        wf_strbuf_init_fixed(&out, text, sizeof(text));
        wf_strbuf_addf(&out, "[subsystem]\napid = 5\n[parameter x]\n%s\n", cases[i].keys);
        given = given_make(text);
        assert_int_equal(given_decode(&given, cases[i].hex), 0);
        got = given_text(&given, "x", false);
        if (strncmp(got, cases[i].text, strlen(cases[i].text)) != 0 ||
            given_quality(&given, "x") != cases[i].quality)
            fail_msg("%s of %s: '%s', quality %d", cases[i].keys, cases[i].hex, got,
                     given_quality(&given, "x"));
        assert_int_equal(given.decoded.invalid_count, cases[i].quality != VALID);
        given_free(&given);
    }
}

static void values_are_calibrated_and_judged(void **state)
{
    static const struct {
        const char *keys;
        const char *hex;
        double want;
        int quality;
    } cases[] = {
        { "polynomial = -10 0.5", "28", 10, VALID },
        { "polynomial = 1 0 2", "03", 19, VALID },
        { "polynomial = 0 0.5\ntype = int", "fe", -1, VALID },
        { "polynomial = 7", "55", 7, VALID },
        { "polynomial = 0 0.5\nvalid = 0 .. 10", "14", 10, VALID },
        { "polynomial = 0 0.5\nvalid = 0 .. 10", "15", 10.5, INVALID },
        { "valid = 5 .. *", "04", 4, INVALID },
        { "valid = * .. 5", "05", 5, VALID },
        { "table = 0:0 10:100 20:150", "0f", 125, VALID },
        { "table = 0:0 10:100 20:150", "15", (double)NAN, INVALID },
        { "calibrator = steps", "0f", 100, VALID },
        { "calibrator = far", "1e", 200, VALID },
        { "enumeration = modes", "01", 1, VALID },
        { "enumeration = modes", "03", 3, INVALID },
        { "enumeration = wide", "c8", 200, VALID },
        { "enumeration = wide", "64", 100, INVALID },
        { "enumeration = signed\ntype = int", "ff", -1, VALID },
        { "enumeration = signed\ntype = int", "fe", -2, INVALID },
    };
    static const char *const rest = "[calibrator steps]\ntable = 0:0 10:100 20:150\n"
                                    "interpolate = step\n"
                                    "[calibrator far]\ntable = 0:0 10:100 20:150\n"
                                    "extrapolate = yes\n"
                                    "[enumeration modes]\n0 = OFF\n1..2 = ON\n"
                                    "[enumeration wide]\n0 = A\n200..210 = B\n"
                                    "[enumeration signed]\n-1 = MINUS\n1 = PLUS\n";

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        for (int slow = 0; slow < 2; slow++) { /* at a known place, and behind one that varies */
            char text[1024];
            char hex[64];
            struct wf_strbuf out;
            struct wf_strbuf packet;
            struct given given;
            double got;

            wf_strbuf_init_fixed(&out, text, sizeof(text));
            wf_strbuf_addf(&out, "[subsystem]\napid = 5\n%s[parameter x]\n%s\n%s",
                           slow
                               ? "[parameter s]\ntype = string\nsize = terminated 0\nsize_max = 4\n"
                               : "[parameter s]\nbits = 16\n",
                           cases[i].keys, rest);
            wf_strbuf_init_fixed(&packet, hex, sizeof(hex));
            wf_strbuf_addf(&packet, "4100%s", cases[i].hex);
            given = given_make(text);
            assert_int_equal(given_decode(&given, hex), 0);
            got = given_number(&given, "x", 0);
            if (!(got == cases[i].want || (isnan(got) && isnan(cases[i].want))) ||
                given_quality(&given, "x") != cases[i].quality)
                fail_msg("%s of %s: %g, quality %d", cases[i].keys, cases[i].hex, got,
                         given_quality(&given, "x"));
            given_free(&given);
        }
    }
}

static void the_raw_value_stands_beside_the_engineering_one(void **state)
{
    struct given given = given_make("[subsystem]\napid = 5\n"
                                    "[parameter a]\nbits = 16\ntype = int\npolynomial = 0 0.1\n"
                                    "[parameter b]\ntype = float\npolynomial = 1 2\n"
                                    "[parameter c]\nbits = 16\n");

    (void)state;
    assert_int_equal(given_decode(&given, "ff9c 3fc00000 1234"), 0);
    assert_string_equal(given_text(&given, "a", true), "-100");
    assert_true(given_number(&given, "a", 0) == -100 * 0.1);
    assert_string_equal(given_text(&given, "b", true), "1.5");
    assert_string_equal(given_text(&given, "b", false), "4");
    assert_string_equal(given_text(&given, "c", true), "4660");
    given_free(&given);
}

/* A parameter behind it shows where it ended; behind the rest of a packet nothing can stand. */
static const char *mark_unless_rest(const char *keys)
{
    return strstr(keys, "= rest") != NULL ? "" : "[parameter mark]\n";
}

static int quality_of_mark(const struct given *given)
{
    return wf_schema_find(given->schema, "mark") < 0 ? (int)WF_QUALITY_ABSENT
                                                     : given_quality(given, "mark");
}

static void texts_end_as_their_size_says(void **state)
{
    static const struct {
        const char *keys;
        const char *hex; /* behind a length of 8 bits, before an 8-bit mark of ee */
        const char *text;
        int quality, mark;
    } cases[] = {
        { "size = 4", "00 61626364 ee", "abcd", VALID, VALID },
        { "size = 4", "00 61620000 ee", "ab", VALID, VALID },
        { "size = n\nsize_max = 8", "03 616263 ee", "abc", VALID, VALID },
        { "size = n-1\nsize_max = 8", "03 6162 ee", "ab", VALID, VALID },
        { "size = n+1\nsize_max = 8", "03 61626364 ee", "abcd", VALID, VALID },
        { "size = n-4\nsize_max = 8", "03 ee", "", ABSENT, VALID },
        { "size = n\nsize_max = 2", "03 616263 ee", "ab", SUSPECT, VALID },
        { "size = n\nsize_max = 8", "00 ee", "", VALID, VALID },
        { "size = prefix 8\nsize_max = 8", "00 02 6162 ee", "ab", VALID, VALID },
        { "size = prefix 16\nsize_max = 8", "00 0002 6162 ee", "ab", VALID, VALID },
        { "size = prefix 16\nsize_max = 8\nbyte_order = little", "00 0200 6162 ee", "ab", VALID,
          VALID },
        { "size = prefix 32\nsize_max = 8", "00 00000002 6162 ee", "ab", VALID, VALID },
        { "size = prefix 32\nsize_max = 8", "00 ffffffff 6162 ee", "ab\xee", SUSPECT, ABSENT },
        { "size = terminated 0x00\nsize_max = 8", "00 616200 ee", "ab", VALID, VALID },
        { "size = terminated 0x0a\nsize_max = 8", "00 0a ee", "", VALID, VALID },
        { "size = terminated 0x00\nsize_max = 2", "00 61626300 ee", "ab", SUSPECT, VALID },
        { "size = terminated 0x00\nsize_max = 8", "00 6162 ee", "ab\xee", SUSPECT, ABSENT },
        { "size = rest\nsize_max = 8", "00 616263", "abc", VALID, ABSENT },
        { "size = rest\nsize_max = 2", "00 616263", "ab", SUSPECT, ABSENT },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[512];
        struct wf_strbuf out;
        struct given given;
        struct wf_value value;

        wf_strbuf_init_fixed(&out, text, sizeof(text));
        wf_strbuf_addf(&out,
                       "[subsystem]\napid = 5\n[parameter n]\n[parameter x]\ntype = string\n%s\n%s",
                       cases[i].keys, mark_unless_rest(cases[i].keys));
        given = given_make(text);
        assert_int_equal(given_decode(&given, cases[i].hex), 0);
        wf_value_get(given.schema, given.payload, 1, 0, &value);
        if (given_quality(&given, "x") != cases[i].quality ||
            quality_of_mark(&given) != cases[i].mark ||
            (cases[i].quality != ABSENT && (value.len != strlen(cases[i].text) ||
                                            memcmp(value.as.text, cases[i].text, value.len) != 0)))
            fail_msg("%s of %s: '%.*s', quality %d, mark %d", cases[i].keys, cases[i].hex,
                     (int)value.len, value.as.text, given_quality(&given, "x"),
                     quality_of_mark(&given));
        if (cases[i].mark == VALID)
            assert_int_equal(given_number(&given, "mark", 0), 0xee);
        given_free(&given);
    }
}

static void arrays_have_as_many_as_told_or_there(void **state)
{
    static const struct {
        const char *keys;
        const char *hex;
        size_t count;
        int quality, mark;
        uint32_t flags;
    } cases[] = {
        { "count = 3", "00 010203040506 ee", 3, VALID, VALID, 0 },
        { "count = n\ncount_max = 4", "02 01020304 ee", 2, VALID, VALID, 0 },
        { "count = n\ncount_max = 4", "00 ee", 0, VALID, VALID, 0 },
        { "count = n+1\ncount_max = 4", "01 01020304 ee", 2, VALID, VALID, 0 },
        { "count = n - 1\ncount_max = 4", "03 01020304 ee", 2, VALID, VALID, 0 },
        { "count = n-1\ncount_max = 4", "00 ee", 0, ABSENT, VALID, 0 },
        { "count = n\ncount_max = 1", "02 01020304 ee", 1, SUSPECT, VALID, 0 },
        { "count = n\ncount_max = 4", "03 01020304", 2, SUSPECT, ABSENT, WF_SAMPLE_SHORT },
        { "count = n\ncount_max = 4", "03 01", 0, ABSENT, ABSENT, WF_SAMPLE_SHORT },
        { "count = rest\ncount_max = 4", "00 01020304", 2, VALID, ABSENT, 0 },
        { "count = rest\ncount_max = 4", "00 0102030405", 2, VALID, ABSENT, WF_SAMPLE_LONG },
        { "count = rest\ncount_max = 1", "00 01020304", 1, SUSPECT, ABSENT, 0 },
        { "count = rest\ncount_max = 4", "00", 0, VALID, ABSENT, 0 },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[512];
        struct wf_strbuf out;
        struct given given;

        wf_strbuf_init_fixed(&out, text, sizeof(text));
        wf_strbuf_addf(&out,
                       "[subsystem]\napid = 5\n[parameter n]\n[parameter x]\nbits = 16\n%s\n%s",
                       cases[i].keys, mark_unless_rest(cases[i].keys));
        given = given_make(text);
        assert_int_equal(given_decode(&given, cases[i].hex), 0);
        if ((given_quality(&given, "x") != ABSENT &&
             wf_value_count(given.schema, given.payload, 1) != cases[i].count) ||
            given_quality(&given, "x") != cases[i].quality ||
            quality_of_mark(&given) != cases[i].mark || given.decoded.flags != cases[i].flags)
            fail_msg("%s of %s: quality %d, mark %d, flags %x", cases[i].keys, cases[i].hex,
                     given_quality(&given, "x"), quality_of_mark(&given), given.decoded.flags);
        for (size_t k = 0; k < cases[i].count && cases[i].quality != ABSENT; k++)
            assert_int_equal(given_number(&given, "x", k), (2 * k + 1) * 256 + 2 * k + 2);
        given_free(&given);
    }
}

static void a_packet_that_ends_early_gives_what_is_there(void **state)
{
    struct given given = given_make("[subsystem]\napid = 5\n[parameter a]\nbits = 16\n"
                                    "[parameter f]\ntype = float\n[parameter b]\nbits = 16\n"
                                    "[parameter g]\ntype = float\nbits = 64\ncount = 2\n"
                                    "[derived d]\nexpression = a + b\n");

    (void)state;
    assert_int_equal(given_decode(&given, "00"), WF_ERR_INVALID);
    assert_int_equal(given_decode(&given, "0001 3f8000"), 0);
    assert_int_equal(given.decoded.flags, WF_SAMPLE_SHORT);
    assert_int_equal(given_quality(&given, "a"), VALID);
    assert_int_equal(given_quality(&given, "f"), ABSENT);
    assert_int_equal(given_quality(&given, "b"), ABSENT);
    assert_int_equal(given_quality(&given, "d"), INVALID);
    assert_int_equal(given.decoded.invalid_count, 4);
    {
        double g[2];
        float f;

        memcpy(&f, given.payload + given.schema->parameters[1].offset, sizeof(f));
        memcpy(g, given.payload + given.schema->parameters[3].offset, sizeof(g));
        assert_true(isnan((double)f) && isnan(g[0]) && isnan(g[1]));
    }
    assert_int_equal(given_decode(&given, "0001 3f800000 0002 3ff0000000000000 3ff0000000000000"),
                     0);
    assert_int_equal(given.decoded.flags, 0);
    assert_int_equal(given.decoded.invalid_count, 0);
    assert_int_equal(given_number(&given, "d", 0), 3);
    assert_int_equal(
        given_decode(&given, "0001 3f800000 0002 3ff0000000000000 3ff0000000000000 00"), 0);
    assert_int_equal(given.decoded.flags, WF_SAMPLE_LONG);
    given_free(&given);
}

static void conditions_decide_what_is_in_the_packet(void **state)
{
    struct given given = given_make("[subsystem]\napid = 5\n[parameter kind]\nenumeration = kinds\n"
                                    "[parameter a]\nbits = 16\npresent_when = kind == TEMPERATURE\n"
                                    "[parameter b]\nbits = 32\npresent_when = kind >= 2\n"
                                    "[parameter c]\nbits = 8\n"
                                    "[enumeration kinds]\n1 = TEMPERATURE\n2 = COUNT\n");

    (void)state;
    assert_int_equal(given_decode(&given, "01 1234 77"), 0);
    assert_int_equal(given_number(&given, "a", 0), 0x1234);
    assert_int_equal(given_quality(&given, "b"), ABSENT);
    assert_int_equal(given_number(&given, "c", 0), 0x77);
    assert_int_equal(given.decoded.flags, 0);
    /* A kind without a label is INVALID, and still decides. */
    assert_int_equal(given_decode(&given, "03 12345678 77"), 0);
    assert_int_equal(given_quality(&given, "kind"), INVALID);
    assert_int_equal(given_quality(&given, "a"), ABSENT);
    assert_int_equal(given_number(&given, "b", 0), 0x12345678);
    assert_int_equal(given_number(&given, "c", 0), 0x77);
    given_free(&given);
}

static void the_time_is_in_the_header_or_in_fields(void **state)
{
    static const int64_t y2020 = INT64_C(1577836800) * WF_NS_PER_S;
    static const struct {
        const char *subsystem, *parameters, *hex;
        int64_t device_ns;
        uint32_t flags;
    } cases[] = {
        { "time = cuc 4.2", "[parameter x]\n", "749e3fa5 8000 07", INT64_C(500000000), 0 },
        { "time = cuc", "[parameter x]\n", "1e 749e3fa5 8000 07", INT64_C(500000000), 0 },
        { "time = cuc", "[parameter x]\n", "1c 749e3fa5 07", 0, 0 },
        { "time = cds 16.16", "[parameter x]\n", "5875 00000001 01f4 07", 1500000, 0 },
        { "time = cuc 4.0\nepoch = gps", "[parameter x]\n", "4b36a392 07", 0, 0 },
        { "time = cuc 4.0\nepoch = 2020-01-01 utc", "[parameter x]\n", "0000000a 07",
          INT64_C(10000000000), 0 },
        { "time = cds 16.0", "[parameter x]\n", "5875 ffffffff 07", WF_TIME_NONE,
          WF_SAMPLE_TIME_BAD },
        { "time = fields s:1s t:1/65536s\nepoch = 2020-01-01 utc",
          "[parameter s]\nbits = 32\n[parameter t]\nbits = 16\n[parameter x]\n", "00000002 8000 07",
          INT64_C(2500000000), 0 },
        { "time = fields d:1d m:1ms u:1us\nepoch = ccsds",
          "[parameter d]\nbits = 16\n[parameter m]\nbits = 32\n[parameter u]\nbits = 16\n"
          "[parameter x]\n",
          "5875 00000001 01f4 07", 1500000, 0 },
        { "time = fields f:1s\nepoch = unix",
          "[parameter f]\ntype = float\nbits = 64\n[parameter x]\n", "41d782f840100000 07",
          INT64_C(250000000), 0 },
        { "time = fields s:1s\nepoch = 2020-01-01 utc", "[parameter s]\nbits = 64\n[parameter x]\n",
          "ffffffffffffffff 07", WF_TIME_NONE, WF_SAMPLE_TIME_BAD },
        { "", "[parameter x]\n", "07", WF_TIME_NONE, 0 },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[512];
        struct wf_strbuf out;
        struct given given;
        int64_t want =
            cases[i].device_ns == WF_TIME_NONE ? WF_TIME_NONE : y2020 + cases[i].device_ns;

        wf_strbuf_init_fixed(&out, text, sizeof(text));
        wf_strbuf_addf(&out, "[subsystem]\napid = 5\n%s\n%s", cases[i].subsystem,
                       cases[i].parameters);
        given = given_make(text);
        assert_int_equal(given_decode(&given, cases[i].hex), 0);
        if (given.decoded.device_ns != want || given.decoded.flags != cases[i].flags)
            fail_msg("%s: %lld ns off, flags %x", cases[i].subsystem,
                     (long long)(given.decoded.device_ns - want), given.decoded.flags);
        assert_int_equal(given_number(&given, "x", 0), 7);
        given_free(&given);
    }
}

static void a_packet_without_secondary_header_has_no_time(void **state)
{
    struct given given = given_make("[subsystem]\napid = 5\ntime = cuc 4.0\n[parameter x]\n");
    uint8_t packet[16];
    size_t len = given_packet("749e3fa5 07", packet, sizeof(packet));

    (void)state;
    packet[0] = (uint8_t)(packet[0] & ~0x08u);
    assert_int_equal(wf_decode(given.decoder, packet, len, given.payload, &given.decoded), 0);
    assert_true(given.decoded.device_ns == WF_TIME_NONE);
    assert_int_equal(given.decoded.flags, WF_SAMPLE_TIME_BAD);
    assert_int_equal(given_number(&given, "x", 0), 7);
    given_free(&given);
}

static void times_can_be_parameters(void **state)
{
    struct given given =
        given_make("[subsystem]\napid = 5\n[parameter n]\nbits = 4\n"
                   "[parameter t]\ntype = time\ntime = cuc 4.1\nepoch = 2020-01-01 utc\n"
                   "[parameter p]\ntype = time\ntime = cuc\nepoch = 2020-01-01 utc\n"
                   "[parameter x]\nskip = 4\n");

    (void)state;
    assert_int_equal(given_decode(&given, "1000000018 02c0000000 20 07"), 0);
    assert_string_equal(given_text(&given, "t", false), "2020-01-01T00:00:01.500000Z");
    assert_string_equal(given_text(&given, "p", false), "2020-01-01T00:00:02.000000Z");
    assert_int_equal(given_number(&given, "x", 0), 7);
    /* A P-field of another code: nobody knows where it ends. */
    assert_int_equal(given_decode(&given, "1000000018 04c0000000 20 07"), 0);
    assert_int_equal(given_quality(&given, "p"), INVALID);
    assert_int_equal(given_quality(&given, "x"), ABSENT);
    given_free(&given);
}

static void derived_parameters_are_computed_and_judged(void **state)
{
    struct given given =
        given_make("[subsystem]\napid = 5\n[parameter a]\nbits = 16\npolynomial = 0 0.5\n"
                   "[parameter b]\nbits = 16\n"
                   "[derived p]\nexpression = a * b\nvalid = 0 .. 100\n"
                   "[derived q]\nexpression = p + 1\n"
                   "[derived big]\ntype = uint\nexpression = b * 4294967296\n"
                   "[derived on]\ntype = bool\nexpression = b > 3\n"
                   "[derived bad]\nexpression = a / b\n"
                   "[derived m]\ntype = int\nexpression = -b\nenumeration = e\n"
                   "[enumeration e]\n-4 = FOUR\n");

    (void)state;
    assert_int_equal(given_decode(&given, "0006 0004"), 0);
    assert_int_equal(given_number(&given, "p", 0), 12);
    assert_int_equal(given_number(&given, "q", 0), 13);
    assert_string_equal(given_text(&given, "big", false), "17179869184");
    assert_string_equal(given_text(&given, "on", false), "true");
    assert_int_equal(given_quality(&given, "m"), VALID);
    assert_int_equal(given.decoded.invalid_count, 0);
    assert_int_equal(given_decode(&given, "0006 0000"), 0);
    assert_int_equal(given_quality(&given, "bad"), INVALID);
    assert_int_equal(given_quality(&given, "m"), INVALID);
    assert_int_equal(given_decode(&given, "ffff 0004"), 0);
    assert_int_equal(given_quality(&given, "p"), INVALID);
    assert_int_equal(given_quality(&given, "q"), INVALID);
    given_free(&given);
}

static void places_may_be_absolute_also_in_the_header(void **state)
{
    struct given given = given_make(
        "[subsystem]\napid = 5\n[parameter version]\nat = 0\nbits = 3\n"
        "[parameter apid_seen]\nat = 0.5\nbits = 11\n[parameter late]\nat = 9.4\nbits = 12\n"
        "[parameter early]\nat = 6\nbits = 8\n[parameter next]\nbits = 8\n");

    (void)state;
    assert_int_equal(given_decode(&given, "aabbcc 0123 45"), 0);
    assert_int_equal(given_number(&given, "version", 0), 0);
    assert_int_equal(given_number(&given, "apid_seen", 0), 5);
    assert_int_equal(given_number(&given, "late", 0), 0x123);
    assert_int_equal(given_number(&given, "early", 0), 0xaa);
    assert_int_equal(given_number(&given, "next", 0), 0xbb);
    assert_int_equal(given.decoded.flags, WF_SAMPLE_LONG);
    given_free(&given);
}

static void places_may_be_counted_from_the_end(void **state)
{
    static const char hex[] = "02 aabb 5c 1234";
    struct given given =
        given_make("[subsystem]\napid = 5\n[parameter n]\n"
                   "[parameter data]\ntype = bytes\nsize = n\nsize_max = 8\n"
                   "[parameter high]\nat = end-3\nbits = 4\n[parameter low]\nbits = 4\n"
                   "[parameter check]\nat = end-2\nbits = 16\n");
    uint8_t want[64], packet[64];
    size_t len = 0, want_len = given_packet(hex, want, sizeof(want));

    (void)state;
    for (int between = 0; between < 2; between++) { /* something nobody defines before them */
        assert_int_equal(given_decode(&given, between ? "02 aabb eeee 5c 1234" : hex), 0);
        assert_int_equal(given_number(&given, "high", 0), 5);
        assert_int_equal(given_number(&given, "low", 0), 0xc);
        assert_int_equal(given_number(&given, "check", 0), 0x1234);
        assert_int_equal(given.decoded.flags, 0);
    }
    assert_int_equal(
        wf_encode(given.encoder, given.payload, 5, 0, WF_TIME_NONE, packet, sizeof(packet), &len),
        0);
    assert_int_equal(len, want_len);
    assert_memory_equal(packet + 6, want + 6, len - 6);
    given_free(&given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings_by_example),
        cmocka_unit_test(values_are_calibrated_and_judged),
        cmocka_unit_test(the_raw_value_stands_beside_the_engineering_one),
        cmocka_unit_test(texts_end_as_their_size_says),
        cmocka_unit_test(arrays_have_as_many_as_told_or_there),
        cmocka_unit_test(a_packet_that_ends_early_gives_what_is_there),
        cmocka_unit_test(conditions_decide_what_is_in_the_packet),
        cmocka_unit_test(the_time_is_in_the_header_or_in_fields),
        cmocka_unit_test(a_packet_without_secondary_header_has_no_time),
        cmocka_unit_test(times_can_be_parameters),
        cmocka_unit_test(derived_parameters_are_computed_and_judged),
        cmocka_unit_test(places_may_be_absolute_also_in_the_header),
        cmocka_unit_test(places_may_be_counted_from_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
