/* SPDX-License-Identifier: MIT */
/* CUC and CDS: vectors worked out by hand, leap seconds, and there and back. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/clock.h>
#include <watchfloor/decode/timecode.h>

#define S       WF_NS_PER_S
#define CCSDS   (INT64_C(-378691200) * S) /* 1958-01-01 */
#define GPS     (INT64_C(315964800) * S)  /* 1980-01-06 */
#define Y2020   (INT64_C(1577836800) * S) /* 2020-01-01 UTC; TAI-UTC 37 s, GPS-UTC 18 s */
#define BYTES_N WF_TIMECODE_MAX

#define CUC(c, f, epoch, sc)                                                                       \
    {                                                                                              \
        .code = WF_TIME_CODE_CUC, .coarse_bytes = c, .fine_bytes = f, .epoch_ns = epoch,           \
        .scale = WF_SCALE_##sc                                                                     \
    }
#define CUC_P(epoch, sc)                                                                           \
    {                                                                                              \
        .code = WF_TIME_CODE_CUC, .has_p_field = true, .epoch_ns = epoch, .scale = WF_SCALE_##sc   \
    }
#define CDS(d, s)                                                                                  \
    {                                                                                              \
        .code = WF_TIME_CODE_CDS, .coarse_bytes = d, .fine_bytes = s, .epoch_ns = CCSDS            \
    }
#define CDS_P(epoch)                                                                               \
    {                                                                                              \
        .code = WF_TIME_CODE_CDS, .has_p_field = true, .epoch_ns = epoch                           \
    }

/* 2020-01-01 UTC is 1,956,528,037 s of TAI since 1958 (0x749e3fa5), 22,645 days (0x5875). */
static const struct {
    const char *what;
    struct wf_time_format format;
    uint8_t bytes[BYTES_N];
    size_t len;
    int rc;
    int64_t want;
    bool is_written; /* the same bytes come back */
} vectors[] = {
    { "CUC 4.0 TAI", CUC(4, 0, CCSDS, TAI), { 0x74, 0x9e, 0x3f, 0xa5 }, 4, 0, Y2020, true },
    { "CUC 4.2",
      CUC(4, 2, CCSDS, TAI),
      { 0x74, 0x9e, 0x3f, 0xa5, 0x80, 0 },
      6,
      0,
      Y2020 + S / 2,
      true },
    { "CUC 4.1 a quarter",
      CUC(4, 1, CCSDS, TAI),
      { 0x74, 0x9e, 0x3f, 0xa5, 0x40 },
      5,
      0,
      Y2020 + S / 4,
      true },
    { "CUC 1.0 just after its epoch",
      CUC(1, 0, Y2020, UTC),
      { 0xff },
      1,
      0,
      Y2020 + 255 * S,
      true },
    { "CUC 4.0 GPS, 18 s", CUC(4, 0, GPS, GPS), { 0x4b, 0x36, 0xa3, 0x92 }, 4, 0, Y2020, true },
    { "CUC of 7 and 10 bytes",
      CUC(7, 10, CCSDS, TAI),
      { 0, 0, 0, 0x74, 0x9e, 0x3f, 0xa5, 0x80 },
      17,
      0,
      Y2020 + S / 2,
      true },
    { "CUC with P-field",
      CUC_P(CCSDS, TAI),
      { 0x1e, 0x74, 0x9e, 0x3f, 0xa5, 0x80, 0 },
      7,
      0,
      Y2020 + S / 2,
      true },
    { "CUC with P-field, agency epoch",
      CUC_P(Y2020, UTC),
      { 0x2e, 0, 0, 0, 1, 0, 0 },
      7,
      0,
      Y2020 + S,
      true },
    { "CUC with two octets of P-field: 5.4",
      CUC_P(CCSDS, TAI),
      { 0x9f, 0x24, 0, 0x74, 0x9e, 0x3f, 0xa5, 0xc0, 0, 0, 0 },
      11,
      0,
      Y2020 + 3 * (S / 4),
      false },
    { "CUC with a third octet of P-field",
      CUC_P(CCSDS, TAI),
      { 0x9f, 0xa4, 0, 0, 0, 0, 0, 0 },
      8,
      WF_ERR_INVALID,
      0,
      false },
    { "a CDS P-field before a CUC",
      CUC_P(CCSDS, TAI),
      { 0x40, 0, 0, 0, 0, 0, 0 },
      7,
      WF_ERR_INVALID,
      0,
      false },
    { "the P-field says CCSDS epoch, the schema GPS",
      CUC_P(GPS, GPS),
      { 0x1c, 0x4b, 0x36, 0xa3, 0x92 },
      5,
      WF_ERR_INVALID,
      0,
      false },
    { "CUC cut short",
      CUC(4, 2, CCSDS, TAI),
      { 0x74, 0x9e, 0x3f, 0xa5, 0x80 },
      5,
      WF_ERR_INVALID,
      0,
      false },
    { "CUC of seven bytes beyond int64",
      CUC(7, 0, CCSDS, TAI),
      { 1, 0, 0, 0, 0, 0, 0 },
      7,
      WF_ERR_LIMIT,
      0,
      false },
    { "CDS 16.0", CDS(2, 0), { 0x58, 0x75, 0, 0, 0x03, 0xe8 }, 6, 0, Y2020 + S, true },
    { "CDS 16.16", CDS(2, 2), { 0x58, 0x75, 0, 0, 0, 1, 0x01, 0xf4 }, 8, 0, Y2020 + 1500000, true },
    { "CDS 24.32",
      CDS(3, 4),
      { 0, 0x58, 0x75, 0, 0, 0, 1, 0, 0, 0x03, 0xe8 },
      11,
      0,
      Y2020 + 1000001,
      true },
    { "CDS with P-field",
      CDS_P(CCSDS),
      { 0x41, 0x58, 0x75, 0, 0, 0, 1, 0x01, 0xf4 },
      9,
      0,
      Y2020 + 1500000,
      true },
    { "CDS with P-field, agency epoch, 24 bits",
      CDS_P(Y2020),
      { 0x4c, 0, 0, 1, 0, 0, 0, 0 },
      8,
      0,
      Y2020 + WF_NS_PER_DAY,
      false },
    { "CDS P-field with a reserved width",
      CDS_P(CCSDS),
      { 0x43, 0, 0, 0, 0, 0, 0 },
      7,
      WF_ERR_INVALID,
      0,
      false },
    { "in a leap second", CDS(2, 0), { 0x58, 0x74, 0x05, 0x26, 0x5c, 0x00 }, 6, 0, Y2020, false },
    { "beyond any day",
      CDS(2, 0),
      { 0x58, 0x74, 0x05, 0x26, 0x60, 0x00 },
      6,
      WF_ERR_INVALID,
      0,
      false },
    { "1000 us in a ms",
      CDS(2, 2),
      { 0x58, 0x75, 0, 0, 0, 0, 0x03, 0xe8 },
      8,
      WF_ERR_INVALID,
      0,
      false },
};

static void vectors_are_read_and_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(vectors); i++) {
        const struct wf_time_format *format = &vectors[i].format;
        uint8_t back[BYTES_N];
        int64_t got = 0;
        int rc = wf_timecode_read(format, vectors[i].bytes, vectors[i].len, &got);

        if (rc != vectors[i].rc || got != vectors[i].want)
            fail_msg("%s: rc %d, %" PRId64 " ns, wanted %" PRId64, vectors[i].what, rc, got,
                     vectors[i].want);
        if (rc == 0)
            assert_int_equal(wf_timecode_bytes(format, vectors[i].bytes, vectors[i].len),
                             vectors[i].len);
        if (!vectors[i].is_written)
            continue;
        rc = wf_timecode_write(format, vectors[i].want, back, sizeof(back));
        if (rc != (int)vectors[i].len || memcmp(back, vectors[i].bytes, vectors[i].len) != 0)
            fail_msg("%s: written differently (%d)", vectors[i].what, rc);
    }
}

static void leap_seconds_are_taken_out(void **state)
{
    static const struct {
        int64_t utc_s;
        int64_t tai_minus_utc;
    } cases[] = {
        { 362793599, 19 },  { 362793600, 20 },  /* 1981-07-01 */
        { 915148799, 31 },  { 915148800, 32 },  /* 1999-01-01 */
        { 1483228799, 36 }, { 1483228800, 37 }, /* 2017-01-01 */
    };
    const struct wf_time_format tai = CUC(4, 0, CCSDS, TAI);
    const struct wf_time_format gps = CUC(4, 0, GPS, GPS);

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        int64_t tai_s = cases[i].utc_s + 378691200 + cases[i].tai_minus_utc;
        int64_t gps_s = cases[i].utc_s - 315964800 + cases[i].tai_minus_utc - 19;
        uint8_t bytes[4];
        int64_t got = 0;

        for (int k = 0; k < 4; k++)
            bytes[k] = (uint8_t)(tai_s >> (24 - 8 * k));
        assert_int_equal(wf_timecode_read(&tai, bytes, 4, &got), 0);
        assert_int_equal(got, cases[i].utc_s * S);
        assert_int_equal(wf_timecode_write(&gps, cases[i].utc_s * S, bytes, 4), 4);
        for (int k = 0; k < 4; k++)
            assert_int_equal(bytes[k], (uint8_t)(gps_s >> (24 - 8 * k)));
    }
}

/* Any time, any width: what is read is the nearest the width can hold. */
static void there_and_back_is_within_half_a_unit(void **state)
{
    uint64_t random = 42;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct wf_time_format format = CUC(4, 0, CCSDS, TAI);
        uint8_t bytes[BYTES_N];
        int64_t unit_ns = S;
        int64_t utc;
        int64_t got = 0;
        int len;

        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        utc = (int64_t)(random >> 3) % (INT64_C(3500000000) * S) + CCSDS + 40 * S;
        format.fine_bytes = (uint8_t)((random >> 5) % 11);
        format.has_p_field = (random >> 9 & 1) != 0;
        if (random >> 63 != 0) {
            format = (struct wf_time_format)CDS(2, 0);
            format.fine_bytes = (uint8_t)((random >> 5) % 3 * 2);
            unit_ns = format.fine_bytes == 0 ? 1000000 : format.fine_bytes == 2 ? 1000 : 1;
        }
        for (int k = 0; format.code == WF_TIME_CODE_CUC && k < format.fine_bytes; k++)
            unit_ns = (unit_ns + 255) / 256;
        len = wf_timecode_write(&format, utc, bytes, sizeof(bytes));
        assert_true(len > 0);
        assert_int_equal(wf_timecode_bytes(&format, bytes, sizeof(bytes)), len);
        assert_int_equal(wf_timecode_read(&format, bytes, (size_t)len, &got), 0);
        if (got - utc > (unit_ns + 1) / 2 || utc - got > (unit_ns + 1) / 2 ||
            (unit_ns == 1 && got != utc))
            fail_msg("off by %" PRId64 " ns of %" PRId64, got - utc, unit_ns);
        for (size_t cut = 0; cut < (size_t)len; cut++)
            assert_int_equal(wf_timecode_read(&format, bytes, cut, &got), WF_ERR_INVALID);
    }
}

static void what_does_not_fit_is_a_limit(void **state)
{
    const struct wf_time_format small = CUC(1, 0, Y2020, UTC);
    const struct wf_time_format cds = CDS(2, 0);
    const struct wf_time_format none = { .code = WF_TIME_CODE_NONE };
    uint8_t bytes[BYTES_N];

    (void)state;
    assert_int_equal(wf_timecode_write(&small, Y2020 + 256 * S, bytes, sizeof(bytes)),
                     WF_ERR_LIMIT);
    assert_int_equal(wf_timecode_write(&small, Y2020 + 255 * S + S / 2, bytes, sizeof(bytes)),
                     WF_ERR_LIMIT);
    assert_int_equal(wf_timecode_write(&small, Y2020 - 1, bytes, sizeof(bytes)), WF_ERR_LIMIT);
    assert_int_equal(wf_timecode_write(&cds, Y2020, bytes, 5), WF_ERR_LIMIT);
    assert_int_equal(wf_timecode_write(&cds, INT64_MAX, bytes, sizeof(bytes)), WF_ERR_LIMIT);
    assert_int_equal(wf_timecode_write(&cds, INT64_MIN, bytes, sizeof(bytes)), WF_ERR_LIMIT);
    assert_int_equal(wf_timecode_write(&none, Y2020, bytes, sizeof(bytes)), WF_ERR_INVALID);
    assert_int_equal(wf_timecode_bytes(&none, bytes, sizeof(bytes)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_read_and_written),
        cmocka_unit_test(leap_seconds_are_taken_out),
        cmocka_unit_test(there_and_back_is_within_half_a_unit),
        cmocka_unit_test(what_does_not_fit_is_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
