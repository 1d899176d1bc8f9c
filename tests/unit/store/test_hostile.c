/* SPDX-License-Identifier: MIT */
/*
 * Files that somebody else wrote, or that a disk spoiled: whatever is in them, every
 * question ends, within bounds, and nothing outside of the answer is touched.
 */

#include "store_support.h"

#include <watchfloor/store/aligned.h>
#include <watchfloor/store/bins.h>
#include <watchfloor/store/sql.h>

#define S      WF_NS_PER_S
#define ROWS   600
#define ROUNDS 8

static const char text[] = "[subsystem]\nperiod = 4s\n"
                           "[parameter n]\nbits = 64\n"
                           "[parameter volts]\nbits = 12\npolynomial = -10 0.01\n"
                           "[parameter name]\ntype = string\nsize = 4\n"
                           "[parameter cells]\nbits = 16\ncount = 3\n";
static const char *const files[] = { "raw/2001-02-03.db", "raw/2001-02-04.db", "minute/2001-02.db",
                                     "hour/2001.db" };

struct scene {
    struct place place;
    struct wf_schema *schema;
    uint8_t *good[WF_COUNT_OF(files)];
    size_t sizes[WF_COUNT_OF(files)];
};

static char *path_of(const struct scene *scene, size_t file)
{
    return tmp_folder_path(&scene->place.tmp, files[file]);
}

static void read_good(struct scene *scene, size_t index)
{
    char *path = path_of(scene, index);
    FILE *file = fopen(path, "rb");
    long size;

    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    assert_true(size > 0);
    rewind(file);
    scene->good[index] = malloc((size_t)size);
    assert_non_null(scene->good[index]);
    scene->sizes[index] = fread(scene->good[index], 1, (size_t)size, file);
    assert_int_equal(scene->sizes[index], (size_t)size);
    (void)fclose(file);
    free(path);
}

static void put_file(const struct scene *scene, size_t index, const uint8_t *bytes)
{
    char *path = path_of(scene, index);
    FILE *file;

    (void)unlink(path);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, scene->sizes[index], file), scene->sizes[index]);
    (void)fclose(file);
    free(path);
}

static void restore(const struct scene *scene)
{
    for (size_t i = 0; i < WF_COUNT_OF(files); i++)
        put_file(scene, i, scene->good[i]);
}

/* Two days with rollups; everything in its file, nothing in logs of changes. */
static struct scene *begin(void)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    struct wf_series *series;
    uint8_t *payload;
    int64_t mono_ns = WF_NS_PER_DAY;

    assert_non_null(scene);
    place_make(&scene->place);
    scene->schema = schema_of("fast.ini", text);
    series = series_of(&scene->place, "main", scene->schema, 1);
    payload = payload_make(scene->schema);
    for (uint64_t n = 0; n < ROWS; n++) {
        int64_t time_ns = NOON + 10 * 3600 * S + (int64_t)n * 16 * S;
        struct wf_store_sample sample;

        set_u64(scene->schema, payload, "n", UINT64_MAX - n);
        set_raw(scene->schema, payload, "volts", (int64_t)(n % 4096));
        sample = sample_of(&scene->place, series, n + n / 100, time_ns, payload);
        write_ok(&scene->place, &sample, 1);
    }
    for (int i = 0; i < 300; i++) {
        assert_int_equal(wf_store_tidy(scene->place.store, mono_ns, NULL), 0);
        mono_ns += 2 * S;
    }
    free(payload);
    wf_store_destroy(&scene->place.store);
    for (size_t i = 0; i < WF_COUNT_OF(files); i++)
        read_good(scene, i);
    return scene;
}

static void end(struct scene *scene)
{
    for (size_t i = 0; i < WF_COUNT_OF(files); i++)
        free(scene->good[i]);
    wf_schema_free(&scene->schema);
    place_remove(&scene->place);
    free(scene);
}

/* --- all questions ------------------------------------------------------------------------------ */

static int ignore_gap(void *context, const struct wf_gap *gap)
{
    *(size_t *)context += strlen(gap->source) + strlen(wf_gap_cause_name(gap->cause));
    return 0;
}

static int ignore_deleted(void *context, const struct wf_deleted *deleted)
{
    *(size_t *)context += strlen(deleted->file);
    return 0;
}

static int ignore_head(void *context, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *(size_t *)context += strlen(names[i]);
    return 0;
}

static int ignore_row(void *context, const struct wf_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *(size_t *)context += values[i].len;
    return 0;
}

static size_t ask_rows(struct wf_history *history, bool is_by_received)
{
    struct wf_history_query query = { .range = { INT64_MIN, INT64_MAX, is_by_received },
                                      .source = "main",
                                      .subsystem = "fast",
                                      .is_stamp_wanted = is_by_received };
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    size_t rows = 0, bytes = 0;

    if (wf_history_select(history, &query, &cursor, NULL) == 0) {
        while (wf_history_next(cursor, &row, NULL) == 0 && rows < 100000) {
            struct wf_value value;

            for (size_t i = 0; i < row.schema->parameter_count; i++) {
                wf_value_get(row.schema, row.payload, i, 0, &value);
                bytes += value.len;
            }
            rows++;
        }
    }
    assert_true(bytes <= rows * 65536);
    wf_history_cursor_close(&cursor);
    if (wf_history_last(history, &query, &cursor, NULL) == 0)
        (void)wf_history_next(cursor, &row, NULL);
    wf_history_cursor_close(&cursor);
    return rows;
}

static void ask_bins(struct wf_history *history, int64_t every_ns)
{
    struct wf_bins_query query = { .range = { INT64_MIN, INT64_MAX, false },
                                   .source = "main",
                                   .subsystem = "fast",
                                   .parameter = "n",
                                   .every_ns = every_ns };
    struct wf_bins *bins = NULL;
    struct wf_bin bin;
    size_t count = 0;

    if (wf_bins_open(history, &query, &bins, NULL) == 0) {
        while (wf_bins_next(bins, &bin, NULL) == 0 && count < 100000)
            count++;
    }
    wf_bins_close(&bins);
}

static void ask_sql(struct wf_history *history)
{
    size_t bytes = 0;
    struct wf_sql_sink sink = { .context = &bytes, .head = ignore_head, .row = ignore_row };
    struct wf_sql *sql = NULL;

    if (wf_sql_open(history, &sql, NULL) == 0) {
        (void)wf_sql_run(sql, "SELECT * FROM fast; SELECT * FROM fast ORDER BY time LIMIT 5;",
                         &sink, wf_mono_now_ns() + 20 * S, NULL);
        (void)wf_sql_run(sql, "SELECT * FROM fast_minute; SELECT * FROM gaps", &sink,
                         wf_mono_now_ns() + 20 * S, NULL);
    }
    wf_sql_close(&sql);
}

static size_t ask_all(const struct scene *scene)
{
    const struct wf_range all = { INT64_MIN, INT64_MAX, false };
    const struct wf_history_entry *list = NULL;
    struct wf_history *history = NULL;
    size_t count = 0, rows;
    struct wf_err err = { 0 };

    if (wf_history_open(scene->place.tmp.path, &history, &err) < 0)
        return 0;
    (void)wf_history_list(history, &all, &list, &count, &err);
    (void)wf_history_gaps(history, &all, ignore_gap, &count, &err);
    (void)wf_history_deleted(history, &all, ignore_deleted, &count, &err);
    rows = ask_rows(history, false);
    (void)ask_rows(history, true);
    ask_bins(history, 0);
    ask_bins(history, 60 * S);
    ask_bins(history, 3600 * S);
    ask_sql(history);
    wf_history_close(&history);
    return rows;
}

/* --- cases -------------------------------------------------------------------------------------- */

static void spoil(const struct scene *scene, size_t file, const char *sql)
{
    char *path = path_of(scene, file);
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    (void)sqlite3_close(db);
    free(path);
}

static void impossible_values_are_survived(void **state)
{
    static const struct {
        size_t file;
        const char *sql;
    } cases[] = {
        { 0, "UPDATE _blocks SET first_id = -9223372036854775807 - 1" },
        { 0, "UPDATE _blocks SET last_id = 9223372036854775807" },
        { 0, "UPDATE _blocks SET first_id = last_id + 5" },
        { 0, "UPDATE _blocks SET device_from = -9223372036854775807 - 1" },
        { 0, "UPDATE _blocks SET device_to = 'text', is_ordered = 1" },
        { 0, "UPDATE _blocks SET device_to = 9223372036854775807, device_from = NULL" },
        { 0, "UPDATE _blocks SET is_ordered = 0" },
        { 1, "UPDATE _positions SET rolled_to = 9223372036854775807, hour_from = "
             "-9223372036854775807" },
        { 1, "UPDATE _positions SET rolled_to = 'x', minute_from = x'00', hour_from = 1.5" },
        { 1, "UPDATE _positions SET minute_from = 9223372036854775807" },
        { 1, "INSERT INTO _dirty VALUES ('main', 'fast', 9223372036854775807),"
             " ('main', 'fast', -9223372036854775808), ('main', 'fast', 'x')" },
        { 1, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000)"
             " INSERT INTO _dirty SELECT 'main', 'fast', 981201600000000000 + i * 60000000000 FROM "
             "n" },
        { 1, "UPDATE _schemas SET text = 'no schema at all'" },
        { 1, "UPDATE _schemas SET hash = NULL WHERE 0; UPDATE _schemas SET text = ''" },
        { 1, "UPDATE _schemas SET table_name = '_gaps'" },
        { 1, "UPDATE _schemas SET table_name = 'x\"; DROP TABLE _gaps; --'" },
        { 0, "UPDATE _gaps SET cause = 'no such cause', lost = 'many', from_device_ns = x'00'" },
        { 0, "UPDATE _gaps SET first_number = -1, to_device_ns = -9223372036854775808" },
        { 0, "INSERT INTO _deleted VALUES (1, NULL, NULL, NULL, 'x', -1, -1, NULL, x'ff00')" },
        { 2, "UPDATE _parameters SET id = 9223372036854775807 WHERE name = 'n'" },
        { 2, "UPDATE _file SET value = -9223372036854775808 WHERE key = 'base_ns'" },
        { 2, "UPDATE _buckets SET min = 'x', max = x'00', sum = NULL, last = 9e999, count = -5" },
        { 3, "UPDATE _buckets SET last_ns = 9223372036854775807, quality = 900, bad = -1" },
        { 3, "UPDATE _buckets SET count = 9223372036854775807, sum = 9e308" },
        { 3, "DROP TABLE _parameters" },
        { 2, "DELETE FROM _file" },
    };
    struct scene *scene = begin();

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        restore(scene);
        spoil(scene, cases[i].file, cases[i].sql);
        (void)ask_all(scene);
    }
    restore(scene);
    assert_int_equal(ask_all(scene), ROWS);
    end(scene);
}

static void spoilt_bytes_are_survived(void **state)
{
    struct scene *scene = begin();
    uint32_t seed = 20261121;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        size_t file = (size_t)round % WF_COUNT_OF(files);
        uint8_t *bytes = malloc(scene->sizes[file]);

        assert_non_null(bytes);
        memcpy(bytes, scene->good[file], scene->sizes[file]);
        for (int i = 0; i <= round / 4; i++) {
            size_t at;

            seed = seed * 1664525u + 1013904223u;
            at = (size_t)(((uint64_t)seed * scene->sizes[file]) >> 32);
            /* The beginning of pages is where structure is. */
            if (round % 2 == 0)
                at -= at % 4096 - (seed >> 3) % 64;
            seed = seed * 1664525u + 1013904223u;
            bytes[at < scene->sizes[file] ? at : 0] = (uint8_t)(seed >> 24);
        }
        restore(scene);
        put_file(scene, file, bytes);
        free(bytes);
        (void)ask_all(scene);
    }
    end(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_values_are_survived),
        cmocka_unit_test(spoilt_bytes_are_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
