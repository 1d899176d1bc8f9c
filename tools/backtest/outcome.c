/* SPDX-License-Identifier: MIT */
/* What one roster makes of history: every transition, and sums for each alarm. */

#include "backtest.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#define CHATTER_NS  (60 * WF_NS_PER_S)
#define TEN_MINUTES (600 * WF_NS_PER_S)

static void add_up(struct alarm_sum *sum, const struct wf_alarm_transition *transition)
{
    bool was_active =
        transition->from == WF_ALARM_ACTIVE_UNACK || transition->from == WF_ALARM_ACTIVE_ACK;
    bool is_active =
        transition->to == WF_ALARM_ACTIVE_UNACK || transition->to == WF_ALARM_ACTIVE_ACK;
    int64_t now_ns = transition->now.utc_ns;

    sum->announced += (transition->actions & WF_ALARM_ANNOUNCE) != 0;
    if (transition->severity > sum->worst)
        sum->worst = transition->severity;
    if (is_active && !was_active) {
        sum->raised++;
        sum->chatter += sum->left_ns != 0 && now_ns - sum->left_ns < CHATTER_NS;
        sum->since_ns = now_ns;
    } else if (was_active && !is_active) {
        sum->active_ns += now_ns - sum->since_ns;
        sum->since_ns = 0;
        sum->left_ns = now_ns;
    }
}

static void take(void *context, const struct wf_alarm_transition *transition)
{
    struct outcome *outcome = context;
    struct transition *kept;

    if (outcome->count == outcome->room) {
        size_t room = outcome->room == 0 ? 1024 : 2 * outcome->room;
        struct transition *grown = realloc(outcome->transitions, room * sizeof(*grown));

        if (grown == NULL) {
            outcome->is_out_of_memory = true;
            return;
        }
        outcome->transitions = grown;
        outcome->room = room;
    }
    kept = &outcome->transitions[outcome->count++];
    *kept = (struct transition){
        .alarm = transition->alarm,
        .is_mark = transition->is_mark,
        .event = (uint8_t)transition->event,
        .from = (uint8_t)transition->from,
        .to = (uint8_t)transition->to,
        .severity = transition->severity,
        .level = transition->level,
        .marks = transition->marks,
        .is_announced = (transition->actions & WF_ALARM_ANNOUNCE) != 0,
        .utc_ns = transition->now.utc_ns,
        .device_ns = transition->now.device_ns,
        .value = transition->value,
        .limit = transition->limit,
    };
    add_up(&outcome->sums[transition->alarm], transition);
}

int outcome_open(struct outcome *outcome, enum wf_alarm_late late, const char *shadow,
                 struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    struct wf_alarm_roster_options options = {
        .members = outcome->members,
        .member_count = outcome->member_count,
        .late = late,
        .shadow = shadow,
        .settle_ns = -1, /* nothing comes later than it was recorded */
        .host = { .context = outcome, .emit = take },
    };
    int rc = wf_alarm_roster_create(&options, &outcome->roster, &problems, err);

    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    if (rc < 0)
        return rc;
    outcome->alarm_count = wf_alarm_engine_size(wf_alarm_roster_engine(outcome->roster));
    outcome->sums = calloc(outcome->alarm_count + 1, sizeof(*outcome->sums));
    return outcome->sums != NULL ? 0 : wf_fail(err, WF_ERR_NOMEM, "out of memory");
}

void outcome_close(struct outcome *outcome)
{
    wf_alarm_roster_destroy(&outcome->roster);
    for (size_t i = 0; outcome->schemas != NULL && i < outcome->member_count; i++)
        wf_schema_free(&outcome->schemas[i]);
    free(outcome->schemas);
    free(outcome->members);
    free(outcome->sums);
    free(outcome->transitions);
    *outcome = (struct outcome){ 0 };
}

void outcome_end(struct outcome *outcome, int64_t to_ns)
{
    for (size_t i = 0; i < outcome->alarm_count; i++)
        if (outcome->sums[i].since_ns != 0 && to_ns > outcome->sums[i].since_ns)
            outcome->sums[i].active_ns += to_ns - outcome->sums[i].since_ns;
}

const char *outcome_name(const struct outcome *outcome, size_t alarm)
{
    return wf_alarm_engine_spec(wf_alarm_roster_engine(outcome->roster), alarm)->name;
}

int outcome_find(const struct outcome *outcome, const char *name)
{
    return wf_alarm_engine_find(wf_alarm_roster_engine(outcome->roster), name);
}

void outcome_totals(const struct outcome *outcome, int64_t from_ns, int64_t to_ns,
                    struct totals *out)
{
    double hours = (double)(to_ns - from_ns) / 3600e9;
    size_t begin = 0;
    uint64_t within = 0;

    *out = (struct totals){ 0 };
    for (size_t i = 0; i < outcome->alarm_count; i++) {
        out->raised += outcome->sums[i].raised;
        out->announced += outcome->sums[i].announced;
        out->chatter += outcome->sums[i].chatter;
    }
    out->announced_per_hour = hours > 0 ? (double)out->announced / hours : 0;
    for (size_t end = 0; end < outcome->count; end++) {
        within += outcome->transitions[end].is_announced;
        while (outcome->transitions[end].utc_ns - outcome->transitions[begin].utc_ns >= TEN_MINUTES)
            within -= outcome->transitions[begin++].is_announced;
        if (within > out->worst_ten_minutes)
            out->worst_ten_minutes = within;
    }
}
