/* SPDX-License-Identifier: MIT */
/*
 * Batches on their way to the journal, one at a time: while one is being committed the next one
 * fills, so that a flood costs few commits. With every batch go the read positions and what alarms
 * count between transitions, so that the journal is a whole: a restart goes on from there.
 */

#include "alert.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/log.h>

/* Without transitions, positions are stored this often, so that the rings reach back to them. */
#define CHECKPOINT_NS WF_NS_PER_S
#define FORGET_NS     (600 * WF_NS_PER_S)

static struct alert_job *batch_of(struct alert *alert)
{
    if (alert->batch == NULL)
        alert->batch = alert_job_new(ALERT_JOB_BATCH);
    if (alert->batch == NULL) {
        wf_log_error("out of memory; ending, so that a new start goes on where the journal ends");
        abort();
    }
    return alert->batch;
}

void alert_batch_add(struct alert *alert, struct alert_entry *entry)
{
    if (alert_job_add(batch_of(alert), entry) < 0) {
        wf_log_error("out of memory; ending, so that a new start goes on where the journal ends");
        abort();
    }
}

void alert_batch_add_change(struct alert *alert, struct alert_change *change)
{
    struct alert_change **at = &batch_of(alert)->changes;

    while (*at != NULL)
        at = &(*at)->next;
    *at = change;
}

void alert_batch_wait(struct alert *alert, struct alert_waiting *waiting)
{
    struct alert_waiting **at = &batch_of(alert)->waiting;

    while (*at != NULL)
        at = &(*at)->next;
    *at = waiting;
}

static void add_checkpoint(struct alert *alert, struct alert_job *job)
{
    job->keeps[0].name = "positions";
    job->keeps[0].blob = alert_follow_positions(alert, &job->keeps[0].bytes);
    if (job->keeps[0].blob == NULL)
        job->keeps[0].name = NULL;
    job->keeps[1].name = "memories";
    job->keeps[1].blob = alert_judge_memories(alert, &job->keeps[1].bytes);
    alert->has_moved = false;
    alert->checkpoint_ns = wf_mono_now_ns();
}

void alert_batch_flush(struct alert *alert, bool is_checkpoint_wanted)
{
    bool is_due = alert->has_moved &&
                  (is_checkpoint_wanted || wf_mono_now_ns() - alert->checkpoint_ns > CHECKPOINT_NS);
    struct alert_job *job;

    if (alert->commit == NULL || alert->is_committing || !alert->is_open ||
        (alert->batch == NULL && !is_due))
        return;
    job = batch_of(alert);
    alert->batch = NULL;
    if (alert->roster != NULL)
        add_checkpoint(alert, job);
    alert->is_committing = true;
    alert->committing_ns = wf_mono_now_ns();
    alert_commit_push(alert->commit, job);
}

void alert_batch_finish(struct alert *alert)
{
    struct alert_job *job;

    if (alert->commit == NULL || !alert->is_open || alert->roster == NULL)
        return;
    job = batch_of(alert);
    alert->batch = NULL;
    add_checkpoint(alert, job);
    alert->is_committing = true;
    alert->committing_ns = wf_mono_now_ns();
    alert_commit_push(alert->commit, job);
}

/* --- it is there ------------------------------------------------------------------------------- */

static void apply_entries(struct alert *alert, const struct alert_job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        const struct alert_entry *entry = job->entries[i];
        uint8_t marks_before;

        if (entry->alarm == NULL)
            continue;
        marks_before = entry->alarm->shown.marks;
        if (entry->alarm->index >= 0)
            alert_count(alert, &entry->alarm->shown, (uint32_t)-1);
        alert_book_apply(entry->alarm, &entry->entry);
        if (entry->alarm->index >= 0)
            alert_count(alert, &entry->alarm->shown, 1);
        alert_tables_touch(alert, entry->alarm);
        alert_tables_related(alert, entry->alarm, marks_before);
        alert->held--;
        alert->figures.transitions++;
        alert->figures.announced += entry->entry.is_announced ? 1 : 0;
    }
}

static void apply_changes(struct alert_job *job)
{
    for (struct alert_change *change = job->changes; change != NULL; change = change->next) {
        struct alert_alarm *alarm = change->alarm;

        (void)wf_copy_text(alarm->limits_user, sizeof(alarm->limits_user), change->user);
        (void)wf_copy_text(alarm->limits_note, sizeof(alarm->limits_note), change->note);
        alarm->limits_ns = change->utc_ns;
        alarm->is_limit_change_held = false;
    }
}

static void answer(struct alert *alert, struct alert_job *job)
{
    while (job->waiting != NULL) {
        struct alert_waiting *waiting = job->waiting;

        job->waiting = waiting->next;
        alert_waiting_answer(alert, waiting);
    }
}

static void batch_is_there(struct alert *alert, struct alert_job *job)
{
    alert->is_committing = false;
    if (job->took_ns > alert->figures.commit_max_ns)
        alert->figures.commit_max_ns = job->took_ns;
    apply_entries(alert, job);
    apply_changes(job);
    alert_tables_publish(alert);
    answer(alert, job);
    if (!alert->is_stopping)
        alert_batch_flush(alert, false);
}

static void forget_more(struct alert *alert, const struct alert_job *job)
{
    struct alert_job *next;

    if (job->forgotten < WF_JOURNAL_FORGET_MAX || alert->is_stopping)
        return;
    next = alert_job_new(ALERT_JOB_FORGET);
    if (next == NULL)
        return;
    next->keep_ns = job->keep_ns;
    alert_commit_push(alert->commit, next);
}

void alert_batch_forget(struct alert *alert)
{
    int64_t now_ns = wf_mono_now_ns();
    struct alert_job *job;

    if (alert->forgot_ns != 0 && now_ns - alert->forgot_ns < FORGET_NS)
        return;
    alert->forgot_ns = now_ns;
    job = alert_job_new(ALERT_JOB_FORGET);
    if (job == NULL)
        return;
    job->keep_ns = alert->settings->keep_ns;
    alert_commit_push(alert->commit, job);
}

void alert_batch_done(void *context, struct alert_job *job)
{
    struct alert *alert = context;

    switch (job->kind) {
    case ALERT_JOB_OPENED:
        alert_start_judging(alert);
        break;
    case ALERT_JOB_BATCH:
        batch_is_there(alert, job);
        break;
    case ALERT_JOB_ATTACH:
        alert->figures.blackboxes += job->rc == 0 ? 1 : 0;
        break;
    case ALERT_JOB_FORGET:
        forget_more(alert, job);
        break;
    case ALERT_JOB_SYNC:
        break;
    }
    alert_job_free(&job);
    /* Judging may have been held up. */
    if (alert->is_open && !alert->is_stopping)
        alert_follow_wake(alert);
}
