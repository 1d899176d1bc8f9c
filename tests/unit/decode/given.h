/* SPDX-License-Identifier: MIT */
#ifndef TEST_DECODE_GIVEN_H
#define TEST_DECODE_GIVEN_H

/* A schema written in the test, its decoder and encoder, and packets written in hex. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/decoder.h>
#include <watchfloor/value.h>

struct given {
    struct wf_schema *schema;
    struct wf_decoder *decoder;
    struct wf_encoder *encoder;
    uint8_t *payload;
    struct wf_decoded decoded;
};

static inline struct wf_schema *given_schema(const char *name, const char *text)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_err err = { 0 };
    char file[80];
    struct wf_strbuf path;

    wf_strbuf_init_fixed(&path, file, sizeof(file));
    wf_strbuf_addf(&path, "%s.ini", name);
    if (wf_schema_parse(file, text, strlen(text), &schema, &problems, &err) < 0) {
        wf_problems_print(&problems);
        fail_msg("%s", err.text);
    }
    wf_problems_fini(&problems);
    return schema;
}

static inline struct given given_make(const char *text)
{
    struct given given = { .schema = given_schema("given", text) };
    struct wf_err err = { 0 };

    if (wf_decoder_create(given.schema, &given.decoder, &err) < 0 ||
        wf_encoder_create(given.schema, &given.encoder, &err) < 0)
        fail_msg("%s", err.text);
    given.payload = calloc(1, given.schema->payload_bytes);
    assert_non_null(given.payload);
    return given;
}

static inline void given_free(struct given *given)
{
    wf_decoder_destroy(&given->decoder);
    wf_encoder_destroy(&given->encoder);
    wf_schema_free(&given->schema);
    free(given->payload);
}

static inline unsigned given_digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* "12 ab": bytes; returns their number. */
static inline size_t given_bytes(const char *hex, uint8_t *out, size_t size)
{
    size_t len = 0;

    for (; *hex != '\0'; hex++) {
        if (*hex == ' ')
            continue;
        assert_true(len < size && hex[1] != '\0');
        out[len++] = (uint8_t)(given_digit(hex[0]) << 4 | given_digit(hex[1]));
        hex++;
    }
    return len;
}

/* A packet of APID 5 with the secondary header flag and `hex` behind the primary header. */
static inline size_t given_packet(const char *hex, uint8_t *out, size_t size)
{
    struct wf_ccsds_header header = { .apid = 5,
                                      .has_secondary = true,
                                      .sequence_flags = WF_CCSDS_UNSEGMENTED };
    size_t len = 6 + given_bytes(hex, out + 6, size - 6);

    header.packet_bytes = (uint32_t)(len > 6 ? len : 7);
    wf_ccsds_write(&header, out);
    return len;
}

/* Decode it, from memory of exactly its length. */
static inline int given_decode(struct given *given, const char *hex)
{
    uint8_t packet[2048];
    size_t len = given_packet(hex, packet, sizeof(packet));
    uint8_t *exact = malloc(len);
    int rc;

    assert_non_null(exact);
    memcpy(exact, packet, len);
    rc = wf_decode(given->decoder, exact, len, given->payload, &given->decoded);
    free(exact);
    return rc;
}

static inline size_t given_index(const struct given *given, const char *name)
{
    int index = wf_schema_find(given->schema, name);

    assert_true(index >= 0);
    return (size_t)index;
}

static inline uint8_t given_quality(const struct given *given, const char *name)
{
    return given->payload[given->schema->parameters[given_index(given, name)].quality_offset];
}

static inline double given_number(const struct given *given, const char *name, size_t element)
{
    struct wf_value value;

    wf_value_get(given->schema, given->payload, given_index(given, name), element, &value);
    return wf_value_as_double(&value);
}

/* The exact text of a value, as machines get it. */
static inline const char *given_text(const struct given *given, const char *name, bool is_raw)
{
    static char text[512];
    size_t index = given_index(given, name);
    struct wf_strbuf out;
    struct wf_value value;

    wf_strbuf_init_fixed(&out, text, sizeof(text));
    if (is_raw)
        wf_value_get_raw(given->schema, given->payload, index, 0, &value);
    else
        wf_value_get(given->schema, given->payload, index, 0, &value);
    wf_value_exact(given->schema, index, &value, is_raw, &out);
    return text;
}

#endif /* TEST_DECODE_GIVEN_H */
