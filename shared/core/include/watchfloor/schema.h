/* SPDX-License-Identifier: MIT */
#ifndef WF_SCHEMA_H
#define WF_SCHEMA_H

/*
 * Schema - the one definition of a subsystem type: how its packets decode, the
 * C struct that a sample is, names, units, limits, guidance.
 *
 * Written as INI (the language: plugins/README.md), read into the open structs
 * below, which everybody may read and only the schema functions change. The
 * canonical text of a schema travels inside every region and every history
 * file, so that a reader needs nothing else.
 *
 * Ownership: a struct wf_schema owns everything it points to; all strings are
 * ended, never NULL ("" when not given). It does not change after loading, so
 * any thread may read it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/names.h>
#include <watchfloor/problems.h>
#include <watchfloor/strbuf.h>

/* Ceilings, checked at load; a file beyond them is refused by name of the limit. */
#define WF_SCHEMA_PARAMETERS_MAX 4096
#define WF_SCHEMA_PAYLOAD_MAX    (1u << 20)
#define WF_SCHEMA_TEXT_MAX       (4u << 20)
#define WF_SCHEMA_APIDS_MAX      32
#define WF_SCHEMA_CHOICES_MAX    32 /* calibrators of one parameter */
#define WF_NO_INDEX              (-1)

/* What the bits in the packet are. */
enum wf_type {
    WF_TYPE_UINT,
    WF_TYPE_INT,
    WF_TYPE_FLOAT,
    WF_TYPE_BOOL,
    WF_TYPE_STRING,
    WF_TYPE_BYTES,
    WF_TYPE_TIME,
};

enum wf_encoding {
    WF_ENCODING_PLAIN, /* unsigned; two's complement; IEEE 754 */
    WF_ENCODING_SIGN_MAGNITUDE,
    WF_ENCODING_ONES_COMPLEMENT,
    WF_ENCODING_BCD,      /* packed, most significant digit first */
    WF_ENCODING_MIL1750A, /* float of 32 or 48 bits */
};

enum wf_byte_order { WF_BIG_ENDIAN, WF_LITTLE_ENDIAN };

/* What the value is in `struct <name>_info`. */
enum wf_storage {
    WF_STORE_U8,
    WF_STORE_U16,
    WF_STORE_U32,
    WF_STORE_U64,
    WF_STORE_I8,
    WF_STORE_I16,
    WF_STORE_I32,
    WF_STORE_I64,
    WF_STORE_F32,
    WF_STORE_F64,
    WF_STORE_BOOL,  /* uint8_t, 0 or 1 */
    WF_STORE_CHARS, /* char[size_max + 1], ended, UTF-8 not promised */
    WF_STORE_BYTES, /* uint8_t[size_max] */
    WF_STORE_TIME,  /* int64_t, UTC ns; WF_TIME_NONE */
};

/* How the size of a string or byte array is known. */
enum wf_sizing {
    WF_SIZE_FIXED,      /* size_max bytes */
    WF_SIZE_FIELD,      /* bytes in parameter size_from (+ size_add) */
    WF_SIZE_PREFIX,     /* a leading length of prefix_bits, big-endian or as byte_order */
    WF_SIZE_TERMINATED, /* up to and with the byte `terminator` */
    WF_SIZE_REST,       /* to the end of the packet */
};

enum wf_calibrator_kind { WF_CALIBRATOR_POLYNOMIAL, WF_CALIBRATOR_TABLE };

/* raw -> engineering. XTCE polynomial and spline (order 0, 1, 2, 3) calibrators. */
struct wf_calibrator {
    char name[WF_NAME_SIZE];
    enum wf_calibrator_kind kind;
    size_t count;
    double *x;        /* table: raw, ascending; polynomial: NULL */
    double *y;        /* table: engineering; polynomial: c0, c1, ... */
    int order;        /* table: 0 step, 1 linear, 2, 3 as in XTCE */
    bool extrapolate; /* table: outside the ends; otherwise INVALID */
    char *when; /* expression over raw values of the packet: applies while TRUE; "" = always */
};

struct wf_enumeration_entry {
    int64_t low, high; /* inclusive; usually equal */
    char *label;       /* the mission's spelling */
};
struct wf_enumeration {
    char name[WF_NAME_SIZE];
    struct wf_enumeration_entry *entries; /* sorted by low, not overlapping */
    size_t count;
};

enum wf_limit { WF_LOLO, WF_LO, WF_HI, WF_HIHI, WF_LIMIT_COUNT };
#define WF_SEVERITY_NORMAL   0
#define WF_SEVERITY_WATCH    1
#define WF_SEVERITY_WARNING  2
#define WF_SEVERITY_DISTRESS 3
#define WF_SEVERITY_CRITICAL 4
#define WF_SEVERITY_SEVERE   5

/* When to raise or clear: N of M samples, or a duration (then n = m = 0). */
struct wf_persistence {
    uint16_t n, m;
    int64_t for_ns;
};

struct wf_state_severity {
    int64_t value; /* of the enumeration, or 0/1 of a bool */
    uint8_t severity;
};

/* Everything an alarm on one parameter needs (ALARMS: ISA-18.2 terms). */
struct wf_limits {
    uint8_t present;                  /* bit 1 << WF_LOLO ... : which are set */
    double value[WF_LIMIT_COUNT];     /* engineering units */
    uint8_t severity[WF_LIMIT_COUNT]; /* default 4 2 2 4 */
    bool is_exclusive;                /* v > hi instead of v >= hi */
    double hysteresis;                /* absolute, or percent of the span */
    bool is_hysteresis_percent;
    double rate_lo, rate_hi; /* units per second; NAN = none */
    int64_t rate_window_ns;  /* default 10 s */
    uint16_t rate_samples;   /* at least that many; default 3 */
    uint8_t rate_severity;   /* default 2 */
    struct wf_state_severity *states;
    size_t state_count;
    struct wf_persistence raise; /* default 1 of 1 */
    struct wf_persistence clear; /* default 3 of 3 */
    bool is_latched;
    uint8_t stale_severity;   /* 0 = staleness raises no alarm; default 2 */
    uint8_t invalid_severity; /* default 2 */
    bool is_counter;          /* wraps at its width: rates go across */
};

/* Where one packed part of a packet lies. */
struct wf_place {
    bool is_absolute; /* bit counts from the start of the packet */
    bool is_from_end; /* bit counts back from the end of the packet */
    uint32_t bit;     /* position of these two; else unused: follows the previous one */
    uint32_t skip;    /* bits left out before it */
};

enum wf_time_code { WF_TIME_CODE_NONE, WF_TIME_CODE_CUC, WF_TIME_CODE_CDS, WF_TIME_CODE_FIELDS };
enum wf_epoch_scale { WF_SCALE_UTC, WF_SCALE_TAI, WF_SCALE_GPS };

/* A CCSDS 301.0-B time code, or a sum of fields. */
struct wf_time_format {
    enum wf_time_code code;
    bool has_p_field;          /* the packet carries its own description */
    uint8_t coarse_bytes;      /* CUC 1..7; CDS day 2 or 3 */
    uint8_t fine_bytes;        /* CUC 0..10; CDS submillisecond 0, 2 (us) or 4 (ps) */
    int64_t epoch_ns;          /* as if it were a UTC count; see scale */
    enum wf_epoch_scale scale; /* leap seconds are taken out for TAI and GPS */
    struct wf_time_field {     /* FIELDS: sum of value * unit_s */
        int parameter;
        double unit_s; /* for exactness numerator_ns / denominator are used */
        int64_t numerator_ns, denominator;
    } fields[4];
    size_t field_count;
};

struct wf_parameter {
    char name[WF_NAME_SIZE];
    char *alias; /* the mission's spelling where it differs */
    char *title, *description, *unit, *format, *guidance;
    char *group; /* heading on screens; "" = none */

    bool is_derived;  /* computed from `expression`, not in the packet */
    char *expression; /* "" unless derived */

    enum wf_type type;
    enum wf_encoding encoding;
    enum wf_byte_order byte_order;
    uint32_t bits; /* of one element; 0 for strings and bytes */
    struct wf_place place;
    char *present_when; /* expression over earlier parameters; "" = always */

    uint32_t count_max; /* elements; 1 = not an array */
    int count_from;     /* parameter that gives the count (+ count_add), or WF_NO_INDEX */
    int32_t count_add;
    bool is_count_rest;    /* as many as fit to the end of the packet */
    enum wf_sizing sizing; /* strings and bytes */
    uint32_t size_max;
    int size_from;
    int32_t size_add;
    uint8_t prefix_bits;
    uint8_t terminator;
    struct wf_time_format time; /* type TIME */

    int calibrator; /* index, or WF_NO_INDEX: engineering equals raw */
    int *choices;   /* calibrators tried before it: the first whose `when` is TRUE */
    size_t choice_count;
    int enumeration;           /* index, or WF_NO_INDEX */
    double valid_lo, valid_hi; /* engineering outside is INVALID; -inf/inf = no bound */

    struct wf_limits limits;
    char *enabled_when;  /* alarm suppression by design; "" = always */
    char *suppressed_by; /* name of a parent alarm, perhaps with its kind; "" */

    /* Layout, set when loaded. */
    enum wf_storage storage;
    uint32_t offset;         /* in the payload = in the C struct */
    uint32_t count_offset;   /* uint32_t number of elements or bytes, behind them; 0 = fixed */
    uint32_t raw_offset;     /* 8 bytes an element; 0 when raw equals engineering */
    uint32_t quality_offset; /* one byte */
    uint32_t choice_offset;  /* one byte: 0 = `calibrator`, n = choices[n - 1]; 0 = no choices */
};

/* Other limits while a condition holds; the first that is TRUE wins. */
struct wf_context {
    char name[WF_NAME_SIZE];
    char *when;
    struct wf_context_limit {
        int parameter;
        uint8_t present;
        double value[WF_LIMIT_COUNT];
    } * limits;
    size_t limit_count;
};

enum wf_unknown_rule { WF_UNKNOWN_HOLD, WF_UNKNOWN_RAISE, WF_UNKNOWN_CLEAR };

/* An alarm by rule. */
struct wf_condition {
    char name[WF_NAME_SIZE];
    char *when, *title, *guidance, *enabled_when, *suppressed_by;
    uint8_t severity;
    enum wf_unknown_rule unknown;
    struct wf_persistence raise, clear;
    bool is_latched;
};

enum wf_region_kind { WF_KIND_SAMPLES, WF_KIND_TABLE };

struct wf_schema {
    char name[WF_NAME_SIZE];
    char *title, *description, *version;
    enum wf_region_kind kind;
    int key;          /* TABLE: the string parameter that is the key */
    uint32_t row_max; /* TABLE: rows; default 256 */

    uint16_t apids[WF_SCHEMA_APIDS_MAX];
    size_t apid_count; /* 0: not fed by packets */
    char *match;       /* further selection, over raw values; "" */
    enum wf_byte_order byte_order;
    struct wf_time_format time;
    bool is_segmented;   /* reassemble by sequence flags */
    bool is_uncounted;   /* its sequence count says nothing: never missing, never repeated */
    bool is_unrecorded;  /* history leaves it out */
    uint32_t packet_max; /* bytes; default 65542 */

    int64_t period_ns;      /* nominal; 0 = irregular, never stale */
    int64_t stale_after_ns; /* default 3 x period; 0 = never */
    uint8_t gap_severity;   /* of missing packets; 0 = raises no alarm; default 1 */
    char *suppressed_by;    /* parent of its STALE and GAP alarms; "" */
    uint32_t ring;          /* samples wanted; 0 = by period (see region) */

    struct wf_parameter *parameters; /* in packet order, then derived */
    size_t parameter_count;
    struct wf_calibrator *calibrators;
    size_t calibrator_count;
    struct wf_enumeration *enumerations;
    size_t enumeration_count;
    struct wf_context *contexts;
    size_t context_count;
    struct wf_condition *conditions;
    size_t condition_count;

    /* Layout of a payload: the C struct, then raw words, then quality bytes. */
    uint32_t struct_bytes; /* sizeof(struct <name>_info) */
    uint32_t raw_offset, raw_bytes;
    uint32_t quality_offset; /* one byte a parameter, then one for each that has choices */
    uint32_t payload_bytes;  /* multiple of 8 */
    uint64_t layout_hash;    /* names, types, offsets: what a C struct depends on */
    uint64_t schema_hash;    /* the whole canonical text */

    struct wfi_schema_own *own; /* memory and name index; the schema functions' own */
};

/*
 * Load `path` (problems get file:line). Returns 0 with *out_schema owned by the
 * caller, or WF_ERR_INVALID when any problem was added, or what reading gave.
 */
int wf_schema_load(const char *path, struct wf_schema **out_schema, struct wf_problems *problems,
                   struct wf_err *err);
/* The same from memory: canonical text of a region, a generated schema. Hostile text is safe. */
int wf_schema_parse(const char *file, const char *text, size_t len, struct wf_schema **out_schema,
                    struct wf_problems *problems, struct wf_err *err);
/* Append the canonical text; parsing it gives an equal schema with equal hashes. */
void wf_schema_write(const struct wf_schema *schema, struct wf_strbuf *out);
void wf_schema_free(struct wf_schema **schema);

/* Index of a parameter by name or alias (without case), or WF_NO_INDEX. */
int wf_schema_find(const struct wf_schema *schema, const char *name);

/* "uint16_t", "char" ... of one element; and its size and alignment in bytes. */
const char *wf_storage_c_name(enum wf_storage storage);
uint32_t wf_storage_bytes(enum wf_storage storage);

/* The calibrator that gave the engineering value in `payload`; NULL where raw is engineering. */
const struct wf_calibrator *wf_calibrator_in_force(const struct wf_schema *schema,
                                                   const void *payload, size_t index);
/* Raw to engineering; false when a table does not cover it (out untouched). */
bool wf_calibrate(const struct wf_calibrator *calibrator, double raw, double *out);
/* The raw value whose engineering value is nearest `y`; false when it cannot be inverted. */
bool wf_calibrate_inverse(const struct wf_calibrator *calibrator, double y, double *out);
/* Label of a value, or NULL. And back, by label without case: false when unknown. */
const char *wf_enumeration_label(const struct wf_enumeration *enumeration, int64_t value);
bool wf_enumeration_value(const struct wf_enumeration *enumeration, const char *label,
                          int64_t *out);

/* Severity 0..5 of `value` against `limits`, instantaneous; *out_limit is the limit crossed or -1. */
uint8_t wf_limits_check(const struct wf_limits *limits, double value, int *out_limit);

#endif /* WF_SCHEMA_H */
