/* SPDX-License-Identifier: MIT */
/* Writing: batches from the queue into the packet log; what fails is tried again. */

#include <time.h>

#include <watchfloor/clock.h>
#include <watchfloor/decode/reject.h>
#include <watchfloor/log.h>

#include "recorder.h"

#define BATCH_MAX     2048
#define GATHER_MAX_NS WF_NS_PER_S /* a commit a second, or when there is much */
#define RETRY_MIN_NS  (WF_NS_PER_S / 2)
#define RETRY_MAX_NS  (10 * WF_NS_PER_S)
#define STOP_TRIES    10 /* at the stop a disk that takes nothing is not waited for */
#define RETAIN_NS     (10 * WF_NS_PER_S)

struct write {
    struct rec_recorder *recorder;
    struct wf_packet_log *log;
    int64_t synced_ns, tidied_ns, retained_ns;
    int64_t retry_ns;    /* 0: all is well */
    bool is_sync_failed; /* and nothing else failed since */
};

static const char *reason_name(unsigned code)
{
    return code < WF_REJECT_COUNT ? wf_reject_name((enum wf_reject)code) : NULL;
}

static void say(void *context, const char *text)
{
    (void)context;
    wf_log_warning("%s", text);
}

static void tell_figures(const struct write *write)
{
    struct rec_recorder *recorder = write->recorder;
    struct wf_packet_log_figures figures;

    wf_packet_log_figures(write->log, &figures);
    atomic_store(&recorder->packets, figures.rows);
    atomic_store(&recorder->bytes, figures.bytes);
    atomic_store(&recorder->lost, figures.lost);
    atomic_store(&recorder->gaps, figures.gaps);
    atomic_store(&recorder->commits, figures.commits);
    atomic_store(&recorder->errors, figures.errors);
    atomic_store(&recorder->file_bytes, figures.file_bytes);
    atomic_store(&recorder->files_deleted, figures.files_deleted);
}

/* Said once; then again when it works. */
static void note_result(struct write *write, int64_t rc, const struct wf_err *err)
{
    if (rc < 0) {
        if (write->retry_ns == 0)
            wf_log_error("packets cannot be stored: %s; they wait in memory and in the ring",
                         err->text);
        write->retry_ns = write->retry_ns == 0 ? RETRY_MIN_NS : write->retry_ns * 2;
        if (write->retry_ns > RETRY_MAX_NS)
            write->retry_ns = RETRY_MAX_NS;
        atomic_store(&write->recorder->state, REC_FAILING);
        return;
    }
    if (write->retry_ns != 0)
        wf_log_info("packets are stored again");
    write->retry_ns = 0;
    if (atomic_load(&write->recorder->state) == REC_FAILING)
        atomic_store(&write->recorder->state, REC_RECORDING);
}

static void rest(int64_t ns, const struct rec_recorder *recorder)
{
    struct timespec nap = { .tv_nsec = 50 * WF_NS_PER_MS };
    int64_t end = wf_mono_now_ns() + ns;

    while (wf_mono_now_ns() < end && !atomic_load(&recorder->is_stopping))
        (void)nanosleep(&nap, NULL);
}

static bool recover(struct write *write)
{
    struct rec_recorder *recorder = write->recorder;

    while (!atomic_load(&recorder->is_stopping)) {
        struct wf_err err = { 0 };
        int rc = wf_packet_log_recover(write->log, &recorder->from, &err);

        note_result(write, rc, &err);
        if (rc == 0) {
            atomic_store(&recorder->is_recovered, true);
            return true;
        }
        rest(write->retry_ns, recorder);
    }
    return false;
}

static bool is_sync_due(const struct write *write, int64_t now_ns)
{
    /* A little early rather than a whole gathering late. */
    return now_ns - write->synced_ns >= atomic_load(&write->recorder->sync_ns) - 20 * WF_NS_PER_MS;
}

static void tidy(struct write *write, int64_t now_ns)
{
    struct rec_recorder *recorder = write->recorder;

    /* What was committed last must not stay unsynced because nothing follows it. */
    if (is_sync_due(write, now_ns)) {
        struct wf_err err = { 0 };
        int rc = wf_packet_log_sync(write->log, &err);

        if (rc < 0 || write->is_sync_failed)
            note_result(write, rc, &err);
        write->is_sync_failed = rc < 0;
        if (rc == 0)
            write->synced_ns = now_ns;
    }
    if (now_ns - write->tidied_ns >= WF_NS_PER_S) {
        wf_packet_log_limit(write->log, atomic_load(&recorder->log_cap));
        (void)wf_packet_log_tidy(write->log, NULL);
        write->tidied_ns = now_ns;
        tell_figures(write);
    }
    if (now_ns - write->retained_ns >= RETAIN_NS || write->retained_ns == 0) {
        (void)wf_packet_log_retain(write->log, atomic_load(&recorder->keep_ns),
                                   atomic_load(&recorder->bytes_max), wf_utc_now_ns(), NULL);
        write->retained_ns = now_ns;
    }
}

/* One batch. Returns how many of it are stored. */
static int64_t store(struct write *write, struct rec_item *const *items, size_t count)
{
    static struct wf_packet_entry entries[BATCH_MAX];
    int64_t now_ns = wf_mono_now_ns();
    bool is_synced = is_sync_due(write, now_ns);
    struct wf_err err = { 0 };
    int64_t done;

    for (size_t i = 0; i < count; i++)
        entries[i] = items[i]->entry;
    done = wf_packet_log_write(write->log, entries, count, is_synced, &err);
    if (done > 0 && is_synced)
        write->synced_ns = now_ns;
    note_result(write, done, &err);
    write->is_sync_failed = false; /* that it can sync is no news while it cannot write */
    return done;
}

static void follow(struct write *write)
{
    struct rec_recorder *recorder = write->recorder;
    struct rec_item *items[BATCH_MAX];
    bool is_over = false, has_stored = false;
    int tries = 0;

    while (!is_over) {
        int64_t sync_ns = atomic_load(&recorder->sync_ns);
        int64_t gather_ns = sync_ns > 0 && sync_ns < GATHER_MAX_NS ? sync_ns : GATHER_MAX_NS;
        /* What waited in the ring for this life is stored at once: it is nowhere else. */
        bool is_urgent = sync_ns == 0 || !has_stored;
        size_t count = rec_queue_gather(&recorder->queue, items, BATCH_MAX,
                                        is_urgent ? 1 : BATCH_MAX, gather_ns, &is_over);
        int64_t done = count > 0 ? store(write, items, count) : 0;

        if (done > 0) {
            rec_queue_drop(&recorder->queue, (size_t)done);
            has_stored = true;
        }
        if (done < (int64_t)count) {
            is_over = atomic_load(&recorder->is_stopping) && ++tries >= STOP_TRIES;
            rest(write->retry_ns, recorder);
        }
        tidy(write, wf_mono_now_ns());
    }
}

void rec_write(void *context)
{
    struct write write = { .recorder = context };
    struct wf_packet_log_options options = {
        .folder = write.recorder->folder,
        .instance = write.recorder->instance,
        .group = write.recorder->group,
        .reason = reason_name,
        .notice = say,
    };
    struct wf_err err = { 0 };

    if (wf_packet_log_create(&options, &write.log, &err) < 0) {
        wf_log_error("%s", err.text);
        return;
    }
    if (recover(&write))
        follow(&write);
    tell_figures(&write);
    wf_packet_log_destroy(&write.log);
}
