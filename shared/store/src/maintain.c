/* SPDX-License-Identifier: MIT */
/* Checking and copying: see <watchfloor/store/maintain.h>. */

#include <watchfloor/store/maintain.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db.h"
#include "folder.h"

#define PATH_MORE (WFS_PATH_SIZE + 128)

static const char *const tiers[] = { "raw", "minute", "hour" };

struct names {
    char (*list)[64];
    size_t count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool is_wanted(const char *name, bool with_set_aside)
{
    const char *db = strstr(name, ".db");

    if (db == NULL || db == name || strlen(name) > 40)
        return false;
    return db[3] == '\0' || (with_set_aside && strncmp(db + 3, ".damaged-", 9) == 0 &&
                             db[12] != '\0' && db[12 + strspn(db + 12, "0123456789")] == '\0');
}

/* "raw/NAME" of all tiers in their order. */
static int list_all(const char *folder, bool with_set_aside, struct names *out, struct wf_err *err)
{
    bool is_any = false;

    *out = (struct names){ 0 };
    for (size_t i = 0; i < WF_COUNT_OF(tiers); i++) {
        char path[PATH_MORE];
        size_t first = out->count;
        struct dirent *entry;
        DIR *dir;

        (void)snprintf(path, sizeof(path), "%s/%s", folder, tiers[i]);
        dir = opendir(path);
        if (dir == NULL && errno != ENOENT)
            return wf_fail_errno(err, errno, "%s", path);
        is_any = is_any || dir != NULL;
        while (dir != NULL && (entry = readdir(dir)) != NULL) {
            char(*more)[64];

            if (!is_wanted(entry->d_name, with_set_aside))
                continue;
            more = realloc(out->list, (out->count + 1) * sizeof(*more));
            if (more == NULL) {
                (void)closedir(dir);
                return wf_fail(err, WF_ERR_NOMEM, "out of memory");
            }
            out->list = more;
            (void)snprintf(more[out->count++], sizeof(*more), "%s/%.48s", tiers[i], entry->d_name);
        }
        if (dir != NULL)
            (void)closedir(dir);
        if (out->count > first)
            qsort(out->list + first, out->count - first, sizeof(*out->list), compare_names);
    }
    return is_any ? 0 : wf_fail(err, WF_ERR_ABSENT, "there is no history in %s", folder);
}

static void describe(const char *folder, const char *name, struct wf_history_file *out)
{
    char path[PATH_MORE];
    struct stat st;

    memset(out, 0, sizeof(*out));
    (void)wf_copy_text(out->name, sizeof(out->name), name);
    out->is_fine = true;
    out->is_set_aside = strstr(name, ".damaged-") != NULL;
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (stat(path, &st) == 0)
        out->bytes = (uint64_t)st.st_size;
}

static void blame(struct wf_history_file *file, const char *text)
{
    file->is_fine = false;
    (void)wf_copy_text(file->problem, sizeof(file->problem), text);
}

static void count_rows(sqlite3 *db, struct wf_history_file *file)
{
    int64_t rows = 0;

    if (wfs_get_i64(db,
                    strncmp(file->name, "raw/", 4) == 0 ? "SELECT sum(rows) FROM _blocks"
                                                        : "SELECT count(*) FROM _buckets",
                    0, &rows, NULL) == 0)
        file->rows = (uint64_t)rows;
}

/* --- checking -------------------------------------------------------------------------------- */

static void check_db(sqlite3 *db, struct wf_history_file *file)
{
    sqlite3_stmt *stmt = NULL;
    struct wf_err err = { 0 };
    int step;

    if (wfs_prepare(db, "PRAGMA integrity_check(1)", &stmt, &err) < 0) {
        blame(file, err.text);
        return;
    }
    step = sqlite3_step(stmt);
    if (step != SQLITE_ROW) {
        (void)wfs_fail(&err, db, step, "check");
        blame(file, err.text);
    } else {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);

        if (text == NULL || strcmp(text, "ok") != 0)
            blame(file, text != NULL ? text : "?");
    }
    (void)sqlite3_finalize(stmt);
}

int wf_history_check(const char *folder,
                     int (*each)(void *context, const struct wf_history_file *file), void *context,
                     struct wf_err *err)
{
    struct names names;
    int rc = list_all(folder, true, &names, err);

    for (size_t i = 0; rc == 0 && i < names.count; i++) {
        char path[PATH_MORE];
        struct wf_history_file file;
        struct wf_err why = { 0 };
        sqlite3 *db = NULL;
        int opened;

        describe(folder, names.list[i], &file);
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names.list[i]);
        opened = wfs_open_reader(path, 5000, &db, &why);
        if (opened == 0) {
            check_db(db, &file);
            count_rows(db, &file);
        } else if (opened != WF_ERR_ABSENT) {
            blame(&file, why.text);
        }
        wfs_close(&db);
        rc = each(context, &file);
    }
    free(names.list);
    return rc;
}

/* --- copying ----------------------------------------------------------------------------------- */

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

static int copy_file(const char *folder, const char *to, struct wf_history_file *file,
                     struct wf_err *err)
{
    char from_path[PATH_MORE], to_path[PATH_MORE];
    struct wf_err why = { 0 };
    sqlite3 *db = NULL;
    int rc;

    (void)snprintf(from_path, sizeof(from_path), "%s/%s", folder, file->name);
    (void)snprintf(to_path, sizeof(to_path), "%s/%s", to, file->name);
    rc = wfs_open_reader(from_path, 5000, &db, &why);
    if (rc < 0) {
        /* Gone meanwhile, or nothing in it yet; or damaged, which must not keep the rest away. */
        if (rc != WF_ERR_ABSENT && access(from_path, F_OK) == 0)
            blame(file, why.text);
        return 0;
    }
    count_rows(db, file);
    rc = copy_db(db, to_path, err);
    wfs_close(&db);
    if (rc == WF_ERR_CORRUPT) {
        blame(file, err != NULL ? err->text : "damaged");
        (void)unlink(to_path);
        return 0;
    }
    if (rc == 0 && chmod(to_path, 0640) != 0)
        rc = wf_fail_errno(err, errno, "%s", to_path);
    return rc;
}

static int make_target(const char *to, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < WF_COUNT_OF(tiers); i++) {
        char path[PATH_MORE];

        (void)snprintf(path, sizeof(path), "%s/%s", to, tiers[i]);
        if (access(path, F_OK) == 0)
            return wf_fail(err, WF_ERR_EXISTS, "%s is there already; name an empty folder", path);
        rc = wfs_folder_make(to, tiers[i], "", err);
    }
    return rc;
}

int wf_history_backup(const char *folder, const char *to,
                      int (*each)(void *context, const struct wf_history_file *file), void *context,
                      struct wf_err *err)
{
    struct names names;
    int rc = strlen(to) < WFS_PATH_SIZE
                 ? list_all(folder, false, &names, err)
                 : wf_fail(err, WF_ERR_LIMIT, "the path of the copy is too long");

    if (rc < 0)
        return rc;
    rc = make_target(to, err);
    for (size_t i = 0; rc == 0 && i < names.count; i++) {
        struct wf_history_file file;

        describe(folder, names.list[i], &file);
        rc = copy_file(folder, to, &file, err);
        if (rc == 0)
            rc = each(context, &file);
    }
    free(names.list);
    return rc;
}
