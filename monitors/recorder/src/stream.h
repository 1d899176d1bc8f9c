/* SPDX-License-Identifier: MIT */
#ifndef REC_STREAM_H
#define REC_STREAM_H

/*
 * Stream - blocks of wf.packets to entries of the packet log: each packet with the position at
 * which the stream goes on behind it, and a gap wherever packets are missing by their numbers.
 *
 * Pure: no clock, no I/O. Threads: one.
 */

#include <watchfloor/store/packet_log.h>

struct rec_stream {
    struct wf_packet_reader *reader;
    /* Called for every entry, in order. */
    void (*put)(void *context, const struct wf_packet_entry *entry);
    void *context;

    struct wf_packet_position position; /* behind the last entry */
    uint64_t skipping;                  /* records of the first block that are stored already */
    enum wf_packet_gap_cause cause;     /* should numbers be missing now */
    /* Records that begin in a block, as far as they have not ended yet: at most two blocks. */
    struct rec_begun {
        uint64_t block, at, count;
    } begun[2];
    uint64_t epoch; /* of the block in hand */
};

int rec_stream_init(struct rec_stream *stream, const struct wf_packet_position *from,
                    struct wf_err *err);
void rec_stream_fini(struct rec_stream *stream);

/* The region was made anew, or this is the first one: its blocks count from 0. */
void rec_stream_region(struct rec_stream *stream, int64_t created_ns);
/* Blocks before `block` were not had, for that reason. */
void rec_stream_lost(struct rec_stream *stream, uint64_t block, enum wf_packet_gap_cause cause);
/* Block number `block`, published in the receiver's life `epoch`. */
void rec_stream_take(struct rec_stream *stream, uint64_t block, uint64_t epoch,
                     const struct wf_packet_block *content);

#endif /* REC_STREAM_H */
