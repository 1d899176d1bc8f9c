/* SPDX-License-Identifier: MIT */
/* The simulator's spacecraft: physics that must hold, and that it repeats itself exactly. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model.h"

#define START_NS (INT64_C(1795280400) * 1000000000) /* 2026-11-21 16:20 UTC */
#define DAY_S    86400.0

static const int64_t four_seasons_ns[] = {
    INT64_C(1773964800) * 1000000000, /* 2026-03-20 */
    INT64_C(1782000000) * 1000000000, /* 2026-06-21 */
    INT64_C(1790035200) * 1000000000, /* 2026-09-22 */
    INT64_C(1797811200) * 1000000000, /* 2026-12-21 */
};

static double watts_missing(const struct sim_power *power)
{
    return power->array_voltage * power->array_current - power->bus_voltage * power->bus_current -
           power->battery_voltage * power->battery_current;
}

static void every_orbit_has_an_eclipse_of_about_35_minutes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(four_seasons_ns) / sizeof(four_seasons_ns[0]); i++) {
        struct sim_orbit orbit;
        double dark_s = 0.0;
        double period;

        sim_orbit_init(&orbit, four_seasons_ns[i], 0.0);
        period = sim_orbit_period_s(&orbit);
        assert_in_range((int)period, 5700, 5780);
        for (double t = 0.0; t < period; t += 1.0) {
            struct sim_vec position;
            struct sim_vec velocity;

            sim_orbit_position(&orbit, t, &position, &velocity);
            dark_s += 1.0 - sim_orbit_light(position, sim_orbit_sun(&orbit, t));
            assert_true(fabs(sim_length(position) - orbit.radius_km) < 1e-6);
            assert_true(fabs(sim_dot(position, velocity)) < 1e-6);
        }
        assert_in_range((int)dark_s, 31 * 60, 36 * 60);
    }
}

static void phase_zero_is_noon_and_phase_180_midnight(void **state)
{
    struct sim_orbit orbit;
    struct sim_vec position;
    struct sim_vec velocity;

    (void)state;
    sim_orbit_init(&orbit, START_NS, 0.0);
    sim_orbit_position(&orbit, 0.0, &position, &velocity);
    assert_true(sim_dot(position, sim_orbit_sun(&orbit, 0.0)) > 0.85 * orbit.radius_km);
    assert_true(sim_orbit_light(position, sim_orbit_sun(&orbit, 0.0)) == 1.0);

    sim_orbit_init(&orbit, START_NS, 180.0);
    sim_orbit_position(&orbit, 0.0, &position, &velocity);
    assert_true(sim_orbit_light(position, sim_orbit_sun(&orbit, 0.0)) == 0.0);
}

static void the_sun_stands_where_the_seasons_say(void **state)
{
    static const double declination_deg[] = { 0.0, 23.4, 0.0, -23.4 };

    (void)state;
    for (size_t i = 0; i < sizeof(four_seasons_ns) / sizeof(four_seasons_ns[0]); i++) {
        struct sim_orbit orbit;
        struct sim_vec sun;

        sim_orbit_init(&orbit, four_seasons_ns[i], 0.0);
        sun = sim_orbit_sun(&orbit, 0.0);
        assert_true(fabs(sim_length(sun) - 1.0) < 1e-9);
        assert_true(fabs(SIM_IN_DEGREES(asin(sun.z)) - declination_deg[i]) < 0.6);
    }
}

static void the_battery_falls_in_the_dark_and_charges_in_the_light(void **state)
{
    struct sim_model model;
    int eclipses = 0;
    double before;

    (void)state;
    sim_model_init(&model, 1, START_NS, 0.0);
    before = sim_power_soc(&model.power);
    for (double t = 0.0; t < DAY_S / 4.0; t += 10.0) {
        const double light = model.light;
        double soc;

        sim_model_advance(&model, t);
        soc = sim_power_soc(&model.power);
        assert_true(fabs(watts_missing(&model.power)) < 12.0); /* one step's lag and the harness */
        if (light == 0.0 && model.light == 0.0) {
            assert_true(soc < before);
            assert_true(model.power.array_current == 0.0);
            assert_true(model.power.battery_current < -3.0);
        } else if (light == 1.0 && model.light == 1.0) {
            assert_true(soc >= before - 1e-9);
        }
        eclipses += light > 0.0 && model.light == 0.0;
        before = soc;
    }
    assert_in_range(eclipses, 3, 4);
    assert_true(before > 70.0);
}

/* A healthy spacecraft raises no alarm: the limits here are those of the schemas. */
static void hours_without_a_fault_stay_inside_every_limit(void **state)
{
    static const struct {
        enum sim_node node;
        double lo, hi;
    } limits[] = {
        { SIM_NODE_BATTERY, 2.0, 32.0 },        { SIM_NODE_OBC, -5.0, 50.0 },
        { SIM_NODE_PAYLOAD, -20.0, 30.0 },      { SIM_NODE_TRANSMITTER, -10.0, 55.0 },
        { SIM_NODE_TANK, 5.0, 40.0 },           { SIM_NODE_WHEELS, -10.0, 55.0 },
        { SIM_NODE_STAR_TRACKER, -30.0, 20.0 }, { SIM_NODE_ARRAY, -100.0, 95.0 },
        { SIM_NODE_RADIATOR, -80.0, 10.0 },
    };

    (void)state;
    for (size_t season = 0; season < 4; season++) {
        struct sim_model model;

        sim_model_init(&model, 7 + season, four_seasons_ns[season], 60.0);
        for (double t = 0.0; t < DAY_S / 8.0; t += 20.0) {
            const struct sim_power *power = &model.power;

            sim_model_advance(&model, t);
            assert_int_equal(power->mode, SIM_POWER_NOMINAL);
            assert_true(power->bus_voltage > 26.5 && power->bus_voltage < 32.8);
            assert_true(power->battery_voltage > 27.5 && power->battery_voltage < 33.0);
            assert_true(power->battery_current > -12.5 && power->battery_current < 9.0);
            assert_true(power->array_voltage < 86.0 && power->array_current < 12.5);
            assert_true(power->bus_voltage * power->bus_current < 415.0);
            assert_true(sim_power_soc(power) > 65.0);
            assert_true(model.thermal.duty < 0.75);
            for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
                assert_true(model.thermal.celsius[limits[i].node] > limits[i].lo &&
                            model.thermal.celsius[limits[i].node] < limits[i].hi);
            for (int i = 0; i < 6; i++)
                assert_true(fabs(model.thermal.celsius[SIM_NODE_PANEL + i]) < 60.0);
            for (int i = 0; i < 4; i++)
                assert_true(fabs(model.attitude.wheel_rpm[i]) < 5200.0);
            assert_true(model.comms.recorder_bytes < 0.85 * 2.56e9);
        }
    }
}

static void the_attitude_is_a_rotation_that_points_at_the_earth(void **state)
{
    struct sim_model model;
    struct sim_quat before;

    (void)state;
    sim_model_init(&model, 3, START_NS, 0.0);
    before = model.attitude.quaternion;
    for (double t = 0.0; t < 6000.0; t += 1.0) {
        struct sim_quat q;
        struct sim_vec down;

        sim_model_advance(&model, t);
        q = model.attitude.quaternion;
        assert_true(fabs(q.x * q.x + q.y * q.y + q.z * q.z + q.w * q.w - 1.0) < 1e-12);
        down = sim_quat_into(q, sim_scale(sim_unit(model.position), -1.0));
        assert_true(down.z > cos(SIM_DEGREES(0.1)));
        /* Continuous: never jumps to the other sign of the same rotation. */
        assert_true(q.x * before.x + q.y * before.y + q.z * before.z + q.w * before.w > 0.999);
        assert_true(fabs(model.attitude.rate[1] + 0.0627) < 0.01);
        before = q;
    }
}

static void wheels_gather_momentum_and_are_unloaded(void **state)
{
    struct sim_model model;
    bool was_unloading = false;
    bool has_finished = false;

    (void)state;
    sim_model_init(&model, 3, START_NS, 0.0);
    for (double t = 0.0; t < DAY_S && !has_finished; t += 10.0) {
        sim_model_advance(&model, t);
        has_finished = was_unloading && !model.attitude.is_unloading;
        was_unloading = model.attitude.is_unloading;
    }
    assert_true(has_finished);
}

static void a_pass_locks_sends_and_empties_the_recorder(void **state)
{
    struct sim_model model;
    uint32_t passes;
    int seen = 0;
    bool was_in_view = false;
    double filled = 0.0;
    double sent = 0.0;

    (void)state;
    sim_model_init(&model, 3, START_NS, 0.0);
    passes = model.comms.pass_number;
    sent = model.comms.sent_bytes;
    for (double t = 0.0; t < DAY_S / 3.0; t += 5.0) {
        const struct sim_comms *comms = &model.comms;

        sim_model_advance(&model, t);
        assert_true(comms->sent_bytes >= sent);
        assert_true(comms->is_in_view == (comms->next_pass_s == 0.0) || comms->next_pass_s == 0.0);
        if (comms->transmitter_on) {
            assert_true(comms->bit_lock && comms->carrier_lock && comms->is_in_view);
            assert_true(comms->view.elevation_deg >= SIM_HORIZON_DEG);
            assert_in_range(comms->bit_rate, 1, 4);
            if (comms->bit_rate == 4)
                assert_true(comms->recorder_bytes <= filled);
            assert_true(fabs(comms->doppler_hz) < 60000.0);
            assert_true(comms->snr_db > 3.0);
            seen++;
        }
        if (!comms->is_in_view) {
            assert_int_equal(comms->bit_rate, 0);
            assert_true(was_in_view || comms->sent_bytes == sent);
        }
        was_in_view = comms->is_in_view;
        filled = comms->recorder_bytes;
        sent = comms->sent_bytes;
    }
    assert_true(seen > 100);
    assert_in_range(model.comms.pass_number - passes, 4, 30);
}

static void equal_seeds_repeat_and_the_cutting_of_time_does_not_matter(void **state)
{
    struct sim_model one;
    struct sim_model same;
    struct sim_model other;

    (void)state;
    sim_model_init(&one, 42, START_NS, 60.0);
    sim_model_init(&same, 42, START_NS, 60.0);
    sim_model_init(&other, 43, START_NS, 60.0);
    sim_model_advance(&one, 2000.0);
    sim_model_advance(&other, 2000.0);
    for (int i = 1; i <= 20000; i += 3)
        sim_model_advance(&same, i * 0.1);
    sim_model_advance(&same, 2000.0);
    assert_int_equal(one.step, 20000);
    assert_memory_equal(&one.attitude.error_deg, &same.attitude.error_deg,
                        sizeof(one.attitude.error_deg));
    assert_true(one.power.charge_ah == same.power.charge_ah);
    assert_true(one.comms.recorder_bytes == same.comms.recorder_bytes);
    assert_true(memcmp(&one.attitude.error_deg, &other.attitude.error_deg,
                       sizeof(one.attitude.error_deg)) != 0);
}

static void random_streams_of_one_seed_are_independent_and_fixed(void **state)
{
    struct sim_random a;
    struct sim_random b;
    double sum = 0.0;
    double squares = 0.0;

    (void)state;
    sim_random_init(&a, 1, "power");
    sim_random_init(&b, 1, "thermal");
    assert_true(sim_random_u64(&a) != sim_random_u64(&b));
    sim_random_init(&a, 1, "power");
    for (int i = 0; i < 20000; i++) {
        const double x = sim_random_normal(&a);

        sum += x;
        squares += x * x;
        assert_true(fabs(x) <= 6.0);
    }
    assert_true(fabs(sum / 20000.0) < 0.03);
    assert_true(fabs(squares / 20000.0 - 1.0) < 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_orbit_has_an_eclipse_of_about_35_minutes),
        cmocka_unit_test(phase_zero_is_noon_and_phase_180_midnight),
        cmocka_unit_test(the_sun_stands_where_the_seasons_say),
        cmocka_unit_test(the_battery_falls_in_the_dark_and_charges_in_the_light),
        cmocka_unit_test(hours_without_a_fault_stay_inside_every_limit),
        cmocka_unit_test(the_attitude_is_a_rotation_that_points_at_the_earth),
        cmocka_unit_test(wheels_gather_momentum_and_are_unloaded),
        cmocka_unit_test(a_pass_locks_sends_and_empties_the_recorder),
        cmocka_unit_test(equal_seeds_repeat_and_the_cutting_of_time_does_not_matter),
        cmocka_unit_test(random_streams_of_one_seed_are_independent_and_fixed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
