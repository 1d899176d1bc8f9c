/* SPDX-License-Identifier: MIT */
/* Facts: see handover_facts.h. */

#include "handover_facts.h"

#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/store/history.h>

#include "past.h"
#include "show.h"

/* As in the engine. */
#define SHELVED        0x01
#define OUT_OF_SERVICE 0x02
#define SUPPRESSED     0x08
#define HIDDEN         0x1f

static json_t *state_json(const struct wf_journal_alarm *alarm)
{
    return json_pack("{s:o,s:s,s:i,s:i,s:o,s:o,s:i,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "alarm",
                     show_json_text(alarm->alarm), "state", alarm->state, "severity",
                     alarm->severity, "highest", alarm->highest, "value_text",
                     show_json_text(alarm->value_text), "raised", show_json_time(alarm->raised_ns),
                     "count", (int)alarm->count, "user", show_json_text(alarm->ack_user), "note",
                     show_json_text(alarm->ack_note), "acknowledged", show_json_time(alarm->ack_ns),
                     "mark_user", show_json_text(alarm->mark_user), "mark_note",
                     show_json_text(alarm->mark_note), "marked", show_json_time(alarm->mark_ns),
                     "shelved_until", show_json_time(alarm->shelved_until_ns));
}

static int note_state(void *context, const struct wf_journal_alarm *alarm)
{
    struct handover *handover = context;
    bool is_unacked =
        strcmp(alarm->state, "ACTIVE_UNACK") == 0 || strcmp(alarm->state, "RTN_UNACK") == 0;
    bool is_taken = strcmp(alarm->state, "ACTIVE_ACK") == 0 || strcmp(alarm->state, "LATCHED") == 0;

    if ((alarm->marks & SHELVED) != 0)
        (void)json_array_append_new(handover->shelved, state_json(alarm));
    if ((alarm->marks & OUT_OF_SERVICE) != 0)
        (void)json_array_append_new(handover->out_of_service, state_json(alarm));
    if ((alarm->marks & SUPPRESSED) != 0)
        handover->suppressed++;
    if ((alarm->marks & HIDDEN) != 0)
        return 0;
    if (is_unacked)
        (void)json_array_append_new(handover->active, state_json(alarm));
    else if (is_taken)
        (void)json_array_append_new(handover->taken, state_json(alarm));
    return 0;
}

static int note_limits(void *context, const struct wf_journal_change *change)
{
    struct handover *handover = context;

    (void)json_array_append_new(
        handover->limits,
        json_pack("{s:o,s:o,s:o,s:o}", "alarm", show_json_text(change->alarm), "in_force",
                  show_json_text(change->json), "user", show_json_text(change->user), "time",
                  show_json_time(change->utc_ns)));
    return 0;
}

static int read_states(const struct desk *desk, struct handover *handover, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < desk->kept_count; i++) {
        struct wf_journal_reader *reader = NULL;

        rc = wf_journal_read(desk->journals, desk->kept[i], &reader, err);
        if (rc == 0)
            rc = wf_journal_alarms(reader, note_state, handover, err);
        if (rc == 0)
            rc = wf_journal_limits(reader, note_limits, handover, err);
        wf_journal_reader_close(&reader);
        rc = rc == WF_ERR_ABSENT ? 0 : rc;
    }
    return rc;
}

/* --- what happened --------------------------------------------------------------------------- */

struct gathering {
    struct handover *handover;
    json_t *by_alarm; /* objects by name */
};

static void note_event(struct handover *handover, const struct past_entry *past)
{
    const struct wf_journal_entry *entry = past->entry;

    (void)json_array_append_new(
        handover->events,
        json_pack("{s:o,s:s,s:s,s:o,s:o,s:o,s:o}", "time", show_json_time(entry->utc_ns), "monitor",
                  past->monitor, "kind", wf_journal_kind_name(entry->kind), "alarm",
                  show_json_text(entry->alarm), "user", show_json_text(entry->user), "note",
                  show_json_text(entry->note), "text", show_json_text(entry->text)));
}

static void note_limit_change(struct handover *handover, const struct wf_journal_entry *entry)
{
    (void)json_array_append_new(
        handover->limits,
        json_pack("{s:o,s:o,s:o,s:o,s:o}", "alarm", show_json_text(entry->alarm), "change",
                  show_json_text(entry->text), "user", show_json_text(entry->user), "note",
                  show_json_text(entry->note), "time", show_json_time(entry->utc_ns)));
}

static void add_to(json_t *object, const char *key, int64_t more)
{
    (void)json_object_set_new(
        object, key, json_integer(json_integer_value(json_object_get(object, key)) + more));
}

static void note_transition(struct gathering *gathering, const struct wf_journal_entry *entry)
{
    json_t *alarm = json_object_get(gathering->by_alarm, entry->alarm);
    bool is_ack = strcmp(entry->event, "ACK") == 0;

    if (!entry->is_announced && alarm == NULL)
        return;
    if (alarm == NULL) {
        alarm = json_pack("{s:o,s:i,s:o,s:i}", "alarm", show_json_text(entry->alarm), "times", 0,
                          "first", show_json_time(entry->utc_ns), "severity", 0);
        if (alarm == NULL || json_object_set(gathering->by_alarm, entry->alarm, alarm) < 0) {
            json_decref(alarm);
            return;
        }
        (void)json_array_append_new(gathering->handover->alarms, alarm);
    }
    if (entry->is_announced) {
        gathering->handover->announced++;
        add_to(alarm, "times", 1);
        (void)json_object_set_new(alarm, "last", show_json_time(entry->utc_ns));
        if (entry->severity > json_integer_value(json_object_get(alarm, "severity")))
            (void)json_object_set_new(alarm, "severity", json_integer(entry->severity));
    }
    if (is_ack)
        (void)json_object_set_new(alarm, "user", show_json_text(entry->user));
    if (is_ack && entry->note[0] != '\0')
        (void)json_object_set_new(alarm, "note", show_json_text(entry->note));
    (void)json_object_set_new(alarm, "state", show_json_text(entry->to));
}

static int note_entry(void *context, const struct past_entry *past)
{
    struct gathering *gathering = context;

    if (past->entry->kind == WF_JOURNAL_LIMITS)
        note_limit_change(gathering->handover, past->entry);
    else if (past->entry->kind != WF_JOURNAL_TRANSITION)
        note_event(gathering->handover, past);
    else
        note_transition(gathering, past->entry);
    return 0;
}

static int read_past(const struct desk *desk, struct handover *handover, struct wf_err *err)
{
    const struct past_query query = { .from_ns = handover->since_ns };
    struct gathering gathering = { handover, json_object() };
    int rc = past_each(desk, &query, note_entry, &gathering, NULL, err);

    json_decref(gathering.by_alarm);
    return rc;
}

/* --- gaps ------------------------------------------------------------------------------------ */

static json_t *find_gap(json_t *gaps, const char *name, const char *cause)
{
    json_t *gap;

    for (size_t i = 0; i < json_array_size(gaps); i++) {
        gap = json_array_get(gaps, i);
        if (strcmp(desk_text(gap, "subsystem"), name) == 0 &&
            strcmp(desk_text(gap, "cause"), cause) == 0)
            return gap;
    }
    gap = json_pack("{s:o,s:s,s:i,s:I,s:I,s:s}", "subsystem", show_json_text(name), "cause", cause,
                    "times", 0, "lost", (json_int_t)0, "longest_ns", (json_int_t)0, "means",
                    wf_gap_cause_sentence(wf_gap_cause_from_name(cause)));
    return gap != NULL && json_array_append_new(gaps, gap) == 0 ? gap : NULL;
}

static int note_gap(void *context, const struct wf_gap *gap)
{
    struct handover *handover = context;
    char text[2 * WF_NAME_SIZE];
    struct wf_strbuf name = WF_STRBUF_FIXED(text);
    json_t *object;

    wf_strbuf_add_name(&name, gap->source, gap->subsystem, NULL);
    object = find_gap(handover->gaps, text, wf_gap_cause_name(gap->cause));
    if (object == NULL)
        return 0;
    add_to(object, "times", 1);
    add_to(object, "lost", gap->is_lost_known ? (int64_t)gap->lost : 0);
    if (gap->from_received_ns != WF_TIME_NONE && gap->to_received_ns != WF_TIME_NONE &&
        gap->to_received_ns - gap->from_received_ns > desk_number(object, "longest_ns"))
        (void)json_object_set_new(
            object, "longest_ns",
            json_integer((json_int_t)(gap->to_received_ns - gap->from_received_ns)));
    return 0;
}

/* Without history the rest is still worth telling. */
static int read_gaps(const struct desk *desk, struct handover *handover)
{
    const struct wf_range range = { handover->since_ns, handover->now_ns, true };
    char folder[WF_PATH_SIZE];
    struct wf_history *history = NULL;
    struct wf_err err = { 0 };
    int rc = wf_paths_in_state(&desk->common.paths, "history", folder, sizeof(folder), &err);

    if (rc == 0)
        rc = wf_history_open(folder, &history, &err);
    if (rc == 0)
        rc = wf_history_gaps(history, &range, note_gap, handover, &err);
    wf_history_close(&history);
    if (rc < 0)
        (void)wf_copy_text(handover->no_history, sizeof(handover->no_history),
                           rc == WF_ERR_ABSENT ? "there is no history here" : err.text);
    return 0;
}

int handover_gather(const struct desk *desk, struct handover *handover, struct wf_err *err)
{
    json_t **const lists[] = { &handover->active,         &handover->taken,  &handover->shelved,
                               &handover->out_of_service, &handover->limits, &handover->alarms,
                               &handover->events,         &handover->gaps };
    int rc;

    for (size_t i = 0; i < WF_COUNT_OF(lists); i++) {
        *lists[i] = json_array();
        if (*lists[i] == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    rc = read_past(desk, handover, err);
    if (rc == 0)
        rc = read_states(desk, handover, err);
    return rc == 0 ? read_gaps(desk, handover) : rc;
}

void handover_fini(struct handover *handover)
{
    json_decref(handover->active);
    json_decref(handover->taken);
    json_decref(handover->shelved);
    json_decref(handover->out_of_service);
    json_decref(handover->limits);
    json_decref(handover->alarms);
    json_decref(handover->events);
    json_decref(handover->gaps);
}
