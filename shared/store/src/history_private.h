/* SPDX-License-Identifier: MIT */
#ifndef WFS_HISTORY_PRIVATE_H
#define WFS_HISTORY_PRIVATE_H

/* What the files of the reading side share. */

#include <sys/types.h>

#include <watchfloor/store/history.h>

#include "db.h"
#include "folder.h"
#include "plan.h"
#include "spans.h"

/* Between writing and sealing a file is locked for moments only. */
#define WFS_READER_BUSY_MS 5000
/* Files that are kept open between questions. */
#define WFS_OPEN_FILES_MAX 8

/* A day file, and what was learnt of it: true as long as it was not modified. */
struct wfs_history_file {
    struct wfs_day_file day;
    bool is_known;
    int64_t known_modified_ns;
    struct wfs_spans spans;
};

/*
 * An open day file. Shared by the cursors that read it; nothing of it is locked
 * between calls, except what SQLite keeps of a file that has a log of changes.
 */
struct wfs_open_file {
    struct wfs_open_file *next;
    int64_t key;
    sqlite3 *db;
    unsigned users;
    uint64_t used; /* count of uses when it was used last */
    bool is_sealed;
    dev_t device;
    ino_t inode;
};

struct wf_history {
    char folder[WFS_PATH_SIZE];
    int64_t listed_ns;              /* when the folder had been changed when it was listed */
    struct wfs_history_file *files; /* ascending */
    size_t file_count;
    struct wfs_open_file *open;
    uint64_t uses, tables; /* counts: of uses, of names for temporary tables */
    struct wfs_known_plan {
        char hash[20];
        char subsystem[WF_NAME_SIZE];
        struct wfs_plan *plan;
    } * plans; /* schema versions met so far; they live as long as the history */
    size_t plan_count;
    struct wfs_trouble {
        int64_t key;
        char text[240];
    } * troubles; /* files that are left out */
    size_t trouble_count;
    struct wf_history_entry *entries; /* of the last list */
    size_t entry_count;
};

/* --- history_files.c -------------------------------------------------------------------- */

/* Look whether files came or went. */
int wfs_history_refresh(struct wf_history *history, struct wf_err *err);
/*
 * Use the day file of that key. ABSENT when it is gone, nothing was stored in
 * it yet, or it cannot be read (which is kept as a trouble): skip it.
 */
int wfs_history_get(struct wf_history *history, int64_t key, struct wfs_open_file **out_file,
                    struct wf_err *err);
void wfs_history_put(struct wf_history *history, struct wfs_open_file **file);
/* Reading a file failed. A damaged one is left out from now on: then ABSENT, else `rc`. */
int wfs_history_lost(struct wf_history *history, int64_t key, int rc, struct wf_err *err);
/*
 * Could file `index` hold rows of the range? By device time any can, until it was seen. Needs
 * no open file; wfs_history_learn makes it know what a sealed file holds.
 */
bool wfs_history_is_near(const struct wf_history *history, size_t index,
                         const struct wf_range *range);
bool wfs_history_has_gaps(const struct wf_history *history, size_t index,
                          const struct wf_range *range);
bool wfs_history_has_deleted(const struct wf_history *history, size_t index);
int wfs_history_learn(struct wf_history *history, size_t index, const struct wfs_open_file *file,
                      struct wf_err *err);
void wfs_history_close_files(struct wf_history *history, bool is_all);

/* --- history_denied.c ---------------------------------------------------------------------- */

/* Why day files may not be read: which folder, whose it is, what to do. Replaces the text. */
void wfs_history_tell_denied(const char *folder, struct wf_err *err);

/* --- history.c ---------------------------------------------------------------------------- */

/* The plan of a schema version; `schema_id` is its row in `db`. */
int wfs_history_plan(struct wf_history *history, sqlite3 *db, int64_t schema_id,
                     const struct wfs_plan **out_plan, struct wf_err *err);

/*
 * The newest schema of one source's subsystem within the range, without opening more files
 * than it takes; NULL when there is none. What wf_history_list gave before is gone.
 */
int wfs_history_newest(struct wf_history *history, const struct wf_range *range, const char *source,
                       const char *subsystem, const struct wf_schema **out_schema,
                       struct wf_err *err);

/* Names of the block columns that hold the time a range goes by. */
const char *wfs_from_column(const struct wf_range *range);
const char *wfs_to_column(const struct wf_range *range);

#endif /* WFS_HISTORY_PRIVATE_H */
