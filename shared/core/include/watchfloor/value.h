/* SPDX-License-Identifier: MIT */
#ifndef WF_VALUE_H
#define WF_VALUE_H

/*
 * Value - one parameter of one sample, with its kind and quality.
 *
 * Exact: a u64 stays a u64. Text and bytes borrow from the payload they were
 * read from. No function here allocates. Threads: any.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/schema.h>
#include <watchfloor/strbuf.h>

/* Ordered: a higher one is worse. Stored as one byte per parameter. */
enum wf_quality {
    WF_QUALITY_VALID = 0,
    WF_QUALITY_LATE = 1,        /* arrived out of order or long after it was measured */
    WF_QUALITY_SUBSTITUTED = 2, /* entered by hand or by a rule */
    WF_QUALITY_SUSPECT = 3,     /* decoded, but something about the packet was wrong */
    WF_QUALITY_INVALID = 4,     /* NaN, outside the valid range, not in the enumeration */
    WF_QUALITY_ABSENT = 5,      /* the packet ended before it, or its condition was false */
    /* Judged by whoever reads, never stored: */
    WF_QUALITY_STALE = 6,
    WF_QUALITY_NEVER = 7,
};
/* "VALID" ... ; "?" for others. */
const char *wf_quality_name(enum wf_quality quality);

enum wf_value_kind {
    WF_VALUE_NONE,
    WF_VALUE_U64,
    WF_VALUE_I64,
    WF_VALUE_F64,
    WF_VALUE_BOOL,
    WF_VALUE_TEXT,
    WF_VALUE_BYTES,
    WF_VALUE_TIME,
};

struct wf_value {
    enum wf_value_kind kind;
    bool is_single;  /* F64 that came from a float: print it as one */
    uint8_t quality; /* enum wf_quality */
    size_t len;      /* TEXT, BYTES */
    union {
        uint64_t u64; /* also BOOL */
        int64_t i64;  /* also TIME */
        double f64;
        const char *text; /* not ended: use len */
        const uint8_t *bytes;
    } as;
};

/*
 * Engineering value of element `element` (0 unless an array) of parameter
 * `index` in `payload` (schema->payload_bytes long). Kind NONE, quality ABSENT
 * when the element is not there.
 */
void wf_value_get(const struct wf_schema *schema, const void *payload, size_t index, size_t element,
                  struct wf_value *out);
/* The raw value it came from; the engineering one where they are the same. */
void wf_value_get_raw(const struct wf_schema *schema, const void *payload, size_t index,
                      size_t element, struct wf_value *out);
/* Elements the parameter has in this payload (1 for scalars). */
size_t wf_value_count(const struct wf_schema *schema, const void *payload, size_t index);

/*
 * Setting, in a payload that is to be encoded (wf_encode; never in one of a region). By
 * default the raw value is computed from the engineering one; wf_value_set_raw gives it
 * itself and marks the parameter's quality byte with WF_QUALITY_RAW_SET, which only the
 * encoder reads. Numbers are rounded and cut to the member; text is copied.
 *   WF_ERR_LIMIT     no such element, or the text is longer than size_max
 *   WF_ERR_INVALID   text for a number, a number for text
 */
#define WF_QUALITY_RAW_SET 0x80
int wf_value_set(const struct wf_schema *schema, void *payload, size_t index, size_t element,
                 const struct wf_value *value);
int wf_value_set_raw(const struct wf_schema *schema, void *payload, size_t index, size_t element,
                     const struct wf_value *value);

/* As double; NaN for NONE, TEXT, BYTES. (u64 beyond 2^53 rounds.) */
double wf_value_as_double(const struct wf_value *value);

/* Severity of the newest value against the schema's limits and states, instantaneous (0..5). */
uint8_t wf_value_severity(const struct wf_schema *schema, size_t index,
                          const struct wf_value *value);

/*
 * For people: the parameter's format or a sensible default, enumerations by
 * label. Without unit. `wf_value_exact` is for machines: shortest text that
 * reads back equal, enumerations as label (raw as number), NaN "NaN", "Inf".
 */
void wf_value_format(const struct wf_schema *schema, size_t index, const struct wf_value *value,
                     struct wf_strbuf *out);
void wf_value_exact(const struct wf_schema *schema, size_t index, const struct wf_value *value,
                    bool is_raw, struct wf_strbuf *out);

#endif /* WF_VALUE_H */
