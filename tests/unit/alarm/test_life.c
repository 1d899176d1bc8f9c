/* SPDX-License-Identifier: MIT */
/*
 * The life of alarms against a model written from what people read of it, not from the
 * table and not from the judging: lists of booleans instead of bits, flags instead of states. A parent and its
 * child go through random values, commands and times; after every step both must agree.
 *
 * WF_TEST_STEPS says how many steps.
 */

#include "support/unit.h"

#include <math.h>

#include <watchfloor/alarm/engine.h>
#include <watchfloor/clock.h>

#define STEPS     1500000
#define SECOND    WF_NS_PER_S
#define LEVELS    4
#define PAST      16 /* samples a level can look back */
#define PARENT    0
#define CHILD     1
#define LINGER_NS (2 * SECOND)
#define SHELF_NS  (5 * SECOND)

/* --- the model ---------------------------------------------------------------------------------- */

struct level {
    bool exists, is_raised;
    int severity;
    double limit;
    /* Since it came to rest: newest first. Violations while it is not raised, leavings while it is. */
    bool past[PAST];
    size_t count;
    bool is_running; /* duration: without interruption since `since` */
    int64_t since;
};

struct model {
    struct level level[LEVELS]; /* lolo lo hi hihi */
    double hysteresis;
    int raise_n, raise_m, clear_n, clear_m; /* n 0: durations */
    int64_t raise_for, clear_for;
    bool has_latch;
    /* What people see. */
    bool is_pending, needs_ack, is_held; /* held: latched */
    int severity, highest;
    bool last_violated;
    bool is_untold; /* raised under its parent; it shows nowhere else */
    bool shelved, out_of_service, disabled, suppressed;
    int64_t shelf_end, linger_end;
    /* Of the step: was somebody to be told? */
    bool told;
};

static bool is_active(const struct model *model)
{
    for (int i = 0; i < LEVELS; i++)
        if (model->level[i].is_raised)
            return true;
    return false;
}

static bool is_marked(const struct model *model)
{
    return model->shelved || model->out_of_service || model->disabled || model->suppressed;
}

static void rest(struct level *level)
{
    level->count = 0;
    level->is_running = false;
    memset(level->past, 0, sizeof(level->past));
}

static bool is_under_way(const struct model *model, const struct level *level)
{
    int m = level->is_raised ? model->clear_m : model->raise_m;
    int n = level->is_raised ? model->clear_n : model->raise_n;

    if (n == 0)
        return level->is_running;
    for (int i = 0; i < m; i++)
        if (level->past[i])
            return true;
    return false;
}

static bool is_any_under_way(const struct model *model)
{
    for (int i = 0; i < LEVELS; i++)
        if (model->level[i].exists && is_under_way(model, &model->level[i]))
            return true;
    return false;
}

/* One sample for one level: is it persistent now? */
static bool count_one(const struct model *model, struct level *level, bool is_hit, int64_t now)
{
    int n = level->is_raised ? model->clear_n : model->raise_n;
    int m = level->is_raised ? model->clear_m : model->raise_m;
    int64_t duration = level->is_raised ? model->clear_for : model->raise_for;
    int hits = 0;

    if (n == 0) {
        if (is_hit && !level->is_running)
            level->since = now;
        level->is_running = is_hit;
        return is_hit && now - level->since >= duration;
    }
    memmove(level->past + 1, level->past, sizeof(level->past) - sizeof(level->past[0]));
    level->past[0] = is_hit;
    for (int i = 0; i < m; i++)
        hits += level->past[i];
    return is_hit && hits >= n;
}

static int severity_of(const struct model *model)
{
    int severity = 0;

    for (int i = 0; i < LEVELS; i++)
        if (model->level[i].is_raised && model->level[i].severity > severity)
            severity = model->level[i].severity;
    return severity;
}

/* The limit that an operator would be shown: gravest, then violated now, then further out. */
static int shown_limit(const struct model *model, const bool violated[LEVELS])
{
    static const int outside[LEVELS] = { 1, 0, 0, 1 };
    int best = -1, best_score = -1;

    for (int i = 0; i < LEVELS; i++) {
        int score = model->level[i].severity * 4 + violated[i] * 2 + outside[i];

        if (model->level[i].is_raised && score > best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

static void tell(struct model *model)
{
    model->told = !is_marked(model);
    model->is_untold = model->is_untold && !model->told;
}

static void become_normal(struct model *model)
{
    if (!model->needs_ack) {
        model->is_held = model->has_latch;
        if (!model->is_held)
            model->highest = 0;
    }
}

/* A valid value at `now`. `limit_before` is what is shown before it. */
static void model_value(struct model *model, double value, int64_t now, int *shown)
{
    bool violated[LEVELS], before[LEVELS], was_active = is_active(model);
    bool was_under_way = is_any_under_way(model), is_new_limit = false;
    int old_severity = model->severity, old_shown = *shown;

    if (model->out_of_service || model->disabled)
        return;
    model->last_violated = false;
    for (int i = 0; i < LEVELS; i++) {
        before[i] = model->level[i].is_raised;
        violated[i] = model->level[i].exists &&
                      (i < 2 ? value <= model->level[i].limit : value >= model->level[i].limit);
        model->last_violated |= violated[i];
    }
    for (int i = 0; i < LEVELS; i++) {
        struct level *level = &model->level[i];
        bool is_left = i < 2 ? value > level->limit + model->hysteresis
                             : value < level->limit - model->hysteresis;
        int outer = i == 1 ? 0 : i == 2 ? 3 : -1;

        if (!level->exists || !count_one(model, level, before[i] ? is_left : violated[i], now))
            continue;
        if (before[i] && outer >= 0 && before[outer])
            continue; /* one step at a time */
        level->is_raised = !before[i];
        rest(level);
    }
    model->severity = severity_of(model);
    *shown = shown_limit(model, violated);
    is_new_limit = *shown >= 0 && *shown != old_shown && !before[*shown];
    if (!was_active && !is_active(model)) {
        bool is_calm = !model->needs_ack && !model->is_held;

        if (is_calm && !was_under_way && is_any_under_way(model))
            model->is_pending = true;
        if (!is_any_under_way(model))
            model->is_pending = false;
        return;
    }
    if (!was_active) { /* raised */
        model->is_pending = false;
        model->highest =
            model->needs_ack && model->highest > model->severity ? model->highest : model->severity;
        if (!model->needs_ack)
            model->is_untold = model->suppressed;
        model->needs_ack = true;
        model->is_held = false;
        tell(model);
    } else if (!is_active(model)) {
        become_normal(model);
    } else if (model->severity > old_severity ||
               (model->severity == old_severity && is_new_limit)) { /* worse */
        if (model->severity > model->highest)
            model->highest = model->severity;
        model->needs_ack = true;
        tell(model);
    }
}

/* Levels fall because nobody judges any more. */
static void model_stop(struct model *model)
{
    for (int i = 0; i < LEVELS; i++) {
        model->level[i].is_raised = false;
        rest(&model->level[i]);
    }
    model->severity = 0;
    model->is_pending = false;
    model->last_violated = false;
}

/* Nothing hides it any more. */
static void model_present(struct model *model)
{
    if (!is_active(model) && model->needs_ack && model->is_untold) {
        model->needs_ack = false; /* its parent told of it */
        become_normal(model);
    }
    model->is_untold = false;
    if (!is_active(model))
        return;
    model->needs_ack = true;
    tell(model);
}

static const char *model_state(const struct model *model)
{
    if (is_active(model))
        return model->needs_ack ? "ACTIVE_UNACK" : "ACTIVE_ACK";
    if (model->needs_ack)
        return "RTN_UNACK";
    return model->is_held ? "LATCHED" : model->is_pending ? "PENDING" : "NORMAL";
}

/* --- both of them ------------------------------------------------------------------------------- */

static uint64_t seed = 20261120;

static uint32_t below(uint32_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)((seed >> 33) % limit);
}

struct world {
    struct wf_alarm_engine *engine;
    struct model model[2];
    int shown[2];
    bool announced[2]; /* by the engine, in this step */
    uint64_t seq, acked_old;
    int64_t now;
};

static void take(void *context, const struct wf_alarm_transition *transition)
{
    struct world *world = context;

    assert_int_equal(transition->seq, world->seq + 1); /* no holes */
    world->seq = transition->seq;
    if ((transition->actions & WF_ALARM_ANNOUNCE) != 0) {
        /* Nobody is told of what is pending, over, or hidden. */
        assert_true(transition->to == WF_ALARM_ACTIVE_UNACK);
        assert_int_equal(transition->marks, 0);
        world->announced[transition->alarm] = true;
    }
}

static void define(struct model *model, struct wf_alarm_definition *out)
{
    static const double limits[LEVELS] = { -20, -10, 10, 20 };
    struct wf_limits it = { .hysteresis = below(4), .is_latched = below(3) == 0 };

    memset(model, 0, sizeof(*model));
    for (int i = 0; i < LEVELS; i++) {
        it.value[i] = limits[i];
        it.severity[i] = (uint8_t)(below(6) == 0 ? 0 : 1 + below(5));
        it.present = (uint8_t)(it.present | (below(5) > 0 || i == WF_HI) << i);
    }
    it.severity[WF_HI] = it.severity[WF_HI] > 0 ? it.severity[WF_HI] : 2;
    for (int i = 0; i < 2; i++) {
        struct wf_persistence *persistence = i == 0 ? &it.raise : &it.clear;

        if (below(3) == 0) {
            persistence->for_ns = (1 + below(3)) * SECOND / 2;
        } else {
            persistence->m = (uint16_t)(1 + below(5));
            persistence->n = (uint16_t)(1 + below(persistence->m));
        }
    }
    wf_alarm_define_limits(&it, out);
    for (int i = 0; i < LEVELS; i++)
        model->level[i] = (struct level){ .exists = (it.present & 1u << i) && it.severity[i] > 0,
                                          .severity = it.severity[i],
                                          .limit = limits[i] };
    model->hysteresis = it.hysteresis;
    model->raise_n = it.raise.n;
    model->raise_m = it.raise.m;
    model->clear_n = it.clear.n;
    model->clear_m = it.clear.m;
    model->raise_for = it.raise.for_ns;
    model->clear_for = it.clear.for_ns;
    model->has_latch = it.is_latched;
}

static void begin(struct world *world)
{
    struct wf_alarm_spec specs[2] = { 0 };
    const struct wf_alarm_host host = { .context = world, .emit = take, .last_seq = world->seq };

    wf_alarm_engine_destroy(&world->engine);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(specs[i].name, sizeof(specs[i].name), "main.x.%d LIMIT", i);
        specs[i].parent = i == CHILD ? PARENT : WF_ALARM_NO_PARENT;
        specs[i].linger_ns = LINGER_NS;
        define(&world->model[i], &specs[i].definition);
        world->shown[i] = -1;
    }
    assert_int_equal(wf_alarm_engine_create(specs, 2, &host, &world->engine, NULL), 0);
}

/* What a parent that rose or fell does to its child. */
static void follow_parent(struct world *world, bool was_active)
{
    struct model *child = &world->model[CHILD];
    bool is_up = is_active(&world->model[PARENT]);

    if (is_up == was_active)
        return;
    child->linger_end = is_up ? 0 : world->now + LINGER_NS;
    if (is_up)
        child->suppressed = true;
}

static void give_value(struct world *world, int alarm, const struct wf_alarm_now *now)
{
    struct model *model = &world->model[alarm];
    double value = (double)below(60) - 30;
    /* LATE is not counted here; nor is what is stale, invalid, absent or suspect. */
    enum wf_quality quality = (enum wf_quality)(below(10) == 0 ? below(8) : WF_QUALITY_VALID);
    bool is_counted = quality == WF_QUALITY_VALID || quality == WF_QUALITY_SUBSTITUTED;

    if (below(3) > 0) /* stay where it is for a while, so that something persists */
        value = model->last_violated ? 15 : 0;
    if (below(30) == 0) {
        value = (double)NAN;
        is_counted = false;
    }
    if (is_counted)
        model_value(model, value, now->mono_ns, &world->shown[alarm]);
    wf_alarm_engine_value(world->engine, (size_t)alarm, value, quality, false, now);
}

static void acknowledge(struct world *world, int alarm, const struct wf_alarm_now *now)
{
    const struct wf_alarm_who who = { .user = "eva" };
    const struct wf_alarm_memory *memory = wf_alarm_engine_memory(world->engine, (size_t)alarm);
    struct model *model = &world->model[alarm];

    /* One that has seen less than all never succeeds, whatever the state. */
    if (memory->seq > 0) {
        assert_int_equal(
            wf_alarm_engine_ack(world->engine, (size_t)alarm, memory->seq - 1, &who, now, NULL),
            WF_ERR_BUSY);
        world->acked_old++;
    }
    assert_int_equal(
        wf_alarm_engine_ack(world->engine, (size_t)alarm, memory->seq, &who, now, NULL),
        model->needs_ack ? 0 : WF_ERR_INVALID);
    if (!model->needs_ack)
        return;
    model->needs_ack = false;
    if (is_active(model))
        model->highest = model->severity;
    else if (model->has_latch)
        model->is_held = true;
    else
        model->highest = 0;
}

static void command(struct world *world, int alarm, const struct wf_alarm_now *now)
{
    const struct wf_alarm_who who = { .user = "eva", .note = "why" };
    struct model *model = &world->model[alarm];
    struct wf_alarm_engine *engine = world->engine;
    size_t at = (size_t)alarm;
    int rc;

    switch (below(6)) {
    case 0:
        rc = wf_alarm_engine_reset(engine, at, &who, now, NULL);
        assert_int_equal(rc, model->is_held && !model->last_violated ? 0 : WF_ERR_INVALID);
        if (rc == 0) {
            model->is_held = false;
            model->highest = 0;
        }
        break;
    case 1:
        assert_int_equal(wf_alarm_engine_shelve(engine, at, SHELF_NS, &who, now, NULL), 0);
        model->shelved = true;
        model->shelf_end = now->utc_ns + SHELF_NS;
        break;
    case 2:
        rc = wf_alarm_engine_unshelve(engine, at, &who, now, NULL);
        assert_int_equal(rc, model->shelved ? 0 : WF_ERR_INVALID);
        if (model->shelved) {
            model->shelved = false;
            if (!model->suppressed)
                model_present(model);
        }
        break;
    case 3:
        assert_int_equal(
            wf_alarm_engine_service(engine, at, !model->out_of_service, &who, now, NULL), 0);
        if (!model->out_of_service && !model->disabled) {
            bool was_active = is_active(model);

            model_stop(model);
            if (was_active)
                become_normal(model);
            world->shown[alarm] = -1;
        }
        model->out_of_service = !model->out_of_service;
        break;
    case 4: {
        enum wf_truth truth = (enum wf_truth)below(3);

        wf_alarm_engine_enable(engine, at, truth, now);
        if (truth == WF_FALSE && !model->disabled && !model->out_of_service) {
            bool was_active = is_active(model);

            model_stop(model);
            if (was_active)
                become_normal(model);
            world->shown[alarm] = -1;
        }
        if (truth != WF_UNKNOWN)
            model->disabled = truth == WF_FALSE;
        break;
    }
    default:
        /* Anonymous commands change nothing. */
        assert_int_equal(wf_alarm_engine_shelve(engine, at, SHELF_NS,
                                                &(struct wf_alarm_who){ .user = "" }, now, NULL),
                         WF_ERR_DENIED);
        break;
    }
}

static void pass_time(struct world *world, const struct wf_alarm_now *now)
{
    wf_alarm_engine_tick(world->engine, now);
    for (int i = 0; i < 2; i++) {
        struct model *model = &world->model[i];

        if (model->shelved && now->utc_ns >= model->shelf_end) {
            model->shelved = false;
            if (!model->suppressed)
                model_present(model);
        }
        if (model->linger_end != 0 && now->mono_ns >= model->linger_end) {
            model->linger_end = 0;
            if (!is_active(&world->model[PARENT])) {
                bool was = model->suppressed;

                model->suppressed = false;
                if (was && !model->shelved)
                    model_present(model);
            }
        }
        /* A shelved alarm always comes back. */
        assert_false(model->shelved && now->utc_ns >= model->shelf_end);
    }
}

static void compare(const struct world *world, uint64_t step)
{
    for (size_t i = 0; i < 2; i++) {
        const struct wf_alarm_memory *memory = wf_alarm_engine_memory(world->engine, i);
        const struct model *model = &world->model[i];
        unsigned marks = (model->shelved ? WF_ALARM_SHELVED : 0u) |
                         (model->out_of_service ? WF_ALARM_OUT_OF_SERVICE : 0u) |
                         (model->disabled ? WF_ALARM_DISABLED : 0u) |
                         (model->suppressed ? WF_ALARM_SUPPRESSED : 0u);
        const char *state = wf_alarm_state_name((enum wf_alarm_state)memory->state);

        if (strcmp(state, model_state(model)) != 0 || memory->severity != model->severity ||
            memory->highest != model->highest || memory->marks != marks ||
            world->announced[i] != model->told)
            fail_msg("step %llu, alarm %zu: %s %u/%u marks %x told %d, the model says %s %d/%d "
                     "marks %x told %d",
                     (unsigned long long)step, i, state, memory->severity, memory->highest,
                     memory->marks, world->announced[i], model_state(model), model->severity,
                     model->highest, marks, model->told);
    }
}

static void a_model_of_what_people_see_agrees_over_random_lives(void **state)
{
    struct world world = { .now = 1000 * SECOND };
    const char *wanted = getenv("WF_TEST_STEPS");
    uint64_t steps = STEPS;

    (void)state;
    if (wanted != NULL)
        assert_int_equal(wf_parse_u64(wanted, &steps, NULL), 0);
    begin(&world);
    for (uint64_t step = 0; step < steps; step++) {
        int alarm = below(3) == 0 ? PARENT : CHILD;
        struct wf_alarm_now now;
        bool was_active;

        if (step % 500 == 499)
            begin(&world);
        world.now += below(4) * SECOND / 4;
        now = (struct wf_alarm_now){ .mono_ns = world.now, .utc_ns = world.now + SECOND };
        was_active = is_active(&world.model[PARENT]);
        for (int i = 0; i < 2; i++) {
            world.announced[i] = false;
            world.model[i].told = false;
        }
        switch (below(20)) {
        case 0:
            acknowledge(&world, alarm, &now);
            break;
        case 1:
            command(&world, alarm, &now);
            break;
        case 2:
            pass_time(&world, &now);
            break;
        default:
            give_value(&world, alarm, &now);
            break;
        }
        if (world.model[PARENT].linger_end == 0)
            follow_parent(&world, was_active);
        compare(&world, step);
    }
    assert_true(world.seq > steps / 20);
    assert_true(world.acked_old > 0);
    wf_alarm_engine_destroy(&world.engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_of_what_people_see_agrees_over_random_lives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
