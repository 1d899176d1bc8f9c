/* SPDX-License-Identifier: MIT */
/* Strict numbers, durations and sizes: see <watchfloor/strbuf.h>. */

#include <watchfloor/strbuf.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "locale_c.h"

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

static const char *skip_base(const char *text, unsigned *out_base)
{
    *out_base = 10;
    if (text[0] != '0' || text[1] == '\0')
        return text;
    switch (text[1]) {
    case 'x':
    case 'X':
        *out_base = 16;
        return text + 2;
    case 'b':
    case 'B':
        *out_base = 2;
        return text + 2;
    case 'o':
    case 'O':
        *out_base = 8;
        return text + 2;
    default:
        return text;
    }
}

/* The digits of `text` up to anything else; *out_end is where they stop. */
static int read_digits(const char *text, unsigned base, uint64_t *out, const char **out_end)
{
    uint64_t value = 0;
    const char *at = text;
    bool is_too_large = false;

    for (; digit_of(*at) < (int)base; at++) {
        uint64_t digit = (uint64_t)digit_of(*at);

        if (value > (UINT64_MAX - digit) / base)
            is_too_large = true;
        value = value * base + digit;
    }
    *out_end = at;
    if (at == text)
        return WF_ERR_INVALID;
    *out = value;
    return is_too_large ? WF_ERR_LIMIT : 0;
}

/* The magnitude of a whole number; `shown` is the text with its sign, for messages. */
static int parse_magnitude(const char *text, const char *shown, uint64_t *out, struct wf_err *err)
{
    const char *end;
    unsigned base;
    const char *digits = skip_base(text, &base);
    uint64_t value = 0;
    int rc = read_digits(digits, base, &value, &end);

    if (rc == WF_ERR_INVALID || *end != '\0')
        return wf_fail(err, WF_ERR_INVALID, "'%.60s' is not a whole number (as 42, 0x2a, 0b101010)",
                       shown);
    if (rc < 0)
        return wf_fail(err, WF_ERR_LIMIT, "'%.60s' does not fit into 64 bits", shown);
    *out = value;
    return 0;
}

int wf_parse_u64(const char *text, uint64_t *out, struct wf_err *err)
{
    if (text[0] == '-')
        return wf_fail(err, WF_ERR_INVALID,
                       "'%.60s' is negative; a whole number from 0 was "
                       "expected",
                       text);
    return parse_magnitude(text[0] == '+' ? text + 1 : text, text, out, err);
}

int wf_parse_i64(const char *text, int64_t *out, struct wf_err *err)
{
    bool is_negative = text[0] == '-';
    uint64_t magnitude;
    int rc =
        parse_magnitude(is_negative || text[0] == '+' ? text + 1 : text, text, &magnitude, err);

    if (rc < 0)
        return rc;
    if (magnitude > (uint64_t)INT64_MAX + (is_negative ? 1u : 0u))
        return wf_fail(err, WF_ERR_LIMIT, "'%.60s' does not fit into a signed 64-bit number", text);
    if (is_negative)
        *out = magnitude == 0 ? 0 : -(int64_t)(magnitude - 1) - 1;
    else
        *out = (int64_t)magnitude;
    return 0;
}

/* Only what a person calls a number: strtod would also take blanks, hex and "nan(...)". */
static bool looks_like_double(const char *text)
{
    const char *at = text[0] == '-' || text[0] == '+' ? text + 1 : text;

    if (wf_casecmp(at, "inf") == 0 || wf_casecmp(at, "infinity") == 0 || wf_casecmp(at, "nan") == 0)
        return true;
    return *at != '\0' && strspn(at, "0123456789.eE+-") == strlen(at) &&
           strpbrk(at, "0123456789") != NULL;
}

int wf_parse_double(const char *text, double *out, struct wf_err *err)
{
    struct wfi_c_locale locale;
    char *end = NULL;
    double value;

    if (!looks_like_double(text))
        return wf_fail(err, WF_ERR_INVALID, "'%.60s' is not a number (as 3.5, -2, 1e-6)", text);
    wfi_c_locale_enter(&locale);
    errno = 0;
    value = strtod(text, &end);

    int errno_value = errno;

    wfi_c_locale_leave(&locale);
    if (*end != '\0')
        return wf_fail(err, WF_ERR_INVALID, "'%.60s' is not a number (as 3.5, -2, 1e-6)", text);
    if (errno_value == ERANGE && fabs(value) > 1)
        return wf_fail(err, WF_ERR_LIMIT, "'%.60s' is too large for a double", text);
    *out = value;
    return 0;
}

int wf_parse_bool(const char *text, bool *out, struct wf_err *err)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {
        { "yes", true }, { "no", false },  { "true", true }, { "false", false },
        { "on", true },  { "off", false }, { "1", true },    { "0", false },
    };

    for (size_t i = 0; i < WF_COUNT_OF(words); i++) {
        if (wf_casecmp(text, words[i].word) == 0) {
            *out = words[i].value;
            return 0;
        }
    }
    return wf_fail(err, WF_ERR_INVALID, "'%.60s' is neither yes nor no", text);
}

/* The number and unit at `*at`, as ns; moves *at behind them. "1.5h" is exact to the ns. */
static int read_duration_part(const char **at, int64_t *total_ns)
{
    static const struct {
        const char *unit;
        int64_t ns;
    } units[] = {
        { "ns", 1 },
        { "us", WF_NS_PER_US },
        { "ms", WF_NS_PER_MS },
        { "s", WF_NS_PER_S },
        { "m", 60 * WF_NS_PER_S },
        { "h", 3600 * WF_NS_PER_S },
        { "d", WF_NS_PER_DAY },
        { "w", 7 * WF_NS_PER_DAY },
    };
    const char *end;
    uint64_t whole;
    long double fraction = 0;
    int rc = read_digits(*at, 10, &whole, &end);

    if (rc < 0)
        return rc;
    if (*end == '.') {
        long double place = 1;

        for (end++; *end >= '0' && *end <= '9'; end++) {
            place /= 10;
            fraction += place * (*end - '0');
        }
    }
    size_t letters = strspn(end, "nusmhdw");

    for (size_t i = 0; i < WF_COUNT_OF(units); i++) {
        if (strlen(units[i].unit) != letters || memcmp(units[i].unit, end, letters) != 0)
            continue;
        if (whole > (uint64_t)(INT64_MAX / units[i].ns))
            return WF_ERR_LIMIT;

        int64_t part_ns = (int64_t)whole * units[i].ns;
        int64_t below_ns = (int64_t)(fraction * (long double)units[i].ns + 0.5L);

        if (part_ns > INT64_MAX - below_ns || *total_ns > INT64_MAX - part_ns - below_ns)
            return WF_ERR_LIMIT;
        *total_ns += part_ns + below_ns;
        *at = end + letters;
        return 0;
    }
    return WF_ERR_INVALID;
}

int wf_parse_duration_ns(const char *text, int64_t *out, struct wf_err *err)
{
    const char *at = text;
    int64_t total_ns = 0;
    int rc = 0;

    if (strcmp(text, "0") == 0) {
        *out = 0;
        return 0;
    }
    do {
        rc = read_duration_part(&at, &total_ns);
    } while (rc == 0 && *at != '\0');
    if (rc == WF_ERR_LIMIT)
        return wf_fail(err, rc, "'%.60s' is longer than 292 years", text);
    if (rc < 0)
        return wf_fail(err, rc,
                       "'%.60s' is not a duration (a number with ms, s, m, h or d, as 250ms, "
                       "1h30m)",
                       text);
    *out = total_ns;
    return 0;
}

int wf_parse_size(const char *text, uint64_t *out, struct wf_err *err)
{
    static const char units[] = "KMGT";
    const char *end;
    uint64_t value;
    int rc = read_digits(text, 10, &value, &end);
    unsigned shift = 0;

    if (rc == 0 && *end != '\0') {
        const char upper = (char)(*end >= 'a' && *end <= 'z' ? *end - 'a' + 'A' : *end);
        const char *unit = strchr(units, upper);

        if (unit != NULL) {
            shift = 10u * (unsigned)(unit - units + 1);
            end++;
        }
    }
    if (rc == WF_ERR_INVALID || (rc == 0 && *end != '\0'))
        return wf_fail(err, WF_ERR_INVALID,
                       "'%.60s' is not a size (bytes, or with K, M, G or T, as 64K)", text);
    if (rc < 0 || value > UINT64_MAX >> shift)
        return wf_fail(err, WF_ERR_LIMIT, "'%.60s' does not fit into 64 bits", text);
    *out = value << shift;
    return 0;
}
