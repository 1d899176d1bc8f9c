/* SPDX-License-Identifier: MIT */
/*
 * Displays: which modules there are. A folder is a plugin's home: the name of
 * the folder says for which subsystem type its modules are.
 */

#include "displays_load.h"

#include <watchfloor/clock.h>
#include <watchfloor/paths.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct finding {
    struct con_plugin *plugins;
    size_t count;
    struct con_crumb *crumb;
};

static bool has_module_name(const char *file)
{
    size_t len = strlen(file);

    return len > 3 && strcmp(file + len - 3, ".so") == 0;
}

/* The record is the plugin's: a display without draw cannot be called. */
static int check_record(const struct wf_plugin *record, struct wf_err *err)
{
    if (record->ops.display == NULL || record->ops.display->draw == NULL)
        return wf_fail(err, WF_ERR_INVALID, "a display without a draw function");
    return WF_OK;
}

static void load_module(struct con_plugin *plugin, struct con_crumb *crumb)
{
    struct wf_err err = { 0 };
    const char *reason = con_crumb_left_out(crumb, plugin->name);
    int rc;

    if (reason != NULL) {
        plugin->state = CON_PLUGIN_LEFT_OUT;
        (void)wf_copy_text(plugin->error, sizeof(plugin->error), reason);
        return;
    }
    /* A module's constructors run before anything of it can be checked. */
    con_crumb_enter(crumb, plugin->name, "load", wf_mono_now_ns());
    rc = wf_module_load(plugin->path, &plugin->module, &err);
    con_crumb_leave(crumb);
    if (rc == 0) {
        plugin->record = wf_module_plugin(plugin->module);
        if (plugin->record->kind == WF_PLUGIN_DISPLAY)
            rc = check_record(plugin->record, &err);
    }
    if (rc < 0) {
        plugin->state = CON_PLUGIN_REFUSED;
        (void)wf_copy_text(plugin->error, sizeof(plugin->error), err.text);
        plugin->record = NULL;
        wf_module_unload(&plugin->module);
    }
}

/* One module; alert conditions and decoders are other programs' business. */
static void add_module(struct finding *finding, const char *folder, const char *path,
                       const char *file)
{
    struct con_plugin *plugin = &finding->plugins[finding->count];

    if (finding->count == CON_PLUGIN_MAX)
        return;
    *plugin = (struct con_plugin){ .state = CON_PLUGIN_LOADED };
    (void)wf_copy_text(plugin->folder, sizeof(plugin->folder), folder);
    (void)wf_copy_text(plugin->name, sizeof(plugin->name), file);
    if (has_module_name(plugin->name))
        plugin->name[strlen(plugin->name) - 3] = '\0';
    plugin->path = strdup(path);
    if (plugin->path == NULL)
        return;
    load_module(plugin, finding->crumb);
    if (plugin->record != NULL && plugin->record->kind != WF_PLUGIN_DISPLAY) {
        wf_module_unload(&plugin->module);
        free(plugin->path);
        return;
    }
    finding->count++;
}

static int join_path(char *out, const char *folder, const char *name)
{
    int len = snprintf(out, WF_PATH_SIZE, "%s/%s", folder, name);

    return len > 0 && len < WF_PATH_SIZE ? WF_OK : WF_ERR_LIMIT;
}

static void scan_plugin_folder(struct finding *finding, const char *path, const char *name)
{
    DIR *folder = opendir(path);
    char module[WF_PATH_SIZE];
    struct dirent *item;

    if (folder == NULL) /* not a folder, or not ours to read */
        return;
    while ((item = readdir(folder)) != NULL)
        if (has_module_name(item->d_name) && join_path(module, path, item->d_name) == WF_OK)
            add_module(finding, name, module, item->d_name);
    (void)closedir(folder);
}

static void scan_folders(struct finding *finding, const char *path)
{
    DIR *folder = opendir(path);
    char inner[WF_PATH_SIZE];
    struct dirent *item;

    if (folder == NULL)
        return;
    while ((item = readdir(folder)) != NULL)
        if (item->d_name[0] != '.' && join_path(inner, path, item->d_name) == WF_OK)
            scan_plugin_folder(finding, inner, item->d_name);
    (void)closedir(folder);
}

/* The loader takes only paths that do not depend on where we are. */
static void scan_from_root(struct finding *finding, const char *path)
{
    char here[WF_PATH_SIZE];
    char whole[WF_PATH_SIZE];

    if (path[0] == '/')
        scan_folders(finding, path);
    else if (getcwd(here, sizeof(here)) != NULL && join_path(whole, here, path) == WF_OK)
        scan_folders(finding, whole);
}

/* "table" before "trend"; one made for a type by name, too. */
static int compare_plugins(const void *left, const void *right)
{
    const struct con_plugin *a = left;
    const struct con_plugin *b = right;
    int order = strcmp(a->folder, b->folder);

    return order != 0 ? order : strcmp(a->name, b->name);
}

int con_plugins_load(const char *folders, struct con_crumb *crumb, struct con_plugin **out_plugins,
                     size_t *out_count, struct wf_err *err)
{
    struct finding finding = { .crumb = crumb };
    const char *at = folders;

    finding.plugins = calloc(CON_PLUGIN_MAX + 1, sizeof(finding.plugins[0]));
    if (finding.plugins == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "displays: out of memory");
    while (*at != '\0') {
        size_t len = strcspn(at, ":");
        char folder[WF_PATH_SIZE];

        if (len > 0 && len < sizeof(folder)) {
            memcpy(folder, at, len);
            folder[len] = '\0';
            scan_from_root(&finding, folder);
        }
        at += len;
        at += *at == ':';
    }
    qsort(finding.plugins, finding.count, sizeof(finding.plugins[0]), compare_plugins);
    *out_plugins = finding.plugins;
    *out_count = finding.count;
    return WF_OK;
}

void con_plugins_unload(struct con_plugin **plugins, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        wf_module_unload(&(*plugins)[i].module);
        free((*plugins)[i].path);
    }
    free(*plugins);
    *plugins = NULL;
}
