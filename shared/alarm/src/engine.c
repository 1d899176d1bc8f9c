/* SPDX-License-Identifier: MIT */
/* The engine: see <watchfloor/alarm/engine.h>. */

#include "engine_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#define SHELVE_MAX_DEFAULT_NS (8 * 3600 * WF_NS_PER_S)

static const struct wf_alarm_who nobody = { .user = "", .note = "" };

/* --- birth and death ------------------------------------------------------------------------ */

/* A name with its place, while they are sorted. */
struct named {
    const char *name;
    size_t alarm;
};

static int compare_names(const void *left, const void *right)
{
    const struct named *a = left, *b = right;

    return strcmp(a->name, b->name);
}

static int sort_names(const struct wf_alarm_spec *specs, size_t count, size_t **out_sorted,
                      struct wf_err *err)
{
    struct named *sorted = calloc(count + 1, sizeof(*sorted));
    size_t *places = calloc(count + 1, sizeof(*places));
    int rc = 0;

    if (sorted == NULL || places == NULL) {
        free(sorted);
        free(places);
        return wf_fail(err, WF_ERR_NOMEM, "%zu alarms", count);
    }
    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct named){ .name = specs[i].name, .alarm = i };
    qsort(sorted, count, sizeof(*sorted), compare_names);
    for (size_t i = 0; i < count && rc == 0; i++) {
        places[i] = sorted[i].alarm;
        if (i > 0 && strcmp(sorted[i - 1].name, sorted[i].name) == 0)
            rc = wf_fail(err, WF_ERR_INVALID, "two alarms are named '%s'", sorted[i].name);
    }
    free(sorted);
    if (rc < 0)
        free(places);
    else
        *out_sorted = places;
    return rc;
}

/* Every chain of parents must end; one that goes on for `count` steps is a circle. */
static int check_parents(const struct wf_alarm_spec *specs, size_t count, struct wf_err *err)
{
    for (size_t i = 0; i < count; i++) {
        size_t steps = 0;

        for (int at = specs[i].parent; at != WF_ALARM_NO_PARENT; at = specs[at].parent) {
            if (at < 0 || (size_t)at >= count)
                return wf_fail(err, WF_ERR_INVALID, "'%s': there is no parent %d", specs[i].name,
                               at);
            if (steps++ >= count)
                return wf_fail(err, WF_ERR_INVALID, "'%s' is suppressed by itself, in a circle",
                               specs[i].name);
        }
    }
    return 0;
}

int wf_alarm_engine_create(const struct wf_alarm_spec *specs, size_t count,
                           const struct wf_alarm_host *host, struct wf_alarm_engine **out_engine,
                           struct wf_err *err)
{
    struct wf_alarm_engine *engine = NULL;
    size_t *by_name = NULL;
    int rc = check_parents(specs, count, err);

    if (rc == 0)
        rc = sort_names(specs, count, &by_name, err);
    if (rc < 0)
        return rc;
    engine = calloc(1, sizeof(*engine));
    if (engine == NULL)
        free(by_name);
    if (engine != NULL) {
        engine->by_name = by_name;
        engine->alarms = calloc(count + 1, sizeof(*engine->alarms));
        engine->specs = calloc(count + 1, sizeof(*engine->specs));
        engine->touched = calloc(count + 1, sizeof(*engine->touched));
    }
    if (engine == NULL || engine->alarms == NULL || engine->specs == NULL ||
        engine->touched == NULL) {
        wf_alarm_engine_destroy(&engine);
        return wf_fail(err, WF_ERR_NOMEM, "%zu alarms", count);
    }
    engine->host = *host;
    engine->seq = host->last_seq;
    engine->count = count;
    engine->due_ns = INT64_MAX;
    if (engine->host.shelve_max_ns <= 0)
        engine->host.shelve_max_ns = SHELVE_MAX_DEFAULT_NS;
    for (size_t i = 0; i < count; i++) {
        engine->specs[i] = specs[i];
        engine->alarms[i].definition = specs[i].definition;
        engine->alarms[i].first_child = -1;
        wf_alarm_memory_init(&engine->alarms[i].memory);
        engine->alarms[i].memory.marks = specs[i].is_shadow ? WF_ALARM_SHADOW : 0;
    }
    /* Backwards, so that children are visited in their own order. */
    for (size_t i = count; i-- > 0;) {
        int parent = specs[i].parent;

        engine->alarms[i].next_sibling = parent < 0 ? -1 : engine->alarms[parent].first_child;
        if (parent >= 0)
            engine->alarms[parent].first_child = (int)i;
    }
    *out_engine = engine;
    return 0;
}

void wf_alarm_engine_destroy(struct wf_alarm_engine **engine)
{
    if (*engine == NULL)
        return;
    free((*engine)->alarms);
    free((*engine)->specs);
    free((*engine)->by_name);
    free((*engine)->touched);
    free(*engine);
    *engine = NULL;
}

/* --- looking ---------------------------------------------------------------------------------- */

size_t wf_alarm_engine_size(const struct wf_alarm_engine *engine)
{
    return engine->count;
}

const struct wf_alarm_spec *wf_alarm_engine_spec(const struct wf_alarm_engine *engine, size_t alarm)
{
    return alarm < engine->count ? &engine->specs[alarm] : NULL;
}

const struct wf_alarm_memory *wf_alarm_engine_memory(const struct wf_alarm_engine *engine,
                                                     size_t alarm)
{
    return alarm < engine->count ? &engine->alarms[alarm].memory : NULL;
}

int wf_alarm_engine_find(const struct wf_alarm_engine *engine, const char *name)
{
    size_t low = 0, high = engine->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, engine->specs[engine->by_name[middle]].name);

        if (order == 0)
            return (int)engine->by_name[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

bool wf_alarm_engine_is_shown(const struct wf_alarm_engine *engine, size_t alarm)
{
    return alarm < engine->count && engine->alarms[alarm].memory.state != WF_ALARM_NORMAL &&
           engine->alarms[alarm].memory.marks == 0;
}

const size_t *wf_alarm_engine_touched(const struct wf_alarm_engine *engine, size_t *out_count)
{
    *out_count = engine->touched_count;
    return engine->touched;
}

void wf_alarm_engine_untouch(struct wf_alarm_engine *engine)
{
    for (size_t i = 0; i < engine->touched_count; i++)
        engine->alarms[engine->touched[i]].is_touched = false;
    engine->touched_count = 0;
}

/* --- transitions ------------------------------------------------------------------------------ */

/* Number the change from `before` to what is remembered now, and tell the host. */
static void emit(struct wf_alarm_engine *engine, size_t alarm, const struct wf_alarm_memory *before,
                 struct wf_alarm_transition *transition, const struct wf_alarm_who *who,
                 const struct wf_alarm_now *now)
{
    struct wfi_alarm *it = &engine->alarms[alarm];
    bool has_limit = it->definition.kind == WF_ALARM_LIMIT && it->memory.level < WF_LIMIT_COUNT;

    wfi_alarm_touch(engine, alarm);
    it->memory.seq = ++engine->seq;
    it->memory.epoch = engine->at.epoch;
    it->memory.order = engine->at.order;
    it->memory.step = engine->at.step;
    if (it->memory.marks != 0)
        transition->actions &= ~(unsigned)WF_ALARM_ANNOUNCE;
    transition->seq = it->memory.seq;
    transition->alarm = alarm;
    transition->from = (enum wf_alarm_state)before->state;
    transition->to = (enum wf_alarm_state)it->memory.state;
    transition->marks_before = before->marks;
    transition->marks = it->memory.marks;
    transition->severity = it->memory.severity;
    transition->highest = it->memory.highest;
    transition->level = it->memory.level;
    transition->limit = has_limit ? it->definition.limit[it->memory.level] : (double)NAN;
    transition->now = *now;
    transition->shelved_until_ns = it->memory.shelved_until_ns;
    transition->user = who->user;
    transition->note = who->note != NULL ? who->note : "";
    engine->host.emit(engine->host.context, transition);
}

/* A parent rose or fell: its children go under it, or linger there. */
static void tell_children(struct wf_alarm_engine *engine, size_t alarm, bool was_raised,
                          const struct wf_alarm_now *now)
{
    bool is_raised = engine->alarms[alarm].memory.raised != 0;

    if (was_raised == is_raised)
        return;
    for (int i = engine->alarms[alarm].first_child; i >= 0; i = engine->alarms[i].next_sibling) {
        struct wf_alarm_memory *memory = &engine->alarms[i].memory;

        int64_t linger_ns = is_raised ? 0 : engine->specs[i].linger_ns;

        engine->timed_count -= memory->linger_until_ns != 0;
        engine->timed_count += linger_ns > 0;
        wfi_alarm_touch(engine, (size_t)i);
        memory->linger_until_ns = linger_ns > 0 ? now->mono_ns + engine->offset_ns + linger_ns : 0;
        if (linger_ns > 0 && memory->linger_until_ns < engine->due_ns)
            engine->due_ns = memory->linger_until_ns;
        if (is_raised)
            wfi_alarm_mark(engine, (size_t)i, WF_ALARM_SUPPRESSED, 0, &nobody, now);
        else if (linger_ns <= 0)
            wfi_alarm_mark(engine, (size_t)i, 0, WF_ALARM_SUPPRESSED, &nobody, now);
    }
}

/* Levels are raised exactly in these states. */
static bool is_active(unsigned state)
{
    return state == WF_ALARM_ACTIVE_UNACK || state == WF_ALARM_ACTIVE_ACK;
}

void wfi_alarm_happen(struct wf_alarm_engine *engine, size_t alarm, enum wf_alarm_event event,
                      double value, uint8_t severity_before, const struct wf_alarm_who *who,
                      const struct wf_alarm_now *now)
{
    struct wfi_alarm *it = &engine->alarms[alarm];
    struct wf_alarm_memory before = it->memory;
    unsigned actions = wf_alarm_advance(&it->definition, &it->memory, event);
    struct wf_alarm_transition transition = {
        .event = event, .actions = actions, .value = value, .severity_before = severity_before
    };

    if ((actions & WF_ALARM_RECORD) == 0)
        return;
    if (event == WF_ALARM_RAISE) {
        it->memory.raised_ns = now->utc_ns;
        if (before.state != WF_ALARM_RTN_UNACK)
            it->memory.is_untold = (it->memory.marks & WF_ALARM_SUPPRESSED) != 0;
    }
    if (it->memory.state == WF_ALARM_NORMAL ||
        ((actions & WF_ALARM_ANNOUNCE) != 0 && it->memory.marks == 0))
        it->memory.is_untold = 0;
    if (is_active(before.state) && !is_active(it->memory.state))
        it->memory.fallen_ns = now->mono_ns + engine->offset_ns;
    emit(engine, alarm, &before, &transition, who, now);
    tell_children(engine, alarm, is_active(before.state), now);
}

void wfi_alarm_mark(struct wf_alarm_engine *engine, size_t alarm, unsigned set, unsigned lift,
                    const struct wf_alarm_who *who, const struct wf_alarm_now *now)
{
    struct wfi_alarm *it = &engine->alarms[alarm];
    struct wf_alarm_memory before = it->memory;
    unsigned marks = (before.marks | set) & ~lift;
    bool was_hiding = (before.marks & (WF_ALARM_SHELVED | WF_ALARM_SUPPRESSED)) != 0;
    bool is_hiding = (marks & (WF_ALARM_SHELVED | WF_ALARM_SUPPRESSED)) != 0;
    struct wf_alarm_transition transition = { .value = (double)NAN,
                                              .severity_before = before.severity };

    if (marks == before.marks && (set & WF_ALARM_SHELVED) == 0)
        return;
    it->memory.marks = (uint8_t)marks;
    if (was_hiding && !is_hiding) {
        bool is_over = it->memory.state == WF_ALARM_RTN_UNACK && it->memory.is_untold != 0;

        transition.event = is_over ? WF_ALARM_DISMISS : WF_ALARM_REPRESENT;
        transition.actions = wf_alarm_advance(&it->definition, &it->memory, transition.event);
        it->memory.is_untold = 0;
    } else {
        transition.is_mark = true;
        transition.actions = WF_ALARM_RECORD | (marks != 0 ? WF_ALARM_SILENCE : 0);
    }
    emit(engine, alarm, &before, &transition, who, now);
}

void wfi_alarm_end_judging(struct wf_alarm_engine *engine, size_t alarm, unsigned mark,
                           const struct wf_alarm_who *who, const struct wf_alarm_now *now)
{
    struct wfi_alarm *it = &engine->alarms[alarm];
    struct wf_alarm_memory before = it->memory;
    struct wf_alarm_transition transition = { .event = WF_ALARM_DISABLE,
                                              .value = (double)NAN,
                                              .severity_before = before.severity };

    if ((before.marks & WFI_ALARM_UNJUDGED) != 0) {
        wfi_alarm_mark(engine, alarm, mark, 0, who, now);
        return;
    }
    it->memory.marks = (uint8_t)(before.marks | mark);
    wf_alarm_forget_levels(&it->memory);
    transition.actions = wf_alarm_advance(&it->definition, &it->memory, WF_ALARM_DISABLE);
    if (is_active(before.state))
        it->memory.fallen_ns = now->mono_ns + engine->offset_ns;
    emit(engine, alarm, &before, &transition, who, now);
    tell_children(engine, alarm, is_active(before.state), now);
}

/* --- judging ---------------------------------------------------------------------------------- */

static bool is_judged(const struct wf_alarm_engine *engine, size_t alarm)
{
    return alarm < engine->count && (engine->alarms[alarm].memory.marks & WFI_ALARM_UNJUDGED) == 0;
}

static void judge(struct wf_alarm_engine *engine, size_t alarm, unsigned violated, unsigned left,
                  double value, const struct wf_alarm_now *now)
{
    struct wfi_alarm *it = &engine->alarms[alarm];
    uint8_t severity_before = it->memory.severity;
    enum wf_alarm_event event;

    if ((violated | it->memory.raised | it->memory.counting | it->memory.violated) != 0)
        wfi_alarm_touch(engine, alarm);
    if (wf_alarm_judge(&it->definition, &it->memory, violated, left,
                       now->mono_ns + engine->offset_ns, &event))
        wfi_alarm_happen(engine, alarm, event, value, severity_before, &nobody, now);
}

void wf_alarm_engine_value(struct wf_alarm_engine *engine, size_t alarm, double value,
                           enum wf_quality quality, bool is_late_counted,
                           const struct wf_alarm_now *now)
{
    unsigned violated, left;

    if (!is_judged(engine, alarm) || isnan(value))
        return;
    if (quality != WF_QUALITY_VALID && quality != WF_QUALITY_SUBSTITUTED &&
        !(quality == WF_QUALITY_LATE && is_late_counted))
        return;
    wf_alarm_compare(&engine->alarms[alarm].definition, value, &violated, &left);
    judge(engine, alarm, violated, left, value, now);
}

void wf_alarm_engine_levels(struct wf_alarm_engine *engine, size_t alarm, unsigned violated,
                            unsigned left, double value, const struct wf_alarm_now *now)
{
    if (is_judged(engine, alarm))
        judge(engine, alarm, violated & engine->alarms[alarm].definition.levels,
              left & engine->alarms[alarm].definition.levels, value, now);
}

void wf_alarm_engine_severity(struct wf_alarm_engine *engine, size_t alarm, uint8_t severity,
                              double value, const struct wf_alarm_now *now)
{
    unsigned violated, left;

    if (!is_judged(engine, alarm))
        return;
    wf_alarm_compare_severity(&engine->alarms[alarm].definition, severity, &violated, &left);
    judge(engine, alarm, violated, left, value, now);
}

void wf_alarm_engine_truth(struct wf_alarm_engine *engine, size_t alarm, enum wf_truth truth,
                           double value, const struct wf_alarm_now *now)
{
    unsigned levels;

    if (!is_judged(engine, alarm))
        return;
    if (truth == WF_UNKNOWN) {
        if (engine->specs[alarm].unknown == WF_UNKNOWN_HOLD)
            return;
        truth = engine->specs[alarm].unknown == WF_UNKNOWN_RAISE ? WF_TRUE : WF_FALSE;
    }
    levels = engine->alarms[alarm].definition.levels;
    judge(engine, alarm, truth == WF_TRUE ? levels : 0, truth == WF_TRUE ? 0 : levels, value, now);
}

void wf_alarm_engine_enable(struct wf_alarm_engine *engine, size_t alarm, enum wf_truth enabled,
                            const struct wf_alarm_now *now)
{
    bool is_disabled;

    if (alarm >= engine->count || enabled == WF_UNKNOWN)
        return;
    is_disabled = (engine->alarms[alarm].memory.marks & WF_ALARM_DISABLED) != 0;
    if (is_disabled == (enabled == WF_FALSE))
        return;
    if (is_disabled)
        wfi_alarm_mark(engine, alarm, 0, WF_ALARM_DISABLED, &nobody, now);
    else
        wfi_alarm_end_judging(engine, alarm, WF_ALARM_DISABLED, &nobody, now);
}

void wf_alarm_engine_limits(struct wf_alarm_engine *engine, size_t alarm,
                            const struct wf_alarm_definition *definition,
                            const struct wf_alarm_now *now)
{
    struct wfi_alarm *it;
    uint8_t severity_before;
    enum wf_alarm_event event;

    if (alarm >= engine->count)
        return;
    it = &engine->alarms[alarm];
    severity_before = it->memory.severity;
    it->definition = *definition;
    wfi_alarm_touch(engine, alarm);
    if (wf_alarm_change_levels(definition, &it->memory, &event))
        wfi_alarm_happen(engine, alarm, event, (double)NAN, severity_before, &nobody, now);
}

static bool is_parent_active(const struct wf_alarm_engine *engine, size_t alarm)
{
    int parent = engine->specs[alarm].parent;

    return parent >= 0 && is_active(engine->alarms[parent].memory.state);
}

/* A shelf ends at its time; also when a clock that was set back would make it longer than any. */
static bool is_shelf_over(const struct wf_alarm_engine *engine,
                          const struct wf_alarm_memory *memory, int64_t utc_ns)
{
    return utc_ns >= memory->shelved_until_ns ||
           memory->shelved_until_ns - utc_ns > engine->host.shelve_max_ns;
}

void wfi_alarm_pass(struct wf_alarm_engine *engine, const struct wf_alarm_now *now)
{
    for (size_t i = 0; i < engine->count && engine->timed_count > 0; i++) {
        struct wf_alarm_memory *memory = &engine->alarms[i].memory;

        if ((memory->marks & WF_ALARM_SHELVED) != 0 && is_shelf_over(engine, memory, now->utc_ns)) {
            engine->timed_count--;
            memory->shelved_until_ns = 0;
            wfi_alarm_mark(engine, i, 0, WF_ALARM_SHELVED, &nobody, now);
        }
        if (memory->linger_until_ns != 0 &&
            now->mono_ns + engine->offset_ns >= memory->linger_until_ns) {
            engine->timed_count--;
            memory->linger_until_ns = 0;
            wfi_alarm_touch(engine, i);
            if (!is_parent_active(engine, i))
                wfi_alarm_mark(engine, i, 0, WF_ALARM_SUPPRESSED, &nobody, now);
        }
    }
}

void wfi_alarm_relinger(struct wf_alarm_engine *engine, const struct wf_alarm_now *now)
{
    int64_t now_ns = now->mono_ns + engine->offset_ns;

    engine->is_unlingered = false;
    for (size_t i = 0; i < engine->count; i++) {
        struct wf_alarm_memory *memory = &engine->alarms[i].memory;
        const struct wf_alarm_spec *spec = &engine->specs[i];
        int64_t until_ns = now_ns;

        if ((memory->marks & WF_ALARM_SUPPRESSED) == 0 || memory->linger_until_ns != 0 ||
            is_parent_active(engine, i))
            continue;
        if (spec->parent >= 0)
            until_ns = engine->alarms[spec->parent].memory.fallen_ns + spec->linger_ns;
        /* One that lies further away than any is that of another boot. */
        if (until_ns > engine->restored_ns + spec->linger_ns)
            until_ns = engine->restored_ns + spec->linger_ns;
        memory->linger_until_ns = until_ns > 0 ? until_ns : 1;
        wfi_alarm_touch(engine, i);
        engine->timed_count++;
    }
}

void wfi_alarm_settle(struct wf_alarm_engine *engine, const struct wf_alarm_now *now)
{
    engine->is_unsettled = false;
    for (size_t i = 0; i < engine->count; i++)
        if ((engine->alarms[i].memory.marks & WF_ALARM_SUPPRESSED) == 0 &&
            is_parent_active(engine, i))
            wfi_alarm_mark(engine, i, WF_ALARM_SUPPRESSED, 0, &nobody, now);
}

void wfi_alarm_find_due(struct wf_alarm_engine *engine, int64_t line_ns)
{
    engine->due_ns = INT64_MAX;
    for (size_t i = 0; i < engine->count && engine->timed_count > 0; i++) {
        const struct wf_alarm_memory *memory = &engine->alarms[i].memory;
        int64_t due_ns = INT64_MAX;

        if ((memory->marks & WF_ALARM_SHELVED) != 0)
            due_ns = is_shelf_over(engine, memory, line_ns + engine->shift_ns)
                         ? line_ns
                         : memory->shelved_until_ns - engine->shift_ns;
        if (memory->linger_until_ns != 0 && memory->linger_until_ns < due_ns)
            due_ns = memory->linger_until_ns;
        if (due_ns < engine->due_ns)
            engine->due_ns = due_ns;
    }
}

void wf_alarm_engine_tick(struct wf_alarm_engine *engine, const struct wf_alarm_now *now)
{
    if (engine->is_unlingered)
        wfi_alarm_relinger(engine, now);
    if (engine->is_unsettled)
        wfi_alarm_settle(engine, now);
    wfi_alarm_pass(engine, now);
}
