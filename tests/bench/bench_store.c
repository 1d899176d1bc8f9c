/* SPDX-License-Identifier: MIT */
/*
 * The store against bare SQLite, in one process: CPU of rows with everything that belongs to them
 * (catalogue, positions, gaps, blocks, rollups, checkpoints) against prepared inserts into
 * the very same table; bytes of a value on disk; bytes written for each byte that is kept.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/strbuf.h>

#include "figures.h"
#include "history_rig.h"

#define REGIONS 1000

struct scene {
    char folder[256];
    struct rig_feed feed;
};

/* --- the store ------------------------------------------------------------------------------- */

/* Rows per CPU second, all that follows from them included. */
static double measure_store(const struct scene *scene, size_t batch)
{
    struct wf_store *store = rig_store(scene->folder);
    const struct rig_feed *feed = &scene->feed;
    double begun_s = bench_cpu_s();
    struct wf_series *series = rig_series(store, "main", feed);
    struct wf_err err = { 0 };

    for (uint64_t row = 0; row < feed->rows; row += batch) {
        uint64_t left = feed->rows - row;

        rig_write(store, series, feed, row, RIG_MIDNIGHT_NS + (int64_t)row * RIG_PERIOD_NS,
                  RIG_PERIOD_NS, left < batch ? (size_t)left : batch);
        if (row / batch % 16 == 0 && wf_store_tidy(store, wf_mono_now_ns(), &err) < 0)
            rig_die("store", err.text);
    }
    wf_store_destroy(&store);
    return (double)feed->rows / (bench_cpu_s() - begun_s);
}

/* The same telemetry by a definition that says something else of it. */
static struct wf_schema *corrected_schema(const struct rig_feed *feed)
{
    static const char head[] = "[subsystem]\n";
    struct wf_strbuf text, again;
    struct wf_schema *schema;
    const char *found;

    wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
    wf_strbuf_init(&again, WF_SCHEMA_TEXT_MAX);
    wf_schema_write(feed->schema, &text);
    found = strstr(text.text, head);
    if (found == NULL)
        rig_die("schema", "it has no [subsystem]");
    wf_strbuf_addf(&again, "%stitle = corrected\n%s", head, found + strlen(head));
    schema = rig_schema("wide.ini", again.text);
    wf_strbuf_fini(&text);
    wf_strbuf_fini(&again);
    return schema;
}

/* Rows put in the place of those that are stored, per CPU second; rollups follow. */
static double measure_replace(const struct scene *scene)
{
    struct wf_store *store = rig_store(scene->folder);
    const struct rig_feed *feed = &scene->feed;
    struct wf_schema *schema = corrected_schema(feed);
    struct wf_store_sample samples[RIG_BATCH_MAX];
    const struct wf_store_sample *list[RIG_BATCH_MAX];
    struct wf_store_replaced counts = { 0 };
    struct wf_series *series = NULL;
    struct wf_err err = { 0 };
    double begun_s = bench_cpu_s();

    if (wf_store_series(store, "main", schema, 0, false, &series, &err) < 0)
        rig_die("series", err.text);
    for (uint64_t row = 0; row < feed->rows; row += RIG_BATCH_MAX) {
        size_t count = 0;

        for (; count < RIG_BATCH_MAX && row + count < feed->rows; count++) {
            rig_feed_sample(feed, series, row + count,
                            RIG_MIDNIGHT_NS + (int64_t)(row + count) * RIG_PERIOD_NS,
                            &samples[count]);
            list[count] = &samples[count];
        }
        if (wf_store_replace(store, series, feed->schema, 1, list, count, &counts, &err) < 0)
            rig_die("replace", err.text);
    }
    if (counts.rows != feed->rows)
        rig_die("replace", "not all rows were replaced");
    wf_store_destroy(&store);
    wf_schema_free(&schema);
    return (double)feed->rows / (bench_cpu_s() - begun_s);
}

/* --- bare SQLite ------------------------------------------------------------------------------- */

static void bind_row(const struct rig_feed *feed, sqlite3_stmt *stmt, uint64_t row)
{
    const uint8_t *payload = feed->payloads + row * feed->schema->payload_bytes;
    int at = rig_bare_bind(stmt, row,
                           RIG_MIDNIGHT_NS + (int64_t)row * RIG_PERIOD_NS + feed->jitter_ns[row]);

    for (int i = 0; i < RIG_PARAMETERS; i++) {
        uint64_t raw;

        memcpy(&raw, payload + feed->schema->parameters[i].raw_offset, sizeof(raw));
        (void)sqlite3_bind_int64(stmt, at + i, (sqlite3_int64)raw);
    }
}

/* Rows per CPU second of prepared inserts. */
static double measure_bare(const struct scene *scene, size_t batch)
{
    char path[400], day[400], insert[RIG_INSERT_SIZE];
    const struct rig_feed *feed = &scene->feed;
    sqlite3_stmt *stmt = NULL, *begin = NULL, *commit = NULL;
    sqlite3 *db;
    double begun_s;

    (void)snprintf(path, sizeof(path), "%s/bare.db", scene->folder);
    (void)snprintf(day, sizeof(day), "%s/raw/2001-02-03.db", scene->folder);
    db = rig_bare_open(path);
    rig_bare_table(day, db, insert);
    if (sqlite3_prepare_v2(db, insert, -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "BEGIN", -1, &begin, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "COMMIT", -1, &commit, NULL) != SQLITE_OK)
        rig_die(insert, sqlite3_errmsg(db));
    begun_s = bench_cpu_s();
    for (uint64_t row = 0; row < feed->rows; row++) {
        if (row % batch == 0) {
            (void)sqlite3_step(begin);
            (void)sqlite3_reset(begin);
        }
        bind_row(feed, stmt, row);
        if (sqlite3_step(stmt) != SQLITE_DONE)
            rig_die("insert", sqlite3_errmsg(db));
        (void)sqlite3_reset(stmt);
        if (row % batch == batch - 1 || row == feed->rows - 1) {
            (void)sqlite3_step(commit);
            (void)sqlite3_reset(commit);
        }
    }
    rig_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    begun_s = bench_cpu_s() - begun_s;
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_finalize(begin);
    (void)sqlite3_finalize(commit);
    (void)sqlite3_close(db);
    return (double)feed->rows / begun_s;
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

static double kept_bytes(const struct scene *scene)
{
    return rig_bytes(scene->folder, "raw/2001-02-03.db") +
           rig_bytes(scene->folder, "minute/2001-02.db") + rig_bytes(scene->folder, "hour/2001.db");
}

/* A thousand regions at 1 Hz: of how many types, committed how often, every how many-th synced. */
struct pace {
    unsigned types, commits_hz, sync_every;
};

/* The schema of type `type`: the feed's by another name. */
static struct wf_schema *rename_schema(const struct rig_feed *feed, unsigned type)
{
    struct wf_strbuf text;
    struct wf_schema *schema;
    char name[32];

    (void)snprintf(name, sizeof(name), "wide%u.ini", type);
    wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
    wf_schema_write(feed->schema, &text);
    schema = rig_schema(name, text.text);
    wf_strbuf_fini(&text);
    return schema;
}

static void make_series(const struct scene *scene, struct wf_store *store, unsigned types,
                        struct wf_series *series[REGIONS])
{
    struct wf_err err = { 0 };

    for (unsigned type = 0; type < types; type++) {
        struct wf_schema *schema = rename_schema(&scene->feed, type);

        for (unsigned i = type; i < REGIONS; i += types) {
            char source[16];

            (void)snprintf(source, sizeof(source), "s%u", i);
            if (wf_store_series(store, source, schema, 1, false, &series[i], &err) < 0)
                rig_die("series", err.text);
        }
        wf_schema_free(&schema);
    }
}

/* Bytes written for each byte that the files have in the end. */
static double measure_written(struct scene *scene, unsigned seconds, const struct pace *pace)
{
    struct wf_store *store;
    struct wf_series *series[REGIONS];
    struct wf_store_sample samples[REGIONS];
    const struct wf_store_sample *list[REGIONS];
    unsigned batch = REGIONS / pace->commits_hz, commits = 0, count = 0;
    struct wf_err err = { 0 };
    double before, written, kept;

    rig_folder_make("store", scene->folder, sizeof(scene->folder));
    store = rig_store(scene->folder);
    make_series(scene, store, pace->types, series);
    before = bytes_written();
    for (unsigned at = 0; at < seconds * REGIONS; at++) {
        unsigned i = at % REGIONS, second = at / REGIONS;

        rig_feed_sample(&scene->feed, series[i], at,
                        RIG_MIDNIGHT_NS + second * WF_NS_PER_S + i * WF_NS_PER_MS, &samples[count]);
        samples[count].stamp.number = samples[count].stamp.sequence = second;
        list[count] = &samples[count];
        if (++count < batch)
            continue;
        if (wf_store_write(store, list, count, commits++ % pace->sync_every == 0, &err) < 0 ||
            wf_store_tidy(store, wf_mono_now_ns(), &err) < 0)
            rig_die("store", err.text);
        count = 0;
    }
    wf_store_destroy(&store);
    written = bytes_written() - before;
    kept = kept_bytes(scene);
    rig_folder_remove(scene->folder);
    return written / kept;
}

int main(int argc, char **argv)
{
    struct scene scene;
    struct bench bench;
    uint64_t rows;
    unsigned seconds;

    bench_init(&bench, "store", 3, 4.0, argc, argv);
    struct bench_series *bare = bench_series(&bench, "bare, 1,000 rows a batch", "rows/CPU s");
    struct bench_series *store = bench_series(&bench, "store with rollups", "rows/CPU s");
    struct bench_series *bare10 = bench_series(&bench, "bare, 10 rows a batch", "rows/CPU s");
    struct bench_series *store10 = bench_series(&bench, "store with rollups", "rows/CPU s");
    struct bench_series *raw = bench_series(&bench, "day file", "B/value");
    struct bench_series *all = bench_series(&bench, "day file and rollups", "B/value");
    struct bench_series *again = bench_series(&bench, "decoded anew, rows replaced", "rows/CPU s");
    /* What wf-logger does: a commit a second, with sync = 0 one for each look at the rings. */
    static const struct {
        const char *what;
        struct pace pace;
    } paces[] = {
        { "written, sync = 1s", { 1, 1, 1 } },
        { "written, sync = 10s", { 1, 1, 10 } },
        { "written, sync = 0", { 1, 50, 1 } },
        { "written, 20 types, sync = 1s", { 20, 1, 1 } },
    };
    struct bench_series *written[WF_COUNT_OF(paces)];

    for (size_t i = 0; i < WF_COUNT_OF(paces); i++)
        written[i] = bench_series(&bench, paces[i].what, "x kept");

    rows = (uint64_t)(bench.seconds * 54000);
    rig_feed_init(&scene.feed, rows < 2000 ? 2000 : rows, RIG_PERIOD_NS);
    seconds = scene.feed.rows > 100000 ? 120 : 10;
    for (int round = 0; round < bench.rounds; round++) {
        double values = (double)scene.feed.rows * RIG_PARAMETERS;

        rig_folder_make("store", scene.folder, sizeof(scene.folder));
        bench_add(store, measure_store(&scene, 1000));
        bench_add(bare, measure_bare(&scene, 1000));
        bench_add(raw, rig_bytes(scene.folder, "raw/2001-02-03.db") / values);
        bench_add(all, kept_bytes(&scene) / values);
        bench_add(again, measure_replace(&scene));
        rig_folder_remove(scene.folder);
        rig_folder_make("store", scene.folder, sizeof(scene.folder));
        bench_add(store10, measure_store(&scene, 10));
        bench_add(bare10, measure_bare(&scene, 10));
        rig_folder_remove(scene.folder);
        for (size_t i = 0; i < WF_COUNT_OF(paces); i++)
            bench_add(written[i], measure_written(&scene, seconds, &paces[i].pace));
    }
    bench_ratio(&bench, "store / bare, 1,000 rows a batch", store, bare, 0.7, false);
    bench_ratio(&bench, "store / bare, 10 rows a batch", store10, bare10, 0.6, false);
    bench_figure(&bench, "bytes a value, rollups included", "B", bench_median(all), 5.5, true);
    rig_feed_fini(&scene.feed);
    return bench_finish(&bench);
}
