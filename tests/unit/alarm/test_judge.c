/* SPDX-License-Identifier: MIT */
/* Judging: comparison vectors, N of M, durations, hysteresis, and a simple model beside it. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/alarm/judge.h>

static struct wf_limits limits_of(double lolo, double lo, double hi, double hihi)
{
    return (struct wf_limits){
        .present = 0xf,
        .value = { lolo, lo, hi, hihi },
        .severity = { 4, 2, 2, 4 },
        .raise = { .n = 1, .m = 1 },
        .clear = { .n = 3, .m = 3 },
    };
}

static void a_limit_itself_violates_unless_exclusive(void **state)
{
    static const struct {
        double value;
        unsigned inclusive, exclusive; /* bits: lolo 1, lo 2, hi 4, hihi 8 */
    } cases[] = {
        { -INFINITY, 3, 3 },  { 9.999, 3, 3 },       { 10, 3, 2 },   { 10.001, 2, 2 },
        { 20, 2, 0 },         { 20.001, 0, 0 },      { -0.0, 3, 3 }, { 29.999, 0, 0 },
        { 30, 4, 0 },         { 30.001, 4, 4 },      { 40, 12, 4 },  { 40.001, 12, 12 },
        { INFINITY, 12, 12 }, { (double)NAN, 0, 0 },
    };
    struct wf_limits limits = limits_of(10, 20, 30, 40);
    struct wf_alarm_definition definition;
    unsigned violated, left;

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++)
        for (int exclusive = 0; exclusive < 2; exclusive++) {
            limits.is_exclusive = exclusive != 0;
            wf_alarm_define_limits(&limits, &definition);
            wf_alarm_compare(&definition, cases[i].value, &violated, &left);
            assert_int_equal(violated, exclusive ? cases[i].exclusive : cases[i].inclusive);
            assert_int_equal(violated & left, 0);
            /* Without hysteresis every level is one or the other. */
            if (!isnan(cases[i].value))
                assert_int_equal(violated | left, 0xf);
        }
}

static void a_level_is_left_only_beyond_the_hysteresis(void **state)
{
    static const struct {
        double value;
        unsigned left;
    } cases[] = {
        { 28, 0xb }, { 27.999, 0xf }, { 38, 0x3 }, { 37.999, 0xb }, { 22, 0xd }, { 22.001, 0xf },
    };
    struct wf_limits limits = limits_of(10, 20, 30, 40);
    struct wf_alarm_definition definition;
    unsigned violated, left;

    (void)state;
    limits.hysteresis = 2;
    for (int percent = 0; percent < 2; percent++) {
        wf_alarm_define_limits(&limits, &definition);
        for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
            wf_alarm_compare(&definition, cases[i].value, &violated, &left);
            assert_int_equal(left, cases[i].left);
        }
        limits.is_hysteresis_percent = true;
        limits.hysteresis = 2.0 / 30 * 100; /* of the span 10 .. 40 */
    }
}

/* One sample; "" when nothing happened, else the event's name. */
static const char *step(const struct wf_alarm_definition *definition,
                        struct wf_alarm_memory *memory, double value, int64_t now_ns)
{
    enum wf_alarm_event event;
    unsigned violated, left;

    wf_alarm_compare(definition, value, &violated, &left);
    if (!wf_alarm_judge(definition, memory, violated, left, now_ns, &event))
        return "";
    wf_alarm_advance(definition, memory, event);
    return wf_alarm_event_name(event);
}

struct expectation {
    double value;
    int64_t at_s;
    const char *event;
    uint8_t severity;
};

static void follow(const struct wf_limits *limits, const struct expectation *steps, size_t count)
{
    struct wf_alarm_definition definition;
    struct wf_alarm_memory memory;

    wf_alarm_define_limits(limits, &definition);
    wf_alarm_memory_init(&memory);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(step(&definition, &memory, steps[i].value, steps[i].at_s * WF_NS_PER_S),
                            steps[i].event);
        assert_int_equal(memory.severity, steps[i].severity);
        assert_true(wf_alarm_memory_fits(&definition, &memory));
    }
}

static void a_ramp_steps_through_all_levels_and_back(void **state)
{
    static const struct expectation steps[] = {
        { 25, 0, "", 0 },     { 20, 1, "RAISE", 2 }, { 15, 2, "", 2 },     { 10, 3, "WORSEN", 4 },
        { 11, 4, "", 4 },     { 12, 5, "", 4 },      { 12.5, 6, "", 4 },   { 13, 7, "", 4 },
        { 14, 8, "EASE", 2 }, { 20.5, 9, "", 2 },    { 22.5, 10, "", 2 },  { 21, 11, "", 2 },
        { 23, 12, "", 2 },    { 23, 13, "", 2 },     { 23, 14, "RTN", 0 }, { 23, 15, "", 0 },
    };
    struct wf_limits limits = limits_of(10, 20, 30, 40);

    (void)state;
    limits.hysteresis = 2;
    follow(&limits, steps, WF_COUNT_OF(steps));
}

static void a_jump_home_steps_down_one_level_at_a_time(void **state)
{
    static const struct expectation steps[] = {
        { 50, 0, "RAISE", 4 }, { 25, 1, "", 4 },    { 25, 2, "", 4 },
        { 25, 3, "EASE", 2 },  { 25, 4, "RTN", 0 }, { 25, 5, "", 0 },
    };
    struct wf_limits limits = limits_of(10, 20, 30, 40);

    (void)state;
    follow(&limits, steps, WF_COUNT_OF(steps));
}

/* A value that alternates between two levels counts for each by itself. */
static void n_of_m_is_counted_for_each_level(void **state)
{
    static const struct expectation alternating[] = {
        { 45, 0, "VIOLATION", 0 },
        { 35, 1, "RAISE", 2 },
        { 45, 2, "WORSEN", 4 },
    };
    /* With M = 3 the second good sample still has the bad one in its window. */
    static const struct expectation glitch[] = {
        { 35, 0, "VIOLATION", 0 },
        { 25, 1, "", 0 },
        { 25, 2, "", 0 },
        { 25, 3, "GLITCH", 0 },
    };
    struct wf_limits limits = limits_of(10, 20, 30, 40);

    (void)state;
    limits.raise = (struct wf_persistence){ .n = 2, .m = 3 };
    follow(&limits, alternating, WF_COUNT_OF(alternating));
    follow(&limits, glitch, WF_COUNT_OF(glitch));
}

static void durations_lie_between_samples(void **state)
{
    static const struct expectation steps[] = {
        { 35, 0, "VIOLATION", 0 },  { 35, 9, "", 0 },     { 25, 10, "GLITCH", 0 },
        { 35, 11, "VIOLATION", 0 }, { 35, 20, "", 0 },    { 35, 21, "RAISE", 2 },
        { 25, 22, "", 2 },          { 35, 40, "", 2 },    { 25, 41, "", 2 },
        { 25, 45, "", 2 },          { 25, 46, "RTN", 0 },
    };
    struct wf_limits limits = limits_of(10, 20, 30, 40);

    (void)state;
    limits.raise = (struct wf_persistence){ .for_ns = 10 * WF_NS_PER_S };
    limits.clear = (struct wf_persistence){ .for_ns = 5 * WF_NS_PER_S };
    follow(&limits, steps, WF_COUNT_OF(steps));
}

static void a_leap_to_the_other_side_is_announced(void **state)
{
    static const struct expectation steps[] = {
        { 35, 0, "RAISE", 2 }, { 15, 1, "WORSEN", 2 }, { 15, 2, "", 2 },    { 15, 3, "", 2 },
        { 25, 4, "", 2 },      { 25, 5, "", 2 },       { 25, 6, "RTN", 0 },
    };
    struct wf_limits limits = limits_of(10, 20, 30, 40);

    (void)state;
    follow(&limits, steps, WF_COUNT_OF(steps));
}

static void a_severity_of_zero_is_no_level(void **state)
{
    struct wf_limits limits = limits_of(10, 20, 30, 40);
    struct wf_alarm_definition definition;

    (void)state;
    limits.severity[WF_HIHI] = 0;
    limits.value[WF_LO] = (double)NAN;
    wf_alarm_define_limits(&limits, &definition);
    assert_int_equal(definition.levels, 1u << WF_LOLO | 1u << WF_HI);
}

static void a_context_replaces_the_limits_as_a_whole(void **state)
{
    const struct wf_context_limit eclipse = { .present = 1u << WF_LO, .value = { 0, 5, 0, 0 } };
    struct wf_limits limits = limits_of(10, 20, 30, 40);
    struct wf_alarm_definition definition;

    (void)state;
    limits.hysteresis = 1;
    wf_alarm_define_context(&limits, &eclipse, &definition);
    assert_int_equal(definition.levels, 1u << WF_LO);
    assert_true(definition.limit[WF_LO] == 5);
    assert_true(definition.hysteresis == 1);
    assert_int_equal(definition.clear.n, 3);
}

static void states_are_levels_by_severity(void **state)
{
    struct wf_state_severity states[] = { { 1, 2 }, { 7, 4 }, { 3, 0 } };
    struct wf_limits limits = limits_of(0, 0, 0, 0);
    struct wf_alarm_definition definition;
    unsigned violated, left;

    (void)state;
    limits.states = states;
    limits.state_count = WF_COUNT_OF(states);
    wf_alarm_define_states(&limits, &definition);
    assert_int_equal(definition.levels, 1u << 1 | 1u << 3);
    wf_alarm_compare_severity(&definition, 4, &violated, &left);
    assert_int_equal(violated, definition.levels);
    wf_alarm_compare_severity(&definition, 3, &violated, &left);
    assert_int_equal(violated, 1u << 1);
    assert_int_equal(left, 1u << 3);
    wf_alarm_compare_severity(&definition, 0, &violated, &left);
    assert_int_equal(violated, 0);
}

/* --- the model: lists and plain counting, nothing shared with the judge ----------------------- */

#define STEPS   2000000
#define HISTORY 16

struct model {
    bool is_raised[4];
    double past[HISTORY]; /* newest last; of one level since it last flipped: start[] */
    int past_count;
    int start[4];
};

static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static bool model_is_out(const struct wf_limits *limits, int level, double value)
{
    return level <= WF_LO ? value <= limits->value[level] : value >= limits->value[level];
}

static bool model_is_home(const struct wf_limits *limits, int level, double value)
{
    return level <= WF_LO ? value > limits->value[level] + limits->hysteresis
                          : value < limits->value[level] - limits->hysteresis;
}

/* How many of the newest m values since the level flipped count for its next flip. */
static int model_hits(const struct wf_limits *limits, const struct model *model, int level, int m)
{
    int hits = 0;

    for (int i = 0; i < m; i++) {
        int at = model->past_count - 1 - i;

        if (at < model->start[level])
            break;
        hits += model->is_raised[level] ? model_is_home(limits, level, model->past[at])
                                        : model_is_out(limits, level, model->past[at]);
    }
    return hits;
}

static void model_add(struct model *model, double value)
{
    if (model->past_count == HISTORY) {
        memmove(model->past, model->past + 1, (HISTORY - 1) * sizeof(model->past[0]));
        model->past_count--;
        for (int level = 0; level < 4; level++)
            model->start[level] -= model->start[level] > 0;
    }
    model->past[model->past_count++] = value;
}

static int model_step(const struct wf_limits *limits, struct model *model, double value)
{
    bool was_raised[4];
    int severity = 0;

    memcpy(was_raised, model->is_raised, sizeof(was_raised));
    model_add(model, value);
    for (int level = 0; level < 4; level++) {
        bool is_inner = level == WF_LO || level == WF_HI;
        int outer = level == WF_LO ? WF_LOLO : WF_HIHI;
        const struct wf_persistence *wanted = was_raised[level] ? &limits->clear : &limits->raise;
        bool is_now = was_raised[level] ? model_is_home(limits, level, value)
                                        : model_is_out(limits, level, value);

        if (!is_now || model_hits(limits, model, level, wanted->m) < wanted->n)
            continue;
        if (was_raised[level] && is_inner && was_raised[outer])
            continue;
        model->is_raised[level] = !was_raised[level];
        model->start[level] = model->past_count;
    }
    for (int level = 0; level < 4; level++)
        if (model->is_raised[level] && limits->severity[level] > severity)
            severity = limits->severity[level];
    return severity;
}

static void an_independent_model_agrees_over_random_walks(void **state)
{
    uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

    (void)state;
    for (int round = 0; round < 10; round++) {
        struct wf_limits limits = limits_of(-20, -10, 10, 20);
        struct wf_alarm_definition definition;
        struct wf_alarm_memory memory;
        struct model model = { 0 };
        double value = 0;

        limits.hysteresis = (double)(random_next(&seed) % 5);
        limits.raise.m = (uint16_t)(1 + random_next(&seed) % 6);
        limits.raise.n = (uint16_t)(1 + random_next(&seed) % limits.raise.m);
        limits.clear.m = (uint16_t)(1 + random_next(&seed) % 6);
        limits.clear.n = (uint16_t)(1 + random_next(&seed) % limits.clear.m);
        wf_alarm_define_limits(&limits, &definition);
        wf_alarm_memory_init(&memory);
        for (int i = 0; i < STEPS / 10; i++) {
            unsigned draw = (unsigned)(random_next(&seed) % 1000);

            value = draw < 5    ? 0
                    : draw < 10 ? 25
                    : draw < 15 ? -25
                                : value + (double)(draw % 7) - 3;
            value = value > 30 ? 30 : value < -30 ? -30 : value;
            (void)step(&definition, &memory, value, i);
            assert_int_equal(memory.severity, model_step(&limits, &model, value));
            assert_true(wf_alarm_memory_fits(&definition, &memory));
            /* Stored and given back at any instant, it goes on the same. */
            if (draw % 50 == 0) {
                struct wf_alarm_memory copy = memory;

                memset(&memory, 0xa5, sizeof(memory));
                memory = copy;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_itself_violates_unless_exclusive),
        cmocka_unit_test(a_level_is_left_only_beyond_the_hysteresis),
        cmocka_unit_test(a_ramp_steps_through_all_levels_and_back),
        cmocka_unit_test(a_jump_home_steps_down_one_level_at_a_time),
        cmocka_unit_test(n_of_m_is_counted_for_each_level),
        cmocka_unit_test(durations_lie_between_samples),
        cmocka_unit_test(a_leap_to_the_other_side_is_announced),
        cmocka_unit_test(a_severity_of_zero_is_no_level),
        cmocka_unit_test(a_context_replaces_the_limits_as_a_whole),
        cmocka_unit_test(states_are_levels_by_severity),
        cmocka_unit_test(an_independent_model_agrees_over_random_walks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
