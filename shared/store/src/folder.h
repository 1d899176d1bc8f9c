/* SPDX-License-Identifier: MIT */
#ifndef WFS_FOLDER_H
#define WFS_FOLDER_H

/*
 * Folder - the day files of history: <folder>/raw/YYYY-MM-DD.db, and their names.
 *
 * A day is one file as a rule. Where somebody held a snapshot of it until its log of changes was
 * full there are further *parts*, 2026-11-20.2.db, .3.db ...; what comes goes into the last one.
 * A file is known by its *key*: the midnight that its day begins with, plus as many ns as there
 * were parts before. So keys sort as the files came about.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>

#define WFS_PATH_SIZE 4096
#define WFS_PARTS_MAX 99

struct wfs_day_file {
    int64_t key;
    int64_t modified_ns; /* of the file or the log of changes beside it */
    uint64_t bytes;      /* of the file */
    bool is_sealed;      /* read-only: nothing is added any more */
};

/* The file of part 1 .. WFS_PARTS_MAX of the day of `time_ns`; and what a key says. */
int64_t wfs_file_key(int64_t time_ns, unsigned part);
int64_t wfs_file_day(int64_t key);
unsigned wfs_file_part(int64_t key);
/* "2026-11-20", "2026-11-20.2" */
void wfs_file_text(int64_t key, char out[16]);
/* "2026-11-20.2.db" and nothing else; what it says must be a day that exists. */
bool wfs_file_parse(const char *name, int64_t *out_key);

/* "<folder>/raw/2026-11-20.db"; LIMIT when it does not fit. */
int wfs_day_path(const char *folder, int64_t key, char out[WFS_PATH_SIZE], struct wf_err *err);
/* "2026-11-20" of any time within the day. */
void wfs_day_text(int64_t time_ns, char out[16]);

/* All day files, ascending. The caller frees *out_list. ABSENT when there is no folder. */
int wfs_folder_list(const char *folder, struct wfs_day_file **out_list, size_t *out_count,
                    struct wf_err *err);

/* Keys of the files that <path> has, ascending; the caller frees. ABSENT: no folder. */
int wfs_folder_keys(const char *path, int64_t **out_keys, size_t *out_count, struct wf_err *err);
/* The last part of a day that <path> has; part 1 when there is none. */
int wfs_folder_newest(const char *path, int64_t day_ns, int64_t *out_key, struct wf_err *err);

/* The folder exists afterwards, and `group` (a name or a number; NULL or "" = our own) may read there. */
int wfs_place_make(const char *path, const char *group, struct wf_err *err);
/* <folder>/<name> exists afterwards, and `group` ("" = our own) may read there. */
int wfs_folder_make(const char *folder, const char *name, const char *group, struct wf_err *err);
/* The file exists afterwards, writable for us, whatever the umask. */
int wfs_file_make(const char *path, const char *group, struct wf_err *err);

/* What an earlier life left in the log of changes of `path`, not waiting for the disk, is on it now. */
int wfs_sync_left_over(const char *path, struct wf_err *err);

#endif /* WFS_FOLDER_H */
