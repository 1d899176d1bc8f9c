/* SPDX-License-Identifier: MIT */
/* The alarm journal: what is written, what a restart and a person with sqlite3 get back. */

#include "journal_support.h"

#include <watchfloor/alarm/engine.h>

static void a_new_journal_is_empty_and_numbers_from_one(void **state)
{
    struct journal_place place = journal_make();
    struct wf_journal_entry entry = transition(1, BUS, "RAISE", "NORMAL", "ACTIVE_UNACK");

    (void)state;
    assert_string_equal(place.note, "");
    assert_int_equal(wf_journal_last_seq(place.journal), 0);
    assert_int_equal(wf_journal_last_id(place.journal), 0);
    append_one(&place, &entry);
    assert_int_equal(entry.id, 1);
    assert_int_equal(wf_journal_last_seq(place.journal), 1);
    journal_again(&place);
    assert_int_equal(wf_journal_last_seq(place.journal), 1);
    assert_int_equal(wf_journal_last_id(place.journal), 1);
    journal_remove(&place);
}

static void ids_count_all_entries_and_seqs_transitions(void **state)
{
    struct journal_place place = journal_make();
    struct wf_journal_entry started = {
        .kind = WF_JOURNAL_STARTED, .utc_ns = NOON, .device_ns = WF_TIME_NONE, .text = "0.1.0"
    };
    struct wf_journal_entry raised = transition(1, BUS, "RAISE", "NORMAL", "ACTIVE_UNACK");
    struct wf_journal_entry stopped = { .kind = WF_JOURNAL_STOPPED, .utc_ns = NOON };
    struct wf_journal_entry *const list[] = { &started, &raised, &stopped };

    (void)state;
    assert_int_equal(wf_journal_append(place.journal, list, 3, NULL), 0);
    assert_int_equal(started.id, 1);
    assert_int_equal(raised.id, 2);
    assert_int_equal(stopped.id, 3);
    assert_sql(&place, "SELECT group_concat(kind) FROM entries", "started,transition,stopped");
    journal_remove(&place);
}

/* `context` is what was written. */
static int compare_entry(void *context, const struct wf_journal_entry *got)
{
    const struct wf_journal_entry *want = context;

    assert_int_equal(got->id, want->id);
    assert_int_equal(got->kind, want->kind);
    assert_int_equal(got->utc_ns, want->utc_ns);
    assert_int_equal(got->mono_ns, want->mono_ns);
    assert_int_equal(got->device_ns, want->device_ns);
    assert_string_equal(got->alarm, want->alarm);
    assert_string_equal(got->user, want->user);
    assert_string_equal(got->note, want->note);
    assert_string_equal(got->text, "");
    assert_string_equal(got->config_hash, want->config_hash);
    assert_int_equal(got->seq, want->seq);
    assert_string_equal(got->event, want->event);
    assert_string_equal(got->from, want->from);
    assert_string_equal(got->to, want->to);
    assert_int_equal(got->marks_before, want->marks_before);
    assert_int_equal(got->marks, want->marks);
    assert_int_equal(got->severity_before, want->severity_before);
    assert_int_equal(got->severity, want->severity);
    assert_int_equal(got->highest, want->highest);
    assert_string_equal(got->level, want->level);
    assert_true(isinf(got->value) && got->value > 0);
    assert_true(isnan(got->limit));
    assert_string_equal(got->value_text, want->value_text);
    assert_string_equal(got->limits, want->limits);
    assert_int_equal(got->shelved_until_ns, want->shelved_until_ns);
    assert_true(got->sample_epoch == want->sample_epoch);
    assert_true(got->sample_number == want->sample_number);
    assert_int_equal(got->is_announced, want->is_announced);
    return 0;
}

static void what_is_written_reads_the_same(void **state)
{
    struct journal_place place = journal_make();
    struct wf_journal_entry entry = transition(1, BUS, "RAISE", "PENDING", "ACTIVE_UNACK");
    struct wf_journal_reader *reader;

    (void)state;
    entry.device_ns = -5;
    entry.user = "ann";
    entry.note = "it's \"quoted\"; -- and\nmore \xe2\x82\xac";
    entry.config_hash = "0123456789abcdef";
    entry.marks_before = 1;
    entry.marks = 9;
    entry.severity_before = 1;
    entry.highest = 4;
    entry.value = (double)INFINITY;
    entry.limit = (double)NAN;
    entry.shelved_until_ns = NOON + 1;
    entry.sample_epoch = UINT64_MAX;
    entry.sample_number = UINT64_MAX - 1;
    entry.is_announced = true;
    append_one(&place, &entry);
    reader = reader_of(&place);
    assert_int_equal(
        wf_journal_each(reader, &(struct wf_journal_query){ 0 }, compare_entry, &entry, NULL), 0);
    wf_journal_reader_close(&reader);
    journal_remove(&place);
}

static void the_same_batch_again_is_written_once(void **state)
{
    struct journal_place place = journal_make();
    struct wf_err err = { 0 };

    (void)state;
    assert_int_equal(append_many(&place, 1, 10, NULL), 0);
    assert_int_equal(append_many(&place, 1, 10, NULL), 0);
    assert_int_equal(append_many(&place, 6, 10, NULL), 0); /* half of it is new */
    assert_sql(&place, "SELECT count(*) || ' ' || max(seq) || ' ' || max(id) FROM transitions",
               "15 15 15");

    /* A seq that means something else is our bug, and is told; nothing of the batch is there. */
    struct wf_journal_entry other =
        transition(3, "main.other LIMIT", "RTN", "ACTIVE_ACK", "NORMAL");
    struct wf_journal_entry new = transition(16, BUS, "RTN", "ACTIVE_UNACK", "RTN_UNACK");
    struct wf_journal_entry *const list[] = { &new, &other };

    assert_int_equal(wf_journal_append(place.journal, list, 2, &err), WF_ERR_EXISTS);
    assert_non_null(strstr(err.text, "seq 3"));
    assert_int_equal(wf_journal_last_seq(place.journal), 15);
    assert_sql(&place, "SELECT count(*) FROM transitions", "15");
    append(&place, new);
    journal_remove(&place);
}

static void a_batch_is_stored_whole_or_not_at_all(void **state)
{
    struct journal_place place = journal_make();
    struct wf_journal_entry good = transition(1, BUS, "RAISE", "NORMAL", "ACTIVE_UNACK");
    struct wf_journal_entry nameless = transition(2, "", "RAISE", "NORMAL", "ACTIVE_UNACK");
    struct wf_journal_entry *const list[] = { &good, &nameless };
    const struct wf_journal_blob blob = { 1, "samples", "{}", 2 };
    const struct wf_journal_batch batch = {
        .entries = list, .entry_count = 2, .blobs = &blob, .blob_count = 1
    };

    (void)state;
    assert_int_equal(wf_journal_commit(place.journal, &batch, NULL), WF_ERR_INVALID);
    assert_int_equal(wf_journal_last_id(place.journal), 0);
    assert_sql(&place, "SELECT count(*) FROM entries", "0");
    assert_sql(&place, "SELECT count(*) FROM alarms", "0");
    assert_sql(&place, "SELECT count(*) FROM _blobs", "0");
    append_one(&place, &good);
    assert_int_equal(good.id, 1);
    journal_remove(&place);
}

struct restored {
    char text[2048];
};

static int note_restored(void *context, const struct wf_journal_alarm *alarm)
{
    struct restored *restored = context;
    size_t len = strlen(restored->text);

    assert_int_equal(alarm->memory_bytes, 8);
    assert_int_equal(*(const unsigned char *)alarm->memory, alarm->seq % 251);
    (void)snprintf(restored->text + len, sizeof(restored->text) - len,
                   "%s seq %d %s x%u ack '%s' '%s' mark '%s' '%s' trip '%s' %s\n", alarm->alarm,
                   (int)alarm->seq, alarm->state, alarm->count, alarm->ack_user, alarm->ack_note,
                   alarm->mark_user, alarm->mark_note, alarm->value_text, alarm->level);
    return 0;
}

static void assert_restored(struct journal_place *place, const char *want)
{
    struct restored restored = { "" };
    struct wf_err err = { 0 };

    if (wf_journal_restore(place->journal, note_restored, &restored, &err) < 0)
        fail_msg("restore: %s", err.text);
    assert_string_equal(restored.text, want);
}

static struct wf_journal_entry by(struct wf_journal_entry entry, const char *user, const char *note)
{
    entry.user = user;
    entry.note = note;
    return entry;
}

static struct wf_journal_entry marked(uint64_t seq, unsigned before, unsigned after)
{
    struct wf_journal_entry entry = transition(seq, BUS, "MARK", "ACTIVE_ACK", "ACTIVE_ACK");

    entry.marks_before = (uint8_t)before;
    entry.marks = (uint8_t)after;
    return entry;
}

static void a_restart_finds_who_acknowledged_and_how_often_it_came(void **state)
{
    struct journal_place place = journal_make();

    (void)state;
    append(&place, transition(1, BUS, "VIOLATION", "NORMAL", "PENDING"));
    assert_restored(&place, BUS " seq 1 PENDING x0 ack '' '' mark '' '' trip '' \n");
    append(&place, transition(2, BUS, "RAISE", "PENDING", "ACTIVE_UNACK"));
    append(&place, transition(3, BUS, "WORSEN", "ACTIVE_UNACK", "ACTIVE_UNACK"));
    append(&place, by(transition(4, BUS, "ACK", "ACTIVE_UNACK", "ACTIVE_ACK"), "ann", "looking"));
    assert_restored(&place,
                    BUS " seq 4 ACTIVE_ACK x2 ack 'ann' 'looking' mark '' '' trip '33.50 V' hi\n");
    append(&place, transition(5, BUS, "RTN", "ACTIVE_ACK", "NORMAL"));
    append(&place, transition(6, BUS, "RAISE", "NORMAL", "ACTIVE_UNACK"));
    append(&place, transition(7, BUS, "RTN", "ACTIVE_UNACK", "RTN_UNACK"));
    append(&place, transition(8, BUS, "RAISE", "RTN_UNACK", "ACTIVE_UNACK"));
    journal_again(&place);
    assert_restored(&place, BUS " seq 8 ACTIVE_UNACK x2 ack '' '' mark '' '' trip '33.50 V' hi\n");
    journal_remove(&place);
}

static void a_restart_finds_who_shelved_and_took_out_of_service(void **state)
{
    struct journal_place place = journal_make();
    const unsigned shelved = WF_ALARM_SHELVED, out = WF_ALARM_OUT_OF_SERVICE;
    const unsigned suppressed = WF_ALARM_SUPPRESSED;

    (void)state;
    append(&place, by(marked(1, 0, shelved), "ann", "valve test"));
    append(&place, marked(2, shelved, shelved | suppressed)); /* nobody's doing */
    assert_restored(&place,
                    BUS " seq 2 ACTIVE_ACK x0 ack '' '' mark 'ann' 'valve test' trip '' \n");
    append(&place, by(marked(3, shelved, shelved), "ben", "longer"));
    assert_restored(&place, BUS " seq 3 ACTIVE_ACK x0 ack '' '' mark 'ben' 'longer' trip '' \n");
    append(&place, by(marked(4, shelved, shelved | out), "cyd", "broken"));
    append(&place, by(marked(5, shelved | out, out), "dan", "unshelved"));
    assert_restored(&place, BUS " seq 5 ACTIVE_ACK x0 ack '' '' mark 'cyd' 'broken' trip '' \n");
    append(&place, by(marked(6, out, 0), "eve", "repaired"));
    assert_restored(&place, BUS " seq 6 ACTIVE_ACK x0 ack '' '' mark '' '' trip '' \n");
    journal_remove(&place);
}

static int note_change(void *context, const struct wf_journal_change *change)
{
    (void)snprintf(context, 256, "%s %s %s", change->alarm, change->json, change->user);
    return 0;
}

static void limits_in_force_outlive_a_restart(void **state)
{
    struct journal_place place = journal_make();
    struct wf_journal_entry entry = { .kind = WF_JOURNAL_LIMITS,
                                      .utc_ns = NOON,
                                      .alarm = BUS,
                                      .user = "ann",
                                      .note = "summer",
                                      .text = "{\"new\":{}}" };
    char text[256] = "";

    (void)state;
    assert_int_equal(wf_journal_limits_set(place.journal, BUS, "{\"hi\":35}", &entry, NULL), 0);
    journal_again(&place);
    assert_int_equal(wf_journal_limits_each(place.journal, note_change, text, NULL), 0);
    assert_string_equal(text, BUS " {\"hi\":35} ann");
    assert_sql(&place, "SELECT user || ' ' || note FROM limit_changes", "ann summer");
    assert_int_equal(
        wf_journal_limits_set(place.journal, "MAIN.power.bus_voltage limit", NULL, &entry, NULL),
        0);
    text[0] = '\0';
    assert_int_equal(wf_journal_limits_each(place.journal, note_change, text, NULL), 0);
    assert_string_equal(text, "");
    assert_sql(&place, "SELECT count(*) FROM limit_changes", "2");
    journal_remove(&place);
}

static void assert_kept(struct journal_place *place, const char *name, const char *want)
{
    void *blob = NULL;
    size_t bytes = 0;

    if (want == NULL) {
        assert_int_equal(wf_journal_kept(place->journal, name, &blob, &bytes, NULL), WF_ERR_ABSENT);
        return;
    }
    assert_int_equal(wf_journal_kept(place->journal, name, &blob, &bytes, NULL), 0);
    assert_int_equal(bytes, strlen(want));
    assert_string_equal(blob, want);
    free(blob);
}

static void what_is_kept_goes_with_the_next_commit(void **state)
{
    struct journal_place place = journal_make();
    struct wf_journal_entry bad = transition(2, "", "RAISE", "NORMAL", "ACTIVE_UNACK");
    struct wf_journal_entry *const list[] = { &bad };

    (void)state;
    assert_int_equal(wf_journal_keep(place.journal, "rings", "one", 3, NULL), 0);
    assert_int_equal(wf_journal_keep(place.journal, "counts", "", 0, NULL), 0);
    assert_kept(&place, "rings", NULL); /* not yet */
    assert_int_equal(wf_journal_append(place.journal, NULL, 0, NULL), 0);
    assert_kept(&place, "rings", "one");
    assert_kept(&place, "counts", "");

    assert_int_equal(wf_journal_keep(place.journal, "rings", "two", 3, NULL), 0);
    assert_int_equal(wf_journal_keep(place.journal, "rings", "three", 5, NULL), 0);
    assert_int_equal(wf_journal_append(place.journal, list, 1, NULL), WF_ERR_INVALID);
    assert_kept(&place, "rings", "one"); /* with its batch or not at all */
    append(&place, transition(1, BUS, "RAISE", "NORMAL", "ACTIVE_UNACK"));
    journal_again(&place);
    assert_kept(&place, "rings", "three");
    assert_int_equal(wf_journal_keep(place.journal, "rings", "four", 4, NULL), 0);
    journal_again(&place);
    assert_kept(&place, "rings", "three");
    journal_remove(&place);
}

static void black_boxes_are_kept_with_their_transition(void **state)
{
    static const char box[] = "{\"parameters\":[\"bus_voltage\",\"mode\"],\"samples\":"
                              "[[41,1795176000000000000,null,[33.1,\"SAFE\"]],"
                              "[42,1795176001000000000,null,[33.6,null]]]}";
    struct journal_place place = journal_make();
    struct wf_journal_reader *reader;
    void *blob = NULL;
    size_t bytes = 0;

    (void)state;
    append(&place, transition(1, BUS, "RAISE", "NORMAL", "ACTIVE_UNACK"));
    assert_int_equal(wf_journal_attach(place.journal, 1, "samples", box, sizeof(box) - 1, NULL), 0);
    assert_int_equal(wf_journal_attach(place.journal, 1, "bytes", "\0\1\2", 3, NULL), 0);
    reader = reader_of(&place);
    assert_int_equal(wf_journal_attached(reader, 1, "samples", &blob, &bytes, NULL), 0);
    assert_int_equal(bytes, sizeof(box) - 1);
    assert_string_equal(blob, box);
    free(blob);
    assert_int_equal(wf_journal_attached(reader, 1, "bytes", &blob, &bytes, NULL), 0);
    assert_int_equal(bytes, 3);
    assert_memory_equal(blob, "\0\1\2", 3);
    free(blob);
    assert_int_equal(wf_journal_attached(reader, 2, "samples", &blob, &bytes, NULL), WF_ERR_ABSENT);
    wf_journal_reader_close(&reader);
    assert_sql(&place,
               "SELECT group_concat(number || ' ' || substr(received, 12, 8) || ' ' || parameter ||"
               " '=' || ifnull(value, '-'), '; ') FROM samples",
               "41 12:00:00 bus_voltage=33.1; 41 12:00:00 mode=SAFE;"
               " 42 12:00:01 bus_voltage=33.6; 42 12:00:01 mode=-");
    journal_remove(&place);
}

static void somebody_with_sqlite3_sees_what_happened(void **state)
{
    struct journal_place place = journal_make();
    struct wf_journal_entry raised = transition(1, BUS, "RAISE", "NORMAL", "ACTIVE_UNACK");
    struct wf_journal_entry shelved = by(marked(3, 0, WF_ALARM_SHELVED), "ben", "valve");

    (void)state;
    raised.is_announced = true;
    shelved.shelved_until_ns = NOON + 900 * WF_NS_PER_S;
    append(&place, raised);
    append(&place, by(transition(2, BUS, "ACK", "ACTIVE_UNACK", "ACTIVE_ACK"), "ann", "mine"));
    append(&place, shelved);
    assert_sql(&place, "SELECT time || ' ' || alarm || ' ' || event FROM transitions WHERE seq = 1",
               "2026-11-20T12:00:01.000000000Z " BUS " RAISE");
    assert_sql(&place, "SELECT user || ' ' || seconds_after || ' ' || note FROM acknowledged",
               "ann 1.0 mine");
    assert_sql(&place,
               "SELECT state || ' ' || marks || ' ' || substr(shelved_until, 12, 8) || ' '"
               " || acknowledged_by || ' ' || marked_by FROM alarms",
               "ACTIVE_ACK SHELVED 12:15:00 ann ben");
    assert_sql(&place, "SELECT value FROM _file WHERE key = 'monitor'", "main");
    journal_remove(&place);
}

static void marks_read_as_the_engine_means_them(void **state)
{
    static const struct {
        unsigned marks;
        const char *want;
    } cases[] = {
        { 0, "" },
        { WF_ALARM_SHELVED, "SHELVED" },
        { WF_ALARM_OUT_OF_SERVICE, "OUT_OF_SERVICE" },
        { WF_ALARM_DISABLED, "DISABLED" },
        { WF_ALARM_SUPPRESSED, "SUPPRESSED" },
        { WF_ALARM_SHADOW, "SHADOW" },
        { WF_ALARM_SHELVED | WF_ALARM_SUPPRESSED, "SHELVED SUPPRESSED" },
    };
    struct journal_place place = journal_make();

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        append(&place, marked(i + 1, 0, cases[i].marks));
        assert_sql(&place, "SELECT marks FROM transitions ORDER BY seq DESC LIMIT 1",
                   cases[i].want);
    }
    journal_remove(&place);
}

static int64_t forget_all(struct journal_place *place, int64_t before_ns)
{
    int64_t all = 0, count;
    struct wf_err err = { 0 };

    do {
        count = wf_journal_forget(place->journal, before_ns, &err);
        if (count < 0)
            fail_msg("%s", err.text);
        all += count;
    } while (count == WF_JOURNAL_FORGET_MAX);
    return all;
}

static struct wf_journal_entry of(struct wf_journal_entry entry, const char *alarm)
{
    entry.alarm = alarm;
    return entry;
}

static void forgetting_keeps_what_a_restart_needs(void **state)
{
    const char *quiet = "main.link.lost RULE";
    const unsigned shelved = WF_ALARM_SHELVED, suppressed = WF_ALARM_SUPPRESSED;
    struct journal_place place = journal_make();

    (void)state;
    append(&place, transition(1, quiet, "RAISE", "NORMAL", "ACTIVE_UNACK"));
    append(&place, by(transition(2, quiet, "ACK", "ACTIVE_UNACK", "ACTIVE_ACK"), "ann", "mine"));
    append(&place, of(by(marked(3, 0, shelved), "ben", "valve"), quiet));
    append(&place, of(marked(4, shelved, shelved | suppressed), quiet));
    append(&place, of(marked(5, shelved | suppressed, shelved), quiet));
    assert_int_equal(append_many(&place, 6, 5000, NULL), 0); /* two other alarms */
    (void)wf_journal_attach(place.journal, 8, "samples", "{}", 2, NULL);
    assert_int_equal(forget_all(&place, NOON), 0); /* nothing is that old */
    assert_int_equal(forget_all(&place, NOON + 4000 * WF_NS_PER_S), 3999 - 4);
    assert_sql(&place, "SELECT count(*) FROM _blobs", "0");
    assert_sql(&place, "SELECT count(*) FROM transitions", "1010");
    assert_int_equal(forget_all(&place, NOON + 9000 * WF_NS_PER_S), 1004);
    assert_sql(&place, "SELECT group_concat(seq, ' ') FROM transitions", "1 2 3 5 5004 5005");
    journal_again(&place);
    assert_int_equal(wf_journal_last_seq(place.journal), 5005);
    journal_remove(&place);
}

static void numbers_go_on_when_the_newest_was_forgotten(void **state)
{
    struct journal_place place = journal_make();
    struct wf_journal_entry stopped = { .kind = WF_JOURNAL_STOPPED, .utc_ns = NOON };

    (void)state;
    append(&place, transition(1, BUS, "RAISE", "NORMAL", "ACTIVE_UNACK"));
    append_one(&place, &stopped);
    assert_int_equal(stopped.id, 2);
    assert_int_equal(forget_all(&place, INT64_MAX), 1);
    journal_again(&place);
    assert_int_equal(wf_journal_last_id(place.journal), 2);
    append_one(&place, &stopped);
    assert_int_equal(stopped.id, 3);
    journal_remove(&place);
}

static void stopped_at(struct journal_place *place, int64_t utc_ns)
{
    struct wf_journal_entry stopped = { .kind = WF_JOURNAL_STOPPED, .utc_ns = utc_ns };

    append_one(place, &stopped);
}

static void a_clock_that_leaps_ahead_ages_nothing(void **state)
{
    const int64_t day = WF_NS_PER_DAY, midnight = wf_utc_day_start(NOON), leap = NOON + 20000 * day;
    struct journal_place place = journal_make();

    (void)state;
    assert_int_equal(wf_journal_believed_now(place.journal, NOON), NOON); /* nothing in it */
    for (int i = 0; i < 5; i++)
        stopped_at(&place, NOON + i * day);
    assert_int_equal(wf_journal_believed_now(place.journal, NOON + 5 * day), NOON + 5 * day);
    /* Alone, and with entries of the leap itself: the end of the day before counts. */
    assert_int_equal(wf_journal_believed_now(place.journal, leap), midnight + 5 * day);
    stopped_at(&place, leap);
    stopped_at(&place, leap + day);
    assert_int_equal(wf_journal_believed_now(place.journal, leap + day), midnight + 5 * day);
    /* Set right again, what the leap left is of the future and says nothing. */
    assert_int_equal(wf_journal_believed_now(place.journal, NOON + 6 * day), NOON + 6 * day);
    stopped_at(&place, leap + 2 * day);
    assert_int_equal(wf_journal_believed_now(place.journal, leap + 2 * day), leap + 2 * day);
    journal_remove(&place);
}

static void names_compare_without_case(void **state)
{
    struct journal_place place = journal_make();

    (void)state;
    append(&place, transition(1, "main.Power.Bus LIMIT", "RAISE", "NORMAL", "ACTIVE_UNACK"));
    append(&place, transition(2, "MAIN.power.bus limit", "RTN", "ACTIVE_UNACK", "RTN_UNACK"));
    assert_sql(&place, "SELECT count(*) || ' ' || max(alarm) FROM alarms",
               "1 main.Power.Bus LIMIT");
    journal_remove(&place);
}

static void a_group_may_read_and_nobody_else(void **state)
{
    struct tmp_folder tmp = tmp_folder_make();
    char *folder = tmp_folder_path(&tmp, "alarms"), *file = tmp_folder_path(&tmp, "alarms/main.db");
    char gid[24], note[64];
    struct wf_journal_options options = { .folder = folder, .monitor = "main", .group = gid };
    struct wf_journal *journal = NULL;
    struct wf_err err = { 0 };
    struct stat status;

    (void)state;
    (void)snprintf(gid, sizeof(gid), "%u", (unsigned)getegid());
    assert_int_equal(wf_journal_open(&options, &journal, note, sizeof(note), NULL), 0);
    assert_int_equal(stat(folder, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0750);
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    assert_int_equal(status.st_gid, getegid());
    wf_journal_close(&journal);
    options.monitor = "other";
    options.group = "no-such-group-here";
    assert_int_equal(wf_journal_open(&options, &journal, note, sizeof(note), &err), WF_ERR_INVALID);
    assert_non_null(strstr(err.text, "no-such-group-here"));
    options.group = NULL;
    options.monitor = "../other";
    assert_int_equal(wf_journal_open(&options, &journal, note, sizeof(note), &err), WF_ERR_INVALID);
    free(file);
    free(folder);
    tmp_folder_remove(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_journal_is_empty_and_numbers_from_one),
        cmocka_unit_test(ids_count_all_entries_and_seqs_transitions),
        cmocka_unit_test(what_is_written_reads_the_same),
        cmocka_unit_test(the_same_batch_again_is_written_once),
        cmocka_unit_test(a_batch_is_stored_whole_or_not_at_all),
        cmocka_unit_test(a_restart_finds_who_acknowledged_and_how_often_it_came),
        cmocka_unit_test(a_restart_finds_who_shelved_and_took_out_of_service),
        cmocka_unit_test(limits_in_force_outlive_a_restart),
        cmocka_unit_test(what_is_kept_goes_with_the_next_commit),
        cmocka_unit_test(black_boxes_are_kept_with_their_transition),
        cmocka_unit_test(somebody_with_sqlite3_sees_what_happened),
        cmocka_unit_test(marks_read_as_the_engine_means_them),
        cmocka_unit_test(forgetting_keeps_what_a_restart_needs),
        cmocka_unit_test(numbers_go_on_when_the_newest_was_forgotten),
        cmocka_unit_test(a_clock_that_leaps_ahead_ages_nothing),
        cmocka_unit_test(names_compare_without_case),
        cmocka_unit_test(a_group_may_read_and_nobody_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
