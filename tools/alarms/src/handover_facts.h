/* SPDX-License-Identifier: MIT */
#ifndef HANDOVER_FACTS_H
#define HANDOVER_FACTS_H

/*
 * Facts - what the next shift must know, gathered from the journals and from history; nothing has to
 * run for it. Each list is an array of JSON objects, from which both outputs are made.
 */

#include "desk.h"

struct handover {
    int64_t since_ns, now_ns;
    json_t *active;  /* nobody has taken them */
    json_t *taken;   /* acknowledged, or latched: by whom */
    json_t *shelved; /* with their ends */
    json_t *out_of_service;
    size_t suppressed;
    json_t *limits; /* changes since; and those in force since before */
    json_t *alarms; /* what came since, by alarm: how often, whether it went */
    json_t *events; /* restarts, reloads, failed deliveries, troubles */
    json_t *gaps;   /* in the data, by subsystem and cause */
    uint64_t announced;
    char no_history[200]; /* why there are no gaps to tell; "" */
};

int handover_gather(const struct desk *desk, struct handover *handover, struct wf_err *err);
void handover_fini(struct handover *handover);

#endif /* HANDOVER_FACTS_H */
