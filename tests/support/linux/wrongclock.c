/* SPDX-License-Identifier: MIT */
/*
 * test-wrongclock.so - a clock that is wrong by as much as a test likes, by LD_PRELOAD.
 *
 * The first eight bytes of the file $WRONGCLOCK are nanoseconds, added to every reading of the
 * wall clock and to the kernel's receive times of datagrams. The file is mapped, so that a test
 * steps the clock of running programs by writing to it. CLOCK_MONOTONIC is left alone, and so
 * are times of files and waits until a time of the wall clock (Watchfloor has none).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static ssize_t (*real_recvmsg)(int, struct msghdr *, int);
static int (*real_recvmmsg)(int, struct mmsghdr *, unsigned, int, struct timespec *);
static const _Atomic int64_t *offset;

/* Before the first call, whichever library makes it; once more from another thread does no harm. */
static void begin(void)
{
    const char *path = getenv("WRONGCLOCK");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        void *at = mmap(NULL, sizeof(*offset), PROT_READ, MAP_SHARED, fd, 0);

        if (at == MAP_FAILED)
            abort();
        offset = at;
        (void)close(fd);
    }
    *(void **)&real_recvmsg = dlsym(RTLD_NEXT, "recvmsg");
    *(void **)&real_recvmmsg = dlsym(RTLD_NEXT, "recvmmsg");
    *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
}

static void shift(struct timespec *time)
{
    int64_t by = offset != NULL ? atomic_load_explicit(offset, memory_order_relaxed) : INT64_C(0);
    int64_t ns = (int64_t)time->tv_sec * NS_PER_S + time->tv_nsec + by;

    time->tv_sec = (time_t)(ns / NS_PER_S);
    time->tv_nsec = (long)(ns % NS_PER_S);
    if (time->tv_nsec < 0) {
        time->tv_sec--;
        time->tv_nsec += NS_PER_S;
    }
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    int rc;

    if (real_clock_gettime == NULL)
        begin();
    rc = real_clock_gettime(id, out);
    if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        shift(out);
    return rc;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now = { 0 };

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

static void shift_stamps(struct msghdr *message)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
        struct timespec stamp;

        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        memcpy(&stamp, CMSG_DATA(at), sizeof(stamp));
        shift(&stamp);
        memcpy(CMSG_DATA(at), &stamp, sizeof(stamp));
    }
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    ssize_t got;

    if (real_clock_gettime == NULL)
        begin();
    got = real_recvmsg(fd, message, flags);
    if (got >= 0)
        shift_stamps(message);
    return got;
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *limit)
{
    int got;

    if (real_clock_gettime == NULL)
        begin();
    got = real_recvmmsg(fd, messages, count, flags, limit);
    for (int i = 0; i < got; i++)
        shift_stamps(&messages[i].msg_hdr);
    return got;
}
