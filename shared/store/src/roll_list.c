/* SPDX-License-Identifier: MIT */
/* The rolls of all series that are known: found by name, made at recovery, told what is dirty. */

#include "store.h"

struct wfs_roll *wfs_rolls_get(struct wf_store *store, const char *source, const char *subsystem)
{
    const struct wfs_known *known;
    struct wfs_roll *roll;

    for (roll = store->rolls; roll != NULL; roll = roll->next) {
        if (wf_name_is_equal(roll->source, source) && wf_name_is_equal(roll->subsystem, subsystem))
            return roll;
    }
    known = wfs_known_find(store, source, subsystem);
    roll = wfs_roll_create(source, subsystem, known != NULL ? &known->rolled : NULL, known == NULL);
    if (roll == NULL)
        return NULL;
    roll->next = store->rolls;
    store->rolls = roll;
    return roll;
}

int wfs_rolls_begin(struct wf_store *store, struct wf_err *err)
{
    for (size_t i = 0; i < store->known_count; i++) {
        const struct wf_position *at = &store->known[i].at;

        if (wfs_rolls_get(store, at->source, at->subsystem) == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    return 0;
}

int wfs_rolls_read_dirty(struct wf_store *store, sqlite3 *db, int64_t key, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int64_t version = 0;
    int rc = wfs_get_i64(db, "PRAGMA user_version", 0, &version, err);

    if (rc < 0 || version < 2)
        return rc;
    rc = wfs_prepare(db, "SELECT source, subsystem, minute_ns FROM _dirty", &stmt, err);
    while (rc == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *source = (const char *)sqlite3_column_text(stmt, 0);
        const char *subsystem = (const char *)sqlite3_column_text(stmt, 1);
        int64_t minute_ns = sqlite3_column_int64(stmt, 2);
        struct wfs_roll *roll;

        rc = 0;
        if (source == NULL || subsystem == NULL)
            continue;
        roll = wfs_rolls_get(store, source, subsystem);
        if (roll == NULL)
            rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
        else if (!wfs_roll_is_dirty(roll, minute_ns, key))
            rc = wfs_roll_mark(roll, minute_ns, key, err);
        if (rc == 0)
            wfs_roll_commit(roll);
    }
    if (rc == SQLITE_DONE)
        rc = 0;
    else if (rc > 0)
        rc = wfs_fail(err, db, rc, "read dirty minutes");
    (void)sqlite3_finalize(stmt);
    return rc;
}

void wfs_rolls_free(struct wf_store *store)
{
    while (store->rolls != NULL) {
        struct wfs_roll *roll = store->rolls;

        store->rolls = roll->next;
        wfs_roll_destroy(&roll);
    }
    store->roll_next = NULL;
}
