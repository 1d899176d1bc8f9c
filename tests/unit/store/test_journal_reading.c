/* SPDX-License-Identifier: MIT */
/* Reading the alarm journal beside its writer: filters, order, following, and locks. */

#include "journal_support.h"

/* Seqs 1..6 by turns of two alarms, #7 a restart, seq 7, #9 limits of the wheel. */
static struct journal_place some_history(void)
{
    struct journal_place place = journal_make();
    struct wf_journal_entry started = { .kind = WF_JOURNAL_STARTED, .utc_ns = NOON + 10 };
    struct wf_journal_entry limits = { .kind = WF_JOURNAL_LIMITS,
                                       .utc_ns = NOON + 11,
                                       .alarm = WHEEL };

    assert_int_equal(append_many(&place, 1, 6, NULL), 0);
    append(&place, started);
    append(&place, transition(7, WHEEL, "RTN", "ACTIVE_UNACK", "RTN_UNACK"));
    append(&place, limits);
    return place;
}

static void filters_give_what_they_say(void **state)
{
    static const struct {
        const char *what;
        struct wf_journal_query query;
        const char *want;
    } cases[] = {
        { "all", { 0 }, "1 2 3 4 5 6 #7 7 #9" },
        { "newest first", { .is_newest_first = true }, "#9 7 #7 6 5 4 3 2 1" },
        { "limit", { .limit = 2 }, "1 2" },
        { "newest two", { .limit = 2, .is_newest_first = true }, "#9 7" },
        { "behind an id", { .after_id = 6 }, "#7 7 #9" },
        { "behind the end", { .after_id = UINT64_MAX }, "" },
        { "from", { .from_ns = NOON + 5 * WF_NS_PER_S }, "5 6 7" },
        { "to, not included", { .to_ns = NOON + 3 * WF_NS_PER_S }, "1 2 #7 #9" },
        { "between",
          { .from_ns = NOON + 2 * WF_NS_PER_S, .to_ns = NOON + 4 * WF_NS_PER_S },
          "2 3" },
        { "one alarm", { .alarm = "*.wheel_speed rate" }, "1 3 5 7 #9" },
        { "one alarm, between",
          { .alarm = WHEEL, .from_ns = NOON + 2 * WF_NS_PER_S, .to_ns = NOON + 6 * WF_NS_PER_S },
          "3 5" },
        { "all alarms", { .alarm = "*" }, "1 2 3 4 5 6 7 #9" },
        { "no alarm", { .alarm = "nothing" }, "" },
        { "kinds", { .kinds = 1u << WF_JOURNAL_STARTED | 1u << WF_JOURNAL_LIMITS }, "#7 #9" },
        { "transitions", { .kinds = 1u << WF_JOURNAL_TRANSITION }, "1 2 3 4 5 6 7" },
        { "kinds of an alarm", { .kinds = 1u << WF_JOURNAL_LIMITS, .alarm = WHEEL }, "#9" },
        { "unknown kinds", { .kinds = 1u << 20 }, "" },
    };
    struct journal_place place = some_history();
    struct wf_journal_reader *reader = reader_of(&place);

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct listed listed = { 0 };
        struct wf_err err = { 0 };

        if (wf_journal_each(reader, &cases[i].query, list_entry, &listed, &err) < 0)
            fail_msg("%s: %s", cases[i].what, err.text);
        if (strcmp(listed.text, cases[i].want) != 0)
            fail_msg("%s: '%s', expected '%s'", cases[i].what, listed.text, cases[i].want);
    }
    wf_journal_reader_close(&reader);
    journal_remove(&place);
}

static void no_monitor_has_no_journal(void **state)
{
    struct tmp_folder tmp = tmp_folder_make();
    struct wf_journal_reader *reader = NULL;
    struct wf_err err = { 0 };

    (void)state;
    assert_int_equal(wf_journal_read(tmp.path, "main", &reader, &err), WF_ERR_ABSENT);
    assert_non_null(strstr(err.text, "has run"));
    assert_int_equal(wf_journal_read(tmp.path, "../x", &reader, &err), WF_ERR_INVALID);
    tmp_folder_write(&tmp, "main.db", ""); /* made a moment ago */
    assert_int_equal(wf_journal_read(tmp.path, "main", &reader, &err), WF_ERR_ABSENT);
    assert_null(reader);
    tmp_folder_remove(&tmp);
}

static void stopping_stops_and_is_returned(void **state)
{
    struct journal_place place = some_history();
    struct wf_journal_reader *reader = reader_of(&place);
    struct listed listed = { .stop_after = 3 };

    (void)state;
    assert_int_equal(
        wf_journal_each(reader, &(struct wf_journal_query){ 0 }, list_entry, &listed, NULL), 7);
    assert_string_equal(listed.text, "1 2 3");
    wf_journal_reader_close(&reader);
    journal_remove(&place);
}

static void a_follower_sees_each_entry_once(void **state)
{
    struct journal_place place = journal_make();
    struct wf_journal_reader *reader = reader_of(&place);
    uint64_t at = 99;

    (void)state;
    assert_int_equal(wf_journal_newest_id(reader, &at, NULL), 0);
    assert_int_equal(at, 0);
    assert_query(reader, &(struct wf_journal_query){ .after_id = at }, "");
    assert_int_equal(append_many(&place, 1, 2, NULL), 0);
    assert_query(reader, &(struct wf_journal_query){ .after_id = at }, "1 2");
    assert_int_equal(wf_journal_newest_id(reader, &at, NULL), 0);
    assert_int_equal(at, 2);
    assert_int_equal(append_many(&place, 3, 1, NULL), 0);
    assert_query(reader, &(struct wf_journal_query){ .after_id = at }, "3");
    wf_journal_reader_close(&reader);
    journal_remove(&place);
}

struct busy_writer {
    struct journal_place *place;
    uint64_t seq;
    size_t seen;
};

/* The writer goes on, and writes its log back, while somebody looks at an entry. */
static int write_meanwhile(void *context, const struct wf_journal_entry *entry)
{
    struct busy_writer *busy = context;

    assert_string_equal(entry->value_text, "33.50 V");
    assert_int_equal(append_many(busy->place, busy->seq, 10, NULL), 0);
    busy->seq += 10;
    spoil_sql(busy->place, "PRAGMA wal_checkpoint(TRUNCATE)");
    busy->seen++;
    return 0;
}

static void a_slow_reader_holds_up_nobody(void **state)
{
    struct journal_place place = journal_make();
    struct wf_journal_reader *reader;
    struct busy_writer busy = { &place, 301, 0 };

    (void)state;
    assert_int_equal(append_many(&place, 1, 300, NULL), 0); /* more than one page */
    reader = reader_of(&place);
    assert_int_equal(
        wf_journal_each(reader, &(struct wf_journal_query){ 0 }, write_meanwhile, &busy, NULL), 0);
    assert_int_equal(busy.seen, 300); /* what came meanwhile is for the next question */
    assert_sql(&place, "SELECT count(*) FROM transitions", "3300");
    wf_journal_reader_close(&reader);
    journal_remove(&place);
}

static int forget_meanwhile(void *context, const struct wf_journal_entry *entry)
{
    struct busy_writer *busy = context;

    if (busy->seen++ == 0)
        assert_true(wf_journal_forget(busy->place->journal, INT64_MAX, NULL) > 0);
    busy->seq = entry->seq;
    return 0;
}

static void what_is_forgotten_meanwhile_is_left_out(void **state)
{
    struct journal_place place = journal_make();
    struct wf_journal_reader *reader;
    struct busy_writer busy = { &place, 0, 0 };

    (void)state;
    assert_int_equal(append_many(&place, 1, 400, NULL), 0);
    reader = reader_of(&place);
    assert_int_equal(
        wf_journal_each(reader, &(struct wf_journal_query){ 0 }, forget_meanwhile, &busy, NULL), 0);
    assert_int_equal(busy.seen, 128 + 2); /* the page in hand, and the newest of each alarm */
    assert_int_equal(busy.seq, 400);
    wf_journal_reader_close(&reader);
    journal_remove(&place);
}

static int count_alarm(void *context, const struct wf_journal_alarm *alarm)
{
    *(int *)context += strcmp(alarm->alarm, WHEEL) == 0 ? 100 : 1;
    return 0;
}

static int count_change(void *context, const struct wf_journal_change *change)
{
    *(int *)context += (int)strlen(change->json);
    return 0;
}

static void readers_see_states_and_limits_too(void **state)
{
    struct journal_place place = some_history();
    struct wf_journal_entry entry = { .kind = WF_JOURNAL_LIMITS, .utc_ns = NOON, .alarm = BUS };
    struct wf_journal_reader *reader = reader_of(&place);
    int count = 0;

    (void)state;
    assert_int_equal(wf_journal_alarms(reader, count_alarm, &count, NULL), 0);
    assert_int_equal(count, 101);
    assert_int_equal(wf_journal_limits_set(place.journal, BUS, "{}", &entry, NULL), 0);
    assert_int_equal(wf_journal_limits(reader, count_change, &count, NULL), 0);
    assert_int_equal(count, 103);
    wf_journal_reader_close(&reader);
    journal_remove(&place);
}

static void a_journal_at_rest_can_be_read_where_nobody_may_write(void **state)
{
    struct journal_place place = some_history();
    struct wf_journal_reader *reader;
    char *path = tmp_folder_path(&place.tmp, "main.db");

    (void)state;
    wf_journal_close(&place.journal);
    assert_int_equal(chmod(path, 0440), 0);
    assert_int_equal(chmod(place.tmp.path, 0550), 0);
    reader = reader_of(&place);
    assert_query(reader, &(struct wf_journal_query){ .limit = 3 }, "1 2 3");
    wf_journal_reader_close(&reader);
    assert_int_equal(chmod(place.tmp.path, 0700), 0);
    free(path);
    journal_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_give_what_they_say),
        cmocka_unit_test(no_monitor_has_no_journal),
        cmocka_unit_test(stopping_stops_and_is_returned),
        cmocka_unit_test(a_follower_sees_each_entry_once),
        cmocka_unit_test(a_slow_reader_holds_up_nobody),
        cmocka_unit_test(what_is_forgotten_meanwhile_is_left_out),
        cmocka_unit_test(readers_see_states_and_limits_too),
        cmocka_unit_test(a_journal_at_rest_can_be_read_where_nobody_may_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
