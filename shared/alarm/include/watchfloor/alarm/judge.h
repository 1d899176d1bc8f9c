/* SPDX-License-Identifier: MIT */
#ifndef WF_ALARM_JUDGE_H
#define WF_ALARM_JUDGE_H

/*
 * Judge - from values to the events of the machine, for one alarm.
 *
 * An alarm watches up to five levels (lolo lo hi hihi; the severities of an
 * enumeration; or one). Every counted sample says of each level whether it is
 * violated and whether it is left; in the hysteresis between them, neither.
 * Each level counts for itself: raised after N of the last M samples violated
 * it, or for a duration; dropped after N of M (or a duration) left it. Samples
 * that are not counted change nothing. Levels step down one at a time: a level
 * stays raised while one further out on its side still was. Severity is the
 * greatest of the raised levels'.
 *
 * Durations lie between counted samples: time without data neither raises nor clears.
 *
 * Threads: one at a time per memory. Nothing allocates.
 */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/alarm/machine.h>
#include <watchfloor/schema.h>

#define WF_ALARM_LEVEL_MAX 5
#define WF_ALARM_NO_LEVEL  0xff
#define WF_ALARM_M_MAX     64 /* greatest M of "N of M" */

/* Separate alarms of one parameter or subsystem; they never mask one another. */
enum wf_alarm_kind {
    WF_ALARM_LIMIT,   /* levels 0..3 are WF_LOLO WF_LO WF_HI WF_HIHI */
    WF_ALARM_STATES,  /* of an enumeration or bool: level i is severity i + 1 */
    WF_ALARM_RATE,    /* level 0; so for all below */
    WF_ALARM_INVALID, /* NaN, no label, outside the valid range */
    WF_ALARM_STALE,   /* of a whole subsystem */
    WF_ALARM_GAP,     /* of a whole subsystem: samples are missing */
    WF_ALARM_RULE,    /* a condition of the schema */
    WF_ALARM_KIND_COUNT
};
const char *wf_alarm_kind_name(enum wf_alarm_kind kind); /* "LIMIT" ... */

/* What an alarm is: fixed until it is edited. */
struct wf_alarm_definition {
    uint8_t kind;   /* enum wf_alarm_kind */
    uint8_t levels; /* bit 1 << level: which exist */
    bool is_latched;
    bool is_exclusive;
    uint8_t severity[WF_ALARM_LEVEL_MAX]; /* 1..5 of those that exist */
    double limit[WF_LIMIT_COUNT];         /* LIMIT */
    double hysteresis;                    /* LIMIT, absolute */
    struct wf_persistence raise, clear;
};

/*
 * All that one alarm remembers: plain, without pointers, the same size for every alarm. Stored
 * with the transitions and given back after a restart, it goes on as if nothing had happened.
 */
struct wf_alarm_memory {
    uint64_t seq;             /* of its last transition; what an acknowledge names. 0: none yet */
    uint8_t state;            /* enum wf_alarm_state */
    uint8_t marks;            /* WF_ALARM_SHELVED ... */
    uint8_t severity;         /* 0..5, now */
    uint8_t highest;          /* greatest since it was acknowledged; 0 when normal */
    uint8_t raised;           /* levels */
    uint8_t counting;         /* levels on their way up or down: `window` means something */
    uint8_t violated;         /* levels, by the last counted sample */
    uint8_t level;            /* the one that decides, or WF_ALARM_NO_LEVEL */
    int64_t shelved_until_ns; /* UTC */
    int64_t linger_until_ns;  /* monotonic; suppression by a parent that is over, ends then */
    int64_t raised_ns;        /* UTC of the last RAISE; 0: never */
    int64_t fallen_ns; /* monotonic; when it was active last. Its children linger from there */
    uint64_t window[WF_ALARM_LEVEL_MAX]; /* last samples as bits; or the start, monotonic ns */
    /* Written with each transition, for the roster: what was judged before it. */
    uint64_t epoch, order; /* of the sample */
    uint32_t step;         /* of that sample, or of the time behind it */
    uint16_t context;      /* whose limits are in force: index + 1 in the schema, 0: none */
    uint16_t is_untold;    /* 1: raised under its parent, and nobody was told of it since */
};

/* Severity 1..5 of limits and states as a schema gives them; level bits 0 when there are none. */
void wf_alarm_define_limits(const struct wf_limits *limits, struct wf_alarm_definition *out);
/* The same with the values of a context, which replace the limits as a whole. */
void wf_alarm_define_context(const struct wf_limits *limits, const struct wf_context_limit *context,
                             struct wf_alarm_definition *out);
void wf_alarm_define_states(const struct wf_limits *limits, struct wf_alarm_definition *out);
/* One level. Severity 0: no alarm. */
void wf_alarm_define_single(enum wf_alarm_kind kind, uint8_t severity,
                            const struct wf_persistence *raise, const struct wf_persistence *clear,
                            bool is_latched, struct wf_alarm_definition *out);

/* An alarm that has seen nothing. */
void wf_alarm_memory_init(struct wf_alarm_memory *out);
/* Could this be the memory of such an alarm? What a damaged journal gives back is not. */
bool wf_alarm_memory_fits(const struct wf_alarm_definition *definition,
                          const struct wf_alarm_memory *memory);

/* Which levels `value` violates and which it leaves. NaN: neither. */
void wf_alarm_compare(const struct wf_alarm_definition *definition, double value,
                      unsigned *out_violated, unsigned *out_left);
/* Levels at or below `severity` are violated, the others left. */
void wf_alarm_compare_severity(const struct wf_alarm_definition *definition, uint8_t severity,
                               unsigned *out_violated, unsigned *out_left);

/*
 * Count one sample. Returns true with the event for the machine when there is one; severity
 * and level are those after it.
 */
bool wf_alarm_judge(const struct wf_alarm_definition *definition, struct wf_alarm_memory *memory,
                    unsigned violated, unsigned left, int64_t mono_ns,
                    enum wf_alarm_event *out_event);

/* Counting starts anew and all levels fall: before DISABLE and EDIT. */
void wf_alarm_forget_levels(struct wf_alarm_memory *memory);
/*
 * Samples were counted that the memory does not know of: what was on its way begins anew, with
 * one violation where it is known to be pending. Nothing that did not happen comes of it.
 */
void wf_alarm_forget_counts(const struct wf_alarm_definition *definition,
                            struct wf_alarm_memory *memory);
/* Counting starts anew, raised levels that still exist stay: other limits came into force. */
bool wf_alarm_change_levels(const struct wf_alarm_definition *definition,
                            struct wf_alarm_memory *memory, enum wf_alarm_event *out_event);

/* Go through the table; returns its actions. Severity must be the one after the event. */
unsigned wf_alarm_advance(const struct wf_alarm_definition *definition,
                          struct wf_alarm_memory *memory, enum wf_alarm_event event);

#endif /* WF_ALARM_JUDGE_H */
