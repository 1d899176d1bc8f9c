/* SPDX-License-Identifier: MIT */
/* Where and how a parameter lies in its packet: type, width, place, counts, sizes. */

#include "schema_private.h"

#include <inttypes.h>
#include <string.h>

static const struct wfi_word types[] = {
    { "uint", WF_TYPE_UINT }, { "int", WF_TYPE_INT },       { "float", WF_TYPE_FLOAT },
    { "bool", WF_TYPE_BOOL }, { "string", WF_TYPE_STRING }, { "bytes", WF_TYPE_BYTES },
    { "time", WF_TYPE_TIME },
};

static const struct wfi_word encodings[] = {
    { "plain", WF_ENCODING_PLAIN },
    { "sign-magnitude", WF_ENCODING_SIGN_MAGNITUDE },
    { "ones-complement", WF_ENCODING_ONES_COMPLEMENT },
    { "bcd", WF_ENCODING_BCD },
    { "mil1750a", WF_ENCODING_MIL1750A },
};

const char *wfi_type_name(enum wf_type type)
{
    return wfi_word_of(types, WF_COUNT_OF(types), (int)type);
}

void wfi_read_type(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                   const char *text)
{
    struct wf_parameter *parameter = object;
    int value;

    (void)key;
    if (!wfi_read_word(reader, types, WF_COUNT_OF(types), text, &value))
        return;
    if (parameter->is_derived && !(WFI_TYPES_FIXED & WFI_TYPE_BIT((unsigned)value))) {
        wfi_problem(reader, "a derived parameter is float, int, uint or bool, not %s", text);
        return;
    }
    parameter->type = (enum wf_type)value;
}

void wfi_write_type(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                    struct wf_strbuf *out)
{
    const struct wf_parameter *parameter = object;
    enum wf_type usual = parameter->is_derived ? WF_TYPE_FLOAT : WF_TYPE_UINT;

    (void)schema;
    (void)key;
    if (parameter->type != usual)
        wf_strbuf_add(out, wfi_type_name(parameter->type));
}

void wfi_read_encoding(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                       const char *text)
{
    struct wf_parameter *parameter = object;
    int value;

    (void)key;
    if (wfi_read_word(reader, encodings, WF_COUNT_OF(encodings), text, &value))
        parameter->encoding = (enum wf_encoding)value;
}

void wfi_write_encoding(const struct wf_schema *schema, const struct wfi_key *key,
                        const void *object, struct wf_strbuf *out)
{
    const struct wf_parameter *parameter = object;

    (void)schema;
    (void)key;
    if (parameter->encoding != WF_ENCODING_PLAIN)
        wf_strbuf_add(out,
                      wfi_word_of(encodings, WF_COUNT_OF(encodings), (int)parameter->encoding));
}

uint32_t wfi_bits_default(const struct wf_parameter *parameter)
{
    switch (parameter->type) {
    case WF_TYPE_UINT:
    case WF_TYPE_INT:
        return parameter->is_derived ? 64 : 8;
    case WF_TYPE_FLOAT:
        return parameter->is_derived ? 64 : 32;
    case WF_TYPE_BOOL:
        return 1;
    case WF_TYPE_STRING:
    case WF_TYPE_BYTES:
    case WF_TYPE_TIME:
        break;
    }
    return 0;
}

void wfi_read_bits(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                   const char *text)
{
    (void)wfi_read_u32(reader, text, key->lo, key->hi, &((struct wf_parameter *)object)->bits);
}

void wfi_write_bits(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                    struct wf_strbuf *out)
{
    const struct wf_parameter *parameter = object;

    (void)schema;
    (void)key;
    if (parameter->bits != wfi_bits_default(parameter))
        wf_strbuf_addf(out, "%" PRIu32, parameter->bits);
}

/*
 * BYTE or BYTE.BIT from the first byte of the packet, bit 0 the most significant; with
 * "end-" before it so many bytes and bits before the end.
 */
void wfi_read_at(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                 const char *text)
{
    struct wf_place *place = &((struct wf_parameter *)object)->place;
    char number[32];
    bool is_from_end = strncmp(text, "end", 3) == 0 && strchr(text, '-') != NULL;
    const char *from = is_from_end ? strchr(text, '-') + 1 : text;
    const char *dot;
    size_t len;
    uint32_t byte, bit = 0;

    while (is_from_end && *from == ' ')
        from++;
    text = from;
    dot = strchr(text, '.');
    len = dot != NULL ? (size_t)(dot - text) : strlen(text);
    if (len == 0 || len >= sizeof(number)) {
        wfi_problem(reader, "'%.60s' is not BYTE or BYTE.BIT", text);
        return;
    }
    memcpy(number, text, len);
    number[len] = '\0';
    if (!wfi_read_u32(reader, number, key->lo, key->hi, &byte) ||
        (dot != NULL && !wfi_read_u32(reader, dot + 1, 0, 7, &bit)))
        return;
    place->is_absolute = !is_from_end;
    place->is_from_end = is_from_end;
    place->bit = 8 * byte + bit;
    if (is_from_end && place->bit == 0)
        wfi_problem(reader, "behind the end of the packet is nothing");
}

void wfi_write_at(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                  struct wf_strbuf *out)
{
    const struct wf_place *place = &((const struct wf_parameter *)object)->place;

    (void)schema;
    (void)key;
    if (!place->is_absolute && !place->is_from_end)
        return;
    wf_strbuf_addf(out, "%s%" PRIu32, place->is_from_end ? "end-" : "", place->bit / 8);
    if (place->bit % 8 != 0)
        wf_strbuf_addf(out, ".%" PRIu32, place->bit % 8);
}

/* A count or size comes from a whole number that was decoded before it, as it is. */
static bool can_count(struct wfi_reader *reader, int index)
{
    const struct wf_parameter *from;

    if (index < 0)
        return false;
    from = &reader->schema->parameters[index];
    if (from >= reader->parameter) {
        wfi_problem(reader, "'%s' does not stand before it in the packet", from->name);
        return false;
    }
    if ((from->type != WF_TYPE_UINT && from->type != WF_TYPE_INT) || from->count_max != 1 ||
        from->calibrator >= 0) {
        wfi_problem(reader, "'%s' is not a plain whole number", from->name);
        return false;
    }
    return true;
}

/* NAME, NAME+N or NAME-N; false after a problem. */
static bool read_amount(struct wfi_reader *reader, const char *text, int *out_from,
                        int32_t *out_add)
{
    char word[WF_NAME_SIZE + 16];
    const char *sign = strpbrk(text, "+-");
    size_t len = sign != NULL ? (size_t)(sign - text) : strlen(text);
    uint32_t add = 0;
    int from;

    while (len > 0 && text[len - 1] == ' ')
        len--;
    if (len >= sizeof(word)) {
        wfi_problem(reader, "'%.60s' is not a parameter's name", text);
        return false;
    }
    memcpy(word, text, len);
    word[len] = '\0';
    if (sign != NULL) {
        const char *number = sign + 1;

        while (*number == ' ')
            number++;
        if (!wfi_read_u32(reader, number, 0, 65542, &add))
            return false;
    }
    from = wfi_reference(reader, word);
    if (!can_count(reader, from))
        return false;
    *out_from = from;
    *out_add = sign != NULL && *sign == '-' ? -(int32_t)add : (int32_t)add;
    return true;
}

static void add_amount(struct wf_strbuf *out, const struct wf_schema *schema, int from, int32_t add)
{
    wf_strbuf_add(out, schema->parameters[from].name);
    if (add != 0)
        wf_strbuf_addf(out, "%+" PRId32, add);
}

static bool is_number(const char *text)
{
    return text[0] >= '0' && text[0] <= '9';
}

void wfi_read_count(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                    const char *text)
{
    struct wf_parameter *parameter = object;

    if (is_number(text)) {
        (void)wfi_read_u32(reader, text, key->lo, key->hi, &parameter->count_max);
    } else if (wf_casecmp(text, "rest") == 0) {
        parameter->is_count_rest = true;
    } else {
        (void)read_amount(reader, text, &parameter->count_from, &parameter->count_add);
    }
}

void wfi_write_count(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                     struct wf_strbuf *out)
{
    const struct wf_parameter *parameter = object;

    (void)key;
    if (parameter->is_count_rest)
        wf_strbuf_add(out, "rest");
    else if (parameter->count_from >= 0)
        add_amount(out, schema, parameter->count_from, parameter->count_add);
    else if (parameter->count_max != 1)
        wf_strbuf_addf(out, "%" PRIu32, parameter->count_max);
}

void wfi_read_count_max(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                        const char *text)
{
    struct wf_parameter *parameter = object;

    if (!wfi_is_count_variable(parameter))
        wfi_problem(reader, "only for a count that is a parameter's name or 'rest'");
    else
        (void)wfi_read_u32(reader, text, key->lo, key->hi, &parameter->count_max);
}

void wfi_write_count_max(const struct wf_schema *schema, const struct wfi_key *key,
                         const void *object, struct wf_strbuf *out)
{
    const struct wf_parameter *parameter = object;

    (void)schema;
    (void)key;
    if (wfi_is_count_variable(parameter))
        wf_strbuf_addf(out, "%" PRIu32, parameter->count_max);
}

bool wfi_is_count_variable(const struct wf_parameter *parameter)
{
    return parameter->count_from >= 0 || parameter->is_count_rest;
}

/* "prefix 16", "terminated 0x00": false when `word` is neither. */
static bool read_size_word(struct wfi_reader *reader, const char *word, const char *rest,
                           struct wf_parameter *parameter)
{
    uint32_t value;

    if (wf_casecmp(word, "prefix") == 0) {
        if (!wfi_read_u32(reader, rest, 8, 32, &value))
            return true;
        if (value != 8 && value != 16 && value != 32)
            wfi_problem(reader, "a prefix has 8, 16 or 32 bits");
        parameter->sizing = WF_SIZE_PREFIX;
        parameter->prefix_bits = (uint8_t)value;
        return true;
    }
    if (wf_casecmp(word, "terminated") == 0) {
        if (wfi_read_u32(reader, rest, 0, 255, &value)) {
            parameter->sizing = WF_SIZE_TERMINATED;
            parameter->terminator = (uint8_t)value;
        }
        return true;
    }
    if (wf_casecmp(word, "rest") == 0 && rest[0] == '\0') {
        parameter->sizing = WF_SIZE_REST;
        return true;
    }
    return false;
}

void wfi_read_size(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                   const char *text)
{
    struct wf_parameter *parameter = object;
    const char *at = text;
    char word[WF_NAME_SIZE + 16] = "";

    if (is_number(text)) {
        (void)wfi_read_u32(reader, text, key->lo, key->hi, &parameter->size_max);
        return;
    }
    (void)wfi_next_word(&at, "", word, sizeof(word));
    while (*at == ' ')
        at++;
    if (!read_size_word(reader, word, at, parameter) &&
        read_amount(reader, text, &parameter->size_from, &parameter->size_add))
        parameter->sizing = WF_SIZE_FIELD;
}

void wfi_write_size(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                    struct wf_strbuf *out)
{
    const struct wf_parameter *parameter = object;

    (void)key;
    if (parameter->type != WF_TYPE_STRING && parameter->type != WF_TYPE_BYTES)
        return;
    switch (parameter->sizing) {
    case WF_SIZE_FIXED:
        wf_strbuf_addf(out, "%" PRIu32, parameter->size_max);
        break;
    case WF_SIZE_FIELD:
        add_amount(out, schema, parameter->size_from, parameter->size_add);
        break;
    case WF_SIZE_PREFIX:
        wf_strbuf_addf(out, "prefix %u", parameter->prefix_bits);
        break;
    case WF_SIZE_TERMINATED:
        wf_strbuf_addf(out, "terminated 0x%02x", parameter->terminator);
        break;
    case WF_SIZE_REST:
        wf_strbuf_add(out, "rest");
        break;
    }
}

void wfi_read_size_max(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                       const char *text)
{
    struct wf_parameter *parameter = object;

    if (parameter->sizing == WF_SIZE_FIXED && reader->keys[WFI_ROW_SIZE] != NULL)
        wfi_problem(reader, "only for a size that is not a number");
    else
        (void)wfi_read_u32(reader, text, key->lo, key->hi, &parameter->size_max);
}

void wfi_write_size_max(const struct wf_schema *schema, const struct wfi_key *key,
                        const void *object, struct wf_strbuf *out)
{
    const struct wf_parameter *parameter = object;

    (void)schema;
    (void)key;
    if (parameter->sizing != WF_SIZE_FIXED)
        wf_strbuf_addf(out, "%" PRIu32, parameter->size_max);
}
