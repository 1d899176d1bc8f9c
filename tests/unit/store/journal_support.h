/* SPDX-License-Identifier: MIT */
#ifndef JOURNAL_SUPPORT_H
#define JOURNAL_SUPPORT_H

/* What the journal's tests share: one in a temporary folder, entries made by hand. */

#include "support/unit.h"

#include <math.h>

#include <sqlite3.h>

#include <watchfloor/clock.h>
#include <watchfloor/store/journal.h>

/* 2026-11-20T12:00:00Z */
#define NOON  (INT64_C(1795176000) * WF_NS_PER_S)
#define BUS   "main.power.bus_voltage LIMIT"
#define WHEEL "sat1.attitude.wheel_speed RATE"

struct journal_place {
    struct tmp_folder tmp;
    struct wf_journal *journal;
    char note[512];
};

static inline int journal_try_open(struct journal_place *place, struct wf_err *err)
{
    const struct wf_journal_options options = { .folder = place->tmp.path,
                                                .monitor = "main",
                                                .instance = "test" };

    return wf_journal_open(&options, &place->journal, place->note, sizeof(place->note), err);
}

static inline void journal_begin(struct journal_place *place)
{
    struct wf_err err = { 0 };

    if (journal_try_open(place, &err) < 0)
        fail_msg("open: %s", err.text);
}

static inline struct journal_place journal_make(void)
{
    struct journal_place place = { .tmp = tmp_folder_make() };

    journal_begin(&place);
    return place;
}

static inline void journal_again(struct journal_place *place)
{
    wf_journal_close(&place->journal);
    journal_begin(place);
}

static inline void journal_remove(struct journal_place *place)
{
    wf_journal_close(&place->journal);
    tmp_folder_remove(&place->tmp);
}

/* A transition; its memory is eight bytes that repeat the seq. */
static inline struct wf_journal_entry transition(uint64_t seq, const char *alarm, const char *event,
                                                 const char *from, const char *to)
{
    static char memories[65536][8];
    char *memory = memories[seq % 65536];

    memset(memory, (int)(seq % 251), 8);
    return (struct wf_journal_entry){
        .kind = WF_JOURNAL_TRANSITION,
        .utc_ns = NOON + (int64_t)seq * WF_NS_PER_S,
        .mono_ns = (int64_t)seq,
        .device_ns = WF_TIME_NONE,
        .alarm = alarm,
        .seq = seq,
        .event = event,
        .from = from,
        .to = to,
        .severity = 2,
        .highest = 2,
        .level = "hi",
        .value = 33.5,
        .limit = 33.0,
        .value_text = "33.50 V",
        .limits = "{\"hi\":33}",
        .shelved_until_ns = WF_TIME_NONE,
        .memory = memory,
        .memory_bytes = 8,
    };
}

static inline void append_one(struct journal_place *place, struct wf_journal_entry *entry)
{
    struct wf_err err = { 0 };

    if (wf_journal_append(place->journal, &entry, 1, &err) < 0)
        fail_msg("append: %s", err.text);
}

static inline void append(struct journal_place *place, struct wf_journal_entry entry)
{
    append_one(place, &entry);
}

/* `count` transitions of two alarms by turns, in one batch, from seq `first` on. */
static inline int append_many(struct journal_place *place, uint64_t first, size_t count,
                              struct wf_err *err)
{
    struct wf_journal_entry *entries = calloc(count, sizeof(*entries));
    struct wf_journal_entry **list = calloc(count, sizeof(*list));
    int rc;

    assert_non_null(entries);
    assert_non_null(list);
    for (size_t i = 0; i < count; i++) {
        entries[i] = transition(first + i, (first + i) % 2 == 0 ? BUS : WHEEL, "RAISE", "NORMAL",
                                "ACTIVE_UNACK");
        list[i] = &entries[i];
    }
    rc = wf_journal_append(place->journal, list, count, err);
    free(list);
    free(entries);
    return rc;
}

/* The first column of the first row of `sql`, as a person with sqlite3 gets it. */
static inline void ask_sql(const struct journal_place *place, const char *sql, char *out,
                           size_t size)
{
    char *path = tmp_folder_path(&place->tmp, "main.db");
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    out[0] = '\0';
    if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0) != NULL)
        (void)snprintf(out, size, "%s", (const char *)sqlite3_column_text(stmt, 0));
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    free(path);
}

#define assert_sql(place, sql, want)                                                               \
    do {                                                                                           \
        char got_[512];                                                                            \
        ask_sql((place), (sql), got_, sizeof(got_));                                               \
        if (strcmp(got_, (want)) != 0)                                                             \
            fail_msg("%s: '%s', expected '%s'", (sql), got_, (want));                              \
    } while (0)

/* Change a file by SQL, as nobody should. */
static inline void spoil_sql(const struct journal_place *place, const char *sql)
{
    char *path = tmp_folder_path(&place->tmp, "main.db");
    char *why = NULL;
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
    (void)sqlite3_close(db);
    free(path);
}

static inline struct wf_journal_reader *reader_of(const struct journal_place *place)
{
    struct wf_journal_reader *reader = NULL;
    struct wf_err err = { 0 };

    if (wf_journal_read(place->tmp.path, "main", &reader, &err) < 0)
        fail_msg("read: %s", err.text);
    return reader;
}

/* Seqs (or ids of what is no transition, with '#') that a query gives, as "1 2 #3". */
struct listed {
    char text[1024];
    size_t count, stop_after;
};

static inline int list_entry(void *context, const struct wf_journal_entry *entry)
{
    struct listed *listed = context;
    size_t len = strlen(listed->text);
    bool is_transition = entry->kind == WF_JOURNAL_TRANSITION;

    (void)snprintf(listed->text + len, sizeof(listed->text) - len, "%s%s%llu", len > 0 ? " " : "",
                   is_transition ? "" : "#",
                   (unsigned long long)(is_transition ? entry->seq : entry->id));
    return ++listed->count == listed->stop_after ? 7 : 0;
}

static inline void assert_query(struct wf_journal_reader *reader,
                                const struct wf_journal_query *query, const char *want)
{
    struct listed listed = { 0 };
    struct wf_err err = { 0 };

    if (wf_journal_each(reader, query, list_entry, &listed, &err) < 0)
        fail_msg("query: %s", err.text);
    assert_string_equal(listed.text, want);
}

#endif /* JOURNAL_SUPPORT_H */
