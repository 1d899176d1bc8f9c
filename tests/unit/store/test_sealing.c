/* SPDX-License-Identifier: MIT */
/* Sealing: month and year files that are over become single read-only files, and open again. */

#include "rollup_check.h"

#include <sys/stat.h>

static const char fast_text[] = "[subsystem]\nperiod = 100ms\n"
                                "[parameter volts]\nbits = 12\npolynomial = 0 0.01\nunit = V\n";

#define MONTH "minute/2001-02.db"
#define YEAR  "hour/2001.db"
#define HOUR  (3600 * WF_NS_PER_S)

struct sealing {
    struct place place;
    struct wf_schema *schema;
    struct wf_series *series;
    uint8_t *payload;
    uint64_t number;
    int64_t mono_ns;
};

static void begin(struct sealing *test)
{
    *test = (struct sealing){ .mono_ns = WF_NS_PER_DAY };
    place_make(&test->place);
    test->schema = schema_of("fast.ini", fast_text);
    test->series = series_of(&test->place, "main", test->schema, 1);
    test->payload = payload_make(test->schema);
}

static void end(struct sealing *test)
{
    free(test->payload);
    wf_schema_free(&test->schema);
    place_remove(&test->place);
}

/* An hour and a bit of rows, six a minute and more, so that minutes and an hour are over. */
static void write_hour(struct sealing *test, int64_t from_ns)
{
    for (int minute = 0; minute < 65; minute++) {
        struct wf_store_sample samples[12];

        for (size_t i = 0; i < WF_COUNT_OF(samples); i++) {
            set_raw(test->schema, test->payload, "volts", (int64_t)(test->number % 4000));
            samples[i] = sample_of(&test->place, test->series, test->number++,
                                   from_ns + minute * 60 * WF_NS_PER_S + (int64_t)i * WF_NS_PER_S,
                                   test->payload);
            write_ok(&test->place, &samples[i], 1);
        }
    }
}

/* So long as it takes: rollups, rest, and a turn of sealing for each file. */
static void tidy(struct sealing *test, int64_t step_ns)
{
    struct wf_err err = { 0 };

    for (int i = 0; i < 400; i++) {
        test->mono_ns += step_ns;
        if (wf_store_tidy(test->place.store, test->mono_ns, &err) < 0)
            fail_msg("tidy: %s", err.text);
    }
}

static bool exists(const struct sealing *test, const char *name, const char *beside)
{
    char path[700];

    (void)snprintf(path, sizeof(path), "%s/%s%s", test->place.tmp.path, name, beside);
    return access(path, F_OK) == 0;
}

static mode_t mode_of(const struct sealing *test, const char *name)
{
    char path[700];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/%s", test->place.tmp.path, name);
    return stat(path, &st) == 0 ? st.st_mode & 0777 : 0;
}

static bool is_sealed(const struct sealing *test, const char *name)
{
    bool is = mode_of(test, name) == 0440;

    if (is && (exists(test, name, "-wal") || exists(test, name, "-shm")))
        fail_msg("%s is read-only and has a log of changes", name);
    return is;
}

/* As a life that was killed leaves it: writable, with a log of changes. */
static void unseal(const struct sealing *test, const char *name)
{
    char path[700];
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof(path), "%s/%s", test->place.tmp.path, name);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
    assert_int_equal(mode_of(test, name), 0640);
}

static void a_month_and_a_year_that_are_over_and_rested_are_sealed(void **state)
{
    struct sealing test;
    struct wf_store_figures figures;
    struct checked checked;

    (void)state;
    begin(&test);
    write_hour(&test, NOON);
    tidy(&test, WF_NS_PER_S);
    assert_false(is_sealed(&test, MONTH)); /* written a moment ago */
    assert_true(exists(&test, MONTH, ""));
    tidy(&test, 60 * WF_NS_PER_S);
    assert_true(is_sealed(&test, MONTH));
    assert_true(is_sealed(&test, YEAR));
    wf_store_figures(test.place.store, &figures);
    assert_true(figures.files_sealed >= 2);
    checked = check_rollups(&test.place, "fast");
    assert_true(checked.minutes >= 60);
    assert_true(checked.hours >= 1);
    end(&test);
}

static void what_comes_late_opens_them_again_and_they_are_sealed_anew(void **state)
{
    struct sealing test;

    (void)state;
    begin(&test);
    write_hour(&test, NOON);
    tidy(&test, 60 * WF_NS_PER_S);
    assert_true(is_sealed(&test, MONTH) && is_sealed(&test, YEAR));
    write_hour(&test, NOON + 10 * 60 * WF_NS_PER_S); /* into minutes that are there */
    tidy(&test, WF_NS_PER_S);
    assert_false(is_sealed(&test, MONTH));
    assert_true(check_rollups(&test.place, "fast").minutes >= 60);
    tidy(&test, 60 * WF_NS_PER_S);
    assert_true(is_sealed(&test, MONTH) && is_sealed(&test, YEAR));
    assert_true(check_rollups(&test.place, "fast").minutes >= 60);
    assert_string_equal(test.place.notices, "");
    end(&test);
}

static void the_month_that_is_now_stays_open(void **state)
{
    struct sealing test;
    int64_t now_ns = wf_utc_now_ns();
    char month[40], text[16];

    (void)state;
    begin(&test);
    write_hour(&test, now_ns - 2 * HOUR);
    tidy(&test, 60 * WF_NS_PER_S);
    wfs_period_text(WFS_TIER_MINUTE, now_ns, text);
    (void)snprintf(month, sizeof(month), "minute/%s.db", text);
    /* Not in the first hours of a month, when all of it belongs to the last. */
    if (exists(&test, month, ""))
        assert_int_equal(mode_of(&test, month), 0640);
    store_again(&test.place);
    if (exists(&test, month, ""))
        assert_int_equal(mode_of(&test, month), 0640);
    end(&test);
}

static void a_reader_of_one_is_waited_for(void **state)
{
    struct sealing test;
    sqlite3 *reader;

    (void)state;
    begin(&test);
    write_hour(&test, NOON);
    tidy(&test, WF_NS_PER_S);
    reader = open_db(&test.place, MONTH);
    assert_non_null(reader);
    assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM _buckets", NULL, NULL, NULL),
                     SQLITE_OK);
    tidy(&test, 60 * WF_NS_PER_S);
    assert_false(is_sealed(&test, MONTH));
    assert_true(is_sealed(&test, YEAR)); /* one that is read keeps no other from it */
    assert_int_equal(
        sqlite3_exec(reader, "SELECT sum(count) FROM _buckets; COMMIT", NULL, NULL, NULL),
        SQLITE_OK);
    (void)sqlite3_close(reader);
    tidy(&test, 60 * WF_NS_PER_S);
    assert_true(is_sealed(&test, MONTH));
    end(&test);
}

static void files_that_an_earlier_life_left_open_are_sealed(void **state)
{
    struct sealing test;

    (void)state;
    begin(&test);
    write_hour(&test, NOON);
    store_again(&test.place); /* an orderly end seals what is over */
    assert_true(is_sealed(&test, MONTH) && is_sealed(&test, YEAR));
    unseal(&test, MONTH);
    unseal(&test, YEAR);
    tidy(&test, WF_NS_PER_S);
    assert_true(is_sealed(&test, MONTH) && is_sealed(&test, YEAR));
    assert_true(check_rollups(&test.place, "fast").minutes >= 60);
    end(&test);
}

static void one_that_was_only_just_made_goes(void **state)
{
    struct sealing test;
    char path[700];
    FILE *file;

    (void)state;
    begin(&test);
    write_hour(&test, NOON);
    (void)snprintf(path, sizeof(path), "%s/minute", test.place.tmp.path);
    assert_int_equal(mkdir(path, 0750), 0);
    (void)snprintf(path, sizeof(path), "%s/minute/1999-12.db", test.place.tmp.path);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fclose(file);
    tidy(&test, 60 * WF_NS_PER_S);
    assert_false(exists(&test, "minute/1999-12.db", ""));
    assert_true(is_sealed(&test, MONTH) && is_sealed(&test, YEAR));
    end(&test);
}

static void a_damaged_one_is_put_away_and_made_again(void **state)
{
    struct sealing test;
    char path[700];
    FILE *file;

    (void)state;
    begin(&test);
    write_hour(&test, NOON);
    store_again(&test.place);
    test.series = series_of(&test.place, "main", test.schema, 1);
    (void)snprintf(path, sizeof(path), "%s/" MONTH, test.place.tmp.path);
    assert_int_equal(chmod(path, 0640), 0);
    file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fwrite("no database at all", 1, 18, file), 18);
    (void)fclose(file);
    write_hour(&test, NOON + 2 * HOUR);
    tidy(&test, WF_NS_PER_S);
    tidy(&test, 60 * WF_NS_PER_S);
    assert_true(exists(&test, MONTH, ".damaged-1"));
    assert_non_null(strstr(test.place.notices, "made again from rows"));
    assert_true(is_sealed(&test, MONTH) && is_sealed(&test, YEAR));
    assert_true(check_rollups(&test.place, "fast").minutes >= 120);
    end(&test);
}

static void a_store_that_was_not_recovered_seals_nothing(void **state)
{
    struct sealing test;
    struct wf_store_options options = { .instance = "test" };
    struct wf_store *other = NULL;
    struct wf_err err = { 0 };

    (void)state;
    begin(&test);
    write_hour(&test, NOON);
    store_again(&test.place);
    unseal(&test, MONTH);
    options.folder = test.place.tmp.path;
    assert_int_equal(wf_store_create(&options, &other, &err), 0);
    wf_store_destroy(&other);
    assert_false(is_sealed(&test, MONTH));
    end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_month_and_a_year_that_are_over_and_rested_are_sealed),
        cmocka_unit_test(what_comes_late_opens_them_again_and_they_are_sealed_anew),
        cmocka_unit_test(the_month_that_is_now_stays_open),
        cmocka_unit_test(a_reader_of_one_is_waited_for),
        cmocka_unit_test(files_that_an_earlier_life_left_open_are_sealed),
        cmocka_unit_test(one_that_was_only_just_made_goes),
        cmocka_unit_test(a_damaged_one_is_put_away_and_made_again),
        cmocka_unit_test(a_store_that_was_not_recovered_seals_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
