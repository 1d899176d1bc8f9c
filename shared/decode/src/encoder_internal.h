/* SPDX-License-Identifier: MIT */
#ifndef WFD_ENCODER_INTERNAL_H
#define WFD_ENCODER_INTERNAL_H

/* One packet while it is encoded: what encoder.c and encoder_fields.c share. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/decode/decoder.h>
#include <watchfloor/expr.h>
#include <watchfloor/value.h>

#include "number.h"

struct wfd_time_share { /* what a parameter of the packet's time must be */
    int parameter;
    struct wfd_number number;
};

struct wfd_encode {
    const struct wf_schema *schema;
    const uint8_t *payload;
    uint8_t *packet; /* zeroed */
    size_t size;     /* room */
    uint64_t cursor; /* bit behind the last parameter */
    uint64_t end;    /* furthest bit written */
    struct wfd_time_share time_fields[4];
    size_t time_field_count;
    struct wf_expr *const *choice_when; /* of each of the schema's calibrators; NULL = always */
    /* While a calibrator is looked for: the parameter whose raw value would be that. */
    const struct wf_parameter *assumed;
    struct wfd_number assumed_raw;
    unsigned depth;
};

/* Take `bits` at `start`; false when there is no room. Moves cursor and end. */
bool wfd_encode_reserve(struct wfd_encode *run, uint64_t start, uint64_t bits);
/* Elements or bytes that the payload holds of an array or text. */
uint32_t wfd_encode_elements(const struct wfd_encode *run, const struct wf_parameter *parameter);
/* Write a time code; a time it cannot say (none, too far) becomes its epoch. Bytes, or negative. */
int wfd_encode_timecode(const struct wf_time_format *format, int64_t utc_ns, uint8_t *out,
                        size_t size);
int wfd_encode_parameter(struct wfd_encode *run, const struct wf_parameter *parameter,
                         uint64_t start);

#endif /* WFD_ENCODER_INTERNAL_H */
