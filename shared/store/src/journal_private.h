/* SPDX-License-Identifier: MIT */
#ifndef WFS_JOURNAL_PRIVATE_H
#define WFS_JOURNAL_PRIVATE_H

/*
 * What the journal's files share. The tables are in journal_format.c and described in
 * shared/store/README.md.
 */

#include <watchfloor/store/journal.h>

#include "db.h"

#define WFS_JOURNAL_PATH_SIZE 4096
/* Ids and seqs beyond are damage: a journal would need centuries to come there. */
#define WFS_JOURNAL_NUMBER_MAX (INT64_C(1) << 62)

extern const struct wfs_format wfs_journal_format;

/* --- journal_format.c: the tables ----------------------------------------------------------- */

/* Make all tables and views in an empty file; one transaction. */
int wfs_journal_create(sqlite3 *db, const char *instance, const char *monitor, struct wf_err *err);
/* Are they as we make them? CORRUPT when a table is not. Writers make views anew that are not. */
int wfs_journal_verify(sqlite3 *db, bool is_writer, struct wf_err *err);
/* Is there such a table, exactly as we make it? */
bool wfs_journal_has_table(sqlite3 *db, const char *name);
/* A number kept in the file ("last_id", "last_seq"), 0 when it is not there. */
int wfs_journal_get_number(sqlite3 *db, const char *key, uint64_t *out, struct wf_err *err);
int wfs_journal_set_number(sqlite3 *db, const char *key, uint64_t value, struct wf_err *err);

/* --- journal_row.c: an entry as a row ------------------------------------------------------- */

#define WFS_ENTRY_COLUMNS                                                                          \
    "id, kind, utc_ns, mono_ns, boot, device_ns, alarm, user, note, text, config_hash, seq, "      \
    "event, from_state, to_state, marks_before, marks, severity_before, severity, highest, level," \
    " value, \"limit\", value_text, limits, shelved_until_ns, sample_epoch, sample_number, "       \
    "is_announced, memory"
#define WFS_ENTRY_COLUMN_COUNT 30

struct wfs_entry_row {
    struct wf_journal_entry entry;
    int64_t alarm_id; /* 0: none */
    uint64_t boot;
};
/* Bind to an INSERT with WFS_ENTRY_COLUMN_COUNT parameters; strings are borrowed until it ran. */
int wfs_entry_bind(sqlite3_stmt *stmt, const struct wfs_entry_row *row);
/*
 * From a SELECT of WFS_ENTRY_COLUMNS beginning at column `at`; `entry.alarm` is left "". Strings live
 * until the statement goes on. False when it cannot be an entry.
 */
bool wfs_entry_read(sqlite3_stmt *stmt, int at, struct wfs_entry_row *out);

/* --- journal_write.c: one open file that is written ----------------------------------------- */

struct wfs_journal_file {
    sqlite3 *db;
    sqlite3_stmt *insert_entry, *find_alarm, *add_alarm, *note_alarm, *find_seq;
    sqlite3_stmt *put_limits, *drop_limits, *put_blob, *put_kept;
    uint64_t last_id, last_seq, boot;
    int log_pages, log_pages_stuck;
};

/* Takes over `db`, also when it fails. `out` must stay where it is while it is open. */
int wfs_journal_file_open(sqlite3 *db, bool is_synced, struct wfs_journal_file *out,
                          struct wf_err *err);
void wfs_journal_file_close(struct wfs_journal_file *file);
/* Insert a row with its id as it is, and what it means for its alarm. */
int wfs_journal_file_add(struct wfs_journal_file *file, struct wfs_entry_row *row,
                         struct wf_err *err);
/* State of the monitor that goes with the next commit: see wf_journal_keep. */
struct wfs_kept {
    struct wfs_kept *next;
    char *name;
    void *blob;
    size_t bytes;
};
/* The whole batch in one transaction. Advances last_id and last_seq on success. */
int wfs_journal_file_commit(struct wfs_journal_file *file, const struct wf_journal_batch *batch,
                            size_t skip, const struct wfs_kept *kept, struct wf_err *err);
/* Write the log of changes back when it is longer than `pages`. */
void wfs_journal_file_checkpoint(struct wfs_journal_file *file, int pages);

/* --- journal_file.c: the file in its folder ------------------------------------------------- */

struct wfs_journal_place {
    char path[WFS_JOURNAL_PATH_SIZE];
    const char *instance, *monitor, *group; /* borrowed */
    bool is_synced;
};

/* "<folder>/<monitor>.db". */
int wfs_journal_path(const char *folder, const char *monitor, char out[WFS_JOURNAL_PATH_SIZE],
                     struct wf_err *err);
/* Folder and file exist afterwards, with the group's rights. */
int wfs_journal_make_place(const char *folder, const struct wfs_journal_place *place,
                           struct wf_err *err);
/* Open, look through, make the tables of a new one. CORRUPT: damaged. */
int wfs_journal_open_file(const struct wfs_journal_place *place, bool is_checked,
                          struct wfs_journal_file *out, struct wf_err *err);
/*
 * Carry over what can be read of a damaged file, set it aside and put the new one in its place.
 * Killed at any moment, the next start goes on.
 */
int wfs_journal_replace(const struct wfs_journal_place *place, char *out_note, size_t note_size,
                        struct wf_err *err);
/* Copy an open file whose name is gone, so that wfs_journal_finish_replace puts it there again. */
int wfs_journal_make_ready(const struct wfs_journal_place *place, sqlite3 *db, struct wf_err *err);
/* A replacement that was cut short is finished, or its leftovers removed. */
int wfs_journal_finish_replace(const struct wfs_journal_place *place, struct wf_err *err);

/* --- journal_state.c: what a restart needs, for writers and readers alike ------------------- */

int wfs_journal_each_alarm(sqlite3 *db,
                           int (*each)(void *context, const struct wf_journal_alarm *alarm),
                           void *context, struct wf_err *err);
int wfs_journal_each_change(sqlite3 *db,
                            int (*each)(void *context, const struct wf_journal_change *change),
                            void *context, struct wf_err *err);

/*
 * The one value of a query whose ?1 is `name` and ?2, when it has one, `number`; malloc'd and ended.
 * ABSENT: no row.
 */
int wfs_journal_get_blob(sqlite3 *db, const char *sql, const char *name, uint64_t number,
                         void **out_blob, size_t *out_bytes, struct wf_err *err);
/* One slice of wf_journal_forget. */
int64_t wfs_journal_file_believed_now(struct wfs_journal_file *file, int64_t now_utc_ns);
int wfs_journal_file_forget(struct wfs_journal_file *file, int64_t before_utc_ns,
                            int64_t *out_count, struct wf_err *err);

#endif /* WFS_JOURNAL_PRIVATE_H */
