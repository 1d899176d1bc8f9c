/* SPDX-License-Identifier: MIT */
/* What is done beside rows, a little at a time: checkpoints, rollups, deleting, sealing. */

#include "store.h"

#include <watchfloor/clock.h>

/* Pages of 4 KiB in the log of changes before they are moved into the file. */
#define CHECKPOINT_PAGES 4000
/* A day without a row for this long, after its midnight, is sealed. */
#define REST_NS (60 * WF_NS_PER_S)
/* And days that were left open by an earlier life are looked for this often; parts that were left. */
#define SEAL_EVERY      60
#define SEAL_LEFT_EVERY 5
#define ROLL_RETRY_NS   (10 * WF_NS_PER_S)
#define PAGE_BYTES      4096u

/* Rollups can wait, and be made from raw files at any time: that they fail is told once. */
static void roll(struct wf_store *store, int64_t now_mono_ns)
{
    struct wf_err err = { 0 };
    int rc;

    if (now_mono_ns < store->roll_retry_ns)
        return;
    rc = wfs_rolls_work(store, now_mono_ns, false, &err);
    if (rc >= 0) {
        if (store->figures.is_rolling_failed && rc > 0) {
            wfs_notice(store, "rollups are written again");
            store->figures.is_rolling_failed = false;
        }
        return;
    }
    if (!store->figures.is_rolling_failed)
        wfs_notice(store, "rollups cannot be written: %s; rows are stored, trying again", err.text);
    store->figures.is_rolling_failed = true;
    store->roll_retry_ns = now_mono_ns + ROLL_RETRY_NS;
    store->figures.errors++;
}

/* What cannot be deleted stays, and is tried again; that is told once. */
static void keep(struct wf_store *store, int64_t now_mono_ns)
{
    struct wf_err err = { 0 };
    int rc = wfs_retention_work(store, now_mono_ns, &err);
    bool is_failed = rc < 0 || (rc == 0 && store->is_keeping_failed); /* 0: it did not look */

    if (is_failed && !store->is_keeping_failed)
        wfs_notice(store, "what is not kept any longer cannot be deleted: %s; trying again",
                   err.text);
    store->is_keeping_failed = is_failed;
}

/* One open file: its log of changes, and whether it rests. */
static int tidy_day(struct wf_store *store, struct wfs_slot *slot, int64_t now_mono_ns,
                    struct wf_err *err)
{
    int rc = wfs_wal_checkpoint(wfs_day_wal(slot->day), store->checkpoint_pages, err);

    if (rc < 0) {
        wf_err_prefix(err, "%s", wfs_day_path_of(slot->day));
        store->figures.errors++;
        wfs_days_drop(store, slot, rc);
        return rc;
    }
    store->figures.checkpoints += (uint64_t)rc;
    if (slot->writes != slot->writes_seen || slot->rest_since_ns == 0) {
        slot->writes_seen = slot->writes;
        slot->rest_since_ns = now_mono_ns;
    } else if (now_mono_ns - slot->rest_since_ns > REST_NS &&
               (!slot->takes_rows || wfs_days_is_over(wfs_day_key(slot->day)))) {
        wfs_days_close(store, slot);
    }
    return 0;
}

int wf_store_tidy(struct wf_store *store, int64_t now_mono_ns, struct wf_err *err)
{
    bool has_left = store->figures.files_left > 0;
    int result = 0;

    for (size_t i = 0; i < WFS_DAYS_OPEN; i++) {
        struct wfs_slot *slot = &store->slots[i];
        int rc;

        wfs_days_notice_removal(store, slot);
        rc = slot->day != NULL ? tidy_day(store, slot, now_mono_ns, err) : 0;
        if (rc < 0)
            result = rc;
    }
    if (result == 0) {
        roll(store, now_mono_ns);
        keep(store, now_mono_ns);
    }
    store->tidies++;
    if (store->tidies % (has_left ? SEAL_LEFT_EVERY : SEAL_EVERY) == 0)
        wfs_days_seal_one(store);
    if (store->tidies % SEAL_EVERY == 0)
        (void)wfs_rollups_seal_one(store, now_mono_ns, NULL); /* else with the next */
    wfs_spans_keep(store);
    return result;
}

void wf_store_limit_log(struct wf_store *store, uint64_t bytes)
{
    store->log_cap = store->rollups.log_cap = bytes > 0 ? bytes : WFS_LOG_CAP;
    /* Well before the cap, so that only who holds it up is told from others by it. */
    store->checkpoint_pages = CHECKPOINT_PAGES;
    if (store->log_cap / 4 < CHECKPOINT_PAGES * PAGE_BYTES)
        store->checkpoint_pages = (int)(store->log_cap / 4 / PAGE_BYTES) + 1;
}
