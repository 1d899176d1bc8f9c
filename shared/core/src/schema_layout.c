/* SPDX-License-Identifier: MIT */
/*
 * The layout of a payload, and the two hashes.
 *
 *     +---------------------------+---------------------+-----------------+-----+
 *     | struct <name>_info        | raw words, 8 bytes  | quality bytes,  | pad |
 *     | members as C lays them    | per element of what | one a parameter,|     |
 *     | out, in parameter order   | is calibrated       | choices         |     |
 *     +---------------------------+---------------------+-----------------+-----+
 *     0                           raw_offset            quality_offset    payload_bytes
 *
 * A parameter whose calibrator depends on conditions has one more byte behind the
 * quality bytes, which tells the one that was used.
 *
 * A member is followed by its uint32_t count when the number of elements or
 * bytes varies. Offsets are computed as a C compiler does it on every machine
 * whose alignment of a type is its size; generated headers assert them.
 */

#include "schema_private.h"

#include <string.h>

uint64_t wfi_fnv1a(uint64_t hash, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

const char *wf_storage_c_name(enum wf_storage storage)
{
    static const char *const names[] = {
        [WF_STORE_U8] = "uint8_t",    [WF_STORE_U16] = "uint16_t", [WF_STORE_U32] = "uint32_t",
        [WF_STORE_U64] = "uint64_t",  [WF_STORE_I8] = "int8_t",    [WF_STORE_I16] = "int16_t",
        [WF_STORE_I32] = "int32_t",   [WF_STORE_I64] = "int64_t",  [WF_STORE_F32] = "float",
        [WF_STORE_F64] = "double",    [WF_STORE_BOOL] = "uint8_t", [WF_STORE_CHARS] = "char",
        [WF_STORE_BYTES] = "uint8_t", [WF_STORE_TIME] = "int64_t",
    };

    return (size_t)storage < WF_COUNT_OF(names) ? names[storage] : "?";
}

uint32_t wf_storage_bytes(enum wf_storage storage)
{
    switch (storage) {
    case WF_STORE_U8:
    case WF_STORE_I8:
    case WF_STORE_BOOL:
    case WF_STORE_CHARS:
    case WF_STORE_BYTES:
        return 1;
    case WF_STORE_U16:
    case WF_STORE_I16:
        return 2;
    case WF_STORE_U32:
    case WF_STORE_I32:
    case WF_STORE_F32:
        return 4;
    case WF_STORE_U64:
    case WF_STORE_I64:
    case WF_STORE_F64:
    case WF_STORE_TIME:
        return 8;
    }
    return 0;
}

/* The narrowest of the four that start at `first`. */
static enum wf_storage whole_storage(enum wf_storage first, uint32_t bits)
{
    return (enum wf_storage)((int)first + (bits > 8) + (bits > 16) + (bits > 32));
}

enum wf_storage wfi_storage_of(const struct wf_parameter *parameter)
{
    if (parameter->calibrator >= 0)
        return WF_STORE_F64;
    switch (parameter->type) {
    case WF_TYPE_UINT:
        return whole_storage(WF_STORE_U8, parameter->bits);
    case WF_TYPE_INT:
        return whole_storage(WF_STORE_I8, parameter->bits);
    case WF_TYPE_FLOAT:
        /* A 1750A float reaches below what an IEEE single can say exactly. */
        return parameter->bits == 32 && parameter->encoding == WF_ENCODING_PLAIN ? WF_STORE_F32
                                                                                 : WF_STORE_F64;
    case WF_TYPE_BOOL:
        return WF_STORE_BOOL;
    case WF_TYPE_STRING:
        return WF_STORE_CHARS;
    case WF_TYPE_BYTES:
        return WF_STORE_BYTES;
    case WF_TYPE_TIME:
        break;
    }
    return WF_STORE_TIME;
}

/* Elements of the member's array as C declares it. */
uint32_t wfi_member_elements(const struct wf_parameter *parameter)
{
    if (parameter->storage == WF_STORE_CHARS)
        return parameter->size_max + 1;
    if (parameter->storage == WF_STORE_BYTES)
        return parameter->size_max;
    return parameter->count_max;
}

bool wfi_has_count(const struct wf_parameter *parameter)
{
    if (parameter->storage == WF_STORE_CHARS || parameter->storage == WF_STORE_BYTES)
        return parameter->sizing != WF_SIZE_FIXED;
    return wfi_is_count_variable(parameter);
}

static uint64_t align_up(uint64_t offset, uint64_t align)
{
    return (offset + align - 1) / align * align;
}

static void hash_number(uint64_t *hash, uint64_t value)
{
    unsigned char bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    *hash = wfi_fnv1a(*hash, bytes, sizeof(bytes));
}

static uint64_t layout_hash(const struct wf_schema *schema)
{
    uint64_t hash = wfi_fnv1a(WFI_FNV1A_START, schema->name, strlen(schema->name) + 1);

    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_parameter *parameter = &schema->parameters[i];

        hash = wfi_fnv1a(hash, parameter->name, strlen(parameter->name) + 1);
        hash_number(&hash, (uint64_t)parameter->storage);
        hash_number(&hash, wfi_member_elements(parameter));
        hash_number(&hash, parameter->offset);
        hash_number(&hash, parameter->count_offset);
        hash_number(&hash, parameter->raw_offset);
        if (parameter->choice_offset != 0)
            hash_number(&hash, parameter->choice_offset);
    }
    hash_number(&hash, schema->struct_bytes);
    hash_number(&hash, schema->quality_offset);
    return hash;
}

/* Members of the C struct; returns its size without the rounding at the end. */
static uint64_t lay_out_struct(struct wf_schema *schema, uint64_t *out_align)
{
    uint64_t at = 0;

    *out_align = 1;
    for (size_t i = 0; i < schema->parameter_count && at <= WF_SCHEMA_PAYLOAD_MAX; i++) {
        struct wf_parameter *parameter = &schema->parameters[i];
        uint64_t bytes;

        parameter->storage = wfi_storage_of(parameter);
        bytes = wf_storage_bytes(parameter->storage);
        at = align_up(at, bytes);
        parameter->offset = (uint32_t)at;
        at += bytes * wfi_member_elements(parameter);
        if (bytes > *out_align)
            *out_align = bytes;
        parameter->count_offset = 0;
        if (wfi_has_count(parameter)) {
            at = align_up(at, sizeof(uint32_t));
            parameter->count_offset = (uint32_t)at;
            at += sizeof(uint32_t);
            if (*out_align < sizeof(uint32_t))
                *out_align = sizeof(uint32_t);
        }
    }
    return at;
}

int wfi_schema_layout(struct wf_schema *schema, struct wf_err *err)
{
    uint64_t align, at = lay_out_struct(schema, &align);

    at = align_up(at, align);
    schema->struct_bytes = (uint32_t)at;
    at = align_up(at, 8);
    schema->raw_offset = (uint32_t)at;
    for (size_t i = 0; i < schema->parameter_count && at <= WF_SCHEMA_PAYLOAD_MAX; i++) {
        struct wf_parameter *parameter = &schema->parameters[i];

        parameter->raw_offset = 0;
        if (parameter->calibrator < 0)
            continue;
        parameter->raw_offset = (uint32_t)at;
        at += UINT64_C(8) * parameter->count_max;
    }
    schema->raw_bytes = (uint32_t)(at - schema->raw_offset);
    schema->quality_offset = (uint32_t)at;
    for (size_t i = 0; i < schema->parameter_count; i++)
        schema->parameters[i].quality_offset = schema->quality_offset + (uint32_t)i;
    at += schema->parameter_count;
    for (size_t i = 0; i < schema->parameter_count; i++) {
        struct wf_parameter *parameter = &schema->parameters[i];

        parameter->choice_offset = parameter->choice_count > 0 ? (uint32_t)at++ : 0;
    }
    at = align_up(at, 8);
    if (at > WF_SCHEMA_PAYLOAD_MAX)
        return wf_fail(err, WF_ERR_LIMIT, "a sample would take more than %u bytes",
                       WF_SCHEMA_PAYLOAD_MAX);
    schema->payload_bytes = (uint32_t)at;
    schema->layout_hash = layout_hash(schema);
    return 0;
}

int wfi_schema_hash(struct wf_schema *schema, struct wf_err *err)
{
    struct wf_strbuf text;
    int rc = 0;

    wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
    wf_schema_write(schema, &text);
    if (text.was_cut)
        rc = wf_fail(err, WF_ERR_LIMIT, "its text takes more than %u bytes", WF_SCHEMA_TEXT_MAX);
    else
        schema->schema_hash = wfi_fnv1a(WFI_FNV1A_START, text.text, text.len);
    wf_strbuf_fini(&text);
    return rc;
}
