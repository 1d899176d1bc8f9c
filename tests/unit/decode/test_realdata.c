/* SPDX-License-Identifier: MIT */
/*
 * Recorded packets of real spacecraft against what others decoded from them. The
 * recordings are not part of the project: WATCHFLOOR_TESTDATA names their folder
 * (or ../shared/realdata beside the sources); without it these tests are skipped.
 */

#include <stdio.h>
#include <sys/stat.h>

#include "given.h"

#include <jansson.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/decode/framing.h>
#include <watchfloor/decode/sequence.h>
#include <watchfloor/region.h>

#define PATH_SIZE 1024

/* Contents of <folder>/<name>, ended; NULL when it is not there. The caller frees. */
static char *read_all(const char *folder, const char *name, size_t *out_len)
{
    char path[PATH_SIZE];
    struct wf_strbuf text;
    char *bytes = NULL;
    FILE *file;
    long len;

    wf_strbuf_init_fixed(&text, path, sizeof(path));
    wf_strbuf_addf(&text, "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    len = ftell(file);
    assert_true(len >= 0);
    rewind(file);
    bytes = calloc(1, (size_t)len + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)len, file), (size_t)len);
    (void)fclose(file);
    *out_len = (size_t)len;
    return bytes;
}

static char *read_recording(const char *name, size_t *out_len)
{
    static char beside[PATH_SIZE];
    const char *folder = getenv("WATCHFLOOR_TESTDATA");
    const char *source = getenv("WATCHFLOOR_SOURCE");
    struct wf_strbuf text;
    char *bytes;

    if (folder == NULL) {
        wf_strbuf_init_fixed(&text, beside, sizeof(beside));
        wf_strbuf_addf(&text, "%s/../shared/realdata", source != NULL ? source : ".");
        folder = beside;
    }
    bytes = read_all(folder, name, out_len);
    if (bytes == NULL) {
        print_message("SKIPPED: no %s/%s; set WATCHFLOOR_TESTDATA\n", folder, name);
        skip();
    }
    return bytes;
}

static struct given make_given(const char *name)
{
    struct wf_problems problems = { 0 };
    struct given given = { .schema = NULL };
    struct wf_err err = { 0 };
    const char *source = getenv("WATCHFLOOR_SOURCE");
    char path[PATH_SIZE];
    struct wf_strbuf text;

    wf_strbuf_init_fixed(&text, path, sizeof(path));
    wf_strbuf_addf(&text, "%s/tests/data/real/%s.ini", source != NULL ? source : ".", name);
    if (wf_schema_load(path, &given.schema, &problems, &err) < 0 ||
        wf_decoder_create(given.schema, &given.decoder, &err) < 0 ||
        wf_encoder_create(given.schema, &given.encoder, &err) < 0) {
        wf_problems_print(&problems);
        fail_msg("%s", err.text);
    }
    wf_problems_fini(&problems);
    given.payload = calloc(1, given.schema->payload_bytes);
    assert_non_null(given.payload);
    return given;
}

static void no_rubbish(void *context, enum wf_reject reject, const uint8_t *bytes, size_t len)
{
    (void)context;
    (void)bytes;
    fail_msg("%zu bytes of rubbish: %s", len, wf_reject_name(reject));
}

/* --- NOAA-20: 7,200 packets of 27 fields ------------------------------------------------ */

struct table_check {
    struct given given;
    struct wf_sequence sequence;
    const char *row; /* of the expected table, in CSV */
    size_t rows, values;
    int64_t first_ns, last_ns;
};

static const char *next_cell(const char *at, char *out, size_t size)
{
    size_t len = strcspn(at, ",\r\n");

    assert_true(len < size);
    memcpy(out, at, len);
    out[len] = '\0';
    return at + len + (at[len] == ',');
}

static void check_row(void *context, const uint8_t *packet, size_t len)
{
    struct table_check *check = context;
    struct given *given = &check->given;
    struct wf_ccsds_header header;
    const char *at = check->row;
    uint64_t place;
    uint32_t lost;

    assert_int_equal(wf_decode(given->decoder, packet, len, given->payload, &given->decoded), 0);
    assert_int_equal(given->decoded.flags, 0);
    assert_int_equal(given->decoded.invalid_count, 0);
    for (size_t i = 0; i < given->schema->parameter_count; i++) {
        struct wf_value value;
        double want = 0;
        char cell[64];

        at = next_cell(at, cell, sizeof(cell));
        wf_value_get(given->schema, given->payload, i, 0, &value);
        assert_int_equal(wf_parse_double(cell, &want, NULL), 0);
        if (wf_value_as_double(&value) != want)
            fail_msg("row %zu, %s: %s", check->rows, given->schema->parameters[i].name, cell);
        check->values++;
    }
    assert_true(wf_ccsds_parse(packet, len, &header));
    (void)wf_sequence_take(&check->sequence, header.sequence_count, &place, &lost);
    assert_int_equal(lost, 0);
    assert_true(check->rows == 0 || given->decoded.device_ns > check->last_ns);
    if (check->rows++ == 0)
        check->first_ns = given->decoded.device_ns;
    check->last_ns = given->decoded.device_ns;
    check->row = strchr(check->row, '\n') + 1;
}

static void attitude_and_ephemeris_equal_the_published_values(void **state)
{
    size_t len = 0;
    size_t table_len = 0;
    char *bytes = read_recording("jpss/J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1", &len);
    char *table = read_recording("jpss/expected_apid11_raw.csv", &table_len);
    struct table_check check = { .given = make_given("jpss_geolocation") };
    struct wf_framer *framer = NULL;

    (void)state;
    check.row = strchr(table, '\n') + 1;
    assert_int_equal(wf_framer_create("", "ccsds", true, &framer, NULL), 0);
    for (size_t at = 0; at < len; at += 1460)
        wf_framer_feed(framer, (const uint8_t *)bytes + at, len - at < 1460 ? len - at : 1460,
                       check_row, no_rubbish, &check);
    wf_framer_end(framer, check_row, no_rubbish, &check);
    assert_int_equal(check.rows, 7200);
    assert_int_equal(check.values, 194400);
    /* 2021-04-09 00:00:00.007137 UTC, and two hours. */
    assert_true(check.first_ns == INT64_C(1617926400007137000));
    assert_true((check.last_ns - check.first_ns) / WF_NS_PER_S == 7199 ||
                (check.last_ns - check.first_ns) / WF_NS_PER_S == 7198);
    wf_framer_destroy(&framer);
    given_free(&check.given);
    free(bytes);
    free(table);
}

static void encoding_them_again_gives_the_same_bytes(void **state)
{
    size_t len = 0;
    char *bytes = read_recording("jpss/J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1", &len);
    struct given given = make_given("jpss_geolocation");

    (void)state;
    for (size_t at = 0; at + 71 <= len; at += 71 * 10) {
        const uint8_t *packet = (const uint8_t *)bytes + at;
        uint8_t back[128];
        struct wf_ccsds_header header;
        size_t back_len = 0;

        assert_true(wf_ccsds_parse(packet, 71, &header));
        assert_int_equal(wf_decode(given.decoder, packet, 71, given.payload, &given.decoded), 0);
        assert_int_equal(wf_encode(given.encoder, given.payload, header.apid, header.sequence_count,
                                   given.decoded.device_ns, back, sizeof(back), &back_len),
                         0);
        assert_int_equal(back_len, 71);
        /* The flag of a secondary header is the one thing the definition does not tell. */
        assert_int_equal(back[0] | 0x08, packet[0]);
        assert_memory_equal(back + 1, packet + 1, 70);
    }
    given_free(&given);
    free(bytes);
}

/* --- core Flight System: 54 events among 512 packets --------------------------------------- */

struct event_check {
    struct given given;
    const char *line; /* of the expected events, JSON */
    size_t packets, events;
};

static void assert_text(const struct given *given, const char *name, const char *want)
{
    struct wf_value value;

    wf_value_get(given->schema, given->payload, given_index(given, name), 0, &value);
    assert_int_equal(value.kind, WF_VALUE_TEXT);
    if (value.len != strlen(want) || memcmp(value.as.text, want, value.len) != 0)
        fail_msg("%s: '%.*s' instead of '%s'", name, (int)value.len, value.as.text, want);
}

static void check_event(void *context, const uint8_t *packet, size_t len)
{
    struct event_check *check = context;
    struct given *given = &check->given;
    struct wf_ccsds_header header;
    const char *end = strchr(check->line, '\n');
    json_t *want;

    check->packets++;
    assert_true(wf_ccsds_parse(packet, len, &header));
    if (header.apid != 8)
        return;
    assert_int_equal(wf_decode(given->decoder, packet, len, given->payload, &given->decoded), 0);
    assert_int_equal(given->decoded.flags, 0);
    assert_int_equal(given->decoded.invalid_count, 0);
    want = json_loadb(check->line, (size_t)(end - check->line), 0, NULL);
    assert_non_null(want);
    assert_text(given, "app", json_string_value(json_object_get(want, "app")));
    assert_text(given, "message", json_string_value(json_object_get(want, "message")));
    assert_true(given_number(given, "event_id", 0) ==
                (double)json_integer_value(json_object_get(want, "event_id")));
    assert_true(given_number(given, "event_type", 0) ==
                (double)json_integer_value(json_object_get(want, "type")));
    assert_true(given_number(given, "spacecraft", 0) ==
                (double)json_integer_value(json_object_get(want, "scid")));
    assert_true(given_number(given, "processor", 0) ==
                (double)json_integer_value(json_object_get(want, "proc")));
    json_decref(want);
    check->events++;
    check->line = end + 1;
}

static void flight_software_events_come_in_order_with_their_text(void **state)
{
    size_t len = 0;
    size_t expected_len = 0;
    char *bytes = read_recording("cfs/cfs_udp_tlm.bin", &len);
    char *expected = read_recording("cfs/expected_evs.jsonl", &expected_len);
    struct event_check check = { .given = make_given("cfs_event"), .line = expected };
    struct wf_framer *framer = NULL;

    (void)state;
    /* The recording's own framing: time, length, datagram. */
    assert_int_equal(wf_framer_create("skip 8, length 4 big", "ccsds", true, &framer, NULL), 0);
    wf_framer_feed(framer, (const uint8_t *)bytes, len, check_event, no_rubbish, &check);
    wf_framer_end(framer, check_event, no_rubbish, &check);
    assert_int_equal(check.packets, 512);
    assert_int_equal(check.events, 54);
    wf_framer_destroy(&framer);
    given_free(&check.given);
    free(bytes);
    free(expected);
}

/* --- IMAP: files of many APIDs, framed without a word about them ------------------------------ */

static void count_packet(void *context, const uint8_t *packet, size_t len)
{
    (void)packet;
    (void)len;
    ++*(size_t *)context;
}

static void instrument_recordings_are_packets_to_the_last_byte(void **state)
{
    static const struct {
        const char *name;
        size_t packets;
    } cases[] = {
        { "imap/codice/imap_codice_l0_hskp_20100101_v001.pkts", 622 },
        { "imap/swapi/imap_swapi_l0_raw_20240924_v001.pkts", 463 },
        { "imap/hit/imap_hit_l0_hk_20100105_v001.pkts", 88 },
        { "imap/lo/imap_lo_l0_raw_20240627_v001.pkts", 12937 },
        { "imap/ialirt/hit_ialirt_sample.ccsds", 1000 },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        size_t len = 0;
        char *bytes = read_recording(cases[i].name, &len);
        struct wf_framer *framer = NULL;
        size_t packets = 0;

        assert_int_equal(wf_framer_create("", "ccsds", true, &framer, NULL), 0);
        for (size_t at = 0; at < len; at += 997)
            wf_framer_feed(framer, (const uint8_t *)bytes + at, len - at < 997 ? len - at : 997,
                           count_packet, no_rubbish, &packets);
        wf_framer_end(framer, count_packet, no_rubbish, &packets);
        assert_int_equal(packets, cases[i].packets);
        wf_framer_destroy(&framer);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attitude_and_ephemeris_equal_the_published_values),
        cmocka_unit_test(encoding_them_again_gives_the_same_bytes),
        cmocka_unit_test(flight_software_events_come_in_order_with_their_text),
        cmocka_unit_test(instrument_recordings_are_packets_to_the_last_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
