/* SPDX-License-Identifier: MIT */
/* The messages of one route: order, grouping, attempts, giving up. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/clock.h>

#include "line.h"

#define S WF_NS_PER_S

struct scene {
    struct ntf_line *line;
    char log[4096]; /* "id:state " of what is done */
    int next_id;
};

static void note_done(void *context, struct ntf_message *message)
{
    struct scene *scene = context;
    size_t len = strlen(scene->log);

    (void)snprintf(scene->log + len, sizeof(scene->log) - len, "%s:%s(%u) ", message->id,
                   ntf_state_name(message->state), message->count);
    ntf_message_free(&message);
}

static const struct ntf_line_rules plain = { .route = "r",
                                             .group_ns = 10 * S,
                                             .group_above = 3,
                                             .retry_ns = S,
                                             .retry_max_ns = 60 * S,
                                             .attempts = 5,
                                             .quiet_severity = 4 };

static void begin(struct scene *scene, const struct ntf_line_rules *rules)
{
    memset(scene, 0, sizeof(*scene));
    scene->line = ntf_line_create(rules, note_done, scene);
    assert_non_null(scene->line);
}

static void add(struct scene *scene, enum ntf_event event, unsigned severity, int64_t now_ns)
{
    struct ntf_message *message = ntf_message_create();

    assert_non_null(message);
    message->event = event;
    message->facts.severity = (uint8_t)severity;
    message->made_ns = now_ns;
    (void)snprintf(message->id, sizeof(message->id), "m%d", scene->next_id++);
    ntf_line_add(scene->line, message, now_ns, now_ns);
}

/* Deliver all that may go now; their ids in order. */
static const char *drain(struct scene *scene, int64_t now_ns)
{
    static char out[1024];
    struct wf_strbuf text = WF_STRBUF_FIXED(out);
    const struct ntf_message *message;

    while ((message = ntf_line_next(scene->line, now_ns)) != NULL) {
        wf_strbuf_addf(&text, "%s%s", text.len > 0 ? " " : "", message->id);
        if (message->event == NTF_SUMMARY)
            wf_strbuf_addf(&text, "(%u)", message->count);
        ntf_line_result(scene->line, NTF_OK, "", now_ns);
    }
    return out;
}

static void messages_go_in_order_one_at_a_time(void **state)
{
    struct scene scene;
    const struct ntf_message *message;

    (void)state;
    begin(&scene, &plain);
    add(&scene, NTF_RAISED, 2, 0);
    add(&scene, NTF_NORMAL, 0, 0);
    message = ntf_line_next(scene.line, 0);
    assert_string_equal(message->id, "m0");
    assert_null(ntf_line_next(scene.line, 0));
    ntf_line_result(scene.line, NTF_OK, "", 0);
    assert_string_equal(drain(&scene, 0), "m1");
    assert_string_equal(scene.log, "m0:delivered(1) m1:delivered(1) ");
    assert_true(ntf_line_due(scene.line) == INT64_MAX);
    ntf_line_destroy(&scene.line);
}

static void a_storm_becomes_summaries_and_ends(void **state)
{
    struct scene scene;
    struct ntf_line_figures figures;

    (void)state;
    begin(&scene, &plain);
    for (int i = 0; i < 8; i++)
        add(&scene, NTF_RAISED, (unsigned)(i % 5), i * S / 10);
    /* The first three at once, the others at the window's end. */
    assert_string_equal(drain(&scene, S), "m0 m1 m2");
    assert_true(ntf_line_due(scene.line) == 10 * S);
    assert_string_equal(drain(&scene, 10 * S), "m3+0(5)");
    /* It goes on: held at once, then summarised again. */
    for (int i = 0; i < 4; i++)
        add(&scene, NTF_RAISED, 2, 11 * S);
    assert_string_equal(drain(&scene, 12 * S), "");
    assert_string_equal(drain(&scene, 20 * S), "m8+1(4)");
    /* It calms down: few are told one by one at the end of the window ... */
    add(&scene, NTF_RAISED, 2, 21 * S);
    assert_string_equal(drain(&scene, 29 * S), "");
    assert_string_equal(drain(&scene, 30 * S), "m12");
    /* ... and after that at once again. */
    add(&scene, NTF_RAISED, 2, 31 * S);
    assert_string_equal(drain(&scene, 31 * S), "m13");
    ntf_line_figures(scene.line, &figures);
    assert_int_equal(figures.made, 14);
    assert_int_equal(figures.grouped, 9);
    assert_int_equal(figures.delivered, 7);
    assert_int_equal(figures.held + figures.waiting, 0);
    ntf_line_destroy(&scene.line);
}

static void a_summary_names_its_alarms_and_counts_the_rest(void **state)
{
    struct scene scene;
    const struct ntf_message *message;
    char text[32768];
    struct wf_strbuf out = WF_STRBUF_FIXED(text);

    (void)state;
    begin(&scene, &plain);
    for (int i = 0; i < 1003; i++)
        add(&scene, NTF_RAISED, 4, 0);
    (void)drain(&scene, 0);
    message = ntf_line_next(scene.line, 10 * S);
    assert_int_equal(message->count, 1000);
    assert_int_equal(message->facts.highest, 4);
    assert_int_equal(json_array_size(message->members), NTF_SUMMARY_MAX);
    ntf_message_text(message, &out);
    assert_non_null(strstr(text, "1000 notifications together"));
    assert_non_null(strstr(text, "... and 900 more"));
    ntf_line_destroy(&scene.line);
}

static void without_grouping_everything_is_told_by_itself(void **state)
{
    struct ntf_line_rules rules = plain;
    struct scene scene;
    struct ntf_line_figures figures;

    (void)state;
    rules.group_ns = 0;
    begin(&scene, &rules);
    for (int i = 0; i < 500; i++)
        add(&scene, NTF_RAISED, 4, 0);
    for (int i = 0; i < 500; i++) {
        assert_non_null(ntf_line_next(scene.line, 0));
        ntf_line_result(scene.line, NTF_OK, "", 0);
    }
    ntf_line_figures(scene.line, &figures);
    assert_int_equal(figures.delivered, 500);
    ntf_line_destroy(&scene.line);
}

static void quiet_hours_hold_what_is_not_severe(void **state)
{
    struct ntf_line_rules rules = plain;
    struct scene scene;

    (void)state;
    rules.quiet = (struct ntf_when){ .days = 0x7f, .spans = { { 0, 6 * 60 } }, .span_count = 1 };
    begin(&scene, &rules);
    add(&scene, NTF_RAISED, 3, 3600 * S);
    add(&scene, NTF_RAISED, 4, 3600 * S);
    assert_string_equal(drain(&scene, 3600 * S), "m1");
    assert_true(ntf_line_due(scene.line) == 6 * 3600 * S);
    for (int i = 0; i < 3; i++)
        add(&scene, NTF_RAISED, 1, 4 * 3600 * S);
    assert_string_equal(drain(&scene, 6 * 3600 * S), "m0+0(4)");
    ntf_line_destroy(&scene.line);
}

static void what_waits_has_a_bound_and_is_counted(void **state)
{
    static const struct ntf_when night = { .days = 0x7f,
                                           .spans = { { 0, 6 * 60 } },
                                           .span_count = 1 };
    struct ntf_line_rules rules = plain;
    static struct scene scene;
    struct ntf_line_figures figures;
    uint32_t told = 0;
    const struct ntf_message *message;

    (void)state;
    rules.quiet = night;
    begin(&scene, &rules);
    for (int i = 0; i < 12000; i++)
        add(&scene, NTF_RAISED, 1, 3600 * S);
    ntf_line_figures(scene.line, &figures);
    assert_true(figures.held <= 5001);
    assert_null(ntf_line_next(scene.line, 5 * 3600 * S));
    while ((message = ntf_line_next(scene.line, 6 * 3600 * S)) != NULL) {
        told += message->count;
        ntf_line_result(scene.line, NTF_OK, "", 6 * 3600 * S);
    }
    assert_int_equal(told, 12000);
    ntf_line_destroy(&scene.line);

    /* A route that never groups, and whose plugin never ends. */
    rules = plain;
    rules.group_ns = 0;
    begin(&scene, &rules);
    add(&scene, NTF_RAISED, 1, 0);
    assert_non_null(ntf_line_next(scene.line, 0));
    for (int i = 0; i < 50000; i++)
        add(&scene, NTF_RAISED, 1, 0);
    ntf_line_figures(scene.line, &figures);
    assert_true(figures.waiting <= 20001);
    ntf_line_destroy(&scene.line);
}

static void a_failure_is_tried_again_ever_more_slowly_and_given_up(void **state)
{
    static const int64_t pauses[] = { 1, 2, 4, 8 };
    struct scene scene;
    struct ntf_line_figures figures;
    int64_t now_ns = 0;

    (void)state;
    begin(&scene, &plain);
    add(&scene, NTF_RAISED, 2, 0);
    for (size_t i = 0; i < WF_COUNT_OF(pauses); i++) {
        assert_non_null(ntf_line_next(scene.line, now_ns));
        ntf_line_result(scene.line, NTF_RETRY, "no\x01 way", now_ns);
        assert_true(ntf_line_due(scene.line) == now_ns + pauses[i] * S);
        assert_null(ntf_line_next(scene.line, now_ns + pauses[i] * S - 1));
        now_ns += pauses[i] * S;
    }
    ntf_line_figures(scene.line, &figures);
    assert_int_equal(figures.failing, 4);
    assert_string_equal(figures.why, "no  way");
    assert_non_null(ntf_line_next(scene.line, now_ns));
    ntf_line_result(scene.line, NTF_RETRY, "no", now_ns);
    assert_string_equal(scene.log, "m0:given up(1) ");
    ntf_line_figures(scene.line, &figures);
    assert_int_equal(figures.given_up, 1);
    assert_int_equal(figures.failed, 5);
    ntf_line_destroy(&scene.line);
}

static void the_pause_has_an_end(void **state)
{
    struct ntf_line_rules rules = plain;
    struct scene scene;
    int64_t now_ns = 0;

    (void)state;
    rules.attempts = 1000;
    begin(&scene, &rules);
    add(&scene, NTF_RAISED, 2, 0);
    for (int i = 0; i < 100; i++) {
        assert_non_null(ntf_line_next(scene.line, now_ns));
        ntf_line_result(scene.line, NTF_RETRY, "", now_ns);
        assert_true(ntf_line_due(scene.line) - now_ns <= 60 * S);
        now_ns = ntf_line_due(scene.line);
    }
    ntf_line_destroy(&scene.line);
}

static void what_waits_behind_a_failure_is_put_together(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, &plain);
    add(&scene, NTF_RAISED, 2, 0);
    assert_non_null(ntf_line_next(scene.line, 0));
    ntf_line_result(scene.line, NTF_RETRY, "down", 0);
    for (int i = 0; i < 6; i++)
        add(&scene, NTF_RAISED, 2, (20 + i * 20) * S);
    assert_string_equal(drain(&scene, 200 * S), "m0 m1+0(6)");
    ntf_line_destroy(&scene.line);
}

static void a_refusal_and_a_third_crash_end_it_at_once(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, &plain);
    add(&scene, NTF_RAISED, 2, 0);
    assert_non_null(ntf_line_next(scene.line, 0));
    ntf_line_result(scene.line, NTF_REFUSE, "never", 0);
    assert_string_equal(scene.log, "m0:given up(1) ");
    add(&scene, NTF_RAISED, 2, 100 * S);
    for (int i = 0; i < 3; i++) {
        assert_non_null(ntf_line_next(scene.line, (200 + i * 100) * S));
        ntf_line_result(scene.line, NTF_CRASHED, "signal 11", (200 + i * 100) * S);
    }
    assert_string_equal(scene.log, "m0:given up(1) m1:given up(1) ");
    ntf_line_destroy(&scene.line);
}

static void a_test_passes_by_what_waits_and_is_no_failure(void **state)
{
    struct scene scene;
    struct ntf_line_figures figures;
    const struct ntf_message *message;

    (void)state;
    begin(&scene, &plain);
    add(&scene, NTF_RAISED, 2, 0);
    assert_non_null(ntf_line_next(scene.line, 0));
    ntf_line_result(scene.line, NTF_RETRY, "down", 0);
    add(&scene, NTF_TEST, 0, 0);
    message = ntf_line_next(scene.line, 0);
    assert_non_null(message);
    assert_string_equal(message->id, "m1");
    ntf_line_result(scene.line, NTF_RETRY, "down", 0);
    assert_string_equal(scene.log, "m1:given up(1) ");
    ntf_line_figures(scene.line, &figures);
    assert_int_equal(figures.given_up, 0);
    assert_int_equal(figures.failing, 1);
    ntf_line_destroy(&scene.line);
}

static void a_message_survives_json(void **state)
{
    struct ntf_message *message = ntf_message_create(), *copy = ntf_message_create();
    json_t *json;

    (void)state;
    message->event = NTF_WORSENED;
    (void)snprintf(message->id, sizeof(message->id), "main/7/bell/worsened/0.0");
    ntf_copy_clean(message->facts.alarm, sizeof(message->facts.alarm), "a.b.c LIMIT", false);
    ntf_copy_clean(message->facts.note, sizeof(message->facts.note), "tab\tand \x1b[31m\xc3\xa9",
                   false);
    message->facts.severity = 4;
    message->facts.seq = 99;
    message->facts.utc_ns = INT64_C(1700000000123456789);
    json = ntf_message_json(message, "ops");
    assert_int_equal(ntf_message_from_json(copy, json, NULL), 0);
    assert_int_equal(copy->event, NTF_WORSENED);
    assert_string_equal(copy->facts.alarm, "a.b.c LIMIT");
    assert_string_equal(copy->facts.note, "tab and  [31m\xc3\xa9");
    assert_string_equal(copy->id, message->id);
    assert_true(copy->facts.utc_ns == message->facts.utc_ns && copy->facts.seq == 99);
    json_decref(json);
    json = json_pack("{ss}", "event", "bogus");
    assert_int_equal(ntf_message_from_json(copy, json, NULL), WF_ERR_CORRUPT);
    json_decref(json);
    ntf_message_free(&message);
    ntf_message_free(&copy);
}

static void a_text_is_never_cut_inside_a_letter(void **state)
{
    char out[5];

    (void)state;
    ntf_copy_clean(out, sizeof(out), "abc\xc3\xa9", false);
    assert_string_equal(out, "abc");
    ntf_copy_clean(out, sizeof(out), "ab\xc3\xa9", false);
    assert_string_equal(out, "ab\xc3\xa9");
    ntf_copy_clean(out, sizeof(out), "a\xf0\x9f\x9a\x80", false);
    assert_string_equal(out, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_go_in_order_one_at_a_time),
        cmocka_unit_test(a_storm_becomes_summaries_and_ends),
        cmocka_unit_test(a_summary_names_its_alarms_and_counts_the_rest),
        cmocka_unit_test(without_grouping_everything_is_told_by_itself),
        cmocka_unit_test(quiet_hours_hold_what_is_not_severe),
        cmocka_unit_test(what_waits_has_a_bound_and_is_counted),
        cmocka_unit_test(a_failure_is_tried_again_ever_more_slowly_and_given_up),
        cmocka_unit_test(the_pause_has_an_end),
        cmocka_unit_test(what_waits_behind_a_failure_is_put_together),
        cmocka_unit_test(a_refusal_and_a_third_crash_end_it_at_once),
        cmocka_unit_test(a_test_passes_by_what_waits_and_is_no_failure),
        cmocka_unit_test(a_message_survives_json),
        cmocka_unit_test(a_text_is_never_cut_inside_a_letter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
