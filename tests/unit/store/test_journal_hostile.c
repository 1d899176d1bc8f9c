/* SPDX-License-Identifier: MIT */
/* Journals that are damaged, forged, full, removed, or whose writer is killed. WF_TEST_KILLS: how often. */

#include "journal_support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static bool is_there(const struct journal_place *place, const char *name)
{
    char *path = tmp_folder_path(&place->tmp, name);
    bool is = access(path, F_OK) == 0;

    free(path);
    return is;
}

static void rename_in(const struct journal_place *place, const char *from, const char *to)
{
    char *a = tmp_folder_path(&place->tmp, from), *b = tmp_folder_path(&place->tmp, to);

    assert_int_equal(rename(a, b), 0);
    free(a);
    free(b);
}

static void remove_in(const struct journal_place *place, const char *name)
{
    char *path = tmp_folder_path(&place->tmp, name);

    assert_int_equal(unlink(path), 0);
    free(path);
}

static off_t size_in(const struct journal_place *place, const char *name)
{
    char *path = tmp_folder_path(&place->tmp, name);
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    free(path);
    return status.st_size;
}

/* Overwrite `count` random places of the file with random bytes. */
static void spoil_bytes(const struct journal_place *place, const char *name, int count,
                        uint64_t *random)
{
    char *path = tmp_folder_path(&place->tmp, name);
    off_t size = size_in(place, name);
    int fd = open(path, O_WRONLY);

    assert_true(fd >= 0 && size > 0);
    for (int i = 0; i < count; i++) {
        unsigned char byte = (unsigned char)next_random(random);

        assert_int_equal(pwrite(fd, &byte, 1, (off_t)(next_random(random) % (uint64_t)size)), 1);
    }
    (void)close(fd);
    free(path);
}

static struct journal_place closed_journal(size_t entries)
{
    struct journal_place place = journal_make();
    struct wf_journal_entry limits = { .kind = WF_JOURNAL_LIMITS, .utc_ns = NOON, .alarm = BUS };

    assert_int_equal(append_many(&place, 1, entries, NULL), 0);
    assert_int_equal(wf_journal_limits_set(place.journal, BUS, "{\"hi\":35}", &limits, NULL), 0);
    (void)wf_journal_attach(place.journal, 1, "samples", "{}", 2, NULL);
    wf_journal_close(&place.journal);
    return place;
}

/* It can be written and read, and gives no number twice. */
static void assert_usable(struct journal_place *place, uint64_t last_id)
{
    uint64_t seq = wf_journal_last_seq(place->journal) + 1;
    struct wf_journal_entry entry = transition(seq, BUS, "RTN", "ACTIVE_UNACK", "RTN_UNACK");
    struct wf_journal_reader *reader;
    struct listed listed = { 0 };

    append_one(place, &entry);
    if (place->note[0] != '\0') {
        assert_true(entry.id > last_id);
        assert_true(is_there(place, "main.db.damaged-1"));
        assert_non_null(strstr(place->note, ".damaged-"));
    }
    reader = reader_of(place);
    assert_int_equal(
        wf_journal_each(reader, &(struct wf_journal_query){ 0 }, list_entry, &listed, NULL), 0);
    assert_true(listed.count >= 1);
    wf_journal_reader_close(&reader);
}

static void bytes_that_changed_on_the_disk_end_no_monitor(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct journal_place place = closed_journal(300);
        uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15);
        struct wf_err err = { 0 };
        int rc;

        spoil_bytes(&place, "main.db", 1 << (seed % 8), &random);
        rc = journal_try_open(&place, &err);
        /* One that says it is of another release is left alone; all others go on. */
        if (rc < 0 && rc != WF_ERR_VERSION)
            fail_msg("seed %d: %s", (int)seed, err.text);
        if (rc == 0)
            assert_usable(&place, 301);
        journal_remove(&place);
    }
}

static void readers_of_spoilt_files_get_an_error_or_entries(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct journal_place place = closed_journal(300);
        uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15) + 5;
        struct wf_journal_reader *reader = NULL;
        struct listed listed = { 0 };
        void *blob = NULL;
        size_t bytes;

        spoil_bytes(&place, "main.db", 4 << (seed % 8), &random);
        if (wf_journal_read(place.tmp.path, "main", &reader, NULL) == 0) {
            (void)wf_journal_each(reader, &(struct wf_journal_query){ 0 }, list_entry, &listed,
                                  NULL);
            if (wf_journal_attached(reader, 1, "samples", &blob, &bytes, NULL) == 0)
                free(blob);
        }
        wf_journal_reader_close(&reader);
        journal_remove(&place);
    }
}

static void a_file_cut_short_is_replaced(void **state)
{
    (void)state;
    for (int part = 0; part < 10; part++) {
        struct journal_place place = closed_journal(500);
        char *path = tmp_folder_path(&place.tmp, "main.db");

        assert_int_equal(truncate(path, size_in(&place, "main.db") * part / 10), 0);
        journal_begin(&place);
        assert_usable(&place, part == 0 ? 0 : 501);
        free(path);
        journal_remove(&place);
    }
}

static void what_lies_on_both_sides_of_the_damage_is_carried_over(void **state)
{
    struct journal_place place = closed_journal(3000);
    char *path = tmp_folder_path(&place.tmp, "main.db");
    int fd = open(path, O_WRONLY);
    char text[64], zeros[8192] = { 0 };
    uint64_t count = 0;
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = NULL;
    int64_t page = 0;

    (void)state;
    /* A page in the middle of the entries. */
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db,
                           "SELECT pageno FROM dbstat WHERE name = '_entries' AND"
                           " pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 60",
                           -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        page = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    if (page == 0) /* a library without dbstat: about the middle of the file */
        page = size_in(&place, "main.db") / 4096 / 2;
    assert_int_equal(pwrite(fd, zeros, 4096, (off_t)((page - 1) * 4096)), 4096);
    (void)close(fd);

    journal_begin(&place);
    assert_non_null(strstr(place.note, "damaged"));
    ask_sql(&place, "SELECT count(*) FROM transitions", text, sizeof(text));
    assert_int_equal(wf_parse_u64(text, &count, NULL), 0);
    assert_true(count > 2900 && count < 3000);
    assert_sql(&place, "SELECT min(seq) || ' ' || max(seq) FROM transitions", "1 3000");
    assert_sql(&place, "SELECT group_concat(seq) FROM alarms", "2999,3000");
    assert_sql(&place, "SELECT limits FROM limits", "{\"hi\":35}");
    assert_true(wf_journal_last_seq(place.journal) > 3000);
    assert_usable(&place, 3001);
    journal_again(&place); /* the new one is whole */
    assert_string_equal(place.note, "");
    free(path);
    journal_remove(&place);
}

static void what_is_no_database_is_set_aside(void **state)
{
    struct journal_place place = { .tmp = tmp_folder_make() };
    char text[8193];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int i = 1; i <= 3; i++) {
        tmp_folder_write(&place.tmp, "main.db", text);
        journal_begin(&place);
        assert_non_null(strstr(place.note, "damaged"));
        assert_usable(&place, 0);
        wf_journal_close(&place.journal);
        if (i == 3)
            assert_true(is_there(&place, "main.db.damaged-3"));
        remove_in(&place, "main.db");
    }
    journal_remove(&place);
}

static void somebody_elses_database_is_left_alone(void **state)
{
    struct journal_place place = { .tmp = tmp_folder_make() };
    struct wf_err err = { 0 };

    (void)state;
    spoil_sql(&place, "CREATE TABLE precious (x); INSERT INTO precious VALUES (1)");
    assert_int_equal(journal_try_open(&place, &err), WF_ERR_VERSION);
    assert_non_null(strstr(err.text, "not an alarm journal"));
    assert_sql(&place, "SELECT x FROM precious", "1");
    journal_remove(&place);
}

static void forged_tables_are_not_believed(void **state)
{
    static const char *const forgeries[] = {
        "CREATE TRIGGER t AFTER INSERT ON _entries BEGIN DELETE FROM _alarms; END",
        ("ALTER TABLE _entries RENAME TO e; CREATE VIEW _entries AS"
         " WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT x AS id FROM r"),
        "DROP TABLE _alarms",
        "ALTER TABLE _entries ADD COLUMN more",
        "DROP INDEX _entries_by_seq",
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(forgeries); i++) {
        struct journal_place place = closed_journal(20);
        struct wf_journal_reader *reader = NULL;

        spoil_sql(&place, forgeries[i]);
        assert_int_equal(wf_journal_read(place.tmp.path, "main", &reader, NULL), WF_ERR_CORRUPT);
        journal_begin(&place);
        assert_non_null(strstr(place.note, "damaged"));
        assert_usable(&place, 21);
        journal_remove(&place);
    }
}

static void views_that_somebody_changed_are_made_anew(void **state)
{
    struct journal_place place = closed_journal(4);

    (void)state;
    spoil_sql(&place,
              "DROP VIEW alarms; DROP VIEW transitions;"
              "CREATE VIEW transitions AS SELECT 1 AS x; CREATE VIEW mine AS SELECT 2 AS x");
    journal_begin(&place);
    assert_string_equal(place.note, "");
    assert_sql(&place, "SELECT count(*) FROM alarms", "2");
    assert_sql(&place, "SELECT count(*) FROM transitions", "4");
    assert_sql(&place, "SELECT x FROM mine", "2");
    journal_remove(&place);
}

static void values_of_the_wrong_kind_are_left_out_or_read_as_nothing(void **state)
{
    struct journal_place place = closed_journal(10);
    struct wf_journal_reader *reader;
    struct listed listed = { 0 };

    (void)state;
    spoil_sql(&place, "UPDATE _entries SET kind = 77 WHERE seq = 1;"
                      "UPDATE _entries SET kind = 'x' WHERE seq = 2;"
                      "UPDATE _entries SET severity = 'bad', marks = 4711, value = 'text',"
                      " event = x'00ff', user = 5, seq = NULL WHERE seq = 3;"
                      "UPDATE _entries SET alarm = 999 WHERE seq = 4;"
                      "UPDATE _entries SET utc_ns = 'soon' WHERE seq = 5;"
                      "UPDATE _alarms SET newest = 12345, raised = 'x'");
    reader = reader_of(&place);
    assert_int_equal(
        wf_journal_each(reader, &(struct wf_journal_query){ 0 }, list_entry, &listed, NULL), 0);
    assert_string_equal(listed.text, "2 0 4 5 6 7 8 9 10 #11");
    wf_journal_reader_close(&reader);
    journal_begin(&place);
    journal_remove(&place);
}

static void a_replacement_that_was_cut_short_goes_on(void **state)
{
    struct journal_place place = closed_journal(10);

    (void)state;
    /* Killed when the new one was whole and nothing renamed yet. */
    rename_in(&place, "main.db", "main.db.ready");
    if (is_there(&place, "main.db-wal"))
        remove_in(&place, "main.db-wal");
    tmp_folder_write(&place.tmp, "main.db", "the damaged one");
    tmp_folder_write(&place.tmp, "main.db-wal", "its log");
    journal_begin(&place);
    assert_sql(&place, "SELECT count(*) FROM transitions", "10");
    assert_true(is_there(&place, "main.db.damaged-1"));
    assert_true(is_there(&place, "main.db.damaged-1-wal"));
    wf_journal_close(&place.journal);

    /* Killed between the two renames of the old one. */
    rename_in(&place, "main.db", "main.db.ready");
    if (is_there(&place, "main.db-wal"))
        remove_in(&place, "main.db-wal");
    tmp_folder_write(&place.tmp, "main.db.salvage", "half of something");
    journal_begin(&place);
    assert_sql(&place, "SELECT count(*) FROM transitions", "10");
    assert_false(is_there(&place, "main.db.salvage"));
    journal_remove(&place);
}

static void a_file_removed_while_in_use_comes_back_whole(void **state)
{
    struct journal_place place = journal_make();

    (void)state;
    assert_int_equal(append_many(&place, 1, 50, NULL), 0);
    remove_in(&place, "main.db");
    assert_int_equal(append_many(&place, 51, 50, NULL), 0);
    assert_sql(&place, "SELECT count(*) || ' ' || max(id) FROM transitions", "100 100");
    /* Only its name was taken away; and another file put there. */
    rename_in(&place, "main.db", "elsewhere.db");
    tmp_folder_write(&place.tmp, "main.db", "something else");
    assert_int_equal(append_many(&place, 101, 50, NULL), 0);
    assert_sql(&place, "SELECT count(*) || ' ' || max(id) FROM transitions", "150 150");
    assert_true(is_there(&place, "main.db.damaged-1"));
    journal_again(&place);
    assert_string_equal(place.note, "");
    assert_int_equal(wf_journal_last_seq(place.journal), 150);
    journal_remove(&place);
}

/* --- in a process of its own --------------------------------------------------------------- */

/* Batches of 1..20 for ever; each is told of when it is committed. */
static void append_for_ever(struct journal_place *place, int report_fd, uint64_t random)
{
    for (;;) {
        uint64_t first = wf_journal_last_seq(place->journal) + 1;
        size_t count = 1 + next_random(&random) % 20;
        uint64_t last = first + count - 1;

        if (append_many(place, first, count, NULL) < 0 ||
            write(report_fd, &last, sizeof(last)) != (ssize_t)sizeof(last))
            _exit(1);
    }
}

static void nothing_told_of_is_lost_by_a_kill(void **state)
{
    const char *kills_text = getenv("WF_TEST_KILLS");
    uint64_t kills = 25, random = 88172645463325252u;
    struct journal_place place = journal_make();
    uint64_t told = 0;

    (void)state;
    if (kills_text != NULL)
        assert_int_equal(wf_parse_u64(kills_text, &kills, NULL), 0);
    wf_journal_close(&place.journal);
    for (uint64_t i = 0; i < kills; i++) {
        struct timespec nap = { .tv_nsec = (long)(next_random(&random) % 20000000) };
        int pipe_fds[2], status;
        uint64_t last;
        char want[64];
        pid_t pid;

        assert_int_equal(pipe(pipe_fds), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            (void)close(pipe_fds[0]);
            if (journal_try_open(&place, NULL) < 0 || place.note[0] != '\0')
                _exit(2);
            append_for_ever(&place, pipe_fds[1], random);
        }
        (void)close(pipe_fds[1]);
        /* Let it commit something, and then a random while. */
        assert_int_equal(read(pipe_fds[0], &last, sizeof(last)), sizeof(last));
        told = last;
        (void)nanosleep(&nap, NULL);
        (void)kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        while (read(pipe_fds[0], &last, sizeof(last)) == (ssize_t)sizeof(last))
            told = last;
        (void)close(pipe_fds[0]);

        journal_begin(&place);
        assert_string_equal(place.note, "");
        assert_true(wf_journal_last_seq(place.journal) >= told);
        assert_true(wf_journal_last_seq(place.journal) <= told + 20);
        (void)snprintf(want, sizeof(want), "%llu",
                       (unsigned long long)wf_journal_last_seq(place.journal));
        assert_sql(&place, "SELECT count(DISTINCT seq) FROM transitions", want);
        assert_sql(&place, "SELECT max(id) FROM entries", want);
        wf_journal_close(&place.journal);
    }
    journal_remove(&place);
}

static bool is_whole(struct journal_place *place, uint64_t seqs)
{
    char want[64], got[64];

    (void)snprintf(want, sizeof(want), "%llu %llu", (unsigned long long)seqs,
                   (unsigned long long)seqs);
    ask_sql(place, "SELECT count(*) || ' ' || count(DISTINCT seq) FROM transitions", got,
            sizeof(got));
    return strcmp(want, got) == 0;
}

/* The limit on file sizes stands for a full disk: what is written comes with the same errors. */
static int fill_the_disk(struct journal_place *place)
{
    struct rlimit limit, small;
    uint64_t seq = 1;
    int refused = 0;

    (void)signal(SIGXFSZ, SIG_IGN);
    if (journal_try_open(place, NULL) < 0 || getrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 10;
    small = limit;
    for (int round = 0; round < 5; round++) {
        small.rlim_cur = (rlim_t)(200000 * (round + 1));
        if (setrlimit(RLIMIT_FSIZE, &small) != 0)
            return 11;
        for (int i = 0; i < 200 && refused <= round; i++) {
            int rc = append_many(place, seq, 50, NULL);

            if (rc == 0)
                seq += 50;
            else if (rc == WF_ERR_NOSPACE || rc == WF_ERR_SYSTEM)
                refused++;
            else
                return 12;
        }
        for (int i = 0; i < 3; i++) { /* tries again, in vain; or a checkpoint made room */
            if (append_many(place, seq, 50, NULL) == 0)
                seq += 50;
        }
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
            return 13;
        if (append_many(place, seq, 50, NULL) != 0)
            return 14;
        seq += 50;
        if (!is_whole(place, seq - 1))
            return 15;
    }
    return refused >= 3 ? 0 : 16;
}

static void a_full_disk_loses_nothing_and_goes_on(void **state)
{
    struct journal_place place = { .tmp = tmp_folder_make() };
    int status;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(fill_the_disk(&place));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    journal_begin(&place);
    assert_string_equal(place.note, "");
    journal_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_that_changed_on_the_disk_end_no_monitor),
        cmocka_unit_test(readers_of_spoilt_files_get_an_error_or_entries),
        cmocka_unit_test(a_file_cut_short_is_replaced),
        cmocka_unit_test(what_lies_on_both_sides_of_the_damage_is_carried_over),
        cmocka_unit_test(what_is_no_database_is_set_aside),
        cmocka_unit_test(somebody_elses_database_is_left_alone),
        cmocka_unit_test(forged_tables_are_not_believed),
        cmocka_unit_test(views_that_somebody_changed_are_made_anew),
        cmocka_unit_test(values_of_the_wrong_kind_are_left_out_or_read_as_nothing),
        cmocka_unit_test(a_replacement_that_was_cut_short_goes_on),
        cmocka_unit_test(a_file_removed_while_in_use_comes_back_whole),
        cmocka_unit_test(nothing_told_of_is_lost_by_a_kill),
        cmocka_unit_test(a_full_disk_loses_nothing_and_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
