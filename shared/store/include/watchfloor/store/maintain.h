/* SPDX-License-Identifier: MIT */
#ifndef WF_STORE_MAINTAIN_H
#define WF_STORE_MAINTAIN_H

/*
 * Maintain - looking through the files of history and what belongs to it below the state folder (packets
 * as received, alarm journals, the outbox of notifications), copying them while they are written, and
 * saving what can still be read of a damaged day.
 *
 * Checking and copying only read: any number of programs, beside the logger. Saving writes a
 * file of its own; putting it in the place of the damaged one needs the logger's lease.
 *
 * Threads: any, one call at a time for each folder.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/names.h>

/* One file of history, as it is told to a person. */
struct wf_history_file {
    char name[96]; /* "raw/2026-11-20.db", "packets/2026-11-20.db", "alarms/main.db" */
    uint64_t bytes;
    uint64_t rows;     /* of day files; buckets of rollups, packets, entries, messages */
    bool is_fine;      /* else `problem` says why not */
    bool is_set_aside; /* a damaged day that the logger put away (DAY.db.damaged-N) */
    char problem[240];
};

enum wf_history_scope {
    WF_HISTORY_ALONE,   /* days and rollups */
    WF_HISTORY_AND_ALL, /* and packets, journals, the outbox */
};

/*
 * Look through every file below <state> (PRAGMA integrity_check). `each` is told one after the other, day
 * files first; another value than 0 ends it and is returned. Files that are set aside are
 * named too. ABSENT when there is no history.
 */
int wf_history_check(const char *state, enum wf_history_scope scope,
                     int (*each)(void *context, const struct wf_history_file *file), void *context,
                     struct wf_err *err);

/*
 * Copy everything below <state> to the same places below `to`, where nothing may be yet; also while
 * all of it is written. Each file as of one moment, and none before what it says something of: days
 * before rollups and packets, so that no copied day claims more than the copies have; the outbox before the
 * journals, so that no alarm counts as told that is not there. `each` is told of each file that was
 * copied. `group` may read the copies (NULL or "" = our own). Putting a copy back is the same the other way.
 *   WF_ERR_EXISTS   there is something in one of the places below `to`
 */
int wf_history_backup(const char *state, const char *to, const char *group,
                      int (*each)(void *context, const struct wf_history_file *file), void *context,
                      struct wf_err *err);

struct wf_salvaged {
    uint64_t rows;     /* saved */
    uint64_t expected; /* there should have been; 0 = not known */
};
/*
 * Save what can be read of the day file `from` into a new file `to`: forward until the damage,
 * then from the end back to it. What is missing becomes gap rows (`file_corrupt`), so that rows and gaps
 * add up in the new file as they did.
 *   WF_ERR_CORRUPT   not even its tables can be told
 */
int wf_history_salvage(const char *from, const char *to, struct wf_salvaged *out,
                       struct wf_err *err);

#endif /* WF_STORE_MAINTAIN_H */
