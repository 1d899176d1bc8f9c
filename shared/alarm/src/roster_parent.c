/* SPDX-License-Identifier: MIT */
/* Which alarm suppresses which: `suppressed_by` by name. */

#include "roster_private.h"

#include <string.h>

/* SOURCE.SUBSYSTEM.NAME KIND, with what may be left out left empty. */
struct wanted {
    char parts[3][WF_NAME_SIZE];
    size_t count;
    int kind; /* enum wf_alarm_kind, or -1: the first there is */
};

static bool read_wanted(const char *text, struct wanted *out)
{
    const char *blank = strchr(text, ' ');
    size_t len = blank != NULL ? (size_t)(blank - text) : strlen(text);

    *out = (struct wanted){ .kind = -1 };
    if (blank != NULL) {
        blank += strspn(blank, " ");
        for (int i = 0; i < WF_ALARM_KIND_COUNT && out->kind < 0; i++)
            if (wf_name_is_equal(blank, wf_alarm_kind_name((enum wf_alarm_kind)i)))
                out->kind = i;
        if (out->kind < 0)
            return false;
    }
    while (out->count < 3) {
        size_t part = 0;

        while (part < len && text[part] != '.')
            part++;
        if (part == 0 || part > WF_NAME_MAX)
            return false;
        memcpy(out->parts[out->count++], text, part);
        if (part == len)
            return true;
        text += part + 1;
        len -= part + 1;
    }
    return false;
}

/* "" where NULL would be: the alarm of a whole subsystem. */
static const char *own_name(const struct wf_alarm_roster *roster, const struct wfi_entry *entry)
{
    if (entry->coded != NULL)
        return entry->coded;
    if (entry->condition != NULL)
        return entry->condition->name;
    return entry->parameter >= 0
               ? roster->members[entry->member].schema->parameters[entry->parameter].name
               : "";
}

/* Rules first, then as people think of them; a whole subsystem has STALE before GAP. */
static unsigned rank_of(unsigned kind)
{
    static const uint8_t ranks[WF_ALARM_KIND_COUNT] = {
        [WF_ALARM_RULE] = 0, [WF_ALARM_LIMIT] = 1,   [WF_ALARM_STATES] = 2, [WF_ALARM_STALE] = 3,
        [WF_ALARM_RATE] = 4, [WF_ALARM_INVALID] = 5, [WF_ALARM_GAP] = 6,
    };

    return ranks[kind];
}

/*
 * The best alarm named source.subsystem.name (NULL: any source; "": of the subsystem as a whole).
 * *out_count: how many sources have one.
 */
static int find(const struct wfi_builder *builder, const char *source, const char *subsystem,
                const char *name, int kind, size_t *out_count)
{
    const struct wf_alarm_roster *roster = builder->roster;
    int best = WF_ALARM_NO_PARENT;

    *out_count = 0;
    for (size_t i = 0; i < roster->entry_count; i++) {
        const struct wfi_entry *entry = &roster->entries[i];
        const struct wfi_member *member = &roster->members[entry->member];
        unsigned own_kind = builder->specs[i].definition.kind;

        if ((source != NULL && !wf_name_is_equal(member->source, source)) ||
            !wf_name_is_equal(member->schema->name, subsystem) ||
            wf_casecmp(own_name(roster, entry), name) != 0 || (kind >= 0 && kind != (int)own_kind))
            continue;
        if (best < 0 || roster->entries[best].member != entry->member)
            (*out_count)++;
        if (best < 0 || rank_of(own_kind) < rank_of(builder->specs[best].definition.kind))
            best = (int)i;
    }
    return best;
}

static int find_parent(const struct wfi_builder *builder, const struct wfi_entry *child,
                       const char *text)
{
    const struct wfi_member *home = &builder->roster->members[child->member];
    struct wanted wanted;
    size_t count;
    int found;

    if (!read_wanted(text, &wanted))
        return WF_ALARM_NO_PARENT;
    if (wanted.count == 3)
        return find(builder, wanted.parts[0], wanted.parts[1], wanted.parts[2], wanted.kind,
                    &count);
    if (wanted.count == 1) {
        found =
            find(builder, home->source, home->schema->name, wanted.parts[0], wanted.kind, &count);
        return found >= 0 ? found
                          : find(builder, home->source, wanted.parts[0], "", wanted.kind, &count);
    }
    found = find(builder, home->source, wanted.parts[0], wanted.parts[1], wanted.kind, &count);
    if (found < 0)
        found = find(builder, wanted.parts[0], wanted.parts[1], "", wanted.kind, &count);
    if (found < 0) {
        found = find(builder, NULL, wanted.parts[0], wanted.parts[1], wanted.kind, &count);
        if (count > 1)
            found = WF_ALARM_NO_PARENT;
    }
    return found;
}

static void set_depth(struct wfi_builder *builder, size_t alarm)
{
    size_t depth = 0;

    for (int at = builder->specs[alarm].parent; at >= 0 && depth < UINT16_MAX;
         at = builder->specs[at].parent)
        depth++;
    builder->roster->entries[alarm].depth = (uint16_t)depth;
}

/* Does its STALE alarm stand under that of another subsystem? */
static void set_root(struct wfi_builder *builder, struct wfi_member *member)
{
    int parent = member->stale >= 0 ? builder->specs[member->stale].parent : WF_ALARM_NO_PARENT;
    struct wfi_member *root;

    if (parent < 0)
        return;
    member->root = builder->roster->entries[parent].member;
    root = &builder->roster->members[member->root];
    member->has_root = root->stale == parent && root != member;
    root->is_root |= member->has_root;
}

/* A parent in a subsystem that is not here (other monitors look after it) hides nothing. */
static bool is_elsewhere(const struct wf_alarm_roster *roster, const char *text)
{
    struct wanted wanted;
    const char *subsystem;

    if (!read_wanted(text, &wanted) || (wanted.count == 1 && wanted.kind < 0))
        return false;
    subsystem = wanted.parts[wanted.count == 3 ? 1 : 0];
    for (size_t i = 0; i < roster->member_count; i++)
        if (wf_name_is_equal(roster->members[i].schema->name, subsystem) ||
            (wanted.count == 2 &&
             wf_name_is_equal(roster->members[i].schema->name, wanted.parts[1])))
            return false;
    return true;
}

void wfi_roster_parents(struct wfi_builder *builder)
{
    struct wf_alarm_roster *roster = builder->roster;

    for (size_t i = 0; i < roster->entry_count; i++) {
        const struct wfi_entry *entry = &roster->entries[i];
        const struct wf_schema *schema = roster->members[entry->member].schema;
        const char *text = entry->coded != NULL       ? ""
                           : entry->condition != NULL ? entry->condition->suppressed_by
                           : entry->parameter >= 0
                               ? schema->parameters[entry->parameter].suppressed_by
                               : schema->suppressed_by;

        if (text[0] == '\0')
            continue;
        builder->specs[i].parent = find_parent(builder, entry, text);
        if (builder->specs[i].parent >= 0 && (size_t)builder->specs[i].parent != i)
            continue;
        if (builder->specs[i].parent < 0 && is_elsewhere(roster, text))
            continue;
        wf_problems_add(builder->problems, schema->name, 0,
                        "%s: suppressed_by: there is no alarm '%s' here; expected a condition's "
                        "name, or SOURCE.SUBSYSTEM.NAME KIND as `wf alarms` shows them",
                        builder->specs[i].name, text);
        builder->is_failed = true;
        builder->specs[i].parent = WF_ALARM_NO_PARENT;
    }
    for (size_t i = 0; i < roster->entry_count; i++)
        set_depth(builder, i);
    for (size_t i = 0; i < roster->member_count; i++)
        set_root(builder, &roster->members[i]);
}
