/* SPDX-License-Identifier: MIT */
/* The journal's thread: see commit.h. */

#include "commit.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>

#define RETRY_FIRST_NS (200 * WF_NS_PER_MS)
#define RETRY_LAST_NS  (5 * WF_NS_PER_S)
/* After so many failures in a row the journal is closed and opened anew. */
#define REOPEN_AFTER 2

struct alert_commit {
    struct alert_commit_options options; /* thread, after the start */
    void (*done)(void *context, struct alert_job *job);
    void *context;
    uv_async_t async;
    uv_thread_t thread;

    uv_mutex_t lock; /* guards from here to `figures` */
    uv_cond_t wake;
    struct alert_job *first, **last; /* to do */
    struct alert_job *done_first, **done_last;
    bool is_stopping;
    int64_t give_up_ns; /* monotonic, once stopping */
    struct alert_commit_figures figures;

    /* thread */
    struct wf_journal *journal;
    bool was_read;
    unsigned failures; /* in a row */
    int64_t synced_ns; /* monotonic, of the last sync */
    struct alert_restored restored;
};

/* --- jobs ------------------------------------------------------------------------------------- */

struct alert_job *alert_job_new(enum alert_job_kind kind)
{
    struct alert_job *job = calloc(1, sizeof(*job));

    if (job != NULL)
        job->kind = kind;
    return job;
}

void alert_entry_free(struct alert_entry **entry)
{
    if (*entry != NULL)
        for (size_t i = 0; i < WF_COUNT_OF((*entry)->texts); i++)
            free((*entry)->texts[i]);
    free(*entry);
    *entry = NULL;
}

void alert_job_free(struct alert_job **job)
{
    struct alert_job *gone = *job;

    *job = NULL;
    if (gone == NULL)
        return;
    for (size_t i = 0; i < gone->count; i++)
        alert_entry_free(&gone->entries[i]);
    free(gone->entries);
    for (size_t i = 0; i < WF_COUNT_OF(gone->keeps); i++)
        free(gone->keeps[i].blob);
    while (gone->changes != NULL) {
        struct alert_change *change = gone->changes;

        gone->changes = change->next;
        free(change->json);
        free(change);
    }
    free(gone->json);
    free(gone);
}

int alert_job_add(struct alert_job *job, struct alert_entry *entry)
{
    if (job->count == job->room) {
        size_t room = job->room == 0 ? 16 : job->room * 2;
        struct alert_entry **entries = realloc(job->entries, room * sizeof(*entries));

        if (entries == NULL) {
            alert_entry_free(&entry);
            return WF_ERR_NOMEM;
        }
        job->entries = entries;
        job->room = room;
    }
    job->entries[job->count++] = entry;
    return 0;
}

/* --- restoring ----------------------------------------------------------------------------------- */

/* A copy of the text; the flag is set when there is no memory. */
static char *copy_text(struct alert_restored *restored, const char *text)
{
    char *copy = strdup(text != NULL ? text : "");

    restored->has_failed = restored->has_failed || copy == NULL;
    return copy;
}

/* The texts of one alarm, so that all of them are copied and freed alike. */
static const char **text_of(struct wf_journal_alarm *alarm, unsigned i)
{
    const char **texts[] = { &alarm->alarm,     &alarm->ack_user,  &alarm->ack_note,
                             &alarm->mark_user, &alarm->mark_note, &alarm->value_text,
                             &alarm->level };

    return i < WF_COUNT_OF(texts) ? texts[i] : NULL;
}

static int restore_alarm(void *context, const struct wf_journal_alarm *alarm)
{
    struct alert_restored *restored = context;
    struct wf_journal_alarm *copy;
    void *memory;

    if ((restored->alarm_count & (restored->alarm_count - 1)) == 0) {
        size_t room = restored->alarm_count == 0 ? 1 : restored->alarm_count * 2;
        struct wf_journal_alarm *list = realloc(restored->alarms, room * sizeof(*list));

        if (list == NULL)
            return WF_ERR_NOMEM;
        restored->alarms = list;
    }
    memory = malloc(alarm->memory_bytes + 1);
    if (memory == NULL)
        return WF_ERR_NOMEM;
    if (alarm->memory_bytes > 0)
        memcpy(memory, alarm->memory, alarm->memory_bytes);
    copy = &restored->alarms[restored->alarm_count++];
    *copy = *alarm;
    copy->memory = memory;
    for (unsigned i = 0; text_of(copy, i) != NULL; i++)
        *text_of(copy, i) = copy_text(restored, *text_of(copy, i));
    return restored->has_failed ? WF_ERR_NOMEM : 0;
}

static int restore_limits(void *context, const struct wf_journal_change *change)
{
    struct alert_restored *restored = context;
    struct wf_journal_change *list =
        realloc(restored->limits, (restored->limit_count + 1) * sizeof(*list));

    if (list == NULL)
        return WF_ERR_NOMEM;
    restored->limits = list;
    list += restored->limit_count++;
    *list = *change;
    list->alarm = copy_text(restored, change->alarm);
    list->json = copy_text(restored, change->json);
    list->user = copy_text(restored, change->user);
    return restored->has_failed ? WF_ERR_NOMEM : 0;
}

void alert_restored_fini(struct alert_restored *restored)
{
    for (size_t i = 0; i < restored->alarm_count; i++) {
        for (unsigned t = 0; text_of(&restored->alarms[i], t) != NULL; t++)
            free((void *)(uintptr_t)*text_of(&restored->alarms[i], t));
        free((void *)(uintptr_t)restored->alarms[i].memory);
    }
    for (size_t i = 0; i < restored->limit_count; i++) {
        free((void *)(uintptr_t)restored->limits[i].alarm);
        free((void *)(uintptr_t)restored->limits[i].json);
        free((void *)(uintptr_t)restored->limits[i].user);
    }
    free(restored->alarms);
    free(restored->limits);
    free(restored->positions);
    free(restored->memories);
    memset(restored, 0, sizeof(*restored));
}

static int read_kept(struct wf_journal *journal, const char *name, void **out_blob,
                     size_t *out_bytes, struct wf_err *err)
{
    int rc = wf_journal_kept(journal, name, out_blob, out_bytes, err);

    return rc == WF_ERR_ABSENT ? 0 : rc;
}

static int read_journal(struct alert_commit *commit, struct wf_err *err)
{
    struct alert_restored *restored = &commit->restored;
    struct wf_journal *journal = commit->journal;
    char note[sizeof(restored->note)];
    int rc;

    (void)wf_copy_text(note, sizeof(note), restored->note);
    alert_restored_fini(restored);
    (void)wf_copy_text(restored->note, sizeof(restored->note), note);
    rc = wf_journal_restore(journal, restore_alarm, restored, err);
    if (rc == 0)
        rc = wf_journal_limits_each(journal, restore_limits, restored, err);
    if (rc == 0)
        rc = read_kept(journal, "positions", &restored->positions, &restored->positions_bytes, err);
    if (rc == 0)
        rc = read_kept(journal, "memories", &restored->memories, &restored->memories_bytes, err);
    restored->last_seq = wf_journal_last_seq(journal);
    restored->last_id = wf_journal_last_id(journal);
    return rc;
}

/* --- the thread -------------------------------------------------------------------------------- */

static int open_journal(struct alert_commit *commit, struct wf_err *err)
{
    const struct wf_journal_options options = {
        .folder = commit->options.folder,
        .monitor = commit->options.monitor,
        .instance = commit->options.instance,
        .group = commit->options.group,
        .is_synced = commit->options.sync_ns == 0,
    };
    char note[sizeof(commit->restored.note)] = "";
    int rc;

    if (commit->journal != NULL)
        return 0;
    rc = wf_journal_open(&options, &commit->journal, note, sizeof(note), err);
    if (rc == 0 && note[0] != '\0')
        wf_log_warning("%s", note);
    if (rc == 0 && !commit->was_read) {
        (void)wf_copy_text(commit->restored.note, sizeof(commit->restored.note), note);
        rc = read_journal(commit, err);
        if (rc < 0)
            wf_journal_close(&commit->journal);
    }
    return rc;
}

static int do_batch(struct alert_commit *commit, struct alert_job *job, struct wf_err *err)
{
    struct wf_journal_batch batch = { .entry_count = job->count };
    struct wf_journal_entry **entries = malloc((job->count + 1) * sizeof(*entries));
    struct wf_journal_change *changes;
    int rc = 0;

    for (const struct alert_change *at = job->changes; at != NULL; at = at->next)
        batch.change_count++;
    changes = malloc((batch.change_count + 1) * sizeof(*changes));
    if (entries == NULL || changes == NULL)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    batch.entries = entries;
    batch.changes = changes;
    for (size_t i = 0; rc == 0 && i < job->count; i++)
        entries[i] = &job->entries[i]->entry;
    for (const struct alert_change *at = job->changes; rc == 0 && at != NULL; at = at->next)
        *changes++ = (struct wf_journal_change){
            .alarm = at->alarm->name, .json = at->json, .user = at->user, .utc_ns = at->utc_ns
        };
    for (size_t i = 0; rc == 0 && i < WF_COUNT_OF(job->keeps); i++)
        if (job->keeps[i].name != NULL)
            rc = wf_journal_keep(commit->journal, job->keeps[i].name, job->keeps[i].blob,
                                 job->keeps[i].bytes, err);
    if (rc == 0)
        rc = wf_journal_commit(commit->journal, &batch, err);
    free(entries);
    free((void *)(uintptr_t)batch.changes);
    return rc;
}

/* Without a sync of every commit, one for all of them now and then. */
static void sync_sometimes(struct alert_commit *commit)
{
    int64_t now_ns = wf_mono_now_ns();

    if (commit->options.sync_ns == 0 || now_ns - commit->synced_ns < commit->options.sync_ns)
        return;
    wf_journal_sync(commit->journal);
    commit->synced_ns = now_ns;
}

static int do_job(struct alert_commit *commit, struct alert_job *job, struct wf_err *err)
{
    int64_t begun_ns = wf_mono_now_ns();
    int rc = open_journal(commit, err);

    if (rc < 0)
        return rc;
    switch (job->kind) {
    case ALERT_JOB_OPENED:
        commit->was_read = true;
        break;
    case ALERT_JOB_BATCH:
        rc = do_batch(commit, job, err);
        break;
    case ALERT_JOB_ATTACH:
        rc = job->rc = wf_journal_attach(commit->journal, job->seq, "samples", job->json,
                                         job->json_bytes, err);
        /* Its transition is gone from the journal by now, or it is too large: nobody misses it. */
        if (rc == WF_ERR_ABSENT || rc == WF_ERR_LIMIT || rc == WF_ERR_EXISTS)
            rc = 0;
        break;
    case ALERT_JOB_FORGET:
        job->forgotten = wf_journal_forget(
            commit->journal,
            wf_journal_believed_now(commit->journal, wf_utc_now_ns()) - job->keep_ns, err);
        rc = job->forgotten < 0 ? (int)job->forgotten : 0;
        break;
    case ALERT_JOB_SYNC:
        commit->options.sync_ns = job->sync_ns;
        wf_journal_close(&commit->journal);
        rc = open_journal(commit, err);
        break;
    }
    job->took_ns = wf_mono_now_ns() - begun_ns;
    return rc;
}

/* Said once for each time it begins and ends; the lock is held. */
static void note_result(struct alert_commit *commit, int rc, const struct wf_err *err)
{
    struct alert_commit_figures *figures = &commit->figures;

    figures->has_tried = true;
    if (rc < 0) {
        figures->errors++;
        if (!figures->is_failing) {
            figures->is_failing = true;
            figures->failing_since_ns = wf_mono_now_ns();
            wf_log_error("cannot write the journal: %s; transitions wait, trying again", err->text);
        }
        (void)wf_copy_text(figures->error, sizeof(figures->error), err->text);
    } else if (figures->is_failing) {
        figures->is_failing = false;
        figures->error[0] = '\0';
        wf_log_info("the journal is written again");
    }
    figures->is_open = commit->journal != NULL;
}

/* Sleep as long as failures tell, or until it is time to end; the lock is held. */
static void back_off(struct alert_commit *commit)
{
    int64_t wait_ns = RETRY_FIRST_NS << (commit->failures < 6 ? commit->failures : 6);

    if (wait_ns > RETRY_LAST_NS)
        wait_ns = RETRY_LAST_NS;
    if (commit->is_stopping && wait_ns > RETRY_FIRST_NS)
        wait_ns = RETRY_FIRST_NS;
    (void)uv_cond_timedwait(&commit->wake, &commit->lock, (uint64_t)wait_ns);
}

/* The first job, once there is one; NULL when it is time to end. The lock is held. */
static struct alert_job *wait_for_job(struct alert_commit *commit)
{
    while (commit->first == NULL && !commit->is_stopping)
        uv_cond_wait(&commit->wake, &commit->lock);
    if (commit->is_stopping && commit->failures > 0 && wf_mono_now_ns() > commit->give_up_ns)
        return NULL;
    return commit->first;
}

static void run_thread(void *context)
{
    struct alert_commit *commit = context;
    struct alert_job *job;

    uv_mutex_lock(&commit->lock);
    while ((job = wait_for_job(commit)) != NULL) {
        struct wf_err err = { 0 };
        bool is_batch;
        int rc;

        uv_mutex_unlock(&commit->lock);
        rc = do_job(commit, job, &err);
        is_batch = job->kind == ALERT_JOB_BATCH;
        if (rc < 0 && ++commit->failures % REOPEN_AFTER == 0)
            wf_journal_close(&commit->journal);
        uv_mutex_lock(&commit->lock);
        note_result(commit, rc, &err);
        if (rc < 0) {
            back_off(commit);
            continue;
        }
        commit->failures = 0;
        commit->first = job->next;
        if (commit->first == NULL)
            commit->last = &commit->first;
        job->next = NULL;
        *commit->done_last = job;
        commit->done_last = &job->next;
        (void)uv_async_send(&commit->async);
        if (!is_batch)
            continue;
        uv_mutex_unlock(&commit->lock);
        sync_sometimes(commit);
        uv_mutex_lock(&commit->lock);
    }
    uv_mutex_unlock(&commit->lock);
    wf_journal_close(&commit->journal);
}

/* --- the loop's side --------------------------------------------------------------------------- */

static void hand_out(struct alert_commit *commit)
{
    struct alert_job *list;

    uv_mutex_lock(&commit->lock);
    list = commit->done_first;
    commit->done_first = NULL;
    commit->done_last = &commit->done_first;
    uv_mutex_unlock(&commit->lock);
    while (list != NULL) {
        struct alert_job *job = list;

        list = job->next;
        job->next = NULL;
        commit->done(commit->context, job);
    }
}

static void hear(uv_async_t *async)
{
    hand_out(async->data);
}

static void free_commit(uv_handle_t *handle)
{
    struct alert_commit *commit = handle->data;

    uv_cond_destroy(&commit->wake);
    uv_mutex_destroy(&commit->lock);
    free(commit);
}

int alert_commit_start(uv_loop_t *loop, const struct alert_commit_options *options,
                       void (*done)(void *context, struct alert_job *job), void *context,
                       struct alert_commit **out_commit, struct wf_err *err)
{
    struct alert_commit *commit = calloc(1, sizeof(*commit));
    struct alert_job *opened = alert_job_new(ALERT_JOB_OPENED);

    if (commit == NULL || opened == NULL) {
        free(commit);
        alert_job_free(&opened);
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    commit->options = *options;
    commit->done = done;
    commit->context = context;
    commit->last = &commit->first;
    commit->done_last = &commit->done_first;
    if (uv_mutex_init(&commit->lock) < 0 || uv_cond_init(&commit->wake) < 0 ||
        uv_async_init(loop, &commit->async, hear) < 0) {
        alert_job_free(&opened);
        return wf_fail(err, WF_ERR_SYSTEM, "cannot prepare the journal's thread");
    }
    commit->async.data = commit;
    alert_commit_push(commit, opened);
    if (uv_thread_create(&commit->thread, run_thread, commit) < 0) {
        alert_job_free(&commit->first);
        uv_close((uv_handle_t *)&commit->async, free_commit);
        return wf_fail(err, WF_ERR_SYSTEM, "cannot start the journal's thread");
    }
    *out_commit = commit;
    return 0;
}

void alert_commit_push(struct alert_commit *commit, struct alert_job *job)
{
    job->next = NULL;
    uv_mutex_lock(&commit->lock);
    *commit->last = job;
    commit->last = &job->next;
    uv_cond_signal(&commit->wake);
    uv_mutex_unlock(&commit->lock);
}

void alert_commit_figures(struct alert_commit *commit, struct alert_commit_figures *out)
{
    uv_mutex_lock(&commit->lock);
    *out = commit->figures;
    uv_mutex_unlock(&commit->lock);
}

struct alert_restored *alert_commit_restored(struct alert_commit *commit)
{
    return &commit->restored;
}

size_t alert_commit_stop(struct alert_commit **commit, int64_t patience_ns)
{
    struct alert_commit *stopping = *commit;
    size_t left = 0;

    *commit = NULL;
    if (stopping == NULL)
        return 0;
    uv_mutex_lock(&stopping->lock);
    stopping->is_stopping = true;
    stopping->give_up_ns = wf_mono_now_ns() + patience_ns;
    uv_cond_signal(&stopping->wake);
    uv_mutex_unlock(&stopping->lock);
    (void)uv_thread_join(&stopping->thread);
    hand_out(stopping);
    while (stopping->first != NULL) {
        struct alert_job *job = stopping->first;

        stopping->first = job->next;
        left++;
        alert_job_free(&job);
    }
    alert_restored_fini(&stopping->restored);
    uv_close((uv_handle_t *)&stopping->async, free_commit);
    return left;
}
