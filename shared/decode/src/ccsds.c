/* SPDX-License-Identifier: MIT */
/* The 6 bytes in front of every space packet, to a struct and back. */

#include <assert.h>

#include <watchfloor/decode/ccsds.h>

bool wf_ccsds_parse(const uint8_t *bytes, size_t len, struct wf_ccsds_header *out)
{
    if (len < WF_CCSDS_HEADER_BYTES)
        return false;
    out->version = (uint8_t)(bytes[0] >> 5);
    out->is_command = (bytes[0] & 0x10) != 0;
    out->has_secondary = (bytes[0] & 0x08) != 0;
    out->apid = (uint16_t)((bytes[0] & 0x07) << 8 | bytes[1]);
    out->sequence_flags = (uint8_t)(bytes[2] >> 6);
    out->sequence_count = (uint16_t)((bytes[2] & 0x3f) << 8 | bytes[3]);
    /* The field holds one less than the bytes behind the header: there is no empty packet. */
    out->packet_bytes = ((uint32_t)bytes[4] << 8 | bytes[5]) + WF_CCSDS_HEADER_BYTES + 1;
    return true;
}

void wf_ccsds_write(const struct wf_ccsds_header *header, uint8_t out[WF_CCSDS_HEADER_BYTES])
{
    uint32_t length;

    assert(header->packet_bytes > WF_CCSDS_HEADER_BYTES &&
           header->packet_bytes <= WF_CCSDS_PACKET_MAX);
    length = header->packet_bytes - WF_CCSDS_HEADER_BYTES - 1;
    out[0] = (uint8_t)((header->version & 7u) << 5 | (header->is_command ? 0x10u : 0u) |
                       (header->has_secondary ? 0x08u : 0u) | ((header->apid >> 8) & 0x07u));
    out[1] = (uint8_t)header->apid;
    out[2] =
        (uint8_t)((header->sequence_flags & 3u) << 6 | ((header->sequence_count >> 8) & 0x3fu));
    out[3] = (uint8_t)header->sequence_count;
    out[4] = (uint8_t)(length >> 8);
    out[5] = (uint8_t)length;
}
