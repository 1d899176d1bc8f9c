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

int64_t wfs_file_key(int64_t time_ns, unsigned part)
{
    return wf_utc_day_start(time_ns) + (part - 1);
}

int64_t wfs_file_day(int64_t key)
{
    return wf_utc_day_start(key);
}

unsigned wfs_file_part(int64_t key)
{
    return (unsigned)(key - wf_utc_day_start(key)) + 1;
}

void wfs_file_text(int64_t key, char out[16])
{
    unsigned part = wfs_file_part(key);

    wfs_day_text(key, out);
    if (part > 1)
        (void)snprintf(out + strlen(out), 16 - strlen(out), ".%u", part % 100);
}

int wfs_day_path(const char *folder, int64_t key, char out[WFS_PATH_SIZE], struct wf_err *err)
{
    struct wf_strbuf path;
    char file[16];

    wf_strbuf_init_fixed(&path, out, WFS_PATH_SIZE);
    wfs_file_text(key, file);
    wf_strbuf_addf(&path, "%s/raw/%s.db", folder, file);
    return path.was_cut ? wf_fail(err, WF_ERR_LIMIT, "the path of '%s' is too long", file) : 0;
}

void wfs_day_text(int64_t time_ns, char out[16])
{
    struct wf_civil civil;

    wf_civil_from_utc(time_ns, &civil);
    (void)snprintf(out, 16, "%04d-%02d-%02d", civil.year % 10000, civil.month % 100,
                   civil.day % 100);
}

bool wfs_file_parse(const char *name, int64_t *out_key)
{
    size_t len = strlen(name);
    char file[16], date[16], again[16];
    uint64_t part = 1;
    int64_t day_ns;

    if (len < 13 || len > 16 || strcmp(name + len - 3, ".db") != 0)
        return false;
    (void)snprintf(file, sizeof(file), "%.*s", (int)(len - 3), name);
    (void)snprintf(date, sizeof(date), "%.10s", name);
    if (strspn(date, "0123456789-") != 10 || wf_parse_time(date, 0, &day_ns, NULL) < 0)
        return false;
    if (file[10] != '\0' &&
        (file[10] != '.' || wf_parse_u64(file + 11, &part, NULL) < 0 || part > WFS_PARTS_MAX))
        return false;
    if (part == 0)
        return false;
    *out_key = wfs_file_key(day_ns, (unsigned)part);
    /* One name for each file: no ".1", no ".02", no 30th of February. */
    wfs_file_text(*out_key, again);
    return strcmp(file, again) == 0;
}

static int64_t modified(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * WF_NS_PER_S + st->st_mtim.tv_nsec;
}

static bool look_at(const char *folder, int64_t key, struct wfs_day_file *out)
{
    char path[WFS_PATH_SIZE], wal[WFS_PATH_SIZE + 8];
    struct stat st;

    if (wfs_day_path(folder, key, path, NULL) < 0 || stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    out->key = key;
    out->modified_ns = modified(&st);
    out->bytes = (uint64_t)st.st_size;
    out->is_sealed = (st.st_mode & S_IWUSR) == 0;
    (void)snprintf(wal, sizeof(wal), "%s-wal", path);
    if (stat(wal, &st) == 0 && modified(&st) > out->modified_ns)
        out->modified_ns = modified(&st);
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

int wfs_folder_keys(const char *path, int64_t **out_keys, size_t *out_count, struct wf_err *err)
{
    int64_t *keys = NULL;
    struct dirent *entry;
    size_t count = 0;
    DIR *dir = opendir(path);

    if (dir == NULL)
        return wf_fail_errno(err, errno, "%s", path);
    while ((entry = readdir(dir)) != NULL) {
        int64_t key;

        if (!wfs_file_parse(entry->d_name, &key))
            continue;
        if (count % 64 == 0) {
            int64_t *more = realloc(keys, (count + 64) * sizeof(keys[0]));

            if (more == NULL) {
                free(keys);
                (void)closedir(dir);
                return wf_fail(err, WF_ERR_NOMEM, "out of memory");
            }
            keys = more;
        }
        keys[count++] = key;
    }
    (void)closedir(dir);
    if (count > 1)
        qsort(keys, count, sizeof(keys[0]), compare_keys);
    *out_keys = keys;
    *out_count = count;
    return 0;
}

int wfs_folder_newest(const char *path, int64_t day_ns, int64_t *out_key, struct wf_err *err)
{
    int64_t *keys = NULL;
    size_t count = 0;
    int rc = wfs_folder_keys(path, &keys, &count, err);

    if (rc < 0 && rc != WF_ERR_ABSENT)
        return rc;
    *out_key = wfs_file_key(day_ns, 1);
    for (size_t i = 0; i < count; i++) {
        if (wfs_file_day(keys[i]) == day_ns)
            *out_key = keys[i];
    }
    free(keys);
    return 0;
}

int wfs_folder_list(const char *folder, struct wfs_day_file **out_list, size_t *out_count,
                    struct wf_err *err)
{
    char path[WFS_PATH_SIZE];
    struct wfs_day_file *list;
    int64_t *keys = NULL;
    size_t count = 0, used = 0;
    int rc;

    if (snprintf(path, sizeof(path), "%s/raw", folder) >= (int)sizeof(path))
        return wf_fail(err, WF_ERR_LIMIT, "the path of the history folder is too long");
    rc = wfs_folder_keys(path, &keys, &count, err);
    if (rc < 0)
        return rc;
    list = calloc(count + 1, sizeof(list[0]));
    for (size_t i = 0; list != NULL && i < count; i++)
        used += look_at(folder, keys[i], &list[used]);
    free(keys);
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

int wfs_sync_left_over(const char *path, struct wf_err *err)
{
    char log[WFS_PATH_SIZE + 8];
    int fd, rc = 0;

    /* The log only: closing a descriptor of the file itself would let go of SQLite's locks on it. */
    (void)snprintf(log, sizeof(log), "%.*s-wal", WFS_PATH_SIZE, path);
    fd = open(log, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : wf_fail_errno(err, errno, "%s", log);
    if (fsync(fd) != 0)
        rc = wf_fail_errno(err, errno, "sync %s", log);
    (void)close(fd);
    return rc;
}
