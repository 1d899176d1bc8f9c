/* SPDX-License-Identifier: MIT */
/*
 * Types to fields: members of aggregates, elements of arrays and repeats are laid out flat, but
 * for arrays of numbers, which stay arrays.
 */

#include "xtce_layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>

struct wfd_field *wfd_add_field(struct wfd_draft *draft)
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
    draft->fields[draft->count] = (struct wfd_field){ .count = 1, .segment = -1 };
    return &draft->fields[draft->count++];
}

void wfd_cut(struct wfd_draft *draft, const struct wfd_node *node, const char *what)
{
    if (!draft->is_cut)
        wfd_note(draft, node,
                 "%s: it and the entries behind it are left out, up to one that says where in "
                 "the container it is",
                 what);
    draft->is_cut = true;
}

/* --- how often ------------------------------------------------------------------------------ */

/* The most that the parameter can say; what cannot be told is a byte's. */
static double most_of(const struct wfd_draft *draft, const struct wfd_amount *amount)
{
    const struct wfd_field *from = wfd_counter_of(draft, amount->from, draft->count);
    const struct wfd_node *range =
        from != NULL ? wfd_type_child(draft->xtce, from->type, "ValidRange") : NULL;
    double most = 255;

    if (from != NULL)
        most = ldexp(1, (int)from->coding.bits - (from->coding.type == WF_TYPE_INT)) - 1;
    if (wfd_number(range, "maxInclusive", INFINITY) < most)
        most = wfd_number(range, "maxInclusive", INFINITY);
    return floor(most * amount->slope + amount->intercept);
}

/* Can the schema say it as `count = P+n`? */
static bool is_plain_count(const struct wfd_repeat *repeat)
{
    const struct wfd_amount *amount = &repeat->amount;

    return amount->from.parameter != NULL && amount->slope == 1 &&
           amount->intercept == floor(amount->intercept) && fabs(amount->intercept) <= 65535 &&
           repeat->offset == 0;
}

void wfd_lay_copies(struct wfd_draft *draft, struct wfd_place *place,
                    const struct wfd_repeat *repeat, wfd_copy_fn lay, void *context)
{
    bool is_variable = repeat->amount.from.parameter != NULL;
    double most = is_variable ? most_of(draft, &repeat->amount) : repeat->count;
    size_t first = draft->count, outer = place->condition_count;
    double room = is_variable ? WFD_XTCE_COPIES_MAX : most;

    if (is_variable && outer == WFD_XTCE_CONDITIONS) {
        wfd_cut(draft, place->entry, "repeats nested too deeply");
        return;
    }
    for (uint32_t i = 0; i < most && i < room && draft->rc == 0 && !draft->is_cut; i++) {
        if (i > 0)
            place->skip += repeat->offset;
        if (is_variable) {
            place->conditions[outer] =
                (struct wfd_condition){ .amount = repeat->amount, .index = i };
            place->condition_count = outer + 1;
        }
        lay(draft, place, context, i);
        place->condition_count = outer;
        /* Leave half of what a schema may hold to what follows. */
        if (is_variable && i == 0 && draft->count > first) {
            double here = (double)(draft->count - first);
            double left = (double)(WF_SCHEMA_PARAMETERS_MAX - first) / 2 / here;

            room = fmin(room, floor(left) > 1 ? floor(left) : 1);
        }
        if (++draft->xtce->steps > WFD_XTCE_STEPS_MAX)
            draft->rc = WF_ERR_LIMIT;
    }
    if (most > room && draft->rc == 0)
        wfd_note(draft, place->entry, "repeated up to %.0f times: the first %.0f are read", most,
                 room);
}

/* --- one field ------------------------------------------------------------------------------ */

/* Take the place of the next field; the cursor moves behind it. */
static void take_place(struct wfd_draft *draft, struct wfd_place *place, struct wfd_field *field,
                       int64_t bits)
{
    bool is_conditional = place->condition_count > 0;

    field->entry = place->entry;
    field->is_inherited = place->is_inherited;
    field->is_placed = place->is_placed;
    field->skip = place->skip;
    field->from_end = place->from_end;
    memcpy(field->conditions, place->conditions, sizeof(field->conditions));
    field->condition_count = place->condition_count;
    field->at = place->from_end > 0 ? -1 : draft->at;
    field->bits = bits;
    if (place->from_end > 0)
        draft->at = -1;
    else if (draft->at >= 0)
        draft->at = bits < 0 || is_conditional ? -1 : draft->at + bits;
    place->is_placed = false;
    place->skip = place->from_end = 0;
}

/* Its bits are known, even if they cannot be read: pass over them. */
static void pass_over(struct wfd_draft *draft, struct wfd_place *place,
                      const struct wfd_node *coding, const struct wfd_repeat *repeat)
{
    int64_t bits = 0;

    if (repeat->amount.from.parameter != NULL || place->from_end > 0 ||
        place->condition_count > 0 || wfd_attribute(coding, "sizeInBits") == NULL ||
        !wfd_integer(coding, "sizeInBits", 0, &bits) || bits < 1 || bits > 8 * 65536) {
        wfd_cut(draft, place->entry, "a parameter that cannot be read");
        return;
    }
    bits *= repeat->count;
    place->skip += bits;
    draft->at = draft->at >= 0 ? draft->at + bits : -1;
}

static void lay_scalar(struct wfd_draft *draft, struct wfd_place *place,
                       const struct wfd_node *parameter, const struct wfd_node *type,
                       const char *original, const struct wfd_repeat *repeat)
{
    bool is_variable = repeat->amount.from.parameter != NULL;
    struct wfd_field *field;
    struct wfd_coding coding;
    int64_t bits;

    if (!wfd_coding_of(draft, type, place->entry, &coding)) {
        if (coding.node != NULL)
            pass_over(draft, place, coding.node, repeat);
        return;
    }
    if (coding.sizing == WF_SIZE_FIELD &&
        wfd_counter_of(draft, coding.size_from, draft->count) == NULL) {
        wfd_note(draft, place->entry,
                 "the size of '%s' is not in a whole number that comes before it: read to the end "
                 "of the packet",
                 original);
        coding.sizing = WF_SIZE_REST;
    }
    field = wfd_add_field(draft);
    if (field == NULL)
        return;
    field->parameter = parameter;
    field->type = type;
    field->original =
        original == wfd_attribute(parameter, "name") ? original : wfd_keep(draft, original);
    field->count = repeat->count;
    field->coding = coding;
    bits = wfd_coding_bits(&coding);
    if (is_variable) {
        double most = fmin(most_of(draft, &repeat->amount), WFD_XTCE_COUNT_MAX);

        most = bits > 0 ? fmin(most, 8.0 * WFD_XTCE_SIZE_MAX / (double)bits) : most;
        field->count = most >= 1 ? (uint32_t)most : 1;
        field->count_from = repeat->amount.from;
        field->count_add = (int64_t)repeat->amount.intercept;
    }
    take_place(draft, place, field, bits < 0 || is_variable ? -1 : bits * (int64_t)repeat->count);
    if (coding.bits == 0 && coding.sizing == WF_SIZE_REST)
        draft->is_cut = draft->is_rest = true;
}

void wfd_lay_segment(struct wfd_draft *draft, struct wfd_place *place,
                     const struct wfd_node *parameter, const struct wfd_node *type, int64_t bits,
                     int64_t order)
{
    const char *name = wfd_attribute(parameter, "name");
    struct wfd_field *field = wfd_add_field(draft);
    struct wf_strbuf text;
    char path[200];
    int64_t before = 0;

    if (field == NULL)
        return;
    for (size_t i = 0; i + 1 < draft->count; i++)
        before += draft->fields[i].parameter == parameter && draft->fields[i].segment >= 0;
    wf_strbuf_init_fixed(&text, path, sizeof(path));
    wf_strbuf_addf(&text, "%s.part%lld", name, (long long)before + 1);
    field->parameter = parameter;
    field->type = type;
    field->original = wfd_keep(draft, path);
    field->segment = order >= 0 ? order : before;
    field->coding = (struct wfd_coding){ .type = bits <= 64 ? WF_TYPE_UINT : WF_TYPE_BYTES,
                                         .bits = bits <= 64 ? (uint32_t)bits : 0,
                                         .sizing = WF_SIZE_FIXED,
                                         .size_max = (uint32_t)(bits / 8) };
    take_place(draft, place, field, bits);
}

/* --- aggregates and arrays ------------------------------------------------------------------ */

static const struct wfd_repeat once = { .count = 1 };

static void lay_aggregate(struct wfd_draft *draft, struct wfd_place *place,
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
            wfd_cut(draft, member, "a Member whose typeRef is not in this file");
        else
            wfd_lay_type(draft, place, parameter, of, text, &once, depth + 1);
    }
}

static bool dimension(struct wfd_draft *draft, const struct wfd_node *node, struct wfd_repeat *out)
{
    struct wfd_amount first = { 0 }, last;
    const struct wfd_node *start = wfd_child(node, "StartingIndex");

    if (!wfd_amount_of(draft, wfd_child(node, "EndingIndex"), &last) ||
        (start != NULL && (!wfd_amount_of(draft, start, &first) || first.from.parameter != NULL)))
        return false;
    if (last.from.parameter != NULL) { /* the last index, so there is one more */
        if (out->count != 1)
            return false;
        out->amount = last;
        out->amount.intercept += 1 - (double)first.fixed;
        return true;
    }
    if (last.fixed < first.fixed || last.fixed - first.fixed >= WF_SCHEMA_PARAMETERS_MAX)
        return false;
    out->count *= (uint32_t)(last.fixed - first.fixed + 1);
    return out->count > 0 && out->count <= 65535;
}

void wfd_lay_array(struct wfd_draft *draft, struct wfd_place *place,
                   const struct wfd_node *parameter, const struct wfd_node *type,
                   const char *original, const struct wfd_node *dimensions, unsigned depth)
{
    const char *of_name = wfd_attribute(type, "arrayTypeRef");
    const struct wfd_node *of = wfd_find(draft->xtce, type, WFD_KIND_TYPE, of_name);
    struct wfd_repeat repeat = { .count = 1 };
    bool is_known = of != NULL && dimensions != NULL;

    for (const struct wfd_node *node = wfd_child(dimensions, "Dimension"); node != NULL && is_known;
         node = wfd_next(node))
        is_known = repeat.amount.from.parameter == NULL && dimension(draft, node, &repeat);
    if (!is_known)
        wfd_cut(draft, place->entry, "an array whose type or dimensions cannot be told");
    else
        wfd_lay_type(draft, place, parameter, of, original, &repeat, depth + 1);
}

struct copies {
    const struct wfd_node *parameter, *type;
    const char *original;
    unsigned depth;
};

static void lay_copy(struct wfd_draft *draft, struct wfd_place *place, void *context,
                     uint32_t index)
{
    const struct copies *copies = context;
    char text[200];
    struct wf_strbuf path = WF_STRBUF_FIXED(text);

    wf_strbuf_addf(&path, "%s[%u]", copies->original, index);
    wfd_lay_type(draft, place, copies->parameter, copies->type, text, &once, copies->depth + 1);
}

void wfd_lay_type(struct wfd_draft *draft, struct wfd_place *place,
                  const struct wfd_node *parameter, const struct wfd_node *type,
                  const char *original, const struct wfd_repeat *repeat, unsigned depth)
{
    bool is_aggregate = wfd_is(type, "AggregateParameterType");
    bool is_array = wfd_is(type, "ArrayParameterType");
    bool is_variable = repeat->amount.from.parameter != NULL;
    bool is_repeated = repeat->count > 1 || is_variable;
    bool is_number = wfd_type_child(draft->xtce, type, "StringDataEncoding") == NULL &&
                     wfd_type_child(draft->xtce, type, "BinaryDataEncoding") == NULL;

    if (depth > WFD_XTCE_CHAIN_MAX || ++draft->xtce->steps > WFD_XTCE_STEPS_MAX) {
        draft->rc = WF_ERR_LIMIT;
        return;
    }
    if (repeat->count == 0)
        return;
    if (is_repeated && (is_aggregate || is_array || !is_number || repeat->offset != 0 ||
                        (is_variable && !is_plain_count(repeat)))) {
        struct copies copies = { parameter, type, original, depth };

        wfd_lay_copies(draft, place, repeat, lay_copy, &copies);
    } else if (is_aggregate) {
        lay_aggregate(draft, place, parameter, type, original, depth);
    } else if (is_array) {
        wfd_lay_array(draft, place, parameter, type, original,
                      wfd_type_child(draft->xtce, type, "DimensionList"), depth);
    } else {
        lay_scalar(draft, place, parameter, type, original, repeat);
    }
}
