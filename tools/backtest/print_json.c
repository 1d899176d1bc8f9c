/* SPDX-License-Identifier: MIT */
/* The report for machines. */

#include "backtest.h"

#include <math.h>
#include <stdio.h>

#include <watchfloor/clock.h>

#include "json_text.h"

/* Members that cannot be made are missing; the caller looks once, at the end, for memory. */
static void set(json_t *object, const char *name, json_t *value)
{
    (void)json_object_set_new(object, name, value);
}

static json_t *time_json(int64_t utc_ns)
{
    char text[64];
    struct wf_strbuf line = WF_STRBUF_FIXED(text);

    if (utc_ns == WF_TIME_NONE)
        return json_null();
    wf_strbuf_add_time(&line, utc_ns, 9);
    return json_string(text);
}

static json_t *number_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *alarm_json(const struct alarm_sum *sum)
{
    json_t *alarm = json_object();

    set(alarm, "raised", json_integer((json_int_t)sum->raised));
    set(alarm, "announced", json_integer((json_int_t)sum->announced));
    set(alarm, "chatter", json_integer((json_int_t)sum->chatter));
    set(alarm, "active_s", json_real((double)sum->active_ns / 1e9));
    set(alarm, "worst", json_integer(sum->worst));
    return alarm;
}

static const char *level_name(const struct outcome *outcome, const struct transition *it)
{
    static const char *const names[] = { "lolo", "lo", "hi", "hihi" };
    const struct wf_alarm_spec *spec =
        wf_alarm_engine_spec(wf_alarm_roster_engine(outcome->roster), it->alarm);

    return spec->definition.kind == WF_ALARM_LIMIT && it->level < WF_COUNT_OF(names)
               ? names[it->level]
               : "";
}

static json_t *transition_json(const struct outcome *outcome, const struct transition *it)
{
    json_t *transition = json_object();

    set(transition, "time", time_json(it->utc_ns));
    set(transition, "device_time", time_json(it->device_ns));
    set(transition, "alarm", json_string(outcome_name(outcome, it->alarm)));
    set(transition, "event",
        json_string(it->is_mark ? "MARK" : wf_alarm_event_name((enum wf_alarm_event)it->event)));
    set(transition, "from", json_string(wf_alarm_state_name((enum wf_alarm_state)it->from)));
    set(transition, "to", json_string(wf_alarm_state_name((enum wf_alarm_state)it->to)));
    set(transition, "severity", json_integer(it->severity));
    set(transition, "marks", json_integer(it->marks));
    set(transition, "level", json_string(level_name(outcome, it)));
    set(transition, "value", number_json(it->value));
    set(transition, "limit", number_json(it->limit));
    set(transition, "announced", json_boolean(it->is_announced));
    return transition;
}

static json_t *outcome_json(const struct report *report, const struct outcome *outcome)
{
    json_t *object = json_object(), *alarms = json_object();
    struct totals totals;

    outcome_totals(outcome, report->from_ns, report->to_ns, &totals);
    set(object, "raised", json_integer((json_int_t)totals.raised));
    set(object, "announced", json_integer((json_int_t)totals.announced));
    set(object, "announced_per_hour", json_real(totals.announced_per_hour));
    set(object, "worst_ten_minutes", json_integer((json_int_t)totals.worst_ten_minutes));
    set(object, "chatter", json_integer((json_int_t)totals.chatter));
    for (size_t i = 0; i < outcome->alarm_count; i++)
        if (outcome->sums[i].raised > 0)
            set(alarms, outcome_name(outcome, i), alarm_json(&outcome->sums[i]));
    set(object, "alarms", alarms);
    if (report->has_transitions) {
        json_t *list = json_array();

        for (size_t i = 0; i < outcome->count; i++)
            (void)json_array_append_new(list, transition_json(outcome, &outcome->transitions[i]));
        set(object, "transitions", list);
    }
    return object;
}

static json_t *incident_json(const struct incident *it)
{
    json_t *incident = json_object();

    set(incident, "alarm", json_string(it->name));
    set(incident, "severity", json_integer(it->severity));
    set(incident, "raised", time_json(it->raised_ns));
    set(incident, "ended", time_json(it->ended_ns));
    set(incident, "new", time_json(it->new_ns));
    set(incident, "later_s",
        it->new_ns == WF_TIME_NONE ? json_null()
                                   : json_real((double)(it->new_ns - it->raised_ns) / 1e9));
    return incident;
}

int print_json(const struct report *report)
{
    json_t *root = json_object(), *incidents = json_array();
    bool is_written;

    set(root, "from", time_json(report->from_ns));
    set(root, "to", time_json(report->to_ns));
    set(root, "samples", json_integer((json_int_t)report->samples));
    set(root, "values", json_integer((json_int_t)report->values));
    set(root, "seconds", json_real(report->seconds));
    set(root, "old", outcome_json(report, report->old));
    set(root, "new", outcome_json(report, report->proposed));
    for (size_t i = 0; i < report->incidents->count; i++)
        (void)json_array_append_new(incidents, incident_json(&report->incidents->list[i]));
    set(root, "incidents", incidents);
    set(root, "incidents_from",
        json_string(report->incidents->is_from_journal ? "journal" : "old"));
    is_written = root != NULL && json_text_write(root, true, stdout);
    json_decref(root);
    return is_written ? 0 : WF_ERR_NOMEM;
}
