/* SPDX-License-Identifier: MIT */
/* Thinning: what is kept by period and by change. */

#include "support/unit.h"

#include <watchfloor/clock.h>
#include <watchfloor/schema.h>
#include <watchfloor/value.h>

#include "support/schema_text.h"
#include "thin.h"

static const char text[] = "[subsystem]\nperiod = 1s\n"
                           "[parameter volts]\ntype = float\nbits = 64\n"
                           "[parameter count]\nbits = 64\n"
                           "[parameter name]\ntype = string\nsize = 4\n";

struct thinning {
    struct wf_schema *schema;
    struct log_rules *rules;
    struct log_thin *thin;
    uint8_t *payload;
    struct wf_stamp stamp;
};

static void begin(struct thinning *test, struct wf_config_record record)
{
    struct wf_config config = { .records = &record, .record_count = 1 };
    struct wf_err err = { 0 };

    *test = (struct thinning){ .schema = schema_of("power.ini", text),
                               .stamp = { .received_ns = 1000 * WF_NS_PER_S } };
    test->payload = calloc(1, test->schema->payload_bytes);
    test->rules = log_rules_create(&config);
    assert_non_null(test->rules);
    if (log_thin_create(test->rules, "main", test->schema, &test->thin, &err) < 0)
        fail_msg("%s", err.text);
}

static void end(struct thinning *test)
{
    log_thin_destroy(&test->thin);
    log_rules_destroy(&test->rules);
    wf_schema_free(&test->schema);
    free(test->payload);
}

/* One sample `seconds` later. */
static bool is_kept(struct thinning *test, double seconds, double volts, uint64_t count)
{
    const struct wf_value v = { .kind = WF_VALUE_F64, .as.f64 = volts };
    const struct wf_value c = { .kind = WF_VALUE_U64, .as.u64 = count };

    test->stamp.received_ns += (int64_t)(seconds * 1e9);
    assert_int_equal(wf_value_set(test->schema, test->payload, 0, 0, &v), 0);
    assert_int_equal(wf_value_set(test->schema, test->payload, 1, 0, &c), 0);
    return log_thin_is_wanted(test->thin, &test->stamp, test->payload);
}

static void a_period_keeps_its_first_sample(void **state)
{
    struct thinning test;
    int kept = 0;

    (void)state;
    begin(&test, (struct wf_config_record){ .subsystems = (char *)(uintptr_t) "power",
                                            .mode = WF_RECORD_PERIOD,
                                            .every_ns = 10 * WF_NS_PER_S,
                                            .deadband = (char *)(uintptr_t) "0" });
    assert_true(is_kept(&test, 0, 1, 0));
    for (int i = 1; i < 100; i++)
        kept += is_kept(&test, 1, i, 0);
    assert_int_equal(kept, 9);
    /* A clock that was set back begins another period. */
    assert_true(is_kept(&test, -500, 1, 0));
    end(&test);
}

static void change_is_measured_from_the_value_kept_last(void **state)
{
    struct thinning test;

    (void)state;
    begin(&test, (struct wf_config_record){ .subsystems = (char *)(uintptr_t) "*",
                                            .mode = WF_RECORD_CHANGE,
                                            .deadband = (char *)(uintptr_t) "0 volts:0.5" });
    assert_true(is_kept(&test, 1, 10.0, 5));
    assert_false(is_kept(&test, 1, 10.3, 5));
    assert_false(is_kept(&test, 1, 10.5, 5)); /* a slow drift is not missed ... */
    assert_true(is_kept(&test, 1, 10.6, 5));  /* ... as what counts is what was kept */
    assert_false(is_kept(&test, 1, 10.2, 5));
    assert_true(is_kept(&test, 1, 10.2, UINT64_MAX));
    assert_true(is_kept(&test, 1, 10.2, UINT64_MAX - 1)); /* exact beyond 2^53 */
    assert_true(is_kept(&test, 1, (double)NAN, UINT64_MAX - 1));
    assert_false(is_kept(&test, 1, (double)NAN, UINT64_MAX - 1));
    assert_true(is_kept(&test, 1, (double)INFINITY, UINT64_MAX - 1));
    assert_false(is_kept(&test, 1, (double)INFINITY, UINT64_MAX - 1));
    memcpy(test.payload + test.schema->parameters[2].offset, "abcd", 4);
    assert_true(is_kept(&test, 1, (double)INFINITY, UINT64_MAX - 1));
    test.payload[test.schema->parameters[0].quality_offset] = WF_QUALITY_SUSPECT;
    assert_true(log_thin_is_wanted(test.thin, &test.stamp, test.payload));
    test.stamp.lost_before = 3;
    assert_true(log_thin_is_wanted(test.thin, &test.stamp, test.payload));
    end(&test);
}

static void change_keeps_one_sample_at_least_so_often(void **state)
{
    struct thinning test;
    int kept = 0;

    (void)state;
    begin(&test, (struct wf_config_record){ .subsystems = (char *)(uintptr_t) "*",
                                            .mode = WF_RECORD_CHANGE,
                                            .every_ns = 60 * WF_NS_PER_S,
                                            .deadband = (char *)(uintptr_t) "1" });
    for (int i = 0; i < 600; i++)
        kept += is_kept(&test, 1, 5, 5);
    assert_int_equal(kept, 10);
    end(&test);
}

static void what_no_section_names_is_kept_whole(void **state)
{
    struct thinning test;

    (void)state;
    begin(&test, (struct wf_config_record){ .subsystems = (char *)(uintptr_t) "thermal",
                                            .mode = WF_RECORD_PERIOD,
                                            .every_ns = 1,
                                            .deadband = (char *)(uintptr_t) "0" });
    assert_null(test.thin);
    end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_period_keeps_its_first_sample),
        cmocka_unit_test(change_is_measured_from_the_value_kept_last),
        cmocka_unit_test(change_keeps_one_sample_at_least_so_often),
        cmocka_unit_test(what_no_section_names_is_kept_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
