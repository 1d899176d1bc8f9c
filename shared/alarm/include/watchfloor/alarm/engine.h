/* SPDX-License-Identifier: MIT */
#ifndef WF_ALARM_ENGINE_H
#define WF_ALARM_ENGINE_H

/*
 * Engine - many alarms, what people do with them, and what hides them.
 *
 * Samples, truths, times and commands go in; numbered transitions come out, in order,
 * through `emit`, during the call that caused them. The host stores each before
 * it shows or announces it. Nothing here reads a clock or does I/O; after creation
 * nothing allocates. The same calls give the same transitions, always.
 *
 * Three switches, by mark: shelved and suppressed alarms are judged, but neither shown
 * nor announced; disabled ones and those out of service are not judged either; shadow
 * ones are judged and recorded only.
 *
 * Threads: one.
 */

#include <watchfloor/alarm/judge.h>
#include <watchfloor/err.h>
#include <watchfloor/expr.h>
#include <watchfloor/value.h>

#define WF_ALARM_SHELVED        0x01 /* by a user, until a time */
#define WF_ALARM_OUT_OF_SERVICE 0x02 /* by a user, until returned */
#define WF_ALARM_DISABLED       0x04 /* its enabled_when is FALSE */
#define WF_ALARM_SUPPRESSED     0x08 /* its parent is active: listed under that */
#define WF_ALARM_SHADOW         0x10 /* on trial */

#define WF_ALARM_NO_PARENT      (-1)

/* One moment, as the host has it; the engine's clock is the latest it was handed. */
struct wf_alarm_now {
    int64_t mono_ns, utc_ns, device_ns;
};

/* One alarm as the host sets it up. The name is copied. */
struct wf_alarm_spec {
    char name[WF_FULL_NAME_SIZE + 16]; /* "sat1.power.bus_voltage LIMIT"; unique */
    struct wf_alarm_definition definition;
    int parent;        /* index of the alarm that suppresses it, or WF_ALARM_NO_PARENT */
    int64_t linger_ns; /* suppression goes on that long after the parent returned to normal */
    bool is_shadow;
    enum wf_unknown_rule unknown; /* RULE */
};

/* A numbered change of one alarm. Borrowed pointers are valid during the call. */
struct wf_alarm_transition {
    uint64_t seq; /* over the whole engine, without holes */
    size_t alarm;
    bool is_mark; /* only marks changed; `event` means nothing */
    enum wf_alarm_event event;
    enum wf_alarm_state from, to;
    uint8_t marks_before, marks;
    uint8_t severity_before, severity, highest;
    uint8_t level;    /* that decides, or WF_ALARM_NO_LEVEL */
    unsigned actions; /* WF_ALARM_ANNOUNCE only where no mark forbids it */
    double value;     /* NaN when it has none */
    double limit;     /* in force at `level`; NaN when it has none */
    struct wf_alarm_now now;
    int64_t shelved_until_ns; /* UTC, while SHELVED */
    const char *user, *note;  /* of a command; else "" */
};

struct wf_alarm_host {
    void *context;
    void (*emit)(void *context, const struct wf_alarm_transition *transition);
    int64_t shelve_max_ns; /* longest shelf; 0: 8 h */
    uint64_t last_seq;     /* of the journal; the next transition has this plus one */
};

struct wf_alarm_engine;

/*
 *   WF_ERR_INVALID   a name twice, a parent that is not there, or parents in a circle
 */
int wf_alarm_engine_create(const struct wf_alarm_spec *specs, size_t count,
                           const struct wf_alarm_host *host, struct wf_alarm_engine **out_engine,
                           struct wf_err *err);
void wf_alarm_engine_destroy(struct wf_alarm_engine **engine);

size_t wf_alarm_engine_size(const struct wf_alarm_engine *engine);
/* Valid as long as the engine; NULL beyond the end. */
const struct wf_alarm_spec *wf_alarm_engine_spec(const struct wf_alarm_engine *engine,
                                                 size_t alarm);
const struct wf_alarm_memory *wf_alarm_engine_memory(const struct wf_alarm_engine *engine,
                                                     size_t alarm);
/* Index of a name, or -1. */
int wf_alarm_engine_find(const struct wf_alarm_engine *engine, const char *name);
/* Should it be in the list of alarms (active, pending, unacknowledged or latched; no mark hides it)? */
bool wf_alarm_engine_is_shown(const struct wf_alarm_engine *engine, size_t alarm);

/*
 * Alarms whose memory may have changed, by a transition or between them, since the last untouch: a host
 * that stores counts between transitions looks at these only. Valid until the next call that judges.
 */
const size_t *wf_alarm_engine_touched(const struct wf_alarm_engine *engine, size_t *out_count);
void wf_alarm_engine_untouch(struct wf_alarm_engine *engine);

/* --- what is judged ------------------------------------------------------------------------ */

/*
 * A value for LIMIT: counted when VALID, SUBSTITUTED, or (`is_late_counted`) LATE, and a
 * number. Anything else changes nothing: stale never clears an alarm.
 */
void wf_alarm_engine_value(struct wf_alarm_engine *engine, size_t alarm, double value,
                           enum wf_quality quality, bool is_late_counted,
                           const struct wf_alarm_now *now);
/* The same for what was compared already (an array: violated by any, left by all of its elements). */
void wf_alarm_engine_levels(struct wf_alarm_engine *engine, size_t alarm, unsigned violated,
                            unsigned left, double value, const struct wf_alarm_now *now);
/* The severity of a state, for STATES; the value is for the record. */
void wf_alarm_engine_severity(struct wf_alarm_engine *engine, size_t alarm, uint8_t severity,
                              double value, const struct wf_alarm_now *now);
/* One judgement of what has one level; UNKNOWN does what the spec says (hold: nothing). */
void wf_alarm_engine_truth(struct wf_alarm_engine *engine, size_t alarm, enum wf_truth truth,
                           double value, const struct wf_alarm_now *now);
/* Its enabled_when. UNKNOWN changes nothing; FALSE ends the judging, TRUE begins it anew. */
void wf_alarm_engine_enable(struct wf_alarm_engine *engine, size_t alarm, enum wf_truth enabled,
                            const struct wf_alarm_now *now);
/* Other limits came into force (a context): counts begin anew, raised levels stay. */
void wf_alarm_engine_limits(struct wf_alarm_engine *engine, size_t alarm,
                            const struct wf_alarm_definition *definition,
                            const struct wf_alarm_now *now);
/* Time passes: shelves and suppressions end; what a restored parent hides goes under it. */
void wf_alarm_engine_tick(struct wf_alarm_engine *engine, const struct wf_alarm_now *now);

/* --- what people do ------------------------------------------------------------------------- */

/* Who and why; `user` must not be empty (WF_ERR_DENIED), `note` may be NULL. */
struct wf_alarm_who {
    const char *user, *note;
};

/*
 * All give WF_ERR_ABSENT for an alarm that is not there, WF_ERR_DENIED without a user and
 * WF_ERR_INVALID when it means nothing now, and then change nothing.
 *
 * Acknowledge transition `seq` of the alarm.
 *   WF_ERR_BUSY   there is a newer transition, which this acknowledge has not seen
 */
int wf_alarm_engine_ack(struct wf_alarm_engine *engine, size_t alarm, uint64_t seq,
                        const struct wf_alarm_who *who, const struct wf_alarm_now *now,
                        struct wf_err *err);
/* Unlatch. WF_ERR_INVALID while the last counted sample violated. */
int wf_alarm_engine_reset(struct wf_alarm_engine *engine, size_t alarm,
                          const struct wf_alarm_who *who, const struct wf_alarm_now *now,
                          struct wf_err *err);
/* Shelve for a while, or longer or shorter than now. WF_ERR_LIMIT beyond shelve_max_ns. */
int wf_alarm_engine_shelve(struct wf_alarm_engine *engine, size_t alarm, int64_t for_ns,
                           const struct wf_alarm_who *who, const struct wf_alarm_now *now,
                           struct wf_err *err);
int wf_alarm_engine_unshelve(struct wf_alarm_engine *engine, size_t alarm,
                             const struct wf_alarm_who *who, const struct wf_alarm_now *now,
                             struct wf_err *err);
/* Take out of service (true) or return (false). */
int wf_alarm_engine_service(struct wf_alarm_engine *engine, size_t alarm, bool is_out,
                            const struct wf_alarm_who *who, const struct wf_alarm_now *now,
                            struct wf_err *err);
/* Another definition of the same kind: that one alarm starts anew. Marks stay. */
int wf_alarm_engine_edit(struct wf_alarm_engine *engine, size_t alarm,
                         const struct wf_alarm_definition *definition,
                         const struct wf_alarm_who *who, const struct wf_alarm_now *now,
                         struct wf_err *err);

/*
 * Give back what a journal stored, before the first sample. No transition comes of it; shelves
 * that ended meanwhile end with the next tick.
 *   WF_ERR_CORRUPT   no alarm of this definition can be in that state; it keeps its own
 */
int wf_alarm_engine_restore(struct wf_alarm_engine *engine, size_t alarm,
                            const struct wf_alarm_memory *memory, const struct wf_alarm_now *now,
                            struct wf_err *err);

#endif /* WF_ALARM_ENGINE_H */
