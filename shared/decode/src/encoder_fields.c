/* SPDX-License-Identifier: MIT */
/*
 * One parameter to bits.
 *
 * Where the payload's quality byte has WF_QUALITY_RAW_SET, the raw word is taken as
 * it is; otherwise the engineering value through the inverse calibrator. What others
 * decide is not asked of the payload: counts and sizes of arrays and text, the fields
 * of a time that is a sum.
 */

#include "encoder_internal.h"

#include <math.h>
#include <string.h>

#include <watchfloor/decode/timecode.h>

#include "bits.h"

#define CHOICE_DEPTH_MAX 4

bool wfd_encode_reserve(struct wfd_encode *run, uint64_t start, uint64_t bits)
{
    uint64_t all = UINT64_C(8) * run->size;

    if (start > all || bits > all - start)
        return false;
    run->cursor = start + bits;
    if (run->cursor > run->end)
        run->end = run->cursor;
    return true;
}

static struct wfd_number take_number(const struct wfd_encode *run,
                                     const struct wf_parameter *parameter, size_t element);
static bool decided_elsewhere(const struct wfd_encode *run, const struct wf_parameter *parameter,
                              struct wfd_number *out);

/* The raw value that the packet will hold: what conditions of calibrators read. */
static void get_raw(void *context, int id, size_t element, struct wf_value *out)
{
    const struct wfd_encode *run = context;
    const struct wf_parameter *parameter = &run->schema->parameters[id];
    struct wfd_number number;

    wf_value_get(run->schema, run->payload, (size_t)id, element, out);
    if (out->kind == WF_VALUE_NONE || out->kind == WF_VALUE_TEXT || out->kind == WF_VALUE_BYTES ||
        out->kind == WF_VALUE_TIME)
        return;
    if (parameter == run->assumed)
        number = run->assumed_raw;
    else if (!decided_elsewhere(run, parameter, &number))
        number = take_number(run, parameter, element);
    number = wfd_number_from_bits(parameter, wfd_number_to_bits(parameter, number));
    out->quality = WF_QUALITY_VALID;
    out->kind = number.kind == WFD_UNSIGNED ? WF_VALUE_U64
                : number.kind == WFD_SIGNED ? WF_VALUE_I64
                                            : WF_VALUE_F64;
    memcpy(&out->as, &number.as, sizeof(number.as));
}

static struct wfd_number invert(const struct wf_calibrator *calibrator, struct wfd_number number)
{
    double raw = 0;

    if (!wf_calibrate_inverse(calibrator, wfd_number_as_double(number), &raw))
        raw = (double)NAN; /* a float can say so; whole numbers become 0 */
    return (struct wfd_number){ .kind = WFD_REAL, .as.f = raw };
}

/*
 * The raw value of an engineering one. With conditions: what the first calibrator gives whose
 * condition then holds. Conditions that decide about one another are followed a few steps.
 */
static struct wfd_number uncalibrate(const struct wfd_encode *run,
                                     const struct wf_parameter *parameter, struct wfd_number number)
{
    const struct wf_schema *schema = run->schema;
    struct wfd_encode inner = *run;
    const struct wf_expr_values values = { .context = &inner, .get = get_raw };

    inner.depth++;
    inner.assumed = parameter;
    for (size_t i = 0; i < parameter->choice_count && run->depth < CHOICE_DEPTH_MAX; i++) {
        int index = parameter->choices[i];

        inner.assumed_raw = invert(&schema->calibrators[index], number);
        if (wf_expr_truth(run->choice_when[index], &values) == WF_TRUE)
            return inner.assumed_raw;
    }
    return invert(&schema->calibrators[parameter->calibrator], number);
}

static struct wfd_number take_number(const struct wfd_encode *run,
                                     const struct wf_parameter *parameter, size_t element)
{
    uint32_t size = wf_storage_bytes(parameter->storage);
    struct wfd_number number;

    if (parameter->raw_offset != 0 &&
        (run->payload[parameter->quality_offset] & WF_QUALITY_RAW_SET) != 0)
        return wfd_number_load_raw(parameter, run->payload + parameter->raw_offset + 8 * element);
    number = wfd_number_load(parameter->storage, run->payload + parameter->offset + size * element);
    return parameter->calibrator < 0 ? number : uncalibrate(run, parameter, number);
}

static void put_number(struct wfd_encode *run, const struct wf_parameter *parameter, uint64_t start,
                       struct wfd_number number)
{
    uint64_t bits = wfd_number_to_bits(parameter, number);

    if (parameter->byte_order == WF_LITTLE_ENDIAN && parameter->bits > 8)
        bits = wfd_swap_bytes(bits, parameter->bits);
    wfd_put_bits(run->packet, start, parameter->bits, bits);
}

static uint32_t load_count(const struct wfd_encode *run, const struct wf_parameter *parameter)
{
    uint32_t count = 0;

    memcpy(&count, run->payload + parameter->count_offset, sizeof(count));
    return count;
}

uint32_t wfd_encode_elements(const struct wfd_encode *run, const struct wf_parameter *parameter)
{
    const char *text = (const char *)run->payload + parameter->offset;
    uint32_t count;

    if (parameter->type == WF_TYPE_STRING || parameter->type == WF_TYPE_BYTES) {
        if (parameter->sizing == WF_SIZE_FIXED)
            return parameter->size_max;
        count = load_count(run, parameter);
        /* Whoever fills a string as C does may leave its count alone. */
        if (count == 0 && parameter->type == WF_TYPE_STRING)
            count = (uint32_t)strnlen(text, parameter->size_max);
        count = count < parameter->size_max ? count : parameter->size_max;
        if (parameter->sizing == WF_SIZE_TERMINATED) {
            const char *end = memchr(text, parameter->terminator, count);

            count = end != NULL ? (uint32_t)(end - text) : count;
        }
        return count;
    }
    count = parameter->count_offset != 0 ? load_count(run, parameter) : parameter->count_max;
    return count < parameter->count_max ? count : parameter->count_max;
}

/* What the array or text whose count `parameter` is needs it to be. */
static bool find_count(const struct wfd_encode *run, const struct wf_parameter *parameter,
                       struct wfd_number *out)
{
    const struct wf_schema *schema = run->schema;
    int index = (int)(parameter - schema->parameters);

    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_parameter *other = &schema->parameters[i];
        bool is_text = other->type == WF_TYPE_STRING || other->type == WF_TYPE_BYTES;

        if (other->is_derived ||
            (is_text ? other->sizing != WF_SIZE_FIELD || other->size_from != index
                     : other->count_from != index))
            continue;
        out->kind = WFD_SIGNED;
        out->as.i = (int64_t)wfd_encode_elements(run, other) -
                    (is_text ? other->size_add : other->count_add);
        return true;
    }
    return false;
}

/* Counts and sizes follow what they count, the fields of a time share it out. */
static bool decided_elsewhere(const struct wfd_encode *run, const struct wf_parameter *parameter,
                              struct wfd_number *out)
{
    for (size_t i = 0; i < run->time_field_count; i++) {
        if (&run->schema->parameters[run->time_fields[i].parameter] == parameter) {
            *out = run->time_fields[i].number;
            return true;
        }
    }
    return (run->payload[parameter->quality_offset] & WF_QUALITY_RAW_SET) == 0 &&
           find_count(run, parameter, out);
}

static int encode_numbers(struct wfd_encode *run, const struct wf_parameter *parameter,
                          uint64_t start)
{
    uint32_t count = wfd_encode_elements(run, parameter);
    struct wfd_number number;

    if (!wfd_encode_reserve(run, start, (uint64_t)count * parameter->bits))
        return WF_ERR_LIMIT;
    if (decided_elsewhere(run, parameter, &number)) {
        put_number(run, parameter, start, number);
        return 0;
    }
    for (uint32_t i = 0; i < count; i++)
        put_number(run, parameter, start + (uint64_t)i * parameter->bits,
                   take_number(run, parameter, i));
    return 0;
}

static int encode_text(struct wfd_encode *run, const struct wf_parameter *parameter, uint64_t start)
{
    const uint8_t *text = run->payload + parameter->offset;
    uint32_t bytes = wfd_encode_elements(run, parameter);
    uint32_t told = bytes;
    uint32_t before = parameter->sizing == WF_SIZE_PREFIX ? parameter->prefix_bits : 0;
    uint32_t behind = parameter->sizing == WF_SIZE_TERMINATED ? 8 : 0;

    if (before > 0 && before < 32 && bytes > wfd_mask(before))
        bytes = told = (uint32_t)wfd_mask(before);
    if (!wfd_encode_reserve(run, start, before + UINT64_C(8) * bytes + behind))
        return WF_ERR_LIMIT;
    /* Behind the end of a C string may stand anything that was there before. */
    if (parameter->type == WF_TYPE_STRING && parameter->sizing == WF_SIZE_FIXED)
        told = (uint32_t)strnlen((const char *)text, bytes);
    if (before > 0) {
        bool is_little = parameter->byte_order == WF_LITTLE_ENDIAN;

        wfd_put_bits(run->packet, start, before, is_little ? wfd_swap_bytes(bytes, before) : bytes);
    }
    start += before;
    for (uint32_t i = 0; i < told; i++)
        wfd_put_bits(run->packet, start + UINT64_C(8) * i, 8, text[i]);
    if (behind > 0)
        wfd_put_bits(run->packet, start + UINT64_C(8) * bytes, 8, parameter->terminator);
    return 0;
}

int wfd_encode_timecode(const struct wf_time_format *format, int64_t utc_ns, uint8_t *out,
                        size_t size)
{
    int64_t epoch_ns = 0;
    int written = wf_timecode_write(format, utc_ns, out, size);

    if (written >= 0 || wf_timecode_from_count(format, 0, &epoch_ns) < 0)
        return written;
    return wf_timecode_write(format, epoch_ns, out, size);
}

static int encode_time(struct wfd_encode *run, const struct wf_parameter *parameter, uint64_t start)
{
    uint8_t bytes[WF_TIMECODE_MAX] = { 0 };
    int64_t utc_ns;
    int size;

    memcpy(&utc_ns, run->payload + parameter->offset, sizeof(utc_ns));
    size = wfd_encode_timecode(&parameter->time, utc_ns, bytes, sizeof(bytes));
    if (size < 0 || !wfd_encode_reserve(run, start, UINT64_C(8) * (unsigned)size))
        return WF_ERR_LIMIT;
    for (int i = 0; i < size; i++)
        wfd_put_bits(run->packet, start + 8 * (uint64_t)i, 8, bytes[i]);
    return 0;
}

int wfd_encode_parameter(struct wfd_encode *run, const struct wf_parameter *parameter,
                         uint64_t start)
{
    switch (parameter->type) {
    case WF_TYPE_STRING:
    case WF_TYPE_BYTES:
        return encode_text(run, parameter, start);
    case WF_TYPE_TIME:
        return encode_time(run, parameter, start);
    default:
        return encode_numbers(run, parameter, start);
    }
}
