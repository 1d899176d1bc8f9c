/* SPDX-License-Identifier: MIT */
/* From raw readings to the structs of the schemas; see host_fill.h. */

#include "host_fill.h"

#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/strbuf.h>

#include "host_disk_info.h"
#include "host_info.h"
#include "host_net_info.h"

static uint64_t grown(uint64_t before, uint64_t now)
{
    return now > before ? now - before : 0;
}

static double per_second(const struct host_raw *before, const struct host_raw *now, uint64_t amount)
{
    const int64_t ns = now->mono_ns - before->mono_ns;

    return ns > 0 ? (double)amount * 1e9 / (double)ns : 0.0;
}

/* Shares of the time that passed, in per cent. Time in guests is part of user time. */
static void cpu_shares(const struct host_cpu *before, const struct host_cpu *now,
                       double out[RAW_CPU_STATE_COUNT])
{
    uint64_t spent[RAW_CPU_STATE_COUNT];
    uint64_t sum = 0;

    for (int i = 0; i < RAW_CPU_STATE_COUNT; i++) {
        spent[i] = grown(before->ticks[i], now->ticks[i]);
        if (i != RAW_CPU_GUEST)
            sum += spent[i];
    }
    for (int i = 0; i < RAW_CPU_STATE_COUNT; i++)
        out[i] = sum > 0 ? 100.0 * (double)spent[i] / (double)sum : 0.0;
    if (sum == 0)
        out[RAW_CPU_IDLE] = 100.0; /* no tick since the last reading */
    if (out[RAW_CPU_USER] >= out[RAW_CPU_GUEST])
        out[RAW_CPU_USER] -= out[RAW_CPU_GUEST];
}

static void fill_cpu(const struct host_raw *before, const struct host_raw *now,
                     struct host_info *out)
{
    double share[RAW_CPU_STATE_COUNT];

    cpu_shares(&before->total, &now->total, share);
    out->cpu_user = share[RAW_CPU_USER];
    out->cpu_nice = share[RAW_CPU_NICE];
    out->cpu_system = share[RAW_CPU_SYSTEM];
    out->cpu_idle = share[RAW_CPU_IDLE];
    out->cpu_iowait = share[RAW_CPU_IOWAIT];
    out->cpu_irq = share[RAW_CPU_IRQ];
    out->cpu_softirq = share[RAW_CPU_SOFTIRQ];
    out->cpu_steal = share[RAW_CPU_STEAL];
    out->cpu_guest = share[RAW_CPU_GUEST];
    out->cpu_count = (uint16_t)now->cpu_count;
    out->core_busy_count = (uint32_t)now->cpu_count;
    for (size_t i = 0; i < now->cpu_count; i++) {
        cpu_shares(&before->cpus[i], &now->cpus[i], share);
        out->core_busy[i] = 100.0 - share[RAW_CPU_IDLE] - share[RAW_CPU_IOWAIT];
    }
    out->has_frequency = now->has_frequency;
    out->cpu_frequency = (uint16_t)now->frequency_mhz;
}

static void fill_load(const struct host_raw *now, struct host_info *out)
{
    out->load_1 = now->load[0];
    out->load_5 = now->load[1];
    out->load_15 = now->load[2];
    out->processes_total = now->tasks;
    out->processes_running = now->tasks_running;
    out->processes_blocked = now->tasks_blocked;
    out->forks = now->forks;
    out->context_switches = now->context_switches;
    out->interrupts = now->interrupts;
}

static void fill_memory(const struct host_raw *now, struct host_info *out)
{
    out->memory_total = now->memory.total;
    out->memory_available = now->memory.available;
    out->memory_free = now->memory.free;
    out->memory_buffers = now->memory.buffers;
    out->memory_cached = now->memory.cached;
    out->memory_shared = now->memory.shared;
    out->memory_dirty = now->memory.dirty;
    out->memory_slab = now->memory.slab;
    out->swap_total = now->memory.swap_total;
    out->swap_free = now->memory.swap_free;
    out->has_pressure = now->has_pressure;
    out->pressure_cpu_some = now->cpu_pressure.some;
    out->pressure_memory_some = now->memory_pressure.some;
    out->pressure_memory_full = now->memory_pressure.full;
    out->pressure_io_some = now->io_pressure.some;
    out->pressure_io_full = now->io_pressure.full;
}

void host_fill_host(const struct host_raw *before, const struct host_raw *now,
                    struct host_info *out)
{
    memset(out, 0, sizeof(*out));
    (void)wf_copy_text(out->host_name, sizeof(out->host_name), now->host_name);
    (void)wf_copy_text(out->kernel, sizeof(out->kernel), now->kernel);
    out->host_name_count = (uint32_t)strlen(out->host_name);
    out->kernel_count = (uint32_t)strlen(out->kernel);
    out->uptime = now->uptime_s;
    out->has_temperature = now->has_temperature;
    out->temperature = now->temperature_c;
    out->files_open = now->files_open;
    out->files_max = now->files_max;
    fill_cpu(before, now, out);
    fill_load(now, out);
    fill_memory(now, out);
}

static const struct host_disk_raw *find_disk(const struct host_raw *raw, const char *name)
{
    for (size_t i = 0; i < raw->disk_count; i++)
        if (strcmp(raw->disks[i].name, name) == 0)
            return &raw->disks[i];
    return NULL;
}

/* One disk; adds what moved since the last reading to the two sums. */
static void fill_one_disk(const struct host_raw *before, const struct host_raw *now, size_t i,
                          struct host_disk_info *out, uint64_t *read_sum, uint64_t *write_sum)
{
    const struct host_disk_raw *disk = &now->disks[i];
    const struct host_disk_raw *was = find_disk(before, disk->name);
    uint64_t requests;

    out->read_bytes[i] = disk->read_bytes;
    out->written_bytes[i] = disk->written_bytes;
    out->reads[i] = disk->reads;
    out->writes[i] = disk->writes;
    out->in_flight[i] = disk->in_flight;
    if (was == NULL)
        return; /* new: rates with the next reading */
    *read_sum += grown(was->read_bytes, disk->read_bytes);
    *write_sum += grown(was->written_bytes, disk->written_bytes);
    requests = grown(was->reads, disk->reads) + grown(was->writes, disk->writes);
    out->busy[i] = 0.1 * per_second(before, now, grown(was->busy_ms, disk->busy_ms));
    if (requests > 0)
        out->wait_time[i] = (float)grown(was->wait_ms, disk->wait_ms) / (float)requests;
}

void host_fill_disk(const struct host_raw *before, const struct host_raw *now,
                    struct host_disk_info *out)
{
    struct wf_strbuf names;
    uint64_t read_sum = 0;
    uint64_t write_sum = 0;

    memset(out, 0, sizeof(*out));
    wf_strbuf_init_fixed(&names, out->disk_names, sizeof(out->disk_names));
    out->disk_count = (uint8_t)now->disk_count;
    for (size_t i = 0; i < now->disk_count; i++) {
        wf_strbuf_addf(&names, "%s%s", i > 0 ? " " : "", now->disks[i].name);
        fill_one_disk(before, now, i, out, &read_sum, &write_sum);
    }
    out->disk_names_count = (uint32_t)names.len;
    out->read_bytes_count = out->written_bytes_count = out->reads_count = out->writes_count =
        out->in_flight_count = out->busy_count = out->wait_time_count = (uint32_t)now->disk_count;
    out->read_rate = per_second(before, now, read_sum);
    out->write_rate = per_second(before, now, write_sum);
    out->root_total = now->root.total;
    out->root_available = now->root.available;
    out->root_files = now->root.files;
    out->root_files_free = now->root.files_free;
    out->shm_total = now->shm.total;
    out->shm_available = now->shm.available;
}

static const struct host_net_raw *find_net(const struct host_raw *raw, const char *name)
{
    for (size_t i = 0; i < raw->net_count; i++)
        if (strcmp(raw->nets[i].name, name) == 0)
            return &raw->nets[i];
    return NULL;
}

struct net_sums {
    uint64_t received, sent, loopback;
};

static void fill_one_net(const struct host_raw *before, const struct host_raw *now, size_t i,
                         struct host_net_info *out, struct net_sums *sums)
{
    const struct host_net_raw *net = &now->nets[i];
    const struct host_net_raw *was = find_net(before, net->name);

    out->link_up[i] = net->is_up;
    out->received_bytes[i] = net->received_bytes;
    out->sent_bytes[i] = net->sent_bytes;
    out->received_packets[i] = net->received_packets;
    out->sent_packets[i] = net->sent_packets;
    out->received_errors[i] = net->received_errors;
    out->sent_errors[i] = net->sent_errors;
    out->received_drops[i] = net->received_drops;
    out->sent_drops[i] = net->sent_drops;
    if (was == NULL)
        return;
    if (net->is_loopback) {
        sums->loopback += grown(was->received_bytes, net->received_bytes);
    } else {
        sums->received += grown(was->received_bytes, net->received_bytes);
        sums->sent += grown(was->sent_bytes, net->sent_bytes);
    }
}

void host_fill_net(const struct host_raw *before, const struct host_raw *now,
                   struct host_net_info *out)
{
    const uint32_t count = (uint32_t)now->net_count;
    struct net_sums sums = { 0 };
    struct wf_strbuf names;

    memset(out, 0, sizeof(*out));
    wf_strbuf_init_fixed(&names, out->interface_names, sizeof(out->interface_names));
    out->interface_count = (uint8_t)now->net_count;
    for (size_t i = 0; i < now->net_count; i++) {
        wf_strbuf_addf(&names, "%s%s", i > 0 ? " " : "", now->nets[i].name);
        fill_one_net(before, now, i, out, &sums);
    }
    out->interface_names_count = (uint32_t)names.len;
    out->link_up_count = count;
    out->received_bytes_count = out->sent_bytes_count = count;
    out->received_packets_count = out->sent_packets_count = count;
    out->received_errors_count = out->sent_errors_count = count;
    out->received_drops_count = out->sent_drops_count = count;
    out->receive_rate = per_second(before, now, sums.received);
    out->send_rate = per_second(before, now, sums.sent);
    out->loopback_rate = per_second(before, now, sums.loopback);
    out->udp_received = now->udp_received;
    out->udp_sent = now->udp_sent;
    out->udp_errors = now->udp_errors;
    out->udp_full = now->udp_full;
    out->tcp_resent = now->tcp_resent;
    out->tcp_resets = now->tcp_resets;
    out->tcp_connections = now->tcp_connections;
    out->sockets = now->sockets;
}
