/* SPDX-License-Identifier: MIT */
/* Setting values in a payload that is about to be encoded: feeds, simulators, tests. */

#include <math.h>
#include <string.h>

#include <watchfloor/value.h>

static int store_text(const struct wf_parameter *parameter, uint8_t *payload,
                      const struct wf_value *value)
{
    uint32_t count = (uint32_t)value->len;

    if (value->kind != WF_VALUE_TEXT && value->kind != WF_VALUE_BYTES)
        return WF_ERR_INVALID;
    if (value->len > parameter->size_max)
        return WF_ERR_LIMIT;
    memset(payload + parameter->offset, 0, parameter->size_max);
    if (value->len > 0)
        memcpy(payload + parameter->offset, value->as.bytes, value->len);
    if (parameter->count_offset != 0)
        memcpy(payload + parameter->count_offset, &count, sizeof(count));
    return 0;
}

/* The value as a whole number, clamped to int64 or uint64; NaN is 0. */
static uint64_t as_whole(const struct wf_value *value, bool is_signed)
{
    if (value->kind != WF_VALUE_F64)
        return value->as.u64;
    if (isnan(value->as.f64))
        return 0;
    if (is_signed) {
        if (value->as.f64 >= 0x1p63)
            return (uint64_t)INT64_MAX;
        return (uint64_t)(value->as.f64 <= -0x1p63 ? INT64_MIN : (int64_t)rint(value->as.f64));
    }
    if (value->as.f64 >= 0x1p64)
        return UINT64_MAX;
    return value->as.f64 <= 0 ? 0 : (uint64_t)rint(value->as.f64);
}

static void store_number(enum wf_storage storage, uint8_t *at, const struct wf_value *value)
{
    bool is_signed =
        (storage >= WF_STORE_I8 && storage <= WF_STORE_I64) || storage == WF_STORE_TIME;
    uint64_t whole = as_whole(value, is_signed);
    double real = wf_value_as_double(value);
    float single = (float)real;
    uint16_t half = (uint16_t)whole;
    uint32_t word = (uint32_t)whole;

    switch (wf_storage_bytes(storage)) {
    case 1:
        *at = storage == WF_STORE_BOOL ? (uint8_t)(real != 0) : (uint8_t)whole;
        break;
    case 2:
        memcpy(at, &half, sizeof(half));
        break;
    case 4:
        memcpy(at, storage == WF_STORE_F32 ? (const void *)&single : (const void *)&word, 4);
        break;
    default:
        memcpy(at, storage == WF_STORE_F64 ? (const void *)&real : (const void *)&whole, 8);
        break;
    }
}

/* An element of an array of varying count makes it at least that long. */
static void reach_element(const struct wf_parameter *parameter, uint8_t *payload, size_t element)
{
    uint32_t count;

    if (parameter->count_offset == 0)
        return;
    memcpy(&count, payload + parameter->count_offset, sizeof(count));
    if (count <= element) {
        count = (uint32_t)element + 1;
        memcpy(payload + parameter->count_offset, &count, sizeof(count));
    }
}

int wf_value_set(const struct wf_schema *schema, void *payload, size_t index, size_t element,
                 const struct wf_value *value)
{
    const struct wf_parameter *parameter = &schema->parameters[index];
    uint8_t *bytes = payload;

    if (parameter->storage == WF_STORE_CHARS || parameter->storage == WF_STORE_BYTES)
        return element == 0 ? store_text(parameter, bytes, value) : WF_ERR_LIMIT;
    if (element >= parameter->count_max)
        return WF_ERR_LIMIT;
    if (value->kind == WF_VALUE_NONE || value->kind == WF_VALUE_TEXT ||
        value->kind == WF_VALUE_BYTES)
        return WF_ERR_INVALID;
    store_number(parameter->storage,
                 bytes + parameter->offset + element * wf_storage_bytes(parameter->storage), value);
    reach_element(parameter, bytes, element);
    return 0;
}

/* The engineering member follows, so that conditions over it see what the packet will say. */
static void calibrate_element(const struct wf_schema *schema, size_t index, uint8_t *payload,
                              size_t element, const struct wf_value *raw)
{
    double engineering = (double)NAN;

    (void)wf_calibrate(wf_calibrator_in_force(schema, payload, index), wf_value_as_double(raw),
                       &engineering);
    memcpy(payload + schema->parameters[index].offset + element * sizeof(engineering), &engineering,
           sizeof(engineering));
}

int wf_value_set_raw(const struct wf_schema *schema, void *payload, size_t index, size_t element,
                     const struct wf_value *value)
{
    const struct wf_parameter *parameter = &schema->parameters[index];
    uint8_t *bytes = payload;
    enum wf_storage storage = WF_STORE_U64;
    int rc = 0;

    if (parameter->raw_offset == 0) {
        rc = wf_value_set(schema, payload, index, element, value);
    } else if (element >= parameter->count_max) {
        rc = WF_ERR_LIMIT;
    } else if (value->kind == WF_VALUE_NONE || value->kind == WF_VALUE_TEXT ||
               value->kind == WF_VALUE_BYTES) {
        rc = WF_ERR_INVALID;
    } else {
        if (parameter->type == WF_TYPE_FLOAT)
            storage = WF_STORE_F64;
        else if (parameter->type == WF_TYPE_INT)
            storage = WF_STORE_I64;
        store_number(storage, bytes + parameter->raw_offset + 8 * element, value);
        calibrate_element(schema, index, bytes, element, value);
        reach_element(parameter, bytes, element);
    }
    if (rc == 0)
        bytes[parameter->quality_offset] |= WF_QUALITY_RAW_SET;
    return rc;
}
