/* SPDX-License-Identifier: MIT */
/* Regions of samples: published, read in every way, adopted, retired, followed. */

#include "region_support.h"

#include <math.h>

#include "region_header.h"

static void a_region_carries_samples_from_writer_to_reader(void **state)
{
    const struct place *place = *state;
    struct wf_schema *schema = power_schema();
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    struct wf_writer *writer = writer_add(publisher, "main", schema, NULL);
    struct wf_region *region = region_open(place, "main", "power");
    unsigned char payload[1024];
    struct wf_region_info info;
    struct wf_stamp stamp = { .packet = 5,
                              .sequence = 6,
                              .device_ns = 7,
                              .received_ns = 8,
                              .received_mono_ns = 9,
                              .flags = WF_SAMPLE_LATE,
                              .lost_before = 3 };
    struct wf_stamp got;

    assert_int_equal(wf_region_latest(region, payload, sizeof(payload), &got), WF_ERR_ABSENT);
    payload_fill(payload, schema->payload_bytes, 77);
    assert_int_equal(wf_writer_publish(writer, &stamp, payload), 0);
    memset(payload, 0, sizeof(payload));
    assert_int_equal(wf_region_latest(region, payload, sizeof(payload), &got), 0);
    assert_true(payload_is_whole(payload, schema->payload_bytes, 77));
    assert_memory_equal(&got, &stamp, sizeof(got)); /* as filled in by the writer */
    assert_int_equal(got.number, 0);
    assert_true(got.epoch == wf_publisher_epoch(publisher));
    assert_int_equal(wf_region_latest(region, payload, schema->payload_bytes - 1u, &got),
                     WF_ERR_INVALID);

    wf_region_info(region, &info);
    assert_string_equal(info.instance, place->instance);
    assert_string_equal(info.source, "main");
    assert_string_equal(info.subsystem, "power");
    assert_string_equal(info.role, "receiver");
    assert_int_equal(info.head, 1);
    assert_int_equal(info.slot_count, 16);
    assert_int_equal(info.writer_state, WF_WRITER_RUNNING);
    assert_int_equal(info.last_sample_mono_ns, 9);
    assert_true(info.created_ns > 0);
    assert_true(info.schema_hash == schema->schema_hash);
    assert_int_equal(wf_region_schema(region)->parameter_count, schema->parameter_count);

    wf_region_close(&region);
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
}

static void samples_are_read_by_number_while_the_ring_holds_them(void **state)
{
    const struct place *place = *state;
    struct wf_schema *schema = power_schema();
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    struct wf_writer *writer = writer_add(publisher, "main", schema, NULL);
    struct wf_region *region = region_open(place, "main", "power");
    unsigned char payload[1024];
    struct wf_stamp stamp;

    for (int i = 0; i < 40; i++)
        assert_int_equal(publish_next(writer), 0);
    for (uint64_t n = 0; n < 42; n++) {
        int want = n < 24 ? WF_ERR_GONE : n < 40 ? 0 : WF_ERR_ABSENT;

        assert_int_equal(wf_region_read(region, n, payload, sizeof(payload), &stamp), want);
        if (want == 0) {
            assert_true(payload_is_whole(payload, schema->payload_bytes, n));
            assert_int_equal(stamp.number, n);
            assert_int_equal(stamp.order, n);
        }
    }
    wf_region_close(&region);
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
}

static void delivered_and_lost_add_up_to_what_was_published(void **state)
{
    const struct place *place = *state;
    struct wf_schema *schema = power_schema();
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    struct wf_writer *writer = writer_add(publisher, "main", schema, NULL);
    struct wf_region *region = region_open(place, "main", "power");
    struct wf_cursor cursor = { 0 };
    uint64_t published = 0, lost = 0, delivered = 0;

    for (int round = 0; round < 60; round++) {
        unsigned char payload[1024];
        struct wf_stamp stamp;
        uint64_t out_lost = 0;
        int rc;

        for (int i = 0; i < round; i++, published++)
            assert_int_equal(publish_next(writer), 0);
        while ((rc = wf_region_next(region, &cursor, payload, sizeof(payload), &stamp,
                                    &out_lost)) != WF_ERR_ABSENT) {
            if (rc == WF_ERR_LIMIT) {
                lost += out_lost;
                continue;
            }
            assert_int_equal(rc, 0);
            assert_int_equal(stamp.number, lost + delivered);
            assert_true(payload_is_whole(payload, schema->payload_bytes, stamp.number));
            delivered++;
        }
        assert_int_equal(delivered + lost, published);
        assert_int_equal(cursor.delivered, delivered);
        assert_int_equal(cursor.lost, lost);
        assert_int_equal(cursor.next, published);
    }
    assert_true(lost > 0);
    cursor.next = published + 1; /* a position from another region of this name */
    assert_int_equal(wf_region_next(region, &cursor, &(unsigned char[1024]){ 0 }, 1024,
                                    &(struct wf_stamp){ 0 }, &lost),
                     WF_ERR_GONE);
    wf_region_close(&region);
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
}

static void who_comes_late_gets_all_that_is_there(void **state)
{
    static const uint64_t counts[] = { 1, 15, 16, 17, 31, 32, 33, 1000 };
    const struct place *place = *state;
    struct wf_schema *schema = power_schema();
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    struct wf_writer *writer = writer_add(publisher, "main", schema, NULL);
    struct wf_region *region = region_open(place, "main", "power");
    uint64_t slots = wf_writer_slots(writer);
    uint64_t published = 0;

    for (size_t i = 0; i < WF_COUNT_OF(counts); i++) {
        struct wf_cursor cursor = { 0 };
        unsigned char payload[1024];
        struct wf_stamp stamp;
        uint64_t lost = 0, want;
        int rc;

        for (; published < counts[i]; published++)
            assert_int_equal(publish_next(writer), 0);
        want = published < slots ? published : slots;
        while ((rc = wf_region_next(region, &cursor, payload, sizeof(payload), &stamp, &lost)) !=
               WF_ERR_ABSENT)
            assert_true(rc == WF_ERR_LIMIT || stamp.number == cursor.next - 1);
        assert_int_equal(cursor.delivered, want);
        assert_int_equal(cursor.lost, published - want);
    }
    wf_region_close(&region);
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
}

/* Lapped again and again, a cursor loses a sixteenth of the ring more than it must, no more. */
static void who_was_lapped_lands_with_a_lead(void **state)
{
    const struct place *place = *state;
    struct wf_schema *schema = power_schema();
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    struct wf_writer *writer = writer_add(publisher, "main", schema, NULL);
    struct wf_region *region = region_open(place, "main", "power");
    uint64_t slots = wf_writer_slots(writer);
    uint64_t lead = slots >= 16 ? slots / 16 : 1;
    struct wf_cursor cursor = { 0 };
    unsigned char payload[1024];
    struct wf_stamp stamp;
    uint64_t lost = 0;

    assert_int_equal(publish_next(writer), 0);
    assert_int_equal(wf_region_next(region, &cursor, payload, sizeof(payload), &stamp, &lost), 0);
    for (int round = 0; round < 5; round++) {
        uint64_t before = cursor.next;

        for (uint64_t i = 0; i < 2 * slots; i++)
            assert_int_equal(publish_next(writer), 0);
        assert_int_equal(wf_region_next(region, &cursor, payload, sizeof(payload), &stamp, &lost),
                         WF_ERR_LIMIT);
        assert_int_equal(wf_writer_head(writer) - cursor.next, slots - lead);
        assert_int_equal(lost, cursor.next - before);
        while (wf_region_next(region, &cursor, payload, sizeof(payload), &stamp, &lost) == 0)
            continue;
        assert_int_equal(cursor.next, wf_writer_head(writer));
    }
    assert_int_equal(cursor.delivered + cursor.lost, cursor.next);
    wf_region_close(&region);
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
}

static void one_value_is_read_without_the_rest(void **state)
{
    const struct place *place = *state;
    struct wf_schema *schema = power_schema();
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    struct wf_writer *writer = writer_add(publisher, "main", schema, NULL);
    struct wf_region *region = region_open(place, "main", "power");
    unsigned char payload[1024] = { 0 };
    struct wf_stamp stamp = { .received_mono_ns = 4711 };
    struct wf_value value;
    int64_t received = 0;
    double volts = 28.25;
    uint32_t count = 4000000000u;
    int8_t small = -5;
    float ratio = 0.1f;
    uint64_t big = UINT64_MAX - 1;

#define PARAMETER(name) (size_t) wf_schema_find(schema, name)
#define PUT(name, variable)                                                                        \
    memcpy(payload + schema->parameters[PARAMETER(name)].offset, &(variable), sizeof(variable))
    assert_int_equal(wf_region_value(region, 0, &value, NULL), WF_ERR_ABSENT);
    PUT("volts", volts);
    PUT("count", count);
    PUT("small", small);
    PUT("ratio", ratio);
    PUT("big", big);
    payload[schema->parameters[PARAMETER("small")].quality_offset] = WF_QUALITY_SUSPECT;
    assert_int_equal(wf_writer_publish(writer, &stamp, payload), 0);

    assert_int_equal(wf_region_value(region, PARAMETER("volts"), &value, &received), 0);
    assert_int_equal(value.kind, WF_VALUE_F64);
    assert_true(value.as.f64 == 28.25 && received == 4711);
    assert_int_equal(wf_region_value(region, PARAMETER("count"), &value, NULL), 0);
    assert_true(value.kind == WF_VALUE_U64 && value.as.u64 == count);
    assert_int_equal(wf_region_value(region, PARAMETER("small"), &value, NULL), 0);
    assert_true(value.kind == WF_VALUE_I64 && value.as.i64 == -5);
    assert_int_equal(value.quality, WF_QUALITY_SUSPECT);
    assert_int_equal(wf_region_value(region, PARAMETER("ratio"), &value, NULL), 0);
    assert_true(value.kind == WF_VALUE_F64 && value.is_single && value.as.f64 == (double)0.1f);
    assert_int_equal(wf_region_value(region, PARAMETER("big"), &value, NULL), 0);
    assert_true(value.kind == WF_VALUE_U64 && value.as.u64 == big);

    assert_int_equal(wf_region_value(region, PARAMETER("label"), &value, NULL), WF_ERR_INVALID);
    assert_int_equal(wf_region_value(region, PARAMETER("lots"), &value, NULL), WF_ERR_INVALID);
    assert_int_equal(wf_region_value(region, schema->parameter_count, &value, NULL),
                     WF_ERR_INVALID);

    /* The same as by copying everything. */
    for (size_t i = 0; i < schema->parameter_count; i++) {
        struct wf_value whole;

        if (wf_region_value(region, i, &value, NULL) < 0)
            continue;
        wf_value_get(schema, payload, i, 0, &whole);
        assert_int_equal(whole.kind, value.kind);
        assert_int_equal(whole.quality, value.quality);
        assert_true(whole.as.u64 == value.as.u64);
    }
    wf_region_close(&region);
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
}

static void numbers_continue_when_a_region_is_adopted(void **state)
{
    const struct place *place = *state;
    struct wf_schema *schema = power_schema();
    struct wf_region *region = NULL;
    struct wf_region_info before, after;
    uint64_t epoch = 0, order = 0;

    for (int life = 0; life < 3; life++) {
        struct wf_publisher *publisher = publisher_open(place, "receiver");
        unsigned char payload[1024];
        struct wf_stamp stamp;
        bool was_adopted;
        struct wf_writer *writer = writer_add(publisher, "main", schema, &was_adopted);

        assert_int_equal(was_adopted, life > 0);
        assert_true(wf_publisher_epoch(publisher) > epoch);
        epoch = wf_publisher_epoch(publisher);
        if (life == 0) {
            region = region_open(place, "main", "power");
            wf_region_info(region, &before);
        }
        for (int i = 0; i < 5; i++)
            assert_int_equal(publish_next(writer), 0);
        assert_int_equal(wf_region_latest(region, payload, sizeof(payload), &stamp), 0);
        assert_int_equal(stamp.number, 5 * life + 4);
        assert_true(stamp.epoch == epoch);
        assert_true(life == 0 || stamp.order > order);
        order = stamp.order;
        assert_int_equal(wf_region_check(region), 0);
        wf_publisher_close(&publisher);
        wf_region_info(region, &after);
        assert_int_equal(after.writer_state, WF_WRITER_STOPPED);
        assert_int_equal(after.created_ns, before.created_ns);
    }
    wf_region_close(&region);
    wf_schema_free(&schema);
}

static void a_changed_schema_retires_the_region_and_makes_another(void **state)
{
    static const char *const changes[] = {
        POWER_TEXT "[parameter more]\nbits = 8\n",                       /* another struct */
        "[subsystem]\nname = power\nring = 16\n[parameter x]\nlo = 3\n", /* smaller */
        "[subsystem]\nname = power\nring = 16\n[parameter x]\nlo = 4\n", /* only a limit */
        "[subsystem]\nname = power\nring = 64\n[parameter x]\nlo = 4\n", /* only the depth */
    };
    const struct place *place = *state;
    struct wf_schema *schema = power_schema();
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    bool was_adopted;

    assert_int_equal(publish_next(writer_add(publisher, "main", schema, NULL)), 0);
    wf_publisher_close(&publisher);
    for (size_t i = 0; i < WF_COUNT_OF(changes); i++) {
        struct wf_region *before = region_open(place, "main", "power"), *after;
        struct wf_schema *changed = schema_from("power", changes[i]);
        struct wf_region_info old, new;

        publisher = publisher_open(place, "receiver");
        (void)writer_add(publisher, "main", changed, &was_adopted);
        assert_false(was_adopted);
        assert_int_equal(wf_region_check(before), WF_ERR_GONE);
        after = region_open(place, "main", "power");
        wf_region_info(before, &old);
        wf_region_info(after, &new);
        assert_true(new.created_ns > old.created_ns);
        assert_int_equal(new.head, 0);
        wf_region_close(&before);
        wf_region_close(&after);
        wf_publisher_close(&publisher);
        wf_schema_free(&changed);
    }
    wf_schema_free(&schema);
}

static void the_depth_of_a_ring_follows_schema_or_time(void **state)
{
    static const struct {
        const char *text;
        int64_t ring_time_ns;
        uint32_t want;
    } cases[] = {
        { "ring = 100\n", 0, 128 },
        { "ring = 1\n", 0, 8 },
        { "period = 100ms\n", 0, 128 },
        { "period = 100ms\n", 20 * WF_NS_PER_S, 256 },
        { "period = 1s\n", 60 * WF_NS_PER_S, 64 },
        { "period = 1h\n", 0, 64 },
        { "", 0, 4096 },
        { "packet_max = 3000\n[parameter big]\ntype = bytes\nsize = 1000\n", 0, 256 },
        { "packet_max = 9000\n[parameter big]\ntype = bytes\nsize = 8000\n", 0, 64 },
    };
    const struct place *place = *state;

    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_publisher_options options = { .instance = place->instance,
                                                .role = "receiver",
                                                .state = place->state,
                                                .ring_time_ns = cases[i].ring_time_ns };
        struct wf_publisher *publisher = NULL;
        struct wf_region_info info;
        struct wf_region *region;
        struct wf_schema *schema;
        char text[200];

        (void)snprintf(text, sizeof(text), "[subsystem]\nname = x\n%s[parameter p]\n",
                       cases[i].text);
        schema = schema_from("x", text);
        assert_int_equal(wf_publisher_open(&options, &publisher, NULL), 0);
        (void)writer_add(publisher, "main", schema, NULL);
        region = region_open(place, "main", "x");
        wf_region_info(region, &info);
        assert_int_equal(info.slot_count, cases[i].want);
        wf_region_close(&region);
        wf_publisher_close(&publisher);
        wf_schema_free(&schema);
    }
}

static void two_publishers_of_one_role_are_one_too_many(void **state)
{
    const struct place *place = *state;
    struct place elsewhere = *place;
    struct wf_publisher *first = publisher_open(place, "receiver"), *second = NULL;
    struct wf_publisher_options options = {
        .instance = place->instance, .role = "receiver", .state = place->state, .region_max = 64
    };
    struct wf_err err = { 0 };
    char pid[40];

    assert_int_equal(wf_publisher_open(&options, &second, &err), WF_ERR_BUSY);
    (void)snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
    assert_non_null(strstr(err.text, pid));
    assert_non_null(strstr(err.text, "another receiver of instance"));

    /* Nor from another state folder: the directory says where the lease is. */
    (void)snprintf(elsewhere.state, sizeof(elsewhere.state), "/tmp/wf-%s-else", place->instance);
    options.state = elsewhere.state;
    assert_int_equal(wf_publisher_open(&options, &second, &err), WF_ERR_BUSY);
    assert_non_null(strstr(err.text, pid));

    options.state = place->state;
    options.role = "logger"; /* another role is welcome */
    assert_int_equal(wf_publisher_open(&options, &second, &err), 0);
    wf_publisher_close(&second);
    wf_publisher_close(&first);
    options.role = "receiver";
    options.state = elsewhere.state;
    assert_int_equal(wf_publisher_open(&options, &second, &err), 0);
    wf_publisher_close(&second);
    place_remove(&elsewhere);
}

static void a_region_is_added_once_and_by_one_role(void **state)
{
    const struct place *place = *state;
    struct wf_schema *schema = power_schema();
    struct wf_publisher *receiver = publisher_open(place, "receiver");
    struct wf_publisher *logger = publisher_open(place, "logger");
    struct wf_writer *writer = writer_add(receiver, "sat1", schema, NULL), *other = NULL;
    struct wf_err err = { 0 };

    assert_int_equal(wf_publisher_add(receiver, "sat1", schema, &other, NULL, &err), WF_ERR_EXISTS);
    assert_int_equal(wf_publisher_add(receiver, "SAT1", schema, &other, NULL, &err), WF_ERR_EXISTS);
    assert_int_equal(wf_publisher_add(logger, "sat1", schema, &other, NULL, &err), WF_ERR_EXISTS);
    assert_non_null(strstr(err.text, "'receiver'"));
    assert_int_equal(wf_publisher_add(receiver, "no good", schema, &other, NULL, &err),
                     WF_ERR_INVALID);
    assert_int_equal(publish_next(writer), 0);
    wf_publisher_close(&logger);
    wf_publisher_close(&receiver);
    wf_schema_free(&schema);
}

static void a_removed_region_is_gone_for_its_readers(void **state)
{
    const struct place *place = *state;
    struct wf_schema *schema = power_schema();
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    struct wf_writer *writer = writer_add(publisher, "main", schema, NULL);
    struct wf_region *region = region_open(place, "main", "power");
    struct wf_err err = { 0 };
    unsigned char payload[1024];
    struct wf_stamp stamp;

    assert_int_equal(publish_next(writer), 0);
    wf_publisher_remove(publisher, &writer);
    assert_null(writer);
    assert_int_equal(wf_region_check(region), WF_ERR_GONE);
    /* What it has mapped, a reader keeps. */
    assert_int_equal(wf_region_latest(region, payload, sizeof(payload), &stamp), 0);
    wf_region_close(&region);
    assert_int_equal(wf_region_open(place->instance, "main", "power", &region, &err),
                     WF_ERR_ABSENT);
    writer = writer_add(publisher, "main", schema, NULL);
    assert_int_equal(publish_next(writer), 0);
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
}

static void settling_retires_what_an_earlier_life_left(void **state)
{
    const struct place *place = *state;
    struct wf_schema *power = power_schema();
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    struct wf_region *kept, *left;

    (void)writer_add(publisher, "sat1", power, NULL);
    (void)writer_add(publisher, "sat2", power, NULL);
    kept = region_open(place, "sat1", "power");
    left = region_open(place, "sat2", "power");
    wf_publisher_close(&publisher);

    publisher = publisher_open(place, "receiver");
    (void)writer_add(publisher, "sat1", power, NULL);
    assert_int_equal(wf_region_check(left), 0);
    assert_int_equal(wf_publisher_settle(publisher, NULL), 1);
    assert_int_equal(wf_region_check(left), WF_ERR_GONE);
    assert_int_equal(wf_region_check(kept), 0);
    assert_int_equal(wf_publisher_settle(publisher, NULL), 0);
    wf_publisher_close(&publisher);

    /* The same when the directory is another one, which never knew them. */
    publisher = publisher_open(place, "receiver");
    (void)writer_add(publisher, "sat3", power, NULL);
    wf_publisher_close(&publisher);
    wf_region_close(&left);
    left = region_open(place, "sat3", "power");
    char name[WFI_REGION_NAME_SIZE];
    assert_int_equal(wfi_directory_name(place->instance, "receiver", name, NULL), 0);
    assert_int_equal(wf_mapping_remove(name, WF_BACKING_MEMORY, NULL), 0);
    publisher = publisher_open(place, "receiver");
    (void)writer_add(publisher, "sat1", power, NULL);
    assert_int_equal(wf_publisher_settle(publisher, NULL), 1);
    assert_int_equal(wf_region_check(left), WF_ERR_GONE);
    assert_int_equal(wf_region_check(kept), 0);
    wf_region_close(&kept);
    wf_region_close(&left);
    wf_publisher_close(&publisher);
    wf_schema_free(&power);
}

static void limits_of_memory_and_count_are_kept(void **state)
{
    const struct place *place = *state;
    struct wf_schema *schema = power_schema();
    struct wf_publisher_options options = { .instance = place->instance,
                                            .role = "receiver",
                                            .state = place->state,
                                            .region_max = 2,
                                            .memory_max = 0 };
    struct wf_publisher *publisher = NULL;
    struct wf_writer *writer[4] = { NULL };
    struct wf_region_info info;
    struct wf_region *region;
    struct wf_err err = { 0 };

    assert_int_equal(wf_publisher_open(&options, &publisher, NULL), 0);
    assert_int_equal(wf_publisher_add(publisher, "a", schema, &writer[0], NULL, &err), 0);
    region = region_open(place, "a", "power");
    wf_region_info(region, &info);
    wf_region_close(&region);
    assert_int_equal(wf_publisher_add(publisher, "b", schema, &writer[1], NULL, &err), 0);
    assert_int_equal(wf_publisher_add(publisher, "c", schema, &writer[2], NULL, &err),
                     WF_ERR_LIMIT);
    assert_non_null(strstr(err.text, "directory is full"));
    wf_publisher_remove(publisher, &writer[0]);
    assert_int_equal(wf_publisher_add(publisher, "c", schema, &writer[2], NULL, &err), 0);
    wf_publisher_close(&publisher);

    options.region_max = 10;
    options.memory_max = 2 * info.total_bytes - 1;
    assert_int_equal(wf_publisher_open(&options, &publisher, NULL), 0);
    assert_int_equal(wf_publisher_add(publisher, "a", schema, &writer[0], NULL, &err), 0);
    assert_int_equal(wf_publisher_add(publisher, "b", schema, &writer[1], NULL, &err),
                     WF_ERR_LIMIT);
    assert_non_null(strstr(err.text, "together"));
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
}

static void staleness_is_judged_by_the_readers_clock(void **state)
{
    struct wf_schema *schema = power_schema(); /* period 100 ms: stale after 300 */

    (void)state;
    assert_int_equal(wf_quality_now(schema, WF_QUALITY_VALID, 0, WF_NS_PER_S), WF_QUALITY_NEVER);
    assert_int_equal(
        wf_quality_now(schema, WF_QUALITY_LATE, WF_NS_PER_S, WF_NS_PER_S + 300 * WF_NS_PER_MS),
        WF_QUALITY_LATE);
    assert_int_equal(
        wf_quality_now(schema, WF_QUALITY_LATE, WF_NS_PER_S, WF_NS_PER_S + 301 * WF_NS_PER_MS),
        WF_QUALITY_STALE);
    schema->stale_after_ns = 0;
    assert_int_equal(wf_quality_now(schema, WF_QUALITY_VALID, 1, INT64_MAX), WF_QUALITY_VALID);
    wf_schema_free(&schema);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_region_carries_samples_from_writer_to_reader),
        TEST(samples_are_read_by_number_while_the_ring_holds_them),
        TEST(delivered_and_lost_add_up_to_what_was_published),
        TEST(who_comes_late_gets_all_that_is_there),
        TEST(who_was_lapped_lands_with_a_lead),
        TEST(one_value_is_read_without_the_rest),
        TEST(numbers_continue_when_a_region_is_adopted),
        TEST(a_changed_schema_retires_the_region_and_makes_another),
        TEST(the_depth_of_a_ring_follows_schema_or_time),
        TEST(two_publishers_of_one_role_are_one_too_many),
        TEST(a_region_is_added_once_and_by_one_role),
        TEST(a_removed_region_is_gone_for_its_readers),
        TEST(settling_retires_what_an_earlier_life_left),
        TEST(limits_of_memory_and_count_are_kept),
        TEST(staleness_is_judged_by_the_readers_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
