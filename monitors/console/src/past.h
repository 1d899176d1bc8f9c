/* SPDX-License-Identifier: MIT */
#ifndef CON_PAST_H
#define CON_PAST_H

/*
 * Past - one parameter over minutes to years, from recorded history, in steps. Reading takes
 * files and time, so the program does it in a thread of its own (reading.h); what is asked, and the
 * joining with what is live, is in pasts.h.
 *
 * Threads: a reader belongs to whoever reads; requests and answers are copied across.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/names.h>
#include <watchfloor/paths.h>
#include <watchfloor/plugin.h>

#define CON_PAST_STEPS (WF_PAST_STEPS_MAX + 8) /* a range cuts its first and last step */
#define CON_PAST_GAPS  256

struct con_past_request {
    char folder[WF_PATH_SIZE]; /* <state>/history */
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE], parameter[WF_NAME_SIZE];
    int64_t from_ns, to_ns;
    int64_t step_ns;
    size_t slot; /* whose it is: see pasts.c */
};

/* Gaps of one cause that lie within a step of each other are one. */
struct con_past_gaps {
    struct wf_past_gap list[CON_PAST_GAPS];
    size_t count;
};
void con_past_add_gap(struct con_past_gaps *gaps, const struct wf_past_gap *gap, int64_t near_ns);

struct con_past_answer {
    struct con_past_request request;
    bool is_there;
    struct wf_past_step steps[CON_PAST_STEPS];
    size_t count;
    struct con_past_gaps gaps;
    int64_t newest_ns; /* of the newest sample in it; WF_TIME_NONE = none */
    char tiers[48];    /* "hour+minute+raw" */
    char trouble[160]; /* why there is nothing, or not all; "" */
    int64_t took_ns;
};

struct con_past_reader {
    struct wf_history *history; /* NULL: not open (yet) */
    char folder[WF_PATH_SIZE];  /* whose it is */
    atomic_bool is_cancelled;   /* set from any thread: come back soon */
};

/* Read what is asked. Always fills `out`. */
void con_past_read(struct con_past_reader *reader, const struct con_past_request *request,
                   struct con_past_answer *out);
/* Nothing is asked for a while: let the logger have its files for itself. */
void con_past_rest(struct con_past_reader *reader);
void con_past_close(struct con_past_reader *reader);

#endif /* CON_PAST_H */
