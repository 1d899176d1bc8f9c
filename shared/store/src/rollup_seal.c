/* SPDX-License-Identifier: MIT */
/*
 * Rollup files that are not written any more become what sealed days are: one file without a
 * log of changes, read-only. A row that comes late opens its file again, and it is sealed anew.
 */

#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/clock.h>

/* Buckets are written hourly: a file that was not for so long is one of another time. */
#define REST_NS (2 * 3600 * WF_NS_PER_S)
/* The last work of a life that was long ends. */
#define SEAL_LAST_NS (2 * WF_NS_PER_S)

static bool is_now(enum wfs_tier tier, int64_t period_ns)
{
    return wfs_period_start(tier, wf_utc_now_ns()) == period_ns;
}

static bool is_open(const struct wfs_rollups *rollups, enum wfs_tier tier, int64_t period_ns)
{
    for (size_t i = 0; i < WFS_ROLLUPS_OPEN; i++) {
        const struct wfs_rollup *rollup = &rollups->open[i];

        if (rollup->db != NULL && rollup->tier == tier && rollup->period_ns == period_ns)
            return true;
    }
    return false;
}

/* Close what rests, so that it can be sealed. */
static void close_rested(struct wfs_rollups *rollups, int64_t now_mono_ns)
{
    for (size_t i = 0; i < WFS_ROLLUPS_OPEN; i++) {
        struct wfs_rollup *rollup = &rollups->open[i];

        if (rollup->db == NULL || rollup->is_in_transaction)
            continue;
        if (rollup->used != rollup->used_seen) {
            rollup->used_seen = rollup->used;
            rollup->rest_since_ns = now_mono_ns;
        } else if (now_mono_ns - rollup->rest_since_ns > REST_NS &&
                   !is_now(rollup->tier, rollup->period_ns)) {
            wfs_rollups_release(rollups, rollup->tier, rollup->period_ns);
        }
    }
}

struct candidate {
    enum wfs_tier tier;
    int64_t period_ns;
};

static bool is_sealable(const struct wfs_rollups *rollups, enum wfs_tier tier, int64_t period_ns)
{
    char path[WFS_PATH_SIZE];
    struct stat st;

    return !is_now(tier, period_ns) && !is_open(rollups, tier, period_ns) &&
           wfs_rollup_path(rollups->folder, tier, period_ns, path, NULL) == 0 &&
           stat(path, &st) == 0 && (st.st_mode & S_IWUSR) != 0;
}

/* Files that nobody writes and that are not sealed; the caller frees the list. */
static int find_sealable(struct wf_store *store, struct candidate **out_list, size_t *out_count,
                         struct wf_err *err)
{
    struct candidate *list = NULL;
    size_t used = 0;
    int rc = 0;

    for (int tier = 0; rc == 0 && tier < WFS_TIER_COUNT; tier++) {
        struct candidate *more;
        int64_t *periods = NULL;
        size_t count = 0;

        rc = wfs_retention_periods(store, tier == WFS_TIER_MINUTE ? WF_STORE_MINUTE : WF_STORE_HOUR,
                                   &periods, &count, err);
        more = rc == 0 ? realloc(list, (used + count + 1) * sizeof(*more)) : NULL;
        if (rc == 0 && more == NULL)
            rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
        if (more != NULL)
            list = more;
        for (size_t i = 0; rc == 0 && i < count; i++) {
            if (is_sealable(&store->rollups, (enum wfs_tier)tier, periods[i]))
                list[used++] = (struct candidate){ (enum wfs_tier)tier, periods[i] };
        }
        free(periods);
    }
    *out_list = list;
    *out_count = used;
    return rc;
}

static int seal(struct wf_store *store, const struct candidate *file, struct wf_err *err)
{
    struct wfs_rollups *rollups = &store->rollups;
    char path[WFS_PATH_SIZE];
    sqlite3 *db = NULL;
    int64_t tables = 0;
    int rc = wfs_rollup_path(rollups->folder, file->tier, file->period_ns, path, err);

    if (rc == 0)
        rc = wfs_open_writer(path, 256, &db, err);
    if (rc == WF_ERR_CORRUPT || rc == WF_ERR_VERSION) {
        wfs_rollups_blame(rollups, file->tier, file->period_ns, path);
        return wfs_rolls_replace(store, err);
    }
    if (rc == 0)
        rc = wfs_get_i64(db, "SELECT count(*) FROM sqlite_schema", 0, &tables, err);
    if (rc == 0)
        rc = wfs_make_single(db, err);
    wfs_close(&db);
    /* Of a life that was killed when it had just made it: there is nothing in it. */
    if (rc == 0 && tables == 0)
        return unlink(path) == 0 ? 1 : wf_fail_errno(err, errno, "remove %s", path);
    if (rc == 0 && chmod(path, 0440) != 0)
        rc = wf_fail_errno(err, errno, "make it read-only");
    if (rc < 0) {
        wf_err_prefix(err, "%s", path);
        return rc;
    }
    store->figures.files_sealed++;
    return 1;
}

int wfs_rollups_seal_one(struct wf_store *store, int64_t now_mono_ns, struct wf_err *err)
{
    struct candidate *list = NULL;
    size_t count = 0;
    int rc;

    close_rested(&store->rollups, now_mono_ns);
    rc = find_sealable(store, &list, &count, err);
    /* In turn: one that somebody reads for long must not keep the others from it. */
    if (rc == 0 && count > 0)
        rc = seal(store, &list[store->rollups.seals++ % count], err);
    free(list);
    return rc;
}

void wfs_rollups_seal_all(struct wf_store *store)
{
    int64_t until_ns = wf_mono_now_ns() + SEAL_LAST_NS;
    struct wf_err ignored = { 0 };

    wfs_rollups_close(&store->rollups);
    /* What was not recovered is not ours: another may write there. */
    while (store->is_recovered && wf_mono_now_ns() < until_ns &&
           wfs_rollups_seal_one(store, until_ns, &ignored) == 1)
        continue;
}
