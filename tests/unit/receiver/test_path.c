/* SPDX-License-Identifier: MIT */
/* The path of a packet: whatever comes, the books balance, and what is good is published whole. */

#include "support/unit.h"

#include <watchfloor/clock.h>
#include <watchfloor/region.h>

#include "path.h"
#include "regions.h"

static const char config_text[] =
    "[watchfloor]\nplugins = plugins\n[listener in]\nport = 0\n[listener part]\nport = 0\n"
    "subsystems = plain\n";
static const char plain_text[] = "[subsystem]\napid = 100\n[parameter a]\nbits = 16\n"
                                 "[parameter b]\nbits = 16\n";
static const char pieces_text[] = "[subsystem]\napid = 101\nsegmented = yes\npacket_max = 200\n"
                                  "[parameter a]\nbits = 8\n[parameter rest]\ntype = bytes\n"
                                  "size = rest\nsize_max = 180\n";

struct bench {
    struct tmp_folder folder;
    struct wf_paths paths;
    struct rx_world *world;
    struct wf_publisher *publisher;
    struct rx_path path;
    struct rx_peer peer;
    struct rx_link_counters link;
    struct rx_arrival arrival;
};

static int set_up(void **state)
{
    static const char *const folders[] = { "plugins", "plugins/plain", "plugins/pieces" };
    struct bench *bench = calloc(1, sizeof(*bench));
    struct wf_publisher_options options = { .role = "receiver" };
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };
    char name[32];

    assert_non_null(bench);
    bench->folder = tmp_folder_make();
    for (size_t i = 0; i < WF_COUNT_OF(folders); i++) {
        char *path = tmp_folder_path(&bench->folder, folders[i]);

        assert_int_equal(mkdir(path, 0700), 0);
        free(path);
    }
    tmp_folder_write(&bench->folder, "watchfloor.ini", config_text);
    tmp_folder_write(&bench->folder, "plugins/plain/plain.ini", plain_text);
    tmp_folder_write(&bench->folder, "plugins/pieces/pieces.ini", pieces_text);
    (void)snprintf(name, sizeof(name), "t%d-path", (int)getpid());
    assert_int_equal(wf_paths_init(&bench->paths, name, &err), 0);

    char *config = tmp_folder_path(&bench->folder, "watchfloor.ini");
    char *lease = tmp_folder_path(&bench->folder, "state");

    if (rx_world_load(config, &bench->paths, &bench->world, &problems, &err) < 0) {
        wf_problems_print(&problems);
        fail_msg("%s", err.text);
    }
    options.instance = bench->paths.instance;
    options.state = lease;
    if (wf_publisher_open(&options, &bench->publisher, &err) < 0 ||
        rx_regions_attach(bench->publisher, bench->world, NULL, &err) < 0)
        fail_msg("%s", err.text);
    free(config);
    free(lease);
    assert_int_equal(rx_rejects_create(16, &bench->path.rejects, &err), 0);
    bench->path.scratch = calloc(1, bench->world->payload_max);
    bench->arrival = (struct rx_arrival){ .path = &bench->path,
                                          .listener = &bench->world->listeners[0],
                                          .peer = &bench->peer,
                                          .link = &bench->link,
                                          .received_ns = wf_utc_now_ns(),
                                          .received_mono_ns = wf_mono_now_ns() };
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    rx_path_release(&bench->path);
    for (size_t i = 0; i < bench->world->subsystem_count; i++)
        wf_publisher_remove(bench->publisher, &bench->world->subsystems[i].writer);
    wf_publisher_close(&bench->publisher);
    rx_world_free(&bench->world);
    rx_rejects_destroy(&bench->path.rejects);
    free(bench->path.scratch);
    tmp_folder_remove(&bench->folder);

    char directory[96];

    (void)snprintf(directory, sizeof(directory), "/dev/shm/wf.%s.@receiver", bench->paths.instance);
    (void)unlink(directory);
    free(bench);
    return 0;
}

static size_t make_packet(uint8_t *out, uint16_t apid, uint16_t sequence, uint8_t flags,
                          const void *data, size_t len)
{
    struct wf_ccsds_header header = { .apid = apid,
                                      .sequence_flags = flags,
                                      .sequence_count = sequence,
                                      .packet_bytes = (uint32_t)(WF_CCSDS_HEADER_BYTES + len) };

    wf_ccsds_write(&header, out);
    memcpy(out + WF_CCSDS_HEADER_BYTES, data, len);
    return WF_CCSDS_HEADER_BYTES + len;
}

static void give(struct bench *bench, uint16_t apid, uint16_t sequence, uint8_t flags,
                 const void *data, size_t len)
{
    uint8_t packet[300];

    rx_path_packet(&bench->arrival, packet, make_packet(packet, apid, sequence, flags, data, len));
    assert_true(rx_counters_balance(&bench->path.counters));
}

static void a_good_packet_is_published_with_its_number(void **state)
{
    struct bench *bench = *state;
    struct rx_subsystem *plain = rx_world_find(bench->world, "main", "plain");

    give(bench, 100, 5, WF_CCSDS_UNSEGMENTED, "\x00\x01\x00\x02", 4);
    give(bench, WF_CCSDS_APID_IDLE, 0, WF_CCSDS_UNSEGMENTED, "\0", 1);
    give(bench, 100, 6, WF_CCSDS_UNSEGMENTED, "\x00\x03\x00\x04", 4);
    assert_int_equal(wf_writer_head(plain->writer), 2);
    assert_int_equal(plain->counters.samples, 2);
    assert_int_equal(bench->path.counters.idle, 1);
    assert_int_equal(bench->peer.packets, 3);
    assert_int_equal(bench->link.packets, 3);
    assert_int_equal(bench->path.bell.unrung, 2);
}

static struct wf_stamp newest_stamp(struct bench *bench, const char *subsystem)
{
    struct wf_region *region = NULL;
    struct wf_stamp stamp = { 0 };
    uint8_t payload[256];

    rx_path_release(&bench->path);
    assert_int_equal(wf_region_open(bench->paths.instance, "main", subsystem, &region, NULL), 0);
    assert_int_equal(wf_region_latest(region, payload, sizeof(payload), &stamp), 0);
    wf_region_close(&region);
    return stamp;
}

static void a_sample_says_why_packets_are_missing_before_it(void **state)
{
    struct bench *bench = *state;
    struct wf_stamp stamp;

    give(bench, 100, 20, WF_CCSDS_UNSEGMENTED, "\0\0\0\0", 4);
    give(bench, 100, 21, WF_CCSDS_UNSEGMENTED, "\0", 1); /* too short */
    give(bench, 100, 22, WF_CCSDS_UNSEGMENTED, "\0", 1);
    give(bench, 100, 22, WF_CCSDS_UNSEGMENTED, "\0\0\0\0", 4); /* seen already */
    give(bench, 100, 23, WF_CCSDS_UNSEGMENTED, "\0\0\0\0", 4);
    stamp = newest_stamp(bench, "plain");
    assert_int_equal(stamp.rejected_before, 2);
    assert_int_equal(stamp.lost_before, 0);

    give(bench, 100, 25, WF_CCSDS_UNSEGMENTED, "\0\0\0\0", 4);
    stamp = newest_stamp(bench, "plain");
    assert_int_equal(stamp.rejected_before, 0);
    assert_int_equal(stamp.lost_before, 1);
    assert_int_equal(stamp.flags, WF_SAMPLE_GAP_BEFORE);

    bench->arrival.listener->source->drops += 4;
    give(bench, 100, 30, WF_CCSDS_UNSEGMENTED, "\0\0\0\0", 4);
    stamp = newest_stamp(bench, "plain");
    assert_int_equal(stamp.lost_before, 4);
    assert_int_equal(stamp.flags, WF_SAMPLE_GAP_BEFORE | WF_SAMPLE_DROP_BEFORE);

    /* What is missing before a packet that is rejected is told by the sample behind it. */
    give(bench, 100, 33, WF_CCSDS_UNSEGMENTED, "\0", 1);
    give(bench, 100, 34, WF_CCSDS_UNSEGMENTED, "\0\0\0\0", 4);
    stamp = newest_stamp(bench, "plain");
    assert_int_equal(stamp.lost_before, 2);
    assert_int_equal(stamp.rejected_before, 1);

    /* Dropped, but nothing of this one: not its gap, nor that of a later one. */
    bench->arrival.listener->source->drops++;
    give(bench, 100, 35, WF_CCSDS_UNSEGMENTED, "\0\0\0\0", 4);
    assert_int_equal(newest_stamp(bench, "plain").flags, 0);
    give(bench, 100, 37, WF_CCSDS_UNSEGMENTED, "\0\0\0\0", 4);
    assert_int_equal(newest_stamp(bench, "plain").flags, WF_SAMPLE_GAP_BEFORE);
}

static void a_gap_before_the_first_segment_is_told(void **state)
{
    struct bench *bench = *state;

    give(bench, 101, 20, WF_CCSDS_UNSEGMENTED, "\1ab", 3);
    give(bench, 101, 23, WF_CCSDS_FIRST, "\1ab", 3);
    give(bench, 101, 24, WF_CCSDS_LAST, "c", 1);
    assert_int_equal(newest_stamp(bench, "pieces").lost_before, 2);
}

static void a_listener_hears_only_its_subsystems(void **state)
{
    struct bench *bench = *state;
    uint64_t before = bench->path.counters.rejected[WF_REJECT_UNKNOWN_APID];

    bench->arrival.listener = &bench->world->listeners[1];
    give(bench, 101, 0, WF_CCSDS_UNSEGMENTED, "\x01\x02", 2);
    bench->arrival.listener = &bench->world->listeners[0];
    assert_int_equal(bench->path.counters.rejected[WF_REJECT_UNKNOWN_APID], before + 1);
}

static void segments_count_when_they_are_whole_or_given_up(void **state)
{
    struct bench *bench = *state;
    struct rx_counters before = bench->path.counters;
    const struct rx_counters *now = &bench->path.counters;

    give(bench, 101, 10, WF_CCSDS_FIRST, "\1ab", 3);
    give(bench, 101, 11, WF_CCSDS_CONTINUATION, "cd", 2);
    assert_int_equal(now->packets, before.packets);
    give(bench, 101, 12, WF_CCSDS_LAST, "e", 1);
    assert_int_equal(now->packets, before.packets + 1);
    assert_int_equal(now->published, before.published + 1);
    assert_int_equal(now->segments, before.segments + 3);
    give(bench, 101, 13, WF_CCSDS_FIRST, "\1ab", 3);
    give(bench, 101, 14, WF_CCSDS_CONTINUATION, "cd", 2);
    rx_path_abandon(&bench->path, bench->world);
    assert_true(rx_counters_balance(now));
    assert_int_equal(now->rejected[WF_REJECT_BAD_SEGMENT],
                     before.rejected[WF_REJECT_BAD_SEGMENT] + 2);
    assert_int_equal(now->packets, before.packets + 3);
}

static void whatever_comes_the_books_balance(void **state)
{
    struct bench *bench = *state;
    uint64_t dice = 88172645463325252u;
    uint64_t published = 0;

    for (int i = 0; i < 20000; i++) {
        uint8_t packet[256];
        size_t len;

        for (size_t k = 0; k < sizeof(packet); k++) {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            packet[k] = (uint8_t)dice;
        }
        len = dice % sizeof(packet);
        if (dice % 4 != 0 && len >= 4) {
            /* Mostly a header that means something, with whatever flags and counts. */
            packet[0] = 0;
            packet[1] = dice % 3 == 0 ? 100 : 101;
            packet[2] = (uint8_t)((packet[2] & 0xc0) | (i >> 8 & 0x3f));
            packet[3] = (uint8_t)(i + packet[3] % 4);
        }
        if (dice % 50 == 0)
            rx_path_rubbish(&bench->arrival, (enum wf_reject)(dice % WF_REJECT_COUNT), packet, len);
        else
            rx_path_packet(&bench->arrival, packet, len);
        if (dice % 64 == 0)
            rx_path_release(&bench->path);
        assert_true(rx_counters_balance(&bench->path.counters));
    }
    for (size_t i = 0; i < bench->world->subsystem_count; i++)
        published += wf_writer_head(bench->world->subsystems[i].writer);
    assert_int_equal(published, bench->path.counters.published);
    assert_true(published > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_packet_is_published_with_its_number),
        cmocka_unit_test(a_sample_says_why_packets_are_missing_before_it),
        cmocka_unit_test(a_listener_hears_only_its_subsystems),
        cmocka_unit_test(segments_count_when_they_are_whole_or_given_up),
        cmocka_unit_test(a_gap_before_the_first_segment_is_told),
        cmocka_unit_test(whatever_comes_the_books_balance),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
