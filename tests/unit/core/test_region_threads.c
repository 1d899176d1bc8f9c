/* SPDX-License-Identifier: MIT */
/*
 * One writer and several readers as threads of one process: what TSan (clang's,
 * preset tsan) can judge. It checks the memory orders' absence of data races;
 * that they are the right ones is argued in shared/core/README.md.
 */

#include "region_support.h"

#include <pthread.h>
#include <stdatomic.h>

#include <watchfloor/watch.h>

#define READERS 3u
#define RUN_MS  400

static struct {
    const struct place *place;
    atomic_bool stop;
    _Atomic uint64_t torn, read, lost, busy;
} run;

static void *follow(void *argument)
{
    struct wf_region *region = region_open(run.place, "main", "power");
    size_t size = wf_region_schema(region)->payload_bytes;
    struct wf_cursor cursor = { 0 };
    unsigned char payload[1024];
    bool is_last = false;

    (void)argument;
    while (!is_last) {
        struct wf_stamp stamp;
        uint64_t lost = 0;
        int rc;

        is_last = atomic_load(&run.stop); /* one more round after the end */
        do {
            rc = wf_region_next(region, &cursor, payload, sizeof(payload), &stamp, &lost);
            if (rc == 0 &&
                (!payload_is_whole(payload, size, stamp.number) || stamp.number + 1 != cursor.next))
                (void)atomic_fetch_add(&run.torn, 1);
        } while (rc == 0 || rc == WF_ERR_LIMIT);
        if (cursor.delivered + cursor.lost != cursor.next)
            (void)atomic_fetch_add(&run.torn, 1);
    }
    (void)atomic_fetch_add(&run.read, cursor.delivered);
    (void)atomic_fetch_add(&run.lost, cursor.lost);
    wf_region_close(&region);
    return NULL;
}

static void *glance(void *argument)
{
    struct wf_region *region = region_open(run.place, "main", "power");
    const struct wf_schema *schema = wf_region_schema(region);
    size_t big = (size_t)wf_schema_find(schema, "big");
    uint32_t offset = schema->parameters[big].offset;
    unsigned char payload[1024];

    (void)argument;
    while (!atomic_load(&run.stop)) {
        struct wf_stamp stamp;
        struct wf_value value;
        int64_t received;
        int rc = wf_region_latest(region, payload, sizeof(payload), &stamp);

        if (rc == 0 && !payload_is_whole(payload, schema->payload_bytes, stamp.number))
            (void)atomic_fetch_add(&run.torn, 1);
        if (rc == WF_ERR_BUSY)
            (void)atomic_fetch_add(&run.busy, 1);
        /* The value belongs to the sample whose number travels as the receive time. */
        if (wf_region_value(region, big, &value, &received) == 0 && value.kind == WF_VALUE_U64 &&
            value.as.u64 != (uint64_t)received * UINT64_C(0x9e3779b97f4a7c15) + offset)
            (void)atomic_fetch_add(&run.torn, 1);
    }
    wf_region_close(&region);
    return NULL;
}

static void no_reader_sees_a_torn_sample(void **state)
{
    const struct place *place = *state;
    struct wf_schema *schema = power_schema();
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    struct wf_writer *writer = writer_add(publisher, "main", schema, NULL);
    pthread_t threads[READERS];
    int64_t until = wf_mono_now_ns() + RUN_MS * WF_NS_PER_MS;
    uint64_t published = 0;

    memset(&run, 0, sizeof(run));
    run.place = place;
    for (unsigned i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, i == 0 ? glance : follow, NULL), 0);
    while (wf_mono_now_ns() < until) {
        unsigned char payload[1024];
        struct wf_stamp stamp = { .received_mono_ns = (int64_t)published };

        payload_fill(payload, schema->payload_bytes, published);
        assert_int_equal(wf_writer_publish(writer, &stamp, payload), 0);
        published++;
        if (published % 64 == 0)
            wf_publisher_ring(publisher);
    }
    atomic_store(&run.stop, true);
    for (unsigned i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&run.torn), 0);
    assert_true(atomic_load(&run.read) + atomic_load(&run.lost) == (READERS - 1) * published);
    assert_true(atomic_load(&run.read) > 0);
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
}

static void *read_rows(void *argument)
{
    struct wf_region *region = region_open(run.place, "main", "rows");
    unsigned char payload[1024];

    (void)argument;
    while (!atomic_load(&run.stop)) {
        for (uint32_t row = 0; row < 4; row++) {
            struct wf_stamp stamp;
            uint64_t words[2];

            if (wf_region_row(region, row, payload, sizeof(payload), &stamp) != 0)
                continue;
            memcpy(words, payload + 16, sizeof(words));
            if (words[0] != stamp.number || words[1] != ~stamp.number)
                (void)atomic_fetch_add(&run.torn, 1);
            (void)atomic_fetch_add(&run.read, 1);
        }
        (void)wf_region_change(region, wf_region_changes(region) - 1, &(uint32_t){ 0 });
    }
    wf_region_close(&region);
    return NULL;
}

static void no_reader_sees_a_torn_row(void **state)
{
    static const char text[] = "[subsystem]\nname = rows\nkind = table\nkey = id\nrows = 4\n"
                               "[parameter id]\ntype = string\nsize = 15\n"
                               "[parameter a]\nbits = 64\n[parameter b]\nbits = 64\n";
    const struct place *place = *state;
    struct wf_schema *schema = schema_from("rows", text);
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    struct wf_writer *writer = writer_add(publisher, "main", schema, NULL);
    int64_t until = wf_mono_now_ns() + RUN_MS * WF_NS_PER_MS;
    pthread_t threads[2];

    memset(&run, 0, sizeof(run));
    run.place = place;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_rows, NULL), 0);
    while (wf_mono_now_ns() < until) {
        unsigned char payload[1024] = { 0 };
        struct wf_stamp stamp = { 0 };
        uint64_t words[2] = { wf_writer_head(writer), ~wf_writer_head(writer) };

        payload[0] = (unsigned char)('a' + words[0] % 4);
        memcpy(payload + 16, words, sizeof(words));
        assert_int_equal(wf_writer_set_row(writer, &stamp, payload), 0);
        if (words[0] % 7 == 0)
            assert_int_equal(wf_writer_remove_row(writer, (const char *)payload), 0);
    }
    atomic_store(&run.stop, true);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&run.torn), 0);
    assert_true(atomic_load(&run.read) > 0);
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(no_reader_sees_a_torn_sample),
        TEST(no_reader_sees_a_torn_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
