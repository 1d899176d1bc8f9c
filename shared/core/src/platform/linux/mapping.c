/* SPDX-License-Identifier: MIT */
/*
 * Mappings on Linux: POSIX shared memory and files, see <watchfloor/mapping.h>.
 *
 * Memory is allocated when a mapping is made (posix_fallocate), never later: a
 * sparse one would kill whoever touches a page that /dev/shm has no room for.
 * What exists is opened without O_CREAT, which would silently open a squatter's
 * file, or be refused by fs.protected_regular. O_NONBLOCK: a FIFO of our name
 * must not hang us. See mapping_names.c for listing.
 */
#define _GNU_SOURCE

#include <watchfloor/mapping.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "platform/host.h"
#include "platform/linux/shm.h"

#define OBTAIN_TRIES 1000 /* of a millisecond each */

struct wf_mapping {
    int fd;
    enum wf_backing backing;
    uint64_t size;
};

struct wf_map_view {
    void *base;    /* what mmap gave, page-aligned */
    size_t mapped; /* from base on */
    size_t delta;  /* from base to the first byte asked for */
    size_t size;
    bool is_file;
};

int wfi_shm_name_check(const char *name, struct wf_err *err)
{
    size_t len = strlen(name);

    if (name[0] != '/' || len < 2 || len > NAME_MAX || strchr(name + 1, '/') != NULL ||
        strcmp(name, "/.") == 0 || strcmp(name, "/..") == 0)
        return wf_fail(err, WF_ERR_INVALID,
                       "'%s' is not a mapping name: expected '/' and 1 to 254 bytes without '/'",
                       name);
    return 0;
}

static int open_name(const char *name, enum wf_backing backing, int flags)
{
    flags |= O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    return backing == WF_BACKING_MEMORY ? shm_open(name, flags, 0600) : open(name, flags, 0600);
}

static int check_name(const char *name, enum wf_backing backing, struct wf_err *err)
{
    if (backing == WF_BACKING_MEMORY)
        return wfi_shm_name_check(name, err);
    if (name[0] == '\0')
        return wf_fail(err, WF_ERR_INVALID, "the name of a mapping is empty: expected a path");
    return 0;
}

/* Owner, group and mode before the memory: nobody may open it half-made with too many rights. */
static int dress(int fd, const struct wf_mapping_options *options, struct wf_err *err)
{
    uint32_t uid = UINT32_MAX, gid = UINT32_MAX; /* leave it as it is */
    int rc = 0;

    if (options->owner != NULL)
        rc = wfi_host_user_id(options->owner, &uid, err);
    if (rc == 0 && options->group != NULL)
        rc = wfi_host_group_id(options->group, &gid, err);
    if (rc < 0)
        return rc;
    if ((options->owner != NULL || options->group != NULL) &&
        fchown(fd, (uid_t)uid, (gid_t)gid) != 0)
        return wf_fail_errno(err, errno, "give it to %s:%s",
                             options->owner != NULL ? options->owner : "",
                             options->group != NULL ? options->group : "");
    if (fchmod(fd, options->mode != 0 ? (mode_t)options->mode : 0640) != 0)
        return wf_fail_errno(err, errno, "set its mode");
    return 0;
}

static int allocate(int fd, const struct wf_mapping_options *options, struct wf_err *err)
{
    int error;

    do
        error = posix_fallocate(fd, 0, (off_t)options->size);
    while (error == EINTR);
    if (error == ENOSPC || error == EDQUOT || error == EFBIG)
        return wf_fail(err, WF_ERR_NOSPACE, "no room for %llu bytes in %s: free some or enlarge it",
                       (unsigned long long)options->size,
                       options->backing == WF_BACKING_MEMORY ? "/dev/shm" : "its file system");
    if (error != 0)
        return wf_fail_errno(err, error, "allocate %llu bytes", (unsigned long long)options->size);
    return 0;
}

static int wrap(int *fd, enum wf_backing backing, uint64_t size, struct wf_mapping **out_mapping,
                struct wf_err *err)
{
    struct wf_mapping *mapping = calloc(1, sizeof(*mapping));

    if (mapping == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    mapping->fd = *fd;
    mapping->backing = backing;
    mapping->size = size;
    *fd = -1;
    *out_mapping = mapping;
    return 0;
}

int wf_mapping_create(const char *name, const struct wf_mapping_options *options,
                      struct wf_mapping **out_mapping, struct wf_err *err)
{
    bool was_made = false;
    int fd = -1;
    int rc = check_name(name, options->backing, err);

    if (rc < 0)
        return rc;
    if (options->size == 0 || options->size > (uint64_t)INT64_MAX / 2)
        return wf_fail(err, WF_ERR_INVALID, "make '%s': a size of %llu bytes makes no sense", name,
                       (unsigned long long)options->size);

    fd = open_name(name, options->backing, O_CREAT | O_EXCL | O_RDWR);
    if (fd < 0)
        return wf_fail_errno(err, errno, "make '%s'", name);
    was_made = true;
    rc = dress(fd, options, err);
    if (rc == 0)
        rc = allocate(fd, options, err);
    if (rc == 0)
        rc = wrap(&fd, options->backing, options->size, out_mapping, err);
    if (rc < 0) {
        wf_err_prefix(err, "make '%s'", name);
        if (was_made)
            (void)wf_mapping_remove(name, options->backing, NULL); /* we are failing already */
    }
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

/* Who could: the reader's next step is to become one of them, or to ask for it. */
static int fail_denied(const char *name, enum wf_backing backing, struct wf_err *err)
{
    struct wf_mapping_info info;
    char user[64], group[64], you[64];

    if (wf_mapping_look(name, backing, &info, NULL) < 0)
        return wf_fail(err, WF_ERR_DENIED, "open '%s': not permitted", name);
    wfi_host_user_name(info.uid, user, sizeof(user));
    wfi_host_group_name(info.gid, group, sizeof(group));
    wfi_host_user_name((uint32_t)geteuid(), you, sizeof(you));
    if ((info.mode & S_IRGRP) != 0)
        return wf_fail(err, WF_ERR_DENIED,
                       "open '%s': not permitted; user %s and members of group %s are "
                       "(usermod -aG %s %s makes you one)",
                       name, user, group, group, you);
    return wf_fail(err, WF_ERR_DENIED, "open '%s': not permitted; only user %s is", name, user);
}

int wf_mapping_open(const char *name, enum wf_backing backing, enum wf_access access,
                    struct wf_mapping **out_mapping, struct wf_err *err)
{
    struct stat status;
    int fd = -1;
    int rc = check_name(name, backing, err);

    if (rc < 0)
        return rc;
    fd = open_name(name, backing, access == WF_ACCESS_WRITE ? O_RDWR : O_RDONLY);
    if (fd < 0 && (errno == ELOOP || errno == EISDIR || errno == ENXIO))
        return wf_fail(err, WF_ERR_CORRUPT, "open '%s': it is not a regular file", name);
    if (fd < 0 && (errno == EACCES || errno == EPERM))
        return fail_denied(name, backing, err);
    if (fd < 0)
        return wf_fail_errno(err, errno, "open '%s'", name);

    if (fstat(fd, &status) != 0)
        rc = wf_fail_errno(err, errno, "look at '%s'", name);
    else if (!S_ISREG(status.st_mode))
        rc = wf_fail(err, WF_ERR_CORRUPT, "open '%s': it is not a regular file", name);
    else if (status.st_size == 0)
        rc =
            wf_fail(err, WF_ERR_BUSY, "open '%s': it has no size yet, somebody is making it", name);
    else
        rc = wrap(&fd, backing, (uint64_t)status.st_size, out_mapping, err);
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

int wf_mapping_obtain(const char *name, const struct wf_mapping_options *options,
                      struct wf_mapping **out_mapping, bool *out_was_made, struct wf_err *err)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    int rc = WF_ERR_BUSY;

    /* ABSENT after EXISTS: it was removed in between. Both ends are bounded by the tries. */
    for (int tries = 0; tries < OBTAIN_TRIES; tries++) {
        rc = wf_mapping_create(name, options, out_mapping, err);
        if (rc != WF_ERR_EXISTS) {
            if (rc == 0)
                *out_was_made = true;
            return rc;
        }
        rc = wf_mapping_open(name, options->backing, WF_ACCESS_WRITE, out_mapping, err);
        if (rc != WF_ERR_BUSY && rc != WF_ERR_ABSENT)
            break;
        (void)nanosleep(&pause, NULL);
    }
    if (rc < 0)
        return rc;
    if ((*out_mapping)->size < options->size) {
        rc = wf_fail(err, WF_ERR_LIMIT, "'%s' is there but has %llu bytes, fewer than %llu", name,
                     (unsigned long long)(*out_mapping)->size, (unsigned long long)options->size);
        wf_mapping_close(out_mapping);
        return rc;
    }
    *out_was_made = false;
    return 0;
}

void wfi_mapping_info_from_stat(const struct stat *status, struct wf_mapping_info *out)
{
    *out = (struct wf_mapping_info){
        .size = (uint64_t)status->st_size,
        .uid = status->st_uid,
        .gid = status->st_gid,
        .mode = (int)(status->st_mode & 07777),
        .links = (uint32_t)status->st_nlink,
        .identity = { .device = status->st_dev, .inode = status->st_ino },
    };
}

int wf_mapping_info(const struct wf_mapping *mapping, struct wf_mapping_info *out,
                    struct wf_err *err)
{
    struct stat status;

    if (fstat(mapping->fd, &status) != 0)
        return wf_fail_errno(err, errno, "look at a mapping");
    wfi_mapping_info_from_stat(&status, out);
    return 0;
}

void wf_mapping_close(struct wf_mapping **mapping)
{
    if (mapping == NULL || *mapping == NULL)
        return;
    (void)close((*mapping)->fd);
    free(*mapping);
    *mapping = NULL;
}

int wf_mapping_remove(const char *name, enum wf_backing backing, struct wf_err *err)
{
    int rc = check_name(name, backing, err);

    if (rc < 0)
        return rc;
    if ((backing == WF_BACKING_MEMORY ? shm_unlink(name) : unlink(name)) != 0)
        return wf_fail_errno(err, errno, "remove '%s'", name);
    return 0;
}

/* mmap at any address, or at exactly `at`. */
static int map_pages(const struct wf_mapping *mapping, enum wf_access access, off_t start,
                     size_t length, void *at, void **out_base, struct wf_err *err)
{
    int protection = access == WF_ACCESS_READ ? PROT_READ : PROT_READ | PROT_WRITE;
    int flags = access == WF_ACCESS_COPY ? MAP_PRIVATE : MAP_SHARED;
    void *base = mmap(at, length, protection, flags | (at != NULL ? MAP_FIXED_NOREPLACE : 0),
                      mapping->fd, start);

    if (base == MAP_FAILED && errno == EEXIST)
        return wf_fail(err, WF_ERR_BUSY, "map: something else is at the wished address %p", at);
    if (base == MAP_FAILED)
        return wf_fail_errno(err, errno, "map %zu bytes", length);
    if (at != NULL && base != at) { /* kernels before 4.17 take the address as a hint */
        (void)munmap(base, length);
        return wf_fail(err, WF_ERR_BUSY, "map: something else is at the wished address %p", at);
    }
    *out_base = base;
    return 0;
}

int wf_map_view_open(const struct wf_mapping *mapping, enum wf_access access, uint64_t offset,
                     size_t length, void *wish, struct wf_map_view **out_view, struct wf_err *err)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t delta = (size_t)(offset % page);
    struct wf_map_view *view = NULL;
    char *at = wish;
    int rc;

    if (offset >= mapping->size || length > mapping->size - offset)
        return wf_fail(err, WF_ERR_LIMIT, "map: bytes %llu+%zu run past the end (%llu)",
                       (unsigned long long)offset, length, (unsigned long long)mapping->size);
    if (length == 0)
        length = (size_t)(mapping->size - offset);
    if (at != NULL) {
        if ((uintptr_t)at % page != delta || (uintptr_t)at < page)
            return wf_fail(err, WF_ERR_INVALID,
                           "map: address %p does not fit offset %llu (pages of %zu bytes)", wish,
                           (unsigned long long)offset, page);
        at -= delta;
    }

    view = calloc(1, sizeof(*view));
    if (view == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    *view = (struct wf_map_view){ .mapped = length + delta,
                                  .delta = delta,
                                  .size = length,
                                  .is_file = mapping->backing == WF_BACKING_FILE };
    rc = map_pages(mapping, access, (off_t)(offset - delta), view->mapped, at, &view->base, err);
    if (rc < 0) {
        free(view);
        return rc;
    }
    *out_view = view;
    return 0;
}

void *wf_map_view_data(const struct wf_map_view *view)
{
    return (char *)view->base + view->delta;
}

size_t wf_map_view_size(const struct wf_map_view *view)
{
    return view->size;
}

int wf_map_view_flush(struct wf_map_view *view, struct wf_err *err)
{
    if (view->is_file && msync(view->base, view->mapped, MS_SYNC) != 0)
        return wf_fail_errno(err, errno, "write a mapping to its disk");
    return 0;
}

void wf_map_view_close(struct wf_map_view **view)
{
    if (view == NULL || *view == NULL)
        return;
    (void)munmap((*view)->base, (*view)->mapped);
    wf_map_view_abandon(view);
}

void wf_map_view_abandon(struct wf_map_view **view)
{
    if (view == NULL || *view == NULL)
        return;
    free(*view);
    *view = NULL;
}
