/* SPDX-License-Identifier: MIT */
/* Stream: see stream.h. */

#include "stream.h"

#include <string.h>

int rec_stream_init(struct rec_stream *stream, const struct wf_packet_position *from,
                    struct wf_err *err)
{
    *stream = (struct rec_stream){
        .position = *from,
        .skipping = from->skip,
        .cause = WF_PACKET_GAP_RECORDER_DOWN,
        .epoch = from->epoch,
    };
    return wf_packet_reader_create(&stream->reader, err);
}

void rec_stream_fini(struct rec_stream *stream)
{
    wf_packet_reader_destroy(&stream->reader);
}

static void forget_begun(struct rec_stream *stream)
{
    (void)wf_packet_reader_lost(stream->reader);
    memset(stream->begun, 0, sizeof(stream->begun));
    stream->skipping = 0;
}

void rec_stream_region(struct rec_stream *stream, int64_t created_ns)
{
    forget_begun(stream);
    stream->position.region_created_ns = created_ns;
    stream->position.block = 0;
    stream->position.skip = 0;
}

void rec_stream_lost(struct rec_stream *stream, uint64_t block, enum wf_packet_gap_cause cause)
{
    forget_begun(stream);
    stream->position.block = block;
    stream->position.skip = 0;
    stream->cause = cause;
}

/* --- positions ------------------------------------------------------------------------ */

static void note_begun(struct rec_stream *stream, uint64_t block, uint64_t count)
{
    struct rec_begun *begun = &stream->begun[stream->begun[0].count > 0 ? 1 : 0];

    if (count > 0)
        *begun = (struct rec_begun){ .block = block, .count = count };
}

/* The record that just ended is the oldest of those begun: where does the next one begin? */
static void move_on(struct rec_stream *stream)
{
    struct rec_begun *begun = &stream->begun[0];

    begun->at++;
    stream->position.block = begun->block;
    stream->position.skip = begun->at;
    if (begun->at < begun->count)
        return;
    stream->position.block = begun->block + 1;
    stream->position.skip = 0;
    stream->begun[0] = stream->begun[1];
    stream->begun[1] = (struct rec_begun){ 0 };
}

/* --- entries -------------------------------------------------------------------------- */

static void put_gap(struct rec_stream *stream, uint64_t first, uint64_t last,
                    enum wf_packet_gap_cause cause)
{
    struct wf_packet_entry entry = {
        .is_gap = true,
        .epoch = stream->epoch,
        .cause = cause,
        .first_number = first,
        .last_number = last,
        .after = stream->position,
    };

    stream->put(stream->context, &entry);
}

static void take_packet(void *context, const struct wf_packet *packet)
{
    struct rec_stream *stream = context;
    struct wf_packet_position *position = &stream->position;
    bool is_waiting = packet->outcome == WF_PACKET_SEGMENT;
    struct wf_packet_entry entry = { .epoch = stream->epoch, .packet = *packet };

    if (stream->skipping > 0) { /* read again after a restart */
        stream->skipping--;
        move_on(stream);
        return;
    }
    if (position->epoch != stream->epoch) { /* another life: its numbers begin at 0 */
        position->epoch = stream->epoch;
        position->next_number = 0;
    }
    if (packet->number > position->next_number)
        put_gap(stream, position->next_number, packet->number - 1, stream->cause);
    /* A segment shares the number with the packet that its last one completes. */
    position->next_number = packet->number + (is_waiting ? 0 : 1);
    move_on(stream);
    entry.after = *position;
    stream->put(stream->context, &entry);
    stream->cause = WF_PACKET_GAP_RING_OVERRUN; /* unless something else is said */
}

/* The receiver died in the middle of a packet: the rest never comes. */
static void change_life(struct rec_stream *stream, uint64_t epoch)
{
    uint64_t number = stream->position.next_number;
    bool was_begun = wf_packet_reader_lost(stream->reader);

    memset(stream->begun, 0, sizeof(stream->begun));
    if (was_begun && stream->epoch != 0)
        put_gap(stream, number, number, WF_PACKET_GAP_RECEIVER_KILLED);
    stream->epoch = epoch;
}

void rec_stream_take(struct rec_stream *stream, uint64_t block, uint64_t epoch,
                     const struct wf_packet_block *content)
{
    struct wf_err err = { 0 };

    if (epoch != stream->epoch)
        change_life(stream, epoch);
    note_begun(stream, block, content->records);
    if (wf_packet_reader_take(stream->reader, content, take_packet, stream, &err) < 0)
        rec_stream_lost(stream, block + 1, WF_PACKET_GAP_RING_OVERRUN);
}
