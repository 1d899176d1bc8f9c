/* SPDX-License-Identifier: MIT */
/* Small texts that several pages need, and cells of tables. See pages.h. */

#include "pages.h"

#include <watchfloor/clock.h>

#include <string.h>

const char *con_age(int64_t ns, char out[CON_AGE_SIZE])
{
    struct wf_strbuf text;

    wf_strbuf_init_fixed(&text, out, CON_AGE_SIZE);
    if (ns < 0)
        wf_strbuf_add(&text, "-");
    else if (ns < WF_NS_PER_S) /* tenths: milliseconds would flicker */
        wf_strbuf_addf(&text, "0.%ds", (int)(ns / (WF_NS_PER_S / 10)));
    else
        wf_strbuf_add_age(&text, ns);
    return out;
}

void con_text_right_in(const struct wf_canvas_part *part, int x, int y, int width,
                       enum wf_style style, const char *text)
{
    struct wf_canvas_part field = wf_canvas_sub(part, x, y, width, 1);

    wf_canvas_text_right(&field, field.width, 0, style, text);
}

void con_first_words(const char *text, char *out, size_t size)
{
    struct wf_strbuf words;
    bool is_blank = false;

    wf_strbuf_init_fixed(&words, out, size);
    for (; *text != '\0'; text++) {
        if (*text == ' ' || *text == '\t' || *text == '\n') {
            is_blank = true;
            continue;
        }
        if (is_blank && words.len > 0)
            wf_strbuf_add_char(&words, ' ');
        is_blank = false;
        wf_strbuf_add_char(&words, *text);
    }
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool con_text_has(const char *text, const char *part)
{
    size_t len = strlen(part);

    for (; *text != '\0'; text++) {
        size_t i = 0;

        while (i < len && lower(text[i]) == lower(part[i]))
            i++;
        if (i == len)
            return true;
    }
    return len == 0;
}

const char *con_short_alarm(const char *name, char *out, size_t size)
{
    const char *kind = strrchr(name, ' ');
    struct wf_strbuf text;

    wf_strbuf_init_fixed(&text, out, size);
    if (strncmp(name, WF_SOURCE_MAIN ".", sizeof(WF_SOURCE_MAIN)) == 0)
        name += sizeof(WF_SOURCE_MAIN);
    if (kind != NULL && strcmp(kind, " LIMIT") == 0)
        wf_strbuf_add_bytes(&text, name, (size_t)(kind - name));
    else
        wf_strbuf_add(&text, name);
    return out;
}

static bool get_cell(const struct wf_schema *schema, const void *row, const char *column,
                     int *out_index, struct wf_value *out)
{
    *out_index = wf_schema_find(schema, column);
    if (*out_index == WF_NO_INDEX)
        return false;
    wf_value_get(schema, row, (size_t)*out_index, 0, out);
    return out->kind != WF_VALUE_NONE && out->quality < WF_QUALITY_INVALID;
}

void con_row_format(const struct wf_schema *schema, const void *row, const char *column, char *out,
                    size_t size)
{
    struct wf_strbuf text;
    struct wf_value value;
    int index;

    wf_strbuf_init_fixed(&text, out, size);
    if (get_cell(schema, row, column, &index, &value))
        wf_value_format(schema, (size_t)index, &value, &text);
}

bool con_row_number(const struct wf_schema *schema, const void *row, const char *column,
                    double *out)
{
    struct wf_value value;
    int index;

    if (!get_cell(schema, row, column, &index, &value))
        return false;
    *out = wf_value_as_double(&value);
    return true;
}

bool con_row_time(const struct wf_schema *schema, const void *row, const char *column,
                  int64_t *out_utc_ns)
{
    struct wf_value value;
    int index;

    if (!get_cell(schema, row, column, &index, &value) || value.kind != WF_VALUE_TIME ||
        value.as.i64 == WF_TIME_NONE)
        return false;
    *out_utc_ns = value.as.i64;
    return true;
}
