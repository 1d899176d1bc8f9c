/* SPDX-License-Identifier: MIT */
/* Rollups: what the files say is complete is what raw rows say, whatever came in which order. */

#include "rollup_check.h"

static const char fast_text[] = "[subsystem]\nperiod = 100ms\n"
                                "[parameter u8]\nbits = 8\n"
                                "[parameter huge]\nbits = 64\n"
                                "[parameter signed]\ntype = int\nbits = 32\n"
                                "[parameter single]\ntype = float\n"
                                "[parameter wide]\ntype = float\nbits = 64\n"
                                "[parameter volts]\nbits = 12\npolynomial = -10 0.01\nunit = V\n"
                                "[parameter flag]\ntype = bool\n"
                                "[parameter mode]\nbits = 4\nenumeration = modes\n"
                                "[parameter name]\ntype = string\nsize = 4\n"
                                "[enumeration modes]\n0 = OFF\n1 = ON\n";
static const char newer_text[] = "[subsystem]\nperiod = 100ms\n"
                                 "[parameter u8]\nbits = 8\n"
                                 "[parameter volts]\nbits = 12\npolynomial = 5 0.5\nunit = mV\n"
                                 "[parameter more]\nbits = 16\n";

struct rolling {
    struct place place;
    struct wf_schema *schema;
    struct wf_series *series;
    uint8_t *payload;
    uint64_t number;
    int64_t mono_ns;
};

static void begin(struct rolling *test, const char *text)
{
    *test = (struct rolling){ .mono_ns = WF_NS_PER_DAY };
    place_make(&test->place);
    test->schema = schema_of("fast.ini", text);
    test->series = series_of(&test->place, "main", test->schema, 1);
    test->payload = payload_make(test->schema);
    if (wf_schema_find(test->schema, "volts") != WF_NO_INDEX)
        set_raw(test->schema, test->payload, "volts", 1000);
}

static void end(struct rolling *test)
{
    free(test->payload);
    wf_schema_free(&test->schema);
    place_remove(&test->place);
}

/* Tidy with the clock moved on; many times, so that all that is due is done. */
static void tidy(struct rolling *test, int64_t passed_ns)
{
    struct wf_err err = { 0 };

    test->mono_ns += passed_ns;
    for (int i = 0; i < 100; i++) {
        if (wf_store_tidy(test->place.store, test->mono_ns, &err) < 0)
            fail_msg("tidy: %s", err.text);
        test->mono_ns += WF_NS_PER_MS;
    }
    assert_string_equal(test->place.notices, "");
}

static void again(struct rolling *test)
{
    store_again(&test->place);
    test->series = series_of(&test->place, "main", test->schema, 1);
}

static void write_at(struct rolling *test, int64_t time_ns, int64_t received_ns)
{
    struct wf_store_sample sample =
        sample_of(&test->place, test->series, test->number++, time_ns, test->payload);

    sample.stamp.received_ns = received_ns;
    write_ok(&test->place, &sample, 1);
}

/* `count` rows of the u8, 100 ms apart. */
static void write_run(struct rolling *test, int64_t time_ns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        set_u64(test->schema, test->payload, "u8", (test->number * 7) % 200);
        write_at(test, time_ns + (int64_t)i * 100 * WF_NS_PER_MS, time_ns);
    }
}

static const char *ask_tier(const struct rolling *test, const char *file, const char *sql)
{
    static char answer[4096];
    sqlite3 *db = open_db(&test->place, file);
    sqlite3_stmt *stmt = NULL;
    size_t len = 0;

    if (db == NULL)
        fail_msg("%s is not there", file);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    answer[0] = '\0';
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const unsigned char *text = sqlite3_column_text(stmt, i);

            len += (size_t)snprintf(answer + len, sizeof(answer) - len, "%s%s", i > 0 ? "|" : "",
                                    text != NULL ? (const char *)text : "");
        }
        len += (size_t)snprintf(answer + len, sizeof(answer) - len, "\n");
        assert_true(len < sizeof(answer));
    }
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return answer;
}

static void closed_minutes_and_hours_are_written_and_the_open_ones_not(void **state)
{
    struct rolling test;
    struct checked checked;

    (void)state;
    begin(&test, fast_text);
    for (int minute = 0; minute < 63; minute++)
        write_run(&test, NOON + minute * 60 * WF_NS_PER_S, 5);
    write_run(&test, NOON + 63 * 60 * WF_NS_PER_S + 30 * WF_NS_PER_S, 20);
    tidy(&test, WF_NS_PER_S);
    assert_string_equal(ask_tier(&test, "minute/2001-02.db",
                                 "SELECT count(*), min(time), max(time) FROM rollups"
                                 " WHERE parameter = 'u8'"),
                        "63|2001-02-03T12:00:00.000000000Z|2001-02-03T13:02:00.000000000Z\n");
    assert_string_equal(
        ask_tier(&test, "hour/2001.db", "SELECT time, count FROM rollups WHERE parameter = 'u8'"),
        "2001-02-03T12:00:00.000000000Z|300\n");
    checked = check_rollups(&test.place, "fast");
    assert_int_equal(checked.minutes, 63);
    assert_int_equal(checked.hours, 1);
    assert_int_equal(checked.open, 20);
    /* Strings are in no rollup; and nothing is claimed of what still comes. */
    assert_string_equal(ask_tier(&test, "minute/2001-02.db",
                                 "SELECT count(*) FROM parameters WHERE parameter = 'name'"),
                        "0\n");
    end(&test);
}

static void a_late_row_makes_exactly_its_buckets_dirty_until_they_are_computed_again(void **state)
{
    struct rolling test;
    struct checked checked;

    (void)state;
    begin(&test, fast_text);
    for (int minute = 0; minute < 130; minute++)
        write_run(&test, NOON + minute * 60 * WF_NS_PER_S, 12);
    tidy(&test, WF_NS_PER_S);
    set_u64(test.schema, test.payload, "u8", 255);
    write_at(&test, NOON + 7 * 60 * WF_NS_PER_S + 5, NOON + 2 * 3600 * WF_NS_PER_S);
    assert_string_equal(ask(&test.place, DAY, "SELECT source, subsystem, minute_ns FROM _dirty"),
                        "main|fast|981202020000000000\n");
    checked = check_rollups(&test.place, "fast");
    assert_int_equal(checked.minutes, 128 - 1); /* the last one is open, one before it in grace */
    assert_int_equal(checked.hours, 1);
    tidy(&test, 60 * WF_NS_PER_S);
    assert_string_equal(ask(&test.place, DAY, "SELECT count(*) FROM _dirty"), "0\n");
    assert_string_equal(ask_tier(&test, "minute/2001-02.db",
                                 "SELECT max, count FROM rollups WHERE parameter = 'u8' AND"
                                 " time = '2001-02-03T12:07:00.000000000Z'"),
                        "255|13\n");
    assert_string_equal(ask_tier(&test, "hour/2001.db",
                                 "SELECT max, count FROM rollups WHERE parameter = 'u8' AND"
                                 " time = '2001-02-03T12:00:00.000000000Z'"),
                        "255|721\n");
    checked = check_rollups(&test.place, "fast");
    assert_int_equal(checked.hours, 2);
    end(&test);
}

static void months_and_years_go_to_files_of_their_own(void **state)
{
    struct rolling test;
    /* 2001-12-31T23:58:00Z */
    int64_t eve = INT64_C(1009843080) * WF_NS_PER_S;
    struct checked checked;

    (void)state;
    begin(&test, fast_text);
    for (int minute = 0; minute < 70; minute++)
        write_run(&test, eve + minute * 60 * WF_NS_PER_S, 12);
    tidy(&test, WF_NS_PER_S);
    checked = check_rollups(&test.place, "fast");
    assert_int_equal(checked.minutes, 69 - 1);
    assert_int_equal(checked.hours, 2);
    assert_string_equal(
        ask_tier(&test, "minute/2001-12.db", "SELECT count(*) FROM rollups WHERE parameter = 'u8'"),
        "2\n");
    assert_string_equal(
        ask_tier(&test, "hour/2002.db", "SELECT time, count FROM rollups WHERE parameter = 'u8'"),
        "2002-01-01T00:00:00.000000000Z|720\n");
    end(&test);
}

static void slow_subsystems_have_hours_only(void **state)
{
    struct rolling test;
    struct checked checked;

    (void)state;
    begin(&test, "[subsystem]\nperiod = 30s\n[parameter u8]\nbits = 8\n");
    for (int i = 0; i < 400; i++)
        write_run(&test, NOON + i * 30 * WF_NS_PER_S, 1);
    tidy(&test, WF_NS_PER_S);
    checked = check_rollups(&test.place, "fast");
    assert_int_equal(checked.minutes, 0);
    assert_int_equal(checked.hours, 3);
    assert_null(open_db(&test.place, "minute/2001-02.db"));
    /* A late row, and a restart. */
    write_at(&test, NOON + 60 * WF_NS_PER_S, NOON + 4 * 3600 * WF_NS_PER_S);
    again(&test);
    for (int i = 400; i < 600; i++)
        write_run(&test, NOON + i * 30 * WF_NS_PER_S, 1);
    tidy(&test, 100 * WF_NS_PER_S);
    tidy(&test, 100 * WF_NS_PER_S);
    checked = check_rollups(&test.place, "fast");
    assert_int_equal(checked.hours, 5); /* silent by then: the last one is over too */
    assert_string_equal(ask(&test.place, DAY, "SELECT count(*) FROM _dirty"), "0\n");
    end(&test);
}

static void two_schema_versions_share_a_bucket(void **state)
{
    struct rolling test;
    struct wf_schema *newer;
    struct checked checked;

    (void)state;
    begin(&test, fast_text);
    write_run(&test, NOON, 100);
    newer = schema_of("fast.ini", newer_text);
    wf_schema_free(&test.schema);
    free(test.payload);
    test.schema = newer;
    test.payload = payload_make(newer);
    test.series = series_of(&test.place, "main", newer, 2);
    test.number = 0;
    set_raw(newer, test.payload, "volts", 100);
    set_u64(newer, test.payload, "more", 9);
    for (int i = 1; i < 70; i++)
        write_run(&test, NOON + i * 60 * WF_NS_PER_S - 30 * WF_NS_PER_S, 20);
    tidy(&test, WF_NS_PER_S);
    checked = check_rollups(&test.place, "fast");
    assert_int_equal(checked.minutes, 68);
    assert_int_equal(checked.hours, 1);
    assert_string_equal(ask_tier(&test, "minute/2001-02.db",
                                 "SELECT parameter, count, max FROM rollups WHERE parameter"
                                 " IN ('u8', 'volts', 'more', 'huge') AND"
                                 " time = '2001-02-03T12:00:00.000000000Z' ORDER BY 1"),
                        "huge|100|0\nmore|20|9\nu8|120|199\nvolts|120|55.0\n");
    end(&test);
}

static void after_a_restart_rollups_go_on_without_a_hole(void **state)
{
    struct rolling test;
    struct checked checked;
    int64_t now = NOON;

    (void)state;
    begin(&test, fast_text);
    for (int life = 0; life < 12; life++) {
        for (int minute = 0; minute < 11; minute++, now += 60 * WF_NS_PER_S)
            write_run(&test, now, 15);
        now -= 30 * WF_NS_PER_S; /* the next life begins in the middle of a minute */
        again(&test);
        now += 90 * WF_NS_PER_S;
    }
    write_run(&test, now, 15);
    tidy(&test, WF_NS_PER_S);
    tidy(&test, 3600 * WF_NS_PER_S);
    tidy(&test, 3600 * WF_NS_PER_S); /* silent: also the last minute is over */
    checked = check_rollups(&test.place, "fast");
    assert_int_equal(checked.open, 0);
    assert_int_equal(checked.hours, 2);
    end(&test);
}

static void a_clock_that_jumps_leaves_only_what_can_be_trusted(void **state)
{
    struct rolling test;
    struct checked checked;

    (void)state;
    begin(&test, fast_text);
    write_run(&test, NOON, 700);
    /* One sample from far ahead, one from 1970, then on as before. */
    write_at(&test, NOON + 3000 * WF_NS_PER_DAY, NOON);
    write_at(&test, 5, NOON);
    write_run(&test, NOON + 70 * WF_NS_PER_S, 700);
    tidy(&test, WF_NS_PER_S);
    (void)check_rollups(&test.place, "fast");
    /* Ahead by a year for good, and back again. */
    write_run(&test, NOON + 366 * WF_NS_PER_DAY, 1300);
    tidy(&test, 3700 * WF_NS_PER_S);
    write_run(&test, NOON + 3600 * WF_NS_PER_S, 1300);
    tidy(&test, 100 * WF_NS_PER_S);
    again(&test);
    write_run(&test, NOON + 7200 * WF_NS_PER_S, 1300);
    tidy(&test, 100 * WF_NS_PER_S);
    tidy(&test, 3600 * WF_NS_PER_S);
    checked = check_rollups(&test.place, "fast");
    assert_true(checked.minutes >= 8);
    /* What is ahead waits in raw until time passes there. */
    assert_int_equal(checked.open, 1 + 700);
    end(&test);
}

static void settle(struct rolling *test)
{
    struct wf_err err = { 0 };

    if (wf_store_settle(test->place.store, NULL, NULL, &err) < 0)
        fail_msg("settle: %s", err.text);
}

static void rows_inserted_beside_the_live_path_are_rolled_up(void **state)
{
    struct rolling test;
    struct wf_series *other;
    struct wf_store_sample samples[100];
    const struct wf_store_sample *list[100];
    struct wf_store_inserted counts = { 0 };
    struct checked checked;
    struct wf_err err = { 0 };

    (void)state;
    begin(&test, fast_text);
    for (int minute = 0; minute < 63; minute++)
        write_run(&test, NOON + minute * 60 * WF_NS_PER_S, 12);
    tidy(&test, WF_NS_PER_S);
    other = series_of(&test.place, "main", test.schema, 0);
    for (size_t i = 0; i < 100; i++) {
        /* Before, among and behind what is there, received on three days. */
        samples[i] =
            sample_of(&test.place, other, i,
                      NOON - 1800 * WF_NS_PER_S + (int64_t)i * 63 * WF_NS_PER_S, test.payload);
        samples[i].stamp.epoch = 77;
        samples[i].stamp.received_ns += (int64_t)(i % 3) * WF_NS_PER_DAY;
        list[i] = &samples[i];
    }
    for (int again_too = 0; again_too < 2; again_too++) {
        if (wf_store_insert(test.place.store, other, 1, list, 100, &counts, &err) < 0)
            fail_msg("insert: %s", err.text);
    }
    assert_int_equal(counts.rows, 100);
    assert_int_equal(counts.duplicates, 100);
    assert_int_equal(wf_series_next(test.series), 63 * 12);
    (void)check_rollups(&test.place, "fast");
    settle(&test);
    checked = check_rollups(&test.place, "fast");
    assert_true(checked.minutes >= 61 + 40);
    assert_string_equal(ask(&test.place, DAY, "SELECT count(*) FROM _dirty"), "0\n");
    assert_string_equal(ask(&test.place, DAY, "SELECT sum(lost) FROM _gaps"), "\n");
    end(&test);
}

static void rollups_are_made_again_from_rows(void **state)
{
    struct rolling test;
    struct checked before, after;
    struct wf_err err = { 0 };
    char *path;
    sqlite3 *db = NULL;

    (void)state;
    begin(&test, fast_text);
    for (int minute = 0; minute < 190; minute++)
        write_run(&test, NOON + minute * 60 * WF_NS_PER_S, 12);
    settle(&test);
    before = check_rollups(&test.place, "fast");
    wf_store_destroy(&test.place.store);
    path = tmp_folder_path(&test.place.tmp, "minute/2001-02.db");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE _buckets SET max = 1e9, count = 7", NULL, NULL, NULL),
                     SQLITE_OK);
    (void)sqlite3_close(db);
    free(path);
    store_begin(&test.place);
    if (wf_store_rebuild(test.place.store, NULL, "fast", INT64_MIN, &err) < 0)
        fail_msg("rebuild: %s", err.text);
    after = check_rollups(&test.place, "fast");
    assert_int_equal(after.minutes, 0); /* nothing is claimed meanwhile */
    settle(&test);
    after = check_rollups(&test.place, "fast");
    assert_true(after.minutes >= before.minutes && after.hours >= before.hours);
    end(&test);
}

static void rollups_that_cannot_be_written_hold_up_no_row(void **state)
{
    struct rolling test;
    struct checked checked;
    struct wf_store_figures figures;
    struct wf_err err = { 0 };
    char *path;
    FILE *file;

    (void)state;
    begin(&test, fast_text);
    /* Where month files go is no folder. */
    path = tmp_folder_path(&test.place.tmp, "minute");
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fclose(file);
    for (int minute = 0; minute < 130; minute++) {
        write_run(&test, NOON + minute * 60 * WF_NS_PER_S, 12);
        assert_int_equal(wf_store_tidy(test.place.store, test.mono_ns += WF_NS_PER_S, &err), 0);
    }
    wf_store_figures(test.place.store, &figures);
    assert_int_equal(figures.rows, 130 * 12);
    assert_non_null(strstr(test.place.notices, "rollups cannot be written"));
    assert_null(strstr(strstr(test.place.notices, "cannot be written") + 1, "cannot be written"));
    checked = check_rollups(&test.place, "fast");
    assert_int_equal(checked.minutes + checked.hours, 0);
    /* The hindrance goes, and nothing is missing. */
    assert_int_equal(unlink(path), 0);
    test.mono_ns += 30 * WF_NS_PER_S;
    write_run(&test, NOON + 130 * 60 * WF_NS_PER_S, 12);
    for (int i = 0; i < 20; i++)
        assert_int_equal(wf_store_tidy(test.place.store, test.mono_ns += WF_NS_PER_S, &err), 0);
    assert_non_null(strstr(test.place.notices, "rollups are written again"));
    checked = check_rollups(&test.place, "fast");
    assert_true(checked.minutes >= 128 && checked.hours >= 1);
    free(path);
    end(&test);
}

static void a_damaged_rollup_file_is_made_again_from_rows(void **state)
{
    struct rolling test;
    struct checked checked;
    struct wf_err err = { 0 };
    char *path, *aside;
    FILE *file;

    (void)state;
    begin(&test, fast_text);
    for (int minute = 0; minute < 130; minute++)
        write_run(&test, NOON + minute * 60 * WF_NS_PER_S, 12);
    tidy(&test, WF_NS_PER_S);
    again(&test);
    path = tmp_folder_path(&test.place.tmp, "minute/2001-02.db");
    aside = tmp_folder_path(&test.place.tmp, "minute/2001-02.db.damaged-1");
    file = fopen(path, "r+b");
    assert_non_null(file);
    for (int i = 0; i < 4096; i++)
        assert_int_equal(fputc(0xa5, file), 0xa5);
    (void)fclose(file);
    for (int minute = 130; minute < 260; minute++) {
        write_run(&test, NOON + minute * 60 * WF_NS_PER_S, 12);
        test.mono_ns += WF_NS_PER_S;
        assert_int_equal(wf_store_tidy(test.place.store, test.mono_ns, &err), 0);
    }
    for (int i = 0; i < 30; i++) {
        test.mono_ns += WF_NS_PER_S;
        assert_int_equal(wf_store_tidy(test.place.store, test.mono_ns, &err), 0);
    }
    assert_non_null(strstr(test.place.notices, "made again from rows"));
    assert_int_equal(access(aside, F_OK), 0);
    checked = check_rollups(&test.place, "fast");
    assert_true(checked.minutes >= 120 && checked.hours >= 2);
    settle(&test);
    checked = check_rollups(&test.place, "fast");
    assert_true(checked.minutes >= 258 && checked.hours >= 4);
    free(path);
    free(aside);
    end(&test);
}

/* --- anything, in any order -------------------------------------------------------------- */

static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

static void fill_random(struct rolling *test)
{
    static const enum wf_quality qualities[] = { WF_QUALITY_VALID,   WF_QUALITY_LATE,
                                                 WF_QUALITY_SUSPECT, WF_QUALITY_INVALID,
                                                 WF_QUALITY_ABSENT,  WF_QUALITY_VALID };
    const struct wf_schema *schema = test->schema;

    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_parameter *p = &schema->parameters[i];
        bool is_odd = random_below(20) == 0;

        set_quality(schema, test->payload, p->name,
                    is_odd ? qualities[random_below(6)] : WF_QUALITY_VALID);
        if (p->storage == WF_STORE_CHARS)
            continue;
        if (p->raw_offset != 0)
            set_raw(schema, test->payload, p->name, (int64_t)random_below(4096));
        else if (p->storage == WF_STORE_F32 || p->storage == WF_STORE_F64)
            set_f64(schema, test->payload, p->name,
                    random_below(50) == 0 ? (double)NAN : (double)random_below(1000000) * 0.37 - 5);
        else if (strcmp(p->name, "huge") == 0)
            set_u64(schema, test->payload, p->name,
                    random_below(2) == 0 ? UINT64_MAX - random_below(1000) : random_below(1000));
        else if (strcmp(p->name, "signed") == 0)
            memcpy(test->payload + p->offset, &(int32_t){ (int32_t)random_below(UINT32_MAX) }, 4);
        else
            set_u64(schema, test->payload, p->name, random_below(2));
        if (p->raw_offset != 0 && is_odd)
            set_quality(schema, test->payload, p->name, qualities[random_below(6)]);
    }
}

static void random_histories_are_rolled_up_as_their_rows_say(void **state)
{
    const char *count_text = getenv("WF_TEST_ROLLUP_ROUNDS");
    uint64_t rounds = 1;

    (void)state;
    if (count_text != NULL)
        assert_int_equal(wf_parse_u64(count_text, &rounds, NULL), 0);
    for (uint64_t seed = 1; seed <= rounds; seed++) {
        struct rolling test;
        struct checked checked;
        int64_t now = NOON + 9 * 3600 * WF_NS_PER_S;

        random_state = seed * 0x9e3779b97f4a7c15u;
        begin(&test, seed % 3 == 2 ? newer_text : fast_text);
        for (int i = 0; i < 2000; i++) {
            uint64_t dice = random_below(1000);
            int64_t time_ns = now;

            now += (int64_t)random_below(3 * (uint64_t)WF_NS_PER_S);
            if (dice < 10)
                now += (int64_t)random_below(3600) * WF_NS_PER_S;
            else if (dice < 14)
                again(&test);
            else if (dice < 40)
                tidy(&test, (int64_t)random_below(200) * WF_NS_PER_S);
            else if (dice < 80)
                time_ns -= (int64_t)random_below(20000) * WF_NS_PER_S;
            else if (dice < 90)
                time_ns -= (int64_t)random_below(20) * WF_NS_PER_S;
            else if (dice < 91)
                time_ns += (int64_t)random_below(1000000) * WF_NS_PER_S;
            fill_random(&test);
            write_at(&test, time_ns, now);
            if (dice > 997)
                (void)check_rollups(&test.place, "fast");
        }
        tidy(&test, 100 * WF_NS_PER_S);
        tidy(&test, 100 * WF_NS_PER_S);
        checked = check_rollups(&test.place, "fast");
        assert_true(checked.minutes > 20 && checked.hours > 1);
        again(&test);
        (void)check_rollups(&test.place, "fast");
        end(&test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_minutes_and_hours_are_written_and_the_open_ones_not),
        cmocka_unit_test(a_late_row_makes_exactly_its_buckets_dirty_until_they_are_computed_again),
        cmocka_unit_test(months_and_years_go_to_files_of_their_own),
        cmocka_unit_test(slow_subsystems_have_hours_only),
        cmocka_unit_test(two_schema_versions_share_a_bucket),
        cmocka_unit_test(after_a_restart_rollups_go_on_without_a_hole),
        cmocka_unit_test(a_clock_that_jumps_leaves_only_what_can_be_trusted),
        cmocka_unit_test(rows_inserted_beside_the_live_path_are_rolled_up),
        cmocka_unit_test(rollups_are_made_again_from_rows),
        cmocka_unit_test(rollups_that_cannot_be_written_hold_up_no_row),
        cmocka_unit_test(a_damaged_rollup_file_is_made_again_from_rows),
        cmocka_unit_test(random_histories_are_rolled_up_as_their_rows_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
