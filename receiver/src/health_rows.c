/* SPDX-License-Identifier: MIT */
/* Health: the tables wf.subsystems, wf.sources and wf.links. See health.h. */

#include <stdio.h>

#include <watchfloor/clock.h>
#include <watchfloor/names.h>
#include <watchfloor/strbuf.h>

#include "health.h"
#include "links_info.h"
#include "sources_info.h"
#include "subsystems_info.h"

/* 0 stands for "never" in counters, WF_TIME_NONE in regions. */
static int64_t time_or_none(int64_t ns)
{
    return ns == 0 ? WF_TIME_NONE : ns;
}

/* --- subsystems ------------------------------------------------------------------------------ */

static void subsystem_key(const struct rx_subsystem *subsystem, char *out, size_t size)
{
    struct wf_strbuf name;

    wf_strbuf_init_fixed(&name, out, size);
    wf_strbuf_add_name(&name, subsystem->source->name, subsystem->schema->name, NULL);
}

static bool is_stale(const struct rx_subsystem *subsystem, int64_t now_mono_ns)
{
    int64_t last_ns = subsystem->counters.last_received_mono_ns;

    return subsystem->schema->stale_after_ns > 0 && last_ns != 0 &&
           now_mono_ns - last_ns > subsystem->schema->stale_after_ns;
}

static void tell_subsystem(struct rx_own_region *region, struct rx_subsystem *subsystem,
                           int64_t now_utc_ns, int64_t now_mono_ns, double elapsed_s)
{
    const struct rx_subsystem_counters *counters = &subsystem->counters;
    struct subsystems_info *row = rx_own_begin(region);

    rx_rate_update(&subsystem->rate, counters->samples, elapsed_s);
    subsystem_key(subsystem, row->name, sizeof(row->name));
    (void)wf_copy_text(row->source, sizeof(row->source), subsystem->source->name);
    (void)wf_copy_text(row->subsystem, sizeof(row->subsystem), subsystem->schema->name);
    row->samples = counters->samples;
    row->bytes = counters->bytes;
    row->rate_hz = subsystem->rate.per_s;
    row->is_stale = is_stale(subsystem, now_mono_ns);
    row->last_received = time_or_none(counters->last_received_ns);
    row->last_device = counters->last_device_ns;
    row->lag = (double)counters->lag_ns / (double)WF_NS_PER_S;
    row->gaps = counters->gaps;
    row->lost = counters->lost;
    row->duplicates = counters->rejected[WF_REJECT_DUPLICATE];
    row->out_of_order = counters->out_of_order;
    row->restarts = counters->restarts;
    row->rejected = rx_counters_rejected(counters->rejected);
    row->rejected_bad_length = counters->rejected[WF_REJECT_BAD_LENGTH];
    row->rejected_too_long = counters->rejected[WF_REJECT_TOO_LONG];
    row->rejected_bad_segment = counters->rejected[WF_REJECT_BAD_SEGMENT];
    row->rejected_busy = counters->rejected[WF_REJECT_BUSY];
    row->short_packets = counters->short_packets;
    row->long_packets = counters->long_packets;
    row->time_bad = counters->time_bad;
    row->invalid = counters->invalid;
    rx_own_set_row(region, now_utc_ns, now_mono_ns);
}

/* --- sources --------------------------------------------------------------------------------- */

static bool is_silent(const struct rx_source *source, const struct wf_config *config,
                      int64_t now_mono_ns)
{
    int64_t last_ns = source->counters.last_received_mono_ns;

    return last_ns == 0 || now_mono_ns - last_ns > config->source_silent_ns;
}

static void tell_source(struct rx_own_region *region, struct rx_source *source, bool is_quiet,
                        int64_t now_utc_ns, int64_t now_mono_ns, double elapsed_s)
{
    const struct rx_source_counters *counters = &source->counters;
    struct sources_info *row = rx_own_begin(region);

    rx_rate_update(&source->packet_rate, counters->packets, elapsed_s);
    rx_rate_update(&source->byte_rate, counters->bytes, elapsed_s);
    (void)wf_copy_text(row->name, sizeof(row->name), source->name);
    (void)wf_copy_text(row->title, sizeof(row->title), source->title);
    row->subsystems = source->subsystem_count;
    row->is_silent = is_quiet;
    row->packets = counters->packets;
    row->bytes = counters->bytes;
    row->published = counters->published;
    row->idle = counters->idle;
    row->rejected = counters->rejected;
    row->rejected_unknown_apid = counters->unknown_apid;
    row->packet_rate = source->packet_rate.per_s;
    row->byte_rate = source->byte_rate.per_s;
    row->last_received = time_or_none(counters->last_received_ns);
    rx_own_set_row(region, now_utc_ns, now_mono_ns);
}

/* --- links ------------------------------------------------------------------------------------ */

/* As in the enumeration of links.ini, behind those of enum rx_endpoint_state. */
#define STATE_PEER 3

static void peer_key(const struct rx_endpoint *endpoint, const struct rx_address *address,
                     char *out, size_t size)
{
    char text[RX_ADDRESS_TEXT];

    rx_address_text(address, text, sizeof(text));
    (void)snprintf(out, size, "%s/%s", endpoint->name, text);
}

static void tell_endpoint(struct rx_own_region *region, struct rx_endpoint *endpoint,
                          int64_t now_utc_ns, int64_t now_mono_ns, double elapsed_s)
{
    struct links_info *row = rx_own_begin(region);

    rx_rate_update(&endpoint->packet_rate, endpoint->link.packets, elapsed_s);
    rx_rate_update(&endpoint->byte_rate, endpoint->bytes, elapsed_s);
    (void)wf_copy_text(row->link, sizeof(row->link), endpoint->name);
    (void)wf_copy_text(row->listener, sizeof(row->listener), endpoint->name);
    (void)wf_copy_text(row->address, sizeof(row->address), endpoint->address);
    (void)wf_copy_text(row->source, sizeof(row->source), endpoint->listener->source->name);
    (void)wf_copy_text(row->trouble, sizeof(row->trouble), endpoint->trouble);
    row->transport = (uint8_t)endpoint->transport;
    row->state = (uint8_t)endpoint->state;
    row->datagrams = endpoint->datagrams;
    row->bytes = endpoint->bytes;
    row->packets = endpoint->link.packets;
    row->rejected = endpoint->link.rejected;
    row->kernel_dropped = endpoint->kernel_dropped;
    row->packet_rate = endpoint->packet_rate.per_s;
    row->byte_rate = endpoint->byte_rate.per_s;
    row->connections = endpoint->connections;
    row->refused = endpoint->refused;
    row->receive_buffer = endpoint->receive_buffer;
    row->last_received = time_or_none(endpoint->last_received_ns);
    rx_own_set_row(region, now_utc_ns, now_mono_ns);
}

static void tell_peer(struct rx_own_region *region, const struct rx_endpoint *endpoint,
                      struct rx_peer *peer, int64_t now_utc_ns, int64_t now_mono_ns,
                      double elapsed_s)
{
    struct links_info *row = rx_own_begin(region);

    rx_rate_update(&peer->packet_rate, peer->packets, elapsed_s);
    rx_rate_update(&peer->byte_rate, peer->bytes, elapsed_s);
    peer_key(endpoint, &peer->address, row->link, sizeof(row->link));
    (void)wf_copy_text(row->listener, sizeof(row->listener), endpoint->name);
    rx_address_text(&peer->address, row->peer, sizeof(row->peer));
    (void)wf_copy_text(row->source, sizeof(row->source), endpoint->listener->source->name);
    row->transport = (uint8_t)endpoint->transport;
    row->state = STATE_PEER;
    row->datagrams = peer->datagrams;
    row->bytes = peer->bytes;
    row->packets = peer->packets;
    row->rejected = peer->rejected;
    row->packet_rate = peer->packet_rate.per_s;
    row->byte_rate = peer->byte_rate.per_s;
    row->connections = peer->connections;
    row->last_received = time_or_none(peer->last_received_ns);
    peer->was_told = true;
    rx_own_set_row(region, now_utc_ns, now_mono_ns);
}

static void forget_peer(struct rx_own_region *region, const struct rx_endpoint *endpoint,
                        const struct rx_address *address)
{
    char key[RX_ADDRESS_TEXT + 2 * WF_NAME_SIZE];

    peer_key(endpoint, address, key, sizeof(key));
    (void)wf_writer_remove_row(region->writer, key);
}

static void tell_peers(struct rx_own_region *region, struct rx_endpoint *endpoint,
                       int64_t now_utc_ns, int64_t now_mono_ns, double elapsed_s)
{
    struct rx_peers *peers = &endpoint->peers;

    for (uint32_t i = 0; i < peers->forgotten_count; i++)
        forget_peer(region, endpoint, &peers->forgotten[i]);
    peers->forgotten_count = 0;
    for (size_t i = 0; i < RX_PEER_MAX; i++) {
        if (peers->list[i].address.version != 0)
            tell_peer(region, endpoint, &peers->list[i], now_utc_ns, now_mono_ns, elapsed_s);
    }
}

void rx_health_rows(struct rx_health *health, struct rx_world *world, int64_t now_utc_ns,
                    int64_t now_mono_ns, double elapsed_s, struct rx_health_sums *out_sums)
{
    struct rx_own_region *list = health->own.list;

    for (size_t i = 0; i < world->subsystem_count; i++) {
        out_sums->subsystems_stale += is_stale(&world->subsystems[i], now_mono_ns);
        tell_subsystem(&list[RX_OWN_SUBSYSTEMS], &world->subsystems[i], now_utc_ns, now_mono_ns,
                       elapsed_s);
    }
    for (size_t i = 0; i < world->source_count; i++) {
        bool is_quiet = is_silent(&world->sources[i], world->config, now_mono_ns);

        out_sums->sources_silent += is_quiet;
        tell_source(&list[RX_OWN_SOURCES], &world->sources[i], is_quiet, now_utc_ns, now_mono_ns,
                    elapsed_s);
    }
    for (size_t i = 0; i < world->listener_count; i++) {
        struct rx_endpoint *endpoint = world->listeners[i].endpoint;

        if (endpoint == NULL)
            continue;
        out_sums->connections += endpoint->connections;
        out_sums->listeners_down += endpoint->state == RX_CONNECTING;
        tell_endpoint(&list[RX_OWN_LINKS], endpoint, now_utc_ns, now_mono_ns, elapsed_s);
        tell_peers(&list[RX_OWN_LINKS], endpoint, now_utc_ns, now_mono_ns, elapsed_s);
    }
}

/* --- what goes with a configuration ------------------------------------------------------------ */

static void forget_endpoint(struct rx_own_region *region, struct rx_endpoint *endpoint)
{
    (void)wf_writer_remove_row(region->writer, endpoint->name);
    for (size_t i = 0; i < RX_PEER_MAX; i++) {
        if (endpoint->peers.list[i].was_told) {
            forget_peer(region, endpoint, &endpoint->peers.list[i].address);
            endpoint->peers.list[i].was_told = false;
        }
    }
}

static bool has_source(const struct rx_world *world, const char *name)
{
    for (size_t i = 0; i < world->source_count; i++) {
        if (wf_name_is_equal(world->sources[i].name, name))
            return true;
    }
    return false;
}

void rx_health_forget(struct rx_health *health, struct rx_world *world, const struct rx_world *next)
{
    struct rx_own_region *list = health->own.list;

    for (size_t i = 0; i < world->subsystem_count; i++) {
        const struct rx_subsystem *subsystem = &world->subsystems[i];
        char key[2 * WF_NAME_SIZE];

        if (rx_world_find(next, subsystem->source->name, subsystem->schema->name) != NULL)
            continue;
        subsystem_key(subsystem, key, sizeof(key));
        (void)wf_writer_remove_row(list[RX_OWN_SUBSYSTEMS].writer, key);
    }
    for (size_t i = 0; i < world->source_count; i++) {
        if (!has_source(next, world->sources[i].name))
            (void)wf_writer_remove_row(list[RX_OWN_SOURCES].writer, world->sources[i].name);
    }
    /* Names of endpoints may change with their listeners: all are told anew. */
    for (size_t i = 0; i < world->listener_count; i++) {
        if (world->listeners[i].endpoint != NULL)
            forget_endpoint(&list[RX_OWN_LINKS], world->listeners[i].endpoint);
    }
}
