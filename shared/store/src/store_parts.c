/* SPDX-License-Identifier: MIT */
/*
 * Days of several files. A snapshot that somebody holds pins the log of changes of the file it is of,
 * and nothing may be done about that beneath a foreign reader. So that file is left to them when its log
 * has grown to the cap, and the rows that come go into the next part of the day: the reader keeps what
 * it saw, nothing grows without bound, and the logger waits for nobody. What was left is sealed
 * like a day that is over as soon as nobody holds it any more.
 */

#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

/* A day is over when it has rested this long after its midnight. */
#define GRACE_NS (60 * WF_NS_PER_S)

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

int wfs_days_has_room(struct wf_store *store, struct wfs_slot *slot, struct wf_err *err)
{
    return wfs_wal_has_room(wfs_day_wal(slot->day), store->log_cap, err);
}

/* --- another part ------------------------------------------------------------------- */

/* The last part there may be: it is written on, and its log grows. */
static void tell_limit(struct wf_store *store, struct wfs_day *day)
{
    struct wf_strbuf text;

    if (store->limit_told_key == wfs_day_key(day))
        return;
    store->limit_told_key = wfs_day_key(day);
    wf_strbuf_init(&text, 1024);
    wfs_wal_describe_hold(wfs_day_wal(day), &text);
    wf_strbuf_addf(&text,
                   "; a day has %d parts at most, so its log of changes grows until that ends",
                   WFS_PARTS_MAX);
    wfs_notice(store, "%s", text.text);
    wf_strbuf_fini(&text);
}

static int begin_part(struct wf_store *store, struct wfs_slot **inout_slot, struct wf_err *err)
{
    struct wfs_slot *slot = *inout_slot;
    int64_t key = wfs_day_key(slot->day);
    int64_t next = wfs_file_key(key, wfs_file_part(key) + 1);
    struct wf_strbuf text;
    int rc;

    if (wfs_file_part(key) == WFS_PARTS_MAX) {
        tell_limit(store, slot->day);
        return 0;
    }
    wf_strbuf_init(&text, 1024);
    wfs_wal_describe_hold(wfs_day_wal(slot->day), &text);
    slot->takes_rows = false;
    rc = wfs_days_get(store, next, inout_slot, err); /* syncs the one that is left first */
    if (rc == 0) {
        (*inout_slot)->takes_rows = true;
        rc = wfs_rolls_carry_dirt(store, slot->day, (*inout_slot)->day, err);
        if (rc < 0) {
            wfs_days_drop(store, slot, rc);
            wfs_days_drop(store, *inout_slot, rc);
        }
    }
    if (rc == 0) {
        store->figures.files_left++;
        wfs_days_close(store, slot); /* which tries to seal it, once */
        wf_strbuf_addf(&text, "; rows go on in %s, the file is put in order when that has ended",
                       name_of(wfs_day_path_of((*inout_slot)->day)));
        wfs_notice(store, "%s", text.text);
    }
    wf_strbuf_fini(&text);
    return rc;
}

static struct wfs_slot *find_open(struct wf_store *store, int64_t day_ns)
{
    for (size_t i = 0; i < WFS_DAYS_OPEN; i++) {
        struct wfs_slot *slot = &store->slots[i];

        if (slot->day != NULL && slot->takes_rows && wfs_day_start(slot->day) == day_ns)
            return slot;
    }
    return NULL;
}

static int find_last_part(const struct wf_store *store, int64_t day_ns, int64_t *out_key,
                          struct wf_err *err)
{
    char path[WFS_PATH_SIZE];

    if (snprintf(path, sizeof(path), "%s/raw", store->folder) >= (int)sizeof(path))
        return wf_fail(err, WF_ERR_LIMIT, "the path of the history folder is too long");
    return wfs_folder_newest(path, day_ns, out_key, err);
}

int wfs_days_of(struct wf_store *store, int64_t day_ns, struct wfs_slot **out_slot,
                struct wf_err *err)
{
    struct wfs_slot *slot = find_open(store, day_ns);
    int64_t key = slot != NULL ? wfs_day_key(slot->day) : 0;
    int rc = slot != NULL ? 0 : find_last_part(store, day_ns, &key, err);

    if (rc == 0)
        rc = wfs_days_get(store, key, &slot, err);
    if (rc < 0)
        return rc;
    slot->takes_rows = true;
    rc = wfs_days_has_room(store, slot, err);
    if (rc == WF_ERR_BUSY) {
        rc = begin_part(store, &slot, err);
    } else if (rc < 0) {
        wf_err_prefix(err, "%s", wfs_day_path_of(slot->day));
        wfs_days_drop(store, slot, rc);
    }
    if (rc == 0)
        *out_slot = slot;
    return rc;
}

/* --- what was left, and days that are over ------------------------------------------------ */

bool wfs_days_is_over(int64_t key)
{
    return wf_utc_now_ns() - wfs_file_day(key) > WF_NS_PER_DAY + GRACE_NS;
}

bool wfs_days_is_left(const struct wf_store *store, int64_t key)
{
    int64_t last = key;

    return find_last_part(store, wfs_file_day(key), &last, NULL) == 0 && last > key;
}

static bool has_later_part(const struct wfs_day_file *files, size_t count, size_t at)
{
    return at + 1 < count && wfs_file_day(files[at].key) == wfs_file_day(files[at + 1].key);
}

size_t wfs_days_count_left(const struct wfs_day_file *files, size_t count)
{
    size_t left = 0;

    for (size_t i = 0; i < count; i++)
        left += !files[i].is_sealed && has_later_part(files, count, i);
    return left;
}

static bool is_open(const struct wf_store *store, int64_t key)
{
    for (size_t i = 0; i < WFS_DAYS_OPEN; i++) {
        if (store->slots[i].day != NULL && wfs_day_key(store->slots[i].day) == key)
            return true;
    }
    return false;
}

/* The file whose turn it is: behind the one that was tried last, or from the beginning. */
static const struct wfs_day_file *choose_unsealed(const struct wf_store *store,
                                                  const struct wfs_day_file *files, size_t count)
{
    const struct wfs_day_file *first = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct wfs_day_file *file = &files[i];

        if (file->is_sealed || is_open(store, file->key) ||
            !(wfs_days_is_over(file->key) || has_later_part(files, count, i)))
            continue;
        if (file->key > store->sealing_key)
            return file;
        if (first == NULL)
            first = file;
    }
    return first;
}

static void seal(struct wf_store *store, int64_t key, bool is_left)
{
    struct wfs_day_options options = { .folder = store->folder,
                                       .instance = store->instance,
                                       .group = store->group,
                                       .cache_kib = 256 };
    struct wfs_day *day = NULL;
    struct wf_err ignored = { 0 };

    /* Nobody is waited for: it is tried again. */
    if (wfs_day_open(&options, key, &day, &ignored) == 0 && wfs_day_seal(&day, 0, &ignored) == 0) {
        char text[16];

        wfs_file_text(key, text);
        store->figures.files_sealed++;
        if (is_left)
            wfs_notice(store, "%s.db is held by nobody any more, and was put in order", text);
    }
    wfs_day_close(&day);
}

void wfs_days_seal_one(struct wf_store *store)
{
    const struct wfs_day_file *file;
    struct wfs_day_file *files = NULL;
    struct wf_err ignored = { 0 };
    size_t count = 0;

    if (wfs_folder_list(store->folder, &files, &count, &ignored) < 0)
        return;
    store->figures.files_left = wfs_days_count_left(files, count);
    file = choose_unsealed(store, files, count);
    if (file != NULL) {
        store->sealing_key = file->key;
        seal(store, file->key, has_later_part(files, count, (size_t)(file - files)));
    }
    free(files);
}
