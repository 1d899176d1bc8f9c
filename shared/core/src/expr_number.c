/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic of expressions: whole numbers from -2^63 to 2^64-1 exactly, doubles
 * for the rest, and comparisons that are right between the two.
 */

#include "expr_private.h"

#include <math.h>
#include <string.h>

#define MAGNITUDE_MIN (UINT64_C(1) << 63) /* of the most negative whole number */

static const struct wfi_operand unknown = { .kind = WFI_UNKNOWN };

struct wfi_operand wfi_whole(uint64_t magnitude, bool is_negative)
{
    return (struct wfi_operand){ .kind = WFI_WHOLE,
                                 .is_negative = is_negative && magnitude != 0,
                                 .as.magnitude = magnitude };
}

struct wfi_operand wfi_real(double value)
{
    if (isnan(value))
        return unknown;
    return (struct wfi_operand){ .kind = WFI_REAL, .as.real = value };
}

struct wfi_operand wfi_truth(bool value)
{
    return (struct wfi_operand){ .kind = WFI_TRUTH, .as.magnitude = value };
}

static struct wfi_operand whole_of_i64(int64_t value)
{
    return value < 0 ? wfi_whole(0 - (uint64_t)value, true) : wfi_whole((uint64_t)value, false);
}

struct wfi_operand wfi_of_value(const struct wf_value *value)
{
    if (value->quality >= WF_QUALITY_INVALID)
        return unknown;
    switch (value->kind) {
    case WF_VALUE_U64:
        return wfi_whole(value->as.u64, false);
    case WF_VALUE_I64:
    case WF_VALUE_TIME:
        return whole_of_i64(value->as.i64);
    case WF_VALUE_F64:
        return wfi_real(value->as.f64);
    case WF_VALUE_BOOL:
        return wfi_truth(value->as.u64 != 0);
    case WF_VALUE_TEXT:
        return (struct wfi_operand){ .kind = WFI_TEXT,
                                     .len = (uint32_t)value->len,
                                     .as.text = value->as.text };
    case WF_VALUE_BYTES:
        return (struct wfi_operand){ .kind = WFI_TEXT,
                                     .len = (uint32_t)value->len,
                                     .as.text = (const char *)value->as.bytes };
    case WF_VALUE_NONE:
        break;
    }
    return unknown;
}

double wfi_as_double(const struct wfi_operand *operand)
{
    switch (operand->kind) {
    case WFI_WHOLE:
        return operand->is_negative ? -(double)operand->as.magnitude
                                    : (double)operand->as.magnitude;
    case WFI_REAL:
        return operand->as.real;
    case WFI_TRUTH:
        return (double)operand->as.magnitude;
    case WFI_UNKNOWN:
    case WFI_TEXT:
        break;
    }
    return (double)NAN;
}

enum wf_truth wfi_truth_of(const struct wfi_operand *operand)
{
    switch (operand->kind) {
    case WFI_WHOLE:
    case WFI_TRUTH:
        return operand->as.magnitude != 0 ? WF_TRUE : WF_FALSE;
    case WFI_REAL:
        return operand->as.real != 0 ? WF_TRUE : WF_FALSE;
    case WFI_UNKNOWN:
    case WFI_TEXT:
        break;
    }
    return WF_UNKNOWN;
}

/* --- comparing ------------------------------------------------------------------------- */

static int order_magnitudes(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int order_whole(const struct wfi_operand *a, const struct wfi_operand *b)
{
    if (a->is_negative != b->is_negative)
        return a->is_negative ? -1 : 1;
    return a->is_negative ? order_magnitudes(b->as.magnitude, a->as.magnitude)
                          : order_magnitudes(a->as.magnitude, b->as.magnitude);
}

/* A whole number against a double, without rounding the whole one. */
static int order_mixed(const struct wfi_operand *whole, double real)
{
    struct wfi_operand floor_part;
    double below = floor(real);
    int order;

    if (real >= 18446744073709551616.0)
        return -1;
    if (real < -9223372036854775808.0)
        return 1;
    floor_part = below < 0 ? wfi_whole((uint64_t)-below, true) : wfi_whole((uint64_t)below, false);
    order = order_whole(whole, &floor_part);
    return order == 0 && real > below ? -1 : order;
}

static int order_texts(const struct wfi_operand *a, const struct wfi_operand *b)
{
    uint32_t shorter = a->len < b->len ? a->len : b->len;
    int order = shorter > 0 ? memcmp(a->as.text, b->as.text, shorter) : 0;

    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

bool wfi_order(const struct wfi_operand *a, const struct wfi_operand *b, int *out)
{
    bool a_is_whole = a->kind == WFI_WHOLE || a->kind == WFI_TRUTH;
    bool b_is_whole = b->kind == WFI_WHOLE || b->kind == WFI_TRUTH;

    if (a->kind == WFI_TEXT && b->kind == WFI_TEXT)
        *out = order_texts(a, b);
    else if (a_is_whole && b_is_whole)
        *out = order_whole(a, b);
    else if (a_is_whole && b->kind == WFI_REAL)
        *out = order_mixed(a, b->as.real);
    else if (a->kind == WFI_REAL && b_is_whole)
        *out = -order_mixed(b, a->as.real);
    else if (a->kind == WFI_REAL && b->kind == WFI_REAL)
        *out = (a->as.real > b->as.real) - (a->as.real < b->as.real);
    else
        return false;
    return true;
}

/* --- whole numbers ------------------------------------------------------------------------ */

static bool whole_fits(uint64_t magnitude, bool is_negative)
{
    return !is_negative || magnitude <= MAGNITUDE_MIN;
}

static bool add_whole(const struct wfi_operand *a, const struct wfi_operand *b,
                      struct wfi_operand *out)
{
    uint64_t left = a->as.magnitude, right = b->as.magnitude;
    bool is_negative = a->is_negative;
    uint64_t magnitude;

    if (a->is_negative == b->is_negative) {
        if (left > UINT64_MAX - right)
            return false;
        magnitude = left + right;
    } else if (left >= right) {
        magnitude = left - right;
    } else {
        magnitude = right - left;
        is_negative = b->is_negative;
    }
    if (!whole_fits(magnitude, is_negative))
        return false;
    *out = wfi_whole(magnitude, is_negative);
    return true;
}

static bool multiply_whole(const struct wfi_operand *a, const struct wfi_operand *b,
                           struct wfi_operand *out)
{
    uint64_t left = a->as.magnitude, right = b->as.magnitude;
    bool is_negative = a->is_negative != b->is_negative;

    if ((left != 0 && right > UINT64_MAX / left) || !whole_fits(left * right, is_negative))
        return false;
    *out = wfi_whole(left * right, is_negative);
    return true;
}

static struct wfi_operand divide(enum wfi_op op, const struct wfi_operand *a,
                                 const struct wfi_operand *b)
{
    bool is_whole = a->kind == WFI_WHOLE && b->kind == WFI_WHOLE;
    double left, right;

    if (is_whole && b->as.magnitude == 0)
        return unknown;
    if (is_whole && op == WFI_OP_MOD)
        return wfi_whole(a->as.magnitude % b->as.magnitude, a->is_negative);
    if (is_whole && a->as.magnitude % b->as.magnitude == 0) {
        bool is_negative = a->is_negative != b->is_negative;
        uint64_t magnitude = a->as.magnitude / b->as.magnitude;

        if (whole_fits(magnitude, is_negative))
            return wfi_whole(magnitude, is_negative);
    }
    left = wfi_as_double(a);
    right = wfi_as_double(b);
    if (right == 0)
        return unknown;
    return wfi_real(op == WFI_OP_MOD ? fmod(left, right) : left / right);
}

/* The 64 bits of a whole number, two's complement when negative. */
static uint64_t bits_of(const struct wfi_operand *operand)
{
    return operand->is_negative ? 0 - operand->as.magnitude : operand->as.magnitude;
}

static struct wfi_operand bit_arithmetic(enum wfi_op op, const struct wfi_operand *a,
                                         const struct wfi_operand *b)
{
    bool is_signed = a->is_negative || b->is_negative;
    uint64_t bits;

    if (a->kind != WFI_WHOLE || b->kind != WFI_WHOLE)
        return unknown;
    switch (op) {
    case WFI_OP_BIT_OR:
        bits = bits_of(a) | bits_of(b);
        break;
    case WFI_OP_BIT_XOR:
        bits = bits_of(a) ^ bits_of(b);
        break;
    case WFI_OP_BIT_AND:
        bits = bits_of(a) & bits_of(b);
        break;
    default:
        if (b->is_negative || b->as.magnitude > 63 || a->is_negative)
            return unknown;
        bits = op == WFI_OP_SHIFT_LEFT ? a->as.magnitude << b->as.magnitude
                                       : a->as.magnitude >> b->as.magnitude;
        break;
    }
    return is_signed && (bits >> 63) != 0 ? wfi_whole(0 - bits, true) : wfi_whole(bits, false);
}

/* Truth values count as 0 and 1. */
static struct wfi_operand as_number(const struct wfi_operand *operand)
{
    return operand->kind == WFI_TRUTH ? wfi_whole(operand->as.magnitude, false) : *operand;
}

static bool is_number(const struct wfi_operand *operand)
{
    return operand->kind == WFI_WHOLE || operand->kind == WFI_REAL;
}

static struct wfi_operand sum_or_product(enum wfi_op op, const struct wfi_operand *a,
                                         const struct wfi_operand *b)
{
    struct wfi_operand out, negated = *b;

    if (a->kind == WFI_WHOLE && b->kind == WFI_WHOLE) {
        negated.is_negative = !b->is_negative && b->as.magnitude != 0;
        if (op == WFI_OP_MUL ? multiply_whole(a, b, &out)
                             : add_whole(a, op == WFI_OP_ADD ? b : &negated, &out))
            return out;
    }

    double left = wfi_as_double(a), right = wfi_as_double(b);

    switch (op) {
    case WFI_OP_ADD:
        return wfi_real(left + right);
    case WFI_OP_SUB:
        return wfi_real(left - right);
    default:
        return wfi_real(left * right);
    }
}

struct wfi_operand wfi_arithmetic(enum wfi_op op, const struct wfi_operand *left,
                                  const struct wfi_operand *right)
{
    struct wfi_operand a = as_number(left), b = as_number(right);
    int order;

    if (!is_number(&a) || !is_number(&b))
        return unknown;
    switch (op) {
    case WFI_OP_ADD:
    case WFI_OP_SUB:
    case WFI_OP_MUL:
        return sum_or_product(op, &a, &b);
    case WFI_OP_DIV:
    case WFI_OP_MOD:
        return divide(op, &a, &b);
    case WFI_OP_MIN:
    case WFI_OP_MAX:
        if (!wfi_order(&a, &b, &order))
            return unknown;
        return (order <= 0) == (op == WFI_OP_MIN) ? a : b;
    default:
        return bit_arithmetic(op, &a, &b);
    }
}
