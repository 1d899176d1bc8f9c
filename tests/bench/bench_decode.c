/* SPDX-License-Identifier: MIT */
/*
 * Decoding 20 mixed parameters of 12, 16 and 32 bits, in ns of CPU per parameter,
 * against C written by hand for exactly that packet in the same run: whole numbers,
 * and all of them calibrated and range checked with their raw values kept. The ratios
 * say what generality costs; what is wanted is the figure itself.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/decode/decoder.h>
#include <watchfloor/strbuf.h>
#include <watchfloor/value.h>

#include "figures.h"

#define PARAMETERS 20
#define PACKETS    64 /* different ones, so that no value is guessed */

/* 12 16 32 12 16 32 ...: widths of the parameters. */
static unsigned width(unsigned index)
{
    static const unsigned widths[] = { 12, 16, 32 };

    return widths[index % 3];
}

struct packet {
    uint8_t bytes[128];
    size_t len;
};

/* --- by hand: what one would write for exactly this packet ---------------------------------- */

struct plain_info { /* as wf-schemagen lays it out: 12 and 16 bits in 16, 32 in 32 */
    uint16_t p0, p1;
    uint32_t p2;
    uint16_t p3, p4;
    uint32_t p5;
    uint16_t p6, p7;
    uint32_t p8;
    uint16_t p9, p10;
    uint32_t p11;
    uint16_t p12, p13;
    uint32_t p14;
    uint16_t p15, p16;
    uint32_t p17;
    uint16_t p18, p19;
};

static uint32_t be16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t be32(const uint8_t *at)
{
    return be16(at) << 16 | be16(at + 2);
}

/* Two groups of three are 60 + 60 bits: 15 bytes that repeat. */
static void hand_pair(const uint8_t *at, uint16_t *a, uint16_t *b, uint32_t *c, uint16_t *d,
                      uint16_t *e, uint32_t *f)
{
    *a = (uint16_t)(be16(at) >> 4);
    *b = (uint16_t)(be32(at) >> 4);
    *c = be32(at + 3) << 4 | at[7] >> 4;
    *d = (uint16_t)(be16(at + 7) & 0xfff);
    *e = (uint16_t)be16(at + 9);
    *f = be32(at + 11);
}

static int64_t hand_time(const uint8_t *at)
{
    uint64_t fraction = (uint64_t)be16(at + 4) * 1000000000u;

    return (int64_t)be32(at) * WF_NS_PER_S + (int64_t)((fraction + 32768) >> 16);
}

static int64_t hand_plain(const uint8_t *packet, struct plain_info *out)
{
    const uint8_t *at = packet + 12;

    hand_pair(at, &out->p0, &out->p1, &out->p2, &out->p3, &out->p4, &out->p5);
    hand_pair(at + 15, &out->p6, &out->p7, &out->p8, &out->p9, &out->p10, &out->p11);
    hand_pair(at + 30, &out->p12, &out->p13, &out->p14, &out->p15, &out->p16, &out->p17);
    out->p18 = (uint16_t)(be16(at + 45) >> 4);
    out->p19 = (uint16_t)(be32(at + 45) >> 4);
    return hand_time(packet + 6);
}

struct calibrated_info {
    double p[PARAMETERS];
};

/* Engineering values, raw values and the range check of each. */
static int64_t hand_calibrated(const uint8_t *packet, struct calibrated_info *out,
                               uint64_t raw[PARAMETERS], uint8_t quality[PARAMETERS])
{
    struct plain_info plain;
    int64_t time_ns = hand_plain(packet, &plain);
    const uint32_t values[PARAMETERS] = {
        plain.p0,  plain.p1,  plain.p2,  plain.p3,  plain.p4,  plain.p5,  plain.p6,
        plain.p7,  plain.p8,  plain.p9,  plain.p10, plain.p11, plain.p12, plain.p13,
        plain.p14, plain.p15, plain.p16, plain.p17, plain.p18, plain.p19,
    };

    for (size_t i = 0; i < PARAMETERS; i++) {
        raw[i] = values[i];
        out->p[i] = 0.25 * (double)values[i] - 10;
        quality[i] = out->p[i] >= -10 && out->p[i] <= 2e9 ? 0 : 4;
    }
    return time_ns;
}

/* --- the decoder ---------------------------------------------------------------------------- */

static struct wf_schema *make_schema(bool is_calibrated)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_err err = { 0 };
    struct wf_strbuf text;

    wf_strbuf_init(&text, 1 << 16);
    wf_strbuf_add(&text, "[subsystem]\napid = 5\ntime = cuc 4.2\nepoch = unix\n");
    for (unsigned i = 0; i < PARAMETERS; i++)
        wf_strbuf_addf(&text, "[parameter p%u]\nbits = %u\n%s", i, width(i),
                       is_calibrated ? "polynomial = -10 0.25\nvalid = -10 .. 2000000000\n" : "");
    if (wf_schema_parse("bench.ini", text.text, text.len, &schema, &problems, &err) < 0) {
        wf_problems_print(&problems);
        (void)fprintf(stderr, "bench-decode: %s\n", err.text);
        exit(2);
    }
    wf_problems_fini(&problems);
    wf_strbuf_fini(&text);
    return schema;
}

static void make_packets(const struct wf_schema *schema, struct packet packets[PACKETS])
{
    struct wf_encoder *encoder = NULL;
    uint8_t *payload = calloc(1, schema->payload_bytes);
    uint32_t random = 1;

    if (payload == NULL || wf_encoder_create(schema, &encoder, NULL) < 0)
        exit(2);
    for (size_t n = 0; n < PACKETS; n++) {
        for (unsigned i = 0; i < PARAMETERS; i++) {
            struct wf_value value = { .kind = WF_VALUE_U64 };

            random = random * 1664525u + 1013904223u;
            value.as.u64 = random >> (32 - width(i));
            (void)wf_value_set_raw(schema, payload, i, 0, &value);
        }
        if (wf_encode(encoder, payload, 5, (uint16_t)n, (int64_t)n * WF_NS_PER_S, packets[n].bytes,
                      sizeof(packets[n].bytes), &packets[n].len) < 0)
            exit(2);
    }
    wf_encoder_destroy(&encoder);
    free(payload);
}

/* --- timing --------------------------------------------------------------------------------- */

/* The results are used, so that no compiler leaves the work out. */
static volatile int64_t sink;

static double time_hand(const struct packet *packets, bool is_calibrated, size_t count)
{
    struct plain_info plain;
    struct calibrated_info info;
    uint64_t raw[PARAMETERS];
    uint8_t quality[PARAMETERS];
    int64_t sum = 0;
    double start = bench_thread_s();

    for (size_t i = 0; i < count; i++) {
        const uint8_t *bytes = packets[i % PACKETS].bytes;

        if (is_calibrated) {
            sum += hand_calibrated(bytes, &info, raw, quality);
            sum += (int64_t)info.p[i % PARAMETERS] + quality[i % PARAMETERS];
        } else {
            sum += hand_plain(bytes, &plain);
            sum += plain.p7 + plain.p19;
        }
    }
    sink = sum;
    return (bench_thread_s() - start) * 1e9 / (double)count / PARAMETERS;
}

static double time_decoder(struct wf_decoder *decoder, const struct packet *packets, void *payload,
                           size_t count)
{
    int64_t sum = 0;
    double start = bench_thread_s();

    for (size_t i = 0; i < count; i++) {
        const struct packet *packet = &packets[i % PACKETS];
        struct wf_decoded decoded;

        if (wf_decode(decoder, packet->bytes, packet->len, payload, &decoded) < 0)
            exit(2);
        sum += decoded.device_ns + decoded.invalid_count;
    }
    sink = sum;
    return (bench_thread_s() - start) * 1e9 / (double)count / PARAMETERS;
}

static void measure(struct bench *bench, bool is_calibrated)
{
    struct wf_schema *schema = make_schema(is_calibrated);
    struct wf_decoder *decoder = NULL;
    static struct packet packets[PACKETS];
    void *payload = calloc(1, schema->payload_bytes);
    /* About 100 ns a packet; half the time goes to each candidate. */
    size_t count = (size_t)(bench->seconds * 5e6) + 1;
    struct bench_series *hand =
        bench_series(bench, is_calibrated ? "calibrated, by hand" : "whole numbers, by hand", "ns");
    struct bench_series *decoded =
        bench_series(bench, is_calibrated ? "calibrated, decoder" : "whole numbers, decoder", "ns");

    if (payload == NULL || wf_decoder_create(schema, &decoder, NULL) < 0)
        exit(2);
    make_packets(schema, packets);
    for (int i = 0; i < bench->rounds; i++) {
        bench_add(hand, time_hand(packets, is_calibrated, count));
        bench_add(decoded, time_decoder(decoder, packets, payload, count));
    }
    bench_figure(bench,
                 is_calibrated ? "decode, calibrated and checked, per parameter"
                               : "decode, whole numbers, per parameter",
                 "ns", bench_median(decoded), 8, true);
    wf_decoder_destroy(&decoder);
    wf_schema_free(&schema);
    free(payload);
}

int main(int argc, char **argv)
{
    static struct bench bench;

    bench_init(&bench, "decode", 21, 0.02, argc, argv);
    measure(&bench, false);
    measure(&bench, true);
    return bench_finish(&bench);
}
