/* SPDX-License-Identifier: MIT */
/* Values as JSON: see value_json.h. */

#include "value_json.h"

#include <math.h>
#include <stdlib.h>

#include <jansson.h>

#define TEXT_MAX (8u << 20)

/* Length of the UTF-8 sequence that `first` begins; 0 when it begins none. */
static size_t sequence_len(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    if (first >= 0xf0 && first <= 0xf4)
        return 4;
    return 0;
}

/* jansson judges each sequence: it knows the overlong and the surrogate ones. */
static json_t *repair(const char *text, size_t len)
{
    struct wf_strbuf whole;
    json_t *string;

    wf_strbuf_init(&whole, TEXT_MAX);
    for (size_t i = 0; i < len;) {
        size_t step = sequence_len((unsigned char)text[i]);
        json_t *one = step != 0 && step <= len - i ? json_stringn(text + i, step) : NULL;

        if (one != NULL)
            wf_strbuf_add_bytes(&whole, text + i, step);
        else
            wf_strbuf_add(&whole, "\xef\xbf\xbd");
        i += one != NULL ? step : 1;
        json_decref(one);
    }
    string = json_stringn(whole.text, whole.len);
    wf_strbuf_fini(&whole);
    return string;
}

void value_json_text(struct wf_strbuf *out, const char *text, size_t len)
{
    json_t *string = json_stringn(text, len);
    char *dump;

    if (string == NULL)
        string = repair(text, len);
    dump = json_dumps(string, JSON_ENCODE_ANY);
    wf_strbuf_add(out, dump != NULL ? dump : "null"); /* NULL: out of memory */
    free(dump);
    json_decref(string);
}

static bool is_bare(const struct wf_schema *schema, size_t index, const struct wf_value *value,
                    bool is_raw)
{
    switch (value->kind) {
    case WF_VALUE_F64:
        return isfinite(value->as.f64);
    case WF_VALUE_BOOL:
    case WF_VALUE_U64:
    case WF_VALUE_I64:
        return is_raw || schema->parameters[index].enumeration < 0;
    default:
        return false;
    }
}

void value_json(struct wf_strbuf *out, const struct wf_schema *schema, size_t index,
                const struct wf_value *value, bool is_raw)
{
    struct wf_strbuf text;

    if (value->kind == WF_VALUE_NONE) {
        wf_strbuf_add(out, "null");
        return;
    }
    if (is_bare(schema, index, value, is_raw)) {
        wf_value_exact(schema, index, value, is_raw, out);
        return;
    }
    wf_strbuf_init(&text, TEXT_MAX);
    wf_value_exact(schema, index, value, is_raw, &text);
    value_json_text(out, text.text, text.len);
    wf_strbuf_fini(&text);
}
