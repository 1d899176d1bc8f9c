/* SPDX-License-Identifier: MIT */
/* Kept files: what counts as history by its name; and days of packets that go. */

#include "store_support.h"

#include <watchfloor/store/packet_log.h>

#include "kept_files.h"

static void make_file(const struct tmp_folder *tmp, const char *name, size_t bytes)
{
    char *path = tmp_folder_path(tmp, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    for (size_t i = 0; i < bytes; i++)
        (void)fputc('x', file);
    (void)fclose(file);
    free(path);
}

static bool is_there(const struct tmp_folder *tmp, const char *name)
{
    char *path = tmp_folder_path(tmp, name);
    bool is = access(path, F_OK) == 0;

    free(path);
    return is;
}

static void names_say_what_counts_and_in_which_order(void **state)
{
    /* In the order in which they go; a name without bytes is nobody's. */
    static const struct {
        const char *name;
        uint64_t bytes;
        bool is_aside, is_marked;
    } cases[] = {
        { "2026-11-18.db.deleted", 10, false, true },
        { "2026-11-19.db.damaged-1", 20, true, false },
        { "2026-11-19.db.damaged-12.saved", 30, true, false },
        { "2026-11-19.db.damaged-3.deleted", 40, true, true },
        { "2026-11-19.db.saving", 50, true, false },
        { "2026-11-19.db", 60, false, false },
        { "2026-11-19.2.db.damaged-1", 70, true, false },
        { "2026-11-19.2.db", 80, false, false },
        { "2026-11-20.db", 90, false, false },
        { "2026-11-20.db-shm", 0, false, false },
        { "2026-11-20.db-journal", 0, false, false },
        { "2026-11-20.db.damaged-", 0, false, false },
        { "2026-11-20.db.damaged-x", 0, false, false },
        { "2026-11-20.db.damaged-1.copy", 0, false, false },
        { "2026-11-20.db.bak", 0, false, false },
        { "2026-13-20.db", 0, false, false },
        { "my-2026-11-20.db", 0, false, false },
        { "notes.txt", 0, false, false },
        { ".deleted", 0, false, false },
    };
    struct tmp_folder tmp = tmp_folder_make();
    struct wfs_kept_files files;
    struct wf_err err = { 0 };
    uint64_t sum = 5;

    (void)state;
    for (size_t i = WF_COUNT_OF(cases); i-- > 0;)
        make_file(&tmp, cases[i].name, cases[i].bytes > 0 ? cases[i].bytes : 1000);
    make_file(&tmp, "2026-11-20.db-wal", 5);
    assert_int_equal(wfs_kept_list(tmp.path, WFS_KEPT_DAYS, &files, &err), 0);
    for (size_t i = 0; i < files.count; i++) {
        assert_string_equal(files.list[i].name, cases[i].name);
        assert_int_equal(files.list[i].is_aside, cases[i].is_aside);
        assert_int_equal(files.list[i].is_marked, cases[i].is_marked);
        sum += cases[i].bytes;
    }
    assert_int_equal(files.count, 9);
    assert_int_equal(files.bytes, sum);
    free(files.list);
    tmp_folder_remove(&tmp);
}

static void a_folder_that_is_not_there_has_no_files(void **state)
{
    struct wfs_kept_files files;
    struct wf_err err = { 0 };

    (void)state;
    assert_int_equal(wfs_kept_list("/nowhere/at/all", WFS_KEPT_YEARS, &files, &err), 0);
    assert_int_equal(files.count, 0);
    assert_null(files.list);
}

static void room_is_kept_for_what_comes_until_the_next_look(void **state)
{
    (void)state;
    assert_int_equal(wfs_kept_reserve(0, 1000, 10, 10, 4000), 0); /* nobody looked before */
    assert_int_equal(wfs_kept_reserve(1000, 1500, 0, 10, 4000), 0);
    assert_int_equal(wfs_kept_reserve(1000, 1500, 10, 10, 4000), 500);
    assert_int_equal(wfs_kept_reserve(1000, 1500, 20, 10, 4000), 250);
    assert_int_equal(wfs_kept_reserve(1500, 1000, 10, 10, 4000), 0);
    assert_int_equal(wfs_kept_reserve(1000, 9000, 10, 10, 4000), 1000); /* not all of it */
}

/* --- packets --------------------------------------------------------------------------------- */

struct packets {
    struct place place; /* for its notices */
    struct wf_packet_log *log;
    int64_t now_ns;
};

static void begin(struct packets *test)
{
    struct wf_packet_position position;
    struct wf_packet_log_options options = { .folder = test->place.tmp.path,
                                             .instance = "test",
                                             .notice = keep_notice,
                                             .notice_context = &test->place };
    struct wf_packet_entry entry = { .packet = { .received_ns = test->now_ns, .number = 1 } };
    struct wf_err err = { 0 };

    assert_int_equal(wf_packet_log_create(&options, &test->log, &err), 0);
    assert_int_equal(wf_packet_log_recover(test->log, &position, &err), 0);
    entry.packet.bytes = (const uint8_t *)"packet";
    entry.packet.len = 6;
    entry.packet.listener = entry.packet.source = entry.packet.subsystem = entry.packet.peer = "";
    if (wf_packet_log_write(test->log, &entry, 1, false, &err) != 1)
        fail_msg("write: %s", err.text);
}

static void packets_go_by_age_and_by_bytes_whatever_they_are_called(void **state)
{
    struct packets test = { .place = { .tmp = tmp_folder_make() },
                            .now_ns = NOON + 10 * WF_NS_PER_DAY }; /* 2001-02-13 */
    struct wf_err err = { 0 };

    (void)state;
    begin(&test);
    make_file(&test.place.tmp, "packets/2001-02-08.db", 1000);
    make_file(&test.place.tmp, "packets/2001-02-09.db.damaged-1", 1000000);
    make_file(&test.place.tmp, "packets/2001-02-10.db", 1000000);
    make_file(&test.place.tmp, "packets/2001-02-11.db", 1000);
    make_file(&test.place.tmp, "packets/2001-02-12.db", 1000);
    make_file(&test.place.tmp, "packets/2001-02-13.db.damaged-1", 1000);
    make_file(&test.place.tmp, "packets/2031-01-01.db", 1000);
    assert_int_equal(wf_packet_log_retain(test.log, 4 * WF_NS_PER_DAY, 0, test.now_ns, &err), 1);
    assert_false(is_there(&test.place.tmp, "packets/2001-02-08.db"));
    assert_int_equal(wf_packet_log_retain(test.log, 0, 1800000, test.now_ns, &err), 1);
    assert_false(is_there(&test.place.tmp, "packets/2001-02-09.db.damaged-1"));
    assert_true(is_there(&test.place.tmp, "packets/2001-02-10.db"));
    /* All that can go goes, also what the clock has not come to yet; the rest is told, once. */
    assert_null(strstr(test.place.notices, "allow more"));
    assert_int_equal(wf_packet_log_retain(test.log, 0, 1, test.now_ns, &err), 5);
    assert_int_equal(wf_packet_log_retain(test.log, 0, 1, test.now_ns, &err), 0);
    assert_true(is_there(&test.place.tmp, "packets/2001-02-13.db"));
    assert_false(is_there(&test.place.tmp, "packets/2001-02-13.db.damaged-1"));
    assert_false(is_there(&test.place.tmp, "packets/2031-01-01.db"));
    assert_non_null(strstr(test.place.notices, "allow more"));
    assert_null(strstr(strstr(test.place.notices, "allow more") + 1, "allow more"));
    wf_packet_log_destroy(&test.log);
    tmp_folder_remove(&test.place.tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_say_what_counts_and_in_which_order),
        cmocka_unit_test(a_folder_that_is_not_there_has_no_files),
        cmocka_unit_test(room_is_kept_for_what_comes_until_the_next_look),
        cmocka_unit_test(packets_go_by_age_and_by_bytes_whatever_they_are_called),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
