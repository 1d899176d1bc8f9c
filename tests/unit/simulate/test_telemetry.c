/* SPDX-License-Identifier: MIT */
/*
 * The spacecraft's packets through the shipped schemas and back: what the model
 * says comes out of the decoder, and nothing about a healthy spacecraft alarms.
 */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/decode/decoder.h>
#include <watchfloor/value.h>

#include "engine.h"
#include "telemetry.h"

#define START_NS (INT64_C(1795280400) * WF_NS_PER_S)

/* One subsystem: schema, decoder, the newest payload. */
struct subsystem {
    struct wf_schema *schema;
    struct wf_decoder *decoder;
    void *payload;
    uint64_t packets;
    int64_t device_ns;
};

struct bench {
    struct sim_engine engine;
    struct subsystem subsystems[SIM_SUBSYSTEM_COUNT];
    uint64_t checksum;
};

static struct wf_schema *load(const char *name)
{
    const char *source = getenv("WATCHFLOOR_SOURCE");
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_err err = { 0 };
    char path[1024];

    if (source == NULL)
        skip();
    (void)snprintf(path, sizeof(path), "%s/plugins/%s/%s.ini", source, name, name);
    if (wf_schema_load(path, &schema, &problems, &err) < 0) {
        wf_problems_print(&problems);
        fail_msg("%s", err.text);
    }
    assert_int_equal(problems.count, 0);
    return schema;
}

static void set_up(struct bench *bench, uint64_t seed, double speed)
{
    struct wf_err err = { 0 };

    *bench = (struct bench){ 0 };
    sim_engine_init(&bench->engine, seed, START_NS, 60.0, speed);
    for (size_t i = 0; i < SIM_SUBSYSTEM_COUNT; i++) {
        struct subsystem *subsystem = &bench->subsystems[i];
        struct sim_stream_options options = {
            .fill = sim_subsystems[i].fill,
            .rate_hz = 2.0,
            .seed = seed,
            .start_ns = START_NS,
        };

        subsystem->schema = load(sim_subsystems[i].name);
        options.schema = subsystem->schema;
        assert_int_equal(options.schema->layout_hash, sim_subsystems[i].layout_hash);
        subsystem->payload = calloc(1, options.schema->payload_bytes);
        assert_non_null(subsystem->payload);
        if (wf_decoder_create(options.schema, &subsystem->decoder, &err) < 0 ||
            sim_stream_create(&options, &bench->engine.streams[i], &err) < 0)
            fail_msg("%s", err.text);
        bench->engine.stream_count++;
    }
}

static void tear_down(struct bench *bench)
{
    sim_engine_fini(&bench->engine);
    for (size_t i = 0; i < SIM_SUBSYSTEM_COUNT; i++) {
        wf_decoder_destroy(&bench->subsystems[i].decoder);
        wf_schema_free(&bench->subsystems[i].schema);
        free(bench->subsystems[i].payload);
    }
}

static struct subsystem *find(struct bench *bench, const uint8_t *packet)
{
    const unsigned apid = (unsigned)(packet[0] & 7) << 8 | packet[1];

    for (size_t i = 0; i < SIM_SUBSYSTEM_COUNT; i++)
        if (bench->subsystems[i].schema->apids[0] == apid)
            return &bench->subsystems[i];
    fail_msg("APID %u belongs to no subsystem", apid);
    return NULL;
}

static void take(void *context, const uint8_t *packet, size_t len)
{
    struct bench *bench = context;
    struct subsystem *subsystem = find(bench, packet);
    struct wf_decoded decoded;

    for (size_t i = 0; i < len; i++)
        bench->checksum = (bench->checksum ^ packet[i]) * UINT64_C(0x100000001b3);
    assert_int_equal(wf_decode(subsystem->decoder, packet, len, subsystem->payload, &decoded), 0);
    assert_int_equal(decoded.flags, 0);
    subsystem->packets++;
    subsystem->device_ns = decoded.device_ns;
    for (size_t p = 0; p < subsystem->schema->parameter_count; p++) {
        const struct wf_parameter *parameter = &subsystem->schema->parameters[p];
        const size_t count = wf_value_count(subsystem->schema, subsystem->payload, p);

        for (size_t e = 0; e < count; e++) {
            struct wf_value value;

            wf_value_get(subsystem->schema, subsystem->payload, p, e, &value);
            if (value.quality == WF_QUALITY_ABSENT && parameter->present_when[0] != '\0')
                continue;
            if (value.quality != WF_QUALITY_VALID)
                fail_msg("%s.%s is %s", subsystem->schema->name, parameter->name,
                         wf_quality_name(value.quality));
            /* Watch (1) is for what comes and goes by itself, as a blinded star tracker. */
            if (wf_value_severity(subsystem->schema, p, &value) > 1)
                fail_msg("%s.%s alarms at %g", subsystem->schema->name, parameter->name,
                         wf_value_as_double(&value));
        }
    }
}

static double value_of(const struct subsystem *subsystem, const char *name, size_t element)
{
    const int index = wf_schema_find(subsystem->schema, name);
    struct wf_value value;

    if (index == WF_NO_INDEX)
        fail_msg("%s has no %s", subsystem->schema->name, name);
    wf_value_get(subsystem->schema, subsystem->payload, (size_t)index, element, &value);
    return wf_value_as_double(&value);
}

#define NEAR(subsystem, name, element, truth, within)                                              \
    do {                                                                                           \
        const double is = value_of(subsystem, name, element);                                      \
        if (!(fabs(is - (truth)) <= (within)))                                                     \
            fail_msg("%s[%d] is %g, the model says %g", name, (int)(element), is, (truth));        \
    } while (0)

/* Within six deviations of the noise and half a step of the converter. */
static void compare(struct bench *bench)
{
    const struct sim_model *model = &bench->engine.model;
    const struct subsystem *power = &bench->subsystems[0];
    const struct subsystem *thermal = &bench->subsystems[1];
    const struct subsystem *attitude = &bench->subsystems[2];
    const struct subsystem *comms = &bench->subsystems[3];

    NEAR(power, "mode", 0, (double)model->power.mode, 0.0);
    NEAR(power, "array_voltage", 0, model->power.array_voltage, 0.32);
    NEAR(power, "battery_current", 0, model->power.battery_current, 0.13);
    NEAR(power, "battery_temperature", 0, model->thermal.celsius[SIM_NODE_BATTERY], 0.5);
    NEAR(power, "bus_voltage", 0, model->power.bus_voltage, 0.07);
    NEAR(power, "battery_soc", 0, sim_power_soc(&model->power), 1e-4);
    NEAR(power, "bus_power", 0, model->power.bus_voltage * model->power.bus_current, 3.0);
    NEAR(thermal, "panel_temperature", 5, model->thermal.celsius[SIM_NODE_PANEL + 5], 0.9);
    NEAR(thermal, "array_temperature", 0, model->thermal.celsius[SIM_NODE_ARRAY], 0.62);
    NEAR(thermal, "heater_cycles", 0, (double)model->thermal.heater_cycles, 0.0);
    NEAR(attitude, "quaternion", 3, model->attitude.quaternion.w, 1e-6);
    NEAR(attitude, "quaternion_norm", 0, 1.0, 1e-6);
    NEAR(attitude, "wheel_3_speed", 0, model->attitude.wheel_rpm[2], 3.8);
    NEAR(attitude, "magnetic_field", 1, model->attitude.field_nt[1], 156.0);
    NEAR(attitude, "position", 0, model->position.x, 0.02);
    NEAR(attitude, "velocity", 2, model->velocity.z, 2e-5);
    NEAR(attitude, "altitude", 0, 550.0, 0.1);
    NEAR(attitude, "control_cycles", 0, (double)model->attitude.control_cycles, 0.0);
    NEAR(comms, "station", 0,
         model->comms.is_in_view ? (double)model->comms.view.station->code : 0.0, 0.0);
    NEAR(comms, "recorder_bytes", 0, floor(model->comms.recorder_bytes), 0.0);
    NEAR(comms, "recorder_fill", 0, model->comms.recorder_bytes / 2.56e7, 0.0011);
    if (model->comms.carrier_lock) {
        NEAR(comms, "snr", 0, model->comms.snr_db, 0.93);
        NEAR(comms, "slant_range", 0, model->comms.view.range_km, 0.13);
    } else {
        assert_true(isnan(value_of(comms, "snr", 0)));
    }
}

static void what_the_model_says_comes_out_of_the_decoder(void **state)
{
    struct bench bench;
    bool was_locked = false;
    bool was_dark = false;

    (void)state;
    set_up(&bench, 11, 60.0);
    for (int i = 0; i < 400; i++) { /* 200 s of the run, two orbits */
        for (size_t k = 0; k < SIM_SUBSYSTEM_COUNT; k++)
            sim_engine_step(&bench.engine, take, &bench);
        compare(&bench);
        was_locked = was_locked || bench.engine.model.comms.carrier_lock;
        was_dark = was_dark || bench.engine.model.light == 0.0;
    }
    assert_true(was_locked && was_dark);
    for (size_t i = 0; i < SIM_SUBSYSTEM_COUNT; i++) {
        assert_int_equal(bench.subsystems[i].packets, 400);
        /* CUC 4.2 resolves 15 microseconds. */
        assert_true(llabs(bench.subsystems[i].device_ns - START_NS - 199500 * WF_NS_PER_MS) <
                    16000);
    }
    tear_down(&bench);
}

static uint64_t checksum_of(uint64_t seed)
{
    struct bench bench;
    uint64_t checksum;

    set_up(&bench, seed, 30.0);
    for (int i = 0; i < 200; i++)
        sim_engine_step(&bench.engine, take, &bench);
    checksum = bench.checksum;
    tear_down(&bench);
    return checksum;
}

static void equal_seeds_make_equal_packets_byte_for_byte(void **state)
{
    (void)state;
    assert_true(checksum_of(4) == checksum_of(4));
    assert_true(checksum_of(4) != checksum_of(5));
}

static void samples_come_in_the_order_in_which_they_fall_due(void **state)
{
    struct bench bench;
    int64_t before = 0;

    (void)state;
    set_up(&bench, 1, 1.0);
    for (int i = 0; i < 100; i++) {
        const int64_t due = sim_engine_due_ns(&bench.engine);

        assert_true(due >= before);
        before = due;
        sim_engine_step(&bench.engine, take, &bench);
    }
    tear_down(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_model_says_comes_out_of_the_decoder),
        cmocka_unit_test(equal_seeds_make_equal_packets_byte_for_byte),
        cmocka_unit_test(samples_come_in_the_order_in_which_they_fall_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
