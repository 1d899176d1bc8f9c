/* SPDX-License-Identifier: MIT */
/* Writing one open journal file: rows, what they mean for their alarm, batches. */

#include "journal_private.h"

#include <string.h>

#include "platform/boot.h"

/* As in the engine; the store knows it only as bits that people set. */
#define MARK_SHELVED   0x01
#define MARKS_OF_USERS 0x03 /* shelved, out of service */

/* What an entry does to a column of its alarm's row in _alarms. */
enum effect { KEEP, SET, CLEAR, GROW };

static int note_log_size(void *context, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    *(int *)context = pages;
    return SQLITE_OK;
}

static int prepare(struct wfs_journal_file *file, struct wf_err *err)
{
    const struct {
        sqlite3_stmt **stmt;
        const char *sql;
    } all[] = {
        { &file->insert_entry,
          "INSERT INTO _entries (" WFS_ENTRY_COLUMNS ") VALUES (?1, ?2, ?3, ?4,"
          " ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
          " ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)" },
        { &file->find_alarm, "SELECT id FROM _alarms WHERE name = ?1" },
        { &file->add_alarm, "INSERT INTO _alarms (name) VALUES (?1)" },
        { &file->find_seq, "SELECT e.id FROM _entries e JOIN _alarms a ON a.id = e.alarm"
                           " WHERE e.seq = ?1 AND a.name = ?2 AND e.event IS ?3" },
        { &file->note_alarm,
          "UPDATE _alarms SET newest = ?2,"
          " count = CASE ?3 WHEN 1 THEN 1 WHEN 2 THEN 0 WHEN 3 THEN count + 1 ELSE count END,"
          " raised = CASE ?3 WHEN 1 THEN ?2 WHEN 3 THEN ?2 ELSE raised END,"
          " acknowledged = CASE ?4 WHEN 1 THEN ?2 WHEN 2 THEN NULL ELSE acknowledged END,"
          " marked = CASE ?5 WHEN 1 THEN ?2 WHEN 2 THEN NULL ELSE marked END WHERE id = ?1" },
        { &file->put_kept, "INSERT OR REPLACE INTO _kept VALUES (?1, ?2)" },
        { &file->put_limits, "INSERT OR REPLACE INTO _limits VALUES (?1, ?2, ?3, ?4)" },
        { &file->drop_limits, "DELETE FROM _limits WHERE alarm = ?1" },
        { &file->put_blob, "INSERT OR REPLACE INTO _blobs VALUES (?1, ?2, ?3)" },
    };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < WF_COUNT_OF(all); i++)
        rc = wfs_prepare(file->db, all[i].sql, all[i].stmt, err);
    return rc;
}

static int read_last(struct wfs_journal_file *file, struct wf_err *err)
{
    int64_t id = 0, seq = 0;
    uint64_t kept_id = 0, kept_seq = 0;
    int rc = wfs_get_i64(file->db, "SELECT max(id) FROM _entries", 0, &id, err);

    if (rc == 0)
        rc = wfs_get_i64(file->db, "SELECT max(seq) FROM _entries WHERE seq IS NOT NULL", 0, &seq,
                         err);
    if (rc == 0)
        rc = wfs_journal_get_number(file->db, "last_id", &kept_id, err);
    if (rc == 0)
        rc = wfs_journal_get_number(file->db, "last_seq", &kept_seq, err);
    if (rc < 0)
        return rc;
    if (id < 0 || id > WFS_JOURNAL_NUMBER_MAX || seq < 0 || seq > WFS_JOURNAL_NUMBER_MAX ||
        kept_id > WFS_JOURNAL_NUMBER_MAX || kept_seq > WFS_JOURNAL_NUMBER_MAX)
        return wf_fail(err, WF_ERR_CORRUPT, "its last numbers cannot be true");
    file->last_id = (uint64_t)id > kept_id ? (uint64_t)id : kept_id;
    file->last_seq = (uint64_t)seq > kept_seq ? (uint64_t)seq : kept_seq;
    return 0;
}

int wfs_journal_file_open(sqlite3 *db, bool is_synced, struct wfs_journal_file *out,
                          struct wf_err *err)
{
    int rc;

    *out = (struct wfs_journal_file){ .db = db, .boot = wfs_boot_hash() };
    (void)sqlite3_wal_hook(db, note_log_size, &out->log_pages);
    rc = wfs_exec(db, err, is_synced ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
    if (rc == 0)
        rc = prepare(out, err);
    if (rc == 0)
        rc = read_last(out, err);
    if (rc < 0)
        wfs_journal_file_close(out);
    return rc;
}

void wfs_journal_file_close(struct wfs_journal_file *file)
{
    sqlite3_stmt *const all[] = { file->insert_entry, file->find_alarm,  file->add_alarm,
                                  file->note_alarm,   file->find_seq,    file->put_kept,
                                  file->put_limits,   file->drop_limits, file->put_blob };

    for (size_t i = 0; i < WF_COUNT_OF(all); i++)
        (void)sqlite3_finalize(all[i]);
    wfs_close(&file->db);
    *file = (struct wfs_journal_file){ 0 };
}

static int find_alarm(struct wfs_journal_file *file, const char *name, int64_t *out_id,
                      struct wf_err *err)
{
    int rc;

    (void)sqlite3_bind_text(file->find_alarm, 1, name, -1, SQLITE_STATIC);
    rc = sqlite3_step(file->find_alarm);
    if (rc == SQLITE_ROW)
        *out_id = sqlite3_column_int64(file->find_alarm, 0);
    (void)sqlite3_reset(file->find_alarm);
    if (rc == SQLITE_ROW)
        return 0;
    if (rc != SQLITE_DONE)
        return wfs_fail(err, file->db, rc, "find '%.80s'", name);
    (void)sqlite3_bind_text(file->add_alarm, 1, name, -1, SQLITE_STATIC);
    rc = wfs_run(file->add_alarm, err);
    *out_id = sqlite3_last_insert_rowid(file->db);
    return rc;
}

static bool is_event(const struct wf_journal_entry *entry, const char *event)
{
    return entry->event != NULL && strcmp(entry->event, event) == 0;
}

static bool is_from(const struct wf_journal_entry *entry, const char *state)
{
    return entry->from != NULL && strcmp(entry->from, state) == 0;
}

/* Counting begins anew when an alarm is raised that nobody had to see any more. */
static enum effect effect_on_count(const struct wf_journal_entry *entry)
{
    if (is_event(entry, "RAISE"))
        return is_from(entry, "RTN_UNACK") ? GROW : SET;
    if (is_event(entry, "WORSEN"))
        return GROW;
    return entry->to != NULL && strcmp(entry->to, "NORMAL") == 0 ? CLEAR : KEEP;
}

/* What was acknowledged is no longer so when it comes again or gets worse. */
static enum effect effect_on_acknowledged(const struct wf_journal_entry *entry)
{
    if (is_event(entry, "ACK"))
        return SET;
    return is_event(entry, "RAISE") || is_event(entry, "WORSEN") ? CLEAR : KEEP;
}

/* Who shelved it or took it out of service; again shelved, for longer, is a new mark too. */
static enum effect effect_on_marked(const struct wf_journal_entry *entry)
{
    unsigned now = entry->marks & MARKS_OF_USERS, before = entry->marks_before & MARKS_OF_USERS;

    if (now == 0)
        return CLEAR;
    if ((now & ~before) != 0)
        return SET;
    return now == before && (now & MARK_SHELVED) != 0 && is_event(entry, "MARK") &&
                   entry->marks == entry->marks_before
               ? SET
               : KEEP;
}

static int note_alarm(struct wfs_journal_file *file, const struct wfs_entry_row *row,
                      struct wf_err *err)
{
    sqlite3_stmt *stmt = file->note_alarm;

    (void)sqlite3_bind_int64(stmt, 1, row->alarm_id);
    (void)wfs_bind_u64(stmt, 2, row->entry.id);
    (void)sqlite3_bind_int(stmt, 3, (int)effect_on_count(&row->entry));
    (void)sqlite3_bind_int(stmt, 4, (int)effect_on_acknowledged(&row->entry));
    (void)sqlite3_bind_int(stmt, 5, (int)effect_on_marked(&row->entry));
    return wfs_run(stmt, err);
}

int wfs_journal_file_add(struct wfs_journal_file *file, struct wfs_entry_row *row,
                         struct wf_err *err)
{
    const struct wf_journal_entry *entry = &row->entry;
    int rc = 0;

    row->alarm_id = 0;
    if (entry->alarm != NULL && entry->alarm[0] != '\0')
        rc = find_alarm(file, entry->alarm, &row->alarm_id, err);
    else if (entry->kind == WF_JOURNAL_TRANSITION)
        return wf_fail(err, WF_ERR_INVALID, "a transition of no alarm");
    if (rc == 0 && wfs_entry_bind(file->insert_entry, row) != SQLITE_OK)
        rc = wf_fail(err, WF_ERR_LIMIT, "entry %llu does not fit", (unsigned long long)entry->id);
    if (rc == 0)
        rc = wfs_run(file->insert_entry, err);
    if (rc == 0 && entry->kind == WF_JOURNAL_TRANSITION)
        rc = note_alarm(file, row, err);
    return rc;
}

/* A seq that is there already: fine when it is the same transition, which then has an id. */
static int find_again(struct wfs_journal_file *file, const struct wf_journal_entry *entry,
                      uint64_t *out_id, struct wf_err *err)
{
    sqlite3_stmt *stmt = file->find_seq;
    int rc;

    (void)wfs_bind_u64(stmt, 1, entry->seq);
    (void)sqlite3_bind_text(stmt, 2, entry->alarm != NULL ? entry->alarm : "", -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 3, entry->event, -1, SQLITE_STATIC);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out_id = (uint64_t)sqlite3_column_int64(stmt, 0);
    (void)sqlite3_reset(stmt);
    if (rc == SQLITE_ROW)
        return 0;
    if (rc != SQLITE_DONE)
        return wfs_fail(err, file->db, rc, "find seq %llu", (unsigned long long)entry->seq);
    return wf_fail(err, WF_ERR_EXISTS, "seq %llu of '%.100s' is another transition's",
                   (unsigned long long)entry->seq, entry->alarm != NULL ? entry->alarm : "");
}

static int write_entries(struct wfs_journal_file *file, const struct wf_journal_batch *batch,
                         size_t skip, uint64_t *last_id, uint64_t *last_seq, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = skip; rc == 0 && i < batch->entry_count; i++) {
        struct wf_journal_entry *entry = batch->entries[i];
        bool is_transition = entry->kind == WF_JOURNAL_TRANSITION;

        if (is_transition && entry->seq <= *last_seq) {
            rc = find_again(file, entry, &entry->id, err);
        } else {
            struct wfs_entry_row row = { .boot = file->boot };

            entry->id = ++*last_id;
            row.entry = *entry;
            rc = wfs_journal_file_add(file, &row, err);
            if (is_transition)
                *last_seq = entry->seq;
        }
    }
    return rc;
}

static int write_kept(struct wfs_journal_file *file, const struct wfs_kept *kept,
                      struct wf_err *err)
{
    (void)sqlite3_bind_text(file->put_kept, 1, kept->name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_blob64(file->put_kept, 2, kept->blob, kept->bytes, SQLITE_STATIC);
    return wfs_run(file->put_kept, err);
}

static int write_change(struct wfs_journal_file *file, const struct wf_journal_change *change,
                        struct wf_err *err)
{
    sqlite3_stmt *stmt = change->json != NULL ? file->put_limits : file->drop_limits;

    (void)sqlite3_bind_text(stmt, 1, change->alarm, -1, SQLITE_STATIC);
    if (change->json != NULL) {
        (void)sqlite3_bind_text(stmt, 2, change->json, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(stmt, 3, change->user, -1, SQLITE_STATIC);
        (void)sqlite3_bind_int64(stmt, 4, change->utc_ns);
    }
    return wfs_run(stmt, err);
}

static int write_blob(struct wfs_journal_file *file, const struct wf_journal_blob *blob,
                      struct wf_err *err)
{
    (void)wfs_bind_u64(file->put_blob, 1, blob->seq);
    (void)sqlite3_bind_text(file->put_blob, 2, blob->what, -1, SQLITE_STATIC);
    (void)sqlite3_bind_blob64(file->put_blob, 3, blob->bytes, blob->size, SQLITE_STATIC);
    return wfs_run(file->put_blob, err);
}

int wfs_journal_file_commit(struct wfs_journal_file *file, const struct wf_journal_batch *batch,
                            size_t skip, const struct wfs_kept *kept, struct wf_err *err)
{
    uint64_t last_id = file->last_id, last_seq = file->last_seq;
    int rc = wfs_exec(file->db, err, "BEGIN IMMEDIATE");

    if (rc == 0)
        rc = write_entries(file, batch, skip, &last_id, &last_seq, err);
    for (; rc == 0 && kept != NULL; kept = kept->next)
        rc = write_kept(file, kept, err);
    for (size_t i = 0; rc == 0 && i < batch->change_count; i++)
        rc = write_change(file, &batch->changes[i], err);
    for (size_t i = 0; rc == 0 && i < batch->blob_count; i++)
        rc = write_blob(file, &batch->blobs[i], err);
    if (rc == 0)
        rc = wfs_exec(file->db, err, "COMMIT");
    if (rc < 0) {
        (void)sqlite3_exec(file->db, "ROLLBACK", NULL, NULL, NULL);
        return rc;
    }
    file->last_id = last_id;
    file->last_seq = last_seq;
    return 0;
}

void wfs_journal_file_checkpoint(struct wfs_journal_file *file, int pages)
{
    bool is_long = pages > 0 && file->log_pages >= 4 * pages + file->log_pages_stuck;
    int rc;

    if (file->log_pages < pages || file->db == NULL)
        return;
    /* Readers held it up for long: wait a moment for none to be there, and begin the log anew. */
    (void)sqlite3_busy_timeout(file->db, pages == 0 ? 2000 : 50);
    rc = sqlite3_wal_checkpoint_v2(
        file->db, NULL,
        pages == 0 || is_long ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    (void)sqlite3_busy_timeout(file->db, 2000);
    if (is_long)
        file->log_pages_stuck = rc == SQLITE_OK ? 0 : file->log_pages;
}
