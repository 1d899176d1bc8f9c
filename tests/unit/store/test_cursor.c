/* SPDX-License-Identifier: MIT */
/* Cursors: disorder, last rows, readers that sleep, files that come, go and break. */

#include "store_support.h"

#define S     WF_NS_PER_S
#define ROWS  6000
#define TRIES 60

static const char text[] = "[subsystem]\nperiod = 1s\n[parameter n]\nbits = 32\n";

struct entry {
    int64_t device_ns, received_ns;
    uint64_t n; /* also the order in which they came */
    int source;
};

struct scene {
    struct place place;
    struct wf_schema *schema;
    struct wf_series *series[2];
    struct entry entries[ROWS];
    size_t count;
    uint64_t next[2];
    uint32_t seed;
};

static uint32_t random_of(struct scene *scene, uint32_t limit)
{
    scene->seed = scene->seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)scene->seed * limit) >> 32);
}

static void begin(struct scene *scene)
{
    memset(scene, 0, sizeof(*scene));
    place_make(&scene->place);
    scene->schema = schema_of("log.ini", text);
    scene->series[0] = series_of(&scene->place, "main", scene->schema, 1);
    scene->series[1] = series_of(&scene->place, "sat1", scene->schema, 1);
    scene->seed = 20261120;
}

static void end(struct scene *scene)
{
    wf_schema_free(&scene->schema);
    place_remove(&scene->place);
}

/* One batch of rows: `times` gives each its device time, receive times ascend by a second. */
static void put(struct scene *scene, size_t count, int64_t (*time_of)(struct scene *, size_t))
{
    static uint8_t payloads[100][64];
    struct wf_store_sample samples[100];

    assert_true(scene->schema->payload_bytes <= sizeof(payloads[0]) && count <= 100);
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = &scene->entries[scene->count];

        entry->n = scene->count;
        entry->source = random_of(scene, 4) == 0;
        entry->received_ns = NOON + (int64_t)scene->count * 40 * S;
        entry->device_ns = time_of(scene, scene->count);
        memset(payloads[i], 0, sizeof(payloads[i]));
        set_u64(scene->schema, payloads[i], "n", entry->n);
        samples[i] = sample_of(&scene->place, scene->series[entry->source],
                               scene->next[entry->source]++, entry->device_ns, payloads[i]);
        samples[i].stamp.received_ns = entry->received_ns;
        scene->place.order += random_of(scene, 30);
        scene->count++;
    }
    write_ok(&scene->place, samples, count);
}

/* Mostly as received; some late by hours, and for an hour two recordings at once. */
static int64_t disordered(struct scene *scene, size_t index)
{
    int64_t time_ns = NOON + (int64_t)index * 40 * S;

    if (index % 500 > 450)
        return time_ns - (int64_t)random_of(scene, 40000) * S;
    return index > 3000 && index < 3600 && index % 2 == 0 ? time_ns - 86400 * S : time_ns;
}

static int64_t ordered(struct scene *scene, size_t index)
{
    (void)scene;
    return NOON + (int64_t)index * 40 * S;
}

static bool is_by_received;

static int64_t time_of(const struct entry *entry)
{
    return is_by_received ? entry->received_ns : entry->device_ns;
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (time_of(x) != time_of(y))
        return time_of(x) < time_of(y) ? -1 : 1;
    return (x->n > y->n) - (x->n < y->n);
}

static struct wf_history_query query_of(int source, int64_t from_ns, int64_t to_ns)
{
    return (struct wf_history_query){ .range = { from_ns, to_ns, is_by_received },
                                      .source = source == 0 ? "main" : "sat1",
                                      .subsystem = "log" };
}

static uint64_t n_of(const struct wf_history_row *row)
{
    struct wf_value value;

    wf_value_get(row->schema, row->payload, 0, 0, &value);
    assert_int_equal(value.kind, WF_VALUE_U64);
    return value.as.u64;
}

static void check_range(struct scene *scene, struct wf_history *history, int64_t from_ns,
                        int64_t to_ns, int source)
{
    struct wf_history_query query = query_of(source, from_ns, to_ns);
    struct wf_history_cursor *cursor = NULL;
    const struct entry *last = NULL;
    struct wf_history_row row;
    struct wf_err err = { 0 };

    assert_int_equal(wf_history_select(history, &query, &cursor, &err), 0);
    for (size_t i = 0; i < scene->count; i++) {
        const struct entry *entry = &scene->entries[i];

        if (entry->source != source || time_of(entry) < from_ns || time_of(entry) >= to_ns)
            continue;
        last = entry;
        assert_int_equal(wf_history_next(cursor, &row, &err), 0);
        assert_int_equal(row.time_ns, time_of(entry));
        assert_int_equal(n_of(&row), entry->n);
        assert_int_equal(row.stamp.received_ns, entry->received_ns);
    }
    assert_int_equal(wf_history_next(cursor, &row, &err), WF_ERR_ABSENT);
    wf_history_cursor_close(&cursor);

    assert_int_equal(wf_history_last(history, &query, &cursor, &err), 0);
    assert_int_equal(wf_history_next(cursor, &row, &err), last != NULL ? 0 : WF_ERR_ABSENT);
    if (last != NULL) {
        assert_int_equal(row.time_ns, time_of(last));
        assert_int_equal(n_of(&row), last->n);
        assert_int_equal(wf_history_next(cursor, &row, &err), WF_ERR_ABSENT);
    }
    wf_history_cursor_close(&cursor);
}

static void disorder_comes_back_in_order(void **state)
{
    struct scene *scene = malloc(sizeof(*scene));
    struct wf_history *history = NULL;

    (void)state;
    assert_non_null(scene);
    begin(scene);
    while (scene->count < ROWS)
        put(scene, 100, disordered);
    assert_int_equal(wf_history_open(scene->place.tmp.path, &history, NULL), 0);
    for (int clock = 0; clock < 2; clock++) {
        is_by_received = clock == 1;
        qsort(scene->entries, scene->count, sizeof(scene->entries[0]), compare);
        for (int i = 0; i < TRIES; i++) {
            int64_t from = NOON - 86400 * S + (int64_t)random_of(scene, ROWS * 40 + 86400) * S;
            int64_t length = (int64_t)random_of(scene, i % 4 == 0 ? 300000 : 9000) * S;

            check_range(scene, history, from, from + length, i % 2);
        }
        check_range(scene, history, INT64_MIN, INT64_MAX, 0);
        check_range(scene, history, INT64_MIN, INT64_MAX, 1);
    }
    is_by_received = false;
    wf_history_close(&history);
    end(scene);
    free(scene);
}

static void a_reader_that_sleeps_keeps_no_log_from_being_emptied(void **state)
{
    struct scene *scene = malloc(sizeof(*scene));
    struct wf_history_query query = query_of(0, INT64_MIN, INT64_MAX);
    struct wf_history *history = NULL;
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    size_t rows = 1;
    char path[600];

    (void)state;
    assert_non_null(scene);
    begin(scene);
    while (scene->count < 2000)
        put(scene, 100, scene->count < 1000 ? disordered : ordered);
    assert_int_equal(wf_history_open(scene->place.tmp.path, &history, NULL), 0);
    assert_int_equal(wf_history_select(history, &query, &cursor, NULL), 0);
    assert_int_equal(wf_history_next(cursor, &row, NULL), 0);
    /* It sleeps; the log is emptied to the last page. */
    (void)snprintf(path, sizeof(path), "%s/raw/%s.db", scene->place.tmp.path, DAY);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA wal_checkpoint(TRUNCATE)", -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), 0);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    while (wf_history_next(cursor, &row, NULL) == 0)
        rows++;
    assert_int_equal(rows, scene->next[0]);
    wf_history_cursor_close(&cursor);
    wf_history_close(&history);
    end(scene);
    free(scene);
}

static size_t count_rows(struct wf_history *history, const struct wf_history_query *query)
{
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    struct wf_err err = { 0 };
    size_t rows = 0;
    int rc;

    if (wf_history_select(history, query, &cursor, &err) < 0)
        fail_msg("select: %s", err.text);
    while ((rc = wf_history_next(cursor, &row, &err)) == 0)
        rows++;
    if (rc != WF_ERR_ABSENT)
        fail_msg("next: %s", err.text);
    wf_history_cursor_close(&cursor);
    return rows;
}

static void a_file_that_breaks_in_the_middle_hides_no_other(void **state)
{
    static uint8_t rubbish[3 * 4096];
    struct scene *scene = malloc(sizeof(*scene));
    struct wf_history_query query = query_of(0, INT64_MIN, INT64_MAX);
    struct wf_history *history = NULL;
    int64_t day_ns = 0;
    size_t before, after;
    char path[600];
    FILE *file;

    (void)state;
    assert_non_null(scene);
    begin(scene);
    while (scene->count < ROWS)
        put(scene, 100, ordered);
    wf_store_destroy(&scene->place.store);
    assert_int_equal(wf_history_open(scene->place.tmp.path, &history, NULL), 0);
    before = count_rows(history, &query);
    assert_null(wf_history_trouble(history, 0, &day_ns));
    wf_history_rest(history);
    (void)snprintf(path, sizeof(path), "%s/raw/%s.db", scene->place.tmp.path, "2001-02-04");
    (void)chmod(path, 0600);
    file = fopen(path, "r+b");
    assert_non_null(file);
    memset(rubbish, 0xa5, sizeof(rubbish));
    assert_int_equal(fseek(file, -(long)sizeof(rubbish), SEEK_END), 0);
    assert_int_equal(fwrite(rubbish, 1, sizeof(rubbish), file), sizeof(rubbish));
    assert_int_equal(fclose(file), 0);
    after = count_rows(history, &query);
    assert_non_null(wf_history_trouble(history, 0, &day_ns));
    assert_int_equal(day_ns, NOON + WF_NS_PER_DAY / 2);
    /* The other days are all there. */
    assert_true(after < before && after >= before - 86400 / 40);
    wf_history_close(&history);
    end(scene);
    free(scene);
}

static void files_that_come_and_go_are_noticed(void **state)
{
    struct scene *scene = malloc(sizeof(*scene));
    struct wf_history_query query = query_of(0, INT64_MIN, INT64_MAX);
    struct wf_history *history = NULL;
    char path[600];
    size_t first;

    (void)state;
    assert_non_null(scene);
    begin(scene);
    put(scene, 100, ordered);
    assert_int_equal(wf_history_open(scene->place.tmp.path, &history, NULL), 0);
    first = count_rows(history, &query);
    assert_int_equal(first, scene->next[0]);
    while (scene->count < 3000)
        put(scene, 100, ordered);
    assert_int_equal(count_rows(history, &query), scene->next[0]);
    wf_store_destroy(&scene->place.store);
    (void)snprintf(path, sizeof(path), "%s/raw/%s.db", scene->place.tmp.path, DAY);
    assert_int_equal(unlink(path), 0);
    assert_true(count_rows(history, &query) < scene->next[0]);
    wf_history_close(&history);
    end(scene);
    free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disorder_comes_back_in_order),
        cmocka_unit_test(a_reader_that_sleeps_keeps_no_log_from_being_emptied),
        cmocka_unit_test(a_file_that_breaks_in_the_middle_hides_no_other),
        cmocka_unit_test(files_that_come_and_go_are_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
