/* SPDX-License-Identifier: MIT */
/* A journal's file in its folder: made, opened, looked through. See journal_private.h. */

#include "journal_private.h"

#include "folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/paths.h>

#define CACHE_KIB    8192
#define LOOK_TIME_NS (2 * WF_NS_PER_S) /* a journal of years is not read whole at each start */

int wfs_journal_path(const char *folder, const char *monitor, char out[WFS_JOURNAL_PATH_SIZE],
                     struct wf_err *err)
{
    int rc = wf_instance_check(monitor, err);

    if (rc < 0) {
        wf_err_prefix(err, "monitor");
        return rc;
    }
    /* Room for what is put behind it: ".damaged-999-wal". */
    if (snprintf(out, WFS_JOURNAL_PATH_SIZE, "%s/%s.db", folder, monitor) >=
        WFS_JOURNAL_PATH_SIZE - 32)
        return wf_fail(err, WF_ERR_LIMIT, "the path of the journal is too long");
    return 0;
}

int wfs_journal_make_place(const char *folder, const struct wfs_journal_place *place,
                           struct wf_err *err)
{
    return wfs_place_make(folder, place->group, err);
}

int wfs_journal_open_file(const struct wfs_journal_place *place, bool is_checked,
                          struct wfs_journal_file *out, struct wf_err *err)
{
    sqlite3 *db = NULL;
    int64_t tables = 0;
    int rc = wfs_file_make(place->path, place->group, err);

    if (rc == 0)
        rc = wfs_open_writer_of(place->path, &wfs_journal_format, CACHE_KIB, &db, err);
    if (rc == 0)
        rc = wfs_get_i64(db, "SELECT count(*) FROM sqlite_schema", 0, &tables, err);
    if (rc == 0)
        rc = tables == 0 ? wfs_journal_create(db, place->instance, place->monitor, err)
                         : wfs_journal_verify(db, true, err);
    if (rc == 0 && is_checked && tables != 0)
        rc = wfs_quick_check(db, LOOK_TIME_NS, err);
    if (rc == 0 && is_checked && tables != 0)
        rc = wfs_take_in_log(db, err);
    if (rc == 0)
        return wfs_journal_file_open(db, place->is_synced, out, err);
    wfs_close(&db);
    return rc;
}
