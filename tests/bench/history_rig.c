/* SPDX-License-Identifier: MIT */
/* What the benchmarks of history share: see history_rig.h. */

#include "history_rig.h"

#include <errno.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <watchfloor/problems.h>
#include <watchfloor/strbuf.h>

extern char **environ;

void rig_die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(2);
}

/* --- telemetry ---------------------------------------------------------------------------- */

struct wf_schema *rig_schema(const char *name, const char *text)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;

    if (wf_schema_parse(name, text, strlen(text), &schema, &problems, NULL) < 0)
        rig_die(name, problems.kept > 0 ? problems.list[0].text : "it has problems");
    wf_problems_fini(&problems);
    return schema;
}

double rig_random(struct rig_feed *feed)
{
    feed->seed = feed->seed * 1664525u + 1013904223u;
    return (double)(feed->seed >> 8) / (double)(1u << 24);
}

/* Sum of four: near enough to a Gaussian of that deviation. */
static double noise(struct rig_feed *feed, double deviation)
{
    double sum = 0;

    for (int i = 0; i < 4; i++)
        sum += rig_random(feed) - 0.5;
    return sum * deviation * 1.732;
}

static void make_row(struct rig_feed *feed, uint64_t row)
{
    uint8_t *payload = feed->payloads + row * feed->schema->payload_bytes;
    double t = (double)row * 0.1;

    feed->jitter_ns[row] = (int64_t)(rig_random(feed) * 200e3);
    for (int i = 0; i < RIG_PARAMETERS; i++) {
        const struct wf_parameter *p = &feed->schema->parameters[i];
        double full = i % 2 == 0 ? 4095 : 65535;
        double counts =
            full * (0.5 + 0.2 * sin(t / (600 + 70 * i)) + 0.1 * sin(t / (5000 + 900 * i))) +
            noise(feed, i < 4 ? 0.3 : 0.4 + 0.1 * i);
        uint64_t raw = (uint64_t)counts;
        double value = -10 + 0.01 * (double)raw;

        memcpy(payload + p->raw_offset, &raw, sizeof(raw));
        memcpy(payload + p->offset, &value, sizeof(value));
    }
}

void rig_feed_init(struct rig_feed *feed, uint64_t rows, int64_t period_ns)
{
    struct wf_strbuf text;

    wf_strbuf_init(&text, 65536);
    wf_strbuf_addf(&text, "[subsystem]\nperiod = %lldms\nring = 16384\n",
                   (long long)(period_ns / WF_NS_PER_MS));
    for (int i = 0; i < RIG_PARAMETERS; i++)
        wf_strbuf_addf(&text, "[parameter p%d]\nbits = %d\npolynomial = -10 0.01\nunit = V\n", i,
                       i % 2 == 0 ? 12 : 16);
    *feed =
        (struct rig_feed){ .schema = rig_schema("wide.ini", text.text), .rows = rows, .seed = 1 };
    wf_strbuf_fini(&text);
    feed->payloads = calloc(rows, feed->schema->payload_bytes);
    feed->jitter_ns = calloc(rows, sizeof(int64_t));
    if (feed->payloads == NULL || feed->jitter_ns == NULL)
        rig_die("telemetry", "out of memory");
    for (uint64_t row = 0; row < rows; row++)
        make_row(feed, row);
}

void rig_feed_fini(struct rig_feed *feed)
{
    free(feed->payloads);
    free(feed->jitter_ns);
    wf_schema_free(&feed->schema);
}

void rig_feed_sample(const struct rig_feed *feed, struct wf_series *series, uint64_t number,
                     int64_t time_ns, struct wf_store_sample *out)
{
    uint64_t row = number % feed->rows;

    time_ns += feed->jitter_ns[row];
    *out =
        (struct wf_store_sample){ .series = series,
                                  .stamp = { .epoch = 1,
                                             .number = number,
                                             .order = number,
                                             .packet = number,
                                             .sequence = number,
                                             .device_ns = time_ns,
                                             .received_ns = time_ns + 1000000 },
                                  .payload = feed->payloads + row * feed->schema->payload_bytes };
}

/* --- folders and stores -------------------------------------------------------------------- */

void rig_folder_make(const char *name, char *out, size_t size)
{
    const char *base = getenv("TMPDIR");

    (void)snprintf(out, size, "%s/wf-bench-%s-XXXXXX", base != NULL ? base : "/tmp", name);
    if (mkdtemp(out) == NULL)
        rig_die(out, strerror(errno));
}

void rig_folder_remove(const char *folder)
{
    char *arguments[] = { (char *)"rm", (char *)"-rf", (char *)(uintptr_t)folder, NULL };
    pid_t pid = 0;

    if (posix_spawnp(&pid, "rm", NULL, NULL, arguments, environ) == 0)
        (void)waitpid(pid, NULL, 0);
}

double rig_bytes(const char *folder, const char *name)
{
    char path[800];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s%s%s", folder, name[0] != '\0' ? "/" : "", name);
    return stat(path, &st) == 0 ? (double)st.st_size : 0;
}

struct wf_store *rig_store(const char *folder)
{
    struct wf_store_options options = { .folder = folder, .instance = "bench" };
    struct wf_store *store = NULL;
    struct wf_err err = { 0 };

    if (wf_store_create(&options, &store, &err) < 0 || wf_store_recover(store, &err) < 0)
        rig_die("store", err.text);
    return store;
}

struct wf_series *rig_series(struct wf_store *store, const char *source,
                             const struct rig_feed *feed)
{
    struct wf_series *series = NULL;
    struct wf_err err = { 0 };

    if (wf_store_series(store, source, feed->schema, 1, false, &series, &err) < 0)
        rig_die("series", err.text);
    return series;
}

void rig_write(struct wf_store *store, struct wf_series *series, const struct rig_feed *feed,
               uint64_t number, int64_t time_ns, int64_t period_ns, size_t count)
{
    struct wf_store_sample samples[RIG_BATCH_MAX];
    const struct wf_store_sample *list[RIG_BATCH_MAX];
    struct wf_err err = { 0 };

    for (size_t i = 0; i < count; i++, time_ns += period_ns) {
        rig_feed_sample(feed, series, number + i, time_ns, &samples[i]);
        list[i] = &samples[i];
    }
    if (wf_store_write(store, list, count, false, &err) < 0)
        rig_die("write", err.text);
}

/* --- by hand ------------------------------------------------------------------------------ */

void rig_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        rig_die(sql, sqlite3_errmsg(db));
}

sqlite3 *rig_bare_open(const char *path)
{
    sqlite3 *db = NULL;

    if (sqlite3_open(path, &db) != SQLITE_OK)
        rig_die(path, sqlite3_errmsg(db));
    rig_sql(db, "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                "PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-1024");
    return db;
}

void rig_bare_table(const char *day, sqlite3 *db, char insert[RIG_INSERT_SIZE])
{
    /* What is computed (hidden = 2) is stored nowhere. */
    static const char columns[] =
        "SELECT s.table_name, m.sql, group_concat('\"' || c.name || '\"'), group_concat('?')"
        " FROM _schemas AS s JOIN sqlite_schema AS m ON m.name = s.table_name"
        " JOIN pragma_table_xinfo(s.table_name) AS c"
        " WHERE s.subsystem = 'wide' AND c.hidden = 0";
    sqlite3 *from = NULL;
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_open_v2(day, &from, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(from, columns, -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW || sqlite3_column_text(stmt, 0) == NULL)
        rig_die(day, sqlite3_errmsg(from));
    rig_sql(db, (const char *)sqlite3_column_text(stmt, 1));
    (void)snprintf(insert, RIG_INSERT_SIZE, "INSERT INTO \"%s\" (%s) VALUES (%s)",
                   sqlite3_column_text(stmt, 0), sqlite3_column_text(stmt, 2),
                   sqlite3_column_text(stmt, 3));
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(from);
}

int rig_bare_bind(sqlite3_stmt *stmt, uint64_t row, int64_t time_ns)
{
    (void)sqlite3_bind_int64(stmt, 1, (sqlite3_int64)row);
    (void)sqlite3_bind_int64(stmt, 2, 1);
    (void)sqlite3_bind_int64(stmt, 3, time_ns % WF_NS_PER_DAY + 1000000);
    (void)sqlite3_bind_int64(stmt, 4, -1000000);
    (void)sqlite3_bind_int64(stmt, 5, (sqlite3_int64)row);
    for (int at = 6; at < 9; at++)
        (void)sqlite3_bind_int64(stmt, at, 0);
    (void)sqlite3_bind_null(stmt, 9);
    return 10;
}
