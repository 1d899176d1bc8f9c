/* SPDX-License-Identifier: MIT */
/* Folder: see folder.h. */

#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/paths.h>
#include <watchfloor/strbuf.h>

int wfs_day_path(const char *folder, int64_t day_ns, char out[WFS_PATH_SIZE], struct wf_err *err)
{
    struct wf_strbuf path;
    char day[16];

    wf_strbuf_init_fixed(&path, out, WFS_PATH_SIZE);
    wfs_day_text(day_ns, day);
    wf_strbuf_addf(&path, "%s/raw/%s.db", folder, day);
    return path.was_cut ? wf_fail(err, WF_ERR_LIMIT, "the path of '%s' is too long", day) : 0;
}

void wfs_day_text(int64_t time_ns, char out[16])
{
    struct wf_civil civil;

    wf_civil_from_utc(time_ns, &civil);
    (void)snprintf(out, 16, "%04d-%02d-%02d", civil.year % 10000, civil.month % 100,
                   civil.day % 100);
}

/* "2026-11-20.db" and nothing else; what it says must be a day that exists. */
static bool parse_day(const char *name, int64_t *out_day_ns)
{
    char date[16], again[16];
    int64_t day_ns;

    if (strlen(name) != 13 || strcmp(name + 10, ".db") != 0)
        return false;
    memcpy(date, name, 10);
    date[10] = '\0';
    if (strspn(date, "0123456789-") != 10 || wf_parse_time(date, 0, &day_ns, NULL) < 0)
        return false;
    wfs_day_text(day_ns, again);
    *out_day_ns = day_ns;
    return strcmp(date, again) == 0;
}

static int64_t modified(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * WF_NS_PER_S + st->st_mtim.tv_nsec;
}

static bool look_at(const char *folder, int64_t day_ns, struct wfs_day_file *out)
{
    char path[WFS_PATH_SIZE], wal[WFS_PATH_SIZE + 8];
    struct stat st;

    if (wfs_day_path(folder, day_ns, path, NULL) < 0 || stat(path, &st) != 0 ||
        !S_ISREG(st.st_mode))
        return false;
    out->day_ns = day_ns;
    out->modified_ns = modified(&st);
    out->is_sealed = (st.st_mode & S_IWUSR) == 0;
    (void)snprintf(wal, sizeof(wal), "%s-wal", path);
    if (stat(wal, &st) == 0 && modified(&st) > out->modified_ns)
        out->modified_ns = modified(&st);
    return true;
}

static int compare_days(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

int wfs_folder_days(const char *path, int64_t **out_days, size_t *out_count, struct wf_err *err)
{
    int64_t *days = NULL;
    struct dirent *entry;
    size_t count = 0;
    DIR *dir = opendir(path);

    if (dir == NULL)
        return wf_fail_errno(err, errno, "%s", path);
    while ((entry = readdir(dir)) != NULL) {
        int64_t day_ns;

        if (!parse_day(entry->d_name, &day_ns))
            continue;
        if (count % 64 == 0) {
            int64_t *more = realloc(days, (count + 64) * sizeof(days[0]));

            if (more == NULL) {
                free(days);
                (void)closedir(dir);
                return wf_fail(err, WF_ERR_NOMEM, "out of memory");
            }
            days = more;
        }
        days[count++] = day_ns;
    }
    (void)closedir(dir);
    if (count > 1)
        qsort(days, count, sizeof(days[0]), compare_days);
    *out_days = days;
    *out_count = count;
    return 0;
}

int wfs_folder_list(const char *folder, struct wfs_day_file **out_list, size_t *out_count,
                    struct wf_err *err)
{
    char path[WFS_PATH_SIZE];
    struct wfs_day_file *list;
    int64_t *days = NULL;
    size_t count = 0, used = 0;
    int rc;

    if (snprintf(path, sizeof(path), "%s/raw", folder) >= (int)sizeof(path))
        return wf_fail(err, WF_ERR_LIMIT, "the path of the history folder is too long");
    rc = wfs_folder_days(path, &days, &count, err);
    if (rc < 0)
        return rc;
    list = calloc(count + 1, sizeof(list[0]));
    for (size_t i = 0; list != NULL && i < count; i++)
        used += look_at(folder, days[i], &list[used]);
    free(days);
    if (list == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    *out_list = list;
    *out_count = used;
    return 0;
}

/* --- making ------------------------------------------------------------------- */

static bool has_group(const char *group)
{
    return group != NULL && group[0] != '\0';
}

static int give_to_group(const char *path, const char *group, struct wf_err *err)
{
    const struct group *entry = getgrnam(group);
    uint64_t number;
    gid_t gid;

    if (entry != NULL)
        gid = entry->gr_gid;
    else if (wf_parse_u64(group, &number, NULL) == 0 && number < UINT32_MAX)
        gid = (gid_t)number;
    else
        return wf_fail(err, WF_ERR_INVALID, "no group '%s' here: expected a name or a number",
                       group);
    if (chown(path, (uid_t)-1, gid) != 0)
        return wf_fail_errno(err, errno, "give %s to group '%s'", path, group);
    return 0;
}

static int open_to_group(const char *path, const char *group, struct wf_err *err)
{
    int rc = give_to_group(path, group, err);

    if (rc == 0 && chmod(path, 0750) != 0)
        rc = wf_fail_errno(err, errno, "open %s for the group", path);
    return rc;
}

int wfs_file_make(const char *path, const char *group, struct wf_err *err)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);

    if (fd < 0 && errno == EEXIST) {
        if (stat(path, &st) != 0)
            return wf_fail_errno(err, errno, "%s", path);
        if ((st.st_mode & S_IWUSR) == 0 && chmod(path, 0640) != 0)
            return wf_fail_errno(err, errno, "make %s writable again", path);
        return 0;
    }
    if (fd < 0)
        return wf_fail_errno(err, errno, "make %s", path);
    (void)fchmod(fd, 0640);
    (void)close(fd);
    return has_group(group) ? give_to_group(path, group, err) : 0;
}

int wfs_place_make(const char *path, const char *group, struct wf_err *err)
{
    int rc;

    if (access(path, X_OK) == 0)
        return 0;
    rc = wf_make_folders(path, err);
    return rc == 0 && has_group(group) ? open_to_group(path, group, err) : rc;
}

int wfs_folder_make(const char *folder, const char *name, const char *group, struct wf_err *err)
{
    char path[WFS_PATH_SIZE];
    int rc;

    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return wf_fail(err, WF_ERR_LIMIT, "the path of the history folder is too long");
    if (access(path, X_OK) == 0)
        return 0;
    rc = wfs_place_make(path, group, err);
    return rc == 0 && has_group(group) ? open_to_group(folder, group, err) : rc;
}
