/* SPDX-License-Identifier: MIT */
#ifndef WFD_DECODER_INTERNAL_H
#define WFD_DECODER_INTERNAL_H

/*
 * The flat program that a schema becomes: one op per parameter in packet order,
 * then one per derived parameter.
 *
 * Most parameters of real packets are whole within one load of 8 bytes at a place
 * known beforehand. Such an op is a WINDOW: load, shift, mask, store. Everything
 * else (behind a field of varying size, conditional, spread over nine bytes, arrays,
 * text) goes through a cursor and the slow functions.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/decode/decoder.h>
#include <watchfloor/expr.h>
#include <watchfloor/schema.h>
#include <watchfloor/value.h>

#include "number.h"

enum wfd_op_form {
    WFD_OP_WINDOW, /* one number, in a window at a place known beforehand */
    WFD_OP_NUMBER, /* one number, anywhere */
    WFD_OP_ARRAY,
    WFD_OP_TEXT, /* string or bytes */
    WFD_OP_TIME,
};

/* What is done with the bits. The plain ones have cases of their own, the rest goes GENERAL. */
enum wfd_op_finish {
    WFD_FINISH_U8,
    WFD_FINISH_U16,
    WFD_FINISH_U32,
    WFD_FINISH_U64,
    WFD_FINISH_I8,
    WFD_FINISH_I16,
    WFD_FINISH_I32,
    WFD_FINISH_I64,
    WFD_FINISH_BOOL,
    WFD_FINISH_F32,
    WFD_FINISH_F64,
    WFD_FINISH_LINE_U, /* unsigned, engineering = c0 + c1 * raw */
    WFD_FINISH_LINE_I,
    WFD_FINISH_GENERAL,
};

/* What the fast way reads comes first: one cache line and a half. */
struct wfd_op {
    uint8_t form;   /* enum wfd_op_form */
    uint8_t finish; /* enum wfd_op_finish */
    bool is_swapped;
    bool has_checks;           /* range or enumeration */
    bool is_small_enumeration; /* no range, and all its labels are in `labels` */
    bool is_chosen;            /* its calibrator is: engineering values come at the end */
    uint8_t shift;             /* WINDOW: down to bit 0 */
    uint8_t sign_shift;        /* 64 - bits */
    uint32_t window_at;        /* WINDOW: byte of the load */
    uint32_t end_bytes;        /* WINDOW: the packet must be that long */
    uint32_t offset, raw_offset;
    uint64_t mask;
    double line[2];            /* LINE: c0, c1 */
    double valid_lo, valid_hi; /* engineering */
    uint64_t labels;           /* enumeration within 0..63: bit v = has a label */
    const struct wf_parameter *parameter;
    const struct wf_calibrator *calibrator;
    const struct wf_enumeration *enumeration;

    uint32_t bits;                /* of one element */
    bool is_start_known;          /* `start` holds; else the cursor and the parameter's skip */
    bool is_before_known;         /* where the previous one ended is known: `before` */
    uint64_t start;               /* bit */
    uint64_t before;              /* bit */
    struct wf_expr *present_when; /* or NULL */
};

struct wfd_derived {
    const struct wf_parameter *parameter;
    struct wf_expr *expression;
};

/* Everything about one packet while it is decoded. */
struct wfd_run {
    struct wf_decoder *decoder;
    const uint8_t *packet;
    size_t len;
    uint8_t *payload;
    uint64_t cursor; /* bit behind the last parameter; beyond the packet: nothing follows */
    uint64_t end;    /* furthest bit that was used */
    uint32_t flags;
    uint32_t invalid_count;
    bool is_first_missing;
};

struct wf_decoder {
    const struct wf_schema *schema;
    struct wfd_op *ops;
    size_t op_count;
    struct wfd_derived *derived;
    size_t derived_count;
    struct wf_expr *match;        /* or NULL */
    struct wf_expr **choice_when; /* of each of the schema's calibrators; NULL = always */
    size_t chosen_count;          /* ops that are chosen */

    uint64_t first_bit;  /* parameters begin there, when no P-field decides */
    uint64_t static_end; /* furthest bit of the WINDOWs and other known places */

    struct wf_expr_payload expr_payload; /* .payload is set for each packet */
    struct wf_expr_values derived_values;
    struct wf_expr_values structural_values; /* for present_when */
    struct wf_expr_payload raw_payload;
    struct wf_expr_values raw_values; /* for the choice of calibrators */
};

/* decoder_compile.c */
int wfd_decoder_compile(struct wf_decoder *decoder, struct wf_err *err);

/* decoder_finish.c: bits to engineering and raw value; returns enum wf_quality. */
uint8_t wfd_finish_general(const struct wfd_op *op, uint64_t bits, uint8_t *out, uint8_t *raw);
uint8_t wfd_check_number(const struct wfd_op *op, struct wfd_number raw, double engineering);
/* NaN, no time: what stands in a member that has no value. Zero elsewhere. */
void wfd_fill_absent(const struct wf_parameter *parameter, uint8_t *payload, size_t from);

/* decoder_slow.c: every form but WINDOW, and that too where speed does not matter. */
uint64_t wfd_start_of(const struct wfd_run *run, const struct wfd_op *op);
void wfd_run_slow(struct wfd_run *run, const struct wfd_op *op);
void wfd_mark(struct wfd_run *run, const struct wf_parameter *parameter, uint8_t quality);
/* The packet ended before it. */
void wfd_mark_short(struct wfd_run *run, const struct wfd_op *op);
/* Elements or bytes told by another parameter; false when that one is not there. */
bool wfd_read_count(const struct wfd_run *run, int from, int32_t add, uint64_t *out);

/* decoder_time.c: the packet's time; WF_TIME_NONE and false when there should be one and is not. */
bool wfd_time_of_fields(const struct wf_schema *schema, const uint8_t *payload,
                        int64_t *out_utc_ns);

/* decoder_choice.c: engineering values of what has more than one calibrator. */
void wfd_run_choices(struct wfd_run *run);

/* decoder_derived.c */
void wfd_run_derived(struct wfd_run *run, const struct wfd_derived *derived);

#endif /* WFD_DECODER_INTERNAL_H */
