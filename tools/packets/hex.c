/* SPDX-License-Identifier: MIT */
/* Hex: see packets.h. */

#include "packets.h"

#define A_LINE 16

static bool is_marked(size_t at, uint64_t first, uint64_t end)
{
    return end > first && at >= first / 8 && at <= (end - 1) / 8;
}

void packets_hex(const uint8_t *bytes, size_t len, uint64_t first, uint64_t end, FILE *file)
{
    for (size_t line = 0; line < len; line += A_LINE) {
        (void)fprintf(file, "%6zu ", line);
        for (size_t at = line; at < line + A_LINE; at++) {
            bool was = at > line && is_marked(at - 1, first, end) && at - 1 < len;
            bool is = at < len && is_marked(at, first, end);

            (void)fputc(is && !was ? '[' : was && !is ? ']' : ' ', file);
            if (at < len)
                (void)fprintf(file, "%02x", bytes[at]);
            else
                (void)fputs("  ", file);
        }
        (void)fputs(
            is_marked(line + A_LINE - 1, first, end) && line + A_LINE <= len ? "]  " : "   ", file);
        for (size_t at = line; at < line + A_LINE && at < len; at++)
            (void)fputc(bytes[at] >= ' ' && bytes[at] < 127 ? bytes[at] : '.', file);
        (void)fputc('\n', file);
    }
}
