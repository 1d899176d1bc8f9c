/* SPDX-License-Identifier: MIT */
/*
 * Bins: for random ranges, steps and data with gaps, late rows, rows without device time, bad
 * values, several sources and a schema that changes on the way, the answer through rollups
 * equals the answer from samples, and both what a loop over the values says. Asked again and
 * again while history grows, is rolled up, made dirty, and its writer starts anew.
 *
 * WF_TEST_RUNS=N: so many histories instead of two.
 */

#include "bins_scene.h"

#include <watchfloor/strbuf.h>

#define TRIES  60
#define STAGES 8
#define ASKED  12

/* The same subsystem later: one parameter wider, one calibrated anew, one gone, one new. */
static const char later_text[] = "[subsystem]\nperiod = 4s\n"
                                 "[parameter u8]\nbits = 16\n"
                                 "[parameter fresh]\nbits = 8\n"
                                 "[parameter huge]\nbits = 64\n"
                                 "[parameter signed]\ntype = int\nbits = 32\n"
                                 "[parameter wide]\ntype = float\nbits = 64\n"
                                 "[parameter volts]\nbits = 12\npolynomial = -20 0.02\nunit = V\n"
                                 "[parameter name]\ntype = string\nsize = 4\n";

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

/* --- histories that grow -------------------------------------------------------------------- */

/* Regions: two sources at first; main is made anew with the later schema. */
enum { MAIN, OTHER, MAIN_LATER, LANES };

struct growing {
    struct scene *scene;
    struct lane lanes[LANES];
    int64_t time_ns;
    bool is_later;
    unsigned seen;
};

static void open_lane(struct growing *growing, int index)
{
    static const char *const sources[LANES] = { "main", "sat1", "main" };
    struct lane *lane = &growing->lanes[index];

    lane->source = sources[index];
    if (lane->schema == NULL)
        lane->schema = schema_of("fast.ini", index == MAIN_LATER ? later_text : fast_text);
    lane->series = series_of(&growing->scene->place, lane->source, lane->schema, 1 + index);
}

/* The writer ends, in order or not, and another goes on where the files say. */
static void start_anew(struct growing *growing)
{
    store_again(&growing->scene->place);
    open_lane(growing, growing->is_later ? MAIN_LATER : MAIN);
    open_lane(growing, OTHER);
}

static void grow(struct growing *growing, int stage)
{
    struct scene *scene = growing->scene;
    struct lane *lane;

    if (stage == STAGES / 2) {
        growing->is_later = true;
        open_lane(growing, MAIN_LATER);
    }
    if (random_of(scene, 4) == 0)
        start_anew(growing);
    lane = &growing->lanes[random_of(scene, 3) == 0 ? OTHER
                           : growing->is_later      ? MAIN_LATER
                                                    : MAIN];
    /* Two sources at the same time, so that their rows lie between each other. */
    growing->time_ns += (int64_t)random_of(scene, 9000) * S;
    (void)write_run(scene, &growing->lanes[OTHER], growing->time_ns, 30 + random_of(scene, 200),
                    true);
    growing->time_ns =
        write_run(scene, lane, growing->time_ns, 100 + random_of(scene, 700), stage > 0);
    if (random_of(scene, 3) > 0)
        tidy(scene);
}

static void ask_often(struct growing *growing)
{
    struct scene *scene = growing->scene;

    sort_entries(scene);
    if (scene->history == NULL)
        assert_int_equal(wf_history_open(scene->place.tmp.path, &scene->history, NULL), 0);
    for (int i = 0; i < ASKED; i++) {
        struct wf_bins_query query = random_query(scene);

        if (random_of(scene, 3) == 0)
            query.source = "sat1";
        if (growing->is_later && random_of(scene, 5) == 0)
            query.parameter = "fresh";
        growing->seen |= check(scene, &query);
        query.tier = WF_TIER_RAW;
        (void)check(scene, &query);
    }
    /* Sometimes the next questions come from one who was there before. */
    if (random_of(scene, 2) == 0)
        wf_history_close(&scene->history);
}

static unsigned run_history(uint32_t seed)
{
    struct growing growing = { .scene = calloc(1, sizeof(struct scene)), .time_ns = NOON };
    struct scene *scene = growing.scene;

    assert_non_null(scene);
    scene->seed = seed;
    scene->mono_ns = WF_NS_PER_DAY;
    place_make(&scene->place);
    open_lane(&growing, MAIN);
    open_lane(&growing, OTHER);
    for (int stage = 0; stage < STAGES; stage++) {
        grow(&growing, stage);
        ask_often(&growing);
    }
    tidy(scene);
    ask_often(&growing);
    for (int i = 0; i < LANES; i++)
        wf_schema_free(&growing.lanes[i].schema);
    end(scene);
    return growing.seen;
}

static void histories_that_grow_answer_as_samples_do(void **state)
{
    const char *wanted = getenv("WF_TEST_RUNS");
    uint64_t runs = 2;
    unsigned seen = 0;

    (void)state;
    if (wanted != NULL)
        assert_int_equal(wf_parse_u64(wanted, &runs, NULL), 0);
    for (uint64_t run = 0; run < runs; run++) {
        print_message("history %llu\n", (unsigned long long)run);
        seen |= run_history((uint32_t)(run * 7919 + 1));
    }
    assert_int_equal(seen, 1u << WF_TIER_RAW | 1u << WF_TIER_MINUTE | 1u << WF_TIER_HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rollups_answer_as_samples_do),
        cmocka_unit_test(histories_that_grow_answer_as_samples_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
