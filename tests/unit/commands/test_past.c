/* SPDX-License-Identifier: MIT */
/* The journals of several monitors as one past. */

#include "support/unit.h"

#include <watchfloor/clock.h>

#include "past.h"

#define NOON (INT64_C(1795176000) * WF_NS_PER_S)

struct pasts {
    struct tmp_folder tmp;
    struct desk desk;
};

/* `count` transitions, one every `step` seconds from `first` on. */
static void write_journal(struct pasts *pasts, const char *monitor, int count, int first, int step)
{
    const struct wf_journal_options options = { .folder = pasts->desk.journals,
                                                .monitor = monitor };
    struct wf_journal_entry *entries = calloc((size_t)count + 1, sizeof(*entries));
    struct wf_journal_entry **list = calloc((size_t)count + 1, sizeof(*list));
    struct wf_journal *journal = NULL;
    char note[8];

    assert_non_null(entries);
    assert_non_null(list);
    assert_int_equal(wf_journal_open(&options, &journal, note, sizeof(note), NULL), 0);
    for (int i = 0; i < count; i++) {
        entries[i] = (struct wf_journal_entry){
            .kind = WF_JOURNAL_TRANSITION,
            .seq = (uint64_t)i + 1,
            .utc_ns = NOON + (first + i * step) * WF_NS_PER_S,
            .device_ns = WF_TIME_NONE,
            .shelved_until_ns = WF_TIME_NONE,
            .alarm = i % 10 == 0 ? "main.power.volts LIMIT" : "main.power.amps LIMIT",
            .event = "RAISE",
            .severity = (uint8_t)(i % 5),
            .note = i % 7 == 0 ? "a note" : "",
        };
        list[i] = &entries[i];
    }
    assert_int_equal(wf_journal_append(journal, list, (size_t)count, NULL), 0);
    wf_journal_close(&journal);
    free(entries);
    free(list);
    (void)snprintf(pasts->desk.kept[pasts->desk.kept_count++], DESK_NAME_SIZE, "%s", monitor);
}

static struct pasts pasts_make(void)
{
    struct pasts pasts = { .tmp = tmp_folder_make() };

    (void)snprintf(pasts.desk.journals, sizeof(pasts.desk.journals), "%s", pasts.tmp.path);
    return pasts;
}

struct seen {
    int count, stop_after, of_a;
    int64_t first_ns, last_ns;
    bool is_ordered;
};

static int look(void *context, const struct past_entry *past)
{
    struct seen *seen = context;

    if (seen->count == 0)
        seen->first_ns = past->entry->utc_ns;
    else if (past->entry->utc_ns < seen->last_ns)
        seen->is_ordered = false;
    seen->last_ns = past->entry->utc_ns;
    seen->of_a += strcmp(past->monitor, "a") == 0;
    return ++seen->count == seen->stop_after ? 9 : 0;
}

static struct seen ask(struct pasts *pasts, struct past_query query, bool *out_left)
{
    struct seen seen = { .is_ordered = true };
    struct wf_err err = { 0 };

    if (past_each(&pasts->desk, &query, look, &seen, out_left, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(seen.is_ordered);
    return seen;
}

static void several_journals_are_merged_by_time(void **state)
{
    struct pasts pasts = pasts_make();
    struct seen seen;
    bool is_left = true;

    (void)state;
    write_journal(&pasts, "a", 3000, 0, 2); /* several pages */
    write_journal(&pasts, "b", 1000, 1, 4);
    write_journal(&pasts, "c", 0, 0, 0);
    seen = ask(&pasts, (struct past_query){ 0 }, &is_left);
    assert_int_equal(seen.count, 4000);
    assert_int_equal(seen.of_a, 3000);
    assert_false(is_left);
    tmp_folder_remove(&pasts.tmp);
}

static void a_limit_means_the_newest_of_all(void **state)
{
    struct pasts pasts = pasts_make();
    struct seen seen;
    bool is_left = false;

    (void)state;
    write_journal(&pasts, "a", 100, 0, 1);
    write_journal(&pasts, "b", 100, 50, 1);
    seen = ask(&pasts, (struct past_query){ .limit = 60 }, &is_left);
    assert_int_equal(seen.count, 60);
    assert_int_equal(seen.of_a, 5); /* of 95 .. 99 */
    assert_int_equal(seen.last_ns, NOON + 149 * WF_NS_PER_S);
    assert_true(is_left);
    seen = ask(&pasts, (struct past_query){ .limit = 200 }, &is_left);
    assert_int_equal(seen.count, 200);
    assert_false(is_left);
    tmp_folder_remove(&pasts.tmp);
}

static void filters_hold_in_every_journal(void **state)
{
    char volts[] = "power.volts", amps[] = "power.amps LIMIT", both[] = "power.*", none[] = "x";
    char *one[] = { volts }, *two[] = { volts, amps }, *glob[] = { both }, *zero[] = { none };
    struct pasts pasts = pasts_make();

    (void)state;
    write_journal(&pasts, "a", 1000, 0, 1);
    write_journal(&pasts, "b", 500, 0, 1);
    assert_int_equal(
        ask(&pasts, (struct past_query){ .patterns = one, .pattern_count = 1 }, NULL).count, 150);
    assert_int_equal(
        ask(&pasts, (struct past_query){ .patterns = two, .pattern_count = 2 }, NULL).count, 1500);
    assert_int_equal(
        ask(&pasts, (struct past_query){ .patterns = glob, .pattern_count = 1 }, NULL).count, 1500);
    assert_int_equal(
        ask(&pasts, (struct past_query){ .patterns = zero, .pattern_count = 1 }, NULL).count, 0);
    assert_int_equal(ask(&pasts, (struct past_query){ .severity = 4 }, NULL).count, 300);
    assert_int_equal(ask(&pasts, (struct past_query){ .text = "A NOTE", .limit = 40 }, NULL).count,
                     40);
    assert_int_equal(ask(&pasts,
                         (struct past_query){ .from_ns = NOON + 10 * WF_NS_PER_S,
                                              .to_ns = NOON + 20 * WF_NS_PER_S },
                         NULL)
                         .count,
                     20);
    tmp_folder_remove(&pasts.tmp);
}

static void whoever_has_enough_ends_it(void **state)
{
    struct pasts pasts = pasts_make();
    struct seen seen = { .stop_after = 5, .is_ordered = true };

    (void)state;
    write_journal(&pasts, "a", 1000, 0, 1);
    assert_int_equal(past_each(&pasts.desk, &(struct past_query){ 0 }, look, &seen, NULL, NULL), 9);
    assert_int_equal(seen.count, 5);
    tmp_folder_remove(&pasts.tmp);
}

static void no_journal_at_all_is_said(void **state)
{
    struct pasts pasts = pasts_make();
    struct wf_err err = { 0 };

    (void)state;
    assert_int_equal(past_each(&pasts.desk, &(struct past_query){ 0 }, look, NULL, NULL, &err),
                     WF_ERR_ABSENT);
    assert_non_null(strstr(err.text, "no alarm monitor has run"));
    tmp_folder_remove(&pasts.tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_journals_are_merged_by_time),
        cmocka_unit_test(a_limit_means_the_newest_of_all),
        cmocka_unit_test(filters_hold_in_every_journal),
        cmocka_unit_test(whoever_has_enough_ends_it),
        cmocka_unit_test(no_journal_at_all_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
