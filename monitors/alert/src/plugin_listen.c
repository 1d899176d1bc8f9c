/* SPDX-License-Identifier: MIT */
/* What a plugin's process says (plugin_talk.h), line by line. Nothing of it is believed unchecked. */

#include "plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct alert_subject *find_subject(struct alert_plugin *plugin, const char *source,
                                          const char *subsystem)
{
    for (size_t i = 0; i < plugin->subject_count; i++)
        if (wf_name_is_equal(plugin->subjects[i].source, source) &&
            wf_name_is_equal(plugin->subjects[i].subsystem, subsystem))
            return &plugin->subjects[i];
    return NULL;
}

static void take_subject(struct alert_plugin *plugin, const char *line)
{
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    struct alert_subject *list;

    if (sscanf(line, "F %48s %48s", source, subsystem) != 2 ||
        alert_follow_find(plugin->alert, source, subsystem) == NULL ||
        find_subject(plugin, source, subsystem) != NULL ||
        plugin->subject_count == ALERT_SUBJECTS_MAX)
        return;
    list = realloc(plugin->subjects, (plugin->subject_count + 1) * sizeof(*list));
    if (list == NULL)
        return;
    plugin->subjects = list;
    list += plugin->subject_count++;
    memset(list, 0, sizeof(*list));
    list->condition = -1;
    (void)wf_copy_text(list->source, sizeof(list->source), source);
    (void)wf_copy_text(list->subsystem, sizeof(list->subsystem), subsystem);
    plugin->alert->is_changed = true;
}

static void take_judgement(struct alert_plugin *plugin, const char *line)
{
    struct alert *alert = plugin->alert;
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    long long created, mono, utc, device;
    unsigned long long number, epoch, order;
    int truth, at = 0;
    struct alert_subject *subject;

    if (sscanf(line, "J %48s %48s %lld %llu %llu %llu %lld %lld %lld %d%n", source, subsystem,
               &created, &number, &epoch, &order, &mono, &utc, &device, &truth, &at) != 10 ||
        truth < WF_FALSE || truth > WF_UNKNOWN) {
        alert_plugin_end(plugin, "it said what makes no sense and was ended");
        return;
    }
    subject = find_subject(plugin, source, subsystem);
    /* The first one of a region: now its condition has to be in the roster. */
    if (subject != NULL && subject->condition < 0 && alert->is_changed)
        alert_follow_refresh(alert);
    if (subject == NULL || subject->condition < 0 || alert->roster == NULL)
        return;
    if (subject->created_ns == created && number < subject->next)
        return;
    subject->created_ns = created;
    subject->next = number + 1;
    (void)wf_copy_text(subject->why, sizeof(subject->why), line[at] == ' ' ? line + at + 1 : "");

    struct wf_alarm_now now = { .mono_ns = mono, .utc_ns = utc, .device_ns = device };

    if (!alert_clock_accepts_judgement(alert, epoch, order, &now))
        return;
    alert->judged_epoch = epoch;
    alert->judged_number = number;
    alert->why = subject->why;
    wf_alarm_roster_judged(alert->roster, (size_t)subject->condition, (enum wf_truth)truth, &now);
    alert->judged_epoch = alert->judged_number = 0;
    alert->why = NULL;
    alert->has_moved = true;
}

static void take_hello(struct alert_plugin *plugin, const char *line)
{
    plugin->state = PLUGIN_RUNNING;
    wf_name_from_text(line + 2, plugin->name);
    plugin->tries = 0;
}

static void take_line(struct alert_plugin *plugin, const char *line)
{
    char text[ALERT_WORKER_LINE_MAX];

    switch (line[0]) {
    case 'A':
        break;
    case 'H':
        take_hello(plugin, line);
        break;
    case 'F':
        take_subject(plugin, line);
        break;
    case 'J':
        take_judgement(plugin, line);
        break;
    case 'E':
        plugin->state = PLUGIN_REFUSED;
        plugin->has_failed = true;
        (void)wf_copy_text(text, sizeof(text), line + (line[1] == ' ' ? 2 : 1));
        alert_plugin_trouble(plugin, text);
        break;
    default:
        alert_plugin_end(plugin, "it said what makes no sense and was ended");
    }
}

void alert_plugin_hear(struct alert_plugin *plugin, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != '\n') {
            if (plugin->line_len + 1 < sizeof(plugin->line))
                plugin->line[plugin->line_len++] = bytes[i];
            else
                alert_plugin_end(plugin, "it said what makes no sense and was ended");
            continue;
        }
        plugin->line[plugin->line_len] = '\0';
        if (plugin->end_reason == NULL)
            take_line(plugin, plugin->line);
        plugin->line_len = 0;
    }
}
