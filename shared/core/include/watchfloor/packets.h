/* SPDX-License-Identifier: MIT */
#ifndef WF_PACKETS_H
#define WF_PACKETS_H

/*
 * Packets - every packet as it was received, on its way from the receiver to the archive.
 *
 * The receiver writes them one behind the other, as a stream of records cut into the blocks
 * that are the samples of the region wf.packets (its schema: receiver/schema/packets.ini). A
 * record may begin in one block and end in a later one; each block says where the first record
 * begins that begins in it, so that a reader who lost blocks finds its way again.
 *
 * A record is a header of 32 bytes, little-endian,
 *
 *      0 u32  bytes of the whole record          24 u8  outcome
 *      4 u32  bytes of the packet                25 u8  length of the listener's name
 *      8 u64  number of the packet               26 u8  ... of the source's
 *     16 i64  received at, UTC ns                27 u8  ... of the subsystem's
 *                                                28 u8  ... of the peer's address;  3 zero bytes
 *
 * then these four texts, then the packet.
 *
 * Threads: one at a time for each packer and reader.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>

#define WF_PACKET_HEADER_BYTES 32
/* What a block holds; as `data` of packets.ini. */
#define WF_PACKET_BLOCK_BYTES 8128
/* Longer records are refused by a reader: no receiver writes them. */
#define WF_PACKET_RECORD_MAX (256u << 10)

/* What became of it, beside the reasons why it was rejected (enum wf_reject, below 128). */
#define WF_PACKET_PUBLISHED 255
#define WF_PACKET_IDLE      254
#define WF_PACKET_SEGMENT   253 /* waits for the rest of its packet */

struct wf_packet {
    uint64_t number; /* over the receiver's whole life, as in struct wf_stamp; segments share one */
    int64_t received_ns;
    uint8_t outcome;
    const char *listener, *source, *subsystem, *peer; /* ended; "" = not known */
    const uint8_t *bytes;
    size_t len;
};

/* The fields of a block, as of struct packets_info; `data` has WF_PACKET_BLOCK_BYTES. */
struct wf_packet_block {
    uint32_t used;    /* bytes of data */
    uint32_t begins;  /* where the first record begins in it; `used` = none does */
    uint32_t records; /* how many begin in it */
    uint64_t first;   /* number of the first packet that begins in it */
    uint8_t *data;
};

/* --- writing --------------------------------------------------------------------------------- */

/* Fill `block` with records; `full` is called whenever it is full, and empties it by returning. */
struct wf_packet_packer {
    struct wf_packet_block block;
    void (*full)(void *context, const struct wf_packet_block *block);
    void *context;
};

/* Append a packet; texts longer than 255 bytes are cut, packets that do not fit a record are too. */
void wf_packet_pack(struct wf_packet_packer *packer, const struct wf_packet *packet);
/* Hand over what there is; nothing when there is nothing. */
void wf_packet_flush(struct wf_packet_packer *packer);

/* --- reading --------------------------------------------------------------------------------- */

struct wf_packet_reader;

int wf_packet_reader_create(struct wf_packet_reader **out_reader, struct wf_err *err);
void wf_packet_reader_destroy(struct wf_packet_reader **reader);

/* Blocks were lost: what was begun is dropped. Returns whether a record was. */
bool wf_packet_reader_lost(struct wf_packet_reader *reader);

/*
 * The next block; `each` is called for every record that ends in it (borrowed during the call).
 *   WF_ERR_CORRUPT   it contradicts itself; the reader goes on as after a loss
 */
int wf_packet_reader_take(struct wf_packet_reader *reader, const struct wf_packet_block *block,
                          void (*each)(void *context, const struct wf_packet *packet),
                          void *context, struct wf_err *err);

/* "published", "idle", "segment", or "" for a reason of rejection (wf_reject_name has that). */
const char *wf_packet_outcome_name(uint8_t outcome);

#endif /* WF_PACKETS_H */
