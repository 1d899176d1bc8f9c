/* SPDX-License-Identifier: MIT */
/*
 * The catalogue: which subsystem types there are and which source has which.
 * See <watchfloor/config.h>; the search for schema files is in catalogue_types.c.
 */

#include <watchfloor/config.h>

#include <stdlib.h>
#include <string.h>

#include <watchfloor/schema_overlay.h>

#include "catalogue_types.h"

/* What the steps below share. */
struct build {
    const struct wf_config *config;
    struct wf_catalogue *catalogue;
    struct wf_problems *problems;
    struct wf_err *err;
    size_t entry_room;
    bool is_incomplete; /* a schema was refused, so a missing name may be that one */
};

static const struct wf_config_source *find_source(const struct wf_config *config, const char *name)
{
    for (size_t i = 0; i < config->source_count; i++)
        if (wf_name_is_equal(config->sources[i].name, name))
            return &config->sources[i];
    return NULL;
}

/* --- who has what ----------------------------------------------------------------------------- */

/* [source]'s own list counts when it says more than "*"; else the listeners decide. */
static bool has_subsystem(const struct wf_config *config, const char *source,
                          const struct wf_config_source *section, const char *subsystem)
{
    if (section != NULL && strcmp(section->subsystems, "*") != 0)
        return wf_pattern_list_match(section->subsystems, source, subsystem, NULL);
    for (size_t i = 0; i < config->listener_count; i++)
        if (wf_name_is_equal(config->listeners[i].source, source) &&
            wf_pattern_list_match(config->listeners[i].subsystems, source, subsystem, NULL))
            return true;
    return false;
}

static int add_entries(struct build *build, const char *source)
{
    struct wf_catalogue *catalogue = build->catalogue;
    const struct wf_config_source *section = find_source(build->config, source);

    for (size_t i = 0; i < catalogue->type_count; i++) {
        const struct wf_schema *type = catalogue->types[i];

        if (type->apid_count == 0 || !has_subsystem(build->config, source, section, type->name))
            continue;
        if (catalogue->entry_count == build->entry_room) {
            size_t room = build->entry_room == 0 ? 64 : build->entry_room * 2;
            struct wf_catalogue_entry *entries =
                realloc(catalogue->entries, room * sizeof(*entries));

            if (entries == NULL)
                return wf_fail(build->err, WF_ERR_NOMEM, "out of memory");
            catalogue->entries = entries;
            build->entry_room = room;
        }

        struct wf_catalogue_entry *entry = &catalogue->entries[catalogue->entry_count++];

        (void)wf_copy_text(entry->source, sizeof(entry->source),
                           section != NULL ? section->name : source);
        entry->schema = type;
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct wf_catalogue_entry *left = a, *right = b;
    int order = wf_casecmp(left->source, right->source);

    return order != 0 ? order : wf_casecmp(left->schema->name, right->schema->name);
}

/* Every source once, whether a section or a listener names it. */
static int make_entries(struct build *build)
{
    const struct wf_config *config = build->config;
    int rc = 0;

    for (size_t i = 0; i < config->source_count && rc == 0; i++)
        rc = add_entries(build, config->sources[i].name);
    for (size_t i = 0; i < config->listener_count && rc == 0; i++) {
        const char *source = config->listeners[i].source;
        bool is_done = find_source(config, source) != NULL;

        for (size_t k = 0; k < i && !is_done; k++)
            is_done = wf_name_is_equal(config->listeners[k].source, source);
        if (!is_done)
            rc = add_entries(build, source);
    }
    if (build->catalogue->entry_count > 0)
        qsort(build->catalogue->entries, build->catalogue->entry_count,
              sizeof(*build->catalogue->entries), by_name);
    return rc;
}

/* --- names that mean nothing -------------------------------------------------------------------- */

static const char *nearest_type(const struct wf_catalogue *catalogue, const char *name)
{
    const char **names = malloc((catalogue->type_count + 1) * sizeof(*names));
    const char *nearest;

    if (names == NULL)
        return NULL;
    for (size_t i = 0; i < catalogue->type_count; i++)
        names[i] = catalogue->types[i]->name;
    nearest = wf_nearest_name(name, names, catalogue->type_count);
    free(names);
    return nearest;
}

static struct wf_schema *find_type(const struct wf_catalogue *catalogue, const char *name)
{
    for (size_t i = 0; i < catalogue->type_count; i++)
        if (wf_name_is_equal(catalogue->types[i]->name, name))
            return catalogue->types[i];
    return NULL;
}

static void tell_unknown_type(struct build *build, unsigned line, const char *key, const char *name)
{
    const char *nearest;

    if (build->is_incomplete)
        return;
    nearest = nearest_type(build->catalogue, name);
    wf_problems_add(build->problems, build->config->file, line,
                    "%s: there is no subsystem '%.60s' below %s%s%s%s", key, name,
                    build->config->plugins, nearest != NULL ? "; did you mean '" : "",
                    nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
}

/* Patterns without wildcards must name something, or a typing error would silence a subsystem. */
static void check_patterns(struct build *build, unsigned line, const char *patterns)
{
    static const char blanks[] = " \t\n,";

    for (const char *at = patterns + strspn(patterns, blanks); *at != '\0';) {
        size_t len = strcspn(at, blanks);
        char name[WF_FULL_NAME_SIZE];
        const char *dot;

        (void)wf_copy_text(name, len + 1 < sizeof(name) ? len + 1 : sizeof(name), at);
        dot = strrchr(name, '.');
        if (strpbrk(name, "*?[") == NULL &&
            find_type(build->catalogue, dot != NULL ? dot + 1 : name) == NULL)
            tell_unknown_type(build, line, "subsystems", name);
        at += len;
        at += strspn(at, blanks);
    }
}

/* --- overlays ------------------------------------------------------------------------------------ */

static struct wf_catalogue_entry *find_entry(const struct wf_catalogue *catalogue,
                                             const char *source, const char *subsystem)
{
    for (size_t i = 0; i < catalogue->entry_count; i++)
        if (wf_name_is_equal(catalogue->entries[i].source, source) &&
            wf_name_is_equal(catalogue->entries[i].schema->name, subsystem))
            return &catalogue->entries[i];
    return NULL;
}

/* The newest copy for this entry replaces an earlier one; types stay as they are. */
static int keep_overlaid(struct build *build, struct wf_catalogue_entry *entry,
                         struct wf_schema *made)
{
    struct wf_catalogue *catalogue = build->catalogue;

    for (size_t i = 0; i < catalogue->overlaid_count; i++) {
        if (catalogue->overlaid[i] == entry->schema) {
            wf_schema_free(&catalogue->overlaid[i]);
            catalogue->overlaid[i] = made;
            entry->schema = made;
            return 0;
        }
    }

    struct wf_schema **list =
        realloc(catalogue->overlaid, (catalogue->overlaid_count + 1) * sizeof(struct wf_schema *));

    if (list == NULL) {
        wf_schema_free(&made);
        return wf_fail(build->err, WF_ERR_NOMEM, "out of memory");
    }
    catalogue->overlaid = list;
    catalogue->overlaid[catalogue->overlaid_count++] = made;
    entry->schema = made;
    return 0;
}

static int apply_overlay(struct build *build, const struct wf_config_overlay *overlay)
{
    struct wf_catalogue_entry *entry =
        find_entry(build->catalogue, overlay->source, overlay->subsystem);
    struct wf_schema *made = NULL;
    int rc;

    if (find_type(build->catalogue, overlay->subsystem) == NULL) {
        tell_unknown_type(build, overlay->line, "overlay", overlay->subsystem);
        return 0;
    }
    if (entry == NULL) {
        wf_problems_add(build->problems, build->config->file, overlay->line,
                        "overlay: the source '%s' has no subsystem '%s'; see its [source] and "
                        "listeners",
                        overlay->source, overlay->subsystem);
        return 0;
    }
    rc = wf_schema_overlay(entry->schema, overlay->parameter, build->config->file, overlay->section,
                           &made, build->problems, build->err);
    if (rc == WF_ERR_INVALID)
        return 0; /* told with its line */
    return rc < 0 ? rc : keep_overlaid(build, entry, made);
}

/* --- whose packets ------------------------------------------------------------------------------- */

static bool shares_apid(const struct wf_schema *a, const struct wf_schema *b, unsigned *out_apid)
{
    for (size_t i = 0; i < a->apid_count; i++)
        for (size_t k = 0; k < b->apid_count; k++)
            if (a->apids[i] == b->apids[k]) {
                *out_apid = a->apids[i];
                return true;
            }
    return false;
}

/* One APID may have several subsystems told apart by `match`, and one without, for the rest. */
static void check_apids(struct build *build)
{
    const struct wf_catalogue *catalogue = build->catalogue;

    for (size_t i = 0; i < catalogue->entry_count; i++) {
        const struct wf_catalogue_entry *one = &catalogue->entries[i];

        for (size_t k = i + 1; k < catalogue->entry_count; k++) {
            const struct wf_catalogue_entry *other = &catalogue->entries[k];
            unsigned apid;

            if (!wf_name_is_equal(one->source, other->source))
                break; /* sorted by source */
            if (strcmp(one->schema->match, other->schema->match) == 0 &&
                shares_apid(one->schema, other->schema, &apid))
                wf_problems_add(build->problems, build->config->file, 0,
                                "source '%s': APID %u is claimed by both '%s' and '%s'; tell them "
                                "apart with `match`, or name the subsystems of this source",
                                one->source, apid, one->schema->name, other->schema->name);
        }
    }
}

/* ------------------------------------------------------------------------------------------------- */

static int build_all(struct build *build)
{
    const struct wf_config *config = build->config;
    int rc = make_entries(build);

    for (size_t i = 0; i < config->source_count; i++)
        check_patterns(build, config->sources[i].line, config->sources[i].subsystems);
    for (size_t i = 0; i < config->listener_count; i++)
        check_patterns(build, config->listeners[i].line, config->listeners[i].subsystems);
    for (size_t i = 0; i < config->overlay_count && rc == 0; i++)
        rc = apply_overlay(build, &config->overlays[i]);
    if (rc == 0)
        check_apids(build);
    return rc;
}

int wf_catalogue_load(const struct wf_config *config, const struct wf_paths *paths,
                      struct wf_catalogue **out_catalogue, struct wf_problems *problems,
                      struct wf_err *err)
{
    struct wf_catalogue *catalogue = calloc(1, sizeof(*catalogue));
    struct build build = {
        .config = config, .catalogue = catalogue, .problems = problems, .err = err
    };
    size_t before = problems->count;
    int rc;

    (void)paths; /* the configuration's folders are already absolute or relative to its file */
    if (catalogue == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    rc = wfi_catalogue_find_types(config, catalogue, problems, err);
    build.is_incomplete = problems->count > before;
    if (rc == 0)
        rc = build_all(&build);
    if (rc == 0 && problems->count > before)
        rc = wf_fail(err, WF_ERR_INVALID, "%zu problem%s in schemas and their use",
                     problems->count - before, problems->count - before == 1 ? "" : "s");
    if (rc < 0) {
        wf_catalogue_free(&catalogue);
        return rc;
    }
    *out_catalogue = catalogue;
    return 0;
}

void wf_catalogue_free(struct wf_catalogue **catalogue)
{
    struct wf_catalogue *gone = *catalogue;

    *catalogue = NULL;
    if (gone == NULL)
        return;
    for (size_t i = 0; i < gone->overlaid_count; i++)
        wf_schema_free(&gone->overlaid[i]);
    for (size_t i = 0; i < gone->type_count; i++) {
        wf_schema_free(&gone->types[i]);
        free(gone->type_folders[i]);
    }
    free(gone->overlaid);
    free(gone->types);
    free(gone->type_folders);
    free(gone->entries);
    free(gone);
}
