/* SPDX-License-Identifier: MIT */
/* Checking: see <watchfloor/store/maintain.h>. */

#include <watchfloor/store/maintain.h>

#include <stdlib.h>
#include <string.h>

#include "holdings.h"

static void check_db(sqlite3 *db, struct wf_history_file *file)
{
    sqlite3_stmt *stmt = NULL;
    struct wf_err err = { 0 };
    int step;

    if (wfs_prepare(db, "PRAGMA integrity_check(1)", &stmt, &err) < 0) {
        wfs_holdings_blame(file, err.text);
        return;
    }
    step = sqlite3_step(stmt);
    if (step != SQLITE_ROW) {
        (void)wfs_fail(&err, db, step, "check");
        wfs_holdings_blame(file, err.text);
    } else {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);

        if (text == NULL || strcmp(text, "ok") != 0)
            wfs_holdings_blame(file, text != NULL ? text : "?");
    }
    (void)sqlite3_finalize(stmt);
}

int wf_history_check(const char *state, enum wf_history_scope scope,
                     int (*each)(void *context, const struct wf_history_file *file), void *context,
                     struct wf_err *err)
{
    struct wfs_holdings kept;
    int rc = wfs_holdings_list(state, scope, true, &kept, err);

    for (size_t i = 0; rc == 0 && i < kept.count; i++) {
        char path[WFS_HOLDINGS_PATH_SIZE];
        struct wf_history_file file;
        struct wf_err why = { 0 };
        sqlite3 *db = NULL;
        int opened;

        wfs_holdings_describe(state, &kept.list[i], &file);
        wfs_holdings_path(state, &kept.list[i], path);
        opened = wfs_open_reader_of(path, kept.list[i].place->format, 5000, &db, &why);
        if (opened == 0) {
            check_db(db, &file);
            wfs_holdings_count(db, &kept.list[i], &file);
        } else if (opened != WF_ERR_ABSENT) {
            wfs_holdings_blame(&file, why.text);
        }
        wfs_close(&db);
        rc = each(context, &file);
    }
    free(kept.list);
    return rc;
}
