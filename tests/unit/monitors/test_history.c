/* SPDX-License-Identifier: MIT */
/* History: the recent past of a region, with its holes, beyond the ring and within bounds. */

#include "unit/core/region_support.h"

#include <math.h>

#include <watchfloor/attributes.h>

#include "history.h"

#define SCHEMA                                                                                     \
    "[subsystem]\nname = power\nperiod = 100ms\nring = 64\n"                                       \
    "[parameter count]\nbits = 32\n"                                                               \
    "[parameter label]\ntype = string\nsize = 4\n"

enum { COUNT, LABEL };

struct stage {
    struct place place;
    struct wf_schema *schema;
    struct wf_publisher *publisher;
    struct wf_writer *writer;
    struct wf_region *region;
    struct mon_history *history;
    int64_t now_ns; /* of the test, by both clocks */
};

static int set_stage(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    if (stage == NULL)
        return -1;
    stage->place = place_make();
    stage->schema = schema_from("power", SCHEMA);
    stage->publisher = publisher_open(&stage->place, "receiver");
    stage->writer = writer_add(stage->publisher, "main", stage->schema, NULL);
    stage->region = region_open(&stage->place, "main", "power");
    stage->now_ns = 1000 * WF_NS_PER_S;
    assert_int_equal(mon_history_create(stage->region, &stage->history, NULL), 0);
    *state = stage;
    return 0;
}

static int strike_stage(void **state)
{
    struct stage *stage = *state;

    mon_history_destroy(&stage->history);
    wf_region_close(&stage->region);
    wf_publisher_close(&stage->publisher);
    wf_schema_free(&stage->schema);
    place_remove(&stage->place);
    free(stage);
    return 0;
}

/* The next sample, whose value is its number. */
static void publish(struct stage *stage, uint32_t flags, enum wf_quality quality)
{
    unsigned char payload[256] = { 0 };
    const struct wf_parameter *count = &stage->schema->parameters[COUNT];
    uint32_t number = (uint32_t)wf_writer_head(stage->writer);
    struct wf_stamp stamp = { .device_ns = WF_TIME_NONE, .flags = flags };

    stage->now_ns += 100 * WF_NS_PER_MS;
    stamp.received_ns = stamp.received_mono_ns = stage->now_ns;
    memcpy(payload + count->offset, &number, sizeof(number));
    payload[count->quality_offset] = (unsigned char)quality;
    assert_int_equal(wf_writer_publish(stage->writer, &stamp, payload), 0);
}

static void publish_many(struct stage *stage, size_t count)
{
    for (size_t i = 0; i < count; i++)
        publish(stage, 0, WF_QUALITY_VALID);
}

static void take(struct stage *stage)
{
    mon_history_take(stage->history, stage->region, stage->now_ns);
}

static size_t recent(struct stage *stage, double *values, int64_t *times, size_t count)
{
    return mon_history_recent(stage->history, stage->region, COUNT, values, times, count,
                              stage->now_ns);
}

static void what_the_ring_has_is_there_from_the_first_question(void **state)
{
    struct stage *stage = *state;
    double values[60];
    int64_t times[60];

    assert_int_equal(recent(stage, values, times, 60), 0);
    publish_many(stage, 30);
    take(stage);
    assert_int_equal(recent(stage, values, times, 60), 30);
    for (size_t i = 0; i < 30; i++) {
        assert_true(values[i] == (double)i);
        assert_int_equal(times[i], stage->now_ns - (int64_t)(29 - i) * 100 * WF_NS_PER_MS);
    }
    assert_int_equal(recent(stage, values, NULL, 5), 5);
    assert_true(values[4] == 29 && values[0] == 25);
}

static void it_remembers_more_than_the_ring(void **state)
{
    struct stage *stage = *state;
    double values[MON_HISTORY_SHORT];

    (void)recent(stage, values, NULL, 1); /* somebody asks: from now on it is kept */
    for (int i = 0; i < 10; i++) {
        publish_many(stage, 20);
        take(stage);
    }
    assert_int_equal(recent(stage, values, NULL, MON_HISTORY_SHORT), 200);
    for (size_t i = 0; i < 200; i++)
        assert_true(values[i] == (double)i);
}

static void lost_packets_are_a_hole(void **state)
{
    struct stage *stage = *state;
    double values[8];

    publish_many(stage, 3);
    publish(stage, WF_SAMPLE_GAP_BEFORE, WF_QUALITY_VALID);
    take(stage);
    assert_int_equal(recent(stage, values, NULL, 8), 5);
    assert_true(values[2] == 2 && isnan(values[3]) && values[4] == 3);
}

static void bad_values_are_holes_and_late_ones_are_left_out(void **state)
{
    struct stage *stage = *state;
    double values[8];

    publish(stage, 0, WF_QUALITY_VALID);
    publish(stage, 0, WF_QUALITY_INVALID);
    publish(stage, WF_SAMPLE_LATE, WF_QUALITY_LATE);
    publish(stage, 0, WF_QUALITY_VALID);
    take(stage);
    assert_int_equal(recent(stage, values, NULL, 8), 3);
    assert_true(values[0] == 0 && isnan(values[1]) && values[2] == 3);
}

static void what_was_overwritten_unread_is_a_hole_not_a_line(void **state)
{
    struct stage *stage = *state;
    double values[MON_HISTORY_SHORT];
    size_t count;
    size_t holes = 0;

    publish_many(stage, 10);
    take(stage);
    (void)recent(stage, values, NULL, 1);
    publish_many(stage, 500); /* the ring has 64 */
    take(stage);
    count = recent(stage, values, NULL, MON_HISTORY_SHORT);
    assert_true(values[count - 1] == 509);
    for (size_t i = 0; i < count; i++)
        holes += isnan(values[i]) ? 1 : 0;
    assert_int_equal(holes, 1);
}

static void a_writer_that_starts_again_breaks_the_line(void **state)
{
    struct stage *stage = *state;
    double values[8];

    publish_many(stage, 2);
    take(stage);
    (void)recent(stage, values, NULL, 1);
    wf_publisher_close(&stage->publisher);
    stage->publisher = publisher_open(&stage->place, "receiver");
    stage->writer = writer_add(stage->publisher, "main", stage->schema, NULL);
    publish_many(stage, 2);
    take(stage);
    assert_int_equal(recent(stage, values, NULL, 8), 5);
    assert_true(values[1] == 1 && isnan(values[2]) && values[3] == 2);
}

static void trends_get_long_columns_and_memory_stays_bounded(void **state)
{
    struct stage *stage = *state;
    double *values = calloc(MON_HISTORY_LONG, sizeof(*values));
    size_t short_bytes;
    size_t long_bytes;

    assert_non_null(values);
    publish_many(stage, 40);
    take(stage);
    assert_int_equal(recent(stage, values, NULL, 10), 10);
    short_bytes = mon_history_bytes(stage->history);
    assert_int_equal(recent(stage, values, NULL, MON_HISTORY_LONG), 40);
    long_bytes = mon_history_bytes(stage->history);
    assert_true(long_bytes > short_bytes);
    for (int i = 0; i < 2000; i++) {
        publish_many(stage, 10);
        take(stage);
        (void)recent(stage, values, NULL, 1); /* somebody goes on looking */
    }
    assert_int_equal(recent(stage, values, NULL, MON_HISTORY_LONG), MON_HISTORY_LONG);
    assert_true(values[MON_HISTORY_LONG - 1] == 20039);
    assert_true(values[0] == 20040 - MON_HISTORY_LONG);
    assert_int_equal(mon_history_bytes(stage->history), long_bytes);
    free(values);
}

static void what_nobody_asks_for_is_forgotten(void **state)
{
    struct stage *stage = *state;
    double value;
    size_t bytes = mon_history_bytes(stage->history);

    publish_many(stage, 5);
    take(stage);
    (void)recent(stage, &value, NULL, 1);
    assert_true(mon_history_bytes(stage->history) > bytes);
    stage->now_ns += 120 * WF_NS_PER_S;
    take(stage);
    assert_int_equal(mon_history_bytes(stage->history), bytes);
}

static void texts_and_strangers_have_no_past(void **state)
{
    struct stage *stage = *state;
    double values[4];

    publish_many(stage, 2);
    take(stage);
    assert_int_equal(
        mon_history_recent(stage->history, stage->region, LABEL, values, NULL, 4, stage->now_ns),
        2);
    assert_true(isnan(values[0]) && isnan(values[1]));
    assert_int_equal(
        mon_history_recent(stage->history, stage->region, 99, values, NULL, 4, stage->now_ns), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_stage, strike_stage)
    const struct CMUnitTest tests[] = {
        CASE(what_the_ring_has_is_there_from_the_first_question),
        CASE(it_remembers_more_than_the_ring),
        CASE(lost_packets_are_a_hole),
        CASE(bad_values_are_holes_and_late_ones_are_left_out),
        CASE(what_was_overwritten_unread_is_a_hole_not_a_line),
        CASE(a_writer_that_starts_again_breaks_the_line),
        CASE(trends_get_long_columns_and_memory_stays_bounded),
        CASE(what_nobody_asks_for_is_forgotten),
        CASE(texts_and_strangers_have_no_past),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
