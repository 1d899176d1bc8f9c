/* SPDX-License-Identifier: MIT */
/*
 * Fuzzing: a schema, a zero byte, a packet. Whatever the two say, decoding stays inside
 * the packet and the payload, and what was decoded can be encoded and decoded again.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/decoder.h>
#include <watchfloor/decode/dispatch.h>
#include <watchfloor/decode/segments.h>
#include <watchfloor/value.h>

#include "fuzz.h"

/* Schemas that ask for more only make the fuzzer slow. */
#define PAYLOAD_MAX 65536u

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* Qualities are of the list, absent elements are not counted as there. */
static void check_payload(const struct wf_schema *schema, const uint8_t *payload,
                          const struct wf_decoded *decoded)
{
    uint32_t invalid = 0;

    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_parameter *parameter = &schema->parameters[i];
        uint8_t quality = payload[parameter->quality_offset];
        uint32_t count = 0;

        require(quality <= WF_QUALITY_ABSENT);
        invalid += quality != WF_QUALITY_VALID;
        if (parameter->count_offset == 0)
            continue;
        memcpy(&count, payload + parameter->count_offset, sizeof(count));
        require(count <= (parameter->size_max > parameter->count_max ? parameter->size_max
                                                                     : parameter->count_max));
    }
    require(invalid == decoded->invalid_count);
}

static void encode_again(const struct wf_schema *schema, struct wf_decoder *decoder,
                         const uint8_t *payload, int64_t device_ns, size_t room)
{
    struct wf_encoder *encoder = NULL;
    uint8_t *packet = malloc(room + (room == 0));
    uint8_t *again = malloc(schema->payload_bytes);
    struct wf_decoded decoded;
    size_t len = 0;

    require(packet != NULL && again != NULL);
    require(wf_encoder_create(schema, &encoder, NULL) == 0);
    if (wf_encode(encoder, payload, 5, 9, device_ns, packet, room, &len) == 0) {
        struct wf_ccsds_header header;

        require(len > WF_CCSDS_HEADER_BYTES && len <= room);
        require(wf_ccsds_parse(packet, len, &header) && header.packet_bytes == len);
        if (wf_decode(decoder, packet, len, again, &decoded) == 0)
            check_payload(schema, again, &decoded);
    }
    wf_encoder_destroy(&encoder);
    free(packet);
    free(again);
}

static void dispatch(const struct wf_schema *schema, struct wf_decoder *decoder,
                     const uint8_t *packet, size_t len)
{
    const struct wf_dispatch_entry entry = { schema, decoder, 3 };
    struct wf_dispatch *table = NULL;
    struct wf_segments *segments = NULL;
    const uint8_t *whole = NULL;
    enum wf_reject reject = WF_REJECT_COUNT;
    size_t whole_len = 0;
    uint32_t lost = 0;
    uint32_t id = 3;

    require(wf_dispatch_create(&entry, 1, &table, NULL) == 0);
    if (wf_dispatch_find(table, packet, len, &id, &reject) == WF_DISPATCH_REJECTED)
        require(reject < WF_REJECT_COUNT);
    require(id == 3);
    require(wf_segments_create(&schema, 1, &segments, NULL) == 0);
    /* Its tails as packets of their own: pieces in any order. */
    for (size_t at = 0; at < len && at < 64; at += 8) {
        if (wf_segments_take(segments, packet + at, len - at, &whole, &whole_len, &reject, &lost) !=
            WF_SEGMENT_WHOLE)
            continue;
        require(whole_len <= WF_CCSDS_PACKET_MAX);
        (void)wf_dispatch_find_assembled(table, whole, whole_len, &id, &reject);
    }
    wf_dispatch_destroy(&table);
    wf_segments_destroy(&segments);
}

static void decode(const struct wf_schema *schema, const uint8_t *bytes, size_t len)
{
    struct wf_decoder *decoder = NULL;
    struct wf_decoded decoded = { 0 };
    uint8_t *payload = malloc(schema->payload_bytes);
    uint8_t *packet = malloc(len + (len == 0)); /* no byte more: reading beyond is noticed */

    require(payload != NULL && packet != NULL);
    memcpy(packet, bytes, len);
    if (wf_decoder_create(schema, &decoder, NULL) == 0) {
        (void)wf_decoder_matches(decoder, packet, len);
        memset(payload, 0xa5, schema->payload_bytes);
        if (wf_decode(decoder, packet, len, payload, &decoded) == 0) {
            check_payload(schema, payload, &decoded);
            encode_again(schema, decoder, payload, decoded.device_ns, len);
            encode_again(schema, decoder, payload, WF_TIME_NONE, WF_CCSDS_PACKET_MAX);
        }
        /* A payload of a simulator: any bytes at all. */
        memset(payload, len % 2 == 0 ? 0xff : 0x80, schema->payload_bytes);
        encode_again(schema, decoder, payload, (int64_t)len * WF_NS_PER_S, 4096);
        dispatch(schema, decoder, packet, len);
    }
    wf_decoder_destroy(&decoder);
    free(payload);
    free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
    struct wf_schema *schema = NULL;
    size_t text_len;

    if (end == NULL)
        return 0;
    text_len = (size_t)(end - data);
    if (wf_schema_parse("fuzz", (const char *)data, text_len, &schema, NULL, NULL) == 0 &&
        schema->payload_bytes <= PAYLOAD_MAX)
        decode(schema, end + 1, size - text_len - 1);
    wf_schema_free(&schema);
    return 0;
}
