/* SPDX-License-Identifier: MIT */
#ifndef TEST_DECODE_REFERENCE_H
#define TEST_DECODE_REFERENCE_H

/*
 * A slow decoder of numbers, bit by bit, written from the definitions and sharing
 * nothing with the library: what the random tests believe.
 */

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ref_type { REF_UINT, REF_INT, REF_FLOAT, REF_BOOL };
enum ref_encoding { REF_PLAIN, REF_SIGN, REF_ONES, REF_BCD, REF_1750A };

struct ref_number {
    enum ref_type type;
    enum ref_encoding encoding;
    bool is_little;
    unsigned bits;
};

struct ref_value {
    bool is_bad;       /* INVALID by itself: NaN, a BCD digit above 9 */
    bool is_canonical; /* writing the value gives these bits again */
    uint64_t u;
    int64_t i;
    double f;
};

/* One array element for each bit, most significant first, in the order of meaning. */
static void ref_order(const struct ref_number *number, const uint8_t *packet_bits, uint8_t *out)
{
    for (unsigned k = 0; k < number->bits; k++) {
        unsigned byte = k / 8;
        unsigned from = number->is_little && number->bits > 8 ? number->bits / 8 - 1 - byte : byte;

        out[k] = packet_bits[from * 8 + k % 8];
    }
}

static uint64_t ref_sum(const uint8_t *bits, unsigned count)
{
    uint64_t sum = 0;

    for (unsigned k = 0; k < count; k++)
        sum += sum + bits[k];
    return sum;
}

static int64_t ref_twos(const uint8_t *bits, unsigned count)
{
    int64_t sum = bits[0] ? -1 : 0;

    for (unsigned k = 1; k < count; k++)
        sum = sum * 2 + bits[k];
    return sum;
}

static double ref_ieee(const uint8_t *bits, unsigned exponent_bits, unsigned fraction_bits)
{
    int bias = (1 << (exponent_bits - 1)) - 1;
    int exponent = (int)ref_sum(bits + 1, exponent_bits);
    uint64_t fraction = ref_sum(bits + 1 + exponent_bits, fraction_bits);
    double value;

    if (exponent == 2 * bias + 1)
        value = fraction != 0 ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        value = ldexp((double)fraction, 1 - bias - (int)fraction_bits);
    else
        value = ldexp((double)(fraction + (UINT64_C(1) << fraction_bits)),
                      exponent - bias - (int)fraction_bits);
    return bits[0] ? -value : value;
}

static double ref_1750a(const uint8_t *bits, unsigned count, bool *out_is_canonical)
{
    uint8_t mantissa[40];
    unsigned places = count == 32 ? 24 : 40;
    int exponent = (int)ref_twos(bits + 24, 8);
    double value;

    for (unsigned k = 0; k < places; k++)
        mantissa[k] = bits[k < 24 ? k : k + 8];
    value = ldexp((double)ref_twos(mantissa, places), exponent - (int)places + 1);
    *out_is_canonical = mantissa[0] != mantissa[1]; /* normalised */
    return value;
}

static struct ref_value ref_read(const struct ref_number *number, const uint8_t *packet_bits)
{
    struct ref_value out = { .is_canonical = true };
    uint8_t bits[64];
    unsigned n = number->bits;

    ref_order(number, packet_bits, bits);
    if (number->type == REF_FLOAT) {
        if (number->encoding == REF_1750A)
            out.f = ref_1750a(bits, n, &out.is_canonical);
        else
            out.f = n == 32 ? ref_ieee(bits, 8, 23) : ref_ieee(bits, 11, 52);
        out.is_bad = isnan(out.f);
        out.is_canonical = out.is_canonical && !out.is_bad;
        return out;
    }
    out.u = ref_sum(bits, n);
    if (number->type == REF_BOOL) {
        out.is_canonical = out.u <= 1;
        out.u = out.u != 0;
        return out;
    }
    if (number->encoding == REF_BCD) {
        unsigned first = n % 4 == 0 ? 4 : n % 4;

        out.u = ref_sum(bits, first);
        out.is_bad = out.u > 9;
        for (unsigned k = first; k < n; k += 4) {
            uint64_t digit = ref_sum(bits + k, 4);

            out.is_bad = out.is_bad || digit > 9;
            out.u = out.u * 10 + digit;
        }
        out.is_canonical = !out.is_bad;
        out.i = (int64_t)out.u;
        return out;
    }
    if (number->encoding == REF_SIGN) {
        int64_t magnitude = n > 1 ? (int64_t)ref_sum(bits + 1, n - 1) : 0;

        out.i = bits[0] ? -magnitude : magnitude;
        out.is_canonical = !(bits[0] && magnitude == 0);
    } else if (number->encoding == REF_ONES) {
        if (bits[0]) {
            for (unsigned k = 0; k < n; k++)
                bits[k] = !bits[k];
            out.i = -(int64_t)ref_sum(bits, n);
            out.is_canonical = out.i != 0;
        } else {
            out.i = (int64_t)ref_sum(bits, n);
        }
    } else {
        out.i = ref_twos(bits, n);
    }
    return out;
}

#endif /* TEST_DECODE_REFERENCE_H */
