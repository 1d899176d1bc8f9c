/* SPDX-License-Identifier: MIT */
/* Schemas: what the language says becomes what the struct holds, and text again. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/schema.h>

#include "support/schema_text.h"

static const char power[] = "[subsystem]\n"
                            "title = Electrical power\n"
                            "apid = 100 0x65\n"
                            "time = cuc 4.2\n"
                            "period = 100ms\n"
                            "[parameter mode]\n"
                            "bits = 4\n"
                            "enumeration = modes\n"
                            "states = SAFE: 2, OFF: 4\n"
                            "[parameter on]\n"
                            "type = bool\n"
                            "[parameter voltage]\n"
                            "skip = 3\n"
                            "bits = 12\n"
                            "unit = V\n"
                            "polynomial = 0 0.01\n"
                            "lolo = 24\nlo = 26\nhi = 33\nhihi = 34.5\n"
                            "hysteresis = 2%\n"
                            "format = %.2f\n"
                            "guidance = Shed load B,\n    then check the regulator.\n"
                            "[parameter serial]\n"
                            "bits = 64\n"
                            "[parameter name]\n"
                            "type = string\nsize = 5\n"
                            "[parameter n]\n"
                            "[parameter samples]\n"
                            "type = int\nbits = 16\ncount = n\ncount_max = 3\n"
                            "[derived watts]\n"
                            "expression = voltage * 2\n"
                            "[enumeration modes]\n"
                            "0 = OFF\n1 = SAFE\n2..3 = NOMINAL OPS\n";

static void a_schema_is_what_its_text_says(void **state)
{
    struct wf_schema *schema = schema_of("power.ini", power);
    const struct wf_parameter *voltage = &schema->parameters[wf_schema_find(schema, "VOLTAGE")];

    (void)state;
    assert_string_equal(schema->name, "power");
    assert_int_equal(schema->apid_count, 2);
    assert_int_equal(schema->apids[1], 0x65);
    assert_int_equal(schema->time.code, WF_TIME_CODE_CUC);
    assert_int_equal(schema->time.coarse_bytes, 4);
    assert_int_equal(schema->time.scale, WF_SCALE_TAI);
    assert_int_equal(schema->stale_after_ns, 300000000);
    assert_int_equal(schema->parameter_count, 8);
    assert_string_equal(voltage->unit, "V");
    assert_string_equal(voltage->guidance, "Shed load B, then check the regulator.");
    assert_int_equal(voltage->place.skip, 3);
    assert_int_equal(voltage->limits.present, 15);
    assert_true(voltage->limits.is_hysteresis_percent);
    assert_int_equal(voltage->limits.severity[WF_HIHI], 4);
    assert_int_equal(schema->parameters[0].limits.states[0].severity, 4);
    assert_int_equal(schema->parameters[0].limits.states[1].severity, 2);
    assert_true(schema->parameters[7].is_derived);
    wf_schema_free(&schema);
    assert_null(schema);
}

struct power_as_c {
    uint8_t mode;
    uint8_t on;
    double voltage;
    uint64_t serial;
    char name[6];
    uint8_t n;
    int16_t samples[3];
    uint32_t samples_count;
    double watts;
};

static void the_layout_is_that_of_the_c_struct(void **state)
{
    struct wf_schema *schema = schema_of("power.ini", power);
    const struct wf_parameter *parameters = schema->parameters;

    (void)state;
    assert_int_equal(parameters[0].offset, offsetof(struct power_as_c, mode));
    assert_int_equal(parameters[1].offset, offsetof(struct power_as_c, on));
    assert_int_equal(parameters[2].offset, offsetof(struct power_as_c, voltage));
    assert_int_equal(parameters[3].offset, offsetof(struct power_as_c, serial));
    assert_int_equal(parameters[4].offset, offsetof(struct power_as_c, name));
    assert_int_equal(parameters[5].offset, offsetof(struct power_as_c, n));
    assert_int_equal(parameters[6].offset, offsetof(struct power_as_c, samples));
    assert_int_equal(parameters[6].count_offset, offsetof(struct power_as_c, samples_count));
    assert_int_equal(parameters[7].offset, offsetof(struct power_as_c, watts));
    assert_int_equal(schema->struct_bytes, sizeof(struct power_as_c));
    assert_int_equal(parameters[2].raw_offset, sizeof(struct power_as_c));
    assert_int_equal(parameters[0].raw_offset, 0);
    assert_int_equal(schema->raw_bytes, 8);
    assert_int_equal(parameters[1].quality_offset, schema->quality_offset + 1);
    assert_int_equal(schema->payload_bytes % 8, 0);
    assert_in_range(schema->quality_offset + 8, 0, schema->payload_bytes);
    wf_schema_free(&schema);
}

static void the_canonical_text_says_the_same(void **state)
{
    struct wf_schema *schema = schema_of("power.ini", power);

    (void)state;
    assert_survives_writing(schema);
    wf_schema_free(&schema);
}

/* The schemas that are delivered: they load, and they survive. */
static void every_schema_of_the_tree_survives_writing(void **state)
{
    static const char *const files[] = {
        "plugins/power/power.ini", "plugins/thermal/thermal.ini", "plugins/attitude/attitude.ini",
        "plugins/comms/comms.ini", "plugins/host/host.ini",
    };
    const char *root = getenv("WATCHFLOOR_SOURCE");

    (void)state;
    assert_non_null(root);
    for (size_t i = 0; i < WF_COUNT_OF(files); i++) {
        char path[1024];
        struct wf_strbuf buf = WF_STRBUF_FIXED(path);
        struct wf_problems problems = { 0 };
        struct wf_schema *schema = NULL;

        wf_strbuf_addf(&buf, "%s/%s", root, files[i]);
        (void)wf_schema_load(path, &schema, &problems, NULL);
        wf_problems_print(&problems);
        assert_int_equal(problems.count, 0);
        assert_non_null(schema);
        assert_survives_writing(schema);
        wf_schema_free(&schema);
        wf_problems_fini(&problems);
    }
}

static void hashes_tell_layout_from_meaning(void **state)
{
    static const struct {
        const char *text;
        bool same_layout, same_schema;
    } cases[] = {
        { "[subsystem]\n[parameter a]\nbits = 12\n", true, true },
        { "; a comment\n[subsystem]\n\n[parameter a]\nbits  =  0xc\n", true, true },
        { "[subsystem]\n[parameter a]\nbits = 12\nhi = 5\n", true, false },
        { "[subsystem]\n[parameter a]\nbits = 11\n", true, false },
        { "[subsystem]\n[parameter a]\nbits = 17\n", false, false },
        { "[subsystem]\n[parameter A]\nbits = 12\n", false, false },
        { "[subsystem]\n[parameter a]\nbits = 12\npolynomial = 0 1\n", false, false },
        { "[subsystem]\n[parameter a]\nbits = 12\n[parameter b]\n", false, false },
    };
    struct wf_schema *first = schema_of("x.ini", cases[0].text);

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_schema *schema = schema_of("x.ini", cases[i].text);

        assert_int_equal(schema->layout_hash == first->layout_hash, cases[i].same_layout);
        assert_int_equal(schema->schema_hash == first->schema_hash, cases[i].same_schema);
        wf_schema_free(&schema);
    }
    wf_schema_free(&first);
}

static void names_are_found_without_case_and_by_alias(void **state)
{
    struct wf_schema *schema = schema_of("x.ini", "[subsystem]\n[parameter bus_v]\n"
                                                  "alias = BUS.V-1\n[parameter other]\n");

    (void)state;
    assert_int_equal(wf_schema_find(schema, "bus_v"), 0);
    assert_int_equal(wf_schema_find(schema, "Bus_V"), 0);
    assert_int_equal(wf_schema_find(schema, "bus.v-1"), 0);
    assert_int_equal(wf_schema_find(schema, "OTHER"), 1);
    assert_int_equal(wf_schema_find(schema, "bus"), WF_NO_INDEX);
    assert_int_equal(wf_schema_find(schema, ""), WF_NO_INDEX);
    wf_schema_free(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_is_what_its_text_says),
        cmocka_unit_test(the_layout_is_that_of_the_c_struct),
        cmocka_unit_test(the_canonical_text_says_the_same),
        cmocka_unit_test(every_schema_of_the_tree_survives_writing),
        cmocka_unit_test(hashes_tell_layout_from_meaning),
        cmocka_unit_test(names_are_found_without_case_and_by_alias),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
