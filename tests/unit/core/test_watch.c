/* SPDX-License-Identifier: MIT */
/* Watches: regions that come, go and are made anew; one place to wait in; the bell's budget. */

#include "region_support.h"

#include <pthread.h>
#include <sys/wait.h>

#include <watchfloor/watch.h>

#include "bell.h"
#include "platform/wait.h"
#include "region_header.h"

static struct wf_watch *watch_open(const struct place *place, const char *pattern)
{
    const char *patterns[] = { pattern };
    struct wf_watch_options options = { .instance = place->instance,
                                        .patterns = pattern != NULL ? patterns : NULL,
                                        .pattern_count = pattern != NULL };
    struct wf_watch *watch = NULL;
    struct wf_err err = { 0 };

    if (wf_watch_open(&options, &watch, &err) < 0)
        fail_msg("%s", err.text);
    return watch;
}

static struct wf_schema *tiny_schema(const char *name)
{
    char text[128];

    (void)snprintf(text, sizeof(text), "[subsystem]\nname = %s\nring = 8\n[parameter p]\n", name);
    return schema_from(name, text);
}

static void an_early_watch_sees_regions_come_and_go(void **state)
{
    const struct place *place = *state;
    struct wf_schema *power = tiny_schema("power"), *thermal = tiny_schema("thermal");
    struct wf_watch *watch = watch_open(place, NULL);
    struct wf_writer *writer;
    struct wf_publisher *publisher;
    size_t index = 99;

    assert_int_equal(wf_watch_count(watch), 0);
    assert_int_equal(wf_watch_refresh(watch, NULL), 0);
    publisher = publisher_open(place, "receiver");
    (void)writer_add(publisher, "sat1", thermal, NULL);
    writer = writer_add(publisher, "sat1", power, NULL);
    (void)writer_add(publisher, "main", thermal, NULL);
    assert_int_equal(wf_watch_refresh(watch, NULL), 1);
    assert_int_equal(wf_watch_refresh(watch, NULL), 0);
    assert_int_equal(wf_watch_count(watch), 3);
    assert_string_equal(wf_region_schema(wf_watch_region(watch, 0))->name, "thermal");
    assert_string_equal(wf_region_schema(wf_watch_region(watch, 1))->name, "power");
    assert_int_equal(wf_watch_find(watch, "sat1.*", &index), 2);
    assert_int_equal(index, 1);
    assert_int_equal(wf_watch_find(watch, "POWER", &index), 1);
    assert_int_equal(wf_watch_find(watch, "comms", &index), 0);
    assert_null(wf_watch_trouble(watch, 0));
    assert_null(wf_watch_region(watch, 3));

    wf_publisher_remove(publisher, &writer);
    assert_int_equal(wf_watch_refresh(watch, NULL), 1);
    assert_int_equal(wf_watch_count(watch), 2);
    assert_int_equal(wf_watch_find(watch, "power", &index), 0);
    wf_publisher_close(&publisher); /* an orderly stop keeps them */
    assert_int_equal(wf_watch_refresh(watch, NULL), 0);
    assert_int_equal(wf_watch_count(watch), 2);
    wf_watch_close(&watch);
    wf_schema_free(&power);
    wf_schema_free(&thermal);
}

static void patterns_choose_what_is_opened(void **state)
{
    static const struct {
        const char *pattern;
        size_t want;
    } cases[] = {
        { NULL, 4 },         { "*", 4 },  { "power", 2 }, { "sat1.*", 2 },
        { "sat1.power", 1 }, { "t*", 2 }, { "none", 0 },
    };
    const struct place *place = *state;
    struct wf_schema *power = tiny_schema("power"), *thermal = tiny_schema("thermal");
    struct wf_publisher *publisher = publisher_open(place, "receiver");

    (void)writer_add(publisher, "sat1", power, NULL);
    (void)writer_add(publisher, "sat1", thermal, NULL);
    (void)writer_add(publisher, "sat2", power, NULL);
    (void)writer_add(publisher, "sat2", thermal, NULL);
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_watch *watch = watch_open(place, cases[i].pattern);

        assert_int_equal(wf_watch_count(watch), cases[i].want);
        wf_watch_close(&watch);
    }
    wf_publisher_close(&publisher);
    wf_schema_free(&power);
    wf_schema_free(&thermal);
}

static void a_region_made_anew_gets_another_generation(void **state)
{
    const struct place *place = *state;
    struct wf_schema *first = tiny_schema("power"), *second = power_schema();
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    struct wf_watch *watch;
    struct wf_writer *writer;
    uint64_t generation, other;

    (void)writer_add(publisher, "main", first, NULL);
    (void)writer_add(publisher, "zz", first, NULL);
    watch = watch_open(place, NULL);
    generation = wf_watch_generation(watch, 0);
    other = wf_watch_generation(watch, 1);
    wf_publisher_close(&publisher);

    /* Adopted: nothing changes for readers. */
    publisher = publisher_open(place, "receiver");
    writer = writer_add(publisher, "main", first, NULL);
    (void)writer_add(publisher, "zz", first, NULL);
    assert_int_equal(wf_watch_refresh(watch, NULL), 0);
    assert_true(wf_watch_generation(watch, 0) == generation);

    wf_publisher_remove(publisher, &writer);
    (void)writer_add(publisher, "main", second, NULL);
    assert_int_equal(wf_watch_refresh(watch, NULL), 1);
    assert_int_equal(wf_watch_count(watch), 2);
    assert_true(wf_watch_generation(watch, 0) != generation);
    assert_true(wf_watch_generation(watch, 1) == other);
    assert_int_equal(wf_region_schema(wf_watch_region(watch, 0))->parameter_count,
                     second->parameter_count);
    wf_watch_close(&watch);
    wf_publisher_close(&publisher);
    wf_schema_free(&first);
    wf_schema_free(&second);
}

static void writers_of_several_roles_are_told_apart(void **state)
{
    const struct place *place = *state;
    struct wf_schema *power = tiny_schema("power"), *stats = tiny_schema("logger");
    struct wf_publisher *receiver = publisher_open(place, "receiver");
    struct wf_publisher *logger = publisher_open(place, "logger");
    struct wf_writer_info writers[4];
    struct wf_watch *watch;

    (void)writer_add(receiver, "main", power, NULL);
    (void)writer_add(logger, "wf", stats, NULL);
    wf_publisher_heartbeat(receiver, wf_mono_now_ns() + WF_NS_PER_S);
    watch = watch_open(place, NULL);
    assert_int_equal(wf_watch_count(watch), 2);
    wf_publisher_close(&logger);
    assert_int_equal(wf_watch_writers(watch, writers, 4), 2);
    for (int i = 0; i < 2; i++) {
        bool is_receiver = strcmp(writers[i].role, "receiver") == 0;

        assert_true(is_receiver || strcmp(writers[i].role, "logger") == 0);
        assert_int_equal(writers[i].state, is_receiver ? WF_WRITER_RUNNING : WF_WRITER_STOPPED);
        assert_int_equal(writers[i].pid, getpid());
        assert_int_equal(writers[i].region_count, 1);
        assert_true(writers[i].heartbeat_mono_ns > 0);
    }
    wf_watch_close(&watch);
    wf_publisher_close(&receiver);
    wf_schema_free(&power);
    wf_schema_free(&stats);
}

static void what_cannot_be_opened_is_told_and_the_rest_works(void **state)
{
    const struct place *place = *state;
    struct wf_schema *power = tiny_schema("power"), *thermal = tiny_schema("thermal");
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    char name[WFI_REGION_NAME_SIZE];
    struct wf_watch *watch;

    (void)writer_add(publisher, "main", power, NULL);
    (void)writer_add(publisher, "main", thermal, NULL);
    assert_int_equal(wfi_region_name(place->instance, "main", "power", name, NULL), 0);
    assert_int_equal(wf_mapping_remove(name, WF_BACKING_MEMORY, NULL), 0);
    watch = watch_open(place, NULL);
    assert_int_equal(wf_watch_count(watch), 1);
    assert_non_null(wf_watch_trouble(watch, 0));
    assert_ptr_equal(strstr(wf_watch_trouble(watch, 0), "power:"), wf_watch_trouble(watch, 0));
    assert_null(wf_watch_trouble(watch, 1));
    assert_int_equal(wf_watch_refresh(watch, NULL), 0);
    assert_non_null(wf_watch_trouble(watch, 0)); /* still */
    wf_watch_close(&watch);
    wf_publisher_close(&publisher);
    wf_schema_free(&power);
    wf_schema_free(&thermal);
}

static void a_ring_ends_a_wait_and_time_ends_it_too(void **state)
{
    const struct place *place = *state;
    struct wf_publisher *receiver = publisher_open(place, "receiver");
    struct wf_publisher *logger = publisher_open(place, "logger");
    struct wf_watch *watch = watch_open(place, NULL);
    int64_t before = wf_mono_now_ns();

    (void)wf_watch_wait(watch, 0);
    assert_int_equal(wf_watch_wait(watch, 20), 0);
    assert_true(wf_mono_now_ns() - before >= 20 * WF_NS_PER_MS);
    wf_publisher_ring(logger);
    assert_int_equal(wf_watch_wait(watch, 10000), 1);
    assert_int_equal(wf_watch_wait(watch, 0), 0); /* each ring is told once */
    wf_publisher_ring(receiver);
    wf_publisher_ring(receiver);
    assert_int_equal(wf_watch_wait(watch, 10000), 1);
    wf_watch_interrupt(watch);
    assert_int_equal(wf_watch_wait(watch, 10000), 0);
    wf_watch_close(&watch);
    wf_publisher_close(&receiver);
    wf_publisher_close(&logger);
}

struct waiter {
    struct wf_watch *watch;
    _Atomic uint32_t rings;
    _Atomic uint32_t stop;
};

static void *wait_in_a_thread(void *argument)
{
    struct waiter *waiter = argument;

    while (atomic_load(&waiter->stop) == 0) {
        if (wf_watch_wait(waiter->watch, 10000) == 1) {
            (void)atomic_fetch_add(&waiter->rings, 1);
            (void)wfi_wake(&waiter->rings, 1);
        }
    }
    return NULL;
}

static void a_wait_in_its_own_thread_follows_directories_that_come_and_go(void **state)
{
    const struct place *place = *state;
    struct waiter waiter = { .watch = watch_open(place, NULL) };
    char name[WFI_REGION_NAME_SIZE];
    pthread_t thread;

    assert_int_equal(wfi_directory_name(place->instance, "receiver", name, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, wait_in_a_thread, &waiter), 0);
    for (int life = 0; life < 20; life++) {
        struct wf_publisher *publisher = publisher_open(place, "receiver");
        int64_t until = wf_mono_now_ns() + 10 * WF_NS_PER_S;
        uint32_t rings = atomic_load(&waiter.rings);

        assert_int_equal(wf_watch_refresh(waiter.watch, NULL) >= 0, 1);
        do {
            struct wfi_waited told = { &waiter.rings, rings };

            wf_publisher_ring(publisher);
            wfi_wait_any(&told, 1, 10 * WF_NS_PER_MS);
            assert_true(wf_mono_now_ns() < until);
        } while (atomic_load(&waiter.rings) == rings);
        wf_publisher_close(&publisher);
        if (life % 2 != 0)
            assert_int_equal(wf_mapping_remove(name, WF_BACKING_MEMORY, NULL), 0);
    }
    atomic_store(&waiter.stop, 1);
    wf_watch_interrupt(waiter.watch);
    assert_int_equal(pthread_join(thread, NULL), 0);
    wf_watch_close(&waiter.watch);
}

/* --- the bell ----------------------------------------------------------------------------- */

static struct {
    _Atomic uint32_t word;
    _Atomic uint32_t awake;
    _Atomic uint32_t stop;
} bell_shared;

static void *sleep_on_the_bell(void *argument)
{
    uint32_t seen = 0;

    (void)argument;
    while (atomic_load(&bell_shared.stop) == 0) {
        struct wfi_waited waited = { &bell_shared.word, seen };

        /* Long, so that only a wake explains an early end. */
        wfi_wait_any(&waited, 1, 20 * WF_NS_PER_S);
        if (atomic_load(&bell_shared.word) != seen) {
            seen = atomic_load(&bell_shared.word);
            (void)atomic_fetch_add(&bell_shared.awake, 1);
            (void)wfi_wake(&bell_shared.awake, 1);
        }
    }
    return NULL;
}

static void every_sleeper_is_woken_by_one_ring(void **state)
{
    enum { SLEEPERS = 24 }; /* more than a ring wakes itself */
    pthread_t threads[SLEEPERS];
    struct wfi_bell bell = { 0 };
    int64_t until = wf_mono_now_ns() + 15 * WF_NS_PER_S;

    (void)state;
    memset(&bell_shared, 0, sizeof(bell_shared));
    assert_int_equal(wfi_bell_start(&bell, &bell_shared.word, NULL), 0);
    for (int i = 0; i < SLEEPERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sleep_on_the_bell, NULL), 0);
    for (uint32_t round = 1; round <= 10; round++) {
        wfi_bell_ring(&bell);
        for (;;) {
            uint32_t awake = atomic_load(&bell_shared.awake);
            struct wfi_waited waited = { &bell_shared.awake, awake };

            if (awake >= round * SLEEPERS)
                break;
            assert_true(wf_mono_now_ns() < until);
            wfi_wait_any(&waited, 1, 100 * WF_NS_PER_MS);
        }
    }
    atomic_store(&bell_shared.stop, 1);
    wfi_bell_stop(&bell);
    for (int i = 0; i < SLEEPERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void ringing_all_the_time_costs_a_bounded_number_of_wakes(void **state)
{
    pthread_t thread;
    struct wfi_bell bell = { 0 };
    int64_t start = wf_mono_now_ns(), took;
    uint64_t woken;

    (void)state;
    memset(&bell_shared, 0, sizeof(bell_shared));
    assert_int_equal(wfi_bell_start(&bell, &bell_shared.word, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, sleep_on_the_bell, NULL), 0);
    while ((took = wf_mono_now_ns() - start) < 300 * WF_NS_PER_MS)
        wfi_bell_ring(&bell);
    woken = atomic_load(&bell.woken);
    assert_true(atomic_load(&bell_shared.awake) > 0);
    assert_true(woken <= WFI_BELL_BURST + (uint64_t)took * WFI_BELL_RATE / 1000000000u + 2);
    atomic_store(&bell_shared.stop, 1);
    wfi_bell_stop(&bell);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_early_watch_sees_regions_come_and_go),
        TEST(patterns_choose_what_is_opened),
        TEST(a_region_made_anew_gets_another_generation),
        TEST(writers_of_several_roles_are_told_apart),
        TEST(what_cannot_be_opened_is_told_and_the_rest_works),
        TEST(a_ring_ends_a_wait_and_time_ends_it_too),
        TEST(a_wait_in_its_own_thread_follows_directories_that_come_and_go),
        cmocka_unit_test(every_sleeper_is_woken_by_one_ring),
        cmocka_unit_test(ringing_all_the_time_costs_a_bounded_number_of_wakes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
