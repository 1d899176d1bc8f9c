/* SPDX-License-Identifier: MIT */
/*
 * The shipped alert plugin power-orbit over orbits of the simulated spacecraft: a healthy one gets
 * back what it gave, one with a leak does not, and a hole is not judged across.
 */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/expr.h>
#include <watchfloor/plugin.h>
#include <watchfloor/strbuf.h>

#include "model.h"
#include "power_info.h"
#include "telemetry.h"

#define START_NS (INT64_C(1795280400) * WF_NS_PER_S)
#define STEP_S   10.0

/* One life of the plugin beside one life of the model. */
struct flight {
    struct wf_module *module;
    const struct wf_alert_ops *ops;
    void *state;
    struct sim_model model;
    struct sim_random noise;
    double t, leak_ampere;
    uint64_t samples;
    char why[120];
};

static void take_off(struct flight *flight)
{
    const char *build = getenv("WATCHFLOOR_BUILD");
    char path[512];
    struct wf_strbuf text = WF_STRBUF_FIXED(path);
    struct wf_err err = { 0 };

    *flight = (struct flight){ 0 };
    wf_strbuf_addf(&text, "%s/lib/watchfloor/plugins/power/power-orbit.so",
                   build != NULL ? build : ".");
    if (wf_module_load(path, &flight->module, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(wf_module_plugin(flight->module)->needs[0].layout_hash == POWER_INFO_LAYOUT_HASH);
    flight->ops = wf_module_plugin(flight->module)->ops.alert;
    flight->state = flight->ops->open(NULL);
    assert_non_null(flight->state);
    sim_model_init(&flight->model, 7, START_NS, 0.0);
    sim_random_init(&flight->noise, 7, "power");
}

static void land(struct flight *flight)
{
    flight->ops->close(flight->state);
    wf_module_unload(&flight->module);
}

/* What it says of the next sample, `seconds` after the one before. */
static int next(struct flight *flight, double seconds)
{
    struct power_info power;
    struct wf_stamp stamp = { .device_ns = START_NS };
    struct wf_view view = {
        .size = sizeof(view), .subsystem = "power", .data = &power, .stamp = &stamp
    };
    struct wf_strbuf why = WF_STRBUF_FIXED(flight->why);

    flight->t += seconds;
    stamp.device_ns += (int64_t)(flight->t * 1e9);
    sim_model_advance(&flight->model, flight->t);
    sim_subsystems[0].fill(&flight->model, &flight->noise, flight->samples++, &power);
    power.battery_current -= flight->leak_ampere;
    return flight->ops->judge(flight->state, &view, &why);
}

/* Fly for so long; counts what was said of the samples. */
static void fly(struct flight *flight, double seconds, unsigned counts[3])
{
    memset(counts, 0, 3 * sizeof(counts[0]));
    for (double end = flight->t + seconds; flight->t < end;) {
        switch (next(flight, STEP_S)) {
        case WF_FALSE:
            counts[0]++;
            break;
        case WF_TRUE:
            counts[1]++;
            break;
        default:
            counts[2]++;
            break;
        }
    }
}

static void a_healthy_battery_is_never_told(void **state)
{
    struct flight flight;
    double period;
    unsigned counts[3];

    (void)state;
    take_off(&flight);
    period = sim_orbit_period_s(&flight.model.orbit);
    fly(&flight, period, counts); /* less than from shadow to shadow: nothing can be said */
    assert_int_equal(counts[0] + counts[1], 0);
    fly(&flight, 5 * period, counts);
    assert_int_equal(counts[1], 0);
    assert_in_range(counts[0], 4 * period / STEP_S, 5 * period / STEP_S + 1);
    assert_non_null(strstr(flight.why, "Ah in the last orbit"));
    land(&flight);
}

static void a_leak_is_told_after_one_orbit_and_a_repair_after_another(void **state)
{
    struct flight flight;
    double period;
    unsigned counts[3];

    (void)state;
    take_off(&flight);
    period = sim_orbit_period_s(&flight.model.orbit);
    fly(&flight, 2 * period, counts);
    assert_int_equal(counts[1], 0);
    flight.leak_ampere = 1.0; /* about 1.6 Ah an orbit */
    fly(&flight, 2 * period, counts);
    assert_true(counts[1] > 0);
    assert_int_equal(next(&flight, STEP_S), WF_TRUE);
    assert_int_equal(flight.why[0], '-');
    flight.leak_ampere = 0;
    fly(&flight, 2 * period, counts);
    assert_int_equal(next(&flight, STEP_S), WF_FALSE);
    land(&flight);
}

static void nothing_is_judged_across_a_hole_or_back_in_time(void **state)
{
    static const double jumps[] = { 31.0, 600.0, -20.0 };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(jumps); i++) {
        struct flight flight;
        double period;
        unsigned counts[3];

        take_off(&flight);
        period = sim_orbit_period_s(&flight.model.orbit);
        fly(&flight, 2.5 * period, counts);
        assert_true(counts[0] > 0);
        assert_int_equal(next(&flight, jumps[i]), WF_UNKNOWN);
        fly(&flight, 0.9 * period, counts);
        assert_int_equal(counts[0] + counts[1], 0);
        fly(&flight, 1.2 * period, counts);
        assert_true(counts[0] > 0);
        land(&flight);
    }
}

static void a_sample_without_a_time_says_nothing(void **state)
{
    struct power_info power = { .in_sunlight = 1 };
    struct wf_stamp stamp = { .device_ns = WF_TIME_NONE };
    struct wf_view view = { .size = sizeof(view), .data = &power, .stamp = &stamp };
    struct flight flight;
    struct wf_strbuf why;

    (void)state;
    take_off(&flight);
    wf_strbuf_init_fixed(&why, flight.why, sizeof(flight.why));
    assert_int_equal(flight.ops->judge(flight.state, &view, &why), WF_UNKNOWN);
    view.data = NULL;
    assert_int_equal(flight.ops->judge(flight.state, &view, &why), WF_UNKNOWN);
    assert_int_equal(flight.ops->judge(NULL, &view, &why), WF_UNKNOWN);
    land(&flight);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_battery_is_never_told),
        cmocka_unit_test(a_leak_is_told_after_one_orbit_and_a_repair_after_another),
        cmocka_unit_test(nothing_is_judged_across_a_hole_or_back_in_time),
        cmocka_unit_test(a_sample_without_a_time_says_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
