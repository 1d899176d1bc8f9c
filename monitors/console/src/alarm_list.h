/* SPDX-License-Identifier: MIT */
#ifndef CON_ALARM_LIST_H
#define CON_ALARM_LIST_H

/*
 * Alarm list - which alarms the alarm page shows and where the cursor is. The list is at most
 * CON_ALARM_ROWS long, and says so; its order stands still while the cursor is in it.
 *
 * Threads: one.
 */

#include "model.h"
#include "orders.h"

#define CON_ALARM_ROWS 2500

enum con_tab { CON_TAB_ACTIVE, CON_TAB_ACKED, CON_TAB_SHELVED, CON_TAB_SUPPRESSED, CON_TAB_COUNT };

/* What the line at the bottom asks for. */
enum con_form {
    CON_FORM_NONE,
    CON_FORM_FIND,
    CON_FORM_ACK_NOTE,
    CON_FORM_SHELVE_FOR,
    CON_FORM_SHELVE_WHY
};

struct con_tag {
    char monitor[WF_NAME_SIZE], name[MON_ALARM_NAME_SIZE];
};

struct con_alarm_list {
    enum con_tab tab;
    int severity_least; /* 1..5; alarms below are left out; 0: none are */
    bool only_unacked;
    char find[CON_NOTE_SIZE]; /* part of a name, "" = all */

    struct con_tag cursor; /* by name: lists change under it */
    int cursor_at;         /* where it was, should that one go */
    int top, height;       /* of what is on the screen */
    int64_t shown_mono_ns; /* this very list is on the screen since; 0 = it is not */

    struct con_tag tags[CON_ORDER_MAX];
    size_t tag_count;

    enum con_form form;
    char input[CON_NOTE_SIZE];
    struct con_orders orders; /* being filled in; complete when has_orders */
    bool has_orders;

    char answer[200]; /* what came of the last ones */
    bool is_refused;
    char *explanation; /* shown instead of the list; ours to free */
    int explanation_scroll;

    const struct mon_alarm *rows[CON_ALARM_ROWS]; /* made by con_alarm_list_make */
    size_t count, left_out;
};

void con_alarm_list_init(struct con_alarm_list *list);
void con_alarm_list_fini(struct con_alarm_list *list);

/* Fill rows with what tab and filters let through. */
void con_alarm_list_make(struct con_alarm_list *list, const struct con_model *model);
/* How many a tab has, filters aside. */
size_t con_alarm_tab_count(const struct con_model *model, enum con_tab tab);

/* The row of the cursor; -1 in an empty list. */
int con_alarm_list_at(const struct con_alarm_list *list);
void con_alarm_list_move(struct con_alarm_list *list, int step);
bool con_alarm_list_is_tagged(const struct con_alarm_list *list, const struct mon_alarm *alarm);

/* A key on the alarm page: true when it was used. Sets has_orders when something is to be sent. */
bool con_alarm_list_key(struct con_alarm_list *list, struct con_model *model, uint32_t key);

#endif /* CON_ALARM_LIST_H */
