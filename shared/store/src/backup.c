/* SPDX-License-Identifier: MIT */
/* Copying: see <watchfloor/store/maintain.h>. */

#include <watchfloor/store/maintain.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holdings.h"

static int copy_db(sqlite3 *from, const char *path, struct wf_err *err)
{
    sqlite3 *to = NULL;
    sqlite3_backup *backup;
    int step, rc = 0;

    if (sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK) {
        rc = wfs_fail(err, to, sqlite3_errcode(to), "make %s", path);
        wfs_close(&to);
        return rc;
    }
    backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup == NULL) {
        rc = wfs_fail(err, to, sqlite3_errcode(to), "copy to %s", path);
    } else {
        /* At one go: as of one moment, and never begun anew because somebody writes. */
        step = sqlite3_backup_step(backup, -1);
        (void)sqlite3_backup_finish(backup);
        if (step != SQLITE_DONE)
            rc = wfs_fail(err, to, step, "copy to %s", path);
    }
    if (rc == 0)
        rc = wfs_exec(to, err, "PRAGMA journal_mode=DELETE");
    wfs_close(&to);
    return rc;
}

static int copy_file(const char *state, const char *to, const char *group,
                     const struct wfs_holdings_file *kept, struct wf_history_file *file,
                     struct wf_err *err)
{
    char from_path[WFS_HOLDINGS_PATH_SIZE], to_path[WFS_HOLDINGS_PATH_SIZE];
    struct wf_err why = { 0 };
    sqlite3 *db = NULL;
    int rc;

    wfs_holdings_path(state, kept, from_path);
    wfs_holdings_path(to, kept, to_path);
    rc = wfs_open_reader_of(from_path, kept->place->format, 5000, &db, &why);
    if (rc < 0) {
        /* Gone meanwhile, or nothing in it yet; or damaged, which must not keep the rest away. */
        if (rc != WF_ERR_ABSENT && access(from_path, F_OK) == 0)
            wfs_holdings_blame(file, why.text);
        return 0;
    }
    wfs_holdings_count(db, kept, file);
    rc = wfs_file_make(to_path, group, err);
    if (rc == 0)
        rc = copy_db(db, to_path, err);
    wfs_close(&db);
    if (rc == WF_ERR_CORRUPT) {
        wfs_holdings_blame(file, err != NULL ? err->text : "damaged");
        (void)unlink(to_path);
        return 0;
    }
    return rc;
}

/* Is there anything in that folder? */
static bool is_used(const char *path)
{
    struct dirent *entry;
    DIR *dir = opendir(path);
    bool is = false;

    while (dir != NULL && !is && (entry = readdir(dir)) != NULL)
        is = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (dir != NULL)
        (void)closedir(dir);
    return is;
}

static int make_target(const char *to, const char *group, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; i < WFS_HOLDINGS_PLACES; i++) {
        char path[WFS_HOLDINGS_PATH_SIZE];

        wfs_holdings_folder(to, &wfs_holdings_places[i], path);
        if (is_used(path))
            return wf_fail(err, WF_ERR_EXISTS, "there is something in %s already", path);
    }
    for (size_t i = 0; rc == 0 && i < WFS_HOLDINGS_PLACES; i++) {
        char path[WFS_HOLDINGS_PATH_SIZE];

        wfs_holdings_folder(to, &wfs_holdings_places[i], path);
        rc = wfs_place_make(path, group, err);
    }
    return rc;
}

int wf_history_backup(const char *state, const char *to, const char *group,
                      int (*each)(void *context, const struct wf_history_file *file), void *context,
                      struct wf_err *err)
{
    struct wfs_holdings kept = { 0 };
    int rc = strlen(to) < WFS_PATH_SIZE
                 ? wfs_holdings_list(state, WF_HISTORY_AND_ALL, false, &kept, err)
                 : wf_fail(err, WF_ERR_LIMIT, "the path of the copy is too long");

    if (rc == 0)
        rc = make_target(to, group, err);
    for (size_t i = 0; rc == 0 && i < kept.count; i++) {
        struct wf_history_file file;

        wfs_holdings_describe(state, &kept.list[i], &file);
        rc = copy_file(state, to, group, &kept.list[i], &file, err);
        if (rc == 0)
            rc = each(context, &file);
    }
    free(kept.list);
    return rc;
}
