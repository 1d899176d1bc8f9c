/* SPDX-License-Identifier: MIT */
#ifndef CON_PAST_JOIN_H
#define CON_PAST_JOIN_H

/*
 * Joining - recorded history and what the console saw itself, as one past. History is believed up
 * to its newest sample; what is live counts behind that. Both go by the time of the sample, so none
 * is there twice, and none is missing as long as the console's memory reaches back to there.
 */

#include "past.h"

struct con_entry;
struct con_now;

struct con_joined {
    struct wf_past past;
    struct wf_past_step *steps; /* CON_PAST_STEPS of them */
    struct con_past_gaps *gaps;
    bool is_apart; /* memory does not reach back to the newest that is recorded */
};

/* `answer` may be NULL. False: out of memory. */
bool con_join(const struct con_past_request *wanted, const struct con_past_answer *answer,
              struct con_entry *entry, size_t parameter, const struct con_now *now,
              struct con_joined *out);
void con_joined_fini(struct con_joined *joined);

/*
 * What time it is for the samples of `entry`: now; but with a device clock that is far off, as far
 * off as its newest sample was.
 */
int64_t con_entry_time(const struct con_entry *entry, const struct con_now *now);

#endif /* CON_PAST_JOIN_H */
