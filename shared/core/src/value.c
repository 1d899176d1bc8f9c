/* SPDX-License-Identifier: MIT */
/*
 * Values: see <watchfloor/value.h>. Reading one costs a switch and a copy.
 *
 * Payloads may come from another process: counts are bounded here, text is
 * looked for its end only inside its array, an unknown quality is INVALID.
 */

#include <watchfloor/value.h>

#include <math.h>
#include <string.h>

#include "value_private.h"

const char *wf_quality_name(enum wf_quality quality)
{
    static const char *const names[] = {
        [WF_QUALITY_VALID] = "VALID",
        [WF_QUALITY_LATE] = "LATE",
        [WF_QUALITY_SUBSTITUTED] = "SUBSTITUTED",
        [WF_QUALITY_SUSPECT] = "SUSPECT",
        [WF_QUALITY_INVALID] = "INVALID",
        [WF_QUALITY_ABSENT] = "ABSENT",
        [WF_QUALITY_STALE] = "STALE",
        [WF_QUALITY_NEVER] = "NEVER",
    };

    return (size_t)quality < WF_COUNT_OF(names) ? names[quality] : "?";
}

static bool is_text(const struct wf_parameter *parameter)
{
    return parameter->storage == WF_STORE_CHARS || parameter->storage == WF_STORE_BYTES;
}

/* The count behind the member; `most` when the count is fixed or out of bounds. */
static uint32_t count_at(const struct wf_parameter *parameter, const char *payload, uint32_t most)
{
    uint32_t count;

    if (parameter->count_offset == 0)
        return most;
    memcpy(&count, payload + parameter->count_offset, sizeof(count));
    return count < most ? count : most;
}

size_t wf_value_count(const struct wf_schema *schema, const void *payload, size_t index)
{
    const struct wf_parameter *parameter = &schema->parameters[index];

    return is_text(parameter) ? 1 : count_at(parameter, payload, parameter->count_max);
}

static void get_text(const struct wf_parameter *parameter, const char *payload,
                     struct wf_value *out)
{
    const char *text = payload + parameter->offset;

    out->len = count_at(parameter, payload, parameter->size_max);
    if (parameter->storage == WF_STORE_BYTES) {
        out->kind = WF_VALUE_BYTES;
        out->as.bytes = (const uint8_t *)text;
        return;
    }
    /* Fixed strings end early where there is an end inside. */
    const char *end = memchr(text, '\0', out->len);

    if (end != NULL)
        out->len = (size_t)(end - text);
    out->kind = WF_VALUE_TEXT;
    out->as.text = text;
}

#define GET_AS(type, kind_of, member)                                                              \
    do {                                                                                           \
        type got;                                                                                  \
        memcpy(&got, at, sizeof(got));                                                             \
        out->kind = (kind_of);                                                                     \
        out->as.member = got;                                                                      \
    } while (0)

static void get_number(enum wf_storage storage, const char *at, struct wf_value *out)
{
    switch (storage) {
    case WF_STORE_U8:
        out->kind = WF_VALUE_U64;
        out->as.u64 = *(const uint8_t *)at;
        break;
    case WF_STORE_U16:
        GET_AS(uint16_t, WF_VALUE_U64, u64);
        break;
    case WF_STORE_U32:
        GET_AS(uint32_t, WF_VALUE_U64, u64);
        break;
    case WF_STORE_U64:
        GET_AS(uint64_t, WF_VALUE_U64, u64);
        break;
    case WF_STORE_I8:
        out->kind = WF_VALUE_I64;
        out->as.i64 = *(const int8_t *)at;
        break;
    case WF_STORE_I16:
        GET_AS(int16_t, WF_VALUE_I64, i64);
        break;
    case WF_STORE_I32:
        GET_AS(int32_t, WF_VALUE_I64, i64);
        break;
    case WF_STORE_I64:
        GET_AS(int64_t, WF_VALUE_I64, i64);
        break;
    case WF_STORE_F32:
        GET_AS(float, WF_VALUE_F64, f64);
        out->is_single = true;
        break;
    case WF_STORE_F64:
        GET_AS(double, WF_VALUE_F64, f64);
        break;
    case WF_STORE_BOOL:
        out->kind = WF_VALUE_BOOL;
        out->as.u64 = *(const uint8_t *)at != 0;
        break;
    case WF_STORE_TIME:
        GET_AS(int64_t, WF_VALUE_TIME, i64);
        break;
    case WF_STORE_CHARS:
    case WF_STORE_BYTES:
        break;
    }
}

/* Quality and presence; true when there is something to read. */
static bool start(const struct wf_parameter *parameter, const char *payload, size_t element,
                  struct wf_value *out)
{
    uint8_t quality = *(const uint8_t *)(payload + parameter->quality_offset);

    out->kind = WF_VALUE_NONE;
    out->is_single = false;
    out->len = 0;
    out->as.u64 = 0;
    out->quality = quality <= WF_QUALITY_ABSENT ? quality : WF_QUALITY_INVALID;
    if (quality == WF_QUALITY_ABSENT)
        return false;
    if (element == 0 && parameter->count_offset == 0)
        return true;
    if (element < (is_text(parameter) ? 1 : count_at(parameter, payload, parameter->count_max)))
        return true;
    out->quality = WF_QUALITY_ABSENT;
    return false;
}

void wf_value_get(const struct wf_schema *schema, const void *payload, size_t index, size_t element,
                  struct wf_value *out)
{
    const struct wf_parameter *parameter = &schema->parameters[index];
    const char *base = payload;

    if (!start(parameter, base, element, out))
        return;
    if (is_text(parameter))
        get_text(parameter, base, out);
    else
        get_number(parameter->storage,
                   base + parameter->offset + element * wf_storage_bytes(parameter->storage), out);
}

void wf_value_get_raw(const struct wf_schema *schema, const void *payload, size_t index,
                      size_t element, struct wf_value *out)
{
    const struct wf_parameter *parameter = &schema->parameters[index];
    const char *base = payload;

    if (parameter->raw_offset == 0) {
        wf_value_get(schema, payload, index, element, out);
        return;
    }
    if (!start(parameter, base, element, out))
        return;
    switch (parameter->type) {
    case WF_TYPE_INT:
        get_number(WF_STORE_I64, base + parameter->raw_offset + 8 * element, out);
        break;
    case WF_TYPE_FLOAT:
        get_number(WF_STORE_F64, base + parameter->raw_offset + 8 * element, out);
        out->is_single = parameter->bits == 32 && parameter->encoding == WF_ENCODING_PLAIN;
        break;
    default:
        get_number(WF_STORE_U64, base + parameter->raw_offset + 8 * element, out);
        break;
    }
}

double wf_value_as_double(const struct wf_value *value)
{
    switch (value->kind) {
    case WF_VALUE_U64:
    case WF_VALUE_BOOL:
        return (double)value->as.u64;
    case WF_VALUE_I64:
    case WF_VALUE_TIME:
        return (double)value->as.i64;
    case WF_VALUE_F64:
        return value->as.f64;
    case WF_VALUE_NONE:
    case WF_VALUE_TEXT:
    case WF_VALUE_BYTES:
        break;
    }
    return (double)NAN;
}

/* The value as an enumeration or a state knows it; false when it is beyond that. */
bool wfi_value_state(const struct wf_value *value, int64_t *out)
{
    if (value->kind == WF_VALUE_I64)
        *out = value->as.i64;
    else if ((value->kind == WF_VALUE_U64 || value->kind == WF_VALUE_BOOL) &&
             value->as.u64 <= INT64_MAX)
        *out = (int64_t)value->as.u64;
    else
        return false;
    return true;
}

/* The state's own severity; a range of the enumeration has that of its first value. */
static uint8_t state_severity(const struct wf_schema *schema, const struct wf_parameter *parameter,
                              int64_t value)
{
    const struct wf_limits *limits = &parameter->limits;
    const struct wf_enumeration *enumeration =
        parameter->enumeration >= 0 ? &schema->enumerations[parameter->enumeration] : NULL;
    int64_t first = value;

    for (size_t i = 0; enumeration != NULL && i < enumeration->count; i++)
        if (value >= enumeration->entries[i].low && value <= enumeration->entries[i].high)
            first = enumeration->entries[i].low;
    for (size_t i = 0; i < limits->state_count; i++)
        if (limits->states[i].value == value)
            return limits->states[i].severity;
    for (size_t i = 0; i < limits->state_count; i++)
        if (limits->states[i].value == first)
            return limits->states[i].severity;
    return WF_SEVERITY_NORMAL;
}

uint8_t wf_value_severity(const struct wf_schema *schema, size_t index,
                          const struct wf_value *value)
{
    const struct wf_parameter *parameter = &schema->parameters[index];
    int64_t state;

    if (value->kind == WF_VALUE_NONE || value->quality >= WF_QUALITY_ABSENT)
        return WF_SEVERITY_NORMAL;
    if (value->quality == WF_QUALITY_INVALID)
        return parameter->limits.invalid_severity;
    if (parameter->limits.state_count > 0 && wfi_value_state(value, &state))
        return state_severity(schema, parameter, state);
    if (parameter->limits.present == 0)
        return WF_SEVERITY_NORMAL;
    return wf_limits_check(&parameter->limits, wf_value_as_double(value), NULL);
}
