/* SPDX-License-Identifier: MIT */
#ifndef CON_PAST_H
#define CON_PAST_H

/*
 * Past - one parameter over hours to weeks, from history: what the history page draws. Reading
 * takes files and time, so the program does it in a thread of its own; the page shows the last
 * answer until the next one comes.
 *
 * Threads: con_past_read may run in any, on a request and an answer of its own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/names.h>

#define CON_PAST_BINS 400
#define CON_PAST_GAPS 64

struct con_past_request {
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE], parameter[WF_NAME_SIZE];
    int64_t from_ns, to_ns;
    size_t bins; /* about so many */
};

struct con_past_answer {
    struct con_past_request request;
    bool is_there;
    int64_t step_ns;
    size_t count;
    double times[CON_PAST_BINS]; /* seconds after request.from_ns, of the middle */
    double min[CON_PAST_BINS], max[CON_PAST_BINS], mean[CON_PAST_BINS]; /* NaN between: a hole */
    struct con_past_gap {
        double from_s, to_s;
        char letter; /* first of its cause */
        char cause[24];
    } gaps[CON_PAST_GAPS];
    size_t gap_count, gap_total;
    uint64_t samples;
    char tiers[48];    /* "hour+minute+raw" */
    char trouble[160]; /* why there is nothing, or not all; "" */
};

/* Read it from <state>/history. */
void con_past_read(const char *folder, const struct con_past_request *request,
                   struct con_past_answer *out);

#endif /* CON_PAST_H */
