/* SPDX-License-Identifier: MIT */
/* Alarm list: see alarm_list.h. What keys do is in alarm_keys.c, how it looks in page_alarms.c. */

#include "alarm_list.h"

#include <stdlib.h>
#include <string.h>

#include "pages.h"

void con_alarm_list_init(struct con_alarm_list *list)
{
    *list = (struct con_alarm_list){ .height = 1 };
}

void con_alarm_list_fini(struct con_alarm_list *list)
{
    free(list->explanation);
    list->explanation = NULL;
}

static bool is_in_tab(const struct mon_alarm *alarm, enum con_tab tab)
{
    switch (tab) {
    case CON_TAB_ACTIVE:
        return alarm->is_shown && alarm->state != WF_ALARM_NORMAL;
    case CON_TAB_ACKED:
        return alarm->is_shown &&
               (alarm->state == WF_ALARM_ACTIVE_ACK || alarm->state == WF_ALARM_LATCHED);
    case CON_TAB_SHELVED:
        return (alarm->marks & (WF_ALARM_SHELVED | WF_ALARM_OUT_OF_SERVICE)) != 0;
    case CON_TAB_SUPPRESSED:
        return (alarm->marks & WF_ALARM_SUPPRESSED) != 0;
    case CON_TAB_COUNT:
    default:
        return false;
    }
}

size_t con_alarm_tab_count(const struct con_model *model, enum con_tab tab)
{
    size_t total = mon_alarms_count(model->alarms);
    size_t count = 0;

    for (size_t i = 0; i < total; i++)
        count += is_in_tab(mon_alarms_at(model->alarms, i), tab);
    return count;
}

static bool is_wanted(const struct con_alarm_list *list, const struct mon_alarm *alarm)
{
    int severity = alarm->highest > alarm->severity ? alarm->highest : alarm->severity;

    if (!is_in_tab(alarm, list->tab) || severity < list->severity_least)
        return false;
    if (list->only_unacked && alarm->state != WF_ALARM_ACTIVE_UNACK &&
        alarm->state != WF_ALARM_RTN_UNACK)
        return false;
    return con_text_has(alarm->name, list->find) || con_text_has(alarm->title, list->find);
}

void con_alarm_list_make(struct con_alarm_list *list, const struct con_model *model)
{
    size_t total = mon_alarms_count(model->alarms);

    list->count = 0;
    list->left_out = 0;
    for (size_t i = 0; i < total; i++) {
        const struct mon_alarm *alarm = mon_alarms_at(model->alarms, i);

        if (!is_wanted(list, alarm))
            continue;
        if (list->count == CON_ALARM_ROWS)
            list->left_out++;
        else
            list->rows[list->count++] = alarm;
    }
}

static bool is_tag_of(const struct con_tag *tag, const struct mon_alarm *alarm)
{
    return strcmp(tag->name, alarm->name) == 0 && strcmp(tag->monitor, alarm->monitor) == 0;
}

bool con_alarm_list_is_tagged(const struct con_alarm_list *list, const struct mon_alarm *alarm)
{
    for (size_t i = 0; i < list->tag_count; i++)
        if (is_tag_of(&list->tags[i], alarm))
            return true;
    return false;
}

int con_alarm_list_at(const struct con_alarm_list *list)
{
    if (list->count == 0)
        return -1;
    for (size_t i = 0; i < list->count; i++)
        if (is_tag_of(&list->cursor, list->rows[i]))
            return (int)i;
    return list->cursor_at < (int)list->count ? list->cursor_at : (int)list->count - 1;
}

void con_alarm_list_move(struct con_alarm_list *list, int step)
{
    int at = con_alarm_list_at(list);

    if (at < 0)
        return;
    at += step;
    if (at < 0)
        at = 0;
    if (at >= (int)list->count)
        at = (int)list->count - 1;
    list->cursor_at = at;
    (void)wf_copy_text(list->cursor.name, sizeof(list->cursor.name), list->rows[at]->name);
    (void)wf_copy_text(list->cursor.monitor, sizeof(list->cursor.monitor), list->rows[at]->monitor);
}
