/* SPDX-License-Identifier: MIT */
/*
 * load-naked - the bare limits that the receiver is measured against.
 *
 *   load-naked sink NAP_US     poll, recvmmsg(64), memcpy into a ring; naps as the receiver does
 *   load-naked chain           poll, recvmmsg, copy into shared memory, futex: no work at all ...
 *   load-naked reader PID      ... and the one that waits for it
 *
 * The first line printed is the port (sink, chain); the last, after TERM, a JSON object.
 */
#define _GNU_SOURCE

#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BATCH 64
#define RING  1024
#define SLOT  192

struct shared {
    _Atomic uint32_t bell;
    _Atomic uint64_t head;
    uint8_t slots[RING][SLOT];
};

static int open_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int buffer = 8 << 20;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        exit(2);
    (void)printf("%u\n", (unsigned)ntohs(at.sin_port));
    (void)fflush(stdout);
    return fd;
}

static void shared_name(char *out, size_t size, int pid)
{
    (void)snprintf(out, size, "/wf-bench-%d", pid);
}

static long futex(const _Atomic uint32_t *word, int op, uint32_t value,
                  const struct timespec *limit)
{
    return syscall(SYS_futex, word, op, value, limit, NULL, 0);
}

static struct shared *make_shared(void)
{
    char name[64];
    struct shared *shared;
    int fd;

    shared_name(name, sizeof(name), (int)getpid());
    fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd < 0 || posix_fallocate(fd, 0, sizeof(*shared)) != 0)
        exit(2);
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED)
        exit(2);
    return shared;
}

static void receive(struct shared *shared, long nap_us, int is_chain)
{
    static uint8_t buffers[BATCH][2048 + 64];
    struct mmsghdr messages[BATCH] = { 0 };
    struct iovec vectors[BATCH];
    struct pollfd wait = { .fd = open_port(), .events = POLLIN };
    struct timespec nap = { .tv_nsec = nap_us * 1000 };
    uint64_t received = 0, reads = 0;
    uint32_t info[SK_MEMINFO_VARS] = { 0 };
    socklen_t len = sizeof(info);

    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){ buffers[i], 2048 };
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    while (!bench_is_over) {
        int count = poll(&wait, 1, 100);

        if (count <= 0)
            continue;
        do {
            count = recvmmsg(wait.fd, messages, BATCH, MSG_DONTWAIT, NULL);
            reads++;
            for (int i = 0; i < count; i++) {
                uint64_t at = atomic_load_explicit(&shared->head, memory_order_relaxed);

                memcpy(shared->slots[at % RING], buffers[i],
                       messages[i].msg_len < SLOT ? messages[i].msg_len : SLOT);
                atomic_store_explicit(&shared->head, at + 1, memory_order_release);
                received++;
            }
        } while (count == BATCH);
        if (is_chain) {
            atomic_fetch_add_explicit(&shared->bell, 1, memory_order_release);
            (void)futex(&shared->bell, FUTEX_WAKE, INT32_MAX, NULL);
        }
        if (nap_us > 0)
            (void)nanosleep(&nap, NULL);
    }
    (void)getsockopt(wait.fd, SOL_SOCKET, SO_MEMINFO, info, &len);
    (void)printf("{\"received\":%llu,\"dropped\":%u,\"reads\":%llu,\"cpu_ns\":%lld}\n",
                 (unsigned long long)received, info[SK_MEMINFO_DROPS], (unsigned long long)reads,
                 (long long)bench_now_ns(CLOCK_PROCESS_CPUTIME_ID));
}

static void read_chain(int pid)
{
    struct bench_times times = { 0 };
    struct timespec limit = { .tv_nsec = 100000000 };
    const struct shared *shared;
    uint64_t next = 0;
    uint8_t packet[SLOT];
    char name[64];
    int fd;

    shared_name(name, sizeof(name), pid);
    fd = shm_open(name, O_RDONLY, 0);
    if (fd < 0)
        exit(2);
    shared = mmap(NULL, sizeof(*shared), PROT_READ, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED)
        exit(2);
    while (!bench_is_over) {
        uint32_t bell = atomic_load_explicit(&shared->bell, memory_order_acquire);

        for (; next < atomic_load_explicit(&shared->head, memory_order_acquire); next++) {
            memcpy(packet, shared->slots[next % RING], sizeof(packet));
            bench_times_add(&times, bench_now_ns(CLOCK_MONOTONIC) -
                                        (int64_t)bench_get(packet + BENCH_SENT_AT, 8));
        }
        (void)futex(&shared->bell, FUTEX_WAIT, bell, &limit);
    }
    bench_times_print(&times);
}

int main(int argc, char **argv)
{
    static struct shared own;
    char name[64];

    bench_catch_term();
    if (argc == 3 && strcmp(argv[1], "sink") == 0) {
        receive(&own, (long)bench_number(argv[2]), 0);
    } else if (argc == 2 && strcmp(argv[1], "chain") == 0) {
        receive(make_shared(), 0, 1);
        shared_name(name, sizeof(name), (int)getpid());
        (void)shm_unlink(name);
    } else if (argc == 3 && strcmp(argv[1], "reader") == 0) {
        read_chain((int)bench_number(argv[2]));
    } else {
        return 2;
    }
    return 0;
}
