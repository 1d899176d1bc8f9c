/* SPDX-License-Identifier: MIT */
/* The store's open day files: which is open, what is damaged, what is over. */

#include "store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/clock.h>

/* What the sealing of a day that is over waits for its readers. */
#define CLOSE_MS 2000

void wfs_notice(const struct wf_store *store, const char *format, ...)
{
    char text[640];
    va_list args;

    if (store->options.notice == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    store->options.notice(store->options.notice_context, text);
}

/* --- what is in a file, should it be lost ----------------------------------------- */

void wfs_slot_note(struct wfs_slot *slot, const char *source, const char *subsystem,
                   uint64_t published, uint64_t imported)
{
    struct wfs_ledger_entry *entry = wfs_ledger_get(&slot->ledger, source, subsystem);

    slot->writes++;
    if (entry == NULL)
        return;
    entry->published += published;
    entry->imported += imported;
}

void wfs_slot_note_gaps(struct wfs_slot *slot, const struct wf_gap *gaps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (wf_gap_is_published(gaps[i].cause))
            wfs_slot_note(slot, gaps[i].source, gaps[i].subsystem, gaps[i].lost, 0);
    }
}

static void owe_gaps(struct wf_store *store, int64_t key, const struct wfs_ledger *ledger)
{
    /* Without memory the notice still says that a file is gone. */
    (void)wfs_ledger_gaps(ledger, WF_GAP_FILE_CORRUPT, wfs_file_day(key), &store->owed,
                          &store->owed_count);
}

static void forget_suspect(struct wf_store *store)
{
    wfs_ledger_fini(&store->suspect.ledger);
    store->suspect = (struct wfs_suspect){ 0 };
}

int wfs_days_set_aside(struct wf_store *store, int64_t key, const char *why, struct wf_err *err)
{
    static const char *const beside[] = { "", "-wal", "-shm" };
    char path[WFS_PATH_SIZE], from[WFS_PATH_SIZE + 8], to[WFS_PATH_SIZE + 40];
    unsigned n = 1;
    int rc = wfs_day_path(store->folder, key, path, err);

    if (rc < 0)
        return rc;
    do
        (void)snprintf(to, sizeof(to), "%s.damaged-%u", path, n++);
    while (access(to, F_OK) == 0 && n < 1000);
    for (size_t i = 0; i < WF_COUNT_OF(beside); i++) {
        (void)snprintf(from, sizeof(from), "%s%s", path, beside[i]);
        (void)snprintf(to, sizeof(to), "%s.damaged-%u%s", path, n - 1, beside[i]);
        if (rename(from, to) != 0 && i == 0)
            return wf_fail_errno(err, errno, "set %s aside", path);
    }
    wfs_notice(store,
               "%s is damaged (%.200s); kept as %s.damaged-%u for a repair, a new file"
               " is begun",
               path, why, strrchr(path, '/') + 1, n - 1);
    if (store->suspect.is_set && store->suspect.key == key)
        owe_gaps(store, key, &store->suspect.ledger);
    return 0;
}

/* --- open files ------------------------------------------------------------------- */

/* The files are right, also about a commit of which we never heard whether it took place. */
static void resume_series(struct wf_store *store)
{
    for (struct wf_series *series = store->series; series != NULL; series = series->next_series) {
        const struct wfs_known *known =
            wfs_known_find(store, series->source, series->plan->schema->name);
        struct wfs_line_state *state = &series->committed;

        if (known == NULL || known->at.region_created_ns != series->region_created_ns ||
            known->at.schema_hash != series->plan->schema->schema_hash ||
            known->at.next <= state->next)
            continue;
        state->next = known->at.next;
        state->epoch = known->at.epoch;
        state->has_last = known->at.last_received_ns != WF_TIME_NONE;
        state->last_device_ns = known->at.last_device_ns;
        state->last_received_ns = known->at.last_received_ns;
        state->is_tail_unknown = false;
        series->pending = *state;
    }
}

int wfs_days_remember(struct wf_store *store, struct wfs_day *day, struct wf_err *err)
{
    int rc = wfs_day_begin(day, false, err);

    for (size_t i = 0; rc == 0 && i < store->known_count; i++)
        rc = wfs_day_remember(day, &store->known[i], err);
    if (rc == 0)
        rc = wfs_day_commit(day, err);
    return rc;
}

static int open_day(struct wf_store *store, struct wfs_slot *slot, int64_t key, struct wf_err *err)
{
    struct wfs_day_options options = {
        .folder = store->folder,
        .instance = store->instance,
        .group = store->group,
        .cache_kib = store->options.cache_kib > 0 ? store->options.cache_kib : 1024,
        .is_checked = store->suspect.is_set && store->suspect.key == key,
    };
    struct wf_err local = { 0 };
    struct wf_err *why = err != NULL ? err : &local;
    int rc = wfs_day_open(&options, key, &slot->day, why);

    if (rc == WF_ERR_CORRUPT || rc == WF_ERR_VERSION) {
        struct wf_err damage = *why;

        rc = wfs_days_set_aside(store, key, damage.text, why);
        if (rc == 0)
            rc = wfs_day_open(&options, key, &slot->day, why);
    }
    if (rc < 0)
        return rc;
    if (wfs_day_is_new(slot->day))
        rc = wfs_days_remember(store, slot->day, err);
    else
        rc = wfs_known_read(store, wfs_day_db(slot->day), err);
    if (rc == 0)
        rc = wfs_rolls_read_dirty(store, wfs_day_db(slot->day), key, err);
    if (rc == 0)
        rc = wfs_ledger_read(&slot->ledger, wfs_day_db(slot->day), err);
    if (rc < 0) {
        wfs_days_drop(store, slot, rc);
        return rc;
    }
    if (options.is_checked)
        forget_suspect(store);
    resume_series(store);
    return 0;
}

/*
 * What is committed to one file must not survive a power cut that takes what was committed to
 * another before: positions would say of rows that they are stored, and they are gone.
 */
static int sync_others(struct wf_store *store, int64_t key, struct wf_err *err)
{
    for (size_t i = 0; i < WFS_DAYS_OPEN; i++) {
        struct wfs_slot *slot = &store->slots[i];
        int rc;

        if (slot->day == NULL || wfs_day_key(slot->day) == key)
            continue;
        rc = wfs_day_sync(slot->day, err);
        if (rc < 0) {
            wf_err_prefix(err, "%s", wfs_day_path_of(slot->day));
            wfs_days_drop(store, slot, rc);
            return rc;
        }
    }
    return 0;
}

int wfs_days_get(struct wf_store *store, int64_t key, struct wfs_slot **out_slot,
                 struct wf_err *err)
{
    struct wfs_slot *slot = NULL;
    int rc = sync_others(store, key, err);

    if (rc < 0)
        return rc;

    for (size_t i = 0; i < WFS_DAYS_OPEN; i++) {
        struct wfs_slot *s = &store->slots[i];

        if (s->day != NULL && wfs_day_key(s->day) == key) {
            slot = s;
            break;
        }
        if (slot == NULL || s->day == NULL || (slot->day != NULL && s->used < slot->used))
            slot = s;
    }
    if (slot->day == NULL || wfs_day_key(slot->day) != key) {
        wfs_days_close(store, slot);
        rc = open_day(store, slot, key, err);
    }
    slot->used = ++store->uses;
    if (rc == 0)
        *out_slot = slot;
    return rc;
}

struct wfs_slot *wfs_days_newest(struct wf_store *store)
{
    struct wfs_slot *newest = NULL;

    for (size_t i = 0; i < WFS_DAYS_OPEN; i++) {
        struct wfs_slot *slot = &store->slots[i];

        if (slot->day == NULL)
            continue;
        if (newest == NULL || (slot->takes_rows && !newest->takes_rows) ||
            (slot->takes_rows == newest->takes_rows &&
             wfs_day_key(slot->day) > wfs_day_key(newest->day)))
            newest = slot;
    }
    return newest;
}

static void empty_slot(struct wf_store *store, struct wfs_slot *slot)
{
    /* Members lived in the day. */
    for (struct wf_series *series = store->series; series != NULL; series = series->next_series)
        series->member = NULL;
    wfs_ledger_fini(&slot->ledger);
    *slot = (struct wfs_slot){ 0 };
}

void wfs_days_drop(struct wf_store *store, struct wfs_slot *slot, int rc)
{
    if (slot->day == NULL)
        return;
    wfs_day_rollback(slot->day);
    /* A failed write or sync is nearly the same thing as a damaged file. */
    if (rc == WF_ERR_CORRUPT || rc == WF_ERR_SYSTEM) {
        forget_suspect(store);
        store->suspect = (struct wfs_suspect){ .is_set = true,
                                               .key = wfs_day_key(slot->day),
                                               .ledger = slot->ledger };
        slot->ledger = (struct wfs_ledger){ 0 };
    }
    wfs_day_close(&slot->day);
    empty_slot(store, slot);
}

void wfs_days_notice_removal(struct wf_store *store, struct wfs_slot *slot)
{
    if (slot->day == NULL || wfs_day_is_there(slot->day))
        return;
    wfs_notice(store, "%s was removed while it was written; a new file is begun",
               wfs_day_path_of(slot->day));
    owe_gaps(store, wfs_day_key(slot->day), &slot->ledger);
    wfs_day_close(&slot->day);
    empty_slot(store, slot);
}

void wfs_days_close(struct wf_store *store, struct wfs_slot *slot)
{
    struct wf_err ignored = { 0 };
    bool is_left;

    if (slot->day == NULL)
        return;
    /* Who made us leave it may hold it for hours: not waited for. */
    is_left = !slot->takes_rows && wfs_days_is_left(store, wfs_day_key(slot->day));
    if ((is_left || wfs_days_is_over(wfs_day_key(slot->day))) &&
        wfs_day_seal(&slot->day, is_left ? 0 : CLOSE_MS, &ignored) == 0)
        store->figures.files_sealed++;
    if (slot->day != NULL) {
        if (ignored.rc == WF_ERR_BUSY)
            (void)wfs_wal_checkpoint(wfs_day_wal(slot->day), 1, NULL);
        else
            (void)wfs_wal_empty(wfs_day_wal(slot->day), CLOSE_MS, NULL);
        wfs_day_close(&slot->day);
    }
    empty_slot(store, slot);
}
