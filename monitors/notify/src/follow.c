/* SPDX-License-Identifier: MIT */
/* Journals of alarm monitors, followed: see notify.h. */

#include "notify.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>
#include <watchfloor/replay.h>
#include <watchfloor/store/journal.h>

#define JOURNAL_MAX 32
/* Entries taken at a time, so that deliveries go on in a flood. */
#define BATCH 1000
/* While the outbox cannot be written, not more that it does not know: the journals keep the rest. */
#define DONE_MAX 100000

struct journal {
    char monitor[NTF_MONITOR_SIZE];
    struct wf_journal_reader *reader;
    dev_t device;
    ino_t inode;
    uint64_t entry; /* the last that was looked at */
    int64_t utc_ns;
    bool is_first;   /* nothing of it was ever looked at: its past is not told */
    bool is_dirty;   /* the position is not in the outbox yet */
    bool is_failing; /* said */
    bool has_more;
};

struct ntf_follow {
    struct journal journals[JOURNAL_MAX];
    size_t count;
};

int ntf_follow_open(struct ntf_program *program, struct wf_err *err)
{
    program->follow = calloc(1, sizeof(*program->follow));
    if (program->follow == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (program->is_restored)
        ntf_follow_refresh(program);
    return 0;
}

void ntf_follow_close(struct ntf_program *program)
{
    if (program->follow == NULL)
        return;
    for (size_t i = 0; i < program->follow->count; i++)
        wf_journal_reader_close(&program->follow->journals[i].reader);
    free(program->follow);
    program->follow = NULL;
}

size_t ntf_follow_count(const struct ntf_program *program)
{
    size_t count = 0;

    for (size_t i = 0; i < program->follow->count; i++)
        count += program->follow->journals[i].reader != NULL;
    return count;
}

/* --- which there are ----------------------------------------------------------------------------- */

static int keep_entry(void *context, const struct wf_journal_entry *entry)
{
    struct journal *found = context;

    found->entry = entry->id;
    found->utc_ns = entry->utc_ns;
    return 1;
}

/* Is the entry we stopped at still the one it was? Otherwise this is another journal. */
static void check_position(struct journal *journal)
{
    struct journal last = { 0 }, here = { 0 };
    const struct wf_journal_query newest = { .is_newest_first = true, .limit = 1 };
    const struct wf_journal_query same = { .after_id = journal->entry - 1, .limit = 1 };

    if (journal->entry == 0)
        return;
    (void)wf_journal_each(journal->reader, &newest, keep_entry, &last, NULL);
    (void)wf_journal_each(journal->reader, &same, keep_entry, &here, NULL);
    /* It may have been forgotten since; only a different one proves something. */
    if (last.entry >= journal->entry &&
        (here.entry != journal->entry || here.utc_ns == journal->utc_ns))
        return;
    wf_log_warning("the journal of monitor %s was made anew; what stands in it unacknowledged is "
                   "told",
                   journal->monitor);
    journal->entry = 0;
    journal->utc_ns = 0;
    journal->is_first = journal->is_dirty = true;
}

static bool is_wanted(const char *globs, const char *name)
{
    static const char blanks[] = " \t\n,";

    for (const char *at = globs + strspn(globs, blanks); *at != '\0'; at += strspn(at, blanks)) {
        size_t len = strcspn(at, blanks);
        char glob[64];

        (void)wf_copy_text(glob, len + 1 < sizeof(glob) ? len + 1 : sizeof(glob), at);
        if (wf_glob_match(glob, name))
            return true;
        at += len;
    }
    return false;
}

static bool get_identity(const struct ntf_program *program, const struct journal *journal,
                         struct stat *out)
{
    char path[WF_PATH_SIZE + 64];
    struct wf_strbuf text = WF_STRBUF_FIXED(path);

    wf_strbuf_addf(&text, "%s/%s.db", program->journals, journal->monitor);
    return stat(path, out) == 0;
}

static void open_journal(struct ntf_program *program, struct journal *journal)
{
    struct wf_err err = { 0 };
    struct stat identity;
    int rc;

    if (!get_identity(program, journal, &identity))
        return;
    rc = wf_journal_read(program->journals, journal->monitor, &journal->reader, &err);
    if (rc < 0) {
        if (!journal->is_failing && rc != WF_ERR_ABSENT)
            wf_log_error("the journal of monitor %s cannot be read: %s; trying again",
                         journal->monitor, err.text);
        journal->is_failing |= rc != WF_ERR_ABSENT;
        return;
    }
    journal->is_failing = false;
    journal->device = identity.st_dev;
    journal->inode = identity.st_ino;
    journal->has_more = true;
    check_position(journal);
}

static void add_journal(struct ntf_program *program, const char *monitor)
{
    struct ntf_follow *follow = program->follow;
    struct journal *journal;

    for (size_t i = 0; i < follow->count; i++)
        if (strcmp(follow->journals[i].monitor, monitor) == 0)
            return;
    if (follow->count == JOURNAL_MAX || strlen(monitor) >= NTF_MONITOR_SIZE)
        return;
    journal = &follow->journals[follow->count];
    memset(journal, 0, sizeof(*journal));
    (void)wf_copy_text(journal->monitor, sizeof(journal->monitor), monitor);
    if (program->outbox == NULL)
        return;
    switch (wf_outbox_position(program->outbox, monitor, &journal->entry, &journal->utc_ns, NULL)) {
    case 0:
        break;
    case WF_ERR_ABSENT:
        journal->is_first = true;
        break;
    default:
        return; /* not from the beginning because of a disk that fails just now */
    }
    follow->count++;
}

void ntf_follow_refresh(struct ntf_program *program)
{
    struct ntf_follow *follow = program->follow;
    const struct dirent *entry;
    DIR *dir = opendir(program->journals);

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        char name[256];

        if (len <= 3 || entry->d_name[0] == '.' || strcmp(entry->d_name + len - 3, ".db") != 0)
            continue;
        (void)wf_copy_text(name, len - 2 < sizeof(name) ? len - 2 : sizeof(name), entry->d_name);
        if (is_wanted(program->config->notify_monitors, name))
            add_journal(program, name);
    }
    if (dir != NULL)
        (void)closedir(dir);
    for (size_t i = 0; i < follow->count; i++) {
        struct journal *journal = &follow->journals[i];
        struct stat identity;

        if (journal->reader != NULL && get_identity(program, journal, &identity) &&
            (identity.st_dev != journal->device || identity.st_ino != journal->inode))
            wf_journal_reader_close(&journal->reader);
        if (journal->reader == NULL)
            open_journal(program, journal);
        else
            journal->has_more = true; /* a bell may be missed: look once a second */
    }
}

/* --- reading ----------------------------------------------------------------------------------- */

struct reading {
    struct ntf_program *program;
    struct journal *journal;
    struct ntf_now now;
    size_t count;
};

static int take_entry(void *context, const struct wf_journal_entry *entry)
{
    struct reading *reading = context;
    char limit[32];
    struct wf_strbuf text = WF_STRBUF_FIXED(limit);
    struct ntf_transition transition = {
        .monitor = reading->journal->monitor,
        .entry = entry->id,
        .seq = entry->seq,
        .utc_ns = entry->utc_ns,
        .alarm = entry->alarm,
        .event = entry->event,
        .to = entry->to,
        .marks = entry->marks,
        .severity = entry->severity,
        .highest = entry->highest,
        .level = entry->level,
        .value = entry->value_text,
        .limit = limit,
        .user = entry->user,
        .note = entry->note,
        .is_announced = entry->is_announced,
    };

    reading->journal->entry = entry->id;
    reading->journal->utc_ns = entry->utc_ns;
    reading->journal->is_dirty = true;
    reading->count++;
    if (entry->kind != WF_JOURNAL_TRANSITION || reading->program->is_replay)
        return 0;
    /* NaN is none. */
    if (entry->limit == entry->limit)
        wf_strbuf_add_double(&text, entry->limit);
    if (reading->journal->is_first)
        ntf_plan_past(reading->program->plan, &transition);
    else
        ntf_plan_transition(reading->program->plan, &transition, &reading->now);
    return 0;
}

static void read_journal(struct ntf_program *program, struct journal *journal)
{
    const struct wf_journal_query query = { .after_id = journal->entry, .limit = BATCH };
    struct reading reading = { program, journal, ntf_now(program), 0 };
    struct wf_err err = { 0 };
    int rc = wf_journal_each(journal->reader, &query, take_entry, &reading, &err);

    program->entries += reading.count;
    program->is_dirty |= reading.count > 0;
    journal->has_more = reading.count == BATCH;
    if (rc < 0 && rc != WF_ERR_BUSY) {
        if (!journal->is_failing)
            wf_log_error("the journal of monitor %s cannot be read: %s; trying again",
                         journal->monitor, err.text);
        journal->is_failing = true;
        wf_journal_reader_close(&journal->reader);
        return;
    }
    if (rc == 0 && journal->is_first && !journal->has_more) {
        journal->is_first = false;
        ntf_plan_catch_up(program->plan, &reading.now);
        journal->is_dirty = program->is_dirty = true;
    }
}

/* Alarms of recorded telemetry are nobody's to answer: they are passed over, and never told later. */
static void look_for_replay(struct ntf_program *program)
{
    struct wf_replay replay;
    bool was_replay = program->is_replay;

    (void)wf_watch_refresh(program->watch, NULL); /* also before what a region brings is read */
    program->is_replay = wf_replay_find(program->watch, &replay);
    if (program->is_replay && !was_replay)
        wf_log_info("this is a replay of '%s': nobody is told of its alarms", replay.origin);
    else if (was_replay && !program->is_replay)
        wf_log_info("no replay any more: people are told of alarms");
}

bool ntf_follow_read(struct ntf_program *program)
{
    bool has_more = false;

    look_for_replay(program);
    for (size_t i = 0; i < program->follow->count; i++) {
        struct journal *journal = &program->follow->journals[i];

        if (journal->reader == NULL || program->done_count > DONE_MAX)
            continue;
        read_journal(program, journal);
        has_more |= journal->has_more;
    }
    return has_more;
}

int ntf_follow_save(struct ntf_program *program, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < program->follow->count; i++) {
        const struct journal *journal = &program->follow->journals[i];

        /* A past that is read half is read again from its beginning. */
        if (journal->is_dirty && !journal->is_first)
            rc = wf_outbox_put_position(program->outbox, journal->monitor, journal->entry,
                                        journal->utc_ns, err);
    }
    return rc;
}

void ntf_follow_saved(struct ntf_program *program)
{
    for (size_t i = 0; i < program->follow->count; i++)
        if (!program->follow->journals[i].is_first)
            program->follow->journals[i].is_dirty = false;
}
