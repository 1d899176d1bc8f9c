/* SPDX-License-Identifier: MIT */
#ifndef NTF_PLAN_H
#define NTF_PLAN_H

/*
 * Plan - who is told of what, and when: transitions and time go in, messages come out.
 *
 * It follows each alarm that people were to be told of until it is normal again, because an escalation
 * goes on with time, an acknowledge ends it, and who was told of an alarm may want to hear of its end.
 * What it remembers of an alarm (its track) can be written down and read back at any moment.
 *
 * No clock and no I/O; times are handed in. Two of them: `now_ns` advances steadily and is what
 * delays are measured with; `utc_ns` is the clock on the wall, for weekdays and hours.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/config.h>
#include <watchfloor/problems.h>

#include "escalation.h"
#include "line.h"
#include "message.h"

struct ntf_now {
    int64_t now_ns, utc_ns;
};

/* One route as compiled from the configuration, which must live as long. */
struct ntf_route {
    const struct wf_config_route *config;
    struct ntf_filter filter;
    struct ntf_when when;
    struct ntf_line_rules rules;
};

struct ntf_rules {
    struct ntf_route *routes;
    size_t route_count;
    struct ntf_escalation *escalations;
    size_t escalation_count;
};

/* Everything of [route] and [escalation] that is text; problems have file and line. */
int ntf_rules_compile(const struct wf_config *config, struct ntf_rules **out_rules,
                      struct wf_problems *problems, struct wf_err *err);
void ntf_rules_free(struct ntf_rules **rules);

/* A transition as the journal has it. Strings are borrowed during the call. */
struct ntf_transition {
    const char *monitor;
    uint64_t entry, seq;
    int64_t utc_ns;
    const char *alarm, *event, *to; /* names of <watchfloor/alarm/machine.h>; event "MARK" */
    uint8_t marks;
    uint8_t severity, highest;
    const char *level, *value, *limit, *user, *note;
    bool is_announced;
};

struct ntf_plan_host {
    void *context;
    /* A message for `route`; the host owns it from here on. */
    void (*tell)(void *context, size_t route, struct ntf_message *message);
    /* Fills in title and guidance; may be NULL. */
    void (*describe)(void *context, struct ntf_facts *facts);
};

struct ntf_plan;

struct ntf_plan *ntf_plan_create(const struct ntf_rules *rules, const struct ntf_plan_host *host);
void ntf_plan_destroy(struct ntf_plan **plan);

void ntf_plan_transition(struct ntf_plan *plan, const struct ntf_transition *transition,
                         const struct ntf_now *now);
/*
 * The past of a journal that is seen for the first time: transitions only tell what stands. Then
 * ntf_plan_catch_up announces what is still unacknowledged.
 */
void ntf_plan_past(struct ntf_plan *plan, const struct ntf_transition *transition);
void ntf_plan_catch_up(struct ntf_plan *plan, const struct ntf_now *now);
/* Steps that are due. Call at ntf_plan_due, or more often. */
void ntf_plan_tick(struct ntf_plan *plan, const struct ntf_now *now);
int64_t ntf_plan_due(const struct ntf_plan *plan); /* INT64_MAX: never */

size_t ntf_plan_size(const struct ntf_plan *plan); /* alarms followed */

/*
 * What changed since the last call: each track once, by key, as JSON, or NULL when it is gone.
 * A negative answer of `save` stops and is returned; that track counts as changed still.
 */
int ntf_plan_save(struct ntf_plan *plan,
                  int (*save)(void *context, const char *key, const char *json), void *context);
/* Back from there. WF_ERR_CORRUPT when it is none of ours. */
int ntf_plan_restore(struct ntf_plan *plan, const char *json, struct wf_err *err);
/* A save could not be kept: all counts as changed again. */
void ntf_plan_unsaved(struct ntf_plan *plan);

#endif /* NTF_PLAN_H */
