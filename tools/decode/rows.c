/* SPDX-License-Identifier: MIT */
/*
 * Rows: CSV as RFC 4180 has it (lines end in CR LF, quotes only where they are needed), or JSON,
 * an array with one object a line.
 *
 * Telling the shortest exact text of a double takes a microsecond, nearly all the time there
 * is. Housekeeping repeats itself, so texts are kept in a direct-mapped table by their bits.
 */

#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/region.h>
#include <watchfloor/value.h>

#include "decode.h"
#include "value_json.h"

#define MEMO_BITS 13
#define MEMO_TEXT 28 /* the longest double is 24 */

struct decode_memo {
    struct memo_entry {
        uint64_t bits;
        uint8_t len; /* 0 = empty */
        bool is_single;
        char text[MEMO_TEXT];
    } entries[1u << MEMO_BITS];
};

struct decode_memo *decode_memo_create(void)
{
    return calloc(1, sizeof(struct decode_memo));
}

void decode_memo_destroy(struct decode_memo **memo)
{
    free(*memo);
    *memo = NULL;
}

static void add_real(struct decode_memo *memo, const struct wf_schema *schema, size_t index,
                     const struct wf_value *value, struct wf_strbuf *out)
{
    struct memo_entry *entry;
    size_t from = out->len;
    uint64_t bits;

    memcpy(&bits, &value->as.f64, sizeof(bits));
    entry = &memo->entries[(bits * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - MEMO_BITS)];
    if (entry->len != 0 && entry->bits == bits && entry->is_single == value->is_single) {
        wf_strbuf_add_bytes(out, entry->text, entry->len);
        return;
    }
    wf_value_exact(schema, index, value, true, out);
    if (out->was_cut || out->len - from > MEMO_TEXT)
        return;
    *entry = (struct memo_entry){ .bits = bits,
                                  .len = (uint8_t)(out->len - from),
                                  .is_single = value->is_single };
    memcpy(entry->text, out->text + from, entry->len);
}

/* Quote what was added since `from`, where it needs it. */
static void quote(struct wf_strbuf *out, size_t from)
{
    struct wf_strbuf copy;
    size_t len = out->len - from;

    if (memchr(out->text + from, '"', len) == NULL && memchr(out->text + from, ',', len) == NULL &&
        memchr(out->text + from, '\n', len) == NULL && memchr(out->text + from, '\r', len) == NULL)
        return;
    wf_strbuf_init(&copy, DECODE_ROW_MAX);
    wf_strbuf_add_bytes(&copy, out->text + from, len);
    out->len = from;
    out->text[from] = '\0';
    wf_strbuf_add_char(out, '"');
    for (size_t i = 0; i < copy.len; i++) {
        if (copy.text[i] == '"')
            wf_strbuf_add_char(out, '"');
        wf_strbuf_add_char(out, copy.text[i]);
    }
    wf_strbuf_add_char(out, '"');
    out->was_cut = out->was_cut || copy.was_cut;
    wf_strbuf_fini(&copy);
}

static void add_csv_value(const struct wf_schema *schema, size_t index,
                          const struct wf_value *value, bool is_raw, struct decode_memo *memo,
                          struct wf_strbuf *out)
{
    size_t from = out->len;

    switch (value->kind) {
    case WF_VALUE_NONE:
        return;
    case WF_VALUE_F64:
        if (is_raw || schema->parameters[index].enumeration < 0) {
            add_real(memo, schema, index, value, out);
            return;
        }
        break;
    case WF_VALUE_U64:
    case WF_VALUE_I64:
        if (is_raw || schema->parameters[index].enumeration < 0) {
            wf_value_exact(schema, index, value, true, out);
            return;
        }
        break;
    default:
        break;
    }
    wf_value_exact(schema, index, value, is_raw, out);
    quote(out, from);
}

static void get(const struct wf_schema *schema, const void *payload, size_t index, size_t element,
                bool is_raw, struct wf_value *out)
{
    if (is_raw)
        wf_value_get_raw(schema, payload, index, element, out);
    else
        wf_value_get(schema, payload, index, element, out);
}

static uint8_t worst_quality(const struct wf_schema *schema, const uint8_t *payload)
{
    uint8_t worst = WF_QUALITY_VALID;

    for (size_t i = 0; i < schema->parameter_count; i++) {
        uint8_t quality = payload[schema->parameters[i].quality_offset];

        worst = quality > worst ? quality : worst;
    }
    return worst;
}

static const char *quality_of(const struct wf_schema *schema, const struct decode_row *row)
{
    uint8_t worst = worst_quality(schema, row->payload);

    /* A packet longer than its definition: every value stands, the definition is in doubt. */
    if (worst == WF_QUALITY_VALID && (row->flags & WF_SAMPLE_LONG) != 0)
        worst = WF_QUALITY_SUSPECT;
    return wf_quality_name((enum wf_quality)worst);
}

/* --- CSV ---------------------------------------------------------------------------------------- */

static void add_csv_row(const struct wf_schema *schema, struct decode_style style,
                        const struct decode_row *row, struct decode_memo *memo,
                        struct wf_strbuf *out)
{
    struct wf_value value;

    if (row->device_ns != WF_TIME_NONE)
        wf_strbuf_add_time(out, row->device_ns, 9);
    wf_strbuf_addf(out, ",%u", (unsigned)row->sequence);
    for (size_t i = 0; i < schema->parameter_count; i++) {
        for (size_t j = 0; j < schema->parameters[i].count_max; j++) {
            wf_strbuf_add_char(out, ',');
            get(schema, row->payload, i, j, style.is_raw, &value);
            add_csv_value(schema, i, &value, style.is_raw, memo, out);
        }
    }
    if (style.has_quality) {
        wf_strbuf_add_char(out, ',');
        wf_strbuf_add(out, quality_of(schema, row));
    }
    wf_strbuf_add(out, "\r\n");
}

static void add_csv_header(const struct wf_schema *schema, struct decode_style style,
                           struct wf_strbuf *out)
{
    wf_strbuf_add(out, "time,sequence");
    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_parameter *parameter = &schema->parameters[i];

        for (size_t j = 0; j < parameter->count_max; j++) {
            wf_strbuf_addf(out, ",%s", parameter->name);
            if (parameter->count_max > 1)
                wf_strbuf_addf(out, "[%zu]", j);
        }
    }
    wf_strbuf_add(out, style.has_quality ? ",quality\r\n" : "\r\n");
}

/* --- JSON --------------------------------------------------------------------------------------- */

static void add_json_parameter(const struct wf_schema *schema, size_t index, bool is_raw,
                               const void *payload, struct wf_strbuf *out)
{
    const struct wf_parameter *parameter = &schema->parameters[index];
    size_t count = wf_value_count(schema, payload, index);
    struct wf_value value;

    wf_strbuf_addf(out, ",\"%s\":", parameter->name);
    if (parameter->count_max == 1) {
        get(schema, payload, index, 0, is_raw, &value);
        value_json(out, schema, index, &value, is_raw);
        return;
    }
    wf_strbuf_add_char(out, '[');
    for (size_t j = 0; j < count; j++) {
        if (j > 0)
            wf_strbuf_add_char(out, ',');
        get(schema, payload, index, j, is_raw, &value);
        value_json(out, schema, index, &value, is_raw);
    }
    wf_strbuf_add_char(out, ']');
}

static void add_json_row(const struct wf_schema *schema, struct decode_style style,
                         const struct decode_row *row, struct wf_strbuf *out)
{
    wf_strbuf_add(out, "{\"time\":");
    if (row->device_ns != WF_TIME_NONE) {
        wf_strbuf_add_char(out, '"');
        wf_strbuf_add_time(out, row->device_ns, 9);
        wf_strbuf_add_char(out, '"');
    } else {
        wf_strbuf_add(out, "null");
    }
    wf_strbuf_addf(out, ",\"sequence\":%u", (unsigned)row->sequence);
    for (size_t i = 0; i < schema->parameter_count; i++)
        add_json_parameter(schema, i, style.is_raw, row->payload, out);
    if (style.has_quality)
        wf_strbuf_addf(out, ",\"quality\":\"%s\"", quality_of(schema, row));
    wf_strbuf_add_char(out, '}');
}

void decode_row_header(const struct wf_schema *schema, struct decode_style style,
                       struct wf_strbuf *out)
{
    if (style.format == DECODE_CSV)
        add_csv_header(schema, style, out);
    else
        wf_strbuf_add(out, "[\n");
}

void decode_row_add(const struct wf_schema *schema, struct decode_style style,
                    const struct decode_row *row, bool is_first, struct decode_memo *memo,
                    struct wf_strbuf *out)
{
    if (style.format == DECODE_CSV) {
        add_csv_row(schema, style, row, memo, out);
        return;
    }
    if (!is_first)
        wf_strbuf_add(out, ",\n");
    add_json_row(schema, style, row, out);
}

void decode_row_footer(struct decode_style style, bool is_empty, struct wf_strbuf *out)
{
    if (style.format == DECODE_JSON)
        wf_strbuf_add(out, is_empty ? "]\n" : "\n]\n");
}
