/* SPDX-License-Identifier: MIT */
#ifndef WFS_ROLLUP_FILE_H
#define WFS_ROLLUP_FILE_H

/*
 * Rollup files - minimum, maximum, sum, last and count of every number per minute
 * (<folder>/minute/2026-11.db) and per hour (<folder>/hour/2026.db), by device time.
 * What is in them, and which buckets may be trusted: shared/store/README.md, Rollups.
 */

#include <stdbool.h>
#include <stdint.h>

#include "db.h"
#include "folder.h"

enum wfs_tier { WFS_TIER_MINUTE, WFS_TIER_HOUR, WFS_TIER_COUNT };

/* _buckets.id: the parameter's id, and the bucket's number within the file. */
#define WFS_BUCKET_BITS      16
#define WFS_BUCKET_MASK      ((INT64_C(1) << WFS_BUCKET_BITS) - 1)
#define WFS_PARAMETER_ID_MAX ((INT64_C(1) << 46) - 1)

/* Times beyond these (1750, 2250) are in no rollup: whatever sent them, it was no clock. */
#define WFS_ROLLUP_FROM_NS (INT64_C(-6942499200) * 1000000000)
#define WFS_ROLLUP_TO_NS   (INT64_C(8835955200) * 1000000000)

/* "minute"; the folder is called so too. */
const char *wfs_tier_name(enum wfs_tier tier);
/* Length of a bucket. */
int64_t wfs_tier_ns(enum wfs_tier tier);
/* Start of the bucket that `time_ns` lies in; right for times before 1970 too. */
int64_t wfs_bucket_start(enum wfs_tier tier, int64_t time_ns);

/* The period that one file holds: from the start of the month or year that `time_ns` lies in ... */
int64_t wfs_period_start(enum wfs_tier tier, int64_t time_ns);
/* ... to the start of the next. */
int64_t wfs_period_end(enum wfs_tier tier, int64_t time_ns);
/* "2026-11", "2026". */
void wfs_period_text(enum wfs_tier tier, int64_t time_ns, char out[16]);
/* "2026-11.db", "2026.db" and nothing else: the start of that period. */
bool wfs_period_parse(enum wfs_tier tier, const char *name, int64_t *out_ns);
/* "<folder>/minute/2026-11.db"; LIMIT when it does not fit. */
int wfs_rollup_path(const char *folder, enum wfs_tier tier, int64_t time_ns,
                    char out[WFS_PATH_SIZE], struct wf_err *err);

/* Make the tables of a new file, inside the caller's transaction. */
int wfs_rollup_create(sqlite3 *db, enum wfs_tier tier, int64_t period_ns, const char *instance,
                      struct wf_err *err);

#endif /* WFS_ROLLUP_FILE_H */
