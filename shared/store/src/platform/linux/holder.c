/* SPDX-License-Identifier: MIT */
/*
 * Who reads a database, on Linux; see platform/holder.h. A reader locks a byte of the -shm file
 * for its snapshot, and /proc/locks tells who locks what.
 */

#include "platform/holder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_MAX_BYTES 4200
/* The bytes that stand for the marks of readers: SQLite's file format, "WAL-index". */
#define MARK_FIRST 123
#define MARK_LAST  127

/* "7: POSIX  ADVISORY  READ 4711 08:01:1234 124 124": the pid, when it is a reader of that file. */
static bool parse_lock(const char *line, uint64_t inode, int64_t *out_pid)
{
    uint64_t of = 0, first = 0, last = 0;
    unsigned major, minor;
    int64_t pid = 0;

    if (sscanf(line, "%*u: POSIX %*15s READ %" SCNd64 " %x:%x:%" SCNu64 " %" SCNu64 " %" SCNu64,
               &pid, &major, &minor, &of, &first, &last) != 6)
        return false; /* another kind, or a lock to the end of a file */
    if (of != inode || first > MARK_LAST || last < MARK_FIRST)
        return false;
    *out_pid = pid;
    return true;
}

static void read_name(struct wfs_holder *holder)
{
    char path[64];
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%" PRId64 "/comm", holder->pid);
    file = fopen(path, "r");
    if (file == NULL)
        return;
    if (fgets(holder->name, sizeof(holder->name), file) == NULL)
        holder->name[0] = '\0';
    holder->name[strcspn(holder->name, "\n")] = '\0';
    (void)fclose(file);
}

bool wfs_find_holder(const char *path, struct wfs_holder *out)
{
    char shm[PATH_MAX_BYTES], line[256];
    struct wfs_holder found = { 0 };
    struct stat st;
    FILE *file;

    if (snprintf(shm, sizeof(shm), "%s-shm", path) >= (int)sizeof(shm) || stat(shm, &st) != 0)
        return false;
    file = fopen("/proc/locks", "r");
    if (file == NULL)
        return false;
    while (fgets(line, sizeof(line), file) != NULL) {
        int64_t pid;

        if (!parse_lock(line, (uint64_t)st.st_ino, &pid) || pid == getpid() || pid == found.pid)
            continue;
        if (found.pid != 0)
            found.others++;
        else
            found.pid = pid;
    }
    (void)fclose(file);
    /* Of a process outside of our container no pid is told. */
    if (found.pid <= 0)
        return false;
    read_name(&found);
    *out = found;
    return true;
}
