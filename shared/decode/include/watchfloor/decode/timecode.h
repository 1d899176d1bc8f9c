/* SPDX-License-Identifier: MIT */
#ifndef WF_DECODE_TIMECODE_H
#define WF_DECODE_TIMECODE_H

/*
 * CCSDS 301.0-B-4 time codes: CUC (3.2) and CDS (3.3), explicit or implicit P-field.
 *
 *   CUC  [P][P] C C C C F F       seconds since the epoch, 1..7 bytes, and 0..10 bytes of fraction
 *   CDS  [P] D D M M M M u u      days of 16 or 24 bits, ms of day, 16 bits of us or 32 of ps
 *
 * With a P-field the packet tells its own widths; those in the format then count for
 * writing only (default CUC 4.2, CDS 16.16). A P-field that names the CCSDS epoch where the
 * schema gives another contradicts, and so does one that names another code.
 */

#include <stddef.h>
#include <stdint.h>

#include <watchfloor/schema.h>

/* The longest code: two bytes of P-field, 7 of seconds, 10 of fraction. */
#define WF_TIMECODE_MAX 19

/* Bytes the code takes at the start of `bytes` (P-field included); 0 when it cannot be told. */
size_t wf_timecode_bytes(const struct wf_time_format *format, const uint8_t *bytes, size_t len);
/* UTC ns; WF_ERR_INVALID too short, a P-field that contradicts; LIMIT outside int64 ns. */
int wf_timecode_read(const struct wf_time_format *format, const uint8_t *bytes, size_t len,
                     int64_t *out_utc_ns);
/*
 * Write (with P-field where the format has one), to the nearest unit of its fraction;
 * returns bytes or a negative WF_ERR_*: LIMIT does not fit the code or `size`.
 */
int wf_timecode_write(const struct wf_time_format *format, int64_t utc_ns, uint8_t *out,
                      size_t size);

/* A count of ns since the format's epoch, in its scale, to UTC and back. LIMIT outside int64 ns. */
int wf_timecode_from_count(const struct wf_time_format *format, int64_t count_ns,
                           int64_t *out_utc_ns);
int wf_timecode_to_count(const struct wf_time_format *format, int64_t utc_ns,
                         int64_t *out_count_ns);

#endif /* WF_DECODE_TIMECODE_H */
