/* SPDX-License-Identifier: MIT */
#ifndef LOG_LINE_H
#define LOG_LINE_H

/*
 * Line - one region that is followed: how far it was read, and, for the
 * writer, whose samples in the queue are whose.
 *
 * Belongs to the drain thread, which frees a line when its region is gone and
 * none of its samples waits any more. The writer reads source and schema and
 * sets series, under the queue's lock.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/region.h>
#include <watchfloor/schema.h>
#include <watchfloor/store/writer.h>

struct log_thin;

struct log_line {
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    int64_t created_ns;
    struct wf_region *region; /* the watch's; NULL when it is gone */
    struct wf_cursor cursor;
    uint32_t slot_count;
    size_t payload_bytes;
    enum wf_gap_cause lost_cause; /* should the next sample have lost some before it */
    bool is_tail_unknown;
    uint64_t stop_at; /* read up to here before the end */
    unsigned looks_since_gone;
    struct log_line *next;

    /* the writer's */
    struct log_thin *thin;
    uint64_t thin_version; /* of the rules it was made by */

    _Atomic uint64_t queued; /* samples in the queue or in the writer's hand */
    /* under the queue's lock */
    const struct wf_schema *schema; /* the region's, or schema_kept */
    struct wf_schema *schema_kept;
    struct wf_series *series; /* the store's, once the writer has asked for it */
    bool is_complete;         /* read to its end, and its writer stopped in order */
};

/* Begin at `position` when it speaks of this very region, else at its first sample. */
struct log_line *log_line_create(struct wf_region *region, const struct wf_position *position);
void log_line_free(struct log_line *line);

/*
 * The region is about to be closed. Keep its schema when the writer may still
 * need it; queue's lock held.
 */
int log_line_keep_schema(struct log_line *line, struct wf_err *err);

/* Move a cursor that was lapped to the oldest samples that can still be read in peace. */
void log_line_catch_up(struct log_line *line, uint64_t head);

#endif /* LOG_LINE_H */
