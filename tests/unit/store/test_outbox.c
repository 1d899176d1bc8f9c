/* SPDX-License-Identifier: MIT */
/* The outbox: what is committed is there in the next life, and nothing else. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <watchfloor/clock.h>
#include <watchfloor/store/outbox.h>

static char folder[96], parent[64];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(parent, sizeof(parent), "/tmp/wf-outbox-XXXXXX");
    assert_non_null(mkdtemp(parent));
    (void)snprintf(folder, sizeof(folder), "%s/notify", parent);
    return 0;
}

static int remove_folder(void **state)
{
    char command[160];

    (void)state;
    (void)snprintf(command, sizeof(command), "exec rm -r '%s'", parent);
    FILE *done = popen(command, "r");
    return done != NULL ? pclose(done) : -1;
}

static struct wf_outbox *open_it(void)
{
    const struct wf_outbox_options options = { .folder = folder, .instance = "t" };
    struct wf_outbox *outbox = NULL;
    struct wf_err err = { 0 };
    char note[200];

    if (wf_outbox_open(&options, &outbox, note, sizeof(note), &err) < 0)
        fail_msg("%s", err.text);
    return outbox;
}

static struct wf_outbox_message message_of(const char *id, const char *state, int64_t done_ns)
{
    return (struct wf_outbox_message){ .id = id,
                                       .route = "log",
                                       .event = "raised",
                                       .alarm = "a.b.c LIMIT",
                                       .state = state,
                                       .why = "",
                                       .body = "{}",
                                       .severity = 2,
                                       .count = 1,
                                       .made_ns = 1000,
                                       .done_ns = done_ns };
}

static void put(struct wf_outbox *outbox, struct wf_outbox_message *message)
{
    assert_int_equal(wf_outbox_begin(outbox, NULL), 0);
    assert_int_equal(wf_outbox_put(outbox, message, NULL), 0);
    assert_int_equal(wf_outbox_commit(outbox, NULL), 0);
}

static int add_id(void *context, const struct wf_outbox_message *message)
{
    char *log = context;

    (void)snprintf(log + strlen(log), 200 - strlen(log), "%s:%s ", message->id, message->state);
    return 0;
}

static int add_json(void *context, const char *json)
{
    char *log = context;

    (void)snprintf(log + strlen(log), 200 - strlen(log), "%s ", json);
    return 0;
}

static void what_is_committed_is_there_in_the_next_life(void **state)
{
    struct wf_outbox *outbox = open_it();
    struct wf_outbox_message one = message_of("one", "waiting", WF_TIME_NONE);
    struct wf_outbox_message two = message_of("two", "held", WF_TIME_NONE);
    char log[200] = "";
    uint64_t entry = 0;
    int64_t utc_ns = 0;

    (void)state;
    assert_int_equal(wf_outbox_position(outbox, "main", &entry, &utc_ns, NULL), WF_ERR_ABSENT);
    put(outbox, &one);
    assert_int_equal(wf_outbox_begin(outbox, NULL), 0);
    assert_int_equal(wf_outbox_put(outbox, &two, NULL), 0);
    assert_int_equal(wf_outbox_put_track(outbox, "main/a", "{\"a\":1}", NULL), 0);
    assert_int_equal(wf_outbox_put_track(outbox, "main/b", "{\"b\":1}", NULL), 0);
    assert_int_equal(wf_outbox_put_track(outbox, "main/a", NULL, NULL), 0);
    assert_int_equal(wf_outbox_put_position(outbox, "main", UINT64_C(1) << 40, 77, NULL), 0);
    assert_int_equal(wf_outbox_commit(outbox, NULL), 0);
    one.state = "delivered";
    one.done_ns = 2000;
    put(outbox, &one);
    wf_outbox_close(&outbox);
    assert_null(outbox);

    outbox = open_it();
    assert_int_equal(wf_outbox_each_waiting(outbox, add_id, log, NULL), 0);
    assert_string_equal(log, "two:held ");
    log[0] = '\0';
    assert_int_equal(wf_outbox_each_track(outbox, add_json, log, NULL), 0);
    assert_string_equal(log, "{\"b\":1} ");
    assert_int_equal(wf_outbox_position(outbox, "main", &entry, &utc_ns, NULL), 0);
    assert_true(entry == UINT64_C(1) << 40 && utc_ns == 77);
    wf_outbox_close(&outbox);
}

static void what_is_rolled_back_never_was(void **state)
{
    struct wf_outbox *outbox = open_it();
    struct wf_outbox_message lost = message_of("lost", "waiting", WF_TIME_NONE);
    struct wf_outbox_message kept = message_of("kept", "waiting", WF_TIME_NONE);
    char log[200] = "";

    (void)state;
    assert_int_equal(wf_outbox_begin(outbox, NULL), 0);
    assert_int_equal(wf_outbox_put(outbox, &lost, NULL), 0);
    wf_outbox_rollback(outbox);
    wf_outbox_rollback(outbox);
    put(outbox, &kept);
    assert_true(kept.number != lost.number);
    assert_int_equal(wf_outbox_each_waiting(outbox, add_id, log, NULL), 0);
    assert_string_equal(log, "kept:waiting ");
    /* The lost one is put again with its number. */
    put(outbox, &lost);
    log[0] = '\0';
    assert_int_equal(wf_outbox_each_waiting(outbox, add_id, log, NULL), 0);
    assert_string_equal(log, "lost:waiting kept:waiting ");
    wf_outbox_close(&outbox);
}

static void a_reader_sees_the_log_by_route_state_and_time(void **state)
{
    struct wf_outbox *outbox;
    struct wf_outbox_reader *reader = NULL;
    struct wf_outbox_query query = { .is_newest_first = true };
    char log[200] = "";

    (void)state;
    assert_int_equal(wf_outbox_read(folder, &reader, NULL), WF_ERR_ABSENT);
    outbox = open_it();
    for (int i = 0; i < 4; i++) {
        char id[8];
        struct wf_outbox_message message =
            message_of(id, i % 2 != 0 ? "given up" : "delivered", 5000 + i);

        (void)snprintf(id, sizeof(id), "m%d", i);
        message.made_ns = 1000 * i;
        message.route = i < 2 ? "Bell" : "log";
        message.alarm = i == 3 ? "x.y.z LIMIT" : "a.b.c LIMIT";
        put(outbox, &message);
    }
    assert_int_equal(wf_outbox_read(folder, &reader, NULL), 0);
    assert_int_equal(wf_outbox_each(reader, &query, add_id, log, NULL), 0);
    assert_string_equal(log, "m3:given up m2:delivered m1:given up m0:delivered ");
    log[0] = '\0';
    query = (struct wf_outbox_query){ .route = "bell", .state = "given up" };
    assert_int_equal(wf_outbox_each(reader, &query, add_id, log, NULL), 0);
    assert_string_equal(log, "m1:given up ");
    log[0] = '\0';
    query = (struct wf_outbox_query){ .from_ns = 1000, .to_ns = 3000, .limit = 1 };
    assert_int_equal(wf_outbox_each(reader, &query, add_id, log, NULL), 0);
    assert_string_equal(log, "m1:given up ");
    log[0] = '\0';
    query = (struct wf_outbox_query){ .alarm = "x.*" };
    assert_int_equal(wf_outbox_each(reader, &query, add_id, log, NULL), 0);
    assert_string_equal(log, "m3:given up ");
    assert_int_equal(wf_outbox_forget(outbox, 5002, NULL), 2);
    log[0] = '\0';
    query = (struct wf_outbox_query){ .limit = 0 };
    assert_int_equal(wf_outbox_each(reader, &query, add_id, log, NULL), 0);
    assert_string_equal(log, "m2:delivered m3:given up ");
    wf_outbox_reader_close(&reader);
    wf_outbox_close(&outbox);
}

static void a_damaged_file_is_set_aside(void **state)
{
    const struct wf_outbox_options options = { .folder = folder, .instance = "t" };
    struct wf_outbox *outbox = open_it();
    char path[160], note[200] = "";
    FILE *file;

    (void)state;
    wf_outbox_close(&outbox);
    (void)snprintf(path, sizeof(path), "%s/outbox.db", folder);
    file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 10000; i++)
        (void)fputc('x', file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(wf_outbox_open(&options, &outbox, note, sizeof(note), NULL), 0);
    assert_non_null(strstr(note, "outbox.db.damaged-"));
    wf_outbox_close(&outbox);
}

static void a_folder_that_cannot_be_made_is_told(void **state)
{
    const struct wf_outbox_options options = { .folder = "/proc/none/notify", .instance = "t" };
    struct wf_outbox *outbox = NULL;
    struct wf_err err = { 0 };
    char note[200];

    (void)state;
    assert_true(wf_outbox_open(&options, &outbox, note, sizeof(note), &err) < 0);
    assert_non_null(strstr(err.text, "/proc/none/notify"));
    assert_null(outbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_committed_is_there_in_the_next_life, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_is_rolled_back_never_was, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_reader_sees_the_log_by_route_state_and_time, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_set_aside, make_folder, remove_folder),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
