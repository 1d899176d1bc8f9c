/* SPDX-License-Identifier: MIT */
/* Finding and loading schema files: see catalogue_types.h. */

#include "catalogue_types.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* More folders than any mission has; a plugin path set to "/" must not go on for ever. */
#define FOLDERS_MAX 10000

static bool is_known(const struct wf_catalogue *catalogue, const char *name)
{
    for (size_t i = 0; i < catalogue->type_count; i++)
        if (wf_name_is_equal(catalogue->types[i]->name, name))
            return true;
    return false;
}

static int add_type(struct wf_catalogue *catalogue, struct wf_schema *schema, const char *folder)
{
    size_t count = catalogue->type_count + 1;
    struct wf_schema **types = realloc(catalogue->types, count * sizeof(*types));
    char **folders = realloc(catalogue->type_folders, count * sizeof(*folders));
    char *copy = strdup(folder);

    if (types != NULL)
        catalogue->types = types;
    if (folders != NULL)
        catalogue->type_folders = folders;
    if (types == NULL || folders == NULL || copy == NULL) {
        free(copy);
        return WF_ERR_NOMEM;
    }
    types[count - 1] = schema;
    folders[count - 1] = copy;
    catalogue->type_count = count;
    return 0;
}

/* <folder>/<name>/<name>.ini, when there is one. */
static int load_type(struct wf_catalogue *catalogue, const char *folder, const char *name,
                     struct wf_problems *problems, struct wf_err *err)
{
    char path[WF_PATH_SIZE], home[WF_PATH_SIZE];
    struct wf_strbuf file = WF_STRBUF_FIXED(path), where = WF_STRBUF_FIXED(home);
    struct wf_schema *schema = NULL;
    struct wf_err why = { 0 };
    struct stat status;
    int rc;

    wf_strbuf_addf(&where, "%s/%s", folder, name);
    wf_strbuf_addf(&file, "%s/%s.ini", home, name);
    if (file.was_cut || stat(path, &status) != 0 || is_known(catalogue, name))
        return 0;
    rc = wf_schema_load(path, &schema, problems, &why);
    if (rc == WF_ERR_NOMEM)
        return wf_fail(err, rc, "%s", why.text);
    if (rc == WF_ERR_INVALID && problems->count > 0)
        return 0; /* told with its lines */
    if (rc < 0) {
        wf_problems_add(problems, path, 0, "%s", why.text);
        return 0;
    }
    rc = add_type(catalogue, schema, home);
    if (rc < 0) {
        wf_schema_free(&schema);
        return wf_fail(err, rc, "out of memory");
    }
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in the folder that a subsystem may have, sorted; the caller frees each and the list. */
static int list_names(DIR *dir, char ***out_names, size_t *out_count)
{
    const struct dirent *entry;
    char **names = calloc(FOLDERS_MAX, sizeof(*names));
    size_t count = 0;

    if (names == NULL)
        return WF_ERR_NOMEM;
    while (count < FOLDERS_MAX && (entry = readdir(dir)) != NULL) {
        if (wf_name_check(entry->d_name, NULL) < 0)
            continue;
        names[count] = strdup(entry->d_name);
        if (names[count] != NULL)
            count++;
    }
    qsort(names, count, sizeof(*names), by_text);
    *out_names = names;
    *out_count = count;
    return 0;
}

static unsigned line_of_plugins(const struct wf_config *config)
{
    struct wf_ini_section *section = wf_ini_find(config->ini, "watchfloor", NULL);
    const struct wf_ini_key *key = section == NULL ? NULL : wf_ini_get(section, "plugins");

    return key == NULL ? 0 : key->line;
}

static int load_folder(const struct wf_config *config, struct wf_catalogue *catalogue,
                       const char *folder, struct wf_problems *problems, struct wf_err *err)
{
    DIR *dir = opendir(folder);
    char **names = NULL;
    size_t count = 0;
    int rc;

    if (dir == NULL) {
        struct wf_err why = { 0 };

        (void)wf_fail_errno(&why, errno, "plugins: %s", folder);
        wf_problems_add(problems, config->file, line_of_plugins(config), "%s", why.text);
        return 0;
    }
    rc = list_names(dir, &names, &count);
    (void)closedir(dir);
    if (rc < 0)
        return wf_fail(err, rc, "out of memory");
    for (size_t i = 0; i < count; i++) {
        if (rc == 0)
            rc = load_type(catalogue, folder, names[i], problems, err);
        free(names[i]);
    }
    free(names);
    return rc;
}

int wfi_catalogue_find_types(const struct wf_config *config, struct wf_catalogue *catalogue,
                             struct wf_problems *problems, struct wf_err *err)
{
    int rc = 0;

    for (const char *at = config->plugins; *at != '\0' && rc == 0;) {
        size_t len = strcspn(at, ":");
        char folder[WF_PATH_SIZE];

        if (len > 0 && len < sizeof(folder)) {
            (void)wf_copy_text(folder, len + 1, at);
            rc = load_folder(config, catalogue, folder, problems, err);
        } else if (len > 0) {
            wf_problems_add(problems, config->file, line_of_plugins(config),
                            "plugins: a folder's path is too long");
        }
        at += len + (at[len] != '\0' ? 1 : 0);
    }
    return rc;
}
