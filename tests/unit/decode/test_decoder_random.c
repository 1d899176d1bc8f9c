/* SPDX-License-Identifier: MIT */
/*
 * Random schemas, random packets: the decoder against the slow reference, the encoder
 * against both, and every packet cut at every length.
 */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/clock.h>
#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/decoder.h>
#include <watchfloor/region.h>
#include <watchfloor/strbuf.h>
#include <watchfloor/value.h>

#include "reference.h"

#define FIELDS_MAX 24
#define BITS_MAX   (8 * 4096)
#define COUNT_MAX  9

static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)((random_state >> 32) * bound >> 32);
}

struct field {
    bool is_text, is_bytes;
    struct ref_number number;
    unsigned skip, count;
    int count_from, condition_from;
    int count_add;        /* to what count_from says */
    int choice_from;      /* counter that chooses the calibrator, also one behind it; or -1 */
    unsigned prefix_bits; /* of a text; 0 = none */
    bool is_rest, is_prefixed, is_terminated;
    unsigned condition_above;
    bool is_counter; /* small: others count by it */
    bool has_line;   /* calibrated: 1.5 + 0.25 raw */
    long at;         /* bit, or -1 */
    /* of one packet */
    bool is_present;
    bool is_chosen; /* by choice_from */
    unsigned start, elements;
};

struct trial {
    struct field fields[FIELDS_MAX];
    unsigned field_count;
    bool has_time;
    uint8_t bits[BITS_MAX]; /* of the packet, one a byte */
    unsigned bit_count;
    uint8_t *packet;
    size_t len;
};

static void choose_number(struct field *field)
{
    struct ref_number *number = &field->number;

    number->type = (enum ref_type)random_below(4);
    number->bits = 1 + random_below(64);
    number->encoding = REF_PLAIN;
    if (number->type == REF_FLOAT) {
        number->encoding = random_below(2) ? REF_PLAIN : REF_1750A;
        number->bits = random_below(2) ? 32 : number->encoding == REF_PLAIN ? 64 : 48;
    } else if (number->type == REF_INT) {
        number->encoding = (enum ref_encoding)random_below(3);
    } else if (number->type == REF_UINT && random_below(4) == 0) {
        number->encoding = REF_BCD;
        number->bits = 4 * (1 + random_below(16));
    }
    number->is_little = number->bits >= 8 && random_below(3) == 0;
    if (number->is_little)
        number->bits = number->bits / 8 * 8;
    field->has_line = random_below(5) == 0 && number->type != REF_BOOL;
}

static void choose_field(struct trial *trial, unsigned index, bool is_last)
{
    struct field *field = &trial->fields[index];

    memset(field, 0, sizeof(*field));
    field->count = 1;
    field->count_from = field->condition_from = field->choice_from = -1;
    field->at = -1;
    field->skip = random_below(3) == 0 ? random_below(20) : 0;
    choose_number(field);
    if (random_below(4) == 0) {
        field->is_counter = true;
        field->has_line = false;
        field->number = (struct ref_number){ REF_UINT, REF_PLAIN, false, 4 + random_below(9) };
    }
    for (unsigned k = 0; k < index && random_below(3) == 0; k++) {
        if (!trial->fields[k].is_counter || field->is_counter)
            continue;
        if (random_below(2)) {
            field->condition_from = (int)k;
            field->condition_above = random_below(COUNT_MAX);
        } else if (!field->is_counter) {
            field->count_from = (int)k;
            field->count = COUNT_MAX - 1 - random_below(2); /* now and then too few */
            field->count_add = (int)random_below(3);
        }
    }
    if (!field->is_counter && field->count_from < 0 && random_below(5) == 0)
        field->count = 2 + random_below(6);
    if (!field->is_counter && random_below(5) == 0) {
        field->is_text = true;
        field->is_bytes = random_below(2);
        field->has_line = false;
        field->is_prefixed = field->count_from < 0 && random_below(2);
        field->prefix_bits = 8u << random_below(3);
        field->is_terminated = field->count_from < 0 && !field->is_prefixed && random_below(3) == 0;
        field->number.is_little = field->is_prefixed && random_below(2);
        field->count = 1 + random_below(12);
    }
    if (is_last && !field->is_counter && field->count_from < 0 && !field->is_prefixed &&
        !field->is_terminated && random_below(2)) {
        field->is_rest = true;
        field->count = COUNT_MAX;
    }
}

/* --- the schema as text ---------------------------------------------------------------- */

static void write_field(const struct trial *trial, unsigned index, struct wf_strbuf *out)
{
    static const char *const types[] = { "uint", "int", "float", "bool" };
    static const char *const encodings[] = { "plain", "sign-magnitude", "ones-complement", "bcd",
                                             "mil1750a" };
    const struct field *field = &trial->fields[index];
    const char *type =
        field->is_text ? (field->is_bytes ? "bytes" : "string") : types[field->number.type];

    wf_strbuf_addf(out, "[parameter p%u]\ntype = %s\n", index, type);
    if (!field->is_text) {
        wf_strbuf_addf(out, "bits = %u\n", field->number.bits);
        if (field->number.encoding != REF_PLAIN)
            wf_strbuf_addf(out, "encoding = %s\n", encodings[field->number.encoding]);
    }
    if (field->number.is_little)
        wf_strbuf_add(out, "byte_order = little\n");
    if (field->at >= 0)
        wf_strbuf_addf(out, "at = %ld.%ld\n", field->at / 8, field->at % 8);
    else if (field->skip > 0)
        wf_strbuf_addf(out, "skip = %u\n", field->skip);
    if (field->condition_from >= 0)
        wf_strbuf_addf(out, "present_when = p%d > %u\n", field->condition_from,
                       field->condition_above);
    if (field->has_line && field->choice_from >= 0)
        wf_strbuf_addf(out, "calibrator = c%u usual\n", index);
    else if (field->has_line)
        wf_strbuf_add(out, "polynomial = 1.5 0.25\n");
    if (field->is_terminated) {
        wf_strbuf_addf(out, "size = terminated 0x0a\nsize_max = %u\n", field->count);
    } else if (field->is_rest || field->count_from >= 0 || field->is_prefixed) {
        const char *what = field->is_text ? "size" : "count";

        if (field->is_rest)
            wf_strbuf_addf(out, "%s = rest\n", what);
        else if (field->is_prefixed)
            wf_strbuf_addf(out, "%s = prefix %u\n", what, field->prefix_bits);
        else if (field->count_add > 0)
            wf_strbuf_addf(out, "%s = p%d+%d\n", what, field->count_from, field->count_add);
        else
            wf_strbuf_addf(out, "%s = p%d\n", what, field->count_from);
        wf_strbuf_addf(out, "%s_max = %u\n", what, field->count);
    } else if (field->is_text) {
        wf_strbuf_addf(out, "size = %u\n", field->count);
    } else if (field->count > 1) {
        wf_strbuf_addf(out, "count = %u\n", field->count);
    }
}

static struct wf_schema *make_schema(const struct trial *trial)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_err err = { 0 };
    struct wf_strbuf text;

    wf_strbuf_init(&text, 1 << 20);
    wf_strbuf_addf(&text, "[subsystem]\napid = 77\ntime = %s\n",
                   trial->has_time ? "cuc 4.2" : "none");
    for (unsigned i = 0; i < trial->field_count; i++)
        write_field(trial, i, &text);
    wf_strbuf_add(&text, "[calibrator usual]\npolynomial = 1.5 0.25\n");
    for (unsigned i = 0; i < trial->field_count; i++)
        if (trial->fields[i].choice_from >= 0)
            wf_strbuf_addf(&text, "[calibrator c%u]\nwhen = p%d > 3\npolynomial = -2 8\n", i,
                           trial->fields[i].choice_from);
    if (wf_schema_parse("random.ini", text.text, text.len, &schema, &problems, &err) < 0) {
        wf_problems_print(&problems);
        fail_msg("%s\n%s", err.text, text.text);
    }
    wf_problems_fini(&problems);
    wf_strbuf_fini(&text);
    return schema;
}

/* --- a packet, bit by bit --------------------------------------------------------------- */

static void add_bits(struct trial *trial, uint64_t value, unsigned count)
{
    for (unsigned k = count; k-- > 0;)
        trial->bits[trial->bit_count++] = value >> k & 1;
}

static unsigned value_of_counter(const struct trial *trial, int index)
{
    const struct field *field = &trial->fields[index];

    return (unsigned)ref_sum(trial->bits + field->start, field->number.bits);
}

static void add_number(struct trial *trial, const struct field *field)
{
    for (unsigned k = 0; k < field->number.bits; k++)
        trial->bits[trial->bit_count++] = (uint8_t)random_below(2);
    if (field->number.encoding == REF_BCD && !field->number.is_little && random_below(8) != 0) {
        /* Mostly good digits: clear the 8 of those above 9. */
        unsigned n = field->number.bits;
        uint8_t *bits = trial->bits + trial->bit_count - n;

        for (unsigned k = n % 4; k < n; k += 4)
            bits[k] = bits[k] && !bits[k + 1] && !bits[k + 2];
    }
}

static void fill_field(struct trial *trial, struct field *field)
{
    if (field->condition_from >= 0 &&
        (!trial->fields[field->condition_from].is_present ||
         value_of_counter(trial, field->condition_from) <= field->condition_above)) {
        field->is_present = false;
        return;
    }
    field->is_present = true;
    field->elements = field->count;
    if (field->count_from >= 0 && !trial->fields[field->count_from].is_present) {
        field->is_present = false;
        return;
    }
    if (field->at >= 0)
        add_bits(trial, 0, (unsigned)field->at - trial->bit_count);
    else
        for (unsigned k = 0; k < field->skip; k++)
            add_bits(trial, 0, 1);
    if (field->count_from >= 0)
        field->elements = value_of_counter(trial, field->count_from) + (unsigned)field->count_add;
    else if (field->is_rest || field->is_prefixed || field->is_terminated)
        field->elements = random_below(field->count + 1);
    if (field->is_prefixed && field->number.is_little)
        add_bits(trial, (uint64_t)field->elements << (field->prefix_bits - 8), field->prefix_bits);
    else if (field->is_prefixed)
        add_bits(trial, field->elements, field->prefix_bits);
    field->start = trial->bit_count;
    if (field->is_counter) {
        add_bits(trial, random_below(COUNT_MAX), field->number.bits);
        return;
    }
    for (unsigned i = 0; i < field->elements; i++) {
        if (field->is_text)
            add_bits(trial,
                     field->is_bytes && !field->is_terminated ? random_below(256)
                                                              : 'a' + random_below(26),
                     8);
        else
            add_number(trial, field);
    }
    if (field->is_terminated)
        add_bits(trial, 0x0a, 8);
}

static void fill_packet(struct trial *trial)
{
    struct wf_ccsds_header header = { .apid = 77,
                                      .has_secondary = trial->has_time,
                                      .sequence_flags = WF_CCSDS_UNSEGMENTED };
    const struct field *last = &trial->fields[trial->field_count - 1];

    trial->bit_count = 48;
    memset(trial->bits, 0, sizeof(trial->bits));
    if (trial->has_time) {
        add_bits(trial, 1956528037, 32);
        add_bits(trial, 0x8000, 16);
    }
    for (unsigned i = 0; i < trial->field_count; i++)
        fill_field(trial, &trial->fields[i]);
    for (unsigned i = 0; i < trial->field_count; i++) {
        struct field *field = &trial->fields[i];

        field->is_chosen = field->choice_from >= 0 &&
                           trial->fields[field->choice_from].is_present &&
                           value_of_counter(trial, field->choice_from) > 3;
    }
    while (trial->bit_count % 8 != 0 || trial->bit_count < 56)
        add_bits(trial, 0, 1);
    trial->len = trial->bit_count / 8;
    if (last->is_rest && last->is_present) { /* padding may make room for one more */
        unsigned bits = last->is_text ? 8 : last->number.bits;
        unsigned there = (trial->bit_count - last->start) / bits;

        trial->fields[trial->field_count - 1].elements = there;
    }
    header.packet_bytes = (uint32_t)trial->len;
    trial->packet = malloc(trial->len);
    assert_non_null(trial->packet);
    for (size_t i = 0; i < trial->len; i++)
        trial->packet[i] = (uint8_t)ref_sum(trial->bits + 8 * i, 8);
    wf_ccsds_write(&header, trial->packet);
}

/* --- comparing ----------------------------------------------------------------------------- */

static bool is_same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void check_element(const struct field *field, const struct ref_value *want,
                          const struct wf_value *raw, const struct wf_value *value)
{
    double number;

    switch (field->number.type) {
    case REF_UINT:
        assert_int_equal(raw->kind, WF_VALUE_U64);
        assert_true(raw->as.u64 == want->u);
        number = (double)want->u;
        break;
    case REF_BOOL:
        assert_true(raw->as.u64 == want->u);
        return;
    case REF_INT:
        assert_int_equal(raw->kind, WF_VALUE_I64);
        if (raw->as.i64 != want->i)
            fail_msg("%" PRId64 " instead of %" PRId64 ", %u bits, encoding %d", raw->as.i64,
                     want->i, field->number.bits, field->number.encoding);
        number = (double)want->i;
        break;
    default:
        assert_int_equal(raw->kind, WF_VALUE_F64);
        assert_true(is_same(raw->as.f64, want->f));
        number = want->f;
        break;
    }
    if (field->has_line)
        assert_true(is_same(wf_value_as_double(value),
                            field->is_chosen ? -2 + 8 * number : 1.5 + 0.25 * number));
}

static void check_text(const struct trial *trial, const struct field *field,
                       const struct wf_value *value)
{
    unsigned kept = field->elements < field->count ? field->elements : field->count;

    assert_int_equal(value->len, kept);
    for (unsigned i = 0; i < kept; i++)
        assert_int_equal(value->as.bytes[i], ref_sum(trial->bits + field->start + 8 * i, 8));
}

static void check_field(const struct trial *trial, const struct wf_schema *schema,
                        const void *payload, unsigned index)
{
    const struct field *field = &trial->fields[index];
    uint8_t quality = ((const uint8_t *)payload)[schema->parameters[index].quality_offset];
    unsigned kept = field->elements < field->count ? field->elements : field->count;
    bool is_bad = false;
    uint8_t want_quality = field->elements > field->count ? WF_QUALITY_SUSPECT : WF_QUALITY_VALID;

    if (!field->is_present) {
        assert_int_equal(quality, WF_QUALITY_ABSENT);
        return;
    }
    if (field->is_text) {
        struct wf_value value;

        wf_value_get(schema, payload, index, 0, &value);
        check_text(trial, field, &value);
        assert_int_equal(quality, want_quality);
        return;
    }
    assert_int_equal(wf_value_count(schema, payload, index), kept);
    for (unsigned i = 0; i < kept; i++) {
        struct ref_value want =
            ref_read(&field->number, trial->bits + field->start + i * field->number.bits);
        struct wf_value raw;
        struct wf_value value;

        wf_value_get_raw(schema, payload, index, i, &raw);
        wf_value_get(schema, payload, index, i, &value);
        if (!(want.is_bad && field->number.encoding == REF_BCD))
            check_element(field, &want, &raw, &value);
        is_bad = is_bad || want.is_bad;
    }
    assert_int_equal(quality, is_bad ? WF_QUALITY_INVALID : want_quality);
}

/* The raw values back into a packet: its bits where they are the only way to say the value. */
static void check_encoding(struct trial *trial, const struct wf_schema *schema, uint8_t *payload)
{
    struct wf_encoder *encoder = NULL;
    uint8_t packet[BITS_MAX / 8];
    size_t len = 0;

    for (unsigned i = 0; i < trial->field_count; i++) {
        uint8_t *quality = payload + schema->parameters[i].quality_offset;

        if (trial->fields[i].is_present && trial->fields[i].elements > trial->fields[i].count)
            return; /* more than the member holds cannot come back */
        *quality = 0;
        for (unsigned k = 0; k < trial->fields[i].elements && trial->fields[i].is_present; k++) {
            struct wf_value raw;

            wf_value_get_raw(schema, payload, i, k, &raw);
            if (!trial->fields[i].is_text)
                assert_int_equal(wf_value_set_raw(schema, payload, i, k, &raw), 0);
        }
    }
    assert_int_equal(wf_encoder_create(schema, &encoder, NULL), 0);
    assert_int_equal(wf_encode(encoder, payload, 77, 0,
                               INT64_C(1577836800) * WF_NS_PER_S + WF_NS_PER_S / 2, packet,
                               sizeof(packet), &len),
                     0);
    wf_encoder_destroy(&encoder);
    assert_int_equal(len, trial->len);
    for (unsigned i = 0; i < trial->field_count; i++) {
        const struct field *field = &trial->fields[i];
        unsigned bits = field->is_text ? 8 : field->number.bits;

        for (unsigned k = 0; k < field->elements && field->is_present; k++) {
            unsigned start = field->start + k * bits;

            if (!field->is_text && !ref_read(&field->number, trial->bits + start).is_canonical)
                continue;
            for (unsigned b = start; b < start + bits; b++)
                assert_int_equal(packet[b / 8] >> (7 - b % 8) & 1, trial->bits[b]);
        }
    }
}

/* Cut anywhere: what lies before the cut is as it was, what does not is ABSENT. */
static void check_cuts(const struct trial *trial, const struct wf_schema *schema,
                       struct wf_decoder *decoder, uint8_t *payload)
{
    for (size_t len = 0; len < trial->len; len++) {
        struct wf_decoded decoded;
        uint8_t *cut = malloc(len + (len == 0));
        bool is_behind = false;
        int rc;

        assert_non_null(cut);
        memcpy(cut, trial->packet, len);
        rc = wf_decode(decoder, cut, len, payload, &decoded);
        free(cut);
        if (rc < 0) {
            const struct field *first = &trial->fields[0];
            unsigned bits = first->is_text ? 8 : first->number.bits;

            assert_int_equal(rc, WF_ERR_INVALID);
            assert_true(8 * len < first->start + bits || first->elements == 0);
            continue;
        }
        for (unsigned i = 0; i < trial->field_count; i++) {
            const struct field *field = &trial->fields[i];
            unsigned bits = field->elements * (field->is_text ? 8 : field->number.bits) +
                            (field->is_terminated ? 8 : 0);
            uint8_t quality = payload[schema->parameters[i].quality_offset];

            /* What chooses a calibrator may be cut off. */
            if (field->is_rest || !field->is_present || field->choice_from >= 0)
                continue;
            if (field->start + bits <= 8 * len && !is_behind) {
                check_field(trial, schema, payload, i);
            } else if (bits > 0) {
                is_behind = true;
                assert_true(quality == WF_QUALITY_ABSENT || quality == WF_QUALITY_SUSPECT ||
                            (quality == WF_QUALITY_INVALID && field->count > 1));
                assert_true((decoded.flags & WF_SAMPLE_SHORT) != 0);
            }
        }
    }
}

static void run_trial(uint64_t seed)
{
    static struct trial trial;
    struct wf_schema *schema;
    struct wf_decoder *decoder = NULL;
    struct wf_err err = { 0 };
    uint8_t *payload;
    bool is_place_known = true;
    unsigned place;

    random_state = seed * 7046029254386353131u + 1;
    trial.field_count = 1 + random_below(FIELDS_MAX);
    trial.has_time = random_below(2);
    place = trial.has_time ? 96 : 48;
    for (unsigned i = 0; i < trial.field_count; i++) {
        struct field *field = &trial.fields[i];

        choose_field(&trial, i, i + 1 == trial.field_count);
        if (is_place_known && random_below(6) == 0)
            field->at = (long)(place + random_below(30));
        if (field->count_from >= 0 || field->condition_from >= 0 || field->is_rest ||
            field->is_prefixed || field->is_terminated)
            is_place_known = false;
        place = (field->at >= 0 ? (unsigned)field->at : place + field->skip) +
                field->count * (field->is_text ? 8 : field->number.bits);
    }
    for (unsigned i = 0; i < trial.field_count; i++) {
        unsigned from = random_below(trial.field_count);

        if (trial.fields[i].has_line && trial.fields[from].is_counter)
            trial.fields[i].choice_from = (int)from;
    }
    schema = make_schema(&trial);
    if (wf_decoder_create(schema, &decoder, &err) < 0)
        fail_msg("%s", err.text);
    payload = malloc(schema->payload_bytes);
    assert_non_null(payload);
    for (int packet = 0; packet < 6; packet++) {
        struct wf_decoded decoded;

        fill_packet(&trial);
        memset(payload, 0xa5, schema->payload_bytes);
        assert_int_equal(wf_decode(decoder, trial.packet, trial.len, payload, &decoded), 0);
        for (unsigned i = 0; i < trial.field_count; i++)
            check_field(&trial, schema, payload, i);
        if (trial.has_time)
            assert_true(decoded.device_ns == INT64_C(1577836800) * WF_NS_PER_S + WF_NS_PER_S / 2);
        else
            assert_true(decoded.device_ns == WF_TIME_NONE);
        assert_int_equal(decoded.flags & WF_SAMPLE_SHORT, 0);
        check_encoding(&trial, schema, payload);
        if (packet == 0)
            check_cuts(&trial, schema, decoder, payload);
        free(trial.packet);
    }
    free(payload);
    wf_decoder_destroy(&decoder);
    wf_schema_free(&schema);
}

static uint64_t last_seed;

static int tell_the_last_seed(void **state)
{
    (void)state;
    print_message("last seed %" PRIu64 "; repeat one with WF_TEST_SEED=N\n", last_seed);
    return 0;
}

static void random_packets_equal_the_slow_reference(void **state)
{
    const char *one = getenv("WF_TEST_SEED");

    (void)state;
    if (one != NULL) {
        uint64_t seed = 0;

        assert_int_equal(wf_parse_u64(one, &seed, NULL), 0);
        run_trial(seed);
        return;
    }
    for (uint64_t seed = 1; seed <= 400; seed++) {
        last_seed = seed;
        run_trial(seed);
    }
}

/* The parameter that every_width_at_every_bit_position looks at; false: there is none such. */
static bool choose_variant(struct field *field, unsigned bits, unsigned variant)
{
    static const struct {
        enum ref_type type;
        enum ref_encoding encoding;
    } variants[] = {
        { REF_UINT, REF_PLAIN },  { REF_INT, REF_PLAIN },   { REF_INT, REF_SIGN },
        { REF_INT, REF_ONES },    { REF_UINT, REF_BCD },    { REF_BOOL, REF_PLAIN },
        { REF_FLOAT, REF_PLAIN }, { REF_FLOAT, REF_1750A },
    };
    unsigned kind = variant / 6;
    bool is_float = variants[kind].type == REF_FLOAT;

    field->number.bits = bits;
    field->number.type = variants[kind].type;
    field->number.encoding = variants[kind].encoding;
    field->number.is_little = variant % 2 == 1;
    field->count = variant % 6 / 2 == 1 ? 3 : 1; /* alone, as an array, calibrated */
    field->has_line = variant % 6 / 2 == 2;
    return !(field->number.is_little && bits % 8 != 0) &&
           !(variants[kind].encoding == REF_BCD && bits % 4 != 0) &&
           !(is_float && bits != 32 &&
             bits != (variants[kind].encoding == REF_PLAIN ? 64u : 48u)) &&
           !(field->has_line && variants[kind].type == REF_BOOL);
}

/* Every type, encoding and width at every bit position, in both byte orders, and nothing else. */
static void every_width_at_every_bit_position(void **state)
{
    (void)state;
    random_state = 4711;
    for (unsigned bits = 1; bits <= 64; bits++) {
        for (unsigned position = 0; position < 8; position++) {
            for (unsigned variant = 0; variant < 48; variant++) {
                static struct trial trial;
                struct wf_schema *schema;
                struct wf_decoder *decoder = NULL;
                struct wf_decoded decoded;
                uint8_t payload[256];

                trial.field_count = 2;
                trial.has_time = false;
                memset(trial.fields, 0, sizeof(trial.fields));
                for (unsigned i = 0; i < 2; i++) {
                    struct field *field = &trial.fields[i];

                    field->count = 1;
                    field->count_from = field->condition_from = field->choice_from = -1;
                    field->at = -1;
                    field->number.bits = 8 + position;
                }
                if (!choose_variant(&trial.fields[1], bits, variant))
                    continue;
                schema = make_schema(&trial);
                assert_true(schema->payload_bytes <= sizeof(payload));
                assert_int_equal(wf_decoder_create(schema, &decoder, NULL), 0);
                for (int repeat = 0; repeat < 3; repeat++) {
                    fill_packet(&trial);
                    assert_int_equal(wf_decode(decoder, trial.packet, trial.len, payload, &decoded),
                                     0);
                    check_field(&trial, schema, payload, 0);
                    check_field(&trial, schema, payload, 1);
                    check_encoding(&trial, schema, payload);
                    free(trial.packet);
                }
                wf_decoder_destroy(&decoder);
                wf_schema_free(&schema);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_width_at_every_bit_position),
        cmocka_unit_test_teardown(random_packets_equal_the_slow_reference, tell_the_last_seed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
