/* SPDX-License-Identifier: MIT */
/*
 * Loading the configuration: see <watchfloor/config.h>. The keys themselves are
 * in config_keys.c; what one key cannot know about others is in config_check.c.
 */

#include <watchfloor/config.h>

#include <stdlib.h>
#include <string.h>

#include "config_check.h"
#include "config_keys.h"

/* A member of struct wf_config that holds a list of items, and its count. */
static void **list_of(const struct wfi_section_kind *kind, struct wf_config *config)
{
    return (void **)(void *)((char *)config + kind->list_offset);
}

static size_t *count_of(const struct wfi_section_kind *kind, struct wf_config *config)
{
    return (size_t *)(void *)((char *)config + kind->count_offset);
}

static const struct wfi_section_kind *find_kind(const char *kind)
{
    for (size_t i = 0; i < wfi_section_kind_count; i++)
        if (wf_casecmp(wfi_section_kinds[i].kind, kind) == 0)
            return &wfi_section_kinds[i];
    return NULL;
}

/* --- unknown names -------------------------------------------------------------------------- */

static void tell_unknown_section(const struct wf_config *config,
                                 const struct wf_ini_section *section, struct wf_problems *problems)
{
    const char *names[32];
    const char *nearest;
    char room[256];
    struct wf_strbuf all = WF_STRBUF_FIXED(room);
    size_t count = 0;

    if (section->kind[0] == '\0') {
        wf_problems_add(problems, config->file, section->line,
                        "'%s' stands before any [SECTION]; put it into one", section->keys[0].name);
        return;
    }
    for (size_t i = 0; i < wfi_section_kind_count && count < WF_COUNT_OF(names); i++) {
        names[count++] = wfi_section_kinds[i].kind;
        wf_strbuf_addf(&all, "%s%s", i > 0 ? ", " : "", wfi_section_kinds[i].kind);
    }
    nearest = wf_nearest_name(section->kind, names, count);
    if (nearest != NULL)
        wf_problems_add(problems, config->file, section->line,
                        "there is no section [%s]; did you mean [%s]?", section->kind, nearest);
    else
        wf_problems_add(problems, config->file, section->line,
                        "there is no section [%s]; the sections are %s", section->kind, all.text);
}

static void tell_unknown_keys(const struct wf_config *config, const struct wf_ini_section *section,
                              struct wf_problems *problems)
{
    const char *names[64];
    size_t count = 0;

    for (size_t i = 0; i < wfi_key_count && count < WF_COUNT_OF(names); i++)
        if (wf_casecmp(wfi_keys[i].section, section->kind) == 0)
            names[count++] = wfi_keys[i].name;
    for (size_t i = 0; i < section->key_count; i++) {
        const struct wf_ini_key *key = &section->keys[i];
        const char *nearest;

        if (key->was_used)
            continue;
        nearest = wf_nearest_name(key->name, names, count);
        if (nearest != NULL && wf_casecmp(nearest, key->name) == 0)
            continue; /* stands twice, which is told already */
        if (nearest != NULL)
            wf_problems_add(problems, config->file, key->line,
                            "[%s] has no key '%s'; did you mean '%s'?", section->kind, key->name,
                            nearest);
        else
            wf_problems_add(problems, config->file, key->line,
                            "[%s] has no key '%s'; `wf check --print-config` shows all",
                            section->kind, key->name);
    }
}

/* --- values ---------------------------------------------------------------------------------- */

static int set_defaults(const char *kind, void *object, struct wf_err *err)
{
    for (size_t i = 0; i < wfi_key_count; i++) {
        if (strcmp(wfi_keys[i].section, kind) != 0)
            continue;

        int rc = wfi_key_set(&wfi_keys[i], object, wfi_keys[i].standard, err);

        if (rc < 0)
            return rc;
    }
    return 0;
}

/* All keys of one section into its object. Only running out of memory ends the load. */
static int set_values(struct wf_config *config, struct wf_ini_section *section, void *object,
                      struct wf_problems *problems, struct wf_err *err)
{
    for (size_t i = 0; i < wfi_key_count; i++) {
        struct wf_ini_key *key;
        struct wf_err why = { 0 };
        int rc;

        if (wf_casecmp(wfi_keys[i].section, section->kind) != 0)
            continue;
        key = wf_ini_get(section, wfi_keys[i].name);
        if (key == NULL)
            continue;
        rc = wfi_key_set(&wfi_keys[i], object, key->value, &why);
        if (rc == WF_ERR_NOMEM)
            return wf_fail(err, rc, "%s", why.text);
        if (rc < 0)
            wf_problems_add(problems, config->file, key->line, "%s: %s", wfi_keys[i].name,
                            why.text);
    }
    tell_unknown_keys(config, section, problems);
    return 0;
}

static int load_item(struct wf_config *config, const struct wfi_section_kind *kind,
                     struct wf_ini_section *section, struct wf_problems *problems,
                     struct wf_err *err)
{
    size_t *count = count_of(kind, config);
    char *item = (char *)*list_of(kind, config) + *count * kind->item_bytes;
    struct wf_err why = { 0 };
    int rc;

    if (wf_name_check(section->name, &why) < 0)
        wf_problems_add(problems, config->file, section->line, "[%s NAME]: %s", kind->kind,
                        why.text);
    (void)wf_copy_text(item + kind->name_offset, WF_NAME_SIZE, section->name);
    *(unsigned *)(void *)(item + kind->line_offset) = section->line;
    (*count)++; /* from here on freed with the rest */
    rc = set_defaults(kind->kind, item, err);
    return rc < 0 ? rc : set_values(config, section, item, problems, err);
}

static int load_section(struct wf_config *config, struct wf_ini_section *section,
                        struct wf_problems *problems, struct wf_err *err)
{
    const struct wfi_section_kind *kind = find_kind(section->kind);

    if (kind == NULL) {
        tell_unknown_section(config, section, problems);
        return 0;
    }
    if (kind->item_bytes > 0)
        return load_item(config, kind, section, problems, err);
    if (kind->is_named)
        return 0; /* overlays: config_check.c, once all sources are known */
    if (section->name[0] != '\0')
        wf_problems_add(problems, config->file, section->line,
                        "[%s] takes no name; write [%s] without '%s'", kind->kind, kind->kind,
                        section->name);
    return set_values(config, section, config, problems, err);
}

/* Room for every item there will be. */
static int make_lists(struct wf_config *config, struct wf_err *err)
{
    for (size_t i = 0; i < wfi_section_kind_count; i++) {
        const struct wfi_section_kind *kind = &wfi_section_kinds[i];
        size_t count = 0;

        if (kind->item_bytes == 0)
            continue;
        for (size_t s = 0; s < config->ini->section_count; s++)
            if (wf_casecmp(config->ini->sections[s].kind, kind->kind) == 0)
                count++;
        *list_of(kind, config) = calloc(count + 1, kind->item_bytes);
        if (*list_of(kind, config) == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    return 0;
}

static int load_all(struct wf_config *config, struct wf_problems *problems, struct wf_err *err)
{
    int rc = make_lists(config, err);

    for (size_t i = 0; i < wfi_section_kind_count && rc == 0; i++)
        if (!wfi_section_kinds[i].is_named)
            rc = set_defaults(wfi_section_kinds[i].kind, config, err);
    for (size_t i = 0; i < config->ini->section_count && rc == 0; i++)
        rc = load_section(config, &config->ini->sections[i], problems, err);
    return rc;
}

int wf_config_load(const char *file, const struct wf_paths *paths, struct wf_config **out_config,
                   struct wf_problems *problems, struct wf_err *err)
{
    char standard[WF_PATH_SIZE];
    struct wf_strbuf path = WF_STRBUF_FIXED(standard);
    struct wf_config *config = calloc(1, sizeof(*config));
    size_t before = problems->count;
    int rc = 0;

    if (file == NULL) {
        wf_strbuf_addf(&path, "%s/watchfloor.ini", paths->config);
        file = standard;
    }
    if (config == NULL || (config->file = strdup(file)) == NULL)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (rc == 0)
        rc = wf_ini_read(file, &config->ini, problems, err);
    if (rc == 0)
        rc = load_all(config, problems, err);
    if (rc == 0)
        rc = wfi_config_check(config, paths, problems, err);
    if (rc == 0 && problems->count > before)
        rc = wf_fail(err, WF_ERR_INVALID, "%s: %zu problem%s", file, problems->count - before,
                     problems->count - before == 1 ? "" : "s");
    if (rc < 0) {
        wf_config_free(&config);
        return rc;
    }
    *out_config = config;
    return 0;
}

static void free_items(struct wf_config *config, const struct wfi_section_kind *kind)
{
    char *item = *list_of(kind, config);

    for (size_t n = *count_of(kind, config); n > 0 && item != NULL; n--, item += kind->item_bytes)
        for (size_t i = 0; i < wfi_key_count; i++)
            if (strcmp(wfi_keys[i].section, kind->kind) == 0)
                wfi_key_clear(&wfi_keys[i], item);
    free(*list_of(kind, config));
}

void wf_config_free(struct wf_config **config)
{
    struct wf_config *gone = *config;

    *config = NULL;
    if (gone == NULL)
        return;
    for (size_t i = 0; i < wfi_section_kind_count; i++) {
        const struct wfi_section_kind *kind = &wfi_section_kinds[i];

        if (kind->item_bytes > 0)
            free_items(gone, kind);
        if (kind->is_named)
            continue;
        for (size_t k = 0; k < wfi_key_count; k++)
            if (strcmp(wfi_keys[k].section, kind->kind) == 0)
                wfi_key_clear(&wfi_keys[k], gone);
    }
    free(gone->overlays);
    wf_ini_free(&gone->ini);
    free(gone->file);
    free(gone);
}
