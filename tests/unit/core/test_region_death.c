/* SPDX-License-Identifier: MIT */
/*
 * Writers that are killed or stopped at random points while others read. With
 * WF_TEST_KILLS=600 this is the hostile suite's run; the quick one kills fewer.
 */

#include "region_support.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include <watchfloor/strbuf.h>

static const char rows_text[] = "[subsystem]\nname = rows\nkind = table\nkey = id\nrows = 8\n"
                                "[parameter id]\ntype = string\nsize = 15\n"
                                "[parameter a]\nbits = 64\n[parameter b]\nbits = 64\n";

static uint64_t wanted_kills(void)
{
    const char *text = getenv("WF_TEST_KILLS");
    uint64_t kills = 60;

    if (text != NULL)
        assert_int_equal(wf_parse_u64(text, &kills, NULL), 0);
    return kills;
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* In a child: write as fast as possible until killed. A test must not fail in here, but end. */
static void write_for_ever(const struct place *place)
{
    struct wf_schema *power = power_schema(), *rows = schema_from("rows", rows_text);
    struct wf_publisher_options options = {
        .instance = place->instance, .role = "receiver", .state = place->state, .region_max = 64
    };
    struct wf_publisher *publisher = NULL;
    struct wf_writer *samples = NULL, *table = NULL;
    struct wf_err err = { 0 };

    if (wf_publisher_open(&options, &publisher, &err) < 0 ||
        wf_publisher_add(publisher, "main", power, &samples, NULL, &err) < 0 ||
        wf_publisher_add(publisher, "main", rows, &table, NULL, &err) < 0) {
        (void)fprintf(stderr, "writer: %s\n", err.text);
        _exit(2);
    }
    for (;;) {
        unsigned char payload[256] = { 0 };
        struct wf_stamp stamp = { 0 };
        uint64_t words[2] = { wf_writer_head(table), ~wf_writer_head(table) };

        for (int i = 0; i < 20; i++) {
            if (publish_next(samples) != 0)
                _exit(3);
        }
        payload[0] = (unsigned char)('a' + words[0] % 6);
        memcpy(payload + 16, words, sizeof(words));
        if (wf_writer_set_row(table, &stamp, payload) != 0)
            _exit(4);
        wf_publisher_ring(publisher);
        wf_publisher_heartbeat(publisher, wf_mono_now_ns());
    }
}

/* What has been read over all lives of the writer. */
struct reading {
    struct wf_region *samples, *table;
    struct wf_cursor cursor;
    uint64_t epoch, order;
    bool has_any;
};

static bool try_open(const struct place *place, const char *name, struct wf_region **region)
{
    return *region != NULL || wf_region_open(place->instance, "main", name, region, NULL) == 0;
}

static void read_once(struct reading *reading)
{
    size_t size = wf_region_schema(reading->samples)->payload_bytes;
    unsigned char payload[1024];
    struct wf_stamp stamp;
    uint64_t lost = 0;
    int rc =
        wf_region_next(reading->samples, &reading->cursor, payload, sizeof(payload), &stamp, &lost);

    assert_true(rc == 0 || rc == WF_ERR_ABSENT || rc == WF_ERR_LIMIT);
    if (rc == 0) {
        assert_true(payload_is_whole(payload, size, stamp.number));
        assert_true(stamp.epoch >= reading->epoch);
        assert_true(!reading->has_any || stamp.order > reading->order);
        reading->epoch = stamp.epoch;
        reading->order = stamp.order;
        reading->has_any = true;
    }
    assert_true(reading->cursor.delivered + reading->cursor.lost == reading->cursor.next);

    /* Once there was a sample, the newest is always readable, unless lapped three times. */
    rc = wf_region_latest(reading->samples, payload, sizeof(payload), &stamp);
    assert_true(rc == 0 || rc == WF_ERR_BUSY || (rc == WF_ERR_ABSENT && !reading->has_any));
    if (rc == 0)
        assert_true(payload_is_whole(payload, size, stamp.number));
    if (reading->table == NULL)
        return;
    for (uint32_t row = 0; row < 8; row++) {
        uint64_t words[2];

        if (wf_region_row(reading->table, row, payload, sizeof(payload), &stamp) != 0)
            continue;
        memcpy(words, payload + 16, sizeof(words));
        assert_true(words[0] == stamp.number && words[1] == ~stamp.number);
    }
}

static void read_for(const struct place *place, struct reading *reading, int64_t ns)
{
    int64_t until = wf_mono_now_ns() + ns;

    do {
        if (try_open(place, "power", &reading->samples) &&
            (try_open(place, "rows", &reading->table) || true))
            read_once(reading);
    } while (wf_mono_now_ns() < until);
}

static pid_t start_writer(const struct place *place)
{
    pid_t pid = fork();

    if (pid == 0) {
        write_for_ever(place);
        _exit(1);
    }
    assert_true(pid > 0);
    return pid;
}

static void killed_writers_wedge_nothing_and_tear_nothing(void **state)
{
    const struct place *place = *state;
    struct wf_schema *power = power_schema(), *rows = schema_from("rows", rows_text);
    struct reading reading = { 0 };
    struct wf_region_info info, table_info;
    struct wf_publisher *publisher;
    struct wf_writer *writer;
    uint64_t kills = wanted_kills(), seed = 88172645463325252u;
    bool was_adopted = false;

    for (uint64_t life = 0; life < kills; life++) {
        pid_t pid = start_writer(place);
        int status;

        /* From before its birth is complete to well into its life. */
        read_for(place, &reading, (int64_t)(next_random(&seed) % 12) * WF_NS_PER_MS);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL); /* it never gave up */
        read_for(place, &reading, 0);
    }

    /* The next one adopts, repairs and goes on where the dead ones were. */
    publisher = publisher_open(place, "receiver");
    writer = writer_add(publisher, "main", power, &was_adopted);
    assert_int_equal(publish_next(writer), 0);
    assert_int_equal(publish_next(writer_add(publisher, "main", rows, NULL)), WF_ERR_INVALID);
    assert_true(try_open(place, "power", &reading.samples));
    assert_true(try_open(place, "rows", &reading.table));
    wf_region_info(reading.samples, &info);
    wf_region_info(reading.table, &table_info);
    while (reading.cursor.next < info.head)
        read_once(&reading);
    assert_true(reading.cursor.delivered + reading.cursor.lost == info.head);
    assert_int_equal(wf_region_check(reading.samples), 0); /* one region through all lives */
    assert_true(was_adopted);
    print_message("%lu kills: %lu published, %lu read, %lu overwritten, %lu + %lu repairs, %lu "
                  "writes aborted\n",
                  (unsigned long)kills, (unsigned long)info.head,
                  (unsigned long)reading.cursor.delivered, (unsigned long)reading.cursor.lost,
                  (unsigned long)info.lock_recoveries, (unsigned long)table_info.lock_recoveries,
                  (unsigned long)(info.aborted_writes + table_info.aborted_writes));
    wf_region_close(&reading.samples);
    wf_region_close(&reading.table);
    wf_publisher_close(&publisher);
    wf_schema_free(&power);
    wf_schema_free(&rows);
}

static void a_stopped_writer_hides_nothing(void **state)
{
    const struct place *place = *state;
    struct reading reading = { 0 };
    uint64_t stops = wanted_kills(), seed = 7;
    pid_t pid = start_writer(place);
    int64_t until = wf_mono_now_ns() + 20 * WF_NS_PER_S;
    int status;

    while (!reading.has_any && wf_mono_now_ns() < until)
        read_for(place, &reading, WF_NS_PER_MS);
    assert_true(reading.has_any);
    for (uint64_t i = 0; i < stops; i++) {
        unsigned char payload[1024];
        struct wf_stamp stamp;
        struct wf_value value;

        read_for(place, &reading, (int64_t)(next_random(&seed) % 300) * WF_NS_PER_US);
        assert_int_equal(kill(pid, SIGSTOP), 0);
        assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
        assert_true(WIFSTOPPED(status));
        assert_int_equal(wf_region_latest(reading.samples, payload, sizeof(payload), &stamp), 0);
        assert_true(payload_is_whole(payload, wf_region_schema(reading.samples)->payload_bytes,
                                     stamp.number));
        assert_int_equal(wf_region_value(reading.samples, 1, &value, NULL), 0);
        if (reading.table != NULL && wf_region_changes(reading.table) > 8) {
            for (uint32_t row = 0; row < 6; row++) /* a row under change shows its last state */
                assert_int_equal(
                    wf_region_row(reading.table, row, payload, sizeof(payload), &stamp), 0);
        }
        assert_int_equal(kill(pid, SIGCONT), 0);
    }
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    wf_region_close(&reading.samples);
    wf_region_close(&reading.table);
}

/*
 * A dead writer's number may be somebody else's by now: it is never looked at.
 * The successor starts although a process with the old number lives (this one).
 */
static void a_reused_process_number_means_nothing(void **state)
{
    const struct place *place = *state;
    char path[128], text[96];
    struct wf_publisher *publisher;
    FILE *lease;

    publisher = publisher_open(place, "receiver");
    wf_publisher_close(&publisher);
    (void)snprintf(path, sizeof(path), "%s/lease/receiver.lease", place->state);
    lease = fopen(path, "r+");
    assert_non_null(lease);
    (void)snprintf(text, sizeof(text), "pid %ld epoch %20d\n", (long)getppid(), 1);
    assert_true(fputs(text, lease) >= 0);
    assert_int_equal(fclose(lease), 0);
    publisher = publisher_open(place, "receiver");
    wf_publisher_close(&publisher);
}

static void epochs_grow_even_when_the_clock_was_ahead(void **state)
{
    const struct place *place = *state;
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    char path[128];
    FILE *lease;

    wf_publisher_close(&publisher);
    (void)snprintf(path, sizeof(path), "%s/lease/receiver.lease", place->state);
    lease = fopen(path, "r+");
    assert_non_null(lease);
    assert_true(fputs("pid 1 epoch  9000000000000000000\n", lease) >= 0);
    assert_int_equal(fclose(lease), 0);
    publisher = publisher_open(place, "receiver");
    assert_true(wf_publisher_epoch(publisher) == UINT64_C(9000000000000000001));
    wf_publisher_close(&publisher);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(killed_writers_wedge_nothing_and_tear_nothing),
        TEST(a_stopped_writer_hides_nothing),
        TEST(a_reused_process_number_means_nothing),
        TEST(epochs_grow_even_when_the_clock_was_ahead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
