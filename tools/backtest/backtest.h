/* SPDX-License-Identifier: MIT */
#ifndef BACKTEST_H
#define BACKTEST_H

/*
 * Back-test - recorded history through two rosters: alarms as they were defined, and as proposed.
 *
 *   main.c       what is asked, and the run
 *   proposal.c   files to schemas
 *   convert.c    samples of another version of a schema
 *   outcome.c    what one roster made of it
 *   incidents.c  alarms of the past, and when the proposed ones would have come
 *   print.c, print_json.c
 */

#include <jansson.h>

#include <watchfloor/alarm/roster.h>

#include "tape.h"

/* --- what one roster made of it (outcome.c) ------------------------------------------------- */

struct transition {
    size_t alarm;
    bool is_mark;
    uint8_t event, from, to; /* of <watchfloor/alarm/machine.h> */
    uint8_t severity, level, marks;
    bool is_announced;
    int64_t utc_ns, device_ns;
    double value, limit;
};

struct alarm_sum {
    uint64_t raised;    /* RAISE */
    uint64_t announced; /* RAISE, WORSEN and what came out from under a parent */
    uint64_t chatter;   /* raised again within a minute of its return */
    int64_t active_ns;  /* together */
    int64_t since_ns;   /* raised at, while it is active; else 0 */
    int64_t left_ns;
    uint8_t worst;
};

struct outcome {
    struct wf_alarm_roster *roster;
    struct wf_schema **schemas; /* owned ones, NULL where the tape's is used */
    struct wf_alarm_member *members;
    size_t member_count;
    struct alarm_sum *sums; /* by alarm */
    size_t alarm_count;
    struct transition *transitions;
    size_t count, room;
    bool is_out_of_memory;
};

/* A roster over `members`; problems are printed. */
int outcome_open(struct outcome *outcome, enum wf_alarm_late late, const char *shadow,
                 struct wf_err *err);
void outcome_close(struct outcome *outcome);
/* The end of the range: what is active still was so until then. */
void outcome_end(struct outcome *outcome, int64_t to_ns);
const char *outcome_name(const struct outcome *outcome, size_t alarm);
int outcome_find(const struct outcome *outcome, const char *name);

struct totals {
    uint64_t raised, announced, chatter;
    double announced_per_hour;
    uint64_t worst_ten_minutes; /* most announcements in ten minutes */
};
void outcome_totals(const struct outcome *outcome, int64_t from_ns, int64_t to_ns,
                    struct totals *out);

/* --- proposals (proposal.c) -------------------------------------------------------------------- */

/* Apply one file to the schemas of `outcome`, whose members are set already. */
int proposal_apply(struct outcome *outcome, const char *file, struct wf_err *err);

/* --- other versions (convert.c) ----------------------------------------------------------------- */

/* Can payloads of one be read as the other? */
bool convert_is_needed(const struct wf_schema *from, const struct wf_schema *to);
/* By name; what `from` does not have is ABSENT. `out` has to->payload_bytes. */
void convert_payload(const struct wf_schema *from, const void *payload, const struct wf_schema *to,
                     void *out);

/* --- incidents (incidents.c) -------------------------------------------------------------------- */

struct incident {
    char name[WF_FULL_NAME_SIZE + 16];
    uint8_t severity;
    int64_t raised_ns, ended_ns; /* the latter: the end of the range while it lasted */
    int64_t new_ns;              /* when the proposed alarm would first have come; WF_TIME_NONE */
};
struct incidents {
    struct incident *list;
    size_t count, room;
    bool is_from_journal;
};
/* From the journal of `monitor` in `folder` when there is one; else those of `old`. */
int incidents_find(struct incidents *incidents, const char *folder, const char *monitor,
                   const struct outcome *old, int64_t from_ns, int64_t to_ns, struct wf_err *err);
/* When would `new` have told? */
void incidents_compare(struct incidents *incidents, const struct outcome *proposed,
                       int64_t from_ns);
void incidents_free(struct incidents *incidents);

/* --- telling -------------------------------------------------------------------------------------- */

struct report {
    int64_t from_ns, to_ns;
    uint64_t samples, values;
    double seconds;
    bool has_transitions;
    const struct outcome *old, *proposed;
    const struct incidents *incidents;
};
void print_report(const struct report *report);
/* 0, or NOMEM. */
int print_json(const struct report *report);

#endif /* BACKTEST_H */
