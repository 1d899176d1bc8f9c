/* SPDX-License-Identifier: MIT */
/* From samples to packets, with faults on the way; see stream.h. */

#include "stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/decoder.h>

#include "alter.h"

#define APID_UNKNOWN 0x7fe /* no schema of ours has it; 0x7ff is idle */

struct sim_stream {
    struct sim_stream_options options;
    struct wf_encoder *encoder;
    struct sim_random noise;
    struct sim_random damage;
    struct sim_counts counts;

    uint64_t sample; /* regular samples taken */
    uint32_t sequence;
    double flood_debt; /* extra packets owed, below one */

    uint8_t *payload; /* of the newest sample, as changed by faults */
    uint8_t *fresh;   /* being filled */
    uint8_t *packet;
    size_t packet_size;

    uint8_t *held; /* by a reordering */
    size_t held_len;
    uint16_t held_sequence;
    int64_t held_ns;
    bool has_sequence; /* a receiver has seen one */
};

static int check_faults(const struct sim_stream_options *options, struct wf_err *err)
{
    for (size_t i = 0; i < options->fault_count; i++) {
        const struct sim_fault *fault = &options->faults[i];

        if (sim_fault_concerns(fault, options->schema->name) && fault->parameter[0] != '\0') {
            const int rc = sim_alter_check(options->schema, fault, err);

            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

int sim_stream_create(const struct sim_stream_options *options, struct sim_stream **out_stream,
                      struct wf_err *err)
{
    const struct wf_schema *schema = options->schema;
    struct sim_stream *stream;
    int rc = check_faults(options, err);

    if (rc < 0)
        return rc;
    if (schema->apid_count == 0)
        return wf_fail(err, WF_ERR_INVALID, "%s: its schema has no apid", schema->name);
    stream = calloc(1, sizeof(*stream));
    if (stream == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "%s: out of memory", schema->name);
    stream->options = *options;
    stream->sequence = options->first_sequence;
    stream->packet_size = schema->packet_max;
    stream->payload = calloc(1, schema->payload_bytes);
    stream->fresh = calloc(1, schema->payload_bytes);
    stream->packet = calloc(1, stream->packet_size);
    stream->held = calloc(1, stream->packet_size);
    sim_random_init(&stream->noise, options->seed, schema->name);
    sim_random_init(&stream->damage, options->seed + 1, schema->name);
    if (stream->payload == NULL || stream->fresh == NULL || stream->packet == NULL ||
        stream->held == NULL)
        rc = wf_fail(err, WF_ERR_NOMEM, "%s: out of memory", schema->name);
    else
        rc = wf_encoder_create(schema, &stream->encoder, err);
    if (rc < 0) {
        sim_stream_destroy(&stream);
        return rc;
    }
    *out_stream = stream;
    return 0;
}

void sim_stream_destroy(struct sim_stream **stream)
{
    if (*stream == NULL)
        return;
    wf_encoder_destroy(&(*stream)->encoder);
    free((*stream)->payload);
    free((*stream)->fresh);
    free((*stream)->packet);
    free((*stream)->held);
    free(*stream);
    *stream = NULL;
}

const char *sim_stream_name(const struct sim_stream *stream)
{
    return stream->options.schema->name;
}

const struct sim_counts *sim_stream_counts(const struct sim_stream *stream)
{
    return &stream->counts;
}

uint16_t sim_stream_apid(const struct sim_stream *stream)
{
    return stream->options.schema->apids[0];
}

double sim_stream_rate(const struct sim_stream *stream)
{
    return stream->options.rate_hz;
}

void sim_stream_set_start(struct sim_stream *stream, int64_t start_ns)
{
    stream->options.start_ns = start_ns;
}

int64_t sim_stream_due_ns(const struct sim_stream *stream)
{
    return (int64_t)llround((double)stream->sample * 1e9 / stream->options.rate_hz);
}

/* The newest active fault of that kind for this stream, or NULL. */
static const struct sim_fault *find_active(const struct sim_stream *stream,
                                           enum sim_fault_kind kind, int64_t t_ns)
{
    for (size_t i = stream->options.fault_count; i-- > 0;) {
        const struct sim_fault *fault = &stream->options.faults[i];

        if (fault->kind == kind && sim_fault_concerns(fault, sim_stream_name(stream)) &&
            sim_fault_is_active(fault, t_ns))
            return fault;
    }
    return NULL;
}

/* Values: what stands still keeps the bytes of the sample before. */
static void take_values(struct sim_stream *stream, const struct sim_model *model, int64_t t_ns)
{
    const struct wf_schema *schema = stream->options.schema;
    struct sim_counts *counts = &stream->counts;
    uint8_t *swap = stream->payload;

    stream->options.fill(model, &stream->noise, stream->sample, stream->fresh);
    for (size_t i = 0; i < stream->options.fault_count; i++) {
        const struct sim_fault *fault = &stream->options.faults[i];

        if (!sim_fault_concerns(fault, schema->name) || !sim_fault_is_active(fault, t_ns))
            continue;
        if (fault->kind == SIM_FAULT_FREEZE && stream->sample > 0) {
            sim_alter_freeze(schema, fault->parameter, stream->payload, stream->fresh);
            counts->frozen++;
        } else if (fault->kind == SIM_FAULT_RAMP) {
            sim_alter_ramp(schema, fault, sim_fault_progress(fault, t_ns), stream->fresh);
            counts->ramped++;
        } else if (fault->kind == SIM_FAULT_NAN) {
            sim_alter_nan(schema, fault->parameter, stream->fresh);
            counts->nan++;
        }
    }
    stream->payload = stream->fresh;
    stream->fresh = swap;
}

static void hand_out(struct sim_stream *stream, const uint8_t *packet, size_t len,
                     sim_packet_fn on_packet, void *context)
{
    stream->counts.sent++;
    on_packet(context, packet, len);
}

/* A receiver will see this sequence count: keep account of what it finds missing. */
static void note_sequence(struct sim_stream *stream, uint16_t sequence)
{
    struct sim_counts *counts = &stream->counts;
    const uint32_t ahead =
        (uint32_t)(sequence - counts->last_sequence) & (WF_CCSDS_SEQUENCE_MODULO - 1u);
    const bool is_ahead = ahead < WF_CCSDS_SEQUENCE_MODULO / 2;

    if (!stream->has_sequence) {
        counts->first_sequence = sequence;
        counts->last_sequence = sequence;
    } else if (is_ahead) {
        counts->lost += ahead - 1u;
        counts->last_sequence = sequence;
    } else {
        counts->lost -= 1u; /* the second of a swapped pair fills the hole the first left */
    }
    stream->has_sequence = true;
}

static void hand_out_intact(struct sim_stream *stream, const uint8_t *packet, size_t len,
                            uint16_t sequence, int64_t device_ns, sim_packet_fn on_packet,
                            void *context)
{
    struct sim_counts *counts = &stream->counts;

    note_sequence(stream, sequence);
    if (counts->intact == 0 || device_ns < counts->first_ns)
        counts->first_ns = device_ns;
    if (counts->intact == 0 || device_ns > counts->last_ns)
        counts->last_ns = device_ns;
    counts->intact++;
    hand_out(stream, packet, len, on_packet, context);
}

static void release_held(struct sim_stream *stream, sim_packet_fn on_packet, void *context)
{
    if (stream->held_len == 0)
        return;
    hand_out_intact(stream, stream->held, stream->held_len, stream->held_sequence, stream->held_ns,
                    on_packet, context);
    stream->held_len = 0;
}

/* Damage the packet in place; returns its new length. */
static size_t damage(struct sim_stream *stream, enum sim_damage how, uint8_t *packet, size_t len)
{
    switch (how) {
    case SIM_DAMAGE_TRUNCATED:
        return WF_CCSDS_HEADER_BYTES + (len - WF_CCSDS_HEADER_BYTES) / 2;
    case SIM_DAMAGE_VERSION:
        packet[0] |= 0x60;
        return len;
    case SIM_DAMAGE_TYPE:
        packet[0] |= 0x10;
        return len;
    case SIM_DAMAGE_APID:
        packet[0] = (uint8_t)((packet[0] & 0xf8) | (APID_UNKNOWN >> 8));
        packet[1] = APID_UNKNOWN & 0xff;
        return len;
    case SIM_DAMAGE_LENGTH:
        packet[4] = packet[5] = 0; /* one byte of data */
        return WF_CCSDS_HEADER_BYTES + 1;
    default: {
        /* Behind header and time code, which stay good. */
        const size_t from = (size_t)WF_CCSDS_HEADER_BYTES +
                            stream->options.schema->time.coarse_bytes +
                            stream->options.schema->time.fine_bytes;

        for (size_t i = from; i < len; i++)
            packet[i] ^= (uint8_t)sim_random_u64(&stream->damage);
        return len;
    }
    }
}

static enum sim_damage choose_damage(const struct sim_stream *stream, const struct sim_fault *fault)
{
    uint64_t done = 0;

    if (fault->how != SIM_DAMAGE_ALL)
        return fault->how;
    for (int i = 0; i < SIM_DAMAGE_COUNT; i++)
        done += stream->counts.damaged[i];
    return (enum sim_damage)(done % SIM_DAMAGE_COUNT);
}

/* Everything that happens to a packet once it exists. */
static void deliver(struct sim_stream *stream, size_t len, uint16_t sequence, int64_t t_ns,
                    int64_t device_ns, sim_packet_fn on_packet, void *context)
{
    struct sim_counts *counts = &stream->counts;
    const struct sim_fault *corrupt = find_active(stream, SIM_FAULT_CORRUPT, t_ns);
    const bool is_reordering = find_active(stream, SIM_FAULT_REORDER, t_ns) != NULL;

    if (find_active(stream, SIM_FAULT_GAP, t_ns) != NULL) {
        release_held(stream, on_packet, context);
        counts->withheld++;
        return;
    }
    if (corrupt != NULL) {
        const enum sim_damage how = choose_damage(stream, corrupt);

        release_held(stream, on_packet, context);
        len = damage(stream, how, stream->packet, len);
        counts->damaged[how]++;
        if (how == SIM_DAMAGE_LENGTH)
            note_sequence(stream, sequence); /* its header is good: not lost, but rejected */
        if (how != SIM_DAMAGE_BITS) {
            hand_out(stream, stream->packet, len, on_packet, context);
            return;
        }
    }
    if (is_reordering && stream->held_len == 0) {
        memcpy(stream->held, stream->packet, len);
        stream->held_len = len;
        stream->held_sequence = sequence;
        stream->held_ns = device_ns;
        return;
    }
    if (is_reordering)
        counts->swapped++;
    else
        release_held(stream, on_packet, context);
    hand_out_intact(stream, stream->packet, len, sequence, device_ns, on_packet, context);
    if (find_active(stream, SIM_FAULT_DUPLICATE, t_ns) != NULL) {
        counts->duplicated++;
        hand_out(stream, stream->packet, len, on_packet, context);
    }
    release_held(stream, on_packet, context);
}

/* Encode the values in hand as one packet of the time `t_ns` and deliver it. */
static void make_packet(struct sim_stream *stream, int64_t t_ns, sim_packet_fn on_packet,
                        void *context)
{
    const struct sim_fault *jump = find_active(stream, SIM_FAULT_CLOCK_JUMP, t_ns);
    const uint16_t sequence = (uint16_t)(stream->sequence++ % WF_CCSDS_SEQUENCE_MODULO);
    int64_t device_ns = stream->options.start_ns + t_ns;
    size_t len = 0;

    if (jump != NULL) {
        device_ns += jump->by_ns;
        stream->counts.shifted++;
    }
    stream->counts.made++;
    if (wf_encode(stream->encoder, stream->payload, sim_stream_apid(stream), sequence, device_ns,
                  stream->packet, stream->packet_size, &len) < 0) {
        stream->counts.withheld++; /* a time outside the code's range: nothing to send */
        return;
    }
    deliver(stream, len, sequence, t_ns, device_ns, on_packet, context);
}

/* The extra packets of a flood, evenly between this sample and the next. */
static void flood(struct sim_stream *stream, int64_t t_ns, sim_packet_fn on_packet, void *context)
{
    const struct sim_fault *fault = find_active(stream, SIM_FAULT_FLOOD, t_ns);
    const double period_ns = 1e9 / stream->options.rate_hz;
    uint64_t count;

    if (fault == NULL)
        return;
    stream->flood_debt += fault->rate_hz / stream->options.rate_hz;
    count = (uint64_t)(stream->flood_debt + 1e-9);
    stream->flood_debt -= (double)count;
    for (uint64_t i = 1; i <= count; i++) {
        stream->counts.flooded++;
        make_packet(stream, t_ns + (int64_t)(period_ns * (double)i / (double)(count + 1)),
                    on_packet, context);
    }
}

void sim_stream_step(struct sim_stream *stream, const struct sim_model *model,
                     sim_packet_fn on_packet, void *context)
{
    const int64_t t_ns = sim_stream_due_ns(stream);

    take_values(stream, model, t_ns);
    stream->sample++;
    make_packet(stream, t_ns, on_packet, context);
    flood(stream, t_ns, on_packet, context);
}

void sim_stream_end(struct sim_stream *stream, sim_packet_fn on_packet, void *context)
{
    release_held(stream, on_packet, context);
}
