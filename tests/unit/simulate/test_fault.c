/* SPDX-License-Identifier: MIT */
/* Faults as text: what they mean, when they hold, and how a wrong one is refused. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>

#include "fault.h"

static struct sim_fault parse(const char *text)
{
    struct sim_fault fault;
    struct wf_err err = { 0 };

    if (sim_fault_parse(text, &fault, &err) < 0)
        fail_msg("%s", err.text);
    return fault;
}

static void every_kind_reads_as_it_is_written(void **state)
{
    static const struct {
        const char *text;
        enum sim_fault_kind kind;
        int64_t at_ms, for_ms;
        const char *subsystem, *parameter;
    } cases[] = {
        { "at 30s gap power 5s", SIM_FAULT_GAP, 30000, 5000, "power", "" },
        { "at 0 gap all", SIM_FAULT_GAP, 0, 0, "*", "" },
        { "  at  250ms freeze thermal 10s ", SIM_FAULT_FREEZE, 250, 10000, "thermal", "" },
        { "at 1m freeze power.mode 10s", SIM_FAULT_FREEZE, 60000, 10000, "power", "mode" },
        { "at 1s NAN attitude.rate_x 2s", SIM_FAULT_NAN, 1000, 2000, "attitude", "rate_x" },
        { "at 1s ramp power.bus_voltage 20s to 35", SIM_FAULT_RAMP, 1000, 20000, "power",
          "bus_voltage" },
        { "at 1s clock-jump all 10s by -1h", SIM_FAULT_CLOCK_JUMP, 1000, 10000, "*", "" },
        { "at 1s duplicate power 5s", SIM_FAULT_DUPLICATE, 1000, 5000, "power", "" },
        { "at 1s reorder power 5s", SIM_FAULT_REORDER, 1000, 5000, "power", "" },
        { "at 1s flood power 2s rate 5000", SIM_FAULT_FLOOD, 1000, 2000, "power", "" },
        { "at 1s\ncorrupt power\n5s how version", SIM_FAULT_CORRUPT, 1000, 5000, "power", "" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        const struct sim_fault fault = parse(cases[i].text);

        assert_int_equal(fault.kind, cases[i].kind);
        assert_int_equal(fault.at_ns, cases[i].at_ms * WF_NS_PER_MS);
        assert_int_equal(fault.for_ns, cases[i].for_ms * WF_NS_PER_MS);
        assert_string_equal(fault.subsystem, cases[i].subsystem);
        assert_string_equal(fault.parameter, cases[i].parameter);
    }
    assert_true(parse("at 1s ramp power.bus_voltage 20s to -3.5").to == -3.5);
    assert_int_equal(parse("at 1s clock-jump all by -1h").by_ns, -3600 * WF_NS_PER_S);
    assert_int_equal(parse("at 1s clock-jump all by +5s").by_ns, 5 * WF_NS_PER_S);
    assert_true(parse("at 1s flood power rate 0.5").rate_hz == 0.5);
    assert_int_equal(parse("at 1s corrupt power how apid").how, SIM_DAMAGE_APID);
    assert_int_equal(parse("at 1s corrupt power 3s").how, SIM_DAMAGE_ALL);
}

static void a_wrong_fault_is_refused_with_what_was_expected(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "", "expected 'at TIME" },
        { "gap power 5s", "expected 'at TIME" },
        { "at", "needs a duration" },
        { "at soon gap power", "'at'" },
        { "at 5s", "is no fault; expected gap" },
        { "at 5s hole power", "'hole' is no fault" },
        { "at 5s gap", "needs a subsystem" },
        { "at 5s gap power.mode 1s", "whole subsystem" },
        { "at 5s nan attitude 1s", "needs subsystem.parameter" },
        { "at 5s ramp power.bus_voltage", "needs a duration" },
        { "at 5s ramp power.bus_voltage 5s to", "needs a number" },
        { "at 5s ramp power.bus_voltage 5s to high", "'to'" },
        { "at 5s gap power 5s to 3", "'to' means nothing to 'gap'" },
        { "at 5s gap power 5s 6s", "'6s' means nothing" },
        { "at 5s clock-jump all 5s", "needs 'by" },
        { "at 5s flood power 5s", "needs 'rate" },
        { "at 5s flood power 5s rate 0", "needs 'rate" },
        { "at 5s flood power 5s rate nan", "needs 'rate" },
        { "at 5s corrupt power how badly", "'how' needs" },
        { "at 5s every 10s gap power", "shorter than that" },
        { "at 5s every 10s gap power 10s", "shorter than that" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct sim_fault fault = { .at_ns = -1 };
        struct wf_err err = { 0 };

        assert_int_equal(sim_fault_parse(cases[i].text, &fault, &err), WF_ERR_INVALID);
        if (strstr(err.text, cases[i].want) == NULL)
            fail_msg("'%s' is told as: %s", cases[i].text, err.text);
        assert_int_equal(fault.at_ns, -1);
    }
}

static void very_long_text_is_refused(void **state)
{
    char text[8192];
    struct sim_fault fault;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(sim_fault_parse(text, &fault, NULL), WF_ERR_INVALID);
    for (size_t i = 1; i < sizeof(text) - 1; i += 2)
        text[i] = ' ';
    assert_int_equal(sim_fault_parse(text, &fault, NULL), WF_ERR_INVALID);
}

static void a_fault_holds_from_its_start_to_before_its_end(void **state)
{
    const struct sim_fault once = parse("at 30s gap power 5s");
    const struct sim_fault again = parse("at 30s every 1m gap power 5s");
    const struct sim_fault for_ever = parse("at 30s gap power");

    (void)state;
    assert_false(sim_fault_is_active(&once, 30 * WF_NS_PER_S - 1));
    assert_true(sim_fault_is_active(&once, 30 * WF_NS_PER_S));
    assert_true(sim_fault_is_active(&once, 35 * WF_NS_PER_S - 1));
    assert_false(sim_fault_is_active(&once, 35 * WF_NS_PER_S));
    assert_false(sim_fault_is_active(&once, 90 * WF_NS_PER_S));

    assert_false(sim_fault_is_active(&again, 0));
    assert_true(sim_fault_is_active(&again, 90 * WF_NS_PER_S));
    assert_false(sim_fault_is_active(&again, 95 * WF_NS_PER_S));
    assert_true(sim_fault_is_active(&again, 3630 * WF_NS_PER_S));

    assert_true(sim_fault_is_active(&for_ever, 3600 * WF_NS_PER_S));
}

static void a_ramp_rises_stays_and_returns(void **state)
{
    const struct sim_fault ramp = parse("at 10s ramp power.bus_voltage 10s to 35");

    (void)state;
    assert_true(sim_fault_progress(&ramp, 10 * WF_NS_PER_S) == 0.0);
    assert_true(sim_fault_progress(&ramp, 15 * WF_NS_PER_S) == 0.5);
    assert_true(sim_ramp_shape(0.0) == 0.0);
    assert_true(sim_ramp_shape(0.2) == 0.5);
    assert_true(sim_ramp_shape(0.5) == 1.0);
    assert_true(sim_ramp_shape(0.8) > 0.49 && sim_ramp_shape(0.8) < 0.51);
    assert_true(sim_ramp_shape(1.0) == 0.0);
}

static void all_and_globs_concern_several_subsystems(void **state)
{
    const struct sim_fault all = parse("at 1s gap all");
    const struct sim_fault some = parse("at 1s gap *t*");
    const struct sim_fault one = parse("at 1s gap Power");

    (void)state;
    assert_true(sim_fault_concerns(&all, "power"));
    assert_true(sim_fault_concerns(&some, "thermal"));
    assert_true(sim_fault_concerns(&some, "attitude"));
    assert_false(sim_fault_concerns(&some, "power"));
    assert_true(sim_fault_concerns(&one, "power"));
    assert_false(sim_fault_concerns(&one, "thermal"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_reads_as_it_is_written),
        cmocka_unit_test(a_wrong_fault_is_refused_with_what_was_expected),
        cmocka_unit_test(very_long_text_is_refused),
        cmocka_unit_test(a_fault_holds_from_its_start_to_before_its_end),
        cmocka_unit_test(a_ramp_rises_stays_and_returns),
        cmocka_unit_test(all_and_globs_concern_several_subsystems),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
