/* SPDX-License-Identifier: MIT */
/* Bell: the loop hears of news once for every time that it listens. */

#include "unit/core/region_support.h"

#include <watchfloor/watch.h>

#include "bell.h"

struct stage {
    struct place place;
    struct wf_schema *schema;
    struct wf_publisher *publisher;
    struct wf_writer *writer;
    struct wf_watch *watch;
    uv_loop_t loop;
    uv_timer_t deadline;
    bool is_late;
    struct mon_bell *bell;
    int rings;
};

static void be_late(uv_timer_t *timer)
{
    struct stage *stage = timer->data;

    stage->is_late = true;
    uv_stop(&stage->loop);
}

static void count_ring(void *context)
{
    struct stage *stage = context;

    stage->rings++;
    uv_stop(&stage->loop);
}

/* Run until the bell was heard (true) or the time is up. */
static bool hear_within(struct stage *stage, uint64_t ms)
{
    stage->is_late = false;
    assert_int_equal(uv_timer_start(&stage->deadline, be_late, ms, 0), 0);
    (void)uv_run(&stage->loop, UV_RUN_DEFAULT);
    (void)uv_timer_stop(&stage->deadline);
    return !stage->is_late;
}

static int set_stage(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    struct wf_watch_options options = { 0 };

    if (stage == NULL)
        return -1;
    stage->place = place_make();
    options.instance = stage->place.instance;
    stage->schema = power_schema();
    stage->publisher = publisher_open(&stage->place, "receiver");
    stage->writer = writer_add(stage->publisher, "main", stage->schema, NULL);
    assert_int_equal(wf_watch_open(&options, &stage->watch, NULL), 0);
    (void)wf_watch_refresh(stage->watch, NULL);
    assert_int_equal(uv_loop_init(&stage->loop), 0);
    assert_int_equal(uv_timer_init(&stage->loop, &stage->deadline), 0);
    stage->deadline.data = stage;
    assert_int_equal(
        mon_bell_start(&stage->loop, stage->watch, count_ring, stage, &stage->bell, NULL), 0);
    *state = stage;
    return 0;
}

static int strike_stage(void **state)
{
    struct stage *stage = *state;

    mon_bell_stop(&stage->bell);
    assert_null(stage->bell);
    mon_bell_stop(&stage->bell); /* harmless */
    uv_close((uv_handle_t *)&stage->deadline, NULL);
    (void)uv_run(&stage->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&stage->loop), 0);
    wf_watch_close(&stage->watch);
    wf_publisher_close(&stage->publisher);
    wf_schema_free(&stage->schema);
    place_remove(&stage->place);
    free(stage);
    return 0;
}

static void ring(struct stage *stage)
{
    assert_int_equal(publish_next(stage->writer), 0);
    wf_publisher_ring(stage->publisher);
}

static void news_are_heard(void **state)
{
    struct stage *stage = *state;

    mon_bell_listen(stage->bell);
    ring(stage);
    assert_true(hear_within(stage, 20000));
    assert_int_equal(stage->rings, 1);
}

static void nobody_is_told_who_does_not_listen(void **state)
{
    struct stage *stage = *state;

    mon_bell_listen(stage->bell);
    ring(stage);
    assert_true(hear_within(stage, 20000));
    for (int i = 0; i < 50; i++)
        ring(stage);
    assert_false(hear_within(stage, 100));
    assert_int_equal(stage->rings, 1);
    /* What rang meanwhile is not lost. */
    mon_bell_listen(stage->bell);
    assert_true(hear_within(stage, 20000));
    assert_int_equal(stage->rings, 2);
}

static void silence_is_not_a_ring(void **state)
{
    struct stage *stage = *state;

    /* A new watch may hear once of what was there before it. */
    mon_bell_listen(stage->bell);
    if (hear_within(stage, 300))
        mon_bell_listen(stage->bell);
    assert_false(hear_within(stage, 300));
}

static void it_can_be_stopped_in_the_middle_of_a_wait(void **state)
{
    struct stage *stage = *state;

    mon_bell_listen(stage->bell); /* the teardown stops it while it sleeps */
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_stage, strike_stage)
    const struct CMUnitTest tests[] = {
        CASE(news_are_heard),
        CASE(nobody_is_told_who_does_not_listen),
        CASE(silence_is_not_a_ring),
        CASE(it_can_be_stopped_in_the_middle_of_a_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
