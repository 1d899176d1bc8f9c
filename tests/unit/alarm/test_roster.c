/* SPDX-License-Identifier: MIT */
/* Schemas to alarms, samples to transitions: what each kind of alarm does, and when. */

#include "support/unit.h"

#include "support/roster_rig.h"

#define POWER_HEAD                                                                                 \
    "[subsystem]\n"                                                                                \
    "title = Power\n"                                                                              \
    "period = 1s\n"                                                                                \
    "stale_after = 3s\n"

/* Volts with all four limits, one sample to raise and one to clear. */
#define VOLTS                                                                                      \
    "[parameter volts]\n"                                                                          \
    "type = float\n"                                                                               \
    "lolo = 20\n"                                                                                  \
    "lo = 24\n"                                                                                    \
    "hi = 33\n"                                                                                    \
    "hihi = 36\n"                                                                                  \
    "hysteresis = 0.5\n"                                                                           \
    "clear = 1 of 1\n"

#define MODE                                                                                       \
    "[parameter mode]\n"                                                                           \
    "enumeration = modes\n"                                                                        \
    "[enumeration modes]\n"                                                                        \
    "0 = OFF\n"                                                                                    \
    "1 = SAFE\n"                                                                                   \
    "2 = NOMINAL\n"

static void each_kind_of_alarm_has_its_name(void **state)
{
    static const char *const wanted[] = {
        "main.power STALE",        "main.power GAP",           "main.power.volts LIMIT",
        "main.power.volts RATE",   "main.power.volts INVALID", "main.power.mode STATES",
        "main.power.mode INVALID", "main.power.both RULE",
    };
    struct rig rig = { 0 };
    struct wf_alarm_about about;

    (void)state;
    (void)rig_add(&rig, "main", "power",
                  POWER_HEAD VOLTS "rate = -5 .. 5\ntitle = Volts\nunit = V\nguidance = Shed.\n"
                                   "[parameter plain]\nbits = 8\n"
                                   "[parameter words]\ntype = string\nsize = 4\n"
                                   "[parameter mode]\nenumeration = modes\nstates = SAFE: 2\n"
                                   "[enumeration modes]\n0 = OFF\n1 = SAFE\n2 = NOMINAL\n"
                                   "[condition both]\nwhen = volts < 24 and mode == SAFE\n"
                                   "severity = 3\ntitle = Both\n");
    rig_make(&rig);
    for (size_t i = 0; i < WF_COUNT_OF(wanted); i++)
        (void)rig_alarm(&rig, wanted[i]);
    assert_int_equal(wf_alarm_engine_size(wf_alarm_roster_engine(rig.roster)), WF_COUNT_OF(wanted));
    assert_int_equal(
        wf_alarm_engine_find(wf_alarm_roster_engine(rig.roster), "main.power.plain INVALID"), -1);
    wf_alarm_roster_about(rig.roster, rig_alarm(&rig, "main.power.volts LIMIT"), &about);
    assert_int_equal(about.kind, WF_ALARM_LIMIT);
    assert_string_equal(about.title, "Volts");
    assert_string_equal(about.unit, "V");
    assert_string_equal(about.guidance, "Shed.");
    wf_alarm_roster_about(rig.roster, rig_alarm(&rig, "main.power.both RULE"), &about);
    assert_string_equal(about.name, "both");
    assert_string_equal(about.rule, "volts < 24 and mode == SAFE");
    wf_alarm_roster_about(rig.roster, rig_alarm(&rig, "main.power STALE"), &about);
    assert_string_equal(about.title, "Power");
    assert_string_equal(about.name, "");
    rig_free(&rig);
}

static void a_ramp_goes_through_the_limits_and_back_with_hysteresis(void **state)
{
    static const double ramp[] = { 28, 24.5, 24, 20, 19, 20.4, 20.6, 24.4, 24.6, 28 };
    struct rig rig = { 0 };
    size_t power = rig_add(&rig, "main", "power", POWER_HEAD VOLTS);

    (void)state;
    rig_make(&rig);
    for (size_t i = 0; i < WF_COUNT_OF(ramp); i++)
        rig_give(&rig, power, "volts", ramp[i], (double)i);
    rig_expect(&rig, "2.000 main.power.volts LIMIT: RAISE NORMAL>ACTIVE_UNACK 2\n"
                     "3.000 main.power.volts LIMIT: WORSEN ACTIVE_UNACK>ACTIVE_UNACK 4\n"
                     "6.000 main.power.volts LIMIT: EASE ACTIVE_UNACK>ACTIVE_UNACK 2\n"
                     "8.000 main.power.volts LIMIT: RTN ACTIVE_UNACK>RTN_UNACK 0\n");
    rig_free(&rig);
}

static void a_bad_value_raises_invalid_and_leaves_the_limit_alarm_alone(void **state)
{
    struct rig rig = { 0 };
    size_t power = rig_add(&rig, "main", "power", POWER_HEAD VOLTS);

    (void)state;
    rig_make(&rig);
    rig_give(&rig, power, "volts", 22, 0);
    rig_give(&rig, power, "volts", (double)NAN, 1);
    rig_give(&rig, power, "volts", 22, 2);
    rig_quality(&rig, power, "volts", WF_QUALITY_ABSENT);
    rig_send(&rig, power, 3);
    rig_give(&rig, power, "volts", 28, 4);
    rig_expect(&rig, "0.000 main.power.volts LIMIT: RAISE NORMAL>ACTIVE_UNACK 2\n"
                     "1.000 main.power.volts INVALID: RAISE NORMAL>ACTIVE_UNACK 2\n"
                     "2.000 main.power.volts INVALID: RTN ACTIVE_UNACK>RTN_UNACK 0\n"
                     "4.000 main.power.volts LIMIT: RTN ACTIVE_UNACK>RTN_UNACK 0\n");
    rig_free(&rig);
}

static void silence_raises_stale_at_its_moment_and_freezes_the_others(void **state)
{
    struct rig rig = { 0 };
    size_t power = rig_add(&rig, "main", "power", POWER_HEAD VOLTS);
    struct wf_alarm_now now;

    (void)state;
    rig_make(&rig);
    rig_tick(&rig, 0); /* never received is not stale */
    assert_int_equal(wf_alarm_roster_due(rig.roster), INT64_MAX);
    rig_give(&rig, power, "volts", 22, 1);
    wf_strbuf_clear(&rig.log);
    now = rig_now(&rig, 4.25);
    assert_int_equal(wf_alarm_roster_due(rig.roster), now.mono_ns);
    rig_tick(&rig, 4.2);
    rig_expect(&rig, "");
    assert_false(wf_alarm_roster_is_frozen(rig.roster, rig_alarm(&rig, "main.power.volts LIMIT")));
    rig_tick(&rig, 9); /* whenever somebody looks */
    rig_expect(&rig, "4.000 main.power STALE: RAISE NORMAL>ACTIVE_UNACK 2\n");
    assert_true(wf_alarm_roster_is_frozen(rig.roster, rig_alarm(&rig, "main.power.volts LIMIT")));
    assert_false(wf_alarm_roster_is_frozen(rig.roster, rig_alarm(&rig, "main.power STALE")));
    for (int i = 10; i < 13; i++)
        rig_give(&rig, power, "volts", 22, i);
    rig_expect(&rig, "12.000 main.power STALE: RTN ACTIVE_UNACK>RTN_UNACK 0\n");
    assert_false(wf_alarm_roster_is_frozen(rig.roster, rig_alarm(&rig, "main.power.volts LIMIT")));
    rig_free(&rig);
}

static void stale_comes_before_the_sample_that_ends_it_without_any_tick(void **state)
{
    struct rig rig = { 0 };
    size_t power = rig_add(&rig, "main", "power", POWER_HEAD VOLTS);

    (void)state;
    rig_make(&rig);
    rig_give(&rig, power, "volts", 28, 0);
    rig_give(&rig, power, "volts", 28, 3.001);
    rig_expect(&rig, "3.000 main.power STALE: RAISE NORMAL>ACTIVE_UNACK 2\n");
    rig_free(&rig);
}

static void time_in_which_nobody_listened_is_no_silence(void **state)
{
    struct rig rig = { 0 };
    size_t power = rig_add(&rig, "main", "power", POWER_HEAD VOLTS);

    (void)state;
    rig_make(&rig);
    rig_give(&rig, power, "volts", 28, 0);
    wf_alarm_roster_unheard(rig.roster, power, rig_now(&rig, 100).utc_ns);
    rig_tick(&rig, 102.9);
    rig_expect(&rig, "");
    rig_give(&rig, power, "volts", 28, 102.95);
    rig_tick(&rig, 120); /* from here on it is one, as ever */
    rig_expect(&rig, "105.950 main.power STALE: RAISE NORMAL>ACTIVE_UNACK 2\n");
    rig_free(&rig);
}

static void who_listens_again_and_hears_nothing_says_so(void **state)
{
    struct rig rig = { 0 };
    size_t power = rig_add(&rig, "main", "power", POWER_HEAD VOLTS);

    (void)state;
    rig_make(&rig);
    rig_give(&rig, power, "volts", 28, 0);
    wf_alarm_roster_unheard(rig.roster, power, rig_now(&rig, 100).utc_ns);
    /* What was in the ring already, from before. */
    rig_give(&rig, power, "volts", 28, 1);
    rig_tick(&rig, 120);
    rig_expect(&rig, "103.000 main.power STALE: RAISE NORMAL>ACTIVE_UNACK 2\n");
    rig_free(&rig);
}

static void missing_packets_raise_gap_and_it_clears_by_itself(void **state)
{
    struct rig rig = { 0 };
    size_t power = rig_add(&rig, "main", "power", POWER_HEAD VOLTS);

    (void)state;
    rig_make(&rig);
    for (int i = 0; i < 6; i++) {
        rig.flags = i == 2 ? WF_SAMPLE_GAP_BEFORE : 0;
        rig_give(&rig, power, "volts", 28, i);
    }
    rig_expect(&rig, "2.000 main.power GAP: RAISE NORMAL>ACTIVE_UNACK 1\n"
                     "5.000 main.power GAP: RTN ACTIVE_UNACK>RTN_UNACK 0\n");
    rig_free(&rig);
}

static void rates_know_the_sources_time_and_no_rate_goes_across_a_gap(void **state)
{
    struct rig rig = { 0 };
    size_t power = rig_add(&rig, "main", "power",
                           POWER_HEAD "[parameter volts]\ntype = float\nrate = -5 .. 5\n"
                                      "rate_window = 2s\nclear = 1 of 1\ninvalid_severity = 0\n");

    (void)state;
    rig_make(&rig);
    for (int i = 0; i < 4; i++)
        rig_give(&rig, power, "volts", 4.9 * i, i);
    rig_expect(&rig, "");
    rig_give(&rig, power, "volts", 30, 4);
    rig_expect(&rig, "4.000 main.power.volts RATE: RAISE NORMAL>ACTIVE_UNACK 2\n");
    rig_give(&rig, power, "volts", 30, 5);
    rig_give(&rig, power, "volts", 30, 6);
    rig_expect(&rig, "6.000 main.power.volts RATE: RTN ACTIVE_UNACK>RTN_UNACK 0\n");
    /* A leap over a gap is no rate. */
    rig.flags = WF_SAMPLE_GAP_BEFORE;
    rig_give(&rig, power, "volts", 90, 7);
    rig_give(&rig, power, "volts", 90, 8);
    rig_give(&rig, power, "volts", 90, 9);
    rig_expect(&rig, "7.000 main.power GAP: RAISE NORMAL>ACTIVE_UNACK 1\n");
    rig_free(&rig);
}

static void states_and_arrays_go_by_their_worst(void **state)
{
    struct rig rig = { 0 };
    size_t power = rig_add(&rig, "main", "power",
                           POWER_HEAD "[parameter cells]\ntype = float\ncount = 3\nlo = 3\n"
                                      "lolo = 2\nclear = 1 of 1\n"
                                      "[parameter mode]\nenumeration = modes\n"
                                      "states = SAFE: 2, OFF: 4\nclear = 1 of 1\n"
                                      "[enumeration modes]\n0 = OFF\n1 = SAFE\n2 = NOMINAL\n");

    (void)state;
    rig_make(&rig);
    for (size_t i = 0; i < 3; i++)
        rig_set(&rig, power, "cells", i, 3.5);
    rig_give(&rig, power, "mode", 2, 0);
    rig_set(&rig, power, "cells", 1, 2.9);
    rig_send(&rig, power, 1);
    rig_set(&rig, power, "cells", 2, 1.9);
    rig_send(&rig, power, 2);
    rig_set(&rig, power, "cells", 1, 3.5);
    rig_give(&rig, power, "mode", 1, 3);
    rig_set(&rig, power, "cells", 2, 3.5);
    rig_give(&rig, power, "mode", 0, 4);
    rig_give(&rig, power, "mode", 2, 5);
    rig_expect(&rig, "1.000 main.power.cells LIMIT: RAISE NORMAL>ACTIVE_UNACK 2\n"
                     "2.000 main.power.cells LIMIT: WORSEN ACTIVE_UNACK>ACTIVE_UNACK 4\n"
                     "3.000 main.power.mode STATES: RAISE NORMAL>ACTIVE_UNACK 2\n"
                     "4.000 main.power.cells LIMIT: EASE ACTIVE_UNACK>ACTIVE_UNACK 2\n"
                     "4.000 main.power.mode STATES: WORSEN ACTIVE_UNACK>ACTIVE_UNACK 4\n"
                     "5.000 main.power.cells LIMIT: RTN ACTIVE_UNACK>RTN_UNACK 0\n"
                     "5.000 main.power.mode STATES: EASE ACTIVE_UNACK>ACTIVE_UNACK 2\n");
    rig_free(&rig);
}

static void a_context_brings_other_limits_and_unknown_keeps_them(void **state)
{
    struct rig rig = { 0 };
    size_t power =
        rig_add(&rig, "main", "power",
                POWER_HEAD VOLTS MODE "[context safe]\nwhen = mode == SAFE\nvolts = lo 20\n"
                                      "[context off]\nwhen = mode == OFF\nvolts = none\n");
    const char *context;

    (void)state;
    rig_make(&rig);
    rig_set(&rig, power, "mode", 0, 2);
    rig_give(&rig, power, "volts", 23, 0);
    rig_expect(&rig, "0.000 main.power.volts LIMIT: RAISE NORMAL>ACTIVE_UNACK 2\n");
    rig_set(&rig, power, "mode", 0, 1);
    rig_send(&rig, power, 1);
    rig_expect(&rig, "1.000 main.power.volts LIMIT: RTN ACTIVE_UNACK>RTN_UNACK 0\n");
    (void)wf_alarm_roster_definition(rig.roster, rig_alarm(&rig, "main.power.volts LIMIT"),
                                     &context);
    assert_string_equal(context, "safe");
    rig_quality(&rig, power, "mode", WF_QUALITY_ABSENT);
    rig_send(&rig, power, 2);
    rig_expect(&rig, "");
    rig_set(&rig, power, "mode", 0, 0);
    rig_give(&rig, power, "volts", 0, 3);
    rig_expect(&rig, "");
    rig_set(&rig, power, "mode", 0, 2);
    rig_send(&rig, power, 4);
    rig_expect(&rig, "4.000 main.power.volts LIMIT: RAISE RTN_UNACK>ACTIVE_UNACK 4\n");
    rig_free(&rig);
}

static void enabled_when_ends_the_judging_and_begins_it_anew(void **state)
{
    struct rig rig = { 0 };
    size_t power = rig_add(&rig, "main", "power",
                           POWER_HEAD "[parameter on]\ntype = bool\n" VOLTS "enabled_when = on\n");

    (void)state;
    rig_make(&rig);
    rig_set(&rig, power, "on", 0, 0);
    rig_give(&rig, power, "volts", 10, 0);
    rig_set(&rig, power, "on", 0, 1);
    rig_send(&rig, power, 1);
    rig_quality(&rig, power, "on", WF_QUALITY_INVALID);
    rig_send(&rig, power, 2);
    rig_set(&rig, power, "on", 0, 0);
    rig_send(&rig, power, 3);
    rig_expect(&rig, "0.000 main.power.volts LIMIT: DISABLE NORMAL>NORMAL 0 marks 4\n"
                     "0.000 main.power.volts INVALID: DISABLE NORMAL>NORMAL 0 marks 4\n"
                     "1.000 main.power.volts LIMIT: MARK NORMAL>NORMAL 0\n"
                     "1.000 main.power.volts INVALID: MARK NORMAL>NORMAL 0\n"
                     "1.000 main.power.volts LIMIT: RAISE NORMAL>ACTIVE_UNACK 4\n"
                     "3.000 main.power.volts LIMIT: DISABLE ACTIVE_UNACK>RTN_UNACK 0 marks 4\n"
                     "3.000 main.power.volts INVALID: DISABLE NORMAL>NORMAL 0 marks 4\n");
    rig_free(&rig);
}

static void rules_read_other_subsystems_and_windows(void **state)
{
    struct rig rig = { 0 };
    size_t power = rig_add(&rig, "sat1", "power",
                           POWER_HEAD "[parameter volts]\ntype = float\n"
                                      "invalid_severity = 0\n");
    size_t comms = rig_add(&rig, "sat1", "comms",
                           "[subsystem]\nperiod = 1s\nstale_after = 10s\n"
                           "[parameter locked]\ntype = bool\n"
                           "[condition drained]\n"
                           "when = avg(power.volts over 3 samples) < 24 and locked\n"
                           "severity = 3\nclear = 1 of 1\n"
                           "[condition lost]\nwhen = not locked and sat1.power.volts < 24\n"
                           "severity = 5\nunknown = raise\nclear = 1 of 1\n");

    (void)state;
    rig_make(&rig);
    rig_give(&rig, comms, "locked", 1, 0);
    rig_expect(&rig, "");
    for (int i = 1; i < 4; i++)
        rig_give(&rig, power, "volts", 20 + i, i);
    rig_expect(&rig, "3.000 sat1.comms.drained RULE: RAISE NORMAL>ACTIVE_UNACK 3\n");
    rig_give(&rig, comms, "locked", 0, 3.5);
    rig_expect(&rig, "3.500 sat1.comms.drained RULE: RTN ACTIVE_UNACK>RTN_UNACK 0\n"
                     "3.500 sat1.comms.lost RULE: RAISE NORMAL>ACTIVE_UNACK 5\n");
    rig_give(&rig, power, "volts", 30, 4);
    rig_expect(&rig, "4.000 sat1.comms.lost RULE: RTN ACTIVE_UNACK>RTN_UNACK 0\n");
    /* Power falls silent: what it said last says nothing of now. */
    rig_tick(&rig, 7.5);
    rig_expect(&rig, "7.000 sat1.power STALE: RAISE NORMAL>ACTIVE_UNACK 2\n"
                     "7.000 sat1.comms.lost RULE: RAISE RTN_UNACK>ACTIVE_UNACK 5\n");
    rig_free(&rig);
}

static void rules_count_sources_and_elements(void **state)
{
    static const char text[] = POWER_HEAD "[parameter volts]\ntype = float\n"
                                          "invalid_severity = 0\n"
                                          "[parameter cells]\ntype = float\ncount = 3\n"
                                          "invalid_severity = 0\n";
    struct rig rig = { 0 };
    size_t sat1 = rig_add(&rig, "sat1", "power", text), sat2 = rig_add(&rig, "sat2", "power", text);
    size_t fleet = rig_add(&rig, "ops", "fleet",
                           "[subsystem]\n[parameter n]\n"
                           "[condition low]\nwhen = any(*.power.volts < 24)\nseverity = 2\n"
                           "clear = 1 of 1\n"
                           "[condition both]\nwhen = 2 of (sat*.power.volts < 24)\nseverity = 4\n"
                           "clear = 1 of 1\n"
                           "[condition cell]\nwhen = 2 of (sat1.power.cells < 3)\nseverity = 1\n"
                           "[condition rising]\nwhen = any(rising(*.power.volts over 3 samples))\n"
                           "severity = 1\n");

    (void)state;
    (void)fleet;
    rig_make(&rig);
    for (size_t i = 0; i < 3; i++)
        rig_set(&rig, sat1, "cells", i, i < 2 ? 2.5 : 3.5);
    rig_give(&rig, sat1, "volts", 20, 0);
    rig_expect(&rig, "0.000 ops.fleet.low RULE: RAISE NORMAL>ACTIVE_UNACK 2\n"
                     "0.000 ops.fleet.cell RULE: RAISE NORMAL>ACTIVE_UNACK 1\n");
    rig_give(&rig, sat2, "volts", 20, 0.5);
    rig_expect(&rig, "0.500 ops.fleet.both RULE: RAISE NORMAL>ACTIVE_UNACK 4\n");
    rig_give(&rig, sat1, "volts", 30, 1);
    rig_expect(&rig, "1.000 ops.fleet.both RULE: RTN ACTIVE_UNACK>RTN_UNACK 0\n");
    rig_give(&rig, sat1, "volts", 31, 2);
    rig_expect(&rig, "2.000 ops.fleet.rising RULE: RAISE NORMAL>ACTIVE_UNACK 1\n");
    rig_free(&rig);
}

/* 8 bits wrap at 256; a step back of more is a reset. */
static void a_counters_rate_goes_across_its_wrap(void **state)
{
    static const double counts[] = { 250, 254, 2, 6, 10, 0, 4, 8, 40 };
    struct rig rig = { 0 };
    size_t power = rig_add(&rig, "main", "power",
                           POWER_HEAD "[parameter trips]\nbits = 8\ncounter = yes\n"
                                      "rate = * .. 5\nrate_window = 1s\nrate_samples = 2\n");

    (void)state;
    rig_make(&rig);
    for (size_t i = 0; i < WF_COUNT_OF(counts); i++)
        rig_give(&rig, power, "trips", counts[i], (double)i);
    rig_expect(&rig, "8.000 main.power.trips RATE: RAISE NORMAL>ACTIVE_UNACK 2\n");
    rig_free(&rig);
}

static void a_rule_that_means_nothing_is_told_with_the_schemas_name(void **state)
{
    struct rig rig = { 0 };
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };

    (void)state;
    (void)rig_add(&rig, "main", "power",
                  POWER_HEAD VOLTS "suppressed_by = power.lost\n"
                                   "[condition x]\nwhen = thermal.tank > 3\nseverity = 2\n");
    rig.options.members = rig.members;
    rig.options.member_count = 1;
    rig.options.host.emit = rig_emit;
    assert_int_equal(wf_alarm_roster_create(&rig.options, &rig.roster, &problems, &err),
                     WF_ERR_INVALID);
    assert_int_equal(problems.count, 3); /* LIMIT and INVALID each miss their parent */
    assert_string_equal(problems.list[0].file, "power");
    assert_non_null(strstr(problems.list[0].text, "power.lost"));
    assert_non_null(strstr(problems.list[2].text, "thermal.tank"));
    wf_problems_fini(&problems);
    rig_free(&rig);
}

/* The link goes silent: one alarm, the others under it. */
static void a_parents_children_are_hidden_while_it_is_active_and_linger_after(void **state)
{
    struct rig rig = { 0 };
    size_t comms = rig_add(&rig, "main", "comms",
                           "[subsystem]\nperiod = 1s\nstale_after = 10s\n"
                           "[parameter locked]\ntype = bool\n"
                           "[condition lost]\nwhen = not locked\nseverity = 4\nclear = 1 of 1\n");
    size_t power = rig_add(&rig, "main", "power", POWER_HEAD VOLTS "suppressed_by = comms.lost\n");

    (void)state;
    rig_make(&rig);
    rig_give(&rig, comms, "locked", 1, 0);
    rig_give(&rig, power, "volts", 28, 0);
    rig_give(&rig, comms, "locked", 0, 1);
    rig_give(&rig, power, "volts", 10, 1.5);
    assert_int_equal(rig.announced, 1);
    rig_expect(&rig, "1.000 main.comms.lost RULE: RAISE NORMAL>ACTIVE_UNACK 4\n"
                     "1.000 main.power.volts LIMIT: MARK NORMAL>NORMAL 0 marks 8\n"
                     "1.000 main.power.volts INVALID: MARK NORMAL>NORMAL 0 marks 8\n"
                     "1.500 main.power.volts LIMIT: RAISE NORMAL>ACTIVE_UNACK 4 marks 8\n");
    rig_give(&rig, comms, "locked", 1, 2);
    rig_expect(&rig, "2.000 main.comms.lost RULE: RTN ACTIVE_UNACK>RTN_UNACK 0\n");
    for (int i = 3; i < 8; i++)
        rig_give(&rig, power, "volts", 10, i);
    rig_expect(&rig, "7.000 main.power.volts LIMIT: REPRESENT ACTIVE_UNACK>ACTIVE_UNACK 4\n"
                     "7.000 main.power.volts INVALID: REPRESENT NORMAL>NORMAL 0\n");
    assert_int_equal(rig.announced, 2);
    rig_free(&rig);
}

/* Whichever notices first: the link's silence is the one that is announced. */
static void a_silent_link_is_one_alarm_with_the_others_under_it(void **state)
{
    struct rig rig = { 0 };
    size_t link = rig_add(&rig, "main", "link",
                          "[subsystem]\nperiod = 1s\nstale_after = 5s\n"
                          "suppressed_by = elsewhere STALE\n[parameter n]\n");
    size_t power = rig_add(&rig, "main", "power",
                           "[subsystem]\nperiod = 1s\nstale_after = 2s\n"
                           "suppressed_by = link STALE\n[parameter n]\n");

    (void)state;
    rig_make(&rig);
    rig_send(&rig, link, 0);
    rig_send(&rig, power, 0.5);
    rig_tick(&rig, 20);
    rig_expect(&rig, "5.000 main.link STALE: RAISE NORMAL>ACTIVE_UNACK 2\n"
                     "5.000 main.power STALE: MARK NORMAL>NORMAL 0 marks 8\n"
                     "5.000 main.power GAP: MARK NORMAL>NORMAL 0 marks 8\n"
                     "5.000 main.power STALE: RAISE NORMAL>ACTIVE_UNACK 2 marks 8\n");
    assert_int_equal(rig.announced, 1);
    for (int i = 21; i < 24; i++) {
        rig.flags = i == 21 ? WF_SAMPLE_GAP_BEFORE : 0; /* which is no news */
        rig_send(&rig, link, i);
        rig.flags = i == 21 ? WF_SAMPLE_GAP_BEFORE : 0;
        rig_send(&rig, power, i + 0.1);
    }
    rig_expect(&rig, "23.000 main.link STALE: RTN ACTIVE_UNACK>RTN_UNACK 0\n"
                     "23.100 main.power STALE: RTN ACTIVE_UNACK>RTN_UNACK 0 marks 8\n");
    /* Nobody heard of power's silence but as the link's; now power alone falls silent: as soon as the link says something. */
    for (int i = 24; i < 32; i++)
        rig_send(&rig, link, i + 0.2);
    rig_expect(&rig, "25.100 main.power STALE: RAISE RTN_UNACK>ACTIVE_UNACK 2 marks 8\n"
                     "28.000 main.power STALE: REPRESENT ACTIVE_UNACK>ACTIVE_UNACK 2\n"
                     "28.000 main.power GAP: REPRESENT NORMAL>NORMAL 0\n");
    rig_free(&rig);
}

static void late_and_repeated_samples_are_alive_but_not_judged(void **state)
{
    struct rig rig = { 0 };
    size_t power = rig_add(&rig, "main", "power", POWER_HEAD VOLTS);

    (void)state;
    rig_make(&rig);
    rig_give(&rig, power, "volts", 28, 0);
    rig.flags = WF_SAMPLE_LATE;
    rig_set(&rig, power, "volts", 0, 10);
    rig_quality(&rig, power, "volts", WF_QUALITY_LATE);
    rig_send(&rig, power, 2);
    rig.flags = WF_SAMPLE_DUPLICATE;
    rig_give(&rig, power, "volts", 10, 4);
    rig_tick(&rig, 6);
    rig_expect(&rig, "");
    rig_free(&rig);

    rig = (struct rig){ .options.late = WF_ALARM_LATE_ALARM };
    power = rig_add(&rig, "main", "power", POWER_HEAD VOLTS);
    rig_make(&rig);
    rig.flags = WF_SAMPLE_LATE;
    rig_set(&rig, power, "volts", 0, 10);
    rig_quality(&rig, power, "volts", WF_QUALITY_LATE);
    rig_send(&rig, power, 2);
    rig_expect(&rig, "2.000 main.power.volts LIMIT: RAISE NORMAL>ACTIVE_UNACK 4\n");
    rig_free(&rig);
}

static void a_users_limits_hold_over_contexts_until_they_are_taken_back(void **state)
{
    const struct wf_alarm_who who = { .user = "eva", .note = "test" };
    struct rig rig = { 0 };
    size_t power = rig_add(&rig, "main", "power",
                           POWER_HEAD VOLTS MODE "[context safe]\nwhen = mode == SAFE\n"
                                                 "volts = lo 20\n");
    struct wf_limits limits;
    struct wf_alarm_now now;
    struct wf_err err = { 0 };
    char text[200];
    struct wf_strbuf line = WF_STRBUF_FIXED(text);
    size_t alarm;

    (void)state;
    rig_make(&rig);
    alarm = rig_alarm(&rig, "main.power.volts LIMIT");
    rig_set(&rig, power, "mode", 0, 1);
    rig_give(&rig, power, "volts", 21, 0);
    rig_expect(&rig, "");
    limits = rig.schemas[power]->parameters[0].limits;
    limits.present = 1u << WF_LO;
    limits.value[WF_LO] = 25;
    now = rig_now(&rig, 1);
    assert_int_equal(wf_alarm_roster_edit(rig.roster, alarm, &limits, &who, &now, &err), 0);
    wf_alarm_roster_limits_text(rig.roster, alarm, &line);
    assert_string_equal(text, "{\"lo\":25,\"severity\":[2],\"hysteresis\":0.5,"
                              "\"raise\":\"1 of 1\",\"clear\":\"1 of 1\"}");
    rig_send(&rig, power, 2);
    rig_set(&rig, power, "mode", 0, 2);
    rig_send(&rig, power, 3);
    rig_set(&rig, power, "mode", 0, 1);
    rig_send(&rig, power, 4);
    now = rig_now(&rig, 5);
    assert_int_equal(wf_alarm_roster_edit(rig.roster, alarm, NULL, &who, &now, &err), 0);
    rig_send(&rig, power, 6);
    rig_expect(&rig, "1.000 main.power.volts LIMIT: EDIT NORMAL>NORMAL 0\n"
                     "2.000 main.power.volts LIMIT: RAISE NORMAL>ACTIVE_UNACK 2\n"
                     "5.000 main.power.volts LIMIT: EDIT ACTIVE_UNACK>NORMAL 0\n");
    limits.value[WF_LO] = (double)NAN;
    assert_int_equal(wf_alarm_roster_edit(rig.roster, alarm, &limits, &who, &now, &err),
                     WF_ERR_INVALID);
    assert_int_equal(wf_alarm_roster_edit(rig.roster, rig_alarm(&rig, "main.power STALE"), NULL,
                                          &who, &now, &err),
                     WF_ERR_INVALID);
    rig_free(&rig);
}

static void a_condition_by_code_and_alarms_on_trial(void **state)
{
    const struct wf_alarm_coded coded = {
        .source = "main", .subsystem = "power", .name = "clever", .severity = 3
    };
    struct rig rig = { .options = {
                           .coded = &coded, .coded_count = 1, .shadow = "main.power.volts" } };
    size_t power = rig_add(&rig, "main", "power", POWER_HEAD VOLTS);
    struct wf_alarm_now now;

    (void)state;
    rig_make(&rig);
    now = rig_now(&rig, 0);
    wf_alarm_roster_judged(rig.roster, 0, WF_TRUE, &now);
    wf_alarm_roster_judged(rig.roster, 0, WF_UNKNOWN, &now);
    rig_give(&rig, power, "volts", 10, 1);
    now = rig_now(&rig, 2);
    wf_alarm_roster_judged(rig.roster, 0, WF_FALSE, &now);
    rig_expect(&rig, "0.000 main.power.clever RULE: RAISE NORMAL>ACTIVE_UNACK 3\n"
                     "1.000 main.power.volts LIMIT: RAISE NORMAL>ACTIVE_UNACK 4 marks 10\n"
                     "2.000 main.power.clever RULE: RTN ACTIVE_UNACK>RTN_UNACK 0\n");
    assert_int_equal(rig.announced, 1);
    rig_free(&rig);
}

static void durations_go_on_when_the_clock_is_set(void **state)
{
    struct rig rig = { 0 };
    size_t power = rig_add(&rig, "main", "power",
                           POWER_HEAD "[parameter volts]\ntype = float\nlo = 24\nraise = 5s\n"
                                      "clear = 2s\ninvalid_severity = 0\n");

    (void)state;
    rig_make(&rig);
    for (int i = 0; i < 3; i++)
        rig_give(&rig, power, "volts", 20, i);
    rig_expect(&rig, "0.000 main.power.volts LIMIT: VIOLATION NORMAL>PENDING 0\n");
    /* UTC leaps an hour ahead; the monotonic clock does not. */
    rig.boot_ns += 3600 * WF_NS_PER_S;
    for (int i = 3; i < 6; i++)
        rig_give(&rig, power, "volts", 20, 3600 + i);
    rig_expect(&rig, "3605.000 main.power.volts LIMIT: RAISE PENDING>ACTIVE_UNACK 2\n");
    rig_free(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_alarm_has_its_name),
        cmocka_unit_test(a_ramp_goes_through_the_limits_and_back_with_hysteresis),
        cmocka_unit_test(a_bad_value_raises_invalid_and_leaves_the_limit_alarm_alone),
        cmocka_unit_test(silence_raises_stale_at_its_moment_and_freezes_the_others),
        cmocka_unit_test(stale_comes_before_the_sample_that_ends_it_without_any_tick),
        cmocka_unit_test(time_in_which_nobody_listened_is_no_silence),
        cmocka_unit_test(who_listens_again_and_hears_nothing_says_so),
        cmocka_unit_test(missing_packets_raise_gap_and_it_clears_by_itself),
        cmocka_unit_test(rates_know_the_sources_time_and_no_rate_goes_across_a_gap),
        cmocka_unit_test(states_and_arrays_go_by_their_worst),
        cmocka_unit_test(a_context_brings_other_limits_and_unknown_keeps_them),
        cmocka_unit_test(enabled_when_ends_the_judging_and_begins_it_anew),
        cmocka_unit_test(rules_read_other_subsystems_and_windows),
        cmocka_unit_test(rules_count_sources_and_elements),
        cmocka_unit_test(a_counters_rate_goes_across_its_wrap),
        cmocka_unit_test(a_rule_that_means_nothing_is_told_with_the_schemas_name),
        cmocka_unit_test(a_parents_children_are_hidden_while_it_is_active_and_linger_after),
        cmocka_unit_test(a_silent_link_is_one_alarm_with_the_others_under_it),
        cmocka_unit_test(late_and_repeated_samples_are_alive_but_not_judged),
        cmocka_unit_test(a_users_limits_hold_over_contexts_until_they_are_taken_back),
        cmocka_unit_test(a_condition_by_code_and_alarms_on_trial),
        cmocka_unit_test(durations_go_on_when_the_clock_is_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
