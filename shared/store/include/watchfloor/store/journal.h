/* SPDX-License-Identifier: MIT */
#ifndef WF_STORE_JOURNAL_H
#define WF_STORE_JOURNAL_H

/*
 * Journal - what one alarm monitor did and was told, in one SQLite file,
 * <state>/alarms/<monitor>.db. Every entry is committed before anybody is shown or told of it.
 *
 * An entry is a transition of an alarm, or something else worth remembering (start, stop, reload,
 * limits changed, a delivery that failed). `id` counts all entries without holes; `seq` counts
 * transitions only, as the engine does. With each transition goes the alarm's whole memory, so that
 * the newest one of each alarm is what a restart needs.
 *
 * Plain tables and views for any tool: transitions, entries, alarms, limits, samples (shared/store
 * README). Strings are ended; NULL reads as "". NaN is stored as NULL and comes back as NaN.
 * Alarm names compare without case.
 *
 * Threads: one at a time for each handle. One writer for each file, by lease of its program; it owns
 * the only connection that writes and checkpoints.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/names.h>

#define WF_JOURNAL_ALARM_SIZE (WF_FULL_NAME_SIZE + 16)

enum wf_journal_kind {
    WF_JOURNAL_TRANSITION, /* an alarm changed its state or a mark */
    WF_JOURNAL_STARTED,    /* the monitor; text: version, restored how many */
    WF_JOURNAL_STOPPED,
    WF_JOURNAL_RELOADED, /* configuration; text: what changed */
    WF_JOURNAL_LIMITS,   /* limits changed or taken back by a user; text: JSON old, new */
    WF_JOURNAL_DELIVERY, /* a notification could not be delivered; text: route, why */
    WF_JOURNAL_TROUBLE,  /* a plugin failed, a region was lost ...; text: what */
    WF_JOURNAL_LATE,     /* a value that came too late to be judged violates; text: what, when */
    WF_JOURNAL_KIND_COUNT
};
const char *wf_journal_kind_name(enum wf_journal_kind kind); /* "transition" ... */

/* One entry. Borrowed strings: when writing during the call, when reading until the next. */
struct wf_journal_entry {
    uint64_t id; /* given by the journal */
    enum wf_journal_kind kind;
    int64_t utc_ns, mono_ns; /* when it happened; mono means this boot */
    int64_t device_ns;       /* of the sample; WF_TIME_NONE */
    const char *alarm;       /* "sat1.power.bus_voltage LIMIT"; "" = none */
    const char *user, *note, *text;
    const char *config_hash; /* of what was in force, 16 hex digits */

    /* TRANSITION */
    uint64_t seq;                  /* the engine's */
    const char *event, *from, *to; /* names of <watchfloor/alarm/machine.h>; event "MARK" */
    uint8_t marks_before, marks;
    uint8_t severity_before, severity, highest;
    const char *level;                    /* "hihi", "lo", "" */
    double value, limit;                  /* NaN: none */
    const char *value_text;               /* for people, with unit */
    const char *limits;                   /* in force, JSON */
    int64_t shelved_until_ns;             /* WF_TIME_NONE */
    uint64_t sample_epoch, sample_number; /* the sample that did it; 0, 0: none */
    bool is_announced;                    /* people are to be told */
    const void *memory;                   /* struct wf_alarm_memory of the alarm, after */
    size_t memory_bytes;
};

/* --- writing ------------------------------------------------------------------------------- */

struct wf_journal;

struct wf_journal_options {
    const char *folder;   /* <state>/alarms; made when missing */
    const char *monitor;  /* "main" */
    const char *instance; /* written into the file */
    const char *group;    /* that may read; NULL or "" = own */
    bool is_synced;       /* each commit survives a power cut (default of wf-alert) */
};

/*
 * Opens or makes the file and looks through it. A damaged one is set aside (renamed, never
 * deleted), what can be read of it is carried over, and *out_note says so ("" otherwise). Ids
 * and seqs then go on far behind the greatest one that could be read, so that none comes twice.
 *   WF_ERR_NOSPACE WF_ERR_DENIED WF_ERR_VERSION
 */
int wf_journal_open(const struct wf_journal_options *options, struct wf_journal **out_journal,
                    char *out_note, size_t note_size, struct wf_err *err);
void wf_journal_close(struct wf_journal **journal);

/* Highest seq and id ever written. */
uint64_t wf_journal_last_seq(const struct wf_journal *journal);
uint64_t wf_journal_last_id(const struct wf_journal *journal);
/* Hash of this boot, as in wf_journal_alarm. */
uint64_t wf_journal_boot(const struct wf_journal *journal);

/* Limits that a user put in force while running; JSON as in WF_JOURNAL_LIMITS; NULL: back. */
struct wf_journal_change {
    const char *alarm, *json, *user;
    int64_t utc_ns;
};
/* Samples around a trip (black box), attached to a transition, as the alarm monitor packs them. */
struct wf_journal_blob {
    uint64_t seq;
    const char *what;
    const void *bytes;
    size_t size;
};

/* What belongs together: all of it is stored, or nothing. Any part may be empty, or all of them. */
struct wf_journal_batch {
    struct wf_journal_entry *const *entries;
    size_t entry_count;
    const struct wf_journal_change *changes;
    size_t change_count;
    const struct wf_journal_blob *blobs; /* may name seqs of this batch */
    size_t blob_count;
};

/*
 * Append a batch: one transaction, committed when it returns 0; fills in the ids. On an error nothing
 * of it is there, or (a commit that failed half-way) all of it is: the caller keeps the batch and
 * tries again with it, more may follow behind its entries. What is there already is then
 * skipped, so that it is written once.
 *   WF_ERR_NOSPACE WF_ERR_SYSTEM WF_ERR_DENIED WF_ERR_BUSY   try again later
 *   WF_ERR_CORRUPT   close it and open it again, which sets the file aside
 *   WF_ERR_EXISTS    a seq is taken by another transition: our bug, or two writers
 */
int wf_journal_commit(struct wf_journal *journal, const struct wf_journal_batch *batch,
                      struct wf_err *err);
/* The same for entries alone. */
int wf_journal_append(struct wf_journal *journal, struct wf_journal_entry *const *entries,
                      size_t count, struct wf_err *err);

/*
 * Small state of the monitor (how far each ring was read, counts between transitions): staged under
 * `name` in place of what was kept there, and committed with the next append, which may have no
 * entries. So that a restart goes on exactly where the journal ends.
 */
int wf_journal_keep(struct wf_journal *journal, const char *name, const void *blob, size_t bytes,
                    struct wf_err *err);
/* As last committed; *out_blob is malloc'd, the caller's. ABSENT: nothing of that name. */
int wf_journal_kept(struct wf_journal *journal, const char *name, void **out_blob,
                    size_t *out_bytes, struct wf_err *err);

/* All that was committed survives a power cut from now on: for journals that are not synced. */
void wf_journal_sync(struct wf_journal *journal);

/* The same for one changed limit with its entry, and for one black box. */
int wf_journal_limits_set(struct wf_journal *journal, const char *alarm, const char *json,
                          struct wf_journal_entry *entry, struct wf_err *err);
int wf_journal_attach(struct wf_journal *journal, uint64_t seq, const char *what, const void *blob,
                      size_t bytes, struct wf_err *err);

/* The newest memory of each alarm, and who shelved or acknowledged it: for a restart. */
struct wf_journal_alarm {
    const char *alarm;
    uint64_t seq;
    const void *memory;
    size_t memory_bytes;
    int64_t utc_ns, mono_ns; /* of that transition */
    uint64_t boot;           /* hash of the boot it happened in: mono compares within one only */
    const char *ack_user, *ack_note; /* of the ACK since it was last raised or worsened; "" */
    int64_t ack_ns;
    const char *mark_user, *mark_note; /* of the last shelve or out of service; "" */
    uint32_t count; /* RAISE and WORSEN since it was last normal and acknowledged */
    const char *value_text, *level;
    double trip_value, trip_limit; /* of the last RAISE or WORSEN */
    int64_t raised_ns;             /* of that; WF_TIME_NONE */
    const char *state;             /* after its newest transition: "ACTIVE_ACK" */
    uint8_t marks, severity, highest;
    int64_t shelved_until_ns, mark_ns;
};
int wf_journal_restore(struct wf_journal *journal,
                       int (*each)(void *context, const struct wf_journal_alarm *alarm),
                       void *context, struct wf_err *err);

/* Limits that users put in force, and did not take back. */
int wf_journal_limits_each(struct wf_journal *journal,
                           int (*each)(void *context, const struct wf_journal_change *change),
                           void *context, struct wf_err *err);

/*
 * The time by which the age of entries is judged: `now_utc_ns`, but a clock that leaps ahead is believed only
 * when the journal has entries of three days behind the leap. Until then it is the end of the day before.
 */
int64_t wf_journal_believed_now(struct wf_journal *journal, int64_t now_utc_ns);

#define WF_JOURNAL_FORGET_MAX 2000
/*
 * Delete entries that are older, with what is attached to them, but never what a restart needs: the newest
 * transition of an alarm, and those that raised, acknowledged and marked it. A slice at a
 * time, so that nobody waits for long: returns the number of entries deleted (WF_JOURNAL_FORGET_MAX: call
 * again), or a WF_ERR_*.
 */
int64_t wf_journal_forget(struct wf_journal *journal, int64_t before_utc_ns, struct wf_err *err);

/* --- reading ------------------------------------------------------------------------------- */

struct wf_journal_reader;
/* ABSENT: that monitor never ran. */
int wf_journal_read(const char *folder, const char *monitor, struct wf_journal_reader **out_reader,
                    struct wf_err *err);
void wf_journal_reader_close(struct wf_journal_reader **reader);

struct wf_journal_query {
    uint64_t after_id;      /* entries behind that one */
    int64_t from_ns, to_ns; /* from <= utc < to; 0: no bound */
    const char *alarm;      /* glob over names; NULL: all, also entries without an alarm */
    unsigned kinds;         /* bits 1 << enum wf_journal_kind; 0: all */
    bool is_newest_first;
    uint64_t limit; /* 0: all */
};
/*
 * Entries in order of id. Another value than 0 from `each` stops and is returned. Nothing is
 * locked while `each` runs, however long it takes; entries without their memory.
 *   WF_ERR_CORRUPT   the file is damaged; what was read before was given
 */
int wf_journal_each(struct wf_journal_reader *reader, const struct wf_journal_query *query,
                    int (*each)(void *context, const struct wf_journal_entry *entry), void *context,
                    struct wf_err *err);
/* Highest id in the file: to begin following at the end. */
int wf_journal_newest_id(struct wf_journal_reader *reader, uint64_t *out_id, struct wf_err *err);
/* As wf_journal_restore and wf_journal_limits_each, for who only looks. */
int wf_journal_alarms(struct wf_journal_reader *reader,
                      int (*each)(void *context, const struct wf_journal_alarm *alarm),
                      void *context, struct wf_err *err);
int wf_journal_limits(struct wf_journal_reader *reader,
                      int (*each)(void *context, const struct wf_journal_change *change),
                      void *context, struct wf_err *err);
/* *out_blob is malloc'd, the caller's; ABSENT: nothing attached. */
int wf_journal_attached(struct wf_journal_reader *reader, uint64_t seq, const char *what,
                        void **out_blob, size_t *out_bytes, struct wf_err *err);

#endif /* WF_STORE_JOURNAL_H */
