/* SPDX-License-Identifier: MIT */
/* Pasts: recorded history and what is live, joined so that each sample is there once. */

#include "scene.h"

#include "past_join.h"
#include "pasts.h"

#define STEP_NS (WF_NS_PER_S / 10)
#define SAMPLES 100 /* the ring holds them all */

struct stage {
    struct scene scene;
    struct actor power;
    struct con_model *model;
    size_t parameter;
    struct con_past_answer answer;
};

/* Sample `i` of SAMPLES, as the value i. */
static int64_t ago(int i)
{
    return (SAMPLES - 1 - i) * STEP_NS;
}

static void publish(struct stage *stage, int from, int to)
{
    for (int i = from; i < to; i++) {
        actor_set(&stage->power, "bus_voltage", i);
        actor_publish(&stage->power, ago(i));
    }
}

static int set_stage(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    if (stage == NULL)
        return -1;
    stage->scene = scene_make("receiver");
    stage->power = actor_make(&stage->scene, "main", "plugins/power/power.ini");
    stage->parameter = actor_find(&stage->power, "bus_voltage");
    *state = stage;
    return 0;
}

static void look(struct stage *stage)
{
    if (stage->model == NULL)
        stage->model = scene_model(&stage->scene);
    (void)con_model_update(stage->model, &stage->scene.now);
}

static int strike_stage(void **state)
{
    struct stage *stage = *state;

    con_model_close(&stage->model);
    actor_free(&stage->power);
    scene_remove(&stage->scene);
    free(stage);
    return 0;
}

static const struct wf_past *ask(struct stage *stage, int64_t span_ns, size_t steps)
{
    struct con_entry *entry = con_model_find(stage->model, "main", "power");
    struct wf_view view;
    const struct wf_past *past;

    assert_non_null(entry);
    con_model_view(stage->model, entry, &view);
    past = wf_view_past(&view, stage->parameter, span_ns, steps);
    assert_non_null(past);
    return past;
}

/* What history would say of samples first .. last. */
static void record(struct stage *stage, int first, int last)
{
    struct con_past_answer *answer = &stage->answer;

    answer->is_there = true;
    answer->count = 0;
    answer->newest_ns = WF_TIME_NONE;
    for (int i = first; i <= last; i++) {
        int64_t at = SCENE_UTC_NS - ago(i);
        int64_t from = at / answer->request.step_ns * answer->request.step_ns;
        struct wf_past_step *step = &answer->steps[answer->count - (answer->count > 0)];

        answer->newest_ns = at;
        if (answer->count == 0 || step->from_ns != from) {
            step = &answer->steps[answer->count++];
            *step = (struct wf_past_step){ .from_ns = from, .min = i, .max = i, .mean = 0 };
        }
        step->count++;
        step->max = step->last = i;
        step->mean += (i - step->mean) / (double)step->count;
    }
}

static const struct wf_past *ask_recorded(struct stage *stage, int64_t span_ns, size_t steps,
                                          int first, int last)
{
    (void)ask(stage, span_ns, steps);
    assert_true(con_pasts_next(stage->model->pasts, &stage->model->now, &stage->answer.request));
    record(stage, first, last);
    con_pasts_take(stage->model->pasts, &stage->answer, &stage->model->now);
    return ask(stage, span_ns, steps);
}

/* Every step holds whole samples, ascending: none is missing, none is there twice. */
static void assert_whole(const struct wf_past *past, int first)
{
    int next = first;

    for (size_t i = 0; i < past->step_count; i++) {
        const struct wf_past_step *step = &past->steps[i];

        assert_true(step->count > 0);
        assert_true(step->min == next);
        assert_true(step->max == next + (int)step->count - 1);
        assert_true(fabs(step->mean - (step->min + step->max) / 2) < 1e-9);
        assert_int_equal(step->from_ns % past->step_ns, 0);
        next += (int)step->count;
    }
    assert_int_equal(next, SAMPLES);
}

static void every_sample_is_there_once(void **state)
{
    static const struct {
        int64_t span_s;
        size_t steps;
        int last; /* that history has */
    } cases[] = { { 60, 200, 50 },   { 60, 201, 53 },   { 60, 30, 51 },  { 61, 30, 99 },
                  { 3600, 100, 17 }, { 86400, 20, 60 }, { 30, 1000, 20 } };
    struct stage *stage = *state;

    publish(stage, 0, SAMPLES);
    look(stage);
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        const struct wf_past *past =
            ask_recorded(stage, cases[i].span_s * WF_NS_PER_S, cases[i].steps, 0, cases[i].last);

        assert_whole(past, 0);
        assert_int_equal(past->samples, SAMPLES);
        assert_true(past->recorded_ns == SCENE_UTC_NS - ago(cases[i].last));
    }
}

static void without_history_what_is_live_goes_on(void **state)
{
    struct stage *stage = *state;
    const struct wf_past *past;

    publish(stage, 0, SAMPLES);
    look(stage);
    assert_true(ask(stage, 60 * WF_NS_PER_S, 100)->is_being_read);
    assert_true(con_pasts_next(stage->model->pasts, &stage->model->now, &stage->answer.request));
    assert_false(con_pasts_next(stage->model->pasts, &stage->model->now, &stage->answer.request));
    (void)wf_copy_text(stage->answer.trouble, sizeof(stage->answer.trouble), "locked");
    con_pasts_take(stage->model->pasts, &stage->answer, &stage->model->now);
    past = ask(stage, 60 * WF_NS_PER_S, 100);
    assert_false(past->is_being_read);
    assert_string_equal(past->trouble, "locked");
    assert_true(past->recorded_ns == WF_TIME_NONE);
    assert_whole(past, 0);
}

static void what_was_read_stays_when_reading_fails_later(void **state)
{
    struct stage *stage = *state;
    const struct wf_past *past;

    publish(stage, 0, SAMPLES);
    look(stage);
    (void)ask_recorded(stage, 60 * WF_NS_PER_S, 100, 0, 60);
    assert_false(con_pasts_next(stage->model->pasts, &stage->model->now, &stage->answer.request));
    stage->model->now.mono_ns += 61 * WF_NS_PER_S;
    (void)ask(stage, 60 * WF_NS_PER_S, 100);
    assert_true(con_pasts_next(stage->model->pasts, &stage->model->now, &stage->answer.request));
    stage->answer.is_there = false;
    (void)wf_copy_text(stage->answer.trouble, sizeof(stage->answer.trouble), "damaged");
    con_pasts_take(stage->model->pasts, &stage->answer, &stage->model->now);
    past = ask(stage, 60 * WF_NS_PER_S, 100);
    assert_string_equal(past->trouble, "damaged");
    assert_whole(past, 0);
}

static bool has_gap(const struct wf_past *past, char letter)
{
    for (size_t i = 0; i < past->gap_count; i++)
        if (past->gaps[i].letter == letter)
            return true;
    return false;
}

static void what_is_missing_has_a_letter(void **state)
{
    struct stage *stage = *state;
    const struct wf_past *past;

    publish(stage, 0, 40);
    actor_set(&stage->power, "bus_voltage", 70);
    actor_publish_flags(&stage->power, ago(70), WF_SAMPLE_GAP_BEFORE);
    actor_quality(&stage->power, "bus_voltage", WF_QUALITY_INVALID);
    actor_publish(&stage->power, ago(71));
    publish(stage, 72, SAMPLES);
    look(stage);
    past = ask(stage, 60 * WF_NS_PER_S, 600);
    assert_true(has_gap(past, 'g'));
    assert_true(has_gap(past, 'n'));
    assert_false(has_gap(past, '?'));
    /* History that ends before what memory has. */
    past = ask_recorded(stage, 60 * WF_NS_PER_S, 600, -100, -80);
    assert_true(has_gap(past, '?'));
}

static void a_device_clock_that_is_off_takes_the_axis_along(void **state)
{
    struct stage *stage = *state;
    struct wf_stamp stamp = stamp_at(&stage->scene, 0, 0);
    const struct wf_past *past;

    stamp.device_ns -= 3600 * WF_NS_PER_S;
    actor_set(&stage->power, "bus_voltage", 28);
    assert_int_equal(wf_writer_publish(stage->power.writer, &stamp, stage->power.payload), 0);
    look(stage);
    past = ask(stage, 60 * WF_NS_PER_S, 100);
    assert_true(past->to_ns == SCENE_UTC_NS - 3600 * WF_NS_PER_S);
    assert_int_equal(past->samples, 1);
}

static void gaps_that_lie_close_are_one(void **state)
{
    static struct con_past_gaps gaps;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        con_past_add_gap(&gaps, &(struct wf_past_gap){ i * 10, i * 10 + 1, 'g', "g" }, 10);
        con_past_add_gap(&gaps, &(struct wf_past_gap){ i * 10, i * 10 + 1, 's', "s" }, 10);
    }
    assert_int_equal(gaps.count, 2);
    for (int i = 0; i < 1000; i++)
        con_past_add_gap(&gaps, &(struct wf_past_gap){ i * 99999, i * 99999 + 1, 'L', "L" }, 10);
    assert_int_equal(gaps.count, CON_PAST_GAPS);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_stage, strike_stage)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_sample_is_there_once),
        CASE(without_history_what_is_live_goes_on),
        CASE(what_was_read_stays_when_reading_fails_later),
        CASE(what_is_missing_has_a_letter),
        CASE(a_device_clock_that_is_off_takes_the_axis_along),
        cmocka_unit_test(gaps_that_lie_close_are_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
