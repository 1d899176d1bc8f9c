/* SPDX-License-Identifier: MIT */
/*
 * One source of an import: its packets to rows. The order of what is done is the receiver's
 * (receiver/src/path.c), and what is judged is judged by the same functions.
 */

#include "import_packets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/store/packet_log.h>

void import_reject(struct import_packets *import, enum wf_reject reason, const char *file,
                   uint64_t offset, uint64_t count)
{
    struct import_place *place = &import->first[reason];

    if (import->rejected[reason] == 0 && count > 0) {
        size_t len = strlen(file);

        (void)wf_copy_text(place->file, sizeof(place->file),
                           len < sizeof(place->file) ? file : file + len - sizeof(place->file) + 1);
        place->offset = offset;
    }
    import->rejected[reason] += count;
}

/* --- one packet ------------------------------------------------------------------------------- */

/* When it was received, as far as that can be told. */
static int64_t receive_time(struct import_packets *import, const struct import_packet *packet,
                            int64_t good_ns)
{
    const struct history_import_options *options = import->options;

    if (packet->received_ns != WF_TIME_NONE)
        import->last_ns = packet->received_ns;
    else if (good_ns != WF_TIME_NONE)
        import->last_ns = good_ns;
    else if (options->received_ns != WF_TIME_NONE)
        import->last_ns =
            options->received_ns + (int64_t)((double)import->untimed++ * 1e9 / options->rate_hz);
    else if (import->last_ns == WF_TIME_NONE)
        import->last_ns = import->file_ns;
    return import->last_ns;
}

/* What its sequence count says of a packet. */
struct counted {
    enum wf_sequence_event event;
    uint64_t sequence;
    uint32_t lost;
};

static struct counted take_count(struct import_source *source, const struct wf_ccsds_header *header,
                                 int64_t good_ns)
{
    struct import_channel *channel = &source->channels[header->apid];
    struct counted counted = { WF_SEQUENCE_NEXT, header->sequence_count, 0 };

    if (intake_is_counted(source->intake, header->apid))
        counted.event = wf_sequence_judge(&channel->sequence, header->sequence_count, good_ns,
                                          &channel->newest_ns, &counted.sequence, &counted.lost);
    channel->missing += counted.lost; /* whatever becomes of this packet: the next row tells */
    return counted;
}

static uint16_t as_u16(uint32_t count)
{
    return (uint16_t)(count < UINT16_MAX ? count : UINT16_MAX);
}

static void store(struct import_packets *import, struct import_target *target,
                  struct import_channel *channel, const struct import_packet *packet,
                  struct intake_taken *taken, int64_t good_ns, const struct counted *counted)
{
    struct wf_store_sample sample = {
        .payload = taken->payload,
        .stamp = { .epoch = packet->epoch != 0 ? packet->epoch | WF_PACKET_EPOCH_IMPORTED
                                               : (uint64_t)import->began_ns,
                   .order = packet->epoch != 0 ? packet->number : import->order++,
                   .packet = packet->epoch != 0 ? packet->number : import->packets - 1,
                   .sequence = counted->sequence,
                   .device_ns = taken->decoded.device_ns,
                   .received_ns = receive_time(import, packet, good_ns),
                   .flags = taken->decoded.flags | WF_SAMPLE_IMPORTED |
                            wf_sequence_flags(counted->event, channel->missing),
                   .lost_before = as_u16(channel->missing),
                   .rejected_before = as_u16(target->rejected) },
        .before_device_ns = target->last_device_ns,
        .before_received_ns = target->last_received_ns,
    };
    struct wf_err err = { 0 };

    wf_payload_judge(target->sink.schema, taken->payload, sample.stamp.flags);
    target->missing += channel->missing;
    target->rejected = channel->missing = 0;
    target->last_device_ns = sample.stamp.device_ns;
    target->last_received_ns = sample.stamp.received_ns;
    if (import_sink_add(&target->sink, &sample, &err) < 0)
        import->err = err;
}

/* Rejected before anybody asked for its count. */
static bool is_stranger(enum wf_reject reason)
{
    return reason == WF_REJECT_TRUNCATED || reason == WF_REJECT_BAD_VERSION ||
           reason == WF_REJECT_BAD_TYPE || reason == WF_REJECT_UNKNOWN_APID;
}

/* A packet that came whole, or the last segment of one whose count was taken. */
static void finish(struct import_packets *import, struct import_source *source,
                   const struct import_packet *packet, enum intake_result result,
                   struct intake_taken *taken, const struct counted *segment)
{
    struct import_target *target = taken->target >= 0 ? &source->targets[taken->target] : NULL;
    int64_t good_ns = WF_TIME_NONE;
    struct counted counted;

    if (result == INTAKE_SAMPLE)
        good_ns = wf_device_time_judge(target->sink.schema, source->offset_ns,
                                       packet->received_ns != WF_TIME_NONE ? packet->received_ns
                                                                           : import->began_ns,
                                       &taken->decoded);
    if (result == INTAKE_REJECTED && is_stranger(taken->reason)) {
        import_reject(import, taken->reason, packet->file, packet->offset, 1);
        return;
    }
    counted = segment != NULL ? *segment : take_count(source, &taken->header, good_ns);
    if (counted.event == WF_SEQUENCE_DUPLICATE)
        import_reject(import, WF_REJECT_DUPLICATE, packet->file, packet->offset, 1);
    else if (result == INTAKE_SAMPLE)
        store(import, target, &source->channels[taken->header.apid], packet, taken, good_ns,
              &counted);
    else
        import_reject(import, taken->reason, packet->file, packet->offset, 1);
    if (result == INTAKE_REJECTED && target != NULL && counted.event != WF_SEQUENCE_DUPLICATE)
        target->rejected++;
}

static void take_segment(struct import_packets *import, struct import_source *source,
                         const struct import_packet *packet, const struct wf_ccsds_header *header)
{
    struct import_channel *channel = &source->channels[header->apid];
    struct import_target *first = &source->targets[intake_segmented(source->intake, header->apid)];
    struct counted counted = take_count(source, header, WF_TIME_NONE);
    struct intake_taken taken;
    enum intake_result result;
    uint32_t lost;

    if (counted.event == WF_SEQUENCE_DUPLICATE) {
        import_reject(import, WF_REJECT_DUPLICATE, packet->file, packet->offset, 1);
        return;
    }
    result = intake_take(source->intake, packet->bytes, packet->len, &taken);
    lost = taken.lost_segments < channel->waiting ? taken.lost_segments : channel->waiting;
    channel->waiting -= lost;
    import_reject(import, WF_REJECT_BAD_SEGMENT, packet->file, packet->offset, lost);
    first->rejected += lost;
    if (result == INTAKE_WAITING) {
        channel->waiting++;
        return;
    }
    if (result == INTAKE_REJECTED && taken.target < 0 && taken.reason == WF_REJECT_BAD_SEGMENT)
        first->rejected++;
    if (taken.reason != WF_REJECT_BAD_SEGMENT || result == INTAKE_SAMPLE) {
        import->joined += channel->waiting;
        channel->waiting = 0;
    }
    finish(import, source, packet, result, &taken, &counted);
}

void import_source_take(struct import_packets *import, struct import_source *source,
                        const struct import_packet *packet)
{
    struct wf_ccsds_header header;
    struct intake_taken taken;
    enum intake_result result;

    import->packets++;
    if (wf_ccsds_parse(packet->bytes, packet->len, &header) && header.version == 0 &&
        !header.is_command && intake_segmented(source->intake, header.apid) >= 0) {
        take_segment(import, source, packet, &header);
        return;
    }
    result = intake_take(source->intake, packet->bytes, packet->len, &taken);
    if (result == INTAKE_IDLE)
        import->idle++;
    else
        finish(import, source, packet, result, &taken, NULL);
}

/* --- beginning and end -------------------------------------------------------------------------- */

static bool is_wanted(const struct import_packets *import, const char *name,
                      const struct wf_schema *schema)
{
    return schema->apid_count > 0 &&
           (import->listener == NULL ||
            wf_pattern_list_match(import->listener->subsystems, name, schema->name, NULL));
}

/* The subsystems the source has by the configuration; every type for a source it does not know. */
static bool list_schemas(const struct import_packets *import, struct import_source *source)
{
    const struct wf_catalogue *catalogue = import->writing.catalogue;
    bool is_known = false;

    source->schemas =
        calloc(catalogue->entry_count + catalogue->type_count + 1, sizeof(source->schemas[0]));
    if (source->schemas == NULL)
        return false;
    for (size_t i = 0; i < catalogue->entry_count; i++) {
        const struct wf_catalogue_entry *entry = &catalogue->entries[i];

        if (!wf_name_is_equal(entry->source, source->name))
            continue;
        is_known = true;
        if (is_wanted(import, source->name, entry->schema))
            source->schemas[source->count++] = entry->schema;
    }
    for (size_t i = 0; !is_known && i < catalogue->type_count; i++) {
        if (is_wanted(import, source->name, catalogue->types[i]))
            source->schemas[source->count++] = catalogue->types[i];
    }
    source->targets = calloc(source->count + 1, sizeof(source->targets[0]));
    source->channels = calloc(WF_CCSDS_APID_COUNT, sizeof(source->channels[0]));
    return source->targets != NULL && source->channels != NULL;
}

static int make_source(struct import_packets *import, struct import_source *source,
                       const char *name, struct wf_err *err)
{
    const struct wf_config *config = import->writing.config;

    (void)wf_copy_text(source->name, sizeof(source->name), name);
    for (size_t i = 0; i < config->source_count; i++) {
        if (wf_name_is_equal(config->sources[i].name, name))
            source->offset_ns = llround(config->sources[i].tai_offset_s * (double)WF_NS_PER_S);
    }
    if (!list_schemas(import, source))
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (source->count == 0)
        return wf_fail(err, WF_ERR_ABSENT,
                       "source '%s' has no subsystem that packets feed; wf check shows what is"
                       " configured",
                       name);
    for (size_t i = 0; i < WF_CCSDS_APID_COUNT; i++)
        source->channels[i].newest_ns = WF_TIME_NONE;
    for (size_t i = 0; i < source->count; i++)
        import_sink_init(&source->targets[i].sink, &import->writing, &import->ranks, source->name,
                         source->schemas[i], import->began_ns, import->options->is_dry);
    return intake_create(source->schemas, source->count, &source->intake, err);
}

struct import_source *import_source_get(struct import_packets *import, const char *name)
{
    struct import_source *source;

    for (source = import->sources; source != NULL; source = source->next) {
        if (wf_name_is_equal(source->name, name))
            return source;
    }
    source = calloc(1, sizeof(*source));
    if (source == NULL) {
        (void)wf_fail(&import->err, WF_ERR_NOMEM, "out of memory");
        return NULL;
    }
    source->next = import->sources;
    import->sources = source;
    return make_source(import, source, name, &import->err) == 0 ? source : NULL;
}

int import_source_end(struct import_packets *import, struct import_source *source,
                      struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; i < WF_CCSDS_APID_COUNT; i++)
        import_reject(import, WF_REJECT_BAD_SEGMENT, import->file, 0, source->channels[i].waiting);
    for (size_t i = 0; rc == 0 && i < source->count; i++)
        rc = import_sink_flush(&source->targets[i].sink, err);
    return rc;
}

void import_sources_free(struct import_packets *import)
{
    while (import->sources != NULL) {
        struct import_source *source = import->sources;

        import->sources = source->next;
        for (size_t i = 0; source->targets != NULL && i < source->count; i++)
            import_sink_fini(&source->targets[i].sink);
        intake_destroy(&source->intake);
        free(source->schemas);
        free(source->targets);
        free(source->channels);
        free(source);
    }
}
