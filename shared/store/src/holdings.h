/* SPDX-License-Identifier: MIT */
#ifndef WFS_HOLDINGS_H
#define WFS_HOLDINGS_H

/* Holdings - the files below the state folder that are worth keeping: what is checked and copied. */

#include <watchfloor/store/maintain.h>

#include "db.h"
#include "folder.h"

/* Of a path below the state folder. */
#define WFS_HOLDINGS_PATH_SIZE (WFS_PATH_SIZE + 128)

struct wfs_holdings_place {
    const char *name;   /* what its files are called by: "raw" */
    const char *parent; /* "history", or "" */
    const struct wfs_format *format;
    const char *rows_sql; /* how many are in a file */
    bool is_history;      /* a tier of history itself */
};

/*
 * In the order of copying: a file that says something of others comes before these, and so says too
 * little of them rather than too much. Days before the rollups and packets they lead to, and what people were
 * told before the alarms they were told of.
 */
#define WFS_HOLDINGS_PLACES 6
extern const struct wfs_holdings_place wfs_holdings_places[WFS_HOLDINGS_PLACES];

struct wfs_holdings {
    struct wfs_holdings_file {
        const struct wfs_holdings_place *place;
        char name[64]; /* "2026-11-20.db" */
    } * list;
    size_t count;
};

/* <state>/<parent>/<place>, the folder. */
void wfs_holdings_folder(const char *state, const struct wfs_holdings_place *place,
                         char out[WFS_HOLDINGS_PATH_SIZE]);
void wfs_holdings_path(const char *state, const struct wfs_holdings_file *file,
                       char out[WFS_HOLDINGS_PATH_SIZE]);
/* All files, place by place. ABSENT when there is no place at all. The caller frees the list. */
int wfs_holdings_list(const char *state, enum wf_history_scope scope, bool with_set_aside,
                      struct wfs_holdings *out, struct wf_err *err);
/* What can be said of it without opening it; then with it open. */
void wfs_holdings_describe(const char *state, const struct wfs_holdings_file *file,
                           struct wf_history_file *out);
void wfs_holdings_count(sqlite3 *db, const struct wfs_holdings_file *file,
                        struct wf_history_file *out);
void wfs_holdings_blame(struct wf_history_file *out, const char *text);

#endif /* WFS_HOLDINGS_H */
