/* SPDX-License-Identifier: MIT */
/* Dispatch by APID and match, and segments put together. */

#include "given.h"

#include <watchfloor/attributes.h>
#include <watchfloor/decode/dispatch.h>
#include <watchfloor/decode/segments.h>

static const char *const texts[] = {
    "[subsystem]\napid = 100 101\n[parameter x]\n",
    "[subsystem]\napid = 200\nmatch = service == 3 and subtype == 25\n[parameter service]\n"
    "[parameter subtype]\n",
    "[subsystem]\napid = 200\nmatch = service == 3\n[parameter service]\n",
    "[subsystem]\napid = 200\n[parameter any]\n",
    "[subsystem]\napid = 300\nmatch = mark == \"AB\" and code == HOT\n[parameter mark]\n"
    "type = string\nsize = 2\n[parameter code]\ntype = int\nbits = 12\nenumeration = codes\n"
    "[enumeration codes]\n-1 = HOT\n",
    "[subsystem]\napid = 400\npacket_max = 20\n[parameter x]\n",
};

struct table {
    struct wf_schema *schemas[WF_COUNT_OF(texts)];
    struct wf_decoder *decoders[WF_COUNT_OF(texts)];
    struct wf_dispatch *dispatch;
};

static struct table make_table(void)
{
    struct wf_dispatch_entry entries[WF_COUNT_OF(texts)];
    struct table table = { .dispatch = NULL };
    struct wf_err err = { 0 };

    for (size_t i = 0; i < WF_COUNT_OF(texts); i++) {
        table.schemas[i] = given_schema("type", texts[i]);
        assert_int_equal(wf_decoder_create(table.schemas[i], &table.decoders[i], &err), 0);
        entries[i] =
            (struct wf_dispatch_entry){ table.schemas[i], table.decoders[i], (uint32_t)i + 10 };
    }
    if (wf_dispatch_create(entries, WF_COUNT_OF(texts), &table.dispatch, &err) < 0)
        fail_msg("%s", err.text);
    return table;
}

static void free_table(struct table *table)
{
    wf_dispatch_destroy(&table->dispatch);
    for (size_t i = 0; i < WF_COUNT_OF(texts); i++) {
        wf_decoder_destroy(&table->decoders[i]);
        wf_schema_free(&table->schemas[i]);
    }
}

static void every_packet_finds_its_subsystem_or_a_reason(void **state)
{
    static const struct {
        const char *what;
        const char *hex; /* the whole packet */
        int result;      /* the id, or -reject - 1, or 0: idle */
    } cases[] = {
        { "plain", "0064 c000 0000 07", 10 },
        { "its other APID", "0065 c000 0000 07", 10 },
        { "with secondary header", "0864 c000 0000 07", 10 },
        { "service and subtype", "00c8 c000 0001 0319", 11 },
        { "service alone", "00c8 c000 0001 0318", 12 },
        { "too short for the subtype", "00c8 c000 0000 03", 12 },
        { "neither", "00c8 c000 0001 0419", 13 },
        { "text and label", "012c c000 0003 4142 fff0", 14 },
        { "another label", "012c c000 0003 4142 ffe0", -WF_REJECT_NO_MATCH - 1 },
        { "other text", "012c c000 0003 4143 fff0", -WF_REJECT_NO_MATCH - 1 },
        { "too short to match", "012c c000 0002 4142 ff", -WF_REJECT_NO_MATCH - 1 },
        { "idle", "07ff c000 0000 00", 0 },
        { "unknown", "0123 c000 0000 07", -WF_REJECT_UNKNOWN_APID - 1 },
        { "another version", "2064 c000 0000 07", -WF_REJECT_BAD_VERSION - 1 },
        { "a command", "1064 c000 0000 07", -WF_REJECT_BAD_TYPE - 1 },
        { "cut", "0064 c000 0001 07", -WF_REJECT_TRUNCATED - 1 },
        { "half a header", "0064 c000", -WF_REJECT_TRUNCATED - 1 },
        { "nothing", "", -WF_REJECT_TRUNCATED - 1 },
        { "bytes behind it", "0064 c000 0000 07 08", -WF_REJECT_TOO_LONG - 1 },
        { "as long as allowed", "0190 c000 000d 0000000000000000000000000000", 15 },
        { "longer than allowed", "0190 c000 000e 000000000000000000000000000000",
          -WF_REJECT_TOO_LONG - 1 },
    };
    struct table table = make_table();

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        uint8_t packet[64];
        size_t len = given_bytes(cases[i].hex, packet, sizeof(packet));
        uint8_t *exact = malloc(len + (len == 0));
        uint32_t id = 0;
        enum wf_reject reject = WF_REJECT_COUNT;
        int got = 0;

        assert_non_null(exact);
        memcpy(exact, packet, len);
        switch (wf_dispatch_find(table.dispatch, exact, len, &id, &reject)) {
        case WF_DISPATCH_FOUND:
            got = (int)id;
            break;
        case WF_DISPATCH_REJECTED:
            got = -(int)reject - 1;
            break;
        case WF_DISPATCH_IDLE:
            break;
        }
        free(exact);
        if (got != cases[i].result)
            fail_msg("%s: %d instead of %d", cases[i].what, got, cases[i].result);
    }
    free_table(&table);
}

static void known_apids_are_told(void **state)
{
    struct table table = make_table();
    const uint8_t *known = wf_dispatch_known(table.dispatch);
    unsigned count = 0;

    (void)state;
    for (unsigned apid = 0; apid < 2048; apid++)
        count += (unsigned)known[apid / 8] >> (apid % 8) & 1u;
    assert_int_equal(count, 5);
    assert_int_equal(known[300 / 8] >> (300 % 8) & 1, 1);
    assert_null(wf_dispatch_segmented(table.dispatch, 100));
    free_table(&table);
}

static void two_that_take_everything_are_refused(void **state)
{
    struct wf_schema *a = given_schema("alpha", "[subsystem]\napid = 1 7\n[parameter x]\n");
    struct wf_schema *b = given_schema("beta", "[subsystem]\napid = 7\n[parameter x]\n");
    const struct wf_dispatch_entry entries[] = { { a, NULL, 1 }, { b, NULL, 2 } };
    struct wf_dispatch *dispatch = NULL;
    struct wf_err err = { 0 };

    (void)state;
    assert_int_equal(wf_dispatch_create(entries, 2, &dispatch, &err), WF_ERR_INVALID);
    assert_non_null(strstr(err.text, "APID 7: both 'alpha' and 'beta'"));
    assert_null(dispatch);
    assert_int_equal(wf_dispatch_create(NULL, 0, &dispatch, &err), 0);
    wf_dispatch_destroy(&dispatch);
    wf_dispatch_destroy(&dispatch);
    wf_schema_free(&a);
    wf_schema_free(&b);
}

/* --- segments ----------------------------------------------------------------------------- */

enum { WHOLE = WF_SEGMENT_WHOLE, WAITING = WF_SEGMENT_WAITING, BAD = WF_SEGMENT_REJECTED };

static void pieces_become_a_packet(void **state)
{
    static const struct {
        const char *what;
        struct {
            const char *hex;
            int result;
            uint32_t lost;
            const char *whole;
        } steps[5];
    } cases[] = {
        { "first, middle, last",
          { { "0807 4005 0002 aabbcc", WAITING, 0, NULL },
            { "0007 0006 0001 ddee", WAITING, 0, NULL },
            { "0007 8007 0000 ff", WHOLE, 0, "0807 c005 0005 aabbccddeeff" } } },
        { "a secondary header in each piece",
          { { "0807 7fff 0003 aabbccdd", WAITING, 0, NULL }, /* the count wraps */
            { "0807 8000 0005 010203040506", WHOLE, 0, "0807 ffff 0005 aabbccdd0506" } } },
        { "unsegmented in between",
          { { "0807 4005 0000 aa", WAITING, 0, NULL },
            { "0807 c006 0000 bb", WHOLE, 1, "0807 c006 0000 bb" },
            { "0007 8007 0000 cc", BAD, 0, NULL } } },
        { "another APID is none of its business",
          { { "0807 4005 0000 aa", WAITING, 0, NULL },
            { "0009 8007 0000 cc", WHOLE, 0, "0009 8007 0000 cc" },
            { "0007 8006 0000 bb", WHOLE, 0, "0807 c005 0001 aabb" } } },
        { "a gap",
          { { "0807 4005 0000 aa", WAITING, 0, NULL },
            { "0007 8007 0000 cc", BAD, 1, NULL },
            { "0007 8008 0000 cc", BAD, 0, NULL } } },
        { "a first without its last",
          { { "0807 4005 0000 aa", WAITING, 0, NULL },
            { "0807 4009 0000 bb", WAITING, 1, NULL },
            { "0007 800a 0000 cc", WHOLE, 0, "0807 c009 0001 bbcc" } } },
        { "longer than the schema allows",
          { { "0807 4005 0007 0102030405060708", WAITING, 0, NULL },
            { "0007 0006 0007 0102030405060708", BAD, 1, NULL },
            { "0007 8007 0000 cc", BAD, 0, NULL } } },
    };
    struct wf_schema *schema = given_schema(
        "type", "[subsystem]\napid = 7\nsegmented = yes\ntime = cuc 4.0\npacket_max = 20\n"
                "[parameter x]\n");
    struct wf_schema *other = given_schema("other", "[subsystem]\napid = 9\n[parameter x]\n");
    const struct wf_schema *schemas[] = { other, schema };
    struct wf_segments *segments = NULL;

    (void)state;
    assert_int_equal(wf_segments_create(schemas, 2, &segments, NULL), 0);
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        wf_segments_reset(segments);
        for (size_t k = 0; k < 5 && cases[i].steps[k].hex != NULL; k++) {
            uint8_t packet[64];
            uint8_t want[64];
            size_t len = given_bytes(cases[i].steps[k].hex, packet, sizeof(packet));
            const uint8_t *whole = NULL;
            size_t whole_len = 0;
            enum wf_reject reject = WF_REJECT_COUNT;
            uint32_t lost = 0;
            int got =
                (int)wf_segments_take(segments, packet, len, &whole, &whole_len, &reject, &lost);

            if (got != cases[i].steps[k].result || lost != cases[i].steps[k].lost)
                fail_msg("%s, step %zu: %d, %u lost", cases[i].what, k, got, lost);
            if (got == BAD)
                assert_true(reject == WF_REJECT_BAD_SEGMENT || reject == WF_REJECT_TOO_LONG);
            if (got != WHOLE)
                continue;
            len = given_bytes(cases[i].steps[k].whole, want, sizeof(want));
            if (whole_len != len || memcmp(whole, want, len) != 0)
                fail_msg("%s, step %zu: another packet", cases[i].what, k);
        }
    }
    wf_segments_destroy(&segments);
    wf_segments_destroy(&segments);
    wf_schema_free(&schema);
    wf_schema_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packet_finds_its_subsystem_or_a_reason),
        cmocka_unit_test(known_apids_are_told),
        cmocka_unit_test(two_that_take_everything_are_refused),
        cmocka_unit_test(pieces_become_a_packet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
