/* SPDX-License-Identifier: MIT */
#ifndef WFD_BITS_H
#define WFD_BITS_H

/*
 * Bits of a packet: bit 0 is the most significant of byte 0.
 *
 * Up to 64 bits from any place; nine bytes when they begin inside one. Compilers
 * make one load and one byte swap of wfd_load64_be. The caller has checked that
 * the bits are there; nothing beyond the packet is read.
 */

#include <stddef.h>
#include <stdint.h>

static inline uint64_t wfd_load64_be(const uint8_t *at)
{
    return (uint64_t)at[0] << 56 | (uint64_t)at[1] << 48 | (uint64_t)at[2] << 40 |
           (uint64_t)at[3] << 32 | (uint64_t)at[4] << 24 | (uint64_t)at[5] << 16 |
           (uint64_t)at[6] << 8 | (uint64_t)at[7];
}

/* The bytes of the low `bits` (a multiple of 8) in reverse: little-endian to big and back. */
static inline uint64_t wfd_swap_bytes(uint64_t value, uint32_t bits)
{
    value =
        (value & UINT64_C(0x00ff00ff00ff00ff)) << 8 | (value >> 8 & UINT64_C(0x00ff00ff00ff00ff));
    value =
        (value & UINT64_C(0x0000ffff0000ffff)) << 16 | (value >> 16 & UINT64_C(0x0000ffff0000ffff));
    value = value << 32 | value >> 32;
    return value >> (64 - bits);
}

static inline uint64_t wfd_mask(uint32_t bits)
{
    return UINT64_MAX >> (64 - bits);
}

/* `bits` 1..64 from `bit` of a packet of `len` bytes that holds them all. */
static inline uint64_t wfd_get_bits(const uint8_t *packet, size_t len, uint64_t bit, uint32_t bits)
{
    size_t at = (size_t)(bit >> 3);
    uint32_t within = (uint32_t)bit & 7u;
    uint32_t bytes = (within + bits + 7) / 8;
    uint64_t window = 0;

    if (bytes <= 8 && at + 8 <= len)
        return wfd_load64_be(packet + at) << within >> (64 - bits);
    for (uint32_t i = 0; i < 8; i++)
        window = window << 8 | (i < bytes ? packet[at + i] : 0u);
    window <<= within;
    if (bytes == 9)
        window |= (uint64_t)packet[at + 8] >> (8 - within);
    return window >> (64 - bits);
}

/* The low `bits` of `value` to `bit`; the other bits of the bytes touched stay. */
static inline void wfd_put_bits(uint8_t *packet, uint64_t bit, uint32_t bits, uint64_t value)
{
    while (bits > 0) {
        uint32_t within = (uint32_t)bit & 7u;
        uint32_t room = 8 - within;
        uint32_t take = bits < room ? bits : room;
        uint32_t mask = ((1u << take) - 1) << (room - take);
        uint32_t part = (uint32_t)(value >> (bits - take)) << (room - take) & mask;
        uint8_t *at = packet + (bit >> 3);

        *at = (uint8_t)((*at & ~mask) | part);
        bit += take;
        bits -= take;
    }
}

#endif /* WFD_BITS_H */
