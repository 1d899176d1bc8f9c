/* SPDX-License-Identifier: MIT */
#ifndef WF_STORE_PACKET_LOG_H
#define WF_STORE_PACKET_LOG_H

/*
 * Packet log - every packet as it was received, in SQLite files of a UTC day each,
 * <history>/packets/YYYY-MM-DD.db, with what became of it; what is missing is a row of gaps.
 *
 * The recorder writes it from the stream of <watchfloor/packets.h>; a sample's epoch and packet
 * number (struct wf_stamp) lead to the bytes it came from. Tables and views: shared/store/README.md.
 *
 *     packets found by the receiver = rows (without segments) + lost in gaps
 *
 * Threads: one at a time for each handle. One writer for each folder, by lease of its program.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/packets.h>

/* Where the stream goes on: the record number `skip` of those that begin in block `block`. */
struct wf_packet_position {
    int64_t region_created_ns; /* 0: nothing was read yet */
    uint64_t block, skip;
    uint64_t epoch;       /* of the receiver's life the last packet belongs to */
    uint64_t next_number; /* of the packet wanted next in it */
};

enum wf_packet_gap_cause {
    WF_PACKET_GAP_RING_OVERRUN,  /* the recorder was slower than the ring is long */
    WF_PACKET_GAP_RECORDER_DOWN, /* it was not running */
    WF_PACKET_GAP_RECEIVER_KILLED,
    WF_PACKET_GAP_STORE_FAILED, /* the disk did not take them in time */
    WF_PACKET_GAP_CAUSE_COUNT
};
const char *wf_packet_gap_cause_name(enum wf_packet_gap_cause cause);

/* What is stored in one step, in the order of the stream: a packet, or a hole. */
struct wf_packet_entry {
    bool is_gap;
    uint64_t epoch;
    struct wf_packet packet;            /* its texts and bytes borrowed during the call */
    enum wf_packet_gap_cause cause;     /* gap */
    uint64_t first_number, last_number; /* gap, inclusive */
    struct wf_packet_position after;    /* the stream goes on there */
};

/* --- writing --------------------------------------------------------------------------------- */

struct wf_packet_log;

struct wf_packet_log_options {
    const char *folder;   /* <state>/history; made when missing */
    const char *instance; /* written into the files */
    const char *group;    /* that may read; NULL or "" = own */
    /* Names of the reasons of rejection by code, for the view; NULL where there is none. */
    const char *(*reason)(unsigned code);
    void (*notice)(void *context, const char *text); /* what a person should know; may be NULL */
    void *notice_context;
};

int wf_packet_log_create(const struct wf_packet_log_options *options,
                         struct wf_packet_log **out_log, struct wf_err *err);
void wf_packet_log_destroy(struct wf_packet_log **log);

/*
 * How many bytes of changes there may be beside a file while somebody holds a snapshot of it: then
 * packets go on in another part of the day, 2026-11-20.2.db. 0: 128 MiB. May change at any time.
 */
void wf_packet_log_limit(struct wf_packet_log *log, uint64_t bytes);

/* How far earlier lives came. Must have succeeded once before anything is written. */
int wf_packet_log_recover(struct wf_packet_log *log, struct wf_packet_position *out,
                          struct wf_err *err);

/*
 * Store entries in order, each with its position: a transaction for each run of one day. Returns how
 * many are committed (all of them, or the rest failed: call again with it, and perhaps more behind
 * it), or WF_ERR_* when none is.
 *   WF_ERR_NOSPACE WF_ERR_DENIED WF_ERR_BUSY   try again
 *   WF_ERR_CORRUPT   the file is set aside by the next call
 */
int64_t wf_packet_log_write(struct wf_packet_log *log, const struct wf_packet_entry *entries,
                            size_t count, bool is_synced, struct wf_err *err);

/* Make what was committed survive a power cut; nothing to do after a synced write. */
int wf_packet_log_sync(struct wf_packet_log *log, struct wf_err *err);
/* Checkpoint when due. Call about once a second, with nothing urgent waiting. */
int wf_packet_log_tidy(struct wf_packet_log *log, struct wf_err *err);
/*
 * Delete the oldest days: those that ended longer than `keep_ns` ago (0 = none), and what is beyond
 * `bytes` in all (0 = no limit), where as much is kept free as came since the last call; never the day
 * that is written. Files that were set aside count and go like others. Each is told to `notice`. A clock
 * that leapt ahead is believed when there are files of three days behind the leap. Returns how many went.
 */
int wf_packet_log_retain(struct wf_packet_log *log, int64_t keep_ns, uint64_t bytes, int64_t now_ns,
                         struct wf_err *err);

struct wf_packet_log_figures {
    uint64_t rows, bytes, lost, gaps, commits, errors, files_deleted;
    uint64_t file_bytes; /* of the file that is written */
};
void wf_packet_log_figures(const struct wf_packet_log *log, struct wf_packet_log_figures *out);

/* --- reading --------------------------------------------------------------------------------- */

struct wf_packet_archive;
/* ABSENT: nothing was recorded there. */
int wf_packet_archive_open(const char *folder, struct wf_packet_archive **out_archive,
                           struct wf_err *err);
void wf_packet_archive_close(struct wf_packet_archive **archive);

/* One packet of the archive; borrowed during the call that gives it. */
struct wf_packet_row {
    uint64_t epoch;
    struct wf_packet packet;
    const char *outcome; /* "published", "unknown_apid" ... */
};

struct wf_packet_query {
    int64_t from_ns, to_ns;                              /* received: from <= t < to */
    const char *listener, *source, *subsystem, *outcome; /* globs; NULL = any */
    int apid;                                            /* -1 = any */
    bool is_rejected_only;
    uint64_t limit; /* 0 = all */
};
/* In order of receipt within each day. Another value than 0 from `each` stops and is returned. */
int wf_packet_archive_each(struct wf_packet_archive *archive, const struct wf_packet_query *query,
                           int (*each)(void *context, const struct wf_packet_row *row),
                           void *context, struct wf_err *err);
/*
 * Samples that were imported from the archive have an epoch of their own, their packets' with this bit:
 * their order is not that of the samples that were published in it.
 */
#define WF_PACKET_EPOCH_IMPORTED (UINT64_C(1) << 63)
/* The epoch of the packet a sample with this epoch came from. */
static inline uint64_t wf_packet_epoch(uint64_t epoch)
{
    return epoch & ~WF_PACKET_EPOCH_IMPORTED;
}

/*
 * The packets with this number (several when they are segments: the last one completed it), received
 * at about `received_ns`. Returns how many there were, or WF_ERR_*.
 */
int wf_packet_archive_find(struct wf_packet_archive *archive, uint64_t epoch, uint64_t number,
                           int64_t received_ns,
                           int (*each)(void *context, const struct wf_packet_row *row),
                           void *context, struct wf_err *err);

struct wf_packet_gap {
    uint64_t epoch, first_number, last_number;
    const char *cause;
    int64_t from_ns, to_ns; /* receive times before and behind it; WF_TIME_NONE */
};
int wf_packet_archive_gaps(struct wf_packet_archive *archive, int64_t from_ns, int64_t to_ns,
                           int (*each)(void *context, const struct wf_packet_gap *gap),
                           void *context, struct wf_err *err);
/* A day file that could not be read so far, or NULL. */
const char *wf_packet_archive_trouble(const struct wf_packet_archive *archive, size_t index);

#endif /* WF_STORE_PACKET_LOG_H */
