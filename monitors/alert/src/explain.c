/* SPDX-License-Identifier: MIT */
/* Alarms as JSON: one in short, all in a list, one with everything that is known of it. */

#include "control.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES_MAX 20

static json_t *time_json(int64_t ns)
{
    return ns == WF_TIME_NONE ? json_null() : json_integer((json_int_t)ns);
}

static json_t *number_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *text_json(const char *text)
{
    json_t *json = json_string(text != NULL ? text : "");

    return json != NULL ? json : json_string("?"); /* no UTF-8 */
}

static json_t *marks_json(uint8_t marks)
{
    static const char *const names[] = { "SHELVED", "OUT_OF_SERVICE", "DISABLED", "SUPPRESSED",
                                         "SHADOW" };
    json_t *json = json_array();

    for (unsigned i = 0; i < WF_COUNT_OF(names); i++)
        if ((marks & 1u << i) != 0)
            (void)json_array_append_new(json, json_string(names[i]));
    return json;
}

static void add_about(const struct alert *alert, const struct alert_alarm *alarm, json_t *json)
{
    const struct wf_alarm_spec *spec;
    struct wf_alarm_about about;
    bool is_under = (alarm->shown.marks & WF_ALARM_SUPPRESSED) != 0;

    if (alarm->index < 0)
        return;
    spec = wf_alarm_engine_spec(wf_alarm_roster_engine(alert->roster), (size_t)alarm->index);
    wf_alarm_roster_about(alert->roster, (size_t)alarm->index, &about);
    (void)json_object_set_new(json, "source", text_json(about.source));
    (void)json_object_set_new(json, "subsystem", text_json(about.subsystem));
    (void)json_object_set_new(json, "parameter", text_json(about.name));
    (void)json_object_set_new(json, "kind", text_json(wf_alarm_kind_name(about.kind)));
    (void)json_object_set_new(json, "title", text_json(about.title));
    (void)json_object_set_new(json, "guidance", text_json(about.guidance));
    (void)json_object_set_new(json, "unit", text_json(about.unit));
    (void)json_object_set_new(
        json, "frozen",
        json_boolean(wf_alarm_roster_is_frozen(alert->roster, (size_t)alarm->index)));
    (void)json_object_set_new(
        json, "parent",
        text_json(spec->parent >= 0 && is_under ? alert->alarms[spec->parent]->name : ""));
}

json_t *alert_alarm_json(const struct alert *alert, const struct alert_alarm *alarm)
{
    const struct alert_shown *shown = &alarm->shown;
    json_t *json = json_pack(
        "{s:o,s:s,s:o,s:b,s:i,s:i,s:s,s:o,s:o,s:o,s:I,s:o,s:o,s:i,s:o,s:o,s:o,s:o,s:o,s:i}",
        "alarm", text_json(alarm->name), "state",
        wf_alarm_state_name((enum wf_alarm_state)shown->state), "marks", marks_json(shown->marks),
        "shown", alert_is_shown(shown), "severity", shown->severity, "highest", shown->highest,
        "level", shown->level, "value", number_json(shown->value), "value_text",
        text_json(shown->value_text), "limit", number_json(shown->limit), "seq",
        (json_int_t)shown->seq, "raised_ns", time_json(shown->raised_ns), "changed_ns",
        time_json(shown->changed_ns), "count", (int)shown->count, "user", text_json(shown->user),
        "note", text_json(shown->note), "mark_user", text_json(shown->mark_user), "mark_note",
        text_json(shown->mark_note), "shelved_until_ns", time_json(shown->shelved_until_ns),
        "children", (int)alarm->children);

    add_about(alert, alarm, json);
    return json;
}

json_t *alert_list_json(struct alert *alert, const char *match, bool is_all)
{
    json_t *list = json_array();

    for (size_t i = 0; i < alert->alarm_count; i++) {
        const struct alert_alarm *alarm = alert->alarms[i];
        char bare[WF_JOURNAL_ALARM_SIZE];
        char *blank;

        (void)wf_copy_text(bare, sizeof(bare), alarm->name);
        blank = strrchr(bare, ' ');
        if (blank != NULL)
            *blank = '\0';
        if ((is_all || alert_is_listed(&alarm->shown)) &&
            (wf_glob_match(match, alarm->name) || wf_glob_match(match, bare)))
            (void)json_array_append_new(list, alert_alarm_json(alert, alarm));
    }
    return json_pack("{s:o}", "alarms", list);
}

static json_t *journal_json(const struct alert *alert)
{
    struct alert_commit_figures figures = { 0 };

    if (alert->commit != NULL)
        alert_commit_figures(alert->commit, &figures);
    return json_pack("{s:b,s:b,s:o,s:I,s:I,s:I}", "open", figures.is_open, "failing",
                     figures.is_failing, "error", text_json(figures.error), "errors",
                     (json_int_t)figures.errors, "held", (json_int_t)alert->held, "last_seq",
                     (json_int_t)alert->last_seq);
}

/* Samples that are in the regions and not judged yet. */
static uint64_t count_behind(const struct alert *alert)
{
    uint64_t behind = 0;

    for (const struct alert_line *line = alert->lines; line != NULL; line = line->next) {
        struct wf_region_info info;

        if (line->region == NULL)
            continue;
        wf_region_info(line->region, &info);
        behind += info.head - line->cursor.next + (line->has_sample ? 1 : 0);
    }
    return behind;
}

json_t *alert_status_json(struct alert *alert, const char *user, enum alert_role role)
{
    const struct alert_counts counts = alert->counts;

    return json_pack(
        "{s:s,s:s,s:s,s:{s:I,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i},s:I,s:o,s:{s:o,s:s}}",
        "monitor", alert->name, "instance", alert->instance, "state",
        alert_state_name(alert_state(alert)), "counts", "alarms", (json_int_t)alert->alarm_count,
        "shown", counts.shown, "active", counts.active, "unacknowledged", counts.unacknowledged,
        "pending", counts.pending, "latched", counts.latched, "shelved", counts.shelved,
        "suppressed", counts.suppressed, "out_of_service", counts.out_of_service, "disabled",
        counts.disabled, "shadow", counts.shadow, "behind", (json_int_t)count_behind(alert),
        "journal", journal_json(alert), "you", "user", text_json(user), "role",
        alert_role_name(role));
}

/* --- everything --------------------------------------------------------------------------------- */

static json_t *persistence_json(const struct wf_persistence *it)
{
    if (it->n == 0 && it->for_ns > 0)
        return json_pack("{s:I}", "for_ns", (json_int_t)it->for_ns);
    return json_pack("{s:i,s:i}", "n", it->n, "m", it->m);
}

static const char *level_name(const struct wf_alarm_definition *definition, unsigned level)
{
    static const char *const limits[] = { "lolo", "lo", "hi", "hihi" };
    static const char *const severities[] = { "watch", "warning", "distress", "critical",
                                              "severe" };

    if (definition->kind == WF_ALARM_LIMIT && level < WF_COUNT_OF(limits))
        return limits[level];
    return definition->kind == WF_ALARM_STATES ? severities[level] : "";
}

/* The last M samples as "1101", oldest first; or since when, for durations. */
static void add_window(const struct wf_persistence *it, const struct wf_alarm_memory *memory,
                       unsigned level, json_t *json)
{
    bool is_counting = (memory->counting & 1u << level) != 0;
    char text[WF_ALARM_M_MAX + 1];
    unsigned m = it->m > WF_ALARM_M_MAX ? WF_ALARM_M_MAX : it->m;

    if (it->n == 0 && it->for_ns > 0) {
        (void)json_object_set_new(json, "since_ns",
                                  is_counting ? json_integer((json_int_t)memory->window[level])
                                              : json_null());
        return;
    }
    for (unsigned i = 0; i < m; i++)
        text[i] = is_counting && (memory->window[level] >> (m - 1 - i) & 1) != 0 ? '1' : '0';
    text[m] = '\0';
    (void)json_object_set_new(json, "window", json_string(text));
}

static json_t *levels_json(const struct wf_alarm_definition *definition,
                           const struct wf_alarm_memory *memory)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < WF_ALARM_LEVEL_MAX; i++) {
        bool is_raised = (memory->raised & 1u << i) != 0;
        json_t *level;

        if ((definition->levels & 1u << i) == 0)
            continue;
        level = json_pack("{s:s,s:i,s:b,s:b,s:s}", "level", level_name(definition, i), "severity",
                          definition->severity[i], "raised", is_raised, "violated",
                          (memory->violated & 1u << i) != 0, "counting",
                          (memory->counting & 1u << i) == 0 ? ""
                          : is_raised                       ? "to clear"
                                                            : "to raise");
        add_window(is_raised ? &definition->clear : &definition->raise, memory, i, level);
        (void)json_array_append_new(list, level);
    }
    return list;
}

static void add_value(const struct wf_schema *schema, size_t parameter, const void *payload,
                      json_t *json)
{
    char room[200];
    struct wf_strbuf text = WF_STRBUF_FIXED(room);
    struct wf_value value;

    wf_value_get(schema, payload, parameter, 0, &value);
    wf_value_format(schema, parameter, &value, &text);
    if (schema->parameters[parameter].unit[0] != '\0')
        wf_strbuf_addf(&text, " %s", schema->parameters[parameter].unit);
    (void)json_object_set_new(json, "value", number_json(wf_value_as_double(&value)));
    (void)json_object_set_new(json, "value_text", text_json(text.text));
    (void)json_object_set_new(json, "quality",
                              json_string(wf_quality_name((enum wf_quality)value.quality)));
}

/* The newest samples of the parameter that are in the ring, newest last. */
static json_t *samples_json(const struct alert_line *line, int parameter)
{
    json_t *list = json_array();
    void *payload = malloc(line->schema->payload_bytes);
    struct wf_region_info info;
    uint64_t number;

    if (payload == NULL || line->region == NULL) {
        free(payload);
        return list;
    }
    wf_region_info(line->region, &info);
    number = info.head > SAMPLES_MAX ? info.head - SAMPLES_MAX : 0;
    for (; number < info.head; number++) {
        struct wf_stamp stamp;
        json_t *sample;

        if (wf_region_read(line->region, number, payload, line->schema->payload_bytes, &stamp) < 0)
            continue;
        sample = json_pack("{s:I,s:I}", "number", (json_int_t)stamp.number, "received_ns",
                           (json_int_t)stamp.received_ns);
        if (parameter >= 0)
            add_value(line->schema, (size_t)parameter, payload, sample);
        (void)json_array_append_new(list, sample);
    }
    free(payload);
    return list;
}

static json_t *children_json(const struct alert *alert, const struct alert_alarm *alarm)
{
    const struct wf_alarm_engine *engine = wf_alarm_roster_engine(alert->roster);
    json_t *list = json_array();

    for (size_t i = 0; i < alert->alarm_count; i++)
        if (wf_alarm_engine_spec(engine, i)->parent == alarm->index &&
            (alert->alarms[i]->shown.marks & WF_ALARM_SUPPRESSED) != 0)
            (void)json_array_append_new(list, text_json(alert->alarms[i]->name));
    return list;
}

static json_t *severities_json(const struct wf_alarm_definition *definition)
{
    json_t *json = json_object();

    for (unsigned i = 0; i < WF_ALARM_LEVEL_MAX; i++)
        if ((definition->levels & 1u << i) != 0 && level_name(definition, i)[0] != '\0')
            (void)json_object_set_new(json, level_name(definition, i),
                                      json_integer(definition->severity[i]));
    return json;
}

static json_t *configured_json(const struct alert_line *line, const struct wf_alarm_about *about)
{
    const struct wf_limits *limits;

    if (about->kind != WF_ALARM_LIMIT)
        return json_object();
    limits = &line->schema->parameters[about->parameter].limits;
    return alert_limits_json(limits->present, limits->value);
}

static json_t *changed_by_json(const struct alert_alarm *alarm)
{
    if (alarm->limits == NULL)
        return json_null();
    return json_pack("{s:o,s:I,s:o}", "user", text_json(alarm->limits_user), "time_ns",
                     (json_int_t)alarm->limits_ns, "note", text_json(alarm->limits_note));
}

static json_t *now_json(const json_t *samples, const struct alert *alert, size_t index)
{
    size_t count = json_array_size(samples);
    json_t *now = count > 0 ? json_copy(json_array_get(samples, count - 1)) : json_object();

    (void)json_object_set_new(now, "stale",
                              json_boolean(wf_alarm_roster_is_frozen(alert->roster, index)));
    return now;
}

json_t *alert_explain_json(struct alert *alert, struct alert_alarm *alarm)
{
    size_t index = (size_t)alarm->index;
    const char *context = "";
    const struct wf_alarm_definition *definition =
        wf_alarm_roster_definition(alert->roster, index, &context);
    const struct wf_alarm_memory *memory =
        wf_alarm_engine_memory(wf_alarm_roster_engine(alert->roster), index);
    json_t *json = alert_alarm_json(alert, alarm);
    const struct alert_line *line;
    struct wf_alarm_about about;
    json_t *samples;

    wf_alarm_roster_about(alert->roster, index, &about);
    line = alert->members[about.member];
    samples = line != NULL ? samples_json(line, about.parameter) : json_array();
    (void)json_object_set_new(json, "rule", text_json(about.rule));
    (void)json_object_set_new(json, "enabled_when", text_json(about.enabled_when));
    (void)json_object_set_new(json, "suppressed_by", text_json(about.suppressed_by));
    (void)json_object_set_new(json, "context", text_json(context));
    if (about.kind == WF_ALARM_LIMIT)
        (void)json_object_set_new(json, "limits",
                                  alert_limits_json(definition->levels, definition->limit));
    if (line != NULL)
        (void)json_object_set_new(json, "configured", configured_json(line, &about));
    (void)json_object_set_new(json, "changed_by", changed_by_json(alarm));
    (void)json_object_set_new(json, "severities", severities_json(definition));
    (void)json_object_set_new(json, "hysteresis", json_real(definition->hysteresis));
    (void)json_object_set_new(json, "exclusive", json_boolean(definition->is_exclusive));
    (void)json_object_set_new(json, "latched", json_boolean(definition->is_latched));
    (void)json_object_set_new(json, "raise", persistence_json(&definition->raise));
    (void)json_object_set_new(json, "clear", persistence_json(&definition->clear));
    (void)json_object_set_new(json, "levels", levels_json(definition, memory));
    (void)json_object_set_new(json, "now", now_json(samples, alert, index));
    (void)json_object_set_new(json, "samples", samples);
    (void)json_object_set_new(json, "children_names", children_json(alert, alarm));
    (void)json_object_set_new(
        json, "journal",
        json_pack("{s:s,s:I}", "monitor", alert->name, "seq", (json_int_t)alarm->shown.seq));
    return json;
}
