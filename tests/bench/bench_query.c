/* SPDX-License-Identifier: MIT */
/*
 * Questions to history against SQL by hand on the same files: a month in a thousand
 * steps against GROUP BY over the rows, an hour of samples against a prepared SELECT,
 * all parameters at one moment, a day to CSV.
 *
 * The data: 30 days of 864,000 rows (history_rig.h), written by the store itself into a folder
 * of its own (about 2 GiB, a minute or two), removed at the end.
 * WATCHFLOOR_BENCH_HISTORY=FOLDER keeps it there for the next run. With --seconds below 1
 * there are two short days, to know that it works.
 */

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <watchfloor/store/bins.h>

#include "figures.h"
#include "history_ask.h"
#include "history_rig.h"

#define BINS 1000
/* A parameter of 12 bits. */
#define ASKED      4
#define ASKED_NAME "p4"
/* Telemetry comes again from the beginning after so many rows. */
#define FEED_ROWS 100000

extern char **environ;

/* What is read by hand goes somewhere. */
static volatile double sink;

struct scene {
    char state[400], history[440];
    struct rig_feed feed;
    uint64_t days, rows_a_day;
    bool is_kept;
};

/* --- the data ------------------------------------------------------------------------------- */

static void write_day(struct scene *scene, struct wf_store *store, struct wf_series *series,
                      uint64_t day, int64_t *mono_ns)
{
    struct wf_err err = { 0 };

    for (uint64_t row = 0; row < scene->rows_a_day; row += RIG_BATCH_MAX) {
        uint64_t left = scene->rows_a_day - row;

        rig_write(store, series, &scene->feed, day * scene->rows_a_day + row,
                  RIG_MIDNIGHT_NS + (int64_t)day * WF_NS_PER_DAY + (int64_t)row * RIG_PERIOD_NS,
                  RIG_PERIOD_NS, left < RIG_BATCH_MAX ? (size_t)left : RIG_BATCH_MAX);
        *mono_ns += WF_NS_PER_S;
        if (wf_store_tidy(store, *mono_ns, &err) < 0)
            rig_die("tidy", err.text);
    }
    if (isatty(STDERR_FILENO) != 0)
        (void)fprintf(stderr, "\rwriting day %llu of %llu", (unsigned long long)day + 1,
                      (unsigned long long)scene->days);
}

static void make_history(struct scene *scene)
{
    struct wf_store *store = rig_store(scene->history);
    struct wf_series *series = rig_series(store, "main", &scene->feed);
    int64_t mono_ns = WF_NS_PER_DAY;
    struct wf_err err = { 0 };

    for (uint64_t day = 0; day < scene->days; day++)
        write_day(scene, store, series, day, &mono_ns);
    /* Time passes: what is over is rolled up and sealed. */
    for (int i = 0; i < 400; i++) {
        mono_ns += WF_NS_PER_S;
        if (wf_store_tidy(store, mono_ns, &err) < 0)
            rig_die("tidy", err.text);
    }
    wf_store_destroy(&store);
    if (isatty(STDERR_FILENO) != 0)
        (void)fputs("\r\033[K", stderr);
}

static void run(char *const *arguments, int out_fd)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    int status = 0;

    (void)posix_spawn_file_actions_init(&actions);
    if (out_fd >= 0) {
        (void)posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
        (void)posix_spawn_file_actions_adddup2(&actions, out_fd, STDERR_FILENO);
    }
    if (posix_spawnp(&pid, arguments[0], &actions, NULL, arguments, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0)
        rig_die(arguments[0], "did not end well");
    (void)posix_spawn_file_actions_destroy(&actions);
}

static void prepare(struct scene *scene, const struct bench *bench)
{
    const char *kept = getenv("WATCHFLOOR_BENCH_HISTORY");
    char path[480];
    struct stat st;

    rig_feed_init(&scene->feed, bench->seconds < 1 ? 1000 : FEED_ROWS, RIG_PERIOD_NS);
    scene->is_kept = kept != NULL && bench->seconds >= 1;
    scene->days = bench->seconds < 1 ? 2 : 30;
    scene->rows_a_day = bench->seconds < 1 ? 20000 : 864000;
    if (scene->is_kept) {
        (void)snprintf(scene->state, sizeof(scene->state), "%s", kept);
        (void)mkdir(scene->state, 0700);
    } else {
        rig_folder_make("query", scene->state, sizeof(scene->state));
    }
    (void)snprintf(scene->history, sizeof(scene->history), "%s/history", scene->state);
    (void)snprintf(path, sizeof(path), "%s/complete", scene->state);
    if (scene->is_kept && stat(path, &st) == 0)
        return;
    make_history(scene);
    (void)close(open(path, O_CREAT | O_WRONLY, 0600));
}

static void clean_up(struct scene *scene)
{
    if (!scene->is_kept)
        rig_folder_remove(scene->state);
    rig_feed_fini(&scene->feed);
}

/* --- by hand ----------------------------------------------------------------------------------- */

static sqlite3 *open_day(const struct scene *scene, uint64_t day, char table[128])
{
    char path[512];
    struct wf_civil civil;
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;

    wf_civil_from_utc(RIG_MIDNIGHT_NS + (int64_t)day * WF_NS_PER_DAY, &civil);
    (void)snprintf(path, sizeof(path), "%s/raw/%04d-%02d-%02d.db", scene->history, civil.year,
                   civil.month, civil.day);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "SELECT table_name FROM _schemas", -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW)
        rig_die(path, db != NULL ? sqlite3_errmsg(db) : "cannot be opened");
    (void)snprintf(table, 128, "%s", (const char *)sqlite3_column_text(stmt, 0));
    (void)sqlite3_finalize(stmt);
    return db;
}

static double group_by_s(const struct scene *scene, int64_t every_ns)
{
    double begun = bench_now_s();

    for (uint64_t day = 0; day < scene->days; day++) {
        char table[128], sql[512];
        sqlite3 *db = open_day(scene, day, table);
        sqlite3_stmt *stmt = NULL;

        (void)snprintf(sql, sizeof(sql),
                       "SELECT _device_ns / %lld, min(-10 + 0.01 * p%d), max(-10 + 0.01 * p%d)"
                       " FROM \"%s\" GROUP BY 1",
                       (long long)every_ns, ASKED, ASKED, table);
        if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
            rig_die(sql, sqlite3_errmsg(db));
        while (sqlite3_step(stmt) == SQLITE_ROW)
            sink += sqlite3_column_double(stmt, 1) + sqlite3_column_double(stmt, 2);
        (void)sqlite3_finalize(stmt);
        (void)sqlite3_close(db);
    }
    return bench_now_s() - begun;
}

struct hand {
    sqlite3 *db;
    sqlite3_stmt *stmt;
    int64_t first_id, last_id;
};

/* As a person does who knows that rows ascend: places by number, times and values out. */
static void prepare_hand(const struct scene *scene, struct hand *hand, uint64_t rows)
{
    char table[128], sql[512];
    sqlite3_stmt *stmt = NULL;

    hand->db = open_day(scene, scene->days / 2, table);
    (void)snprintf(sql, sizeof(sql), "SELECT min(_id) FROM \"%s\"", table);
    if (sqlite3_prepare_v2(hand->db, sql, -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW)
        rig_die(sql, sqlite3_errmsg(hand->db));
    hand->first_id = sqlite3_column_int64(stmt, 0) + (int64_t)scene->rows_a_day / 2;
    hand->last_id = hand->first_id + (int64_t)rows - 1;
    (void)sqlite3_finalize(stmt);
    (void)snprintf(sql, sizeof(sql),
                   "SELECT _device_ns, -10 + 0.01 * p%d, _quality FROM \"%s\""
                   " WHERE _id BETWEEN ?1 AND ?2 ORDER BY _id",
                   ASKED, table);
    if (sqlite3_prepare_v2(hand->db, sql, -1, &hand->stmt, NULL) != SQLITE_OK)
        rig_die(sql, sqlite3_errmsg(hand->db));
}

static double hand_s(struct hand *hand, uint64_t *out_rows)
{
    double begun = bench_now_s();
    uint64_t rows = 0;

    (void)sqlite3_bind_int64(hand->stmt, 1, hand->first_id);
    (void)sqlite3_bind_int64(hand->stmt, 2, hand->last_id);
    while (sqlite3_step(hand->stmt) == SQLITE_ROW) {
        sink += (double)sqlite3_column_int64(hand->stmt, 0) + sqlite3_column_double(hand->stmt, 1) +
                sqlite3_column_bytes(hand->stmt, 2);
        rows++;
    }
    (void)sqlite3_reset(hand->stmt);
    *out_rows = rows;
    return bench_now_s() - begun;
}

/* --- through a program ------------------------------------------------------------------------- */

/* The program as a person runs it, its start included. */
static double csv_s(const struct scene *scene)
{
    const char *build = getenv("WATCHFLOOR_BUILD");
    char program[512], from[48], to[48];
    struct wf_strbuf from_text = WF_STRBUF_FIXED(from), to_text = WF_STRBUF_FIXED(to);
    int64_t day_ns = RIG_MIDNIGHT_NS + (int64_t)(scene->days / 2) * WF_NS_PER_DAY;
    char *arguments[] = { program,
                          (char *)"wide." ASKED_NAME,
                          (char *)"--format",
                          (char *)"csv",
                          (char *)"--from",
                          from,
                          (char *)"--to",
                          to,
                          NULL };
    int null = open("/dev/null", O_WRONLY);
    double begun;

    (void)snprintf(program, sizeof(program), "%s/bin/wf-query",
                   build != NULL ? build : "build/release");
    wf_strbuf_add_time(&from_text, day_ns, 0);
    wf_strbuf_add_time(&to_text, day_ns + WF_NS_PER_DAY, 0);
    (void)setenv("WF_STATE", scene->state, 1);
    begun = bench_now_s();
    run(arguments, null);
    begun = bench_now_s() - begun;
    (void)close(null);
    return begun;
}

/* --- figures ---------------------------------------------------------------------------------------- */

/* The middle of the middle day; and some moment of that day. */
static int64_t middle(const struct scene *scene)
{
    return RIG_MIDNIGHT_NS + (int64_t)(scene->days / 2) * WF_NS_PER_DAY +
           (int64_t)(scene->rows_a_day / 2) * RIG_PERIOD_NS;
}

static int64_t moment(struct scene *scene)
{
    return RIG_MIDNIGHT_NS + (int64_t)(scene->days / 2) * WF_NS_PER_DAY +
           (int64_t)(rig_random(&scene->feed) * (double)scene->rows_a_day) * RIG_PERIOD_NS +
           1000000;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct scene scene = { .days = 0 };
    struct wf_history *history = NULL;
    struct hand hand = { .db = NULL };
    struct bench_series *bins, *group, *hour, *by_hand, *instant, *csv;
    struct wf_err err = { 0 };
    uint64_t bin_count = 0, rows = 0, hand_rows = 0;
    int64_t every_ns, hour_ns, hour_rows;
    struct wf_range range = { RIG_MIDNIGHT_NS, 0, false };

    bench_init(&bench, "query", 5, 1, argc, argv);
    prepare(&scene, &bench);
    if (wf_history_open(scene.history, &history, &err) < 0)
        rig_die("history", err.text);
    range.to_ns = RIG_MIDNIGHT_NS + (int64_t)scene.days * WF_NS_PER_DAY;
    every_ns = wf_bins_step(&range, BINS);
    hour_rows = scene.rows_a_day < 72000 ? 1000 : 36000;
    hour_ns = middle(&scene);
    prepare_hand(&scene, &hand, (uint64_t)hour_rows);
    bins = bench_series(&bench, "a month in 1,000 steps, through rollups", "ms");
    group = bench_series(&bench, "the same by GROUP BY over the rows", "ms");
    hour = bench_series(&bench, "an hour of samples", "ms");
    by_hand = bench_series(&bench, "the same by a prepared SELECT", "ms");
    instant = bench_series(&bench, "16 parameters at one moment", "ms");
    csv = bench_series(&bench, "a day of one parameter to CSV", "rows/s");
    for (int round = 0; round < bench.rounds; round++) {
        bench_add(bins, 1e3 * ask_bins(history, range.from_ns, range.to_ns, ASKED_NAME, every_ns,
                                       &bin_count));
        bench_add(group, 1e3 * group_by_s(&scene, every_ns));
        (void)ask_rows(history, hour_ns, hour_ns + hour_rows * RIG_PERIOD_NS, ASKED_NAME, &rows);
        (void)hand_s(&hand, &hand_rows);
        bench_add(hour, 1e3 * ask_rows(history, hour_ns, hour_ns + hour_rows * RIG_PERIOD_NS,
                                       ASKED_NAME, &rows));
        bench_add(by_hand, 1e3 * hand_s(&hand, &hand_rows));
        if (rows + 2 < hand_rows || rows > hand_rows + 2)
            rig_die("an hour", "history and SQL disagree");
        (void)ask_moment(history, moment(&scene));
        bench_add(instant, 1e3 * ask_moment(history, moment(&scene)));
        bench_add(csv, (double)scene.rows_a_day / csv_s(&scene));
    }
    bench_ratio(&bench, "a month in 1,000 steps: GROUP BY over rollups", group, bins, 100, false);
    bench_ratio(&bench, "an hour of samples against a prepared SELECT", hour, by_hand, 1.3, true);
    bench_figure(&bench, "16 parameters at one moment", "ms", bench_median(instant), 0.3, true);
    bench_figure(&bench, "a day of one parameter to CSV", "rows/s", bench_median(csv), 3e6, false);
    (void)printf("%llu steps of %lld min\n", (unsigned long long)bin_count,
                 (long long)(every_ns / (60 * WF_NS_PER_S)));
    (void)sqlite3_finalize(hand.stmt);
    (void)sqlite3_close(hand.db);
    wf_history_close(&history);
    clean_up(&scene);
    return bench_finish(&bench);
}
