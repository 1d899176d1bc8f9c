/* SPDX-License-Identifier: MIT */
/* Running the program of a schema over a packet. */

#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/timecode.h>
#include <watchfloor/region.h>

#include "bits.h"
#include "decoder_internal.h"
#include "structural.h"

static inline uint8_t check_unsigned(const struct wfd_op *op, uint64_t value)
{
    const struct wfd_number number = { .kind = WFD_UNSIGNED, .as.u = value };

    if (!op->has_checks)
        return WF_QUALITY_VALID;
    if (op->is_small_enumeration)
        return value < 64 && (op->labels >> value & 1) != 0 ? WF_QUALITY_VALID : WF_QUALITY_INVALID;
    return wfd_check_number(op, number, (double)value);
}

static inline uint8_t check_signed(const struct wfd_op *op, int64_t value)
{
    const struct wfd_number number = { .kind = WFD_SIGNED, .as.i = value };

    return op->has_checks ? wfd_check_number(op, number, (double)value) : WF_QUALITY_VALID;
}

static inline uint8_t check_real(const struct wfd_op *op, double raw, double engineering)
{
    const struct wfd_number number = { .kind = WFD_REAL, .as.f = raw };

    /* Written so that NaN is outside. */
    if (!(engineering >= op->valid_lo && engineering <= op->valid_hi))
        return WF_QUALITY_INVALID;
    return op->enumeration != NULL ? wfd_check_number(op, number, engineering) : WF_QUALITY_VALID;
}

static inline int64_t extend(uint64_t bits, unsigned sign_shift)
{
    /* Left while unsigned, right while signed: gcc and clang shift arithmetically. */
    return (int64_t)(bits << sign_shift) >> sign_shift;
}

static inline uint8_t finish_whole(const struct wfd_op *op, uint64_t bits, uint8_t *out)
{
    int64_t value = extend(bits, op->sign_shift);
    int16_t half = (int16_t)value;
    int32_t word = (int32_t)value;

    switch ((enum wfd_op_finish)op->finish) {
    case WFD_FINISH_I8:
        *out = (uint8_t)value;
        break;
    case WFD_FINISH_I16:
        memcpy(out, &half, sizeof(half));
        break;
    case WFD_FINISH_I32:
        memcpy(out, &word, sizeof(word));
        break;
    default:
        memcpy(out, &value, sizeof(value));
        break;
    }
    return check_signed(op, value);
}

static inline uint8_t finish_line(const struct wfd_op *op, uint64_t bits, uint8_t *out,
                                  uint8_t *raw)
{
    double x =
        op->finish == WFD_FINISH_LINE_U ? (double)bits : (double)extend(bits, op->sign_shift);
    double engineering = op->line[1] * x + op->line[0];

    if (op->finish == WFD_FINISH_LINE_I)
        bits = (uint64_t)extend(bits, op->sign_shift);
    memcpy(raw, &bits, sizeof(bits));
    memcpy(out, &engineering, sizeof(engineering));
    return check_real(op, x, engineering);
}

static inline uint8_t finish_float(const struct wfd_op *op, uint64_t bits, uint8_t *out)
{
    uint32_t word = (uint32_t)bits;
    double value;
    float single;

    if (op->finish == WFD_FINISH_F32) {
        memcpy(out, &word, sizeof(word));
        memcpy(&single, &word, sizeof(single));
        value = (double)single;
    } else {
        memcpy(out, &bits, sizeof(bits));
        memcpy(&value, &bits, sizeof(value));
    }
    return check_real(op, value, value);
}

static inline uint8_t finish(const struct wfd_op *op, uint64_t bits, uint8_t *payload)
{
    uint8_t *out = payload + op->offset;
    uint16_t half = (uint16_t)bits;
    uint32_t word = (uint32_t)bits;

    switch ((enum wfd_op_finish)op->finish) {
    case WFD_FINISH_U8:
        *out = (uint8_t)bits;
        return check_unsigned(op, bits);
    case WFD_FINISH_U16:
        memcpy(out, &half, sizeof(half));
        return check_unsigned(op, bits);
    case WFD_FINISH_U32:
        memcpy(out, &word, sizeof(word));
        return check_unsigned(op, bits);
    case WFD_FINISH_U64:
        memcpy(out, &bits, sizeof(bits));
        return check_unsigned(op, bits);
    case WFD_FINISH_BOOL:
        *out = bits != 0;
        return check_unsigned(op, *out);
    case WFD_FINISH_I8:
    case WFD_FINISH_I16:
    case WFD_FINISH_I32:
    case WFD_FINISH_I64:
        return finish_whole(op, bits, out);
    case WFD_FINISH_F32:
    case WFD_FINISH_F64:
        return finish_float(op, bits, out);
    case WFD_FINISH_LINE_U:
    case WFD_FINISH_LINE_I:
        return finish_line(op, bits, out, payload + op->raw_offset);
    case WFD_FINISH_GENERAL:
        break;
    }
    return wfd_finish_general(op, bits, out, payload + op->raw_offset);
}

static void run_ops(struct wfd_run *run)
{
    const struct wfd_op *op = run->decoder->ops;
    const struct wfd_op *end = op + run->decoder->op_count;

    for (; op < end; op++) {
        uint64_t bits;
        uint8_t quality;

        if (op->form != WFD_OP_WINDOW) {
            wfd_run_slow(run, op);
            continue;
        }
        if (WF_UNLIKELY(op->end_bytes > run->len)) {
            wfd_mark_short(run, op);
            continue;
        }
        bits = wfd_load64_be(run->packet + op->window_at) >> op->shift & op->mask;
        if (op->is_swapped)
            bits = wfd_swap_bytes(bits, op->bits);
        quality = finish(op, bits, run->payload);
        if (WF_UNLIKELY(quality != WF_QUALITY_VALID))
            wfd_mark(run, op->parameter, quality);
    }
}

/*
 * The time code in the secondary header; also tells where parameters begin when its
 * P-field decides that. A packet that says it has none is not believed to have one.
 */
static bool read_header_time(struct wfd_run *run, int64_t *out_utc_ns)
{
    const struct wf_time_format *format = &run->decoder->schema->time;
    const uint8_t *bytes = run->packet + WF_CCSDS_HEADER_BYTES;
    size_t len = run->len - WF_CCSDS_HEADER_BYTES;
    size_t size = wf_timecode_bytes(format, bytes, len);

    if (format->has_p_field)
        run->cursor = size > 0 ? 8 * (uint64_t)(WF_CCSDS_HEADER_BYTES + size) : UINT64_MAX / 2;
    if (format->has_p_field && size > 0 && run->cursor > run->end)
        run->end = run->cursor;
    if ((run->packet[0] & 0x08) == 0)
        return false;
    return wf_timecode_read(format, bytes, len, out_utc_ns) == 0;
}

static void judge_length(struct wfd_run *run)
{
    if ((run->flags & WF_SAMPLE_SHORT) == 0 && (run->end + 7) / 8 < run->len)
        run->flags |= WF_SAMPLE_LONG;
}

int wf_decode(struct wf_decoder *decoder, const uint8_t *packet, size_t len, void *payload,
              struct wf_decoded *out)
{
    const struct wf_schema *schema = decoder->schema;
    struct wfd_run run = { .decoder = decoder,
                           .packet = packet,
                           .len = len,
                           .payload = payload,
                           .cursor = decoder->first_bit,
                           .end = decoder->static_end };
    int64_t device_ns = WF_TIME_NONE;
    bool has_time = true;

    if (len < WF_CCSDS_HEADER_BYTES)
        return WF_ERR_INVALID;
    memset(payload, 0, schema->payload_bytes);
    decoder->expr_payload.payload = payload;
    decoder->raw_payload.payload = payload;
    if (schema->time.code == WF_TIME_CODE_CUC || schema->time.code == WF_TIME_CODE_CDS)
        has_time = read_header_time(&run, &device_ns);
    run_ops(&run);
    if (run.is_first_missing)
        return WF_ERR_INVALID;
    wfd_run_choices(&run);
    if (schema->time.code == WF_TIME_CODE_FIELDS)
        has_time = wfd_time_of_fields(schema, payload, &device_ns);
    for (size_t i = 0; i < decoder->derived_count; i++)
        wfd_run_derived(&run, &decoder->derived[i]);
    judge_length(&run);

    out->device_ns = has_time ? device_ns : WF_TIME_NONE;
    out->flags = run.flags | (has_time ? 0u : (uint32_t)WF_SAMPLE_TIME_BAD);
    out->invalid_count = run.invalid_count;
    return 0;
}

int wf_decoder_locate(struct wf_decoder *decoder, const uint8_t *packet, size_t len, void *payload,
                      struct wf_located *out)
{
    const struct wf_schema *schema = decoder->schema;
    struct wfd_run run = {
        .decoder = decoder,
        .packet = packet,
        .len = len,
        .payload = payload,
        .cursor = decoder->first_bit,
    };
    int64_t device_ns;

    if (len < WF_CCSDS_HEADER_BYTES)
        return WF_ERR_INVALID;
    memset(payload, 0, schema->payload_bytes);
    memset(out, 0, schema->parameter_count * sizeof(out[0]));
    decoder->expr_payload.payload = payload;
    decoder->raw_payload.payload = payload;
    if (schema->time.code == WF_TIME_CODE_CUC || schema->time.code == WF_TIME_CODE_CDS)
        (void)read_header_time(&run, &device_ns);
    for (size_t i = 0; i < decoder->op_count; i++) {
        const struct wfd_op *op = &decoder->ops[i];
        struct wf_located *located = &out[op->parameter - schema->parameters];
        uint64_t start = wfd_start_of(&run, op);

        wfd_run_slow(&run, op);
        if (*((const uint8_t *)payload + op->parameter->quality_offset) == WF_QUALITY_ABSENT)
            continue;
        located->first = start;
        located->end = run.cursor <= UINT64_C(8) * len ? run.cursor : UINT64_C(8) * len;
    }
    return run.is_first_missing ? WF_ERR_INVALID : 0;
}

/* --- packet selection: raw values straight from the packet ------------------------------- */

struct selection {
    const struct wf_decoder *decoder;
    const uint8_t *packet;
    size_t len;
};

static void set_raw_value(const struct wfd_op *op, uint64_t bits, struct wf_value *out)
{
    struct wfd_number number = wfd_number_from_bits(op->parameter, bits);

    out->quality = WF_QUALITY_VALID; /* what the bits are is known, whatever they mean */
    switch (number.kind) {
    case WFD_UNSIGNED:
        out->kind = op->parameter->type == WF_TYPE_BOOL ? WF_VALUE_BOOL : WF_VALUE_U64;
        out->as.u64 = number.as.u;
        break;
    case WFD_SIGNED:
        out->kind = WF_VALUE_I64;
        out->as.i64 = number.as.i;
        break;
    case WFD_REAL:
        out->kind = WF_VALUE_F64;
        out->as.f64 = number.as.f;
        break;
    }
}

static void get_selected(void *context, int id, size_t element, struct wf_value *out)
{
    const struct selection *selection = context;
    const struct wf_decoder *decoder = selection->decoder;
    const struct wf_parameter *parameter = &decoder->schema->parameters[id];
    const struct wfd_op *op = decoder->ops;
    uint64_t start;
    uint64_t bits;

    memset(out, 0, sizeof(*out));
    out->quality = WF_QUALITY_ABSENT;
    while (op->parameter != parameter)
        op++; /* it is there: check_match() looked */
    start = op->start;
    if (op->form == WFD_OP_TEXT) {
        if (start % 8 != 0 || start / 8 + parameter->size_max > selection->len || element != 0)
            return;
        out->kind = parameter->type == WF_TYPE_STRING ? WF_VALUE_TEXT : WF_VALUE_BYTES;
        out->as.bytes = selection->packet + start / 8;
        out->len = parameter->size_max;
        while (out->kind == WF_VALUE_TEXT && out->len > 0 && out->as.bytes[out->len - 1] == 0)
            out->len--;
        out->quality = WF_QUALITY_VALID;
        return;
    }
    if (start + op->bits > UINT64_C(8) * selection->len || element != 0)
        return;
    bits = wfd_get_bits(selection->packet, selection->len, start, op->bits);
    set_raw_value(op, op->is_swapped ? wfd_swap_bytes(bits, op->bits) : bits, out);
}

bool wf_decoder_matches(struct wf_decoder *decoder, const uint8_t *packet, size_t len)
{
    struct selection selection = { decoder, packet, len };
    const struct wf_expr_values values = { .context = &selection, .get = get_selected };

    return decoder->match == NULL || wf_expr_truth(decoder->match, &values) == WF_TRUE;
}

/* --- life ---------------------------------------------------------------------------------- */

int wf_decoder_create(const struct wf_schema *schema, struct wf_decoder **out_decoder,
                      struct wf_err *err)
{
    struct wf_decoder *decoder = calloc(1, sizeof(*decoder));
    int rc;

    if (decoder == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "decoder");
    decoder->schema = schema;
    decoder->expr_payload = (struct wf_expr_payload){ .schema = schema };
    wf_expr_payload_values(&decoder->expr_payload, &decoder->derived_values);
    wfd_structural_values(&decoder->expr_payload, &decoder->structural_values);
    decoder->raw_payload = (struct wf_expr_payload){ .schema = schema, .is_raw = true };
    wf_expr_payload_values(&decoder->raw_payload, &decoder->raw_values);
    rc = wfd_decoder_compile(decoder, err);
    if (rc < 0) {
        wf_err_prefix(err, "decoder of '%s'", schema->name);
        wf_decoder_destroy(&decoder);
        return rc;
    }
    *out_decoder = decoder;
    return 0;
}

void wf_decoder_destroy(struct wf_decoder **decoder)
{
    struct wf_decoder *gone = *decoder;

    *decoder = NULL;
    if (gone == NULL)
        return;
    for (size_t i = 0; i < gone->op_count; i++)
        wf_expr_free(&gone->ops[i].present_when);
    for (size_t i = 0; i < gone->derived_count; i++)
        wf_expr_free(&gone->derived[i].expression);
    wf_expr_free(&gone->match);
    for (size_t i = 0; gone->choice_when != NULL && i < gone->schema->calibrator_count; i++)
        wf_expr_free(&gone->choice_when[i]);
    free(gone->choice_when);
    free(gone->ops);
    free(gone->derived);
    free(gone);
}
