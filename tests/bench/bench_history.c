/* SPDX-License-Identifier: MIT */
/*
 * History against bare SQLite: rows per CPU second of the real wf-logger (reading
 * the region, queue, catalogue, positions, gaps, checkpoints and its start included)
 * against prepared inserts of the very same table, 1,000 rows a transaction.
 *
 * The table is what the logger made: 20 mixed parameters and the system columns.
 */

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include <watchfloor/clean.h>
#include <watchfloor/clock.h>
#include <watchfloor/problems.h>
#include <watchfloor/publisher.h>
#include <watchfloor/store/history.h>

#include "figures.h"

#define PARAMETERS 20
/* Stored ones of the table the logger makes. */
#define SYSTEM_COLUMNS 9
#define BATCH_ROWS     1000
#define ROWS_MIN       2000
/* The publisher's pace: what the logger must keep up with. */
#define ROWS_PER_S 50000

extern char **environ;

struct scene {
    char folder[256], instance[32], config[300], db[400];
    struct wf_schema *schema;
    uint8_t *payload;
    uint64_t rows;
};

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench-history: %s: %s\n", what, why);
    exit(2);
}

/* Counts with noise, floats, a counter beyond 32 bits: about what a subsystem sends. */
static struct wf_schema *make_schema(void)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_strbuf text;

    wf_strbuf_init(&text, 65536);
    wf_strbuf_add(&text, "[subsystem]\nperiod = 1ms\nring = 65536\n");
    for (int i = 0; i < PARAMETERS; i++) {
        wf_strbuf_addf(&text, "[parameter p%d]\n", i);
        if (i < 10)
            wf_strbuf_add(&text, "bits = 12\npolynomial = -10 0.01\nunit = V\n");
        else if (i < 14)
            wf_strbuf_add(&text, "bits = 16\n");
        else if (i < 17)
            wf_strbuf_add(&text, "type = float\n");
        else
            wf_strbuf_addf(&text, "bits = %d\n", i == 17 ? 64 : 4);
    }
    if (wf_schema_parse("wide.ini", text.text, text.len, &schema, &problems, NULL) < 0)
        die("schema", "it has problems");
    wf_strbuf_fini(&text);
    wf_problems_fini(&problems);
    return schema;
}

static uint64_t value_of(uint64_t row, size_t parameter)
{
    uint64_t noise = (row * 2654435761u + parameter * 40503u) >> 7;

    return (parameter < 10 ? 2000 + noise % 64 : noise) + row / 1000;
}

static void fill(const struct scene *scene, uint64_t row)
{
    for (size_t i = 0; i < PARAMETERS; i++) {
        const struct wf_parameter *p = &scene->schema->parameters[i];
        uint64_t value = value_of(row, i);

        if (p->raw_offset != 0) {
            uint64_t raw = value & 4095;
            double engineering = -10 + 0.01 * (double)raw;

            memcpy(scene->payload + p->raw_offset, &raw, sizeof(raw));
            memcpy(scene->payload + p->offset, &engineering, sizeof(engineering));
        } else if (p->storage == WF_STORE_F32) {
            float single = (float)(value & 0xffff) * 0.37f;

            memcpy(scene->payload + p->offset, &single, sizeof(single));
        } else {
            uint64_t low = p->bits < 64 ? value & ((UINT64_C(1) << p->bits) - 1) : value;

            memcpy(scene->payload + p->offset, &low, wf_storage_bytes(p->storage));
        }
    }
}

/* --- the logger --------------------------------------------------------------------------- */

static pid_t start_logger(const struct scene *scene)
{
    const char *build = getenv("WATCHFLOOR_BUILD");
    char program[512];
    char *arguments[] = { program, (char *)"--config", (char *)(uintptr_t)scene->config, NULL };
    pid_t pid = 0;

    (void)snprintf(program, sizeof(program), "%s/bin/wf-logger",
                   build != NULL ? build : "build/release");
    (void)setenv("WF_INSTANCE", scene->instance, 1);
    (void)setenv("WF_STATE", scene->folder, 1);
    if (posix_spawn(&pid, program, NULL, NULL, arguments, environ) != 0)
        die(program, "cannot be started");
    return pid;
}

/* Ends the logger in order; its CPU time in seconds. */
static double end_logger(pid_t pid)
{
    struct rusage before, after;
    int status = 0;

    (void)getrusage(RUSAGE_CHILDREN, &before);
    (void)kill(pid, SIGTERM);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        die("wf-logger", "did not end well");
    (void)getrusage(RUSAGE_CHILDREN, &after);
    return (double)(after.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_utime.tv_sec -
                    before.ru_stime.tv_sec) +
           (double)(after.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_utime.tv_usec -
                    before.ru_stime.tv_usec) *
               1e-6;
}

static void publish(const struct scene *scene)
{
    struct wf_publisher_options options = { .instance = scene->instance,
                                            .role = "receiver",
                                            .state = scene->folder };
    struct wf_publisher *publisher = NULL;
    struct wf_writer *writer = NULL;
    struct wf_err err = { 0 };
    double begun = bench_now_s();

    if (wf_publisher_open(&options, &publisher, &err) < 0 ||
        wf_publisher_add(publisher, "main", scene->schema, &writer, NULL, &err) < 0)
        die("publish", err.text);
    for (uint64_t row = 0; row < scene->rows; row++) {
        struct wf_stamp stamp = { .received_ns = wf_utc_now_ns(),
                                  .received_mono_ns = wf_mono_now_ns(),
                                  .sequence = row,
                                  .packet = row };

        stamp.device_ns = stamp.received_ns - 1000000;
        fill(scene, row);
        if (wf_writer_publish(writer, &stamp, scene->payload) < 0)
            die("publish", "refused");
        if (row % 64 == 63) {
            struct timespec nap = { .tv_nsec = 200000 };

            wf_publisher_ring(publisher);
            while (bench_now_s() - begun < (double)row / ROWS_PER_S)
                (void)nanosleep(&nap, NULL);
        }
    }
    wf_publisher_close(&publisher);
}

static void find_day(struct scene *scene)
{
    char folder[300], first[16], last[16];
    struct wf_history *history = NULL;
    struct wf_err err = { 0 };

    (void)snprintf(folder, sizeof(folder), "%s/history", scene->folder);
    if (wf_history_open(folder, &history, &err) < 0)
        die(folder, err.text);
    (void)wf_history_days(history, first, last);
    wf_history_close(&history);
    (void)snprintf(scene->db, sizeof(scene->db), "%s/raw/%s.db", folder, first);
}

/* Rows per CPU second of the logger. */
static double measure_logger(struct scene *scene)
{
    pid_t pid = start_logger(scene);
    double cpu_s;

    publish(scene);
    cpu_s = end_logger(pid);
    find_day(scene);
    return (double)scene->rows / cpu_s;
}

/* --- bare SQLite -------------------------------------------------------------------------- */

static void run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(sql, sqlite3_errmsg(db));
}

/* The table as the logger made it, and what inserts into its stored columns. */
static void copy_table(const struct scene *scene, sqlite3 *db, char *insert, size_t size)
{
    sqlite3 *from = NULL;
    sqlite3_stmt *stmt = NULL;
    size_t len;

    if (sqlite3_open_v2(scene->db, &from, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(from,
                           "SELECT m.sql, m.name FROM sqlite_schema AS m JOIN _schemas AS s"
                           " ON s.table_name = m.name WHERE s.subsystem = 'wide'",
                           -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW)
        die(scene->db, sqlite3_errmsg(from));
    run_sql(db, (const char *)sqlite3_column_text(stmt, 0));
    len = (size_t)snprintf(insert, size,
                           "INSERT INTO \"%s\" (_id,_source,_received,_device,_number,"
                           "_packets,_sequences,_marks,_quality",
                           sqlite3_column_text(stmt, 1));
    for (int i = 0; i < PARAMETERS; i++)
        len += (size_t)snprintf(insert + len, size - len, ",p%d", i);
    len += (size_t)snprintf(insert + len, size - len, ") VALUES (?");
    for (int i = 1; i < SYSTEM_COLUMNS + PARAMETERS; i++)
        len += (size_t)snprintf(insert + len, size - len, ",?");
    (void)snprintf(insert + len, size - len, ")");
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(from);
}

static void bind_row(sqlite3_stmt *stmt, uint64_t row, int64_t now_ns)
{
    (void)sqlite3_bind_int64(stmt, 1, (sqlite3_int64)row);
    (void)sqlite3_bind_int64(stmt, 2, 1);
    (void)sqlite3_bind_int64(stmt, 3, now_ns % WF_NS_PER_DAY);
    (void)sqlite3_bind_int64(stmt, 4, -1000000);
    (void)sqlite3_bind_int64(stmt, 5, (sqlite3_int64)row);
    for (int at = 6; at < SYSTEM_COLUMNS; at++)
        (void)sqlite3_bind_int64(stmt, at, 0);
    (void)sqlite3_bind_null(stmt, SYSTEM_COLUMNS);
    for (size_t i = 0; i < PARAMETERS; i++) {
        uint64_t value = value_of(row, i);

        if (i >= 14 && i < 17)
            (void)sqlite3_bind_double(stmt, SYSTEM_COLUMNS + 1 + (int)i,
                                      (double)((float)(value & 0xffff) * 0.37f));
        else
            (void)sqlite3_bind_int64(stmt, SYSTEM_COLUMNS + 1 + (int)i,
                                     (sqlite3_int64)(i < 10   ? value & 4095
                                                     : i < 14 ? value & 65535
                                                     : i > 17 ? value & 15
                                                              : value));
    }
}

/* Rows per CPU second of prepared inserts. */
static double measure_bare(const struct scene *scene)
{
    char path[400], insert[2000];
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    double begun_s;
    int64_t now_ns = wf_utc_now_ns();

    (void)snprintf(path, sizeof(path), "%s/bare.db", scene->folder);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        die(path, sqlite3_errmsg(db));
    run_sql(db, "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                "PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-1024");
    copy_table(scene, db, insert, sizeof(insert));
    if (sqlite3_prepare_v2(db, insert, -1, &stmt, NULL) != SQLITE_OK)
        die(insert, sqlite3_errmsg(db));
    begun_s = bench_cpu_s();
    for (uint64_t row = 0; row < scene->rows; row++) {
        if (row % BATCH_ROWS == 0)
            run_sql(db, row == 0 ? "BEGIN" : "COMMIT; BEGIN");
        bind_row(stmt, row, now_ns + (int64_t)row * 20000);
        if (sqlite3_step(stmt) != SQLITE_DONE)
            die("insert", sqlite3_errmsg(db));
        (void)sqlite3_reset(stmt);
    }
    run_sql(db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
    begun_s = bench_cpu_s() - begun_s;
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return (double)scene->rows / begun_s;
}

/* --- a round ------------------------------------------------------------------------------- */

static void open_scene(struct scene *scene, int round)
{
    const char *base = getenv("TMPDIR");
    FILE *config;

    (void)snprintf(scene->instance, sizeof(scene->instance), "bench%ld-%d", (long)getpid(), round);
    (void)snprintf(scene->folder, sizeof(scene->folder), "%s/wf-bench-history-XXXXXX",
                   base != NULL ? base : "/tmp");
    if (mkdtemp(scene->folder) == NULL)
        die(scene->folder, "cannot be made");
    (void)snprintf(scene->config, sizeof(scene->config), "%s/watchfloor.ini", scene->folder);
    config = fopen(scene->config, "w");
    if (config == NULL ||
        fprintf(config, "[watchfloor]\nlog_level = error\n[logger]\nbatch_rows = %d\n",
                BATCH_ROWS) < 0 ||
        fclose(config) != 0)
        die(scene->config, "cannot be written");
}

static void check_rows(const struct scene *scene)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_open_v2(scene->db, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "SELECT count(*) FROM wide", -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW || (uint64_t)sqlite3_column_int64(stmt, 0) != scene->rows)
        die("wf-logger", "did not store every row");
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
}

static double file_bytes(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (double)st.st_size : 0;
}

static void remove_folder(const char *folder)
{
    char *arguments[] = { (char *)"rm", (char *)"-rf", (char *)(uintptr_t)folder, NULL };
    pid_t pid = 0;

    if (posix_spawnp(&pid, "rm", NULL, NULL, arguments, environ) == 0)
        (void)waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
    struct scene scene = { 0 };
    struct bench bench;

    bench_init(&bench, "history", 5, 4.0, argc, argv);
    struct bench_series *bare = bench_series(&bench, "bare: prepared inserts", "rows/CPU s");
    struct bench_series *logger = bench_series(&bench, "wf-logger", "rows/CPU s");
    struct bench_series *bytes = bench_series(&bench, "day file, all columns", "B/value");

    scene.schema = make_schema();
    scene.payload = calloc(1, scene.schema->payload_bytes);
    scene.rows = (uint64_t)(bench.seconds * ROWS_PER_S);
    if (scene.rows < ROWS_MIN)
        scene.rows = ROWS_MIN;
    for (int round = 0; round < bench.rounds; round++) {
        struct wf_clean_result cleaned;

        open_scene(&scene, round);
        bench_add(logger, measure_logger(&scene));
        check_rows(&scene);
        bench_add(bare, measure_bare(&scene));
        bench_add(bytes, file_bytes(scene.db) / (double)scene.rows / PARAMETERS);
        (void)wf_clean(scene.instance, scene.folder, false, NULL, NULL, &cleaned, NULL);
        remove_folder(scene.folder);
    }
    bench_ratio(&bench, "logger / bare inserts", logger, bare, 0.7, false);
    free(scene.payload);
    wf_schema_free(&scene.schema);
    return bench_finish(&bench);
}
