/* SPDX-License-Identifier: MIT */
/* Row: see row.h. */

#include "row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/value.h>

static const uint16_t byte_order_probe = 1;

static bool is_big_endian_host(void)
{
    uint8_t first;

    memcpy(&first, &byte_order_probe, 1);
    return first == 0;
}

bool wfs_is_clean_text(const uint8_t *text, size_t len)
{
    size_t i = 0;

    while (i < len) {
        uint8_t c = text[i];
        size_t more = c < 0x80 ? 0 : (c & 0xe0) == 0xc0 ? 1 : (c & 0xf0) == 0xe0 ? 2 : 3;
        uint32_t code;

        if (c == 0 || (c >= 0x80 && c < 0xc2) || c > 0xf4 || more >= len - i)
            return false;
        code = more == 0 ? c : (uint32_t)(c & (0x3f >> more));
        for (size_t k = 1; k <= more; k++) {
            if ((text[i + k] & 0xc0) != 0x80)
                return false;
            code = code << 6 | (text[i + k] & 0x3fu);
        }
        if ((more == 2 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) ||
            (more == 3 && (code < 0x10000 || code > 0x10ffff)))
            return false;
        i += more + 1;
    }
    return true;
}

static int bind_double(sqlite3_stmt *stmt, int at, double value)
{
    /* SQLite makes NULL of a NaN, and NULL is ABSENT. */
    return isnan(value) ? sqlite3_bind_text(stmt, at, "NaN", 3, SQLITE_STATIC)
                        : sqlite3_bind_double(stmt, at, value);
}

static uint32_t size_in(const struct wfs_column *column, const uint8_t *payload)
{
    uint32_t size = column->size_max;

    if (column->count_offset != 0) {
        memcpy(&size, payload + column->count_offset, sizeof(size));
        if (size > column->size_max)
            size = column->size_max;
    }
    return size;
}

static void swap_elements(uint8_t *bytes, size_t len, size_t width)
{
    for (size_t i = 0; i + width <= len; i += width) {
        for (size_t k = 0; k < width / 2; k++) {
            uint8_t t = bytes[i + k];

            bytes[i + k] = bytes[i + width - 1 - k];
            bytes[i + width - 1 - k] = t;
        }
    }
}

static int bind_array(sqlite3_stmt *stmt, int at, const struct wfs_column *column,
                      const uint8_t *from, uint32_t count)
{
    size_t len = (size_t)count * column->stride;
    uint8_t *copy;

    if (column->swap == 1 || !is_big_endian_host())
        return sqlite3_bind_blob64(stmt, at, len > 0 ? from : (const uint8_t *)"", len,
                                   SQLITE_STATIC);
    copy = sqlite3_malloc64(len + 1);
    if (copy == NULL)
        return SQLITE_NOMEM;
    memcpy(copy, from, len);
    swap_elements(copy, len, column->swap);
    return sqlite3_bind_blob64(stmt, at, copy, len, sqlite3_free);
}

static int bind_sized(sqlite3_stmt *stmt, int at, const struct wfs_column *column,
                      const uint8_t *payload)
{
    const uint8_t *from = payload + column->offset;
    uint32_t size = size_in(column, payload);

    if (column->cell == WFS_CELL_ARRAY)
        return bind_array(stmt, at, column, from, size);
    if (column->cell == WFS_CELL_CHARS) {
        /* A fixed field is padded with NULs, which are not part of the text. */
        while (column->count_offset == 0 && size > 0 && from[size - 1] == '\0')
            size--;
        if (wfs_is_clean_text(from, size))
            return sqlite3_bind_text(stmt, at, (const char *)from, (int)size, SQLITE_STATIC);
    }
    return sqlite3_bind_blob(stmt, at, size > 0 ? from : (const uint8_t *)"", (int)size,
                             SQLITE_STATIC);
}

static int bind_cell(sqlite3_stmt *stmt, int at, const struct wfs_column *column,
                     const uint8_t *payload)
{
    const uint8_t *from = payload + column->offset;
    union {
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
        int8_t i8;
        int16_t i16;
        int32_t i32;
        int64_t i64;
        float f32;
        double f64;
    } v;

#define BIND(member, expression)                                                                   \
    memcpy(&v.member, from, sizeof(v.member));                                                     \
    return expression

    switch (column->cell) {
    case WFS_CELL_U8:
        return sqlite3_bind_int(stmt, at, *from);
    case WFS_CELL_U16:
        BIND(u16, sqlite3_bind_int(stmt, at, v.u16));
    case WFS_CELL_U32:
        BIND(u32, sqlite3_bind_int64(stmt, at, v.u32));
    case WFS_CELL_U64:
        BIND(u64, wfs_bind_u64(stmt, at, v.u64));
    case WFS_CELL_I8:
        BIND(i8, sqlite3_bind_int(stmt, at, v.i8));
    case WFS_CELL_I16:
        BIND(i16, sqlite3_bind_int(stmt, at, v.i16));
    case WFS_CELL_I32:
        BIND(i32, sqlite3_bind_int(stmt, at, v.i32));
    case WFS_CELL_I64:
        BIND(i64, sqlite3_bind_int64(stmt, at, v.i64));
    case WFS_CELL_F32:
        BIND(f32, bind_double(stmt, at, (double)v.f32));
    case WFS_CELL_F64:
        BIND(f64, bind_double(stmt, at, v.f64));
    case WFS_CELL_TIME:
        BIND(i64, wfs_bind_time(stmt, at, v.i64));
    case WFS_CELL_CHARS:
    case WFS_CELL_BYTES:
    case WFS_CELL_ARRAY:
        break;
    }
#undef BIND
    return bind_sized(stmt, at, column, payload);
}

int wfs_bind_part(sqlite3_stmt *stmt, int at, const struct wfs_plan *plan, size_t part,
                  const uint8_t *payload)
{
    const struct wfs_column *column = &plan->columns[plan->parts[part].first];

    for (size_t i = 0; i < plan->parts[part].count; i++, column++, at++) {
        int rc = payload[column->quality_offset] == WF_QUALITY_ABSENT
                     ? sqlite3_bind_null(stmt, at)
                     : bind_cell(stmt, at, column, payload);

        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

static bool is_all_zero(const uint8_t *bytes, size_t len)
{
    return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

int wfs_bind_quality(sqlite3_stmt *stmt, int at, const struct wfs_plan *plan,
                     const uint8_t *payload, uint8_t *scratch)
{
    const uint8_t *quality = scratch;

    if (plan->is_quality_contiguous) {
        quality = payload + plan->schema->quality_offset;
    } else {
        for (size_t i = 0; i < plan->column_count; i++)
            scratch[i] = payload[plan->columns[i].quality_offset];
    }
    if (is_all_zero(quality, plan->column_count))
        return sqlite3_bind_null(stmt, at);
    return sqlite3_bind_blob(stmt, at, quality, (int)plan->column_count, SQLITE_STATIC);
}

int wfs_bind_choices(sqlite3_stmt *stmt, int at, const struct wfs_plan *plan,
                     const uint8_t *payload)
{
    const uint8_t *choices = payload + plan->schema->quality_offset + plan->schema->parameter_count;

    if (is_all_zero(choices, plan->choice_count))
        return sqlite3_bind_null(stmt, at);
    return sqlite3_bind_blob(stmt, at, choices, (int)plan->choice_count, SQLITE_STATIC);
}

void wfs_read_choices(sqlite3_stmt *stmt, int at, const struct wfs_plan *plan, uint8_t *payload)
{
    uint8_t *choices = payload + plan->schema->quality_offset + plan->schema->parameter_count;
    const void *from = sqlite3_column_blob(stmt, at);
    size_t len = (size_t)sqlite3_column_bytes(stmt, at);

    memset(choices, 0, plan->choice_count);
    if (len > 0 && from != NULL)
        memcpy(choices, from, len < plan->choice_count ? len : plan->choice_count);
}

/* --- reading ---------------------------------------------------------------------- */

void wfs_row_clear(const struct wfs_plan *plan, uint8_t *payload)
{
    memset(payload, 0, plan->schema->payload_bytes);
    for (size_t i = 0; i < plan->column_count; i++)
        payload[plan->columns[i].quality_offset] = WF_QUALITY_ABSENT;
}

static double read_double(sqlite3_stmt *stmt, int at)
{
    return sqlite3_column_type(stmt, at) == SQLITE_TEXT ? (double)NAN
                                                        : sqlite3_column_double(stmt, at);
}

static void read_sized(sqlite3_stmt *stmt, int at, const struct wfs_column *column,
                       uint8_t *payload)
{
    const void *from = sqlite3_column_blob(stmt, at); /* of a text: its bytes */
    size_t len = (size_t)sqlite3_column_bytes(stmt, at);
    size_t max = (size_t)column->size_max * column->stride;
    uint32_t count;

    if (len > max)
        len = max; /* a file that somebody else wrote */
    if (len > 0)
        memcpy(payload + column->offset, from, len);
    if (column->count_offset == 0) /* a fixed field is padded, also over what was there */
        memset(payload + column->offset + len, 0, max - len);
    if (column->swap > 1 && is_big_endian_host())
        swap_elements(payload + column->offset, len, column->swap);
    count = (uint32_t)(len / column->stride);
    if (column->count_offset != 0)
        memcpy(payload + column->count_offset, &count, sizeof(count));
}

static void read_cell(sqlite3_stmt *stmt, int at, const struct wfs_column *column, uint8_t *payload)
{
    uint8_t *to = payload + column->offset;

#define READ(type, expression)                                                                     \
    do {                                                                                           \
        type v = (type)(expression);                                                               \
        memcpy(to, &v, sizeof(v));                                                                 \
    } while (0)

    switch (column->cell) {
    case WFS_CELL_U8:
    case WFS_CELL_I8:
        READ(uint8_t, sqlite3_column_int64(stmt, at));
        break;
    case WFS_CELL_U16:
    case WFS_CELL_I16:
        READ(uint16_t, sqlite3_column_int64(stmt, at));
        break;
    case WFS_CELL_U32:
    case WFS_CELL_I32:
        READ(uint32_t, sqlite3_column_int64(stmt, at));
        break;
    case WFS_CELL_U64:
        READ(uint64_t, wfs_column_u64(stmt, at));
        break;
    case WFS_CELL_I64:
        READ(int64_t, sqlite3_column_int64(stmt, at));
        break;
    case WFS_CELL_F32:
        READ(float, read_double(stmt, at));
        break;
    case WFS_CELL_F64:
        READ(double, read_double(stmt, at));
        break;
    case WFS_CELL_TIME:
        READ(int64_t, wfs_column_time(stmt, at));
        break;
    case WFS_CELL_CHARS:
    case WFS_CELL_BYTES:
    case WFS_CELL_ARRAY:
        read_sized(stmt, at, column, payload);
        break;
    }
#undef READ
}

/* What the decoder did when the packet came: raw words to engineering values. */
static void calibrate(const struct wfs_plan *plan, const struct wfs_column *column,
                      uint8_t *payload)
{
    const struct wf_parameter *parameter = &plan->schema->parameters[column->parameter];
    const struct wf_calibrator *calibrator;
    uint32_t count = column->cell == WFS_CELL_ARRAY ? size_in(column, payload) : 1;

    calibrator = wf_calibrator_in_force(plan->schema, payload, (size_t)column->parameter);
    if (calibrator == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t word;
        double raw, value = (double)NAN;

        memcpy(&word, payload + column->offset + 8u * i, sizeof(word));
        if (parameter->type == WF_TYPE_FLOAT)
            memcpy(&raw, &word, sizeof(raw));
        else
            raw = parameter->type == WF_TYPE_INT ? (double)(int64_t)word : (double)word;
        if (!wf_calibrate(calibrator, raw, &value))
            value = (double)NAN;
        memcpy(payload + parameter->offset + sizeof(value) * i, &value, sizeof(value));
    }
}

void wfs_row_read(sqlite3_stmt *stmt, int at, const struct wfs_plan *plan, size_t column,
                  uint8_t quality, uint8_t *payload)
{
    const struct wfs_column *c = &plan->columns[column];

    if (sqlite3_column_type(stmt, at) == SQLITE_NULL) {
        /* Only a time is NULL without being absent. */
        bool is_time = c->cell == WFS_CELL_TIME && quality != WF_QUALITY_ABSENT;

        payload[c->quality_offset] = is_time ? quality : WF_QUALITY_ABSENT;
        if (is_time)
            read_cell(stmt, at, c, payload);
        return;
    }
    payload[c->quality_offset] = quality;
    read_cell(stmt, at, c, payload);
    if (c->is_raw)
        calibrate(plan, c, payload);
}
