/* SPDX-License-Identifier: MIT */
#ifndef REPLAY_STAGE_H
#define REPLAY_STAGE_H

/*
 * Stage - the other instance: regions that look as the receiver's did, every sample marked
 * REPLAY. A region is made anew where the schema changed in the course of history.
 */

#include <watchfloor/publisher.h>

#include "tape.h"

struct stage_report {
    int state;                           /* of replay.ini: 0 playing, 1 paused, 2 finished */
    int64_t position_ns, from_ns, to_ns; /* position: received until then was published */
    uint64_t moves;                      /* how often it was set to another place */
    double speed, behind_s;
};

struct stage;

struct stage_options {
    const char *instance, *state, *group;
    const char *origin, *history; /* instance whose history it is, and its folder */
    size_t streams;
};

/*
 *   WF_ERR_BUSY     a receiver, or another replay, publishes into that instance
 */
int stage_open(const struct stage_options *options, struct stage **out_stage, struct wf_err *err);
/* Orderly: the last values stay for who looks. */
void stage_close(struct stage **stage);

/* Publish one sample as of now. Does not ring. What cannot be published is counted. */
void stage_publish(struct stage *stage, const struct tape_sample *sample);
void stage_ring(struct stage *stage);
/* Once a second: heartbeat, and the replay's own state. */
void stage_report(struct stage *stage, const struct stage_report *report);

uint64_t stage_published(const struct stage *stage);
/* Samples that were not, and why the last was not ("" = none). */
uint64_t stage_refused(const struct stage *stage, const char **out_why);

#endif /* REPLAY_STAGE_H */
