/* SPDX-License-Identifier: MIT */
#ifndef STATS_H
#define STATS_H

/*
 * Stats - how good the alarm system is to its operators, against what ISA-18.2 and EEMUA 191
 * publish: about one alarm in ten minutes, no floods, nothing that chatters or stands for days.
 */

#include "past.h"

/* Over [from, to); prints; returns the exit status: 1 when a target is missed. */
int stats_run(struct desk *desk, int64_t from_ns, int64_t to_ns);

#endif /* STATS_H */
