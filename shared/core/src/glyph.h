/* SPDX-License-Identifier: MIT */
#ifndef WFI_GLYPH_H
#define WFI_GLYPH_H

/*
 * Glyphs - UTF-8 in and out, and which characters a cell may hold.
 * Shared by the canvas' own files. Threads: any.
 */

#include <stddef.h>
#include <stdint.h>

/* A byte sequence that is not UTF-8; also what wfi_glyph_clean makes of it. */
#define WFI_RUNE_BAD UINT32_C(0xFFFD)

/*
 * Read one code point of ended text and advance. Returns 0 at the end;
 * WFI_RUNE_BAD (one byte consumed) for anything that is not shortest-form UTF-8.
 */
uint32_t wfi_utf8_next(const char **text);
/* Write at most 4 bytes, not ended; returns how many. */
size_t wfi_utf8_put(uint32_t rune, char out[4]);

/* The rune itself when it takes exactly one column everywhere, 0 for marks of width 0, else '?'. */
uint32_t wfi_glyph_clean(uint32_t rune);

#endif /* WFI_GLYPH_H */
