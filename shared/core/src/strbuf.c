/* SPDX-License-Identifier: MIT */
/* Text buffer: see <watchfloor/strbuf.h>. Strict numbers live in parse.c. */

#include <watchfloor/strbuf.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "locale_c.h"

/* What `text` points to while a growing buffer owns nothing. Never written to. */
static char nothing[1] = "";

void wf_strbuf_init_fixed(struct wf_strbuf *buf, char *array, size_t size)
{
    array[0] = '\0';
    *buf = (struct wf_strbuf){ .text = array, .capacity = size };
}

void wf_strbuf_init(struct wf_strbuf *buf, size_t ceiling)
{
    *buf = (struct wf_strbuf){ .text = nothing, .ceiling = ceiling };
}

void wf_strbuf_fini(struct wf_strbuf *buf)
{
    if (buf->ceiling == 0)
        return;
    if (buf->capacity > 0)
        free(buf->text);
    wf_strbuf_init(buf, buf->ceiling);
}

void wf_strbuf_clear(struct wf_strbuf *buf)
{
    if (buf->capacity > 0)
        buf->text[0] = '\0';
    buf->len = 0;
    buf->was_cut = false;
}

/* Make room for `more` bytes and the end; false when not all of them will fit. */
static bool reserve(struct wf_strbuf *buf, size_t more)
{
    if (buf->len + more < buf->capacity)
        return true;
    if (buf->ceiling == 0 || more >= buf->ceiling || buf->len + more >= buf->ceiling)
        return false;

    size_t wanted = buf->capacity < 64 ? 64 : buf->capacity * 2;

    if (wanted < buf->len + more + 1)
        wanted = buf->len + more + 1;
    if (wanted > buf->ceiling)
        wanted = buf->ceiling;

    char *text = realloc(buf->capacity > 0 ? buf->text : NULL, wanted);

    if (text == NULL)
        return false;
    if (buf->capacity == 0)
        text[0] = '\0';
    buf->text = text;
    buf->capacity = wanted;
    return true;
}

/* How many of `len` bytes to keep so that no UTF-8 character is cut in two. */
static size_t whole_characters(const char *bytes, size_t len)
{
    size_t end = len;

    while (end > 0 && len - end < 3 && ((unsigned char)bytes[end] & 0xC0u) == 0x80u)
        end--;
    return ((unsigned char)bytes[end] & 0xC0u) == 0x80u ? len : end;
}

void wf_strbuf_add_bytes(struct wf_strbuf *buf, const char *bytes, size_t len)
{
    if (len == 0)
        return;
    if (!reserve(buf, len)) {
        buf->was_cut = true;
        /* A growing buffer without memory may have less room than its ceiling says. */
        if (buf->ceiling > 0 && buf->len + 1 < buf->ceiling)
            (void)reserve(buf, buf->ceiling - buf->len - 1);
        if (buf->capacity == 0 || buf->len + 1 >= buf->capacity)
            return;
        if (len > buf->capacity - buf->len - 1)
            len = whole_characters(bytes, buf->capacity - buf->len - 1);
    }
    memcpy(buf->text + buf->len, bytes, len);
    buf->len += len;
    buf->text[buf->len] = '\0';
}

void wf_strbuf_add(struct wf_strbuf *buf, const char *text)
{
    wf_strbuf_add_bytes(buf, text, strlen(text));
}

void wf_strbuf_add_char(struct wf_strbuf *buf, char c)
{
    wf_strbuf_add_bytes(buf, &c, 1);
}

void wf_strbuf_vaddf(struct wf_strbuf *buf, const char *format, va_list args)
{
    char line[512];
    va_list again;

    va_copy(again, args);

    int len = vsnprintf(line, sizeof(line), format, args);

    if (len < 0) {
        buf->was_cut = true;
    } else if ((size_t)len < sizeof(line)) {
        wf_strbuf_add_bytes(buf, line, (size_t)len);
    } else if (reserve(buf, (size_t)len)) {
        (void)vsnprintf(buf->text + buf->len, buf->capacity - buf->len, format, again);
        buf->len += (size_t)len;
    } else {
        /* Rare: long and too much. Format it whole once, then keep what fits. */
        char *whole = malloc((size_t)len + 1);

        if (whole != NULL) {
            (void)vsnprintf(whole, (size_t)len + 1, format, again);
            wf_strbuf_add_bytes(buf, whole, (size_t)len);
            free(whole);
        }
        buf->was_cut = true;
    }
    va_end(again);
}

void wf_strbuf_addf(struct wf_strbuf *buf, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    wf_strbuf_vaddf(buf, format, args);
    va_end(args);
}

bool wf_copy_text(char *out, size_t size, const char *text)
{
    struct wf_strbuf buf;

    wf_strbuf_init_fixed(&buf, out, size);
    wf_strbuf_add(&buf, text);
    return !buf.was_cut;
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

int wf_casecmp(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return (int)lower(*a) - (int)lower(*b);
}

/*
 * Most numbers people write have few decimals, and printf with strtod is slow: 3,
 * 0.01, 28.25. A quotient of two exact doubles is rounded as reading the decimal
 * text rounds, so when value == whole / scale, the text reads back as the value.
 */
static bool add_short_decimal(struct wf_strbuf *buf, double value)
{
    static const struct {
        double scale;
        int decimals;
    } steps[] = { { 1, 0 }, { 10, 1 }, { 100, 2 }, { 1000, 3 }, { 10000, 4 } };

    if (!(fabs(value) < 1e10) || (value == 0 && signbit(value) != 0))
        return false;
    for (size_t i = 0; i < WF_COUNT_OF(steps); i++) {
        double whole = round(fabs(value) * steps[i].scale);
        uint64_t digits = (uint64_t)whole, scale = (uint64_t)steps[i].scale;

        if (whole / steps[i].scale != fabs(value))
            continue;
        wf_strbuf_add(buf, value < 0 ? "-" : "");
        wf_strbuf_addf(buf, "%" PRIu64, digits / scale);
        if (steps[i].decimals > 0)
            wf_strbuf_addf(buf, ".%0*" PRIu64, steps[i].decimals, digits % scale);
        return true;
    }
    return false;
}

void wf_strbuf_add_double(struct wf_strbuf *buf, double value)
{
    char text[40];
    struct wfi_c_locale locale;

    if (add_short_decimal(buf, value))
        return;
    if (isnan(value) || isinf(value)) {
        wf_strbuf_add(buf, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return;
    }
    wfi_c_locale_enter(&locale);
    /* 15 digits are enough for nearly every number people write, 17 for all;
     * numbers near zero have fewer bits and are shorter still. */
    for (int digits = fabs(value) < 1e-300 ? 1 : 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    wfi_c_locale_leave(&locale);
    wf_strbuf_add(buf, text);
}
