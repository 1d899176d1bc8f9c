/* SPDX-License-Identifier: MIT */
/*
 * test-diskfault.so - a disk that fails where and when a test says so, by LD_PRELOAD.
 *
 * The file $DISKFAULT is mapped, so that faults come and go while programs run:
 *
 *   byte 0        1 = the rules are in force
 *   byte 8        how many calls failed, a 64-bit count that this library raises
 *   byte 16...    rules, one a line, ended by a 0:  ERRNO CALLS PATTERN
 *
 * ERRNO is a number, CALLS letters (w write and pwrite, s fsync and fdatasync, t ftruncate,
 * o opening, r renaming), PATTERN what fnmatch makes of the whole path. A test writes its rules
 * while byte 0 is 0.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES 4096

struct page {
    _Atomic uint8_t is_in_force;
    uint8_t reserved[7];
    _Atomic uint64_t failed;
    char rules[PAGE_BYTES - 16];
};

static struct page *page;
static int (*real_open)(const char *, int, ...);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *);

/* Before the first call, whichever library makes it; once more from another thread does no harm. */
static void begin(void)
{
    const char *path = getenv("DISKFAULT");
    int fd;

    if (real_open != NULL)
        return;
    *(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    *(void **)&real_write = dlsym(RTLD_NEXT, "write");
    *(void **)&real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    *(void **)&real_fsync = dlsym(RTLD_NEXT, "fsync");
    *(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    *(void **)&real_rename = dlsym(RTLD_NEXT, "rename");
    *(void **)&real_open = dlsym(RTLD_NEXT, "open64");
    fd = path != NULL ? real_open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd >= 0) {
        void *at = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

        if (at == MAP_FAILED)
            abort();
        page = at;
        (void)close(fd);
    }
}

static bool is_in_force(void)
{
    begin();
    return page != NULL && atomic_load_explicit(&page->is_in_force, memory_order_acquire) != 0;
}

/* The errno that this call on this path is to fail with; 0 = none. */
static int fault_of(char call, const char *path)
{
    char rules[sizeof(page->rules)];
    char *rest = rules;

    memcpy(rules, page->rules, sizeof(rules));
    rules[sizeof(rules) - 1] = '\0';
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char calls[16], pattern[PATH_MAX];
        int error;

        if (sscanf(line, "%d %15s %4095s", &error, calls, pattern) == 3 &&
            strchr(calls, call) != NULL && fnmatch(pattern, path, 0) == 0) {
            (void)atomic_fetch_add(&page->failed, 1);
            return error;
        }
    }
    return 0;
}

/* As fault_of() for an open file; sets errno. */
static bool fails(char call, int fd)
{
    char link[40], path[PATH_MAX];
    ssize_t len;
    int error;

    if (!is_in_force())
        return false;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof(path) - 1);
    if (len < 0)
        return false;
    path[len] = '\0';
    error = fault_of(call, path);
    if (error != 0)
        errno = error;
    return error != 0;
}

static int open_any(const char *path, int flags, mode_t mode)
{
    if (is_in_force()) {
        int error = fault_of('o', path);

        if (error != 0) {
            errno = error;
            return -1;
        }
    }
    begin();
    return real_open(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    return open_any(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    return open_any(path, flags, mode);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    return fails('w', fd) ? -1 : real_pwrite(fd, bytes, len, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return pwrite64(fd, bytes, len, at);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    return fails('w', fd) ? -1 : real_write(fd, bytes, len);
}

int ftruncate64(int fd, off_t len)
{
    return fails('t', fd) ? -1 : real_ftruncate(fd, len);
}

int ftruncate(int fd, off_t len)
{
    return ftruncate64(fd, len);
}

int fsync(int fd)
{
    return fails('s', fd) ? -1 : real_fsync(fd);
}

int fdatasync(int fd)
{
    return fails('s', fd) ? -1 : real_fdatasync(fd);
}

int rename(const char *path, const char *other)
{
    if (is_in_force()) {
        int error = fault_of('r', path);

        if (error != 0) {
            errno = error;
            return -1;
        }
    }
    begin();
    return real_rename(path, other);
}
