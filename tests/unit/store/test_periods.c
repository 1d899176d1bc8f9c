/* SPDX-License-Identifier: MIT */
/* Which rollup file and bucket a time belongs to. */

#include "support/unit.h"

#include <watchfloor/clock.h>

#include "rollup_file.h"

static int64_t at(const char *text)
{
    int64_t time_ns = 0;

    assert_int_equal(wf_parse_time(text, 0, &time_ns, NULL), 0);
    return time_ns;
}

static void periods_begin_and_end_with_months_and_years(void **state)
{
    static const struct {
        const char *time, *month, *month_end, *year, *year_end;
    } cases[] = {
        { "2026-11-20T18:06:52.5Z", "2026-11-01", "2026-12-01", "2026-01-01", "2027-01-01" },
        { "2024-02-29T23:59:59Z", "2024-02-01", "2024-03-01", "2024-01-01", "2025-01-01" },
        { "2025-12-31T23:59:59.999999999Z", "2025-12-01", "2026-01-01", "2025-01-01",
          "2026-01-01" },
        { "2026-01-01T00:00:00Z", "2026-01-01", "2026-02-01", "2026-01-01", "2027-01-01" },
        { "1969-12-31T23:59:59Z", "1969-12-01", "1970-01-01", "1969-01-01", "1970-01-01" },
        { "1900-02-28T12:00:00Z", "1900-02-01", "1900-03-01", "1900-01-01", "1901-01-01" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        int64_t time_ns = at(cases[i].time);

        assert_int_equal(wfs_period_start(WFS_TIER_MINUTE, time_ns), at(cases[i].month));
        assert_int_equal(wfs_period_end(WFS_TIER_MINUTE, time_ns), at(cases[i].month_end));
        assert_int_equal(wfs_period_start(WFS_TIER_HOUR, time_ns), at(cases[i].year));
        assert_int_equal(wfs_period_end(WFS_TIER_HOUR, time_ns), at(cases[i].year_end));
    }
    assert_true(WFS_ROLLUP_FROM_NS == at("1750-01-01"));
    assert_true(WFS_ROLLUP_TO_NS == at("2250-01-01"));
}

static void buckets_begin_at_full_minutes_and_hours_also_before_1970(void **state)
{
    (void)state;
    assert_int_equal(wfs_bucket_start(WFS_TIER_MINUTE, at("2026-11-20T18:06:52.5Z")),
                     at("2026-11-20T18:06:00Z"));
    assert_int_equal(wfs_bucket_start(WFS_TIER_HOUR, at("2026-11-20T18:00:00Z")),
                     at("2026-11-20T18:00:00Z"));
    assert_int_equal(wfs_bucket_start(WFS_TIER_MINUTE, at("1969-12-31T23:59:59.5Z")),
                     at("1969-12-31T23:59:00Z"));
    assert_int_equal(wfs_bucket_start(WFS_TIER_HOUR, at("1969-12-31T23:00:00Z")),
                     at("1969-12-31T23:00:00Z"));
}

static void a_file_is_called_after_its_period(void **state)
{
    char path[WFS_PATH_SIZE];
    struct wf_err err = { 0 };

    (void)state;
    assert_int_equal(wfs_rollup_path("/h", WFS_TIER_MINUTE, at("2026-11-20T18:06:52Z"), path, &err),
                     0);
    assert_string_equal(path, "/h/minute/2026-11.db");
    assert_int_equal(wfs_rollup_path("/h", WFS_TIER_HOUR, at("2026-11-20T18:06:52Z"), path, &err),
                     0);
    assert_string_equal(path, "/h/hour/2026.db");
}

static void the_view_gives_times_means_and_names(void **state)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    struct wf_err err = { 0 };
    static const char *const wanted[] = {
        "2026-11-01T00:02:00.000000000Z", "main", "power", "volts",   "1", "4", "2.5", "",
        "2026-11-01T00:02:59.000000001Z", "2",    "1",     "INVALID", "V"
    };

    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    if (wfs_rollup_create(db, WFS_TIER_MINUTE, at("2026-11-20"), "it's", &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(
        sqlite3_exec(db,
                     "INSERT INTO _parameters VALUES (3, 'main', 'power', 'volts', 'V', NULL, NULL,"
                     " 'uint');"
                     "INSERT INTO _buckets VALUES (3 << 16 | 2, 1, 4, 5, 'NaN', 59000000001, 2, 1,"
                     " 4, 4), (4 << 16, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT * FROM rollups", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    for (int i = 0; i < (int)WF_COUNT_OF(wanted); i++) {
        const char *text = (const char *)sqlite3_column_text(stmt, i);

        assert_string_equal(text != NULL ? text : "", wanted[i]);
    }
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(periods_begin_and_end_with_months_and_years),
        cmocka_unit_test(buckets_begin_at_full_minutes_and_hours_also_before_1970),
        cmocka_unit_test(a_file_is_called_after_its_period),
        cmocka_unit_test(the_view_gives_times_means_and_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
