/* SPDX-License-Identifier: MIT */
#ifndef SEND_RECORDING_H
#define SEND_RECORDING_H

/*
 * Recording - a file of packets, one at a time, with the time each is due.
 *
 *   ccsds     space packets one after another, with `skip` bytes before each that
 *             are not sent; times come from a time code in the packets, if any
 *   records   8 bytes of big-endian double (Unix seconds), 4 of big-endian length, a
 *             datagram, which is sent as it was; `skip` bytes of each are left out
 *
 * Threads: one. Memory is bounded by the longest packet and one read.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/schema.h>

enum send_format { SEND_FORMAT_AUTO, SEND_FORMAT_CCSDS, SEND_FORMAT_RECORDS };

struct send_options {
    enum send_format format;
    uint32_t skip;
    const struct wf_time_format *time; /* of ccsds packets, behind the primary header; or NULL */
};

struct send_packet {
    const uint8_t *bytes; /* valid until the next call */
    size_t len;
    int64_t time_ns; /* WF_TIME_NONE: not known */
};

struct recording;

/* WF_ERR_INVALID it is not in that format. */
int recording_open(const char *path, const struct send_options *options,
                   struct recording **out_recording, struct wf_err *err);
void recording_close(struct recording **recording);

/* The next packet; false at the end, or when reading failed (see recording_problem). */
bool recording_next(struct recording *recording, struct send_packet *out);
/* Once more from the start. */
int recording_rewind(struct recording *recording, struct wf_err *err);

bool recording_is_timed(const struct recording *recording);
enum send_format recording_format(const struct recording *recording);
/* How much of the file was read, 0..1. */
double recording_progress(const struct recording *recording);
/* Bytes that became no packet. */
uint64_t recording_rubbish_bytes(const struct recording *recording);
/* It could not be read to its end; recording_problem says why. */
bool recording_has_failed(const struct recording *recording);
/* Why it ended before its end, or "". */
const char *recording_problem(const struct recording *recording);

#endif /* SEND_RECORDING_H */
