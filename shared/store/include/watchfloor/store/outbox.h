/* SPDX-License-Identifier: MIT */
#ifndef WF_STORE_OUTBOX_H
#define WF_STORE_OUTBOX_H

/*
 * Outbox - what people are to be told and were told, in one SQLite file, <state>/notify/outbox.db: how
 * far each journal was read, every message with what became of it, and what is remembered of
 * each alarm. All of it changes together, in one transaction, so that after a kill nothing is
 * forgotten, and no more is told twice than what was on its way.
 *
 * A commit survives a kill. After a power cut the file is as it was some moments before, position and
 * messages alike, so that what is missing is made again from the journal, with the same ids.
 *
 * `deliveries` is a view for any tool. Strings are ended; NULL reads as "".
 *
 * Threads: one at a time for each handle. One writer for each file, by lease of its program.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>

struct wf_outbox_message {
    uint64_t number; /* 0: given by the put */
    const char *id, *route, *event, *alarm;
    const char *state; /* "waiting" ... */
    const char *why;   /* the last failure */
    const char *body;  /* JSON */
    uint8_t severity;
    uint32_t count, attempts, crashes;
    int64_t made_ns, not_before_ns;
    int64_t done_ns; /* WF_TIME_NONE: not done */
};

/* --- writing ------------------------------------------------------------------------------- */

struct wf_outbox;

struct wf_outbox_options {
    const char *folder; /* <state>/notify; made when missing */
    const char *instance;
    const char *group; /* that may read; NULL or "" = own */
};

/*
 * Opens or makes the file. A damaged one is set aside (renamed, never deleted) and *out_note says
 * so ("" otherwise).
 *   WF_ERR_NOSPACE WF_ERR_DENIED WF_ERR_VERSION
 */
int wf_outbox_open(const struct wf_outbox_options *options, struct wf_outbox **out_outbox,
                   char *out_note, size_t note_size, struct wf_err *err);
void wf_outbox_close(struct wf_outbox **outbox);

/*
 * Between begin and commit any number of puts; nothing of it is there without the commit. After a
 * failure: roll back, and put all of it again later.
 */
int wf_outbox_begin(struct wf_outbox *outbox, struct wf_err *err);
int wf_outbox_commit(struct wf_outbox *outbox, struct wf_err *err);
void wf_outbox_rollback(struct wf_outbox *outbox);

int wf_outbox_put(struct wf_outbox *outbox, struct wf_outbox_message *message, struct wf_err *err);
/* `json` NULL: forget it. */
int wf_outbox_put_track(struct wf_outbox *outbox, const char *key, const char *json,
                        struct wf_err *err);
/* The last entry of a journal that was looked at, and when it happened, to know the journal by. */
int wf_outbox_put_position(struct wf_outbox *outbox, const char *journal, uint64_t entry,
                           int64_t utc_ns, struct wf_err *err);

/* Another value than 0 from `each` stops and is returned. */
int wf_outbox_each_waiting(struct wf_outbox *outbox,
                           int (*each)(void *context, const struct wf_outbox_message *message),
                           void *context, struct wf_err *err);
int wf_outbox_each_track(struct wf_outbox *outbox, int (*each)(void *context, const char *json),
                         void *context, struct wf_err *err);
/* ABSENT: that journal was never looked at. */
int wf_outbox_position(struct wf_outbox *outbox, const char *journal, uint64_t *out_entry,
                       int64_t *out_utc_ns, struct wf_err *err);
/* Delete what was done before. Returns how many, or WF_ERR_*. */
int64_t wf_outbox_forget(struct wf_outbox *outbox, int64_t before_ns, struct wf_err *err);

/* --- reading ------------------------------------------------------------------------------- */

struct wf_outbox_reader;

/* ABSENT: nobody was ever notified here. */
int wf_outbox_read(const char *folder, struct wf_outbox_reader **out_reader, struct wf_err *err);
void wf_outbox_reader_close(struct wf_outbox_reader **reader);

struct wf_outbox_query {
    const char *route;      /* NULL: all */
    const char *state;      /* NULL: all */
    const char *alarm;      /* glob over names; NULL: all */
    int64_t from_ns, to_ns; /* made then; 0, 0: all times */
    bool is_newest_first;
    uint64_t limit; /* 0: all */
};
int wf_outbox_each(struct wf_outbox_reader *reader, const struct wf_outbox_query *query,
                   int (*each)(void *context, const struct wf_outbox_message *message),
                   void *context, struct wf_err *err);

#endif /* WF_STORE_OUTBOX_H */
