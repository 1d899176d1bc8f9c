/* SPDX-License-Identifier: MIT */
/* Kept files: see kept_files.h. */

#include "kept_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/clock.h>

#include "folder.h"
#include "rollup_file.h"

/* A folder's path and the name of a file in it, with "-wal" behind. */
#define NAMED_PATH_SIZE (WFS_PATH_SIZE + 80)

/* What may stand behind "NAME.db": ".damaged-3", ".damaged-3.saved", ".saving". */
static bool is_aside(const char *rest)
{
    static const char damaged[] = ".damaged-";

    if (strcmp(rest, ".saving") == 0)
        return true;
    if (strncmp(rest, damaged, sizeof(damaged) - 1) != 0)
        return false;
    rest += sizeof(damaged) - 1;
    if (strspn(rest, "0123456789") == 0)
        return false;
    rest += strspn(rest, "0123456789");
    return rest[0] == '\0' || strcmp(rest, ".saved") == 0;
}

static bool parse(enum wfs_kept_kind kind, const char *name, struct wfs_kept_file *out)
{
    enum wfs_tier tier = kind == WFS_KEPT_MONTHS ? WFS_TIER_MINUTE : WFS_TIER_HOUR;
    size_t len = strlen(name), mark = strlen(WFS_KEPT_MARK);
    char plain[sizeof(out->name)];
    char *rest;

    if (!wf_copy_text(plain, sizeof(plain), name))
        return false;
    (void)wf_copy_text(out->name, sizeof(out->name), name);
    out->is_marked = len > mark && strcmp(plain + len - mark, WFS_KEPT_MARK) == 0;
    if (out->is_marked)
        plain[len - mark] = '\0';
    rest = strstr(plain, ".db");
    if (rest == NULL)
        return false;
    rest += 3;
    out->is_aside = is_aside(rest);
    if (out->is_aside)
        rest[0] = '\0';
    if (kind == WFS_KEPT_DAYS ? !wfs_file_parse(plain, &out->key)
                              : !wfs_period_parse(tier, plain, &out->key))
        return false;
    out->from_ns = kind == WFS_KEPT_DAYS ? wfs_file_day(out->key) : out->key;
    out->to_ns =
        kind == WFS_KEPT_DAYS ? out->from_ns + WF_NS_PER_DAY : wfs_period_end(tier, out->from_ns);
    return true;
}

static uint64_t size_of(const char *folder, const char *name, const char *beside)
{
    char path[NAMED_PATH_SIZE];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/%s%s", folder, name, beside);
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static int compare(const void *a, const void *b)
{
    const struct wfs_kept_file *x = a, *y = b;

    if (x->key != y->key)
        return x->key > y->key ? 1 : -1;
    return x->is_aside != y->is_aside ? y->is_aside - x->is_aside : strcmp(x->name, y->name);
}

int wfs_kept_list(const char *path, enum wfs_kept_kind kind, struct wfs_kept_files *out,
                  struct wf_err *err)
{
    struct dirent *entry;
    DIR *dir = opendir(path);

    *out = (struct wfs_kept_files){ 0 };
    if (dir == NULL)
        return errno == ENOENT || errno == ENOTDIR ? 0 : wf_fail_errno(err, errno, "%s", path);
    while ((entry = readdir(dir)) != NULL) {
        struct wfs_kept_file file = { 0 };
        struct wfs_kept_file *more;

        if (!parse(kind, entry->d_name, &file))
            continue;
        more = out->count % 64 == 0 ? realloc(out->list, (out->count + 64) * sizeof(*more))
                                    : out->list;
        if (more == NULL)
            break; /* fewer are judged than there are */
        file.bytes = size_of(path, file.name, "") + size_of(path, file.name, "-wal");
        out->list = more;
        out->list[out->count++] = file;
        out->bytes += file.bytes;
    }
    (void)closedir(dir);
    if (out->count > 1)
        qsort(out->list, out->count, sizeof(*out->list), compare);
    return 0;
}

uint64_t wfs_kept_reserve(uint64_t before, uint64_t now, int64_t passed_ns, int64_t ahead_ns,
                          uint64_t bytes_max)
{
    double grown = now > before ? (double)(now - before) : 0, most = (double)bytes_max / 4;
    double reserve;

    if (before == 0 || passed_ns <= 0)
        return 0;
    reserve = grown / (double)passed_ns * (double)ahead_ns;
    return (uint64_t)(reserve < most ? reserve : most);
}

void wfs_kept_remove(const char *path)
{
    static const char *const beside[] = { "-wal", "-shm", "" };
    char name[NAMED_PATH_SIZE + 32];

    for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
        (void)snprintf(name, sizeof(name), "%s%s", path, beside[i]);
        (void)unlink(name);
    }
}
