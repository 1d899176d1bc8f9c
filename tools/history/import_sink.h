/* SPDX-License-Identifier: MIT */
#ifndef HISTORY_IMPORT_SINK_H
#define HISTORY_IMPORT_SINK_H

/*
 * What an import brings of one subsystem, in two passes: first the times of all rows, then the
 * rows in the same order.
 *
 * A row is left out when history has it. The n-th row of a time in the import is there already when
 * history has n rows of that source's subsystem at that time, whoever stored them. So an
 * import that was ended in the middle is simply begun again.
 */

#include "writing.h"

#define IMPORT_BATCH 1000

struct import_sink {
    struct history_writing *writing;
    const char *source;
    const struct wf_schema *schema;
    struct wf_series *series;
    uint64_t epoch; /* of this import: when it began */

    struct import_time {
        int64_t time_ns;
        uint32_t place, rank; /* in the import; among those of the same time */
    } * times;
    size_t time_count, time_capacity;
    size_t next; /* row of the second pass */

    struct wf_store_sample samples[IMPORT_BATCH];
    uint32_t ranks[IMPORT_BATCH];
    uint32_t there[IMPORT_BATCH]; /* rows of that time in history */
    uint8_t *payloads;
    size_t count;
    uint64_t rows, duplicates;
};

int import_sink_open(struct import_sink *sink, struct history_writing *writing, const char *source,
                     const struct wf_schema *schema, struct wf_err *err);
/* First pass: a row of that time. */
int import_sink_note(struct import_sink *sink, int64_t time_ns, struct wf_err *err);
/* Between the two. */
void import_sink_rank(struct import_sink *sink);
/* Second pass. The payload is copied. */
int import_sink_add(struct import_sink *sink, int64_t time_ns, uint64_t sequence,
                    const void *payload, struct wf_err *err);
/* What is left. */
int import_sink_flush(struct import_sink *sink, struct wf_err *err);
void import_sink_close(struct import_sink *sink);

#endif /* HISTORY_IMPORT_SINK_H */
