/* SPDX-License-Identifier: MIT */
/*
 * Values as text: for people by the parameter's format, for machines exactly.
 *
 * A format comes from a schema, that is from outside: it is taken apart here and
 * never handed to printf.
 */

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "locale_c.h"
#include "schema_private.h"
#include "value_private.h"

#define WIDTH_MAX     64
#define PRECISION_MAX 40
#define BYTES_SHOWN   32 /* of a byte array, for people */

struct format {
    const char *before, *after; /* parts of the text; `after` is ended */
    size_t before_len;
    bool is_left, has_sign, has_blank, has_zeros, is_alternate;
    int width, precision; /* -1 = not given */
    char conversion;
};

static int read_small(const char **at, int most)
{
    int value = 0;

    while (**at >= '0' && **at <= '9' && value <= most)
        value = 10 * value + (*(*at)++ - '0');
    return value;
}

/* The first % that is not %%, or NULL. */
static const char *find_conversion(const char *text)
{
    for (; (text = strchr(text, '%')) != NULL; text += 2)
        if (text[1] != '%')
            return text;
    return NULL;
}

/* Exactly one conversion, without '*', length or %n; false otherwise. */
static bool parse_format(const char *text, struct format *out)
{
    const char *at = find_conversion(text);

    if (at == NULL)
        return false;
    *out = (struct format){
        .before = text, .before_len = (size_t)(at - text), .width = -1, .precision = -1
    };
    for (at++; *at != '\0' && strchr("-+ #0", *at) != NULL; at++) {
        out->is_left = out->is_left || *at == '-';
        out->has_sign = out->has_sign || *at == '+';
        out->has_blank = out->has_blank || *at == ' ';
        out->is_alternate = out->is_alternate || *at == '#';
        out->has_zeros = out->has_zeros || *at == '0';
    }
    if (*at >= '1' && *at <= '9')
        out->width = read_small(&at, WIDTH_MAX);
    if (*at == '.') {
        at++;
        out->precision = read_small(&at, PRECISION_MAX);
    }
    out->conversion = *at;
    if (*at == '\0' || strchr("diuxXoeEfFgGs", *at) == NULL)
        return false;
    out->after = at + 1;
    return out->width <= WIDTH_MAX && out->precision <= PRECISION_MAX &&
           find_conversion(out->after) == NULL;
}

bool wfi_format_fits(const struct wf_parameter *parameter, const char **out_expected)
{
    enum wf_storage storage = wfi_storage_of(parameter);
    const char *fitting = "diuxXo";
    struct format format;

    *out_expected = "one of %d %u %x %o";
    if (storage == WF_STORE_F32 || storage == WF_STORE_F64) {
        fitting = "eEfFgG";
        *out_expected = "one as %.2f %e %g";
    } else if (storage == WF_STORE_CHARS || storage == WF_STORE_BYTES || storage == WF_STORE_TIME) {
        fitting = "s";
        *out_expected = "one as %s %-20s";
    } else if (parameter->enumeration >= 0 || storage == WF_STORE_BOOL) {
        fitting = "sdiuxXo";
        *out_expected = "one of %s %d %u %x %o";
    }
    return parse_format(parameter->format, &format) && strchr(fitting, format.conversion) != NULL;
}

/* "%%" is one '%'. */
static void add_literal(struct wf_strbuf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        wf_strbuf_add_char(out, text[i]);
        if (text[i] == '%' && i + 1 < len && text[i + 1] == '%')
            i++;
    }
}

static void add_fill(struct wf_strbuf *out, char c, int count)
{
    for (int i = 0; i < count; i++)
        wf_strbuf_add_char(out, c);
}

/* `sign` and `body` filled up to the width as printf does it. */
static void add_padded(struct wf_strbuf *out, const struct format *format, const char *sign,
                       const char *body, size_t len, bool may_zero)
{
    int fill = format->width - (int)(strlen(sign) + len);
    bool zeros = may_zero && format->has_zeros && !format->is_left;

    if (!format->is_left && !zeros)
        add_fill(out, ' ', fill);
    wf_strbuf_add(out, sign);
    if (zeros)
        add_fill(out, '0', fill);
    wf_strbuf_add_bytes(out, body, len);
    if (format->is_left)
        add_fill(out, ' ', fill);
}

static const char *sign_of(const struct format *format, bool is_negative)
{
    return is_negative ? "-" : format->has_sign ? "+" : format->has_blank ? " " : "";
}

static void format_double(struct wf_strbuf *out, const struct format *format, double value)
{
    char body[400];
    double size = fabs(value);
    int precision = format->precision < 0 ? 6 : format->precision;
    const char *sign = sign_of(format, signbit(value) != 0);
    struct wfi_c_locale locale;
    int len;

    if (!isfinite(value)) {
        const char *word = isnan(value) ? "NaN" : "Inf";

        add_padded(out, format, isnan(value) ? "" : sign, word, 3, false);
        return;
    }
    wfi_c_locale_enter(&locale);
    switch (format->conversion) {
    case 'e':
        len = snprintf(body, sizeof(body), "%.*e", precision, size);
        break;
    case 'E':
        len = snprintf(body, sizeof(body), "%.*E", precision, size);
        break;
    case 'f':
    case 'F':
        len = snprintf(body, sizeof(body), "%.*f", precision, size);
        break;
    case 'G':
        len = snprintf(body, sizeof(body), "%.*G", precision, size);
        break;
    default:
        len = snprintf(body, sizeof(body), "%.*g", precision, size);
        break;
    }
    wfi_c_locale_leave(&locale);
    /* "-0.0" of a value that rounds to nothing would only puzzle. */
    if (sign[0] == '-' && strpbrk(body, "123456789") == NULL)
        sign = sign_of(format, false);
    add_padded(out, format, sign, body, (size_t)len, true);
}

static void format_whole(struct wf_strbuf *out, const struct format *format, uint64_t magnitude,
                         bool is_negative)
{
    char digits[80], body[140];
    int len;
    const char *sign = "";

    switch (format->conversion) {
    case 'x':
        len = snprintf(digits, sizeof(digits), "%" PRIx64, magnitude);
        sign = format->is_alternate && magnitude != 0 ? "0x" : "";
        break;
    case 'X':
        len = snprintf(digits, sizeof(digits), "%" PRIX64, magnitude);
        sign = format->is_alternate && magnitude != 0 ? "0X" : "";
        break;
    case 'o':
        len = snprintf(digits, sizeof(digits), "%" PRIo64, magnitude);
        sign = format->is_alternate && magnitude != 0 ? "0" : "";
        break;
    default:
        len = snprintf(digits, sizeof(digits), "%" PRIu64, magnitude);
        sign = sign_of(format, is_negative);
        break;
    }
    /* A precision is the least number of digits. */
    struct wf_strbuf whole;

    wf_strbuf_init_fixed(&whole, body, sizeof(body));
    add_fill(&whole, '0', format->precision - len);
    wf_strbuf_add(&whole, digits);
    add_padded(out, format, sign, whole.text, whole.len, format->precision < 0);
}

/* The bits as the parameter's width has them: %x of -1 in 8 bits is ff. */
static uint64_t bits_of(const struct wf_parameter *parameter, int64_t value)
{
    uint64_t bits = (uint64_t)value;

    return parameter->bits > 0 && parameter->bits < 64
               ? bits & ((UINT64_C(1) << parameter->bits) - 1)
               : bits;
}

static void format_number(struct wf_strbuf *out, const struct format *format,
                          const struct wf_parameter *parameter, const struct wf_value *value)
{
    bool is_signed = value->kind == WF_VALUE_I64 && value->as.i64 < 0;

    if (value->kind == WF_VALUE_F64)
        format_double(out, format, value->as.f64);
    else if (is_signed && strchr("xXo", format->conversion) != NULL)
        format_whole(out, format, bits_of(parameter, value->as.i64), false);
    else if (is_signed)
        format_whole(out, format, 0 - value->as.u64, true);
    else
        format_whole(out, format, value->as.u64, false);
}

/* --- without a format ------------------------------------------------------------------------ */

static const char *label_of(const struct wf_schema *schema, const struct wf_parameter *parameter,
                            const struct wf_value *value)
{
    int64_t state;

    if (parameter->enumeration < 0 || !wfi_value_state(value, &state))
        return NULL;
    return wf_enumeration_label(&schema->enumerations[parameter->enumeration], state);
}

static void add_hex(struct wf_strbuf *out, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        wf_strbuf_add_char(out, digits[bytes[i] >> 4]);
        wf_strbuf_add_char(out, digits[bytes[i] & 15]);
    }
}

/* Text of a packet may hold anything: only what cannot move a cursor is shown. */
static void add_shown(struct wf_strbuf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_c1 = c == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] >= 0x80 &&
                     (unsigned char)text[i + 1] <= 0x9f;

        if (is_c1)
            i++;
        wf_strbuf_add_char(out, c < 0x20 || c == 0x7f || is_c1 ? '?' : (char)c);
    }
}

static void add_usual(struct wf_strbuf *out, const struct wf_value *value)
{
    static const struct format usual_real = { .width = -1, .precision = 6, .conversion = 'g' };
    size_t shown = value->len < BYTES_SHOWN ? value->len : BYTES_SHOWN;

    switch (value->kind) {
    case WF_VALUE_NONE:
        break;
    case WF_VALUE_U64:
        wf_strbuf_addf(out, "%" PRIu64, value->as.u64);
        break;
    case WF_VALUE_I64:
        wf_strbuf_addf(out, "%" PRId64, value->as.i64);
        break;
    case WF_VALUE_F64:
        format_double(out, &usual_real, value->as.f64);
        break;
    case WF_VALUE_BOOL:
        wf_strbuf_add(out, value->as.u64 != 0 ? "true" : "false");
        break;
    case WF_VALUE_TEXT:
        add_shown(out, value->as.text, value->len);
        break;
    case WF_VALUE_BYTES:
        add_hex(out, value->as.bytes, shown);
        if (shown < value->len)
            wf_strbuf_addf(out, "... (%zu bytes)", value->len);
        break;
    case WF_VALUE_TIME:
        wf_strbuf_add_time(out, value->as.i64, 3);
        break;
    }
}

static bool is_number(const struct wf_value *value)
{
    return value->kind == WF_VALUE_U64 || value->kind == WF_VALUE_I64 ||
           value->kind == WF_VALUE_F64 || value->kind == WF_VALUE_BOOL;
}

void wf_value_format(const struct wf_schema *schema, size_t index, const struct wf_value *value,
                     struct wf_strbuf *out)
{
    const struct wf_parameter *parameter = &schema->parameters[index];
    const char *label = label_of(schema, parameter, value);
    struct format format;

    if (value->kind == WF_VALUE_NONE)
        return;
    if (parameter->format[0] == '\0' || !parse_format(parameter->format, &format)) {
        if (label != NULL)
            wf_strbuf_add(out, label);
        else
            add_usual(out, value);
        return;
    }
    add_literal(out, format.before, format.before_len);
    /* A raw count under a format for engineering values, and the other way round. */
    bool is_real = strchr("eEfFgG", format.conversion) != NULL;

    if (is_number(value) && format.conversion != 's' && is_real == (value->kind == WF_VALUE_F64)) {
        format_number(out, &format, parameter, value);
    } else {
        char room[512];
        struct wf_strbuf body = WF_STRBUF_FIXED(room);

        if (label != NULL)
            wf_strbuf_add(&body, label);
        else
            add_usual(&body, value);
        size_t len = body.len;

        if (format.conversion == 's' && format.precision >= 0 && len > (size_t)format.precision)
            len = (size_t)format.precision;
        add_padded(out, &format, "", body.text, len, false);
    }
    add_literal(out, format.after, strlen(format.after));
}

/* --- exactly ----------------------------------------------------------------------------------- */

/* The shortest text that reads back as this float. */
static void add_single(struct wf_strbuf *out, double value)
{
    char text[40];
    struct wfi_c_locale locale;

    wfi_c_locale_enter(&locale);
    for (int digits = 6; digits <= 9; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtof(text, NULL) == (float)value)
            break;
    }
    wfi_c_locale_leave(&locale);
    wf_strbuf_add(out, text);
}

static void add_exact_double(struct wf_strbuf *out, const struct wf_value *value)
{
    double number = value->as.f64;

    if (isnan(number))
        wf_strbuf_add(out, "NaN");
    else if (isinf(number))
        wf_strbuf_add(out, number < 0 ? "-Inf" : "Inf");
    else if (value->is_single)
        add_single(out, number);
    else
        wf_strbuf_add_double(out, number);
}

void wf_value_exact(const struct wf_schema *schema, size_t index, const struct wf_value *value,
                    bool is_raw, struct wf_strbuf *out)
{
    const struct wf_parameter *parameter = &schema->parameters[index];
    const char *label = is_raw ? NULL : label_of(schema, parameter, value);

    if (label != NULL) {
        wf_strbuf_add(out, label);
        return;
    }
    switch (value->kind) {
    case WF_VALUE_F64:
        add_exact_double(out, value);
        break;
    case WF_VALUE_BOOL:
        if (is_raw)
            wf_strbuf_add_char(out, value->as.u64 != 0 ? '1' : '0');
        else
            add_usual(out, value);
        break;
    case WF_VALUE_TEXT:
        wf_strbuf_add_bytes(out, value->as.text, value->len);
        break;
    case WF_VALUE_BYTES:
        add_hex(out, value->as.bytes, value->len);
        break;
    case WF_VALUE_TIME:
        wf_strbuf_add_time(out, value->as.i64, value->as.i64 % 1000 != 0 ? 9 : 6);
        break;
    default:
        add_usual(out, value);
        break;
    }
}
