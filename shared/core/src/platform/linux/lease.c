/* SPDX-License-Identifier: MIT */
/*
 * Leases as open-file-description locks, see platform/lease.h.
 *
 * Not flock: a child made by fork shares either kind, but an OFD lock also works
 * on network file systems and is not lost when another part of the process opens
 * and closes the same file, as a classic POSIX lock is.
 */
#define _GNU_SOURCE

#include "platform/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct wfi_lease {
    int fd;
};

/* "pid 123 epoch 1700000000000000000\n", what wfi_lease_sign wrote. Anything else reads as 0. */
static void read_signature(int fd, uint64_t *out_pid, uint64_t *out_epoch)
{
    char text[96];
    ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

    *out_pid = 0;
    *out_epoch = 0;
    if (len <= 0)
        return;
    text[len] = '\0';
    if (sscanf(text, "pid %10" SCNu64 " epoch %20" SCNu64, out_pid, out_epoch) != 2)
        *out_epoch = 0;
}

static int lock_file(int fd, const char *path, struct wf_err *err)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    uint64_t pid, epoch;

    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return 0;
    if (errno != EAGAIN && errno != EACCES)
        return wf_fail_errno(err, errno, "lock '%s'", path);
    read_signature(fd, &pid, &epoch);
    return wf_fail(err, WF_ERR_BUSY, "'%s' is held by process %" PRIu64, path, pid);
}

int wfi_lease_take(const char *path, int may_make, struct wfi_lease **out_lease,
                   uint64_t *out_last_epoch, struct wf_err *err)
{
    int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (may_make ? O_CREAT : 0);
    struct wfi_lease *lease = NULL;
    struct stat status;
    uint64_t pid;
    int rc = 0;
    int fd = open(path, flags, 0600);

    if (fd < 0)
        return wf_fail_errno(err, errno, "open the lease '%s'", path);
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        rc = wf_fail(err, WF_ERR_CORRUPT, "the lease '%s' is not a regular file", path);
    else
        rc = lock_file(fd, path, err);
    if (rc == 0) {
        lease = malloc(sizeof(*lease));
        if (lease == NULL)
            rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    if (rc < 0) {
        (void)close(fd);
        return rc;
    }
    read_signature(fd, &pid, out_last_epoch);
    lease->fd = fd;
    *out_lease = lease;
    return 0;
}

int wfi_lease_sign(struct wfi_lease *lease, uint64_t epoch, struct wf_err *err)
{
    char text[96];
    int len = snprintf(text, sizeof(text), "pid %ld epoch %20" PRIu64 "\n", (long)getpid(), epoch);

    /* One page, one write: a power cut leaves the old line or the new one. */
    if (pwrite(lease->fd, text, (size_t)len, 0) != len || ftruncate(lease->fd, len) != 0 ||
        fdatasync(lease->fd) != 0)
        return wf_fail_errno(err, errno, "write the lease");
    return 0;
}

void wfi_lease_release(struct wfi_lease **lease)
{
    if (lease == NULL || *lease == NULL)
        return;
    (void)close((*lease)->fd); /* gives the lock back */
    free(*lease);
    *lease = NULL;
}
