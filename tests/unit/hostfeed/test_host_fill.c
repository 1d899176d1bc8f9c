/* SPDX-License-Identifier: MIT */
/* Two readings to telemetry: shares, rates, and the packets through the shipped schemas and back. */

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
#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/decoder.h>
#include <watchfloor/value.h>

#include "host_disk_info.h"
#include "host_fill.h"
#include "host_info.h"
#include "host_net_info.h"

/* One second apart; two processors, two disks, two interfaces. */
static struct host_raw before, now;

static void make_readings(void)
{
    before = (struct host_raw){ .mono_ns = 5 * WF_NS_PER_S, .cpu_count = 2 };
    now = (struct host_raw){ .mono_ns = 6 * WF_NS_PER_S,
                             .cpu_count = 2,
                             .host_name = "ops-1",
                             .kernel = "6.1.0-test",
                             .uptime_s = 86400.25,
                             .load = { 0.5, 1.25, 2.75 },
                             .tasks = 567,
                             .forks = UINT64_C(1) << 60 };
    now.total.ticks[RAW_CPU_USER] = 50;
    now.total.ticks[RAW_CPU_GUEST] = 10; /* contained in user */
    now.total.ticks[RAW_CPU_SYSTEM] = 30;
    now.total.ticks[RAW_CPU_IDLE] = 100;
    now.total.ticks[RAW_CPU_IOWAIT] = 20;
    now.cpus[0].ticks[RAW_CPU_USER] = 75;
    now.cpus[0].ticks[RAW_CPU_IDLE] = 25;
    now.memory.total = UINT64_C(16) << 30;
    now.memory.available = UINT64_C(4) << 30;
    now.files_max = INT64_MAX;

    before.disk_count = 1;
    before.disks[0] = (struct host_disk_raw){ .name = "sda", .reads = 10, .read_bytes = 1000 };
    now.disk_count = 2;
    now.disks[0] = (struct host_disk_raw){ .name = "nvme0n1", .reads = 9, .read_bytes = 999999 };
    now.disks[1] = (struct host_disk_raw){ .name = "sda",
                                           .reads = 14,
                                           .writes = 6,
                                           .read_bytes = 5000,
                                           .written_bytes = 7000,
                                           .wait_ms = 50,
                                           .busy_ms = 250 };
    now.root.total = 1000;
    now.root.available = 250;

    before.net_count = 2;
    before.nets[0] = (struct host_net_raw){ .name = "lo", .is_loopback = true };
    before.nets[1] = (struct host_net_raw){ .name = "eth0", .received_bytes = 5000 };
    now.net_count = 2;
    now.nets[0] = (struct host_net_raw){ .name = "lo", .is_loopback = true, .received_bytes = 300 };
    now.nets[1] = (struct host_net_raw){ .name = "eth0",
                                         .is_up = true,
                                         .received_bytes = 4000, /* went back: replugged */
                                         .sent_bytes = UINT64_MAX };
}

/* A payload of `name`'s schema, filled, encoded and decoded again. */
struct trip {
    struct wf_schema *schema;
    void *payload;
    size_t packet_len;
};

static void load_schema(const char *name, struct trip *trip)
{
    const char *source = getenv("WATCHFLOOR_SOURCE");
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };
    char path[1024];

    if (source == NULL)
        skip();
    (void)snprintf(path, sizeof(path), "%s/plugins/%s/%s.ini", source, name, name);
    if (wf_schema_load(path, &trip->schema, &problems, &err) < 0) {
        wf_problems_print(&problems);
        fail_msg("%s", err.text);
    }
    trip->payload = calloc(1, trip->schema->payload_bytes);
    assert_non_null(trip->payload);
}

static void there_and_back(struct trip *trip)
{
    static uint8_t packet[WF_CCSDS_PACKET_MAX];
    struct wf_encoder *encoder = NULL;
    struct wf_decoder *decoder = NULL;
    struct wf_decoded decoded;
    struct wf_err err = { 0 };
    const int64_t utc_ns = INT64_C(1795280400123456789);

    if (wf_encoder_create(trip->schema, &encoder, &err) < 0 ||
        wf_decoder_create(trip->schema, &decoder, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(wf_encode(encoder, trip->payload, trip->schema->apids[0], 7, utc_ns, packet,
                               sizeof(packet), &trip->packet_len),
                     0);
    memset(trip->payload, 0xa5, trip->schema->payload_bytes);
    assert_int_equal(wf_decode(decoder, packet, trip->packet_len, trip->payload, &decoded), 0);
    assert_int_equal(decoded.flags, 0);
    assert_true(llabs(decoded.device_ns - utc_ns) < 100); /* CUC 4.3: 60 ns */
    wf_encoder_destroy(&encoder);
    wf_decoder_destroy(&decoder);
}

static void free_trip(struct trip *trip)
{
    wf_schema_free(&trip->schema);
    free(trip->payload);
}

static double value_of(const struct trip *trip, const char *name, size_t element,
                       enum wf_quality want)
{
    const int index = wf_schema_find(trip->schema, name);
    struct wf_value value;

    if (index == WF_NO_INDEX)
        fail_msg("no %s", name);
    wf_value_get(trip->schema, trip->payload, (size_t)index, element, &value);
    if (value.quality != want)
        fail_msg("%s is %s", name, wf_quality_name(value.quality));
    return wf_value_as_double(&value);
}

#define VALUE(name, element) value_of(&trip, name, element, WF_QUALITY_VALID)

static void a_host_comes_out_as_it_is(void **state)
{
    struct trip trip = { 0 };
    const struct host_info *info;

    (void)state;
    make_readings();
    load_schema("host", &trip);
    assert_int_equal(trip.schema->layout_hash, HOST_INFO_LAYOUT_HASH);
    host_fill_host(&before, &now, trip.payload);
    there_and_back(&trip);
    info = trip.payload;

    assert_string_equal(info->host_name, "ops-1");
    assert_string_equal(info->kernel, "6.1.0-test");
    assert_true(VALUE("uptime", 0) == 86400.25);
    assert_true(VALUE("cpu_user", 0) == 20.0); /* 40 of 200 ticks: guests are apart */
    assert_true(VALUE("cpu_guest", 0) == 5.0);
    assert_true(VALUE("cpu_system", 0) == 15.0);
    assert_true(VALUE("cpu_idle", 0) == 50.0);
    assert_true(VALUE("cpu_busy", 0) == 40.0);
    assert_int_equal(
        wf_value_count(trip.schema, trip.payload, (size_t)wf_schema_find(trip.schema, "core_busy")),
        2);
    assert_true(VALUE("core_busy", 0) == 75.0);
    assert_true(VALUE("core_busy", 1) == 0.0); /* no tick passed there */
    assert_true(VALUE("load_15", 0) == 2.75);
    assert_true(info->forks == UINT64_C(1) << 60);
    assert_true(VALUE("memory_used", 0) == 75.0);
    assert_true(VALUE("swap_used", 0) == 0.0); /* no swap is no trouble */
    assert_true(info->files_max == INT64_MAX);
    (void)value_of(&trip, "pressure_io_some", 0, WF_QUALITY_ABSENT);
    (void)value_of(&trip, "temperature", 0, WF_QUALITY_ABSENT);
    (void)value_of(&trip, "cpu_frequency", 0, WF_QUALITY_ABSENT);
    free_trip(&trip);
}

static void what_a_machine_has_is_present(void **state)
{
    struct trip trip = { 0 };

    (void)state;
    make_readings();
    now.has_pressure = true;
    now.io_pressure.some = 12.34;
    now.has_temperature = true;
    now.temperature_c = -5.25;
    now.has_frequency = true;
    now.frequency_mhz = 2500.5;
    load_schema("host", &trip);
    host_fill_host(&before, &now, trip.payload);
    there_and_back(&trip);
    assert_true(fabs(VALUE("pressure_io_some", 0) - 12.34) < 1e-9);
    assert_true(VALUE("temperature", 0) == -5.25);
    assert_true(VALUE("cpu_frequency", 0) == 2500.0);
    free_trip(&trip);
}

static void disks_are_told_by_name_and_rates_start_with_the_second_reading(void **state)
{
    struct trip trip = { 0 };
    const struct host_disk_info *info;

    (void)state;
    make_readings();
    load_schema("host_disk", &trip);
    host_fill_disk(&before, &now, trip.payload);
    there_and_back(&trip);
    info = trip.payload;
    assert_string_equal(info->disk_names, "nvme0n1 sda");
    assert_int_equal(info->disk_count, 2);
    assert_int_equal(info->read_bytes[0], 999999);
    assert_true(info->busy[0] == 0.0); /* new: nothing to compare with */
    assert_true(VALUE("busy", 1) == 25.0);
    assert_true(VALUE("wait_time", 1) == 5.0); /* 50 ms over 10 requests */
    assert_true(info->read_rate == 4000.0);
    assert_true(info->write_rate == 7000.0);
    assert_true(VALUE("root_used", 0) == 75.0);
    assert_true(VALUE("shm_used", 0) == 0.0);
    free_trip(&trip);
}

static void interfaces_count_exactly_and_a_replug_is_no_rate(void **state)
{
    struct trip trip = { 0 };
    const struct host_net_info *info;

    (void)state;
    make_readings();
    load_schema("host_net", &trip);
    host_fill_net(&before, &now, trip.payload);
    there_and_back(&trip);
    info = trip.payload;
    assert_string_equal(info->interface_names, "lo eth0");
    assert_int_equal(info->link_up[0], 0);
    assert_int_equal(info->link_up[1], 1);
    assert_true(info->sent_bytes[1] == UINT64_MAX);
    assert_true(info->loopback_rate == 300.0);
    assert_true(info->receive_rate == 0.0);
    free_trip(&trip);
}

static void a_machine_without_disks_and_net_still_makes_packets(void **state)
{
    static const char *const names[] = { "host", "host_disk", "host_net" };

    (void)state;
    before = (struct host_raw){ 0 };
    now = (struct host_raw){ 0 };
    for (size_t i = 0; i < WF_COUNT_OF(names); i++) {
        struct trip trip = { 0 };

        load_schema(names[i], &trip);
        if (i == 0)
            host_fill_host(&before, &now, trip.payload);
        else if (i == 1)
            host_fill_disk(&before, &now, trip.payload);
        else
            host_fill_net(&before, &now, trip.payload);
        there_and_back(&trip);
        free_trip(&trip);
    }
}

static void the_largest_machine_fits_a_packet(void **state)
{
    struct trip trip = { 0 };

    (void)state;
    make_readings();
    now.disk_count = HOST_ITEMS_MAX;
    for (size_t i = 0; i < HOST_ITEMS_MAX; i++)
        (void)snprintf(now.disks[i].name, HOST_NAME_SIZE, "a-long-name-%07zu", i);
    load_schema("host_disk", &trip);
    host_fill_disk(&before, &now, trip.payload);
    there_and_back(&trip);
    assert_int_equal(strlen(((struct host_disk_info *)trip.payload)->disk_names),
                     HOST_ITEMS_MAX * HOST_NAME_SIZE - 1);
    free_trip(&trip);

    now.cpu_count = HOST_CPUS_MAX;
    load_schema("host", &trip);
    host_fill_host(&before, &now, trip.payload);
    there_and_back(&trip);
    assert_int_equal(((struct host_info *)trip.payload)->core_busy_count, HOST_CPUS_MAX);
    free_trip(&trip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_comes_out_as_it_is),
        cmocka_unit_test(what_a_machine_has_is_present),
        cmocka_unit_test(disks_are_told_by_name_and_rates_start_with_the_second_reading),
        cmocka_unit_test(interfaces_count_exactly_and_a_replug_is_no_rate),
        cmocka_unit_test(a_machine_without_disks_and_net_still_makes_packets),
        cmocka_unit_test(the_largest_machine_fits_a_packet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
