/* SPDX-License-Identifier: MIT */
#ifndef DECODE_H
#define DECODE_H

/*
 * wf-decode - recorded packets to values, without a running system.
 *
 *   bytes -> framing -> dispatch by APID and match -> decoder -> rows of text
 *
 * Reading and the stages to a payload are shared with the import of recordings (tools/common:
 * recorded.h, intake.h). One thread; memory does not grow with the file.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <watchfloor/decode/reject.h>
#include <watchfloor/decode/sequence.h>
#include <watchfloor/schema.h>
#include <watchfloor/strbuf.h>

#include "intake.h"
#include "recorded.h"

#define DECODE_ROW_MAX (64u << 20)

/* --- schemas.c: what is to be decoded ------------------------------------------------------ */

struct decode_schemas {
    struct wf_schema **list;
    size_t count;
};

/*
 * Add the schema in file `path`, or all in folder `path`: NAME.ini in it and NAME/NAME.ini
 * below it. Schemas that no packet feeds are left out of a folder; a name that is there
 * already hides its namesake.
 *   WF_ERR_INVALID   problems were printed
 */
int decode_schemas_load(struct decode_schemas *schemas, const char *path, struct wf_err *err);
void decode_schemas_fini(struct decode_schemas *schemas);

/* --- rows.c: one payload to one line of text ----------------------------------------------- */

enum decode_format { DECODE_CSV, DECODE_JSON };

struct decode_style {
    enum decode_format format;
    bool is_raw;
    bool has_quality; /* one more column */
};

/* Texts of numbers that were shown before: the same value comes again and again. */
struct decode_memo;
struct decode_memo *decode_memo_create(void); /* NULL: out of memory */
void decode_memo_destroy(struct decode_memo **memo);

struct decode_row {
    const void *payload;
    int64_t device_ns;
    uint16_t sequence;
    uint32_t flags;
};

void decode_row_header(const struct wf_schema *schema, struct decode_style style,
                       struct wf_strbuf *out);
/* `is_first` of a file: JSON needs no comma before it. */
void decode_row_add(const struct wf_schema *schema, struct decode_style style,
                    const struct decode_row *row, bool is_first, struct decode_memo *memo,
                    struct wf_strbuf *out);
void decode_row_footer(struct decode_style style, bool is_empty, struct wf_strbuf *out);

/* --- session.c: the stages ------------------------------------------------------------------- */

/* One subsystem: where its rows go and what was noticed. */
struct decode_target {
    const struct wf_schema *schema;
    FILE *file; /* NULL until the first row, or left out */
    bool is_left_out;
    struct wf_strbuf text; /* rows not yet written */
    uint64_t rows, short_packets, long_packets, bad_times, rows_with_invalid, failed;
    uint64_t not_written; /* rows of a subsystem that was left out */
};

struct decode_options {
    struct decode_style style;
    const char *stages; /* framing */
    const char *out;    /* folder; NULL: the first subsystem goes to stdout */
    int apid;           /* only this one; -1 = all */
};

struct decode_session {
    struct decode_options options;
    struct decode_target *targets;
    size_t target_count;
    struct intake *intake;
    struct decode_memo *memo;
    struct wf_sequence *sequences; /* by APID */
    uint64_t *undefined;           /* packets by APID that nobody defines */
    uint64_t packets, idle;
    struct recorded_counts read;
    uint64_t rejected[WF_REJECT_COUNT];
    int shown;         /* index of the target on stdout; -1 = none yet */
    struct wf_err err; /* rc < 0: writing failed, stop */
};

int decode_session_init(struct decode_session *session, const struct decode_schemas *schemas,
                        const struct decode_options *options, struct wf_err *err);
/* One file ("-" = standard input) through the stages. */
int decode_session_run(struct decode_session *session, const char *path, struct wf_err *err);
/* Write what is left and close the files. */
int decode_session_end(struct decode_session *session, struct wf_err *err);
void decode_session_fini(struct decode_session *session);

/* --- report.c ---------------------------------------------------------------------------------- */

/* The counts to stderr. True when all was defined, whole and written. */
bool decode_report(const struct decode_session *session);

#endif /* DECODE_H */
