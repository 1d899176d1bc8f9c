/* SPDX-License-Identifier: MIT */
/* Rows beside the live path: what is counted of them, and what is told when their file is lost. */

#include "store_support.h"

#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/store/maintain.h>

static const char power_text[] = "[subsystem]\n"
                                 "apid = 1\n"
                                 "[parameter count]\n"
                                 "bits = 32\n";

/* 50 rows that were published, 10 that were lost before them, 30 that were imported. */
struct inserting {
    struct place place;
    struct wf_schema *schema;
    struct wf_series *live, *import;
    uint8_t *payload;
};

static void insert(struct inserting *test, size_t count, uint32_t flags, uint64_t epoch,
                   struct wf_store_inserted *inout)
{
    struct wf_store_sample samples[30];
    const struct wf_store_sample *list[30];
    struct wf_err err = { 0 };

    for (size_t i = 0; i < count; i++) {
        samples[i] = sample_of(&test->place, test->import, i, NOON + (int64_t)i * WF_NS_PER_MS,
                               test->payload);
        samples[i].stamp.epoch = epoch;
        samples[i].stamp.order = i;
        samples[i].stamp.flags = flags;
        samples[i].stamp.lost_before = i == 7 ? 3 : 0;
        samples[i].before_device_ns = samples[i].stamp.device_ns - WF_NS_PER_MS;
        samples[i].before_received_ns = samples[i].stamp.received_ns - WF_NS_PER_MS;
        list[i] = &samples[i];
    }
    if (wf_store_insert(test->place.store, test->import, 77, list, count, inout, &err) < 0)
        fail_msg("insert: %s", err.text);
}

static void write_from(struct inserting *test, uint64_t first, size_t count)
{
    for (uint64_t i = first; i < first + count; i++) {
        struct wf_store_sample sample =
            sample_of(&test->place, test->live, i, NOON + (int64_t)i * WF_NS_PER_S, test->payload);

        write_ok(&test->place, &sample, 1);
    }
}

static void begin(struct inserting *test)
{
    struct wf_store_inserted counts = { 0 };

    *test = (struct inserting){ 0 };
    place_make(&test->place);
    test->schema = schema_of("power.ini", power_text);
    test->payload = payload_make(test->schema);
    test->live = series_of(&test->place, "main", test->schema, 5);
    test->import = series_of(&test->place, "main", test->schema, 0);
    write_from(test, 10, 50);
    for (int again = 0; again < 2; again++)
        insert(test, 30, WF_SAMPLE_IMPORTED, 77, &counts);
    assert_int_equal(counts.rows, 30);
    assert_int_equal(counts.imported, 30);
    assert_int_equal(counts.duplicates, 30);
}

static void end(struct inserting *test)
{
    free(test->payload);
    wf_schema_free(&test->schema);
    place_remove(&test->place);
}

static const char all_gaps[] = "SELECT cause, is_published, lost FROM _gaps ORDER BY cause, lost";

static void imported_rows_are_counted_by_themselves(void **state)
{
    struct inserting test;

    (void)state;
    begin(&test);
    assert_string_equal(ask(&test.place, DAY, "SELECT next, rows, lost FROM _positions"),
                        "60|50|10\n");
    assert_string_equal(
        ask(&test.place, DAY, "SELECT at_ns, source, subsystem, rows FROM _imported"),
        "77|main|power|30\n");
    assert_string_equal(ask(&test.place, DAY, all_gaps), "ring_overrun|1|10\nsequence_gap|0|3\n");
    assert_string_equal(ask(&test.place, DAY,
                            "SELECT to_device_ns - from_device_ns FROM _gaps"
                            " WHERE cause = 'sequence_gap'"),
                        "1000000\n");
    end(&test);
}

static void a_lost_file_is_told_with_its_losses_and_its_imported_rows(void **state)
{
    struct inserting test;
    struct wf_store_inserted found = { .rows = 35, .imported = 20 };
    struct wf_err err = { 0 };
    char *path;

    (void)state;
    for (int again = 0; again < 2; again++) {
        begin(&test);
        if (again == 1) { /* what was in the file is read from it */
            store_again(&test.place);
            test.live = series_of(&test.place, "main", test.schema, 5);
            write_from(&test, 60, 1);
        }
        path = tmp_folder_path(&test.place.tmp, "raw/" DAY ".db");
        assert_int_equal(unlink(path), 0);
        free(path);
        assert_int_equal(wf_store_tidy(test.place.store, 1, &err), 0);
        write_from(&test, 60 + (uint64_t)again, 5);
        assert_string_equal(ask(&test.place, DAY, all_gaps),
                            again == 1 ? "file_corrupt|1|61\nimport_lost|0|30\n"
                                       : "file_corrupt|1|60\nimport_lost|0|30\n");
        assert_int_equal(
            wf_store_found(test.place.store, "main", "power", wf_utc_day_start(NOON), &found, &err),
            0);
        assert_string_equal(ask(&test.place, DAY, all_gaps),
                            again == 1 ? "file_corrupt|1|46\nimport_lost|0|10\n"
                                       : "file_corrupt|1|45\nimport_lost|0|10\n");
        assert_string_equal(ask(&test.place, DAY, "SELECT rows FROM _positions"), "20\n");
        end(&test);
    }
}

static void rows_that_a_damaged_file_lost_are_told_by_kind(void **state)
{
    struct inserting test;
    struct wf_salvaged salvaged;
    struct wf_err err = { 0 };
    char *from, *to;
    sqlite3 *db = NULL;
    char sql[400], table[200];

    (void)state;
    begin(&test);
    wf_store_destroy(&test.place.store);
    (void)snprintf(table, sizeof(table), "%s",
                   ask(&test.place, DAY, "SELECT table_name FROM _schemas"));
    table[strcspn(table, "\n")] = '\0';
    (void)snprintf(sql, sizeof(sql),
                   "DELETE FROM \"%s\" WHERE _number IN (3, 4) OR _number BETWEEN 40 AND 44",
                   table);
    from = tmp_folder_path(&test.place.tmp, "raw/" DAY ".db");
    to = tmp_folder_path(&test.place.tmp, "raw/2001-02-04.db");
    assert_int_equal(chmod(from, 0640), 0);
    assert_int_equal(sqlite3_open(from, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
    if (wf_history_salvage(from, to, &salvaged, &err) < 0)
        fail_msg("salvage: %s", err.text);
    assert_int_equal(salvaged.expected, 80);
    assert_int_equal(salvaged.rows, 73);
    assert_string_equal(ask(&test.place, "2001-02-04", all_gaps),
                        "file_corrupt|1|5\nimport_lost|0|2\nring_overrun|1|10\nsequence_gap|0|3\n");
    assert_string_equal(ask(&test.place, "2001-02-04", "SELECT rows, lost FROM _positions"),
                        "45|15\n");
    assert_string_equal(ask(&test.place, "2001-02-04", "SELECT rows FROM _imported"), "28\n");
    free(from);
    free(to);
    end(&test);
}

static void a_deleted_file_is_told_with_its_imported_rows(void **state)
{
    const struct wf_store_retention keep = { .keep_ns = { 30 * WF_NS_PER_DAY, 0, 0 } };
    struct inserting test;
    struct wf_err err = { 0 };
    struct wf_civil civil;
    char today[16];
    struct wf_store_sample sample;

    (void)state;
    begin(&test);
    for (int i = 0; i < 4; i++) { /* days enough to believe the clock */
        sample = sample_of(&test.place, test.live, 60 + (uint64_t)i,
                           wf_utc_now_ns() - (3 - i) * WF_NS_PER_DAY, test.payload);
        write_ok(&test.place, &sample, 1);
    }
    wf_store_keep(test.place.store, &keep);
    for (int i = 1; i < 40; i++)
        (void)wf_store_tidy(test.place.store, i * 11 * WF_NS_PER_S, &err);
    wf_civil_from_utc(wf_utc_now_ns(), &civil);
    (void)snprintf(today, sizeof(today), "%04d-%02d-%02d", civil.year, civil.month, civil.day);
    assert_string_equal(ask(&test.place, today,
                            "SELECT cause, lost FROM _gaps WHERE cause IN ('retention',"
                            " 'import_lost') ORDER BY cause"),
                        "import_lost|30\nretention|60\n");
    assert_string_equal(ask(&test.place, today, "SELECT rows FROM _deleted"), "80\n");
    end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imported_rows_are_counted_by_themselves),
        cmocka_unit_test(a_lost_file_is_told_with_its_losses_and_its_imported_rows),
        cmocka_unit_test(rows_that_a_damaged_file_lost_are_told_by_kind),
        cmocka_unit_test(a_deleted_file_is_told_with_its_imported_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
