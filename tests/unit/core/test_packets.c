/* SPDX-License-Identifier: MIT */
/* The stream of packets: whatever is packed comes out again, and a reader who lost blocks finds its way. */

#include "support/unit.h"

#include <watchfloor/packets.h>

#define BLOCK_MAX 4096

/* All blocks that a packer handed over. */
struct stream {
    struct wf_packet_block blocks[BLOCK_MAX];
    size_t count;
    uint8_t data[WF_PACKET_BLOCK_BYTES];
    struct wf_packet_packer packer;
};

static void keep_block(void *context, const struct wf_packet_block *block)
{
    struct stream *stream = context;
    struct wf_packet_block *copy = &stream->blocks[stream->count++];

    assert_true(stream->count < BLOCK_MAX);
    *copy = *block;
    copy->data = malloc(WF_PACKET_BLOCK_BYTES);
    assert_non_null(copy->data);
    memcpy(copy->data, block->data, block->used);
}

static struct stream *open_stream(void)
{
    struct stream *stream = calloc(1, sizeof(*stream));

    assert_non_null(stream);
    stream->packer = (struct wf_packet_packer){ .block = { .data = stream->data },
                                                .full = keep_block,
                                                .context = stream };
    return stream;
}

static void close_stream(struct stream *stream)
{
    for (size_t i = 0; i < stream->count; i++)
        free(stream->blocks[i].data);
    free(stream);
}

/* Packet n: its length and bytes follow from its number. */
static size_t length_of(uint64_t n)
{
    static const size_t lengths[] = { 7, 0, 100, 8120, 8128, 65542, 1, 200, 300, 20000 };

    return lengths[n % WF_COUNT_OF(lengths)] + (size_t)(n * 7 % 13);
}

static void pack(struct stream *stream, uint64_t n)
{
    static uint8_t bytes[70000];

    for (size_t i = 0; i < length_of(n); i++)
        bytes[i] = (uint8_t)(n * 31 + i);
    wf_packet_pack(&stream->packer, &(struct wf_packet){
                                        .number = n,
                                        .received_ns = (int64_t)n * 1000 - 5,
                                        .outcome = (uint8_t)(n % 3 == 0 ? n % 12 : 255),
                                        .listener = "gs1",
                                        .source = n % 2 == 0 ? "sat1" : "",
                                        .subsystem = "power",
                                        .peer = "127.0.0.1:4711",
                                        .bytes = bytes,
                                        .len = length_of(n),
                                    });
}

struct seen {
    uint64_t numbers[4096];
    size_t count;
};

static void look_at(void *context, const struct wf_packet *packet)
{
    struct seen *seen = context;
    uint64_t n = packet->number;

    assert_int_equal(packet->len, length_of(n));
    assert_int_equal(packet->received_ns, (int64_t)n * 1000 - 5);
    assert_int_equal(packet->outcome, n % 3 == 0 ? n % 12 : 255);
    assert_string_equal(packet->listener, "gs1");
    assert_string_equal(packet->source, n % 2 == 0 ? "sat1" : "");
    assert_string_equal(packet->subsystem, "power");
    assert_string_equal(packet->peer, "127.0.0.1:4711");
    for (size_t i = 0; i < packet->len; i++)
        assert_int_equal(packet->bytes[i], (uint8_t)(n * 31 + i));
    seen->numbers[seen->count++] = n;
}

static void read_from(struct stream *stream, size_t first, size_t lost_at, struct seen *seen)
{
    struct wf_packet_reader *reader = NULL;

    assert_int_equal(wf_packet_reader_create(&reader, NULL), 0);
    for (size_t i = first; i < stream->count; i++) {
        if (i == lost_at) {
            (void)wf_packet_reader_lost(reader);
            continue;
        }
        assert_int_equal(wf_packet_reader_take(reader, &stream->blocks[i], look_at, seen, NULL), 0);
    }
    wf_packet_reader_destroy(&reader);
}

static struct stream *record(uint64_t count, uint64_t batch)
{
    struct stream *stream = open_stream();

    for (uint64_t n = 0; n < count; n++) {
        pack(stream, n);
        if (n % batch == batch - 1)
            wf_packet_flush(&stream->packer);
    }
    wf_packet_flush(&stream->packer);
    return stream;
}

static void what_is_packed_comes_out_again(void **state)
{
    static const uint64_t batches[] = { 1, 2, 7, 1000 };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(batches); i++) {
        struct stream *stream = record(200, batches[i]);
        struct seen seen = { .count = 0 };

        read_from(stream, 0, SIZE_MAX, &seen);
        assert_int_equal(seen.count, 200);
        for (uint64_t n = 0; n < 200; n++)
            assert_int_equal(seen.numbers[n], n);
        close_stream(stream);
    }
}

static void a_reader_that_lost_a_block_goes_on_with_the_next_whole_packet(void **state)
{
    struct stream *stream = record(100, 3);

    (void)state;
    for (size_t lost = 0; lost < stream->count; lost++) {
        struct seen seen = { .count = 0 };
        uint64_t begun = stream->blocks[lost].records;

        read_from(stream, 0, lost, &seen);
        /* Lost are those that began in it, and at most the one it was in the middle of. */
        assert_in_range(100 - seen.count, begun > 0 ? begun : 1, begun + 1);
        for (size_t i = 1; i < seen.count; i++)
            assert_true(seen.numbers[i] > seen.numbers[i - 1]);
    }
    for (size_t first = 0; first < stream->count; first++) {
        struct seen seen = { .count = 0 };

        read_from(stream, first, SIZE_MAX, &seen);
        if (stream->blocks[first].records > 0)
            assert_int_equal(seen.numbers[0], stream->blocks[first].first);
    }
    close_stream(stream);
}

static void ignore(void *context, const struct wf_packet *packet)
{
    (void)context;
    (void)packet;
}

static void a_block_that_contradicts_itself_is_refused(void **state)
{
    struct wf_packet_reader *reader = NULL;
    uint8_t data[WF_PACKET_BLOCK_BYTES] = { 0 };
    struct wf_packet_block block = { .used = 100, .begins = 101, .data = data };
    unsigned seed = 7;

    (void)state;
    assert_int_equal(wf_packet_reader_create(&reader, NULL), 0);
    assert_int_equal(wf_packet_reader_take(reader, &block, ignore, NULL, NULL), WF_ERR_CORRUPT);
    block = (struct wf_packet_block){ .used = WF_PACKET_BLOCK_BYTES + 1, .data = data };
    assert_int_equal(wf_packet_reader_take(reader, &block, ignore, NULL, NULL), WF_ERR_CORRUPT);
    block = (struct wf_packet_block){ .used = 64, .data = data }; /* a record of 0 bytes */
    assert_int_equal(wf_packet_reader_take(reader, &block, ignore, NULL, NULL), WF_ERR_CORRUPT);
    for (int round = 0; round < 2000; round++) {
        for (size_t i = 0; i < sizeof(data); i++) {
            seed = seed * 1103515245u + 12345u;
            data[i] = (uint8_t)((seed >> 16) % (round % 2 == 0 ? 3u : 255u));
        }
        block.used = seed % (WF_PACKET_BLOCK_BYTES + 1);
        block.begins = block.used > 0 ? (seed >> 8) % block.used : 0;
        (void)wf_packet_reader_take(reader, &block, ignore, NULL, NULL);
    }
    wf_packet_reader_destroy(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_out_again),
        cmocka_unit_test(a_reader_that_lost_a_block_goes_on_with_the_next_whole_packet),
        cmocka_unit_test(a_block_that_contradicts_itself_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
