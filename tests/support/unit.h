/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_UNIT_H
#define TESTS_SUPPORT_UNIT_H

/* What every unit test includes: cmocka with what it needs before it, and temporary folders. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/attributes.h>

/* A folder of one test, below $TMPDIR; removed with everything in it by tmp_folder_remove. */
struct tmp_folder {
    char path[512];
};

static inline struct tmp_folder tmp_folder_make(void)
{
    struct tmp_folder folder;
    const char *base = getenv("TMPDIR");

    (void)snprintf(folder.path, sizeof(folder.path), "%s/wf-test-XXXXXX",
                   base != NULL && base[0] == '/' ? base : "/tmp");
    assert_non_null(mkdtemp(folder.path));
    return folder;
}

/* "<folder>/<name>"; the text is the caller's to free. */
static inline char *tmp_folder_path(const struct tmp_folder *folder, const char *name)
{
    size_t size = strlen(folder->path) + strlen(name) + 2;
    char *path = malloc(size);

    assert_non_null(path);
    (void)snprintf(path, size, "%s/%s", folder->path, name);
    return path;
}

/* Write a file into the folder. */
static inline void tmp_folder_write(const struct tmp_folder *folder, const char *name,
                                    const char *text)
{
    char *path = tmp_folder_path(folder, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    free(path);
}

/* Remove `path`, and first what is in it when it is a folder. Links are not followed. */
static inline void tmp_remove_tree(const char *path)
{
    struct stat status;
    DIR *dir;

    if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && (dir = opendir(path)) != NULL) {
        const struct dirent *entry;

        while ((entry = readdir(dir)) != NULL) {
            char below[1024];

            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            if (snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) < (int)sizeof(below))
                tmp_remove_tree(below);
        }
        (void)closedir(dir);
    }
    (void)remove(path);
}

static inline void tmp_folder_remove(const struct tmp_folder *folder)
{
    tmp_remove_tree(folder->path);
}

#endif /* TESTS_SUPPORT_UNIT_H */
