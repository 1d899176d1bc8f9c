/* SPDX-License-Identifier: MIT */
/* What people do with alarms: the engine decides, this finds the words. */

#include "control.h"

#include <math.h>
#include <string.h>

/* Who, with the note; "@bob: " before it says whose it is now. */
static struct wf_alarm_who who_of(const struct alert_command *command, char *room, size_t size)
{
    const char *owner = alert_request_text(command->request, "owner");
    struct wf_strbuf note;

    wf_strbuf_init_fixed(&note, room, size);
    if (owner[0] != '\0')
        wf_strbuf_addf(&note, "@%s: ", owner);
    wf_strbuf_add(&note, alert_request_text(command->request, "note"));
    return (struct wf_alarm_who){ .user = command->user, .note = room };
}

static struct wf_alarm_engine *engine_of(const struct alert_command *command)
{
    return wf_alarm_roster_engine(command->alert->roster);
}

static size_t index_of(const struct alert_command *command)
{
    return (size_t)command->alarm->index;
}

/* Who was faster, and what it is like now: as far as the journal has it. */
static json_t *what_changed(const struct alert_command *command)
{
    const struct alert_alarm *alarm = command->alarm;
    const struct alert_shown *shown = &alarm->shown;

    return json_pack(
        "{s:o,s:{s:I,s:s,s:s,s:s,s:s,s:I}}", "alarm", alert_alarm_json(command->alert, alarm),
        "changed", "seq", (json_int_t)shown->seq, "event", shown->event, "from",
        wf_alarm_state_name((enum wf_alarm_state)shown->from), "to",
        wf_alarm_state_name((enum wf_alarm_state)shown->state), "user", shown->changed_by,
        "time_ns", (json_int_t)(shown->changed_ns != WF_TIME_NONE ? shown->changed_ns : 0));
}

int alert_do_ack(struct alert_command *command, struct wf_err *err)
{
    const json_t *seq = json_object_get(command->request, "seq");
    struct wf_alarm_now now = alert_now(command->alert);
    char note[ALERT_NOTE_SIZE];
    struct wf_alarm_who who = who_of(command, note, sizeof(note));
    int rc;

    if (!json_is_integer(seq) || json_integer_value(seq) < 0)
        return wf_fail(err, WF_ERR_INVALID,
                       "say which transition of '%s' you have seen: \"seq\": NUMBER",
                       command->alarm->name);
    rc = wf_alarm_engine_ack(engine_of(command), index_of(command),
                             (uint64_t)json_integer_value(seq), &who, &now, err);
    if (rc == WF_ERR_BUSY)
        command->more = what_changed(command);
    return rc;
}

int alert_do_shelve(struct alert_command *command, struct wf_err *err)
{
    double for_s = json_number_value(json_object_get(command->request, "for_s"));
    double max_s = (double)command->shelve_max_ns / 1e9;
    struct wf_alarm_now now = alert_now(command->alert);
    char note[ALERT_NOTE_SIZE];
    struct wf_alarm_who who = who_of(command, note, sizeof(note));

    if (!(for_s >= 0.001))
        return wf_fail(err, WF_ERR_INVALID, "say for how long: \"for_s\": SECONDS");
    if (for_s > max_s) {
        command->more = json_pack("{s:f}", "max_s", max_s);
        return wf_fail(err, WF_ERR_LIMIT, "%s may shelve for at most %g s", command->user, max_s);
    }
    return wf_alarm_engine_shelve(engine_of(command), index_of(command), (int64_t)(for_s * 1e9),
                                  &who, &now, err);
}

int alert_do_unshelve(struct alert_command *command, struct wf_err *err)
{
    struct wf_alarm_now now = alert_now(command->alert);
    char note[ALERT_NOTE_SIZE];
    struct wf_alarm_who who = who_of(command, note, sizeof(note));

    return wf_alarm_engine_unshelve(engine_of(command), index_of(command), &who, &now, err);
}

int alert_do_reset(struct alert_command *command, struct wf_err *err)
{
    struct wf_alarm_now now = alert_now(command->alert);
    char note[ALERT_NOTE_SIZE];
    struct wf_alarm_who who = who_of(command, note, sizeof(note));

    return wf_alarm_engine_reset(engine_of(command), index_of(command), &who, &now, err);
}

int alert_do_service(struct alert_command *command, struct wf_err *err)
{
    const json_t *out = json_object_get(command->request, "out");
    struct wf_alarm_now now = alert_now(command->alert);
    char note[ALERT_NOTE_SIZE];
    struct wf_alarm_who who = who_of(command, note, sizeof(note));

    if (!json_is_boolean(out))
        return wf_fail(err, WF_ERR_INVALID, "say \"out\": true or false");
    return wf_alarm_engine_service(engine_of(command), index_of(command), json_is_true(out), &who,
                                   &now, err);
}
