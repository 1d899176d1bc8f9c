/* SPDX-License-Identifier: MIT */
/* An entry as a row of _entries: see journal_private.h. */

#include "journal_private.h"

#include <math.h>

#include <watchfloor/clock.h>

static const char *const kind_names[] = {
    "transition", "started", "stopped", "reloaded", "limits", "delivery", "trouble", "late",
};

const char *wf_journal_kind_name(enum wf_journal_kind kind)
{
    return (unsigned)kind < WF_COUNT_OF(kind_names) ? kind_names[kind] : "?";
}

/* What is empty is NULL, so that `where note is not null` means what it says. */
static int bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
    return text == NULL || text[0] == '\0' ? sqlite3_bind_null(stmt, at)
                                           : sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

/* SQLite itself makes NULL of NaN. */
static int bind_transition(sqlite3_stmt *stmt, const struct wf_journal_entry *entry)
{
    int rc = wfs_bind_u64(stmt, 12, entry->seq);

    rc |= bind_text(stmt, 13, entry->event);
    rc |= bind_text(stmt, 14, entry->from);
    rc |= bind_text(stmt, 15, entry->to);
    rc |= sqlite3_bind_int(stmt, 16, entry->marks_before);
    rc |= sqlite3_bind_int(stmt, 17, entry->marks);
    rc |= sqlite3_bind_int(stmt, 18, entry->severity_before);
    rc |= sqlite3_bind_int(stmt, 19, entry->severity);
    rc |= sqlite3_bind_int(stmt, 20, entry->highest);
    rc |= bind_text(stmt, 21, entry->level);
    rc |= sqlite3_bind_double(stmt, 22, entry->value);
    rc |= sqlite3_bind_double(stmt, 23, entry->limit);
    rc |= bind_text(stmt, 24, entry->value_text);
    rc |= bind_text(stmt, 25, entry->limits);
    rc |= wfs_bind_time(stmt, 26, entry->shelved_until_ns);
    if (entry->sample_epoch != 0) {
        rc |= wfs_bind_u64(stmt, 27, entry->sample_epoch);
        rc |= wfs_bind_u64(stmt, 28, entry->sample_number);
    }
    rc |= sqlite3_bind_int(stmt, 29, entry->is_announced);
    rc |= entry->memory == NULL
              ? sqlite3_bind_null(stmt, 30)
              : sqlite3_bind_blob64(stmt, 30, entry->memory, entry->memory_bytes, SQLITE_STATIC);
    return rc;
}

int wfs_entry_bind(sqlite3_stmt *stmt, const struct wfs_entry_row *row)
{
    const struct wf_journal_entry *entry = &row->entry;
    int rc = sqlite3_clear_bindings(stmt);

    rc |= wfs_bind_u64(stmt, 1, entry->id);
    rc |= sqlite3_bind_int(stmt, 2, (int)entry->kind);
    rc |= sqlite3_bind_int64(stmt, 3, entry->utc_ns);
    rc |= sqlite3_bind_int64(stmt, 4, entry->mono_ns);
    rc |= wfs_bind_u64(stmt, 5, row->boot);
    rc |= wfs_bind_time(stmt, 6, entry->device_ns);
    rc |= row->alarm_id == 0 ? sqlite3_bind_null(stmt, 7)
                             : sqlite3_bind_int64(stmt, 7, row->alarm_id);
    rc |= bind_text(stmt, 8, entry->user);
    rc |= bind_text(stmt, 9, entry->note);
    rc |= bind_text(stmt, 10, entry->text);
    rc |= bind_text(stmt, 11, entry->config_hash);
    if (entry->kind == WF_JOURNAL_TRANSITION)
        rc |= bind_transition(stmt, entry);
    return rc;
}

static const char *read_text(sqlite3_stmt *stmt, int at)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);

    return text != NULL ? text : "";
}

static uint8_t read_byte(sqlite3_stmt *stmt, int at)
{
    return (uint8_t)(sqlite3_column_int64(stmt, at) & 0xff);
}

static double read_double(sqlite3_stmt *stmt, int at)
{
    return sqlite3_column_type(stmt, at) == SQLITE_NULL ? (double)NAN
                                                        : sqlite3_column_double(stmt, at);
}

static void read_transition(sqlite3_stmt *stmt, int at, struct wf_journal_entry *out)
{
    out->seq = wfs_column_u64(stmt, at + 11);
    out->event = read_text(stmt, at + 12);
    out->from = read_text(stmt, at + 13);
    out->to = read_text(stmt, at + 14);
    out->marks_before = read_byte(stmt, at + 15);
    out->marks = read_byte(stmt, at + 16);
    out->severity_before = read_byte(stmt, at + 17);
    out->severity = read_byte(stmt, at + 18);
    out->highest = read_byte(stmt, at + 19);
    out->level = read_text(stmt, at + 20);
    out->value = read_double(stmt, at + 21);
    out->limit = read_double(stmt, at + 22);
    out->value_text = read_text(stmt, at + 23);
    out->limits = read_text(stmt, at + 24);
    out->shelved_until_ns = wfs_column_time(stmt, at + 25);
    out->sample_epoch = wfs_column_u64(stmt, at + 26);
    out->sample_number = wfs_column_u64(stmt, at + 27);
    out->is_announced = sqlite3_column_int(stmt, at + 28) == 1;
    out->memory = sqlite3_column_blob(stmt, at + 29);
    out->memory_bytes = (size_t)sqlite3_column_bytes(stmt, at + 29);
}

bool wfs_entry_read(sqlite3_stmt *stmt, int at, struct wfs_entry_row *out)
{
    int64_t id = sqlite3_column_int64(stmt, at), kind = sqlite3_column_int64(stmt, at + 1);
    struct wf_journal_entry *entry = &out->entry;

    if (id <= 0 || kind < 0 || kind >= WF_JOURNAL_KIND_COUNT)
        return false;
    *out = (struct wfs_entry_row){
        .boot = wfs_column_u64(stmt, at + 4),
        .alarm_id = sqlite3_column_int64(stmt, at + 6),
        .entry = { .id = (uint64_t)id,
                   .kind = (enum wf_journal_kind)kind,
                   .utc_ns = sqlite3_column_int64(stmt, at + 2),
                   .mono_ns = sqlite3_column_int64(stmt, at + 3),
                   .device_ns = wfs_column_time(stmt, at + 5),
                   .alarm = "",
                   .user = read_text(stmt, at + 7),
                   .note = read_text(stmt, at + 8),
                   .text = read_text(stmt, at + 9),
                   .config_hash = read_text(stmt, at + 10),
                   .event = "",
                   .from = "",
                   .to = "",
                   .level = "",
                   .value = (double)NAN,
                   .limit = (double)NAN,
                   .value_text = "",
                   .limits = "",
                   .shelved_until_ns = WF_TIME_NONE },
    };
    if (entry->kind == WF_JOURNAL_TRANSITION)
        read_transition(stmt, at, entry);
    return true;
}
