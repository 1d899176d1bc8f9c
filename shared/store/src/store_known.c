/* SPDX-License-Identifier: MIT */
/*
 * What the store knows of every series' position, from whichever file says it
 * last. Commits are numbered through all files; the highest number is the truth,
 * whatever the files are called and however clocks went.
 */

#include "store.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

/* Positions are read from this many of the files that changed last. */
#define RECOVER_FILES 8

static struct wfs_known *find(const struct wf_store *store, const char *source,
                              const char *subsystem)
{
    for (size_t i = 0; i < store->known_count; i++) {
        struct wfs_known *known = &store->known[i];

        if (wf_name_is_equal(known->at.source, source) &&
            wf_name_is_equal(known->at.subsystem, subsystem))
            return known;
    }
    return NULL;
}

const struct wfs_known *wfs_known_find(const struct wf_store *store, const char *source,
                                       const char *subsystem)
{
    return find(store, source, subsystem);
}

int wfs_known_keep(struct wf_store *store, const struct wf_position *at,
                   const struct wfs_rolled *rolled, uint64_t serial, struct wf_err *err)
{
    struct wfs_known *known = find(store, at->source, at->subsystem);

    if (serial > store->serial)
        store->serial = serial;
    if (known == NULL) {
        if (store->known_count == store->known_capacity) {
            size_t capacity = store->known_capacity == 0 ? 64 : 2 * store->known_capacity;
            struct wfs_known *more = realloc(store->known, capacity * sizeof(*more));

            if (more == NULL)
                return wf_fail(err, WF_ERR_NOMEM, "out of memory");
            store->known = more;
            store->known_capacity = capacity;
        }
        known = &store->known[store->known_count++];
    } else if (serial < known->serial) {
        return 0;
    }
    known->at = *at;
    known->rolled = *rolled;
    known->serial = serial;
    return 0;
}

static void copy_column(sqlite3_stmt *stmt, int at, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);

    (void)wf_copy_text(out, size, text != NULL ? text : "");
}

int wfs_known_read(struct wf_store *store, sqlite3 *db, struct wf_err *err)
{
    /* Format 1 knew nothing of rollups. */
    static const char *const sql[] = {
        "SELECT source, subsystem, schema_hash, region_created_ns, epoch_ns, next, last_device_ns,"
        " last_received_ns, serial, is_complete, NULL, NULL, NULL FROM _positions",
        "SELECT source, subsystem, schema_hash, region_created_ns, epoch_ns, next, last_device_ns,"
        " last_received_ns, serial, is_complete, minute_from, hour_from, rolled_to FROM _positions",
    };
    sqlite3_stmt *stmt = NULL;
    int64_t version = 0;
    int rc = wfs_get_i64(db, "PRAGMA user_version", 0, &version, err);

    if (rc == 0)
        rc = wfs_prepare(db, sql[version >= 2], &stmt, err);
    if (rc < 0)
        return rc;
    while (rc == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct wf_position at = { 0 };
        struct wfs_rolled rolled;
        char hash[32] = "0x";

        copy_column(stmt, 0, at.source, sizeof(at.source));
        copy_column(stmt, 1, at.subsystem, sizeof(at.subsystem));
        copy_column(stmt, 2, hash + 2, sizeof(hash) - 2);
        (void)wf_parse_u64(hash, &at.schema_hash, NULL);
        at.region_created_ns = sqlite3_column_int64(stmt, 3);
        at.epoch = wfs_column_u64(stmt, 4);
        at.next = wfs_column_u64(stmt, 5);
        at.last_device_ns = wfs_column_time(stmt, 6);
        at.last_received_ns = wfs_column_time(stmt, 7);
        at.is_complete = sqlite3_column_int(stmt, 9) != 0;
        rolled.minute_from = wfs_column_time(stmt, 10);
        rolled.hour_from = wfs_column_time(stmt, 11);
        rolled.to_ns = wfs_column_time(stmt, 12);
        rc = wfs_known_keep(store, &at, &rolled, wfs_column_u64(stmt, 8), err);
    }
    if (rc == SQLITE_DONE)
        rc = 0;
    else if (rc > 0)
        rc = wfs_fail(err, db, rc, "read positions");
    (void)sqlite3_finalize(stmt);
    return rc;
}

static int compare_modified(const void *a, const void *b)
{
    const struct wfs_day_file *x = a, *y = b;

    return (x->modified_ns < y->modified_ns) - (x->modified_ns > y->modified_ns);
}

static int recover_file(struct wf_store *store, const struct wfs_day_file *file, struct wf_err *err)
{
    char path[WFS_PATH_SIZE];
    sqlite3 *db = NULL;
    int rc = wfs_day_path(store->folder, file->key, path, err);

    /* Positions that follow, in whatever file, will count on what is there. */
    if (rc == 0 && !file->is_sealed)
        rc = wfs_sync_left_over(path, err);
    if (rc == 0)
        rc = wfs_open_reader(path, 2000, &db, err);
    if (rc == 0)
        rc = wfs_known_read(store, db, err);
    if (rc == 0)
        rc = wfs_retention_read(store, db, err);
    wfs_close(&db);
    if (rc == WF_ERR_ABSENT)
        return 0; /* made and nothing in it yet */
    if (rc == WF_ERR_CORRUPT || rc == WF_ERR_VERSION) {
        struct wf_err why = { 0 };

        if (err != NULL)
            why = *err;
        return wfs_days_set_aside(store, file->key, why.text, err);
    }
    if (rc < 0)
        wf_err_prefix(err, "%s", path);
    return rc;
}

static int recover_dirty(struct wf_store *store, const struct wfs_day_file *file,
                         struct wf_err *err)
{
    char path[WFS_PATH_SIZE];
    sqlite3 *db = NULL;
    int rc = wfs_day_path(store->folder, file->key, path, err);

    if (rc == 0)
        rc = wfs_open_reader(path, 2000, &db, err);
    if (rc == 0)
        rc = wfs_rolls_read_dirty(store, db, file->key, err);
    wfs_close(&db);
    /* Whatever is wrong with it was found when its positions were read, or will be at the opening. */
    if (rc == WF_ERR_ABSENT || rc == WF_ERR_CORRUPT || rc == WF_ERR_VERSION)
        return 0;
    return rc;
}

/* Written not long ago, whatever clocks made of the file's own time. */
static bool is_recent(const struct wfs_day_file *file)
{
    int64_t age_ns = wf_utc_now_ns() - wfs_file_day(file->key);

    return !file->is_sealed || (age_ns > -2 * WF_NS_PER_DAY && age_ns < 8 * WF_NS_PER_DAY);
}

int wf_store_recover(struct wf_store *store, struct wf_err *err)
{
    struct wfs_day_file *files = NULL;
    struct wf_err local = { 0 };
    struct wf_err *why = err != NULL ? err : &local;
    size_t count = 0;
    int rc = wfs_folder_list(store->folder, &files, &count, why);

    if (rc == WF_ERR_ABSENT) {
        store->is_recovered = true;
        return 0;
    }
    if (rc < 0)
        return rc;
    store->figures.files_left = wfs_days_count_left(files, count);
    if (count > 0)
        qsort(files, count, sizeof(*files), compare_modified);
    wfs_rolls_free(store);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (i < RECOVER_FILES || is_recent(&files[i]))
            rc = recover_file(store, &files[i], why);
    }
    if (rc == 0)
        rc = wfs_rolls_begin(store, why);
    /* A sealed day has no dirty minutes. */
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (!files[i].is_sealed)
            rc = recover_dirty(store, &files[i], why);
    }
    free(files);
    store->is_recovered = rc == 0;
    return rc;
}

size_t wf_store_positions(const struct wf_store *store, const struct wf_position **out_list)
{
    /* The list lies apart from the serials, in memory that the next call may move. */
    struct wf_store *s = (struct wf_store *)(uintptr_t)store;
    struct wf_position *list = realloc(s->positions, (s->known_count + 1) * sizeof(*list));

    if (list == NULL)
        return 0;
    s->positions = list;
    for (size_t i = 0; i < s->known_count; i++)
        list[i] = s->known[i].at;
    *out_list = list;
    return s->known_count;
}
