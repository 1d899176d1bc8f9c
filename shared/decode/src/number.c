/* SPDX-License-Identifier: MIT */
/*
 * Encodings of numbers.
 *
 * MIL-STD-1750A floats, most significant bit first; the mantissa is a two's
 * complement fraction in [-1, 1), the exponent two's complement:
 *
 *   32 bits   m m m e              value = m / 2^23 * 2^e
 *   48 bits   m m m e m m          value = m / 2^39 * 2^e, its low 16 bits last
 */

#include "number.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "bits.h"

static int64_t extend_sign(uint64_t value, uint32_t bits)
{
    uint64_t sign = UINT64_C(1) << (bits - 1);

    return (int64_t)((value ^ sign) - sign);
}

static struct wfd_number make_unsigned(uint64_t value)
{
    return (struct wfd_number){ .kind = WFD_UNSIGNED, .as.u = value };
}

static struct wfd_number make_signed(int64_t value)
{
    return (struct wfd_number){ .kind = WFD_SIGNED, .as.i = value };
}

static struct wfd_number make_real(double value)
{
    return (struct wfd_number){ .kind = WFD_REAL, .as.f = value };
}

/* Digits of four bits; the first has what is left over when the width is no multiple. */
static uint64_t read_bcd(uint64_t value, uint32_t bits, bool *out_is_bad)
{
    uint64_t sum = 0;

    for (uint32_t shift = (bits + 3) / 4 * 4; shift > 0; shift -= 4) {
        uint32_t digit = (uint32_t)(value >> (shift - 4)) & 15u;

        if (digit > 9)
            *out_is_bad = true;
        sum = sum * 10 + digit;
    }
    return sum;
}

static uint64_t write_bcd(uint64_t value, uint32_t bits)
{
    uint32_t digits = (bits + 3) / 4;
    uint32_t first_bits = bits - 4 * (digits - 1);
    uint64_t first_max = first_bits == 4 ? 9 : (UINT64_C(1) << first_bits) - 1;
    uint64_t power = 1;
    uint64_t out = 0;

    for (uint32_t i = 1; i < digits; i++)
        power *= 10;
    if (value / power > first_max)
        value = first_max * power + (power - 1);
    for (uint32_t i = 0; i < digits; i++) {
        out |= value % 10 << (4 * i);
        value /= 10;
    }
    return out;
}

static double read_1750a(uint64_t value, uint32_t bits)
{
    int exponent;

    if (bits == 32) {
        exponent = (int)extend_sign(value & 0xff, 8);
        return ldexp((double)extend_sign(value >> 8, 24), exponent - 23);
    }
    exponent = (int)extend_sign(value >> 16 & 0xff, 8);
    return ldexp((double)extend_sign((value >> 24) << 16 | (value & 0xffff), 40), exponent - 39);
}

static uint64_t write_1750a(double value, uint32_t bits)
{
    int places = bits == 32 ? 23 : 39;
    double one = ldexp(1, places);
    int exponent = 0;
    double mantissa;
    uint64_t m;
    uint64_t e;

    if (isnan(value) || value == 0)
        return 0;
    mantissa = isinf(value) ? value : rint(ldexp(frexp(value, &exponent), places));
    if (mantissa == one) { /* rounded up to 1, which is not a fraction */
        mantissa /= 2;
        exponent++;
    }
    if (mantissa == -one / 2 && exponent > -128) { /* -1/2 is written as -1 */
        mantissa *= 2;
        exponent--;
    }
    if (isinf(value) || exponent > 127) {
        mantissa = value > 0 ? one - 1 : -one;
        exponent = 127;
    } else if (exponent < -128) {
        mantissa = rint(ldexp(mantissa, exponent + 128));
        exponent = mantissa == 0 ? 0 : -128;
    }
    m = (uint64_t)(int64_t)mantissa;
    e = (uint64_t)(unsigned)exponent & 0xff;
    if (bits == 32)
        return (m & 0xffffff) << 8 | e;
    return (m >> 16 & 0xffffff) << 24 | e << 16 | (m & 0xffff);
}

static struct wfd_number read_float(const struct wf_parameter *parameter, uint64_t bits)
{
    if (parameter->encoding == WF_ENCODING_MIL1750A)
        return make_real(read_1750a(bits, parameter->bits));
    if (parameter->bits == 32) {
        uint32_t word = (uint32_t)bits;
        float value;

        memcpy(&value, &word, sizeof(value));
        return make_real((double)value);
    } else {
        double value;

        memcpy(&value, &bits, sizeof(value));
        return make_real(value);
    }
}

struct wfd_number wfd_number_from_bits(const struct wf_parameter *parameter, uint64_t bits)
{
    uint32_t width = parameter->bits;
    struct wfd_number number = make_unsigned(bits);

    if (parameter->type == WF_TYPE_FLOAT)
        return read_float(parameter, bits);
    if (parameter->type == WF_TYPE_BOOL)
        return make_unsigned(bits != 0);
    if (parameter->encoding == WF_ENCODING_BCD)
        number.as.u = read_bcd(bits, width, &number.is_bad);
    if (parameter->type != WF_TYPE_INT)
        return number;

    number.kind = WFD_SIGNED;
    switch (parameter->encoding) {
    case WF_ENCODING_SIGN_MAGNITUDE: {
        int64_t magnitude = width > 1 ? (int64_t)(bits & wfd_mask(width - 1)) : 0;

        number.as.i = bits >> (width - 1) != 0 ? -magnitude : magnitude;
        break;
    }
    case WF_ENCODING_ONES_COMPLEMENT:
        number.as.i = extend_sign(bits, width);
        if (number.as.i < 0)
            number.as.i++; /* all ones is minus zero */
        break;
    case WF_ENCODING_BCD:
        number.as.i = (int64_t)number.as.u;
        break;
    case WF_ENCODING_PLAIN:
    case WF_ENCODING_MIL1750A:
        number.as.i = extend_sign(bits, width);
        break;
    }
    return number;
}

/* To a whole number in [low, high], nearest. */
static int64_t clamp_signed(struct wfd_number number, int64_t low, int64_t high)
{
    int64_t value;

    switch (number.kind) {
    case WFD_UNSIGNED:
        value = number.as.u > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)number.as.u;
        break;
    case WFD_SIGNED:
        value = number.as.i;
        break;
    default:
        if (isnan(number.as.f))
            return 0;
        if (number.as.f >= 0x1p63)
            value = INT64_MAX;
        else
            value = number.as.f <= -0x1p63 ? INT64_MIN : (int64_t)rint(number.as.f);
        break;
    }
    return value < low ? low : value > high ? high : value;
}

static uint64_t clamp_unsigned(struct wfd_number number, uint64_t high)
{
    uint64_t value;

    switch (number.kind) {
    case WFD_UNSIGNED:
        value = number.as.u;
        break;
    case WFD_SIGNED:
        value = number.as.i < 0 ? 0 : (uint64_t)number.as.i;
        break;
    default:
        /* NaN compares false: 0. */
        value = number.as.f >= 0x1p64 ? UINT64_MAX
                : number.as.f > 0     ? (uint64_t)rint(number.as.f)
                                      : 0;
        break;
    }
    return value > high ? high : value;
}

static uint64_t write_float(const struct wf_parameter *parameter, double value)
{
    uint64_t bits = 0;

    if (parameter->encoding == WF_ENCODING_MIL1750A)
        return write_1750a(value, parameter->bits);
    if (parameter->bits == 32) {
        uint32_t word;
        float single;

        if (isfinite(value) && fabs(value) > (double)FLT_MAX)
            value = value > 0 ? (double)FLT_MAX : -(double)FLT_MAX;
        single = (float)value;
        memcpy(&word, &single, sizeof(word));
        return word;
    }
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static uint64_t write_signed(const struct wf_parameter *parameter, struct wfd_number number)
{
    uint32_t width = parameter->bits;
    int64_t high = (int64_t)(wfd_mask(width) >> 1);
    int64_t value;

    if (parameter->encoding == WF_ENCODING_SIGN_MAGNITUDE) {
        value = clamp_signed(number, -high, high);
        return value < 0 ? (uint64_t)-value | UINT64_C(1) << (width - 1) : (uint64_t)value;
    }
    if (parameter->encoding == WF_ENCODING_ONES_COMPLEMENT) {
        value = clamp_signed(number, -high, high);
        return (value < 0 ? ~(uint64_t)-value : (uint64_t)value) & wfd_mask(width);
    }
    value = clamp_signed(number, -high - 1, high);
    return (uint64_t)value & wfd_mask(width);
}

uint64_t wfd_number_to_bits(const struct wf_parameter *parameter, struct wfd_number number)
{
    switch (parameter->type) {
    case WF_TYPE_FLOAT:
        return write_float(parameter, wfd_number_as_double(number));
    case WF_TYPE_BOOL:
        return wfd_number_as_double(number) != 0;
    default:
        break;
    }
    if (parameter->encoding == WF_ENCODING_BCD)
        return write_bcd(clamp_unsigned(number, UINT64_MAX), parameter->bits);
    if (parameter->type == WF_TYPE_INT)
        return write_signed(parameter, number);
    return clamp_unsigned(number, wfd_mask(parameter->bits));
}

double wfd_number_as_double(struct wfd_number number)
{
    switch (number.kind) {
    case WFD_UNSIGNED:
        return (double)number.as.u;
    case WFD_SIGNED:
        return (double)number.as.i;
    default:
        return number.as.f;
    }
}

struct wfd_number wfd_number_load(enum wf_storage storage, const uint8_t *at)
{
    union {
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
        int16_t i16;
        int32_t i32;
        int64_t i64;
        float f32;
        double f64;
    } word;

    memset(&word, 0, sizeof(word));
    memcpy(&word, at, wf_storage_bytes(storage));
    switch (storage) {
    case WF_STORE_U16:
        return make_unsigned(word.u16);
    case WF_STORE_U32:
        return make_unsigned(word.u32);
    case WF_STORE_U64:
        return make_unsigned(word.u64);
    case WF_STORE_I8:
        return make_signed((int8_t)*at);
    case WF_STORE_I16:
        return make_signed(word.i16);
    case WF_STORE_I32:
        return make_signed(word.i32);
    case WF_STORE_I64:
    case WF_STORE_TIME:
        return make_signed(word.i64);
    case WF_STORE_F32:
        return make_real((double)word.f32);
    case WF_STORE_F64:
        return make_real(word.f64);
    case WF_STORE_BOOL:
        return make_unsigned(*at != 0);
    default:
        return make_unsigned(*at);
    }
}

static bool store_unsigned(uint32_t bytes, struct wfd_number number, uint8_t *at)
{
    uint64_t high = wfd_mask(8 * bytes);
    uint64_t value;
    uint16_t half;
    uint32_t word;

    /* A real fits when rounding it does not leave the range; NaN never does. */
    if (number.kind == WFD_REAL &&
        !(number.as.f > -0.5 && number.as.f < ldexp(1, (int)(8 * bytes))))
        return false;
    if ((number.kind == WFD_SIGNED && number.as.i < 0) ||
        (number.kind == WFD_UNSIGNED && number.as.u > high))
        return false;
    value = clamp_unsigned(number, UINT64_MAX);
    if (value > high)
        return false;
    half = (uint16_t)value;
    word = (uint32_t)value;
    if (bytes == 1)
        *at = (uint8_t)value;
    else
        memcpy(at,
               bytes == 2   ? (const void *)&half
               : bytes == 4 ? (const void *)&word
                            : &value,
               bytes);
    return true;
}

static bool store_signed(uint32_t bytes, struct wfd_number number, uint8_t *at)
{
    int64_t high = (int64_t)(wfd_mask(8 * bytes) >> 1);
    int64_t value;
    int16_t half;
    int32_t word;

    if (number.kind == WFD_REAL && !(number.as.f >= -ldexp(1, (int)(8 * bytes) - 1) - 0.5 &&
                                     number.as.f < ldexp(1, (int)(8 * bytes) - 1)))
        return false;
    if (number.kind == WFD_UNSIGNED && number.as.u > (uint64_t)high)
        return false;
    value = clamp_signed(number, INT64_MIN, INT64_MAX);
    if (value < -high - 1 || value > high)
        return false;
    half = (int16_t)value;
    word = (int32_t)value;
    if (bytes == 1)
        *at = (uint8_t)(int8_t)value;
    else
        memcpy(at,
               bytes == 2   ? (const void *)&half
               : bytes == 4 ? (const void *)&word
                            : &value,
               bytes);
    return true;
}

bool wfd_number_store(enum wf_storage storage, struct wfd_number number, uint8_t *at)
{
    double real = wfd_number_as_double(number);
    float single;

    switch (storage) {
    case WF_STORE_U8:
    case WF_STORE_U16:
    case WF_STORE_U32:
    case WF_STORE_U64:
        return store_unsigned(wf_storage_bytes(storage), number, at);
    case WF_STORE_I8:
    case WF_STORE_I16:
    case WF_STORE_I32:
    case WF_STORE_I64:
    case WF_STORE_TIME:
        return store_signed(wf_storage_bytes(storage), number, at);
    case WF_STORE_F32:
        single = (float)real;
        memcpy(at, &single, sizeof(single));
        return true;
    case WF_STORE_F64:
        memcpy(at, &real, sizeof(real));
        return true;
    case WF_STORE_BOOL:
        *at = real != 0;
        return !isnan(real);
    default:
        return false;
    }
}

struct wfd_number wfd_number_load_raw(const struct wf_parameter *parameter, const uint8_t *at)
{
    switch (parameter->type) {
    case WF_TYPE_FLOAT:
        return wfd_number_load(WF_STORE_F64, at);
    case WF_TYPE_INT:
        return wfd_number_load(WF_STORE_I64, at);
    default:
        return wfd_number_load(WF_STORE_U64, at);
    }
}

void wfd_number_store_raw(struct wfd_number number, uint8_t *at)
{
    memcpy(at, &number.as, 8);
}
