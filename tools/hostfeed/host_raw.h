/* SPDX-License-Identifier: MIT */
#ifndef HOST_RAW_H
#define HOST_RAW_H

/*
 * Raw reading - the counters of a machine at one moment, as its system keeps them.
 *
 * Each platform fills it (platform/<system>/); host_fill.c turns two of them into
 * telemetry. What a machine does not have stays marked as absent.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>

#define HOST_CPUS_MAX  256
#define HOST_ITEMS_MAX 32 /* disks, interfaces */
#define HOST_NAME_SIZE 20

enum host_cpu_state {
    RAW_CPU_USER,
    RAW_CPU_NICE,
    RAW_CPU_SYSTEM,
    RAW_CPU_IDLE,
    RAW_CPU_IOWAIT,
    RAW_CPU_IRQ,
    RAW_CPU_SOFTIRQ,
    RAW_CPU_STEAL,
    RAW_CPU_GUEST, /* also contained in USER */
    RAW_CPU_STATE_COUNT,
};

struct host_cpu {
    uint64_t ticks[RAW_CPU_STATE_COUNT];
};

struct host_disk_raw {
    char name[HOST_NAME_SIZE];
    uint64_t reads, writes, read_bytes, written_bytes;
    uint64_t wait_ms, busy_ms;
    uint32_t in_flight;
};

struct host_net_raw {
    char name[HOST_NAME_SIZE];
    bool is_up, is_loopback;
    uint64_t received_bytes, received_packets, received_errors, received_drops;
    uint64_t sent_bytes, sent_packets, sent_errors, sent_drops;
};

struct host_raw {
    int64_t mono_ns;
    char host_name[65], kernel[65];
    double uptime_s;

    struct host_cpu total;
    struct host_cpu cpus[HOST_CPUS_MAX];
    size_t cpu_count;
    bool has_frequency, has_temperature, has_pressure;
    double frequency_mhz, temperature_c;

    double load[3];
    uint32_t tasks, tasks_running, tasks_blocked;
    uint64_t forks, context_switches, interrupts;

    struct {
        uint64_t total, available, free, buffers, cached, shared, dirty, slab;
        uint64_t swap_total, swap_free;
    } memory; /* bytes */
    uint64_t files_open, files_max;
    struct {
        double some, full; /* per cent of the last ten seconds */
    } cpu_pressure, memory_pressure, io_pressure;

    struct host_disk_raw disks[HOST_ITEMS_MAX];
    size_t disk_count;
    struct {
        uint64_t total, available, files, files_free;
    } root, shm; /* file systems, bytes */

    struct host_net_raw nets[HOST_ITEMS_MAX];
    size_t net_count;
    uint64_t udp_received, udp_sent, udp_errors, udp_full;
    uint64_t tcp_resent, tcp_resets;
    uint32_t tcp_connections, sockets;
};

/*
 * Read everything; what cannot be read stays zero or absent. `root` is "" or a
 * folder that holds proc/ and sys/ instead (tests).
 *   WF_ERR_ABSENT   not even the processor's counters can be read
 */
int host_raw_read(const char *root, struct host_raw *out, struct wf_err *err);

#endif /* HOST_RAW_H */
