/* SPDX-License-Identifier: MIT */
#ifndef ALERT_BOOK_H
#define ALERT_BOOK_H

/*
 * Book - what is known of each alarm by name, beside the engine: what the journal holds of it and
 * is therefore shown. It outlives rosters, so that a region that goes and comes back finds its
 * alarms as they were.
 *
 * Threads: the loop's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/alarm/engine.h>
#include <watchfloor/store/journal.h>

#define ALERT_USER_SIZE 64
#define ALERT_NOTE_SIZE 161

/* An alarm as people see it: as of its last transition that is in the journal. */
struct alert_shown {
    uint64_t seq;
    uint8_t state, marks, severity, highest;
    char level[8];
    double value, limit; /* at the trip */
    char value_text[48];
    int64_t raised_ns, changed_ns, shelved_until_ns; /* WF_TIME_NONE */
    uint32_t count;
    char user[ALERT_USER_SIZE], note[ALERT_NOTE_SIZE];
    char mark_user[ALERT_USER_SIZE], mark_note[ALERT_NOTE_SIZE];
    /* The last transition, for whoever comes too late. */
    const char *event; /* a constant */
    uint8_t from;
    char changed_by[ALERT_USER_SIZE];
};

struct alert_alarm {
    char name[WF_JOURNAL_ALARM_SIZE];
    struct alert_alarm *next_same_hash, *next;
    int index; /* in the roster, or -1 */
    struct alert_shown shown;
    bool is_listed; /* has a row in the table */
    bool is_frozen; /* as the row says */
    bool is_dirty;  /* its row is to be written: in the list of alert.dirty */
    struct alert_alarm *next_dirty;
    uint32_t children; /* suppressed by it, as shown */

    uint64_t name_hash;
    bool is_between;          /* in alert.between: counts something since its last transition */
    size_t listed_at;         /* in alert.listed */
    uint64_t base_hash;       /* of what configuration says of it, in the roster */
    uint64_t definition_hash; /* of the definition that `parked` belongs to, or now in the roster */
    struct wf_alarm_memory emitted; /* with its last transition: what the journal gets */
    bool is_parked;                 /* `parked` is what it takes up when it enters a roster */
    struct wf_alarm_memory parked;

    int64_t late_ns;      /* monotonic; of its last note of a value that came too late; 0: none */
    uint32_t late_untold; /* such values since */

    bool is_limit_change_held; /* one that is not in the journal yet */
    char *limits;              /* JSON of limits that a user set; NULL */
    char limits_user[ALERT_USER_SIZE], limits_note[ALERT_NOTE_SIZE];
    int64_t limits_ns;
};

#define ALERT_BOOK_BUCKETS 16384u

struct alert_book {
    struct alert_alarm *buckets[ALERT_BOOK_BUCKETS];
    struct alert_alarm *first; /* all of them */
    size_t count;
};

/* NULL when it is not there. */
struct alert_alarm *alert_book_find(const struct alert_book *book, const char *name);
/* Found or made; NULL without memory. */
struct alert_alarm *alert_book_get(struct alert_book *book, const char *name);
void alert_book_fini(struct alert_book *book);

/* Take up what the journal says of it. */
void alert_book_restore(struct alert_alarm *alarm, const struct wf_journal_alarm *from);
/* One more transition is in the journal. */
void alert_book_apply(struct alert_alarm *alarm, const struct wf_journal_entry *entry);

/* Does it belong into the table of alarms? */
bool alert_is_listed(const struct alert_shown *shown);
/* Active, pending, unacknowledged or latched, and no mark hides it. */
bool alert_is_shown(const struct alert_shown *shown);

/* A number that changes with anything in the definition. */
uint64_t alert_definition_hash(const struct wf_alarm_definition *definition);
/* FNV-1a; begin with ALERT_HASH_START. */
#define ALERT_HASH_START UINT64_C(14695981039346656037)
uint64_t alert_hash(uint64_t hash, const void *bytes, size_t len);
uint64_t alert_hash_name(const char *name); /* without case */

/* What is stored as an alarm's memory: the engine's, and which definition it is of. */
struct alert_stored {
    struct wf_alarm_memory memory;
    uint64_t definition_hash;
};

#endif /* ALERT_BOOK_H */
