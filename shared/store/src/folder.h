/* SPDX-License-Identifier: MIT */
#ifndef WFS_FOLDER_H
#define WFS_FOLDER_H

/* Folder - the day files of history: <folder>/raw/YYYY-MM-DD.db, and their names. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>

#define WFS_PATH_SIZE 4096

struct wfs_day_file {
    int64_t day_ns;      /* UTC midnight it begins with */
    int64_t modified_ns; /* of the file or the log of changes beside it */
    bool is_sealed;      /* read-only: nothing is added any more */
};

/* "<folder>/raw/2026-11-20.db"; LIMIT when it does not fit. */
int wfs_day_path(const char *folder, int64_t day_ns, char out[WFS_PATH_SIZE], struct wf_err *err);
/* "2026-11-20" of any time within the day. */
void wfs_day_text(int64_t time_ns, char out[16]);

/* All day files, ascending. The caller frees *out_list. ABSENT when there is no folder. */
int wfs_folder_list(const char *folder, struct wfs_day_file **out_list, size_t *out_count,
                    struct wf_err *err);

/* Days of which <path> has a file "2026-11-20.db", ascending; the caller frees. ABSENT: no folder. */
int wfs_folder_days(const char *path, int64_t **out_days, size_t *out_count, struct wf_err *err);

/* The folder exists afterwards, and `group` (a name or a number; NULL or "" = our own) may read there. */
int wfs_place_make(const char *path, const char *group, struct wf_err *err);
/* <folder>/<name> exists afterwards, and `group` ("" = our own) may read there. */
int wfs_folder_make(const char *folder, const char *name, const char *group, struct wf_err *err);
/* The file exists afterwards, writable for us, whatever the umask. */
int wfs_file_make(const char *path, const char *group, struct wf_err *err);

#endif /* WFS_FOLDER_H */
