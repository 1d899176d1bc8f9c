/* SPDX-License-Identifier: MIT */
/*
 * bench-journal - what a flood of alarms costs the journal, and questions to a long one.
 *
 * The bare limit of a batch is the same rows by prepared inserts into a table with the same indexes, synced
 * alike. What the journal adds: names of alarms, what a restart needs of each, one transaction.
 */

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include <watchfloor/clock.h>
#include <watchfloor/store/journal.h>

#include "figures.h"

#define FLOOD      10000
#define ALARMS     1000
#define NOON       (INT64_C(1795176000) * WF_NS_PER_S)
#define STEP_NS    (30 * WF_NS_PER_S) /* a million of them: a year */
#define LONG_ROWS  1000000
#define SHORT_ROWS 20000

static char names[ALARMS][40];

static void fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench-journal: %s: %s\n", what, why);
    exit(2);
}

static struct wf_journal_entry make_entry(uint64_t seq)
{
    static const char memory[104];
    bool is_raise = seq / ALARMS % 2 == 0;

    return (struct wf_journal_entry){
        .kind = WF_JOURNAL_TRANSITION,
        .utc_ns = NOON + (int64_t)seq * STEP_NS,
        .mono_ns = (int64_t)seq,
        .device_ns = WF_TIME_NONE,
        .alarm = names[seq * 7919 % ALARMS],
        .config_hash = "0123456789abcdef",
        .seq = seq,
        .event = is_raise ? "RAISE" : "RTN",
        .from = is_raise ? "NORMAL" : "ACTIVE_ACK",
        .to = is_raise ? "ACTIVE_UNACK" : "NORMAL",
        .severity = 2,
        .highest = 2,
        .level = "hi",
        .value = 33.5,
        .limit = 33.0,
        .value_text = "33.50 V",
        .limits = "{\"lo\":24,\"hi\":33,\"hihi\":34.5}",
        .shelved_until_ns = WF_TIME_NONE,
        .sample_epoch = UINT64_C(1795176000000000000),
        .sample_number = seq,
        .is_announced = is_raise,
        .memory = memory,
        .memory_bytes = sizeof(memory),
    };
}

static struct wf_journal *open_journal(const char *folder, const char *monitor, bool is_synced)
{
    const struct wf_journal_options options = { .folder = folder,
                                                .monitor = monitor,
                                                .is_synced = is_synced };
    struct wf_journal *journal = NULL;
    struct wf_err err = { 0 };
    char note[256];

    if (wf_journal_open(&options, &journal, note, sizeof(note), &err) < 0)
        fail("open", err.text);
    return journal;
}

static double append(struct wf_journal *journal, size_t count)
{
    struct wf_journal_entry *entries = calloc(count, sizeof(*entries));
    struct wf_journal_entry **list = calloc(count, sizeof(*list));
    uint64_t seq = wf_journal_last_seq(journal);
    struct wf_err err = { 0 };
    double begin;

    if (entries == NULL || list == NULL)
        fail("append", "out of memory");
    for (size_t i = 0; i < count; i++) {
        entries[i] = make_entry(seq + 1 + i);
        list[i] = &entries[i];
    }
    begin = bench_now_s();
    if (wf_journal_append(journal, list, count, &err) < 0)
        fail("append", err.text);
    begin = bench_now_s() - begin;
    free(entries);
    free(list);
    return begin;
}

/* --- the bare limit --------------------------------------------------------------------------- */

static void run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail(sql, sqlite3_errmsg(db));
}

static sqlite3 *open_bare(const char *folder)
{
    char path[600];
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof(path), "%s/bare.db", folder);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        fail("open", sqlite3_errmsg(db));
    run_sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
                "CREATE TABLE e (id INTEGER PRIMARY KEY, utc_ns, alarm, seq, event, a, b, severity,"
                " value, limits, memory, hash, text);"
                "CREATE INDEX by_time ON e (utc_ns, severity);"
                "CREATE INDEX by_alarm ON e (alarm, utc_ns, severity);"
                "CREATE UNIQUE INDEX by_seq ON e (seq)");
    return db;
}

static double append_bare(sqlite3 *db, uint64_t *seq)
{
    sqlite3_stmt *stmt = NULL;
    double begin = bench_now_s();

    if (sqlite3_prepare_v2(db, "INSERT INTO e VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", -1, &stmt,
                           NULL) != SQLITE_OK)
        fail("prepare", sqlite3_errmsg(db));
    run_sql(db, "BEGIN IMMEDIATE");
    for (int i = 0; i < FLOOD; i++) {
        struct wf_journal_entry entry = make_entry(++*seq);

        (void)sqlite3_bind_int64(stmt, 2, entry.utc_ns);
        (void)sqlite3_bind_int64(stmt, 3, (sqlite3_int64)(*seq * 7919 % ALARMS));
        (void)sqlite3_bind_int64(stmt, 4, (sqlite3_int64)*seq);
        (void)sqlite3_bind_text(stmt, 5, entry.event, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(stmt, 6, entry.from, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(stmt, 7, entry.to, -1, SQLITE_STATIC);
        (void)sqlite3_bind_int(stmt, 8, entry.severity);
        (void)sqlite3_bind_double(stmt, 9, entry.value);
        (void)sqlite3_bind_text(stmt, 10, entry.limits, -1, SQLITE_STATIC);
        (void)sqlite3_bind_blob(stmt, 11, entry.memory, (int)entry.memory_bytes, SQLITE_STATIC);
        (void)sqlite3_bind_text(stmt, 12, entry.config_hash, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(stmt, 13, entry.value_text, -1, SQLITE_STATIC);
        if (sqlite3_step(stmt) != SQLITE_DONE)
            fail("insert", sqlite3_errmsg(db));
        (void)sqlite3_reset(stmt);
    }
    run_sql(db, "COMMIT");
    (void)sqlite3_finalize(stmt);
    return bench_now_s() - begin;
}

/* --- questions --------------------------------------------------------------------------------- */

static int count_entry(void *context, const struct wf_journal_entry *entry)
{
    *(uint64_t *)context += entry->seq > 0;
    return 0;
}

static double ask(const char *folder, const struct wf_journal_query *query, uint64_t *out_count)
{
    struct wf_journal_reader *reader = NULL;
    struct wf_err err = { 0 };
    double begin = bench_now_s();

    *out_count = 0;
    if (wf_journal_read(folder, "long", &reader, &err) < 0 ||
        wf_journal_each(reader, query, count_entry, out_count, &err) < 0)
        fail("ask", err.text);
    wf_journal_reader_close(&reader);
    return bench_now_s() - begin;
}

struct question {
    const char *name;
    struct wf_journal_query query;
    double wanted_ms;
    uint64_t rows; /* that it must give of the long journal */
    struct bench_series *series;
};

static void measure_questions(struct bench *bench, const char *folder, uint64_t rows)
{
    const int64_t end_ns = NOON + (int64_t)rows * STEP_NS;
    struct question questions[] = {
        { "the newest 1,000", { .is_newest_first = true, .limit = 1000 }, 30, 1000, NULL },
        { "all of one alarm",
          { .alarm = "main.power.parameter_0007 LIMIT" },
          60,
          rows / ALARMS,
          NULL },
        { "one day of it",
          { .from_ns = end_ns - WF_NS_PER_DAY, .to_ns = end_ns },
          100,
          2880,
          NULL },
        { "behind an id", { .after_id = rows - 10 }, 5, 10, NULL },
    };
    struct bench_series *all = bench_series(bench, "all of it", "ms");

    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        questions[i].series = bench_series(bench, questions[i].name, "ms");
    for (int round = 0; round < bench->rounds; round++) {
        uint64_t count;

        for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
            bench_add(questions[i].series, ask(folder, &questions[i].query, &count) * 1e3);
            if (count != questions[i].rows)
                fail(questions[i].name, "another number of entries than there are");
        }
        if (round == 0)
            bench_add(all, ask(folder, &(struct wf_journal_query){ 0 }, &count) * 1e3);
    }
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        bench_figure(bench, questions[i].name, "ms", bench_median(questions[i].series),
                     questions[i].wanted_ms, true);
    bench_figure(bench, "all of it, entries per second", "/s",
                 (double)rows / (bench_median(all) / 1e3), 150000, false);
}

static void remove_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    char path[800];

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        (void)snprintf(path, sizeof(path), "%.500s/%.255s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            (void)unlink(path);
    }
    if (dir != NULL)
        (void)closedir(dir);
    (void)rmdir(folder);
}

int main(int argc, char **argv)
{
    char folder[512];
    const char *base = getenv("TMPDIR");
    struct bench bench;
    struct bench_series *flood, *bare, *single;
    struct wf_journal *journal, *long_journal;
    uint64_t bare_seq = 0, rows;
    sqlite3 *db;

    bench_init(&bench, "journal", 7, 0.5, argc, argv);
    rows = bench.seconds < 0.2 ? SHORT_ROWS : LONG_ROWS;
    for (int i = 0; i < ALARMS; i++)
        (void)snprintf(names[i], sizeof(names[i]), "main.power.parameter_%04d LIMIT", i);
    (void)snprintf(folder, sizeof(folder), "%s/wf-bench-XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(folder) == NULL)
        fail("make a folder", folder);

    flood = bench_series(&bench, "10,000 at once, synced", "ms");
    bare = bench_series(&bench, "the same by prepared inserts", "ms");
    single = bench_series(&bench, "one, synced", "ms");
    journal = open_journal(folder, "flood", true);
    db = open_bare(folder);
    for (int round = 0; round < bench.rounds; round++) {
        bench_add(flood, append(journal, FLOOD) * 1e3);
        bench_add(bare, append_bare(db, &bare_seq) * 1e3);
        bench_add(single, append(journal, 1) * 1e3);
    }
    (void)sqlite3_close(db);
    wf_journal_close(&journal);
    bench_ratio(&bench, "10,000 at once, against prepared inserts", flood, bare, 2.0, true);
    bench_figure(&bench, "10,000 at once", "ms", bench_median(flood), 500, true);
    bench_figure(&bench, "one transition committed", "ms", bench_median(single), 10, true);

    long_journal = open_journal(folder, "long", false);
    for (uint64_t done = 0; done < rows; done += FLOOD)
        (void)append(long_journal, FLOOD);
    measure_questions(&bench, folder, rows);
    wf_journal_close(&long_journal);
    remove_folder(folder);
    return bench_finish(&bench);
}
