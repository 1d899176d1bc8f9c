/* SPDX-License-Identifier: MIT */
/*
 * A payload to a packet: the decoder's way back, for feeds, simulators and tests.
 *
 * It walks the schema's parameters in packet order with a cursor, as the decoder's
 * slow path does. Parameters placed inside the primary header are not written: the
 * header says what it says.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/timecode.h>

#include "encoder_internal.h"
#include "structural.h"

struct wf_encoder {
    const struct wf_schema *schema;
    struct wf_expr **present_when; /* one for each parameter; NULL = always */
    struct wf_expr **choice_when;  /* one for each calibrator; NULL = always */
    struct wf_expr_payload expr_payload;
    struct wf_expr_values expr_values;
};

/* value * denominator / numerator rounded down, with what is left over in ns. */
static int64_t divide_by_unit(int64_t ns, const struct wf_time_field *field, int64_t *out_rest_ns)
{
    int64_t n = field->numerator_ns;
    int64_t d = field->denominator;
    int64_t whole = ns / n;
    int64_t rest = ns % n;
    int64_t part;

    if (whole > (INT64_MAX - d) / d || rest > INT64_MAX / d) { /* no packet counts that far */
        *out_rest_ns = 0;
        return INT64_MAX;
    }
    part = rest * d / n;
    *out_rest_ns = rest - (part * n + d - 1) / d;
    if (*out_rest_ns < 0)
        *out_rest_ns = 0;
    return whole * d + part;
}

/* Share the time out over the fields it is the sum of, the largest unit first. */
static void share_time(const struct wf_schema *schema, int64_t device_ns, struct wfd_encode *run)
{
    const struct wf_time_format *format = &schema->time;
    bool is_taken[WF_COUNT_OF(format->fields)] = { false };
    int64_t left = 0;

    if (format->code != WF_TIME_CODE_FIELDS || device_ns == WF_TIME_NONE ||
        wf_timecode_to_count(format, device_ns, &left) < 0 || left < 0)
        return;
    for (size_t i = 0; i < format->field_count; i++) {
        struct wfd_time_share *share = &run->time_fields[i];
        const struct wf_time_field *field = NULL;
        size_t largest = 0;

        for (size_t k = 0; k < format->field_count; k++) {
            if (is_taken[k] || (field != NULL && format->fields[k].unit_s <= field->unit_s))
                continue;
            field = &format->fields[k];
            largest = k;
        }
        is_taken[largest] = true;
        share->parameter = field->parameter;
        if (schema->parameters[field->parameter].type == WF_TYPE_FLOAT) {
            share->number.kind = WFD_REAL;
            share->number.as.f =
                (double)left / (double)field->numerator_ns * (double)field->denominator;
            left = 0;
            continue;
        }
        if (i + 1 == format->field_count) { /* the last one: nearest */
            int64_t half = field->numerator_ns / field->denominator / 2;

            left += left <= INT64_MAX - half ? half : 0;
        }
        share->number.kind = WFD_SIGNED;
        share->number.as.i = divide_by_unit(left, field, &left);
    }
    run->time_field_count = format->field_count;
}

static int encode_header_time(const struct wf_schema *schema, int64_t device_ns,
                              struct wfd_encode *run)
{
    enum wf_time_code code = schema->time.code;
    int bytes;

    if (code != WF_TIME_CODE_CUC && code != WF_TIME_CODE_CDS)
        return 0;
    bytes = wfd_encode_timecode(&schema->time, device_ns, run->packet + WF_CCSDS_HEADER_BYTES,
                                run->size - WF_CCSDS_HEADER_BYTES);
    if (bytes < 0)
        return bytes;
    return wfd_encode_reserve(run, run->cursor, UINT64_C(8) * (unsigned)bytes) ? 1 : WF_ERR_LIMIT;
}

/* Those that follow a place before the packet's end are written last: then it is known. */
static int encode_parameters(struct wf_encoder *encoder, struct wfd_encode *run, bool is_end,
                             uint64_t end)
{
    const struct wf_schema *schema = encoder->schema;
    bool is_behind = false;

    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_parameter *parameter = &schema->parameters[i];
        const struct wf_place *place = &parameter->place;
        uint64_t start = place->is_from_end   ? end - place->bit
                         : place->is_absolute ? place->bit
                                              : run->cursor + place->skip;
        int rc;

        is_behind = place->is_from_end || (is_behind && !place->is_absolute);
        if (parameter->is_derived || is_behind != is_end ||
            (encoder->present_when[i] != NULL &&
             wf_expr_truth(encoder->present_when[i], &encoder->expr_values) != WF_TRUE))
            continue;
        if (start < 8 * WF_CCSDS_HEADER_BYTES) {
            run->cursor = start + (uint64_t)parameter->bits * parameter->count_max;
            continue;
        }
        rc = wfd_encode_parameter(run, parameter, start);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Bytes that places before the end need. */
static uint32_t tail_bytes(const struct wf_schema *schema)
{
    uint32_t most = 0;

    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_place *place = &schema->parameters[i].place;

        if (place->is_from_end && place->bit > most)
            most = place->bit;
    }
    return (most + 7) / 8;
}

int wf_encode(struct wf_encoder *encoder, const void *payload, uint16_t apid, uint16_t sequence,
              int64_t device_ns, uint8_t *out_packet, size_t size, size_t *out_len)
{
    const struct wf_schema *schema = encoder->schema;
    size_t ceiling =
        schema->packet_max < WF_CCSDS_PACKET_MAX ? schema->packet_max : WF_CCSDS_PACKET_MAX;
    struct wfd_encode run = { .schema = schema,
                              .payload = payload,
                              .packet = out_packet,
                              .size = size < ceiling ? size : ceiling,
                              .choice_when = encoder->choice_when,
                              .cursor = 8 * WF_CCSDS_HEADER_BYTES,
                              .end = 8 * (WF_CCSDS_HEADER_BYTES + 1) };
    struct wf_ccsds_header header = { .apid = apid,
                                      .sequence_flags = WF_CCSDS_UNSEGMENTED,
                                      .sequence_count =
                                          (uint16_t)(sequence % WF_CCSDS_SEQUENCE_MODULO) };
    int rc;

    if (run.size < WF_CCSDS_HEADER_BYTES + 1)
        return WF_ERR_LIMIT;
    memset(out_packet, 0, run.size);
    encoder->expr_payload.payload = payload;
    share_time(schema, device_ns, &run);
    rc = encode_header_time(schema, device_ns, &run);
    header.has_secondary = rc > 0;
    if (rc >= 0)
        rc = encode_parameters(encoder, &run, false, 0);
    if (rc >= 0 && tail_bytes(schema) > 0)
        rc = encode_parameters(encoder, &run, true,
                               (run.end + 7) / 8 * 8 + UINT64_C(8) * tail_bytes(schema));
    if (rc < 0)
        return rc;
    header.packet_bytes = (uint32_t)((run.end + 7) / 8);
    wf_ccsds_write(&header, out_packet);
    *out_len = header.packet_bytes;
    return 0;
}

int wf_encoder_create(const struct wf_schema *schema, struct wf_encoder **out_encoder,
                      struct wf_err *err)
{
    struct wf_encoder *encoder = calloc(1, sizeof(*encoder));
    struct wf_decoder *decoder = NULL;
    struct wf_expr_scope scope;
    int rc;

    if (encoder == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "encoder");
    encoder->schema = schema;
    encoder->present_when = calloc(schema->parameter_count + 1, sizeof(*encoder->present_when));
    encoder->choice_when = calloc(schema->calibrator_count + 1, sizeof(*encoder->choice_when));
    if (encoder->present_when == NULL || encoder->choice_when == NULL) {
        wf_encoder_destroy(&encoder);
        return wf_fail(err, WF_ERR_NOMEM, "encoder");
    }
    encoder->expr_payload = (struct wf_expr_payload){ .schema = schema };
    wfd_structural_values(&encoder->expr_payload, &encoder->expr_values);
    wf_expr_schema_scope(schema, &scope);

    /* What cannot be decoded is not encoded: the decoder knows all the reasons. */
    rc = wf_decoder_create(schema, &decoder, err);
    wf_decoder_destroy(&decoder);
    for (size_t i = 0; i < schema->parameter_count && rc == 0; i++) {
        if (schema->parameters[i].present_when[0] != '\0')
            rc = wf_expr_compile(schema->parameters[i].present_when, &scope,
                                 &encoder->present_when[i], err);
    }
    for (size_t i = 0; i < schema->calibrator_count && rc == 0; i++) {
        if (schema->calibrators[i].when[0] != '\0')
            rc =
                wf_expr_compile(schema->calibrators[i].when, &scope, &encoder->choice_when[i], err);
    }
    if (rc < 0) {
        wf_encoder_destroy(&encoder);
        return rc;
    }
    *out_encoder = encoder;
    return 0;
}

void wf_encoder_destroy(struct wf_encoder **encoder)
{
    struct wf_encoder *gone = *encoder;

    *encoder = NULL;
    if (gone == NULL)
        return;
    for (size_t i = 0; gone->present_when != NULL && i < gone->schema->parameter_count; i++)
        wf_expr_free(&gone->present_when[i]);
    for (size_t i = 0; gone->choice_when != NULL && i < gone->schema->calibrator_count; i++)
        wf_expr_free(&gone->choice_when[i]);
    free(gone->present_when);
    free(gone->choice_when);
    free(gone);
}
