/* SPDX-License-Identifier: MIT */
/* What happened, as entries for the journal. Their texts are copies: the journal's thread reads them. */

#include "alert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/log.h>

enum { TEXT_USER, TEXT_NOTE, TEXT_TEXT, TEXT_LIMITS };

/* Keep a copy of the text with the entry; "" needs none. */
static const char *keep_text(struct alert_entry *entry, unsigned slot, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return "";
    entry->texts[slot] = strdup(text);
    return entry->texts[slot] != NULL ? entry->texts[slot] : "";
}

static struct alert_entry *new_entry(struct alert *alert, const char *alarm)
{
    struct alert_entry *entry = calloc(1, sizeof(*entry));

    if (entry == NULL)
        return NULL;
    (void)wf_copy_text(entry->name, sizeof(entry->name), alarm);
    (void)wf_copy_text(entry->config_hash, sizeof(entry->config_hash), alert->config_hash);
    entry->entry = (struct wf_journal_entry){
        .alarm = entry->name,
        .user = "",
        .note = "",
        .text = "",
        .event = "",
        .from = "",
        .to = "",
        .level = "",
        .value_text = entry->value_text,
        .limits = "",
        .config_hash = entry->config_hash,
        .value = (double)NAN,
        .limit = (double)NAN,
        .device_ns = WF_TIME_NONE,
        .shelved_until_ns = WF_TIME_NONE,
    };
    return entry;
}

void alert_note(struct alert *alert, enum wf_journal_kind kind, const char *alarm, const char *user,
                const char *note, const char *text)
{
    struct alert_entry *entry = new_entry(alert, alarm);

    if (entry == NULL)
        return;
    entry->entry.kind = kind;
    entry->entry.utc_ns = wf_utc_now_ns();
    entry->entry.mono_ns = wf_mono_now_ns();
    entry->entry.user = keep_text(entry, TEXT_USER, user);
    entry->entry.note = keep_text(entry, TEXT_NOTE, note);
    entry->entry.text = keep_text(entry, TEXT_TEXT, text);
    alert_batch_add(alert, entry);
}

/* The value with its unit: from the sample itself where it is a scalar of it. */
static void add_value_text(const struct alert *alert, const struct wf_alarm_about *about,
                           double value, struct wf_strbuf *out)
{
    const struct alert_line *line = alert->current;
    bool is_own = line != NULL && line->member >= 0 && (size_t)line->member == about->member &&
                  about->parameter >= 0;

    if (isnan(value) && about->kind != WF_ALARM_INVALID)
        return;
    if (is_own && line->schema->parameters[about->parameter].count_max == 1 &&
        about->kind != WF_ALARM_RATE) {
        struct wf_value it;

        wf_value_get(line->schema, line->payload, (size_t)about->parameter, 0, &it);
        wf_value_format(line->schema, (size_t)about->parameter, &it, out);
    } else if (!isnan(value)) {
        wf_strbuf_addf(out, "%.6g", value);
    }
    if (about->kind == WF_ALARM_STALE)
        wf_strbuf_add(out, " s");
    else if (out->len > 0 && about->unit[0] != '\0')
        wf_strbuf_addf(out, " %s%s", about->unit, about->kind == WF_ALARM_RATE ? "/s" : "");
}

void alert_add_value(const struct alert *alert, size_t alarm, double value, struct wf_strbuf *out)
{
    struct wf_alarm_about about;

    wf_alarm_roster_about(alert->roster, alarm, &about);
    add_value_text(alert, &about, value, out);
}

static const char *level_name(const struct wf_alarm_about *about, uint8_t level)
{
    static const char *const names[] = { "lolo", "lo", "hi", "hihi" };

    return about->kind == WF_ALARM_LIMIT && level < WF_COUNT_OF(names) ? names[level] : "";
}

static void fill_transition(struct alert *alert, const struct wf_alarm_transition *from,
                            struct alert_entry *entry)
{
    struct wf_journal_entry *to = &entry->entry;
    struct wf_strbuf text = WF_STRBUF_FIXED(entry->value_text);
    struct wf_alarm_about about;

    wf_alarm_roster_about(alert->roster, from->alarm, &about);
    to->kind = WF_JOURNAL_TRANSITION;
    to->utc_ns = from->now.utc_ns;
    to->mono_ns = from->now.mono_ns;
    to->device_ns = from->now.device_ns;
    to->user = keep_text(entry, TEXT_USER, from->user);
    to->note = keep_text(entry, TEXT_NOTE, from->note);
    to->seq = from->seq;
    to->event = from->is_mark ? "MARK" : wf_alarm_event_name(from->event);
    to->from = wf_alarm_state_name(from->from);
    to->to = wf_alarm_state_name(from->to);
    to->marks_before = from->marks_before;
    to->marks = from->marks;
    to->severity_before = from->severity_before;
    to->severity = from->severity;
    to->highest = from->highest;
    to->level = level_name(&about, from->level);
    to->value = from->value;
    to->limit = from->limit;
    add_value_text(alert, &about, from->value, &text);
    if ((from->marks & WF_ALARM_SHELVED) != 0)
        to->shelved_until_ns = from->shelved_until_ns;
    if (alert->current != NULL) {
        to->sample_epoch = alert->current->stamp.epoch;
        to->sample_number = alert->current->stamp.number;
    }
    if (alert->why != NULL) {
        to->sample_epoch = alert->judged_epoch;
        to->sample_number = alert->judged_number;
        to->text = keep_text(entry, TEXT_TEXT, alert->why);
        (void)wf_copy_text(entry->value_text, sizeof(entry->value_text), alert->why);
    }
    to->is_announced = (from->actions & WF_ALARM_ANNOUNCE) != 0;
    if (about.kind == WF_ALARM_LIMIT || about.kind == WF_ALARM_RATE) {
        struct wf_strbuf limits;

        wf_strbuf_init(&limits, 4096);
        wf_alarm_roster_limits_text(alert->roster, from->alarm, &limits);
        to->limits = keep_text(entry, TEXT_LIMITS, limits.text);
        wf_strbuf_fini(&limits);
    }
}

/* Samples around what people are told of are worth keeping. */
static void keep_samples(struct alert *alert, const struct wf_alarm_transition *transition)
{
    if (transition->is_mark || alert->current == NULL ||
        (transition->actions & WF_ALARM_ANNOUNCE) == 0)
        return;
    if (transition->event == WF_ALARM_RAISE || transition->event == WF_ALARM_WORSEN)
        alert_blackbox_trip(alert, alert->current, transition->seq);
}

static void on_transition(void *context, const struct wf_alarm_transition *transition)
{
    struct alert *alert = context;
    struct alert_alarm *alarm = alert->alarms[transition->alarm];
    struct alert_entry *entry = new_entry(alert, alarm->name);

    alert->last_seq = transition->seq;
    alarm->emitted =
        *wf_alarm_engine_memory(wf_alarm_roster_engine(alert->roster), transition->alarm);
    if (entry == NULL) {
        /* Its seq would be missing in the journal for ever: better to end and begin again there. */
        wf_log_error("out of memory; ending, so that a new start goes on where the journal ends");
        abort();
    }
    fill_transition(alert, transition, entry);
    entry->alarm = alarm;
    entry->stored.memory = alarm->emitted;
    entry->stored.definition_hash = alarm->definition_hash;
    entry->entry.memory = &entry->stored;
    entry->entry.memory_bytes = sizeof(entry->stored);
    alert->held++;
    alert_batch_add(alert, entry);
    keep_samples(alert, transition);
}

struct wf_alarm_host alert_judge_host(struct alert *alert)
{
    return (struct wf_alarm_host){ .context = alert,
                                   .emit = on_transition,
                                   .last_seq = alert->last_seq };
}
