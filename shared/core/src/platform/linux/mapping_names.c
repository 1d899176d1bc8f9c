/* SPDX-License-Identifier: MIT */
/* Which mappings there are: names of POSIX shared memory, see <watchfloor/mapping.h>. */
#define _GNU_SOURCE

#include <watchfloor/mapping.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <watchfloor/clock.h>
#include <watchfloor/strbuf.h>

#include "platform/linux/shm.h"

/* A change this young may be followed by another with the same time stamp. */
#define TOKEN_SETTLED_NS (100 * WF_NS_PER_MS)

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(struct wf_mapping_names *names, size_t *capacity, const char *entry)
{
    size_t size = strlen(entry) + 2;
    char *name = NULL;

    if (names->count == *capacity) {
        size_t more = *capacity == 0 ? 64 : 2 * *capacity;
        char **grown = realloc(names->names, more * sizeof(*grown));

        if (grown == NULL)
            return WF_ERR_NOMEM;
        names->names = grown;
        *capacity = more;
    }
    name = malloc(size);
    if (name == NULL)
        return WF_ERR_NOMEM;
    name[0] = '/';
    (void)wf_copy_text(name + 1, size - 1, entry);
    names->names[names->count++] = name;
    return 0;
}

int wf_mapping_list(const char *prefix, struct wf_mapping_names *out, struct wf_err *err)
{
    struct wf_mapping_names names = { 0 };
    size_t capacity = 0;
    size_t len = strlen(prefix);
    DIR *folder = NULL;
    const struct dirent *entry;
    int rc = 0;

    if (prefix[0] != '/')
        return wf_fail(err, WF_ERR_INVALID, "a prefix begins with '/', '%s' does not", prefix);
    folder = opendir(WFI_SHM_FOLDER);
    if (folder == NULL)
        return wf_fail_errno(err, errno, "list " WFI_SHM_FOLDER);
    while (rc == 0 && (entry = readdir(folder)) != NULL) {
        if (strncmp(entry->d_name, prefix + 1, len - 1) == 0 && strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0)
            rc = add_name(&names, &capacity, entry->d_name);
    }
    (void)closedir(folder);
    if (rc < 0) {
        wf_mapping_names_free(&names);
        return wf_fail(err, WF_ERR_NOMEM, "list '%s*': out of memory", prefix);
    }
    if (names.count > 0)
        qsort(names.names, names.count, sizeof(*names.names), compare_names);
    *out = names;
    return 0;
}

void wf_mapping_names_free(struct wf_mapping_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
    *names = (struct wf_mapping_names){ 0 };
}

uint64_t wf_mapping_list_token(void)
{
    struct stat status;
    int64_t changed;

    if (stat(WFI_SHM_FOLDER, &status) != 0)
        return 0;
    changed = (int64_t)status.st_mtim.tv_sec * WF_NS_PER_S + status.st_mtim.tv_nsec;
    if (wf_utc_now_ns() - changed < TOKEN_SETTLED_NS)
        return 0;
    return (uint64_t)changed;
}

int wf_mapping_look(const char *name, enum wf_backing backing, struct wf_mapping_info *out,
                    struct wf_err *err)
{
    char path[sizeof(WFI_SHM_FOLDER) + NAME_MAX + 1];
    struct stat status;
    int rc = 0;

    if (backing == WF_BACKING_MEMORY) {
        rc = wfi_shm_name_check(name, err);
        if (rc < 0)
            return rc;
        (void)wf_copy_text(path, sizeof(path), WFI_SHM_FOLDER);
        (void)wf_copy_text(path + sizeof(WFI_SHM_FOLDER) - 1,
                           sizeof(path) - (sizeof(WFI_SHM_FOLDER) - 1), name);
        rc = lstat(path, &status);
    } else {
        rc = lstat(name, &status);
    }
    if (rc != 0)
        return wf_fail_errno(err, errno, "look for '%s'", name);
    wfi_mapping_info_from_stat(&status, out);
    return 0;
}
