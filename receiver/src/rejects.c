/* SPDX-License-Identifier: MIT */
/* Rejects: see rejects.h. */

#include "rejects.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/decode/ccsds.h>
#include <watchfloor/names.h>
#include <watchfloor/strbuf.h>

#include "own_regions.h"
#include "rejects_info.h"

struct kept {
    enum wf_reject reason;
    uint64_t packet;
    int64_t received_ns, received_mono_ns;
    char listener[WF_NAME_SIZE], source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    struct rx_address peer;
    uint32_t len, kept_len;
    uint8_t bytes[RX_REJECT_BYTES];
};

struct rx_rejects {
    uint64_t noted, told; /* ever; noted - told wait, at most `max` of them are there */
    uint32_t max;
    struct kept list[];
};

int rx_rejects_create(uint32_t max, struct rx_rejects **out_rejects, struct wf_err *err)
{
    struct rx_rejects *rejects;

    if (max == 0)
        max = 1;
    rejects = calloc(1, sizeof(*rejects) + max * sizeof(rejects->list[0]));
    if (rejects == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "no memory for %u rejected packets", (unsigned)max);
    rejects->max = max;
    *out_rejects = rejects;
    return 0;
}

void rx_rejects_destroy(struct rx_rejects **rejects)
{
    free(*rejects);
    *rejects = NULL;
}

void rx_rejects_note(struct rx_rejects *rejects, const struct rx_reject_facts *facts)
{
    struct kept *kept = &rejects->list[rejects->noted++ % rejects->max];

    kept->reason = facts->reason;
    kept->packet = facts->packet;
    kept->received_ns = facts->received_ns;
    kept->received_mono_ns = facts->received_mono_ns;
    (void)wf_copy_text(kept->listener, sizeof(kept->listener), facts->listener);
    (void)wf_copy_text(kept->source, sizeof(kept->source), facts->source);
    (void)wf_copy_text(kept->subsystem, sizeof(kept->subsystem),
                       facts->subsystem != NULL ? facts->subsystem : "");
    kept->peer = facts->peer;
    kept->len = (uint32_t)facts->len;
    kept->kept_len = (uint32_t)(facts->len < RX_REJECT_BYTES ? facts->len : RX_REJECT_BYTES);
    if (kept->kept_len > 0)
        memcpy(kept->bytes, facts->bytes, kept->kept_len);
}

/* The reason's sentence, with what is known about this one. */
static void explain(const struct kept *kept, const struct wf_ccsds_header *header,
                    struct wf_strbuf *out)
{
    wf_strbuf_add(out, wf_reject_text(kept->reason));
    switch (kept->reason) {
    case WF_REJECT_UNKNOWN_APID:
        wf_strbuf_addf(out, ": APID %u at listener %s", (unsigned)header->apid, kept->listener);
        break;
    case WF_REJECT_BAD_VERSION:
        /* From the byte itself: what is rejected may be too short to have a header. */
        if (kept->kept_len > 0)
            wf_strbuf_addf(out, ": it is %u", (unsigned)(kept->bytes[0] >> 5));
        break;
    case WF_REJECT_TRUNCATED:
        if (kept->len >= WF_CCSDS_HEADER_BYTES)
            wf_strbuf_addf(out, ": %u of %u bytes", (unsigned)kept->len,
                           (unsigned)header->packet_bytes);
        break;
    default:
        if (kept->subsystem[0] != '\0')
            wf_strbuf_addf(out, ": %s", kept->subsystem);
        break;
    }
}

static void tell(const struct kept *kept, uint64_t skipped, struct rx_own_region *region)
{
    struct rejects_info *info = rx_own_begin(region);
    struct wf_ccsds_header header = { 0 };
    bool has_header = wf_ccsds_parse(kept->bytes, kept->kept_len, &header);
    struct wf_strbuf text;
    struct wf_stamp stamp = { .packet = kept->packet,
                              .device_ns = WF_TIME_NONE,
                              .received_ns = kept->received_ns,
                              .received_mono_ns = kept->received_mono_ns };

    info->reason = (uint8_t)kept->reason;
    info->packet = kept->packet;
    (void)wf_copy_text(info->listener, sizeof(info->listener), kept->listener);
    (void)wf_copy_text(info->source, sizeof(info->source), kept->source);
    rx_address_text(&kept->peer, info->peer, sizeof(info->peer));
    info->apid = has_header ? header.apid : -1;
    info->sequence = has_header ? header.sequence_count : -1;
    info->length = kept->len;
    wf_strbuf_init_fixed(&text, info->explanation, sizeof(info->explanation));
    explain(kept, &header, &text);
    info->skipped = skipped;
    info->kept = kept->kept_len;
    info->data_count = kept->kept_len;
    memcpy(info->data, kept->bytes, kept->kept_len);
    (void)wf_writer_publish(region->writer, &stamp, info);
}

uint32_t rx_rejects_flush(struct rx_rejects *rejects, struct rx_own_region *region)
{
    uint64_t waiting = rejects->noted - rejects->told;
    uint64_t skipped = waiting > rejects->max ? waiting - rejects->max : 0;
    uint32_t count = 0;

    rejects->told += skipped;
    for (; rejects->told < rejects->noted; rejects->told++, count++, skipped = 0)
        tell(&rejects->list[rejects->told % rejects->max], skipped, region);
    return count;
}
