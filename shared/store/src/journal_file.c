/* SPDX-License-Identifier: MIT */
/* A journal's file in its folder: made, opened, looked through. See journal_private.h. */

#include "journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/paths.h>

#define CACHE_KIB    8192
#define LOOK_OPS     20000             /* of SQLite's machine, between looks at the clock */
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

static int give_to_group(const char *path, const char *group, struct wf_err *err)
{
    const struct group *entry;
    uint64_t number;
    gid_t gid;

    entry = getgrnam(group);
    if (entry != NULL)
        gid = entry->gr_gid;
    else if (wf_parse_u64(group, &number, NULL) == 0 && number < UINT32_MAX)
        gid = (gid_t)number;
    else
        return wf_fail(err, WF_ERR_INVALID, "no group '%s' here: expected a name or a number",
                       group);
    if (chown(path, (uid_t)-1, gid) != 0)
        return wf_fail_errno(err, errno, "give %s to group '%s'", path, group);
    return 0;
}

static bool has_group(const struct wfs_journal_place *place)
{
    return place->group != NULL && place->group[0] != '\0';
}

static int make_file(const char *path, const struct wfs_journal_place *place, struct wf_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);

    if (fd < 0 && errno == EEXIST)
        return 0;
    if (fd < 0)
        return wf_fail_errno(err, errno, "make %s", path);
    (void)fchmod(fd, 0640); /* whatever the umask */
    (void)close(fd);
    return has_group(place) ? give_to_group(path, place->group, err) : 0;
}

int wfs_journal_make_place(const char *folder, const struct wfs_journal_place *place,
                           struct wf_err *err)
{
    bool is_there = access(folder, X_OK) == 0;
    int rc = is_there ? 0 : wf_make_folders(folder, err);

    if (rc == 0 && !is_there && has_group(place)) {
        rc = give_to_group(folder, place->group, err);
        if (rc == 0 && chmod(folder, 0750) != 0)
            rc = wf_fail_errno(err, errno, "open %s for the group", folder);
    }
    return rc;
}

static int is_time_over(void *context)
{
    return wf_mono_now_ns() > *(const int64_t *)context;
}

/* As far as there is time: what it does not come to, shows when it is read. */
static int look_through(sqlite3 *db, struct wf_err *err)
{
    int64_t deadline_ns = wf_mono_now_ns() + LOOK_TIME_NS;
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db, "PRAGMA quick_check(1)", &stmt, err);

    if (rc < 0)
        return rc;
    sqlite3_progress_handler(db, LOOK_OPS, is_time_over, &deadline_ns);
    rc = sqlite3_step(stmt);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    if (rc == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        bool is_ok = text != NULL && strcmp(text, "ok") == 0;

        rc = is_ok ? 0 : wf_fail(err, WF_ERR_CORRUPT, "%.160s", text != NULL ? text : "?");
    } else {
        rc = (rc & 0xff) == SQLITE_INTERRUPT ? 0 : wfs_fail(err, db, rc, "look through it");
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

int wfs_journal_open_file(const struct wfs_journal_place *place, bool is_checked,
                          struct wfs_journal_file *out, struct wf_err *err)
{
    sqlite3 *db = NULL;
    int64_t tables = 0;
    int rc = make_file(place->path, place, err);

    if (rc == 0)
        rc = wfs_open_writer_of(place->path, &wfs_journal_format, CACHE_KIB, &db, err);
    if (rc == 0)
        rc = wfs_get_i64(db, "SELECT count(*) FROM sqlite_schema", 0, &tables, err);
    if (rc == 0)
        rc = tables == 0 ? wfs_journal_create(db, place->instance, place->monitor, err)
                         : wfs_journal_verify(db, true, err);
    if (rc == 0 && is_checked && tables != 0)
        rc = look_through(db, err);
    if (rc == 0)
        return wfs_journal_file_open(db, place->is_synced, out, err);
    wfs_close(&db);
    return rc;
}
