/* SPDX-License-Identifier: MIT */
/*
 * Values that came too late to be judged (`late = log`): what of them violates is noted in the
 * journal. A source that delivers hours of recordings must not flood it: a note for each alarm
 * at most once a minute, NOTES_MAX of all of them together; what is left out is counted in the next.
 */

#include "alert.h"

#include <watchfloor/clock.h>
#include <watchfloor/names.h>

#define PERIOD_NS (60 * WF_NS_PER_S)
#define NOTES_MAX 100

struct noting {
    struct alert *alert;
    const struct wf_stamp *stamp;
};

/* A note of this alarm may be written now. */
static bool take_turn(struct alert *alert, struct alert_alarm *alarm, int64_t now_ns)
{
    struct alert_late *late = &alert->late;

    if (now_ns - late->since_ns >= PERIOD_NS || late->since_ns == 0) {
        late->since_ns = now_ns;
        late->count = 0;
    }
    if ((alarm->late_ns != 0 && now_ns - alarm->late_ns < PERIOD_NS) || late->count >= NOTES_MAX) {
        alarm->late_untold++;
        return false;
    }
    late->count++;
    alarm->late_ns = now_ns;
    return true;
}

/* Which limit: the outermost that it violates. */
static void add_limit(const struct alert *alert, size_t index, double value, struct wf_strbuf *out)
{
    static const struct {
        int level;
        const char *name;
    } order[] = { { WF_LOLO, "lolo" }, { WF_HIHI, "hihi" }, { WF_LO, "lo" }, { WF_HI, "hi" } };
    const char *context;
    const struct wf_alarm_definition *definition =
        wf_alarm_roster_definition(alert->roster, index, &context);
    unsigned violated, left;

    if (definition->kind != WF_ALARM_LIMIT) {
        wf_strbuf_add(out, " is a state to be told");
        return;
    }
    wf_alarm_compare(definition, value, &violated, &left);
    for (size_t i = 0; i < WF_COUNT_OF(order); i++) {
        if ((violated & 1u << order[i].level) != 0) {
            wf_strbuf_addf(out, " violates %s %.6g", order[i].name,
                           definition->limit[order[i].level]);
            return;
        }
    }
}

static void note(void *context, size_t index, double value)
{
    const struct noting *noting = context;
    struct alert *alert = noting->alert;
    struct alert_alarm *alarm = alert->alarms[index];
    const struct wf_alarm_memory *memory =
        wf_alarm_engine_memory(wf_alarm_roster_engine(alert->roster), index);
    char text[320];
    struct wf_strbuf out = WF_STRBUF_FIXED(text);

    if ((memory->marks & (WF_ALARM_OUT_OF_SERVICE | WF_ALARM_DISABLED)) != 0 ||
        !take_turn(alert, alarm, wf_mono_now_ns()))
        return;
    alert_add_value(alert, index, value, &out);
    add_limit(alert, index, value, &out);
    if (noting->stamp->device_ns != WF_TIME_NONE) {
        wf_strbuf_add(&out, ", measured ");
        wf_strbuf_add_time(&out, noting->stamp->device_ns, 3);
    }
    wf_strbuf_add(&out, ", received ");
    wf_strbuf_add_time(&out, noting->stamp->received_ns, 3);
    wf_strbuf_add(&out, ": too late to be judged");
    if (alarm->late_untold > 0)
        wf_strbuf_addf(&out, " (and %u more since the last note)", alarm->late_untold);
    alarm->late_untold = 0;
    alert_note(alert, WF_JOURNAL_LATE, alarm->name, "", "", text);
}

void alert_late_look(struct alert *alert, const struct alert_line *line,
                     const struct wf_stamp *stamp)
{
    struct noting noting = { .alert = alert, .stamp = stamp };

    if ((stamp->flags & WF_SAMPLE_LATE) == 0 || (stamp->flags & WF_SAMPLE_DUPLICATE) != 0 ||
        alert->settings->late != WF_CONFIG_LATE_LOG)
        return;
    wf_alarm_roster_compare(alert->roster, (size_t)line->member, line->payload, note, &noting);
}
