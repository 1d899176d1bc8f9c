/* SPDX-License-Identifier: MIT */
/* Limits of bytes: the oldest files go, whatever they are called; what cannot be held is told. */

#include "keeping.h"

#include <sys/stat.h>

/* A hundred rows more of that day, the n-th time. */
static void write_more(struct keeping *test, int days_ago, int n)
{
    struct wf_store_sample samples[100];

    for (size_t i = 0; i < WF_COUNT_OF(samples); i++)
        samples[i] = sample_of(&test->place, test->series, test->number++,
                               test->today_ns - days_ago * WF_NS_PER_DAY +
                                   (int64_t)(n * 100 + (int)i) * 100 * WF_NS_PER_MS,
                               test->payload);
    write_ok(&test->place, samples, WF_COUNT_OF(samples));
}

static uint64_t bytes_of(const struct keeping *test, const char *tier)
{
    char path[700], name[1000];
    struct dirent *entry;
    struct stat st;
    uint64_t sum = 0;
    DIR *dir;

    (void)snprintf(path, sizeof(path), "%s/%s", test->place.tmp.path, tier);
    dir = opendir(path);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        (void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        if (strstr(name, "-shm") == NULL && stat(name, &st) == 0 && S_ISREG(st.st_mode))
            sum += (uint64_t)st.st_size;
    }
    (void)closedir(dir);
    return sum;
}

static int count_notices(const struct keeping *test, const char *text)
{
    const char *at = test->place.notices;
    int count = 0;

    while ((at = strstr(at, text)) != NULL) {
        count++;
        at++;
    }
    return count;
}

static void the_oldest_go_when_there_are_too_many_bytes(void **state)
{
    struct keeping test;
    struct wf_store_retention keep = { .bytes_max = { 400 * 1024 } };
    struct wf_store_figures figures;

    (void)state;
    begin(&test);
    for (int days = 9; days >= 0; days--)
        write_day(&test, days);
    wf_store_keep(test.place.store, &keep);
    tidy(&test);
    assert_true(is_there(&test, 0) && is_there(&test, 1));
    assert_false(is_there(&test, 9) || is_there(&test, 8));
    wf_store_figures(test.place.store, &figures);
    assert_true(figures.files_deleted >= 2);
    end(&test);
}

static void a_limit_below_what_is_being_written_is_told_once(void **state)
{
    struct keeping test;
    struct wf_store_retention keep = { .bytes_max = { 1 } };

    (void)state;
    begin(&test);
    for (int days = 3; days >= 0; days--)
        write_day(&test, days);
    wf_store_keep(test.place.store, &keep);
    tidy(&test);
    assert_true(is_there(&test, 0));
    assert_false(is_there(&test, 3));
    assert_int_equal(count_notices(&test, "allow more, or record less"), 1);
    tidy(&test);
    assert_int_equal(count_notices(&test, "allow more, or record less"), 1);
    keep.bytes_max[0] = 1u << 30;
    wf_store_keep(test.place.store, &keep);
    tidy(&test);
    keep.bytes_max[0] = 1;
    wf_store_keep(test.place.store, &keep);
    tidy(&test);
    assert_int_equal(count_notices(&test, "allow more, or record less"), 2);
    end(&test);
}

static void lay_down(const struct keeping *test, int days_ago, const char *behind, size_t bytes)
{
    struct wf_civil civil;
    char name[80];
    char *path;
    FILE *file;

    wf_civil_from_utc(test->today_ns - days_ago * WF_NS_PER_DAY, &civil);
    (void)snprintf(name, sizeof(name), "raw/%04d-%02d-%02d.db%s", civil.year, civil.month,
                   civil.day, behind);
    path = tmp_folder_path(&test->place.tmp, name);
    file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < bytes; i++)
        (void)fputc('x', file);
    (void)fclose(file);
    free(path);
}

static void what_was_set_aside_counts_and_goes_with_its_date(void **state)
{
    struct keeping test;
    struct wf_store_retention keep = { .bytes_max = { 4u << 20 } };

    (void)state;
    begin(&test);
    for (int days = 3; days >= 0; days--)
        write_day(&test, days);
    tidy(&test);
    lay_down(&test, 2, ".damaged-1", 3u << 20);
    lay_down(&test, 1, ".damaged-1.saved", 1u << 20);
    lay_down(&test, 0, ".damaged-2", 1u << 20);
    wf_store_keep(test.place.store, &keep);
    tidy(&test);
    /* The oldest day, then the damaged one: that is enough. */
    assert_string_equal(ask_today(&test, "SELECT count(*), sum(rows), sum(bytes) > 3000000,"
                                         " max(file) LIKE '%.db.damaged-1' FROM deleted"),
                        "2|100|1|1\n");
    assert_true(is_there(&test, 2) && is_there(&test, 1));
    /* What only it told of is told of as before: there is one gap more, of the day. */
    assert_string_equal(ask_today(&test, "SELECT count(*) FROM gaps WHERE cause = 'retention' AND"
                                         " subsystem = 'power'"),
                        "1\n");
    /* Nothing but what is being written is safe. */
    keep.bytes_max[0] = 1;
    wf_store_keep(test.place.store, &keep);
    tidy(&test);
    assert_string_equal(ask_today(&test, "SELECT count(*) FROM deleted WHERE file LIKE"
                                         " '%.damaged-%'"),
                        "3\n");
    assert_true(is_there(&test, 0));
    end(&test);
}

static void days_of_a_future_that_did_not_come_go_for_room(void **state)
{
    struct keeping test;
    struct wf_store_retention keep = { .bytes_max = { 1 } };

    (void)state;
    begin(&test);
    write_day(&test, 1);
    write_day(&test, -4000);
    write_day(&test, -4001);
    write_day(&test, -4002);
    write_day(&test, 0); /* the clock was set right: two files are open */
    wf_store_keep(test.place.store, &keep);
    tidy(&test);
    assert_true(is_there(&test, 0));
    assert_false(is_there(&test, 1) || is_there(&test, -4000) || is_there(&test, -4001));
    end(&test);
}

/* A limit holds at any rate: there is room for what comes until the next look. */
static void a_limit_of_bytes_holds_between_looks_too(void **state)
{
    struct keeping test;
    struct wf_store_retention keep = { .bytes_max = { 3u << 20 } };
    struct wf_err err = { 0 };
    uint64_t most = 0;

    (void)state;
    begin(&test);
    for (int days = 12; days >= 1; days--)
        for (int i = 0; i < 40; i++)
            write_more(&test, days, i);
    wf_store_keep(test.place.store, &keep);
    for (int second = 0; second < 60; second++) {
        uint64_t bytes;

        write_more(&test, 0, second);
        test.mono_ns += WF_NS_PER_S;
        if (wf_store_tidy(test.place.store, test.mono_ns, &err) < 0)
            fail_msg("tidy: %s", err.text);
        bytes = bytes_of(&test, "raw");
        if (second > 20 && bytes > most)
            most = bytes;
    }
    if (most > keep.bytes_max[0])
        fail_msg("%llu bytes, %llu are allowed", (unsigned long long)most,
                 (unsigned long long)keep.bytes_max[0]);
    end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_go_when_there_are_too_many_bytes),
        cmocka_unit_test(a_limit_below_what_is_being_written_is_told_once),
        cmocka_unit_test(what_was_set_aside_counts_and_goes_with_its_date),
        cmocka_unit_test(days_of_a_future_that_did_not_come_go_for_room),
        cmocka_unit_test(a_limit_of_bytes_holds_between_looks_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
