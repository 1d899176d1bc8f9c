/* SPDX-License-Identifier: MIT */
#ifndef WF_STORE_HISTORY_H
#define WF_STORE_HISTORY_H

/*
 * History - the reading side: what was stored, across day files and schema
 * versions, in order of time, while the logger goes on writing.
 *
 * Memory does not grow with the range that is asked for, and nothing is locked between two
 * calls: a reader that sleeps keeps the logger from nothing. Files that come and go are noticed
 * by the next question. A row comes back as
 * the payload it was (as far as its parameters were asked for), so that
 * everything in <watchfloor/value.h> works on it.
 *
 * Threads: one at a time for each handle and its cursors.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/region.h>
#include <watchfloor/schema.h>
#include <watchfloor/store/gap.h>

struct wf_history;
struct wf_history_cursor;

/*
 * Open <folder> (that of the writer) for reading. Files are opened when needed.
 *   WF_ERR_ABSENT   there is no history there (yet)
 */
int wf_history_open(const char *folder, struct wf_history **out_history, struct wf_err *err);
void wf_history_close(struct wf_history **history);
/*
 * Files stay open between questions. Call this when there will be none for minutes, so that
 * the logger can seal a day that ends meanwhile. Cursors stay as they are.
 */
void wf_history_rest(struct wf_history *history);

struct wf_range {
    int64_t from_ns, to_ns; /* from <= time < to */
    bool is_by_received;    /* else by device time (receive time where there is none) */
};

/* One source's subsystem, as its newest schema within the range says. */
struct wf_history_entry {
    char source[WF_NAME_SIZE];
    const struct wf_schema *schema; /* borrowed from the history */
};
/*
 * What there is in `range`: sorted by source, then subsystem. The list belongs to the
 * history and holds until the next call of this function.
 */
int wf_history_list(struct wf_history *history, const struct wf_range *range,
                    const struct wf_history_entry **out_list, size_t *out_count,
                    struct wf_err *err);

/* Which part of history a cursor walks. */
struct wf_history_query {
    struct wf_range range;
    const char *source, *subsystem;
    const char *const *parameters; /* names; NULL = all of the schema */
    size_t parameter_count;
    bool is_stamp_wanted; /* else the stamp carries its times and number only */
    bool is_bare;         /* not even those: time and values, the fastest */
};

/*
 * One stored sample. `payload` has schema->payload_bytes of which only what was
 * asked for is filled, the rest reads as ABSENT. Borrowed until the next call.
 */
struct wf_history_row {
    int64_t time_ns; /* what the range goes by */
    const struct wf_schema *schema;
    const void *payload;
    struct wf_stamp stamp; /* received_mono_ns is 0: it means nothing after a reboot */
};

int wf_history_select(struct wf_history *history, const struct wf_history_query *query,
                      struct wf_history_cursor **out_cursor, struct wf_err *err);
/* 0 with a row, WF_ERR_ABSENT at the end, others when reading failed. Times ascend. */
int wf_history_next(struct wf_history_cursor *cursor, struct wf_history_row *out,
                    struct wf_err *err);
void wf_history_cursor_close(struct wf_history_cursor **cursor);
/* A cursor that gives the last row of the range, if there is any, and ends. */
int wf_history_last(struct wf_history *history, const struct wf_history_query *query,
                    struct wf_history_cursor **out_cursor, struct wf_err *err);

/*
 * Call `each` for every gap that overlaps `range`, in order of time within each file; another value
 * than 0 stops and is returned.
 */
int wf_history_gaps(struct wf_history *history, const struct wf_range *range,
                    int (*each)(void *context, const struct wf_gap *gap), void *context,
                    struct wf_err *err);

/* A file that was deleted to make room. */
struct wf_deleted {
    char tier[16]; /* "raw" "minute" "hour" */
    char file[32]; /* "2026-11-20.db" */
    char reason[64];
    int64_t from_ns, to_ns; /* what it was for: the day (of receipt), month or year */
    int64_t deleted_ns;
    uint64_t rows, bytes;
};
/* Call `each` for every deleted file whose time overlaps `range`; not 0 stops and is returned. */
int wf_history_deleted(struct wf_history *history, const struct wf_range *range,
                       int (*each)(void *context, const struct wf_deleted *deleted), void *context,
                       struct wf_err *err);

/*
 * Day files that could not be read so far (damaged, not permitted, of another release): every
 * answer lacks them. Returns what is wrong with number `index`, with its day, or NULL.
 */
const char *wf_history_trouble(const struct wf_history *history, size_t index, int64_t *out_day_ns);

/* Days there are files of, and the first and last day ("2026-11-20"), for telling people. */
size_t wf_history_days(const struct wf_history *history, char out_first[16], char out_last[16]);

#endif /* WF_STORE_HISTORY_H */
