/* SPDX-License-Identifier: MIT */
#ifndef TAPE_H
#define TAPE_H

/*
 * Tape - the history of many subsystems as one line of samples, in the order in which they
 * were received. Memory: one row for each subsystem.
 */

#include <watchfloor/store/history.h>

struct tape;

/* One sample; borrowed until the next call. */
struct tape_sample {
    const char *source;
    size_t stream; /* 0 .. tape_streams - 1 */
    const struct wf_history_row *row;
};

/*
 * What is in `folder` between the two times (of receipt) and matches any of `patterns`; none: everything
 * but the system's own health, which was that of then.
 *   WF_ERR_ABSENT   nothing was recorded there then
 */
int tape_open(const char *folder, int64_t from_ns, int64_t to_ns, char *const *patterns,
              size_t pattern_count, struct tape **out_tape, struct wf_err *err);
void tape_close(struct tape **tape);

size_t tape_streams(const struct tape *tape);
/* Of stream `stream`: whose it is, and its newest schema in that time; borrowed from the tape. */
const char *tape_source(const struct tape *tape, size_t stream);
const struct wf_schema *tape_schema(const struct tape *tape, size_t stream);

/* Go on at `time_ns`; what lies before it is behind. */
int tape_seek(struct tape *tape, int64_t time_ns, struct wf_err *err);
/* The next sample without taking it, or NULL at the end; *out_rc (0 then) says when reading failed. */
const struct tape_sample *tape_look(struct tape *tape, int *out_rc, struct wf_err *err);
/* Take it: the next look finds the one behind it. */
void tape_take(struct tape *tape);

/*
 * What each subsystem last sent before `time_ns`, so that screens show the state of that moment.
 * `each` is called once for each that had sent anything, in the order of receipt.
 */
int tape_state_at(struct tape *tape, int64_t time_ns,
                  void (*each)(void *context, const struct tape_sample *sample), void *context,
                  struct wf_err *err);

/* A day that could not be read: see wf_history_trouble. */
const char *tape_trouble(const struct tape *tape, size_t index, int64_t *out_day_ns);

#endif /* TAPE_H */
