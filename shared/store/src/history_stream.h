/* SPDX-License-Identifier: MIT */
#ifndef WFS_HISTORY_STREAM_H
#define WFS_HISTORY_STREAM_H

/*
 * Stream - the rows of one source from one schema version in one day file, in
 * order of time. A cursor merges streams; one is opened only when its first
 * row may be next, so that a year of files does not mean a year of open files.
 */

#include "history_private.h"

struct wfs_stream {
    size_t file;
    const struct wfs_plan *plan;
    char table[WFS_TABLE_SIZE];
    int64_t source_id, schema_id;
    int64_t id_from, id_to; /* all rows of the range lie there */
    bool is_ordered;        /* rows come in order of time by themselves */
    int64_t next_ns;        /* of the row that is next; before opening: no row is earlier */
    bool is_open;
    /* while open */
    sqlite3 *db;
    sqlite3_stmt *stmt;
    size_t *columns; /* of the plan, that were asked for */
    size_t column_count;
    uint8_t *payload;
    struct wf_history_row row;
};

/* What all streams of a cursor share. */
struct wfs_stream_query {
    struct wf_history *history;
    struct wf_range range;
    const char *const *parameters; /* NULL = all */
    size_t parameter_count;
    bool is_stamp_wanted;
};

/* Plan the streams of `source`.`subsystem` in one file, appended to *list. */
int wfs_stream_plan(const struct wfs_stream_query *query, size_t file, const char *source,
                    const char *subsystem, struct wfs_stream **list, size_t *count,
                    struct wf_err *err);
/* Open it and stand on the first row. ABSENT when there is none. */
int wfs_stream_open(struct wfs_stream *stream, const struct wfs_stream_query *query,
                    struct wf_err *err);
/* Step to the next row. ABSENT at the end. */
int wfs_stream_next(struct wfs_stream *stream, const struct wfs_stream_query *query,
                    struct wf_err *err);
/* Fill row and payload from the row it stands on. */
void wfs_stream_read(struct wfs_stream *stream, const struct wfs_stream_query *query);
void wfs_stream_close(struct wfs_stream *stream);

#endif /* WFS_HISTORY_STREAM_H */
