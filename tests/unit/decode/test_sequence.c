/* SPDX-License-Identifier: MIT */
/* Sequence counts: what each arrival is called, and what the counters then say. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/decode/sequence.h>

#define STEPS_MAX 12

enum {
    FIRST = WF_SEQUENCE_FIRST,
    NEXT = WF_SEQUENCE_NEXT,
    GAP = WF_SEQUENCE_GAP,
    DUP = WF_SEQUENCE_DUPLICATE,
    LATE = WF_SEQUENCE_LATE,
    RESTART = WF_SEQUENCE_RESTART,
    JUMP = WF_SEQUENCE_JUMP
};

struct story {
    const char *what;
    struct {
        uint16_t count;
        int event;
        uint32_t lost;
    } steps[STEPS_MAX];
    size_t step_count;
    uint64_t received, lost, duplicates, late, restarts;
};

static const struct story stories[] = {
    { "in order", { { 5, FIRST, 0 }, { 6, NEXT, 0 }, { 7, NEXT, 0 } }, 3, 3, 0, 0, 0, 0 },
    { "the wrap is no gap",
      { { 16382, FIRST, 0 }, { 16383, NEXT, 0 }, { 0, NEXT, 0 }, { 1, NEXT, 0 } },
      4,
      4,
      0,
      0,
      0,
      0 },
    { "a gap across the wrap", { { 16380, FIRST, 0 }, { 2, GAP, 5 } }, 2, 2, 5, 0, 0, 0 },
    { "a gap filled late",
      { { 1, FIRST, 0 },
        { 4, GAP, 2 },
        { 3, LATE, 0 },
        { 2, LATE, 0 },
        { 2, DUP, 0 },
        { 5, NEXT, 0 } },
      6,
      5,
      0,
      1,
      2,
      0 },
    { "the same again",
      { { 9, FIRST, 0 }, { 9, DUP, 0 }, { 10, NEXT, 0 }, { 9, DUP, 0 } },
      4,
      2,
      0,
      2,
      0,
      0 },
    { "late across the wrap",
      { { 16382, FIRST, 0 }, { 1, GAP, 2 }, { 16383, LATE, 0 }, { 0, LATE, 0 } },
      4,
      4,
      0,
      0,
      2,
      0 },
    { "earlier than the first was never lost",
      { { 0, FIRST, 0 }, { 16383, LATE, 0 }, { 2, GAP, 1 }, { 16382, LATE, 0 } },
      4,
      4,
      1,
      0,
      2,
      0 },
    { "a restart takes two",
      { { 9000, FIRST, 0 },
        { 9001, NEXT, 0 },
        { 0, JUMP, 0 },
        { 1, RESTART, 0 },
        { 2, NEXT, 0 },
        { 0, DUP, 0 } },
      6,
      5,
      0,
      1,
      0,
      1 },
    { "a stray packet changes nothing",
      { { 100, FIRST, 0 },
        { 12000, JUMP, 0 },
        { 101, NEXT, 0 },
        { 12001, JUMP, 0 },
        { 102, NEXT, 0 } },
      5,
      5,
      0,
      0,
      0,
      0 },
    { "a stray packet twice is a duplicate",
      { { 100, FIRST, 0 }, { 12000, JUMP, 0 }, { 12000, DUP, 0 }, { 101, NEXT, 0 } },
      4,
      3,
      0,
      1,
      0,
      0 },
    { "the longest gap", { { 0, FIRST, 0 }, { 2999, GAP, 2998 } }, 2, 2, 2998, 0, 0, 0 },
    { "one more is a jump", { { 0, FIRST, 0 }, { 3000, JUMP, 0 } }, 2, 2, 0, 0, 0, 0 },
    { "as late as can be",
      { { 0, FIRST, 0 }, { 200, GAP, 199 }, { 100, LATE, 0 }, { 99, JUMP, 0 } },
      4,
      4,
      198,
      0,
      1,
      0 },
    { "seen in the far half of the window",
      { { 0, FIRST, 0 },
        { 1, NEXT, 0 },
        { 80, GAP, 78 },
        { 1, DUP, 0 },
        { 90, GAP, 9 },
        { 1, DUP, 0 },
        { 2, LATE, 0 } },
      7,
      5,
      86,
      2,
      1,
      0 },
};

static void events_and_counters_follow_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(stories); i++) {
        const struct story *story = &stories[i];
        struct wf_sequence sequence = { .has_any = false };

        for (size_t k = 0; k < story->step_count; k++) {
            uint64_t unwrapped = 0;
            uint32_t lost = 77;
            int event = (int)wf_sequence_take(&sequence, story->steps[k].count, &unwrapped, &lost);

            if (event != (int)story->steps[k].event || lost != story->steps[k].lost)
                fail_msg("%s, step %zu: event %d lost %u", story->what, k, event, lost);
            assert_int_equal(unwrapped % 16384, story->steps[k].count);
        }
        if (sequence.received != story->received || sequence.lost != story->lost ||
            sequence.duplicates != story->duplicates || sequence.late != story->late ||
            sequence.restarts != story->restarts)
            fail_msg("%s: counters are wrong", story->what);
    }
}

static void places_go_on_over_many_wraps(void **state)
{
    struct wf_sequence sequence = { .has_any = false };
    uint64_t first = 0;
    uint32_t lost;

    (void)state;
    (void)wf_sequence_take(&sequence, 7, &first, &lost);
    for (uint64_t i = 1; i < 100000; i++) {
        uint64_t place = 0;

        assert_int_equal(wf_sequence_take(&sequence, (uint16_t)((7 + i) % 16384), &place, &lost),
                         WF_SEQUENCE_NEXT);
        assert_int_equal(place, first + i);
    }
    assert_int_equal(sequence.lost, 0);
}

static void a_restart_keeps_places_rising(void **state)
{
    struct wf_sequence sequence = { .has_any = false };
    uint64_t before = 0;
    uint64_t jumped = 0;
    uint64_t after = 0;
    uint32_t lost;

    (void)state;
    (void)wf_sequence_take(&sequence, 5000, &before, &lost);
    (void)wf_sequence_take(&sequence, 0, &jumped, &lost);
    assert_int_equal(wf_sequence_take(&sequence, 1, &after, &lost), WF_SEQUENCE_RESTART);
    assert_true(jumped > before);
    assert_int_equal(after, jumped + 1);
    before = after;
    after = wf_sequence_restart(&sequence, 3);
    assert_true(after > before);
    assert_int_equal(after % 16384, 3);
    assert_int_equal(sequence.restarts, 2);
}

/* A slow model with a set of all places seen, against 200,000 random arrivals. */
static void losses_equal_those_of_a_slow_model(void **state)
{
    static uint8_t seen[400000];
    struct wf_sequence sequence = { .has_any = false };
    uint64_t highest = 50000;
    uint64_t seen_count = 1;
    uint64_t first = 0;
    uint32_t random = 12345;
    uint32_t lost;

    (void)state;
    memset(seen, 0, sizeof(seen));
    (void)wf_sequence_take(&sequence, (uint16_t)(highest % 16384), &first, &lost);
    seen[highest] = 1;
    for (int i = 0; i < 200000; i++) {
        uint64_t place;
        uint64_t unwrapped = 0;

        random = random * 1664525u + 1013904223u;
        if (random >> 28 == 0)
            place = highest - (random >> 8) % 60; /* duplicates and late ones */
        else
            place = highest + 1 + (random >> 29 == 1 ? (random >> 8) % 5 : 0);
        if (place < 50000)
            continue;
        (void)wf_sequence_take(&sequence, (uint16_t)(place % 16384), &unwrapped, &lost);
        assert_int_equal(unwrapped - first, place - 50000);
        seen_count += seen[place] == 0;
        seen[place] = 1;
        highest = place > highest ? place : highest;
    }
    assert_int_equal(sequence.received, seen_count);
    assert_int_equal(sequence.lost, highest - 50000 + 1 - seen_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_and_counters_follow_the_table),
        cmocka_unit_test(places_go_on_over_many_wraps),
        cmocka_unit_test(a_restart_keeps_places_rising),
        cmocka_unit_test(losses_equal_those_of_a_slow_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
