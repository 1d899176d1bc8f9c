/* SPDX-License-Identifier: MIT */
/* The writer's side of a journal: see <watchfloor/store/journal.h>. */

#include "journal_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECKPOINT_PAGES 1000

struct wf_journal {
    struct wfs_journal_place place;
    char instance[WF_INSTANCE_MAX + 1], monitor[WF_INSTANCE_MAX + 1];
    char *group;
    struct wfs_journal_file file;
    uint64_t device, inode; /* of the file; a path may come to lead elsewhere */

    /* A write failed: the file must be opened again before the next. */
    bool is_broken, is_suspect; /* suspect: and looked through */
    uint64_t unclear_id;        /* last id before the batch of which nobody knows */
    size_t unclear_count;       /* its entries; 0: all is clear */

    struct wfs_kept *staged; /* goes with the next commit */
};

static int copy_options(struct wf_journal *journal, const struct wf_journal_options *options,
                        struct wf_err *err)
{
    int rc = wfs_journal_path(options->folder, options->monitor, journal->place.path, err);

    if (rc < 0)
        return rc;
    (void)wf_copy_text(journal->monitor, sizeof(journal->monitor), options->monitor);
    (void)wf_copy_text(journal->instance, sizeof(journal->instance),
                       options->instance != NULL ? options->instance : "");
    journal->group = strdup(options->group != NULL ? options->group : "");
    if (journal->group == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    journal->place.instance = journal->instance;
    journal->place.monitor = journal->monitor;
    journal->place.group = journal->group;
    journal->place.is_synced = options->is_synced;
    return 0;
}

static void note_identity(struct wf_journal *journal)
{
    struct stat status;

    if (stat(journal->place.path, &status) == 0) {
        journal->device = status.st_dev;
        journal->inode = status.st_ino;
    }
}

/* Only a path that certainly leads elsewhere counts: a failing disk is another matter. */
static bool is_in_place(const struct wf_journal *journal)
{
    struct stat status;

    if (stat(journal->place.path, &status) != 0)
        return errno != ENOENT;
    return status.st_dev == journal->device && status.st_ino == journal->inode;
}

int wf_journal_open(const struct wf_journal_options *options, struct wf_journal **out_journal,
                    char *out_note, size_t note_size, struct wf_err *err)
{
    struct wf_journal *journal = calloc(1, sizeof(*journal));
    struct wf_err why = { 0 };
    int rc;

    if (note_size > 0)
        out_note[0] = '\0';
    if (journal == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "open the journal: out of memory");
    rc = copy_options(journal, options, &why);
    if (rc == 0)
        rc = wfs_journal_make_place(options->folder, &journal->place, &why);
    if (rc == 0)
        rc = wfs_journal_finish_replace(&journal->place, &why);
    if (rc == 0)
        rc = wfs_journal_open_file(&journal->place, true, &journal->file, &why);
    if (rc == WF_ERR_CORRUPT) {
        rc = wfs_journal_replace(&journal->place, out_note, note_size, &why);
        if (rc == 0)
            rc = wfs_journal_open_file(&journal->place, false, &journal->file, &why);
    }
    if (rc < 0) {
        wf_err_prefix(&why, "journal %s/%s.db", options->folder, options->monitor);
        if (err != NULL)
            *err = why;
        wf_journal_close(&journal);
        return rc;
    }
    note_identity(journal);
    *out_journal = journal;
    return 0;
}

static void drop_staged(struct wf_journal *journal)
{
    while (journal->staged != NULL) {
        struct wfs_kept *kept = journal->staged;

        journal->staged = kept->next;
        free(kept->name);
        free(kept->blob);
        free(kept);
    }
}

void wf_journal_close(struct wf_journal **journal)
{
    struct wf_journal *closing = *journal;

    if (closing == NULL)
        return;
    wfs_journal_file_checkpoint(&closing->file, 0);
    wfs_journal_file_close(&closing->file);
    drop_staged(closing);
    free(closing->group);
    free(closing);
    *journal = NULL;
}

uint64_t wf_journal_last_seq(const struct wf_journal *journal)
{
    return journal->file.last_seq;
}

uint64_t wf_journal_last_id(const struct wf_journal *journal)
{
    return journal->file.last_id;
}

uint64_t wf_journal_boot(const struct wf_journal *journal)
{
    return journal->file.boot;
}

/* After a failed write: a fresh connection, and (`is_suspect`) a look through the file. */
static int open_again(struct wf_journal *journal, struct wf_err *err)
{
    uint64_t last_id = journal->file.last_id, last_seq = journal->file.last_seq;
    int rc;

    /* Somebody removed or replaced it. Ours is still open, so nothing is lost. */
    if (!is_in_place(journal) && journal->file.db != NULL) {
        rc = wfs_journal_make_ready(&journal->place, journal->file.db, err);
        if (rc < 0)
            return rc;
    }
    wfs_journal_file_close(&journal->file);
    rc = wfs_journal_finish_replace(&journal->place, err);
    if (rc == 0)
        rc = wfs_journal_open_file(&journal->place, journal->is_suspect, &journal->file, err);
    if (rc == 0 && journal->file.last_id < last_id) {
        wfs_journal_file_close(&journal->file);
        rc = wf_fail(err, WF_ERR_CORRUPT, "committed entries are missing");
    }
    if (rc < 0) { /* what was known is still what the next attempt must find */
        journal->file.last_id = last_id;
        journal->file.last_seq = last_seq;
        return rc;
    }
    note_identity(journal);
    journal->is_broken = journal->is_suspect = false;
    return 0;
}

/* What a failed commit left behind: the file says whether the batch is there. */
static size_t count_committed(struct wf_journal *journal, const struct wf_journal_batch *batch)
{
    size_t count = journal->file.last_id > journal->unclear_id ? journal->unclear_count : 0;

    journal->unclear_count = 0;
    return count < batch->entry_count ? count : batch->entry_count;
}

static void note_failure(struct wf_journal *journal, const struct wf_journal_batch *batch, int rc)
{
    if (rc != WF_ERR_NOSPACE && rc != WF_ERR_SYSTEM && rc != WF_ERR_DENIED && rc != WF_ERR_CORRUPT)
        return; /* rolled back, and that is all */
    journal->is_broken = true;
    journal->is_suspect = rc != WF_ERR_NOSPACE;
    journal->unclear_id = journal->file.last_id;
    journal->unclear_count = batch->entry_count;
}

int wf_journal_commit(struct wf_journal *journal, const struct wf_journal_batch *batch,
                      struct wf_err *err)
{
    size_t skip = 0;
    int rc = 0;

    if (journal->is_broken || !is_in_place(journal))
        rc = open_again(journal, err);
    if (rc == 0) {
        skip = count_committed(journal, batch);
        rc = wfs_journal_file_commit(&journal->file, batch, skip, journal->staged, err);
        if (rc < 0)
            note_failure(journal, batch, rc);
    }
    if (rc == 0) {
        drop_staged(journal);
        wfs_journal_file_checkpoint(&journal->file, CHECKPOINT_PAGES);
    }
    if (rc < 0)
        wf_err_prefix(err, "journal %s", journal->place.path);
    return rc;
}

int wf_journal_append(struct wf_journal *journal, struct wf_journal_entry *const *entries,
                      size_t count, struct wf_err *err)
{
    const struct wf_journal_batch batch = { .entries = entries, .entry_count = count };

    return wf_journal_commit(journal, &batch, err);
}

int wf_journal_keep(struct wf_journal *journal, const char *name, const void *blob, size_t bytes,
                    struct wf_err *err)
{
    struct wfs_kept *kept = journal->staged;
    void *copy = malloc(bytes > 0 ? bytes : 1);

    while (kept != NULL && strcmp(kept->name, name) != 0)
        kept = kept->next;
    if (kept == NULL && copy != NULL) {
        kept = calloc(1, sizeof(*kept));
        if (kept != NULL && (kept->name = strdup(name)) != NULL) {
            kept->next = journal->staged;
            journal->staged = kept;
        } else {
            free(kept);
            kept = NULL;
        }
    }
    if (kept == NULL || copy == NULL) {
        free(copy);
        return wf_fail(err, WF_ERR_NOMEM, "keep %s: out of memory", name);
    }
    if (bytes > 0)
        memcpy(copy, blob, bytes);
    free(kept->blob);
    kept->blob = copy;
    kept->bytes = bytes;
    return 0;
}

int wf_journal_limits_set(struct wf_journal *journal, const char *alarm, const char *json,
                          struct wf_journal_entry *entry, struct wf_err *err)
{
    const struct wf_journal_change change = {
        .alarm = alarm, .json = json, .user = entry->user, .utc_ns = entry->utc_ns
    };
    const struct wf_journal_batch batch = {
        .entries = &entry, .entry_count = 1, .changes = &change, .change_count = 1
    };

    return wf_journal_commit(journal, &batch, err);
}

int wf_journal_attach(struct wf_journal *journal, uint64_t seq, const char *what, const void *blob,
                      size_t bytes, struct wf_err *err)
{
    const struct wf_journal_blob one = { .seq = seq, .what = what, .bytes = blob, .size = bytes };
    const struct wf_journal_batch batch = { .blobs = &one, .blob_count = 1 };

    return wf_journal_commit(journal, &batch, err);
}

static int usable(struct wf_journal *journal, struct wf_err *err)
{
    return journal->is_broken ? open_again(journal, err) : 0;
}

int wf_journal_restore(struct wf_journal *journal,
                       int (*each)(void *context, const struct wf_journal_alarm *alarm),
                       void *context, struct wf_err *err)
{
    int rc = usable(journal, err);

    return rc == 0 ? wfs_journal_each_alarm(journal->file.db, each, context, err) : rc;
}

int wf_journal_limits_each(struct wf_journal *journal,
                           int (*each)(void *context, const struct wf_journal_change *change),
                           void *context, struct wf_err *err)
{
    int rc = usable(journal, err);

    return rc == 0 ? wfs_journal_each_change(journal->file.db, each, context, err) : rc;
}

int wf_journal_kept(struct wf_journal *journal, const char *name, void **out_blob,
                    size_t *out_bytes, struct wf_err *err)
{
    int rc = usable(journal, err);

    return rc == 0
               ? wfs_journal_get_blob(journal->file.db, "SELECT bytes FROM _kept WHERE name = ?1",
                                      name, 0, out_blob, out_bytes, err)
               : rc;
}

void wf_journal_sync(struct wf_journal *journal)
{
    /* Moving pages of the log into the file forces the log to the disk first. */
    if (!journal->is_broken)
        wfs_journal_file_checkpoint(&journal->file, 1);
}

int64_t wf_journal_believed_now(struct wf_journal *journal, int64_t now_utc_ns)
{
    return usable(journal, NULL) == 0 ? wfs_journal_file_believed_now(&journal->file, now_utc_ns)
                                      : now_utc_ns;
}

int64_t wf_journal_forget(struct wf_journal *journal, int64_t before_utc_ns, struct wf_err *err)
{
    int64_t count = 0;
    int rc = usable(journal, err);

    if (rc == 0)
        rc = wfs_journal_file_forget(&journal->file, before_utc_ns, &count, err);
    if (rc < 0) {
        wf_err_prefix(err, "journal %s: forget", journal->place.path);
        return rc;
    }
    wfs_journal_file_checkpoint(&journal->file, CHECKPOINT_PAGES);
    return count;
}
