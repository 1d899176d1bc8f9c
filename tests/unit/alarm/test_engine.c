/* SPDX-License-Identifier: MIT */
/* Many alarms: what people do, what hides them, restarts, and what must hold whatever happens. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/alarm/engine.h>

#define ALARMS 4 /* 0 link (parent of 1 and 2), 1 limit, 2 stale-like, 3 latched limit */

static const struct wf_alarm_who alice = { .user = "alice", .note = "seen" };

struct journal {
    struct wf_alarm_transition last;
    size_t count, announced;
    uint64_t sum; /* of all, in order */
    bool is_bad;  /* an invariant did not hold */
};

static void mix(uint64_t *sum, uint64_t value)
{
    *sum = (*sum ^ value) * UINT64_C(0x100000001b3);
}

static void take(void *context, const struct wf_alarm_transition *transition)
{
    struct journal *journal = context;

    if (journal->count > 0 && transition->seq != journal->last.seq + 1)
        journal->is_bad = true;
    if ((transition->actions & WF_ALARM_ANNOUNCE) != 0) {
        journal->announced++;
        if (transition->to != WF_ALARM_ACTIVE_UNACK || transition->marks != 0)
            journal->is_bad = true;
    }
    journal->last = *transition;
    journal->count++;
    mix(&journal->sum, transition->seq);
    mix(&journal->sum, transition->alarm);
    mix(&journal->sum, (uint64_t)transition->from << 8 | (uint64_t)transition->to);
    mix(&journal->sum, (uint64_t)transition->marks << 8 | transition->severity);
    mix(&journal->sum, transition->actions);
}

static void make_specs(struct wf_alarm_spec specs[ALARMS])
{
    const struct wf_limits limits = {
        .present = 0xf,
        .value = { 10, 20, 30, 40 },
        .severity = { 4, 2, 2, 4 },
        .raise = { .n = 1, .m = 1 },
        .clear = { .n = 2, .m = 2 },
    };
    const struct wf_persistence once = { .n = 1, .m = 1 };
    const struct wf_persistence twice = { .n = 2, .m = 3 };

    memset(specs, 0, ALARMS * sizeof(specs[0]));
    for (size_t i = 0; i < ALARMS; i++) {
        snprintf(specs[i].name, sizeof(specs[i].name), "sat1.power.p%zu LIMIT", i);
        specs[i].parent = WF_ALARM_NO_PARENT;
    }
    wf_alarm_define_single(WF_ALARM_RULE, 3, &once, &once, false, &specs[0].definition);
    wf_alarm_define_limits(&limits, &specs[1].definition);
    wf_alarm_define_single(WF_ALARM_STALE, 2, &twice, &once, false, &specs[2].definition);
    wf_alarm_define_limits(&limits, &specs[3].definition);
    specs[3].definition.is_latched = true;
    specs[1].parent = specs[2].parent = 0;
    specs[2].linger_ns = 3 * WF_NS_PER_S;
}

static struct wf_alarm_now at(int64_t second)
{
    return (struct wf_alarm_now){ .mono_ns = (second + 1) * WF_NS_PER_S,
                                  .utc_ns = (second + 1000000) * WF_NS_PER_S };
}

static struct wf_alarm_engine *make(struct journal *journal)
{
    struct wf_alarm_spec specs[ALARMS];
    struct wf_alarm_host host = { .context = journal, .emit = take };
    struct wf_alarm_engine *engine = NULL;

    make_specs(specs);
    memset(journal, 0, sizeof(*journal));
    assert_int_equal(wf_alarm_engine_create(specs, ALARMS, &host, &engine, NULL), 0);
    return engine;
}

static void value(struct wf_alarm_engine *engine, size_t alarm, double number, int64_t second)
{
    struct wf_alarm_now now = at(second);

    wf_alarm_engine_value(engine, alarm, number, WF_QUALITY_VALID, false, &now);
}

static void truth(struct wf_alarm_engine *engine, size_t alarm, enum wf_truth is, int64_t second)
{
    struct wf_alarm_now now = at(second);

    wf_alarm_engine_truth(engine, alarm, is, (double)NAN, &now);
}

static int state_of(const struct wf_alarm_engine *engine, size_t alarm)
{
    return wf_alarm_engine_memory(engine, alarm)->state;
}

static void of_two_acknowledges_one_wins(void **state)
{
    static const struct wf_alarm_who bob = { .user = "bob" }, nobody = { .user = "" };
    struct journal journal;
    struct wf_alarm_engine *engine = make(&journal);
    struct wf_alarm_now now = at(2);
    struct wf_err err = { 0 };
    uint64_t seq;

    (void)state;
    assert_int_equal(wf_alarm_engine_ack(engine, 1, 0, &alice, &now, &err), WF_ERR_INVALID);
    value(engine, 1, 35, 0);
    seq = journal.last.seq;
    assert_int_equal(wf_alarm_engine_ack(engine, 1, seq, &nobody, &now, &err), WF_ERR_DENIED);
    assert_int_equal(wf_alarm_engine_ack(engine, 99, seq, &alice, &now, &err), WF_ERR_ABSENT);
    assert_int_equal(wf_alarm_engine_ack(engine, 1, seq, &alice, &now, &err), 0);
    assert_string_equal(journal.last.user, "alice");
    assert_string_equal(journal.last.note, "seen");
    assert_int_equal(wf_alarm_engine_ack(engine, 1, seq, &bob, &now, &err), WF_ERR_BUSY);
    /* It worsened between looking and acknowledging: that is not hidden. */
    seq = journal.last.seq;
    value(engine, 1, 45, 3);
    assert_int_equal(wf_alarm_engine_ack(engine, 1, seq, &bob, &now, &err), WF_ERR_BUSY);
    assert_int_equal(state_of(engine, 1), WF_ALARM_ACTIVE_UNACK);
    assert_int_equal(journal.announced, 2);
    wf_alarm_engine_destroy(&engine);
}

static void the_highest_severity_since_the_acknowledge_is_kept(void **state)
{
    struct journal journal;
    struct wf_alarm_engine *engine = make(&journal);
    struct wf_alarm_now now = at(9);

    (void)state;
    value(engine, 1, 45, 0);
    value(engine, 1, 35, 1);
    value(engine, 1, 35, 2);
    assert_int_equal(journal.last.severity, 2);
    assert_int_equal(journal.last.highest, 4);
    assert_int_equal(wf_alarm_engine_ack(engine, 1, journal.last.seq, &alice, &now, NULL), 0);
    assert_int_equal(journal.last.highest, 2);
    wf_alarm_engine_destroy(&engine);
}

static void a_latch_waits_for_acknowledge_normal_and_reset(void **state)
{
    struct journal journal;
    struct wf_alarm_engine *engine = make(&journal);
    struct wf_alarm_now now = at(9);

    (void)state;
    value(engine, 3, 35, 0);
    assert_int_equal(wf_alarm_engine_reset(engine, 3, &alice, &now, NULL), WF_ERR_INVALID);
    value(engine, 3, 25, 1);
    value(engine, 3, 25, 2);
    assert_int_equal(state_of(engine, 3), WF_ALARM_RTN_UNACK);
    assert_int_equal(wf_alarm_engine_reset(engine, 3, &alice, &now, NULL), WF_ERR_INVALID);
    assert_int_equal(wf_alarm_engine_ack(engine, 3, journal.last.seq, &alice, &now, NULL), 0);
    assert_int_equal(state_of(engine, 3), WF_ALARM_LATCHED);
    assert_int_equal(wf_alarm_engine_reset(engine, 3, &alice, &now, NULL), 0);
    assert_int_equal(state_of(engine, 3), WF_ALARM_NORMAL);
    wf_alarm_engine_destroy(&engine);
}

static void a_shelved_alarm_is_quiet_and_comes_back(void **state)
{
    struct journal journal;
    struct wf_alarm_engine *engine = make(&journal);
    struct wf_alarm_now now = at(0);

    (void)state;
    assert_int_equal(wf_alarm_engine_shelve(engine, 1, 0, &alice, &now, NULL), WF_ERR_INVALID);
    assert_int_equal(wf_alarm_engine_shelve(engine, 1, 9 * 3600 * WF_NS_PER_S, &alice, &now, NULL),
                     WF_ERR_LIMIT);
    assert_int_equal(wf_alarm_engine_unshelve(engine, 1, &alice, &now, NULL), WF_ERR_INVALID);
    assert_int_equal(wf_alarm_engine_shelve(engine, 1, 60 * WF_NS_PER_S, &alice, &now, NULL), 0);
    value(engine, 1, 45, 10);
    assert_int_equal(journal.announced, 0);
    assert_false(wf_alarm_engine_is_shown(engine, 1));
    now = at(59);
    wf_alarm_engine_tick(engine, &now);
    assert_int_equal(journal.announced, 0);
    now = at(60);
    wf_alarm_engine_tick(engine, &now);
    assert_int_equal(journal.announced, 1);
    assert_true(wf_alarm_engine_is_shown(engine, 1));
    /* A clock set back by a year does not make a shelf of a year. */
    assert_int_equal(wf_alarm_engine_shelve(engine, 1, 60 * WF_NS_PER_S, &alice, &now, NULL), 0);
    now.utc_ns -= 365 * WF_NS_PER_DAY;
    wf_alarm_engine_tick(engine, &now);
    assert_true(wf_alarm_engine_is_shown(engine, 1));
    wf_alarm_engine_destroy(&engine);
}

static void a_parent_hides_its_children_and_lets_them_linger(void **state)
{
    struct journal journal;
    struct wf_alarm_engine *engine = make(&journal);
    struct wf_alarm_now now;

    (void)state;
    truth(engine, 0, WF_TRUE, 0);
    assert_int_equal(journal.announced, 1);
    value(engine, 1, 45, 1);
    truth(engine, 2, WF_TRUE, 1);
    assert_int_equal(state_of(engine, 2), WF_ALARM_PENDING);
    truth(engine, 2, WF_TRUE, 2);
    assert_int_equal(journal.announced, 1);
    assert_false(wf_alarm_engine_is_shown(engine, 1));
    /* The link is back: what does not linger is announced, what lingers may clear in peace. */
    truth(engine, 0, WF_FALSE, 3);
    assert_int_equal(journal.announced, 2);
    assert_true(wf_alarm_engine_is_shown(engine, 1));
    truth(engine, 2, WF_FALSE, 4);
    now = at(6);
    wf_alarm_engine_tick(engine, &now);
    assert_int_equal(journal.announced, 2);
    /* It came and went under the link, whose alarm people saw. */
    assert_int_equal(state_of(engine, 2), WF_ALARM_NORMAL);
    assert_int_equal(wf_alarm_engine_memory(engine, 2)->marks, 0);
    wf_alarm_engine_destroy(&engine);
}

static void what_is_not_valid_changes_nothing(void **state)
{
    struct journal journal;
    struct wf_alarm_engine *engine = make(&journal);
    struct wf_alarm_now now = at(1);

    (void)state;
    value(engine, 1, 45, 0);
    for (int quality = WF_QUALITY_LATE; quality <= WF_QUALITY_NEVER; quality++)
        for (int i = 0; i < 5 && quality != WF_QUALITY_SUBSTITUTED; i++)
            wf_alarm_engine_value(engine, 1, 25, (enum wf_quality)quality, false, &now);
    value(engine, 1, (double)NAN, 2);
    assert_int_equal(journal.count, 1);
    truth(engine, 0, WF_UNKNOWN, 3);
    assert_int_equal(journal.count, 1);
    for (int i = 0; i < 3; i++)
        wf_alarm_engine_value(engine, 1, 25, WF_QUALITY_LATE, true, &now);
    assert_int_equal(state_of(engine, 1), WF_ALARM_RTN_UNACK);
    wf_alarm_engine_destroy(&engine);
}

static void disabled_and_out_of_service_alarms_are_not_judged(void **state)
{
    struct journal journal;
    struct wf_alarm_engine *engine = make(&journal);
    struct wf_alarm_now now = at(1);

    (void)state;
    value(engine, 1, 45, 0);
    wf_alarm_engine_enable(engine, 1, WF_UNKNOWN, &now);
    assert_int_equal(state_of(engine, 1), WF_ALARM_ACTIVE_UNACK);
    wf_alarm_engine_enable(engine, 1, WF_FALSE, &now);
    assert_int_equal(state_of(engine, 1), WF_ALARM_RTN_UNACK);
    assert_int_equal(wf_alarm_engine_service(engine, 1, true, &alice, &now, NULL), 0);
    assert_int_equal(wf_alarm_engine_service(engine, 1, true, &alice, &now, NULL), WF_ERR_INVALID);
    wf_alarm_engine_enable(engine, 1, WF_TRUE, &now);
    value(engine, 1, 45, 2);
    assert_int_equal(state_of(engine, 1), WF_ALARM_RTN_UNACK);
    assert_int_equal(wf_alarm_engine_service(engine, 1, false, &alice, &now, NULL), 0);
    value(engine, 1, 45, 3);
    assert_int_equal(state_of(engine, 1), WF_ALARM_ACTIVE_UNACK);
    assert_int_equal(journal.announced, 2);
    wf_alarm_engine_destroy(&engine);
}

static void other_limits_keep_raised_levels_and_an_edit_starts_anew(void **state)
{
    struct journal journal;
    struct wf_alarm_engine *engine = make(&journal);
    struct wf_alarm_definition definition = wf_alarm_engine_spec(engine, 1)->definition;
    struct wf_alarm_now now = at(1);

    (void)state;
    value(engine, 1, 45, 0);
    definition.limit[WF_HI] = 50;
    definition.levels &= (uint8_t) ~(1u << WF_HIHI);
    wf_alarm_engine_limits(engine, 1, &definition, &now);
    assert_int_equal(journal.last.event, WF_ALARM_EASE);
    value(engine, 1, 45, 2);
    value(engine, 1, 45, 3);
    assert_int_equal(journal.last.event, WF_ALARM_RTN);
    value(engine, 3, 45, 4);
    definition.kind = WF_ALARM_RATE;
    assert_int_equal(wf_alarm_engine_edit(engine, 1, &definition, &alice, &now, NULL),
                     WF_ERR_INVALID);
    definition.kind = WF_ALARM_LIMIT;
    assert_int_equal(wf_alarm_engine_edit(engine, 1, &definition, &alice, &now, NULL), 0);
    assert_int_equal(state_of(engine, 1), WF_ALARM_NORMAL);
    assert_int_equal(state_of(engine, 3), WF_ALARM_ACTIVE_UNACK);
    wf_alarm_engine_destroy(&engine);
}

static void bad_sets_and_damaged_memories_are_refused(void **state)
{
    struct wf_alarm_spec specs[ALARMS];
    struct journal journal;
    struct wf_alarm_host host = { .context = &journal, .emit = take };
    struct wf_alarm_engine *engine = NULL;
    struct wf_alarm_memory memory;
    struct wf_alarm_now now = at(0);

    (void)state;
    make_specs(specs);
    specs[0].parent = 2;
    assert_int_equal(wf_alarm_engine_create(specs, ALARMS, &host, &engine, NULL), WF_ERR_INVALID);
    specs[0].parent = ALARMS;
    assert_int_equal(wf_alarm_engine_create(specs, ALARMS, &host, &engine, NULL), WF_ERR_INVALID);
    make_specs(specs);
    memcpy(specs[1].name, specs[2].name, sizeof(specs[1].name));
    assert_int_equal(wf_alarm_engine_create(specs, ALARMS, &host, &engine, NULL), WF_ERR_INVALID);
    assert_null(engine);
    engine = make(&journal);
    for (int i = 0; i < 7; i++) {
        wf_alarm_memory_init(&memory);
        if (i == 0)
            memory.state = 77;
        else if (i == 1)
            memory.raised = 1;
        else if (i == 2)
            memory.state = WF_ALARM_ACTIVE_ACK;
        else if (i == 3)
            memory.seq = 1;
        else if (i == 4)
            memory.marks = WF_ALARM_SHELVED;
        else if (i == 5)
            memory.counting = 0x10;
        else
            memory.level = 9;
        assert_int_equal(wf_alarm_engine_restore(engine, 1, &memory, &now, NULL), WF_ERR_CORRUPT);
    }
    assert_int_equal(state_of(engine, 1), WF_ALARM_NORMAL);
    wf_alarm_engine_destroy(&engine);
}

/* --- whatever happens ------------------------------------------------------------------------ */

#define STEPS 1000000

static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void act(struct wf_alarm_engine *engine, uint64_t draw, const struct wf_alarm_now *now)
{
    size_t alarm = (size_t)(draw >> 8) % ALARMS;
    uint64_t seq = wf_alarm_engine_memory(engine, alarm)->seq;
    enum wf_truth is = (enum wf_truth)((draw >> 16) % 3);

    switch (draw % 32) {
    case 0:
        (void)wf_alarm_engine_shelve(engine, alarm, (int64_t)(draw >> 20 & 63) * WF_NS_PER_S,
                                     &alice, now, NULL);
        break;
    case 1:
        (void)wf_alarm_engine_unshelve(engine, alarm, &alice, now, NULL);
        break;
    case 2:
        (void)wf_alarm_engine_service(engine, alarm, (draw >> 16 & 1) != 0, &alice, now, NULL);
        break;
    case 3:
    case 4:
        wf_alarm_engine_enable(engine, alarm, is == WF_FALSE ? WF_FALSE : WF_TRUE, now);
        break;
    case 5:
    case 6:
        (void)wf_alarm_engine_ack(engine, alarm, seq - (draw >> 16 & 1), &alice, now, NULL);
        break;
    case 7:
        (void)wf_alarm_engine_reset(engine, alarm, &alice, now, NULL);
        break;
    case 8:
        wf_alarm_engine_tick(engine, now);
        break;
    default:
        if (alarm % 2 == 0)
            wf_alarm_engine_truth(engine, alarm, is, (double)NAN, now);
        else
            wf_alarm_engine_value(engine, alarm, (double)(draw >> 24 & 63),
                                  (enum wf_quality)(draw >> 32 & 1) * WF_QUALITY_STALE, false, now);
    }
}

static void check_all(const struct wf_alarm_engine *engine)
{
    bool is_parent_raised = wf_alarm_engine_memory(engine, 0)->raised != 0;

    for (size_t i = 0; i < ALARMS; i++) {
        const struct wf_alarm_memory *memory = wf_alarm_engine_memory(engine, i);

        assert_true(wf_alarm_memory_fits(&wf_alarm_engine_spec(engine, i)->definition, memory));
        assert_int_equal((memory->marks & WF_ALARM_SHELVED) != 0, memory->shelved_until_ns != 0);
        if (is_parent_raised && (i == 1 || i == 2))
            assert_true(memory->marks & WF_ALARM_SUPPRESSED);
        if (!is_parent_raised && i == 1)
            assert_false(memory->marks & WF_ALARM_SUPPRESSED);
    }
}

/* Two engines see the same; one of them is thrown away and restored again and again. */
static void a_restarted_engine_goes_on_as_one_that_was_not(void **state)
{
    uint64_t seed = UINT64_C(0x2545f4914f6cdd1d);
    struct journal journal, twin_journal;
    struct wf_alarm_engine *engine = make(&journal), *twin = make(&twin_journal);
    struct wf_alarm_spec specs[ALARMS];

    (void)state;
    make_specs(specs);
    for (int64_t i = 0; i < STEPS; i++) {
        struct wf_alarm_now now = at(i / 4);
        uint64_t draw = random_next(&seed);

        act(engine, draw, &now);
        act(twin, draw, &now);
        if (draw % 97 == 0) {
            struct wf_alarm_host host = { .context = &twin_journal,
                                          .emit = take,
                                          .last_seq = twin_journal.last.seq };
            struct wf_alarm_engine *next = NULL;

            assert_int_equal(wf_alarm_engine_create(specs, ALARMS, &host, &next, NULL), 0);
            for (size_t k = 0; k < ALARMS; k++)
                assert_int_equal(
                    wf_alarm_engine_restore(next, k, wf_alarm_engine_memory(twin, k), &now, NULL),
                    0);
            wf_alarm_engine_destroy(&twin);
            twin = next;
        }
        if (i % 16 == 0)
            check_all(engine);
        assert_true(journal.sum == twin_journal.sum);
    }
    assert_false(journal.is_bad);
    assert_true(journal.announced > 1000);
    wf_alarm_engine_destroy(&engine);
    wf_alarm_engine_destroy(&twin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_acknowledges_one_wins),
        cmocka_unit_test(the_highest_severity_since_the_acknowledge_is_kept),
        cmocka_unit_test(a_latch_waits_for_acknowledge_normal_and_reset),
        cmocka_unit_test(a_shelved_alarm_is_quiet_and_comes_back),
        cmocka_unit_test(a_parent_hides_its_children_and_lets_them_linger),
        cmocka_unit_test(what_is_not_valid_changes_nothing),
        cmocka_unit_test(disabled_and_out_of_service_alarms_are_not_judged),
        cmocka_unit_test(other_limits_keep_raised_levels_and_an_edit_starts_anew),
        cmocka_unit_test(bad_sets_and_damaged_memories_are_refused),
        cmocka_unit_test(a_restarted_engine_goes_on_as_one_that_was_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
