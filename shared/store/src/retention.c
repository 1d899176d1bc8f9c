/* SPDX-License-Identifier: MIT */
/*
 * Retention: the oldest files go when they are too old or there are too many bytes. The file is
 * first renamed (NAME.db.deleted: no reader finds it any more), then a record is committed, then
 * it is unlinked; what a kill leaves in between is finished by the next life. What was set aside
 * counts and goes like any other file of its date. Whether the clock is believed: age.h.
 */

#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/clock.h>

#include "age.h"
#include "kept_files.h"

#define LOOK_NS         (10 * WF_NS_PER_S)
#define LOOK_SOON_NS    WF_NS_PER_S /* where the limit of bytes is near */
#define MARK            WFS_KEPT_MARK
#define NAMED_PATH_SIZE (WFS_PATH_SIZE + 80)

static const char *const tier_names[WF_STORE_TIERS] = { "raw", "minute", "hour" };

static int64_t period_start(enum wf_store_tier tier, int64_t time_ns)
{
    return tier == WF_STORE_RAW
               ? wf_utc_day_start(time_ns)
               : wfs_period_start(tier == WF_STORE_MINUTE ? WFS_TIER_MINUTE : WFS_TIER_HOUR,
                                  time_ns);
}

static int list_tier(const struct wf_store *store, enum wf_store_tier tier,
                     struct wfs_kept_files *out, struct wf_err *err)
{
    static const enum wfs_kept_kind kinds[WF_STORE_TIERS] = { WFS_KEPT_DAYS, WFS_KEPT_MONTHS,
                                                              WFS_KEPT_YEARS };
    char path[NAMED_PATH_SIZE];

    (void)snprintf(path, sizeof(path), "%s/%s", store->folder, tier_names[tier]);
    return wfs_kept_list(path, kinds[tier], out, err);
}

/* --- what was in it ---------------------------------------------------------------------------- */

struct content {
    struct wf_gap *gaps; /* per source and subsystem: what is gone with it */
    size_t count;
    uint64_t rows;
};

static int read_content(const char *path, int64_t from_ns, struct content *out, struct wf_err *err)
{
    struct wfs_ledger ledger = { 0 };
    sqlite3 *db = NULL;
    int rc = wfs_open_reader(path, 2000, &db, err);

    if (rc == 0)
        rc = wfs_ledger_read(&ledger, db, err);
    if (rc == 0 && wfs_ledger_gaps(&ledger, WF_GAP_RETENTION, from_ns, &out->gaps, &out->count) < 0)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; rc == 0 && i < ledger.count; i++)
        out->rows += ledger.list[i].rows + ledger.list[i].imported;
    wfs_ledger_fini(&ledger);
    wfs_close(&db);
    return rc;
}

/* --- deleting ------------------------------------------------------------------------------------ */

/* Coverage that is claimed of a tier begins behind what was deleted of it. */
static void raise_from(struct wf_store *store, enum wf_store_tier tier, int64_t to_ns)
{
    for (struct wfs_roll *roll = store->rolls; roll != NULL; roll = roll->next) {
        struct wfs_known *known;
        int64_t *from = tier == WF_STORE_MINUTE ? &roll->state.minute_from : &roll->state.hour_from;

        if (*from == WF_TIME_NONE || *from >= to_ns)
            continue;
        *from = to_ns;
        known = (struct wfs_known *)(uintptr_t)wfs_known_find(store, roll->source, roll->subsystem);
        if (known != NULL)
            known->rolled = roll->state;
    }
}

static int insert_deleted(struct wfs_day *day, enum wf_store_tier tier,
                          const struct wfs_kept_file *file, const struct content *content,
                          const char *reason, struct wf_err *err)
{
    char name[64];

    (void)wf_copy_text(name, sizeof(name), file->name);
    if (file->is_marked)
        name[strlen(name) - strlen(MARK)] = '\0';
    return wfs_execf(wfs_day_db(day), err,
                     "INSERT INTO _deleted (tier, file, from_ns, to_ns, bytes, rows, deleted_ns,"
                     " reason) VALUES (%Q, %Q, %lld, %lld, %llu, %llu, %lld, %Q)",
                     tier_names[tier], name, (long long)file->from_ns, (long long)file->to_ns,
                     (unsigned long long)file->bytes, (unsigned long long)content->rows,
                     (long long)wf_utc_now_ns(), reason);
}

static int record(struct wf_store *store, struct wfs_slot *slot, enum wf_store_tier tier,
                  const struct wfs_kept_file *file, const struct content *content,
                  const char *reason, struct wf_err *err)
{
    int rc = wfs_day_begin(slot->day, true, err);

    if (rc == 0)
        rc = insert_deleted(slot->day, tier, file, content, reason, err);
    for (size_t i = 0; rc == 0 && i < content->count; i++)
        rc = wfs_day_gap(slot->day, &content->gaps[i], err);
    for (size_t i = 0; rc == 0 && tier != WF_STORE_RAW && i < store->known_count; i++) {
        struct wfs_known now = store->known[i];

        now.serial = store->serial + 1;
        rc = wfs_day_remember(slot->day, &now, err);
    }
    if (rc == 0)
        rc = wfs_day_commit(slot->day, err);
    if (rc < 0) {
        wfs_days_drop(store, slot, rc);
        return rc;
    }
    store->serial++;
    store->figures.files_deleted++;
    store->figures.gap_rows += content->count;
    wfs_slot_note_gaps(slot, content->gaps, content->count);
    return 0;
}

static bool is_recorded(struct wfs_slot *slot, enum wf_store_tier tier, const char *name)
{
    char sql[200];
    int64_t count = 0;

    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM _deleted WHERE tier = '%s' AND file = '%.*s'",
                   tier_names[tier], (int)(strlen(name) - strlen(MARK)), name);
    return wfs_get_i64(wfs_day_db(slot->day), sql, 0, &count, NULL) == 0 && count > 0;
}

/* From `from` to the same name with MARK, with what lies beside it. */
static int set_mark(const char *from, const char *to, struct wf_err *err)
{
    static const char *const beside[] = { "-wal", "-shm", "" };
    char a[NAMED_PATH_SIZE + 32], b[NAMED_PATH_SIZE + 32];

    /* The file itself last: until then it is found again and all is begun anew. */
    for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
        (void)snprintf(a, sizeof(a), "%s%s", from, beside[i]);
        (void)snprintf(b, sizeof(b), "%s%s", to, beside[i]);
        if (rename(a, b) != 0 && beside[i][0] == '\0')
            return wf_fail_errno(err, errno, "rename %s", from);
    }
    return 0;
}

static int delete_file(struct wf_store *store, enum wf_store_tier tier, struct wfs_kept_file *file,
                       const char *reason, struct wf_err *err)
{
    char path[NAMED_PATH_SIZE], marked[NAMED_PATH_SIZE + 16];
    struct wfs_slot *slot = wfs_days_newest(store);
    struct content content = { 0 };
    int rc = 0;

    if (slot == NULL)
        return 0;
    (void)snprintf(path, sizeof(path), "%s/%s/%s", store->folder, tier_names[tier], file->name);
    (void)snprintf(marked, sizeof(marked), "%s%s", path, file->is_marked ? "" : MARK);
    if (!file->is_marked) {
        if (tier != WF_STORE_RAW && !file->is_aside)
            wfs_rollups_release(&store->rollups,
                                tier == WF_STORE_MINUTE ? WFS_TIER_MINUTE : WFS_TIER_HOUR,
                                file->from_ns);
        rc = set_mark(path, marked, err);
    }
    if (rc < 0)
        return rc;
    if (!file->is_marked || !is_recorded(slot, tier, file->name)) {
        struct wf_err why = { 0 };

        /*
         * A file that cannot be read goes all the same, with a record that says no rows. So does
         * one that was set aside: its rows were told of as gaps, or put back, long ago.
         */
        if (tier == WF_STORE_RAW && !file->is_aside &&
            read_content(marked, file->from_ns, &content, &why) < 0)
            wfs_notice(store, "%s: what was in it is not known: %s", path, why.text);
        if (tier != WF_STORE_RAW && !file->is_aside)
            raise_from(store, tier, file->to_ns);
        else if (tier == WF_STORE_RAW && !file->is_aside && file->to_ns > store->raw_from_ns)
            store->raw_from_ns = file->to_ns;
        rc = record(store, slot, tier, file, &content, reason, err);
        if (rc == WF_ERR_NOSPACE) {
            /* Room first: then there is some for the record. */
            wfs_kept_remove(marked);
            rc = wfs_days_of(store, wf_utc_day_start(wf_utc_now_ns()), &slot, err);
            if (rc == 0)
                rc = record(store, slot, tier, file, &content, reason, err);
        }
    }
    free(content.gaps);
    if (rc == 0) {
        wfs_kept_remove(marked);
        wfs_notice(store, "%s/%s was deleted (%s)", tier_names[tier], file->name, reason);
    }
    return rc;
}

/* --- judging --------------------------------------------------------------------------------------- */

/* What is being written stays, whatever the limits say. */
static bool is_current(const struct wf_store *store, enum wf_store_tier tier,
                       const struct wfs_kept_file *file, int64_t now_ns)
{
    if (file->is_aside)
        return false;
    if (file->from_ns == period_start(tier, now_ns))
        return true;
    for (size_t i = 0; tier == WF_STORE_RAW && i < WFS_DAYS_OPEN; i++) {
        if (store->slots[i].day != NULL && wfs_day_key(store->slots[i].day) == file->key)
            return true;
    }
    return false;
}

static bool is_age_limited(const struct wf_store_retention *retention)
{
    for (int tier = 0; tier < WF_STORE_TIERS; tier++) {
        if (retention->keep_ns[tier] > 0)
            return true;
    }
    return false;
}

/* The time by which files are old; raw days say for all tiers whether the clock is believed. */
static int64_t age_now(struct wf_store *store)
{
    int64_t now_ns = wf_utc_now_ns(), believed_ns;
    char path[WFS_PATH_SIZE];
    int64_t *keys = NULL;
    size_t count = 0;
    bool is_doubted;

    if (!is_age_limited(&store->retention) ||
        snprintf(path, sizeof(path), "%s/raw", store->folder) >= (int)sizeof(path) ||
        wfs_folder_keys(path, &keys, &count, NULL) < 0)
        count = 0;
    believed_ns = wfs_believed_now(keys, count, now_ns);
    free(keys);
    is_doubted = believed_ns != now_ns;
    if (is_doubted && !store->figures.is_clock_doubted) {
        char last[16], now[16];

        wfs_day_text(believed_ns - 1, last);
        wfs_day_text(now_ns, now);
        wfs_notice(store,
                   "the clock says %s, but history ends on %s: nothing is deleted for its age"
                   " before there are three days behind that hole; set the clock if it is wrong",
                   now, last);
    } else if (!is_doubted && store->figures.is_clock_doubted) {
        wfs_notice(store, "the clock is believed again; files are deleted by age as configured");
    }
    store->figures.is_clock_doubted = is_doubted;
    return believed_ns;
}

/* Nothing is left to delete, and it is still too much: said once. */
static void tell_limit(struct wf_store *store, enum wf_store_tier tier, uint64_t bytes)
{
    struct wfs_kept *kept = &store->kept[tier];
    uint64_t bytes_max = store->retention.bytes_max[tier];
    bool is_over = bytes_max > 0 && bytes > bytes_max;

    if (is_over && !kept->is_over_told)
        wfs_notice(store,
                   "%s: %llu KiB are there, %llu KiB are allowed (%s_max), and what is being"
                   " written is not deleted; allow more, or record less",
                   tier_names[tier], (unsigned long long)(bytes >> 10),
                   (unsigned long long)(bytes_max >> 10), tier_names[tier]);
    kept->is_over_told = is_over;
}

/*
 * Rows that a wrong clock put into the distant past are not old: their file counts as one of the day
 * that was over when they were written. It is enough to ask the oldest one that is not too old.
 */
static bool is_too_old(const struct wf_store *store, enum wf_store_tier tier,
                       const struct wfs_kept_files *files, size_t at, int64_t before_ns)
{
    char path[NAMED_PATH_SIZE], other[NAMED_PATH_SIZE];
    size_t k = at + 1;

    if (files->list[at].to_ns >= before_ns)
        return false;
    while (k < files->count && (files->list[k].to_ns < before_ns || files->list[k].is_marked ||
                                files->list[k].is_aside))
        k++;
    if (tier != WF_STORE_RAW || files->list[at].is_aside || k == files->count)
        return true;
    (void)snprintf(path, sizeof(path), "%s/raw/%s", store->folder, files->list[at].name);
    (void)snprintf(other, sizeof(other), "%s/raw/%s", store->folder, files->list[k].name);
    return !wfs_is_written_after(path, other);
}

static int keep_tier(struct wf_store *store, enum wf_store_tier tier, int64_t age_now_ns,
                     int64_t passed_ns, struct wf_err *err)
{
    const struct wf_store_retention *wanted = &store->retention;
    struct wfs_kept *kept = &store->kept[tier];
    int64_t keep_ns = wanted->keep_ns[tier], now_ns = wf_utc_now_ns();
    uint64_t bytes_max = wanted->bytes_max[tier], reserve;
    struct wfs_kept_files files;
    int rc = list_tier(store, tier, &files, err);

    reserve = wfs_kept_reserve(kept->bytes, files.bytes, passed_ns, LOOK_NS, bytes_max);
    for (size_t i = 0; rc == 0 && i < files.count; i++) {
        struct wfs_kept_file *file = &files.list[i];
        const char *reason = NULL;

        if (file->is_marked)
            reason = "retention";
        else if (is_current(store, tier, file, now_ns))
            continue;
        else if (keep_ns > 0 && is_too_old(store, tier, &files, i, age_now_ns - keep_ns))
            reason = "older than is kept";
        else if (bytes_max > 0 && files.bytes + reserve > bytes_max)
            reason = "more bytes than are kept";
        if (reason == NULL)
            continue;
        rc = delete_file(store, tier, file, reason, err);
        if (rc == 0) {
            files.bytes -= file->bytes;
            store->figures.deleted_bytes[tier] += file->bytes;
        }
    }
    store->figures.tier_bytes[tier] = kept->bytes = files.bytes;
    kept->is_near = bytes_max > 0 && files.bytes + 3 * reserve > bytes_max;
    if (rc == 0)
        tell_limit(store, tier, files.bytes);
    free(files.list);
    return rc;
}

static bool is_look_due(const struct wf_store *store, int64_t passed_ns)
{
    int64_t wait_ns = LOOK_NS;

    for (int tier = 0; tier < WF_STORE_TIERS; tier++) {
        if (store->kept[tier].is_near)
            wait_ns = LOOK_SOON_NS;
    }
    return store->kept_mono_ns == 0 || passed_ns >= wait_ns;
}

int wfs_retention_work(struct wf_store *store, int64_t now_mono_ns, struct wf_err *err)
{
    int64_t passed_ns = now_mono_ns - store->kept_mono_ns, age_now_ns;
    int rc = 0;

    if (wfs_days_newest(store) == NULL || !is_look_due(store, passed_ns))
        return 0;
    if (store->kept_mono_ns == 0)
        passed_ns = 0;
    store->kept_mono_ns = now_mono_ns;
    age_now_ns = age_now(store);
    for (int tier = 0; rc == 0 && tier < WF_STORE_TIERS; tier++)
        rc = keep_tier(store, (enum wf_store_tier)tier, age_now_ns, passed_ns, err);
    return rc < 0 ? rc : 1;
}

int wfs_retention_read(struct wf_store *store, sqlite3 *db, struct wf_err *err)
{
    int64_t version = 0, to_ns = 0;
    int rc = wfs_get_i64(db, "PRAGMA user_version", 0, &version, err);

    if (rc == 0 && version >= 2)
        rc = wfs_get_i64(db,
                         "SELECT max(to_ns) FROM _deleted WHERE tier = 'raw' AND"
                         " file LIKE '%.db'",
                         INT64_MIN, &to_ns, err);
    if (rc == 0 && version >= 2 && to_ns > store->raw_from_ns)
        store->raw_from_ns = to_ns;
    return rc;
}

int wfs_retention_periods(struct wf_store *store, enum wf_store_tier tier, int64_t **out_list,
                          size_t *out_count, struct wf_err *err)
{
    struct wfs_kept_files files;
    int rc = list_tier(store, tier, &files, err);
    int64_t *list = rc == 0 ? calloc(files.count + 1, sizeof(*list)) : NULL;

    if (rc == 0 && list == NULL)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    *out_count = 0;
    for (size_t i = 0; rc == 0 && i < files.count; i++) {
        if (!files.list[i].is_marked && !files.list[i].is_aside)
            list[(*out_count)++] = files.list[i].from_ns;
    }
    free(files.list);
    *out_list = list;
    return rc;
}
