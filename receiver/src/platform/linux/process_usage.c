/* SPDX-License-Identifier: MIT */
/* What this process uses: see process_usage.h. */

#include "process_usage.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <watchfloor/clock.h>

/* /proc/self/statm: "size resident shared ..." in pages. */
static uint64_t private_bytes(void)
{
    static int fd = -1; /* one process, one thread that asks */
    char text[128];
    unsigned long long size, resident, shared;

    if (fd < 0)
        fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    ssize_t len = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

    if (len <= 0)
        return 0;
    text[len] = '\0';
    if (sscanf(text, "%llu %llu %llu", &size, &resident, &shared) != 3 || shared > resident)
        return 0;
    return (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

void rx_process_usage(struct rx_process_usage *out)
{
    struct timespec cpu = { 0 };

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    out->cpu_ns = (int64_t)cpu.tv_sec * WF_NS_PER_S + cpu.tv_nsec;
    out->private_bytes = private_bytes();
}

uint64_t rx_raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    return (uint64_t)limit.rlim_cur;
}
