/* SPDX-License-Identifier: MIT */
#ifndef PAST_H
#define PAST_H

/* Past - the journals of all monitors of a desk, merged by time. */

#include "desk.h"

struct past_query {
    int64_t from_ns, to_ns; /* as in wf_journal_query */
    char *const *patterns;  /* names as people write them; none: all */
    int pattern_count;
    unsigned kinds;
    uint8_t severity; /* at least; of transitions */
    const char *text; /* somewhere in it, without case; NULL */
    uint64_t limit;   /* the newest so many; 0: all */
};

struct past_entry {
    const char *monitor;
    const struct wf_journal_entry *entry;
};

/*
 * Call `each` for what the query means, in order of time; another value than 0 ends it and is returned.
 * *out_left (may be NULL) says whether the limit left older ones out.
 *   WF_ERR_ABSENT   no monitor ever ran here
 */
int past_each(const struct desk *desk, const struct past_query *query,
              int (*each)(void *context, const struct past_entry *entry), void *context,
              bool *out_left, struct wf_err *err);

/* "now-8h" and so on; WF_ERR_INVALID with the option's name. NULL leaves *out_ns alone. */
int past_time(const char *text, const char *option, int64_t *out_ns, struct wf_err *err);

#endif /* PAST_H */
