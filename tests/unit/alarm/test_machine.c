/* SPDX-License-Identifier: MIT */
/*
 * The transition table, read the way the code reads it: every cell is there once, the arrows of
 * the picture in the semantics lead where it says, and what must never be is in no cell.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/alarm/judge.h>

static const struct {
    enum wf_alarm_state state;
    enum wf_alarm_event event;
    enum wf_alarm_state next, next_latched;
    unsigned actions;
} rows[] = {
#define X(from, cause, to, to_latched, doing)                                                      \
    { WF_ALARM_##from, WF_ALARM_##cause, WF_ALARM_##to, WF_ALARM_##to_latched, (doing) },
    WF_ALARM_TABLE(X)
#undef X
};

static void every_state_and_event_has_exactly_one_row(void **state)
{
    unsigned seen[WF_ALARM_STATE_COUNT][WF_ALARM_EVENT_COUNT] = { 0 };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++)
        seen[rows[i].state][rows[i].event]++;
    for (unsigned s = 0; s < WF_ALARM_STATE_COUNT; s++)
        for (unsigned e = 0; e < WF_ALARM_EVENT_COUNT; e++)
            assert_int_equal(seen[s][e], 1);
}

static void advancing_does_what_each_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++)
        for (int latched = 0; latched < 2; latched++) {
            struct wf_alarm_definition definition = { .is_latched = latched != 0 };
            struct wf_alarm_memory memory;

            wf_alarm_memory_init(&memory);
            memory.state = (uint8_t)rows[i].state;
            memory.severity = 3;
            memory.highest = 5;
            assert_int_equal(wf_alarm_advance(&definition, &memory, rows[i].event),
                             rows[i].actions);
            assert_int_equal(memory.state, latched ? rows[i].next_latched : rows[i].next);
            if (memory.state == WF_ALARM_NORMAL || memory.state == WF_ALARM_PENDING)
                assert_int_equal(memory.highest, 0);
            else
                assert_int_equal(memory.highest, rows[i].actions & WF_ALARM_START ? 3 : 5);
        }
}

/* The picture, arrow by arrow. */
static void the_arrows_of_the_picture_are_in_the_table(void **state)
{
    static const struct {
        const char *from, *event, *to, *to_latched;
        bool is_announced;
    } arrows[] = {
        { "NORMAL", "VIOLATION", "PENDING", "PENDING", false },
        { "PENDING", "GLITCH", "NORMAL", "NORMAL", false },
        { "PENDING", "RAISE", "ACTIVE_UNACK", "ACTIVE_UNACK", true },
        { "NORMAL", "RAISE", "ACTIVE_UNACK", "ACTIVE_UNACK", true },
        { "ACTIVE_UNACK", "ACK", "ACTIVE_ACK", "ACTIVE_ACK", false },
        { "ACTIVE_ACK", "RTN", "NORMAL", "LATCHED", false },
        { "ACTIVE_UNACK", "RTN", "RTN_UNACK", "RTN_UNACK", false },
        { "RTN_UNACK", "ACK", "NORMAL", "LATCHED", false },
        { "ACTIVE_ACK", "WORSEN", "ACTIVE_UNACK", "ACTIVE_UNACK", true },
        { "ACTIVE_UNACK", "WORSEN", "ACTIVE_UNACK", "ACTIVE_UNACK", true },
        { "ACTIVE_ACK", "EASE", "ACTIVE_ACK", "ACTIVE_ACK", false },
        { "RTN_UNACK", "RAISE", "ACTIVE_UNACK", "ACTIVE_UNACK", true },
        { "LATCHED", "RAISE", "ACTIVE_UNACK", "ACTIVE_UNACK", true },
        { "LATCHED", "RESET", "NORMAL", "NORMAL", false },
        { "RTN_UNACK", "DISMISS", "NORMAL", "LATCHED", false },
        { "ACTIVE_ACK", "REPRESENT", "ACTIVE_UNACK", "ACTIVE_UNACK", true },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(arrows); i++) {
        size_t found = 0;

        for (size_t r = 0; r < WF_COUNT_OF(rows); r++) {
            if (strcmp(wf_alarm_state_name(rows[r].state), arrows[i].from) != 0 ||
                strcmp(wf_alarm_event_name(rows[r].event), arrows[i].event) != 0)
                continue;
            found++;
            assert_string_equal(wf_alarm_state_name(rows[r].next), arrows[i].to);
            assert_string_equal(wf_alarm_state_name(rows[r].next_latched), arrows[i].to_latched);
            assert_int_equal((rows[r].actions & WF_ALARM_ANNOUNCE) != 0, arrows[i].is_announced);
            assert_true(rows[r].actions & WF_ALARM_RECORD);
        }
        assert_int_equal(found, 1);
    }
}

static void what_must_never_be_is_in_no_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        bool is_refused = (rows[i].actions & (WF_ALARM_REFUSE | WF_ALARM_NEVER)) != 0;
        bool is_silent = rows[i].actions == 0;

        /* What changes the state is recorded; what is refused, or silent, changes nothing. */
        if (rows[i].next != rows[i].state || rows[i].next_latched != rows[i].state)
            assert_true(rows[i].actions & WF_ALARM_RECORD);
        if (is_refused || is_silent)
            assert_int_equal(rows[i].next, rows[i].state);
        /* Only what is active is announced; pending never. Nobody is told of what is not stored. */
        if (rows[i].actions & WF_ALARM_ANNOUNCE) {
            assert_int_equal(rows[i].next, WF_ALARM_ACTIVE_UNACK);
            assert_int_equal(rows[i].next_latched, WF_ALARM_ACTIVE_UNACK);
            assert_true(rows[i].actions & WF_ALARM_RECORD);
        }
        /*
         * Nothing but a user ends an unacknowledged alarm; an edit says so in the journal, and of
         * what is dismissed nobody was told.
         */
        if ((rows[i].state == WF_ALARM_ACTIVE_UNACK || rows[i].state == WF_ALARM_RTN_UNACK) &&
            rows[i].event != WF_ALARM_ACK && rows[i].event != WF_ALARM_EDIT &&
            rows[i].event != WF_ALARM_DISMISS)
            assert_true(rows[i].next == WF_ALARM_ACTIVE_UNACK ||
                        rows[i].next == WF_ALARM_RTN_UNACK);
        /* Only a reset, an edit or a new alarm ends a latch. */
        if (rows[i].state == WF_ALARM_LATCHED && rows[i].next != WF_ALARM_LATCHED)
            assert_true(rows[i].event == WF_ALARM_RESET || rows[i].event == WF_ALARM_EDIT ||
                        rows[i].event == WF_ALARM_RAISE);
        if (rows[i].next != rows[i].next_latched)
            assert_int_equal(rows[i].next_latched, WF_ALARM_LATCHED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_and_event_has_exactly_one_row),
        cmocka_unit_test(advancing_does_what_each_row_says),
        cmocka_unit_test(the_arrows_of_the_picture_are_in_the_table),
        cmocka_unit_test(what_must_never_be_is_in_no_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
