/* SPDX-License-Identifier: MIT */
#ifndef ALERT_COMMIT_H
#define ALERT_COMMIT_H

/*
 * Commit - the thread that owns the journal. A disk that is slow, full or hangs holds up this
 * thread and what waits for it, never the judging.
 *
 * Jobs are done in the order they were given. One that fails stays first in line and is tried
 * again, with the journal opened anew; what is done comes back through the loop.
 *
 * Threads: everything here belongs to the loop's, except the thread itself.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <watchfloor/paths.h>
#include <watchfloor/store/journal.h>

#include "book.h"

/* One entry with everything it points to. */
struct alert_entry {
    struct wf_journal_entry entry;
    struct alert_alarm *alarm; /* NULL: not about one */
    struct alert_stored stored;
    char name[WF_JOURNAL_ALARM_SIZE];
    char value_text[48];
    char config_hash[17];
    char *texts[4]; /* user, note, text, limits: malloc'd or NULL */
};

enum alert_job_kind {
    ALERT_JOB_OPENED, /* told once, when the journal is open and was read */
    ALERT_JOB_BATCH,
    ALERT_JOB_ATTACH,
    ALERT_JOB_FORGET,
    ALERT_JOB_SYNC, /* other options from now on */
};

struct alert_keep {
    const char *name; /* a constant */
    void *blob;
    size_t bytes;
};

/* Limits that a user changed; json NULL: taken back. */
struct alert_change {
    struct alert_change *next;
    struct alert_alarm *alarm;
    char *json;
    char user[ALERT_USER_SIZE], note[ALERT_NOTE_SIZE];
    int64_t utc_ns;
};

struct alert_waiting;

struct alert_job {
    enum alert_job_kind kind;
    struct alert_job *next;

    /* BATCH */
    struct alert_entry **entries;
    size_t count, room;
    struct alert_keep keeps[2];
    struct alert_change *changes;  /* a list */
    struct alert_waiting *waiting; /* the loop's own: calls to answer when it is done */

    /* ATTACH */
    char *json;
    size_t json_bytes;
    uint64_t seq;

    int64_t keep_ns; /* FORGET what is older */
    int64_t forgotten;
    int64_t sync_ns; /* SYNC */
    int64_t took_ns; /* how long it took, when it is done */
    int rc;          /* of what may fail for good (ATTACH, FORGET) */
};

struct alert_job *alert_job_new(enum alert_job_kind kind);
void alert_job_free(struct alert_job **job);
/* Adds to a BATCH; takes over the entry, also on failure. */
int alert_job_add(struct alert_job *job, struct alert_entry *entry);
void alert_entry_free(struct alert_entry **entry);

/* What was in the journal when it was opened: copies. */
struct alert_restored {
    struct wf_journal_alarm *alarms; /* strings and memories are malloc'd with them */
    size_t alarm_count;
    struct wf_journal_change *limits;
    size_t limit_count;
    void *positions, *memories; /* kept state, or NULL */
    size_t positions_bytes, memories_bytes;
    uint64_t last_seq, last_id;
    char note[256];  /* what was wrong with the file; "" */
    bool has_failed; /* out of memory on the way */
};
void alert_restored_fini(struct alert_restored *restored);

struct alert_commit;

struct alert_commit_options {
    char folder[WF_PATH_SIZE]; /* <state>/alarms */
    char monitor[WF_NAME_SIZE];
    char instance[32];
    char group[64];
    int64_t sync_ns; /* 0: every commit is synced; else this often */
};

/* How it is doing. */
struct alert_commit_figures {
    bool is_open, is_failing, has_tried;
    uint64_t errors;
    int64_t failing_since_ns; /* monotonic */
    char error[240];
};

/* `done` is called in the loop for every job, in order; it owns the job then. */
int alert_commit_start(uv_loop_t *loop, const struct alert_commit_options *options,
                       void (*done)(void *context, struct alert_job *job), void *context,
                       struct alert_commit **out_commit, struct wf_err *err);
/* Takes over the job. */
void alert_commit_push(struct alert_commit *commit, struct alert_job *job);
void alert_commit_figures(struct alert_commit *commit, struct alert_commit_figures *out);
/* Valid in `done` of the job OPENED. */
struct alert_restored *alert_commit_restored(struct alert_commit *commit);
/*
 * Finish what is there, waiting up to `patience_ms` for a disk that does not take it; returns how
 * many jobs were left. Calls `done` for those that were. Leaves NULL.
 */
size_t alert_commit_stop(struct alert_commit **commit, int64_t patience_ns);

#endif /* ALERT_COMMIT_H */
