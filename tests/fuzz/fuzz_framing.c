/* SPDX-License-Identifier: MIT */
/*
 * Fuzzing: the first byte chooses the stages, the second how the rest is fed. Every
 * byte must end up in exactly one of packets, skipped, rubbish; also after a reset.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/framing.h>
#include <watchfloor/decode/sequence.h>

#include "fuzz.h"

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

struct heard {
    uint64_t packet_bytes, rubbish_heads;
    struct wf_sequence sequence;
};

static void hear_packet(void *context, const uint8_t *packet, size_t len)
{
    struct heard *heard = context;
    struct wf_ccsds_header header;
    uint64_t place = 0;
    uint32_t lost = 0;

    require(wf_ccsds_parse(packet, len, &header));
    require(header.version == 0 && header.packet_bytes == len);
    heard->packet_bytes += len;
    (void)wf_sequence_take(&heard->sequence, header.sequence_count, &place, &lost);
    require(place % WF_CCSDS_SEQUENCE_MODULO == header.sequence_count);
}

static void hear_rubbish(void *context, enum wf_reject reject, const uint8_t *bytes, size_t len)
{
    struct heard *heard = context;
    uint8_t touched = 0;

    require(reject < WF_REJECT_COUNT && len <= WF_FRAMER_RUBBISH_MAX);
    for (size_t i = 0; i < len; i++)
        touched = (uint8_t)(touched ^ bytes[i]);
    heard->rubbish_heads += len + (touched & 0);
}

static void run(struct wf_framer *framer, const uint8_t *data, size_t size, unsigned how)
{
    struct heard heard = { 0 };
    unsigned random = how * 2654435761u + 1;
    size_t fed = 0;

    while (fed < size) {
        size_t len = size - fed;

        if ((how & 3u) != 0) { /* pieces: of one byte, small, middling */
            random = random * 1664525u + 1013904223u;
            len = 1 + (random >> 16) % ((how & 3u) == 1 ? 1u : (how & 3u) == 2 ? 16u : 700u);
            len = len < size - fed ? len : size - fed;
        }
        wf_framer_feed(framer, data + fed, len, hear_packet, hear_rubbish, &heard);
        fed += len;
    }
    wf_framer_end(framer, hear_packet, hear_rubbish, &heard);
    require(heard.packet_bytes + wf_framer_skipped_bytes(framer) +
                wf_framer_rubbish_bytes(framer) ==
            size);
    require(heard.rubbish_heads <= wf_framer_rubbish_bytes(framer));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const stages[] = {
        "",
        "skip 8",
        "length 4 big",
        "length 2 little +1",
        "skip 8, length 4 big",
        "sync 1acffc1d",
        "sync 55",
        "sync 1acf, length 2 big -2, skip 4",
    };
    struct wf_framer *framer = NULL;
    uint8_t known[256] = { 0 };

    if (size < 2)
        return 0;
    require(wf_framer_create(stages[data[0] % WF_COUNT_OF(stages)], "ccsds", (data[1] & 4) == 0,
                             &framer, NULL) == 0);
    if ((data[1] & 8) != 0) {
        known[100 / 8] |= 1u << (100 % 8);
        known[0] |= 1;
        wf_framer_set_known(framer, known);
    }
    run(framer, data + 2, size - 2, data[1]);
    wf_framer_destroy(&framer);
    /* The words of the configuration are input too. */
    if (size < 200) {
        char text[200];

        memcpy(text, data, size);
        text[size] = '\0';
        if (wf_framer_create(text, "ccsds", false, &framer, NULL) == 0)
            wf_framer_destroy(&framer);
    }
    return 0;
}
