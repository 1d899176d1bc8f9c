/* SPDX-License-Identifier: MIT */
#ifndef WFS_HISTORY_STREAM_H
#define WFS_HISTORY_STREAM_H

/*
 * Stream - rows of one source from one schema version in one day file, in order of
 * time: those of a run of blocks that ascend in time together, or of some blocks
 * that do not. A cursor merges streams; one is opened only when its first row
 * may be next, so that a year of files does not mean a year of open files.
 *
 * Rows are read some hundred at a time, and between two such batches nothing of
 * the file is locked: a reader that sleeps, or whose own reader does, keeps the
 * logger from nothing. Rows that do not ascend by themselves are sorted into a
 * temporary table of the reader's own first.
 */

#include "history_private.h"

/* Bytes of payloads in a batch, about; and rows. */
#define WFS_BATCH_BYTES (512u << 10)
#define WFS_BATCH_ROWS  1024

/* Columns of the SELECT: these, the stamp's as far as it is wanted, the parameters. */
enum { WFS_READ_ID, WFS_READ_TIME, WFS_READ_QUALITY, WFS_READ_STAMP };
enum {
    WFS_READ_STAMP_DEVICE,
    WFS_READ_STAMP_RECEIVED,
    WFS_READ_STAMP_NUMBER,
    WFS_READ_STAMP_TIMES, /* how many without what follows */
    WFS_READ_STAMP_EPOCH = WFS_READ_STAMP_TIMES,
    WFS_READ_STAMP_ORDER,
    WFS_READ_STAMP_PACKET,
    WFS_READ_STAMP_SEQUENCE,
    WFS_READ_STAMP_FLAGS,
    WFS_READ_STAMP_LOST,
    WFS_READ_STAMP_COUNT
};

struct wfs_batch_row {
    int64_t time_ns;
    struct wf_stamp stamp;
};

struct wfs_stream {
    int64_t key, day_ns; /* of its file, and the midnight that its times are told from */
    const struct wfs_plan *plan;
    char table[WFS_TABLE_SIZE];
    int64_t source_id, schema_id;
    int64_t id_from, id_to;      /* a run of blocks: its rows lie there */
    int64_t first_to, last_from; /* last place of its first block, first one of its last */
    size_t blocks;
    bool is_ordered;     /* rows come in order of time by themselves */
    bool is_only_source; /* no other source has rows in the table */
    bool is_compact;     /* the table keeps times as differences */
    int64_t next_ns;     /* of the row that is next; before opening: no row is earlier */
    int64_t last_ns;     /* no row is later */
    bool is_open;
    /* while open */
    struct wfs_open_file *file;
    sqlite3_stmt *stmt;
    char sorted[32]; /* name of the temporary table; "" = read from the file itself */
    size_t *columns; /* of the plan, that were asked for */
    size_t column_count;
    size_t first_count;   /* of these, in the table's first part */
    sqlite3_stmt **parts; /* for the other parts, a row by its key; NULL where nothing is asked */
    int64_t resume_id;    /* behind the last row that was read */
    bool is_at_end;
    /* the batch */
    struct wfs_batch_row *rows;
    uint8_t *payloads;
    size_t capacity;     /* rows at most */
    size_t wanted, made; /* rows to read next time; rows there is room for */
    size_t at, count;
};

/* What all streams of a cursor share. */
struct wfs_stream_query {
    struct wf_history *history;
    struct wf_range range;
    const char *const *parameters; /* NULL = all */
    size_t parameter_count;
    bool is_stamp_wanted, is_bare;
};

/* Times as they are stored, put together here: what SQLite would compute costs more. */
static inline bool wfs_stream_is_short(const struct wfs_stream *stream,
                                       const struct wfs_stream_query *query)
{
    return stream->is_compact && query->is_bare && !query->range.is_by_received;
}

/* Plan the streams of `source`.`subsystem` in file `index`, appended to *list. */
int wfs_stream_plan(const struct wfs_stream_query *query, size_t index, const char *source,
                    const char *subsystem, struct wfs_stream **list, size_t *count,
                    struct wf_err *err);
/* Open it and stand on the first row. ABSENT when there is none. */
int wfs_stream_open(struct wfs_stream *stream, const struct wfs_stream_query *query,
                    struct wf_err *err);
/* Open it and stand on its last row; there is no next one. ABSENT when there is none. */
int wfs_stream_open_last(struct wfs_stream *stream, const struct wfs_stream_query *query,
                         struct wf_err *err);
/* Read the next batch; wfs_stream_next does when it must. ABSENT at the end. */
int wfs_stream_fill(struct wfs_stream *stream, const struct wfs_stream_query *query,
                    struct wf_err *err);
void wfs_stream_close(struct wfs_stream *stream, struct wf_history *history);

/* Step to the next row. ABSENT at the end. */
static inline int wfs_stream_next(struct wfs_stream *stream, const struct wfs_stream_query *query,
                                  struct wf_err *err)
{
    if (++stream->at < stream->count) {
        stream->next_ns = stream->rows[stream->at].time_ns;
        return 0;
    }
    return wfs_stream_fill(stream, query, err);
}

#endif /* WFS_HISTORY_STREAM_H */
