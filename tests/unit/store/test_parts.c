/* SPDX-License-Identifier: MIT */
/*
 * Days of several files: a reader that sleeps in a transaction is left behind with the file it
 * holds. Its log of changes stays below the cap, nothing is lost or doubled, and every question
 * is answered as it is from one file.
 */

#include "rollup_check.h"

#include <sys/wait.h>
#include <unistd.h>

#include <watchfloor/store/sql.h>

#define S     WF_NS_PER_S
#define CAP   (UINT64_C(512) << 10)
#define BATCH 40
/* What a batch, new tables and the cleaning of rollups may add to it: a few hundred pages. */
#define SLACK (UINT64_C(512) << 10)

static const char text[] = "[subsystem]\nperiod = 1s\n"
                           "[parameter count]\nbits = 32\n"
                           "[parameter volts]\nbits = 12\npolynomial = -10 0.01\nunit = V\n"
                           "[parameter wide]\ntype = float\nbits = 64\n"
                           "[parameter name]\ntype = string\nsize = 100\n";

struct scene {
    struct place place;
    struct wf_schema *schema;
    struct wf_series *series;
    int64_t time_ns, mono_ns;
    uint64_t number;
    uint64_t log_max; /* the longest log of changes that was seen */
};

static void scene_begin(struct scene *scene)
{
    *scene = (struct scene){ .time_ns = NOON - 6 * 3600 * S, .mono_ns = WF_NS_PER_DAY };
    place_make(&scene->place);
    wf_store_limit_log(scene->place.store, CAP);
    scene->schema = schema_of("power.ini", text);
    scene->series = series_of(&scene->place, "main", scene->schema, 1);
}

static void scene_end(struct scene *scene)
{
    place_remove(&scene->place);
    wf_schema_free(&scene->schema);
}

/* The logger ends in order and starts again, in the middle of everything. */
static void scene_again(struct scene *scene)
{
    store_again(&scene->place);
    wf_store_limit_log(scene->place.store, CAP);
    scene->series = series_of(&scene->place, "main", scene->schema, 1);
    assert_int_equal(wf_series_next(scene->series), scene->number);
}

static char *path_of(const struct scene *scene, const char *file, const char *beside)
{
    char name[80];

    (void)snprintf(name, sizeof(name), "raw/%s.db%s", file, beside);
    return tmp_folder_path(&scene->place.tmp, name);
}

static uint64_t bytes_of(const struct scene *scene, const char *file, const char *beside)
{
    char *path = path_of(scene, file, beside);
    struct stat st;
    uint64_t bytes = stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;

    free(path);
    return bytes;
}

static bool is_sealed(const struct scene *scene, const char *file)
{
    char *path = path_of(scene, file, ""), *wal = path_of(scene, file, "-wal");
    struct stat st;
    bool is = stat(path, &st) == 0 && (st.st_mode & S_IWUSR) == 0 && access(wal, F_OK) != 0;

    free(path);
    free(wal);
    return is;
}

static const char *part_name(unsigned part)
{
    static char name[32];

    (void)snprintf(name, sizeof(name), part > 1 ? DAY ".%u" : DAY, part);
    return name;
}

static unsigned parts_of(const struct scene *scene)
{
    unsigned part = 1;

    while (bytes_of(scene, part_name(part + 1), "") > 0)
        part++;
    return part;
}

static void measure_logs(struct scene *scene)
{
    for (unsigned part = 1; part <= parts_of(scene); part++) {
        uint64_t bytes = bytes_of(scene, part_name(part), "-wal");

        if (bytes > scene->log_max)
            scene->log_max = bytes;
    }
}

static void fill_payload(const struct scene *scene, uint8_t *payload, uint64_t number)
{
    char *name =
        (char *)payload + scene->schema->parameters[index_of(scene->schema, "name")].offset;

    set_u64(scene->schema, payload, "count", number);
    set_raw(scene->schema, payload, "volts", (int64_t)(number * 7919 % 4096));
    set_f64(scene->schema, payload, "wide", (double)(number * 31 % 997) / 7);
    (void)snprintf(name, 100, "row %llu of many, with something to fill its page",
                   (unsigned long long)number);
}

/* So many batches; each seventh number is missing, some device times are late. */
static void write_batches(struct scene *scene, size_t batches)
{
    uint8_t *payloads = calloc(BATCH, scene->schema->payload_bytes);

    assert_non_null(payloads);
    for (size_t b = 0; b < batches; b++) {
        struct wf_store_sample samples[BATCH];

        for (size_t i = 0; i < BATCH; i++) {
            uint8_t *payload = payloads + i * scene->schema->payload_bytes;

            fill_payload(scene, payload, scene->number);
            samples[i] =
                sample_of(&scene->place, scene->series, scene->number, scene->time_ns, payload);
            if (scene->number % 211 == 0)
                samples[i].stamp.device_ns -= 1800 * S;
            scene->number += scene->number % 700 == 0 ? 2 : 1;
            scene->time_ns += S;
        }
        write_ok(&scene->place, samples, BATCH);
        measure_logs(scene);
    }
    free(payloads);
}

static void tidy(struct scene *scene, int times)
{
    struct wf_err err = { 0 };

    for (int i = 0; i < times; i++) {
        if (wf_store_tidy(scene->place.store, scene->mono_ns, &err) < 0)
            fail_msg("tidy: %s", err.text);
        scene->mono_ns += S;
    }
}

/* --- somebody who sleeps ------------------------------------------------------------- */

struct sleeper {
    sqlite3 *db;
    int64_t rows;
};

static int64_t ask_number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int64_t number;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    number = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return number;
}

static struct sleeper fall_asleep(const struct scene *scene, unsigned part)
{
    struct sleeper sleeper = { .db = NULL };
    char *path = path_of(scene, part_name(part), "");

    assert_int_equal(sqlite3_open_v2(path, &sleeper.db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    free(path);
    assert_int_equal(sqlite3_exec(sleeper.db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    sleeper.rows = ask_number(sleeper.db, "SELECT count(*) FROM power");
    return sleeper;
}

/* It saw what it saw; then it lets go. */
static void wake_up(struct sleeper *sleeper)
{
    sqlite3_stmt *stmt = NULL;

    assert_int_equal(ask_number(sleeper->db, "SELECT count(*) FROM power"), sleeper->rows);
    assert_int_equal(sqlite3_prepare_v2(sleeper->db, "PRAGMA integrity_check", -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(stmt, 0), "ok");
    (void)sqlite3_finalize(stmt);
    assert_int_equal(sqlite3_exec(sleeper->db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(sleeper->db);
    sleeper->db = NULL;
}

/* --- what history says ------------------------------------------------------------------ */

static int add_row(void *context, const struct wf_value *values, size_t count)
{
    struct wf_strbuf *out = context;

    for (size_t i = 0; i < count; i++) {
        wf_strbuf_add_char(out, '|');
        if (values[i].kind == WF_VALUE_I64)
            wf_strbuf_addf(out, "%lld", (long long)values[i].as.i64);
        else if (values[i].kind == WF_VALUE_F64)
            wf_strbuf_addf(out, "%.12g", values[i].as.f64);
        else if (values[i].kind == WF_VALUE_TEXT)
            wf_strbuf_addf(out, "%.*s", (int)values[i].len, values[i].as.text);
    }
    wf_strbuf_add_char(out, '\n');
    return 0;
}

static int ignore_head(void *context, const char *const *names, size_t count)
{
    (void)context;
    (void)names;
    (void)count;
    return 0;
}

static void ask_history(const struct scene *scene, const char *sql, struct wf_strbuf *out)
{
    struct wf_sql_sink sink = { .context = out, .head = ignore_head, .row = add_row };
    struct wf_history *history = NULL;
    struct wf_sql *shell = NULL;
    struct wf_err err = { 0 };

    wf_strbuf_init(out, 64u << 20);
    assert_int_equal(wf_history_open(scene->place.tmp.path, &history, &err), 0);
    assert_int_equal(wf_sql_open(history, &shell, &err), 0);
    if (wf_sql_run(shell, sql, &sink, 0, &err) < 0)
        fail_msg("%s: %s", sql, err.text);
    wf_sql_close(&shell);
    wf_history_close(&history);
}

static void assert_same_answers(const struct scene *a, const struct scene *b)
{
    static const char *const questions[] = {
        "SELECT * FROM power ORDER BY time, count",
        "SELECT * FROM power WHERE received >= '2001-02-03T07' ORDER BY received DESC LIMIT 700",
        "SELECT time, parameter, min, max, mean, last, last_time, count, bad, quality FROM "
        "power_minute"
        " ORDER BY time, parameter",
        "SELECT time, parameter, min, max, mean, last, last_time, count, bad, quality FROM "
        "power_hour"
        " ORDER BY time, parameter",
        "SELECT * FROM gaps ORDER BY 1, 2, 3, 4, 5, 6",
        "SELECT * FROM subsystems",
    };

    for (size_t i = 0; i < WF_COUNT_OF(questions); i++) {
        struct wf_strbuf x, y;

        ask_history(a, questions[i], &x);
        ask_history(b, questions[i], &y);
        if (strcmp(x.text, y.text) != 0) {
            size_t at = 0;

            while (x.text[at] == y.text[at])
                at++;
            fail_msg("%s: %.120s\nbut in one file %.120s", questions[i],
                     x.text + (at > 60 ? at - 60 : 0), y.text + (at > 60 ? at - 60 : 0));
        }
        assert_true(strlen(x.text) > 8);
        wf_strbuf_fini(&x);
        wf_strbuf_fini(&y);
    }
}

/* --- cases ------------------------------------------------------------------------------- */

static void a_sleeper_is_left_with_its_file_and_the_log_stays_below_its_cap(void **state)
{
    struct scene scene, plain;
    struct sleeper sleeper;

    (void)state;
    scene_begin(&scene);
    scene_begin(&plain);
    write_batches(&scene, 20);
    write_batches(&plain, 20);
    sleeper = fall_asleep(&scene, 1);
    for (int i = 0; i < 12; i++) {
        write_batches(&scene, 10);
        write_batches(&plain, 10);
        tidy(&scene, 20);
        tidy(&plain, 20);
    }
    assert_int_equal(parts_of(&scene), 2);
    assert_int_equal(parts_of(&plain), 1);
    assert_true(scene.log_max > CAP / 2 && scene.log_max < CAP + SLACK);
    assert_non_null(strstr(scene.place.notices, "has held a snapshot"));
    assert_non_null(strstr(scene.place.notices, "rows go on in " DAY ".2.db"));
    assert_false(is_sealed(&scene, DAY));
    assert_same_answers(&scene, &plain);

    wake_up(&sleeper);
    tidy(&scene, 400);
    assert_true(is_sealed(&scene, DAY));
    assert_non_null(strstr(scene.place.notices, DAY ".db is held by nobody any more"));
    tidy(&plain, 400);
    assert_same_answers(&scene, &plain);
    assert_true(check_rollups(&scene.place, "power").minutes > 60);
    write_batches(&scene, 3);
    write_batches(&plain, 3);
    assert_same_answers(&scene, &plain);
    scene_end(&scene);
    scene_end(&plain);
}

static void sleepers_one_after_the_other_each_keep_what_they_saw(void **state)
{
    struct scene scene, plain;
    struct sleeper sleepers[5];

    (void)state;
    scene_begin(&scene);
    scene_begin(&plain);
    for (unsigned i = 0; i < WF_COUNT_OF(sleepers); i++) {
        write_batches(&scene, 4);
        assert_int_equal(parts_of(&scene), i + 1);
        sleepers[i] = fall_asleep(&scene, i + 1);
        if (i == 2)
            scene_again(&scene);
        while (parts_of(&scene) == i + 1) {
            assert_true(scene.number < 200000);
            write_batches(&scene, 1);
            tidy(&scene, 2);
        }
    }
    assert_true(scene.log_max < CAP + SLACK);
    /* Not in the order in which they came; a restart in between. */
    wake_up(&sleepers[3]);
    wake_up(&sleepers[0]);
    scene_again(&scene);
    tidy(&scene, 800);
    assert_true(is_sealed(&scene, DAY) && is_sealed(&scene, part_name(4)));
    assert_false(is_sealed(&scene, part_name(2)) || is_sealed(&scene, part_name(3)));
    write_batches(&scene, 2);
    wake_up(&sleepers[1]);
    wake_up(&sleepers[2]);
    wake_up(&sleepers[4]);
    tidy(&scene, 800);
    for (unsigned part = 1; part <= 5; part++)
        assert_true(is_sealed(&scene, part_name(part)));
    while (plain.number < scene.number)
        write_batches(&plain, 1);
    tidy(&plain, 800);
    assert_same_answers(&scene, &plain);
    (void)check_rollups(&scene.place, "power");
    scene_end(&scene);
    scene_end(&plain);
}

static void readers_that_come_and_go_make_no_parts(void **state)
{
    struct scene scene;

    (void)state;
    scene_begin(&scene);
    write_batches(&scene, 5);
    for (int i = 0; i < 60; i++) {
        struct sleeper sleeper = fall_asleep(&scene, 1);

        write_batches(&scene, 2);
        wake_up(&sleeper);
        tidy(&scene, 1);
    }
    assert_int_equal(parts_of(&scene), 1);
    assert_true(scene.log_max < CAP + SLACK);
    scene_end(&scene);
}

/* Its pid and its name are those of another process. */
static void the_notice_says_who_holds_the_file(void **state)
{
    struct scene scene;
    int up[2], down[2];
    char byte = 0, wanted[64];
    pid_t child;

    (void)state;
    scene_begin(&scene);
    write_batches(&scene, 5);
    assert_int_equal(pipe(up) + pipe(down), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(down[1]);
        (void)fall_asleep(&scene, 1);
        (void)!write(up[1], &byte, 1);
        (void)!read(down[0], &byte, 1); /* until its other end is closed */
        _exit(0);
    }
    (void)close(down[0]);
    assert_int_equal(read(up[0], &byte, 1), 1);
    while (parts_of(&scene) == 1) {
        assert_true(scene.number < 100000);
        write_batches(&scene, 1);
        tidy(&scene, 1);
    }
    (void)snprintf(wanted, sizeof(wanted), "(pid %d) has held a snapshot", (int)child);
    if (access("/proc/locks", R_OK) == 0 && strstr(scene.place.notices, wanted) == NULL)
        fail_msg("no '%s' in: %s", wanted, scene.place.notices);
    (void)close(down[1]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(up[0]);
    (void)close(up[1]);
    tidy(&scene, 100);
    assert_true(is_sealed(&scene, DAY));
    scene_end(&scene);
}

/* Beyond the last part that there may be nothing is lost: the log grows, and that is told. */
static void after_the_last_part_the_log_grows(void **state)
{
    struct scene scene;
    struct sleeper sleeper;

    (void)state;
    scene_begin(&scene);
    write_batches(&scene, 1);
    tmp_folder_write(&scene.place.tmp, "raw/" DAY ".99.db", "");
    scene_again(&scene);
    write_batches(&scene, 1);
    sleeper = fall_asleep(&scene, 99);
    write_batches(&scene, 60);
    assert_true(bytes_of(&scene, part_name(99), "-wal") > CAP);
    assert_non_null(strstr(scene.place.notices, "a day has 99 parts at most"));
    wake_up(&sleeper);
    {
        struct wf_strbuf answer;

        ask_history(&scene, "SELECT count(*) FROM power", &answer);
        assert_string_equal(answer.text, "|2480\n");
        wf_strbuf_fini(&answer);
    }
    scene_end(&scene);
}

static void insert(struct scene *scene, struct wf_series *series, uint64_t from, uint64_t to,
                   int64_t begin_ns, const struct wf_schema *old, uint64_t *out_rows,
                   uint64_t *out_others)
{
    uint8_t *payload = payload_make(wf_series_schema(series));
    struct wf_store_inserted inserted = { 0 };
    struct wf_store_replaced replaced = { 0 };
    struct wf_err err = { 0 };

    for (uint64_t n = from; n < to; n++) {
        struct wf_store_sample sample =
            sample_of(&scene->place, series, n, begin_ns + (int64_t)n * S, payload);
        const struct wf_store_sample *list[] = { &sample };
        int rc;

        sample.stamp.order = n;
        sample.stamp.epoch = EPOCH + 1;
        rc = old != NULL
                 ? wf_store_replace(scene->place.store, series, old, 1, list, 1, &replaced, &err)
                 : wf_store_insert(scene->place.store, series, 1, list, 1, &inserted, &err);
        if (rc < 0)
            fail_msg("insert: %s", err.text);
    }
    free(payload);
    *out_rows = inserted.rows + replaced.rows;
    *out_others = inserted.duplicates + replaced.missing;
}

static void rows_are_found_in_whichever_part_has_them(void **state)
{
    struct scene scene;
    struct wf_schema *newer = schema_of("power.ini", "[subsystem]\nperiod = 2s\n"
                                                     "[parameter count]\nbits = 32\n");
    struct wf_series *imported, *redone;
    struct sleeper sleeper;
    struct wf_strbuf answer;
    uint64_t rows, others;

    (void)state;
    scene_begin(&scene);
    imported = series_of(&scene.place, "other", scene.schema, 0);
    redone = series_of(&scene.place, "other", newer, 0);
    insert(&scene, imported, 0, 30, NOON, NULL, &rows, &others);
    assert_int_equal(rows, 30);
    write_batches(&scene, 1);
    sleeper = fall_asleep(&scene, 1);
    while (parts_of(&scene) == 1)
        write_batches(&scene, 1);
    /* Twenty that are in the first part, ten that are new. */
    insert(&scene, imported, 10, 40, NOON, NULL, &rows, &others);
    assert_int_equal(rows, 10);
    assert_int_equal(others, 20);
    wake_up(&sleeper);
    /* Of both parts, and five that are in none. */
    insert(&scene, redone, 25, 45, NOON, scene.schema, &rows, &others);
    assert_int_equal(rows, 15);
    assert_int_equal(others, 5);
    ask_history(&scene, "SELECT count(*), count(wide) FROM power WHERE source = 'other'", &answer);
    assert_string_equal(answer.text, "|40|25\n");
    wf_strbuf_fini(&answer);
    scene_end(&scene);
    wf_schema_free(&newer);
}

static void parts_are_deleted_oldest_first_and_recorded(void **state)
{
    const struct wf_store_retention keep = { .bytes_max = { 1 } };
    struct scene scene;
    struct sleeper sleeper;
    struct wf_strbuf answer;
    char wanted[80];

    (void)state;
    scene_begin(&scene);
    write_batches(&scene, 2);
    sleeper = fall_asleep(&scene, 1);
    while (parts_of(&scene) == 1)
        write_batches(&scene, 1);
    wake_up(&sleeper);
    tidy(&scene, 20);
    assert_true(is_sealed(&scene, DAY));
    (void)snprintf(wanted, sizeof(wanted), "raw|" DAY ".db|%s",
                   ask(&scene.place, DAY, "SELECT sum(rows) FROM _positions"));
    /* What is written stays, however small the limit is. */
    wf_store_keep(scene.place.store, &keep);
    tidy(&scene, 20);
    assert_int_equal(bytes_of(&scene, DAY, ""), 0);
    assert_true(bytes_of(&scene, part_name(2), "") > 0);
    assert_string_equal(ask(&scene.place, DAY ".2", "SELECT tier, file, rows FROM deleted"),
                        wanted);
    /* Every number that was published is a row, or lost in a gap. */
    (void)snprintf(wanted, sizeof(wanted), "%llu\n", (unsigned long long)scene.number);
    assert_string_equal(ask(&scene.place, DAY ".2",
                            "SELECT sum(lost) + (SELECT sum(rows) FROM _positions) FROM _gaps"),
                        wanted);
    /* Rows go on there, also in another life. */
    scene_again(&scene);
    wf_store_keep(scene.place.store, &keep);
    write_batches(&scene, 2);
    assert_int_equal(bytes_of(&scene, DAY, ""), 0);
    ask_history(&scene, "SELECT max(count) FROM power", &answer);
    (void)snprintf(wanted, sizeof(wanted), "|%llu\n", (unsigned long long)scene.number - 1);
    assert_string_equal(answer.text, wanted);
    wf_strbuf_fini(&answer);
    scene_end(&scene);
}

/* Raw rows serve as long as somebody holds a rollup file, and it is caught up with afterwards. */
static void rollups_wait_for_who_holds_them(void **state)
{
    struct scene scene, plain;
    char *path, *wal;
    sqlite3 *db = NULL;
    struct stat st;
    int64_t until_ns;

    (void)state;
    scene_begin(&scene);
    scene_begin(&plain);
    wf_store_limit_log(scene.place.store, 64 << 10);
    write_batches(&scene, 110);
    tidy(&scene, 150);
    path = tmp_folder_path(&scene.place.tmp, "minute/2001-02.db");
    wal = tmp_folder_path(&scene.place.tmp, "minute/2001-02.db-wal");
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM _buckets", NULL, NULL, NULL),
                     SQLITE_OK);
    for (int i = 0; i < 6; i++) {
        write_batches(&scene, 100);
        tidy(&scene, 150);
        assert_int_equal(stat(wal, &st), 0);
        assert_true(st.st_size < (64 << 10) + (128 << 10));
    }
    if (strstr(scene.place.notices, "minute/2001-02.db: a reader") == NULL)
        fail_msg("not told: %s", scene.place.notices);
    while (plain.number < scene.number)
        write_batches(&plain, 1);
    assert_same_answers(&scene, &plain);
    (void)sqlite3_close(db);
    until_ns = wf_mono_now_ns() + 60 * S;
    while (strstr(scene.place.notices, "rollups are written again") == NULL) {
        assert_true(wf_mono_now_ns() < until_ns);
        write_batches(&scene, 1);
        write_batches(&plain, 1);
        tidy(&scene, 20);
    }
    tidy(&scene, 400);
    assert_true(check_rollups(&scene.place, "power").hours >= 5);
    assert_same_answers(&scene, &plain);
    free(path);
    free(wal);
    scene_end(&scene);
    scene_end(&plain);
}

static void a_file_is_called_by_its_key(void **state)
{
    static const struct {
        const char *name;
        bool is_file;
        unsigned part;
    } cases[] = {
        { DAY ".db", true, 1 },        { DAY ".2.db", true, 2 },
        { DAY ".99.db", true, 99 },    { DAY ".1.db", false, 0 },
        { DAY ".0.db", false, 0 },     { DAY ".02.db", false, 0 },
        { DAY ".100.db", false, 0 },   { DAY ".x.db", false, 0 },
        { DAY "..db", false, 0 },      { DAY ".-2.db", false, 0 },
        { "2001-02-30.db", false, 0 }, { DAY ".2.db-wal", false, 0 },
        { ".db", false, 0 },           { "", false, 0 },
        { DAY ".2.DB", false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        int64_t key = 0;
        char again[16], name[24];

        if (wfs_file_parse(cases[i].name, &key) != cases[i].is_file)
            fail_msg("%s", cases[i].name);
        if (!cases[i].is_file)
            continue;
        assert_int_equal(wfs_file_part(key), cases[i].part);
        assert_int_equal(wfs_file_day(key), NOON - WF_NS_PER_DAY / 2);
        wfs_file_text(key, again);
        (void)snprintf(name, sizeof(name), "%s.db", again);
        assert_string_equal(name, cases[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_called_by_its_key),
        cmocka_unit_test(a_sleeper_is_left_with_its_file_and_the_log_stays_below_its_cap),
        cmocka_unit_test(sleepers_one_after_the_other_each_keep_what_they_saw),
        cmocka_unit_test(readers_that_come_and_go_make_no_parts),
        cmocka_unit_test(the_notice_says_who_holds_the_file),
        cmocka_unit_test(after_the_last_part_the_log_grows),
        cmocka_unit_test(rows_are_found_in_whichever_part_has_them),
        cmocka_unit_test(parts_are_deleted_oldest_first_and_recorded),
        cmocka_unit_test(rollups_wait_for_who_holds_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
