/* SPDX-License-Identifier: MIT */
#ifndef LIST_H
#define LIST_H

/* List - the alarms of now, from the tables that alarm monitors publish. */

#include "desk.h"

enum list_view {
    LIST_ACTIVE, /* what an operator has to look at: active, pending, unacknowledged, latched */
    LIST_UNACKNOWLEDGED,
    LIST_ACKNOWLEDGED,
    LIST_PENDING,
    LIST_SHELVED,
    LIST_SUPPRESSED,
    LIST_OUT_OF_SERVICE,
    LIST_ALL, /* every alarm there is: asks the monitors, as the tables have not the normal ones */
};

struct list_options {
    enum list_view view;
    uint8_t severity; /* at least */
    const char *text; /* somewhere in it, without case */
    bool is_csv, is_watch;
};

/* Prints; returns the exit status. Names are the desk's operands. */
int list_run(struct desk *desk, const struct list_options *options);

/* Is `part` in `text`, without case (ASCII)? */
bool list_contains(const char *text, const char *part);

#endif /* LIST_H */
