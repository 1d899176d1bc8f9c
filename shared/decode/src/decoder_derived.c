/* SPDX-License-Identifier: MIT */
/* Derived parameters, and the time of a sample that is a sum of parameters. */

#include <math.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/decode/timecode.h>

#include "decoder_internal.h"

static bool number_of_value(const struct wf_value *value, struct wfd_number *out)
{
    memset(out, 0, sizeof(*out));
    switch (value->kind) {
    case WF_VALUE_U64:
    case WF_VALUE_BOOL:
        out->kind = WFD_UNSIGNED;
        out->as.u = value->as.u64;
        return true;
    case WF_VALUE_I64:
    case WF_VALUE_TIME:
        out->kind = WFD_SIGNED;
        out->as.i = value->as.i64;
        return true;
    case WF_VALUE_F64:
        out->kind = WFD_REAL;
        out->as.f = value->as.f64;
        return true;
    default:
        return false;
    }
}

void wfd_run_derived(struct wfd_run *run, const struct wfd_derived *derived)
{
    const struct wf_schema *schema = run->decoder->schema;
    const struct wf_parameter *parameter = derived->parameter;
    struct wfd_op judge = {
        .parameter = parameter,
        .enumeration =
            parameter->enumeration >= 0 ? &schema->enumerations[parameter->enumeration] : NULL,
    };
    struct wfd_number number;
    struct wf_value value;

    wf_expr_value(derived->expression, &run->decoder->derived_values, &value);
    if (value.quality >= WF_QUALITY_INVALID || !number_of_value(&value, &number) ||
        !wfd_number_store(parameter->storage, number, run->payload + parameter->offset)) {
        wfd_fill_absent(parameter, run->payload, 0);
        wfd_mark(run, parameter, WF_QUALITY_INVALID);
        return;
    }
    wfd_mark(run, parameter, wfd_check_number(&judge, number, wfd_number_as_double(number)));
}

/* a * numerator / denominator to the nearest, or false outside int64. */
static bool scale_exactly(int64_t value, int64_t numerator, int64_t denominator, int64_t *out)
{
    bool is_negative = value < 0;
    uint64_t magnitude = is_negative ? -(uint64_t)value : (uint64_t)value;
    uint64_t n = (uint64_t)numerator;
    uint64_t d = (uint64_t)denominator;
    uint64_t whole = magnitude / d;
    uint64_t rest = magnitude % d;
    uint64_t sum;

    if (n == 0 || whole > (uint64_t)INT64_MAX / n || (rest > 0 && rest > (UINT64_MAX - d / 2) / n))
        return false;
    sum = whole * n + (rest * n + d / 2) / d;
    if (sum > (uint64_t)INT64_MAX)
        return false;
    *out = is_negative ? -(int64_t)sum : (int64_t)sum;
    return true;
}

static bool field_ns(const struct wf_time_field *field, struct wfd_number number, int64_t *out)
{
    double whole;
    double part;
    int64_t part_ns;

    if (field->numerator_ns <= 0 || field->denominator <= 0)
        return false;
    if (number.kind == WFD_UNSIGNED) {
        if (number.as.u > (uint64_t)INT64_MAX)
            return false;
        number.as.i = (int64_t)number.as.u;
        number.kind = WFD_SIGNED;
    }
    if (number.kind == WFD_SIGNED)
        return scale_exactly(number.as.i, field->numerator_ns, field->denominator, out);
    /* Whole units exactly, so that seconds since 1958 in a double keep their microseconds. */
    if (!(fabs(number.as.f) < 0x1p62))
        return false;
    part = modf(number.as.f, &whole);
    if (!scale_exactly((int64_t)whole, field->numerator_ns, field->denominator, out))
        return false;
    part_ns = (int64_t)rint(part * (double)field->numerator_ns / (double)field->denominator);
    if ((part_ns > 0 && *out > INT64_MAX - part_ns) || (part_ns < 0 && *out < INT64_MIN - part_ns))
        return false;
    *out += part_ns;
    return true;
}

bool wfd_time_of_fields(const struct wf_schema *schema, const uint8_t *payload, int64_t *out_utc_ns)
{
    const struct wf_time_format *format = &schema->time;
    int64_t sum = 0;

    for (size_t i = 0; i < format->field_count; i++) {
        const struct wf_parameter *parameter = &schema->parameters[format->fields[i].parameter];
        int64_t ns = 0;

        if (payload[parameter->quality_offset] >= WF_QUALITY_INVALID ||
            !field_ns(&format->fields[i],
                      wfd_number_load(parameter->storage, payload + parameter->offset), &ns))
            return false;
        if ((ns > 0 && sum > INT64_MAX - ns) || (ns < 0 && sum < INT64_MIN - ns))
            return false;
        sum += ns;
    }
    return format->field_count > 0 && wf_timecode_from_count(format, sum, out_utc_ns) == 0;
}
