/* SPDX-License-Identifier: MIT */
/*
 * The fields of one packet, in order: what containers inherit, entries of containers inside
 * containers, members of aggregates and repeats are laid out flat.
 */

#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>

#include "xtce_model.h"

/* Where an entry stands: what holds for every field it makes. */
struct place {
    const struct wfd_node *entry;
    int64_t start; /* first bit of the container it is in; -1 = not fixed */
    bool is_inherited;
    bool is_placed; /* at `at`, not behind the last one */
    int64_t skip;
    const struct wfd_node *conditions[WFD_XTCE_CONDITIONS];
    size_t condition_count;
    unsigned depth;
};

static const char *keep(struct wfd_draft *draft, const char *text)
{
    char *copy = wfd_tree_take(draft->xtce->tree, strlen(text) + 1);

    if (copy == NULL) {
        draft->rc = WF_ERR_NOMEM;
        return "";
    }
    memcpy(copy, text, strlen(text));
    return copy;
}

static struct wfd_field *add_field(struct wfd_draft *draft)
{
    if (draft->count >= WF_SCHEMA_PARAMETERS_MAX) {
        draft->rc = WF_ERR_LIMIT;
        return NULL;
    }
    if (draft->count == draft->room) {
        size_t room = draft->room == 0 ? 64 : 2 * draft->room;
        struct wfd_field *fields = realloc(draft->fields, room * sizeof(*fields));

        if (fields == NULL) {
            draft->rc = WF_ERR_NOMEM;
            return NULL;
        }
        draft->fields = fields;
        draft->room = room;
    }
    draft->fields[draft->count] = (struct wfd_field){ .count = 1 };
    return &draft->fields[draft->count++];
}

/* What follows has no place that can be told. */
static void cut(struct wfd_draft *draft, const struct wfd_node *node, const char *what)
{
    if (!draft->is_cut)
        wfd_note(draft, node, "%s: it and the entries behind it are left out", what);
    draft->is_cut = true;
}

/* --- parameters, members, arrays ------------------------------------------------------------ */

struct repeat {
    uint32_t count;
    const struct wfd_node *from; /* Parameter that gives the count */
};

static void lay_scalar(struct wfd_draft *draft, struct place *place,
                       const struct wfd_node *parameter, const struct wfd_node *type,
                       const char *original, struct repeat repeat)
{
    struct wfd_field *field;
    struct wfd_coding coding;
    int64_t bits;

    if (!wfd_coding_of(draft, type, place->entry, &coding)) {
        if (coding.node != NULL)
            cut(draft, place->entry, "a parameter that cannot be read");
        return;
    }
    field = add_field(draft);
    if (field == NULL)
        return;
    field->parameter = parameter;
    field->type = type;
    field->entry = place->entry;
    field->original =
        original == wfd_attribute(parameter, "name") ? original : keep(draft, original);
    field->is_inherited = place->is_inherited;
    field->is_placed = place->is_placed;
    field->skip = place->skip;
    field->count = repeat.count;
    field->count_from = repeat.from;
    field->coding = coding;
    memcpy(field->conditions, place->conditions, sizeof(field->conditions));
    field->condition_count = place->condition_count;
    place->is_placed = false;
    place->skip = 0;

    bits = wfd_coding_bits(&coding);
    field->at = draft->at;
    field->bits = bits < 0 || repeat.from != NULL ? -1 : bits * (int64_t)repeat.count;
    if (draft->at >= 0)
        draft->at = field->bits < 0 || place->condition_count > 0 ? -1 : draft->at + field->bits;
}

static void lay_type(struct wfd_draft *draft, struct place *place, const struct wfd_node *parameter,
                     const struct wfd_node *type, const char *original, struct repeat repeat,
                     unsigned depth);

static void lay_aggregate(struct wfd_draft *draft, struct place *place,
                          const struct wfd_node *parameter, const struct wfd_node *type,
                          const char *original, unsigned depth)
{
    const struct wfd_node *list = wfd_type_child(draft->xtce, type, "MemberList");
    char text[200];

    for (const struct wfd_node *member = wfd_child(list, "Member");
         member != NULL && draft->rc == 0 && !draft->is_cut; member = wfd_next(member)) {
        const char *name = wfd_attribute(member, "name");
        const struct wfd_node *of =
            wfd_find(draft->xtce, member, WFD_KIND_TYPE, wfd_attribute(member, "typeRef"));
        struct wf_strbuf path = WF_STRBUF_FIXED(text);

        wf_strbuf_addf(&path, "%s.%s", original, name != NULL ? name : "");
        if (of == NULL)
            cut(draft, member, "a Member whose typeRef is not in this file");
        else
            lay_type(draft, place, parameter, of, text, (struct repeat){ .count = 1 }, depth + 1);
    }
}

static bool dimension(struct wfd_draft *draft, const struct wfd_node *node, struct repeat *out)
{
    struct wfd_amount first = { 0 }, last;
    const struct wfd_node *start = wfd_child(node, "StartingIndex");

    if (!wfd_amount_of(draft, wfd_child(node, "EndingIndex"), &last) ||
        (start != NULL && (!wfd_amount_of(draft, start, &first) || first.from != NULL)))
        return false;
    if (last.from != NULL) { /* the last index is the count less one */
        out->from = last.from;
        out->count = 256;
        return last.slope == 1 && last.intercept == -1 && first.fixed == 0;
    }
    if (last.fixed < first.fixed || last.fixed - first.fixed >= WF_SCHEMA_PARAMETERS_MAX)
        return false;
    out->count *= (uint32_t)(last.fixed - first.fixed + 1);
    return out->count > 0 && out->count <= 65535;
}

static void lay_array(struct wfd_draft *draft, struct place *place,
                      const struct wfd_node *parameter, const struct wfd_node *type,
                      const char *original, const struct wfd_node *dimensions, unsigned depth)
{
    const char *of_name = wfd_attribute(type, "arrayTypeRef");
    const struct wfd_node *of = wfd_find(draft->xtce, type, WFD_KIND_TYPE, of_name);
    struct repeat repeat = { .count = 1 };
    bool is_known = of != NULL && dimensions != NULL;

    for (const struct wfd_node *node = wfd_child(dimensions, "Dimension"); node != NULL && is_known;
         node = wfd_next(node))
        is_known = repeat.from == NULL && dimension(draft, node, &repeat);
    if (!is_known)
        cut(draft, place->entry, "an array whose type or dimensions cannot be told");
    else
        lay_type(draft, place, parameter, of, original, repeat, depth + 1);
}

static void lay_repeated(struct wfd_draft *draft, struct place *place,
                         const struct wfd_node *parameter, const struct wfd_node *type,
                         const char *original, struct repeat repeat, unsigned depth)
{
    char text[200];

    if (repeat.from != NULL) {
        cut(draft, place->entry, "an aggregate repeated as often as a parameter says");
        return;
    }
    for (uint32_t i = 0; i < repeat.count && draft->rc == 0 && !draft->is_cut; i++) {
        struct wf_strbuf path = WF_STRBUF_FIXED(text);

        wf_strbuf_addf(&path, "%s[%u]", original, i);
        lay_type(draft, place, parameter, type, text, (struct repeat){ .count = 1 }, depth);
    }
}

static void lay_type(struct wfd_draft *draft, struct place *place, const struct wfd_node *parameter,
                     const struct wfd_node *type, const char *original, struct repeat repeat,
                     unsigned depth)
{
    bool is_aggregate = wfd_is(type, "AggregateParameterType");
    bool is_array = wfd_is(type, "ArrayParameterType");

    if (depth > WFD_XTCE_CHAIN_MAX || ++draft->xtce->steps > WFD_XTCE_STEPS_MAX) {
        draft->rc = WF_ERR_LIMIT;
        return;
    }
    if (repeat.from == NULL && repeat.count == 0)
        return;
    if ((is_aggregate || is_array) && (repeat.count > 1 || repeat.from != NULL))
        lay_repeated(draft, place, parameter, type, original, repeat, depth + 1);
    else if (is_aggregate)
        lay_aggregate(draft, place, parameter, type, original, depth);
    else if (is_array)
        lay_array(draft, place, parameter, type, original,
                  wfd_type_child(draft->xtce, type, "DimensionList"), depth);
    else if (repeat.count > 1 && (wfd_type_child(draft->xtce, type, "StringDataEncoding") ||
                                  wfd_type_child(draft->xtce, type, "BinaryDataEncoding")))
        lay_repeated(draft, place, parameter, type, original, repeat, depth + 1);
    else
        lay_scalar(draft, place, parameter, type, original, repeat);
}

/* --- entries --------------------------------------------------------------------------------------- */

static bool repeat_of(struct wfd_draft *draft, const struct wfd_node *entry, struct repeat *out)
{
    const struct wfd_node *node = wfd_child(entry, "RepeatEntry");
    struct wfd_amount amount;

    *out = (struct repeat){ .count = 1 };
    if (node == NULL)
        return true;
    if (wfd_child(node, "Offset") != NULL ||
        !wfd_amount_of(draft, wfd_child(node, "Count"), &amount))
        return false;
    if (amount.from != NULL) {
        *out = (struct repeat){ .count = 256, .from = amount.from };
        return amount.slope == 1 && amount.intercept == 0;
    }
    out->count = amount.fixed <= 65535 ? (uint32_t)amount.fixed : 0;
    return amount.fixed <= 65535;
}

/* LocationInContainerInBits: false when the place cannot be told. */
static bool place_entry(struct wfd_draft *draft, struct place *place)
{
    const struct wfd_node *node = wfd_child(place->entry, "LocationInContainerInBits");
    const char *from = wfd_attribute(node, "referenceLocation");
    int64_t offset = 0;

    if (node == NULL)
        return true;
    /* Offsets may be negative, which other amounts are not. */
    if (wfd_child(node, "FixedValue") == NULL ||
        !wfd_integer(wfd_child(node, "FixedValue"), NULL, 0, &offset))
        return false;
    if (from == NULL || strcmp(from, "previousEntry") == 0) {
        if (offset < 0) {
            if (draft->at + offset < 0)
                return false;
            draft->at += offset;
            place->is_placed = true;
        } else {
            place->skip += offset;
            draft->at = draft->at >= 0 ? draft->at + offset : -1;
        }
        return offset >= -8 * 65536 && offset <= 8 * 65536;
    }
    if (strcmp(from, "containerStart") != 0 || place->start < 0 || offset < 0 || offset > 8 * 65536)
        return false;
    if (draft->at != place->start + offset) {
        draft->at = place->start + offset;
        place->is_placed = true;
        place->skip = 0;
    }
    return true;
}

static void lay_entries(struct wfd_draft *draft, const struct wfd_node *container,
                        struct place *place);

static void lay_container(struct wfd_draft *draft, struct place *place, struct repeat repeat)
{
    const struct wfd_node *chain[WFD_XTCE_CHAIN_MAX];
    const struct wfd_node *found = wfd_find(draft->xtce, place->entry, WFD_KIND_CONTAINER,
                                            wfd_attribute(place->entry, "containerRef"));
    size_t count = found != NULL ? wfd_chain(draft->xtce, found, chain) : 0;

    if (count == 0 || repeat.from != NULL) {
        cut(draft, place->entry,
            count == 0 ? "a container that is not in this file"
                       : "a container repeated as often as a parameter says");
        return;
    }
    for (uint32_t i = 0; i < repeat.count && draft->rc == 0 && !draft->is_cut; i++) {
        place->start = draft->at;
        for (size_t j = 0; j < count; j++)
            lay_entries(draft, chain[j], place);
    }
}

static void lay_entry(struct wfd_draft *draft, struct place *place)
{
    const struct wfd_node *entry = place->entry;
    const struct wfd_node *condition = wfd_child(entry, "IncludeCondition");
    const struct wfd_node *parameter, *type;
    struct repeat repeat;
    const char *reference = wfd_attribute(entry, "parameterRef");

    if (!repeat_of(draft, entry, &repeat) || !place_entry(draft, place)) {
        cut(draft, entry, "a repeat or location that cannot be told");
        return;
    }
    if (condition != NULL && place->condition_count == WFD_XTCE_CONDITIONS) {
        cut(draft, entry, "conditions nested too deeply");
        return;
    }
    if (condition != NULL)
        place->conditions[place->condition_count++] = condition;
    if (wfd_is(entry, "ContainerRefEntry")) {
        lay_container(draft, place, repeat);
        return;
    }
    if (!wfd_is(entry, "ParameterRefEntry") && !wfd_is(entry, "ArrayParameterRefEntry")) {
        cut(draft, entry, entry->name);
        return;
    }
    parameter = wfd_find(draft->xtce, entry, WFD_KIND_PARAMETER, reference);
    type = wfd_find(draft->xtce, parameter, WFD_KIND_TYPE,
                    wfd_attribute(parameter, "parameterTypeRef"));
    if (parameter == NULL || type == NULL) {
        cut(draft, entry,
            parameter == NULL ? "a parameter that is not in this file"
                              : "a parameter whose type is not in this file");
        return;
    }
    if (wfd_is(entry, "ArrayParameterRefEntry") && wfd_is(type, "ArrayParameterType") &&
        wfd_child(entry, "DimensionList") != NULL)
        lay_array(draft, place, parameter, type, wfd_attribute(parameter, "name"),
                  wfd_child(entry, "DimensionList"), 0);
    else
        lay_type(draft, place, parameter, type, wfd_attribute(parameter, "name"), repeat, 0);
}

static void lay_entries(struct wfd_draft *draft, const struct wfd_node *container,
                        struct place *outer)
{
    const struct wfd_node *list = wfd_child(container, "EntryList");

    if (outer->depth >= WFD_XTCE_CHAIN_MAX) {
        draft->rc = WF_ERR_LIMIT;
        return;
    }
    for (const struct wfd_node *entry = list != NULL ? list->first : NULL;
         entry != NULL && draft->rc == 0 && !draft->is_cut; entry = entry->next) {
        struct place place = *outer;

        if (++draft->xtce->steps > WFD_XTCE_STEPS_MAX) {
            draft->rc = WF_ERR_LIMIT;
            return;
        }
        place.entry = entry;
        place.depth = outer->depth + 1;
        lay_entry(draft, &place);
        /* What was not used up by a field of this entry goes on to the next. */
        outer->is_placed = place.is_placed;
        outer->skip = place.skip;
    }
}

/* --- names ---------------------------------------------------------------------------------------- */

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
        wf_name_from_text(own, field->name);
        for (unsigned n = 2; is_taken(draft, i, field->name) && n < 10000; n++) {
            struct wf_strbuf buf = WF_STRBUF_FIXED(text);

            wf_strbuf_addf(&buf, "%.42s_%u", own, n);
            wf_name_from_text(text, field->name);
        }
    }
}

/* --- beginning and end ------------------------------------------------------------------------ */

void wfd_draft_begin(struct wfd_draft *draft, struct wf_xtce *xtce,
                     const struct wfd_node *container, struct wf_problems *notes)
{
    const struct wfd_node *chain[WFD_XTCE_CHAIN_MAX];
    size_t count = wfd_chain(xtce, container, chain);
    struct place place = { 0 };

    *draft = (struct wfd_draft){ .xtce = xtce, .container = container, .notes = notes };
    wf_strbuf_init(&draft->match, 64u << 10);
    for (size_t i = 0; i < count && draft->rc == 0 && !draft->is_cut; i++) {
        place.is_inherited = i + 1 < count;
        lay_entries(draft, chain[i], &place);
    }
    name_fields(draft);
}

void wfd_draft_end(struct wfd_draft *draft)
{
    free(draft->fields);
    draft->fields = NULL;
    wf_strbuf_fini(&draft->match);
}

const struct wfd_field *wfd_field_of(const struct wfd_draft *draft,
                                     const struct wfd_node *parameter)
{
    for (size_t i = 0; i < draft->count; i++) {
        if (draft->fields[i].parameter == parameter)
            return &draft->fields[i];
    }
    return NULL;
}
