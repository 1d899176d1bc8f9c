/* SPDX-License-Identifier: MIT */
/*
 * Samples and time, to the engine. Within one sample, in this order: what time brought before
 * it; STALE and GAP of its subsystem; contexts; enabled_when; its values; rules. Each judgement
 * is one step, numbered the same way every time, so that a memory can say how far it counted.
 */

#include "roster_private.h"

#include <math.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>

/* UTC and the monotonic clock may drift apart that far at once; more is a step of the clock. */
#define STEP_NS (WF_NS_PER_S / 2)

/* --- the line of time --------------------------------------------------------------------------- */

/*
 * Where a moment lies on the line. A step of UTC shows against the monotonic clock and is taken
 * out; without one (mono 0, as from history) UTC is believed.
 */
int64_t wfi_roster_on_line(struct wf_alarm_roster *roster, int64_t utc_ns, int64_t mono_ns)
{
    struct wf_alarm_engine *engine = roster->engine;
    int64_t line_ns = utc_ns - roster->shift_ns;

    if (mono_ns == 0) {
        roster->is_started = true;
        return line_ns;
    }
    if (roster->is_started && engine->offset_ns != 0) {
        int64_t expected_ns = mono_ns + engine->offset_ns;
        int64_t step_ns = line_ns - expected_ns;

        if (step_ns > STEP_NS || step_ns < -STEP_NS) {
            roster->shift_ns += step_ns;
            engine->shift_ns = roster->shift_ns;
            engine->due_ns = INT64_MIN; /* shelves go by UTC */
            line_ns = expected_ns;
        }
    }
    roster->is_started = true;
    engine->offset_ns = line_ns - mono_ns;
    return line_ns;
}

/* The moment `line_ns` as the engine takes it. */
static struct wf_alarm_now moment(const struct wf_alarm_roster *roster, int64_t line_ns)
{
    return (struct wf_alarm_now){ .mono_ns = line_ns - roster->engine->offset_ns,
                                  .utc_ns = line_ns + roster->shift_ns,
                                  .device_ns = WF_TIME_NONE };
}

/* When the member goes stale, or when its alarm waits no longer; INT64_MAX: nothing to come. */
static int64_t stale_due(const struct wf_alarm_roster *roster, const struct wfi_member *member)
{
    int64_t since_ns = member->last_ns > member->heard_ns ? member->last_ns : member->heard_ns;
    int64_t due_ns = since_ns + member->schema->stale_after_ns;
    const struct wfi_member *root;

    if (!member->is_seen || member->schema->stale_after_ns <= 0)
        return INT64_MAX;
    if (!member->is_stale)
        return due_ns;
    if (!member->is_waiting)
        return INT64_MAX;
    root = &roster->members[member->root];
    if (root->is_stale && !root->is_waiting)
        return due_ns;
    if (root->last_ns > member->last_ns)
        return root->last_ns > due_ns ? root->last_ns : due_ns;
    return INT64_MAX;
}

static void find_due(struct wf_alarm_roster *roster)
{
    roster->due_ns = INT64_MAX;
    for (size_t i = 0; i < roster->member_count; i++) {
        int64_t due_ns = stale_due(roster, &roster->members[i]);

        if (due_ns < roster->due_ns)
            roster->due_ns = due_ns;
    }
}

/* --- rules --------------------------------------------------------------------------------------- */

static void judge_rules(struct wf_alarm_roster *roster, const struct wfi_member *member,
                        const struct wf_alarm_now *now)
{
    struct wf_expr_values values;

    wfi_roster_values(roster, &values);
    for (size_t i = 0; i < member->rules.count; i++) {
        const struct wfi_rule *rule = &roster->rules[member->rules.items[i]];
        enum wf_truth truth;
        bool is_open;

        roster->engine->at.step++;
        truth = wfi_roster_truth(roster, &rule->judgement, &values, &is_open);
        if (is_open && wfi_roster_counts(roster, rule->alarm))
            wf_alarm_engine_truth(roster->engine, rule->alarm, truth, (double)NAN, now);
    }
}

/* --- what time brings ------------------------------------------------------------------------------ */

static bool must_wait(const struct wf_alarm_roster *roster, const struct wfi_member *member)
{
    const struct wfi_member *root = &roster->members[member->root];

    return member->has_root && root->is_seen && root->schema->stale_after_ns > 0 &&
           (!root->is_stale || root->is_waiting) && root->last_ns <= member->last_ns;
}

static void go_stale(struct wf_alarm_roster *roster, struct wfi_member *member,
                     const struct wf_alarm_now *now)
{
    bool was_stale = member->is_stale;

    member->is_stale = true;
    member->is_waiting = !was_stale && must_wait(roster, member);
    roster->engine->at.step++;
    if (!member->is_waiting && member->stale >= 0 &&
        wfi_roster_counts(roster, (size_t)member->stale))
        wf_alarm_engine_truth(roster->engine, (size_t)member->stale, WF_TRUE,
                              (double)member->schema->stale_after_ns / 1e9, now);
    if (!was_stale)
        judge_rules(roster, member, now);
}

/* At the same moment parents do first, and else names decide. */
static bool is_first(const struct wf_alarm_roster *roster, const struct wfi_member *a,
                     const struct wfi_member *b)
{
    unsigned a_depth = a->stale < 0 ? 0 : roster->entries[a->stale].depth;
    unsigned b_depth = b->stale < 0 ? 0 : roster->entries[b->stale].depth;

    return a_depth != b_depth ? a_depth < b_depth : a->rank < b->rank;
}

/* The member that goes stale next, until `until_ns`. */
static struct wfi_member *next_stale(struct wf_alarm_roster *roster, int64_t until_ns,
                                     int64_t *out_due_ns)
{
    struct wfi_member *next = NULL;

    for (size_t i = 0; i < roster->member_count; i++) {
        struct wfi_member *member = &roster->members[i];
        int64_t due_ns = stale_due(roster, member);

        if (due_ns == INT64_MAX || due_ns > until_ns)
            continue;
        if (next != NULL &&
            (due_ns > *out_due_ns || (due_ns == *out_due_ns && !is_first(roster, member, next))))
            continue;
        next = member;
        *out_due_ns = due_ns;
    }
    return next;
}

/* Let everything happen, in its order and at its moment, that is due until `until_ns`. */
static void let_pass(struct wf_alarm_roster *roster, int64_t until_ns)
{
    struct wf_alarm_engine *engine = roster->engine;

    while (until_ns >= roster->due_ns || until_ns >= engine->due_ns) {
        int64_t due_ns = INT64_MAX;
        struct wfi_member *member =
            until_ns >= roster->due_ns ? next_stale(roster, until_ns, &due_ns) : NULL;
        int64_t at_ns = member != NULL && due_ns <= engine->due_ns ? due_ns : engine->due_ns;
        struct wf_alarm_now now;

        if (member == NULL && engine->due_ns > until_ns) {
            find_due(roster);
            return;
        }
        if (at_ns < roster->now_ns)
            at_ns = roster->now_ns;
        roster->now_ns = at_ns;
        now = moment(roster, at_ns);
        if (member != NULL && due_ns <= engine->due_ns) {
            go_stale(roster, member, &now);
        } else {
            wfi_alarm_pass(engine, &now);
            wfi_alarm_find_due(engine, at_ns);
        }
    }
}

void wf_alarm_roster_tick(struct wf_alarm_roster *roster, const struct wf_alarm_now *now)
{
    int64_t line_ns = wfi_roster_on_line(roster, now->utc_ns, now->mono_ns) - roster->settle_ns;

    if (line_ns <= roster->now_ns)
        return;
    if (roster->engine->is_unlingered) {
        struct wf_alarm_now at = moment(roster, line_ns);

        wfi_alarm_relinger(roster->engine, &at);
    }
    let_pass(roster, line_ns);
    roster->now_ns = line_ns;
    if (roster->engine->is_unsettled && !roster->is_replaying) {
        struct wf_alarm_now at = moment(roster, line_ns);

        wfi_alarm_settle(roster->engine, &at);
    }
}

int64_t wf_alarm_roster_due(const struct wf_alarm_roster *roster)
{
    int64_t due_ns =
        roster->due_ns < roster->engine->due_ns ? roster->due_ns : roster->engine->due_ns;

    if (due_ns == INT64_MAX)
        return due_ns;
    if (due_ns < roster->now_ns)
        due_ns = roster->now_ns;
    return due_ns - roster->engine->offset_ns + roster->settle_ns;
}

/* --- samples ------------------------------------------------------------------------------------------ */

static void judge_contexts(struct wf_alarm_roster *roster, const struct wfi_member *member,
                           const struct wf_alarm_now *now)
{
    struct wf_expr_values values;
    bool is_open;

    wfi_roster_values(roster, &values);
    for (size_t i = 0; i < member->contexts.count; i++) {
        const struct wfi_member *home = &roster->members[member->contexts.items[i]];

        for (size_t k = 0; k < home->schema->context_count; k++)
            home->context_truths[k] =
                wfi_roster_truth(roster, &home->context_judgements[k], &values, &is_open);
        wfi_roster_contexts(roster, member->contexts.items[i], now);
    }
}

static void judge_enables(struct wf_alarm_roster *roster, const struct wfi_member *member,
                          const struct wf_alarm_now *now)
{
    struct wf_expr_values values;

    wfi_roster_values(roster, &values);
    for (size_t i = 0; i < member->enables.count; i++) {
        struct wfi_enable *enable = &roster->enables[member->enables.items[i]];
        bool is_open;
        enum wf_truth truth = wfi_roster_truth(roster, &enable->judgement, &values, &is_open);

        roster->engine->at.step++;
        if (truth == enable->truth && !roster->is_replaying)
            continue;
        enable->truth = truth;
        for (size_t k = 0; k < enable->alarms.count; k++)
            if (wfi_roster_counts(roster, enable->alarms.items[k]))
                wf_alarm_engine_enable(roster->engine, enable->alarms.items[k], truth, now);
    }
}

static void judge_whole(struct wf_alarm_roster *roster, const struct wfi_member *member,
                        const struct wf_stamp *stamp, bool was_stale,
                        const struct wf_alarm_now *now)
{
    struct wf_alarm_engine *engine = roster->engine;
    /* What is missing after a silence is the silence. */
    bool is_gap = (stamp->flags & WF_SAMPLE_GAP_BEFORE) != 0 && !(was_stale && member->stale >= 0);

    engine->at.step++;
    if (member->stale >= 0 && !wfi_roster_is_at_rest(engine, member->stale) &&
        wfi_roster_counts(roster, (size_t)member->stale))
        wf_alarm_engine_truth(engine, (size_t)member->stale, WF_FALSE, (double)NAN, now);
    if (member->gap >= 0 && (is_gap || !wfi_roster_is_at_rest(engine, member->gap)) &&
        wfi_roster_counts(roster, (size_t)member->gap))
        wf_alarm_engine_truth(engine, (size_t)member->gap, is_gap ? WF_TRUE : WF_FALSE,
                              is_gap ? stamp->lost_before : (double)NAN, now);
}

static void break_rates(struct wf_alarm_roster *roster, const struct wfi_member *member)
{
    for (size_t i = 0; i < member->windows.count; i++)
        wf_alarm_history_gap(roster->refs[member->windows.items[i]].window);
    for (size_t i = 0; i < member->reading_count; i++)
        for (uint32_t k = 0; k < member->readings[i].rate_count; k++)
            wf_alarm_history_gap(member->readings[i].rates[k]);
}

void wf_alarm_roster_lost(struct wf_alarm_roster *roster, size_t member)
{
    if (member < roster->member_count)
        break_rates(roster, &roster->members[member]);
}

void wf_alarm_roster_unheard(struct wf_alarm_roster *roster, size_t member, int64_t until_utc_ns)
{
    if (member >= roster->member_count)
        return;
    roster->members[member].heard_ns = wfi_roster_on_line(roster, until_utc_ns, 0);
    find_due(roster);
}

static void feed_windows(struct wf_alarm_roster *roster, const struct wfi_member *member,
                         const void *payload, int64_t at_ns, int64_t rate_at_ns)
{
    for (size_t i = 0; i < member->windows.count; i++) {
        const struct wfi_ref *ref = &roster->refs[member->windows.items[i]];
        struct wf_value value;

        wf_value_get(member->schema, payload, (size_t)ref->parameter, 0, &value);
        if (value.quality == WF_QUALITY_LATE)
            value.quality = WF_QUALITY_VALID;
        wf_alarm_history_add(ref->window, &value, ref->is_rate ? rate_at_ns : at_ns);
    }
}

/* Late and repeated samples say that the subsystem lives, and nothing of how it is now. */
static bool is_judged(const struct wf_alarm_roster *roster, const struct wf_stamp *stamp)
{
    return (stamp->flags & WF_SAMPLE_DUPLICATE) == 0 &&
           ((stamp->flags & WF_SAMPLE_LATE) == 0 || roster->late == WF_ALARM_LATE_ALARM);
}

/* Changes per second are those of the source's own clock, where it tells it. */
static int64_t rate_time(const struct wf_stamp *stamp, int64_t line_ns)
{
    bool is_known = stamp->device_ns != WF_TIME_NONE && (stamp->flags & WF_SAMPLE_TIME_BAD) == 0;

    return is_known ? stamp->device_ns : line_ns;
}

/*
 * The first sample since a restart: alarms whose memories are older than it have counted samples
 * that nobody can hand in again.
 */
static void begin(struct wf_alarm_roster *roster, size_t member, const struct wf_stamp *stamp,
                  int64_t line_ns, bool is_recalled)
{
    struct wfi_member *it = &roster->members[member];
    struct wf_alarm_engine *engine = roster->engine;

    it->first_ns = line_ns;
    it->is_whole = stamp->number == 0;
    if (!roster->is_replaying || it->is_whole || is_recalled)
        return;
    engine->at = (struct wfi_alarm_position){ .epoch = stamp->epoch, .order = stamp->order };
    for (size_t i = 0; i < roster->entry_count; i++)
        if (roster->entries[i].member == member && roster->entries[i].condition == NULL &&
            wfi_roster_counts(roster, i))
            wf_alarm_forget_counts(&engine->alarms[i].definition, &engine->alarms[i].memory);
    for (size_t i = 0; i < it->rules.count; i++) {
        size_t alarm = roster->rules[it->rules.items[i]].alarm;

        if (wfi_roster_counts(roster, alarm))
            wf_alarm_forget_counts(&engine->alarms[alarm].definition,
                                   &engine->alarms[alarm].memory);
    }
}

/* Was it stale? The sample's place on the line, and what it says of its subsystem being alive. */
static bool arrive(struct wf_alarm_roster *roster, size_t index, const struct wf_stamp *stamp,
                   bool is_recalled)
{
    struct wfi_member *member = &roster->members[index];
    bool was_stale;
    int64_t line_ns = wfi_roster_on_line(roster, stamp->received_ns, stamp->received_mono_ns);

    if (line_ns < roster->now_ns)
        line_ns = roster->now_ns;
    if (WF_UNLIKELY(roster->engine->is_unlingered)) {
        struct wf_alarm_now now = moment(roster, line_ns);

        wfi_alarm_relinger(roster->engine, &now);
        wfi_alarm_find_due(roster->engine, line_ns);
    }
    if (WF_UNLIKELY(line_ns >= roster->due_ns || line_ns >= roster->engine->due_ns))
        let_pass(roster, line_ns);
    roster->now_ns = line_ns;
    if (!member->is_seen)
        begin(roster, index, stamp, line_ns, is_recalled);
    was_stale = member->is_stale;
    member->is_seen = true;
    member->is_stale = member->is_waiting = false;
    member->last_ns = line_ns;
    if (member->is_root && line_ns < roster->due_ns)
        roster->due_ns = line_ns; /* whoever waited for it is looked at */
    if (member->schema->stale_after_ns > 0 &&
        line_ns + member->schema->stale_after_ns < roster->due_ns)
        roster->due_ns = line_ns + member->schema->stale_after_ns;
    return was_stale;
}

/* Newest values and windows. */
static void take_up(struct wf_alarm_roster *roster, struct wfi_member *member,
                    const struct wf_stamp *stamp, const void *payload)
{
    if ((stamp->flags & (WF_SAMPLE_GAP_BEFORE | WF_SAMPLE_RESTART)) != 0)
        break_rates(roster, member);
    if (member->windows.count > 0)
        feed_windows(roster, member, payload, roster->now_ns, rate_time(stamp, roster->now_ns));
    if (member->is_kept)
        memcpy(member->copy, payload, member->schema->payload_bytes);
    member->payload = payload;
    member->taken++;
}

void wf_alarm_roster_recall(struct wf_alarm_roster *roster, size_t member,
                            const struct wf_stamp *stamp, const void *payload)
{
    struct wfi_member *it;

    if (member >= roster->member_count)
        return;
    it = &roster->members[member];
    roster->engine->due_ns = INT64_MAX; /* looked at again by the first sample that is judged */
    roster->due_ns = INT64_MAX;
    (void)arrive(roster, member, stamp, true);
    roster->engine->at = (struct wfi_alarm_position){ .epoch = stamp->epoch,
                                                      .order = stamp->order,
                                                      .step = UINT32_MAX / 2 };
    if (is_judged(roster, stamp)) {
        int64_t at_ns = rate_time(stamp, roster->now_ns);

        take_up(roster, it, stamp, payload);
        for (size_t i = 0; i < it->reading_count; i++) {
            for (uint32_t k = 0; k < it->readings[i].rate_count; k++) {
                struct wf_value value;

                wf_value_get(it->schema, payload, it->readings[i].parameter, k, &value);
                wf_alarm_history_add(it->readings[i].rates[k], &value, at_ns);
            }
        }
        it->payload = it->copy;
    }
    roster->engine->due_ns = INT64_MIN;
    find_due(roster);
}

void wf_alarm_roster_sample(struct wf_alarm_roster *roster, size_t member,
                            const struct wf_stamp *stamp, const void *payload)
{
    struct wf_alarm_engine *engine = roster->engine;
    struct wf_alarm_now now;
    struct wfi_member *it;
    bool was_stale;

    if (member >= roster->member_count)
        return;
    it = &roster->members[member];
    if (WF_UNLIKELY(roster->is_replaying) &&
        (stamp->epoch > roster->until_epoch ||
         (stamp->epoch == roster->until_epoch && stamp->order > roster->until_order))) {
        roster->is_replaying = false;
        for (size_t i = 0; i < roster->enable_count; i++)
            roster->enables[i].truth = WF_UNKNOWN;
    }
    was_stale = arrive(roster, member, stamp, false);
    engine->at = (struct wfi_alarm_position){ .epoch = stamp->epoch, .order = stamp->order };
    now = (struct wf_alarm_now){ .mono_ns = roster->now_ns - engine->offset_ns,
                                 .utc_ns = stamp->received_ns,
                                 .device_ns = stamp->device_ns };
    if (engine->is_unsettled && !roster->is_replaying)
        wfi_alarm_settle(engine, &now);
    judge_whole(roster, it, stamp, was_stale, &now);
    if (!is_judged(roster, stamp))
        return;
    take_up(roster, it, stamp, payload);
    if (it->contexts.count > 0)
        judge_contexts(roster, it, &now);
    if (it->enables.count > 0)
        judge_enables(roster, it, &now);
    wfi_roster_judge_values(roster, it, payload, rate_time(stamp, roster->now_ns), &now);
    if (it->rules.count > 0)
        judge_rules(roster, it, &now);
    it->payload = it->copy;
}

void wf_alarm_roster_judged(struct wf_alarm_roster *roster, size_t index, enum wf_truth truth,
                            const struct wf_alarm_now *now)
{
    if (index < roster->coded_count)
        wf_alarm_engine_truth(roster->engine, roster->coded[index], truth, (double)NAN, now);
}
