/* SPDX-License-Identifier: MIT */
#ifndef BINS_SCENE_H
#define BINS_SCENE_H

/*
 * Random telemetry in a store, kept here as well, and what a loop over the kept values makes of it:
 * what the answer of bins.h must be, wherever it came from.
 */

#include "store_support.h"

#include <watchfloor/store/bins.h>

#define S    WF_NS_PER_S
#define ROWS 9000

static const char fast_text[] = "[subsystem]\nperiod = 4s\n"
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
    const char *source;
    const struct wf_schema *schema;
    uint8_t *payload;
};

/* One source's region: its samples have one schema, and numbers of their own. */
struct lane {
    const char *source;
    struct wf_schema *schema;
    struct wf_series *series;
    uint64_t number;
};

struct scene {
    struct place place;
    struct lane lane;
    struct wf_history *history;
    struct entry entries[ROWS];
    size_t count;
    int64_t mono_ns;
    uint32_t seed;
};

static inline uint32_t random_of(struct scene *scene, uint32_t limit)
{
    scene->seed = scene->seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)scene->seed * limit) >> 32);
}

static inline uint8_t *make_payload(struct scene *scene, const struct wf_schema *schema)
{
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
    if (wf_schema_find(schema, "flag") == WF_NO_INDEX)
        return payload;
    set_u64(schema, payload, "flag", n % 2);
    if (n % 5 == 0)
        set_quality(schema, payload, "flag", WF_QUALITY_ABSENT);
    return payload;
}

/* `count` rows in batches, four seconds apart with jitter from `time_ns` on; some late. */
static inline int64_t write_run(struct scene *scene, struct lane *lane, int64_t time_ns,
                                size_t count, bool has_late)
{
    while (count > 0) {
        struct wf_store_sample samples[50];
        size_t batch = count < 50 ? count : 50;

        for (size_t i = 0; i < batch; i++) {
            struct entry *entry = &scene->entries[scene->count];

            assert_true(scene->count < ROWS);
            *entry = (struct entry){ .n = scene->count++,
                                     .source = lane->source,
                                     .schema = lane->schema,
                                     .payload = make_payload(scene, lane->schema),
                                     .time_ns = time_ns };
            if (has_late && random_of(scene, 40) == 0)
                entry->time_ns -= (int64_t)random_of(scene, 30000) * S / 4;
            entry->time_ns += (int64_t)entry->n; /* no two are equal: which is the last is clear */
            samples[i] = sample_of(&scene->place, lane->series, lane->number++, entry->time_ns,
                                   entry->payload);
            samples[i].stamp.received_ns = time_ns + 20000;
            if (has_late && random_of(scene, 60) == 0) {
                samples[i].stamp.device_ns = WF_TIME_NONE;
                samples[i].stamp.received_ns += (int64_t)entry->n;
                entry->time_ns = samples[i].stamp.received_ns;
            }
            time_ns += 3900 * WF_NS_PER_MS + random_of(scene, 200) * WF_NS_PER_MS;
        }
        write_ok(&scene->place, samples, batch);
        count -= batch;
    }
    return time_ns;
}

static inline void tidy(struct scene *scene)
{
    struct wf_err err = { 0 };

    scene->mono_ns += 120 * S;
    for (int i = 0; i < 200; i++) {
        if (wf_store_tidy(scene->place.store, scene->mono_ns, &err) < 0)
            fail_msg("tidy: %s", err.text);
        scene->mono_ns += 2 * S;
    }
}

static inline int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return (x->n > y->n) - (x->n < y->n);
}

static inline void sort_entries(struct scene *scene)
{
    qsort(scene->entries, scene->count, sizeof(scene->entries[0]), compare_entries);
}

/* Three runs with holes between them, most of it rolled up, some of it dirty again. */
static inline struct scene *begin(void)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    struct lane *lane = &scene->lane;
    int64_t time_ns = NOON;

    assert_non_null(scene);
    place_make(&scene->place);
    lane->source = "main";
    lane->schema = schema_of("fast.ini", fast_text);
    lane->series = series_of(&scene->place, "main", lane->schema, 1);
    scene->seed = 20261121;
    scene->mono_ns = WF_NS_PER_DAY;
    time_ns = write_run(scene, lane, time_ns, 3000, false);
    tidy(scene);
    time_ns = write_run(scene, lane, time_ns + 5000 * S, 2500, true);
    tidy(scene);
    time_ns = write_run(scene, lane, time_ns + 90000 * S, 2000, true);
    /* What is late now is dirty; what comes last is rolled up nowhere. */
    (void)write_run(scene, lane, time_ns + 77 * S, 1000, true);
    sort_entries(scene);
    assert_int_equal(wf_history_open(scene->place.tmp.path, &scene->history, NULL), 0);
    return scene;
}

static inline void end(struct scene *scene)
{
    wf_history_close(&scene->history);
    for (size_t i = 0; i < scene->count; i++)
        free(scene->entries[i].payload);
    wf_schema_free(&scene->lane.schema);
    place_remove(&scene->place);
    free(scene);
}

/* --- the model ------------------------------------------------------------------------------ */

static inline int compare_values(const struct wf_value *a, const struct wf_value *b)
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

static inline void add_to_model(struct model *model, const struct wf_value *value)
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

static inline void assert_same_value(const struct wf_value *got, const struct wf_value *want)
{
    assert_int_equal(got->kind, want->kind);
    if (want->kind == WF_VALUE_F64 && isnan(want->as.f64))
        assert_true(isnan(got->as.f64));
    else if (want->kind != WF_VALUE_NONE)
        assert_int_equal(got->as.u64, want->as.u64);
}

static inline void assert_same(const struct wf_bin *got, const struct model *want)
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

static inline int64_t floor_to(int64_t time_ns, int64_t width_ns)
{
    return time_ns - ((time_ns % width_ns) + width_ns) % width_ns;
}

/* The next entry of that source from `at` on. */
static inline size_t next_entry(const struct scene *scene, size_t at, const char *source)
{
    while (at < scene->count && strcmp(scene->entries[at].source, source) != 0)
        at++;
    return at;
}

static inline void add_entry(struct model *model, const struct entry *entry, const char *parameter)
{
    struct wf_value value = { .kind = WF_VALUE_NONE, .quality = WF_QUALITY_ABSENT };
    int index = wf_schema_find(entry->schema, parameter);

    if (index != WF_NO_INDEX)
        wf_value_get(entry->schema, entry->payload, (size_t)index, 0, &value);
    add_to_model(model, &value);
}

/* Compare the bins of a query with what the values say; the tiers they came from. */
static inline unsigned check(struct scene *scene, const struct wf_bins_query *query)
{
    struct wf_bins_figures figures;
    struct wf_bins *bins = NULL;
    struct wf_bin got;
    struct wf_err err = { 0 };
    size_t i = next_entry(scene, 0, query->source);

    if (wf_bins_open(scene->history, query, &bins, &err) < 0)
        fail_msg("open: %s", err.text);
    while (i < scene->count) {
        struct model model = { .has_value = false };
        int64_t start;

        while (i < scene->count && scene->entries[i].time_ns < query->range.from_ns)
            i = next_entry(scene, i + 1, query->source);
        if (i == scene->count || scene->entries[i].time_ns >= query->range.to_ns)
            break;
        start = floor_to(scene->entries[i].time_ns, query->every_ns);
        for (; i < scene->count && scene->entries[i].time_ns < query->range.to_ns &&
               scene->entries[i].time_ns - start < query->every_ns;
             i = next_entry(scene, i + 1, query->source))
            add_entry(&model, &scene->entries[i], query->parameter);
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

static inline struct wf_bins_query random_query(struct scene *scene)
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

#endif /* BINS_SCENE_H */
