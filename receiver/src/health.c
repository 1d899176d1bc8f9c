/* SPDX-License-Identifier: MIT */
/* Health: the sample of wf.receiver. See health.h. */

#include "health.h"

#include <watchfloor/clock.h>

#include "process_usage.h"
#include "receiver_info.h"

#define RATE_WINDOW_NS (WF_NS_PER_S / 2)

static void fill_rejected(struct receiver_info *info, const uint64_t rejected[WF_REJECT_COUNT])
{
    info->rejected = rx_counters_rejected(rejected);
    info->rejected_not_allowed = rejected[WF_REJECT_NOT_ALLOWED];
    info->rejected_truncated = rejected[WF_REJECT_TRUNCATED];
    info->rejected_too_long = rejected[WF_REJECT_TOO_LONG];
    info->rejected_bad_version = rejected[WF_REJECT_BAD_VERSION];
    info->rejected_bad_type = rejected[WF_REJECT_BAD_TYPE];
    info->rejected_bad_framing = rejected[WF_REJECT_BAD_FRAMING];
    info->rejected_unknown_apid = rejected[WF_REJECT_UNKNOWN_APID];
    info->rejected_no_match = rejected[WF_REJECT_NO_MATCH];
    info->rejected_bad_length = rejected[WF_REJECT_BAD_LENGTH];
    info->rejected_bad_segment = rejected[WF_REJECT_BAD_SEGMENT];
    info->rejected_duplicate = rejected[WF_REJECT_DUPLICATE];
    info->rejected_busy = rejected[WF_REJECT_BUSY];
}

static void fill_counters(struct receiver_info *info, const struct rx_counters *counters)
{
    info->datagrams = counters->datagrams;
    info->datagram_bytes = counters->datagram_bytes;
    info->kernel_dropped = counters->kernel_dropped;
    info->stream_bytes = counters->stream_bytes;
    info->packets = counters->packets;
    info->published = counters->published;
    info->idle = counters->idle;
    info->segments = counters->segments;
    fill_rejected(info, counters->rejected);
    info->gaps = counters->gaps;
    info->lost = counters->lost;
    info->out_of_order = counters->out_of_order;
    info->restarts = counters->restarts;
    info->connections_accepted = counters->connections_accepted;
    info->connections_refused = counters->connections_refused;
    info->reads = counters->reads;
    info->gathers = counters->gathers;
    info->rings = counters->rings;
    info->stream_waits = counters->stream_waits;
    info->reloads = counters->reloads;
    info->reload_failures = counters->reload_failures;
}

static void measure_rates(struct rx_health_rates *rates, const struct rx_counters *now,
                          const struct rx_counters *last, double elapsed_s)
{
    rates->drops = (double)(now->kernel_dropped - last->kernel_dropped) / elapsed_s;
    rates->datagrams = (double)(now->datagrams - last->datagrams) / elapsed_s;
    rates->packets = (double)(now->packets - last->packets) / elapsed_s;
    rates->bytes = (double)(now->datagram_bytes + now->stream_bytes - last->datagram_bytes -
                            last->stream_bytes) /
                   elapsed_s;
}

/*
 * The sample after a reload and the last of all come at any moment: over a few milliseconds one
 * packet would make a rate of hundreds, so they repeat the rates of the last full window.
 */
static void fill_rates(struct rx_health *health, struct receiver_info *info,
                       const struct rx_counters *now, int64_t now_mono_ns)
{
    const struct rx_health_rates *rates = &health->rates;
    int64_t elapsed_ns = now_mono_ns - health->window_mono_ns;

    if (elapsed_ns >= RATE_WINDOW_NS) {
        double elapsed_s = (double)elapsed_ns / (double)WF_NS_PER_S;
        int64_t cpu_ns = (int64_t)(info->cpu_time * (double)WF_NS_PER_S);

        measure_rates(&health->rates, now, &health->last, elapsed_s);
        health->rates.cpu_percent =
            100.0 * (double)(cpu_ns - health->last_cpu_ns) / (double)elapsed_ns;
        health->last = *now;
        health->last_cpu_ns = cpu_ns;
        health->window_mono_ns = now_mono_ns;
    }
    info->drop_rate = rates->drops;
    info->datagram_rate = rates->datagrams;
    info->packet_rate = rates->packets;
    info->byte_rate = rates->bytes;
    info->cpu_percent = rates->cpu_percent;
}

static void fill_process(struct rx_health *health, struct receiver_info *info, int64_t now_mono_ns)
{
    struct rx_process_usage usage;

    rx_process_usage(&usage);
    info->uptime = (double)(now_mono_ns - health->started_mono_ns) / (double)WF_NS_PER_S;
    info->cpu_time = (double)usage.cpu_ns / (double)WF_NS_PER_S;
    info->memory = usage.private_bytes;
    info->is_reload_refused = health->is_reload_refused;
    info->region_bytes = health->region_bytes;
}

void rx_health_publish(struct rx_health *health, struct rx_path *path, struct rx_world *world,
                       int64_t now_utc_ns, int64_t now_mono_ns)
{
    struct rx_own_region *region = &health->own.list[RX_OWN_RECEIVER];
    double elapsed_s = (double)(now_mono_ns - health->last_mono_ns) / (double)WF_NS_PER_S;
    struct rx_health_sums sums = { 0 };

    for (size_t i = 0; i < world->listener_count; i++) {
        if (world->listeners[i].endpoint != NULL)
            rx_endpoint_poll_drops(world->listeners[i].endpoint);
    }
    (void)rx_rejects_flush(path->rejects, &health->own.list[RX_OWN_REJECTS]);
    rx_health_rows(health, world, now_utc_ns, now_mono_ns, elapsed_s, &sums);

    struct receiver_info *info = rx_own_begin(region);

    fill_counters(info, &path->counters);
    fill_process(health, info, now_mono_ns);
    fill_rates(health, info, &path->counters, now_mono_ns);
    info->listeners = (uint32_t)world->listener_count;
    info->listeners_down = sums.listeners_down;
    info->connections = sums.connections;
    info->sources = (uint32_t)world->source_count;
    info->sources_silent = sums.sources_silent;
    info->subsystems = (uint32_t)world->subsystem_count;
    info->subsystems_stale = sums.subsystems_stale;
    rx_own_publish(region, now_utc_ns, now_mono_ns);
    health->last_mono_ns = now_mono_ns;
}
