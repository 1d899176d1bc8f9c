/* SPDX-License-Identifier: MIT */
/* Rollup files that are open for writing: see rollup_db.h. */

#include "rollup_db.h"

#include <string.h>
#include <sys/stat.h>

#include <watchfloor/attributes.h>

/* Pages in the log of changes before they are moved into the file. */
#define CHECKPOINT_PAGES 1000
/* What the closing of one waits for its readers. */
#define CLOSE_MS 500

static void close_one(struct wfs_rollup *rollup)
{
    sqlite3_stmt *const all[] = { rollup->put,    rollup->find,   rollup->add,   rollup->begin,
                                  rollup->commit, rollup->series, rollup->range, rollup->take };

    if (rollup->db == NULL)
        return;
    for (size_t i = 0; i < WF_COUNT_OF(all); i++)
        (void)sqlite3_finalize(all[i]);
    if (rollup->is_in_transaction)
        (void)sqlite3_exec(rollup->db, "ROLLBACK", NULL, NULL, NULL);
    (void)wfs_wal_empty(&rollup->wal, CLOSE_MS, NULL);
    wfs_close(&rollup->db);
    memset(rollup, 0, sizeof(*rollup));
}

static int prepare(struct wfs_rollup *rollup, struct wf_err *err)
{
    const struct {
        const char *sql;
        sqlite3_stmt **out;
    } all[] = {
        { "INSERT OR REPLACE INTO _buckets VALUES (?,?,?,?,?,?,?,?,?,?)", &rollup->put },
        { "SELECT id FROM _parameters WHERE source = ? AND subsystem = ? AND name = ?",
          &rollup->find },
        { "INSERT INTO _parameters (source, subsystem, name, unit, title, description, type)"
          " VALUES (?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET unit = excluded.unit,"
          " title = excluded.title, description = excluded.description, type = excluded.type"
          " WHERE unit IS NOT excluded.unit OR title IS NOT excluded.title"
          " OR description IS NOT excluded.description OR type IS NOT excluded.type",
          &rollup->add },
        { "BEGIN IMMEDIATE", &rollup->begin },
        { "COMMIT", &rollup->commit },
        { "SELECT id, name, unit, title, description, type FROM _parameters"
          " WHERE source = ? AND subsystem = ?",
          &rollup->series },
        { "SELECT id, min, max, sum, last, last_ns, count, bad, quality, last_quality"
          " FROM _buckets WHERE id >= ? AND id < ? ORDER BY id",
          &rollup->range },
        { "DELETE FROM _buckets WHERE id >= ? AND id < ?", &rollup->take },
    };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < WF_COUNT_OF(all); i++)
        rc = wfs_prepare(rollup->db, all[i].sql, all[i].out, err);
    return rc;
}

static int create(const struct wfs_rollups *rollups, struct wfs_rollup *rollup, struct wf_err *err)
{
    int64_t tables = 0;
    int rc = wfs_get_i64(rollup->db, "SELECT count(*) FROM sqlite_schema", 0, &tables, err);

    if (rc < 0 || tables != 0)
        return rc;
    rc = wfs_exec(rollup->db, err, "BEGIN IMMEDIATE");
    if (rc == 0)
        rc = wfs_rollup_create(rollup->db, rollup->tier, rollup->period_ns, rollups->instance, err);
    if (rc == 0)
        rc = wfs_exec(rollup->db, err, "COMMIT");
    if (rc < 0)
        (void)sqlite3_exec(rollup->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

void wfs_rollups_blame(struct wfs_rollups *rollups, enum wfs_tier tier, int64_t period_ns,
                       const char *path)
{
    rollups->bad.is_set = true;
    rollups->bad.is_gone = false;
    rollups->bad.tier = tier;
    rollups->bad.period_ns = period_ns;
    (void)wf_copy_text(rollups->bad.path, sizeof(rollups->bad.path), path);
}

static int open_one(struct wfs_rollups *rollups, struct wfs_rollup *rollup, struct wf_err *err)
{
    int rc = wfs_rollup_path(rollups->folder, rollup->tier, rollup->period_ns, rollup->path, err);
    struct stat st;

    if (rc == 0)
        rc = wfs_folder_make(rollups->folder, wfs_tier_name(rollup->tier), rollups->group, err);
    if (rc == 0)
        rc = wfs_file_make(rollup->path, rollups->group, err);
    if (rc == 0)
        rc = wfs_open_writer(rollup->path, 512, &rollup->db, err);
    if (rc == 0)
        wfs_wal_watch(&rollup->wal, rollup->db, rollup->path);
    /* What a day file says of it must be true after a power cut too. */
    if (rc == 0)
        rc = wfs_exec(rollup->db, err, "PRAGMA synchronous=FULL");
    if (rc == 0 && rollups->is_suspect)
        rc = wfs_quick_check(rollup->db, 0, err);
    if (rc == 0)
        rc = wfs_take_in_log(rollup->db, err);
    if (rc == 0)
        rc = create(rollups, rollup, err);
    if (rc == 0)
        rc = prepare(rollup, err);
    if (rc < 0) {
        wf_err_prefix(err, "%s", rollup->path);
        if (rc == WF_ERR_CORRUPT || rc == WF_ERR_VERSION)
            wfs_rollups_blame(rollups, rollup->tier, rollup->period_ns, rollup->path);
        if (rollup->db != NULL)
            close_one(rollup);
        return rc;
    }
    if (stat(rollup->path, &st) == 0) {
        rollup->device = (uint64_t)st.st_dev;
        rollup->inode = (uint64_t)st.st_ino;
    }
    rollup->generation = ++rollups->generations;
    return 0;
}

/* A file that somebody holds is not written beyond the cap: raw rows serve meanwhile. */
static int check_room(const struct wfs_rollups *rollups, struct wfs_rollup *rollup,
                      struct wf_err *err)
{
    struct wf_strbuf text;
    int rc = wfs_wal_has_room(&rollup->wal, rollups->log_cap, err);

    if (rc != WF_ERR_BUSY)
        return rc;
    wf_strbuf_init(&text, 1024);
    wfs_wal_describe_hold(&rollup->wal, &text);
    (void)wf_fail(err, WF_ERR_BUSY, "%s", text.text);
    wf_strbuf_fini(&text);
    return WF_ERR_BUSY;
}

int wfs_rollups_get(struct wfs_rollups *rollups, enum wfs_tier tier, int64_t time_ns,
                    struct wfs_rollup **out, struct wf_err *err)
{
    int64_t period_ns = wfs_period_start(tier, time_ns);
    struct wfs_rollup *free_one = NULL;
    int rc = 0;

    for (size_t i = 0; i < WFS_ROLLUPS_OPEN; i++) {
        struct wfs_rollup *rollup = &rollups->open[i];

        if (rollup->db != NULL && rollup->tier == tier && rollup->period_ns == period_ns) {
            free_one = rollup;
            break;
        }
        if (rollup->is_in_transaction)
            continue;
        if (free_one == NULL || rollup->db == NULL ||
            (free_one->db != NULL && rollup->used < free_one->used))
            free_one = rollup;
    }
    /* More files than can be open take part in this round: the rest comes with the next. */
    if (free_one == NULL)
        return wf_fail(err, WF_ERR_LIMIT, "too many rollup files at once");
    if (free_one->db == NULL || free_one->tier != tier || free_one->period_ns != period_ns) {
        close_one(free_one);
        free_one->tier = tier;
        free_one->period_ns = period_ns;
        rc = open_one(rollups, free_one, err);
    }
    if (rc == 0 && !free_one->is_in_transaction)
        rc = check_room(rollups, free_one, err);
    if (rc == 0 && !free_one->is_in_transaction) {
        rc = wfs_run(free_one->begin, err);
        free_one->is_in_transaction = rc == 0;
    }
    if (rc < 0)
        return rc;
    free_one->used = ++rollups->uses;
    *out = free_one;
    return 0;
}

bool wfs_rollups_is_removed(struct wfs_rollups *rollups)
{
    for (size_t i = 0; i < WFS_ROLLUPS_OPEN; i++) {
        struct wfs_rollup *rollup = &rollups->open[i];
        struct stat st;

        if (rollup->db == NULL || rollup->is_in_transaction ||
            (stat(rollup->path, &st) == 0 && (uint64_t)st.st_dev == rollup->device &&
             (uint64_t)st.st_ino == rollup->inode))
            continue;
        wfs_rollups_blame(rollups, rollup->tier, rollup->period_ns, rollup->path);
        rollups->bad.is_gone = true;
        close_one(rollup);
        return true;
    }
    return false;
}

/* --- the end of a round --------------------------------------------------------------------------- */

int wfs_rollups_commit(struct wfs_rollups *rollups, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < WFS_ROLLUPS_OPEN; i++) {
        struct wfs_rollup *rollup = &rollups->open[i];

        if (!rollup->is_in_transaction)
            continue;
        rc = wfs_run(rollup->commit, err);
        if (rc < 0)
            wf_err_prefix(err, "%s", rollup->path);
        else
            rollup->is_in_transaction = false;
    }
    if (rc < 0)
        wfs_rollups_rollback(rollups);
    for (size_t i = 0; rc == 0 && i < WFS_ROLLUPS_OPEN; i++) {
        struct wfs_rollup *rollup = &rollups->open[i];

        /* Held up by a reader: the log grows, up to its cap; the next round tries again. */
        if (rollup->db != NULL)
            (void)wfs_wal_checkpoint(&rollup->wal, CHECKPOINT_PAGES, NULL);
    }
    return rc;
}

void wfs_rollups_rollback(struct wfs_rollups *rollups)
{
    /* Closed rather than gone on with: after a failed write nothing it holds is certain. */
    for (size_t i = 0; i < WFS_ROLLUPS_OPEN; i++) {
        if (rollups->open[i].is_in_transaction)
            close_one(&rollups->open[i]);
    }
}

void wfs_rollups_release(struct wfs_rollups *rollups, enum wfs_tier tier, int64_t period_ns)
{
    for (size_t i = 0; i < WFS_ROLLUPS_OPEN; i++) {
        struct wfs_rollup *rollup = &rollups->open[i];

        if (rollup->db != NULL && rollup->tier == tier && rollup->period_ns == period_ns)
            close_one(rollup);
    }
}

void wfs_rollups_close(struct wfs_rollups *rollups)
{
    for (size_t i = 0; i < WFS_ROLLUPS_OPEN; i++)
        close_one(&rollups->open[i]);
}
