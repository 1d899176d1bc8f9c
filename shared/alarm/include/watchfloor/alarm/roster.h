/* SPDX-License-Identifier: MIT */
#ifndef WF_ALARM_ROSTER_H
#define WF_ALARM_ROSTER_H

/*
 * Roster - all alarms of a number of subsystems: made from their schemas, fed with their samples.
 *
 * It names the alarms, compiles conditions and enabled_when, keeps the windows they look at, takes
 * values out of samples and hands them to the engine in the order ALARMS gives them; the
 * alarm monitor and a back-test use it alike, so that the same samples give the same alarms. Like the
 * engine it does no I/O and has no clock.
 *
 * Names:  SOURCE.SUBSYSTEM.PARAMETER LIMIT | STATES | RATE | INVALID
 *         SOURCE.SUBSYSTEM STALE | GAP
 *         SOURCE.SUBSYSTEM.CONDITION RULE
 *
 * Rules may name parameters of any subsystem of the roster (source.subsystem.parameter; short forms
 * where they mean one thing); they are judged with every sample of any subsystem they name, in
 * order of `order`, and when one of those goes stale. any(), all(), N of () go over the elements of
 * arrays and over sources by glob. The worst element of an array decides.
 *
 * Time:  a sample is judged at the moment it was received, whenever the host gets to it; what
 *        becomes due between samples (staleness, shelves, suppressions that linger) happens
 *        at its own moment, before the next sample, or with a tick `settle_ns` later. So the
 *        transitions and their times do not depend on when the host looks. The line of time is UTC
 *        with the steps taken out (they show against the monotonic clock), which is why durations
 *        and windows survive a reboot.
 *
 * After a restart:  create, wf_alarm_roster_edited for limits that users changed,
 *        wf_alarm_roster_restore for every memory the journal holds, then feed what the rings
 *        still hold, oldest first, in order. Each alarm takes up behind the sample that its memory
 *        already counts; windows, contexts and what rules look at fill from all of them. What was
 *        judged but not stored before the end is judged again, once.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/alarm/engine.h>
#include <watchfloor/problems.h>
#include <watchfloor/region.h>
#include <watchfloor/schema.h>
#include <watchfloor/strbuf.h>

struct wf_alarm_roster;

enum wf_alarm_late { WF_ALARM_LATE_LOG, WF_ALARM_LATE_ALARM, WF_ALARM_LATE_IGNORE };

struct wf_alarm_member {
    const char *source;
    const struct wf_schema *schema; /* borrowed as long as the roster */
};

/* A condition that code judges (an alert plugin): the host hands its truth in. */
struct wf_alarm_coded {
    const char *source, *subsystem, *name;
    uint8_t severity;
    bool is_shadow;
};

struct wf_alarm_roster_options {
    const struct wf_alarm_member *members;
    size_t member_count;
    const struct wf_alarm_coded *coded;
    size_t coded_count;
    enum wf_alarm_late late;
    const char *shadow; /* globs over alarm names: on trial; NULL = none */
    int64_t linger_ns;  /* suppression of children after their parent; 0: 5 s; negative: none */
    int64_t
        settle_ns; /* how late a sample may be handed in behind a tick; 0: 250 ms; negative: 0 */
    struct wf_alarm_host host;
};

/*
 * Problems (a rule that does not compile, a parent that is not there) are told with the schema's
 * name; WF_ERR_INVALID then, and no roster.
 */
int wf_alarm_roster_create(const struct wf_alarm_roster_options *options,
                           struct wf_alarm_roster **out_roster, struct wf_problems *problems,
                           struct wf_err *err);
void wf_alarm_roster_destroy(struct wf_alarm_roster **roster);

/* Commands and states go to the engine itself; it belongs to the roster. */
struct wf_alarm_engine *wf_alarm_roster_engine(struct wf_alarm_roster *roster);

/* What an alarm is about; strings are borrowed from the roster. */
struct wf_alarm_about {
    enum wf_alarm_kind kind;
    size_t member;
    int parameter;                         /* or WF_NO_INDEX */
    const char *source, *subsystem, *name; /* parameter or condition; "" */
    const char *title, *guidance, *unit;   /* "" */
    const char *rule; /* the expression of a RULE, enabled_when goes by `enabled_when` */
    const char *enabled_when, *suppressed_by;
};
void wf_alarm_roster_about(const struct wf_alarm_roster *roster, size_t alarm,
                           struct wf_alarm_about *out);
/* The definition in force now (context, edits), and the context's name or "". */
const struct wf_alarm_definition *wf_alarm_roster_definition(const struct wf_alarm_roster *roster,
                                                             size_t alarm,
                                                             const char **out_context);

/* Its input is stale, so that the state it is in (and keeps) speaks of the past. */
bool wf_alarm_roster_is_frozen(const struct wf_alarm_roster *roster, size_t alarm);

/*
 * The next sample of member `member`; samples come in order of `stamp->order`. Judged at the
 * stamp's own times (received_ns, received_mono_ns; the latter 0 means it is not known). After a
 * start, hand in the newest sample of each region at least: silence counts from there.
 */
void wf_alarm_roster_sample(struct wf_alarm_roster *roster, size_t member,
                            const struct wf_stamp *stamp, const void *payload);
/*
 * A sample whose judging all restored memories hold (a reload): windows and newest values take it
 * up, nothing is judged and no transition comes of it. In order, before the first sample to be
 * judged. After a restart wf_alarm_roster_sample does that by itself, for each alarm.
 */
void wf_alarm_roster_recall(struct wf_alarm_roster *roster, size_t member,
                            const struct wf_stamp *stamp, const void *payload);
/*
 * For a sample that is not judged (LATE): the alarms whose limits or states its values violate, each
 * with the worst value. Nothing changes.
 */
void wf_alarm_roster_compare(const struct wf_alarm_roster *roster, size_t member,
                             const void *payload,
                             void (*each)(void *context, size_t alarm, double value),
                             void *context);
/* Samples of it were lost before they were seen: no rate goes across. */
void wf_alarm_roster_lost(struct wf_alarm_roster *roster, size_t member);
/*
 * Nobody listened for it until then: silence counts from there, for a host that was not there either
 * and hands in the newest sample of before.
 */
void wf_alarm_roster_unheard(struct wf_alarm_roster *roster, size_t member, int64_t until_utc_ns);
/* Time passes: staleness, shelves, suppression. Call when wf_alarm_roster_due says, or more often. */
void wf_alarm_roster_tick(struct wf_alarm_roster *roster, const struct wf_alarm_now *now);
/* Monotonic time from which on a tick could change something; INT64_MAX: none. */
int64_t wf_alarm_roster_due(const struct wf_alarm_roster *roster);
/* The truth of coded condition `index`. */
void wf_alarm_roster_judged(struct wf_alarm_roster *roster, size_t index, enum wf_truth truth,
                            const struct wf_alarm_now *now);

/*
 * Other limits for a LIMIT alarm from now on, over those of the schema and its contexts alike (NULL: the
 * schema's again). A user's doing: it is one transition (EDIT) of that alarm alone.
 */
int wf_alarm_roster_edit(struct wf_alarm_roster *roster, size_t alarm,
                         const struct wf_limits *limits, const struct wf_alarm_who *who,
                         const struct wf_alarm_now *now, struct wf_err *err);
/* The same before the first sample, from a journal: no transition. Call before restoring memories. */
int wf_alarm_roster_edited(struct wf_alarm_roster *roster, size_t alarm,
                           const struct wf_limits *limits, struct wf_err *err);

/*
 * What a journal stored of an alarm, before the first sample. No transition comes of it.
 *   WF_ERR_CORRUPT   no alarm of this definition can be in that state; it begins anew
 */
int wf_alarm_roster_restore(struct wf_alarm_roster *roster, size_t alarm,
                            const struct wf_alarm_memory *memory, const struct wf_alarm_now *now,
                            struct wf_err *err);

/* {"lolo":24,"lo":26,...}: limits in force of an alarm, as the journal and people get them. */
void wf_alarm_roster_limits_text(const struct wf_alarm_roster *roster, size_t alarm,
                                 struct wf_strbuf *out);

#endif /* WF_ALARM_ROSTER_H */
