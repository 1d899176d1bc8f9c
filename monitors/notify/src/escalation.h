/* SPDX-License-Identifier: MIT */
#ifndef NTF_ESCALATION_H
#define NTF_ESCALATION_H

/*
 * Escalation - ordered steps until somebody acknowledges:
 *
 *     0s: bell; 2m if unack: route shift; 10m if active: lead, manager; repeat 15m
 *
 * Times count from the moment the alarm was announced and do not go back. `if unack` says what holds
 * anyway (an acknowledge ends it all); `if active` skips the step once the alarm returned to
 * normal. `repeat` tells the routes of the last step again and again. Threads: any.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>

#include "filter.h"

#define NTF_STEP_MAX  16
#define NTF_ROUTE_MAX 64 /* routes there can be; sets of them are one u64 */

struct ntf_step {
    int64_t after_ns;
    bool is_only_active;
    uint64_t routes; /* bits */
};

struct ntf_escalation {
    const char *name; /* borrowed */
    struct ntf_filter filter;
    struct ntf_step steps[NTF_STEP_MAX];
    size_t step_count;
    int64_t repeat_ns; /* 0 = never */
    bool is_ended_by_normal;
};

/* `routes`: the names of all routes; the bits of steps are positions in it. */
int ntf_escalation_parse(const char *text, const char *const *routes, size_t route_count,
                         struct ntf_escalation *out, struct wf_err *err);

#endif /* NTF_ESCALATION_H */
