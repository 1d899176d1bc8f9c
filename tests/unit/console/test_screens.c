/* SPDX-License-Identifier: MIT */
/*
 * Screens as operators see them, drawn from a published scene by the very code
 * of wf-console and its display modules, compared with golden files.
 */

#include "scene.h"

#include <watchfloor/store/journal.h>

#include "displays.h"
#include "support/golden.h"
#include "ui.h"

#define PI 3.14159265358979323846

struct stage {
    struct scene scene;
    struct actor actors[16];
    size_t actor_count;
    struct con_model *model;
    struct con_displays *displays;
    struct con_ui ui;
};

/* Every call takes 2 ms of this clock. */
static int64_t ticking_clock(void)
{
    static int64_t now;

    now += 2 * WF_NS_PER_MS;
    return now;
}

static struct actor *add_actor(struct stage *stage, const char *source, const char *file)
{
    struct actor *actor = &stage->actors[stage->actor_count++];

    *actor = actor_make(&stage->scene, source, file);
    return actor;
}

static void play_power(struct stage *stage, const char *source, double sag)
{
    struct actor *power = add_actor(stage, source, "plugins/power/power.ini");

    for (int i = 0; i < 200; i++) {
        double t = i / 200.0;
        bool is_after_gap = i == 120;

        if (i >= 100 && i < 120) /* two seconds that were lost */
            continue;
        actor_set(power, "mode", 2);
        actor_set(power, "regulator_on", 1);
        actor_set(power, "in_sunlight", 1);
        actor_set(power, "load_a_on", 1);
        actor_set(power, "load_b_on", 1);
        actor_set(power, "undervoltage_trips", 3);
        actor_set(power, "array_voltage", 62 + 2 * sin(6 * PI * t));
        actor_set(power, "array_current", 7.45 + 0.4 * sin(4 * PI * t));
        actor_set(power, "battery_voltage", 29.6 - sag * t);
        actor_set(power, "battery_current", 1.2 - 3 * t * (sag > 0));
        actor_set(power, "battery_temperature", 18.4);
        actor_set(power, "bus_voltage", 28.4 - sag * t + 0.1 * sin(20 * PI * t));
        actor_set(power, "bus_current", 9.15);
        actor_set(power, "load_a_current", 4.2);
        actor_set(power, "load_b_current", 3.15);
        actor_set(power, "heater_current", 0);
        actor_set(power, "battery_soc", 79.9);
        actor_set(power, "charge_counter", 123456789);
        actor_set(power, "sample_counter", i);
        actor_set(power, "array_power", 462.3);
        actor_set(power, "bus_power", 259.9);
        actor_set(power, "battery_power", 35.5 - 90 * t * (sag > 0));
        actor_set(power, "other_current", 1.8);
        actor_publish_flags(power, (199 - i) * 100 * WF_NS_PER_MS + 40 * WF_NS_PER_MS,
                            is_after_gap ? WF_SAMPLE_GAP_BEFORE : 0);
    }
}

static void play_tables(struct stage *stage)
{
    struct actor *links = add_actor(stage, "wf", "receiver/schema/links.ini");
    struct actor *subsystems = add_actor(stage, "wf", "receiver/schema/subsystems.ini");
    struct actor *receiver = add_actor(stage, "wf", "receiver/schema/receiver.ini");

    actor_text(links, "link", "gs1");
    actor_text(links, "address", "127.0.0.1:5100");
    actor_set(links, "packet_rate", 41.2);
    actor_set(links, "byte_rate", 5273);
    actor_set(links, "packets", 123456);
    actor_time(links, "last_received", stage->scene.now.utc_ns - 40 * WF_NS_PER_MS);
    actor_set_row(links);
    actor_text(links, "link", "gs2");
    actor_text(links, "address", "127.0.0.1:5101");
    actor_set(links, "transport", 2);
    actor_set(links, "state", 2);
    actor_set(links, "packet_rate", 0);
    actor_set(links, "rejected", 12);
    actor_text(links, "trouble", "connection refused; trying again in 8 s");
    actor_time(links, "last_received", stage->scene.now.utc_ns - 14 * WF_NS_PER_S);
    actor_set_row(links);

    actor_text(subsystems, "name", "power");
    actor_text(subsystems, "source", "main");
    actor_text(subsystems, "subsystem", "power");
    actor_set(subsystems, "rate_hz", 10);
    actor_set(subsystems, "gaps", 1);
    actor_set(subsystems, "lost", 20);
    actor_set(subsystems, "lag", 0.038);
    actor_time(subsystems, "last_received", stage->scene.now.utc_ns - 40 * WF_NS_PER_MS);
    actor_set_row(subsystems);

    actor_set(receiver, "packets", 123468);
    actor_set(receiver, "published", 123456);
    actor_set(receiver, "rejected", 12);
    actor_set(receiver, "lost", 20);
    actor_set(receiver, "packet_rate", 41.2);
    actor_publish(receiver, 500 * WF_NS_PER_MS);
}

/* Power twice (one sagging), comms silent, attitude never heard of, the system's own health. */
static int set_stage(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    const char *build = getenv("WATCHFLOOR_BUILD");
    char folder[1024];
    struct con_displays_options options = { .folders = folder, .mono_now = ticking_clock };
    struct actor *comms;
    struct wf_err err = { 0 };

    if (stage == NULL)
        return -1;
    stage->scene = scene_make("receiver");
    play_power(stage, "main", 5.2);
    play_power(stage, "sat2", 0);
    comms = add_actor(stage, "main", "plugins/comms/comms.ini");
    actor_publish(comms, 34 * WF_NS_PER_S);
    (void)add_actor(stage, "main", "plugins/attitude/attitude.ini");
    play_tables(stage);
    (void)snprintf(folder, sizeof(folder), "%s/lib/watchfloor/plugins",
                   build != NULL ? build : "build/debug");
    if (con_displays_open(&options, &stage->displays, &err) < 0)
        fail_msg("%s", err.text);
    con_ui_init(&stage->ui, stage->displays);
    stage->model = scene_model(&stage->scene);
    *state = stage;
    return 0;
}

static int strike_stage(void **state)
{
    struct stage *stage = *state;

    con_ui_fini(&stage->ui);
    con_displays_close(&stage->displays);
    con_model_close(&stage->model);
    for (size_t i = 0; i < stage->actor_count; i++)
        actor_free(&stage->actors[i]);
    scene_remove(&stage->scene);
    free(stage);
    return 0;
}

static void draw_screen(struct stage *stage, int width, int height, struct wf_strbuf *out)
{
    struct wf_canvas *canvas = NULL;

    assert_int_equal(wf_canvas_create(width, height, &canvas, NULL), 0);
    con_ui_draw(&stage->ui, stage->model, canvas);
    wf_canvas_to_text(canvas, false, out);
    assert_false(out->was_cut);
    wf_canvas_destroy(&canvas);
}

/* Compare what is shown now with tests/data/golden/console_<name>_<size>.txt. */
static void compare(struct stage *stage, const char *name)
{
    static const int sizes[][2] = { { 80, 24 }, { 120, 40 } };

    for (size_t i = 0; i < WF_COUNT_OF(sizes); i++) {
        static char text[64 * 1024];
        struct wf_strbuf screen = WF_STRBUF_FIXED(text);
        char file[128];

        draw_screen(stage, sizes[i][0], sizes[i][1], &screen);
        (void)snprintf(file, sizeof(file), "console_%s_%dx%d.txt", name, sizes[i][0], sizes[i][1]);
        golden_compare(file, text);
    }
}

static void show(struct stage *stage, const char *wanted)
{
    struct wf_err err = { 0 };

    if (con_ui_show(&stage->ui, stage->model, wanted, &err) < 0)
        fail_msg("%s", err.text);
}

static void press(struct stage *stage, const char *keys)
{
    for (; *keys != '\0'; keys++)
        (void)con_ui_key(&stage->ui, stage->model, (uint32_t)(unsigned char)*keys);
}

static void assert_shows(struct stage *stage, const char *wanted)
{
    static char text[64 * 1024];
    struct wf_strbuf screen = WF_STRBUF_FIXED(text);

    draw_screen(stage, 120, 40, &screen);
    if (strstr(text, wanted) == NULL)
        fail_msg("'%s' is not on the screen:\n%s", wanted, text);
}

/* --- pages ---------------------------------------------------------------------- */

static void the_overview_tells_what_is_wrong(void **state)
{
    compare(*state, "overview");
}

/* --- alarms ------------------------------------------------------------------------- */

static struct actor *add_alarms(struct stage *stage)
{
    struct actor *alarms = add_actor(stage, "wf", "monitors/alert/alarms.ini");

    for (size_t i = 0; i < alarms->schema->parameter_count; i++)
        alarms->payload[alarms->schema->parameters[i].quality_offset] = WF_QUALITY_VALID;
    return alarms;
}

/* A row of power.`parameter` that was raised `ago_s` seconds ago. */
static void set_alarm(struct actor *alarms, const char *parameter, const char *kind_name, int kind,
                      enum wf_alarm_state state, int severity, int seq, int64_t ago_s)
{
    int64_t raised = alarms->scene->now.utc_ns - ago_s * WF_NS_PER_S;
    char name[200];

    (void)snprintf(name, sizeof(name), "main.power.%s %s", parameter, kind_name);
    actor_text(alarms, "alarm", name);
    actor_text(alarms, "source", "main");
    actor_text(alarms, "subsystem", "power");
    actor_text(alarms, "parameter", parameter);
    actor_set(alarms, "kind", kind);
    actor_set(alarms, "state", state);
    actor_set(alarms, "severity", state == WF_ALARM_RTN_UNACK ? 0 : severity);
    actor_set(alarms, "highest", severity);
    actor_set(alarms, "shown", 1);
    actor_set(alarms, "level", kind == 0 ? 0 : 255);
    actor_set(alarms, "value", kind == 0 ? 23.7 : NAN);
    actor_set(alarms, "limit", kind == 0 ? 24 : NAN);
    actor_text(alarms, "value_text", kind == 0 ? "23.70 V" : "");
    actor_text(alarms, "unit", "V");
    actor_set(alarms, "seq", seq);
    actor_set(alarms, "count", 1);
    actor_time(alarms, "raised", raised);
    actor_time(alarms, "changed", raised);
    actor_time(alarms, "shelved_until", WF_TIME_NONE);
    actor_text(alarms, "title", "Main bus");
    actor_text(alarms, "guidance", "Shed load B, then check the array regulator.");
}

static void mark(struct actor *alarms, const char *column, bool is_on)
{
    actor_set(alarms, column, is_on);
    actor_set(alarms, "shown", !is_on);
}

static struct actor *play_alarms(struct stage *stage)
{
    struct actor *alarms = add_alarms(stage);

    set_alarm(alarms, "bus_voltage", "LIMIT", 0, WF_ALARM_ACTIVE_UNACK, 4, 17, 49);
    actor_set(alarms, "count", 3);
    actor_set_row(alarms);
    actor_set(alarms, "count", 1);
    set_alarm(alarms, "battery_voltage", "RATE", 2, WF_ALARM_RTN_UNACK, 2, 12, 300);
    actor_set_row(alarms);
    set_alarm(alarms, "battery_soc", "LIMIT", 0, WF_ALARM_ACTIVE_ACK, 2, 9, 3700);
    actor_text(alarms, "user", "km");
    actor_text(alarms, "note", "known, charging");
    actor_set_row(alarms);
    actor_text(alarms, "user", "");
    set_alarm(alarms, "bus_current", "LIMIT", 0, WF_ALARM_PENDING, 0, 20, 1);
    actor_set_row(alarms);
    set_alarm(alarms, "heater_current", "LIMIT", 0, WF_ALARM_ACTIVE_UNACK, 2, 5, 900);
    mark(alarms, "shelved", true);
    actor_time(alarms, "shelved_until", stage->scene.now.utc_ns + 720 * WF_NS_PER_S);
    actor_text(alarms, "mark_user", "jo");
    actor_text(alarms, "mark_note", "sensor is being replaced");
    actor_set_row(alarms);
    mark(alarms, "shelved", false);
    set_alarm(alarms, "load_a_current", "STALE", 4, WF_ALARM_ACTIVE_UNACK, 2, 6, 14);
    mark(alarms, "suppressed", true);
    actor_text(alarms, "parent", "wf.links.gs2 STATES");
    actor_set_row(alarms);
    mark(alarms, "suppressed", false);
    (void)con_model_update(stage->model, &stage->scene.now);
    con_model_refresh(stage->model, &stage->scene.now);
    (void)con_model_update(stage->model, &stage->scene.now);
    return alarms;
}

static void alarms_have_a_page(void **state)
{
    struct stage *stage = *state;

    (void)play_alarms(stage);
    show(stage, "alarms");
    compare(stage, "alarms");
}

static void the_gravest_alarms_lead_the_overview(void **state)
{
    struct stage *stage = *state;

    (void)play_alarms(stage);
    compare(stage, "overview_alarms");
}

static void an_acknowledge_names_what_was_on_the_screen(void **state)
{
    struct stage *stage = *state;
    struct actor *alarms = play_alarms(stage);
    enum con_wish wish;

    show(stage, "alarms");
    assert_shows(stage, "UNACK");
    press(stage, "a");
    assert_shows(stage, "acknowledge main.power.bus_voltage LIMIT; note:");
    /* It worsens while the note is typed: the order still names what was seen. */
    set_alarm(alarms, "bus_voltage", "LIMIT", 0, WF_ALARM_ACTIVE_UNACK, 5, 23, 0);
    actor_set_row(alarms);
    (void)con_model_update(stage->model, &stage->scene.now);
    press(stage, "shed B");
    wish = con_ui_key(&stage->ui, stage->model, WF_KEY_ENTER);
    assert_int_equal(wish, CON_WISH_ORDERS);
    assert_int_equal(stage->ui.alarms.orders.verb, CON_ACK);
    assert_int_equal(stage->ui.alarms.orders.count, 1);
    assert_int_equal(stage->ui.alarms.orders.list[0].seq, 17);
    assert_string_equal(stage->ui.alarms.orders.note, "shed B");
    con_ui_told(&stage->ui, CON_ACK, false, "it changed meanwhile");
    assert_shows(stage, "it changed meanwhile");
}

static void a_shelf_wants_an_end_and_a_reason(void **state)
{
    struct stage *stage = *state;

    (void)play_alarms(stage);
    show(stage, "alarms");
    assert_shows(stage, "ALARM");
    press(stage, "s");
    assert_shows(stage, "for: 15m");
    assert_int_equal(con_ui_key(&stage->ui, stage->model, WF_KEY_ENTER), CON_WISH_NONE);
    assert_int_equal(con_ui_key(&stage->ui, stage->model, WF_KEY_ENTER), CON_WISH_NONE);
    assert_shows(stage, "a reason is needed");
    press(stage, "noisy");
    assert_int_equal(con_ui_key(&stage->ui, stage->model, WF_KEY_ENTER), CON_WISH_ORDERS);
    assert_int_equal(stage->ui.alarms.orders.for_ns, 15 * 60 * WF_NS_PER_S);
    assert_string_equal(stage->ui.alarms.orders.note, "noisy");
}

static void a_page_is_acknowledged_only_after_it_was_seen(void **state)
{
    struct stage *stage = *state;

    (void)play_alarms(stage);
    show(stage, "alarms");
    assert_shows(stage, "ALARM");
    press(stage, "A");
    assert_shows(stage, "has not been on the screen");
    stage->scene.now.mono_ns += 2 * WF_NS_PER_S;
    wf_publisher_heartbeat(stage->scene.publisher, stage->scene.now.mono_ns);
    (void)con_model_update(stage->model, &stage->scene.now);
    press(stage, "A");
    assert_int_equal(stage->ui.alarms.orders.count, 2);
}

static void tabs_and_filters_show_parts_of_the_list(void **state)
{
    struct stage *stage = *state;

    (void)play_alarms(stage);
    show(stage, "alarms");
    press(stage, "ll");
    assert_shows(stage, "sensor is being replaced");
    press(stage, "l");
    assert_shows(stage, "wf.links.gs2 STATES");
    press(stage, "lvvvv");
    assert_shows(stage, "from CRIT up");
    con_alarm_list_make(&stage->ui.alarms, stage->model);
    assert_int_equal(stage->ui.alarms.count, 1);
    press(stage, "vv/soc");
    con_alarm_list_make(&stage->ui.alarms, stage->model);
    assert_int_equal(stage->ui.alarms.count, 1);
    assert_shows(stage, "battery_soc");
}

static void the_order_stands_still_under_the_cursor(void **state)
{
    struct stage *stage = *state;
    struct actor *alarms = play_alarms(stage);

    show(stage, "alarms");
    assert_shows(stage, "ALARM");
    press(stage, "j");
    set_alarm(alarms, "array_voltage", "LIMIT", 0, WF_ALARM_ACTIVE_UNACK, 5, 40, 0);
    actor_set_row(alarms);
    (void)con_model_update(stage->model, &stage->scene.now);
    con_alarm_list_make(&stage->ui.alarms, stage->model);
    assert_string_equal(stage->ui.alarms.rows[0]->name, "main.power.bus_voltage LIMIT");
    press(stage, "g");
    con_alarm_list_make(&stage->ui.alarms, stage->model);
    assert_string_equal(stage->ui.alarms.rows[0]->name, "main.power.array_voltage LIMIT");
}

static void a_flood_of_alarms_is_capped_and_says_so(void **state)
{
    struct stage *stage = *state;
    struct actor *alarms = add_alarms(stage);
    char parameter[32];

    for (int i = 0; i < 10000; i++) {
        (void)snprintf(parameter, sizeof(parameter), "p%05d", i);
        set_alarm(alarms, parameter, "LIMIT", 0, WF_ALARM_ACTIVE_UNACK, 1 + i % 5, i + 1, i);
        actor_set_row(alarms);
    }
    con_model_refresh(stage->model, &stage->scene.now);
    (void)con_model_update(stage->model, &stage->scene.now);
    show(stage, "alarms");
    for (int i = 0; i < 50; i++) { /* as many screens as five seconds have, each with news */
        set_alarm(alarms, "p00000", "LIMIT", 0, WF_ALARM_ACTIVE_UNACK, 5, 20000 + i, 0);
        actor_set_row(alarms);
        (void)con_model_update(stage->model, &stage->scene.now);
        assert_shows(stage, "7500 more: filter");
    }
    assert_shows(stage, "UNACK 10000");
}

static void each_new_alarm_rings_once(void **state)
{
    struct stage *stage = *state;
    struct actor *alarms = play_alarms(stage);
    uint64_t before = mon_alarms_raised(stage->model->alarms);

    set_alarm(alarms, "array_voltage", "LIMIT", 0, WF_ALARM_ACTIVE_UNACK, 5, 40, 0);
    actor_set_row(alarms);
    (void)con_model_update(stage->model, &stage->scene.now);
    actor_text(alarms, "note", "only the note changed");
    actor_set_row(alarms);
    (void)con_model_update(stage->model, &stage->scene.now);
    assert_int_equal(mon_alarms_raised(stage->model->alarms), before + 1);
}

static void events_are_the_journals_newest_on_top(void **state)
{
    struct stage *stage = *state;
    char folder[1100];
    struct wf_journal_options options = { .folder = folder, .monitor = "main", .instance = "t" };
    struct wf_journal_entry raised = {
        .kind = WF_JOURNAL_TRANSITION,
        .utc_ns = SCENE_UTC_NS - 49 * WF_NS_PER_S,
        .device_ns = WF_TIME_NONE,
        .shelved_until_ns = WF_TIME_NONE,
        .alarm = "main.power.bus_voltage LIMIT",
        .seq = 1,
        .event = "RAISE",
        .from = "NORMAL",
        .to = "ACTIVE_UNACK",
        .severity = 4,
        .highest = 4,
        .value_text = "23.70 V",
    };
    struct wf_journal_entry acked = raised;
    struct wf_journal_entry started = { .kind = WF_JOURNAL_STARTED,
                                        .utc_ns = SCENE_UTC_NS - WF_NS_PER_S,
                                        .text = "version 1, 3 alarms restored" };
    struct wf_journal_entry *entries[] = { &raised, &acked, &started };
    struct wf_journal *journal = NULL;
    struct wf_err err = { 0 };
    char note[200];

    (void)snprintf(folder, sizeof(folder), "%s/alarms", stage->scene.state.path);
    acked.seq = 2;
    acked.utc_ns += 10 * WF_NS_PER_S;
    acked.event = "ACK";
    acked.from = "ACTIVE_UNACK";
    acked.to = "ACTIVE_ACK";
    acked.user = "km";
    acked.note = "shed load B";
    acked.severity_before = 4;
    if (wf_journal_open(&options, &journal, note, sizeof(note), &err) < 0 ||
        wf_journal_append(journal, entries, WF_COUNT_OF(entries), &err) < 0)
        fail_msg("%s", err.text);
    wf_journal_close(&journal);
    (void)play_alarms(stage);
    assert_int_equal(con_events_create(folder, &stage->ui.events, NULL), 0);
    show(stage, "events");
    compare(stage, "events");
    con_events_destroy(&stage->ui.events);
}

/*
 * Answer what the screen asked of the past: a wave, with the middle sixth missing, up to
 * `newest_ago_ns` before now.
 */
static size_t answer_pasts(struct stage *stage, int64_t newest_ago_ns, const char *trouble)
{
    struct con_past_answer *answer = calloc(1, sizeof(*answer));
    struct con_past_request *request = &answer->request;
    size_t count = 0;

    while (con_pasts_next(stage->model->pasts, &stage->model->now, request)) {
        int64_t span_ns = request->to_ns - request->from_ns;
        int64_t newest_ns = stage->scene.now.utc_ns - newest_ago_ns;
        int64_t first_ns = request->from_ns / request->step_ns * request->step_ns;
        struct wf_past_gap gap = { request->from_ns + span_ns * 3 / 6,
                                   request->from_ns + span_ns * 4 / 6, 'L', "logger_down" };

        answer->is_there = trouble == NULL;
        answer->count = 0;
        answer->gaps.count = 0;
        answer->newest_ns = newest_ns;
        for (int64_t at = first_ns; at <= newest_ns; at += request->step_ns) {
            double mean = 28 + 3 * sin((double)(at - first_ns) / (double)span_ns * 9);

            if (at < gap.from_ns || at >= gap.to_ns)
                answer->steps[answer->count++] =
                    (struct wf_past_step){ at, 1000, mean - 0.5, mean + 0.5, mean, mean };
        }
        con_past_add_gap(&answer->gaps, &gap, 0);
        (void)wf_copy_text(answer->tiers, sizeof(answer->tiers), "minute+raw");
        (void)wf_copy_text(answer->trouble, sizeof(answer->trouble),
                           trouble != NULL ? trouble : "");
        con_pasts_take(stage->model->pasts, answer, &stage->model->now);
        count++;
    }
    free(answer);
    return count;
}

static void history_and_live_are_one_plot(void **state)
{
    struct stage *stage = *state;

    show(stage, "power");
    press(stage, "7");
    press(stage, "-");
    assert_shows(stage, "array_voltage");
    press(stage, "jjjjj");
    assert_shows(stage, "bus_voltage");
    assert_shows(stage, "reading history...");
    assert_true(answer_pasts(stage, 60 * WF_NS_PER_S, NULL) > 0);
    assert_shows(stage, "wf query power.bus_voltage --from now-6h --every 2m ");
    compare(stage, "history");
}

static void a_dead_alarm_monitor_cannot_be_missed(void **state)
{
    struct stage *stage = *state;

    (void)play_alarms(stage);
    stage->model->monitors_live = 0; /* the scene has one publisher for everything */
    assert_shows(stage, "ALARM MONITOR DEAD");
}

static void screens_judge_by_the_limits_in_force(void **state)
{
    struct stage *stage = *state;
    struct actor *limits = add_actor(stage, "wf", "monitors/alert/limits.ini");
    struct con_entry *power;
    int voltage;

    for (size_t i = 0; i < limits->schema->parameter_count; i++)
        limits->payload[limits->schema->parameters[i].quality_offset] = WF_QUALITY_VALID;
    actor_text(limits, "name", "sat2.power.bus_voltage");
    actor_set(limits, "present", 1 << WF_HI);
    actor_set(limits, "hi", 20);
    actor_text(limits, "context", "eclipse");
    actor_set_row(limits);
    con_model_refresh(stage->model, &stage->scene.now);
    (void)con_model_update(stage->model, &stage->scene.now);
    power = con_model_find(stage->model, "sat2", "power");
    assert_non_null(power);
    voltage = wf_schema_find(power->schema, "bus_voltage");
    assert_int_equal(power->schema->parameters[voltage].limits.present, 1 << WF_HI);
    assert_int_equal(power->worst, WF_SEVERITY_WARNING);
    assert_int_equal(wf_writer_remove_row(limits->writer, "sat2.power.bus_voltage"), 0);
    con_model_refresh(stage->model, &stage->scene.now);
    (void)con_model_update(stage->model, &stage->scene.now);
    power = con_model_find(stage->model, "sat2", "power");
    assert_int_equal(power->worst, WF_SEVERITY_NORMAL);
}

static void the_table_shows_every_field(void **state)
{
    show(*state, "power/table");
    compare(*state, "table");
}

static void the_trend_keeps_gaps(void **state)
{
    struct stage *stage = *state;

    show(stage, "power/trend");
    assert_shows(stage, "reading history...");
    (void)answer_pasts(stage, 0, "there is none; wf-logger records it");
    assert_shows(stage, "history: there is none; wf-logger records it");
    press(stage, "+");
    compare(stage, "trend");
}

static void a_trend_begins_with_history(void **state)
{
    struct stage *stage = *state;

    show(stage, "power/trend");
    press(stage, "-----");
    assert_shows(stage, "reading history...");
    assert_int_equal(answer_pasts(stage, 12 * WF_NS_PER_S, NULL), 4);
    assert_shows(stage, "last 1h  step 30s from minute+raw+live  L logger_down, g sequence_gap");
    compare(stage, "trend_history");
    press(stage, "--------");
    assert_shows(stage, "last 30d  step 4h00 from live  reading history...");
}

static void the_power_bus_is_a_picture(void **state)
{
    show(*state, "power");
    compare(*state, "power");
}

static void links_and_losses_have_a_page(void **state)
{
    show(*state, "links");
    compare(*state, "links");
}

static void help_fits_the_smallest_screen(void **state)
{
    show(*state, "help");
    compare(*state, "help");
}

static void plugins_tell_how_they_do(void **state)
{
    struct stage *stage = *state;

    show(stage, "power");
    assert_shows(stage, "MAIN BUS");
    show(stage, "plugins");
    assert_shows(stage, "power-bus");
    assert_shows(stage, "every field: value, limits");
    assert_shows(stage, "2.05ms");
}

static void without_a_system_it_says_what_to_do(void **state)
{
    struct stage *stage = *state;

    con_model_close(&stage->model);
    assert_int_equal(con_model_open("nobody-uses-this-one", &stage->model, NULL), 0);
    (void)wf_copy_text(stage->model->instance, sizeof(stage->model->instance), "ops");
    con_model_refresh(stage->model, &stage->scene.now);
    (void)con_model_update(stage->model, &stage->scene.now);
    assert_int_equal(stage->model->state, CON_STATE_NO_RECEIVER);
    compare(stage, "nothing");
}

/* --- what must not be missed ------------------------------------------------------ */

static void a_frozen_screen_says_so_and_stands_still(void **state)
{
    struct stage *stage = *state;

    press(stage, "p");
    stage->ui.freeze_age_ns = 12 * WF_NS_PER_S;
    compare(stage, "frozen");
    press(stage, "p");
    assert_false(stage->ui.is_frozen);
}

static void a_stopped_receiver_cannot_be_missed(void **state)
{
    struct stage *stage = *state;

    wf_publisher_close(&stage->scene.publisher);
    stage->scene.now.mono_ns += WF_NS_PER_S;
    con_model_refresh(stage->model, &stage->scene.now);
    (void)con_model_update(stage->model, &stage->scene.now);
    assert_int_equal(stage->model->state, CON_STATE_STOPPED);
    assert_shows(stage, "RECEIVER STOPPED");
    assert_shows(stage, "STALE");
}

static void a_receiver_without_a_heartbeat_is_silent(void **state)
{
    struct stage *stage = *state;

    stage->scene.now.mono_ns += 60 * WF_NS_PER_S;
    stage->scene.now.utc_ns += 60 * WF_NS_PER_S;
    con_model_refresh(stage->model, &stage->scene.now);
    (void)con_model_update(stage->model, &stage->scene.now);
    assert_int_equal(stage->model->state, CON_STATE_SILENT);
    assert_shows(stage, "RECEIVER SILENT for");
}

static void a_receiver_that_hears_nothing_is_not_called_live(void **state)
{
    struct stage *stage = *state;

    stage->scene.now.mono_ns += 60 * WF_NS_PER_S;
    stage->scene.now.utc_ns += 60 * WF_NS_PER_S;
    wf_publisher_heartbeat(stage->scene.publisher, stage->scene.now.mono_ns);
    con_model_refresh(stage->model, &stage->scene.now);
    (void)con_model_update(stage->model, &stage->scene.now);
    assert_int_equal(stage->model->state, CON_STATE_NO_DATA);
    assert_shows(stage, "NO DATA for 1m00");
}

/* --- keys -------------------------------------------------------------------------- */

static void keys_lead_to_pages_and_tab_goes_round(void **state)
{
    static const struct {
        const char *keys;
        enum con_page want;
    } cases[] = {
        { "2", CON_PAGE_ALARMS },   { "3", CON_PAGE_SUBSYSTEM }, { "4", CON_PAGE_TREND },
        { "5", CON_PAGE_LINKS },    { "6", CON_PAGE_EVENTS },    { "8", CON_PAGE_PLUGINS },
        { "1", CON_PAGE_OVERVIEW }, { "?", CON_PAGE_HELP },      { "z", CON_PAGE_OVERVIEW },
        { "7", CON_PAGE_HISTORY },  { "1", CON_PAGE_OVERVIEW },
    };
    struct stage *stage = *state;

    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        press(stage, cases[i].keys);
        assert_int_equal(stage->ui.page, cases[i].want);
    }
    for (int i = 0; i < 8; i++)
        (void)con_ui_key(&stage->ui, stage->model, WF_KEY_TAB);
    assert_int_equal(stage->ui.page, CON_PAGE_OVERVIEW);
    assert_int_equal(con_ui_key(&stage->ui, stage->model, 'q'), CON_WISH_QUIT);
    assert_int_equal(con_ui_key(&stage->ui, stage->model, '+'), CON_WISH_FASTER);
}

static void the_selection_follows_keys_and_keeps_its_name(void **state)
{
    struct stage *stage = *state;

    assert_string_equal(con_ui_selected(&stage->ui, stage->model)->subsystem, "comms");
    press(stage, "j");
    assert_string_equal(con_ui_selected(&stage->ui, stage->model)->subsystem, "power");
    press(stage, "d"); /* attitude, never received, appears above it */
    assert_string_equal(con_ui_selected(&stage->ui, stage->model)->subsystem, "power");
    assert_shows(stage, "attitude");
    press(stage, "g");
    assert_string_equal(con_ui_selected(&stage->ui, stage->model)->subsystem, "attitude");
    press(stage, "G");
    assert_string_equal(con_ui_selected(&stage->ui, stage->model)->source, "wf");
    press(stage, "jjj");
    assert_string_equal(con_ui_selected(&stage->ui, stage->model)->source, "wf");
}

static void search_finds_as_one_types_and_escape_goes_back(void **state)
{
    struct stage *stage = *state;

    press(stage, "/sat2");
    assert_string_equal(con_ui_selected(&stage->ui, stage->model)->source, "sat2");
    assert_shows(stage, "/sat2");
    (void)con_ui_key(&stage->ui, stage->model, WF_KEY_ESCAPE);
    assert_string_equal(con_ui_selected(&stage->ui, stage->model)->subsystem, "comms");
    press(stage, "/BATTERY_SOC");
    assert_string_equal(con_ui_selected(&stage->ui, stage->model)->subsystem, "power");
    (void)con_ui_key(&stage->ui, stage->model, WF_KEY_ENTER);
    assert_false(stage->ui.is_searching);
    (void)con_ui_key(&stage->ui, stage->model, WF_KEY_ENTER);
    assert_int_equal(stage->ui.page, CON_PAGE_SUBSYSTEM);
}

static void the_table_searches_filters_and_shows_raw_values(void **state)
{
    struct stage *stage = *state;

    show(stage, "power/table");
    assert_shows(stage, "VALUE");
    press(stage, "/soc");
    (void)con_ui_key(&stage->ui, stage->model, WF_KEY_ENTER);
    assert_shows(stage, "Coulomb count");
    press(stage, "r");
    assert_shows(stage, "RAW VALUE");
    press(stage, "rV");
    assert_shows(stage, "only what is not normal");
    press(stage, "gG");
    /* Digits are for the display while it searches, and for the host otherwise. */
    press(stage, "/1");
    assert_int_equal(stage->ui.page, CON_PAGE_SUBSYSTEM);
    (void)con_ui_key(&stage->ui, stage->model, WF_KEY_ENTER);
    press(stage, "1");
    assert_int_equal(stage->ui.page, CON_PAGE_OVERVIEW);
}

static void displays_take_turns_and_made_for_it_comes_first(void **state)
{
    struct stage *stage = *state;

    show(stage, "power");
    assert_shows(stage, "SOLAR ARRAY");
    press(stage, "x");
    assert_shows(stage, "LIMITS");
    press(stage, "x");
    assert_shows(stage, "last 1m");
    press(stage, "x");
    assert_shows(stage, "SOLAR ARRAY");
    press(stage, "]");
    assert_string_equal(con_ui_selected(&stage->ui, stage->model)->source, "sat2");
}

static void what_does_not_exist_is_answered_with_what_does(void **state)
{
    struct stage *stage = *state;
    struct wf_err err = { 0 };

    assert_int_equal(con_ui_show(&stage->ui, stage->model, "propulsion", &err), WF_ERR_ABSENT);
    assert_non_null(strstr(err.text, "power-bus"));
    assert_int_equal(con_ui_show(&stage->ui, stage->model, "power/nothing", &err), WF_ERR_ABSENT);
    assert_int_equal(con_ui_show(&stage->ui, stage->model, "comms/power-bus", &err), 0);
    assert_shows(stage, "FIELD"); /* it does not fit comms: the table takes its place */
}

static void no_size_is_too_small_or_too_strange(void **state)
{
    static const int sizes[][2] = { { 1, 1 }, { 20, 8 }, { 79, 5 }, { 300, 10 }, { 30, 100 } };
    static const char *const pages[] = { "overview", "links",       "plugins",    "help",
                                         "power",    "power/table", "power/trend" };
    struct stage *stage = *state;

    for (size_t p = 0; p < WF_COUNT_OF(pages); p++) {
        show(stage, pages[p]);
        for (size_t i = 0; i < WF_COUNT_OF(sizes); i++) {
            static char text[256 * 1024];
            struct wf_strbuf screen = WF_STRBUF_FIXED(text);

            draw_screen(stage, sizes[i][0], sizes[i][1], &screen);
            press(stage, "jk");
        }
    }
}

/* Whatever is typed, in whatever size: nothing breaks, and Tab leads out of every page. */
static void no_sequence_of_keys_breaks_a_screen(void **state)
{
    static const uint32_t special[] = { WF_KEY_UP,
                                        WF_KEY_DOWN,
                                        WF_KEY_LEFT,
                                        WF_KEY_RIGHT,
                                        WF_KEY_PAGE_UP,
                                        WF_KEY_HOME,
                                        WF_KEY_END,
                                        WF_KEY_ENTER,
                                        WF_KEY_ESCAPE,
                                        WF_KEY_TAB,
                                        WF_KEY_BACKSPACE,
                                        WF_KEY_PAGE_DOWN,
                                        0x20ac,
                                        0xffffffff,
                                        0,
                                        12 };
    static char text[64 * 1024];
    struct stage *stage = *state;
    uint32_t seed = 12345;

    for (int i = 0; i < 6000; i++) {
        uint32_t key;

        seed = seed * 1664525u + 1013904223u;
        key = (seed >> 24) % 3 == 0 ? special[(seed >> 16) % WF_COUNT_OF(special)]
                                    : ' ' + (seed >> 16) % 95;
        (void)con_ui_key(&stage->ui, stage->model, key);
        if (i % 7 == 0) {
            struct wf_strbuf screen = WF_STRBUF_FIXED(text);

            draw_screen(stage, 1 + (int)((seed >> 8) % 130), 1 + (int)((seed >> 4) % 45), &screen);
        }
    }
}

int main(int argc, char **argv)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_stage, strike_stage)
    const struct CMUnitTest tests[] = {
        CASE(the_overview_tells_what_is_wrong),
        CASE(alarms_have_a_page),
        CASE(the_gravest_alarms_lead_the_overview),
        CASE(an_acknowledge_names_what_was_on_the_screen),
        CASE(a_shelf_wants_an_end_and_a_reason),
        CASE(a_page_is_acknowledged_only_after_it_was_seen),
        CASE(tabs_and_filters_show_parts_of_the_list),
        CASE(the_order_stands_still_under_the_cursor),
        CASE(a_flood_of_alarms_is_capped_and_says_so),
        CASE(each_new_alarm_rings_once),
        CASE(events_are_the_journals_newest_on_top),
        CASE(history_and_live_are_one_plot),
        CASE(a_dead_alarm_monitor_cannot_be_missed),
        CASE(screens_judge_by_the_limits_in_force),
        CASE(the_table_shows_every_field),
        CASE(the_trend_keeps_gaps),
        CASE(a_trend_begins_with_history),
        CASE(the_power_bus_is_a_picture),
        CASE(links_and_losses_have_a_page),
        CASE(help_fits_the_smallest_screen),
        CASE(plugins_tell_how_they_do),
        CASE(without_a_system_it_says_what_to_do),
        CASE(a_frozen_screen_says_so_and_stands_still),
        CASE(a_stopped_receiver_cannot_be_missed),
        CASE(a_receiver_without_a_heartbeat_is_silent),
        CASE(a_receiver_that_hears_nothing_is_not_called_live),
        CASE(keys_lead_to_pages_and_tab_goes_round),
        CASE(the_selection_follows_keys_and_keeps_its_name),
        CASE(search_finds_as_one_types_and_escape_goes_back),
        CASE(the_table_searches_filters_and_shows_raw_values),
        CASE(displays_take_turns_and_made_for_it_comes_first),
        CASE(what_does_not_exist_is_answered_with_what_does),
        CASE(no_size_is_too_small_or_too_strange),
        CASE(no_sequence_of_keys_breaks_a_screen),
    };

    golden_init(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
