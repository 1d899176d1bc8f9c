/* SPDX-License-Identifier: MIT */
/*
 * Bins: for random ranges, steps and data with gaps, late rows and bad values, the
 * answer through rollups equals the answer from samples, and both what a loop over
 * the values says.
 */

#include "store_support.h"

#include <watchfloor/store/aligned.h>
#include <watchfloor/store/bins.h>

#define S     WF_NS_PER_S
#define ROWS  9000
#define TRIES 60

static const char text[] = "[subsystem]\nperiod = 4s\n"
                           "[parameter u8]\nbits = 8\n"
                           "[parameter huge]\nbits = 64\n"
                           "[parameter signed]\ntype = int\nbits = 32\n"
                           "[parameter wide]\ntype = float\nbits = 64\n"
                           "[parameter volts]\nbits = 12\npolynomial = -10 0.01\nunit = V\n"
                           "[parameter flag]\ntype = bool\n"
                           "[parameter name]\ntype = string\nsize = 4\n";
static const char *const names[] = { "u8", "huge", "signed", "wide", "volts", "flag" };

struct entry {
    int64_t time_ns;
    uint64_t n;
    uint8_t *payload;
};

struct scene {
    struct place place;
    struct wf_schema *schema;
    struct wf_series *series;
    struct wf_history *history;
    struct entry entries[ROWS];
    size_t count;
    int64_t mono_ns;
    uint32_t seed;
};

static uint32_t random_of(struct scene *scene, uint32_t limit)
{
    scene->seed = scene->seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)scene->seed * limit) >> 32);
}

static uint8_t *make_payload(struct scene *scene)
{
    const struct wf_schema *schema = scene->schema;
    uint8_t *payload = payload_make(schema);
    uint32_t n = random_of(scene, 100000);

    set_u64(schema, payload, "u8", n % 200);
    /* Around 2^63 and at the upper end, where doubles are the same. */
    set_u64(schema, payload, "huge",
            n % 3 == 0 ? UINT64_MAX - n % 7 : (uint64_t)INT64_MAX - 3 + n % 7);
    {
        struct wf_value value = { .kind = WF_VALUE_I64, .as.i64 = (int64_t)n - 50000 };

        assert_int_equal(wf_value_set(schema, payload, index_of(schema, "signed"), 0, &value), 0);
    }
    set_f64(schema, payload, "wide", n % 11 == 0 ? (double)NAN : (double)n * 1e-3 - 40);
    if (n % 11 == 0)
        set_quality(schema, payload, "wide", WF_QUALITY_INVALID);
    set_raw(schema, payload, "volts", n % 4096);
    if (n % 13 == 0)
        set_quality(schema, payload, "volts", n % 2 ? WF_QUALITY_SUSPECT : WF_QUALITY_INVALID);
    set_u64(schema, payload, "flag", n % 2);
    if (n % 5 == 0)
        set_quality(schema, payload, "flag", WF_QUALITY_ABSENT);
    return payload;
}

/* `count` rows in batches, four seconds apart with jitter from `time_ns` on; some late. */
static int64_t write_run(struct scene *scene, int64_t time_ns, size_t count, bool has_late)
{
    while (count > 0) {
        struct wf_store_sample samples[50];
        size_t batch = count < 50 ? count : 50;

        for (size_t i = 0; i < batch; i++) {
            struct entry *entry = &scene->entries[scene->count];

            assert_true(scene->count < ROWS);
            entry->n = scene->count++;
            entry->payload = make_payload(scene);
            entry->time_ns = time_ns;
            if (has_late && random_of(scene, 40) == 0)
                entry->time_ns -= (int64_t)random_of(scene, 30000) * S / 4;
            samples[i] =
                sample_of(&scene->place, scene->series, entry->n, entry->time_ns, entry->payload);
            samples[i].stamp.received_ns = time_ns + 1000;
            time_ns += 3900 * WF_NS_PER_MS + random_of(scene, 200) * WF_NS_PER_MS;
        }
        write_ok(&scene->place, samples, batch);
        count -= batch;
    }
    return time_ns;
}

static void tidy(struct scene *scene)
{
    struct wf_err err = { 0 };

    scene->mono_ns += 120 * S;
    for (int i = 0; i < 200; i++) {
        if (wf_store_tidy(scene->place.store, scene->mono_ns, &err) < 0)
            fail_msg("tidy: %s", err.text);
        scene->mono_ns += 2 * S;
    }
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return (x->n > y->n) - (x->n < y->n);
}

static struct scene *begin(void)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    int64_t time_ns = NOON;

    assert_non_null(scene);
    place_make(&scene->place);
    scene->schema = schema_of("fast.ini", text);
    scene->series = series_of(&scene->place, "main", scene->schema, 1);
    scene->seed = 20261121;
    scene->mono_ns = WF_NS_PER_DAY;
    time_ns = write_run(scene, time_ns, 3000, false);
    tidy(scene);
    time_ns = write_run(scene, time_ns + 5000 * S, 2500, true);
    tidy(scene);
    time_ns = write_run(scene, time_ns + 90000 * S, 2000, true);
    /* What is late now is dirty; what comes last is rolled up nowhere. */
    (void)write_run(scene, time_ns + 77 * S, 1000, true);
    qsort(scene->entries, scene->count, sizeof(scene->entries[0]), compare_entries);
    assert_int_equal(wf_history_open(scene->place.tmp.path, &scene->history, NULL), 0);
    return scene;
}

static void end(struct scene *scene)
{
    wf_history_close(&scene->history);
    for (size_t i = 0; i < scene->count; i++)
        free(scene->entries[i].payload);
    wf_schema_free(&scene->schema);
    place_remove(&scene->place);
    free(scene);
}

/* --- the model ------------------------------------------------------------------------------ */

static int compare_values(const struct wf_value *a, const struct wf_value *b)
{
    if (a->kind == WF_VALUE_I64)
        return (a->as.i64 > b->as.i64) - (a->as.i64 < b->as.i64);
    if (a->kind == WF_VALUE_F64)
        return (a->as.f64 > b->as.f64) - (a->as.f64 < b->as.f64);
    return (a->as.u64 > b->as.u64) - (a->as.u64 < b->as.u64);
}

struct model {
    struct wf_bin bin;
    long double sum;
    bool has_value;
};

static void add_to_model(struct model *model, const struct wf_value *value)
{
    struct wf_bin *bin = &model->bin;

    if (value->quality > bin->quality)
        bin->quality = value->quality;
    if (value->kind == WF_VALUE_NONE)
        return;
    model->has_value = true;
    bin->last = *value;
    if (isnan(wf_value_as_double(value)) || value->quality >= WF_QUALITY_INVALID) {
        bin->bad++;
        return;
    }
    if (bin->count == 0 || compare_values(value, &bin->min) < 0)
        bin->min = *value;
    if (bin->count == 0 || compare_values(value, &bin->max) > 0)
        bin->max = *value;
    bin->count++;
    model->sum += (long double)wf_value_as_double(value);
}

static void assert_same_value(const struct wf_value *got, const struct wf_value *want)
{
    assert_int_equal(got->kind, want->kind);
    if (want->kind == WF_VALUE_F64 && isnan(want->as.f64))
        assert_true(isnan(got->as.f64));
    else if (want->kind != WF_VALUE_NONE)
        assert_int_equal(got->as.u64, want->as.u64);
}

static void assert_same(const struct wf_bin *got, const struct model *want)
{
    assert_int_equal(got->count, want->bin.count);
    assert_int_equal(got->bad, want->bin.bad);
    assert_same_value(&got->last, &want->bin.last);
    /* Minutes in which a parameter was only ABSENT are in no rollup. */
    if (got->quality != want->bin.quality)
        assert_int_equal(want->bin.quality, WF_QUALITY_ABSENT);
    if (want->bin.count == 0)
        return;
    assert_same_value(&got->min, &want->bin.min);
    assert_same_value(&got->max, &want->bin.max);
    {
        double mean = (double)(want->sum / (long double)want->bin.count);

        assert_true(fabs(got->mean - mean) <= 1e-9 * (1 + fabs(mean)));
    }
}

static int64_t floor_to(int64_t time_ns, int64_t width_ns)
{
    return time_ns - ((time_ns % width_ns) + width_ns) % width_ns;
}

/* Compare the bins of a query with what the values say; the tiers they came from. */
static unsigned check(struct scene *scene, const struct wf_bins_query *query)
{
    size_t index = index_of(scene->schema, query->parameter);
    struct wf_bins_figures figures;
    struct wf_bins *bins = NULL;
    struct wf_bin got;
    struct wf_err err = { 0 };
    size_t i = 0;

    if (wf_bins_open(scene->history, query, &bins, &err) < 0)
        fail_msg("open: %s", err.text);
    while (i < scene->count) {
        struct model model = { .has_value = false };
        int64_t start;

        while (i < scene->count && scene->entries[i].time_ns < query->range.from_ns)
            i++;
        if (i == scene->count || scene->entries[i].time_ns >= query->range.to_ns)
            break;
        start = floor_to(scene->entries[i].time_ns, query->every_ns);
        for (; i < scene->count && scene->entries[i].time_ns < query->range.to_ns &&
               scene->entries[i].time_ns - start < query->every_ns;
             i++) {
            struct wf_value value;

            wf_value_get(scene->schema, scene->entries[i].payload, index, 0, &value);
            add_to_model(&model, &value);
        }
        if (!model.has_value)
            continue;
        if (wf_bins_next(bins, &got, &err) < 0)
            fail_msg("next: %s", err.text);
        assert_int_equal(got.from_ns, start);
        assert_same(&got, &model);
    }
    assert_int_equal(wf_bins_next(bins, &got, &err), WF_ERR_ABSENT);
    wf_bins_figures(bins, &figures);
    assert_string_equal(figures.trouble, "");
    wf_bins_close(&bins);
    return figures.tiers;
}

static struct wf_bins_query random_query(struct scene *scene)
{
    static const int64_t steps_s[] = { 3600, 60, 7200, 120, 86400, 10, 300, 90, 1, 18000 };
    int64_t every_s = steps_s[random_of(scene, WF_COUNT_OF(steps_s))];
    int64_t span_s = every_s < 60 ? 5000 : 180000;
    int64_t from = NOON + ((int64_t)random_of(scene, 130000) - 9000) * S;

    if (random_of(scene, 3) == 0)
        from += random_of(scene, 1000000000);
    return (struct wf_bins_query){
        .range = { .from_ns = from,
                   .to_ns = from + (int64_t)random_of(scene, (uint32_t)span_s) * S +
                            random_of(scene, 1000000000) },
        .source = "main",
        .subsystem = "fast",
        .parameter = names[random_of(scene, WF_COUNT_OF(names))],
        .every_ns = every_s * S
    };
}

/* --- cases ------------------------------------------------------------------------------------ */

static void rollups_answer_as_samples_do(void **state)
{
    struct scene *scene = begin();
    unsigned seen = 0;

    (void)state;
    for (int i = 0; i < TRIES; i++) {
        struct wf_bins_query query = random_query(scene);

        seen |= check(scene, &query);
        query.tier = WF_TIER_MINUTE;
        assert_int_equal(check(scene, &query) & 1u << WF_TIER_HOUR, 0);
        query.tier = WF_TIER_RAW;
        assert_true((check(scene, &query) & ~(1u << WF_TIER_RAW)) == 0);
    }
    /* Every tier took part. */
    assert_int_equal(seen, 1u << WF_TIER_RAW | 1u << WF_TIER_MINUTE | 1u << WF_TIER_HOUR);
    end(scene);
}

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

static void a_broken_rollup_only_makes_the_answer_slower(void **state)
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

    (void)state;
    assert_int_equal(wf_bins_open(scene->history, &query, &bins, NULL), 0);
    while (wf_bins_next(bins, &bin, NULL) == 0)
        want += bin.count;
    wf_bins_close(&bins);
    wf_store_destroy(&scene->place.store);
    for (int i = 0; i < 2; i++) {
        const char *file = i == 0 ? "minute/2001-02.db" : "hour/2001.db";
        char *path = tmp_folder_path(&scene->place.tmp, file);

        (void)chmod(path, 0600);
        tmp_folder_write(&scene->place.tmp, file, "no database any more, whatever its name says");
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
    size_t count = 0, index = index_of(scene->schema, "volts");
    struct wf_bins *bins = NULL;
    struct wf_bin bin;
    double squares = 0;

    (void)state;
    assert_non_null(values);
    for (size_t i = 0; i < scene->count; i++) {
        struct wf_value value;

        wf_value_get(scene->schema, scene->entries[i].payload, index, 0, &value);
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
    wf_value_get(scene->schema, first->payload, index_of(scene->schema, "u8"), 0, &value);
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
        cmocka_unit_test(rollups_answer_as_samples_do),
        cmocka_unit_test(a_month_does_not_read_samples_of_whole_hours),
        cmocka_unit_test(a_broken_rollup_only_makes_the_answer_slower),
        cmocka_unit_test(hours_answer_where_samples_were_deleted),
        cmocka_unit_test(percentiles_are_values_by_nearest_rank),
        cmocka_unit_test(percentiles_of_millions_say_how_far_they_may_be_off),
        cmocka_unit_test(steps_are_whole_where_that_costs_little),
        cmocka_unit_test(what_held_before_the_range_holds_in_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
