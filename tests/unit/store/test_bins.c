/* SPDX-License-Identifier: MIT */
/*
 * Bins: what they are made from, percentiles, steps, and what held before. That answers through
 * rollups equal those from samples: test_bins_random.c.
 */

#include "bins_scene.h"

#include <watchfloor/store/aligned.h>

/* --- cases ------------------------------------------------------------------------------------ */

static void a_month_does_not_read_samples_of_whole_hours(void **state)
{
    struct scene *scene = begin();
    struct wf_bins_query query = { .range = { NOON - 86400 * S, NOON + 30 * 86400 * S, false },
                                   .source = "main",
                                   .subsystem = "fast",
                                   .parameter = "volts",
                                   .every_ns = 3600 * S };
    struct wf_bins_figures figures;
    struct wf_bins *bins = NULL;
    struct wf_bin bin;

    (void)state;
    assert_int_equal(wf_bins_open(scene->history, &query, &bins, NULL), 0);
    while (wf_bins_next(bins, &bin, NULL) == 0)
        ;
    wf_bins_figures(bins, &figures);
    wf_bins_close(&bins);
    /* Dirty hours and the newest are read from samples, of 8,500 in all. */
    assert_true(figures.buckets > 0 && figures.samples < 5000);
    end(scene);
}

static void check_without_rollups(void (*spoil)(const char *path))
{
    struct scene *scene = begin();
    struct wf_bins_query query = { .range = { NOON, NOON + 86400 * S, false },
                                   .source = "main",
                                   .subsystem = "fast",
                                   .parameter = "volts",
                                   .every_ns = 3600 * S };
    struct wf_bins_figures figures;
    struct wf_bins *bins = NULL;
    struct wf_bin bin;
    uint64_t count = 0, want = 0;

    assert_int_equal(wf_bins_open(scene->history, &query, &bins, NULL), 0);
    while (wf_bins_next(bins, &bin, NULL) == 0)
        want += bin.count;
    wf_bins_close(&bins);
    wf_store_destroy(&scene->place.store);
    for (int i = 0; i < 2; i++) {
        const char *file = i == 0 ? "minute/2001-02.db" : "hour/2001.db";
        char *path = tmp_folder_path(&scene->place.tmp, file);

        spoil(path);
        free(path);
    }
    assert_int_equal(wf_bins_open(scene->history, &query, &bins, NULL), 0);
    while (wf_bins_next(bins, &bin, NULL) == 0)
        count += bin.count;
    wf_bins_figures(bins, &figures);
    wf_bins_close(&bins);
    assert_int_equal(count, want);
    assert_string_not_equal(figures.trouble, "");
    assert_int_equal(figures.tiers, 1u << WF_TIER_RAW);
    end(scene);
}

static void overwrite(const char *path)
{
    FILE *file;

    (void)chmod(path, 0600);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("no database any more, whatever its name says", file);
    (void)fclose(file);
}

static void remove_file(const char *path)
{
    assert_int_equal(unlink(path), 0);
}

static void rollups_broken_or_gone_only_make_the_answer_slower(void **state)
{
    (void)state;
    check_without_rollups(overwrite);
    check_without_rollups(remove_file);
}

static void hours_answer_where_samples_were_deleted(void **state)
{
    struct scene *scene = begin();
    /* From two hours before the first sample to the end of its day; four hours of it whole. */
    struct wf_bins_query query = { .range = { NOON - 7200 * S, NOON + 12 * 3600 * S, false },
                                   .source = "main",
                                   .subsystem = "fast",
                                   .parameter = "volts",
                                   .every_ns = 3600 * S };
    const struct wf_history_entry *list = NULL;
    struct wf_bins *bins = NULL;
    struct wf_bin bin;
    uint64_t count = 0;
    size_t entries = 0;
    char *path;

    (void)state;
    wf_store_destroy(&scene->place.store);
    path = tmp_folder_path(&scene->place.tmp, "raw/" DAY ".db");
    assert_int_equal(unlink(path), 0);
    free(path);
    assert_int_equal(wf_history_list(scene->history, &query.range, &list, &entries, NULL), 0);
    assert_int_equal(entries, 1);
    assert_string_equal(list[0].schema->name, "fast");
    assert_int_equal(wf_bins_open(scene->history, &query, &bins, NULL), 0);
    while (wf_bins_next(bins, &bin, NULL) == 0) {
        assert_int_equal(bin.tiers, 1u << WF_TIER_HOUR);
        count += bin.count;
    }
    wf_bins_close(&bins);
    assert_true(count > 2000);
    end(scene);
}

static int compare_doubles(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void percentiles_are_values_by_nearest_rank(void **state)
{
    static const double wanted[] = { 0, 1, 50, 95, 99.9, 100 };
    struct scene *scene = begin();
    struct wf_bins_query query = { .range = { INT64_MIN, INT64_MAX, false },
                                   .source = "main",
                                   .subsystem = "fast",
                                   .parameter = "volts",
                                   .is_deviation_wanted = true,
                                   .percentiles = wanted,
                                   .percentile_count = WF_COUNT_OF(wanted) };
    double *values = calloc(ROWS, sizeof(*values));
    size_t count = 0, index = index_of(scene->lane.schema, "volts");
    struct wf_bins *bins = NULL;
    struct wf_bin bin;
    double squares = 0;

    (void)state;
    assert_non_null(values);
    for (size_t i = 0; i < scene->count; i++) {
        struct wf_value value;

        wf_value_get(scene->lane.schema, scene->entries[i].payload, index, 0, &value);
        if (value.quality < WF_QUALITY_INVALID)
            values[count++] = value.as.f64;
    }
    qsort(values, count, sizeof(*values), compare_doubles);
    assert_int_equal(wf_bins_open(scene->history, &query, &bins, NULL), 0);
    assert_int_equal(wf_bins_next(bins, &bin, NULL), 0);
    assert_int_equal(bin.count, count);
    for (size_t i = 0; i < WF_COUNT_OF(wanted); i++) {
        double rank = ceil(wanted[i] / 100 * (double)count);

        assert_true(bin.percentiles[i] == values[rank < 1 ? 0 : (size_t)rank - 1]);
    }
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - bin.mean) * (values[i] - bin.mean);
    assert_true(fabs(bin.deviation - sqrt(squares / (double)count)) < 1e-9);
    assert_true(bin.percentile_error == 0);
    wf_bins_close(&bins);
    free(values);
    end(scene);
}

static void percentiles_of_millions_say_how_far_they_may_be_off(void **state)
{
    static const double wanted[] = { 50, 99 };
    struct wf_bin_maker *maker = NULL;
    struct wf_bin bin;
    uint32_t seed = 1;

    (void)state;
    assert_int_equal(wf_bin_maker_create(false, wanted, 2, &maker, NULL), 0);
    for (int i = 0; i < 400000; i++) {
        struct wf_value value = { .kind = WF_VALUE_F64 };

        seed = seed * 1664525u + 1013904223u;
        value.as.f64 = (double)seed / 4294967296.0;
        assert_int_equal(wf_bin_maker_add(maker, i, &value, NULL, 0, NULL), 0);
    }
    assert_true(wf_bin_maker_take(maker, &bin));
    assert_true(bin.percentile_error > 0 && bin.percentile_error < 0.01);
    assert_true(fabs(bin.percentiles[0] - 0.5) < 0.01 && fabs(bin.percentiles[1] - 0.99) < 0.01);
    /* The next bin begins with nothing. */
    assert_false(wf_bin_maker_take(maker, &bin));
    wf_bin_maker_destroy(&maker);
}

static void steps_are_whole_where_that_costs_little(void **state)
{
    static const struct {
        int64_t length_s;
        uint64_t count;
        int64_t want_ns;
    } cases[] = {
        { 30 * 86400, 1000, 44 * 60 * S },
        { 86400, 1000, 120 * S },
        { 365 * 86400, 1000, 9 * 3600 * S },
        { 3600, 1000, 5 * S },
        { 3600, 100, 60 * S },
        { 60, 1000, 100 * WF_NS_PER_MS },
        { 1, 3, 500 * WF_NS_PER_MS },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_range range = { NOON, NOON + cases[i].length_s * S, false };

        assert_int_equal(wf_bins_step(&range, cases[i].count), cases[i].want_ns);
    }
    assert_true(wf_bins_step(&(struct wf_range){ INT64_MIN, INT64_MAX, false }, 1000) > 0);
    assert_true(wf_bins_step(&(struct wf_range){ 0, 0, false }, 0) > 0);
}

static void what_held_before_the_range_holds_in_it(void **state)
{
    struct scene *scene = begin();
    struct wf_align_column columns[] = { { "main", "fast", "u8", 0, false },
                                         { "main", "fast", "volts", 0, true },
                                         { "main", "fast", "nosuch", 0, false } };
    struct wf_align_query query = { .columns = columns, .column_count = WF_COUNT_OF(columns) };
    struct wf_aligned *aligned = NULL;
    const struct wf_align_cell *cells = NULL;
    const struct entry *before = &scene->entries[4000], *first = before + 1;
    struct wf_value value;
    int64_t time_ns;

    (void)state;
    while (first->time_ns == before->time_ns)
        before = first++;
    /* Between both: nothing is new, and nothing is given. */
    query.range = (struct wf_range){ before->time_ns + 1, first->time_ns + 1, false };
    query.lookback_ns = 3600 * S;
    assert_int_equal(wf_aligned_open(scene->history, &query, &aligned, NULL), 0);
    assert_int_equal(wf_aligned_next(aligned, &time_ns, &cells, NULL), 0);
    assert_int_equal(time_ns, first->time_ns);
    wf_value_get(scene->lane.schema, first->payload, index_of(scene->lane.schema, "u8"), 0, &value);
    assert_int_equal(cells[0].value.as.u64, value.as.u64);
    assert_true(cells[0].is_new && cells[1].is_new && !cells[2].is_new);
    assert_int_equal(cells[1].value.kind, WF_VALUE_U64);
    assert_int_equal(cells[2].time_ns, WF_TIME_NONE);
    assert_int_equal(wf_aligned_next(aligned, &time_ns, &cells, NULL), WF_ERR_ABSENT);
    wf_aligned_close(&aligned);
    end(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_month_does_not_read_samples_of_whole_hours),
        cmocka_unit_test(rollups_broken_or_gone_only_make_the_answer_slower),
        cmocka_unit_test(hours_answer_where_samples_were_deleted),
        cmocka_unit_test(percentiles_are_values_by_nearest_rank),
        cmocka_unit_test(percentiles_of_millions_say_how_far_they_may_be_off),
        cmocka_unit_test(steps_are_whole_where_that_costs_little),
        cmocka_unit_test(what_held_before_the_range_holds_in_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
