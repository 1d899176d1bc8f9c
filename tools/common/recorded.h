/* SPDX-License-Identifier: MIT */
#ifndef RECORDED_H
#define RECORDED_H

/*
 * Recorded - a file of packets from its beginning to its end, as fast as it can be read; where each
 * packet lies in it, and where there are bytes that are none.
 *
 *   packets     space packets one after another, behind framing stages like those of a listener
 *   datagrams   8 bytes of big-endian double (Unix seconds, of receipt), 4 of big-endian length, and
 *               a datagram of packets behind framing stages
 *
 * Threads: one. Memory does not grow with the file.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <watchfloor/decode/reject.h>
#include <watchfloor/err.h>

enum recorded_format { RECORDED_AUTO, RECORDED_PACKETS, RECORDED_DATAGRAMS };

/* The head of a datagram's record. */
#define RECORDED_HEAD_BYTES   12
#define RECORDED_DATAGRAM_MAX 65535u
/* Could these bytes be one? And what it says. */
bool recorded_is_head(const uint8_t head[RECORDED_HEAD_BYTES]);
uint32_t recorded_head_len(const uint8_t head[RECORDED_HEAD_BYTES]);
int64_t recorded_head_time(const uint8_t head[RECORDED_HEAD_BYTES]);
/* Does the file begin with records? Reads from where it stands. */
bool recorded_has_datagrams(FILE *file);

struct recorded_options {
    enum recorded_format format;
    const char *stages;   /* framing; "" = none */
    const uint8_t *known; /* APIDs, as wf_framer_set_known takes them; NULL = unknown */
};

struct recorded_packet {
    const uint8_t *bytes; /* whole, header first; during the call */
    size_t len;
    uint64_t offset;     /* of its first byte in the file */
    int64_t received_ns; /* of the datagram; WF_TIME_NONE: the file does not say */
};

struct recorded_hearer {
    void (*packet)(void *context, const struct recorded_packet *packet);
    /* `len` bytes from `offset` on are no packet. */
    void (*rubbish)(void *context, enum wf_reject reason, uint64_t offset, uint64_t len);
    bool (*go_on)(void *context); /* asked after each read; false ends */
    void *context;
};

struct recorded_counts {
    uint64_t bytes, rubbish_bytes;
};

/*
 * Read the whole file; "-" is the standard input, which is of packets unless the format says otherwise.
 * The counts are added to. On a terminal stderr says how far it is.
 */
int recorded_read(const char *path, const struct recorded_options *options,
                  const struct recorded_hearer *hearer, struct recorded_counts *inout_counts,
                  struct wf_err *err);

#endif /* RECORDED_H */
