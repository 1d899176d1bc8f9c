/* SPDX-License-Identifier: MIT */
/*
 * load-send - packets to a UDP port at a given rate.
 *
 *   load-send PORT RATE COUNT even|burst|max
 *
 * even: one by one, evenly spaced (spinning when they are close); burst: all of a
 * millisecond at once; max: as fast as sendmmsg can. Prints how many were
 * taken by the kernel.
 */
#define _GNU_SOURCE

#include "bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define BATCH 64

struct sender {
    int fd;
    uint32_t serial;
    uint64_t sent;
};

static void fill(uint8_t packet[BENCH_PACKET], uint32_t serial)
{
    double wave = (double)(serial % 1000) / 1000.0;
    uint64_t bits;

    memset(packet, 0, BENCH_PACKET);
    bench_put(packet, BENCH_APID, 2);
    bench_put(packet + 2, 0xc000u | (serial & 0x3fffu), 2);
    bench_put(packet + 4, BENCH_PACKET - 7, 2);
    bench_put(packet + BENCH_SENT_AT, (uint64_t)bench_now_ns(CLOCK_MONOTONIC), 8);
    bench_put(packet + 14, serial, 4);
    for (int i = 0; i < 4; i++) {
        double value = wave + i;

        memcpy(&bits, &value, 8);
        bench_put(packet + 18 + 8 * i, bits, 8);
    }
    for (int i = 0; i < 3; i++) {
        float value = (float)wave - (float)i;
        uint32_t half;

        memcpy(&half, &value, 4);
        bench_put(packet + 50 + 4 * i, half, 4);
    }
    for (int i = 0; i < 5; i++)
        bench_put(packet + 62 + 2 * i, serial + (uint32_t)i, 2);
    bench_put(packet + 72, (serial & 0xfffu) << 12 | (~serial & 0xfffu), 3);
    bench_put(packet + 75, (serial & 3u) << 4 | (serial & 1u) << 3, 1);
    bench_put(packet + 76, serial * 7, 4);
}

static void send_some(struct sender *sender, unsigned count)
{
    static uint8_t packets[BATCH][BENCH_PACKET];
    struct mmsghdr messages[BATCH] = { 0 };
    struct iovec vectors[BATCH];

    while (count > 0) {
        unsigned batch = count < BATCH ? count : BATCH;
        int taken;

        for (unsigned i = 0; i < batch; i++) {
            fill(packets[i], sender->serial + i);
            vectors[i] = (struct iovec){ packets[i], BENCH_PACKET };
            messages[i].msg_hdr.msg_iov = &vectors[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        taken = sendmmsg(sender->fd, messages, batch, 0);
        if (taken > 0)
            sender->sent += (unsigned)taken;
        sender->serial += batch;
        count -= batch;
    }
}

static void wait_until(int64_t when_ns)
{
    int64_t now_ns = bench_now_ns(CLOCK_MONOTONIC);

    if (when_ns - now_ns > 200000) {
        int64_t until = when_ns - 100000;
        struct timespec at = { .tv_sec = until / 1000000000, .tv_nsec = until % 1000000000 };

        (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    }
    while (bench_now_ns(CLOCK_MONOTONIC) < when_ns)
        ;
}

int main(int argc, char **argv)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sender sender = { 0 };
    int buffer = 4 << 20;

    if (argc != 5)
        return 2;

    uint64_t port = bench_number(argv[1]), rate = bench_number(argv[2]);
    uint64_t count = bench_number(argv[3]);
    unsigned step = argv[4][0] == 'b' ? (unsigned)(rate / 1000) : argv[4][0] == 'm' ? BATCH : 1;

    to.sin_port = htons((uint16_t)port);
    sender.fd = socket(AF_INET, SOCK_DGRAM, 0);
    (void)setsockopt(sender.fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
    if (step == 0 || rate == 0 || connect(sender.fd, (struct sockaddr *)&to, sizeof(to)) < 0)
        return 2;
    bench_catch_term();

    int64_t start_ns = bench_now_ns(CLOCK_MONOTONIC);

    for (uint64_t done = 0; done < count && !bench_is_over; done += step) {
        if (argv[4][0] != 'm')
            wait_until(start_ns + (int64_t)(done * 1000000000 / rate));
        send_some(&sender, count - done < step ? (unsigned)(count - done) : step);
    }

    int64_t took_ns = bench_now_ns(CLOCK_MONOTONIC) - start_ns;

    (void)printf("{\"sent\":%llu,\"seconds\":%.3f,\"rate\":%.0f}\n",
                 (unsigned long long)sender.sent, (double)took_ns / 1e9,
                 (double)sender.sent * 1e9 / (double)took_ns);
    return 0;
}
