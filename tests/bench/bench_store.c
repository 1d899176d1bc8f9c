/* SPDX-License-Identifier: MIT */
/*
 * The store against bare SQLite, in one process: CPU of rows with everything that belongs to them
 * (catalogue, positions, gaps, blocks, rollups, checkpoints) against prepared inserts into
 * the very same table; bytes of a value on disk; bytes written for each byte that is kept.
 *
 * The data: 16 parameters at 10 Hz, slow sines with noise as 12- and 16-bit converters give
 * them, engineering values linear in the counts, times with 0..200 us of jitter.
 */

#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include <watchfloor/clock.h>
#include <watchfloor/problems.h>
#include <watchfloor/schema.h>
#include <watchfloor/store/writer.h>

#include "figures.h"

#define PARAMETERS 16
#define STORED     9 /* system columns that are stored */
#define PERIOD_NS  (100 * WF_NS_PER_MS)
/* 2001-02-03T00:00:00Z */
#define MIDNIGHT (INT64_C(981158400) * WF_NS_PER_S)
#define REGIONS  1000

extern char **environ;

struct scene {
    char folder[256];
    struct wf_schema *schema;
    uint64_t rows;
    uint8_t *payloads;
    int64_t *times_ns;
    uint32_t seed;
};

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench-store: %s: %s\n", what, why);
    exit(2);
}

static struct wf_schema *make_schema(void)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_strbuf text;

    wf_strbuf_init(&text, 65536);
    wf_strbuf_add(&text, "[subsystem]\nperiod = 100ms\n");
    for (int i = 0; i < PARAMETERS; i++)
        wf_strbuf_addf(&text, "[parameter p%d]\nbits = %d\npolynomial = -10 0.01\nunit = V\n", i,
                       i % 2 == 0 ? 12 : 16);
    if (wf_schema_parse("wide.ini", text.text, text.len, &schema, &problems, NULL) < 0)
        die("schema", "it has problems");
    wf_strbuf_fini(&text);
    wf_problems_fini(&problems);
    return schema;
}

static double random_unit(struct scene *scene)
{
    scene->seed = scene->seed * 1664525u + 1013904223u;
    return (double)(scene->seed >> 8) / (double)(1u << 24);
}

/* Sum of four: near enough to a Gaussian of that deviation. */
static double noise(struct scene *scene, double deviation)
{
    double sum = 0;

    for (int i = 0; i < 4; i++)
        sum += random_unit(scene) - 0.5;
    return sum * deviation * 1.732;
}

static void make_data(struct scene *scene)
{
    scene->payloads = calloc(scene->rows, scene->schema->payload_bytes);
    scene->times_ns = calloc(scene->rows, sizeof(int64_t));
    if (scene->payloads == NULL || scene->times_ns == NULL)
        die("data", "out of memory");
    for (uint64_t row = 0; row < scene->rows; row++) {
        uint8_t *payload = scene->payloads + row * scene->schema->payload_bytes;
        double t = (double)row * 0.1;

        scene->times_ns[row] =
            MIDNIGHT + (int64_t)row * PERIOD_NS + (int64_t)(random_unit(scene) * 200e3);
        for (int i = 0; i < PARAMETERS; i++) {
            const struct wf_parameter *p = &scene->schema->parameters[i];
            double full = i % 2 == 0 ? 4095 : 65535;
            double counts =
                full * (0.5 + 0.2 * sin(t / (600 + 70 * i)) + 0.1 * sin(t / (5000 + 900 * i))) +
                noise(scene, i < 4 ? 0.3 : 0.4 + 0.1 * i);
            uint64_t raw = (uint64_t)counts;
            double value = -10 + 0.01 * (double)raw;

            memcpy(payload + p->raw_offset, &raw, sizeof(raw));
            memcpy(payload + p->offset, &value, sizeof(value));
        }
    }
}

static void remove_folder(const char *folder)
{
    char *arguments[] = { (char *)"rm", (char *)"-rf", (char *)(uintptr_t)folder, NULL };
    pid_t pid = 0;

    if (posix_spawnp(&pid, "rm", NULL, NULL, arguments, environ) == 0)
        (void)waitpid(pid, NULL, 0);
}

static void begin_folder(struct scene *scene)
{
    const char *base = getenv("TMPDIR");

    (void)snprintf(scene->folder, sizeof(scene->folder), "%s/wf-bench-store-XXXXXX",
                   base != NULL ? base : "/tmp");
    if (mkdtemp(scene->folder) == NULL)
        die(scene->folder, "cannot be made");
}

/* --- the store ------------------------------------------------------------------------------- */

static struct wf_store *open_store(const struct scene *scene)
{
    struct wf_store_options options = { .folder = scene->folder, .instance = "bench" };
    struct wf_store *store = NULL;
    struct wf_err err = { 0 };

    if (wf_store_create(&options, &store, &err) < 0 || wf_store_recover(store, &err) < 0)
        die("store", err.text);
    return store;
}

/* Rows per CPU second, all that follows from them included. */
static double measure_store(const struct scene *scene, size_t batch)
{
    struct wf_store *store = open_store(scene);
    struct wf_series *series = NULL;
    struct wf_store_sample *samples = calloc(batch, sizeof(*samples));
    const struct wf_store_sample **list = calloc(batch, sizeof(*list));
    struct wf_err err = { 0 };
    double begun_s = bench_cpu_s();

    if (samples == NULL || list == NULL ||
        wf_store_series(store, "main", scene->schema, 1, false, &series, &err) < 0)
        die("store", err.text);
    for (uint64_t row = 0; row < scene->rows; row += batch) {
        size_t count = 0;

        for (; count < batch && row + count < scene->rows; count++) {
            uint64_t at = row + count;

            samples[count] = (struct wf_store_sample){
                .series = series,
                .stamp = { .epoch = 1,
                           .number = at,
                           .order = at,
                           .packet = at,
                           .sequence = at,
                           .device_ns = scene->times_ns[at],
                           .received_ns = scene->times_ns[at] + 1000000 },
                .payload = scene->payloads + at * scene->schema->payload_bytes,
            };
            list[count] = &samples[count];
        }
        if (wf_store_write(store, list, count, false, &err) < 0 ||
            (row / batch % 16 == 0 && wf_store_tidy(store, wf_mono_now_ns(), &err) < 0))
            die("store", err.text);
    }
    wf_store_destroy(&store);
    free(samples);
    free(list);
    return (double)scene->rows / (bench_cpu_s() - begun_s);
}

static double file_bytes(const struct scene *scene, const char *name)
{
    char path[400];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/%s", scene->folder, name);
    return stat(path, &st) == 0 ? (double)st.st_size : 0;
}

/* --- bare SQLite ------------------------------------------------------------------------------- */

static void run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(sql, sqlite3_errmsg(db));
}

/* The table as the store made it, and what inserts into its stored columns. */
static void copy_table(const struct scene *scene, sqlite3 *db, char *insert, size_t size)
{
    char path[400];
    sqlite3 *from = NULL;
    sqlite3_stmt *stmt = NULL;
    size_t len;

    (void)snprintf(path, sizeof(path), "%s/raw/2001-02-03.db", scene->folder);
    if (sqlite3_open_v2(path, &from, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(from,
                           "SELECT m.sql, m.name FROM sqlite_schema AS m JOIN _schemas AS s"
                           " ON s.table_name = m.name WHERE s.subsystem = 'wide'",
                           -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW)
        die(path, sqlite3_errmsg(from));
    run_sql(db, (const char *)sqlite3_column_text(stmt, 0));
    len = (size_t)snprintf(insert, size,
                           "INSERT INTO \"%s\" (_id,_source,_received,_device,_number,_packets,"
                           "_sequences,_marks,_quality",
                           sqlite3_column_text(stmt, 1));
    for (int i = 0; i < PARAMETERS; i++)
        len += (size_t)snprintf(insert + len, size - len, ",p%d", i);
    len += (size_t)snprintf(insert + len, size - len, ") VALUES (?");
    for (int i = 1; i < STORED + PARAMETERS; i++)
        len += (size_t)snprintf(insert + len, size - len, ",?");
    (void)snprintf(insert + len, size - len, ")");
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(from);
}

static void bind_row(const struct scene *scene, sqlite3_stmt *stmt, uint64_t row)
{
    const uint8_t *payload = scene->payloads + row * scene->schema->payload_bytes;

    (void)sqlite3_bind_int64(stmt, 1, (sqlite3_int64)row);
    (void)sqlite3_bind_int64(stmt, 2, 1);
    (void)sqlite3_bind_int64(stmt, 3, scene->times_ns[row] - MIDNIGHT + 1000000);
    (void)sqlite3_bind_int64(stmt, 4, -1000000);
    (void)sqlite3_bind_int64(stmt, 5, (sqlite3_int64)row);
    for (int at = 6; at < STORED; at++)
        (void)sqlite3_bind_int64(stmt, at, 0);
    (void)sqlite3_bind_null(stmt, STORED);
    for (int i = 0; i < PARAMETERS; i++) {
        uint64_t raw;

        memcpy(&raw, payload + scene->schema->parameters[i].raw_offset, sizeof(raw));
        (void)sqlite3_bind_int64(stmt, STORED + 1 + i, (sqlite3_int64)raw);
    }
}

/* Rows per CPU second of prepared inserts. */
static double measure_bare(const struct scene *scene, size_t batch)
{
    char path[400], insert[2000];
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL, *begin = NULL, *commit = NULL;
    double begun_s;

    (void)snprintf(path, sizeof(path), "%s/bare.db", scene->folder);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        die(path, sqlite3_errmsg(db));
    run_sql(db, "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                "PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-1024");
    copy_table(scene, db, insert, sizeof(insert));
    if (sqlite3_prepare_v2(db, insert, -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "BEGIN", -1, &begin, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "COMMIT", -1, &commit, NULL) != SQLITE_OK)
        die(insert, sqlite3_errmsg(db));
    begun_s = bench_cpu_s();
    for (uint64_t row = 0; row < scene->rows; row++) {
        if (row % batch == 0) {
            (void)sqlite3_step(begin);
            (void)sqlite3_reset(begin);
        }
        bind_row(scene, stmt, row);
        if (sqlite3_step(stmt) != SQLITE_DONE)
            die("insert", sqlite3_errmsg(db));
        (void)sqlite3_reset(stmt);
        if (row % batch == batch - 1 || row == scene->rows - 1) {
            (void)sqlite3_step(commit);
            (void)sqlite3_reset(commit);
        }
    }
    run_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    begun_s = bench_cpu_s() - begun_s;
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_finalize(begin);
    (void)sqlite3_finalize(commit);
    (void)sqlite3_close(db);
    return (double)scene->rows / begun_s;
}

/* --- a thousand regions, a row a second each ------------------------------------------------------ */

static double bytes_written(void)
{
    FILE *file = fopen("/proc/self/io", "r");
    char line[100];
    double bytes = 0;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "wchar: ", 7) == 0)
            bytes = (double)strtoull(line + 7, NULL, 10);
    }
    if (file != NULL)
        (void)fclose(file);
    return bytes;
}

/* Bytes written for each byte that the files have in the end, committing every `commit_s`. */
static double measure_written(struct scene *scene, unsigned seconds, unsigned commit_s)
{
    struct wf_store *store;
    struct wf_series *series[REGIONS];
    struct wf_store_sample *samples = calloc((size_t)REGIONS * commit_s, sizeof(*samples));
    const struct wf_store_sample **list = calloc((size_t)REGIONS * commit_s, sizeof(*list));
    struct wf_err err = { 0 };
    double before, written, kept;
    size_t count = 0;

    begin_folder(scene);
    store = open_store(scene);
    for (int i = 0; i < REGIONS; i++) {
        char source[16];

        (void)snprintf(source, sizeof(source), "s%d", i);
        if (wf_store_series(store, source, scene->schema, 1, false, &series[i], &err) < 0)
            die("store", err.text);
    }
    before = bytes_written();
    for (unsigned second = 0; second < seconds; second++) {
        for (int i = 0; i < REGIONS; i++, count++) {
            uint64_t order = (uint64_t)second * REGIONS + (uint64_t)i;
            int64_t time_ns = MIDNIGHT + second * WF_NS_PER_S + i * 1000;

            samples[count] = (struct wf_store_sample){
                .series = series[i],
                .stamp = { .epoch = 1,
                           .number = second,
                           .order = order,
                           .packet = order,
                           .sequence = second,
                           .device_ns = time_ns,
                           .received_ns = time_ns + 1000000 },
                .payload = scene->payloads + (order % scene->rows) * scene->schema->payload_bytes,
            };
            list[count] = &samples[count];
        }
        if (second % commit_s != commit_s - 1)
            continue;
        if (wf_store_write(store, list, count, true, &err) < 0 ||
            wf_store_tidy(store, wf_mono_now_ns(), &err) < 0)
            die("store", err.text);
        count = 0;
    }
    wf_store_destroy(&store);
    written = bytes_written() - before;
    kept = file_bytes(scene, "raw/2001-02-03.db") + file_bytes(scene, "minute/2001-02.db") +
           file_bytes(scene, "hour/2001.db");
    remove_folder(scene->folder);
    free(samples);
    free(list);
    return written / kept;
}

int main(int argc, char **argv)
{
    struct scene scene = { .seed = 1 };
    struct bench bench;
    unsigned seconds;

    bench_init(&bench, "store", 3, 4.0, argc, argv);
    struct bench_series *bare = bench_series(&bench, "bare, 1,000 rows a batch", "rows/CPU s");
    struct bench_series *store = bench_series(&bench, "store with rollups", "rows/CPU s");
    struct bench_series *bare10 = bench_series(&bench, "bare, 10 rows a batch", "rows/CPU s");
    struct bench_series *store10 = bench_series(&bench, "store with rollups", "rows/CPU s");
    struct bench_series *raw = bench_series(&bench, "day file", "B/value");
    struct bench_series *all = bench_series(&bench, "day file and rollups", "B/value");
    struct bench_series *every1 = bench_series(&bench, "written, sync = 1s", "x kept");
    struct bench_series *every10 = bench_series(&bench, "written, sync = 10s", "x kept");

    scene.schema = make_schema();
    scene.rows = (uint64_t)(bench.seconds * 54000);
    if (scene.rows < 2000)
        scene.rows = 2000;
    make_data(&scene);
    seconds = scene.rows > 100000 ? 120 : 10;
    for (int round = 0; round < bench.rounds; round++) {
        double values = (double)scene.rows * PARAMETERS;

        begin_folder(&scene);
        bench_add(store, measure_store(&scene, 1000));
        bench_add(bare, measure_bare(&scene, 1000));
        bench_add(raw, file_bytes(&scene, "raw/2001-02-03.db") / values);
        bench_add(all,
                  (file_bytes(&scene, "raw/2001-02-03.db") +
                   file_bytes(&scene, "minute/2001-02.db") + file_bytes(&scene, "hour/2001.db")) /
                      values);
        remove_folder(scene.folder);
        begin_folder(&scene);
        bench_add(store10, measure_store(&scene, 10));
        bench_add(bare10, measure_bare(&scene, 10));
        remove_folder(scene.folder);
        bench_add(every1, measure_written(&scene, seconds, 1));
        bench_add(every10, measure_written(&scene, seconds, 10));
    }
    bench_ratio(&bench, "store / bare, 1,000 rows a batch", store, bare, 0.7, false);
    bench_ratio(&bench, "store / bare, 10 rows a batch", store10, bare10, 0.6, false);
    bench_figure(&bench, "bytes a value, rollups included", "B", bench_median(all), 5.5, true);
    free(scene.payloads);
    free(scene.times_ns);
    wf_schema_free(&scene.schema);
    return bench_finish(&bench);
}
