/* SPDX-License-Identifier: MIT */
/*
 * Glyphs: UTF-8, and the characters that may stand in a cell.
 *
 * Terminals disagree about the width of much of Unicode, and one disagreement
 * shifts the rest of a line. So a cell takes only characters from blocks whose
 * width is one column everywhere; the list below is what telemetry needs
 * (Latin, Greek, Cyrillic, signs of measure, arrows, boxes, blocks, braille).
 */

#include "glyph.h"

#include <watchfloor/canvas.h>

#include <stdbool.h>

struct rune_range {
    uint32_t first, last;
};

static bool is_in(const struct rune_range *ranges, size_t count, uint32_t rune)
{
    for (size_t i = 0; i < count; i++)
        if (rune >= ranges[i].first && rune <= ranges[i].last)
            return true;
    return false;
}

/* Sorted by how often screens use them: this runs once a cell. */
static const struct rune_range narrow[] = {
    { 0x20, 0x7e },     { 0x2500, 0x25fc }, { 0x2800, 0x28ff }, { 0xa1, 0xac },
    { 0xae, 0x2ff },    { 0x370, 0x377 },   { 0x37a, 0x37f },   { 0x384, 0x482 },
    { 0x48a, 0x52f },   { 0x2190, 0x22ff }, { 0x1e00, 0x1fff }, { 0x2010, 0x2015 },
    { 0x2018, 0x2022 }, { 0x2026, 0x2026 }, { 0x2030, 0x2033 }, { 0x2039, 0x203a },
    { 0x2044, 0x2044 }, { 0x2070, 0x209c }, { 0x20a0, 0x20bf }, { 0x2100, 0x218b },
    { 0x2300, 0x2319 }, { 0x231c, 0x2328 }, { 0x232b, 0x23e8 },
};

static const struct rune_range zero_width[] = {
    { 0x300, 0x36f },
    { 0x200b, 0x200d },
    { 0xfe00, 0xfe0f },
    { 0xfeff, 0xfeff },
};

uint32_t wfi_glyph_clean(uint32_t rune)
{
    if (is_in(narrow, WF_COUNT_OF(narrow), rune))
        return rune;
    if (rune == 0xa0) /* no-break space */
        return ' ';
    return is_in(zero_width, WF_COUNT_OF(zero_width), rune) ? 0 : '?';
}

/* Length of the sequence that `lead` begins and the bits it carries itself; 0 = not a lead. */
static int read_lead(unsigned char lead, uint32_t *out_bits)
{
    if (lead >= 0xc2 && lead <= 0xdf) {
        *out_bits = lead & 0x1fu;
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        *out_bits = lead & 0x0fu;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        *out_bits = lead & 0x07u;
        return 4;
    }
    return 0;
}

uint32_t wfi_utf8_next(const char **text)
{
    static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *at = (const unsigned char *)*text;
    uint32_t rune = 0;
    int length;

    if (at[0] == 0)
        return 0;
    *text += 1;
    if (at[0] < 0x80)
        return at[0];
    length = read_lead(at[0], &rune);
    if (length == 0)
        return WFI_RUNE_BAD;
    for (int i = 1; i < length; i++) {
        if ((at[i] & 0xc0u) != 0x80u) /* also stops at the end of the text */
            return WFI_RUNE_BAD;
        rune = (rune << 6) | (at[i] & 0x3fu);
    }
    if (rune < least[length] || rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff))
        return WFI_RUNE_BAD;
    *text += length - 1;
    return rune;
}

size_t wfi_utf8_put(uint32_t rune, char out[4])
{
    if (rune < 0x80) {
        out[0] = (char)rune;
        return 1;
    }
    if (rune < 0x800) {
        out[0] = (char)(0xc0u | (rune >> 6));
        out[1] = (char)(0x80u | (rune & 0x3fu));
        return 2;
    }
    if (rune < 0x10000) {
        out[0] = (char)(0xe0u | (rune >> 12));
        out[1] = (char)(0x80u | ((rune >> 6) & 0x3fu));
        out[2] = (char)(0x80u | (rune & 0x3fu));
        return 3;
    }
    out[0] = (char)(0xf0u | ((rune >> 18) & 0x07u));
    out[1] = (char)(0x80u | ((rune >> 12) & 0x3fu));
    out[2] = (char)(0x80u | ((rune >> 6) & 0x3fu));
    out[3] = (char)(0x80u | (rune & 0x3fu));
    return 4;
}

size_t wf_text_columns(const char *utf8)
{
    size_t columns = 0;
    uint32_t rune;

    while ((rune = wfi_utf8_next(&utf8)) != 0)
        if (wfi_glyph_clean(rune) != 0)
            columns++;
    return columns;
}

/* Dots 1-3, 7 are the left column from top to bottom, 4-6, 8 the right one. */
static char braille_ascii(uint32_t dots)
{
    bool is_upper = (dots & 0x1b) != 0; /* rows 1 and 2 */
    bool is_lower = (dots & 0xe4) != 0; /* rows 3 and 4 */

    if (is_upper)
        return is_lower ? ':' : '\'';
    return is_lower ? '.' : ' ';
}

static char box_ascii(uint32_t rune)
{
    switch (rune) {
    case 0x2500: /* horizontal lines */
    case 0x2501:
    case 0x2504:
    case 0x2505:
    case 0x2508:
    case 0x254c:
        return '-';
    case 0x2550:
        return '=';
    case 0x2502: /* vertical lines */
    case 0x2503:
    case 0x2506:
    case 0x250a:
    case 0x254e:
    case 0x2551:
        return '|';
    default:
        return '+';
    }
}

uint32_t wf_rune_ascii(uint32_t rune)
{
    static const struct {
        uint32_t rune;
        char ascii;
    } others[] = {
        { 0xb0, 'o' },   { 0xb1, '+' },    { 0xb2, '2' },    { 0xb3, '3' },   { 0xb5, 'u' },
        { 0xb7, '.' },   { 0xd7, 'x' },    { 0x3bc, 'u' },   { 0x3a9, 'O' },  { 0x2013, '-' },
        { 0x2014, '-' }, { 0x2018, '\'' }, { 0x2019, '\'' }, { 0x201c, '"' }, { 0x201d, '"' },
        { 0x2022, '*' }, { 0x2026, '~' },  { 0x2190, '<' },  { 0x2191, '^' }, { 0x2192, '>' },
        { 0x2193, 'v' }, { 0x2212, '-' },  { 0x2248, '~' },  { 0x2264, '<' }, { 0x2265, '>' },
        { 0x2581, '_' }, { 0x2582, '_' },  { 0x2583, '.' },  { 0x2584, '-' }, { 0x2585, '-' },
        { 0x2586, '=' }, { 0x2587, '^' },  { 0x2588, '#' },  { 0x2591, '.' }, { 0x2592, ':' },
        { 0x2593, '#' }, { 0x25a0, '#' },  { 0x25b2, '^' },  { 0x25b6, '>' }, { 0x25b8, '>' },
        { 0x25bc, 'v' }, { 0x25c0, '<' },  { 0x25c2, '<' },  { 0x25c6, '*' }, { 0x25cb, 'o' },
        { 0x25cf, '*' },
    };

    if (rune <= 126)
        return rune;
    if (rune >= 0x2800 && rune <= 0x28ff)
        return (uint32_t)braille_ascii(rune - 0x2800);
    if (rune >= 0x2500 && rune <= 0x257f)
        return (uint32_t)box_ascii(rune);
    for (size_t i = 0; i < WF_COUNT_OF(others); i++)
        if (others[i].rune == rune)
            return (uint32_t)others[i].ascii;
    return '?';
}
