/* SPDX-License-Identifier: MIT */
/*
 * Limits that users change while it runs: checked, one transition of that alarm, an entry that says
 * what was and what is, and kept in the journal so that they hold over restarts, until taken back.
 */

#include "control.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/log.h>

static const char *const names[WF_LIMIT_COUNT] = { "lolo", "lo", "hi", "hihi" };

json_t *alert_limits_json(uint8_t present, const double *values)
{
    json_t *json = json_object();

    for (unsigned i = 0; i < WF_LIMIT_COUNT; i++)
        if ((present & 1u << i) != 0)
            (void)json_object_set_new(json, names[i], json_real(values[i]));
    return json;
}

/* The schema's own limits of the parameter that an alarm is about; NULL when it has none. */
static const struct wf_limits *schema_limits(const struct wf_alarm_roster *roster,
                                             struct alert_line *const *members, size_t alarm)
{
    struct wf_alarm_about about;

    wf_alarm_roster_about(roster, alarm, &about);
    if (about.kind != WF_ALARM_LIMIT)
        return NULL;
    return &members[about.member]->schema->parameters[about.parameter].limits;
}

static int read_limits(const json_t *json, const struct wf_limits *base, struct wf_limits *out,
                       struct wf_err *err)
{
    const char *key;
    json_t *value;

    *out = *base;
    out->present = 0;
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        unsigned i = 0;

        while (i < WF_LIMIT_COUNT && strcmp(key, names[i]) != 0)
            i++;
        if (i == WF_LIMIT_COUNT)
            return wf_fail(err, WF_ERR_INVALID, "there is no limit '%.20s'; lolo, lo, hi, hihi",
                           key);
        if (json_is_null(value))
            continue;
        if (!json_is_number(value) || !isfinite(json_number_value(value)))
            return wf_fail(err, WF_ERR_INVALID, "%s is no number", key);
        out->present = (uint8_t)(out->present | 1u << i);
        out->value[i] = json_number_value(value);
        if (out->severity[i] == 0)
            out->severity[i] =
                i == WF_LOLO || i == WF_HIHI ? WF_SEVERITY_CRITICAL : WF_SEVERITY_WARNING;
    }
    return 0;
}

void alert_edit_restore(struct alert_line *const *members, struct wf_alarm_roster *roster,
                        size_t index, struct alert_alarm *alarm)
{
    const struct wf_limits *base = schema_limits(roster, members, index);
    struct wf_limits limits;
    struct wf_err err = { 0 };
    json_t *json;
    int rc;

    if (alarm->limits == NULL || base == NULL)
        return;
    json = json_loads(alarm->limits, 0, NULL);
    rc = json_is_object(json) ? read_limits(json, base, &limits, &err)
                              : wf_fail(&err, WF_ERR_CORRUPT, "no limits in the journal");
    json_decref(json);
    if (rc == 0)
        rc = wf_alarm_roster_edited(roster, index, &limits, &err);
    if (rc < 0)
        wf_log_error("%s: limits of %s: %s; those of the schema hold", alarm->name,
                     alarm->limits_user, err.text);
}

static json_t *in_force(const struct alert_command *command)
{
    const char *context;
    const struct wf_alarm_definition *definition =
        wf_alarm_roster_definition(command->alert->roster, (size_t)command->alarm->index, &context);

    return alert_limits_json(definition->levels, definition->limit);
}

/* The journal's side of it: what the next start needs, and who did what. */
static int record(struct alert_command *command, json_t *before, char *json, struct wf_err *err)
{
    struct alert *alert = command->alert;
    struct alert_alarm *alarm = command->alarm;
    struct alert_change *change = calloc(1, sizeof(*change));
    json_t *after = in_force(command);
    json_t *both = json_pack("{s:O,s:O}", "old", before, "new", after);
    char *text = json_dumps(both, JSON_COMPACT);

    json_decref(both);
    command->reply = json_pack("{s:o}", "limits", after);
    if (change == NULL || text == NULL) {
        free(change);
        free(text);
        free(json);
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    free(alarm->limits);
    alarm->limits = json != NULL ? strdup(json) : NULL;
    change->alarm = alarm;
    change->json = json;
    change->utc_ns = wf_utc_now_ns();
    (void)wf_copy_text(change->user, sizeof(change->user), command->user);
    (void)wf_copy_text(change->note, sizeof(change->note),
                       alert_request_text(command->request, "note"));
    alarm->is_limit_change_held = true;
    alert_tables_watch_limits(alert);
    alert_batch_add_change(alert, change);
    alert_note(alert, WF_JOURNAL_LIMITS, alarm->name, command->user,
               alert_request_text(command->request, "note"), text);
    wf_log_info("%s: limits changed by %s: %s", alarm->name, command->user, text);
    free(text);
    return 0;
}

/* `limits` NULL: those of the configuration again. */
static int change(struct alert_command *command, const struct wf_limits *limits, char *json,
                  struct wf_err *err)
{
    struct alert *alert = command->alert;
    struct alert_alarm *alarm = command->alarm;
    const struct wf_alarm_who who = { .user = command->user,
                                      .note = alert_request_text(command->request, "note") };
    struct wf_alarm_now now = alert_now(alert);
    uint64_t hash = alarm->definition_hash;
    json_t *before = in_force(command);
    int rc;

    /* The transition carries the hash of what is defined from now on. */
    alarm->definition_hash =
        json != NULL ? alert_hash(alarm->base_hash, json, strlen(json)) : alarm->base_hash;
    rc = wf_alarm_roster_edit(alert->roster, (size_t)alarm->index, limits, &who, &now, err);
    if (rc < 0) {
        alarm->definition_hash = hash;
        free(json);
    } else {
        rc = record(command, before, json, err);
    }
    json_decref(before);
    return rc;
}

int alert_do_limits(struct alert_command *command, struct wf_err *err)
{
    const json_t *wanted = json_object_get(command->request, "limits");
    struct alert *alert = command->alert;
    const struct wf_limits *base =
        schema_limits(alert->roster, alert->members, (size_t)command->alarm->index);
    struct wf_limits limits;
    json_t *clean;
    char *json;
    int rc;

    if (base == NULL)
        return wf_fail(err, WF_ERR_INVALID, "'%s' has no limits that could be changed",
                       command->alarm->name);
    if (!json_is_object(wanted))
        return wf_fail(err, WF_ERR_INVALID,
                       "say which limits: \"limits\": {\"lolo\", \"lo\", \"hi\", \"hihi\"}");
    rc = read_limits(wanted, base, &limits, err);
    if (rc == 0 && limits.present == 0)
        rc = wf_fail(err, WF_ERR_INVALID,
                     "without any limit it could never be raised; take it out of service instead");
    if (rc < 0)
        return rc;
    clean = alert_limits_json(limits.present, limits.value);
    json = json_dumps(clean, JSON_COMPACT);
    json_decref(clean);
    if (json == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    return change(command, &limits, json, err);
}

int alert_do_revert(struct alert_command *command, struct wf_err *err)
{
    if (command->alarm->limits == NULL)
        return wf_fail(err, WF_ERR_INVALID, "the limits of '%s' are those of its schema",
                       command->alarm->name);
    return change(command, NULL, NULL, err);
}
