/* SPDX-License-Identifier: MIT */
/* Who is told of what and when: scripts of transitions and time, and what they make. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <watchfloor/alarm/engine.h>
#include <watchfloor/clock.h>

#include "plan.h"

#define S WF_NS_PER_S
/* Friday 2026-11-20, 12:00 UTC; scripts count seconds from here. */
#define NOON (INT64_C(1795176000) * S)

struct scene {
    struct wf_config *config;
    struct ntf_rules *rules;
    struct ntf_plan *plan;
    struct ntf_now now;
    uint64_t entry;
    char log[8192];
    char ids[64][NTF_ID_SIZE];
    size_t id_count;
};

static void tell(void *context, size_t route, struct ntf_message *message)
{
    struct scene *scene = context;
    size_t len = strlen(scene->log);

    assert_string_equal(message->route, scene->rules->routes[route].config->name);
    (void)snprintf(scene->log + len, sizeof(scene->log) - len, "%s%lld %s %s", len > 0 ? "; " : "",
                   (long long)((scene->now.now_ns - NOON) / S), message->route,
                   ntf_event_name(message->event));
    for (size_t i = 0; i < scene->id_count; i++)
        assert_string_not_equal(scene->ids[i], message->id);
    if (scene->id_count < WF_COUNT_OF(scene->ids))
        memcpy(scene->ids[scene->id_count++], message->id, NTF_ID_SIZE);
    ntf_message_free(&message);
}

static struct wf_config *load(const char *text)
{
    struct wf_paths paths = { .instance = "t", .plugins = "/nowhere", .config = "/nowhere" };
    struct wf_config *config = NULL;
    struct wf_problems problems = { 0 };
    char path[] = "/tmp/wf-plan-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
    if (wf_config_load(path, &paths, &config, &problems, NULL) < 0)
        fail_msg("%s", problems.kept > 0 ? problems.list[0].text : "?");
    (void)unlink(path);
    return config;
}

static void begin(struct scene *scene, const char *config)
{
    struct wf_problems problems = { 0 };
    struct ntf_plan_host host = { .context = scene, .tell = tell };

    memset(scene, 0, sizeof(*scene));
    scene->config = load(config);
    if (ntf_rules_compile(scene->config, &scene->rules, &problems, NULL) < 0)
        fail_msg("%s", problems.list[0].text);
    scene->plan = ntf_plan_create(scene->rules, &host);
    assert_non_null(scene->plan);
    scene->now = (struct ntf_now){ NOON, NOON };
}

static void end(struct scene *scene)
{
    ntf_plan_destroy(&scene->plan);
    ntf_rules_free(&scene->rules);
    wf_config_free(&scene->config);
}

/* Time passes, as the program's loop would let it. */
static void pass(struct scene *scene, int64_t seconds)
{
    int64_t until_ns = NOON + seconds * S;

    while (ntf_plan_due(scene->plan) <= until_ns) {
        if (ntf_plan_due(scene->plan) > scene->now.now_ns)
            scene->now.now_ns = scene->now.utc_ns = ntf_plan_due(scene->plan);
        ntf_plan_tick(scene->plan, &scene->now);
    }
    scene->now.now_ns = scene->now.utc_ns = until_ns;
}

static void happen(struct scene *scene, const char *alarm, const char *event, const char *to,
                   unsigned severity, unsigned marks, bool is_announced)
{
    const struct ntf_transition transition = {
        .monitor = "main",
        .entry = ++scene->entry,
        .seq = scene->entry,
        .utc_ns = scene->now.utc_ns,
        .alarm = alarm,
        .event = event,
        .to = to,
        .marks = (uint8_t)marks,
        .severity = (uint8_t)severity,
        .highest = (uint8_t)severity,
        .level = "hi",
        .value = "34 V",
        .limit = "33",
        .user = "",
        .note = "",
        .is_announced = is_announced,
    };

    ntf_plan_transition(scene->plan, &transition, &scene->now);
}

static void raise_it(struct scene *scene, const char *alarm, unsigned severity)
{
    happen(scene, alarm, "RAISE", "ACTIVE_UNACK", severity, 0, true);
}

#define BUS "main.power.bus LIMIT"
#define LADDER                                                                                     \
    "[route bell]\nnormal = yes\nacknowledged = yes\n[route shift]\n[route lead]\n"                \
    "[escalation all]\n"                                                                           \
    "after = 0s bell; 2m if unack: route shift; 10m if unack: route lead; repeat 15m\n"

static void without_escalation_all_routes_that_match_are_told_once(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, "[route all]\n[route severe]\nseverity = 4\n[route thermal]\nalarms = thermal\n"
                  "[route nights]\nhours = 22:00-06:00\n[route weekend]\ndays = Sat Sun\n");
    raise_it(&scene, BUS, 2);
    pass(&scene, 7200);
    assert_string_equal(scene.log, "0 all raised");
    end(&scene);
}

static void an_escalation_goes_on_until_somebody_acknowledges(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, LADDER);
    raise_it(&scene, BUS, 2);
    pass(&scene, 3000);
    happen(&scene, BUS, "ACK", "ACTIVE_ACK", 2, 0, false);
    pass(&scene, 20000);
    assert_string_equal(scene.log,
                        "0 bell raised; 120 shift escalated; 600 lead escalated; "
                        "1500 lead repeated; 2400 lead repeated; 3000 bell acknowledged");
    happen(&scene, BUS, "RTN", "NORMAL", 0, 0, false);
    assert_non_null(strstr(scene.log, "20000 bell normal"));
    assert_int_equal(ntf_plan_size(scene.plan), 0);
    end(&scene);
}

static void an_acknowledge_in_time_tells_nobody_else(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, LADDER);
    raise_it(&scene, BUS, 2);
    pass(&scene, 119);
    happen(&scene, BUS, "ACK", "ACTIVE_ACK", 2, 0, false);
    pass(&scene, 20000);
    assert_string_equal(scene.log, "0 bell raised; 119 bell acknowledged");
    end(&scene);
}

static void a_new_alarm_of_the_same_begins_anew(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, LADDER);
    raise_it(&scene, BUS, 2);
    pass(&scene, 130);
    happen(&scene, BUS, "WORSEN", "ACTIVE_UNACK", 4, 0, true);
    pass(&scene, 260);
    assert_string_equal(scene.log, "0 bell raised; 120 shift escalated; 130 bell worsened; "
                                   "250 shift escalated");
    end(&scene);
}

static void what_returned_to_normal_unseen_escalates_unless_told_not_to(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, LADDER);
    raise_it(&scene, BUS, 2);
    pass(&scene, 10);
    happen(&scene, BUS, "RTN", "RTN_UNACK", 0, 0, false);
    pass(&scene, 130);
    assert_string_equal(scene.log, "0 bell raised; 10 bell normal; 120 shift escalated");
    end(&scene);

    begin(&scene, LADDER "stop_at_normal = yes\n");
    raise_it(&scene, BUS, 2);
    pass(&scene, 10);
    happen(&scene, BUS, "RTN", "RTN_UNACK", 0, 0, false);
    pass(&scene, 5000);
    assert_string_equal(scene.log, "0 bell raised; 10 bell normal");
    end(&scene);

    begin(&scene,
          "[route a]\n[route b]\n[escalation e]\nafter = 0s: a; 10s if active: b; 20s: a\n");
    raise_it(&scene, BUS, 2);
    pass(&scene, 5);
    happen(&scene, BUS, "RTN", "RTN_UNACK", 0, 0, false);
    pass(&scene, 100);
    assert_string_equal(scene.log, "0 a raised; 20 a escalated");
    end(&scene);
}

static void what_a_mark_hides_is_never_told(void **state)
{
    static const unsigned marks[] = { WF_ALARM_SHELVED, WF_ALARM_OUT_OF_SERVICE, WF_ALARM_DISABLED,
                                      WF_ALARM_SUPPRESSED, WF_ALARM_SHADOW };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(marks); i++) {
        struct scene scene;

        begin(&scene, LADDER);
        /* Raised while hidden: the engine does not announce it. */
        happen(&scene, BUS, "RAISE", "ACTIVE_UNACK", 2, marks[i], false);
        pass(&scene, 5000);
        assert_string_equal(scene.log, "");
        end(&scene);

        begin(&scene, LADDER);
        raise_it(&scene, BUS, 2);
        pass(&scene, 60);
        happen(&scene, BUS, "MARK", "ACTIVE_UNACK", 2, marks[i], false);
        pass(&scene, 300);
        happen(&scene, BUS, "RTN", "RTN_UNACK", 0, marks[i], false);
        pass(&scene, 5000);
        assert_string_equal(scene.log, "0 bell raised");
        end(&scene);
    }
}

static void what_comes_back_from_a_shelf_is_told(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, LADDER);
    raise_it(&scene, BUS, 2);
    happen(&scene, BUS, "MARK", "ACTIVE_UNACK", 2, WF_ALARM_SHELVED, false);
    pass(&scene, 900);
    happen(&scene, BUS, "REPRESENT", "ACTIVE_UNACK", 2, 0, true);
    pass(&scene, 1021);
    assert_string_equal(scene.log, "0 bell raised; 900 bell returned; 1020 shift escalated");
    end(&scene);
}

static void pending_and_unannounced_transitions_tell_nobody(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, "[route all]\nnormal = yes\nacknowledged = yes\n");
    happen(&scene, BUS, "VIOLATION", "PENDING", 2, 0, false);
    happen(&scene, BUS, "GLITCH", "NORMAL", 0, 0, false);
    happen(&scene, BUS, "EASE", "ACTIVE_ACK", 2, 0, false);
    happen(&scene, BUS, "ACK", "NORMAL", 0, 0, false);
    assert_string_equal(scene.log, "");
    assert_int_equal(ntf_plan_size(scene.plan), 0);
    end(&scene);
}

static void the_first_escalation_that_matches_decides(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, "[route a]\n[route b]\n[route c]\n"
                  "[escalation severe]\nseverity = 4\nafter = 0s: a\n"
                  "[escalation power]\nalarms = power\nafter = 0s: b\n");
    raise_it(&scene, BUS, 4);
    raise_it(&scene, "main.power.cell LIMIT", 2);
    raise_it(&scene, "main.thermal.tank LIMIT", 2);
    assert_string_equal(scene.log, "0 a raised; 0 b raised; 0 a raised; 0 b raised; 0 c raised");
    end(&scene);
}

static void only_who_was_told_hears_of_the_end(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, "[route all]\n[route severe]\nseverity = 4\nnormal = yes\n[route low]\n"
                  "severity = 1..3\nnormal = yes\n");
    raise_it(&scene, BUS, 2);
    happen(&scene, BUS, "RTN", "RTN_UNACK", 0, 0, false);
    assert_string_equal(scene.log, "0 all raised; 0 low raised; 0 low normal");
    end(&scene);
}

/* --- from one life to the next ------------------------------------------------------------------ */

struct saved {
    char json[16][4096];
    size_t count;
};

static int keep(void *context, const char *key, const char *json)
{
    struct saved *saved = context;

    (void)key;
    if (json != NULL)
        (void)wf_copy_text(saved->json[saved->count++], sizeof(saved->json[0]), json);
    return 0;
}

static void an_escalation_goes_on_in_the_next_life(void **state)
{
    static struct saved saved;
    struct scene scene, next;

    (void)state;
    saved.count = 0;
    begin(&scene, LADDER);
    raise_it(&scene, BUS, 2);
    pass(&scene, 130);
    assert_int_equal(ntf_plan_save(scene.plan, keep, &saved), 0);
    assert_int_equal(saved.count, 1);
    /* Nothing changed since: nothing to write. */
    assert_int_equal(ntf_plan_save(scene.plan, keep, &saved), 0);
    assert_int_equal(saved.count, 1);
    ntf_plan_unsaved(scene.plan);
    assert_int_equal(ntf_plan_save(scene.plan, keep, &saved), 0);
    assert_int_equal(saved.count, 2);

    begin(&next, LADDER);
    next.entry = scene.entry;
    assert_int_equal(ntf_plan_restore(next.plan, saved.json[0], NULL), 0);
    pass(&next, 610);
    happen(&next, BUS, "ACK", "ACTIVE_ACK", 2, 0, false);
    happen(&next, BUS, "RTN", "NORMAL", 0, 0, false);
    assert_string_equal(next.log, "600 lead escalated; 610 bell acknowledged; 610 bell normal");
    assert_int_equal(ntf_plan_restore(next.plan, "{}", NULL), WF_ERR_CORRUPT);
    assert_int_equal(ntf_plan_restore(next.plan, "[", NULL), WF_ERR_CORRUPT);
    end(&next);
    end(&scene);
}

static void steps_missed_while_nobody_ran_are_taken_at_once(void **state)
{
    struct scene scene;
    struct ntf_now later = { NOON + 700 * S, NOON + 700 * S };
    const struct ntf_transition transition = {
        .monitor = "main",
        .entry = 1,
        .seq = 1,
        .utc_ns = NOON,
        .alarm = BUS,
        .event = "RAISE",
        .to = "ACTIVE_UNACK",
        .severity = 2,
        .highest = 2,
        .level = "",
        .value = "",
        .limit = "",
        .user = "",
        .note = "",
        .is_announced = true,
    };

    (void)state;
    begin(&scene, LADDER);
    scene.now = later;
    ntf_plan_transition(scene.plan, &transition, &later);
    assert_string_equal(scene.log, "700 bell raised; 700 shift escalated; 700 lead escalated");
    pass(&scene, 1000000);
    /* However long the way: one repetition each 15 minutes, never a burst. */
    assert_true(scene.id_count == 64);
    end(&scene);
}

static void a_step_of_the_clock_on_the_wall_moves_no_escalation(void **state)
{
    static const int64_t steps[] = { -3600 * S, 3600 * S };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(steps); i++) {
        struct scene scene;

        begin(&scene, LADDER);
        scene.now.utc_ns += steps[i];
        raise_it(&scene, BUS, 2);
        pass(&scene, 125);
        assert_string_equal(scene.log, "0 bell raised; 120 shift escalated");
        end(&scene);
    }
}

static void a_journal_seen_for_the_first_time_tells_what_stands(void **state)
{
    static const struct {
        const char *alarm, *event, *to;
        unsigned severity, marks;
        bool is_announced;
    } past[] = {
        { "m.s.over LIMIT", "RAISE", "ACTIVE_UNACK", 2, 0, true },
        { "m.s.taken LIMIT", "RAISE", "ACTIVE_UNACK", 2, 0, true },
        { "m.s.stands LIMIT", "RAISE", "ACTIVE_UNACK", 2, 0, true },
        { "m.s.shelved LIMIT", "RAISE", "ACTIVE_UNACK", 2, 0, true },
        { "m.s.unseen LIMIT", "RAISE", "ACTIVE_UNACK", 2, 0, true },
        { "m.s.over LIMIT", "ACK", "ACTIVE_ACK", 2, 0, false },
        { "m.s.over LIMIT", "RTN", "NORMAL", 0, 0, false },
        { "m.s.taken LIMIT", "ACK", "ACTIVE_ACK", 2, 0, false },
        { "m.s.shelved LIMIT", "MARK", "ACTIVE_UNACK", 2, WF_ALARM_SHELVED, false },
        { "m.s.unseen LIMIT", "RTN", "RTN_UNACK", 0, 0, false },
    };
    struct scene scene;

    (void)state;
    begin(&scene, LADDER);
    for (size_t i = 0; i < WF_COUNT_OF(past); i++) {
        const struct ntf_transition transition = {
            .monitor = "main",
            .entry = ++scene.entry,
            .seq = scene.entry,
            .utc_ns = NOON - 86400 * S,
            .alarm = past[i].alarm,
            .event = past[i].event,
            .to = past[i].to,
            .marks = (uint8_t)past[i].marks,
            .severity = (uint8_t)past[i].severity,
            .highest = (uint8_t)past[i].severity,
            .level = "",
            .value = "",
            .limit = "",
            .user = "",
            .note = "",
            .is_announced = past[i].is_announced,
        };

        ntf_plan_past(scene.plan, &transition);
    }
    assert_string_equal(scene.log, "");
    ntf_plan_catch_up(scene.plan, &scene.now);
    assert_string_equal(scene.log, "0 bell raised; 0 bell raised");
    pass(&scene, 121);
    assert_non_null(strstr(scene.log, "120 shift escalated; 120 shift escalated"));
    end(&scene);
}

static void ten_thousand_alarms_are_followed_and_forgotten(void **state)
{
    static struct scene scene;
    char name[64];

    (void)state;
    begin(&scene, "[route none]\nseverity = 5\n");
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(name, sizeof(name), "main.flood.p%d LIMIT", i);
        raise_it(&scene, name, 2);
    }
    assert_int_equal(ntf_plan_size(scene.plan), 10000);
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(name, sizeof(name), "main.flood.p%d LIMIT", i);
        happen(&scene, name, "ACK", "ACTIVE_ACK", 2, 0, false);
        happen(&scene, name, "RTN", "NORMAL", 0, 0, false);
    }
    assert_int_equal(ntf_plan_size(scene.plan), 0);
    end(&scene);
}

static void wrong_rules_are_told_with_their_line(void **state)
{
    static const struct {
        const char *text, *words;
        unsigned line;
    } cases[] = {
        { "[route a]\nseverity = 9\n", "severity: '9'", 2 },
        { "[route a]\n\nhours = 8-18\n", "hours: '8-18'", 3 },
        { "[route a]\nquiet = x\n", "quiet: 'x'", 2 },
        { "[route a]\nplugin =\n", "has no plugin", 1 },
        { "[route a]\n[escalation e]\nafter = 0s: b\n", "no [route b]", 3 },
        { "[route a]\n[escalation e]\n", "after: no step", 2 },
        { "[route a]\n[escalation e]\nafter = 0s: a\nkinds = NOISE\n", "no kind of alarm", 4 },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_config *config = load(cases[i].text);
        struct wf_problems problems = { 0 };
        struct ntf_rules *rules = NULL;

        assert_int_equal(ntf_rules_compile(config, &rules, &problems, NULL), WF_ERR_INVALID);
        assert_null(rules);
        assert_int_equal(problems.count, 1);
        if (problems.list[0].line != cases[i].line ||
            strstr(problems.list[0].text, cases[i].words) == NULL)
            fail_msg("%s -> %u: %s", cases[i].text, problems.list[0].line, problems.list[0].text);
        wf_problems_fini(&problems);
        wf_config_free(&config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_escalation_all_routes_that_match_are_told_once),
        cmocka_unit_test(an_escalation_goes_on_until_somebody_acknowledges),
        cmocka_unit_test(an_acknowledge_in_time_tells_nobody_else),
        cmocka_unit_test(a_new_alarm_of_the_same_begins_anew),
        cmocka_unit_test(what_returned_to_normal_unseen_escalates_unless_told_not_to),
        cmocka_unit_test(what_a_mark_hides_is_never_told),
        cmocka_unit_test(what_comes_back_from_a_shelf_is_told),
        cmocka_unit_test(pending_and_unannounced_transitions_tell_nobody),
        cmocka_unit_test(the_first_escalation_that_matches_decides),
        cmocka_unit_test(only_who_was_told_hears_of_the_end),
        cmocka_unit_test(an_escalation_goes_on_in_the_next_life),
        cmocka_unit_test(steps_missed_while_nobody_ran_are_taken_at_once),
        cmocka_unit_test(a_step_of_the_clock_on_the_wall_moves_no_escalation),
        cmocka_unit_test(a_journal_seen_for_the_first_time_tells_what_stands),
        cmocka_unit_test(ten_thousand_alarms_are_followed_and_forgotten),
        cmocka_unit_test(wrong_rules_are_told_with_their_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
