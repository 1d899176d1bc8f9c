/* SPDX-License-Identifier: MIT */
/* Packets as a stream of records in blocks: see <watchfloor/packets.h>. */

#include <watchfloor/packets.h>

#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>

enum { AT_RECORD = 0, AT_LEN = 4, AT_NUMBER = 8, AT_TIME = 16, AT_OUTCOME = 24, AT_TEXTS = 25 };
#define TEXT_COUNT 4
#define TEXT_MAX   255u

struct wf_packet_reader {
    bool is_synced; /* `used` bytes of a record are in `record`, or none are */
    uint32_t used;
    uint8_t record[WF_PACKET_RECORD_MAX];
    char texts[TEXT_COUNT][TEXT_MAX + 1];
};

static void put_u32(uint8_t *out, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> 8 * i);
}

static void put_u64(uint8_t *out, uint64_t value)
{
    put_u32(out, (uint32_t)value);
    put_u32(out + 4, (uint32_t)(value >> 32));
}

static uint32_t get_u32(const uint8_t *in)
{
    return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static uint64_t get_u64(const uint8_t *in)
{
    return (uint64_t)get_u32(in) | (uint64_t)get_u32(in + 4) << 32;
}

/* --- writing ------------------------------------------------------------------------- */

void wf_packet_flush(struct wf_packet_packer *packer)
{
    struct wf_packet_block *block = &packer->block;

    if (block->used == 0)
        return;
    if (block->records == 0)
        block->begins = block->used;
    packer->full(packer->context, block);
    block->used = 0;
    block->records = 0;
}

static void put_bytes(struct wf_packet_packer *packer, const void *bytes, size_t len)
{
    struct wf_packet_block *block = &packer->block;
    const uint8_t *from = bytes;

    while (len > 0) {
        size_t room = WF_PACKET_BLOCK_BYTES - block->used;
        size_t part = len < room ? len : room;

        if (part == 0) {
            wf_packet_flush(packer);
            continue;
        }
        memcpy(block->data + block->used, from, part);
        block->used += (uint32_t)part;
        from += part;
        len -= part;
    }
}

void wf_packet_pack(struct wf_packet_packer *packer, const struct wf_packet *packet)
{
    const char *texts[TEXT_COUNT] = { packet->listener, packet->source, packet->subsystem,
                                      packet->peer };
    const size_t room = WF_PACKET_RECORD_MAX - WF_PACKET_HEADER_BYTES - TEXT_COUNT * TEXT_MAX;
    size_t len = packet->len < room ? packet->len : room;
    uint8_t header[WF_PACKET_HEADER_BYTES] = { 0 };
    size_t total = sizeof(header) + len;
    struct wf_packet_block *block = &packer->block;

    for (size_t i = 0; i < TEXT_COUNT; i++) {
        size_t text = strlen(texts[i]);

        header[AT_TEXTS + i] = (uint8_t)(text < TEXT_MAX ? text : TEXT_MAX);
        total += header[AT_TEXTS + i];
    }
    put_u32(header + AT_RECORD, (uint32_t)total);
    put_u32(header + AT_LEN, (uint32_t)len);
    put_u64(header + AT_NUMBER, packet->number);
    put_u64(header + AT_TIME, (uint64_t)packet->received_ns);
    header[AT_OUTCOME] = packet->outcome;

    if (block->used == WF_PACKET_BLOCK_BYTES)
        wf_packet_flush(packer);
    if (block->records++ == 0) {
        block->begins = block->used;
        block->first = packet->number;
    }
    put_bytes(packer, header, sizeof(header));
    for (size_t i = 0; i < TEXT_COUNT; i++)
        put_bytes(packer, texts[i], header[AT_TEXTS + i]);
    put_bytes(packer, packet->bytes, len);
}

/* --- reading ------------------------------------------------------------------------- */

int wf_packet_reader_create(struct wf_packet_reader **out_reader, struct wf_err *err)
{
    *out_reader = calloc(1, sizeof(**out_reader));
    return *out_reader != NULL ? WF_OK : wf_fail(err, WF_ERR_NOMEM, "out of memory");
}

void wf_packet_reader_destroy(struct wf_packet_reader **reader)
{
    free(*reader);
    *reader = NULL;
}

bool wf_packet_reader_lost(struct wf_packet_reader *reader)
{
    bool was_begun = reader->is_synced && reader->used > 0;

    reader->is_synced = false;
    reader->used = 0;
    return was_begun;
}

/* Bytes of the record whose header is there; 0 when it contradicts itself. */
static uint32_t record_bytes(const uint8_t *header)
{
    uint32_t total = get_u32(header + AT_RECORD);
    uint64_t sum = WF_PACKET_HEADER_BYTES + (uint64_t)get_u32(header + AT_LEN);

    for (size_t i = 0; i < TEXT_COUNT; i++)
        sum += header[AT_TEXTS + i];
    return sum == total && total <= WF_PACKET_RECORD_MAX ? total : 0;
}

static void tell(struct wf_packet_reader *reader,
                 void (*each)(void *context, const struct wf_packet *packet), void *context)
{
    const uint8_t *header = reader->record;
    const uint8_t *at = header + WF_PACKET_HEADER_BYTES;
    struct wf_packet packet = {
        .number = get_u64(header + AT_NUMBER),
        .received_ns = (int64_t)get_u64(header + AT_TIME),
        .outcome = header[AT_OUTCOME],
        .listener = reader->texts[0],
        .source = reader->texts[1],
        .subsystem = reader->texts[2],
        .peer = reader->texts[3],
        .len = get_u32(header + AT_LEN),
    };

    for (size_t i = 0; i < TEXT_COUNT; i++) {
        memcpy(reader->texts[i], at, header[AT_TEXTS + i]);
        reader->texts[i][header[AT_TEXTS + i]] = '\0';
        at += header[AT_TEXTS + i];
    }
    packet.bytes = at;
    each(context, &packet);
}

/* Move up to what the record needs; false when its header makes no sense. */
static bool feed(struct wf_packet_reader *reader, const uint8_t **at, const uint8_t *end,
                 bool *out_is_whole)
{
    uint32_t wanted = WF_PACKET_HEADER_BYTES;
    size_t part;

    *out_is_whole = false;
    if (reader->used >= WF_PACKET_HEADER_BYTES) {
        wanted = record_bytes(reader->record);
        if (wanted == 0)
            return false;
    }
    part =
        (size_t)(end - *at) < wanted - reader->used ? (size_t)(end - *at) : wanted - reader->used;
    memcpy(reader->record + reader->used, *at, part);
    reader->used += (uint32_t)part;
    *at += part;
    if (reader->used < WF_PACKET_HEADER_BYTES)
        return true;
    wanted = record_bytes(reader->record);
    *out_is_whole = reader->used == wanted;
    return wanted != 0;
}

int wf_packet_reader_take(struct wf_packet_reader *reader, const struct wf_packet_block *block,
                          void (*each)(void *context, const struct wf_packet *packet),
                          void *context, struct wf_err *err)
{
    const uint8_t *at, *end;

    if (block->used > WF_PACKET_BLOCK_BYTES || block->begins > block->used) {
        (void)wf_packet_reader_lost(reader);
        return wf_fail(err, WF_ERR_CORRUPT, "a block of packets is longer than it can be");
    }
    at = block->data;
    end = block->data + block->used;
    if (!reader->is_synced) {
        at += block->begins;
        if (at == end)
            return WF_OK; /* the middle of a record whose beginning was lost */
        reader->is_synced = true;
    }
    while (at < end) {
        bool is_whole;

        if (!feed(reader, &at, end, &is_whole)) {
            (void)wf_packet_reader_lost(reader);
            return wf_fail(err, WF_ERR_CORRUPT, "a packet's record contradicts itself");
        }
        if (is_whole) {
            tell(reader, each, context);
            reader->used = 0;
        }
    }
    return WF_OK;
}

const char *wf_packet_outcome_name(uint8_t outcome)
{
    switch (outcome) {
    case WF_PACKET_PUBLISHED:
        return "published";
    case WF_PACKET_IDLE:
        return "idle";
    case WF_PACKET_SEGMENT:
        return "segment";
    default:
        return "";
    }
}
