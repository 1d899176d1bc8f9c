/* SPDX-License-Identifier: MIT */
/* The entries of containers, and where in the packet each of them stands. */

#include "xtce_layout.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>

#define PLACE_MAX (8 * 65536) /* bits */

/* --- repeats and places --------------------------------------------------------------------- */

static bool repeat_of(struct wfd_draft *draft, const struct wfd_node *entry, struct wfd_repeat *out)
{
    const struct wfd_node *node = wfd_child(entry, "RepeatEntry");
    const struct wfd_node *offset = wfd_child(node, "Offset");
    struct wfd_amount between;

    *out = (struct wfd_repeat){ .count = 1 };
    if (node == NULL)
        return true;
    if (!wfd_amount_of(draft, wfd_child(node, "Count"), &out->amount))
        return false;
    if (offset != NULL) {
        if (!wfd_amount_of(draft, offset, &between) || between.from.parameter != NULL ||
            between.fixed > PLACE_MAX)
            return false;
        out->offset = between.fixed;
    }
    if (out->amount.from.parameter == NULL)
        out->count = out->amount.fixed <= 65535 ? (uint32_t)out->amount.fixed : 0;
    return out->amount.from.parameter != NULL || out->amount.fixed <= 65535;
}

/* Where `entry` is by LocationInContainerInBits; false when there is no such number. */
static bool location_of(const struct wfd_node *entry, const char **out_from, int64_t *out_offset)
{
    const struct wfd_node *node = wfd_child(entry, "LocationInContainerInBits");
    const struct wfd_node *fixed = wfd_child(node, "FixedValue");

    *out_from = wfd_attribute(node, "referenceLocation");
    if (*out_from == NULL)
        *out_from = "previousEntry";
    /* Offsets may be negative, which other amounts are not. */
    return fixed != NULL && wfd_integer(fixed, NULL, 0, out_offset) && *out_offset >= -PLACE_MAX &&
           *out_offset <= PLACE_MAX;
}

static bool put_at(struct wfd_draft *draft, struct wfd_place *place, int64_t at)
{
    if (at < 0 || at > PLACE_MAX)
        return false;
    if (draft->at != at || draft->is_cut) {
        draft->at = at;
        place->is_placed = true;
        place->skip = 0;
    }
    draft->is_cut = false;
    return true;
}

/* So many bits before the end of the container, which is the packet's unless its size is told. */
static bool put_before_end(struct wfd_draft *draft, struct wfd_place *place, int64_t offset)
{
    int64_t bits = offset < 0 ? -offset : offset;

    if (place->end >= 0)
        return put_at(draft, place, place->end - bits);
    if (!place->is_whole || bits == 0)
        return false;
    place->from_end = bits;
    place->skip = 0;
    draft->is_cut = false;
    return true;
}

/* So many bits before the next entry, which must say where it is. */
static bool put_before_next(struct wfd_draft *draft, struct wfd_place *place, int64_t offset)
{
    const char *from = NULL;
    int64_t next = 0;

    return place->entry->next != NULL && place->start >= 0 &&
           location_of(place->entry->next, &from, &next) && strcmp(from, "containerStart") == 0 &&
           put_at(draft, place, place->start + next - (offset < 0 ? -offset : offset));
}

/* False when the place cannot be told. */
static bool place_entry(struct wfd_draft *draft, struct wfd_place *place)
{
    const char *from = NULL;
    int64_t offset = 0;

    if (wfd_child(place->entry, "LocationInContainerInBits") == NULL)
        return !draft->is_cut;
    if (!location_of(place->entry, &from, &offset))
        return false;
    if (strcmp(from, "containerStart") == 0)
        return place->start >= 0 && put_at(draft, place, place->start + offset);
    if (strcmp(from, "containerEnd") == 0)
        return put_before_end(draft, place, offset);
    if (strcmp(from, "nextEntry") == 0)
        return put_before_next(draft, place, offset);
    if (strcmp(from, "previousEntry") != 0 || draft->is_cut)
        return false;
    if (offset < 0) {
        if (draft->at + offset < 0)
            return false;
        draft->at += offset;
        place->is_placed = true;
        return true;
    }
    place->skip += offset;
    draft->at = draft->at >= 0 ? draft->at + offset : -1;
    return true;
}

/* --- containers in containers --------------------------------------------------------------- */

struct chain {
    const struct wfd_node *list[WFD_XTCE_CHAIN_MAX];
    size_t count;
};

/* The size that the container's own encoding gives it, in bits; -1 = none. */
static int64_t size_of(struct wfd_draft *draft, const struct wfd_node *container)
{
    const struct wfd_node *size = wfd_path(container, "BinaryEncoding/SizeInBits");
    struct wfd_amount amount;

    if (size == NULL || !wfd_amount_of(draft, size, &amount) || amount.from.parameter != NULL ||
        amount.fixed > PLACE_MAX)
        return -1;
    return amount.fixed;
}

static void lay_chain(struct wfd_draft *draft, struct wfd_place *place, void *context,
                      uint32_t index)
{
    const struct chain *chain = context;
    struct wfd_place inside = *place;
    int64_t size = size_of(draft, chain->list[chain->count - 1]);

    (void)index;
    inside.start = draft->at;
    inside.end = draft->at >= 0 && size >= 0 ? draft->at + size : -1;
    inside.is_whole = false;
    for (size_t i = 0; i < chain->count && draft->rc == 0 && !draft->is_cut; i++)
        wfd_lay_entries(draft, chain->list[i], &inside);
    /* What was not used up goes on to what follows. */
    place->is_placed = inside.is_placed;
    place->skip = inside.skip;
    place->from_end = inside.from_end;
    if (inside.end >= 0 && inside.end != draft->at)
        (void)put_at(draft, place, inside.end);
}

/* Nothing but one number in it: repeated, it is an array. */
static const struct wfd_node *only_number(const struct wfd_draft *draft, const struct chain *chain)
{
    const struct wfd_node *list = wfd_child(chain->list[0], "EntryList");
    const struct wfd_node *entry = list != NULL ? list->first : NULL;
    const struct wfd_node *parameter, *type;

    if (chain->count != 1 || entry == NULL || entry->next != NULL || entry->first != NULL ||
        !wfd_is(entry, "ParameterRefEntry"))
        return NULL;
    parameter =
        wfd_find(draft->xtce, entry, WFD_KIND_PARAMETER, wfd_attribute(entry, "parameterRef"));
    type = wfd_find(draft->xtce, parameter, WFD_KIND_TYPE,
                    wfd_attribute(parameter, "parameterTypeRef"));
    if (type == NULL || (wfd_type_child(draft->xtce, type, "IntegerDataEncoding") == NULL &&
                         wfd_type_child(draft->xtce, type, "FloatDataEncoding") == NULL))
        return NULL;
    return parameter;
}

static void lay_container(struct wfd_draft *draft, struct wfd_place *place,
                          const struct wfd_repeat *repeat)
{
    struct chain chain = { .count = 0 };
    const struct wfd_node *found = wfd_find(draft->xtce, place->entry, WFD_KIND_CONTAINER,
                                            wfd_attribute(place->entry, "containerRef"));
    const struct wfd_node *number;

    chain.count = found != NULL ? wfd_chain(draft->xtce, found, chain.list) : 0;
    if (chain.count == 0) {
        wfd_cut(draft, place->entry, "a container that is not in this file");
        return;
    }
    number = repeat->amount.from.parameter != NULL ? only_number(draft, &chain) : NULL;
    if (number != NULL)
        wfd_lay_type(
            draft, place, number,
            wfd_find(draft->xtce, number, WFD_KIND_TYPE, wfd_attribute(number, "parameterTypeRef")),
            wfd_attribute(number, "name"), repeat, 0);
    else
        wfd_lay_copies(draft, place, repeat, lay_chain, &chain);
}

/* --- entries -------------------------------------------------------------------------------- */

static void lay_parameter(struct wfd_draft *draft, struct wfd_place *place,
                          const struct wfd_repeat *repeat)
{
    const struct wfd_node *entry = place->entry;
    const char *reference = wfd_attribute(entry, "parameterRef");
    const struct wfd_node *parameter, *type, *dimensions = wfd_child(entry, "DimensionList");
    int64_t bits = 0, order = -1;

    if (reference == NULL)
        reference = wfd_attribute(entry, "arrayRef"); /* 1.1, of an ArrayParameterRefEntry */
    parameter = wfd_find(draft->xtce, entry, WFD_KIND_PARAMETER, reference);
    type = wfd_find(draft->xtce, parameter, WFD_KIND_TYPE,
                    wfd_attribute(parameter, "parameterTypeRef"));
    if (parameter == NULL || type == NULL) {
        wfd_cut(draft, entry,
                parameter == NULL ? "a parameter that is not in this file"
                                  : "a parameter whose type is not in this file");
    } else if (wfd_is(entry, "ParameterSegmentRefEntry")) {
        if (!wfd_integer(entry, "sizeInBits", 0, &bits) || bits < 1 || bits > PLACE_MAX ||
            (bits > 64 && bits % 8 != 0) || !wfd_integer(entry, "order", -1, &order))
            wfd_cut(draft, entry, "a ParameterSegmentRefEntry whose bits cannot be read");
        else
            wfd_lay_segment(draft, place, parameter, type, bits, order);
    } else if (dimensions != NULL && wfd_is(type, "ArrayParameterType")) {
        wfd_lay_array(draft, place, parameter, type, wfd_attribute(parameter, "name"), dimensions,
                      0);
    } else {
        wfd_lay_type(draft, place, parameter, type, wfd_attribute(parameter, "name"), repeat, 0);
    }
}

/* An entry whose content the packet does not name: its bits are passed over where they are told. */
static void lay_unknown(struct wfd_draft *draft, struct wfd_place *place)
{
    const struct wfd_node *entry = place->entry;
    int64_t bits = 0;

    if (wfd_is(entry, "IndirectParameterRefEntry")) {
        wfd_cut(draft, entry,
                "IndirectParameterRefEntry (which parameter it is, only each packet says)");
    } else if (wfd_attribute(entry, "sizeInBits") != NULL && place->condition_count == 0 &&
               wfd_integer(entry, "sizeInBits", 0, &bits) && bits >= 0 && bits <= PLACE_MAX) {
        wfd_note(draft, entry, "%s: its %lld bits are passed over", entry->name, (long long)bits);
        place->skip += bits;
        draft->at = draft->at >= 0 ? draft->at + bits : -1;
    } else {
        wfd_cut(draft, entry, entry->name);
    }
}

static void lay_entry(struct wfd_draft *draft, struct wfd_place *place)
{
    const struct wfd_node *entry = place->entry;
    const struct wfd_node *condition = wfd_child(entry, "IncludeCondition");
    bool was_cut = draft->is_cut;
    struct wfd_repeat repeat;

    if (!place_entry(draft, place) || !repeat_of(draft, entry, &repeat)) {
        if (!was_cut)
            wfd_cut(draft, entry, "a repeat or location that cannot be told");
        else if (draft->is_rest)
            wfd_note(draft, entry,
                     "it stands behind something that takes the rest of the packet: it and what "
                     "follows is left out, up to one that says where in the container it is");
        draft->is_rest = false;
        return;
    }
    if (condition != NULL && place->condition_count == WFD_XTCE_CONDITIONS) {
        wfd_cut(draft, entry, "conditions nested too deeply");
        return;
    }
    if (condition != NULL)
        place->conditions[place->condition_count++] = (struct wfd_condition){ .node = condition };
    if (wfd_is(entry, "ContainerRefEntry"))
        lay_container(draft, place, &repeat);
    else if (wfd_is(entry, "ParameterRefEntry") || wfd_is(entry, "ArrayParameterRefEntry") ||
             wfd_is(entry, "ParameterSegmentRefEntry"))
        lay_parameter(draft, place, &repeat);
    else
        lay_unknown(draft, place);
}

void wfd_lay_entries(struct wfd_draft *draft, const struct wfd_node *container,
                     struct wfd_place *outer)
{
    const struct wfd_node *list = wfd_child(container, "EntryList");

    if (outer->depth >= WFD_XTCE_CHAIN_MAX) {
        draft->rc = WF_ERR_LIMIT;
        return;
    }
    for (const struct wfd_node *entry = list != NULL ? list->first : NULL;
         entry != NULL && draft->rc == 0; entry = entry->next) {
        struct wfd_place place = *outer;

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
        outer->from_end = place.from_end;
    }
}
