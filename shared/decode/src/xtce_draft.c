/* SPDX-License-Identifier: MIT */
/* One packet on its way to a schema: its fields, what references among them mean, their names. */

#include "xtce_layout.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>

const char *wfd_keep(struct wfd_draft *draft, const char *text)
{
    char *copy = wfd_tree_take(draft->xtce->tree, strlen(text) + 1);

    if (copy == NULL) {
        draft->rc = WF_ERR_NOMEM;
        return "";
    }
    memcpy(copy, text, strlen(text));
    return copy;
}

/* --- references ----------------------------------------------------------------------------- */

struct wfd_source wfd_source_of(struct wfd_draft *draft, const struct wfd_node *node,
                                const char *reference)
{
    struct wfd_source source = { .parameter =
                                     wfd_find(draft->xtce, node, WFD_KIND_PARAMETER, reference),
                                 .member = "" };
    char text[200];

    if (source.parameter != NULL || reference == NULL || strlen(reference) >= sizeof(text))
        return source;
    /* The shortest member first: names of systems and parameters may hold dots. */
    memcpy(text, reference, strlen(reference) + 1);
    for (size_t at = strlen(text); at-- > 1;) {
        if (text[at] != '/' && text[at] != '.')
            continue;
        text[at] = '\0';
        source.parameter = wfd_find(draft->xtce, node, WFD_KIND_PARAMETER, text);
        text[at] = '.';
        if (source.parameter != NULL) {
            for (char *slash = text + at; (slash = strchr(slash, '/')) != NULL;)
                *slash = '.';
            source.member = wfd_keep(draft, text + at);
            return source;
        }
    }
    return source;
}

static bool is_of(const struct wfd_field *field, struct wfd_source source)
{
    const char *rest;

    if (field->parameter != source.parameter || source.parameter == NULL || field->segment >= 0)
        return false;
    if (source.member[0] == '\0')
        return true;
    rest = field->original + strlen(wfd_attribute(source.parameter, "name"));
    if (*rest == '[' && strchr(rest, ']') != NULL)
        rest = strchr(rest, ']') + 1;
    return strcmp(rest, source.member) == 0;
}

const struct wfd_field *wfd_field_of(const struct wfd_draft *draft, struct wfd_source source,
                                     size_t before)
{
    for (size_t i = 0; i < draft->count; i++) {
        size_t index = before == 0 ? i : before - 1 - i;

        if (before > 0 && i >= before)
            break;
        if (is_of(&draft->fields[index], source))
            return &draft->fields[index];
    }
    return NULL;
}

const struct wfd_field *wfd_counter_of(const struct wfd_draft *draft, struct wfd_source source,
                                       size_t before)
{
    const struct wfd_field *field = before > 0 ? wfd_field_of(draft, source, before) : NULL;

    if (field == NULL || field->count != 1 || field->calculation != NULL ||
        wfd_is(field->type, "BooleanParameterType") ||
        (field->coding.type != WF_TYPE_UINT && field->coding.type != WF_TYPE_INT) ||
        wfd_is_calibrated(draft, field))
        return NULL;
    return field;
}

/* --- names ---------------------------------------------------------------------------------- */

static bool begins_with(const char *text, const char *prefix, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char a[2] = { text[i], '\0' }, b[2] = { prefix[i], '\0' };

        if (wf_casecmp(a, b) != 0)
            return false;
    }
    return true;
}

/* Bytes that all the packet's own names share, up to a '.', or its name and a '_'. */
static size_t common_prefix(const struct wfd_draft *draft)
{
    const char *container = wfd_attribute(draft->container, "name");
    const char *first = NULL;
    size_t len = 0, count = 0;

    for (size_t i = 0; i < draft->count; i++) {
        const char *name = draft->fields[i].original;

        if (draft->fields[i].is_inherited)
            continue;
        if (count++ == 0) {
            first = name;
            len = strlen(name);
        }
        while (len > 0 && !begins_with(name, first, len))
            len--;
    }
    if (count < 2)
        return 0;
    for (size_t at = len; at > 0; at--) {
        if (first[at - 1] == '.' || first[at - 1] == '/')
            return at;
    }
    if (container != NULL && len > strlen(container) && first[strlen(container)] == '_' &&
        begins_with(first, container, strlen(container)))
        return strlen(container) + 1;
    return 0;
}

static bool is_taken(const struct wfd_draft *draft, size_t before, const char *name)
{
    for (size_t i = 0; i < before; i++) {
        if (wf_name_is_equal(draft->fields[i].name, name))
            return true;
    }
    return false;
}

/* Copies of a container come by the hundred: the search goes on where the last copy's ended. */
static unsigned number_of_copy(const struct wfd_draft *draft, size_t index)
{
    for (size_t i = index; i-- > 0;)
        if (strcmp(draft->fields[i].original, draft->fields[index].original) == 0)
            return draft->fields[i].number + 1;
    return 1;
}

static void name_fields(struct wfd_draft *draft)
{
    size_t prefix = common_prefix(draft);

    draft->xtce->steps += draft->count * draft->count / 256;
    for (size_t i = 0; i < draft->count; i++) {
        struct wfd_field *field = &draft->fields[i];
        const char *own = field->original;
        char text[WF_NAME_SIZE + 8];

        if (!field->is_inherited && own[prefix] != '\0')
            own += prefix;
        for (field->number = number_of_copy(draft, i); field->number < 10000; field->number++) {
            struct wf_strbuf buf = WF_STRBUF_FIXED(text);

            wf_strbuf_addf(&buf, "%.42s_%u", own, field->number);
            wf_name_from_text(field->number > 1 ? text : own, field->name);
            if (!is_taken(draft, i, field->name))
                break;
        }
    }
}

/* --- beginning and end ---------------------------------------------------------------------- */

void wfd_draft_begin(struct wfd_draft *draft, struct wf_xtce *xtce,
                     const struct wfd_node *container, struct wf_problems *notes)
{
    const struct wfd_node *chain[WFD_XTCE_CHAIN_MAX];
    size_t count = wfd_chain(xtce, container, chain);
    struct wfd_place place = { .end = -1, .is_whole = true };

    *draft = (struct wfd_draft){ .xtce = xtce, .container = container, .notes = notes };
    wf_strbuf_init(&draft->match, 64u << 10);
    for (size_t i = 0; i < count && draft->rc == 0; i++) {
        place.is_inherited = i + 1 < count;
        wfd_lay_entries(draft, chain[i], &place);
    }
    draft->packed = draft->count;
    if (draft->rc == 0)
        wfd_lay_calculations(draft);
    name_fields(draft);
    wfd_find_time(draft);
}

void wfd_draft_end(struct wfd_draft *draft)
{
    free(draft->fields);
    draft->fields = NULL;
    wf_strbuf_fini(&draft->match);
}
