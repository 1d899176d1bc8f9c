/* SPDX-License-Identifier: MIT */
/*
 * History against bare SQLite: rows per CPU second of the real wf-logger (reading
 * the region, queue, catalogue, positions, gaps, checkpoints and its start included)
 * against prepared inserts of the very same table, 1,000 rows a transaction.
 *
 * The table is what the logger made: 20 mixed parameters and the system columns.
 */

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <watchfloor/clean.h>
#include <watchfloor/clock.h>
#include <watchfloor/publisher.h>
#include <watchfloor/store/history.h>

#include "figures.h"
#include "history_rig.h"

#define PARAMETERS 20
#define BATCH_ROWS 1000
#define ROWS_MIN   2000
/* The publisher's pace: what the logger must keep up with. */
#define ROWS_PER_S 50000

extern char **environ;

struct scene {
    char folder[256], instance[32], config[300], db[400];
    struct wf_schema *schema;
    uint8_t *payload;
    uint64_t rows;
};

/* Counts with noise, floats, a counter beyond 32 bits: about what a subsystem sends. */
static struct wf_schema *make_schema(void)
{
    struct wf_schema *schema;
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
    schema = rig_schema("wide.ini", text.text);
    wf_strbuf_fini(&text);
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
        rig_die(program, "cannot be started");
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
        rig_die("wf-logger", "did not end well");
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
        rig_die("publish", err.text);
    for (uint64_t row = 0; row < scene->rows; row++) {
        struct wf_stamp stamp = { .received_ns = wf_utc_now_ns(),
                                  .received_mono_ns = wf_mono_now_ns(),
                                  .sequence = row,
                                  .packet = row };

        stamp.device_ns = stamp.received_ns - 1000000;
        fill(scene, row);
        if (wf_writer_publish(writer, &stamp, scene->payload) < 0)
            rig_die("publish", "refused");
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
        rig_die(folder, err.text);
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

static void bind_row(sqlite3_stmt *stmt, uint64_t row, int64_t now_ns)
{
    int at = rig_bare_bind(stmt, row, now_ns);

    for (size_t i = 0; i < PARAMETERS; i++) {
        uint64_t value = value_of(row, i);

        if (i >= 14 && i < 17)
            (void)sqlite3_bind_double(stmt, at + (int)i, (double)((float)(value & 0xffff) * 0.37f));
        else
            (void)sqlite3_bind_int64(stmt, at + (int)i,
                                     (sqlite3_int64)(i < 10   ? value & 4095
                                                     : i < 14 ? value & 65535
                                                     : i > 17 ? value & 15
                                                              : value));
    }
}

/* Rows per CPU second of prepared inserts. */
static double measure_bare(const struct scene *scene)
{
    char path[400], insert[RIG_INSERT_SIZE];
    sqlite3 *db;
    sqlite3_stmt *stmt = NULL;
    double begun_s;
    int64_t now_ns = wf_utc_now_ns();

    (void)snprintf(path, sizeof(path), "%s/bare.db", scene->folder);
    db = rig_bare_open(path);
    rig_bare_table(scene->db, db, insert);
    if (sqlite3_prepare_v2(db, insert, -1, &stmt, NULL) != SQLITE_OK)
        rig_die(insert, sqlite3_errmsg(db));
    begun_s = bench_cpu_s();
    for (uint64_t row = 0; row < scene->rows; row++) {
        if (row % BATCH_ROWS == 0)
            rig_sql(db, row == 0 ? "BEGIN" : "COMMIT; BEGIN");
        bind_row(stmt, row, now_ns + (int64_t)row * 20000);
        if (sqlite3_step(stmt) != SQLITE_DONE)
            rig_die("insert", sqlite3_errmsg(db));
        (void)sqlite3_reset(stmt);
    }
    rig_sql(db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
    begun_s = bench_cpu_s() - begun_s;
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return (double)scene->rows / begun_s;
}

/* --- a round ------------------------------------------------------------------------------- */

static void open_scene(struct scene *scene, int round)
{
    FILE *config;

    (void)snprintf(scene->instance, sizeof(scene->instance), "bench%ld-%d", (long)getpid(), round);
    rig_folder_make("history", scene->folder, sizeof(scene->folder));
    (void)snprintf(scene->config, sizeof(scene->config), "%s/watchfloor.ini", scene->folder);
    config = fopen(scene->config, "w");
    if (config == NULL ||
        fprintf(config, "[watchfloor]\nlog_level = error\n[logger]\nbatch_rows = %d\n",
                BATCH_ROWS) < 0 ||
        fclose(config) != 0)
        rig_die(scene->config, "cannot be written");
}

static void check_rows(const struct scene *scene)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_open_v2(scene->db, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "SELECT count(*) FROM wide", -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW || (uint64_t)sqlite3_column_int64(stmt, 0) != scene->rows)
        rig_die("wf-logger", "did not store every row");
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
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
        bench_add(bytes, rig_bytes(scene.db, "") / (double)scene.rows / PARAMETERS);
        (void)wf_clean(scene.instance, scene.folder, false, NULL, NULL, &cleaned, NULL);
        rig_folder_remove(scene.folder);
    }
    bench_ratio(&bench, "logger / bare inserts", logger, bare, 0.7, false);
    free(scene.payload);
    wf_schema_free(&scene.schema);
    return bench_finish(&bench);
}
