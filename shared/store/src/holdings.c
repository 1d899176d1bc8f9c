/* SPDX-License-Identifier: MIT */
/* Holdings: see holdings.h. */

#include "holdings.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "journal_private.h"
#include "outbox_format.h"
#include "packet_file.h"

#define RAW_ROWS    "SELECT sum(rows) FROM _blocks"
#define ROLLUP_ROWS "SELECT count(*) FROM _buckets"

const struct wfs_holdings_place wfs_holdings_places[WFS_HOLDINGS_PLACES] = {
    { "raw", "history", &wfs_history_format, RAW_ROWS, true },
    { "minute", "history", &wfs_history_format, ROLLUP_ROWS, true },
    { "hour", "history", &wfs_history_format, ROLLUP_ROWS, true },
    { "packets", "history", &wfs_packet_format, RAW_ROWS, false },
    { "notify", "", &wfs_outbox_format, "SELECT count(*) FROM _messages", false },
    { "alarms", "", &wfs_journal_format, "SELECT count(*) FROM _entries", false },
};

static int compare_files(const void *a, const void *b)
{
    return strcmp(((const struct wfs_holdings_file *)a)->name,
                  ((const struct wfs_holdings_file *)b)->name);
}

static bool is_wanted(const char *name, bool with_set_aside)
{
    const char *db = strstr(name, ".db");

    if (db == NULL || db == name ||
        strlen(name) >= sizeof(((struct wfs_holdings_file *)NULL)->name))
        return false;
    return db[3] == '\0' || (with_set_aside && strncmp(db + 3, ".damaged-", 9) == 0 &&
                             db[12] != '\0' && db[12 + strspn(db + 12, "0123456789")] == '\0');
}

void wfs_holdings_folder(const char *state, const struct wfs_holdings_place *place,
                         char out[WFS_HOLDINGS_PATH_SIZE])
{
    (void)snprintf(out, WFS_HOLDINGS_PATH_SIZE, "%s/%s%s%s", state, place->parent,
                   place->parent[0] != '\0' ? "/" : "", place->name);
}

void wfs_holdings_path(const char *state, const struct wfs_holdings_file *file,
                       char out[WFS_HOLDINGS_PATH_SIZE])
{
    size_t len;

    wfs_holdings_folder(state, file->place, out);
    len = strlen(out);
    (void)snprintf(out + len, WFS_HOLDINGS_PATH_SIZE - len, "/%s", file->name);
}

static int list_place(const char *state, const struct wfs_holdings_place *place,
                      bool with_set_aside, struct wfs_holdings *out, bool *inout_is_any,
                      struct wf_err *err)
{
    char path[WFS_HOLDINGS_PATH_SIZE];
    size_t first = out->count;
    struct dirent *entry;
    DIR *dir;

    wfs_holdings_folder(state, place, path);
    dir = opendir(path);
    if (dir == NULL)
        return errno == ENOENT ? 0 : wf_fail_errno(err, errno, "%s", path);
    *inout_is_any = true;
    while ((entry = readdir(dir)) != NULL) {
        struct wfs_holdings_file *more;

        if (!is_wanted(entry->d_name, with_set_aside))
            continue;
        more = realloc(out->list, (out->count + 1) * sizeof(*more));
        if (more == NULL) {
            (void)closedir(dir);
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        }
        out->list = more;
        more = &more[out->count++];
        more->place = place;
        (void)wf_copy_text(more->name, sizeof(more->name), entry->d_name);
    }
    (void)closedir(dir);
    if (out->count > first)
        qsort(out->list + first, out->count - first, sizeof(*out->list), compare_files);
    return 0;
}

int wfs_holdings_list(const char *state, enum wf_history_scope scope, bool with_set_aside,
                      struct wfs_holdings *out, struct wf_err *err)
{
    bool is_any = false;
    int rc = 0;

    *out = (struct wfs_holdings){ 0 };
    if (strlen(state) >= WFS_PATH_SIZE)
        return wf_fail(err, WF_ERR_LIMIT, "the path of the state folder is too long");
    for (size_t i = 0; rc == 0 && i < WFS_HOLDINGS_PLACES; i++) {
        const struct wfs_holdings_place *place = &wfs_holdings_places[i];

        if (place->is_history || scope == WF_HISTORY_AND_ALL)
            rc = list_place(state, place, with_set_aside, out, &is_any, err);
    }
    if (rc == 0 && !is_any)
        rc = wf_fail(err, WF_ERR_ABSENT, "there is no history in %s", state);
    return rc;
}

void wfs_holdings_describe(const char *state, const struct wfs_holdings_file *file,
                           struct wf_history_file *out)
{
    char path[WFS_HOLDINGS_PATH_SIZE];
    struct stat st;

    memset(out, 0, sizeof(*out));
    (void)snprintf(out->name, sizeof(out->name), "%s/%s", file->place->name, file->name);
    out->is_fine = true;
    out->is_set_aside = strstr(file->name, ".damaged-") != NULL;
    wfs_holdings_path(state, file, path);
    if (stat(path, &st) == 0)
        out->bytes = (uint64_t)st.st_size;
}

void wfs_holdings_count(sqlite3 *db, const struct wfs_holdings_file *file,
                        struct wf_history_file *out)
{
    int64_t rows = 0;

    if (wfs_get_i64(db, file->place->rows_sql, 0, &rows, NULL) == 0)
        out->rows = (uint64_t)rows;
}

void wfs_holdings_blame(struct wf_history_file *out, const char *text)
{
    out->is_fine = false;
    (void)wf_copy_text(out->problem, sizeof(out->problem), text);
}
