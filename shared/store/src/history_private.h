/* SPDX-License-Identifier: MIT */
#ifndef WFS_HISTORY_PRIVATE_H
#define WFS_HISTORY_PRIVATE_H

/* What the files of the reading side share. */

#include <watchfloor/store/history.h>

#include "db.h"
#include "folder.h"
#include "plan.h"

/* Between writing and sealing a file is locked for moments only. */
#define WFS_READER_BUSY_MS 5000

struct wf_history {
    char folder[WFS_PATH_SIZE];
    struct wfs_day_file *files; /* ascending */
    size_t file_count;
    struct wfs_known_plan {
        char hash[20];
        char subsystem[WF_NAME_SIZE];
        struct wfs_plan *plan;
    } * plans; /* schema versions met so far; they live as long as the history */
    size_t plan_count;
    struct wfs_trouble {
        int64_t day_ns;
        char text[240];
    } * troubles; /* files that are left out */
    size_t trouble_count;
    struct wf_history_entry *entries; /* of the last list */
    size_t entry_count;
};

/*
 * Open day file `index` for reading. ABSENT when it is gone, nothing was stored in
 * it yet, or it cannot be read (which is kept as a trouble): skip it.
 */
int wfs_history_file(struct wf_history *history, size_t index, sqlite3 **out_db,
                     struct wf_err *err);
/* Could day file `index` hold rows of the range? By device time any can. */
bool wfs_history_is_near(const struct wf_history *history, size_t index,
                         const struct wf_range *range);
/* The plan of a schema version; `schema_id` is its row in `db`. */
int wfs_history_plan(struct wf_history *history, sqlite3 *db, int64_t schema_id,
                     const struct wfs_plan **out_plan, struct wf_err *err);

/* Names of the block columns that hold the time a range goes by. */
const char *wfs_from_column(const struct wf_range *range);
const char *wfs_to_column(const struct wf_range *range);

#endif /* WFS_HISTORY_PRIVATE_H */
