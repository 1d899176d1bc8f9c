/* SPDX-License-Identifier: MIT */
#ifndef WF_DECODE_CCSDS_H
#define WF_DECODE_CCSDS_H

/* CCSDS 133.0-B space packet primary header, 6 bytes, big-endian. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WF_CCSDS_HEADER_BYTES    6
#define WF_CCSDS_PACKET_MAX      65542
#define WF_CCSDS_APID_IDLE       0x7ff
#define WF_CCSDS_APID_COUNT      2048
#define WF_CCSDS_SEQUENCE_MODULO 16384

enum wf_ccsds_flags {
    WF_CCSDS_CONTINUATION = 0,
    WF_CCSDS_FIRST = 1,
    WF_CCSDS_LAST = 2,
    WF_CCSDS_UNSEGMENTED = 3,
};

struct wf_ccsds_header {
    uint8_t version; /* 0 for space packets */
    bool is_command;
    bool has_secondary;
    uint16_t apid;
    uint8_t sequence_flags;  /* enum wf_ccsds_flags */
    uint16_t sequence_count; /* 14 bits */
    uint32_t packet_bytes;   /* whole packet, header included: 7 .. 65542 */
};

/* False when fewer than 6 bytes are there. Any 6 bytes parse; judging them is the caller's. */
bool wf_ccsds_parse(const uint8_t *bytes, size_t len, struct wf_ccsds_header *out);
/* Write the 6 bytes; packet_bytes must be 7 .. 65542. */
void wf_ccsds_write(const struct wf_ccsds_header *header, uint8_t out[WF_CCSDS_HEADER_BYTES]);

#endif /* WF_DECODE_CCSDS_H */
