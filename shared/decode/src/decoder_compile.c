/* SPDX-License-Identifier: MIT */
/*
 * A schema to a program.
 *
 * Places are known beforehand up to the first parameter of varying size or
 * presence, and again behind one placed with `at`. A known place whose bits lie in
 * 8 bytes that end with its own last byte becomes a WINDOW: the load never reaches
 * beyond the parameter, so a packet that holds the parameter holds the window.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/timecode.h>

#include "bits.h"
#include "decoder_internal.h"

/* The place behind the parameters so far. */
struct position {
    bool is_known;
    uint64_t bit;
};

static bool is_text(const struct wf_parameter *parameter)
{
    return parameter->type == WF_TYPE_STRING || parameter->type == WF_TYPE_BYTES;
}

static int check_width(const struct wf_parameter *parameter, struct wf_err *err)
{
    uint32_t bits = parameter->bits;
    bool is_1750a = parameter->encoding == WF_ENCODING_MIL1750A;

    if (is_text(parameter) || parameter->type == WF_TYPE_TIME)
        return 0;
    if (bits < 1 || bits > 64)
        return wf_fail(err, WF_ERR_INVALID, "'%s': %u bits, expected 1 .. 64", parameter->name,
                       bits);
    if (parameter->type == WF_TYPE_FLOAT && bits != 32 && bits != (is_1750a ? 48u : 64u))
        return wf_fail(err, WF_ERR_INVALID, "'%s': a float of %u bits, expected 32 or %u",
                       parameter->name, bits, is_1750a ? 48u : 64u);
    if (parameter->byte_order == WF_LITTLE_ENDIAN && bits > 8 && bits % 8 != 0)
        return wf_fail(err, WF_ERR_INVALID, "'%s': little-endian %u bits, expected whole bytes",
                       parameter->name, bits);
    return 0;
}

static void choose_finish(struct wfd_op *op)
{
    const struct wf_parameter *parameter = op->parameter;

    op->finish = WFD_FINISH_GENERAL;
    if (op->is_chosen)
        return;
    if (op->calibrator != NULL) {
        bool is_line = op->calibrator->kind == WF_CALIBRATOR_POLYNOMIAL &&
                       op->calibrator->count <= 2 && op->calibrator->count > 0;

        if (!is_line || op->form != WFD_OP_WINDOW || parameter->encoding != WF_ENCODING_PLAIN ||
            op->enumeration != NULL)
            return;
        op->line[0] = op->calibrator->y[0];
        op->line[1] = op->calibrator->count > 1 ? op->calibrator->y[1] : 0;
        if (parameter->type == WF_TYPE_UINT)
            op->finish = WFD_FINISH_LINE_U;
        else if (parameter->type == WF_TYPE_INT)
            op->finish = WFD_FINISH_LINE_I;
        return;
    }
    if (parameter->encoding != WF_ENCODING_PLAIN)
        return;
    if (parameter->storage <= WF_STORE_I64)
        op->finish = (uint8_t)(WFD_FINISH_U8 + (parameter->storage - WF_STORE_U8));
    else if (parameter->storage == WF_STORE_BOOL)
        op->finish = WFD_FINISH_BOOL;
    else if (parameter->storage == WF_STORE_F32)
        op->finish = WFD_FINISH_F32;
    else if (parameter->storage == WF_STORE_F64 && parameter->bits == 64)
        op->finish = WFD_FINISH_F64;
}

static void prepare_checks(struct wfd_op *op)
{
    const struct wf_enumeration *enumeration = op->enumeration;

    bool has_range =
        op->parameter->valid_lo > -(double)INFINITY || op->parameter->valid_hi < (double)INFINITY;

    op->valid_lo = op->parameter->valid_lo;
    op->valid_hi = op->parameter->valid_hi;
    op->has_checks = enumeration != NULL || has_range;
    if (enumeration == NULL || has_range)
        return;
    op->is_small_enumeration = true;
    for (size_t i = 0; i < enumeration->count; i++) {
        const struct wf_enumeration_entry *entry = &enumeration->entries[i];

        if (entry->low < 0 || entry->high > 63) {
            op->is_small_enumeration = false;
            return;
        }
        for (int64_t value = entry->low; value <= entry->high; value++)
            op->labels |= UINT64_C(1) << value;
    }
}

/* Bits it takes when that never changes; 0 when it does. */
static uint64_t fixed_bits(const struct wf_parameter *parameter)
{
    if (is_text(parameter))
        return parameter->sizing == WF_SIZE_FIXED ? UINT64_C(8) * parameter->size_max : 0;
    if (parameter->type == WF_TYPE_TIME)
        return UINT64_C(8) * wf_timecode_bytes(&parameter->time, NULL, 0);
    if (parameter->count_from >= 0 || parameter->is_count_rest)
        return 0;
    return (uint64_t)parameter->bits * parameter->count_max;
}

static void choose_form(struct wfd_op *op)
{
    const struct wf_parameter *parameter = op->parameter;
    uint64_t end = op->start + op->bits;
    uint64_t end_bytes = (end + 7) / 8;

    if (is_text(parameter)) {
        op->form = WFD_OP_TEXT;
    } else if (parameter->type == WF_TYPE_TIME) {
        op->form = WFD_OP_TIME;
    } else if (parameter->count_max != 1 || parameter->count_from >= 0 ||
               parameter->is_count_rest) {
        op->form = WFD_OP_ARRAY;
    } else if (op->is_start_known && op->present_when == NULL && end_bytes >= 8 &&
               op->start / 8 + 8 >= end_bytes && end_bytes <= UINT32_MAX) {
        op->form = WFD_OP_WINDOW;
        op->window_at = (uint32_t)end_bytes - 8;
        op->end_bytes = (uint32_t)end_bytes;
        op->shift = (uint8_t)(8 * end_bytes - end);
        op->mask = wfd_mask(op->bits);
    } else {
        op->form = WFD_OP_NUMBER;
    }
}

static int compile_expression(const struct wf_schema *schema, const char *what, const char *text,
                              struct wf_expr **out_expr, struct wf_err *err)
{
    struct wf_expr_scope scope;
    int rc;

    wf_expr_schema_scope(schema, &scope);
    rc = wf_expr_compile(text, &scope, out_expr, err);
    if (rc < 0)
        wf_err_prefix(err, "%s", what);
    return rc;
}

static int compile_op(struct wf_decoder *decoder, const struct wf_parameter *parameter,
                      struct position *position, struct wf_err *err)
{
    const struct wf_schema *schema = decoder->schema;
    struct wfd_op *op = &decoder->ops[decoder->op_count++];
    uint64_t bits = fixed_bits(parameter);
    int rc = check_width(parameter, err);

    op->parameter = parameter;
    op->bits = parameter->bits;
    op->offset = parameter->offset;
    op->raw_offset = parameter->raw_offset;
    op->calibrator =
        parameter->calibrator >= 0 ? &schema->calibrators[parameter->calibrator] : NULL;
    op->enumeration =
        parameter->enumeration >= 0 ? &schema->enumerations[parameter->enumeration] : NULL;
    op->is_chosen = parameter->choice_count > 0;
    decoder->chosen_count += op->is_chosen;
    op->is_swapped = parameter->byte_order == WF_LITTLE_ENDIAN && parameter->bits > 8;
    op->sign_shift = (uint8_t)(64 - parameter->bits);
    if (rc == 0 && parameter->present_when[0] != '\0')
        rc = compile_expression(schema, parameter->name, parameter->present_when, &op->present_when,
                                err);
    if (rc < 0)
        return rc;

    op->is_before_known = position->is_known;
    op->before = position->bit;
    op->is_start_known =
        parameter->place.is_absolute || (position->is_known && !parameter->place.is_from_end);
    op->start =
        parameter->place.is_absolute ? parameter->place.bit : position->bit + parameter->place.skip;
    choose_form(op);
    prepare_checks(op);

    position->is_known = op->is_start_known && bits > 0 && op->present_when == NULL;
    position->bit = op->start + bits;
    if (position->is_known && position->bit > decoder->static_end)
        decoder->static_end = position->bit;
    choose_finish(op);
    return 0;
}

static int compile_derived(struct wf_decoder *decoder, const struct wf_parameter *parameter,
                           struct wf_err *err)
{
    struct wfd_derived *derived = &decoder->derived[decoder->derived_count++];

    derived->parameter = parameter;
    return compile_expression(decoder->schema, parameter->name, parameter->expression,
                              &derived->expression, err);
}

static int compile_choices(struct wf_decoder *decoder, struct wf_err *err)
{
    const struct wf_schema *schema = decoder->schema;
    int rc = 0;

    decoder->choice_when = calloc(schema->calibrator_count + 1, sizeof(*decoder->choice_when));
    if (decoder->choice_when == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "decoder");
    for (size_t i = 0; i < schema->calibrator_count && rc == 0; i++) {
        const struct wf_calibrator *calibrator = &schema->calibrators[i];

        if (calibrator->when[0] != '\0')
            rc = compile_expression(schema, calibrator->name, calibrator->when,
                                    &decoder->choice_when[i], err);
    }
    return rc;
}

/* Packet selection reads raw values at places that no other value decides. */
static int check_match(const struct wf_decoder *decoder, struct wf_err *err)
{
    const int *ids = NULL;
    size_t count = wf_expr_inputs(decoder->match, &ids);

    for (size_t i = 0; i < count; i++) {
        const struct wfd_op *op = NULL;

        for (size_t k = 0; k < decoder->op_count; k++) {
            if (decoder->ops[k].parameter == &decoder->schema->parameters[ids[i]])
                op = &decoder->ops[k];
        }
        if (op == NULL || !op->is_start_known || op->present_when != NULL ||
            (op->form != WFD_OP_WINDOW && op->form != WFD_OP_NUMBER &&
             !(op->form == WFD_OP_TEXT && op->parameter->sizing == WF_SIZE_FIXED)))
            return wf_fail(err, WF_ERR_INVALID,
                           "match: '%s' has no fixed place; select by parameters of fixed size "
                           "before any that varies, or placed with 'at'",
                           decoder->schema->parameters[ids[i]].name);
    }
    return 0;
}

int wfd_decoder_compile(struct wf_decoder *decoder, struct wf_err *err)
{
    const struct wf_schema *schema = decoder->schema;
    enum wf_time_code code = schema->time.code;
    bool is_header = code == WF_TIME_CODE_CUC || code == WF_TIME_CODE_CDS;
    struct position position = { .is_known = true, .bit = 8 * WF_CCSDS_HEADER_BYTES };
    int rc = 0;

    if (is_header) {
        size_t bytes = wf_timecode_bytes(&schema->time, NULL, 0);

        position.is_known = bytes > 0; /* a P-field tells for each packet */
        position.bit += 8 * bytes;
    }
    decoder->first_bit = position.bit;
    decoder->static_end = position.bit;

    decoder->ops = calloc(schema->parameter_count + 1, sizeof(*decoder->ops));
    decoder->derived = calloc(schema->parameter_count + 1, sizeof(*decoder->derived));
    if (decoder->ops == NULL || decoder->derived == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "decoder");
    for (size_t i = 0; i < schema->parameter_count && rc == 0; i++) {
        const struct wf_parameter *parameter = &schema->parameters[i];

        rc = parameter->is_derived ? compile_derived(decoder, parameter, err)
                                   : compile_op(decoder, parameter, &position, err);
    }
    if (rc == 0)
        rc = compile_choices(decoder, err);
    if (rc == 0 && schema->match[0] != '\0') {
        rc = compile_expression(schema, "match", schema->match, &decoder->match, err);
        if (rc == 0)
            rc = check_match(decoder, err);
    }
    return rc;
}
