/* SPDX-License-Identifier: MIT */
#ifndef WF_DECODE_TIMECODE_H
#define WF_DECODE_TIMECODE_H

/* CCSDS 301.0-B-4 time codes: CUC (3.2) and CDS (3.3), explicit or implicit P-field. */

#include <stddef.h>
#include <stdint.h>

#include <watchfloor/schema.h>

/* Bytes the code takes at the start of `bytes` (P-field included); 0 when it cannot be told. */
size_t wf_timecode_bytes(const struct wf_time_format *format, const uint8_t *bytes, size_t len);
/* UTC ns; WF_ERR_INVALID too short, a P-field that contradicts; LIMIT outside int64 ns. */
int wf_timecode_read(const struct wf_time_format *format, const uint8_t *bytes, size_t len,
                     int64_t *out_utc_ns);
/* Write (with P-field where the format has one); returns bytes or a negative WF_ERR_*. */
int wf_timecode_write(const struct wf_time_format *format, int64_t utc_ns, uint8_t *out,
                      size_t size);

#endif /* WF_DECODE_TIMECODE_H */
