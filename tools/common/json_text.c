/* SPDX-License-Identifier: MIT */
/* JSON text: see json_text.h. */

#include "json_text.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/strbuf.h>

#define TEXT_MAX (256u << 20)

/* Where the text stands: how deep, and whether lines are broken at all. */
struct place {
    struct wf_strbuf *out;
    bool is_indented;
    int depth;
};

static void add(struct place *place, const json_t *value);

static void break_line(struct place *place)
{
    if (!place->is_indented)
        return;
    wf_strbuf_add_char(place->out, '\n');
    for (int i = 0; i < place->depth; i++)
        wf_strbuf_add_char(place->out, ' ');
}

/* Strings with their escapes, and all that jansson writes as it should be. */
static void add_plain(struct place *place, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);

    if (text == NULL)
        place->out->was_cut = true; /* out of memory */
    else
        wf_strbuf_add(place->out, text);
    free(text);
}

static void add_key(struct place *place, const char *key)
{
    json_t *text = json_string(key);

    add_plain(place, text);
    json_decref(text);
    wf_strbuf_add(place->out, place->is_indented ? ": " : ":");
}

/* jansson holds no NaN and no infinity. A whole number stays a real for whoever reads types. */
static void add_real(struct place *place, double value)
{
    char digits[40];
    struct wf_strbuf text = WF_STRBUF_FIXED(digits);

    wf_strbuf_add_double(&text, value);
    if (strpbrk(digits, ".eE") == NULL)
        wf_strbuf_add(&text, ".0");
    wf_strbuf_add(place->out, digits);
}

static void add_object(struct place *place, const json_t *object)
{
    bool is_first = true;

    wf_strbuf_add_char(place->out, '{');
    place->depth++;
    /* jansson's iterators do not change what they walk, but are declared as if. */
    for (void *at = json_object_iter((json_t *)(uintptr_t)object); at != NULL;
         at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
        if (!is_first)
            wf_strbuf_add_char(place->out, ',');
        is_first = false;
        break_line(place);
        add_key(place, json_object_iter_key(at));
        add(place, json_object_iter_value(at));
    }
    place->depth--;
    if (!is_first)
        break_line(place);
    wf_strbuf_add_char(place->out, '}');
}

static void add_array(struct place *place, const json_t *array)
{
    wf_strbuf_add_char(place->out, '[');
    place->depth++;
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0)
            wf_strbuf_add_char(place->out, ',');
        break_line(place);
        add(place, json_array_get(array, i));
    }
    place->depth--;
    if (json_array_size(array) > 0)
        break_line(place);
    wf_strbuf_add_char(place->out, ']');
}

static void add(struct place *place, const json_t *value)
{
    if (json_is_object(value))
        add_object(place, value);
    else if (json_is_array(value))
        add_array(place, value);
    else if (json_is_real(value))
        add_real(place, json_real_value(value));
    else
        add_plain(place, value);
}

bool json_text_write(const json_t *value, bool is_indented, FILE *file)
{
    struct wf_strbuf text;
    struct place place = { .out = &text, .is_indented = is_indented };
    bool is_whole;

    wf_strbuf_init(&text, TEXT_MAX);
    add(&place, value);
    wf_strbuf_add_char(&text, '\n');
    is_whole = !text.was_cut && fwrite(text.text, 1, text.len, file) == text.len;
    wf_strbuf_fini(&text);
    return is_whole;
}
