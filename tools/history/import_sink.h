/* SPDX-License-Identifier: MIT */
#ifndef HISTORY_IMPORT_SINK_H
#define HISTORY_IMPORT_SINK_H

/*
 * What an import brings of one source's subsystem, batch by batch into the store.
 *
 * A row is left out when history has it. The n-th row of a time in the import is there already when
 * history has n rows of that source's subsystem at that time, whoever stored them. So an
 * import that was ended in the middle is simply begun again.
 */

#include "import_ranks.h"
#include "writing.h"

#define IMPORT_BATCH 1000

struct import_sink {
    struct history_writing *writing;
    struct import_ranks *ranks;
    char source[WF_NAME_SIZE];
    const struct wf_schema *schema;
    struct wf_series *series;
    int64_t at_ns; /* when the import began */
    bool is_dry;   /* only count */
    uint64_t next; /* number of the next row */

    struct import_row {
        struct wf_store_sample sample;
        uint32_t rank;  /* among rows of the same time in the import */
        uint32_t there; /* rows of that time in history */
    } * rows_held;      /* `capacity` of them, and as many payloads; made by the first row */
    uint8_t *payloads;
    size_t count, capacity;
    uint64_t rows, duplicates;
};

/* Allocates nothing; all of these are borrowed. */
void import_sink_init(struct import_sink *sink, struct history_writing *writing,
                      struct import_ranks *ranks, const char *source,
                      const struct wf_schema *schema, int64_t at_ns, bool is_dry);
/* A row: its stamp but for the number, times before it, and payload (copied) are taken. */
int import_sink_add(struct import_sink *sink, const struct wf_store_sample *sample,
                    struct wf_err *err);
/* What is left. */
int import_sink_flush(struct import_sink *sink, struct wf_err *err);
void import_sink_fini(struct import_sink *sink);

#endif /* HISTORY_IMPORT_SINK_H */
