/* SPDX-License-Identifier: MIT */
#ifndef ACT_H
#define ACT_H

/*
 * Act - what people do with alarms: find what is meant, send it with exactly the transition that was
 * seen, and say what came of it.
 */

#include "desk.h"

struct act {
    const char *verb; /* "acknowledge", for messages */
    const char *done; /* "acknowledged" */
    /* Could it mean something for this alarm now? Among several, those are meant. */
    bool (*applies)(const struct act *act, const json_t *alarm);
    /* The request without alarm and seq; a new reference. */
    json_t *request;
    bool has_seq;    /* it names the transition that was seen */
    const char *seq; /* --seq: that one, instead of the newest */
    bool is_for_all; /* --all: everything that the name means */
    bool is_wanted;  /* for `applies` */
};

/*
 * Carry it out for every operand of the desk; returns the exit status. Frees act->request.
 */
int act_run(struct desk *desk, struct act *act);

#endif /* ACT_H */
