/* SPDX-License-Identifier: MIT */
/*
 * Module files on Linux: ELF shared objects, checked by descriptor and loaded
 * through /proc/self/fd, so that what was checked is what is loaded even when
 * the path is swapped in between.
 */
#define _GNU_SOURCE

#include "module_file.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/strbuf.h>

/* More program headers than any real module has. */
#define PROGRAM_HEADERS_MAX 256

#if UINTPTR_MAX > UINT32_MAX
#define NATIVE_CLASS ELFCLASS64
#else
#define NATIVE_CLASS ELFCLASS32
#endif

struct wfi_module_file {
    /*
     * Kept open while loaded: the loader knows objects by the name they were
     * opened with, and a second module behind a reused "/proc/self/fd/7" would
     * silently be taken for the first.
     */
    int fd;
    void *handle;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* Could anybody but root and ourselves have written this? */
static int check_writers(int fd, const char *what, struct stat *out_st, struct wf_err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return wf_fail_errno(err, errno, "%s", what);
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return wf_fail(err, WF_ERR_DENIED,
                       "%s belongs to uid %u; expected root or the user running this", what,
                       (unsigned)st.st_uid);
    if ((st.st_mode & S_IWOTH) != 0 || ((st.st_mode & S_IWGRP) != 0 && st.st_gid != getegid()))
        return wf_fail(err, WF_ERR_DENIED, "%s is writable by others (mode %04o); chmod go-w it",
                       what, (unsigned)(st.st_mode & 07777));
    *out_st = st;
    return WF_OK;
}

static int open_checked(const char *path, int *out_fd, struct stat *out_st, struct wf_err *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int folder_fd = -1;
    int fd = -1;
    int rc;

    if (path[0] != '/' || slash == NULL || !wf_copy_text(folder, sizeof(folder), path))
        return wf_fail(err, WF_ERR_INVALID, "not an absolute path");
    folder[slash == path ? 1 : slash - path] = '\0';

    folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0)
        return wf_fail_errno(err, errno, "its folder");
    rc = check_writers(folder_fd, "its folder", out_st, err);
    if (rc < 0)
        goto out;

    /* Not following a link, and not hanging on a pipe that has the name. */
    fd = openat(folder_fd, slash + 1, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        rc = errno == ELOOP ? wf_fail(err, WF_ERR_DENIED, "is a symbolic link")
                            : wf_fail_errno(err, errno, "open");
        goto out;
    }
    rc = check_writers(fd, "the file", out_st, err);
    if (rc < 0)
        goto out;
    if (!S_ISREG(out_st->st_mode)) {
        rc = wf_fail(err, WF_ERR_CORRUPT, "is not a regular file");
        goto out;
    }
    *out_fd = fd;
    fd = -1;

out:
    close_fd(&fd);
    close_fd(&folder_fd);
    return rc;
}

static bool read_at(int fd, void *out, size_t size, uint64_t offset)
{
    return offset <= INT64_MAX && pread(fd, out, size, (off_t)offset) == (ssize_t)size;
}

/* The machine of the program that is running: what its modules must be made for. */
static bool read_own_header(ElfW(Ehdr) * out)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    bool is_read = fd >= 0 && read_at(fd, out, sizeof(*out), 0);

    close_fd(&fd);
    return is_read;
}

static int check_header(const ElfW(Ehdr) * header, struct wf_err *err)
{
    ElfW(Ehdr) own;

    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return wf_fail(err, WF_ERR_CORRUPT, "is not an ELF file");
    if (header->e_ident[EI_CLASS] != NATIVE_CLASS)
        return wf_fail(err, WF_ERR_CORRUPT, "is made for another word size");
    if (!read_own_header(&own))
        return wf_fail(err, WF_ERR_SYSTEM, "/proc/self/exe cannot be read");
    if (header->e_ident[EI_DATA] != own.e_ident[EI_DATA] || header->e_machine != own.e_machine)
        return wf_fail(err, WF_ERR_CORRUPT, "is made for another machine (ELF machine %u, not %u)",
                       (unsigned)header->e_machine, (unsigned)own.e_machine);
    if (header->e_type != ET_DYN)
        return wf_fail(err, WF_ERR_CORRUPT, "is not a shared object");
    if (header->e_phentsize != sizeof(ElfW(Phdr)) || header->e_phnum == 0 ||
        header->e_phnum > PROGRAM_HEADERS_MAX)
        return wf_fail(err, WF_ERR_CORRUPT, "has a damaged table of segments");
    return WF_OK;
}

/*
 * A file that ends before its segments do is mapped all the same, and the first
 * touch of a missing page kills the process. Find out before.
 */
static int check_elf(int fd, uint64_t file_bytes, struct wf_err *err)
{
    ElfW(Ehdr) header;
    int rc;

    if (!read_at(fd, &header, sizeof(header), 0))
        return wf_fail(err, WF_ERR_CORRUPT, "is not an ELF file");
    rc = check_header(&header, err);
    if (rc < 0)
        return rc;
    for (unsigned i = 0; i < header.e_phnum; i++) {
        ElfW(Phdr) segment;

        if (!read_at(fd, &segment, sizeof(segment), header.e_phoff + i * sizeof(segment)))
            return wf_fail(err, WF_ERR_CORRUPT, "ends inside its table of segments");
        if (segment.p_offset > file_bytes || segment.p_filesz > file_bytes - segment.p_offset)
            return wf_fail(err, WF_ERR_CORRUPT,
                           "is cut off: segment %u ends at byte %llu, the file at %llu", i,
                           (unsigned long long)(segment.p_offset + segment.p_filesz),
                           (unsigned long long)file_bytes);
    }
    return WF_OK;
}

int wfi_module_file_load(const char *path, struct wfi_module_file **out_file, struct wf_err *err)
{
    struct wfi_module_file *file = NULL;
    char by_descriptor[64];
    struct stat st;
    int fd = -1;
    int rc;

    rc = open_checked(path, &fd, &st, err);
    if (rc < 0)
        return rc;
    rc = check_elf(fd, (uint64_t)st.st_size, err);
    if (rc < 0)
        goto out;

    file = calloc(1, sizeof(*file));
    if (file == NULL) {
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
        goto out;
    }
    (void)snprintf(by_descriptor, sizeof(by_descriptor), "/proc/self/fd/%d", fd);
    file->handle = dlopen(by_descriptor, RTLD_NOW | RTLD_LOCAL);
    if (file->handle == NULL) {
        const char *why = dlerror();

        rc = wf_fail(err, WF_ERR_INVALID, "%s", why != NULL ? why : "the loader refused it");
        goto out;
    }
    file->fd = fd;
    fd = -1;
    *out_file = file;
    file = NULL;

out:
    free(file);
    close_fd(&fd);
    return rc;
}

const void *wfi_module_file_symbol(const struct wfi_module_file *file, const char *name)
{
    return dlsym(file->handle, name);
}

void wfi_module_file_unload(struct wfi_module_file **file)
{
    if (*file == NULL)
        return;
    (void)dlclose((*file)->handle);
    close_fd(&(*file)->fd);
    free(*file);
    *file = NULL;
}
