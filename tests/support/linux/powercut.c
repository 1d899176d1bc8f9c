/* SPDX-License-Identifier: MIT */
/*
 * test-powercut.so - what a power cut leaves of SQLite's files, by LD_PRELOAD.
 *
 * Every write below the folder $POWERCUT_FROM goes to the real file as usual, and is remembered;
 * fsync and fdatasync bring what was written so far into the twin of the file below
 * $POWERCUT_TO. Kill the process at any moment: the twin folder holds what would be on
 * the disk. Directory entries are durable at once here (SQLite syncs directories; a rename by the
 * program would have to): truncation and unlinking too, which is the worse case of both.
 *
 * One process, one writer a file: what SQLite does. No locking beyond a mutex.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define FDS_MAX   1024
#define FILES_MAX 256

/* A stretch of a file that was written and not yet synced. */
struct stretch {
    off_t at;
    size_t len;
};

struct file {
    char name[PATH_MAX]; /* behind the folder */
    struct stretch *dirty;
    size_t count, capacity;
    bool is_cut; /* truncated since the last sync */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file files[FILES_MAX];
static size_t file_count;
static int file_of_fd[FDS_MAX]; /* index + 1; 0 = not ours */
static char from[PATH_MAX], to[PATH_MAX];

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_unlink)(const char *);
static int (*real_rename)(const char *, const char *);

/* Before the first call, whichever library makes it. */
static void begin(void)
{
    const char *f = getenv("POWERCUT_FROM"), *t = getenv("POWERCUT_TO");

    if (real_open != NULL)
        return;
    (void)snprintf(from, sizeof(from), "%s", f != NULL ? f : "");
    (void)snprintf(to, sizeof(to), "%s", t != NULL ? t : "");
    *(void **)&real_close = dlsym(RTLD_NEXT, "close");
    *(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    *(void **)&real_write = dlsym(RTLD_NEXT, "write");
    *(void **)&real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    *(void **)&real_fsync = dlsym(RTLD_NEXT, "fsync");
    *(void **)&real_unlink = dlsym(RTLD_NEXT, "unlink");
    *(void **)&real_rename = dlsym(RTLD_NEXT, "rename");
    *(void **)&real_open = dlsym(RTLD_NEXT, "open64");
}

/* The name behind the folder, when it is ours: databases and their logs; not shared memory. */
static const char *inside(const char *path)
{
    size_t len = strlen(from);
    const char *name = path + len;

    if (len == 0 || strncmp(path, from, len) != 0 || *name != '/' || strstr(name, ".db") == NULL ||
        strstr(name, "-shm") != NULL)
        return NULL;
    return name;
}

static void twin_of(const char *name, char *out, size_t size)
{
    (void)snprintf(out, size, "%.2000s%.2000s", to, name);
}

static void make_folders(char *path)
{
    (void)mkdir(to, 0755);
    for (char *p = path + strlen(to) + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        (void)mkdir(path, 0755);
        *p = '/';
    }
}

static int find_file(const char *name)
{
    for (size_t i = 0; i < file_count; i++) {
        if (strcmp(files[i].name, name) == 0)
            return (int)i + 1;
    }
    if (file_count == FILES_MAX)
        abort();
    (void)snprintf(files[file_count].name, PATH_MAX, "%s", name);
    return (int)++file_count;
}

static void note_open(int fd, const char *path)
{
    const char *name = inside(path);
    char twin[PATH_MAX];
    int made;

    if (fd < 0 || fd >= FDS_MAX)
        return;
    pthread_mutex_lock(&lock);
    file_of_fd[fd] = 0;
    if (name != NULL) {
        file_of_fd[fd] = find_file(name);
        twin_of(name, twin, sizeof(twin));
        make_folders(twin);
        made = real_open(twin, O_RDWR | O_CREAT, 0640);
        if (made >= 0)
            (void)real_close(made);
    }
    pthread_mutex_unlock(&lock);
}

static int open_any(const char *path, int flags, mode_t mode)
{
    int fd;

    begin();
    fd = real_open(path, flags, mode);

    note_open(fd, path);
    return fd;
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

int close(int fd)
{
    begin();
    if (fd >= 0 && fd < FDS_MAX)
        file_of_fd[fd] = 0;
    return real_close(fd);
}

static void note_write(int fd, off_t at, ssize_t len)
{
    struct file *file;

    if (fd < 0 || fd >= FDS_MAX || file_of_fd[fd] == 0 || len <= 0)
        return;
    pthread_mutex_lock(&lock);
    file = &files[file_of_fd[fd] - 1];
    if (file->count == file->capacity) {
        file->capacity = file->capacity == 0 ? 256 : 2 * file->capacity;
        file->dirty = realloc(file->dirty, file->capacity * sizeof(*file->dirty));
        if (file->dirty == NULL)
            abort();
    }
    file->dirty[file->count++] = (struct stretch){ at, (size_t)len };
    pthread_mutex_unlock(&lock);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    ssize_t written;

    begin();
    written = real_pwrite(fd, bytes, len, at);
    note_write(fd, at, written);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return pwrite64(fd, bytes, len, at);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    off_t at = fd >= 0 && fd < FDS_MAX && file_of_fd[fd] != 0 ? lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t written;

    begin();
    written = real_write(fd, bytes, len);

    note_write(fd, at, written);
    return written;
}

int ftruncate64(int fd, off_t len)
{
    int rc;

    begin();
    rc = real_ftruncate(fd, len);
    if (rc == 0 && fd >= 0 && fd < FDS_MAX && file_of_fd[fd] != 0) {
        char twin[PATH_MAX];
        struct stat st;

        /* Shorter at once, longer with the next sync. */
        twin_of(files[file_of_fd[fd] - 1].name, twin, sizeof(twin));
        if (stat(twin, &st) == 0 && st.st_size > len)
            rc = truncate(twin, len);
    }
    return rc;
}

int ftruncate(int fd, off_t len)
{
    return ftruncate64(fd, len);
}

/* What was written up to now is on the disk. */
static void bring(struct file *file, int fd)
{
    static char room[1 << 16];
    char twin[PATH_MAX];
    struct stat st;
    int out;

    twin_of(file->name, twin, sizeof(twin));
    out = real_open(twin, O_RDWR | O_CREAT, 0640);
    if (out < 0)
        abort();
    for (size_t i = 0; i < file->count; i++) {
        off_t at = file->dirty[i].at;
        size_t left = file->dirty[i].len;

        while (left > 0) {
            size_t step = left < sizeof(room) ? left : sizeof(room);
            ssize_t got = pread(fd, room, step, at);

            if (got <= 0)
                break; /* cut off meanwhile */
            if (real_pwrite(out, room, (size_t)got, at) != got)
                abort();
            at += got;
            left -= (size_t)got;
        }
    }
    file->count = 0;
    if (fstat(fd, &st) == 0)
        (void)real_ftruncate(out, st.st_size);
    (void)real_close(out);
}

int fsync(int fd)
{
    begin();
    if (fd >= 0 && fd < FDS_MAX && file_of_fd[fd] != 0) {
        pthread_mutex_lock(&lock);
        bring(&files[file_of_fd[fd] - 1], fd);
        pthread_mutex_unlock(&lock);
        return 0; /* the machine's own disk need not wait for it */
    }
    return real_fsync(fd);
}

int fdatasync(int fd)
{
    return fsync(fd);
}

int unlink(const char *path)
{
    const char *name;
    char twin[PATH_MAX];

    begin();
    name = inside(path);
    if (name != NULL) {
        twin_of(name, twin, sizeof(twin));
        (void)real_unlink(twin);
        pthread_mutex_lock(&lock);
        files[find_file(name) - 1].count = 0;
        pthread_mutex_unlock(&lock);
    }
    return real_unlink(path);
}

int rename(const char *path, const char *other)
{
    const char *a, *b;

    begin();
    a = inside(path);
    b = inside(other);
    if (a != NULL && b != NULL) {
        char x[PATH_MAX], y[PATH_MAX];

        twin_of(a, x, sizeof(x));
        twin_of(b, y, sizeof(y));
        (void)real_rename(x, y);
    }
    return real_rename(path, other);
}
