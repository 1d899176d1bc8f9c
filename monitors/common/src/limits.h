/* SPDX-License-Identifier: MIT */
#ifndef MON_LIMITS_H
#define MON_LIMITS_H

/*
 * Limits - those in force where they are not the schema's: by a context, or because a user changed
 * them. Alarm monitors publish them (wf.limits, wf.limits_NAME); whoever shows values judges by them.
 *
 * A monitor that is dead says nothing any more: then the schema's limits count again.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/names.h>
#include <watchfloor/schema.h>
#include <watchfloor/watch.h>

struct mon_limit {
    char name[WF_FULL_NAME_SIZE]; /* source.subsystem.parameter */
    uint8_t present;              /* as in struct wf_limits */
    double value[WF_LIMIT_COUNT];
    char context[WF_NAME_SIZE]; /* "" = none */
    char user[36];              /* who changed them; "" */
};

struct mon_limits;

int mon_limits_create(struct mon_limits **out_limits, struct wf_err *err);
void mon_limits_destroy(struct mon_limits **limits);

/* Read what changed. Returns true when anything did. */
bool mon_limits_update(struct mon_limits *limits, const struct wf_watch *watch,
                       int64_t now_mono_ns);

/* Sorted by name without case. NULL beyond the end; borrowed until the next update. */
size_t mon_limits_count(const struct mon_limits *limits);
const struct mon_limit *mon_limits_at(const struct mon_limits *limits, size_t index);
/* Of one parameter, or NULL: the schema's. */
const struct mon_limit *mon_limits_find(const struct mon_limits *limits, const char *source,
                                        const char *subsystem, const char *parameter);

#endif /* MON_LIMITS_H */
