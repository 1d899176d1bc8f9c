/* SPDX-License-Identifier: MIT */
/*
 * Keys of the alarm page. Only what is selected and on the screen can be acknowledged, and always by the
 * transition that was shown: a newer one makes the alarm monitor refuse. The whole page can be, once it
 * has been on the screen for a second.
 */

#include "alarm_list.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "pages.h"

#define PAGE_SEEN_NS  WF_NS_PER_S
#define SHELVE_USUAL  "15m"
#define SHELVE_CHOICE "15m, 1h, 8h"

static void say(struct con_alarm_list *list, bool is_refused, const char *text)
{
    (void)wf_copy_text(list->answer, sizeof(list->answer), text);
    list->is_refused = is_refused;
}

/* --- choosing what an order is about ------------------------------------------- */

static void add_order(struct con_orders *orders, const struct mon_alarm *alarm)
{
    struct con_order *order;

    if (orders->count == CON_ORDER_MAX)
        return;
    order = &orders->list[orders->count++];
    (void)wf_copy_text(order->monitor, sizeof(order->monitor), alarm->monitor);
    (void)wf_copy_text(order->alarm, sizeof(order->alarm), alarm->name);
    order->seq = alarm->seq;
}

/* Would the alarm monitor take it? What is asked of many leaves out those it means nothing to. */
static bool means_something(const struct mon_alarm *alarm, enum con_verb verb)
{
    switch (verb) {
    case CON_ACK:
        return alarm->state == WF_ALARM_ACTIVE_UNACK || alarm->state == WF_ALARM_RTN_UNACK;
    case CON_UNSHELVE:
        return (alarm->marks & WF_ALARM_SHELVED) != 0;
    case CON_RESET:
        return alarm->state == WF_ALARM_LATCHED;
    case CON_SHELVE:
    case CON_EXPLAIN:
    default:
        return true;
    }
}

/* Rows that are tagged and on the screen, or the one under the cursor. */
static bool choose(struct con_alarm_list *list, enum con_verb verb)
{
    int at = con_alarm_list_at(list);

    list->orders = (struct con_orders){ .verb = verb };
    for (int i = list->top; i < list->top + list->height && i < (int)list->count; i++)
        if (con_alarm_list_is_tagged(list, list->rows[i]) && means_something(list->rows[i], verb))
            add_order(&list->orders, list->rows[i]);
    if (list->orders.count == 0 && at >= 0 && list->tag_count == 0 &&
        means_something(list->rows[at], verb))
        add_order(&list->orders, list->rows[at]);
    if (list->orders.count == 0) {
        static const char *const nothing[] = {
            [CON_ACK] = "nothing here waits to be acknowledged",
            [CON_SHELVE] = "nothing is selected",
            [CON_UNSHELVE] = "nothing here is shelved",
            [CON_RESET] = "nothing here is latched and acknowledged",
            [CON_EXPLAIN] = "nothing is selected",
        };

        say(list, true, nothing[verb]);
        return false;
    }
    return true;
}

static bool choose_page(struct con_alarm_list *list, const struct con_model *model)
{
    list->orders = (struct con_orders){ .verb = CON_ACK };
    if (list->shown_mono_ns == 0 || model->now.mono_ns - list->shown_mono_ns < PAGE_SEEN_NS) {
        say(list, true,
            "this page has not been on the screen for a second yet: look, then A again");
        return false;
    }
    for (int i = list->top; i < list->top + list->height && i < (int)list->count; i++)
        if (means_something(list->rows[i], CON_ACK))
            add_order(&list->orders, list->rows[i]);
    if (list->orders.count == 0)
        say(list, true, "nothing on this page waits to be acknowledged");
    return list->orders.count > 0;
}

static void send_orders(struct con_alarm_list *list)
{
    list->form = CON_FORM_NONE;
    list->has_orders = true;
    list->tag_count = 0;
    say(list, false, "sent, waiting for the alarm monitor");
}

static void open_form(struct con_alarm_list *list, enum con_form form, const char *input)
{
    list->form = form;
    (void)wf_copy_text(list->input, sizeof(list->input), input);
    list->answer[0] = '\0';
}

/* --- forms --------------------------------------------------------------------- */

static void finish_form(struct con_alarm_list *list)
{
    struct wf_err err = { 0 };

    switch (list->form) {
    case CON_FORM_FIND:
        list->form = CON_FORM_NONE;
        break;
    case CON_FORM_ACK_NOTE:
        (void)wf_copy_text(list->orders.note, sizeof(list->orders.note), list->input);
        send_orders(list);
        break;
    case CON_FORM_SHELVE_FOR:
        if (wf_parse_duration_ns(list->input, &list->orders.for_ns, &err) < 0 ||
            list->orders.for_ns <= 0)
            say(list, true, "how long? " SHELVE_CHOICE " ...; a shelf always has an end");
        else
            open_form(list, CON_FORM_SHELVE_WHY, "");
        break;
    case CON_FORM_SHELVE_WHY:
        if (list->input[0] == '\0') {
            say(list, true, "a reason is needed: who comes after you must know why");
            break;
        }
        (void)wf_copy_text(list->orders.note, sizeof(list->orders.note), list->input);
        send_orders(list);
        break;
    case CON_FORM_NONE:
    default:
        break;
    }
}

static void form_key(struct con_alarm_list *list, uint32_t key)
{
    size_t len = strlen(list->input);

    if (key == WF_KEY_ENTER) {
        finish_form(list);
        return;
    }
    if (key == WF_KEY_ESCAPE) {
        if (list->form == CON_FORM_FIND)
            list->find[0] = '\0';
        list->form = CON_FORM_NONE;
        list->answer[0] = '\0';
        return;
    }
    if (key == WF_KEY_BACKSPACE && len > 0) {
        list->input[len - 1] = '\0';
    } else if (key >= ' ' && key < 127 && len + 1 < sizeof(list->input)) {
        list->input[len] = (char)key;
        list->input[len + 1] = '\0';
    }
    if (list->form == CON_FORM_FIND)
        (void)wf_copy_text(list->find, sizeof(list->find), list->input);
}

/* --- moving and filtering --------------------------------------------------------- */

static bool move_key(struct con_alarm_list *list, struct con_model *model, uint32_t key)
{
    switch (key) {
    case WF_KEY_UP:
    case 'k':
        con_alarm_list_move(list, -1);
        break;
    case WF_KEY_DOWN:
    case 'j':
        con_alarm_list_move(list, 1);
        break;
    case WF_KEY_PAGE_UP:
        con_alarm_list_move(list, -list->height);
        break;
    case WF_KEY_PAGE_DOWN:
        con_alarm_list_move(list, list->height);
        break;
    case WF_KEY_HOME:
    case 'g':
        con_alarm_list_move(list, -CON_ALARM_ROWS);
        break;
    case WF_KEY_END:
    case 'G':
        con_alarm_list_move(list, CON_ALARM_ROWS);
        break;
    default:
        return false;
    }
    /* At the top the list goes on sorting itself; below, it stands still under the cursor. */
    mon_alarms_hold(model->alarms, con_alarm_list_at(list) > 0);
    return true;
}

static void toggle_tag(struct con_alarm_list *list)
{
    int at = con_alarm_list_at(list);
    const struct mon_alarm *alarm;

    if (at < 0)
        return;
    alarm = list->rows[at];
    for (size_t i = 0; i < list->tag_count; i++) {
        if (strcmp(list->tags[i].name, alarm->name) == 0 &&
            strcmp(list->tags[i].monitor, alarm->monitor) == 0) {
            list->tags[i] = list->tags[--list->tag_count];
            con_alarm_list_move(list, 1);
            return;
        }
    }
    if (list->tag_count < CON_ORDER_MAX) {
        struct con_tag *tag = &list->tags[list->tag_count++];

        (void)wf_copy_text(tag->name, sizeof(tag->name), alarm->name);
        (void)wf_copy_text(tag->monitor, sizeof(tag->monitor), alarm->monitor);
    }
    con_alarm_list_move(list, 1);
}

static void change_tab(struct con_alarm_list *list, int step)
{
    list->tab = (enum con_tab)(((int)list->tab + step + CON_TAB_COUNT) % CON_TAB_COUNT);
    list->tag_count = 0;
    list->cursor_at = 0;
    list->cursor.name[0] = '\0';
    list->shown_mono_ns = 0;
}

static bool filter_key(struct con_alarm_list *list, uint32_t key)
{
    switch (key) {
    case WF_KEY_LEFT:
    case 'h':
        change_tab(list, -1);
        return true;
    case WF_KEY_RIGHT:
    case 'l':
        change_tab(list, 1);
        return true;
    case 'v':
        list->severity_least = (list->severity_least + 1) % 6;
        list->shown_mono_ns = 0;
        return true;
    case 'n':
        list->only_unacked = !list->only_unacked;
        list->shown_mono_ns = 0;
        return true;
    case '/':
        open_form(list, CON_FORM_FIND, list->find);
        return true;
    case ' ':
        toggle_tag(list);
        return true;
    default:
        return false;
    }
}

/* --- orders -------------------------------------------------------------------- */

static bool order_key(struct con_alarm_list *list, const struct con_model *model, uint32_t key)
{
    switch (key) {
    case 'a':
        if (choose(list, CON_ACK))
            open_form(list, CON_FORM_ACK_NOTE, "");
        return true;
    case 'A':
        if (choose_page(list, model))
            open_form(list, CON_FORM_ACK_NOTE, "");
        return true;
    case 's':
        if (choose(list, CON_SHELVE))
            open_form(list, CON_FORM_SHELVE_FOR, SHELVE_USUAL);
        return true;
    case 'u':
        if (choose(list, CON_UNSHELVE))
            send_orders(list);
        return true;
    case 'r':
        if (choose(list, CON_RESET))
            send_orders(list);
        return true;
    case 'e':
    case WF_KEY_ENTER:
        list->tag_count = 0;
        if (choose(list, CON_EXPLAIN))
            send_orders(list);
        return true;
    default:
        return false;
    }
}

static bool explanation_key(struct con_alarm_list *list, uint32_t key)
{
    int step = key == WF_KEY_DOWN || key == 'j' ? 1
               : key == WF_KEY_UP || key == 'k' ? -1
               : key == WF_KEY_PAGE_DOWN        ? 20
               : key == WF_KEY_PAGE_UP          ? -20
                                                : 0;

    if (step != 0) {
        list->explanation_scroll += step;
        return true;
    }
    if (key != WF_KEY_ESCAPE && key != WF_KEY_ENTER && key != 'e')
        return false;
    con_alarm_list_fini(list);
    return true;
}

bool con_alarm_list_key(struct con_alarm_list *list, struct con_model *model, uint32_t key)
{
    con_alarm_list_make(list, model);
    if (list->form != CON_FORM_NONE) {
        form_key(list, key);
        return true;
    }
    if (list->explanation != NULL && explanation_key(list, key))
        return true;
    list->answer[0] = '\0';
    return move_key(list, model, key) || filter_key(list, key) || order_key(list, model, key);
}
