/* SPDX-License-Identifier: MIT */
/* The list of what sealed day files hold: it saves opening them, and is believed only when it may be. */

#include "store_support.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "spans.h"

#define DAYS 10

static const char power_text[] = "[subsystem]\nperiod = 1h\n[parameter count]\nbits = 32\n";

static int64_t day_of(int day)
{
    return NOON + day * WF_NS_PER_DAY;
}

static void path_of(const struct place *place, int day, char out[WFS_PATH_SIZE])
{
    assert_int_equal(wfs_day_path(place->tmp.path, wf_utc_day_start(day_of(day)), out, NULL), 0);
}

/* Days with three rows each, sealed, and the list of what they hold. */
static void make_days(struct place *place)
{
    struct wf_schema *schema = schema_of("power.ini", power_text);
    uint8_t *payload = payload_make(schema);
    struct wf_series *series;
    uint64_t number = 0;

    place_make(place);
    series = series_of(place, "main", schema, 1);
    for (int day = 0; day < DAYS; day++) {
        struct wf_store_sample samples[3];

        for (size_t i = 0; i < WF_COUNT_OF(samples); i++, number++)
            samples[i] = sample_of(place, series, number,
                                   day_of(day) + (int64_t)i * 3600 * WF_NS_PER_S, payload);
        write_ok(place, samples, WF_COUNT_OF(samples));
    }
    for (int i = 0; i < 800; i++)
        assert_int_equal(wf_store_tidy(place->store, (i + 1) * WF_NS_PER_S, NULL), 0);
    free(payload);
    wf_schema_free(&schema);
}

/* Another content of the same size and age: whoever opens it finds out. */
static void spoil(const struct place *place, int day)
{
    char path[WFS_PATH_SIZE], rubbish[4096];
    struct timespec times[2];
    struct stat st;
    int fd;

    path_of(place, day, path);
    assert_int_equal(stat(path, &st), 0);
    times[0] = st.st_atim;
    times[1] = st.st_mtim;
    memset(rubbish, 'x', sizeof(rubbish));
    assert_int_equal(chmod(path, 0600), 0);
    fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    for (off_t at = 0; at < st.st_size; at += (off_t)sizeof(rubbish))
        assert_true(pwrite(fd, rubbish, sizeof(rubbish), at) > 0);
    assert_int_equal(ftruncate(fd, st.st_size), 0);
    assert_int_equal(futimens(fd, times), 0);
    (void)close(fd);
    assert_int_equal(chmod(path, 0440), 0);
}

/* Rows from `from_day` on, `days` of them; how many files could not be read. */
static size_t rows_of(const struct place *place, int from_day, int days, size_t *out_troubles)
{
    struct wf_history_query query = { .range = { day_of(from_day), day_of(from_day + days), false },
                                      .source = "main",
                                      .subsystem = "power" };
    struct wf_history *history = NULL;
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    size_t rows = 0;
    int64_t day_ns;
    struct wf_err err = { 0 };
    int rc;

    assert_int_equal(wf_history_open(place->tmp.path, &history, &err), 0);
    assert_int_equal(wf_history_select(history, &query, &cursor, &err), 0);
    while ((rc = wf_history_next(cursor, &row, &err)) == 0)
        rows++;
    assert_int_equal(rc, WF_ERR_ABSENT);
    *out_troubles = 0;
    while (wf_history_trouble(history, *out_troubles, &day_ns) != NULL)
        ++*out_troubles;
    wf_history_cursor_close(&cursor);
    wf_history_close(&history);
    return rows;
}

static void files_that_hold_nothing_of_the_range_are_not_opened(void **state)
{
    struct place place;
    size_t troubles;

    (void)state;
    make_days(&place);
    for (int day = 0; day < DAYS; day++) {
        if (day != 4)
            spoil(&place, day);
    }
    assert_int_equal(rows_of(&place, 4, 1, &troubles), 3);
    assert_int_equal(troubles, 0);
    assert_int_equal(rows_of(&place, 4, 2, &troubles), 3);
    assert_int_equal(troubles, 1); /* the one that is of the range */
    place_remove(&place);
}

static void a_line_counts_only_for_the_file_it_was_made_of(void **state)
{
    struct place place;
    char path[WFS_PATH_SIZE];
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1000000000 } };
    size_t troubles;

    (void)state;
    make_days(&place);
    spoil(&place, 7);
    path_of(&place, 7, path);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(rows_of(&place, 4, 1, &troubles), 3);
    assert_int_equal(troubles, 1); /* modified since: it was opened */
    place_remove(&place);
}

static void a_damaged_list_costs_time_and_nothing_else(void **state)
{
    static const char *const texts[] = { "", "rubbish\n", "2001-02-03 1 2 3 4 5 6 0 00000000\n",
                                         "2001-02-03 \n \n\n", "x" };
    struct place place;
    char path[WFS_PATH_SIZE + 8];
    size_t troubles;

    (void)state;
    make_days(&place);
    (void)snprintf(path, sizeof(path), "%s/spans", place.tmp.path);
    for (size_t i = 0; i < WF_COUNT_OF(texts); i++) {
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_true(fputs(texts[i], file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(rows_of(&place, 0, DAYS, &troubles), 3 * DAYS);
        assert_int_equal(troubles, 0);
    }
    place_remove(&place);
}

/* Whatever byte of it is wrong, no row is missed. */
static void every_damaged_byte_is_noticed(void **state)
{
    struct place place;
    char path[WFS_PATH_SIZE + 8];
    struct stat st;
    size_t troubles;
    int fd;

    (void)state;
    make_days(&place);
    (void)snprintf(path, sizeof(path), "%s/spans", place.tmp.path);
    fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_true(st.st_size > 100);
    for (off_t at = 0; at < st.st_size; at += 7) {
        char byte, other;

        assert_int_equal(pread(fd, &byte, 1, at), 1);
        other = byte == '1' ? '2' : '1';
        assert_int_equal(pwrite(fd, &other, 1, at), 1);
        assert_int_equal(rows_of(&place, 0, DAYS, &troubles), 3 * DAYS);
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
    (void)close(fd);
    place_remove(&place);
}

static void the_list_follows_what_is_there(void **state)
{
    struct place place;
    struct wfs_span_list list = { 0 };
    char path[WFS_PATH_SIZE];

    (void)state;
    make_days(&place);
    assert_int_equal(wfs_span_list_load(place.tmp.path, &list, NULL), 0);
    assert_int_equal(list.count, DAYS);
    for (size_t i = 0; i < list.count; i++) {
        assert_int_equal(list.entries[i].spans.device_from, day_of((int)i));
        assert_int_equal(list.entries[i].spans.device_to, day_of((int)i) + 7200 * WF_NS_PER_S);
    }
    wfs_span_list_free(&list);
    path_of(&place, 3, path);
    assert_int_equal(remove(path), 0);
    for (int i = 0; i < 130; i++)
        assert_int_equal(wf_store_tidy(place.store, (i + 1000) * WF_NS_PER_S, NULL), 0);
    assert_int_equal(wfs_span_list_load(place.tmp.path, &list, NULL), 0);
    assert_int_equal(list.count, DAYS - 1);
    wfs_span_list_free(&list);
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_hold_nothing_of_the_range_are_not_opened),
        cmocka_unit_test(a_line_counts_only_for_the_file_it_was_made_of),
        cmocka_unit_test(a_damaged_list_costs_time_and_nothing_else),
        cmocka_unit_test(every_damaged_byte_is_noticed),
        cmocka_unit_test(the_list_follows_what_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
