/* SPDX-License-Identifier: MIT */
/* Loads every module below the plugin folders, as a monitor would. */

#include "check.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include <watchfloor/plugin.h>

/* <plugins>/<name>/<module>.so is the deepest there is. */
#define DEPTH_MAX 2

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static size_t check_module(const char *path, struct wf_problems *problems)
{
    struct wf_module *module = NULL;
    struct wf_err err = { 0 };

    if (wf_module_load(path, &module, &err) < 0) {
        wf_problems_add(problems, path, 0, "%s", err.text);
        return 0;
    }
    wf_module_unload(&module);
    return 1;
}

static size_t check_folder(const char *folder, int depth, struct wf_problems *problems)
{
    const struct dirent *entry;
    DIR *dir = opendir(folder);
    size_t loaded = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char path[WF_PATH_SIZE];
        struct wf_strbuf below = WF_STRBUF_FIXED(path);
        struct stat status;

        if (entry->d_name[0] == '.')
            continue;
        wf_strbuf_addf(&below, "%s/%s", folder, entry->d_name);
        if (below.was_cut || stat(path, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX)
            loaded += check_folder(path, depth + 1, problems);
        else if (ends_with(path, ".so"))
            loaded += check_module(path, problems);
    }
    if (dir != NULL)
        (void)closedir(dir);
    return loaded;
}

size_t check_modules(const struct wf_config *config, struct wf_problems *problems)
{
    size_t loaded = 0;

    for (const char *at = config->plugins; *at != '\0';) {
        size_t len = strcspn(at, ":");
        char folder[WF_PATH_SIZE];

        if (len > 0 && len < sizeof(folder)) {
            (void)wf_copy_text(folder, len + 1, at);
            loaded += check_folder(folder, 1, problems);
        }
        at += len + (at[len] != '\0' ? 1 : 0);
    }
    return loaded;
}
