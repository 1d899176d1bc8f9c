/* SPDX-License-Identifier: MIT */
/* Streams: each fault does exactly what it says to the packets, and is counted so. */

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
#include <watchfloor/decode/ccsds.h>

#include "stream.h"

#define START_NS    (INT64_C(1795280400) * WF_NS_PER_S)
#define PACKETS_MAX 20000
#define KEPT_BYTES  32

/* CUC 4.2, then: u16 n, f32 x, u8 mode (enumeration), u16 v with a polynomial and limits. */
static const char toy_text[] = "[subsystem]\n"
                               "apid = 77\n"
                               "time = cuc 4.2\n"
                               "epoch = unix\n"
                               "[parameter n]\n"
                               "bits = 16\n"
                               "[parameter x]\n"
                               "type = float\n"
                               "[parameter mode]\n"
                               "enumeration = modes\n"
                               "[parameter v]\n"
                               "bits = 16\n"
                               "polynomial = 0 0.01\n"
                               "hi = 100\n"
                               "hihi = 200\n"
                               "[parameter free]\n"
                               "bits = 8\n"
                               "[derived twice]\n"
                               "expression = v * 2\n"
                               "[enumeration modes]\n"
                               "0 = OFF\n"
                               "1 = ON\n";

struct kept {
    size_t len;
    uint8_t bytes[KEPT_BYTES];
};

struct run {
    struct wf_schema *schema;
    struct sim_stream *stream;
    struct sim_fault faults[4];
    size_t fault_count;
    struct kept *packets;
    size_t count;
};

static void fill_toy(const struct sim_model *model, struct sim_random *noise, uint64_t sample,
                     void *out_info)
{
    /* By the schema's layout, as no header is generated for a schema in a test. */
    struct {
        uint16_t n;
        float x;
        uint8_t mode;
        double v;
        uint8_t free;
    } info = { (uint16_t)sample, (float)sample * 0.5f, 1, 10.0, 7 };

    (void)model;
    (void)sim_random_u64(noise);
    memcpy(out_info, &info, sizeof(info));
}

static void keep(void *context, const uint8_t *packet, size_t len)
{
    struct run *run = context;
    struct kept *kept = &run->packets[run->count];

    assert_true(run->count < PACKETS_MAX);
    kept->len = len;
    memcpy(kept->bytes, packet, len < KEPT_BYTES ? len : KEPT_BYTES);
    run->count++;
}

/* `samples` at 10 Hz with the given faults ("" = none). */
static void start(struct run *run, uint16_t first_sequence, int samples, const char *one,
                  const char *two)
{
    const char *texts[] = { one, two };
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };
    struct sim_stream_options options = {
        .fill = fill_toy,
        .rate_hz = 10.0,
        .seed = 5,
        .start_ns = START_NS,
        .first_sequence = first_sequence,
        .faults = run->faults,
    };

    *run = (struct run){ 0 };
    run->packets = calloc(PACKETS_MAX, sizeof(*run->packets));
    assert_non_null(run->packets);
    if (wf_schema_parse("toy.ini", toy_text, strlen(toy_text), &run->schema, &problems, &err) < 0) {
        wf_problems_print(&problems);
        fail_msg("%s", err.text);
    }
    for (size_t i = 0; i < 2; i++)
        if (texts[i][0] != '\0') {
            if (sim_fault_parse(texts[i], &run->faults[run->fault_count], &err) < 0)
                fail_msg("%s", err.text);
            run->fault_count++;
        }
    options.schema = run->schema;
    options.fault_count = run->fault_count;
    if (sim_stream_create(&options, &run->stream, &err) < 0)
        fail_msg("%s", err.text);
    for (int i = 0; i < samples; i++) {
        assert_int_equal(sim_stream_due_ns(run->stream), i * 100 * WF_NS_PER_MS);
        sim_stream_step(run->stream, NULL, keep, run);
    }
    sim_stream_end(run->stream, keep, run);
}

static void stop(struct run *run)
{
    sim_stream_destroy(&run->stream);
    wf_schema_free(&run->schema);
    free(run->packets);
}

static uint16_t sequence_of(const struct run *run, size_t i)
{
    struct wf_ccsds_header header;

    assert_true(wf_ccsds_parse(run->packets[i].bytes, run->packets[i].len, &header));
    return header.sequence_count;
}

static uint16_t u16_at(const struct kept *packet, size_t at)
{
    return (uint16_t)(packet->bytes[at] << 8 | packet->bytes[at + 1]);
}

static float x_of(const struct kept *packet)
{
    const uint32_t bits = (uint32_t)u16_at(packet, 14) << 16 | u16_at(packet, 16);
    float x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

/* Seconds since 1970, as the packet says. */
static uint32_t second_of(const struct kept *packet)
{
    return (uint32_t)u16_at(packet, 6) << 16 | u16_at(packet, 8);
}

#define N_OF(packet) u16_at(packet, 12)
#define V_OF(packet) u16_at(packet, 19)

static void without_faults_every_sample_is_one_packet(void **state)
{
    struct run run;

    (void)state;
    start(&run, 0, 100, "", "");
    assert_int_equal(run.count, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(run.packets[i].len, 22);
        assert_int_equal(sequence_of(&run, i), i);
        assert_int_equal(N_OF(&run.packets[i]), i);
        assert_int_equal(second_of(&run.packets[i]), START_NS / WF_NS_PER_S + (int64_t)i / 10);
        assert_int_equal(V_OF(&run.packets[i]), 1000);
    }
    assert_int_equal(sim_stream_counts(run.stream)->intact, 100);
    assert_int_equal(sim_stream_counts(run.stream)->lost, 0);
    assert_int_equal(sim_stream_counts(run.stream)->last_ns - START_NS, 99 * 100 * WF_NS_PER_MS);
    stop(&run);
}

static void a_gap_withholds_packets_and_the_count_goes_on(void **state)
{
    struct run run;

    (void)state;
    start(&run, 16380, 100, "at 2s gap toy 3s", "");
    assert_int_equal(run.count, 70);
    assert_int_equal(sequence_of(&run, 19), (16380 + 19) % 16384);
    assert_int_equal(sequence_of(&run, 20), (16380 + 50) % 16384);
    assert_int_equal(sim_stream_counts(run.stream)->withheld, 30);
    assert_int_equal(sim_stream_counts(run.stream)->lost, 30);
    assert_int_equal(sim_stream_counts(run.stream)->intact, 70);
    stop(&run);
}

static void a_gap_at_the_end_is_not_lost_to_anyone_yet(void **state)
{
    struct run run;

    (void)state;
    start(&run, 0, 100, "at 9s gap toy 3s", "");
    assert_int_equal(sim_stream_counts(run.stream)->withheld, 10);
    assert_int_equal(sim_stream_counts(run.stream)->lost, 0);
    stop(&run);
}

static void frozen_values_stand_still_while_time_and_count_go_on(void **state)
{
    struct run run;

    (void)state;
    start(&run, 0, 100, "at 2s freeze toy 3s", "");
    assert_int_equal(N_OF(&run.packets[19]), 19);
    for (size_t i = 20; i < 50; i++) {
        assert_int_equal(N_OF(&run.packets[i]), 19);
        assert_int_equal(sequence_of(&run, i), i);
        assert_int_equal(second_of(&run.packets[i]), START_NS / WF_NS_PER_S + (int64_t)i / 10);
    }
    assert_int_equal(N_OF(&run.packets[50]), 50);
    assert_int_equal(sim_stream_counts(run.stream)->frozen, 30);
    stop(&run);

    start(&run, 0, 100, "at 2s freeze toy.x 3s", "");
    assert_int_equal(N_OF(&run.packets[30]), 30);
    assert_true(x_of(&run.packets[30]) == 9.5f);
    stop(&run);
}

static void nan_is_sent_as_nan_in_that_parameter_only(void **state)
{
    struct run run;

    (void)state;
    start(&run, 0, 50, "at 2s nan toy.x 1s", "");
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(isnan(x_of(&run.packets[i])) != 0, i >= 20 && i < 30);
        assert_int_equal(N_OF(&run.packets[i]), i);
    }
    assert_int_equal(sim_stream_counts(run.stream)->nan, 10);
    stop(&run);
}

static void a_ramp_goes_beyond_the_limit_and_comes_back(void **state)
{
    struct run run;

    (void)state;
    start(&run, 0, 200, "at 5s ramp toy.v 10s", "");
    assert_int_equal(V_OF(&run.packets[50]), 1000);
    assert_int_equal(V_OF(&run.packets[100]), 20400); /* hihi 200 and 2 % */
    assert_true(V_OF(&run.packets[70]) > 5000 && V_OF(&run.packets[70]) < 12000);
    assert_int_equal(V_OF(&run.packets[150]), 1000);
    assert_int_equal(sim_stream_counts(run.stream)->ramped, 100);
    stop(&run);

    start(&run, 0, 200, "at 5s ramp toy.v 10s to -4", ""); /* clamped at what 16 bits hold */
    assert_int_equal(V_OF(&run.packets[100]), 0);
    stop(&run);
}

static void a_clock_jump_moves_device_times_only(void **state)
{
    struct run run;

    (void)state;
    start(&run, 0, 100, "at 2s clock-jump all 3s by -1h", "");
    for (size_t i = 0; i < 100; i++) {
        const int64_t off = i >= 20 && i < 50 ? -3600 : 0;

        assert_int_equal(second_of(&run.packets[i]),
                         START_NS / WF_NS_PER_S + (int64_t)i / 10 + off);
        assert_int_equal(sequence_of(&run, i), i);
    }
    assert_int_equal(sim_stream_counts(run.stream)->shifted, 30);
    stop(&run);
}

static void duplicates_are_the_same_bytes_twice(void **state)
{
    struct run run;

    (void)state;
    start(&run, 0, 100, "at 2s duplicate toy 1s", "");
    assert_int_equal(run.count, 110);
    for (size_t i = 20; i < 40; i += 2)
        assert_memory_equal(&run.packets[i], &run.packets[i + 1], sizeof(run.packets[i]));
    assert_int_equal(sim_stream_counts(run.stream)->duplicated, 10);
    assert_int_equal(sim_stream_counts(run.stream)->intact, 100);
    assert_int_equal(sim_stream_counts(run.stream)->lost, 0);
    stop(&run);
}

static void reordering_swaps_neighbours_and_loses_nothing(void **state)
{
    struct run run;

    (void)state;
    start(&run, 0, 100, "at 2s reorder toy 1s", "");
    assert_int_equal(run.count, 100);
    for (size_t i = 20; i < 30; i += 2) {
        assert_int_equal(sequence_of(&run, i), i + 1);
        assert_int_equal(sequence_of(&run, i + 1), i);
    }
    assert_int_equal(sequence_of(&run, 30), 30);
    assert_int_equal(sim_stream_counts(run.stream)->swapped, 5);
    assert_int_equal(sim_stream_counts(run.stream)->lost, 0);
    stop(&run);

    /* An odd one out is handed out in its place, also when the run ends on it. */
    start(&run, 0, 100, "at 2s reorder toy 500ms", "");
    assert_int_equal(run.count, 100);
    assert_int_equal(sim_stream_counts(run.stream)->swapped, 2);
    assert_int_equal(sequence_of(&run, 24), 24);
    stop(&run);
    start(&run, 0, 25, "at 2s reorder toy", "");
    assert_int_equal(run.count, 25);
    assert_int_equal(sequence_of(&run, 24), 24);
    assert_int_equal(sim_stream_counts(run.stream)->intact, 25);
    stop(&run);
}

static void a_flood_adds_exactly_its_rate(void **state)
{
    struct run run;

    (void)state;
    start(&run, 16000, 100, "at 2s flood toy 2s rate 1234.5", "");
    assert_int_equal(sim_stream_counts(run.stream)->flooded, 2469);
    assert_int_equal(run.count, 100 + 2469);
    for (size_t i = 0; i < run.count; i++)
        assert_int_equal(sequence_of(&run, i), (16000 + i) % 16384);
    assert_int_equal(sim_stream_counts(run.stream)->lost, 0);
    stop(&run);
}

static void damaged_packets_are_damaged_as_named(void **state)
{
    struct run run;
    struct wf_ccsds_header header;

    (void)state;
    start(&run, 0, 100, "at 2s corrupt toy 3s", "");
    assert_int_equal(run.count, 100);
    for (size_t i = 20; i < 50; i++) {
        const struct kept *packet = &run.packets[i];
        const enum sim_damage how = (enum sim_damage)((i - 20) % SIM_DAMAGE_COUNT);

        assert_true(wf_ccsds_parse(packet->bytes, packet->len, &header));
        assert_int_equal(header.version != 0, how == SIM_DAMAGE_VERSION);
        assert_int_equal(header.is_command, how == SIM_DAMAGE_TYPE);
        assert_int_equal(header.apid == 77, how != SIM_DAMAGE_APID);
        assert_int_equal(header.packet_bytes == packet->len, how != SIM_DAMAGE_TRUNCATED);
        assert_int_equal(packet->len == 7, how == SIM_DAMAGE_LENGTH);
        if (how == SIM_DAMAGE_BITS) {
            assert_int_equal(second_of(packet), START_NS / WF_NS_PER_S + (int64_t)i / 10);
            assert_int_not_equal(V_OF(packet), 1000);
        }
    }
    for (int i = 0; i < SIM_DAMAGE_COUNT; i++)
        assert_int_equal(sim_stream_counts(run.stream)->damaged[i], 5);
    /* Flipped bits leave a good packet, a wrong length a good header; four ways lose it. */
    assert_int_equal(sim_stream_counts(run.stream)->intact, 75);
    assert_int_equal(sim_stream_counts(run.stream)->lost, 20);
    stop(&run);
}

static void faults_at_the_same_time_keep_the_account_exact(void **state)
{
    struct run run;
    const struct sim_counts *counts;

    (void)state;
    start(&run, 0, 400, "at 2s duplicate all 20s", "at 5s corrupt toy 10s");
    counts = sim_stream_counts(run.stream);
    assert_int_equal(run.count, counts->sent);
    assert_int_equal(counts->made, 400);
    assert_int_equal(counts->intact + counts->lost + counts->damaged[SIM_DAMAGE_LENGTH], 400);
    stop(&run);
}

static void faults_of_other_subsystems_change_nothing(void **state)
{
    struct run one;
    struct run two;

    (void)state;
    start(&one, 0, 50, "", "");
    start(&two, 0, 50, "at 1s gap power 5s", "at 1s nan attitude.rate_x 3s");
    assert_int_equal(one.count, two.count);
    assert_memory_equal(one.packets, two.packets, one.count * sizeof(*one.packets));
    stop(&one);
    stop(&two);
}

static void a_fault_that_cannot_act_is_refused(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "at 1s nan toy.y 1s", "no parameter 'y'" },
        { "at 1s nan toy.v 1s", "one that is: x" },
        { "at 1s ramp toy.twice 1s", "derived" },
        { "at 1s ramp toy.free 1s", "say 'to VALUE'" },
    };
    struct run run;

    (void)state;
    start(&run, 0, 0, "", "");
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct sim_fault fault;
        struct sim_stream_options options = { .schema = run.schema,
                                              .fill = fill_toy,
                                              .rate_hz = 1.0,
                                              .faults = &fault,
                                              .fault_count = 1 };
        struct sim_stream *stream = NULL;
        struct wf_err err = { 0 };

        assert_int_equal(sim_fault_parse(cases[i].text, &fault, &err), 0);
        assert_int_equal(sim_stream_create(&options, &stream, &err), WF_ERR_INVALID);
        assert_null(stream);
        if (strstr(err.text, cases[i].want) == NULL)
            fail_msg("'%s' is told as: %s", cases[i].text, err.text);
    }
    stop(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_faults_every_sample_is_one_packet),
        cmocka_unit_test(a_gap_withholds_packets_and_the_count_goes_on),
        cmocka_unit_test(a_gap_at_the_end_is_not_lost_to_anyone_yet),
        cmocka_unit_test(frozen_values_stand_still_while_time_and_count_go_on),
        cmocka_unit_test(nan_is_sent_as_nan_in_that_parameter_only),
        cmocka_unit_test(a_ramp_goes_beyond_the_limit_and_comes_back),
        cmocka_unit_test(a_clock_jump_moves_device_times_only),
        cmocka_unit_test(duplicates_are_the_same_bytes_twice),
        cmocka_unit_test(reordering_swaps_neighbours_and_loses_nothing),
        cmocka_unit_test(a_flood_adds_exactly_its_rate),
        cmocka_unit_test(damaged_packets_are_damaged_as_named),
        cmocka_unit_test(faults_at_the_same_time_keep_the_account_exact),
        cmocka_unit_test(faults_of_other_subsystems_change_nothing),
        cmocka_unit_test(a_fault_that_cannot_act_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
