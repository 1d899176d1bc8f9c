/* SPDX-License-Identifier: MIT */
#ifndef TIMELINE_H
#define TIMELINE_H

/* Timeline - what happened, one line an entry, as it is read: the past may be long. */

#include "past.h"

/* Prints; returns the exit status. */
int timeline_run(struct desk *desk, const struct past_query *query, bool is_csv);

#endif /* TIMELINE_H */
