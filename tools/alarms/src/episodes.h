/* SPDX-License-Identifier: MIT */
#ifndef EPISODES_H
#define EPISODES_H

/* Episodes - the past of one alarm as people think of it: it came, somebody took it, it went. */

#include "past.h"

struct episode {
    int64_t raised_ns, returned_ns, acknowledged_ns; /* WF_TIME_NONE: not (yet) */
    uint64_t seq;                                    /* of the RAISE */
    uint8_t severity;                                /* the highest */
    uint32_t count;                                  /* RAISE and WORSEN */
    char value_text[52], user[36], note[164];
};

/* The newest `max` of one alarm, newest first; *out_count of them. The caller frees *out_list. */
int episodes_read(const struct desk *desk, const char *monitor, const char *alarm, size_t max,
                  struct episode **out_list, size_t *out_count, struct wf_err *err);

/* Seq of the newest transition of the alarm that may have a black box; 0: none. */
uint64_t episodes_newest_trip(const struct episode *list, size_t count);

#endif /* EPISODES_H */
