/* SPDX-License-Identifier: MIT */
/* The primary header, field by field, and the names of the rejects. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/reject.h>

static void each_field_is_where_the_standard_puts_it(void **state)
{
    static const struct {
        uint8_t bytes[6];
        struct wf_ccsds_header want;
    } cases[] = {
        { { 0x08, 0x0b, 0xca, 0x2e, 0x00, 0x40 }, { 0, false, true, 11, 3, 2606, 71 } },
        { { 0xe0, 0x00, 0x00, 0x00, 0x00, 0x00 }, { 7, false, false, 0, 0, 0, 7 } },
        { { 0x10, 0x00, 0x40, 0x00, 0x00, 0x01 }, { 0, true, false, 0, 1, 0, 8 } },
        { { 0x07, 0xff, 0xbf, 0xff, 0xff, 0xff }, { 0, false, false, 0x7ff, 2, 16383, 65542 } },
        { { 0x00, 0x80, 0xc0, 0x01, 0x01, 0x00 }, { 0, false, false, 0x80, 3, 1, 263 } },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_ccsds_header got;
        uint8_t back[WF_CCSDS_HEADER_BYTES];

        assert_true(wf_ccsds_parse(cases[i].bytes, 6, &got));
        assert_int_equal(got.version, cases[i].want.version);
        assert_int_equal(got.is_command, cases[i].want.is_command);
        assert_int_equal(got.has_secondary, cases[i].want.has_secondary);
        assert_int_equal(got.apid, cases[i].want.apid);
        assert_int_equal(got.sequence_flags, cases[i].want.sequence_flags);
        assert_int_equal(got.sequence_count, cases[i].want.sequence_count);
        assert_int_equal(got.packet_bytes, cases[i].want.packet_bytes);
        wf_ccsds_write(&got, back);
        assert_memory_equal(back, cases[i].bytes, 6);
    }
}

static void every_header_survives_the_way_there_and_back(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 65536; i++) {
        uint8_t bytes[6] = { (uint8_t)(i >> 8),      (uint8_t)i,        (uint8_t)(i * 7 >> 3),
                             (uint8_t)(i * 31 >> 5), (uint8_t)(i >> 4), (uint8_t)(i * 13) };
        uint8_t back[6];
        struct wf_ccsds_header header;

        assert_true(wf_ccsds_parse(bytes, sizeof(bytes), &header));
        wf_ccsds_write(&header, back);
        assert_memory_equal(back, bytes, 6);
    }
}

static void fewer_than_six_bytes_are_no_header(void **state)
{
    const uint8_t bytes[6] = { 0 };
    struct wf_ccsds_header header;

    (void)state;
    for (size_t len = 0; len < 6; len++)
        assert_false(wf_ccsds_parse(bytes, len, &header));
}

static void every_reject_has_a_name_of_its_own_and_a_sentence(void **state)
{
    (void)state;
    for (unsigned i = 0; i < WF_REJECT_COUNT; i++) {
        assert_true(strlen(wf_reject_name((enum wf_reject)i)) > 2);
        assert_true(strlen(wf_reject_text((enum wf_reject)i)) > 10);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(wf_reject_name((enum wf_reject)i),
                                    wf_reject_name((enum wf_reject)k));
    }
    assert_string_equal(wf_reject_name(WF_REJECT_COUNT), "?");
    assert_string_equal(wf_reject_text(WF_REJECT_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_is_where_the_standard_puts_it),
        cmocka_unit_test(every_header_survives_the_way_there_and_back),
        cmocka_unit_test(fewer_than_six_bytes_are_no_header),
        cmocka_unit_test(every_reject_has_a_name_of_its_own_and_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
