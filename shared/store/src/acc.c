/* SPDX-License-Identifier: MIT */
/* Accumulators: see acc.h. */

#include "acc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/value.h>

static bool is_metered(const struct wf_parameter *parameter, uint8_t *out_kind)
{
    bool is_sized = parameter->storage == WF_STORE_CHARS || parameter->storage == WF_STORE_BYTES;

    if (parameter->count_max > 1 || (parameter->count_offset != 0 && !is_sized))
        return false;
    switch (parameter->storage) {
    case WF_STORE_U8:
    case WF_STORE_U16:
    case WF_STORE_U32:
    case WF_STORE_U64:
    case WF_STORE_BOOL:
        *out_kind = WFS_NUMBER_U64;
        return true;
    case WF_STORE_I8:
    case WF_STORE_I16:
    case WF_STORE_I32:
    case WF_STORE_I64:
        *out_kind = WFS_NUMBER_I64;
        return true;
    case WF_STORE_F32:
    case WF_STORE_F64:
        *out_kind = WFS_NUMBER_F64;
        return true;
    case WF_STORE_CHARS:
    case WF_STORE_BYTES:
    case WF_STORE_TIME:
        break;
    }
    return false;
}

int wfs_meters_create(const struct wf_schema *schema, struct wfs_meters **out_meters,
                      struct wf_err *err)
{
    struct wfs_meters *meters =
        calloc(1, sizeof(*meters) + (schema->parameter_count + 1) * sizeof(meters->list[0]));

    if (meters == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_parameter *parameter = &schema->parameters[i];
        struct wfs_meter *meter = &meters->list[meters->count];

        if (!is_metered(parameter, &meter->kind))
            continue;
        meter->offset = parameter->offset;
        meter->quality_offset = parameter->quality_offset;
        meter->storage = (uint8_t)parameter->storage;
        meter->parameter = (int)i;
        meters->count++;
    }
    *out_meters = meters;
    return 0;
}

void wfs_accs_clear(struct wfs_acc *accs, const struct wfs_meters *meters)
{
    memset(accs, 0, meters->count * sizeof(*accs));
    for (size_t i = 0; i < meters->count; i++)
        accs[i].kind = meters->list[i].kind;
}

/* --- one value -------------------------------------------------------------------------- */

static double as_double(uint8_t kind, union wfs_number number)
{
    return kind == WFS_NUMBER_F64   ? number.f64
           : kind == WFS_NUMBER_I64 ? (double)number.i64
                                    : (double)number.u64;
}

static bool is_less(uint8_t kind, union wfs_number a, union wfs_number b)
{
    return kind == WFS_NUMBER_F64   ? a.f64 < b.f64
           : kind == WFS_NUMBER_I64 ? a.i64 < b.i64
                                    : a.u64 < b.u64;
}

static void widen_sum(struct wfs_acc *acc)
{
    if (acc->is_sum_wide)
        return;
    acc->sum = (double)acc->sum_i64;
    acc->is_sum_wide = true;
}

static void add_integer(struct wfs_acc *acc, int64_t value)
{
    bool is_beyond =
        value > 0 ? acc->sum_i64 > INT64_MAX - value : acc->sum_i64 < INT64_MIN - value;

    if (WF_UNLIKELY(acc->is_sum_wide || is_beyond)) {
        widen_sum(acc);
        acc->sum += (double)value;
    } else {
        acc->sum_i64 += value;
    }
}

static void add_sum(struct wfs_acc *acc, union wfs_number value)
{
    if (acc->kind == WFS_NUMBER_F64) {
        acc->sum += value.f64;
    } else if (acc->kind == WFS_NUMBER_I64) {
        add_integer(acc, value.i64);
    } else if (WF_LIKELY(value.u64 <= INT64_MAX)) {
        add_integer(acc, (int64_t)value.u64);
    } else {
        widen_sum(acc);
        acc->sum += (double)value.u64;
    }
}

static union wfs_number load(const struct wfs_meter *meter, const uint8_t *payload)
{
    const uint8_t *from = payload + meter->offset;
    union wfs_number out = { 0 };
    union {
        uint16_t u16;
        uint32_t u32;
        int8_t i8;
        int16_t i16;
        int32_t i32;
        float f32;
    } v;

#define LOAD(member, to)                                                                           \
    memcpy(&v.member, from, sizeof(v.member));                                                     \
    out.to = v.member;                                                                             \
    break

    switch ((enum wf_storage)meter->storage) {
    case WF_STORE_U16:
        LOAD(u16, u64);
    case WF_STORE_U32:
        LOAD(u32, u64);
    case WF_STORE_I8:
        LOAD(i8, i64);
    case WF_STORE_I16:
        LOAD(i16, i64);
    case WF_STORE_I32:
        LOAD(i32, i64);
    case WF_STORE_F32:
        memcpy(&v.f32, from, sizeof(v.f32));
        out.f64 = (double)v.f32;
        break;
    case WF_STORE_U64:
    case WF_STORE_I64:
    case WF_STORE_F64:
        memcpy(&out, from, sizeof(out));
        break;
    default:
        out.u64 = *from;
    }
#undef LOAD
    return out;
}

void wfs_accs_add(struct wfs_acc *accs, const struct wfs_meters *meters, const uint8_t *payload,
                  int64_t time_ns)
{
    for (size_t i = 0; i < meters->count; i++) {
        const struct wfs_meter *meter = &meters->list[i];
        struct wfs_acc *acc = &accs[i];
        uint8_t quality = payload[meter->quality_offset];
        union wfs_number value;

        if (quality == WF_QUALITY_ABSENT)
            continue;
        if (quality > acc->worst)
            acc->worst = quality;
        value = load(meter, payload);
        if (WF_LIKELY(!acc->has_last || time_ns >= acc->last_ns)) {
            acc->last = value;
            acc->last_ns = time_ns;
            acc->last_quality = quality;
            acc->has_last = true;
        }
        if (WF_UNLIKELY(quality >= WF_QUALITY_INVALID ||
                        (meter->kind == WFS_NUMBER_F64 && isnan(value.f64)))) {
            acc->bad++;
            continue;
        }
        if (acc->count == 0 || is_less(meter->kind, value, acc->min))
            acc->min = value;
        if (acc->count == 0 || is_less(meter->kind, acc->max, value))
            acc->max = value;
        add_sum(acc, value);
        acc->count++;
    }
}

/* --- merging ------------------------------------------------------------------------------ */

/* Two versions of a schema may disagree on what a number is: then both count as doubles. */
static void make_double(struct wfs_acc *acc)
{
    if (acc->kind == WFS_NUMBER_F64)
        return;
    acc->min.f64 = as_double(acc->kind, acc->min);
    acc->max.f64 = as_double(acc->kind, acc->max);
    acc->last.f64 = as_double(acc->kind, acc->last);
    widen_sum(acc);
    acc->kind = WFS_NUMBER_F64;
}

/* Numbers from files are signed as long as they fit: the same numbers, unsigned. */
static bool make_unsigned(struct wfs_acc *acc)
{
    if (acc->kind == WFS_NUMBER_I64 && (acc->count == 0 || acc->min.i64 >= 0) &&
        (!acc->has_last || acc->last.i64 >= 0))
        acc->kind = WFS_NUMBER_U64;
    return acc->kind == WFS_NUMBER_U64;
}

static void merge_sum(struct wfs_acc *to, const struct wfs_acc *from)
{
    if (to->kind == WFS_NUMBER_F64) {
        to->sum += from->sum;
    } else if (from->is_sum_wide) {
        widen_sum(to);
        to->sum += from->sum;
    } else {
        add_integer(to, from->sum_i64);
    }
}

void wfs_acc_merge(struct wfs_acc *to, const struct wfs_acc *from)
{
    struct wfs_acc other = *from;

    if (wfs_acc_is_empty(to)) {
        *to = other;
        return;
    }
    if (to->kind != other.kind && (!make_unsigned(to) || !make_unsigned(&other))) {
        make_double(to);
        make_double(&other);
    }
    if (other.worst > to->worst)
        to->worst = other.worst;
    if (other.has_last && (!to->has_last || other.last_ns >= to->last_ns)) {
        to->last = other.last;
        to->last_ns = other.last_ns;
        to->last_quality = other.last_quality;
        to->has_last = true;
    }
    to->bad += other.bad;
    if (other.count == 0)
        return;
    if (to->count == 0 || is_less(to->kind, other.min, to->min))
        to->min = other.min;
    if (to->count == 0 || is_less(to->kind, to->max, other.max))
        to->max = other.max;
    merge_sum(to, &other);
    to->count += other.count;
}

/* --- in the file ---------------------------------------------------------------------------- */

static void bind_number(sqlite3_stmt *stmt, int at, uint8_t kind, union wfs_number number)
{
    if (kind == WFS_NUMBER_I64)
        (void)sqlite3_bind_int64(stmt, at, number.i64);
    else if (kind == WFS_NUMBER_U64)
        (void)wfs_bind_u64(stmt, at, number.u64);
    else if (isnan(number.f64))
        (void)sqlite3_bind_text(stmt, at, "NaN", 3, SQLITE_STATIC);
    else
        (void)sqlite3_bind_double(stmt, at, number.f64);
}

void wfs_acc_bind(sqlite3_stmt *stmt, int at, const struct wfs_acc *acc, int64_t bucket_ns)
{
    (void)sqlite3_clear_bindings(stmt);
    if (acc->count > 0) {
        bind_number(stmt, at, acc->kind, acc->min);
        bind_number(stmt, at + 1, acc->kind, acc->max);
        /* What is no number (Inf - Inf) becomes NULL. */
        if (acc->kind == WFS_NUMBER_F64 || acc->is_sum_wide)
            (void)sqlite3_bind_double(stmt, at + 2, acc->sum);
        else
            (void)sqlite3_bind_int64(stmt, at + 2, acc->sum_i64);
    }
    if (acc->has_last) {
        bind_number(stmt, at + 3, acc->kind, acc->last);
        (void)sqlite3_bind_int64(stmt, at + 4, acc->last_ns - bucket_ns);
    }
    (void)sqlite3_bind_int64(stmt, at + 5, acc->count);
    (void)sqlite3_bind_int64(stmt, at + 6, acc->bad);
    (void)sqlite3_bind_int64(stmt, at + 7, acc->worst);
    (void)sqlite3_bind_int64(stmt, at + 8, acc->last_quality);
}

static uint8_t kind_in(sqlite3_stmt *stmt, int at)
{
    switch (sqlite3_column_type(stmt, at)) {
    case SQLITE_INTEGER:
        return WFS_NUMBER_I64;
    case SQLITE_FLOAT:
        return WFS_NUMBER_F64;
    default: {
        const char *text = (const char *)sqlite3_column_text(stmt, at);

        return text != NULL && text[0] == 'N' ? WFS_NUMBER_F64 : WFS_NUMBER_U64;
    }
    }
}

static union wfs_number read_number(sqlite3_stmt *stmt, int at, uint8_t kind)
{
    union wfs_number out = { 0 };

    if (kind == WFS_NUMBER_U64)
        out.u64 = wfs_column_u64(stmt, at);
    else if (kind == WFS_NUMBER_I64)
        out.i64 = sqlite3_column_int64(stmt, at);
    else
        out.f64 = sqlite3_column_type(stmt, at) == SQLITE_TEXT ? (double)NAN
                                                               : sqlite3_column_double(stmt, at);
    return out;
}

void wfs_acc_read(sqlite3_stmt *stmt, int at, int64_t bucket_ns, struct wfs_acc *out)
{
    memset(out, 0, sizeof(*out));
    out->count = (uint32_t)sqlite3_column_int64(stmt, at + 5);
    out->bad = (uint32_t)sqlite3_column_int64(stmt, at + 6);
    out->worst = (uint8_t)sqlite3_column_int64(stmt, at + 7);
    out->last_quality = (uint8_t)sqlite3_column_int64(stmt, at + 8);
    out->has_last = sqlite3_column_type(stmt, at + 4) != SQLITE_NULL;
    out->kind = WFS_NUMBER_I64;
    if (out->has_last)
        out->last_ns = bucket_ns + sqlite3_column_int64(stmt, at + 4);
    /* All that are not integers up to 2^63 show it: any float, any larger integer. */
    for (int i = 0; i < 4; i++) {
        uint8_t kind = i == 2 ? WFS_NUMBER_I64 : out->kind;

        if (i != 2 && sqlite3_column_type(stmt, at + i) != SQLITE_NULL)
            kind = kind_in(stmt, at + i);
        if (kind != WFS_NUMBER_I64 && out->kind != WFS_NUMBER_F64)
            out->kind = kind;
    }
    if (out->has_last)
        out->last = read_number(stmt, at + 3, out->kind);
    if (out->count == 0)
        return;
    out->min = read_number(stmt, at, out->kind);
    out->max = read_number(stmt, at + 1, out->kind);
    out->is_sum_wide =
        out->kind != WFS_NUMBER_F64 && sqlite3_column_type(stmt, at + 2) != SQLITE_INTEGER;
    if (out->kind == WFS_NUMBER_F64 || out->is_sum_wide)
        out->sum = sqlite3_column_type(stmt, at + 2) == SQLITE_NULL
                       ? (double)NAN
                       : sqlite3_column_double(stmt, at + 2);
    else
        out->sum_i64 = sqlite3_column_int64(stmt, at + 2);
}
