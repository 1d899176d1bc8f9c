/* SPDX-License-Identifier: MIT */
/* Wal: see wal.h. */

#include "wal.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include <watchfloor/clock.h>

#include "platform/holder.h"

/* What a page takes in the log. */
#define FRAME_BYTES 4120
/* How long a moment without readers is waited for, where rows wait meanwhile. */
#define EMPTY_MS 100
/* And how long it is not waited for again. */
#define AGAIN_NS WF_NS_PER_S
/* What all else waits for locks, which are held for moments. */
#define BUSY_MS 2000

static int note_size(void *context, sqlite3 *db, const char *name, int pages)
{
    struct wfs_wal *wal = context;

    (void)db;
    (void)name;
    wal->pages = pages;
    return SQLITE_OK;
}

void wfs_wal_watch(struct wfs_wal *wal, sqlite3 *db, const char *path)
{
    char beside[4096 + 8];
    struct stat st;

    *wal = (struct wfs_wal){ .db = db, .path = path };
    /* What an earlier life left: as much as there is room for in the file, at most. */
    (void)snprintf(beside, sizeof(beside), "%s-wal", path);
    if (stat(beside, &st) == 0 && st.st_size / FRAME_BYTES < INT_MAX)
        wal->pages = (int)(st.st_size / FRAME_BYTES);
    (void)sqlite3_wal_hook(db, note_size, wal);
}

uint64_t wfs_wal_bytes(const struct wfs_wal *wal)
{
    return (uint64_t)wal->pages * FRAME_BYTES;
}

static void note_held(struct wfs_wal *wal, bool is_held)
{
    if (!is_held)
        wal->held_mono_ns = 0;
    else if (wal->held_mono_ns == 0)
        wal->held_mono_ns = wf_mono_now_ns();
}

int wfs_wal_empty(struct wfs_wal *wal, int patience_ms, struct wf_err *err)
{
    int rc;

    (void)sqlite3_busy_timeout(wal->db, patience_ms);
    rc = sqlite3_wal_checkpoint_v2(wal->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    (void)sqlite3_busy_timeout(wal->db, BUSY_MS);
    if (rc != SQLITE_OK)
        return wfs_fail(err, wal->db, rc, "checkpoint");
    wal->pages = wal->pages_stuck = 0;
    wal->full_mono_ns = 0;
    note_held(wal, false);
    return 0;
}

int wfs_wal_checkpoint(struct wfs_wal *wal, int pages, struct wf_err *err)
{
    int logged = 0, moved = 0, rc;

    if (wal->pages < pages)
        return 0;
    rc = sqlite3_wal_checkpoint_v2(wal->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &logged, &moved);
    if ((rc & 0xff) != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
        return wfs_fail(err, wal->db, rc, "checkpoint");
    note_held(wal, moved < logged);
    if (moved < logged)
        return 0;
    /* All was moved, and still it is not begun anew: readers come one after the other. */
    if (wal->pages >= 4 * pages + wal->pages_stuck && wfs_wal_empty(wal, EMPTY_MS, NULL) < 0)
        wal->pages_stuck = wal->pages;
    return 1;
}

int wfs_wal_has_room(struct wfs_wal *wal, uint64_t cap, struct wf_err *err)
{
    int rc;

    if (wfs_wal_bytes(wal) < cap)
        return 0;
    if (wal->full_mono_ns != 0 && wf_mono_now_ns() - wal->full_mono_ns < AGAIN_NS)
        return wf_fail(err, WF_ERR_BUSY, "a reader holds it");
    rc = wfs_wal_empty(wal, EMPTY_MS, err);
    if (rc == WF_ERR_BUSY) {
        wal->full_mono_ns = wf_mono_now_ns();
        note_held(wal, true);
    }
    return rc;
}

/* "'sqlite3' (pid 4711)", as far as it is known. */
static void add_holder(const char *path, struct wf_strbuf *text)
{
    struct wfs_holder holder;

    if (!wfs_find_holder(path, &holder)) {
        wf_strbuf_add(text, "a reader (fuser tells who)");
        return;
    }
    wf_strbuf_addf(text, "'%s' (pid %" PRId64 ")", holder.name[0] != '\0' ? holder.name : "?",
                   holder.pid);
    if (holder.others > 0)
        wf_strbuf_addf(text, " and %u more", holder.others);
}

void wfs_wal_describe_hold(const struct wfs_wal *wal, struct wf_strbuf *text)
{
    int64_t held_ns = wal->held_mono_ns;
    int64_t seconds = held_ns != 0 ? (wf_mono_now_ns() - held_ns) / WF_NS_PER_S : 0;

    wf_strbuf_addf(text, "%s: ", wal->path);
    add_holder(wal->path, text);
    wf_strbuf_addf(text, " has held a snapshot of it while %" PRIu64 " KiB were written",
                   wfs_wal_bytes(wal) >> 10);
    if (seconds > 0)
        wf_strbuf_addf(text, ", for %" PRId64 " s at least", seconds);
}
