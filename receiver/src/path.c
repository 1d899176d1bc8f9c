/* SPDX-License-Identifier: MIT */
/* Path: see path.h. */

#include "path.h"

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/decode/judge.h>
#include <watchfloor/log.h>

/* What is known about the packet in hand. */
struct packet {
    struct rx_arrival *arrival;
    const struct rx_route *route;
    struct wf_ccsds_header header;
    const uint8_t *bytes;
    size_t len;
    uint64_t number; /* over the whole program */
    uint64_t sequence;
    enum wf_sequence_event event;
    uint32_t lost_before;
    uint8_t outcome;                      /* as in <watchfloor/packets.h> */
    const struct rx_subsystem *subsystem; /* it came that far, or NULL */
};

static void reject(struct packet *packet, enum wf_reject reason, struct rx_subsystem *subsystem)
{
    struct rx_arrival *arrival = packet->arrival;
    struct rx_listener *listener = arrival->listener;

    packet->outcome = (uint8_t)reason;
    packet->subsystem = subsystem;
    arrival->path->counters.rejected[reason]++;
    arrival->peer->rejected++;
    arrival->link->rejected++;
    listener->source->counters.rejected++;
    listener->source->counters.unknown_apid += reason == WF_REJECT_UNKNOWN_APID;
    if (subsystem != NULL) {
        subsystem->counters.rejected[reason]++;
        if (reason != WF_REJECT_DUPLICATE) /* nothing is missing without it */
            subsystem->rejected++;
    }
    rx_rejects_note(arrival->path->rejects,
                    &(struct rx_reject_facts){
                        .reason = reason,
                        .packet = packet->number,
                        .received_ns = arrival->received_ns,
                        .received_mono_ns = arrival->received_mono_ns,
                        .listener = listener->config->name,
                        .source = listener->source->name,
                        .subsystem = subsystem != NULL ? subsystem->schema->name : NULL,
                        .peer = arrival->peer->address,
                        .bytes = packet->bytes,
                        .len = packet->len,
                    });
}

/* --- sequence counts ------------------------------------------------------------------------ */

/* Everything but one after the other; `lost_before` is what was missing before this packet. */
static void count_event(const struct packet *packet, uint64_t lost_before,
                        struct rx_subsystem *subsystem)
{
    struct rx_counters *counters = &packet->arrival->path->counters;
    uint64_t lost = packet->route->channel->sequence.lost;
    bool has_gap = packet->lost_before > 0;
    bool is_late = packet->event == WF_SEQUENCE_LATE;
    bool is_again = packet->event == WF_SEQUENCE_RESTART;

    counters->lost += lost - lost_before;
    counters->gaps += has_gap;
    counters->out_of_order += is_late;
    counters->restarts += is_again;
    if (subsystem == NULL)
        return;

    struct rx_subsystem_counters *own = &subsystem->counters;
    /* Shared by several subsystems, an APID may lose at one what it finds at another. */
    uint64_t found = lost_before > lost ? lost_before - lost : 0;

    own->lost = found > own->lost ? 0 : own->lost + (lost - lost_before);
    own->gaps += has_gap;
    own->out_of_order += is_late;
    own->restarts += is_again;
}

/* Take the count; `device_ns` is a time to believe, or WF_TIME_NONE. */
static void take_sequence(struct packet *packet, int64_t device_ns, struct rx_subsystem *subsystem)
{
    struct rx_channel *channel = packet->route->channel;
    uint64_t lost_before = channel->sequence.lost;
    uint32_t drops = channel->source->drops;
    bool has_drops = drops != channel->drops;
    const struct rx_subsystem *speaker =
        subsystem != NULL ? subsystem : packet->route->subsystems[0];

    if (WF_UNLIKELY(speaker->schema->is_uncounted)) {
        packet->event = WF_SEQUENCE_NEXT;
        packet->sequence = packet->header.sequence_count;
        packet->lost_before = 0;
        return;
    }
    channel->drops = drops;
    packet->event =
        wf_sequence_judge(&channel->sequence, packet->header.sequence_count, device_ns,
                          &channel->newest_device_ns, &packet->sequence, &packet->lost_before);
    if (WF_LIKELY(packet->event == WF_SEQUENCE_NEXT))
        return;
    /* Whatever becomes of this packet: the next sample tells. */
    channel->missing += packet->lost_before;
    channel->has_drops = channel->has_drops || (has_drops && packet->lost_before > 0);
    count_event(packet, lost_before, subsystem);
}

/* --- publishing ------------------------------------------------------------------------------ */

static struct rx_subsystem *pick(const struct rx_route *route, const uint8_t *bytes, size_t len)
{
    if (WF_LIKELY(!route->needs_match))
        return route->subsystems[0];
    for (uint32_t i = 0; i < route->count; i++) {
        if (wf_decoder_matches(route->subsystems[i]->decoder, bytes, len))
            return route->subsystems[i];
    }
    return NULL;
}

/* A packet is not what its schema says; told once for each subsystem, then only counted. */
static void tell_misfit(const struct rx_subsystem *subsystem, uint32_t flags, size_t len)
{
    const char *source = subsystem->source->name, *name = subsystem->schema->name;

    if ((flags & WF_SAMPLE_LONG) != 0 && subsystem->counters.long_packets == 0)
        wf_log_warning("%s.%s: a packet of %zu bytes is longer than its schema, which may be older "
                       "than the packets; values are marked SUSPECT (wf status counts)",
                       source, name, len);
    if ((flags & WF_SAMPLE_SHORT) != 0 && subsystem->counters.short_packets == 0)
        wf_log_warning("%s.%s: a packet of %zu bytes ends before its schema does; what is not "
                       "there is marked ABSENT (wf status counts)",
                       source, name, len);
}

/* The device time in the source's correlation; WF_TIME_NONE and a flag when not to believe. */
static int64_t judge_time(const struct packet *packet, const struct rx_subsystem *subsystem,
                          struct wf_decoded *decoded)
{
    return wf_device_time_judge(subsystem->schema, subsystem->source->offset_ns,
                                packet->arrival->received_ns, decoded);
}

static uint16_t as_u16(uint32_t count)
{
    return (uint16_t)(count < UINT16_MAX ? count : UINT16_MAX);
}

static void count_sample(struct packet *packet, struct rx_subsystem *subsystem,
                         const struct wf_decoded *decoded, int64_t good_ns, size_t len)
{
    struct rx_arrival *arrival = packet->arrival;
    struct rx_subsystem_counters *counters = &subsystem->counters;

    packet->outcome = WF_PACKET_PUBLISHED;
    packet->subsystem = subsystem;
    arrival->path->counters.published++;
    rx_bell_note(&arrival->path->bell, &subsystem->bell);
    arrival->wait_until_ns = rx_pace_note(&subsystem->pace, subsystem->bell.limit,
                                          arrival->path->pace_window_ns, arrival->received_mono_ns);
    subsystem->source->counters.published++;
    counters->samples++;
    counters->bytes += len;
    counters->last_received_ns = arrival->received_ns;
    counters->last_received_mono_ns = arrival->received_mono_ns;
    counters->short_packets += (decoded->flags & WF_SAMPLE_SHORT) != 0;
    counters->long_packets += (decoded->flags & WF_SAMPLE_LONG) != 0;
    counters->time_bad += (decoded->flags & WF_SAMPLE_TIME_BAD) != 0;
    counters->invalid += decoded->invalid_count > 0;
    counters->last_device_ns = decoded->device_ns;
    if (good_ns != WF_TIME_NONE)
        counters->lag_ns = arrival->received_ns - good_ns;
}

static void release_held(struct rx_path *path)
{
    for (uint32_t i = 0; i < path->held_count; i++) {
        wf_writer_release(path->held[i]->writer);
        path->held[i]->is_held = false;
    }
    path->held_count = 0;
}

void rx_path_release(struct rx_path *path)
{
    release_held(path);
    if (path->archive != NULL)
        rx_archive_flush(path->archive);
}

static int hold(struct rx_path *path, struct rx_subsystem *subsystem)
{
    int rc;

    if (WF_LIKELY(subsystem->is_held))
        return 0;
    if (path->held_count == RX_PATH_HELD_MAX)
        release_held(path);
    rc = wf_writer_hold(subsystem->writer);
    if (rc == 0) {
        subsystem->is_held = true;
        path->held[path->held_count++] = subsystem;
    }
    return rc;
}

/* Hand a decoded packet (in scratch) to its region. */
static void publish(struct packet *packet, struct rx_subsystem *subsystem,
                    const struct wf_decoded *decoded, int64_t good_ns, size_t len)
{
    struct rx_arrival *arrival = packet->arrival;
    void *payload = arrival->path->scratch;
    struct rx_channel *channel = packet->route->channel;
    struct wf_stamp stamp = {
        .packet = packet->number,
        .sequence = packet->sequence,
        .device_ns = decoded->device_ns,
        .received_ns = arrival->received_ns,
        .received_mono_ns = arrival->received_mono_ns,
        .flags = decoded->flags | wf_sequence_flags(packet->event, channel->missing) |
                 (channel->has_drops ? WF_SAMPLE_DROP_BEFORE : 0u),
        .lost_before = as_u16(channel->missing),
        .rejected_before = as_u16(subsystem->rejected),
    };

    if (WF_UNLIKELY((stamp.flags & (WF_SAMPLE_LATE | WF_SAMPLE_LONG)) != 0))
        wf_payload_judge(subsystem->schema, payload, stamp.flags);
    if (WF_UNLIKELY((decoded->flags & (WF_SAMPLE_LONG | WF_SAMPLE_SHORT)) != 0))
        tell_misfit(subsystem, decoded->flags, len);
    if (WF_UNLIKELY(hold(arrival->path, subsystem) < 0 ||
                    wf_writer_publish(subsystem->writer, &stamp, payload) < 0)) {
        reject(packet, WF_REJECT_BUSY, subsystem);
        return;
    }
    subsystem->rejected = channel->missing = 0;
    channel->has_drops = false;
    count_sample(packet, subsystem, decoded, good_ns, len);
}

/* --- whole packets and segments ------------------------------------------------------------- */

static void take_plain(struct packet *packet)
{
    struct rx_subsystem *subsystem = pick(packet->route, packet->bytes, packet->len);
    struct wf_decoded decoded = { .device_ns = WF_TIME_NONE };
    int64_t good_ns = WF_TIME_NONE;
    int rc = WF_ERR_INVALID;

    if (subsystem != NULL && packet->len <= subsystem->schema->packet_max)
        rc = wf_decode(subsystem->decoder, packet->bytes, packet->len,
                       packet->arrival->path->scratch, &decoded);
    if (rc == 0)
        good_ns = judge_time(packet, subsystem, &decoded);
    /* Taken for rejected packets as well: they are damaged, not missing. */
    take_sequence(packet, good_ns, subsystem);

    if (WF_UNLIKELY(packet->event == WF_SEQUENCE_DUPLICATE))
        reject(packet, WF_REJECT_DUPLICATE, subsystem);
    else if (WF_UNLIKELY(subsystem == NULL))
        reject(packet, WF_REJECT_NO_MATCH, NULL);
    else if (WF_UNLIKELY(packet->len > subsystem->schema->packet_max))
        reject(packet, WF_REJECT_TOO_LONG, subsystem);
    else if (WF_UNLIKELY(rc < 0))
        reject(packet, WF_REJECT_BAD_LENGTH, subsystem);
    else
        publish(packet, subsystem, &decoded, good_ns, packet->len);
}

static void take_whole(struct packet *packet, const uint8_t *bytes, size_t len)
{
    struct rx_subsystem *subsystem = pick(packet->route, bytes, len);
    struct wf_decoded decoded = { .device_ns = WF_TIME_NONE };

    if (subsystem == NULL) {
        reject(packet, WF_REJECT_NO_MATCH, NULL);
        return;
    }
    if (wf_decode(subsystem->decoder, bytes, len, packet->arrival->path->scratch, &decoded) < 0) {
        reject(packet, WF_REJECT_BAD_LENGTH, subsystem);
        return;
    }
    publish(packet, subsystem, &decoded, judge_time(packet, subsystem, &decoded), len);
}

/* Segments that will never be whole are packets after all: rejected ones. */
static void abandon(struct rx_path *path, struct rx_channel *channel,
                    struct rx_subsystem *subsystem, uint32_t count)
{
    path->counters.packets += count;
    path->counters.rejected[WF_REJECT_BAD_SEGMENT] += count;
    channel->source->counters.rejected += count;
    channel->waiting -= count;
    if (subsystem != NULL) {
        subsystem->counters.rejected[WF_REJECT_BAD_SEGMENT] += count;
        subsystem->rejected += count;
    }
}

static void take_segment(struct packet *packet)
{
    struct rx_path *path = packet->arrival->path;
    struct rx_channel *channel = packet->route->channel;
    struct rx_subsystem *first = packet->route->subsystems[0];
    enum wf_reject reason = WF_REJECT_BAD_SEGMENT;
    const uint8_t *whole = NULL;
    uint32_t lost = 0;
    size_t len = 0;

    take_sequence(packet, WF_TIME_NONE, first);
    if (packet->event == WF_SEQUENCE_DUPLICATE) {
        reject(packet, WF_REJECT_DUPLICATE, first);
        return;
    }

    enum wf_segment_result result = wf_segments_take(channel->source->segments, packet->bytes,
                                                     packet->len, &whole, &len, &reason, &lost);

    abandon(path, channel, first, lost < channel->waiting ? lost : channel->waiting);
    switch (result) {
    case WF_SEGMENT_WAITING:
        path->counters.packets--; /* counts when it is whole, or given up */
        channel->waiting++;
        packet->outcome = WF_PACKET_SEGMENT;
        packet->subsystem = first;
        break;
    case WF_SEGMENT_REJECTED:
        reject(packet, reason, first);
        break;
    case WF_SEGMENT_WHOLE:
        path->counters.segments += channel->waiting > 0 ? channel->waiting + 1 : 0;
        channel->waiting = 0;
        take_whole(packet, whole, len);
        break;
    }
}

/* Keep it as it came, with what became of it. */
static void keep(const struct packet *packet)
{
    const struct rx_arrival *arrival = packet->arrival;
    bool is_rejected = packet->outcome < WF_PACKET_SEGMENT;
    char peer[RX_ADDRESS_TEXT] = "";

    if (WF_LIKELY(arrival->path->archive == NULL))
        return;
    if (is_rejected) /* who sent what is fine is known by the listener */
        rx_address_text(&arrival->peer->address, peer, sizeof(peer));
    rx_archive_note(
        arrival->path->archive,
        &(struct wf_packet){
            .number = packet->number,
            .received_ns = arrival->received_ns,
            .outcome = packet->outcome,
            .listener = arrival->listener->config->name,
            .source = arrival->listener->source->name,
            .subsystem = packet->subsystem != NULL ? packet->subsystem->schema->name : "",
            .peer = peer,
            .bytes = packet->bytes,
            .len = packet->len,
        },
        arrival->received_mono_ns);
}

void rx_path_packet(void *context, const uint8_t *bytes, size_t len)
{
    struct rx_arrival *arrival = context;
    struct rx_source_counters *source = &arrival->listener->source->counters;
    struct packet packet = { .arrival = arrival, .bytes = bytes, .len = len };

    packet.number = arrival->path->counters.packets++;
    arrival->peer->packets++;
    arrival->link->packets++;
    source->packets++;
    source->bytes += len;
    source->last_received_ns = arrival->received_ns;
    source->last_received_mono_ns = arrival->received_mono_ns;

    if (WF_UNLIKELY(!wf_ccsds_parse(bytes, len, &packet.header))) {
        reject(&packet, WF_REJECT_TRUNCATED, NULL);
    } else if (WF_UNLIKELY(packet.header.version != 0)) {
        reject(&packet, WF_REJECT_BAD_VERSION, NULL);
    } else if (WF_UNLIKELY(packet.header.apid == WF_CCSDS_APID_IDLE)) {
        packet.outcome = WF_PACKET_IDLE;
        arrival->path->counters.idle++;
        source->idle++;
    } else if (WF_UNLIKELY(packet.header.is_command)) {
        reject(&packet, WF_REJECT_BAD_TYPE, NULL);
    } else {
        packet.route = rx_listener_route(arrival->listener, packet.header.apid);
        if (WF_UNLIKELY(packet.route == NULL))
            reject(&packet, WF_REJECT_UNKNOWN_APID, NULL);
        else if (WF_UNLIKELY(packet.route->channel->is_segmented))
            take_segment(&packet);
        else
            take_plain(&packet);
    }
    keep(&packet);
}

void rx_path_rubbish(void *context, enum wf_reject reason, const uint8_t *bytes, size_t len)
{
    struct rx_arrival *arrival = context;
    struct packet packet = { .arrival = arrival, .bytes = bytes, .len = len };

    packet.number = arrival->path->counters.packets++;
    arrival->peer->packets++;
    arrival->link->packets++;
    arrival->listener->source->counters.packets++;
    reject(&packet, reason, NULL);
    keep(&packet);
}

void rx_path_stranger(const struct rx_arrival *arrival, const struct rx_address *peer,
                      const uint8_t *bytes, size_t len)
{
    struct rx_peer stranger = { .address = *peer };
    struct rx_arrival own = *arrival;

    own.peer = &stranger;
    rx_path_rubbish(&own, WF_REJECT_NOT_ALLOWED, bytes, len);
}

void rx_path_abandon(struct rx_path *path, struct rx_world *world)
{
    for (size_t i = 0; i < world->channel_count; i++)
        abandon(path, &world->channels[i], NULL, world->channels[i].waiting);
    for (size_t i = 0; i < world->source_count; i++) {
        if (world->sources[i].segments != NULL)
            wf_segments_reset(world->sources[i].segments);
    }
}
