/* SPDX-License-Identifier: MIT */
#ifndef WFS_KEPT_FILES_H
#define WFS_KEPT_FILES_H

/*
 * Kept files - everything in one folder that belongs to history and takes room: files by their
 * dates, what was set aside as damaged or left behind by a repair, and what is half deleted.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>

/* Behind the name of a file that is being deleted: no reader finds it any more. */
#define WFS_KEPT_MARK ".deleted"

enum wfs_kept_kind { WFS_KEPT_DAYS, WFS_KEPT_MONTHS, WFS_KEPT_YEARS };

struct wfs_kept_file {
    char name[64]; /* "2026-11-20.db", perhaps with more behind it */
    int64_t key;   /* by which they are in order; of a rollup file its start */
    int64_t from_ns, to_ns;
    uint64_t bytes; /* with the log of changes beside it */
    bool is_marked;
    bool is_aside; /* NAME.damaged-N, NAME.damaged-N.saved, NAME.saving: no history any more */
};

struct wfs_kept_files {
    struct wfs_kept_file *list; /* the oldest first; of one date what is aside first */
    size_t count;
    uint64_t bytes;
};

/* The caller frees out->list. A folder that is not there has no files. */
int wfs_kept_list(const char *path, enum wfs_kept_kind kind, struct wfs_kept_files *out,
                  struct wf_err *err);
/*
 * Room to be kept free below a limit of bytes: what was added since the last look, which saw
 * `before` (0: there was none), scaled to `ahead_ns`; a quarter of the limit at most.
 */
uint64_t wfs_kept_reserve(uint64_t before, uint64_t now, int64_t passed_ns, int64_t ahead_ns,
                          uint64_t bytes_max);
/* Unlink a file with what lies beside it, the file itself last. */
void wfs_kept_remove(const char *path);

#endif /* WFS_KEPT_FILES_H */
