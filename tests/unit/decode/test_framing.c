/* SPDX-License-Identifier: MIT */
/* Framing: stages, datagrams, streams cut anywhere, rubbish of every kind. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/framing.h>

#define STREAM_MAX (1u << 20)

static uint32_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)random_state * bound) >> 32);
}

/* What came out. A packet made by put_packet is known by its last two bytes. */
struct heard {
    size_t packets, good, rubbish_runs;
    size_t packet_bytes;
    size_t by_reason[WF_REJECT_COUNT];
    uint32_t digest; /* of all packets, in order */
};

struct stream {
    uint8_t *bytes;
    size_t len, packets;
    uint16_t sequence;
};

static uint16_t sum_of(const uint8_t *bytes, size_t len)
{
    uint32_t sum = 0x5a17;

    for (size_t i = 0; i < len; i++)
        sum = sum * 31 + bytes[i];
    return (uint16_t)(sum ^ sum >> 16);
}

static void hear_packet(void *context, const uint8_t *packet, size_t len)
{
    struct heard *heard = context;

    heard->packets++;
    heard->packet_bytes += len;
    assert_true(len >= 7 && len <= WF_CCSDS_PACKET_MAX);
    if (len >= 9) {
        uint16_t sum = sum_of(packet, len - 2);

        heard->good += packet[len - 2] == sum >> 8 && packet[len - 1] == (sum & 0xff);
    }
    for (size_t i = 0; i < len; i++)
        heard->digest = heard->digest * 16777619u ^ packet[i];
}

static void hear_rubbish(void *context, enum wf_reject reject, const uint8_t *bytes, size_t len)
{
    struct heard *heard = context;
    volatile uint8_t touched = 0;

    assert_true(len <= WF_FRAMER_RUBBISH_MAX);
    for (size_t i = 0; i < len; i++)
        touched = (uint8_t)(touched ^ bytes[i]); /* all of it may be read */
    heard->rubbish_runs++;
    heard->by_reason[reject]++;
}

static void begin_stream(struct stream *stream)
{
    memset(stream, 0, sizeof(*stream));
    stream->bytes = calloc(1, STREAM_MAX);
    assert_non_null(stream->bytes);
}

static void put_packet(struct stream *stream, uint16_t apid, size_t len)
{
    struct wf_ccsds_header header = { .apid = apid,
                                      .sequence_flags = WF_CCSDS_UNSEGMENTED,
                                      .sequence_count = stream->sequence++ % 16384,
                                      .packet_bytes = (uint32_t)len };
    uint8_t *out = stream->bytes + stream->len;
    uint16_t sum;

    assert_true(stream->len + len <= STREAM_MAX && len >= 9);
    wf_ccsds_write(&header, out);
    for (size_t i = 6; i < len; i++)
        out[i] = (uint8_t)random_below(256);
    sum = sum_of(out, len - 2);
    out[len - 2] = (uint8_t)(sum >> 8);
    out[len - 1] = (uint8_t)sum;
    stream->len += len;
    stream->packets++;
}

static void put_bytes(struct stream *stream, const void *bytes, size_t len)
{
    assert_true(stream->len + len <= STREAM_MAX);
    memcpy(stream->bytes + stream->len, bytes, len);
    stream->len += len;
}

static void put_noise(struct stream *stream, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)random_below(256);

        put_bytes(stream, &byte, 1);
    }
}

static struct wf_framer *make_framer(const char *stages, bool is_stream)
{
    struct wf_framer *framer = NULL;
    struct wf_err err = { 0 };

    if (wf_framer_create(stages, "ccsds", is_stream, &framer, &err) < 0)
        fail_msg("'%s': %s", stages, err.text);
    return framer;
}

static void feed(struct wf_framer *framer, const uint8_t *bytes, size_t len, struct heard *heard)
{
    /* A copy of exactly that size: reading beyond it is caught. */
    uint8_t *copy = malloc(len + (len == 0));

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    wf_framer_feed(framer, copy, len, hear_packet, hear_rubbish, heard);
    free(copy);
}

static void assert_every_byte_is_somewhere(const struct wf_framer *framer,
                                           const struct heard *heard, size_t fed)
{
    assert_int_equal(heard->packet_bytes + wf_framer_skipped_bytes(framer) +
                         wf_framer_rubbish_bytes(framer),
                     fed);
}

static void stages_are_read_and_mistakes_are_told(void **state)
{
    static const struct {
        const char *stages;
        const char *complaint; /* NULL: fine */
    } cases[] = {
        { "", NULL },
        { "  ", NULL },
        { "skip 8", NULL },
        { "length 4 big", NULL },
        { "length 2", NULL },
        { "length 2 little -4", NULL },
        { "length 3 +1", NULL },
        { "sync 1acffc1d, length 2 big, skip 4", NULL },
        { "SYNC 0x1ACFFC1D", NULL },
        { "skip", "skip N" },
        { "skip 0", "skip N" },
        { "skip -1", "skip N" },
        { "skip 99999999", "skip N" },
        { "length 5 big", "length N" },
        { "length 4 middle", "length N" },
        { "length 4 big 3", "+N" },
        { "sync", "sync HEX" },
        { "sync 1ac", "sync HEX" },
        { "sync xyzt", "sync HEX" },
        { "sync 1acffc1d, sync 1acffc1d", "two sync" },
        { "length 2, length 2", "two length" },
        { "skip 1,, skip 2", "empty" },
        { "jump 3", "skip, length or sync" },
        { "skip 1, skip 1, skip 1, skip 1, skip 1, skip 1, skip 1, skip 1, skip 1", "more than 8" },
        { "skip 60000, skip 60000", "before a packet" },
        { "skip 1 2 3 4 5", "too long" },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "too long" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_framer *framer = NULL;
        struct wf_err err = { 0 };
        int rc = wf_framer_create(cases[i].stages, "ccsds", true, &framer, &err);

        if (rc != (cases[i].complaint == NULL ? 0 : WF_ERR_INVALID))
            fail_msg("'%s': %d %s", cases[i].stages, rc, err.text);
        if (cases[i].complaint != NULL && strstr(err.text, cases[i].complaint) == NULL)
            fail_msg("'%s': \"%s\" does not say '%s'", cases[i].stages, err.text,
                     cases[i].complaint);
        wf_framer_destroy(&framer);
        wf_framer_destroy(&framer);
    }
    {
        struct wf_framer *framer = NULL;
        struct wf_err err = { 0 };

        assert_int_equal(wf_framer_create("", "aos", true, &framer, &err), WF_ERR_INVALID);
        assert_non_null(strstr(err.text, "ccsds"));
    }
}

static void a_datagram_is_packets_and_what_is_wrong_with_the_rest(void **state)
{
    static const struct {
        const char *what;
        size_t lens[3];  /* packets in it */
        size_t cut;      /* bytes missing at the end */
        int bad_version; /* of packet n, or -1 */
        size_t extra;    /* zero bytes behind */
        size_t packets;
        int reason; /* or -1 */
    } cases[] = {
        { "one", { 20 }, 0, -1, 0, 1, -1 },
        { "three", { 20, 9, 65000 }, 0, -1, 0, 3, -1 },
        { "the last cut short", { 20, 30 }, 1, -1, 0, 1, WF_REJECT_TRUNCATED },
        { "only its header", { 30 }, 24, -1, 0, 0, WF_REJECT_TRUNCATED },
        { "half a header", { 30 }, 27, -1, 0, 0, WF_REJECT_TRUNCATED },
        { "another version", { 30, 30 }, 0, 0, 0, 0, WF_REJECT_BAD_VERSION },
        { "the second of another version", { 30, 30, 30 }, 0, 1, 0, 1, WF_REJECT_BAD_VERSION },
        { "bytes behind the packet", { 30 }, 0, -1, 5, 1, WF_REJECT_TRUNCATED },
        { "nothing", { 0 }, 0, -1, 0, 0, WF_REJECT_TRUNCATED },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_framer *framer = make_framer("", false);
        struct heard heard = { 0 };
        struct stream stream;

        begin_stream(&stream);
        for (int k = 0; k < 3 && cases[i].lens[k] > 0; k++) {
            if (cases[i].bad_version == k) {
                size_t at = stream.len;

                put_packet(&stream, 100, cases[i].lens[k]);
                stream.bytes[at] |= 0x40;
                continue;
            }
            put_packet(&stream, 100, cases[i].lens[k]);
        }
        stream.len += cases[i].extra;
        feed(framer, stream.bytes, stream.len - cases[i].cut, &heard);
        if (heard.packets != cases[i].packets || heard.good != heard.packets)
            fail_msg("%s: %zu packets", cases[i].what, heard.packets);
        if (heard.rubbish_runs != (cases[i].reason >= 0) ||
            (cases[i].reason >= 0 && heard.by_reason[cases[i].reason] != 1))
            fail_msg("%s: wrong reason", cases[i].what);
        assert_every_byte_is_somewhere(framer, &heard, stream.len - cases[i].cut);
        free(stream.bytes);
        wf_framer_destroy(&framer);
    }
}

/* One stages text, and how a unit of it is written. */
struct dialect {
    const char *stages;
    const char *marker; /* bytes before all */
    size_t marker_len, skip_before, length_bytes;
    bool is_little;
    int add;
    size_t skip_after;
};

static const struct dialect dialects[] = {
    { "", "", 0, 0, 0, false, 0, 0 },
    { "skip 8", "", 0, 8, 0, false, 0, 0 },
    { "length 4 big", "", 0, 0, 4, false, 0, 0 },
    { "length 2 little", "", 0, 0, 2, true, 0, 0 },
    { "length 2 big +6", "", 0, 0, 2, false, 6, 0 },
    { "length 4 big -4", "", 0, 0, 4, false, -4, 0 },
    { "skip 8, length 4 big", "", 0, 8, 4, false, 0, 0 }, /* the records format */
    { "sync 1acffc1d", "\x1a\xcf\xfc\x1d", 4, 0, 0, false, 0, 0 },
    { "sync 1acffc1d, length 2 big, skip 4", "\x1a\xcf\xfc\x1d", 4, 0, 2, false, 0, 4 },
    { "sync 55, skip 3", "\x55", 1, 3, 0, false, 0, 0 },
};

static void put_unit(struct stream *stream, const struct dialect *dialect, uint16_t apid,
                     size_t len)
{
    uint64_t length = (uint64_t)((int64_t)(len + dialect->skip_after) - dialect->add);

    put_bytes(stream, dialect->marker, dialect->marker_len);
    put_noise(stream, dialect->skip_before);
    for (size_t i = 0; i < dialect->length_bytes; i++) {
        size_t shift = 8 * (dialect->is_little ? i : dialect->length_bytes - 1 - i);
        uint8_t byte = (uint8_t)(length >> shift);

        put_bytes(stream, &byte, 1);
    }
    put_noise(stream, dialect->skip_after);
    put_packet(stream, apid, len);
}

static void a_stream_may_be_cut_at_every_place(void **state)
{
    (void)state;
    for (size_t d = 0; d < WF_COUNT_OF(dialects); d++) {
        struct wf_framer *framer = make_framer(dialects[d].stages, true);
        struct heard whole = { 0 };
        struct heard bytewise = { 0 };
        struct stream stream;

        random_state = 7;
        begin_stream(&stream);
        for (int i = 0; i < 12; i++)
            put_unit(&stream, &dialects[d], (uint16_t)(i % 3 + 40), 9 + random_below(40));
        feed(framer, stream.bytes, stream.len, &whole);
        wf_framer_end(framer, hear_packet, hear_rubbish, &whole);
        assert_int_equal(whole.good, 12);
        assert_int_equal(whole.rubbish_runs, 0);
        assert_every_byte_is_somewhere(framer, &whole, stream.len);

        for (size_t cut = 0; cut <= stream.len; cut++) {
            struct heard heard = { 0 };

            feed(framer, stream.bytes, cut, &heard);
            feed(framer, stream.bytes + cut, stream.len - cut, &heard);
            wf_framer_end(framer, hear_packet, hear_rubbish, &heard);
            assert_int_equal(heard.digest, whole.digest);
            assert_int_equal(heard.rubbish_runs, 0);
        }
        for (size_t i = 0; i < stream.len; i++)
            feed(framer, stream.bytes + i, 1, &bytewise);
        wf_framer_end(framer, hear_packet, hear_rubbish, &bytewise);
        assert_int_equal(bytewise.digest, whole.digest);
        free(stream.bytes);
        wf_framer_destroy(&framer);
    }
}

static void the_first_packet_of_a_stream_does_not_wait_for_the_second(void **state)
{
    struct wf_framer *framer = make_framer("", true);
    struct heard heard = { 0 };
    struct stream stream;

    (void)state;
    begin_stream(&stream);
    put_packet(&stream, 300, 50);
    feed(framer, stream.bytes, stream.len, &heard);
    assert_int_equal(heard.good, 1);
    free(stream.bytes);
    wf_framer_destroy(&framer);
}

static void feed_in_pieces(struct wf_framer *framer, const struct stream *stream, uint32_t piece,
                           struct heard *heard)
{
    for (size_t at = 0; at < stream->len;) {
        size_t len = 1 + random_below(piece);

        len = len < stream->len - at ? len : stream->len - at;
        feed(framer, stream->bytes + at, len, heard);
        at += len;
    }
    wf_framer_end(framer, hear_packet, hear_rubbish, heard);
}

/* Noise before, between and behind: no packet is lost, none is made up, no byte is unaccounted for. */
static void after_rubbish_it_goes_on_where_packets_follow(void **state)
{
    uint8_t known[256] = { 0 };

    (void)state;
    for (uint16_t apid = 40; apid < 43; apid++)
        known[apid / 8] |= (uint8_t)(1u << apid % 8);
    for (size_t d = 0; d < WF_COUNT_OF(dialects); d++) {
        struct wf_framer *framer = make_framer(dialects[d].stages, true);
        size_t lost = 0;
        size_t made_up = 0;
        size_t packets = 0;

        wf_framer_set_known(framer, known);
        for (uint32_t seed = 1; seed <= 40; seed++) {
            struct heard heard = { 0 };
            struct stream stream;
            uint64_t before = wf_framer_skipped_bytes(framer) + wf_framer_rubbish_bytes(framer);

            random_state = seed * 7919;
            begin_stream(&stream);
            for (int burst = 0; burst < 4; burst++) {
                put_noise(&stream, random_below(1500));
                for (int i = 0; i < 10; i++)
                    put_unit(&stream, &dialects[d], (uint16_t)(40 + random_below(3)),
                             9 + random_below(100));
            }
            put_noise(&stream, random_below(30));
            feed_in_pieces(framer, &stream, seed % 2 == 0 ? 4000 : 90, &heard);
            lost += stream.packets - heard.good;
            made_up += heard.packets - heard.good;
            packets += stream.packets;
            assert_int_equal(heard.packet_bytes + wf_framer_skipped_bytes(framer) +
                                 wf_framer_rubbish_bytes(framer),
                             before + stream.len);
            free(stream.bytes);
        }
        /* A marker of one byte is weak: noise may hold it now and then. */
        if (lost * 200 > packets || made_up * 200 > packets)
            fail_msg("'%s': of %zu packets %zu lost, %zu made up", dialects[d].stages, packets,
                     lost, made_up);
        wf_framer_destroy(&framer);
    }
}

static void without_known_apids_succession_tells(void **state)
{
    struct wf_framer *framer = make_framer("", true);
    size_t lost = 0;

    (void)state;
    for (uint32_t seed = 1; seed <= 40; seed++) {
        struct heard heard = { 0 };
        struct stream stream;

        random_state = seed * 104729;
        begin_stream(&stream);
        for (int i = 0; i < 10; i++)
            put_packet(&stream, 77, 40 + random_below(60));
        put_noise(&stream, 200 + random_below(2000));
        for (int i = 0; i < 30; i++)
            put_packet(&stream, (uint16_t)(77 + random_below(2)), 40 + random_below(60));
        feed_in_pieces(framer, &stream, 700, &heard);
        lost += stream.packets - heard.good;
        free(stream.bytes);
    }
    if (lost > 16)
        fail_msg("%zu of 1600 packets lost", lost);
    wf_framer_destroy(&framer);
}

static void endless_noise_is_bounded_and_told(void **state)
{
    static const char *const stages[] = { "", "length 4 big", "sync 1acffc1d" };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(stages); i++) {
        struct wf_framer *framer = make_framer(stages[i], true);
        struct heard heard = { 0 };
        struct stream stream;

        random_state = 99;
        begin_stream(&stream);
        put_noise(&stream, STREAM_MAX);
        feed_in_pieces(framer, &stream, 60000, &heard);
        assert_true(heard.rubbish_runs >= 3);
        assert_true(heard.packets <= 3);
        assert_every_byte_is_somewhere(framer, &heard, stream.len);
        free(stream.bytes);
        wf_framer_destroy(&framer);
    }
}

static void a_length_may_hold_several_packets_and_a_rest(void **state)
{
    struct wf_framer *framer = make_framer("length 2 big", true);
    struct heard heard = { 0 };
    struct stream stream;
    const uint8_t length[2] = { 0, 20 + 30 + 2 };

    (void)state;
    begin_stream(&stream);
    for (int i = 0; i < 2; i++) {
        put_bytes(&stream, length, 2);
        put_packet(&stream, 5, 20);
        put_packet(&stream, 6, 30);
        put_bytes(&stream, "\x12\x34", 2); /* a checksum */
    }
    feed_in_pieces(framer, &stream, 10, &heard);
    assert_int_equal(heard.good, 4);
    assert_int_equal(heard.by_reason[WF_REJECT_TRUNCATED], 2);
    assert_int_equal(wf_framer_rubbish_bytes(framer), 4);
    assert_int_equal(wf_framer_skipped_bytes(framer), 4);
    free(stream.bytes);
    wf_framer_destroy(&framer);
}

/* What hears packets, and wants no more after each `every`th. */
struct hearer {
    struct heard heard;
    struct wf_framer *framer;
    size_t every;
};

static void hear_and_pause(void *context, const uint8_t *packet, size_t len)
{
    struct hearer *hearer = context;

    hear_packet(&hearer->heard, packet, len);
    if (hearer->heard.packets % hearer->every == 0)
        wf_framer_pause(hearer->framer);
}

static void a_paused_stream_gives_each_packet_once(void **state)
{
    struct hearer hearer = { .every = 7 };
    struct stream stream;
    size_t resumed = 0;

    (void)state;
    begin_stream(&stream);
    while (stream.packets < 300)
        put_packet(&stream, (uint16_t)(100 + stream.packets % 3), 9 + random_below(300));
    hearer.framer = make_framer("", true);
    for (size_t at = 0; at < stream.len;) {
        size_t len = stream.len - at < 3001 ? stream.len - at : 3001;

        wf_framer_feed(hearer.framer, stream.bytes + at, len, hear_and_pause, hear_rubbish,
                       &hearer);
        at += len;
        while (wf_framer_is_paused(hearer.framer)) {
            size_t before = hearer.heard.packets;

            assert_int_equal(before % hearer.every, 0);
            wf_framer_resume(hearer.framer, hear_and_pause, hear_rubbish, &hearer);
            assert_true(hearer.heard.packets <= before + hearer.every);
            resumed++;
        }
    }
    assert_int_equal(hearer.heard.packets, 300);
    assert_true(resumed >= 300 / 7);
    assert_every_byte_is_somewhere(hearer.framer, &hearer.heard, stream.len);
    wf_framer_destroy(&hearer.framer);
    free(stream.bytes);
}

static void the_end_gives_all_that_a_pause_held_back(void **state)
{
    struct hearer hearer = { .every = 1 };
    struct stream stream;

    (void)state;
    begin_stream(&stream);
    while (stream.packets < 20)
        put_packet(&stream, 100, 50);
    hearer.framer = make_framer("", true);
    wf_framer_feed(hearer.framer, stream.bytes, stream.len, hear_and_pause, hear_rubbish, &hearer);
    assert_int_equal(hearer.heard.packets, 1);
    wf_framer_end(hearer.framer, hear_and_pause, hear_rubbish, &hearer);
    assert_int_equal(hearer.heard.packets, 20);
    assert_false(wf_framer_is_paused(hearer.framer));
    wf_framer_destroy(&hearer.framer);
    free(stream.bytes);
}

/* Fed on all the same, it has to give: nothing is dropped for a pause. */
static void a_pause_never_makes_bytes_vanish(void **state)
{
    struct hearer hearer = { .every = 1 };
    struct stream stream;

    (void)state;
    begin_stream(&stream);
    while (stream.len + 1200 <= STREAM_MAX)
        put_packet(&stream, 100, 1000);
    hearer.framer = make_framer("", true);
    for (int i = 0; i < 5; i++)
        wf_framer_feed(hearer.framer, stream.bytes, stream.len, hear_and_pause, hear_rubbish,
                       &hearer);
    wf_framer_end(hearer.framer, hear_and_pause, hear_rubbish, &hearer);
    assert_int_equal(hearer.heard.packets, 5 * stream.packets);
    wf_framer_destroy(&hearer.framer);
    free(stream.bytes);
}

static void a_new_connection_begins_afresh(void **state)
{
    struct wf_framer *framer = make_framer("", true);
    struct heard heard = { 0 };
    struct stream stream;

    (void)state;
    begin_stream(&stream);
    put_packet(&stream, 5, 60);
    feed(framer, stream.bytes, 30, &heard); /* the connection breaks here */
    wf_framer_reset(framer);
    feed(framer, stream.bytes, stream.len, &heard);
    assert_int_equal(heard.good, 1);
    assert_int_equal(heard.rubbish_runs, 0);

    feed(framer, stream.bytes, 59, &heard);
    wf_framer_end(framer, hear_packet, hear_rubbish, &heard);
    assert_int_equal(heard.by_reason[WF_REJECT_TRUNCATED], 1);
    assert_int_equal(wf_framer_rubbish_bytes(framer), 59);
    free(stream.bytes);
    wf_framer_destroy(&framer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_are_read_and_mistakes_are_told),
        cmocka_unit_test(a_datagram_is_packets_and_what_is_wrong_with_the_rest),
        cmocka_unit_test(a_stream_may_be_cut_at_every_place),
        cmocka_unit_test(the_first_packet_of_a_stream_does_not_wait_for_the_second),
        cmocka_unit_test(after_rubbish_it_goes_on_where_packets_follow),
        cmocka_unit_test(without_known_apids_succession_tells),
        cmocka_unit_test(endless_noise_is_bounded_and_told),
        cmocka_unit_test(a_length_may_hold_several_packets_and_a_rest),
        cmocka_unit_test(a_paused_stream_gives_each_packet_once),
        cmocka_unit_test(the_end_gives_all_that_a_pause_held_back),
        cmocka_unit_test(a_pause_never_makes_bytes_vanish),
        cmocka_unit_test(a_new_connection_begins_afresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
