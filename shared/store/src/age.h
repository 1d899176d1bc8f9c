/* SPDX-License-Identifier: MIT */
#ifndef WFS_AGE_H
#define WFS_AGE_H

/*
 * Age - how old files are, when the clock cannot be trusted blindly. A clock that once leaps to
 * 2099 would make all of history "older than is kept" at a stroke. So a leap ahead is
 * believed only when days were written behind it; until then time stands still for whoever deletes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The time by which the age of files is judged: `now_ns`, or the end of the last day before a
 * hole (a week or more without a file) behind which there are files of fewer than three days.
 * `keys` of day files ascend; parts of a day are one. Days after `now_ns` say nothing.
 */
#define WFS_DAYS_BELIEVED 3
int64_t wfs_believed_now(const int64_t *keys, size_t count, int64_t now_ns);

/*
 * Was something committed to the day file `path` after the last commit to `other`? So it is when
 * the clock had been set back to the day of `path`, or rows of that day were imported: it is younger
 * than its name says. No, when either cannot be read.
 */
bool wfs_is_written_after(const char *path, const char *other);

#endif /* WFS_AGE_H */
