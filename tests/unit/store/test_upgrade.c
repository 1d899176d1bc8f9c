/* SPDX-License-Identifier: MIT */
/* Files of the release before: read as they are, and gone on with in the new shape. */

#include "store_support.h"

/* The schema the file was written with. */
static const char power_text[] = "[subsystem]\nperiod = 10ms\nring = 4096\n"
                                 "[parameter number]\nbits = 64\n"
                                 "[parameter volts]\nbits = 12\npolynomial = 0 0.01\nunit = V\n"
                                 "[parameter half]\ntype = float\nbits = 64\n"
                                 "[parameter name]\ntype = string\nsize = 12\n";

/* raw/2001-02-03.db from tests/data/history/format1.sql. */
static void lay_old_file(const struct tmp_folder *tmp)
{
    const char *source = getenv("WATCHFLOOR_SOURCE");
    char path[600];
    struct wf_strbuf sql;
    char *raw = tmp_folder_path(tmp, "raw"), *db_path = tmp_folder_path(tmp, "raw/" DAY ".db");
    sqlite3 *db = NULL;
    char chunk[4096];
    size_t len;
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/tests/data/history/format1.sql",
                   source != NULL ? source : ".");
    file = fopen(path, "r");
    if (file == NULL)
        skip();
    wf_strbuf_init(&sql, 1u << 20);
    while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
        wf_strbuf_add_bytes(&sql, chunk, len);
    (void)fclose(file);
    assert_int_equal(mkdir(raw, 0750), 0);
    assert_int_equal(sqlite3_open(db_path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql.text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    (void)sqlite3_close(db);
    wf_strbuf_fini(&sql);
    free(raw);
    free(db_path);
}

struct upgrade {
    struct place place;
    struct wf_schema *schema;
    uint8_t *payload;
};

static void begin(struct upgrade *test)
{
    *test = (struct upgrade){ .place = { .tmp = tmp_folder_make() } };
    lay_old_file(&test->place.tmp);
    test->schema = schema_of("power.ini", power_text);
    test->payload = payload_make(test->schema);
    store_begin(&test->place);
}

static void end(struct upgrade *test)
{
    free(test->payload);
    wf_schema_free(&test->schema);
    place_remove(&test->place);
}

/* Numbers of all rows that the cursor gives; checks the value that follows from each. */
static size_t read_numbers(const struct upgrade *test, uint64_t *out, size_t max)
{
    const struct wf_history_query query = { .range = { INT64_MIN + 1, INT64_MAX, false },
                                            .source = "main",
                                            .subsystem = "power",
                                            .is_stamp_wanted = true };
    struct wf_history *history = NULL;
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    struct wf_err err = { 0 };
    size_t count = 0;

    assert_int_equal(wf_history_open(test->place.tmp.path, &history, &err), 0);
    if (wf_history_select(history, &query, &cursor, &err) < 0)
        fail_msg("%s", err.text);
    while (wf_history_next(cursor, &row, &err) == 0) {
        struct wf_value value;

        assert_true(count < max);
        wf_value_get(row.schema, row.payload, index_of(row.schema, "number"), 0, &value);
        assert_int_equal(value.as.u64, row.stamp.number);
        assert_int_equal(row.stamp.received_ns >= NOON, 1);
        out[count++] = row.stamp.number;
    }
    wf_history_cursor_close(&cursor);
    wf_history_close(&history);
    return count;
}

static void a_file_of_format_1_is_read_as_it_stands(void **state)
{
    struct upgrade test;
    uint64_t numbers[100];

    (void)state;
    begin(&test);
    assert_int_equal(read_numbers(&test, numbers, WF_COUNT_OF(numbers)), 50);
    for (uint64_t i = 0; i < 50; i++)
        assert_int_equal(numbers[i], i);
    assert_string_equal(ask(&test.place, DAY, "PRAGMA user_version"), "1\n");
    end(&test);
}

static void a_file_of_format_1_goes_on_in_the_new_shape(void **state)
{
    struct upgrade test;
    const struct wf_position *list = NULL;
    struct wf_series *series;
    struct wf_store_sample sample;
    uint64_t numbers[100];
    int64_t time_ns = NOON + WF_NS_PER_DAY / 2 - 1000000;

    (void)state;
    begin(&test);
    assert_int_equal(wf_store_positions(test.place.store, &list), 1);
    assert_int_equal(list[0].next, 50);
    assert_int_equal(list[0].schema_hash, test.schema->schema_hash);
    series = series_of(&test.place, "main", test.schema, list[0].region_created_ns);
    assert_int_equal(wf_series_next(series), 50);
    set_u64(test.schema, test.payload, "number", 50);
    sample = sample_of(&test.place, series, 50, time_ns, test.payload);
    write_ok(&test.place, &sample, 1);
    assert_string_equal(ask(&test.place, DAY, "PRAGMA user_version"), "2\n");
    assert_string_equal(ask(&test.place, DAY, "PRAGMA integrity_check"), "ok\n");
    /* One view over both shapes, for SQL and for cursors. */
    assert_string_equal(ask(&test.place, DAY,
                            "SELECT count(*), min(number), max(number), max(received) FROM power"),
                        "51|0|50|2001-02-03T23:59:59.999001000Z\n");
    assert_int_equal(read_numbers(&test, numbers, WF_COUNT_OF(numbers)), 51);
    assert_int_equal(numbers[50], 50);
    assert_string_equal(ask(&test.place, DAY, "SELECT next, rows FROM _positions"), "51|51\n");
    end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_format_1_is_read_as_it_stands),
        cmocka_unit_test(a_file_of_format_1_goes_on_in_the_new_shape),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
