/* SPDX-License-Identifier: MIT */
/* Values of [subsystem]: name, APIDs, kind, key; and words that stand for enums. */

#include "schema_private.h"

#include <string.h>

#define APID_MAX 2047 /* all ones is the idle packet's */

bool wfi_read_word(struct wfi_reader *reader, const struct wfi_word *words, size_t count,
                   const char *text, int *out)
{
    char list[200];
    struct wf_strbuf buf = WF_STRBUF_FIXED(list);

    for (size_t i = 0; i < count; i++) {
        if (wf_casecmp(words[i].text, text) == 0) {
            *out = words[i].value;
            return true;
        }
        wf_strbuf_addf(&buf, "%s%s", i > 0 ? ", " : "", words[i].text);
    }
    wfi_problem(reader, "'%.60s' is unknown; it is one of %s", text, list);
    return false;
}

const char *wfi_word_of(const struct wfi_word *words, size_t count, int value)
{
    for (size_t i = 0; i < count; i++)
        if (words[i].value == value)
            return words[i].text;
    return "";
}

/* The name is set before keys are read; that it fits the file is checked by the loader. */
void wfi_read_name(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                   const char *text)
{
    struct wf_schema *schema = object;
    struct wf_err err = { 0 };

    (void)key;
    if (wf_name_check(text, &err) < 0)
        wfi_problem(reader, "%s", err.text);
    else
        (void)wf_copy_text(schema->name, sizeof(schema->name), text);
}

/* Always written: a text in memory has no file to be named after. */
void wfi_write_name(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                    struct wf_strbuf *out)
{
    (void)key;
    (void)object;
    wf_strbuf_add(out, schema->name);
}

void wfi_read_apids(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                    const char *text)
{
    struct wf_schema *schema = object;
    const char *at = text;
    char word[32];

    (void)key;
    schema->apid_count = 0;
    while (wfi_next_word(&at, ",", word, sizeof(word))) {
        uint32_t apid;

        if (wf_casecmp(word, "none") == 0 && schema->apid_count == 0)
            continue;
        if (!wfi_read_u32(reader, word, 0, APID_MAX - 1, &apid))
            return;
        if (schema->apid_count == WF_SCHEMA_APIDS_MAX) {
            wfi_problem(reader, "more than %d APIDs", WF_SCHEMA_APIDS_MAX);
            return;
        }
        for (size_t i = 0; i < schema->apid_count; i++) {
            if (schema->apids[i] == apid) {
                wfi_problem(reader, "APID %u is listed twice", apid);
                return;
            }
        }
        schema->apids[schema->apid_count++] = (uint16_t)apid;
    }
}

void wfi_write_apids(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                     struct wf_strbuf *out)
{
    (void)key;
    (void)object;
    for (size_t i = 0; i < schema->apid_count; i++)
        wf_strbuf_addf(out, "%s%u", i > 0 ? " " : "", schema->apids[i]);
}

static const struct wfi_word byte_orders[] = {
    { "big", WF_BIG_ENDIAN },
    { "little", WF_LITTLE_ENDIAN },
};

void wfi_read_byte_order(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                         const char *text)
{
    int value;

    if (wfi_read_word(reader, byte_orders, WF_COUNT_OF(byte_orders), text, &value))
        *(enum wf_byte_order *)(void *)((char *)object + key->offset) = (enum wf_byte_order)value;
}

void wfi_write_byte_order(const struct wf_schema *schema, const struct wfi_key *key,
                          const void *object, struct wf_strbuf *out)
{
    (void)key;
    (void)object;
    if (schema->byte_order != WF_BIG_ENDIAN)
        wf_strbuf_add(out,
                      wfi_word_of(byte_orders, WF_COUNT_OF(byte_orders), (int)schema->byte_order));
}

/* A bit field has no byte order; it is called big whatever the subsystem says. */
enum wf_byte_order wfi_byte_order_default(const struct wf_schema *schema,
                                          const struct wf_parameter *parameter)
{
    return parameter->bits % 8 == 0 ? schema->byte_order : WF_BIG_ENDIAN;
}

void wfi_read_parameter_byte_order(struct wfi_reader *reader, const struct wfi_key *key,
                                   void *object, const char *text)
{
    wfi_read_byte_order(reader, key, object, text);
}

void wfi_write_parameter_byte_order(const struct wf_schema *schema, const struct wfi_key *key,
                                    const void *object, struct wf_strbuf *out)
{
    const struct wf_parameter *parameter = object;

    (void)key;
    if (parameter->byte_order != wfi_byte_order_default(schema, parameter))
        wf_strbuf_add(
            out, wfi_word_of(byte_orders, WF_COUNT_OF(byte_orders), (int)parameter->byte_order));
}

static const struct wfi_word kinds[] = {
    { "samples", WF_KIND_SAMPLES },
    { "table", WF_KIND_TABLE },
};

void wfi_read_kind(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                   const char *text)
{
    struct wf_schema *schema = object;
    int value;

    (void)key;
    if (wfi_read_word(reader, kinds, WF_COUNT_OF(kinds), text, &value))
        schema->kind = (enum wf_region_kind)value;
}

void wfi_write_kind(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                    struct wf_strbuf *out)
{
    (void)key;
    (void)object;
    if (schema->kind != WF_KIND_SAMPLES)
        wf_strbuf_add(out, wfi_word_of(kinds, WF_COUNT_OF(kinds), (int)schema->kind));
}

static const struct wfi_word sequences[] = {
    { "counted", false },
    { "none", true },
};

void wfi_read_sequence(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                       const char *text)
{
    struct wf_schema *schema = object;
    int value;

    (void)key;
    if (wfi_read_word(reader, sequences, WF_COUNT_OF(sequences), text, &value))
        schema->is_uncounted = value != 0;
}

void wfi_write_sequence(const struct wf_schema *schema, const struct wfi_key *key,
                        const void *object, struct wf_strbuf *out)
{
    (void)key;
    (void)object;
    if (schema->is_uncounted)
        wf_strbuf_add(out, wfi_word_of(sequences, WF_COUNT_OF(sequences), true));
}

void wfi_read_recorded(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                       const char *text)
{
    struct wf_schema *schema = object;
    struct wf_err err = { 0 };
    bool is_recorded = true;

    (void)key;
    if (wf_parse_bool(text, &is_recorded, &err) < 0)
        wfi_problem(reader, "%s", err.text);
    schema->is_unrecorded = !is_recorded;
}

void wfi_write_recorded(const struct wf_schema *schema, const struct wfi_key *key,
                        const void *object, struct wf_strbuf *out)
{
    (void)key;
    (void)object;
    if (schema->is_unrecorded)
        wf_strbuf_add(out, "no");
}

void wfi_read_key(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                  const char *text)
{
    struct wf_schema *schema = object;

    (void)key;
    schema->key = wfi_reference(reader, text);
}

void wfi_write_key(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                   struct wf_strbuf *out)
{
    (void)key;
    (void)object;
    if (schema->key >= 0)
        wf_strbuf_add(out, schema->parameters[schema->key].name);
}
